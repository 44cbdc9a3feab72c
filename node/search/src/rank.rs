//! How well a card answers a question.

use std::collections::BTreeSet;

use crate::entry::Card;
use crate::question::{Question, Slot};
use crate::sound::{self, Sound};
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

/// A text of a question, with its sounds.
struct Asked<'q> {
    letters: &'q [char],
    sounds: Vec<Sound>,
}

impl<'q> Asked<'q> {
    fn of(letters: &'q [char]) -> Self {
        Self { letters, sounds: sound::sounds(Words::embedded(), letters) }
    }
}

/// What a slot of a question asks for.
enum Wanted<'q> {
    Text(Asked<'q>),
    Sound { letters: Vec<char>, cut: Option<&'q [String]> },
}

/// A slot: what is wanted, what stands for it with how well that fits, and how much it counts.
type Weighed<'q> = (Wanted<'q>, Vec<(Asked<'q>, f32)>, f32);

/// A question made ready to be held against cards.
pub(crate) struct Scale<'q> {
    question: &'q Question,
    whole: Asked<'q>,
    slots: Vec<Weighed<'q>>,
    act_letters: Vec<char>,
}

/// The most that use can make of a score.
pub(crate) const USED_MOST: f32 = 1.0 + USE;

/// A score with what so many uses add to it.
pub(crate) fn used(score: f32, uses: u32) -> f32 {
    score * (1.0 + USE * (f32_of(uses).ln_1p() / USES_FULL.ln_1p()).min(1.0))
}

/// A card with what its comparison needs.
struct Reader<'a> {
    name: Forms,
    sounds: Vec<Vec<Sound>>,
    main_item: Vec<char>,
    department: Vec<char>,
    keywords: Vec<Vec<char>>,
    acts: BTreeSet<&'a str>,
}

impl<'q> Scale<'q> {
    /// A question; `rarities` say how much each thing asked for tells, one a slot.
    pub(crate) fn of(question: &'q Question, rarities: &[f32]) -> Self {
        let slots = question.slots.iter().zip(rarities).map(|(slot, rarity)| {
            let (wanted, others, letters) = match slot {
                Slot::Text { literal, others } => (Wanted::Text(Asked::of(literal)), others, literal.len()),
                Slot::Sound { letters, cut, others } => {
                    let count = cut.as_ref().map_or(letters.len(), Vec::len);
                    (Wanted::Sound { letters: letters.chars().collect(), cut: cut.as_deref() }, others, count)
                }
            };
            let others = others.iter().map(|(other, how_well)| (Asked::of(other), *how_well)).collect();
            (wanted, others, weight(letters) * rarity)
        });
        let act_letters = question.act_words.iter().flatten().copied().collect();
        Self { question, whole: Asked::of(&question.letters), slots: slots.collect(), act_letters }
    }

    /// Scores a card that nobody has used, 0 to about 1.1; see [`used`].
    pub(crate) fn score(&self, card: &Card) -> f32 {
        let words = Words::embedded();
        let name = Forms::of(&card.name);
        let reader = Reader {
            sounds: name.each().map(|form| sound::sounds(words, form)).collect(),
            main_item: text::letters(&card.main_item),
            department: text::letters(&card.department),
            keywords: card.keywords.iter().map(|keyword| text::letters(keyword)).collect(),
            acts: words.acts(&name.whole),
            name,
        };
        reader.score(self)
    }
}

impl Reader<'_> {
    fn score(&self, scale: &Scale<'_>) -> f32 {
        let question = scale.question;
        let mut covered = scale.act_letters.clone();
        let (mut sum, mut weights) = (0.0, 0.0);
        for (wanted, others, weight) in &scale.slots {
            let mut best = match wanted {
                Wanted::Text(text) => {
                    covered.extend(text.letters);
                    self.fit(text, 0.0)
                }
                Wanted::Sound { letters, cut } => {
                    let (fit, matched) = self.sounds_like(letters, *cut);
                    covered.extend(matched);
                    fit
                }
            };
            let mut by = None;
            for (other, how_well) in others {
                let fit = self.fit(other, best / how_well) * how_well;
                if fit > best {
                    (best, by) = (fit, Some(other.letters));
                }
            }
            covered.extend(by.into_iter().flatten());
            sum += best * weight;
            weights += weight;
        }
        let by_slots = if weights > 0.0 { sum / weights } else { 0.0 };
        let mut score = if question.slots.is_empty() {
            // Nothing but an act is asked for.
            0.6 * f32::from(u8::from(question.acts.iter().any(|act| self.acts.contains(act.as_str()))))
        } else {
            let by_slots = 0.97 * by_slots;
            self.fit_name(&scale.whole, by_slots).max(by_slots)
        };
        score *= self.act_factor(question);
        let bare = &self.name.bare;
        let cover = share(bare.iter().filter(|letter| covered.contains(letter)).count(), bare.len());
        score *= 1.0 - COVER + COVER * cover;
        if self.name.each().any(|form| form == question.letters) {
            score += 0.1;
        }
        score
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

    /// How well a text fits the card, in whichever field; anything where that is no better than `floor`.
    fn fit(&self, text: &Asked<'_>, floor: f32) -> f32 {
        let mut best = self.fit_name(text, floor);
        if best >= 1.0 {
            return best;
        }
        let fields = [(&self.main_item, MAIN_ITEM), (&self.department, DEPARTMENT)];
        let keywords = self.keywords.iter().map(|keyword| (keyword, KEYWORDS));
        for (field, counts) in fields.into_iter().chain(keywords) {
            best = best.max(counts * fit(text.letters, &[], field, &[], floor.max(best) / counts));
        }
        best
    }

    fn fit_name(&self, text: &Asked<'_>, floor: f32) -> f32 {
        self.name.each().zip(&self.sounds).fold(0.0, |best: f32, (form, sounds)| {
            best.max(fit(text.letters, &text.sounds, form, sounds, floor.max(best)))
        })
    }

    /// How well letters are the initials or the pinyin of the name, and the letters of the name that they stand for.
    fn sounds_like(&self, letters: &[char], cut: Option<&[String]>) -> (f32, Vec<char>) {
        let mut best = (0.0, Vec::new());
        for (form, sounds) in self.name.each().zip(&self.sounds) {
            let mut better = |fit: f32, from: usize, count: usize| {
                if fit > best.0 {
                    best = (fit, form[from..(from + count).min(form.len())].to_vec());
                }
            };
            let initials = sound::initials(sounds);
            match find(letters, &initials) {
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
            let wanted = cut.concat();
            for from in 0..sounds.len() {
                if let Some(count) = spell(&sounds[from..], &wanted) {
                    better(if from == 0 { 1.0 } else { 0.95 }, from, count);
                    break;
                }
            }
            let is_pair =
                |two: &[Sound], pair: &[String]| two.iter().zip(pair).all(|(one, piece)| one.spelled() == **piece);
            let pairs = cut.windows(2).filter(|pair| sounds.windows(2).any(|two| is_pair(two, pair))).count();
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

/// How many sounds it takes to spell what is wanted, the last one perhaps in part, if they do.
fn spell(sounds: &[Sound], wanted: &str) -> Option<usize> {
    let mut left = wanted;
    for (count, sound) in sounds.iter().enumerate() {
        if left.is_empty() {
            return Some(count);
        }
        let spelled = sound.spelled();
        left = match left.strip_prefix(&*spelled) {
            Some(left) => left,
            None if spelled.starts_with(left) => "",
            None => return None,
        };
    }
    left.is_empty().then_some(sounds.len())
}

/// How well a text fits a name: 1 when it stands in it, else by pairs and by order, where letters that sound alike count nearly as much. Where that
/// can't be more than `floor`, anything that isn't either.
fn fit(text: &[char], sounds: &[Sound], name: &[char], name_sounds: &[Sound], floor: f32) -> f32 {
    if text.is_empty() || name.is_empty() || floor >= 1.0 {
        return 0.0;
    }
    if name.windows(text.len()).any(|piece| piece == text) {
        return 1.0;
    }
    if text.len() == 1 || floor >= LOOSE_MAX {
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
    let letters = |count: usize| f32_of(u32::try_from(count).unwrap_or(u32::MAX));
    let of = |pairs: f32, in_order: f32| {
        let (pairs, in_order) = (pairs / letters(text.len() - 1), in_order / letters(text.len()));
        (0.55 * pairs + 0.45 * in_order).min(LOOSE_MAX)
    };
    // At best each letter that stands anywhere in the name stands there in order.
    let is_found = |left: usize| (0..name.len()).any(|right| likeness(left, right) > 0.0);
    let found: Vec<bool> = (0..text.len()).map(is_found).collect();
    let pairs = found.windows(2).filter(|pair| pair[0] && pair[1]).count();
    let most = of(letters(pairs), letters(found.iter().filter(|is_found| **is_found).count()));
    if most < FIT_MIN || most <= floor {
        return 0.0;
    }
    // How alike each pair of the text is to its best pair of the name, and the weightiest common subsequence.
    let mut pairs = 0.0_f32;
    let (mut before, mut row) = (vec![0.0_f32; name.len() + 1], vec![0.0_f32; name.len() + 1]);
    for left in (0..text.len()).filter(|left| found[*left]) {
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
        std::mem::swap(&mut before, &mut row);
    }
    let fit = of(pairs, before.last().copied().unwrap_or_default());
    if fit < FIT_MIN { 0.0 } else { fit }
}

/// Where a piece stands in letters first.
fn find(piece: &[char], letters: &[char]) -> Option<usize> {
    letters.windows(piece.len().max(1)).position(|there| there == piece)
}

/// The longest piece of `text` that stands in `name`: where, and how long.
fn longest_piece(text: &[char], name: &[char]) -> (usize, usize) {
    let mut best = (0, 0);
    for from in 0..text.len() {
        for to in (from + best.1 + 1)..=text.len() {
            match find(&text[from..to], name) {
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
    use proptest::prelude::*;

    use super::*;

    /// Letters of names: signs with sounds, rare ones without, of three and four bytes, and what isn't a sign.
    const LETTERS: &str = "[残疾人证\u{3400}\u{4d00}\u{9fa6}\u{20000}\u{20004}\u{30000}a9]{0,10}";

    fn card(name: &str) -> Card {
        Card {
            codes: Vec::new(),
            name: name.to_owned(),
            main_item: name.to_owned(),
            item_type: "01".to_owned(),
            department: String::new(),
            base_code: None,
            keywords: Vec::new(),
            core: tongban_codes::ids::Digest::of(name.as_bytes()),
        }
    }

    /// How well a name answers a question, where everything in the question tells the same.
    fn answers(question: &str, name: &str) -> f32 {
        let question = Question::read(question);
        Scale::of(&question, &vec![1.0; question.slots.len()]).score(&card(name))
    }

    #[test]
    fn signs_without_a_sound_are_letters_like_others() {
        let plain = answers("cj", "某某残疾人证");
        assert!(plain > 0.3);
        for name in ["\u{20000}\u{20004}残疾人证", "\u{3400}\u{4d00}残疾人证", "残疾\u{20000}\u{20004}"] {
            assert!(answers("cj", name) >= plain, "{name}");
        }
        assert!(answers("cjrzx", "\u{20000}残疾人证") > 0.3, "a piece of what is asked for");
    }

    proptest! {
        /// No name is too strange for any question.
        #[test]
        fn any_name_answers_any_question(name in LETTERS, question in "[残疾证\u{3400}\u{20000}cjrzanx ]{0,8}") {
            prop_assert!((0.0..=1.2).contains(&answers(&question, &name)));
        }
    }

    fn of(text: &str, name: &str) -> f32 {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let sounds = |text: &str| sound::sounds(Words::embedded(), &letters(text));
        let (text_sounds, name_sounds) = (sounds(text), sounds(name));
        let fit_over = |floor| fit(&letters(text), &text_sounds, &letters(name), &name_sounds, floor);
        let fit = fit_over(0.0);
        // What is better than the floor comes out all the same.
        assert!(fit <= 0.0 || (fit_over(fit - 0.01) - fit).abs() < f32::EPSILON);
        fit
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
