//! Search over items.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::task::JoinError;
use tongban_codes::division;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_search::{Hit, Kind};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::meta;

use super::divisions::placed;
use super::{App, Failure, Query, packages, problem};
use crate::api::v1::{SearchAnswer, SearchHit, SearchPackage, SearchQuery, SearchShare};
use crate::engine::{Refused, STANDARDS};

/// Items in one answer at most.
const LIMIT_MAX: usize = 100;
/// Items in one answer when nothing is said.
const LIMIT_USUAL: usize = 10;
/// Bytes of a question.
const QUESTION_BYTES_MAX: usize = 1024;

/// How long an answer waits for what has just been applied to be indexed.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/items/search", get(search))
}

async fn search(State(app): State<App>, Query(query): Query<SearchQuery>) -> Result<Response, Failure> {
    let invalid = |field: &str, value: &str, en: &str, zh: &str| problem("invalid-request", field, value, en, zh);
    if query.q.trim().is_empty() || query.q.len() > QUESTION_BYTES_MAX {
        return Err(invalid("q", &query.q, "a question has 1 to 1,024 bytes", "检索词为 1 至 1024 字节"));
    }
    let limit = query.limit.unwrap_or(LIMIT_USUAL);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(invalid("limit", &limit.to_string(), "limit is 1 to 100", "limit 为 1 至 100"));
    }
    let kind = match query.kind.as_deref() {
        None => None,
        Some("item") => Some(Kind::Item),
        Some("base") => Some(Kind::Base),
        Some(other) => return Err(invalid("kind", other, "kinds are item and base", "kind 为 item、base")),
    };
    app.fresh().await?;
    let complete = app.search.caught_up(PATIENCE).await;
    let here = app.shared.here().division;
    let (index, mut asked) = (app.search.clone(), query);
    asked.division = asked.division.map(|division| placed(&app, division)).transpose()?;
    let reading = app.clone();
    let found = tokio::task::spawn_blocking(move || {
        let (packages, bundles) = packages::named(&reading, &asked.q)?;
        // Base items stand above what they are kept for, so they are never below the node.
        let within = if asked.all || kind == Some(Kind::Base) && asked.division.is_none() {
            None
        } else {
            Some(asked.division.unwrap_or(here))
        };
        let found = index.search(&tongban_search::Query {
            text: &asked.q,
            here,
            within,
            department: asked.department.as_deref(),
            item_type: asked.item_type.as_deref(),
            kind,
            bundles: &bundles,
            limit,
        })?;
        Ok::<_, Failure>((found, packages))
    });
    let ((answer, extent), packages) = found.await.map_err(|error| broken(&error))??;
    let hits = answer.hits.into_iter().map(|hit| view(&app, hit, &packages)).collect::<Result<_, _>>()?;
    let demo = app.shared.node().demo;
    let shares = packages.into_iter().zip(answer.shares).filter(|(_, share)| share.items > 0);
    let packages =
        shares.map(|(package, share)| SearchShare { package, items: share.items, shown: share.shown }).collect();
    Ok(Json(SearchAnswer { hits, packages, indexed: extent.entries, complete, demo }).into_response())
}

/// A search that came to no end: the node stops, or a fault of its own.
fn broken(error: &JoinError) -> Failure {
    Failure(if error.is_cancelled() { Refused::Stopped } else { Refused::fault(error) })
}

fn view(app: &App, hit: Hit, packages: &[SearchPackage]) -> Result<SearchHit, Failure> {
    let own = hit.origin == app.shared.here().node;
    let as_of = match hit.as_of {
        Some(fetched) => Some(fetched),
        None if own => Some(app.shared.now()),
        None => pulled(app, &hit.origin)?,
    };
    let division_name = division::table().path_name(hit.division).unwrap_or_default();
    Ok(SearchHit {
        code: hit.code,
        name: hit.name,
        kind: hit.kind.name().to_owned(),
        item_type: hit.item_type,
        main_item: hit.main_item,
        department: hit.department,
        base_code: hit.base_code,
        core: hit.core.to_string(),
        division: hit.division,
        division_name,
        origin: hit.origin,
        own,
        as_of,
        places: hit.places,
        uses: hit.uses,
        score: hit.score,
        package: hit.bundle.and_then(|which| packages.get(which)).cloned(),
    })
}

/// When the standards journal of a node was last pulled and verified.
fn pulled(app: &App, origin: &NodeId) -> Result<Option<Timestamp>, Failure> {
    let stem = [stem(origin), vec![STANDARDS]].concat();
    let epochs = meta::PULLED.list(app.state(), &stem, None, usize::MAX)?;
    Ok(epochs.into_iter().map(|(_, pulled)| pulled.at).max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fault_of_the_search_is_not_taken_for_a_node_that_stops() {
        let failed = tokio::task::spawn_blocking(|| panic!("a fault")).await;
        let failure = failed.map_err(|error: JoinError| broken(&error));
        assert!(matches!(failure, Err(Failure(Refused::Problem(problem))) if problem.code == "internal-fault"));
        let stopped = tokio::spawn(std::future::pending::<()>());
        stopped.abort();
        let failure = stopped.await.map_err(|error| broken(&error));
        assert!(matches!(failure, Err(Failure(Refused::Stopped))));
    }
}
