//! Between acceptance and decision: on-site checks, naming who is competent, forwarding to a superior, and wrong entries put right.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CITIZEN, Hall, PERMIT, at, carry, collect, daishi, date, guangan};
use tongban_codes::ids::CaseId;
use tongban_domain::case::{Act, ActKind, Amended, AmendedField, Competent, RefusalKind, Status, national};
use tongban_domain::{Command, NoticeBody, Role};

const PERMIT_CODE: &str = "511A0015500013";

fn accepted(hall: &mut Hall) -> CaseId {
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    id
}

#[test]
fn two_officers_check_on_the_site_and_the_clock_runs_on() {
    let mut hall = guangan();
    let id = accepted(&mut hall);
    let check = |officers: &[&str], finding: &str| Command::Check {
        case: id.to_string(),
        officers: officers.iter().map(|name| (*name).to_owned()).collect(),
        finding: finding.to_owned(),
    };
    let before = hall.case(id).deadlines.clone();
    for officers in [&[][..], &["审查员"], &["审查员", " 审查员 "], &["审查员", "路人"], &["审查员", "窗口员"]]
    {
        assert_eq!(hall.code(&check(officers, "一致")), "check-officers", "{officers:?}");
    }
    assert_eq!(hall.code(&check(&["审查员", "决定员"], " ")), "invalid-field");
    // Whoever may not act on the case is none of the two.
    let mut other = hall.clone();
    let recuse =
        Command::Recuse { case: id.to_string(), operator: Some("审查员".into()), reason: "近亲属".into() };
    other.act(&recuse).unwrap();
    assert_eq!(other.code(&check(&["审查员", "决定员"], "一致")), "recused");
    let mut other = hall.clone();
    other.act(&Command::DisableOperator("审查员".into())).unwrap();
    assert_eq!(other.code(&check(&["审查员", "决定员"], "一致")), "check-officers");
    let mut other = hall.clone();
    let identity = Some(tongban_domain::Identity(CITIZEN.into()));
    other.act(&Command::RegisterIdentity { operator: "审查员".into(), identity }).unwrap();
    assert_eq!(other.code(&check(&["审查员", "决定员"], "一致")), "own-case");
    hall.now = at(2026, 9, 16, 9);
    let change = hall.act(&check(&["审查员", "决定员"], "设施与申请一致")).unwrap();
    assert_eq!(change.documents[0].content_type, "application/tongban-site-check+cbor");
    let sealed = String::from_utf8_lossy(&change.documents[0].payload).into_owned();
    assert!(sealed.contains("设施与申请一致") && sealed.contains("决定员"));
    assert_eq!((hall.case(id).status, &hall.case(id).deadlines), (Status::Accepted, &before));
}

#[test]
fn who_is_not_competent_says_who_is() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    let refuse = |kind, competent: Option<(&str, &str)>| Command::Refuse {
        case: id.to_string(),
        kind,
        reason: "不属于本机关职权".to_owned(),
        competent: competent.map(|(division, authority)| Competent {
            division: division.parse().unwrap(),
            authority: authority.to_owned(),
        }),
    };
    for (kind, competent, expected) in [
        (RefusalKind::NotCompetent, None, "competent-missing"),
        (RefusalKind::NotCompetent, Some(("511699", "某局")), "competent-missing"),
        (RefusalKind::NotCompetent, Some(("511602", "区行政审批局")), "competent-missing"),
        (RefusalKind::NotRequired, Some(("511600", "市生态环境局")), "competent-missing"),
        (RefusalKind::NotCompetent, Some(("511600", " ")), "invalid-field"),
    ] {
        assert_eq!(hall.code(&refuse(kind, competent)), expected, "{competent:?}");
    }
    // Another authority of the same division may be the one.
    let neighbour = refuse(RefusalKind::NotCompetent, Some(("511602", "区残联")));
    hall.clone().act(&neighbour).unwrap();
    let change = hall.act(&refuse(RefusalKind::NotCompetent, Some(("511600", " 市生态环境局 ")))).unwrap();
    assert_eq!(hall.case(id).competent.as_ref().unwrap().authority, "市生态环境局");
    let told = String::from_utf8_lossy(&change.documents[0].payload).into_owned();
    assert!(told.contains("市生态环境局（四川省广安市）"), "the applicant is told where to go");
}

/// 广安市 with an item that its county may forward to.
fn city() -> Hall {
    let mut city = Hall::new("511600", "广安市");
    let mut columns = PERMIT;
    columns[3].1 = "511A0015500014-511600000000-000-115113016823646795-1-00";
    columns[4].1 = "511600000000";
    columns[11].1 = "511602";
    city.offer_item(&columns);
    city
}

#[test]
fn a_lower_authority_forwards_with_its_opinion() {
    let mut city = city();
    let mut county = guangan();
    let id = accepted(&mut county);
    let forward = |division: &str, item: &str, opinion: &str| {
        let (division, item, opinion) = (division.parse().unwrap(), item.to_owned(), opinion.to_owned());
        Command::Forward { case: id.to_string(), division, item, opinion }
    };
    let item = city.state.items.keys().next().unwrap().clone();
    assert_eq!(county.code(&forward("511600", &item, "拟准予")), "outside-catalogue");
    county.act(&city.foreign(&item)).unwrap();
    for (division, opinion, expected) in [
        ("511603", "拟准予", "forward-unlawful"),
        ("511602", "拟准予", "forward-unlawful"),
        ("511600", "", "invalid-field"),
    ] {
        assert_eq!(county.code(&forward(division, &item, opinion)), expected, "{division}");
    }
    county.now = at(2026, 9, 18, 9);
    let before = county.case(id).clone();
    let change = county.act(&forward("511600", &item, "材料齐全，拟准予")).unwrap();
    let old = county.case(id).clone();
    let to = old.forwarded_to.clone().unwrap();
    assert_eq!((old.status, to.in_time, to.on), (Status::Forwarded, true, date(2026, 9, 18)));
    let opinion = change.documents.iter().find(|paper| paper.case == id).unwrap();
    assert_eq!(opinion.content_type, "application/tongban-preliminary-opinion+cbor");
    // The new case is collected here and offered there, with what the applicant brought.
    let [notice] = &change.notices[..] else { panic!("{:?}", change.notices) };
    assert!(matches!(notice.body, NoticeBody::Offer(_)));
    county.now = at(2026, 9, 21, 9);
    city.now = county.now;
    for answer in carry(notice, &mut county, &mut city) {
        carry(&answer, &mut city, &mut county);
    }
    let there = city.case(to.case).clone();
    let from = there.forwarded_from.clone().unwrap();
    assert_eq!((from.case, from.case_no, from.opinion.as_str()), (id, before.case_no, "材料齐全，拟准予"));
    assert_eq!((there.holder, there.query_code), (before.holder, to.query_code));
    let accept = city.act(&Command::Accept(to.case.to_string())).unwrap();
    let decide = city.act(&Command::Decide { case: to.case.to_string(), grant: true, reason: None }).unwrap();
    for notice in accept.notices.iter().chain(&decide.notices) {
        carry(notice, &mut city, &mut county);
    }
    assert_eq!(county.case(to.case).status, Status::Granted, "the lower authority hears what became of it");
    assert_eq!(county.code(&forward("511600", &item, "再报")), "case-state");
    // The opinion was late: that goes on record, it is passed on all the same.
    let mut late = guangan();
    let id = accepted(&mut late);
    late.act(&city.foreign(&item)).unwrap();
    late.now = at(2026, 10, 19, 9);
    let (division, opinion) = (city.division(), "拟准予".to_owned());
    late.act(&Command::Forward { case: id.to_string(), division, item, opinion }).unwrap();
    assert!(!late.case(id).forwarded_to.as_ref().unwrap().in_time);
}

fn amend(id: CaseId, field: AmendedField, value: &str, reason: &str) -> Command {
    let amended = Amended { field, value: value.to_owned(), reason: reason.to_owned() };
    Command::Amend { case: id.to_string(), amended }
}

#[test]
fn a_wrong_entry_is_put_right_and_both_versions_are_kept() {
    use AmendedField::{ApplicantId, ApplicantName};
    let mut hall = guangan();
    let id = accepted(&mut hall);
    let right = "110101199003070011";
    let key = hall.case(id).personal.wrapped_key.clone();
    for (command, code) in [
        (amend(id, ApplicantName, "李四", " "), "invalid-field"),
        (amend(id, ApplicantName, " 张三 ", "录入有误"), "invalid-field"),
        (amend(id, ApplicantId, "110101199003070012", "录入有误"), "invalid-identity"),
    ] {
        assert_eq!(hall.code(&command), code);
    }
    let change = hall.act(&amend(id, ApplicantId, right, "录入有误")).unwrap();
    hall.act(&amend(id, ApplicantName, "张叁", "错字")).unwrap();
    let case = hall.case(id).clone();
    assert_eq!(
        (case.personal.name.as_slice(), case.personal.identity.as_slice()),
        ("张叁".as_bytes(), right.as_bytes())
    );
    assert_eq!(case.amendments[0].before.identity, CITIZEN.as_bytes());
    assert_eq!(case.personal.wrapped_key, key, "the files of its materials lie under the key that it had");
    assert_eq!(case.amendments[1].before.name, "张三".as_bytes());
    let index: [u8; 32] = *tongban_codes::ids::Digest::of(right.as_bytes()).as_bytes();
    assert_eq!(case.holder, index, "it is found by the right number");
    let note = change.events.iter().find_map(|event| match event {
        tongban_domain::Event::Case(_, act) => act.note.clone(),
        _ => None,
    });
    assert_eq!(note.as_deref(), Some("更正申请人证件号码：录入有误"), "neither version stands in the history");
    assert!(!format!("{:?}", amend(id, ApplicantId, right, "错")).contains(right), "a command isn't logged with it");
    // After the decision it takes a mandate; while a licence stands in that name it is too late.
    hall.act(&Command::Decide { case: id.to_string(), grant: true, reason: None }).unwrap();
    let window = tongban_domain::Actor { operator: "窗口员".into(), roles: vec![Role::Window], window: None };
    let refused = hall.give(&window, &amend(id, ApplicantName, "张三", "改回")).unwrap_err();
    assert_eq!(refused.code, "mandate-missing");
    let change = hall.act(&amend(id, ApplicantName, "张三", "改回")).unwrap();
    assert_eq!(change.documents[0].content_type, "application/tongban-amendment+cbor");
    let (kind, until) = ("卫生许可证".to_owned(), date(2030, 9, 16));
    hall.act(&Command::IssueLicence { case: id.to_string(), kind, until }).unwrap();
    assert_eq!(hall.code(&amend(id, ApplicantName, "李四", "错字")), "amend-late");
    let licence = hall.case(id).licences[0].clone();
    hall.act(&Command::CancelLicence { licence, reason: "姓名有误".into() }).unwrap();
    hall.act(&amend(id, ApplicantName, "李四", "错字")).unwrap();
}

#[test]
fn the_collecting_node_is_told_of_an_entry_that_was_put_right() {
    let mut home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&collect(PERMIT_CODE, home.division())).unwrap();
    let id = change.notices[0].case;
    for answer in carry(&change.notices[0], &mut town, &mut home) {
        carry(&answer, &mut home, &mut town);
    }
    let keys = [town.case(id).personal.wrapped_key.clone(), home.case(id).personal.wrapped_key.clone()];
    let first = home.act(&amend(id, AmendedField::ApplicantName, "李四", "录入有误")).unwrap();
    let second = home.act(&amend(id, AmendedField::ApplicantName, "李思", "错字")).unwrap();
    // The later word comes first, and the earlier one doesn't undo it.
    carry(&second.notices[0], &mut home, &mut town);
    carry(&first.notices[0], &mut home, &mut town);
    assert_eq!(town.case(id).personal, home.case(id).personal);
    assert_eq!(town.case(id).amendments[0].before.name, "张三".as_bytes());
    assert_eq!([&town.case(id).personal.wrapped_key, &home.case(id).personal.wrapped_key], [&keys[0], &keys[1]]);
    assert_eq!(town.code(&amend(id, AmendedField::ApplicantName, "王五", "错字")), "not-owner");
}

/// Each act that the national list has a word for brings a case to that state.
#[test]
fn national_numbers() {
    let mut hall = guangan();
    let id = accepted(&mut hall);
    let acts = |hall: &Hall| -> Vec<Act> { hall.state.acts.iter().filter(|act| act.case == id).cloned().collect() };
    assert_eq!((national::state_code(&acts(&hall)), national::result_code(&acts(&hall))), (Some(3), None));
    hall.clone().act(&Command::Withdraw { case: id.to_string(), reason: None }).unwrap();
    for (command, state, result) in [
        (Command::SuspendCase { case: id.to_string(), procedure: "检测".into(), days: 3 }, 9, None),
        (Command::ResumeCase { case: id.to_string(), note: None }, 10, None),
        (Command::Decide { case: id.to_string(), grant: false, reason: Some("不符".into()) }, 13, Some(1)),
        (Command::Deliver { case: id.to_string(), note: None }, 13, Some(1)),
        (Command::Close(id.to_string()), 13, Some(1)),
    ] {
        hall.act(&command).unwrap();
        let history = acts(&hall);
        assert_eq!(
            (national::state_code(&history), national::result_code(&history)),
            (Some(state), result),
            "{command:?}"
        );
    }
    // Every number that is given stands in its list.
    for status in Status::ALL {
        let known = |code| national::RESULTS.iter().any(|(number, _)| *number == code);
        assert!(status.result_code().is_none_or(known), "{status:?}");
        for kind in ActKind::ALL {
            let mut act = acts(&hall).pop().unwrap();
            (act.kind, act.status) = (kind, status);
            let known = |code| national::STATES.iter().any(|(number, _)| *number == code);
            assert!(act.state_code(true).is_none_or(known) && act.state_code(false).is_none_or(known));
        }
    }
}

/// Who acts for the applicant acts for him above as well, while his power of attorney is in force.
#[test]
fn an_agent_goes_on_with_what_is_forwarded() {
    let city = city();
    let item = city.state.items.keys().next().unwrap().clone();
    for (until, goes_on) in [(None, true), (Some(date(2026, 9, 18)), true), (Some(date(2026, 9, 17)), false)] {
        let mut county = guangan();
        county.act(&city.foreign(&item)).unwrap();
        let (name, identity, power) = ("李四".to_owned(), "110101199003070011".to_owned(), "ab".repeat(32));
        let given = tongban_domain::Agent { name, identity, power, scope: None, until };
        let mut command = collect("511A0015500013", county.division());
        if let Command::Collect { agent, .. } = &mut command {
            *agent = Some(Box::new(given));
        }
        county.act(&command).unwrap();
        let id = *county.state.cases.keys().next().unwrap();
        county.act(&Command::Accept(id.to_string())).unwrap();
        county.now = at(2026, 9, 18, 9);
        let (division, opinion) = (city.division(), "拟准予".to_owned());
        let forward = Command::Forward { case: id.to_string(), division, item: item.clone(), opinion };
        let change = county.act(&forward).unwrap();
        let NoticeBody::Offer(offer) = &change.notices[0].body else { panic!("an offer") };
        assert_eq!(offer.agent.is_some(), goes_on, "{until:?}");
    }
}
