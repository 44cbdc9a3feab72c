//! Names of batches (`cd_batch`).

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Label;
use tongban_codes::time::Date;

use super::table::Subject;

/// The most batches that a day can have.
pub const BATCHES_A_DAY_MAX: u32 = 9999;

/// What the names of batches of cases end with.
const OF_CASES: &str = "-P";

/// A batch by its parts: division, day, which of that day it is, which node of the division drew it, and what is in it.
///
/// Its name begins as the other numbers of a node do: of a second node of a division the ordinal stands behind the division, so that two never draw
/// the same. It has 26 to 29 of the 32 characters of `cd_batch`, of cases 28 to 31. Names of one node and subject are ordered as texts, and
/// a front database that answers about both in one table tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Batch {
    // A node that is given another ordinal counts on: its batches are ordered by day and serial.
    subject: Subject,
    division: DivisionCode,
    day: Date,
    serial: u32,
    ordinal: u8,
}

impl Batch {
    /// The batch after the last one of a node and subject; none when the day has had [`BATCHES_A_DAY_MAX`].
    ///
    /// It is never before the last one: where the clock went back behind that, it is of the day of that.
    #[must_use]
    pub fn after(
        last: Option<&str>,
        subject: Subject,
        (division, ordinal): (DivisionCode, u8),
        day: Date,
    ) -> Option<Self> {
        let last = last.and_then(|last| Self::named(last, subject, division)).filter(|last| last.day >= day);
        let (day, serial) = last.map_or((day, 1), |last| (last.day, last.serial + 1));
        (serial <= BATCHES_A_DAY_MAX).then_some(Self { subject, division, day, serial, ordinal })
    }

    /// Its day.
    #[must_use]
    pub fn day(self) -> Date {
        self.day
    }

    /// The ordinal of the node that drew it among those of its division.
    #[must_use]
    pub fn ordinal(self) -> u8 {
        self.ordinal
    }

    /// How the names of a node's batches begin: with its division, and of a second node of that the ordinal.
    #[must_use]
    pub fn stem(division: DivisionCode, ordinal: u8) -> String {
        match ordinal {
            0 => division.to_string(),
            ordinal => format!("{division}.{ordinal}"),
        }
    }

    /// The batch of a division and subject with a name, whichever node of the division drew it.
    #[must_use]
    pub fn named(name: &str, subject: Subject, division: DivisionCode) -> Option<Self> {
        Self::read(name).filter(|batch| (batch.subject, batch.division) == (subject, division))
    }

    /// Whether a node goes on behind a batch that it is told of: unless a later one was told before.
    #[must_use]
    pub fn is_last(told: &str, known: Option<&str>) -> bool {
        match (known.and_then(Self::read), Self::read(told)) {
            (Some(known), Some(told)) if (known.subject, known.division) == (told.subject, told.division) => {
                told >= known
            }
            // Of another division, or none at all: it says nothing of what this node draws.
            _ => true,
        }
    }

    fn read(name: &str) -> Option<Self> {
        let (subject, name) = name.strip_suffix(OF_CASES).map_or((Subject::Items, name), |name| (Subject::Cases, name));
        let (stem, rest) = name.split_once('-')?;
        let (division, ordinal) = match stem.split_once('.') {
            None => (stem, 0),
            Some((division, text)) => {
                let ordinal: u8 = text.parse().ok()?;
                ((1..Label::ORDINALS).contains(&ordinal) && ordinal.to_string() == text)
                    .then_some((division, ordinal))?
            }
        };
        let division: DivisionCode =
            division.parse().ok().filter(|code: &DivisionCode| code.to_string() == division)?;
        let (day, serial) = rest.split_once('-')?;
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(day, 8) || !digits(serial, 4) {
            return None;
        }
        let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]).parse().ok()?;
        let serial = serial.parse().ok().filter(|serial| *serial > 0)?;
        Some(Self { subject, division, day, serial, ordinal })
    }

    /// What every name of a batch of a division and subject is like, as SQL's LIKE takes it, whichever node of the division drew it: one that was given
    /// another ordinal knows by it what it sent before.
    #[must_use]
    pub fn pattern(subject: Subject, division: DivisionCode) -> String {
        let end = if subject == Subject::Cases { OF_CASES } else { "" };
        format!("{division}%-{}-{}{end}", "_".repeat(8), "_".repeat(4))
    }
}

impl std::fmt::Display for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = if self.subject == Subject::Cases { OF_CASES } else { "" };
        let stem = Self::stem(self.division, self.ordinal);
        write!(f, "{stem}-{}-{:04}{end}", self.day.compact(), self.serial)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn next(last: Option<&str>) -> Option<String> {
        drawn(last, 0)
    }

    /// What the node of an ordinal draws.
    fn drawn(last: Option<&str>, ordinal: u8) -> Option<String> {
        let (division, day) = ("511602".parse().unwrap(), Date::ymd(2026, 11, 22).unwrap());
        Batch::after(last, Subject::Items, (division, ordinal), day).map(|batch| batch.to_string())
    }

    #[test]
    fn two_nodes_of_a_division_draw_different_batches() {
        for (ordinal, last, expected) in [
            (0, None, "511602000000-20261122-0001"),
            (1, None, "511602000000.1-20261122-0001"),
            (31, Some("511602000000.31-20261122-0007"), "511602000000.31-20261122-0008"),
            // What it drew before it had an ordinal, or under another, is counted on.
            (1, Some("511602000000-20261122-0007"), "511602000000.1-20261122-0008"),
            (0, Some("511602000000.1-20261122-0008"), "511602000000-20261122-0009"),
            // Another division is another's, though its code begins alike.
            (1, Some("511602001000.1-20261122-0007"), "511602000000.1-20261122-0001"),
        ] {
            assert_eq!(drawn(last, ordinal).as_deref(), Some(expected), "{ordinal} {last:?}");
        }
        let (division, day) = ("511602".parse().unwrap(), Date::ymd(2026, 11, 22).unwrap());
        for ordinal in 0..Label::ORDINALS {
            let batch = Batch::after(None, Subject::Cases, (division, ordinal), day).unwrap();
            let name = batch.to_string();
            assert!(name.len() <= 32, "{name}");
            assert_eq!((Batch::named(&name, Subject::Cases, division), batch.ordinal()), (Some(batch), ordinal));
        }
    }

    #[test]
    fn a_node_goes_on_behind_its_last_batch() {
        let first = "511602000000-20261122-0007-P";
        for (told, known, is_last) in [
            (first, None, true),
            (first, Some(first), true),
            ("511602000000-20261122-0006-P", Some(first), false),
            ("511602000000.1-20261122-0008-P", Some(first), true),
            (first, Some("511602000000.1-20261122-0008-P"), false),
            ("511602000000-20261123-0001-P", Some("511602000000.1-20261122-0008-P"), true),
            // The division has another code since, which is less.
            ("511601000000-20261122-0001-P", Some(first), true),
        ] {
            assert_eq!(Batch::is_last(told, known), is_last, "{told} {known:?}");
        }
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
            "511602-20261122-0001",
            "511602000000.0-20261122-0001",
            "511602000000.01-20261122-0001",
            "511602000000.32-20261122-0001",
            "511602000000.-20261122-0001",
            "511602000000.+1-20261122-0001",
            "511602000000.1.1-20261122-0001",
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
        let next = |last, subject| Batch::after(Some(last), subject, (division, 0), day).unwrap().to_string();
        assert_eq!(next(cases, Subject::Cases), "511602000000-20261122-0013-P");
        assert_eq!(next(cases, Subject::Items), "511602000000-20261122-0001");
        let (second, other) = ("511602000000.12-20261122-0012", "511602000000.12-20261122-0012-P");
        for (subject, names) in [(Subject::Items, [items, second]), (Subject::Cases, [cases, other])] {
            let pattern = Batch::pattern(subject, division);
            let (begin, end) = pattern.split_once('%').unwrap();
            let is_like = |name: &str| {
                let tail = name.len().checked_sub(end.len()).and_then(|at| name.get(at..)).unwrap_or_default();
                let fits = |(like, is): (u8, u8)| like == b'_' || like == is;
                name.starts_with(begin) && tail.len() == end.len() && end.bytes().zip(tail.bytes()).all(fits)
            };
            assert!(names.into_iter().all(is_like), "{pattern}");
            let others = if subject == Subject::Items { cases } else { items };
            assert!(!is_like(others) && !is_like("511603000000-20261122-0012"), "{pattern}");
        }
    }
}
