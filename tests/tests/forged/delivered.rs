//! Rows of the table: envelopes, frames and receipts.

use system_tests::{Cluster, HOME, within};
use tongban_codes::ids::{Digest, NodeId};
use tongban_domain::Place;
use tongban_federation::wire::Frame;
use tongban_federation::{Envelope, Outcome, Receipt};
use tongban_seal::{Ed25519Signer, content_type};

use crate::matter::offer;
use crate::rogue::{carried, framed, sealed, statement};
use crate::scene::{OPEN, Says, Scene};
use crate::{now, state};

pub(crate) async fn envelopes(scene: &mut Scene<'_>, cluster: &Cluster) {
    let at = now(scene.node);
    let (rogue, here) = (scene.rogue.node, scene.here);
    let next = offer(&scene.rogue, here, OPEN, 2, 2, at, "李四");
    let good = scene.rogue.envelope(&next);

    let mut bent = good.clone();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    scene
        .frame(
            "an envelope whose seal has one bit changed",
            Frame::Envelope(carried(rogue, bent)),
            Says::Log("seal-broken"),
        )
        .await;

    let stranger = Ed25519Signer::from_seed(&[0x77; 32]);
    let forged = sealed(&stranger, content_type::ENVELOPE, &next.to_bytes());
    scene
        .frame(
            "an envelope under a key that isn't the signer's",
            Frame::Envelope(carried(rogue, forged)),
            Says::Log("seal-key-unknown"),
        )
        .await;

    let home: NodeId =
        cluster.node(HOME).get("/v1/status")["node"].as_str().unwrap_or_default().parse().expect("an id");
    scene
        .frame(
            "an envelope that names another node as its signer",
            Frame::Envelope(carried(home, good.clone())),
            Says::Log("seal-key-unknown"),
        )
        .await;
    let of_home = Envelope { origin: home, ..next.clone() };
    scene.envelope("an envelope in the name of another origin", &of_home, Says::Log("statement-signer")).await;

    let as_receipt = sealed(&scene.rogue.seal, content_type::RECEIPT, &next.to_bytes());
    scene
        .frame(
            "an envelope sealed as a receipt",
            Frame::Envelope(carried(rogue, as_receipt)),
            Says::Log("seal-malformed"),
        )
        .await;

    let readdressed: Vec<u8> = {
        let (from, to) = (*here.node.as_bytes(), *home.as_bytes());
        let at = good.windows(16).position(|bytes| bytes == from).expect("the destination stands in the statement");
        [&good[..at], &to, &good[at + 16..]].concat()
    };
    scene
        .frame(
            "an envelope re-addressed to another node",
            Frame::Envelope(carried(rogue, readdressed)),
            Says::Log("seal-malformed"),
        )
        .await;
    let nowhere = Envelope { destination: NodeId::from_bytes([0x99; 16]), ..next.clone() };
    scene.envelope("an envelope for a node that nobody knows", &nowhere, Says::Nothing).await;

    let mut short = good.clone();
    short.truncate(good.len() - 9);
    scene.frame("a truncated envelope", Frame::Envelope(carried(rogue, short)), Says::Log("seal-malformed")).await;

    let early = Envelope { sequence: 1_000, ..next.clone() };
    scene.envelope("a sequence out of the window", &early, Says::Nothing).await;
    // It waits in memory for the gap to close, and says what was said before.
    let skipping = Envelope { sequence: 3, ..scene.first.clone() };
    scene.envelope("a sequence that leaves a gap", &skipping, Says::Nothing).await;
    let nought = Envelope { sequence: 0, ..next.clone() };
    scene.envelope("sequence 0", &nought, Says::Log("statement-sequence")).await;
    let nought = Envelope { epoch: 0, ..next.clone() };
    scene.envelope("epoch 0", &nought, Says::Log("statement-sequence")).await;

    let fork = offer(&scene.rogue, here, OPEN, 1, 1, at, "王五");
    assert_eq!(fork.id(), scene.first.id(), "the same act");
    scene.envelope("the same id with another digest", &fork, Says::Receipt("envelope-fork")).await;
    let other = offer(&scene.rogue, here, OPEN, 1, 9, at, "赵六");
    scene.envelope("another act at a place that is taken", &other, Says::Receipt("envelope-fork")).await;
    scene.forks = vec![fork, other];
}

pub(crate) async fn frames(scene: &mut Scene<'_>) {
    scene.raw("a frame that isn't CBOR", framed(&[0xff; 8]), Says::Bye("protocol")).await;
    scene.raw("an empty frame", framed(&[]), Says::Bye("protocol")).await;
    // {0: 0} spelt with a length of two bytes: not the shortest form.
    scene
        .raw("CBOR that isn't deterministic", framed(&[0x82, 0x18, 0x09, 0xa1, 0x00, 0x00]), Says::Bye("protocol"))
        .await;
    scene.raw("a frame of an unknown kind", framed(&[0x82, 0x18, 0x63, 0xa0]), Says::Bye("protocol")).await;
    let length = (1_u32 << 20) + 1;
    scene.raw("a frame of more than 1 MiB, by its length", length.to_be_bytes().to_vec(), Says::Close(1)).await;
    let long = carried(scene.rogue.node, vec![0; (1 << 20) - 200]);
    scene.frame("an oversized envelope in a frame that fits", Frame::Envelope(long), Says::Bye("protocol")).await;
    let long = carried(scene.rogue.node, vec![0; (64 << 10) + 1]);
    scene.frame("an oversized receipt", Frame::Receipt(long), Says::Bye("protocol")).await;
}

pub(crate) async fn receipts(scene: &mut Scene<'_>, cluster: &Cluster) {
    let at = now(scene.node);
    let home: NodeId =
        cluster.node(HOME).get("/v1/status")["node"].as_str().unwrap_or_default().parse().expect("an id");
    let rogue = scene.rogue.node;
    // What the city would have sent to its other county.
    let theirs = Envelope {
        origin: scene.here.node,
        ..offer(&scene.rogue, Place { node: home, ..scene.here }, OPEN, 1, 3, at, "张三")
    };
    let outcome = || Outcome::Applied { detail: Vec::new() };
    let of_home = Receipt::of(&theirs, outcome(), at);
    let sealed_by_me = scene.rogue.receipt(&of_home);
    scene
        .frame(
            "a receipt of another node under the own seal",
            Frame::Receipt(carried(home, sealed_by_me.clone())),
            Says::Log("seal-key-unknown"),
        )
        .await;
    scene
        .frame(
            "a receipt that names another node as receiver",
            Frame::Receipt(carried(rogue, sealed_by_me)),
            Says::Log("statement-signer"),
        )
        .await;
    let never_sent = Receipt { receiver: rogue, ..of_home };
    let never_sent = scene.rogue.receipt(&never_sent);
    scene.frame("a receipt for what was never sent", Frame::Receipt(carried(rogue, never_sent)), Says::Nothing).await;
    let as_envelope = sealed(&scene.rogue.seal, content_type::ENVELOPE, b"\xa0");
    scene
        .frame(
            "an envelope's seal in a receipt's frame",
            Frame::Receipt(carried(rogue, as_envelope)),
            Says::Log("seal-malformed"),
        )
        .await;

    // The city accepts the rogue's case and reports that; the rogue answers for another act.
    let case = scene.node.get("/v1/cases?limit=1")["cases"][0]["case"].as_str().unwrap_or_default().to_owned();
    scene.node.ok(&["case", "accept", &case]);
    within(10, "the journal is sealed", || {
        let shown = scene.node.get("/v1/journal/checkpoint");
        let sealed = shown["checkpoints"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["journal"] == "acts" && one["size"] == 2));
        system_tests::seen(sealed, shown)
    });
    scene.before.0 = state(scene.node);
    let (mut line, _) = scene.rogue.greeted(at).await;
    let notice = loop {
        match line.next().await {
            Ok(Frame::Envelope(signed)) => break signed,
            Ok(_) => {}
            Err(end) => panic!("the city reports nothing: {end}"),
        }
    };
    line.close();
    let envelope = Envelope::from_bytes(&statement(&notice)).expect("an envelope");
    for (what, receipt) in [
        (
            "a receipt with the digest of another act",
            Receipt { digest: Digest::of(b"other"), ..Receipt::of(&envelope, outcome(), at) },
        ),
        (
            "a receipt with the id of another envelope",
            Receipt { envelope: theirs.id(), ..Receipt::of(&envelope, outcome(), at) },
        ),
    ] {
        let receipt = scene.rogue.receipt(&receipt);
        scene.frame(what, Frame::Receipt(carried(rogue, receipt)), Says::Log("receipt-mismatch")).await;
    }
}
