//! The guide of an item, for people and for programs.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tongban_codes::division;
use tongban_codes::time::Timestamp;
use tongban_domain::Facts;
use tongban_domain::catalogue::{ForeignItem, ServiceItem, ceiling};

use super::quality::unknown;
use super::standards::{division_name, guide_of, judged};
use super::{App, Failure, Query, problem};
use crate::api::v1::GuideQuery;
use crate::engine::Refused;
use crate::guide_page::{self, Language, Source};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/items/{code}/guide", get(guide))
}

/// What a page may do: nothing but show itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The item that is asked for, and as of when this node knows it.
fn chosen(
    facts: &dyn Facts,
    code: &str,
    query: &GuideQuery,
    now: Timestamp,
) -> Result<(ServiceItem, Timestamp), Failure> {
    if let Some(division) = query.division
        && division != facts.node().division
    {
        let foreign = facts.foreign_item(division, code).ok_or_else(|| unknown(code))?;
        let ForeignItem { item, as_of, .. } = foreign;
        return Ok((item, as_of));
    }
    let named = facts.item(code).into_iter().chain(facts.items_named(code)).next();
    let named = named.or_else(|| facts.item_draft(code)).ok_or_else(|| unknown(code))?;
    match query.version {
        None => Ok((named, now)),
        Some(version) => match facts.item_version(&named.code, version) {
            Some(item) => Ok((item, now)),
            None => {
                let (en, zh) = ("this version was never published here", "本节点没有发布过该版本");
                Err(problem("item-unknown", "version", &version.to_string(), en, zh)
                    .remedy("see: tongban item versions", "查看：tongban item versions"))
            }
        },
    }
}

async fn guide(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(query): Query<GuideQuery>,
) -> Result<Response, Failure> {
    app.fresh().await?;
    let language = match query.lang.as_deref() {
        None | Some("zh") => Language::Zh,
        Some("en") => Language::En,
        Some(other) => {
            return Err(problem("invalid-request", "lang", other, "lang is zh or en", "lang 为 zh 或 en")
                .remedy("choose one of them", "请选用其中之一"));
        }
    };
    let now = app.shared.now();
    judged(&app, |facts, _| {
        let (item, as_of) = chosen(facts, &code, &query, now)?;
        let guide = guide_of(facts, &item);
        let authority = facts.authority(&item.authority).map_or_else(|| item.department.clone(), |one| one.name);
        let bounds = ceiling::bounds(facts, &item, now.date());
        let node = facts.node();
        let division = division::table().path_name(item.division).unwrap_or_else(|| item.division.to_string());
        let source = Source {
            item: &item,
            guide: guide.as_ref(),
            authority: &authority,
            division: &division,
            bounds: &bounds,
            demo: node.demo,
            as_of: as_of.to_string(),
        };
        let fault = |error: askama::Error| {
            Failure::from(Refused::problem("internal-fault", error.to_string(), error.to_string()))
        };
        match query.format.as_deref() {
            None | Some("json") => Ok(Json(json!({
                "code": item.code, "name": item.core.name, "version": item.version, "state": item.state,
                "effective": item.effective, "cancel": item.cancel, "authority": authority,
                "division": item.division, "division_name": division_name(item.division),
                "core": item.core.digest(), "guide_digest": item.guide, "bounds": bounds, "as_of": as_of,
                "demo": node.demo, "item": item, "guide": guide,
            }))
            .into_response()),
            Some("html") => {
                let page = guide_page::html(&source, language, query.large).map_err(fault)?;
                let headers = [
                    (CONTENT_TYPE, "text/html; charset=utf-8"),
                    (CONTENT_SECURITY_POLICY, POLICY),
                    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                ];
                Ok((headers, page).into_response())
            }
            Some("text") => {
                let page = guide_page::text(&source, language).map_err(fault)?;
                Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], page).into_response())
            }
            Some(other) => {
                let (en, zh) = ("formats are json, html and text", "格式为 json、html、text");
                Err(problem("invalid-request", "format", other, en, zh).remedy("choose one of them", "请选用其中之一"))
            }
        }
    })
}
