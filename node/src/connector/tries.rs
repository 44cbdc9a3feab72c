//! How often an order was tried, and when it is tried next: in memory, begun anew at each start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tongban_codes::time::Timestamp;
use tongban_federation::backoff::{Backoff, Jitter};

/// First and longest wait between two tries, in seconds.
const FIRST_SECONDS: i64 = 2;
const LONGEST_SECONDS: i64 = 3600;

/// How an order was tried.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    backoff: Backoff,
    /// When it is tried next.
    pub(crate) next: Timestamp,
    /// Why the last try came to nothing.
    pub(crate) problem: String,
}

impl Try {
    /// How often it was tried in vain.
    pub(crate) fn times(&self) -> u32 {
        self.backoff.attempt()
    }
}

/// The tries of one connector, by order.
#[derive(Default)]
pub(super) struct Tries(Mutex<BTreeMap<String, Try>>);

impl Tries {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Try>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn of(&self, order: &str) -> Option<Try> {
        self.all().get(order).cloned()
    }

    /// Of the orders that wait, those whose time has come, in order; what doesn't wait any more is forgotten.
    pub(super) fn due(&self, waiting: Vec<String>, now: Timestamp, most: usize) -> Vec<String> {
        let mut all = self.all();
        let known: BTreeSet<&String> = waiting.iter().collect();
        all.retain(|order, _| known.contains(order));
        drop(known);
        let is_due = |order: &String| all.get(order).is_none_or(|one| one.next <= now);
        waiting.into_iter().filter(is_due).take(most).collect()
    }

    /// It was tried in vain.
    pub(super) fn failed(&self, order: &str, problem: String, now: Timestamp, jitter: &mut Jitter) {
        let mut all = self.all();
        let backoff = Backoff::new(FIRST_SECONDS, LONGEST_SECONDS);
        let one = all.entry(order.to_owned()).or_insert_with(|| Try { backoff, next: now, problem: String::new() });
        one.next = one.backoff.next(now, jitter);
        one.problem = problem;
    }

    pub(super) fn done(&self, order: &str) {
        self.all().remove(order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_waits_longer_each_time_and_keeps_nobody_back() {
        let (tries, mut jitter) = (Tries::default(), Jitter::new(3));
        let names = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let start = Timestamp::from_millis(0);
        assert_eq!(tries.due(names(), start, 2), ["a", "b"]);
        let mut last = 0;
        for times in 1..=20_u32 {
            tries.failed("a", "no connection".to_owned(), start, &mut jitter);
            let one = tries.of("a").expect("it was tried");
            assert_eq!(one.times(), times);
            let wait = one.next.millis_since(start);
            assert!(wait * 3 > last && wait <= LONGEST_SECONDS * 1000, "{times}: {wait} after {last}");
            last = wait;
        }
        assert!(last >= LONGEST_SECONDS * 500, "{last}");
        assert_eq!(tries.due(names(), start, 3), ["b", "c"]);
        assert_eq!(tries.due(names(), start.add_seconds(LONGEST_SECONDS), 3), ["a", "b", "c"]);
        tries.done("a");
        assert_eq!(tries.due(names(), start, 3), ["a", "b", "c"]);
        tries.failed("b", String::new(), start, &mut jitter);
        assert_eq!(tries.due(vec!["a".to_owned()], start, 3), ["a"]);
        assert!(tries.of("b").is_none(), "it waits no more");
    }
}
