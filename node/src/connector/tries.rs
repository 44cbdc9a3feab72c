//! How often a word was tried, and when it is tried next: in memory, begun anew at each start.
//!
//! It is counted by word, not by order: a cancellation doesn't wait out what the order had come to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tongban_codes::time::Timestamp;
use tongban_federation::backoff::{Backoff, Jitter};

use super::said::Said;

/// A word that waits: number of its order, and its own.
pub(super) type Waiting = (String, u32);

/// First and longest wait between two tries, in seconds.
const FIRST_SECONDS: i64 = 2;
const LONGEST_SECONDS: i64 = 3600;

/// How a word was tried.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    backoff: Backoff,
    /// When it is tried next.
    pub(crate) next: Timestamp,
    /// Why the last try came to nothing.
    pub(crate) problem: Said,
}

impl Try {
    /// How often it was tried in vain.
    pub(crate) fn times(&self) -> u32 {
        self.backoff.attempt()
    }
}

/// The tries of one connector, by word.
#[derive(Default)]
pub(super) struct Tries(Mutex<BTreeMap<Waiting, Try>>);

impl Tries {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Waiting, Try>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn of(&self, word: &Waiting) -> Option<Try> {
        self.all().get(word).cloned()
    }

    /// Of the words that wait, those whose time has come, in order; what doesn't wait any more is forgotten.
    pub(super) fn due(&self, waiting: Vec<Waiting>, now: Timestamp, most: usize) -> Vec<Waiting> {
        let mut all = self.all();
        let known: BTreeSet<&Waiting> = waiting.iter().collect();
        all.retain(|word, _| known.contains(word));
        drop(known);
        let is_due = |word: &Waiting| all.get(word).is_none_or(|one| one.next <= now);
        waiting.into_iter().filter(is_due).take(most).collect()
    }

    /// It was tried in vain.
    pub(super) fn failed(&self, word: &Waiting, problem: Said, now: Timestamp, jitter: &mut Jitter) {
        let mut all = self.all();
        let backoff = Backoff::new(FIRST_SECONDS, LONGEST_SECONDS);
        let one = all.entry(word.clone()).or_insert_with(|| Try { backoff, next: now, problem: Said::default() });
        one.next = one.backoff.next(now, jitter);
        one.problem = problem;
    }

    pub(super) fn done(&self, word: &Waiting) {
        self.all().remove(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(order: &str) -> Waiting {
        (order.to_owned(), 1)
    }

    #[test]
    fn what_failed_waits_longer_each_time_and_keeps_nobody_back() {
        let (tries, mut jitter) = (Tries::default(), Jitter::new(3));
        let (a, b, c) = (word("a"), word("b"), word("c"));
        let all = || vec![word("a"), word("b"), word("c")];
        let start = Timestamp::from_millis(0);
        assert_eq!(tries.due(all(), start, 2), [a.clone(), b.clone()]);
        let mut last = 0;
        for times in 1..=20_u32 {
            tries.failed(&a, Said::new("no connection", "无法连接"), start, &mut jitter);
            let one = tries.of(&a).expect("it was tried");
            assert_eq!(one.times(), times);
            let wait = one.next.millis_since(start);
            assert!(wait * 3 > last && wait <= LONGEST_SECONDS * 1000, "{times}: {wait} after {last}");
            last = wait;
        }
        assert!(last >= LONGEST_SECONDS * 500, "{last}");
        assert_eq!(tries.due(all(), start, 3), [b.clone(), c]);
        assert_eq!(tries.due(all(), start.add_seconds(LONGEST_SECONDS), 3), all());
        tries.done(&a);
        assert_eq!(tries.due(all(), start, 3), all());
        tries.failed(&b, Said::default(), start, &mut jitter);
        assert_eq!(tries.due(vec![a.clone()], start, 3), [a]);
        assert!(tries.of(&b).is_none(), "it waits no more");
    }

    #[test]
    fn a_cancellation_doesnt_wait_out_what_its_order_had_come_to() {
        let (tries, mut jitter) = (Tries::default(), Jitter::new(3));
        let (start, placed, cancelled) = (Timestamp::from_millis(0), word("a"), ("a".to_owned(), 2));
        for _ in 0..10 {
            tries.failed(&placed, Said::default(), start, &mut jitter);
        }
        assert!(tries.due(vec![placed.clone()], start.add_seconds(2), 1).is_empty());
        let due = tries.due(vec![cancelled.clone()], start.add_seconds(2), 1);
        assert_eq!(due.first(), Some(&cancelled));
        assert!(tries.of(&cancelled).is_none() && tries.of(&placed).is_none());
    }
}
