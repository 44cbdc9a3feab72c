//! Anchors between trees.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_federation::limits;

use super::peers::administrator;
use super::{App, Body, Call, Failure, listed, problem};
use crate::api::v1::{ImportAnchor, WithdrawAnchor};
use crate::engine::Refused;
use crate::exchange::{Nudge, anchor};
use crate::runtime::nudge;

/// The longest file: a root's record is some kilobytes.
const ANCHOR_BYTES_MAX: usize = 256 << 10;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/anchors", get(list).post(import))
        .route("/v1/anchors/own", get(own))
        .route("/v1/anchors/withdraw", post(withdraw))
}

async fn list(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    Ok(listed("anchors", anchor::views(&app.shared)).into_response())
}

async fn own(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    Ok(Json(anchor::own(&app.shared).map_err(remedied)?).into_response())
}

async fn import(State(app): State<App>, call: Call, body: Body<ImportAnchor>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = administrator(&app, &call)?;
    let ImportAnchor { anchor: text, fingerprint } = body.value;
    if text.len() > ANCHOR_BYTES_MAX {
        return Err(problem(
            "anchor-malformed",
            "anchor",
            "",
            "the file is too long for an anchor",
            "文件过大，不是信任锚文件",
        ));
    }
    let view = anchor::import(&app.shared, &text, fingerprint.as_deref(), &operator).await.map_err(remedied)?;
    nudge(&app.nudge, Nudge::Look);
    Ok(Json(view).into_response())
}

async fn withdraw(State(app): State<App>, call: Call, body: Body<WithdrawAnchor>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = administrator(&app, &call)?;
    let WithdrawAnchor { division, reason } = body.value;
    if reason.trim().is_empty() || reason.len() > limits::TEXT_BYTES_MAX {
        return Err(problem("invalid-field", "reason", &reason, "say why, in a sentence", "请用一句话写明理由"));
    }
    let view = anchor::withdraw(&app.shared, division, reason, &operator).await.map_err(remedied)?;
    nudge(&app.nudge, Nudge::Look);
    Ok(Json(view).into_response())
}

/// Names the field at fault and the remedy.
fn remedied(refused: Refused) -> Failure {
    let Refused::Problem(mut problem) = refused else { return Failure(refused) };
    let (field, en, zh) = match problem.code.as_str() {
        "anchor-not-root" => ("node", "do it at the root: tongban peer list", "请在根节点办理：tongban peer list"),
        "anchor-malformed" => (
            "anchor",
            "at the other root: tongban anchor export --to FILE",
            "请对方根节点重新导出：tongban anchor export --to 文件",
        ),
        "anchor-unconfirmed" | "anchor-fingerprint" => {
            ("fingerprint", "tongban anchor import FILE --fingerprint …", "tongban anchor import 文件 --fingerprint …")
        }
        "anchor-division" => (
            "anchor",
            "check which file it is: this node and the other must be roots of different provinces",
            "核对文件：须为另一省的根节点",
        ),
        "anchor-taken" => (
            "division",
            "tongban anchor withdraw DIVISION --reason T",
            "tongban anchor withdraw 区划代码 --reason 理由",
        ),
        "anchor-unknown" => ("division", "tongban anchor list", "tongban anchor list"),
        _ => return Failure(Refused::Problem(problem)),
    };
    field.clone_into(&mut problem.field);
    Failure(Refused::Problem(problem)).remedy(en, zh)
}
