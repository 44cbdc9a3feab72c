//! The table of words: what says nothing, what says which act, and how people call what items call otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::sound::{self, Sound};
use crate::text::letters;

const TABLE: &str = include_str!("../data/words.csv");

/// What a word stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// Nothing.
    Stop,
    /// One or more acts (新办, 延续, …), by their names in the table.
    Act(Vec<String>),
    /// Texts in the names of items, with how well they fit, up to 1.
    Texts(Vec<(Vec<char>, f32)>),
}

/// A word for acts, and the acts.
type ActWord = (Vec<char>, Vec<String>);

/// The table of words.
#[derive(Debug, Default)]
pub(crate) struct Words {
    meanings: BTreeMap<Vec<char>, Meaning>,
    readings: BTreeMap<Vec<char>, Vec<Sound>>,
    /// The first letters of readings.
    readings_begin: BTreeSet<char>,
    /// Words for acts by their first letter, longer ones first.
    acts_begin: BTreeMap<char, Vec<ActWord>>,
    /// Words by their pinyin without spaces.
    sounds: BTreeMap<String, Vec<Vec<char>>>,
    longest: usize,
}

impl Words {
    /// The table that is part of the program (`data/words.csv`).
    pub(crate) fn embedded() -> &'static Self {
        static WORDS: OnceLock<Words> = OnceLock::new();
        WORDS.get_or_init(|| Self::read(TABLE))
    }

    /// Reads a table; rows that can't be read are left out, and a test holds that the embedded one has none.
    fn read(table: &str) -> Self {
        let mut words = Self::default();
        let mut rows = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(table.as_bytes());
        for row in rows.records().filter_map(Result::ok) {
            let (Some(kind), Some(word), Some(meaning)) = (row.get(0), row.get(1), row.get(2)) else { continue };
            let word = letters(word);
            let meaning = match kind {
                "stop" => Meaning::Stop,
                "act" => Meaning::Act(meaning.split('|').map(str::to_owned).collect()),
                "word" => Meaning::Texts(meaning.split('|').map(fitting).collect()),
                "reading" => {
                    words.readings_begin.extend(word.first());
                    words.readings.insert(word, meaning.split(' ').filter_map(Sound::written).collect());
                    continue;
                }
                _ => continue,
            };
            words.longest = words.longest.max(word.len());
            if let (Meaning::Act(acts), Some(first)) = (&meaning, word.first()) {
                words.acts_begin.entry(*first).or_default().push((word.clone(), acts.clone()));
            }
            words.meanings.insert(word, meaning);
        }
        for acts in words.acts_begin.values_mut() {
            acts.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        }
        let mut sounds: BTreeMap<String, Vec<Vec<char>>> = BTreeMap::new();
        for word in words.meanings.keys() {
            let sound = sound::spelled(&sound::sounds(&words, word), "");
            sounds.entry(sound).or_default().push(word.clone());
        }
        words.sounds = sounds;
        words
    }

    /// The longest word that the letters begin with, and its meaning.
    pub(crate) fn first(&self, letters: &[char]) -> Option<(usize, &Meaning)> {
        (1..=self.longest.min(letters.len()))
            .rev()
            .find_map(|length| self.meanings.get(&letters[..length]).map(|meaning| (length, meaning)))
    }

    /// The reading of the word that the letters begin with, where it isn't the usual one.
    pub(crate) fn reading(&self, letters: &[char]) -> Option<&[Sound]> {
        self.readings_begin.get(letters.first()?)?;
        (1..=3.min(letters.len())).rev().find_map(|length| self.readings.get(&letters[..length]).map(Vec::as_slice))
    }

    /// The acts that a name speaks of.
    pub(crate) fn acts(&self, name: &[char]) -> BTreeSet<&str> {
        let mut acts = BTreeSet::new();
        let mut at = 0;
        while at < name.len() {
            let known = self.acts_begin.get(&name[at]).map_or(&[][..], Vec::as_slice);
            let act = known.iter().find(|(word, _)| word.len() > 1 && name[at..].starts_with(word));
            match act {
                Some((word, found)) => {
                    acts.extend(found.iter().map(String::as_str));
                    at += word.len();
                }
                None => at += 1,
            }
        }
        acts
    }

    /// What words that sound so stand for.
    pub(crate) fn sounding<'a>(&'a self, letters: &str) -> impl Iterator<Item = &'a Meaning> {
        self.sounds.get(letters).into_iter().flatten().filter_map(|word| self.meanings.get(word))
    }

    /// The words for an act.
    pub(crate) fn of_act<'a>(&'a self, act: &'a str) -> impl Iterator<Item = &'a [char]> {
        self.meanings.iter().filter_map(move |(word, meaning)| match meaning {
            Meaning::Act(acts) if acts.iter().any(|one| one == act) => Some(word.as_slice()),
            _ => None,
        })
    }
}

fn fitting(text: &str) -> (Vec<char>, f32) {
    let (text, percent) = text.split_once(':').unwrap_or((text, "100"));
    (letters(text), percent.parse::<f32>().unwrap_or(100.0) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows: Vec<&str> = TABLE.lines().skip(1).filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        let words = Words::embedded();
        assert_eq!(words.meanings.len() + words.readings.len(), rows.len(), "a word stands twice or can't be read");
        for (word, meaning) in &words.meanings {
            assert!(!word.is_empty());
            if let Meaning::Texts(texts) = meaning {
                for (text, fit) in texts {
                    assert!(text.len() > 1 || text == &['税'], "{word:?}");
                    assert!((0.1..=1.0).contains(fit), "{word:?}");
                }
            }
        }
        for (word, reading) in &words.readings {
            assert_eq!(word.len(), reading.len(), "{word:?}");
        }
    }

    #[test]
    fn names_speak_of_acts() {
        let words = Words::embedded();
        let acts = |name: &str| words.acts(&letters(name)).into_iter().map(str::to_owned).collect::<Vec<_>>().join(" ");
        assert_eq!(acts("残疾人证换领"), "renew replace");
        assert_eq!(acts("公共场所卫生许可延续（县级）"), "renew");
        assert_eq!(acts("企业投资项目备案"), "");
    }
}
