//! The stage of the table: the node, the rogue, and how each row is sent, heard and held against what was there before.

use serde_json::Value;
use system_tests::{CITY, Cluster, HOME, Item, Node, within};
use tongban_codes::ids::{Digest, NodeId};
use tongban_domain::Place;
use tongban_federation::wire::{Frame, Hello, HighWater, Response};
use tongban_federation::{Envelope, Outcome, Sealed, SignedRecord};

use crate::matter::{Journal, offer};
use crate::rogue::{EPOCH, PATIENCE, Rogue, SEED, brought, carried, framed, nudge};
use crate::{now, state};

/// 公共场所卫生许可 of the city, collected anywhere in it.
pub(crate) const OPEN: &str = "330A0015500013";
pub(crate) const HOME_CODE: &str = "330106";
pub(crate) const ROGUE_CODE: &str = "330110";

/// How a refusal is said.
#[derive(Clone, Copy)]
pub(crate) enum Says {
    /// A code in the node's log; the link stands.
    Log(&'static str),
    /// The session's good-bye.
    Bye(&'static str),
    /// The session's refusal of a greeting.
    Refuse(&'static str),
    /// The transport's close code.
    Close(u32),
    /// A refusal of a request.
    Answer(&'static str),
    /// A request's stream broken off with a code.
    Reset(u32),
    /// The handshake is refused, and the log has the code.
    Handshake(&'static str),
    /// A receipt that refuses.
    Receipt(&'static str),
    /// The receipt of before, again.
    SameReceipt,
    /// Nothing: it is dropped.
    Nothing,
}

impl Says {
    /// As the table in the manual has it.
    fn words(self) -> String {
        match self {
            Self::Log(code) => format!("`{code}` in the log"),
            Self::Bye(code) => format!("Bye `{code}`"),
            Self::Refuse(code) => format!("Refuse `{code}`"),
            Self::Close(code) => format!("closed with {code}"),
            Self::Answer(code) => format!("Refused `{code}`"),
            Self::Reset(code) => format!("stream reset with {code}"),
            Self::Handshake(code) => format!("no connection, `{code}` in the log"),
            Self::Receipt(code) => format!("a receipt that refuses, `{code}`"),
            Self::SameReceipt => "the receipt of before".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// What a node says of the rogue's inbox and of its directory when it greets.
pub(crate) type Facts = (Vec<HighWater>, Option<Digest>);

fn facts(hello: &Hello) -> Facts {
    (hello.high_waters.clone(), hello.directory)
}

/// The stage: a city with a county, and a rogue that is its other county.
pub(crate) struct Scene<'a> {
    pub(crate) node: &'a Node,
    pub(crate) here: Place,
    pub(crate) rogue: Rogue,
    /// The one envelope that was taken.
    pub(crate) first: Envelope,
    /// Envelopes that contradict what was taken.
    pub(crate) forks: Vec<Envelope>,
    /// What the API and the greeting showed before the first row.
    pub(crate) before: (Value, Facts),
    pub(crate) rows: Vec<(String, String)>,
    pub(crate) wrong: Vec<String>,
}

impl Scene<'_> {
    fn log(&self) -> String {
        std::fs::read_to_string(self.node.log()).unwrap_or_default()
    }

    /// Waits until the log says something that it didn't say before `mark`.
    fn logged(&self, mark: usize, code: &str) -> Result<(), String> {
        system_tests::looked(10, || {
            let log = self.log();
            let new = log.get(mark..).unwrap_or_default();
            if new.contains(code) { Ok(()) } else { Err(format!("not in the log: {code}; since then: {new}")) }
        })
    }

    /// Notes how a row came out, and that it changed nothing.
    pub(crate) fn note(&mut self, what: &str, says: Says, outcome: Result<(), String>, greeted: Option<&Hello>) {
        if let Err(error) = outcome {
            self.wrong.push(format!("{what}: {error}"));
        }
        if let Some(hello) = greeted
            && facts(hello) != self.before.1
        {
            self.wrong.push(format!("before {what}: inbox or directory changed to {:?}", facts(hello)));
            self.before.1 = facts(hello);
        }
        let after = state(self.node);
        if after != self.before.0 {
            self.wrong.push(format!("{what} changed the state"));
            self.before.0 = after;
        }
        self.rows.push((what.to_owned(), says.words()));
    }

    /// Sends bytes on the main stream of a greeted link.
    pub(crate) async fn raw(&mut self, what: &str, bytes: Vec<u8>, says: Says) {
        self.served(what, bytes, None, says).await;
    }

    pub(crate) async fn frame(&mut self, what: &str, frame: Frame, says: Says) {
        self.raw(what, framed(&frame.to_bytes()), says).await;
    }

    pub(crate) async fn envelope(&mut self, what: &str, envelope: &Envelope, says: Says) {
        let sealed = self.rogue.envelope(envelope);
        self.frame(what, Frame::Envelope(carried(self.rogue.node, sealed)), says).await;
    }

    /// Offers a journal and serves a slice of it.
    pub(crate) async fn journal(&mut self, what: &str, slice: Vec<u8>, code: &'static str) {
        let nudge = framed(&nudge(self.rogue.node, 9));
        self.served(what, nudge, Some(slice), Says::Log(code)).await;
    }

    async fn served(&mut self, what: &str, bytes: Vec<u8>, slice: Option<Vec<u8>>, says: Says) {
        let mark = self.log().len();
        let (mut line, hello) = self.rogue.greeted(now(self.node)).await;
        if let Some(slice) = slice {
            line.serve(slice);
        }
        line.send_raw(&bytes).await;
        let same = |found: String, expected: String| {
            if found == expected { Ok(()) } else { Err(format!("{found}, not {expected}")) }
        };
        let outcome = match says {
            Says::Log(code) => self.logged(mark, code),
            Says::Bye(code) => same(line.last_word().await, format!("bye {code}")),
            Says::Refuse(code) => same(line.last_word().await, format!("refuse {code}")),
            Says::Close(code) => same(line.last_word().await, format!("close {code}")),
            Says::SameReceipt => line.receipt().await.map(drop),
            Says::Receipt(code) => match line.receipt().await.map(|receipt| receipt.outcome) {
                Ok(Outcome::Refused { code: found, .. }) => same(found, code.to_owned()),
                Ok(other) => Err(format!("{other:?}")),
                Err(end) => Err(end),
            },
            Says::Nothing => {
                line.read_through(1).await;
                Ok(())
            }
            Says::Answer(_) | Says::Reset(_) | Says::Handshake(_) => Err("of another kind of row".to_owned()),
        };
        line.close();
        self.note(what, says, outcome, Some(&hello));
    }

    /// Greets with another hello.
    pub(crate) async fn greeting(&mut self, what: &str, hello: Hello, says: Says) {
        let mut line = self.rogue.line().await;
        line.send(&Frame::Hello(hello).to_bytes()).await;
        let word = line.last_word().await;
        line.close();
        let Says::Refuse(code) = says else { panic!("a greeting is refused") };
        let outcome = if word == format!("refuse {code}") { Ok(()) } else { Err(word) };
        self.note(what, says, outcome, None);
    }

    /// Asks something on a stream of its own, under a chain.
    pub(crate) async fn request(&mut self, what: &str, chain: &[Vec<u8>], request: &[u8], says: Says) {
        let connection = self.rogue.dial(&self.rogue.key, chain).await.expect("the certificate holds");
        let line = crate::rogue::Line::begin(connection).await.expect("the hello is answered");
        let outcome = match (line.ask(request).await, says) {
            (Ok(Response::Refused(refusal)), Says::Answer(code)) if refusal.code == code => Ok(()),
            (Err(end), Says::Reset(code)) if end == format!("reset {code}") => Ok(()),
            (other, _) => Err(format!("{other:?}")),
        };
        line.close();
        self.note(what, says, outcome, None);
    }

    /// Dials with a chain and a key that doesn't stand up.
    pub(crate) async fn handshake(&mut self, what: &str, key: &[u8], chain: &[Vec<u8>], code: &'static str) {
        let mark = self.log().len();
        let refused = match self.rogue.dial(key, chain).await {
            Err(_) => true,
            // The one who dials is through before the other has judged him.
            Ok(connection) => match crate::rogue::Line::begin(connection).await {
                Err(_) => true,
                Ok(mut line) => line.last_word().await.starts_with("close"),
            },
        };
        let outcome = if refused { self.logged(mark, code) } else { Err("it was let in".to_owned()) };
        self.note(what, Says::Handshake(code), outcome, None);
    }
}

/// The city with its county, and the rogue joined and known, with one case handed over and two entries pulled.
pub(crate) async fn scene(cluster: &Cluster) -> Scene<'_> {
    let node = cluster.node(CITY);
    let token = node.ok(&["invite", "--division", ROGUE_CODE])["token"].as_str().unwrap_or_default().to_owned();
    let rogue = Rogue::joined(node.listen, &token, SEED, now(node)).await;
    let id =
        |node: &Node| -> NodeId { node.get("/v1/status")["node"].as_str().unwrap_or_default().parse().expect("an id") };
    let here = Place { node: id(node), division: "330100".parse().expect("a code") };

    let (mut line, hello) = rogue.greeted(now(node)).await;
    line.send(&brought(rogue.record(5, "匪", now(node)))).await;
    within(10, "the rogue's record is known", || {
        let peers = node.get("/v1/peers");
        system_tests::seen(peers.to_string().contains("匪"), peers)
    });
    let first = offer(&rogue, here, OPEN, 1, 1, now(node), "张三");
    line.send(&Frame::Envelope(carried(rogue.node, rogue.envelope(&first))).to_bytes()).await;
    while !matches!(line.next().await, Ok(Frame::Receipt(_))) {}
    line.serve(Journal::of(rogue.node, rogue.division, 2, now(node)).slice(0, &rogue.seal).to_bytes());
    line.send(&nudge(rogue.node, 2)).await;
    within(10, "its journal is pulled", || {
        let origins = node.get("/v1/aggregate/status");
        system_tests::seen(origins.to_string().contains(&rogue.node.to_string()), origins)
    });
    line.close();
    drop(hello);
    // The city looks for authorities of its own once a second: until it has told this one, its directory changes by itself.
    let tells = async {
        loop {
            let (mut line, _) = rogue.greeted(now(node)).await;
            let records = line.records().await;
            line.close();
            if names_its_authority(&records, here.node) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, tells).await.expect("the city tells its authority");
    // The greeting of a new link shows inbox and directory as they are now.
    let (line, hello) = rogue.greeted(now(node)).await;
    line.close();
    let before = (state(node), facts(&hello));
    assert_eq!(before.1.0, [HighWater { origin: rogue.node, epoch: EPOCH, sequence: 1 }], "one envelope was taken");
    Scene { node, here, rogue, first, forks: Vec::new(), before, rows: Vec::new(), wrong: Vec::new() }
}

/// Whether records, in the order in which they were kept, have an authority and after it the record of its node, which names it.
fn names_its_authority(records: &[Sealed], node: NodeId) -> bool {
    let read = |sealed: &Sealed| tongban_codes::cbor::from_slice::<SignedRecord>(sealed.as_bytes()).ok();
    let read: Vec<SignedRecord> = records.iter().filter_map(read).collect();
    let authority = read.iter().position(|record| matches!(record, SignedRecord::Authority { .. }));
    let own = read.iter().rposition(|record| matches!(record, SignedRecord::Node { node: of, .. } if *of == node));
    matches!((authority, own), (Some(authority), Some(own)) if authority < own)
}

/// A city with a county, and an item that every hall of the city may collect.
pub(crate) fn cluster() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.init(CITY, "330100", "杭州市");
    cluster.init(HOME, HOME_CODE, "西湖区");
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    cluster.join(CITY, HOME);
    cluster.linked(CITY, HOME);
    cluster.publish(CITY, &[Item { name: "公共场所卫生许可延续", ..Item::permit(OPEN, "330100") }]);
    cluster.node(CITY).staff();
    cluster
}
