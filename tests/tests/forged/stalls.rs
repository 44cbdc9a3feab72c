//! A peer that asks for much and never reads, names journals without end, and comes under ever new names: what it makes the node keep is
//! bounded, and the others are served meanwhile.

use std::time::Duration;

use system_tests::{CITY, Cluster, HOME, Node, permits, within};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tongban_codes::ids::NodeId;
use tongban_federation::limits;
use tongban_federation::wire::{Frame, JournalSize, Nudge, Pull, Request, Response};

use crate::flood::{bounded, served};
use crate::now;
use crate::rogue::{Line, Rogue, SEED, brought, ended, framed, new_key};
use crate::scene::{ROGUE_CODE, cluster};

/// How many long items the city publishes: their journal fills the longest slice that a node makes.
const ITEMS: usize = 240;

/// How long nothing may come until nothing is taken to come.
const QUIET: Duration = Duration::from_millis(200);

/// Publishes items whose texts are as long as they may be.
fn publish_long(cluster: &Cluster) {
    let node = cluster.node(CITY);
    let (rows, _) = permits(ITEMS, "330100", "330100");
    let long = "长".repeat(1_000);
    let rows: Vec<String> = rows
        .lines()
        .enumerate()
        .map(|(line, row)| {
            let mut fields: Vec<&str> = row.split(',').collect();
            if line > 0 {
                (fields[1], fields[2]) = (&long, &long);
            }
            fields.push(if line > 0 { &long } else { "legal_basis" });
            fields.join(",")
        })
        .collect();
    let file = cluster.file("long.csv", rows.join("\n").as_bytes());
    let report = node.ok(&["item", "import", &file.to_string_lossy()]);
    assert_eq!(report["imported"], ITEMS, "{report}");
    node.ok(&["item", "publish", "--all"]);
}

#[test]
#[expect(clippy::print_stderr, reason = "what was seen")]
fn what_a_peer_makes_the_node_keep_is_bounded() {
    let cluster = cluster();
    let node = cluster.node(CITY);
    cluster.node(HOME).staff();
    publish_long(&cluster);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let token = node.ok(&["invite", "--division", ROGUE_CODE])["token"].as_str().unwrap_or_default().to_owned();
    let rogue = runtime.block_on(Rogue::joined(node.listen, &token, SEED, now(node)));
    let line = runtime.block_on(async {
        let (mut line, _) = rogue.greeted(now(node)).await;
        line.send(&brought(rogue.record(1, "匪", now(node)))).await;
        line.read_through(1).await;
        line
    });
    served(&cluster, "is quiet");

    let slice = runtime.block_on(whole(&line, node));
    line.close();
    let (line, _) = runtime.block_on(rogue.greeted(now(node)));
    let before = node.resident_kib();
    let mut seen = vec![format!("{before} KiB before; a slice of {} KiB", slice.len() >> 10)];
    let (asked, answered) = runtime.block_on(unread(&line, &pull(node)));
    assert_eq!(asked.len(), usize::from(limits::STREAMS_PER_PEER_MAX));
    served(&cluster, "doesn't read 64 answers");
    let grown = bounded(node, before, "64 answers of 2 MiB that nobody reads");
    seen.push(format!("{grown} KiB: {answered} of 64 answers were begun and not read"));
    runtime.block_on(read(asked, &slice));
    line.close();

    let line = runtime.block_on(named(&rogue, node));
    served(&cluster, "has named journals without end");
    seen.push(format!("{} KiB: 100,000 journals named", bounded(node, before, "journals without end")));
    line.close();

    runtime.block_on(under_many_names(&rogue, node));
    // The places of those that have gone are free.
    within(10, "it is let in again", || runtime.block_on(come(&rogue, node, 0x70)).map(drop));
    served(&cluster, "came under many names");
    assert_eq!(node.ok(&["aggregate", "audit"])["equal"], true);
    eprintln!("{}", seen.join("\n"));
}

/// The pull of the city's standards from their beginning.
fn pull(node: &Node) -> Vec<u8> {
    let origin = node.get("/v1/status")["node"].as_str().unwrap_or_default().parse().expect("an id");
    Request::Pull(Pull { origin, journal: 1, epoch: 1, from: 0, bytes_max: u32::MAX, packing: None }).to_bytes()
}

/// What an honest peer gets of the journal in one answer, once its checkpoint stands.
async fn whole(line: &Line, node: &Node) -> Vec<u8> {
    within(10, "the journal is sealed", || {
        let shown = node.get("/v1/journal/checkpoint");
        let sealed = shown["checkpoints"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["journal"] == "standards" && one["size"].as_u64() > Some(240)));
        system_tests::seen(sealed, shown)
    });
    match line.ask(&pull(node)).await {
        Ok(Response::Slice(slice)) => {
            assert!(slice.bytes.len() > 3 << 19, "{} bytes", slice.bytes.len());
            slice.bytes
        }
        other => panic!("{other:?}"),
    }
}

/// Streams with a request, and as much of the length of the answer as was read.
type Asked = Vec<(quinn::SendStream, quinn::RecvStream, [u8; 4], usize)>;

/// Asks on as many streams as there are, and reads nothing but the length of what begins to come; gives how many did.
async fn unread(line: &Line, request: &[u8]) -> (Asked, usize) {
    let mut asked = Vec::new();
    while let Ok(Ok((mut send, receive))) = timeout(QUIET, line.connection.open_bi()).await {
        send.write_all(&framed(request)).await.expect("a request is taken");
        send.finish().expect("it ends there");
        asked.push((send, receive, [0; 4], 0));
    }
    let mut begun = 0;
    for (_, receive, length, read) in &mut asked {
        if let Ok(came) = timeout(QUIET, receive.read(length)).await {
            *read = came.expect("the stream stands").unwrap_or(0);
            begun += 1;
        }
    }
    assert!((1..32).contains(&begun), "{begun} answers begun");
    (asked, begun)
}

/// Reads at last: everybody is answered.
async fn read(asked: Asked, slice: &[u8]) {
    let mut reading = JoinSet::new();
    for (_, mut receive, length, read) in asked {
        reading.spawn(async move {
            let rest = receive.read_to_end(8 << 20).await.expect("an answer");
            [&length[..read], &rest].concat()
        });
    }
    while let Some(answer) = reading.join_next().await {
        let answer = answer.expect("it was read");
        let Ok(Response::Slice(found)) = Response::from_bytes(&answer[4..]) else { panic!("{} bytes", answer.len()) };
        assert!(found.bytes == slice, "another slice");
    }
}

/// Names more journals than the protocol allows.
async fn named(rogue: &Rogue, node: &Node) -> Line {
    let (mut line, _) = rogue.greeted(now(node)).await;
    let journals = |from: u32| {
        (from..from + 1_000).map(|epoch| JournalSize { origin: rogue.node, journal: 0, epoch, size: 9 }).collect()
    };
    for from in 0..=u32::try_from(limits::JOURNALS_PER_PEER_MAX / 1_000).expect("few") {
        line.send(&Frame::Nudge(Nudge { journals: journals(from * 1_000) }).to_bytes()).await;
    }
    assert_eq!(line.last_word().await, "bye limit");
    line
}

/// Comes under an id that it certifies itself.
async fn come(rogue: &Rogue, node: &Node, number: u8) -> Result<Line, String> {
    let key = new_key();
    let chain = rogue.issue(&key, NodeId::from_bytes([number; 16]), "330110009", now(node));
    // Whoever is turned away hears it before or after the eight bytes.
    let begun = Line::begin(rogue.dial(&key, &chain).await.expect("the chain holds")).await;
    let mut line = begun.map_err(|error| ended(&error))?;
    line.next().await.map(|_| line)
}

/// Comes under such ids until it isn't let in, and goes.
async fn under_many_names(rogue: &Rogue, node: &Node) {
    let mut lines = Vec::new();
    let refused = loop {
        match come(rogue, node, 0x80 + u8::try_from(lines.len()).expect("few")).await {
            Ok(line) => lines.push(line),
            Err(end) => break end,
        }
    };
    assert_eq!((lines.len(), refused.as_str()), (limits::UNRECORDED_PEERS_MAX, "close 0"));
    let log = std::fs::read_to_string(node.log()).unwrap_or_default();
    assert!(log.contains("links-limit"), "the log says why");
    lines.iter().for_each(Line::close);
}
