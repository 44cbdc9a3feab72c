//! How a refusal is answered: status and body.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tongban_storage::StorageError;

use crate::api::v1::{ErrorBody, Problem};
use crate::engine::Refused;

/// A refusal on its way to the caller.
#[derive(Debug)]
pub(crate) struct Failure(pub(super) Refused);

impl Failure {
    /// Says what to do about it.
    pub(super) fn remedy(self, en: &str, zh: &str) -> Self {
        Self(self.0.remedy(en, zh))
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self(refused)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match self.0 {
            Refused::Rejection(rejection) => (
                StatusCode::CONFLICT,
                Problem {
                    code: rejection.code.to_owned(),
                    field: rejection.field.to_owned(),
                    value: rejection.value.clone().into(),
                    en: rejection.en.clone().into(),
                    zh: rejection.zh.clone().into(),
                    remedy_en: rejection.remedy_en.clone().into(),
                    remedy_zh: rejection.remedy_zh.clone().into(),
                },
            ),
            Refused::Problem(problem) => {
                let status = match problem.code.as_str() {
                    "internal-fault" => StatusCode::INTERNAL_SERVER_ERROR,
                    "no-such-path" => StatusCode::NOT_FOUND,
                    "method-not-allowed" => StatusCode::METHOD_NOT_ALLOWED,
                    "invalid-request" => StatusCode::BAD_REQUEST,
                    "operator-unknown" | "operator-disabled" | "role-missing" => StatusCode::FORBIDDEN,
                    "material-too-large" => StatusCode::PAYLOAD_TOO_LARGE,
                    "disk-low" => StatusCode::INSUFFICIENT_STORAGE,
                    _ => StatusCode::CONFLICT,
                };
                (status, *problem)
            }
            Refused::Unknown => (
                StatusCode::SERVICE_UNAVAILABLE,
                Problem {
                    code: "outcome-unknown".to_owned(),
                    en: "it is not known whether this was done".to_owned(),
                    zh: "尚不知是否已办理".to_owned(),
                    remedy_en: "repeat it with the same idempotency key".to_owned(),
                    remedy_zh: "用同一幂等键重试".to_owned(),
                    ..Problem::default()
                },
            ),
            Refused::Stopped => (
                StatusCode::SERVICE_UNAVAILABLE,
                Problem {
                    code: "node-stopping".to_owned(),
                    en: "the node is stopping".to_owned(),
                    zh: "节点正在停止".to_owned(),
                    ..Problem::default()
                },
            ),
        };
        (status, Json(ErrorBody { error })).into_response()
    }
}

/// A problem that a handler finds itself.
pub(super) fn problem(code: &str, field: &str, value: &str, en: &str, zh: &str) -> Failure {
    let refused = Refused::problem(code, en, zh).about(field, value);
    Failure(match code {
        // What helps is mostly in the sentence already.
        "invalid-request" | "invalid-field" => refused.remedy("correct the value", "请更正该值"),
        _ => refused,
    })
}
