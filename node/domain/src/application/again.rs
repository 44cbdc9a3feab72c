//! Applying anew within an application for what failed or was taken out: form and materials are those that were given, and what failed stays
//! visible.
//!
//! ```text
//!   part failed, dropped ──▶ attempt kept ──▶ a case of its own, or waits for what it waits for
//!   answered             ──▶ the answer is a former one; another is given when all parts are over again
//! ```

use minicbor::{Decode, Encode};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::answer::words;
use super::collect;
use super::latest::Latest;
use super::list::PartState;
use super::row::{ATTEMPTS_MAX, Application, Attempt, Part, invalid};
use super::standing;
use crate::case::{ItemPin, Status, offered_item};
use crate::catalogue::CodeList as _;
use crate::change::{Change, Event, Reply};
use crate::facts::Place;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// What came of an earlier attempt, as the standing shows it and the answer says it.
///
/// As JSON it has `status` (`dropped` where it was taken out) and `status_zh` beside its fields.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tried {
    /// Its case; none where it was taken out before it was begun.
    #[n(0)]
    pub case: Option<CaseId>,
    /// 办件编号, or 收件编号 where none was drawn.
    #[n(1)]
    pub case_no: Option<String>,
    /// What it came to; none where it was taken out.
    #[n(2)]
    pub status: Option<Status>,
    /// On which day.
    #[n(3)]
    pub on: Option<Date>,
    /// Why.
    #[n(4)]
    pub reason: Option<String>,
}

impl Serialize for Tried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shown = serializer.serialize_struct("Tried", 6)?;
        shown.serialize_field("case", &self.case)?;
        shown.serialize_field("case_no", &self.case_no)?;
        shown.serialize_field("status", self.status_name())?;
        shown.serialize_field("status_zh", self.status_zh())?;
        shown.serialize_field("on", &self.on)?;
        shown.serialize_field("reason", &self.reason)?;
        shown.end()
    }
}

impl Tried {
    fn status_name(&self) -> &'static str {
        self.status.map_or(PartState::Dropped.name(), Status::name)
    }

    fn status_zh(&self) -> &'static str {
        self.status.map_or(PartState::Dropped.zh(), Status::zh)
    }

    /// What came of it, in Chinese.
    pub(super) fn zh(&self) -> String {
        let day = self.on.map(|day| format!("{day} ")).unwrap_or_default();
        let status = self.status_zh();
        let reason = self.reason.as_ref().map(|reason| format!("（{reason}）")).unwrap_or_default();
        format!("{day}{status}{reason}")
    }

    /// What came of it, in English.
    pub(super) fn en(&self) -> String {
        let day = self.on.map(|day| format!(" on {day}")).unwrap_or_default();
        let status = words(self.status_name());
        let reason = self.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{status}{day}{reason}")
    }
}

/// What came of the earlier attempts of a part.
pub(super) fn tried(latest: &Latest<'_>, part: &Part) -> Vec<Tried> {
    let one = |attempt: &Attempt| {
        let case = attempt.case.and_then(|id| latest.case(&id));
        let came_to = case.as_ref().and_then(|case| latest.came_to(case));
        let dropped = attempt.dropped.as_ref();
        Tried {
            case: attempt.case,
            case_no: case.map(|case| case.case_no.unwrap_or(case.collection_no)),
            status: came_to.as_ref().map(|came_to| came_to.status),
            on: came_to.as_ref().and_then(|came_to| came_to.on).or(dropped.map(|dropped| dropped.at.date())),
            reason: came_to.and_then(|came_to| came_to.reason).or(dropped.and_then(|dropped| dropped.reason.clone())),
        }
    };
    part.earlier.iter().map(one).collect()
}

/// The place of a part that may be applied for anew.
fn place(application: &Application, known: &[standing::Known], name: &str) -> Result<usize, Rejection> {
    let Some(place) = application.parts.iter().position(|part| part.part == name.trim()) else {
        return Err(invalid("parts", name, "the application has no such part", "该一件事没有此事项")
            .remedy("see its parts: tongban application show", "查看：tongban application show"));
    };
    let state = known[place].state;
    let answered = application.answer.is_some();
    let may = matches!(state, PartState::Failed | PartState::Dropped) || (answered && state == PartState::NotBegun);
    let refuse = |en: String, zh: String| {
        Err(Rejection::new(codes::APPLICATION_STATE, en, zh)
            .field("parts", name)
            .remedy("see it: tongban application show", "查看：tongban application show"))
    };
    if !may {
        return refuse(
            format!("only what failed or was taken out is applied for anew; this part is {}", state.name()),
            format!("只有未通过或已撤回的事项可以重新申请；该事项为“{}”", state.zh()),
        );
    }
    if application.parts[place].earlier.len() + 1 >= ATTEMPTS_MAX {
        return refuse(
            format!("a part is applied for {ATTEMPTS_MAX} times at most within one application"),
            format!("同一事项在一件事中至多申请 {ATTEMPTS_MAX} 次"),
        );
    }
    Ok(place)
}

/// Applies anew for parts, all of them or none; what waits for them begins with their grant, as at first.
pub(super) fn again(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    mut application: Application,
    parts: &[String],
    at: Timestamp,
) -> Result<Change, Rejection> {
    if parts.is_empty() {
        return Err(invalid("parts", "", "name the parts that are applied for anew", "请填写重新申请的事项")
            .remedy("give --part", "填写 --part"));
    }
    let known = standing::known(&Latest { facts, events: &[] }, &application);
    let mut places = Vec::new();
    for name in parts {
        let place = place(&application, &known, name)?;
        if !places.contains(&place) {
            places.push(place);
        }
    }
    application.former.extend(application.answer.take());
    for place in &places {
        let part = &mut application.parts[*place];
        if known[*place].state != PartState::NotBegun {
            let (case, dropped) = (part.case.take(), part.dropped.take());
            part.earlier.push(Attempt { case, dropped, at, operator: actor.operator.clone() });
        }
        // As its authority publishes it by now.
        let (item, node) = offered_item(facts, part.deciding.division, &part.item.code, at)?;
        part.item = ItemPin::of(&item);
        part.deciding = Place { node, division: part.deciding.division };
    }
    let now = standing::known(&Latest { facts, events: &[] }, &application);
    for place in &places {
        if let Some(because) = now[*place].because.as_ref().filter(|_| now[*place].state == PartState::NotBegun) {
            let name = &application.parts[*place].part;
            return Err(Rejection::new(
                codes::APPLICATION_STATE,
                format!("“{name}” waits for “{because}”, which wasn't granted: apply for that anew, too"),
                format!("“{name}”须待“{because}”获准；请一并重新申请该事项"),
            )
            .field("parts", name)
            .remedy("name both: --part, twice", "一并填写：重复 --part"));
        }
    }
    let ready = standing::ready(&Latest { facts, events: &[] }, &application);
    // What was never begun, and can't begin, is no further attempt: nothing would come of it but that the answer is taken back.
    if places.iter().all(|place| known[*place].state == PartState::NotBegun && !ready.contains(place)) {
        let (en, zh) = ("none of these parts can begin: each waits for another", "所列事项均须等待其他事项，不能启动");
        return Err(Rejection::new(codes::APPLICATION_STATE, en, zh).field("parts", parts.join("、")).remedy(
            "wait for what they wait for: tongban application show",
            "待其等待的事项有结果：tongban application show",
        ));
    }
    let mut change = Change::of(Vec::new(), Reply::Known {});
    for place in ready {
        let begun = collect::begin(facts, desk, actor, &mut application, place, at, &mut change);
        // What else can begin by now and can't be collected stays where `advance` finds it.
        if places.contains(&place) {
            begun?;
        }
    }
    change.reply = super::reply(&Latest { facts, events: &change.events }, &application);
    change.events.push(Event::Application(Box::new(application)));
    Ok(change)
}
