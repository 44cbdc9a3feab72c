//! What the writer remembers of replays that decided nothing: what each line in quarantine waits for. Lost with the writer; a node replays
//! everything when it starts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tongban_codes::ids::{CaseId, NodeId};

/// Why the last replay of a line went no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Which act stood first.
    pub act: u32,
    /// Stable code.
    pub code: String,
    /// What exactly; may be empty.
    pub text: String,
}

/// Lines that wait, by origin and subject.
pub type Waits = BTreeMap<(NodeId, CaseId), Wait>;

/// These, as the rest of the node sees them.
#[derive(Clone, Debug, Default)]
pub(super) struct WaitsView(Arc<Mutex<Waits>>);

impl WaitsView {
    pub(super) fn list(&self) -> Waits {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A line waits, or its first envelope was decided.
    pub(super) fn set(&self, line: (NodeId, CaseId), wait: Option<Wait>) {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match wait {
            Some(wait) => drop(waits.insert(line, wait)),
            None => drop(waits.remove(&line)),
        }
    }

    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
