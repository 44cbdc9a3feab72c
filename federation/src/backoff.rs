//! Waiting longer each time, never for ever, and never in step with others.

use tongban_codes::time::Timestamp;

/// Small deterministic chance for jitter, from a seed that the driver draws. Not for secrets.
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Chance that begins at `seed`.
    pub fn new(seed: u64) -> Self {
        // xorshift stands still at 0.
        Self(seed ^ 0x9e37_79b9_7f4a_7c15 | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A wait between half of `millis` and all of it.
    pub fn spread(&mut self, millis: i64) -> i64 {
        let half = millis.max(0) / 2;
        let draw = i64::try_from(self.next() >> 1).unwrap_or(0);
        half + draw % (half + 1)
    }
}

/// Doubles from a first wait to a longest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first_millis: i64,
    longest_millis: i64,
    attempt: u32,
}

impl Backoff {
    /// Waits from `first_seconds` to `longest_seconds`.
    pub const fn new(first_seconds: i64, longest_seconds: i64) -> Self {
        Self { first_millis: first_seconds * 1000, longest_millis: longest_seconds * 1000, attempt: 0 }
    }

    /// How often it has waited since it was last reset.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When to try next; each call waits longer, up to the cap.
    pub fn next(&mut self, now: Timestamp, jitter: &mut Jitter) -> Timestamp {
        let wait = self.first_millis.saturating_mul(1 << self.attempt.min(20)).min(self.longest_millis);
        self.attempt = self.attempt.saturating_add(1);
        now.add_millis(jitter.spread(wait))
    }

    /// It worked: begin with the first wait again.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_capped_and_differ() {
        let mut jitter = Jitter::new(7);
        let mut backoff = Backoff::new(1, 60);
        let now = Timestamp::from_millis(0);
        let waits: Vec<i64> = (0..40).map(|_| backoff.next(now, &mut jitter).as_millis()).collect();
        for (attempt, wait) in waits.iter().enumerate() {
            let full = (1000_i64 << attempt.min(6)).min(60_000);
            assert!((full / 2..=full).contains(wait), "attempt {attempt} waits {wait} ms");
        }
        let late: std::collections::BTreeSet<_> = waits.iter().skip(10).collect();
        assert!(late.len() > 20, "jitter spreads: {late:?}");
        backoff.reset();
        assert!(backoff.next(now, &mut jitter).as_millis() <= 1000);
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        let end = Timestamp::MAX;
        assert_eq!(Backoff::new(1, 60).next(end, &mut Jitter::new(0)), end);
    }
}
