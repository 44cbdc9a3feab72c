//! The stories of 广安区, and what the clock does when nobody answers.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CITIZEN, Hall, PERMIT, at, carry, collect, daishi, date, guangan};
use tongban_codes::ids::CaseId;
use tongban_codes::licence_id::LicenceId;
use tongban_domain::case::{ActKind, Competent, Custody, RefusalKind, Status};
use tongban_domain::licence;
use tongban_domain::{Change, Command, Rejection, Reply, Sealer};

fn accept(hall: &mut Hall, id: CaseId) -> Result<Change, Rejection> {
    hall.act(&Command::Accept(id.to_string()))
}

fn decide(hall: &mut Hall, id: CaseId, grant: bool, reason: Option<&str>) -> Result<Change, Rejection> {
    let reason = reason.map(str::to_owned);
    hall.act(&Command::Decide { case: id.to_string(), grant, reason })
}

fn issue(hall: &mut Hall, id: CaseId, kind: &str) -> Result<Change, Rejection> {
    let (case, kind, until) = (id.to_string(), kind.to_owned(), date(2030, 9, 16));
    hall.act(&Command::IssueLicence { case, kind, until })
}

#[test]
fn a_permit_from_collecting_to_licence() {
    let mut hall = guangan();
    let division = hall.division();
    let change = hall.act(&collect("511A0015500013", division)).unwrap();
    let Reply::Collected(collected) = change.reply else { panic!("no collection") };
    let id = collected.case;
    assert_eq!(collected.collection_no, "511602000000-20260914-00001");
    assert_eq!(change.documents[0].sealer, Sealer::Node);
    assert!(change.notices.is_empty());
    // 收 is not 受: no clock, no number.
    assert_eq!(hall.case(id).deadlines, None);
    assert_eq!(hall.case(id).case_no, None);

    let change = hall.act(&Command::Accept(collected.query_code.to_string())).unwrap();
    let case = hall.case(id).clone();
    assert_eq!(case.status, Status::Accepted);
    assert_eq!(case.accepted_on, Some(date(2026, 9, 14)));
    let due = case.deadlines.unwrap();
    assert_eq!(due.promised.unwrap().date, date(2026, 9, 20));
    assert_eq!(due.statutory.unwrap().date, date(2026, 10, 16));
    assert!(!due.statutory.unwrap().provisional);
    assert_eq!(due.calendar, "2016-2026.1");
    assert_eq!(case.case_no.as_deref(), Some("115113016823646795202609140001"));
    assert_eq!(change.documents[0].sealer, Sealer::Authority(case.item.authority));

    hall.now = at(2026, 9, 16, 10);
    let change = decide(&mut hall, id, true, Some("  ")).unwrap();
    let mandate = hall.state.acts.last().unwrap().mandate.clone();
    assert_eq!(mandate.as_deref(), Some("* (root)"));
    assert_eq!(change.documents[0].content_type, "application/tongban-decision+cbor");
    let change = issue(&mut hall, id, "公共场所卫生许可证").unwrap();
    let Reply::Licence { licence } = change.reply else { panic!("no licence") };
    let parsed: LicenceId = licence.parse().unwrap();
    assert_eq!(parsed.to_string(), licence);
    assert!(licence.contains("115113016823646795001.115113016823646795.202609160001.001."), "{licence}");
    let sealed = &hall.state.licences[&licence].sealed;
    let statement = tongban_codes::cbor::to_vec(&statement(&hall, id, &licence));
    assert!(sealed.ends_with(&statement), "the authority seals the face of the licence");

    hall.act(&Command::Deliver { case: id.to_string(), note: Some("EMS 1023".into()) }).unwrap();
    hall.act(&Command::Close(case.case_no.unwrap())).unwrap();
    assert_eq!(hall.case(id).status, Status::Closed);
    let kinds: Vec<&str> = hall.history(id).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["collect", "accept", "decide", "issue-licence", "deliver", "close"]);
    let numbers: Vec<u32> = hall.state.acts.iter().map(|act| act.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

fn statement(hall: &Hall, id: CaseId, licence: &str) -> licence::Statement {
    let case = hall.case(id);
    licence::Statement {
        id: licence.to_owned(),
        type_code: "115113016823646795001".into(),
        type_name: "公共场所卫生许可证".into(),
        authority: case.item.authority,
        authority_name: "区行政审批局".into(),
        division: hall.division(),
        holder_name: "张三".into(),
        holder_identity: CITIZEN.into(),
        issued_on: date(2026, 9, 16),
        valid_until: date(2030, 9, 16),
        case_no: case.case_no.clone().unwrap(),
        item: PERMIT[3].1.into(),
        demo: true,
        valid_from: None,
        renews: None,
        basis: None,
    }
}

#[test]
fn licences_of_a_type_code_and_of_a_name() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect("511A0015500013", division);
    accept(&mut hall, id).unwrap();
    assert_eq!(issue(&mut hall, id, "证").unwrap_err().code, "case-state");
    decide(&mut hall, id, true, None).unwrap();
    // The type of another authority, by its code.
    issue(&mut hall, id, "11100000000013338W011").unwrap();
    // A new type of its own, then another, then the first again.
    for (kind, serial) in [("卫生许可证", "001"), (" 副本 ", "002"), ("卫生许可证", "001")] {
        issue(&mut hall, id, kind).unwrap();
        let last = hall.case(id).licences.last().unwrap();
        assert!(last.contains(&format!("3005.2.115113016823646795{serial}.")), "{last}");
    }
    assert_eq!(hall.case(id).licences.len(), 4);
    for wrong in ["11100000000013338W01", "11100000000013338X011", "", "  ", "证\n书", &"证".repeat(101)] {
        let refused = issue(&mut hall, id, wrong).unwrap_err();
        assert_eq!((refused.code, refused.field), ("invalid-field", "type"), "{wrong}");
    }
    let (case, until) = (id.to_string(), date(2026, 9, 13));
    let past = Command::IssueLicence { case, kind: "卫生许可证".into(), until };
    assert_eq!(hall.act(&past).unwrap_err().field, "until");

    let licence = hall.case(id).licences[1].clone();
    let cancel = |reason: &str| Command::CancelLicence { licence: licence.clone(), reason: reason.into() };
    assert_eq!(hall.code(&cancel(" ")), "invalid-field");
    hall.act(&cancel("歇业")).unwrap();
    assert_eq!(hall.state.licences[&licence].status, licence::Status::Cancelled);
    // Who cancelled it, and why, stands in the history of the case.
    let act = hall.state.acts.last().unwrap();
    assert_eq!((act.kind, act.operator.as_str()), (ActKind::CancelLicence, "制证员"));
    assert_eq!(hall.code(&cancel("歇业")), "licence-state");
    let unknown = Command::CancelLicence { licence: "1.2.156".into(), reason: "歇业".into() };
    assert_eq!(hall.code(&unknown), "licence-unknown");
}

#[test]
fn a_card_collected_in_a_town_and_decided_at_home() {
    let mut home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&collect("511F82001003", home.division())).unwrap();
    let Reply::Collected(collected) = &change.reply else { panic!("no collection") };
    let id = collected.case;
    assert!(collected.query_code.as_str().starts_with(town.state.node.label.as_str()));
    assert!(matches!(town.case(id).custody, Custody::Offered { to, .. } if to == home.place()));
    // The link is cut: nothing may be done, and the slip stays what it is.
    assert_eq!(town.code(&Command::Withdraw { case: id.to_string(), reason: None }), "case-offered");
    town.now = at(2026, 9, 30, 9);
    assert_eq!(town.tick(), []);
    assert_eq!(town.case(id).accepted_on, None);
    assert_eq!(town.case(id).tenure, 1);

    // It heals: custody, then each act comes back.
    let mut notices = carry(&change.notices[0], &mut town, &mut home);
    assert_eq!((town.case(id).tenure, home.case(id).tenure), (2, 2));
    assert_eq!(home.case(id).received_on, Some(date(2026, 9, 14)));
    let issue = Command::IssueLicence { case: id.to_string(), kind: "残疾人证".into(), until: date(2036, 9, 14) };
    for command in [
        Command::Accept(id.to_string()),
        Command::Decide { case: id.to_string(), grant: true, reason: None },
        issue,
        Command::Deliver { case: id.to_string(), note: Some("EMS 1023".into()) },
        Command::Close(collected.collection_no.clone()),
    ] {
        notices.extend(home.act(&command).unwrap().notices);
    }
    for notice in &notices {
        carry(notice, &mut home, &mut town);
    }
    let (here, there) = (town.case(id), home.case(id));
    assert_eq!((here.status, there.status), (Status::Closed, Status::Closed));
    assert_eq!(here.case_no, there.case_no);
    assert_eq!(here.deadlines, there.deadlines);
    assert_eq!(here.licences, there.licences);
    assert_eq!(here.reason, there.reason);
    assert_eq!(here.received_on, there.received_on);
    assert_eq!((here.tenure, there.tenure), (2, 2));
    // A confirmation has no permit-law clock: the promise alone.
    assert_eq!(there.deadlines.clone().unwrap().statutory, None);
    let both = town.history(id).into_iter().map(|(kind, at)| format!("{at} {kind}")).collect::<Vec<_>>();
    assert_eq!(
        both,
        [
            "511603104 collect",
            "511603104 offer",
            "511603104 discharge",
            "511602 take-custody",
            "511602 accept",
            "511602 decide",
            "511602 issue-licence",
            "511602 deliver",
            "511602 close",
        ]
    );
    assert_eq!(town.code(&Command::Close(id.to_string())), "not-owner");
    assert!(town.act(&Command::Close(id.to_string())).unwrap_err().en.contains("511602000000"));
}

#[test]
fn refusals_and_withdrawal_end_a_case() {
    let mut hall = guangan();
    let division = hall.division();
    for (kind, status) in [
        (RefusalKind::NotRequired, Status::RefusedNotRequired),
        (RefusalKind::NotCompetent, Status::RefusedNotCompetent),
    ] {
        let id = hall.collect("511A0015500013", division);
        let (division, authority) = ("511600".parse().unwrap(), "市生态环境局".to_owned());
        let competent = (kind == RefusalKind::NotCompetent).then_some(Competent { division, authority });
        let refuse = |reason: &str| Command::Refuse {
            case: id.to_string(),
            kind,
            reason: reason.to_owned(),
            competent: competent.clone(),
        };
        assert_eq!(hall.act(&refuse("")).unwrap_err().field, "reason");
        assert_eq!(hall.code(&refuse(&"理".repeat(2001))), "invalid-field");
        let change = hall.act(&refuse("应向市生态环境局提出")).unwrap();
        assert_eq!(change.documents[0].content_type, "application/tongban-refusal+cbor");
        let case = hall.case(id);
        assert_eq!((case.status, case.case_no.as_ref(), case.deemed_at), (status, None, None));
        assert_eq!(accept(&mut hall, id).unwrap_err().code, "case-state");
    }
    let id = hall.collect("511A0015500013", division);
    hall.act(&Command::Withdraw { case: id.to_string(), reason: Some("不办了".into()) }).unwrap();
    assert_eq!(hall.case(id).status, Status::Withdrawn);
    assert_eq!(hall.case(id).deemed_at, None);
    assert_eq!(hall.code(&Command::Close(id.to_string())), "case-state");
    hall.now = at(2026, 11, 2, 9);
    assert_eq!(hall.tick(), [], "nothing of them is deemed accepted");
}

#[test]
fn decisions_need_a_mandate_and_denials_a_reason() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect("511A0015500013", division);
    accept(&mut hall, id).unwrap();
    let denied = decide(&mut hall, id, false, None).unwrap_err();
    assert_eq!((denied.code, denied.field), ("invalid-field", "reason"));

    let grant = |item: Option<&str>, from, until| Command::GrantMandate {
        operator: "决定员".into(),
        item: item.map(str::to_owned),
        from,
        until,
    };
    let backwards = grant(None, Some(date(2026, 9, 2)), Some(date(2026, 9, 1)));
    assert_eq!(hall.code(&backwards), "invalid-field");
    assert_eq!(hall.code(&grant(Some("511A000"), None, None)), "item-unknown");
    let nobody = Command::GrantMandate { operator: "无".into(), item: None, from: None, until: None };
    assert_eq!(hall.code(&nobody), "operator-unknown");
    // Expired, not begun, another item's.
    for mandate in
        [grant(None, Some(date(2026, 1, 1)), Some(date(2026, 9, 13))), grant(None, Some(date(2026, 9, 15)), None)]
    {
        hall.act(&mandate).unwrap();
        assert_eq!(decide(&mut hall, id, true, None).unwrap_err().code, "mandate-missing");
    }
    hall.state.operators.get_mut("决定员").unwrap().mandates.clear();
    assert_eq!(decide(&mut hall, id, true, None).unwrap_err().code, "mandate-missing");
    hall.act(&grant(Some("511F82001003"), None, None)).unwrap();
    assert_eq!(decide(&mut hall, id, true, None).unwrap_err().code, "mandate-missing");
    hall.act(&grant(Some("511A0015500013"), None, Some(date(2026, 9, 14)))).unwrap();
    decide(&mut hall, id, false, Some("通风不合格")).unwrap();
    assert_eq!(hall.case(id).reason.as_deref(), Some("通风不合格"));
    // A role is a matter of its own.
    let window =
        tongban_domain::Actor { operator: "窗口员".into(), roles: vec![tongban_domain::Role::Window], window: None };
    let command = Command::Decide { case: id.to_string(), grant: true, reason: None };
    assert_eq!(hall.give(&window, &command).unwrap_err().code, "role-missing");
}
