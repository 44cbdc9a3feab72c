//! An act file: each row is an act on a case, as a clerk would give it at the window.
//!
//! A row that can't be read as an act is a finding, like a value that its act doesn't take: what a clerk wrote is never passed over.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};
use tongban_codes::division::DivisionCode;
use tongban_domain::case::{Competent, RefusalKind};
use tongban_domain::catalogue::Finding;

use super::column::{ACT_COLUMNS, ACTS, Subject};
use super::encoding::Encoding;
use super::head::{Head, chosen};
use super::kind::Kind;
use super::mapping::Mapping;
use super::rows::{VALUE_CHARS_MAX, finding};
use super::table::{Row, Table};
use super::template::columns;
use super::{text, workbook};
use crate::api::v1::{ActRequest, WorkRequest};
use crate::cli::failure::Failure;
use crate::cli::text::act::{ACT_COLUMN_MISSING, ACT_HEAD_UNKNOWN, ACT_ROWS_MANY};
use crate::cli::text::sheet::{FILE_KIND, SHEET_EMPTY};

/// The most acts of one file.
pub(crate) const ROWS_MAX: usize = 10_000;
/// Columns without which no row says anything.
const NEEDED: [&str; 2] = ["case", "act"];

/// A file that was read.
#[derive(Debug)]
pub(crate) struct ActFile {
    pub(crate) encoding: Option<Encoding>,
    pub(super) table: Table,
    pub(crate) head: Head,
}

/// What a row asks the node for.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Act(ActRequest),
    Work(WorkRequest),
}

/// A row that can be sent.
#[derive(Clone, Debug)]
pub(crate) struct ActRow {
    /// Number in the file, from 1.
    pub(crate) row: u32,
    /// The case, as the file names it.
    pub(crate) case: String,
    /// Stable name of the act.
    pub(crate) act: &'static str,
    pub(crate) request: Request,
}

impl ActFile {
    /// Reads a workbook or a text file.
    ///
    /// # Errors
    /// Codes of [`crate::cli::text::sheet`] and [`crate::cli::text::act`].
    pub(crate) fn read(bytes: &[u8], sheet: Option<&str>) -> Result<Self, Failure> {
        let mut encoding = None;
        let tables = match Kind::of(bytes)? {
            Kind::Xlsx => workbook::xlsx(bytes)?,
            Kind::Xls => workbook::xls(bytes)?,
            Kind::Json => return Err(Failure::of(&FILE_KIND, "JSON", &["JSON"])),
            Kind::Text => {
                let (table, found) = text::read(bytes)?;
                encoding = Some(found);
                vec![table]
            }
        };
        if tables.iter().all(|table| table.rows_from(1).next().is_none()) {
            return Err(Failure::of(&SHEET_EMPTY, "", &[]));
        }
        let (table, head) = choose(tables, sheet)?;
        let file = Self { encoding, table, head };
        if let Some(missing) = NEEDED.into_iter().find(|name| !file.head.has(name)) {
            let zh = ACT_COLUMNS.iter().find(|column| column.name == missing).map_or(missing, |column| column.zh);
            return Err(Failure::of(&ACT_COLUMN_MISSING, missing, &[missing, zh]));
        }
        match file.rows().take(ROWS_MAX + 1).count() {
            0 => Err(Failure::of(&SHEET_EMPTY, "", &[])),
            count if count > ROWS_MAX => Err(Failure::of(&ACT_ROWS_MANY, "", &[&ROWS_MAX.to_string()])),
            _ => Ok(file),
        }
    }

    /// The rows below the head. Hidden ones are left out: who hid them has chosen the others.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let below = self.table.rows_from(self.head.rows.1 + 1);
        below.filter(|row| !self.table.hidden.contains(&row.number))
    }

    /// Name of the sheet; empty where a file has but one.
    pub(crate) fn sheet(&self) -> &str {
        &self.table.sheet
    }

    /// How many rows are left out because they are hidden.
    pub(crate) fn hidden(&self) -> usize {
        self.table.hidden.range(self.head.rows.1 + 1..).count()
    }

    /// The acts, and what is wrong with the rows that are none.
    pub(crate) fn acts(&self) -> (Vec<ActRow>, Vec<Finding>) {
        let (mut acts, mut findings) = (Vec::<ActRow>::new(), Vec::new());
        let mut seen: BTreeMap<(String, &str), u32> = BTreeMap::new();
        for row in self.rows() {
            let mut cells = Cells::new(&self.head, &row);
            match cells.act() {
                Ok(act) => match seen.get(&(act.case.clone(), act.act)) {
                    Some(first) => findings.push(cells.repeated(*first)),
                    None => {
                        seen.insert((act.case.clone(), act.act), act.row);
                        acts.push(act);
                    }
                },
                Err(found) => findings.extend(found),
            }
        }
        (acts, findings)
    }
}

/// The sheet that is named, else the first that people see with a head of acts.
fn choose(tables: Vec<Table>, sheet: Option<&str>) -> Result<(Table, Head), Failure> {
    let unknown = || Failure::of(&ACT_HEAD_UNKNOWN, "", &[]);
    let find = |table: &Table| Head::find(table, &Mapping::default(), Subject::Acts);
    chosen(tables, sheet, find)?.ok_or_else(unknown)
}

/// The cells of a row while it is read: which were used, and what is wrong.
struct Cells<'r> {
    row: u32,
    /// Texts by column, of cells that are filled in.
    texts: BTreeMap<&'static str, &'r str>,
    used: Vec<&'static str>,
    found: Vec<Finding>,
}

impl<'r> Cells<'r> {
    fn new(head: &Head, row: &'r Row<'_>) -> Self {
        let mut cells = Self { row: row.number, texts: BTreeMap::new(), used: Vec::new(), found: Vec::new() };
        for (index, column) in head.columns.iter().enumerate() {
            let Some(column) = column else { continue };
            if let Some(flaw) = row.cells.get(index).and_then(|cell| cell.flaw) {
                cells.found.push(finding(row.number, column.name, row.text(index), flaw));
            }
            if !row.text(index).is_empty() {
                cells.texts.insert(column.name, row.text(index));
            }
        }
        cells
    }

    fn wrong(&mut self, column: &str, value: &str, code: &str, problem: &str, remedy: &str) {
        self.found.push(Finding {
            row: self.row,
            column: column.to_owned(),
            value: value.chars().take(VALUE_CHARS_MAX).collect(),
            code: code.to_owned(),
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
            blocks: true,
        });
    }

    fn repeated(&self, first: u32) -> Finding {
        Finding {
            row: self.row,
            column: "case".to_owned(),
            value: self.texts.get("case").copied().unwrap_or_default().to_owned(),
            code: "act-repeated".to_owned(),
            problem: format!("第 {first} 行已有同一办件的同一操作 / row {first} has the same act on the same case"),
            remedy: "删去其中一行 / leave one of them out".to_owned(),
            blocks: true,
        }
    }

    fn optional(&mut self, column: &'static str) -> Option<String> {
        self.used.push(column);
        self.texts.get(column).map(|text| (*text).to_owned())
    }

    fn needed(&mut self, column: &'static str) -> String {
        let text = self.optional(column);
        if text.is_none() {
            let problem = "该操作必填此列 / the act needs this column";
            self.wrong(column, "", "cell-missing", problem, "请填写 / fill it in");
        }
        text.unwrap_or_default()
    }

    /// Words with `^` between, as lists stand in every file.
    fn several(&mut self, column: &'static str) -> Vec<String> {
        let text = self.needed(column);
        text.split('^').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn number(&mut self, column: &'static str, text: Option<String>) -> Option<u16> {
        let text = text?;
        // A spreadsheet writes a whole number as 30 or 30.0.
        let number = text.strip_suffix(".0").unwrap_or(&text).parse().ok();
        if number.is_none() {
            let problem = "不是 0 至 65535 的整数 / no whole number from 0 to 65535";
            self.wrong(column, &text, "invalid-field", problem, "填写整数 / enter a whole number");
        }
        number
    }

    fn days(&mut self) -> u16 {
        let days = self.needed("days");
        self.number("days", Some(days).filter(|days| !days.is_empty())).unwrap_or_default()
    }

    fn competent(&mut self) -> Option<Competent> {
        let text = self.needed("competent");
        let read = |text: &str| {
            let (division, authority) = text.split_once('/')?;
            let division: DivisionCode = division.trim().parse().ok()?;
            Some(Competent { division, authority: authority.trim().to_owned() })
        };
        let competent = read(&text);
        if competent.is_none() && !text.is_empty() {
            let problem = "应为“行政区划代码/机关名称” / not division/authority";
            self.wrong("competent", &text, "competent-invalid", problem, "例 e.g. 511602/广安区公安分局");
        }
        competent
    }

    /// The act of the row; everything that is wrong with it else.
    fn act(&mut self) -> Result<ActRow, Vec<Finding>> {
        let (case, word) = (self.needed("case"), self.needed("act"));
        let known = ACTS.iter().find(|(name, zh)| *name == word.to_lowercase() || *zh == word);
        let request = known.and_then(|(name, _)| self.request(name).map(|request| (*name, request)));
        if known.is_none() && !word.is_empty() {
            let acts: Vec<&str> = ACTS.iter().map(|(_, zh)| *zh).collect();
            let problem = "没有该操作 / there is no such act";
            self.wrong("act", &word, "act-unknown", problem, &format!("可用 one of: {}", acts.join("、")));
        }
        if let Some((act, _)) = &request {
            let unused: Vec<_> =
                self.texts.iter().filter(|(column, _)| !self.used.contains(*column)).map(|(c, t)| (*c, *t)).collect();
            let zh = ACTS.iter().find(|(name, _)| name == act).map_or(*act, |(_, zh)| zh);
            for (column, text) in unused {
                let problem = format!("“{zh}”不使用此列 / {act} doesn't take this column");
                self.wrong(column, text, "cell-unused", &problem, "清空该单元格 / empty the cell");
            }
        }
        match request {
            Some((act, request)) if self.found.is_empty() => Ok(ActRow { row: self.row, case, act, request }),
            _ => Err(std::mem::take(&mut self.found)),
        }
    }

    fn request(&mut self, act: &str) -> Option<Request> {
        let act = match act {
            "offer" => ActRequest::Offer {},
            "claim" => return Some(Request::Work(WorkRequest::Claim {})),
            "accept" => ActRequest::Accept { enough: self.optional("reason") },
            "refuse-not-required" => {
                ActRequest::Refuse { refusal: RefusalKind::NotRequired, reason: self.needed("reason"), competent: None }
            }
            "refuse-not-competent" => ActRequest::Refuse {
                refusal: RefusalKind::NotCompetent,
                reason: self.needed("reason"),
                competent: self.competent(),
            },
            "notify" => {
                let (items, within) = (self.several("items"), self.optional("within"));
                ActRequest::Notify { items, new_reasons: Vec::new(), within: self.number("within", within) }
            }
            "return" => ActRequest::Return { reason: self.needed("reason") },
            "check" => ActRequest::Check { officers: self.several("officers"), finding: self.needed("finding") },
            "pass" | "send-back" => {
                let opinion = self.needed("opinion");
                return Some(Request::Work(WorkRequest::Step { pass: act == "pass", opinion }));
            }
            "grant" => ActRequest::Decide { grant: true, reason: self.optional("reason") },
            "deny" => ActRequest::Decide { grant: false, reason: Some(self.needed("reason")) },
            "suspend" => ActRequest::Suspend { procedure: self.needed("procedure"), days: self.days() },
            "resume" => ActRequest::Resume { note: self.optional("note") },
            "extend" => ActRequest::Extend {
                days: self.days(),
                approver: self.needed("approver"),
                reason: self.needed("reason"),
            },
            "deliver" => ActRequest::Deliver { note: self.optional("note") },
            "close" => ActRequest::Close {},
            _ => return None,
        };
        Some(Request::Act(act))
    }
}

/// Writes the empty act file: every column with a note, text throughout, and the acts to choose from.
///
/// # Errors
/// What the library refuses; nothing here is beyond its limits.
pub(crate) fn template() -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    columns(workbook.add_worksheet().set_name("批量办理")?, ACT_COLUMNS)?;
    workbook.save_to_buffer()
}

#[cfg(test)]
#[path = "acts_tests.rs"]
mod tests;
