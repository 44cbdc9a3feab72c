//! The nodes' processes: started, killed, and never left behind.

use std::collections::BTreeMap;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a node may take to stop in good order.
const STOP_SECONDS_MAX: u64 = 10;

#[derive(Default)]
struct Running {
    ended: bool,
    children: BTreeMap<usize, Child>,
}

/// The running processes by the place of their node; the last of its clones to go, or [`Processes::end`], kills them.
#[derive(Clone, Default)]
pub(super) struct Processes(Arc<Guard>);

#[derive(Default)]
struct Guard(Mutex<Running>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.running().end();
    }
}

impl Guard {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn end(&mut self) {
        self.ended = true;
        for child in self.children.values_mut() {
            // One that has ended by itself can't be killed.
            let _ = child.kill();
        }
        for child in self.children.values_mut() {
            let _ = child.wait();
        }
        self.children.clear();
    }
}

impl Processes {
    /// Starts a process.
    pub(super) fn start(&self, place: usize, command: &mut Command) -> io::Result<()> {
        let mut running = self.0.running();
        if running.ended {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let child = command.spawn()?;
        running.children.insert(place, child);
        Ok(())
    }

    /// Kills a process at once (SIGKILL), as a power cut would.
    pub(super) fn kill(&self, place: usize) -> io::Result<()> {
        let child = self.0.running().children.remove(&place);
        match child {
            Some(mut child) => {
                child.kill()?;
                child.wait().map(|_| ())
            }
            None => Ok(()),
        }
    }

    /// How a process ended, if it has.
    pub(super) fn ended(&self, place: usize) -> Option<ExitStatus> {
        self.0.running().children.get_mut(&place).and_then(|child| child.try_wait().ok().flatten())
    }

    /// The id of a process.
    pub(super) fn id(&self, place: usize) -> Option<u32> {
        self.0.running().children.get(&place).map(Child::id)
    }

    /// Kills all; none starts any more.
    pub(super) fn end(&self) {
        self.0.running().end();
    }

    /// Stops all in good order; those that take too long are killed.
    pub(super) fn stop(&self) {
        let mut running = self.0.running();
        for child in running.children.values() {
            if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        let deadline = Instant::now() + Duration::from_secs(STOP_SECONDS_MAX);
        while running.children.values_mut().any(|child| matches!(child.try_wait(), Ok(None)))
            && Instant::now() < deadline
        {
            std::thread::sleep(super::stage::POLL);
        }
        running.end();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn sleeper() -> Command {
        let mut command = Command::new("sleep");
        command.arg("600");
        command
    }

    #[test]
    fn none_is_left_behind() {
        let processes = Processes::default();
        processes.start(0, &mut sleeper()).unwrap();
        processes.start(1, &mut sleeper()).unwrap();
        let id = processes.id(0).unwrap();
        processes.kill(1).unwrap();
        assert_eq!(processes.id(1), None);
        let kept = processes.clone();
        drop(processes);
        assert!(kept.ended(0).is_none());
        drop(kept);
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn none_starts_after_the_end() {
        let processes = Processes::default();
        processes.start(0, &mut sleeper()).unwrap();
        processes.end();
        assert_eq!(processes.id(0), None);
        assert!(processes.start(0, &mut sleeper()).is_err());
    }
}
