//! Documents of cases on paper: prints are counted, then drawn as often as wanted.

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tongban_document::{OFFSET_MM_MAX, RenderError, Rendered};
use tongban_domain::Command;
use tongban_domain::application::{ANSWER_TYPE, Application};
use tongban_domain::case::{Case, DocumentChoice, Print, chosen_document, document_kind, is_handed_out, usual_form};
use tongban_seal::{Algorithm, KeyId, PublicKey, batch};
use tongban_storage::Read;
use tongban_storage::keyspace::{case, hall};

use super::standards::judged;
use super::{App, Body, Call, Failure, Query, act, problem};
use crate::api::v1::{CaseQuery, DocumentView, PrintDocument, PrintList, PrintQuery, PrintRow, PrintView};
use crate::engine::Refused;
use crate::paper::{self, Drawing, Source};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/cases/print", post(print).get(printed)).route("/v1/cases/prints", get(prints))
}

async fn print(State(app): State<App>, call: Call, body: Body<PrintDocument>) -> Result<Response, Failure> {
    let digest = body.digest;
    let PrintDocument { case, document, act: number, form, reason } = body.value;
    let choice = DocumentChoice { case, kind: document, act: number };
    let command = Command::PrintDocument { document: choice.clone(), form, reason: reason.clone() };
    // What can't be drawn isn't counted: it is tried first, as it would be printed now.
    let actor = call.actor(&app, &command)?;
    if actor.has(command.roles()) && call.answered(&app, digest).await?.is_none() {
        app.fresh().await?;
        let here = app.clone();
        apart(&app, move || {
            judged(&here, |facts, read| {
                let (case, act, content_type) = chosen_document(facts, &choice).map_err(Refused::from)?;
                let number = facts.prints(&case.id, act, &content_type) + 1;
                let form = form.unwrap_or_else(|| usual_form(&content_type));
                let at = here.shared.now();
                let (operator, window) = (actor.operator.clone(), actor.window.clone());
                let trial = Print { case: case.id, act, content_type, number, form, at, operator, window, reason };
                drawn(&here, read, &case, &trial, Drawing::default())
            })
        })
        .await?;
    }
    act(&app, &call, digest, command).await
}

async fn printed(State(app): State<App>, call: Call, Query(query): Query<PrintQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let choice = DocumentChoice { case: query.case.clone(), kind: Some(query.document.clone()), act: Some(query.act) };
    // Where the case is, a document names its applicant in full, unlike the views: it is for those who may print it.
    let counting = Command::PrintDocument { document: choice.clone(), form: None, reason: None };
    let actor = call.actor(&app, &counting)?;
    if !actor.has(counting.roles()) {
        let en = format!("{} has no role in which documents are printed", actor.operator);
        let zh = format!("{} 没有打印文书的角色", actor.operator);
        return Err(problem("role-missing", "operator", &actor.operator, &en, &zh)
            .remedy("act --as another operator", "换经办人（--as）"));
    }
    for (field, offset) in [("offset_x", query.offset_x), ("offset_y", query.offset_y)] {
        if !offset.is_finite() || offset.abs() > OFFSET_MM_MAX {
            let en = format!("an offset is at most {OFFSET_MM_MAX} mm to either side");
            let zh = format!("偏移量最多 {OFFSET_MM_MAX} 毫米");
            return Err(problem("invalid-request", field, &offset.to_string(), &en, &zh));
        }
    }
    let is_pdf = match query.format.as_deref() {
        None | Some("json") => false,
        Some("pdf") => true,
        Some(other) => {
            let (en, zh) = ("formats are json and pdf", "格式为 json、pdf");
            return Err(problem("invalid-request", "format", other, en, zh));
        }
    };
    let here = app.clone();
    let (print, rendered) = apart(&app, move || {
        judged(&here, |facts, read| {
            let (case, act, content_type) = chosen_document(facts, &choice).map_err(Refused::from)?;
            let print = case::PRINT.load(read, &(case.id, act, content_type, query.number))?.ok_or_else(|| {
                let (en, zh) = ("the document has not been printed so often", "该文书没有这一次打印");
                problem("print-unknown", "number", &query.number.to_string(), en, zh)
                    .remedy("print it: tongban case print", "打印：tongban case print")
            })?;
            let drawing = Drawing { offset: (query.offset_x, query.offset_y), counted: true };
            let rendered = drawn(&here, read, &case, &print, drawing)?;
            Ok((print, rendered))
        })
    })
    .await?;
    if is_pdf {
        let headers = [(CONTENT_TYPE, "application/pdf"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
        return Ok((headers, rendered.pdf).into_response());
    }
    let missing = rendered.missing.iter().map(|sign| format!("{sign} U+{:04X}", u32::from(*sign))).collect();
    let view = PrintView {
        document: print.kind().to_owned(),
        print,
        pages: rendered.pages,
        missing,
        pdf: BASE64.encode(rendered.pdf),
    };
    Ok(Json(view).into_response())
}

async fn prints(State(app): State<App>, Query(query): Query<CaseQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let text = query.case.unwrap_or_default();
    let row = case::named(app.state(), &text)?.ok_or_else(|| super::cases::unknown(&text))?;
    let mut documents = case::documents(app.state(), &row.id)?;
    documents.retain(|(_, content_type)| is_handed_out(content_type));
    let view = |(act, content_type): (u32, String)| {
        let prints = case::printed(app.state(), &row.id, act, &content_type)?;
        let document_kind = document_kind(&content_type).to_owned();
        Ok(DocumentView { document_kind, act_number: act, content_type, print_number: prints })
    };
    let documents = documents.into_iter().map(view).collect::<Result<Vec<_>, Failure>>()?;
    let prints = case::prints(app.state(), &row.id)?.into_iter().map(|print| PrintRow {
        document_kind: print.kind().to_owned(),
        act_number: print.act,
        print_number: print.number,
        paper_form: print.form,
        at: print.at,
        operator: print.operator,
        window: print.window,
        reason: print.reason,
    });
    Ok(Json(PrintList { case: row.id, documents, prints: prints.collect() }).into_response())
}

/// Fonts and pages are work for a thread of its own, and few are drawn at once.
async fn apart<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    app.paper.draw(work).await?
}

/// What was sealed, when its seal holds.
fn statement(app: &App, read: &dyn Read, sealed: &[u8], content_type: &str) -> Result<Vec<u8>, Failure> {
    let own = app.shared.parts.keys.seal.public_key();
    let authorities = hall::AUTHORITY.list(read, &[], None, usize::MAX)?;
    let lookup = |id: &KeyId| -> Option<PublicKey> {
        let keys =
            authorities.iter().filter_map(|(_, row)| PublicKey::new(Algorithm::Ed25519, row.seal_key.clone()?).ok());
        std::iter::once(own.clone()).chain(keys).find(|key| key.key_id() == *id)
    };
    let opened = batch::open(sealed, content_type, &lookup).map_err(|error| {
        let zh = format!("文书的签章不符：{error}");
        problem(
            "document-seal",
            "document",
            document_kind(content_type),
            &format!("the seal of the document doesn't hold: {error}"),
            &zh,
        )
        .remedy("the store may have been altered: tongban aggregate audit", "存储可能被改动：tongban aggregate audit")
    })?;
    Ok(opened.statement)
}

/// Draws an answer to an application from what was sealed under a number.
pub(super) async fn answer(app: &App, row: Application, act: u32) -> Result<Rendered, Failure> {
    let here = app.clone();
    apart(app, move || {
        judged(&here, |_, read| {
            let key = (row.id, act, ANSWER_TYPE.to_owned());
            let sealed = case::DOCUMENT.load(read, &key)?.ok_or_else(|| {
                let (en, zh) = ("the application has no answer yet", "尚未出具综合答复");
                problem("document-unknown", "application", &row.number, en, zh)
                    .remedy("give it: tongban application answer", "出具：tongban application answer")
            })?;
            let statement = statement(&here, read, &sealed.0, ANSWER_TYPE)?;
            let keys = &here.shared.parts.keys;
            let applicant = match is_here(read, &row)? {
                true => keys.of_application(&row, &row.personal),
                false => keys.masked(&row.id, &row.personal),
            };
            let applicant = applicant.map(|(name, _)| name);
            let content = paper::answer_content(&statement, &row.query_code, applicant).map_err(Refused::fault)?;
            let stationery = here.paper.stationery().map_err(|error| Refused::Problem(Box::new(error.problem())))?;
            let drawn = paper::render_answer(&stationery, &content, here.shared.now());
            drawn.map_err(|error| undrawn(&error, document_kind(ANSWER_TYPE)))
        })
    })
    .await
}

/// Whether this node has a case of an application.
fn is_here(read: &dyn Read, row: &Application) -> Result<bool, Failure> {
    for part in &row.parts {
        if let Some(id) = part.case
            && case::CASE.load(read, &id)?.is_some_and(|case| case.is_disclosed())
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Draws a print from what was sealed.
fn drawn(app: &App, read: &dyn Read, row: &Case, print: &Print, drawing: Drawing) -> Result<Rendered, Failure> {
    let key = (print.case, print.act, print.content_type.clone());
    let missing = |what: &str| Failure::from(Refused::fault(format!("{what} of print {key:?} is missing")));
    let sealed = case::DOCUMENT.load(read, &key)?.ok_or_else(|| missing("the document"))?;
    let history = case::history(read, &row.id)?;
    let here = app.shared.here().node;
    let act = history.iter().find(|act| act.number == print.act && act.place.node == here);
    let act = act.ok_or_else(|| missing("the act"))?;
    let statement = statement(app, read, &sealed.0, &print.content_type)?;
    let applicant = app.shared.parts.keys.on_paper(row, paper::as_of(row, &history, act));
    let source = Source { case: row, act, statement: &statement, applicant, print };
    let stationery = app.paper.stationery().map_err(|error| Refused::Problem(Box::new(error.problem())))?;
    let rendered = paper::render(&stationery, &source, drawing).map_err(Refused::fault)?;
    rendered.map_err(|error| undrawn(&error, print.kind()))
}

fn undrawn(error: &RenderError, kind: &str) -> Failure {
    let en = error.to_string();
    match error {
        RenderError::NotPrePrinted(of) => {
            problem("form-unknown", "form", of, &en, &format!("{of} 的模板没有 [pre_printed]，不能打印到预印表单"))
                .remedy(
                    "print it on A4, or add the positions to paper/templates",
                    "用 A4 打印，或在 paper/templates 的模板中补上位置",
                )
        }
        RenderError::TooLong => problem("document-too-long", "document", kind, &en, "文书超过 200 页，不能打印")
            .remedy("make the template's print smaller", "缩小模板的字号或边距"),
        RenderError::DoesNotFit { begin, .. } => {
            problem("form-too-small", "form", begin, &en, &format!("预印表单放不下“{begin}……”以后的内容"))
                .remedy("print it on A4: --form a4", "用 A4 打印：--form a4")
        }
        RenderError::QrTooLong => problem("template-invalid", "qr", kind, &en, "模板中二维码的内容过长")
            .remedy("shorten qr in the template", "缩短模板中的 qr"),
        RenderError::Offset => problem("invalid-request", "offset", "", &en, "偏移量过大"),
        RenderError::Fault(reason) => problem("font-invalid", "paper", reason, &en, &format!("无法生成 PDF：{reason}"))
            .remedy("take the hall's fonts away and try again", "移走本地字体后重试"),
    }
}
