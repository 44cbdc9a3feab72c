//! A question as it is read: codes, words with what else they are called, acts, and sounds.

use std::collections::BTreeSet;

use crate::sound;
use crate::text;
use crate::words::{Meaning, Words};

/// Letters of a question that are read; the rest can't change what is found.
const LETTERS_MAX: usize = 64;

/// One thing that a question asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Slot {
    /// A text, and what items call it, with how well that fits.
    Text { literal: Vec<char>, others: Vec<(Vec<char>, f32)> },
    /// Letters that may be initials or pinyin, and their syllables when they are.
    Sound { letters: String, cut: Option<Vec<String>>, others: Vec<(Vec<char>, f32)> },
}

/// A question.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Question {
    /// The question as a code, in upper case without space, when it looks like one.
    pub(crate) code: Option<String>,
    /// What is left when words that say nothing are taken out.
    pub(crate) letters: Vec<char>,
    /// What is asked for.
    pub(crate) slots: Vec<Slot>,
    /// What is to be done.
    pub(crate) acts: BTreeSet<String>,
    /// The words that said so.
    pub(crate) act_words: Vec<Vec<char>>,
}

impl Question {
    /// Reads a question.
    pub(crate) fn read(question: &str) -> Self {
        let words = Words::embedded();
        let mut read = Self { code: code(question), ..Self::default() };
        for run in text::folded(question).split(|letter: char| !text::is_han(letter) && !letter.is_ascii_alphanumeric())
        {
            let left = LETTERS_MAX.saturating_sub(read.letters.len());
            let run: Vec<char> = run.chars().take(left).collect();
            read.run(words, &run);
        }
        if read.slots.is_empty() && read.acts.is_empty() {
            // Nothing but words that say nothing: they are all there is to look for.
            let literal = text::letters(question).into_iter().take(LETTERS_MAX).collect::<Vec<_>>();
            if !literal.is_empty() {
                read.letters.clone_from(&literal);
                read.slots.push(Slot::Text { literal, others: Vec::new() });
            }
        }
        read
    }

    fn run(&mut self, words: &Words, run: &[char]) {
        let mut literal = Vec::new();
        let mut at = 0;
        while at < run.len() {
            let rest = &run[at..];
            let latin = rest.iter().take_while(|letter| letter.is_ascii_alphabetic()).count();
            let found = words.first(rest).filter(|(length, _)| latin == 0 || *length >= latin);
            let Some((length, meaning)) = found else {
                let length = latin.max(1);
                self.letters.extend(&rest[..length]);
                if latin > 1 {
                    self.flush(&mut literal);
                    let letters: String = rest[..latin].iter().collect();
                    let cut = sound::cut(&letters);
                    let mut others = Vec::new();
                    for meaning in words.sounding(&letters) {
                        match meaning {
                            Meaning::Texts(texts) => others.extend(texts.iter().cloned()),
                            Meaning::Act(acts) => self.acts.extend(acts.iter().cloned()),
                            Meaning::Stop => {}
                        }
                    }
                    self.slots.push(Slot::Sound { letters, cut, others });
                } else {
                    literal.extend(&rest[..length]);
                }
                at += length;
                continue;
            };
            let word = &rest[..length];
            match meaning {
                Meaning::Stop => {}
                Meaning::Act(acts) => {
                    // An act may also be part of a name (变更, 补办): it counts among the letters.
                    self.letters.extend(word);
                    self.acts.extend(acts.iter().cloned());
                    self.act_words.push(word.to_vec());
                }
                Meaning::Texts(others) => {
                    self.letters.extend(word);
                    self.flush(&mut literal);
                    self.slots.push(Slot::Text { literal: word.to_vec(), others: others.clone() });
                }
            }
            if !matches!(meaning, Meaning::Texts(_)) {
                self.flush(&mut literal);
            }
            at += length;
        }
        self.flush(&mut literal);
    }

    fn flush(&mut self, literal: &mut Vec<char>) {
        if !literal.is_empty() {
            self.slots.push(Slot::Text { literal: std::mem::take(literal), others: Vec::new() });
        }
    }
}

/// The question as a code: letters, digits and dashes, at least three of them digits, more than four in all.
fn code(question: &str) -> Option<String> {
    let code: String = text::folded(question)
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect::<String>()
        .to_ascii_uppercase();
    let is_code = code.len() >= 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_code && code.bytes().filter(u8::is_ascii_digit).count() >= 3).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(question: &str) -> (String, Vec<String>, String) {
        let read = Question::read(question);
        let slots = read
            .slots
            .iter()
            .map(|slot| match slot {
                Slot::Text { literal, others } => format!("{}+{}", literal.iter().collect::<String>(), others.len()),
                Slot::Sound { letters, cut, .. } => format!("{letters}:{}", cut.as_ref().map_or(0, Vec::len)),
            })
            .collect();
        let acts = read.acts.into_iter().collect::<Vec<_>>().join(" ");
        (read.letters.iter().collect(), slots, acts)
    }

    #[test]
    fn questions_are_read() {
        let text = str::to_owned;
        assert_eq!(of("残疾证到期怎么办"), (text("残疾证到期"), vec![text("残疾证+1")], text("renew")));
        assert_eq!(of("cjrz"), (text("cjrz"), vec![text("cjrz:0")], text("")));
        assert_eq!(
            of("如何办理采矿权延续登记"),
            (text("采矿权延续登记"), vec![text("采矿权+0"), text("登记+0")], text("renew"))
        );
        assert_eq!(of("KTV"), (text("ktv"), vec![text("ktv+1")], text("")));
        assert_eq!(Question::read("511a 0015500013").code.as_deref(), Some("511A0015500013"));
        assert_eq!(Question::read("12315").code.as_deref(), Some("12315"));
        assert_eq!(Question::read("残疾证").code, None);
        assert_eq!(of("怎么办"), (text("怎么办"), vec![text("怎么办+0")], text("")));
    }

    proptest! {
        /// No question is too strange, and none is read for long.
        #[test]
        fn any_question_can_be_read(question in "\\PC{0,200}") {
            let read = Question::read(&question);
            prop_assert!(read.letters.len() <= LETTERS_MAX);
        }
    }
}
