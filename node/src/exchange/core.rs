//! The exchange itself: sessions, deliveries, records and journals, without a socket, a task or a clock of its own.
//!
//! ```text
//!   what has happened ──▶ handle ──▶ Session of that peer ──▶ effects
//!                           ▲             │                     │
//!   link: frame, closed ────┤             ▼                     ├──▶ link: dial, transmit, close
//!   writer: decided ────────┤      state, directory, trust      ├──▶ writer: decide, change
//!   requests: pulled ───────┘          (read only)              └──▶ requests: list, pull
//! ```
//!
//! Call [`Exchange::handle`] with what has happened, then [`Exchange::poll_effect`] until it is `None` and do what it says in that order,
//! and come back with [`Happened::Timeout`] at the time of [`Exchange::poll_timeout`]. The same seed, knowledge and happenings give the
//! same effects, so the driver of a running node and a simulator run the same exchange.
//!
//! A link goes through these states here; the session has its own behind them:
//!
//! ```text
//!            Dial                Dialled             Opened
//!   (none) ──────▶ dialling ───────────▶ linked ───────────▶ open
//!     ▲  ▲            │ failed             │  ▲                │
//!     │  └────────────┘           Accepted │  └─ (none)        │
//!     └────────────────────────────────────┴── Closed, Close, Finish
//! ```
//!
//! It decides nothing by itself: what came in goes to the writer, and what the writer has committed goes out. `Held` and receipts leave
//! only with an [`engine::Committed`](crate::engine::Committed) in hand (promise 3). A lost word costs time only; the outbox in the
//! state is the truth.

#[cfg(feature = "deliberate-bugs")]
mod deliberate;
mod effect;
mod gossip;
mod links;
mod pulls;
mod traffic;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::route::Policy;
use tongban_federation::session::{Input, Output, State};
use tongban_federation::{CloseCode, Flow, Role, Sealed, Session};

pub use effect::{Effect, Happened, Proven, Trouble};
use pulls::Pulls;
use traffic::{Unpassed, Waiters};

use super::change::{Change, Changed};
use super::knowledge::{DirectoryUnseal, Knowledge};
use super::standing::Row;
use super::succession;
use crate::api::v1::PeerView;
use crate::engine::trust::Certificate;
use crate::engine::{Refused, Request};

/// Seconds for which a node that could not be dialled is not dialled again for the sake of an envelope.
const UNREACHABLE_SECONDS: i64 = 20;

/// A link in use.
struct Linked {
    number: u64,
    key_hash: Digest,
}

struct Peer {
    session: Session,
    lasting: bool,
    link: Option<Linked>,
    dialled_by_me: bool,
    role: Role,
    dialling: Option<u64>,
    /// The last sequence of each flow that the session was told of on this link.
    announced: BTreeMap<Flow, u64>,
    /// The flows of other nodes of which it has given envelopes to be relayed on this link: their receipts go back the same way.
    gave: BTreeSet<Flow>,
    records_stamp: u64,
    chain_told: Vec<Certificate>,
    since: Timestamp,
    state: &'static str,
    trouble: Option<String>,
    /// Milliseconds by which its clock was ahead of this one's at its last hello.
    ahead_millis: Option<i64>,
}

/// What a ticket was given for.
#[derive(Clone, Copy)]
enum Waiting {
    Delivery { peer: NodeId, flow: Flow, sequence: u64 },
    Relay { peer: NodeId, flow: Flow, sequence: u64 },
    Receipt { peer: NodeId, flow: Flow, sequence: u64 },
    RelayDone { flow: Flow, sequence: u64 },
    Records { peer: NodeId, anchors: usize },
    Chain,
    Root,
    Own,
    Published,
}

/// What a session hears after it has been served, not while it speaks.
enum Later {
    Feed(NodeId, Input),
    Unlink(NodeId),
}

/// The exchange of one node.
pub struct Exchange {
    knowledge: Arc<Knowledge>,
    peers: BTreeMap<NodeId, Peer>,
    links: BTreeMap<u64, NodeId>,
    effects: VecDeque<Effect>,
    later: VecDeque<Later>,
    waiting: BTreeMap<u64, Waiting>,
    tickets: u64,
    attempts: u64,
    unreachable: BTreeMap<NodeId, Timestamp>,
    pulls: Pulls,
    unvouched: Vec<Sealed>,
    unpassed: Waiters,
    /// The last sequence of each own flow when it was looked at last.
    grown: BTreeMap<NodeId, u64>,
    /// Whether the records of own authorities are being looked at.
    looking: bool,
    /// Whether the own record is being published.
    publishing: bool,
    seed: u64,
}

impl Exchange {
    /// An exchange without links; `seed` is all its chance.
    #[must_use]
    pub fn new(knowledge: Arc<Knowledge>, seed: u64) -> Self {
        Self {
            knowledge,
            peers: BTreeMap::new(),
            links: BTreeMap::new(),
            effects: VecDeque::new(),
            later: VecDeque::new(),
            waiting: BTreeMap::new(),
            tickets: 0,
            attempts: 0,
            unreachable: BTreeMap::new(),
            pulls: Pulls::default(),
            unvouched: Vec::new(),
            unpassed: Waiters::default(),
            grown: BTreeMap::new(),
            looking: false,
            publishing: false,
            seed,
        }
    }

    /// Takes in what has happened. What is of a link or ticket that is over is ignored.
    pub fn handle(&mut self, happened: Happened) {
        match happened {
            Happened::Accepted { link, proven } => self.accepted(link, &proven),
            Happened::Dialled { peer, attempt, result } => self.dialled(peer, attempt, result),
            Happened::Frame { link, bytes } => {
                if let Some(peer) = self.links.get(&link).copied() {
                    self.feed(peer, Input::Frame(bytes));
                }
            }
            Happened::Closed { link, trouble } => self.closed(link, &trouble),
            Happened::Decided { ticket, outcome } => {
                if let Some(waiting) = self.waiting.remove(&ticket) {
                    self.decided(waiting, outcome);
                }
            }
            Happened::Changed { ticket, outcome } => {
                if let Some(waiting) = self.waiting.remove(&ticket) {
                    self.changed(waiting, outcome);
                }
            }
            Happened::Listed { peer, journals } => {
                for journal in journals {
                    self.pull(peer, journal);
                }
            }
            Happened::Pulled { peer, journal, result } => self.pulled(peer, journal, result),
            Happened::OutboxGrew => self.announce_grown(),
            Happened::Look => self.look(),
            Happened::PullAll => self.pull_all(),
            Happened::Timeout => self.timeouts(),
            Happened::Stop => {
                for peer in self.peers.keys().copied().collect::<Vec<_>>() {
                    self.feed(peer, Input::Shut(CloseCode::GoingAway));
                }
            }
        }
        while let Some(later) = self.later.pop_front() {
            match later {
                Later::Feed(peer, input) => self.feed(peer, input),
                Later::Unlink(peer) => {
                    // The peer says again on a new connection what could not be kept.
                    self.unlink(peer);
                    self.feed(peer, Input::Disconnected);
                }
            }
        }
    }

    /// The next thing to be done.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to come back with [`Happened::Timeout`], unless something happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.peers.values().filter_map(|peer| peer.session.poll_timeout()).min()
    }

    /// How the peers stand now.
    pub fn standings(&mut self) -> Vec<PeerView> {
        let now = self.knowledge.now();
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
            rows.push(Row {
                node: *node,
                state,
                since: peer.since,
                cause: peer.session.cause(),
                trouble: peer.trouble.clone(),
                lasting: peer.lasting,
                ahead_millis: peer.ahead_millis,
            });
        }
        super::standing::views(&self.knowledge, &rows)
    }

    fn timeouts(&mut self) {
        let now = self.knowledge.now();
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

    /// What a lost word should have told: the superior, the outbox, the journals, the directory.
    fn look(&mut self) {
        self.attend_above();
        self.announce(None);
        self.pass_receipts();
        self.offer_chain();
        self.offer_journals();
        self.offer_records();
        if std::mem::take(&mut self.pulls.forgotten) {
            self.pull_all();
        }
        self.shut_out();
        self.leave_former();
        self.pull_wanted();
        if !self.publishing && succession::is_unpublished(&self.knowledge) {
            self.publishing = true;
            self.change(Waiting::Published, Change::Publish);
        }
        if !self.looking {
            self.looking = true;
            self.change(Waiting::Own, Change::OwnAuthorities);
        }
    }

    fn ticket(&mut self, waiting: Waiting) -> u64 {
        self.tickets += 1;
        self.waiting.insert(self.tickets, waiting);
        self.tickets
    }

    fn decide(&mut self, waiting: Waiting, request: Request, await_applied: bool) {
        let ticket = self.ticket(waiting);
        self.effects.push_back(Effect::Decide { ticket, request, await_applied });
    }

    fn change(&mut self, waiting: Waiting, change: Change) {
        let ticket = self.ticket(waiting);
        self.effects.push_back(Effect::Change { ticket, change });
    }

    fn changed(&mut self, waiting: Waiting, outcome: Result<Changed, Refused>) {
        match waiting {
            Waiting::Own => self.looking = false,
            Waiting::Published => self.publishing = false,
            _ => {}
        }
        let changed = match outcome {
            Ok(changed) => changed,
            Err(error) => {
                tracing::warn!(?error, "records or trust could not be kept");
                return;
            }
        };
        match waiting {
            Waiting::Records { peer, anchors } => {
                self.records_kept(changed.changed);
                if self.knowledge.trust().superior == Some(peer) {
                    self.keep_unvouched(peer, anchors, changed.unvouched);
                }
            }
            Waiting::Chain if changed.changed => {
                self.offer_chain();
                if let Some(superior) = self.knowledge.trust().superior {
                    self.retry_unvouched(superior);
                }
                self.change(Waiting::Published, Change::Publish);
            }
            Waiting::Own | Waiting::Published => self.records_kept(changed.changed),
            _ => {}
        }
    }

    fn records_kept(&mut self, grown: bool) {
        if grown {
            self.offer_records();
            self.shut_out();
            self.announce(None);
            self.list_misplaced();
        }
    }

    /// Feeds a session and does what it wants done.
    fn feed(&mut self, peer: NodeId, input: Input) {
        let now = self.knowledge.now();
        {
            let directory = self.knowledge.directory();
            let Some(known) = self.peers.get_mut(&peer) else { return };
            known.session.handle(input, now, &DirectoryUnseal(&directory));
        }
        loop {
            let Some(known) = self.peers.get_mut(&peer) else { return };
            let Some(output) = known.session.poll_output() else { break };
            self.perform(peer, output);
        }
    }

    fn feed_later(&mut self, peer: NodeId, input: Input) {
        self.later.push_back(Later::Feed(peer, input));
    }

    fn perform(&mut self, peer: NodeId, output: Output) {
        match output {
            Output::Dial => self.dial(peer),
            Output::Send(frame) => {
                if let Some(link) = self.peers.get(&peer).and_then(|known| known.link.as_ref()) {
                    self.effects.push_back(Effect::Transmit { link: link.number, frame });
                }
            }
            Output::Opened { hello, .. } => {
                tracing::info!(%peer, division = %hello.division, release = ?hello.release, "a link is open");
                if hello.directory == Some(self.digest_for(&peer)) {
                    self.has_all_records(peer);
                }
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.ahead_millis = Some(hello.at.millis_since(self.knowledge.now()));
                }
                self.announce(Some(peer));
                self.pass_receipts();
                self.offer_chain();
                self.offer_journals();
                self.offer_records();
            }
            Output::PeerRestored { epoch, .. } => tracing::warn!(%peer, epoch, "a peer began a new epoch"),
            Output::Deliver { envelope, sealed } => self.deliver(peer, *envelope, sealed),
            Output::Relay { envelope, sealed } => self.relay(peer, &envelope, sealed),
            Output::RecordReceipt { receipt, sealed, .. } => self.record_receipt(peer, *receipt, sealed),
            Output::RelayReceipt { receipt, sealed } => self.relay_receipt(Unpassed::new(&receipt, peer, sealed)),
            Output::LoadOutbox { flow, load } => {
                let (envelopes, more) = self.load(&flow, load.after, load.limit);
                self.feed_later(peer, Input::Outbound { flow, envelopes, more });
            }
            Output::LoadRecords => self.offer_all_records(peer),
            Output::RecordsReceived(records) => self.records_received(peer, records),
            Output::ChainReceived(chain) => self.chain_received(peer, &chain),
            Output::PullDue(journal) => self.pull(peer, journal),
            // The protocol has no question for a record; the next hello compares the directories, and then both sides send theirs.
            Output::WantRecord(node) => tracing::debug!(%peer, %node, "sealed bytes of an unknown node were dropped"),
            Output::Distrusted { signer, code, text } => {
                tracing::warn!(%peer, %signer, code, text, "sealed bytes were dropped");
            }
            Output::Close { code, text, by_peer } => {
                tracing::info!(%peer, code = code.name(), text, by_peer, "a session closed");
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.trouble = Some(format!("{}: {text}", code.name()));
                }
                self.finish(peer);
            }
        }
    }

    fn policy(&self) -> Policy {
        let now = self.knowledge.now();
        let unreachable = self
            .unreachable
            .iter()
            .filter(|(_, at)| now.millis_since(**at) < UNREACHABLE_SECONDS * 1000)
            .map(|(node, _)| *node)
            .collect();
        Policy { dial_any: self.knowledge.parts.direct, unreachable }
    }

    fn open_peers(&self) -> Vec<NodeId> {
        self.peers.iter().filter(|(_, peer)| peer.session.is_open()).map(|(node, _)| *node).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
