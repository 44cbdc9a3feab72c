//! Finding: candidates by their terms, then the best of them by how well they answer, at their places.

mod members;

use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_storage::{Family, Read, StorageError};

use crate::bundle::{Bundle, Share};
use crate::candidates::{self, Rough};
use crate::entry::{Card, Kind, Place};
use crate::index::{self, row, under};
use crate::layout::{self, Head};
use crate::question::Question;
use crate::rank::{self, Scale};
use crate::text;

/// Cards that are looked at closely for one question.
const CANDIDATES: usize = 400;
/// Cards of these that are looked at, however little they share with the question.
const CANDIDATES_SURE: usize = 180;
/// What share of the best rough score those behind them must have. None of the ten best of the committed questions, in the indexes that are measured,
/// lies further down.
const NEAR: f32 = 0.35;
/// Codes that are taken up for one question.
const CODES: usize = 200;
/// Codes that are looked at for one question, whatever of them is asked for.
const CODES_LOOKED_AT: usize = 20_000;
/// Cards that are looked at for one question about a department, however few of them are its own.
const CARDS_LOOKED_AT: usize = 20_000;
/// Hits in one answer at most.
const HITS_MAX: usize = 100;
/// Scores below this are no answer.
const SCORE_MIN: f32 = 0.2;

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
    /// Topics and life events whose names answer the question: their items are hits, too, on half of the places while there are others.
    pub bundles: &'a [Bundle],
    /// Hits at most.
    pub limit: usize,
}

impl<'a> Query<'a> {
    /// A question asked in a division about everything that is known there.
    #[must_use]
    pub fn new(text: &'a str, here: DivisionCode) -> Self {
        Self { text, here, within: None, department: None, item_type: None, kind: None, bundles: &[], limit: 10 }
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
    /// The bundle of the question that it belongs to, by its place there; the first of several.
    pub bundle: Option<usize>,
}

/// What answers a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The best answers, best first.
    pub hits: Vec<Hit>,
    /// How much of each bundle is among them; nothing of any where a code is found.
    pub shares: Vec<Share>,
}

/// The best answers to a question, best first.
///
/// What is offered in several places with the same core, main item and department is one hit, at the nearest place; an item that a bundle names by
/// its whole code is a hit of its own.
///
/// # Errors
///
/// When the index can't be read.
pub fn search(read: &dyn Read, query: &Query<'_>) -> Result<Vec<Hit>, StorageError> {
    Ok(answer(read, query)?.hits)
}

/// As [`search`], with how much of each bundle is among the answers.
///
/// # Errors
///
/// When the index can't be read.
pub fn answer(read: &dyn Read, query: &Query<'_>) -> Result<Answer, StorageError> {
    let mut shares = vec![Share::default(); query.bundles.len()];
    let Some(head) = index::head(read)? else { return Ok(Answer { hits: Vec::new(), shares }) };
    let question = Question::read(query.text);
    let department = query.department.map(|wanted| text::letters(wanted).into_iter().collect());
    let mut search = Search { read, query, question: &question, department, hits: Vec::new() };
    if let Some(code) = &question.code {
        search.by_code(code)?;
    }
    if search.hits.is_empty() {
        search.by_words(&head)?;
        shares = search.by_bundles()?;
    }
    let mut hits = search.hits;
    hits.truncate(query.limit.min(HITS_MAX));
    Ok(Answer { hits, shares })
}

/// Where a card is offered, in which catalogue and under which code.
type Offered = (DivisionCode, Kind, String);

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
        for (kind, division) in index::places(self.read, code)? {
            if self.hits.len() >= self.query.limit {
                return Ok(());
            }
            let key = layout::place(code, division, kind);
            let Some(place): Option<Place> = row(self.read, Family::Rows, &key)? else { continue };
            if let Some(card) = self.admitted(place.card)? {
                self.offer(4.0, place.card, card, Some((division, kind, code.to_owned())))?;
            }
        }
        for number in index::cards_of(self.read, code)? {
            if self.hits.len() >= self.query.limit {
                return Ok(());
            }
            if let Some(card) = self.admitted(number)? {
                self.offer(3.0, number, card, None)?;
            }
        }
        let (mut found, mut looked_at) = (Vec::new(), 0);
        // The places of one card are many.
        let mut left_out = BTreeSet::new();
        let mut fault = Ok(());
        under(self.read, Family::Rows, &layout::places_of_code(code), &mut |key, value| {
            looked_at += 1;
            if let (Some((code, division, kind)), Ok(row)) = (layout::read_place(key), minicbor::decode::<Place>(value))
                && self.is_asked(division, kind)
                && !left_out.contains(&row.card)
            {
                match self.admitted(row.card) {
                    Ok(Some(card)) => found.push(((code, division, kind), row.card, card)),
                    Ok(None) => {
                        left_out.insert(row.card);
                    }
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
            self.offer(2.0, number, card, Some((division, kind, whole)))?;
        }
        for (number, card) in cards {
            if self.hits.len() >= self.query.limit {
                break;
            }
            self.offer(2.0, number, card, None)?;
        }
        Ok(())
    }

    /// A card, if it is of the type and the department that are asked for.
    fn admitted(&self, number: u32) -> Result<Option<Card>, StorageError> {
        let card: Option<Card> = row(self.read, Family::Rows, &layout::card(number))?;
        Ok(card.filter(|card| {
            self.query.item_type.is_none_or(|wanted| wanted == card.item_type)
                && self.department.as_ref().is_none_or(|wanted| {
                    let held: String = text::letters(&card.department).into_iter().collect();
                    !held.is_empty() && (held.contains(wanted) || wanted.contains(&held))
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

    /// Takes in the cards that answer best.
    fn by_words(&mut self, head: &Head) -> Result<(), StorageError> {
        let limit = self.query.limit.min(HITS_MAX);
        let (rough, rarities) = candidates::find(self.read, self.query, self.question, head)?;
        let mut scored = self.scored(rough, &Scale::of(self.question, &rarities))?;
        while self.hits.len() < limit && !scored.is_empty() {
            // Use can't lift a card among those that are needed when it lies further below.
            let needed = (limit - self.hits.len()).min(scored.len());
            let least = scored[needed - 1].0;
            let near = scored.partition_point(|(score, ..)| score * rank::USED_MOST >= least);
            let mut best = Vec::with_capacity(near);
            for (score, number, card) in scored.drain(..near) {
                let score = rank::used(score, self.uses(number)?);
                if score >= SCORE_MIN {
                    best.push((score, number, card));
                }
            }
            best.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.2.name.cmp(&right.2.name)));
            for (score, number, card) in best {
                if self.hits.len() >= limit {
                    break;
                }
                self.offer(score, number, card, None)?;
            }
        }
        Ok(())
    }

    /// Of cards that share something with the question those that answer it, best first, before anything is known of their use.
    fn scored(&self, mut rough: Vec<Rough>, scale: &Scale<'_>) -> Result<Vec<(f32, u32, Card)>, StorageError> {
        let best_first = |left: &Rough, right: &Rough| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1));
        if self.department.is_some() {
            // Departments stand in the cards alone: as many are looked at as it takes, within a bound.
            if rough.len() > CARDS_LOOKED_AT {
                rough.select_nth_unstable_by(CARDS_LOOKED_AT, best_first);
                rough.truncate(CARDS_LOOKED_AT);
            }
            rough.sort_unstable_by(best_first);
        } else {
            if rough.len() > CANDIDATES {
                rough.select_nth_unstable_by(CANDIDATES, best_first);
                rough.truncate(CANDIDATES);
            }
            // What shares far less than the best is looked at among the first alone.
            rough.sort_unstable_by(best_first);
            let least = rough.first().map_or(0.0, |(best, _)| best * NEAR);
            rough.truncate(rough.partition_point(|(score, _)| *score >= least).max(CANDIDATES_SURE));
            // Cards that lie side by side are read together.
            rough.sort_unstable_by_key(|(_, number)| *number);
        }
        let (mut scored, mut close) = (Vec::new(), 0);
        for (_, number) in rough {
            if close >= CANDIDATES {
                break;
            }
            let Some(card) = self.admitted(number)? else { continue };
            close += 1;
            let score = scale.score(&card);
            if score * rank::USED_MOST >= SCORE_MIN {
                scored.push((score, number, card));
            }
        }
        scored.sort_by(|left, right| right.0.total_cmp(&left.0));
        Ok(scored)
    }

    /// How many entries a card has within what is asked.
    fn places(&self, number: u32) -> Result<usize, StorageError> {
        let region = self.query.within.map(layout::region).unwrap_or_default();
        let mut places = 0;
        if region.len() <= layout::COUNTED_DIGITS {
            for kind in
                [Kind::Item, Kind::Base].into_iter().filter(|kind| self.query.kind.is_none_or(|one| one == *kind))
            {
                let key = layout::count(number, kind, &region);
                places += row::<u32>(self.read, Family::Index, &key)?.unwrap_or(0) as usize;
            }
            return Ok(places);
        }
        self.offers(number, layout::numbers(&region), false, &mut |_| {
            places += 1;
            ControlFlow::Continue(())
        })?;
        Ok(places)
    }

    /// Visits entries of a card of the kind that is asked for, in divisions of these numbers.
    fn offers(
        &self,
        number: u32,
        (from, to): (u64, u64),
        backwards: bool,
        visit: &mut dyn FnMut(Offered) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let (from, to) = (layout::offers_from(number, from), layout::offers_from(number, to));
        let bounds = (Bound::Included(&from[..]), Bound::Excluded(&to[..]));
        self.read.scan(Family::Index, bounds.0, bounds.1, backwards, &mut |key, _| match layout::read_offered(key) {
            Some(offered) if self.query.kind.is_none_or(|wanted| wanted == offered.1) => visit(offered),
            _ => ControlFlow::Continue(()),
        })
    }

    /// The nearest entry of a card: here, above from near to far, below, then by how much of the digits is the same. Entries lie in the order of
    /// divisions, so that each of these is sought and the others aren't read.
    fn nearest(&self, number: u32) -> Result<Option<Offered>, StorageError> {
        let here = self.query.here;
        let region = self.query.within.map(layout::region).unwrap_or_default();
        let (least, end) = layout::numbers(&region);
        let first = |(from, to): (u64, u64), backwards: bool| {
            let (from, to) = (from.max(least), to.min(end));
            let mut found = None;
            if from < to {
                self.offers(number, (from, to), backwards, &mut |offered| {
                    found = Some(offered);
                    ControlFlow::Break(())
                })?;
            }
            Ok(found)
        };
        let (from, to) = layout::numbers(&layout::region(here));
        let inside = first((from, to), false)?;
        if inside.as_ref().is_some_and(|(division, ..)| *division == here) {
            return Ok(inside);
        }
        let mut above = here.superior();
        while let Some(division) = above {
            if let Some(found) = first((division.number(), division.number() + 1), false)? {
                return Ok(Some(found));
            }
            above = division.superior();
        }
        if inside.is_some() {
            return Ok(inside);
        }
        let before = match first((0, from), true)? {
            // In that division the first one counts, as everywhere.
            Some((division, ..)) => first((division.number(), division.number() + 1), false)?,
            None => None,
        };
        let distance = |offered: &Offered| here.number().abs_diff(offered.0.number());
        // Nothing behind is nearer than what lies before, unless it lies nearer than that.
        let behind_to = before.as_ref().map_or(u64::MAX, |before| here.number().saturating_add(distance(before)));
        Ok(first((to, behind_to), false)?.or(before))
    }

    /// Takes a card in, at the nearest place where it is offered, or at the one given.
    fn offer(&mut self, score: f32, number: u32, card: Card, at: Option<Offered>) -> Result<(), StorageError> {
        if self
            .hits
            .iter()
            .any(|hit| at.as_ref().is_some_and(|(division, _, code)| hit.code == *code && hit.division == *division))
        {
            return Ok(());
        }
        let at = match at {
            None => self.nearest(number)?,
            Some(at) => Some(at).filter(|at| self.is_asked(at.0, at.1)),
        };
        let Some((division, kind, code)) = at else { return Ok(()) };
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
            places: self.places(number)?,
            uses: self.uses(number)?,
            score,
            bundle: None,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
