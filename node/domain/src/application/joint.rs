//! 联合踏勘、统一公示: one on-site check, or one publicity, that several cases of an application share, recorded in each.
//!
//! One authority leads. What it records goes into each case of the application that it owns and that names the same joint step, in one change;
//! the hall that collected the application hears it with the report of the case, and tells the other owners.

use minicbor::{Decode, Encode};
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::latest::Latest;
use super::list::JointKind;
use super::row::{ATTEMPTS_MAX, PARTS_MAX, Part, invalid, name};
use super::telling::{heard, room, tell};
use crate::case::{Act, ActKind, Case, check_officers, here, record, said, sealed_check};
use crate::catalogue::CodeList as _;
use crate::change::{Change, Event, NoticeBody, Reply};
use crate::command::Origin;
use crate::work::Door;
use crate::{Actor, Facts, Rejection, codes};

/// What the note of an act begins with that an owner recorded since another authority had led it.
const TOLD: &str = "联合办理：";

/// The longest publicity, in working days.
const PUBLICITY_DAYS_MAX: u16 = 60;

/// The most joint acts that a case is told afterwards at once, the last ones: how many were led, their authority says.
const CAUGHT_UP_MAX: usize = 20;

/// The longest note of a joint act that is believed of another node, in characters.
const NOTE_CHARS_MAX: usize = 4_000;

/// What was done together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joint {
    /// 联合踏勘.
    Inspection {
        /// The officers, two at least.
        officers: Vec<String>,
        /// What they found.
        finding: String,
    },
    /// 统一公示.
    Publicity {
        /// Where it is published.
        published: String,
        /// First day.
        from: Date,
        /// Working days.
        days: u16,
    },
}

impl Joint {
    fn kind(&self) -> JointKind {
        match self {
            Self::Inspection { .. } => JointKind::Inspection,
            Self::Publicity { .. } => JointKind::Publicity,
        }
    }
}

/// A joint act on its way to another owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JointWord {
    /// The joint step that the parts share.
    #[n(0)]
    pub joint: String,
    /// What it is.
    #[n(1)]
    pub kind: JointKind,
    /// Who did it, and what came of it.
    #[n(2)]
    pub note: String,
    /// Number of the act at the collecting hall by which it is told.
    #[n(3)]
    pub act: u32,
    /// The case in which it was recorded first.
    #[n(4)]
    pub of: CaseId,
    /// Whether it was recorded before the case that hears of it was accepted; then one that has it already takes it as a repeat.
    #[n(65)]
    pub late: Option<bool>,
}

/// The cases of an application that this node knows and that share a joint step.
fn sharing(facts: &dyn Facts, door: &Door, application: &str, joint: &str) -> Result<Vec<Case>, Rejection> {
    let shares = |case: &Case| case.part_of.as_ref().is_some_and(|of| of.joint.as_deref() == Some(joint));
    let ids = facts.parts_of(application.trim());
    let cases: Vec<Case> = ids.iter().filter_map(|id| facts.case(id)).filter(shares).collect();
    if cases.is_empty() {
        return Err(Rejection::new(
            codes::JOINT_UNKNOWN,
            "no case of this application that this node knows shares such a joint step",
            "本节点没有该一件事中共用此联合环节的办件",
        )
        .field("application", application)
        .remedy("see what the cases share: tongban case show", "查看办件所属一件事：tongban case show"));
    }
    // A number is drawn once; cases of two applications under one were told by somebody else.
    let of = |case: &Case| case.part_of.as_ref().map(|of| of.application);
    if cases.len() > PARTS_MAX * ATTEMPTS_MAX || cases.iter().any(|case| of(case) != of(&cases[0])) {
        return Err(invalid(
            "application",
            application,
            "cases of several applications have this number",
            "多个一件事使用了同一编号",
        )
        .remedy("record it in each case: tongban case check", "请逐件记录：tongban case check"));
    }
    cases.iter().try_for_each(|case| door.touches(case))?;
    Ok(cases)
}

/// Records a joint act in each case that shares it and may be acted on here.
pub(super) fn joint(
    facts: &dyn Facts,
    door: &Door,
    application: &str,
    shared: &str,
    joint: &Joint,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let shared = name("joint", shared)?;
    let kind = joint.kind();
    let cases = sharing(facts, door, application, &shared)?;
    let (able, refused): (Vec<Case>, Vec<Case>) =
        cases.into_iter().partition(|case| case.may(facts, kind.act()).is_ok());
    if let (true, Some(case)) = (able.is_empty(), refused.first()) {
        // Nothing can be done, and the first case says why.
        case.may(facts, kind.act())?;
    }
    let (note, listed) = match joint {
        Joint::Inspection { officers, finding } => {
            let mut listed = Vec::new();
            for case in &able {
                listed = check_officers(facts, case, officers)?;
            }
            let finding = said("finding", finding)?;
            let note = format!("{shared}：{}：{finding}", listed.join("、"));
            listed.push(finding);
            (note, listed)
        }
        Joint::Publicity { published, from, days } => {
            let published = said("published", published)?;
            if !(1..=PUBLICITY_DAYS_MAX).contains(days) {
                return Err(invalid("days", &days.to_string(), "1 to 60 working days", "公示 1 至 60 个工作日")
                    .remedy("give --days", "请填写 --days"));
            }
            let until = facts.calendar().add_working_days(*from, u32::from(*days)).date;
            let term = format!("{from} 至 {until}（{days} 个工作日）");
            (format!("{shared}：{published}，{term}"), vec![published, term])
        }
    };
    let here = here(facts);
    let mut change = Change::of(Vec::new(), Reply::Known {});
    let mut recorded = Vec::new();
    for mut case in able {
        let act = case.act(kind.act(), &door.actor, here, at, Some(note.clone()));
        if kind == JointKind::Inspection {
            change.documents.push(sealed_check(facts, &case, &door.actor.operator, at, &listed));
        }
        recorded.push(case.id);
        record(&mut change, here, &case, act);
    }
    change.reply = Reply::Joint { kind, kind_zh: kind.zh(), joint: shared, cases: recorded };
    Ok(change)
}

fn is_joint(act: &Act) -> bool {
    matches!(act.kind, ActKind::JointCheck | ActKind::JointPublicity)
}

/// Whether an act is a joint one that somebody led. What a node records by itself it was told of; a note of a peer beyond what any joint act
/// has is passed on to nobody.
fn is_led(act: &Act) -> bool {
    let noted = act.note.as_ref().is_some_and(|note| note.chars().count() <= NOTE_CHARS_MAX);
    is_joint(act) && act.operator != Actor::system().operator && noted
}

/// Whether a case has a joint act: it was led there, or was told there by its owner.
fn has(acts: &[Act], kind: ActKind, note: &str) -> bool {
    // A step may be called as what is told begins with.
    let is = |own: &str| own == note || own.strip_prefix(TOLD) == Some(note);
    acts.iter().any(|act| act.kind == kind && act.note.as_deref().is_some_and(is))
}

/// Tells the other owners of a joint act that this hall, which collected the application, has heard of or did itself.
pub(super) fn pass_on(facts: &dyn Facts, change: &mut Change, at: Timestamp) {
    let here = here(facts);
    let mut news: Vec<(Case, Act)> = Vec::new();
    for event in &change.events {
        let Event::Case(case, act) = event else { continue };
        if is_led(act) && case.collecting.node == here.node {
            news.push(((**case).clone(), act.clone()));
        }
    }
    // One joint act in several cases of one owner is one piece of news.
    let recorded: Vec<CaseId> = news.iter().map(|(case, _)| case.id).collect();
    let mut told: Vec<CaseId> = Vec::new();
    for (case, act) in news {
        let Some(of) = &case.part_of else { continue };
        let Some(application) = facts.application(&of.application) else { continue };
        // Whoever led it in several cases of his own reports it with each of them.
        let ids = application.parts.iter().filter_map(|part| part.case).filter(|id| *id != case.id);
        let is_same = |known: &Act| {
            known.kind == act.kind && (known.place.node, known.at, &known.note) == (act.place.node, act.at, &act.note)
        };
        if ids.flat_map(|id| facts.acts(&id)).any(|known| is_same(&known)) {
            continue;
        }
        let kind = if act.kind == ActKind::JointCheck { JointKind::Inspection } else { JointKind::Publicity };
        for part in application.parts.iter().filter(|part| part.joint.is_some() && part.joint == of.joint) {
            let latest = Latest { facts, events: &change.events };
            let Some(mut other) = part.case.and_then(|id| latest.case(&id)) else { continue };
            // Who led it has recorded it in all of its own.
            let owner = other.owner(here);
            if owner.node == act.place.node || recorded.contains(&other.id) || told.contains(&other.id) {
                continue;
            }
            let note = act.note.clone().unwrap_or_default();
            if owner.node == here.node {
                if other.may(facts, act.kind).is_ok() {
                    told.push(other.id);
                    let note = Some(format!("{TOLD}{note}"));
                    let own = other.act(act.kind, &Actor::system(), here, at, note);
                    record(change, here, &other, own);
                }
                continue;
            }
            // What isn't accepted yet hears of it then.
            if !other.status.allows(act.kind) {
                continue;
            }
            told.push(other.id);
            let (joint, of, said) = (part.joint.clone().unwrap_or_default(), case.id, note.clone());
            tell(change, other, (act.kind, &said), (here, at), |act| {
                NoticeBody::Joint(Box::new(JointWord { joint, kind, note, act, of, late: None }))
            });
        }
    }
}

/// Tells the owner of a case that is accepted by now of the joint acts that were led before; also when it has come back from a lost node.
///
/// The clock that stood still is told again when it runs: what came meanwhile wasn't recorded.
pub(super) fn catch_up(facts: &dyn Facts, change: &mut Change, at: Timestamp) {
    let here = here(facts);
    let mut accepted: Vec<CaseId> = Vec::new();
    for event in &change.events {
        if let Event::Case(case, act) = event
            && matches!(act.kind, ActKind::Accept | ActKind::AcceptDeemed | ActKind::Resume | ActKind::Reclaim)
            && case.collecting.node == here.node
            && !accepted.contains(&case.id)
        {
            accepted.push(case.id);
        }
    }
    for id in accepted {
        for (of, led) in missed(&Latest { facts, events: &change.events }, &id) {
            let Some(mut case) = (Latest { facts, events: &change.events }).case(&id) else { continue };
            let (owner, note) = (case.owner(here), led.note.clone().unwrap_or_default());
            if owner.node == here.node {
                if case.may(facts, led.kind).is_ok() {
                    let own = case.act(led.kind, &Actor::system(), here, at, Some(format!("{TOLD}{note}")));
                    record(change, here, &case, own);
                }
                continue;
            }
            if !case.status.allows(led.kind) {
                continue;
            }
            let joint = case.part_of.as_ref().and_then(|of| of.joint.clone()).unwrap_or_default();
            let kind = if led.kind == ActKind::JointCheck { JointKind::Inspection } else { JointKind::Publicity };
            let said = note.clone();
            tell(change, case, (led.kind, &said), (here, at), |act| {
                NoticeBody::Joint(Box::new(JointWord { joint, kind, note, act, of, late: Some(true) }))
            });
        }
    }
}

/// The joint acts that other cases of the application share with a case and it doesn't have, each once, with the case where it was led.
fn missed(latest: &Latest<'_>, id: &CaseId) -> Vec<(CaseId, Act)> {
    let Some(of) = latest.case(id).and_then(|case| case.part_of) else { return Vec::new() };
    let Some(application) = latest.application(&of.application).filter(|_| of.joint.is_some()) else {
        return Vec::new();
    };
    let own = latest.acts(id);
    let mut missed: Vec<(CaseId, Act)> = Vec::new();
    for other in application.parts.iter().filter(|part| part.joint == of.joint).flat_map(Part::cases) {
        for led in latest.acts(&other).into_iter().filter(|act| other != *id && is_led(act)) {
            let is_same = |known: &Act| (known.kind, &known.note) == (led.kind, &led.note);
            let note = led.note.as_deref().unwrap_or_default();
            if !has(&own, led.kind, note) && !missed.iter().any(|(_, known)| is_same(known)) {
                missed.push((other, led));
            }
        }
    }
    missed.sort_by_key(|(_, led)| led.at);
    missed.split_off(missed.len().saturating_sub(CAUGHT_UP_MAX))
}

/// Records what another authority led, as the hall tells that collected the application.
pub(super) fn take(
    facts: &dyn Facts,
    origin: Origin,
    id: &CaseId,
    word: &JointWord,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let refuse = |code, en: &str, zh: &str| Err(Rejection::new(code, en, zh).field("case", id));
    let mut case = heard(facts, origin, id)?;
    let shares = case.part_of.as_ref().is_some_and(|of| of.joint.as_deref() == Some(word.joint.as_str()));
    if !shares || word.note.trim().is_empty() || word.note.chars().count() > NOTE_CHARS_MAX {
        return refuse(codes::JOINT_UNKNOWN, "the case shares no such joint step", "该办件不共用此联合环节");
    }
    if word.late == Some(true) && has(&facts.acts(id), word.kind.act(), &word.note) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    room(facts, id)?;
    case.may(facts, word.kind.act())?;
    let here = here(facts);
    let act = case.act(word.kind.act(), &Actor::system(), here, at, Some(format!("{TOLD}{}", word.note)));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    Ok(change)
}
