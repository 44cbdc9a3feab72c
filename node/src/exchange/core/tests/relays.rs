//! What a relay keeps, lets go of and passes back.

use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::receipt::Outcome;
use tongban_federation::wire::{Frame, SignedBy};
use tongban_federation::{EnvelopeId, Flow, Receipt, Sealed};

use super::super::traffic::Unpassed;
use super::super::{Effect, Happened};
use super::world::{World, place};
use super::{CITY, COUNTY, NEW_CITY, ONE, PROVINCE, TWO, node, with_a_city_between};
use crate::exchange::change::Change;

#[test]
fn an_envelope_goes_through_the_superior() {
    let mut world = World::new(4);
    world.run(5);
    let (one, two) = (node(&world, ONE), node(&world, TWO));
    world.nodes[ONE].send(two, 1);
    world.nodes[ONE].send(two, 2);
    world.run(5);
    assert_eq!(world.nodes[TWO].taken(one), 2);
    assert!(world.nodes[ONE].unreceipted(two).is_empty());
    assert_eq!(world.nodes[CITY].relaying(), 0, "the relay lets go of what is receipted");
}

/// An envelope of the one county for the other waits at the city, which can't reach that one.
pub(super) fn waiting_at_the_city(seed: u64) -> World {
    let mut world = World::new(seed);
    world.run(5);
    let two = node(&world, TWO);
    world.cut(CITY, TWO, true);
    world.nodes[ONE].send(two, 1);
    world.run(5);
    assert_eq!(world.nodes[CITY].relaying(), 1);
    world
}

#[test]
fn a_relay_keeps_what_it_holds_over_a_restart() {
    let mut world = waiting_at_the_city(5);
    let (one, two) = (node(&world, ONE), node(&world, TWO));
    world.restart(CITY, 50);
    world.cut(CITY, TWO, false);
    world.run(120);
    assert_eq!(world.nodes[TWO].taken(one), 1);
    assert!(world.nodes[ONE].unreceipted(two).is_empty());
}

#[test]
fn a_relay_lets_go_of_what_is_received_while_the_way_back_is_cut() {
    let mut world = waiting_at_the_city(15);
    let (one, two) = (node(&world, ONE), node(&world, TWO));
    world.cut(CITY, ONE, true);
    world.run(30);
    world.cut(CITY, TWO, false);
    world.run(120);
    assert_eq!((world.nodes[TWO].taken(one), world.nodes[CITY].relaying()), (1, 0));
    assert_eq!(world.nodes[ONE].unreceipted(two), vec![1], "the origin hasn't heard of it");
    world.cut(CITY, ONE, false);
    world.run(120);
    assert!(world.nodes[ONE].unreceipted(two).is_empty());
}

/// The frame of an envelope of the city for the second county, which the city can't reach now.
fn repeated(world: &mut World) -> Vec<u8> {
    let (city, two) = (node(world, CITY), node(world, TWO));
    world.cut(CITY, TWO, true);
    world.nodes[CITY].send(two, 1);
    let sealed = world.nodes[CITY].outbox(two, 1);
    Frame::Envelope(SignedBy { signer: city, sealed: Sealed::new(sealed) }).to_bytes()
}

/// Whoever repeats an envelope to a node whose only way for it is its origin can't make that node keep it: nobody would ever fetch it there.
#[test]
fn what_leads_only_back_to_its_origin_is_not_kept() {
    let mut world = World::new(18);
    world.run(5);
    let frame = repeated(&mut world);
    let link = world.link(ONE, CITY);
    world.nodes[ONE].exchange.handle(Happened::Frame { link, bytes: frame });
    world.run(5);
    assert_eq!(world.nodes[ONE].relaying(), 0);
    // Its origin still has it, and it arrives by the way that it should.
    let (city, two) = (node(&world, CITY), node(&world, TWO));
    assert_eq!(world.nodes[CITY].unreceipted(two), [1]);
    world.cut(CITY, TWO, false);
    world.run(120);
    assert_eq!(world.nodes[TWO].taken(city), 1);
    assert!(world.nodes[CITY].unreceipted(two).is_empty());
}

/// A copy that was kept while there was another way is let go of when the only one leads back; one that waits for a link is kept.
#[test]
fn a_copy_that_leads_only_back_is_let_go_of() {
    let mut world = World::new(19);
    world.run(5);
    let (city, one, two) = (node(&world, CITY), node(&world, ONE), node(&world, TWO));
    let _frame = repeated(&mut world);
    let sealed = world.nodes[CITY].outbox(two, 1);
    world.nodes[ONE].keep(two, city, 1, sealed);
    world.nodes[ONE].send(two, 1);
    world.run(5);
    assert_eq!(world.nodes[ONE].relaying(), 0);
    assert_eq!(world.nodes[CITY].relaying(), 1, "what the first county sends waits at the city");
    world.cut(CITY, TWO, false);
    world.run(120);
    assert_eq!((world.nodes[TWO].taken(city), world.nodes[TWO].taken(one)), (1, 1));
    assert_eq!(world.nodes[CITY].relaying(), 0);
}

/// Nor where the way goes on for a step before it comes to the origin: there the copy wouldn't be kept, and its receipt doesn't come by here.
#[test]
fn what_comes_to_its_origin_later_is_not_kept() {
    let mut world = with_a_city_between(20);
    let (province, city) = (node(&world, PROVINCE), node(&world, NEW_CITY));
    let word = world.nodes[NEW_CITY].certify(world.nodes[COUNTY].place);
    world.nodes[COUNTY].take_superior(city, word);
    world.nodes[COUNTY].change(Change::Publish);
    world.run(60);
    let other = place(9, "511603");
    let record = world.nodes[PROVINCE].newcomer(other);
    for number in [PROVINCE, COUNTY, NEW_CITY] {
        world.nodes[number].change(Change::Records(vec![record.clone()]));
    }
    assert_eq!(world.nodes[COUNTY].knowledge.directory().superiors(&other.node), [province]);
    world.nodes[PROVINCE].send(other.node, 1);
    let sealed = Sealed::new(world.nodes[PROVINCE].outbox(other.node, 1));
    let link = world.link(COUNTY, NEW_CITY);
    let bytes = Frame::Envelope(SignedBy { signer: province, sealed: sealed.clone() }).to_bytes();
    world.nodes[COUNTY].exchange.handle(Happened::Frame { link, bytes });
    // And what lies there already goes.
    world.nodes[NEW_CITY].keep(other.node, province, 1, sealed.into_bytes());
    world.run(5);
    assert_eq!((world.nodes[COUNTY].relaying(), world.nodes[NEW_CITY].relaying()), (0, 0));
    assert_eq!(world.nodes[PROVINCE].unreceipted(other.node), [1]);
}

/// A receipt goes to whoever gave envelopes of the flow when a copy is let go of for it, and not again: three relays that gave each other some
/// would pass it around for ever.
#[test]
fn a_receipt_for_which_nothing_is_held_goes_to_no_giver() {
    let passed = |is_held: bool| {
        let mut world = World::new(22);
        world.run(5);
        let (one, two) = (node(&world, ONE), node(&world, TWO));
        let origin = NodeId::from_bytes([9; 16]);
        if is_held {
            world.nodes[CITY].keep(one, origin, 1, vec![1]);
        }
        let city = &mut world.nodes[CITY].exchange;
        city.peers.get_mut(&two).unwrap().gave.insert(Flow { origin, epoch: 1, destination: one });
        let receipt = Receipt {
            receiver: one,
            origin,
            epoch: 1,
            sequence: 1,
            envelope: EnvelopeId(Digest::of(b"an envelope")),
            digest: Digest::of(b"its bytes"),
            outcome: Outcome::Applied { detail: Vec::new() },
            at: Timestamp::from_millis(0),
            checkpoint: None,
        };
        city.relay_receipt(Unpassed::new(&receipt, one, Sealed::new(vec![0; 8])));
        city.handle(Happened::Timeout);
        let effects = std::iter::from_fn(|| city.poll_effect());
        let frames = effects.filter_map(|effect| match effect {
            Effect::Transmit { frame, .. } => Frame::from_bytes(&frame).ok(),
            _ => None,
        });
        frames.filter(|frame| matches!(frame, Frame::Receipt(_))).count()
    };
    assert_eq!((passed(true), passed(false)), (1, 0));
}

/// What waits for a way back is what a copy was held for; receipts that a peer makes up don't drive it out.
#[test]
fn made_up_receipts_drive_out_no_receipt_that_waits() {
    let mut world = waiting_at_the_city(17);
    let (one, two) = (node(&world, ONE), node(&world, TWO));
    world.cut(CITY, ONE, true);
    world.run(30);
    world.cut(CITY, TWO, false);
    world.run(120);
    let city = &mut world.nodes[CITY].exchange;
    assert_eq!(city.unpassed.len(), 1);
    for sequence in 1_000..1_200 {
        let receipt = Receipt {
            receiver: two,
            origin: one,
            epoch: 1,
            sequence,
            envelope: EnvelopeId(Digest::of(b"made up")),
            digest: Digest::of(b"made up"),
            outcome: Outcome::Applied { detail: Vec::new() },
            at: Timestamp::from_millis(0),
            checkpoint: None,
        };
        city.relay_receipt(Unpassed::new(&receipt, two, Sealed::new(vec![0; 64 << 10])));
    }
    assert_eq!(city.unpassed.len(), 1);
    world.cut(CITY, ONE, false);
    world.run(120);
    assert!(world.nodes[ONE].unreceipted(two).is_empty());
}
