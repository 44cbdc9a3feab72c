//! What the other node of the authority in charge goes on with: nothing that the law or the item asks for is lost on the way.

use std::collections::BTreeMap;

use tongban_domain::case::{Bringing, Material, Status, TENURE_JUMP};
use tongban_domain::catalogue::ListRow;
use tongban_domain::{Actor, Command, Notice, NoticeBody, Role, Witness};

use crate::hall::{Hall, PERMIT, at, carry, date, row};
use crate::scene::{PERMIT_CODE, Scene, scene, scene_of};

/// Publishes the permit with two steps, and a material that may follow.
fn worked(hall: &mut Hall) {
    let mut item = row(2, &PERMIT);
    let entry = |(number, values): (u32, &[(&str, &str); 2])| ListRow {
        row: number,
        values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let list = |rows: &[[(&str, &str); 2]]| (2..).zip(rows).map(entry).collect::<Vec<_>>();
    let steps = list(&[[("name", "审查"), ("role", "reviewer")], [("name", "决定"), ("role", "decider")]]);
    let materials =
        list(&[[("name", "申请表"), ("necessity", "必要")], [("name", "检测报告"), ("necessity", "容缺后补")]]);
    item.lists = BTreeMap::from([("steps".to_owned(), steps), ("materials".to_owned(), materials)]);
    let report = hall.import(std::slice::from_ref(&item));
    assert_eq!(report.rejected, 0, "{report:?}");
    hall.act(&Command::PublishItems(Some(item.values["local_item_code"].clone()))).unwrap();
}

fn material(name: &str) -> Material {
    Material { name: name.into(), sha256: "0123456789abcdef".repeat(4), size: None }
}

fn decide(scene: &Scene, grant: bool) -> Command {
    Command::Decide { case: scene.case(), grant, reason: (!grant).then(|| "不符合条件".to_owned()) }
}

fn notify(scene: &Scene) -> Command {
    let items = vec!["检测报告".to_owned(), "健康证明".to_owned()];
    Command::Notify { case: scene.case(), items, new_reasons: Vec::new(), within: None }
}

fn supplement(scene: &Scene, items: &[&str]) -> Command {
    let brings = items
        .iter()
        .map(|item| Bringing { item: (*item).to_owned(), materials: vec![material(&format!("材料{item}"))] });
    Command::Supplement { case: scene.case(), brings: brings.collect() }
}

#[test]
fn steps_begin_anew_and_what_is_to_follow_still_is() {
    let mut scene = scene_of(worked);
    scene.taken();
    let lacking = vec!["检测报告".to_owned()];
    let promise = material("容缺承诺书");
    scene.done(
        &Command::AcceptLacking { case: scene.case(), lacking, until: date(2026, 9, 18), promise, enough: None },
        true,
    );
    assert_eq!(scene.town.case(scene.id).lacking, scene.home.case(scene.id).lacking);
    scene.reclaimed_for_next();
    scene.handed_on();
    let opinion = "符合条件".to_owned();
    assert_eq!(scene.next.code(&decide(&scene, false)), "steps-open");
    let reviewer = Actor { operator: "审查员".into(), roles: vec![Role::Reviewer], window: None };
    scene.next.give(&reviewer, &Command::DoStep { case: scene.case(), pass: true, opinion }).unwrap();
    assert_eq!(scene.next.code(&decide(&scene, true)), "material-lacking");
    let materials = vec![material("检测报告")];
    for notice in scene.next.act(&Command::FollowUp { case: scene.case(), materials }).unwrap().notices {
        carry(&notice, &mut scene.next, &mut scene.town);
    }
    assert!(scene.town.case(scene.id).lacking.is_empty());
    assert_eq!(scene.next.code(&decide(&scene, true)), "ok");
}

/// The hall that has the case in between isn't competent to take what a notice asked for.
#[test]
fn what_a_notice_asked_for_is_brought_where_the_case_goes_on() {
    let mut scene = scene();
    scene.taken();
    scene.done(&notify(&scene), true);
    scene.reclaimed_for_next();
    assert_eq!(scene.town.case(scene.id).status, Status::Notified);
    assert_eq!(scene.town.code(&supplement(&scene, &["1", "2"])), "not-competent");
    scene.handed_on();
    assert_eq!(scene.next.code(&supplement(&scene, &["1", "2"])), "ok");
    assert_eq!(scene.next.case(scene.id).status, Status::Supplemented);
}

#[test]
fn the_five_days_run_where_the_case_goes_on() {
    let mut scene = scene();
    scene.taken();
    scene.done(&notify(&scene), true);
    scene.home.now = at(2026, 9, 17, 9);
    scene.done(&supplement(&scene, &["1", "2"]), true);
    let deemed_at = scene.home.case(scene.id).deemed_at;
    assert!(deemed_at.is_some());
    scene.reclaimed_for_next();
    scene.handed_on();
    assert_eq!(scene.next.case(scene.id).deemed_at, deemed_at);
    // What was brought to the lost node is known where the case goes on.
    let names: Vec<&str> = scene.next.case(scene.id).materials.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["材料1", "材料2"]);
    scene.next.now = at(2026, 9, 28, 9);
    assert_eq!(scene.next.tick().len(), 2, "the acceptance and its serial");
    assert_eq!(scene.next.case(scene.id).accepted_on, Some(date(2026, 9, 17)));
}

#[test]
fn the_five_days_run_though_the_lost_node_took_nothing() {
    let mut scene = scene();
    scene.ask();
    let notices = scene.order(Witness { successor: Some(scene.next.place()), ..scene.witness() });
    for node in [scene.town.place().node, scene.next.place().node] {
        scene.tell(&notices, node);
    }
    scene.handed_on();
    let case = scene.next.case(scene.id);
    assert_eq!((case.received_on, case.deemed_at), (Some(date(2026, 9, 14)), Some(date(2026, 9, 21).start())));
}

#[test]
fn a_grant_is_taken_up_by_the_authority_alone() {
    let mut scene = scene();
    scene.taken();
    scene.done(&Command::Accept(scene.case()), true);
    scene.done(&decide(&scene, true), true);
    scene.ask();
    let told = Witness { as_told: true, ..scene.witness() };
    assert_eq!(scene.refused(told.clone()), "reclaim-no-successor");
    let notices = scene.order(Witness { successor: Some(scene.next.place()), ..told });
    for node in [scene.town.place().node, scene.next.place().node] {
        scene.tell(&notices, node);
    }
    scene.handed_on();
    let (kind, until) = ("公共场所卫生许可证".to_owned(), date(2030, 9, 13));
    assert_eq!(scene.next.code(&Command::IssueLicence { case: scene.case(), kind, until }), "ok");
}

/// The lost node, back as another node of its division, goes on with what it had lost.
#[test]
fn a_node_that_was_lost_may_go_on_after_its_return() {
    let mut scene = scene();
    scene.taken();
    scene.done(&Command::Accept(scene.case()), true);
    scene.ask();
    let (home, next, town) = (scene.home.place(), scene.next.place(), scene.town.place());
    let first = scene.order(Witness { successor: Some(next), as_told: true, ..scene.witness() });
    for node in [home.node, next.node, town.node] {
        scene.tell(&first, node);
    }
    scene.handed_on();
    scene.ask();
    let second = scene.order(Witness { successor: Some(home), as_told: true, ..scene.witness() });
    for node in [home.node, town.node] {
        scene.tell(&second, node);
    }
    let offered = scene.town.act(&Command::Offer(scene.case())).unwrap().notices[0].clone();
    for notice in carry(&offered, &mut scene.town, &mut scene.home) {
        carry(&notice, &mut scene.home, &mut scene.town);
    }
    let case = scene.home.case(scene.id);
    assert_eq!((case.status, case.tenure), (Status::Accepted, 4 + 2 * TENURE_JUMP));
    assert_eq!(scene.home.code(&decide(&scene, true)), "ok");
}

#[test]
fn two_nodes_of_a_division_never_draw_the_same_number() {
    let mut scene = scene();
    let drawn = |hall: &mut Hall| {
        let division = hall.division();
        let id = hall.collect(PERMIT_CODE, division);
        hall.act(&Command::Accept(id.to_string())).unwrap();
        hall.act(&Command::Decide { case: id.to_string(), grant: true, reason: None }).unwrap();
        let (kind, until) = ("公共场所卫生许可证".to_owned(), date(2030, 9, 13));
        hall.act(&Command::IssueLicence { case: id.to_string(), kind, until }).unwrap();
        let case = hall.case(id);
        (case.case_no.clone().unwrap(), case.licences[0].clone())
    };
    let (home, next) = (drawn(&mut scene.home), drawn(&mut scene.next));
    assert!(home.0 != next.0 && home.1 != next.1, "{home:?} {next:?}");
    assert!(next.0.len() <= 50, "{}", next.0);
    next.1.parse::<tongban_codes::licence_id::LicenceId>().unwrap();
}

/// What the superior is asked with says nothing of the applicant, and what the asker knows of him it keeps.
#[test]
fn the_applicant_stays_out_of_requests_and_orders() {
    use tongban_domain::case::{Amended, AmendedField};
    let mut scene = scene();
    scene.taken();
    let (value, reason) = ("张叁".to_owned(), "错字".to_owned());
    let amended = Amended { field: AmendedField::ApplicantName, value, reason };
    scene.done(&Command::Amend { case: scene.case(), amended }, true);
    scene.done(&notify(&scene), true);
    scene.done(&supplement(&scene, &["1"]), true);
    let Notice { body, .. } = scene.asks();
    let NoticeBody::ReclaimRequest(request) = body else { panic!("a request") };
    let text = format!("{:?}", request.known);
    assert!(request.known.amendments.is_empty() && !text.contains("材料1"), "{text}");
    scene.reclaimed_for_next();
    let case = scene.town.case(scene.id);
    assert_eq!(case.amendments.len(), 1);
    let brought = case.correction.as_ref().unwrap().asked[0].brought.clone().unwrap();
    assert_eq!(brought.materials[0].name, "材料1");
    assert!(case.materials.contains(&material("材料1")));
}

/// A notice of an earlier release kept no list of what it asked for.
#[test]
fn a_notice_without_a_list_is_supplemented_by_materials_alone() {
    let mut scene = scene();
    scene.taken();
    scene.done(&notify(&scene), true);
    for hall in [&mut scene.home, &mut scene.town] {
        hall.state.cases.get_mut(&scene.id).unwrap().correction = None;
    }
    let nothing = Command::Supplement { case: scene.case(), brings: Vec::new() };
    assert_eq!(scene.town.code(&nothing), "invalid-field");
    let brought = scene.town.act(&supplement(&scene, &["检测报告"])).unwrap().notices[0].clone();
    for _ in 0..2 {
        for notice in carry(&brought, &mut scene.town, &mut scene.home) {
            carry(&notice, &mut scene.home, &mut scene.town);
        }
    }
    let case = scene.home.case(scene.id);
    assert_eq!((case.status, case.materials.len(), case.deemed_at), (Status::Notified, 1, None));
    assert_eq!(scene.home.code(&Command::Accept(scene.case())), "ok");
}
