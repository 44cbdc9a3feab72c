//! Status, peers, invitations and joining.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_domain::{Command, Role};
use tongban_federation::limits;
use tongban_storage::keyspace::case;

use super::work::{short_handed, unattended};
use super::{App, Body, Call, Failure, Query, listed, problem};
use crate::api::v1::{Invite, Join, PeerQuery, PeerView, Problem, ReadmitPeer, RevokePeer, Status, Token};
use crate::exchange::{Nudge, invite, join, own_certificate, readmit, revoke};
use crate::runtime::nudge;

/// How far the clocks of two nodes may differ before it is a finding.
const CLOCK_SECONDS_TOLERATED: i64 = 300;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/invites", post(invite_node))
        .route("/v1/join", post(join_tree))
        .route("/v1/peers", get(sync_status))
        .route("/v1/peers/revoke", post(revoke_peer))
        .route("/v1/peers/readmit", post(readmit_peer))
}

async fn status(State(app): State<App>) -> Result<Response, Failure> {
    let node = app.shared.node();
    let handle = &app.shared.handle;
    let (free, low) = (app.shared.room.free_bytes(), app.shared.room.low_bytes());
    let mut findings = Vec::new();
    let mut finding = |code: &str, en: String, zh: String, remedy_en: &str, remedy_zh: &str| {
        findings.push(Problem {
            code: code.to_owned(),
            en,
            zh,
            remedy_en: remedy_en.to_owned(),
            remedy_zh: remedy_zh.to_owned(),
            ..Problem::default()
        });
    };
    if free < low {
        finding(
            "disk-low",
            format!("{} MiB free: nothing new is taken below {} MiB", free >> 20, low >> 20),
            format!("磁盘剩余 {} MiB，低于 {} MiB，暂停受理", free >> 20, low >> 20),
            "free space",
            "清理磁盘",
        );
    }
    if app.shared.room.is_without_ballast() {
        finding(
            "ballast-gone",
            format!("{} MiB free: the disk was nearly full, and the room in reserve was given up", free >> 20),
            format!("磁盘剩余 {} MiB：磁盘将满，已动用预留空间", free >> 20),
            "free space at once; what was admitted is safe",
            "立即清理磁盘；已收办件不受影响",
        );
    }
    let calendar = tongban_codes::calendar::Calendar::embedded();
    let today = app.shared.now().date();
    if today.year() > calendar.last_year() || (today.year() == calendar.last_year() && today.month().month() >= 11) {
        finding(
            "calendar-ends",
            format!("the working-day calendar ends with {}; later deadlines are provisional", calendar.last_year()),
            format!("工作日历止于 {} 年，之后的期限为暂定", calendar.last_year()),
            "install the release with the next calendar when the State Council has published it",
            "国务院公布后安装含新日历的版本",
        );
    }
    let peers = app.shared.standings();
    for peer in peers.iter().filter(|peer| peer.state == "down" && peer.relation != "other") {
        finding(
            "peer-down",
            format!("{} {} is not reached: {}", peer.division, peer.name, peer.cause_en),
            format!("{} {} 未连接：{}", peer.division, peer.name, peer.cause_zh),
            "tongban sync why",
            "tongban sync why",
        );
    }
    for peer in peers.iter().filter(|peer| peer.relation != "other") {
        let ahead = peer.clock_seconds.unwrap_or(0);
        if ahead.abs() > CLOCK_SECONDS_TOLERATED {
            finding(
                "clock-differs",
                format!("the clock of {} {} is {ahead} seconds ahead of this node's", peer.division, peer.name),
                format!("{} {} 的时钟比本节点快 {ahead} 秒", peer.division, peer.name),
                "set the clock that is wrong: timedatectl",
                "校正有误的时钟：timedatectl",
            );
        }
    }
    if let Some(since) = app.shared.revoked(&node.node) {
        finding(
            "node-revoked",
            format!("this node has been revoked as of {since}: it serves on alone"),
            format!("本节点自 {since} 起已被撤销，只能单机运行"),
            "ask its superior, who may admit it again: tongban peer readmit",
            "联系上级；上级可用 tongban peer readmit 恢复",
        );
    }
    for id in handle.passed_over() {
        let case = case::CASE.load(app.state(), &id)?;
        let case = case.map_or_else(|| id.to_string(), |case| case.case_no.unwrap_or(case.collection_no));
        finding(
            "notice-too-large",
            format!("the clock passes {case} over: what another node must be told of it is larger than an envelope"),
            format!("{case} 到期而未登记：须通知对方的内容超过信封上限"),
            "fewer materials, where some may still go: tongban case show CASE; what a notice has asked for gets no shorter: tell the vendor; everything else that is due is done",
            "可减少的材料予以减少：tongban case show 办件；已告知的补正要求不会变少，应联系供应方；其余到期事项照常办理",
        );
    }
    for item in unattended(&app)? {
        finding(
            "no-decider",
            format!("cases of {item} wait, and nobody in service may decide on it"),
            format!("{item} 有待办件，但无人有权决定"),
            "tongban operator mandate NAME --item CODE, or tongban operator enable NAME",
            "tongban operator mandate 姓名 --item 编码，或 tongban operator enable 姓名",
        );
    }
    for (item, step, signers, there) in short_handed(&app)? {
        finding(
            "signers-missing",
            format!("cases of {item} wait at {step}, which {signers} sign, and {there} in service have the role"),
            format!("{item} 有待办件在“{step}”，需 {signers} 人签署，在岗仅 {there} 人"),
            "tongban operator role NAME --role R, or publish the item with fewer signers",
            "tongban operator role 姓名 --role 角色，或发布签署人数较少的事项版本",
        );
    }
    let certificate = own_certificate(&app.shared.trust());
    if let Some(own) = certificate.as_ref().filter(|own| own.not_after < app.shared.now()) {
        finding(
            "certificate-expired",
            format!("the transport certificate expired at {}, or this clock is ahead", own.not_after),
            format!("传输证书已于 {} 过期，或本机时钟偏快", own.not_after),
            "it renews itself at the next link to the superior: tongban sync why",
            "与上级恢复连接后自动换发：tongban sync why",
        );
    }
    // What can't be applied can't be served.
    let fresh = tokio::time::timeout(std::time::Duration::from_secs(2), handle.fresh()).await;
    let ready = fresh == Ok(true);
    Ok(Json(Status {
        ready,
        node: node.node,
        division: node.division,
        name: node.name,
        demo: node.demo,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        at: app.shared.now(),
        superior: app.shared.trust().superior,
        listen: app.shared.endpoint.local_address().map_or_else(|_| String::new(), |address| address.to_string()),
        committed: handle.committed(),
        applied: handle.applied(),
        log_syncs: app.raft.log_syncs(),
        log_released: app.raft.purged_index(),
        disk_free_bytes: free,
        certificate_until: certificate.map(|own| own.not_after),
        peers,
        findings,
    })
    .into_response())
}

pub(super) async fn sync_status(State(app): State<App>, Query(query): Query<PeerQuery>) -> Result<Response, Failure> {
    let all = app.shared.standings();
    let rows: Vec<PeerView> = match &query.peer {
        None => all,
        Some(text) => {
            let division = text.parse::<DivisionCode>().ok();
            let rows: Vec<PeerView> = all
                .into_iter()
                .filter(|peer| Some(peer.division) == division || peer.node.to_string() == *text)
                .collect();
            if rows.is_empty() {
                return Err(problem("peer-unknown", "peer", text, "no such peer", "没有该节点")
                    .remedy("list them: tongban peer list", "查看：tongban peer list"));
            }
            rows
        }
    };
    Ok(listed("peers", rows).into_response())
}

/// Inviting and joining are the administrator's.
pub(super) fn administrator(app: &App, call: &Call) -> Result<String, Failure> {
    let probe = Command::AddAuthority { name: String::new(), code: None, maps: None };
    let actor = call.actor(app, &probe)?;
    if actor.has(&[Role::Admin]) {
        return Ok(actor.operator);
    }
    Err(problem("role-missing", "operator", &actor.operator, "the role admin is needed", "需要“管理”角色").remedy(
        "act --as an administrator; see: tongban operator list",
        "由管理人员办理（--as）；查看：tongban operator list",
    ))
}

async fn invite_node(State(app): State<App>, call: Call, body: Body<Invite>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = administrator(&app, &call)?;
    let division = body.value.division;
    let seconds = body.value.expires_seconds.unwrap_or(24 * 3600);
    let (token, expires) = invite(&app.shared, division, seconds, operator).await?;
    Ok(Json(Token { token, division, expires }).into_response())
}

async fn join_tree(State(app): State<App>, call: Call, body: Body<Join>) -> Result<Response, Failure> {
    app.fresh().await?;
    administrator(&app, &call)?;
    let joined = join(&app.shared, &body.value.token).await?;
    nudge(&app.nudge, Nudge::Look);
    Ok(Json(joined).into_response())
}

async fn revoke_peer(State(app): State<App>, call: Call, body: Body<RevokePeer>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = administrator(&app, &call)?;
    let RevokePeer { peer, from, reason } = body.value;
    if reason.trim().is_empty() || reason.len() > limits::TEXT_BYTES_MAX {
        return Err(problem("invalid-field", "reason", &reason, "say why, in a sentence", "请用一句话写明理由")
            .remedy("give --reason", "请填写 --reason"));
    }
    let node = node_named(&app, &peer)?;
    let revoked = revoke(&app.shared, node, from.start(), reason, &operator).await?;
    nudge(&app.nudge, Nudge::Look);
    Ok(Json(revoked).into_response())
}

async fn readmit_peer(State(app): State<App>, call: Call, body: Body<ReadmitPeer>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = administrator(&app, &call)?;
    let node = node_named(&app, &body.value.peer)?;
    let readmitted = readmit(&app.shared, node, &operator).await?;
    nudge(&app.nudge, Nudge::Look);
    Ok(Json(readmitted).into_response())
}

/// The node that is meant: by its id, or by its division where only one serves it.
pub(super) fn node_named(app: &App, text: &str) -> Result<NodeId, Failure> {
    let directory = app.shared.directory();
    let found = match (text.parse::<NodeId>(), text.parse::<DivisionCode>()) {
        (Ok(node), _) => directory.node(&node).map(|entry| entry.record.node),
        (_, Ok(division)) => match directory.by_division(division).as_slice() {
            [one] => Some(one.record.node),
            _ => None,
        },
        _ => None,
    };
    found.ok_or_else(|| {
        problem(
            "peer-unknown",
            "peer",
            text,
            "no such peer, or more than one: give its node id",
            "没有该节点，或不止一个，请给出节点标识",
        )
        .remedy("list them: tongban peer list", "查看：tongban peer list")
    })
}
