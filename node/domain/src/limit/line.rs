//! The line before a quota: who stands in it, and where.

use tongban_codes::ids::NodeId;
use tongban_codes::time::{Date, Timestamp};

use super::renewal::goes_on;
use super::{Place, Seen, Turn};
use crate::Facts;
use crate::case::{Act, ActKind, Case, Custody, Status, here};
use crate::catalogue::{ItemState, NumberLimit, ServiceItem};
use crate::change::{Change, Event, NoticeBody};

/// The most places that are counted for one who asks how many are ahead of him.
const AHEAD_MAX: usize = 10_000;
/// The most codes that reorganisations have given an item one after the other that are followed.
const CODES_MAX: usize = 64;

/// Whether a case stands in line, by what its row says: it was accepted, isn't decided, and this node owns it.
#[must_use]
pub fn stands(status: Status, custody: &Custody) -> bool {
    matches!(status, Status::Accepted | Status::SpecialProcedure) && *custody == Custody::Owner
}

fn published(facts: &dyn Facts, item: &ServiceItem) -> Option<NumberLimit> {
    facts.guide(&item.guide?)?.limit
}

/// The quota of an item that has a limit, and the limit. An item to which a reorganisation gave another code goes on in the line of its first one, a
/// shared quota in that of the authority that began it.
#[must_use]
pub fn quota_of(facts: &dyn Facts, item: &ServiceItem) -> Option<(String, NumberLimit)> {
    let limit = published(facts, item)?;
    let quota = match limit.shared() {
        Some(name) => match facts.authority(&item.authority) {
            Some(authority) => authority.quota(name),
            None => format!("{}/{name}", item.authority),
        },
        None => item.counts_under.clone().unwrap_or_else(|| item.code.clone()),
    };
    Some((quota, limit))
}

/// An item as it goes on today: once it has ended, under the code that a reorganisation gave it.
fn going_on(facts: &dyn Facts, mut item: ServiceItem) -> ServiceItem {
    for _ in 0..CODES_MAX {
        let first = item.counts_under.clone().unwrap_or_else(|| item.code.clone());
        let next = item.successor.as_ref().filter(|_| item.state == ItemState::Withdrawn);
        let next = next.and_then(|next| facts.item(&next.code));
        match next.filter(|next| next.counts_under == Some(first)) {
            Some(next) => item = next,
            None => break,
        }
    }
    item
}

/// The limit that binds a case today: of the version in force where that has the same quota, else of the version to which the case is bound, by
/// which it stands in its line; none where the item has no limit any more.
pub(super) fn limit_of(facts: &dyn Facts, case: &Case) -> Option<NumberLimit> {
    let turn = case.turn.as_ref()?;
    let bound = || facts.item_version(&case.item.code, case.item.version);
    let limit = match facts.item(&case.item.code) {
        Some(item) => quota_of(facts, &going_on(facts, item))?,
        None => quota_of(facts, &bound()?)?,
    };
    if limit.0 == turn.quota {
        return Some(limit.1);
    }
    published(facts, &bound()?)
}

/// The year for which a grant of a day counts.
pub(super) fn year_of(day: Date) -> u16 {
    u16::try_from(day.year()).unwrap_or(0)
}

/// How many numbers are left on a day.
pub(super) fn left(facts: &dyn Facts, quota: &str, limit: &NumberLimit, day: Date) -> u32 {
    limit.grants.saturating_sub(facts.numbers_taken(quota, limit.year(day)))
}

/// How many open cases stand before a place.
fn ahead(facts: &dyn Facts, quota: &str, place: Place, most: usize) -> usize {
    facts.line(quota, most).into_iter().take_while(|other| *other < place).count()
}

/// How a case stands in its line on a day; none where it stands in none.
#[must_use]
pub fn seen(facts: &dyn Facts, case: &Case, day: Date) -> Option<Seen> {
    let turn = case.turn.as_ref()?;
    match &case.custody {
        Custody::Elsewhere { .. } => return turn.seen,
        custody if !stands(case.status, custody) => return None,
        _ => {}
    }
    let limit = limit_of(facts, case)?;
    let before = ahead(facts, &turn.quota, turn.place(case.id), AHEAD_MAX);
    Some(Seen { ahead: u32::try_from(before).unwrap_or(u32::MAX), left: left(facts, &turn.quota, &limit, day) })
}

/// Gives an accepted case its place in line, when its item has a limit; the serial that it draws for that. A renewal goes on with the number of what it renews.
pub(crate) fn enter(facts: &dyn Facts, case: &mut Case, kind: ActKind, at: Timestamp) -> Option<Event> {
    let acts = || facts.acts(&case.id);
    let since = if kind == ActKind::AcceptDeemed { received(facts, case, &acts()) } else { at };
    place(facts, case, since, at)
}

/// Gives a case its place that was accepted at a node that is lost, by the acts of that node which came with it; and its number, when it was granted
/// there.
pub(crate) fn resume(facts: &dyn Facts, case: &mut Case, leg: &[Act], lost: NodeId, at: Timestamp) -> Vec<Event> {
    let granted = matches!(case.status, Status::Granted | Status::Delivered);
    let Some(accepted) = case.accepted_on.filter(|_| granted || stands(case.status, &case.custody)) else {
        return Vec::new();
    };
    let of_lost = |act: &&Act| act.case == case.id && act.place.node == lost && act.at.date() == accepted;
    let is = |act: &&Act| matches!(act.kind, ActKind::Accept | ActKind::AcceptDeemed);
    let since = leg.iter().filter(of_lost).filter(is).map(|act| act.at).next_back();
    let mut events: Vec<Event> =
        place(facts, case, since.unwrap_or_else(|| accepted.start()), at).into_iter().collect();
    if granted {
        let day = case.decided_on.unwrap_or(at.date());
        events.extend(super::grant::granted(facts, case, day));
    }
    events
}

fn place(facts: &dyn Facts, case: &mut Case, since: Timestamp, at: Timestamp) -> Option<Event> {
    case.turn = None;
    let (quota, limit) = quota_of(facts, &facts.item_version(&case.item.code, case.item.version)?)?;
    if goes_on(facts, case, &quota, &limit) {
        return None;
    }
    let scope = format!("turn:{quota}");
    let serial = facts.next_serial(&scope);
    let mut turn = Turn { quota, since, serial, year: None, overtaken: false, seen: None };
    if limit.is_by_acceptance() && facts.last_numbered(&turn.quota).is_some_and(|last| last > since) {
        let left = usize::try_from(left(facts, &turn.quota, &limit, at.date())).unwrap_or(usize::MAX);
        turn.overtaken = ahead(facts, &turn.quota, turn.place(case.id), left) >= left;
    }
    case.turn = Some(turn);
    Some(Event::Serial(scope, serial))
}

/// When what is deemed accepted had been received whole: the last moment of that day at which something came; its beginning when that isn't known.
fn received(facts: &dyn Facts, case: &Case, acts: &[Act]) -> Timestamp {
    let here = here(facts).node;
    let day = case.accepted_on.unwrap_or(case.collected_at.date());
    let came = |act: &&Act| {
        let kind = matches!(
            act.kind,
            ActKind::Collect
                | ActKind::TakeCustody
                | ActKind::Supplement
                | ActKind::ReceivePaper
                // What is pledged needn't be brought.
                | ActKind::Pledge
        );
        kind && act.place.node == here && act.at.date() == day
    };
    acts.iter().filter(came).map(|act| act.at).max().unwrap_or_else(|| day.start())
}

/// Writes into what the collecting node is told how the case stands in its line.
pub(crate) fn after(facts: &dyn Facts, change: &mut Change, at: Timestamp) {
    for notice in &mut change.notices {
        let NoticeBody::Progress(progress) = &mut notice.body else { continue };
        let Some(turn) = &mut progress.turn else { continue };
        let row = change.events.iter().rev().find_map(|event| match event {
            Event::Case(case, _) if case.id == notice.case => Some(case),
            _ => None,
        });
        turn.seen = row.and_then(|case| seen(facts, case, at.date()));
    }
}
