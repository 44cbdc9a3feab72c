//! Sounds: pinyin without tones, initials, and letters cut into syllables.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use pinyin::ToPinyin as _;

use crate::words::Words;

/// How a letter sounds: a syllable without its tone, or what isn't a sign, as itself. A number, since names are compared by sounds a
/// hundred thousand times for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sound(u32);

/// Sounds from here on are letters that sound as themselves; the others count the syllables.
const LETTERS_FROM: u32 = 1 << 16;
/// The signs whose sounds stand in a table.
const SIGNS: std::ops::RangeInclusive<char> = '\u{4e00}'..='\u{9fff}';

impl Sound {
    /// The usual sound of a letter.
    fn usual(letter: char) -> Self {
        let at = (letter as usize).checked_sub(*SIGNS.start() as usize);
        match at.and_then(|at| syllabary().of_signs.get(at)) {
            Some(sound) => *sound,
            None => Self::of(letter),
        }
    }

    /// The sound of a letter, looked up.
    fn of(letter: char) -> Self {
        let known = |text: &str| syllabary().number(text);
        let number = usual(letter).map_or_else(|| known(letter.encode_utf8(&mut [0; 4])), known);
        number.map_or(Self(LETTERS_FROM + u32::from(letter)), Self)
    }

    /// The sound that is written so, if it is a syllable.
    pub(crate) fn written(text: &str) -> Option<Self> {
        syllabary().number(text).map(Self)
    }

    /// How it is written.
    pub(crate) fn spelled(self) -> Cow<'static, str> {
        match self.0.checked_sub(LETTERS_FROM) {
            None => Cow::Borrowed(syllabary().known.get(self.0 as usize).copied().unwrap_or_default()),
            Some(letter) => Cow::Owned(char::from_u32(letter).map(String::from).unwrap_or_default()),
        }
    }

    /// The letter that it begins with.
    fn initial(self) -> Option<char> {
        self.spelled().chars().next()
    }
}

/// Every syllable that a sign sounds as, in order, and the sounds of [`SIGNS`].
struct Syllabary {
    known: Vec<&'static str>,
    of_signs: Vec<Sound>,
}

impl Syllabary {
    fn number(&self, text: &str) -> Option<u32> {
        self.known.binary_search(&text).ok().and_then(|at| u32::try_from(at).ok())
    }
}

fn syllabary() -> &'static Syllabary {
    static SYLLABARY: OnceLock<Syllabary> = OnceLock::new();
    SYLLABARY.get_or_init(|| {
        let known: BTreeSet<&'static str> = SIGNS.filter_map(usual).collect();
        let mut syllabary = Syllabary { known: known.into_iter().collect(), of_signs: Vec::new() };
        let sound = |sign: char| match usual(sign).and_then(|text| syllabary.number(text)) {
            Some(number) => Sound(number),
            None => Sound(LETTERS_FROM + u32::from(sign)),
        };
        syllabary.of_signs = SIGNS.map(sound).collect();
        syllabary
    })
}

/// The usual reading of a sign, without its tone; ü is written v.
fn usual(sign: char) -> Option<&'static str> {
    let plain = sign.to_pinyin()?.plain();
    Some(match plain {
        "lü" => "lv",
        "nü" => "nv",
        "lüe" => "lve",
        "nüe" => "nve",
        other => other,
    })
}

/// The sound of each letter; a letter that isn't a sign sounds as itself.
pub(crate) fn sounds(words: &Words, letters: &[char]) -> Vec<Sound> {
    let mut sounds = Vec::with_capacity(letters.len());
    let mut at = 0;
    while at < letters.len() {
        if let Some(reading) = words.reading(&letters[at..]) {
            sounds.extend(reading);
            at += reading.len();
            continue;
        }
        sounds.push(Sound::usual(letters[at]));
        at += 1;
    }
    sounds
}

/// Sounds as they are written, with something between.
pub(crate) fn spelled(sounds: &[Sound], between: &str) -> String {
    sounds.iter().map(|sound| sound.spelled()).collect::<Vec<_>>().join(between)
}

/// The first letters of sounds, one of each.
pub(crate) fn initials(sounds: &[Sound]) -> Vec<char> {
    sounds.iter().filter_map(|sound| sound.initial()).collect()
}

/// Cuts letters into the fewest syllables; the last may be the beginning of one. `None` when they aren't pinyin.
pub(crate) fn cut(letters: &str) -> Option<Vec<String>> {
    let known = &syllabary().known;
    let longest = 6.min(letters.len());
    // The fewest syllables that reach a place, and where the last of them began.
    let mut reached: BTreeMap<usize, (usize, usize)> = BTreeMap::from([(0, (0, 0))]);
    for end in 1..=letters.len() {
        for begin in end.saturating_sub(longest)..end {
            let (Some((count, _)), Some(piece)) = (reached.get(&begin).copied(), letters.get(begin..end)) else {
                continue;
            };
            let is_last = end == letters.len();
            let at = known.partition_point(|syllable| *syllable < piece);
            let begins = known.get(at).filter(|next| next.starts_with(piece));
            let fits = begins.is_some_and(|next| *next == piece || is_last && begin > 0);
            if fits && reached.get(&end).is_none_or(|(best, _)| count + 1 < *best) {
                reached.insert(end, (count + 1, begin));
            }
        }
    }
    let mut pieces = Vec::new();
    let mut end = letters.len();
    while end > 0 {
        let (_, begin) = reached.get(&end)?;
        pieces.push(letters[*begin..end].to_owned());
        end = *begin;
    }
    pieces.reverse();
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled_of(text: &str) -> String {
        spelled(&sounds(Words::embedded(), &text.chars().collect::<Vec<_>>()), " ")
    }

    #[test]
    fn signs_have_sounds() {
        assert_eq!(spelled_of("残疾人证"), "can ji ren zheng");
        assert_eq!(spelled_of("银行行业"), "yin hang hang ye");
        assert_eq!(spelled_of("绿化"), "lv hua");
        assert_eq!(spelled_of("a9证"), "a 9 zheng");
        assert_eq!(Sound::usual('a'), Sound::usual('啊'), "a syllable of one letter");
        assert_eq!(initials(&sounds(Words::embedded(), &['公', '共', '场', '所'])), ['g', 'g', 'c', 's']);
    }

    #[test]
    fn letters_are_cut_where_syllables_end() {
        let cut = |letters| cut(letters).map(|pieces| pieces.join(" "));
        assert_eq!(cut("canjirenzheng").as_deref(), Some("can ji ren zheng"));
        assert_eq!(cut("canjirenzh").as_deref(), Some("can ji ren zh"));
        assert_eq!(cut("cjrz"), None);
        assert_eq!(cut("yingyezhizhao").as_deref(), Some("ying ye zhi zhao"));
    }
}
