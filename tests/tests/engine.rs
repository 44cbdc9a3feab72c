//! The engine: any batching decides the same, replay folds to the overlay's bytes, a crash loses nothing that is committed, and two
//! engines never own a case at the same time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::Value;
use system_tests::sim::{Engine, Outcome, Unsealing, actor, dump, in_batches, moment, place, replay};
use system_tests::{APPLICANT, seen, within};
use tongban::engine::{Answer, Key, Refused, Request};
use tongban::raft::memory::Commit;
use tongban_codes::ids::Digest;
use tongban_domain::case::{Case, Custody, RefusalKind, Status};
use tongban_domain::catalogue::{ForeignItem, ImportRow};
use tongban_domain::supervision::Watched;
use tongban_domain::{Actor, Applicant, Command, Place, Role};
use tongban_federation::{Envelope, Receipt, Sealed};
use tongban_storage::keyspace::{Bytes, case, delivery, figure, hall, item, supervision};
use tongban_storage::{Backend, Family, Read, StorageVersion, WriteBatch, open_version};

const HOME: &str = "330106";
const TOWNSHIP: &str = "330110009";
const CODE: &str = "330A0015500013";
const SERVICE: &str = "330A0015500014";

/// So many runs; what failed once is kept beside this file and tried first.
fn config(cases: u32) -> ProptestConfig {
    let kept = Box::new(FileFailurePersistence::WithSource("regressions"));
    ProptestConfig { cases, max_shrink_iters: 200, failure_persistence: Some(kept), ..ProptestConfig::default() }
}

fn row(number: u32, code: &str, kind: &str) -> ImportRow {
    let columns = [
        ("department", "卫健局"),
        ("main_item", "许可"),
        ("name", code),
        ("local_item_code", code),
        ("item_type", kind),
        ("department_code", "11370800MB28559184"),
        ("legal_basis", "公共场所卫生管理条例第四条"),
        ("statutory_days", "20"),
        ("promised_days", "5"),
        ("modes", "online^collect"),
        ("covered", "330100"),
    ];
    ImportRow::new(number, columns.map(|(column, value)| (column.to_owned(), value.to_owned())).into())
}

fn collect(item: &str, division: &str) -> Command {
    Command::Collect {
        item: item.to_owned(),
        division: division.parse().expect("a division"),
        mode: None,
        applicant: Applicant { name: APPLICANT.0.to_owned(), identity: APPLICANT.1.to_owned() },
        materials: Vec::new(),
        hold: false,
        renews: None,
        agent: None,
        by: None,
    }
}

/// Puts items in force.
fn catalogue() -> Vec<(Role, Command)> {
    vec![
        (Role::Catalogue, Command::ImportItems(vec![row(2, CODE, "01"), row(3, SERVICE, "20")].into())),
        (Role::Catalogue, Command::PublishItems(None)),
    ]
}

/// The staff as commands: operators, and a mandate for everything.
fn staff() -> Vec<(Role, Command)> {
    let add =
        |role: Role| Command::AddOperator { name: role.name().to_owned(), roles: vec![role], window: None, uid: None };
    let mandate =
        Command::GrantMandate { operator: Role::Decider.name().to_owned(), item: None, from: None, until: None };
    Role::ALL.map(|role| (Role::Admin, add(role))).into_iter().chain([(Role::Admin, mandate)]).collect()
}

/// A case by the number that it gets: the numbers of a day are given in order.
fn numbered(serial: u32) -> String {
    format!("{HOME:0<12}-{}-{serial:05}", moment().date().compact())
}

/// One of all commands of a hall, lawful or not, on one of a few cases.
fn command() -> impl Strategy<Value = (Role, Command)> {
    let text = || (1..6_u32).prop_map(numbered);
    let reason = || prop_oneof![Just(None), Just(Some("材料不实".to_owned()))];
    prop_oneof![
        4 => prop_oneof![Just(CODE), Just(SERVICE)].prop_map(|item| (Role::Window, collect(item, HOME))),
        4 => text().prop_map(|case| (Role::Reviewer, Command::Accept(case))),
        1 => text().prop_map(|case| {
            let (kind, reason) = (RefusalKind::NotRequired, "依法不需要".to_owned());
            (Role::Reviewer, Command::Refuse { case, kind, reason, competent: None })
        }),
        1 => text().prop_map(|case| (Role::Reviewer, Command::Notify { case, items: vec!["缺申请书".to_owned()], new_reasons: Vec::new(), within: None })),
        3 => (text(), any::<bool>(), reason()).prop_map(|(case, grant, reason)| {
            (Role::Decider, Command::Decide { case, grant, reason })
        }),
        2 => text().prop_map(|case| {
            let until = "2030-01-01".parse().expect("a day");
            (Role::Issuer, Command::IssueLicence { case, kind: "许可证".to_owned(), until })
        }),
        1 => text().prop_map(|case| {
            (Role::Reviewer, Command::SuspendCase { case, procedure: "检测".to_owned(), days: 5 })
        }),
        1 => text().prop_map(|case| (Role::Reviewer, Command::ResumeCase { case, note: None })),
        1 => text().prop_map(|case| {
            let (approver, reason) = ("局长".to_owned(), "案情复杂".to_owned());
            (Role::Decider, Command::ExtendCase { case, days: 10, approver, reason })
        }),
        1 => text().prop_map(|case| (Role::Window, Command::Deliver { case, note: None })),
        1 => text().prop_map(|case| (Role::Window, Command::Close(case))),
        1 => (text(), reason()).prop_map(|(case, reason)| (Role::Window, Command::Withdraw { case, reason })),
        1 => Just((Role::Catalogue, Command::WithdrawItem(SERVICE.to_owned()))),
        1 => Just((Role::Audit, collect(CODE, HOME))),
    ]
}

/// What each command came to, without what chance has drawn: done, or the code of the refusal.
fn codes(outcomes: &[Outcome]) -> Vec<String> {
    let code = |outcome: &Outcome| match outcome {
        Ok(_) => "done".to_owned(),
        Err(Refused::Rejection(rejection)) => rejection.code.to_owned(),
        Err(other) => format!("{other:?}"),
    };
    outcomes.iter().map(code).collect()
}

/// The state as the domain sees it: cases by their number, without ids, codes and ciphers, which are drawn by chance.
fn domain(state: &dyn Read) -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    let mut put = |key: String, value: String| {
        assert!(rows.insert(key.clone(), Value::from(value)).is_none(), "{key} twice");
    };
    let all = usize::MAX;
    for (id, row) in case::CASE.list(state, &[], None, all).expect("the state can be read") {
        let acts = case::history(state, &id).expect("the state can be read");
        let blank = place("330000");
        let blank = tongban_codes::ids::CaseId::draw(&blank.node, [0; 10]);
        let plain = Case {
            id: blank,
            query_code: tongban_codes::ids::QueryCode::draw(row.query_code.label(), 0),
            personal: tongban_domain::case::Personal {
                wrapped_key: Vec::new(),
                name: Vec::new(),
                identity: Vec::new(),
                forgotten_at: None,
            },
            ..row
        };
        for mut act in acts {
            act.case = blank;
            put(format!("act {} {} {}", plain.collection_no, act.place.division, act.number), format!("{act:?}"));
        }
        put(format!("case {}", plain.collection_no), format!("{plain:?}"));
    }
    for (key, row) in hall::OPERATOR.list(state, &[], None, all).expect("the state can be read") {
        put(format!("operator {key}"), format!("{row:?}"));
    }
    for (key, row) in hall::SERIAL.list(state, &[], None, all).expect("the state can be read") {
        put(format!("serial {key}"), format!("{row:?}"));
    }
    for (key, row) in hall::LICENCE.list(state, &[], None, all).expect("the state can be read") {
        put(format!("licence {key}"), format!("{:?} {:?} {:?}", row.status, row.type_name, row.valid_until));
    }
    for (key, row) in item::ITEM.list(state, &[], None, all).expect("the state can be read") {
        put(format!("item {key}"), format!("{row:?}"));
    }
    for (key, row) in figure::FIGURE.list(state, &[], None, all).expect("the state can be read") {
        put(format!("figure {key:?}"), format!("{row:?}"));
    }
    rows
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn any_batching_decides_the_same(
        commands in prop::collection::vec(command(), 1..40),
        sizes in prop::collection::vec(1..12_usize, 1..12),
        lost in 0..1000_usize,
    ) {
        let script: Vec<(Role, Command)> = staff().into_iter().chain(catalogue()).chain(commands).collect();
        let one_by_one = Engine::new(HOME, Commit::OnCommand, &[]);
        let expected = codes(&in_batches(&one_by_one, script.clone(), &[]));
        let mut batched = Engine::new(HOME, Commit::OnCommand, &[]);
        let found = codes(&in_batches(&batched, script, &sizes));
        prop_assert_eq!(found, expected);
        prop_assert_eq!(domain(&*batched.state), domain(&*one_by_one.state));

        // The overlay that decided and the log that is replayed give the same bytes.
        let overlay = batched.dump();
        let committed = batched.stop();
        prop_assert!(replay(HOME, committed) == overlay, "replay from the beginning");

        // The state loses what wasn't flushed and has it again from the log.
        let mut crashed = one_by_one;
        let before = crashed.dump();
        let keep = lost % (crashed.state.unflushed() + 1);
        crashed.crash(keep);
        crashed.quiet();
        prop_assert!(crashed.dump() == before, "after a crash that kept {keep} batches");
    }
}

/// What was proposed and not committed is nowhere; its caller hears that it isn't known.
#[test]
fn what_was_not_committed_is_gone_after_a_crash() {
    let mut engine = Engine::new(HOME, Commit::OnCommand, &[]);
    let script = staff().into_iter().chain(catalogue()).chain([(Role::Window, collect(CODE, HOME))]).collect();
    let outcomes = in_batches(&engine, script, &[3, 20]);
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let before = engine.dump();
    let lost = engine.give(Role::Window, collect(CODE, HOME));
    let also_lost = engine.give(Role::Reviewer, Command::Accept(numbered(2)));
    within(10, "both are proposed", || seen(engine.waiting() == 2 || engine.waiting() == 1, engine.waiting()));
    engine.crash(0);
    assert!(matches!(engine.wait(lost), Err(Refused::Unknown)));
    assert!(matches!(engine.wait(also_lost), Err(Refused::Unknown)));
    engine.quiet();
    assert!(engine.dump() == before, "an entry that wasn't committed left something behind");
    // The next case gets the number that was never given.
    let next = engine.give(Role::Window, collect(CODE, HOME));
    within(10, "it is proposed", || seen(engine.waiting() == 1, engine.waiting()));
    engine.commit(1);
    let answer = engine.wait(next).expect("it is collected").into_inner();
    let Answer::Json(reply) = answer else { panic!("{answer:?}") };
    assert!(String::from_utf8_lossy(&reply).contains(&numbered(2)), "the serial after the lost one");
}

/// Two engines and the unkind network between them.
struct World {
    engines: [Engine; 2],
}

impl World {
    /// A township that collects for a county, whose item it has.
    fn new() -> Self {
        let places = [place(TOWNSHIP), place(HOME)];
        let engines = [TOWNSHIP, HOME].map(|division| Engine::new(division, Commit::AtOnce, &places));
        for engine in &engines {
            for (role, command) in staff() {
                let _done = engine.done(role, command);
            }
        }
        for (role, command) in catalogue() {
            let _done = engines[1].done(role, command);
        }
        engines.iter().for_each(Engine::quiet);
        let item = item::ITEM
            .load(&*engines[1].state, &CODE.to_owned())
            .expect("the state can be read")
            .expect("it is in force");
        let kept = ForeignItem { node: engines[1].place.node, as_of: moment(), item };
        let request = Request::Act {
            actor: Actor::system(),
            command: Box::new(Command::KeepForeignItem(Box::new(kept))),
            key: None,
        };
        engines[0].wait(engines[0].submit(request)).map(drop).expect("it is kept");
        engines[0].quiet();
        Self { engines }
    }

    /// What waits at one engine for the other.
    fn outbox(&self, from: usize) -> Vec<Sealed> {
        let rows =
            delivery::OUTBOX.list(&*self.engines[from].state, &[], None, usize::MAX).expect("the state can be read");
        rows.into_iter().map(|(_, Bytes(bytes))| Sealed::new(bytes)).collect()
    }

    /// Carries one envelope over, and its receipt back unless that is lost.
    fn carry(&self, from: usize, number: usize, is_receipt_lost: bool) {
        let outbox = self.outbox(from);
        let Some(sealed) = outbox.get(number % outbox.len().max(1)).cloned() else { return };
        let (here, there) = (&self.engines[from], &self.engines[1 - from]);
        let envelope = Envelope::open(&here.place.node, &sealed, &Unsealing).expect("its seal holds");
        let deliver = Request::Deliver { sealed, envelope: Box::new(envelope), place: here.place };
        let answer = there.wait(there.submit(deliver)).expect("the engine runs").into_inner();
        there.quiet();
        match answer {
            Answer::Receipt(sealed, _) if !is_receipt_lost => {
                let receipt = Receipt::open(&there.place.node, &sealed, &Unsealing).expect("its seal holds");
                let request = Request::Receipted { sealed, receipt: Box::new(receipt), place: there.place };
                here.wait(here.submit(request)).map(drop).expect("a receipt is taken");
                here.quiet();
            }
            Answer::Receipt(..) | Answer::Early => {}
            other => panic!("{other:?}"),
        }
    }

    /// Promise 1: one owner, and no case lost between two.
    fn check(&self) {
        let cases = |engine: &Engine| -> BTreeMap<_, Case> {
            case::CASE.list(&*engine.state, &[], None, usize::MAX).expect("the state can be read").into_iter().collect()
        };
        let [township, home] = [cases(&self.engines[0]), cases(&self.engines[1])];
        for (id, there) in &township {
            let at_home = home.get(id);
            match &there.custody {
                Custody::Owner => assert!(at_home.is_none(), "{id} has two owners"),
                // Until the receipt comes both may have it: the township is frozen, so one may act.
                Custody::Offered { .. } => assert!(at_home.is_none_or(|case| case.tenure == there.tenure + 1), "{id}"),
                Custody::Elsewhere { .. } => {
                    let owner = at_home.unwrap_or_else(|| panic!("{id} is lost"));
                    assert_eq!((&owner.custody, owner.tenure), (&Custody::Owner, there.tenure), "{id}");
                }
            }
        }
        assert!(home.keys().all(|id| township.contains_key(id)), "a case that nobody collected");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Collect,
    Carry { from: usize, number: usize, is_receipt_lost: bool },
    Accept { number: usize },
    Decide { number: usize },
    Crash { at: usize, keep: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Collect),
        6 => (0..2_usize, 0..8_usize, any::<bool>())
            .prop_map(|(from, number, is_receipt_lost)| Step::Carry { from, number, is_receipt_lost }),
        2 => (0..8_usize).prop_map(|number| Step::Accept { number }),
        2 => (0..8_usize).prop_map(|number| Step::Decide { number }),
        2 => (0..2_usize, 0..1000_usize).prop_map(|(at, keep)| Step::Crash { at, keep }),
    ]
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn two_engines_have_one_owner(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        let nth = |world: &World, number: usize| -> Option<String> {
            let rows = case::CASE.list(&*world.engines[1].state, &[], None, usize::MAX).expect("the state can be read");
            let ids: Vec<String> = rows.into_iter().map(|(id, _)| id.to_string()).collect();
            ids.get(number % ids.len().max(1)).cloned()
        };
        for step in steps {
            match step {
                Step::Collect => {
                    let _done = world.engines[0].done(Role::Window, collect(CODE, HOME));
                    world.engines[0].quiet();
                }
                Step::Carry { from, number, is_receipt_lost } => world.carry(from, number, is_receipt_lost),
                Step::Accept { number } => {
                    if let Some(case) = nth(&world, number) {
                        // Whether the state allows it is not the matter here.
                        let _outcome = world.engines[1].wait(world.engines[1].give(Role::Reviewer, Command::Accept(case)));
                        world.engines[1].quiet();
                    }
                }
                Step::Decide { number } => {
                    if let Some(case) = nth(&world, number) {
                        let decide = Command::Decide { case, grant: true, reason: None };
                        let _outcome = world.engines[1].wait(world.engines[1].give(Role::Decider, decide));
                        world.engines[1].quiet();
                    }
                }
                Step::Crash { at, keep } => {
                    let engine = &mut world.engines[at];
                    let (before, unflushed) = (engine.dump(), engine.state.unflushed());
                    engine.crash(keep % (unflushed + 1));
                    engine.quiet();
                    prop_assert!(engine.dump() == before, "a crash changed the state");
                }
            }
            world.check();
        }
        // A kind network in the end: everything arrives, both legs agree.
        for _ in 0..400 {
            for from in 0..2 {
                world.carry(from, 0, false);
            }
            if world.outbox(0).is_empty() && world.outbox(1).is_empty() {
                break;
            }
        }
        prop_assert!(world.outbox(0).is_empty() && world.outbox(1).is_empty(), "something never arrived");
        world.check();
        let state = |engine: &Engine| -> BTreeMap<String, (Status, u32)> {
            let rows = case::CASE.list(&*engine.state, &[], None, usize::MAX).expect("the state can be read");
            rows.into_iter().map(|(id, case)| (id.to_string(), (case.status, case.tenure))).collect()
        };
        prop_assert_eq!(state(&world.engines[0]), state(&world.engines[1]));
        for engine in &mut world.engines {
            let before = engine.dump();
            let division = engine.place.division.to_string();
            let committed = engine.stop();
            prop_assert!(replay(&division, committed) == before, "replay of {division}");
        }
    }
}

/// The helpers used above stay what they say.
/// What a request came to is its answer for as long as its key is kept, also when it changed nothing: later it might.
#[test]
fn what_changed_nothing_changes_nothing_later() {
    let engine = Engine::new(HOME, Commit::AtOnce, &[]);
    for outcome in engine.staff() {
        let _staff = engine.wait(outcome);
    }
    let digest = |what: &str| Digest::of(what.as_bytes());
    let publish = || {
        let key = Some(Key { key: digest("key"), request: digest("request") });
        let command = Box::new(Command::PublishItems(None));
        let outcome = engine.submit(Request::Act { actor: actor(Role::Catalogue), command, key });
        engine.wait(outcome).expect("it is lawful").into_inner()
    };
    let first = publish();
    let _imported = engine.done(Role::Catalogue, Command::ImportItems(vec![row(2, CODE, "01")].into()));
    assert_eq!(publish(), first);
}

/// A store of the release before supervision: its open cases come into the queue of looks, those that are over don't.
#[test]
fn a_store_from_before_supervision_has_its_open_cases_looked_at() {
    let engine = Engine::new(HOME, Commit::AtOnce, &[]);
    let refuse = Command::Refuse {
        case: numbered(2),
        kind: RefusalKind::NotRequired,
        competent: None,
        reason: "依法不需要".to_owned(),
    };
    let accept = Command::Accept(numbered(1));
    let cases = [
        (Role::Window, collect(CODE, HOME)),
        (Role::Window, collect(CODE, HOME)),
        (Role::Reviewer, refuse),
        (Role::Reviewer, accept),
    ];
    for (role, command) in staff().into_iter().chain(catalogue()).chain(cases) {
        let _done = engine.done(role, command);
    }
    engine.quiet();
    let state = &*engine.state;
    let looks = || supervision::looks(state, None, usize::MAX).expect("the state can be read");
    let known = looks();
    assert_eq!(known.len(), 2, "one that is over is looked at once more and no harm done");
    let open = case::named(state, &numbered(1)).expect("the state can be read").expect("it is there");
    let waiting = || case::WAITS.list(state, &[], None, usize::MAX).expect("the state can be read");
    let waited = waiting();
    assert_eq!(waited.iter().map(|((_, _, id), ())| *id).collect::<Vec<_>>(), [open.id]);
    let mut before = WriteBatch::new();
    case::WAITS.visit_keys(state, |key| case::WAITS.delete(&mut before, &key)).expect("it can be read");
    supervision::WATCH.visit_keys(state, |key| supervision::WATCH.delete(&mut before, &key)).expect("it can be read");
    before.put(Family::Meta, *b"\x00version", 1_u32.to_be_bytes());
    state.write(before).expect("it can be written");
    assert_eq!((looks(), waiting()), (Vec::new(), Vec::new()));
    assert_eq!(open_version(state).expect("there is a step"), StorageVersion(1));
    assert_eq!(looks(), [(moment().date().next_day().start(), Watched::Case(open.id))]);
    assert_eq!(waiting(), waited);
}

#[test]
fn an_empty_engine_is_empty() {
    let engine = Engine::new(HOME, Commit::OnCommand, &[]);
    assert_eq!(engine.dump(), dump(&*engine.state as &dyn Backend));
    assert!(engine.dump().is_empty());
    assert_eq!(actor(Role::Window).roles, [Role::Window]);
    let _place: Place = engine.place;
}
