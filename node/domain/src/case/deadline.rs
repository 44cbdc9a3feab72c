//! Deadlines: statutory and promised, side by side, on the deciding authority's calendar.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::time::Date;

use super::{Extension, ItemPin, Stop};
use crate::catalogue::{Term, Unit};

/// A last day, and whether it lies beyond the published calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Deadline {
    /// The last day in time.
    #[n(0)]
    pub date: Date,
    /// Whether the calendar of that year is not published yet, so that the day may still move.
    #[n(1)]
    pub provisional: bool,
}

/// The deadlines of an accepted case, with the calendar version they were computed with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Deadlines {
    /// Statutory: later is unlawful.
    #[n(0)]
    pub statutory: Option<Deadline>,
    /// Promised: later is late. Never after the statutory one, whatever holidays lie between: a promise shortens what the law gives.
    #[n(1)]
    pub promised: Option<Deadline>,
    /// Version of the calendar.
    #[n(2)]
    pub calendar: String,
    /// The last day of the licence that is to be renewed, where that was asked for in time: by its end the renewal is decided, or deemed granted
    /// (行政许可法 50). Neither a stop nor an extension moves it.
    #[n(3)]
    pub renewal: Option<Date>,
}

impl Deadlines {
    /// The deadlines of a case of this item accepted on `accepted`; neither that day (民法典 201) nor the time of special procedures is
    /// counted (行政许可法 45), and the extension goes on from the end of the statutory time (行政许可法 42).
    #[must_use]
    pub fn compute(
        calendar: &Calendar,
        item: &ItemPin,
        accepted: Date,
        stops: &[Stop],
        extension: Option<&Extension>,
    ) -> Self {
        let counts = |day: Date| !stops.iter().any(|stop| stop.covers(day));
        let due = |term: Term| {
            let days = u32::from(term.days);
            let due = match term.unit {
                Unit::WorkingDays => calendar.add_counted_working_days(accepted, days, counts),
                Unit::NaturalDays => calendar.add_counted_natural_days(accepted, days, counts),
            };
            Deadline { date: due.date, provisional: due.provisional }
        };
        let extended = |due: Deadline| match extension {
            Some(extension) => {
                let later = calendar.add_counted_working_days(due.date, u32::from(extension.days), counts);
                Deadline { date: later.date, provisional: due.provisional || later.provisional }
            }
            None => due,
        };
        let statutory = item.statutory.map(due);
        let promised = item.promised.map(due).map(|promised| match statutory {
            Some(statutory) if statutory.date < promised.date => statutory,
            _ => promised,
        });
        let calendar = calendar.version().to_owned();
        Self { statutory: statutory.map(extended), promised, calendar, renewal: None }
    }

    /// Keeps what `given` had beyond `computed`, which is what the calendar of today makes of the same stops and the same extension: what was
    /// in time by an earlier calendar doesn't become late by a later one, and a stop or an extension goes on from there.
    #[must_use]
    pub(super) fn keep(mut self, calendar: &Calendar, given: &Self, computed: &Self, stops: &[Stop]) -> Self {
        let counts = |day: Date| !stops.iter().any(|stop| stop.covers(day));
        let keep = |now: &mut Option<Deadline>, given: Option<Deadline>, computed: Option<Deadline>| {
            let (Some(now), Some(given), Some(computed)) = (now.as_mut(), given, computed) else { return };
            let beyond = calendar.working_days_between(computed.date, given.date);
            let later = calendar.add_counted_working_days(now.date, beyond, counts);
            now.date = later.date.max(given.date);
            now.provisional |= later.provisional;
        };
        keep(&mut self.statutory, given.statutory, computed.statutory);
        keep(&mut self.promised, given.promised, computed.promised);
        self.renewal = given.renewal;
        self
    }
}
