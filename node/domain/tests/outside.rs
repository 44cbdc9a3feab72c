//! Decisions of other systems (系统外办结): entered as the decision of a case, by whoever may decide it, with their day there.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::given::outside_outcome;
use hall::{CARD, CITIZEN, Hall, PERMIT, at, carry, collect, daishi, date, guangan};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::{ActKind, OutcomeSource, OutsideOutcome, Status};
use tongban_domain::catalogue::StepRole;
use tongban_domain::supervision::{Card, CardState, Colour, Rule, RuleSetting};
use tongban_domain::{Actor, Command, NoticeBody, Role};

const SYSTEM: &str = "省残疾人服务系统";
const PERMIT_SYSTEM: &str = "省卫生监督系统";

/// 广安区 whose card is issued by a system of the province.
fn outside() -> Hall {
    let mut hall = guangan();
    hall.offer_item(&[&CARD[..], &[("external_system", SYSTEM)]].concat());
    hall
}

fn accepted(hall: &mut Hall, item: &str) -> CaseId {
    let case = hall.collect(item, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    case
}

fn outcome(grant: bool, number: &str) -> OutsideOutcome {
    OutsideOutcome { document: Some("0123456789ABCDEF".repeat(4)), ..outside_outcome(grant, number) }
}

fn enter(case: CaseId, outcome: OutsideOutcome) -> Command {
    Command::EnterOutcome { case: case.to_string(), source: OutcomeSource::Entered(Box::new(outcome)) }
}

fn decide(case: CaseId) -> Command {
    Command::Decide { case: case.to_string(), grant: true, reason: None }
}

#[test]
fn what_another_system_decided_is_the_decision() {
    let mut hall = outside();
    let case = accepted(&mut hall, CARD[3].1);
    hall.now = at(2026, 9, 17, 9);
    let change = hall.act(&enter(case, outcome(true, " N1 "))).unwrap();
    let row = hall.case(case);
    assert_eq!((row.status, row.decided_on), (Status::Granted, Some(date(2026, 9, 14))));
    let outside = row.outside.as_ref().unwrap();
    assert_eq!((outside.system.as_str(), outside.number.as_str(), outside.granted), (SYSTEM, "N1", true));
    assert_eq!((outside.entered_on, outside.days_late()), (date(2026, 9, 17), 3));
    assert_eq!(outside.document.as_deref(), Some("0123456789abcdef".repeat(4).as_str()));
    let act = hall.state.acts.last().unwrap();
    assert_eq!((act.kind, act.operator.as_str()), (ActKind::Decide, "决定员"), "no other kind of act");
    assert!(act.mandate.is_some());
    let paper = String::from_utf8_lossy(&change.documents[0].payload).into_owned();
    for said in [SYSTEM, "N1", "王局长", "川残联函〔2026〕7号"] {
        assert!(paper.contains(said), "{said}");
    }
    // What follows a grant follows this one.
    let issue = Command::IssueLicence { case: case.to_string(), kind: "残疾人证".into(), until: date(2030, 9, 14) };
    assert_eq!(hall.code(&issue), "ok");
    assert_eq!(hall.code(&Command::Deliver { case: case.to_string(), note: None }), "ok");
    assert_eq!(hall.code(&enter(case, outcome(true, "N1"))), "case-state", "it is decided once");
}

/// Two decisions never disagree: what runs elsewhere isn't decided here, and what runs here isn't entered.
#[test]
fn a_case_is_decided_in_one_place() {
    let mut hall = outside();
    let (card, permit) = (accepted(&mut hall, CARD[3].1), accepted(&mut hall, PERMIT[3].1));
    let refusal = hall.act(&decide(card)).unwrap_err();
    assert_eq!(refusal.code, "decided-outside");
    assert!(refusal.remedy_en.contains("case outcome") && refusal.zh.contains(SYSTEM), "{refusal:?}");
    let deny = Command::Decide { case: card.to_string(), grant: false, reason: Some("不符".into()) };
    assert_eq!(hall.code(&deny), "decided-outside");
    assert_eq!(hall.code(&enter(permit, outcome(true, "N1"))), "not-decided-outside");
    assert_eq!(hall.code(&decide(permit)), "ok");
    assert_eq!(hall.case(card).status, Status::Accepted);
}

/// A case keeps to the version of the item under which it was collected.
#[test]
fn an_item_that_moves_elsewhere_takes_no_case_along() {
    let mut hall = guangan();
    let before = accepted(&mut hall, CARD[3].1);
    hall.offer_item(&[&CARD[..], &[("external_system", SYSTEM)]].concat());
    let after = accepted(&mut hall, CARD[3].1);
    assert_eq!(
        (hall.code(&enter(before, outcome(true, "N1"))), hall.code(&decide(before))),
        ("not-decided-outside", "ok")
    );
    assert_eq!((hall.code(&decide(after)), hall.code(&enter(after, outcome(true, "N1")))), ("decided-outside", "ok"));
}

#[test]
fn a_decision_has_a_day_a_number_a_decider_and_a_reason() {
    let mut hall = outside();
    hall.now = at(2026, 9, 16, 9);
    let case = accepted(&mut hall, CARD[3].1);
    hall.now = at(2026, 9, 18, 9);
    let bent = |bend: &dyn Fn(&mut OutsideOutcome)| {
        let mut outcome = OutsideOutcome { decided_on: date(2026, 9, 17), ..outcome(true, "N1") };
        bend(&mut outcome);
        outcome
    };
    for (name, field, wrong) in [
        ("before the acceptance", "decided_on", bent(&|one| one.decided_on = date(2026, 9, 15))),
        ("tomorrow", "decided_on", bent(&|one| one.decided_on = date(2026, 9, 19))),
        ("no number", "number", bent(&|one| one.number = " ".into())),
        ("a number turned round", "number", bent(&|one| one.number = "N\u{202e}1".into())),
        ("nobody", "decider", bent(&|one| one.decider = String::new())),
        ("a long decider", "decider", bent(&|one| one.decider = "王".repeat(101))),
        ("a document of two lines", "document_no", bent(&|one| one.document_no = Some("7\n8".into()))),
        ("no digest", "document", bent(&|one| one.document = Some("abc".into()))),
        ("a refusal without a reason", "reason", bent(&|one| (one.grant, one.reason) = (false, Some(" ".into())))),
        ("a long reason", "reason", bent(&|one| one.reason = Some("长".repeat(2001)))),
    ] {
        let refusal = hall.act(&enter(case, wrong)).unwrap_err();
        assert_eq!((refusal.code, refusal.field), ("invalid-field", field), "{name}");
        assert_eq!(hall.case(case).status, Status::Accepted, "{name}");
    }
    // The days of acceptance and of today are days of a decision, too.
    let first = bent(&|one| one.decided_on = date(2026, 9, 16));
    assert_eq!(hall.code(&enter(case, first)), "ok");
    let case = accepted(&mut hall, CARD[3].1);
    let today = bent(&|one| (one.decided_on, one.number) = (date(2026, 9, 18), "N2".into()));
    assert_eq!(hall.code(&enter(case, today)), "ok");
}

#[test]
fn a_number_of_a_system_is_one_case() {
    let mut hall = outside();
    hall.offer_item(&[&PERMIT[..], &[("external_system", PERMIT_SYSTEM)]].concat());
    let (one, two, other) =
        (accepted(&mut hall, CARD[3].1), accepted(&mut hall, CARD[3].1), accepted(&mut hall, PERMIT[3].1));
    hall.act(&enter(one, outcome(true, "N1"))).unwrap();
    let refusal = hall.act(&enter(two, outcome(false, " N1"))).unwrap_err();
    assert_eq!((refusal.code, refusal.field), ("outcome-known", "number"));
    assert!(refusal.en.contains(hall.case(one).case_no.as_deref().unwrap()), "{}", refusal.en);
    assert_eq!(hall.code(&enter(two, outcome(false, "N2"))), "ok");
    assert_eq!(hall.code(&enter(other, outcome(true, "N1"))), "ok", "another system has numbers of its own");
}

#[test]
fn only_who_may_decide_enters_it() {
    let mut hall = outside();
    let case = accepted(&mut hall, CARD[3].1);
    let who = |name: &str, role| Actor { operator: name.into(), roles: vec![role], window: None };
    for (actor, code) in [
        (who("窗口员", Role::Window), "role-missing"),
        (who("审查员", Role::Reviewer), "role-missing"),
        (who("审查员", Role::Decider), "mandate-missing"),
    ] {
        assert_eq!(hall.give(&actor, &enter(case, outcome(true, "N1"))).unwrap_err().code, code, "{actor:?}");
    }
    // Who is the applicant himself doesn't.
    let identity = Some(tongban_domain::Identity(CITIZEN.into()));
    hall.act(&Command::RegisterIdentity { operator: "决定员".into(), identity }).unwrap();
    assert_eq!(hall.code(&enter(case, outcome(true, "N1"))), "own-case");
}

/// The rules that hold a grant hold this one: a state, a limit of number in order of acceptance, of the year in which it was decided.
#[test]
fn what_bars_a_grant_bars_this_one() {
    let limit = [("limit_grants", "1"), ("limit_period", "每年"), ("limit_basis", "区政府公告〔2026〕3号")];
    let mut hall = guangan();
    hall.offer_item(&[&PERMIT[..], &[("external_system", PERMIT_SYSTEM)], &limit].concat());
    let (one, two) = (accepted(&mut hall, PERMIT[3].1), accepted(&mut hall, PERMIT[3].1));
    let early = hall.collect(PERMIT[3].1, hall.division());
    assert_eq!(hall.code(&enter(early, outcome(true, "N0"))), "case-state");
    let stop = Command::SuspendCase { case: one.to_string(), procedure: "听证".into(), days: 5 };
    hall.act(&stop).unwrap();
    assert_eq!(hall.code(&enter(one, outcome(true, "N1"))), "case-state", "a hearing goes on");
    hall.act(&Command::ResumeCase { case: one.to_string(), note: None }).unwrap();
    assert_eq!(hall.code(&enter(two, outcome(true, "N2"))), "out-of-turn");
    // Entered in the year after, it takes a number of the year of its decision.
    hall.now = at(2027, 1, 5, 9);
    assert_eq!(hall.code(&enter(one, outcome(true, "N1"))), "ok");
    assert_eq!(hall.case(one).turn.as_ref().unwrap().year, Some(2026));
    assert_eq!(hall.code(&enter(two, outcome(true, "N2"))), "numbers-used-up");
    assert_eq!(hall.code(&enter(two, outcome(false, "N2"))), "ok", "what was refused there is denied here");
}

/// A case of which a hearing went on from 2026-09-16 to 2026-09-23, and an inspection from 2026-09-25 to 2026-09-28.
fn heard() -> (Hall, CaseId) {
    let mut hall = guangan();
    hall.offer_item(&[&PERMIT[..], &[("external_system", PERMIT_SYSTEM)]].concat());
    let case = accepted(&mut hall, PERMIT[3].1);
    for (procedure, from, until) in [("听证", 16, 23), ("检测", 25, 28)] {
        hall.now = at(2026, 9, from, 9);
        hall.act(&Command::SuspendCase { case: case.to_string(), procedure: procedure.into(), days: 5 }).unwrap();
        hall.now = at(2026, 9, until, 9);
        hall.act(&Command::ResumeCase { case: case.to_string(), note: None }).unwrap();
    }
    hall.now = at(2026, 9, 29, 9);
    (hall, case)
}

/// A decision that waits for a hearing isn't made while that goes on: an outcome of such a day contradicts what is recorded here.
#[test]
fn nothing_was_decided_while_a_procedure_went_on() {
    let (mut hall, case) = heard();
    for day in [16, 18, 22] {
        for grant in [true, false] {
            let early = OutsideOutcome { decided_on: date(2026, 9, day), ..outcome(grant, "N1") };
            let refusal = hall.act(&enter(case, early)).unwrap_err();
            assert_eq!((refusal.code, refusal.field), ("outcome-in-stop", "decided_on"), "{day}");
            assert!(refusal.zh.contains("听证"), "{}", refusal.zh);
        }
    }
    for day in [25, 27] {
        let within = OutsideOutcome { decided_on: date(2026, 9, day), ..outcome(true, "N1") };
        let refusal = hall.act(&enter(case, within)).unwrap_err();
        assert!(refusal.code == "outcome-in-stop" && refusal.zh.contains("检测"), "{day}: {refusal:?}");
    }
}

/// What was decided before a procedure began, and told after that, waited for nothing; nor what was decided once one had ended.
#[test]
fn what_was_decided_before_a_procedure_began_or_after_it_stands() {
    for day in [14, 15, 23, 24, 28, 29] {
        let (mut hall, case) = heard();
        let told = OutsideOutcome { decided_on: date(2026, 9, day), ..outcome(true, "N1") };
        assert_eq!(hall.code(&enter(case, told)), "ok", "{day}");
        assert_eq!(hall.case(case).decided_on, Some(date(2026, 9, day)));
        assert_eq!(hall.case(case).stops.len(), 2, "what was done here stays on record");
    }
    // Its other checks hold: none is of a day before the acceptance, or of one to come.
    for day in [13, 30] {
        let (mut hall, case) = heard();
        let told = OutsideOutcome { decided_on: date(2026, 9, day), ..outcome(true, "N1") };
        assert_eq!(hall.code(&enter(case, told)), "invalid-field", "{day}");
    }
}

/// The steps of what runs elsewhere are done there: nobody passes them a second time.
#[test]
fn steps_are_not_done_twice() {
    use tongban_domain::catalogue::{External, Guide, Step};
    for external in [None, Some(External { system: SYSTEM.into(), connector: None })] {
        let mut hall = guangan();
        let steps = vec![Step { name: "审查".into(), role: Some(StepRole::Reviewer), ..Step::default() }];
        let guide = Guide { steps, ..Guide::default() };
        for item in hall.state.items.values_mut().chain(hall.state.versions.values_mut()) {
            (item.guide, item.external) = (Some(guide.digest()), external.clone());
        }
        hall.state.guides.insert(guide.digest(), (guide, true));
        let case = accepted(&mut hall, CARD[3].1);
        match external {
            None => assert_eq!(hall.code(&decide(case)), "steps-open"),
            Some(_) => assert_eq!(hall.code(&enter(case, outcome(true, "N1"))), "ok"),
        }
    }
}

/// What was decided in time isn't late because it is entered late: the card that was raised meanwhile is closed.
#[test]
fn deadlines_are_kept_by_the_day_of_the_decision() {
    let mut hall = outside();
    let case = accepted(&mut hall, CARD[3].1);
    let due = hall.case(case).deadlines.as_ref().unwrap().promised.unwrap().date;
    hall.now = due.add_days(10).start().add_seconds(9 * 3600);
    hall.act(&Command::Tick).unwrap();
    let open = |hall: &Hall| -> Vec<Rule> {
        hall.state.cards.values().filter(|card| card.state != CardState::Closed).map(|card| card.rule).collect()
    };
    assert_eq!(open(&hall), [Rule::Promise], "nobody has said that it is decided");
    hall.act(&enter(case, OutsideOutcome { decided_on: due, ..outcome(true, "N1") })).unwrap();
    let on_time = |hall: &Hall| hall.case(case).decided_on.is_some_and(|day| day <= due);
    assert!(on_time(&hall));
    assert_eq!(open(&hall), [Rule::LateEntry], "{:?}", hall.state.cards.values().collect::<Vec<_>>());
}

/// What is entered long after it was decided has a card, at once, and until a supervisor closes it: nobody looks at a case that was delivered on the day.
#[test]
fn what_is_entered_late_has_a_card() {
    let late = |hall: &Hall| -> Vec<Card> {
        hall.state.cards.values().filter(|card| card.rule == Rule::LateEntry).cloned().collect()
    };
    // Decided on Monday 2026-09-14: the fifth working day after it is Sunday the 20th, which is worked.
    for (day, limit_days, is_late) in
        [(14, None, false), (20, None, false), (21, None, true), (21, Some(6), false), (16, Some(1), true)]
    {
        let mut hall = outside();
        if limit_days.is_some() {
            let setting = RuleSetting { limit_days, ..Rule::LateEntry.standing() };
            hall.act(&Command::SetRule { setting, effective: None }).unwrap();
        }
        let case = accepted(&mut hall, CARD[3].1);
        hall.now = at(2026, 9, day, 10);
        hall.act(&enter(case, outcome(true, "N1"))).unwrap();
        hall.act(&Command::Deliver { case: case.to_string(), note: None }).unwrap();
        let raised = late(&hall);
        assert_eq!(raised.len(), usize::from(is_late), "{day} {limit_days:?}: {raised:?}");
        let Some(card) = raised.first() else { continue };
        assert_eq!((card.colour, card.state, card.on), (Colour::Yellow, CardState::Open, date(2026, 9, day)));
        hall.act(&Command::CloseCard { card: card.number.clone(), text: "已说明".into() }).unwrap();
        hall.now = at(2026, 10, 12, 9);
        hall.ticks();
        assert_eq!(
            late(&hall).iter().map(|card| (card.state, card.times)).collect::<Vec<_>>(),
            [(CardState::Closed, 1)]
        );
    }
}

/// Who hears today of what was decided weeks ago has the whole time to hand it out from today on.
#[test]
fn the_time_to_deliver_begins_when_the_outcome_is_entered() {
    let open = |hall: &Hall, rule: Rule| -> Vec<(Colour, Date)> {
        let open = |card: &&Card| card.rule == rule && card.is_open();
        hall.state.cards.values().filter(open).map(|card| (card.colour, card.due)).collect()
    };
    for grant in [true, false] {
        let mut hall = outside();
        let case = accepted(&mut hall, CARD[3].1);
        hall.now = at(2026, 10, 30, 10);
        hall.act(&enter(case, outcome(grant, "N1"))).unwrap();
        let raised: Vec<Rule> = hall.state.cards.values().map(|card| card.rule).collect();
        assert_eq!(raised, [Rule::LateEntry]);
        // The tenth working day after Friday the 30th is Friday the 13th.
        for (day, colour) in [(11, None), (12, Some(Colour::Yellow)), (16, Some(Colour::Red))] {
            hall.now = at(2026, 11, day, 9);
            hall.ticks();
            let expected: Vec<_> = colour.map(|colour| (colour, date(2026, 11, 13))).into_iter().collect();
            assert_eq!(open(&hall, Rule::Delivery), expected, "{grant} {day}");
        }
    }
}

/// Whether it was late is found once, when it is entered: a shorter time makes nothing late that was in time, and raises no second card.
#[test]
fn a_late_entry_has_one_card_and_what_was_in_time_has_none() {
    let late = |hall: &Hall| -> Vec<(CaseId, u16)> {
        let late = |card: &&Card| card.rule == Rule::LateEntry;
        hall.state.cards.values().filter(late).map(|card| (card.case, card.times)).collect()
    };
    let limit = |hall: &mut Hall, days: u16| {
        let setting = RuleSetting { limit_days: Some(days), ..Rule::LateEntry.standing() };
        hall.act(&Command::SetRule { setting, effective: None }).unwrap();
        hall.ticks();
    };
    let mut hall = outside();
    let in_time = accepted(&mut hall, CARD[3].1);
    hall.now = at(2026, 9, 18, 10);
    hall.act(&enter(in_time, outcome(true, "N1"))).unwrap();
    hall.now = at(2026, 9, 21, 9);
    limit(&mut hall, 1);
    assert_eq!(late(&hall), []);
    let too_late = accepted(&mut hall, CARD[3].1);
    hall.now = at(2026, 9, 24, 9);
    let told = OutsideOutcome { decided_on: date(2026, 9, 21), ..outcome(true, "N2") };
    hall.act(&enter(too_late, told)).unwrap();
    assert_eq!(late(&hall), [(too_late, 1)]);
    let card = hall.state.cards.values().find(|card| card.rule == Rule::LateEntry).unwrap().number.clone();
    hall.act(&Command::CloseCard { card, text: "已说明".into() }).unwrap();
    for (day, days) in [(25, 5), (28, 2), (29, 1)] {
        hall.now = at(2026, 9, day, 9);
        limit(&mut hall, days);
        assert_eq!(late(&hall), [(too_late, 1)], "{days}");
        assert!(hall.state.cards.values().filter(|card| card.rule == Rule::LateEntry).all(|card| !card.is_open()));
    }
}

/// The hall that collected hears of it with the decision, and takes no number from its own cases by it.
#[test]
fn the_collecting_hall_hears_of_it() {
    let mut home = outside();
    let mut town = daishi(&home);
    let offered = town.act(&collect(CARD[3].1, home.division())).unwrap().notices[0].clone();
    let case = offered.case;
    for notice in carry(&offered, &mut town, &mut home) {
        carry(&notice, &mut home, &mut town);
    }
    let told = home.act(&Command::Accept(case.to_string())).unwrap().notices;
    told.iter().for_each(|notice| drop(carry(notice, &mut home, &mut town)));
    // It may not enter anything itself.
    assert_eq!(town.code(&enter(case, outcome(true, "N1"))), "not-owner");
    let told = home.act(&enter(case, outcome(true, "N1"))).unwrap().notices;
    assert_eq!(told.len(), 1);
    // No owner says so much.
    let NoticeBody::Progress(progress) = &told[0].body else { panic!("{told:?}") };
    let mut long = progress.clone();
    long.outside.as_mut().unwrap().decider = "王".repeat(101);
    let origin = home.origin();
    assert_eq!(town.code(&Command::Mirror { origin, progress: long }), "invalid-field");
    carry(&told[0], &mut home, &mut town);
    let (here, there) = (home.case(case).clone(), town.case(case).clone());
    assert_eq!((there.status, there.decided_on, &there.outside), (here.status, here.decided_on, &here.outside));
    assert_eq!(tongban_domain::Facts::outside_case(&home.state, SYSTEM, "N1"), Some(case));
    assert_eq!(tongban_domain::Facts::outside_case(&town.state, SYSTEM, "N1"), None);
}
