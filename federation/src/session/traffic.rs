//! What flows over an open link.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::{ids::Digest, ids::NodeId, time::Timestamp};

use super::{Input, Outboxes, Output, Pending, Session, State};
use crate::{
    close::CloseCode,
    delivery::{Outbox, Standing},
    envelope::{Envelope, Flow, StatementError},
    limits,
    receipt::Receipt,
    sealed::{Sealed, Unseal, UnsealError},
    wire::{Chain, Frame, Held, JournalSize, Nudge, Records, SignedBy},
};

/// What a session keeps while its link is open.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Handed to the driver and not answered yet.
    pending: Pending,
    outboxes: Outboxes,
    /// Room promised to loads that are under way.
    promised: BTreeMap<Flow, usize>,
    promised_total: usize,
    on_the_way: usize,
    bytes: usize,
    /// Flows that would load if there were room.
    starved: BTreeSet<Flow>,
    timers: BTreeSet<(Timestamp, Flow)>,
    timer_of: BTreeMap<Flow, Timestamp>,
    /// The largest sizes that the peer has named.
    journals: BTreeMap<(NodeId, u8, u32), u64>,
    /// Journals that found no place in the hello.
    unnamed: Vec<JournalSize>,
    directory: Option<Digest>,
    /// Nodes whose sealed bytes came and whose record isn't known; at most [`STRANGERS_MAX`] are remembered.
    strangers: BTreeSet<NodeId>,
    /// Flows of which a relay holds something.
    held: BTreeSet<Flow>,
}

/// Enough to say that there are some.
const STRANGERS_MAX: usize = 64;

impl Traffic {
    pub(super) fn begin(&mut self, directory: Option<Digest>, unnamed: Vec<JournalSize>) {
        *self = Self { directory, unnamed, ..Self::default() };
    }

    pub(super) fn directory(&self) -> Option<Digest> {
        self.directory
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn is_waiting_for_receipts(&self) -> bool {
        self.on_the_way > 0
    }

    pub(super) fn meets_strangers(&self) -> bool {
        !self.strangers.is_empty()
    }

    pub(super) fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.outboxes.is_empty()
    }

    fn room(&self) -> usize {
        if self.bytes >= limits::LINK_BYTES_MAX {
            return 0;
        }
        limits::LINK_ENVELOPES_MAX.saturating_sub(self.on_the_way + self.promised_total)
    }

    fn keep_promise(&mut self, flow: &Flow) {
        self.promised_total -= self.promised.remove(flow).unwrap_or(0);
    }
}

impl Session {
    /// Frames other than greetings, pings and good-byes.
    pub(super) fn handle_traffic(&mut self, frame: Frame, now: Timestamp, unseal: &dyn Unseal) {
        let open = self.is_open();
        if !open && !matches!(self.state, State::Draining { .. }) {
            return;
        }
        self.last_traffic = self.last_traffic.max(now);
        match frame {
            // A draining link takes nothing new; the sender offers it again elsewhere or later.
            Frame::Envelope(signed) if open => self.handle_envelope(signed, unseal),
            Frame::Receipt(signed) => self.handle_receipt(signed, now, unseal),
            Frame::Held(Held { flow, sequence }) => {
                self.change(flow, now, |outbox, jitter| outbox.held(sequence, now, jitter));
            }
            Frame::Records(Records { records }) => self.outputs.push_back(Output::RecordsReceived(records)),
            Frame::Nudge(Nudge { journals }) => self.handle_nudge(journals, now),
            Frame::Chain(Chain { certificates }) => self.outputs.push_back(Output::ChainReceived(certificates)),
            _ => {}
        }
    }

    /// What the driver says of its own side.
    pub(super) fn handle_local(&mut self, input: Input, now: Timestamp) {
        let open = self.is_open();
        if let (Input::OutboxGrew { .. }, State::Waiting { until: until @ None }, super::Role::Dial) =
            (&input, &mut self.state, self.config.role)
        {
            *until = Some(now);
            return;
        }
        if !open && !matches!(self.state, State::Draining { .. }) {
            return;
        }
        match input {
            Input::Committed { flow, sequence, receipt } => {
                self.traffic.pending.remove(&(flow, sequence));
                self.last_traffic = now;
                self.send(&Frame::Receipt(receipt));
            }
            Input::Stored { flow, sequence } => {
                self.traffic.pending.remove(&(flow, sequence));
                self.last_traffic = now;
                self.send(&Frame::Held(Held { flow, sequence }));
            }
            Input::Dropped { flow, sequence } => {
                self.traffic.pending.remove(&(flow, sequence));
            }
            Input::ReceiptRecorded { flow, sequence } => self.change(flow, now, |outbox, _| outbox.recorded(sequence)),
            Input::OutboxGrew { flow, from } if open => self.handle_outbox_grew(flow, from, now),
            Input::Outbound { flow, envelopes, more } if open => {
                self.traffic.keep_promise(&flow);
                self.change(flow, now, |outbox, _| outbox.loaded(envelopes, more, now));
            }
            Input::RecordsChanged(records) if open => self.send_records(records),
            Input::JournalGrew(journals) if open => self.nudge(&journals),
            Input::ChainChanged(certificates) if open => self.send(&Frame::Chain(Chain { certificates })),
            _ => {}
        }
        if let State::Draining { code, .. } = self.state
            && !self.traffic.has_pending()
        {
            self.fail(code, "closed by this node", now);
        }
    }

    /// Serves the outboxes whose time has come.
    pub(super) fn serve_due(&mut self, now: Timestamp) {
        while let Some((at, flow)) = self.traffic.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.traffic.timers.remove(&(at, flow));
            self.traffic.timer_of.remove(&flow);
            self.change(flow, now, |outbox, _| outbox.handle_timeout(now));
        }
    }

    pub(super) fn handle_nudge(&mut self, journals: Vec<JournalSize>, now: Timestamp) {
        for journal in journals {
            let key = (journal.origin, journal.journal, journal.epoch);
            let full = self.traffic.journals.len() >= limits::JOURNALS_PER_PEER_MAX;
            if full && !self.traffic.journals.contains_key(&key) {
                return self.fail(CloseCode::Limit, "more journals than the protocol allows", now);
            }
            let known = self.traffic.journals.entry(key).or_default();
            if journal.size > *known {
                *known = journal.size;
                self.outputs.push_back(Output::PullDue(journal));
            }
        }
    }

    pub(super) fn nudge_rest(&mut self) {
        let rest = std::mem::take(&mut self.traffic.unnamed);
        self.nudge(&rest);
    }

    fn nudge(&mut self, journals: &[JournalSize]) {
        for some in journals.chunks(limits::JOURNALS_PER_FRAME_MAX) {
            self.send(&Frame::Nudge(Nudge { journals: some.to_vec() }));
        }
    }

    fn send_records(&mut self, records: Vec<Sealed>) {
        let mut some = Vec::new();
        let mut bytes = 0;
        for record in records {
            // Each record costs its own head of at most nine bytes.
            let more = record.len() + 9;
            if some.len() == limits::RECORDS_PER_FRAME_MAX
                || (bytes + more > limits::ENVELOPE_BYTES_MAX && !some.is_empty())
            {
                self.send(&Frame::Records(Records { records: std::mem::take(&mut some) }));
                bytes = 0;
            }
            bytes += more;
            some.push(record);
        }
        if !some.is_empty() {
            self.send(&Frame::Records(Records { records: some }));
        }
    }

    fn handle_envelope(&mut self, SignedBy { signer, sealed }: SignedBy, unseal: &dyn Unseal) {
        if self.traffic.pending.len() >= limits::PENDING_ENVELOPES_MAX {
            return;
        }
        let envelope = match Envelope::open(&signer, &sealed, unseal) {
            Ok(envelope) => {
                self.traffic.strangers.remove(&signer);
                Box::new(envelope)
            }
            Err(error) => return self.distrust(signer, &error),
        };
        // What this node has sent itself comes back only by a loop of routes.
        if envelope.origin == self.config.me || !self.traffic.pending.insert((envelope.flow(), envelope.sequence)) {
            return;
        }
        self.outputs.push_back(if envelope.destination == self.config.me {
            Output::Deliver { envelope, sealed }
        } else {
            Output::Relay { envelope, sealed }
        });
    }

    fn handle_receipt(&mut self, SignedBy { signer, sealed }: SignedBy, now: Timestamp, unseal: &dyn Unseal) {
        let receipt = match Receipt::open(&signer, &sealed, unseal) {
            Ok(receipt) => {
                self.traffic.strangers.remove(&signer);
                Box::new(receipt)
            }
            Err(error) => return self.distrust(signer, &error),
        };
        let standing = self.standing(&receipt, now);
        self.outputs.push_back(if receipt.origin == self.config.me {
            Output::RecordReceipt { receipt, sealed, standing }
        } else {
            Output::RelayReceipt { receipt, sealed }
        });
    }

    /// What the receipt means to the outbox of its flow.
    fn standing(&mut self, receipt: &Receipt, now: Timestamp) -> Standing {
        let mut standing = Standing::Unknown;
        self.change(receipt.flow(), now, |outbox, _| standing = outbox.receipt(receipt));
        standing
    }

    fn distrust(&mut self, signer: NodeId, error: &StatementError) {
        self.outputs.push_back(match error {
            StatementError::Seal(UnsealError::UnknownSigner(node)) => {
                if self.traffic.strangers.len() < STRANGERS_MAX {
                    self.traffic.strangers.insert(*node);
                }
                Output::WantRecord(*node)
            }
            error => Output::Distrusted { signer, code: error.code(), text: error.to_string() },
        });
    }

    fn handle_outbox_grew(&mut self, flow: Flow, from: u64, now: Timestamp) {
        if self.traffic.outboxes.len() < limits::FLOWS_MAX || self.traffic.outboxes.contains_key(&flow) {
            self.traffic.outboxes.entry(flow).or_insert_with(|| Outbox::new(flow));
            self.change(flow, now, |outbox, _| outbox.wake(from));
        }
    }

    /// Changes one outbox, then sends and loads what has become due, there and where the change has made room.
    fn change(&mut self, flow: Flow, now: Timestamp, change: impl FnOnce(&mut Outbox, &mut crate::backoff::Jitter)) {
        let Some(outbox) = self.traffic.outboxes.get_mut(&flow) else { return };
        let before = (outbox.len(), outbox.bytes());
        change(outbox, &mut self.jitter);
        let after = (outbox.len(), outbox.bytes());
        self.traffic.on_the_way = self.traffic.on_the_way - before.0 + after.0;
        self.traffic.bytes = self.traffic.bytes - before.1 + after.1;
        self.serve(flow, now);
        while self.traffic.room() > 0
            && let Some(starved) = self.traffic.starved.pop_first()
        {
            self.serve(starved, now);
        }
    }

    fn serve(&mut self, flow: Flow, now: Timestamp) {
        if !self.is_open() {
            return;
        }
        let room = self.traffic.room();
        let Some(outbox) = self.traffic.outboxes.get_mut(&flow) else { return };
        let mut sent = Vec::new();
        while let Some((_, sealed)) = outbox.poll_send(now, &mut self.jitter) {
            sent.push(Frame::Envelope(SignedBy { signer: flow.origin, sealed }));
        }
        let load = outbox.poll_load(room);
        let starved = load.is_none() && outbox.wants_room();
        let timer = outbox.poll_timeout();
        let idle = outbox.is_idle();
        if outbox.is_held() {
            self.traffic.held.insert(flow);
        } else {
            self.traffic.held.remove(&flow);
        }
        if !sent.is_empty() {
            self.last_traffic = now;
        }
        sent.iter().for_each(|frame| self.send(frame));
        if let Some(load) = load {
            self.traffic.promised.insert(flow, load.limit);
            self.traffic.promised_total += load.limit;
            self.outputs.push_back(Output::LoadOutbox { flow, load });
        }
        if starved {
            self.traffic.starved.insert(flow);
        }
        if let Some(old) = self.traffic.timer_of.remove(&flow) {
            self.traffic.timers.remove(&(old, flow));
        }
        if let Some(at) = timer {
            self.traffic.timer_of.insert(flow, at);
            self.traffic.timers.insert((at, flow));
        }
        if idle {
            self.traffic.outboxes.remove(&flow);
        }
    }
}
