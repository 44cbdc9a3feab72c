//! Cases.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_domain::case::{
    Amended, AmendedField, Amendment, Case, Custody, Force, OutcomeSource, OutsideOutcome, ledger, national,
};
use tongban_domain::limit::{self, Turn};
use tongban_domain::pledge::Pledge;
use tongban_domain::work::Work;
use tongban_domain::{Agent, Applicant, Command};
use tongban_federation::wire::{Query as Question, Target};
use tongban_storage::keyspace::case;

use super::divisions::placed;
use super::foreign_items::fetch_for;
use super::{App, Body, Call, Failure, Query, act, licences, listed, materials, problem};
use crate::api::v1::{
    ActRequest, ActView, AgentRequest, AgentView, AmendmentView, CaseAct, CaseQuery, CaseView, CollectCase, LedgerView,
    OrderBrief, OutsideView, ProgressQuery, ProgressView, StatedView, WhereisView,
};
use crate::exchange::proof::{PROOF_CHARS, is_proof};
use crate::exchange::{Asked, ProgressAnswer, WhereisAnswer, proven_progress, whereis};

/// Cases in one list.
const LIMIT_MAX: usize = 1_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/cases", get(list).post(collect))
        .route("/v1/cases/act", post(act_on))
        .route("/v1/cases/show", get(show))
        .route("/v1/cases/ledger", get(ledger_of))
        .route("/v1/cases/whereis", get(whereis_case))
        .route("/v1/cases/progress", get(progress_of))
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

fn target(text: &str) -> Option<Target> {
    let text = text.trim();
    if let Ok(id) = text.parse::<CaseId>() {
        return Some(Target::CasePrefix(id.node_prefix()));
    }
    if let Ok(code) = text.parse::<QueryCode>() {
        return Some(Target::Label(code.label()));
    }
    // A collection number begins with the collecting division.
    let division = text.split('-').next().and_then(|first| first.parse().ok())?;
    Some(Target::Division(division))
}

fn whereis_view(answer: WhereisAnswer, source: tongban_codes::ids::NodeId) -> WhereisView {
    WhereisView {
        authority: answer.authority,
        division: answer.division,
        node: answer.node,
        tenure: answer.tenure,
        handover: answer.handover,
        as_of: answer.as_of,
        case: answer.case,
        source,
    }
}

/// Names the owner: by this node's own row when it owns, else by asking the node that collected, and that node's word on the owner; when
/// nobody answers, what is known here, with its as-of time.
async fn whereis_case(State(app): State<App>, Query(query): Query<CaseQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let text = query.case.unwrap_or_default();
    let me = app.shared.here().node;
    let known = whereis(&app.shared, &text)?;
    let mut best = known.clone().map(|answer| whereis_view(answer, me));
    if known.as_ref().is_some_and(|answer| answer.node == me && case_is_here(&app, &answer.case)) {
        return Ok(Json(best).into_response());
    }
    let mut asked: Vec<Target> = Vec::new();
    if let Some(answer) = &known {
        asked.push(Target::Node(answer.node));
        asked.push(Target::CasePrefix(answer.case.node_prefix()));
    } else {
        asked.extend(target(&text));
    }
    let mut from = None;
    for target in asked {
        let question = known.as_ref().map_or_else(|| text.clone(), |answer| answer.case.to_string());
        if let Asked::Answer(answer, source) =
            app.shared.ask::<WhereisAnswer>(target, Question::Whereis(question)).await
        {
            let id = answer.case;
            if best.as_ref().is_some_and(|best| best.case != answer.case) {
                continue;
            }
            let newer = best.as_ref().is_none_or(|best| (best.tenure, best.as_of) < (answer.tenure, answer.as_of));
            if newer {
                best = Some(whereis_view(answer, source));
                from = Some(source);
            }
            // Whoever was lost and has returned may believe that it owns the case: the node that collected it knows better.
            if id.node_prefix() == source.prefix() {
                break;
            }
        }
    }
    // Whoever is named as the owner has the newest word, and may name another in turn.
    for _ in 0..OWNERS_MAX {
        let Some(view) = best.clone().filter(|view| view.node != me && Some(view.node) != from) else { break };
        let question = Question::Whereis(view.case.to_string());
        let Asked::Answer(answer, source) = app.shared.ask::<WhereisAnswer>(Target::Node(view.node), question).await
        else {
            break;
        };
        if answer.case != view.case || answer.tenure < view.tenure {
            break;
        }
        from = Some(source);
        best = Some(whereis_view(answer, source));
    }
    best.map(|view| Json(view).into_response()).ok_or_else(|| unknown(&text))
}

/// Owners that `whereis` follows, one naming the next.
const OWNERS_MAX: usize = 8;

fn case_is_here(app: &App, id: &CaseId) -> bool {
    case::CASE
        .load(app.state(), id)
        .ok()
        .flatten()
        .is_some_and(|row| matches!(row.custody, Custody::Owner | Custody::Offered { .. }))
}

/// Whether a node that refuses with this code has no orders of the case: it doesn't know it, or its release has none.
fn has_none(code: &str) -> bool {
    matches!(code, "unknown-here" | "request-unsupported")
}

/// What an applicant is to pay or to get: of the node that answered, and of the hall that gave out his code and the authority in charge where these are
/// others. Gives the divisions of those that weren't reached.
async fn orders_of(
    app: &App,
    answer: &mut ProgressAnswer,
    (proof, answered): (&str, DivisionCode),
) -> (Vec<OrderBrief>, Vec<DivisionCode>) {
    let (code, here) = (answer.query_code, app.shared.here().division);
    let mut orders = std::mem::take(&mut answer.orders);
    let mut others = vec![
        (answer.division, Target::Division(answer.division)),
        (code.label().division(), Target::Label(code.label())),
    ];
    others.dedup_by_key(|(division, _)| *division);
    others.retain(|(division, _)| *division != here && *division != answered);
    let now = app.shared.now();
    let asked = others.into_iter().map(|(division, target)| async move {
        if app.silent.is(division, now) {
            return (division, None);
        }
        let question = Question::ProvenProgress(code, proof.to_owned());
        (division, Some(app.shared.ask::<ProgressAnswer>(target, question).await))
    });
    let mut unknown = Vec::new();
    for (division, asked) in futures::future::join_all(asked).await {
        let is_its = |node| app.shared.place_of(node).is_some_and(|place| place.division == division);
        match asked {
            Some(Asked::Answer(there, node)) if there.query_code == code && is_its(&node) => {
                let known: Vec<String> = orders.iter().map(|order| order.number.clone()).collect();
                orders.extend(there.orders.into_iter().filter(|order| !known.contains(&order.number)));
            }
            // It isn't there yet, or its release knows no such question.
            Some(Asked::Answer(..)) => {}
            Some(Asked::Refused(code, _)) if has_none(&code) => {}
            // It might have some, and doesn't say so now.
            Some(Asked::Refused(..)) => unknown.push(division),
            Some(Asked::Unreached) => {
                app.silent.tell(division, Some(now));
                unknown.push(division);
            }
            None => unknown.push(division),
        }
    }
    (orders.into_iter().map(super::orders::told).collect(), unknown)
}

/// How far a case is, for its applicant, asked of whichever node: by its own row, else by that of the node that gave out the query code.
async fn progress_of(State(app): State<App>, Query(query): Query<ProgressQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let ProgressQuery { code: text, proof } = query;
    let code: QueryCode = text.parse().map_err(|error: tongban_codes::InvalidCode| {
        problem("query-code", "code", &text, &error.to_string(), &format!("查询码有误：{}", error.zh()))
            .remedy("compare it with the slip", "请与收件凭证核对")
    })?;
    let proof = proof.trim();
    if !is_proof(proof) {
        let failure = problem(
            "invalid-field",
            "proof",
            "",
            &format!("the proof is the last {PROOF_CHARS} characters of the applicant's citizen id or credit code"),
            &format!("请提供申请人证件号码的后 {PROOF_CHARS} 位"),
        );
        return Err(failure.remedy("give --proof", "请填写 --proof"));
    }
    let mut answer = proven_progress(&app.shared, &code, proof)?;
    let is_here = answer.is_some();
    if answer.is_none() && case::named(app.state(), &code.to_string())?.is_none() {
        let question = Question::ProvenProgress(code, proof.to_owned());
        answer = match app.shared.ask::<ProgressAnswer>(Target::Label(code.label()), question).await {
            Asked::Answer(answer, _) => Some(answer),
            Asked::Refused(code, _) if code == "unknown-here" => None,
            Asked::Refused(..) | Asked::Unreached => {
                let failure = problem(
                    "unreached",
                    "code",
                    &text,
                    "the node that gave out this code isn't reached now, or its release can't answer",
                    "暂时无法连接发放该查询码的节点，或其版本不支持",
                );
                return Err(failure.remedy("ask again later", "请稍后再查"));
            }
        };
    }
    let mut answer = answer.ok_or_else(|| {
        let failure = problem(
            "progress-unproven",
            "code",
            &text,
            "no case has this query code and an applicant whose number ends so",
            "没有与该查询码和证件号码后六位相符的办件",
        );
        failure.remedy(
            "look at the slip; after five wrong tries a case answers nobody for a quarter of an hour",
            "请核对收件凭证；连续五次不符后，十五分钟内不再答复",
        )
    })?;
    let answered = if is_here { app.shared.here().division } else { code.label().division() };
    let (orders, orders_unknown) = orders_of(&app, &mut answer, (proof, answered)).await;
    Ok(Json(ProgressView {
        query_code: answer.query_code,
        state: answer.status.name().to_owned(),
        state_zh: answer.status.zh().to_owned(),
        item_name: answer.item_name,
        department: answer.department,
        division: answer.division,
        statutory_due: answer.statutory_due,
        promised_due: answer.promised_due,
        stop: answer.stop,
        extended_days: answer.extended,
        renewal_due: answer.renewal_due,
        renewal: answer.renewal,
        to_bring: answer.to_bring,
        bring_by: answer.bring_by,
        competent: answer.competent,
        forwarded: answer.forwarded,
        orders,
        orders_unknown,
        turn: answer.turn,
        instead_of: answer.instead_of,
        as_of: answer.as_of,
        demo: app.shared.node().demo,
    })
    .into_response())
}

#[cfg(test)]
mod tests {
    use super::has_none;

    /// Who refuses for now may have orders: only who says that it knows no such case, or no such question, has none.
    #[test]
    fn who_refuses_for_now_may_have_orders() {
        for none in ["unknown-here", "request-unsupported"] {
            assert!(has_none(none), "{none}");
        }
        for later in ["too-many-requests", "answer-malformed", "certificate-expired", "node-revoked", "answer-unsealed"]
        {
            assert!(!has_none(later), "{later}");
        }
    }
}
