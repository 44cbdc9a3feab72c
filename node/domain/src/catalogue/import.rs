//! Import of items: every row comes in, is flagged, or is rejected, with column, value, problem and remedy.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::time::Timestamp;

use super::cell::Wrong;
use super::row::{Parsed, parse_row};
use super::{BaseItem, Crosswalk, Guide, ItemState, ServiceItem, Source};
use crate::{Authority, Event, Facts};

/// Columns of core and department, by which a row is known.
pub const COLUMNS: [&str; 7] =
    ["department", "main_item", "name", "local_item_code", "division", "item_type", "department_code"];

/// Columns of core and terms that a file may lack; [`FIELD_COLUMNS`](super::FIELD_COLUMNS) and
/// [`LIST_COLUMNS`](super::LIST_COLUMNS) are the others.
pub const COLUMNS_OPTIONAL: [&str; 9] = [
    "base_code",
    "legal_basis",
    "statutory_days",
    "statutory_unit",
    "promised_days",
    "promised_unit",
    "modes",
    "covered",
    "effective",
];

/// The longest value that a finding repeats, in characters.
const VALUE_CHARS_MAX: usize = 120;
/// The most entries of one list of an item.
pub(super) const ENTRIES_MAX: usize = 500;

/// One row of an import file, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    /// Row number in the file, the head being row 1.
    pub row: u32,
    /// Column values by name; missing ones are empty.
    pub values: BTreeMap<String, String>,
    /// Lists by name, with their entries; a list that is absent is left as it stands, an empty one is taken away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, Vec<ListRow>>,
}

/// An entry of a list of an item, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRow {
    /// Row number in the sheet that holds the list.
    pub row: u32,
    /// Column values by name within the list.
    pub values: BTreeMap<String, String>,
}

impl ImportRow {
    /// A row without lists.
    #[must_use]
    pub fn new(row: u32, values: BTreeMap<String, String>) -> Self {
        Self { row, values, lists: BTreeMap::new() }
    }

    /// The trimmed value of a column, empty when the file has no such column.
    pub(super) fn text(&self, column: &str) -> &str {
        self.values.get(column).map_or("", |value| value.trim())
    }

    /// Tells whether the file has the column at all.
    pub(super) fn has(&self, column: &str) -> bool {
        self.values.contains_key(column)
    }
}

/// What becomes of a row whose item stands already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collision {
    /// 跳过: what stands, as a draft or in force, stays as it is.
    Skip,
    /// 新版本: what differs from the version in force is the draft of the next; a draft that isn't under review is replaced.
    #[default]
    NewVersion,
    /// 覆盖: a draft is replaced, also one under review; a version in force is never overwritten, such a row is rejected.
    Overwrite,
}

/// On what terms rows are imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportTerms {
    /// Decides everything and writes nothing.
    pub dry_run: bool,
    /// What becomes of rows whose item stands already.
    pub on_collision: Collision,
    /// Whose numbers of code lists the rows use; names alone are understood when absent.
    pub codes: Option<Source>,
}

/// Rows to import, and on what terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// The rows.
    pub rows: Vec<ImportRow>,
    /// The terms.
    pub terms: ImportTerms,
}

impl From<Vec<ImportRow>> for Import {
    fn from(rows: Vec<ImportRow>) -> Self {
        Self { rows, terms: ImportTerms::default() }
    }
}

/// Something that an import found in a row.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct Finding {
    /// Row in the file, the head being row 1.
    #[n(0)]
    pub row: u32,
    /// Column at fault.
    #[n(1)]
    pub column: String,
    /// Its value.
    #[n(2)]
    pub value: String,
    /// Stable code of the problem.
    #[n(3)]
    pub code: String,
    /// The problem, in Chinese and English.
    #[n(4)]
    pub problem: String,
    /// What to do.
    #[n(5)]
    pub remedy: String,
    /// Whether the item can be published nevertheless.
    #[n(6)]
    pub blocks: bool,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows that came in, flagged ones included.
    pub imported: u32,
    /// Rows that came in with a finding.
    pub flagged: u32,
    /// Rows that did not come in.
    pub rejected: u32,
    /// Rows whose item stands already and was left as it is.
    #[serde(default)]
    pub skipped: u32,
    /// Every finding.
    pub rows: Vec<Finding>,
}

/// The findings of one row while it is read.
pub(super) struct Findings<'r> {
    pub(super) row: &'r ImportRow,
    pub(super) found: Vec<Finding>,
    pub(super) rejected: bool,
}

impl Findings<'_> {
    /// Notes a problem of an entry of a list, with which the row doesn't come in.
    pub(super) fn reject_entry(&mut self, list: &str, entry: &ListRow, column: &str, wrong: Wrong) {
        self.rejected = true;
        let value = entry.values.get(column).map_or("", |value| value.trim()).chars().take(VALUE_CHARS_MAX).collect();
        let column = format!("{list}.{column}");
        let Wrong { code, problem, remedy } = wrong;
        self.found.push(Finding {
            row: entry.row,
            column,
            value,
            code: code.to_owned(),
            problem,
            remedy,
            blocks: true,
        });
    }

    /// Notes a problem with which the row comes in; `blocks` tells whether it must be solved before publication.
    pub(super) fn note(&mut self, column: &str, code: &str, problem: &str, remedy: &str, blocks: bool) {
        let value = self.row.text(column).chars().take(VALUE_CHARS_MAX).collect();
        let (code, problem, remedy) = (code.to_owned(), problem.to_owned(), remedy.to_owned());
        self.found.push(Finding { row: self.row.row, column: column.to_owned(), value, code, problem, remedy, blocks });
    }

    /// Notes a problem with which the row doesn't come in.
    pub(super) fn reject(&mut self, column: &str, code: &str, problem: &str, remedy: &str) {
        self.rejected = true;
        self.note(column, code, problem, remedy, true);
    }
}

/// Authorities by name, and whether this import has changed them.
pub(super) type Authorities = BTreeMap<String, (Authority, bool)>;

/// Imports rows: authorities that they name, guides, base items, implementation items.
pub(crate) fn import(facts: &dyn Facts, import: &Import, at: Timestamp) -> (ImportReport, Vec<Event>) {
    let Import { rows, terms } = import;
    let mut report = ImportReport::default();
    let mut authorities: Authorities =
        facts.authorities().into_iter().map(|authority| (authority.name.clone(), (authority, false))).collect();
    let sharing = Sharing::of(rows);
    let mut codes_seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut names_seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut guides = BTreeMap::new();
    let mut items = Vec::new();
    let walk = Crosswalk::gather(facts);
    for row in rows {
        let mut findings = Findings { row, found: Vec::new(), rejected: false };
        let standing = Standing::of(facts, row);
        if terms.on_collision == Collision::Skip && standing.stands() {
            let remedy = "需要更新时用 new-version / import it with new-version to change it";
            findings.note(
                standing.column,
                "item-exists",
                "该编码已存在，未改动 / it stands already and was left",
                remedy,
                false,
            );
            report.skipped += 1;
            report.rows.append(&mut findings.found);
            continue;
        }
        let department = row.text("department");
        let before = authorities.get(department).cloned();
        let (parsed, guide) = parse_row(facts, &walk, &mut findings, &mut authorities, terms.codes, at);
        if !findings.rejected {
            repeats(&mut findings, &parsed, &mut codes_seen, &mut names_seen);
            sharing.flag(&mut findings);
        }
        let next = if findings.rejected {
            None
        } else {
            match parsed {
                Parsed::Base(base) => next_base(facts, *base).map(Event::BaseItem),
                Parsed::Item(mut item) => {
                    item.findings.clone_from(&findings.found);
                    next_item(facts, *item).map(Event::Item)
                }
                Parsed::Nothing => None,
            }
        };
        if next.is_some() {
            standing.collide(&mut findings, terms.on_collision);
        }
        report.rows.extend(findings.found.iter().cloned());
        if findings.rejected {
            report.rejected += 1;
            // Nothing of a row that doesn't come in stays, nor the authority that it alone names.
            match before {
                Some(before) => authorities.insert(department.to_owned(), before),
                None => authorities.remove(department),
            };
            continue;
        }
        report.imported += 1;
        report.flagged += u32::from(!findings.found.is_empty());
        if let Some(next) = next {
            items.push(next);
            if let Some(guide) = guide {
                guides.entry(guide.digest()).or_insert(guide);
            }
        }
    }
    if terms.dry_run {
        return (report, Vec::new());
    }
    let changed = authorities.into_values().filter(|(_, changed)| *changed);
    let mut events: Vec<Event> = changed.map(|(authority, _)| Event::Authority(authority)).collect();
    let unknown = guides.into_iter().filter(|(digest, _)| facts.guide(digest).is_none());
    events.extend(unknown.map(|(_, guide): (_, Guide)| Event::Guide(Box::new(guide))));
    events.append(&mut items);
    (report, events)
}

/// What stands under the code of a row.
struct Standing {
    /// The column that holds the code.
    column: &'static str,
    /// State of the draft.
    draft: Option<ItemState>,
    /// Whether a version is in force, or suspended.
    in_force: bool,
}

impl Standing {
    fn of(facts: &dyn Facts, row: &ImportRow) -> Self {
        let code = row.text("local_item_code");
        if !code.is_empty() {
            let item = facts.item(code);
            let in_force =
                item.as_ref().is_some_and(|item| matches!(item.state, ItemState::Published | ItemState::Suspended));
            let draft = facts.item_draft(code).or(item.filter(|item| item.state.is_draft())).map(|draft| draft.state);
            return Self { column: "local_item_code", draft, in_force };
        }
        let base = facts.base_item(row.text("base_code"));
        let draft = base.as_ref().map(|base| base.state).filter(|state| state.is_draft());
        let in_force = base.is_some_and(|base| base.standing().is_some());
        Self { column: "base_code", draft, in_force }
    }

    fn stands(&self) -> bool {
        self.in_force || self.draft.is_some()
    }

    /// Rejects a row that would change what this mode leaves alone.
    fn collide(&self, findings: &mut Findings<'_>, mode: Collision) {
        match mode {
            Collision::NewVersion if matches!(self.draft, Some(ItemState::Submitted | ItemState::Reviewed)) => {
                let problem = "该编码的草稿正在审核 / a draft of it is under review";
                let remedy = "先退回（item review --return），或用 overwrite 覆盖 / have it returned (item review --return), or import it with overwrite";
                findings.reject(self.column, "draft-under-review", problem, remedy);
            }
            Collision::Overwrite if self.in_force => {
                let problem = "该编码已有在用版本，不能覆盖 / a version of it is in force and can't be overwritten";
                let remedy = "用 new-version 生成新版本 / import it with new-version";
                findings.reject(self.column, "item-in-force", problem, remedy);
            }
            _ => {}
        }
    }
}

/// Rejects a code and flags a name that an earlier row of the file has.
fn repeats(
    findings: &mut Findings<'_>,
    parsed: &Parsed,
    codes: &mut BTreeMap<String, u32>,
    names: &mut BTreeMap<String, u32>,
) {
    let row = findings.row;
    let (column, code) = match parsed {
        Parsed::Base(base) => ("base_code", base.core.base_code.clone().unwrap_or_default()),
        Parsed::Item(item) => ("local_item_code", item.code.clone()),
        Parsed::Nothing => return,
    };
    if let Some(first) = codes.get(&code) {
        let problem = format!("第 {first} 行已有同一编码 / row {first} has the same code");
        let remedy = "删去重复行 / remove one of the rows";
        findings.reject(column, "code-repeated", &problem, remedy);
        return;
    }
    codes.insert(code, row.row);
    let first = *names.entry(row.text("name").to_owned()).or_insert(row.row);
    if first != row.row {
        let problem = format!("第 {first} 行已有同一名称 / row {first} has the same name");
        let remedy = "核对是否为同一事项 / check whether they are one item";
        findings.note("name", "name-repeated", &problem, remedy, false);
    }
}

/// Valid credit codes that several departments of the file use, with the department that uses each most.
struct Sharing(BTreeMap<String, (String, u32)>);

impl Sharing {
    fn of(rows: &[ImportRow]) -> Self {
        let mut uses: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.text("department").is_empty()) {
            let departments = uses.entry(row.text("department_code")).or_default();
            *departments.entry(row.text("department")).or_default() += 1;
        }
        uses.retain(|code, departments| departments.len() > 1 && code.parse::<CreditCode>().is_ok());
        let most = |departments: BTreeMap<&str, u32>| {
            // Of departments with equally many rows the first by name counts as the owner.
            let mut most = ("", 0);
            for (department, rows) in departments {
                if rows > most.1 {
                    most = (department, rows);
                }
            }
            (most.0.to_owned(), most.1)
        };
        Self(uses.into_iter().map(|(code, departments)| (code.to_owned(), most(departments))).collect())
    }

    /// Flags a row whose code is another department's more often than its own: its numbers and licences would name that one.
    fn flag(&self, findings: &mut Findings<'_>) {
        let row = findings.row;
        let Some((owner, rows)) = self.0.get(row.text("department_code")) else {
            return;
        };
        if owner == row.text("department") {
            return;
        }
        let problem = format!("该代码在 {rows} 行属于“{owner}” / {rows} rows give this code to “{owner}”");
        let remedy = "核对部门代码，编号和证照将使用该代码 / check the code: numbers and licences will carry it";
        findings.note("department_code", "credit-code-shared", &problem, remedy, false);
    }
}

/// The draft of a base item that a row asks for, if it changes anything; the version in force, or suspended, stands beside it.
fn next_base(facts: &dyn Facts, mut base: BaseItem) -> Option<BaseItem> {
    let Some(known) = facts.base_item(base.core.base_code.as_deref().unwrap_or_default()) else {
        return Some(base);
    };
    let same = |other: &BaseItem| {
        let mut like = base.clone();
        (like.version, like.state) = (other.version, other.state);
        like.in_force.clone_from(&other.in_force);
        like.editing.clone_from(&other.editing);
        like == *other
    };
    let standing = known.standing();
    if known.state != ItemState::Withdrawn && same(&known) {
        return None;
    }
    if let Some(standing) = standing.filter(|standing| same(standing)) {
        // The draft beside it is taken back.
        return Some(standing.clone());
    }
    base.version = known.version;
    base.in_force = standing.cloned().map(Box::new);
    Some(base)
}

/// The draft of an item that a row asks for, if it changes anything; the version in force stands beside it.
fn next_item(facts: &dyn Facts, mut item: ServiceItem) -> Option<ServiceItem> {
    let same = |other: &ServiceItem| {
        let mut like = item.clone();
        (like.version, like.state) = (other.version, other.state);
        like.findings.clone_from(&other.findings);
        like.editing.clone_from(&other.editing);
        like == *other
    };
    let draft = facts.item_draft(&item.code);
    let known = facts.item(&item.code);
    if let Some(known) = &known
        && matches!(known.state, ItemState::Published | ItemState::Suspended)
        && same(known)
    {
        // A draft beside it is taken back.
        return draft.is_some().then(|| known.clone());
    }
    // The same row at another place of another file is the same.
    let found =
        |findings: &[Finding]| findings.iter().map(|finding| Finding { row: 0, ..finding.clone() }).collect::<Vec<_>>();
    if draft.is_some_and(|draft| same(&draft) && found(&draft.findings) == found(&item.findings)) {
        return None;
    }
    item.version = known.map_or(0, |known| known.version);
    Some(item)
}
