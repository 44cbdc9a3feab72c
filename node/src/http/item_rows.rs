//! Items as rows of an import file: what an export writes.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::{Guide, ImportRow, ItemState};
use tongban_storage::Read;
use tongban_storage::keyspace::item;

use super::{App, Failure, Query, problem};
use crate::api::v1::{ItemQuery, ItemRow, ItemRows};

/// Items in one answer; guides make rows long.
const LIMIT_MAX: usize = 1_000;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/items/rows", get(rows))
}

/// Items of one stage in the order of their codes; withdrawn ones and those of superiors aren't this node's to import.
async fn rows(State(app): State<App>, Query(query): Query<ItemQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let read = app.state();
    let limit = query.limit.unwrap_or(LIMIT_MAX).clamp(1, LIMIT_MAX);
    let after = query.after.as_ref();
    let mut last = None;
    let mut rows = Vec::new();
    let mut take = |code: String, row: Option<ImportRow>| {
        rows.extend(row.map(|row| ItemRow { code: code.clone(), row }));
        last = Some(code);
    };
    let count = match query.stage.as_deref().unwrap_or("in-force") {
        "base" => {
            let found = item::BASE.list(read, &[], after, limit)?;
            let count = found.len();
            let here = app.shared.here().node;
            for (code, base) in found {
                let own = base.node == here && base.state != ItemState::Withdrawn;
                let guide = guide(read, base.guide.as_ref())?;
                take(code, own.then(|| ImportRow::of_base(0, &base, guide)));
            }
            count
        }
        stage @ ("draft" | "in-force") => {
            let keyspace = if stage == "draft" { item::DRAFT } else { item::ITEM };
            let found = keyspace.list(read, &[], after, limit)?;
            let count = found.len();
            for (code, item) in found {
                let kept = item.state != ItemState::Withdrawn;
                let guide = guide(read, item.guide.as_ref())?;
                take(code, kept.then(|| ImportRow::of_item(0, &item, guide)));
            }
            count
        }
        value => {
            let (en, zh) = ("stages are base, draft, in-force", "stage 为 base、draft、in-force");
            return Err(problem("invalid-request", "stage", value, en, zh));
        }
    };
    let next = last.filter(|_| count == limit);
    Ok(axum::Json(ItemRows { rows, next }).into_response())
}

fn guide(read: &dyn Read, digest: Option<&Digest>) -> Result<Guide, Failure> {
    let Some(digest) = digest else { return Ok(Guide::default()) };
    Ok(item::GUIDE.load(read, digest)?.map(|row| row.guide).unwrap_or_default())
}
