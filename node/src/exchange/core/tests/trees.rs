//! Two trees: whose word on another root counts, who may bring what of its tree, and what its seals are worth afterwards.

use tongban_codes::ids::{Label, NodeId};
use tongban_domain::Place;
use tongban_federation::directory::{By, Certification, DatedKey, NodeRecord};
use tongban_federation::{AnchorRecord, Sealed, ShownRoot, SignedRecord, Unseal as _, UnsealError, limits};
use tongban_seal::{Signer as _, Statement, batch, content_type, cose};
use tongban_storage::keyspace::directory;

use super::world::{Node, World, key_hash, place, signer};
use super::{CITY, ONE, node};
use crate::engine::Refused;
use crate::exchange::anchor::{distrusting, trusting};
use crate::exchange::ask;
use crate::exchange::change::{Change, Changing, Words};
use crate::exchange::knowledge::DirectoryUnseal;

/// A node of another tree, certified by its superior or by itself.
pub(super) fn theirs(world: &World, place: Place, superior: Option<Place>, addresses: usize) -> Sealed {
    let now = world.nodes[CITY].knowledge.now();
    let by = superior.unwrap_or(place).node;
    let certification = Certification {
        node: place.node,
        division: place.division,
        label: Label::new(place.division, place.node.as_bytes()[0]).unwrap(),
        superior: superior.map(|above| above.node),
        seal_keys: vec![DatedKey { key: signer(place.node).public_key(), from: now, revoked: None }],
        exchange_key: vec![7; 32],
        serial: 1,
        at: now,
        revoked: None,
        reason: None,
    };
    let record = NodeRecord {
        node: place.node,
        name: "重庆市".to_owned(),
        addresses: (0..addresses).map(|number| format!("10.0.0.{number}:7400")).collect(),
        transport_key: key_hash(place.node),
        chain: Vec::new(),
        authorities: Vec::new(),
        epoch: 1,
        version: 1,
        issued_at: now,
    };
    let (certification, record) = (certification.seal(&signer(by)).unwrap(), record.seal(&signer(place.node)).unwrap());
    SignedRecord::Node { node: place.node, certifier: by, certification, record }.to_sealed()
}

pub(super) fn root() -> Place {
    place(8, "500000")
}

pub(super) fn county() -> Place {
    place(9, "500112")
}

/// What an administrator says who has compared the fingerprint of a root's file.
pub(super) fn imported(sealed: &Sealed) -> Words {
    trusting(sealed.clone(), ShownRoot::read(sealed).unwrap(), "admin".to_owned())
}

fn refused(node: &Node, words: Words) -> String {
    match Changing::new(Change::Together(words)).next(&node.knowledge) {
        Err(Refused::Problem(problem)) => problem.code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it is taken"),
    }
}

fn trusted(node: &Node) -> Vec<NodeId> {
    let directory = node.knowledge.directory();
    directory.foreign_roots().filter(|entry| entry.record.withdrawn.is_none()).map(|entry| entry.record.root).collect()
}

#[test]
fn of_two_roots_of_one_division_that_are_imported_at_once_one_is_trusted() {
    let mut world = World::new(40);
    let (one, other) = (theirs(&world, root(), None, 1), theirs(&world, place(7, "500000"), None, 1));
    // Both were read and compared before either was taken.
    let (first, second) = (imported(&one), imported(&other));
    assert!(world.nodes[CITY].change(Change::Together(first)).changed);
    assert_eq!(refused(&world.nodes[CITY], second), "anchor-taken");
    assert_eq!(trusted(&world.nodes[CITY]), [root().node]);
    // Of two that withdraw the same, the second finds nothing.
    let withdrawn = || distrusting(root().division, "误导入".to_owned(), "admin".to_owned());
    let (first, second) = (withdrawn(), withdrawn());
    assert!(world.nodes[CITY].change(Change::Together(first)).changed);
    assert_eq!(refused(&world.nodes[CITY], second), "anchor-unknown");
    assert!(world.nodes[CITY].change(Change::Together(imported(&other))).changed);
    assert_eq!(trusted(&world.nodes[CITY]), [place(7, "500000").node]);
}

#[test]
fn a_root_whose_record_is_refused_is_not_trusted_at_all() {
    let mut world = World::new(41);
    let full = theirs(&world, root(), None, limits::ADDRESSES_MAX + 1);
    assert_eq!(refused(&world.nodes[CITY], imported(&full)), "record-limit");
    assert_eq!(trusted(&world.nodes[CITY]), []);
    assert!(directory::ANCHOR.list(&*world.nodes[CITY].state, &[], None, 9).unwrap().is_empty());
    let whole = imported(&theirs(&world, root(), None, 1));
    assert!(world.nodes[CITY].change(Change::Together(whole)).changed);
}

#[test]
fn a_root_that_is_trusted_and_not_known_is_taken_in_when_it_is_imported_again() {
    let mut world = World::new(42);
    let shown = theirs(&world, root(), None, 1);
    let read = ShownRoot::read(&shown).unwrap();
    let now = world.nodes[CITY].knowledge.now();
    let word = AnchorRecord {
        root: root().node,
        division: root().division,
        name: read.record.name.clone(),
        transport_key: read.record.transport_key,
        seal_keys: read.seal_keys(),
        from: now,
        withdrawn: None,
        reason: None,
        operator: "admin".to_owned(),
        version: 1,
        issued_at: now,
    };
    let me = node(&world, CITY);
    world.nodes[CITY].change(Change::Records(vec![word.sign(me, &signer(me)).unwrap()]));
    assert_eq!(trusted(&world.nodes[CITY]), [root().node]);
    let known = |world: &World| world.nodes[CITY].knowledge.directory().node(&root().node).is_some();
    assert!(!known(&world));
    assert!(world.nodes[CITY].change(Change::Together(imported(&shown))).changed);
    assert!(known(&world));
    let version = world.nodes[CITY].knowledge.directory().foreign_root(&root().node).unwrap().record.version;
    assert_eq!(version, 1, "nothing new was said of it");
    assert!(!world.nodes[CITY].change(Change::Together(imported(&shown))).changed);
}

#[test]
fn records_of_another_tree_are_taken_from_its_root_and_from_above_alone() {
    let mut world = World::new(43);
    let shown = theirs(&world, root(), None, 0);
    world.nodes[CITY].change(Change::Together(imported(&shown)));
    world.run(5);
    let (city, one) = (node(&world, CITY), node(&world, ONE));
    assert_eq!(trusted(&world.nodes[ONE]), [root().node], "the word goes down");
    let by = |world: &World, at: usize, peer| world.nodes[at].exchange.brings(peer);
    assert_eq!(by(&world, CITY, one), By::Other);
    assert_eq!(by(&world, CITY, root().node), By::Root(root().node));
    assert_eq!(by(&world, ONE, city), By::Above);
    assert_eq!(by(&world, ONE, root().node), By::Other, "a county has no link between roots");
    let lot = vec![theirs(&world, county(), Some(root()), 0)];
    let known = |world: &World, at: usize| world.nodes[at].knowledge.directory().node(&county().node).is_some();
    world.nodes[CITY].exchange.records_received(one, lot.clone());
    world.run(5);
    assert!(!known(&world, CITY), "from a county");
    world.nodes[CITY].exchange.records_received(root().node, lot);
    world.run(5);
    assert!(known(&world, CITY) && known(&world, ONE), "and from there it goes down");
    let digest = world.nodes[CITY].exchange.digest_for(&root().node);
    assert_eq!(digest, world.nodes[CITY].knowledge.directory().digest_between(&root().node, &city));
    assert_ne!(digest, world.nodes[CITY].exchange.digest_for(&one));
}

#[test]
fn what_a_tree_seals_that_is_not_trusted_any_more_counts_for_nothing() {
    let mut world = World::new(44);
    let shown = imported(&theirs(&world, root(), None, 1));
    world.nodes[CITY].change(Change::Together(shown));
    let lot = vec![theirs(&world, county(), Some(root()), 1)];
    world.nodes[CITY].change(Change::Records(lot));
    let by = county().node;
    let answer = cose::seal(&signer(by), ask::CONTENT_TYPE, b"answer", &[]).map(Sealed::new).unwrap();
    let statement = Statement { content_type: content_type::ENVELOPE, bytes: b"envelope" };
    let envelope = Sealed::new(batch::seal(&signer(by), &[statement]).unwrap().remove(0));
    let opened = |world: &World| {
        let knowledge = &world.nodes[CITY].knowledge;
        let directory = knowledge.directory();
        let opened = DirectoryUnseal(&directory).open(&by, content_type::ENVELOPE, &envelope);
        (knowledge.open_answer(&by, &answer), opened)
    };
    assert_eq!(opened(&world), (Some(b"answer".to_vec()), Ok(b"envelope".to_vec())));
    let words = distrusting(root().division, "不再往来".to_owned(), "admin".to_owned());
    world.nodes[CITY].change(Change::Together(words));
    assert_eq!(opened(&world), (None, Err(UnsealError::Revoked(by))));
}
