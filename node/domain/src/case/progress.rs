//! Progress: what the owner tells the collecting node after each act, and what that node keeps of it.

#[cfg(feature = "deliberate-bugs")]
use tongban_codes::deliberate::{Bug, is_in};
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::amendment::follow;
use super::clock::STOPS_MAX;
use super::custody::{here, settle};
use super::paper::{Handed, paper};
use super::reclaiming::ask_again;
use super::review::NOTICE_ITEMS_MAX;
use super::submission::MATERIALS_MAX;
use super::{
    Act, ActKind, Amended, Asked, Case, Competent, Correction, Custody, Deadlines, Extension, ForwardedTo, Material,
    OutsideDecision, Renewal, Stop,
};
use crate::change::{Change, Event, Notice, NoticeBody, Reply};
use crate::command::Origin;
use crate::facts::Place;
use crate::limit::Turn;
use crate::pledge::{PLEDGED_MAX, Pledge};
use crate::work::{LACKING_MAX, Lacking};
use crate::{Actor, Desk, Facts, Rejection, codes};

/// The longest text of a report, in characters: the note of a notice repeats all of its lines.
pub(super) const TEXT_CHARS_MAX: usize = 64_000;

/// The longest case number (GB/T 39046: an..50), with room for older ones.
pub(super) const CASE_NO_CHARS_MAX: usize = 64;

/// The longest identifier of a licence, and of a digest, in characters.
pub(super) const LICENCE_CHARS_MAX: usize = 200;

/// The most licences of a case.
pub(super) const LICENCES_MAX: usize = 1_000;

/// The highest number of an act that is believed of another node.
const ACTS_MAX: u32 = 100_000;

/// What the owner tells the collecting node after each act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The act.
    pub act: Act,
    /// 办件编号, once drawn.
    pub case_no: Option<String>,
    /// Day of receipt at the authority.
    pub received_on: Option<Date>,
    /// Day of acceptance.
    pub accepted_on: Option<Date>,
    /// Day of the decision.
    pub decided_on: Option<Date>,
    /// Deadlines as the decider computed them.
    pub deadlines: Option<Deadlines>,
    /// Whether it was deemed accepted.
    pub deemed: bool,
    /// Licences that came of it.
    pub licences: Vec<String>,
    /// What stopped the clock.
    pub stops: Vec<Stop>,
    /// By how much the statutory time was extended.
    pub extension: Option<Extension>,
    /// How it stands to the licence that it renews.
    pub renewal: Option<Renewal>,
    /// What correction notices asked for, and what was brought.
    pub correction: Option<Correction>,
    /// Who is competent, when the owner isn't.
    pub competent: Option<Competent>,
    /// The superior's case in which it goes on.
    pub forwarded_to: Option<ForwardedTo>,
    /// The entry that the act put right.
    pub amended: Option<Amended>,
    /// Materials that are to follow its acceptance.
    pub lacking: Vec<Lacking>,
    /// Where it stands before a limit of number.
    pub turn: Option<Turn>,
    /// The applicant's pledge.
    pub pledge: Option<Pledge>,
    /// The decision of another system that was entered.
    pub outside: Option<OutsideDecision>,
}

impl Progress {
    fn of(case: &Case, act: Act) -> Self {
        Self {
            act,
            case_no: case.case_no.clone(),
            received_on: case.received_on,
            accepted_on: case.accepted_on,
            decided_on: case.decided_on,
            deadlines: case.deadlines.clone(),
            deemed: case.deemed,
            licences: case.licences.clone(),
            stops: case.stops.clone(),
            extension: case.extension.clone(),
            renewal: case.renewal.clone(),
            correction: case.correction.clone(),
            competent: case.competent.clone(),
            forwarded_to: case.forwarded_to.clone(),
            amended: None,
            lacking: case.lacking.clone(),
            turn: case.turn.clone(),
            pledge: case.pledge.clone(),
            outside: case.outside.clone(),
        }
    }
}

/// Appends an act to a change: the case after it, and the word to the collecting node when that is another.
pub(crate) fn record(change: &mut Change, here: Place, case: &Case, act: Act) {
    let told = case.collecting.node != here.node;
    #[cfg(feature = "deliberate-bugs")]
    let told = told && !(act.kind == ActKind::Extend && is_in(Bug::ExtensionUntold));
    if told {
        change.notices.push(Notice {
            to: case.collecting.node,
            case: case.id,
            act: act.number,
            body: NoticeBody::Progress(Box::new(Progress::of(case, act.clone()))),
        });
    }
    change.events.push(Event::Case(Box::new(case.clone()), act));
}

/// Does an act: the case after it, the word to the collecting node, and what the authority hands out with it.
pub(super) fn done(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    kind: ActKind,
    (at, note): (Timestamp, Option<String>),
    handed: Option<Handed<'_>>,
) -> Change {
    let here = here(facts);
    let act = case.act(kind, actor, here, at, note);
    let document =
        handed.map(|handed| paper(facts, &case, &actor.operator, at, handed.content_type, handed.items, None));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    change.documents.extend(document);
    change
}

/// Keeps the owner's word about a case that was collected here.
///
/// A word that comes again, or after a later one of the same tenure, is kept in the history and doesn't turn the case back.
pub(crate) fn mirror(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    origin: Origin,
    progress: &Progress,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let act = &progress.act;
    let mut case = facts.case(&act.case).ok_or_else(|| {
        Rejection::new(codes::CASE_UNKNOWN, "the report is about a case that is not known here", "报告所指办件不存在")
            .field("case", act.case)
    })?;
    let elsewhere = matches!(case.custody, Custody::Elsewhere { .. });
    #[cfg(feature = "deliberate-bugs")]
    if late_return_taken(&case, origin) {
        case.tenure = act.tenure;
        case.custody = Custody::Elsewhere { owner: origin.place, as_of: act.at };
        return Ok(Change::of(vec![Event::Case(Box::new(case), act.clone())], Reply::Known {}));
    }
    // Who has the case speaks of the tenure that is known here; who takes it, of the next.
    let fits = match &case.custody {
        Custody::Elsewhere { .. } => act.tenure == case.tenure,
        Custody::Offered { .. } => Some(act.tenure) == case.tenure.checked_add(1),
        Custody::Owner => act.tenure > case.tenure,
    };
    if !fits {
        return Err(Rejection::new(
            codes::STALE_TENURE,
            format!("the report is of tenure {}, the case is at {}", act.tenure, case.tenure),
            format!("报告为第 {} 任，办件已为第 {} 任", act.tenure, case.tenure),
        )
        .field("case", case.id));
    }
    // Who may speak at a higher tenure: whom the case was offered to, or who holds it by now; and only of what it did itself.
    let expected = match &case.custody {
        Custody::Offered { to, .. } => to.node,
        Custody::Elsewhere { owner, .. } => owner.node,
        Custody::Owner => here(facts).node,
    };
    let is_owners =
        expected == origin.place.node && act.place.node == origin.place.node && origin.place.node != here(facts).node;
    #[cfg(feature = "deliberate-bugs")]
    let is_owners = is_owners || is_in(Bug::ReportOfAnyone);
    if !is_owners {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            "the report does not come from the owner",
            "报告并非来自经办节点",
        )
        .field("case", case.id));
    }
    bounded(progress)?;
    let mut change = Change::of(Vec::new(), Reply::Known {});
    if let Some(amended) = &progress.amended {
        follow(desk, &mut case, act, amended);
    }
    if elsewhere && act.tenure == case.tenure && act.number <= case.heard {
        change.events.push(Event::Case(Box::new(case), act.clone()));
        return Ok(change);
    }
    if !elsewhere {
        // The owner's first word came before its receipt: it discharges just as well.
        settle(&mut change, facts, &mut case, origin, act.tenure, at);
    }
    case.custody = Custody::Elsewhere { owner: origin.place, as_of: act.at };
    case.tenure = act.tenure;
    case.heard = act.number;
    case.status = act.status;
    case.case_no.clone_from(&progress.case_no);
    case.received_on = progress.received_on;
    case.accepted_on = progress.accepted_on;
    case.decided_on = progress.decided_on;
    let deadlines = progress.deadlines.as_ref();
    #[cfg(feature = "deliberate-bugs")]
    let deadlines = case.deadlines.as_ref().filter(|_| is_in(Bug::DeadlineKept)).or(deadlines);
    case.deadlines = deadlines.cloned();
    case.deemed_at = None;
    case.deemed = progress.deemed;
    case.licences.clone_from(&progress.licences);
    case.stops.clone_from(&progress.stops);
    case.extension.clone_from(&progress.extension);
    case.renewal_at = None;
    // A node of an earlier release says nothing of it: then what the window noted stays.
    if progress.renewal.is_some() {
        case.renewal.clone_from(&progress.renewal);
    }
    case.correction.clone_from(&progress.correction);
    case.competent.clone_from(&progress.competent);
    case.forwarded_to.clone_from(&progress.forwarded_to);
    case.lacking.clone_from(&progress.lacking);
    case.turn.clone_from(&progress.turn);
    case.pledge.clone_from(&progress.pledge);
    case.outside.clone_from(&progress.outside);
    match act.kind {
        ActKind::Refuse | ActKind::Notify | ActKind::Return | ActKind::Decide | ActKind::Withdraw => {
            case.reason.clone_from(&act.note);
        }
        ActKind::Accept | ActKind::AcceptDeemed | ActKind::DeemedRenewal => case.reason = None,
        // The note of another act is a courier's number, a licence, a division: no reason.
        _ => {}
    }
    change.reply = Change::case(&case);
    case.forget(desk, at, &mut change);
    change.events.push(Event::Case(Box::new(case.clone()), act.clone()));
    ask_again(facts, &mut case, at, &mut change);
    Ok(change)
}

fn long(text: &str) -> bool {
    text.chars().count() > TEXT_CHARS_MAX
}

/// Whether number and texts of an act are such as an act makes.
pub(super) fn is_bounded(act: &Act) -> bool {
    let texts = [Some(&act.operator), act.window.as_ref(), act.note.as_ref(), act.mandate.as_ref()];
    (1..=ACTS_MAX).contains(&act.number) && !texts.into_iter().flatten().any(|text| long(text))
}

/// Refuses an act of the collecting hall that would be kept in the history as no act of it is, or in the place of another that is known.
pub(super) fn told_act(facts: &dyn Facts, told: &Act) -> Result<(), Rejection> {
    let same_place = |act: &Act| (act.place.node, act.number) == (told.place.node, told.number);
    let is_other = |act: &Act| same_place(act) && act.kind != told.kind;
    if is_bounded(told) && !facts.acts(&told.case).iter().any(is_other) {
        return Ok(());
    }
    Err(Rejection::new(
        codes::INVALID_FIELD,
        "the act that is told says more than such an act has to say, or stands where another does",
        "所告知的环节超出应有内容，或与已知环节编号相同",
    )
    .field("act", told.number))
}

/// Records at the collecting hall that the owner didn't take what the hall had taken for it by an act, and why.
///
/// # Errors
///
/// `stale-tenure` where this node did no such act.
pub(super) fn not_taken(
    facts: &dyn Facts,
    case: &CaseId,
    (act, done, refused): (u32, ActKind, ActKind),
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let here = here(facts);
    let is = |own: &Act| own.place.node == here.node && own.number == act && own.kind == done;
    let known = facts.case(case).filter(|_| facts.acts(case).iter().any(is));
    let mut case = known.ok_or_else(|| {
        let (en, zh) = ("the answer fits nothing that this hall has taken for the owner", "答复与本厅代收的内容不符");
        Rejection::new(codes::STALE_TENURE, en, zh).field("case", case)
    })?;
    let note = format!("{}: {}", refusal.0, refusal.1);
    let act = case.act(refused, &Actor::system(), here, at, Some(note));
    let reply = Change::case(&case);
    Ok(Change::of(vec![Event::Case(Box::new(case), act)], reply))
}

/// What no owner says: a number or a text beyond what any act of it makes. It would be kept, and travel with a request.
fn bounded(progress: &Progress) -> Result<(), Rejection> {
    let act = &progress.act;
    let refuse = |field: &'static str| {
        Err(Rejection::new(
            codes::INVALID_FIELD,
            "the report says more than an owner has to say",
            "报告内容超出应报告的范围",
        )
        .field(field, "***"))
    };
    if !is_bounded(act) {
        return refuse("act");
    }
    if progress.case_no.as_ref().is_some_and(|number| number.len() > CASE_NO_CHARS_MAX) {
        return refuse("case_no");
    }
    let is_long = |id: &String| id.len() > LICENCE_CHARS_MAX;
    if progress.licences.len() > LICENCES_MAX || progress.licences.iter().any(is_long) {
        return refuse("licences");
    }
    let is_long = |stop: &Stop| long(&stop.procedure) || long(&stop.basis);
    if progress.stops.len() > STOPS_MAX || progress.stops.iter().any(is_long) {
        return refuse("stops");
    }
    let went_on = progress.forwarded_to.as_ref().and_then(|to| to.outcome.as_ref());
    if went_on.is_some_and(|outcome| !outcome.is_said()) {
        return refuse("forwarded_to");
    }
    let asked = progress.correction.as_ref().map(|correction| &correction.asked);
    let is_long = |line: &Asked| long(&line.text) || line.new_reason.as_ref().is_some_and(|reason| long(reason));
    if asked.is_some_and(|asked| asked.len() > NOTICE_ITEMS_MAX || asked.iter().any(is_long)) {
        return refuse("correction");
    }
    let brought = asked.into_iter().flatten().filter_map(|line| line.brought.as_ref());
    let brought: Vec<&Material> = brought.flat_map(|brought| &brought.materials).collect();
    if brought.len() > MATERIALS_MAX || brought.iter().any(|material| long(&material.name)) {
        return refuse("materials");
    }
    let is_long = |lacking: &Lacking| long(&lacking.name) || lacking.promise.len() > LICENCE_CHARS_MAX;
    if progress.lacking.len() > LACKING_MAX || progress.lacking.iter().any(is_long) {
        return refuse("lacking");
    }
    let is_long = |pledge: &Pledge| {
        let texts = pledge.items.iter().chain([&pledge.commitment, &pledge.by, &pledge.consequences]);
        let found = pledge.findings.iter().flat_map(|finding| [&finding.text, &finding.by]);
        pledge.items.len() > PLEDGED_MAX
            || pledge.findings.len() > PLEDGED_MAX * 4
            || texts.chain(found).any(|text| long(text))
    };
    if progress.pledge.as_ref().is_some_and(is_long) {
        return refuse("pledge");
    }
    if progress.turn.as_ref().is_some_and(|turn| long(&turn.quota)) {
        return refuse("turn");
    }
    if progress.outside.as_ref().is_some_and(|outside| !outside.is_bounded()) {
        return refuse("outside");
    }
    Ok(())
}

#[cfg(feature = "deliberate-bugs")]
fn late_return_taken(case: &Case, origin: Origin) -> bool {
    is_in(Bug::LateReturnTaken) && case.reclaimed().is_some_and(|reclaim| reclaim.lost == origin.place)
}
