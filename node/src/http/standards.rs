//! Standards: set, withdrawn, listed, and the items that don't keep them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tongban_codes::calendar::Calendar;
use tongban_codes::division::{self, DivisionCode};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{
    CodeList as _, Guide, ListKind, ServiceItem, Standard, StandardBody, StandardKind, ceiling, list, ordered,
};
use tongban_domain::{Command, Facts};
use tongban_storage::keyspace::item;
use tongban_storage::{Read, StateFacts};

use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{ExceededQuery, SetStandards, StandardQuery, StandardView, WithdrawStandard};

/// Standards that one request may set.
const STANDARDS_MAX: usize = 5_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/standards", get(show).post(set))
        .route("/v1/standards/withdraw", post(withdraw))
        .route("/v1/standards/exceeded", get(exceeded))
        .route("/v1/standards/conflicts", get(conflicts))
        .route("/v1/life-events/{code}", get(life_event))
}

/// Asks the state of this moment as the domain does.
pub(super) fn judged<T>(
    app: &App,
    ask: impl FnOnce(&dyn Facts, &dyn Read) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (node, places) = (app.shared.node(), app.shared.places());
    let snapshot = app.state().snapshot()?;
    let facts = StateFacts::new(&*snapshot, &node, Calendar::embedded(), &places);
    let answer = ask(&facts, &*snapshot);
    match facts.fault() {
        Some(error) => Err(error.into()),
        None => answer,
    }
}

pub(super) fn division_name(code: DivisionCode) -> String {
    division::table().find(code).map_or_else(|| code.to_string(), |division| division.name.to_owned())
}

/// A guide by the digest that an item names, where this node has it.
pub(super) fn guide_of(facts: &dyn Facts, item: &ServiceItem) -> Option<Guide> {
    item.guide.and_then(|digest| facts.guide(&digest))
}

async fn set(State(app): State<App>, call: Call, body: Body<SetStandards>) -> Result<Response, Failure> {
    let standards = body.value.standards;
    if standards.len() > STANDARDS_MAX {
        let (en, zh) = ("more than 5,000 standards at once; send them in parts", "一次超过 5000 项，请分批");
        return Err(problem("invalid-request", "standards", &standards.len().to_string(), en, zh));
    }
    act(&app, &call, body.digest, Command::SetStandards(standards)).await
}

async fn withdraw(State(app): State<App>, call: Call, body: Body<WithdrawStandard>) -> Result<Response, Failure> {
    let WithdrawStandard { kind, code, from } = body.value;
    act(&app, &call, body.digest, Command::WithdrawStandard { kind, code, from }).await
}

fn view(standard: Standard, here: DivisionCode, today: Date) -> StandardView {
    let binds = standard.division == here || here.is_within(standard.division);
    let holding = standard.holding(today).map(|holding| holding.version);
    StandardView {
        kind: standard.body.kind(),
        set_by: division_name(standard.division),
        holds: binds && holding.is_some(),
        until_then: holding.filter(|version| *version != standard.version),
        code: standard.code,
        division: standard.division,
        department: standard.department,
        version: standard.version,
        state: standard.state.name(),
        effective: standard.effective,
        body: standard.body,
    }
}

async fn show(State(app): State<App>, Query(query): Query<StandardQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let list: Option<ListKind> = match query.list.as_deref() {
        None => None,
        Some(name) => {
            Some(name.parse().map_err(|error: String| problem("invalid-request", "list", name, &error, "没有该清单"))?)
        }
    };
    let (here, today) = (app.shared.here().division, app.shared.now().date());
    let views = judged(&app, |facts, _| {
        let codes = query.code.map_or_else(|| facts.standard_codes(query.kind), |code| vec![code]);
        let all = codes.iter().flat_map(|code| facts.standards(query.kind, code));
        let wanted = |standard: &Standard| match (&standard.body, list) {
            (StandardBody::Entry(entry), Some(list)) => entry.list == list,
            _ => true,
        };
        Ok(all.filter(wanted).map(|standard| view(standard, here, today)).collect())
    })?;
    Ok(listed("standards", views).into_response())
}

/// Own items in force, and on demand those of subordinates that are known here.
fn items(read: &dyn Read, here: DivisionCode, below: bool) -> Result<Vec<ServiceItem>, Failure> {
    let own = item::ITEM.list(read, &[], None, usize::MAX)?;
    let mut items: Vec<ServiceItem> = own.into_iter().map(|(_, item)| item).collect();
    if below {
        let foreign = item::FOREIGN.list(read, &[], None, usize::MAX)?;
        items.extend(foreign.into_iter().map(|(_, row)| row.item).filter(|item| item.division.is_within(here)));
    }
    items.retain(|item| item.state == tongban_domain::catalogue::ItemState::Published);
    Ok(items)
}

async fn exceeded(State(app): State<App>, Query(query): Query<ExceededQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let (here, day) = (app.shared.here().division, query.day.unwrap_or_else(|| app.shared.now().date()));
    let found = judged(&app, |facts, read| {
        let mut found = Vec::new();
        for item in items(read, here, query.below)? {
            found.extend(ceiling::exceeded(facts, &item, guide_of(facts, &item).as_ref(), day));
        }
        Ok(found)
    })?;
    Ok(listed("exceeded", found).into_response())
}

async fn conflicts(State(app): State<App>, Query(query): Query<ExceededQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let (here, day) = (app.shared.here().division, query.day.unwrap_or_else(|| app.shared.now().date()));
    let found = judged(&app, |facts, read| {
        let lists = list::Lists::gather(facts, here, day);
        let mut found = Vec::new();
        for item in items(read, here, query.below)? {
            found.extend(list::conflicts(&item, guide_of(facts, &item).as_ref(), &lists));
        }
        Ok(found)
    })?;
    Ok(listed("conflicts", found).into_response())
}

async fn life_event(State(app): State<App>, Path(code): Path<String>) -> Result<Response, Failure> {
    app.fresh().await?;
    let (here, today) = (app.shared.here().division, app.shared.now().date());
    let shown = judged(&app, |facts, _| {
        let holding = tongban_domain::catalogue::holding(facts, StandardKind::LifeEvent, &code, here, today);
        let Some(standard) = holding.into_iter().next_back() else {
            let (en, zh) = ("no life event of this code holds here", "没有该编码的一件事");
            return Err(problem("standard-unknown", "code", &code, en, zh)
                .remedy("list them: tongban item life-event list", "查看：tongban item life-event list"));
        };
        let StandardBody::LifeEvent(event) = &standard.body else { return Ok(json!({})) };
        let order =
            ordered(event).unwrap_or_else(|_| event.items.iter().map(|item| (item.clone(), Vec::new())).collect());
        let items: Vec<_> = order
            .into_iter()
            .zip(1..)
            .map(|((item, after), place)| {
                let base = facts.base_item(&item);
                let own = facts.items_named(&item).into_iter().next();
                let core = base.as_ref().map(|base| &base.core).or(own.as_ref().map(|own| &own.core));
                let department = own.as_ref().map(|own| &own.department).or(base.as_ref().map(|base| &base.department));
                json!({ "order": place, "item": item, "name": core.map(|core| &core.name), "department": department, "after": after })
            })
            .collect();
        let (kind, set_by) = (StandardKind::LifeEvent.name(), division_name(standard.division));
        Ok(json!({
            "kind": kind, "code": standard.code, "name": event.name, "for_persons": event.for_persons,
            "guidance": event.guidance, "division": standard.division, "set_by": set_by,
            "version": standard.version, "items": items, "demo": facts.node().demo,
        }))
    })?;
    Ok(Json(shown).into_response())
}
