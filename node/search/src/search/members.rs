//! The items of bundles among the hits: those that are named, where they are named, and no more of them than leaves room for what answers by itself.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};

use tongban_codes::division::DivisionCode;
use tongban_storage::{Family, StorageError};

use super::{HITS_MAX, Offered, Search};
use crate::bundle::Share;
use crate::entry::{Card, Kind, Place};
use crate::index::{self, row};
use crate::layout;

/// Items of one bundle that are looked up.
const BUNDLED: usize = 100;
/// Items under the topics of one bundle that are looked through.
const UNDER_TOPICS: usize = 1_000;
/// Cards of one item of a bundle: departments name what a base code stands for in several ways.
const CARDS_OF_ONE: usize = 8;
/// How much of its score an item of a bundle leaves to the one after it, so that they stay in their order.
const NEXT_OF_BUNDLE: f32 = 0.995;

/// An item of a bundle that may be a hit.
struct Member {
    score: f32,
    /// The bundle that names it first.
    bundle: usize,
    number: u32,
    card: Card,
    at: Offered,
}

/// By what an item is known among hits.
type Known = (DivisionCode, String);

impl Search<'_> {
    /// Takes in the items of what answers by its name, in their order, among the others by how well the name answers. What is found by its
    /// own words as well keeps the better score, and the better half of an answer that its own words find stays whatever bundles there are.
    pub(super) fn by_bundles(&mut self) -> Result<Vec<Share>, StorageError> {
        let mut shares = vec![Share::default(); self.query.bundles.len()];
        if shares.is_empty() {
            return Ok(shares);
        }
        let limit = self.query.limit.min(HITS_MAX);
        let kept = self.hits.len().min(limit / 2);
        let found: BTreeMap<Known, usize> =
            self.hits.iter().enumerate().map(|(at, hit)| ((hit.division, hit.code.clone()), at)).collect();
        let mut named: Vec<BTreeSet<Known>> = Vec::with_capacity(shares.len());
        let mut others: BTreeMap<Known, Member> = BTreeMap::new();
        for which in 0..shares.len() {
            let mut of_it = BTreeSet::new();
            for member in self.members(which)? {
                let known = (member.at.0, member.at.2.clone());
                if let Some(hit) = found.get(&known).and_then(|at| self.hits.get_mut(*at)) {
                    hit.score = hit.score.max(member.score);
                    hit.bundle.get_or_insert(which);
                } else {
                    // The first of several names it; the best places it.
                    let score = member.score;
                    let member = others.entry(known.clone()).or_insert(member);
                    member.score = member.score.max(score);
                }
                of_it.insert(known);
            }
            named.push(of_it);
        }
        let mut others: Vec<Member> = others.into_values().collect();
        others.sort_by(|left, right| right.score.total_cmp(&left.score));
        for member in others.into_iter().take(limit - kept) {
            let hits = self.hits.len();
            self.offer(member.score, member.number, member.card, Some(member.at))?;
            if let Some(hit) = self.hits.get_mut(hits) {
                hit.bundle = Some(member.bundle);
            }
        }
        let best_first = |left: &super::Hit, right: &super::Hit| right.score.total_cmp(&left.score);
        let mut rest = self.hits.split_off(kept);
        rest.sort_by(best_first);
        rest.truncate(limit - kept);
        self.hits.append(&mut rest);
        self.hits.sort_by(best_first);
        for (share, of_it) in shares.iter_mut().zip(named) {
            share.items = of_it.len();
            share.shown = self.hits.iter().filter(|hit| of_it.contains(&(hit.division, hit.code.clone()))).count();
        }
        Ok(shares)
    }

    /// The items of a bundle that are asked for, with their scores, in their order.
    fn members(&self, which: usize) -> Result<Vec<Member>, StorageError> {
        let mut members = Vec::new();
        let Some(bundle) = self.query.bundles.get(which) else { return Ok(members) };
        let mut score = bundle.score;
        for code in bundle.items.iter().take(BUNDLED) {
            for (number, at) in self.named(code)? {
                if let Some(card) = self.admitted(number)? {
                    members.push(Member { score, bundle: which, number, card, at });
                }
            }
            score *= NEXT_OF_BUNDLE;
        }
        for (number, at) in self.under_topics(&bundle.topics)? {
            if let Some(card) = self.admitted(number)? {
                members.push(Member { score, bundle: which, number, card, at });
                score *= NEXT_OF_BUNDLE;
            }
        }
        Ok(members)
    }

    /// What is under topics and asked for, what is used most first.
    fn under_topics(&self, topics: &[String]) -> Result<Vec<(u32, Offered)>, StorageError> {
        let region = self.query.within.map(layout::region).unwrap_or_default();
        let (least, end) = layout::numbers(&region);
        let mut found: BTreeMap<Offered, u32> = BTreeMap::new();
        for topic in topics {
            if found.len() >= UNDER_TOPICS {
                break;
            }
            let (from, to) = (layout::topic_from(topic, least), layout::topic_from(topic, end));
            self.read.scan(Family::Index, Bound::Included(&from), Bound::Excluded(&to), false, &mut |key, card| {
                if let (Some(at), Ok(card)) = (layout::read_by_topic(key), <[u8; 4]>::try_from(card))
                    && self.is_asked(at.0, at.1)
                {
                    found.insert(at, u32::from_be_bytes(card));
                }
                if found.len() < UNDER_TOPICS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        let mut under = Vec::with_capacity(found.len());
        for (at, number) in found {
            under.push((self.uses(number)?, number, at));
        }
        under.sort_by_key(|(uses, ..)| Reverse(*uses));
        Ok(under.into_iter().map(|(_, number, at)| (number, at)).collect())
    }

    /// What a code of a bundle stands for: of a base or short code the nearest place of each card, of a whole code that place and no other.
    fn named(&self, code: &str) -> Result<Vec<(u32, Offered)>, StorageError> {
        let mut named = Vec::new();
        for number in index::cards_of(self.read, code)?.into_iter().take(CARDS_OF_ONE) {
            named.extend(self.nearest(number)?.map(|at| (number, at)));
        }
        if named.is_empty() {
            for (kind, division) in index::places(self.read, code)? {
                if self.is_asked(division, kind) {
                    named.extend(self.place(code, division, kind)?);
                }
            }
        }
        Ok(named)
    }

    fn place(&self, code: &str, division: DivisionCode, kind: Kind) -> Result<Option<(u32, Offered)>, StorageError> {
        let place: Option<Place> = row(self.read, Family::Rows, &layout::place(code, division, kind))?;
        Ok(place.map(|place| (place.card, (division, kind, code.to_owned()))))
    }
}
