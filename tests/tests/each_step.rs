//! A link cut and a node killed at each step of the hand-over, in turn, on seven nodes of two provinces.
//!
//! Each step has cases of its own. A case is brought to the step and held there by cuts (its *point*, which is looked at, never waited for
//! by the clock), then one more thing breaks, then all is mended. At every look in between at most one node has the case, and nobody alone
//! while it is offered; at the end the authority has decided and both nodes tell the same of every act that both know. A node that is lost
//! for good, reclaimed, and comes back is in `reclaim.rs`; kills without a plan are in `kills`.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use system_tests::two_provinces::{CROSSINGS, NODES, ROOTS, both_known, exported, founded, import};
use system_tests::{APPLICANT, Cluster, Node, Quality, seen, socket, within};
use tongban_codes::ids::Digest;

/// Who decides, and who collects for it beyond the border.
const DECIDES: &str = "home";
const COLLECTS: &str = "huixing";
/// The superior of either, and the root between them: what goes from one to the other passes all three.
const NEAR: &str = "yubei";
const FAR: &str = "guangan";
const BETWEEN: &str = "chongqing";

/// Seconds in which everything comes right once it is mended.
const PATIENCE: u64 = 60;

/// What breaks at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The links of the root between the two are cut.
    Cut,
    /// The node that collected is killed.
    Collecting,
    /// The node that decides is killed.
    Deciding,
    /// The node that keeps what is on its way is killed.
    Relay,
}

impl Fault {
    const ALL: [Fault; 4] = [Fault::Cut, Fault::Collecting, Fault::Deciding, Fault::Relay];
}

/// Where a case is when something breaks.
struct Step {
    name: &'static str,
    /// Brings a collected, held case there; what holds it there stays cut.
    reach: fn(&Stage, &str),
    /// Goes on once everything is mended, until the authority owns the case.
    go_on: fn(&Stage, &str),
    /// The node that keeps what is on its way.
    relay: &'static str,
}

const STEPS: [Step; 8] = [
    Step { name: "collected and not offered", reach: Stage::collected, go_on: Stage::offer, relay: NEAR },
    Step { name: "the offer logged and not sent", reach: Stage::offered, go_on: |_, _| (), relay: NEAR },
    Step { name: "the offer sent, kept by a relay", reach: Stage::relayed, go_on: |_, _| (), relay: FAR },
    Step { name: "taken, the receipt on its way", reach: Stage::taken, go_on: |_, _| (), relay: NEAR },
    Step { name: "refused, the receipt on its way", reach: Stage::refused, go_on: Stage::offer_again, relay: NEAR },
    Step { name: "discharged", reach: Stage::discharged, go_on: |_, _| (), relay: FAR },
    Step { name: "a report on its way", reach: Stage::reported, go_on: |_, _| (), relay: NEAR },
    Step { name: "a supplement logged and not sent", reach: Stage::supplemented, go_on: Stage::brought, relay: NEAR },
];

/// The seven nodes, and what is cut and killed.
struct Stage {
    cluster: Cluster,
}

impl Stage {
    fn new() -> Self {
        let cluster = founded();
        let [south, north] = ROOTS.map(|root| exported(&cluster, root));
        import(&cluster, ROOTS[0], &north);
        import(&cluster, ROOTS[1], &south);
        both_known(&cluster);
        Self { cluster }
    }

    fn node(&self, place: &str) -> &Node {
        self.cluster.node(place)
    }

    /// A case that is collected and held back.
    fn case(&self, more: &[&str]) -> String {
        let (_, division, _, item) = CROSSINGS[0];
        let (name, id) = APPLICANT;
        let words = ["case", "collect", "--item", item, "--for", division, "--hold", "--name", name, "--id", id];
        let done = self.node(COLLECTS).eventually(30, &[&words[..], more].concat());
        done["case"].as_str().unwrap_or_default().to_owned()
    }

    fn collected(&self, case: &str) {
        assert_eq!(self.custody(COLLECTS, case).as_deref(), Some("owner"));
    }

    fn offered(&self, case: &str) {
        self.cluster.cut(COLLECTS);
        self.offer(case);
        let why = self.node(COLLECTS).ok(&["sync", "why", case]);
        assert!(why["waiting"].as_array().is_some_and(|rows| rows.iter().any(|row| row["body"] == "offer")), "{why}");
    }

    fn relayed(&self, case: &str) {
        // What the relay hasn't pulled of the authority's journals would count as well.
        self.waits_at(FAR, 0);
        self.cluster.cut(DECIDES);
        self.offer(case);
        self.waits_at(FAR, 1);
    }

    fn taken(&self, case: &str) {
        self.relayed(case);
        self.cluster.cut(COLLECTS);
        self.cluster.heal(DECIDES);
        self.node(DECIDES).owns(PATIENCE, case);
        assert_eq!(self.custody(COLLECTS, case).as_deref(), Some("offered"));
    }

    fn refused(&self, case: &str) {
        self.relayed(case);
        let item = CROSSINGS[0].3;
        self.node(DECIDES).ok(&["item", "suspend", item, "--reason", "设备检修"]);
        self.cluster.cut(COLLECTS);
        self.cluster.heal(DECIDES);
        // The receipt has passed the relay: it was decided.
        self.waits_at(FAR, 0);
        self.node(DECIDES).ok(&["item", "resume", item]);
        assert_eq!(self.custody(DECIDES, case), None);
        assert_eq!(self.custody(COLLECTS, case).as_deref(), Some("offered"));
    }

    fn discharged(&self, case: &str) {
        self.offer(case);
        self.until(case, "discharged", || self.custody(COLLECTS, case).as_deref() == Some("elsewhere"));
    }

    fn reported(&self, case: &str) {
        self.discharged(case);
        self.cluster.cut(COLLECTS);
        self.node(DECIDES).ok(&["case", "accept", case]);
        assert_eq!(self.shown(COLLECTS, case).map(|shown| shown["state"].clone()), Some("collected".into()));
    }

    fn supplemented(&self, case: &str) {
        self.discharged(case);
        self.node(DECIDES).ok(&["case", "notify", case, "--item", "申请书签名"]);
        let state = || self.shown(COLLECTS, case).is_some_and(|shown| shown["state"] == "notified");
        self.until(case, "the window hears of the notice", state);
        self.cluster.cut(COLLECTS);
        let paper = format!("签名=sha256:{}", Digest::of(case.as_bytes()));
        self.node(COLLECTS).ok(&["case", "supplement", case, "--item", "1", "--material", &paper]);
        assert_eq!(self.shown(DECIDES, case).map(|shown| shown["state"].clone()), Some("notified".into()));
    }

    fn offer(&self, case: &str) {
        self.node(COLLECTS).ok(&["case", "offer", case]);
    }

    /// What was refused is the window's again.
    fn offer_again(&self, case: &str) {
        self.until(case, "the window has it again", || self.custody(COLLECTS, case).as_deref() == Some("owner"));
        self.offer(case);
    }

    fn brought(&self, case: &str) {
        let state = || self.shown(DECIDES, case).is_some_and(|shown| shown["state"] == "supplemented");
        self.until(case, "the supplement has come", state);
    }

    /// Waits until so many envelopes for the authority wait at a relay.
    #[track_caller]
    fn waits_at(&self, relay: &str, count: u64) {
        let decides = self.node(DECIDES).get("/v1/status")["node"].clone();
        within(PATIENCE, &format!("{count} wait at {relay}"), || {
            let status = self.node(relay).get("/v1/sync/status");
            let rows = status["peers"].as_array().cloned().unwrap_or_default();
            seen(rows.iter().any(|peer| peer["node"] == decides && peer["behind"] == count), status)
        });
    }

    /// The case as a node shows it; nothing where the node is down or doesn't know it.
    fn shown(&self, place: &str, case: &str) -> Option<Value> {
        let answer = socket::get(&self.node(place).socket(), &format!("/v1/cases/show?case={case}"));
        answer.ok().filter(socket::Answer::is_done).map(|answer| answer.body)
    }

    fn custody(&self, place: &str, case: &str) -> Option<String> {
        self.shown(place, case).and_then(|shown| shown["custody"].as_str().map(str::to_owned))
    }

    /// Never two owners, and never nobody but between an offer and its receipt. The authority is looked at first and last: it has the case
    /// before the window hears that it has.
    #[track_caller]
    fn one_owner(&self, case: &str) {
        let before = self.custody(DECIDES, case);
        let window = self.custody(COLLECTS, case);
        let (up, after) = (self.node(DECIDES).answers(), self.custody(DECIDES, case));
        let told = format!("{case}: {DECIDES} {before:?}, {COLLECTS} {window:?}, {DECIDES} {after:?}");
        match window.as_deref() {
            Some("owner" | "offered") => assert!(
                window.as_deref() == Some("offered") || before.as_deref() != Some("owner"),
                "two owners of {told}"
            ),
            Some("elsewhere") => assert!(!up || after.as_deref() == Some("owner"), "nobody owns {told}"),
            Some(other) => panic!("{other}: {told}"),
            None => assert!(!self.node(COLLECTS).answers(), "the window has forgotten {told}"),
        }
        assert!(before.is_none() || after.is_none() || before == after, "an owner that isn't one any more: {told}");
    }

    #[track_caller]
    fn until(&self, case: &str, awaited: &str, mut holds: impl FnMut() -> bool) {
        within(PATIENCE, awaited, || {
            self.one_owner(case);
            seen(holds(), format!("{:?} {:?}", self.shown(COLLECTS, case), self.shown(DECIDES, case)))
        });
    }

    fn strike(&self, fault: Fault, relay: &str) {
        match fault {
            Fault::Cut => self.cluster.cut(BETWEEN),
            Fault::Collecting => self.node(COLLECTS).kill(),
            Fault::Deciding => self.node(DECIDES).kill(),
            Fault::Relay => self.node(relay).kill(),
        }
    }

    fn mend(&self, fault: Fault, relay: &str) {
        match fault {
            Fault::Cut => {}
            Fault::Collecting => self.node(COLLECTS).start(),
            Fault::Deciding => self.node(DECIDES).start(),
            Fault::Relay => self.node(relay).start(),
        }
        for place in [COLLECTS, DECIDES, BETWEEN] {
            self.cluster.heal(place);
        }
    }

    /// What both nodes may and may not do while it is broken.
    fn meanwhile(&self, case: &str) {
        if self.custody(COLLECTS, case).as_deref() == Some("offered") {
            // An offer can't be taken back, whatever the link does.
            self.node(COLLECTS).refused(&["case", "withdraw", case], "case-offered");
        }
        if self.custody(COLLECTS, case).as_deref() == Some("elsewhere") {
            self.node(COLLECTS).refused(&["case", "accept", case], "not-owner");
        }
    }

    /// The authority decides, and both nodes come to the same.
    fn ends(&self, case: &str) {
        self.until(case, "the authority has the case", || self.custody(DECIDES, case).as_deref() == Some("owner"));
        let decides = self.node(DECIDES);
        if self.shown(DECIDES, case).is_some_and(|shown| shown["state"] != "accepted") {
            decides.ok(&["case", "accept", case]);
        }
        decides.ok(&["case", "decide", case, "--grant"]);
        self.until(case, "both tell of the decision", || {
            let [window, authority] = [COLLECTS, DECIDES].map(|place| self.shown(place, case).unwrap_or_default());
            let same = ["state", "case_no", "tenure", "statutory_due", "promised_due", "accepted_on"];
            window["custody"] == "elsewhere"
                && window["state"] == "granted"
                && same.iter().all(|field| window[field] == authority[field])
                && self.acts(DECIDES, case).keys().all(|act| self.acts(COLLECTS, case).contains_key(act))
        });
        let [window, authority] = [COLLECTS, DECIDES].map(|place| self.acts(place, case));
        let shared: Vec<_> = authority.iter().filter(|(act, _)| window.contains_key(*act)).collect();
        assert!(shared.len() >= 5, "{case}: collected, offered, taken, accepted, decided: {authority:?}");
        for (act, digest) in shared {
            assert_eq!(window.get(act), Some(digest), "{case}: act {act:?} isn't the same at both nodes");
        }
        assert_eq!(self.shown(DECIDES, case).map(|shown| shown["tenure"].clone()), Some(2.into()), "{case}");
    }

    /// The acts that a node shows: place and number of each, and the digest of all that is said of it.
    fn acts(&self, place: &str, case: &str) -> BTreeMap<(String, u64), Digest> {
        let history = self.shown(place, case).map(|shown| shown["history"].clone()).unwrap_or_default();
        let rows = history.as_array().cloned().unwrap_or_default();
        let row = |act: Value| {
            let id = (act["place"]["node"].to_string(), act["number"].as_u64().unwrap_or_default());
            (id, Digest::of(act.to_string().as_bytes()))
        };
        rows.into_iter().map(row).collect()
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the time that each step takes")]
fn whatever_breaks_at_each_step_of_the_handover_one_node_has_the_case_and_it_is_decided() {
    let stage = Stage::new();
    let mut cases = Vec::new();
    for step in STEPS {
        let began = std::time::Instant::now();
        for fault in Fault::ALL {
            let case = stage.case(&[]);
            (step.reach)(&stage, &case);
            stage.one_owner(&case);
            stage.strike(fault, step.relay);
            stage.one_owner(&case);
            if fault != Fault::Collecting {
                stage.meanwhile(&case);
            }
            stage.mend(fault, step.relay);
            (step.go_on)(&stage, &case);
            stage.ends(&case);
            cases.push(case);
        }
        eprintln!("{}: {:.1} s", step.name, began.elapsed().as_secs_f64());
    }
    // At rest every node names the same owner, nothing waits, and every node's figures are those of its entries.
    let owner = stage.node(DECIDES).get("/v1/status")["node"].clone();
    for case in &cases {
        for (place, ..) in NODES {
            let found = stage.node(place).get(&format!("/v1/cases/whereis?case={case}"));
            assert_eq!((&found["node"], &found["tenure"]), (&owner, &2.into()), "{place}: {found}");
        }
        for place in [COLLECTS, DECIDES] {
            let why = stage.node(place).ok(&["sync", "why", case]);
            assert_eq!(why["waiting"], Value::Array(Vec::new()), "{place}: {why}");
        }
    }
    for (place, ..) in NODES {
        assert_eq!(stage.node(place).ok(&["aggregate", "audit"])["equal"], true, "{place}");
    }
}

#[test]
fn a_material_arrives_whole_whatever_breaks_while_it_is_under_way() {
    const BYTES: usize = 12 << 20;
    let stage = Stage::new();
    let bytes: Vec<u8> = (0..BYTES as u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[2]).collect();
    let given = stage.cluster.file("given", &bytes);
    let case = stage.case(&["--material", &format!("申请书={}", given.display())]);
    let slow = Quality { delay: Duration::from_millis(60), jitter: Duration::ZERO, lost: 0, overtaken: 0 };
    stage.cluster.lines(Some(slow), 1);
    stage.offer(&case);
    stage.until(&case, "the authority has the case", || stage.custody(DECIDES, &case).as_deref() == Some("owner"));
    let material = || stage.shown(DECIDES, &case).map(|shown| shown["materials"][0].clone()).unwrap_or_default();
    let mut came = 0;
    for fault in Fault::ALL {
        within(PATIENCE, "more of the material has come", || {
            let now = material();
            assert_ne!(now["file"], "here", "too fast to break anything at {fault:?}: {now}");
            let percent = now["percent"].as_u64().unwrap_or(0);
            if percent <= came {
                return Err(now.to_string());
            }
            came = percent;
            Ok(())
        });
        stage.strike(fault, NEAR);
        stage.one_owner(&case);
        stage.mend(fault, NEAR);
    }
    stage.cluster.lines(None, 0);
    within(PATIENCE * 2, "the material is whole", || seen(material()["file"] == "here", material()));
    let out = stage.cluster.root().join("out");
    stage.node(DECIDES).ok(&["case", "material", &case, "申请书", "--file", &out.to_string_lossy(), "--yes"]);
    assert_eq!(Digest::of(&fs::read(out).expect("it was written")), Digest::of(&bytes));
    stage.ends(&case);
}
