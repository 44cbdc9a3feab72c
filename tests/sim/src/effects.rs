//! What an exchange wants done, done over queues.

use tongban::engine::Refused;
use tongban::exchange::{Effect, Happened, Proven, Pulling, Trouble, answer_here};
use tongban_federation::wire::{Journals, Request as Question, Response};

use crate::machine::{Pull, Whom, key_hash};
use crate::network::{self, Purpose};
use crate::queue::Event;
use crate::world::World;

/// Milliseconds after which whoever asked gives up: [`tongban_federation::limits::PULL_SECONDS_MAX`].
const UNANSWERED_MILLIS: i64 = 120_000;

impl World {
    /// Tells an exchange what has happened, and does what it wants done.
    pub(crate) fn tell(&mut self, node: usize, happened: Happened) {
        let Some(run) = self.run(node) else { return };
        run.exchange.handle(happened);
        while let Some(effect) = self.run(node).and_then(|run| run.exchange.poll_effect()) {
            self.perform(node, effect);
        }
        self.schedule(node);
    }

    /// Puts the time of an exchange's next timeout into the queue.
    pub(crate) fn schedule(&mut self, node: usize) {
        let offset = self.machines[node].offset.load(std::sync::atomic::Ordering::Relaxed);
        let now = self.queue.now();
        let Some(run) = self.machines[node].run.as_mut() else { return };
        let Some(due) = run.exchange.poll_timeout() else { return };
        let due = (due.as_millis() - offset).max(now + 1);
        if run.timeout.is_none_or(|known| due < known) {
            run.timeout = Some(due);
            self.queue.put_at(due, Event::Timeout(node, run.number));
        }
    }

    fn latency(&mut self) -> i64 {
        // A lost packet is sent again by the transport: later, and everything behind it too.
        if self.chance.one_in(30) { self.chance.millis(100, 1500) } else { self.chance.millis(5, 60) }
    }

    fn proven(&self, node: usize) -> Proven {
        let place = self.machines[node].place;
        Proven { node: place.node, division: place.division, key_hash: key_hash(place.node) }
    }

    fn perform(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Dial { peer, attempt, addresses } => {
                let other = self.machines.iter().position(|machine| machine.place.node == peer);
                self.dial(node, other.filter(|_| !addresses.is_empty()), (peer, attempt));
            }
            Effect::Use { .. } => {}
            Effect::Transmit { link, frame } => self.transmit(node, link, frame),
            Effect::Close { link, .. } => self.hang_up(link, false),
            Effect::Finish { link } => self.hang_up(link, true),
            Effect::Decide { ticket, request, await_applied } => {
                self.ask(node, request, Whom::Exchange { ticket, applied: await_applied });
            }
            Effect::Change { ticket, change } => {
                if let Some(run) = self.run(node) {
                    run.changes.push_back((ticket, change));
                }
                self.change(node);
            }
            Effect::List { link, .. } => {
                let bytes = Question::Journals(Journals {}).to_bytes();
                self.question(node, link, Purpose::List, bytes);
            }
            Effect::Pull { peer, link, journal } => {
                let number = self.network.number();
                let Some(run) = self.run(node) else { return };
                let mut pulling = Pulling::new(journal);
                let step = pulling.next(&run.knowledge);
                run.pulls.push((number, Pull { pulling, peer, journal, link }));
                self.pull_step(node, number, step);
            }
        }
    }

    fn dial(&mut self, node: usize, other: Option<usize>, (peer, attempt): (tongban_codes::ids::NodeId, u64)) {
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        let there = other
            .filter(|other| self.network.goes(node, *other))
            .and_then(|other| Some((other, self.machines[other].run.as_ref()?.number)));
        let Some((other, their_run)) = there else {
            let result = Err(Trouble { code: "dial-failed", text: "nobody is there".to_owned() });
            let after = self.chance.millis(100, 3000);
            self.note(format_args!("{node} dials {peer} in vain"));
            self.queue.put(after, Event::Tell(node, run, Box::new(Happened::Dialled { peer, attempt, result })));
            return;
        };
        let (near, far) = self.network.link((node, run), (other, their_run));
        self.note(format_args!("{node} dials {other}: links {near} and {far}"));
        let (there, back) = (self.latency(), self.latency());
        let accepted = Happened::Accepted { link: far, proven: self.proven(node) };
        self.queue.put(there, Event::Tell(other, their_run, Box::new(accepted)));
        let result = Ok((near, self.proven(other)));
        let now = self.queue.now();
        if let Some(end) = self.network.ends.get_mut(&near) {
            end.arrives = now + there + back;
        }
        if let Some(end) = self.network.ends.get_mut(&far) {
            end.arrives = now + there;
        }
        self.queue.put(there + back, Event::Tell(node, run, Box::new(Happened::Dialled { peer, attempt, result })));
    }

    fn transmit(&mut self, node: usize, link: u64, frame: Vec<u8>) {
        if self.oracle.is_hostile(node) {
            self.transmits_hostile(node, link, frame);
        } else {
            self.oracle.hears(node, &frame);
            self.takes_down(&frame);
            self.send(link, frame);
        }
    }

    /// Puts a frame on its way to the other end of a link.
    pub(crate) fn send(&mut self, link: u64, frame: Vec<u8>) {
        let latency = self.latency();
        let now = self.queue.now();
        let Some(far) = self.network.ends.get(&link).map(|end| end.far) else { return };
        let Some(end) = self.network.ends.get_mut(&far) else { return };
        // A stream keeps its order.
        end.arrives = end.arrives.max(now + latency);
        let at = end.arrives;
        self.queue.put_at(at, Event::Frame(far, frame));
    }

    fn hang_up(&mut self, link: u64, finish: bool) {
        let Some(end) = self.network.ends.remove(&link) else { return };
        self.note(format_args!("{} hangs up link {link}", end.node));
        self.fail_questions(link);
        let latency = self.latency();
        let Some(far) = self.network.ends.get(&end.far) else { return };
        let mut at = self.queue.now() + latency;
        if finish {
            at = at.max(far.arrives);
        }
        let gone = Event::Gone(end.far, far.node, far.run);
        self.queue.put_at(at, gone);
    }

    pub(crate) fn ask_pull(&mut self, node: usize, pull: u64, bytes: Vec<u8>) {
        let link = self
            .run(node)
            .and_then(|run| run.pulls.iter().find(|(number, _)| *number == pull).map(|(_, pull)| pull.link));
        if let Some(link) = link {
            self.question(node, link, Purpose::Pull(pull), bytes);
        }
    }

    pub(crate) fn question(&mut self, node: usize, link: u64, purpose: Purpose, bytes: Vec<u8>) {
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        let number = self.network.number();
        let far = self.network.ends.get(&link).and_then(|end| self.network.ends.get(&end.far));
        let to = far.map(|far| (far.node, far.deaf));
        let question = network::Question { from: node, run, to: to.map_or(node, |to| to.0), end: link, purpose, bytes };
        self.network.questions.insert(number, question);
        let latency = self.latency();
        match to {
            // On a link that is broken already it fails when that is noticed; here at once.
            None => self.queue.put(latency, Event::Answered(number, None)),
            Some((_, true)) => {}
            Some((_, false)) => self.queue.put(latency, Event::Asked(number)),
        }
    }

    pub(crate) fn asked(&mut self, number: u64) {
        let Some(question) = self.network.questions.get(&number) else { return };
        let Some(near) = self.network.ends.get(&question.end) else { return };
        let far_stands = self.network.ends.contains_key(&near.far);
        let (to, asker, deaf) = (question.to, self.machines[question.from].place.node, near.deaf);
        let Some(run) = self.machines[to].run.as_ref() else { return };
        if !far_stands {
            return;
        }
        let mut answer = answer_here(&run.knowledge, &asker, &question.bytes);
        if self.oracle.is_hostile(to) {
            let (from, purpose) = (question.from, question.purpose);
            match self.answers_hostile(from, purpose, answer) {
                Some(instead) => answer = Some(instead),
                None => return self.queue.put(UNANSWERED_MILLIS, Event::Answered(number, None)),
            }
        } else if let Some(answer) = &answer {
            self.oracle.hears_answer(to, answer);
        }
        let latency = self.latency();
        if !deaf {
            self.queue.put(latency, Event::Answered(number, answer));
        }
    }

    /// Questions over a link that is over have no answer.
    pub(crate) fn fail_questions(&mut self, end: u64) {
        let open = self.network.questions.iter().filter(|(_, question)| question.end == end);
        let open: Vec<u64> = open.map(|(number, _)| *number).collect();
        for number in open {
            self.queue.put(0, Event::Answered(number, None));
        }
    }

    pub(crate) fn answered(&mut self, number: u64, answer: Option<Vec<u8>>) {
        // An answer is lost with its link.
        let stands = |end: &u64| self.network.ends.contains_key(end);
        let Some(question) = self.network.questions.get(&number) else { return };
        if answer.is_some() && !stands(&question.end) {
            return;
        }
        let Some(question) = self.network.questions.remove(&number) else { return };
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
            Purpose::Prying => self.pried(question.from, question.to, answer.as_deref()),
            Purpose::Pull(pull) => {
                let Some(run) = self.run(question.from) else { return };
                let knowledge = std::sync::Arc::clone(&run.knowledge);
                let Some((_, known)) = run.pulls.iter_mut().find(|(known, _)| *known == pull) else { return };
                let step = match answer {
                    Some(answer) => known.pulling.answered(&knowledge, &*knowledge.parts.blobs, &answer),
                    None => Err(Refused::problem("connection-lost", "the link broke", "连接已断开")),
                };
                self.pull_step(question.from, pull, step);
            }
        }
    }
}
