//! Promise 3 as a type: nothing speaks before it is durable.

/// Something that a committed log entry decided. Whatever answers a caller or sends to a peer takes nothing else.
///
/// Only the writer makes one, and only when the log has said that the entry is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Committed<T> {
    value: T,
    index: u64,
}

impl<T> Committed<T> {
    pub(super) fn new(value: T, index: u64) -> Self {
        Self { value, index }
    }

    /// Index of the log entry; reads that must see it wait until it is applied.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The value, free to be spoken.
    pub fn into_inner(self) -> T {
        self.value
    }
}
