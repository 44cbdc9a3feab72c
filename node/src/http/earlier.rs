//! Earlier cases of another system: imported, listed, taken up.

use std::ops::ControlFlow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_domain::Command;
use tongban_domain::case::masked_name;
use tongban_domain::case::national::RESULTS;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::earlier::{
    BatchRequest, EARLIER_ROWS_MAX, EarlierCase, EarlierCommand, EarlierVersion, TakeUpRequest, holder_text,
};
use tongban_storage::Read;
use tongban_storage::keyspace::earlier::{self, Standing};
use tongban_storage::keyspace::key::stem;

use super::{App, Body, Call, Failure, Query, act, materials, problem};
use crate::api::v1::{
    BatchList, BeginEarlier, BringEarlier, CheckEarlier, EarlierPage, EarlierQuery, EarlierVersionView, EarlierView,
    TakeUpEarlier, UndoEarlier,
};
use crate::engine::{Refused, holder_indexes};

/// What every earlier case says of itself.
pub(super) const NOTICE: &str = "导入，未经本系统见证 · imported, not witnessed";
/// Rows in one list.
const LIMIT_MAX: usize = 1_000;
/// Rows in one list when nothing is said.
const LIMIT_USUAL: usize = 100;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/cases/import", get(batches).post(begin))
        .route("/v1/cases/import/check", post(check))
        .route("/v1/cases/import/rows", post(bring))
        .route("/v1/cases/import/undo", post(undo))
        .route("/v1/cases/earlier", get(list))
        .route("/v1/cases/take-up", post(take_up))
}

fn command(command: EarlierCommand) -> Command {
    Command::Earlier(Box::new(command))
}

fn few(count: usize) -> Result<(), Failure> {
    if count <= EARLIER_ROWS_MAX {
        return Ok(());
    }
    let (en, zh) = ("more than 2,000 rows at once; send them in parts", "一次超过 2000 行，请分批");
    Err(problem("invalid-request", "rows", &count.to_string(), en, zh))
}

async fn check(State(app): State<App>, call: Call, body: Body<CheckEarlier>) -> Result<Response, Failure> {
    let CheckEarlier { rows, keep_invalid, replace } = body.value;
    few(rows.len())?;
    // A judgement changes nothing and is kept under no key: asked again, it is made anew.
    let call = Call { key: None, ..call };
    act(&app, &call, body.digest, command(EarlierCommand::Check { rows, keep_invalid, replace })).await
}

async fn begin(State(app): State<App>, call: Call, body: Body<BeginEarlier>) -> Result<Response, Failure> {
    let BeginEarlier { file, content, sheet, rows, keep_invalid, replace } = body.value;
    let request = BatchRequest { file, content, sheet, rows, keep_invalid, replace };
    act(&app, &call, body.digest, command(EarlierCommand::Begin(request))).await
}

async fn bring(State(app): State<App>, call: Call, body: Body<BringEarlier>) -> Result<Response, Failure> {
    let BringEarlier { batch, from, rows } = body.value;
    few(rows.len())?;
    act(&app, &call, body.digest, command(EarlierCommand::Rows { batch, from, rows })).await
}

async fn undo(State(app): State<App>, call: Call, body: Body<UndoEarlier>) -> Result<Response, Failure> {
    let UndoEarlier { batch, reason } = body.value;
    act(&app, &call, body.digest, command(EarlierCommand::Undo { batch, reason })).await
}

async fn take_up(State(app): State<App>, call: Call, body: Body<TakeUpEarlier>) -> Result<Response, Failure> {
    let TakeUpEarlier { number, item, name, id, materials: brought } = body.value;
    let given = brought.clone();
    let request = TakeUpRequest { number, item, name, identity: id, materials: brought };
    let done = act(&app, &call, body.digest, command(EarlierCommand::TakeUp(request))).await?;
    materials::named(&app, &call, &given).await;
    Ok(done)
}

async fn batches(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let mut batches = Vec::new();
    earlier::BATCH.visit(app.state(), &[], None, true, |_, batch| {
        batches.push(batch.view());
        ControlFlow::Continue(())
    })?;
    Ok(Json(BatchList { batches }).into_response())
}

/// The earlier case of a number, if one was imported.
pub(super) fn shown(app: &App, number: &str) -> Result<Option<EarlierView>, Failure> {
    let Some(found) = earlier::EARLIER.load(app.state(), &number.trim().to_owned())? else { return Ok(None) };
    view(app, &mut Standing::new(app.state()), &found, true).map(Some)
}

fn version_view(
    app: &App,
    standing: &mut Standing<'_>,
    version: &EarlierVersion,
    whole: bool,
) -> Result<EarlierVersionView, Failure> {
    let keys = &app.shared.parts.keys;
    let name = keys.of_earlier(version, &version.personal).map(|(name, _)| name);
    let note = version.note.as_ref().filter(|_| whole).and_then(|note| keys.of_earlier(version, note));
    let batch = standing.batch(&version.batch)?.map(|batch| (batch.file, batch.view()));
    let result = version.result.and_then(|code| RESULTS.iter().find(|(known, _)| *known == code));
    let (batch_state, batch_state_zh) =
        batch.as_ref().map_or(("", ""), |(_, view)| (view.batch_state, view.batch_state_zh));
    Ok(EarlierVersionView {
        item: version.item_code.clone(),
        item_name: version.item_name.clone(),
        applicant: name.map_or_else(String::new, |name| masked_name(&name)),
        applicant_kind: version.applicant_kind.name(),
        applicant_kind_zh: version.applicant_kind.zh(),
        id_kind: version.id_kind.name(),
        id_kind_zh: version.id_kind.zh(),
        id_checked: version.id_checked,
        collected_on: version.collected_on,
        accepted_on: version.accepted_on,
        statutory_due: version.statutory_due,
        decided_on: version.decided_on,
        delivered_on: version.delivered_on,
        result_code: version.result,
        result: result.map(|(_, zh)| *zh),
        document_no: version.document_no.clone(),
        licence_no: version.licence_no.clone(),
        licence_from: version.licence_from,
        licence_until: version.licence_until,
        clerk: version.handler.clone(),
        note: note.map(|(note, _)| note),
        source_system: version.system.clone(),
        batch: version.batch.clone(),
        batch_state,
        batch_state_zh,
        row_in_file: version.row,
        file_digest: batch.map(|(file, _)| file),
        imported_at: version.at,
        importer: version.by.clone(),
        replace_reason: version.replaces.clone(),
    })
}

/// An earlier case as people see it; `whole` with its note and its other versions.
fn view(app: &App, standing: &mut Standing<'_>, found: &EarlierCase, whole: bool) -> Result<EarlierView, Failure> {
    let current = standing.of(found)?;
    let (earlier_standing, earlier_standing_zh) =
        if current.is_some() { ("standing", "有效") } else { ("withdrawn", "已随批次撤销") };
    let Some(version) = current.or(found.versions.last()) else {
        return Err(Failure(Refused::fault("an earlier case without a version")));
    };
    let others = found.versions.iter().rev().filter(|other| whole && other.id != version.id);
    let others: Vec<&EarlierVersion> = others.collect();
    Ok(EarlierView {
        imported: true,
        notice: NOTICE.to_owned(),
        old_number: found.number.clone(),
        earlier_standing,
        earlier_standing_zh,
        open: current.is_some_and(EarlierVersion::is_open) && found.taken_up.is_none(),
        taken_up: found.taken_up.clone(),
        version: version_view(app, standing, version, whole)?,
        versions: others
            .into_iter()
            .map(|other| version_view(app, standing, other, whole))
            .collect::<Result<_, _>>()?,
    })
}

async fn list(State(app): State<App>, Query(query): Query<EarlierQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let done = tokio::task::spawn_blocking(move || page(&app, &query)).await;
    let page = done.map_err(|error| Failure(Refused::fault(&error)))??;
    Ok(Json(page).into_response())
}

/// The earlier cases asked for, in the order of their numbers.
fn page(app: &App, query: &EarlierQuery) -> Result<EarlierPage<EarlierView>, Failure> {
    let limit = query.limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MAX);
    let snapshot = app.state().snapshot()?;
    let read: &dyn Read = &*snapshot;
    let mut standing = Standing::new(read);
    let holders = query.id.as_deref().map(|id| holder_indexes(&app.shared.parts.keys, &holder_text(id)));
    let mut cases = Vec::new();
    let mut fault = None;
    let mut look = |found: &EarlierCase| -> Result<bool, Failure> {
        let current = standing.of(found)?;
        let of_batch =
            query.batch.as_ref().is_none_or(|batch| found.versions.iter().any(|version| version.batch == *batch));
        // Whose it is, the version says that stands; of what was withdrawn, the last one.
        let whose = current.or(found.versions.last()).and_then(|version| version.holder);
        let of_holder = holders.as_ref().is_none_or(|holders| whose.is_some_and(|whose| holders.contains(&whose)));
        let is_open = !query.open || (current.is_some_and(EarlierVersion::is_open) && found.taken_up.is_none());
        if of_batch && of_holder && is_open {
            cases.push(view(app, &mut standing, found, false)?);
        }
        Ok(cases.len() < limit)
    };
    let mut next = None;
    match &holders {
        Some(holders) => {
            let mut numbers = std::collections::BTreeSet::new();
            for holder in holders {
                let after = query.after.as_ref().map(|after| (*holder, after.clone()));
                let found = earlier::BY_HOLDER.list(read, &stem(holder), after.as_ref(), usize::MAX)?;
                numbers.extend(found.into_iter().map(|((_, number), ())| number));
            }
            for number in numbers {
                let Some(found) = earlier::EARLIER.load(read, &number)? else { continue };
                if !look(&found)? {
                    next = Some(number);
                    break;
                }
            }
        }
        None => {
            earlier::EARLIER.visit(read, &[], query.after.as_ref(), false, |number, found| match look(&found) {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => {
                    next = Some(number);
                    ControlFlow::Break(())
                }
                Err(failure) => {
                    fault = Some(failure);
                    ControlFlow::Break(())
                }
            })?;
        }
    }
    match fault {
        Some(failure) => Err(failure),
        None => Ok(EarlierPage { cases, next }),
    }
}
