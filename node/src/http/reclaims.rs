//! Reclaims: what is asked of this node, and what it orders or declines.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_domain::Command;
use tongban_domain::case::ReclaimRow;
use tongban_storage::keyspace::case;

use super::peers::{administrator, node_named};
use super::{App, Body, Call, Failure, act, listed, problem};
use crate::api::v1::{DeclineReclaim, OrderReclaim, ReclaimView};
use crate::engine::Refused;
use crate::exchange::reclaim::witness;

/// Reclaims that are looked through.
const SOUGHT_MAX: usize = 100_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/cases/reclaims", get(list))
        .route("/v1/cases/reclaims/order", post(order))
        .route("/v1/cases/reclaims/decline", post(decline))
}

fn view(app: &App, id: CaseId, row: &ReclaimRow) -> Option<ReclaimView> {
    let request = row.request.as_ref()?;
    let stage = match (&row.order, &row.declined) {
        (Some(_), _) => "ordered",
        (None, Some(_)) => "turned-down",
        (None, None) => "undecided",
    };
    Some(ReclaimView {
        case: id,
        collection_no: request.known.collection_no.clone(),
        item_name: request.known.item.core.name.clone(),
        state: request.known.status.name().to_owned(),
        asker: request.known.collecting.division,
        lost: request.lost.division,
        lost_node: request.lost.node,
        revoked: app.shared.revoked(&request.lost.node),
        reason: request.reason.clone(),
        asked_at: request.at,
        request: stage.to_owned(),
        tenure: row.order.as_ref().map(|order| order.tenure),
    })
}

async fn list(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let rows = case::RECLAIM.list(app.state(), &[], None, SOUGHT_MAX)?;
    let mut views: Vec<ReclaimView> = rows.iter().filter_map(|(id, row)| view(&app, *id, row)).collect();
    views.sort_by_key(|view| (view.request != "undecided", view.asked_at));
    Ok(listed("reclaims", views).into_response())
}

/// The reclaim that a text names: by id, collection number or query code of the case.
fn named(app: &App, text: &str) -> Result<(CaseId, ReclaimRow), Failure> {
    let text = text.trim();
    let (id, code) = (text.parse::<CaseId>().ok(), text.parse::<QueryCode>().ok());
    let rows = case::RECLAIM.list(app.state(), &[], None, SOUGHT_MAX)?;
    let is = |(case, row): &(CaseId, ReclaimRow)| {
        let known = row.request.as_ref().map(|request| &request.known);
        Some(*case) == id || known.is_some_and(|known| known.collection_no == text || Some(known.query_code) == code)
    };
    rows.into_iter().find(is).ok_or_else(|| {
        problem("reclaim-unasked", "case", text, "nobody asks this node for that case", "没有向本节点申请收回该办件")
            .remedy("see what is asked for: tongban case reclaims", "查看申请：tongban case reclaims")
    })
}

async fn order(State(app): State<App>, call: Call, body: Body<OrderReclaim>) -> Result<Response, Failure> {
    app.fresh().await?;
    administrator(&app, &call)?;
    if let Some(answered) = call.answered(&app, body.digest).await? {
        return Ok(answered);
    }
    let OrderReclaim { case, to, as_told } = body.value;
    let (id, row) = named(&app, &case)?;
    let successor = match to {
        Some(text) => {
            let node = node_named(&app, &text)?;
            app.shared.place_of(&node)
        }
        None => None,
    };
    let request = row.request.clone().filter(|_| row.open().is_some());
    let request = request.ok_or_else(|| {
        problem("reclaim-unasked", "case", &case, "this reclaim was ordered or declined before", "该收回申请已经处理")
            .remedy("see how: tongban case reclaims", "查看：tongban case reclaims")
    })?;
    // The lost node's journal may be long.
    let shared = std::sync::Arc::clone(&app.shared);
    let found = tokio::task::spawn_blocking(move || witness(&shared, &request, successor, as_told)).await;
    let witness = found.map_err(|error| Failure(Refused::fault(&error)))?;
    let witness = witness.map_err(|refused| match &refused {
        Refused::Problem(problem) if problem.code == "reclaim-not-revoked" => Failure(refused).remedy(
            "tongban peer revoke NODE --from DATE --reason T",
            "tongban peer revoke 节点 --from 日期 --reason 理由",
        ),
        _ => Failure(refused),
    })?;
    act(&app, &call, body.digest, Command::OrderReclaim { case: id, witness: Box::new(witness) }).await
}

async fn decline(State(app): State<App>, call: Call, body: Body<DeclineReclaim>) -> Result<Response, Failure> {
    app.fresh().await?;
    let DeclineReclaim { case, reason } = body.value;
    let (id, _) = named(&app, &case)?;
    act(&app, &call, body.digest, Command::DeclineReclaim { case: id, reason }).await
}
