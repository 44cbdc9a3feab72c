//! The fields of an item beyond its core, by the names that they have as columns of a file.

use super::cell::Cell;
use super::code_list::{LimitOrder, LimitPeriod, Origin, Range, ResultKind, StepRole, Tier};
use super::{
    BaseItem, Basis, Codes, External, Fee, Guide, Lock, Mode, NumberLimit, PLEDGE_DAYS_MAX, PledgeRule, Question,
    RequiredMaterial, ResultDocument, Scope, ServiceItem, ServicePlace, SpecialLink, Step, UseLevel,
};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

/// What an item has beyond its core, its department and its terms, while a row of a file is read into it.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) guide: Guide,
    pub(super) codes: Codes,
    pub(super) tier: Option<Tier>,
    pub(super) origin: Option<Origin>,
    pub(super) system: Option<String>,
    pub(super) connector: Option<String>,
    pub(super) cancel: Option<Date>,
    /// Of base items alone.
    pub(super) locks: Vec<Lock>,
    pub(super) levels: Vec<UseLevel>,
    pub(super) above: Option<String>,
    scopes: Vec<ScopeCells>,
    result: ResultCells,
    limit: LimitCells,
    pledge: PledgeCells,
}

/// A scope of which parts may still be missing.
#[derive(Clone, Debug, Default)]
struct ScopeCells {
    range: Option<Range>,
    mode: Option<Mode>,
    covered: Vec<DivisionCode>,
    agreement: Option<String>,
}

/// A result of which the kind may still be missing.
#[derive(Clone, Debug, Default)]
struct ResultCells {
    kind: Option<ResultKind>,
    name: String,
    sample: Option<String>,
}

/// A limit of number of which parts may still be missing.
#[derive(Clone, Debug, Default)]
struct LimitCells {
    grants: Option<u32>,
    period: Option<LimitPeriod>,
    quota: Option<String>,
    basis: String,
    order: Option<LimitOrder>,
    order_basis: Option<String>,
}

/// The rule of pledges of which parts may still be missing.
#[derive(Clone, Debug, Default)]
struct PledgeCells {
    check_days: Option<u16>,
    check_role: Option<StepRole>,
    correct_days: Option<u16>,
    consequences: String,
}

impl PledgeCells {
    fn of(rule: PledgeRule) -> Self {
        let PledgeRule { check_days, check_role, correct_days, consequences } = rule;
        Self { check_days: Some(check_days), check_role, correct_days: Some(correct_days), consequences }
    }

    fn rule(&self) -> Option<PledgeRule> {
        let (check_days, correct_days) = (self.check_days?, self.correct_days?);
        Some(PledgeRule {
            check_days,
            check_role: self.check_role,
            correct_days,
            consequences: self.consequences.clone(),
        })
    }

    fn is_begun(&self) -> bool {
        let Self { check_days, check_role, correct_days, consequences } = self;
        check_days.is_some() || check_role.is_some() || correct_days.is_some() || !consequences.is_empty()
    }
}

impl LimitCells {
    fn of(limit: NumberLimit) -> Self {
        let NumberLimit { grants, period, quota, basis, order, order_basis } = limit;
        Self { grants: Some(grants), period, quota, basis, order, order_basis }
    }

    fn limit(&self) -> Option<NumberLimit> {
        let Self { grants, period, quota, basis, order, order_basis } = self.clone();
        Some(NumberLimit { grants: grants?, period, quota, basis, order, order_basis })
    }

    fn is_begun(&self) -> bool {
        let Self { grants, period, quota, basis, order, order_basis } = self;
        grants.is_some()
            || period.is_some()
            || quota.is_some()
            || !basis.is_empty()
            || order.is_some()
            || order_basis.is_some()
    }
}

impl Fields {
    /// The fields of a base item and its guide.
    pub(super) fn of_base(base: &BaseItem, guide: Guide) -> Self {
        let mut fields = Self::of_guide(guide);
        fields.tier = base.tier;
        fields.cancel = base.cancel;
        fields.locks.clone_from(&base.locks);
        fields.levels.clone_from(&base.levels);
        fields.above.clone_from(&base.above);
        fields
    }

    /// The fields of an item and its guide.
    pub(super) fn of_item(item: &ServiceItem, guide: Guide) -> Self {
        let mut fields = Self::of_guide(guide);
        fields.codes.clone_from(&item.codes);
        fields.tier = item.tier;
        fields.origin = item.origin;
        fields.cancel = item.cancel;
        if let Some(external) = &item.external {
            fields.system = Some(external.system.clone());
            fields.connector.clone_from(&external.connector);
        }
        fields
    }

    fn of_guide(mut guide: Guide) -> Self {
        let scopes = std::mem::take(&mut guide.scopes).into_iter();
        let scopes = scopes.map(|scope| ScopeCells {
            range: Some(scope.range),
            mode: Some(scope.mode),
            covered: scope.covered,
            agreement: scope.agreement,
        });
        let result = guide.result.take();
        let result =
            result.map(|result| ResultCells { kind: Some(result.kind), name: result.name, sample: result.sample });
        let limit = guide.limit.take().map(LimitCells::of).unwrap_or_default();
        let pledge = guide.pledge.take().map(PledgeCells::of).unwrap_or_default();
        Self { scopes: scopes.collect(), result: result.unwrap_or_default(), limit, pledge, guide, ..Self::default() }
    }

    /// The system that the item runs in when it isn't this node.
    pub(super) fn external(&self) -> Option<External> {
        self.system.clone().map(|system| External { system, connector: self.connector.clone() })
    }

    /// The guide; missing parts were found before, and an entry without them isn't kept.
    pub(super) fn guide(&self) -> Guide {
        let mut guide = self.guide.clone();
        guide.scopes = self.scopes.iter().filter_map(ScopeCells::scope).collect();
        guide.result = self.result.kind.map(|kind| ResultDocument {
            kind,
            name: self.result.name.clone(),
            sample: self.result.sample.clone(),
        });
        guide.limit = self.limit.limit();
        guide.pledge = self.pledge.rule();
        guide
    }

    /// The columns that a limit of number or a rule of pledges lacks, when one is begun, and those whose days are none, with whether they are
    /// given: how many, by what, and by which law not in the order of acceptance; when pledges are checked, put right, and what follows.
    pub(super) fn policies_lack(&self) -> Vec<(&'static str, bool)> {
        let (limit, pledge) = (&self.limit, &self.pledge);
        let mut lacks = Vec::new();
        if limit.is_begun() {
            let other = limit.order == Some(LimitOrder::Other);
            lacks.extend(limit.grants.is_none().then_some(("limit_grants", false)));
            lacks.extend(limit.basis.is_empty().then_some(("limit_basis", false)));
            lacks.extend((other && limit.order_basis.is_none()).then_some(("limit_order_basis", false)));
        }
        if pledge.is_begun() || self.guide.materials.iter().any(|material| material.pledge == Some(true)) {
            for (column, days) in
                [("pledge_check_days", pledge.check_days), ("pledge_correct_days", pledge.correct_days)]
            {
                let lawful = days.is_some_and(|days| (1..=PLEDGE_DAYS_MAX).contains(&days));
                lacks.extend((!lawful).then_some((column, days.is_some())));
            }
            lacks.extend(pledge.consequences.is_empty().then_some(("pledge_consequences", false)));
        }
        lacks
    }

    /// Tells whether a name or a sample of a result is given, and not its kind.
    pub(super) fn result_lacks_kind(&self) -> bool {
        self.result.kind.is_none() && (!self.result.name.is_empty() || self.result.sample.is_some())
    }
}

impl ScopeCells {
    fn scope(&self) -> Option<Scope> {
        let (covered, agreement) = (self.covered.clone(), self.agreement.clone());
        Some(Scope { range: self.range?, mode: self.mode?, covered, agreement })
    }
}

/// How long the texts of a column may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// One line, at most 1,000 characters (national table `up_task_general_basic`).
    Line,
    /// Several lines, at most 10,000 characters.
    Text,
}

macro_rules! columns {
    ($($name:literal: $length:ident => $($field:ident).+;)*) => {
        /// Columns of an import file for what an item has beyond core, department and terms.
        pub const FIELD_COLUMNS: &[&str] = &[$($name),*];

        /// The cell of a column, and how long its text may be.
        pub(super) fn cell<'f>(fields: &'f mut Fields, column: &str) -> Option<(&'f mut dyn Cell, Length)> {
            match column {
                $($name => Some((&mut fields.$($field).+, Length::$length)),)*
                _ => None,
            }
        }
    };
}

columns! {
    "national_code": Line => codes.national;
    "first_generation_code": Line => codes.first_generation;
    "local_base_code": Line => codes.local_base;
    "local_code": Line => codes.local;
    "national_base_code": Line => codes.national_base;
    "tier": Line => tier;
    "origin": Line => origin;
    "external_system": Line => system;
    "external_connector": Line => connector;
    "cancel": Line => cancel;
    "locks": Line => locks;
    "claim_levels": Line => levels;
    "above": Line => above;
    "power_source": Line => guide.power_source;
    "use_level": Line => guide.levels;
    "authority_kind": Line => guide.authority_kind;
    "entrusted_by": Line => guide.entrusted_by;
    "case_kind": Line => guide.case_kind;
    "forms": Line => guide.forms;
    "served": Line => guide.served;
    "visits": Line => guide.visits;
    "visits_reason": Line => guide.visits_reason;
    "conditions": Text => guide.conditions;
    "statutory_explain": Text => guide.statutory_explain;
    "promised_explain": Text => guide.promised_explain;
    "charged": Line => guide.charged;
    "flow": Text => guide.flow;
    "enquiry": Line => guide.enquiry;
    "complaint": Line => guide.complaint;
    "online": Line => guide.online;
    "online_depth": Line => guide.online_depth;
    "online_address": Line => guide.online_address;
    "mobile_address": Line => guide.mobile_address;
    "single_login": Line => guide.single_login;
    "mobile_single_login": Line => guide.mobile_single_login;
    "pays_online": Line => guide.pays_online;
    "courier": Line => guide.courier;
    "appointments": Line => guide.appointments;
    "terminals": Line => guide.terminals;
    "in_hall": Line => guide.in_hall;
    "joint_departments": Line => guide.joint_departments;
    "intermediary": Text => guide.intermediary;
    "quantity_limit": Text => guide.quantity_limit;
    "limit_grants": Line => limit.grants;
    "limit_period": Line => limit.period;
    "limit_quota": Line => limit.quota;
    "limit_basis": Text => limit.basis;
    "limit_order": Line => limit.order;
    "limit_order_basis": Text => limit.order_basis;
    "pledge_check_days": Line => pledge.check_days;
    "pledge_check_role": Line => pledge.check_role;
    "pledge_correct_days": Line => pledge.correct_days;
    "pledge_consequences": Text => pledge.consequences;
    "result_kind": Line => result.kind;
    "result_name": Line => result.name;
    "result_sample": Line => result.sample;
    "person_topics": Line => guide.person_topics;
    "corporate_topics": Line => guide.corporate_topics;
    "publicity_days": Line => guide.publicity_days;
    "remedies": Text => guide.remedies;
    "also_called": Line => guide.also_called;
}

macro_rules! lists {
    ($($list:literal: [$($vec:ident).+] of $entry:ident, needs [$($needed:literal),*] { $($name:literal: $length:ident => $field:ident;)* })*) => {
        /// Lists of an item, and the columns of an entry of each.
        pub const LIST_COLUMNS: &[(&str, &[&str])] = &[$(($list, &[$($name),*])),*];

        /// Columns that every entry of a list must have.
        pub(super) fn needed(list: &str) -> &'static [&'static str] {
            match list {
                $($list => &[$($needed),*],)*
                _ => &[],
            }
        }

        /// How many entries a list has; none for a name that is no list.
        pub(super) fn entries(fields: &Fields, list: &str) -> Option<usize> {
            match list {
                $($list => Some(fields.$($vec).+.len()),)*
                _ => None,
            }
        }

        /// Takes all entries of a list away.
        pub(super) fn empty(fields: &mut Fields, list: &str) {
            match list {
                $($list => fields.$($vec).+.clear(),)*
                _ => {}
            }
        }

        /// Adds an empty entry to a list.
        pub(super) fn grow(fields: &mut Fields, list: &str) {
            match list {
                $($list => fields.$($vec).+.push($entry::default()),)*
                _ => {}
            }
        }

        /// The cell of a column in an entry of a list.
        pub(super) fn entry_cell<'f>(
            fields: &'f mut Fields,
            list: &str,
            index: usize,
            column: &str,
        ) -> Option<(&'f mut dyn Cell, Length)> {
            match list {
                $($list => {
                    let entry = fields.$($vec).+.get_mut(index)?;
                    match column {
                        $($name => Some((&mut entry.$field, Length::$length)),)*
                        _ => None,
                    }
                })*
                _ => None,
            }
        }
    };
}

lists! {
    "bases": [guide.bases] of Basis, needs ["law"] {
        "law": Line => law;
        "number": Line => number;
        "article": Line => article;
        "text": Text => text;
    }
    "materials": [guide.materials] of RequiredMaterial, needs ["name"] {
        "name": Line => name;
        "kind": Line => kind;
        "form": Line => form;
        "necessity": Line => necessity;
        "source": Line => source;
        "source_explain": Line => source_explain;
        "copies": Line => copies;
        "page_format": Line => page_format;
        "fill_explain": Text => fill_explain;
        "acceptance_standard": Text => acceptance_standard;
        "basis": Text => basis;
        "condition": Text => condition;
        "blank": Line => blank;
        "example": Line => example;
        "licence": Line => licence;
        "statutory": Line => statutory;
        "pledge": Line => pledge;
    }
    "fees": [guide.fees] of Fee, needs ["name"] {
        "name": Line => name;
        "standard": Line => standard;
        "basis": Text => basis;
        "fen": Line => fen;
        "reducible": Line => reducible;
        "reduction": Text => reduction;
        "due": Line => due;
    }
    "steps": [guide.steps] of Step, needs ["name"] {
        "name": Line => name;
        "handler": Line => handler;
        "term": Line => term;
        "standard": Text => standard;
        "result": Line => result;
        "role": Line => role;
        "rule": Line => rule;
        "signers": Line => signers;
        "discretion": Text => discretion;
        "discretion_basis": Text => discretion_basis;
    }
    "special_links": [guide.special_links] of SpecialLink, needs ["name"] {
        "name": Line => name;
        "term": Line => term;
        "basis": Text => basis;
        "stops_clock": Line => stops_clock;
    }
    "questions": [guide.questions] of Question, needs ["question", "answer"] {
        "question": Line => question;
        "answer": Text => answer;
    }
    "places": [guide.places] of ServicePlace, needs [] {
        "name": Line => name;
        "address": Line => address;
        "hours": Line => hours;
        "telephone": Line => telephone;
        "traffic": Line => traffic;
    }
    "scopes": [scopes] of ScopeCells, needs ["range", "mode"] {
        "range": Line => range;
        "mode": Line => mode;
        "covered": Line => covered;
        "agreement": Line => agreement;
    }
}
