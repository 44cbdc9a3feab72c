//! 撤件: the applicant withdraws before the decision, at the deciding window, or at the hall that collected, from where it travels to the owner.

use minicbor::{Decode, Encode};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::custody::here;
use super::paper::reason;
use super::progress::{done, not_taken, told_act};
use super::{Act, ActKind, Case, Custody, Status, renewal};
use crate::change::{Change, Event, Notice, NoticeBody};
use crate::command::Origin;
use crate::facts::Place;
use crate::{Actor, Facts, Rejection, codes};

/// A withdrawal that the collecting hall took for the owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Withdrawal {
    /// The act by which it did.
    #[n(0)]
    pub act: Act,
    /// The applicant's reason; none where he gave none, for he owes none.
    #[n(1)]
    pub reason: Option<String>,
}

/// The applicant withdraws before the decision: here when this node owns the case, else the owner hears of it.
pub(crate) fn withdraw(
    facts: &dyn Facts,
    actor: &Actor,
    case: Case,
    text: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    if let Custody::Elsewhere { owner, .. } = case.custody
        && case.collecting.node == here(facts).node
    {
        return ask(facts, actor, case, owner, text, at);
    }
    end(facts, actor, case, text.map(reason).transpose()?, at)
}

/// Ends a case that this node owns.
fn end(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    reason: Option<String>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    #[cfg(feature = "deliberate-bugs")]
    if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::OfferWithdrawn)
        && matches!(case.custody, Custody::Offered { .. })
    {
        case.custody = Custody::Owner;
    }
    case.may(facts, ActKind::Withdraw)?;
    renewal::in_time(&case, ActKind::Withdraw, at)?;
    case.reason = reason;
    case.status = Status::Withdrawn;
    case.deemed_at = None;
    case.renewal_at = None;
    case.end_stop(at.date());
    let note = case.reason.clone();
    Ok(done(facts, actor, case, ActKind::Withdraw, (at, note), None))
}

/// The withdrawal that this hall took last, while the owner hasn't said yet what it made of it.
pub(super) fn asked(facts: &dyn Facts, case: &Case) -> Option<Act> {
    let here = here(facts).node;
    let acts = facts.acts(&case.id);
    let own = |act: &&Act| act.place.node == here && act.tenure == case.tenure;
    let last = |kind| acts.iter().filter(own).filter(|act| act.kind == kind).max_by_key(|act| act.number);
    let refused = last(ActKind::RefuseWithdrawal).map(|act| act.number);
    last(ActKind::AskWithdrawal).filter(|asked| Some(asked.number) > refused).cloned()
}

/// What becomes of a withdrawal whose owner is lost, when the case has come back: it is done here, or goes on record as too late.
pub(super) fn come_back(mut case: Case, asked: &Act, here: Place, at: Timestamp, change: &mut Change) {
    let (kind, note) = if case.status.allows(ActKind::Withdraw) {
        case.reason.clone_from(&asked.note);
        case.status = Status::Withdrawn;
        case.end_stop(at.date());
        (ActKind::Withdraw, asked.note.clone())
    } else {
        (ActKind::RefuseWithdrawal, Some(format!("{}: {}", codes::CASE_STATE, case.status.zh())))
    };
    let act = case.act(kind, &Actor::system(), here, at, note);
    change.reply = Change::case(&case);
    change.events.push(Event::Case(Box::new(case), act));
}

/// Takes it at the collecting hall: nothing changes in the case, whose owner hears of it. Asked for again, it is on its way.
fn ask(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    owner: Place,
    text: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.in_state(ActKind::AskWithdrawal)?;
    let reason = text.map(reason).transpose()?;
    // Within the day: an answer that decided nothing must not keep him from asking again.
    if asked(facts, &case).is_some_and(|asked| asked.at.date() == at.date()) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    let act = case.act(ActKind::AskWithdrawal, actor, here(facts), at, reason.clone());
    let mut change = Change::of(Vec::new(), Change::case(&case));
    change.notices.push(Notice {
        to: owner.node,
        case: case.id,
        act: act.number,
        body: NoticeBody::Withdrawal(Box::new(Withdrawal { act: act.clone(), reason })),
    });
    change.events.push(Event::Case(Box::new(case), act));
    Ok(change)
}

/// Ends the case at the owner, as the collecting hall tells. Said again, it changes nothing.
pub(crate) fn take_withdrawal(
    facts: &dyn Facts,
    origin: Origin,
    withdrawal: &Withdrawal,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let told = &withdrawal.act;
    let refuse = |code, en: String, zh: String| Err(Rejection::new(code, en, zh).field("case", told.case));
    let Some(case) = facts.case(&told.case) else {
        return refuse(
            codes::CASE_UNKNOWN,
            "the withdrawal is of a case that is not known here".to_owned(),
            "撤件申请所指办件不存在".to_owned(),
        );
    };
    let from = origin.place.node;
    let is_told = told.place.node == from && told.kind == ActKind::AskWithdrawal;
    if case.collecting.node != from || !is_told || from == here(facts).node {
        return refuse(
            codes::NOT_OWNER,
            "the withdrawal does not come from the hall that collected the case".to_owned(),
            "撤件申请并非来自收件大厅".to_owned(),
        );
    }
    let is_same = |act: &Act| act.kind == told.kind && (act.place.node, act.number) == (from, told.number);
    if facts.acts(&told.case).iter().any(is_same) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    told_act(facts, told)?;
    if told.tenure != case.tenure {
        return refuse(
            codes::STALE_TENURE,
            format!("the withdrawal is of tenure {}, the case is at {}", told.tenure, case.tenure),
            format!("撤件申请为第 {} 任，办件已为第 {} 任", told.tenure, case.tenure),
        );
    }
    let said = withdrawal.reason.as_deref().map(reason).transpose()?;
    let taken = format!("{}代收撤件申请", origin.place.division);
    let note = said.map_or_else(|| taken.clone(), |said| format!("{taken}：{said}"));
    let mut change = end(facts, &Actor::system(), case, Some(note), at)?;
    change.events.insert(0, Event::Act(told.clone()));
    Ok(change)
}

/// Records at the collecting hall that the owner didn't take the withdrawal, and why: it was decided before, for instance.
pub(crate) fn withdrawal_refused(
    facts: &dyn Facts,
    case: &CaseId,
    act: u32,
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    not_taken(facts, case, (act, ActKind::AskWithdrawal, ActKind::RefuseWithdrawal), refusal, at)
}
