//! From an item to its rows, all or none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;

use super::table::{COLUMNS_OF_SENDING, Column, Family, Kind, Part, Table};
use super::value::{Child, Values};
use crate::Authority;
use crate::catalogue::{Guide, ServiceItem};

/// Where front databases differ: what the standard's public parts leave open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choices {
    /// `data_source`, at most three characters; the first two digits of the division when empty.
    pub data_source: String,
    /// The code of working days among units of terms.
    pub working_days: String,
    /// The code of natural days.
    pub natural_days: String,
    /// Other widths of text columns, by `table.column` of the standard.
    pub lengths: BTreeMap<String, u32>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            data_source: String::new(),
            working_days: "1".to_owned(),
            natural_days: "2".to_owned(),
            lengths: BTreeMap::new(),
        }
    }
}

/// What rows are made of.
#[derive(Clone, Copy, Debug)]
pub struct TableSource<'a> {
    /// The item: published, suspended or withdrawn.
    pub item: &'a ServiceItem,
    /// Its guide; an empty one when it has none.
    pub guide: &'a Guide,
    /// The authority in charge.
    pub authority: Option<&'a Authority>,
    /// What the front database wants.
    pub choices: &'a Choices,
}

/// A row of a national table, without the columns that say how it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which table.
    pub table: Table,
    /// `row_guid`: the same for the same row of the same item, whenever it is made.
    pub guid: String,
    /// Values by column; an empty column is absent.
    pub values: BTreeMap<String, String>,
}

impl Row {
    /// SHA-256 over table and values: two rows of one digest say the same.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&tongban_codes::cbor::to_vec(&(self.table.name(), &self.values)))
    }
}

/// Why an item can't be reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lack {
    /// The item's code.
    pub item: String,
    /// Its name.
    pub name: String,
    /// The table.
    pub table: String,
    /// The column at fault.
    pub column: String,
    /// Stable code of the problem.
    pub code: String,
    /// The problem.
    pub en: String,
    /// The problem, in Chinese.
    pub zh: String,
    /// What to do.
    pub remedy_en: String,
    /// What to do, in Chinese.
    pub remedy_zh: String,
}

/// The rows of an item, parents first.
///
/// # Errors
///
/// Everything that the item lacks, when it lacks something: then none of its rows may be sent.
pub fn rows(source: TableSource<'_>) -> Result<Vec<Row>, Vec<Lack>> {
    let Some(family) = Family::of(&source.item.core.item_type) else {
        let text = (
            format!("there is no national table for items of type {}", source.item.core.item_type),
            format!("事项类型 {} 没有对应的国家数据表", source.item.core.item_type),
        );
        let remedy = ("correct its type (GB/T 39046 A.1)", "更正事项类型（GB/T 39046 A.1）");
        return Err(vec![lack(source.item, "", "task_type", "table-none", text, remedy)]);
    };
    let values = Values::new(source);
    let basic = guid(source.item.division, &source.item.code, Table { family, part: Part::Basic }, "");
    let (mut made, mut lacks) = (Vec::new(), Vec::new());
    for part in Part::ALL {
        let table = Table { family, part };
        if table.columns().next().is_none() {
            continue;
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for child in values.children(part) {
            // A child is known by its name, so that one that is put in before it leaves it the row that it was.
            let time = times.entry(child.name()).or_default();
            *time += 1;
            let key = match (part, *time) {
                (Part::Basic, _) => String::new(),
                (_, 1) => child.name().to_owned(),
                (_, time) => format!("{}#{time}", child.name()),
            };
            let guid = guid(source.item.division, &source.item.code, table, &key);
            made.push(row(source, &values, table, child, guid, &basic, &mut lacks));
        }
    }
    if lacks.is_empty() { Ok(made) } else { Err(lacks) }
}

fn row(
    source: TableSource<'_>,
    values: &Values<'_>,
    table: Table,
    child: Child<'_>,
    guid: String,
    basic: &str,
    lacks: &mut Vec<Lack>,
) -> Row {
    let mut found = BTreeMap::new();
    for column in table.columns().filter(|column| !COLUMNS_OF_SENDING.contains(&column.name)) {
        let value = match column.name {
            "row_guid" => Some(guid.clone()),
            "task_guid" => Some(basic.to_owned()),
            name => values.of(child, name).filter(|value| !value.trim().is_empty()),
        };
        match value {
            Some(value) => {
                lacks.extend(unfit(source, table, column, &value));
                found.insert(column.name.to_owned(), value);
            }
            None if column.is_required(table.family) => lacks.push(missing(source.item, table, column)),
            None => {}
        }
    }
    Row { table, guid, values: found }
}

/// Why a value doesn't go into its column.
fn unfit(source: TableSource<'_>, table: Table, column: &Column, value: &str) -> Option<Lack> {
    let own = source.choices.lengths.get(&format!("{}.{}", table.name(), column.name)).copied();
    let count = value.chars().count();
    let (most, fits) = match (column.kind, own) {
        (Kind::Code(exact), _) => (exact, count == exact as usize),
        (Kind::Text(_) | Kind::Long, Some(most)) | (Kind::Text(most), None) => (most, count <= most as usize),
        (Kind::Long | Kind::Number | Kind::Moment, _) => return None,
    };
    if fits {
        return None;
    }
    let text = (
        format!("{} has {count} characters, the column takes {most}", column.name),
        format!("“{}”有 {count} 个字符，该列为 {most} 个", column.zh),
    );
    let remedy = (
        "shorten it, or set the width of that front database under [lengths]",
        "缩短内容，或在 [lengths] 中设置该前置库的列宽",
    );
    Some(lack(source.item, &table.name(), column.name, "table-field-width", text, remedy))
}

fn missing(item: &ServiceItem, table: Table, column: &Column) -> Lack {
    let text = (format!("{} is empty", column.name), format!("“{}”未填写", column.zh));
    let remedy = match column.name {
        "task_code" | "catalog_code" => (
            "give the item its national code, or claim it from the base catalogue and have its department's credit code mapped",
            "填写国家实施编码；或认领基本目录事项并登记部门的统一社会信用代码",
        ),
        "dept_code" => (
            "tongban authority add NAME --code CODE --maps BAD",
            "tongban authority add 名称 --code 有效代码 --maps 错误代码",
        ),
        _ => ("fill the field in and publish the item again", "补填后重新发布该事项"),
    };
    lack(item, &table.name(), column.name, "table-field-missing", text, remedy)
}

fn lack(
    item: &ServiceItem,
    table: &str,
    column: &str,
    code: &str,
    (en, zh): (String, String),
    (remedy_en, remedy_zh): (&str, &str),
) -> Lack {
    Lack {
        item: item.code.clone(),
        name: item.core.name.clone(),
        table: table.to_owned(),
        column: column.to_owned(),
        code: code.to_owned(),
        en,
        zh,
        remedy_en: remedy_en.to_owned(),
        remedy_zh: remedy_zh.to_owned(),
    }
}

/// A UUID of version 8 (RFC 9562 §5.8) over division, item, table and what tells rows of one item apart.
///
/// The node isn't in it: whoever keeps the catalogue of the division reports the same row.
fn guid(division: DivisionCode, code: &str, table: Table, key: &str) -> String {
    let digest = Digest::of(&tongban_codes::cbor::to_vec(&("tongban up_task row", division, code, table.name(), key)));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
