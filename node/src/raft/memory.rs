//! The ordered log in memory, for tests and the simulator. It needs no runtime.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{FutureExt, channel::oneshot, future::BoxFuture, lock::Mutex as TurnMutex};

use super::{CommittedSink, OrderedLog, ProposeError};

/// When proposals commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// At once: polling the future of any proposal commits and delivers all that were made before it.
    AtOnce,
    /// When [`MemoryLog::commit`] says so.
    OnCommand,
}

/// An ordered log that remembers what was committed and loses what was only proposed. Indexes begin at 1 and have no gaps.
#[derive(Clone)]
pub struct MemoryLog {
    shared: Arc<Shared>,
    commit: Commit,
}

struct Shared {
    sink: Arc<dyn CommittedSink>,
    state: Mutex<State>,
    /// Whose turn it is to deliver; held over the wait for room in the sink.
    turn: TurnMutex<()>,
}

/// An entry that waits for its commit, and where the answer goes.
type Proposed = (Arc<[u8]>, oneshot::Sender<Result<u64, ProposeError>>);

struct State {
    committed: Vec<Arc<[u8]>>,
    proposed: VecDeque<Proposed>,
    refusal: Option<ProposeError>,
}

impl MemoryLog {
    /// Starts a log that holds `committed` and gives the sink all of it behind [`CommittedSink::applied`].
    ///
    /// An empty `committed` is a new log; what [`Self::committed`] gave is the same log after a restart. A sink that has
    /// applied more than the log holds is refused with [`ProposeError::Closed`].
    pub async fn start(
        committed: Vec<Arc<[u8]>>,
        sink: Arc<dyn CommittedSink>,
        commit: Commit,
    ) -> Result<Self, ProposeError> {
        let applied = usize::try_from(sink.applied()).unwrap_or(usize::MAX);
        if applied > committed.len() {
            return Err(ProposeError::Closed);
        }
        for (index, entry) in (1..).zip(&committed).skip(applied) {
            sink.committed(index, Arc::clone(entry)).await.map_err(|_| ProposeError::Closed)?;
        }
        Ok(Self {
            shared: Arc::new(Shared {
                sink,
                state: Mutex::new(State { committed, proposed: VecDeque::new(), refusal: None }),
                turn: TurnMutex::new(()),
            }),
            commit,
        })
    }

    /// All committed entries; the first has index 1.
    #[must_use]
    pub fn committed(&self) -> Vec<Arc<[u8]>> {
        self.shared.state().committed.clone()
    }

    /// How many proposals wait for their commit.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.state().proposed.len()
    }

    /// Commits the oldest `count` proposals and delivers them; gives how many there were.
    pub async fn commit(&self, count: usize) -> usize {
        self.shared.commit(count).await
    }

    /// Takes the office away: what waits ends as unknown and is lost, later proposals are refused with `refusal`, or are taken
    /// again if it is `None`.
    pub fn interrupt(&self, refusal: Option<ProposeError>) {
        let lost = {
            let mut state = self.shared.state();
            state.refusal = refusal;
            std::mem::take(&mut state.proposed)
        };
        for (_, answer) in lost {
            let _ = answer.send(Err(ProposeError::Unknown("interrupted".to_owned())));
        }
    }
}

impl OrderedLog for MemoryLog {
    fn propose(&self, entry: Arc<[u8]>) -> BoxFuture<'static, Result<u64, ProposeError>> {
        let (answer, outcome) = oneshot::channel();
        {
            let mut state = self.shared.state();
            if let Some(refusal) = state.refusal.clone() {
                return futures::future::ready(Err(refusal)).boxed();
            }
            state.proposed.push_back((entry, answer));
        }
        let shared = Arc::clone(&self.shared);
        let at_once = self.commit == Commit::AtOnce;
        async move {
            if at_once {
                shared.commit(usize::MAX).await;
            }
            outcome.await.unwrap_or_else(|_| Err(ProposeError::Unknown("the log is gone".to_owned())))
        }
        .boxed()
    }
}

impl Shared {
    async fn commit(&self, count: usize) -> usize {
        let _turn = self.turn.lock().await;
        let mut done = 0;
        while done < count {
            let (index, entry, answer) = {
                let mut state = self.state();
                let Some((entry, answer)) = state.proposed.pop_front() else {
                    break;
                };
                state.committed.push(Arc::clone(&entry));
                (state.committed.len() as u64, entry, answer)
            };
            let result = match self.sink.committed(index, entry).await {
                Ok(()) => Ok(index),
                Err(closed) => Err(ProposeError::Unknown(closed.to_string())),
            };
            let _ = answer.send(result);
            done += 1;
        }
        done
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
