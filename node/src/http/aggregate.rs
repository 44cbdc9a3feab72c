//! Figures, each with the checkpoints it is folded from.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_journal::{Checkpoint, JournalKind};
use tongban_seal::SignedNote;
use tongban_storage::Read;
use tongban_storage::keyspace::lineage::Lineage;
use tongban_storage::keyspace::{Bytes, figure, meta};

use super::{App, Failure, Query, problem};
use crate::api::v1::{AggregateStatus, Audit, CheckpointView, Report, ReportQuery};
use crate::engine::{ACTS, Refused, STANDARDS, dimensions};
use crate::exchange::{Nudge, audit};
use crate::runtime::nudge;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/aggregate/report", get(report))
        .route("/v1/aggregate/pull", post(pull))
        .route("/v1/aggregate/status", get(status))
        .route("/v1/aggregate/audit", get(audit_figures))
        .route("/v1/journal/checkpoint", get(checkpoint))
}

/// Names that `by` takes.
const BY: [&str; 8] = ["division", "item", "month", "outcome", "measure", "type", "mode", "origin"];

async fn report(State(app): State<App>, Query(query): Query<ReportQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let text = query.by.unwrap_or_else(|| "division,item,month,outcome".to_owned());
    let by: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = by.iter().find(|name| !BY.contains(name)) {
        return Err(problem(
            "invalid-request",
            "by",
            unknown,
            "dimensions are division, item, month, outcome, measure, type, mode, origin",
            "维度为 division、item、month、outcome、measure、type、mode、origin",
        ));
    }
    let by: Vec<String> = by.into_iter().map(str::to_owned).collect();
    let item = query.item.map(|code| code.trim().to_owned());
    let reading = app.clone();
    let counted = tokio::task::spawn_blocking(move || count(&*reading.state().snapshot()?, by, item.as_deref()));
    let Counted { by, counts, lineage } = counted.await.map_err(|error| Failure(Refused::fault(&error)))??;
    let rows = counts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(values, count)| {
            let mut row: Map<String, Value> = by.iter().cloned().zip(values.into_iter().map(Value::String)).collect();
            row.insert("count".to_owned(), json!(count));
            Value::Object(row)
        })
        .collect();
    let as_of = checkpoints(&app, app.state(), ACTS)?;
    let items = lineage.map(|lineage| lineage.names().into_iter().map(str::to_owned).collect());
    Ok(Json(Report { rows, items, as_of, demo: app.shared.node().demo }).into_response())
}

/// Figures by the dimensions asked for.
struct Counted {
    by: Vec<String>,
    counts: BTreeMap<Vec<String>, i64>,
    /// The names that were counted, where an item was asked for.
    lineage: Option<Lineage>,
}

fn count(read: &dyn Read, by: Vec<String>, item: Option<&str>) -> Result<Counted, Failure> {
    let lineage = item.map(|code| Lineage::of(read, code)).transpose()?;
    let measured = by.iter().any(|name| name == "measure");
    let mut is_met = false;
    let mut counts: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    figure::FIGURE.visit(read, &[], None, false, |(origin, division, key), count| {
        let parts: BTreeMap<&str, &str> = dimensions(&key).into_iter().collect();
        let named = parts.get("item").copied().unwrap_or("-");
        if lineage.as_ref().is_none_or(|lineage| lineage.holds(division, named)) {
            is_met = true;
            // A case counts by its acceptance; the other measures only when they are asked for.
            if measured || parts.get("measure") == Some(&"accepted") {
                let values = by.iter().map(|name| match name.as_str() {
                    "division" => division.to_string(),
                    "origin" => origin.to_string(),
                    name => parts.get(name).copied().unwrap_or("-").to_owned(),
                });
                *counts.entry(values.collect()).or_default() += count;
            }
        }
        std::ops::ControlFlow::Continue(())
    })?;
    match (item, &lineage) {
        (Some(code), Some(lineage)) if !is_met && !lineage.is_known() => Err(problem(
            "item-unknown",
            "item",
            code,
            "no item of this code is known here, and no figures stand under it",
            "本节点没有该编码的事项，也没有该编码的数据",
        )),
        _ => Ok(Counted { by, counts, lineage }),
    }
}

fn view(checkpoint: &Checkpoint, division: DivisionCode, at: Timestamp) -> CheckpointView {
    CheckpointView {
        origin: checkpoint.origin,
        division,
        journal: if checkpoint.journal == JournalKind::Acts { "acts" } else { "standards" }.to_owned(),
        epoch: checkpoint.epoch,
        size: checkpoint.size,
        root: checkpoint.root.to_string(),
        at,
    }
}

/// The trees that the figures stand on: of this node as folded, of the others as pulled and verified.
fn checkpoints(app: &App, read: &dyn Read, journal: u8) -> Result<Vec<CheckpointView>, Failure> {
    let here = app.shared.here();
    let division = |node: &NodeId| app.shared.place_of(node).map_or(here.division, |place| place.division);
    let mut views = Vec::new();
    let kind = |journal: u8| if journal == ACTS { JournalKind::Acts } else { JournalKind::Standards };
    if let Some(Bytes(bytes)) = meta::FRONTIER.load(read, &journal)?
        && let Ok(frontier) = minicbor::decode::<tongban_journal::Frontier>(&bytes)
    {
        let own = Checkpoint {
            origin: here.node,
            journal: kind(journal),
            epoch: app.shared.epoch,
            size: frontier.size(),
            root: frontier.root(),
        };
        views.push(view(&own, here.division, app.shared.now()));
    }
    for ((origin, of, epoch), row) in meta::PULLED.list(read, &[], None, usize::MAX)? {
        if of != journal {
            continue;
        }
        let Ok(frontier) = minicbor::decode::<tongban_journal::Frontier>(&row.frontier) else { continue };
        let pulled = Checkpoint { origin, journal: kind(journal), epoch, size: frontier.size(), root: frontier.root() };
        views.push(view(&pulled, division(&origin), row.at));
    }
    Ok(views)
}

async fn status(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let mut origins = checkpoints(&app, app.state(), ACTS)?;
    origins.extend(checkpoints(&app, app.state(), STANDARDS)?);
    Ok(Json(AggregateStatus { origins, pulled: 0 }).into_response())
}

/// Asks every peer for what it has, and waits a moment for what comes.
async fn pull(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let size = |views: &[CheckpointView]| views.iter().map(|view| view.size).sum::<u64>();
    let before = size(&checkpoints(&app, app.state(), ACTS)?);
    nudge(&app.nudge, Nudge::Pull);
    let mut last = before;
    for quiet in 0..10 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let now = size(&checkpoints(&app, app.state(), ACTS)?);
        if now == last && quiet >= 4 {
            break;
        }
        last = now;
    }
    let origins = checkpoints(&app, app.state(), ACTS)?;
    let pulled = size(&origins).saturating_sub(before);
    Ok(Json(AggregateStatus { origins, pulled }).into_response())
}

async fn audit_figures(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let shared = std::sync::Arc::clone(&app.shared);
    let audited = tokio::task::spawn_blocking(move || audit(&shared)).await;
    let (entries, differences) = audited.map_err(|error| Failure(Refused::fault(&error)))??;
    Ok(Json(Audit { equal: differences.is_empty(), entries, differences }).into_response())
}

async fn checkpoint(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let mut views = Vec::new();
    for journal in [ACTS, STANDARDS] {
        if let Some(Bytes(bytes)) = meta::CHECKPOINT.load(app.state(), &journal)?
            && let Ok(note) = SignedNote::parse(&bytes)
        {
            views.push(view(note.claimed(), app.shared.here().division, app.shared.now()));
        }
    }
    Ok(super::listed("checkpoints", views).into_response())
}
