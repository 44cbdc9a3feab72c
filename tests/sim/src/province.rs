//! The standards of a whole province: 1,489 real nodes (1 + 11 + 90 + 1,387), 50 ms links with 1 % loss, a tenth of the nodes off at any time.
//!
//! The province releases base items, they go down from node to node, those below claim some of them, and each superior compares itself
//! with its subordinates. Writers, states, exchanges and sessions are the product's; what a writer decides is durable at once, since crashes
//! in the middle of a write are the other simulation's affair. A *step* is an entry that a node has committed. Promise 7 is checked on what
//! each step touched, in full every thousand steps and at the end.

mod compare;
mod drift;
mod life;
mod links;
mod stock;
pub(crate) mod tree;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use tongban::engine::{Outcome, Refused, Request, Trust};
use tongban::exchange::{Happened, Pulling};
use tongban_codes::ids::NodeId;
use tongban_federation::Directory;
use tongban_federation::wire::JournalSize;

use crate::chance::Chance;
use crate::genesis;
use crate::machine::{Machine, Run};
use crate::network::Network;
pub use compare::{Compared, Costs};
pub use drift::{Round, Stocked, drift};
pub use tree::Size;
use verdict::Verdict;

/// Milliseconds one way.
const LINK_MILLIS: i64 = 25;
/// Packets of which one is lost.
const PACKETS_TO_ONE_LOST: usize = 100;
/// Bytes of a packet.
const PACKET_BYTES: usize = 1200;
/// Bytes that a link carries in a millisecond: 100 Mbit/s.
const BYTES_PER_MILLI: usize = 12_500;
/// Milliseconds between two releases.
const RELEASE_MILLIS: i64 = 120_000;
/// Milliseconds after the last release in which nodes still go off.
const TROUBLED_MILLIS: i64 = 120_000;
/// Milliseconds after which everything must have come to rest.
const REST_MILLIS_MAX: i64 = 2 * 3600 * 1000;

/// How a province is played.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many nodes.
    pub size: Size,
    /// How often the province releases.
    pub releases: usize,
    /// New base items in the first release; the later ones change a tenth of them.
    pub base_items: usize,
    /// Base items that each node below claims.
    pub claims: usize,
}

impl Plan {
    /// The whole of 浙江.
    #[must_use]
    pub const fn whole() -> Self {
        Self { size: Size::ZHEJIANG, releases: 6, base_items: 100, claims: 3 }
    }

    /// Two cities, five counties, twelve townships.
    #[must_use]
    pub const fn small() -> Self {
        Self { size: Size { cities: 2, counties: 5, townships: 12 }, releases: 4, base_items: 20, claims: 3 }
    }
}

/// What became of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Virtual milliseconds until it was at each node that was on all the time, as were all above it, each linked to the next; in order.
    pub millis: Vec<i64>,
    /// The same of the nodes that were on, behind one that was off or not linked yet.
    pub behind_millis: Vec<i64>,
    /// The same of the nodes that were off in between.
    pub late_millis: Vec<i64>,
}

/// What a province came to.
#[derive(Clone, Debug)]
pub struct Played {
    /// The seed.
    pub seed: u64,
    /// Nodes.
    pub nodes: usize,
    /// Events.
    pub events: u64,
    /// Entries committed.
    pub steps: u64,
    /// Full checks of promise 7.
    pub full_checks: u64,
    /// Published items at the end.
    pub items: usize,
    /// Virtual milliseconds.
    pub millis: i64,
    /// Bytes of all slices that were answered.
    pub slice_bytes: u64,
    /// Each release.
    pub releases: Vec<Release>,
    /// What comparing cost.
    pub costs: Costs,
    /// Wall seconds.
    pub seconds: f64,
    /// The first promise that was broken.
    pub breach: Option<String>,
}

enum Event {
    Start(usize),
    Off(usize),
    Look(usize, u64),
    Tick(usize, u64),
    Timeout(usize, u64),
    Tell(usize, u64, Box<Happened>),
    Frame(u64, Vec<u8>),
    Gone(u64, usize, u64),
    Asked(u64),
    Answered(u64, Option<Vec<u8>>),
    Clerk(usize, u64),
    Release,
    Shift,
    Settled,
}

/// A question on its way.
struct Question {
    from: usize,
    run: u64,
    to: usize,
    link: u64,
    purpose: Purpose,
    bytes: Vec<u8>,
}

enum Purpose {
    List,
    Pull(Box<Pulling>, NodeId, JournalSize),
}

struct World {
    machines: Vec<Machine>,
    superiors: Vec<usize>,
    known: Vec<(Trust, Arc<Directory>)>,
    by_id: BTreeMap<NodeId, usize>,
    clock: Arc<AtomicI64>,
    now: i64,
    queue: BTreeMap<(i64, u64), Event>,
    number: u64,
    chance: Chance,
    network: Network,
    questions: BTreeMap<u64, Question>,
    verdict: Verdict,
    /// Whether every step is judged; where rows are only loaded, the examinations that follow judge them.
    watched: bool,
    /// How many items the nodes up to each have in force, where they were loaded.
    stocked: Vec<usize>,
    plan: Plan,
    released: usize,
    calm: bool,
    done: bool,
    events: u64,
    slice_bytes: u64,
}

/// Plays a province until everything has come to rest or a promise is broken.
#[must_use]
pub fn play(seed: u64, plan: &Plan) -> Played {
    let started = Instant::now();
    let mut world = World::new(seed, plan);
    let beginning = world.now;
    while !world.done && world.verdict.breach.is_none() {
        let Some(((at, _), event)) = world.queue.pop_first() else { break };
        world.now = at;
        world.clock.store(at, Ordering::Relaxed);
        world.events += 1;
        world.step(event);
        if at - beginning > REST_MILLIS_MAX {
            let why = world.unsettled().unwrap_or_default();
            world.verdict.breaks(format!("convergence: not at rest in time: {why}"));
        }
    }
    let millis = world.now - beginning;
    let mut costs = Costs::default();
    if world.verdict.breach.is_none() {
        world.compares(&mut costs);
    }
    Played {
        seed,
        nodes: world.machines.len(),
        events: world.events,
        steps: world.verdict.steps,
        full_checks: world.verdict.full_checks,
        items: world.verdict.items(),
        millis,
        slice_bytes: world.slice_bytes,
        releases: world.verdict.releases(),
        costs,
        seconds: started.elapsed().as_secs_f64(),
        breach: world.verdict.breach.take().map(|text| format!("province, seed {seed}: {text}")),
    }
}

impl World {
    fn new(seed: u64, plan: &Plan) -> Self {
        let beginning = genesis::beginning();
        let clock = Arc::new(AtomicI64::new(genesis::moment()));
        let (machines, superiors, known) = tree::grown(&plan.size, &clock);
        clock.store(beginning, Ordering::Relaxed);
        let by_id = machines.iter().enumerate().map(|(number, machine)| (machine.place.node, number)).collect();
        let mut world = Self {
            verdict: Verdict::new(&superiors),
            watched: true,
            stocked: Vec::new(),
            machines,
            superiors,
            known,
            by_id,
            clock,
            now: beginning,
            queue: BTreeMap::new(),
            number: 0,
            chance: Chance::new(seed),
            network: Network::default(),
            questions: BTreeMap::new(),
            plan: *plan,
            released: 0,
            calm: false,
            done: false,
            events: 0,
            slice_bytes: 0,
        };
        // A tenth is off from the beginning.
        for node in 0..world.machines.len() {
            if node == 0 || !world.chance.one_in(10) {
                let after = world.chance.millis(0, 10_000);
                world.put(after, Event::Start(node));
            }
        }
        world.put(30_000, Event::Release);
        world.put(20_000, Event::Shift);
        world
    }

    fn put(&mut self, after: i64, event: Event) {
        self.put_at(self.now + after.max(0), event);
    }

    fn put_at(&mut self, at: i64, event: Event) {
        self.number += 1;
        self.queue.insert((at.max(self.now), self.number), event);
    }

    fn run(&mut self, node: usize) -> Option<&mut Run> {
        self.machines[node].run.as_mut()
    }

    fn runs(&self, node: usize, run: u64) -> bool {
        self.machines[node].run.as_ref().is_some_and(|known| known.number == run)
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Start(node) => self.start(node),
            Event::Off(node) => self.off(node),
            Event::Look(node, run) if self.runs(node, run) => {
                let again = self.chance.millis(20_000, 40_000);
                self.put(again, Event::Look(node, run));
                self.tell(node, Happened::Look);
            }
            Event::Tick(node, run) if self.runs(node, run) => {
                let _checkpoint = self.settle(node, Request::Tick);
                self.tell(node, Happened::Look);
            }
            Event::Timeout(node, run) if self.runs(node, run) => {
                let now = self.now;
                if let Some(run) = self.run(node).filter(|run| run.timeout == Some(now)) {
                    run.timeout = None;
                    self.tell(node, Happened::Timeout);
                }
            }
            Event::Tell(node, run, happened) if self.runs(node, run) => self.tell(node, *happened),
            Event::Frame(end, bytes) => self.frame(end, bytes),
            Event::Gone(end, node, run) => self.gone(end, node, run),
            Event::Asked(number) => self.asked(number),
            Event::Answered(number, answer) => self.answered(number, answer),
            Event::Clerk(node, run) if self.runs(node, run) => self.clerk(node),
            Event::Release => self.release(),
            Event::Shift => self.shift(),
            Event::Settled => self.settled(),
            // Of a run that is over.
            _ => {}
        }
    }

    /// Has a writer decide; what it decides is durable and applied at once.
    fn settle(&mut self, node: usize, request: Request) -> Outcome {
        let machine = &mut self.machines[node];
        let Some(run) = machine.run.as_mut() else { return Err(Refused::Stopped) };
        let mut answer = run.writer.push(request);
        let mut entries = Vec::new();
        while let Some(proposal) = run.writer.form() {
            let (number, bytes) = (proposal.number(), proposal.bytes());
            let index = machine.disk.log.append(Arc::clone(&bytes));
            machine.disk.log.synced = index;
            if let Err(error) = run.applied.apply(index, &bytes) {
                self.verdict.breaks(format!("2: node {node} can't apply entry {index}: {error}"));
                return Err(Refused::Unknown);
            }
            proposal.committed(index);
            run.writer.settled(number, Some(index));
            entries.push(bytes);
        }
        if let Ok(flushed) = run.applied.flush() {
            machine.disk.log.purge(flushed);
        }
        for entry in entries.iter().filter(|_| self.watched) {
            self.verdict.step(node, entry, self.now, &self.machines);
        }
        answer.try_recv().unwrap_or(Err(Refused::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use tongban_storage::keyspace::item::{BASE, ITEM};
    use tongban_storage::{Backend as _, WriteBatch};

    use super::*;

    fn released() -> World {
        let mut world = World::new(1, &Plan::small());
        world.start(0);
        world.release();
        world.verdict.checks_all(&world.machines);
        assert_eq!(world.verdict.breach, None);
        world
    }

    fn write(world: &World, change: impl FnOnce(&mut WriteBatch)) {
        let mut batch = WriteBatch::new();
        change(&mut batch);
        assert!(world.machines[0].disk.state.write(batch).is_ok());
    }

    /// Rows that were judged before aren't judged again; one that changes behind everybody's back is.
    #[test]
    fn a_full_check_sees_a_row_that_was_edited() {
        let mut world = released();
        let state = Arc::clone(&world.machines[0].disk.state);
        let (code, mut base) =
            BASE.list(&*state, &[], None, 1).ok().and_then(|mut rows| rows.pop()).expect("a base item");
        base.core.legal_basis.push_str("（改）");
        write(&world, |batch| BASE.put(batch, &code, &base));
        world.verdict.checks_all(&world.machines);
        assert!(world.verdict.breach.as_ref().is_some_and(|text| text.contains("isn't version 1 as released")));
    }

    #[test]
    fn a_full_check_sees_an_item_that_nobody_published() {
        let mut world = released();
        for node in 1..world.machines.len() {
            world.start(node);
        }
        while world.verdict.items() == 0 {
            let Some(((at, _), event)) = world.queue.pop_first() else { break };
            world.now = at;
            world.clock.store(at, Ordering::Relaxed);
            world.step(event);
        }
        let holds = |node: &usize| {
            ITEM.list(&*world.machines[*node].disk.state, &[], None, 1).is_ok_and(|rows| !rows.is_empty())
        };
        let holder = (1..world.machines.len()).find(holds).expect("somebody has claimed");
        let state = Arc::clone(&world.machines[holder].disk.state);
        let (code, item) = ITEM.list(&*state, &[], None, 1).ok().and_then(|mut rows| rows.pop()).expect("an item");
        world.verdict.checks_all(&world.machines);
        assert_eq!(world.verdict.breach, None);
        write(&world, |batch| ITEM.put(batch, &code, &item));
        world.verdict.checks_all(&world.machines);
        assert!(world.verdict.breach.as_ref().is_some_and(|text| text.contains("as nobody published it")));
    }
}
