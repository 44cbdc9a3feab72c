//! What the authority in charge keeps of a case that another decided in its place, and what it believes of what it is told.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::CaseId;
use tongban_codes::licence_id::LicenceId;
use tongban_codes::time::{Date, Timestamp};

use super::competence::{agreed, differs, no_party};
use super::word::{LICENCES_MAX, LicenceWord, UniformEnding, UniformWord};
use crate::case::{ItemPin, Personal, masked_name, number_end};
use crate::catalogue::{Crosswalk, ItemState, Mode, ServiceItem, accord};
use crate::change::{Change, Event, Reply};
use crate::command::Origin;
use crate::facts::Place;
use crate::naming::is_unseen;
use crate::{Desk, Facts, Rejection, codes};

/// The longest text of a report, in characters: names, codes and numbers.
const TEXT_CHARS_MAX: usize = 200;
/// New cases that a node may report on one day as decided in this one's place; each stays in the journal.
const NEW_A_DAY_MAX: u32 = 2_000;
/// The highest number of an act that is believed.
const ACTS_MAX: u32 = 100_000;

/// A case that another authority decided in the place of this node's, under an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HandledElsewhere {
    /// The case.
    #[n(0)]
    pub case: CaseId,
    /// Who decides it: the node, and the division for which it is certified.
    #[n(1)]
    pub place: Place,
    /// The version of this node's item under which it was taken there.
    #[n(2)]
    pub item: ItemPin,
    /// What was said last; of the applicant only in a row of an earlier release, of whom nothing was said since.
    #[n(3)]
    pub word: UniformWord,
    /// When it was heard of first.
    #[n(4)]
    pub heard_at: Timestamp,
    /// What is kept of the applicant, as of a case that a collecting hall has forgotten: the masked name and the last six characters of his number, under a
    /// key that is drawn anew with each report.
    #[n(5)]
    pub personal: Option<Personal>,
}

impl HandledElsewhere {
    /// What was said last, whole, for who may open what is kept of the applicant.
    #[must_use]
    pub fn said(&self, desk: &dyn Desk) -> UniformWord {
        let Some(personal) = &self.personal else { return self.word.clone() };
        let (applicant, number_end) = desk.decrypt(&self.case, personal).unwrap_or_default();
        UniformWord { applicant, number_end, ..self.word.clone() }
    }
}

/// What a report made known that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum HandledStep {
    /// That the case was accepted there.
    #[n(0)]
    Accepted,
    /// That it ended, and how.
    #[n(1)]
    Ended,
    /// Something else: a licence, an entry that was put right.
    #[n(2)]
    Told,
}

/// How many cases were handled elsewhere under an agreement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct HandledCount {
    /// Of which this node was told.
    #[n(0)]
    pub cases: u32,
    /// Of these, accepted.
    #[n(1)]
    pub accepted: u32,
    /// Granted.
    #[n(2)]
    pub granted: u32,
    /// Denied.
    #[n(3)]
    pub denied: u32,
    /// Ended otherwise: refused, returned, withdrawn.
    #[n(4)]
    pub ended: u32,
}

impl HandledCount {
    /// Counts what a row says that the one before it didn't.
    pub fn add(&mut self, known: Option<&HandledElsewhere>, row: &HandledElsewhere) {
        let was = known.map(|known| &known.word);
        self.cases += u32::from(known.is_none());
        self.accepted += u32::from(row.word.accepted_on.is_some() && was.is_none_or(|was| was.accepted_on.is_none()));
        if was.is_none_or(|was| was.ending.is_none()) {
            match row.word.ending {
                Some(UniformEnding::Granted) => self.granted += 1,
                Some(UniformEnding::Denied) => self.denied += 1,
                Some(_) => self.ended += 1,
                None => {}
            }
        }
    }
}

/// What the report makes known that wasn't known, in order. Where the report of the acceptance was lost, that of the end says both.
fn steps(known: Option<&HandledElsewhere>, word: &UniformWord) -> Vec<HandledStep> {
    let known = known.map(|known| &known.word);
    let mut steps = Vec::new();
    if word.accepted_on.is_some() && known.is_none_or(|known| known.accepted_on.is_none()) {
        steps.push(HandledStep::Accepted);
    }
    if word.ending.is_some() && known.is_none_or(|known| known.ending.is_none()) {
        steps.push(HandledStep::Ended);
    }
    if steps.is_empty() {
        steps.push(HandledStep::Told);
    }
    steps
}

/// Keeps what an authority reports that stands in for one of this node's. Said again, or after a later word, it changes nothing.
///
/// # Errors
///
/// `not-owner` where it isn't the node that has the case; `item-unknown`, `agreement-missing`, `agreement-lapsed`, `uniform-not-party`, `scope-missing`
/// and `uniform-core-differs` where the authority had agreed to nothing of the kind on the day of collection; `invalid-field` where the report
/// contradicts itself or what was reported before; `uniform-too-many` where the node reported too many new cases today. Nothing is kept then.
pub(super) fn take(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    origin: Origin,
    (case, word): (&CaseId, &UniformWord),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let known = facts.handled_elsewhere(case);
    let drawn = case.node_prefix() == origin.place.node.prefix() && origin.place.node != facts.node().node;
    let same_node = known.as_ref().is_none_or(|known| known.place.node == origin.place.node);
    if !drawn || !same_node || facts.case(case).is_some() {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            "the report does not come from the node that collected the case and decides it",
            "告知并非来自收件并办理该办件的节点",
        )
        .field("case", case)
        .remedy(
            "report it from the node that has the case: tongban case whereis",
            "由办理该办件的节点告知：tongban case whereis",
        ));
    }
    bounded(word)?;
    let before = known.as_ref().map(|known| known.said(desk));
    let word = masked(before.as_ref(), word);
    consistent(&word, at)?;
    let (place, item, heard_at, mut events) = match known.as_ref().zip(before.as_ref()) {
        Some((known, before)) => {
            follows(before, &word)?;
            (known.place, known.item.clone(), known.heard_at, Vec::new())
        }
        None => {
            let item = agreed_upon(facts, origin.place, &word)?;
            (origin.place, item, at, vec![room(facts, origin.place, at)?])
        }
    };
    if known.as_ref().is_some_and(|known| word.act <= known.word.act) {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    let steps = steps(known.as_ref(), &word);
    let left = desk.encrypt(case, &word.applicant, &word.number_end);
    let personal = Some(Personal { forgotten_at: Some(at), ..left });
    let word = UniformWord { applicant: String::new(), number_end: String::new(), ..word };
    let row = HandledElsewhere { case: *case, place, item, word, heard_at, personal };
    events.extend(steps.into_iter().map(|step| Event::HandledElsewhere(Box::new(row.clone()), step)));
    Ok(Change::of(events, Reply::Known {}))
}

/// A word as it is kept: whatever a node says of people, no more than is to be said; and where the applicant's fields were erased there since, what is
/// known of him here, for by that he is found.
fn masked(before: Option<&UniformWord>, word: &UniformWord) -> UniformWord {
    let before = before.map(|before| (before.applicant.clone(), before.number_end.clone()));
    let (applicant, number_end) = match before {
        Some(before) if word.applicant.is_empty() && word.number_end.is_empty() => before,
        _ => (masked_name(&word.applicant), number_end(&word.number_end)),
    };
    UniformWord { applicant, number_end, ..word.clone() }
}

/// Counts a new case of a node's on this day, of which there are so many and no more: nobody here accepted it, and its entries in the journal stay.
fn room(facts: &dyn Facts, from: Place, at: Timestamp) -> Result<Event, Rejection> {
    let scope = format!("elsewhere:{}:{}", from.node, at.date().compact());
    let serial = facts.next_serial(&scope);
    if serial > NEW_A_DAY_MAX {
        return Err(Rejection::new(
            codes::UNIFORM_TOO_MANY,
            format!("{} reported {NEW_A_DAY_MAX} new cases today, and no more are taken", from.division),
            format!("{} 今日告知的新办件已达 {NEW_A_DAY_MAX} 件，不再接收", from.division),
        )
        .field("division", from.division)
        .remedy(
            "the next report of the case, of its end for one, says all",
            "该办件此后的告知（如办结）将载明全部内容",
        ));
    }
    Ok(Event::Serial(scope, serial))
}

/// The version of this node's item under which another authority may have taken the case: published for it, and agreed upon with it on that day.
fn agreed_upon(facts: &dyn Facts, from: Place, word: &UniformWord) -> Result<ItemPin, Rejection> {
    let item = facts.item(&word.item).ok_or_else(|| {
        Rejection::new(codes::ITEM_UNKNOWN, "this node has no such item", "本节点没有该事项")
            .field("item", &word.item)
            .remedy("look at the items: tongban item list", "核对事项：tongban item list")
    })?;
    #[cfg(feature = "deliberate-bugs")]
    if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::AgreementUnread) {
        return Ok(ItemPin::of(&item));
    }
    accord(facts, &item, (from.division, Mode::Uniform), Some(&word.agreement), word.collected_on)?;
    let walk = Crosswalk::gather(facts);
    let decider = (from.division, word.department_code.as_str());
    agreed(&walk, &item, decider, Some(&word.agreement), word.collected_on)
        .ok_or_else(|| no_party(&item.code, &word.department, &word.department_code))?;
    let is_published = |item: &ServiceItem| item.modes.contains(&Mode::Uniform) && walk.covers(item, from.division);
    let stood = stood(facts, &item, word.version, word.collected_on);
    let version = facts.item_version(&item.code, word.version).filter(|version| stood && is_published(version));
    let version = version.ok_or_else(|| {
        let (number, division, day) = (word.version, from.division, word.collected_on);
        Rejection::new(
            codes::SCOPE_MISSING,
            format!("version {number} of the item published no scope for {division} in the mode uniform on {day}"),
            format!("该事项第 {number} 版在 {day} 未对 {division} 公布“{}”", Mode::Uniform.zh()),
        )
        .field("item", &item.code)
        .remedy("compare the item at both nodes: tongban item show", "核对两地事项：tongban item show")
    })?;
    if version.core.digest() != word.core {
        return Err(differs(
            &item.code,
            "the case was taken under another core than the item's".to_owned(),
            "办件所依事项与本机关事项不一致（四同）".to_owned(),
        ));
    }
    Ok(ItemPin::of(&version))
}

/// Whether a version of an item was in force on a day, or is the one before that, which a hall may have had cached; an item that had ended or
/// was suspended before that day wasn't.
fn stood(facts: &dyn Facts, item: &ServiceItem, version: u32, day: Date) -> bool {
    let changed = |version: &ServiceItem| version.editing.at.map(Timestamp::date);
    // As far as it is known: one that an earlier release touched while it was in force counts from then.
    let begun = |version: &ServiceItem| [version.effective, changed(version)].into_iter().flatten().max();
    let was_to_begin = |version: ServiceItem| version.effective.is_none_or(|from| from <= day);
    let after_next = (version.saturating_add(2)..=item.version).find_map(|next| facts.item_version(&item.code, next));
    let replaced = after_next.is_some_and(|next| begun(&next).is_some_and(|from| from <= day));
    let stopped = matches!(item.state, ItemState::Withdrawn | ItemState::Suspended);
    let ended = item.cancel.is_some_and(|last| last < day) || stopped && changed(item).is_some_and(|on| on < day);
    version <= item.version && facts.item_version(&item.code, version).is_some_and(was_to_begin) && !replaced && !ended
}

fn contradicts(field: &'static str, value: impl ToString, en: &str, zh: &str) -> Rejection {
    // What travels back is the text alone.
    Rejection::new(codes::INVALID_FIELD, format!("{field}: {en}"), format!("{field}：{zh}"))
        .field(field, value)
        .remedy("compare the case at both halls", "核对两地的办件记录")
}

/// Refuses what no report says: a number or a text beyond what any authority makes, and what can't be seen.
fn bounded(word: &UniformWord) -> Result<(), Rejection> {
    let texts = [
        ("item", Some(&word.item)),
        ("agreement", Some(&word.agreement)),
        ("department", Some(&word.department)),
        ("department_code", Some(&word.department_code)),
        ("by_item", Some(&word.by_item)),
        ("case_no", word.case_no.as_ref()),
        ("applicant", Some(&word.applicant)),
        ("number_end", Some(&word.number_end)),
    ];
    let is_odd = |text: &String| text.chars().count() > TEXT_CHARS_MAX || text.chars().any(is_unseen);
    let odd_text = texts.into_iter().find(|(_, text)| text.is_some_and(is_odd)).map(|(field, _)| field);
    let is_licence = |word: &LicenceWord| word.licence.parse::<LicenceId>().is_ok();
    let odd_licences = word.licences.len() > LICENCES_MAX || !word.licences.iter().all(is_licence);
    let odd = odd_text
        .or_else(|| odd_licences.then_some("licences"))
        .or_else(|| (!(1..=ACTS_MAX).contains(&word.act)).then_some("act"));
    match odd {
        Some(field) => {
            let (en, zh) = ("the report says what no report says", "告知内容超出应告知的范围或有误");
            Err(contradicts(field, "***", en, zh))
        }
        None => Ok(()),
    }
}

/// Refuses a report that contradicts itself: days in no order, or such as are to come; an ending that nothing led to.
fn consistent(word: &UniformWord, at: Timestamp) -> Result<(), Rejection> {
    // Clocks of two nodes may be apart around midnight.
    let last = at.date().next_day();
    let is_possible = |day: Date| word.collected_on <= day && day <= last;
    let accepted = word.accepted_on.is_some();
    // A renewal that was deemed granted is of the licence's last day, after which the case may have been accepted (行政许可法 50).
    let in_order = word.ending == Some(UniformEnding::Granted)
        || word.ended_on.is_none_or(|ended| word.accepted_on.is_none_or(|accepted| accepted <= ended));
    let follows = match word.ending {
        None => accepted,
        Some(ending) if ending.is_decision() => accepted,
        Some(UniformEnding::Withdrawn) => true,
        Some(_) => !accepted,
    };
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let checks = [
        ("collected_on", word.collected_on.to_string(), word.collected_on <= last),
        ("at", word.at.date().to_string(), is_possible(word.at.date())),
        ("accepted_on", day(word.accepted_on), word.accepted_on.is_none_or(is_possible)),
        ("ended_on", day(word.ended_on), word.ended_on.is_none_or(is_possible) && in_order),
        ("case_no", word.case_no.clone().unwrap_or_default(), accepted == word.case_no.is_some()),
        ("ending", day(word.ended_on), word.ending.is_some() == word.ended_on.is_some() && follows),
        (
            "licences",
            word.licences.len().to_string(),
            word.licences.is_empty() || word.ending == Some(UniformEnding::Granted),
        ),
    ];
    match checks.into_iter().find(|(.., holds)| !holds) {
        Some((field, value, _)) => {
            let (en, zh) = ("no case stands like this", "与其他日期、编号或结果相互矛盾");
            Err(contradicts(field, value, en, zh))
        }
        None => Ok(()),
    }
}

/// Refuses a word that contradicts another of the same case: what was said once of acceptance and end stays said, whichever of the two is the later.
fn follows(known: &UniformWord, word: &UniformWord) -> Result<(), Rejection> {
    let (early, late) = if word.act < known.act { (word, known) } else { (known, word) };
    let stays = |early: Option<Date>, late: Option<Date>| early.is_none() || early == late;
    let checks = [
        ("item", (&early.item, early.version, early.core) == (&late.item, late.version, late.core)),
        ("agreement", (&early.agreement, &early.department_code) == (&late.agreement, &late.department_code)),
        ("collected_on", early.collected_on == late.collected_on),
        ("accepted_on", stays(early.accepted_on, late.accepted_on)),
        ("ended_on", stays(early.ended_on, late.ended_on)),
        ("case_no", early.case_no.is_none() || early.case_no == late.case_no),
        ("ending", early.ending.is_none() || early.ending == late.ending),
        ("act", early.act != late.act || early == late),
    ];
    match checks.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => {
            let (en, zh) = ("the report contradicts what was reported before", "告知与此前告知的内容相互矛盾");
            Err(contradicts(field, word.act, en, zh))
        }
        None => Ok(()),
    }
}
