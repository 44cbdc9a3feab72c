//! What the rogue sends: offers of cases, and a journal of its own, each lawful until a row bends it.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, NodeId, QueryCode};
use tongban_codes::time::Timestamp;
use tongban_domain::Place;
use tongban_domain::case::{Act, Material};
use tongban_domain::catalogue::Mode;
use tongban_federation::{Body as EnvelopeBody, Envelope, Subject};
use tongban_journal::merkle::{MemoryTree, consistency_proof};
use tongban_journal::{
    ActHeader, ActKind, Body, Channel, Checkpoint, Entry, Header, JournalKind, Mode as JournalMode, Slice, SliceBuilder,
};
use tongban_seal::{SignedNote, Signer};

use crate::rogue::{EPOCH, Rogue};

/// Body of an offer, as `docs/protocol.md` describes it.
#[derive(Encode, Decode)]
#[cbor(map)]
struct OfferBody {
    #[n(0)]
    case: CaseId,
    #[n(1)]
    tenure: u32,
    #[n(2)]
    collection_no: String,
    #[n(3)]
    query_code: QueryCode,
    #[n(4)]
    collecting: Place,
    #[n(5)]
    collected_at: Timestamp,
    #[n(6)]
    deciding: DivisionCode,
    #[n(7)]
    item: String,
    #[n(8)]
    item_version: u32,
    #[n(9)]
    mode: Mode,
    #[n(10)]
    applicant_name: String,
    #[n(11)]
    applicant_identity: String,
    #[n(12)]
    materials: Vec<Material>,
    #[n(13)]
    history: Vec<Act>,
}

/// An offer of a case of the rogue's own, lawful if its numbers are new.
pub(crate) fn offer(
    rogue: &Rogue,
    to: Place,
    item: &str,
    sequence: u64,
    number: u8,
    at: Timestamp,
    name: &str,
) -> Envelope {
    let case = CaseId::draw(&rogue.node, [number; 10]);
    let body = OfferBody {
        case,
        tenure: 1,
        collection_no: format!("{}-{}-{number:05}", rogue.division, at.date().compact()),
        query_code: QueryCode::draw(rogue.label, u32::from(number)),
        collecting: Place { node: rogue.node, division: rogue.division },
        collected_at: at,
        deciding: to.division,
        item: item.to_owned(),
        item_version: 1,
        mode: Mode::Collect,
        applicant_name: name.to_owned(),
        applicant_identity: system_tests::APPLICANT.1.to_owned(),
        materials: Vec::new(),
        history: Vec::new(),
    };
    Envelope {
        origin: rogue.node,
        epoch: EPOCH,
        destination: to.node,
        sequence,
        subject: Subject::from(case),
        act_number: 2,
        kind: 1,
        version: 1,
        body: EnvelopeBody::Plain(tongban_codes::cbor::to_vec(&body)),
    }
}

/// The rogue's journal of acts, from its beginning.
pub(crate) struct Journal {
    origin: NodeId,
    entries: Vec<(Entry, Body)>,
}

impl Journal {
    /// So many entries of that time.
    pub(crate) fn of(origin: NodeId, division: DivisionCode, count: u8, at: Timestamp) -> Self {
        let entry = |number: u8| {
            let body = Body::open([(1, [0; 16], vec![number])]).expect("one short field");
            let header = ActHeader {
                act: ActKind::Collect,
                at,
                case: CaseId::draw(&origin, [number; 10]),
                tenure: 1,
                collecting_division: division,
                deciding_division: division,
                authority: AuthorityId::from_bytes([9; 16]),
                item: "330A0015500013".to_owned(),
                base_code: None,
                item_version: 1,
                item_type: 1,
                mode: JournalMode::Local,
                channel: Channel::Window,
                outcome: None,
                in_time_statutory: None,
                in_time_promised: None,
                visits: 1,
                materials_asked: 0,
                materials_reused: 0,
                collected_on: Some(at.date()),
                accepted_on: None,
                decided_on: None,
                statutory_due: None,
                promised_due: None,
                licence: None,
                grade: None,
                card: None,
                voice: None,
            };
            (Entry::new(&Header::Acts(header), body.commitment()), body)
        };
        Self { origin, entries: (0..count).map(entry).collect() }
    }

    fn tree(&self) -> MemoryTree {
        MemoryTree::from_leaves(self.entries.iter().map(|(entry, _)| entry.leaf()))
    }

    /// What it says of itself.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let tree = self.tree();
        Checkpoint {
            origin: self.origin,
            journal: JournalKind::Acts,
            epoch: EPOCH,
            size: tree.size(),
            root: tree.root(),
        }
    }

    /// Entries from `from` on, under a checkpoint sealed by `signer`.
    pub(crate) fn slice(&self, from: usize, signer: &dyn Signer) -> Slice {
        let checkpoint = self.checkpoint();
        let note = SignedNote::sign(&checkpoint, signer).expect("the key signs").to_bytes();
        let mut builder = SliceBuilder::new(&checkpoint, note, from as u64, Vec::new());
        for (entry, body) in self.entries.iter().skip(from) {
            assert!(builder.push(entry.bytes().to_vec(), body.to_bytes()), "few entries fit");
        }
        builder.finish(Vec::new())
    }

    /// The proof that its first `old` entries are a prefix of the whole.
    pub(crate) fn proof(&self, old: u64) -> Vec<tongban_codes::ids::Digest> {
        let tree = self.tree();
        consistency_proof(&tree, old, tree.size()).expect("a tree proves its prefixes")
    }
}
