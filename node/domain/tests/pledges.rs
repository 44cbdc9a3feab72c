//! Trust with a later check (信任在先、办结核验): what a pledge stands for, when it is checked, and what follows a false one.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::BTreeMap;

use hall::{Hall, PERMIT, at, carry, collect, credit, daishi, date, guangan, row};
use tongban_codes::ids::CaseId;
use tongban_domain::case::{Amended, AmendedField, Material, Status};
use tongban_domain::catalogue::{ListRow, Reorganisation};
use tongban_domain::pledge::{Outcome, Standing};
use tongban_domain::supervision::Rule;
use tongban_domain::{Actor, Command, NoticeBody, Places, Rejection, Reply, Role};

const CODE: &str = "511A0015500013";
const REPORT: &str = "检测报告";
const CONSEQUENCES: &str = "撤销许可，三年内不适用告知承诺";

/// 广安区 whose permit takes a pledge for the report, checked in ten working days and put right in five; the form must come.
fn trusting() -> Hall {
    trusting_with(&[])
}

/// The same, with further columns of the item.
fn trusting_with(columns: &[(&str, &str)]) -> Hall {
    let mut hall = guangan();
    let mut item = row(2, &PERMIT);
    let rule = [("pledge_check_days", "10"), ("pledge_correct_days", "5"), ("pledge_consequences", CONSEQUENCES)];
    for (column, value) in rule.iter().chain(columns) {
        item.values.insert((*column).into(), (*value).into());
    }
    let material = |number: u32, columns: &[(&str, &str)]| ListRow {
        row: number,
        values: columns.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let materials = vec![
        material(2, &[("name", "申请表"), ("necessity", "必要")]),
        material(3, &[("name", REPORT), ("necessity", "容缺后补"), ("pledge", "是")]),
    ];
    item.lists = BTreeMap::from([("materials".to_owned(), materials)]);
    let report = hall.import(std::slice::from_ref(&item));
    assert_eq!(report.rejected, 0, "{report:?}");
    hall.act(&Command::PublishItems(Some(item.values["local_item_code"].clone()))).unwrap();
    hall
}

fn material(name: &str) -> Material {
    Material { name: name.into(), sha256: "0123456789abcdef".repeat(4), size: None }
}

fn pledge(id: CaseId, names: &[&str]) -> Command {
    let materials = names.iter().map(|name| (*name).to_owned()).collect();
    Command::Pledge { case: id.to_string(), materials, commitment: material("承诺书") }
}

fn verify(id: CaseId, outcome: Outcome) -> Command {
    Command::VerifyPledge { case: id.to_string(), outcome, finding: "现场检测".into() }
}

fn grant(id: CaseId) -> Command {
    Command::Decide { case: id.to_string(), grant: true, reason: None }
}

fn received(hall: &mut Hall) -> CaseId {
    let division = hall.division();
    hall.collect(CODE, division)
}

/// Granted on a pledge, on Monday 2026-09-14.
fn granted(hall: &mut Hall) -> CaseId {
    let id = received(hall);
    hall.act(&pledge(id, &[REPORT])).unwrap();
    hall.act(&Command::Accept(id.to_string())).unwrap();
    hall.act(&grant(id)).unwrap();
    id
}

fn by(hall: &mut Hall, name: &str, role: Role, command: &Command) -> Result<(), Rejection> {
    hall.give(&Actor { operator: name.into(), roles: vec![role], window: None }, command).map(drop)
}

fn reviewer(hall: &mut Hall, command: &Command) -> &'static str {
    by(hall, "审查员", Role::Reviewer, command).map_or_else(|refused| refused.code, |()| "ok")
}

fn decider(hall: &mut Hall, command: &Command) -> &'static str {
    by(hall, "决定员", Role::Decider, command).map_or_else(|refused| refused.code, |()| "ok")
}

fn standing(hall: &Hall, id: CaseId) -> Standing {
    hall.case(id).pledge.as_ref().unwrap().standing()
}

#[test]
fn a_pledge_stands_for_what_the_item_names_and_says_what_follows() {
    let mut hall = trusting();
    let id = received(&mut hall);
    for (names, code) in [
        (&[][..], "invalid-field"),
        (&["申请表"], "pledge-unlawful"),
        (&["没有的"], "pledge-unlawful"),
        (&[REPORT, REPORT], "invalid-field"),
    ] {
        assert_eq!(hall.code(&pledge(id, names)), code, "{names:?}");
    }
    hall.act(&pledge(id, &[REPORT])).unwrap();
    assert_eq!(hall.code(&pledge(id, &[REPORT])), "pledge-state");
    assert_eq!(standing(&hall, id), Standing::Undecided);
    assert_eq!(reviewer(&mut hall, &verify(id, Outcome::True)), "case-state");
    for command in [Command::Accept(id.to_string()), grant(id)] {
        let change = hall.act(&command).unwrap();
        let paper = String::from_utf8_lossy(&change.documents[0].payload).into_owned();
        assert!(paper.contains(REPORT) && paper.contains(CONSEQUENCES) && paper.contains("10 个工作日"), "{paper}");
    }
    let kept = hall.case(id).pledge.clone().unwrap();
    // Ten working days after the 14th: Sunday the 20th is worked, the 25th to 27th are mid-autumn.
    assert_eq!(kept.check_by, Some(date(2026, 9, 28)));
    assert_eq!((kept.by.as_str(), kept.commitment.len(), standing(&hall, id)), ("审查员", 64, Standing::ToCheck));
}

/// What a notice asked for, or what was to follow, is pledged as well.
#[test]
fn a_pledge_takes_the_place_of_what_was_asked_for() {
    let mut hall = trusting();
    let id = received(&mut hall);
    let items = vec![REPORT.to_owned()];
    hall.act(&Command::Notify { case: id.to_string(), items, new_reasons: Vec::new(), within: None }).unwrap();
    assert_eq!(hall.code(&Command::Accept(id.to_string())), "supplement-missing");
    hall.act(&pledge(id, &[REPORT])).unwrap();
    // Nothing is missing any more: the five days run, and nothing may be returned for want of it.
    assert_eq!(hall.case(id).status, Status::Supplemented);
    assert!(hall.case(id).deemed_at.is_some());
    hall.act(&Command::Accept(id.to_string())).unwrap();

    let id = received(&mut hall);
    let lacking = vec![REPORT.to_owned()];
    let (until, promise) = (date(2026, 9, 18), material("容缺承诺书"));
    hall.act(&Command::AcceptLacking { case: id.to_string(), lacking, until, promise, enough: None }).unwrap();
    assert_eq!(hall.code(&grant(id)), "material-lacking");
    hall.act(&pledge(id, &[REPORT])).unwrap();
    hall.act(&grant(id)).unwrap();
}

#[test]
fn what_is_true_is_over() {
    let mut hall = trusting();
    let id = granted(&mut hall);
    // The item leaves the check to reviewers.
    assert_eq!(decider(&mut hall, &verify(id, Outcome::True)), "role-missing");
    assert_eq!(reviewer(&mut hall, &verify(id, Outcome::PutRight)), "pledge-state");
    assert_eq!(reviewer(&mut hall, &verify(id, Outcome::Cancelled)), "pledge-state");
    hall.act(&Command::Deliver { case: id.to_string(), note: None }).unwrap();
    hall.act(&Command::Close(id.to_string())).unwrap();
    assert_eq!(reviewer(&mut hall, &verify(id, Outcome::True)), "ok");
    assert_eq!((standing(&hall, id), hall.case(id).status), (Standing::Over, Status::Closed));
    assert_eq!(reviewer(&mut hall, &verify(id, Outcome::False)), "pledge-state");
    let again = received(&mut hall);
    assert_eq!(hall.code(&pledge(again, &[REPORT])), "ok");
}

/// Who pledged falsely brings his materials from then on; another lifts the finding, or his credit is repaired.
#[test]
fn who_pledged_falsely_pledges_no_more() {
    for lift in [Outcome::Annulled, Outcome::Repaired] {
        let mut hall = trusting();
        let id = granted(&mut hall);
        assert_eq!(reviewer(&mut hall, &verify(id, Outcome::False)), "ok");
        assert_eq!(standing(&hall, id), Standing::ToPutRight);
        assert_eq!(hall.case(id).pledge.as_ref().unwrap().due(), Some(date(2026, 9, 20)));
        let again = received(&mut hall);
        assert_eq!(hall.code(&pledge(again, &[REPORT])), "pledge-barred");
        assert_eq!(decider(&mut hall, &verify(id, Outcome::Repaired)), "pledge-state");
        assert_eq!(reviewer(&mut hall, &verify(id, Outcome::PutRight)), "ok");
        // What is put right is over; what was false stays so.
        assert_eq!(standing(&hall, id), Standing::Over);
        assert_eq!(hall.code(&pledge(again, &[REPORT])), "pledge-barred");
        assert_eq!(reviewer(&mut hall, &verify(id, lift)), "role-missing");
        assert_eq!(
            by(&mut hall, "审查员", Role::Decider, &verify(id, Outcome::Annulled)).unwrap_err().code,
            "finding-self"
        );
        assert_eq!(decider(&mut hall, &verify(id, lift)), "ok");
        assert_eq!(standing(&hall, id), Standing::Over);
        assert_eq!(hall.code(&pledge(again, &[REPORT])), "ok");
        assert_eq!(decider(&mut hall, &verify(id, lift)), "pledge-state");
    }
}

/// A finding stands at what the authority is merged into, from the day of the merger on.
#[test]
fn a_merger_lifts_no_finding() {
    let mut hall = trusting();
    let id = granted(&mut hall);
    reviewer(&mut hall, &verify(id, Outcome::False));
    let known = hall.state.authorities[&hall.case(id).item.authority].clone();
    let (into, code) = ("区市场监督管理局", credit("11511602MB0000009"));
    let from = date(2026, 9, 16);
    let old = vec![known.name];
    let plan = Reorganisation { old, into: into.into(), code: Some(code), from, order: None };
    hall.act(&Command::Reorganise { plan, dry_run: false }).unwrap();
    hall.now = at(2026, 9, 16, 10);
    hall.act(&Command::Tick).unwrap();
    let again = received(&mut hall);
    assert_eq!(hall.case(again).item.department, into);
    assert_eq!(hall.code(&pledge(again, &[REPORT])), "pledge-barred");
    assert_eq!(decider(&mut hall, &verify(id, Outcome::Annulled)), "ok");
    assert_eq!(hall.code(&pledge(again, &[REPORT])), "ok");
}

/// Who pledges what is missing has brought all from that moment on: that is his place in line where his application is deemed accepted.
#[test]
fn a_pledge_that_makes_an_application_whole_counts_as_its_arrival() {
    let mut hall = trusting_with(&[("limit_grants", "1"), ("limit_basis", "区政府公告〔2026〕3号")]);
    let id = received(&mut hall);
    let items = vec![REPORT.to_owned()];
    hall.act(&Command::Notify { case: id.to_string(), items, new_reasons: Vec::new(), within: None }).unwrap();
    hall.now = at(2026, 9, 16, 15);
    hall.act(&pledge(id, &[REPORT])).unwrap();
    hall.now = hall.case(id).deemed_at.unwrap();
    hall.act(&Command::Tick).unwrap();
    assert!(hall.case(id).deemed);
    assert_eq!(hall.case(id).turn.as_ref().unwrap().since, at(2026, 9, 16, 15));
}

/// A finding is against the person: where his number was entered wrongly, it follows the right one.
#[test]
fn a_finding_follows_the_right_number() {
    let mut hall = trusting();
    let id = granted(&mut hall);
    reviewer(&mut hall, &verify(id, Outcome::False));
    let again = received(&mut hall);
    let (field, value) = (AmendedField::ApplicantId, "110101199003070011".to_owned());
    let amended = Amended { field, value, reason: "录入有误".into() };
    assert_eq!(decider(&mut hall, &Command::Amend { case: id.to_string(), amended }), "ok");
    assert_eq!(hall.code(&pledge(again, &[REPORT])), "ok");
    assert_eq!(hall.state.barred.len(), 1);
}

/// Revocation is the licence's cancelling; nothing is left to check then, and the finding stays.
#[test]
fn a_cancelled_licence_ends_the_check() {
    let mut hall = trusting();
    let id = granted(&mut hall);
    let (kind, until) = ("公共场所卫生许可证".into(), date(2030, 9, 14));
    hall.act(&Command::IssueLicence { case: id.to_string(), kind, until }).unwrap();
    reviewer(&mut hall, &verify(id, Outcome::False));
    let licence = hall.case(id).licences[0].clone();
    let reason = "承诺不实，逾期未整改（行政许可法第六十九条）".into();
    hall.act(&Command::CancelLicence { licence, reason }).unwrap();
    assert_eq!(standing(&hall, id), Standing::Over);
    let again = received(&mut hall);
    assert_eq!(hall.code(&pledge(again, &[REPORT])), "pledge-barred");
}

/// While another licence rests on the pledge, it is checked all the same.
#[test]
fn one_of_two_licences_ends_nothing() {
    let mut hall = trusting();
    let id = granted(&mut hall);
    for _ in 0..2 {
        let (kind, until) = ("公共场所卫生许可证".into(), date(2030, 9, 14));
        hall.act(&Command::IssueLicence { case: id.to_string(), kind, until }).unwrap();
    }
    for expected in [Standing::ToCheck, Standing::Over] {
        let licences = hall.case(id).licences.clone();
        let valid = |id: &&String| hall.state.licences[*id].status == tongban_domain::licence::Status::Valid;
        let licence = licences.iter().find(valid).unwrap().clone();
        hall.act(&Command::CancelLicence { licence, reason: "歇业".into() }).unwrap();
        assert_eq!(standing(&hall, id), expected);
    }
}

#[test]
fn an_overdue_check_has_a_yellow_card_until_it_is_done() {
    let mut hall = trusting();
    let id = granted(&mut hall);
    hall.act(&Command::Deliver { case: id.to_string(), note: None }).unwrap();
    hall.act(&Command::Close(id.to_string())).unwrap();
    let open = |hall: &Hall| {
        let cards = hall.state.cards.iter().filter(|((case, rule, ..), _)| *case == id && *rule == Rule::Pledge);
        cards.filter(|(_, card)| card.is_open()).count()
    };
    hall.now = at(2026, 9, 15, 1);
    hall.tick();
    assert_eq!(open(&hall), 0);
    let due = hall.case(id).pledge.as_ref().unwrap().check_by.unwrap();
    hall.now = due.next_day().start().add_seconds(3600);
    hall.tick();
    assert_eq!(open(&hall), 1);
    assert_eq!(reviewer(&mut hall, &verify(id, Outcome::True)), "ok");
    assert_eq!(open(&hall), 0);
}

#[test]
fn an_item_that_takes_pledges_says_when_they_are_checked() {
    let mut hall = guangan();
    let mut item = row(2, &PERMIT);
    let values = [("name", REPORT), ("pledge", "是")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    item.lists = BTreeMap::from([("materials".to_owned(), vec![ListRow { row: 2, values: values.into() }])]);
    let columns = [("pledge_check_days", "10"), ("pledge_correct_days", "5"), ("pledge_consequences", CONSEQUENCES)];
    for (place, (column, value)) in columns.into_iter().enumerate() {
        let report = hall.import(std::slice::from_ref(&item));
        let blocks = report.rows.iter().filter(|finding| finding.blocks);
        let missing: Vec<&str> = columns[place..].iter().map(|(column, _)| *column).collect();
        assert_eq!(blocks.map(|finding| finding.column.as_str()).collect::<Vec<_>>(), missing);
        item.values.insert(column.into(), value.into());
    }
    assert_eq!(hall.import(std::slice::from_ref(&item)).rejected, 0);
}

/// A pledge that the collecting hall took goes with the offer; the owner keeps it by his own guide and register, and tells what came of it.
#[test]
fn a_pledge_travels_with_the_offer() {
    for barred in [false, true] {
        let mut home = trusting();
        if barred {
            let id = granted(&mut home);
            reviewer(&mut home, &verify(id, Outcome::False));
        }
        let mut town = daishi(&home);
        town.state.guides.clone_from(&home.state.guides);
        let places = [home.place(), town.place()].map(|place| (place.division, place)).into_iter().collect();
        let known = Places::new(places, BTreeMap::new());
        (home.state.places, town.state.places) = (known.clone(), known);
        let division = home.division();
        let mut held = collect(CODE, division);
        if let Command::Collect { hold, .. } = &mut held {
            *hold = true;
        }
        let Reply::Collected(slip) = town.act(&held).unwrap().reply else { panic!("it is collected") };
        town.act(&pledge(slip.case, &[REPORT])).unwrap();
        let offer = town.act(&Command::Offer(slip.case.to_string())).unwrap();
        let offers: Vec<_> = offer.notices.iter().filter(|one| matches!(one.body, NoticeBody::Offer(_))).collect();
        let told: Vec<_> = offers.into_iter().flat_map(|notice| carry(notice, &mut town, &mut home)).collect();
        for notice in &told {
            carry(notice, &mut home, &mut town);
        }
        assert_eq!(home.case(slip.case).pledge.is_some(), !barred);
        if barred {
            let last = home.state.acts.iter().rev().find(|act| act.case == slip.case).unwrap();
            assert!(last.note.as_ref().unwrap().contains("不适用"));
            continue;
        }
        for command in [Command::Accept(slip.case.to_string()), grant(slip.case)] {
            for notice in home.act(&command).unwrap().notices {
                carry(&notice, &mut home, &mut town);
            }
        }
        assert_eq!(standing(&town, slip.case), Standing::ToCheck);
        assert_eq!(reviewer(&mut town, &verify(slip.case, Outcome::True)), "not-owner");
    }
}
