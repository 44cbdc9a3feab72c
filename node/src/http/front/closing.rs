//! Front databases: which there are, and their end. A closed one is told nothing more, and takes no place among those to which cases are reported.
//!
//! What was told it, and its answers to that, are remembered on: a batch that was on its way when it was closed is recorded, and can be reconciled.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tongban_domain::Role;
use tongban_storage::Read;
use tongban_storage::keyspace::front::{CASE_FRONT, CASE_FRONTS_MAX, CaseFront, CaseFronts, FRONT, FrontRow, stands};

use super::super::{App, Body, Call, Failure, admit, problem};
use super::{check_channel, replied};
use crate::api::v1::{FrontStanding, Fronts, NameFront};
use crate::engine::{ExchangeEvent, Outside};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/front", get(list))
        .route("/v1/front/close", post(close))
        .route("/v1/front/open", post(open))
}

/// Refuses to report to a front database that is closed.
pub(super) fn check_open(read: &dyn Read, channel: &str) -> Result<(), Failure> {
    let Some(since) = FRONT.load(read, &channel.to_owned())?.and_then(|front| front.closed) else { return Ok(()) };
    let day = since.date();
    let en = format!("this front database was closed on {day}, and nothing more is reported to it");
    let zh = format!("该前置库已于 {day} 停用，不再上报");
    Err(problem("front-closed", "channel", channel, &en, &zh).remedy(
        "open it again: tongban front open NAME; or give another name in the mapping",
        "重新启用：tongban front open 名称；或在映射文件中改用其他名称",
    ))
}

/// Refuses to report cases to one front database more than may be.
pub(super) fn check_room(fronts: CaseFronts, channel: &str) -> Result<(), Failure> {
    if fronts.fronts.len() < CASE_FRONTS_MAX {
        return Ok(());
    }
    let names: Vec<String> = fronts.fronts.into_keys().collect();
    let en = format!("cases are reported to {CASE_FRONTS_MAX} front databases already: {}", names.join(", "));
    let zh = format!("办件已上报 {CASE_FRONTS_MAX} 个前置库：{}", names.join("、"));
    Err(problem("front-limit", "channel", channel, &en, &zh).remedy(
        "use the name of one of them in the mapping, or close one: tongban front close NAME",
        "映射文件中使用其中一个名称，或停用一个：tongban front close 名称",
    ))
}

/// Refuses a name under which nothing was ever reported.
fn check_known(read: &dyn Read, channel: &str) -> Result<FrontRow, Failure> {
    let row = FRONT.load(read, &channel.to_owned())?;
    if row.is_none() && stands(read, channel)?.is_none() {
        let (en, zh) = ("nothing was ever reported to a front database of this name", "从未向该名称的前置库上报");
        return Err(problem("front-unreported", "channel", channel, en, zh)
            .remedy("see which there are: tongban front list", "查看已有的前置库：tongban front list"));
    }
    Ok(row.unwrap_or_default())
}

async fn list(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let state = app.state();
    let rows: BTreeMap<String, FrontRow> = FRONT.list(state, &[], None, usize::MAX)?.into_iter().collect();
    let mut cases = CASE_FRONT.load(state, &())?.unwrap_or_default().fronts;
    let mut fronts: BTreeMap<String, FrontStanding> = BTreeMap::new();
    for (name, row) in rows {
        let own = cases.remove(&name).or_else(|| row.cases.clone()).unwrap_or_default();
        fronts.insert(name.clone(), standing(name, row, own));
    }
    for (name, own) in cases {
        fronts.insert(name.clone(), standing(name, FrontRow::default(), own));
    }
    Ok(Json(Fronts { fronts: fronts.into_values().collect() }).into_response())
}

fn standing(front: String, row: FrontRow, cases: CaseFront) -> FrontStanding {
    FrontStanding {
        front,
        item_batch: row.batch,
        items_reported: row.reported,
        case_batch: cases.batch,
        cases_reported: cases.reported,
        untaken: cases.untaken,
        closed_since: row.closed,
    }
}

async fn close(State(app): State<App>, call: Call, body: Body<NameFront>) -> Result<Response, Failure> {
    turn(&app, &call, body.value.channel, true).await
}

async fn open(State(app): State<App>, call: Call, body: Body<NameFront>) -> Result<Response, Failure> {
    turn(&app, &call, body.value.channel, false).await
}

/// Closes or opens; done twice, it is done once.
async fn turn(app: &App, call: &Call, channel: String, closes: bool) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = call.one_of(app, &[Role::Admin])?;
    check_channel(&channel)?;
    admit(app)?;
    tracing::info!(operator, channel, closes, "a front database is closed or opened again");
    let settled = app.shared.settle(move |read, _, _| {
        let row = check_known(read, &channel).map_err(|failure| failure.0)?;
        let reply = json!({ "front": channel, "closed": closes });
        if row.closed.is_some() == closes {
            return Ok(Outside { reply, ..Outside::default() });
        }
        if closes {
            let exchange = vec![ExchangeEvent::FrontClosed { channel }];
            return Ok(Outside { exchange, reply, ..Outside::default() });
        }
        if row.cases.is_some() {
            check_room(CASE_FRONT.load(read, &())?.unwrap_or_default(), &channel).map_err(|failure| failure.0)?;
        }
        let exchange = vec![ExchangeEvent::FrontOpened { channel }];
        Ok(Outside { exchange, reply, ..Outside::default() })
    });
    Ok(replied(settled.await?))
}
