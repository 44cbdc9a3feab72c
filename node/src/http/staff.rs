//! Operators and authorities.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tongban_domain::Command;
use tongban_storage::keyspace::hall;

use super::{App, Body, Call, Failure, act, listed, problem};
use crate::api::v1::{AddAuthority, AddOperator, GrantMandate, OperatorView};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/operators", get(operators).post(add_operator))
        .route("/v1/operators/mandate", post(grant_mandate))
        .route("/v1/authorities", get(authorities).post(add_authority))
}

async fn add_operator(State(app): State<App>, call: Call, body: Body<AddOperator>) -> Result<Response, Failure> {
    let AddOperator { name, roles, window, uid, known: must } = body.value;
    if must {
        app.fresh().await?;
    }
    let known = hall::OPERATOR.load(app.state(), &name.trim().to_owned())?;
    if must && known.is_none() {
        return Err(problem("operator-unknown", "name", &name, "no such operator", "没有该经办人").remedy(
            "see: tongban operator list; add: tongban operator add",
            "查看：tongban operator list；添加：tongban operator add",
        ));
    }
    // A new operator is by default whoever adds him; one that is known keeps his user id.
    let uid = uid.or_else(|| known.is_none().then_some(call.uid).flatten());
    let command = Command::AddOperator { name, roles, window, uid };
    act(&app, &call, body.digest, command).await
}

async fn grant_mandate(State(app): State<App>, call: Call, body: Body<GrantMandate>) -> Result<Response, Failure> {
    let GrantMandate { operator, item, from, until } = body.value;
    act(&app, &call, body.digest, Command::GrantMandate { operator, item, from, until }).await
}

async fn add_authority(State(app): State<App>, call: Call, body: Body<AddAuthority>) -> Result<Response, Failure> {
    let AddAuthority { name, code, maps } = body.value;
    act(&app, &call, body.digest, Command::AddAuthority { name, code, maps }).await
}

async fn operators(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let all = hall::OPERATOR.list(app.state(), &[], None, usize::MAX)?;
    let rows = all
        .into_iter()
        .map(|(_, row)| OperatorView {
            name: row.name,
            roles: row.roles,
            window: row.window,
            mandates: row.mandates,
            department: row.department,
            deputises: row.deputises,
            disabled: row.disabled,
        })
        .collect();
    Ok(listed("operators", rows).into_response())
}

async fn authorities(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let all = hall::AUTHORITY.list(app.state(), &[], None, usize::MAX)?;
    let rows: Vec<_> = all.into_iter().map(|(_, row)| row).collect();
    Ok(listed("authorities", rows).into_response())
}
