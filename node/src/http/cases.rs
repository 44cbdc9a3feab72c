//! Cases.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_codes::calendar::Calendar;
use tongban_domain::case::{
    Amended, AmendedField, Amendment, Case, Custody, Force, OutcomeSource, OutsideOutcome, ledger, national,
};
use tongban_domain::limit::{self, Turn};
use tongban_domain::pledge::Pledge;
use tongban_domain::work::Work;
use tongban_domain::{Agent, Applicant, Command};
use tongban_storage::keyspace::case;

use super::divisions::placed;
use super::foreign_items::fetch_for;
use super::{App, Body, Call, Failure, Query, act, licences, listed, materials, problem};
use crate::api::v1::{
    ActRequest, ActView, AgentRequest, AgentView, AmendmentView, CaseAct, CaseQuery, CaseView, CollectCase, LedgerView,
    OutsideView, StatedView,
};

/// Cases in one list.
const LIMIT_MAX: usize = 1_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/cases", get(list).post(collect))
        .route("/v1/cases/act", post(act_on))
        .route("/v1/cases/show", get(show))
        .route("/v1/cases/ledger", get(ledger_of))
        .merge(super::asking::routes())
        .merge(super::reclaims::routes())
        .merge(super::earlier::routes())
}

async fn collect(State(app): State<App>, call: Call, body: Body<CollectCase>) -> Result<Response, Failure> {
    let digest = body.digest;
    let CollectCase { item, division, mode, name, id, materials, hold, renews, agent, by } = body.value;
    let applicant = Applicant { name, identity: id };
    let division = placed(&app, division)?;
    let (given, renewed) = (materials.clone(), renews.clone());
    let agent = agent.map(|AgentRequest { name, id, power_of_attorney, scope, until }| {
        Box::new(Agent { name, identity: id, power: power_of_attorney, scope, until })
    });
    let command =
        Command::Collect { item: item.clone(), division, mode, applicant, materials, hold, renews, agent, by };
    let is_fetched = fetch_for(&app, &call, digest, &command, (division, &item)).await?;
    if let Some(licence) = renewed.filter(|_| is_fetched) {
        licences::renewable(&app, &licence).await?;
    }
    let done = act(&app, &call, digest, command).await?;
    materials::named(&app, &call, &given).await;
    Ok(done)
}

async fn act_on(State(app): State<App>, call: Call, body: Body<CaseAct>) -> Result<Response, Failure> {
    let digest = body.digest;
    let CaseAct { case, act: request } = body.value;
    let command = match request {
        ActRequest::Offer {} => Command::Offer(case),
        ActRequest::Accept { enough: None } => Command::Accept(case),
        ActRequest::Accept { enough: Some(reason) } => Command::AcceptEnough { case, reason },
        ActRequest::Refuse { refusal, reason, competent } => Command::Refuse { case, kind: refusal, reason, competent },
        ActRequest::Notify { items, new_reasons, within } => Command::Notify { case, items, new_reasons, within },
        ActRequest::Supplement { mut brings } => {
            brings.iter_mut().for_each(|bringing| materials::by_digest(&mut bringing.materials));
            Command::Supplement { case, brings }
        }
        ActRequest::Return { reason } => Command::Return { case, reason },
        ActRequest::Check { officers, finding } => Command::Check { case, officers, finding },
        ActRequest::Correct { what, materials: mut brought } => {
            materials::by_digest(&mut brought);
            Command::Correct { case, what, materials: brought }
        }
        ActRequest::Forward { division, item, opinion } => {
            let division = placed(&app, division)?;
            let command = Command::Forward { case, division, item: item.clone(), opinion };
            fetch_for(&app, &call, digest, &command, (division, &item)).await?;
            command
        }
        ActRequest::Amend { field, value, reason } => {
            Command::Amend { case, amended: Amended { field, value, reason } }
        }
        ActRequest::Decide { grant, reason } => Command::Decide { case, grant, reason },
        ActRequest::DenyForNumber {} => Command::DenyForNumber(case),
        ActRequest::Outcome { grant, number, decided_on, decider, reason, document_no, document, overrule } => {
            let told =
                OutsideOutcome { grant, number, decided_on, decider, reason, document_no, document, reason_code: None };
            let source = match overrule {
                Some(why) => OutcomeSource::Overruling(Box::new(told), why),
                None => OutcomeSource::Entered(Box::new(told)),
            };
            Command::EnterOutcome { case, source }
        }
        ActRequest::OutcomeOfOrder { order } => Command::EnterOutcome { case, source: OutcomeSource::Order(order) },
        ActRequest::WaiveFee { fee, reason } => Command::WaiveFee { case, fee, reason },
        ActRequest::ReportAgain {} => Command::ReportAgain(case),
        ActRequest::Suspend { procedure, days } => Command::SuspendCase { case, procedure, days },
        ActRequest::Resume { note } => Command::ResumeCase { case, note },
        ActRequest::Extend { days, approver, reason } => Command::ExtendCase { case, days, approver, reason },
        ActRequest::Deliver { note } => Command::Deliver { case, note },
        ActRequest::ReceivePaper {} => Command::ReceivePaper(case),
        ActRequest::Close {} => Command::Close(case),
        ActRequest::Reclaim { reason } => Command::AskReclaim { case, reason },
        ActRequest::Withdraw { reason } => Command::Withdraw { case, reason },
    };
    act(&app, &call, digest, command).await
}

pub(super) fn unknown(text: &str) -> Failure {
    let failure =
        problem("case-unknown", "case", text, "no case of this number or code is known here", "本节点没有该办件");
    failure.remedy("ask the federation: tongban case whereis", "查询：tongban case whereis")
}

async fn show(State(app): State<App>, Query(query): Query<CaseQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let text = query.case.unwrap_or_default();
    match case::named(app.state(), &text)? {
        Some(row) => Ok(Json(view(&app, &row)?).into_response()),
        // A number of another system, where no case of this one is called so.
        None => match super::earlier::shown(&app, &text)? {
            Some(earlier) => Ok(Json(earlier).into_response()),
            None => Err(unknown(&text)),
        },
    }
}

async fn ledger_of(State(app): State<App>, Query(query): Query<CaseQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let text = query.case.unwrap_or_default();
    let row = case::named(app.state(), &text)?.ok_or_else(|| unknown(&text))?;
    let history = case::history(app.state(), &row.id)?;
    let ledger = ledger(Calendar::embedded(), &history, row.deciding.node, app.shared.now());
    Ok(Json(LedgerView { case: row.id, ledger }).into_response())
}

async fn list(State(app): State<App>, Query(query): Query<CaseQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let limit = query.limit.unwrap_or(100).min(LIMIT_MAX);
    let mut ids = Vec::new();
    case::BY_TIME.visit(app.state(), &[], None, true, |(_, id), ()| {
        ids.push(id);
        if ids.len() < limit { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
    })?;
    let mut rows = Vec::new();
    for id in ids {
        if let Some(row) = case::CASE.load(app.state(), &id)? {
            rows.push(view(&app, &row)?);
        }
    }
    Ok(listed("cases", rows).into_response())
}

/// Entries that were put right. What stands there since is what stood there before the next one.
fn amendments(app: &App, row: &Case) -> Vec<AmendmentView> {
    let versions = row.amendments.iter().map(|amendment| &amendment.before).chain([&row.personal]);
    let versions: Vec<Option<(String, String)>> =
        versions.map(|personal| app.shared.parts.keys.masked(&row.id, personal)).collect();
    let shown = |field: AmendedField, version: Option<&Option<(String, String)>>| match (field, version) {
        (AmendedField::ApplicantName, Some(Some((name, _)))) => name.clone(),
        (AmendedField::ApplicantId, Some(Some((_, number)))) => number.clone(),
        _ => String::new(),
    };
    let view = |(place, amendment): (usize, &Amendment)| AmendmentView {
        field: amendment.field.name().to_owned(),
        was: shown(amendment.field, versions.get(place)),
        becomes: shown(amendment.field, versions.get(place + 1)),
        at: amendment.at,
        operator: amendment.by.clone(),
        reason: amendment.reason.clone(),
    };
    row.amendments.iter().enumerate().map(view).collect()
}

fn view(app: &App, row: &Case) -> Result<CaseView, Failure> {
    let history = case::history(app.state(), &row.id)?;
    let here = app.shared.here();
    let due = row.deadlines.as_ref();
    let (statutory, promised) = (due.and_then(|due| due.statutory), due.and_then(|due| due.promised));
    let masked = |personal| app.shared.parts.keys.masked(&row.id, personal).map_or_else(String::new, |(name, _)| name);
    Ok(CaseView {
        case: row.id,
        case_no: row.case_no.clone(),
        collection_no: row.collection_no.clone(),
        query_code: row.query_code,
        state: row.status.name().to_owned(),
        state_zh: row.status.zh().to_owned(),
        custody: match &row.custody {
            Custody::Owner => "owner",
            Custody::Offered { .. } => "offered",
            Custody::Elsewhere { .. } => "elsewhere",
        }
        .to_owned(),
        tenure: row.tenure,
        owner: row.owner(here).division,
        collecting: row.collecting.division,
        deciding: row.deciding.division,
        item: row.item.code.clone(),
        item_name: row.item.core.name.clone(),
        item_version: row.item.version,
        mode: row.mode.name().to_owned(),
        applicant: masked(&row.personal),
        forgotten_at: row.personal.forgotten_at,
        collected_at: row.collected_at,
        received_on: row.received_on,
        accepted_on: row.accepted_on,
        deemed: row.deemed,
        statutory_due: statutory.map(|due| due.date),
        promised_due: promised.map(|due| due.date),
        provisional: statutory.is_some_and(|due| due.provisional) || promised.is_some_and(|due| due.provisional),
        calendar: due.map(|due| due.calendar.clone()),
        stops: row.stops.clone(),
        extension: row.extension.clone(),
        renewal: row.renewal.clone(),
        renewal_standing: row.renewal.as_ref().map(|renewal| renewal.standing().to_owned()),
        renewal_due: due.and_then(|due| due.renewal),
        agent: row.agent.as_ref().map(|agency| AgentView {
            name: masked(&agency.personal),
            power_of_attorney: agency.power.clone(),
            scope: agency.scope.clone(),
            until: agency.until,
        }),
        correction: row.correction.clone(),
        competent: row.competent.clone(),
        forwarded_to: row.forwarded_to.clone(),
        forwarded_from: row.forwarded_from.clone(),
        part_of: super::applications::part_of(app, row),
        agreement: row.agreement.clone(),
        instead_of: row.instead_of.clone(),
        report_refused: row.report_refused.clone(),
        stated: row.stated.clone().map(|stated| StatedView { notice: super::earlier::NOTICE.to_owned(), stated }),
        orders: super::orders::of_case(app, row)?,
        outside: row.outside.clone().map(|outside| OutsideView { days_late: outside.days_late(), outside }),
        waivers: row.waivers.clone(),
        amendments: amendments(app, row),
        state_code: national::state_code(&history),
        result_code: national::result_code(&history),
        work: row.work.as_ref().map(Work::view),
        recused: row.recused.clone(),
        lacking: row.lacking.clone(),
        turn: turn(app, row)?,
        pledge: row.pledge.clone(),
        pledge_standing: row.pledge.as_ref().map(Pledge::standing),
        decided_on: row.decided_on,
        reason: row.reason.clone(),
        licences: row.licences.clone(),
        materials: materials::views(app, row)?,
        reclaims: row.reclaims.clone(),
        history: history
            .into_iter()
            .map(|act| {
                let force = row.force(&act);
                ActView { force: (force != Force::InForce).then(|| force.name().to_owned()), act }
            })
            .collect(),
        demo: app.shared.node().demo,
    })
}

/// Where a case stands before a limit of number: as it is now here, as it was told by another owner.
fn turn(app: &App, row: &Case) -> Result<Option<Turn>, Failure> {
    let Some(turn) = row.turn.clone() else { return Ok(None) };
    let day = app.shared.now().date();
    let seen = super::standards::judged(app, |facts, _| Ok(limit::seen(facts, row, day)))?;
    Ok(Some(Turn { seen, ..turn }))
}
