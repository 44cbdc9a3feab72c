//! When halls are open, by the calendar that the nodes have.

use tongban_codes::calendar::Calendar;
use tongban_codes::time::{Date, Timestamp};

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// From when to when a hall is open on a working day, in milliseconds of it.
const OPEN: i64 = 9 * HOUR;
const CLOSED: i64 = 17 * HOUR;

pub(super) fn day(at: i64) -> Date {
    Timestamp::from_millis(at).date()
}

pub(super) fn is_working_day(at: i64) -> bool {
    Calendar::embedded().is_working_day(day(at))
}

/// The first moment from `at` on at which halls are open.
pub(super) fn next_open(at: i64) -> i64 {
    let mut at = at;
    loop {
        let start = day(at).start().as_millis();
        if is_working_day(at) && at < start + CLOSED {
            return at.max(start + OPEN);
        }
        at = day(at).next_day().start().as_millis();
    }
}

/// The moment after so many milliseconds in which halls are open.
pub(super) fn after(at: i64, open_millis: i64) -> i64 {
    let (mut at, mut left) = (next_open(at), open_millis);
    loop {
        let closes = day(at).start().as_millis() + CLOSED;
        if left < closes - at {
            return at + left;
        }
        left -= closes - at;
        at = next_open(closes);
    }
}

/// Milliseconds in which halls are open between two moments.
pub(super) fn open_between(from: i64, to: i64) -> i64 {
    let (mut at, mut open) = (next_open(from), 0);
    while at < to {
        let closes = day(at).start().as_millis() + CLOSED;
        open += closes.min(to) - at;
        at = next_open(closes);
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(month: u8, day: u8, hours: i64) -> i64 {
        Date::ymd(2026, month, day).expect("it is a day").start().as_millis() + hours * HOUR
    }

    #[test]
    fn halls_are_closed_at_night_and_on_holidays() {
        assert_eq!(next_open(at(9, 14, 3)), at(9, 14, 9));
        assert_eq!(next_open(at(9, 14, 12)), at(9, 14, 12));
        assert_eq!(next_open(at(9, 18, 17)), next_open(at(9, 19, 9)), "a Friday evening");
        assert_eq!(day(next_open(at(9, 30, 17))), Date::ymd(2026, 10, 8).expect("it is a day"), "the National Day");
        assert_eq!(after(at(9, 14, 16), 2 * HOUR), at(9, 15, 10));
        assert_eq!(open_between(at(9, 14, 16), at(9, 15, 10)), 2 * HOUR);
        assert_eq!(open_between(at(10, 1, 0), at(10, 2, 0)), 0);
    }
}
