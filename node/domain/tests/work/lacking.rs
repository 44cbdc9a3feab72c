//! 容缺受理: what may follow, until when, and that nothing is granted before it has come.

use tongban_domain::Command;
use tongban_domain::case::{Bringing, Material, Status};

use crate::hall::{at, collect, date, guangan};
use crate::scene::{CODE, Entry, grant, publish, staff};

const MATERIALS: [Entry<'_>; 2] =
    [&[("name", "申请表"), ("necessity", "必要")], &[("name", "检测报告"), ("necessity", "容缺后补")]];

fn material(name: &str) -> Material {
    Material { name: name.into(), sha256: "0123456789abcdef".repeat(4), size: None }
}

fn accept(id: &str, names: &[&str], day: u8) -> Command {
    let lacking = names.iter().map(|name| (*name).to_owned()).collect();
    Command::AcceptLacking {
        case: id.into(),
        lacking,
        until: date(2026, 9, day),
        promise: material("容缺承诺书"),
        enough: None,
    }
}

#[test]
fn what_follows_comes_before_the_grant() {
    let mut hall = guangan();
    publish(&mut hall, &[], &[("materials", &MATERIALS)]);
    staff(&mut hall);
    let division = hall.division();
    let id = hall.collect(CODE, division);
    let case = id.to_string();
    for (wrong, code) in [
        (accept(&case, &[], 18), "invalid-field"),
        (accept(&case, &["申请表"], 18), "lacking-unlawful"),
        (accept(&case, &["没有的"], 18), "lacking-unlawful"),
        (accept(&case, &["检测报告"], 13), "invalid-field"),
        (accept(&case, &["检测报告", "检测报告"], 18), "invalid-field"),
    ] {
        assert_eq!(hall.code(&wrong), code, "{wrong:?}");
        assert_eq!(hall.case(id).status, Status::Collected);
    }
    let change = hall.act(&accept(&case, &["检测报告"], 18)).unwrap();
    let paper = &change.documents[0];
    assert_eq!(paper.content_type, "application/tongban-acceptance+cbor");
    assert!(String::from_utf8_lossy(&paper.payload).contains("容缺：检测报告，2026-09-18 前补交"));
    assert_eq!(hall.case(id).status, Status::Accepted);

    assert_eq!(hall.code(&grant(id)), "material-lacking");
    let follow = |name: &str| Command::FollowUp { case: case.clone(), materials: vec![material(name)] };
    assert_eq!(hall.code(&follow("申请表")), "material-not-lacking");
    // What comes late has come, and the record says that it was late.
    hall.now = at(2026, 9, 20, 9);
    assert_eq!(hall.code(&follow("检测报告")), "ok");
    assert_eq!(hall.state.acts.last().unwrap().note.as_deref(), Some("检测报告（逾期）"));
    assert!(hall.case(id).lacking.is_empty());
    assert_eq!(hall.case(id).materials.last().unwrap().name, "检测报告");
    assert_eq!(hall.code(&follow("检测报告")), "material-not-lacking");
    assert_eq!(hall.code(&grant(id)), "ok");
}

#[test]
fn what_is_lacking_does_not_go_up_unseen() {
    let mut hall = guangan();
    publish(&mut hall, &[], &[("materials", &MATERIALS)]);
    let division = hall.division();
    let id = hall.collect(CODE, division);
    hall.act(&accept(&id.to_string(), &["检测报告"], 18)).unwrap();
    let division = "511600".parse().unwrap();
    let forward = Command::Forward { case: id.to_string(), division, item: "X".into(), opinion: "拟准予".into() };
    assert_eq!(hall.code(&forward), "material-lacking");
    hall.act(&Command::FollowUp { case: id.to_string(), materials: vec![material("检测报告")] }).unwrap();
    assert_eq!(hall.code(&forward), "outside-catalogue");
}

/// What a notice asked for follows where it is named; the rest of the notice stands.
#[test]
fn a_promise_for_one_material_waives_no_other() {
    let mut hall = guangan();
    publish(&mut hall, &[], &[("materials", &MATERIALS)]);
    let division = hall.division();
    for (asked, code) in [(&["检测报告", "申请表签字"][..], "supplement-missing"), (&["检测报告"], "ok")] {
        let id = hall.collect(CODE, division);
        let items = asked.iter().map(|item| (*item).to_owned()).collect();
        let case = id.to_string();
        hall.act(&Command::Notify { case: case.clone(), items, new_reasons: Vec::new(), within: None }).unwrap();
        assert_eq!(hall.code(&accept(&case, &["检测报告"], 18)), code, "{asked:?}");
        if code == "ok" {
            continue;
        }
        let brings = vec![Bringing { item: "2".into(), materials: Vec::new() }];
        hall.act(&Command::Supplement { case: case.clone(), brings }).unwrap();
        assert_eq!(hall.code(&accept(&case, &["检测报告"], 18)), "ok");
    }
}

/// A line in the officer's own words names no material of the guide: what is enough is said beside what follows.
#[test]
fn what_else_was_asked_for_may_be_enough() {
    let mut hall = guangan();
    publish(&mut hall, &[], &[("materials", &MATERIALS)]);
    let division = hall.division();
    let id = hall.collect(CODE, division);
    let items = vec!["请补交检测报告原件".to_owned(), "申请表签字".to_owned()];
    hall.act(&Command::Notify { case: id.to_string(), items, new_reasons: Vec::new(), within: None }).unwrap();
    let mut command = accept(&id.to_string(), &["检测报告"], 18);
    assert_eq!(hall.code(&command), "supplement-missing");
    for (why, code) in [("", "invalid-field"), ("签字已当场补齐", "ok")] {
        if let Command::AcceptLacking { enough, .. } = &mut command {
            *enough = Some(why.into());
        }
        assert_eq!(hall.code(&command), code, "{why:?}");
    }
    let case = hall.case(id);
    assert_eq!((case.status, case.lacking.len()), (Status::Accepted, 1));
    let note = hall.state.acts.last().unwrap().note.clone().unwrap();
    assert!(note.contains("签字已当场补齐"), "{note}");
}

#[test]
fn nothing_is_accepted_while_files_are_on_their_way() {
    let mut hall = guangan();
    publish(&mut hall, &[], &[("materials", &MATERIALS)]);
    let form = Material { size: Some(10), ..material("申请表") };
    let Command::Collect { item, division, mode, applicant, hold, renews, agent, .. } = collect(CODE, hall.division())
    else {
        panic!("it collects")
    };
    let materials = vec![form.clone()];
    hall.act(&Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None }).unwrap();
    let id = *hall.state.cases.keys().next().unwrap();
    assert_eq!(hall.code(&accept(&id.to_string(), &["检测报告"], 18)), "materials-under-way");
    hall.state.files.insert((id, form.file().unwrap().0));
    assert_eq!(hall.code(&accept(&id.to_string(), &["检测报告"], 18)), "ok");
}

#[test]
fn what_is_lacking_may_be_a_reason_to_deny() {
    let mut hall = guangan();
    publish(&mut hall, &[], &[("materials", &MATERIALS)]);
    let division = hall.division();
    let id = hall.collect(CODE, division);
    hall.act(&accept(&id.to_string(), &["检测报告"], 18)).unwrap();
    let deny =
        Command::Decide { case: id.to_string(), grant: false, reason: Some("逾期未补交检测报告".into()) };
    assert_eq!(hall.code(&deny), "ok");
}

#[test]
fn what_was_brought_does_not_follow_and_what_is_deemed_accepted_has_no_conditions() {
    let mut hall = guangan();
    publish(&mut hall, &[], &[("materials", &MATERIALS)]);
    let brought = match collect(CODE, hall.division()) {
        Command::Collect { item, division, mode, applicant, hold, renews, agent, .. } => {
            let materials = vec![material("检测报告")];
            Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None }
        }
        other => other,
    };
    hall.act(&brought).unwrap();
    let id = *hall.state.cases.keys().next().unwrap();
    assert_eq!(hall.code(&accept(&id.to_string(), &["检测报告"], 18)), "invalid-field");
    let division = hall.division();
    let id = hall.collect(CODE, division);
    hall.now = at(2026, 9, 22, 9);
    assert_eq!(hall.code(&accept(&id.to_string(), &["检测报告"], 25)), "case-state");
}
