//! The world: all machines, the network between them, and one queue of events.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tongban::engine::{Answer, Committed, Outcome, Refused, Request};
use tongban::exchange::{Changing, Happened, Kept, PullStep, Trouble};

use tongban_codes::ids::{CaseId, NodeId};
use tongban_storage::keyspace::delivery::QUARANTINE;

use crate::chance::Chance;
use crate::client::Clients;
use crate::faults::{self, Fault};
use crate::genesis::{self, Born};
use crate::machine::{Machine, Run, Whom};
use crate::network::Network;
use crate::promise::Oracle;
use crate::queue::{Event, Queue};
use crate::trace::Trace;
use crate::{Breach, Plan, Played};

/// Milliseconds in which things break.
const TROUBLED_MILLIS: i64 = 90_000;
/// Milliseconds after which everything must have come to rest: a resend waits for up to 5 minutes, a dial too, an offer at a relay for
/// ten, each with jitter; and several may come one after another.
const REST_MILLIS_MAX: i64 = 4 * 3600 * 1000;
/// Milliseconds between two looks of an exchange, at most; a running node looks every second.
const LOOK_MILLIS: i64 = 4_000;

pub(crate) struct World {
    pub(crate) queue: Queue,
    pub(crate) chance: Chance,
    pub(crate) trace: Trace,
    pub(crate) machines: Vec<Machine>,
    pub(crate) network: Network,
    pub(crate) oracle: Oracle,
    pub(crate) clients: Clients,
    pub(crate) calm: bool,
    clock: Arc<AtomicI64>,
    ends: i64,
    steps: u64,
    done: bool,
}

impl World {
    pub(crate) fn new(seed: u64, plan: &Plan) -> Self {
        let beginning = genesis::beginning();
        let clock = Arc::new(AtomicI64::new(beginning));
        let mut chance = Chance::new(seed);
        let born: &[Born] = genesis::born();
        let direct = chance.below(4);
        let mut machines: Vec<Machine> = born
            .iter()
            .map(|born| {
                let direct = direct == 0 || (direct == 1 && chance.one_in(2));
                born.machine(&clock, direct)
            })
            .collect();
        let mut queue = Queue::new(beginning);
        for number in 0..machines.len() {
            queue.put(chance.millis(0, 2000), Event::Start(number));
        }
        faults::plan(&mut chance, &mut queue, machines.len(), TROUBLED_MILLIS);
        for _ in 0..chance.below(4) {
            let node = chance.below(machines.len());
            machines[node].old = true;
            queue.put(chance.millis(0, TROUBLED_MILLIS), Event::Upgrade(node));
        }
        let clients = Clients::new(&mut chance, &mut queue, TROUBLED_MILLIS);
        queue.put(TROUBLED_MILLIS, Event::Calm);
        Self {
            queue,
            chance,
            trace: Trace::new(plan.trace),
            oracle: Oracle::new(born),
            machines,
            network: Network::default(),
            clients,
            calm: false,
            clock,
            ends: beginning + TROUBLED_MILLIS + REST_MILLIS_MAX,
            steps: 0,
            done: false,
        }
    }

    pub(crate) fn play(mut self, seed: u64) -> Played {
        let beginning = self.queue.now();
        while !self.done && !self.oracle.is_broken() {
            let Some(event) = self.queue.next() else { break };
            self.clock.store(self.queue.now(), Ordering::Relaxed);
            self.steps += 1;
            self.step(event);
            if self.queue.now() > self.ends && !self.done {
                let why = self.unsettled().unwrap_or_default();
                self.oracle.breach("convergence", format!("not at rest in time: {why}"));
            }
        }
        let (steps, acts) = (self.steps, self.clients.acknowledged());
        let millis = self.queue.now() - beginning;
        let trace = self.trace.finish();
        let breach = self.oracle.broken().map(|(promise, text)| Breach { seed, promise, text, trace: trace.clone() });
        Played { seed, steps, acts, millis, breach, trace }
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Start(node) => self.start(node),
            Event::Form(node, run) if self.runs(node, run) => self.form(node),
            Event::Sync(node, run) if self.runs(node, run) => self.sync(node),
            Event::Apply(node, run) if self.runs(node, run) => self.apply(node),
            Event::Flush(node, run) if self.runs(node, run) => self.flush(node),
            Event::Look(node, run) if self.runs(node, run) => {
                let again = if self.calm { 5 * LOOK_MILLIS } else { LOOK_MILLIS };
                let again = self.chance.millis(again / 2, again);
                self.queue.put(again, Event::Look(node, run));
                self.tell(node, Happened::Look);
            }
            Event::Tick(node, run) if self.runs(node, run) => {
                let again = if self.calm { 10_000 } else { self.chance.millis(1000, 3000) };
                self.queue.put(again, Event::Tick(node, run));
                self.ask(node, Request::Tick, Whom::Nobody);
            }
            Event::Timeout(node, run) if self.runs(node, run) => {
                let now = self.queue.now();
                // One that an earlier one has overtaken is none any more.
                if let Some(run) = self.run(node).filter(|run| run.timeout == Some(now)) {
                    run.timeout = None;
                    self.tell(node, Happened::Timeout);
                }
            }
            Event::Tell(node, run, happened) if self.runs(node, run) => self.tell(node, *happened),
            Event::Frame(end, bytes) => {
                let Some(to) = self.network.ends.get(&end).filter(|to| !to.deaf) else { return };
                let (node, run) = (to.node, to.run);
                if self.runs(node, run) {
                    self.tell(node, Happened::Frame { link: end, bytes });
                }
            }
            Event::Gone(end, node, run) => self.gone(end, node, run),
            Event::Asked(question) => self.asked(question),
            Event::Answered(question, answer) => self.answered(question, answer),
            Event::Client => self.client(),
            Event::Fault(fault) if !self.calm => self.fault(fault),
            Event::Upgrade(node) => {
                self.machines[node].old = false;
                self.replay(node);
            }
            Event::Break(end) => self.break_link(end, 5_000),
            Event::Calm => self.becalm(),
            Event::Settled => self.settled(),
            // Of a run that is over, or a fault after all faults.
            _ => {}
        }
    }

    pub(crate) fn runs(&self, node: usize, run: u64) -> bool {
        self.machines[node].run.as_ref().is_some_and(|known| known.number == run)
    }

    pub(crate) fn run(&mut self, node: usize) -> Option<&mut Run> {
        self.machines[node].run.as_mut()
    }

    pub(crate) fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.trace.line(self.queue.now() - genesis::beginning(), what);
    }

    fn start(&mut self, node: usize) {
        if self.machines[node].run.is_some() {
            return;
        }
        let seed = self.chance.next();
        if let Err(error) = self.machines[node].start(seed) {
            self.oracle.breach("2", format!("node {node} doesn't start: {error}"));
            return;
        }
        self.note(format_args!("{node} starts"));
        // What survived in the log is committed now.
        let last = self.machines[node].disk.log.last();
        self.oracle_reads(node, last);
        self.oracle.looks_closely(node, &self.machines);
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        self.replay(node);
        let (look, tick) = (self.chance.millis(0, 500), self.chance.millis(0, 2000));
        self.queue.put(look, Event::Look(node, run));
        self.queue.put(tick, Event::Tick(node, run));
        let flush = self.chance.millis(500, 30_000);
        self.queue.put(flush, Event::Flush(node, run));
    }

    /// Shows the oracle the entries that are durable since it looked last.
    fn oracle_reads(&mut self, node: usize, upto: u64) {
        for index in self.oracle.read_upto(node) + 1..=upto {
            match self.machines[node].disk.log.entry(index) {
                Some(entry) => self.oracle.reads(node, index, &entry, &self.machines),
                None => self.oracle.breach("2", format!("entry {index} of node {node} is gone")),
            }
        }
    }

    /// Has the writer decide something.
    pub(crate) fn ask(&mut self, node: usize, request: Request, whom: Whom) {
        let delay = if self.chance.one_in(3) { self.chance.millis(0, 60) } else { 0 };
        let Some(run) = self.machines[node].run.as_mut() else { return };
        let outcome = run.writer.push(request);
        run.waiting.push((whom, outcome));
        if !run.forming {
            run.forming = true;
            self.queue.put(delay, Event::Form(node, run.number));
        }
    }

    fn form(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        run.forming = false;
        #[cfg(feature = "deliberate-bugs")]
        tongban_codes::deliberate::be_of_old(machine.old);
        if let Some(proposal) = run.writer.form() {
            let index = machine.disk.log.append(proposal.bytes());
            run.proposed.push_back((index, proposal));
            if !run.syncing {
                run.syncing = true;
                let delay = self.chance.millis(0, 12);
                self.queue.put(delay, Event::Sync(node, run.number));
            }
        }
        self.form_later(node);
        self.outcomes(node);
    }

    fn form_later(&mut self, node: usize) {
        let delay = self.chance.millis(0, 4);
        let Some(run) = self.machines[node].run.as_mut() else { return };
        if run.writer.may_form() && !run.forming {
            run.forming = true;
            self.queue.put(delay, Event::Form(node, run.number));
        }
    }

    /// The sync of the log has ended: what was appended before it began is durable.
    fn sync(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        run.syncing = false;
        // A sync covers what was written when it began: at least one entry.
        let covered = 1 + self.chance.below(2) as u64;
        let log = &mut machine.disk.log;
        log.synced = (log.synced + covered).min(log.last());
        let synced = log.synced;
        self.note(format_args!("{node} syncs {synced}"));
        self.oracle_reads(node, synced);
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        while run.proposed.front().is_some_and(|(index, _)| *index <= synced) {
            let Some((index, proposal)) = run.proposed.pop_front() else { break };
            let (number, sends) = (proposal.number(), proposal.sends());
            proposal.committed(index);
            run.writer.settled(number, Some(index));
            run.committed.push_back((index, sends));
        }
        if !run.proposed.is_empty() {
            run.syncing = true;
            let delay = self.chance.millis(0, 12);
            self.queue.put(delay, Event::Sync(node, run.number));
        }
        if !run.applying && !run.committed.is_empty() {
            run.applying = true;
            let delay = self.chance.millis(0, 6);
            self.queue.put(delay, Event::Apply(node, run.number));
        }
        self.outcomes(node);
        self.form_later(node);
    }

    fn apply(&mut self, node: usize) {
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return };
        run.applying = false;
        let Some((index, sends)) = run.committed.pop_front() else { return };
        let Some(entry) = machine.disk.log.entry(index) else { return };
        if let Err(error) = run.applied.apply(index, &entry) {
            self.oracle.breach("2", format!("node {node} can't apply entry {index}: {error}"));
            return;
        }
        let number = run.number;
        if !run.committed.is_empty() {
            run.applying = true;
            let delay = self.chance.millis(0, 6);
            self.queue.put(delay, Event::Apply(node, number));
        }
        // The word that there is something to send may be lost: looking finds it too.
        if sends && !self.chance.one_in(8) {
            self.queue.put(0, Event::Tell(node, number, Box::new(Happened::OutboxGrew)));
        }
        if self.chance.one_in(16) && self.machines[node].run.as_ref().is_some_and(|run| run.committed.is_empty()) {
            self.oracle.looks_closely(node, &self.machines);
        }
        let Some(run) = self.machines[node].run.as_mut() else { return };
        let mut seen = Vec::new();
        let unseen = std::mem::take(&mut run.unseen);
        for (awaited, whom, outcome) in unseen {
            if awaited <= index {
                seen.push((whom, outcome));
            } else {
                run.unseen.push((awaited, whom, outcome));
            }
        }
        for (whom, outcome) in seen {
            self.hear(node, whom, outcome);
        }
    }

    fn flush(&mut self, node: usize) {
        let again = self.chance.millis(500, 30_000);
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_ref() else { return };
        self.queue.put(again, Event::Flush(node, run.number));
        match run.applied.flush() {
            Ok(flushed) => machine.disk.log.purge(flushed),
            Err(error) => self.oracle.breach("2", format!("node {node} can't be flushed: {error}")),
        }
    }

    /// Passes on what the writer has answered.
    fn outcomes(&mut self, node: usize) {
        let Some(run) = self.run(node) else { return };
        let (committed, applied) = (run.writer.committed(), run.applied.applied().index());
        for (whom, outcome) in run.outcomes() {
            let awaits = match whom {
                Whom::Exchange { applied, .. } => applied,
                Whom::Pull(_) => true,
                _ => false,
            };
            if awaits && committed > applied {
                if let Some(run) = self.run(node) {
                    run.unseen.push((committed, whom, outcome));
                }
            } else {
                self.hear(node, whom, outcome);
            }
        }
    }

    fn hear(&mut self, node: usize, whom: Whom, outcome: Outcome) {
        match whom {
            Whom::Exchange { ticket, .. } => {
                let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
                self.queue.put(0, Event::Tell(node, run, Box::new(Happened::Decided { ticket, outcome })));
            }
            Whom::Change => self.changed(node, outcome),
            Whom::Pull(pull) => self.pull_decided(node, pull, outcome),
            Whom::Client(act) => self.served(act, outcome),
            Whom::Replay(origin, subject) => self.replayed(node, origin, subject, outcome),
            Whom::Nobody => {}
        }
    }

    /// Begins the next change of a node, one at a time.
    pub(crate) fn change(&mut self, node: usize) {
        let Some(run) = self.run(node) else { return };
        if run.changing.is_none() {
            let Some((ticket, change)) = run.changes.pop_front() else { return };
            run.changing = Some((ticket, Changing::new(change)));
            self.go_on_changing(node);
        }
    }

    fn go_on_changing(&mut self, node: usize) {
        let Some(run) = self.run(node) else { return };
        let knowledge = Arc::clone(&run.knowledge);
        let Some((ticket, mut changing)) = run.changing.take() else { return };
        match changing.next(&knowledge) {
            Ok(Some(request)) => {
                run.changing = Some((ticket, changing));
                self.ask(node, request, Whom::Change);
            }
            Ok(None) => self.change_ends(node, ticket, Ok(changing.finish())),
            Err(refused) => self.change_ends(node, ticket, Err(refused)),
        }
    }

    fn change_ends(&mut self, node: usize, ticket: u64, outcome: Result<tongban::exchange::Changed, Refused>) {
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        self.queue.put(0, Event::Tell(node, run, Box::new(Happened::Changed { ticket, outcome })));
        self.change(node);
    }

    fn changed(&mut self, node: usize, outcome: Outcome) {
        let Some(run) = self.run(node) else { return };
        let Some((ticket, mut changing)) = run.changing.take() else { return };
        match outcome {
            Ok(committed) => {
                let kept = changing.committed(&run.knowledge, committed);
                if kept == Kept::Records {
                    let places = run.knowledge.places();
                    run.writer.set_places(places);
                }
                run.changing = Some((ticket, changing));
                self.go_on_changing(node);
            }
            Err(refused) => self.change_ends(node, ticket, Err(refused)),
        }
    }

    /// Decides anew what was put aside, the first of each line.
    fn replay(&mut self, node: usize) {
        if self.machines[node].old {
            return;
        }
        let rows = QUARANTINE.list(&*self.machines[node].disk.state, &[], None, usize::MAX).unwrap_or_default();
        let lines: BTreeSet<(NodeId, CaseId)> =
            rows.into_iter().map(|((origin, subject, _), _)| (origin, subject)).collect();
        for (origin, subject) in lines {
            self.replay_line(node, origin, subject);
        }
    }

    fn replay_line(&mut self, node: usize, origin: NodeId, subject: CaseId) {
        let Some(run) = self.machines[node].run.as_ref() else { return };
        if let Some(place) = run.knowledge.place_of(&origin) {
            self.ask(node, Request::Replay { origin: place, subject }, Whom::Replay(origin, subject));
        }
    }

    fn replayed(&mut self, node: usize, origin: NodeId, subject: CaseId, outcome: Outcome) {
        let Ok(Answer::Json(reply)) = outcome.map(Committed::into_inner) else { return };
        let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap_or_default();
        self.note(format_args!("{node} replays {reply}"));
        if matches!(reply["outcome"].as_str(), Some("applied" | "refused")) {
            self.replay_line(node, origin, subject);
        }
    }

    fn pull_decided(&mut self, node: usize, pull: u64, outcome: Outcome) {
        let Some(run) = self.run(node) else { return };
        let knowledge = Arc::clone(&run.knowledge);
        let Some((_, known)) = run.pulls.iter_mut().find(|(number, _)| *number == pull) else { return };
        let step = outcome.and_then(|committed: Committed<Answer>| known.pulling.applied(&knowledge, committed));
        self.pull_step(node, pull, step);
    }

    pub(crate) fn pull_step(&mut self, node: usize, pull: u64, step: Result<PullStep, Refused>) {
        let result = match step {
            Ok(PullStep::Ask(bytes)) => {
                self.ask_pull(node, pull, bytes);
                return;
            }
            Ok(PullStep::Decide(request)) => {
                self.ask(node, request, Whom::Pull(pull));
                return;
            }
            Ok(PullStep::Done(count)) => Ok(count),
            Err(refused) => Err(refused),
        };
        if let Err(refused) = &result {
            let text = format!("{refused:?}");
            self.note(format_args!("{node} can't pull: {}", text.chars().take(160).collect::<String>()));
        }
        let Some(run) = self.run(node) else { return };
        let Some(place) = run.pulls.iter().position(|(number, _)| *number == pull) else { return };
        let (_, known) = run.pulls.remove(place);
        let happened = Happened::Pulled { peer: known.peer, journal: known.journal, result };
        let number = run.number;
        self.queue.put(0, Event::Tell(node, number, Box::new(happened)));
    }

    fn fault(&mut self, fault: Fault) {
        self.note(format_args!("fault {fault:?}"));
        match fault {
            Fault::Crash { node, dark } => {
                self.crash(node);
                self.queue.put(dark, Event::Start(node));
            }
            Fault::Cut { one, other } => {
                self.network.cut(one, other, true);
                self.sever();
            }
            Fault::Heal { one, other } => self.network.cut(one, other, false),
            Fault::Island { node } => {
                self.network.island(node, true);
                self.sever();
            }
            Fault::Ashore { node } => self.network.island(node, false),
            Fault::Snap => {
                let ends: Vec<u64> = self.network.ends.keys().copied().collect();
                if let Some(end) = self.chance.pick(&ends).copied() {
                    self.break_link(end, 20_000);
                }
            }
            Fault::Deafen => {
                let ends: Vec<u64> = self.network.ends.keys().copied().collect();
                if let Some(end) = self.chance.pick(&ends).copied()
                    && let Some(known) = self.network.ends.get_mut(&end)
                {
                    known.deaf = true;
                    let after = self.chance.millis(5_000, 60_000);
                    self.queue.put(after, Event::Break(end));
                }
            }
            Fault::Step { node, by } => {
                self.machines[node].offset.fetch_add(by, Ordering::Relaxed);
                self.schedule(node);
            }
        }
    }

    fn sever(&mut self) {
        for end in self.network.severed() {
            self.break_link(end, 30_000);
        }
    }

    fn crash(&mut self, node: usize) {
        let Some(run) = self.machines[node].run.take() else { return };
        let machine = &mut self.machines[node];
        let unsynced = usize::try_from(machine.disk.log.unsynced()).unwrap_or(0);
        let keep = self.chance.below(unsynced + 1) as u64;
        machine.disk.log.crash(keep);
        let unflushed = machine.disk.state.unflushed();
        machine.disk.state.crash(self.chance.below(unflushed + 1));
        let left = machine.disk.log.last();
        self.note(format_args!("{node} is dark, {left} entries left"));
        drop(run);
        self.clients.crashed(node);
        let own: Vec<(u64, u64)> =
            self.network.ends.iter().filter(|(_, end)| end.node == node).map(|(own, end)| (*own, end.far)).collect();
        for (own, far) in own {
            self.network.ends.remove(&own);
            let after = self.chance.millis(50, 30_000);
            if let Some(end) = self.network.ends.get(&far) {
                let gone = Event::Gone(far, end.node, end.run);
                self.queue.put(after, gone);
            }
        }
    }

    /// Breaks a link: what is on its way is lost, and both notice it some time later.
    pub(crate) fn break_link(&mut self, end: u64, notice: i64) {
        let Some(near) = self.network.ends.remove(&end) else { return };
        let far = self.network.ends.remove(&near.far);
        let holders = [(end, Some((near.node, near.run))), (near.far, far.map(|far| (far.node, far.run)))];
        for (end, holder) in holders {
            let Some((node, run)) = holder else { continue };
            let after = self.chance.millis(200, notice.max(201));
            self.queue.put(after, Event::Gone(end, node, run));
        }
    }

    fn gone(&mut self, end: u64, node: usize, run: u64) {
        self.network.ends.remove(&end);
        self.fail_questions(end);
        if self.runs(node, run) {
            self.note(format_args!("{node} loses link {end}"));
            let trouble = Trouble { code: "connection-lost", text: "the link broke".to_owned() };
            self.tell(node, Happened::Closed { link: end, trouble });
        }
    }

    fn becalm(&mut self) {
        self.calm = true;
        self.note(format_args!("calm"));
        self.network.heal();
        for node in 0..self.machines.len() {
            let after = self.chance.millis(0, 5_000);
            self.queue.put(after, Event::Start(node));
            // Also what came while the state was behind the log when an earlier upgrade looked.
            self.queue.put(after + 1_000, Event::Upgrade(node));
        }
        self.queue.put(10_000, Event::Settled);
    }

    fn settled(&mut self) {
        if self.unsettled().is_some() {
            // Not in step with anything that comes again and again.
            let again = self.chance.millis(15_000, 25_000);
            self.queue.put(again, Event::Settled);
            return;
        }
        for node in 0..self.machines.len() {
            self.oracle.looks_closely(node, &self.machines);
        }
        self.oracle.looks_at_all(&self.machines, &self.clients);
        let replayed = self.chance.below(self.machines.len());
        self.oracle.replays(replayed, &self.machines);
        self.done = true;
    }
}
