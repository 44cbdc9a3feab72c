//! Collecting (收件): the window's act; it draws the case, its number and its query code, and starts no legal clock.

use minicbor::Encode;
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::Timestamp;

use super::submission::{applicant, materials};
use super::{
    Act, ActKind, Agency, Case, Custody, Deadlines, ForwardedFrom, ItemPin, Material, Renewal, Status, agent, offer,
    renewal,
};
use crate::application::PartWord;
use crate::catalogue::{Accord, Crosswalk, Mode, ServiceItem, TYPE_PERMIT, accord, in_force, named};
use crate::change::{Change, Document, Event, Reply, Sealer};
use crate::earlier::Stated;
use crate::facts::Place;
use crate::uniform;
use crate::{Actor, Agent, Applicant, Desk, Facts, Rejection, codes};

/// Working days within which a permit must be accepted, refused or answered with a notice (行政许可法 32(4)).
pub(crate) const ACCEPTANCE_DAYS: u32 = 5;

/// How often a new query code is drawn before the node counts as having used up its 33 million.
const QUERY_CODE_DRAWS_MAX: u32 = 1000;

/// What the window hands to the applicant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// The case.
    pub case: CaseId,
    /// 收件编号.
    pub collection_no: String,
    /// Short code for asking how far it is.
    pub query_code: QueryCode,
}

#[derive(Encode)]
#[cbor(map)]
struct Slip<'a> {
    #[n(0)]
    case: CaseId,
    #[n(1)]
    collection_no: &'a str,
    #[n(2)]
    query_code: &'a QueryCode,
    #[n(3)]
    item: &'a str,
    #[n(4)]
    deciding: DivisionCode,
    #[n(5)]
    collected_at: Timestamp,
    #[n(6)]
    materials: &'a [Material],
    #[n(7)]
    demo: bool,
    #[n(8)]
    renews: Option<&'a str>,
    #[n(9)]
    power_of_attorney: Option<&'a str>,
    /// The number under which another system had it.
    #[n(10)]
    goes_on: Option<&'a str>,
    /// The agreement between the authorities, and what counts as receipt by it.
    #[n(11)]
    agreement: Option<&'a Accord>,
    /// The line that says in whose place the authority decides, and by which agreement.
    #[n(12)]
    instead_of: Option<String>,
}

/// What a window asks for.
pub(crate) struct CollectRequest<'a> {
    pub(crate) item: &'a str,
    pub(crate) division: DivisionCode,
    pub(crate) mode: Option<Mode>,
    pub(crate) applicant: &'a Applicant,
    pub(crate) materials: &'a [Material],
    pub(crate) hold: bool,
    pub(crate) renews: Option<&'a str>,
    pub(crate) agent: Option<&'a Agent>,
    /// The lower authority's case that goes on in this one.
    pub(crate) forwarded_from: Option<ForwardedFrom>,
    /// The application that it is a part of.
    pub(crate) part_of: Option<&'a PartWord>,
    /// What an import stated of the earlier case that goes on in this one.
    pub(crate) stated: Option<Stated>,
    /// The own item by which this authority decides in another's place, where it is named.
    pub(crate) by: Option<&'a str>,
    /// What the change holds already into which this goes: none of its numbers and codes is drawn again.
    pub(crate) beside: &'a [Event],
}

/// Collects, and offers the case to the authority in charge when that is elsewhere and the window doesn't hold it.
pub(crate) fn collect(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    request: &CollectRequest<'_>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    let Collecting { item, deciding, mode, agreement, instead_of } = collecting(facts, here, request, at)?;
    let applicant = applicant(request.applicant, at.date())?;
    let materials = materials(request.materials)?;
    let agent = request.agent.map(|given| agent::checked(given, &applicant, at.date())).transpose()?;
    let renews = request.renews.map(renewal::named).transpose()?;

    let mut random = [0; 10];
    desk.fill(&mut random);
    let id = CaseId::draw(&node.node, random);
    let query_code = draw_query_code(facts, desk, request.beside)?;
    let day = at.date();
    let scope = format!("collection:{}", day.compact());
    let beside = request.beside.iter().rev().find_map(|event| match event {
        Event::Serial(of, last) if *of == scope => Some(last + 1),
        _ => None,
    });
    let serial = beside.unwrap_or_else(|| facts.next_serial(&scope));
    let collection_no = format!("{}-{}-{serial:05}", node.hall(), day.compact());
    let local = deciding.node == node.node;
    let mut case = Case {
        id,
        collection_no: collection_no.clone(),
        query_code,
        case_no: None,
        status: Status::Collected,
        custody: Custody::Owner,
        tenure: 1,
        collecting: here,
        deciding,
        item: ItemPin::of(&item),
        mode,
        personal: desk.encrypt(&id, &applicant.name, &applicant.identity),
        holder: desk.index(&applicant.identity),
        collected_at: at,
        received_on: local.then_some(day),
        accepted_on: None,
        deadlines: None,
        deemed_at: None,
        decided_on: None,
        reason: None,
        licences: Vec::new(),
        acts: 0,
        materials,
        deemed: false,
        heard: 0,
        stops: Vec::new(),
        extension: None,
        renewal: None,
        renewal_at: None,
        agent: agent.map(|agent| Agency::seal(desk, &id, &agent)),
        reclaims: Vec::new(),
        after_offer: 0,
        correction: None,
        competent: None,
        forwarded_to: None,
        forwarded_from: request.forwarded_from.clone(),
        amendments: Vec::new(),
        work: None,
        recused: Vec::new(),
        lacking: Vec::new(),
        back_since: None,
        turn: None,
        pledge: None,
        outside: None,
        waivers: Vec::new(),
        part_of: request.part_of.map(|word| word.kept(desk, &id)),
        stated: request.stated.clone().map(|stated| by_law(facts, &item, stated)),
        agreement,
        instead_of,
        report_refused: None,
    };
    let mut change = Change::of(vec![Event::Serial(scope, serial)], Reply::Known {});
    match renews {
        Some(licence) if local => renewal::begin(facts, desk, &mut case, &licence, &applicant, &mut change)?,
        // The authority's node keeps the register: it says how the licence stands when it has the case.
        Some(licence) => case.renewal = Some(Renewal::asked(licence, day)),
        None => {}
    }
    if local {
        case.deemed_at = deemed_at(facts, &case);
    }
    let said = case.instead_of.as_ref().map(uniform::InsteadOf::said);
    let act = case.act(ActKind::Collect, actor, here, at, said.clone());
    let slip = Slip {
        case: id,
        collection_no: &collection_no,
        query_code: &query_code,
        item: &case.item.code,
        deciding: case.deciding.division,
        collected_at: at,
        materials: &case.materials,
        demo: node.demo,
        renews: case.renewal.as_ref().map(|renewal| renewal.licence.as_str()),
        power_of_attorney: case.agent.as_ref().map(|agency| agency.power.as_str()),
        goes_on: case.stated.as_ref().map(|stated| stated.number.as_str()),
        agreement: case.agreement.as_ref(),
        instead_of: said,
    };
    let document = Document {
        case: id,
        act: act.number,
        sealer: Sealer::Node,
        content_type: "application/tongban-collection-slip+cbor",
        payload: tongban_codes::cbor::to_vec(&slip),
    };
    change.reply = Reply::Collected(Collected { case: id, collection_no, query_code });
    change.events.push(Event::Case(Box::new(case.clone()), act));
    change.documents.push(document);
    if !local && !request.hold {
        offer(facts, desk, actor, case, at, &mut change)?;
    }
    Ok(change)
}

/// By which item, where, in which mode and by what right a case is decided.
struct Collecting {
    item: ServiceItem,
    deciding: Place,
    mode: Mode,
    agreement: Option<Accord>,
    instead_of: Option<uniform::InsteadOf>,
}

/// What a window collects for: the item of the authority in charge, or in the mode `uniform` this authority's own, in the other's place.
fn collecting(
    facts: &dyn Facts,
    here: Place,
    request: &CollectRequest<'_>,
    at: Timestamp,
) -> Result<Collecting, Rejection> {
    let (item, decider, as_of) = in_catalogue(facts, request.division, request.item, at)?;
    let deciding = Place { node: decider, division: request.division };
    if request.mode == Some(Mode::Uniform) {
        uniform::elsewhere(facts, &item)?;
        mode(facts, &item, here, (request.division, request.mode, false))?;
        let (own, instead) = uniform::stand_in(facts, (deciding, &item, as_of), request.by, at)?;
        let instead_of = Some(instead);
        return Ok(Collecting { item: own, deciding: here, mode: Mode::Uniform, agreement: None, instead_of });
    }
    if let Some(by) = request.by {
        let (en, zh) = ("an own item is named with --mode uniform alone", "仅“异地受理无差别办理”须指明本地事项");
        return Err(Rejection::new(codes::INVALID_FIELD, en, zh)
            .field("by", by)
            .remedy("leave --by, or give --mode uniform", "不填 --by，或填写 --mode uniform"));
    }
    let mode = mode(facts, &item, here, (request.division, request.mode, request.part_of.is_some()))?;
    // A lower authority that passes a case on collects for nobody else.
    let elsewhere = request.division != here.division && request.forwarded_from.is_none();
    let agreement = if elsewhere { accord(facts, &item, (here.division, mode), None, at.date())? } else { None };
    Ok(Collecting { item, deciding, mode, agreement, instead_of: None })
}

/// What follows from a stated acceptance by the item's statutory time, beside what was stated.
fn by_law(facts: &dyn Facts, item: &ServiceItem, stated: Stated) -> Stated {
    let due = stated
        .accepted_on
        .and_then(|accepted| Deadlines::compute(facts.calendar(), &ItemPin::of(item), accepted, &[], None).statutory);
    Stated { computed_due: due.map(|due| due.date), provisional: due.is_some_and(|due| due.provisional), ..stated }
}

/// The moment of deemed acceptance: the end of the fifth working day after receipt, or after all was brought that a notice asked for. Permits only, the law says so of no other type.
pub(crate) fn deemed_at(facts: &dyn Facts, case: &Case) -> Option<Timestamp> {
    if case.item.core.item_type != TYPE_PERMIT {
        return None;
    }
    let due = facts.calendar().add_working_days(case.complete_on()?, ACCEPTANCE_DAYS);
    Some(due.date.next_day().start())
}

/// The item as the division's catalogue has it in force, the node that decides, and when that stated it.
fn in_catalogue(
    facts: &dyn Facts,
    division: DivisionCode,
    code: &str,
    at: Timestamp,
) -> Result<(ServiceItem, NodeId, Timestamp), Rejection> {
    let (item, decider, as_of) = find_item(facts, division, code, at)?;
    in_force(&item, at.date())?;
    Ok((item, decider, as_of))
}

/// The item of a part of an application, which this hall may collect for today.
pub(crate) fn offered_item(
    facts: &dyn Facts,
    division: DivisionCode,
    code: &str,
    at: Timestamp,
) -> Result<(ServiceItem, NodeId), Rejection> {
    let node = facts.node();
    let (item, decider, _) = in_catalogue(facts, division, code, at)?;
    let mode = mode(facts, &item, Place { node: node.node, division: node.division }, (division, None, true))?;
    if division != node.division {
        accord(facts, &item, (node.division, mode), None, at.date())?;
    }
    Ok((item, decider))
}

fn find_item(
    facts: &dyn Facts,
    division: DivisionCode,
    code: &str,
    at: Timestamp,
) -> Result<(ServiceItem, NodeId, Timestamp), Rejection> {
    let node = facts.node();
    if division == node.division {
        return Ok((named(facts, code)?, node.node, at));
    }
    // The directory has it under the code that it is certified for, which a later table may have no more.
    if tongban_codes::division::table().find(division).is_none()
        && facts.place(division).is_none()
        && Crosswalk::gather(facts).codes(division).len() == 1
    {
        return Err(Rejection::new(codes::DIVISION_UNKNOWN, "no such division", "没有该行政区划")
            .field("division", division)
            .remedy("look it up: tongban code check", "核对：tongban code check"));
    }
    facts.foreign_item(division, code).map(|foreign| (foreign.item, foreign.node, foreign.as_of)).ok_or_else(|| {
        Rejection::new(
            codes::OUTSIDE_CATALOGUE,
            format!(
                "the catalogue of {division} has no such item, or its node could not be reached and nothing is cached"
            ),
            format!("{division} 的目录中没有该事项，或其节点暂时无法连接且本地没有缓存"),
        )
        .field("item", code)
        .remedy("look at the links: tongban sync status", "查看连接：tongban sync status")
    })
}

/// The mode that was asked for, or the first that fits; of a part of an application 多地联办, where that is published. That another authority decides
/// is never chosen by itself.
fn mode(
    facts: &dyn Facts,
    item: &ServiceItem,
    here: Place,
    (division, asked, joint): (DivisionCode, Option<Mode>, bool),
) -> Result<Mode, Rejection> {
    let refuse = |en: String, zh: String| {
        Err(Rejection::new(codes::SCOPE_MISSING, en, zh)
            .field("item", &item.code)
            .remedy("the authority in charge publishes modes and covered divisions", "由主管机关发布通办范围和模式"))
    };
    let published = |mode: &Mode| item.modes.contains(mode);
    let asked = asked.or((joint && published(&Mode::Joint)).then_some(Mode::Joint));
    if division == here.division {
        // The authority's own hall and its own site need no published scope; the modes between regions do.
        let mode = asked.unwrap_or(Mode::Window);
        return match mode {
            Mode::Window | Mode::Online => Ok(mode),
            Mode::Collect | Mode::Joint if published(&mode) => Ok(mode),
            Mode::Collect | Mode::Joint | Mode::Uniform => refuse(
                format!("the item is not published for the mode {}", mode.name()),
                format!("该事项未公布“{}”模式", mode.zh()),
            ),
        };
    }
    let between = item.modes.iter().any(|mode| mode.is_between_regions());
    if !between || !Crosswalk::gather(facts).covers(item, here.division) {
        return refuse(
            format!("the item publishes no scope that covers {}", here.division),
            format!("该事项未公布覆盖 {} 的通办范围", here.division),
        );
    }
    match asked {
        Some(mode) if mode.is_between_regions() && published(&mode) => Ok(mode),
        Some(mode) => refuse(
            format!("the item is not published for the mode {}", mode.name()),
            format!("该事项未公布“{}”模式", mode.zh()),
        ),
        None if published(&Mode::Collect) => Ok(Mode::Collect),
        None => item.modes.iter().copied().find(|mode| mode.hands_over()).map_or_else(
            || {
                refuse(
                    "the item is published for the mode uniform alone, which is asked for".to_owned(),
                    "该事项仅公布“异地受理无差别办理”，须指明 --mode uniform".to_owned(),
                )
            },
            Ok,
        ),
    }
}

/// A query code of this node that nobody has, and that a change on its way hasn't drawn.
pub(crate) fn draw_query_code(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    beside: &[Event],
) -> Result<QueryCode, Rejection> {
    let label = facts.node().label;
    let drawn = |code: &QueryCode| {
        beside.iter().any(|event| match event {
            Event::Case(case, _) => case.query_code == *code,
            Event::Application(application) => application.query_code == *code,
            _ => false,
        })
    };
    for _ in 0..QUERY_CODE_DRAWS_MAX {
        let mut random = [0; 4];
        desk.fill(&mut random);
        let code = QueryCode::draw(label, u32::from_be_bytes(random));
        if !facts.query_code_taken(&code) && !drawn(&code) {
            return Ok(code);
        }
    }
    Err(Rejection::new(
        codes::QUERY_CODES_USED_UP,
        "this node has given out nearly all of its query codes",
        "本节点的查询码即将用尽",
    )
    .field("node", facts.node().node)
    .remedy("add a second node for the division", "为本区划增设节点"))
}

impl Case {
    /// Counts and describes an act, in the state and tenure that the case has by now.
    pub(crate) fn act(
        &mut self,
        kind: ActKind,
        actor: &Actor,
        here: Place,
        at: Timestamp,
        note: Option<String>,
    ) -> Act {
        self.acts += 1;
        // While an offer is open it stays the act that an answer has to fit.
        if kind != ActKind::Offer && matches!(self.custody, Custody::Offered { .. }) {
            self.after_offer += 1;
        }
        Act {
            case: self.id,
            number: self.acts,
            kind,
            at,
            place: here,
            operator: actor.operator.clone(),
            window: actor.window.clone(),
            tenure: self.tenure,
            status: self.status,
            note,
            mandate: None,
        }
    }
}
