//! From an item to its rows, all or none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tongban_codes::ids::Digest;

use super::table::{COLUMNS_OF_SENDING, Column, Family, Kind, Part, Table};
use super::value::Values;
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
    /// What `event_name` of a case's act says that lets it go on.
    pub passed: String,
    /// What it says of one that sends it back.
    pub sent_back: String,
    /// What it says of every other one.
    pub other_action: String,
    /// The code of applications at a window, in `apply_type`: here all are.
    pub at_window: String,
    /// The code of materials brought on paper, in `get_type`.
    pub on_paper: String,
    /// The code of materials given as files.
    pub as_file: String,
    /// Other widths of text columns, by `table.column` of the standard.
    pub lengths: BTreeMap<String, u32>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            data_source: String::new(),
            working_days: "1".to_owned(),
            natural_days: "2".to_owned(),
            passed: "通过".to_owned(),
            sent_back: "退回".to_owned(),
            other_action: "其他".to_owned(),
            at_window: "1".to_owned(),
            on_paper: "1".to_owned(),
            as_file: "2".to_owned(),
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

/// Why an item or a case can't be reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lack {
    /// The item's code, or the case's number.
    pub item: String,
    /// The item's name.
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

/// Whose rows are made: what is said of it when it lacks something.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    /// The item's code, or the case's number.
    pub(super) code: &'a str,
    /// The item's name.
    pub(super) name: &'a str,
    /// What the front database wants.
    pub(super) choices: &'a Choices,
    /// What to do about a column that is empty, in English and Chinese.
    pub(super) remedy: fn(&str) -> (&'static str, &'static str),
}

impl Whose<'_> {
    /// The values of a row. What doesn't go into its column, and what a column needs and hasn't, is put to `lacks`.
    pub(super) fn filled(
        self,
        table: Table,
        lacks: &mut Vec<Lack>,
        value: impl Fn(&str) -> Option<String>,
    ) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for column in table.columns().filter(|column| !COLUMNS_OF_SENDING.contains(&column.name)) {
            match value(column.name).filter(|value| !value.trim().is_empty()) {
                Some(value) => {
                    lacks.extend(self.unfit(table, column, &value));
                    found.insert(column.name.to_owned(), value);
                }
                None if table.requires(column) => lacks.push(self.missing(table, column.name, column.zh)),
                None => {}
            }
        }
        found
    }

    /// Why a value doesn't go into its column.
    fn unfit(self, table: Table, column: &Column, value: &str) -> Option<Lack> {
        let own = self.choices.lengths.get(&format!("{}.{}", table.name(), column.name)).copied();
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
        Some(self.lack(&table.name(), column.name, "table-field-width", text, remedy))
    }

    /// A column that needs a value and has none.
    pub(super) fn missing(self, table: Table, column: &str, zh: &str) -> Lack {
        let text = (format!("{column} is empty"), format!("“{zh}”未填写"));
        self.lack(&table.name(), column, "table-field-missing", text, (self.remedy)(column))
    }

    fn lack(
        self,
        table: &str,
        column: &str,
        code: &str,
        (en, zh): (String, String),
        (remedy_en, remedy_zh): (&str, &str),
    ) -> Lack {
        Lack {
            item: self.code.to_owned(),
            name: self.name.to_owned(),
            table: table.to_owned(),
            column: column.to_owned(),
            code: code.to_owned(),
            en,
            zh,
            remedy_en: remedy_en.to_owned(),
            remedy_zh: remedy_zh.to_owned(),
        }
    }
}

/// Names the rows of one table by what tells them apart: a name that comes again is another row.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, usize>);

impl Names {
    /// What the next row of a name is known by.
    pub(super) fn next(&mut self, name: &str) -> String {
        let time = self.0.entry(name.to_owned()).or_default();
        *time += 1;
        if *time == 1 { name.to_owned() } else { format!("{name}#{time}") }
    }
}

/// The rows of an item, parents first.
///
/// # Errors
///
/// Everything that the item lacks, when it lacks something: then none of its rows may be sent.
pub fn rows(source: TableSource<'_>) -> Result<Vec<Row>, Vec<Lack>> {
    let item = source.item;
    let whose = Whose { code: &item.code, name: &item.core.name, choices: source.choices, remedy };
    let Some(family) = Family::of(&item.core.item_type) else {
        let text = (
            format!("there is no national table for items of type {}", item.core.item_type),
            format!("事项类型 {} 没有对应的国家数据表", item.core.item_type),
        );
        let remedy = ("correct its type (GB/T 39046 A.1)", "更正事项类型（GB/T 39046 A.1）");
        return Err(vec![whose.lack("", "task_type", "table-none", text, remedy)]);
    };
    let values = Values::new(source);
    let guid = |table: Table, key: &str| {
        guid(&tongban_codes::cbor::to_vec(&("tongban up_task row", item.division, &item.code, table.name(), key)))
    };
    let basic = guid(Table::Item(family, Part::Basic), "");
    let (mut made, mut lacks) = (Vec::new(), Vec::new());
    for part in Part::ALL {
        let table = Table::Item(family, part);
        if table.columns().next().is_none() {
            continue;
        }
        let mut names = Names::default();
        for child in values.children(part) {
            // A child is known by its name, so that one that is put in before it leaves it the row that it was.
            let guid = guid(table, &names.next(child.name()));
            let values = whose.filled(table, &mut lacks, |column| match column {
                "row_guid" => Some(guid.clone()),
                "task_guid" => Some(basic.clone()),
                name => values.of(child, name),
            });
            made.push(Row { table, guid, values });
        }
    }
    if lacks.is_empty() { Ok(made) } else { Err(lacks) }
}

fn remedy(column: &str) -> (&'static str, &'static str) {
    match column {
        "task_code" | "catalog_code" => (
            "give the item its national code, or claim it from the base catalogue and have its department's credit code mapped",
            "填写国家实施编码；或认领基本目录事项并登记部门的统一社会信用代码",
        ),
        "dept_code" => (
            "tongban authority add NAME --code CODE --maps BAD",
            "tongban authority add 名称 --code 有效代码 --maps 错误代码",
        ),
        _ => ("fill the field in and publish the item again", "补填后重新发布该事项"),
    }
}

/// A UUID of version 8 (RFC 9562 §5.8) over what a row is known by.
///
/// The node isn't in that: whoever keeps the catalogue of the division, or decides the case, reports the same row.
pub(super) fn guid(known_by: &[u8]) -> String {
    let digest = Digest::of(known_by);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
