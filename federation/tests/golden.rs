//! Every wire type, pinned: what is encoded today is what version 1 will always be.
//!
//! `TONGBAN_BLESS=1` writes files that are missing; it never changes one that is there.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{fmt::Debug, fs, path::PathBuf};

use tongban_codes::{
    cbor,
    division::DivisionCode,
    ids::{AuthorityId, CaseId, Digest, Label, NodeId, QueryCode},
    time::{Date, Timestamp},
};
use tongban_federation::{
    Body, CheckpointRef, Custody, Envelope, FederationLevel, Flow, Invitation, Outcome, ProtocolVersion, Receipt,
    Release, Sealed, Subject, VersionRange,
    custody::{Offer, OfferAnswer, Reclaim},
    drift::{Holding, ItemsAnswer, Leaf, LeavesAnswer, ListAnswer, RootAnswer, SealedOtherwise, WholeItem, bucket},
    wire::{
        Answer, Blob, Bye, Chain, Chunk, DriftItems, DriftLeaves, DriftList, DriftRoot, Echo, Frame, Held, Hello,
        HelloAck, HighWater, ItemName, Join, Joined, JournalList, JournalListed, JournalSize, Journals, MaterialPart,
        NamedKey, Nudge, PACKED_DEFLATE, Pull, Query, Records, Refusal, Renew, Renewed, Request, Response, Routed,
        SignedBy, Slice, Target,
    },
};

fn node(n: u8) -> NodeId {
    NodeId::from_bytes([n; 16])
}

fn division() -> DivisionCode {
    "511602".parse().unwrap()
}

fn sealed() -> Sealed {
    Sealed::new(vec![0xd2, 0x84])
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_789_000_000_000)
}

fn flow() -> Flow {
    Flow { origin: node(1), epoch: 2, destination: node(3) }
}

fn size() -> JournalSize {
    JournalSize { origin: node(1), journal: 1, epoch: 2, size: 300 }
}

fn refusal() -> Refusal {
    Refusal { code: "version-skew".to_owned(), text: "升级".to_owned() }
}

fn label() -> Label {
    Label::new(division(), 2).unwrap()
}

fn item() -> ItemName {
    ItemName { base: Some("330115033000".to_owned()), code: Some("11330106MB28559184433011503300001".to_owned()) }
}

fn pin<T>(name: &str, value: &T)
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + Debug,
{
    let bytes = cbor::to_vec(value);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.hex"));
    if std::env::var_os("TONGBAN_BLESS").is_some() && !path.exists() {
        fs::write(&path, format!("{hex}\n")).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(hex, golden.trim(), "{name} is encoded otherwise than when it was frozen");
    assert_eq!(&cbor::from_slice::<T>(&bytes).unwrap(), value, "{name} is read back otherwise");
}

#[test]
fn frames() {
    let hello = Hello {
        versions: VersionRange { min: ProtocolVersion(1), max: ProtocolVersion(2) },
        release: Release { major: 0, minor: 1, patch: 2 },
        node: node(1),
        division: division(),
        epoch: 2,
        level: FederationLevel(1),
        at: at(),
        high_waters: vec![HighWater { origin: node(3), epoch: 1, sequence: 70_000 }],
        journals: vec![size()],
        directory: Some(Digest::of(b"directory")),
    };
    let signed = SignedBy { signer: node(1), sealed: sealed() };
    for (name, frame) in [
        (
            "hello-first",
            Frame::Hello(Hello { directory: None, high_waters: vec![], journals: vec![], ..hello.clone() }),
        ),
        ("hello", Frame::Hello(hello)),
        ("hello-ack", Frame::HelloAck(HelloAck { version: ProtocolVersion(1) })),
        ("refuse", Frame::Refuse(refusal())),
        ("envelope", Frame::Envelope(signed.clone())),
        ("held", Frame::Held(Held { flow: flow(), sequence: 5 })),
        ("receipt", Frame::Receipt(signed)),
        ("records", Frame::Records(Records { records: vec![sealed(), sealed()] })),
        ("nudge", Frame::Nudge(Nudge { journals: vec![size()] })),
        ("chain", Frame::Chain(Chain { certificates: vec![sealed()] })),
        ("ping", Frame::Ping(Echo { number: 1 })),
        ("pong", Frame::Pong(Echo { number: u64::MAX })),
        ("bye", Frame::Bye(Bye { code: 2, text: "going away".to_owned() })),
    ] {
        pin(&format!("frame-{name}"), &frame);
        assert_eq!(Frame::are_records(&frame.to_bytes()), matches!(frame, Frame::Records(_)), "{name}");
        assert_eq!(Frame::from_bytes(&frame.to_bytes()), Ok(frame));
    }
}

#[test]
fn requests() {
    let join = Join {
        secret: [7; 16],
        division: division(),
        node: node(1),
        transport_request: vec![0x30, 0],
        seal_key: vec![1],
        exchange_key: vec![2],
        name: "广安区".to_owned(),
        addresses: vec!["10.51.16.2:7400".to_owned()],
        authorities: vec![AuthorityId::from_bytes([4; 16])],
    };
    let part = MaterialPart {
        case: CaseId::from_bytes([5; 16]),
        digest: Digest::of(b"material"),
        from: 524_288,
        bytes_max: 524_288,
    };
    let routed = |target, query| Request::Routed(Routed { asker: node(1), target, hops: 8, query });
    for (name, request) in [
        ("join", Request::Join(join)),
        ("renew", Request::Renew(Renew { transport_request: vec![0x30, 0] })),
        ("journals", Request::Journals(Journals {})),
        (
            "pull",
            Request::Pull(Pull { origin: node(1), journal: 1, epoch: 2, from: 3, bytes_max: 4096, packing: None }),
        ),
        (
            "pull-packed",
            Request::Pull(Pull {
                origin: node(1),
                journal: 1,
                epoch: 2,
                from: 3,
                bytes_max: 4096,
                packing: Some(PACKED_DEFLATE),
            }),
        ),
        ("blob", Request::Blob(Blob { digest: Digest::of(b"blob"), from: 0, bytes_max: 4096 })),
        ("whereis", routed(Target::CasePrefix([1; 6]), Query::Whereis("0101".to_owned()))),
        ("progress", routed(Target::Label(label()), Query::Progress(QueryCode::draw(label(), 5)))),
        (
            "proven-progress",
            routed(Target::Label(label()), Query::ProvenProgress(QueryCode::draw(label(), 5), "07123X".to_owned())),
        ),
        ("item", routed(Target::Division(division()), Query::Item(division(), "511A0015500013".to_owned()))),
        ("licence", routed(Target::Node(node(3)), Query::Licence("1.2.156".to_owned()))),
        ("drift-root", routed(Target::Node(node(3)), Query::DriftRoot(DriftRoot {}))),
        ("drift-list", routed(Target::Node(node(3)), Query::DriftList(DriftList {}))),
        ("drift-leaves", routed(Target::Node(node(3)), Query::DriftLeaves(DriftLeaves { buckets: [9; 32] }))),
        ("drift-items", routed(Target::Node(node(3)), Query::DriftItems(DriftItems { names: vec![item()] }))),
        ("material", routed(Target::Node(node(3)), Query::Material(part))),
    ] {
        pin(&format!("request-{name}"), &request);
        assert_eq!(Request::from_bytes(&request.to_bytes()), Ok(request));
    }
}

#[test]
fn responses() {
    let joined = Joined {
        chain: vec![sealed()],
        label: label(),
        anchor: sealed(),
        records: vec![sealed()],
        index_key: Some(NamedKey { version: 1, key: vec![9; 32] }),
    };
    let listed = JournalListed { size: size(), note: Some("note\n".to_owned()) };
    for (name, response) in [
        ("joined", Response::Joined(joined)),
        ("renewed", Response::Renewed(Renewed { chain: vec![sealed()] })),
        ("journal-list", Response::JournalList(JournalList { journals: vec![listed] })),
        ("slice", Response::Slice(Slice { bytes: vec![1, 2], next: 5, size: 9, packed: None })),
        ("slice-packed", Response::Slice(Slice { bytes: vec![1, 2], next: 5, size: 9, packed: Some(300) })),
        ("chunk", Response::Chunk(Chunk { bytes: vec![1, 2], size: 2 })),
        ("answer", Response::Answer(Answer { signer: node(3), sealed: sealed() })),
        ("refused", Response::Refused(refusal())),
    ] {
        pin(&format!("response-{name}"), &response);
        assert_eq!(Response::from_bytes(&response.to_bytes()), Ok(response));
    }
}

#[test]
fn statements() {
    let with = |body| Envelope {
        origin: node(1),
        epoch: 2,
        destination: node(3),
        sequence: 4,
        subject: Subject::from_bytes([5; 16]),
        act_number: 6,
        kind: 7,
        version: 1,
        body,
    };
    let envelope = with(Body::Plain(vec![8]));
    pin("envelope-plain", &envelope);
    pin("envelope-hpke", &with(Body::Hpke { encapsulated: vec![1], ciphertext: vec![2] }));
    assert_eq!(envelope.id().to_string(), "b74de4e0487e6e7394bc08dffb046fe6491071a94691e0d55c71a50054bc742d");
    assert_eq!(envelope.digest().to_string(), "31929a17c4960f7f00598baf4e52d8f26034941a21b4eeed775314d43bd46ff3");
    let resent = Envelope { epoch: 9, sequence: 1, ..envelope.clone() };
    assert_eq!((resent.id(), resent.digest()), (envelope.id(), envelope.digest()), "a resend is the same envelope");

    let receipt = |outcome| Receipt::of(&envelope, outcome, at());
    pin("receipt-applied", &receipt(Outcome::Applied { detail: vec![1] }));
    pin(
        "receipt-refused",
        &receipt(Outcome::Refused { code: "not-competent".to_owned(), text: "不属于本机关".to_owned() }),
    );
    let checkpoint = Some(CheckpointRef { journal: 1, epoch: 2, size: 3 });
    pin(
        "receipt-quarantined",
        &Receipt { checkpoint, ..receipt(Outcome::Quarantined { code: "kind-unknown".to_owned() }) },
    );
}

#[test]
fn drift() {
    let leaf = Leaf {
        name: item(),
        core: Digest::of(b"core"),
        version: 3,
        withdrawn: false,
        effective: Date::from_days(20_000),
        row: Some(Digest::of(b"row")),
        sealed: Some(SealedOtherwise { digest: Some(Digest::of(b"sealed")) }),
        keeper: None,
        reason: Some("local-regulation".to_owned()),
    };
    let base = Leaf {
        name: ItemName { base: Some("330115033000".to_owned()), code: None },
        effective: None,
        row: None,
        sealed: None,
        keeper: Some(division()),
        reason: None,
        ..leaf
    };
    pin("drift-root", &RootAnswer { root: Digest::of(b"root"), at: at() });
    pin("drift-list", &ListAnswer { hashes: vec![1; 64], whole: true, at: at(), standards: vec![size()] });
    pin("drift-leaves", &LeavesAnswer { leaves: vec![base.clone(), leaf.clone()], next: Some(7) });
    let whole = WholeItem { name: item(), row: Some(vec![1]), sealed: Some(vec![2]), sealed_at: Some(at()) };
    pin("drift-items", &ItemsAnswer { items: vec![whole] });
    // The hashes are the protocol, too.
    let holding = Holding::new([leaf, base], true);
    assert_eq!(bucket(&item()), 184);
    let hash = holding.list.hash(bucket(&item())).to_string();
    assert_eq!(hash, "0747ef9654b4d6236a6ec0ece44848fb843fc58024b312c075bfcadcb8bf083c");
    assert_eq!(holding.list.root().to_string(), "4c04e2ac6286b72b6124dc8388f878983bdd368e19a671d2174cda6433759bc2");
}

#[test]
fn custody() {
    pin("custody-owner", &Custody::first());
    pin("custody-offered", &Custody::Offered { to: node(3), division: division(), tenure: 1, act_number: 2 });
    pin("custody-discharged", &Custody::Discharged { to: node(3), tenure: 2 });
    pin("custody-mirror", &Custody::Mirror { owner: node(3), tenure: 2, as_of: at(), declined: 0 });
    pin("offer", &Offer { from: node(1), to: node(3), division: division(), tenure: 1, act_number: 2 });
    pin("offer-answer", &OfferAnswer { by: node(3), tenure: 1, act_number: 2 });
    pin("reclaim", &Reclaim { to: node(1), tenure: 3 });
}

#[test]
fn invitation() {
    let invitation = Invitation {
        address: "10.51.16.2:7400".to_owned(),
        issuer_key: Digest::of(b"key"),
        issuer_division: "511600".parse().unwrap(),
        division: division(),
        secret: [7; 16],
        expires: at(),
    };
    pin("invitation", &invitation);
}

#[test]
fn limits_hold_when_read() {
    let long = Frame::Envelope(SignedBy { signer: node(1), sealed: Sealed::new(vec![0; 1 << 20]) });
    assert_eq!(Frame::from_bytes(&long.to_bytes()).unwrap_err().code(), "frame-too-long");
    let many = Frame::Nudge(Nudge { journals: vec![size(); 1025] });
    assert_eq!(Frame::from_bytes(&many.to_bytes()).unwrap_err().code(), "frame-too-many");
    let far = Request::Routed(Routed {
        asker: node(1),
        target: Target::Node(node(2)),
        hops: 9,
        query: Query::Licence(String::new()),
    });
    assert_eq!(Request::from_bytes(&far.to_bytes()).unwrap_err().code(), "frame-too-many");
    for wrong in [&b""[..], b"\x80", b"\x82\x18\x63\xa0", b"\x82\x09\xa1\x00\x01\x00", b"\x9f\x09\xa1\x00\x01\xff"] {
        assert_eq!(Frame::from_bytes(wrong).unwrap_err().code(), "frame-malformed", "{wrong:x?}");
    }
}
