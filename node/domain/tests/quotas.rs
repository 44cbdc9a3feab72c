//! Limits of number where departments merge: what was granted under a quota counts wherever it goes on, and who holds a number keeps that one.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::BTreeSet;

use hall::{Hall, PERMIT, collect, credit, date};
use proptest::prelude::*;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::Status;
use tongban_domain::catalogue::{ItemAct, Reorganisation, Selection};
use tongban_domain::{Command, Reply};

const BASIS: &str = "区政府公告〔2026〕3号";
/// What follows the credit code in the codes of two items.
const ITEMS: [&str; 2] = ["4510116013001", "4510116013002"];

/// The day on which the tests begin.
fn today() -> Date {
    date(2026, 9, 14)
}

/// A valid credit code of our own for a department.
fn code_of(department: &str) -> String {
    let serial = ["甲局", "乙局", "丙局", "丁局"].iter().position(|known| *known == department).unwrap();
    credit(&format!("11511602MB000000{serial}"))
}

fn national(department: &str, item: &str) -> String {
    format!("{}{item}", code_of(department))
}

/// Publishes an item of a department with a limit; its code.
fn offer(hall: &mut Hall, department: &str, item: &str, limit: &[(&str, &str)]) -> String {
    let (credit, code) = (code_of(department), national(department, item));
    let own = [("department", department), ("department_code", credit.as_str()), ("local_item_code", code.as_str())];
    let own = [&own[..], &[("name", item), ("limit_basis", BASIS)], limit].concat();
    let stays = |column: &&(&str, &str)| !own.iter().any(|(name, _)| *name == column.0);
    let columns: Vec<(&str, &str)> = PERMIT.iter().filter(stays).chain(&own).copied().collect();
    hall.offer_item(&columns)
}

fn merge(hall: &mut Hall, old: &[&str], into: &str, from: Date) {
    let old = old.iter().map(|old| (*old).to_owned()).collect();
    let plan = Reorganisation { old, into: into.into(), code: Some(code_of(into)), from, order: None };
    match hall.act(&Command::Reorganise { plan, dry_run: false }).unwrap().reply {
        Reply::Reorganised(report) => assert_eq!(report.refused, []),
        other => panic!("{other:?}"),
    }
}

fn accepted(hall: &mut Hall, item: &str) -> CaseId {
    let division = hall.division();
    let id = hall.collect(item, division);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    id
}

fn grant(id: CaseId) -> Command {
    Command::Decide { case: id.to_string(), grant: true, reason: None }
}

fn issue(id: CaseId, year: i16) -> Command {
    Command::IssueLicence { case: id.to_string(), kind: "公共场所卫生许可证".into(), until: date(year, 9, 14) }
}

fn renewing(hall: &Hall, item: &str, id: CaseId) -> Command {
    let mut renewing = collect(item, hall.division());
    if let Command::Collect { renews, .. } = &mut renewing {
        *renews = hall.case(id).licences.last().cloned();
    }
    renewing
}

/// A case that is granted, with its licence.
fn licensed(hall: &mut Hall, item: &str) -> CaseId {
    let id = accepted(hall, item);
    hall.act(&grant(id)).unwrap();
    hall.act(&issue(id, 2030)).unwrap();
    id
}

/// Renews a case's licence under an item, as far as the acceptance.
fn renewed(hall: &mut Hall, item: &str, id: CaseId) -> CaseId {
    let command = renewing(hall, item, id);
    let Reply::Collected(slip) = hall.act(&command).unwrap().reply else { panic!("it is collected") };
    hall.act(&Command::Accept(slip.case.to_string())).unwrap();
    slip.case
}

fn cancel(hall: &mut Hall, id: CaseId) {
    let licence = hall.case(id).licences.last().unwrap().clone();
    hall.act(&Command::CancelLicence { licence, reason: "歇业".into() }).unwrap();
}

/// How many hold a number, and of how many quotas.
fn held(hall: &Hall) -> (usize, usize) {
    let quotas: BTreeSet<&str> = hall.state.numbers.keys().map(|(quota, _)| quota.as_str()).collect();
    (hall.state.numbers.len(), quotas.len())
}

/// Of one quota for two items, whether they have codes of their own or the department's.
#[test]
fn a_shared_quota_goes_on_through_mergers() {
    let limit = [("limit_grants", "2"), ("limit_period", "year"), ("limit_quota", "网吧")];
    for (from, item) in [(today(), ITEMS[0]), (date(2026, 12, 1), ITEMS[0]), (today(), PERMIT[3].1)] {
        let mut hall = Hall::new("511602", "广安区");
        let code = |department: &str| if item == ITEMS[0] { national(department, item) } else { item.to_owned() };
        if item == ITEMS[0] {
            offer(&mut hall, "甲局", item, &limit);
        } else {
            let columns = [&PERMIT[..], &[("limit_basis", BASIS)], &limit[..]].concat();
            hall.offer_item(&columns);
        }
        let first = if item == ITEMS[0] { "甲局" } else { PERMIT[0].1 };
        let [granted, waits] = [(); 2].map(|()| accepted(&mut hall, &code("甲局")));
        hall.act(&grant(granted)).unwrap();
        merge(&mut hall, &[first], "丙局", from);
        hall.now = hall.now.max(from.start());
        hall.ticks();
        let next = accepted(&mut hall, &code("丙局"));
        assert_eq!(hall.code(&grant(next)), "out-of-turn", "{item} from {from}");
        hall.act(&grant(waits)).unwrap();
        assert_eq!(hall.code(&grant(next)), "numbers-used-up");
        merge(&mut hall, &["丙局"], "丁局", from);
        // Nor does an item that is new there begin the quota anew.
        let new = offer(&mut hall, "丁局", ITEMS[1], &limit);
        for code in [code("丁局"), new] {
            let last = accepted(&mut hall, &code);
            assert_eq!(hall.code(&grant(last)), "numbers-used-up", "{code} from {from}");
        }
        assert_eq!(held(&hall), (2, 1));
        // What is given back is for who has waited longest, under whichever department.
        hall.act(&issue(granted, 2030)).unwrap();
        cancel(&mut hall, granted);
        hall.act(&grant(next)).unwrap();
        assert_eq!(held(&hall), (2, 1));
    }
}

/// What waits for its day at the department that ends begins a quota, too.
#[test]
fn a_quota_that_begins_before_the_merger_goes_on_after_it() {
    let limit = [("limit_grants", "1"), ("limit_quota", "网吧")];
    let mut hall = Hall::new("511602", "广安区");
    offer(&mut hall, "甲局", ITEMS[0], &[("limit_grants", "1")]);
    offer(&mut hall, "甲局", ITEMS[0], &[&limit[..], &[("effective", "2026-11-02")]].concat());
    merge(&mut hall, &["甲局"], "丙局", date(2026, 12, 1));
    hall.now = date(2026, 11, 2).start();
    hall.ticks();
    let granted = accepted(&mut hall, &national("甲局", ITEMS[0]));
    hall.act(&grant(granted)).unwrap();
    hall.now = date(2026, 12, 1).start();
    hall.ticks();
    let next = accepted(&mut hall, &national("丙局", ITEMS[0]));
    assert_eq!(hall.code(&grant(next)), "numbers-used-up");
}

/// Of two quotas of one name that of the department which goes on stays, else that of the one which the order names first. Who waits in the other
/// is served from what was left of that.
#[test]
fn of_two_quotas_of_one_name_one_goes_on() {
    let limit = |grants| [("limit_grants", grants), ("limit_quota", "网吧")];
    for (goes_on, ends, order) in [("丙局", "甲局", &["甲局"][..]), ("乙局", "甲局", &["乙局", "甲局"])] {
        let mut hall = Hall::new("511602", "广安区");
        let code = offer(&mut hall, goes_on, ITEMS[0], &limit("1"));
        let other = offer(&mut hall, ends, ITEMS[1], &limit("2"));
        let held_on = accepted(&mut hall, &code);
        hall.act(&grant(held_on)).unwrap();
        let [one, two, three] = [(); 3].map(|()| accepted(&mut hall, &other));
        hall.act(&grant(one)).unwrap();
        merge(&mut hall, order, "丙局", today());
        let next = accepted(&mut hall, &national("丙局", ITEMS[0]));
        assert_eq!(hall.code(&grant(next)), "numbers-used-up", "{goes_on}");
        assert_eq!(hall.code(&grant(three)), "out-of-turn");
        hall.act(&grant(two)).unwrap();
        assert_eq!(hall.code(&grant(three)), "numbers-used-up");
        hall.act(&Command::DenyForNumber(three.to_string())).unwrap();
        assert_eq!(held(&hall), (3, 2));
    }
}

/// A name that stands at no item of the department any more takes over what goes on under it elsewhere; who waits under the former quota is bound
/// by that one's limit.
#[test]
fn a_quota_that_ended_with_its_items_doesnt_hide_one_that_goes_on() {
    let limit = |grants| [("limit_grants", grants), ("limit_quota", "网吧")];
    let mut hall = Hall::new("511602", "广安区");
    let ended = offer(&mut hall, "丙局", ITEMS[0], &limit("1"));
    let [former, waits] = [(); 2].map(|()| accepted(&mut hall, &ended));
    hall.act(&grant(former)).unwrap();
    let act = ItemAct::Withdraw { reason: Some("停办".into()), from: None };
    hall.act(&Command::BringItems { act, which: Selection::One(ended), dry_run: false }).unwrap();
    let code = offer(&mut hall, "甲局", ITEMS[1], &limit("1"));
    let one = accepted(&mut hall, &code);
    hall.act(&grant(one)).unwrap();
    merge(&mut hall, &["甲局"], "丙局", today());
    let two = accepted(&mut hall, &national("丙局", ITEMS[1]));
    assert_eq!(hall.code(&grant(two)), "numbers-used-up");
    assert_eq!(hall.code(&grant(waits)), "numbers-used-up");
}

/// A holder has one number before the merger and after it, whichever line that ended in; when the last licence is cancelled it is free there.
#[test]
fn a_renewal_after_a_merger_keeps_the_number_of_before() {
    let shared: &[(&str, &str)] = &[("limit_quota", "网吧")];
    for quota in [&shared[..0], shared] {
        let limit = [&[("limit_grants", "1")][..], quota].concat();
        for department in ["甲局", "乙局"] {
            let mut hall = Hall::new("511602", "广安区");
            for department in ["甲局", "乙局"] {
                offer(&mut hall, department, ITEMS[0], &limit);
            }
            let own = national(department, ITEMS[0]);
            let (first, waits) = (licensed(&mut hall, &own), accepted(&mut hall, &own));
            let beside = national(if department == "甲局" { "乙局" } else { "甲局" }, ITEMS[0]);
            licensed(&mut hall, &beside);
            merge(&mut hall, &["甲局", "乙局"], "丙局", today());
            let next = renewed(&mut hall, &national("丙局", ITEMS[0]), first);
            assert_eq!(hall.case(next).turn, None, "{department} {quota:?}");
            hall.act(&grant(next)).unwrap();
            hall.act(&issue(next, 2034)).unwrap();
            merge(&mut hall, &["丙局"], "丁局", today());
            let again = renewed(&mut hall, &national("丁局", ITEMS[0]), next);
            hall.act(&grant(again)).unwrap();
            hall.act(&issue(again, 2038)).unwrap();
            assert_eq!((held(&hall), hall.code(&grant(waits))), ((2, 2), "numbers-used-up"));
            cancel(&mut hall, again);
            assert_eq!(held(&hall), (1, 1), "{department} {quota:?}");
            hall.act(&grant(waits)).unwrap();
        }
    }
}

/// A renewal of another item's licence takes a number; with the licence both are free.
#[test]
fn a_licence_gives_back_every_number_that_it_stands_on() {
    let mut hall = Hall::new("511602", "广安区");
    let [one, other] = ITEMS.map(|item| offer(&mut hall, "甲局", item, &[("limit_grants", "1")]));
    let first = licensed(&mut hall, &one);
    let next = renewed(&mut hall, &other, first);
    hall.act(&grant(next)).unwrap();
    hall.act(&issue(next, 2034)).unwrap();
    let waiting = [one, other].map(|item| accepted(&mut hall, &item));
    assert_eq!(waiting.map(|id| hall.code(&grant(id))), ["numbers-used-up"; 2]);
    cancel(&mut hall, next);
    assert_eq!(waiting.map(|id| hall.code(&grant(id))), ["ok"; 2]);
}

/// While another licence that came of it stands, a number stays taken.
#[test]
fn a_number_stays_taken_while_another_licence_of_its_case_stands() {
    let mut hall = Hall::new("511602", "广安区");
    let item = offer(&mut hall, "甲局", ITEMS[0], &[("limit_grants", "1")]);
    let first = licensed(&mut hall, &item);
    let next = renewed(&mut hall, &item, first);
    hall.act(&grant(next)).unwrap();
    hall.act(&issue(next, 2034)).unwrap();
    hall.act(&issue(first, 2031)).unwrap();
    cancel(&mut hall, next);
    assert_eq!(held(&hall), (1, 1));
    cancel(&mut hall, first);
    assert_eq!(held(&hall), (0, 0));
}

const GRANTS: usize = 2;
const DEPARTMENTS: [&str; 3] = ["甲局", "丙局", "丁局"];

/// What may happen next; a number chooses among what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    Accept(usize),
    Grant(usize),
    Issue(usize),
    Cancel(usize),
    Renew(usize, usize),
    Merge,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0usize..64;
    prop_oneof![
        6 => which().prop_map(Step::Accept),
        8 => which().prop_map(Step::Grant),
        4 => which().prop_map(Step::Issue),
        3 => which().prop_map(Step::Cancel),
        3 => (which(), which()).prop_map(|(which, item)| Step::Renew(which, item)),
        2 => Just(Step::Merge),
    ]
}

/// What the law knows of a case, kept beside the node.
struct Known {
    id: CaseId,
    /// The case whose number it stands on: itself, or the first of those that it renews.
    origin: usize,
    /// How many renewals went before it.
    renewals: i16,
    holds: bool,
}

struct Model {
    hall: Hall,
    merged: usize,
    cases: Vec<Known>,
}

impl Model {
    fn new() -> Self {
        let mut hall = Hall::new("511602", "广安区");
        for item in ITEMS {
            offer(&mut hall, DEPARTMENTS[0], item, &[("limit_grants", &GRANTS.to_string()), ("limit_quota", "网吧")]);
        }
        Self { hall, merged: 0, cases: Vec::new() }
    }

    fn item(&self, which: usize) -> String {
        national(DEPARTMENTS[self.merged], ITEMS[which % ITEMS.len()])
    }

    fn is_open(&self, place: usize) -> bool {
        self.hall.case(self.cases[place].id).status == Status::Accepted
    }

    fn held(&self) -> usize {
        self.cases.iter().filter(|known| known.holds).count()
    }

    fn grant(&mut self, place: usize) {
        let (id, is_first) = (self.cases[place].id, self.cases[place].origin == place);
        let earlier = (0..place).filter(|other| self.cases[*other].origin == *other && self.is_open(*other)).count();
        let left = GRANTS - self.held();
        let expected = match () {
            () if !self.is_open(place) => "case-state",
            () if is_first && left == 0 => "numbers-used-up",
            () if is_first && left <= earlier => "out-of-turn",
            () => "ok",
        };
        assert_eq!(self.hall.code(&grant(id)), expected, "{left} left, {earlier} before");
        self.cases[place].holds |= is_first && expected == "ok";
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Accept(item) => {
                let item = self.item(item);
                let (id, origin) = (accepted(&mut self.hall, &item), self.cases.len());
                self.cases.push(Known { id, origin, renewals: 0, holds: false });
            }
            Step::Merge if self.merged + 1 < DEPARTMENTS.len() => {
                let (old, into) = (DEPARTMENTS[self.merged], DEPARTMENTS[self.merged + 1]);
                merge(&mut self.hall, &[old], into, today());
                self.merged += 1;
            }
            Step::Merge => {}
            _ if self.cases.is_empty() => {}
            Step::Grant(which) => self.grant(which % self.cases.len()),
            Step::Issue(which) => {
                let known = &self.cases[which % self.cases.len()];
                let case = self.hall.case(known.id);
                if case.status == Status::Granted && case.licences.is_empty() {
                    let command = issue(known.id, 2030 + known.renewals);
                    self.hall.act(&command).unwrap();
                }
            }
            Step::Cancel(which) => {
                let (id, origin) =
                    (self.cases[which % self.cases.len()].id, self.cases[which % self.cases.len()].origin);
                let Some(licence) = self.hall.case(id).licences.last().cloned() else { return };
                let cancelled = self.hall.code(&Command::CancelLicence { licence, reason: "歇业".into() });
                self.cases[origin].holds &= cancelled != "ok";
            }
            Step::Renew(which, item) => {
                let (place, item) = (which % self.cases.len(), self.item(item));
                let Known { id, origin, renewals, .. } = self.cases[place];
                if self.hall.case(id).licences.is_empty() {
                    return;
                }
                let command = renewing(&self.hall, &item, id);
                let Ok(change) = self.hall.act(&command) else { return };
                let Reply::Collected(slip) = change.reply else { panic!("it is collected") };
                self.hall.act(&Command::Accept(slip.case.to_string())).unwrap();
                self.cases.push(Known { id: slip.case, origin, renewals: renewals + 1, holds: false });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whenever the departments merge, never are more numbers of the quota held than there are, and each is held by who has it by law.
    #[test]
    fn no_merger_grants_more_than_there_are(steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model::new();
        for step in steps {
            model.take(step);
            let (numbers, quotas) = held(&model.hall);
            prop_assert_eq!(numbers, model.held());
            prop_assert!(numbers <= GRANTS && quotas <= 1);
        }
    }
}
