//! Further cases at several halls, a township that was off, and figures that equal their entries.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::catalogue::{Claimed, DISABILITY, HYGIENE};
use super::federation::{CITY, Federation, HOME, NEIGHBOUR, PROVINCE, TOWN};
use super::hall::Hall;
use super::online::{DELIVERED_SECONDS_MAX, collect};
use super::people::{DECIDER, REVIEWER, somebody};
use super::stage::{Broken, NotHeld, Seen, Stage, fields, holds, list, text, wait};
use crate::api::v1::ActRequest;

/// How long a township that was off may take to catch up.
const CAUGHT_UP_SECONDS_MAX: u64 = 60;
/// How long acts may take up to the province.
const UP_SECONDS_MAX: u64 = 60;

/// One further case.
struct Further {
    case: String,
    collecting: usize,
    deciding: usize,
}

/// Step: cases everywhere; 代市镇 is off while they are decided, and catches up.
pub(super) fn further_cases(stage: &mut Stage, federation: &Federation, claimed: &Claimed) -> Result<(), NotHeld> {
    let (en, zh) = (
        "42 further cases at four halls; 代市镇 is off meanwhile, and catches up by itself",
        "四个大厅再办 42 件；其间代市镇关机，开机后自动追上",
    );
    stage.step(en, zh, |stage| {
        let plan = [
            (TOWN, HOME, DISABILITY, 10),
            (TOWN, HOME, HYGIENE, 6),
            (HOME, HOME, HYGIENE, 10),
            (NEIGHBOUR, HOME, DISABILITY, 6),
            (NEIGHBOUR, NEIGHBOUR, claimed.neighbour.as_str(), 6),
            (CITY, CITY, claimed.city.as_str(), 4),
        ];
        let mut cases = Vec::new();
        let mut rows = Vec::new();
        for (collecting, deciding, item, count) in plan {
            let (here, there) = (federation.hall(collecting), federation.hall(deciding));
            for _ in 0..count {
                let serial = u32::try_from(cases.len()).unwrap_or(0);
                let slip = collect(here, item, there, None, somebody(serial), &["申请书"], false)?;
                cases.push(Further { case: slip.case, collecting, deciding });
            }
            rows.push(json!({ "collecting": here.name, "deciding": there.name, "item": item, "count": count }));
        }
        stage.rows(&rows, &["collecting", "deciding", "item", "count"]);
        let arriving = stage.of("every case is with its authority", "各办件均已到办理机关");
        wait(DELIVERED_SECONDS_MAX, arriving, || {
            let mut away = 0;
            for deciding in [HOME, NEIGHBOUR, CITY] {
                let known = states(federation.hall(deciding))?;
                away += cases
                    .iter()
                    .filter(|case| {
                        case.deciding == deciding && known.get(&case.case).is_none_or(|(_, custody)| custody != "owner")
                    })
                    .count();
            }
            if away == 0 { Ok(()) } else { Err(Seen(format!("{away} on their way"))) }
        })?;
        let town = federation.hall(TOWN);
        town.kill()?;
        for (index, further) in cases.iter().enumerate() {
            let outcome = act(federation.hall(further.deciding), &further.case, index)?;
            federation.count(further.deciding, outcome);
        }
        let off = cases.iter().filter(|further| further.collecting == TOWN).count();
        let behind = federation.hall(HOME).peer(town)?["behind"].as_u64().unwrap_or(0);
        holds(behind > 0, "广安区: envelopes wait for 代市镇", behind)?;
        stage.tell(
            &format!(
                "{} is off while {off} of its cases are decided; at 广安区 {behind} envelopes wait for it.",
                town.name
            ),
            &format!("{}关机期间，其代收的 {off} 件已办理；广安区有 {behind} 封回执和通知等待送达。", town.name),
        );
        town.start()?;
        town.ready(stage)?;
        let started = std::time::Instant::now();
        wait(CAUGHT_UP_SECONDS_MAX, stage.of("代市镇 shows every outcome", "代市镇显示各件结果"), || {
            let (here, there) = (states(town)?, states(federation.hall(HOME))?);
            let differ = cases
                .iter()
                .filter(|further| further.collecting == TOWN)
                .filter(|further| {
                    here.get(&further.case).map(|row| &row.0) != there.get(&further.case).map(|row| &row.0)
                })
                .count();
            if differ == 0 { Ok(()) } else { Err(Seen(format!("{differ} differ"))) }
        })?;
        let millis = started.elapsed().as_millis();
        stage.tell(&format!("Caught up {millis} ms after it was ready."), &format!("就绪后 {millis} 毫秒追上。"));
        Ok(((), json!({ "cases": cases.len(), "waiting": behind, "caught_up_ms": millis, "plan": rows })))
    })
}

/// Accepts, and decides most: one in five is denied, one in seven waits.
fn act(hall: &Hall, case: &str, index: usize) -> Result<&'static str, Broken> {
    hall.act(REVIEWER, case, ActRequest::Accept { enough: None })?;
    if index % 7 == 6 {
        return Ok("pending");
    }
    let grant = index % 5 != 4;
    let reason = (!grant).then(|| "不符合条件（演示）".to_owned());
    hall.act(DECIDER, case, ActRequest::Decide { grant, reason })?;
    Ok(if grant { "granted" } else { "denied" })
}

/// State and custody of the cases that a hall has.
fn states(hall: &Hall) -> Result<BTreeMap<String, (String, String)>, Seen> {
    let cases = hall.get("/v1/cases", &[("limit", Some("1000"))])?;
    let row = |case: &Value| (text(case, "case"), (text(case, "state"), text(case, "custody")));
    Ok(list(&cases, "cases").iter().map(row).collect())
}

/// Step: the same figures at county, city and province, each with the checkpoints it is folded from.
pub(super) fn report(stage: &mut Stage, federation: &Federation) -> Result<(), NotHeld> {
    let (en, zh) = (
        "Figures at county, city and province, each naming its checkpoints",
        "区、市、省三级统计，各注明所依据的检查点",
    );
    stage.step(en, zh, |stage| {
        let mut details = Vec::new();
        for (place, below) in [(HOME, &[HOME][..]), (CITY, &[CITY, HOME, NEIGHBOUR]), (PROVINCE, &[PROVINCE, CITY, HOME, NEIGHBOUR])] {
            let hall = federation.hall(place);
            let expected = federation.counted(below);
            let report = wait(UP_SECONDS_MAX, &format!("{}: {expected:?}", hall.name), || {
                let report = hall.get("/v1/aggregate/report", &[("by", Some("division,item,month,outcome"))])?;
                let found = sums(&report);
                if found != owned(&expected) {
                    return Err(Seen(format!("{found:?}")));
                }
                witnessed(federation, &report)?;
                Ok(report)
            })?;
            fields(&report, &[("demo", json!(true))])?;
            stage.tell(&format!("{} {}:", hall.division, hall.name), &format!("{} {}：", hall.division, hall.name));
            stage.rows(list(&report, "rows"), &["division", "item", "month", "outcome", "count"]);
            stage.rows(&short_roots(&report), &["division", "epoch", "size", "root", "at"]);
            details.push(json!({ "division": hall.division, "name": hall.name, "rows": report["rows"], "as_of": report["as_of"] }));
        }
        Ok(((), json!({ "reports": details })))
    })
}

fn owned(counted: &BTreeMap<(String, &'static str), u64>) -> BTreeMap<(String, String), u64> {
    counted.iter().map(|((division, outcome), count)| ((division.clone(), (*outcome).to_owned()), *count)).collect()
}

/// Cases of a report by division and outcome.
fn sums(report: &Value) -> BTreeMap<(String, String), u64> {
    let mut sums = BTreeMap::new();
    for row in list(report, "rows") {
        *sums.entry((text(row, "division"), text(row, "outcome"))).or_default() += row["count"].as_u64().unwrap_or(0);
    }
    sums
}

/// Every checkpoint of a report is the one that its origin has itself.
fn witnessed(federation: &Federation, report: &Value) -> Result<(), Seen> {
    for checkpoint in list(report, "as_of") {
        let division = text(checkpoint, "division");
        let Some(origin) = federation.halls.iter().find(|hall| hall.division.to_string() == division) else { continue };
        let own = origin.get("/v1/aggregate/report", &[])?;
        let same = |other: &&Value| ["origin", "size", "root"].iter().all(|field| other[*field] == checkpoint[*field]);
        if !list(&own, "as_of").iter().any(|other| same(&other)) {
            return Err(Seen(format!("{}: {checkpoint}", origin.name)));
        }
    }
    Ok(())
}

/// The checkpoints of a report with as much of their roots as fits a line.
fn short_roots(report: &Value) -> Vec<Value> {
    list(report, "as_of")
        .iter()
        .map(|checkpoint| {
            let mut row = checkpoint.clone();
            row["root"] = json!(format!("{}…", text(checkpoint, "root").get(..16).unwrap_or_default()));
            row
        })
        .collect()
}

/// Step: every node folds its entries again.
pub(super) fn audit(stage: &mut Stage, federation: &Federation) -> Result<(), NotHeld> {
    let (en, zh) = ("Every node folds its entries again: the figures are equal", "各节点重新汇总台账，与统计一致");
    stage.step(en, zh, |stage| {
        // After a cut and two kills every link stands again.
        federation.linked(stage)?;
        let mut rows = Vec::new();
        for hall in &federation.halls {
            let audit = hall.get("/v1/aggregate/audit", &[])?;
            fields(&audit, &[("equal", json!(true)), ("differences", json!([]))])?;
            let status = hall.get("/v1/status", &[])?;
            fields(&status, &[("ready", json!(true))])?;
            rows.push(json!({ "division": hall.division, "name": hall.name, "size": audit["entries"], "valid": audit["equal"] }));
        }
        stage.rows(&rows, &["division", "name", "size", "valid"]);
        Ok(((), json!({ "audits": rows })))
    })
}
