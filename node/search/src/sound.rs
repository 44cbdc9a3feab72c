//! Sounds: pinyin without tones, initials, and letters cut into syllables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use pinyin::ToPinyin as _;

use crate::words::Words;

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

/// The syllable of each letter; a letter that isn't a sign sounds as itself.
pub(crate) fn syllables(words: &Words, letters: &[char]) -> Vec<String> {
    let mut sounds = Vec::with_capacity(letters.len());
    let mut at = 0;
    while at < letters.len() {
        if let Some(reading) = words.reading(&letters[at..]) {
            sounds.extend(reading.iter().cloned());
            at += reading.len();
            continue;
        }
        let letter = letters[at];
        sounds.push(usual(letter).map_or_else(|| letter.to_string(), str::to_owned));
        at += 1;
    }
    sounds
}

/// The first letters of syllables.
pub(crate) fn initials(syllables: &[String]) -> String {
    syllables.iter().filter_map(|syllable| syllable.chars().next()).collect()
}

/// Every syllable that a sign sounds as.
fn known() -> &'static BTreeSet<&'static str> {
    static KNOWN: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    KNOWN.get_or_init(|| ('\u{4e00}'..='\u{9fff}').filter_map(usual).collect())
}

/// Cuts letters into the fewest syllables; the last may be the beginning of one. `None` when they aren't pinyin.
pub(crate) fn cut(letters: &str) -> Option<Vec<String>> {
    let known = known();
    let longest = 6.min(letters.len());
    // The fewest syllables that reach a place, and where the last of them began.
    let mut reached: BTreeMap<usize, (usize, usize)> = BTreeMap::from([(0, (0, 0))]);
    for end in 1..=letters.len() {
        for begin in end.saturating_sub(longest)..end {
            let (Some((count, _)), Some(piece)) = (reached.get(&begin).copied(), letters.get(begin..end)) else {
                continue;
            };
            let is_last = end == letters.len();
            let fits = known.contains(piece)
                || is_last && begin > 0 && known.range(piece..).next().is_some_and(|next| next.starts_with(piece));
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

    fn sounds(text: &str) -> String {
        syllables(Words::embedded(), &text.chars().collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn signs_have_sounds() {
        assert_eq!(sounds("残疾人证"), "can ji ren zheng");
        assert_eq!(sounds("银行行业"), "yin hang hang ye");
        assert_eq!(sounds("绿化"), "lv hua");
        assert_eq!(initials(&syllables(Words::embedded(), &['公', '共', '场', '所'])), "ggcs");
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
