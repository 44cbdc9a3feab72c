//! How well a card answers a question.

use std::collections::BTreeSet;

use crate::entry::Card;
use crate::question::{Question, Slot};
use crate::sound;
use crate::text::{self, Forms};
use crate::words::Words;

/// How much a match in a field counts beside one in the name.
const MAIN_ITEM: f32 = 0.6;
const DEPARTMENT: f32 = 0.75;
const KEYWORDS: f32 = 0.9;
/// Letters that sound alike count so much of the same ones.
const ALIKE: f32 = 0.85;
/// What fits less is no match.
const FIT_MIN: f32 = 0.3;
/// What isn't found letter by letter never fits better.
const LOOSE_MAX: f32 = 0.95;
/// How much is left of what a card answers when it calls the act otherwise, is about another act, about none, or about a special one unasked.
const SAME_ACT: f32 = 0.97;
const OTHER_ACT: f32 = 0.72;
const NO_ACT: f32 = 0.82;
const UNASKED_ACT: f32 = 0.93;
/// How much of a score hangs on how much of the name was asked for.
const COVER: f32 = 0.18;
/// What frequent use adds at most.
const USE: f32 = 0.08;
/// Uses in a year that count as all.
const USES_FULL: f32 = 10_000.0;

/// A card with what its comparison needs.
struct Reader<'a> {
    name: Forms,
    sounds: Vec<Vec<String>>,
    main_item: Vec<char>,
    department: Vec<char>,
    keywords: Vec<Vec<char>>,
    acts: BTreeSet<&'a str>,
}

/// Scores a card, 0 to about 1.2; `rarities` say how much each thing asked for tells, one a slot.
pub(crate) fn score(question: &Question, rarities: &[f32], card: &Card, uses: u32) -> f32 {
    let words = Words::embedded();
    let name = Forms::of(&card.name);
    let reader = Reader {
        sounds: name.each().map(|form| sound::syllables(words, form)).collect(),
        main_item: text::letters(&card.main_item),
        department: text::letters(&card.department),
        keywords: card.keywords.iter().map(|keyword| text::letters(keyword)).collect(),
        acts: words.acts(&name.whole),
        name,
    };
    reader.score(question, rarities, uses)
}

impl Reader<'_> {
    fn score(&self, question: &Question, rarities: &[f32], uses: u32) -> f32 {
        let mut covered: BTreeSet<char> = question.act_words.iter().flatten().copied().collect();
        let (mut sum, mut weights) = (0.0, 0.0);
        for (slot, rarity) in question.slots.iter().zip(rarities) {
            let (mut best, others, letters) = match slot {
                Slot::Text { literal, others } => {
                    covered.extend(literal);
                    (self.fit(literal), others, literal.len())
                }
                Slot::Sound { letters, cut, others } => {
                    let (fit, matched) = self.sounds_like(letters, cut.as_deref());
                    covered.extend(matched);
                    (fit, others, cut.as_ref().map_or(letters.len(), Vec::len))
                }
            };
            let mut by = None;
            for (other, how_well) in others {
                let fit = self.fit(other) * how_well;
                if fit > best {
                    (best, by) = (fit, Some(other));
                }
            }
            covered.extend(by.into_iter().flatten());
            let weight = weight(letters) * rarity;
            let fit = best;
            sum += fit * weight;
            weights += weight;
        }
        let by_slots = if weights > 0.0 { sum / weights } else { 0.0 };
        let whole = self.fit_name(&question.letters);
        let mut score = if question.slots.is_empty() {
            // Nothing but an act is asked for.
            0.6 * f32::from(u8::from(question.acts.iter().any(|act| self.acts.contains(act.as_str()))))
        } else {
            whole.max(0.97 * by_slots)
        };
        score *= self.act_factor(question);
        let bare = &self.name.bare;
        let cover = share(bare.iter().filter(|letter| covered.contains(letter)).count(), bare.len());
        score *= 1.0 - COVER + COVER * cover;
        if self.name.each().any(|form| form == question.letters) {
            score += 0.1;
        }
        score * (1.0 + USE * (f32_of(uses).ln_1p() / USES_FULL.ln_1p()).min(1.0))
    }

    fn act_factor(&self, question: &Question) -> f32 {
        if question.acts.is_empty() {
            return if self.acts.is_empty() || self.acts.contains("new") { 1.0 } else { UNASKED_ACT };
        }
        if question.acts.iter().any(|act| self.acts.contains(act.as_str())) {
            let is_said = |word: &Vec<char>| self.name.whole.windows(word.len()).any(|piece| piece == word);
            if question.act_words.iter().any(is_said) { 1.0 } else { SAME_ACT }
        } else if self.acts.is_empty() {
            NO_ACT
        } else {
            OTHER_ACT
        }
    }

    /// How well a text fits the card, in whichever field.
    fn fit(&self, text: &[char]) -> f32 {
        let named = self.fit_name(text);
        if named >= 1.0 {
            return named;
        }
        let plain =
            |field: &[char], counts: f32| if field.is_empty() { 0.0 } else { counts * fit(text, &[], field, &[]) };
        let other = plain(&self.main_item, MAIN_ITEM).max(plain(&self.department, DEPARTMENT));
        let keyword = self.keywords.iter().map(|keyword| plain(keyword, KEYWORDS)).fold(0.0, f32::max);
        named.max(other).max(keyword)
    }

    fn fit_name(&self, text: &[char]) -> f32 {
        let sounds = sound::syllables(Words::embedded(), text);
        self.name
            .each()
            .zip(&self.sounds)
            .map(|(form, sounds_of_form)| fit(text, &sounds, form, sounds_of_form))
            .fold(0.0, f32::max)
    }

    /// How well letters are the initials or the pinyin of the name, and the letters of the name that they stand for.
    fn sounds_like(&self, letters: &str, cut: Option<&[String]>) -> (f32, Vec<char>) {
        let mut best = (0.0, Vec::new());
        for (form, sounds) in self.name.each().zip(&self.sounds) {
            let mut better = |fit: f32, from: usize, count: usize| {
                if fit > best.0 {
                    best = (fit, form[from..(from + count).min(form.len())].to_vec());
                }
            };
            let initials = sound::initials(sounds);
            match initials.find(letters) {
                Some(at) => better(if at == 0 { 1.0 } else { 0.92 }, at, letters.len()),
                None => {
                    let (from, length) = longest_piece(letters, &initials);
                    let fit = share(length, letters.len());
                    if fit >= 0.6 {
                        better(0.7 * fit, from, length);
                    }
                }
            }
            let Some(cut) = cut else { continue };
            let wanted = cut.join("");
            for from in 0..sounds.len() {
                let mut sounded = String::new();
                let mut count = 0;
                while from + count < sounds.len() && sounded.len() < wanted.len() {
                    sounded.push_str(&sounds[from + count]);
                    count += 1;
                }
                if sounded.starts_with(&wanted) {
                    better(if from == 0 { 1.0 } else { 0.95 }, from, count);
                    break;
                }
            }
            let pairs = cut.windows(2).filter(|pair| sounds.windows(2).any(|two| two == *pair)).count();
            if cut.len() > 1 {
                better(0.75 * share(pairs, cut.len() - 1), 0, 0);
            }
        }
        best
    }
}

/// How much a text of so many letters counts.
fn weight(letters: usize) -> f32 {
    f32_of(u32::try_from(letters.min(8)).unwrap_or(8)).sqrt()
}

/// How well a text fits a name: 1 when it stands in it, else by pairs and by order, where letters that sound alike count nearly as much.
fn fit(text: &[char], sounds: &[String], name: &[char], name_sounds: &[String]) -> f32 {
    if text.is_empty() || name.is_empty() {
        return 0.0;
    }
    if name.windows(text.len()).any(|piece| piece == text) {
        return 1.0;
    }
    if text.len() == 1 {
        return 0.0;
    }
    let likeness = |left: usize, right: usize| {
        if text[left] == name[right] {
            1.0
        } else if !sounds.is_empty() && sounds.get(left) == name_sounds.get(right) {
            ALIKE
        } else {
            0.0
        }
    };
    // How alike each pair of the text is to its best pair of the name, and the weightiest common subsequence.
    let mut pairs = 0.0_f32;
    let mut before = vec![0.0_f32; name.len() + 1];
    for left in 0..text.len() {
        let mut row = vec![0.0_f32; name.len() + 1];
        let mut best_pair = 0.0_f32;
        for right in 0..name.len() {
            let like = likeness(left, right);
            let along = if like > 0.0 { before[right] + like } else { 0.0 };
            row[right + 1] = along.max(before[right + 1]).max(row[right]);
            if like > 0.0 && left + 1 < text.len() && right + 1 < name.len() {
                let next = likeness(left + 1, right + 1);
                if next > 0.0 {
                    best_pair = best_pair.max(f32::midpoint(like, next));
                }
            }
        }
        pairs += best_pair;
        before = row;
    }
    let in_order = before.last().copied().unwrap_or_default() / f32_of(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let pairs = pairs / f32_of(u32::try_from(text.len() - 1).unwrap_or(u32::MAX));
    let fit = (0.55 * pairs + 0.45 * in_order).min(LOOSE_MAX);
    if fit < FIT_MIN { 0.0 } else { fit }
}

/// The longest piece of `text` that stands in `name`: where, and how long.
fn longest_piece(text: &str, name: &str) -> (usize, usize) {
    let mut best = (0, 0);
    for from in 0..text.len() {
        for to in (from + best.1 + 1)..=text.len() {
            match text.get(from..to).and_then(|piece| name.find(piece)) {
                Some(at) => best = (at, to - from),
                None => break,
            }
        }
    }
    best
}

fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 {
        0.0
    } else {
        f32_of(u32::try_from(part).unwrap_or(u32::MAX)) / f32_of(u32::try_from(whole).unwrap_or(u32::MAX))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a score needs no more than 24 bits")]
pub(crate) fn f32_of(number: u32) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, name: &str) -> f32 {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let sounds = |text: &str| sound::syllables(Words::embedded(), &letters(text));
        fit(&letters(text), &sounds(text), &letters(name), &sounds(name))
    }

    #[test]
    fn what_stands_in_a_name_fits_best_and_typing_errors_fit_nearly() {
        assert!(of("残疾人证", "残疾人证换领") >= 1.0);
        for (wrong, at_least) in [("残急人证", 0.8), ("残疾证", 0.7), ("残疾人政", 0.8), ("残病人证", 0.5)]
        {
            let fit = of(wrong, "残疾人证换领");
            assert!((at_least..1.0).contains(&fit), "{wrong}: {fit}");
        }
        assert!(of("采矿权", "残疾人证换领") < f32::EPSILON);
    }
}
