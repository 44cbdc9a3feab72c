//! Figures, each with the checkpoints it is folded from.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tongban_codes::division::{DivisionCode, table};
use tongban_codes::ids::NodeId;
use tongban_codes::time::{Date, Timestamp};
use tongban_journal::{Checkpoint, JournalKind};
use tongban_seal::SignedNote;
use tongban_storage::Read;
use tongban_storage::keyspace::lineage::Lineage;
use tongban_storage::keyspace::{Bytes, figure, item, meta};

use super::{App, Failure, Query, problem};
use crate::api::v1::{AggregateStatus, Audit, CheckpointView, DivisionCodes, Report, ReportQuery};
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

/// Measures of ratings and tickets.
const VOICE_MEASURES: &[&str] = crate::engine::VOICE_MEASURES;

/// Measures of supervision.
const CARD_MEASURES: [&str; 2] = ["cards", "cards-open"];

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
    let asked = Asked { item, division: query.division, cards: query.cards, voice: query.voice };
    let (reading, today) = (app.clone(), app.shared.now().date());
    let counted = tokio::task::spawn_blocking(move || {
        // The checkpoints are those of the figures: of one snapshot.
        let snapshot = reading.state().snapshot()?;
        Ok::<_, Failure>((count(&*snapshot, by, &asked, today)?, checkpoints(&reading, &*snapshot, ACTS)?))
    });
    let (Counted { by, counts, lineage, divisions }, as_of) =
        counted.await.map_err(|error| Failure(Refused::fault(&error)))??;
    let rows = counts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(values, count)| {
            let mut row: Map<String, Value> = by.iter().cloned().zip(values.into_iter().map(Value::String)).collect();
            row.insert("count".to_owned(), json!(count));
            Value::Object(row)
        })
        .collect();
    let items = lineage.map(|lineage| lineage.names().into_iter().map(str::to_owned).collect());
    Ok(Json(Report { rows, items, divisions, as_of, demo: app.shared.node().demo }).into_response())
}

/// What is counted; everything where nothing is said.
struct Asked {
    item: Option<String>,
    division: Option<DivisionCode>,
    cards: bool,
    voice: bool,
}

/// Figures by the dimensions asked for.
struct Counted {
    by: Vec<String>,
    counts: BTreeMap<Vec<String>, i64>,
    /// The names that were counted, where an item was asked for.
    lineage: Option<Lineage>,
    /// Divisions that were asked for, or are among the rows and had several codes.
    divisions: Vec<DivisionCodes>,
}

fn count(read: &dyn Read, by: Vec<String>, asked: &Asked, today: Date) -> Result<Counted, Failure> {
    let walk = item::crosswalk(read)?;
    let lineage = asked.item.as_deref().map(|code| Lineage::of(read, code)).transpose()?;
    let of_item = |lineage: &Lineage, division, named: &str| {
        walk.codes(division).into_iter().any(|code| lineage.holds(code, named))
    };
    let mut met = BTreeSet::new();
    let measured = by.iter().any(|name| name == "measure");
    let mut is_met = false;
    let mut counts: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    figure::FIGURE.visit(read, &[], None, false, |(origin, division, key), count| {
        let parts: BTreeMap<&str, &str> = dimensions(&key).into_iter().collect();
        let named = parts.get("item").copied().unwrap_or("-");
        if asked.division.is_none_or(|code| walk.same(code, division))
            && lineage.as_ref().is_none_or(|lineage| of_item(lineage, division, named))
        {
            is_met = true;
            let division = walk.current(division, today);
            met.insert(division);
            // A case counts by its acceptance; the other measures only when they are asked for.
            let of_cards = parts.get("measure").is_some_and(|measure| CARD_MEASURES.contains(measure));
            let of_voice = parts.get("measure").is_some_and(|measure| VOICE_MEASURES.contains(measure));
            let counts_here = match (asked.cards, asked.voice) {
                (false, false) => measured || parts.get("measure") == Some(&"accepted"),
                (cards, voice) => (cards && of_cards) || (voice && of_voice),
            };
            if counts_here {
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
    let known = |code| is_met || table().find(code).is_some() || walk.codes(code).len() > 1;
    if let Some(code) = asked.division.filter(|code| !known(*code)) {
        let (en, zh) =
            ("no such division is known here, and no figures stand under it", "没有该区划，也没有该区划的数据");
        return Err(problem("division-unknown", "division", &code.to_string(), en, zh)
            .remedy("look it up: tongban code check", "核对：tongban code check"));
    }
    let named = match asked.division {
        Some(code) => BTreeSet::from([walk.current(code, today)]),
        None if by.iter().any(|name| name == "division") => met,
        None => BTreeSet::new(),
    };
    let divisions = named
        .into_iter()
        .map(|division| DivisionCodes { division, codes: walk.codes(division) })
        .filter(|division| asked.division.is_some() || division.codes.len() > 1)
        .collect();
    match (asked.item.as_deref(), &lineage) {
        (Some(code), Some(lineage)) if !is_met && !lineage.is_known() => Err(problem(
            "item-unknown",
            "item",
            code,
            "no item of this code is known here, and no figures stand under it",
            "本节点没有该编码的事项，也没有该编码的数据",
        )
        .remedy("look it up: tongban item list", "查询：tongban item list")),
        _ => Ok(Counted { by, counts, lineage, divisions }),
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
