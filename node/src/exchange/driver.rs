//! The driver: one task that owns every session, and moves bytes between links, writer and state.

mod gossip;
mod traffic;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_federation::route::Policy;
use tongban_federation::session::{Input, Output, State};
use tongban_federation::wire::{HighWater, JournalSize};
use tongban_federation::{
    CloseCode, Config, FederationLevel, Flow, Progress, Release, Role, Sealed, Session, VersionRange, limits,
};
use tongban_quic::{Expect, Link, QuicError, Standing};
use tongban_storage::keyspace::delivery;
use tongban_storage::keyspace::key::stem;

use super::shared::{DirectoryUnseal, Shared};
use super::{pull, record, serve};
use crate::engine::Refused;
use crate::engine::trust::Certificate;

/// How often the driver looks by itself for what a lost nudge should have told it.
const LOOK_SECONDS: u64 = 1;

/// How often the view of the peers is made anew.
const STANDINGS_EVERY: Duration = Duration::from_millis(250);

/// How long a stranger may stay to join.
const STRANGER_TIME: Duration = Duration::from_secs(30);

/// Seconds for which a node that could not be dialled is not dialled again for the sake of an envelope.
const UNREACHABLE_SECONDS: i64 = 20;

/// Frames of one link that are read and not looked at yet; the rest waits in the transport's window.
const FRAMES_READ_MAX: usize = 64;

/// Frames that may wait to be written to one link; a peer that reads slower than that is closed.
const FRAMES_WAITING_MAX: usize = 1024;

/// What the rest of the node tells the driver.
#[derive(Clone, Debug)]
pub enum Nudge {
    /// The outbox, the journals, the directory or the trust may have changed.
    Look,
    /// Pull everything that superiors and subordinates have.
    Pull,
}

enum Happened {
    Accepted(Link),
    Dialled { peer: NodeId, attempt: u64, result: Result<Link, QuicError> },
    Frame { peer: NodeId, attempt: u64, bytes: Vec<u8>, _room: OwnedSemaphorePermit },
    Closed { peer: NodeId, attempt: u64, error: QuicError },
    Settled { peer: NodeId, input: Input },
    Pulled { peer: NodeId, journal: JournalSize, result: Result<u64, Refused> },
    RecordsKept(bool),
    Unvouched { peer: NodeId, anchors: usize, records: Vec<Sealed> },
    RelayKept { flow: Flow, sequence: u64 },
    ReceiptFailed { peer: NodeId },
    TrustKept,
}

struct Peer {
    session: Session,
    lasting: bool,
    link: Option<(u64, mpsc::Sender<Vec<u8>>, Link)>,
    dialled_by_me: bool,
    role: Role,
    dialling: Option<u64>,
    /// The last sequence of each flow that the session was told of on this link.
    announced: BTreeMap<Flow, u64>,
    records_stamp: u64,
    chain_told: Vec<Certificate>,
    since: Timestamp,
    state: &'static str,
    trouble: Option<String>,
}

/// The exchange's one task.
pub struct Driver {
    shared: Arc<Shared>,
    peers: BTreeMap<NodeId, Peer>,
    events: mpsc::UnboundedSender<Happened>,
    inbox: mpsc::UnboundedReceiver<Happened>,
    nudges: mpsc::Receiver<Nudge>,
    outbox: watch::Receiver<u64>,
    attempts: u64,
    unreachable: BTreeMap<NodeId, Timestamp>,
    /// Journals that are being pulled, with the largest size that is wanted.
    pulling: BTreeMap<(NodeId, u8, u32), u64>,
    offered: BTreeMap<NodeId, BTreeMap<(NodeId, u8, u32), u64>>,
    unvouched: Vec<Sealed>,
    seed: u64,
}

impl Driver {
    /// A driver over what is shared; `outbox` changes when envelopes have been applied.
    #[must_use]
    pub fn new(shared: Arc<Shared>, nudges: mpsc::Receiver<Nudge>, outbox: watch::Receiver<u64>) -> Self {
        let (events, inbox) = mpsc::unbounded_channel();
        Self {
            shared,
            peers: BTreeMap::new(),
            events,
            inbox,
            nudges,
            outbox,
            attempts: 0,
            unreachable: BTreeMap::new(),
            pulling: BTreeMap::new(),
            offered: BTreeMap::new(),
            unvouched: Vec::new(),
            seed: rand::random(),
        }
    }

    /// Runs until `stop` is true; then says good-bye on every link.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let accepting = tokio::spawn(accept(Arc::clone(&self.shared), self.events.clone()));
        let mut told = Instant::now();
        let mut look = tokio::time::interval(Duration::from_secs(LOOK_SECONDS));
        loop {
            let due = self.peers.values().filter_map(|peer| peer.session.poll_timeout()).min();
            let wait = due.map_or(LOOK_SECONDS * 1000, |due| {
                u64::try_from(due.millis_since(self.shared.now())).unwrap_or(0).min(LOOK_SECONDS * 1000)
            });
            tokio::select! {
                happened = self.inbox.recv() => {
                    if let Some(happened) = happened {
                        self.happened(happened);
                    }
                    for _ in 0..256 {
                        let Ok(happened) = self.inbox.try_recv() else { break };
                        self.happened(happened);
                    }
                }
                nudge = self.nudges.recv() => match nudge {
                    Some(Nudge::Pull) => self.pull_all(),
                    Some(Nudge::Look) => self.look(),
                    None => break,
                },
                _ = self.outbox.changed() => self.announce(None),
                _ = look.tick() => self.look(),
                () = tokio::time::sleep(Duration::from_millis(wait.max(1))) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            self.timeouts();
            if told.elapsed() >= STANDINGS_EVERY {
                told = Instant::now();
                self.tell_standings();
            }
        }
        accepting.abort();
        for peer in self.peers.keys().copied().collect::<Vec<_>>() {
            self.feed(peer, Input::Shut(CloseCode::GoingAway));
        }
        self.shared.parts.endpoint.close(0, "node stops");
        // Peers hear the good-bye or notice the silence.
        let _heard = tokio::time::timeout(Duration::from_millis(300), self.shared.parts.endpoint.wait_idle()).await;
    }

    fn timeouts(&mut self) {
        let now = self.shared.now();
        let due: Vec<NodeId> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.session.poll_timeout().is_some_and(|due| due <= now))
            .map(|(node, _)| *node)
            .collect();
        for peer in due {
            self.feed(peer, Input::Timeout);
        }
    }

    /// What a lost nudge should have told: the superior, the outbox, the journals, the directory.
    fn look(&mut self) {
        if let Some(superior) = self.shared.trust().superior
            && !self.peers.contains_key(&superior)
        {
            self.open(superior, Role::Dial, true);
        }
        self.announce(None);
        self.offer_chain();
        self.offer_journals();
        self.offer_records();
        let shared = Arc::clone(&self.shared);
        let events = self.events.clone();
        tokio::spawn(async move {
            match record::merge_own_authorities(&shared).await {
                Ok(true) => drop(events.send(Happened::RecordsKept(true))),
                Ok(false) => {}
                Err(error) => tracing::warn!(?error, "the records of own authorities could not be kept"),
            }
        });
    }

    fn open(&mut self, node: NodeId, role: Role, lasting: bool) {
        let here = self.shared.here();
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let config = Config {
            me: here.node,
            division: here.division,
            epoch: self.shared.epoch,
            release: Release::of_this_build(),
            versions: VersionRange::SPOKEN,
            level: FederationLevel::FIRST,
            peer: node,
            peer_epoch: self.peer_epoch(&node),
            role,
            lasting,
            seed: self.seed,
        };
        let now = self.shared.now();
        let peer = Peer {
            session: Session::new(config, now),
            lasting,
            link: None,
            dialled_by_me: role == Role::Dial,
            role,
            dialling: None,
            announced: BTreeMap::new(),
            records_stamp: 0,
            chain_told: Vec::new(),
            since: now,
            state: "down",
            trouble: None,
        };
        self.peers.insert(node, peer);
    }

    fn peer_epoch(&self, node: &NodeId) -> u32 {
        self.shared.directory().node(node).map_or(0, |entry| entry.record.epoch)
    }

    fn happened(&mut self, happened: Happened) {
        match happened {
            Happened::Accepted(link) => self.accepted(link),
            Happened::Dialled { peer, attempt, result } => match result {
                Ok(link) => {
                    let _was = self.unreachable.remove(&peer);
                    self.connected(peer, attempt, link, true);
                }
                // Of an attempt that was given up before: another may stand by now.
                Err(_) if self.peers.get(&peer).is_none_or(|known| known.dialling != Some(attempt)) => {}
                Err(error) => {
                    tracing::info!(%peer, code = error.code(), %error, "a node could not be dialled");
                    self.unreachable.insert(peer, self.shared.now());
                    if let Some(known) = self.peers.get_mut(&peer) {
                        known.trouble = Some(format!("{}: {error}", error.code()));
                        self.feed(peer, Input::Disconnected);
                    }
                    self.announce(None);
                }
            },
            Happened::Frame { peer, attempt, bytes, .. } => {
                if self.is_current(&peer, attempt) {
                    self.feed(peer, Input::Frame(bytes));
                }
            }
            Happened::Closed { peer, attempt, error } => {
                if self.is_current(&peer, attempt) {
                    tracing::info!(%peer, code = error.code(), "a link closed");
                    if let Some(known) = self.peers.get_mut(&peer) {
                        known.trouble = Some(format!("{}: {error}", error.code()));
                    }
                    self.unlink(peer);
                    self.feed(peer, Input::Disconnected);
                    self.announce(None);
                }
            }
            Happened::Settled { peer, input } => self.feed(peer, input),
            Happened::Pulled { peer, journal, result } => self.pulled(peer, journal, result),
            Happened::RecordsKept(grown) => {
                if grown {
                    self.offer_records();
                    self.announce(None);
                }
            }
            Happened::Unvouched { peer, anchors, records } => self.keep_unvouched(peer, anchors, records),
            Happened::RelayKept { flow, sequence } => self.announce_flow(flow, sequence, sequence, None),
            Happened::ReceiptFailed { peer } => {
                // The peer says it again on a new connection.
                self.unlink(peer);
                self.feed(peer, Input::Disconnected);
            }
            Happened::TrustKept => {
                self.offer_chain();
                if let Some(superior) = self.shared.trust().superior {
                    self.retry_unvouched(superior);
                }
                self.publish();
            }
        }
    }

    fn is_current(&self, peer: &NodeId, attempt: u64) -> bool {
        self.peers.get(peer).and_then(|peer| peer.link.as_ref()).is_some_and(|(current, ..)| *current == attempt)
    }

    fn accepted(&mut self, link: Link) {
        let peer = link.peer().node;
        if matches!(link.peer().standing, Standing::Stranger) {
            tokio::spawn(serve::serve_link(Arc::clone(&self.shared), link.clone()));
            // Long enough for a join, too short to hold the door shut for others.
            tokio::spawn(async move {
                tokio::time::sleep(STRANGER_TIME).await;
                link.close(0, "a stranger's time is over");
            });
            return;
        }
        if !self.is_genuine(&link) {
            tracing::warn!(%peer, "a connection proved another key than the node's record names");
            link.close(0, "not the key of this node");
            return;
        }
        tokio::spawn(serve::serve_link(Arc::clone(&self.shared), link.clone()));
        let (theirs, mine) = (link.peer().division, self.shared.here().division);
        let table = tongban_codes::division::table();
        let lasting = table.is_within(theirs, mine) || table.is_within(mine, theirs);
        if let Some(known) = self.peers.get(&peer) {
            let mine_stands = known.link.is_some() && known.dialled_by_me;
            let me = self.shared.here().node;
            if mine_stands && tongban_federation::session::survivor(me, peer) == me {
                link.close(0, "the other connection survives");
                return;
            }
            self.unlink(peer);
            let keeps_dialling = self.shared.trust().superior == Some(peer);
            if !keeps_dialling {
                self.open(peer, Role::Accept, lasting);
            } else {
                self.feed(peer, Input::Disconnected);
            }
        } else {
            self.open(peer, Role::Accept, lasting);
        }
        self.attempts += 1;
        let attempt = self.attempts;
        self.connected(peer, attempt, link, false);
    }

    /// Whether the key that the connection proved is the node's, as the directory has it. The id in a certificate is only what its issuer
    /// wrote there.
    fn is_genuine(&self, link: &Link) -> bool {
        let peer = link.peer();
        match self.shared.directory().node(&peer.node) {
            Some(entry) => entry.record.transport_key == peer.key_hash && entry.certification.division == peer.division,
            // Before its record has come nobody is taken for the superior but the holder of the key that was joined.
            None => {
                let trust = self.shared.trust();
                trust.superior != Some(peer.node) || trust.anchors.iter().any(|anchor| anchor.key_hash == peer.key_hash)
            }
        }
    }

    fn connected(&mut self, peer: NodeId, attempt: u64, link: Link, by_me: bool) {
        if !self.is_genuine(&link) {
            tracing::warn!(%peer, "a connection proved another key than the node's record names");
            link.close(0, "not the key of this node");
            self.feed(peer, Input::Disconnected);
            return;
        }
        let progress = self.progress(&peer);
        let division = link.peer().division;
        let Some(known) = self.peers.get_mut(&peer) else {
            link.close(0, "not wanted any more");
            return;
        };
        if known.link.is_some() {
            link.close(0, "a connection stands already");
            return;
        }
        let (sender, mut frames) = mpsc::channel::<Vec<u8>>(FRAMES_WAITING_MAX);
        known.link = Some((attempt, sender, link.clone()));
        known.dialled_by_me = by_me;
        known.dialling = None;
        known.announced.clear();
        known.chain_told.clear();
        known.trouble = None;
        self.shared.set_link(peer, Some(link.clone()));
        if by_me {
            tokio::spawn(serve::serve_link(Arc::clone(&self.shared), link.clone()));
        }
        tokio::spawn({
            let (link, events) = (link.clone(), self.events.clone());
            async move {
                let room = Arc::new(Semaphore::new(FRAMES_READ_MAX));
                loop {
                    let Ok(_room) = Arc::clone(&room).acquire_owned().await else { return };
                    let happened = match link.receive().await {
                        Ok(bytes) => Happened::Frame { peer, attempt, bytes, _room },
                        Err(error) => {
                            let _gone = events.send(Happened::Closed { peer, attempt, error });
                            return;
                        }
                    };
                    if events.send(happened).is_err() {
                        return;
                    }
                }
            }
        });
        tokio::spawn(async move {
            while let Some(frame) = frames.recv().await {
                if link.send(&frame).await.is_err() {
                    return;
                }
            }
            let _sent = link.flush().await;
        });
        self.feed(peer, Input::Connected { peer, division, progress });
    }

    fn unlink(&mut self, peer: NodeId) {
        if let Some(known) = self.peers.get_mut(&peer)
            && let Some((_, _, link)) = known.link.take()
        {
            link.close(0, "closed");
        }
        self.shared.set_link(peer, None);
        self.offered.remove(&peer);
    }

    fn progress(&self, peer: &NodeId) -> Progress {
        let mut high_waters: Vec<HighWater> = delivery::HIGH_WATER
            .list(&*self.shared.parts.backend, &stem(peer), None, limits::HIGH_WATERS_MAX)
            .unwrap_or_default()
            .into_iter()
            .map(|((origin, epoch), sequence)| HighWater { origin, epoch, sequence })
            .collect();
        high_waters.reverse();
        let journals = pull::offered(&self.shared, peer).into_iter().map(|(size, _)| size).collect();
        Progress { high_waters, journals, directory: Some(self.shared.directory().digest()) }
    }

    /// Feeds a session and does what it wants done.
    fn feed(&mut self, peer: NodeId, input: Input) {
        let now = self.shared.now();
        {
            let directory = self.shared.directory();
            let Some(known) = self.peers.get_mut(&peer) else { return };
            known.session.handle(input, now, &DirectoryUnseal(&directory));
        }
        loop {
            let Some(known) = self.peers.get_mut(&peer) else { return };
            let Some(output) = known.session.poll_output() else { break };
            self.perform(peer, output);
        }
    }

    fn perform(&mut self, peer: NodeId, output: Output) {
        match output {
            Output::Dial => self.dial(peer),
            Output::Send(frame) => {
                let full = self
                    .peers
                    .get(&peer)
                    .and_then(|known| known.link.as_ref())
                    .is_some_and(|(_, sender, _)| sender.try_send(frame).is_err());
                if full {
                    tracing::warn!(%peer, "a link takes frames too slowly and is closed");
                    self.unlink(peer);
                    let _sent = self.events.send(Happened::Settled { peer, input: Input::Disconnected });
                }
            }
            Output::Opened { hello, .. } => {
                tracing::info!(%peer, division = %hello.division, release = ?hello.release, "a link is open");
                self.announce(Some(peer));
                self.offer_chain();
                self.offer_journals();
                self.offer_records();
            }
            Output::PeerRestored { epoch, .. } => tracing::warn!(%peer, epoch, "a peer began a new epoch"),
            Output::Deliver { envelope, sealed } => self.deliver(peer, *envelope, sealed),
            Output::Relay { envelope, sealed } => self.relay(peer, &envelope, sealed),
            Output::RecordReceipt { receipt, sealed, .. } => self.record_receipt(peer, *receipt, sealed),
            Output::RelayReceipt { receipt, sealed } => self.relay_receipt(&receipt, sealed),
            Output::LoadOutbox { flow, load } => {
                let (envelopes, more) = self.load(&flow, load.after, load.limit);
                let input = Input::Outbound { flow, envelopes, more };
                let _sent = self.events.send(Happened::Settled { peer, input });
            }
            Output::LoadRecords => {
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.records_stamp = 0;
                }
                self.offer_records();
            }
            Output::RecordsReceived(records) => self.records_received(peer, records),
            Output::ChainReceived(chain) => self.chain_received(peer, &chain),
            Output::PullDue(journal) => self.pull(peer, journal),
            Output::WantRecord(node) => {
                tracing::debug!(%peer, %node, "a record is wanted");
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.records_stamp = 0;
                }
                self.offer_records();
            }
            Output::Distrusted { signer, code, text } => {
                tracing::warn!(%peer, %signer, code, text, "sealed bytes were dropped");
            }
            Output::Close { code, text, by_peer } => {
                tracing::info!(%peer, code = code.name(), text, by_peer, "a session closed");
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.trouble = Some(format!("{}: {text}", code.name()));
                    // The writer task ends when its channel does, after what is queued.
                    known.link = None;
                }
                self.shared.set_link(peer, None);
                self.offered.remove(&peer);
            }
        }
    }

    fn dial(&mut self, peer: NodeId) {
        let addresses = {
            let directory = self.shared.directory();
            let mut addresses = directory.node(&peer).map(|entry| entry.record.addresses.clone()).unwrap_or_default();
            let trust = self.shared.trust();
            if trust.superior == Some(peer) {
                addresses.extend(trust.superior_address);
            }
            addresses.dedup();
            addresses
        };
        self.attempts += 1;
        let (attempt, events, endpoint) = (self.attempts, self.events.clone(), self.shared.parts.endpoint.clone());
        if let Some(known) = self.peers.get_mut(&peer) {
            known.dialling = Some(attempt);
        }
        tokio::spawn(async move {
            let mut result = Err(QuicError::Protocol("no address of it is known".to_owned()));
            for address in addresses {
                let Ok(address) = super::join::resolve(&address).await else { continue };
                result = endpoint.connect(address, Expect::Node(peer)).await;
                if result.is_ok() {
                    break;
                }
            }
            let _sent = events.send(Happened::Dialled { peer, attempt, result });
        });
    }

    fn policy(&self) -> Policy {
        let now = self.shared.now();
        let unreachable = self
            .unreachable
            .iter()
            .filter(|(_, at)| now.millis_since(**at) < UNREACHABLE_SECONDS * 1000)
            .map(|(node, _)| *node)
            .collect();
        Policy { dial_any: self.shared.parts.direct, unreachable }
    }

    fn open_peers(&self) -> Vec<NodeId> {
        self.peers.iter().filter(|(_, peer)| peer.session.is_open()).map(|(node, _)| *node).collect()
    }

    fn tell_standings(&mut self) {
        let now = self.shared.now();
        let mut rows = Vec::new();
        for (node, peer) in &mut self.peers {
            let state = match peer.session.state() {
                State::Open { .. } => "up",
                State::Dialing { .. } | State::Greeting { .. } => "connecting",
                _ => "down",
            };
            if state != peer.state {
                (peer.state, peer.since) = (state, now);
            }
            rows.push((*node, state, peer.since, peer.session.cause(), peer.trouble.clone(), peer.lasting));
        }
        self.shared.set_standings(super::standing::views(&self.shared, &rows));
    }
}

async fn accept(shared: Arc<Shared>, events: mpsc::UnboundedSender<Happened>) {
    while let Some(accepted) = shared.parts.endpoint.accept().await {
        match accepted {
            Ok(link) => {
                if events.send(Happened::Accepted(link)).is_err() {
                    return;
                }
            }
            Err(refused) => {
                tracing::warn!(remote = %refused.remote, code = refused.error.code(), error = %refused.error, "a connection was refused");
            }
        }
    }
}
