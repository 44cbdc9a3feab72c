//! Files of materials: given at a window before the case is collected, and read again.

use axum::body::Body as HttpBody;
use axum::extract::{Request as HttpRequest, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use tongban_codes::ids::Digest;
use tongban_domain::Role;
use tongban_domain::case::{Case, Custody, HeldFile, Material};
use tongban_storage::keyspace::{case, material};

use super::cases::unknown;
use super::{App, Call, Failure, Query, admit, problem};
use crate::api::v1::{MaterialGiven, MaterialQuery, MaterialView, PutMaterial};
use crate::engine::Refused;
use crate::exchange::materials::{DAMAGED, lost, read};
use crate::materials::{Draft, FileError, Standing};

/// Bytes that are read of a file at once.
const READ_BYTES: usize = 256 << 10;

/// The code of a material of a case that was handed over.
const HANDED_OVER: &str = "material-handed-over";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/materials", put(give)).route("/v1/cases/material", get(show))
}

fn fault(error: &FileError) -> Failure {
    match error {
        FileError::Digest { announced, found } => problem(
            "material-digest",
            "sha256",
            &announced.to_string(),
            &format!("the file that came has the digest {found}; it was changed while it was read, or on its way"),
            &format!("收到的文件摘要为 {found}，与声明不符：文件在读取期间被改动或传输有误"),
        )
        .remedy("send it again, and don't change it meanwhile", "请重新提交，其间不要改动文件"),
        FileError::Io(_) if error.code() == "disk-low" => {
            problem("disk-low", "disk", "", "the disk is full; nothing of the file was kept", "磁盘已满，文件未保存")
                .remedy("free space on the disk of the data directory", "清理数据目录所在磁盘")
        }
        _ => {
            tracing::error!(%error, code = error.code(), "a file of a material could not be kept");
            problem(error.code(), "materials", "", &error.to_string(), "材料文件无法保存或读取")
                .remedy("see the node's log; then: tongban doctor", "查看节点日志；然后：tongban doctor")
        }
    }
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, FileError> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::from(Refused::fault(error)))?.map_err(|error| fault(&error))
}

/// Takes a file, durably, under the idempotency key with which the case is collected afterwards.
async fn give(
    State(app): State<App>,
    call: Call,
    Query(query): Query<PutMaterial>,
    request: HttpRequest,
) -> Result<Response, Failure> {
    let mut body = request.into_body();
    let given = taken(&app, &call, &query, &mut body).await;
    // Who still writes hears nothing; what isn't wanted of the body is read and forgotten.
    while let Some(Ok(_)) = body.frame().await {}
    given
}

async fn taken(app: &App, call: &Call, query: &PutMaterial, body: &mut HttpBody) -> Result<Response, Failure> {
    let PutMaterial { sha256: digest, size } = *query;
    call.one_of(app, &[Role::Window, Role::Reviewer, Role::Decider])?;
    let key = call.idempotency(digest).ok_or_else(|| {
        problem(
            "invalid-request",
            "idempotency-key",
            "",
            "a file is sent under the idempotency key of the request that names it",
            "提交文件须带上随后引用它的请求的幂等键",
        )
    })?;
    let files = app.shared.parts.blobs.materials().cloned().ok_or(Refused::Stopped)?;
    if size == 0 {
        return Err(problem("material-empty", "size", "0", "the file is empty", "文件为空")
            .remedy("take the right file, or give the digest alone", "请核对文件，或只填写摘要"));
    }
    if size > app.material_bytes_max {
        let max = app.material_bytes_max >> 20;
        return Err(problem(
            "material-too-large",
            "size",
            &size.to_string(),
            &format!("a material has at most {max} MiB at this node"),
            &format!("本节点的单份材料不得超过 {max} MiB"),
        )
        .remedy(
            "split or shrink it; limits.material_mib in config.toml says how much is taken",
            "请拆分或压缩；上限见 config.toml 的 limits.material_mib",
        ));
    }
    let name = files.given(&key.key, &digest);
    let given = |known| Json(MaterialGiven { sha256: digest, size, known }).into_response();
    // What is here already is written once.
    match files.standing(&name) {
        Standing::Draft => {
            files.keep(&name).map_err(|error| fault(&error.into()))?;
            return Ok(given(true));
        }
        Standing::Keyless if material::is_named(app.state(), &name)? => return Ok(given(true)),
        // Nobody opens what lies there: it is given anew.
        Standing::Keyless => files.discard(&name).map_err(|error| fault(&error.into()))?,
        Standing::Absent => {}
    }
    admit(app)?;
    let room = &app.shared.room;
    let mut reserved = room.reserve(size).ok_or_else(|| no_room(app))?;
    let begun = std::sync::Arc::clone(&files);
    let mut draft = apart(move || begun.take(name)).await?;
    let mut waiting = Vec::with_capacity(READ_BYTES);
    while let Some(frame) = body.frame().await {
        // A client that went away hears nothing; what came of the file goes.
        let frame = frame.map_err(|error| {
            problem(
                "invalid-request",
                "body",
                "",
                &format!("the file broke off: {error}"),
                &format!("文件传输中断：{error}"),
            )
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if draft.length() + (waiting.len() + data.len()) as u64 > size {
            return Err(changed(size, draft.length() + (waiting.len() + data.len()) as u64));
        }
        waiting.extend_from_slice(&data);
        if waiting.len() >= READ_BYTES {
            if !room.has_room_for_files() {
                return Err(no_room(app));
            }
            let bytes = waiting.len() as u64;
            (draft, waiting) = written(draft, waiting).await?;
            reserved.written(bytes);
        }
    }
    (draft, _) = written(draft, waiting).await?;
    if draft.length() != size {
        return Err(changed(size, draft.length()));
    }
    apart(move || draft.finish(&digest)).await?;
    Ok(given(false))
}

fn no_room(app: &App) -> Failure {
    problem(
        "disk-low",
        "disk",
        &app.shared.room.free_bytes().to_string(),
        "there is no room for this file above the mark of materials, which is twice the low-water mark",
        "磁盘余量不足以保存该文件（材料文件的下限为 low_water_mib 的两倍）",
    )
    .remedy("free space on the disk of the data directory", "清理数据目录所在磁盘")
}

async fn written(mut draft: Draft, mut bytes: Vec<u8>) -> Result<(Draft, Vec<u8>), Failure> {
    apart(move || {
        draft.write(&bytes)?;
        bytes.clear();
        Ok((draft, bytes))
    })
    .await
}

fn changed(announced: u64, came: u64) -> Failure {
    problem(
        "material-digest",
        "size",
        &announced.to_string(),
        &format!(
            "the file has not {announced} bytes as announced ({came} came so far); it was changed while it was read"
        ),
        &format!("文件长度与声明的 {announced} 字节不符（已收到 {came} 字节），读取期间被改动"),
    )
    .remedy("send it again, and don't change it meanwhile", "请重新提交，其间不要改动文件")
}

/// Lets go of the node's own wraps of the keys of files that a case names by now.
pub(super) async fn named(app: &App, call: &Call, materials: &[Material]) {
    let Some(files) = app.shared.parts.blobs.materials() else { return };
    let digests: Vec<Digest> = materials.iter().filter_map(Material::file).map(|(digest, _)| digest).collect();
    if digests.is_empty() || app.fresh().await.is_err() {
        return;
    }
    for digest in digests {
        let Some(key) = call.idempotency(digest) else { continue };
        let file = files.given(&key.key, &digest);
        if material::is_named(app.state(), &file).unwrap_or(false)
            && let Err(error) = files.named(&file)
        {
            tracing::warn!(%error, "a file's draft key could not be removed; the sweep does it");
        }
    }
}

/// What is brought after the case was collected is registered by its digest alone.
pub(super) fn by_digest(materials: &mut [Material]) {
    materials.iter_mut().for_each(|material| material.size = None);
}

/// How the materials of a case stand at this node.
pub(super) fn views(app: &App, row: &Case) -> Result<Vec<MaterialView>, Failure> {
    row.materials.iter().map(|material| view(app, row, material)).collect()
}

fn view(app: &App, row: &Case, given: &Material) -> Result<MaterialView, Failure> {
    let mut view = MaterialView {
        name: given.name.clone(),
        sha256: given.sha256.clone(),
        size: given.size,
        file: "digest-only".to_owned(),
        percent: None,
        cause: None,
    };
    let Some((digest, size)) = given.file() else { return Ok(view) };
    let place = (row.id, digest);
    view.file = if let Some(held) = material::HELD.load(app.state(), &place)? {
        let files = app.shared.parts.blobs.materials();
        match files.is_some_and(|files| files.is_whole(&held.file)) {
            false => "missing",
            true if row.is_disclosed() => "here",
            true => "sealed",
        }
    } else if material::WANTED.holds(app.state(), &place)? {
        let came =
            app.shared.parts.blobs.materials().map_or(0, |files| files.fetched_bytes(&files.fetched(&row.id, &digest)));
        view.percent = u8::try_from(came.saturating_mul(100) / size.max(1)).ok();
        view.cause = app.shared.fetching.trouble(&place).map(|trouble| trouble.code);
        "under-way"
    } else if matches!(row.custody, Custody::Elsewhere { .. }) {
        "elsewhere"
    } else {
        "missing"
    }
    .to_owned();
    Ok(view)
}

/// The material that a text names, by its name or its digest.
fn chosen<'c>(row: &'c Case, text: &str) -> Result<&'c Material, Failure> {
    let text = text.trim();
    let by_digest = row.materials.iter().find(|material| material.sha256.eq_ignore_ascii_case(text));
    let mut by_name = row.materials.iter().filter(|material| material.name == text);
    match (by_digest, by_name.next(), by_name.next()) {
        (Some(material), _, _) | (None, Some(material), None) => Ok(material),
        (None, Some(_), Some(_)) => Err(problem(
            "material-ambiguous",
            "material",
            text,
            "the case has several materials of this name",
            "该办件有多份同名材料",
        )
        .remedy("give the digest instead: tongban case show", "请改用摘要：tongban case show")),
        (None, None, _) => {
            Err(problem("material-unknown", "material", text, "the case has no such material", "该办件没有这份材料")
                .remedy("see what it has: tongban case show", "查看材料：tongban case show"))
        }
    }
}

/// Gives the file of a material back, as it was given; whoever reads it holds it against the digest.
async fn show(State(app): State<App>, call: Call, Query(query): Query<MaterialQuery>) -> Result<Response, Failure> {
    let operator = call.one_of(&app, &[Role::Window, Role::Reviewer, Role::Decider, Role::Issuer, Role::Audit])?;
    app.fresh().await?;
    let row = case::named(app.state(), &query.case)?.ok_or_else(|| unknown(&query.case))?;
    let material = chosen(&row, &query.material)?;
    if !row.is_disclosed() && material.file().is_some() {
        tracing::warn!(target: "tongban::access", operator, case = %row.id, material = material.name, code = HANDED_OVER, "a material was asked for and not shown");
        return Err(problem(
            HANDED_OVER,
            "material",
            &material.name,
            &format!(
                "the case was handed over to {}; what was brought is shown there alone",
                row.owner(app.shared.here()).division
            ),
            &format!("办件已移交 {}，材料仅由经办节点出示", row.owner(app.shared.here()).division),
        )
        .remedy(
            "ask there; see who has it: tongban case whereis",
            "请向经办节点查阅；查看经办节点：tongban case whereis",
        ));
    }
    let held = match material.file() {
        Some((digest, _)) => material::HELD.load(app.state(), &(row.id, digest))?,
        None => None,
    };
    let held = held.ok_or_else(|| {
        problem(
            "material-unknown",
            "material",
            &material.name,
            "the file of this material is not here",
            "本节点没有该材料的文件",
        )
        .remedy("see where it is: tongban case show", "查看材料状态：tongban case show")
    })?;
    tracing::info!(target: "tongban::access", operator, case = %row.id, material = material.name, "a material was read");
    // The first part tells whether it can be read at all, while that can still be said.
    let first = piece(&app, &row, &held, 0).await?;
    let (size, digest) = (held.size, held.digest);
    let reading = Reading { app, row, held, from: first.len() as u64, ready: Some(first) };
    let body = HttpBody::from_stream(futures::stream::unfold(reading, Reading::next));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::ETAG, format!("\"{digest}\"")),
    ];
    Ok((headers, body).into_response())
}

/// A file that is being read for a caller.
struct Reading {
    app: App,
    row: Case,
    held: HeldFile,
    from: u64,
    ready: Option<Vec<u8>>,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<Vec<u8>, std::io::Error>, Self)> {
        if let Some(ready) = self.ready.take() {
            return Some((Ok(ready), self));
        }
        if self.from >= self.held.size {
            return None;
        }
        match piece(&self.app, &self.row, &self.held, self.from).await {
            Ok(bytes) => {
                self.from += bytes.len() as u64;
                Some((Ok(bytes), self))
            }
            // The caller sees that the file ends before its length.
            Err(_) => Some((Err(std::io::Error::other("the file is damaged")), self)),
        }
    }
}

async fn piece(app: &App, row: &Case, held: &HeldFile, from: u64) -> Result<Vec<u8>, Failure> {
    let (row_id, seen) = (row.id, held.clone());
    let (shared, row, held) = (std::sync::Arc::clone(&app.shared), row.clone(), held.clone());
    let done = tokio::task::spawn_blocking(move || read(&shared.knowledge, &row, &held, from, READ_BYTES)).await;
    let read = done.map_err(Refused::fault)?;
    if let Err(Refused::Problem(problem)) = &read
        && problem.code == DAMAGED
    {
        lost(&app.shared, row_id, seen).await?;
    }
    Ok(read?)
}
