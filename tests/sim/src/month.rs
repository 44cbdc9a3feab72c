//! Weeks of forty nodes of two provinces, halls with working days, hundreds of cases in all modes, weather, and hostile peers.
//!
//! The same machines, network and oracle as a seed of the small province, at a steadier pace. What is checked when:
//!
//! | when | what |
//! |---|---|
//! | each entry that becomes durable | all that it says: owners, tenures, deadlines, sequences, effects, receipts, slices (promises 1, 2, 4, 5, 8) |
//! | each frame, answer and reply that leaves an honest node | that it is durable at whoever has sealed it (promise 3) |
//! | each entry that is applied | the rows that it has touched (promises 2, 4, 5) |
//! | each noon, at every node that runs | its whole state, an audit of its figures (promise 6), its directory |
//! | in the end | all of this at all nodes, both legs, sums at every level, some states folded anew from the first entry |
//!
//! Hostile nodes run the program, with valid keys, and somebody who has its memory, its keys and its network card in his hands. Their own
//! cases are left out of the promises, and so is what needs a hostile superior to come to rest; nothing else is.

mod applications;
mod craft;
mod false_reports;
mod hostile;
mod hours;
mod limited;
mod people;
mod ratings;
mod report;
mod tally;
mod tickets;
mod uniform;
mod visits;
mod weather;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use tongban_codes::ids::CaseId;

use crate::chance::Chance;
use crate::faults::Fault;
use crate::genesis::{self, Scene};
use crate::pace::Pace;
use crate::province::tree::{Size, divisions};
use crate::queue::Event;
use crate::world::World;
use hostile::Hostile;
use hours::{DAY, HOUR};
pub use report::{Attacked, Played};
use tally::Tally;

/// Milliseconds after the faults within which everything must have come to rest: what a relay holds is offered again after ten minutes, then
/// after up to six hours.
const REST_MILLIS_MAX: i64 = 24 * HOUR;

/// How long a month is, and how much happens in it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Forty nodes; else twelve.
    pub whole: bool,
    /// Days with faults.
    pub days: i64,
    /// Cases that are collected.
    pub cases: usize,
    /// Keeps the whole trace, not only its end.
    pub trace: bool,
    /// A fault that is put into the product.
    #[cfg(feature = "deliberate-bugs")]
    pub bug: Option<tongban_codes::deliberate::Bug>,
}

impl Plan {
    /// Forty nodes for thirty days.
    #[must_use]
    pub fn month() -> Self {
        Self {
            whole: true,
            days: 30,
            cases: 3_600,
            trace: false,
            #[cfg(feature = "deliberate-bugs")]
            bug: None,
        }
    }

    /// Twelve nodes for a week.
    #[must_use]
    pub fn week() -> Self {
        Self { whole: false, days: 7, cases: 240, ..Self::month() }
    }
}

/// What happens in a month.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// A day begins: its weather is drawn, and machines of small halls are switched on if it is a working day.
    Morning,
    /// Noon: everything that runs is looked at.
    Noon,
    /// The machine of a small hall is switched off.
    Evening(usize),
    /// And is off.
    Off(usize),
    /// Somebody comes with a new matter.
    Arrive,
    /// Somebody comes to an authority that decides in another's place.
    StandsIn,
    /// An authority agrees with others that they decide in its place, or withdraws what it agreed to.
    Agrees,
    /// Somebody comes for a permit of limited number.
    ComesForFew,
    /// A case is taken up, for at most so many more times.
    Visit(CaseId, u8),
    /// Somebody asks again with the same key.
    Again(usize),
    /// Somebody believes that a node is gone.
    GivenUp,
    /// An order is answered, where it was given to.
    Answer(usize, u32),
    /// Somebody asks or complains.
    Opens,
    /// A ticket is taken up, for at most so many more times.
    Ticket(usize, u8),
    /// A bad grade is followed up, likewise.
    FollowUp(usize, u8),
    /// Somebody comes with a life event.
    Applies,
    /// An application is seen to, likewise.
    Application(usize, u8),
    /// Something of the catalogue.
    Housekeeping,
    /// A hostile node does something.
    Mischief(usize),
    /// A node is lost for good.
    Lost(usize),
    /// It is found after all.
    Found(usize),
    /// Something breaks, where it runs.
    Strike(Fault),
}

/// What a month has beside what every world has.
pub(crate) struct Month {
    plan: Plan,
    /// Nodes whose machines run day and night.
    servers: BTreeSet<usize>,
    lost: BTreeSet<usize>,
    people: people::People,
    hostile: Hostile,
    tally: Tally,
}

/// Two provinces, the second smaller.
fn scene(whole: bool) -> &'static Scene {
    static WHOLE: OnceLock<Scene> = OnceLock::new();
    static SHORT: OnceLock<Scene> = OnceLock::new();
    let size = |cities, counties, townships| Size { cities, counties, townships };
    let make = |sizes: [Size; 2]| {
        let mut all: Vec<(String, usize)> = Vec::new();
        for (province, size) in ["330000", "320000"].into_iter().zip(sizes) {
            let from = all.len();
            let of_it = divisions(province, &size);
            all.extend(of_it.into_iter().map(|(code, superior)| (code.to_string(), from + superior)));
        }
        // So that renewals can be asked for in all weeks, and some are deemed granted.
        genesis::scene(&all, |number| 2 + i32::try_from(number * 7 % 26).unwrap_or(0), true)
    };
    if whole {
        WHOLE.get_or_init(|| make([size(3, 8, 14), size(2, 5, 6)]))
    } else {
        SHORT.get_or_init(|| make([size(2, 3, 2), size(1, 1, 1)]))
    }
}

/// Plays a month from a seed, until everything has come to rest or a promise is broken.
#[must_use]
pub fn play(seed: u64, plan: &Plan) -> Played {
    // The beginning is the same, whatever is wrong afterwards.
    let scene = scene(plan.whole);
    #[cfg(feature = "deliberate-bugs")]
    tongban_codes::deliberate::choose(plan.bug);
    let mut world = World::month(seed, plan, scene);
    world.run_out();
    #[cfg(feature = "deliberate-bugs")]
    tongban_codes::deliberate::choose(None);
    world.reported(seed)
}

impl World {
    fn month(seed: u64, plan: &Plan, scene: &'static Scene) -> Self {
        let mut chance = Chance::new(seed);
        let hostile = hostile::chosen(&mut chance, scene);
        let mut world = Self::of(scene, chance, Pace::STEADY, plan.trace, |chance| chance.one_in(2));
        world.oracle.distrusts(&hostile);
        let depth = |node: usize| Scene::above(&scene.superiors, node).len();
        world.month = Some(Box::new(Month {
            plan: *plan,
            servers: (0..scene.born.len()).filter(|node| depth(*node) <= 1).collect(),
            lost: BTreeSet::new(),
            people: people::People::default(),
            hostile: Hostile::new(hostile),
            tally: Tally::default(),
        }));
        let calm = world.queue.now() + plan.days * DAY;
        world.queue.put_at(calm, Event::Calm);
        world.ends = calm + REST_MILLIS_MAX;
        world.expects_people(calm);
        world.expects_losses(calm);
        world.expects_mischief();
        world.queue.put(0, Event::Month(Due::Morning));
        world
    }

    /// Whether a node is lost for good, as far as anybody knows.
    pub(crate) fn is_lost(&self, node: usize) -> bool {
        !self.calm && self.month.as_ref().is_some_and(|month| month.lost.contains(&node))
    }

    pub(crate) fn month_goes_on(&mut self, due: Due) {
        // Only the hostile don't rest.
        if self.calm && !matches!(due, Due::Mischief(_)) {
            return;
        }
        match due {
            Due::Morning => self.morning(),
            Due::Noon => self.noon(),
            Due::Evening(node) => self.evening(node),
            Due::Off(node) => self.crash(node),
            Due::Arrive => self.arrives(),
            Due::StandsIn => self.stands_in(),
            Due::Agrees => self.agrees(),
            Due::ComesForFew => self.comes_for_few(),
            Due::Visit(case, left) => self.visits(case, left),
            Due::Again(act) => self.asks_again(act),
            Due::GivenUp => self.gives_up(),
            Due::Answer(node, act) => self.answers_order(node, act),
            Due::Opens => self.opens(),
            Due::Ticket(ticket, left) => self.attends(ticket, left),
            Due::FollowUp(rating, left) => self.follows_up(rating, left),
            Due::Applies => self.applies(),
            Due::Application(which, left) => self.sees_to(which, left),
            Due::Housekeeping => self.keeps_house(),
            Due::Mischief(node) => self.mischief(node),
            Due::Lost(node) => self.loses(node),
            Due::Found(node) => self.found(node),
            Due::Strike(fault) => self.strikes(fault),
        }
    }
}
