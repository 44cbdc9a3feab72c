//! Work on cases: what waits for whom, and what is done with it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::Case;
use tongban_domain::catalogue::{CodeList as _, StepRole};
use tongban_domain::pledge::Pledge;
use tongban_domain::work::{is_on_duty, shown};
use tongban_domain::{Command, Identity, Operator};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{case, hall};

use super::{App, Body, Call, Failure, Query, act, listed, materials, problem};
use crate::api::v1::{
    DelegateDuty, EndDelegation, HandOverQuery, HandOverView, HandOverWork, OperatorIdentity, OperatorService,
    QueueQuery, QueueRow, WorkCase, WorkRequest,
};

/// Cases in one list.
const LIMIT_MAX: usize = 1_000;

/// Waiting cases that are looked at for items on which nobody may decide.
const LOOKED_MAX: usize = 200;

/// Content type of the sealed list of what was handed over.
const HAND_OVER: &str = "application/tongban-hand-over+cbor";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/cases/work", post(work))
        .route("/v1/cases/queue", get(queue))
        .route("/v1/operators/delegate", post(delegate))
        .route("/v1/operators/end-delegation", post(end_delegation))
        .route("/v1/operators/hand-over", get(handed_over).post(hand_over))
        .route("/v1/operators/hand-overs", get(hand_overs))
        .route("/v1/operators/service", post(service))
        .route("/v1/operators/identity", post(identity))
}

async fn work(State(app): State<App>, call: Call, body: Body<WorkCase>) -> Result<Response, Failure> {
    let WorkCase { case, act: request } = body.value;
    let command = match request {
        WorkRequest::Claim {} => Command::ClaimCase(case),
        WorkRequest::HandOn { to, note } => Command::HandCaseOn { case, to, note },
        WorkRequest::Return { to_step, reason } => Command::ReturnCase { case, to_step, reason },
        WorkRequest::Step { pass, opinion } => Command::DoStep { case, pass, opinion },
        WorkRequest::Recuse { operator, reason } => Command::Recuse { case, operator, reason },
        WorkRequest::AcceptLacking { lacking, until, promise, enough } => {
            Command::AcceptLacking { case, lacking, until, promise, enough }
        }
        WorkRequest::Pledge { materials, commitment } => Command::Pledge { case, materials, commitment },
        WorkRequest::VerifyPledge { outcome, finding } => Command::VerifyPledge { case, outcome, finding },
        WorkRequest::FollowUp { mut materials } => {
            materials::by_digest(&mut materials);
            Command::FollowUp { case, materials }
        }
    };
    act(&app, &call, body.digest, command).await
}

async fn queue(State(app): State<App>, call: Call, Query(query): Query<QueueQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let limit = query.limit.unwrap_or(100).min(LIMIT_MAX);
    let roles = match query.role.as_deref() {
        None => StepRole::ALL.to_vec(),
        Some(text) => vec![StepRole::named(text).ok_or_else(|| {
            problem(
                "invalid-field",
                "role",
                text,
                "steps are of reviewer or decider",
                "环节角色为审查（reviewer）或决定（decider）",
            )
        })?],
    };
    let ids = if query.lacking {
        case::LACKING.list(app.state(), &[], None, limit)?.into_iter().map(|((_, id), ())| id).collect()
    } else if query.pledges {
        let of = case::WAITS.list(app.state(), &stem(&case::PLEDGES), None, limit)?;
        of.into_iter().map(|((_, _, id), ())| id).collect()
    } else if query.mine {
        let actor = call.actor(&app, &Command::ClaimCase(String::new()))?;
        case::held(app.state(), &actor.operator, limit)?
    } else {
        waiting(&app, &roles, limit)?
    };
    let today = app.shared.now().date();
    let mut rows = Vec::new();
    for id in ids {
        if let Some(found) = case::CASE.load(app.state(), &id)? {
            rows.push(row(&found, today));
        }
    }
    Ok(listed("queue", rows).into_response())
}

/// Cases that nobody holds and that wait for one of the roles, those due first before the others.
fn waiting(app: &App, roles: &[StepRole], limit: usize) -> Result<Vec<CaseId>, Failure> {
    let mut found: Vec<(Timestamp, CaseId)> = Vec::new();
    for role in roles {
        let of_role = case::WAITS.list(app.state(), &stem(&case::role_number(*role)), None, limit)?;
        found.extend(of_role.into_iter().map(|((_, due, id), ())| (due, id)));
    }
    found.sort_unstable();
    Ok(found.into_iter().take(limit).map(|(_, id)| id).collect())
}

fn row(found: &Case, today: Date) -> QueueRow {
    let work = shown(found, today);
    let due = found.deadlines.as_ref();
    let lacking = found.lacking.iter().any(|lacking| lacking.until < today);
    let pledge = found.pledge.as_ref();
    let pledge_due = pledge.and_then(Pledge::due);
    QueueRow {
        case: found.id,
        case_no: found.case_no.clone(),
        collection_no: found.collection_no.clone(),
        item: found.item.code.clone(),
        item_name: found.item.core.name.clone(),
        step: work.step,
        steps: work.steps,
        step_name: work.name.unwrap_or_default(),
        role: work.role.map_or("", |role| role.role().name()).to_owned(),
        rule: work.rule.map_or("", |rule| rule.name()).to_owned(),
        signed: work.signers.map(|signers| format!("{}/{signers}", work.signatures.len())),
        holder: work.holder,
        step_due: work.due,
        promised_due: due.and_then(|due| due.promised).map(|due| due.date),
        statutory_due: due.and_then(|due| due.statutory).map(|due| due.date),
        lacking: found.lacking.clone(),
        pledge_due,
        pledge: pledge.map(Pledge::standing),
        overdue: lacking || work.due.into_iter().chain(pledge_due).any(|day| day < today),
    }
}

/// Items of waiting cases on which nobody in service may decide today.
pub(super) fn unattended(app: &App) -> Result<Vec<String>, Failure> {
    let operators = app.admission.operators(app.state())?;
    let today = app.shared.now().date();
    let mut items: Vec<String> = Vec::new();
    for id in waiting(app, StepRole::ALL, LOOKED_MAX)? {
        if let Some(found) = case::CASE.load(app.state(), &id)?
            && !items.contains(&found.item.code)
        {
            items.push(found.item.code);
        }
    }
    items.retain(|item| !is_on_duty(&operators, item, today));
    Ok(items)
}

/// Steps of waiting cases that more have to sign than there are in service: item, step, how many sign, how many there are.
pub(super) fn short_handed(app: &App) -> Result<Vec<(String, String, usize, usize)>, Failure> {
    let operators = app.admission.operators(app.state())?;
    let today = app.shared.now().date();
    let mut steps = Vec::new();
    for id in waiting(app, StepRole::ALL, LOOKED_MAX)? {
        let Some(found) = case::CASE.load(app.state(), &id)? else { continue };
        let work = shown(&found, today);
        let (Some(signers), Some(role), Some(name)) = (work.signers.map(usize::from), work.role, work.name) else {
            continue;
        };
        let serves = |operator: &&Operator| operator.disabled.is_none() && operator.roles.contains(&role.role());
        let there = operators.iter().filter(serves).count();
        let step = (found.item.code, name, signers, there);
        if there < signers && !steps.contains(&step) {
            steps.push(step);
        }
    }
    Ok(steps)
}

async fn delegate(State(app): State<App>, call: Call, body: Body<DelegateDuty>) -> Result<Response, Failure> {
    let DelegateDuty { principal, deputy, items, from, until, approver } = body.value;
    act(&app, &call, body.digest, Command::Delegate { principal, deputy, items, from, until, approver }).await
}

async fn end_delegation(State(app): State<App>, call: Call, body: Body<EndDelegation>) -> Result<Response, Failure> {
    let EndDelegation { principal, deputy } = body.value;
    act(&app, &call, body.digest, Command::EndDelegation { principal, deputy }).await
}

async fn hand_over(State(app): State<App>, call: Call, body: Body<HandOverWork>) -> Result<Response, Failure> {
    let HandOverWork { from, to, items } = body.value;
    act(&app, &call, body.digest, Command::HandOver { from, to, items }).await
}

async fn service(State(app): State<App>, call: Call, body: Body<OperatorService>) -> Result<Response, Failure> {
    let OperatorService { operator, disabled } = body.value;
    let command = if disabled { Command::DisableOperator(operator) } else { Command::EnableOperator(operator) };
    act(&app, &call, body.digest, command).await
}

async fn identity(State(app): State<App>, call: Call, body: Body<OperatorIdentity>) -> Result<Response, Failure> {
    let OperatorIdentity { operator, id } = body.value;
    act(&app, &call, body.digest, Command::RegisterIdentity { operator, identity: id.map(Identity) }).await
}

async fn handed_over(State(app): State<App>, Query(query): Query<HandOverQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let unknown = || {
        problem("list-unknown", "id", &query.id, "no such list was made here", "没有该移交清单")
            .remedy("list them: tongban operator handed-over", "查看：tongban operator handed-over")
    };
    let id = query.id.trim().parse::<CaseId>().map_err(|_| unknown())?;
    let list = hall::HAND_OVER.load(app.state(), &id)?.ok_or_else(unknown)?;
    let sealed = case::DOCUMENT.load(app.state(), &(id, 1, HAND_OVER.to_owned()))?.ok_or_else(unknown)?;
    Ok(Json(HandOverView { list, sealed: STANDARD.encode(sealed.0), as_of: app.shared.now() }).into_response())
}

async fn hand_overs(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let lists = hall::HAND_OVER.list(app.state(), &[], None, LIMIT_MAX)?;
    let mut lists: Vec<_> = lists.into_iter().map(|(_, list)| list).collect();
    lists.sort_by_key(|list| std::cmp::Reverse(list.at));
    Ok(listed("hand_overs", lists).into_response())
}
