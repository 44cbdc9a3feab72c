//! Ten thousand imports with mistakes in every column; the generator's own list is the judge.
//!
//! Each import has good rows and bad ones. A bad row has one to three mistakes, drawn from the classes that its columns can have, and
//! the generator notes each with row, column and code. The report must name exactly those among what rejects a row, each with a remedy in both
//! languages; of a bad row nothing may be written, and the good rows must be in, whole.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::{BTreeMap, BTreeSet};

use hall::Hall;
use tongban_domain::catalogue::{FIELD_COLUMNS, Import, ImportRow, ImportTerms, LIST_COLUMNS, ListRow, ServiceItem};
use tongban_domain::{Command, Event, Reply};

const IMPORTS: u64 = 10_000;
const SEED: u64 = 20_261_122;

/// Numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }
}

/// What a column takes: a good value, and values that are none with the code of each.
struct Kind {
    good: &'static str,
    bad: &'static [(&'static str, &'static str)],
}

const LONG: &str = "\u{1}long";
const LONGER: &str = "\u{1}longer";
const LINE: &[(&str, &str)] = &[(LONG, "too-long"), ("一\n二", "control-character"), ("一\u{7}", "control-character")];
const TEXT: &[(&str, &str)] = &[(LONGER, "too-long"), ("一\u{7}", "control-character"), ("\0x", "control-character")];
const LISTED: &[(&str, &str)] = &[
    ("没有这个值", "code-list"),
    ("1", "code-list"),
    ("N/A", "code-list"),
    (LONG, "too-long"),
    ("即\n办", "control-character"),
];
const YES: &[(&str, &str)] = &[("也许", "yes-no"), ("2", "yes-no"), ("是否", "yes-no")];
const NUMBER: &[(&str, &str)] = &[("-1", "number"), ("两次", "number"), ("1.5", "number"), ("99999999999", "number")];
const DATE: &[(&str, &str)] = &[("2026-02-30", "date"), ("明天", "date"), ("46000", "date")];
const DAYS: &[(&str, &str)] = &[("0", "days"), ("3651", "days"), ("二十", "days"), ("-5", "days"), ("5.5", "days")];
const TERM: &[(&str, &str)] = &[("0", "days"), ("五天", "days"), ("5小时", "days"), ("4000自然日", "days")];
const UNIT: &[(&str, &str)] = &[("小时", "unit"), ("1", "unit")];
const DIVISIONS: &[(&str, &str)] = &[("999999", "division-unknown"), ("511603^四川", "division-unknown")];

fn kind(column: &str) -> Kind {
    let of = |good, bad| Kind { good, bad };
    match column {
        "name" => of("卫生许可", &[("", "empty"), (LONG, "too-long"), ("一\n二", "control-character")]),
        "department" => of("区行政审批局", &[("", "empty"), (LONG, "too-long")]),
        "main_item" | "legal_basis" => of("主项", LINE),
        "item_type" => {
            of("07", &[("1", "item-type"), ("", "item-type"), ("行政许可", "item-type"), ("0A", "item-type")])
        }
        "division" => of(
            "511602000000",
            &[("511603000000", "division-foreign"), ("51160", "division-unknown"), ("四川", "division-unknown")],
        ),
        "local_item_code" => of("", &[("编码", "item-code"), ("511A 001", "item-code"), ("", "code-missing")]),
        "base_code" => of("", &[("51011550001", "base-code"), ("5101155000１", "base-code"), ("1.1E+11", "base-code")]),
        "statutory_days" => of("20", DAYS),
        "promised_days" => of(
            "5",
            &[
                ("0", "days"),
                ("3651", "days"),
                ("二十", "days"),
                ("-5", "days"),
                ("21", "ceiling-exceeded"),
                ("3650", "ceiling-exceeded"),
            ],
        ),
        "statutory_unit" | "promised_unit" => of("工作日", UNIT),
        "modes" => of("online^collect", &[("无差别", "mode"), ("online^x", "mode")]),
        "scopes.mode" => of("collect", &[("无差别", "mode"), ("online^collect", "mode"), ("", "empty")]),
        "covered" | "scopes.covered" => of("511603", DIVISIONS),
        "effective" | "cancel" => of("2026-09-14", DATE),
        "visits" | "publicity_days" | "materials.copies" | "fees.fen" | "steps.signers" => of("1", NUMBER),
        "steps.term" | "special_links.term" => of("5自然日", TERM),
        "charged"
        | "online"
        | "single_login"
        | "mobile_single_login"
        | "pays_online"
        | "courier"
        | "appointments"
        | "terminals"
        | "in_hall"
        | "materials.statutory"
        | "materials.pledge"
        | "fees.reducible"
        | "special_links.stops_clock" => of("是", YES),
        "limit_grants" => of("3", NUMBER),
        "pledge_check_days" | "pledge_correct_days" => {
            of("30", &[("-1", "number"), ("两次", "number"), ("0", "days"), ("251", "days")])
        }
        "pledge_check_role" => of("审查", LISTED),
        "limit_period" => of("每年", LISTED),
        "limit_order" => of("受理先后", LISTED),
        "fees.due" => of("出证前", LISTED),
        "tier" => of("办理项", LISTED),
        "origin" => of("自建", LISTED),
        "locks" => of("申请材料^收费", LISTED),
        "claim_levels" | "use_level" => of("市级^县级", LISTED),
        "power_source" => of("法定本级行使", LISTED),
        "authority_kind" => of("法定机关", LISTED),
        "case_kind" => of("承诺件", LISTED),
        "forms" => of("窗口办理^网上办理", LISTED),
        "served" => of("自然人", LISTED),
        "online_depth" => of("互联网受理", LISTED),
        "result_kind" => of("证照", &[("没有", "code-list"), ("10", "code-list"), ("", "empty")]),
        "scopes.range" => of("跨省", &[("没有", "code-list"), ("2", "code-list"), ("", "empty")]),
        "materials.kind" => of("原件", LISTED),
        "materials.form" => of("纸质", LISTED),
        "materials.necessity" => of("必要", LISTED),
        "materials.source" => of("申请人自备", LISTED),
        "steps.role" => of("审查", LISTED),
        "steps.rule" => of("会签", LISTED),
        "bases.law" | "materials.name" | "fees.name" | "steps.name" | "special_links.name" | "questions.question" => {
            of("名称", &[("", "empty"), (LONG, "too-long"), ("一\n二", "control-character")])
        }
        "questions.answer" => {
            of("五天。\n可加急。", &[("", "empty"), (LONGER, "too-long"), ("\0", "control-character")])
        }
        "conditions"
        | "statutory_explain"
        | "promised_explain"
        | "flow"
        | "intermediary"
        | "quantity_limit"
        | "limit_basis"
        | "pledge_consequences"
        | "limit_order_basis"
        | "remedies"
        | "bases.text"
        | "materials.fill_explain"
        | "materials.acceptance_standard"
        | "materials.basis"
        | "materials.condition"
        | "fees.basis"
        | "fees.reduction"
        | "steps.standard"
        | "steps.discretion"
        | "steps.discretion_basis"
        | "special_links.basis" => of("第一行\n第二行", TEXT),
        _ => of("文字", LINE),
    }
}

fn text(value: &str) -> String {
    match value {
        LONG => "长".repeat(1001),
        LONGER => "长".repeat(10_001),
        value => value.to_owned(),
    }
}

/// Columns of the core and of terms that mistakes are made in.
const CORE: [&str; 14] = [
    "department",
    "main_item",
    "name",
    "local_item_code",
    "division",
    "item_type",
    "legal_basis",
    "statutory_days",
    "statutory_unit",
    "promised_days",
    "promised_unit",
    "modes",
    "covered",
    "effective",
];

/// All columns, those of lists with the list before a dot.
fn columns() -> Vec<String> {
    let lists =
        LIST_COLUMNS.iter().flat_map(|(list, columns)| columns.iter().map(move |column| format!("{list}.{column}")));
    let own = CORE.iter().chain(["base_code"].iter()).chain(FIELD_COLUMNS);
    own.map(|column| (*column).to_owned()).chain(lists).collect()
}

fn code(import: u64, row: u32) -> String {
    format!("511A{import:06}{row:04}-511602000000-000-115113016823646795-1-00")
}

/// A row in which every column has a good value, with two entries in each list.
fn good(import: u64, number: u32) -> ImportRow {
    let mut row = ImportRow { row: number, ..ImportRow::default() };
    for column in CORE.iter().chain(FIELD_COLUMNS) {
        row.values.insert((*column).to_owned(), text(kind(column).good));
    }
    row.values.insert("department_code".into(), "115113016823646795".into());
    row.values.insert("base_code".into(), String::new());
    row.values.insert("name".into(), format!("卫生许可{import}之{number}"));
    row.values.insert("local_item_code".into(), code(import, number));
    for (list, columns) in LIST_COLUMNS {
        let entry = |index: u32| {
            let values =
                columns.iter().map(|column| ((*column).to_owned(), text(kind(&format!("{list}.{column}")).good)));
            ListRow { row: number * 100 + index, values: values.collect() }
        };
        row.lists.insert((*list).to_owned(), vec![entry(0), entry(1)]);
    }
    row
}

type Named = BTreeSet<(u32, String, String)>;

/// Makes a mistake in a column, and notes it.
fn spoil(row: &mut ImportRow, column: &str, dice: &mut Dice, named: &mut Named) {
    let kind = kind(column);
    let (value, code) = kind.bad[dice.below(kind.bad.len())];
    let at = match column.split_once('.') {
        None => {
            row.values.insert(column.to_owned(), text(value));
            row.row
        }
        Some((list, name)) => {
            let entries = row.lists.get_mut(list).unwrap();
            let index = dice.below(entries.len());
            entries[index].values.insert(name.to_owned(), text(value));
            entries[index].row
        }
    };
    named.insert((at, column.to_owned(), code.to_owned()));
}

#[test]
fn every_mistake_is_named_and_the_good_rows_are_in() {
    let columns = columns();
    let mut made: BTreeMap<(String, String), u32> = BTreeMap::new();
    let (mut good_rows, mut bad_rows) = (0, 0);
    for import in 0..IMPORTS {
        let seed = SEED.wrapping_add(import);
        let mut dice = Dice(seed);
        let mut hall = Hall::new("511602", "广安区");
        let (mut named, mut rows, mut bad) = (Named::new(), Vec::new(), BTreeSet::new());
        for number in 2..(3 + u32::try_from(dice.below(3)).unwrap()) {
            let mut row = good(import, number);
            // Each import spoils its first row, in a column of its turn, so that every column has its share.
            let mistakes = if number == 2 { 1 + dice.below(3) } else { dice.below(3) };
            for mistake in 0..mistakes {
                let turn = usize::try_from(import).unwrap() % columns.len();
                let column =
                    if number == 2 && mistake == 0 { &columns[turn] } else { &columns[dice.below(columns.len())] };
                // One mistake a column, and none that hides another.
                let touched = named.iter().any(|(row, of, _)| of == column && (*row == number || row / 100 == number));
                let clashes = [("statutory_days", "promised_days"), ("local_item_code", "base_code")];
                let hidden = clashes.iter().any(|(one, other)| {
                    let is = |name: &str| named.iter().any(|(row, of, _)| *row == number && of == name);
                    (column == one && is(other)) || (column == other && is(one))
                });
                if !touched && !hidden {
                    spoil(&mut row, column, &mut dice, &mut named);
                }
            }
            let is_bad = named.iter().any(|(at, _, _)| *at == number || *at / 100 == number);
            if is_bad {
                bad.insert(number);
            }
            rows.push(row);
        }
        for (_, column, code) in &named {
            *made.entry((column.clone(), code.clone())).or_default() += 1;
        }
        let dry = ImportTerms { dry_run: true, ..ImportTerms::default() };
        let looked = hall.act(&Command::ImportItems(Import { rows: rows.clone(), terms: dry })).unwrap();
        let change = hall.act(&Command::ImportItems(rows.clone().into())).unwrap();
        assert!(
            looked.events.is_empty() && looked.reply == change.reply,
            "seed {seed}: the dry run says something else"
        );
        let Reply::Imported(report) = &change.reply else { panic!("{:?}", change.reply) };
        let found: Named = report
            .rows
            .iter()
            // What is rejected alone is judged; a good row's remarks aren't mistakes of the generator.
            .filter(|finding| finding.blocks)
            .map(|finding| (finding.row, finding.column.clone(), finding.code.clone()))
            .collect();
        assert_eq!(found, named, "seed {seed}");
        for finding in &report.rows {
            assert!(finding.problem.contains(" / ") && finding.remedy.contains(" / "), "seed {seed}: {finding:?}");
        }
        assert_eq!(report.rejected as usize, bad.len(), "seed {seed}");
        let items: BTreeSet<String> = change
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Item(item) => Some(item.code.clone()),
                _ => None,
            })
            .collect();
        let expected: BTreeSet<String> =
            rows.iter().filter(|row| !bad.contains(&row.row)).map(|row| code(import, row.row)).collect();
        assert_eq!(items, expected, "seed {seed}");
        // Nothing of a row that isn't in: neither item, nor guide, nor authority.
        let guides = change.events.iter().filter(|event| matches!(event, Event::Guide(_))).count();
        assert_eq!(
            (guides > 0, hall.state.authorities.is_empty()),
            (!items.is_empty(), items.is_empty()),
            "seed {seed}"
        );
        // The good rows are in whole: written out again they say the same.
        for row in rows.iter().filter(|row| !bad.contains(&row.row)) {
            let item = hall.state.drafts[&code(import, row.row)].clone();
            let guide = hall.state.guides[&item.guide.unwrap()].0.clone();
            let back = ImportRow::of_item(row.row, &item, guide);
            let again = hall.act(&Command::ImportItems(vec![back].into())).unwrap();
            // Remarks on a row beside others that it shares a code with aren't part of it.
            let differs = again.events.iter().any(|event| match event {
                Event::Item(again) => {
                    ServiceItem { findings: Vec::new(), ..again.clone() }
                        != ServiceItem { findings: Vec::new(), ..item.clone() }
                }
                _ => true,
            });
            assert!(!differs, "seed {seed}: what is written out isn't what was read: {again:?}");
        }
        good_rows += items.len();
        bad_rows += bad.len();
    }
    let every: BTreeSet<(String, String)> = columns
        .iter()
        .flat_map(|column| kind(column).bad.iter().map(move |(_, code)| (column.clone(), (*code).to_owned())))
        .collect();
    let missing: Vec<_> = every.iter().filter(|class| !made.contains_key(*class)).collect();
    assert!(missing.is_empty(), "never made: {missing:?}");
    eprintln!(
        "{IMPORTS} imports, {} columns, {} classes of mistakes, {} mistakes, {bad_rows} bad rows, {good_rows} good rows",
        columns.len(),
        made.len(),
        made.values().sum::<u32>(),
    );
}
