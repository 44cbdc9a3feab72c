//! Reports of cases: the cases that this node decides, in the tables `up_pro_*`.
//!
//! Their rows say who applied. They are made anew whenever they are sent, from the case under whose key the names lie; what was sent is
//! remembered by a keyed digest and by columns that name nobody. Only the role admin may ask for them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tongban_codes::ids::{CaseId, Digest};
use tongban_domain::case::Case;
use tongban_domain::catalogue::{Guide, ServiceItem};
use tongban_domain::tables::{
    Answer, Batch, CaseSource, Choices, Comparison, KEPT, Lack, Looked, ReportedRow, Row, Said, Subject, Table,
    case_rows, compare_by, is_reported,
};
use tongban_domain::voice::{Occasion, Rating, Standing};
use tongban_domain::{Applicant, Role};
use tongban_storage::StorageError;
use tongban_storage::keyspace::front::{
    CASE_FRONT, CASE_ROW, CASE_SENT, CaseFront, CaseReport, SENT, UNTAKEN, due, goes_on, sent, stands as front,
};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{case, hall, item, voice};

use super::super::{App, Body, Call, Failure, Query, admit, problem};
use super::closing::{check_open, check_room};
use super::{ROWS_MAX, check_batch, check_channel, check_count, drawer, guide, heard, next_batch, replied};
use crate::api::v1::{
    CasePlan, KnownCaseRows, OpenCaseFront, PlanCases, RecordAnswers, RecordCases, Reported, SentCases, UntakenQuery,
};
use crate::engine::{ExchangeEvent, Outside, Refused};

/// Cases in one plan: with its acts and materials a case has a dozen rows, and a plan is one transaction there.
const CASES_MAX: usize = 200;

/// What is lacking is told of so many cases in one plan; of the others that they lack something.
const LACKS_MAX: usize = 200;

/// Separates the digests of rows from other uses of the index key.
const INDEX_ROW: &str = "up_pro row";

/// The longest `row_guid`, in bytes.
const GUID_BYTES_MAX: usize = 50;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/front/cases/open", post(open))
        .route("/v1/front/cases/plan", post(plan))
        .route("/v1/front/cases/record", post(record))
        .route("/v1/front/cases/answers", post(answers))
        .route("/v1/front/cases/sent", post(again))
        .route("/v1/front/cases/known", post(known))
        .route("/v1/front/cases/untaken", get(untaken))
}

/// Reporting cases is the administrator's. It hands out every applicant's name and number to a database outside: nobody who handles cases may
/// take them all, and whoever runs the node can.
fn reporter(app: &App, call: &Call) -> Result<String, Failure> {
    call.one_of(app, &[Role::Admin])
}

/// Begins to mark what changes: what was there before is gone through after that.
async fn open(State(app): State<App>, call: Call, body: Body<OpenCaseFront>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = reporter(&app, &call)?;
    let OpenCaseFront { channel } = body.value;
    check_channel(&channel)?;
    admit(&app)?;
    tracing::info!(operator, channel, "cases are reported to a front database");
    let settled = app.shared.settle(move |read, _, _| {
        check_open(read, &channel).map_err(|failure| failure.0)?;
        let fronts = CASE_FRONT.load(read, &())?.unwrap_or_default();
        if fronts.fronts.contains_key(&channel) {
            return Ok(Outside { reply: json!({ "opened": false }), ..Outside::default() });
        }
        check_room(fronts, &channel).map_err(|failure| failure.0)?;
        let exchange = vec![ExchangeEvent::CasesReported { channel, report: CaseReport::default() }];
        Ok(Outside { exchange, reply: json!({ "opened": true }), ..Outside::default() })
    });
    Ok(replied(settled.await?))
}

/// What the rows of a case are made of, as it lies here.
struct Held {
    acts: Vec<tongban_domain::case::Act>,
    item: Option<(ServiceItem, Guide)>,
    authority: Option<tongban_domain::Authority>,
    applicant: Option<Applicant>,
    agent: Option<Applicant>,
    licences: Vec<tongban_domain::licence::Licence>,
    rating: Option<Rating>,
}

impl Held {
    fn of(app: &App, row: &Case, acts: Vec<tongban_domain::case::Act>) -> Result<Self, StorageError> {
        let state = app.state();
        let person = |personal| {
            let opened = app.shared.parts.keys.disclosed(row, personal);
            opened.map(|(name, identity)| Applicant { name, identity })
        };
        let version = match item::VERSION.load(state, &(row.item.code.clone(), row.item.version))? {
            Some(version) => Some(version),
            None => item::ITEM.load(state, &row.item.code)?,
        };
        let item = match version {
            Some(version) => {
                let guide = guide(state, &version)?;
                Some((version, guide))
            }
            None => None,
        };
        let mut licences = Vec::new();
        for id in &row.licences {
            licences.extend(hall::LICENCE.load(state, id)?);
        }
        let counts = |rating: &Rating| rating.standing == Standing::Counted && rating.occasion == Occasion::Matter;
        Ok(Self {
            acts,
            item,
            authority: hall::AUTHORITY.load(state, &row.item.authority)?,
            applicant: person(&row.personal),
            agent: row.agent.as_ref().and_then(|agency| person(&agency.personal)),
            licences,
            rating: voice::ratings(state, &row.id)?.into_iter().find(counts),
        })
    }

    fn rows(&self, row: &Case, choices: &Choices) -> Made {
        case_rows(CaseSource {
            case: row,
            acts: &self.acts,
            item: self.item.as_ref().map(|(item, guide)| (item, guide)),
            authority: self.authority.as_ref(),
            applicant: self.applicant.as_ref(),
            agent: self.agent.as_ref(),
            licences: &self.licences,
            rating: self.rating.as_ref(),
            choices,
        })
    }
}

/// The rows of a case, or what it lacks for them.
type Made = Result<Vec<Row>, Vec<Lack>>;

/// The rows of a case as they are now; none of one that this node doesn't report.
fn made(app: &App, id: CaseId, choices: &Choices) -> Result<Option<Made>, StorageError> {
    let Some(row) = case::CASE.load(app.state(), &id)? else { return Ok(None) };
    let acts = case::history(app.state(), &id)?;
    if !is_reported(&row, &acts, &app.shared.here().node) {
        return Ok(None);
    }
    Ok(Some(Held::of(app, &row, acts)?.rows(&row, choices)))
}

/// A digest by which nobody without the key of the index finds out what a row says.
fn keyed(app: &App, digest: Digest) -> Digest {
    let key = app.shared.parts.keys.index.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Digest::from_bytes(key.hmac(INDEX_ROW, &digest.to_string()))
}

async fn plan(State(app): State<App>, call: Call, body: Body<PlanCases>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = reporter(&app, &call)?;
    let PlanCases { channel, choices, after, limit, again } = body.value;
    check_channel(&channel)?;
    check_open(app.state(), &channel)?;
    let limit = limit.unwrap_or(CASES_MAX).clamp(1, CASES_MAX);
    let at = app.shared.now();
    let stands = front(app.state(), &channel)?.unwrap_or_default();
    let page = due(app.state(), &channel, after, limit)?;
    let mut plan = CasePlan {
        batch: next_batch(Subject::Cases, drawer(&app), stands.batch.as_deref(), at)?,
        at,
        rows: Vec::new(),
        unchanged: 0,
        parts: 0,
        lacks: Vec::new(),
        lacking: 0,
        cases: 0,
        looked: Vec::new(),
        surveyed: page.surveyed,
        is_surveyed: page.is_surveyed,
        next: page.cases.last().filter(|_| page.more).map(|due| due.case),
        openings: stands.openings,
    };
    for due in page.cases {
        let done = planned(&app, &channel, &choices, due.case, again, &mut plan)?;
        plan.looked.push(Looked { case: due.case, mark: due.mark, done });
    }
    tracing::info!(
        operator,
        channel,
        cases = plan.cases,
        rows = plan.rows.len(),
        "applicants' data was asked for a report"
    );
    Ok(Json(plan).into_response())
}

/// Puts what a case has to say into the plan; tells whether that is all.
fn planned(
    app: &App,
    channel: &str,
    choices: &Choices,
    id: CaseId,
    again: bool,
    plan: &mut CasePlan,
) -> Result<bool, StorageError> {
    let Some(made) = made(app, id, choices)? else { return Ok(true) };
    plan.cases += 1;
    let made = match made {
        Ok(made) => made,
        Err(lacks) => {
            plan.lacking += 1;
            if plan.lacking <= LACKS_MAX {
                plan.lacks.extend(lacks);
            }
            return Ok(false);
        }
    };
    let before = sent(app.state(), channel, id)?;
    let Comparison { outgoing, unchanged } =
        compare_by(&id.to_string(), made, &before, again, |row| keyed(app, row.digest()));
    plan.parts += usize::from(!outgoing.is_empty() && unchanged > 0);
    plan.unchanged += unchanged;
    // What was rejected and stays as it was is looked at again: what it lacks may be mended outside the case.
    let mut stays = before.values().filter(|row| row.answer == Answer::Rejected);
    let done = stays.all(|row| outgoing.iter().any(|out| out.guid == row.guid));
    plan.rows.extend(outgoing.into_iter().map(|out| {
        let digest = keyed(app, out.digest());
        out.sent_as(&plan.batch, plan.at, digest)
    }));
    Ok(done)
}

/// A row as it may be remembered: of a table and a case that there are, not answered yet, and nobody named in it.
fn is_kept(app: &App, row: &ReportedRow) -> Result<bool, StorageError> {
    let is_table = matches!(Table::named(&row.table), Some(Table::Case(_)));
    let names_nobody = row.values.keys().all(|column| KEPT.contains(&column.as_str()));
    let is_short =
        (1..=GUID_BYTES_MAX).contains(&row.guid.len()) && row.values.values().all(|value| value.len() <= 4096);
    let Ok(id) = row.item.parse::<CaseId>() else { return Ok(false) };
    let is_fresh = row.answer == Answer::Waiting && row.code.is_none() && row.reason.is_none();
    Ok(is_table && names_nobody && is_short && is_fresh && case::CASE.holds(app.state(), &id)?)
}

async fn record(State(app): State<App>, call: Call, body: Body<RecordCases>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = reporter(&app, &call)?;
    let RecordCases { channel, sent, rows, looked, surveyed, is_surveyed, openings } = body.value;
    check_channel(&channel)?;
    let last = front(app.state(), &channel)?.ok_or_else(|| never(&channel))?.batch;
    if let Some((batch, _)) = &sent {
        check_batch(Subject::Cases, drawer(&app), batch, last.as_deref(), app.shared.now().date())
            .map_err(|problem| Failure(Refused::Problem(problem)))?;
    }
    check_count(rows.len().max(looked.len()))?;
    for row in &rows {
        if !is_kept(&app, row)? || sent.is_none() {
            let (en, zh) = (
                "the row is none of a case of this node as the plan gave it, or holds what may not be kept",
                "不是计划给出的本节点办件数据行，或含有不得留存的内容",
            );
            return Err(problem("invalid-request", "rows", &row.guid, en, zh)
                .remedy("send back the rows of the plan without their values", "按计划返回各行，不含内容"));
        }
    }
    admit(&app)?;
    if let Some((batch, _)) = &sent {
        tracing::info!(operator, channel, batch, rows = rows.len(), "rows of cases were reported");
    }
    let settled = app.shared.settle(move |read, _, _| {
        let mut kept = Vec::new();
        for row in rows {
            // Said again, it is the same row: an answer that came meanwhile stands, unless it was that nothing is there.
            let known = CASE_ROW.load(read, &(channel.clone(), row.guid.clone()))?;
            let known = known.filter(|known| known.answer != Answer::Missing);
            let repeated = known.as_ref().is_some_and(|known| {
                (known.digest, known.operation, &known.batch) == (row.digest, row.operation, &row.batch)
            });
            if !repeated {
                kept.push(row);
            }
        }
        let reply = json!({ "recorded": kept.len() });
        let stands = front(read, &channel)?.unwrap_or_default();
        let report = CaseReport { sent, rows: kept, looked, surveyed, is_surveyed };
        let surveys = surveyed.is_some() || is_surveyed;
        if surveys && openings.is_none() && stands.openings.is_some() && !stands.is_surveyed {
            return Err(reopened(&channel).0);
        }
        // How far it was looked before it was closed says nothing of what has changed since.
        let counts = stands.openings == openings && goes_on(read, &channel, &report)?;
        let report = if counts { report } else { CaseReport { surveyed: None, is_surveyed: false, ..report } };
        let exchange = vec![ExchangeEvent::CasesReported { channel, report }];
        Ok(Outside { exchange, reply, ..Outside::default() })
    });
    Ok(replied(settled.await?))
}

async fn answers(State(app): State<App>, call: Call, body: Body<RecordAnswers>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = reporter(&app, &call)?;
    let RecordAnswers { channel, said } = body.value;
    check_channel(&channel)?;
    check_count(said.len())?;
    if front(app.state(), &channel)?.is_none() {
        return Err(never(&channel));
    }
    admit(&app)?;
    tracing::info!(operator, channel, said = said.len(), "a front database answered about cases");
    let settled = app.shared.settle(move |read, at, _| {
        // A reason in words may name the applicant: it is shown when it is read, and isn't kept.
        let said = said.into_iter().map(|said| Said { reason: None, ..said }).collect();
        let (rows, reply) = heard(said, at, |said| CASE_ROW.load(read, &(channel.clone(), said.guid.clone())))?;
        let exchange = vec![ExchangeEvent::CasesAnswered { channel, rows }];
        Ok(Outside { exchange, reply, ..Outside::default() })
    });
    Ok(replied(settled.await?))
}

fn never(channel: &str) -> Failure {
    let (en, zh) = ("no case was ever reported to this front database", "从未向该前置库上报办件");
    problem("front-unreported", "channel", channel, en, zh)
        .remedy("report first: tongban case report", "请先上报：tongban case report")
}

/// How far the cases were gone through is told by a command that doesn't know of openings, or was asked before the first one: it would never count.
fn reopened(channel: &str) -> Failure {
    let en = "this front database was closed and opened again, and how far the cases were gone through doesn't say since when";
    let zh = "该前置库停用后已重新启用，上报程序未说明办件清点属于启用前还是启用后";
    problem("front-reopened", "openings", channel, en, zh).remedy(
        "report again, by a tongban of the same version as the node's; what was sent is recorded",
        "请用与节点同版本的 tongban 再次上报；已发送的行已记下",
    )
}

/// What was sent after a batch, as the cases are now.
async fn again(State(app): State<App>, call: Call, body: Body<SentCases>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = reporter(&app, &call)?;
    let SentCases { channel, choices, since, after } = body.value;
    check_channel(&channel)?;
    check_open(app.state(), &channel)?;
    let division = app.shared.here().division;
    let since = since.and_then(|since| Batch::named(&since, Subject::Cases, division));
    // None is less than every batch; one that another wrote is sent again rather than left out.
    let is_after =
        |row: &ReportedRow| Batch::named(&row.batch, Subject::Cases, division).is_none_or(|batch| Some(batch) > since);
    let state = app.state();
    let (mut cases, mut rows, mut parts) = (Vec::new(), Vec::new(), 0);
    // Every row of a case stands under it: one behind the last of them is the next case's.
    let from = after.map(|case| (channel.clone(), SENT, case, "\u{10ffff}".to_owned()));
    CASE_SENT.visit(state, &stem(&(channel.clone(), SENT)), from.as_ref(), false, |(_, _, case, _), _| {
        if cases.last() != Some(&case) {
            cases.push(case);
        }
        if cases.len() > CASES_MAX { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    })?;
    let more = cases.len() > CASES_MAX;
    cases.truncate(CASES_MAX);
    for id in &cases {
        let known = sent(state, &channel, *id)?;
        let count = known.len();
        let wanted: BTreeMap<String, ReportedRow> = known.into_iter().filter(|(_, row)| is_after(row)).collect();
        if wanted.is_empty() {
            continue;
        }
        parts += usize::from(wanted.len() < count);
        let now: BTreeMap<String, BTreeMap<String, String>> = match made(&app, *id, &choices)? {
            Some(Ok(now)) => now.into_iter().map(|row| (row.guid, row.values)).collect(),
            _ => BTreeMap::new(),
        };
        rows.extend(wanted.into_iter().filter_map(|(guid, row)| {
            let values = match now.get(&guid) {
                Some(values) => values.clone(),
                // What holds no longer is told by what is kept of it; what can't be made now isn't told by half.
                None if row.operation == tongban_domain::tables::Operation::Delete => row.values.clone(),
                None => return None,
            };
            Some(ReportedRow { values, ..row })
        }));
    }
    tracing::info!(operator, channel, rows = rows.len(), "applicants' data was asked for what was sent before");
    let next = cases.last().copied().filter(|_| more);
    Ok(Json(json!({ "rows": rows, "parts": parts, "next": next })).into_response())
}

/// Rows by their `row_guid`, as they were sent last.
async fn known(State(app): State<App>, call: Call, body: Body<KnownCaseRows>) -> Result<Response, Failure> {
    app.fresh().await?;
    reporter(&app, &call)?;
    let KnownCaseRows { channel, guids } = body.value;
    check_channel(&channel)?;
    check_count(guids.len())?;
    let mut rows = Vec::new();
    for guid in guids {
        rows.extend(CASE_ROW.load(app.state(), &(channel.clone(), guid))?);
    }
    Ok(Json(json!({ "rows": rows })).into_response())
}

/// Rows that the other side hasn't taken.
async fn untaken(State(app): State<App>, call: Call, Query(query): Query<UntakenQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    reporter(&app, &call)?;
    let UntakenQuery { channel, after_case, after_guid, limit } = query;
    check_channel(&channel)?;
    let state = app.state();
    let stands = front(state, &channel)?.ok_or_else(|| never(&channel))?;
    let limit = limit.unwrap_or(ROWS_MAX).clamp(1, ROWS_MAX);
    let after = after_case.map(|case| (channel.clone(), UNTAKEN, case, after_guid.unwrap_or_default()));
    let found = CASE_SENT.list(state, &stem(&(channel, UNTAKEN)), after.as_ref(), limit)?;
    let more = found.len() == limit;
    let mut rows = Vec::new();
    for ((channel, _, _, guid), _) in found {
        rows.extend(CASE_ROW.load(state, &(channel, guid))?);
    }
    let CaseFront { batch, reported, reconciled, rows: all, untaken, .. } = stands;
    let accepted = Some(all.saturating_sub(untaken));
    let (division, ordinal) = drawer(&app);
    let draws = Batch::stem(division, ordinal);
    Ok(Json(Reported { batch, reported, reconciled, rows, more, accepted, draws }).into_response())
}
