//! Codes of divisions that change, and the cross-walk between them.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tongban_codes::division::DivisionCode;
use tongban_domain::Command;
use tongban_domain::catalogue::{DivisionPlan, ItemState, StandardBody, StandardKind};
use tongban_storage::keyspace::item;
use tongban_storage::keyspace::key::stem;

use super::standards::division_name;
use super::{App, Body, Call, Failure, act, listed};
use crate::api::v1::{ChangeDivision, DivisionChangeView, WithdrawDivision};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/divisions", get(list))
        .route("/v1/divisions/change", post(change))
        .route("/v1/divisions/withdraw", post(withdraw))
}

/// The code under which the directory has a division that is named by any of its codes; the one given where it has none.
pub(super) fn placed(app: &App, division: DivisionCode) -> Result<DivisionCode, Failure> {
    let places = app.shared.places();
    let is_placed = |code: &DivisionCode| *code == app.shared.here().division || places.contains_key(code);
    if is_placed(&division) {
        return Ok(division);
    }
    let codes = item::crosswalk(app.state())?.codes(division);
    Ok(codes.into_iter().find(is_placed).unwrap_or(division))
}

async fn change(State(app): State<App>, call: Call, body: Body<ChangeDivision>) -> Result<Response, Failure> {
    let ChangeDivision { old, new, name, from, order, dry_run } = body.value;
    let plan = DivisionPlan { old, new, name, from, order };
    act(&app, &call, body.digest, Command::ChangeDivision { plan, dry_run }).await
}

async fn withdraw(State(app): State<App>, call: Call, body: Body<WithdrawDivision>) -> Result<Response, Failure> {
    act(&app, &call, body.digest, Command::WithdrawDivision(body.value.old)).await
}

async fn list(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let today = app.shared.now().date();
    let number = item::standard_number(StandardKind::Division);
    let snapshot = app.state().snapshot()?;
    let walk = item::crosswalk(&*snapshot)?;
    let mut views = Vec::new();
    for (_, standard) in item::STANDARD.list(&*snapshot, &stem(&number), None, usize::MAX)? {
        let StandardBody::Division(change) = standard.body else { continue };
        let Some(from) = standard.effective.filter(|_| standard.state == ItemState::Published) else { continue };
        views.push(DivisionChangeView {
            counts: walk.after(change.old) == Some((change.new, from)),
            holds: from <= today,
            old: change.old,
            old_name: division_name(change.old),
            new: change.new,
            name: change.name,
            from,
            order: change.order,
            division: standard.division,
            set_by: division_name(standard.division),
        });
    }
    Ok(listed("divisions", views).into_response())
}
