//! The acts of a reclaim: asking, ordering, declining, and what the order does at each of the nodes that it reaches.

use std::collections::BTreeSet;

use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::Timestamp;

#[cfg(feature = "deliberate-bugs")]
use tongban_codes::deliberate::{Bug, is_in};

use super::custody::here;
use super::paper::reason;
use super::progress::is_bounded;
use super::reclaim::TENURE_JUMP;
use super::withdrawal;
use super::{Act, ActKind, Case, Custody, Reclaim, ReclaimOrder, ReclaimRequest, ReclaimRow, Status};
use crate::change::{Change, Document, Event, Notice, NoticeBody, Reply, Sealer};
use crate::command::{Origin, Witness};
use crate::facts::Place;
use crate::{Actor, Facts, Rejection, codes};

/// The most acts of a lost node that it tells of when it returns.
const ACTS_MAX: usize = 256;

/// The most acts of a lost node on one case that are kept, over all of its returns.
const KEPT_MAX: usize = 1_024;

/// Content type of a sealed order.
const ORDER: &str = "application/tongban-reclaim+cbor";

fn unasked(case: &CaseId) -> Rejection {
    Rejection::new(
        codes::RECLAIM_UNASKED,
        "nobody asks for this case here, or not of this node",
        "本节点没有该办件的收回申请，或并非向该节点申请",
    )
    .field("case", case)
    .remedy("see what is asked for: tongban case reclaims", "查看申请：tongban case reclaims")
}

fn not_superior(case: &CaseId) -> Rejection {
    Rejection::new(
        codes::RECLAIM_NOT_SUPERIOR,
        "only the nearest superior of both nodes can order a reclaim",
        "只有双方最近的共同上级可以决定收回",
    )
    .field("case", case)
    .remedy("ask that node: tongban peer list", "请向该上级申请：tongban peer list")
}

fn superior_of(facts: &dyn Facts, case: &CaseId, one: &NodeId, other: &NodeId) -> Result<NodeId, Rejection> {
    facts.common_superior(one, other).ok_or_else(|| not_superior(case))
}

/// Asks the nearest common superior for a case whose other side is gone for good.
pub(crate) fn ask_reclaim(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    why: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let here = here(facts);
    let why = reason(why)?;
    let Some(lost) = case.away() else {
        return Err(Rejection::new(
            codes::RECLAIM_OWNED,
            "the case is here: nothing is to be reclaimed",
            "办件就在本节点，无须收回",
        )
        .field("case", case.id)
        .remedy("go on with it: tongban case show", "请继续办理：tongban case show"));
    };
    if case.collecting.node != here.node {
        return Err(Rejection::new(
            codes::RECLAIM_NOT_COLLECTING,
            format!("only the node that collected the case can ask for it: {}", case.collecting.division),
            format!("只有收件节点 {} 可以申请收回", case.collecting.division),
        )
        .field("case", case.id)
        .remedy("ask there", "请在收件节点申请"));
    }
    if matches!(case.status, Status::Closed | Status::Withdrawn) {
        return Err(Rejection::new(
            codes::CASE_STATE,
            format!("a case that is {} needs nobody any more", case.status.name()),
            format!("办件处于“{}”，无须收回", case.status.zh()),
        )
        .field("case", case.id)
        .remedy("see its history: tongban case show", "查看办件：tongban case show"));
    }
    let superior = superior_of(facts, &case.id, &here.node, &lost.node)?;
    case.reclaims.retain(|reclaim| reclaim.taken.is_some());
    let known = case.nameless();
    let asked = Reclaim { superior, lost, asked_at: at, reason: why.clone(), declined: None, taken: None };
    case.reclaims.push(asked);
    let act = case.act(ActKind::AskReclaim, actor, here, at, Some(why.clone()));
    let request = ReclaimRequest { lost, known, reason: why, operator: actor.operator.clone(), at };
    let mut change = Change::of(Vec::new(), Change::case(&case));
    change.notices.push(Notice {
        to: superior,
        case: case.id,
        act: act.number,
        body: NoticeBody::ReclaimRequest(Box::new(request)),
    });
    change.events.push(Event::Case(Box::new(case), act));
    Ok(change)
}

/// Asks anew with what the owner's word has changed: the order is to say how the case stands now.
pub(super) fn ask_again(facts: &dyn Facts, case: &mut Case, at: Timestamp, change: &mut Change) {
    // Of a case that has come to its end nobody asks, nor about a node that hasn't the case any more.
    let over = matches!(case.status, Status::Closed | Status::Withdrawn);
    let holder = case.away().map(|place| place.node);
    let asked = case.reclaim_asked().filter(|asked| !over && Some(asked.lost.node) == holder).cloned();
    let Some(asked) = asked else { return };
    let actor = Actor::system();
    let act = case.act(ActKind::AskReclaim, &actor, here(facts), at, Some(asked.reason.clone()));
    let (lost, reason, operator) = (asked.lost, asked.reason, actor.operator);
    let request = ReclaimRequest { lost, known: case.nameless(), reason, operator, at: asked.asked_at };
    let body = NoticeBody::ReclaimRequest(Box::new(request));
    change.notices.push(Notice { to: asked.superior, case: case.id, act: act.number, body });
    change.events.push(Event::Case(Box::new(case.clone()), act));
}

/// Keeps what a subordinate asks for, until an administrator decides.
pub(crate) fn keep_request(facts: &dyn Facts, origin: Origin, request: &ReclaimRequest) -> Result<Change, Rejection> {
    let case = request.known.id;
    let asker = origin.place;
    if request.known.collecting != asker || case.node_prefix() != asker.node.prefix() {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            "only the node that collected the case can ask for it",
            "只有收件节点可以申请收回",
        )
        .field("case", case));
    }
    let me = here(facts).node;
    if superior_of(facts, &case, &asker.node, &request.lost.node)? != me || request.lost.node == asker.node {
        return Err(not_superior(&case));
    }
    elsewhere(request)?;
    let mut before = facts.reclaim(&case).unwrap_or_default();
    let mut request = request.clone();
    if let Some(order) = before.order.clone().filter(|order| order.tenure > request.known.tenure) {
        if order.to != asker {
            return Err(stale(&case, order.tenure, request.known.tenure));
        }
        // The asker has handed the case on since, and never took that order; the next one stands above it all the same.
        if order.lost.node != request.lost.node {
            request.known.tenure = order.tenure;
            return Ok(kept(case, request, before.acts));
        }
        // It was ordered before, and the asker doesn't know: its ask and the order crossed, or it was restored from before it.
        before.acts += 1;
        let body = NoticeBody::ReclaimOrder(Box::new(order));
        let mut change = Change::of(Vec::new(), Reply::Known {});
        change.notices.push(Notice { to: asker.node, case, act: before.acts, body });
        change.events.push(Event::Reclaim(case, Box::new(before)));
        return Ok(change);
    }
    // No new ask, but what its node has heard since (`ask_again`): what was declined stays declined.
    if before.declined.is_some() && request.known.reclaim_asked().is_some() {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    Ok(kept(case, request, before.acts))
}

fn kept(case: CaseId, request: ReclaimRequest, acts: u32) -> Change {
    let row = ReclaimRow { request: Some(request), order: None, declined: None, acts };
    Change::of(vec![Event::Reclaim(case, Box::new(row))], Reply::Known {})
}

/// Refuses what is asked about a node that hasn't the case: another, which is alive, would never hear of the order.
fn elsewhere(request: &ReclaimRequest) -> Result<(), Rejection> {
    match request.known.away() {
        Some(holder) if holder.node != request.lost.node => Err(unasked(&request.known.id)),
        _ => Ok(()),
    }
}

fn stale(case: &CaseId, current: u32, given: u32) -> Rejection {
    Rejection::new(
        codes::STALE_TENURE,
        format!("the case is at tenure {current}, the message is of {given}"),
        format!("办件为第 {current} 任，消息为第 {given} 任"),
    )
    .field("case", case)
}

/// The case as it goes on: as the asking node knows it, or as the lost node's journal shows it, where that says more.
fn standing(request: &ReclaimRequest, witness: &Witness) -> Box<Case> {
    match &witness.standing {
        Some(seen) if witness.last() > request.known.heard => {
            let mut standing = request.known.clone();
            standing.stand_as(seen);
            standing
        }
        _ => request.known.clone(),
    }
}

/// Orders that a case goes back to the node that collected it; the fence is the moment as of which the lost node is revoked.
pub(crate) fn order_reclaim(
    facts: &dyn Facts,
    actor: &Actor,
    case: &CaseId,
    witness: &Witness,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let here = here(facts);
    let mut row = facts.reclaim(case).unwrap_or_default();
    // What was gathered is of one request, and another may stand in its place by now.
    let of_it = |request: &&ReclaimRequest| (request.lost.node, request.at) == witness.request;
    let Some(request) = row.open().filter(of_it).cloned() else { return Err(unasked(case)) };
    elsewhere(&request)?;
    let known = &request.known;
    let (to, lost) = (known.collecting, request.lost);
    if superior_of(facts, case, &to.node, &lost.node)? != here.node {
        return Err(not_superior(case));
    }
    let standing = standing(&request, witness);
    match witness.successor {
        Some(node) if node.node == lost.node || node.division != standing.deciding.division => {
            return Err(Rejection::new(
                codes::RECLAIM_SUCCESSOR,
                format!("the successor must be another node of {}", standing.deciding.division),
                format!("接续节点须为 {} 的另一节点", standing.deciding.division),
            )
            .field("to", node.node)
            .remedy("see the nodes: tongban peer list", "查看节点：tongban peer list"));
        }
        None if standing.is_taken_up() => {
            return Err(no_successor(&standing));
        }
        _ => {}
    }
    if known.status == standing.status
        && standing.status != Status::Collected
        && !witness.as_told
        && witness.acts.last().is_none_or(|act| act.status != standing.status)
    {
        return Err(Rejection::new(
            codes::RECLAIM_UNWITNESSED,
            format!("the journal of the lost node doesn't show that the case is {}", standing.status.name()),
            format!("失联节点的台账未见办件已为“{}”", standing.status.zh()),
        )
        .field("case", case)
        .remedy(
            "see the papers of the applicant, then: tongban case reclaim CASE --order --as-told",
            "核对申请人持有的文书后：tongban case reclaim CASE --order --as-told",
        ));
    }
    let seen = witness.acts.iter().map(|act| act.tenure).max().unwrap_or(0).max(known.tenure);
    let jump = TENURE_JUMP;
    #[cfg(feature = "deliberate-bugs")]
    let jump = if is_in(Bug::ReclaimTenureKept) { 1 } else { jump };
    let tenure = seen.checked_add(jump).ok_or_else(|| stale(case, seen, seen))?;
    row.acts += 1;
    let order = ReclaimOrder {
        case: *case,
        to,
        lost,
        tenure,
        fence: witness.fence,
        at,
        operator: actor.operator.clone(),
        reason: request.reason.clone(),
        standing,
        successor: witness.successor,
        superior: here.node,
        acts: witness.acts.iter().take(ACTS_MAX).cloned().collect(),
        entries: witness.entries,
        known: known.heard.max(witness.last()),
    };
    row.order = Some(order.clone());
    let reply = Reply::Reclaim { case: *case, to: to.division, tenure };
    let payload = tongban_codes::cbor::to_vec(&order);
    let mut change = Change::of(vec![Event::Reclaim(*case, Box::new(row.clone()))], reply);
    change.documents.push(Document { case: *case, act: row.acts, sealer: Sealer::Node, content_type: ORDER, payload });
    // The successor first: the case may be on its way to it as soon as the others know.
    let mut told: Vec<NodeId> = order.successor.iter().map(|place| place.node).collect();
    for node in [to.node, lost.node] {
        if !told.contains(&node) {
            told.push(node);
        }
    }
    for to in told {
        let body = NoticeBody::ReclaimOrder(Box::new(order.clone()));
        change.notices.push(Notice { to, case: *case, act: row.acts, body });
    }
    Ok(change)
}

/// Where an accepted case has nobody who may go on with it.
pub(super) fn no_successor(case: &Case) -> Rejection {
    let division = case.deciding.division;
    Rejection::new(
        codes::RECLAIM_NO_SUCCESSOR,
        format!("no node of {division} goes on with the case: the authority in charge alone may"),
        format!("{division} 没有可以接续的节点：只有主管机关可以继续办理"),
    )
    .field("case", case.id)
    .remedy(
        format!("invite a node for {division}, then name it: --to"),
        format!("先为 {division} 邀请新节点，再用 --to 指明"),
    )
}

/// Declines a request.
pub(crate) fn decline_reclaim(facts: &dyn Facts, case: &CaseId, why: &str) -> Result<Change, Rejection> {
    let why = reason(why)?;
    let mut row = facts.reclaim(case).unwrap_or_default();
    let Some(request) = row.open().cloned() else { return Err(unasked(case)) };
    row.acts += 1;
    row.declined = Some(why.clone());
    let to = request.known.collecting;
    let reply = Reply::Reclaim { case: *case, to: to.division, tenure: request.known.tenure };
    let mut change = Change::of(vec![Event::Reclaim(*case, Box::new(row.clone()))], reply);
    let body = NoticeBody::ReclaimDeclined(why);
    change.notices.push(Notice { to: to.node, case: *case, act: row.acts, body });
    Ok(change)
}

/// The superior declines, or doesn't take the request.
pub(crate) fn declined(
    facts: &dyn Facts,
    origin: Origin,
    case: &CaseId,
    why: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut row = facts.case(case).ok_or_else(|| unasked(case))?;
    let asked = row.reclaim_asked().is_some_and(|reclaim| reclaim.superior == origin.place.node);
    let Some(last) = row.reclaims.last_mut().filter(|_| asked) else { return Err(unasked(case)) };
    last.declined = Some(why.to_owned());
    let note = format!("不予收回：{why}");
    let act = row.act(ActKind::AskReclaim, &Actor::system(), here(facts), at, Some(note));
    let reply = Change::case(&row);
    Ok(Change::of(vec![Event::Case(Box::new(row), act)], reply))
}

/// Does what an order says of this node: takes the case, lets it go, or remembers who goes on.
pub(crate) fn take_order(
    facts: &dyn Facts,
    origin: Origin,
    order: &ReclaimOrder,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let me = here(facts).node;
    let superior = superior_of(facts, &order.case, &order.to.node, &order.lost.node)?;
    if superior != origin.place.node || order.superior != superior || order.standing.id != order.case {
        return Err(not_superior(&order.case));
    }
    if order.to.node == me {
        return take_back(facts, order, at);
    }
    if order.lost.node == me {
        return let_go(facts, order, at);
    }
    if order.successor.is_some_and(|place| place.node == me) {
        return Ok(remember(facts, order));
    }
    Err(unasked(&order.case))
}

/// The node that asked is the owner again.
fn take_back(facts: &dyn Facts, order: &ReclaimOrder, at: Timestamp) -> Result<Change, Rejection> {
    let here = here(facts);
    let mut case = facts.case(&order.case).ok_or_else(|| unasked(&order.case))?;
    if case.reclaims.iter().any(|known| known.taken.as_ref().is_some_and(|taken| taken.tenure == order.tenure)) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    // Declined or not: the superior orders what is asked of it anew, and its earlier no may have come to that.
    let is_asked = |reclaim: &Reclaim| {
        reclaim.taken.is_none() && reclaim.superior == order.superior && reclaim.lost.node == order.lost.node
    };
    // With whom it is now, if not here, is whom the order is about: a third node that has it would stay its owner beside this one.
    let is_with_lost = case.away().is_none_or(|holder| holder.node == order.lost.node);
    let asked = case.reclaims.iter().rposition(is_asked).filter(|_| is_with_lost);
    let Some(asked) = asked else { return Err(unasked(&order.case)) };
    let stays = order.tenure <= case.tenure;
    #[cfg(feature = "deliberate-bugs")]
    let stays = stays && !is_in(Bug::ReclaimTenureKept);
    if stays {
        return Err(stale(&order.case, case.tenure, order.tenure));
    }
    let heard = case.heard;
    let withdrawal = withdrawal::asked(facts, &case);
    // The offer was refused meanwhile, or the case came to its end: what was done since the ask stands, a withdrawal above all.
    let stands = case.custody == Custody::Owner || matches!(case.status, Status::Closed | Status::Withdrawn);
    if !stands {
        case.keep_brought();
        case.stand_as(&order.standing);
    }
    case.custody = Custody::Owner;
    case.back_since = Some(at);
    case.tenure = order.tenure;
    (case.heard, case.after_offer) = (0, 0);
    (case.deemed_at, case.renewal_at) = (None, None);
    if let Some(asked) = case.reclaims.get_mut(asked) {
        *asked = Reclaim { asked_at: asked.asked_at, ..order.taken() };
        if let Some(taken) = asked.taken.as_mut().filter(|_| stands) {
            taken.known = taken.known.max(heard);
        }
    }
    let mut change = Change::of(Vec::new(), Reply::Known {});
    // What the superior has read in the lost node's journal and this node had not heard.
    let unheard = order.acts.iter().filter(|act| is_of(act, order.lost, &order.case) && act.number > heard);
    change.events.extend(unheard.map(|act| Event::Act(act.clone())));
    let note = format!("{}；{}", order.reason, order.lost.division);
    let act = case.act(ActKind::Reclaim, &Actor::system(), here, at, Some(note));
    change.reply = Change::case(&case);
    change.events.push(Event::Case(Box::new(case.clone()), act));
    // What the applicant withdrew and the lost node didn't hear of, or didn't say, isn't gone on with.
    if let Some(asked) = withdrawal.filter(|_| case.status != Status::Withdrawn) {
        withdrawal::come_back(case, &asked, here, at, &mut change);
    }
    Ok(change)
}

fn is_of(act: &Act, place: Place, case: &CaseId) -> bool {
    act.place.node == place.node && act.case == *case
}

/// The lost node has returned: it owns nothing any more, and says what it had done that nobody had heard of.
fn let_go(facts: &dyn Facts, order: &ReclaimOrder, at: Timestamp) -> Result<Change, Rejection> {
    let here = here(facts);
    let Some(mut case) = facts.case(&order.case) else {
        // An offer of the case may still come, of a tenure that is over.
        return Ok(remember(facts, order));
    };
    if case.tenure >= order.tenure {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    let mut own: Vec<Act> = facts.acts(&order.case);
    own.retain(|act| act.place.node == here.node && act.number > order.known);
    own.sort_by_key(|act| act.number);
    // Of a longer leg the end: that is where it was decided.
    own.drain(..own.len().saturating_sub(ACTS_MAX - 1));
    // A number that nobody had heard of is free again; where the case stands as granted, who goes on holds it.
    let held = case.turn.clone().filter(|turn| facts.holds_number(&case.id, turn));
    case.stand_as(&order.standing);
    case.custody = Custody::Elsewhere { owner: order.to, as_of: order.at };
    case.tenure = order.tenure;
    (case.heard, case.after_offer) = (0, 0);
    case.reclaims.retain(|reclaim| reclaim.taken.is_some());
    case.reclaims.push(order.taken());
    let note = format!("{}；{}", order.reason, order.to.division);
    let act = case.act(ActKind::Discharge, &Actor::system(), here, at, Some(note));
    own.push(act.clone());
    let mut change = Change::of(Vec::new(), Change::case(&case));
    change.notices.push(Notice {
        to: order.to.node,
        case: order.case,
        act: act.number,
        body: NoticeBody::ReclaimReturn(own),
    });
    change.events.extend(held.map(|turn| Event::Number(case.id, Box::new(turn), false)));
    change.events.push(Event::Case(Box::new(case), act));
    Ok(change)
}

fn remember(facts: &dyn Facts, order: &ReclaimOrder) -> Change {
    let mut row = facts.reclaim(&order.case).unwrap_or_default();
    if row.order.as_ref().is_some_and(|known| known.tenure >= order.tenure) {
        return Change::of(Vec::new(), Reply::Known {});
    }
    row.order = Some(order.clone());
    let event = Event::Reclaim(order.case, Box::new(row));
    Change::of(vec![event], Reply::Known {})
}

/// Keeps what a node that was lost has done and nobody had heard of, to be read; what is known already stays as it is.
///
/// The word may come before the order that it answers to: the superior tells each of the two nodes by itself.
pub(crate) fn keep_return(facts: &dyn Facts, origin: Origin, case: &CaseId, acts: &[Act]) -> Result<Change, Rejection> {
    let row = facts.case(case).ok_or_else(|| unasked(case))?;
    let of_it = |reclaim: &&Reclaim| reclaim.lost.node == origin.place.node;
    let Some(last) = row.reclaims.iter().rev().find(of_it) else { return Err(unasked(case)) };
    // Under the order's own tenure it did nothing but let go; before the order has come that is not known, but how far it may jump.
    let order = last.taken.as_ref().map(|taken| taken.tenure);
    let own_until = order.map_or(row.tenure.saturating_add(1), |tenure| tenure - 1);
    let let_go_until = order.unwrap_or(own_until.saturating_add(TENURE_JUMP));
    let in_time = |act: &Act| act.tenure <= if act.kind == ActKind::Discharge { let_go_until } else { own_until };
    let heard_of = last.taken.as_ref().map_or(0, |taken| taken.known);
    let known: BTreeSet<u32> =
        facts.acts(case).iter().filter(|act| is_of(act, origin.place, case)).map(|act| act.number).collect();
    let told = known.iter().filter(|number| **number > heard_of).count();
    let kept = acts.iter().take(ACTS_MAX.min(KEPT_MAX.saturating_sub(told))).filter(|act| {
        is_of(act, origin.place, case) && in_time(act) && is_bounded(act) && !known.contains(&act.number)
    });
    Ok(Change::of(kept.map(|act| Event::Act(act.clone())).collect(), Change::case(&row)))
}
