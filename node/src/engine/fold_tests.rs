//! What a peer's journal of standards can do to this node's rows, and what it can't.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use tongban_codes::cbor::to_vec;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, Digest, Label, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::catalogue::{
    BaseItem, Codes, Core, Decline, DeclineReason, DivisionChange, Editing, Guide, ItemState, Policy, ServiceItem,
    Standard, StandardBody,
};
use tongban_federation::{Certification, SignedRecord};
use tongban_journal::{Body, Entry, Header, JournalKind, SALT_BYTES, Slice, SliceEntry, StandardHeader, StandardKind};
use tongban_seal::Ed25519Signer;
use tongban_storage::keyspace::head::Heads;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::meta::{self, NodeRow, Pulled};
use tongban_storage::keyspace::{Overlay, item};
use tongban_storage::{Backend as _, MemoryBackend, StorageError, WriteBatch};

use super::entry::{Decision, ExchangeEvent};
use super::fold::{Blobs, fold_decided};
use super::records::{FIELD_STANDARD, STANDARDS};

const CITY: NodeId = NodeId::from_bytes([6; 16]);
const AT: Timestamp = Timestamp::from_millis(1_790_000_000_000);

struct Files(BTreeMap<Digest, Vec<u8>>);

impl Blobs for Files {
    fn load(&self, digest: &Digest) -> Result<Vec<u8>, StorageError> {
        Ok(self.0[digest].clone())
    }
}

fn division(code: &str) -> DivisionCode {
    code.parse().unwrap()
}

fn base(code: &str, of: &str, version: u32) -> BaseItem {
    BaseItem {
        core: Core {
            name: format!("{of} {code}"),
            base_code: Some(code.to_owned()),
            item_type: "01".to_owned(),
            legal_basis: "《公共场所卫生管理条例》第四条".to_owned(),
        },
        division: division(of),
        statutory_days: None,
        promised_days: None,
        effective: None,
        version,
        state: ItemState::Published,
        node: CITY,
        department: "卫生健康委".to_owned(),
        in_force: None,
        guide: None,
        locks: Vec::new(),
        levels: Vec::new(),
        tier: None,
        above: None,
        cancel: None,
        successor: None,
        editing: Editing::default(),
    }
}

fn standard_header(kind: StandardKind, of: &str) -> StandardHeader {
    StandardHeader {
        kind,
        at: AT,
        base_code: None,
        code: "511600000001".to_owned(),
        version: 1,
        core: Digest::of(b"core"),
        effective_from: None,
        withdrawn: false,
        division: division(of),
        authority: AuthorityId::from_bytes([1; 16]),
    }
}

fn record(kind: StandardKind, of: &str, body: Vec<u8>) -> SliceEntry {
    let header = Header::Standards(standard_header(kind, of));
    let body = Body::open([(FIELD_STANDARD, [7; SALT_BYTES], body)]).unwrap();
    SliceEntry { entry: Entry::new(&header, body.commitment()).bytes().to_vec(), body: body.to_bytes() }
}

/// Folds what the city 511600 is said to have written, at a county, which holds `known` already.
fn folded(known: &[BaseItem], entries: Vec<SliceEntry>) -> MemoryBackend {
    folded_at("511602", known, entries)
}

/// The same at a node of some division.
fn folded_at(here: &str, known: &[BaseItem], entries: Vec<SliceEntry>) -> MemoryBackend {
    let county = County::new(here);
    let mut rows = WriteBatch::new();
    for base in known {
        item::store_own_base(&mut Overlay::new(&county.0, &mut rows), base).unwrap();
    }
    county.0.write_all(&[&rows]).unwrap();
    county.hear(CITY, entries);
    county.0
}

const HERE: NodeId = NodeId::from_bytes([2; 16]);

/// The state of a node, mostly of the county 511602.
struct County(MemoryBackend);

impl County {
    fn new(here: &str) -> Self {
        let county = division(here);
        let mut rows = WriteBatch::new();
        let here = NodeRow {
            node: HERE,
            division: county,
            name: "广安区".to_owned(),
            label: Label::new(county, 0).unwrap(),
            demo: false,
            epoch: 1,
            calendar: String::new(),
            divisions: String::new(),
        };
        meta::NODE.put(&mut rows, &(), &here);
        let state = MemoryBackend::default();
        state.write_all(&[&rows]).unwrap();
        Self(state)
    }

    /// A record comes of a node of the city: the one with that ordinal, which is revoked or not.
    fn certify(&self, node: NodeId, ordinal: u8, revoked: bool) {
        let signer = Ed25519Signer::from_seed(&[7; 32]);
        let certification = Certification {
            node,
            division: division("511600"),
            label: Label::new(division("511600"), ordinal).unwrap(),
            superior: None,
            seal_keys: Vec::new(),
            exchange_key: Vec::new(),
            serial: 1,
            at: AT,
            revoked: revoked.then_some(AT),
            reason: None,
        };
        let certification = certification.seal(&signer).unwrap();
        let record = SignedRecord::Node { node, certifier: node, certification, record: Vec::new().into() };
        let event = ExchangeEvent::NodeRecord(node, record.to_sealed().into_bytes());
        self.fold(event, &Files(BTreeMap::new()));
    }

    /// A slice comes of the journal of a node that is certified for the city.
    fn hear(&self, origin: NodeId, entries: Vec<SliceEntry>) {
        let from = meta::PULLED.load(&self.0, &(origin, STANDARDS, 1)).unwrap().map_or(0, |pulled: Pulled| pulled.size);
        let count = entries.len() as u64;
        let slice = Slice {
            origin,
            journal: JournalKind::Standards,
            epoch: 1,
            from,
            entries,
            checkpoint: Vec::new(),
            consistency: Vec::new(),
            records: Vec::new(),
        };
        let bytes = slice.to_bytes();
        let digest = Digest::of(&bytes);
        let event = ExchangeEvent::Slice {
            origin,
            journal: STANDARDS,
            epoch: 1,
            from,
            count,
            digest,
            frontier: Vec::new(),
            checkpoint: Vec::new(),
            division: Some(division("511600")),
        };
        self.fold(event, &Files([(digest, bytes)].into()));
        let pulled: Pulled = meta::PULLED.load(&self.0, &(origin, STANDARDS, 1)).unwrap().unwrap();
        assert_eq!(pulled.size, from + count, "the journal goes on, whatever stands in it");
    }

    fn fold(&self, event: ExchangeEvent, files: &Files) {
        let decision = Decision { exchange: vec![event], ..Decision::default() };
        let mut batch = WriteBatch::new();
        fold_decided(&decision, AT, &self.0, &mut batch, files).unwrap();
        self.0.write_all(&[&batch]).unwrap();
    }
}

#[test]
fn a_superior_speaks_for_its_own_division_alone() {
    let province = base("510116013001", "510000", 3);
    let entries = vec![
        record(StandardKind::BaseItem, "510000", to_vec(&base("510116013001", "510000", 9))),
        record(StandardKind::BaseItem, "511600", to_vec(&base("510116013002", "511600", 1))),
    ];
    let state = folded(std::slice::from_ref(&province), entries);
    let held = |code: &str| item::BASE.load(&state, &code.to_owned()).unwrap();
    assert_eq!(held("510116013001"), Some(province));
    assert_eq!(held("510116013002").unwrap().division, division("511600"));
}

#[test]
fn what_cannot_be_read_is_passed_over_and_stops_nothing() {
    let kinds = [
        StandardKind::BaseItem,
        StandardKind::Item,
        StandardKind::Decline,
        StandardKind::Guide,
        StandardKind::Ceiling,
        StandardKind::Policy,
        StandardKind::Topic,
        StandardKind::LifeEvent,
        StandardKind::Entry,
        StandardKind::Division,
    ];
    let mut entries: Vec<SliceEntry> =
        kinds.into_iter().map(|kind| record(kind, "511600", b"\xa1\x00nothing".to_vec())).collect();
    entries.push(record(StandardKind::BaseItem, "511600", to_vec(&base("510116013002", "511600", 1))));
    let state = folded(&[], entries);
    assert!(item::BASE.load(&state, &"510116013002".to_owned()).unwrap().is_some());
}

/// A key of something due that leads to nothing would be looked at first by every tick, for ever.
#[test]
fn the_last_day_of_an_own_base_item_goes_when_a_superior_takes_it_over() {
    let last = "2027-01-31".parse().unwrap();
    let own = BaseItem { cancel: Some(last), ..base("510116013001", "511602", 1) };
    let due =
        |state: &MemoryBackend| Heads::default().items_due(state, Timestamp::from_millis(i64::MAX), 9).unwrap().len();
    assert_eq!(due(&folded(std::slice::from_ref(&own), Vec::new())), 1);
    let taken = record(StandardKind::BaseItem, "511600", to_vec(&base("510116013001", "511600", 1)));
    assert_eq!(due(&folded(&[own], vec![taken])), 0);
}

fn policy(node: NodeId, version: u32, days: u16) -> Standard {
    Standard {
        code: "policy".to_owned(),
        body: StandardBody::Policy(Policy { claim_days: Some(days), ..Policy::default() }),
        division: division("511600"),
        node,
        version,
        state: ItemState::Published,
        effective: None,
        department: None,
        in_force: None,
    }
}

#[test]
fn a_standard_of_a_lower_version_does_not_come_back() {
    let policy = |version: u32, days: u16| policy(CITY, version, days);
    let entries = [(2, 10), (1, 20)]
        .map(|(version, days)| record(StandardKind::Policy, "511600", to_vec(&policy(version, days))));
    let state = folded(&[], entries.into());
    let number = item::standard_number(tongban_domain::catalogue::StandardKind::Policy);
    let held = item::STANDARD.load(&state, &(number, "policy".to_owned(), division("511600"))).unwrap();
    assert_eq!(held, Some(policy(2, 10)));
}

/// Nobody fills the cross-walk that everyone reads: so many lines of one keeper are kept, each under the code that it is about.
#[test]
fn lines_of_the_cross_walk_have_an_end() {
    let line = |at: u64, code: Option<&str>, version: u32| {
        let old = DivisionCode::from_number(511_602_001_000 + at / 900 * 1_000_000 + at % 900 * 1_000).unwrap();
        let new = division("511688888");
        let standard = Standard {
            code: code.map_or_else(|| old.to_string(), str::to_owned),
            body: StandardBody::Division(DivisionChange { old, new, name: None, order: "文".to_owned() }),
            division: division("511600"),
            node: CITY,
            version,
            state: ItemState::Published,
            effective: Some(AT.date()),
            department: None,
            in_force: None,
        };
        record(StandardKind::Division, "511600", to_vec(&standard))
    };
    let mut entries = vec![line(0, Some("another"), 1)];
    entries.extend((0..1_030).map(|at| line(at, None, 1)));
    entries.push(line(0, None, 2));
    let state = folded(&[], entries);
    let number = item::standard_number(tongban_domain::catalogue::StandardKind::Division);
    let held = item::STANDARD.list(&state, &stem(&number), None, usize::MAX).unwrap();
    assert_eq!((held.len(), held.iter().filter(|(_, line)| line.version == 2).count()), (1_024, 1));
    assert!(held.iter().all(|((_, code, _), _)| code != "another"));
}

/// A division's new code is kept from above and from below, and so is nothing else from below; nobody speaks for a neighbour.
#[test]
fn codes_of_divisions_come_from_above_and_from_below() {
    let change = |keeper: &str, old: &str, new: &str| {
        let (old, new) = (division(old), division(new));
        let standard = Standard {
            code: old.to_string(),
            body: StandardBody::Division(DivisionChange { old, new, name: None, order: "文".to_owned() }),
            division: division(keeper),
            node: CITY,
            version: 1,
            state: ItemState::Published,
            effective: Some(AT.date()),
            department: None,
            in_force: None,
        };
        record(StandardKind::Division, keeper, to_vec(&standard))
    };
    let policy = Standard {
        code: "policy".to_owned(),
        body: StandardBody::Policy(Policy::default()),
        division: division("511600"),
        node: CITY,
        version: 1,
        state: ItemState::Published,
        effective: None,
        department: None,
        in_force: None,
    };
    let entries = || {
        vec![
            change("511600", "511602", "511642"),
            change("511600", "511502", "511542"),
            change("511500", "511503", "511543"),
            record(StandardKind::Policy, "511600", to_vec(&policy)),
        ]
    };
    for (here, policies) in [("511602", 1), ("510000", 0)] {
        let state = folded_at(here, &[], entries());
        let walk = item::crosswalk(&state).unwrap();
        let codes = |code: &str| walk.codes(division(code)).len();
        assert_eq!([codes("511642"), codes("511542"), codes("511543")], [2, 1, 1], "{here}");
        let number = item::standard_number(tongban_domain::catalogue::StandardKind::Policy);
        let held = item::STANDARD.list(&state, &stem(&number), None, usize::MAX).unwrap();
        assert_eq!(held.len(), policies, "{here}");
    }
}

#[test]
fn a_guide_is_named_by_the_bytes_that_were_sealed() {
    let guide = Guide { conditions: Some("有固定场所".to_owned()), ..Guide::default() };
    let bytes = to_vec(&guide);
    let named = |digest: Digest| {
        let header =
            Header::Standards(StandardHeader { core: digest, ..standard_header(StandardKind::Guide, "511600") });
        let body = Body::open([(FIELD_STANDARD, [7; SALT_BYTES], bytes.clone())]).unwrap();
        SliceEntry { entry: Entry::new(&header, body.commitment()).bytes().to_vec(), body: body.to_bytes() }
    };
    let state = folded(&[], vec![named(Digest::of(&bytes))]);
    assert!(item::GUIDE.holds(&state, &Digest::of(&bytes)).unwrap());
    let forged = folded(&[], vec![named(Digest::of(b"another"))]);
    assert!(!item::GUIDE.holds(&forged, &Digest::of(&bytes)).unwrap());
}

/// A node that took another's place begins at version 1, and has whatever id: what it says stands, in whichever order the two are heard.
#[test]
fn of_two_nodes_of_one_division_the_one_speaks_that_came_later_and_is_not_revoked() {
    let (low, high) = (NodeId::from_bytes([5; 16]), NodeId::from_bytes([8; 16]));
    // Ordinal and whether it is revoked, of the node with the lesser id and of the other; which of the two speaks.
    let cases = [
        (Some((0, true)), Some((1, false)), high),
        (Some((1, false)), Some((0, true)), low),
        (Some((0, false)), Some((1, true)), low),
        (Some((0, false)), Some((1, false)), high),
        (Some((1, false)), Some((0, false)), low),
        (None, Some((0, false)), high),
        (None, None, low),
    ];
    let code = "510116013002";
    for (of_low, of_high, speaks) in cases {
        for order in [[low, high], [high, low]] {
            let county = County::new("511602");
            for (node, word) in [(low, of_low), (high, of_high)] {
                if let Some((ordinal, revoked)) = word {
                    county.certify(node, ordinal, revoked);
                }
            }
            for node in order {
                // The one that speaks has said less so far.
                let version = if node == speaks { 1 } else { 7 };
                let base = BaseItem { node, ..base(code, "511600", version) };
                county.hear(node, vec![record(StandardKind::BaseItem, "511600", to_vec(&base))]);
                let policy = policy(node, version, 10);
                county.hear(node, vec![record(StandardKind::Policy, "511600", to_vec(&policy))]);
            }
            let number = item::standard_number(tongban_domain::catalogue::StandardKind::Policy);
            let key = (number, "policy".to_owned(), division("511600"));
            let held = item::STANDARD.load(&county.0, &key).unwrap().unwrap();
            assert_eq!((held.node, held.version), (speaks, 1), "a policy, {of_low:?} and {of_high:?}");
            let held = item::BASE.load(&county.0, &code.to_owned()).unwrap().unwrap();
            assert_eq!((held.node, held.version), (speaks, 1), "a base item, {of_low:?} and {of_high:?}");
        }
    }
}

/// What this node keeps itself no other node of its division takes over.
#[test]
fn an_own_base_item_stands_beside_what_another_node_of_the_division_says() {
    let own = BaseItem { node: HERE, ..base("510116013001", "511600", 1) };
    let state = folded(
        std::slice::from_ref(&own),
        vec![record(StandardKind::BaseItem, "511600", to_vec(&base("510116013001", "511600", 9)))],
    );
    assert_eq!(item::BASE.load(&state, &"510116013001".to_owned()).unwrap(), Some(own));
}

/// Items and what was declined are counted under a division: a node says them of its own alone.
#[test]
fn a_node_says_items_and_what_it_declined_of_its_own_division_alone() {
    let item = |of: &str| ServiceItem {
        code: format!("511A0015500013-{}-000-11511301008778183N-1-00", division(of)),
        core: base("510116013001", of, 1).core,
        main_item: String::new(),
        authority: AuthorityId::from_bytes([1; 16]),
        department: "卫生健康委".to_owned(),
        department_code: "11511301008778183N".to_owned(),
        division: division(of),
        statutory: None,
        promised: None,
        modes: Vec::new(),
        covered: Vec::new(),
        effective: None,
        version: 1,
        state: ItemState::Published,
        findings: Vec::new(),
        guide: None,
        codes: Codes::default(),
        tier: None,
        origin: None,
        external: None,
        cancel: None,
        difference: None,
        base_version: None,
        successor: None,
        editing: Editing::default(),
        agreements: Vec::new(),
        counts_under: None,
    };
    let decline = |of: &str, node: NodeId| Decline {
        base_code: "510116013001".to_owned(),
        base_version: 1,
        division: division(of),
        node,
        reason: DeclineReason::NoObject,
        note: "无此类场所".to_owned(),
        operator: "目录员".to_owned(),
        at: AT,
        is_over: false,
        version: 1,
    };
    // The header says what it likes; what is inside counts.
    for (of, certified) in [("511600", true), ("511603", false)] {
        let state = folded(
            &[],
            vec![
                record(StandardKind::Item, "511600", to_vec(&item(of))),
                record(StandardKind::Decline, "511600", to_vec(&decline(of, CITY))),
            ],
        );
        let items = item::FOREIGN.list(&state, &[], None, 9).unwrap().len();
        let declined = item::DECLINED.list(&state, &[], None, 9).unwrap().len();
        assert_eq!((items, declined), if certified { (1, 1) } else { (0, 0) }, "{of}");
    }
    // Nor does it decline, or set a standard, in the name of another node of its division.
    let other = NodeId::from_bytes([5; 16]);
    let state = folded(
        &[],
        vec![
            record(StandardKind::Decline, "511600", to_vec(&decline("511600", other))),
            record(StandardKind::Policy, "511600", to_vec(&policy(other, 1, 10))),
            record(
                StandardKind::Policy,
                "510000",
                to_vec(&Standard { division: division("510000"), ..policy(CITY, 1, 10) }),
            ),
        ],
    );
    assert_eq!(item::DECLINED.list(&state, &[], None, 9).unwrap().len(), 0);
    assert_eq!(item::STANDARD.list(&state, &[], None, 9).unwrap().len(), 0);
}
