//! The catalogue is the law: base items from above, claims below, and the 1,135 real rows of 广安区.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tongban_domain::catalogue::{ClaimTerms, ImportReport, ImportRow, ImportTerms, Mode};

use super::federation::{CITY, Federation, HOME, NEIGHBOUR, PROVINCE};
use super::hall::Hall;
use super::people::{ADMIN, WINDOW, credit_code, materials, somebody};
use super::stage::{Broken, NotHeld, Seen, Stage, holds, list, refused, text, wait};
use crate::api::v1::{AddAuthority, ClaimItem, CollectCase, ImportItems, PublishItems};
use crate::cli::sheet::mapping::Mapping;
use crate::cli::sheet::rows::ItemFile;
use crate::cli::text::Lang;

/// The items that 广安区 published in 2025, from github.com/v-luobo/zwfw (Apache-2.0), as dirty as they are; see NOTICE.
const ITEMS_CSV: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/items-511602.csv"));
/// Rows in it.
const ROWS: u32 = 1135;
/// Rows of which the department code is no credit code.
const ROWS_UNMAPPED: usize = 154;

/// 公共场所卫生许可延续（县级）, story 1.
pub(super) const HYGIENE: &str = "511A0015500013";
/// 残疾人证换领, story 2.
pub(super) const DISABILITY: &str = "511F82001003";

/// An invented base code of 四川省's own catalogue: province 51, type 01.
const BASE_CODE: &str = "510190001001";
const BASE_NAME: &str = "公共场所卫生许可";
const LEGAL_BASIS: &str = "公共场所卫生管理条例第四条、第八条";
/// The ceiling of the province for promised time, in working days.
const CEILING_DAYS: u16 = 10;

/// A department whose bad code the demo maps to the good one that its other rows have.
const MAPPED: (&str, &str, &str) = ("区人社局", "1151130108778239R", "11511301008778239R");

/// How long a standard may take from the province to a county.
const DOWN_SECONDS_MAX: u64 = 20;

/// Codes of the items that city and 前锋区 claimed.
pub(super) struct Claimed {
    pub(super) city: String,
    pub(super) neighbour: String,
}

fn base_row(row: u32, name: &str, more: &[(&str, &str)]) -> ImportRow {
    let mut values: BTreeMap<String, String> = [
        ("department", "省卫生健康委（演示）"),
        ("main_item", BASE_NAME),
        ("name", name),
        ("item_type", "01"),
        ("base_code", BASE_CODE),
        ("legal_basis", LEGAL_BASIS),
    ]
    .map(|(column, value)| (column.to_owned(), value.to_owned()))
    .into();
    values.extend(more.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())));
    ImportRow::new(row, values)
}

fn import(hall: &Hall, rows: Vec<ImportRow>) -> Result<ImportReport, Broken> {
    let answer = hall.post(ADMIN, "/v1/items/import", &ImportItems { rows, terms: ImportTerms::default() })?;
    serde_json::from_value(answer).map_err(|error| Broken::Differs {
        expected: "{imported, flagged, rejected, rows}".to_owned(),
        found: error.to_string(),
    })
}

fn publish(hall: &Hall, item: Option<&str>) -> Result<Value, Broken> {
    Ok(hall.post(ADMIN, "/v1/items/publish", &PublishItems { item: item.map(str::to_owned) })?)
}

/// Step: base items go down, are claimed, and keep their core.
pub(super) fn claim(stage: &mut Stage, federation: &Federation) -> Result<Claimed, NotHeld> {
    let (en, zh) = ("The province publishes a base item; city and counties claim it", "省级发布基本目录，市、区认领");
    stage.step(en, zh, |stage| {
        let province = federation.hall(PROVINCE);
        let days = CEILING_DAYS.to_string();
        let report = import(province, vec![base_row(2, BASE_NAME, &[("statutory_days", "20"), ("promised_days", &days)])])?;
        holds(report.imported == 1, "imported = 1", json!(report))?;
        publish(province, Some(BASE_CODE))?;
        stage.tell(
            &format!("{}: {BASE_NAME} {BASE_CODE}, statutory 20, promised at most {CEILING_DAYS} working days.", province.name),
            &format!("{}：{BASE_NAME} {BASE_CODE}，法定 20 个工作日，承诺不超过 {CEILING_DAYS} 个工作日。", province.name),
        );
        for place in [CITY, HOME, NEIGHBOUR] {
            let hall = federation.hall(place);
            wait(DOWN_SECONDS_MAX, stage.of("the base item has arrived", "基本目录已下发"), || {
                let items = hall.get("/v1/items", &[("stage", Some("base"))])?;
                let arrived = list(&items, "items").iter().any(|item| item["code"] == BASE_CODE && item["state"] == "published");
                if arrived { Ok(()) } else { Err(Seen(format!("{}: {items}", hall.name))) }
            })?;
        }
        let mut rows = Vec::new();
        let claims = [
            (CITY, "市卫生健康委（演示）", "11511600MB0000001", 8),
            (HOME, "区行政审批局", "11511301682364679", 5),
            (NEIGHBOUR, "前锋区行政审批局（演示）", "11511603MB0000002", 10),
        ];
        let mut codes = claims.map(|_| String::new());
        for (code, (place, department, body, promised)) in codes.iter_mut().zip(claims) {
            let hall = federation.hall(place);
            let terms = ClaimTerms {
                department: Some(department.to_owned()),
                department_code: Some(credit_code(body)),
                promised_days: Some(promised),
                modes: vec![Mode::Online, Mode::Collect],
                covered: vec![federation.hall(CITY).division],
                ..ClaimTerms::default()
            };
            let claim = ClaimItem { base_code: BASE_CODE.to_owned(), terms };
            *code = text(&hall.post(ADMIN, "/v1/items/claim", &claim)?, "item");
            publish(hall, Some(code))?;
            rows.push(json!({ "division": hall.division, "department": department, "code": *code, "promised_days": promised }));
        }
        stage.rows(&rows, &["division", "department", "code", "promised_days"]);
        let refusals = locked(stage, federation.hall(HOME), codes[1].as_str())?;
        let detail = json!({ "base_code": BASE_CODE, "claims": rows, "refused": refusals });
        let [city, _, neighbour] = codes;
        Ok((Claimed { city, neighbour }, detail))
    })
}

/// What a county may not do to the core: give another name, promise more than the ceiling.
fn locked(stage: &Stage, hall: &Hall, code: &str) -> Result<Value, Broken> {
    let renamed = "公共场所卫生证办理";
    let row = base_row(2, renamed, &[("local_item_code", code), ("department", "区行政审批局")]);
    let report = import(hall, vec![row])?;
    let finding = report.rows.iter().find(|finding| finding.column == "name");
    let is_locked = report.rejected == 1 && finding.is_some_and(|finding| finding.code == "core-locked");
    holds(is_locked, "rejected: core-locked", json!(report))?;
    let problem = finding.map(|finding| finding.problem.clone()).unwrap_or_default();
    stage.tell(
        &format!("{} renames it to {renamed}: refused [core-locked] {problem}", hall.name),
        &format!("{}改名为“{renamed}”：被拒绝［core-locked］{problem}", hall.name),
    );
    let terms = ClaimTerms {
        department: Some("区行政审批局".to_owned()),
        promised_days: Some(CEILING_DAYS + 5),
        ..ClaimTerms::default()
    };
    let claim = ClaimItem { base_code: BASE_CODE.to_owned(), terms };
    let above = refused(hall.post(ADMIN, "/v1/items/claim", &claim), "ceiling-exceeded")?;
    let days = CEILING_DAYS + 5;
    stage.tell(
        &format!("{} promises {days} working days: refused [ceiling-exceeded] {}", hall.name, above.problem.en),
        &format!("{}承诺 {days} 个工作日：被拒绝［ceiling-exceeded］{}", hall.name, above.problem.zh),
    );
    Ok(json!(["core-locked", "ceiling-exceeded"]))
}

/// Step: the real file comes in, and every bad row says why.
pub(super) fn real_items(stage: &mut Stage, federation: &Federation) -> Result<(), NotHeld> {
    let (en, zh) = ("广安区 imports its 1,135 real items", "广安区导入 1135 项真实事项");
    stage.step(en, zh, |stage| {
        let file = ItemFile::read(ITEMS_CSV, Mapping::default(), None, false)?;
        let mut rows: Vec<ImportRow> = file.records().map(|record| record.row).collect();
        for row in &mut rows {
            complete(row);
        }
        let report = import(federation.hall(HOME), rows)?;
        let unmapped: BTreeSet<u32> =
            report.rows.iter().filter(|finding| finding.code == "authority-unmapped").map(|finding| finding.row).collect();
        let expected = format!("imported {ROWS}, rejected 0, without a valid department code {ROWS_UNMAPPED}");
        let found = format!("imported {}, rejected {}, without {}", report.imported, report.rejected, unmapped.len());
        let all = report.imported == ROWS && report.rejected == 0 && unmapped.len() == ROWS_UNMAPPED;
        holds(all, &expected, &found)?;
        stage.tell(
            &format!("{ROWS} came in, {} of them flagged, none rejected:", report.flagged),
            &format!("导入 {ROWS} 项，其中 {} 项有问题，无拒绝：", report.flagged),
        );
        let problems = problems(stage, &report);
        stage.rows(&problems, &["code", "problem", "count"]);
        stage.tell(
            &format!("One of the {ROWS_UNMAPPED}: 区残联 has 11511301452259996u beside …996U; only the capital letter is valid."),
            &format!("{ROWS_UNMAPPED} 项之一：区残联既有 11511301452259996u，又有 …996U，只有大写有效。"),
        );
        stage.tell("Source: github.com/v-luobo/zwfw, Apache-2.0.", "数据来源：github.com/v-luobo/zwfw，Apache-2.0。");
        let detail = json!({
            "imported": report.imported, "flagged": report.flagged, "rejected": report.rejected,
            "unmapped": unmapped.len(), "problems": problems,
        });
        Ok(((), detail))
    })
}

/// Adds what the published list doesn't say of the two items of the stories: invented, as are all people here.
fn complete(row: &mut ImportRow) {
    let code = row.values.get("local_item_code").cloned().unwrap_or_default();
    let more: &[(&str, &str)] = match code.split('-').next() {
        Some(HYGIENE) => &[("statutory_days", "20"), ("promised_days", "5"), ("legal_basis", LEGAL_BASIS)],
        Some(DISABILITY) => &[("promised_days", "5")],
        _ => return,
    };
    let scope = [("modes", "online^collect"), ("covered", "511600")];
    row.values.extend(more.iter().chain(&scope).map(|(column, value)| ((*column).to_owned(), (*value).to_owned())));
}

fn problems(stage: &Stage, report: &ImportReport) -> Vec<Value> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for finding in &report.rows {
        *counts.entry(&finding.code).or_default() += 1;
    }
    let mut counts: Vec<(&str, u32)> = counts.into_iter().collect();
    counts.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    let row = |(code, count): (&str, u32)| json!({ "code": code, "problem": meaning(stage.output().lang, code), "count": count });
    counts.into_iter().map(row).collect()
}

fn meaning(lang: Lang, code: &str) -> &str {
    match code {
        "authority-unmapped" => {
            lang.of("no valid department code: no number until mapped", "部门代码无效，映射前不能取号")
        }
        "delegated" => lang.of("probably a delegated item", "可能为委托事项"),
        "department-differs" => {
            lang.of("department code differs from the one in the item code", "部门代码与事项编码不符")
        }
        "credit-code-shared" => lang.of("credit code of another department", "使用了其他部门的信用代码"),
        "code-shape" => lang.of("item code of no known shape", "事项编码格式不明"),
        "name-repeated" => lang.of("same name as an earlier row", "与前面的事项同名"),
        "division-differs" => lang.of("division differs from the one in the item code", "区划与事项编码不符"),
        _ => "",
    }
}

/// Step: what can draw numbers is published; the rest after its department code is mapped.
pub(super) fn publish_real(stage: &mut Stage, federation: &Federation) -> Result<(), NotHeld> {
    let (en, zh) = (
        "What has a valid department code is published; mapping a bad one lifts it",
        "发布代码有效的事项；错误代码映射后可发布",
    );
    stage.step(en, zh, |stage| {
        let hall = federation.hall(HOME);
        let first = publish(hall, None)?;
        let (published, left) = (list(&first, "published").len(), list(&first, "refused"));
        let unmapped = left.iter().filter(|one| one["rejection"]["code"] == "authority-unmapped").count();
        let expected = ROWS as usize - ROWS_UNMAPPED;
        let found = format!("published {published}, refused {}, of these unmapped {unmapped}", left.len());
        let holding = published == expected && left.len() == ROWS_UNMAPPED && unmapped == ROWS_UNMAPPED;
        holds(holding, &format!("published {expected}, refused {ROWS_UNMAPPED} for lack of a code"), found)?;
        stage.tell(
            &format!("{published} published; {ROWS_UNMAPPED} not: their department code is no credit code."),
            &format!("已发布 {published} 项；{ROWS_UNMAPPED} 项未发布：部门代码不是有效的信用代码。"),
        );
        let blocked = left.first().map(|one| text(one, "item")).unwrap_or_default();
        let who = somebody(999);
        let collect = CollectCase {
            item: blocked,
            division: hall.division,
            mode: None,
            name: who.name,
            id: who.id,
            materials: materials(&["申请书"]),
            hold: false,
            renews: None,
            agent: None,
            by: None,
        };
        let refusal = refused(hall.post(WINDOW, "/v1/cases", &collect), "item-not-published")?;
        stage.tell(
            &format!("A window that collects for one of them is refused [{}].", refusal.problem.code),
            &format!("窗口为其收件：被拒绝［{}］。", refusal.problem.code),
        );
        let (department, bad, good) = MAPPED;
        let mapping =
            AddAuthority { name: department.to_owned(), code: Some(good.to_owned()), maps: Some(bad.to_owned()) };
        hall.post(ADMIN, "/v1/authorities", &mapping)?;
        let second = publish(hall, None)?;
        let (lifted, still) = (list(&second, "published").len(), list(&second, "refused").len());
        holds(lifted > 0 && lifted + still == ROWS_UNMAPPED, &format!("some of {ROWS_UNMAPPED} published"), lifted)?;
        stage.tell(
            &format!("{department}: {bad} mapped to {good}: {lifted} more published, {still} still wait."),
            &format!("{department}：{bad} 映射为 {good}，又发布 {lifted} 项，{still} 项仍待映射。"),
        );
        Ok(((), json!({ "published": published, "refused": ROWS_UNMAPPED, "mapped": good, "lifted": lifted, "waiting": still })))
    })
}
