//! A peer that floods, stalls in the middle of what it sends, or opens streams without end: what it costs the node is bounded, and the
//! others are served meanwhile.

use std::time::{Duration, Instant};

use system_tests::{CITY, Cluster, HOME, Node, within};
use tongban_domain::Place;
use tongban_federation::wire::{Echo, Frame, Journals, Request};

use crate::matter::offer;
use crate::now;
use crate::rogue::{Line, Rogue, SEED, brought, carried, framed};
use crate::scene::{OPEN, ROGUE_CODE, cluster};

/// What one peer may occupy by what it sends (8 MiB in flight, 64 requests of 64 KiB, 8 MiB of frames that aren't dealt with, and a frame),
/// or by what it doesn't read (16 MiB of slices and 8 MiB on the way).
const PEER_KIB_MAX: u64 = 25 << 10;

/// What the allocator keeps of what was let go of (64 answers of 2 MiB go out one after another) and the node's other work may add meanwhile;
/// were the 64 answers kept, it would be 128 MiB.
const SLACK_KIB: u64 = 25 << 10;

/// How long each flood lasts.
const FLOOD: Duration = Duration::from_secs(2);

/// How long the county may wait while somebody floods.
const SERVED_SECONDS: u64 = 15;

/// Another county hands over a case to the city, and each sees the other's word on it.
pub(crate) fn served(cluster: &Cluster, what: &str) {
    let began = Instant::now();
    let case = cluster.node(HOME).collect(OPEN, "330100").case;
    cluster.node(CITY).owns(SERVED_SECONDS, &case);
    within(SERVED_SECONDS, &format!("the county is answered while a peer {what}"), || {
        let shown = cluster.node(HOME).ok(&["case", "show", &case]);
        system_tests::seen(shown["custody"] == "elsewhere", shown)
    });
    assert!(began.elapsed().as_secs() < 2 * SERVED_SECONDS, "{what}");
}

/// How long the allocator may take to give back what was let go of.
const GIVEN_BACK_SECONDS: u64 = 15;

/// Checks that the node doesn't keep more than a peer may occupy.
pub(crate) fn bounded(node: &Node, before: u64, what: &str) -> u64 {
    within(
        GIVEN_BACK_SECONDS,
        &format!("{what}: the node that had {before} KiB has no more than a peer may occupy"),
        || {
            let now = node.resident_kib();
            system_tests::seen(now <= before + PEER_KIB_MAX + SLACK_KIB, now)
        },
    )
}

#[test]
#[expect(clippy::print_stderr, reason = "what was seen")]
fn floods_stalls_and_endless_streams_are_bounded() {
    let cluster = cluster();
    let node = cluster.node(CITY);
    cluster.node(HOME).staff();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let token = node.ok(&["invite", "--division", ROGUE_CODE])["token"].as_str().unwrap_or_default().to_owned();
    let rogue = runtime.block_on(Rogue::joined(node.listen, &token, SEED, now(node)));
    runtime.block_on(async {
        let (mut line, _) = rogue.greeted(now(node)).await;
        line.send(&brought(rogue.record(1, "匪", now(node)))).await;
        line.read_through(1).await;
        line.close();
    });
    served(&cluster, "is quiet");
    let before = node.resident_kib();
    let mut seen = vec![format!("{before} KiB before")];
    let mut look = |what: &str| seen.push(format!("{} KiB: {what}", bounded(node, before, what)));

    runtime.block_on(async {
        let (mut line, _) = rogue.greeted(now(node)).await;
        flood_of_frames(&mut line).await;
    });
    let log = std::fs::read_to_string(node.log()).unwrap_or_default();
    assert!(log.contains(r#"code="limit""#) || log.contains(r#"code="link-slow""#), "the log says why");
    look("more frames than the protocol allows");
    served(&cluster, "has flooded");

    let (mut line, _) = runtime.block_on(rogue.greeted(now(node)));
    let flood = runtime.spawn(envelopes(offers(&rogue, node), line.main));
    served(&cluster, "floods with envelopes that can't be taken");
    look("envelopes out of the window");
    assert!(!flood.is_finished(), "it was looked at while the flood went on");
    line.connection.close(0_u32.into(), b"");
    flood.abort();

    (line, _) = runtime.block_on(rogue.greeted(now(node)));
    let streams = runtime.block_on(stalled(&mut line));
    assert_eq!(streams, 64, "request streams of a peer, beside the main stream");
    served(&cluster, "stalls in the middle of a frame and of 64 requests");
    look("stalled in the middle of a frame and of 64 requests");
    line.close();

    (line, _) = runtime.block_on(rogue.greeted(now(node)));
    let opened = runtime.block_on(endless(&line));
    served(&cluster, "opens streams without end");
    look(&format!("{opened} streams opened and broken off"));
    line.close();

    (line, _) = runtime.block_on(rogue.greeted(now(node)));
    let refused = runtime.block_on(asking(&line));
    assert!(refused > 0, "more than 200 requests a second are refused");
    served(&cluster, "asks without end");
    look(&format!("{refused} of 3,000 requests refused (`requests-limit`)"));
    line.close();
    assert_eq!(node.ok(&["aggregate", "audit"])["equal"], true);
    eprintln!("{}", seen.join("\n"));
}

/// Pings as fast as they are taken, until the session has enough.
async fn flood_of_frames(line: &mut Line) {
    let pings: Vec<u8> = (0..1_000).flat_map(|number| framed(&Frame::Ping(Echo { number }).to_bytes())).collect();
    let began = Instant::now();
    while began.elapsed() < 10 * FLOOD && line.main.write_all(&pings).await.is_ok() {}
    let word = line.last_word().await;
    // Pongs that wait to be read may end it first (`link-slow`), and who goes on flooding may miss the word.
    assert!(word == "bye limit" || word.starts_with("close") || word == "reset by peer", "{word}");
}

/// Envelopes that are sealed well and stand out of the window, each of 60 KiB.
fn offers(rogue: &Rogue, node: &Node) -> Vec<u8> {
    let status = node.get("/v1/status");
    let here = Place {
        node: status["node"].as_str().unwrap_or_default().parse().expect("an id"),
        division: "330100".parse().expect("a code"),
    };
    let at = now(node);
    let long = "长".repeat(20 << 10);
    (1..=32)
        .flat_map(|number: u8| {
            let envelope = offer(rogue, here, OPEN, u64::from(number) + 500, number, at, &long);
            framed(&Frame::Envelope(carried(rogue.node, rogue.envelope(&envelope))).to_bytes())
        })
        .collect()
}

async fn envelopes(flood: Vec<u8>, mut main: quinn::SendStream) {
    // Longer than anybody looks: what it costs is looked at while it goes on.
    let began = Instant::now();
    while began.elapsed() < 60 * FLOOD && main.write_all(&flood).await.is_ok() {}
}

/// Half a frame of 1 MiB on the main stream, and requests of 64 KiB but for the last byte, as many as there is room for.
async fn stalled(line: &mut Line) -> usize {
    let length = (1_u32 << 20).to_be_bytes();
    line.send_raw(&length).await;
    line.send_raw(&vec![0; 1 << 19]).await;
    let request = [&(64_u32 << 10).to_be_bytes()[..], &vec![0; (64 << 10) - 1]].concat();
    let mut streams = Vec::new();
    while let Ok(Ok((mut send, receive))) =
        tokio::time::timeout(Duration::from_millis(500), line.connection.open_bi()).await
    {
        let sent = tokio::time::timeout(FLOOD, send.write_all(&request)).await;
        streams.push((send, receive, sent.is_ok()));
    }
    let count = streams.len();
    // They stay open until the link is closed.
    std::mem::forget(streams);
    count
}

/// Opens streams and breaks them off at once: every other before it has asked, the rest before they are answered.
async fn endless(line: &Line) -> usize {
    let (began, mut count) = (Instant::now(), 0);
    let question = framed(&Request::Journals(Journals {}).to_bytes());
    while began.elapsed() < FLOOD {
        let Ok(Ok((mut send, mut receive))) = tokio::time::timeout(FLOOD, line.connection.open_bi()).await else {
            break;
        };
        if count % 2 == 0 {
            let _sent = send.write(&[0, 0, 0]).await;
            let _reset = send.reset(7_u32.into());
        } else {
            let _sent = send.write_all(&question).await;
            let _finished = send.finish();
        }
        let _stopped = receive.stop(7_u32.into());
        count += 1;
    }
    count
}

/// Asks more often than the protocol allows; gives how many were refused.
async fn asking(line: &Line) -> usize {
    let request = Request::Journals(Journals {}).to_bytes();
    let mut refused = 0;
    for _ in 0..3_000 {
        match line.ask(&request).await {
            Ok(tongban_federation::wire::Response::Refused(refusal)) if refusal.code == "requests-limit" => {
                refused += 1;
            }
            Ok(_) => {}
            Err(end) => panic!("{end}"),
        }
    }
    refused
}
