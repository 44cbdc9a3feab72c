//! The ledger of a case: whose time was used, from its acts alone, the same wherever the same acts are known.

use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;

use super::{Act, Status};

/// Whose time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// 收件地: from collecting until the authority's node has taken the case.
    CollectingPlace,
    /// 办理地: until the decision, less what follows.
    DecidingPlace,
    /// 申请人: from a correction notice until what it asked for was brought.
    Applicant,
    /// 特别程序: while the clock stands still (行政许可法 45).
    SpecialProcedure,
    /// 送达: from the decision to its delivery, making the licence and the courier included (行政许可法 44).
    Delivery,
}

impl Holder {
    /// All holders, in the order in which a case meets them.
    pub const ALL: [Holder; 5] =
        [Holder::CollectingPlace, Holder::DecidingPlace, Holder::Applicant, Holder::SpecialProcedure, Holder::Delivery];
}

/// A stretch of time of one holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Whose.
    pub holder: Holder,
    /// From when.
    pub from: Timestamp,
    /// Until when; the moment that was asked for while it goes on.
    pub until: Timestamp,
    /// Whether it goes on.
    pub open: bool,
    /// Days whose ends lie within: natural ones.
    pub natural_days: u32,
    /// Those of them that are worked.
    pub working_days: u32,
}

/// What one holder has used in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Whose.
    pub holder: Holder,
    /// Milliseconds.
    pub millis: i64,
    /// Natural days.
    pub natural_days: u32,
    /// Working days.
    pub working_days: u32,
}

/// Whose time was used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Stretches in order, without gap: each begins where the one before ends.
    pub spans: Vec<Span>,
    /// What each holder has used, those that have used none left out.
    pub shares: Vec<Share>,
    /// Milliseconds from the first act to the last that matters, or to now.
    pub millis: i64,
    /// Natural days of that.
    pub natural_days: u32,
    /// Working days of that.
    pub working_days: u32,
}

/// Whose time runs after an act; none when the case is over. The state after the act says it, so that an act of a later release does, too.
fn holder(act: &Act, deciding: NodeId) -> Option<Holder> {
    match act.status {
        Status::Collected if act.place.node != deciding => Some(Holder::CollectingPlace),
        Status::Notified => Some(Holder::Applicant),
        Status::SpecialProcedure => Some(Holder::SpecialProcedure),
        Status::Granted | Status::Denied => Some(Holder::Delivery),
        Status::RefusedNotRequired
        | Status::RefusedNotCompetent
        | Status::Delivered
        | Status::Closed
        | Status::Withdrawn
        | Status::Returned
        | Status::Forwarded => None,
        _ => Some(Holder::DecidingPlace),
    }
}

/// The ledger of a case by its acts, both legs in any order, as of a moment.
///
/// What only the node that handed over notes, that it was discharged, counts for nothing: the authority's own act says when it took the case. Clocks that
/// differ take nothing from the sum: an act before the one that it follows counts as done with that. Days are cut at midnight in Shanghai: a day belongs to
/// the holder at its end, the day of collecting to nobody.
#[must_use]
pub fn ledger(calendar: &Calendar, acts: &[Act], deciding: NodeId, now: Timestamp) -> Ledger {
    let mut acts: Vec<&Act> = acts.iter().filter(|act| act.kind != super::ActKind::Discharge).collect();
    acts.sort_by_key(|act| (act.tenure, act.at, act.number));
    let mut spans: Vec<Span> = Vec::new();
    let mut running: Option<(Holder, Timestamp)> = None;
    let mut last = acts.first().map_or(now, |act| act.at);
    let end = |spans: &mut Vec<Span>, (holder, from): (Holder, Timestamp), until: Timestamp, open: bool| {
        let (first, last) = (from.date(), until.date());
        spans.push(Span {
            holder,
            from,
            until,
            open,
            natural_days: u32::try_from(last.days_since(first)).unwrap_or(0),
            working_days: calendar.working_days_between(first, last),
        });
    };
    for act in &acts {
        let at = act.at.max(last);
        last = at;
        let next = holder(act, deciding);
        // What is over stays over: what is done to its licences later takes nobody's time.
        if next.is_none() && running.is_none() && spans.is_empty() {
            continue;
        }
        if running.is_none() && !spans.is_empty() {
            break;
        }
        if running.map(|(holder, _)| holder) == next {
            continue;
        }
        if let Some(ended) = running.take() {
            end(&mut spans, ended, at, false);
        }
        running = next.map(|holder| (holder, at));
    }
    if let Some(running) = running {
        end(&mut spans, running, now.max(last), true);
    }
    let share = |of: Holder| {
        let own: Vec<&Span> = spans.iter().filter(|span| span.holder == of).collect();
        (!own.is_empty()).then(|| Share {
            holder: of,
            millis: own.iter().map(|span| span.until.millis_since(span.from)).sum(),
            natural_days: own.iter().map(|span| span.natural_days).sum(),
            working_days: own.iter().map(|span| span.working_days).sum(),
        })
    };
    let shares = Holder::ALL.into_iter().filter_map(share).collect();
    let (first, last) = match (spans.first(), spans.last()) {
        (Some(first), Some(last)) => (first.from, last.until),
        _ => return Ledger::default(),
    };
    Ledger {
        shares,
        millis: last.millis_since(first),
        natural_days: u32::try_from(last.date().days_since(first.date())).unwrap_or(0),
        working_days: calendar.working_days_between(first.date(), last.date()),
        spans,
    }
}
