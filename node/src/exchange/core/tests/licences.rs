//! Licences of two trees: what a seal may speak for, and whose register is asked.

use tongban_codes::ids::{AuthorityId, NodeId};
use tongban_codes::licence_id::LicenceId;
use tongban_domain::licence::{CONTENT_TYPE, Statement};
use tongban_federation::directory::{AuthorityRecord, DatedCode, DatedKey};
use tongban_federation::{Sealed, SignedRecord};
use tongban_seal::{Ed25519Signer, Signer as _, cose};

use super::trees::{county, imported, root, theirs};
use super::world::{World, secret, signer};
use super::{CITY, ONE, node};
use crate::exchange::anchor::distrusting;
use crate::exchange::change::Change;
use crate::exchange::licence::{issuers, opened};

/// 广安市's, and 重庆市's.
const OURS: &str = "115113016823646795";
const THEIRS: &str = "11500000009293348K";

fn authority(number: u8) -> AuthorityId {
    AuthorityId::from_bytes([number; 16])
}

fn key(number: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(&secret(&format!("authority {number}")))
}

/// An authority of a node, with a credit code and the key of this number.
fn published(world: &World, by: NodeId, number: u8, division: &str, code: &str, keyed: u8) -> Sealed {
    let now = world.nodes[CITY].knowledge.now();
    let record = AuthorityRecord {
        authority: authority(number),
        name: "行政审批局".to_owned(),
        division: division.parse().unwrap(),
        credit_codes: vec![DatedCode { code: code.parse().unwrap(), from: now.date(), until: None }],
        departments: Vec::new(),
        nodes: vec![by],
        seal_keys: vec![DatedKey { key: key(keyed).public_key(), from: now, revoked: None }],
        successor: None,
        version: 1,
        issued_at: now,
    };
    SignedRecord::Authority { signer: by, record: record.seal(&signer(by)).unwrap() }.to_sealed()
}

fn id(code: &str) -> String {
    LicenceId::new(format!("{OURS}001").parse().unwrap(), code.parse().unwrap(), "2026091400001", 1)
        .unwrap()
        .to_string()
}

/// A licence that names an authority, a division and the credit code in its identifier, under a seal.
fn licence(named: u8, division: &str, code: &str, keyed: u8) -> Vec<u8> {
    let day = tongban_codes::time::Date::ymd(2026, 9, 14).unwrap();
    let statement = Statement {
        id: id(code),
        type_code: format!("{OURS}001"),
        type_name: "公共场所卫生许可证".to_owned(),
        authority: authority(named),
        authority_name: "行政审批局".to_owned(),
        division: division.parse().unwrap(),
        holder_name: "张三".to_owned(),
        holder_identity: "511602199001011234".to_owned(),
        issued_on: day,
        valid_until: day,
        case_no: String::new(),
        item: String::new(),
        demo: true,
        valid_from: None,
        renews: None,
        basis: None,
    };
    cose::seal(&key(keyed), CONTENT_TYPE, tongban_codes::cbor::to_vec(&statement), &[]).unwrap()
}

/// A city with an authority of its county's, and another province that the city trusts, with one of its own.
fn world(seed: u64) -> World {
    let mut world = World::new(seed);
    world.run(5);
    let shown = imported(&theirs(&world, root(), None, 0));
    world.nodes[CITY].change(Change::Together(shown));
    let lot = vec![
        theirs(&world, county(), Some(root()), 0),
        published(&world, county().node, 1, "500112", THEIRS, 1),
        published(&world, node(&world, ONE), 2, "511602", OURS, 2),
    ];
    let changed = world.nodes[CITY].change(Change::Records(lot));
    assert_eq!(changed.refused, Vec::<&str>::new());
    world
}

#[test]
fn a_licence_counts_under_the_seal_of_the_authority_whose_code_it_names() {
    let mut world = world(50);
    let judged = |world: &World, sealed: &[u8]| opened(&world.nodes[CITY].knowledge, sealed).map(|said| said.id);
    assert_eq!(judged(&world, &licence(2, "511602", OURS, 2)), Ok(id(OURS)));
    assert_eq!(judged(&world, &licence(1, "500112", THEIRS, 1)), Ok(id(THEIRS)));
    for (why, sealed) in [
        ("it names this province's authority", licence(2, "511602", OURS, 1)),
        ("and this province's code under its own name", licence(1, "500112", OURS, 1)),
        ("a division of this province", licence(1, "511602", THEIRS, 1)),
        ("a code that is nobody's", licence(1, "500112", "12440000MB2C01235R", 1)),
    ] {
        assert_eq!(judged(&world, &sealed), Err("tampered"), "{why}");
    }
    let words = distrusting(root().division, "不再往来".to_owned(), "admin".to_owned());
    world.nodes[CITY].change(Change::Together(words));
    assert_eq!(judged(&world, &licence(1, "500112", THEIRS, 1)), Err("unknown-authority"));
    assert_eq!(judged(&world, &licence(2, "511602", OURS, 2)), Ok(id(OURS)));
}

#[test]
fn a_register_of_the_own_tree_is_asked_for_what_two_trees_claim() {
    let mut world = world(51);
    let asked = |world: &World, code: &str| issuers(&world.nodes[CITY].knowledge, &id(code), None);
    let one = node(&world, ONE);
    assert_eq!((asked(&world, OURS), asked(&world, THEIRS)), (vec![one], vec![county().node]));
    // Another province's authority says that it has this one's code, and its key.
    let claimed = published(&world, county().node, 0, "500112", OURS, 2);
    assert!(world.nodes[CITY].change(Change::Records(vec![claimed])).changed);
    assert_eq!(asked(&world, OURS), [one]);
    let said = opened(&world.nodes[CITY].knowledge, &licence(2, "511602", OURS, 2));
    assert_eq!(said.map(|said| said.authority), Ok(authority(2)), "the seal is this province's");
    let words = distrusting(root().division, "不再往来".to_owned(), "admin".to_owned());
    world.nodes[CITY].change(Change::Together(words));
    assert_eq!(asked(&world, THEIRS), []);
}
