//! Quality of items, lists made from them, and the monthly report.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tongban_codes::ids::AuthorityId;
use tongban_codes::time::{Date, Month};
use tongban_domain::catalogue::list::Lists;
use tongban_domain::catalogue::quality::{Assessment, Overview, Subject, assess};
use tongban_domain::catalogue::{CodeList as _, GeneratedList, Guide, ItemState, ServiceItem, report};
use tongban_domain::{Authority, Facts};
use tongban_journal::{Body, Entry, Header, StandardKind, View};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{item, journal};
use tongban_storage::{Read, StorageError};

use super::standards::{guide_of, judged};
use super::{App, Failure, Query, problem};
use crate::api::v1::{MonthQuery, QualityQuery};
use crate::engine::{FIELD_STANDARD, STANDARDS};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/items/quality", get(quality))
        .route("/v1/items/lists/{name}", get(generated))
        .route("/v1/items/report", get(monthly))
}

/// Judges items one after another; authorities are read once.
struct Judge<'a> {
    facts: &'a dyn Facts,
    lists: Lists,
    authorities: BTreeMap<AuthorityId, Authority>,
    day: Date,
}

impl<'a> Judge<'a> {
    fn new(facts: &'a dyn Facts, day: Date) -> Self {
        let lists = Lists::gather(facts, facts.node().division, day);
        let authorities = facts.authorities().into_iter().map(|authority| (authority.id, authority)).collect();
        Self { facts, lists, authorities, day }
    }

    fn assess(&self, item: &ServiceItem) -> Assessment {
        let guide = guide_of(self.facts, item);
        let authority = self.authorities.get(&item.authority);
        assess(&Subject::gather(self.facts, item, guide.as_ref(), authority, &self.lists, self.day))
    }
}

/// The item that a code or its first part names, its draft before the version in force: what is to be published is what is mended.
fn draft_or_in_force(facts: &dyn Facts, code: &str) -> Result<ServiceItem, Failure> {
    let named = facts.item(code).into_iter().chain(facts.items_named(code)).next();
    let whole = named.as_ref().map_or(code, |item| item.code.as_str());
    facts.item_draft(whole).or(named).ok_or_else(|| unknown(code))
}

pub(super) fn unknown(code: &str) -> Failure {
    problem("item-unknown", "item", code, "no item of this code is known here", "本节点没有该编码的事项")
        .remedy("look it up: tongban item list", "查询：tongban item list")
}

/// Items in force, and drafts of which none is in force.
fn all(read: &dyn Read) -> Result<Vec<ServiceItem>, StorageError> {
    let in_force = item::ITEM.list(read, &[], None, usize::MAX)?;
    let mut items: BTreeMap<String, ServiceItem> = item::DRAFT.list(read, &[], None, usize::MAX)?.into_iter().collect();
    items.extend(in_force);
    Ok(items.into_values().filter(|item| item.state != ItemState::Withdrawn).collect())
}

async fn quality(State(app): State<App>, Query(query): Query<QualityQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let day = app.shared.now().date();
    let answer = judged(&app, |facts, read| {
        let judge = Judge::new(facts, day);
        let items = match &query.item {
            Some(code) => vec![draft_or_in_force(facts, code)?],
            None => all(read)?,
        };
        let of = |item: &&ServiceItem| query.department.as_ref().is_none_or(|name| *name == item.department);
        let mut whole = Overview::default();
        let mut departments: BTreeMap<String, Overview> = BTreeMap::new();
        let mut assessed = Vec::new();
        for item in items.iter().filter(of) {
            let one = judge.assess(item);
            whole.add(&one);
            departments.entry(one.department.clone()).or_default().add(&one);
            if !query.score {
                assessed.push(one);
            }
        }
        let departments: Vec<_> = departments
            .into_iter()
            .map(|(department, overview)| {
                let mut row = json!(overview);
                if let Some(fields) = row.as_object_mut() {
                    fields.insert("department".to_owned(), json!(department));
                }
                row
            })
            .collect();
        let demo = facts.node().demo;
        Ok(json!({ "day": day, "overview": whole, "departments": departments, "items": assessed, "demo": demo }))
    })?;
    Ok(Json(answer).into_response())
}

async fn generated(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Failure> {
    app.fresh().await?;
    let list: GeneratedList =
        name.parse().map_err(|error: String| problem("invalid-request", "list", &name, &error, "没有该清单"))?;
    let day = app.shared.now().date();
    let answer = judged(&app, |facts, read| {
        let mut items = Vec::new();
        for (_, item) in item::ITEM.list(read, &[], None, usize::MAX)? {
            let in_force = item.state == ItemState::Published
                && item.effective.is_none_or(|from| from <= day)
                && item.cancel.is_none_or(|last| last >= day);
            let guide = guide_of(facts, &item);
            if in_force && list.has(&item, guide.as_ref()) {
                items.push(row(&item, guide.as_ref()));
            }
        }
        let node = facts.node();
        Ok(json!({
            "list": list.name(), "title": list.zh(), "formula": list.formula(), "division": node.division,
            "day": day, "items": items, "demo": node.demo,
        }))
    })?;
    Ok(Json(answer).into_response())
}

fn row(item: &ServiceItem, guide: Option<&Guide>) -> serde_json::Value {
    let fees = guide.map(|guide| guide.fees.iter().map(|fee| format!("{} {}", fee.name, fee.standard)));
    json!({
        "code": item.code, "name": item.core.name, "item_type": item.core.item_type, "department": item.department,
        "promised_days": item.promised.map(|term| term.days), "visits": guide.and_then(|guide| guide.visits),
        "modes": item.modes, "fees": fees.map(|fees| fees.collect::<Vec<_>>()),
        "intermediary": guide.and_then(|guide| guide.intermediary.as_ref()), "version": item.version,
    })
}

/// A month as 2026-09.
fn month(text: &str) -> Option<Month> {
    let (year, month) = text.split_once('-')?;
    (year.len() == 4 && month.len() == 2).then_some(())?;
    Date::ymd(year.parse().ok()?, month.parse().ok()?, 1).map(Date::month)
}

async fn monthly(State(app): State<App>, Query(query): Query<MonthQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let Some(month) = month(&query.month) else {
        return Err(problem(
            "invalid-request",
            "month",
            &query.month,
            "a month is written 2026-09",
            "月份写作 2026-09",
        ));
    };
    let today = app.shared.now().date();
    if month.first_day() > today {
        return Err(problem("invalid-request", "month", &query.month, "the month has not begun", "该月尚未开始"));
    }
    let day = month.last_day().min(today);
    let answer = judged(&app, |facts, read| {
        let items: Vec<(ServiceItem, Option<Guide>)> = as_published(read, day)?
            .into_values()
            .map(|item| {
                let guide = guide_of(facts, &item);
                (item, guide)
            })
            .collect();
        let lists = Lists::gather(facts, facts.node().division, day);
        let report = report::monthly(items.iter().map(|(item, guide)| (item, guide.as_ref())), &lists, day);
        let node = facts.node();
        Ok(json!({ "month": query.month, "division": node.division, "report": report, "demo": node.demo }))
    })?;
    Ok(Json(answer).into_response())
}

/// The items of this node as its own journal has them at the end of a day: each as last published, suspended or withdrawn by then.
fn as_published(read: &dyn Read, day: Date) -> Result<BTreeMap<String, ServiceItem>, StorageError> {
    let damaged = |detail: String| StorageError::Damaged { path: "standards journal".into(), detail };
    let mut items = BTreeMap::new();
    let mut fault = None;
    journal::ENTRY.visit(read, &stem(&STANDARDS), None, false, |_, row| {
        match published_item(&row, day) {
            Ok(Some(item)) => {
                items.insert(item.code.clone(), item);
            }
            Ok(None) => {}
            Err(detail) => {
                fault = Some(damaged(detail));
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    fault.map_or(Ok(items), Err)
}

fn published_item(row: &journal::Entry, day: Date) -> Result<Option<ServiceItem>, String> {
    let entry = Entry::parse(row.entry.clone()).map_err(|error| error.to_string())?;
    let Ok(Header::Standards(header)) = entry.header() else { return Ok(None) };
    if header.kind != StandardKind::Item || header.at.date() > day {
        return Ok(None);
    }
    let body = Body::parse(&row.body).map_err(|error| error.to_string())?;
    let view = body.verify(&entry).map_err(|error| error.to_string())?;
    let View::Open(bytes) = view.field(FIELD_STANDARD) else { return Ok(None) };
    minicbor::decode(bytes).map(Some).map_err(|error| error.to_string())
}
