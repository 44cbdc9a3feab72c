//! Exchanges that talk over a queue: open, hand over, acknowledge, break, restart, relay.

mod licences;
mod relays;
mod trees;
mod world;

use tongban_codes::ids::{Digest, NodeId};
use tongban_federation::Flow;
use tongban_federation::wire::{DriftRoot, JournalSize, Pull, Query, Request, Response, Routed, Target};
use tongban_journal::{JournalKind, Slice, SliceEntry};
use tongban_storage::keyspace::figure::{SLICE, SliceRow};
use tongban_storage::keyspace::meta::{self, Pulled};
use tongban_storage::{Backend, WriteBatch};

use super::{Effect, Exchange, Happened, Proven, Trouble};
use crate::engine::{ACTS, Refused, STANDARDS};
use crate::exchange::answer_here;
use crate::exchange::change::{Change, Changed};
use relays::waiting_at_the_city;
use world::World;

const CITY: usize = 0;
const ONE: usize = 1;
const TWO: usize = 2;

fn node(world: &World, number: usize) -> NodeId {
    world.nodes[number].place.node
}

fn up(world: &mut World, from: usize, to: usize) -> bool {
    let peer = node(world, to);
    world.nodes[from].exchange.standings().iter().any(|view| view.node == peer && view.state == "up")
}

#[test]
fn nodes_link_up_and_learn_of_each_other() {
    let mut world = World::new(1);
    world.run(5);
    for county in [ONE, TWO] {
        assert!(up(&mut world, county, CITY) && up(&mut world, CITY, county));
    }
    for number in [CITY, ONE, TWO] {
        assert_eq!(world.nodes[number].knowledge.directory().len(), 3, "node {number}");
    }
}

#[test]
fn an_envelope_is_handed_over_and_its_receipt_recorded() {
    let mut world = World::new(2);
    world.run(5);
    let (city, one) = (node(&world, CITY), node(&world, ONE));
    for sequence in 1..=5 {
        world.nodes[ONE].send(city, sequence);
    }
    world.run(3);
    assert_eq!(world.nodes[CITY].taken(one), 5);
    assert!(world.nodes[ONE].unreceipted(city).is_empty());
}

#[test]
fn what_waits_while_the_link_is_cut_goes_when_it_stands_again() {
    let mut world = World::new(3);
    world.run(5);
    let (city, one) = (node(&world, CITY), node(&world, ONE));
    world.cut(CITY, ONE, true);
    world.nodes[ONE].send(city, 1);
    world.run(30);
    assert!(!up(&mut world, ONE, CITY));
    assert_eq!(world.nodes[CITY].taken(one), 0);
    world.cut(CITY, ONE, false);
    world.run(120);
    assert_eq!(world.nodes[CITY].taken(one), 1);
    assert!(world.nodes[ONE].unreceipted(city).is_empty());
}

#[test]
fn nothing_is_acknowledged_before_the_writer_has_committed() {
    let mut world = World::new(6);
    world.run(5);
    let (city, one) = (node(&world, CITY), node(&world, ONE));
    world.nodes[CITY].decides = false;
    world.nodes[ONE].send(city, 1);
    let before = world.trace.len();
    world.run(3);
    let spoken: Vec<_> = world.trace[before..].iter().filter(|(from, to, _)| (*from, *to) == (CITY, ONE)).collect();
    assert!(spoken.is_empty(), "{spoken:?}");
    assert_eq!(world.nodes[ONE].unreceipted(city), vec![1]);
    world.nodes[CITY].decides = true;
    world.run(1);
    assert_eq!(world.nodes[CITY].taken(one), 1);
    assert!(world.nodes[ONE].unreceipted(city).is_empty());
}

#[test]
fn the_same_seed_gives_the_same_frames() {
    let play = |seed| {
        let mut world = World::new(seed);
        world.run(3);
        let (city, two) = (node(&world, CITY), node(&world, TWO));
        world.nodes[ONE].send(city, 1);
        world.nodes[ONE].send(two, 1);
        world.cut(CITY, TWO, true);
        world.run(20);
        world.cut(CITY, TWO, false);
        world.run(60);
        world.trace
    };
    assert_eq!(play(7), play(7));
}

#[test]
fn rows_that_cannot_be_opened_do_not_hide_those_behind_them() {
    let mut world = World::new(8);
    world.run(5);
    let city = node(&world, CITY);
    let sender = &world.nodes[ONE];
    for sequence in 1..=4 {
        sender.put(city, sequence, vec![0; 8]);
    }
    sender.send(city, 5);
    sender.send(city, 6);
    let flow = Flow { origin: sender.place.node, epoch: 1, destination: city };
    let load = |limit| {
        let (envelopes, more) = sender.exchange.load(&flow, 0, limit);
        (envelopes.len(), more)
    };
    assert_eq!(load(1), (1, true));
    assert_eq!(load(2), (2, false));
    assert_eq!(load(100), (2, false));
}

#[test]
fn an_older_record_is_refused_after_a_restart_and_by_another_way() {
    let mut world = World::new(11);
    world.run(5);
    let one = node(&world, ONE);
    let old = world.nodes[CITY].knowledge.directory().node(&one).unwrap().sealed.clone();
    let shut = world.nodes[CITY].revoke(one);
    world.nodes[CITY].change(Change::Records(vec![shut.clone()]));
    world.run(5);
    for number in [CITY, TWO] {
        assert!(world.nodes[number].knowledge.revoked(&one).is_some(), "node {number} has heard of it");
        world.restart(number, 60);
        let older = world.nodes[number].change(Change::Records(vec![old.clone(), shut.clone()]));
        assert_eq!(older, Changed { refused: vec!["record-older"], ..Changed::default() }, "node {number}");
        assert!(world.nodes[number].knowledge.revoked(&one).is_some());
    }
}

#[test]
fn a_revoked_node_is_shut_out_until_it_is_admitted_again() {
    let mut world = waiting_at_the_city(12);
    let (city, one) = (node(&world, CITY), node(&world, ONE));
    let shut = world.nodes[CITY].revoke(one);
    world.nodes[CITY].change(Change::Records(vec![shut]));
    world.run(5);
    assert!(!up(&mut world, CITY, ONE) && !up(&mut world, ONE, CITY));
    let state = |world: &mut World, at: usize, of: NodeId| {
        let views = world.nodes[at].exchange.standings();
        views.into_iter().find(|view| view.node == of).map(|view| (view.state, view.cause))
    };
    let named = Some(("revoked".to_owned(), "revoked".to_owned()));
    assert_eq!(state(&mut world, CITY, one), named);
    assert_eq!(state(&mut world, ONE, city), Some(("down".to_owned(), "revoked".to_owned())));
    // What it had sent before is not passed on, nor does it get in.
    world.cut(CITY, TWO, false);
    world.nodes[ONE].send(city, 1);
    world.run(700);
    assert_eq!((world.nodes[TWO].taken(one), world.nodes[CITY].taken(one)), (0, 0));
    assert_eq!(state(&mut world, TWO, one), named);

    let word = world.nodes[CITY].readmit(one);
    world.nodes[CITY].change(Change::Records(vec![word]));
    world.run(700);
    assert!(up(&mut world, CITY, ONE));
    assert_eq!(world.nodes[CITY].taken(one), 1);
    assert_eq!(world.nodes[TWO].taken(one), 1, "what waited goes its way");
}

fn effects(exchange: &mut Exchange) -> Vec<Effect> {
    std::iter::from_fn(|| exchange.poll_effect()).collect()
}

#[test]
fn a_connection_under_another_key_is_closed() {
    let mut world = World::new(9);
    world.run(5);
    let proven = Proven { key_hash: Digest::of(b"another key"), ..world.proven(ONE) };
    let exchange = &mut world.nodes[CITY].exchange;
    exchange.handle(Happened::Accepted { link: 1_000_000, proven });
    let effects = effects(exchange);
    assert!(matches!(effects.as_slice(), [Effect::Close { link: 1_000_000, .. }]));
    assert!(up(&mut world, CITY, ONE), "the link that stood still stands");
}

#[test]
fn of_two_that_dial_each_other_both_keep_the_same_connection() {
    // The city's id is the smaller: what it dialled survives, whichever of the two it hears of first.
    let (theirs, mine) = (1_000_001, 1_000_002);
    for mine_first in [false, true] {
        let mut world = World::new(18);
        let (one, proven) = (node(&world, ONE), world.proven(ONE));
        let exchange = &mut world.nodes[CITY].exchange;
        let accepted = || Happened::Accepted { link: theirs, proven };
        let dialled = || Happened::Dialled { peer: one, attempt: 1, result: Ok((mine, proven)) };
        // As for the sake of an envelope.
        exchange.open(one, tongban_federation::Role::Dial, false);
        exchange.handle(Happened::Timeout);
        let order = if mine_first { [dialled(), accepted()] } else { [accepted(), dialled()] };
        order.into_iter().for_each(|happened| exchange.handle(happened));
        let ends: Vec<u64> = effects(exchange)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Close { link, .. } | Effect::Finish { link } => Some(link),
                _ => None,
            })
            .collect();
        assert_eq!(ends, [theirs], "mine first: {mine_first}");
    }
}

#[test]
fn a_pull_that_failed_is_tried_again_later() {
    let mut world = World::new(10);
    world.run(5);
    let one = node(&world, ONE);
    let journal = JournalSize { origin: one, journal: ACTS, epoch: 1, size: 3 };
    let pulls = |world: &mut World| {
        let pulls = effects(&mut world.nodes[CITY].exchange);
        pulls.iter().filter(|effect| matches!(effect, Effect::Pull { .. })).count()
    };
    world.nodes[CITY].exchange.handle(Happened::Listed { peer: one, journals: vec![journal, journal] });
    assert_eq!(pulls(&mut world), 1, "one pull of a journal at a time");
    world.nodes[CITY].exchange.handle(Happened::Pulled { peer: one, journal, result: Err(Refused::Unknown) });
    world.nodes[CITY].exchange.handle(Happened::Look);
    assert_eq!(pulls(&mut world), 0, "not at once");
    world.advance(6);
    world.nodes[CITY].exchange.handle(Happened::Look);
    assert_eq!(pulls(&mut world), 1);
    world.nodes[CITY].exchange.handle(Happened::Pulled { peer: one, journal, result: Ok(3) });
    world.advance(600);
    world.nodes[CITY].exchange.handle(Happened::Look);
    assert_eq!(pulls(&mut world), 0, "all of it is here");
}

#[test]
fn a_superior_that_connected_first_is_dialled_when_it_goes() {
    let mut world = World::new(14);
    let (city, proven) = (node(&world, CITY), world.proven(CITY));
    let exchange = &mut world.nodes[ONE].exchange;
    exchange.handle(Happened::Accepted { link: 1_000_000, proven });
    let trouble = Trouble { code: "connection-lost", text: "cut".to_owned() };
    exchange.handle(Happened::Closed { link: 1_000_000, trouble });
    exchange.handle(Happened::Look);
    exchange.handle(Happened::Timeout);
    assert!(effects(exchange).iter().any(|effect| matches!(effect, Effect::Dial { peer, .. } if *peer == city)));
}

#[test]
fn what_another_peer_offered_is_asked_for_again_when_a_link_breaks() {
    let mut world = World::new(13);
    world.run(5);
    let (one, two) = (node(&world, ONE), node(&world, TWO));
    let journal = JournalSize { origin: two, journal: ACTS, epoch: 1, size: 3 };
    let link = world.link(CITY, TWO);
    let exchange = &mut world.nodes[CITY].exchange;
    exchange.handle(Happened::Listed { peer: two, journals: vec![journal] });
    // It runs already, so this offer changes nothing now.
    exchange.handle(Happened::Listed { peer: one, journals: vec![journal] });
    let trouble = Trouble { code: "connection-lost", text: "cut".to_owned() };
    exchange.handle(Happened::Closed { link, trouble });
    exchange.handle(Happened::Pulled { peer: two, journal, result: Err(Refused::Unknown) });
    effects(exchange);
    exchange.handle(Happened::Look);
    let asked = effects(exchange);
    assert!(asked.iter().any(|effect| matches!(effect, Effect::List { peer, .. } if *peer == one)));
}

#[test]
fn acts_are_pulled_from_below_and_standards_from_both_sides() {
    let mut world = World::new(11);
    world.run(5);
    let city = node(&world, CITY);
    let journal = JournalSize { origin: city, journal: ACTS, epoch: 1, size: 3 };
    let exchange = &mut world.nodes[ONE].exchange;
    exchange.handle(Happened::Listed { peer: city, journals: vec![journal] });
    assert!(effects(exchange).is_empty());
    let pulls = |exchange: &mut Exchange| {
        effects(exchange).iter().filter(|effect| matches!(effect, Effect::Pull { .. })).count()
    };
    let journal = JournalSize { origin: city, journal: STANDARDS, epoch: 1, size: 3 };
    exchange.handle(Happened::Listed { peer: city, journals: vec![journal] });
    assert_eq!(pulls(exchange), 1);
    let one = node(&world, ONE);
    let journal = JournalSize { origin: one, journal: STANDARDS, epoch: 1, size: 3 };
    let exchange = &mut world.nodes[CITY].exchange;
    exchange.handle(Happened::Listed { peer: one, journals: vec![journal] });
    assert_eq!(pulls(exchange), 1);
    // A superior's own doesn't come from below.
    let journal = JournalSize { origin: city, journal: STANDARDS, epoch: 1, size: 3 };
    exchange.handle(Happened::Listed { peer: one, journals: vec![journal] });
    assert_eq!(pulls(exchange), 0);
}

#[test]
fn what_was_offered_before_its_record_came_is_asked_for_again() {
    let mut world = World::new(15);
    world.run(5);
    let one = node(&world, ONE);
    let township = world::place(9, "511602001");
    let journal = JournalSize { origin: township.node, journal: ACTS, epoch: 1, size: 3 };
    world.nodes[CITY].exchange.handle(Happened::Listed { peer: one, journals: vec![journal] });
    assert!(effects(&mut world.nodes[CITY].exchange).is_empty(), "nobody knows where it stands");
    let record = world.nodes[ONE].newcomer(township);
    world.nodes[ONE].change(Change::Records(vec![record]));
    world.run(3);
    assert_eq!(world.listed, [(CITY, one)]);
    world.nodes[CITY].exchange.handle(Happened::Listed { peer: one, journals: vec![journal] });
    assert!(matches!(effects(&mut world.nodes[CITY].exchange).as_slice(), [Effect::Pull { .. }]));
}

/// A city that came later, between a province and its county.
fn with_a_city_between(seed: u64) -> World {
    let places = [world::place(1, "510000"), world::place(2, "511602"), world::place(3, "511600")];
    let mut world = World::of(seed, places);
    world.run(5);
    world
}

const PROVINCE: usize = 0;
const COUNTY: usize = 1;
const NEW_CITY: usize = 2;

#[test]
fn a_county_leaves_its_former_superior_when_the_link_to_the_new_one_stands() {
    let mut world = with_a_city_between(16);
    let (province, county, city) = (node(&world, PROVINCE), node(&world, COUNTY), node(&world, NEW_CITY));
    world.cut(COUNTY, NEW_CITY, true);
    let word = world.nodes[NEW_CITY].certify(world.nodes[COUNTY].place);
    world.nodes[COUNTY].take_superior(city, word);
    world.nodes[COUNTY].change(Change::Publish);
    world.nodes[COUNTY].send(province, 1);
    world.run(60);
    assert!(up(&mut world, COUNTY, PROVINCE), "the old way goes on while there is no new one");
    assert_eq!(world.nodes[PROVINCE].taken(county), 1);
    world.cut(COUNTY, NEW_CITY, false);
    world.run(120);
    assert!(up(&mut world, COUNTY, NEW_CITY) && up(&mut world, NEW_CITY, COUNTY));
    for (at, of) in [(COUNTY, province), (PROVINCE, county)] {
        let views = world.nodes[at].exchange.standings();
        assert!(views.iter().all(|view| view.node != of), "{views:?}");
    }
    // The same flows go on, by the new way.
    world.nodes[COUNTY].send(province, 2);
    world.nodes[PROVINCE].send(county, 1);
    world.run(10);
    assert_eq!((world.nodes[PROVINCE].taken(county), world.nodes[COUNTY].taken(province)), (2, 1));
    assert!(world.nodes[COUNTY].unreceipted(province).is_empty());
    for number in [PROVINCE, COUNTY, NEW_CITY] {
        assert_eq!(world.nodes[number].knowledge.directory().superiors(&county), [city, province], "node {number}");
    }
}

#[test]
fn a_stop_between_taking_a_superior_and_saying_so_heals() {
    let mut world = with_a_city_between(17);
    let (province, county, city) = (node(&world, PROVINCE), node(&world, COUNTY), node(&world, NEW_CITY));
    let word = world.nodes[NEW_CITY].certify(world.nodes[COUNTY].place);
    world.nodes[COUNTY].take_superior(city, word);
    world.restart(COUNTY, 170);
    assert_eq!(world.nodes[COUNTY].knowledge.directory().superiors(&county), [province]);
    world.run(30);
    for number in [PROVINCE, COUNTY, NEW_CITY] {
        assert_eq!(world.nodes[number].knowledge.directory().superiors(&county), [city, province], "node {number}");
    }
    assert!(up(&mut world, COUNTY, NEW_CITY) && !up(&mut world, COUNTY, PROVINCE));
    let version = |world: &World| world.nodes[COUNTY].knowledge.directory().node(&county).unwrap().record.version;
    let before = version(&world);
    world.run(30);
    assert_eq!(version(&world), before, "and it is said once");
}

#[test]
fn whoever_pulled_over_another_way_gets_the_rest_of_a_slice() {
    let mut world = World::new(12);
    world.run(5);
    let (origin, one) = (NodeId::from_bytes([9; 16]), node(&world, ONE));
    let city = &world.nodes[CITY];
    let entries = (0..5_u8).map(|number| SliceEntry { entry: vec![number], body: vec![] }).collect();
    let (checkpoint, consistency, records) = Default::default();
    let journal = JournalKind::Standards;
    let slice = Slice { origin, journal, epoch: 1, from: 0, entries, checkpoint, consistency, records };
    let digest = city.knowledge.parts.blobs.store(&slice.to_bytes()).unwrap();
    let at = city.knowledge.now();
    let mut rows = WriteBatch::new();
    SLICE.put(&mut rows, &(origin, STANDARDS, 1, 0), &SliceRow { digest, count: 5 });
    let pulled = Pulled { frontier: vec![], checkpoint: vec![], size: 5, at };
    meta::PULLED.put(&mut rows, &(origin, STANDARDS, 1), &pulled);
    city.state.write(rows).unwrap();
    let pull = |from| {
        let pull = Pull { origin, journal: STANDARDS, epoch: 1, from, bytes_max: 1 << 20, packing: None };
        let answer = answer_here(&city.knowledge, &one, &Request::Pull(pull).to_bytes()).unwrap();
        Response::from_bytes(&answer).unwrap()
    };
    for from in 0..5 {
        let Response::Slice(wire) = pull(from) else { panic!("a slice from {from} on") };
        let rest = Slice::parse(&wire.bytes).unwrap();
        assert_eq!((rest.from, wire.next), (from, 5));
        assert!(rest.entries.iter().map(|entry| u64::from(entry.entry[0])).eq(from..5));
    }
    assert!(matches!(pull(5), Response::Refused(refusal) if refusal.code == "slice-boundary"));
}

/// Chance from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn whatever_breaks_everything_arrives_once_it_is_whole_again() {
    for seed in 1..=40 {
        let mut world = World::new(seed);
        let mut chance = Chance(seed);
        let mut sent = [[0; 3]; 3];
        for _ in 0..40 {
            let from = usize::try_from(chance.below(3)).unwrap();
            let to = (from + 1 + usize::try_from(chance.below(2)).unwrap()) % 3;
            match chance.below(8) {
                0 => world.cut(CITY, ONE + usize::try_from(chance.below(2)).unwrap(), true),
                1 => world.cut(CITY, ONE + usize::try_from(chance.below(2)).unwrap(), false),
                2 => world.restart(from, seed + chance.below(1000)),
                _ => {
                    sent[from][to] += 1;
                    let peer = node(&world, to);
                    world.nodes[from].send(peer, sent[from][to]);
                }
            }
            world.run(i64::try_from(chance.below(8)).unwrap());
        }
        world.cut(CITY, ONE, false);
        world.cut(CITY, TWO, false);
        world.run(1200);
        for from in [CITY, ONE, TWO] {
            for to in [CITY, ONE, TWO] {
                let (origin, destination) = (node(&world, from), node(&world, to));
                assert_eq!(world.nodes[to].taken(origin), sent[from][to], "seed {seed}: {from} to {to}");
                let waiting = world.nodes[from].unreceipted(destination);
                assert!(waiting.is_empty(), "seed {seed}: {from} to {to} {waiting:?}");
            }
            assert_eq!(world.nodes[from].relaying(), 0, "seed {seed}: relay {from}");
        }
    }
}

/// The answer to a comparison goes by who asks, and who asks is what the bringer says: he speaks for himself, for those below him, and to those
/// below him. What anybody may ask comes by whichever way there is.
#[test]
fn nobody_asks_in_the_name_of_another() {
    let mut world = World::new(18);
    world.run(5);
    let (city, one) = (node(&world, CITY), node(&world, ONE));
    let two = world.nodes[TWO].place;
    let ask = |query: Query, at: usize, bringer: NodeId, asker: NodeId, target: NodeId| {
        let question = Request::Routed(Routed { asker, target: Target::Node(target), hops: 3, query });
        let answered = answer_here(&world.nodes[at].knowledge, &bringer, &question.to_bytes()).unwrap();
        match Response::from_bytes(&answered).unwrap() {
            Response::Refused(refusal) => refusal.code,
            _ => "answered".to_owned(),
        }
    };
    let answer = |at, bringer, asker, target| ask(Query::DriftRoot(DriftRoot {}), at, bringer, asker, target);
    assert_eq!(answer(TWO, one, city, two.node), "asker-forged");
    assert_eq!(answer(TWO, one, two.node, two.node), "asker-forged");
    assert_eq!(answer(TWO, one, one, two.node), "answered");
    assert_eq!(answer(TWO, city, one, two.node), "answered");
    assert_eq!(answer(CITY, one, two.node, city), "asker-forged");
    assert_eq!(answer(CITY, one, one, city), "answered");
    // A township of the one county asks by that county, which dials straight.
    let township = NodeId::from_bytes([77; 16]);
    let item = Query::Item(two.division, "511A0015500013".to_owned());
    assert_ne!(ask(item, TWO, one, township, two.node), "asker-forged");
    assert_eq!(answer(TWO, one, township, two.node), "asker-forged");
}
