//! Drift: what this node holds of released standards, and whether others hold the same (promise 7).
//!
//! A node's holding comes from its *rows*, never from a hash that was kept beside them, and each row is held against what was sealed: own
//! items against the own journal of standards, base items of superiors against the slices that were pulled. So a store that was
//! edited behind its node's back says so itself, and where it doesn't, the comparison with a superior does.

mod difference;
mod examining;
mod holding;
mod sealed;
mod serve;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_domain::Place;
use tongban_federation::drift::{Holding, Known};
use tongban_federation::wire::Target;

pub use difference::{Difference, FieldDifference};
pub use examining::{Examination, ExamineStep, Examining, examine_here};
pub(super) use serve::{Question, answer};

use super::ask::Asked;
use super::shared::Shared;
use crate::engine::Refused;
use holding::{Held, Stamp};

/// How long one node may take to answer all questions of an examination.
const EXAMINATION_TIME: Duration = Duration::from_secs(300);

/// Comparisons of others that are answered at once; further ones wait.
const ANSWERS_AT_ONCE: usize = 4;

/// Nodes that are asked at once.
const NODES_AT_ONCE: usize = 16;

/// What a node remembers of drift while it runs; after a start all is compared anew.
pub struct Memory {
    remembered: Mutex<Remembered>,
    /// Whose turn it is to be answered.
    turns: Semaphore,
    /// Held by whoever reads all rows and journals: however many ask, one copy of them is in memory.
    reading: Mutex<()>,
}

#[derive(Default)]
struct Remembered {
    held: Option<(Stamp, Arc<Held>)>,
    expected: Option<Expected>,
    examined: BTreeMap<NodeId, Examined>,
}

/// What is expected of nodes: the base items that one who holds this shares with all to whom these keepers are superiors, too. Of a subtree
/// every node is expected the same.
#[derive(Clone)]
struct Expected {
    held: Arc<Held>,
    keepers: BTreeSet<DivisionCode>,
    holding: Arc<Holding>,
}

/// What was found at a node last time.
#[derive(Clone)]
struct Examined {
    known: Known,
    differences: BTreeMap<u8, Vec<Difference>>,
    /// Whether something was on its way: then the same answer may mean more next time.
    unsettled: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self { remembered: Mutex::default(), turns: Semaphore::new(ANSWERS_AT_ONCE), reading: Mutex::default() }
    }
}

impl Memory {
    /// Waits until a comparison may be answered; the turn lasts as long as what comes back is kept.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Remembered) -> T) -> T {
        change(&mut self.remembered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn reading(&self) -> MutexGuard<'_, ()> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of asking one node.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It answered.
    Examined(Examination),
    /// It wasn't reached.
    Unreached,
    /// It, or the way to it, refused, or its answers don't hold: code and text.
    Refused(String, String),
}

impl Shared {
    /// Compares nodes with this one, some at once; the same nodes come back in their order.
    pub async fn examine(self: &Arc<Self>, places: Vec<Place>) -> Vec<(Place, Outcome)> {
        let asked = places.into_iter().map(|place| async move { (place, self.examine_one(place).await) });
        futures::stream::iter(asked).buffered(NODES_AT_ONCE).collect().await
    }

    async fn examine_one(self: &Arc<Self>, place: Place) -> Outcome {
        let examined = tokio::time::timeout(EXAMINATION_TIME, self.examine_or_refuse(place)).await;
        match examined.unwrap_or(Ok(Outcome::Unreached)) {
            Ok(outcome) => outcome,
            Err(Refused::Problem(problem)) => {
                let text = format!("{} / {}", problem.zh, problem.en);
                Outcome::Refused(problem.code, text)
            }
            Err(refused) => Outcome::Refused("internal-fault".to_owned(), format!("{refused:?}")),
        }
    }

    async fn examine_or_refuse(self: &Arc<Self>, place: Place) -> Result<Outcome, Refused> {
        if place.node == self.here().node {
            let shared = Arc::clone(self);
            return apart(move || examine_here(&shared)).await.map(Outcome::Examined);
        }
        let shared = Arc::clone(self);
        let mut examining = apart(move || Examining::new(&shared, place)).await?;
        let mut query = examining.begin();
        loop {
            match self.ask_payload(Target::Node(place.node), query).await {
                Asked::Unreached => return Ok(Outcome::Unreached),
                Asked::Refused(code, text) => return Ok(Outcome::Refused(code, text)),
                Asked::Answer(payload, _) => match examining.answered(self, &payload)? {
                    ExamineStep::Ask(next) => query = next,
                    ExamineStep::Done(examination) => return Ok(Outcome::Examined(examination)),
                },
            }
        }
    }
}

/// Does what reads many rows on a thread of its own.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refused::problem("internal-fault", error.to_string(), error.to_string()))?
}
