//! How good answers are: the committed questions with their judgements (`tests/data/search-queries.csv`), and nDCG@10.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::item_code::LocalItemCode;
use tongban_search::{Entry, Kind};

/// Answers that count.
pub const DEPTH: usize = 10;

const QUESTIONS: &str = include_str!("../data/search-queries.csv");
const ITEMS: &str = include_str!("../data/items-511602.csv");

/// A question with what answers it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What is asked.
    pub query: String,
    /// What kind of question it is: name, word, code, initials, typo, colloquial, department.
    pub kind: String,
    /// Short codes with grades: 3 is what was looked for, 2 helps, 1 is near.
    pub grades: BTreeMap<String, u32>,
}

/// The committed questions.
///
/// # Errors
///
/// When the file can't be read.
pub fn questions() -> Result<Vec<Judged>> {
    let mut rows = csv::Reader::from_reader(QUESTIONS.as_bytes());
    rows.records()
        .map(|row| {
            let row = row?;
            let column = |at: usize| row.get(at).context("three columns").map(str::to_owned);
            let grades = column(2)?
                .split(' ')
                .map(|one| {
                    let (code, grade) = one.rsplit_once(':').context("a code and its grade")?;
                    Ok((code.to_owned(), grade.parse()?))
                })
                .collect::<Result<_>>()?;
            Ok(Judged { query: column(0)?, kind: column(1)?, grades })
        })
        .collect()
}

/// The part of a code before the division.
#[must_use]
pub fn short(code: &str) -> String {
    code.parse::<LocalItemCode>().map_or_else(|_| code.to_owned(), |local| local.base().to_owned())
}

/// The real items of 广安区 as entries of a division: the code names that division instead.
///
/// # Errors
///
/// When the file can't be read.
pub fn items(division: DivisionCode) -> Result<Vec<Entry>> {
    let mut rows = csv::Reader::from_reader(ITEMS.as_bytes());
    rows.records()
        .map(|row| {
            let row = row?;
            let column = |at: usize| row.get(at).context("seven columns").map(str::to_owned);
            let (name, item_type) = (column(2)?, column(5)?);
            let code = column(3)?.replacen("511602000000", &division.to_string(), 1);
            Ok(Entry {
                kind: Kind::Item,
                short_code: short(&code),
                code,
                base_code: None,
                division,
                core: Digest::of(format!("{name}\n{item_type}").as_bytes()),
                name,
                main_item: column(1)?,
                item_type,
                department: column(0)?,
                keywords: Vec::new(),
                topics: Vec::new(),
                origin: NodeId::from_bytes([1; 16]),
                as_of: None,
            })
        })
        .collect()
}

/// Normalised discounted cumulative gain of the first ten answers, by short code; gains are 2^grade − 1.
#[must_use]
pub fn ndcg<'a>(judged: &Judged, answers: impl IntoIterator<Item = &'a str>) -> f64 {
    let gain = |grade: u32| f64::from((1_u32 << grade) - 1);
    let discounts = || (2_u32..).map(|place| 1.0 / f64::from(place).log2()).take(DEPTH);
    let mut left = judged.grades.clone();
    let got: f64 = answers
        .into_iter()
        .zip(discounts())
        .map(|(code, discount)| left.remove(code).map_or(0.0, gain) * discount)
        .sum();
    let mut best: Vec<u32> = judged.grades.values().copied().collect();
    best.sort_unstable_by(|left, right| right.cmp(left));
    let ideal: f64 = best.into_iter().zip(discounts()).map(|(grade, discount)| gain(grade) * discount).sum();
    if ideal > 0.0 { got / ideal } else { 0.0 }
}

/// Means by kind of question, and over all as `all`.
#[must_use]
pub fn means(scores: &[(String, f64)]) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (kind, score) in scores {
        for name in [kind.as_str(), "all"] {
            let (sum, count) = sums.entry(name.to_owned()).or_default();
            *sum += score;
            *count += 1.0;
        }
    }
    sums.into_iter().map(|(kind, (sum, count))| (kind, sum / count)).collect()
}
