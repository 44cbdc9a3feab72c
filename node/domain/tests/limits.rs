//! Permits of limited number (行政许可法 57): who was accepted first is granted first, and no more are granted than there are.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, PERMIT, at, carry, collect, daishi, date, guangan, row};
use proptest::prelude::*;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Case, Status};
use tongban_domain::catalogue::DivisionPlan;
use tongban_domain::limit::{Seen, seen};
use tongban_domain::supervision::Rule;
use tongban_domain::{Command, NoticeBody, Reply};

const CODE: &str = "511A0015500013";
const OTHER: &str = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";
const BASIS: &str = "区政府公告〔2026〕3号";

/// 广安区 whose permit is limited by these columns.
fn limited(columns: &[(&str, &str)]) -> Hall {
    let mut hall = guangan();
    publish(&mut hall, columns);
    hall
}

fn publish(hall: &mut Hall, columns: &[(&str, &str)]) {
    let mut item = row(2, &PERMIT);
    item.values.insert("limit_basis".into(), BASIS.into());
    item.values.extend(columns.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let report = hall.import(std::slice::from_ref(&item));
    assert_eq!(report.rejected, 0, "{report:?}");
    hall.act(&Command::PublishItems(Some(item.values["local_item_code"].clone()))).unwrap();
}

fn received(hall: &mut Hall) -> CaseId {
    let division = hall.division();
    hall.collect(CODE, division)
}

fn accepted(hall: &mut Hall) -> CaseId {
    let id = received(hall);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    id
}

/// Renews a licence as far as the acceptance.
fn renewing(hall: &mut Hall, licence: String) -> CaseId {
    let mut renewing = collect(CODE, hall.division());
    if let Command::Collect { renews, .. } = &mut renewing {
        *renews = Some(licence);
    }
    let Reply::Collected(slip) = hall.act(&renewing).unwrap().reply else { panic!("it is collected") };
    hall.act(&Command::Accept(slip.case.to_string())).unwrap();
    slip.case
}

fn grant(id: CaseId) -> Command {
    Command::Decide { case: id.to_string(), grant: true, reason: None }
}

fn deny(id: CaseId) -> Command {
    Command::Decide { case: id.to_string(), grant: false, reason: Some("不符合条件".into()) }
}

fn issue(id: CaseId) -> Command {
    Command::IssueLicence { case: id.to_string(), kind: "公共场所卫生许可证".into(), until: date(2030, 9, 14) }
}

fn cancel(hall: &Hall, id: CaseId) -> Command {
    let licence = hall.case(id).licences.last().unwrap().clone();
    Command::CancelLicence { licence, reason: "歇业".into() }
}

/// Whether it is refused with this code, and what is said then in Chinese.
fn refused(hall: &mut Hall, command: &Command, code: &str) -> String {
    let rejection = hall.act(command).unwrap_err();
    assert_eq!(rejection.code, code);
    rejection.zh.into()
}

#[test]
fn who_was_accepted_first_is_granted_first() {
    let mut hall = limited(&[("limit_grants", "2")]);
    let [one, two, three] = [(); 3].map(|()| accepted(&mut hall));
    let said = refused(&mut hall, &grant(three), "out-of-turn");
    let number = |hall: &Hall, id| hall.case(id).case_no.clone().unwrap();
    assert!(said.contains(&number(&hall, one)) && said.contains(&number(&hall, two)), "{said}");
    // A number is left for the first when the second is granted before him.
    hall.act(&grant(two)).unwrap();
    assert_eq!(seen(&hall.state, hall.case(three), hall.now.date()), Some(Seen { ahead: 1, left: 1 }));
    refused(&mut hall, &grant(three), "out-of-turn");
    hall.act(&deny(one)).unwrap();
    hall.act(&grant(three)).unwrap();
    let four = accepted(&mut hall);
    assert!(refused(&mut hall, &grant(four), "numbers-used-up").contains(BASIS));
}

/// What stands still keeps its place, what is withdrawn leaves the line.
#[test]
fn a_place_is_kept_until_the_end() {
    let mut hall = limited(&[("limit_grants", "1")]);
    let (one, two) = (accepted(&mut hall), accepted(&mut hall));
    let suspend = Command::SuspendCase { case: one.to_string(), procedure: "听证".into(), days: 5 };
    hall.act(&suspend).unwrap();
    refused(&mut hall, &grant(two), "out-of-turn");
    hall.act(&Command::Withdraw { case: one.to_string(), reason: None }).unwrap();
    hall.act(&grant(two)).unwrap();
}

#[test]
fn a_denial_for_want_of_a_number_names_the_limit() {
    let mut hall = limited(&[("limit_grants", "1"), ("limit_period", "每年")]);
    let (one, two) = (accepted(&mut hall), accepted(&mut hall));
    refused(&mut hall, &Command::DenyForNumber(two.to_string()), "numbers-left");
    hall.act(&grant(one)).unwrap();
    let change = hall.act(&Command::DenyForNumber(two.to_string())).unwrap();
    let case = hall.case(two);
    assert_eq!(case.status, Status::Denied);
    let reason = case.reason.clone().unwrap();
    assert!(reason.contains(BASIS) && reason.contains("每年 1 件") && reason.contains("第五十七条"), "{reason}");
    assert!(String::from_utf8_lossy(&change.documents[0].payload).contains(BASIS));
    let plain = {
        let mut hall = guangan();
        let id = accepted(&mut hall);
        hall.code(&Command::DenyForNumber(id.to_string()))
    };
    assert_eq!(plain, "item-unlimited");
}

/// A division that gets another code gives its items other codes: what was granted under the first counts, and who waits under it keeps his place.
#[test]
fn a_limit_is_counted_on_when_the_item_gets_another_code() {
    let limit = [("limit_grants", "2"), ("limit_period", "year")];
    let mut hall = limited(&limit);
    let [first, waits, behind] = [(); 3].map(|()| accepted(&mut hall));
    hall.act(&grant(first)).unwrap();
    let change = |old: &str, new: &str| {
        let (old, new, order) = (old.parse().unwrap(), new.parse().unwrap(), "民发〔2026〕1号".into());
        let plan = DivisionPlan { old, new, name: None, from: date(2026, 9, 14), order };
        Command::ChangeDivision { plan, dry_run: false }
    };
    hall.act(&change("511602", "511642")).unwrap();
    let next = accepted(&mut hall);
    let (code, before) = (hall.case(next).item.code.clone(), hall.case(waits).item.code.clone());
    assert_eq!(code, before.replace("511602", "511642"));
    refused(&mut hall, &grant(next), "out-of-turn");
    hall.act(&grant(waits)).unwrap();
    refused(&mut hall, &grant(behind), "numbers-used-up");
    refused(&mut hall, &grant(next), "numbers-used-up");
    // What is given back under the first code is for those who wait under either, in their order.
    hall.act(&issue(first)).unwrap();
    let given_back = cancel(&hall, first);
    hall.act(&given_back).unwrap();
    refused(&mut hall, &grant(next), "out-of-turn");
    // A version that is published later counts on, and says for both how many there are.
    let raised = [("limit_grants", "3"), ("limit_period", "year")];
    let under = [("local_item_code", code.as_str()), ("division", "511642000000")];
    publish(&mut hall, &[&raised[..], &under].concat());
    let item = &hall.state.items[&code];
    assert_eq!((item.version, item.counts_under.as_deref()), (2, Some(before.as_str())));
    hall.act(&grant(next)).unwrap();
    hall.act(&grant(behind)).unwrap();
    let last = accepted(&mut hall);
    refused(&mut hall, &grant(last), "numbers-used-up");
}

/// 注销 frees a number; the case whose number went to another gets no second licence.
#[test]
fn a_cancelled_licence_frees_its_number() {
    let mut hall = limited(&[("limit_grants", "1")]);
    let (one, two) = (accepted(&mut hall), accepted(&mut hall));
    hall.act(&grant(one)).unwrap();
    hall.act(&issue(one)).unwrap();
    hall.act(&issue(one)).unwrap();
    let second = cancel(&hall, one);
    hall.act(&second).unwrap();
    // Another licence of the case stands yet.
    refused(&mut hall, &grant(two), "numbers-used-up");
    let first = hall.case(one).licences[0].clone();
    hall.act(&Command::CancelLicence { licence: first, reason: "歇业".into() }).unwrap();
    refused(&mut hall, &issue(one), "number-freed");
    hall.act(&grant(two)).unwrap();
}

/// A renewal takes no number; when it is cancelled in the end, that of the first licence is free.
#[test]
fn a_renewal_keeps_the_number_of_the_first() {
    let mut hall = limited(&[("limit_grants", "1")]);
    let one = accepted(&mut hall);
    hall.act(&grant(one)).unwrap();
    hall.act(&issue(one)).unwrap();
    let licence = hall.case(one).licences[0].clone();
    let renewal = renewing(&mut hall, licence);
    assert_eq!(hall.case(renewal).turn, None);
    hall.act(&grant(renewal)).unwrap();
    let again = Command::IssueLicence {
        case: renewal.to_string(),
        kind: "公共场所卫生许可证".into(),
        until: date(2034, 9, 14),
    };
    hall.act(&again).unwrap();
    let two = accepted(&mut hall);
    refused(&mut hall, &grant(two), "numbers-used-up");
    let command = cancel(&hall, renewal);
    hall.act(&command).unwrap();
    hall.act(&grant(two)).unwrap();
}

/// Renews a licence of another item, valid until this day, as far as the acceptance; the register has it like the one of `issued`.
fn renewing_anothers(hall: &mut Hall, issued: CaseId, until: Date) -> CaseId {
    let mut licence = hall.state.licences[&hall.case(issued).licences[0]].clone();
    let division = hall.division();
    let other = hall.collect("511F82001003", division);
    (licence.id, licence.case, licence.valid_until) = (OTHER.into(), other, until);
    hall.state.licences.insert(OTHER.into(), licence);
    renewing(hall, OTHER.to_owned())
}

/// A licence of another item opens no way past the line.
#[test]
fn a_renewal_of_another_items_licence_takes_a_number() {
    let mut hall = limited(&[("limit_grants", "1")]);
    let one = accepted(&mut hall);
    hall.act(&grant(one)).unwrap();
    hall.act(&issue(one)).unwrap();
    let renewal = renewing_anothers(&mut hall, one, date(2030, 9, 14));
    refused(&mut hall, &grant(renewal), "numbers-used-up");
}

/// What the law grants asks for no turn, and takes a number all the same: nobody else is granted with it.
#[test]
fn a_renewal_that_the_law_grants_takes_a_number_too() {
    let mut hall = limited(&[("limit_grants", "2")]);
    let one = accepted(&mut hall);
    hall.act(&grant(one)).unwrap();
    hall.act(&issue(one)).unwrap();
    let waiting = accepted(&mut hall);
    let ends = date(2026, 10, 14);
    let renewal = renewing_anothers(&mut hall, one, ends);
    hall.now = ends.next_day().start();
    hall.act(&Command::Tick).unwrap();
    assert_eq!(hall.case(renewal).status, Status::Granted);
    let turn = hall.case(renewal).turn.clone().unwrap();
    assert_eq!((turn.year, hall.state.numbers.len()), (Some(2026), 2));
    assert!(hall.state.numbers.contains_key(&(turn.quota.clone(), turn.place(renewal))));
    refused(&mut hall, &grant(waiting), "numbers-used-up");
}

#[test]
fn the_numbers_of_a_year_are_of_the_year_of_the_grant() {
    let mut hall = limited(&[("limit_grants", "1"), ("limit_period", "year")]);
    let (one, two) = (accepted(&mut hall), accepted(&mut hall));
    hall.act(&grant(one)).unwrap();
    refused(&mut hall, &grant(two), "numbers-used-up");
    hall.now = at(2027, 1, 4, 9);
    let three = accepted(&mut hall);
    refused(&mut hall, &grant(three), "out-of-turn");
    hall.act(&grant(two)).unwrap();
    refused(&mut hall, &grant(three), "numbers-used-up");
}

/// A limit of all years that becomes one of a year, and back, counts what was granted.
#[test]
fn another_period_begins_with_what_was_granted() {
    let mut hall = limited(&[("limit_grants", "2")]);
    let (one, two, three) = (accepted(&mut hall), accepted(&mut hall), accepted(&mut hall));
    hall.act(&grant(one)).unwrap();
    publish(&mut hall, &[("limit_grants", "2"), ("limit_period", "year")]);
    hall.act(&grant(two)).unwrap();
    refused(&mut hall, &grant(three), "numbers-used-up");
    hall.now = at(2027, 1, 4, 9);
    publish(&mut hall, &[("limit_grants", "3"), ("limit_period", "total")]);
    hall.act(&grant(three)).unwrap();
    let four = accepted(&mut hall);
    refused(&mut hall, &grant(four), "numbers-used-up");
}

/// How many there are is what is published on the day of the decision.
#[test]
fn a_raised_limit_serves_those_who_wait_and_a_lifted_one_binds_nobody() {
    let mut hall = limited(&[("limit_grants", "0")]);
    let (one, two) = (accepted(&mut hall), accepted(&mut hall));
    refused(&mut hall, &grant(one), "numbers-used-up");
    publish(&mut hall, &[("limit_grants", "1")]);
    refused(&mut hall, &grant(two), "out-of-turn");
    hall.act(&grant(one)).unwrap();
    refused(&mut hall, &grant(two), "numbers-used-up");
    publish(&mut hall, &[("limit_grants", ""), ("limit_basis", "")]);
    hall.act(&grant(two)).unwrap();
}

/// Where a law has another order, only the number binds.
#[test]
fn another_order_of_a_law_binds_instead() {
    let mut hall = limited(&[
        ("limit_grants", "1"),
        ("limit_order", "其他方式"),
        ("limit_order_basis", "《城市公共交通条例》第十五条（招标）"),
    ]);
    let (one, two) = (accepted(&mut hall), accepted(&mut hall));
    hall.act(&grant(two)).unwrap();
    hall.act(&Command::DenyForNumber(one.to_string())).unwrap();
    assert!(hall.case(one).reason.as_ref().unwrap().contains("招标"));
}

#[test]
fn a_limit_says_how_many_and_by_what() {
    let mut hall = guangan();
    for (columns, column) in [
        (&[("limit_basis", BASIS)][..], "limit_grants"),
        (&[("limit_grants", "3")], "limit_basis"),
        (&[("limit_grants", "3"), ("limit_basis", BASIS), ("limit_order", "other")], "limit_order_basis"),
    ] {
        let mut item = row(2, &PERMIT);
        item.values.extend(columns.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let report = hall.import(std::slice::from_ref(&item));
        assert_eq!(report.rejected, 1);
        let blocks = report.rows.iter().filter(|finding| finding.blocks);
        let found: Vec<&str> = blocks.map(|finding| finding.column.as_str()).collect();
        assert_eq!(found, [column]);
    }
}

/// Silence costs nobody his place: what is deemed accepted stands where it was received, and the case tells who was passed by.
#[test]
fn what_is_deemed_accepted_stands_where_it_was_received() {
    let mut hall = limited(&[("limit_grants", "2")]);
    let silent = received(&mut hall);
    hall.now = at(2026, 9, 15, 9);
    let (next, last) = (accepted(&mut hall), accepted(&mut hall));
    hall.act(&grant(next)).unwrap();
    hall.now = at(2026, 9, 22, 9);
    hall.tick();
    assert!(hall.case(silent).deemed);
    assert!(!hall.case(silent).turn.as_ref().unwrap().overtaken, "a number is left for it");
    refused(&mut hall, &grant(last), "out-of-turn");
    hall.act(&grant(silent)).unwrap();

    let mut hall = limited(&[("limit_grants", "1")]);
    let silent = received(&mut hall);
    hall.now = at(2026, 9, 15, 9);
    let next = accepted(&mut hall);
    hall.act(&grant(next)).unwrap();
    hall.now = at(2026, 9, 22, 9);
    hall.tick();
    assert!(hall.case(silent).turn.as_ref().unwrap().overtaken);
    hall.now = at(2026, 9, 23, 1);
    hall.tick();
    let raised: Vec<Rule> =
        hall.state.cards.keys().filter(|(id, ..)| *id == silent).map(|(_, rule, ..)| *rule).collect();
    assert!(raised.contains(&Rule::Overtaken), "{raised:?}");
}

/// The collecting hall hears how its case stands, as of the owner's last act.
#[test]
fn the_collecting_hall_hears_the_place() {
    let mut home = limited(&[("limit_grants", "1")]);
    accepted(&mut home);
    let mut town = daishi(&home);
    let places = [home.place(), town.place()].map(|place| (place.division, place)).into_iter().collect();
    let known = tongban_domain::Places::new(places, std::collections::BTreeMap::new());
    (home.state.places, town.state.places) = (known.clone(), known);
    let division = home.division();
    let change = town.act(&collect(CODE, division)).unwrap();
    let Reply::Collected(slip) = &change.reply else { panic!("it is collected") };
    let offers: Vec<_> =
        change.notices.iter().filter(|notice| matches!(notice.body, NoticeBody::Offer(_))).cloned().collect();
    for notice in offers.iter().flat_map(|offer| carry(offer, &mut town, &mut home)).collect::<Vec<_>>() {
        carry(&notice, &mut home, &mut town);
    }
    let accept = home.act(&Command::Accept(slip.case.to_string())).unwrap();
    for notice in &accept.notices {
        carry(notice, &mut home, &mut town);
    }
    let told = seen(&town.state, town.case(slip.case), town.now.date());
    assert_eq!(told, Some(Seen { ahead: 1, left: 1 }));
    assert_eq!(home.code(&grant(slip.case)), "out-of-turn");
}

/// What may happen next; a number chooses among the cases that there are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Receive,
    Accept(usize),
    Grant(usize),
    Deny(usize),
    DenyForNumber(usize),
    Withdraw(usize),
    Suspend(usize),
    Resume(usize),
    Issue(usize),
    Cancel(usize),
    Wait(i64),
    Limit(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0usize..64;
    prop_oneof![
        4 => Just(Step::Receive),
        6 => which().prop_map(Step::Accept),
        8 => which().prop_map(Step::Grant),
        2 => which().prop_map(Step::Deny),
        2 => which().prop_map(Step::DenyForNumber),
        1 => which().prop_map(Step::Withdraw),
        1 => which().prop_map(Step::Suspend),
        1 => which().prop_map(Step::Resume),
        3 => which().prop_map(Step::Issue),
        3 => which().prop_map(Step::Cancel),
        3 => (1i64..72).prop_map(Step::Wait),
        1 => (0u32..4).prop_map(Step::Limit),
    ]
}

/// What the law knows of a case, kept beside the node.
#[derive(Clone, Copy)]
struct Known {
    id: CaseId,
    received: Timestamp,
    /// When it was accepted, and as the how-manieth.
    accepted: Option<(Timestamp, usize)>,
    holds: bool,
}

struct Model {
    hall: Hall,
    cases: Vec<Known>,
    limit: u32,
    accepted: usize,
}

impl Model {
    fn status(&self, id: CaseId) -> Status {
        self.hall.case(id).status
    }

    fn is_open(&self, id: CaseId) -> bool {
        matches!(self.status(id), Status::Accepted | Status::SpecialProcedure)
    }

    /// Notes who was accepted meanwhile: by an act now, by silence when it was received.
    fn note(&mut self) {
        for place in 0..self.cases.len() {
            let known = self.cases[place];
            let case: &Case = self.hall.case(known.id);
            if known.accepted.is_none() && case.accepted_on.is_some() {
                self.accepted += 1;
                let since = if case.deemed { known.received } else { self.hall.now };
                self.cases[place].accepted = Some((since, self.accepted));
            }
        }
    }

    fn left(&self) -> usize {
        let held = self.cases.iter().filter(|known| known.holds).count();
        usize::try_from(self.limit).unwrap().saturating_sub(held)
    }

    fn grant(&mut self, place: usize) {
        let known = self.cases[place];
        let waits = self.status(known.id) == Status::Accepted;
        let earlier = |other: &&Known| self.is_open(other.id) && other.accepted < known.accepted;
        let (left, earlier) = (self.left(), self.cases.iter().filter(earlier).count());
        let expected = match () {
            () if !waits => "case-state",
            () if left == 0 => "numbers-used-up",
            () if left <= earlier => "out-of-turn",
            () => "ok",
        };
        assert_eq!(self.hall.code(&grant(known.id)), expected, "{left} left, {earlier} before");
        self.cases[place].holds |= expected == "ok";
    }

    fn take(&mut self, step: Step) {
        let id = |which: usize| (!self.cases.is_empty()).then(|| which % self.cases.len());
        match step {
            Step::Receive => {
                let (id, received) = (received(&mut self.hall), self.hall.now);
                self.cases.push(Known { id, received, accepted: None, holds: false });
            }
            Step::Wait(hours) => {
                self.hall.now = self.hall.now.add_seconds(hours * 3600);
                self.hall.tick();
            }
            Step::Limit(limit) if limit == self.limit => {}
            Step::Limit(limit) => {
                publish(&mut self.hall, &[("limit_grants", &limit.to_string())]);
                self.limit = limit;
            }
            Step::Grant(which) => {
                if let Some(place) = id(which) {
                    self.grant(place);
                }
            }
            Step::Cancel(which) => {
                let Some(place) = id(which) else { return };
                let known = self.cases[place];
                let licences = self.hall.case(known.id).licences.clone();
                let mut any = false;
                for licence in licences {
                    any |= self.hall.code(&Command::CancelLicence { licence, reason: "歇业".into() }) == "ok";
                }
                self.cases[place].holds &= !any;
            }
            Step::Issue(which) => {
                let Some(place) = id(which) else { return };
                let known = self.cases[place];
                let granted = self.status(known.id) == Status::Granted;
                let expected = match (granted, known.holds) {
                    (false, _) => "case-state",
                    (true, false) => "number-freed",
                    (true, true) => "ok",
                };
                assert_eq!(self.hall.code(&issue(known.id)), expected);
            }
            Step::Accept(which)
            | Step::Deny(which)
            | Step::DenyForNumber(which)
            | Step::Withdraw(which)
            | Step::Suspend(which)
            | Step::Resume(which) => {
                let Some(place) = id(which) else { return };
                let case = self.cases[place].id.to_string();
                let command = match step {
                    Step::Accept(_) => Command::Accept(case),
                    Step::Deny(_) => deny(self.cases[place].id),
                    Step::DenyForNumber(_) => Command::DenyForNumber(case),
                    Step::Withdraw(_) => Command::Withdraw { case, reason: None },
                    Step::Suspend(_) => Command::SuspendCase { case, procedure: "听证".into(), days: 5 },
                    _ => Command::ResumeCase { case, note: None },
                };
                let left = self.left();
                let code = self.hall.code(&command);
                assert!(!matches!(step, Step::DenyForNumber(_)) || code != "ok" || left == 0);
            }
        }
        self.note();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order, a grant is refused exactly when somebody who was accepted before would go without a number for it, or
    /// none is left; and never are more held than were to be given when the last was.
    #[test]
    fn no_grant_overtakes_and_none_is_too_many(steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model { hall: limited(&[("limit_grants", "2")]), cases: Vec::new(), limit: 2, accepted: 0 };
        for step in steps {
            let before = model.cases.iter().filter(|known| known.holds).count();
            model.take(step);
            let held = model.cases.iter().filter(|known| known.holds).count();
            prop_assert!(held <= before || held <= usize::try_from(model.limit).unwrap());
            prop_assert_eq!(held, model.hall.state.numbers.len());
        }
    }
}
