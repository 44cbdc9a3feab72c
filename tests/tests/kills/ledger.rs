//! What the clients know: each act under its key, as acknowledged, refused or unknown.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// What a client has heard of an act.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// It was done.
    Acknowledged(Value),
    /// It was refused, with a code: it was not done.
    Refused(String),
    /// No answer came, or one that says that it isn't known.
    Unknown,
}

/// One act of a client: all that was sent under one key.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where.
    pub(crate) place: &'static str,
    /// The kind of act as the history names it.
    pub(crate) kind: &'static str,
    /// On which case; of a collecting, known once it is acknowledged.
    pub(crate) case: Option<String>,
    /// Path of the API.
    pub(crate) path: &'static str,
    /// Body.
    pub(crate) body: Value,
    /// How often it was sent.
    pub(crate) attempts: usize,
    /// The last that was heard.
    pub(crate) heard: Heard,
}

/// The log of all clients.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: Mutex<BTreeMap<String, Entry>>,
    acknowledged: AtomicUsize,
}

impl Ledger {
    /// Writes down what was heard of a key.
    ///
    /// # Panics
    ///
    /// When a key that was acknowledged gets another answer.
    pub(crate) fn write(&self, key: &str, entry: Entry) {
        if matches!(entry.heard, Heard::Acknowledged(_)) {
            self.acknowledged.fetch_add(1, Ordering::AcqRel);
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Entry { heard: known @ Heard::Acknowledged(_), .. }) = entries.get(key) {
            assert_eq!(*known, entry.heard, "{key} was answered before");
        }
        entries.insert(key.to_owned(), entry);
    }

    /// How many acts were acknowledged up to now.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Acquire)
    }

    /// All entries.
    pub(crate) fn close(self) -> Book {
        Book(self.entries.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A ledger in which nothing is written any more.
pub(crate) struct Book(BTreeMap<String, Entry>);

impl Book {
    /// Keys and entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(key, entry)| (key.as_str(), entry))
    }
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |heard: fn(&Entry) -> bool| self.0.values().filter(|entry| heard(entry)).count();
        write!(
            f,
            "{} acts acknowledged ({} of them after {} that were unknown at first), {} refused, {} unknown",
            count(|entry| matches!(entry.heard, Heard::Acknowledged(_))),
            count(|entry| matches!(entry.heard, Heard::Acknowledged(_)) && entry.attempts > 1),
            count(|entry| entry.attempts > 1 || entry.heard == Heard::Unknown),
            count(|entry| matches!(entry.heard, Heard::Refused(_))),
            count(|entry| entry.heard == Heard::Unknown),
        )
    }
}
