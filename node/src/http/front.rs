//! Reports in the national exchange tables: what is to be sent, what was sent, what was said to it. Of items here, of cases in [`cases`].
//!
//! The node decides and remembers; whoever calls carries the rows. Between sending and remembering both may break off: then the same rows
//! are planned again, and the front database knows them by their `row_guid`.

mod cases;
mod closing;

use std::collections::BTreeMap;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::catalogue::{Guide, ItemState, ServiceItem};
use tongban_domain::tables::{
    Answer, BATCHES_A_DAY_MAX, Batch, Comparison, Outgoing, ReportedRow, Said, Subject, TableSource, answered, compare,
    rows,
};
use tongban_domain::{Command, Role};
use tongban_storage::keyspace::front::{FRONT, FrontRow, REPORTED};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{hall, item};
use tongban_storage::{Backend, StorageError};

use super::{App, Body, Call, Failure, Query, admit, problem};
use crate::api::v1::{PlanReport, Problem, RecordAnswers, RecordReport, ReportPlan, Reported, ReportedQuery};
use crate::engine::{ExchangeEvent, Outside, Refused};

/// Items in one plan: their rows, with children, must fit into an answer.
const ITEMS_MAX: usize = 500;
/// Rows in one request or answer.
const ROWS_MAX: usize = 1_000;
/// The longest name of a front database, in bytes.
const CHANNEL_BYTES_MAX: usize = 40;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/front/plan", post(plan))
        .route("/v1/front/record", post(record))
        .route("/v1/front/answers", post(answers))
        .route("/v1/front/reported", get(reported))
        .merge(cases::routes())
        .merge(closing::routes())
}

async fn plan(State(app): State<App>, body: Body<PlanReport>) -> Result<Response, Failure> {
    app.fresh().await?;
    let PlanReport { channel, choices, after, limit, again } = body.value;
    check_channel(&channel)?;
    let state = app.state();
    closing::check_open(state, &channel)?;
    let limit = limit.unwrap_or(ITEMS_MAX).clamp(1, ITEMS_MAX);
    let at = app.shared.now();
    let stands = FRONT.load(state, &channel)?.unwrap_or_default();
    let mut plan = ReportPlan {
        batch: next_batch(Subject::Items, drawer(&app), stands.batch.as_deref(), at)?,
        at,
        rows: Vec::new(),
        unchanged: 0,
        parts: 0,
        lacks: Vec::new(),
        items: 0,
        next: None,
    };
    let items = item::ITEM.list(state, &[], after.as_ref(), limit)?;
    plan.items = items.len();
    if items.len() == limit {
        plan.next = items.last().map(|(code, _)| code.clone());
    }
    let authorities: BTreeMap<_, _> = hall::AUTHORITY.list(state, &[], None, usize::MAX)?.into_iter().collect();
    for (code, item) in items {
        let known = sent(state, &channel, &code)?;
        let made = if item.state == ItemState::Withdrawn {
            Ok(Vec::new())
        } else {
            let guide = guide(state, &item)?;
            let authority = authorities.get(&item.authority);
            rows(TableSource { item: &item, guide: &guide, authority, choices: &choices })
        };
        match made {
            Ok(made) => {
                let Comparison { outgoing, unchanged } = compare(&code, made, &known, again);
                plan.parts += usize::from(!outgoing.is_empty() && unchanged > 0);
                plan.rows.extend(outgoing);
                plan.unchanged += unchanged;
            }
            Err(lacks) => plan.lacks.extend(lacks),
        }
    }
    Ok(Json(plan).into_response())
}

fn guide(state: &dyn Backend, item: &ServiceItem) -> Result<Guide, StorageError> {
    let row = match &item.guide {
        Some(digest) => item::GUIDE.load(state, digest)?,
        None => None,
    };
    Ok(row.map(|row| row.guide).unwrap_or_default())
}

fn sent(state: &dyn Backend, channel: &str, code: &str) -> Result<BTreeMap<String, ReportedRow>, StorageError> {
    let prefix = stem(&(channel.to_owned(), code.to_owned()));
    let rows = REPORTED.list(state, &prefix, None, usize::MAX)?;
    Ok(rows.into_iter().map(|((_, _, guid), row)| (guid, row)).collect())
}

/// Who draws the names of batches here: the division, and which of its nodes this is.
fn drawer(app: &App) -> (DivisionCode, u8) {
    let node = app.shared.node();
    (node.division, node.label.ordinal())
}

fn next_batch(
    subject: Subject,
    drawer: (DivisionCode, u8),
    last: Option<&str>,
    at: Timestamp,
) -> Result<String, Failure> {
    let next = Batch::after(last, subject, drawer, at.date()).map(|batch| batch.to_string());
    next.ok_or_else(|| {
        let en = format!("a day has {BATCHES_A_DAY_MAX} batches at most; go on tomorrow");
        let zh = format!("一日至多 {BATCHES_A_DAY_MAX} 批，请次日继续");
        problem("invalid-request", "batch", last.unwrap_or_default(), &en, &zh)
    })
}

/// The name of a batch as this node makes them: of a day that has come, unless the clock has gone back behind the last one's.
fn check_batch(
    subject: Subject,
    (division, ordinal): (DivisionCode, u8),
    batch: &str,
    last: Option<&str>,
    today: Date,
) -> Result<(), Box<Problem>> {
    let wrong = |en: String, zh: String, remedy: (&str, &str)| {
        Box::new(Problem {
            code: "invalid-field".to_owned(),
            field: "batch".to_owned(),
            value: batch.chars().take(120).collect(),
            en,
            zh,
            remedy_en: remedy.0.to_owned(),
            remedy_zh: remedy.1.to_owned(),
        })
    };
    let (end, end_zh) = match subject {
        Subject::Items => ("", ""),
        Subject::Cases => (" and a P at the end", "，以 -P 结尾"),
    };
    let named = Batch::named(batch, subject, division).filter(|named| named.ordinal() == ordinal).ok_or_else(|| {
        let stem = Batch::stem(division, ordinal);
        wrong(
            format!("a batch is {stem}, the day and four digits, with dashes between{end}"),
            format!("批次号为 {stem}、日期和四位序号，以连字符相连{end_zh}"),
            ("take the batch of the plan", "请使用计划给出的批次号"),
        )
    })?;
    let last = last.and_then(|last| Batch::named(last, subject, division)).map_or(today, Batch::day);
    if named.day() > today.max(last) {
        return Err(wrong(
            format!("{} is a day to come", named.day()),
            format!("{} 尚未到来", named.day()),
            (
                "take the batch of the plan, and compare the clocks of both machines",
                "请使用计划给出的批次号，并核对两机时钟",
            ),
        ));
    }
    Ok(())
}

fn check_channel(channel: &str) -> Result<(), Failure> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=CHANNEL_BYTES_MAX).contains(&channel.len()) && channel.bytes().all(known) {
        return Ok(());
    }
    Err(problem(
        "invalid-field",
        "channel",
        channel,
        "a front database's name is 1 to 40 letters, digits and dashes",
        "前置库名称为 1 至 40 个字母、数字或连字符",
    ))
}

/// Reporting is the catalogue's, or the administrator's.
fn reporter(app: &App, call: &Call) -> Result<String, Failure> {
    // Whoever may publish fits best.
    let actor = call.actor(app, &Command::PublishItems(None))?;
    if actor.has(&[Role::Catalogue, Role::Admin]) {
        return Ok(actor.operator);
    }
    Err(problem("role-missing", "operator", &actor.operator, "the role catalogue is needed", "需要“目录”角色")
        .remedy("an administrator gives it: tongban operator role", "由管理员授予：tongban operator role"))
}

fn check_count(count: usize) -> Result<(), Failure> {
    if count <= ROWS_MAX {
        return Ok(());
    }
    let (en, zh) = ("more than 1,000 rows at once; send them in parts", "一次超过 1000 行，请分批");
    Err(problem("invalid-request", "rows", &count.to_string(), en, zh))
}

async fn record(State(app): State<App>, call: Call, body: Body<RecordReport>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = reporter(&app, &call)?;
    let RecordReport { channel, batch, at, rows } = body.value;
    check_channel(&channel)?;
    let drawer = drawer(&app);
    let division = drawer.0;
    let last = FRONT.load(app.state(), &channel)?.and_then(|front| front.batch);
    check_batch(Subject::Items, drawer, &batch, last.as_deref(), app.shared.now().date())
        .map_err(|problem| Failure(Refused::Problem(problem)))?;
    check_count(rows.len())?;
    if let Some(bent) = rows.iter().find(|row| !is_whole(row)) {
        let (en, zh) = ("the row's digest is not that of its values", "行摘要与内容不符");
        return Err(problem("invalid-request", "digest", &bent.guid, en, zh));
    }
    admit(&app)?;
    tracing::info!(operator, channel, batch, rows = rows.len(), "rows were reported");
    let settled = app.shared.settle(move |read, _, _| {
        let mut kept = Vec::new();
        for row in rows {
            let key = (channel.clone(), row.item.clone(), row.guid.clone());
            // Said again, it is the same row: an answer that came meanwhile stands, unless it was that nothing is there.
            let known = REPORTED.load(read, &key)?.filter(|known| known.answer != Answer::Missing);
            let repeated = known.as_ref().is_some_and(|known| {
                (known.digest, known.operation, &known.batch) == (row.digest, row.operation, &row.batch)
            });
            if !repeated {
                kept.push(row);
            }
        }
        let reply = json!({ "recorded": kept.len() });
        let stands = FRONT.load(read, &channel)?.unwrap_or_default();
        // A batch that is recorded once more after a later one isn't the last.
        let named = |batch: &Option<String>| Batch::named(batch.as_deref()?, Subject::Items, division);
        let front = FrontRow { batch: Some(batch), reported: Some(at), ..stands.clone() };
        let front = if named(&stands.batch) > named(&front.batch) { stands.clone() } else { front };
        if kept.is_empty() && front == stands {
            return Ok(Outside { reply, ..Outside::default() });
        }
        let exchange = vec![ExchangeEvent::Reported { channel, front, rows: kept }];
        Ok(Outside { exchange, reply, ..Outside::default() })
    });
    Ok(replied(settled.await?))
}

fn is_whole(row: &ReportedRow) -> bool {
    let (item, table, guid) = (row.item.clone(), row.table.clone(), row.guid.clone());
    Outgoing { item, table, guid, operation: row.operation, values: row.values.clone() }.digest() == row.digest
}

async fn answers(State(app): State<App>, call: Call, body: Body<RecordAnswers>) -> Result<Response, Failure> {
    app.fresh().await?;
    let operator = reporter(&app, &call)?;
    let RecordAnswers { channel, said } = body.value;
    check_channel(&channel)?;
    check_count(said.len())?;
    admit(&app)?;
    tracing::info!(operator, channel, said = said.len(), "a front database answered");
    let settled = app.shared.settle(move |read, at, _| {
        let (rows, reply) =
            heard(said, at, |said| REPORTED.load(read, &(channel.clone(), said.item.clone(), said.guid.clone())))?;
        let stands = FRONT.load(read, &channel)?.unwrap_or_default();
        let front = FrontRow { reconciled: Some(at), ..stands };
        let exchange = vec![ExchangeEvent::Reported { channel, front, rows }];
        Ok(Outside { exchange, reply, ..Outside::default() })
    });
    Ok(replied(settled.await?))
}

/// Takes in what was said of rows that were sent: those that it changes, and the counts.
fn heard(
    said: Vec<Said>,
    at: Timestamp,
    sent: impl Fn(&Said) -> Result<Option<ReportedRow>, StorageError>,
) -> Result<(Vec<ReportedRow>, Value), StorageError> {
    let (mut rows, mut unchanged) = (Vec::new(), 0);
    for said in said {
        match sent(&said)?.and_then(|row| answered(&row, &said, at)) {
            Some(row) => rows.push(row),
            None => unchanged += 1,
        }
    }
    let count = |answer| rows.iter().filter(|row| row.answer == answer).count();
    let (accepted, rejected) = (count(Answer::Accepted), count(Answer::Rejected));
    let reply = json!({ "accepted": accepted, "rejected": rejected, "unchanged": unchanged });
    Ok((rows, reply))
}

fn replied(reply: Vec<u8>) -> Response {
    ([(axum::http::header::CONTENT_TYPE, "application/json")], reply).into_response()
}

async fn reported(State(app): State<App>, Query(query): Query<ReportedQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let ReportedQuery { channel, after_item, after_guid, limit, again } = query;
    check_channel(&channel)?;
    if again {
        closing::check_open(app.state(), &channel)?;
    }
    let limit = limit.unwrap_or(ROWS_MAX).clamp(1, ROWS_MAX);
    let after = after_item.map(|item| (channel.clone(), item, after_guid.unwrap_or_default()));
    let found = REPORTED.list(app.state(), &stem(&channel), after.as_ref(), limit)?;
    let FrontRow { batch, reported, reconciled, .. } = FRONT.load(app.state(), &channel)?.unwrap_or_default();
    let more = found.len() == limit;
    let rows = found.into_iter().map(|(_, row)| row).collect();
    let (division, ordinal) = drawer(&app);
    let draws = Batch::stem(division, ordinal);
    Ok(Json(Reported { batch, reported, reconciled, rows, more, accepted: None, draws }).into_response())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_batch_is_of_a_day_that_has_come() {
        let (division, today) = ("511602".parse().unwrap(), Date::ymd(2026, 11, 22).unwrap());
        for (batch, last, word) in [
            ("511602000000-20261122-0001", None, None),
            ("511602000000-20261121-9999", Some("511602000000-20261122-0001"), None),
            ("511602000000-20261123-0001", None, Some("2026-11-23")),
            ("511602000000-99991231-0001", Some("511602000000-20261122-0001"), Some("9999-12-31")),
            // The clock has gone back.
            ("511602000000-20261124-0002", Some("511602000000-20261124-0001"), None),
            ("511602000000-20261125-0001", Some("511602000000-20261124-0001"), Some("2026-11-25")),
            ("20261122", None, Some("511602000000")),
            // Another node's of the division.
            ("511602000000.1-20261122-0001", None, Some("511602000000")),
        ] {
            match (check_batch(Subject::Items, (division, 0), batch, last, today), word) {
                (Ok(()), None) => {}
                (Err(problem), Some(word)) => {
                    assert_eq!((problem.code.as_str(), problem.value.as_str()), ("invalid-field", batch));
                    assert!(problem.en.contains(word) && problem.zh.contains(word), "{batch}: {problem:?}");
                    assert!(!problem.remedy_en.is_empty() && !problem.remedy_zh.is_empty(), "{batch}");
                }
                (found, _) => panic!("{batch}: {found:?}"),
            }
        }
    }
}
