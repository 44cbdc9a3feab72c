//! Deliveries at the receiver: once, in order, whatever comes early, twice, again after a restore, or contradicts itself; and what is put
//! aside, parked behind it, and replayed.

#[path = "deliveries/large.rs"]
mod large;

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use system_tests::sim::{Engine, Outcome, Unsealing, in_batches, moment, place, replay, seal, sealed};
use system_tests::{APPLICANT, Cluster, seen, within};
use tongban::engine::{Answer, ExchangeEvent, Outside, Request, Unread};
use tongban::raft::memory::Commit;
use tongban_codes::ids::CaseId;
use tongban_domain::case::{Act, Case, Custody, Status};
use tongban_domain::catalogue::{ForeignItem, ImportRow};
use tongban_domain::{Actor, Applicant, Command, Place, Role};
use tongban_federation::{Body, Envelope, Receipt, Sealed, receipt};
use tongban_seal::content_type;
use tongban_storage::keyspace::delivery::{ASIDE, FORK, HIGH_WATER, OUTBOX, QUARANTINE, Quarantined, SENT};
use tongban_storage::keyspace::{Bytes, case, item};

use tongban_storage::{Backend, RocksBackend, RocksOptions, WriteBatch};

const HOME: &str = "330106";
const TOWNSHIP: &str = "330110009";
const CODE: &str = "330A0015500013";

fn staff() -> Vec<(Role, Command)> {
    let add =
        |role: Role| Command::AddOperator { name: role.name().to_owned(), roles: vec![role], window: None, uid: None };
    let mandate =
        Command::GrantMandate { operator: Role::Decider.name().to_owned(), item: None, from: None, until: None };
    Role::ALL.map(|role| (Role::Admin, add(role))).into_iter().chain([(Role::Admin, mandate)]).collect()
}

fn catalogue() -> Vec<(Role, Command)> {
    let columns = [
        ("department", "卫健局"),
        ("main_item", "许可"),
        ("name", CODE),
        ("local_item_code", CODE),
        ("item_type", "01"),
        ("department_code", "11370800MB28559184"),
        ("legal_basis", "公共场所卫生管理条例第四条"),
        ("statutory_days", "20"),
        ("promised_days", "5"),
        ("modes", "online^collect"),
        ("covered", "330100"),
    ];
    let values = columns.map(|(column, value)| (column.to_owned(), value.to_owned())).into();
    vec![
        (Role::Catalogue, Command::ImportItems(vec![ImportRow::new(2, values)].into())),
        (Role::Catalogue, Command::PublishItems(None)),
    ]
}

fn ready(engine: &Engine, script: Vec<(Role, Command)>) {
    for (role, command) in script {
        let _done = engine.done(role, command);
    }
    engine.quiet();
}

/// The authority's node, on which nothing has happened yet.
fn home() -> Engine {
    let engine = Engine::new(HOME, Commit::AtOnce, &[place(TOWNSHIP), place(HOME)]);
    ready(&engine, staff().into_iter().chain(catalogue()).collect());
    engine
}

/// A township that has collected so many cases for [`home`].
fn township(cases: usize) -> Engine {
    let engine = Engine::new(TOWNSHIP, Commit::AtOnce, &[place(TOWNSHIP), place(HOME)]);
    ready(&engine, staff());
    let owner = home();
    let row = item::ITEM.load(&*owner.state, &CODE.to_owned()).expect("readable").expect("it is in force");
    let kept = Command::KeepForeignItem(Box::new(ForeignItem { node: owner.place.node, as_of: moment(), item: row }));
    let request = Request::Act { actor: Actor::system(), command: Box::new(kept), key: None };
    engine.wait(engine.submit(request)).map(drop).expect("it is kept");
    for _ in 0..cases {
        let collect = Command::Collect {
            item: CODE.to_owned(),
            division: HOME.parse().expect("a division"),
            mode: None,
            applicant: Applicant { name: APPLICANT.0.to_owned(), identity: APPLICANT.1.to_owned() },
            materials: Vec::new(),
            hold: false,
            renews: None,
            agent: None,
            by: None,
        };
        let _done = engine.done(Role::Window, collect);
    }
    engine.quiet();
    engine
}

/// What waits at an engine, opened, in order of sequence.
fn outbox(engine: &Engine) -> Vec<Envelope> {
    let rows = OUTBOX.list(&*engine.state, &[], None, usize::MAX).expect("readable");
    let open = |bytes: Vec<u8>| Envelope::open(&engine.place.node, &Sealed::new(bytes), &Unsealing).expect("its seal");
    rows.into_iter().map(|(_, Bytes(bytes))| open(bytes)).collect()
}

fn delivery(envelope: &Envelope, from: Place) -> Request {
    Request::Deliver { sealed: sealed(envelope), envelope: Box::new(envelope.clone()), place: from }
}

fn answer(outcome: Outcome) -> Answer {
    outcome.expect("the engine runs").into_inner()
}

fn deliver(to: &Engine, envelope: &Envelope, from: Place) -> Answer {
    let answer = answer(to.wait(to.submit(delivery(envelope, from))));
    to.quiet();
    answer
}

fn receipt_of(to: &Engine, answer: &Answer) -> Receipt {
    let Answer::Receipt(sealed, _) = answer else { panic!("{answer:?}") };
    Receipt::open(&to.place.node, sealed, &Unsealing).expect("its seal holds")
}

fn receipted(at: &Engine, answer: Answer, from: Place) {
    let Answer::Receipt(sealed, _) = answer else { panic!("{answer:?}") };
    let receipt = Box::new(Receipt::open(&from.node, &sealed, &Unsealing).expect("its seal holds"));
    at.wait(at.submit(Request::Receipted { sealed, receipt, place: from })).map(drop).expect("it is taken");
    at.quiet();
}

/// Carries all that waits at `from` over, with its receipts back.
fn carry_all(from: &Engine, to: &Engine) {
    for envelope in outbox(from) {
        let answer = deliver(to, &envelope, from.place);
        receipted(from, answer, to.place);
    }
}

fn cases(engine: &Engine) -> Vec<Case> {
    let rows = case::CASE.list(&*engine.state, &[], None, usize::MAX).expect("readable");
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Cases and acts without what chance and order of arrival have drawn.
fn standing(engine: &Engine) -> Vec<(String, Status, u32, String, Vec<Act>)> {
    let mut all: Vec<_> = cases(engine)
        .into_iter()
        .map(|row| {
            let acts = case::history(&*engine.state, &row.id).expect("readable");
            (row.id.to_string(), row.status, row.tenure, format!("{:?}", row.custody), acts)
        })
        .collect();
    all.sort_by(|left, right| left.0.cmp(&right.0));
    all
}

/// What the log alone gives is what the engine has.
fn folds_alike(mut engine: Engine) {
    let (before, division) = (engine.dump(), engine.place.division.to_string());
    let committed = engine.stop();
    assert!(replay(&division, committed) == before, "replay of {division}");
}

/// Holds the writer by two entries that aren't committed, so that what is submitted next shares one entry.
fn in_one_entry(engine: &Engine, requests: Vec<Request>) -> Vec<Answer> {
    let fillers: Vec<_> = (0..2)
        .map(|number| {
            let name = format!("占位{number}");
            let add = Command::AddOperator { name, roles: vec![Role::Audit], window: None, uid: None };
            let outcome = engine.give(Role::Admin, add);
            within(10, "a filler is in flight", || seen(engine.waiting() == number + 1, engine.waiting()));
            outcome
        })
        .collect();
    let outcomes: Vec<_> = requests.into_iter().map(|request| engine.submit(request)).collect();
    engine.commit(1);
    within(10, "all are decided", || seen(engine.waiting() == 2, engine.waiting()));
    engine.commit(usize::MAX);
    for filler in fillers {
        let _done = engine.wait(filler);
    }
    let answers = outcomes.into_iter().map(|outcome| answer(engine.wait(outcome))).collect();
    engine.quiet();
    answers
}

#[test]
fn twice_in_one_entry_is_once() {
    let from = township(2);
    let all = outbox(&from);
    let to = Engine::new(HOME, Commit::OnCommand, &[place(TOWNSHIP), place(HOME)]);
    let outcomes = in_batches(&to, staff().into_iter().chain(catalogue()).collect(), &[20]);
    assert!(outcomes.iter().all(Result::is_ok));
    let requests = [1, 0, 0, 1].map(|number| delivery(&all[number], from.place)).into();
    let answers = in_one_entry(&to, requests);
    // The early one is decided right behind the one that it waited for, before what was submitted after that.
    assert_eq!((&answers[0], &answers[2], &answers[3]), (&Answer::Early, &Answer::Pending, &Answer::Pending));
    assert!(matches!(answers[1], Answer::Receipt(_, 1)));
    let known: Vec<Answer> = all.iter().map(|envelope| deliver(&to, envelope, from.place)).collect();
    assert_eq!(receipt_of(&to, &known[0]), receipt_of(&to, &answers[1]), "the same receipt again");
    assert!(matches!(known[1], Answer::Receipt(_, 2)));
    assert!(cases(&to).iter().all(|case| case.acts == 1));
    assert_eq!(cases(&to).len(), 2);
    folds_alike(to);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 50, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each comes once or several times, in any order, and nothing is offered again: the end is as if it had come in order.
    #[test]
    fn any_order_ends_as_in_order(order in Just((0..12_usize).flat_map(|n| [n, n]).collect::<Vec<_>>()).prop_shuffle()) {
        let from = township(4);
        let [straight, shuffled] = [home(), home()];
        // Four offers, then the owner's reports on them: three acts on each of four cases.
        for envelope in outbox(&from) {
            let _receipt = deliver(&straight, &envelope, from.place);
        }
        let offers = outbox(&from);
        for number in order.iter().filter(|number| **number < offers.len()) {
            let _any = deliver(&shuffled, &offers[*number], from.place);
        }
        prop_assert_eq!(standing(&straight).len(), 4);
        prop_assert_eq!(
            standing(&straight).into_iter().map(|row| row.0).collect::<Vec<_>>(),
            standing(&shuffled).into_iter().map(|row| row.0).collect::<Vec<_>>()
        );
        for owned in cases(&shuffled) {
            let id = owned.id.to_string();
            let _done = shuffled.done(Role::Reviewer, Command::Accept(id.clone()));
            let _done = shuffled.done(Role::Decider, Command::Decide { case: id, grant: true, reason: None });
        }
        shuffled.quiet();
        let reports = outbox(&shuffled);
        prop_assert_eq!(reports.len(), 12);
        let other = from.twin();
        for report in &reports {
            let _receipt = deliver(&other, report, shuffled.place);
        }
        for number in &order {
            let _any = deliver(&from, &reports[*number], shuffled.place);
        }
        prop_assert_eq!(standing(&from), standing(&other));
        prop_assert!(cases(&from).iter().all(|case| case.status == Status::Granted));
        folds_alike(from);
        folds_alike(shuffled);
    }
}

#[test]
fn after_a_restore_the_line_goes_on_and_nothing_happens_twice() {
    let from = township(3);
    let to = home();
    let all = outbox(&from);
    let first = receipt_of(&to, &deliver(&to, &all[0], from.place));
    // The origin was restored from a copy that knew of the first two, and begins a new epoch with them.
    let again = |envelope: &Envelope, sequence| Envelope { epoch: 2, sequence, ..envelope.clone() };
    let second = receipt_of(&to, &deliver(&to, &again(&all[0], 1), from.place));
    assert_eq!((second.epoch, second.sequence, &second.outcome), (2, 1, &first.outcome));
    let third = receipt_of(&to, &deliver(&to, &again(&all[1], 2), from.place));
    assert!(matches!(third.outcome, receipt::Outcome::Applied { .. }), "{third:?}");
    // What is under way under the old epoch, in its turn, is the same act: nothing happens twice.
    let late = receipt_of(&to, &deliver(&to, &all[1], from.place));
    assert_eq!((late.epoch, late.sequence, &late.outcome), (1, 2, &third.outcome));
    // After a gap of the old epoch nothing is kept: the origin lives on.
    assert_eq!(deliver(&to, &Envelope { sequence: 9, ..all[2].clone() }, from.place), Answer::NotYet);
    assert!(matches!(deliver(&to, &again(&all[2], 3), from.place), Answer::Receipt(_, 3)));
    assert_eq!(cases(&to).len(), 3);
    assert!(cases(&to).iter().all(|case| case.acts == 1));
    folds_alike(to);
}

#[test]
fn a_fork_is_refused_kept_and_gives_no_case_back() {
    let from = township(3);
    let to = home();
    let all = outbox(&from);
    let _taken = receipt_of(&to, &deliver(&to, &all[0], from.place));
    let code = |receipt: &Receipt| match &receipt.outcome {
        receipt::Outcome::Refused { code, .. } => code.clone(),
        other => panic!("{other:?}"),
    };
    // The same act with another content, next in its line.
    let Body::Plain(body) = &all[1].body else { panic!("offers are plain") };
    let fork = Envelope { sequence: 2, body: Body::Plain(body.clone()), ..all[0].clone() };
    let refused = deliver(&to, &fork, from.place);
    assert_eq!(code(&receipt_of(&to, &refused)), "envelope-fork");
    assert_eq!(deliver(&to, &fork, from.place), refused, "a repeat is answered alike");
    // The line goes on behind it.
    let third = Envelope { sequence: 3, ..all[1].clone() };
    assert!(matches!(deliver(&to, &third, from.place), Answer::Receipt(_, 3)));
    // Another act at a place that is taken: refused, the mark stays, and no more than a few are kept.
    for number in 0..6 {
        let other = Envelope { sequence: 1, act_number: 40 + number, ..all[2].clone() };
        let answered = deliver(&to, &other, from.place);
        if number < 4 {
            let receipt = receipt_of(&to, &answered);
            assert_eq!((code(&receipt).as_str(), receipt.envelope), ("envelope-fork", other.id()), "{number}");
            assert_eq!(receipt_of(&to, &deliver(&to, &other, from.place)), receipt);
        } else {
            assert_eq!(answered, Answer::Fork, "{number}");
        }
    }
    assert_eq!(HIGH_WATER.load(&*to.state, &(from.place.node, 1)).expect("readable"), Some(3));
    assert_eq!(FORK.list(&*to.state, &[], None, 99).expect("readable").len(), 5);
    assert_eq!(cases(&to).len(), 2);
    // At the origin a fork decides nothing: the case was taken, perhaps, by what it sent before.
    let refused = receipt_of(&to, &refused);
    let told = Receipt::of(&all[2], refused.outcome, moment());
    let told = seal(to.place.node, content_type::RECEIPT, &told.to_bytes());
    receipted(&from, Answer::Receipt(told, 3), to.place);
    let frozen = cases(&from).into_iter().find(|case| case.id == all[2].subject.case()).expect("it was collected");
    assert!(matches!(frozen.custody, Custody::Offered { .. }), "{:?}", frozen.custody);
    assert_eq!(ASIDE.list(&*from.state, &[], None, 9).expect("readable").len(), 1);
    folds_alike(to);
    folds_alike(from);
}

/// Has `engine` put aside what it takes next of `envelope`'s line, as a release would that doesn't know the kind.
fn put_aside(engine: &Engine, envelope: &Envelope, from: Place) -> Answer {
    let outcome = receipt::Outcome::Quarantined { code: "kind-unknown".to_owned() };
    let receipt = Receipt::of(envelope, outcome, moment());
    let receipt = seal(engine.place.node, content_type::RECEIPT, &receipt.to_bytes());
    let event = ExchangeEvent::Arrived {
        origin: envelope.origin,
        epoch: envelope.epoch,
        sequence: envelope.sequence,
        id: envelope.id().0,
        digest: envelope.digest(),
        receipt: receipt.as_bytes().to_vec(),
        quarantined: Some(sealed(envelope).into_bytes()),
        why: Some(Unread { code: "kind-unknown".to_owned(), text: String::new(), division: Some(from.division) }),
    };
    let request = Request::Custom(Box::new(move |_, _, _| Ok(Outside { exchange: vec![event], ..Outside::default() })));
    engine.wait(engine.submit(request)).map(drop).expect("it is kept");
    engine.quiet();
    Answer::Receipt(receipt, envelope.sequence)
}

/// Replays the first of a line, and says what came of it.
fn replayed(engine: &Engine, origin: Place, subject: CaseId) -> String {
    let Answer::Json(reply) = answer(engine.wait(engine.submit(Request::Replay { origin, subject }))) else {
        panic!("a replay answers in JSON")
    };
    engine.quiet();
    let reply: Value = serde_json::from_slice(&reply).expect("JSON");
    reply["outcome"].as_str().expect("an outcome").to_owned()
}

fn quarantine(engine: &Engine) -> Vec<(u32, String)> {
    let rows = QUARANTINE.list(&*engine.state, &[], None, 99).expect("readable");
    rows.into_iter().map(|((_, _, act), row)| (act, row.code)).collect()
}

#[test]
fn a_quarantined_offer_is_replayed_and_its_origin_hears_of_it() {
    for lawful in [true, false] {
        let from = township(2);
        let to = if lawful { home() } else { Engine::new(HOME, Commit::AtOnce, &[place(TOWNSHIP), place(HOME)]) };
        let all = outbox(&from);
        let subject = all[0].subject.case();
        let aside = put_aside(&to, &all[0], from.place);
        receipted(&from, aside, to.place);
        assert_eq!(ASIDE.list(&*from.state, &[], None, 9).expect("readable").len(), 1);
        let custody = |engine: &Engine| {
            let case = cases(engine).into_iter().find(|case| case.id == subject);
            case.map(|case| {
                (format!("{:?}", case.custody).split([' ', '{']).next().unwrap_or_default().to_owned(), case.tenure)
            })
        };
        assert_eq!(custody(&from), Some(("Offered".to_owned(), 1)), "frozen until somebody decides");
        // Another case passes.
        let passed = deliver(&to, &all[1], from.place);
        receipted(&from, passed, to.place);
        assert_eq!(replayed(&to, from.place, subject), if lawful { "applied" } else { "refused" });
        assert_eq!(replayed(&to, from.place, subject), "empty");
        assert!(quarantine(&to).is_empty());
        // Whoever offers it again hears the last word at once.
        let again = receipt_of(&to, &deliver(&to, &all[0], from.place));
        assert_eq!(matches!(again.outcome, receipt::Outcome::Applied { .. }), lawful);
        carry_all(&to, &from);
        let (there, here) = if lawful {
            (Some(("Owner".to_owned(), 2)), Some(("Elsewhere".to_owned(), 2)))
        } else {
            (None, Some(("Owner".to_owned(), 1)))
        };
        assert_eq!((custody(&to), custody(&from)), (there, here), "one owner");
        assert!(ASIDE.list(&*from.state, &[], None, 9).expect("readable").is_empty());
        let sent = SENT.load(&*from.state, &(to.place.node, 1, 1)).expect("readable").expect("it was sent");
        assert!(sent.outcome.is_some() && !sent.receipt.is_empty(), "both words are kept");
        assert!(outbox(&to).is_empty() && outbox(&from).is_empty());
        folds_alike(to);
        folds_alike(from);
    }
}

/// A case at its authority's node with the owner's three reports of it, and the township that waits for them.
fn reported() -> (Engine, Engine, Vec<Envelope>, CaseId) {
    let (from, to) = (township(2), home());
    carry_all(&from, &to);
    let id = cases(&to)[0].id;
    let first = outbox(&to).into_iter().find(|report| report.subject.case() != id).expect("one of each");
    let case = first.subject.case();
    let _done = to.done(Role::Reviewer, Command::Accept(case.to_string()));
    let _done = to.done(Role::Decider, Command::Decide { case: case.to_string(), grant: true, reason: None });
    to.quiet();
    let reports = outbox(&to);
    (to, from, reports, case)
}

#[test]
fn later_ones_of_a_case_are_parked_and_replayed_in_order() {
    let (owner, township, reports, case) = reported();
    let twin = township.twin();
    for report in &reports {
        let _receipt = deliver(&twin, report, owner.place);
    }
    let mut parked = 0;
    let mut is_first = true;
    for report in &reports {
        let answer = if report.subject.case() == case && std::mem::take(&mut is_first) {
            put_aside(&township, report, owner.place)
        } else {
            deliver(&township, report, owner.place)
        };
        let receipt = receipt_of(&township, &answer);
        match (&receipt.outcome, report.subject.case() == case) {
            (receipt::Outcome::Quarantined { code }, true) => parked += usize::from(code == "parked"),
            (receipt::Outcome::Applied { .. }, false) => {}
            other => panic!("{other:?}"),
        }
        receipted(&owner, answer, township.place);
    }
    assert_eq!(parked, 2);
    assert_eq!(
        quarantine(&township).iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>(),
        ["kind-unknown", "parked", "parked"]
    );
    assert_eq!(ASIDE.list(&*owner.state, &[], None, 9).expect("readable").len(), 3);
    for left in [2, 1, 0] {
        assert_eq!(replayed(&township, owner.place, case), "applied");
        assert_eq!(quarantine(&township).len(), left);
    }
    assert_eq!(standing(&township), standing(&twin), "as if it had never been put aside");
    carry_all(&township, &owner);
    assert!(ASIDE.list(&*owner.state, &[], None, 9).expect("readable").is_empty());
    folds_alike(township);
    folds_alike(owner);
}

#[test]
fn a_replay_stops_at_the_first_that_is_still_not_understood() {
    let (owner, township, reports, case) = reported();
    let line: Vec<Envelope> = reports.into_iter().filter(|report| report.subject.case() == case).collect();
    let stranger = Envelope { kind: 999, ..line[1].clone() };
    // Sequences anew: the other case's report isn't in this story.
    let at = |envelope: &Envelope, sequence| Envelope { sequence, ..envelope.clone() };
    let _aside = put_aside(&township, &at(&line[0], 1), owner.place);
    let _parked = deliver(&township, &at(&stranger, 2), owner.place);
    let _parked = deliver(&township, &at(&line[2], 3), owner.place);
    assert_eq!(replayed(&township, owner.place, case), "applied");
    assert_eq!(replayed(&township, owner.place, case), "waiting");
    assert_eq!(
        quarantine(&township).iter().map(|row| row.0).collect::<Vec<_>>(),
        [line[1].act_number, line[2].act_number]
    );
    // Later ones go on being parked, after a restart as well.
    let mut township = township;
    township.crash(0);
    township.quiet();
    let last = Envelope { sequence: 4, act_number: line[2].act_number + 1, ..line[2].clone() };
    let answer = deliver(&township, &last, owner.place);
    assert_eq!(receipt_of(&township, &answer).outcome, receipt::Outcome::Quarantined { code: "parked".to_owned() });
    folds_alike(township);
}

/// Lays envelopes into the quarantine of a stopped node, as a release would that knows none of their kinds.
fn lay_aside(state: &Path, envelopes: &[&Envelope]) {
    let state = RocksBackend::open(state, RocksOptions::default()).expect("the state can be opened");
    let mut rows = WriteBatch::new();
    for envelope in envelopes {
        let row = Quarantined {
            epoch: envelope.epoch,
            sequence: envelope.sequence,
            kind: envelope.kind,
            version: envelope.version,
            code: "kind-unknown".to_owned(),
            text: String::new(),
            at: moment(),
            division: TOWNSHIP.parse().ok(),
            sealed: sealed(envelope).into_bytes(),
        };
        QUARANTINE.put(&mut rows, &(envelope.origin, envelope.subject.case(), envelope.act_number), &row);
    }
    state.write(rows).expect("the disk has room");
    state.flush().expect("the disk has room");
}

/// A node of the present release starts on what an older one has put aside.
#[test]
fn a_node_replays_by_itself_what_it_knows_and_shows_the_rest() {
    let from = township(2);
    let all = outbox(&from);
    let stranger = Envelope { kind: 99, ..all[1].clone() };
    let behind = Envelope { act_number: stranger.act_number + 1, sequence: 3, ..all[1].clone() };
    let mut cluster = Cluster::new();
    let node = cluster.init("hall", HOME, "西湖区");
    node.start();
    node.stop();
    lay_aside(&node.dir.join("data/state"), &[&all[0], &stranger, &behind]);
    node.start();
    let rows = within(10, "the offer is decided", || {
        let rows = node.ok(&["sync", "quarantine", "list"])["quarantine"].clone();
        let count = rows.as_array().map_or(0, Vec::len);
        if count == 2 { Ok(rows) } else { Err(rows.to_string()) }
    });
    let codes = |field: &str| [rows[0][field].clone(), rows[1][field].clone()];
    assert_eq!(codes("code"), ["kind-unknown", "parked"].map(Value::from));
    assert_eq!(codes("body"), ["99", "offer"].map(Value::from));
    let id = stranger.id().to_string();
    assert_eq!(node.ok(&["sync", "quarantine", "show", &id[..8]])["quarantine"][0]["id"], id);
    node.refused(&["sync", "quarantine", "show", "00000000"], "envelope-unknown");
    for args in [&["sync", "quarantine", "replay", "--all"][..], &["sync", "quarantine", "replay", &id]] {
        let done = node.ok(args)["replayed"].clone();
        assert_eq!((done.as_array().map(Vec::len), &done[0]["outcome"]), (Some(1), &Value::from("waiting")), "{done}");
    }
    let why = node.ok(&["sync", "why", &stranger.subject.to_string()])["waiting"].clone();
    assert_eq!([&why[0]["cause"], &why[1]["cause"]], ["quarantined-here", "waiting-for-earlier"]);
    // What was decided is on its way to its origin, of which this node has no record.
    let peers = within(10, "its last word waits", || {
        let peers = node.ok(&["sync", "why"])["peers"].clone();
        if peers[0]["behind"] == 1 { Ok(peers) } else { Err(peers.to_string()) }
    });
    assert_eq!(peers[0]["cause"], "no-route", "{peers}");
    let offered = all[0].subject.to_string();
    node.refused(&["sync", "why", &offered], "peer-unknown");
    node.refused(&["case", "show", &offered], "case-unknown");
}
