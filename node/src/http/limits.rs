//! Limits of number: what is taken, and who stands in line.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tongban_domain::Facts;
use tongban_domain::catalogue::{LimitOrder, LimitPeriod, ServiceItem};
use tongban_domain::limit::{Place, quota_of};

use super::standards::judged;
use super::{App, Failure, Query, problem};
use crate::api::v1::{InLineView, LimitQuery, LimitView};

/// Places that are shown of a line.
const PLACES_MAX: usize = 1_000;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/items/limit", get(limit))
}

fn named(facts: &dyn Facts, text: &str) -> Result<ServiceItem, Failure> {
    let text = text.trim();
    let found = facts.item(text).into_iter().chain(facts.items_named(text)).next();
    found.ok_or_else(|| {
        problem("item-unknown", "item", text, "no item of this code was published here", "本节点没有发布该事项")
            .remedy("list them: tongban item list", "查看：tongban item list")
    })
}

async fn limit(State(app): State<App>, Query(query): Query<LimitQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let now = app.shared.now();
    let day = now.date();
    let view = judged(&app, |facts, _| {
        let item = named(facts, &query.item)?;
        let Some((quota, limit)) = quota_of(facts, &item) else {
            return Err(problem(
                "item-unlimited",
                "item",
                &item.code,
                "the item has no limit of number",
                "该事项没有数量限制",
            )
            .remedy("import it with limit_grants and limit_basis", "导入事项时填写 limit_grants、limit_basis"));
        };
        let year = limit.year(day);
        let taken = facts.numbers_taken(&quota, year);
        let left = limit.grants.saturating_sub(taken);
        let reached = usize::try_from(left).unwrap_or(usize::MAX);
        let shown = |(place, (accepted_at, _, id)): (usize, Place)| {
            let case = facts.case(&id)?;
            Some(InLineView {
                place: place + 1,
                case: id,
                case_no: case.case_no,
                item: case.item.code,
                state: case.status.name().to_owned(),
                accepted_on: case.accepted_on,
                accepted_at,
                in_turn: if limit.is_by_acceptance() { place < reached } else { left > 0 },
                overtaken: case.turn.is_some_and(|turn| turn.overtaken),
            })
        };
        Ok(LimitView {
            item_name: item.core.name.clone(),
            grants: limit.grants,
            period: limit.period.unwrap_or(LimitPeriod::Total),
            year: (year > 0).then_some(year),
            grant_order: limit.order.unwrap_or(LimitOrder::Acceptance),
            used: taken,
            left,
            line: facts.line(&quota, PLACES_MAX).into_iter().enumerate().filter_map(shown).collect(),
            shared_quota: limit.quota,
            limit_basis: limit.basis,
            order_basis: limit.order_basis,
            item: item.code,
            as_of: now,
        })
    })?;
    Ok(Json(view).into_response())
}
