//! Fetching: what is wanted, a few files at a time, each of them part by part.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_domain::Event;
use tongban_domain::case::HeldFile;
use tongban_federation::wire::{MaterialPart, Query, Target};
use tongban_seal::FileKey;
use tongban_storage::StorageError;
use tongban_storage::keyspace::{case, material};

use super::super::ask::{Asked, MaterialAnswer};
use super::super::shared::Shared;
use super::Trouble;
use super::pace::Pace;
use super::queue::{Next, Queue, UNREACHED};
use crate::engine::{Outside, Refused};
use crate::materials::{Draft, FileError, MaterialFiles, MaterialPlace, Staged, Standing};
use crate::room::Reserved;

/// How often is looked for files that are wanted.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Fetches what is wanted, a few files at a time, each of them part by part.
pub struct Fetcher {
    shared: Arc<Shared>,
    files: Arc<MaterialFiles>,
    bytes_max: u64,
    queue: Queue,
}

/// What became of an attempt: how many bytes came, at which pace, and what ended it.
struct Attempt {
    place: MaterialPlace,
    bytes: u64,
    pace: Pace,
    result: Result<(), Trouble>,
}

impl Fetcher {
    /// A fetcher into a store, of files of at most so many bytes.
    #[must_use]
    pub fn new(shared: Arc<Shared>, files: Arc<MaterialFiles>, bytes_max: u64) -> Self {
        Self { shared, files, bytes_max, queue: Queue::default() }
    }

    /// Runs until `stop` is true. What has come by then stays.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut running: BTreeMap<MaterialPlace, AbortHandle> = BTreeMap::new();
        let mut attempts: JoinSet<Attempt> = JoinSet::new();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                ended = attempts.join_next(), if !attempts.is_empty() => match ended {
                    Some(Ok(attempt)) => {
                        running.remove(&attempt.place);
                        self.ended(attempt);
                    }
                    // One that was broken off, or failed itself, is begun again.
                    Some(Err(_)) => running.retain(|_, attempt| !attempt.is_finished()),
                    None => {}
                },
                _ = look.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            match self.next(&running) {
                Ok(next) => {
                    for Next { place, size, mut pace } in next {
                        let (shared, files, max) = (Arc::clone(&self.shared), Arc::clone(&self.files), self.bytes_max);
                        let attempt = attempts.spawn(async move {
                            let mut bytes = 0;
                            let result = fetch(&shared, &files, place, (size, max), (&mut pace, &mut bytes)).await;
                            Attempt { place, bytes, pace, result }
                        });
                        running.insert(place, attempt);
                    }
                }
                Err(error) => tracing::error!(%error, "the materials that are wanted can't be read"),
            }
        }
    }

    fn next(&mut self, running: &BTreeMap<MaterialPlace, AbortHandle>) -> Result<Vec<Next>, StorageError> {
        let state = &*self.shared.parts.backend;
        let wanting = |id: &CaseId| Ok(case::CASE.load(state, id)?.is_none_or(|row| material::is_wanting(&row)));
        let (next, gone) = self.queue.next(state, running, Instant::now(), wanting)?;
        let mut troubles = self.shared.fetching.lock();
        gone.iter().for_each(|place| drop(troubles.remove(place)));
        Ok(next)
    }

    fn ended(&mut self, attempt: Attempt) {
        let Attempt { place, bytes, pace, result } = attempt;
        let (case, digest) = place;
        let trouble = result.as_ref().err().map(|trouble| trouble.code.as_str());
        self.queue.ended(place, (bytes, pace), trouble, Instant::now());
        match result {
            Ok(()) => {
                tracing::info!(%case, material = %digest, bytes, "a material was fetched");
                self.shared.fetching.lock().remove(&place);
            }
            Err(trouble) => {
                tracing::warn!(%case, material = %digest, bytes, code = trouble.code, text = trouble.text, "a material is not here yet");
                self.shared.fetching.lock().insert(place, trouble);
            }
        }
    }
}

/// Parts that are asked for ahead; dropped, they are broken off.
struct Ahead(VecDeque<PartAhead>);

struct PartAhead {
    bytes: u64,
    since: Instant,
    asked: JoinHandle<Asked<MaterialAnswer>>,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        for part in &self.0 {
            part.asked.abort();
        }
    }
}

/// Does what takes a thread's time.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, FileError> + Send + 'static) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Trouble::new("internal-fault", error.to_string()))?.map_err(Trouble::from)
}

/// Fetches a file as far as it goes; `came` counts the bytes that came.
async fn fetch(
    shared: &Arc<Shared>,
    files: &Arc<MaterialFiles>,
    place: MaterialPlace,
    (size, bytes_max): (u64, u64),
    (pace, came): (&mut Pace, &mut u64),
) -> Result<(), Trouble> {
    let (case, digest) = place;
    let name = files.fetched(&case, &digest);
    let is_named = |state| material::is_named(state, &name).map_err(Refused::from);
    let mut standing = files.standing(&name);
    if standing == Standing::Keyless && !is_named(&*shared.parts.backend)? {
        // It came after its case had left, or is damaged: nobody opens it any more.
        files.discard(&name).map_err(FileError::from)?;
        standing = Standing::Absent;
    }
    if standing == Standing::Absent {
        if size > bytes_max {
            let text = format!("it has {size} bytes, and this node takes {bytes_max}");
            return Err(Trouble::new("material-too-large", text));
        }
        let row = case::CASE.load(&*shared.parts.backend, &case).map_err(Refused::from)?;
        let row = row.ok_or_else(|| Trouble::new("case-unknown", "the case is gone"))?;
        let source = row.collecting.node;
        if source == shared.here().node {
            return Err(Trouble::new("material-unknown", "it was collected here, and the file isn't here"));
        }
        let reserved = shared.room.reserve(size.saturating_sub(files.fetched_bytes(&name))).ok_or_else(disk_low)?;
        let begun = Arc::clone(files);
        let draft = apart(move || begun.resume(name)).await?;
        if draft.length() > 0 {
            tracing::info!(%case, material = %digest, from = draft.length(), size, "a material is fetched further");
        }
        let draft = parts(shared, source, (place, size), (draft, reserved), (pace, came)).await?;
        let finished = apart(move || draft.finish(&digest)).await;
        if let Err(trouble) = finished {
            if trouble.code == "material-digest" {
                tracing::error!(%case, material = %digest, %source, code = trouble.code, "a node gave another file than it had named; it is thrown away");
                let given_up = Arc::clone(files);
                apart(move || given_up.give_up(&name).map_err(FileError::from)).await?;
            }
            return Err(trouble);
        }
    }
    let staged = Arc::clone(files);
    let staged = apart(move || staged.staged(name)).await?;
    let Some(Staged { file, size, key }) = staged else {
        // Its key is too old, so that the sweep may be at it: it is kept for another day first.
        files.keep(&name).map_err(FileError::from)?;
        return Err(Trouble::new("material-unknown", "the file is kept for another day first"));
    };
    commit(shared, case, HeldFile { digest, file, size, key: Vec::new(), since: shared.now() }, key).await?;
    if is_named(&*shared.parts.backend)? {
        files.named(&file).map_err(FileError::from)?;
    } else if material::WANTED.holds(&*shared.parts.backend, &place).map_err(Refused::from)? {
        return Err(Trouble::new("material-unknown", "the key of the case is gone"));
    }
    // Where the case has left meanwhile the file stays a draft: named when the case is back within the day, swept when it isn't.
    Ok(())
}

fn disk_low() -> Trouble {
    Trouble::new("disk-low", "the disk has no room for the file above the mark of materials")
}

/// Asks for the parts that are missing, some ahead, and writes them as they come.
async fn parts(
    shared: &Arc<Shared>,
    source: NodeId,
    ((case, digest), size): (MaterialPlace, u64),
    (mut draft, mut reserved): (Draft, Reserved),
    (pace, came): (&mut Pace, &mut u64),
) -> Result<Draft, Trouble> {
    let mut ahead = Ahead(VecDeque::new());
    let mut asked = draft.length();
    while draft.length() < size {
        if !shared.room.has_room_for_files() {
            return Err(disk_low());
        }
        while ahead.0.len() < pace.ahead() && asked < size {
            let bytes = pace.bytes().min(size - asked);
            let bytes_max = u32::try_from(bytes).unwrap_or(u32::MAX);
            let query = Query::Material(MaterialPart { case, digest, from: asked, bytes_max });
            let asking = Arc::clone(shared);
            let answer = tokio::spawn(async move { asking.ask(Target::Node(source), query).await });
            ahead.0.push_back(PartAhead { bytes, since: Instant::now(), asked: answer });
            asked += bytes;
        }
        let Some(next) = ahead.0.front_mut() else { break };
        let (expected, since) = (next.bytes, next.since);
        let answer = (&mut next.asked).await.map_err(|error| Trouble::new("internal-fault", error.to_string()))?;
        ahead.0.pop_front();
        let answer: MaterialAnswer = match answer {
            Asked::Answer(answer, _) => answer,
            Asked::Refused(code, text) => return Err(Trouble::new(code, text)),
            Asked::Unreached => {
                pace.stalled(*came > 0);
                return Err(Trouble::new(UNREACHED, "the node that collected can't be reached"));
            }
        };
        let from = draft.length();
        let fits = answer.digest == digest && answer.from == from && answer.size == size;
        if !fits || answer.bytes.len() as u64 != expected {
            tracing::error!(%case, material = %digest, %source, from, code = "material-contradiction", "a node answers with another part than was asked for");
            return Err(Trouble::new("material-contradiction", "another part came than was asked for"));
        }
        pace.came(since.elapsed());
        draft = apart(move || draft.write(&answer.bytes).map(|()| draft)).await?;
        reserved.written(expected);
        *came += expected;
    }
    Ok(draft)
}

/// Has the writer record that the file is here, under the key of the case.
async fn commit(shared: &Shared, case: CaseId, held: HeldFile, key: FileKey) -> Result<(), Trouble> {
    let place: (CaseId, Digest) = (case, held.digest);
    let decide = move |read: &dyn tongban_storage::Read, at, desk: &mut crate::engine::LeaderDesk| {
        let row = case::CASE.load(read, &place.0)?;
        let wanted = material::WANTED.holds(read, &place)?;
        let Some(row) = row.filter(|_| wanted) else { return Ok(Outside::default()) };
        let Some(sealed) = desk.seal_file_key(&row.id, &row.personal, &key) else { return Ok(Outside::default()) };
        let held = HeldFile { key: sealed, since: at, ..held };
        Ok(Outside { events: vec![Event::File(row.id, Box::new(held))], ..Outside::default() })
    };
    shared.settle(decide).await?;
    // What is applied is no longer wanted, and isn't begun again.
    if shared.handle.fresh().await { Ok(()) } else { Err(Refused::Stopped.into()) }
}
