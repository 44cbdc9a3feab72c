//! Items that belong together under a name of their own: topics (主题) and life events (一件事).
//!
//! Their names aren't indexed: a node knows hundreds of them at most, so a question is held against each name, and the items of those that answer it
//! are sought by their codes, or by the topics that are indexed with the items.

use tongban_codes::ids::Digest;

use crate::entry::Card;
use crate::question::Question;
use crate::rank::Scale;
use crate::text;

/// Names that answer less well are no answer: a bundle brings many items along.
const ANSWERS_MIN: f32 = 0.6;
/// How much a phrase of the other words counts beside the name.
const WORDS: f32 = 0.95;
/// Phrases of the other words that are read.
const PHRASES_MAX: usize = 64;
/// Bundles that answer one question at most.
const ANSWERS_MAX: usize = 3;
/// What a name of a life event may end with, and a question about one.
const LIFE_EVENT: &str = "一件事";

/// Items that a name stands for which answers the question.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// How well the name answers, as [`answering`] says.
    pub score: f32,
    /// Base codes, short codes or whole codes of its items, in their order.
    pub items: Vec<String>,
    /// Codes of topics: the items whose guides name one of them follow, those that are used most first.
    pub topics: Vec<String>,
}

/// How much of a bundle is in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Its items that are asked for; of all that are under its topics the first thousand are looked through.
    pub items: usize,
    /// Those among them that are hits.
    pub shown: usize,
}

/// Which of some names answer a question, each with other words for it, and how well: up to about 1.1, best first. Of equal ones the first stands first.
#[must_use]
pub fn answering<'n>(question: &str, names: impl IntoIterator<Item = (&'n str, &'n [String])>) -> Vec<(usize, f32)> {
    let question = Question::read(&plain(question));
    let scale = Scale::of(&question, &vec![1.0; question.slots.len()]);
    let mut found: Vec<(usize, f32)> = names
        .into_iter()
        .map(|(name, words)| {
            let phrases = words.iter().flat_map(|words| words.split(|letter: char| !is_word(letter)));
            let phrases = phrases.filter(|phrase| !phrase.is_empty()).take(PHRASES_MAX);
            let of_words = phrases.map(|phrase| WORDS * scale.score(&card(phrase)));
            of_words.fold(scale.score(&card(name)), f32::max)
        })
        .enumerate()
        .filter(|(_, score)| *score >= ANSWERS_MIN)
        .collect();
    found.sort_by(|left, right| right.1.total_cmp(&left.1));
    found.truncate(ANSWERS_MAX);
    found
}

/// A text without the words that say what kind of bundle it is, unless it says nothing else.
fn plain(text: &str) -> String {
    let left = text.replace(LIFE_EVENT, "");
    if left.trim().is_empty() { text.to_owned() } else { left }
}

/// Phrases end where neither a letter nor a digit stands.
fn is_word(letter: char) -> bool {
    text::is_han(letter) || letter.is_ascii_alphanumeric()
}

fn card(name: &str) -> Card {
    Card {
        core: Digest::of(&[]),
        name: plain(name),
        main_item: String::new(),
        item_type: String::new(),
        department: String::new(),
        keywords: Vec::new(),
        base_code: None,
        codes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 15] = [
        "开办餐饮店一件事",
        "开办运输企业",
        "新生儿出生一件事",
        "教育入学",
        "社会保障卡居民服务",
        "残疾人服务",
        "军人退役",
        "企业职工退休",
        "企业注销登记",
        "企业破产信息核查",
        "水电气网联合报装",
        "信用修复",
        "户籍办理",
        "婚姻登记",
        "死亡殡葬",
    ];

    fn best(question: &str) -> Option<&'static str> {
        let words: Vec<Vec<String>> = NAMES
            .iter()
            .map(|name| match *name {
                "开办餐饮店一件事" => vec!["我要开饭店、开餐馆、开小吃店".to_owned()],
                "死亡殡葬" => vec!["亲人去世".to_owned()],
                _ => Vec::new(),
            })
            .collect();
        let names = NAMES.iter().zip(&words).map(|(name, words)| (*name, &words[..]));
        answering(question, names).first().map(|(at, _)| NAMES[*at])
    }

    #[test]
    fn a_question_names_a_life_event_or_a_topic_in_its_own_words() {
        for (question, name) in [
            ("我要开饭店", Some("开办餐饮店一件事")),
            ("开餐馆怎么办", Some("开办餐饮店一件事")),
            ("开办餐饮店", Some("开办餐饮店一件事")),
            ("新生儿出生一件事", Some("新生儿出生一件事")),
            ("新生儿出生", Some("新生儿出生一件事")),
            ("如何办理企业注销", Some("企业注销登记")),
            ("企业职工退休一件事", Some("企业职工退休")),
            ("户籍办理", Some("户籍办理")),
            ("亲人去世怎么办", Some("死亡殡葬")),
            ("信用修复流程", Some("信用修复")),
            ("xinshengerchusheng", Some("新生儿出生一件事")),
            ("一件事", None),
            ("公共场所卫生许可延续", None),
            ("残疾证到期", None),
            ("农药经营许可证变更", None),
            ("身份证丢了", None),
            ("511A0015500013", None),
            ("", None),
        ] {
            assert_eq!(best(question), name, "{question}");
        }
    }

    #[test]
    fn the_best_come_first_and_few_of_them() {
        let names = ["企业开办", "企业开办", "企业", "开办企业", "无关"];
        let found = answering("企业开办", names.map(|name| (name, &[][..])));
        assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>()[..2], [0, 1]);
        assert!(found.len() <= ANSWERS_MAX && found.is_sorted_by(|left, right| left.1 >= right.1), "{found:?}");
    }
}
