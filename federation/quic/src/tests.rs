//! Tests of the crate as a whole: a small tree of nodes, real UDP on the loopback interface.

#![expect(clippy::unwrap_used, reason = "tests")]

mod certificates;
mod handshakes;
mod links;
mod verdicts;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};

use crate::{Anchor, Endpoint, Expect, Identity, Limits, Link, QuicError, Refused, Subject, Trust, certificate};

/// 2026-09-14T01:46:40Z.
const NOW: Timestamp = Timestamp::from_millis(1_789_350_400_000);
const DAY_MILLIS: i64 = 86_400_000;

fn days_after(now: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_millis(now.as_millis() + days * DAY_MILLIS)
}

fn division(digits: &str) -> DivisionCode {
    digits.parse().unwrap()
}

/// An Ed25519 key in PKCS#8 (RFC 8410 §7) from a seed.
fn key(seed: u8) -> Vec<u8> {
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend([seed; 32]);
    der
}

/// A node of the tests; its id and key follow from the seed.
#[derive(Debug, Clone)]
struct Node {
    key: Vec<u8>,
    id: NodeId,
    division: DivisionCode,
    chain: Vec<Vec<u8>>,
}

impl Node {
    fn root(seed: u8, digits: &str) -> Self {
        let (key, id, division) = (key(seed), NodeId::from_bytes([seed; 16]), division(digits));
        let chain = vec![certificate::self_signed(&key, id, division, NOW).unwrap()];
        Self { key, id, division, chain }
    }

    fn below(&self, seed: u8, digits: &str) -> Self {
        let mut node = Self::root(seed, digits);
        node.chain = certificate::issue(&self.key, &self.chain, &node.subject(), NOW, certificate::VALID_DAYS).unwrap();
        node
    }

    /// Like [`Node::below`], without asking whether that may be.
    fn lawlessly_below(&self, seed: u8, digits: &str) -> Self {
        let mut node = Self::root(seed, digits);
        node.chain = certificate::issue_lawlessly(&self.key, &self.chain, &node.subject(), NOW).unwrap();
        node
    }

    fn subject(&self) -> Subject {
        Subject { spki: certificate::public_key(&self.key).unwrap(), node: self.id, division: self.division }
    }

    fn key_hash(&self) -> Digest {
        certificate::key_hash(&certificate::public_key(&self.key).unwrap())
    }

    fn anchor(&self) -> Anchor {
        Anchor { key_hash: self.key_hash(), division: self.division }
    }

    fn identity(&self) -> Identity {
        Identity::new(&self.key, self.chain.clone()).unwrap()
    }

    fn listen(&self, trust: &Trust) -> Endpoint {
        self.listen_within(trust, limits())
    }

    fn listen_within(&self, trust: &Trust, limits: Limits) -> Endpoint {
        Endpoint::bind(loopback(), self.identity(), trust.clone(), limits).unwrap()
    }
}

/// Province, city, county, township, in one tree.
struct Tree {
    province: Node,
    city: Node,
    county: Node,
    township: Node,
}

impl Tree {
    fn new() -> Self {
        let province = Node::root(1, "51");
        let city = province.below(2, "5116");
        let county = city.below(3, "511602");
        let township = county.below(4, "511602103");
        Self { province, city, county, township }
    }

    fn trust(&self) -> Trust {
        trust_at(NOW, [self.province.anchor()])
    }
}

fn trust_at(now: Timestamp, anchors: impl IntoIterator<Item = Anchor>) -> Trust {
    Trust::new(Arc::new(move || now), anchors)
}

/// A clock that a test can set.
fn settable_trust(anchors: impl IntoIterator<Item = Anchor>) -> (Trust, Arc<AtomicI64>) {
    let hand = Arc::new(AtomicI64::new(NOW.as_millis()));
    let clock = Arc::clone(&hand);
    let trust = Trust::new(Arc::new(move || Timestamp::from_millis(clock.load(Ordering::SeqCst))), anchors);
    (trust, hand)
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn limits() -> Limits {
    Limits::default().with_idle_timeout(Duration::from_millis(1_500))
}

/// Fails a test that hangs.
async fn guard<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("took too long")
}

/// Dials and accepts at once.
async fn meet(
    dialling: &Endpoint,
    listening: &Endpoint,
    expect: Expect,
) -> (Result<Link, QuicError>, Result<Link, Refused>) {
    let address = listening.local_address().unwrap();
    guard(async {
        let (dialled, received) = tokio::join!(dialling.connect(address, expect), listening.accept());
        (dialled, received.unwrap())
    })
    .await
}
