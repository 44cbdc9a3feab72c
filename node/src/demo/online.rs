//! Story 1, 全程网办: a guesthouse of 广安区 renews its hygiene permit from 代市镇.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tongban_domain::catalogue::Mode;

use super::catalogue::HYGIENE;
use super::federation::{Federation, HOME, TOWN};
use super::hall::{Hall, machine};
use super::people::{Applicant, DECIDER, ISSUER, REVIEWER, WINDOW, credit_code, materials};
use super::stage::{Broken, NotHeld, Stage, fields, holds, list, seen, text, wait};
use crate::api::v1::{ActRequest, CollectCase, IssueLicence, VerifyLicence};

/// How long an envelope may take between two halls whose links are up.
pub(super) const DELIVERED_SECONDS_MAX: u64 = 20;

/// Columns in which the acts on a case are shown.
const ACT_COLUMNS: [&str; 5] = ["at", "kind", "place.division", "operator", "note"];

/// A case as its slip names it.
pub(super) struct Slip {
    pub(super) case: String,
    pub(super) collection_no: String,
    pub(super) query_code: String,
}

/// Collects at a window.
pub(super) fn collect(
    hall: &Hall,
    item: &str,
    deciding: &Hall,
    mode: Option<Mode>,
    who: Applicant,
    brought: &[&str],
    hold: bool,
) -> Result<Slip, Broken> {
    let request = CollectCase {
        item: item.to_owned(),
        division: deciding.division,
        mode,
        name: who.name,
        id: who.id,
        materials: materials(brought),
        hold,
        renews: None,
        agent: None,
        by: None,
    };
    let answer = hall.post(WINDOW, "/v1/cases", &request)?;
    Ok(Slip {
        case: text(&answer, "case"),
        collection_no: text(&answer, "collection_no"),
        query_code: text(&answer, "query_code"),
    })
}

/// Waits until a hall holds a case.
pub(super) fn held(stage: &Stage, hall: &Hall, case: &str, tenure: u32) -> Result<Value, Broken> {
    wait(DELIVERED_SECONDS_MAX, stage.of("the case has arrived", "办件已移交"), || {
        let view = hall.case(case)?;
        seen(&view, &[("custody", json!("owner")), ("tenure", json!(tenure))])?;
        Ok(view)
    })
}

/// Issues, delivers, closes; answers with the licence's identifier.
pub(super) fn finish(hall: &Hall, case: &str, kind: &str, until: &str, how: &str) -> Result<String, Broken> {
    let until = until.parse().expect("the days of this folder are days");
    let issue = IssueLicence { case: case.to_owned(), kind: kind.to_owned(), until };
    let licence = text(&hall.post(ISSUER, "/v1/licences", &issue)?, "licence");
    hall.act(WINDOW, case, ActRequest::Deliver { note: Some(how.to_owned()) })?;
    hall.act(WINDOW, case, ActRequest::Close {})?;
    Ok(licence)
}

/// Waits until another hall shows the case as the deciding one does, with every act of both, and shows them.
pub(super) fn both_legs(stage: &Stage, hall: &Hall, deciding: &Hall, case: &str) -> Result<Value, Broken> {
    let there = deciding.case(case)?;
    let view =
        wait(DELIVERED_SECONDS_MAX, stage.of("the other hall knows the outcome", "收件大厅已知结果"), || {
            let view = hall.case(case)?;
            let same = ["state", "case_no", "statutory_due", "promised_due", "calendar", "decided_on", "licences"];
            let expected: Vec<(&str, Value)> = same.iter().map(|field| (*field, there[*field].clone())).collect();
            seen(&view, &expected)?;
            Ok(view)
        })?;
    stage.tell(
        &format!("{} shows the same case, clock and licence as {}:", hall.name, deciding.name),
        &format!("{}与{}显示相同的办件、期限和证照：", hall.name, deciding.name),
    );
    stage.rows(list(&view, "history"), &ACT_COLUMNS);
    Ok(view)
}

fn guesthouse() -> Applicant {
    Applicant { name: "演示河畔旅馆".to_owned(), id: credit_code("92511602MA0000001") }
}

/// Steps of story 1.
pub(super) fn play(stage: &mut Stage, federation: &Federation) -> Result<(), NotHeld> {
    let (home, town) = (federation.hall(HOME), federation.hall(TOWN));
    let (en, zh) =
        ("Story 1, 全程网办: 代市镇 collects a permit renewal for 广安区", "故事一·全程网办：代市镇为广安区收件");
    let case = stage.step(en, zh, |stage| {
        let brought = ["申请书", "卫生检测报告", "从业人员健康证明"];
        let slip = collect(town, HYGIENE, home, Some(Mode::Online), guesthouse(), &brought, false)?;
        stage.tell(
            &format!("Slip {}, query code {}; the legal clock does not run yet.", slip.collection_no, slip.query_code),
            &format!("收件凭证 {}，查询码 {}；法定期限尚未起算。", slip.collection_no, slip.query_code),
        );
        let view = held(stage, home, &slip.case, 2)?;
        fields(
            &view,
            &[("state", json!("collected")), ("statutory_due", Value::Null), ("applicant", json!("演示****"))],
        )?;
        stage.tell(
            &format!("{} holds it now, tenure 2, received on {}.", home.name, text(&view, "received_on")),
            &format!("现由{}经办，第 2 任，收到日期 {}。", home.name, text(&view, "received_on")),
        );
        let detail = json!({ "case": slip.case, "collection_no": slip.collection_no, "query_code": slip.query_code });
        Ok(((slip.case, slip.query_code), detail))
    })?;
    let (case, query_code) = case;
    let licence = decide(stage, federation, &case, &query_code)?;
    verify(stage, federation, &licence)
}

fn decide(stage: &mut Stage, federation: &Federation, case: &str, query_code: &str) -> Result<String, NotHeld> {
    let (home, town) = (federation.hall(HOME), federation.hall(TOWN));
    let (en, zh) =
        ("广安区 accepts, decides, issues the licence, delivers and closes", "广安区受理、决定、制证、送达、办结");
    stage.step(en, zh, |stage| {
        let accepted = home.act(REVIEWER, case, ActRequest::Accept { enough: None })?;
        fields(&accepted, &[("promised_due", json!("2026-09-20")), ("statutory_due", json!("2026-10-16"))])?;
        fields(&home.case(case)?, &[("accepted_on", json!("2026-09-14")), ("provisional", json!(false))])?;
        let number = text(&accepted, "case_no");
        holds(!number.is_empty(), "case_no", &accepted)?;
        stage.tell(
            &format!("Accepted on Monday 2026-09-14 as {number}; promised by 2026-09-20, a worked Sunday; statutory 2026-10-16, after the National Day week."),
            &format!("2026-09-14（星期一）受理，办件编号 {number}；承诺 2026-09-20（星期日，调休上班）办结；法定期限 2026-10-16（跨国庆假期）。"),
        );
        home.act(DECIDER, case, ActRequest::Decide { grant: true, reason: None })?;
        let licence = finish(home, case, "公共场所卫生许可证", "2030-09-13", "在线送达（演示）")?;
        federation.count(HOME, "granted");
        let view = both_legs(stage, town, home, case)?;
        fields(&view, &[("state", json!("closed")), ("custody", json!("elsewhere")), ("licences", json!([licence]))])?;
        let proof = guesthouse().id;
        let proof = proof.get(proof.len() - 6..);
        let query = [("code", Some(query_code)), ("proof", proof)];
        let progress = federation.hall(super::federation::NEIGHBOUR).get("/v1/cases/progress", &query)?;
        fields(&progress, &[("state", json!("closed"))])?;
        stage.tell(
            &format!("The query code {query_code} with the end of the applicant's number finds it from 前锋区 as well: {}.", text(&progress, "state")),
            &format!("在前锋区凭查询码 {query_code} 和证件号码后六位也能查到：{}。", text(&progress, "state_zh")),
        );
        let detail = json!({
            "case": case, "case_no": number, "accepted_on": "2026-09-14",
            "promised_due": accepted["promised_due"], "statutory_due": accepted["statutory_due"], "licence": licence,
        });
        Ok((licence, detail))
    })
}

fn verify(stage: &mut Stage, federation: &Federation, licence: &str) -> Result<(), NotHeld> {
    let (home, town) = (federation.hall(HOME), federation.hall(TOWN));
    let (en, zh) = (
        "代市镇 verifies the licence by identifier and by file; a forged file is refused",
        "代市镇验证证照；被篡改的文件不通过",
    );
    stage.step(en, zh, |stage| {
        let ask = |request: VerifyLicence| town.post(WINDOW, "/v1/licences/verify", &request);
        let by_id = verified(stage, town, licence)?;
        fields(&by_id, &[("demo", json!(true))])?;
        let shown = home.get("/v1/licences/show", &[("licence", Some(licence))])?;
        let sealed = BASE64.decode(text(&shown, "file")).unwrap_or_default();
        let path = home.directory.with_file_name("licence.cose");
        std::fs::write(&path, &sealed).map_err(|error| machine(&error))?;
        let by_file = ask(VerifyLicence { id: None, file: Some(BASE64.encode(&sealed)) })?;
        fields(&by_file, &[("valid", json!(true)), ("licence", json!(licence))])?;
        stage.tell(
            &format!("{licence}: {}", text(&by_file, "en")),
            &format!("{licence}：{}", text(&by_file, "zh")),
        );
        stage.rows(std::slice::from_ref(&by_file), &["licence", "type_name", "authority", "valid_until", "demo"]);
        let forged = renamed(&sealed).ok_or_else(|| Broken::Differs {
            expected: "the holder's name in the sealed file".to_owned(),
            found: format!("{} bytes without it", sealed.len()),
        })?;
        let refused = ask(VerifyLicence { id: None, file: Some(BASE64.encode(&forged)) })?;
        fields(&refused, &[("valid", json!(false)), ("reason", json!("tampered"))])?;
        stage.tell(
            &format!("The same file with another holder's name: {}.", text(&refused, "en")),
            &format!("改动持证人名称后的文件：{}。", text(&refused, "zh")),
        );
        let detail = json!({ "licence": licence, "by_id": by_id["reason"], "by_file": by_file["reason"], "forged": refused["reason"] });
        Ok(((), detail))
    })
}

/// Verifies a licence by its identifier at a hall. Its authority is seconds old: the record with its seal key may still be on the way there.
pub(super) fn verified(stage: &Stage, hall: &Hall, licence: &str) -> Result<Value, Broken> {
    wait(DELIVERED_SECONDS_MAX, stage.of("the licence is valid", "证照有效"), || {
        let request = VerifyLicence { id: Some(licence.to_owned()), file: None };
        let verdict = hall.post(WINDOW, "/v1/licences/verify", &request)?;
        seen(&verdict, &[("reason", json!("valid")), ("valid", json!(true))])?;
        Ok(verdict)
    })
}

/// The sealed file with another holder: 河畔旅馆 becomes 江畔旅馆.
fn renamed(sealed: &[u8]) -> Option<Vec<u8>> {
    let (from, to) = ("河畔".as_bytes(), "江畔".as_bytes());
    let at = sealed.windows(from.len()).position(|window| window == from)?;
    let mut forged = sealed.to_vec();
    forged[at..at + to.len()].copy_from_slice(to);
    Some(forged)
}
