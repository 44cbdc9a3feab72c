//! Agreements between authorities.

use std::ops::ControlFlow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_codes::ids::CaseId;
use tongban_domain::Command;
use tongban_domain::catalogue::{AgreementCommand, AgreementView, CodeList, agreements, short_code};
use tongban_domain::uniform::HandledElsewhere;
use tongban_storage::Read;
use tongban_storage::keyspace::{case, item, uniform};

use super::divisions::placed;
use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{
    AddAgreement, AgreementQuery, AgreementShown, HandledPage, HandledQuery, HandledView, ReportRefusedView,
    WithdrawAgreement,
};
use crate::engine::Refused;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/agreements", get(list).post(add))
        .route("/v1/agreements/show", get(show))
        .route("/v1/agreements/withdraw", post(withdraw))
        .route("/v1/agreements/cases", get(handled))
        .route("/v1/agreements/refused", get(refused))
}

async fn add(State(app): State<App>, call: Call, body: Body<AddAgreement>) -> Result<Response, Failure> {
    let AddAgreement { mut agreement, items } = body.value;
    for party in &mut agreement.parties {
        party.division = placed(&app, party.division)?;
    }
    let add = AgreementCommand::Add { agreement: Box::new(agreement), items };
    act(&app, &call, body.digest, Command::Agreement(add)).await
}

async fn withdraw(State(app): State<App>, call: Call, body: Body<WithdrawAgreement>) -> Result<Response, Failure> {
    let WithdrawAgreement { number, from, reason } = body.value;
    act(&app, &call, body.digest, Command::Agreement(AgreementCommand::Withdraw { number, from, reason })).await
}

/// Every agreement of this node's items.
async fn all(app: App) -> Result<Vec<AgreementView>, Failure> {
    app.fresh().await?;
    let done = tokio::task::spawn_blocking(move || -> Result<Vec<AgreementView>, Failure> {
        let mut items = Vec::new();
        item::ITEM.visit(app.state(), &[], None, false, |_, row| {
            if !row.agreements.is_empty() {
                items.push(row);
            }
            ControlFlow::Continue(())
        })?;
        Ok(agreements(items.into_iter(), app.shared.now().date()))
    });
    done.await.map_err(|error| Failure(Refused::fault(&error)))?
}

async fn list(State(app): State<App>) -> Result<Response, Failure> {
    Ok(listed("agreements", all(app).await?).into_response())
}

async fn show(State(app): State<App>, Query(query): Query<AgreementQuery>) -> Result<Response, Failure> {
    let number = query.agreement.unwrap_or_default();
    let found = all(app.clone()).await?.into_iter().find(|known| known.agreement == number.trim());
    let agreement = found.ok_or_else(|| {
        let (en, zh) = ("no item of this node has an agreement of this number", "没有该编号的协议");
        problem("agreement-unknown", "agreement", &number, en, zh)
            .remedy("list them: tongban agreement list", "查看：tongban agreement list")
    })?;
    let handled = uniform::COUNT.load(app.state(), &agreement.agreement)?;
    Ok(Json(AgreementShown { agreement, handled }).into_response())
}

/// Cases in one list.
const LIMIT_MAX: usize = 1_000;
/// Cases in one list when nothing is said.
const LIMIT_USUAL: usize = 100;

async fn handled(State(app): State<App>, Query(query): Query<HandledQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let done = tokio::task::spawn_blocking(move || page(&app, &query)).await;
    Ok(Json(done.map_err(|error| Failure(Refused::fault(&error)))??).into_response())
}

/// The cases asked for, the last collected first.
fn page(app: &App, query: &HandledQuery) -> Result<HandledPage, Failure> {
    let limit = query.limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MAX);
    let snapshot = app.state().snapshot()?;
    let read: &dyn Read = &*snapshot;
    let behind = match &query.after {
        Some(after) => {
            let case = after.trim().parse::<CaseId>().ok();
            let row = case.map(|case| uniform::HANDLED.load(read, &case)).transpose()?.flatten();
            let row = row.ok_or_else(|| super::cases::unknown(after))?;
            Some((row.word.collected_on.start(), row.case))
        }
        None => query.to.map(|to| (to.next_day().start(), CaseId::from_bytes([0; 16]))),
    };
    let is_wanted = |row: &HandledElsewhere| {
        query.number.as_ref().is_none_or(|number| row.word.agreement == number.trim())
            && query
                .item
                .as_ref()
                .map(|item| item.trim())
                .is_none_or(|item| row.item.code == item || short_code(&row.item.code) == item)
    };
    let (mut cases, mut fault, mut next) = (Vec::new(), None, None);
    uniform::BY_DAY.visit(read, &[], behind.as_ref(), true, |(day, case), ()| {
        if query.from.is_some_and(|from| day < from.start()) {
            return ControlFlow::Break(());
        }
        if cases.len() == limit {
            next = cases.last().map(|last: &HandledView| last.case);
            return ControlFlow::Break(());
        }
        match uniform::HANDLED.load(read, &case) {
            Ok(Some(row)) if is_wanted(&row) => cases.push(view(app, row)),
            Ok(_) => {}
            Err(error) => {
                fault = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    match fault {
        Some(error) => Err(error.into()),
        None => Ok(HandledPage { cases, next }),
    }
}

fn view(app: &App, row: HandledElsewhere) -> HandledView {
    let (applicant, number_end) = app.shared.parts.keys.of_handled(&row);
    let HandledElsewhere { case, place, item, word, heard_at, .. } = row;
    HandledView {
        case,
        case_no: word.case_no,
        agreement: word.agreement,
        item: item.code,
        item_name: item.core.name,
        handled_at: place.division,
        handled_by: word.department,
        by_item: word.by_item,
        applicant,
        number_end,
        collected_on: word.collected_on,
        accepted_on: word.accepted_on,
        result: word.ending.map(CodeList::name),
        result_zh: word.ending.map(CodeList::zh),
        ended_on: word.ended_on,
        licences: word.licences,
        heard_at,
    }
}

/// Own cases of which the authority in charge didn't take the last report.
async fn refused(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let mut rows = Vec::new();
    for (id, ()) in uniform::REFUSED.list(app.state(), &[], None, LIMIT_MAX)? {
        if let Some(row) = case::CASE.load(app.state(), &id)? {
            rows.push(ReportRefusedView {
                case: row.id,
                case_no: row.case_no,
                state: row.status.name(),
                state_zh: row.status.zh(),
                instead_of: row.instead_of,
                report_refused: row.report_refused,
            });
        }
    }
    Ok(listed("cases", rows).into_response())
}
