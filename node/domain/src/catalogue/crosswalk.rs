//! The cross-walk of codes of divisions (区划代码对照): which code a division had before another, and from when.
//!
//! Each line is a standard of the division itself or of one above it. The place of a node, which the directory certifies, keeps the code that
//! it was certified under; whoever looks a division up by a code finds it under any of its codes.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::division::{self, DivisionCode, Level};
use tongban_codes::time::Date;

use super::standard::{Standard, StandardBody, StandardKind};
use super::{ItemState, ServiceItem};
use crate::Facts;

/// The most lines of the cross-walk that one division may say: a city with all its counties, and each of their changes in a lifetime.
pub const LINES_MAX: usize = 1_024;
/// The most codes that one division may have had; those of the real table have had four at most.
const CODES_MAX: usize = 8;

/// The codes that divisions had one after the other, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crosswalk {
    after: BTreeMap<DivisionCode, Step>,
    before: BTreeMap<DivisionCode, DivisionCode>,
}

/// What comes after a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    new: DivisionCode,
    from: Date,
    keeper: DivisionCode,
}

/// A line as its keeper says it. The order is that in which lines are weighed: the higher keeper's before, of equals the earlier day's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    level: Level,
    from: Date,
    old: DivisionCode,
    keeper: DivisionCode,
    new: DivisionCode,
}

impl Said {
    fn of(standard: &Standard) -> Option<Self> {
        let (StandardBody::Division(change), Some(from)) = (&standard.body, standard.effective) else { return None };
        let (old, new, keeper) = (change.old, change.new, standard.division);
        (standard.state == ItemState::Published).then_some(Self { level: keeper.level(), from, old, keeper, new })
    }

    /// What no cross-walk may make true.
    fn is_possible(&self) -> bool {
        let province = self.keeper.province();
        self.old != self.new
            && self.old.level() == self.new.level()
            && self.level <= self.old.level()
            && self.old.province() == province
            && self.new.province() == province
    }
}

/// The reading of lines, the most binding first.
struct Reading {
    walk: Crosswalk,
    said: Vec<Said>,
    /// Who says anything: a division that has a node, so that its code is nobody else's.
    keepers: BTreeSet<DivisionCode>,
    /// The lines that end in a code.
    ending: BTreeMap<DivisionCode, Vec<usize>>,
    /// The lines on which it bears when a code is found to be one of a division's.
    touching: BTreeMap<DivisionCode, Vec<usize>>,
    /// The codes that several divisions of one level say are theirs.
    contested: BTreeSet<DivisionCode>,
}

impl Reading {
    fn of(standards: impl IntoIterator<Item = Standard>) -> Self {
        let mut said: Vec<Said> = standards.into_iter().filter_map(|standard| Said::of(&standard)).collect();
        let keepers = said.iter().map(|line| line.keeper).collect();
        said.retain(Said::is_possible);
        said.sort();
        let mut ending: BTreeMap<DivisionCode, Vec<usize>> = BTreeMap::new();
        let mut touching: BTreeMap<DivisionCode, Vec<usize>> = BTreeMap::new();
        for (at, line) in said.iter().enumerate() {
            ending.entry(line.new).or_default().push(at);
            let above = [line.old.superior(), line.new.superior()].into_iter().flatten();
            for code in above.chain([line.old, line.keeper]) {
                touching.entry(code).or_default().push(at);
            }
        }
        Self { walk: Crosswalk::default(), said, keepers, ending, touching, contested: BTreeSet::new() }
    }

    fn read(mut self) -> Crosswalk {
        let mut ready: BTreeSet<usize> = (0..self.said.len()).collect();
        while let Some(at) = ready.pop_first() {
            let line = self.said[at];
            if !self.may(&line) || !self.fits(&line) {
                continue;
            }
            if self.is_contested(&line) {
                self.contested.insert(line.new);
                continue;
            }
            self.walk.after.insert(line.old, Step { new: line.new, from: line.from, keeper: line.keeper });
            self.walk.before.insert(line.new, line.old);
            // A line may speak of a code that another line makes known.
            for code in self.walk.codes(line.new) {
                ready.extend(self.touching.get(&code).into_iter().flatten());
            }
        }
        self.walk
    }

    /// Tells whether the keeper is one to say it: of the division itself or of one below it, and of no code further away than its own.
    fn may(&self, line: &Said) -> bool {
        let walk = &self.walk;
        let beside = || {
            let (from, to) = (line.old.superior(), line.new.superior());
            from.zip(to).is_some_and(|(from, to)| walk.same(from, to))
        };
        walk.speaks(line.keeper, line.old)
            && (beside() || walk.codes(line.keeper).into_iter().any(|code| line.new.is_within(code)))
    }

    fn fits(&self, line: &Said) -> bool {
        let walk = &self.walk;
        let (codes, onward) = (walk.codes(line.old), walk.codes(line.new));
        let table = division::table();
        let listed = |code: &DivisionCode| table.find(*code).is_some();
        // A table that has the new code in place of the old tells a change from a taking by the word of one above alone.
        let itself = walk.first(line.old) == line.keeper;
        let anothers = self.keepers.contains(&line.new) || (listed(&line.new) && (itself || codes.iter().any(listed)));
        // What a higher division has said of a code alone is no lower one's to lead its own to.
        let theirs =
            onward.iter().filter_map(|code| walk.after.get(code)).all(|step| step.keeper.is_within(line.keeper));
        !walk.after.contains_key(&line.old)
            && !walk.before.contains_key(&line.new)
            && !codes.contains(&line.new)
            && codes.len() + onward.len() <= CODES_MAX
            && !anothers
            && theirs
            && !self.contested.contains(&line.new)
    }

    /// Tells whether another division of the same level says that the code is its own, and nothing higher has said otherwise.
    fn is_contested(&self, line: &Said) -> bool {
        self.ending.get(&line.new).into_iter().flatten().map(|at| &self.said[*at]).any(|other| {
            other.keeper != line.keeper
                && other.level == line.level
                && !self.walk.after.contains_key(&other.old)
                && !self.walk.same(other.old, line.old)
                && self.may(other)
        })
    }
}

impl Crosswalk {
    /// All lines that are known to a node, as they were said.
    pub(super) fn lines(facts: &dyn Facts) -> Vec<Standard> {
        let kind = StandardKind::Division;
        let codes = facts.standard_codes(kind);
        codes.iter().flat_map(|code| facts.standards(kind, code)).collect()
    }

    /// The cross-walk that all lines say that are known to a node.
    #[must_use]
    pub fn gather(facts: &dyn Facts) -> Self {
        Self::of(Self::lines(facts))
    }

    /// The cross-walk that standards say. Of two that contradict each other that of the higher division stands, of one division's that of the
    /// earlier day, in whichever order they were heard; of a code that two divisions of one level call theirs, neither's.
    ///
    /// Who isn't the division itself or above it says nothing, nor does a line that would join two divisions, lead away from under whoever says
    /// it, or lead back. It takes time in proportion to the lines.
    #[must_use]
    pub fn of(standards: impl IntoIterator<Item = Standard>) -> Self {
        Reading::of(standards).read()
    }

    /// Tells whether a division says what the codes of another are: by the code under which that one is certified, or by a later one that
    /// somebody higher has given it.
    #[must_use]
    pub fn speaks(&self, keeper: DivisionCode, code: DivisionCode) -> bool {
        let first = self.first(code);
        let given = |step: &Step| step.keeper.level() < keeper.level() && step.new.is_within(keeper);
        first.is_within(keeper) || self.codes(code).iter().filter_map(|code| self.after.get(code)).any(given)
    }

    /// The first code that a division had.
    #[must_use]
    pub fn first(&self, code: DivisionCode) -> DivisionCode {
        let mut first = code;
        while let Some(before) = self.before.get(&first) {
            first = *before;
        }
        first
    }

    /// All codes of the division that has or had a code, in their order; this one alone where none is known to have changed.
    #[must_use]
    pub fn codes(&self, code: DivisionCode) -> Vec<DivisionCode> {
        let mut codes = vec![self.first(code)];
        while let Some(step) = codes.last().and_then(|last| self.after.get(last)) {
            codes.push(step.new);
        }
        codes
    }

    /// The code that the division has on a day.
    #[must_use]
    pub fn current(&self, code: DivisionCode, day: Date) -> DivisionCode {
        let mut current = self.first(code);
        while let Some(step) = self.after.get(&current).filter(|step| step.from <= day) {
            current = step.new;
        }
        current
    }

    /// What comes after a code, and from when.
    #[must_use]
    pub fn after(&self, code: DivisionCode) -> Option<(DivisionCode, Date)> {
        self.after.get(&code).map(|step| (step.new, step.from))
    }

    /// The division whose word it is what comes after a code.
    #[must_use]
    pub fn keeper(&self, code: DivisionCode) -> Option<DivisionCode> {
        self.after.get(&code).map(|step| step.keeper)
    }

    /// The codes that a division had up to one of them.
    pub(super) fn until(&self, code: DivisionCode) -> Vec<DivisionCode> {
        let mut codes = self.codes(code);
        codes.truncate(codes.iter().position(|of| *of == code).map_or(codes.len(), |at| at + 1));
        codes
    }

    /// From when a code is one that came after another.
    #[must_use]
    pub fn since(&self, code: DivisionCode) -> Option<Date> {
        self.before.get(&code).and_then(|before| self.after.get(before)).map(|step| step.from)
    }

    /// Tells whether two codes are of one division.
    #[must_use]
    pub fn same(&self, one: DivisionCode, other: DivisionCode) -> bool {
        self.first(one) == self.first(other)
    }

    /// Tells whether a window of `division` may collect for an item, under whichever codes the two are named.
    #[must_use]
    pub fn covers(&self, item: &ServiceItem, division: DivisionCode) -> bool {
        let codes = self.codes(division);
        let mut regions = item.covered.iter().flat_map(|region| self.codes(*region));
        self.same(item.division, division) || regions.any(|region| codes.iter().any(|code| code.is_within(region)))
    }
}
