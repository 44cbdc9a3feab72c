//! Finding: candidates by their terms, then the best of them by how well they answer, at their places.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_storage::{Family, Read, StorageError};

use crate::entry::{Card, Kind, Place};
use crate::index::{self, row, under};
use crate::layout::{self, FIELD_DIVISION, FIELD_INITIALS, FIELD_KIND, FIELD_SOUND, FIELD_TEXT, FIELD_TYPE};
use crate::posting::{self, IN_DEPARTMENT, IN_KEYWORDS, IN_NAME};
use crate::question::{Question, Slot};
use crate::rank::{self, f32_of};
use crate::sound;
use crate::text;
use crate::words::Words;

/// Cards that are looked at closely for one question.
const CANDIDATES: usize = 400;
/// Codes that are taken up for one question.
const CODES: usize = 200;
/// Codes that are looked at for one question, whatever of them is asked for.
const CODES_LOOKED_AT: usize = 20_000;
/// Hits in one answer at most.
const HITS_MAX: usize = 100;
/// Scores below this are no answer.
const SCORE_MIN: f32 = 0.2;
/// How much of a sign by itself counts beside a pair.
const ALONE: f32 = 0.25;
/// A sign that is less rare tells nothing by itself, unless so few cards have it that it costs nothing to look.
const RARITY_ALONE: f32 = 1.5;
const LIST_SHORT: usize = 1000;
/// How much of a pair of sounds counts beside a pair of signs.
const SOUNDED: f32 = 0.4;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// The words, a code, initials or pinyin.
    pub text: &'a str,
    /// Where the question is asked: of places that offer the same, the nearest is shown.
    pub here: DivisionCode,
    /// Only what is offered in this division or below it.
    pub within: Option<DivisionCode>,
    /// Only what this department offers, by its name or a part of it.
    pub department: Option<&'a str>,
    /// Only this type of item.
    pub item_type: Option<&'a str>,
    /// Only this catalogue.
    pub kind: Option<Kind>,
    /// Hits at most.
    pub limit: usize,
}

impl<'a> Query<'a> {
    /// A question asked in a division about everything that is known there.
    #[must_use]
    pub fn new(text: &'a str, here: DivisionCode) -> Self {
        Self { text, here, within: None, department: None, item_type: None, kind: None, limit: 10 }
    }
}

/// An item that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which catalogue.
    pub kind: Kind,
    /// Code.
    pub code: String,
    /// Division that offers it, the nearest of several.
    pub division: DivisionCode,
    /// Name.
    pub name: String,
    /// Main item; empty for none.
    pub main_item: String,
    /// Item type.
    pub item_type: String,
    /// Department, as the division names it.
    pub department: String,
    /// Base code.
    pub base_code: Option<String>,
    /// Digest of the core.
    pub core: Digest,
    /// The node that states it.
    pub origin: NodeId,
    /// When that node stated it; `None` as in [`crate::Entry`].
    pub as_of: Option<Timestamp>,
    /// How many items like it are known within what was asked, this one included.
    pub places: usize,
    /// How often it was used, over all places.
    pub uses: u32,
    /// How well it answers: 2 and more for a code, up to about 1.2 for words.
    pub score: f32,
}

/// The best answers to a question, best first.
///
/// What is offered in several places with the same core, main item and department is one hit, at the nearest place.
///
/// # Errors
///
/// When the index can't be read.
pub fn search(read: &dyn Read, query: &Query<'_>) -> Result<Vec<Hit>, StorageError> {
    let Some(head) = index::head(read)? else { return Ok(Vec::new()) };
    let question = Question::read(query.text);
    let department = query.department.map(|wanted| text::letters(wanted).into_iter().collect());
    let mut search = Search { read, query, question: &question, department, hits: Vec::new() };
    if let Some(code) = &question.code {
        search.by_code(code)?;
    }
    if search.hits.is_empty() {
        for (score, number, card) in search.ranked(head.next_card, head.cards)? {
            if search.hits.len() >= query.limit.min(HITS_MAX) {
                break;
            }
            search.offer(score, number, card, None)?;
        }
    }
    let mut hits = search.hits;
    hits.truncate(query.limit.min(HITS_MAX));
    Ok(hits)
}

/// A rough score and the card that it is of.
type Rough = (f32, u32);

struct Search<'a> {
    read: &'a dyn Read,
    query: &'a Query<'a>,
    question: &'a Question,
    /// The letters of the department that is asked for.
    department: Option<String>,
    hits: Vec<Hit>,
}

impl Search<'_> {
    /// Whole codes first, then what a base or short code stands for, then what begins so.
    fn by_code(&mut self, code: &str) -> Result<(), StorageError> {
        for number in index::cards_of(self.read, code)? {
            if let Some(card) = self.admitted(number)? {
                self.offer(3.0, number, card, None)?;
            }
        }
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let mut fault = Ok(());
        under(self.read, Family::Rows, &layout::places_of_code(code), &mut |key, value| {
            looked_at += 1;
            if let (Some((code, division, kind)), Ok(row)) = (layout::read_place(key), minicbor::decode::<Place>(value))
                && self.is_asked(division, kind)
            {
                match self.admitted(row.card) {
                    Ok(Some(card)) => found.push(((code, division, kind), row.card, card)),
                    Ok(None) => {}
                    Err(error) => fault = Err(error),
                }
            }
            let goes_on = fault.is_ok() && found.len() < CODES && looked_at < CODES_LOOKED_AT;
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        fault?;
        let mut cards = Vec::new();
        if found.len() < CODES {
            // The beginning of a short code whose whole codes begin otherwise.
            let (mut looked_at, mut fault) = (0, Ok(()));
            under(self.read, Family::Index, &layout::cards_of_code(code), &mut |key, _| {
                looked_at += 1;
                if let Some(number) = layout::last_number(key) {
                    match self.admitted(number) {
                        Ok(Some(card)) => cards.push((number, card)),
                        Ok(None) => {}
                        Err(error) => fault = Err(error),
                    }
                }
                let goes_on = fault.is_ok() && cards.len() < CODES && looked_at < CODES_LOOKED_AT;
                if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            fault?;
        }
        for ((whole, division, kind), number, card) in found {
            if self.hits.len() >= self.query.limit {
                break;
            }
            let score = if whole == code { 4.0 } else { 2.0 };
            self.offer(score, number, card, Some((division, kind, whole)))?;
        }
        for (number, card) in cards {
            if self.hits.len() >= self.query.limit {
                break;
            }
            self.offer(2.0, number, card, None)?;
        }
        self.hits.sort_by(|left, right| right.score.total_cmp(&left.score));
        Ok(())
    }

    /// A card, if it is of the type and the department that are asked for.
    fn admitted(&self, number: u32) -> Result<Option<Card>, StorageError> {
        let card: Option<Card> = row(self.read, Family::Rows, &layout::card(number))?;
        Ok(card.filter(|card| {
            self.query.item_type.is_none_or(|wanted| wanted == card.item_type)
                && self.department.as_ref().is_none_or(|wanted| {
                    let held: String = text::letters(&card.department).into_iter().collect();
                    held.contains(wanted) || wanted.contains(&held)
                })
        }))
    }

    /// Tells whether what is offered in a division, of a catalogue, is asked for.
    fn is_asked(&self, division: DivisionCode, kind: Kind) -> bool {
        self.query.within.is_none_or(|within| division.is_within(within))
            && self.query.kind.is_none_or(|wanted| wanted == kind)
    }

    fn uses(&self, number: u32) -> Result<u32, StorageError> {
        let key = match self.query.within.filter(|within| *within == self.query.here) {
            Some(here) => layout::uses_there(number, here),
            None => layout::uses(number),
        };
        Ok(row(self.read, Family::Index, &key)?.unwrap_or(0))
    }

    /// Cards by how well they answer.
    fn ranked(&self, numbers: u32, cards: u32) -> Result<Vec<(f32, u32, Card)>, StorageError> {
        let (mut rough, rarities) = self.candidates(numbers, cards)?;
        let best_first = |left: &Rough, right: &Rough| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1));
        if self.department.is_some() {
            // Departments stand in the cards alone: as many are looked at as it takes.
            rough.sort_unstable_by(best_first);
        } else if rough.len() > CANDIDATES {
            rough.select_nth_unstable_by(CANDIDATES, best_first);
            rough.truncate(CANDIDATES);
        }
        let (mut ranked, mut close) = (Vec::new(), 0);
        for (_, number) in rough {
            if close >= CANDIDATES {
                break;
            }
            let Some(card) = self.admitted(number)? else { continue };
            close += 1;
            let score = rank::score(self.question, &rarities, &card, self.uses(number)?);
            if score >= SCORE_MIN {
                ranked.push((score, number, card));
            }
        }
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.2.name.cmp(&right.2.name)));
        Ok(ranked)
    }

    /// Cards that share terms with the question, with a rough score, within what is asked; and how rare what is asked is, one a slot.
    fn candidates(&self, numbers: u32, cards: u32) -> Result<(Vec<Rough>, Vec<f32>), StorageError> {
        let size = numbers as usize;
        let mut total = vec![0.0_f32; size];
        let mut terms = Terms { read: self.read, cards, lists: BTreeMap::new() };
        let mut sums = Sums { of: vec![0.0; size], touched: Vec::new() };
        let mut rarities = Vec::with_capacity(self.question.slots.len());
        for slot in &self.question.slots {
            let mut best = vec![0.0_f32; size];
            match slot {
                Slot::Text { literal, others } => {
                    rarities.push(terms.add_text(literal, 1.0, true, &mut sums, &mut best)?);
                    for (other, how_well) in others {
                        terms.add_text(other, *how_well, false, &mut sums, &mut best)?;
                    }
                }
                Slot::Sound { letters, cut, others } => {
                    rarities.push(terms.add_sound(letters, cut.as_deref(), &mut sums, &mut best)?);
                    for (other, how_well) in others {
                        terms.add_text(other, *how_well, false, &mut sums, &mut best)?;
                    }
                }
            }
            for (sum, best) in total.iter_mut().zip(best) {
                *sum += best;
            }
        }
        let mut acts = vec![0.0_f32; size];
        let words = Words::embedded();
        for act in &self.question.acts {
            for word in words.of_act(act) {
                terms.add_text(word, 0.5, false, &mut sums, &mut acts)?;
            }
        }
        for (sum, act) in total.iter_mut().zip(acts) {
            *sum += act;
        }
        let asked = [
            (FIELD_DIVISION, self.query.within.map(layout::region)),
            (FIELD_KIND, self.query.kind.map(|kind| kind.name().to_owned())),
            (FIELD_TYPE, self.query.item_type.map(str::to_owned)),
        ];
        for (field, term) in asked {
            let Some(term) = term else { continue };
            let mut is_asked = vec![false; size];
            for (card, _) in posting::read(self.read, field, &term, false)? {
                if let Some(at) = is_asked.get_mut(card as usize) {
                    *at = true;
                }
            }
            for (sum, is_asked) in total.iter_mut().zip(is_asked) {
                if !is_asked {
                    *sum = 0.0;
                }
            }
        }
        let found = (0..).zip(total).filter(|(_, sum)| *sum > 0.0).map(|(number, sum)| (sum, number)).collect();
        Ok((found, rarities))
    }

    /// Takes a card in, at the nearest place where it is offered, or at the one given.
    fn offer(
        &mut self,
        score: f32,
        number: u32,
        card: Card,
        at: Option<(DivisionCode, Kind, String)>,
    ) -> Result<(), StorageError> {
        if self
            .hits
            .iter()
            .any(|hit| at.as_ref().is_some_and(|(division, _, code)| hit.code == *code && hit.division == *division))
        {
            return Ok(());
        }
        let mut places = 0;
        let mut nearest: Option<(u64, DivisionCode, Kind, String)> = None;
        under(self.read, Family::Index, &layout::offers(number), &mut |key, _| {
            let Some((division, kind, code)) = layout::read_offered(key) else { return ControlFlow::Continue(()) };
            if self.is_asked(division, kind) {
                places += 1;
                let distance = distance(self.query.here, division);
                if nearest.as_ref().is_none_or(|(least, ..)| distance < *least) {
                    nearest = Some((distance, division, kind, code));
                }
            }
            ControlFlow::Continue(())
        })?;
        let Some((_, division, kind, code)) = nearest else { return Ok(()) };
        let (division, kind, code) = match at {
            None => (division, kind, code),
            Some(at) if self.is_asked(at.0, at.1) => at,
            Some(_) => return Ok(()),
        };
        if self.hits.iter().any(|hit| hit.code == code && hit.division == division) {
            return Ok(());
        }
        let Some(place): Option<Place> = row(self.read, Family::Rows, &layout::place(&code, division, kind))? else {
            return Ok(());
        };
        self.hits.push(Hit {
            kind,
            code,
            division,
            name: card.name,
            main_item: card.main_item,
            item_type: card.item_type,
            department: place.department,
            base_code: card.base_code,
            core: card.core,
            origin: place.origin,
            as_of: place.as_of,
            places,
            uses: self.uses(number)?,
            score,
        });
        Ok(())
    }
}

/// How far a division is: here, above from near to far, below, then by how much of the digits is the same.
fn distance(here: DivisionCode, there: DivisionCode) -> u64 {
    if here == there {
        return 0;
    }
    let mut above = here.superior();
    let mut steps = 1;
    while let Some(division) = above {
        if division == there {
            return steps;
        }
        above = division.superior();
        steps += 1;
    }
    if there.is_within(here) { 10 } else { 20 + here.number().abs_diff(there.number()) }
}

/// A card in a list, and where in it the term stands.
type Posted = (u32, u8);

/// Lists of terms, each read once.
struct Terms<'a> {
    read: &'a dyn Read,
    cards: u32,
    lists: BTreeMap<(u8, String), Vec<Posted>>,
}

impl Terms<'_> {
    fn list(&mut self, field: u8, term: String, prefix: bool) -> Result<(&[Posted], f32), StorageError> {
        let key = (field, term);
        if !self.lists.contains_key(&key) {
            let list = posting::read(self.read, field, &key.1, prefix)?;
            self.lists.insert(key.clone(), list);
        }
        let list = self.lists.get(&key).map_or(&[][..], Vec::as_slice);
        let holds = f32_of(u32::try_from(list.len()).unwrap_or(u32::MAX));
        let rarity = (1.0 + (f32_of(self.cards) - holds + 0.5).max(0.5) / (holds + 0.5)).ln();
        Ok((list, rarity))
    }

    /// What share of a text's terms stands in each card, weighed by how rare they are; the better of this and what is there stays.
    fn add_text(
        &mut self,
        text: &[char],
        counts: f32,
        loosely: bool,
        sums: &mut Sums,
        best: &mut [f32],
    ) -> Result<f32, StorageError> {
        let mut whole = 0.0;
        let mut add = |list: &[Posted], weight: f32| {
            for (card, marks) in list {
                let field = if marks & IN_NAME != 0 {
                    1.0
                } else if marks & IN_KEYWORDS != 0 {
                    0.9
                } else if marks & IN_DEPARTMENT != 0 {
                    0.7
                } else {
                    0.5
                };
                sums.add(*card, weight * field);
            }
        };
        for pair in text.windows(2.min(text.len().max(1))) {
            let (list, rarity) = self.list(FIELD_TEXT, pair.iter().collect(), false)?;
            whole += rarity;
            add(list, rarity);
        }
        if loosely && text.len() > 1 {
            for sign in text {
                let (list, rarity) = self.list(FIELD_TEXT, sign.to_string(), false)?;
                if rarity >= RARITY_ALONE || list.len() < LIST_SHORT {
                    add(list, ALONE * rarity);
                }
            }
            for pair in sound::syllables(Words::embedded(), text).windows(2) {
                let (list, rarity) = self.list(FIELD_SOUND, pair.join(" "), false)?;
                add(list, SOUNDED * rarity);
            }
        }
        sums.take_better(whole, counts, best);
        Ok(whole / f32_of(u32::try_from(text.len().saturating_sub(1).max(1)).unwrap_or(1)))
    }

    fn add_sound(
        &mut self,
        letters: &str,
        cut: Option<&[String]>,
        sums: &mut Sums,
        best: &mut [f32],
    ) -> Result<f32, StorageError> {
        let mut whole = 0.0;
        let initials: Vec<char> = letters.chars().collect();
        for three in initials.windows(3.min(initials.len())) {
            let (list, rarity) = self.list(FIELD_INITIALS, three.iter().collect(), three.len() < 3)?;
            whole += rarity;
            for (card, _) in list {
                sums.add(*card, rarity);
            }
        }
        sums.take_better(whole, 1.0, best);
        let rarity = whole / f32_of(u32::try_from(letters.len().saturating_sub(2).max(1)).unwrap_or(1));
        let Some(cut) = cut else { return Ok(rarity) };
        let mut whole = 0.0;
        for (place, pair) in cut.windows(2.min(cut.len())).enumerate() {
            // The last syllable may be a beginning, one alone is followed by anything.
            let is_last = place + 2 >= cut.len();
            let (list, rarity) = self.list(FIELD_SOUND, pair.join(" "), is_last)?;
            whole += rarity;
            for (card, _) in list {
                sums.add(*card, rarity);
            }
        }
        sums.take_better(whole, 1.0, best);
        Ok(rarity)
    }
}

/// Sums by card, used again and again.
struct Sums {
    of: Vec<f32>,
    touched: Vec<u32>,
}

impl Sums {
    fn add(&mut self, card: u32, weight: f32) {
        if let Some(sum) = self.of.get_mut(card as usize) {
            if *sum <= 0.0 {
                self.touched.push(card);
            }
            *sum += weight;
        }
    }

    /// Raises what is there to the share of `whole` that each card has, and begins anew.
    fn take_better(&mut self, whole: f32, counts: f32, best: &mut [f32]) {
        for card in self.touched.drain(..) {
            let sum = std::mem::take(&mut self.of[card as usize]);
            if let Some(best) = best.get_mut(card as usize) {
                *best = best.max(counts * sum / whole.max(f32::EPSILON));
            }
        }
    }
}
