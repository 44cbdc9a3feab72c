//! Prints of documents: counted, whoever owns the case by now, and only of what was sealed here.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{daishi, guangan};
use tongban_codes::ids::CaseId;
use tongban_domain::case::{DocumentChoice, Print, PrintForm, document_kind};
use tongban_domain::{Actor, Command, Event, Reply, Role};

const PERMIT_CODE: &str = "511A0015500013";

fn print(id: CaseId, kind: Option<&str>, act: Option<u32>) -> Command {
    let document = DocumentChoice { case: id.to_string(), kind: kind.map(str::to_owned), act };
    Command::PrintDocument { document, form: None, reason: None }
}

fn printed(hall: &mut hall::Hall, command: &Command) -> Print {
    let change = hall.act(command).unwrap();
    let Reply::Printed(print) = change.reply else { panic!("{:?}", change.reply) };
    assert_eq!(change.events, vec![Event::Printed(print.clone())], "a print is no act: nothing else changes");
    assert!(change.notices.is_empty() && change.documents.is_empty());
    *print
}

#[test]
fn each_document_counts_its_own_prints() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    let slip = printed(&mut hall, &print(id, None, None));
    assert_eq!((slip.kind(), slip.number, slip.form, slip.act), ("collection-slip", 1, PrintForm::Slip, 1));
    hall.act(&Command::Accept(id.to_string())).unwrap();
    let before = hall.case(id).clone();
    let first = printed(&mut hall, &print(id, None, None));
    assert_eq!((first.kind(), first.number, first.form, first.act), ("acceptance", 1, PrintForm::A4, 2));
    assert_eq!(printed(&mut hall, &print(id, Some("acceptance"), None)).number, 2);
    assert_eq!(printed(&mut hall, &print(id, None, Some(2))).number, 3);
    assert_eq!(printed(&mut hall, &print(id, Some("collection-slip"), None)).number, 2);
    assert_eq!(*hall.case(id), before, "the case is as it was");
}

#[test]
fn what_was_not_sealed_here_is_refused_and_named() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    for (kind, act) in [(Some("acceptance"), None), (None, Some(7)), (Some("collection-slip"), Some(2))] {
        let rejection = hall.act(&print(id, kind, act)).unwrap_err();
        assert_eq!(rejection.code, "document-unknown", "{kind:?} {act:?}");
        assert!(rejection.en.contains("collection-slip (1)"), "{}", rejection.en);
    }
    let unknown = Command::PrintDocument {
        document: DocumentChoice { case: "FKQ2M8A-7TR4C-9".into(), ..DocumentChoice::default() },
        form: None,
        reason: None,
    };
    assert_eq!(hall.code(&unknown), "case-unknown");
}

#[test]
fn the_slip_is_printed_at_the_window_when_the_case_has_left_it() {
    let guangan = guangan();
    let mut hall = daishi(&guangan);
    let id = hall.collect(PERMIT_CODE, guangan.division());
    let slip = printed(&mut hall, &print(id, Some("collection-slip"), None));
    assert_eq!(slip.number, 1, "offered to another hall, and still printed here");
}

#[test]
fn whoever_has_no_part_in_cases_prints_nothing() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    for (role, code) in [
        (Role::Window, "ok"),
        (Role::Reviewer, "ok"),
        (Role::Decider, "ok"),
        (Role::Issuer, "ok"),
        (Role::Audit, "role-missing"),
        (Role::Catalogue, "role-missing"),
        (Role::Admin, "role-missing"),
    ] {
        let actor = Actor { operator: "某人".into(), roles: vec![role], window: None };
        let answer = hall.give(&actor, &print(id, None, None)).map_or_else(|rejection| rejection.code, |_| "ok");
        assert_eq!(answer, code, "{role:?}");
    }
}

#[test]
fn a_reason_is_kept_and_bounded() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    let with = |reason: &str| Command::PrintDocument {
        document: DocumentChoice { case: id.to_string(), ..DocumentChoice::default() },
        form: Some(PrintForm::A4),
        reason: Some(reason.to_owned()),
    };
    let print = printed(&mut hall, &with(" 申请人遗失 "));
    assert_eq!((print.reason.as_deref(), print.form), (Some("申请人遗失"), PrintForm::A4));
    assert_eq!(hall.code(&with(&"长".repeat(2001))), "invalid-field");
}

#[test]
fn a_row_of_a_print_keeps_its_bytes() {
    let print = Print {
        case: CaseId::from_bytes([7; 16]),
        act: 2,
        content_type: "application/tongban-acceptance+cbor".into(),
        number: 2,
        form: PrintForm::PrePrinted,
        at: tongban_codes::time::Timestamp::from_millis(1_789_353_000_000),
        operator: "王".into(),
        window: Some("3".into()),
        reason: None,
    };
    let event = Event::Printed(Box::new(print.clone()));
    let hex: String = tongban_codes::cbor::to_vec(&event).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, include_str!("golden/event-printed.hex").trim());
    assert_eq!(minicbor::decode::<Event>(&tongban_codes::cbor::to_vec(&event)).unwrap(), event);
    assert_eq!(document_kind(&print.content_type), "acceptance");
    assert_eq!(document_kind("text/plain"), "text/plain");
}
