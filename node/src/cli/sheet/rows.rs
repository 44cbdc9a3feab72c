//! An item file as a whole: which sheet holds the items, what its columns mean, and the rows that go to the node.

use std::collections::{BTreeMap, BTreeSet};

use tongban_domain::catalogue::{Finding, ImportRow, ListRow};

use super::column::{self, Column, Holds, List, Subject};
use super::encoding::Encoding;
use super::head::Head;
use super::kind::Kind;
use super::mapping::Mapping;
use super::table::{Cell, Flaw, Row, Table};
use super::{json, text, workbook};
use crate::cli::failure::Failure;
use crate::cli::text::sheet::{COLUMN_MISSING, HEAD_UNKNOWN, SHEET_EMPTY, SHEET_UNKNOWN, SHEETS_NONE};

/// Columns without which no row says anything.
const NEEDED: [&str; 2] = ["name", "item_type"];
/// Columns of which one must be there.
const NEEDED_CODE: [&str; 2] = ["local_item_code", "base_code"];
/// The longest value that a finding repeats, in characters.
pub(super) const VALUE_CHARS_MAX: usize = 120;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct ItemFile {
    pub(crate) kind: Kind,
    pub(crate) encoding: Option<Encoding>,
    tables: Vec<Table>,
    main: usize,
    pub(crate) head: Head,
    pub(crate) mapping: Mapping,
    /// Sheets of lists, with their heads.
    pub(crate) lists: Vec<ListSheet>,
    /// Lists within the objects of a JSON file, by the objects' numbers.
    pub(super) nested: Nested,
    skips_hidden: bool,
}

/// Entries of lists by the number of their object and the name of the list.
pub(super) type Nested = BTreeMap<u32, BTreeMap<&'static str, Vec<Entry>>>;

/// A sheet whose rows are entries of a list, with the codes of their items.
#[derive(Debug)]
pub(crate) struct ListSheet {
    pub(super) table: usize,
    pub(super) head: Head,
    list: &'static str,
    pub(super) by_code: BTreeMap<String, Vec<Entry>>,
}

/// An entry of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub(super) row: ListRow,
    pub(super) flaws: Vec<(String, String, Flaw)>,
    /// Where it stands within its object, from 0, of a JSON file.
    pub(super) index: Option<usize>,
}

/// An item of a file.
#[derive(Debug)]
pub(crate) struct Record {
    /// What the node is told.
    pub(crate) row: ImportRow,
    /// What is wrong with the cells themselves; such a row isn't sent.
    pub(crate) findings: Vec<Finding>,
}

/// Row numbers from here on stand for entries in the objects of a JSON file, which have no row of their own.
pub(super) const NESTED_ROWS: u32 = 1 << 31;

impl ItemFile {
    /// Reads a file; `skips_hidden` leaves hidden rows out on whichever sheet they stand.
    ///
    /// # Errors
    /// Codes of [`crate::cli::text::sheet`].
    pub(crate) fn read(
        bytes: &[u8],
        mapping: Mapping,
        sheet: Option<&str>,
        skips_hidden: bool,
    ) -> Result<Self, Failure> {
        let kind = Kind::of(bytes)?;
        let (mut encoding, mut lists) = (None, Vec::new());
        let tables = match kind {
            Kind::Xlsx => workbook::xlsx(bytes)?,
            Kind::Xls => workbook::xls(bytes)?,
            Kind::Json => {
                let (table, head, nested) = json::read(bytes, &mapping, Subject::Items)?;
                let tables = vec![table];
                return Self { kind, encoding, tables, main: 0, head, mapping, lists, nested, skips_hidden }.checked();
            }
            Kind::Text => {
                let (table, found) = text::read(bytes)?;
                encoding = Some(found);
                vec![table]
            }
        };
        let (main, head) = choose(&tables, &mapping, sheet)?;
        for (index, table) in tables.iter().enumerate().filter(|(index, table)| *index != main && table.visible) {
            lists.extend(ListSheet::read(index, table, &mapping, skips_hidden)?);
        }
        Self { kind, encoding, tables, main, head, mapping, lists, nested: Nested::new(), skips_hidden }.checked()
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
        if self.rows(self.main, &self.head).next().is_none() {
            return Err(Failure::of(&SHEET_EMPTY, "", &[]));
        }
        Ok(self)
    }

    /// The sheet that holds the items.
    pub(crate) fn table(&self) -> &Table {
        &self.tables[self.main]
    }

    /// A sheet of the workbook.
    pub(super) fn sheet(&self, index: usize) -> &Table {
        &self.tables[index]
    }

    /// The rows of a sheet below its head that are read.
    pub(super) fn rows(&self, index: usize, head: &Head) -> impl Iterator<Item = Row<'_>> {
        below(&self.tables[index], head, self.skips_hidden)
    }

    /// How many hidden rows the sheets have that are read, whether they are skipped or not.
    pub(crate) fn hidden(&self) -> usize {
        let of_lists = self.lists.iter().map(|sheet| (sheet.table, &sheet.head));
        let sheets = of_lists.chain([(self.main, &self.head)]);
        sheets.map(|(index, head)| self.tables[index].hidden.range(head.rows.1 + 1..).count()).sum()
    }

    /// How many sheets people see that hold neither items nor lists.
    pub(crate) fn others(&self) -> usize {
        let read = |index: usize| index == self.main || self.lists.iter().any(|sheet| sheet.table == index);
        self.tables.iter().enumerate().filter(|(index, table)| table.visible && !read(*index)).count()
    }

    /// The items, in the file's order; rows that go on with the lists of an item belong to it.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> {
        self.groups().map(|group| self.record(&group))
    }

    /// The rows of each item.
    pub(super) fn groups(&self) -> impl Iterator<Item = Vec<Row<'_>>> {
        let mut rows = self.rows(self.main, &self.head).peekable();
        let has_lists = self.head.columns.iter().flatten().any(|column| column.within().is_some());
        std::iter::from_fn(move || {
            let mut group = vec![rows.next()?];
            while let Some(row) = rows.next_if(|row| has_lists && self.goes_on(&group[0], row)) {
                group.push(row);
            }
            Some(group)
        })
    }

    /// Tells whether a row says nothing new of its item but entries of its lists: the cells of the item are blank, merged, or the same.
    fn goes_on(&self, first: &Row<'_>, row: &Row<'_>) -> bool {
        let code = NEEDED_CODE.into_iter().find_map(|name| self.head.place(name));
        let same_code = code.is_some_and(|code| !row.text(code).is_empty() && row.text(code) == first.text(code));
        let own = self.head.columns.iter().enumerate();
        own.filter(|(_, column)| column.is_some_and(|column| column.within().is_none())).all(|(index, _)| {
            let text = row.text(index);
            let filled = row.cells.get(index).is_some_and(|cell| cell.filled);
            text.is_empty() || filled || (same_code && text == first.text(index))
        })
    }

    fn record(&self, group: &[Row<'_>]) -> Record {
        let row = &group[0];
        let mut record = Record { row: ImportRow { row: row.number, ..ImportRow::default() }, findings: Vec::new() };
        for (index, column) in self.head.columns.iter().enumerate() {
            let Some(column) = column else { continue };
            match column.within() {
                None => {
                    let none = Cell::default();
                    let cell = row.cells.get(index).unwrap_or(&none);
                    if cell.flaw == Some(Flaw::Absent) {
                        continue;
                    }
                    if let Some(flaw) = cell.flaw {
                        record.findings.push(finding(row.number, column.name, &cell.text, flaw));
                    }
                    record.row.values.insert(column.name.to_owned(), value(&self.mapping, column, cell.text.trim()));
                }
                Some((list, _)) => {
                    record.row.lists.entry(list.to_owned()).or_default();
                }
            }
        }
        for (name, constant) in &self.mapping.constants {
            let value = record.row.values.entry(name.clone()).or_default();
            if value.is_empty() {
                value.clone_from(constant);
            }
        }
        for row in group {
            if let Some(differ) = self.fields_differ(row) {
                record.findings.push(differ);
            }
            for list in column::LISTS {
                if !record.row.lists.contains_key(list.name) {
                    continue;
                }
                if let Some(entry) = entry(&self.mapping, &self.head, list.name, row) {
                    record.add(list.name, entry);
                }
            }
        }
        self.add_lists(&mut record);
        record
    }

    /// Adds the entries that stand on sheets of their own, or within the item's object.
    fn add_lists(&self, record: &mut Record) {
        for sheet in &self.lists {
            record.row.lists.entry(sheet.list.to_owned()).or_default();
            let codes = NEEDED_CODE.into_iter().filter_map(|name| record.row.values.get(name).cloned());
            let found: Vec<Entry> = codes.filter_map(|code| sheet.by_code.get(&code)).flatten().cloned().collect();
            found.into_iter().for_each(|entry| record.add(sheet.list, entry));
        }
        for (list, entries) in self.nested.get(&record.row.row).into_iter().flatten() {
            record.row.lists.entry((*list).to_owned()).or_default();
            entries.iter().cloned().for_each(|entry| record.add(list, entry));
        }
    }

    fn fields_differ(&self, row: &Row<'_>) -> Option<Finding> {
        if self.kind != Kind::Text || row.cells.len() == self.head.columns.len() {
            return None;
        }
        let beyond = row.cells.get(self.head.columns.len()..).unwrap_or_default();
        let short = row.cells.len() < self.head.columns.len();
        let differ = short || beyond.iter().any(|cell| !cell.text.trim().is_empty());
        let fields = format!("{} / {}", row.cells.len(), self.head.columns.len());
        differ.then(|| finding(row.number, "", &fields, Flaw::FieldsDiffer))
    }

    /// Findings of entries whose item isn't in the file.
    pub(crate) fn orphans(&self, codes: &BTreeSet<String>) -> Vec<Finding> {
        let mut found = Vec::new();
        for sheet in &self.lists {
            let unknown = sheet.by_code.iter().filter(|(code, _)| !codes.contains(*code));
            for (code, entry) in unknown.flat_map(|(code, entries)| entries.iter().map(move |entry| (code, entry))) {
                found.push(Finding {
                    row: entry.row.row,
                    column: sheet.list.to_owned(),
                    value: code.clone(),
                    code: "entry-orphan".to_owned(),
                    problem: format!("事项表中没有编码 {code} / no row of the items has the code {code}"),
                    remedy: "核对编码，或补上该事项 / check the code, or add the item".to_owned(),
                    blocks: true,
                });
            }
        }
        found
    }

    /// Says of a finding in an object of a JSON file where in the object it is: `materials[2].name`.
    pub(crate) fn place(&self, finding: &mut Finding) {
        if finding.row < NESTED_ROWS {
            return;
        }
        let Some((list, column)) = finding.column.split_once('.') else { return };
        for (object, lists) in &self.nested {
            let entries = lists.get(list).map_or(&[][..], Vec::as_slice);
            if let Some(entry) = entries.iter().find(|entry| entry.row.row == finding.row) {
                finding.column = format!("{list}[{}].{column}", entry.index.unwrap_or_default());
                finding.row = *object;
                return;
            }
        }
    }
}

impl Record {
    fn add(&mut self, list: &str, entry: Entry) {
        for (column, text, flaw) in &entry.flaws {
            self.findings.push(finding(entry.row.row, &format!("{list}.{column}"), text, *flaw));
        }
        self.row.lists.entry(list.to_owned()).or_default().push(entry.row);
    }
}

impl ListSheet {
    /// The list that a sheet holds, if its title, its head and a column of codes say so.
    fn read(index: usize, table: &Table, mapping: &Mapping, skips_hidden: bool) -> Result<Option<Self>, Failure> {
        let Some(list) = List::titled(&table.sheet) else { return Ok(None) };
        let plain = Mapping { head: None, ..mapping.clone() };
        let Some(head) = Head::find(table, &plain, Subject::List(list))? else { return Ok(None) };
        let Some(code) = NEEDED_CODE.into_iter().find_map(|name| head.place(name)) else { return Ok(None) };
        let mut by_code: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for row in below(table, &head, skips_hidden) {
            if let Some(entry) = entry(mapping, &head, list.name, &row) {
                by_code.entry(row.text(code).to_owned()).or_default().push(entry);
            }
        }
        Ok(Some(Self { table: index, head, list: list.name, by_code }))
    }

    /// The list that it holds.
    pub(super) fn list(&self) -> &'static str {
        self.list
    }
}

/// The rows below a head, with hidden ones or without. Merged cells are filled from hidden rows, too.
fn below<'t>(table: &'t Table, head: &Head, skips_hidden: bool) -> impl Iterator<Item = Row<'t>> + use<'t> {
    table.rows_from(head.rows.1 + 1).filter(move |row| !(skips_hidden && table.hidden.contains(&row.number)))
}

/// The entry of a list that stands in a row, if any of its cells is filled in.
fn entry(mapping: &Mapping, head: &Head, list: &str, row: &Row<'_>) -> Option<Entry> {
    let mut entry = Entry { row: ListRow { row: row.number, ..ListRow::default() }, ..Entry::default() };
    let mut said = false;
    for (index, column) in head.columns.iter().enumerate() {
        let Some((column, (_, name))) =
            column.and_then(|column| Some((column, column.within()?))).filter(|(_, (of, _))| *of == list)
        else {
            continue;
        };
        let Some(cell) = row.cells.get(index) else { continue };
        said |= !cell.filled && (cell.flaw.is_some() || !cell.text.trim().is_empty());
        if let Some(flaw) = cell.flaw {
            entry.flaws.push((name.to_owned(), cell.text.to_string(), flaw));
        }
        entry.row.values.insert(name.to_owned(), value(mapping, column, cell.text.trim()));
    }
    said.then_some(entry)
}

/// What a cell's text means: by the mapping, else by the words that are usual for its column.
pub(super) fn value(mapping: &Mapping, column: &Column, text: &str) -> String {
    let meant = mapping.value(column.name, text);
    if meant == text && !text.is_empty() {
        return column.stored(text).unwrap_or_else(|| text.to_owned());
    }
    meant.to_owned()
}

/// The sheet that is named, else the first with a head that names columns of items; people's sheets before hidden ones.
fn choose(tables: &[Table], mapping: &Mapping, sheet: Option<&str>) -> Result<(usize, Head), Failure> {
    let unknown = || Failure::of(&HEAD_UNKNOWN, "", &[]);
    if let Some(wanted) = sheet.or(mapping.sheet.as_deref())
        && (sheet.is_some() || tables.len() > 1)
    {
        let Some(index) = tables.iter().position(|table| table.sheet == wanted) else {
            let names: Vec<&str> = tables.iter().map(|table| table.sheet.as_str()).collect();
            // A CSV file is one sheet, without a name.
            if names == [""] {
                return Err(Failure::of(&SHEETS_NONE, wanted, &[wanted]));
            }
            return Err(Failure::of(&SHEET_UNKNOWN, wanted, &[wanted, &names.join(", ")]));
        };
        return Ok((index, Head::find(&tables[index], mapping, Subject::Items)?.ok_or_else(unknown)?));
    }
    if tables.iter().all(|table| table.rows_from(1).next().is_none()) {
        return Err(Failure::of(&SHEET_EMPTY, "", &[]));
    }
    let (visible, hidden): (Vec<_>, Vec<_>) = tables.iter().enumerate().partition(|(_, table)| table.visible);
    // A sheet of materials names enough columns to look like one of items.
    let items = |(_, table): &(usize, &Table)| List::titled(&table.sheet).is_none();
    let (items, lists): (Vec<_>, Vec<_>) = visible.into_iter().chain(hidden).partition(items);
    for (index, table) in items.into_iter().chain(lists) {
        if let Some(head) = Head::find(table, mapping, Subject::Items)? {
            return Ok((index, head));
        }
    }
    Err(unknown())
}

/// A finding about a cell itself.
pub(super) fn finding(row: u32, column: &str, value: &str, flaw: Flaw) -> Finding {
    let is_code = column::named(column).is_some_and(|column| matches!(column.holds, Holds::Code));
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
        Flaw::TooLong => told(
            "cell-too-long",
            "单元格达到 32767 字，其后的内容已丢失 / the cell has 32,767 characters, as many as a cell holds: what came after them is lost",
            "缩短，或改用 JSON 导入 / shorten it, or import it as JSON",
        ),
        Flaw::FieldsDiffer => told(
            "fields-differ",
            "该行字段数与表头不同 / the line has another number of fields than the head",
            "补足或删去分隔符，含逗号的字段加引号 / add or remove separators; a field with a comma stands in quotes",
        ),
        Flaw::Shape | Flaw::Absent => told(
            "value-shape",
            "值应为文字、数字、是否或对象列表 / the value is no text, number, yes or no, nor a list of objects",
            "按 tongban item columns 更正 / correct it as tongban item columns says",
        ),
    }
}
