//! How often what comes again and again does: a minute and a half has room for much, a month hasn't.

use crate::chance::Chance;

/// Milliseconds between two of a kind, and how closely the oracle looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Between two looks of an exchange, at most; a running node looks every second.
    look_millis: i64,
    /// Between two ticks of a writer.
    tick_millis: (i64, i64),
    /// Between two flushes of a state.
    flush_millis: (i64, i64),
    /// A node's whole state is looked at after one in so many applied entries; what they have touched always, where there is no such number.
    pub(crate) close_look_one_in: Option<usize>,
    /// How many states are folded anew at the end.
    pub(crate) replayed: usize,
}

impl Pace {
    /// Of a minute and a half.
    pub(crate) const HURRIED: Self = Self {
        look_millis: 4_000,
        tick_millis: (1_000, 3_000),
        flush_millis: (500, 30_000),
        close_look_one_in: Some(16),
        replayed: 1,
    };

    /// Of weeks.
    pub(crate) const STEADY: Self = Self {
        look_millis: 60_000,
        tick_millis: (60_000, 180_000),
        flush_millis: (600_000, 3_600_000),
        close_look_one_in: None,
        replayed: 4,
    };

    pub(crate) fn look(&self, calm: bool, chance: &mut Chance) -> i64 {
        let again = if calm { 5 * self.look_millis.min(4_000) } else { self.look_millis };
        chance.millis(again / 2, again)
    }

    pub(crate) fn tick(&self, calm: bool, chance: &mut Chance) -> i64 {
        if calm { 10_000 } else { chance.millis(self.tick_millis.0, self.tick_millis.1) }
    }

    pub(crate) fn flush(&self, chance: &mut Chance) -> i64 {
        chance.millis(self.flush_millis.0, self.flush_millis.1)
    }
}
