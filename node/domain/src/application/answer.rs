//! 综合答复: the one answer, when nothing more comes of any part. What failed is said plainly, why, what hangs on it, and what can be done.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::latest::Latest;
use super::list::{ApplicationState, PartState};
use super::row::Application;
use super::standing::{self, PartStanding};
use crate::case::Status;
use crate::catalogue::CodeList as _;
use crate::change::{Change, Document, Event, Sealer};
use crate::{Actor, Facts, Rejection, codes};

/// Content type of the sealed answer.
pub const ANSWER_TYPE: &str = "application/tongban-joint-answer+cbor";

/// The number under which the answer is kept beside the application: it has one document.
pub const ANSWER_ACT: u32 = 1;

/// What came of a part.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct AnswerLine {
    /// The part.
    #[n(0)]
    pub part: String,
    /// The item's code.
    #[n(1)]
    pub item: String,
    /// Its name.
    #[n(2)]
    pub item_name: String,
    /// Who decided.
    #[n(3)]
    pub department: String,
    /// Its division.
    #[n(4)]
    pub division: DivisionCode,
    /// Granted, failed or not begun.
    #[n(5)]
    #[serde(rename = "part_result")]
    pub result: PartState,
    /// The case.
    #[n(6)]
    pub case: Option<CaseId>,
    /// Its number.
    #[n(7)]
    pub case_no: Option<String>,
    /// What it came to, in the words of the law.
    #[n(8)]
    pub came_to: Option<String>,
    /// On which day.
    #[n(9)]
    pub on: Option<Date>,
    /// Why it failed.
    #[n(10)]
    pub reason: Option<String>,
    /// The part whose failure kept it from being begun.
    #[n(11)]
    pub because: Option<String>,
    /// What the applicant can do.
    #[n(12)]
    pub remedies: Option<String>,
    /// The licences that came of it.
    #[n(13)]
    pub licences: Vec<String>,
}

/// The one answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Answer {
    /// When it was given.
    #[n(0)]
    pub at: Timestamp,
    /// By whom.
    #[n(1)]
    pub operator: String,
    /// What came of each part.
    #[n(2)]
    pub lines: Vec<AnswerLine>,
    /// The day that was promised for all of it at collecting.
    #[n(3)]
    pub promised: Option<Date>,
    /// Whether the last result came by then.
    #[n(4)]
    pub in_time: Option<bool>,
}

#[derive(Encode)]
#[cbor(map)]
struct Paper<'a> {
    #[n(0)]
    number: &'a str,
    #[n(1)]
    event: &'a str,
    #[n(2)]
    division: DivisionCode,
    #[n(3)]
    collected_at: Timestamp,
    #[n(4)]
    answer: &'a Answer,
    #[n(5)]
    demo: bool,
}

/// What is open to the applicant after a part came to nothing (行政许可法 38, 行政复议法 20, 行政诉讼法 46).
fn remedies(status: Option<Status>, state: PartState, because: Option<&str>) -> Option<String> {
    let again = |what: &str| Some(format!("{what}，可以重新提出申请，已提供的材料无须重复提供"));
    match (state, status) {
        (PartState::Granted, _) => None,
        (PartState::Forwarded, _) => Some("已转报上级机关办理，结果由该机关另行送达，凭本项查询码可查进度".to_owned()),
        (PartState::NotBegun, _) => again(&format!("“{}”获准后", because.unwrap_or_default())),
        (PartState::Dropped, _) | (_, Some(Status::Withdrawn)) => again("撤件后"),
        (_, Some(Status::Returned)) => again("备齐材料后"),
        (_, Some(Status::RefusedNotRequired)) => Some("依法不需要取得行政许可".to_owned()),
        _ => Some(
            "不服本项决定的，可以自知道之日起六十日内申请行政复议，或者自知道之日起六个月内提起行政诉讼".to_owned(),
        ),
    }
}

/// The state in which a case ended, behind which it may have been delivered or closed.
fn came_to(latest: &Latest<'_>, part: &PartStanding) -> Option<Status> {
    let acts = latest.acts(&part.case?);
    acts.iter().rev().map(|act| act.status).find(|status| status.result_code().is_some()).or(part.case_state)
}

/// Gives the answer: all parts are over, and it is given once.
pub(super) fn answer(
    facts: &dyn Facts,
    actor: &Actor,
    mut application: Application,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let latest = Latest { facts, events: &[] };
    let now = standing::of(&latest, &application);
    let refuse = |en: String, zh: String| {
        Err(Rejection::new(codes::APPLICATION_STATE, en, zh)
            .field("application", &application.number)
            .remedy("see it: tongban application show", "查看：tongban application show"))
    };
    match now.state {
        ApplicationState::Finished => {}
        ApplicationState::Answered => {
            return refuse("it was answered before".to_owned(), "已出具综合答复".to_owned());
        }
        ApplicationState::Running => {
            let open = now.parts.iter().filter(|part| !part.state.is_over());
            let open: Vec<&str> = open.map(|part| part.part.as_str()).collect();
            return refuse(
                format!("parts of it are still open: {}", open.join(", ")),
                format!("尚有事项未办结：{}", open.join("、")),
            );
        }
    }
    let mut lines = Vec::new();
    for part in &now.parts {
        let status = came_to(&latest, part);
        lines.push(AnswerLine {
            part: part.part.clone(),
            item: part.item.clone(),
            item_name: part.item_name.clone(),
            department: part.department.clone(),
            division: part.division,
            result: part.state,
            case: part.case,
            case_no: part.case_no.clone().or_else(|| part.collection_no.clone()),
            came_to: status.map(|status| status.zh().to_owned()),
            on: part.decided_on,
            reason: part.reason.clone(),
            because: part.because.clone(),
            remedies: remedies(status, part.state, part.because.as_deref()),
            licences: part.licences.clone(),
        });
    }
    let last = lines.iter().filter_map(|line| line.on).max();
    let in_time = now.promised.zip(last).map(|(promised, last)| last <= promised);
    let answer = Answer { at, operator: actor.operator.clone(), lines, promised: now.promised, in_time };
    let paper = Paper {
        number: &application.number,
        event: &application.event,
        division: application.collecting.division,
        collected_at: application.collected_at,
        answer: &answer,
        demo: facts.node().demo,
    };
    let document = Document {
        case: application.id,
        act: ANSWER_ACT,
        sealer: Sealer::Node,
        content_type: ANSWER_TYPE,
        payload: tongban_codes::cbor::to_vec(&paper),
    };
    application.answer = Some(answer);
    let reply = super::reply(&latest, &application);
    let mut change = Change::of(vec![Event::Application(Box::new(application))], reply);
    change.documents.push(document);
    Ok(change)
}

impl AnswerLine {
    /// The line in Chinese, as the answer says it.
    #[must_use]
    pub fn zh(&self) -> String {
        let mut text = format!("{}（{}）：{}", self.item_name, self.department, self.result.zh());
        let mut add = |what: &str, value: Option<&String>| {
            if let Some(value) = value {
                text.push_str(&format!("；{what}{value}"));
            }
        };
        add("", self.came_to.as_ref().filter(|_| self.result == PartState::Failed));
        add("编号 ", self.case_no.as_ref());
        add("理由：", self.reason.as_ref());
        add("因前序事项未获准：", self.because.as_ref());
        let licences = (!self.licences.is_empty()).then(|| self.licences.join("、"));
        add("证照 ", licences.as_ref());
        add("", self.remedies.as_ref());
        text
    }
}
