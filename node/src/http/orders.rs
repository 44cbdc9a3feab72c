//! Orders to outside systems.

use std::ops::ControlFlow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::cmp::Reverse;
use tongban_domain::case::{Case, masked_name};
use tongban_domain::catalogue::CodeList;
use tongban_domain::connector::{ConnectorKind, Fare, Order, OrderCommand, PlaceOrder, Recipient};
use tongban_domain::{Command, Role};
use tongban_storage::keyspace::{case, connector};

use super::supervision::First;
use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{
    ActOnOrder, ConnectorOrderQuery, ConnectorOrderView, ConnectorOrdersQuery, OrderAct, OrderBrief, OrderEntryView,
    OrderWaits, PlaceOrder as PlaceRequest,
};
use crate::connector::{Said, Try};
use crate::exchange::OrderWord;

/// Why an order waits of which nobody takes care.
const UNCONFIGURED: (&str, &str) = ("the configuration has no such connector any more", "配置中已没有该对接系统");

/// Rows in one list.
const LIMIT_MAX: usize = 1_000;
/// Rows in one list when nothing is said.
const LIMIT_USUAL: usize = 100;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/orders", get(orders).post(place))
        .route("/v1/orders/show", get(show))
        .route("/v1/orders/act", post(act_on))
}

/// Roles that who does a command should have, where nobody is named, and whether a mandate, too: a decider enters the outcomes of orders alone by which a
/// system handles a case, and who may decide the case lets go of what such an order was told.
pub(super) fn fitting(app: &App, command: &Command) -> Result<(&'static [Role], bool), Failure> {
    let decides = matches!(
        command,
        Command::Decide { .. }
            | Command::EnterOutcome { .. }
            | Command::WaiveFee { .. }
            | Command::DenyForNumber(_)
            | Command::Forward { .. }
    );
    let Command::Order(entry @ OrderCommand::Enter { order, .. }) = command else {
        return Ok((command.roles(), decides));
    };
    Ok(match connector::ORDER.load(app.state(), &order.trim().to_owned())? {
        Some(order) if entry.lets_go_of(&order) => (&[Role::Decider], true),
        Some(order) if order.kind == ConnectorKind::Handling => (command.roles(), false),
        _ => (&[Role::Window], false),
    })
}

/// The connector that is meant: the one named, or the only one of its kind.
fn chosen(app: &App, kind: ConnectorKind, named: Option<&str>) -> Result<String, Failure> {
    let all: Vec<&str> = app.connectors.of_kind(kind).map(|connector| connector.name.as_str()).collect();
    let refuse = |value: &str, en: &str, zh: &str| {
        problem("connector-unknown", "connector", value, en, zh).remedy(
            "name one of the configuration's: --connector; or add [[connector]] to config.toml",
            "用 --connector 指明配置中的一个；或在 config.toml 添加 [[connector]]",
        )
    };
    match (named.map(str::trim), all.as_slice()) {
        (Some(name), all) if all.contains(&name) => Ok(name.to_owned()),
        (Some(name), _) => Err(refuse(
            name,
            &format!("there is no {} connector of this name", kind.name()),
            &format!("没有该名称的{}对接系统", kind.zh()),
        )),
        (None, [one]) => Ok((*one).to_owned()),
        (None, []) => Err(refuse(
            kind.name(),
            &format!("no {} connector is configured", kind.name()),
            &format!("未配置{}对接系统", kind.zh()),
        )),
        (None, all) => Err(refuse(
            kind.name(),
            &format!("there are several {} connectors: {}", kind.name(), all.join(", ")),
            &format!("有多个{}对接系统：{}", kind.zh(), all.join("、")),
        )),
    }
}

async fn place(State(app): State<App>, call: Call, body: Body<PlaceRequest>) -> Result<Response, Failure> {
    let digest = body.digest;
    let PlaceRequest { case, kind, connector, fee, fen, basis, direction, recipient, phone, address } = body.value;
    let out_of_kind = |field: &str| {
        let (en, zh) = ("an order of this kind has no such field", "该类委托单没有此项");
        problem("invalid-field", field, kind.name(), en, zh)
    };
    let fare = match kind {
        ConnectorKind::Payment => {
            let others =
                [("direction", direction.is_some()), ("recipient", recipient.is_some()), ("phone", phone.is_some())];
            if let Some((field, _)) = others.into_iter().chain([("address", address.is_some())]).find(|(_, is)| *is) {
                return Err(out_of_kind(field));
            }
            Fare::Payment { fee, fen, basis }
        }
        ConnectorKind::Courier => {
            let others = [("fee", fee.is_some()), ("fen", fen.is_some()), ("basis", basis.is_some())];
            if let Some((field, _)) = others.into_iter().find(|(_, is)| *is) {
                return Err(out_of_kind(field));
            }
            let direction = direction.ok_or_else(|| {
                let (en, zh) = ("it must be said where the courier goes", "须说明寄递方向");
                problem("invalid-field", "direction", "", en, zh).remedy("give --direction", "请填写 --direction")
            })?;
            // An empty line is refused as one that is missing.
            let recipient = Recipient {
                name: recipient.unwrap_or_default(),
                telephone: phone.unwrap_or_default(),
                address: address.unwrap_or_default(),
            };
            Fare::Courier { direction, recipient }
        }
        ConnectorKind::Handling => {
            let others = [
                ("fee", fee.is_some()),
                ("fen", fen.is_some()),
                ("basis", basis.is_some()),
                ("direction", direction.is_some()),
                ("recipient", recipient.is_some()),
                ("phone", phone.is_some()),
                ("address", address.is_some()),
            ];
            if let Some((field, _)) = others.into_iter().find(|(_, is)| *is) {
                return Err(out_of_kind(field));
            }
            Fare::Handling
        }
    };
    let connector = chosen(&app, kind, connector.as_deref())?;
    let placed = PlaceOrder { case, connector, fare };
    done(&app, &call, digest, OrderCommand::Place(Box::new(placed))).await
}

async fn act_on(State(app): State<App>, call: Call, body: Body<ActOnOrder>) -> Result<Response, Failure> {
    let digest = body.digest;
    let ActOnOrder { order, act: wanted } = body.value;
    let command = match wanted {
        OrderAct::Cancel { reason } => OrderCommand::Cancel { order, reason },
        OrderAct::Refund { reason } => OrderCommand::Refund { order, reason },
        OrderAct::Retry {} => OrderCommand::Retry { order },
        OrderAct::Enter { outcome, fen, reference, reason } => {
            OrderCommand::Enter { order, outcome, fen, reference, reason }
        }
    };
    done(&app, &call, digest, command).await
}

/// Has it done, and lets who sends look at once.
async fn done(
    app: &App,
    call: &Call,
    digest: tongban_codes::ids::Digest,
    command: OrderCommand,
) -> Result<Response, Failure> {
    let response = act(app, call, digest, Command::Order(command)).await?;
    app.fresh().await?;
    app.connectors.wake();
    Ok(response)
}

fn view(app: &App, order: Order) -> ConnectorOrderView {
    let name = app.shared.parts.keys.of_order(&order);
    let decision = order.decision().cloned();
    let connector = app.connectors.named(&order.connector);
    let waiting = order.waiting.map(|word| {
        let tried = connector.and_then(|connector| connector.tried(&order.number, &word));
        let (problem, problem_zh) = match (&tried, connector) {
            (Some(Try { problem: Said { en, zh }, .. }), _) => (Some(en.clone()), Some(zh.clone())),
            (None, None) => (Some(UNCONFIGURED.0.to_owned()), Some(UNCONFIGURED.1.to_owned())),
            (None, Some(_)) => (None, None),
        };
        OrderWaits {
            message: order.word_id(&word),
            since: word.since,
            tries: tried.as_ref().map_or(0, Try::times),
            next: tried.as_ref().map(|tried| tried.next),
            problem,
            problem_zh,
        }
    });
    let entry = |entry: tongban_domain::connector::OrderEntry| OrderEntryView {
        deed_zh: entry.deed.zh(),
        state_zh: entry.state.zh(),
        outcome_zh: entry.outcome.map(CodeList::zh),
        entry,
    };
    ConnectorOrderView {
        order_no: order.number,
        case: order.case,
        case_no: order.about.case_no,
        kind: order.kind,
        kind_zh: order.kind.zh(),
        connector: order.connector,
        state: order.state,
        state_zh: order.state.zh(),
        fee: order.charge.as_ref().map(|charge| charge.fee.clone()),
        fen: order.charge.as_ref().map(|charge| charge.fen),
        basis: order.charge.map(|charge| charge.basis),
        direction: order.direction,
        direction_zh: order.direction.map(CodeList::zh),
        recipient: name.map(|(name, _)| masked_name(&name)),
        system: order.dossier.as_ref().map(|dossier| dossier.system.clone()),
        decision,
        reference: order.reference,
        link: order.link,
        placed_at: order.placed_at,
        waiting,
        log: order.log.into_iter().map(entry).collect(),
    }
}

/// The orders asked for, the newest first.
async fn orders(State(app): State<App>, Query(query): Query<ConnectorOrdersQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let listing = app.clone();
    let found = tokio::task::spawn_blocking(move || page(&listing, &query)).await;
    let found = found.map_err(|error| Failure(crate::engine::Refused::fault(&error)))??;
    Ok(listed("orders", found.into_iter().map(|order| view(&app, order)).collect()).into_response())
}

fn page(app: &App, query: &ConnectorOrdersQuery) -> Result<Vec<Order>, Failure> {
    let snapshot = app.state().snapshot()?;
    let mut newest = First::new(query.limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MAX), None);
    let mut see = |order: Order| {
        let open = !order.state.is_over() || order.waiting.is_some();
        let fits =
            query.kind.is_none_or(|kind| order.kind == kind) && query.state.is_none_or(|state| order.state == state);
        if (!query.open || open) && fits {
            newest.see((Reverse(order.placed_at), Reverse(order.number.clone())), order);
        }
    };
    match &query.case {
        Some(text) => {
            let row = case::named(&*snapshot, text)?.ok_or_else(|| super::cases::unknown(text))?;
            connector::orders(&*snapshot, &row.id)?.into_iter().for_each(see);
        }
        None => connector::ORDER.visit(&*snapshot, &[], None, false, |_, order| {
            see(order);
            ControlFlow::Continue(())
        })?,
    }
    Ok(newest.page().0)
}

async fn show(State(app): State<App>, Query(query): Query<ConnectorOrderQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    match connector::ORDER.load(app.state(), &query.order.trim().to_owned())? {
        Some(order) => Ok(Json(view(&app, order)).into_response()),
        None => {
            let (en, zh) = ("no order of this number was placed here", "本节点没有该委托单");
            let failure = problem("connector-order-unknown", "order", &query.order, en, zh);
            Err(failure.remedy("list them: tongban order list", "查看：tongban order list"))
        }
    }
}

/// An order as its applicant is shown it.
pub(super) fn told(word: OrderWord) -> OrderBrief {
    OrderBrief {
        order_no: word.number,
        order_kind: word.kind,
        order_kind_zh: word.kind.zh(),
        order_state: word.state,
        order_state_zh: word.state.zh(),
        fen: word.fen,
        reference: word.reference,
        link: word.link,
    }
}

/// The orders of a case, as the case shows them.
pub(super) fn of_case(app: &App, row: &Case) -> Result<Vec<OrderBrief>, Failure> {
    let brief = |order: Order| OrderBrief {
        order_no: order.number,
        order_kind: order.kind,
        order_kind_zh: order.kind.zh(),
        order_state: order.state,
        order_state_zh: order.state.zh(),
        fen: order.charge.map(|charge| charge.fen),
        reference: order.reference,
        link: order.link,
    };
    Ok(connector::orders(app.state(), &row.id)?.into_iter().map(brief).collect())
}
