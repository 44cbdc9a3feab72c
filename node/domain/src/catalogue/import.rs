//! Import of items: every row comes in, is flagged, or is rejected, with column, value, problem and remedy.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::time::Timestamp;

use super::row::{Parsed, parse_row};
use super::{BaseItem, ItemState, ServiceItem};
use crate::{Authority, Event, Facts};

/// Columns that an import file must have.
pub const COLUMNS: [&str; 7] =
    ["department", "main_item", "name", "local_item_code", "division", "item_type", "department_code"];

/// Columns that it may have.
pub const COLUMNS_OPTIONAL: [&str; 7] =
    ["base_code", "legal_basis", "statutory_days", "promised_days", "modes", "covered", "effective"];

/// One row of an import file, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    /// Row number in the file, the head being row 1.
    pub row: u32,
    /// Column values by name; missing ones are empty.
    pub values: BTreeMap<String, String>,
}

impl ImportRow {
    /// The trimmed value of a column, empty when the file has no such column.
    pub(super) fn text(&self, column: &str) -> &str {
        self.values.get(column).map_or("", |value| value.trim())
    }

    /// Tells whether the file has the column at all.
    pub(super) fn has(&self, column: &str) -> bool {
        self.values.contains_key(column)
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
    /// Notes a problem with which the row comes in; `blocks` tells whether it must be solved before publication.
    pub(super) fn note(&mut self, column: &str, code: &str, problem: &str, remedy: &str, blocks: bool) {
        let value = self.row.text(column).chars().take(120).collect();
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

/// Imports rows: authorities that they name, base items, implementation items.
pub(crate) fn import(facts: &dyn Facts, rows: &[ImportRow], at: Timestamp) -> (ImportReport, Vec<Event>) {
    let mut report = ImportReport::default();
    let mut authorities: Authorities =
        facts.authorities().into_iter().map(|authority| (authority.name.clone(), (authority, false))).collect();
    let sharing = Sharing::of(rows);
    let mut codes_seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut names_seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut items = Vec::new();
    for row in rows {
        let mut findings = Findings { row, found: Vec::new(), rejected: false };
        let parsed = parse_row(facts, &mut findings, &mut authorities, at);
        if !findings.rejected {
            repeats(&mut findings, &parsed, &mut codes_seen, &mut names_seen);
            sharing.flag(&mut findings);
            submitted(facts, &mut findings, &parsed);
        }
        report.rows.extend(findings.found.iter().cloned());
        if findings.rejected {
            report.rejected += 1;
            continue;
        }
        report.imported += 1;
        report.flagged += u32::from(!findings.found.is_empty());
        match parsed {
            Parsed::Base(base) => items.extend(next_base(facts, *base).map(Event::BaseItem)),
            Parsed::Item(mut item) => {
                item.findings = findings.found;
                items.extend(next_item(facts, *item).map(Event::Item));
            }
            Parsed::Nothing => {}
        }
    }
    let changed = authorities.into_values().filter(|(_, changed)| *changed);
    let mut events: Vec<Event> = changed.map(|(authority, _)| Event::Authority(authority)).collect();
    events.append(&mut items);
    (report, events)
}

/// Rejects a row that would change a draft which is under review.
fn submitted(facts: &dyn Facts, findings: &mut Findings<'_>, parsed: &Parsed) {
    let held = |state: ItemState| matches!(state, ItemState::Submitted | ItemState::Reviewed);
    let (column, held) = match parsed {
        Parsed::Base(base) => {
            let known = facts.base_item(base.core.base_code.as_deref().unwrap_or_default());
            let held = known.is_some_and(|known| held(known.state)) && next_base(facts, (**base).clone()).is_some();
            ("base_code", held)
        }
        Parsed::Item(item) => {
            let mut item = (**item).clone();
            item.findings.clone_from(&findings.found);
            let draft = facts.item_draft(&item.code);
            let held = draft.is_some_and(|draft| held(draft.state)) && next_item(facts, item).is_some();
            ("local_item_code", held)
        }
        Parsed::Nothing => return,
    };
    if held {
        let problem = "草稿已提交审核 / its draft has been submitted for review";
        let remedy = "先退回：tongban item review --return / have it returned first";
        findings.reject(column, "item-state", problem, remedy);
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
        for row in rows {
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

/// The draft of a base item that a row asks for, if it changes anything; the version in force stands beside it.
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
    let published = known.published();
    if known.state != ItemState::Withdrawn && same(&known) {
        return None;
    }
    if let Some(published) = published.filter(|published| same(published)) {
        // The draft beside it is taken back.
        return Some(published.clone());
    }
    base.version = known.version;
    base.in_force = published.cloned().map(Box::new);
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
        && known.state == ItemState::Published
        && same(known)
    {
        // A draft beside it is taken back.
        return draft.is_some().then(|| known.clone());
    }
    if draft.is_some_and(|draft| same(&draft) && draft.findings == item.findings) {
        return None;
    }
    item.version = known.map_or(0, |known| known.version);
    Some(item)
}
