//! Rows of a file as text, judged cell by cell: what is wrong is a finding with its remedy, and nothing is passed over.

use std::collections::BTreeMap;

use tongban_codes::citizen_id::CitizenId;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::time::Date;

use super::list::{ApplicantKind, IdKind};
use super::row::{EarlierVersion, result_named, words};
use crate::catalogue::{CodeList as _, Finding, ImportRow, ItemState};
use crate::naming::is_unseen;
use crate::{Desk, Facts};

/// The columns that a row may have.
pub const EARLIER_COLUMNS: [&str; 19] = [
    "old_number",
    "item",
    "applicant",
    "applicant_kind",
    "id_kind",
    "id_number",
    "collected_on",
    "accepted_on",
    "statutory_due",
    "decided_on",
    "delivered_on",
    "result",
    "document_no",
    "licence_no",
    "licence_from",
    "licence_until",
    "handler",
    "note",
    "source_system",
];

/// Columns whose value a finding never repeats.
const PERSONAL: [&str; 3] = ["applicant", "id_number", "note"];
/// The longest number of another system, in characters.
pub const EARLIER_NUMBER_CHARS_MAX: usize = 64;
/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 200;
/// The longest number of an identity, document or licence, in characters.
const CODE_CHARS_MAX: usize = 64;
/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 2_000;
/// The longest value that a finding repeats, in characters.
const VALUE_CHARS_MAX: usize = 120;

/// What a row says, once nothing of it is wrong.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) number: String,
    pub(super) item_code: Option<String>,
    pub(super) item_name: String,
    pub(super) applicant_kind: ApplicantKind,
    pub(super) id_kind: IdKind,
    pub(super) id_checked: bool,
    pub(super) name: String,
    pub(super) identity: String,
    pub(super) note: String,
    pub(super) collected_on: Option<Date>,
    pub(super) accepted_on: Option<Date>,
    pub(super) statutory_due: Option<Date>,
    pub(super) decided_on: Option<Date>,
    pub(super) delivered_on: Option<Date>,
    pub(super) result: Option<u8>,
    pub(super) document_no: Option<String>,
    pub(super) licence_no: Option<String>,
    pub(super) licence_from: Option<Date>,
    pub(super) licence_until: Option<Date>,
    pub(super) handler: Option<String>,
    pub(super) system: String,
}

impl Checked {
    /// Whether a version says the same. The item is compared as the file had it: the catalogue may know it by now, or no more.
    pub(super) fn is(&self, desk: &dyn Desk, number: &str, version: &EarlierVersion) -> bool {
        let Some((name, identity)) = desk.decrypt(&version.id, &version.personal) else { return false };
        let note = version.note.as_ref().and_then(|note| desk.decrypt(&version.id, note));
        let same_item = match (&self.item_code, &version.item_code) {
            (Some(one), Some(other)) => one == other,
            _ => self.item_name == version.item_name,
        };
        let known = Self {
            number: number.to_owned(),
            item_code: self.item_code.clone(),
            item_name: self.item_name.clone(),
            applicant_kind: version.applicant_kind,
            id_kind: version.id_kind,
            id_checked: version.id_checked,
            name,
            identity,
            note: note.map(|(note, _)| note).unwrap_or_default(),
            collected_on: version.collected_on,
            accepted_on: version.accepted_on,
            statutory_due: version.statutory_due,
            decided_on: version.decided_on,
            delivered_on: version.delivered_on,
            result: version.result,
            document_no: version.document_no.clone(),
            licence_no: version.licence_no.clone(),
            licence_from: version.licence_from,
            licence_until: version.licence_until,
            handler: version.handler.clone(),
            system: version.system.clone(),
        };
        same_item && known == *self
    }
}

/// Judges rows on the facts of one moment.
pub(super) struct Judge<'f> {
    facts: &'f dyn Facts,
    today: Date,
    keep_invalid: bool,
    /// Codes of this division's items by name, once a row named one.
    names: Option<BTreeMap<String, Vec<String>>>,
}

impl<'f> Judge<'f> {
    pub(super) fn new(facts: &'f dyn Facts, today: Date, keep_invalid: bool) -> Self {
        Self { facts, today, keep_invalid, names: None }
    }

    /// What a row says, and what is wrong with it; a row with a finding that blocks says nothing.
    pub(super) fn row(&mut self, row: &ImportRow) -> (Option<Checked>, Vec<Finding>) {
        let mut cells = Cells { row, found: Vec::new() };
        let number = cells.needed("old_number", EARLIER_NUMBER_CHARS_MAX);
        let item = cells.needed("item", NAME_CHARS_MAX);
        let name = cells.needed("applicant", NAME_CHARS_MAX);
        let system = cells.needed("source_system", NAME_CHARS_MAX);
        let (id_kind, identity, id_checked) = self.identity(&mut cells);
        let applicant_kind = cells.one("applicant_kind", ApplicantKind::named, words::<ApplicantKind>);
        let applicant_kind = applicant_kind.unwrap_or(match id_kind {
            IdKind::CreditCode | IdKind::OrganisationCode | IdKind::RegistrationNumber => ApplicantKind::Enterprise,
            _ => ApplicantKind::Person,
        });
        let results = || crate::case::national::RESULTS.map(|(code, zh)| format!("{code} {zh}")).join("、");
        let result = cells.one("result", result_named, results);
        let [collected_on, accepted_on, decided_on, delivered_on] =
            ["collected_on", "accepted_on", "decided_on", "delivered_on"].map(|column| cells.day(column));
        let [statutory_due, licence_from, licence_until] =
            ["statutory_due", "licence_from", "licence_until"].map(|column| cells.day(column));
        let order = [
            ("collected_on", collected_on),
            ("accepted_on", accepted_on),
            ("decided_on", decided_on),
            ("delivered_on", delivered_on),
        ];
        cells.ordered(&order, Some(self.today));
        cells.ordered(&[("licence_from", licence_from), ("licence_until", licence_until)], None);
        if decided_on.is_some() && result.is_none() && cells.text("result").is_empty() {
            cells.finding(
                "cell-missing",
                "result",
                "有办结日期而无办结结果 / decided, and no result",
                "填写办结结果 / give it",
            );
        }
        let is_open = decided_on.is_none() && result.is_none() && cells.text("result").is_empty();
        let ends = [("delivered_on", delivered_on.is_some()), ("licence_no", !cells.text("licence_no").is_empty())];
        for (column, _) in ends.into_iter().filter(|(_, is_there)| is_open && *is_there) {
            let problem = "未办结而有送达日期或证照编号 / nothing was decided, and it was delivered or has a licence";
            cells.finding(
                "earlier-open",
                column,
                problem,
                "填写办结日期和结果，或清空此列 / give day and result, or clear the cell",
            );
        }
        let (item_code, item_name) = self.item(&mut cells, &item);
        let checked = Checked {
            number,
            item_code,
            item_name,
            applicant_kind,
            id_kind,
            id_checked,
            name,
            identity,
            note: cells.optional("note", NOTE_CHARS_MAX).unwrap_or_default(),
            collected_on,
            accepted_on,
            statutory_due,
            decided_on,
            delivered_on,
            result,
            document_no: cells.optional("document_no", CODE_CHARS_MAX),
            licence_no: cells.optional("licence_no", CODE_CHARS_MAX),
            licence_from,
            licence_until,
            handler: cells.optional("handler", NAME_CHARS_MAX),
            system,
        };
        let blocks = cells.found.iter().any(|finding| finding.blocks);
        ((!blocks).then_some(checked), cells.found)
    }

    /// By what the applicant was identified: kind, number in the form of its standard, whether its check digit holds.
    fn identity(&self, cells: &mut Cells<'_>) -> (IdKind, String, bool) {
        let kind = cells.one("id_kind", IdKind::named, words::<IdKind>);
        let text = cells.optional("id_number", CODE_CHARS_MAX).unwrap_or_default();
        let citizen = || {
            let id = text.parse::<CitizenId>().map_err(|error| (error.to_string(), error.zh()))?;
            id.require_born_by(self.today).map_err(|error| (error.to_string(), error.zh()))?;
            Ok::<String, (String, String)>(id.to_string())
        };
        let credit =
            || text.parse::<CreditCode>().map(|code| code.to_string()).map_err(|error| (error.to_string(), error.zh()));
        let held = match kind {
            Some(IdKind::CitizenId) => citizen().map(|id| (IdKind::CitizenId, id)),
            Some(IdKind::CreditCode) => credit().map(|code| (IdKind::CreditCode, code)),
            Some(other) if !text.is_empty() => return (other, text, false),
            None if !text.is_empty() => {
                let looks_citizen = text.len() == 18 && text.bytes().take(17).all(|byte| byte.is_ascii_digit());
                match (citizen(), credit()) {
                    (Ok(id), _) => Ok((IdKind::CitizenId, id)),
                    (_, Ok(code)) => Ok((IdKind::CreditCode, code)),
                    (Err(wrong), _) if looks_citizen => Err(wrong),
                    (_, Err(wrong)) => Err(wrong),
                }
            }
            _ => Err(("there is no number".to_owned(), "没有证件号码".to_owned())),
        };
        match held {
            Ok((kind, number)) => (kind, number, true),
            Err(_) if self.keep_invalid => (kind.unwrap_or(IdKind::Other), text, false),
            Err((en, zh)) => {
                let problem = format!("证件号码有误：{zh} / {en}");
                let remedy = "核对后更正；无法核对的用 --keep-invalid 按原文保留 / correct it; what can't be found out is kept as a text by \
                              --keep-invalid";
                cells.finding("invalid-identity", "id_number", &problem, remedy);
                (IdKind::Other, String::new(), false)
            }
        }
    }

    /// The item of this division that a text names by code or by name; a text where it names none.
    fn item(&mut self, cells: &mut Cells<'_>, text: &str) -> (Option<String>, String) {
        if text.is_empty() {
            return (None, String::new());
        }
        let named = self.facts.items_named(text);
        let mut found: Vec<(String, String)> =
            named.into_iter().filter(|item| !item.state.is_draft()).map(|item| (item.code, item.core.name)).collect();
        if found.is_empty() {
            let facts = self.facts;
            let names = self.names.get_or_insert_with(|| by_name(facts));
            let codes = names.get(text).map_or(&[][..], Vec::as_slice);
            found.extend(codes.iter().map(|code| (code.clone(), text.to_owned())));
        }
        match found.as_slice() {
            [(code, name)] => (Some(code.clone()), name.clone()),
            [] => {
                let problem =
                    "本区划目录中没有该事项，按原文保留 / this division's catalogue has no such item; kept as a text";
                let remedy = "需要关联的，填写事项编码 / give its code where it is one of these items";
                cells.remark("item-unknown", "item", problem, remedy);
                (None, text.to_owned())
            }
            several => {
                let codes: Vec<&str> = several.iter().take(3).map(|(code, _)| code.as_str()).collect();
                let problem = format!("有 {} 个事项同名 / {} items are called so", several.len(), several.len());
                let remedy = format!("填写事项编码 / give the code: {}", codes.join(", "));
                cells.finding("item-ambiguous", "item", &problem, &remedy);
                (None, String::new())
            }
        }
    }
}

/// Codes of this division's items by name, without drafts; of one name those that go on before those that were withdrawn.
fn by_name(facts: &dyn Facts) -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for code in facts.item_codes() {
        let Some(item) = facts.item(&code) else { continue };
        let (live, withdrawn) = names.entry(item.core.name.trim().to_owned()).or_default();
        if item.state == ItemState::Withdrawn { withdrawn.push(code) } else { live.push(code) }
    }
    names.into_iter().map(|(name, (live, withdrawn))| (name, if live.is_empty() { withdrawn } else { live })).collect()
}

/// The cells of a row while they are judged.
struct Cells<'r> {
    row: &'r ImportRow,
    found: Vec<Finding>,
}

impl Cells<'_> {
    fn text(&self, column: &str) -> &str {
        self.row.values.get(column).map_or("", |value| value.trim())
    }

    fn tell(&mut self, (code, blocks): (&str, bool), column: &str, problem: &str, remedy: &str) {
        let value = if PERSONAL.contains(&column) && !self.text(column).is_empty() {
            "***".to_owned()
        } else {
            self.text(column).chars().take(VALUE_CHARS_MAX).collect()
        };
        self.found.push(Finding {
            row: self.row.row,
            column: column.to_owned(),
            value,
            code: code.to_owned(),
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
            blocks,
        });
    }

    /// What keeps the row out.
    fn finding(&mut self, code: &str, column: &str, problem: &str, remedy: &str) {
        self.tell((code, true), column, problem, remedy);
    }

    /// What is told of a row that comes in.
    fn remark(&mut self, code: &str, column: &str, problem: &str, remedy: &str) {
        self.tell((code, false), column, problem, remedy);
    }

    fn optional(&mut self, column: &str, chars_max: usize) -> Option<String> {
        let text = self.text(column).to_owned();
        if text.is_empty() {
            return None;
        }
        let breaks = |c: char| column == "note" && matches!(c, '\n' | '\r' | '\t');
        if text.chars().count() > chars_max || text.chars().any(|c| is_unseen(c) && !breaks(c)) {
            let problem = format!(
                "超过 {chars_max} 字或含有不可见字符 / more than {chars_max} characters, or some that can't be seen"
            );
            self.finding("invalid-field", column, &problem, "请更正 / correct it");
            return None;
        }
        Some(text)
    }

    fn needed(&mut self, column: &str, chars_max: usize) -> String {
        if self.text(column).is_empty() {
            let remedy = match column {
                "source_system" => "请填写，或用 --system 指定 / fill it in, or give --system",
                _ => "请填写 / fill it in",
            };
            self.finding("cell-missing", column, "此列必填 / the column is needed", remedy);
        }
        self.optional(column, chars_max).unwrap_or_default()
    }

    fn one<T>(&mut self, column: &str, named: impl Fn(&str) -> Option<T>, words: impl Fn() -> String) -> Option<T> {
        let text = self.text(column).to_owned();
        let value = named(&text);
        if value.is_none() && !text.is_empty() {
            let remedy = format!("可用 one of: {}", words());
            self.finding("invalid-field", column, "没有该值 / there is no such value", &remedy);
        }
        value
    }

    fn day(&mut self, column: &str) -> Option<Date> {
        let text = self.text(column).to_owned();
        if text.is_empty() {
            return None;
        }
        let day = text.parse().ok();
        if day.is_none() {
            self.finding("invalid-field", column, "不是日期 / no day", "写作 2019-03-01 / write it as 2019-03-01");
        }
        day
    }

    /// Holds days to their order, and to none after a last one.
    fn ordered(&mut self, days: &[(&str, Option<Date>)], last: Option<Date>) {
        let mut before: Option<(&str, Date)> = None;
        for (column, day) in days.iter().filter_map(|(column, day)| Some((*column, (*day)?))) {
            if last.is_some_and(|last| day > last) {
                self.finding("date-order", column, "日期晚于今天 / the day is still to come", "请更正 / correct it");
            }
            if let Some((earlier, _)) = before.filter(|(_, before)| *before > day) {
                let problem = format!("早于 {earlier} / it lies before {earlier}");
                self.finding("date-order", column, &problem, "请更正其中之一 / correct one of them");
            }
            before = Some((column, day));
        }
    }
}
