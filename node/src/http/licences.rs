//! Licences.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tongban_codes::licence_id::LicenceId;
use tongban_codes::time::Timestamp;
use tongban_domain::Command;
use tongban_domain::licence::{Statement, Status};
use tongban_federation::wire::{Query as Question, Target};
use tongban_storage::keyspace::hall;

use super::{App, Body, Call, Failure, Query, act, problem};
use crate::api::v1::{CancelLicence, IssueLicence, LicenceQuery, LicenceView, Verdict, VerifyLicence};
use crate::exchange::licence::{issuers, opened};
use crate::exchange::{Asked, LicenceAnswer};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/licences", post(issue))
        .route("/v1/licences/cancel", post(cancel))
        .route("/v1/licences/show", get(show))
        .route("/v1/licences/verify", post(verify))
}

async fn issue(State(app): State<App>, call: Call, body: Body<IssueLicence>) -> Result<Response, Failure> {
    let IssueLicence { case, kind, until } = body.value;
    act(&app, &call, body.digest, Command::IssueLicence { case, kind, until }).await
}

async fn cancel(State(app): State<App>, call: Call, body: Body<CancelLicence>) -> Result<Response, Failure> {
    let CancelLicence { licence, reason } = body.value;
    act(&app, &call, body.digest, Command::CancelLicence { licence, reason }).await
}

async fn show(State(app): State<App>, Query(query): Query<LicenceQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let row = hall::LICENCE.load(app.state(), &query.licence)?.ok_or_else(|| {
        problem(
            "licence-unknown",
            "licence",
            &query.licence,
            "no licence of this identifier was issued here",
            "本节点没有颁发该证照",
        )
        .remedy("check it anywhere: tongban licence verify", "查验：tongban licence verify")
    })?;
    Ok(Json(LicenceView {
        licence: row.id,
        type_name: row.type_name,
        status: row.status.name().to_owned(),
        issued_on: row.issued_on,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        case: row.case,
        renews: row.renews,
        renewed_by: row.renewed_by,
        reason: row.reason,
        file: BASE64.encode(row.sealed),
    })
    .into_response())
}

/// Texts of the closed list of reasons.
const REASONS: [(&str, &str, &str); 8] = [
    (
        "valid",
        "the seal holds and the issuing authority's register says it is valid",
        "签章有效，颁发机构登记状态为有效",
    ),
    ("cancelled", "the issuing authority has cancelled it", "已被颁发机构注销"),
    ("renewed", "it has been renewed: another stands in its place", "已延续，由新证照取代"),
    ("expired", "its last day has passed", "已过有效期"),
    (
        "tampered",
        "the seal does not hold: the file was changed or was never sealed by this authority",
        "签章不符：文件被篡改或并非该机构签发",
    ),
    ("unknown", "the issuing authority's register has no such licence", "颁发机构登记中没有该证照"),
    (
        "unknown-authority",
        "no authority with this seal is known in the federation that this node reaches",
        "联网目录中没有该签章的机构",
    ),
    (
        "status-unknown",
        "the seal holds, but the issuing authority's register could not be asked now",
        "签章有效，但暂时无法查询颁发机构的登记状态",
    ),
];

fn verdict(
    app: &App,
    reason: &'static str,
    licence: String,
    statement: Option<Statement>,
    as_of: Option<Timestamp>,
) -> Verdict {
    let (_, en, zh) = REASONS.iter().find(|(code, ..)| *code == reason).copied().unwrap_or((reason, "", ""));
    Verdict {
        valid: reason == "valid",
        reason: reason.to_owned(),
        en: en.to_owned(),
        zh: zh.to_owned(),
        licence,
        demo: statement.as_ref().is_some_and(|statement| statement.demo) || app.shared.node().demo,
        type_name: statement.as_ref().map(|statement| statement.type_name.clone()),
        authority: statement.as_ref().map(|statement| statement.authority_name.clone()),
        valid_until: statement.map(|statement| statement.valid_until),
        renewed_by: None,
        as_of,
    }
}

async fn verify(State(app): State<App>, body: Body<VerifyLicence>) -> Result<Response, Failure> {
    app.fresh().await?;
    let verdict = match (body.value.id, body.value.file) {
        (Some(id), None) => verify_id(&app, id).await?,
        (None, Some(file)) => match BASE64.decode(file.trim()) {
            Ok(bytes) => verify_file(&app, &bytes).await?,
            Err(_) => {
                let failure = problem("invalid-request", "file", "", "the file is not base64", "文件不是 base64");
                return Err(failure.remedy("send the bytes of the sealed file as base64", "请以 base64 提交证照文件"));
            }
        },
        _ => {
            return Err(problem(
                "invalid-request",
                "id",
                "",
                "give an identifier or a file, one of them",
                "请提供证照标识或文件之一",
            )
            .remedy("leave one of them out", "只提供其中之一"));
        }
    };
    Ok(Json(verdict).into_response())
}

async fn verify_file(app: &App, bytes: &[u8]) -> Result<Verdict, Failure> {
    let statement = match opened(&app.shared, bytes) {
        Ok(statement) => statement,
        Err(reason) => return Ok(verdict(app, reason, String::new(), None, None)),
    };
    let id = statement.id.clone();
    standing(app, id, Some(statement)).await
}

async fn verify_id(app: &App, id: String) -> Result<Verdict, Failure> {
    let _shape: LicenceId = id.parse().map_err(|error: tongban_codes::InvalidCode| {
        let failure =
            problem("licence-id", "licence", &id, &error.to_string(), &format!("证照标识有误：{}", error.zh()));
        failure.remedy("copy the identifier whole, or give a file", "请完整填写证照标识，或提供文件")
    })?;
    standing(app, id, None).await
}

/// Asks the register: this node's own, or the issuing authority's.
async fn standing(app: &App, id: String, statement: Option<Statement>) -> Result<Verdict, Failure> {
    let now = app.shared.now();
    let (answer, asked) = if let Some(row) = hall::LICENCE.load(app.state(), &id)? {
        let (status, renewed_by) = (row.status, row.renewed_by);
        (Some(LicenceAnswer { sealed: row.sealed, status, as_of: now, renewed_by }), true)
    } else {
        let mut answer = None;
        let mut asked = false;
        for node in issuers(&app.shared, &id, statement.as_ref()) {
            if node == app.shared.here().node {
                asked = true;
                continue;
            }
            match app.shared.ask::<LicenceAnswer>(Target::Node(node), Question::Licence(id.clone())).await {
                Asked::Answer(found, _) => {
                    answer = Some(found);
                    break;
                }
                Asked::Refused(code, _) if code == "unknown-here" => asked = true,
                Asked::Refused(..) | Asked::Unreached => {}
            }
        }
        (answer, asked)
    };
    let Some(answer) = answer else {
        let reason = if asked {
            "unknown"
        } else if statement.is_some() {
            "status-unknown"
        } else {
            "unknown-authority"
        };
        return Ok(verdict(app, reason, id, statement, None));
    };
    let sealed = match opened(&app.shared, &answer.sealed) {
        Ok(sealed) if sealed.id == id => sealed,
        Ok(_) => return Ok(verdict(app, "tampered", id, statement, None)),
        Err(reason) => return Ok(verdict(app, reason, id, statement, None)),
    };
    let reason = match answer.status {
        Status::Cancelled => "cancelled",
        Status::Renewed => "renewed",
        Status::Valid if sealed.valid_until < now.date() => "expired",
        Status::Valid => "valid",
    };
    let verdict = verdict(app, reason, id, Some(sealed), Some(answer.as_of));
    Ok(Verdict { renewed_by: answer.renewed_by, ..verdict })
}

/// Asks the register of the authority, when it can be reached, whether there is anything to renew: a window elsewhere would learn it from a refused
/// hand-over only. The node that decides judges it again.
pub(super) async fn renewable(app: &App, id: &str) -> Result<(), Failure> {
    let verdict = verify_id(app, id.trim().to_owned()).await?;
    let code = match verdict.reason.as_str() {
        "valid" | "status-unknown" | "unknown-authority" => return Ok(()),
        "expired" => "renewal-ended",
        "cancelled" | "renewed" => "licence-state",
        _ => "licence-unknown",
    };
    let failure = problem(code, "renews", id, &verdict.en, &verdict.zh);
    Err(failure.remedy("see it: tongban licence verify", "查看：tongban licence verify"))
}
