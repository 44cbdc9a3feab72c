//! The examination of one node: compared, judged, and what differs fetched field by field. Without I/O.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Timestamp;
use tongban_domain::Place;
use tongban_federation::drift::{
    Compared, Comparing, DriftError, Finding, Holding, ItemsAnswer, Kind, Known, Leaf, List, Step, Terms, WholeItem,
    judge,
};
use tongban_federation::limits;
use tongban_federation::wire::{DriftItems, ItemName, JournalSize, Query};

use super::difference::{Difference, Sealed};
use super::holding::{self, Held};
use super::{Examined, Expected};
use crate::engine::Refused;
use crate::exchange::knowledge::Knowledge;

/// What an examination came to.
#[derive(Clone, Debug)]
pub struct Examination {
    /// As of when the node answered.
    pub at: Timestamp,
    /// Whether it holds what it held last time, so that one question was enough.
    pub unchanged: bool,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// What comes next.
pub enum ExamineStep {
    /// Ask the node this, and come back with the payload of its answer.
    Ask(Query),
    /// The end.
    Done(Examination),
}

/// Whose base items are the measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// This node's: the other is below or beside it.
    Mine,
    /// The other's, which is above.
    Theirs,
}

enum Phase {
    Comparing(Box<Comparing>),
    Fetching {
        compared: Compared,
        findings: BTreeMap<u8, Vec<Finding>>,
        open: VecDeque<ItemName>,
        whole: BTreeMap<ItemName, WholeItem>,
        /// Bytes of them.
        fetched: usize,
    },
    Over,
}

/// The examination of one node.
pub struct Examining {
    place: Place,
    here: Place,
    side: Side,
    held: Arc<Held>,
    /// The base items that both should have.
    shared: Arc<Holding>,
    remembered: Option<Examined>,
    /// Whether items that differ were left unfetched.
    is_cut: bool,
    phase: Phase,
}

fn refused(error: DriftError) -> Refused {
    Refused::problem(error.code(), error.to_string(), format!("比对应答无效：{error}"))
}

/// The base items that both should have.
fn expected(knowledge: &Knowledge, held: &Arc<Held>, terms: &Terms) -> Arc<Holding> {
    let shared = || held.holding.leaves().filter(|leaf| terms.shares(leaf));
    let keepers: BTreeSet<DivisionCode> = shared().filter_map(|leaf| leaf.keeper).collect();
    let remembered = knowledge.drift.change(|memory| memory.expected.clone());
    if let Some(known) = remembered
        && Arc::ptr_eq(&known.held, held)
        && known.keepers == keepers
    {
        return known.holding;
    }
    let holding = Arc::new(Holding::new(shared().cloned(), true));
    let expected = Expected { held: Arc::clone(held), keepers, holding: Arc::clone(&holding) };
    knowledge.drift.change(|memory| memory.expected = Some(expected));
    holding
}

impl Examining {
    /// An examination of a node that isn't this one.
    ///
    /// # Errors
    ///
    /// When the own rows can't be read.
    pub fn new(knowledge: &Knowledge, place: Place) -> Result<Self, Refused> {
        let here = knowledge.here();
        let held = holding::held(knowledge)?;
        let terms = Terms { one: here.division, other: place.division, caught_up: false };
        let shared = expected(knowledge, &held, &terms);
        let remembered = knowledge.drift.change(|memory| memory.examined.get(&place.node).cloned());
        let known = remembered.as_ref().filter(|examined| !examined.unsettled).map(|examined| examined.known.clone());
        let side = if knowledge.is_superior(&place.node) { Side::Theirs } else { Side::Mine };
        // The same list as last time is kept once.
        let list = match &known {
            Some(known) if *known.mine == shared.list => Arc::clone(&known.mine),
            _ => Arc::new(shared.list.clone()),
        };
        let comparing = Comparing::new(list, known);
        Ok(Self {
            place,
            here,
            side,
            held,
            shared,
            remembered,
            is_cut: false,
            phase: Phase::Comparing(Box::new(comparing)),
        })
    }

    /// The first question.
    #[must_use]
    pub fn begin(&self) -> Query {
        match &self.phase {
            Phase::Comparing(comparing) => comparing.begin(),
            _ => Query::DriftRoot(tongban_federation::wire::DriftRoot {}),
        }
    }

    /// Takes the payload of an answer.
    ///
    /// # Errors
    ///
    /// When it isn't what was asked for, or the own rows can't be read; the examination is then over.
    pub fn answered(&mut self, knowledge: &Knowledge, payload: &[u8]) -> Result<ExamineStep, Refused> {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Comparing(mut comparing) => match comparing.answered(payload).map_err(refused)? {
                Step::Ask(query) => {
                    self.phase = Phase::Comparing(comparing);
                    Ok(ExamineStep::Ask(query))
                }
                Step::Done(compared) => self.compared(knowledge, compared),
            },
            Phase::Fetching { compared, findings, mut open, mut whole, mut fetched } => {
                let answer: ItemsAnswer =
                    tongban_codes::cbor::from_slice(payload).map_err(|_| refused(DriftError::Malformed))?;
                if answer.items.is_empty() {
                    return Err(refused(DriftError::Malformed));
                }
                for item in answer.items {
                    let expected = open.pop_front().filter(|name| *name == item.name);
                    let leaf = expected.and_then(|name| leaf_of(&compared, &name));
                    let leaf = leaf.ok_or_else(|| refused(DriftError::Item))?;
                    item.check(leaf).map_err(refused)?;
                    fetched += [&item.row, &item.sealed].into_iter().flatten().map(Vec::len).sum::<usize>();
                    whole.insert(item.name.clone(), item);
                }
                // The rest is told by its leaves alone.
                if fetched >= limits::DRIFT_FETCHED_BYTES_MAX {
                    self.is_cut |= !open.is_empty();
                    open.clear();
                }
                self.fetch_or_end(knowledge, compared, findings, open, whole, fetched)
            }
            Phase::Over => Err(refused(DriftError::Malformed)),
        }
    }

    fn compared(&mut self, knowledge: &Knowledge, compared: Compared) -> Result<ExamineStep, Refused> {
        let caught_up = self.caught_up(knowledge, &compared.standards);
        let terms = Terms { one: self.here.division, other: self.place.division, caught_up };
        let mut findings = BTreeMap::new();
        for (bucket, leaves) in &compared.leaves {
            let mine = self.shared.bucket(*bucket);
            let found = match self.side {
                Side::Mine => judge(mine, leaves, &terms),
                // Of the own items the examination of this node speaks.
                Side::Theirs => judge(leaves, mine, &terms),
            };
            if !found.is_empty() {
                findings.insert(*bucket, found);
            }
        }
        let theirs = |name: &ItemName| leaf_of(&compared, name).is_some();
        let differing = findings.values().flatten().map(|finding| finding.name.clone());
        let open: BTreeSet<ItemName> = differing.filter(theirs).collect();
        let open = open.into_iter().collect();
        self.fetch_or_end(knowledge, compared, findings, open, BTreeMap::new(), 0)
    }

    /// Whether the inferior has all journals of standards of those above both as far as the superior has them.
    fn caught_up(&self, knowledge: &Knowledge, theirs: &[JournalSize]) -> bool {
        let mine = &self.held.standards;
        let (above, below) = match self.side {
            Side::Mine => (mine.as_slice(), theirs),
            Side::Theirs => (theirs, mine.as_slice()),
        };
        let concerns = |size: &JournalSize| {
            let place = knowledge.place_of(&size.origin);
            let both = [self.here.division, self.place.division];
            place.is_some_and(|place| both.iter().all(|one| *one == place.division || one.is_within(place.division)))
        };
        above.iter().filter(|size| concerns(size)).all(|size| {
            let same = |held: &&JournalSize| (held.origin, held.epoch) == (size.origin, size.epoch);
            below.iter().find(same).is_some_and(|held| held.size >= size.size)
        })
    }

    fn fetch_or_end(
        &mut self,
        knowledge: &Knowledge,
        compared: Compared,
        findings: BTreeMap<u8, Vec<Finding>>,
        open: VecDeque<ItemName>,
        whole: BTreeMap<ItemName, WholeItem>,
        fetched: usize,
    ) -> Result<ExamineStep, Refused> {
        if !open.is_empty() {
            let names = open.iter().take(limits::DRIFT_ITEMS_MAX).cloned().collect();
            self.phase = Phase::Fetching { compared, findings, open, whole, fetched };
            return Ok(ExamineStep::Ask(Query::DriftItems(DriftItems { names })));
        }
        let differences = self.differences(knowledge, &compared, &findings, &whole)?;
        Ok(ExamineStep::Done(self.end(knowledge, &compared, differences, &findings)))
    }

    fn differences(
        &self,
        knowledge: &Knowledge,
        compared: &Compared,
        findings: &BTreeMap<u8, Vec<Finding>>,
        theirs: &BTreeMap<ItemName, WholeItem>,
    ) -> Result<BTreeMap<u8, Vec<Difference>>, Refused> {
        let all = findings.values().flatten();
        let mut names: Vec<ItemName> =
            all.map(|finding| ItemName { base: finding.name.base.clone(), code: None }).collect();
        names.sort();
        names.dedup();
        let mine = holding::whole(knowledge, &self.held, &names, usize::MAX)?;
        let mine: BTreeMap<ItemName, WholeItem> = mine.into_iter().map(|whole| (whole.name.clone(), whole)).collect();
        let of = |finding: &Finding| {
            let base = ItemName { base: finding.name.base.clone(), code: None };
            let (my_base, their_item) = (mine.get(&base), theirs.get(&finding.name));
            let sealed_at = |name: &ItemName| self.held.sealed_at.get(name).copied();
            let (wholes, sealed) = match self.side {
                Side::Mine => {
                    let above = my_base.filter(|_| finding.above.is_some());
                    let sealed = Sealed { above: sealed_at(&base), below: their_item.and_then(|item| item.sealed_at) };
                    ((above, their_item), sealed)
                }
                Side::Theirs => {
                    let sealed = Sealed { above: their_item.and_then(|item| item.sealed_at), below: sealed_at(&base) };
                    ((their_item, my_base), sealed)
                }
            };
            Difference::of(self.at_fault(), finding, wholes, sealed, compared.at)
        };
        Ok(findings.iter().map(|(bucket, found)| (*bucket, found.iter().map(of).collect())).collect())
    }

    /// The inferior of the two.
    fn at_fault(&self) -> Place {
        if self.side == Side::Mine { self.place } else { self.here }
    }

    /// Joins what was found with what stands of last time, and remembers it.
    fn end(
        &self,
        knowledge: &Knowledge,
        compared: &Compared,
        found: BTreeMap<u8, Vec<Difference>>,
        findings: &BTreeMap<u8, Vec<Finding>>,
    ) -> Examination {
        let mut differences = self.remembered.clone().map(|examined| examined.differences).unwrap_or_default();
        let list: Option<Arc<List>> = compared.list.clone();
        if let Some(list) = &list {
            differences.retain(|bucket, _| {
                list.hash(*bucket) != self.shared.list.hash(*bucket) && !compared.leaves.contains_key(bucket)
            });
            differences.extend(found);
        }
        let theirs = list.or_else(|| self.remembered.as_ref().map(|examined| Arc::clone(&examined.known.theirs)));
        let broken = theirs.as_ref().is_some_and(|list| !list.whole);
        if let Some(theirs) = theirs {
            let known = Known { theirs, mine: Arc::new(self.shared.list.clone()) };
            // What wasn't fetched this time is, next time.
            let unsettled = self.is_cut || findings.values().flatten().any(|finding| finding.kind == Kind::Behind);
            let examined = Examined { known, differences: differences.clone(), unsettled };
            knowledge.drift.change(|memory| memory.examined.insert(self.place.node, examined));
        }
        let mut differences: Vec<Difference> = differences.into_values().flatten().collect();
        if broken {
            differences.insert(0, Difference::of_journal(self.place, compared.at));
        }
        Examination { at: compared.at, unchanged: compared.list.is_none(), differences }
    }
}

fn leaf_of<'a>(compared: &'a Compared, name: &ItemName) -> Option<&'a Leaf> {
    let leaves = compared.leaves.get(&tongban_federation::drift::bucket(name))?;
    leaves.iter().find(|leaf| leaf.name == *name)
}

/// The examination of this node itself: its rows against what was sealed, its items against the base items that it holds.
///
/// # Errors
///
/// When rows, journal or slices can't be read.
pub fn examine_here(knowledge: &Knowledge) -> Result<Examination, Refused> {
    let here = knowledge.here();
    let held = holding::held(knowledge)?;
    let terms = Terms { one: here.division, other: here.division, caught_up: true };
    let found: Vec<Finding> = (0..=u8::MAX)
        .flat_map(|bucket| {
            let leaves = held.holding.bucket(bucket);
            judge(leaves, leaves, &terms)
        })
        .collect();
    let mut names: Vec<ItemName> = found
        .iter()
        .flat_map(|finding| [finding.name.clone(), ItemName { base: finding.name.base.clone(), code: None }])
        .collect();
    names.sort();
    names.dedup();
    let wholes = holding::whole(knowledge, &held, &names, usize::MAX)?;
    let wholes: BTreeMap<ItemName, WholeItem> = wholes.into_iter().map(|whole| (whole.name.clone(), whole)).collect();
    let at = knowledge.now();
    let of = |finding: &Finding| {
        let base = ItemName { base: finding.name.base.clone(), code: None };
        let above = wholes.get(&base).filter(|_| finding.above.is_some() && finding.name.code.is_some());
        let sealed_at = |name: &ItemName| held.sealed_at.get(name).copied();
        let sealed = Sealed { above: sealed_at(&base), below: sealed_at(&finding.name) };
        Difference::of(here, finding, (above, wholes.get(&finding.name)), sealed, at)
    };
    let mut differences: Vec<Difference> = found.iter().map(of).collect();
    if !held.holding.list.whole {
        differences.insert(0, Difference::of_journal(here, at));
    }
    Ok(Examination { at, unchanged: false, differences })
}
