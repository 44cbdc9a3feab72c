//! What waits and why, and what was put aside.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_codes::ids::CaseId;
use tongban_storage::keyspace::case;

use super::peers::{administrator, sync_status};
use super::{App, Body, Call, Failure, Query, admit, listed, problem};
use crate::api::v1::{PeerQuery, QuarantineQuery, QuarantineView, Replay, ReplayView, WaitingView, WhyQuery};
use crate::exchange::quarantine::{self, Kept};
use crate::exchange::translate::{body_name, quarantine_text};
use crate::exchange::why::{Links, Sources, of_case};

/// Rows of a list.
const LIMIT_MAX: usize = 1000;

/// Envelopes that are looked through for the one that is meant.
const SOUGHT_MAX: usize = 100_000;

/// The shortest beginning of an id that is taken for it.
const ID_DIGITS_MIN: usize = 6;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/sync/status", get(sync_status))
        .route("/v1/sync/why", get(why))
        .route("/v1/sync/quarantine", get(list))
        .route("/v1/sync/quarantine/replay", post(replay))
}

fn view(app: &App, kept: Kept) -> Result<QuarantineView, Failure> {
    let directory = app.shared.directory();
    let entry = directory.node(&kept.origin);
    let known = case::CASE.load(app.state(), &kept.subject)?;
    let code = kept.code.unwrap_or_else(|| "ready".to_owned());
    let (en, zh) = quarantine_text(&code);
    Ok(QuarantineView {
        id: kept.id.to_string(),
        origin: kept.origin,
        division: entry.map(|entry| entry.certification.division).or(kept.row.division),
        name: entry.map_or_else(String::new, |entry| entry.record.name.clone()),
        subject: kept.subject,
        collection_no: known.map(|case| case.collection_no),
        act: kept.act,
        body: body_name(kept.row.kind).map_or_else(|| kept.row.kind.to_string(), str::to_owned),
        version: kept.row.version,
        code,
        text_en: en.to_owned(),
        text_zh: zh.to_owned(),
        detail: kept.text,
        said: kept.row.code,
        at: kept.row.at,
        epoch: kept.row.epoch,
        sequence: kept.row.sequence,
        behind: kept.behind,
        bytes: kept.row.sealed.len(),
    })
}

/// Why a peer, or a case, waits.
async fn why(State(app): State<App>, Query(query): Query<WhyQuery>) -> Result<Response, Failure> {
    let peers = sync_status(State(app.clone()), Query(PeerQuery { peer: query.peer.clone() })).await;
    let Some(text) = query.peer.as_ref().filter(|_| peers.is_err()) else { return peers };
    app.fresh().await?;
    let Some(subject) = subject(&app, text)? else { return peers };
    let (directory, links) = (app.shared.directory(), Links::of_views(&app.shared.standings()));
    let now = app.shared.now();
    let sources = Sources {
        state: app.state(),
        directory: &directory,
        links: &links,
        me: app.shared.here().node,
        dial_any: app.shared.parts.direct,
        early: app.shared.handle.early(),
        waits: app.shared.handle.waits(),
        now,
    };
    let rows = of_case(&sources, subject)?.into_iter().map(|waiting| {
        let entry = directory.node(&waiting.node);
        WaitingView {
            case: subject,
            direction: if waiting.is_own { "out" } else { "in" }.to_owned(),
            node: waiting.node,
            division: entry.map(|entry| entry.certification.division),
            name: entry.map_or_else(String::new, |entry| entry.record.name.clone()),
            body: waiting.body,
            act: waiting.act,
            since: waiting.cause.since,
            age_millis: waiting.cause.age_millis(now),
            cause: waiting.cause.reason.name().to_owned(),
            cause_en: waiting.cause.reason.en().to_owned(),
            cause_zh: waiting.cause.reason.zh().to_owned(),
            code: waiting.code,
            next_try: waiting.cause.next_try,
            command: waiting.cause.reason.command().unwrap_or_default().to_owned(),
        }
    });
    Ok(listed("waiting", rows.collect()).into_response())
}

/// The case that a text names: known here, or only by what lies in quarantine.
fn subject(app: &App, text: &str) -> Result<Option<CaseId>, Failure> {
    if let Some(case) = case::named(app.state(), text)? {
        return Ok(Some(case.id));
    }
    let Ok(id) = text.trim().parse::<CaseId>() else { return Ok(None) };
    let kept = quarantine::list(app.state(), &app.shared.handle.waits(), SOUGHT_MAX)?
        .into_iter()
        .any(|kept| kept.subject == id);
    Ok((kept || app.shared.handle.early().iter().any(|early| early.subject == id)).then_some(id))
}

/// The envelope whose id begins so.
fn named(app: &App, text: &str) -> Result<Kept, Failure> {
    let text = text.trim().to_ascii_lowercase();
    let unknown = || {
        problem("envelope-unknown", "id", &text, "no envelope of this id is in quarantine", "隔离区中没有该标识的信封")
            .remedy("see: tongban sync quarantine list", "查看：tongban sync quarantine list")
    };
    if text.len() < ID_DIGITS_MIN {
        return Err(unknown());
    }
    let mut found = quarantine::list(app.state(), &app.shared.handle.waits(), SOUGHT_MAX)?
        .into_iter()
        .filter(|kept| kept.id.to_string().starts_with(&text));
    match (found.next(), found.next()) {
        (Some(kept), None) => Ok(kept),
        (None, _) => Err(unknown()),
        (Some(_), Some(_)) => Err(problem(
            "envelope-ambiguous",
            "id",
            &text,
            "several envelopes in quarantine begin so; give more digits",
            "隔离区中有多个信封以此开头",
        )
        .remedy("see their ids: tongban sync quarantine list", "请多写几位，查看：tongban sync quarantine list")),
    }
}

async fn list(State(app): State<App>, Query(query): Query<QuarantineQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let kept = match &query.id {
        Some(id) => vec![named(&app, id)?],
        None => quarantine::list(app.state(), &app.shared.handle.waits(), LIMIT_MAX)?,
    };
    let rows: Result<Vec<QuarantineView>, Failure> = kept.into_iter().map(|kept| view(&app, kept)).collect();
    Ok(listed("quarantine", rows?).into_response())
}

async fn replay(State(app): State<App>, call: Call, body: Body<Replay>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = administrator(&app, &call)?;
    admit(&app)?;
    let only = match &body.value.id {
        Some(id) => {
            let kept = named(&app, id)?;
            Some((kept.origin, kept.subject))
        }
        None => None,
    };
    tracing::info!(operator, all = only.is_none(), "an administrator replays the quarantine");
    let handle = &app.shared.handle;
    let done = quarantine::replay(handle, app.state(), only, |origin| app.shared.place_of(origin)).await?;
    let rows: Vec<ReplayView> = done
        .into_iter()
        .map(|replayed| ReplayView {
            id: replayed.id.to_string(),
            origin: replayed.origin,
            subject: replayed.subject,
            act: replayed.act,
            outcome: replayed.outcome,
            code: replayed.code,
            detail: replayed.text,
        })
        .collect();
    Ok(Json(std::collections::BTreeMap::from([("replayed", rows)])).into_response())
}
