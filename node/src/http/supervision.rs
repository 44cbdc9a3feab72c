//! Supervision: rules, cards, orders.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tongban_domain::Command;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::supervision::{Card, Matter, Order, Rule, Rules, stages, voice_stages};
use tongban_domain::voice::Voice;
use tongban_storage::keyspace::{case, supervision};

use super::cases::unknown;
use super::standards::judged;
use super::{App, Body, Call, Failure, Query, act, listed, problem};
use crate::api::v1::{
    CardExplained, CardQuery, CardView, Cards, CardsQuery, GiveOrder, OrderView, Orders, OrdersQuery, RuleView,
    SetRule, SuperviseText,
};
use crate::engine::Refused;

/// Cards in one list.
const LIMIT_MAX: usize = 1_000;
/// Cards in one list when nothing is said.
const LIMIT_USUAL: usize = 100;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/supervise/rules", get(rules).post(set_rule))
        .route("/v1/supervise/cards", get(cards))
        .route("/v1/supervise/card", get(explain))
        .route("/v1/supervise/orders", get(orders).post(give_order))
        .route("/v1/supervise/answer", post(answer))
        .route("/v1/supervise/close", post(close))
}

fn rule_view(rules: &Rules, rule: Rule) -> RuleView {
    let setting = rules.of(rule);
    let (remedy_en, remedy_zh) = rule.remedy();
    RuleView {
        rule,
        rule_zh: rule.zh(),
        basis: rule.basis(),
        yellow_days: setting.yellow_days,
        yellow_percent: setting.yellow_percent,
        red_after: setting.red_after,
        severe_after: setting.severe_after,
        limit_days: setting.limit_days,
        set: setting != rule.standing(),
        remedy_en,
        remedy_zh,
    }
}

async fn rules(State(app): State<App>) -> Result<Response, Failure> {
    app.fresh().await?;
    let (here, today) = (app.shared.here().division, app.shared.now().date());
    let views = judged(&app, |facts, _| {
        let rules = Rules::holding(facts, here, today);
        Ok(Rule::ALL.iter().map(|rule| rule_view(&rules, *rule)).collect())
    })?;
    Ok(listed::<RuleView>("rules", views).into_response())
}

async fn set_rule(State(app): State<App>, call: Call, body: Body<SetRule>) -> Result<Response, Failure> {
    let SetRule { setting, effective } = body.value;
    act(&app, &call, body.digest, Command::SetRule { setting, effective }).await
}

async fn answer(State(app): State<App>, call: Call, body: Body<SuperviseText>) -> Result<Response, Failure> {
    let SuperviseText { number, text } = body.value;
    act(&app, &call, body.digest, Command::AnswerSupervision { number, text }).await
}

async fn close(State(app): State<App>, call: Call, body: Body<SuperviseText>) -> Result<Response, Failure> {
    let SuperviseText { number: card, text } = body.value;
    act(&app, &call, body.digest, Command::CloseCard { card, text }).await
}

async fn give_order(State(app): State<App>, call: Call, body: Body<GiveOrder>) -> Result<Response, Failure> {
    let GiveOrder { about, division, text, answer_within: days } = body.value;
    act(&app, &call, body.digest, Command::GiveOrder { about, division, text, days }).await
}

fn card_view(card: Card) -> CardView {
    let division = card.division();
    CardView {
        number: card.number,
        rule: card.rule,
        colour: card.colour,
        stands: card.state.name(),
        cause_on: card.on,
        due: card.due,
        raised_at: card.raised_at,
        since: card.since,
        ending: card.ending,
        times: card.times,
        case: card.case,
        case_no: card.case_no,
        item: card.item,
        item_name: card.item_name,
        department: card.department,
        division,
        order: card.order,
        answer: card.answer,
        closing: card.closing,
        earlier: card.said,
    }
}

fn wanted(query: &CardsQuery, card: &Card) -> bool {
    (query.all || card.is_open())
        && query.colour.is_none_or(|colour| card.colour == colour)
        && query.rule.is_none_or(|rule| card.rule == rule)
        && query.since.is_none_or(|since| card.on >= since)
        && query.department.as_ref().is_none_or(|name| card.department.contains(name.as_str()))
}

fn unknown_card(number: &str) -> Failure {
    let failure =
        problem("card-unknown", "card", number, "no card of this number was raised here", "本节点没有该监察编号");
    failure.remedy("list them: tongban supervise cards", "查看：tongban supervise cards")
}

/// The first so many, by their places, of what is read in whatever order; all are counted.
pub(super) struct First<P, T> {
    limit: usize,
    after: Option<P>,
    count: usize,
    kept: BTreeMap<P, T>,
}

impl<P: Ord, T> First<P, T> {
    pub(super) fn new(limit: usize, after: Option<P>) -> Self {
        Self { limit, after, count: 0, kept: BTreeMap::new() }
    }

    pub(super) fn see(&mut self, place: P, value: T) {
        self.count += 1;
        let is_behind = self.after.as_ref().is_none_or(|after| place > *after);
        let has_room =
            self.kept.len() <= self.limit || self.kept.last_key_value().is_some_and(|(last, _)| place < *last);
        if is_behind && has_room {
            self.kept.insert(place, value);
            if self.kept.len() > self.limit + 1 {
                self.kept.pop_last();
            }
        }
    }

    /// The page, how many there are in all, and whether more lie behind it.
    pub(super) fn page(self) -> (Vec<T>, usize, bool) {
        let more = self.kept.len() > self.limit;
        (self.kept.into_values().take(self.limit).collect(), self.count, more)
    }
}

/// The cards asked for, the newest first.
fn page(app: &App, query: &CardsQuery) -> Result<Cards, Failure> {
    let limit = query.limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MAX);
    let snapshot = app.state().snapshot()?;
    let place = |card: &Card| (std::cmp::Reverse(card.raised_at), card.number.clone());
    let after = match &query.after {
        None => None,
        Some(number) => {
            let card = supervision::card_named(&*snapshot, number)?.ok_or_else(|| unknown_card(number))?;
            Some(place(&card))
        }
    };
    let mut newest = First::new(limit, after);
    let mut see = |card: Card| {
        if wanted(query, &card) {
            newest.see(place(&card), card);
        }
    };
    match &query.case {
        Some(text) => {
            let row = case::named(&*snapshot, text)?.ok_or_else(|| unknown(text))?;
            supervision::cards(&*snapshot, &row.id)?.into_iter().for_each(see);
        }
        None => supervision::CARD.visit(&*snapshot, &[], None, false, |_, card| {
            see(card);
            std::ops::ControlFlow::Continue(())
        })?,
    }
    let (cards, count, more) = newest.page();
    let cards: Vec<CardView> = cards.into_iter().map(card_view).collect();
    let next = cards.last().filter(|_| more).map(|card| card.number.clone());
    Ok(Cards { cards, count, next })
}

async fn cards(State(app): State<App>, Query(query): Query<CardsQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let reading = app.clone();
    let read = tokio::task::spawn_blocking(move || page(&reading, &query)).await;
    Ok(Json(read.map_err(|error| Failure(Refused::fault(&error)))??).into_response())
}

/// A card about a rating or a ticket: its own state and days stand where those of a case would.
fn of_voice(
    card: Card,
    rules: &Rules,
    stages: Vec<tongban_domain::supervision::Stage>,
    voice: &Voice,
) -> CardExplained {
    let (state, since) = match voice {
        Voice::Rating(rating) => (rating.follow_up.as_ref().map_or("", |follow_up| follow_up.state.name()), rating.at),
        Voice::Ticket(ticket) => (ticket.state.name(), ticket.opened_at),
    };
    CardExplained {
        thresholds: rule_view(rules, card.rule),
        state,
        collected_at: since,
        accepted_on: None,
        promised_due: None,
        statutory_due: None,
        calendar: None,
        decided_on: None,
        stages,
        card: card_view(card),
    }
}

async fn explain(State(app): State<App>, Query(query): Query<CardQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let (here, today) = (app.shared.here(), app.shared.now().date());
    let explained = judged(&app, |facts, read| {
        let number = query.card.trim();
        let card = supervision::card_named(read, number)?.ok_or_else(|| unknown_card(number))?;
        let rules = Rules::holding(facts, here.division, today);
        if let Some(voice) = card.order.as_deref().and_then(|number| facts.voice_named(number)) {
            return Ok(of_voice(card, &rules, voice_stages(facts.calendar(), &rules, &voice), &voice));
        }
        let row = facts.case(&card.case).ok_or_else(|| unknown_card(number))?;
        let deadlines = row.deadlines.as_ref();
        Ok(CardExplained {
            thresholds: rule_view(&rules, card.rule),
            state: row.status.name(),
            collected_at: row.collected_at,
            accepted_on: row.accepted_on,
            promised_due: deadlines.and_then(|due| due.promised).map(|due| due.date),
            statutory_due: deadlines.and_then(|due| due.statutory).map(|due| due.date),
            calendar: deadlines.map(|due| due.calendar.clone()),
            decided_on: row.decided_on,
            stages: stages(facts, &rules, here.node, &row),
            card: card_view(card),
        })
    })?;
    Ok(Json(explained).into_response())
}

fn order_view(order: Order, today: tongban_codes::time::Date) -> OrderView {
    let is_waiting = order.answer.is_none() && order.refused.is_none();
    OrderView {
        number: order.number,
        stands: match (&order.answer, &order.refused) {
            (Some(_), _) => "answered",
            (None, Some(_)) => "refused",
            (None, None) => "waiting",
        },
        overdue: is_waiting && order.answer_by < today,
        from: order.from.division,
        to: order.to.division,
        about: order.about,
        case_no: order.case_no,
        item_type: order.item_type,
        department: order.department,
        rule: order.rule,
        colour: order.colour,
        text: order.text,
        operator: order.operator,
        at: order.at,
        answer_by: order.answer_by,
        answer: order.answer,
        refused: order.refused,
        since: order.since,
    }
}

/// The orders asked for, the newest first.
fn orders_page(app: &App, query: &OrdersQuery) -> Result<Orders, Failure> {
    let limit = query.limit.unwrap_or(LIMIT_USUAL).clamp(1, LIMIT_MAX);
    let (snapshot, today) = (app.state().snapshot()?, app.shared.now().date());
    let place = |order: &Order| (std::cmp::Reverse(order.at), order.number.clone());
    let after = match &query.after {
        None => None,
        Some(number) => {
            let Some(Matter::Order(order)) = supervision::matter_named(&*snapshot, number)? else {
                let (en, zh) = ("no order of this number is known here", "本节点没有该督办");
                return Err(problem("card-unknown", "after", number, en, zh)
                    .remedy("list them: tongban supervise orders", "查看：tongban supervise orders"));
            };
            Some(place(&order))
        }
    };
    let mut newest = First::new(limit, after);
    supervision::MATTER.visit(&*snapshot, &[], None, false, |_, Matter::Order(order)| {
        if query.all || order.answer.is_none() {
            newest.see(place(&order), order);
        }
        std::ops::ControlFlow::Continue(())
    })?;
    let (orders, count, more) = newest.page();
    let orders: Vec<OrderView> = orders.into_iter().map(|order| order_view(order, today)).collect();
    let next = orders.last().filter(|_| more).map(|order| order.number.clone());
    Ok(Orders { orders, count, next })
}

async fn orders(State(app): State<App>, Query(query): Query<OrdersQuery>) -> Result<Response, Failure> {
    app.fresh().await?;
    let reading = app.clone();
    let read = tokio::task::spawn_blocking(move || orders_page(&reading, &query)).await;
    Ok(Json(read.map_err(|error| Failure(Refused::fault(&error)))??).into_response())
}
