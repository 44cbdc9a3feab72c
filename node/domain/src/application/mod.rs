//! Applications for a life event (一件事一次办, 并联审批): one application, one form, one deadline, one answer; several items of several authorities.
//!
//! ```text
//!                     shared form, materials                        granted?                      granted?
//!   collect ──▶ Application ──▶ case of a part that waits for nothing ──▶ case of the next ──▶ … ──▶ all parts over ──▶ answer
//!                                └ another of them, at another authority ┘        │
//!                                                                        failed: what waits for it isn't begun; the others go on
//! ```
//!
//! The application is a row of the hall that collected it. Its parts become ordinary cases, here or elsewhere, one after another as what they wait
//! for is granted: in the same change in which this node hears of the grant. How far it is, until when, and what comes next is computed from these
//! cases whenever it is asked, and stored nowhere; the answer alone is kept, for it was said.

mod again;
mod amended;
mod answer;
mod collect;
mod deadline;
mod figure;
mod forget;
mod joint;
mod latest;
mod list;
mod plan;
mod remedy;
mod results;
mod row;
mod standing;
mod telling;
mod untold;
mod withdraw;

use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

pub use again::Tried;
pub use amended::AmendedWord;
pub use answer::{ANSWER_ACT, ANSWER_TYPE, Answer, AnswerLine};
pub use collect::CollectApplication;
pub use figure::{PartFigure, Total};
pub use joint::{Joint, JointWord};
pub use list::{ApplicationState, EntryKind, JointKind, PartState, ToldKind};
pub use plan::{Plan, PlannedPart};
pub use results::ResultsWord;
pub(crate) use row::NUMBERS as APPLICATION_NUMBERS;
pub use row::{Application, Attempt, Bundle, Entry, PARTS_MAX, Part, PartOf, PartWord, Source, form_values};
pub use standing::{ApplicationStanding, NextStep, PartStanding, standing};
pub use untold::{NotTaken, Untold};
pub use withdraw::Dropped;

use crate::actor::Role;
use crate::catalogue::CodeList as _;
use crate::change::{Change, Event, Reply};
use crate::command::Origin;
use crate::work::Door;
use crate::{Actor, Desk, Facts, Rejection, codes};
use latest::Latest;

/// What is asked for about applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationCommand {
    /// Collects one.
    Collect(Box<CollectApplication>),
    /// Begins the parts that could be begun and weren't.
    Advance {
        /// Its number, id or query code.
        application: String,
    },
    /// Gives the one answer.
    Answer {
        /// Its number, id or query code.
        application: String,
        /// Also while it isn't known what came of parts with which a superior goes on (转报).
        forwarded_open: bool,
    },
    /// The applicant withdraws it, or parts of it.
    Withdraw {
        /// Its number, id or query code.
        application: String,
        /// Names of the parts; empty for all that aren't over.
        parts: Vec<String>,
        /// Reason; he owes none.
        reason: Option<String>,
    },
    /// Applies anew for parts that failed or were taken out.
    Again {
        /// Its number, id or query code.
        application: String,
        /// Names of the parts.
        parts: Vec<String>,
    },
    /// Records what several authorities did together.
    Joint {
        /// Number of the application.
        application: String,
        /// The joint step, as the parts name it.
        joint: String,
        /// What was done.
        act: Joint,
    },
    /// The hall that collected the application tells what another authority led.
    TakeJoint {
        /// Who.
        origin: Origin,
        /// Case.
        case: CaseId,
        /// What.
        word: Box<JointWord>,
    },
    /// The hall that collected the application tells what earlier parts came to after a later one had begun.
    TakeResults {
        /// Who.
        origin: Origin,
        /// Case of the later one.
        case: CaseId,
        /// What.
        word: Box<ResultsWord>,
    },
    /// It tells what was put right in another case.
    TakeAmended {
        /// Who.
        origin: Origin,
        /// Case that may say the same.
        case: CaseId,
        /// What.
        word: Box<AmendedWord>,
    },
    /// The owner of a case didn't take what this hall told it of others.
    WordRefused {
        /// Its case.
        case: CaseId,
        /// Number of the act by which it was told here.
        act: u32,
        /// What was told.
        what: ToldKind,
        /// Why: a code and a text.
        refusal: (String, String),
    },
}

impl ApplicationCommand {
    /// Roles of which an operator must hold one; empty for what the node itself does.
    #[must_use]
    pub fn roles(&self) -> &'static [Role] {
        match self {
            Self::Collect(_)
            | Self::Advance { .. }
            | Self::Answer { .. }
            | Self::Withdraw { .. }
            | Self::Again { .. } => &[Role::Window],
            Self::Joint { .. } => &[Role::Reviewer, Role::Decider],
            Self::TakeJoint { .. } | Self::TakeResults { .. } | Self::TakeAmended { .. } | Self::WordRefused { .. } => {
                &[]
            }
        }
    }
}

/// A part as the caller hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartReply {
    /// What the application calls it.
    pub part: String,
    /// The item's name.
    pub item_name: String,
    /// Division of the authority.
    pub division: DivisionCode,
    /// Where it stands.
    pub state: PartState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// Its case, once begun.
    pub case: Option<CaseId>,
    /// 收件编号.
    pub collection_no: Option<String>,
}

/// An application as the caller hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationReply {
    /// Its number.
    pub application: String,
    /// Its id.
    pub id: CaseId,
    /// The applicant's code.
    pub query_code: QueryCode,
    /// What it is for.
    pub event: String,
    /// Where it stands.
    pub state: ApplicationState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// The one deadline.
    pub due: Option<Date>,
    /// The parts.
    pub parts: Vec<PartReply>,
    /// 综合答复, once given: a line for each part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answer: Vec<AnswerLine>,
}

fn reply(latest: &Latest<'_>, application: &Application) -> Reply {
    let standing = standing::of(latest, application);
    let part = |part: PartStanding| PartReply {
        part: part.part,
        item_name: part.item_name,
        division: part.division,
        state: part.state,
        state_zh: part.state_zh,
        case: part.case,
        collection_no: part.collection_no,
    };
    Reply::Application(Box::new(ApplicationReply {
        application: application.number.clone(),
        id: application.id,
        query_code: application.query_code,
        event: application.event.clone(),
        state: standing.state,
        state_zh: standing.state.zh(),
        due: standing.due,
        parts: standing.parts.into_iter().map(part).collect(),
        answer: application.answer.as_ref().map(|answer| answer.lines.clone()).unwrap_or_default(),
    }))
}

/// The application that a text names, when this actor may touch it.
fn named(facts: &dyn Facts, door: &Door, text: &str) -> Result<Application, Rejection> {
    let application = facts.application_named(text).ok_or_else(|| {
        Rejection::new(
            codes::APPLICATION_UNKNOWN,
            "no application of this number was collected here",
            "本节点没有该一件事编号",
        )
        .field("application", text)
        .remedy("list them: tongban application list", "查看：tongban application list")
    })?;
    let cases = application.parts.iter().filter_map(|part| facts.case(&part.case?));
    cases.into_iter().try_for_each(|case| door.touches(&case))?;
    Ok(application)
}

/// Decides a command.
pub(crate) fn decide(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    command: &ApplicationCommand,
    at: Timestamp,
) -> Result<Change, Rejection> {
    match command {
        ApplicationCommand::Collect(request) => collect::collect_application(facts, desk, door, request, at),
        ApplicationCommand::Advance { application } => {
            advance(facts, desk, &door.actor, named(facts, door, application)?, at)
        }
        ApplicationCommand::Answer { application, forwarded_open } => {
            answer::answer(facts, &door.actor, named(facts, door, application)?, *forwarded_open, at)
        }
        ApplicationCommand::Withdraw { application, parts, reason } => {
            let application = named(facts, door, application)?;
            withdraw::withdraw(facts, &door.actor, application, (parts, reason.as_deref()), at)
        }
        ApplicationCommand::Again { application, parts } => {
            again::again(facts, desk, &door.actor, named(facts, door, application)?, parts, at)
        }
        ApplicationCommand::Joint { application, joint: shared, act } => {
            joint::joint(facts, door, application, shared, act, at)
        }
        ApplicationCommand::TakeJoint { origin, case, word } => joint::take(facts, *origin, case, word, at),
        ApplicationCommand::TakeAmended { origin, case, word } => amended::take(facts, desk, *origin, case, word, at),
        ApplicationCommand::TakeResults { origin, case, word } => results::take(facts, *origin, case, word, at),
        ApplicationCommand::WordRefused { case, act, what, refusal } => {
            untold::refused(facts, desk, case, (*what, *act), refusal, at)
        }
    }
}

/// Begins what could be begun; the first refusal is the caller's when nothing was.
fn advance(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    mut application: Application,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut change = Change::of(Vec::new(), Reply::Known {});
    let ready = standing::ready(&Latest { facts, events: &[] }, &application);
    let mut refused = None;
    for place in ready {
        if let Err(rejection) = collect::begin(facts, desk, actor, &mut application, place, at, &mut change) {
            refused.get_or_insert(rejection);
        }
    }
    if change.events.is_empty() {
        return Err(refused.unwrap_or_else(|| {
            Rejection::new(codes::APPLICATION_STATE, "no part of it can be begun now", "目前没有可以启动的事项")
                .field("application", &application.number)
                .remedy(
                    "see what each waits for: tongban application show",
                    "查看各事项等待什么：tongban application show",
                )
        }));
    }
    change.reply = reply(&Latest { facts, events: &change.events }, &application);
    change.events.push(Event::Application(Box::new(application)));
    Ok(change)
}

/// What follows from a change for the applications of this hall: parts whose turn has come are begun, joint acts are passed on, and what is
/// over is forgotten.
///
/// What can't be begun now, since its item is suspended for instance, stays where `advance` finds it.
pub(crate) fn after(facts: &dyn Facts, desk: &mut dyn Desk, change: &mut Change, at: Timestamp) {
    let here = facts.node().node;
    let mut touched: Vec<CaseId> = Vec::new();
    for event in &change.events {
        if let Event::Case(case, _) = event
            && case.collecting.node == here
            && let Some(of) = case.part_of.as_ref().filter(|of| !touched.contains(&of.application))
        {
            touched.push(of.application);
        }
    }
    let answered = change.events.iter().filter_map(|event| match event {
        Event::Application(application) if application.answer.is_some() => Some(application.id),
        _ => None,
    });
    let ended: Vec<CaseId> = answered.chain(touched.iter().copied()).collect();
    begin(facts, desk, change, &touched, at);
    for id in ended {
        forget::forget(facts, desk, &id, change, at);
    }
}

/// Begins the parts whose turn has come, tells those that have begun what is new, and passes joint acts on.
fn begin(facts: &dyn Facts, desk: &mut dyn Desk, change: &mut Change, touched: &[CaseId], at: Timestamp) {
    if touched.is_empty() {
        return;
    }
    // What an application's own command did has begun what it could.
    let own = |event: &Event| matches!(event, Event::Application(_));
    if !change.events.iter().any(own) {
        for id in touched {
            let Some(mut application) = facts.application(id) else { continue };
            let latest = Latest { facts, events: &change.events };
            let mut begun = amended::follow(desk, &mut application, &latest);
            let ready = standing::ready(&latest, &application);
            for place in ready {
                begun |= collect::begin(facts, desk, &Actor::system(), &mut application, place, at, change).is_ok();
            }
            if begun {
                change.events.push(Event::Application(Box::new(application)));
            }
        }
    }
    amended::tell(facts, desk, change, touched, at);
    results::tell(facts, change, touched, at);
    joint::pass_on(facts, change, at);
    joint::catch_up(facts, change, at);
}
