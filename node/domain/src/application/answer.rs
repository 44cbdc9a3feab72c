//! 综合答复: the one answer, when nothing more comes of any part. What failed is said plainly, why, what hangs on it, and what can be done.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::again::Tried;
use super::latest::Latest;
use super::list::{ApplicationState, PartState};
use super::remedy::remedies;
use super::row::Application;
use super::standing::{self, PartStanding};
use crate::case::Status;
use crate::catalogue::CodeList as _;
use crate::change::{Change, Document, Event, Sealer};
use crate::{Actor, Facts, Rejection, codes};

/// Content type of the sealed answer.
pub const ANSWER_TYPE: &str = "application/tongban-joint-answer+cbor";

/// The number under which the first answer is kept beside the application; those that are given anew follow.
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
    #[serde(rename = "came_to_zh")]
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
    #[serde(rename = "remedies_zh")]
    pub remedies: Option<String>,
    /// The licences that came of it.
    #[n(13)]
    pub licences: Vec<String>,
    /// What it came to, in English; none in an answer of an earlier release that wasn't [translated](Answer::translated).
    #[n(17)]
    #[serde(rename = "came_to")]
    pub came_to_en: Option<String>,
    /// What the applicant can do, in English; none as above.
    #[n(18)]
    #[serde(rename = "remedies")]
    pub remedies_en: Option<String>,
    /// The superior's division, where one went on with it (转报).
    #[n(19)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_to: Option<DivisionCode>,
    /// What came of it before it was applied for anew.
    #[n(20)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Tried>,
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

/// Gives the answer: all parts are over, and it is given once.
pub(super) fn answer(
    facts: &dyn Facts,
    actor: &Actor,
    mut application: Application,
    forwarded_open: bool,
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
        ApplicationState::Running if forwarded_open && waits_for_superiors(&now.parts) => {}
        ApplicationState::Running => {
            let open = now.parts.iter().filter(|part| !part.state.is_over());
            let open: Vec<&str> = open.map(|part| part.part.as_str()).collect();
            return refuse(
                format!("parts of it are still open: {}", open.join(", ")),
                format!("尚有事项未办结：{}", open.join("、")),
            );
        }
    }
    // As it stands once it is answered: what waits for a superior's word isn't begun then.
    let said =
        Answer { at, operator: actor.operator.clone(), lines: Vec::new(), promised: now.promised, in_time: None };
    application.answer = Some(said.clone());
    let mut lines = Vec::new();
    for (part, known) in standing::of(&latest, &application).parts.iter().zip(standing::known(&latest, &application)) {
        let status = known.came_to.as_ref().map(|came_to| came_to.status);
        let remedies = remedies(status, part.state, part.because.as_deref());
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
            remedies: remedies.as_ref().map(|text| text.zh.clone()),
            licences: part.licences.clone(),
            came_to_en: status.map(|status| status.name().to_owned()),
            remedies_en: remedies.map(|text| text.en),
            forwarded_to: part.forwarded_to,
            earlier: part.earlier.clone(),
        });
    }
    let last = lines.iter().filter_map(|line| line.on).max();
    let in_time = now.promised.zip(last).map(|(promised, last)| last <= promised);
    let answer = Answer { lines, in_time, ..said };
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
        act: application.answer_act(),
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

/// Whether nothing is open but what superiors go on with, and what waits for it.
fn waits_for_superiors(parts: &[PartStanding]) -> bool {
    let mut open = parts.iter().filter(|part| !part.state.is_over());
    open.all(|part| matches!(part.state, PartState::Forwarded | PartState::Waiting))
}

impl Answer {
    /// The answer with its English, which one of an earlier release was given without.
    #[must_use]
    pub fn translated(mut self) -> Self {
        for line in self.lines.iter_mut().filter(|line| line.remedies_en.is_none() && line.came_to_en.is_none()) {
            let came_to = line.came_to.as_deref();
            let status = Status::ALL.into_iter().find(|status| Some(status.zh()) == came_to);
            line.came_to_en = status.map(|status| status.name().to_owned());
            line.remedies_en = remedies(status, line.result, line.because.as_deref()).map(|text| text.en);
        }
        self
    }
}

/// A stable name as words.
pub(super) fn words(name: &str) -> String {
    name.replace('-', " ")
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
        add("", self.came_to.as_ref().filter(|_| self.says_what_it_came_to()));
        add("转报上级办理：", self.forwarded_to.map(|division| division.to_string()).as_ref());
        add("编号 ", self.case_no.as_ref());
        add("理由：", self.reason.as_ref());
        add("此前：", self.tried(Tried::zh, "、").as_ref());
        add("因前序事项未获准：", self.because.as_ref());
        let licences = (!self.licences.is_empty()).then(|| self.licences.join("、"));
        add("证照 ", licences.as_ref());
        add("", self.remedies.as_ref());
        text
    }

    /// The line in English. Names and reasons stand as they are.
    #[must_use]
    pub fn en(&self) -> String {
        let mut text = format!("{} ({}): {}", self.item_name, self.department, words(self.result.name()));
        let mut add = |what: &str, value: Option<&String>| {
            if let Some(value) = value {
                text.push_str(&format!("; {what}{value}"));
            }
        };
        let came_to = self.came_to_en.as_ref().filter(|_| self.says_what_it_came_to());
        add("", came_to.map(|name| words(name)).as_ref());
        add("forwarded to the superior of ", self.forwarded_to.map(|division| division.to_string()).as_ref());
        add("no. ", self.case_no.as_ref());
        add("reason: ", self.reason.as_ref());
        add("before that: ", self.tried(Tried::en, ", ").as_ref());
        add("since this wasn't granted: ", self.because.as_ref());
        let licences = (!self.licences.is_empty()).then(|| self.licences.join(", "));
        add("licences ", licences.as_ref());
        add("", self.remedies_en.as_ref());
        text
    }

    fn tried(&self, said: impl Fn(&Tried) -> String, between: &str) -> Option<String> {
        let all: Vec<String> = self.earlier.iter().map(said).collect();
        (!all.is_empty()).then(|| all.join(between))
    }

    /// Whether the result alone says less than the law does.
    fn says_what_it_came_to(&self) -> bool {
        matches!(self.result, PartState::Failed | PartState::NotRequired)
    }
}
