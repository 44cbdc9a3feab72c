//! An item file as a whole: which sheet holds the items, what its columns mean, and the rows that go to the node.

use std::collections::BTreeMap;

use tongban_domain::catalogue::{Finding, ImportRow};

use super::column::{self, Column, Holds};
use super::encoding::Encoding;
use super::head::Head;
use super::kind::Kind;
use super::mapping::Mapping;
use super::table::{Cell, Flaw, Row, Table};
use super::{json, text, workbook};
use crate::cli::failure::Failure;
use crate::cli::text::sheet::{COLUMN_MISSING, HEAD_UNKNOWN, SHEET_EMPTY, SHEET_UNKNOWN};

/// Columns without which no row says anything.
const NEEDED: [&str; 2] = ["name", "item_type"];
/// Columns of which one must be there.
const NEEDED_CODE: [&str; 2] = ["local_item_code", "base_code"];
/// The longest value that a finding repeats, in characters.
const VALUE_CHARS_MAX: usize = 120;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct ItemFile {
    pub(crate) kind: Kind,
    pub(crate) encoding: Option<Encoding>,
    tables: Vec<Table>,
    main: usize,
    pub(crate) head: Head,
    pub(crate) mapping: Mapping,
}

/// An item of a file.
#[derive(Debug)]
pub(crate) struct Record {
    /// What the node is told.
    pub(crate) row: ImportRow,
    /// What is wrong with the cells themselves; such a row isn't sent.
    pub(crate) findings: Vec<Finding>,
}

impl ItemFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Codes of [`crate::cli::text::sheet`].
    pub(crate) fn read(bytes: &[u8], mapping: Mapping, sheet: Option<&str>) -> Result<Self, Failure> {
        let kind = Kind::of(bytes)?;
        let mut encoding = None;
        let tables = match kind {
            Kind::Xlsx => workbook::xlsx(bytes)?,
            Kind::Xls => workbook::xls(bytes)?,
            Kind::Json => {
                let (table, head) = json::read(bytes, &mapping)?;
                return Self { kind, encoding, tables: vec![table], main: 0, head, mapping }.checked();
            }
            Kind::Text => {
                let (table, found) = text::read(bytes)?;
                encoding = Some(found);
                vec![table]
            }
        };
        let (main, head) = choose(&tables, &mapping, sheet)?;
        Self { kind, encoding, tables, main, head, mapping }.checked()
    }

    /// Holds the head to what is needed, and the file to having rows.
    fn checked(self) -> Result<Self, Failure> {
        let has = |name: &str| self.head.has(name) || self.mapping.constants.contains_key(name);
        let missing = NEEDED.into_iter().find(|name| !has(name));
        let code = (!NEEDED_CODE.into_iter().any(has)).then_some(NEEDED_CODE[0]);
        if let Some(missing) = missing.or(code).and_then(column::named) {
            let near = self.head.unknown.iter().find(|title| column::nearest_name(title) == Some(missing.name));
            let hint = |before: &str| near.map(|near| format!("{before}{near}")).unwrap_or_default();
            let places = [missing.name, missing.zh, &hint(", perhaps it is "), &hint("，可能是 ")];
            return Err(Failure::of(&COLUMN_MISSING, missing.name, &places));
        }
        if self.table().rows_from(self.head.rows.1 + 1).next().is_none() {
            return Err(Failure::of(&SHEET_EMPTY, "", &[]));
        }
        Ok(self)
    }

    /// The sheet that holds the items.
    pub(crate) fn table(&self) -> &Table {
        &self.tables[self.main]
    }

    /// How many other sheets people see.
    pub(crate) fn others(&self) -> usize {
        self.tables.iter().enumerate().filter(|(index, table)| *index != self.main && table.visible).count()
    }

    /// The items, in the file's order.
    pub(crate) fn records(&self, skip_hidden: bool) -> impl Iterator<Item = Record> {
        let table = self.table();
        let rows = table.rows_from(self.head.rows.1 + 1);
        rows.filter(move |row| !(skip_hidden && table.hidden.contains(&row.number))).map(|row| self.record(&row))
    }

    fn record(&self, row: &Row<'_>) -> Record {
        let mut values = BTreeMap::new();
        let mut findings = Vec::new();
        for (index, column) in self.head.columns.iter().enumerate() {
            let Some(column) = column else { continue };
            let none = Cell::default();
            let cell = row.cells.get(index).unwrap_or(&none);
            if let Some(flaw) = cell.flaw {
                findings.push(finding(row.number, column.name, &cell.text, flaw));
            }
            values.insert(column.name.to_owned(), self.value(column, cell.text.trim()));
        }
        if matches!(self.kind, Kind::Text) && row.cells.len() != self.head.columns.len() {
            let beyond = row.cells.get(self.head.columns.len()..).unwrap_or_default();
            let short = row.cells.len() < self.head.columns.len();
            if short || beyond.iter().any(|cell| !cell.text.trim().is_empty()) {
                let fields = format!("{} / {}", row.cells.len(), self.head.columns.len());
                findings.push(finding(row.number, "", &fields, Flaw::FieldsDiffer));
            }
        }
        for (name, constant) in &self.mapping.constants {
            let value = values.entry(name.clone()).or_default();
            if value.is_empty() {
                value.clone_from(constant);
            }
        }
        Record { row: ImportRow { row: row.number, values }, findings }
    }

    /// What a cell's text means: by the mapping, else by the words that are usual for its column.
    fn value(&self, column: &Column, text: &str) -> String {
        let meant = self.mapping.value(column.name, text);
        if meant == text && !text.is_empty() {
            return column.stored(text).unwrap_or_else(|| text.to_owned());
        }
        meant.to_owned()
    }
}

/// The sheet that is named, else the first with a head that names columns of items; people's sheets before hidden ones.
fn choose(tables: &[Table], mapping: &Mapping, sheet: Option<&str>) -> Result<(usize, Head), Failure> {
    let unknown = || Failure::of(&HEAD_UNKNOWN, "", &[]);
    if let Some(wanted) = sheet.or(mapping.sheet.as_deref())
        && (sheet.is_some() || tables.len() > 1)
    {
        let Some(index) = tables.iter().position(|table| table.sheet == wanted) else {
            let names: Vec<&str> = tables.iter().map(|table| table.sheet.as_str()).collect();
            return Err(Failure::of(&SHEET_UNKNOWN, wanted, &[wanted, &names.join(", ")]));
        };
        return Ok((index, Head::find(&tables[index], mapping)?.ok_or_else(unknown)?));
    }
    if tables.iter().all(|table| table.rows_from(1).next().is_none()) {
        return Err(Failure::of(&SHEET_EMPTY, "", &[]));
    }
    let (visible, hidden): (Vec<_>, Vec<_>) = tables.iter().enumerate().partition(|(_, table)| table.visible);
    for (index, table) in visible.into_iter().chain(hidden) {
        if let Some(head) = Head::find(table, mapping)? {
            return Ok((index, head));
        }
    }
    Err(unknown())
}

/// A finding about a cell itself.
fn finding(row: u32, column: &str, value: &str, flaw: Flaw) -> Finding {
    let is_code = column::named(column).is_some_and(|column| column.holds == Holds::Code);
    let told = |code: &str, problem: &str, remedy: &str| Finding {
        row,
        column: column.to_owned(),
        value: value.chars().take(VALUE_CHARS_MAX).collect(),
        code: code.to_owned(),
        problem: problem.to_owned(),
        remedy: remedy.to_owned(),
        blocks: true,
    };
    match flaw {
        Flaw::DigitsLost if is_code => told(
            "digits-lost",
            "编码被电子表格当作数字，末位已丢失 / a spreadsheet took the code for a number and lost its last digits",
            "将该列设为文本，从原系统重新导出 / make the column text and export it again; the digits aren't in this file",
        ),
        Flaw::DigitsLost => told(
            "digits-lost",
            "数字超过 15 位，末位已丢失 / a number of more than 15 digits, the last ones are lost",
            "将该列设为文本后重填 / make the column text and enter it again",
        ),
        Flaw::ErrorValue => told(
            "cell-error",
            "单元格是公式错误 / the cell is the error of a formula",
            "更正公式，或填入值 / mend the formula, or enter the value",
        ),
        Flaw::FormulaEmpty => told(
            "formula-empty",
            "公式没有保存结果 / the file doesn't hold the formula's result",
            "在电子表格中打开并保存，或填入值 / open and save it in a spreadsheet, or enter the value",
        ),
        Flaw::TooLong => {
            told("cell-too-long", "单元格超过 32767 字 / the cell has more than 32,767 characters", "缩短 / shorten it")
        }
        Flaw::FieldsDiffer => told(
            "fields-differ",
            "该行字段数与表头不同 / the line has another number of fields than the head",
            "补足或删去分隔符，含逗号的字段加引号 / add or remove separators; a field with a comma stands in quotes",
        ),
        Flaw::Shape => told(
            "value-shape",
            "值应为文字、数字、是否或对象列表 / the value is no text, number, yes or no, nor a list of objects",
            "按 tongban item columns 更正 / correct it as tongban item columns says",
        ),
    }
}
