//! Ratings and tickets.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_codes::ids::QueryCode;
use tongban_codes::time::Date;
use tongban_domain::Command;
use tongban_domain::case::masked_name;
use tongban_domain::catalogue::CodeList;
use tongban_domain::voice::{
    FollowUpState, Grade, INDICATORS_VERSION, Indicator, Occasion, OpenTicket, RateRequest, Rater, Rating, Score,
    Ticket, TicketAct, TicketState, Voice, VoiceCommand, indicators,
};
use tongban_storage::keyspace::{case, figure, item, voice};

use super::divisions::placed;
use super::supervision::First;
use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{
    ActOnTicket, FollowUpRating, IndicatorGrade, IndicatorView, OpenTicket as OpenRequest, RateService, RatesQuery,
    RatesView, RatingQuery, RatingView, RatingsQuery, TicketProgress, TicketQuery, TicketView, TicketsQuery,
};
use crate::engine::{Refused, dimensions};
use crate::exchange::proof::is_proof;
use crate::exchange::proven_progress;

/// Rows in one list.
const LIMIT_MAX: usize = 1_000;
/// Rows in one list when nothing is said.
const LIMIT_USUAL: usize = 100;

fn limited(limit: Option<usize>) -> usize {
    limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MAX)
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/ratings", get(ratings).post(rate))
        .route("/v1/ratings/show", get(show_rating))
        .route("/v1/ratings/act", post(follow_up))
        .route("/v1/ratings/indicators", get(indicator_list))
        .route("/v1/ratings/rates", get(rates))
        .route("/v1/tickets", get(tickets).post(open))
        .route("/v1/tickets/show", get(show_ticket))
        .route("/v1/tickets/progress", get(progress))
        .route("/v1/tickets/act", post(act_on_ticket))
}

fn grade(number: u8, field: &str) -> Result<Grade, Failure> {
    Grade::of_code(number).ok_or_else(|| {
        let (en, zh) =
            ("a grade is 1 (very satisfied) to 5 (very dissatisfied)", "满意度为 1（非常满意）至 5（非常不满意）");
        problem("invalid-field", field, &number.to_string(), en, zh)
            .remedy("give --grade 1 to 5", "填写 --grade 1 至 5")
    })
}

fn is_query_code(text: &str) -> Result<QueryCode, Failure> {
    text.parse().map_err(|error: tongban_codes::InvalidCode| {
        problem("query-code", "code", text, &error.to_string(), &format!("查询码有误：{}", error.zh()))
            .remedy("look at the slip or the ticket: tongban code check", "核对收件凭证或工单：tongban code check")
    })
}

/// Refuses whoever doesn't hold the query code of a case that is known here and the end of its applicant's number.
fn prove_case(app: &App, text: &str, proof: &str) -> Result<String, Failure> {
    let code = is_query_code(text)?;
    if case::named(app.state(), &code.to_string())?.is_some_and(|_| is_proof(proof))
        && proven_progress(&app.shared, &code, proof)?.is_some()
    {
        return Ok(code.to_string());
    }
    let failure = problem(
        "progress-unproven",
        "code",
        text,
        "no case of this node has this query code and an applicant whose number ends so",
        "本节点没有与该查询码和证件号码后六位相符的办件",
    );
    Err(failure.remedy(
        "rate it at a node that collected or decided it; after five wrong tries a case answers nobody for a quarter of an hour",
        "请在收件地或办理地节点评价；连续五次不符后，十五分钟内不再答复",
    ))
}

async fn rate(State(app): State<App>, call: Call, body: Body<RateService>) -> Result<Response, Failure> {
    app.fresh().await?;
    let digest = body.digest;
    let RateService { case, grade: number, channel, proof, comment, indicators, visited_on } = body.value;
    let score = |of: IndicatorGrade| Ok(Score { indicator: of.indicator, grade: grade(of.grade, "indicator")? });
    let scores = indicators.into_iter().map(score).collect::<Result<Vec<Score>, Failure>>()?;
    let grade = grade(number, "grade")?;
    let (by, case) = match proof.as_deref().map(str::trim) {
        Some(proof) => (Rater::Applicant, prove_case(&app, &case, proof)?),
        None => (Rater::Window, case),
    };
    let request = RateRequest { case, by, grade, channel, comment, scores, visited_on };
    act(&app, &call, digest, Command::Voice(VoiceCommand::Rate(Box::new(request)))).await
}

async fn follow_up(State(app): State<App>, call: Call, body: Body<FollowUpRating>) -> Result<Response, Failure> {
    let FollowUpRating { rating, act: wanted } = body.value;
    act(&app, &call, body.digest, Command::Voice(VoiceCommand::FollowUp { rating, act: wanted })).await
}

fn occasion(on_site: bool) -> (&'static str, &'static str) {
    if on_site { ("visit", "现场一次一评") } else { ("matter", "网上一事一评") }
}

fn rating_view(rating: Rating, today: Date) -> RatingView {
    let visited_on = match rating.occasion {
        Occasion::Visit(day) => Some(day),
        Occasion::Matter => None,
    };
    let (occasion, occasion_zh) = occasion(visited_on.is_some());
    let case = rating.case();
    let follow_up = rating.follow_up;
    let state = follow_up.as_ref().map(|follow_up| follow_up.state);
    let due = follow_up.as_ref().map(|follow_up| follow_up.due);
    let outcome = follow_up.as_ref().and_then(|follow_up| follow_up.outcome);
    RatingView {
        rating: rating.number,
        case,
        case_no: rating.about.case_no,
        item_name: rating.about.item_name,
        occasion,
        occasion_zh,
        visited_on,
        grade: rating.grade.code(),
        grade_name: rating.grade,
        grade_name_zh: rating.grade.zh(),
        stars: 6 - rating.grade.code(),
        channel: rating.channel,
        channel_zh: rating.channel.zh(),
        by: rating.by,
        comment: rating.comment,
        indicators: rating.scores,
        indicators_version: rating.indicators,
        at: rating.at,
        times: rating.times,
        entered: rating.entered.division,
        rated: rating.rated.division,
        department: rating.about.department,
        operators: rating.operators,
        standing: rating.standing,
        standing_zh: rating.standing.zh(),
        refused: rating.refused,
        follow_up: state,
        follow_up_zh: state.map(CodeList::zh),
        follow_up_due: due,
        overdue: state.is_some_and(|state| state != FollowUpState::Closed) && due.is_some_and(|due| due < today),
        holder: follow_up.as_ref().and_then(|follow_up| follow_up.holder.clone()),
        outcome,
        outcome_zh: outcome.map(CodeList::zh),
        call: follow_up.and_then(|follow_up| follow_up.call),
        appeal: rating.appeal,
        log: rating.log,
    }
}

/// Reads what a list or a sum is made of beside the threads that answer others.
async fn read<T: Send + 'static>(
    app: App,
    work: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    app.fresh().await?;
    let done = tokio::task::spawn_blocking(move || work(&app)).await;
    done.map_err(|error| Failure(Refused::fault(&error)))?
}

/// The ratings asked for, the newest first.
fn ratings_page(app: &App, query: &RatingsQuery) -> Result<Vec<RatingView>, Failure> {
    let (snapshot, today) = (app.state().snapshot()?, app.shared.now().date());
    let wanted = |rating: &Rating| {
        let open = rating.follow_up.as_ref().is_some_and(|follow_up| follow_up.state != FollowUpState::Closed);
        (!query.open || open) && (!query.bad || rating.grade.is_bad())
    };
    let mut newest = First::new(limited(query.limit), None);
    let mut see = |rating: Rating| {
        if wanted(&rating) {
            newest.see((Reverse(rating.at), Reverse(rating.number.clone())), rating);
        }
    };
    match &query.case {
        Some(text) => {
            let row = case::named(&*snapshot, text)?.ok_or_else(|| super::cases::unknown(text))?;
            voice::ratings(&*snapshot, &row.id)?.into_iter().for_each(see);
        }
        None => voice::VOICE.visit(&*snapshot, &[], None, false, |_, voice| {
            if let Voice::Rating(rating) = voice {
                see(rating);
            }
            ControlFlow::Continue(())
        })?,
    }
    let (found, _, _) = newest.page();
    Ok(found.into_iter().map(|rating| rating_view(rating, today)).collect())
}

async fn ratings(State(app): State<App>, Query(query): Query<RatingsQuery>) -> Result<Response, Failure> {
    let views = read(app, move |app| ratings_page(app, &query)).await?;
    Ok(listed("ratings", views).into_response())
}

async fn show_rating(State(app): State<App>, Query(query): Query<RatingQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    match voice::named(app.state(), query.rating.trim())? {
        Some(Voice::Rating(rating)) => Ok(Json(rating_view(rating, app.shared.now().date())).into_response()),
        _ => {
            let (en, zh) = ("no rating of this number is here", "本节点没有该评价编号");
            let failure = problem("rating-unknown", "rating", &query.rating, en, zh);
            Err(failure.remedy("list them: tongban rate list", "查看：tongban rate list"))
        }
    }
}

async fn indicator_list() -> Response {
    let of = |on_site: bool| {
        let (occasion, occasion_zh) = occasion(on_site);
        indicators(on_site).iter().map(move |indicator: &Indicator| IndicatorView {
            indicator: *indicator,
            indicator_zh: indicator.zh(),
            occasion,
            occasion_zh,
            indicators_version: INDICATORS_VERSION,
        })
    };
    listed("indicators", of(false).chain(of(true)).collect::<Vec<_>>()).into_response()
}

/// Percent with one decimal; none of nothing.
fn percent(part: i64, whole: i64) -> Option<f64> {
    let tenths = (whole > 0).then(|| i32::try_from((part * 1000 + whole / 2) / whole).ok())??;
    Some(f64::from(tenths) / 10.0)
}

/// The rates from the figures: what counts at this node and, at a superior, at those below.
fn rates_of(app: &App, query: &RatesQuery) -> Result<Vec<RatesView>, Failure> {
    let (snapshot, today) = (app.state().snapshot()?, app.shared.now().date());
    let walk = item::crosswalk(&*snapshot)?;
    let mut by: BTreeMap<String, RatesView> = BTreeMap::new();
    figure::FIGURE.visit(&*snapshot, &[], None, false, |(_, division, key), count| {
        let parts: BTreeMap<&str, &str> = dimensions(&key).into_iter().collect();
        let part = |name: &str| parts.get(name).copied().unwrap_or("-");
        let asked = query.division.is_none_or(|code| walk.same(code, division))
            && query.month.as_deref().is_none_or(|month| part("month") == month);
        if asked {
            let name = walk.current(division, today).to_string();
            let rates = by.entry(name.clone()).or_insert_with(|| RatesView { division: name, ..RatesView::default() });
            count_rate(rates, part("measure"), part("outcome"), count);
        }
        ControlFlow::Continue(())
    })?;
    let rated = |rates: RatesView| RatesView {
        own_rate: percent(rates.own, rates.decided),
        good_rate: percent(rates.good, rates.ratings),
        rectified_rate: percent(rates.rectified, rates.bad),
        ..rates
    };
    Ok(by.into_values().map(rated).collect())
}

/// Adds a figure to what the rates are made of: ratings and follow-ups count in the month of the rating, matters in that of their acceptance.
fn count_rate(rates: &mut RatesView, measure: &str, outcome: &str, count: i64) {
    match (measure, outcome) {
        ("ratings" | "ratings-on-site", grade) => {
            let bad = Grade::named(grade).is_some_and(Grade::is_bad);
            rates.ratings += count;
            *(if bad { &mut rates.bad } else { &mut rates.good }) += count;
        }
        ("matters-rated-own", _) => rates.own += count,
        ("follow-ups", "rectified" | "rectified-by-plan") => rates.rectified += count,
        ("accepted", outcome) if outcome != "pending" => rates.decided += count,
        _ => {}
    }
}

async fn rates(State(app): State<App>, Query(query): Query<RatesQuery>) -> Result<Response, Failure> {
    let rows = read(app, move |app| rates_of(app, &query)).await?;
    Ok(listed("rates", rows).into_response())
}

async fn open(State(app): State<App>, call: Call, body: Body<OpenRequest>) -> Result<Response, Failure> {
    let digest = body.digest;
    let OpenRequest { kind, text, channel, name, id, word, contact, case, division } = body.value;
    let division = division.map(|division| placed(&app, division)).transpose()?;
    let request = OpenTicket { kind, text, channel, name, identity: id, word, contact, case, division };
    act(&app, &call, digest, Command::Voice(VoiceCommand::Open(Box::new(request)))).await
}

fn ticket_unknown(text: &str) -> Failure {
    let failure = problem("ticket-unknown", "ticket", text, "no ticket of this number is here", "本节点没有该工单");
    failure.remedy("list them: tongban ticket list", "查看：tongban ticket list")
}

/// The ticket of a query code, for whoever holds its proof.
fn proven(app: &App, text: &str, proof: &str) -> Result<Ticket, Failure> {
    let code = is_query_code(text)?;
    if let Some(Voice::Ticket(ticket)) = voice::coded(app.state(), &code)?
        && let Some((_, proves)) = app.shared.parts.keys.of_ticket(&ticket, &ticket.personal)
        && app.shared.proves(ticket.id, &proves, proof.trim())
    {
        return Ok(ticket);
    }
    let failure = problem(
        "ticket-unproven",
        "ticket",
        text,
        "no ticket that was opened here has this query code and this proof",
        "没有在本节点登记的工单与该查询码和凭证相符",
    );
    Err(failure.remedy(
        "ask where it was opened; after five wrong tries a ticket answers nobody for a quarter of an hour",
        "请在登记地查询；连续五次不符后，十五分钟内不再答复",
    ))
}

async fn act_on_ticket(State(app): State<App>, call: Call, body: Body<ActOnTicket>) -> Result<Response, Failure> {
    app.fresh().await?;
    let digest = body.digest;
    let ActOnTicket { mut ticket, proof, act: mut wanted } = body.value;
    if let TicketAct::Send { division, .. } = &mut wanted {
        *division = placed(&app, *division)?;
    }
    if wanted.is_applicants() {
        ticket = proven(&app, &ticket, proof.as_deref().unwrap_or_default())?.number;
    }
    act(&app, &call, digest, Command::Voice(VoiceCommand::Ticket { ticket, act: wanted })).await
}

fn ticket_view(app: &App, ticket: Ticket, today: Date) -> TicketView {
    let keys = &app.shared.parts.keys;
    let name = keys.of_ticket(&ticket, &ticket.personal).map(|(name, _)| name).filter(|_| ticket.named);
    let contact = ticket.contact.as_ref().and_then(|contact| keys.of_ticket(&ticket, contact));
    TicketView {
        overdue: ticket.state.is_waiting() && ticket.due < today,
        ticket: ticket.number,
        query_code: ticket.code,
        kind: ticket.kind,
        kind_zh: ticket.kind.zh(),
        state: ticket.state,
        state_zh: ticket.state.zh(),
        text: ticket.text,
        applicant: name.map(|name| masked_name(&name)),
        contact: contact.map(|(contact, _)| contact),
        case: ticket.subject,
        channel: ticket.channel,
        opened_at: ticket.opened_at,
        origin: ticket.origin.division,
        handler: ticket.handler.division,
        department: ticket.department,
        holder: ticket.holder,
        due: ticket.due,
        answers: ticket.answers,
        outcome: ticket.outcome,
        outcome_zh: ticket.outcome.map(CodeList::zh),
        reopened: ticket.reopened,
        log: ticket.log,
    }
}

/// The tickets asked for, those due first before the others.
fn tickets_page(app: &App, query: &TicketsQuery) -> Result<Vec<TicketView>, Failure> {
    let (snapshot, today) = (app.state().snapshot()?, app.shared.now().date());
    let mut first = First::new(limited(query.limit), None);
    voice::VOICE.visit(&*snapshot, &[], None, false, |_, voice| {
        if let Voice::Ticket(ticket) = voice {
            let here = !ticket.away && !matches!(ticket.state, TicketState::Closed | TicketState::Returned);
            let overdue = ticket.state.is_waiting() && ticket.due < today;
            let department = |name: &String| ticket.department.as_ref().is_some_and(|of| of.contains(name.as_str()));
            if (query.all || here)
                && (!query.overdue || overdue)
                && query.kind.is_none_or(|kind| ticket.kind == kind)
                && query.department.as_ref().is_none_or(department)
            {
                first.see((ticket.due, ticket.number.clone()), ticket);
            }
        }
        ControlFlow::Continue(())
    })?;
    let (found, _, _) = first.page();
    Ok(found.into_iter().map(|ticket| ticket_view(app, ticket, today)).collect())
}

async fn tickets(State(app): State<App>, Query(query): Query<TicketsQuery>) -> Result<Response, Failure> {
    let views = read(app, move |app| tickets_page(app, &query)).await?;
    Ok(listed("tickets", views).into_response())
}

async fn show_ticket(State(app): State<App>, Query(query): Query<TicketQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    match voice::named(app.state(), query.ticket.trim())? {
        Some(Voice::Ticket(ticket)) => Ok(Json(ticket_view(&app, ticket, app.shared.now().date())).into_response()),
        _ => Err(ticket_unknown(&query.ticket)),
    }
}

async fn progress(State(app): State<App>, Query(query): Query<TicketQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let ticket = proven(&app, &query.ticket, query.proof.as_deref().unwrap_or_default())?;
    let answer = ticket.answers.last();
    Ok(Json(TicketProgress {
        query_code: ticket.code,
        kind: ticket.kind,
        kind_zh: ticket.kind.zh(),
        state: ticket.state,
        state_zh: ticket.state.zh(),
        opened_at: ticket.opened_at,
        handler: ticket.handler.division,
        department: ticket.department.clone(),
        due: ticket.due,
        answer: answer.map(|answer| answer.text.clone()),
        answered_at: answer.map(|answer| answer.at),
        outcome: ticket.outcome,
        outcome_zh: ticket.outcome.map(CodeList::zh),
    })
    .into_response())
}
