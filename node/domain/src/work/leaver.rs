//! Who leaves: what he holds moves in one command, with a sealed list, and he acts no more.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::act::may_take;
use crate::actor::{MANDATE_ALL, Mandate, Operator, Role};
use crate::case::{ActKind, here};
use crate::catalogue::{self, short_code};
use crate::change::{Change, Document, Event, Reply, Sealer};
use crate::staff::operator_named;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// Cases that one change moves; the command is repeated while there are more.
const CASES_MAX: usize = 200;

/// Cases that are looked through for those of some items.
const LOOKED_MAX: usize = 20_000;

/// The content type of the sealed list.
const CONTENT_TYPE: &str = "application/tongban-hand-over+cbor";

/// A case that was moved.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct HandedCase {
    /// The case.
    #[n(0)]
    pub case: CaseId,
    /// 办件编号, else 收件编号.
    #[n(1)]
    pub number: String,
    /// Item.
    #[n(2)]
    pub item: String,
    /// The step at which it stands.
    #[n(3)]
    pub step: String,
    /// Whether it waits in the queue again, because the successor may not take it there.
    #[n(4)]
    pub queued: bool,
}

/// What moved from one operator to another; the list is sealed by the node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct HandOver {
    /// Id of the list.
    #[n(0)]
    pub id: CaseId,
    /// Who leaves.
    #[n(1)]
    pub from: String,
    /// Who goes on.
    #[n(2)]
    pub to: String,
    /// The administrator.
    #[n(3)]
    pub by: String,
    /// When.
    #[n(4)]
    pub at: Timestamp,
    /// Of these items alone; everything when empty.
    #[n(5)]
    pub items: Vec<String>,
    /// The cases.
    #[n(6)]
    pub cases: Vec<HandedCase>,
    /// The items of the mandates that moved.
    #[n(7)]
    pub mandates: Vec<String>,
    /// For whom he stood in; it ended.
    #[n(8)]
    pub principals: Vec<String>,
    /// Whether there are more cases, for a further list.
    #[n(9)]
    pub more: bool,
    /// 演示.
    #[n(10)]
    pub demo: bool,
    /// Numbers of the ratings that he followed up and the tickets that he was to answer.
    #[n(60)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub voices: Vec<String>,
}

fn refuse(field: &'static str, value: &str, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh)
        .field(field, value)
        .remedy("tongban operator hand-over A --to B", "tongban operator hand-over A --to B")
}

/// Nobody is left who could let anybody in again.
fn is_last_admin(facts: &dyn Facts, leaver: &Operator) -> bool {
    let admin = |operator: &Operator| operator.roles.contains(&Role::Admin) && operator.disabled.is_none();
    admin(leaver) && !facts.operators().iter().any(|other| other.name != leaver.name && admin(other))
}

fn last_admin(operator: &Operator) -> Rejection {
    refuse("operator", &operator.name, "he is the last administrator", "这是最后一名管理员")
}

/// Takes an operator out of service; what he holds stays with him until it is handed over.
pub(crate) fn disable(facts: &dyn Facts, text: &str, at: Timestamp) -> Result<Change, Rejection> {
    let mut operator = operator_named(facts, text)?;
    if is_last_admin(facts, &operator) {
        return Err(last_admin(&operator));
    }
    operator.disabled.get_or_insert(at);
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}

/// Lets an operator act again.
pub(crate) fn enable(facts: &dyn Facts, text: &str) -> Result<Change, Rejection> {
    let mut operator = operator_named(facts, text)?;
    operator.disabled = None;
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}

/// Moves the mandates that still hold, of all items or of some.
fn mandates(leaver: &mut Operator, successor: &mut Operator, items: &[String], by: &str, at: Timestamp) -> Vec<String> {
    let today = at.date();
    let moves = |mandate: &Mandate| {
        let named = |item: &String| *item == mandate.item || short_code(item) == mandate.item;
        mandate.until.is_none_or(|until| today <= until) && (items.is_empty() || items.iter().any(named))
    };
    let (moved, kept): (Vec<Mandate>, Vec<Mandate>) = leaver.mandates.drain(..).partition(moves);
    leaver.mandates = kept;
    let mut named = Vec::new();
    for mandate in moved {
        named.push(mandate.item.clone());
        let has = |known: &Mandate| {
            (known.item == MANDATE_ALL || known.item == mandate.item)
                && known.from <= today
                && known.until.is_none_or(|until| mandate.until.is_some_and(|other| other <= until))
        };
        if !successor.mandates.iter().any(has) {
            let from = mandate.from.max(today);
            let until = mandate.until;
            let goes_on = |known: &Mandate| {
                known.from < from || until.is_some_and(|until| known.until.is_none_or(|known| until < known))
            };
            // His own stays for the days that this one doesn't cover.
            successor.mandates.retain(|known| known.item != mandate.item || goes_on(known));
            successor.mandates.push(Mandate { item: mandate.item, from, until, by: by.to_owned() });
        }
    }
    named
}

/// Moves what an operator holds to another, at most [`CASES_MAX`] cases at once. Without items everything moves, and he is disabled with the
/// first of it, so that nothing new comes to him.
pub(crate) fn hand_over(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    (from, to): (&str, &str),
    items: &[String],
    at: Timestamp,
) -> Result<Change, Rejection> {
    let before = (operator_named(facts, from)?, operator_named(facts, to)?);
    let (mut leaver, mut successor) = before.clone();
    if leaver.name == successor.name || successor.disabled.is_some() {
        return Err(refuse("to", to, "a successor is another who is in service", "接收人须为另一名在岗经办人"));
    }
    let items =
        items.iter().map(|item| Ok(catalogue::named(facts, item)?.code)).collect::<Result<Vec<_>, Rejection>>()?;
    let mandates = mandates(&mut leaver, &mut successor, &items, &actor.operator, at);
    if !mandates.is_empty() && !successor.roles.contains(&Role::Decider) {
        return Err(Rejection::new(
            codes::ROLE_MISSING,
            format!("{} would get mandates and isn't a decider", successor.name),
            format!("{} 将接收决定授权，但没有“决定”角色", successor.name),
        )
        .field("to", &successor.name)
        .remedy(
            format!("tongban operator role {} --role decider", successor.name),
            format!("tongban operator role {} --role decider", successor.name),
        ));
    }
    let mut principals = Vec::new();
    if items.is_empty() {
        if is_last_admin(facts, &leaver) {
            return Err(last_admin(&leaver));
        }
        leaver.disabled.get_or_insert(at);
        // Who trusted him trusted nobody else: what was delegated to him ends, and is delegated anew where it has to be.
        let ended =
            std::mem::take(&mut leaver.deputises).into_iter().filter(|delegation| delegation.until >= at.date());
        principals.extend(ended.map(|delegation| delegation.principal));
    }
    let mut events = Vec::new();
    let mut cases = Vec::new();
    let mut more = false;
    let held = facts.held(&leaver.name, LOOKED_MAX);
    let looked_at_all = held.len() < LOOKED_MAX;
    for id in held {
        let Some(mut case) = facts.case(&id) else { continue };
        let of_items = items.is_empty() || items.contains(&case.item.code);
        if !of_items || case.may(facts, ActKind::HandOn).is_err() {
            continue;
        }
        if cases.len() == CASES_MAX {
            more = true;
            break;
        }
        let Some(mut work) = case.work.take() else { continue };
        let takes = may_take(&case, &work, &successor).is_ok();
        work.holder = takes.then(|| successor.name.clone());
        let step = work.step().map(|step| step.name.clone()).unwrap_or_default();
        let target = if takes { &successor.name } else { "待领" };
        let note = format!("第 {} 步 {step} → {target}：{} 移交工作", work.at + 1, leaver.name);
        case.work = Some(work);
        let number = case.case_no.clone().unwrap_or_else(|| case.collection_no.clone());
        let item = case.item.code.clone();
        let act = case.act(ActKind::HandOn, actor, here(facts), at, Some(note));
        events.push(Event::Case(Box::new(case), act));
        cases.push(HandedCase { case: id, number, item, step, queued: !takes });
    }
    let mut voices = Vec::new();
    if items.is_empty() && !more {
        let held = facts.voices_held(&leaver.name, CASES_MAX + 1);
        more = held.len() > CASES_MAX;
        for mut voice in held.into_iter().take(CASES_MAX) {
            voice.pass_to(facts, &successor, &actor.operator, at);
            voices.push(voice.number().to_owned());
            events.push(Event::Voice(Box::new(voice)));
        }
    }
    if !items.is_empty() && !looked_at_all && !more {
        return Err(refuse(
            "items",
            &items.join(","),
            "he holds 20,000 cases and more: all of it is handed over, without --item",
            "其在办件超过 20000 件，请不分事项全部移交",
        ));
    }
    if events.is_empty() && before == (leaver.clone(), successor.clone()) {
        return Err(Rejection::new(
            codes::NOTHING_TO_HAND_OVER,
            format!("{from} holds nothing that could be handed over"),
            format!("{from} 没有可移交的工作"),
        )
        .field("from", from)
        .remedy("see what waits: tongban case queue", "查看待办：tongban case queue"));
    }
    let node = facts.node();
    let mut random = [0; 10];
    desk.fill(&mut random);
    let list = HandOver {
        id: CaseId::draw(&node.node, random),
        from: leaver.name.clone(),
        to: successor.name.clone(),
        by: actor.operator.clone(),
        at,
        items,
        cases,
        mandates,
        principals,
        more,
        demo: node.demo,
        voices,
    };
    let document = Document {
        case: list.id,
        act: 1,
        sealer: Sealer::Node,
        content_type: CONTENT_TYPE,
        payload: tongban_codes::cbor::to_vec(&list),
    };
    events.push(Event::Operator(leaver));
    events.push(Event::Operator(successor));
    events.push(Event::HandedOver(Box::new(list.clone())));
    let mut change = Change::of(events, Reply::HandedOver(Box::new(list)));
    change.documents.push(document);
    Ok(change)
}
