//! Cases that another system handles (业务办理): sent there at acceptance, and what it decided (系统外办结).
//!
//! What is told stands in the order and decides nothing: a person with the mandate enters it as the case's outcome, and answers for it. Two words
//! that contradict each other are a dispute, which the same person settles by entering what the other system has.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::{Date, Timestamp};

use super::list::{ConnectorKind, OrderDeed, OrderOutcome, OrderState, Step};
use super::order::{Order, WordKind};
use super::{named, out_of_state};
use crate::case::{
    ActKind, Case, Custody, Material, OutsideDecision, OutsideOutcome, Status, handled_in, here, may_overrule,
};
use crate::catalogue::{External, Mode};
use crate::change::{Change, Event};
use crate::supervision::{About, Numbers};
use crate::work::Door;
use crate::{Desk, Facts, Rejection, codes};

/// What numbers of orders of this kind begin with.
pub(super) const NUMBERS: &str = "YW";
/// The most materials that are named to another system: a message has an end.
const MATERIALS_MAX: usize = 120;

/// What another system is told of a case besides its applicant: as it stood when the order was placed, so that each repeat is the same.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Dossier {
    /// The system, by the name that the item gives it.
    #[n(0)]
    pub system: String,
    /// 收件编号.
    #[n(1)]
    pub collection_no: String,
    /// The item's code.
    #[n(2)]
    pub item: String,
    /// Its base code.
    #[n(3)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_code: Option<String>,
    /// The authority in charge.
    #[n(4)]
    pub department: String,
    /// How it came.
    #[n(5)]
    pub mode: Mode,
    /// The day of acceptance.
    #[n(6)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_on: Option<Date>,
    /// Last lawful day.
    #[n(7)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statutory_due: Option<Date>,
    /// Last promised day.
    #[n(8)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promised_due: Option<Date>,
    /// What was brought: names and digests, no files.
    #[n(9)]
    pub materials: Vec<Material>,
    /// How many more there are than are named.
    #[n(10)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_materials: Option<u32>,
}

impl Dossier {
    fn of(system: String, case: &Case) -> Self {
        let due = case.deadlines.as_ref();
        let more = case.materials.len().saturating_sub(MATERIALS_MAX);
        Self {
            system,
            collection_no: case.collection_no.clone(),
            item: case.item.code.clone(),
            base_code: case.item.core.base_code.clone(),
            department: case.item.department.clone(),
            mode: case.mode,
            accepted_on: case.accepted_on,
            statutory_due: due.and_then(|due| due.statutory).map(|due| due.date),
            promised_due: due.and_then(|due| due.promised).map(|due| due.date),
            materials: case.materials.iter().take(MATERIALS_MAX).cloned().collect(),
            more_materials: u32::try_from(more).ok().filter(|more| *more > 0),
        }
    }
}

/// Whether a case waits for its decision.
fn is_undecided(case: &Case) -> bool {
    case.custody == Custody::Owner && matches!(case.status, Status::Accepted | Status::SpecialProcedure)
}

/// The system to which a case may be sent: of an item that runs there, by its owner, between acceptance and decision.
pub(super) fn may_handle(facts: &dyn Facts, case: &Case) -> Result<External, Rejection> {
    if case.custody != Custody::Owner {
        let owner = case.owner(here(facts)).division;
        return Err(Rejection::new(
            codes::NOT_OWNER,
            format!("only the owner of a case sends it to another system: {owner}"),
            format!("由经办节点推送业务系统：{owner}"),
        )
        .field("case", case.id)
        .remedy("do it at that node", "请在该节点办理"));
    }
    if !is_undecided(case) {
        return Err(Rejection::new(
            codes::CASE_STATE,
            format!("a case is sent to another system once it is accepted; it is {}", case.status.name()),
            format!("受理后、决定前方可推送业务系统；办件处于“{}”", case.status.zh()),
        )
        .field("case", case.id)
        .remedy("see its history: tongban case show", "查看办件：tongban case show"));
    }
    handled_in(facts, case).ok_or_else(|| {
        Rejection::new(
            codes::NOT_DECIDED_OUTSIDE,
            "the item of this case runs in no other system",
            "该办件的事项不在其他系统办理",
        )
        .field("case", case.id)
        .remedy("decide it here: tongban case decide", "在本节点决定：tongban case decide")
    })
}

/// Refuses any connector but the item's: who the applicant is goes to the system that decides on him, and to no other (个人信息保护法 6).
fn is_its(external: &External, connector: &str) -> Result<(), Rejection> {
    let (en, zh) = match external.connector.as_deref() {
        Some(known) if known == connector => return Ok(()),
        Some(known) => (
            format!("the item sends its cases by the connector {known}"),
            format!("该事项的办件经对接系统“{known}”推送"),
        ),
        None => (
            format!("the item names no connector of {}", external.system),
            format!("该事项未写明“{}”的对接系统", external.system),
        ),
    };
    Err(Rejection::new(codes::INVALID_FIELD, en, zh).field("connector", connector).remedy(
        "use the one in the item's column external_connector; where there is none, fill it in, or enter by hand what was decided: tongban case outcome",
        "使用事项 external_connector 列的对接系统；未写明的，填写该列，或手工录入办理结果：tongban case outcome",
    ))
}

/// Whether an order has its case handled elsewhere, or has had.
fn is_with_it(order: &Order) -> bool {
    order.kind == ConnectorKind::Handling && !matches!(order.state, OrderState::Failed | OrderState::Cancelled)
}

/// Each case is with one other system at a time.
fn is_free(facts: &dyn Facts, case: &Case) -> Result<(), Rejection> {
    match facts.orders(&case.id).iter().find(|order| is_with_it(order)) {
        None => Ok(()),
        Some(known) => Err(Rejection::new(
            codes::CONNECTOR_ORDER_OPEN,
            format!("{} has sent this case already", known.number),
            format!("该办件已有委托单 {}", known.number),
        )
        .field("case", case.id)
        .remedy("see it, or cancel it first: tongban order show", "查看，或先撤销：tongban order show")),
    }
}

fn erased(case: &Case) -> Rejection {
    Rejection::new(codes::CASE_STATE, "the applicant's fields were erased", "申请人信息已删除")
        .field("case", case.id)
        .remedy("what is left of the case: tongban case show", "查看办件现存内容：tongban case show")
}

/// An order that has a case handled by another system, with the event of its number.
pub(super) fn order(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    case: &Case,
    (connector, by): (&str, &str),
    drawn: &[Event],
    at: Timestamp,
) -> Result<(Option<Event>, Order), Rejection> {
    let external = may_handle(facts, case)?;
    is_its(&external, connector)?;
    is_free(facts, case)?;
    // Under a key of its own: that of the case is let go of when the case has ended elsewhere.
    let (name, identity) = case.personal.open(desk, &case.id).ok_or_else(|| erased(case))?;
    let sealed = desk.encrypt(&case.id, &name, &identity);
    let mut numbers = Numbers::new(facts, NUMBERS, at, drawn);
    let mut order = Order::begun(numbers.draw(), About::of_case(case), (ConnectorKind::Handling, connector), at);
    order.recipient = Some(sealed);
    order.dossier = Some(Dossier::of(external.system, case));
    order.say(WordKind::Place, at);
    order.done(OrderDeed::Placed, at, by);
    Ok((numbers.drawn(), order))
}

/// After every change: a case that was accepted is sent to the system that its item names a connector of, and one that needs no decision any
/// more is asked back, in the same change.
pub(crate) fn after(facts: &dyn Facts, desk: &mut dyn Desk, change: &mut Change, at: Timestamp) {
    let here = facts.node().node;
    let acted = change.events.iter().filter_map(|event| match event {
        Event::Case(case, act) if act.place.node == here && case.custody == Custody::Owner => match act.kind {
            ActKind::Accept | ActKind::AcceptDeemed => Some((case.clone(), true)),
            ActKind::Withdraw | ActKind::Forward | ActKind::DeemedRenewal => Some((case.clone(), false)),
            _ => None,
        },
        _ => None,
    });
    let acted: Vec<(Box<Case>, bool)> = acted.collect();
    for (case, begins) in acted {
        if begins {
            let Some(connector) = handled_in(facts, &case).and_then(|external| external.connector) else { continue };
            let placed = order(facts, desk, &case, (&connector, "system"), &change.events, at);
            if let Ok((drawn, order)) = placed {
                change.events.extend(drawn);
                change.events.push(Event::Order(Box::new(order)));
            }
        } else {
            change.events.extend(asked_back(facts, &case, at));
        }
    }
}

/// The orders of a case that needs no decision any more, asked back.
fn asked_back(facts: &dyn Facts, case: &Case, at: Timestamp) -> Vec<Event> {
    let open = |order: &Order| order.kind == ConnectorKind::Handling && order.state.may_cancel();
    let back = |mut order: Order| {
        order.before_cancel = Some(order.state);
        order.state = OrderState::Cancelling;
        order.say(WordKind::Cancel, at);
        order.done(OrderDeed::CancelAsked, at, "system").text = Some(case.status.zh().to_owned());
        Event::Order(Box::new(order))
    };
    facts.orders(&case.id).into_iter().filter(open).map(back).collect()
}

/// Whether two outcomes are one decision, whatever words its reason has.
fn is_same(one: &OutsideOutcome, other: &OutsideOutcome) -> bool {
    let said = |outcome: &OutsideOutcome| {
        (
            outcome.grant,
            outcome.number.clone(),
            outcome.decided_on,
            outcome.decider.clone(),
            outcome.document_no.clone(),
        )
    };
    said(one) == said(other)
}

/// Whether what is told says again what stands: the reason, too, where it was told before. What a person entered by hand has words of his own.
fn is_repeat(order: &Order, known: &OutsideOutcome, told: &OutsideOutcome) -> bool {
    let said = |outcome: &OutsideOutcome| (outcome.reason.clone(), outcome.reason_code.clone());
    let was_told = order.told_decisions().any(|one| one == known);
    is_same(known, told) && (!was_told || said(known) == said(told))
}

/// Whether what is told is the decision that was entered for the case.
fn is_entered(known: &OutsideDecision, told: &OutsideOutcome) -> bool {
    (known.granted, &known.number, known.decided_on) == (told.grant, &told.number, told.decided_on)
        && (&known.decider, &known.document_no) == (&told.decider, &told.document_no)
}

/// Whether the case was decided by this day, as an order of it was told: nothing is deemed decided by silence that wasn't silence.
pub(crate) fn is_decided_by(facts: &dyn Facts, case: &Case, day: Date) -> bool {
    facts.orders(&case.id).iter().any(|order| order.is_decided_by(day))
}

/// Whether the case went to another system since.
fn is_replaced(facts: &dyn Facts, order: &Order) -> bool {
    facts.orders(&order.case).iter().any(|other| other.number != order.number && is_with_it(other))
}

/// Where a decision that is told leads once one is known: a repeat is noted, anything else contradicts it; so does a late one of an order that
/// failed, after another was placed. Of a case that waits for none any more it is the one that was entered, or contradicts it. What a person let go
/// of is noted when it is told again, and another decision after it stands by itself.
pub(super) fn leads(facts: &dyn Facts, order: &Order, told: Option<&OutsideOutcome>, step: Step) -> Step {
    let Some(told) = told else { return step };
    let case = facts.case(&order.case);
    match order.state {
        OrderState::Disputed => step,
        OrderState::Granted | OrderState::Refused | OrderState::Recorded => {
            let differs = order.decision().is_some_and(|known| !is_repeat(order, known, told));
            if differs { Step::To(OrderState::Disputed) } else { step }
        }
        OrderState::Cancelled if order.has_let_go_of(told) => Step::History,
        _ if !case.as_ref().is_some_and(is_undecided) => {
            let entered = case.and_then(|case| case.outside).is_some_and(|known| is_entered(&known, told));
            Step::To(if entered { OrderState::Recorded } else { OrderState::Disputed })
        }
        OrderState::Failed if is_replaced(facts, order) => Step::To(OrderState::Disputed),
        OrderState::Cancelled if order.is_let_go() && !is_replaced(facts, order) => {
            Step::To(if told.grant { OrderState::Granted } else { OrderState::Refused })
        }
        _ => step,
    }
}

/// The decision that a message tells, checked; refused where the outcome isn't told whole, or where one is told that decides nothing.
pub(super) fn told(
    facts: &dyn Facts,
    order: &Order,
    (outcome, decided): (OrderOutcome, Option<&OutsideOutcome>),
    today: Date,
) -> Result<Option<OutsideOutcome>, Rejection> {
    if order.kind != ConnectorKind::Handling || !matches!(outcome, OrderOutcome::Granted | OrderOutcome::Refused) {
        return Ok(None);
    }
    let decided = decided.ok_or_else(|| {
        Rejection::new(
            codes::INVALID_FIELD,
            "a decision is told with its number, its day and who decided",
            "告知决定须写明业务编号、决定日期和决定人",
        )
        .field("number", "")
        .remedy("send it as docs/connectors.md says", "按 docs/connectors.md 的约定发送")
    })?;
    if decided.reason_code.as_deref().is_some_and(|code| !super::is_reason_code(code)) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "a code of a reason has 1 to 64 lower-case letters, digits and dashes",
            "理由代码为 1 至 64 个小写字母、数字或连字符",
        )
        .field("reason_code", decided.reason_code.as_deref().unwrap_or_default())
        .remedy("send it as docs/connectors.md says", "按 docs/connectors.md 的约定发送"));
    }
    let case = crate::case::named(facts, &order.case.to_string())?;
    decided.checked(&case, today).map(Some)
}

/// What an order was told for a case, with the order's number as it stands in its row.
pub(crate) fn told_outcome(
    facts: &dyn Facts,
    case: &Case,
    number: &str,
) -> Result<(OutsideOutcome, String), Rejection> {
    let order = named(facts, number)?;
    if order.case != case.id {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("the order is of another case: {}", order.about.case_no),
            format!("该委托单属于另一办件：{}", order.about.case_no),
        )
        .field("order", number)
        .remedy("list those of the case: tongban order list --case", "查看该办件的委托单：tongban order list --case"));
    }
    match order.decision() {
        Some(known) if matches!(order.state, OrderState::Granted | OrderState::Refused) => {
            Ok((known.clone(), order.number))
        }
        _ => Err(out_of_state(&order, "taking an outcome from it", "据以录入办理结果")),
    }
}

/// Lets go of what an order was told: nothing of it is waited for any more, and what was told stands no more, unless it is told anew and otherwise.
fn let_go(order: &mut Order, door: &Door, (why, mandate): (&str, String), at: Timestamp) {
    order.state = OrderState::Cancelled;
    order.waiting = None;
    let entry = order.done(OrderDeed::Entered, at, &door.actor.operator);
    entry.outcome = Some(OrderOutcome::Cancelled);
    (entry.text, entry.mandate) = (Some(why.to_owned()), Some(mandate));
}

/// Ends the orders by which a case is with another system, when its outcome is entered: the one that was told it, or those that weren't told
/// anything, or were told what contradicts itself. One that was told another outcome than is entered is let go of where the entry `overrules` it
/// for a reason, by who may decide the case; else the entry is refused. Refused, too, where it overrules nothing.
pub(crate) fn settle(
    facts: &dyn Facts,
    door: &Door,
    case: &Case,
    (entered, overrules): (&OutsideOutcome, Option<&str>),
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let mut ended = Vec::new();
    let mut overruled = false;
    for mut order in facts.orders(&case.id) {
        if !is_with_it(&order) || order.state == OrderState::Recorded {
            continue;
        }
        let told = order.decision().filter(|_| matches!(order.state, OrderState::Granted | OrderState::Refused));
        // A denial stands on the ground that was told, word by word.
        let is_it = |told: &OutsideOutcome| is_same(told, entered) && (told.grant || told.reason == entered.reason);
        if told.is_some_and(|told| !is_it(told)) {
            let why = overrules.ok_or_else(|| differs(&order))?;
            let mandate = may_overrule(facts, door, case, at)?;
            let_go(&mut order, door, (why, mandate), at);
            overruled = true;
        } else {
            order.state = OrderState::Recorded;
            order.waiting = None;
            let entry = order.done(OrderDeed::Recorded, at, &door.actor.operator);
            entry.outcome = Some(if entered.grant { OrderOutcome::Granted } else { OrderOutcome::Refused });
            entry.decided = Some(entered.clone());
        }
        ended.push(Event::Order(Box::new(order)));
    }
    match overrules {
        Some(_) if !overruled => Err(agrees(case)),
        _ => Ok(ended),
    }
}

/// The order was told another outcome than is entered.
fn differs(order: &Order) -> Rejection {
    Rejection::new(
        codes::OUTCOME_DIFFERS,
        format!("{} was told another outcome than is entered", order.number),
        format!("委托单 {} 收到的结果与录入的不同", order.number),
    )
    .field("order", &order.number)
    .remedy(
        "enter what it was told: --order; or have the other system tell what is right; what it doesn't put right a decider overrules: --overrule REASON",
        "按收到的录入：--order；有误的由业务系统重新告知；对方不更正的，由决定人员说明理由，推翻后录入：--overrule 理由",
    )
}

/// No order was told another outcome than is entered.
fn agrees(case: &Case) -> Rejection {
    Rejection::new(
        codes::OUTCOME_AGREES,
        "no order of the case was told another outcome than is entered, so that nothing is overruled",
        "该办件的委托单没有收到与录入不同的结果，无可推翻",
    )
    .field("case", case.id)
    .remedy(
        "enter it without --overrule; what orders were told: tongban order list --case CASE",
        "不填 --overrule 录入；查看委托单收到的结果：tongban order list --case 办件",
    )
}

/// Where an outcome leads that a window enters, and under which mandate: never to a decision, for that is entered with the case; what is disputed
/// once the case is decided stands as the case has it. What was told is let go of: of a case that needs it no more by a window; of one that waits by
/// whoever may decide that case, who finds that it is wrong, and decides by what is right.
pub(super) fn entered(
    facts: &dyn Facts,
    door: &Door,
    order: &Order,
    (outcome, step): (OrderOutcome, Step),
    at: Timestamp,
) -> Result<(Step, Option<String>), Rejection> {
    use {OrderOutcome as O, OrderState as S};
    let case = facts.case(&order.case);
    let waiting = case.as_ref().filter(|case| is_undecided(case));
    let decided = case.as_ref().and_then(|case| case.outside.as_ref()).map(|outside| outside.granted);
    match (order.state, outcome) {
        (S::Disputed, O::Granted | O::Refused) if decided == Some(outcome == O::Granted) => {
            Ok((Step::To(S::Recorded), None))
        }
        (_, O::Granted | O::Refused) => Err(out_of_state(order, "entering a decision of the order", "直接录入决定")
            .remedy("enter it with the case: tongban case outcome", "随办件录入：tongban case outcome")),
        (S::Disputed | S::Granted | S::Refused, O::Cancelled) => {
            let mandate = waiting.map(|case| may_overrule(facts, door, case, at)).transpose()?;
            Ok((Step::To(S::Cancelled), mandate))
        }
        _ => Ok((step, None)),
    }
}
