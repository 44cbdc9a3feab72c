//! The national exchange tables: every column from a full item, what an item lacks, and what goes out when something changed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tongban_codes::ids::AuthorityId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::Authority;
use tongban_domain::catalogue::{
    AuthorityKind, Basis, CaseKind, Codes, Core, Editing, Fee, Form, Guide, ItemState, MaterialForm, MaterialKind,
    MaterialSource, Mode, Necessity, OnlineDepth, PowerSource, Question, Range, RequiredMaterial, ResultDocument,
    ResultKind, Scope, Served, ServiceItem, ServicePlace, SpecialLink, Step, Term, Unit,
};
use tongban_domain::tables::{
    Answer, COLUMNS_OF_SENDING, Choices, Family, Kind, Lack, Operation, Part, ReportedRow, Row, Said, Table,
    TableSource, answered, compare, rows,
};

const CREDIT: &str = "11370800MB28559184";
const LOCAL: &str = "511A0015500013-511602000000-000-11370800MB28559184-1-00";

fn working(days: u16) -> Option<Term> {
    Some(Term { days, unit: Unit::WorkingDays })
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn authority() -> Authority {
    Authority::new(AuthorityId::from_bytes([7; 16]), "区行政审批局".to_owned(), "511602".parse().unwrap())
}

fn item() -> ServiceItem {
    ServiceItem {
        code: LOCAL.to_owned(),
        core: Core {
            name: "公共场所卫生许可延续".to_owned(),
            base_code: text("000123013001"),
            item_type: "01".to_owned(),
            legal_basis: "《公共场所卫生管理条例》第四条".to_owned(),
        },
        main_item: "公共场所卫生许可".to_owned(),
        authority: AuthorityId::from_bytes([7; 16]),
        department: "区行政审批局".to_owned(),
        department_code: CREDIT.to_owned(),
        division: "511602".parse().unwrap(),
        statutory: working(20),
        promised: working(5),
        modes: vec![Mode::Window],
        covered: Vec::new(),
        effective: Date::ymd(2026, 9, 14),
        version: 3,
        state: ItemState::Published,
        findings: Vec::new(),
        guide: None,
        codes: Codes::default(),
        tier: None,
        origin: None,
        external: None,
        cancel: Date::ymd(2030, 1, 1),
        difference: None,
        base_version: None,
        successor: None,
        editing: Editing::default(),
        agreements: Vec::new(),
        counts_under: None,
    }
}

fn material(name: &str) -> RequiredMaterial {
    RequiredMaterial {
        name: name.to_owned(),
        kind: Some(MaterialKind::Original),
        form: Some(MaterialForm::Both),
        necessity: Some(Necessity::Required),
        source: Some(MaterialSource::Applicant),
        source_explain: text("检测机构"),
        copies: Some(1),
        page_format: text("A4"),
        fill_explain: text("一年内"),
        acceptance_standard: text("加盖公章"),
        basis: text("条例第八条"),
        condition: text("面积有变化时"),
        blank: text("blank.docx"),
        example: text("example.pdf"),
        ..RequiredMaterial::default()
    }
}

fn question(question: &str) -> Question {
    Question { question: question.to_owned(), answer: "五个工作日。".to_owned() }
}

fn guide() -> Guide {
    Guide {
        bases: vec![Basis {
            law: "公共场所卫生管理条例".to_owned(),
            number: text("国务院令第714号"),
            article: text("第四条"),
            text: text("国家对公共场所实行“卫生许可证”制度。"),
        }],
        power_source: Some(PowerSource::Own),
        authority_kind: Some(AuthorityKind::Statutory),
        entrusted_by: text("市行政审批局"),
        case_kind: Some(CaseKind::Promised),
        forms: vec![Form::Online, Form::Mobile, Form::Window, Form::Courier],
        served: vec![Served::Other, Served::Person, Served::Company],
        visits: Some(1),
        visits_reason: text("现场核查"),
        conditions: text("持有有效的卫生许可证。"),
        statutory_explain: text("自受理之日起"),
        materials: vec![material("申请表"), material("卫生检测报告")],
        charged: Some(true),
        fees: vec![Fee {
            name: "工本费".to_owned(),
            standard: "10元/证".to_owned(),
            basis: "川发改价格〔2020〕1号".to_owned(),
            fen: Some(1000),
            reducible: Some(true),
            reduction: text("低保户"),
            due: None,
        }],
        steps: vec![
            Step { name: "受理".to_owned(), handler: text("窗口"), term: working(1), ..Step::default() },
            Step { name: "决定".to_owned(), ..Step::default() },
        ],
        special_links: vec![SpecialLink {
            name: "现场核查".to_owned(),
            term: Some(Term { days: 3, unit: Unit::NaturalDays }),
            basis: None,
            stops_clock: Some(false),
        }],
        questions: vec![question("多久办好？"), question("多久办好？")],
        places: vec![ServicePlace {
            name: "区政务大厅3号窗口".to_owned(),
            address: "建设路1号".to_owned(),
            hours: text("工作日 9:00–17:00"),
            ..ServicePlace::default()
        }],
        enquiry: text("0826-1111111"),
        complaint: text("0826-2222222"),
        online: Some(true),
        online_depth: vec![OnlineDepth::Decision, OnlineDepth::Enquiry],
        online_address: text("https://example.invalid/a"),
        mobile_address: text("https://example.invalid/m"),
        single_login: Some(true),
        mobile_single_login: Some(false),
        pays_online: Some(true),
        courier: Some(true),
        appointments: Some(true),
        terminals: Some(false),
        in_hall: Some(true),
        scopes: vec![
            Scope { range: Range::BetweenCounties, mode: Mode::Collect, covered: Vec::new(), agreement: None },
            Scope { range: Range::BetweenCities, mode: Mode::Online, covered: Vec::new(), agreement: None },
        ],
        joint_departments: vec!["区消防大队".to_owned(), "区住建局".to_owned()],
        intermediary: text("卫生检测"),
        quantity_limit: text("无"),
        result: Some(ResultDocument {
            kind: ResultKind::Licence,
            name: "卫生许可证".to_owned(),
            sample: text("s.jpg"),
        }),
        person_topics: vec!["010".to_owned(), "020".to_owned()],
        corporate_topics: vec!["110".to_owned()],
        ..Guide::default()
    }
}

fn made(item: &ServiceItem, guide: &Guide) -> Result<Vec<Row>, Vec<Lack>> {
    let (authority, choices) = (authority(), Choices::default());
    rows(TableSource { item, guide, authority: Some(&authority), choices: &choices })
}

fn shown(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        text.push_str(&format!("[{}]\n", row.table.name()));
        for column in row.table.columns().filter(|column| !COLUMNS_OF_SENDING.contains(&column.name)) {
            if let Some(value) = row.values.get(column.name) {
                text.push_str(&format!("{} = {value}\n", column.name));
            }
        }
    }
    text
}

/// The bytes that the platform above gets: a change here is a change for it.
#[test]
fn every_column_of_a_full_item() {
    let rows = made(&item(), &guide()).unwrap();
    let golden = include_str!("golden/up_task.txt");
    assert_eq!(shown(&rows), golden, "the rows are\n{}", shown(&rows));
    // Every column that a table has is filled by it, but for those that this item can't have.
    let absent = ["task_handle_item", "town_name", "town_code", "village_name", "village_code"];
    for table in Part::ALL.map(|part| Table::Item(Family::General, part)) {
        let row = rows.iter().find(|row| row.table == table).unwrap();
        for column in table.columns().filter(|column| !COLUMNS_OF_SENDING.contains(&column.name)) {
            assert_eq!(row.values.contains_key(column.name), !absent.contains(&column.name), "{}", column.name);
            if let Some(value) = row.values.get(column.name) {
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                assert!(digits || !matches!(column.kind, Kind::Number | Kind::Moment), "{} {value}", column.name);
                assert!(value.len() == 14 || column.kind != Kind::Moment, "{} {value}", column.name);
            }
        }
    }
}

#[test]
fn codes_of_all_kinds_find_their_columns() {
    let value = |item: &ServiceItem, guide: &Guide, column: &str| {
        let rows = made(item, guide).unwrap();
        rows[0].values.get(column).cloned().unwrap_or_default()
    };
    let composed = format!("{CREDIT}4000123013001");
    assert_eq!(value(&item(), &guide(), "task_code"), composed);
    // A national code that is written down stands over what the parts would give.
    let mut handled = item();
    handled.codes.national = text("11370800MB28559184337011800900411");
    assert_eq!(value(&handled, &guide(), "task_code"), "11370800MB285591843370118009004");
    assert_eq!(value(&handled, &guide(), "task_handle_item"), "11370800MB28559184337011800900411");
    assert_eq!(value(&handled, &guide(), "catalog_code"), "370118009004");
    let mut national = item();
    national.code = "11370800MB285591843370118009001".to_owned();
    assert_eq!(value(&national, &guide(), "local_task_code"), "");
    // 即办件: promised in no days.
    let (mut at_once, mut instant) = (item(), guide());
    (at_once.promised, instant.case_kind) = (None, Some(CaseKind::Instant));
    assert_eq!(value(&at_once, &instant, "promise_day"), "0");
    assert_eq!(value(&at_once, &instant, "project_type"), "1");
    assert_eq!(value(&at_once, &instant, "promise_explain"), "即时办结");
    for (state, number) in [(ItemState::Published, "1"), (ItemState::Suspended, "2"), (ItemState::Withdrawn, "3")] {
        assert_eq!(value(&ServiceItem { state, ..item() }, &guide(), "task_state"), number);
    }
    let town = ServiceItem { division: "511603104000".parse().unwrap(), ..item() };
    let extend = &made(&town, &guide()).unwrap()[1];
    assert_eq!(extend.values["town_code"], "511603104000");
    assert_eq!(extend.values["town_name"], "代市镇");
}

#[test]
fn each_kind_of_item_has_its_tables() {
    let parts = |item_type: &str, guide: &Guide| -> BTreeSet<String> {
        let mut item = item();
        item.core.item_type = item_type.to_owned();
        made(&item, guide).unwrap().into_iter().map(|row| row.table.name()).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        parts("20", &guide()),
        set(&[
            "up_task_public_basic",
            "up_task_public_extend",
            "up_task_public_fee_project",
            "up_task_public_material",
            "up_task_public_questions",
        ])
    );
    assert_eq!(parts("06", &guide()), set(&["up_task_check_basic", "up_task_check_questions"]));
    let levy = ["up_task_handle_basic", "up_task_handle_material", "up_task_handle_questions"];
    assert_eq!(parts("04", &guide()), set(&levy));
    let mut punish = guide();
    punish.further.insert("punishment_method".to_owned(), "罚款".to_owned());
    assert_eq!(parts("02", &punish), set(&["up_task_punish_basic", "up_task_punish_questions"]));
    let mut none = item();
    none.core.item_type = "00".to_owned();
    assert_eq!(made(&none, &guide()).unwrap_err()[0].code, "table-none");
    for table in Table::all() {
        assert_eq!(Table::named(&table.name()), Some(table));
        let names: Vec<&str> = table.columns().map(|column| column.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", table.name());
        assert!(COLUMNS_OF_SENDING.iter().all(|name| names.contains(name)) && names.contains(&"row_guid"));
    }
}

/// What changes an item and its guide for the worse, and the column that then is empty.
type Damage = (&'static str, fn(&mut ServiceItem, &mut Guide));

#[test]
fn an_item_that_lacks_a_field_is_not_sent_by_half() {
    let damages: [Damage; 24] = [
        ("by_law", |item, guide| {
            item.core.legal_basis.clear();
            guide.bases.clear();
        }),
        ("task_name", |item, _| item.core.name.clear()),
        ("dept_name", |item, _| item.department.clear()),
        ("anticipate_day", |item, _| item.statutory = None),
        ("promise_day", |item, _| item.promised = None),
        ("power_source", |_, guide| guide.power_source = None),
        ("dept_type", |_, guide| guide.authority_kind = None),
        ("accept_condition", |_, guide| guide.conditions = text(" ")),
        ("handle_flow", |_, guide| guide.steps.clear()),
        ("is_fee", |_, guide| (guide.charged, guide.fees) = (None, Vec::new())),
        ("server_type", |_, guide| guide.served.clear()),
        ("project_type", |_, guide| guide.case_kind = None),
        ("limit_scene_num", |_, guide| guide.visits = None),
        ("is_single_login", |_, guide| guide.single_login = None),
        ("app_is_single_login", |_, guide| guide.mobile_single_login = None),
        ("transact_addr", |_, guide| guide.places.clear()),
        ("transact_time", |_, guide| guide.places[0].hours = None),
        ("link_way", |_, guide| guide.enquiry = None),
        ("supervise_way", |_, guide| guide.complaint = None),
        ("is_entry_center", |_, guide| guide.in_hall = None),
        ("is_online", |_, guide| guide.online = None),
        ("result_type", |_, guide| guide.result = None),
        ("is_need", |_, guide| guide.materials[1].necessity = None),
        ("answer", |_, guide| guide.questions[0].answer.clear()),
    ];
    for (column, damage) in damages {
        let (mut item, mut guide) = (item(), guide());
        damage(&mut item, &mut guide);
        let lacks = made(&item, &guide).unwrap_err();
        let found = lacks.iter().find(|lack| lack.column == column).unwrap_or_else(|| panic!("{column}: {lacks:?}"));
        assert_eq!(found.code, "table-field-missing", "{column}");
        assert!(!found.en.is_empty() && !found.zh.is_empty() && !found.remedy_en.is_empty());
        assert!(!found.remedy_zh.is_empty() && found.item == item.code);
    }
    // Who has no valid credit code has no implementation code either.
    let mut unmapped = item();
    unmapped.department_code = "1151130145225999".to_owned();
    let columns: BTreeSet<String> =
        made(&unmapped, &guide()).unwrap_err().into_iter().map(|lack| lack.column).collect();
    assert_eq!(columns, BTreeSet::from(["dept_code", "task_code"].map(str::to_owned)));
}

#[test]
fn widths_hold() {
    let mut long = item();
    long.core.name = "证".repeat(1001);
    let lacks = made(&long, &guide()).unwrap_err();
    assert_eq!((lacks[0].code.as_str(), lacks[0].column.as_str()), ("table-field-width", "task_name"));
    long.core.name.truncate("证".len() * 1000);
    made(&long, &guide()).unwrap();
    let mut short = item();
    short.core.base_code = text("12345");
    assert!(made(&short, &guide()).unwrap_err().iter().any(|lack| lack.column == "catalog_code"));
    // A front database with narrower columns says so.
    let (item, guide, authority) = (item(), guide(), authority());
    let lengths = BTreeMap::from([("up_task_general_basic.by_law".to_owned(), 10)]);
    let choices = Choices { lengths, ..Choices::default() };
    let lacks = rows(TableSource { item: &item, guide: &guide, authority: Some(&authority), choices: &choices });
    assert_eq!(lacks.unwrap_err()[0].column, "by_law");
}

const NOTHING: [(Operation, String); 0] = [];

/// A node that remembers what it sent.
#[derive(Default)]
struct Memory(BTreeMap<String, ReportedRow>);

impl Memory {
    fn report(&mut self, rows: Vec<Row>, again: bool) -> Vec<(Operation, String)> {
        let comparison = compare(LOCAL, rows, &self.0, again);
        let at = Timestamp::from_seconds(1_800_000_000);
        let mut sent = Vec::new();
        for row in comparison.outgoing {
            sent.push((row.operation, row.table.clone()));
            self.0.insert(row.guid.clone(), row.sent("511602000000-20261122-0001", at));
        }
        sent
    }

    fn answer(&mut self, guid: &str, answer: Answer) {
        let row = &self.0[guid];
        let (item, batch) = (row.item.clone(), row.batch.clone());
        let said = Said { guid: guid.to_owned(), item, batch, answer, code: text("E1"), reason: text("不合格") };
        let row = answered(row, &said, Timestamp::from_seconds(1_800_000_100)).unwrap();
        assert_eq!(answered(&row, &said, Timestamp::from_seconds(1_800_000_200)), None, "said twice, it is one answer");
        let other = Said { batch: "511602000000-20261121-0009".to_owned(), answer: Answer::Accepted, ..said };
        assert_eq!(answered(&row, &other, Timestamp::from_seconds(1)), None, "an answer to an earlier batch is late");
        self.0.insert(guid.to_owned(), row);
    }
}

#[test]
fn what_changed_goes_out() {
    let mut memory = Memory::default();
    let whole = memory.report(made(&item(), &guide()).unwrap(), false);
    assert_eq!(whole.len(), 7);
    assert!(whole.iter().all(|(operation, _)| *operation == Operation::Insert));
    assert_eq!(memory.report(made(&item(), &guide()).unwrap(), false), NOTHING);
    // One field, one row.
    let mut changed = guide();
    changed.materials[0].copies = Some(2);
    let update = [(Operation::Update, "up_task_general_material".to_owned())];
    assert_eq!(memory.report(made(&item(), &changed).unwrap(), false), update);
    // A material more at the front: it is new, the others move by one place and stay the rows that they were.
    let mut more = changed.clone();
    more.materials.insert(0, material("营业执照"));
    let sent = memory.report(made(&item(), &more).unwrap(), false);
    assert_eq!(sent.iter().filter(|(operation, _)| *operation == Operation::Insert).count(), 1);
    assert_eq!(sent.iter().filter(|(operation, _)| *operation == Operation::Update).count(), 2);
    // One less: it is taken back.
    more.materials.pop();
    let delete = [(Operation::Delete, "up_task_general_material".to_owned())];
    assert_eq!(memory.report(made(&item(), &more).unwrap(), false), delete);
    // Withdrawn: everything is, children first, once.
    let sent = memory.report(Vec::new(), false);
    assert!(sent.iter().all(|(operation, _)| *operation == Operation::Delete) && sent.len() == 7);
    assert_eq!(sent.last().unwrap().1, "up_task_general_basic");
    assert_eq!(memory.report(Vec::new(), false), NOTHING);
    let basic = memory.0.values().find(|row| row.table == "up_task_general_basic").unwrap();
    assert_eq!(basic.values["task_state"], "3");
    // And back again.
    let sent = memory.report(made(&item(), &more).unwrap(), false);
    assert!(sent.iter().all(|(operation, _)| *operation == Operation::Insert) && sent.len() == 7);
}

#[test]
fn what_was_rejected_goes_out_when_it_is_mended() {
    let mut memory = Memory::default();
    memory.report(made(&item(), &guide()).unwrap(), false);
    let guid = memory.0.values().find(|row| row.table == "up_task_general_extend").unwrap().guid.clone();
    memory.answer(&guid, Answer::Rejected);
    assert_eq!(memory.report(made(&item(), &guide()).unwrap(), false), NOTHING);
    let insert = [(Operation::Insert, "up_task_general_extend".to_owned())];
    assert_eq!(memory.report(made(&item(), &guide()).unwrap(), true), insert);
    memory.answer(&guid, Answer::Rejected);
    let mut mended = guide();
    mended.courier = Some(false);
    assert_eq!(memory.report(made(&item(), &mended).unwrap(), false), insert);
    memory.answer(&guid, Answer::Accepted);
    let update = [(Operation::Update, "up_task_general_extend".to_owned())];
    assert_eq!(memory.report(made(&item(), &guide()).unwrap(), false), update);
    // What never arrived goes out by itself, as what it was.
    memory.answer(&guid, Answer::Missing);
    assert_eq!(memory.report(made(&item(), &guide()).unwrap(), false), update);
    // What was never taken needn't be taken back.
    let mut refused = Memory::default();
    refused.report(made(&item(), &guide()).unwrap(), false);
    let guids: Vec<String> = refused.0.keys().cloned().collect();
    for guid in guids {
        refused.answer(&guid, Answer::Rejected);
    }
    assert_eq!(refused.report(Vec::new(), false), NOTHING);
}

proptest! {
    /// Whatever is reported, reporting it again sends nothing, and what was sent last is what there is.
    #[test]
    fn reported_twice_is_reported_once(
        steps in proptest::collection::vec((0usize..4, 0usize..3, any::<bool>(), 0u16..3, any::<bool>()), 1..8),
    ) {
        let mut memory = Memory::default();
        for (materials, questions, fees, days, withdrawn) in steps {
            let (mut item, mut guide) = (item(), guide());
            item.promised = working(days + 1);
            guide.materials = (0..materials).map(|at| material(&format!("材料{}", at % 2))).collect();
            guide.questions.truncate(questions);
            if !fees { guide.fees.clear() }
            let rows = || if withdrawn { Vec::new() } else { made(&item, &guide).unwrap() };
            memory.report(rows(), false);
            prop_assert_eq!(memory.report(rows(), false), NOTHING);
            let live: BTreeMap<&String, _> = memory.0.iter()
                .filter(|(_, row)| row.operation != Operation::Delete).map(|(guid, row)| (guid, row.digest)).collect();
            let rows = rows();
            prop_assert_eq!(live, rows.iter().map(|row| (&row.guid, row.digest())).collect::<BTreeMap<_, _>>());
        }
    }
}
