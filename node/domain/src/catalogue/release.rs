//! The releases of a base item: which of its versions holds on which day, and how they end.

use tongban_codes::time::Date;

use super::versions::Versioned;
use super::{BaseItem, ItemState, Successor};

impl Versioned for BaseItem {
    fn first_day(&self) -> Option<Date> {
        self.effective
    }

    fn before(&self) -> Option<&Self> {
        self.in_force.as_deref()
    }

    fn goes_on(&self, day: Date) -> bool {
        let stands = matches!(self.state, ItemState::Published | ItemState::Suspended);
        stands && self.ever_holds() && self.cancel.is_none_or(|last| day <= last)
    }

    /// A suspension is the item's: it stands with the version that begins last.
    fn behind(&self, before: Option<Self>) -> Self {
        BaseItem { in_force: before.map(Box::new), state: ItemState::Published, ..self.clone() }
    }
}

impl BaseItem {
    /// The version released last: this one, or the one beside which this is the draft of the next. It may begin later, see
    /// [`BaseItem::holding`].
    #[must_use]
    pub fn published(&self) -> Option<&BaseItem> {
        match self.state {
            ItemState::Published => Some(self),
            ItemState::Draft | ItemState::Submitted | ItemState::Reviewed => {
                self.in_force.as_deref().and_then(BaseItem::published)
            }
            ItemState::Withdrawn | ItemState::Suspended => None,
        }
    }

    /// The version released last, suspended or not: this one, or the one beside which this is the draft of the next.
    #[must_use]
    pub fn standing(&self) -> Option<&BaseItem> {
        match self.state {
            ItemState::Published | ItemState::Suspended => Some(self),
            ItemState::Draft | ItemState::Submitted | ItemState::Reviewed => {
                self.in_force.as_deref().and_then(BaseItem::standing)
            }
            ItemState::Withdrawn => None,
        }
    }

    /// The version whose department answers for it on a day, suspended or ended though it may be: the one released last of those that have begun,
    /// or the first one to begin while none has.
    pub(super) fn answering(&self, day: Date) -> Option<&BaseItem> {
        let last = self.standing()?;
        let before = || last.in_force.as_deref().and_then(|before| before.answering(day));
        if !last.ever_holds() {
            return before();
        }
        if last.effective.is_some_and(|from| from > day) { before().or(Some(last)) } else { Some(last) }
    }

    /// What was released last, in whatever state it is now; the draft where nothing was, or what was is withdrawn.
    pub(super) fn into_released(self) -> BaseItem {
        if !self.state.is_draft() {
            return self;
        }
        match self.in_force {
            Some(released) => *released,
            None => self,
        }
    }

    /// The version that holds on a day: the one released last, or the one before it while that has not begun. Every node reads it from the
    /// same rows, so that none needs to be told on the day.
    #[must_use]
    pub fn holding(&self, day: Date) -> Option<&BaseItem> {
        let last = self.published()?;
        if last.effective.is_some_and(|from| from > day) {
            return last.in_force.as_deref().and_then(|before| before.holding(day));
        }
        last.cancel.is_none_or(|until| day <= until).then_some(last)
    }

    /// The version that binds what is made on a day: the one that holds, or the first one to begin while none has.
    #[must_use]
    pub fn binding(&self, day: Date) -> Option<&BaseItem> {
        self.holding(day).or_else(|| {
            let last = self.published().filter(|last| last.effective.is_some_and(|from| from > day))?;
            let sooner = last.in_force.as_deref().and_then(|before| before.binding(day));
            sooner.or_else(|| (last.ever_holds() && last.cancel.is_none_or(|until| day <= until)).then_some(last))
        })
    }

    /// The versions that have a day still, the first to begin first: what holds on a day, and what begins later.
    pub(super) fn ahead(&self, day: Date) -> Vec<&BaseItem> {
        let mut ahead = Vec::new();
        let mut next = self.published();
        while let Some(version) = next {
            if version.ever_holds() {
                ahead.push(version);
            }
            let to_come = version.effective.is_some_and(|from| from > day);
            next = version.in_force.as_deref().filter(|_| to_come).and_then(BaseItem::published);
        }
        ahead.reverse();
        ahead
    }

    /// Tells whether it ever holds: what ends before its first day has been taken back.
    pub(super) fn ever_holds(&self) -> bool {
        self.effective.zip(self.cancel).is_none_or(|(first, last)| first <= last)
    }

    /// Tells whether a version of it begins before a day.
    pub(super) fn begins_before(&self, day: Date) -> bool {
        self.effective.is_none_or(|first| first < day)
            || self.in_force.as_deref().is_some_and(|before| before.begins_before(day))
    }

    /// The version released last of those that ever hold.
    pub(super) fn lasting(&self) -> Option<&BaseItem> {
        let last = self.published()?;
        if last.ever_holds() { Some(last) } else { last.in_force.as_deref().and_then(BaseItem::lasting) }
    }

    /// Ends this version and those that hold until it begins before a day, for a successor or for nothing: what would begin on that day or
    /// later never does, what ends sooner by itself still does. The day that an earlier order gave counts no more.
    pub(super) fn end_before(&mut self, from: Date, successor: Option<&Successor>) {
        let withdrawn = self.cancel;
        let mut version = Some(self);
        while let Some(ends) = version {
            let former = match successor {
                Some(successor) => ends.successor.replace(successor.clone()).map(|former| former.from.previous_day()),
                None => withdrawn,
            };
            ends.cancel = Some(sooner(ends.cancel, former, from));
            version = ends.in_force.as_deref_mut();
        }
    }
}

/// The last day of what ends before a day, unless it ends sooner by itself; the last day that a former order gave counts no more.
pub(super) fn sooner(cancel: Option<Date>, former: Option<Date>, from: Date) -> Date {
    let last = from.previous_day();
    cancel.filter(|_| cancel != former).map_or(last, |cancel| cancel.min(last))
}
