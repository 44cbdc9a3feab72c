//! The table: every row that a hostile peer may try, and that the manual has it. What it may deliver stands in [`crate::delivered`].

use std::path::Path;

use system_tests::{CITY, Cluster, HOME, within};
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::invite::Invitation;
use tongban_federation::wire::{Frame, Hello, HighWater, Join, MaterialPart, Query, Request, Routed, Target};
use tongban_federation::{ProtocolVersion, Sealed, SignedRecord, VersionRange};
use tongban_journal::Checkpoint;
use tongban_quic::certificate;
use tongban_seal::{Ed25519Signer, SignedNote, Signer as _};
use tongban_storage::keyspace::delivery::{FORK, INBOX};
use tongban_storage::keyspace::key::stem;
use tongban_storage::{RocksBackend, RocksOptions};

use crate::matter::{Journal, offer};
use crate::rogue::{EPOCH, Rogue, SEED, brought, carried, framed, new_key};
use crate::scene::{HOME_CODE, OPEN, ROGUE_CODE, Says, Scene, cluster, scene};
use crate::{delivered, now, state};

#[test]
#[expect(clippy::print_stderr, reason = "the table as it was found")]
fn every_row_is_refused_and_changes_nothing() {
    let cluster = cluster();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let (rows, wrong) = runtime.block_on(async {
        let mut scene = scene(&cluster).await;
        delivered::envelopes(&mut scene, &cluster).await;
        delivered::frames(&mut scene).await;
        delivered::receipts(&mut scene, &cluster).await;
        greetings(&mut scene).await;
        records(&mut scene).await;
        journals(&mut scene).await;
        requests(&mut scene).await;
        joins(&mut scene, &cluster).await;
        handshakes(&mut scene, &cluster).await;
        honest(&mut scene).await;
        kept(&cluster, &scene);
        (scene.rows, scene.wrong)
    });
    for (what, says) in &rows {
        eprintln!("| {what} | {says} |");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let manual = std::fs::read_to_string(manual).expect("the manual is there");
    let missing: Vec<_> = rows.iter().map(|(what, says)| format!("| {what} | {says} |")).collect();
    let missing: Vec<_> = missing.into_iter().filter(|row| !manual.contains(row)).collect();
    assert!(missing.is_empty(), "not in docs/protocol.md: {missing:#?}");
}

async fn greetings(scene: &mut Scene<'_>) {
    let good = scene.rogue.hello(now(scene.node));
    let version = |min, max| VersionRange { min: ProtocolVersion(min), max: ProtocolVersion(max) };
    let other = Hello { node: NodeId::from_bytes([1; 16]), ..good.clone() };
    scene.greeting("a greeting in the name of another node", other, Says::Refuse("identity")).await;
    let other = Hello { division: HOME_CODE.parse().expect("a code"), ..good.clone() };
    scene.greeting("a greeting from another division", other, Says::Refuse("identity")).await;
    let older = Hello { epoch: EPOCH - 1, ..good.clone() };
    scene.greeting("a greeting from an epoch that is over", older, Says::Refuse("stale-epoch")).await;
    let newer = Hello { versions: version(2, 9), ..good.clone() };
    scene.greeting("a greeting without a version in common", newer, Says::Refuse("version-skew")).await;
    let upside_down = Hello { versions: version(2, 1), ..good };
    scene.greeting("versions upside down", upside_down, Says::Refuse("version-skew")).await;
}

async fn records(scene: &mut Scene<'_>) {
    let at = now(scene.node);
    let record = |scene: &Scene<'_>, version, name: &str| framed(&brought(scene.rogue.record(version, name, at)));
    let older = record(scene, 4, "从前");
    scene.raw("a record with a lower version", older, Says::Nothing).await;
    let same = record(scene, 5, "另一个");
    scene.raw("another record under the same version", same, Says::Log("record-contradiction")).await;
    let own = scene.rogue.record(9, "改", at);
    let SignedRecord::Node { node, certifier, certification, record } =
        tongban_codes::cbor::from_slice(own.as_bytes()).expect("a signed record")
    else {
        panic!("a node's record")
    };
    let brought_as = |signed: SignedRecord| framed(&brought(signed.to_sealed()));
    let of_other = SignedRecord::Node {
        node: NodeId::from_bytes([3; 16]),
        certifier,
        certification: certification.clone(),
        record: record.clone(),
    };
    scene.raw("a record under another node's name", brought_as(of_other), Says::Log("record-mismatch")).await;
    let by_itself =
        SignedRecord::Node { node, certifier: node, certification: certification.clone(), record: record.clone() };
    scene.raw("a node that certifies itself", brought_as(by_itself), Says::Log("record-no-anchor")).await;
    let by_unknown = SignedRecord::Node {
        node,
        certifier: NodeId::from_bytes([4; 16]),
        certification: certification.clone(),
        record: record.clone(),
    };
    scene.raw("a record whose certifier nobody knows", brought_as(by_unknown), Says::Log("signer-unknown")).await;
    let mut bent = record.as_bytes().to_vec();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    let bent = SignedRecord::Node { node, certifier, certification, record: Sealed::new(bent) };
    scene.raw("a record whose seal has one bit changed", brought_as(bent), Says::Log("seal-invalid")).await;

    // Only what lies below it may a node certify.
    for (what, division, label, code) in [
        ("a certification for a division that isn't below", HOME_CODE, HOME_CODE, "record-division"),
        ("a certification under another division's label", "330110009", HOME_CODE, "record-mismatch"),
    ] {
        let seal = Ed25519Signer::from_seed(&[0x55; 32]);
        let child = NodeId::from_bytes([0x55; 16]);
        let signed = certified(&scene.rogue, child, division, label, &seal, at);
        scene.raw(what, brought_as(signed), Says::Log(code)).await;
    }
}

/// A record of a node that the rogue certifies.
fn certified(
    rogue: &Rogue,
    child: NodeId,
    division: &str,
    label: &str,
    seal: &Ed25519Signer,
    at: Timestamp,
) -> SignedRecord {
    use tongban_codes::ids::Label;
    use tongban_federation::directory::DatedKey;
    use tongban_federation::{Certification, NodeRecord};
    let certification = Certification {
        node: child,
        division: division.parse().expect("a code"),
        label: Label::new(label.parse().expect("a code"), 9).expect("a label"),
        superior: Some(rogue.node),
        seal_keys: vec![DatedKey { key: seal.public_key(), from: at, revoked: None }],
        exchange_key: vec![7; 32],
        serial: 1,
        at,
        revoked: None,
        reason: None,
    };
    let record = NodeRecord {
        node: child,
        name: "假".to_owned(),
        addresses: Vec::new(),
        transport_key: Digest::of(b"key"),
        chain: Vec::new(),
        authorities: Vec::new(),
        epoch: 1,
        version: 1,
        issued_at: at,
    };
    SignedRecord::Node {
        node: child,
        certifier: rogue.node,
        certification: certification.seal(&rogue.seal).expect("the key signs"),
        record: record.seal(seal).expect("the key signs"),
    }
}

async fn journals(scene: &mut Scene<'_>) {
    let at = now(scene.node);
    // Entries carry the time, so none of these is what was pulled.
    let (rogue, division) = (scene.rogue.node, scene.rogue.division);
    let journal = |count| Journal::of(rogue, division, count, at);
    let (longer, signer) = (journal(6), Ed25519Signer::from_seed(&SEED));
    let note = |checkpoint: Checkpoint, signer: &Ed25519Signer| {
        SignedNote::sign(&checkpoint, signer).expect("it signs").to_bytes()
    };

    let fork = journal(2).slice(2, &signer);
    scene.journal("a journal that forks", fork.to_bytes(), "journal-fork").await;
    let rewritten = longer.slice(2, &signer);
    scene.journal("a journal that was rewritten and goes on", rewritten.to_bytes(), "slice-root-mismatch").await;
    scene.journal("a journal that skips entries", longer.slice(3, &signer).to_bytes(), "slice-gap").await;
    let shrunk = journal(1).slice(1, &signer);
    scene.journal("a journal that shrinks", shrunk.to_bytes(), "journal-shrunk").await;
    let mut inconsistent = longer.slice(2, &signer);
    inconsistent.entries.pop();
    inconsistent.consistency = longer.proof(3);
    scene.journal("a slice whose proof doesn't hold", inconsistent.to_bytes(), "slice-inconsistent").await;
    let mut beyond = longer.slice(2, &signer);
    beyond.checkpoint = note(journal(3).checkpoint(), &signer);
    scene.journal("a slice that goes beyond its checkpoint", beyond.to_bytes(), "slice-beyond-checkpoint").await;
    let mut body = longer.slice(2, &signer);
    body.entries[0].body = body.entries[1].body.clone();
    scene.journal("a body that isn't its entry's", body.to_bytes(), "slice-body-mismatch").await;
    let other = Ed25519Signer::from_seed(&[0x78; 32]);
    let mut foreign = longer.slice(2, &signer);
    foreign.checkpoint = note(longer.checkpoint(), &other);
    scene.journal("a checkpoint under another key", foreign.to_bytes(), "note-unsigned").await;
    let mut elsewhere = longer.slice(2, &signer);
    elsewhere.origin = scene.here.node;
    scene.journal("a slice of another node's journal", elsewhere.to_bytes(), "slice-other").await;
    let mut short = longer.slice(2, &signer).to_bytes();
    short.truncate(short.len() - 7);
    scene.journal("a truncated slice", short, "slice-malformed").await;
}

async fn requests(scene: &mut Scene<'_>) {
    let chain = scene.rogue.chain.clone();
    scene.request("a request that isn't CBOR", &chain, &[0xff; 4], Says::Answer("frame-malformed")).await;
    scene.request("a request of more than 64 KiB", &chain, &vec![0; (64 << 10) + 1], Says::Reset(1)).await;
    let pull = |origin| {
        let pull =
            tongban_federation::wire::Pull { origin, journal: 0, epoch: 1, from: 0, bytes_max: 1 << 20, packing: None };
        Request::Pull(pull).to_bytes()
    };
    scene
        .request("a pull of acts by a subordinate", &chain, &pull(scene.here.node), Says::Answer("journal-not-offered"))
        .await;
    let question = |hops| {
        let query = Query::Whereis("x".to_owned());
        Request::Routed(Routed {
            asker: scene.rogue.node,
            target: Target::Node(NodeId::from_bytes([8; 16])),
            hops,
            query,
        })
        .to_bytes()
    };
    let (far, lost) = (question(9), question(8));
    scene.request("a question over more than eight links", &chain, &far, Says::Answer("frame-too-many")).await;
    scene.request("a question for a node that nobody knows", &chain, &lost, Says::Answer("unreached")).await;
    let material = |asker| {
        let (case, digest) = (CaseId::from_bytes(*scene.first.subject.as_bytes()), Digest::of(b"a material"));
        let query = Query::Material(MaterialPart { case, digest, from: 0, bytes_max: 1 << 19 });
        Request::Routed(Routed { asker, target: Target::Node(scene.here.node), hops: 8, query }).to_bytes()
    };
    let other = CaseId::from_bytes([0x77; 16]);
    let foreign = Query::Material(MaterialPart { case: other, digest: Digest::of(b"x"), from: 0, bytes_max: 1 });
    let (asker, target) = (scene.rogue.node, Target::Node(scene.here.node));
    let foreign = Request::Routed(Routed { asker, target, hops: 8, query: foreign }).to_bytes();
    let in_another_name = material(NodeId::from_bytes([8; 16]));
    let not_there = material(scene.rogue.node);
    for (what, request, code) in [
        ("a material of a case that isn't the asker's", &foreign, "material-foreign"),
        ("a material in the name of another node", &in_another_name, "asker-forged"),
        ("a material that the asker's case doesn't name", &not_there, "material-unknown"),
    ] {
        scene.request(what, &chain, request, Says::Answer(code)).await;
    }
    let stranger = vec![
        certificate::self_signed(
            &scene.rogue.key,
            NodeId::from_bytes([0x31; 16]),
            scene.rogue.division,
            now(scene.node),
        )
        .expect("a key signs itself"),
    ];
    scene
        .request(
            "a stranger that asks for anything but a join",
            &stranger,
            &pull(scene.here.node),
            Says::Answer("stranger"),
        )
        .await;
}

async fn joins(scene: &mut Scene<'_>, cluster: &Cluster) {
    let at = now(scene.node);
    let token = |division: &str, expires: &str| -> Invitation {
        let answer = scene.node.ok(&["invite", "--division", division, "--expires", expires]);
        answer["token"].as_str().unwrap_or_default().parse().expect("a whole token")
    };
    let (mine, others, short) = (token(ROGUE_CODE, "1h"), token(HOME_CODE, "1h"), token(ROGUE_CODE, "1s"));
    let home: NodeId =
        cluster.node(HOME).get("/v1/status")["node"].as_str().unwrap_or_default().parse().expect("an id");
    within(10, "a token has expired", || system_tests::seen(now(scene.node) > short.expires, now(scene.node)));

    let as_node = |node, division: &str| {
        vec![
            certificate::self_signed(&scene.rogue.key, node, division.parse().expect("a code"), at)
                .expect("a key signs itself"),
        ]
    };
    let fresh = NodeId::from_bytes([0x32; 16]);
    let (chain, taken, away) = (as_node(fresh, ROGUE_CODE), as_node(home, HOME_CODE), as_node(fresh, HOME_CODE));
    let join = |secret| Join { node: fresh, ..scene.rogue.join(secret) };
    let rows = [
        ("a join with a secret that was never given", chain.clone(), join([0; 16]), "invite-unknown"),
        ("a join with the token of another division", chain.clone(), join(others.secret), "invite-division"),
        ("a join with an expired token", chain.clone(), join(short.secret), "invite-expired"),
        (
            "a join in the name of another node than the connection's",
            chain.clone(),
            Join { node: NodeId::from_bytes([0x33; 16]), ..join(mine.secret) },
            "join-contradiction",
        ),
        (
            "a join with another key than the connection's",
            chain,
            Join {
                transport_request: certificate::public_key(&new_key()).expect("a public half"),
                ..join(mine.secret)
            },
            "join-contradiction",
        ),
        ("a join for another division than the connection's", away, join(mine.secret), "join-contradiction"),
        (
            "a join under the id of a node that is known",
            taken,
            Join { node: home, division: HOME_CODE.parse().expect("a code"), ..join(others.secret) },
            "node-id-taken",
        ),
    ];
    for (what, chain, join, code) in rows {
        scene.request(what, &chain, &Request::Join(join).to_bytes(), Says::Answer(code)).await;
    }
}

async fn handshakes(scene: &mut Scene<'_>, cluster: &Cluster) {
    let at = now(scene.node);
    let (own_key, other_key) = (scene.rogue.key.clone(), new_key());
    let home: NodeId =
        cluster.node(HOME).get("/v1/status")["node"].as_str().unwrap_or_default().parse().expect("an id");
    // A chain that hangs together and ends at a root of its own.
    let root_key = new_key();
    let root = certificate::self_signed(&root_key, NodeId::from_bytes([0x41; 16]), "33".parse().expect("a code"), at)
        .expect("it signs");
    let subject = tongban_quic::Subject {
        spki: certificate::public_key(&own_key).expect("a public half"),
        node: scene.rogue.node,
        division: scene.rogue.division,
    };
    let foreign = certificate::issue(&root_key, &[root], &subject, at, 90).expect("33 is above");
    scene.handshake("a certificate of another tree", &own_key, &foreign, "certificate-of-another-tree").await;
    let good = scene.rogue.chain.clone();
    scene.handshake("a certificate without its key", &other_key, &good, "certificate-without-key").await;
    let mut bent = good.clone();
    let last = bent[0].len() - 1;
    bent[0][last] ^= 1;
    scene.handshake("a certificate with one bit changed", &own_key, &bent, "certificate-malformed").await;
    let short: Vec<Vec<u8>> = good[..1].to_vec();
    scene.handshake("a chain that is cut short", &own_key, &short, "certificate-of-another-tree").await;

    let posing = scene.rogue.issue(&other_key, home, "330110009", at);
    scene.handshake("a certificate for the id of a node that is known", &other_key, &posing, "node-id-taken").await;
}

/// After all that the rogue's lawful matter is taken, once, and its twin isn't.
async fn honest(scene: &mut Scene<'_>) {
    let at = now(scene.node);
    let (mut line, hello) = scene.rogue.greeted(at).await;
    scene.note("", Says::Nothing, Ok(()), Some(&hello));
    scene.rows.pop();
    let lawful = offer(&scene.rogue, scene.here, OPEN, 2, 2, at, "李四");
    let frame = Frame::Envelope(carried(scene.rogue.node, scene.rogue.envelope(&lawful))).to_bytes();
    line.send(&frame).await;
    let receipt = async |line: &mut crate::rogue::Line| loop {
        match line.next().await {
            Ok(Frame::Receipt(receipt)) => break receipt,
            Ok(_) => {}
            Err(end) => panic!("no receipt: {end}"),
        }
    };
    let first = receipt(&mut line).await;
    line.close();
    assert_eq!(scene.node.get("/v1/cases")["cases"].as_array().map(Vec::len), Some(2), "the lawful offer was taken");
    // What waited behind the gap has been answered with it.
    let (quiet, hello) = scene.rogue.greeted(at).await;
    quiet.close();
    let taken = hello.high_waters.iter().map(|mark| mark.sequence).max().unwrap_or(0);
    assert!((2..=3).contains(&taken), "{:?}", hello.high_waters);
    let mark = HighWater { origin: scene.rogue.node, epoch: EPOCH, sequence: taken };
    scene.before = (state(scene.node), (vec![mark], scene.before.1.1));
    scene.raw("an envelope that was taken before", framed(&frame), Says::SameReceipt).await;
    let (mut line, hello) = scene.rogue.greeted(at).await;
    scene.note("", Says::Nothing, Ok(()), Some(&hello));
    scene.rows.pop();
    line.send(&frame).await;
    assert_eq!(receipt(&mut line).await, first, "the receipt is the same, byte for byte");
    line.close();
}

/// The first of two acts that contradict each other stands, and of each the second is kept whole.
fn kept(cluster: &Cluster, scene: &Scene<'_>) {
    let node = cluster.node(CITY);
    node.stop();
    let state = RocksBackend::open(&node.dir.join("data/state"), RocksOptions::default())
        .expect("a stopped node's state opens");
    let of_rogue = (scene.rogue.node, EPOCH, 1);
    let first = INBOX.load(&state, &of_rogue).expect("readable").expect("what was taken");
    assert_eq!((first.id, first.digest), (scene.first.id().0, scene.first.digest()));
    let kept = FORK.list(&state, &stem(&of_rogue), None, 9).expect("readable");
    let mut kept: Vec<_> = kept.into_iter().map(|(_, fork)| (fork.first, fork.sealed)).collect();
    let mut sent: Vec<_> = scene.forks.iter().map(|fork| (scene.first.id().0, scene.rogue.envelope(fork))).collect();
    kept.sort();
    sent.sort();
    assert!(kept == sent, "{} kept, {} sent", kept.len(), sent.len());
}
