//! Names of batches (`cd_batch`).

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

use super::table::Subject;

/// The most batches that a day can have.
pub const BATCHES_A_DAY_MAX: u32 = 9999;

/// What the names of batches of cases end with.
const OF_CASES: &str = "-P";

/// A batch by its parts: division, day, which of that day it is, and what is in it.
///
/// Its name has 26 of the 32 characters of `cd_batch`, of cases 28, always as many, so that names of one division and subject are ordered as
/// texts, and a front database that answers about both in one table tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Batch {
    subject: Subject,
    division: DivisionCode,
    day: Date,
    serial: u32,
}

impl Batch {
    /// The batch after the last one of a division and subject; none when the day has had [`BATCHES_A_DAY_MAX`].
    ///
    /// It is never before the last one: where the clock went back behind that, it is of the day of that.
    #[must_use]
    pub fn after(last: Option<&str>, subject: Subject, division: DivisionCode, day: Date) -> Option<Self> {
        let last = last.and_then(|last| Self::named(last, subject, division)).filter(|last| last.day >= day);
        let (day, serial) = last.map_or((day, 1), |last| (last.day, last.serial + 1));
        (serial <= BATCHES_A_DAY_MAX).then_some(Self { subject, division, day, serial })
    }

    /// Its day.
    #[must_use]
    pub fn day(self) -> Date {
        self.day
    }

    /// The batch of a division and subject with a name.
    #[must_use]
    pub fn named(name: &str, subject: Subject, division: DivisionCode) -> Option<Self> {
        let name = match subject {
            Subject::Items => name,
            Subject::Cases => name.strip_suffix(OF_CASES)?,
        };
        let (day, serial) = name.strip_prefix(&format!("{division}-"))?.split_once('-')?;
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(day, 8) || !digits(serial, 4) {
            return None;
        }
        let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]).parse().ok()?;
        let serial = serial.parse().ok().filter(|serial| *serial > 0)?;
        Some(Self { subject, division, day, serial })
    }

    /// What every name of a batch of a division and subject is like, as SQL's LIKE takes it.
    #[must_use]
    pub fn pattern(subject: Subject, division: DivisionCode) -> String {
        let end = if subject == Subject::Cases { OF_CASES } else { "" };
        format!("{division}-{}-{}{end}", "_".repeat(8), "_".repeat(4))
    }
}

impl std::fmt::Display for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = if self.subject == Subject::Cases { OF_CASES } else { "" };
        write!(f, "{}-{}-{:04}{end}", self.division, self.day.compact(), self.serial)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn next(last: Option<&str>) -> Option<String> {
        let (division, day) = ("511602".parse().unwrap(), Date::ymd(2026, 11, 22).unwrap());
        Batch::after(last, Subject::Items, division, day).map(|batch| batch.to_string())
    }

    #[test]
    fn batches_of_a_day_are_counted_and_have_an_end() {
        for (last, expected) in [
            (None, Some("511602000000-20261122-0001")),
            (Some("511602000000-20261121-0007"), Some("511602000000-20261122-0001")),
            (Some("511602000000-20261122-0007"), Some("511602000000-20261122-0008")),
            // The clock went back.
            (Some("511602000000-20261123-0007"), Some("511602000000-20261123-0008")),
            // What isn't a batch of this node counts nothing, however large it is.
            (Some("511602000000-20261122-4294967295"), Some("511602000000-20261122-0001")),
            (Some("511602000000-20261122-+7"), Some("511602000000-20261122-0001")),
            (Some("511603000000-20261122-0007"), Some("511602000000-20261122-0001")),
            (Some("511602000000-20261122-9999"), None),
        ] {
            assert_eq!(next(last).as_deref(), expected, "{last:?}");
        }
    }

    #[test]
    fn what_is_no_batch_has_no_name_of_one() {
        let division: DivisionCode = "511602".parse().unwrap();
        for name in [
            "",
            "0001",
            "511602000000-20261122-1",
            "511602000000-20261122-0000",
            "511602000000-20261122-10000",
            "511602000000-20261322-0001",
            "511602000000-2026112日-0001",
            "511602000000-20261122-0001-1",
            "511603000000-20261122-0001",
        ] {
            assert_eq!(Batch::named(name, Subject::Items, division), None, "{name}");
        }
        let name = "511602000000-20261122-0012";
        assert_eq!(Batch::named(name, Subject::Items, division).unwrap().to_string(), name);
    }

    #[test]
    fn batches_of_cases_are_not_those_of_items() {
        let (division, day) = ("511602".parse().unwrap(), Date::ymd(2026, 11, 22).unwrap());
        let (items, cases) = ("511602000000-20261122-0012", "511602000000-20261122-0012-P");
        assert_eq!(Batch::named(cases, Subject::Cases, division).unwrap().to_string(), cases);
        assert_eq!(Batch::named(cases, Subject::Items, division), None);
        assert_eq!(Batch::named(items, Subject::Cases, division), None);
        let next = |last, subject| Batch::after(Some(last), subject, division, day).unwrap().to_string();
        assert_eq!(next(cases, Subject::Cases), "511602000000-20261122-0013-P");
        assert_eq!(next(cases, Subject::Items), "511602000000-20261122-0001");
        for (subject, name) in [(Subject::Items, items), (Subject::Cases, cases)] {
            let pattern = Batch::pattern(subject, division);
            assert_eq!(pattern.len(), name.len(), "LIKE takes one character for each _");
            assert!(pattern.bytes().zip(name.bytes()).all(|(like, is)| like == b'_' || like == is), "{pattern}");
        }
    }
}
