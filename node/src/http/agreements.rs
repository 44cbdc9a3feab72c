//! Agreements between authorities.

use std::ops::ControlFlow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_domain::Command;
use tongban_domain::catalogue::{AgreementCommand, AgreementView, agreements};
use tongban_storage::keyspace::item;

use super::divisions::placed;
use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{AddAgreement, AgreementQuery, WithdrawAgreement};
use crate::engine::Refused;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/agreements", get(list).post(add))
        .route("/v1/agreements/show", get(show))
        .route("/v1/agreements/withdraw", post(withdraw))
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
    let found = all(app).await?.into_iter().find(|known| known.agreement == number.trim());
    found.map(|view| Json(view).into_response()).ok_or_else(|| {
        let (en, zh) = ("no item of this node has an agreement of this number", "没有该编号的协议");
        problem("agreement-unknown", "agreement", &number, en, zh)
            .remedy("list them: tongban agreement list", "查看：tongban agreement list")
    })
}
