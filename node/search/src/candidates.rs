//! Candidates: cards that share terms with a question, by how much they share.

use std::collections::{BTreeMap, BTreeSet};

use tongban_storage::{Read, StorageError};

use crate::layout::{self, FIELD_DIVISION, FIELD_INITIALS, FIELD_KIND, FIELD_SOUND, FIELD_TEXT, FIELD_TYPE, Head};
use crate::posting::{self, IN_DEPARTMENT, IN_KEYWORDS, IN_NAME, Posted};
use crate::question::{Question, Slot};
use crate::rank::f32_of;
use crate::search::Query;
use crate::sound;
use crate::words::Words;

/// How much of a sign by itself counts beside a pair.
const ALONE: f32 = 0.25;
/// A sign that is less rare tells nothing by itself, unless so few cards have it that it costs nothing to look.
const RARITY_ALONE: f32 = 1.5;
const LIST_SHORT: usize = 1000;
/// How much of a pair of sounds counts beside a pair of signs.
const SOUNDED: f32 = 0.4;

/// A rough score and the card that it is of.
pub(crate) type Rough = (f32, u32);

/// Cards that share terms with the question, with a rough score, within what is asked; and how rare what is asked is, one a slot.
pub(crate) fn find(
    read: &dyn Read,
    query: &Query<'_>,
    question: &Question,
    head: &Head,
) -> Result<(Vec<Rough>, Vec<f32>), StorageError> {
    let size = head.next_card as usize;
    let mut total = vec![0.0_f32; size];
    let mut terms = Terms { read, cards: head.cards, lists: BTreeMap::new(), too_long: BTreeSet::new() };
    let mut sums = Sums { of: vec![0.0; size], touched: Vec::new() };
    let mut rarities = Vec::with_capacity(question.slots.len());
    for slot in &question.slots {
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
    for act in &question.acts {
        for word in words.of_act(act) {
            terms.add_text(word, 0.5, false, &mut sums, &mut acts)?;
        }
    }
    for (sum, act) in total.iter_mut().zip(acts) {
        *sum += act;
    }
    let asked = [
        (FIELD_DIVISION, query.within.map(layout::region)),
        (FIELD_KIND, query.kind.map(|kind| kind.name().to_owned())),
        (FIELD_TYPE, query.item_type.map(str::to_owned)),
    ];
    for (field, term) in asked {
        let Some(term) = term else { continue };
        let mut is_asked = vec![false; size];
        for (card, _) in posting::read(read, field, &term, usize::MAX)? {
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

/// How much a term tells that so many cards have.
fn rarity(cards: u32, holds: usize) -> f32 {
    let holds = f32_of(u32::try_from(holds).unwrap_or(u32::MAX));
    (1.0 + (f32_of(cards) - holds + 0.5).max(0.5) / (holds + 0.5)).ln()
}

/// Lists of terms, each read once.
struct Terms<'a> {
    read: &'a dyn Read,
    cards: u32,
    lists: BTreeMap<(u8, String), Vec<Posted>>,
    /// Signs whose lists tell nothing by themselves.
    too_long: BTreeSet<char>,
}

impl Terms<'_> {
    fn list(&mut self, field: u8, term: String) -> Result<(&[Posted], f32), StorageError> {
        let key = (field, term);
        if !self.lists.contains_key(&key) {
            let list = posting::read(self.read, field, &key.1, usize::MAX)?;
            self.lists.insert(key.clone(), list);
        }
        let list = self.lists.get(&key).map_or(&[][..], Vec::as_slice);
        Ok((list, rarity(self.cards, list.len())))
    }

    /// Adds how rare a term is to each of its cards; that of all terms together that begin so, where it may be a beginning.
    fn add_list(&mut self, field: u8, term: String, begins: bool, sums: &mut Sums) -> Result<f32, StorageError> {
        let beginning;
        let (list, rarity) = if begins {
            // Long ones among them, asked for once.
            beginning = posting::read_beginning(self.read, field, &term)?;
            (beginning.as_slice(), rarity(self.cards, beginning.len()))
        } else {
            self.list(field, term)?
        };
        for (card, _) in list {
            sums.add(*card, rarity);
        }
        Ok(rarity)
    }

    /// The list of a sign by itself, unless it is so long that it tells nothing: then most of it isn't read.
    fn list_alone(&mut self, sign: char) -> Result<Option<(&[Posted], f32)>, StorageError> {
        let term = sign.to_string();
        let is_long = |cards, length| length >= LIST_SHORT && rarity(cards, length) < RARITY_ALONE;
        if self.too_long.contains(&sign) {
            return Ok(None);
        }
        if !self.lists.contains_key(&(FIELD_TEXT, term.clone())) {
            // A longer list is never rarer.
            let step = (self.cards as usize / 16).max(LIST_SHORT);
            let most = (1..=16).map(|steps| steps * step).find(|length| is_long(self.cards, *length));
            let most = most.unwrap_or(usize::MAX);
            let list = posting::read(self.read, FIELD_TEXT, &term, most)?;
            if list.len() >= most {
                self.too_long.insert(sign);
                return Ok(None);
            }
            self.lists.insert((FIELD_TEXT, term.clone()), list);
        }
        let cards = self.cards;
        let found = self.list(FIELD_TEXT, term)?;
        Ok(Some(found).filter(|(list, _)| !is_long(cards, list.len())))
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
            let (list, rarity) = self.list(FIELD_TEXT, pair.iter().collect())?;
            whole += rarity;
            add(list, rarity);
        }
        if loosely && text.len() > 1 {
            for sign in text {
                if let Some((list, rarity)) = self.list_alone(*sign)? {
                    add(list, ALONE * rarity);
                }
            }
            for pair in sound::sounds(Words::embedded(), text).windows(2) {
                let (list, rarity) = self.list(FIELD_SOUND, sound::spelled(pair, " "))?;
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
            whole += self.add_list(FIELD_INITIALS, three.iter().collect(), three.len() < 3, sums)?;
        }
        sums.take_better(whole, 1.0, best);
        let rarity = whole / f32_of(u32::try_from(letters.len().saturating_sub(2).max(1)).unwrap_or(1));
        let Some(cut) = cut else { return Ok(rarity) };
        let mut whole = 0.0;
        for (place, pair) in cut.windows(2.min(cut.len())).enumerate() {
            // The last syllable may be a beginning, one alone is followed by anything.
            let is_last = place + 2 >= cut.len();
            whole += self.add_list(FIELD_SOUND, pair.join(" "), is_last, sums)?;
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::BTreeMap;

    use tongban_codes::ids::{Digest, NodeId};
    use tongban_storage::MemoryBackend;

    use super::*;
    use crate::{Entry, Kind, Writer, index};

    /// Rough scores of names for a question.
    fn rough(names: &[&str], question: &str) -> BTreeMap<String, f32> {
        let (store, here) = (MemoryBackend::new(), "511602".parse().unwrap());
        let mut writer = Writer::open(&store).unwrap();
        for name in names {
            let entry = Entry {
                kind: Kind::Item,
                code: (*name).to_owned(),
                short_code: (*name).to_owned(),
                base_code: None,
                division: here,
                name: (*name).to_owned(),
                main_item: String::new(),
                item_type: "01".to_owned(),
                department: String::new(),
                keywords: Vec::new(),
                topics: Vec::new(),
                core: Digest::of(name.as_bytes()),
                origin: NodeId::from_bytes([7; 16]),
                as_of: None,
            };
            writer.add(&entry).unwrap();
        }
        writer.commit(1).unwrap();
        let head = index::head(&store).unwrap().unwrap();
        let (found, _) = find(&store, &Query::new(question, here), &Question::read(question), &head).unwrap();
        found.into_iter().map(|(score, number)| (names[number as usize].to_owned(), score)).collect()
    }

    #[test]
    fn a_card_with_several_terms_that_begin_so_counts_once() {
        // jyj and jyy; jyx.
        let found = rough(&["经营检验饮用", "经营许可"], "jy");
        assert_eq!(found.len(), 2);
        assert!((found["经营检验饮用"] - found["经营许可"]).abs() < f32::EPSILON, "{found:?}");
    }

    #[test]
    fn what_is_read_as_a_beginning_is_not_taken_for_the_term() {
        let names = ["残疾证", "残奖证"];
        assert_eq!(rough(&names, "canji canjizheng"), rough(&names, "canjizheng canji"));
    }
}
