//! Reclaims that nobody may order: a county tells the city, and its neighbour, whose cases are whose.

use system_tests::HOME;
use tongban_codes::ids::{CaseId, NodeId};
use tongban_domain::Place;
use tongban_domain::case::{ReclaimOrder, ReclaimRequest};
use tongban_federation::wire::Frame;
use tongban_federation::{Body, Envelope, Outcome, Subject};

use crate::rogue::{EPOCH, carried};
use crate::scene::{HOME_CODE, Scene, cluster, scene};
use crate::{now, state};

/// The order that the formats are frozen by, to be bent.
const ORDER: &str = include_str!("../../../node/src/exchange/golden/reclaim-order.1.hex");

fn order() -> ReclaimOrder {
    let digits = ORDER.trim().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal");
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    tongban_codes::cbor::from_slice(&bytes).expect("an order")
}

/// What comes of an envelope, as its receipt says.
async fn said(scene: &Scene<'_>, envelope: &Envelope) -> String {
    let (mut line, _) = scene.rogue.greeted(now(scene.node)).await;
    let sealed = scene.rogue.envelope(envelope);
    line.send(&Frame::Envelope(carried(scene.rogue.node, sealed)).to_bytes()).await;
    let outcome = line.receipt().await.map(|receipt| receipt.outcome);
    line.close();
    match outcome {
        Ok(Outcome::Refused { code, .. } | Outcome::Quarantined { code }) => code,
        Ok(Outcome::Applied { .. }) => "applied".to_owned(),
        Err(end) => end,
    }
}

#[test]
fn only_the_common_superior_orders_and_only_who_collected_asks() {
    let cluster = cluster();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let id = |text: &str| -> NodeId { text.parse().expect("an id") };
    let home = id(cluster.node(HOME).get("/v1/status")["node"].as_str().unwrap_or_default());
    runtime.block_on(async {
        let mut scene = scene(&cluster).await;
        let (rogue, city) = (Place { node: scene.rogue.node, division: scene.rogue.division }, scene.here);
        let home = Place { node: home, division: HOME_CODE.parse().expect("a code") };
        // The one case that the city has taken from the rogue, and one that the city collected itself.
        let taken = scene.first.subject.case();
        let order = |case: CaseId, to: Place, lost: Place, superior: NodeId| {
            let mut order = ReclaimOrder { case, to, lost, superior, tenure: 5_000, successor: None, ..order() };
            (order.standing.id, order.standing.collecting) = (case, to);
            order
        };
        let request = |case: CaseId, collecting: Place, lost: Place| {
            let mut known = order(case, collecting, lost, city.node).standing;
            known.tenure = 2;
            let (reason, operator) = ("失联".to_owned(), "匪".to_owned());
            ReclaimRequest { lost, known, reason, operator, at: now(scene.node) }
        };
        let bytes = tongban_codes::cbor::to_vec::<ReclaimOrder>;
        let asks = tongban_codes::cbor::to_vec::<ReclaimRequest>;
        let of_city = CaseId::draw(&city.node, [1; 10]);
        let unknown = CaseId::draw(&rogue.node, [8; 10]);
        // Kind, case, body, what is said.
        let rows: Vec<(&str, u16, CaseId, Vec<u8>, &str)> = vec![
            // It takes back by itself what it handed over.
            ("its own case", 4, taken, bytes(&order(taken, rogue, city, rogue.node)), "reclaim-not-superior"),
            ("in the city's name", 4, taken, bytes(&order(taken, rogue, city, city.node)), "reclaim-not-superior"),
            ("between others", 4, unknown, bytes(&order(unknown, rogue, home, rogue.node)), "reclaim-not-superior"),
            ("for the city", 4, of_city, bytes(&order(of_city, city, home, rogue.node)), "reclaim-not-superior"),
            // The envelope is about another case than the order.
            ("another case", 4, unknown, bytes(&order(taken, rogue, city, city.node)), "body-contradiction"),
            // It asks for what it didn't collect, of whom nobody is above, or in another's name.
            ("not collected", 3, of_city, asks(&request(of_city, rogue, home)), "not-owner"),
            ("in another's name", 3, taken, asks(&request(taken, home, city)), "not-owner"),
            ("of the superior itself", 3, taken, asks(&request(taken, rogue, city)), "reclaim-not-superior"),
            ("of itself", 3, taken, asks(&request(taken, rogue, rogue)), "reclaim-not-superior"),
        ];
        let before = state(scene.node);
        let mut wrong = Vec::new();
        let mut last = None;
        for (number, (what, kind, case, body, expected)) in rows.into_iter().enumerate() {
            let number = u32::try_from(number).expect("few rows");
            let envelope = Envelope {
                origin: rogue.node,
                epoch: EPOCH,
                destination: city.node,
                sequence: u64::from(number) + 2,
                subject: Subject::from(case),
                // The row that is put aside parks what comes after it on its case.
                act_number: number + 3,
                kind,
                version: 1,
                body: Body::Plain(body),
            };
            let found = said(&scene, &envelope).await;
            if found != expected {
                wrong.push(format!("{what}: {found}, not {expected}"));
            }
            last = Some((envelope, expected));
        }
        // What was said once is said again, and no more comes of it.
        let (again, expected) = last.expect("there are rows");
        assert_eq!(said(&scene, &again).await, expected);
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(state(scene.node), before);
        let asked = scene.node.get("/v1/cases/reclaims");
        assert_eq!(asked["reclaims"], serde_json::json!([]));
        scene.wrong.clear();
    });
}
