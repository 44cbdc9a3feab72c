//! The working-day calendar: which days are worked, and the last day of a term.
//!
//! 行政许可法 第八十二条: terms of permits count working days without public holidays. 民法典 第二百零一条: the day a term
//! begins does not count. 第二百零二条, 第二百零三条: a term in months ends on the day of the same number; a term in
//! natural days that ends on a holiday ends on the first working day after it.

use std::sync::LazyLock;

use crate::ids::Digest;
use crate::time::Date;

mod csv;

pub use csv::{CalendarError, Problem};

const EMBEDDED: &str = include_str!("../data/working-day-exceptions.csv");
const EMBEDDED_REVISION: u16 = 1;

/// A year counts as published when it lists at least this many holidays; the law knows more than ten a year.
///
/// Days of a December that next year's paper moves do not publish that December's year.
const HOLIDAYS_OF_A_PUBLISHED_YEAR_MIN: usize = 7;

/// A date that the calendar lists because its weekday does not decide.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exception {
    /// The date.
    pub date: Date,
    /// Whether it is worked (调休上班) or a holiday (放假).
    pub working: bool,
    /// The festival it belongs to, in Chinese.
    pub festival: String,
}

/// The last day of a term.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    minicbor::Encode,
    minicbor::Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cbor(map)]
pub struct Due {
    /// The last day.
    #[n(0)]
    pub date: Date,
    /// Whether the term touches a year without a published calendar, so that a later calendar may move it.
    #[n(1)]
    pub provisional: bool,
}

/// A working-day calendar; a date it does not list is worked exactly when it is Monday to Friday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    version: String,
    digest: Digest,
    /// Sorted by date.
    exceptions: Vec<Exception>,
    /// Years with a published calendar, sorted, never empty.
    years: Vec<i16>,
}

impl Calendar {
    /// The calendar of the State Council for 2016 to 2026.
    pub fn embedded() -> &'static Self {
        static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
            Calendar::parse(EMBEDDED, EMBEDDED_REVISION).expect("the embedded calendar is well-formed, a test reads it")
        });
        &CALENDAR
    }

    /// Reads a calendar from CSV with the header `date,kind,festival`, where the kind is `holiday` or `workday`.
    ///
    /// Dates may come in any order, each once. `revision` tells calendars of the same years apart.
    pub fn parse(csv: &str, revision: u16) -> Result<Self, CalendarError> {
        let exceptions = csv::read(csv)?;
        let mut years: Vec<i16> = exceptions.iter().map(|e| e.date.year()).collect();
        years.dedup();
        years.retain(|year| {
            let holidays = exceptions.iter().filter(|e| !e.working && e.date.year() == *year).count();
            holidays >= HOLIDAYS_OF_A_PUBLISHED_YEAR_MIN
        });
        let (Some(first), Some(last)) = (years.first(), years.last()) else {
            return Err(CalendarError::no_year());
        };
        let version = format!("{first}-{last}.{revision}");
        Ok(Self { version, digest: Digest::of(csv.as_bytes()), exceptions, years })
    }

    /// First and last published year and the revision, as `2016-2026.1`; frozen into each due date.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The SHA-256 digest of the CSV the calendar was read from.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The first year with a published calendar.
    pub fn first_year(&self) -> i16 {
        self.years[0]
    }

    /// The last year with a published calendar.
    pub fn last_year(&self) -> i16 {
        self.years[self.years.len() - 1]
    }

    /// Whether the calendar of the date's year is published.
    pub fn knows(&self, date: Date) -> bool {
        self.years.binary_search(&date.year()).is_ok()
    }

    /// All listed dates, sorted.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// The entry for a listed date.
    pub fn exception(&self, date: Date) -> Option<&Exception> {
        self.exceptions.binary_search_by_key(&date, |e| e.date).ok().map(|at| &self.exceptions[at])
    }

    /// Whether the date is worked; by weekday alone when it is not listed.
    pub fn is_working_day(&self, date: Date) -> bool {
        // 1970-01-01 was a Thursday.
        let from_monday = (date.days_since_epoch() + 3).rem_euclid(7);
        self.exception(date).map_or(from_monday < 5, |e| e.working)
    }

    /// The `n`-th working day after `from`, which does not count itself; `from` when `n` is zero.
    ///
    /// Provisional as soon as a counted day lies in a year that is not published.
    pub fn add_working_days(&self, from: Date, n: u32) -> Due {
        self.add_counted_working_days(from, n, |_| true)
    }

    /// As [`Calendar::add_working_days`], of the days alone that `counts` holds for: where a term stands still, no day is counted.
    pub fn add_counted_working_days(&self, from: Date, n: u32, counts: impl Fn(Date) -> bool) -> Due {
        let mut due = Due { date: from, provisional: false };
        let mut left = n;
        while left > 0 && due.date < Date::MAX {
            due.date = due.date.next_day();
            if counts(due.date) {
                due.provisional |= !self.knows(due.date);
                left -= u32::from(self.is_working_day(due.date));
            }
        }
        due.provisional |= left > 0;
        due
    }

    /// The day `n` natural days after `from`; with `roll`, the first working day from there on.
    ///
    /// Without `roll` the calendar has no say and the day is not provisional.
    pub fn add_natural_days(&self, from: Date, n: u32, roll: bool) -> Due {
        let date = from.add_days(i32::try_from(n).unwrap_or(i32::MAX));
        self.ending(date, roll)
    }

    /// The `n`-th natural day after `from` of those that `counts` holds for, and from there on the first working one of them (民法典 203).
    pub fn add_counted_natural_days(&self, from: Date, n: u32, counts: impl Fn(Date) -> bool) -> Due {
        let mut date = from;
        let mut left = n;
        while left > 0 && date < Date::MAX {
            date = date.next_day();
            left -= u32::from(counts(date));
        }
        let mut due = Due { date, provisional: left > 0 || !self.knows(date) };
        while !(self.is_working_day(due.date) && (due.date == from || counts(due.date))) && due.date < Date::MAX {
            due.date = due.date.next_day();
            due.provisional |= counts(due.date) && !self.knows(due.date);
        }
        due
    }

    /// The day `n` months after `from`, the last of the month when it has no such day; with `roll`, the first
    /// working day from there on.
    pub fn add_months(&self, from: Date, n: u32, roll: bool) -> Due {
        self.ending(from.add_months(n), roll)
    }

    fn ending(&self, date: Date, roll: bool) -> Due {
        let mut due = Due { date, provisional: roll && !self.knows(date) };
        while roll && !self.is_working_day(due.date) && due.date < Date::MAX {
            due.date = due.date.next_day();
            due.provisional |= !self.knows(due.date);
        }
        due
    }

    /// How many working days lie after `from` and up to and including `to`; zero when `to` is not later.
    pub fn working_days_between(&self, from: Date, to: Date) -> u32 {
        let mut count = 0;
        let mut day = from;
        while day < to {
            day = day.next_day();
            count += u32::from(self.is_working_day(day));
        }
        count
    }
}
