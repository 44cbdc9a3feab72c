//! Ceilings with their floors (限高, mission C4, standards §0.10): below only better is accepted, and never less than a law asks for.
//!
//! A ceiling is for a base item, or for the line (条线) of the department that keeps base items. Of several the strictest holds, and is
//! named with the division that set it. A version is judged by what is in force on the day on which it begins; what was published before a ceiling was
//! lowered is [`exceeded`] and has time until the ceiling's deadline.

use serde::Serialize;
use tongban_codes::division::{self, DivisionCode, Level};
use tongban_codes::time::Date;

use super::code_list::{CodeList, code_list};
use super::establish::holding;
use super::standard::{StandardBody, StandardKind};
use super::{BaseItem, Guide, ServiceItem};
use crate::{Facts, Rejection, codes};

code_list! {
    /// What a ceiling limits.
    CeilingField: "限高要素" {
        /// 申请材料: all that the guide asks for, conditional ones too.
        Materials = 0, "materials", "申请材料数", [];
        /// 承诺办结时限, in working days; who promises nothing takes the statutory time.
        PromisedDays = 1, "promised_days", "承诺办结时限（工作日）", [];
        /// 收费, the sum of fixed amounts in fen.
        FeeFen = 2, "fee_fen", "收费（分）", [];
        /// 办理环节.
        Steps = 3, "steps", "办理环节数", [];
        /// 到办事现场次数.
        Visits = 4, "visits", "到办事现场次数", [];
        /// 法定材料: none may be dropped.
        MaterialsFloor = 5, "materials_floor", "法定材料", [];
        /// 法定公示期, in working days.
        PublicityFloor = 6, "publicity_floor", "法定公示期（工作日）", [];
        /// 法定收费: none may be dropped or lowered on one's own (行政许可法 58).
        FeesFloor = 7, "fees_floor", "法定收费", [];
    }
}

impl CeilingField {
    /// Tells whether it is a floor: less is refused, not more.
    #[must_use]
    pub fn is_floor(self) -> bool {
        matches!(self, Self::MaterialsFloor | Self::PublicityFloor | Self::FeesFloor)
    }
}

/// One limit, and who set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// What is limited.
    pub field: CeilingField,
    /// The number, 0 where names are asked for.
    pub limit: u32,
    /// The names that a floor of materials or fees asks for.
    pub names: Vec<String>,
    /// Code of the ceiling: a base code, or the department of a line.
    pub code: String,
    /// Division that set it.
    pub division: DivisionCode,
    /// That division's name.
    pub set_by: String,
    /// Until when what was published before must be mended.
    pub deadline: Option<Date>,
}

/// A limit that an item doesn't keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exceeded {
    /// Code of the item.
    pub item: String,
    /// Division whose item it is.
    pub division: DivisionCode,
    /// What the item has.
    pub value: String,
    /// What is allowed, or what is asked for.
    pub limit: String,
    /// The limit.
    pub bound: Bound,
    /// Whether the deadline has passed, so that it counts as drift; without a deadline at once.
    pub overdue: bool,
}

/// The limits for a base item and its line in a division on a day; of several the strictest, of floors all.
pub(crate) fn of(
    facts: &dyn Facts,
    base_code: Option<&str>,
    line: Option<&str>,
    division: DivisionCode,
    day: Date,
) -> Vec<Bound> {
    let mut bounds: Vec<Bound> = Vec::new();
    for code in [base_code, line].into_iter().flatten().filter(|code| !code.is_empty()) {
        for standard in holding(facts, StandardKind::Ceiling, code, division, day) {
            let StandardBody::Ceiling(body) = standard.body else { continue };
            let bound = |field, limit, names| Bound {
                field,
                limit,
                names,
                code: standard.code.clone(),
                division: standard.division,
                set_by: name_of(standard.division),
                deadline: body.deadline,
            };
            let numbers = [
                (CeilingField::Materials, body.materials.map(u32::from)),
                (CeilingField::PromisedDays, body.promised_days.map(u32::from)),
                (CeilingField::FeeFen, body.fee_fen),
                (CeilingField::Steps, body.steps.map(u32::from)),
                (CeilingField::Visits, body.visits.map(u32::from)),
                (CeilingField::PublicityFloor, body.publicity_floor.map(u32::from)),
            ];
            for (field, limit) in numbers {
                if let Some(limit) = limit {
                    stricter(&mut bounds, bound(field, limit, Vec::new()));
                }
            }
            for (field, names) in
                [(CeilingField::MaterialsFloor, &body.materials_floor), (CeilingField::FeesFloor, &body.fees_floor)]
            {
                if !names.is_empty() {
                    // What was set before names were trimmed, or by a node that doesn't, has blanks around them.
                    bounds.push(bound(field, 0, names.iter().map(|name| name.trim().to_owned()).collect()));
                }
            }
        }
    }
    bounds.sort_by_key(|bound| bound.field);
    bounds
}

/// Keeps the stricter of two limits; of equal ones the one that was set higher up.
fn stricter(bounds: &mut Vec<Bound>, bound: Bound) {
    match bounds.iter_mut().find(|known| known.field == bound.field) {
        Some(known) => {
            let closer = if bound.field.is_floor() { bound.limit > known.limit } else { bound.limit < known.limit };
            if closer {
                *known = bound;
            }
        }
        None => bounds.push(bound),
    }
}

fn name_of(code: DivisionCode) -> String {
    division::table().find(code).map_or_else(|| code.to_string(), |division| division.name.to_string())
}

fn level_names(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Province => ("province", "省级"),
        Level::City => ("city", "市级"),
        Level::County => ("county", "县级"),
        Level::Township => ("township", "乡级"),
        Level::Village => ("village", "村级"),
    }
}

/// The limits that hold for an item on a day, the base item's own promised time among them.
#[must_use]
pub fn bounds(facts: &dyn Facts, item: &ServiceItem, day: Date) -> Vec<Bound> {
    let base = item.core.base_code.as_deref().and_then(|code| facts.base_item(code));
    let base = base.as_ref().and_then(|base| base.binding(day));
    base.map(|base| of_base(facts, base, item.division, day)).unwrap_or_default()
}

fn of_base(facts: &dyn Facts, base: &BaseItem, division: DivisionCode, day: Date) -> Vec<Bound> {
    let code = base.core.base_code.clone().unwrap_or_default();
    let mut bounds = of(facts, Some(&code), Some(&base.department), division, day);
    if let Some(days) = base.promised_days {
        let bound = Bound {
            field: CeilingField::PromisedDays,
            limit: u32::from(days),
            names: Vec::new(),
            code,
            division: base.division,
            set_by: name_of(base.division),
            deadline: None,
        };
        stricter(&mut bounds, bound);
        bounds.sort_by_key(|bound| bound.field);
    }
    bounds
}

/// The longest promised time that a claimer of a base item may give, in working days.
#[must_use]
pub(crate) fn promised_days(facts: &dyn Facts, base: &BaseItem, day: Date) -> Option<u16> {
    let bounds = of_base(facts, base, facts.node().division, day);
    let bound = bounds.into_iter().find(|bound| bound.field == CeilingField::PromisedDays)?;
    u16::try_from(bound.limit).ok()
}

/// Every limit that an item with this guide doesn't keep on a day.
///
/// Without a guide only times are judged: what isn't written down neither exceeds nor drops anything, and the quality rules say that it
/// is missing.
#[must_use]
pub fn exceeded(facts: &dyn Facts, item: &ServiceItem, guide: Option<&Guide>, day: Date) -> Vec<Exceeded> {
    let lawful = lawful_fees(facts, item, day);
    let mut found = Vec::new();
    for bound in bounds(facts, item, day) {
        if let Some((value, limit)) = breach(&bound, item, guide, &lawful) {
            let overdue = bound.deadline.is_none_or(|deadline| deadline < day);
            found.push(Exceeded { item: item.code.clone(), division: item.division, value, limit, bound, overdue });
        }
    }
    found
}

/// The fixed amounts of the superior's guide, by fee.
fn lawful_fees(facts: &dyn Facts, item: &ServiceItem, day: Date) -> Vec<(String, u32)> {
    let base = item.core.base_code.as_deref().and_then(|code| facts.base_item(code));
    let guide = base.as_ref().and_then(|base| base.binding(day)).and_then(|base| base.guide);
    let fees = guide.and_then(|digest| facts.guide(&digest)).map(|guide| guide.fees).unwrap_or_default();
    fees.into_iter().filter_map(|fee| Some((fee.name.trim().to_owned(), fee.fen?))).collect()
}

/// What the item has and what is allowed, where it breaks a limit.
fn breach(
    bound: &Bound,
    item: &ServiceItem,
    guide: Option<&Guide>,
    lawful: &[(String, u32)],
) -> Option<(String, String)> {
    let limit = bound.limit;
    let over = |value: Option<u32>| {
        let value = value?;
        (value > limit).then(|| (value.to_string(), limit.to_string()))
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    match bound.field {
        CeilingField::PromisedDays => match item.promised.or(item.statutory) {
            Some(term) => over(Some(u32::from(term.working_days()))),
            None => Some(("-".to_owned(), limit.to_string())),
        },
        CeilingField::Materials => over(guide.map(|guide| count(guide.materials.len()))),
        CeilingField::Steps => over(guide.map(|guide| count(guide.steps.len()))),
        CeilingField::Visits => over(guide.and_then(|guide| guide.visits).map(u32::from)),
        CeilingField::FeeFen => {
            let guide = guide?;
            let fixed = guide.fees.iter().filter_map(|fee| fee.fen).fold(0_u32, u32::saturating_add);
            // Where nothing may be charged, a fee without a fixed amount is one too many.
            let open = limit == 0 && (guide.charged == Some(true) || !guide.fees.is_empty());
            if open && fixed == 0 { Some(("≥ 0".to_owned(), "0".to_owned())) } else { over(Some(fixed)) }
        }
        CeilingField::PublicityFloor => {
            let days = guide?.publicity_days.map_or(0, u32::from);
            (days < limit).then(|| (days.to_string(), limit.to_string()))
        }
        CeilingField::MaterialsFloor => {
            let guide = guide?;
            let missing =
                bound.names.iter().filter(|name| !guide.materials.iter().any(|one| one.name.trim() == **name));
            missing_names(missing, guide.materials.iter().map(|material| material.name.as_str()))
        }
        CeilingField::FeesFloor => {
            let guide = guide?;
            let kept = |name: &String| {
                let least = lawful.iter().find(|(of, _)| of == name).map_or(0, |(_, fen)| *fen);
                guide.fees.iter().any(|fee| fee.name.trim() == *name && fee.fen.is_none_or(|fen| fen >= least))
            };
            let missing = bound.names.iter().filter(|name| !kept(name));
            missing_names(missing, guide.fees.iter().map(|fee| fee.name.as_str()))
        }
    }
}

fn missing_names<'a>(
    missing: impl Iterator<Item = &'a String>,
    has: impl Iterator<Item = &'a str>,
) -> Option<(String, String)> {
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    let has: Vec<&str> = has.collect();
    let has = if has.is_empty() { "-".to_owned() } else { has.join("、") };
    (!missing.is_empty()).then(|| (has, missing.join("、")))
}

/// Refuses an item that breaks a limit in force on the day on which it begins.
pub(crate) fn hold(facts: &dyn Facts, item: &ServiceItem, day: Date) -> Result<(), Rejection> {
    let guide = item.guide.and_then(|digest| facts.guide(&digest));
    let broken = exceeded(facts, item, guide.as_ref(), day);
    let Some(first) = broken.first() else { return Ok(()) };
    let bound = &first.bound;
    let (set_by, division, level) = (&bound.set_by, bound.division, bound.division.level());
    let more = broken.len() - 1;
    let (more_en, more_zh) = match more {
        0 => (String::new(), String::new()),
        n => (format!("; {n} more limits are not kept"), format!("；另有 {n} 项不符")),
    };
    let (what, limit) = (bound.field.zh(), &first.limit);
    let field = bound.field.name();
    let (level, level_zh) = level_names(level);
    if bound.field.is_floor() {
        return Err(Rejection::new(
            codes::FLOOR_UNDERCUT,
            format!("the floor of {set_by} {division} ({level}) asks for {limit}{more_en}"),
            format!("{level_zh}{set_by}（{division}）下限要求{what}：{limit}{more_zh}"),
        )
        .field(field, &first.value)
        .remedy(
            "what a law asks for may not be dropped: put it back into the guide",
            "法定要求不得取消，请在办事指南中恢复",
        ));
    }
    Err(Rejection::new(
        codes::CEILING_EXCEEDED,
        format!("the ceiling of {set_by} {division} ({level}) for {field} is {limit}{more_en}"),
        format!("{level_zh}{set_by}（{division}）限高：{what}不超过 {limit}{more_zh}"),
    )
    .field(field, &first.value)
    .remedy(
        format!("lower it to {limit} or less; see: tongban item ceiling show {}", bound.code),
        format!("降至 {limit} 以内；查看：tongban item ceiling show {}", bound.code),
    ))
}
