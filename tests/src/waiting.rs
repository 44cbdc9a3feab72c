//! Waiting for what another process does, never without a bound.

use std::time::Duration;

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::process::Child;
use tokio::time::MissedTickBehavior;

/// Asks again and again until there is an answer, with a pause after each `None`.
///
/// The load generators see with it what a node has come to, and a [`crate::postgres::Cluster`] when it takes connections: neither
/// announces that, so it can only be asked for. It is no part of what a test asserts; tests look with [`crate::within`].
///
/// # Errors
///
/// The first error of `ask`, or that `awaited` wasn't there within `patience`, also where a question stays without an answer.
pub async fn until<T>(
    pause: Duration,
    patience: Duration,
    awaited: &str,
    mut ask: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let asking = async {
        let mut looks = tokio::time::interval(pause);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
        }
    };
    let answer = tokio::time::timeout(patience, asking).await;
    answer.with_context(|| format!("not within {} s: {awaited}", patience.as_secs()))?
}

/// Waits for the end of a child process without a runtime, as a `Drop` must; whether it has ended within `patience`.
#[must_use]
pub fn has_ended_within(patience: Duration, process: Pid) -> bool {
    // One that has been reaped can't be opened.
    let Ok(process) = pidfd_open(process, PidfdFlags::empty()) else { return true };
    let patience = Timespec::try_from(patience).ok();
    let mut watched = [PollFd::new(&process, PollFlags::IN)];
    matches!(rustix::io::retry_on_intr(|| poll(&mut watched, patience.as_ref())), Ok(1..))
}

/// The process of a child that hasn't been waited for.
#[must_use]
pub fn process_of(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}
