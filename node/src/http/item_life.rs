//! The life of items: acts on them, claims, versions and what differs between them, successors.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::{
    BaseItem, Guide, Reorganisation, ServiceItem, claim_rates, claims, compare, compare_base, differences,
};
use tongban_domain::{Command, Facts};
use tongban_storage::StateFacts;
use tongban_storage::keyspace::item;
use tongban_storage::keyspace::key::stem;

use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{
    AssignLine, BringItems, ClaimItems, ClaimsQuery, DeclineItem, DiffQuery, Reorganise, ReplaceItem, TakeBackItem,
    UpdateClaims, VersionQuery,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/items/act", post(bring))
        .route("/v1/items/take-back", post(take_back))
        .route("/v1/items/claims", get(list_claims).post(claim))
        .route("/v1/items/claims/update", post(update))
        .route("/v1/items/claims/rates", get(rates))
        .route("/v1/items/decline", post(decline))
        .route("/v1/items/differences", get(list_differences))
        .route("/v1/items/replace", post(replace))
        .route("/v1/items/version", get(version))
        .route("/v1/items/versions", get(versions))
        .route("/v1/items/diff", get(diff))
        .route("/v1/authorities/reorganise", post(reorganise))
        .route("/v1/operators/line", post(assign_line))
}

async fn bring(State(app): State<App>, call: Call, body: Body<BringItems>) -> Result<Response, Failure> {
    let BringItems { act: what, which, dry_run } = body.value;
    act(&app, &call, body.digest, Command::BringItems { act: what, which, dry_run }).await
}

async fn take_back(State(app): State<App>, call: Call, body: Body<TakeBackItem>) -> Result<Response, Failure> {
    let TakeBackItem { item, version } = body.value;
    act(&app, &call, body.digest, Command::TakeBackItem { item, version }).await
}

async fn claim(State(app): State<App>, call: Call, body: Body<ClaimItems>) -> Result<Response, Failure> {
    let ClaimItems { which, terms, dry_run } = body.value;
    act(&app, &call, body.digest, Command::ClaimItems { which, terms, dry_run }).await
}

async fn update(State(app): State<App>, call: Call, body: Body<UpdateClaims>) -> Result<Response, Failure> {
    let UpdateClaims { base_code, dry_run } = body.value;
    act(&app, &call, body.digest, Command::UpdateClaims { base_code, dry_run }).await
}

async fn decline(State(app): State<App>, call: Call, body: Body<DeclineItem>) -> Result<Response, Failure> {
    let DeclineItem { base_code, reason, note } = body.value;
    act(&app, &call, body.digest, Command::DeclineItem { base_code, reason, note }).await
}

async fn replace(State(app): State<App>, call: Call, body: Body<ReplaceItem>) -> Result<Response, Failure> {
    let ReplaceItem { item: old, by, from, order } = body.value;
    act(&app, &call, body.digest, Command::ReplaceItem { old, by, from, order }).await
}

async fn reorganise(State(app): State<App>, call: Call, body: Body<Reorganise>) -> Result<Response, Failure> {
    let Reorganise { old, into, code, from, order, dry_run } = body.value;
    let plan = Reorganisation { old, into, code, from, order };
    act(&app, &call, body.digest, Command::Reorganise { plan, dry_run }).await
}

async fn assign_line(State(app): State<App>, call: Call, body: Body<AssignLine>) -> Result<Response, Failure> {
    let AssignLine { operator, department } = body.value;
    act(&app, &call, body.digest, Command::AssignLine { operator, department }).await
}

/// Reads facts of the applied state, and the first fault of doing so.
fn read<T>(app: &App, look: impl FnOnce(&dyn Facts) -> T) -> Result<T, Failure> {
    let (node, places) = (app.shared.node(), app.shared.places());
    let facts = StateFacts::new(app.state(), &node, Calendar::embedded(), &places);
    let found = look(&facts);
    match facts.fault() {
        Some(error) => Err(error.into()),
        None => Ok(found),
    }
}

async fn list_claims(State(app): State<App>, Query(query): Query<ClaimsQuery>) -> Result<Response, Failure> {
    use tongban_domain::catalogue::ClaimState as S;
    app.fresh().await?;
    let day = app.shared.now().date();
    let mut views = read(&app, |facts| claims(facts, day))?;
    if query.pending {
        views.retain(|view| matches!(view.state, S::Pending | S::Drafted | S::Outdated));
    }
    Ok(listed("claims", views).into_response())
}

async fn rates(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let here = app.shared.here();
    let mut divisions: Vec<DivisionCode> = app
        .shared
        .directory()
        .nodes()
        .filter(|entry| entry.record.node != here.node && app.shared.is_subordinate(&entry.record.node))
        .filter_map(|entry| Some(app.shared.place_of(&entry.record.node)?.division))
        .collect();
    divisions.sort_unstable();
    divisions.dedup();
    let day = app.shared.now().date();
    let rates = read(&app, |facts| claim_rates(facts, &divisions, day))?;
    Ok(listed("rates", rates).into_response())
}

async fn list_differences(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let views = read(&app, |facts| differences(facts))?;
    Ok(listed("differences", views).into_response())
}

/// One version of an item or base item, with its guide.
enum Version {
    Item(Box<ServiceItem>, Box<Guide>),
    Base(Box<BaseItem>, Box<Guide>),
}

/// The whole code that a code names: an item's, or a base item's.
fn whole(facts: &dyn Facts, code: &str) -> Result<(String, bool), Failure> {
    if facts.base_item(code).is_some() {
        return Ok((code.to_owned(), true));
    }
    let mut found = facts.items_named(code);
    match found.len() {
        1 => Ok((found.remove(0).code, false)),
        0 => Err(problem("item-unknown", "item", code, "no item of this code is known here", "本节点没有该编码的事项")
            .remedy("look it up: tongban item list", "查询：tongban item list")),
        _ => Err(problem("item-ambiguous", "item", code, "several items have this code", "有多个事项使用该编码")
            .remedy("give the whole code: tongban item list", "使用完整编码：tongban item list")),
    }
}

fn find(facts: &dyn Facts, code: &str, version: Option<&str>) -> Result<Option<Version>, Failure> {
    let (code, is_base) = whole(facts, code)?;
    let number = match version {
        None | Some("draft") => None,
        Some(text) => Some(text.parse::<u32>().map_err(|_| {
            problem("invalid-request", "version", text, "a version is a number, or draft", "版本为数字或 draft")
        })?),
    };
    let guide = |digest: Option<tongban_codes::ids::Digest>| {
        Box::new(digest.and_then(|digest| facts.guide(&digest)).unwrap_or_default())
    };
    if is_base {
        let row = facts.base_item(&code);
        let base = match (number, version) {
            (Some(number), _) => facts.base_version(&code, number),
            (None, Some(_)) => row.filter(|row| row.state.is_draft()),
            (None, None) => row.and_then(|row| row.published().cloned().or(Some(row))),
        };
        return Ok(base.map(|base| {
            let guide = guide(base.guide);
            Version::Base(Box::new(base), guide)
        }));
    }
    let item = match (number, version) {
        (Some(number), _) => facts.item_version(&code, number),
        (None, Some(_)) => facts.item_draft(&code),
        (None, None) => facts.item(&code).or_else(|| facts.item_draft(&code)),
    };
    Ok(item.map(|item| {
        let guide = guide(item.guide);
        Version::Item(Box::new(item), guide)
    }))
}

fn no_version(version: Option<&str>) -> Failure {
    problem(
        "item-unknown",
        "version",
        version.unwrap_or_default(),
        "there is no such version of this item",
        "该事项没有这个版本",
    )
    .remedy("tongban item versions", "tongban item versions")
}

async fn version(State(app): State<App>, Query(query): Query<VersionQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let found = read(&app, |facts| find(facts, &query.item, query.version.as_deref()))??;
    let view = match found.ok_or_else(|| no_version(query.version.as_deref()))? {
        Version::Item(item, guide) => {
            let before = item::SUCCEEDS.list(app.state(), &stem(&item.code), None, usize::MAX)?;
            let replaces: Vec<String> = before.into_iter().map(|((_, old), ())| old).collect();
            json!({ "kind": "item", "version": item, "guide": guide, "replaces": replaces })
        }
        Version::Base(base, guide) => {
            let code = base.core.base_code.clone().unwrap_or_default();
            let before = item::SUCCEEDS.list(app.state(), &stem(&code), None, usize::MAX)?;
            let replaces: Vec<String> = before.into_iter().map(|((_, old), ())| old).collect();
            json!({ "kind": "base", "version": base, "guide": guide, "replaces": replaces })
        }
    };
    Ok(axum::Json(view).into_response())
}

async fn versions(State(app): State<App>, Query(query): Query<VersionQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let rows = read(&app, |facts| {
        let (code, is_base) = whole(facts, &query.item)?;
        let mut rows = Vec::new();
        if is_base {
            let all = item::BASE_VERSION.list(app.state(), &stem(&code), None, usize::MAX)?;
            for ((_, version), base) in all {
                rows.push(json!({
                    "version": version, "name": base.core.name, "state": base.state, "effective": base.effective,
                    "cancel": base.cancel, "at": base.editing.at, "operator": base.editing.editor,
                }));
            }
            if let Some(draft) = facts.base_item(&code).filter(|row| row.state.is_draft()) {
                rows.push(json!({ "version": "draft", "name": draft.core.name, "state": draft.state,
                    "effective": draft.effective, "cancel": draft.cancel, "at": draft.editing.at, "operator": draft.editing.editor }));
            }
            return Ok(rows);
        }
        let in_force = facts.item(&code).map_or(0, |item| item.version);
        let waiting: Vec<u32> = facts.items_waiting(&code).iter().map(|item| item.version).collect();
        for ((_, version), row) in item::VERSION.list(app.state(), &stem(&code), None, usize::MAX)? {
            let stands = match version {
                version if version == in_force => "in-force",
                version if waiting.contains(&version) => "waiting",
                version if version > in_force => "taken-back",
                _ => "superseded",
            };
            rows.push(json!({
                "version": version, "name": row.core.name, "state": row.state, "stands": stands,
                "base_version": row.base_version, "effective": row.effective, "cancel": row.cancel,
                "at": row.editing.at, "operator": row.editing.editor,
            }));
        }
        if let Some(draft) = facts.item_draft(&code) {
            rows.push(json!({ "version": "draft", "name": draft.core.name, "state": draft.state, "stands": "draft",
                "base_version": draft.base_version, "effective": draft.effective, "cancel": draft.cancel,
                "at": draft.editing.at, "operator": draft.editing.editor }));
        }
        Ok::<_, Failure>(rows)
    })??;
    Ok(listed("versions", rows).into_response())
}

async fn diff(State(app): State<App>, Query(query): Query<DiffQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let (from, to) = read(&app, |facts| {
        let to = match &query.to {
            Some(to) => find(facts, &query.item, Some(to))?,
            // Without a choice: the draft, where there is one, with what is in force; else the last two versions.
            None => match find(facts, &query.item, Some("draft"))? {
                Some(draft) => Some(draft),
                None => find(facts, &query.item, None)?,
            },
        };
        let from = match (&query.from, &to) {
            (Some(from), _) => find(facts, &query.item, Some(from))?,
            (None, Some(to)) => {
                let (version, is_draft) = match to {
                    Version::Item(item, _) => (item.version, item.state.is_draft()),
                    Version::Base(base, _) => (base.version, base.state.is_draft()),
                };
                let before = if is_draft { version } else { version.saturating_sub(1) };
                find(facts, &query.item, Some(&before.to_string()))?
            }
            (None, None) => None,
        };
        Ok::<_, Failure>((from, to))
    })??;
    let changes = match (from, to) {
        (Some(Version::Item(old, old_guide)), Some(Version::Item(new, new_guide))) => {
            compare((&old, &old_guide), (&new, &new_guide))
        }
        (Some(Version::Base(old, old_guide)), Some(Version::Base(new, new_guide))) => {
            compare_base((&old, &old_guide), (&new, &new_guide))
        }
        _ => return Err(no_version(query.to.as_deref().or(query.from.as_deref()))),
    };
    Ok(listed("changes", changes).into_response())
}
