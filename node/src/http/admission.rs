//! What every act is judged by before the writer sees it, kept in memory for a moment: the operators.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tongban_domain::Operator;
use tongban_storage::keyspace::hall;
use tongban_storage::{Backend, StorageError};

/// How long what was read counts; a change of the operators made here counts at once.
const FRESH_FOR: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Admission {
    operators: Mutex<Option<(Instant, Arc<[Operator]>)>>,
}

fn locked<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

fn still<T: Clone>(known: Option<&(Instant, T)>) -> Option<T> {
    known.filter(|(read, _)| read.elapsed() < FRESH_FOR).map(|(_, value)| value.clone())
}

impl Admission {
    /// Every operator in service.
    pub(super) fn operators(&self, state: &dyn Backend) -> Result<Arc<[Operator]>, StorageError> {
        // Read under the lock, so that what was read before a change isn't kept after it.
        let mut known = locked(&self.operators);
        if let Some(operators) = still(known.as_ref()) {
            return Ok(operators);
        }
        let all = hall::OPERATOR.list(state, &[], None, usize::MAX)?;
        let in_service = all.into_iter().map(|(_, operator)| operator).filter(|operator| operator.disabled.is_none());
        let operators: Arc<[Operator]> = in_service.collect();
        *known = Some((Instant::now(), Arc::clone(&operators)));
        Ok(operators)
    }

    /// The operators have changed, and the change is applied.
    pub(super) fn operators_changed(&self) {
        *locked(&self.operators) = None;
    }
}
