//! What the authority in charge keeps of a case that another decided in its place, and what it believes of what it is told.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::{Date, Timestamp};

use super::competence::differs;
use super::word::{LicenceWord, UniformEnding, UniformWord};
use crate::case::{ItemPin, masked_name, number_end};
use crate::catalogue::{Crosswalk, Mode, ServiceItem, accord};
use crate::change::{Change, Event, Reply};
use crate::command::Origin;
use crate::facts::Place;
use crate::{Facts, Rejection, codes};

/// The longest text of a report, in characters: names, codes and numbers.
const TEXT_CHARS_MAX: usize = 200;
/// The most licences of one case that are believed.
const LICENCES_MAX: usize = 100;
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
    /// What was said last.
    #[n(3)]
    pub word: UniformWord,
    /// When it was heard of first.
    #[n(4)]
    pub heard_at: Timestamp,
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
/// `not-owner` where it isn't the node that has the case; `item-unknown`, `agreement-missing`, `agreement-lapsed`, `scope-missing` and
/// `uniform-core-differs` where the authority had agreed to nothing of the kind on the day of collection; `invalid-field` where the report contradicts
/// itself or what was reported before. Nothing is kept then.
pub(super) fn take(
    facts: &dyn Facts,
    origin: Origin,
    case: &CaseId,
    word: &UniformWord,
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
        .field("case", case));
    }
    bounded(word)?;
    consistent(word, at)?;
    let (place, item, heard_at) = match &known {
        Some(known) => {
            follows(&known.word, word)?;
            (known.place, known.item.clone(), known.heard_at)
        }
        None => (origin.place, agreed(facts, origin.place, word)?, at),
    };
    if known.as_ref().is_some_and(|known| word.act <= known.word.act) {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    // Whatever a node says of people, no more is kept than is to be said.
    let (applicant, number_end) = (masked_name(&word.applicant), number_end(&word.number_end));
    let steps = steps(known.as_ref(), word);
    let word = UniformWord { applicant, number_end, ..word.clone() };
    let row = HandledElsewhere { case: *case, place, item, word, heard_at };
    let events = steps.into_iter().map(|step| Event::HandledElsewhere(Box::new(row.clone()), step)).collect();
    Ok(Change::of(events, Reply::Known {}))
}

/// The version of this node's item under which another authority may have taken the case: published for it, and agreed upon on that day.
fn agreed(facts: &dyn Facts, from: Place, word: &UniformWord) -> Result<ItemPin, Rejection> {
    let item = facts.item(&word.item).ok_or_else(|| {
        Rejection::new(codes::ITEM_UNKNOWN, "this node has no such item", "本节点没有该事项").field("item", &word.item)
    })?;
    accord(facts, &item, (from.division, Mode::Uniform), Some(&word.agreement), word.collected_on)?;
    let walk = Crosswalk::gather(facts);
    let is_published = |item: &ServiceItem| item.modes.contains(&Mode::Uniform) && walk.covers(item, from.division);
    let version = facts.item_version(&item.code, word.version).filter(is_published);
    let version = version.ok_or_else(|| {
        Rejection::new(
            codes::SCOPE_MISSING,
            format!(
                "version {} of the item publishes no scope for {} in the mode uniform",
                word.version, from.division
            ),
            format!("该事项第 {} 版未对 {} 公布“{}”", word.version, from.division, Mode::Uniform.zh()),
        )
        .field("item", &item.code)
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

fn contradicts(field: &'static str, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh).field(field, "***")
}

/// Refuses what no report says: a number or a text beyond what any authority makes.
fn bounded(word: &UniformWord) -> Result<(), Rejection> {
    let texts = [&word.item, &word.agreement, &word.department, &word.department_code, &word.by_item, &word.applicant];
    let licences = word.licences.iter().map(|word: &LicenceWord| &word.licence);
    let is_long = |text: &String| text.chars().count() > TEXT_CHARS_MAX;
    let is_beyond = texts.into_iter().chain(licences).chain(&word.case_no).any(is_long)
        || is_long(&word.number_end)
        || word.licences.len() > LICENCES_MAX
        || !(1..=ACTS_MAX).contains(&word.act);
    if is_beyond {
        let (en, zh) = ("the report says more than there is to say", "告知内容超出应告知的范围");
        return Err(contradicts("word", en, zh));
    }
    Ok(())
}

/// Refuses a report that contradicts itself: days in no order, or such as are to come; an ending that nothing led to.
fn consistent(word: &UniformWord, at: Timestamp) -> Result<(), Rejection> {
    // Clocks of two nodes may be apart around midnight.
    let last = at.date().next_day();
    let days: Vec<Date> = [Some(word.collected_on), word.accepted_on, word.ended_on].into_iter().flatten().collect();
    let in_order = days.is_sorted() && days.iter().all(|day| *day <= last);
    let accepted = word.accepted_on.is_some();
    let follows = match word.ending {
        None => accepted,
        Some(ending) if ending.is_decision() => accepted,
        Some(UniformEnding::Withdrawn) => true,
        Some(_) => !accepted,
    };
    let is_whole = accepted == word.case_no.is_some() && word.ending.is_some() == word.ended_on.is_some();
    let licensed = word.licences.is_empty() || word.ending == Some(UniformEnding::Granted);
    if in_order && follows && is_whole && licensed {
        return Ok(());
    }
    let (en, zh) =
        ("no case stands like this: days, number and ending contradict each other", "日期、编号与结果相互矛盾");
    Err(contradicts("word", en, zh))
}

/// What two words of one case must say alike.
fn fixed(word: &UniformWord) -> (&str, u32, &str, Digest, Date) {
    (&word.item, word.version, &word.agreement, word.core, word.collected_on)
}

/// Refuses a word that contradicts another of the same case: what was said once of acceptance and end stays said, whichever of the two is the later.
fn follows(known: &UniformWord, word: &UniformWord) -> Result<(), Rejection> {
    let (early, late) = if word.act < known.act { (word, known) } else { (known, word) };
    let stays = |early: Option<Date>, late: Option<Date>| early.is_none() || early == late;
    let is_same = early.act != late.act || early == late;
    if fixed(early) == fixed(late)
        && stays(early.accepted_on, late.accepted_on)
        && stays(early.ended_on, late.ended_on)
        && (early.case_no.is_none() || early.case_no == late.case_no)
        && (early.ending.is_none() || early.ending == late.ending)
        && is_same
    {
        return Ok(());
    }
    let (en, zh) = ("the report contradicts what was reported before", "告知与此前告知的内容相互矛盾");
    Err(contradicts("word", en, zh))
}
