//! Custody (经办) moves with two sealed answers: offer, then acceptance or refusal; one owner at any time.

#[cfg(feature = "deliberate-bugs")]
use tongban_codes::deliberate::{Bug, is_in};
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::Timestamp;

use super::paper::said;
use super::progress::record;
use super::reclaiming::no_successor;
use super::submission::{applicant, materials};
use super::{Act, ActKind, Agency, Case, Custody, ForwardedFrom, ItemPin, Material, Status, agent, renewal};
use crate::application::APPLICATION_NUMBERS;
use crate::application::PartWord;
use crate::catalogue::{Crosswalk, Mode, ReceiptRule, ServiceItem, accord, had_begun, in_force, named};
use crate::change::{Change, Event, Notice, NoticeBody, Reply};
use crate::command::Origin;
use crate::facts::Place;
use crate::pledge::{self, PledgeWord};
use crate::supervision::{CARD_NUMBERS, ORDER_NUMBERS};
use crate::voice::{RATING_NUMBERS, TICKET_NUMBERS};
use crate::{Actor, Agent, Applicant, Desk, Facts, Rejection, codes, limit, uniform, work};

/// What the numbers begin with that name something beside cases.
const NUMBERS_BESIDE: [&str; 5] = [CARD_NUMBERS, ORDER_NUMBERS, RATING_NUMBERS, TICKET_NUMBERS, APPLICATION_NUMBERS];

/// The longest collection number that is taken over from a peer, in characters.
const COLLECTION_NO_CHARS_MAX: usize = 64;

/// What travels with an offer of custody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The case.
    pub case: CaseId,
    /// Tenure under which it is offered; the taker gets the next.
    pub tenure: u32,
    /// 收件编号 of the collecting hall.
    pub collection_no: String,
    /// The applicant's code.
    pub query_code: QueryCode,
    /// Where it was collected.
    pub collecting: Place,
    /// When.
    pub collected_at: Timestamp,
    /// Division of the authority in charge.
    pub deciding: tongban_codes::division::DivisionCode,
    /// Item code.
    pub item: String,
    /// Version of the item that the window used.
    pub item_version: u32,
    /// Mode.
    pub mode: Mode,
    /// Who applies.
    pub applicant: Applicant,
    /// What was brought.
    pub materials: Vec<Material>,
    /// The acts of the leg so far, the offer last; at most 256.
    pub history: Vec<Act>,
    /// The licence that the applicant asks to renew.
    pub renews: Option<String>,
    /// Who acts for him.
    pub agent: Option<Agent>,
    /// How the case stands, when it was reclaimed after the authority in charge had taken it up: whoever goes on has the order.
    pub standing: Option<Status>,
    /// The lower authority's case that goes on in this one.
    pub forwarded_from: Option<ForwardedFrom>,
    /// The application that the case is a part of.
    pub part_of: Option<PartWord>,
    /// The agreement between the authorities under which the window collected, by its number.
    pub agreement: Option<String>,
    /// The pledge that the collecting hall took.
    pub pledge: Option<PledgeWord>,
}

/// The most acts that travel with an offer.
const HISTORY_ACTS_MAX: usize = 256;
/// The most bytes of them: half of an envelope, the rest is for the case itself.
const HISTORY_BYTES_MAX: usize = 512 << 10;

pub(crate) fn here(facts: &dyn Facts) -> Place {
    let node = facts.node();
    Place { node: node.node, division: node.division }
}

/// Offers a case to the node of the authority in charge; every act is frozen until that node answers.
pub(crate) fn offer(
    facts: &dyn Facts,
    desk: &dyn Desk,
    actor: &Actor,
    mut case: Case,
    at: Timestamp,
    change: &mut Change,
) -> Result<(), Rejection> {
    case.may(facts, ActKind::Offer)?;
    uniform::stays(facts, &case, codes::CASE_STATE)?;
    let here = here(facts);
    if let Some(reclaim) = case.reclaimed() {
        // Whoever goes on is whom the order names; else who serves the division now, and that may be the lost node, come back.
        let named = reclaim.taken.as_ref().and_then(|taken| taken.successor);
        let next = named.or_else(|| facts.place(case.deciding.division));
        case.deciding = next.ok_or_else(|| no_successor(&case))?;
    }
    let to = case.deciding;
    if to.node == here.node {
        return Err(Rejection::new(codes::CASE_STATE, "the case is decided here", "该办件由本节点办理")
            .field("case", case.id)
            .remedy("accept it: tongban case accept", "请受理：tongban case accept"));
    }
    let erased = || {
        Rejection::new(codes::CASE_STATE, "the applicant's fields were erased", "申请人信息已删除")
            .field("case", case.id)
            .remedy("what is left of the case: tongban case show", "查看办件现存内容：tongban case show")
    };
    let (name, identity) = case.personal.open(desk, &case.id).ok_or_else(erased)?;
    let agent = match &case.agent {
        Some(agency) => Some(agency.open(desk, &case.id).ok_or_else(erased)?),
        None => None,
    };
    let standing = (case.status != Status::Collected).then_some(case.status);
    // What was asked about a node that refused it is asked no more: it goes to another.
    case.reclaims.retain(|reclaim| reclaim.taken.is_some() || reclaim.lost.node == to.node);
    case.custody = Custody::Offered { to, since: at };
    case.after_offer = 0;
    #[cfg(feature = "deliberate-bugs")]
    if is_in(Bug::OwnerDischargedEarly) {
        case.custody = Custody::Elsewhere { owner: to, as_of: at };
    }
    let note = to.division.to_string();
    let act = case.act(ActKind::Offer, actor, here, at, Some(note));
    // The leg so far: what is known of it, what this very change did, and the offer itself.
    let mut history = facts.acts(&case.id);
    history.extend(change.events.iter().filter_map(|event| match event {
        Event::Case(_, done) => Some(done.clone()),
        _ => None,
    }));
    history.push(act.clone());
    fitting(&mut history);
    change.notices.push(Notice {
        to: to.node,
        case: case.id,
        act: act.number,
        body: NoticeBody::Offer(Box::new(Offer {
            case: case.id,
            tenure: case.tenure,
            collection_no: case.collection_no.clone(),
            query_code: case.query_code,
            collecting: case.collecting,
            collected_at: case.collected_at,
            deciding: case.deciding.division,
            item: case.item.code.clone(),
            item_version: case.item.version,
            mode: case.mode,
            applicant: Applicant { name, identity },
            materials: case.materials.clone(),
            history,
            renews: case.renewal.as_ref().map(|renewal| renewal.licence.clone()),
            agent,
            standing,
            forwarded_from: case.forwarded_from.clone(),
            part_of: case.part_of.as_ref().map(|of| of.word(desk, &case.id)),
            agreement: case.agreement.as_ref().map(|accord| accord.number.clone()),
            pledge: pledge::word_of(&case).filter(|_| standing.is_none()),
        })),
    });
    change.events.push(Event::Case(Box::new(case), act));
    Ok(())
}

/// Keeps the end of a history, as much as an envelope has room for; the whole stays here.
fn fitting(history: &mut Vec<Act>) {
    let mut bytes = 0;
    let fits = |act: &&Act| {
        bytes += tongban_codes::cbor::to_vec(*act).len();
        bytes <= HISTORY_BYTES_MAX
    };
    let count = history.iter().rev().take(HISTORY_ACTS_MAX).take_while(fits).count();
    history.drain(..history.len() - count);
}

fn stale(offer: &Offer, tenure: u32) -> Rejection {
    Rejection::new(
        codes::STALE_TENURE,
        format!("the case is at tenure {tenure} here, the offer is of {}", offer.tenure),
        format!("办件在本节点为第 {tenure} 任，移交为第 {} 任", offer.tenure),
    )
    .field("case", offer.case)
}

fn not_offerable(offer: &Offer) -> Rejection {
    Rejection::new(codes::NOT_OWNER, "the offer does not come from the owner of the case", "移交并非来自经办节点")
        .field("case", offer.case)
}

/// Whether an offer may be taken, given what this node knows of the case.
enum Standing {
    /// The case is new, or comes back.
    Open,
    /// This node took it already: the answer is the same as then.
    Taken,
}

/// Judges an offer by tenure, never by arrival; `ordered` when an order says how the case stands.
fn standing(offer: &Offer, origin: Origin, known: Option<&Case>, ordered: bool) -> Result<Standing, Rejection> {
    // Who offers a case has collected it, and drew its id; of a later owner only a node can know that handed it on.
    let collected = offer.collecting == origin.place && offer.case.node_prefix() == origin.place.node.prefix();
    let Some(known) = known else {
        return if offer.tenure > 0 && collected { Ok(Standing::Open) } else { Err(not_offerable(offer)) };
    };
    let same = known.query_code == offer.query_code && known.collecting == offer.collecting;
    let owned = !matches!(known.custody, Custody::Elsewhere { .. });
    if known.tenure > offer.tenure {
        // An origin that was restored offers again what was taken from it; a refusal would give the case two owners.
        let taken = owned && same && known.tenure - 1 == offer.tenure;
        return if taken { Ok(Standing::Taken) } else { Err(stale(offer, known.tenure)) };
    }
    match &known.custody {
        Custody::Owner => Err(Rejection::new(
            codes::CASE_STATE,
            format!("this node owns the case (tenure {})", known.tenure),
            format!("办件由本节点经办（第 {} 任）", known.tenure),
        )
        .field("case", offer.case)),
        Custody::Offered { to, .. } if to.node != origin.place.node || offer.tenure == known.tenure => {
            Err(not_offerable(offer))
        }
        Custody::Elsewhere { owner, .. } if owner.node != origin.place.node && offer.tenure == known.tenure => {
            Err(not_offerable(offer))
        }
        _ if !same || !(collected || known.away().is_some_and(|other| other.node == origin.place.node)) => {
            Err(not_offerable(offer))
        }
        _ if !ordered && !known.status.allows(ActKind::TakeCustody) => Err(Rejection::new(
            codes::CASE_STATE,
            format!("a case that is {} is handed over no more", known.status.name()),
            format!("办件处于“{}”，不能移交", known.status.zh()),
        )
        .field("case", offer.case)),
        _ => Ok(Standing::Open),
    }
}

/// The item that an offer is for, in force here and published for the window that collected.
fn offered_item(facts: &dyn Facts, offer: &Offer, at: Timestamp) -> Result<ServiceItem, Rejection> {
    let here = here(facts);
    if offer.deciding != here.division {
        return Err(Rejection::new(
            codes::NOT_COMPETENT,
            format!("the offer is for {}, this node serves {}", offer.deciding, here.division),
            format!("移交对象为 {}，本节点为 {}", offer.deciding, here.division),
        )
        .field("division", offer.deciding));
    }
    if offer.mode == Mode::Uniform {
        return Err(uniform::not_offered(offer.case));
    }
    let item = named(facts, &offer.item)?;
    in_force(&item, at.date())?;
    let published = offer.mode.hands_over() && item.modes.contains(&offer.mode);
    if !Crosswalk::gather(facts).covers(&item, offer.collecting.division) || !published {
        return Err(Rejection::new(
            codes::SCOPE_MISSING,
            format!("the item publishes no scope for {} in the mode {}", offer.collecting.division, offer.mode.name()),
            format!("该事项未对 {} 公布“{}”", offer.collecting.division, offer.mode.zh()),
        )
        .field("item", &item.code));
    }
    Ok(item)
}

/// Refuses numbers that would hide another case of this node or an application, or are such as cards, orders, ratings and tickets have.
fn own_numbers(facts: &dyn Facts, offer: &Offer) -> Result<(), Rejection> {
    let other = |text: &str| {
        facts.case_named(text).is_some_and(|known| known.id != offer.case) || facts.application_named(text).is_some()
    };
    let number = offer.collection_no.as_str();
    let shaped =
        (1..=COLLECTION_NO_CHARS_MAX).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_graphic());
    let beside = NUMBERS_BESIDE.iter().any(|kind| number.starts_with(kind));
    if !shaped || beside || other(number) || other(&offer.query_code.to_string()) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the collection number or query code is malformed or belongs to another case",
            "收件编号或查询码有误，或属于其他办件",
        )
        .field("collection_no", number));
    }
    Ok(())
}

/// Refuses an opinion that is none, that another than the collecting hall's authority would have given, or one from a division that isn't below
/// (行政许可法 43): as forwarded a case needs no agreement.
fn forwarded(facts: &dyn Facts, offer: &Offer) -> Result<(), Rejection> {
    let Some(from) = &offer.forwarded_from else { return Ok(()) };
    said("opinion", &from.opinion)?;
    let above = here(facts).division;
    let is_below = from.division != above && from.division.is_within(above);
    if from.division != offer.collecting.division || !is_below {
        return Err(not_offerable(offer));
    }
    Ok(())
}

/// Takes custody of an offered case, or refuses it lawfully: then the offerer stays the owner.
///
/// An offer that this node has taken already changes nothing, and the answer is again that custody was taken.
pub(crate) fn take_custody(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    origin: Origin,
    offer: &Offer,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let here = here(facts);
    let known = facts.case(&offer.case);
    let order = facts.reclaim(&offer.case).and_then(|row| row.order);
    #[cfg(feature = "deliberate-bugs")]
    let order = order.filter(|_| !is_in(Bug::FenceForgotten));
    if let Some(order) = order.as_ref().filter(|order| order.tenure > offer.tenure) {
        return Err(stale(offer, order.tenure));
    }
    let order = order.filter(|order| {
        let named = order.successor.is_some_and(|place| place.node == here.node);
        named && order.tenure == offer.tenure && order.to == origin.place
    });
    if offer.standing.is_some() && order.as_ref().map(|order| order.standing.status) != offer.standing {
        return Err(Rejection::new(
            codes::RECLAIM_UNHEARD,
            "the order that names this node as the one that goes on isn't known here, or says otherwise",
            "本节点尚未收到指定由其接续的收回决定，或决定与移交不符",
        )
        .field("case", offer.case)
        .remedy("offer it again when the order has come", "待决定送达后重新移交"));
    }
    if let Standing::Taken = standing(offer, origin, known.as_ref(), order.is_some())? {
        let reply = known.map_or(Reply::Known {}, |known| Change::case(&known));
        return Ok(Change::of(Vec::new(), reply));
    }
    uniform::not_elsewhere(facts, &offer.case)?;
    let tenure = offer.tenure.checked_add(1).ok_or_else(|| stale(offer, offer.tenure))?;
    #[cfg(feature = "deliberate-bugs")]
    let tenure = if is_in(Bug::TakenAtSameTenure) { offer.tenure } else { tenure };
    let item = offered_item(facts, offer, at)?;
    // Under which agreement it was collected, the authority's own item says; what it had agreed on that day, it takes.
    // A day to come, which a clock or a peer may say, reaches no agreement that begins then.
    let collected = (offer.collecting.division, offer.mode);
    let collected_on = offer.collected_at.date().min(at.date());
    let agreement = match &offer.forwarded_from {
        Some(_) => None,
        None if offer.agreement.is_none() && !had_begun(&item, offer.mode, collected_on) => None,
        None => accord(facts, &item, collected, offer.agreement.as_deref(), collected_on)?,
    };
    let by_paper = agreement.as_ref().is_some_and(|accord| accord.receipt == ReceiptRule::Paper);
    own_numbers(facts, offer)?;
    let applicant = applicant(&offer.applicant, at.date())?;
    let materials = materials(&offer.materials)?;
    let asked_on = offer.collected_at.date();
    let agent = offer.agent.as_ref().map(|given| agent::checked(given, &applicant, asked_on)).transpose()?;
    forwarded(facts, offer)?;
    offer.part_of.as_ref().map(|word| word.check(&offer.case, offer.collecting.division)).transpose()?;
    let mut change = Change::of(Vec::new(), Reply::Known {});
    // A case that comes back goes on counting its acts; an open offer of this node's was evidently taken.
    let (mut acts, mut amendments, mut reclaims) = (0, Vec::new(), Vec::new());
    // And keeps its key, under which the files of its materials lie, as long as that exists.
    let kept = known.as_ref().map(|known| known.personal.clone());
    let kept = kept.and_then(|kept| desk.encrypt_under(&offer.case, &kept, &applicant.name, &applicant.identity));
    if let Some(mut known) = known {
        if matches!(known.custody, Custody::Offered { .. }) {
            settle(&mut change, facts, &mut known, origin, offer.tenure, at);
        }
        acts = known.acts;
        reclaims = known.reclaims;
        amendments = known.amendments;
    }
    let mut case = Case {
        id: offer.case,
        collection_no: offer.collection_no.clone(),
        query_code: offer.query_code,
        case_no: None,
        status: Status::Collected,
        custody: Custody::Owner,
        tenure,
        collecting: offer.collecting,
        deciding: here,
        item: ItemPin::of(&item),
        mode: offer.mode,
        personal: kept.unwrap_or_else(|| desk.encrypt(&offer.case, &applicant.name, &applicant.identity)),
        holder: desk.index(&applicant.identity),
        collected_at: offer.collected_at,
        received_on: (!by_paper).then_some(at.date()),
        accepted_on: None,
        deadlines: None,
        deemed_at: None,
        decided_on: None,
        reason: None,
        licences: Vec::new(),
        acts,
        materials,
        deemed: false,
        heard: 0,
        stops: Vec::new(),
        extension: None,
        renewal: None,
        renewal_at: None,
        agent: agent.map(|agent| Agency::seal(desk, &offer.case, &agent)),
        reclaims,
        after_offer: 0,
        correction: None,
        competent: None,
        forwarded_to: None,
        forwarded_from: offer.forwarded_from.clone(),
        amendments,
        work: None,
        recused: Vec::new(),
        lacking: Vec::new(),
        back_since: None,
        turn: None,
        pledge: None,
        outside: None,
        waivers: Vec::new(),
        part_of: offer.part_of.as_ref().map(|word| word.kept(desk, &offer.case)),
        stated: None,
        agreement,
        instead_of: None,
        report_refused: None,
    };
    if let Some(order) = &order {
        case.stand_as(&order.standing);
        case.reclaims.push(order.taken());
        // A lost node that never took it received nothing: what the authority has, it has from today on.
        if !by_paper {
            case.received_on.get_or_insert(at.date());
        }
        // A finding against the applicant stands at the authority, whichever node goes on.
        if case.pledge.as_ref().is_some_and(pledge::Pledge::bars) {
            change.events.push(Event::Barred(case.item.authority, case.holder, case.id, true));
        }
        change.events.extend(limit::resume(facts, &mut case, &offer.history, order.lost.node, at));
        // Opinions of the lost node's operators are gone with it: its steps begin anew.
        if case.work.is_none() && matches!(case.status, Status::Accepted | Status::SpecialProcedure) {
            case.work = work::begin(facts, &case, at.date());
        }
    }
    if let Some(word) = offer.pledge.as_ref().filter(|_| case.status == Status::Collected) {
        case.pledge = pledge::keep(facts, &case, word, at)?;
    }
    if let Some(licence) = offer.renews.as_ref().filter(|_| case.status == Status::Collected) {
        renewal::begin(facts, desk, &mut case, licence, &applicant, &mut change)?;
    }
    // The other leg's acts stand beside this node's own; none of them can pass for one of this node's.
    let other_leg = offer.history.iter().take(HISTORY_ACTS_MAX);
    let other_leg = other_leg.filter(|act| act.case == offer.case && act.place.node != here.node);
    change.events.extend(other_leg.map(|act| Event::Act(act.clone())));
    if matches!(case.status, Status::Collected | Status::Supplemented) {
        case.deemed_at = super::collect::deemed_at(facts, &case);
    } else if case.status.allows(ActKind::DeemedRenewal) {
        // A reclaimed case keeps the second deadline that it had.
        let due = case.deadlines.as_ref().and_then(|due| due.renewal);
        case.renewal_at = due.map(|day| day.next_day().start());
    }
    let mut note = origin.place.division.to_string();
    if offer.pledge.is_some() && case.pledge.is_none() {
        note = format!("{note}；所附告知承诺不适用，相应材料应当提交");
    }
    let act = case.act(ActKind::TakeCustody, &Actor::system(), here, at, Some(note));
    change.reply = Change::case(&case);
    record(&mut change, here, &case, act);
    Ok(change)
}

/// Appends the discharge of this node by `origin`, which owns the case from now on.
pub(super) fn settle(
    change: &mut Change,
    facts: &dyn Facts,
    case: &mut Case,
    origin: Origin,
    tenure: u32,
    at: Timestamp,
) {
    case.custody = Custody::Elsewhere { owner: origin.place, as_of: at };
    case.tenure = tenure;
    (case.heard, case.after_offer) = (0, 0);
    let note = origin.place.division.to_string();
    let act = case.act(ActKind::Discharge, &Actor::system(), here(facts), at, Some(note));
    change.events.push(Event::Case(Box::new(case.clone()), act));
}

/// The case whose open offer an answer fits: the tenure and the number of the offering act, which is the last act while it is open.
fn offered(
    facts: &dyn Facts,
    origin: Origin,
    case: &CaseId,
    (tenure, act): (u32, u32),
) -> Result<Option<Case>, Rejection> {
    let case = facts.case(case).ok_or_else(|| {
        Rejection::new(codes::CASE_UNKNOWN, "the answer is for a case that is not known here", "答复所指办件不存在")
            .field("case", case)
    })?;
    let refuse = |code, en: &str, zh: &str| Err(Rejection::new(code, en, zh).field("case", case.id));
    match &case.custody {
        Custody::Offered { to, .. } if to.node != origin.place.node => refuse(
            codes::NOT_OWNER,
            "the answer does not come from the node that the case was offered to",
            "答复并非来自移交对象",
        ),
        Custody::Offered { .. } if case.tenure == tenure && case.acts.saturating_sub(case.after_offer) == act => {
            Ok(Some(case))
        }
        // The owner's first word may come before its receipt: the hand-over is settled already.
        Custody::Elsewhere { .. } if case.tenure > tenure => Ok(None),
        _ => refuse(codes::STALE_TENURE, "the answer fits no open offer", "答复与移交不符"),
    }
}

/// Records that custody was taken: this node is discharged.
pub(crate) fn discharge(
    facts: &dyn Facts,
    origin: Origin,
    case: &CaseId,
    offer: (u32, u32),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut change = Change::of(Vec::new(), Reply::Known {});
    if let Some(mut case) = offered(facts, origin, case, offer)? {
        settle(&mut change, facts, &mut case, origin, offer.0.saturating_add(1), at);
        change.reply = Change::case(&case);
    }
    Ok(change)
}

/// Records that custody was refused: this node is the owner as before, and may act again.
pub(crate) fn offer_refused(
    facts: &dyn Facts,
    origin: Origin,
    case: &CaseId,
    offer: (u32, u32),
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let Some(mut case) = offered(facts, origin, case, offer)? else {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    };
    case.custody = Custody::Owner;
    case.back_since = Some(at);
    case.after_offer = 0;
    let note = format!("{}: {}", refusal.0, refusal.1);
    let act = case.act(ActKind::RefuseCustody, &Actor::system(), here(facts), at, Some(note));
    let reply = Change::case(&case);
    Ok(Change::of(vec![Event::Case(Box::new(case), act)], reply))
}
