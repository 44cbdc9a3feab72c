//! Where an application stands: computed from the cases of its parts, whenever somebody asks.

use std::collections::BTreeMap;

use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::Date;

use super::again::{Tried, tried};
use super::deadline::{self, Times};
use super::figure::{PartFigure, Total, figures};
use super::latest::Latest;
use super::list::{ApplicationState, PartState};
use super::row::{Application, Entry, Part};
use super::telling::is_passed_on;
use super::untold::{NotTaken, Untold};
use crate::Facts;
use crate::case::{Act, ActKind, CameTo, Case, Custody, Deadline, Status};
use crate::catalogue::CodeList as _;

/// Where a part stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartStanding {
    /// What the application calls it.
    pub part: String,
    /// The item's code.
    pub item: String,
    /// Its name.
    pub item_name: String,
    /// The department that decides.
    pub department: String,
    /// Its division.
    pub division: DivisionCode,
    /// The parts that it waits for.
    pub after: Vec<String>,
    /// Where it stands.
    pub state: PartState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// Its case.
    pub case: Option<CaseId>,
    /// 收件编号.
    pub collection_no: Option<String>,
    /// 办件编号, once drawn.
    pub case_no: Option<String>,
    /// The code of the case.
    pub query_code: Option<QueryCode>,
    /// State of the case in law.
    pub case_state: Option<Status>,
    /// In Chinese.
    pub case_state_zh: Option<&'static str>,
    /// The last day that is promised, or expected of what isn't begun.
    pub due: Option<Date>,
    /// The day on which it was decided, refused, returned or withdrawn.
    pub decided_on: Option<Date>,
    /// Why it failed.
    pub reason: Option<String>,
    /// The part whose failure keeps it from being begun.
    pub because: Option<String>,
    /// The superior's division, where one went on with it (转报).
    pub forwarded_to: Option<DivisionCode>,
    /// Licences that came of it.
    pub licences: Vec<String>,
    /// The on-site check or publicity that it shares.
    pub joint: Option<String>,
    /// How often that was recorded.
    pub joint_acts: usize,
    /// What was asked and given.
    pub figure: PartFigure,
    /// What came of it before it was applied for anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Tried>,
    /// What its authority didn't take of what this hall told it of other parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_taken: Vec<NotTaken>,
    /// What it asks for, and where each came from, as far as that is known.
    pub entries: Vec<Entry>,
}

/// Who is to do what next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextStep {
    /// About which part; none about the whole.
    pub part: Option<String>,
    /// `applicant` or `window`.
    pub who: &'static str,
    /// In Chinese.
    pub who_zh: &'static str,
    /// What, in English.
    pub what: String,
    /// In Chinese.
    pub what_zh: String,
    /// Until when.
    pub until: Option<Date>,
}

/// Where an application stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationStanding {
    /// Where it stands.
    pub state: ApplicationState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// The one deadline: the last day of the critical path; none where an open part has no time at all.
    pub due: Option<Date>,
    /// Whether a calendar isn't published yet on which it rests.
    pub provisional: bool,
    /// What was promised with the times of the items alone when it was collected.
    pub promised: Option<Date>,
    /// The parts of the critical path, in order.
    pub path: Vec<String>,
    /// The parts.
    pub parts: Vec<PartStanding>,
    /// What is to be done next.
    pub next: Vec<NextStep>,
    /// What was asked and given, in sum.
    pub total: Total,
}

/// A part with its case and where it stands.
pub(super) struct Known {
    pub(super) case: Option<Case>,
    pub(super) came_to: Option<CameTo>,
    pub(super) state: PartState,
    pub(super) because: Option<String>,
}

/// How the parts stand, in their order.
pub(super) fn known(latest: &Latest<'_>, application: &Application) -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, part) in application.parts.iter().enumerate() {
        places.insert(&part.part, place);
        let case = part.case.and_then(|id| latest.case(&id));
        let earlier = part.after.iter().filter_map(|name| Some((name, &all[*places.get(name.as_str())?])));
        let (mut because, mut open) = (None, None);
        for (name, one) in earlier {
            match one.state {
                PartState::Failed | PartState::Dropped => because = because.or(Some(name.clone())),
                // The first cause is named, not the one between.
                PartState::NotBegun => because = because.or_else(|| one.because.clone()),
                state if state.opens_the_way() => {}
                _ => open = open.or(Some(name.clone())),
            }
        }
        // What an answer calls not begun isn't begun behind it, whatever a superior's word then brings.
        let said = application.answer.as_ref();
        let line = said.and_then(|answer| answer.lines.iter().find(|line| line.part == part.part));
        let because = match said {
            Some(_) => because.or(open.clone()).or_else(|| line.and_then(|line| line.because.clone())),
            None => because,
        };
        let came_to = case.as_ref().and_then(|case| latest.came_to(case));
        let state = match (&case, came_to.as_ref().map(|came_to| came_to.status)) {
            (Some(_), Some(Status::Granted)) => PartState::Granted,
            (Some(_), Some(Status::RefusedNotRequired)) => PartState::NotRequired,
            (Some(_), Some(Status::Forwarded)) => PartState::Forwarded,
            (Some(_), Some(_)) => PartState::Failed,
            (Some(case), None) if case.status == Status::Notified => PartState::AtApplicant,
            (Some(_), None) => PartState::Running,
            (None, _) if part.dropped.is_some() => PartState::Dropped,
            (None, _) if because.is_some() || said.is_some() => PartState::NotBegun,
            (None, _) if open.is_some() => PartState::Waiting,
            (None, _) => PartState::Ready,
        };
        let because = because.filter(|_| state == PartState::NotBegun);
        all.push(Known { case, came_to, state, because });
    }
    all
}

/// The places of the parts that can be begun.
pub(super) fn ready(latest: &Latest<'_>, application: &Application) -> Vec<usize> {
    let known = known(latest, application);
    let ready = known.iter().enumerate().filter(|(_, known)| known.state == PartState::Ready);
    ready.map(|(place, _)| place).collect()
}

fn state(application: &Application, known: &[Known]) -> ApplicationState {
    if application.answer.is_some() {
        return ApplicationState::Answered;
    }
    let is_over = known.iter().all(|part| part.state.is_over());
    if is_over { ApplicationState::Finished } else { ApplicationState::Running }
}

/// Where an application stands, as this node knows the cases of its parts.
#[must_use]
pub fn standing(facts: &dyn Facts, application: &Application) -> ApplicationStanding {
    of(&Latest { facts, events: &[] }, application)
}

pub(super) fn of(latest: &Latest<'_>, application: &Application) -> ApplicationStanding {
    let known = known(latest, application);
    let calendar = latest.facts.calendar();
    let Times { due, path, each } = deadline::times(calendar, application, &known);
    let promised = deadline::promised(calendar, application).map(|due| due.date);
    let (figures, total) = figures(latest, application, &known);
    let state = state(application, &known);
    let next = next_steps(application, &known, state);
    let mut parts = Vec::new();
    for (((part, known), ends), figure) in application.parts.iter().zip(&known).zip(each).zip(figures) {
        let acts = part.case.map(|id| latest.acts(&id)).unwrap_or_default();
        parts.push(part_standing(latest, part, known, (&acts, ends, figure)));
    }
    ApplicationStanding {
        state,
        state_zh: state.zh(),
        due: due.map(|due| due.date),
        provisional: due.is_some_and(|due| due.provisional),
        promised,
        path,
        parts,
        next,
        total,
    }
}

fn part_standing(
    latest: &Latest<'_>,
    part: &Part,
    known: &Known,
    (acts, ends, figure): (&[Act], Option<Deadline>, PartFigure),
) -> PartStanding {
    let case = known.case.as_ref();
    let entries = case.and_then(|case| case.part_of.as_ref()).map(|of| of.entries.clone()).unwrap_or_default();
    let joint = |act: &&Act| matches!(act.kind, ActKind::JointCheck | ActKind::JointPublicity) && !is_passed_on(act);
    PartStanding {
        part: part.part.clone(),
        item: part.item.code.clone(),
        item_name: part.item.core.name.clone(),
        department: part.item.department.clone(),
        division: part.deciding.division,
        after: part.after.clone(),
        state: known.state,
        state_zh: known.state.zh(),
        case: part.case,
        collection_no: case.map(|case| case.collection_no.clone()),
        case_no: case.and_then(|case| case.case_no.clone()),
        query_code: case.map(|case| case.query_code),
        case_state: case.map(|case| case.status),
        case_state_zh: case.map(|case| case.status.zh()),
        due: ends.map(|due| due.date).filter(|_| !known.state.is_over()),
        decided_on: known.came_to.as_ref().and_then(|came_to| came_to.on),
        reason: match (&part.dropped, known.state) {
            (Some(dropped), _) => dropped.reason.clone(),
            (None, PartState::Failed | PartState::NotRequired) => {
                known.came_to.as_ref().and_then(|came_to| came_to.reason.clone())
            }
            _ => None,
        },
        because: known.because.clone(),
        forwarded_to: case.and_then(|case| case.forwarded_to.as_ref()).map(|to| to.division),
        licences: case.map(|case| latest.licences(case)).unwrap_or_default(),
        earlier: tried(latest, part),
        not_taken: part.untold.iter().map(Untold::shown).collect(),
        joint: part.joint.clone(),
        joint_acts: acts.iter().filter(joint).count(),
        figure,
        entries,
    }
}

fn who_zh(who: &str) -> &'static str {
    if who == "applicant" { "申请人" } else { "窗口" }
}

fn next_steps(application: &Application, known: &[Known], state: ApplicationState) -> Vec<NextStep> {
    let mut next = Vec::new();
    for (part, known) in application.parts.iter().zip(known) {
        let mut step = |who, what: String, what_zh: String, until| {
            next.push(NextStep { part: Some(part.part.clone()), who, who_zh: who_zh(who), what, what_zh, until });
        };
        if known.state == PartState::Ready {
            let number = &application.number;
            step(
                "window",
                format!("begin it: tongban application advance {number}"),
                format!("启动：tongban application advance {number}"),
                None,
            );
        }
        let Some(case) = known.case.as_ref().filter(|_| !known.state.is_over()) else { continue };
        if known.state == PartState::Forwarded && application.answer.is_some() {
            continue;
        }
        if let Some(to) = case.forwarded_to.as_ref().filter(|_| known.state == PartState::Forwarded) {
            let (number, code) = (&application.number, to.query_code);
            step(
                "window",
                format!(
                    "wait for the authority of {}, which goes on with it (query code {code}); or answer without it: tongban \
                     application answer {number} --forwarded-open",
                    to.division
                ),
                format!(
                    "等待上级（{}）办理结果，查询码 {code}；或不待其结果先行答复：tongban application answer {number} \
                     --forwarded-open",
                    to.division
                ),
                None,
            );
            continue;
        }
        if let Some(correction) = case.correction.as_ref().filter(|_| known.state == PartState::AtApplicant) {
            let open = correction.asked.iter().filter(|asked| asked.brought.is_none());
            let open: Vec<&str> = open.map(|asked| asked.text.as_str()).collect();
            step(
                "applicant",
                format!("bring what the notice asks for: {}", open.join("; ")),
                format!("补正：{}", open.join("；")),
                Some(correction.until),
            );
        }
        for lacking in &case.lacking {
            step(
                "applicant",
                format!("bring what is to follow: {}", lacking.name),
                format!("补交容缺材料：{}", lacking.name),
                Some(lacking.until),
            );
        }
        let came_back = case.custody == Custody::Owner && case.back_since.is_some();
        if came_back && case.deciding.node != application.collecting.node {
            step(
                "window",
                format!("the authority didn't take it; offer it again, or withdraw it: tongban case show {}", case.id),
                format!("经办机关未接收，重新移交或撤件：tongban case show {}", case.id),
                None,
            );
        }
    }
    if state == ApplicationState::Finished {
        let number = &application.number;
        next.push(NextStep {
            part: None,
            who: "window",
            who_zh: who_zh("window"),
            what: format!("give the one answer: tongban application answer {number}"),
            what_zh: format!("出具综合答复：tongban application answer {number}"),
            until: None,
        });
    }
    next
}
