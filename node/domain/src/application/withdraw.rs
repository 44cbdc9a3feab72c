//! Withdrawing an application, or parts of it: what isn't begun is dropped, what is begun is withdrawn case by case, here or by its owner.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::Timestamp;

use super::latest::Latest;
use super::list::PartState;
use super::row::{Application, invalid};
use super::standing;
use crate::case::{Custody, reason, withdraw as withdraw_case};
use crate::catalogue::CodeList as _;
use crate::change::{Change, Event, Reply};
use crate::{Actor, Facts, Rejection, codes};

/// The applicant doesn't want a part any more that wasn't begun.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Dropped {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// Who took it.
    #[n(1)]
    pub operator: String,
    /// The applicant's reason; none where he gave none.
    #[n(2)]
    pub reason: Option<String>,
}

/// Takes the parts out that are named, or all that aren't over; all of it or nothing.
pub(super) fn withdraw(
    facts: &dyn Facts,
    actor: &Actor,
    mut application: Application,
    (parts, text): (&[String], Option<&str>),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let text = text.map(reason).transpose()?;
    let known = standing::known(&Latest { facts, events: &[] }, &application);
    if application.answer.is_some() {
        return Err(Rejection::new(codes::APPLICATION_STATE, "it was answered before", "已出具综合答复")
            .field("application", &application.number)
            .remedy("see it: tongban application show", "查看：tongban application show"));
    }
    let mut places = Vec::new();
    for name in parts {
        let Some(place) = application.parts.iter().position(|part| part.part == name.trim()) else {
            return Err(invalid("parts", name, "the application has no such part", "该一件事没有此事项")
                .remedy("see its parts: tongban application show", "查看：tongban application show"));
        };
        if known[place].state.is_over() {
            let zh = format!("该事项已{}", known[place].state.zh());
            return Err(Rejection::new(
                codes::APPLICATION_STATE,
                format!("the part is over: {}", known[place].state.name()),
                zh,
            )
            .field("parts", name)
            .remedy("name parts that are open", "填写尚未办结的事项"));
        }
        if known[place].state == PartState::Forwarded {
            return Err(Rejection::new(
                codes::APPLICATION_STATE,
                "a superior authority goes on with it; it is withdrawn there",
                "该事项已转报上级办理，请向上级机关撤件",
            )
            .field("parts", name)
            .remedy("see where it is: tongban case show", "查看去向：tongban case show"));
        }
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if parts.is_empty() {
        // What a superior goes on with is another's case, which the applicant withdraws there.
        let is_open = |state: PartState| !state.is_over() && state != PartState::Forwarded;
        places = (0..known.len()).filter(|place| is_open(known[*place].state)).collect();
        if places.is_empty() {
            return Err(Rejection::new(codes::APPLICATION_STATE, "every part of it is over", "各事项均已办结")
                .field("application", &application.number)
                .remedy(
                    "give the one answer: tongban application answer",
                    "出具综合答复：tongban application answer",
                ));
        }
    }
    let mut change = Change::of(Vec::new(), Reply::Known {});
    for place in places {
        let part = application.parts[place].part.clone();
        match &known[place].case {
            None => {
                let (operator, reason) = (actor.operator.clone(), text.clone());
                application.parts[place].dropped = Some(Dropped { at, operator, reason });
            }
            Some(case) if matches!(case.custody, Custody::Offered { .. }) => {
                return Err(Rejection::new(
                    codes::CASE_OFFERED,
                    format!(
                        "the case of “{part}” is on its way to its authority; nothing may be done until that answers"
                    ),
                    format!("“{part}”的办件正在移交，对方答复前不得办理"),
                )
                .field("parts", part)
                .remedy("say it again when it has arrived: tongban sync why", "到达后再撤：tongban sync why"));
            }
            Some(case) => {
                let done = withdraw_case(facts, actor, case.clone(), text.as_deref(), at)?;
                change.events.extend(done.events);
                change.notices.extend(done.notices);
                change.documents.extend(done.documents);
            }
        }
    }
    change.reply = super::reply(&Latest { facts, events: &change.events }, &application);
    change.events.push(Event::Application(Box::new(application)));
    Ok(change)
}
