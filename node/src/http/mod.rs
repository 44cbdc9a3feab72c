//! The HTTP server on the node's Unix socket: JSON in, commands to the writer, views out.

mod admission;
mod aggregate;
mod agreements;
mod anchors;
mod applications;
mod asking;
mod cases;
mod divisions;
mod documents;
mod drift;
mod earlier;
mod failure;
mod foreign_items;
mod front;
mod guide;
mod item_life;
mod item_rows;
mod items;
mod licences;
mod limits;
mod materials;
mod orders;
mod packages;
mod peers;
mod quality;
mod reading;
mod reclaims;
mod search;
mod staff;
mod standards;
mod supervision;
mod sync;
mod voices;
mod work;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, FromRequestParts, Request as HttpRequest};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::serve::IncomingStream;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};
use tongban_codes::ids::Digest;
use tongban_domain::{Actor, Command, Operator, Role};
use tongban_storage::Backend;

use admission::Admission;
pub(crate) use failure::Failure;
use failure::problem;
use reading::{Body, Query};

use crate::api::v1::Problem;
use crate::connector::Connectors;
use crate::engine::{Answer, Committed, Key, Refused, Request};
use crate::exchange::{Nudge, Shared};
use crate::paper::Stationer;
use crate::raft::RaftNode;
use crate::runtime::RunError;
use crate::search::ItemSearch;

/// The largest request body: an import of 5,000 rows fits many times.
const BODY_BYTES_MAX: usize = 32 << 20;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct App {
    shared: Arc<Shared>,
    raft: Arc<RaftNode>,
    nudge: mpsc::Sender<Nudge>,
    admission: Arc<Admission>,
    silent: Arc<foreign_items::Silent>,
    search: Arc<ItemSearch>,
    packages: Arc<packages::Known>,
    paper: Arc<Stationer>,
    material_bytes_max: u64,
    connectors: Connectors,
}

impl App {
    /// Handlers over a running node.
    #[must_use]
    pub(crate) fn new(
        shared: Arc<Shared>,
        raft: Arc<RaftNode>,
        nudge: mpsc::Sender<Nudge>,
        search: Arc<ItemSearch>,
        paper: Arc<Stationer>,
        material_bytes_max: u64,
        connectors: Connectors,
    ) -> Self {
        Self {
            shared,
            raft,
            nudge,
            admission: Arc::default(),
            silent: Arc::default(),
            search,
            packages: Arc::default(),
            paper,
            material_bytes_max,
            connectors,
        }
    }

    fn state(&self) -> &dyn Backend {
        &*self.shared.parts.backend
    }

    /// Waits until what is committed is applied, so that a read is linearizable on this node.
    async fn fresh(&self) -> Result<(), Failure> {
        if self.shared.handle.fresh().await { Ok(()) } else { Err(Refused::Stopped.into()) }
    }
}

/// Serves the API until told to stop. Who may connect is the mode of the socket and the map from user ids to operators.
///
/// # Errors
///
/// When the socket can't be made.
pub(crate) async fn serve(app: App, socket: PathBuf, mut stopped: watch::Receiver<bool>) -> Result<(), RunError> {
    let io = |source| RunError::Io { what: "the socket of the API can't be made", source };
    // A new node's first operator is in its first entry.
    let _applied = app.shared.handle.fresh().await;
    // The lock on the directory says that no other node runs here, so an old socket is a leftover.
    if socket.exists() {
        std::fs::remove_file(&socket).map_err(io)?;
    }
    let listener = UnixListener::bind(&socket).map_err(io)?;
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o666)).map_err(io)?;
    let router = Router::new()
        .merge(staff::routes())
        .merge(items::routes())
        .merge(item_life::routes())
        .merge(item_rows::routes())
        .merge(limits::routes())
        .merge(guide::routes())
        .merge(quality::routes())
        .merge(standards::routes())
        .merge(agreements::routes())
        .merge(search::routes())
        .merge(divisions::routes())
        .merge(drift::routes())
        .merge(front::routes())
        .merge(applications::routes())
        .merge(cases::routes())
        .merge(documents::routes())
        .merge(supervision::routes())
        .merge(voices::routes())
        .merge(materials::routes())
        .merge(orders::routes())
        .merge(work::routes())
        .merge(licences::routes())
        .merge(aggregate::routes())
        .merge(peers::routes())
        .merge(anchors::routes())
        .merge(sync::routes())
        .layer(axum::middleware::from_fn_with_state(app.clone(), only_operators))
        .fallback(|uri: axum::http::Uri| async move {
            problem("no-such-path", "path", uri.path(), "the API has no such path", "API 没有该路径")
                .remedy("see the list of paths in the API's documentation", "查看接口文档中的路径")
        })
        .method_not_allowed_fallback(|method: axum::http::Method| async move {
            let method = method.as_str();
            problem("method-not-allowed", "method", method, "the path has no such method", "该路径不支持此方法")
                .remedy("GET asks, POST has something done", "查询用 GET，办理用 POST")
        })
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app);
    axum::serve(listener, router.into_make_service_with_connect_info::<Caller>())
        .with_graceful_shutdown(async move {
            // A sender that is gone says the same.
            let _stop = stopped.wait_for(|stop| *stop).await;
        })
        .await
        .map_err(io)
}

/// Whoever is no operator learns only that the node is up.
async fn only_operators(
    axum::extract::State(app): axum::extract::State<App>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: HttpRequest,
    next: axum::middleware::Next,
) -> Result<Response, Failure> {
    let known = caller.uid == Some(0) || request.uri().path() == "/v1/status" || {
        let operators = app.admission.operators(app.state())?;
        operators.iter().any(|operator| caller.uid.is_some() && operator.uid == caller.uid)
    };
    if known {
        return Ok(next.run(request).await);
    }
    let uid = caller.uid.map_or_else(String::new, |uid| uid.to_string());
    Err(problem("operator-unknown", "operator", &uid, "this user is no operator", "当前用户不是经办人").remedy(
        "an administrator adds him: tongban operator add NAME --role R --uid UID",
        "由管理员添加：tongban operator add",
    ))
}

/// The user id at the other end of the socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    uid: Option<u32>,
}

impl Connected<IncomingStream<'_, UnixListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self { uid: stream.io().peer_cred().ok().map(|cred| cred.uid()) }
    }
}

/// Who calls: user id, chosen operator, idempotency key.
pub(crate) struct Call {
    uid: Option<u32>,
    operator: Option<String>,
    key: Option<String>,
}

impl FromRequestParts<App> for Call {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        let uid = parts.extensions.get::<ConnectInfo<Caller>>().and_then(|info| info.0.uid);
        let operator = header(&parts.headers, "tongban-operator")?.map(|text| percent_decoded(&text));
        let key = header(&parts.headers, "idempotency-key")?;
        if let Some(key) = &key
            && (key.is_empty() || key.len() > 128 || !key.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            let (en, zh) =
                ("an idempotency key has 1 to 128 visible ASCII characters", "幂等键为 1 至 128 个可见 ASCII 字符");
            return Err(problem("invalid-request", "idempotency-key", key, en, zh)
                .remedy("use letters, digits and dashes", "请使用字母、数字和连字符"));
        }
        Ok(Self { uid, operator, key })
    }
}

fn header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Failure> {
    let wrong = |en: &str, zh: &str| {
        problem("invalid-request", name, "", en, zh).remedy(
            "send the header once, percent-encoded where it isn't ASCII",
            "请求头只写一次，非 ASCII 字符用百分号编码",
        )
    };
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        // Which of them counts would be a guess.
        return Err(wrong("the header is given more than once", "请求头重复"));
    }
    let value = value.to_str().map_err(|_| wrong("the header is not ASCII", "请求头不是 ASCII"))?;
    Ok(Some(value.to_owned()))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether there is an operator of this name who is out of service.
fn is_disabled(app: &App, name: &str) -> Result<bool, Failure> {
    let known = tongban_storage::keyspace::hall::OPERATOR.load(app.state(), &name.to_owned())?;
    Ok(known.is_some_and(|operator| operator.disabled.is_some()))
}

fn out_of_service(name: &str) -> Failure {
    let (en, zh) = (format!("{name} is out of service"), format!("{name} 已停用"));
    problem("operator-disabled", "operator", name, &en, &zh)
        .remedy("act as another operator; or: tongban operator enable", "换经办人办理；或：tongban operator enable")
}

impl Call {
    /// The operator who acts: the one named, or of those of this user id the one that fits the command with the fewest rights.
    fn actor(&self, app: &App, command: &Command) -> Result<Actor, Failure> {
        let all = app.admission.operators(app.state())?;
        // The machine's administrator may act as any operator: he could read the keys as well.
        let own = |operator: &Operator| self.uid.is_some() && operator.uid == self.uid;
        let mine = |operator: &Operator| own(operator) || self.uid == Some(0);
        let unknown = |en: String, zh: String, value: &str| {
            let mut problem = Problem {
                code: "operator-unknown".to_owned(),
                field: "operator".to_owned(),
                value: value.to_owned(),
                en,
                zh,
                ..Problem::default()
            };
            problem.remedy_en = "see: tongban operator list; add: tongban operator add".to_owned();
            problem.remedy_zh = "查看：tongban operator list；添加：tongban operator add".to_owned();
            Failure(Refused::Problem(Box::new(problem)))
        };
        let chosen = if let Some(name) = &self.operator {
            match all.iter().find(|operator| operator.name == *name && mine(operator)) {
                Some(operator) => operator,
                None if is_disabled(app, name)? => return Err(out_of_service(name)),
                None => {
                    return Err(unknown(
                        "no operator of this name may be used by this user".to_owned(),
                        "当前用户不能使用该经办人".to_owned(),
                        name,
                    ));
                }
            }
        } else {
            let (needed, decides) = orders::fitting(app, command)?;
            let rank = |operator: &&Operator| {
                let fits = needed.is_empty() || operator.roles.iter().any(|role| needed.contains(role));
                let mandated = !decides || !operator.mandates.is_empty();
                // Who has no such role himself may stand in for one who has.
                let deputises = fits || !operator.deputises.is_empty();
                (!fits, !deputises, !mandated, operator.roles.len(), operator.name.clone())
            };
            all.iter()
                .filter(|operator| own(operator))
                .min_by_key(rank)
                .ok_or_else(|| unknown("this user is no operator".to_owned(), "当前用户不是经办人".to_owned(), ""))?
        };
        Ok(Actor { operator: chosen.name.clone(), roles: chosen.roles.clone(), window: chosen.window.clone() })
    }

    /// The name of an operator of this user, or the one chosen, that has one of these roles.
    fn one_of(&self, app: &App, roles: &[Role]) -> Result<String, Failure> {
        let all = app.admission.operators(app.state())?;
        let own = |operator: &&Operator| match &self.operator {
            Some(name) => operator.name == *name && (operator.uid == self.uid || self.uid == Some(0)),
            None => self.uid.is_some() && operator.uid == self.uid,
        };
        let fits = |operator: &&Operator| operator.roles.iter().any(|role| roles.contains(role));
        let mut mine = all.iter().filter(own).peekable();
        if mine.peek().is_none() {
            let value = self.operator.as_deref().unwrap_or_default();
            if is_disabled(app, value)? {
                return Err(out_of_service(value));
            }
            let (en, zh) = ("this user may use no such operator", "当前用户不能使用该经办人");
            return Err(problem("operator-unknown", "operator", value, en, zh)
                .remedy("see: tongban operator list", "查看：tongban operator list"));
        }
        mine.find(fits).map(|operator| operator.name.clone()).ok_or_else(|| {
            let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            let names_zh: Vec<&str> = roles.iter().map(|role| role.zh()).collect();
            problem(
                "role-missing",
                "operator",
                self.operator.as_deref().unwrap_or_default(),
                &format!("this needs one of the roles {}", names.join(", ")),
                &format!("需要以下角色之一：{}", names_zh.join("、")),
            )
            .remedy("an administrator gives it: tongban operator role", "由管理员授予：tongban operator role")
        })
    }

    /// The idempotency key of the caller: of his user id and the operator that he named, not of the one that was found for him, who may
    /// be another at the next try.
    fn idempotency(&self, request: Digest) -> Option<Key> {
        let key = self.key.as_ref()?;
        let uid = self.uid.map_or_else(String::new, |uid| uid.to_string());
        let operator = self.operator.as_deref().unwrap_or_default();
        let key = Digest::of(&[uid.as_bytes(), b"\0", operator.as_bytes(), b"\0", key.as_bytes()].concat());
        Some(Key { key, request })
    }

    /// What was answered to this key before, whatever has changed since.
    async fn answered(&self, app: &App, request: Digest) -> Result<Option<Response>, Failure> {
        let Some(key) = self.idempotency(request) else { return Ok(None) };
        app.fresh().await?;
        let known = tongban_storage::keyspace::delivery::IDEMPOTENCY.load(app.state(), &key.key)?;
        Ok(known
            .filter(|known| known.request == request)
            .map(|known| ([(axum::http::header::CONTENT_TYPE, "application/json")], known.reply).into_response()))
    }
}

/// Runs a command of the caller and answers with its reply once it is committed.
async fn act(app: &App, call: &Call, digest: Digest, command: Command) -> Result<Response, Failure> {
    let actor = call.actor(app, &command)?;
    if let Err(refused) = admit(app) {
        // What was done stands, whatever the disk says now.
        return call.answered(app, digest).await?.ok_or(refused);
    }
    let key = call.idempotency(digest);
    let staff = matches!(
        command,
        Command::AddOperator { .. }
            | Command::GrantMandate { .. }
            | Command::AssignLine { .. }
            | Command::Reorganise { .. }
            | Command::ReplaceItem { .. }
            | Command::Delegate { .. }
            | Command::EndDelegation { .. }
            | Command::HandOver { .. }
            | Command::DisableOperator(_)
            | Command::EnableOperator(_)
            | Command::RegisterIdentity { .. }
    );
    let committed = app.shared.handle.submit(Request::Act { actor, command: Box::new(command), key }).await?;
    if staff {
        // Whoever hears that an operator was added may send him at once.
        app.fresh().await?;
        app.admission.operators_changed();
    }
    Ok(spoken(committed))
}

/// Admission stops at the low-water mark, so that what was admitted can still be applied.
fn admit(app: &App) -> Result<(), Failure> {
    let room = &app.shared.room;
    if room.is_enough() {
        return Ok(());
    }
    let (free, low) = (room.free_bytes(), room.low_bytes());
    Err(Failure(Refused::Problem(Box::new(Problem {
        code: "disk-low".to_owned(),
        field: "disk".to_owned(),
        value: free.to_string(),
        en: format!(
            "{} MiB are free, less than the low-water mark of {} MiB; nothing new is taken",
            free >> 20,
            low >> 20
        ),
        zh: format!("磁盘剩余 {} MiB，低于 {} MiB 的下限，暂停受理", free >> 20, low >> 20),
        remedy_en: "free space on the disk of the data directory".to_owned(),
        remedy_zh: "清理数据目录所在磁盘".to_owned(),
    }))))
}

/// Only what is committed is spoken.
fn spoken(committed: Committed<Answer>) -> Response {
    match committed.into_inner() {
        Answer::Json(bytes) => ([(axum::http::header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        _ => Json(serde_json::json!({})).into_response(),
    }
}

fn listed<T: Serialize>(noun: &str, rows: Vec<T>) -> Json<std::collections::BTreeMap<String, Vec<T>>> {
    Json(std::collections::BTreeMap::from([(noun.to_owned(), rows)]))
}
