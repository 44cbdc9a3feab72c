//! Documents on paper: from what was sealed to the values of a template, and the hall's own templates and fonts.
//!
//! ```text
//! D/paper/templates/KIND.toml   stands over the template of the release; layout.toml over its measures
//! D/paper/fonts/title.otf       小标宋 for titles; body.otf 仿宋 for the rest; further files for rare signs (.otf, .ttf)
//! ```
//!
//! A change of either needs no restart: what is known of them is looked at before every print. What a document says comes from the sealed bytes; the applicant's name,
//! which is never sealed into one, comes from the case.

use std::cmp::Ordering;

use minicbor::Decode;
use tongban_codes::division::{DivisionCode, Level, table};
use tongban_codes::ids::{Digest, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_document::{Content, Field, Form, Moment, Printing, Rendered};
use tongban_domain::application::{ANSWER_TYPE, Answer, AnswerLine};
use tongban_domain::case::{
    Act, ActKind, Amendment, Case, OutsideDecision, Personal, Print, PrintForm, Status, document_kind,
};
use tongban_domain::catalogue::{Accord, CodeList as _, TYPE_PERMIT};

mod authority;
mod stationery;

use authority::full_name;
pub(crate) use stationery::{Stationer, Stationery};

/// The directory of the hall's templates and fonts, in the node's.
pub(crate) const PAPER_NAME: &str = "paper";

/// What a collection slip says, as sealed.
#[derive(Decode)]
#[cbor(map)]
struct Slip {
    #[n(1)]
    collection_no: String,
    #[n(5)]
    collected_at: Timestamp,
    #[n(6)]
    materials: Vec<tongban_domain::case::Material>,
    #[n(7)]
    demo: bool,
    #[n(10)]
    goes_on: Option<String>,
    #[n(11)]
    agreement: Option<Accord>,
    #[n(12)]
    instead_of: Option<String>,
}

/// What the receipt of a hall says that took a supplement for another's case, as sealed.
#[derive(Decode)]
#[cbor(map)]
struct Brought {
    #[n(3)]
    at: Timestamp,
    #[n(4)]
    lines: Vec<String>,
    #[n(5)]
    demo: bool,
}

/// What any other document of a case says, as sealed.
#[derive(Decode)]
#[cbor(map)]
struct Said {
    #[n(0)]
    case_no: Option<String>,
    #[n(1)]
    collection_no: String,
    #[n(2)]
    item: String,
    #[n(3)]
    name: String,
    #[n(4)]
    department: String,
    #[n(5)]
    division: DivisionCode,
    #[n(6)]
    at: Timestamp,
    #[n(7)]
    operator: String,
    #[n(8)]
    text: Option<String>,
    #[n(9)]
    accepted_on: Option<Date>,
    #[n(10)]
    statutory_due: Option<Date>,
    #[n(11)]
    promised_due: Option<Date>,
    #[n(12)]
    items: Vec<String>,
    #[n(13)]
    granted: Option<bool>,
    #[n(14)]
    demo: bool,
    #[n(15)]
    provisional: Option<bool>,
    #[n(16)]
    agreement: Option<Accord>,
    #[n(61)]
    outside: Option<OutsideDecision>,
    #[n(17)]
    instead_of: Option<String>,
}

/// A document of a case with what stands around it.
pub(crate) struct Source<'a> {
    pub(crate) case: &'a Case,
    /// The act that made the document.
    pub(crate) act: &'a Act,
    /// What was sealed, opened.
    pub(crate) statement: &'a [u8],
    /// The applicant's name, where this node may still read it.
    pub(crate) applicant: Option<String>,
    pub(crate) print: &'a Print,
}

/// A document that can't be read back.
#[derive(Debug, thiserror::Error)]
#[error("the sealed document can't be read: {0}")]
pub(crate) struct Unreadable(String);

/// The applicant's fields as they were when an act was done: as they stood before the first entry that was put right behind it.
pub(crate) fn as_of<'c>(case: &'c Case, history: &[Act], act: &Act) -> &'c Personal {
    let own = |amendment: &Amendment| {
        let is_it = |known: &&Act| known.number == amendment.act && known.at == amendment.at;
        history.iter().filter(is_it).any(|known| known.kind == ActKind::Amend && known.place == act.place)
    };
    // Acts of one node are numbered; those of two are told apart by who owned the case, and under one owner by the time.
    let is_behind = |amendment: &&Amendment| match amendment.tenure.cmp(&act.tenure) {
        _ if own(amendment) => amendment.act > act.number,
        Ordering::Equal => amendment.at > act.at,
        order => order == Ordering::Greater,
    };
    case.amendments.iter().find(is_behind).map_or(&case.personal, |amendment| &amendment.before)
}

/// The values of a document.
pub(crate) fn content(source: &Source<'_>) -> Result<Content, Unreadable> {
    let Source { case, act, statement, print, .. } = *source;
    let unreadable = |error: minicbor::decode::Error| Unreadable(error.to_string());
    let mut content = Content::default();
    let (mut said_demo, division) = (false, case.deciding.division);
    content.set(Field::ItemName, &case.item.core.name);
    content.set(Field::ItemCode, &case.item.code);
    content.set(Field::CollectionNo, &case.collection_no);
    let mut department = case.item.department.clone();
    let mut authority_division = division;
    let mut hall = None;
    let mut provisional = None;
    let agreement;
    let mut instead_of = None;
    if print.kind() == "collection-slip" {
        let slip: Slip = minicbor::decode(statement).map_err(unreadable)?;
        content.set(Field::CollectionNo, slip.collection_no);
        content.list(Field::Materials, slip.materials.into_iter().map(|material| material.name).collect());
        moments(&mut content, slip.collected_at);
        said_demo |= slip.demo;
        agreement = slip.agreement;
        instead_of = slip.instead_of;
        content.set(Field::GoesOn, slip.goes_on.unwrap_or_default());
    } else if let ("supplement", Ok(brought)) = (print.kind(), minicbor::decode::<Brought>(statement)) {
        content.list(Field::Items, brought.lines);
        moments(&mut content, brought.at);
        said_demo |= brought.demo;
        agreement = case.agreement.clone();
        hall = Some(format!("{}政务服务大厅", place_name(act.place.division)));
    } else {
        let said: Said = minicbor::decode(statement).map_err(unreadable)?;
        content.set(Field::CaseNo, said.case_no.unwrap_or_default());
        content.set(Field::CollectionNo, said.collection_no);
        content.set(Field::ItemCode, said.item);
        content.set(Field::ItemName, said.name);
        content.set(Field::Text, said.text.unwrap_or_default());
        content.set(Field::Operator, said.operator);
        content.set(Field::AcceptedOn, said.accepted_on.map_or_else(String::new, day));
        content.set(Field::StatutoryDue, said.statutory_due.map_or_else(String::new, day));
        content.set(Field::PromisedDue, said.promised_due.map_or_else(String::new, day));
        let mut items = said.items;
        // A notice ends with the day until which the rest is to be brought.
        if let Some(until) = items.last().and_then(|last| last.strip_prefix("补正期限：")).map(str::to_owned) {
            content.set(Field::Until, until.parse().map_or(until, day));
            items.pop();
        }
        content.list(Field::Items, items);
        content.flag(Field::Granted, said.granted == Some(true));
        content.flag(Field::Denied, said.granted == Some(false));
        moments(&mut content, said.at);
        if let Some(outside) = said.outside {
            content.set(Field::OutsideSystem, outside.system);
            content.set(Field::OutsideNo, outside.number);
            content.set(Field::OutsideDecider, outside.decider);
            content.set(Field::OutsideDocument, outside.document_no.unwrap_or_default());
            content.set(Field::DecidedOn, day(outside.decided_on));
        }
        said_demo |= said.demo;
        provisional = said.provisional;
        agreement = said.agreement;
        instead_of = said.instead_of;
        (department, authority_division) = (said.department, said.division);
    }
    if let Some(accord) = agreement {
        content.set(Field::Agreement, accord.number);
        content.set(Field::ReceiptRule, accord.receipt.zh());
    }
    content.set(Field::InsteadOf, instead_of.unwrap_or_default());
    if !content.has(Field::Operator) {
        content.set(Field::Operator, &act.operator);
    }
    let place = place_name(authority_division);
    content.set(Field::Authority, hall.unwrap_or_else(|| full_name(authority_division, &department)));
    content.set(Field::Department, department);
    content.set(Field::ReviewBody, format!("{}人民政府", place_name(reviewing(authority_division))));
    content.set(Field::Division, place);
    content.set(Field::Collecting, place_name(case.collecting.division));
    content.set(Field::Matter, matter(&case.item.core.item_type));
    content.set(Field::Basis, case.item.core.legal_basis.trim_end_matches(['。', '；', ';']));
    content.flag(Field::Permit, case.item.core.item_type == TYPE_PERMIT);
    content.flag(Field::Deemed, act.kind == ActKind::AcceptDeemed);
    content.flag(Field::NotCompetent, act.status == Status::RefusedNotCompetent);
    content.flag(Field::NotRequired, act.status == Status::RefusedNotRequired);
    // A document of an earlier release doesn't say it.
    let provisional = provisional.unwrap_or_else(|| {
        let due = case.deadlines.as_ref();
        let ends = [due.and_then(|due| due.statutory), due.and_then(|due| due.promised)];
        ends.iter().flatten().any(|end| end.provisional)
    });
    content.flag(Field::Provisional, provisional);
    content.set(Field::QueryCode, case.query_code.to_string());
    content.set(Field::DocumentNo, format!("{}-{}", case.collection_no, print.act));
    content.set(Field::Applicant, source.applicant.clone().unwrap_or_default());
    let digest = Digest::of(statement).to_string();
    content.set(Field::DigestShort, &digest[..16]);
    content.set(Field::Digest, digest);
    content.flag(Field::Demo, said_demo);
    if print.number > 1 {
        content.set(Field::Reprint, (print.number - 1).to_string());
        content.set(Field::PrintReason, print.reason.clone().unwrap_or_default());
    }
    content.set(Field::PrintedAt, minute(print.at));
    content.set(Field::PrintedBy, &print.operator);
    Ok(content)
}

/// How a print is drawn: moved by so many millimetres to the right and down, for the first time or again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drawing {
    pub(crate) offset: (f32, f32),
    /// Whether it was counted before.
    pub(crate) counted: bool,
}

/// What the one answer to an application says, as sealed.
#[derive(Decode)]
#[cbor(map)]
struct JointAnswer {
    #[n(0)]
    number: String,
    #[n(1)]
    event: String,
    #[n(2)]
    division: DivisionCode,
    #[n(4)]
    answer: Answer,
    #[n(5)]
    demo: bool,
}

/// The values of the one answer to an application, for its applicant.
pub(crate) fn answer_content(
    statement: &[u8],
    query_code: &QueryCode,
    applicant: Option<String>,
) -> Result<Content, Unreadable> {
    let said: JointAnswer = minicbor::decode(statement).map_err(|error| Unreadable(error.to_string()))?;
    let JointAnswer { number, event, division, answer, demo } = said;
    let mut content = Content::default();
    let place = place_name(division);
    content.set(Field::Authority, format!("{place}政务服务大厅"));
    content.set(Field::Division, &place);
    content.set(Field::Collecting, place);
    content.set(Field::ItemName, event);
    content.set(Field::DocumentNo, &number);
    content.set(Field::CollectionNo, number);
    content.set(Field::QueryCode, query_code.to_string());
    content.set(Field::Applicant, applicant.unwrap_or_default());
    content.set(Field::Operator, &answer.operator);
    content.list(Field::Items, answer.lines.iter().map(AnswerLine::zh).collect());
    let (in_time, in_time_en) = match answer.in_time {
        Some(true) => ("，已按期办结", ", kept"),
        Some(false) => ("，未按期办结", ", not kept"),
        None => ("", ""),
    };
    let promised = answer.promised.map(|promised| format!("承诺办结日期 {}{in_time}。", day(promised)));
    content.set(Field::Text, promised.unwrap_or_default());
    moments(&mut content, answer.at);
    let translated = answer.translated();
    let mut english: Vec<String> = translated.lines.iter().map(AnswerLine::en).collect();
    english.extend(translated.promised.map(|promised| format!("promised for {promised}{in_time_en}")));
    content.list(Field::Translations, english);
    let digest = Digest::of(statement).to_string();
    content.set(Field::DigestShort, &digest[..16]);
    content.set(Field::Digest, digest);
    content.flag(Field::Demo, demo);
    Ok(content)
}

/// Renders the one answer to an application on A4.
pub(crate) fn render_answer(
    stationery: &Stationery,
    content: &Content,
    at: Timestamp,
) -> Result<Rendered, tongban_document::RenderError> {
    let printing = Printing { form: Form::A4, offset_x: 0.0, offset_y: 0.0, at: moment(at), counted: false };
    tongban_document::render(&stationery.templates, &stationery.fonts, document_kind(ANSWER_TYPE), content, printing)
}

/// Renders a print as it was recorded.
pub(crate) fn render(
    stationery: &Stationery,
    source: &Source<'_>,
    drawing: Drawing,
) -> Result<Result<Rendered, tongban_document::RenderError>, Unreadable> {
    let content = content(source)?;
    let print = source.print;
    let form = match print.form {
        PrintForm::A4 => Form::A4,
        PrintForm::Slip => Form::Slip,
        PrintForm::PrePrinted => Form::PrePrinted,
    };
    let Drawing { offset: (offset_x, offset_y), counted } = drawing;
    let printing = Printing { form, offset_x, offset_y, at: moment(print.at), counted };
    Ok(tongban_document::render(&stationery.templates, &stationery.fonts, print.kind(), &content, printing))
}

fn moments(content: &mut Content, at: Timestamp) {
    content.set(Field::Date, day(at.date()));
    content.set(Field::Time, minute(at));
}

/// `2026年9月14日`.
fn day(date: Date) -> String {
    let text = date.to_string();
    let mut parts = text.splitn(3, '-').map(|part| part.trim_start_matches('0'));
    let mut next = || parts.next().unwrap_or_default();
    format!("{}年{}月{}日", next(), next(), next())
}

/// Hour, minute and second in the time of China.
fn clock(at: Timestamp) -> [u8; 3] {
    let text = at.to_string();
    let part = |from: usize| text.get(from..from + 2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    [part(11), part(14), part(17)]
}

/// `2026年9月14日10时30分`.
fn minute(at: Timestamp) -> String {
    let [hour, minute, _] = clock(at);
    format!("{}{hour}时{minute:02}分", day(at.date()))
}

fn moment(at: Timestamp) -> Moment {
    let date = at.date();
    let text = date.to_string();
    let part = |from: usize| text.get(from..from + 2).and_then(|digits| digits.parse().ok()).unwrap_or(1);
    let [hour, minute, second] = clock(at);
    let year = u16::try_from(date.year()).unwrap_or(1);
    Moment { year, month: part(5), day: part(8), hour, minute, second }
}

fn place_name(division: DivisionCode) -> String {
    table().path_name(division).unwrap_or_else(|| division.to_string())
}

/// Whose government reviews: of departments of a county and above the one of the same level, of townships the next above (行政复议法 24).
fn reviewing(division: DivisionCode) -> DivisionCode {
    let mut at = division;
    while let Some(row) = table().find(at)
        && matches!(row.level, Level::Township | Level::Village)
        && let Some(above) = row.superior
    {
        at = above;
    }
    at
}

/// The type of an item in words (GB/T 39046 A.1).
fn matter(item_type: &str) -> &'static str {
    match item_type {
        "01" => "行政许可",
        "05" => "行政给付",
        "07" => "行政确认",
        "08" => "行政奖励",
        "09" => "行政裁决",
        "20" => "公共服务",
        _ => "政务服务事项",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_county_reviews_what_a_township_does_and_each_other_its_own() {
        for (division, body) in [
            ("511602000000", "四川省广安市广安区"),
            ("511603104000", "四川省广安市前锋区"),
            ("511600000000", "四川省广安市"),
            ("510000000000", "四川省"),
        ] {
            assert_eq!(place_name(reviewing(division.parse().unwrap())), body);
        }
    }

    #[test]
    fn days_and_moments_are_written_the_chinese_way() {
        let at: Timestamp = "2026-09-04T08:05:09.000+08:00".parse().unwrap();
        assert_eq!((day(at.date()), minute(at)), ("2026年9月4日".to_owned(), "2026年9月4日8时05分".to_owned()));
        let moment = moment(at);
        assert_eq!((moment.year, moment.month, moment.day), (2026, 9, 4));
        assert_eq!((moment.hour, moment.minute, moment.second), (8, 5, 9));
    }
}
