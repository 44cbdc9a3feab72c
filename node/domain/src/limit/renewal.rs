//! Which number a renewal goes on with, and which are free when it ends.

use super::line::quota_of;
use crate::Facts;
use crate::case::Case;
use crate::catalogue::{NumberLimit, is_recoded};
use crate::change::Event;
use crate::licence::{Licence, Status};

/// The most renewals that are followed back to the case that took the number.
const RENEWALS_MAX: usize = 1_000;
/// The most codes that reorganisations have given an item one after the other that are followed.
const CODES_MAX: usize = 64;

/// Whether an item is, under the code that mergers and changes of codes have given it, another; what merely takes its place isn't.
fn becomes(facts: &dyn Facts, old: &str, new: &str) -> bool {
    let mut code = old.to_owned();
    for _ in 0..CODES_MAX {
        if code == new {
            return true;
        }
        let next = facts.item(&code).and_then(|item| item.successor).map(|next| next.code);
        match next.filter(|next| is_recoded(&code, next)) {
            Some(next) => code = next,
            None => break,
        }
    }
    false
}

/// Whether a case renews a licence of the same item, or of one that shares its quota: it goes on with the number of that. Mergers change nothing
/// in this, though the one quota may have ended in the other: the authority in charge is the one that issued, or what that was merged into.
pub(super) fn goes_on(facts: &dyn Facts, case: &Case, quota: &str, limit: &NumberLimit) -> bool {
    let issued = case.renewal.as_ref().and_then(|renewal| facts.licence(&renewal.licence));
    let Some(earlier) = issued.and_then(|licence| facts.case(&licence.case)) else { return false };
    let shares = || {
        let item = facts.item_version(&earlier.item.code, earlier.item.version)?;
        let (known, before) = quota_of(facts, &item)?;
        Some(known == quota || (before.shared().is_some() && before.shared() == limit.shared()))
    };
    becomes(facts, &earlier.item.code, &case.item.code) || shares().unwrap_or(false)
}

/// The numbers that become free when a licence is cancelled: those that its case and the cases of what it renewed hold, the nearest first, as far as no
/// other licence of them stands. That is one, unless a renewal was of another item's licence and took its own.
pub(crate) fn freed(facts: &dyn Facts, cancelled: &Licence) -> Vec<Event> {
    let renewed = |licence: &Licence| licence.renews.as_ref().and_then(|id| facts.licence(id));
    let chain = std::iter::successors(Some(cancelled.clone()), renewed).take(RENEWALS_MAX);
    let cases = chain.filter_map(|licence| Some((facts.case(&licence.case)?, licence.id)));
    let ended = cases.take_while(|(case, licence)| !others_stand(facts, case, licence));
    let held = ended.filter_map(|(case, _)| {
        let turn = case.turn.filter(|turn| turn.year.is_some())?;
        facts.holds_number(&case.id, &turn).then(|| Event::Number(case.id, Box::new(turn), false))
    });
    held.collect()
}

/// Whether another licence of a case stands, or what has renewed it.
pub(crate) fn others_stand(facts: &dyn Facts, case: &Case, licence: &str) -> bool {
    let mut others = case.licences.iter().filter(|id| *id != licence).filter_map(|id| facts.licence(id));
    others.any(|licence| last(facts, licence).status == Status::Valid)
}

/// The licence that stands in the place of one today.
fn last(facts: &dyn Facts, mut licence: Licence) -> Licence {
    for _ in 0..RENEWALS_MAX {
        match licence.renewed_by.as_ref().and_then(|id| facts.licence(id)) {
            Some(later) => licence = later,
            None => break,
        }
    }
    licence
}
