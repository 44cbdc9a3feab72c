#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{FutureExt, future::BoxFuture};

use super::{memory::Commit, *};

/// A state that remembers what it was given; "flushed" is what `flush` was told of.
#[derive(Default)]
struct Sink {
    applied: u64,
    given: Mutex<Vec<(u64, Arc<[u8]>)>>,
    flushed: AtomicU64,
}

impl Sink {
    fn at(applied: u64) -> Arc<Self> {
        Arc::new(Self { applied, flushed: AtomicU64::new(applied), ..Self::default() })
    }

    fn given(&self) -> Vec<(u64, Arc<[u8]>)> {
        self.given.lock().unwrap().clone()
    }
}

impl CommittedSink for Sink {
    fn committed(&self, index: u64, entry: Arc<[u8]>) -> BoxFuture<'_, Result<(), SinkClosed>> {
        self.given.lock().unwrap().push((index, entry));
        async { Ok(()) }.boxed()
    }
    fn applied(&self) -> u64 {
        self.applied
    }
    fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::SeqCst)
    }
    fn flush(&self) -> Result<u64, String> {
        let last = self.given().last().map_or(self.applied, |(index, _)| *index);
        self.flushed.fetch_max(last, Ordering::SeqCst);
        Ok(self.flushed())
    }
}

async fn start(dir: &Path, sink: &Arc<Sink>) -> Result<Arc<RaftNode>, RaftError> {
    let sink: Arc<dyn CommittedSink> = Arc::clone(sink) as _;
    RaftNode::start(dir, 1, sink, RaftOptions::default()).await
}

fn entry(text: impl std::fmt::Display) -> Arc<[u8]> {
    text.to_string().into_bytes().into()
}

/// Proposes from many tasks; gives what was acknowledged, by index.
async fn propose_many(log: &Arc<RaftNode>, tasks: u64, each: u64, size: usize) -> Vec<(u64, Arc<[u8]>)> {
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0..each {
                    let entry = entry(format!("{task}/{number} {:size$}", ""));
                    let index = log.propose(Arc::clone(&entry)).await.unwrap();
                    acknowledged.push((index, entry));
                }
                acknowledged
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    acknowledged.sort();
    acknowledged
}

/// Copies the files of a running log, each from its end to its beginning: what is copied of a later write then implies all of
/// the ones before it, as on a disk that is synced between them.
fn copy_live(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let live = fs::File::open(file.path()).unwrap();
        let mut bytes = vec![0; usize::try_from(live.metadata().unwrap().len()).unwrap()];
        let page_bytes = 4096;
        for (page, bytes) in bytes.chunks_mut(page_bytes).enumerate().rev() {
            live.read_exact_at(bytes, (page * page_bytes) as u64).unwrap();
        }
        fs::write(to.join(file.file_name()), bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_proposals_come_once_in_order_and_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::at(0);
    let log = start(dir.path(), &sink).await.unwrap();
    let acknowledged = propose_many(&log, 64, 16, 0).await;
    assert_eq!(acknowledged.len(), 1024);
    assert_eq!(sink.given(), acknowledged);
    assert!(log.log_syncs() < 1024, "{} syncs", log.log_syncs());
    assert!(log.committed_index() <= log.last_index());
    log.shutdown().await.unwrap();
    assert_eq!(log.propose(entry("late")).await, Err(ProposeError::Closed));

    let middle = acknowledged[500].0;
    let again = Sink::at(middle);
    let log = start(dir.path(), &again).await.unwrap();
    assert_eq!(again.given(), acknowledged[501..]);
    let next = log.propose(entry("next")).await.unwrap();
    assert!(next > acknowledged[1023].0);
    assert_eq!(again.given().last().unwrap().0, next);
    log.shutdown().await.unwrap();

    let third = Sink::at(next);
    let log = start(dir.path(), &third).await.unwrap();
    assert_eq!(third.given(), []);
    log.shutdown().await.unwrap();
}

#[tokio::test]
async fn proposals_take_the_order_of_the_calls() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::at(0);
    let log = start(dir.path(), &sink).await.unwrap();
    let mut flights: Vec<_> = (0..50).map(|number| log.propose(entry(number))).collect();
    flights.reverse();
    let indexes = futures::future::try_join_all(flights).await.unwrap();
    assert!(indexes.is_sorted_by(|a, b| a > b));
    let given: Vec<_> = sink.given().into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(given, (0..50).map(entry).collect::<Vec<_>>());
    log.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::at(0);
    let log = start(dir.path(), &sink).await.unwrap();
    let before = propose_many(&log, 8, 20, 100).await;
    // The disk as it is while more is being written, with nothing shut down.
    let crashed = tempfile::tempdir().unwrap();
    let more = tokio::spawn({
        let log = Arc::clone(&log);
        async move { propose_many(&log, 8, 20, 100).await }
    });
    copy_live(dir.path(), crashed.path());
    let more = more.await.unwrap();

    let survivor = Sink::at(0);
    let again = start(crashed.path(), &survivor).await.unwrap();
    let given = survivor.given();
    assert_eq!(given[..before.len()], before);
    // What follows is a beginning of what was proposed then.
    assert_eq!(given[before.len()..], more[..given.len() - before.len()]);
    again.shutdown().await.unwrap();
    log.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compaction_purges_behind_the_flushed_state_and_a_restart_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::at(0);
    let log = start(dir.path(), &sink).await.unwrap();
    assert_eq!(log.compact().await.unwrap(), 0);
    let first = propose_many(&log, 4, 25, 0).await;
    let flushed = log.compact().await.unwrap();
    assert_eq!(flushed, first.last().unwrap().0);
    assert_eq!(log.purged_index(), flushed);
    let second = propose_many(&log, 4, 5, 0).await;
    log.shutdown().await.unwrap();

    let again = Sink::at(flushed);
    let log = start(dir.path(), &again).await.unwrap();
    assert_eq!(again.given(), second);
    assert_eq!(log.compact().await.unwrap(), second.last().unwrap().0);
    // Nothing new: nothing to let go of, and no wait.
    assert_eq!(log.compact().await.unwrap(), second.last().unwrap().0);
    log.shutdown().await.unwrap();

    // All entries of the sink are purged, the position's term comes from the record.
    let third = Sink::at(second.last().unwrap().0);
    let log = start(dir.path(), &third).await.unwrap();
    assert_eq!(third.given(), []);
    assert!(log.propose(entry("on")).await.is_ok());
    log.shutdown().await.unwrap();

    let lost = Sink::at(3);
    let error = start(dir.path(), &lost).await.err().unwrap();
    assert_eq!(error.code(), "state-lost", "{error}");
    assert_eq!(lost.given(), []);
}

#[tokio::test]
async fn a_lost_log_and_a_foreign_one_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = start(dir.path(), &Sink::at(7)).await.err().unwrap();
    assert_eq!(error.code(), "log-lost", "{error}");

    let sink = Sink::at(0);
    let log = start(dir.path(), &sink).await.unwrap();
    assert_eq!(start(dir.path(), &sink).await.err().unwrap().code(), "storage-locked");
    log.shutdown().await.unwrap();
    let error = start(dir.path(), &Sink::at(1000)).await.err().unwrap();
    assert_eq!(error.code(), "log-lost", "{error}");
    let other = RaftNode::start(dir.path(), 2, Sink::at(0), RaftOptions::default()).await;
    assert_eq!(other.err().unwrap().code(), "other-replica");
    start(dir.path(), &sink).await.unwrap().shutdown().await.unwrap();
}

#[tokio::test]
async fn the_log_in_memory_keeps_the_contract() {
    let sink = Sink::at(0);
    let log = MemoryLog::start(Vec::new(), Arc::clone(&sink) as _, Commit::AtOnce).await.unwrap();
    let (a, b) = (log.propose(entry("a")), log.propose(entry("b")));
    assert_eq!((b.await, a.await), (Ok(2), Ok(1)));
    assert_eq!(sink.given(), [(1, entry("a")), (2, entry("b"))]);

    let again = Sink::at(1);
    let log = MemoryLog::start(log.committed(), Arc::clone(&again) as _, Commit::OnCommand).await.unwrap();
    assert_eq!(again.given(), [(2, entry("b"))]);
    let (c, d) = (log.propose(entry("c")), log.propose(entry("d")));
    assert_eq!((log.waiting(), log.commit(1).await), (2, 1));
    assert_eq!(c.await, Ok(3));
    log.interrupt(Some(ProposeError::NotLeader));
    assert_eq!(d.await.unwrap_err().code(), "outcome-unknown");
    assert_eq!(log.propose(entry("e")).await, Err(ProposeError::NotLeader));
    assert_eq!(log.committed().len(), 3);
    let ahead = MemoryLog::start(log.committed(), Sink::at(4), Commit::AtOnce).await;
    assert!(ahead.is_err());
}
