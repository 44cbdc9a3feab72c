//! Cards (监察牌): what a rule found about a case, once for each rule and colour, never removed.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId};
use tongban_codes::time::{Date, Timestamp};

use super::about::About;
use super::rule::Rule;
use super::stage::Stage;
use crate::catalogue::code_list::code_list;
use crate::catalogue::{CodeList as _, Mode};
use crate::change::{Change, Event, Reply};
use crate::{Actor, Facts, Rejection, codes};

code_list! {
    /// How grave it is.
    Colour: "监察牌颜色" {
        /// 黄牌: time runs short.
        Yellow = 1, "yellow", "黄牌", [];
        /// 红牌: time is over.
        Red = 2, "red", "红牌", [];
        /// 严重红牌: time has long been over.
        Severe = 3, "severe", "严重红牌", [];
    }
}

code_list! {
    /// Where a card stands.
    CardState: "监察牌状态" {
        /// 未处理: nobody has answered.
        Open = 0, "open", "未处理", [];
        /// 已说明: who is responsible has answered; the cause goes on.
        Answered = 1, "answered", "已说明", [];
        /// 已关闭.
        Closed = 2, "closed", "已关闭", [];
    }
}

code_list! {
    /// Why a card was closed.
    Ending: "关闭原因" {
        /// 事由消除: what raised it is over.
        Gone = 0, "gone", "事由消除", [];
        /// 升级: a graver card of the same rule took its place.
        Superseded = 1, "superseded", "升级", [];
        /// 人工关闭: a supervisor closed it.
        ByPerson = 2, "by-person", "人工关闭", [];
    }
}

/// What somebody said, and when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Answer {
    /// In words.
    #[n(0)]
    pub text: String,
    /// By whom.
    #[n(1)]
    pub operator: String,
    /// When.
    #[n(2)]
    pub at: Timestamp,
}

/// A card, with what its record says (GB/T 39046 table 11) and what figures are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Card {
    /// 监察编号.
    #[n(0)]
    pub number: String,
    /// The case.
    #[n(1)]
    pub case: CaseId,
    /// 监察规则.
    #[n(2)]
    pub rule: Rule,
    /// Colour.
    #[n(3)]
    pub colour: Colour,
    /// The day from which there is cause, whenever it was noticed.
    #[n(4)]
    pub on: Date,
    /// The last day in time.
    #[n(5)]
    pub due: Date,
    /// When it was raised.
    #[n(6)]
    pub raised_at: Timestamp,
    /// Where it stands.
    #[n(7)]
    pub state: CardState,
    /// When it came to stand there (状态产生时间).
    #[n(8)]
    pub since: Timestamp,
    /// Why it was closed.
    #[n(9)]
    pub ending: Option<Ending>,
    /// What who is responsible said.
    #[n(10)]
    pub answer: Option<Answer>,
    /// What the supervisor said who closed it (结果描述).
    #[n(11)]
    pub closing: Option<Answer>,
    /// How often it was raised: its cause may have gone and come again.
    #[n(12)]
    pub times: u16,
    /// 办件编号 or, before acceptance, 收件编号.
    #[n(13)]
    pub case_no: String,
    /// Item code.
    #[n(14)]
    pub item: String,
    /// Item name.
    #[n(15)]
    pub item_name: String,
    /// 基本编码.
    #[n(16)]
    pub base_code: Option<String>,
    /// 事项类型.
    #[n(17)]
    pub item_type: String,
    /// Version of the item.
    #[n(18)]
    pub item_version: u32,
    /// Mode.
    #[n(19)]
    pub mode: Mode,
    /// The owner's tenure.
    #[n(20)]
    pub tenure: u32,
    /// The authority in charge.
    #[n(21)]
    pub authority: AuthorityId,
    /// 责任部门: its name; the hall's division where the collecting place answers for it.
    #[n(22)]
    pub department: String,
    /// The collecting division.
    #[n(23)]
    pub collecting: DivisionCode,
    /// The deciding division.
    #[n(24)]
    pub deciding: DivisionCode,
    /// The number of the order, rating or ticket that waits, for a card of a rule that watches one.
    #[n(25)]
    pub order: Option<String>,
    /// Earlier answers, and what was said when it was closed before, in order.
    #[n(26)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub said: Vec<Answer>,
    /// The division that answers for it, where neither of the case's two does by the rule.
    #[n(60)]
    pub answers: Option<DivisionCode>,
}

impl Card {
    /// The division that answers for it, under which it is counted.
    #[must_use]
    pub fn division(&self) -> DivisionCode {
        let by_rule = if self.rule.is_of_collecting() { self.collecting } else { self.deciding };
        self.answers.unwrap_or(by_rule)
    }

    /// Whether its cause goes on, answered or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != CardState::Closed
    }

    fn raised(number: String, about: &About, stage: &Stage, at: Timestamp) -> Self {
        let About { collecting, department, .. } = about;
        let department = if stage.rule.is_of_collecting() { collecting.to_string() } else { department.clone() };
        Self {
            number,
            case: about.case,
            rule: stage.rule,
            colour: stage.colour,
            on: stage.from,
            due: stage.due,
            raised_at: at,
            state: CardState::Open,
            since: at,
            ending: None,
            answer: None,
            closing: None,
            times: 1,
            case_no: about.case_no.clone(),
            item: about.item.clone(),
            item_name: about.item_name.clone(),
            base_code: about.base_code.clone(),
            item_type: about.item_type.clone(),
            item_version: about.item_version,
            mode: about.mode,
            tenure: about.tenure,
            authority: about.authority,
            department,
            collecting: about.collecting,
            deciding: about.deciding,
            order: None,
            answers: about.division,
            said: Vec::new(),
        }
    }

    /// Whether a person closed it for the cause that there is now: a later one raises it again.
    fn was_settled(&self, stage: &Stage) -> bool {
        let closed_on = self.since.date();
        // What an act made cause for may have been done on the day of the closing and after it; time runs out at midnight.
        let comes_later =
            stage.from > closed_on || (stage.rule.is_lasting() && stage.from == closed_on && stage.from > self.on);
        self.ending == Some(Ending::ByPerson) && !comes_later
    }

    /// Keeps what was said before something else is said in its place.
    fn keep(&mut self, said: Option<Answer>) {
        self.said.extend(said);
    }

    fn close(&mut self, ending: Ending, at: Timestamp) {
        (self.state, self.since, self.ending) = (CardState::Closed, at, Some(ending));
    }
}

/// Draws the numbers of the cards of one decision: none of it is in the facts yet.
pub(crate) struct Numbers {
    scope: String,
    prefix: String,
    first: u32,
    next: u32,
}

impl Numbers {
    /// Numbers of a day, after those that the events hold already.
    pub(crate) fn new(facts: &dyn Facts, kind: &str, at: Timestamp, drawn: &[Event]) -> Self {
        let day = at.date().compact();
        let scope = format!("{kind}:{day}");
        let last = drawn.iter().rev().find_map(|event| match event {
            Event::Serial(of, last) if *of == scope => Some(*last),
            _ => None,
        });
        let next = last.map_or_else(|| facts.next_serial(&scope), |last| last + 1);
        Self { scope, prefix: format!("{kind}{}-{day}-", facts.node().hall()), first: next, next }
    }

    /// The next one.
    pub(crate) fn draw(&mut self) -> String {
        let serial = self.next;
        self.next += 1;
        format!("{}{serial:05}", self.prefix)
    }

    /// The event that keeps them from being drawn again.
    pub(crate) fn drawn(self) -> Option<Event> {
        (self.next > self.first).then(|| Event::Serial(self.scope, self.next - 1))
    }
}

/// What the cards of a number begin with.
pub(crate) const CARD_NUMBERS: &str = "JC";

/// What a day's look at a case finds: the cards that change, in order.
///
/// Every stage that has begun has its card. The gravest of a rule stands; those before it are superseded, and one whose stage isn't there any
/// more is closed. So the cards are the same whether the case was looked at each day or after a month.
pub(super) fn reconcile(
    stages: &[Stage],
    known: &[Card],
    about: &About,
    (day, at): (Date, Timestamp),
    numbers: &mut Numbers,
) -> Vec<Card> {
    let mut changed = Vec::new();
    let mut begun: Vec<&Stage> = stages.iter().filter(|stage| stage.from <= day).collect();
    begun.sort();
    for stage in &begun {
        let stands = !begun.iter().any(|other| other.rule == stage.rule && other.colour > stage.colour);
        let found = known.iter().find(|card| (card.rule, card.colour) == (stage.rule, stage.colour));
        match found {
            None => {
                let mut card = Card::raised(numbers.draw(), about, stage, at);
                changed.push(card.clone());
                if !stands {
                    card.close(Ending::Superseded, at);
                    changed.push(card);
                }
            }
            Some(card) if stands && card.state == CardState::Closed && !card.was_settled(stage) => {
                let mut again = card.clone();
                (again.state, again.since, again.ending) = (CardState::Open, at, None);
                (again.on, again.due) = (stage.from, stage.due);
                again.times = again.times.saturating_add(1);
                changed.push(again);
            }
            Some(card) if !stands && card.is_open() => {
                let mut superseded = card.clone();
                superseded.close(Ending::Superseded, at);
                changed.push(superseded);
            }
            Some(_) => {}
        }
    }
    changed.extend(gone(stages, known, (day, at)));
    changed
}

/// The cards whose cause isn't there any more, closed.
pub(super) fn gone(stages: &[Stage], known: &[Card], (day, at): (Date, Timestamp)) -> Vec<Card> {
    let begun = |card: &Card| {
        stages.iter().any(|stage| stage.from <= day && (stage.rule, stage.colour) == (card.rule, card.colour))
    };
    let may_go = |card: &&Card| card.is_open() && card.rule.is_of_case() && !card.rule.is_lasting();
    known
        .iter()
        .filter(may_go)
        .filter(|card| !begun(card))
        .cloned()
        .map(|mut card| {
            card.close(Ending::Gone, at);
            card
        })
        .collect()
}

/// A card about what hangs on a case, or on none, and not about a case's own time.
pub(super) fn raise_beside(
    stages: &[Stage],
    known: &[Card],
    about: &About,
    (day, at): (Date, Timestamp),
    (order, numbers): (&str, &mut Numbers),
) -> Vec<Card> {
    let mine: Vec<Card> = known.iter().filter(|card| card.order.as_deref() == Some(order)).cloned().collect();
    let mut changed = reconcile(stages, &mine, about, (day, at), numbers);
    changed.iter_mut().for_each(|card| card.order = Some(order.to_owned()));
    changed
}

/// The cards that an answer closes.
pub(crate) fn answered(known: &[Card], order: &str, at: Timestamp) -> Vec<Card> {
    let mine = known.iter().filter(|card| card.order.as_deref() == Some(order) && card.is_open());
    mine.map(|card| {
        let mut card = card.clone();
        card.close(Ending::Gone, at);
        card
    })
    .collect()
}

/// The first day after `day` on which another card begins.
pub(super) fn next_day(stages: &[Stage], day: Date) -> Option<Date> {
    stages.iter().map(|stage| stage.from).filter(|from| *from > day).min()
}

/// The stages of a time that hangs on a case.
pub(super) fn stages_beside(calendar: &Calendar, setting: &super::RuleSetting, start: Date, due: Date) -> Vec<Stage> {
    let mut stages = Vec::new();
    let counts = |_: Date| true;
    super::stage::Running { calendar, start, due, counts: &counts }.stages(setting, &mut stages);
    stages
}

/// The most answers that a card keeps beside the last.
const SAID_MAX: usize = 20;

/// The longest text of an answer or an order, in characters.
const TEXT_CHARS_MAX: usize = 2000;

/// A text of 1 to 2,000 characters.
pub(crate) fn text(field: &'static str, text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "a text of 1 to 2,000 characters is required",
            "须填写内容，1 至 2000 字",
        )
        .field(field, text)
        .remedy(format!("give --{field}"), format!("请填写 --{field}")));
    }
    Ok(text.to_owned())
}

fn named(facts: &dyn Facts, number: &str) -> Result<Card, Rejection> {
    facts.card_named(number.trim()).ok_or_else(|| {
        Rejection::new(codes::CARD_UNKNOWN, "no card of this number was raised here", "本节点没有该监察编号")
            .field("card", number)
            .remedy("list them: tongban supervise cards", "查看：tongban supervise cards")
    })
}

fn still_open(card: Card) -> Result<Card, Rejection> {
    if card.is_open() {
        return Ok(card);
    }
    let why = card.ending.map_or("closed", |ending| ending.name());
    let zh = card.ending.map_or("已关闭", |ending| ending.zh());
    Err(Rejection::new(
        codes::CARD_CLOSED,
        format!("the card was closed at {} ({why})", card.since),
        format!("该牌已于 {} 关闭（{zh}）", card.since),
    )
    .field("card", card.number)
    .remedy("see it: tongban supervise show", "查看：tongban supervise show"))
}

/// Who is responsible says why, and what he does about it.
pub(crate) fn answer_card(
    facts: &dyn Facts,
    actor: &Actor,
    number: &str,
    said: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut card = still_open(named(facts, number)?)?;
    if card.said.len() >= SAID_MAX {
        return Err(Rejection::new(
            codes::CARD_ANSWERED,
            format!("the card has been answered {SAID_MAX} times; all of it is kept, and no more is"),
            format!("该牌已答复 {SAID_MAX} 次，不能再答复"),
        )
        .field("card", card.number)
        .remedy("a supervisor closes it: tongban supervise close", "由监察人员关闭：tongban supervise close"));
    }
    let answer = Answer { text: text("text", said)?, operator: actor.operator.clone(), at };
    let before = card.answer.replace(answer);
    card.keep(before);
    (card.state, card.since) = (CardState::Answered, at);
    Ok(Change::of(vec![Event::Card(Box::new(card.clone()))], Reply::Card(Box::new(card))))
}

/// A supervisor closes a card whose cause can't go away, or that is settled.
pub(crate) fn close_card(
    facts: &dyn Facts,
    actor: &Actor,
    number: &str,
    said: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut card = still_open(named(facts, number)?)?;
    let closing = Answer { text: text("text", said)?, operator: actor.operator.clone(), at };
    let before = card.closing.replace(closing);
    card.keep(before);
    card.close(Ending::ByPerson, at);
    Ok(Change::of(vec![Event::Card(Box::new(card.clone()))], Reply::Card(Box::new(card))))
}
