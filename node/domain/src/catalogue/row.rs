//! One row of an import file: its columns, read and held against the catalogue of the superior.

use tongban_codes::division::DivisionCode;
use tongban_codes::item_code::ItemType;
use tongban_codes::time::{Date, Timestamp};

use super::column::{authority, base_code, check_local_code, covered, division, effective, modes, term};
use super::field::Fields;
use super::import::{Authorities, Findings};
use super::item::is_handled_code;
use super::publish::binding;
use super::{
    BaseItem, CodeList, Core, Crosswalk, Difference, Editing, Guide, ItemState, PERMIT_DAYS, ServiceItem, Source,
    TYPE_PERMIT, Term, Unit, core_departs, reading, size,
};
use crate::Facts;
use crate::naming::NAME_CHARS_MAX;

/// The longest text of a column, in characters (national table `up_task_general_basic`: 1,000).
const TEXT_CHARS_MAX: usize = 1000;

/// Columns of free text.
const TEXTS: [&str; 6] = ["name", "legal_basis", "department", "main_item", "local_item_code", "department_code"];

/// What one row became.
pub(super) enum Parsed {
    /// A base item.
    Base(Box<BaseItem>),
    /// An implementation item.
    Item(Box<ServiceItem>),
    /// Nothing: the row is rejected.
    Nothing,
}

/// Reads one row.
///
/// A column that the file lacks leaves the published value as it is; an empty cell clears it, except what a superior fixes: that is
/// taken over.
pub(super) fn parse_row(
    facts: &dyn Facts,
    walk: &Crosswalk,
    findings: &mut Findings<'_>,
    authorities: &mut Authorities,
    codes: Option<Source>,
    at: Timestamp,
) -> (Parsed, Option<Guide>) {
    let row = findings.row;
    for column in TEXTS {
        // A department becomes an authority, or the line of one, whose names are as long as everywhere.
        let max = if column == "department" { NAME_CHARS_MAX } else { TEXT_CHARS_MAX };
        if row.text(column).chars().count() > max {
            let problem = format!("超过 {max} 字 / longer than {max} characters");
            findings.reject(column, "too-long", &problem, "缩短 / shorten it");
        }
        if row.text(column).chars().any(char::is_control) {
            let problem = "含有换行等控制字符 / it has line breaks or other control characters";
            findings.reject(column, "control-character", problem, "删去 / remove them");
        }
    }
    if row.text("name").is_empty() {
        let problem = "事项名称为空 / the name is empty";
        findings.reject("name", "empty", problem, "填写事项名称 / give the name");
    }
    let item_type = row.text("item_type").to_owned();
    if item_type.parse::<ItemType>().is_err() {
        let problem = "不是 GB/T 39046 的事项类型代码 / no item type of GB/T 39046";
        let remedy = "用两位代码，如 01 / use its two digits, e.g. 01";
        findings.reject("item_type", "item-type", problem, remedy);
    }
    let division = division(findings, walk, facts.node().division);
    let terms = Terms {
        walk,
        base_code: base_code(findings),
        legal_basis: row.text("legal_basis").to_owned(),
        statutory: term(findings, "statutory_days", "statutory_unit"),
        promised: term(findings, "promised_days", "promised_unit"),
        effective: effective(findings),
    };
    let (parsed, fields) = if row.text("local_item_code").is_empty() {
        base_item(facts, findings, division, terms, codes)
    } else {
        service_item(facts, findings, authorities, division, terms, codes, at)
    };
    let guide = fields.map(|fields| fields.guide()).filter(|guide| !guide.is_empty());
    travels(findings, &parsed, guide.as_ref());
    (parsed, guide)
}

/// Rejects what is too large for the record that its publication makes.
fn travels(findings: &mut Findings<'_>, parsed: &Parsed, guide: Option<&Guide>) {
    let (column, item) = match parsed {
        Parsed::Base(base) => ("base_code", size::excess(&**base)),
        Parsed::Item(item) => ("local_item_code", size::excess(&**item)),
        Parsed::Nothing => return,
    };
    if let Some(bytes) = item.or_else(|| guide.and_then(size::excess)) {
        let max = size::RECORD_BYTES_MAX;
        let problem =
            format!("该行及其列表共 {bytes} 字节，超过 {max} / the row with its lists has {bytes} bytes of {max}");
        findings.reject(column, "too-large", &problem, "缩短文字或删减列表 / shorten texts or leave entries out");
    }
}

/// The optional columns, as read.
struct Terms<'w> {
    walk: &'w Crosswalk,
    base_code: Option<String>,
    legal_basis: String,
    statutory: Option<Term>,
    promised: Option<Term>,
    effective: Option<Date>,
}

fn base_item(
    facts: &dyn Facts,
    findings: &mut Findings<'_>,
    division: DivisionCode,
    mut terms: Terms<'_>,
    codes: Option<Source>,
) -> (Parsed, Option<Fields>) {
    let row = findings.row;
    let node = facts.node();
    // Without a code the rest is read all the same, so that one look names everything.
    if row.text("base_code").is_empty() {
        let problem = "没有实施编码，也没有基本编码 / neither an implementation code nor a base code";
        let remedy = "填写 local_item_code 或 base_code / give local_item_code or base_code";
        findings.reject("local_item_code", "code-missing", problem, remedy);
        department(findings);
        let _ = (modes(findings), covered(findings));
    }
    let known = terms.base_code.as_ref().and_then(|code| facts.base_item(code));
    if known.as_ref().is_some_and(|known| known.node != node.node) {
        let problem = "上级已发布该基本编码 / a superior keeps this base item";
        let remedy = "认领：tongban item claim / claim it: tongban item claim";
        findings.reject("base_code", "core-locked", problem, remedy);
    }
    let item_type = row.text("item_type");
    for (column, term) in [("statutory_unit", terms.statutory), ("promised_unit", terms.promised)] {
        if term.is_some_and(|term| term.unit != Unit::WorkingDays) {
            let problem = "基本目录的时限以工作日计 / terms of base items are working days";
            findings.reject(column, "unit", problem, "换算为工作日 / give working days");
        }
    }
    let statutory = days(terms.statutory).or(permit_days(item_type));
    within(findings, "promised_days", days(terms.promised), statutory, "法定时限", "the statutory time");
    let stands = known.as_ref();
    let guide_of = |base: &BaseItem| base.guide.and_then(|digest| facts.guide(&digest)).unwrap_or_default();
    let mut fields = stands.map(|base| Fields::of_base(base, guide_of(base))).unwrap_or_default();
    reading::read(findings, &mut fields, codes);
    reading::basis(findings, &fields, &mut terms.legal_basis);
    let Some(code) = terms.base_code.filter(|_| !findings.rejected) else {
        return (Parsed::Nothing, None);
    };
    let guide = fields.guide();
    let parsed = Parsed::Base(Box::new(BaseItem {
        core: Core {
            name: row.text("name").to_owned(),
            base_code: Some(code),
            item_type: item_type.to_owned(),
            legal_basis: terms.legal_basis,
        },
        division,
        statutory_days: days(terms.statutory),
        promised_days: days(terms.promised),
        effective: terms.effective,
        version: 0,
        state: ItemState::Draft,
        node: node.node,
        department: row.text("department").to_owned(),
        in_force: None,
        guide: reading::guide_digest(row, &guide, stands.and_then(|base| base.guide)),
        locks: fields.locks.clone(),
        levels: fields.levels.clone(),
        tier: fields.tier,
        above: fields.above.clone(),
        cancel: fields.cancel,
        successor: known.and_then(|known| known.successor),
        editing: Editing::default(),
    }));
    (parsed, Some(fields))
}

fn service_item(
    facts: &dyn Facts,
    findings: &mut Findings<'_>,
    authorities: &mut Authorities,
    division: DivisionCode,
    mut terms: Terms<'_>,
    codes: Option<Source>,
    at: Timestamp,
) -> (Parsed, Option<Fields>) {
    let row = findings.row;
    let node = facts.node();
    let code = row.text("local_item_code");
    let in_force = |item: &ServiceItem| matches!(item.state, ItemState::Published | ItemState::Suspended);
    let known = facts.item(code).filter(in_force);
    // What no column of the file says stays as it stands.
    let stands = known.clone().or_else(|| facts.item_draft(code));
    let mut modes = modes(findings);
    let mut covered = covered(findings);
    if let Some(known) = &known {
        let keeps = |column: &str| !row.has(column);
        if keeps("base_code") {
            terms.base_code.clone_from(&known.core.base_code);
        }
        if keeps("legal_basis") {
            terms.legal_basis.clone_from(&known.core.legal_basis);
        }
        if keeps("statutory_days") {
            terms.statutory = known.statutory;
        }
        if keeps("promised_days") {
            terms.promised = known.promised;
        }
        if keeps("effective") {
            terms.effective = known.effective;
        }
        if keeps("modes") {
            modes.clone_from(&known.modes);
        }
        if keeps("covered") {
            covered.clone_from(&known.covered);
        }
    }
    if let Some(bound) = binding(facts, code) {
        let named = terms.base_code.get_or_insert_with(|| bound.clone());
        if *named != bound {
            let problem = format!("现行版本对应基本编码 {bound} / the version in force is bound to {bound}");
            let remedy = "保留基本编码 / keep the base code";
            findings.reject("base_code", "core-locked", &problem, remedy);
        }
    }
    let guide_of = |item: &ServiceItem| item.guide.and_then(|digest| facts.guide(&digest)).unwrap_or_default();
    let mut fields = stands.as_ref().map(|item| Fields::of_item(item, guide_of(item))).unwrap_or_default();
    reading::read(findings, &mut fields, codes);
    let base = terms.base_code.as_ref().and_then(|code| facts.base_item(code));
    let from = terms.effective.map_or(at.date(), |begins| begins.max(at.date()));
    let base = base.as_ref().and_then(|base| base.binding(from));
    let own_name = is_handled_code(code) || known.as_ref().is_some_and(ServiceItem::is_handled);
    let difference = stands.as_ref().and_then(|item| item.difference.clone());
    let core = match base {
        Some(base) => under(findings, &mut terms, base, own_name, difference.as_ref()),
        None => {
            reading::basis(findings, &fields, &mut terms.legal_basis);
            Core {
                name: row.text("name").to_owned(),
                base_code: terms.base_code,
                item_type: row.text("item_type").to_owned(),
                legal_basis: terms.legal_basis,
            }
        }
    };
    let statutory = terms.statutory.or(permit_days(&core.item_type).map(working));
    if let (Some(promised), Some(longest)) = (terms.promised, statutory)
        && promised.exceeds(longest)
    {
        let (days, longest) = (promised.days, longest.days);
        let problem = format!("{days} 长于法定时限 {longest} / {days} is longer than the statutory time of {longest}");
        findings.reject("promised_days", "ceiling-exceeded", &problem, "缩短时限 / shorten it");
    }
    check_local_code(findings, terms.walk, division, at.date());
    department(findings);
    if findings.rejected {
        return (Parsed::Nothing, None);
    }
    let authority = authority(findings, authorities, &node.node, division, at);
    let guide = fields.guide();
    let parsed = Parsed::Item(Box::new(ServiceItem {
        code: code.to_owned(),
        core,
        main_item: row.text("main_item").to_owned(),
        authority,
        department: row.text("department").to_owned(),
        department_code: row.text("department_code").to_owned(),
        division,
        statutory,
        promised: terms.promised,
        modes,
        covered,
        effective: terms.effective,
        version: 0,
        state: ItemState::Draft,
        findings: Vec::new(),
        guide: reading::guide_digest(row, &guide, stands.as_ref().and_then(|item| item.guide)),
        codes: fields.codes.clone(),
        tier: fields.tier,
        origin: fields.origin,
        external: fields.external(),
        cancel: fields.cancel,
        difference,
        base_version: base.map(|base| base.version),
        agreements: stands.as_ref().map(|item| item.agreements.clone()).unwrap_or_default(),
        counts_under: stands.as_ref().and_then(|item| item.counts_under.clone()),
        successor: stands.and_then(|item| item.successor),
        editing: Editing::default(),
    }));
    (parsed, Some(fields))
}

fn department(findings: &mut Findings<'_>) {
    if findings.row.text("department").is_empty() {
        let problem = "部门为空 / the department is empty";
        findings.reject("department", "empty", problem, "填写部门 / give the department");
    }
}

fn working(days: u16) -> Term {
    Term { days, unit: Unit::WorkingDays }
}

/// The most working days that a term may hold, to compare with what a superior gives in working days.
fn most(term: Option<Term>) -> Option<u16> {
    term.map(Term::working_days)
}

/// The number of days of a term.
fn days(term: Option<Term>) -> Option<u16> {
    term.map(|term| term.days)
}

/// Holds a row to the superior's base item: the core is the same, but for what lawfully differs; the times are no longer; what the row
/// leaves out is taken over.
fn under(
    findings: &mut Findings<'_>,
    terms: &mut Terms<'_>,
    base: &BaseItem,
    own_name: bool,
    difference: Option<&Difference>,
) -> Core {
    let row = findings.row;
    if terms.legal_basis.is_empty() {
        terms.legal_basis.clone_from(&base.core.legal_basis);
    }
    let core = Core {
        name: row.text("name").to_owned(),
        base_code: base.core.base_code.clone(),
        item_type: row.text("item_type").to_owned(),
        legal_basis: terms.legal_basis.clone(),
    };
    for (field, _, there) in core_departs(&core, own_name, &base.core) {
        if !difference.is_some_and(|difference| difference.fields.contains(&field)) {
            let problem = format!("上级的是“{there}” / the superior's is “{there}”");
            findings.reject(field.name(), "core-locked", &problem, "改与上级一致 / make it the same");
        }
    }
    let (zh, en) = ("上级法定时限", "the superior's statutory time");
    within(findings, "statutory_days", most(terms.statutory), base.statutory_days, zh, en);
    let (zh, en) = ("上级限高", "the superior's ceiling");
    within(findings, "promised_days", most(terms.promised), base.promised_days, zh, en);
    terms.statutory = terms.statutory.or(base.statutory_days.map(working));
    // A promise that nobody gave is never the one that is refused.
    let longest = terms.statutory.map(Term::working_days_within);
    let ceiling = base.promised_days.map(|days| longest.map_or(days, |longest| days.min(longest)));
    terms.promised = terms.promised.or(ceiling.map(working));
    terms.effective = terms.effective.max(base.effective);
    core
}

fn permit_days(item_type: &str) -> Option<u16> {
    (item_type == TYPE_PERMIT).then_some(PERMIT_DAYS)
}

/// Rejects a time that is longer than its limit.
fn within(
    findings: &mut Findings<'_>,
    column: &'static str,
    days: Option<u16>,
    limit: Option<u16>,
    zh: &str,
    en: &str,
) {
    if let (Some(days), Some(limit)) = (days, limit)
        && days > limit
    {
        let problem = format!("{days} 长于{zh} {limit} 个工作日 / {days} is longer than {en} of {limit} working days");
        findings.reject(column, "ceiling-exceeded", &problem, "缩短时限 / shorten it");
    }
}
