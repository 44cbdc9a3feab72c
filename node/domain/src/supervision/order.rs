//! Orders (督办): a supervisor, here or above, asks for an answer by a day.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::card::{Answer, Card, Colour, Numbers, answer_card, answered, text};
use super::rule::Rule;
use crate::case::{Case, Custody};
use crate::change::{Change, Event, Notice, NoticeBody, Reply};
use crate::command::Origin;
use crate::facts::Place;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// What numbers of orders begin with.
pub(crate) const ORDER_NUMBERS: &str = "DB";

/// The longest time for an answer, in working days.
const ANSWER_DAYS_MAX: u16 = 60;

/// The longest time for an answer that is taken from another node, whose calendar may differ, in days.
const ANSWER_SPAN_MAX: i32 = 150;

/// The longest word of an answer from another node, as the name of a department, in characters.
const WORD_CHARS_MAX: usize = 200;

/// The longest name of what an order is about, in characters.
const ABOUT_CHARS_MAX: usize = 100;

/// What hangs on a case, each under an id of its own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Matter {
    /// An order.
    #[n(0)]
    Order(#[n(0)] Order),
}

impl Matter {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> CaseId {
        let Self::Order(order) = self;
        order.id
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> &str {
        let Self::Order(order) = self;
        &order.number
    }

    /// When it is to be looked at first.
    #[must_use]
    pub fn watch(&self) -> Option<Timestamp> {
        let Self::Order(order) = self;
        (order.answer.is_none() && order.case.is_some()).then(|| order.at.date().next_day().start())
    }
}

/// An order, as both nodes keep it, with the fields of GB/T 39046 table 11.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Order {
    /// Drawn by the node that orders.
    #[n(0)]
    pub id: CaseId,
    /// 监察编号.
    #[n(1)]
    pub number: String,
    /// 督办内容.
    #[n(2)]
    pub text: String,
    /// Who orders.
    #[n(3)]
    pub from: Place,
    /// Who answers.
    #[n(4)]
    pub to: Place,
    /// The supervisor.
    #[n(5)]
    pub operator: String,
    /// 督办发出时间.
    #[n(6)]
    pub at: Timestamp,
    /// The last day for the answer.
    #[n(7)]
    pub answer_by: Date,
    /// The case or card as it was named.
    #[n(8)]
    pub about: String,
    /// The case, where it is known.
    #[n(9)]
    pub case: Option<CaseId>,
    /// 办件编号.
    #[n(10)]
    pub case_no: Option<String>,
    /// 事项类型.
    #[n(11)]
    pub item_type: Option<String>,
    /// 责任部门.
    #[n(12)]
    pub department: Option<String>,
    /// 监察规则编号, of the card that it is about.
    #[n(13)]
    pub rule: Option<Rule>,
    /// 预警类型代码, likewise.
    #[n(14)]
    pub colour: Option<Colour>,
    /// 结果描述.
    #[n(15)]
    pub answer: Option<Answer>,
    /// Why the other node didn't take it: code and text.
    #[n(16)]
    pub refused: Option<(String, String)>,
    /// 状态产生时间.
    #[n(17)]
    pub since: Timestamp,
}

/// The answer on its way back, with what the superior didn't know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderAnswer {
    /// Which order.
    pub order: CaseId,
    /// What was said.
    pub answer: Answer,
    /// 办件编号.
    pub case_no: Option<String>,
    /// 事项类型.
    pub item_type: Option<String>,
    /// 责任部门.
    pub department: Option<String>,
    /// Of the card that it is about.
    pub rule: Option<Rule>,
    /// Likewise.
    pub colour: Option<Colour>,
}

/// An order as a supervisor gives it.
pub(crate) struct Ordering<'a> {
    /// A case or a card.
    pub(crate) about: &'a str,
    /// The division that answers; this one when absent.
    pub(crate) division: Option<DivisionCode>,
    /// What is asked for.
    pub(crate) text: &'a str,
    /// Working days for the answer.
    pub(crate) days: u16,
}

/// The case and, when one was named, the card.
fn about(facts: &dyn Facts, named: &str) -> Result<(Case, Option<Card>), Rejection> {
    let card = facts.card_named(named);
    let case = match &card {
        Some(card) => facts.case(&card.case),
        None => facts.case_named(named),
    };
    let case = case.ok_or_else(|| {
        Rejection::new(
            codes::CASE_UNKNOWN,
            "no case or card of this number is known here",
            "本节点没有该办件或监察编号",
        )
        .field("case", named)
        .remedy("name the division that handles it: --division", "指明办理地：--division")
    })?;
    if let Custody::Elsewhere { owner, .. } = &case.custody {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            format!("{} owns the case", owner.division),
            format!("办件由 {} 经办", owner.division),
        )
        .field("case", case.id)
        .remedy("order it there: --division", "请向该地督办：--division"));
    }
    Ok((case, card))
}

/// What an order says of the case that it is about.
fn describe(order: &mut Order, case: &Case, card: Option<&Card>) {
    order.case = Some(case.id);
    order.case_no = Some(case.case_no.clone().unwrap_or_else(|| case.collection_no.clone()));
    order.item_type = Some(case.item.core.item_type.clone());
    order.department = Some(case.item.department.clone());
    order.rule = card.map(|card| card.rule);
    order.colour = card.map(|card| card.colour);
}

fn named(text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > ABOUT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "an order names a case or a card",
            "督办须指明办件或监察编号",
        )
        .field("case", text)
        .remedy(
            "tongban supervise cards and tongban case list show the numbers",
            "编号见 tongban supervise cards、tongban case list",
        ));
    }
    Ok(text.to_owned())
}

/// Orders an answer, of a department of this hall or of a node below.
pub(crate) fn order(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    asked: &Ordering<'_>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    if !(1..=ANSWER_DAYS_MAX).contains(&asked.days) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "an answer is asked for within 1 to 60 working days",
            "答复期限为 1 至 60 个工作日",
        )
        .field("answer_within", asked.days)
        .remedy("give --answer-within", "请填写 --answer-within"));
    }
    let text = text("text", asked.text)?;
    let name = named(asked.about)?;
    let to = match asked.division.filter(|division| *division != here.division) {
        None => here,
        Some(division) if !division.is_within(here.division) => {
            return Err(Rejection::new(
                codes::DIVISION_RULE,
                format!("{division} is not below {}", here.division),
                format!("{division} 不属于 {}", here.division),
            )
            .field("division", division)
            .remedy("only a superior orders", "只能由上级督办"));
        }
        Some(division) => facts.place(division).ok_or_else(|| {
            Rejection::new(
                codes::DIVISION_UNKNOWN,
                format!("no node of {division} is known here"),
                format!("未知 {division} 的节点"),
            )
            .field("division", division)
            .remedy("see who is known: tongban peer list", "查看：tongban peer list")
        })?,
    };
    let mut random = [0; 10];
    desk.fill(&mut random);
    let mut numbers = Numbers::new(facts, ORDER_NUMBERS, at, &[]);
    let mut order = Order {
        id: CaseId::draw(&here.node, random),
        number: numbers.draw(),
        text,
        from: here,
        to,
        operator: actor.operator.clone(),
        at,
        answer_by: facts.calendar().add_working_days(at.date(), u32::from(asked.days)).date,
        about: name.clone(),
        case: None,
        case_no: None,
        item_type: None,
        department: None,
        rule: None,
        colour: None,
        answer: None,
        refused: None,
        since: at,
    };
    if to == here {
        let (case, card) = about(facts, &name)?;
        describe(&mut order, &case, card.as_ref());
    }
    let mut change = Change::of(numbers.drawn().into_iter().collect(), Reply::Order(Box::new(order.clone())));
    if to != here {
        let body = NoticeBody::Order(Box::new(order.clone()));
        change.notices.push(Notice { to: to.node, case: order.id, act: 1, body });
    }
    change.events.push(Event::Matter(Box::new(Matter::Order(order))));
    Ok(change)
}

/// Whether a node of a division may have drawn a number: a second node of one names its ordinal.
fn is_number_of(number: &str, division: DivisionCode) -> bool {
    let Some(rest) = number.strip_prefix(&format!("{ORDER_NUMBERS}{division}")) else { return false };
    let ordinal = rest.strip_prefix('.').map_or(Some(rest), |rest| {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).filter(|digits| *digits > 0)?;
        rest.get(digits..)
    });
    ordinal.is_some_and(|rest| rest.starts_with('-')) && number.len() <= 64 && !number.chars().any(char::is_control)
}

fn contradicts(order: &Order, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh).field("order", &order.number)
}

/// Takes an order of a superior; one about a case that isn't handled here is refused, and the superior hears it.
pub(crate) fn take_order(facts: &dyn Facts, origin: Origin, order: &Order, at: Timestamp) -> Result<Change, Rejection> {
    let here = facts.node();
    let above = origin.place.division;
    if above == here.division || !here.division.is_within(above) {
        return Err(Rejection::new(
            codes::DIVISION_RULE,
            format!("{above} is no superior of {}", here.division),
            format!("{above} 不是 {} 的上级", here.division),
        )
        .field("division", above));
    }
    if let Some(Matter::Order(known)) = facts.matter(&order.id) {
        if known.from.node == origin.place.node {
            return Ok(Change::of(Vec::new(), Reply::Known {}));
        }
        return Err(contradicts(order, "an order of this id came from another node", "该督办标识已属其他节点"));
    }
    let drawn_there = order.id.node_prefix() == origin.place.node.prefix() && is_number_of(&order.number, above);
    if order.from != origin.place || order.to.node != here.node || !drawn_there || order.answer.is_some() {
        return Err(contradicts(order, "the order contradicts its envelope", "督办内容与信封矛盾"));
    }
    if facts.matter_named(&order.number).is_some() {
        return Err(contradicts(order, "another order has this number", "该监察编号已属其他督办"));
    }
    let given_on = order.at.date();
    let is_timely = order.at <= at.add_days(1) && order.answer_by > given_on;
    if !is_timely || order.answer_by > given_on.add_days(ANSWER_SPAN_MAX) {
        return Err(contradicts(order, "the day for the answer is none that may be given", "答复期限有误"));
    }
    let (text, name) = (text("text", &order.text)?, named(&order.about)?);
    let operator = crate::naming::name("operator", &order.operator)?;
    let (case, card) = about(facts, &name)?;
    let mut taken = Order { text, about: name, operator, since: at, refused: None, ..order.clone() };
    describe(&mut taken, &case, card.as_ref());
    Ok(Change::of(vec![Event::Matter(Box::new(Matter::Order(taken)))], Reply::Known {}))
}

/// The case on which an order or a card hangs, by its number, where it is known here.
pub(crate) fn case_of(facts: &dyn Facts, number: &str) -> Option<Case> {
    let number = number.trim();
    match facts.matter_named(number) {
        Some(Matter::Order(order)) => facts.case(&order.case?),
        None => facts.case(&facts.card_named(number)?.case),
    }
}

/// Answers a card or an order, by its number.
pub(crate) fn answer_order(
    facts: &dyn Facts,
    actor: &Actor,
    number: &str,
    said: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let Some(Matter::Order(mut order)) = facts.matter_named(number.trim()) else {
        return answer_card(facts, actor, number, said, at);
    };
    let here = facts.node().node;
    if order.to.node != here {
        return Err(Rejection::new(
            codes::NOT_COMPETENT,
            format!("{} answers this order", order.to.division),
            format!("该督办由 {} 答复", order.to.division),
        )
        .field("order", &order.number)
        .remedy("wait for its answer: tongban supervise orders", "等待答复：tongban supervise orders"));
    }
    if let Some(answer) = &order.answer {
        return Err(Rejection::new(
            codes::ORDER_ANSWERED,
            format!("{} answered the order at {}", answer.operator, answer.at),
            format!("{} 已于 {} 答复", answer.operator, answer.at),
        )
        .field("order", &order.number)
        .remedy("see it: tongban supervise orders", "查看：tongban supervise orders"));
    }
    let answer = Answer { text: text("text", said)?, operator: actor.operator.clone(), at };
    (order.answer, order.since) = (Some(answer.clone()), at);
    let mut change = Change::of(Vec::new(), Reply::Order(Box::new(order.clone())));
    let known = order.case.map(|case| facts.cards(&case)).unwrap_or_default();
    let closed = answered(&known, &order.number, at);
    change.events.extend(closed.into_iter().map(|card| Event::Card(Box::new(card))));
    if order.from.node != here {
        let body = NoticeBody::OrderAnswer(Box::new(OrderAnswer {
            order: order.id,
            answer,
            case_no: order.case_no.clone(),
            item_type: order.item_type.clone(),
            department: order.department.clone(),
            rule: order.rule,
            colour: order.colour,
        }));
        change.notices.push(Notice { to: order.from.node, case: order.id, act: 1, body });
    }
    change.events.push(Event::Matter(Box::new(Matter::Order(order))));
    Ok(change)
}

fn own(facts: &dyn Facts, id: &CaseId, origin: Origin) -> Result<Order, Rejection> {
    let known = facts.matter(id).map(|Matter::Order(order)| order);
    known.filter(|order| order.from.node == facts.node().node && order.to.node == origin.place.node).ok_or_else(|| {
        Rejection::new(codes::NOT_OWNER, "no such order was given to this node", "未向该节点督办").field("order", id)
    })
}

/// Keeps the answer of a node below.
pub(crate) fn take_answer(
    facts: &dyn Facts,
    origin: Origin,
    answer: &OrderAnswer,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut order = own(facts, &answer.order, origin)?;
    if order.answer.is_some() {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    let said = text("text", &answer.answer.text)?;
    let operator = crate::naming::name("operator", &answer.answer.operator)?;
    let words = [&answer.case_no, &answer.item_type, &answer.department];
    if words
        .into_iter()
        .flatten()
        .any(|word| word.chars().count() > WORD_CHARS_MAX || word.chars().any(char::is_control))
    {
        return Err(contradicts(&order, "the answer has words of no such length", "答复字段过长"));
    }
    order.answer = Some(Answer { text: said, operator, ..answer.answer.clone() });
    order.case_no.clone_from(&answer.case_no);
    order.item_type.clone_from(&answer.item_type);
    order.department.clone_from(&answer.department);
    (order.rule, order.colour, order.since) = (answer.rule, answer.colour, at);
    Ok(Change::of(vec![Event::Matter(Box::new(Matter::Order(order)))], Reply::Known {}))
}

/// Keeps why a node below didn't take an order.
pub(crate) fn refused_order(
    facts: &dyn Facts,
    origin: Origin,
    id: &CaseId,
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut order = own(facts, id, origin)?;
    if order.answer.is_some() {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    (order.refused, order.since) = (Some(refusal.clone()), at);
    Ok(Change::of(vec![Event::Matter(Box::new(Matter::Order(order)))], Reply::Known {}))
}
