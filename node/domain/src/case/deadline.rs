//! Deadlines: statutory and promised, side by side, on the deciding authority's calendar.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::time::Date;

use super::ItemPin;
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

/// Both deadlines of an accepted case, with the calendar version they were computed with.
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
}

impl Deadlines {
    /// The deadlines of a case of this item accepted on `accepted`; the day itself isn't counted (民法典 201).
    #[must_use]
    pub fn compute(calendar: &Calendar, item: &ItemPin, accepted: Date) -> Self {
        let due = |term: Term| {
            let due = match term.unit {
                Unit::WorkingDays => calendar.add_working_days(accepted, u32::from(term.days)),
                Unit::NaturalDays => calendar.add_natural_days(accepted, u32::from(term.days), true),
            };
            Deadline { date: due.date, provisional: due.provisional }
        };
        let statutory = item.statutory.map(due);
        let promised = item.promised.map(due).map(|promised| match statutory {
            Some(statutory) if statutory.date < promised.date => statutory,
            _ => promised,
        });
        Self { statutory, promised, calendar: calendar.version().to_owned() }
    }
}
