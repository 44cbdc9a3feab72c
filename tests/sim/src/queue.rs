//! The queue of events: what happens next, and when.

use std::collections::BTreeMap;

use tongban::exchange::Happened;

use crate::faults::Fault;
use crate::month::Due;

/// What happens. Events of a node carry the number of its run: what was meant for a run that is over doesn't happen.
pub(crate) enum Event {
    /// A machine starts its node.
    Start(usize),
    /// The writer forms an entry of what waits.
    Form(usize, u64),
    /// The log's sync has ended.
    Sync(usize, u64),
    /// The next committed entry is applied.
    Apply(usize, u64),
    /// The state is flushed and the log behind it let go.
    Flush(usize, u64),
    /// The exchange looks.
    Look(usize, u64),
    /// The writer's tick.
    Tick(usize, u64),
    /// The exchange's time may have come.
    Timeout(usize, u64),
    /// The exchange is told.
    Tell(usize, u64, Box<Happened>),
    /// A frame arrives at an end of a link.
    Frame(u64, Vec<u8>),
    /// Whoever holds an end of a link notices that it broke.
    Gone(u64, usize, u64),
    /// A question arrives where it was asked.
    Asked(u64),
    /// Its answer arrives; none when the link broke.
    Answered(u64, Option<Vec<u8>>),
    /// Somebody comes to a window.
    Client,
    /// Something breaks.
    Fault(Fault),
    /// A link that went deaf at one end breaks.
    Break(u64),
    /// A node gets the newest release.
    Upgrade(usize),
    /// All faults are over.
    Calm,
    /// Whether all is as it should be in the end.
    Settled,
    /// Something of a month.
    Month(Due),
}

/// What is to come, by time; what comes at the same time comes in the order in which it was put in.
#[derive(Default)]
pub(crate) struct Queue {
    now: i64,
    number: u64,
    events: BTreeMap<(i64, u64), Event>,
}

impl Queue {
    pub(crate) fn new(now: i64) -> Self {
        Self { now, ..Self::default() }
    }

    /// Milliseconds since 1970 of the one true clock.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Puts in what happens `after` milliseconds from now.
    pub(crate) fn put(&mut self, after: i64, event: Event) {
        self.put_at(self.now + after.max(0), event);
    }

    pub(crate) fn put_at(&mut self, at: i64, event: Event) {
        self.number += 1;
        self.events.insert((at.max(self.now), self.number), event);
    }

    pub(crate) fn next(&mut self) -> Option<Event> {
        let ((at, _), event) = self.events.pop_first()?;
        self.now = at;
        Some(event)
    }
}
