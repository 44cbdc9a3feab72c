//! The driver: runs an [`Exchange`] over QUIC links, the writer and the requests of one node.
//!
//! One task owns the exchange and the links. It tells the exchange what happens and does what comes of it; whatever takes time is done by
//! tasks of its own, which come back with what has become of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::limits;
use tongban_federation::wire::{Frame, JournalSize, Journals, Request as WireRequest, Response};
use tongban_quic::{Expect, Link, QuicError, Standing};

use super::core::{Effect, Exchange, Happened, Proven, Trouble};
use super::pull::{PullStep, Pulling};
use super::renew::{self, Renewal};
use super::serve;
use super::shared::Shared;
use crate::engine::{Refused, Request};

/// How often the exchange is told to look by itself for what a lost nudge should have told it.
const LOOK_SECONDS: u64 = 1;

/// How often the view of the peers is made anew.
const STANDINGS_EVERY: Duration = Duration::from_millis(250);

/// How long a stranger may stay to join.
const STRANGER_TIME: Duration = Duration::from_secs(30);

/// How long a link stays after its last frame, for the peer to read it and for requests to end.
const LAST_WORD_TIME: Duration = Duration::from_secs(30);

/// Frames of one link that are read and not looked at yet, so that no peer goes before the others; the rest waits in the transport's
/// window.
const FRAMES_READ_MAX: usize = 64;

/// Frames that may wait to be written to one link; a peer that reads slower than that is closed.
const FRAMES_WAITING_MAX: usize = 1024;

/// How many bytes one permit of a room stands for.
const ROOM_BYTES: usize = 1 << 10;

/// Room for so many bytes.
pub(super) fn room(bytes: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(bytes / ROOM_BYTES))
}

/// How many permits of a room so many bytes take; none takes nothing.
pub(super) fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(ROOM_BYTES).max(1)).unwrap_or(u32::MAX)
}

/// What the rest of the node tells the driver.
#[derive(Clone, Debug)]
pub enum Nudge {
    /// The outbox, the journals, the directory or the trust may have changed.
    Look,
    /// Pull everything that superiors and subordinates have.
    Pull,
}

/// What tasks tell the driver.
enum Report {
    Happened(Happened),
    Frame(Happened, Taken),
    Accepted(Link),
    Dialled(NodeId, u64, Result<Link, QuicError>),
    Renewed(Result<bool, Refused>),
}

/// What a frame that was read takes of its link's room.
struct Taken {
    /// Its place among those that aren't looked at yet.
    _unseen: OwnedSemaphorePermit,
    /// Its bytes, until everything that comes of it is done.
    unsettled: Arc<OwnedSemaphorePermit>,
}

/// A frame to be written, and its part of the room for what the peer hasn't read.
type Unread = (Vec<u8>, Option<OwnedSemaphorePermit>);

/// A link by its number.
struct Held {
    link: Link,
    /// What writes to it, once it is in use.
    using: Option<Using>,
}

/// A link in use: whom it leads to, and the frames to be written.
struct Using {
    peer: NodeId,
    frames: mpsc::Sender<Unread>,
    room: Arc<Semaphore>,
}

/// The exchange's one task.
pub struct Driver {
    shared: Arc<Shared>,
    exchange: Exchange,
    links: BTreeMap<u64, Held>,
    /// Links that stay for their last word: one for each peer, so that whoever is turned away again and again holds no more.
    leaving: BTreeMap<NodeId, Link>,
    /// The room of the frame that is being dealt with; whatever comes of it holds on to it.
    settling: Option<Arc<OwnedSemaphorePermit>>,
    numbers: u64,
    /// Whether something of a peer was refused for want of room.
    starved: bool,
    reports: mpsc::UnboundedSender<Report>,
    inbox: mpsc::UnboundedReceiver<Report>,
    nudges: mpsc::Receiver<Nudge>,
    outbox: watch::Receiver<u64>,
    renewal: Renewal,
    /// The revoked keys by which the links were judged last.
    judged: Vec<(Digest, Timestamp)>,
}

fn trouble(error: &QuicError) -> Trouble {
    Trouble { code: error.code(), text: error.to_string() }
}

fn proven(link: &Link) -> Proven {
    let peer = link.peer();
    Proven { node: peer.node, division: peer.division, key_hash: peer.key_hash }
}

impl Driver {
    /// A driver over what is shared; `outbox` changes when envelopes have been applied.
    #[must_use]
    pub fn new(shared: Arc<Shared>, nudges: mpsc::Receiver<Nudge>, outbox: watch::Receiver<u64>) -> Self {
        let (reports, inbox) = mpsc::unbounded_channel();
        let exchange = Exchange::new(Arc::clone(&shared.knowledge), rand::random());
        Self {
            shared,
            exchange,
            links: BTreeMap::new(),
            leaving: BTreeMap::new(),
            settling: None,
            numbers: 0,
            starved: false,
            reports,
            inbox,
            nudges,
            outbox,
            renewal: Renewal::default(),
            judged: Vec::new(),
        }
    }

    /// Runs until `stop` is true; then says good-bye on every link.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let accepting = tokio::spawn(accept(Arc::clone(&self.shared), self.reports.clone()));
        let mut told = Instant::now();
        let mut look = tokio::time::interval(Duration::from_secs(LOOK_SECONDS));
        loop {
            let wait = self.exchange.poll_timeout().map_or(LOOK_SECONDS * 1000, |due| {
                u64::try_from(due.millis_since(self.shared.now())).unwrap_or(0).min(LOOK_SECONDS * 1000)
            });
            tokio::select! {
                report = self.inbox.recv() => {
                    if let Some(report) = report {
                        self.hear(report);
                    }
                    for _ in 0..256 {
                        let Ok(report) = self.inbox.try_recv() else { break };
                        self.hear(report);
                    }
                }
                nudge = self.nudges.recv() => match nudge {
                    Some(Nudge::Pull) => self.handle(Happened::PullAll),
                    Some(Nudge::Look) => self.handle(Happened::Look),
                    None => break,
                },
                _ = self.outbox.changed() => self.handle(Happened::OutboxGrew),
                _ = look.tick() => {
                    self.begin_anew_with_room();
                    self.handle(Happened::Look);
                    self.renew();
                    self.judge_links();
                    self.leaving.retain(|_, link| !link.is_closed());
                }
                () = tokio::time::sleep(Duration::from_millis(wait.max(1))) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            self.handle(Happened::Timeout);
            if told.elapsed() >= STANDINGS_EVERY {
                told = Instant::now();
                self.shared.set_standings(self.exchange.standings());
            }
        }
        accepting.abort();
        self.handle(Happened::Stop);
        self.shared.endpoint.close(0, "node stops");
        // Peers hear the good-bye or notice the silence.
        let _heard = tokio::time::timeout(Duration::from_millis(300), self.shared.endpoint.wait_idle()).await;
    }

    fn hear(&mut self, report: Report) {
        match report {
            Report::Happened(happened) => self.handle(happened),
            Report::Frame(happened, taken) => {
                self.settling = Some(taken.unsettled);
                self.handle(happened);
                self.settling = None;
            }
            Report::Accepted(link) => self.accepted(link),
            Report::Dialled(peer, attempt, result) => {
                let result = match result {
                    Ok(link) => {
                        let proven = proven(&link);
                        Ok((self.hold(link), proven))
                    }
                    Err(error) => Err(trouble(&error)),
                };
                self.handle(Happened::Dialled { peer, attempt, result });
            }
            Report::Renewed(result) => {
                if let Err(refused) = &result {
                    tracing::warn!(?refused, "the transport certificate could not be renewed");
                }
                self.renewal.ended(matches!(result, Ok(true)), self.shared.now());
                self.handle(Happened::Look);
            }
        }
    }

    fn handle(&mut self, happened: Happened) {
        self.exchange.handle(happened);
        while let Some(effect) = self.exchange.poll_effect() {
            self.perform(effect);
        }
    }

    /// Closes the links of nodes in whose chain a key has been revoked.
    fn judge_links(&mut self) {
        let revoked = self.shared.revoked_keys();
        if revoked == self.judged {
            return;
        }
        self.judged = revoked;
        for (number, held) in &self.links {
            if let Err(refusal) = held.link.judge_again() {
                tracing::warn!(peer = %held.link.peer().node, %refusal, "a link is closed, because its chain no longer holds");
                held.link.close(0, refusal.code());
                let trouble = Trouble { code: refusal.code(), text: refusal.to_string() };
                let closed = Happened::Closed { link: *number, trouble };
                let _sent = self.reports.send(Report::Happened(closed));
            }
        }
    }

    /// Renews the transport certificate when its time has come and whoever issues it is there.
    fn renew(&mut self) {
        let superior = self.shared.trust().superior;
        let link = superior.and_then(|superior| self.shared.links().get(&superior).cloned());
        if (superior.is_some() && link.is_none()) || !self.renewal.begins(&self.shared.knowledge) {
            return;
        }
        let (shared, reports) = (Arc::clone(&self.shared), self.reports.clone());
        tokio::spawn(async move {
            let _sent = reports.send(Report::Renewed(renew::renew(&shared, link).await));
        });
    }

    fn hold(&mut self, link: Link) -> u64 {
        self.numbers += 1;
        self.links.insert(self.numbers, Held { link, using: None });
        self.numbers
    }

    fn accepted(&mut self, link: Link) {
        if matches!(link.peer().standing, Standing::Stranger) {
            tokio::spawn(serve::serve_link(Arc::clone(&self.shared), link.clone()));
            // Long enough for a join, too short to hold the door shut for others.
            tokio::spawn(async move {
                tokio::time::sleep(STRANGER_TIME).await;
                link.close(0, "a stranger's time is over");
            });
            return;
        }
        let proven = proven(&link);
        let link = self.hold(link);
        self.handle(Happened::Accepted { link, proven });
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Dial { peer, attempt, addresses } => self.dial(peer, attempt, addresses),
            Effect::Use { link, peer } => self.make_use(link, peer),
            Effect::Transmit { link, frame } => self.transmit(link, frame),
            Effect::Close { link, reason } => {
                if let Some(held) = self.let_go(link) {
                    held.link.close(0, reason);
                }
            }
            Effect::Finish { link } => {
                // The task that writes ends when its channel does, after what is queued.
                if let Some(Held { link, using: Some(using) }) = self.let_go(link) {
                    self.leave(using.peer, Some(link));
                }
            }
            Effect::Decide { ticket, request, await_applied } => self.decide(ticket, request, await_applied),
            Effect::Change { ticket, change } => {
                let (shared, settling) = (Arc::clone(&self.shared), self.settling.clone());
                self.later(async move {
                    let outcome = shared.change(change).await;
                    drop(settling);
                    Some(Happened::Changed { ticket, outcome })
                });
            }
            Effect::List { peer, link } => {
                let Some(link) = self.link(link) else { return };
                self.later(async move {
                    let answer = asked(&link, &WireRequest::Journals(Journals {}).to_bytes()).await.ok()?;
                    let Ok(Response::JournalList(list)) = Response::from_bytes(&answer) else { return None };
                    let journals = list.journals.into_iter().map(|listed| listed.size).collect();
                    Some(Happened::Listed { peer, journals })
                });
            }
            Effect::Pull { peer, link, journal } => {
                let Some(link) = self.link(link) else {
                    let result = Err(Refused::Unknown);
                    let _sent = self.reports.send(Report::Happened(Happened::Pulled { peer, journal, result }));
                    return;
                };
                let shared = Arc::clone(&self.shared);
                self.later(async move {
                    let result = pull(&shared, &link, journal).await;
                    Some(Happened::Pulled { peer, journal, result })
                });
            }
        }
    }

    /// Does what takes time, and comes back with what has become of it.
    fn later(&self, work: impl Future<Output = Option<Happened>> + Send + 'static) {
        let reports = self.reports.clone();
        tokio::spawn(async move {
            if let Some(happened) = work.await {
                // A driver that is gone needs no report.
                let _sent = reports.send(Report::Happened(happened));
            }
        });
    }

    fn link(&self, link: u64) -> Option<Link> {
        self.links.get(&link).map(|held| held.link.clone())
    }

    /// Ends every link once there is room for what was refused: on a new one the peers offer it at once, not after their next long wait.
    fn begin_anew_with_room(&mut self) {
        if !self.starved || !self.shared.room.is_enough() {
            return;
        }
        self.starved = false;
        tracing::info!("there is room on the disk again; links are made anew");
        for number in self.links.keys().copied().collect::<Vec<_>>() {
            if let Some(held) = self.let_go(number) {
                held.link.close(0, "there is room again");
                let trouble = Trouble { code: "closed-here", text: "there is room on the disk again".to_owned() };
                self.handle(Happened::Closed { link: number, trouble });
            }
        }
    }

    fn let_go(&mut self, link: u64) -> Option<Held> {
        let held = self.links.remove(&link)?;
        if let Some(using) = &held.using {
            self.shared.set_link(using.peer, None);
        }
        Some(held)
    }

    /// Puts a link of a peer in the place of the one that stays for its last word.
    fn leave(&mut self, peer: NodeId, link: Option<Link>) {
        let before = match link {
            Some(link) => self.leaving.insert(peer, link),
            None => self.leaving.remove(&peer),
        };
        if let Some(before) = before {
            before.close(0, "the peer has come again");
        }
    }

    fn dial(&self, peer: NodeId, attempt: u64, addresses: Vec<String>) {
        let (reports, endpoint) = (self.reports.clone(), self.shared.endpoint.clone());
        tokio::spawn(async move {
            let mut result = Err(QuicError::Protocol("no address of it is known".to_owned()));
            for address in addresses {
                let Ok(address) = super::join::resolve(&address).await else { continue };
                result = endpoint.connect(address, Expect::Node(peer)).await;
                if result.is_ok() {
                    break;
                }
            }
            let _sent = reports.send(Report::Dialled(peer, attempt, result));
        });
    }

    /// Begins to read, write and serve a link.
    fn make_use(&mut self, number: u64, peer: NodeId) {
        let Some(held) = self.links.get_mut(&number) else { return };
        let (sender, frames) = mpsc::channel(FRAMES_WAITING_MAX);
        held.using = Some(Using { peer, frames: sender, room: room(limits::UNREAD_BYTES_MAX) });
        let link = held.link.clone();
        self.leave(peer, None);
        self.shared.set_link(peer, Some(link.clone()));
        if self.shared.trust().superior == Some(peer) {
            self.renewal.linked();
        }
        tokio::spawn(serve::serve_link(Arc::clone(&self.shared), link.clone()));
        tokio::spawn(read(number, link.clone(), self.reports.clone()));
        tokio::spawn(write(link, frames));
    }

    fn transmit(&mut self, number: u64, frame: Vec<u8>) {
        let using = self.links.get(&number).and_then(|held| held.using.as_ref());
        let Some(Using { peer, frames, room }) = using else { return };
        let taken = if Frame::are_records(&frame) {
            Ok(None)
        } else {
            Arc::clone(room).try_acquire_many_owned(permits(frame.len())).map(Some)
        };
        if !taken.is_ok_and(|taken| frames.try_send((frame, taken)).is_ok()) {
            tracing::warn!(%peer, code = "link-slow", "a link takes frames too slowly and is closed");
            if let Some(held) = self.let_go(number) {
                held.link.close(0, "frames are taken too slowly");
            }
            let trouble = Trouble { code: "link-slow", text: "the peer takes frames too slowly".to_owned() };
            let _sent = self.reports.send(Report::Happened(Happened::Closed { link: number, trouble }));
        }
    }

    /// Hands a request to the writer: an envelope at once, in the order in which they came, or not at all, since it comes again; others
    /// wait for room.
    fn decide(&mut self, ticket: u64, request: Request, await_applied: bool) {
        let (shared, settling) = (Arc::clone(&self.shared), self.settling.clone());
        // Whoever sends an envelope keeps it until it is taken here or stored for another.
        if (matches!(request, Request::Deliver { .. }) || await_applied) && !shared.room.is_enough() {
            self.starved = true;
            let outcome = Err(full());
            let _sent = self.reports.send(Report::Happened(Happened::Decided { ticket, outcome }));
            return;
        }
        if matches!(request, Request::Deliver { .. }) {
            let answer = shared.handle.submit_now(request);
            self.later(async move {
                let outcome = match answer {
                    Some(answer) => answer.await.unwrap_or(Err(Refused::Unknown)),
                    None => Err(Refused::Unknown),
                };
                drop(settling);
                Some(Happened::Decided { ticket, outcome })
            });
            return;
        }
        self.later(async move {
            let outcome = match shared.handle.submit(request).await {
                Ok(_) if await_applied && !shared.handle.fresh().await => Err(Refused::Stopped),
                outcome => outcome,
            };
            drop(settling);
            Some(Happened::Decided { ticket, outcome })
        });
    }
}

async fn accept(shared: Arc<Shared>, reports: mpsc::UnboundedSender<Report>) {
    while let Some(accepted) = shared.endpoint.accept().await {
        match accepted {
            Ok(link) => {
                if reports.send(Report::Accepted(link)).is_err() {
                    return;
                }
            }
            Err(refused) => {
                tracing::warn!(remote = %refused.remote, code = refused.error.code(), error = %refused.error, "a connection was refused");
            }
        }
    }
}

async fn read(number: u64, link: Link, reports: mpsc::UnboundedSender<Report>) {
    let (unseen, unsettled) = (Arc::new(Semaphore::new(FRAMES_READ_MAX)), room(limits::UNSETTLED_BYTES_MAX));
    loop {
        let Ok(place) = Arc::clone(&unseen).acquire_owned().await else { return };
        let report = match link.receive().await {
            Ok(bytes) => {
                let Ok(bytes_taken) = Arc::clone(&unsettled).acquire_many_owned(permits(bytes.len())).await else {
                    return;
                };
                let taken = Taken { _unseen: place, unsettled: Arc::new(bytes_taken) };
                Report::Frame(Happened::Frame { link: number, bytes }, taken)
            }
            Err(error) => {
                let closed = Happened::Closed { link: number, trouble: trouble(&error) };
                let _gone = reports.send(Report::Happened(closed));
                return;
            }
        };
        if reports.send(report).is_err() {
            return;
        }
    }
}

/// Writes frames until no more can come, and closes the link after the last.
async fn write(link: Link, mut frames: mpsc::Receiver<Unread>) {
    while let Some((frame, _room)) = frames.recv().await {
        if link.send(&frame).await.is_err() {
            return;
        }
    }
    let _sent = link.flush().await;
    let _closed = tokio::time::timeout(LAST_WORD_TIME, link.closed()).await;
    link.close(0, "closed");
}

fn full() -> Refused {
    Refused::problem("disk-low", "the disk is below its low-water mark", "磁盘低于下限")
}

/// Asks about journals, for as long as an answer may take.
async fn asked(link: &Link, request: &[u8]) -> Result<Vec<u8>, QuicError> {
    let patience = Duration::from_secs(limits::PULL_SECONDS_MAX);
    tokio::time::timeout(patience, link.open_request(request)).await.unwrap_or(Err(QuicError::Timeout))
}

/// Pulls a journal as far as it goes, and as far as there is room for it.
async fn pull(shared: &Arc<Shared>, link: &Link, journal: JournalSize) -> Result<u64, Refused> {
    let mut pulling = Pulling::new(journal);
    let mut step = pulling.next(&shared.knowledge)?;
    loop {
        step = match step {
            PullStep::Done(count) => return Ok(count),
            PullStep::Ask(_) if !shared.room.is_enough() => return Err(full()),
            PullStep::Ask(request) => {
                let answer = asked(link, &request).await;
                let answer =
                    answer.map_err(|error| Refused::problem(error.code(), error.to_string(), error.to_string()))?;
                // Verifying a slice and storing its file take a thread's time.
                let knowledge = Arc::clone(&shared.knowledge);
                let taken = tokio::task::spawn_blocking(move || {
                    let step = pulling.answered(&knowledge, &*knowledge.parts.blobs, &answer);
                    (pulling, step)
                });
                let (back, step) = taken.await.map_err(|_| Refused::Unknown)?;
                pulling = back;
                step?
            }
            PullStep::Decide(request) => {
                let committed = shared.handle.submit(request).await?;
                if !shared.handle.fresh().await {
                    return Err(Refused::Stopped);
                }
                pulling.applied(&shared.knowledge, committed)?
            }
        };
    }
}
