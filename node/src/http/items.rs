//! The catalogue.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tongban_domain::Command;
use tongban_domain::catalogue::{BaseItem, Import, ItemState, ServiceItem};
use tongban_storage::keyspace::item;
use tongban_storage::keyspace::key::stem;

use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{ClaimItem, ImportItems, ItemQuery, ItemRef, ItemView, PublishItems};

/// Rows that one request may import.
const ROWS_MAX: usize = 5_000;
/// Items in one list.
const LIMIT_MAX: usize = 10_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/items", get(list))
        .route("/v1/items/import", post(import))
        .route("/v1/items/publish", post(publish))
        .route("/v1/items/claim", post(claim))
        .route("/v1/items/withdraw", post(withdraw))
}

async fn import(State(app): State<App>, call: Call, body: Body<ImportItems>) -> Result<Response, Failure> {
    let ImportItems { rows, terms } = body.value;
    if rows.len() > ROWS_MAX {
        return Err(problem(
            "invalid-request",
            "rows",
            &rows.len().to_string(),
            "more than 5,000 rows at once; send them in parts",
            "一次超过 5000 行，请分批",
        ));
    }
    act(&app, &call, body.digest, Command::ImportItems(Import { rows, terms })).await
}

async fn publish(State(app): State<App>, call: Call, body: Body<PublishItems>) -> Result<Response, Failure> {
    act(&app, &call, body.digest, Command::PublishItems(body.value.item)).await
}

async fn claim(State(app): State<App>, call: Call, body: Body<ClaimItem>) -> Result<Response, Failure> {
    let ClaimItem { base_code, terms } = body.value;
    act(&app, &call, body.digest, Command::ClaimItem { base_code, terms }).await
}

async fn withdraw(State(app): State<App>, call: Call, body: Body<ItemRef>) -> Result<Response, Failure> {
    act(&app, &call, body.digest, Command::WithdrawItem(body.value.item)).await
}

fn state(state: ItemState) -> String {
    state.name().to_owned()
}

fn view(item: ServiceItem) -> ItemView {
    ItemView {
        core: item.core.digest().to_string(),
        code: item.code,
        name: item.core.name,
        item_type: item.core.item_type,
        base_code: item.core.base_code,
        legal_basis: item.core.legal_basis,
        state: state(item.state),
        kind: "item".to_owned(),
        version: item.version,
        department: item.department,
        division: item.division,
        statutory_days: item.statutory.map(|term| term.days),
        promised_days: item.promised.map(|term| term.days),
        modes: item.modes,
        covered: item.covered,
        effective: item.effective,
        findings: item.findings.len(),
    }
}

fn base_view(base: BaseItem) -> ItemView {
    ItemView {
        core: base.core.digest().to_string(),
        code: base.core.base_code.clone().unwrap_or_default(),
        name: base.core.name,
        item_type: base.core.item_type,
        base_code: base.core.base_code,
        legal_basis: base.core.legal_basis,
        state: state(base.state),
        kind: "base".to_owned(),
        version: base.version,
        department: base.department,
        division: base.division,
        statutory_days: base.statutory_days,
        promised_days: base.promised_days,
        modes: Vec::new(),
        covered: Vec::new(),
        effective: base.effective,
        findings: 0,
    }
}

async fn list(State(app): State<App>, Query(query): Query<ItemQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let limit = query.limit.unwrap_or(LIMIT_MAX).min(LIMIT_MAX);
    let read = app.state();
    let after = query.after.as_ref();
    let mut rows = Vec::new();
    if let Some(division) = query.division
        && division != app.shared.here().division
    {
        let key = after.map(|code| (division, code.clone()));
        let found = item::FOREIGN.list(read, &stem(&division), key.as_ref(), limit)?;
        rows.extend(found.into_iter().map(|(_, foreign)| view(foreign.item)));
        return Ok(listed("items", rows).into_response());
    }
    let stage = query.stage.as_deref();
    if !matches!(stage, None | Some("base" | "draft" | "in-force")) {
        let value = stage.unwrap_or_default();
        return Err(problem(
            "invalid-request",
            "stage",
            value,
            "stages are base, draft, in-force",
            "stage 为 base、draft、in-force",
        ));
    }
    if matches!(stage, None | Some("base")) {
        rows.extend(item::BASE.list(read, &[], after, limit)?.into_iter().map(|(_, base)| base_view(base)));
    }
    if matches!(stage, None | Some("in-force")) {
        rows.extend(item::ITEM.list(read, &[], after, limit)?.into_iter().map(|(_, item)| view(item)));
    }
    if matches!(stage, None | Some("draft")) {
        rows.extend(item::DRAFT.list(read, &[], after, limit)?.into_iter().map(|(_, item)| view(item)));
    }
    rows.truncate(limit);
    Ok(listed("items", rows).into_response())
}
