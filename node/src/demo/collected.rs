//! Story 2, 异地代收代办: the link is cut in the middle of the hand-over, and the deciding node loses power.

use std::time::Instant;

use serde_json::{Value, json};
use tongban_domain::catalogue::Mode;

use super::catalogue::DISABILITY;
use super::federation::{Federation, HOME, NEIGHBOUR, TOWN};
use super::online::{Slip, both_legs, collect, finish, held, verified};
use super::people::{DECIDER, NEWCOMER, REVIEWER, WINDOW, person};
use super::stage::{NotHeld, Seen, Stage, fields, holds, list, refused, seen, text, wait};
use crate::api::v1::ActRequest;

/// How long a node may take to notice that a link is dead: the transport's idle time and some more.
const NOTICED_SECONDS_MAX: u64 = 20;
/// How long a healed link may take to be up again: it is tried anew within seconds, each time later.
const HEALED_SECONDS_MAX: u64 = 60;
/// How long the five nodes may take to name the same owner once links are up.
const AGREED_SECONDS_MAX: u64 = 5;

/// Steps of story 2.
pub(super) fn play(stage: &mut Stage, federation: &Federation) -> Result<(), NotHeld> {
    let slip = cut(stage, federation)?;
    heal(stage, federation, &slip)?;
    restart(stage, federation, &slip)?;
    refuse(stage, federation, &slip)?;
    conclude(stage, federation, &slip)
}

fn cut(stage: &mut Stage, federation: &Federation) -> Result<Slip, NotHeld> {
    let (home, town, neighbour) = (federation.hall(HOME), federation.hall(TOWN), federation.hall(NEIGHBOUR));
    let (en, zh) = (
        "Story 2, 异地代收代办: the cable is pulled in the middle of the hand-over",
        "故事二·异地代收代办：移交途中断网",
    );
    stage.step(en, zh, |stage| {
        let daughter = person("李秀英", "19580312", 1);
        let brought = ["残疾人证原件", "居民身份证", "照片", "换领申请表"];
        let slip = collect(town, DISABILITY, home, Some(Mode::Collect), daughter, &brought, true)?;
        stage.tell(
            &format!("{} collects for {}: slip {}.", town.name, home.name, slip.collection_no),
            &format!("{}为{}代收：收件凭证 {}。", town.name, home.name, slip.collection_no),
        );
        federation.cut(TOWN);
        let offered = town.act(WINDOW, &slip.case, ActRequest::Offer {})?;
        let peer = wait(NOTICED_SECONDS_MAX, stage.of("代市镇 notices the cut", "代市镇发现断网"), || {
            let peer = town.peer(neighbour)?;
            if peer["state"] == "up" { Err(Seen::from(peer)) } else { Ok(peer) }
        })?;
        stage.tell(
            &format!("All links of {} are cut; sync why says: {}.", town.name, text(&peer, "cause_en")),
            &format!("{}的链路全部中断；sync why 显示：{}。", town.name, text(&peer, "cause_zh")),
        );
        let view = town.case(&slip.case)?;
        let slip_only = [
            ("custody", json!("offered")),
            ("tenure", json!(1)),
            ("state", json!("collected")),
            ("case_no", Value::Null),
            ("accepted_on", Value::Null),
            ("statutory_due", Value::Null),
        ];
        fields(&view, &slip_only)?;
        stage.tell(
            "case show at 代市镇: offered, tenure 1; still a collection slip (收件凭证), nothing is accepted.",
            "代市镇 case show：移交中，第 1 任；仍是收件凭证，尚未受理。",
        );
        let place = town.whereis(&slip.case)?;
        fields(
            &place,
            &[("division", json!(town.division)), ("handover", json!(home.division)), ("tenure", json!(1))],
        )?;
        stage.rows(std::slice::from_ref(&place), &["division", "tenure", "handover", "as_of"]);
        refused(home.case(&slip.case), "case-unknown")?;
        // Frozen: nobody may act on it at 代市镇 while the offer is open.
        let frozen = town.act(WINDOW, &slip.case, ActRequest::Withdraw { reason: None });
        holds(frozen.is_err(), "every act is frozen while the offer is open", offered)?;
        let detail = json!({ "case": slip.case, "collection_no": slip.collection_no, "whereis": place, "link": peer });
        Ok((slip, detail))
    })
}

fn heal(stage: &mut Stage, federation: &Federation, slip: &Slip) -> Result<(), NotHeld> {
    let home = federation.hall(HOME);
    let (en, zh) =
        ("The cable is plugged in again: custody arrives by itself, once", "恢复联网：办件自动移交，且仅一次");
    stage.step(en, zh, |stage| {
        federation.heal(TOWN);
        let healed = Instant::now();
        wait(HEALED_SECONDS_MAX, stage.of("custody arrives at 广安区", "广安区接收办件"), || {
            let view = home.case(&slip.case)?;
            seen(&view, &[("custody", json!("owner")), ("tenure", json!(2))])
        })?;
        let arrived = healed.elapsed().as_millis();
        stage.tell(
            &format!("{} took custody {arrived} ms after the healing.", home.name),
            &format!("恢复 {arrived} 毫秒后，{}接收了办件。", home.name),
        );
        let agreed = Instant::now();
        let rows = wait(
            AGREED_SECONDS_MAX,
            stage.of("all five name 广安区, tenure 2", "五个节点均指向广安区，第 2 任"),
            || {
                let mut rows = Vec::new();
                for hall in &federation.halls {
                    let place = hall.whereis(&slip.case)?;
                    let expected =
                        [("division", json!(home.division)), ("tenure", json!(2)), ("handover", Value::Null)];
                    seen(&place, &expected).map_err(|Seen(found)| Seen(format!("{}: {found}", hall.name)))?;
                    rows.push(json!({
                        "name": hall.name, "division": place["division"], "authority": place["authority"],
                        "tenure": place["tenure"], "as_of": place["as_of"],
                    }));
                }
                Ok(rows)
            },
        )?;
        let took = agreed.elapsed().as_millis();
        stage.tell(
            &format!("whereis, asked of all five ({took} ms):"),
            &format!("在五个节点分别查询 whereis（{took} 毫秒）："),
        );
        stage.rows(&rows, &["name", "division", "authority", "tenure", "as_of"]);
        Ok(((), json!({ "arrived_ms": arrived, "agreed_ms": took, "whereis": rows })))
    })
}

fn restart(stage: &mut Stage, federation: &Federation, slip: &Slip) -> Result<(), NotHeld> {
    let home = federation.hall(HOME);
    let (en, zh) = ("广安区 is killed right after acceptance, and starts again", "广安区受理后断电（SIGKILL）再启动");
    stage.step(en, zh, |stage| {
        let accepted = home.act(REVIEWER, &slip.case, ActRequest::Accept { enough: None })?;
        fields(&accepted, &[("promised_due", json!("2026-09-20"))])?;
        let before = home.case(&slip.case)?;
        home.kill()?;
        stage.tell(
            &format!("Acknowledged: {} accepted, promised by {}. Then SIGKILL.", text(&accepted, "case_no"), text(&accepted, "promised_due")),
            &format!("已答复：{} 受理，承诺 {} 办结。随即 SIGKILL。", text(&accepted, "case_no"), text(&accepted, "promised_due")),
        );
        let started = Instant::now();
        home.start()?;
        home.ready(stage)?;
        let millis = started.elapsed().as_millis();
        let view = home.case(&slip.case)?;
        let all = before.as_object().into_iter().flatten();
        let expected: Vec<(&str, Value)> = all.map(|(field, value)| (field.as_str(), value.clone())).collect();
        fields(&view, &expected)?;
        fields(&view, &[("case_no", accepted["case_no"].clone()), ("state", json!("accepted")), ("custody", json!("owner")), ("tenure", json!(2))])?;
        let entries = home.entries()?;
        holds(entries > 0, "journal entries", entries)?;
        stage.tell(
            &format!("Ready after {millis} ms; number, state and clock are as acknowledged; {entries} journal entries."),
            &format!("{millis} 毫秒后就绪；编号、状态、期限与答复一致；台账 {entries} 条。"),
        );
        Ok(((), json!({ "case_no": accepted["case_no"], "ready_ms": millis, "entries": entries, "process": home.process() })))
    })
}

fn refuse(stage: &mut Stage, federation: &Federation, slip: &Slip) -> Result<(), NotHeld> {
    let (home, town) = (federation.hall(HOME), federation.hall(TOWN));
    let (en, zh) = (
        "A decision without mandate, and one by a node without competence, are refused",
        "无授权的决定、无管辖权节点的决定均被拒绝",
    );
    stage.step(en, zh, |stage| {
        let grant = || ActRequest::Decide { grant: true, reason: None };
        let mandate = refused(home.act(NEWCOMER, &slip.case, grant()), "mandate-missing")?;
        stage.tell(
            &format!("{NEWCOMER}: [{}] {}", mandate.problem.code, mandate.problem.en),
            &format!("{NEWCOMER}：［{}］{}", mandate.problem.code, mandate.problem.zh),
        );
        let owner = refused(town.act(DECIDER, &slip.case, grant()), "not-owner")?;
        stage.tell(
            &format!("{}: [{}] {}", town.name, owner.problem.code, owner.problem.en),
            &format!("{}：［{}］{}", town.name, owner.problem.code, owner.problem.zh),
        );
        fields(&home.case(&slip.case)?, &[("state", json!("accepted")), ("decided_on", Value::Null)])?;
        Ok(((), json!({ "refused": [mandate.problem.code, owner.problem.code] })))
    })
}

fn conclude(stage: &mut Stage, federation: &Federation, slip: &Slip) -> Result<(), NotHeld> {
    let (home, town) = (federation.hall(HOME), federation.hall(TOWN));
    let (en, zh) = (
        "区残联 decides; the new card is mailed; both halls show the same",
        "区残联决定、制证、邮寄；两个大厅显示一致",
    );
    stage.step(en, zh, |stage| {
        home.act(DECIDER, &slip.case, ActRequest::Decide { grant: true, reason: None })?;
        let licence = finish(home, &slip.case, "残疾人证", "2036-09-13", "邮寄送达（演示）")?;
        federation.count(HOME, "granted");
        let view = both_legs(stage, town, home, &slip.case)?;
        fields(&view, &[("state", json!("closed")), ("licences", json!([licence]))])?;
        let takes = list(&view, "history").iter().filter(|act| act["kind"] == "take-custody").count();
        holds(takes <= 1, "custody was taken once", takes)?;
        let verdict = verified(stage, town, &licence)?;
        let shown = held(stage, home, &slip.case, 2)?;
        Ok(((), json!({ "licence": licence, "case_no": shown["case_no"], "verified": verdict["reason"] })))
    })
}
