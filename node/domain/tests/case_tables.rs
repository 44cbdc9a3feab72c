//! The tables of cases: which acts give which rows, what a case lacks, and who reports it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::{BTreeMap, BTreeSet};

use hall::{CITIZEN, Hall, at, carry, collect, daishi, date, guangan};
use proptest::prelude::*;
use tongban_codes::ids::{CaseId, Digest};
use tongban_domain::case::{Act, ActKind, RefusalKind, national};
use tongban_domain::tables::{
    COLUMNS_OF_SENDING, CasePart, CaseSource, Choices, Family, KEPT, Kind, Lack, Operation, Part, ReportedRow, Row,
    Subject, Table, case_rows, compare_by, is_reported,
};
use tongban_domain::{Applicant, Command, Desk, Facts, Rejection};

const PERMIT_CODE: &str = "511A0015500013";

fn acts(hall: &Hall, id: CaseId) -> Vec<Act> {
    let mut acts: Vec<Act> =
        hall.state.acts.iter().chain(&hall.state.told).filter(|act| act.case == id).cloned().collect();
    acts.sort_by_key(|act| (act.tenure, act.at, act.number));
    acts
}

fn made_with(hall: &Hall, id: CaseId, choices: &Choices) -> Result<Vec<Row>, Vec<Lack>> {
    let case = hall.case(id);
    let acts = acts(hall, id);
    let item = hall.state.item_version(&case.item.code, case.item.version);
    let guide = item.as_ref().and_then(|item| hall.state.guide(&item.guide?)).unwrap_or_default();
    let person = |personal| {
        let opened = hall.desk.decrypt(&id, personal);
        opened.map(|(name, identity)| Applicant { name, identity })
    };
    let applicant = person(&case.personal);
    let agent = case.agent.as_ref().and_then(|agency| person(&agency.personal));
    let licences: Vec<_> = case.licences.iter().map(|id| hall.state.licences[id].clone()).collect();
    case_rows(CaseSource {
        case,
        acts: &acts,
        item: item.as_ref().map(|item| (item, &guide)),
        authority: hall.state.authority(&case.item.authority).as_ref(),
        applicant: applicant.as_ref(),
        agent: agent.as_ref(),
        licences: &licences,
        rating: None,
        choices,
    })
}

fn made(hall: &Hall, id: CaseId) -> Vec<Row> {
    made_with(hall, id, &Choices::default()).unwrap()
}

fn of(rows: &[Row], part: CasePart) -> Vec<&BTreeMap<String, String>> {
    rows.iter().filter(|row| row.table == Table::Case(part)).map(|row| &row.values).collect()
}

fn reported(hall: &Hall, id: CaseId) -> bool {
    is_reported(hall.case(id), &acts(hall, id), &hall.state.node.node)
}

fn begun() -> (Hall, CaseId) {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    (hall, id)
}

fn give(hall: &mut Hall, command: &Command) {
    hall.act(command).unwrap();
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn accepted() -> (Hall, CaseId) {
    let (mut hall, id) = begun();
    hall.now = at(2026, 9, 15, 10);
    give(&mut hall, &Command::Accept(id.to_string()));
    (hall, id)
}

/// A permit with a special procedure, an extension, a licence and a delivery.
fn whole() -> (Hall, CaseId) {
    let (mut hall, id) = accepted();
    let case = id.to_string();
    hall.now = at(2026, 9, 16, 10);
    give(&mut hall, &Command::SuspendCase { case: case.clone(), procedure: text("检测"), days: 5 });
    hall.now = at(2026, 9, 18, 16);
    give(&mut hall, &Command::ResumeCase { case: case.clone(), note: Some(text("检测合格")) });
    let extension =
        Command::ExtendCase { case: case.clone(), days: 10, approver: text("局长"), reason: text("案情复杂") };
    give(&mut hall, &extension);
    hall.now = at(2026, 9, 21, 9);
    give(&mut hall, &Command::Decide { case: case.clone(), grant: true, reason: None });
    let issue =
        Command::IssueLicence {
            case: case.clone(), kind: text("公共场所卫生许可证"), until: date(2030, 9, 16)
        };
    give(&mut hall, &issue);
    give(&mut hall, &Command::Deliver { case: case.clone(), note: Some(text("EMS 1023")) });
    give(&mut hall, &Command::Close(case));
    (hall, id)
}

fn value<'r>(row: &'r BTreeMap<String, String>, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

#[test]
fn a_whole_case_fills_its_tables() {
    let (hall, id) = whole();
    let rows = made(&hall, id);
    for row in &rows {
        for column in row.table.columns().filter(|column| !COLUMNS_OF_SENDING.contains(&column.name)) {
            let found = row.values.get(column.name);
            assert!(found.is_some() || !row.table.requires(column), "{} {}", row.table.name(), column.name);
            let Some(found) = found else { continue };
            let digits = found.bytes().all(|byte| byte.is_ascii_digit());
            assert!(digits || !matches!(column.kind, Kind::Number | Kind::Moment), "{} {found}", column.name);
            assert!(found.len() == 14 || column.kind != Kind::Moment, "{} {found}", column.name);
        }
    }
    let [accept] = of(&rows, CasePart::Accept)[..] else { panic!("{rows:?}") };
    let number = hall.case(id).case_no.clone().unwrap();
    for (column, expected) in [
        ("project_no", number.as_str()),
        ("applyer_name", "张三"),
        ("applyer_type", "1"),
        ("applyer_page_type", "111"),
        ("applyer_page_code", CITIZEN),
        ("apply_date", "20260914090000"),
        ("accept_date", "20260915100000"),
        ("task_name", "公共场所卫生许可延续（县级）"),
        ("org_name", "区行政审批局"),
        ("org_code", "115113016823646795"),
        ("accept_area_code", "511602000000"),
        ("data_source", "51"),
        // Nobody knows where the applicant lives: the first digits of his number say where he was registered.
        ("applyer_area_code", ""),
    ] {
        assert_eq!(value(accept, column), expected, "{column}");
    }
    let steps: Vec<(&str, &str)> = of(&rows, CasePart::Process)
        .into_iter()
        .map(|row| (value(row, "process_name"), value(row, "event_name")))
        .collect();
    let expected = [
        ("收件", "其他"),
        ("受理", "通过"),
        ("中止计时", "其他"),
        ("恢复计时", "其他"),
        ("延期", "其他"),
        ("决定", "通过"),
        ("制证", "其他"),
        ("送达", "其他"),
        ("办结", "其他"),
    ];
    assert_eq!(steps, expected);
    let specials = of(&rows, CasePart::SpecialProcedure);
    let shown: Vec<[&str; 4]> = specials
        .iter()
        .map(|row| ["special_type", "special_name", "special_time", "end_time"].map(|column| value(row, column)))
        .collect();
    let statutory = hall.case(id).deadlines.as_ref().unwrap().statutory.unwrap().date.compact();
    let end = format!("{statutory}000000");
    assert_eq!(
        shown,
        [["2", "检测", "20260916100000", "20260918160000"], ["1", "延长审批", "20260918160000", end.as_str()]]
    );
    assert_eq!((value(specials[0], "result"), value(specials[1], "handle_user_name")), ("检测合格", "局长"));
    let [result] = of(&rows, CasePart::Result)[..] else { panic!("{rows:?}") };
    let licence = hall.case(id).licences[0].clone();
    for (column, expected) in [
        ("result_type", "0"),
        ("result_date", "20260921090000"),
        ("result_cetr_name", "公共场所卫生许可证"),
        ("result_cetr_no", licence.as_str()),
        ("is_delivery_results", "1"),
        ("handle_user_name", "决定员"),
        ("satisfaction", ""),
        ("result_area_code", "511602000000"),
    ] {
        assert_eq!(value(result, column), expected, "{column}");
    }
    // What is remembered of a row names nobody.
    for row in &rows {
        let kept = Row::kept(&row.values);
        assert!(kept.keys().all(|column| KEPT.contains(&column.as_str())) && kept.contains_key("project_no"));
        let kept = format!("{kept:?}");
        assert!(!kept.contains("张三") && !kept.contains(CITIZEN), "{kept}");
    }
}

#[test]
fn what_was_brought_is_told_one_by_one() {
    let mut hall = guangan();
    let Command::Collect { item, division, mode, applicant, hold, renews, agent, .. } =
        collect(PERMIT_CODE, hall.division())
    else {
        panic!("collecting is collecting")
    };
    let material = |name: &str| tongban_domain::case::Material {
        name: name.to_owned(),
        sha256: Digest::of(name.as_bytes()).to_string(),
        size: None,
    };
    let materials = vec![material("申请表"), material("照片"), material("照片")];
    let collecting = Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None };
    let tongban_domain::Reply::Collected(collected) = hall.act(&collecting).unwrap().reply else { panic!("none") };
    give(&mut hall, &Command::Accept(collected.case.to_string()));
    let rows = made(&hall, collected.case);
    let brought = of(&rows, CasePart::Material);
    let names: Vec<&str> = brought.iter().map(|row| value(row, "material_name")).collect();
    assert_eq!(names, ["申请表", "照片", "照片"]);
    let guids: BTreeSet<&str> = brought.iter().map(|row| value(row, "row_guid")).collect();
    assert_eq!(guids.len(), 3, "two of one name are two rows");
    assert!(brought.iter().all(|row| value(row, "get_type") == "1" && value(row, "get_num") == "1"));
}

#[test]
fn a_procedure_that_goes_on_has_no_row_yet() {
    let (mut hall, id) = accepted();
    let case = id.to_string();
    give(&mut hall, &Command::SuspendCase { case: case.clone(), procedure: text("听证"), days: 20 });
    assert_eq!(of(&made(&hall, id), CasePart::SpecialProcedure).len(), 0, "it has no end, which the table demands");
    // It ends with the case, whatever ends that.
    hall.now = at(2026, 9, 17, 9);
    give(&mut hall, &Command::Withdraw { case, reason: Some(text("申请人自愿撤回")) });
    let rows = made(&hall, id);
    let [special] = of(&rows, CasePart::SpecialProcedure)[..] else { panic!("{rows:?}") };
    assert_eq!(value(special, "end_time"), "20260917090000");
}

/// What ends a case, and the number and reason that its result has.
type Ending = (&'static str, fn(&mut Hall, String) -> Result<(), Rejection>, &'static str, &'static str);

#[test]
fn results_have_their_numbers_and_reasons() {
    let endings: [Ending; 5] = [
        ("granted", |hall, case| hall.act(&Command::Decide { case, grant: true, reason: None }).map(drop), "0", "准予"),
        (
            "denied",
            |hall, case| hall.act(&Command::Decide { case, grant: false, reason: Some(text("不符合条件")) }).map(drop),
            "1",
            "不符合条件",
        ),
        (
            "withdrawn",
            |hall, case| hall.act(&Command::Withdraw { case, reason: Some(text("申请人自愿撤回")) }).map(drop),
            "5",
            "申请人自愿撤回",
        ),
        ("accepted", |_, _| Ok(()), "", ""),
        (
            "forgotten",
            |hall, case| {
                hall.act(&Command::Decide { case: case.clone(), grant: true, reason: None })?;
                hall.act(&Command::Deliver { case, note: None }).map(drop)
            },
            "0",
            "准予",
        ),
    ];
    for (name, end, number, reason) in endings {
        let (mut hall, id) = accepted();
        end(&mut hall, id.to_string()).unwrap();
        assert!(reported(&hall, id), "{name}");
        let rows = made(&hall, id);
        let result = of(&rows, CasePart::Result);
        assert_eq!(result.len(), usize::from(!number.is_empty()), "{name}");
        for row in result {
            assert_eq!((value(row, "result_type"), value(row, "result_explain")), (number, reason), "{name}");
        }
        let national = national::result_code(&acts(&hall, id)).map(|code| code.to_string()).unwrap_or_default();
        assert_eq!(national, number, "{name}: as the national list has it");
    }
}

#[test]
fn what_was_refused_is_reported_by_the_number_of_its_collection() {
    let (mut hall, id) = begun();
    assert!(!reported(&hall, id), "what was only collected is nobody's to report");
    let refuse = Command::Refuse {
        case: id.to_string(),
        kind: RefusalKind::NotRequired,
        reason: text("无需许可"),
        competent: None,
    };
    give(&mut hall, &refuse);
    assert!(reported(&hall, id));
    let rows = made(&hall, id);
    let collection = hall.case(id).collection_no.clone();
    assert!(rows.iter().all(|row| row.values["project_no"] == collection), "no other was ever drawn");
    assert_eq!(value(of(&rows, CasePart::Result)[0], "result_type"), "6");
    // Withdrawn before anybody answered: never in the authority's books.
    let (mut hall, id) = begun();
    give(&mut hall, &Command::Withdraw { case: id.to_string(), reason: None });
    assert!(!reported(&hall, id));
}

#[test]
fn the_node_that_decides_reports_and_no_other() {
    let mut owner = guangan();
    let mut window = daishi(&owner);
    let change = window.act(&collect(PERMIT_CODE, owner.division())).unwrap();
    let tongban_domain::Reply::Collected(collected) = change.reply else { panic!("no collection") };
    let id = collected.case;
    let mut notices = change.notices;
    for notice in std::mem::take(&mut notices) {
        for back in carry(&notice, &mut window, &mut owner) {
            carry(&back, &mut owner, &mut window);
        }
    }
    for notice in owner.act(&Command::Accept(id.to_string())).unwrap().notices {
        carry(&notice, &mut owner, &mut window);
    }
    assert!(reported(&owner, id), "it decides");
    assert!(!reported(&window, id), "it collected");
    let rows = made(&owner, id);
    let places: BTreeSet<&str> =
        of(&rows, CasePart::Process).iter().map(|row| value(row, "process_area_code")).collect();
    assert!(places.contains("511602000000"), "{places:?}");
    // How a case went from hall to hall is nothing that the platform above asks for.
    let names: Vec<&str> = of(&rows, CasePart::Process).iter().map(|row| value(row, "process_name")).collect();
    assert!(!names.contains(&"接收") && names.contains(&"受理"), "{names:?}");
    // Another owner since: it tells the platform itself.
    let mut gone = owner.clone();
    let case = gone.state.cases.get_mut(&id).unwrap();
    case.custody = tongban_domain::case::Custody::Elsewhere { owner: window.place(), as_of: owner.now };
    assert!(!reported(&gone, id));
}

/// That another node of the federation didn't take a word of this one is no step of the procedure, and its words are nothing for the platform above.
#[test]
fn what_a_peer_refused_is_no_step() {
    let (mut hall, id) = accepted();
    let before = of(&made(&hall, id), CasePart::Process).len();
    for kind in [ActKind::RefuseReport, ActKind::ReportAgain, ActKind::RefuseWithdrawal] {
        let mut act = acts(&hall, id).pop().unwrap();
        (act.kind, act.number, act.note) = (kind, act.number + 1, Some(text("agreement-missing: 无协议")));
        hall.state.acts.push(act);
        assert_eq!(of(&made(&hall, id), CasePart::Process).len(), before, "{kind:?}");
    }
}

#[test]
fn a_case_that_lacks_a_field_is_not_sent_by_half() {
    let lacks = |hall: &Hall, id| {
        let lacks = made_with(hall, id, &Choices::default()).unwrap_err();
        assert!(lacks.iter().all(|lack| lack.code == "table-field-missing" && !lack.remedy_zh.is_empty()));
        assert!(lacks.iter().all(|lack| Some(&lack.item) == hall.case(id).case_no.as_ref()));
        lacks.into_iter().map(|lack| lack.column).collect::<Vec<_>>()
    };
    let (mut hall, id) = whole();
    // An authority without a valid code.
    let known = hall.state.authorities.clone();
    hall.state.authorities.clear();
    assert_eq!(lacks(&hall, id), ["org_code"]);
    hall.state.authorities = known;
    // The key of the case was destroyed.
    let case = hall.state.cases.get_mut(&id).unwrap();
    (case.personal.wrapped_key, case.personal.name) = (Vec::new(), Vec::new());
    let columns = lacks(&hall, id);
    for column in ["applyer_name", "applyer_type", "applyer_page_type", "applyer_page_code"] {
        assert!(columns.iter().any(|one| one == column), "{columns:?}");
    }
    // A result that must say why, and doesn't.
    let (mut hall, id) = accepted();
    give(&mut hall, &Command::Withdraw { case: id.to_string(), reason: Some(text("自愿")) });
    hall.state.acts.iter_mut().for_each(|act| act.note = None);
    hall.state.cases.get_mut(&id).unwrap().reason = None;
    assert_eq!(lacks(&hall, id), ["result_explain"]);
    // A front database with a narrower column.
    let (hall, id) = whole();
    let lengths = BTreeMap::from([(text("up_pro_accept.task_name"), 3)]);
    let narrow = made_with(&hall, id, &Choices { lengths, ..Choices::default() }).unwrap_err();
    assert_eq!((narrow[0].code.as_str(), narrow[0].column.as_str()), ("table-field-width", "task_name"));
}

#[test]
fn only_what_changed_goes_out_though_nothing_is_kept_in_the_clear() {
    let keyed = |row: &Row| Digest::of(format!("key {}", row.digest()).as_bytes());
    let mut known: BTreeMap<String, ReportedRow> = BTreeMap::new();
    let mut report = |hall: &Hall, id: CaseId, gone: bool| {
        let rows = if gone { Vec::new() } else { made(hall, id) };
        let digests: BTreeMap<String, Digest> = rows.iter().map(|row| (row.guid.clone(), keyed(row))).collect();
        let outgoing = compare_by(&id.to_string(), rows, &known, false, keyed).outgoing;
        let mut sent = Vec::new();
        for row in outgoing {
            sent.push((row.operation, row.table.clone()));
            let digest = digests.get(&row.guid).copied().unwrap_or(Digest::of(b""));
            let mut row = row.sent_as("511602000000-20260915-0001-P", hall.now, digest);
            row.values = Row::kept(&row.values);
            known.insert(row.guid.clone(), row);
        }
        sent
    };
    let (mut hall, id) = accepted();
    let first = report(&hall, id, false);
    assert!(first.iter().all(|(operation, _)| *operation == Operation::Insert) && first.len() == 3, "{first:?}");
    assert!(report(&hall, id, false).is_empty());
    // The applicant's name was wrong: one row is another, though its name was never kept.
    let amended = tongban_domain::case::Amended {
        field: tongban_domain::case::AmendedField::ApplicantName,
        value: text("李四"),
        reason: text("录入有误"),
    };
    give(&mut hall, &Command::Amend { case: id.to_string(), amended });
    let sent = report(&hall, id, false);
    let expected = [(Operation::Update, text("up_pro_accept")), (Operation::Insert, text("up_pro_process"))];
    assert_eq!(sent, expected);
    // Taken back, children go first, and what goes out then says of which case it is.
    let sent = report(&hall, id, true);
    assert!(sent.iter().all(|(operation, _)| *operation == Operation::Delete) && sent.len() == 4);
    assert_eq!(sent.last().unwrap().1, "up_pro_accept");
    assert!(
        known.values().all(|row| row.values.contains_key("project_no") && !row.values.contains_key("applyer_name"))
    );
}

#[test]
fn tables_of_cases_are_not_those_of_items() {
    let cases: Vec<String> = Table::of(Subject::Cases).into_iter().map(Table::name).collect();
    assert_eq!(
        cases,
        ["up_pro_accept", "up_pro_process", "up_pro_special_procedure", "up_pro_material", "up_pro_result"]
    );
    let items = Table::of(Subject::Items);
    assert!(items.contains(&Table::Item(Family::General, Part::Basic)));
    assert_eq!(Table::all().len(), items.len() + cases.len());
    for table in Table::of(Subject::Cases) {
        assert_eq!(Table::named(&table.name()), Some(table));
        let names: BTreeSet<&str> = table.columns().map(|column| column.name).collect();
        assert_eq!(names.len(), table.columns().count(), "{}", table.name());
        assert!(COLUMNS_OF_SENDING.iter().all(|name| names.contains(name)));
        assert!(["row_guid", "project_no", "data_source"].iter().all(|name| names.contains(name)));
    }
}

/// What may be done with an accepted case.
fn deed(number: u8, case: &str) -> Command {
    let case = case.to_owned();
    match number {
        0 => Command::SuspendCase { case, procedure: text("检测"), days: 5 },
        1 => Command::ResumeCase { case, note: None },
        2 => Command::ExtendCase { case, days: 5, approver: text("局长"), reason: text("案情复杂") },
        3 => Command::Decide { case, grant: true, reason: None },
        4 => Command::Decide { case, grant: false, reason: Some(text("不符合条件")) },
        5 => Command::Withdraw { case, reason: Some(text("自愿")) },
        6 => Command::Deliver { case, note: None },
        7 => Command::Close(case),
        _ => Command::ClaimCase(case),
    }
}

proptest! {
    /// Whatever is done, rows are the same whenever they are made, each is one, and each act adds to what was there without renaming it.
    #[test]
    fn rows_are_deterministic_and_keep_their_names(deeds in proptest::collection::vec((0u8..9, 1i64..30), 1..12)) {
        let (mut hall, id) = accepted();
        let mut before: BTreeSet<String> = BTreeSet::new();
        for (number, hours) in deeds {
            hall.now = hall.now.add_seconds(hours * 3600);
            let _refused = hall.act(&deed(number, &id.to_string()));
            let rows = made(&hall, id);
            prop_assert_eq!(&rows, &made(&hall, id));
            let guids: BTreeSet<String> = rows.iter().map(|row| row.guid.clone()).collect();
            prop_assert_eq!(guids.len(), rows.len());
            prop_assert!(before.is_subset(&guids), "a row that was sent is still there");
            let number = of(&rows, CasePart::Result).first().map(|row| value(row, "result_type").to_owned());
            let national = national::result_code(&acts(&hall, id)).map(|code| code.to_string());
            prop_assert_eq!(number, national);
            before = guids;
        }
    }
}
