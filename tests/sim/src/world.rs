//! The world: all machines, the network between them, and one queue of events.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tongban::engine::Request;
use tongban::exchange::{Happened, Trouble};

use crate::chance::Chance;
use crate::client::Clients;
use crate::faults::{self, Fault};
use crate::genesis::{self, Scene};
use crate::machine::{Machine, Run, Whom};
use crate::month::Month;
use crate::network::Network;
use crate::pace::Pace;
use crate::promise::Oracle;
use crate::queue::{Event, Queue};
use crate::trace::Trace;
use crate::{Breach, Plan, Played};

/// Milliseconds in which things break.
const TROUBLED_MILLIS: i64 = 90_000;
/// Milliseconds after which everything must have come to rest: a resend waits for up to 5 minutes, a dial too, an offer at a relay for
/// ten, each with jitter; and several may come one after another.
const REST_MILLIS_MAX: i64 = 4 * 3600 * 1000;
pub(crate) struct World {
    pub(crate) scene: &'static Scene,
    pub(crate) pace: Pace,
    /// What a month has beside what every world has.
    pub(crate) month: Option<Box<Month>>,
    pub(crate) queue: Queue,
    pub(crate) chance: Chance,
    pub(crate) trace: Trace,
    pub(crate) machines: Vec<Machine>,
    pub(crate) network: Network,
    pub(crate) oracle: Oracle,
    pub(crate) clients: Clients,
    pub(crate) calm: bool,
    clock: Arc<AtomicI64>,
    pub(crate) ends: i64,
    pub(crate) steps: u64,
    pub(crate) done: bool,
}

impl World {
    /// The small province, in which things break for a minute and a half.
    pub(crate) fn new(seed: u64, plan: &Plan) -> Self {
        let mut chance = Chance::new(seed);
        let direct = chance.below(4);
        let mut world = Self::of(genesis::small(), chance, Pace::HURRIED, plan.trace, |chance| {
            direct == 0 || (direct == 1 && chance.one_in(2))
        });
        let Self { queue, chance, machines, clients, .. } = &mut world;
        faults::plan(chance, queue, machines.len(), TROUBLED_MILLIS);
        for _ in 0..chance.below(4) {
            let node = chance.below(machines.len());
            machines[node].old = true;
            queue.put(chance.millis(0, TROUBLED_MILLIS), Event::Upgrade(node));
        }
        *clients = Clients::new(chance, queue, TROUBLED_MILLIS);
        queue.put(TROUBLED_MILLIS, Event::Calm);
        world.ends = world.queue.now() + TROUBLED_MILLIS + REST_MILLIS_MAX;
        world
    }

    /// A world at its beginning, in which nothing but the start of its nodes is to come; `direct` says which of them dial who is no neighbour.
    pub(crate) fn of(
        scene: &'static Scene,
        mut chance: Chance,
        pace: Pace,
        trace: bool,
        mut direct: impl FnMut(&mut Chance) -> bool,
    ) -> Self {
        let beginning = genesis::beginning();
        let clock = Arc::new(AtomicI64::new(beginning));
        let machines: Vec<Machine> = scene.born.iter().map(|born| born.machine(&clock, direct(&mut chance))).collect();
        let mut queue = Queue::new(beginning);
        for number in 0..machines.len() {
            queue.put(chance.millis(0, 2000), Event::Start(number));
        }
        Self {
            scene,
            pace,
            month: None,
            queue,
            chance,
            trace: Trace::new(trace),
            oracle: Oracle::new(scene),
            machines,
            network: Network::default(),
            clients: Clients::default(),
            calm: false,
            clock,
            ends: i64::MAX,
            steps: 0,
            done: false,
        }
    }

    /// Plays until all is at rest or a promise is broken.
    pub(crate) fn run_out(&mut self) {
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
    }

    pub(crate) fn play(mut self, seed: u64) -> Played {
        let beginning = self.queue.now();
        self.run_out();
        let (steps, acts) = (self.steps, self.clients.acknowledged());
        let millis = self.queue.now() - beginning;
        let trace = self.trace.finish();
        let deemed_renewals = self.oracle.deemed_renewed();
        let command = "scripts/bench --sim 1";
        let breach =
            self.oracle.broken().map(|(promise, text)| Breach { seed, promise, text, trace: trace.clone(), command });
        Played { seed, steps, acts, deemed_renewals, millis, breach, trace }
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Start(node) => self.start(node),
            Event::Form(node, run) if self.runs(node, run) => self.form(node),
            Event::Sync(node, run) if self.runs(node, run) => self.sync(node),
            Event::Apply(node, run) if self.runs(node, run) => self.apply(node),
            Event::Flush(node, run) if self.runs(node, run) => self.flush(node),
            Event::Look(node, run) if self.runs(node, run) => {
                let again = self.pace.look(self.calm, &mut self.chance);
                self.queue.put(again, Event::Look(node, run));
                self.tell(node, Happened::Look);
            }
            Event::Tick(node, run) if self.runs(node, run) => {
                let again = self.pace.tick(self.calm, &mut self.chance);
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
                if self.runs(node, run) && !self.overhears(node, &bytes) {
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
            Event::Month(due) => self.month_goes_on(due),
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
        if self.machines[node].run.is_some() || self.is_lost(node) {
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
        let flush = self.pace.flush(&mut self.chance);
        self.queue.put(flush, Event::Flush(node, run));
    }

    /// Shows the oracle the entries that are durable since it looked last.
    pub(crate) fn oracle_reads(&mut self, node: usize, upto: u64) {
        for index in self.oracle.read_upto(node) + 1..=upto {
            match self.machines[node].disk.log.entry(index) {
                Some(entry) => self.oracle.reads(node, index, &entry, &self.machines),
                None => self.oracle.breach("2", format!("entry {index} of node {node} is gone")),
            }
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
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

    pub(crate) fn crash(&mut self, node: usize) {
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

    pub(crate) fn becalm(&mut self) {
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
        for _ in 0..self.pace.replayed {
            let replayed = self.chance.below(self.machines.len());
            self.oracle.replays(replayed, &self.scene.born[replayed], &self.machines);
        }
        self.done = true;
    }
}
