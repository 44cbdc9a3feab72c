//! The cross-walk of codes of divisions (区划代码对照): which code a division had before another, and from when.
//!
//! Each line is a standard of the division itself or of one above it. The place of a node, which the directory certifies, keeps the code that
//! it was certified under; whoever looks a division up by a code finds it under any of its codes.

use std::collections::BTreeMap;

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

use super::standard::{DivisionChange, Standard, StandardBody, StandardKind};
use super::{ItemState, ServiceItem};
use crate::Facts;

/// The codes that divisions had one after the other, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crosswalk {
    after: BTreeMap<DivisionCode, (DivisionCode, Date)>,
    before: BTreeMap<DivisionCode, DivisionCode>,
}

impl Crosswalk {
    /// All lines that are known to a node.
    #[must_use]
    pub fn gather(facts: &dyn Facts) -> Self {
        let kind = StandardKind::Division;
        let codes = facts.standard_codes(kind);
        Self::of(codes.iter().flat_map(|code| facts.standards(kind, code)))
    }

    /// The cross-walk that standards say. Of two that contradict each other that of the higher division stands, of equals that of the earlier
    /// day, in whichever order they were heard.
    ///
    /// Who isn't the division itself or above it says nothing, nor does a line that would join two divisions, or lead back.
    #[must_use]
    pub fn of(standards: impl IntoIterator<Item = Standard>) -> Self {
        let mut said: Vec<(DivisionCode, Date, DivisionChange)> = standards
            .into_iter()
            .filter(|standard| standard.state == ItemState::Published)
            .filter_map(|standard| match standard.body {
                StandardBody::Division(change) => Some((standard.division, standard.effective?, change)),
                _ => None,
            })
            .collect();
        said.sort_by_key(|(keeper, from, change)| (keeper.level(), *from, change.old, *keeper));
        let mut walk = Self::default();
        // A line may speak of a code that another line makes known.
        loop {
            let waiting = said.len();
            said.retain(|(keeper, from, change)| !walk.take(*keeper, *from, change));
            if said.len() == waiting {
                return walk;
            }
        }
    }

    fn take(&mut self, keeper: DivisionCode, from: Date, change: &DivisionChange) -> bool {
        let codes = self.codes(change.old);
        let speaks = codes.iter().any(|code| code.is_within(keeper));
        let fits = !self.after.contains_key(&change.old)
            && !self.before.contains_key(&change.new)
            && !codes.contains(&change.new)
            && change.old.level() == change.new.level();
        if speaks && fits {
            self.after.insert(change.old, (change.new, from));
            self.before.insert(change.new, change.old);
        }
        speaks && fits
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
        while let Some((next, _)) = codes.last().and_then(|last| self.after.get(last)) {
            codes.push(*next);
        }
        codes
    }

    /// The code that the division has on a day.
    #[must_use]
    pub fn current(&self, code: DivisionCode, day: Date) -> DivisionCode {
        let mut current = self.first(code);
        while let Some((next, _)) = self.after.get(&current).filter(|(_, from)| *from <= day) {
            current = *next;
        }
        current
    }

    /// What comes after a code, and from when.
    #[must_use]
    pub fn after(&self, code: DivisionCode) -> Option<(DivisionCode, Date)> {
        self.after.get(&code).copied()
    }

    /// From when a code is one that came after another.
    #[must_use]
    pub fn since(&self, code: DivisionCode) -> Option<Date> {
        self.before.get(&code).and_then(|before| self.after.get(before)).map(|(_, from)| *from)
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
