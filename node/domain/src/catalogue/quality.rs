//! Quality of items (事项质量): rules with stable ids, each with severity, weight, what it looks at and the remedy, and a score.
//!
//! The weights of all rules add up to 100, and the score of an item is the sum of the weights of the rules that it passes: whoever mends
//! what a rule says gains its weight. A rule that doesn't concern an item is passed. What only a guide can show is not passed while there
//! is no guide; of those rules none is listed as a finding but the missing guide itself.
//!
//! 指南准确度 is the share of items that have a guide and pass every rule of standards §2.4.

mod rules;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde::Serialize;
use tongban_codes::time::Date;

use super::ceiling::{self, Exceeded};
use super::establish::policy;
use super::list::{self, Conflict, Lists};
use super::{Guide, Policy, ServiceItem};
use crate::{Authority, Facts, Rejection, codes};

pub use rules::RULES;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// 红: against a law or a list.
    Red,
    /// 黄: wrong or incomplete.
    Yellow,
    /// 提示: worth a look.
    Info,
}

impl Severity {
    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Info => "info",
        }
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Red => "红",
            Self::Yellow => "黄",
            Self::Info => "提示",
        }
    }
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The item keeps the rule, or the rule doesn't concern it.
    Passed,
    /// It doesn't; the value at fault.
    Failed(String),
    /// There is no guide to judge.
    NoGuide,
}

impl Verdict {
    fn of(passed: bool, value: impl FnOnce() -> String) -> Self {
        if passed { Self::Passed } else { Self::Failed(value()) }
    }
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Stable id, never given to another rule.
    pub id: &'static str,
    /// How bad it is not to keep it.
    pub severity: Severity,
    /// What it is worth of 100.
    pub weight: u16,
    /// Whether it is one of standards §2.4, of which 指南准确度 is made.
    pub accuracy: bool,
    /// The field that it looks at.
    pub looks_at: &'static str,
    /// What is wrong when it fails, in English and Chinese.
    pub fault: (&'static str, &'static str),
    /// What to do, in English and Chinese.
    pub remedy: (&'static str, &'static str),
    check: fn(&Subject<'_>) -> Verdict,
}

impl Rule {
    /// Holds an item to the rule.
    #[must_use]
    pub fn check(&self, subject: &Subject<'_>) -> Verdict {
        (self.check)(subject)
    }
}

/// The rule with an id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// What rules look at: an item with what is known of it.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The item.
    pub item: &'a ServiceItem,
    /// Its guide, where there is one.
    pub guide: Option<&'a Guide>,
    /// Its authority.
    pub authority: Option<&'a Authority>,
    /// Limits that it doesn't keep.
    pub exceeded: Vec<Exceeded>,
    /// What lists have against it.
    pub conflicts: Vec<Conflict>,
}

impl<'a> Subject<'a> {
    /// Gathers what is known of an item on a day; `lists` are those of its division.
    #[must_use]
    pub fn gather(
        facts: &dyn Facts,
        item: &'a ServiceItem,
        guide: Option<&'a Guide>,
        authority: Option<&'a Authority>,
        lists: &Lists,
        day: Date,
    ) -> Self {
        Self {
            item,
            guide,
            authority,
            exceeded: ceiling::exceeded(facts, item, guide, day),
            conflicts: list::conflicts(item, guide, lists),
        }
    }
}

/// A rule that an item doesn't keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QualityFinding {
    /// The rule's id.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What mending it adds to the score.
    pub weight: u16,
    /// The field at fault.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What is wrong, in English.
    pub en: &'static str,
    /// What is wrong, in Chinese.
    pub zh: &'static str,
    /// What to do, in English.
    pub remedy_en: &'static str,
    /// What to do, in Chinese.
    pub remedy_zh: &'static str,
}

/// What the rules say of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// Code of the item.
    pub item: String,
    /// Its name.
    pub name: String,
    /// Its department.
    pub department: String,
    /// 0 to 100.
    pub score: u16,
    /// It has a guide and passes every rule of standards §2.4.
    pub accurate: bool,
    /// Rules that it doesn't keep, in the order of their ids.
    pub findings: Vec<QualityFinding>,
    /// Ids of rules that wait for a guide.
    pub unjudged: Vec<&'static str>,
}

/// The longest value that a finding repeats, in characters.
const VALUE_CHARS_MAX: usize = 120;

/// Holds an item to every rule.
#[must_use]
pub fn assess(subject: &Subject<'_>) -> Assessment {
    let mut whole = Assessment {
        item: subject.item.code.clone(),
        name: subject.item.core.name.clone(),
        department: subject.item.department.clone(),
        score: 0,
        accurate: subject.guide.is_some(),
        findings: Vec::new(),
        unjudged: Vec::new(),
    };
    for rule in RULES {
        match rule.check(subject) {
            Verdict::Passed => whole.score += rule.weight,
            Verdict::NoGuide => whole.unjudged.push(rule.id),
            Verdict::Failed(value) => {
                whole.accurate &= !rule.accuracy;
                whole.findings.push(QualityFinding {
                    rule: rule.id,
                    severity: rule.severity,
                    weight: rule.weight,
                    field: rule.looks_at,
                    value: value.chars().take(VALUE_CHARS_MAX).collect(),
                    en: rule.fault.0,
                    zh: rule.fault.1,
                    remedy_en: rule.remedy.0,
                    remedy_zh: rule.remedy.1,
                });
            }
        }
    }
    whole
}

/// What the rules say of many items together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Number of items.
    pub items: u64,
    /// Of them with a guide and every rule of standards §2.4 kept.
    pub accurate: u64,
    /// 指南准确度: accurate items of a thousand; 0 where there are none.
    pub accuracy_per_mille: u64,
    /// The mean of their scores in tenths, rounded down: 875 is 87.5.
    pub score_tenths: u64,
    /// How many items don't keep a rule, by its id.
    pub by_rule: BTreeMap<&'static str, u64>,
    /// How many findings there are, by severity.
    pub by_severity: BTreeMap<&'static str, u64>,
    scores: u64,
}

impl Overview {
    /// Counts one more item.
    pub fn add(&mut self, one: &Assessment) {
        self.items += 1;
        self.accurate += u64::from(one.accurate);
        self.scores += u64::from(one.score);
        for finding in &one.findings {
            *self.by_rule.entry(finding.rule).or_default() += 1;
            *self.by_severity.entry(finding.severity.name()).or_default() += 1;
        }
        self.accuracy_per_mille = self.accurate * 1000 / self.items;
        self.score_tenths = self.scores * 10 / self.items;
    }
}

/// What policy requires of items that this node publishes on a day; the lists are gathered once, and only when they are asked for.
pub(crate) struct Gate<'a> {
    facts: &'a dyn Facts,
    day: Date,
    policy: Policy,
    lists: OnceCell<Lists>,
}

impl<'a> Gate<'a> {
    pub(crate) fn new(facts: &'a dyn Facts, day: Date) -> Self {
        Self { facts, day, policy: policy(facts, facts.node().division, day), lists: OnceCell::new() }
    }

    /// Tells whether policy asks for a review before publication.
    pub(crate) fn asks_for_review(&self) -> bool {
        self.policy.review
    }

    /// Refuses an item that lacks the quality which policy requires for publication.
    pub(crate) fn hold(&self, item: &ServiceItem, authority: &Authority) -> Result<(), Rejection> {
        let policy = &self.policy;
        if policy.quality_min.is_none() && policy.rules_required.is_empty() {
            return Ok(());
        }
        let (facts, day) = (self.facts, self.day);
        let lists = self.lists.get_or_init(|| Lists::gather(facts, facts.node().division, day));
        judge(facts, (item, authority), policy, lists, day)
    }
}

fn judge(
    facts: &dyn Facts,
    (item, authority): (&ServiceItem, &Authority),
    policy: &Policy,
    lists: &Lists,
    day: Date,
) -> Result<(), Rejection> {
    let guide = item.guide.and_then(|digest| facts.guide(&digest));
    let subject = Subject::gather(facts, item, guide.as_ref(), Some(authority), lists, day);
    let whole = assess(&subject);
    let required = |id: &str| policy.rules_required.iter().any(|rule| rule == id);
    if let Some(finding) = whole.findings.iter().find(|finding| required(finding.rule)) {
        return Err(Rejection::new(
            codes::QUALITY_RULE,
            format!("{}: {}", finding.rule, finding.en),
            format!("{}：{}", finding.rule, finding.zh),
        )
        .field(finding.field, &finding.value)
        .remedy(finding.remedy_en, finding.remedy_zh));
    }
    if let Some(id) = whole.unjudged.iter().find(|id| required(id)) {
        return Err(Rejection::new(
            codes::QUALITY_RULE,
            format!("{id} can't be judged: there is no guide"),
            format!("{id}：没有办事指南，无法判定"),
        )
        .field("guide", "")
        .remedy("write the guide", "编写办事指南"));
    }
    match policy.quality_min {
        Some(least) if whole.score < u16::from(least) => {
            let worst = whole.findings.iter().max_by_key(|finding| finding.weight);
            let (en, zh) = worst.map_or(("", ""), |finding| (finding.remedy_en, finding.remedy_zh));
            let id = worst.map_or("", |finding| finding.rule);
            Err(Rejection::new(
                codes::QUALITY_LOW,
                format!("its quality is {} of 100, and {least} is required", whole.score),
                format!("质量分 {}，要求不低于 {least}", whole.score),
            )
            .field("quality", whole.score)
            .remedy(
                format!("{id}: {en}; see all: tongban item quality {}", item.short_code()),
                format!("{id}：{zh}；全部：tongban item quality {}", item.short_code()),
            ))
        }
        _ => Ok(()),
    }
}
