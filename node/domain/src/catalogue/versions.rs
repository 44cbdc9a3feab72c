//! Versions that follow one another: behind the one that begins last stand those that hold until it does.

use tongban_codes::time::Date;

/// Something of which several versions are published, each for a day.
pub(super) trait Versioned: Clone {
    /// The first day.
    fn first_day(&self) -> Option<Date>;
    /// The version that holds until this one begins.
    fn before(&self) -> Option<&Self>;
    /// Tells whether it holds on a day, or may hold later.
    fn goes_on(&self, day: Date) -> bool;
    /// The same version with another one, or none, before it.
    fn behind(&self, before: Option<Self>) -> Self;
}

/// What holds until a version begins on `from`: the version in force, and those that begin before it.
pub(super) fn until<V: Versioned>(known: &V, day: Date, from: Date) -> Option<V> {
    let begins = known.first_day().filter(|begins| *begins > day);
    let before = begins.and(known.before()).and_then(|before| until(before, day, from));
    if !known.goes_on(day) || begins.is_some_and(|begins| begins >= from) {
        return before;
    }
    Some(known.behind(before))
}

/// How many versions stand behind each other.
pub(super) fn count<V: Versioned>(last: &V) -> usize {
    1 + last.before().map_or(0, count)
}
