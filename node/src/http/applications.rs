//! Applications for life events.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tongban_codes::ids::QueryCode;
use tongban_domain::application::{
    Answer, Application, ApplicationCommand, ApplicationState, CollectApplication, Joint, PARTS_MAX, PartOf,
    form_values, standing,
};
use tongban_domain::case::Case;
use tongban_domain::{Applicant, Command, Role};
use tongban_storage::keyspace::application;

use super::divisions::placed;
use super::foreign_items::fetch_for;
use super::standards::judged;
use super::supervision::First;
use super::{App, Body, Call, Failure, Query, act, documents, listed, materials, problem};
use crate::api::v1::{
    ActOnApplication, AnswerPrint, ApplicationProgress, ApplicationQuery, ApplicationRequest, ApplicationRow,
    ApplicationView, ApplicationsQuery, CollectApplication as CollectRequest, PartOfView, PartProgress,
};
use crate::engine::Refused;

/// Rows in one list.
const LIMIT_MAX: usize = 1_000;
/// Rows in one list when nothing is said.
const LIMIT_USUAL: usize = 100;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/applications", get(list).post(collect))
        .route("/v1/applications/show", get(show))
        .route("/v1/applications/progress", get(progress))
        .route("/v1/applications/print", get(print))
        .route("/v1/applications/act", post(act_on))
}

async fn collect(State(app): State<App>, call: Call, body: Body<CollectRequest>) -> Result<Response, Failure> {
    let digest = body.digest;
    let CollectRequest { mut plan, name, id, fields, materials: brought, licences } = body.value;
    for part in &mut plan.parts {
        part.division = placed(&app, part.division)?;
    }
    let parts = plan.parts.clone();
    let given = brought.clone();
    let command = Command::Application(ApplicationCommand::Collect(Box::new(CollectApplication {
        plan,
        applicant: Applicant { name, identity: id },
        fields: fields.into_iter().map(|field| (field.name, field.value)).collect(),
        materials: brought,
        licences: licences.into_iter().map(|from| (from.name, from.licence)).collect(),
    })));
    // What has too many is refused anyway, and asks nobody.
    for part in parts.iter().take(PARTS_MAX) {
        fetch_for(&app, &call, digest, &command, (part.division, &part.item)).await?;
    }
    let done = act(&app, &call, digest, command).await?;
    materials::named(&app, &call, &given).await;
    Ok(done)
}

async fn act_on(State(app): State<App>, call: Call, body: Body<ActOnApplication>) -> Result<Response, Failure> {
    let digest = body.digest;
    let ActOnApplication { application, act: request } = body.value;
    let command = match request {
        ApplicationRequest::Advance {} => ApplicationCommand::Advance { application },
        ApplicationRequest::Answer { forwarded_open } => ApplicationCommand::Answer { application, forwarded_open },
        ApplicationRequest::Withdraw { parts, reason } => ApplicationCommand::Withdraw { application, parts, reason },
        ApplicationRequest::Again { parts } => ApplicationCommand::Again { application, parts },
        ApplicationRequest::Inspect { joint, officers, finding } => {
            ApplicationCommand::Joint { application, joint, act: Joint::Inspection { officers, finding } }
        }
        ApplicationRequest::Publicise { joint, published, from, days } => {
            let from = from.unwrap_or_else(|| app.shared.now().date());
            ApplicationCommand::Joint { application, joint, act: Joint::Publicity { published, from, days } }
        }
    };
    if matches!(command, ApplicationCommand::Advance { .. } | ApplicationCommand::Again { .. }) {
        // What can't be begun with an item as it was kept may be begun with the item as it is.
        refresh(&app, &call, digest, &Command::Application(command.clone())).await?;
    }
    act(&app, &call, digest, Command::Application(command)).await
}

/// Fetches the items of the parts of an application that aren't begun, or are applied for anew.
async fn refresh(app: &App, call: &Call, digest: tongban_codes::ids::Digest, command: &Command) -> Result<(), Failure> {
    app.fresh().await?;
    let (text, again) = match command {
        Command::Application(ApplicationCommand::Advance { application }) => (application, &[][..]),
        Command::Application(ApplicationCommand::Again { application, parts }) => (application, &parts[..]),
        _ => return Ok(()),
    };
    let Some(row) = application::named(app.state(), text)? else { return Ok(()) };
    for part in row.parts.iter().filter(|part| part.case.is_none() || again.contains(&part.part)) {
        fetch_for(app, call, digest, command, (part.deciding.division, &part.item.code)).await?;
    }
    Ok(())
}

fn applicant(app: &App, row: &Application) -> String {
    app.shared.parts.keys.masked(&row.id, &row.personal).map_or_else(String::new, |(name, _)| name)
}

async fn list(State(app): State<App>, Query(query): Query<ApplicationsQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let here = app.clone();
    let done = tokio::task::spawn_blocking(move || page(&here, &query)).await;
    let rows = done.map_err(|error| Failure(Refused::fault(&error)))??;
    Ok(listed("applications", rows).into_response())
}

/// The applications asked for, the newest first.
fn page(app: &App, query: &ApplicationsQuery) -> Result<Vec<ApplicationRow>, Failure> {
    let today = app.shared.now().date();
    let mut newest = First::new(query.limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MAX), None);
    application::APPLICATION.visit(app.state(), &[], None, false, |_, row| {
        if query.all || row.answer.is_none() {
            newest.see((Reverse(row.collected_at), Reverse(row.number.clone())), row);
        }
        ControlFlow::Continue(())
    })?;
    let (found, ..) = newest.page();
    judged(app, |facts, _| {
        let row = |row: &Application| {
            let now = standing(facts, row);
            ApplicationRow {
                application: row.number.clone(),
                event: row.event.clone(),
                applicant: applicant(app, row),
                collected_at: row.collected_at,
                state: now.state,
                state_zh: now.state_zh,
                due: now.due,
                overdue: now.state == ApplicationState::Running && now.due.is_some_and(|due| due < today),
                part_count: now.parts.len(),
                parts_over: now.parts.iter().filter(|part| part.state.is_over()).count(),
            }
        };
        Ok(found.iter().map(row).collect::<Vec<_>>())
    })
}

fn unknown(text: &str) -> Failure {
    let (en, zh) = ("no application of this number was collected here", "本节点没有该一件事编号");
    problem("application-unknown", "application", text, en, zh)
        .remedy("list them: tongban application list", "查看：tongban application list")
}

async fn show(State(app): State<App>, Query(query): Query<ApplicationQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let row = application::named(app.state(), &query.application)?.ok_or_else(|| unknown(&query.application))?;
    let standing = judged(&app, |facts, _| Ok(standing(facts, &row)))?;
    let joint_answer = row.last_answer().cloned().map(Answer::translated);
    Ok(Json(ApplicationView {
        applicant: applicant(&app, &row),
        application: row.number,
        id: row.id,
        query_code: row.query_code,
        event: row.event,
        bundle: row.bundle,
        collected_at: row.collected_at,
        collecting: row.collecting.division,
        operator: row.operator,
        standing,
        given: row.given,
        joint_answer,
        former_answers: row.former.into_iter().map(Answer::translated).collect(),
        demo: app.shared.node().demo,
    })
    .into_response())
}

/// The one answer on paper. It names its applicant in full, unlike the views, as long as this hall has a case of it: it is for those who may
/// print a document.
async fn print(State(app): State<App>, call: Call, Query(query): Query<ApplicationQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    call.one_of(&app, &[Role::Window, Role::Reviewer, Role::Decider, Role::Issuer])?;
    let row = application::named(app.state(), &query.application)?.ok_or_else(|| unknown(&query.application))?;
    let number = row.number.clone();
    let act = match query.answer {
        None => row.answer_act(),
        Some(place) => row.nth_answer_act(place).ok_or_else(|| {
            let given = row.former.len() + usize::from(row.answer.is_some());
            let (en, zh) = (format!("the application has {given} of them"), format!("已出具 {given} 份综合答复"));
            problem("document-unknown", "answer", &place.to_string(), &en, &zh)
                .remedy("see them: tongban application show", "查看：tongban application show")
        })?,
    };
    let rendered = documents::answer(&app, row, act).await?;
    let missing = rendered.missing.iter().map(|sign| format!("{sign} U+{:04X}", u32::from(*sign))).collect();
    Ok(Json(AnswerPrint { application: number, pages: rendered.pages, missing, pdf: BASE64.encode(rendered.pdf) })
        .into_response())
}

/// How far an application is, for who holds its query code and the end of its applicant's number.
async fn progress(State(app): State<App>, Query(query): Query<ApplicationQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let text = &query.application;
    let code: QueryCode = text.parse().map_err(|error: tongban_codes::InvalidCode| {
        problem("query-code", "code", text, &error.to_string(), &format!("查询码有误：{}", error.zh()))
            .remedy("compare it with the slip", "请与收件凭证核对")
    })?;
    let proof = query.proof.unwrap_or_default();
    let found = application::named(app.state(), &code.to_string())?;
    let proven = found.filter(|row| {
        let end = app.shared.parts.keys.proof(&row.id, &row.personal);
        end.is_some_and(|end| app.shared.proves(row.id, &end, proof.trim()))
    });
    let row = proven.ok_or_else(|| {
        let failure = problem(
            "progress-unproven",
            "code",
            text,
            "no application that was collected here has this query code and an applicant whose number ends so",
            "没有在本节点收件的一件事与该查询码和证件号码后六位相符",
        );
        failure.remedy(
            "ask where it was collected; after five wrong tries it answers nobody for a quarter of an hour",
            "请在收件地查询；连续五次不符后，十五分钟内不再答复",
        )
    })?;
    let now = judged(&app, |facts, _| Ok(standing(facts, &row)))?;
    let parts = now.parts.into_iter().map(|part| PartProgress {
        item_name: part.item_name,
        department: part.department,
        division: part.division,
        state: part.state,
        state_zh: part.state_zh,
        due: part.due,
        because: part.because,
        forwarded_to: part.forwarded_to,
    });
    let joint_answer = row.last_answer().map(|answer| answer.clone().translated().lines).unwrap_or_default();
    Ok(Json(ApplicationProgress {
        query_code: row.query_code,
        event: row.event,
        state: now.state,
        state_zh: now.state_zh,
        due: now.due,
        parts: parts.collect(),
        next: now.next.into_iter().filter(|step| step.who == "applicant").collect(),
        joint_answer,
        demo: app.shared.node().demo,
    })
    .into_response())
}

/// The application that a case is a part of; the values of its form at the node that has the case alone.
pub(super) fn part_of(app: &App, row: &Case) -> Option<PartOfView> {
    let PartOf { number, event, part, joint, form, entries, .. } = row.part_of.as_ref()?;
    let opened = form.as_ref().and_then(|form| app.shared.parts.keys.disclosed(row, form));
    Some(PartOfView {
        application: number.clone(),
        event: event.clone(),
        part: part.clone(),
        joint: joint.clone(),
        form: opened.map(|(text, _)| form_values(&text)).unwrap_or_default(),
        entries: entries.clone(),
    })
}
