//! The value of each column.

use tongban_codes::division::{self, DivisionCode, Level};
use tongban_codes::item_code::{BasicCode, ExerciseLevel, ImplementationCode, LocalItemCode};
use tongban_codes::time::{Date, Timestamp};

use super::row::{Choices, TableSource};
use super::table::Part;
use crate::catalogue::{
    Basis, CaseKind, CodeList, Fee, Guide, ItemState, Question, RequiredMaterial, ServiceItem, Source, SpecialLink,
    Step, Term, Unit, UseLevel,
};

/// Between the values of a column that has several.
pub(super) const SEVERAL: &str = "^";

/// Columns of the guide's further fields that a table has and the guide has no place for.
const FURTHER: [&str; 1] = ["punishment_method"];

/// What a row stands for.
#[derive(Clone, Copy)]
pub(super) enum Child<'a> {
    /// The item itself.
    Basic,
    /// Its extension.
    Extend,
    /// A material, with its place.
    Material(usize, &'a RequiredMaterial),
    /// A fee, with its place.
    Fee(usize, &'a Fee),
    /// A question, with its place.
    Question(usize, &'a Question),
}

impl<'a> Child<'a> {
    pub(super) fn name(self) -> &'a str {
        match self {
            Child::Basic | Child::Extend => "",
            Child::Material(_, material) => &material.name,
            Child::Fee(_, fee) => &fee.name,
            Child::Question(_, question) => &question.question,
        }
    }
}

/// The values of an item's rows.
pub(super) struct Values<'a> {
    source: TableSource<'a>,
    item: &'a ServiceItem,
    guide: &'a Guide,
    national: Option<ImplementationCode>,
}

impl<'a> Values<'a> {
    pub(super) fn new(source: TableSource<'a>) -> Self {
        let (item, guide) = (source.item, source.guide);
        let given = item.codes.national.as_deref().into_iter().chain([item.code.as_str()]);
        let national = given.filter_map(|code| code.parse().ok()).next().or_else(|| composed(source));
        Self { source, item, guide, national }
    }

    pub(super) fn children(&self, part: Part) -> Vec<Child<'a>> {
        let guide = self.guide;
        match part {
            Part::Basic => vec![Child::Basic],
            Part::Extend => vec![Child::Extend],
            Part::Material => guide.materials.iter().enumerate().map(|(at, one)| Child::Material(at, one)).collect(),
            Part::Fee => guide.fees.iter().enumerate().map(|(at, one)| Child::Fee(at, one)).collect(),
            Part::Question => guide.questions.iter().enumerate().map(|(at, one)| Child::Question(at, one)).collect(),
        }
    }

    /// The value of a column in the row of a child; none when there is nothing to say.
    pub(super) fn of(&self, child: Child<'_>, column: &str) -> Option<String> {
        match column {
            "task_code" => return self.national.map(|code| code.implementation().to_string()),
            "task_handle_item" => {
                return self.national.filter(|code| code.handling_item().is_some()).map(|code| code.to_string());
            }
            "data_source" => return Some(data_source(self.source.choices, self.item.division)),
            _ => {}
        }
        match child {
            Child::Basic => self.basic(column),
            Child::Extend => self.extend(column),
            Child::Material(at, material) => of_material(at, material, column),
            Child::Fee(at, fee) => of_fee(at, fee, column),
            Child::Question(at, question) => match column {
                "order_num" => Some((at + 1).to_string()),
                "question" => Some(question.question.clone()),
                "answer" => Some(question.answer.clone()),
                _ => None,
            },
        }
    }

    fn basic(&self, column: &str) -> Option<String> {
        let (item, guide) = (self.item, self.guide);
        match column {
            "catalog_code" => match self.national {
                Some(code) => Some(code.basic().to_string()),
                None => item.core.base_code.clone(),
            },
            "local_catalog_code" => item.codes.local_base.clone().or_else(|| {
                let local = self.local_code()?;
                local.parse::<LocalItemCode>().ok().map(|code| code.base().to_owned())
            }),
            "local_task_code" => self.local_code().map(str::to_owned),
            "task_name" => Some(item.core.name.clone()),
            "task_type" => Some(item.core.item_type.clone()),
            "task_state" => state(item.state).map(str::to_owned),
            "task_version" => Some(item.version.to_string()),
            "by_law" => Some(match guide.bases.as_slice() {
                [] => item.core.legal_basis.clone(),
                bases => lines(bases.iter().map(basis)),
            }),
            "power_source" => number(guide.power_source),
            "use_level" => Some(match guide.levels.as_slice() {
                [] => level(item.division).number(Source::National).unwrap_or_default().to_owned(),
                levels => numbers(levels),
            }),
            "dept_name" => Some(item.department.clone()),
            "dept_code" => {
                self.source.authority.and_then(|authority| item.number_code(authority)).map(|code| code.to_string())
            }
            "dept_type" => number(guide.authority_kind),
            "entrust_name" => guide.entrusted_by.clone(),
            "anticipate_day" => item.statutory.map(|term| term.days.to_string()),
            "anticipate_type" => item.statutory.map(|term| self.unit(term)),
            "anticipate_explain" => guide.statutory_explain.clone(),
            "promise_day" => self.promised().map(|term| term.days.to_string()),
            "promise_type" => self.promised().map(|term| self.unit(term)),
            "promise_explain" => guide.promised_explain.clone().or_else(|| self.promised().map(promise)),
            "accept_condition" => guide.conditions.clone(),
            "handle_flow" => guide.flow.clone().or_else(|| flow(&guide.steps)),
            "is_fee" => yes(guide.charged.or((!guide.fees.is_empty()).then_some(true))),
            "fee_basis" => joined(guide.fees.iter().map(|fee| fee.basis.as_str()), "；"),
            "server_type" => Some(numbers(&guide.served)),
            "project_type" => number(guide.case_kind),
            "handle_type" => Some(numbers(&guide.forms)),
            "limit_scene_num" => guide.visits.map(|visits| visits.to_string()),
            "special_procedure" => Some(special(&guide.special_links)),
            "is_single_login" => yes(guide.single_login.or(self.not_online())),
            "app_is_single_login" => yes(guide.mobile_single_login.or(self.not_online())),
            "link_addr" => guide.online_address.clone(),
            "mobile_terminal_url" => guide.mobile_address.clone(),
            "transact_addr" => {
                let places = guide.places.iter().map(|place| format!("{} {}", place.name, place.address));
                joined(places.map(|place| place.trim().to_owned()), "；")
            }
            "transact_time" => joined(guide.places.iter().filter_map(|place| place.hours.as_deref()), "；"),
            "link_way" => guide.enquiry.as_ref().map(|telephone| format!("电话：{telephone}")),
            "supervise_way" => guide.complaint.as_ref().map(|telephone| format!("电话：{telephone}")),
            "plan_effective_date" => item.effective.map(day),
            "plan_cancel_date" => item.cancel.map(day),
            further if FURTHER.contains(&further) => guide.further.get(further).cloned(),
            _ => None,
        }
    }

    fn extend(&self, column: &str) -> Option<String> {
        let (item, guide) = (self.item, self.guide);
        let division = |wanted: &[Level]| {
            let table = division::table();
            let known = table.find(item.division).into_iter().chain(table.ancestors(item.division));
            known.into_iter().find(|one| wanted.contains(&one.level))
        };
        match column {
            "is_entry_center" => yes(guide.in_hall),
            // The column takes one value: the farthest.
            "handle_area" => {
                let mut ranges: Vec<_> = guide.scopes.iter().map(|scope| scope.range).collect();
                ranges.sort_unstable();
                ranges.into_iter().find_map(|range| range.number(Source::National)).map(str::to_owned)
            }
            "other_dept" => joined(guide.joint_departments.iter().map(String::as_str), SEVERAL),
            "service_type" => guide.intermediary.clone(),
            "limit_explain" => guide.quantity_limit.clone(),
            "limit_scene_explain" => guide.visits_reason.clone(),
            "is_online" => yes(guide.online),
            "online_handle_depth" => Some(numbers(&guide.online_depth)),
            "online_handle_url" => guide.online_address.clone(),
            "is_pay_online" => yes(guide.pays_online.or((guide.charged == Some(false)).then_some(false))),
            "is_express" => yes(guide.courier),
            "is_schedule" => yes(guide.appointments),
            "is_service_terminals" => yes(guide.terminals),
            "result_type" => number(guide.result.as_ref().map(|result| result.kind)),
            "result_name" => guide.result.as_ref().map(|result| result.name.clone()),
            "result_guid" => guide.result.as_ref().and_then(|result| result.sample.clone()),
            "user_topic_type" => joined(guide.person_topics.iter().map(String::as_str), SEVERAL),
            "corp_topic_type" => joined(guide.corporate_topics.iter().map(String::as_str), SEVERAL),
            "town_name" => division(&[Level::Township]).map(|one| one.name.to_string()),
            "town_code" => division(&[Level::Township]).map(|one| one.code.to_string()),
            "village_name" => division(&[Level::Village]).map(|one| one.name.to_string()),
            "village_code" => division(&[Level::Village]).map(|one| one.code.to_string()),
            _ => None,
        }
    }

    fn local_code(&self) -> Option<&str> {
        let own = Some(self.item.code.as_str()).filter(|code| code.parse::<ImplementationCode>().is_err());
        self.item.codes.local.as_deref().or(own)
    }

    /// What is done while the applicant waits is promised in no days.
    fn promised(&self) -> Option<Term> {
        let at_once = self.guide.case_kind == Some(CaseKind::Instant);
        self.item.promised.or(at_once.then_some(Term { days: 0, unit: Unit::WorkingDays }))
    }

    fn unit(&self, term: Term) -> String {
        match term.unit {
            Unit::WorkingDays => self.source.choices.working_days.clone(),
            Unit::NaturalDays => self.source.choices.natural_days.clone(),
        }
    }

    /// Who isn't online has nothing to log in to.
    fn not_online(&self) -> Option<bool> {
        (self.guide.online == Some(false)).then_some(false)
    }
}

/// The national code of an item that has none written down and all of its parts: credit code, level, base code.
fn composed(source: TableSource<'_>) -> Option<ImplementationCode> {
    let basic: BasicCode = source.item.core.base_code.as_deref()?.parse().ok()?;
    let credit = source.item.number_code(source.authority?)?;
    let level = match source.guide.levels.as_slice() {
        [one] => *one,
        [] => level(source.item.division),
        _ => UseLevel::Graded,
    };
    let digit = level.number(Source::National)?.parse().ok()?;
    Some(ImplementationCode::new(credit, ExerciseLevel::from_number(digit)?, basic))
}

/// The source of a row: what the front database wants, else the province.
pub(super) fn data_source(choices: &Choices, division: DivisionCode) -> String {
    match choices.data_source.as_str() {
        "" => division.to_string().chars().take(2).collect(),
        chosen => chosen.to_owned(),
    }
}

fn level(division: DivisionCode) -> UseLevel {
    match division.level() {
        Level::Province => UseLevel::Province,
        Level::City => UseLevel::City,
        Level::County => UseLevel::County,
        Level::Township => UseLevel::Township,
        Level::Village => UseLevel::Village,
    }
}

/// 1 在用, 2 暂停, 3 取消; a draft is reported to nobody.
pub(super) fn state(state: ItemState) -> Option<&'static str> {
    match state {
        ItemState::Published => Some("1"),
        ItemState::Suspended => Some("2"),
        ItemState::Withdrawn => Some("3"),
        ItemState::Draft | ItemState::Submitted | ItemState::Reviewed => None,
    }
}

fn of_material(at: usize, material: &RequiredMaterial, column: &str) -> Option<String> {
    match column {
        "order_num" => Some((at + 1).to_string()),
        "material_name" => Some(material.name.clone()),
        "material_type" => number(material.kind),
        "material_format" => number(material.form),
        "is_need" => number(material.necessity),
        "form_guid" => material.blank.clone(),
        "example_guid" => material.example.clone(),
        "source_type" => number(material.source),
        "source_explain" => material.source_explain.clone(),
        "page_num" => material.copies.map(|copies| copies.to_string()),
        "page_format" => material.page_format.clone(),
        "fill_explain" => material.fill_explain.clone(),
        "accept_stand" => material.acceptance_standard.clone(),
        "by_law" => material.basis.clone(),
        "remark" => material.condition.clone(),
        _ => None,
    }
}

fn of_fee(at: usize, fee: &Fee, column: &str) -> Option<String> {
    match column {
        "order_num" => Some((at + 1).to_string()),
        "fee_name" => Some(fee.name.clone()),
        "fee_stand" => Some(fee.standard.clone()),
        "by_law" => Some(fee.basis.clone()),
        "is_desc" => yes(fee.reducible),
        "desc_explain" => fee.reduction.clone(),
        _ => None,
    }
}

fn yes(value: Option<bool>) -> Option<String> {
    value.map(|yes| if yes { "1" } else { "0" }.to_owned())
}

pub(super) fn number<L: CodeList>(value: Option<L>) -> Option<String> {
    value.and_then(|value| value.number(Source::National)).map(str::to_owned)
}

/// The numbers of several values, each once; a value that the national list doesn't know is left out.
fn numbers<L: CodeList>(values: &[L]) -> String {
    let mut found: Vec<&str> = values.iter().filter_map(|value| value.number(Source::National)).collect();
    found.sort_unstable();
    found.dedup();
    found.join(SEVERAL)
}

pub(super) fn joined<T: AsRef<str>>(texts: impl Iterator<Item = T>, between: &str) -> Option<String> {
    let mut seen: Vec<String> = Vec::new();
    for text in texts {
        let text = text.as_ref().trim();
        if !text.is_empty() && !seen.iter().any(|one| one == text) {
            seen.push(text.to_owned());
        }
    }
    (!seen.is_empty()).then(|| seen.join(between))
}

fn lines(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("\n")
}

fn basis(basis: &Basis) -> String {
    let number = basis.number.as_ref().map(|number| format!("（{number}）")).unwrap_or_default();
    let text = basis.text.as_ref().map(|text| format!("：{text}")).unwrap_or_default();
    format!("《{}》{number}{}{text}", basis.law, basis.article.as_deref().unwrap_or_default())
}

fn days(term: Term) -> String {
    let unit = match term.unit {
        Unit::WorkingDays => "工作日",
        Unit::NaturalDays => "自然日",
    };
    format!("{}个{unit}", term.days)
}

fn promise(term: Term) -> String {
    if term.days == 0 { "即时办结".to_owned() } else { format!("承诺{}内办结", days(term)) }
}

fn flow(steps: &[Step]) -> Option<String> {
    let step = |(at, step): (usize, &Step)| {
        let limit = step.term.map(days);
        let said = joined(step.handler.iter().chain(&limit), "，").map(|said| format!("（{said}）"));
        format!("{}.{}{}", at + 1, step.name, said.unwrap_or_default())
    };
    joined(steps.iter().enumerate().map(step), "；")
}

fn special(links: &[SpecialLink]) -> String {
    let link = |link: &SpecialLink| {
        let clock = link.stops_clock.map(|stops| if stops { "不计入办理时限" } else { "计入办理时限" }.to_owned());
        let limit = link.term.map(days);
        let said = joined(limit.iter().chain(&clock), "，").map(|said| format!("（{said}）"));
        format!("{}{}", link.name, said.unwrap_or_default())
    };
    joined(links.iter().map(link), "；").unwrap_or_else(|| "无".to_owned())
}

/// The beginning of a day, as a moment of the tables.
pub(super) fn day(date: Date) -> String {
    format!("{}000000", date.compact())
}

/// A moment as the tables write it: `YYYYMMDDhhmmss` in China.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    at.to_string().chars().filter(char::is_ascii_digit).take(14).collect()
}
