//! What exchanges want done, over links that are slow and lose packets.

use std::sync::Arc;

use tongban::engine::Refused;
use tongban::exchange::{
    Change, Changed, Changing, Effect, Happened, Kept, Proven, PullStep, Pulling, Trouble, answer_here,
};
use tongban_federation::wire::{Journals, Request as WireRequest, Response};

use super::{BYTES_PER_MILLI, Event, LINK_MILLIS, PACKET_BYTES, PACKETS_TO_ONE_LOST, Purpose, Question, World};
use crate::machine::key_hash;

impl World {
    /// How long some bytes take one way: a packet that is lost is sent again after a round trip and a half.
    fn latency(&mut self, bytes: usize) -> i64 {
        let packets = bytes.div_ceil(PACKET_BYTES).max(1);
        let lost = (0..packets).filter(|_| self.chance.one_in(PACKETS_TO_ONE_LOST)).count();
        let again = if lost > 0 { 3 * LINK_MILLIS } else { 0 };
        LINK_MILLIS + again + i64::try_from(bytes / BYTES_PER_MILLI).unwrap_or(0)
    }

    pub(super) fn tell(&mut self, node: usize, happened: Happened) {
        let Some(run) = self.run(node) else { return };
        run.exchange.handle(happened);
        while let Some(effect) = self.run(node).and_then(|run| run.exchange.poll_effect()) {
            self.perform(node, effect);
        }
        let now = self.now;
        let Some(run) = self.run(node) else { return };
        let Some(due) = run.exchange.poll_timeout() else { return };
        let due = due.as_millis().max(now + 1);
        if run.timeout.is_none_or(|known| due < known) {
            run.timeout = Some(due);
            let number = run.number;
            self.put_at(due, Event::Timeout(node, number));
        }
    }

    /// Tells later, in the same run.
    pub(super) fn tell_later(&mut self, node: usize, happened: Happened) {
        if let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) {
            self.put(0, Event::Tell(node, run, Box::new(happened)));
        }
    }

    fn perform(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Dial { peer, attempt, .. } => self.dial(node, peer, attempt),
            Effect::Use { .. } => {}
            Effect::Transmit { link, frame } => {
                let latency = self.latency(frame.len());
                let now = self.now;
                let Some(far) = self.network.ends.get(&link).map(|end| end.far) else { return };
                let Some(end) = self.network.ends.get_mut(&far) else { return };
                end.arrives = end.arrives.max(now + latency);
                let at = end.arrives;
                self.put_at(at, Event::Frame(far, frame));
            }
            Effect::Close { link, .. } | Effect::Finish { link } => self.hang_up(link),
            Effect::Decide { ticket, request, .. } => {
                let outcome = self.settle(node, request);
                self.tell_later(node, Happened::Decided { ticket, outcome });
            }
            Effect::Change { ticket, change } => {
                let outcome = self.change(node, change);
                self.tell_later(node, Happened::Changed { ticket, outcome });
            }
            Effect::List { link, .. } => {
                let bytes = WireRequest::Journals(Journals {}).to_bytes();
                self.question(node, link, Purpose::List, bytes);
            }
            Effect::Pull { peer, link, journal } => {
                let mut pulling = Box::new(Pulling::new(journal));
                let Some(run) = self.run(node) else { return };
                let step = pulling.next(&run.knowledge);
                self.pull_step(node, link, (pulling, peer, journal), step);
            }
        }
    }

    fn change(&mut self, node: usize, change: Change) -> Result<Changed, Refused> {
        let mut changing = Changing::new(change);
        loop {
            let Some(knowledge) = self.run(node).map(|run| Arc::clone(&run.knowledge)) else {
                return Err(Refused::Stopped);
            };
            let Some(request) = changing.next(&knowledge)? else { return Ok(changing.finish()) };
            let committed = self.settle(node, request)?;
            if changing.committed(&knowledge, committed) == Kept::Records
                && let Some(run) = self.run(node)
            {
                run.writer.set_places(knowledge.places());
            }
        }
    }

    fn dial(&mut self, node: usize, peer: tongban_codes::ids::NodeId, attempt: u64) {
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        let there = self.by_id.get(&peer).copied();
        let there = there.and_then(|other| Some((other, self.machines[other].run.as_ref()?.number)));
        let Some((other, their_run)) = there else {
            let result = Err(Trouble { code: "dial-failed", text: "nobody is there".to_owned() });
            let after = self.chance.millis(1000, 3000);
            self.put(after, Event::Tell(node, run, Box::new(Happened::Dialled { peer, attempt, result })));
            return;
        };
        let (near, far) = self.network.link((node, run), (other, their_run));
        let proven = |place: tongban_domain::Place| Proven {
            node: place.node,
            division: place.division,
            key_hash: key_hash(place.node),
        };
        let accepted = Happened::Accepted { link: far, proven: proven(self.machines[node].place) };
        let result = Ok((near, proven(self.machines[other].place)));
        // Two flights of the handshake, then the connection stands.
        let (there, back) = (self.latency(PACKET_BYTES) * 3, self.latency(PACKET_BYTES));
        let now = self.now;
        if let Some(end) = self.network.ends.get_mut(&near) {
            end.arrives = now + there + back;
        }
        if let Some(end) = self.network.ends.get_mut(&far) {
            end.arrives = now + there;
        }
        self.put(there, Event::Tell(other, their_run, Box::new(accepted)));
        self.put(there + back, Event::Tell(node, run, Box::new(Happened::Dialled { peer, attempt, result })));
    }

    pub(super) fn frame(&mut self, end: u64, bytes: Vec<u8>) {
        let Some((node, run)) = self.network.ends.get(&end).map(|to| (to.node, to.run)) else { return };
        if self.runs(node, run) {
            self.tell(node, Happened::Frame { link: end, bytes });
        }
    }

    fn hang_up(&mut self, link: u64) {
        let Some(end) = self.network.ends.remove(&link) else { return };
        self.fail(link);
        let latency = self.latency(1);
        let Some(far) = self.network.ends.get(&end.far) else { return };
        let (at, gone) = (far.arrives.max(self.now + latency), Event::Gone(end.far, far.node, far.run));
        self.put_at(at, gone);
    }

    pub(super) fn gone(&mut self, end: u64, node: usize, run: u64) {
        self.network.ends.remove(&end);
        self.fail(end);
        if self.runs(node, run) {
            let trouble = Trouble { code: "connection-lost", text: "the link broke".to_owned() };
            self.tell(node, Happened::Closed { link: end, trouble });
        }
    }

    /// Questions over a link that is over have no answer.
    fn fail(&mut self, link: u64) {
        let open = self.questions.iter().filter(|(_, question)| question.link == link);
        let open: Vec<u64> = open.map(|(number, _)| *number).collect();
        for number in open {
            self.put(0, Event::Answered(number, None));
        }
    }

    fn question(&mut self, node: usize, link: u64, purpose: Purpose, bytes: Vec<u8>) {
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        let number = self.network.number();
        let latency = self.latency(bytes.len());
        let far = self.network.ends.get(&link).and_then(|end| self.network.ends.get(&end.far));
        let to = far.map(|far| far.node);
        self.questions.insert(number, Question { from: node, run, to: to.unwrap_or(node), link, purpose, bytes });
        let event = if to.is_some() { Event::Asked(number) } else { Event::Answered(number, None) };
        self.put(latency, event);
    }

    pub(super) fn asked(&mut self, number: u64) {
        let Some(question) = self.questions.get(&number) else { return };
        let Some(far) = self.network.ends.get(&question.link).map(|end| end.far) else { return };
        let asker = self.machines[question.from].place.node;
        let Some(run) = self.machines[question.to].run.as_ref().filter(|_| self.network.ends.contains_key(&far)) else {
            return;
        };
        let answer = answer_here(&run.knowledge, &asker, &question.bytes);
        let bytes = answer.as_ref().map_or(0, Vec::len);
        if matches!(question.purpose, Purpose::Pull(..)) {
            self.slice_bytes += bytes as u64;
        }
        let latency = self.latency(bytes);
        self.put(latency, Event::Answered(number, answer));
    }

    pub(super) fn answered(&mut self, number: u64, answer: Option<Vec<u8>>) {
        let Some(question) = self.questions.remove(&number) else { return };
        if !self.runs(question.from, question.run) {
            return;
        }
        match question.purpose {
            Purpose::List => {
                let Some(Ok(Response::JournalList(list))) = answer.as_deref().map(Response::from_bytes) else { return };
                let journals = list.journals.into_iter().map(|listed| listed.size).collect();
                let peer = self.machines[question.to].place.node;
                self.tell(question.from, Happened::Listed { peer, journals });
            }
            Purpose::Pull(mut pulling, peer, journal) => {
                let Some(knowledge) = self.run(question.from).map(|run| Arc::clone(&run.knowledge)) else { return };
                let step = match answer {
                    Some(answer) => pulling.answered(&knowledge, &*knowledge.parts.blobs, &answer),
                    None => Err(Refused::problem("connection-lost", "the link broke", "连接已断开")),
                };
                self.pull_step(question.from, question.link, (pulling, peer, journal), step);
            }
        }
    }

    fn pull_step(
        &mut self,
        node: usize,
        link: u64,
        (mut pulling, peer, journal): (Box<Pulling>, tongban_codes::ids::NodeId, tongban_federation::wire::JournalSize),
        mut step: Result<PullStep, Refused>,
    ) {
        let result = loop {
            step = match step {
                Ok(PullStep::Ask(bytes)) => {
                    self.question(node, link, Purpose::Pull(pulling, peer, journal), bytes);
                    return;
                }
                Ok(PullStep::Decide(request)) => {
                    let outcome = self.settle(node, request);
                    let Some(knowledge) = self.run(node).map(|run| Arc::clone(&run.knowledge)) else { return };
                    outcome.and_then(|committed| pulling.applied(&knowledge, committed))
                }
                Ok(PullStep::Done(count)) => break Ok(count),
                Err(refused) => break Err(refused),
            };
        };
        self.tell_later(node, Happened::Pulled { peer, journal, result });
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        let after = self.chance.millis(2_000, 40_000);
        self.put(after, Event::Clerk(node, run));
    }
}
