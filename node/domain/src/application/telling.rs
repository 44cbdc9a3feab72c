//! What the hall that collected an application tells the owners of its cases: sent by an act of its own leg, believed of that hall alone.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::row::invalid;
use crate::case::{Act, ActKind, Case, here};
use crate::change::{Change, Event, Notice, NoticeBody};
use crate::command::Origin;
use crate::{Actor, Facts, Place, Rejection, codes};

/// How often a case takes what another hall tells it of other cases of its application, of whatever kind; each stays in its history and in the journal.
pub(super) const TOLD_MAX: usize = 200;

/// What the note of an act begins with by which a collecting hall has told another owner.
pub(super) const PASSED_ON: &str = "转告：";

/// Whether an act tells an owner elsewhere, rather than being what is told.
pub(super) fn is_passed_on(act: &Act) -> bool {
    let noted = act.note.as_ref().is_some_and(|note| note.starts_with(PASSED_ON));
    noted && act.operator == Actor::system().operator
}

/// Tells the owner of a case, which isn't this node; the word is made with the number of the act by which it is told.
pub(super) fn tell(
    change: &mut Change,
    mut case: Case,
    (kind, note): (ActKind, &str),
    (here, at): (Place, Timestamp),
    word: impl FnOnce(u32) -> NoticeBody,
) {
    let to = case.owner(here).node;
    let act = case.act(kind, &Actor::system(), here, at, Some(format!("{PASSED_ON}{note}")));
    change.notices.push(Notice { to, case: case.id, act: act.number, body: word(act.number) });
    change.events.push(Event::Case(Box::new(case), act));
}

/// The case that a word is about; refused unless the hall that collected it says it, which isn't this node.
pub(super) fn heard(facts: &dyn Facts, origin: Origin, id: &CaseId) -> Result<Case, Rejection> {
    let refuse = |code, en: &str, zh: &str| Err(Rejection::new(code, en, zh).field("case", id));
    let Some(case) = facts.case(id) else {
        return refuse(codes::CASE_UNKNOWN, "the word is about a case that is not known here", "所指办件不存在");
    };
    let is_here = origin.place.node == here(facts).node;
    if case.part_of.is_none() || case.collecting.node != origin.place.node || is_here {
        return refuse(codes::NOT_OWNER, "the word is not of the hall that collected the case", "并非来自收件大厅");
    }
    Ok(case)
}

/// Refuses to be told more where a case was told so much. What it has already is a repeat and needs no room.
pub(super) fn room(facts: &dyn Facts, id: &CaseId) -> Result<(), Rejection> {
    let (node, system) = (here(facts).node, Actor::system().operator);
    let told = |act: &Act| {
        let kinds = [ActKind::TellPart, ActKind::Amend, ActKind::JointCheck, ActKind::JointPublicity];
        act.place.node == node && act.operator == system && kinds.contains(&act.kind)
    };
    if facts.acts(id).into_iter().filter(told).count() < TOLD_MAX {
        return Ok(());
    }
    let (en, zh) = ("a case is told so much of the others and no more", "该办件已被转告的其他办件情况过多");
    Err(invalid("case", &id.to_string(), en, zh))
}
