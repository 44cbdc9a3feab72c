//! The state as a decision sees it: applied, through layers of what is decided and not applied yet.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use crate::{Family, Read, StorageError, Visit, WriteBatch};

/// Reads a base through layers of batches; the last layer stands.
pub struct View<'a> {
    base: &'a dyn Read,
    layers: Vec<&'a WriteBatch>,
}

impl<'a> View<'a> {
    /// A view through `layers`, oldest first.
    #[must_use]
    pub fn new(base: &'a dyn Read, layers: Vec<&'a WriteBatch>) -> Self {
        Self { base, layers }
    }
}

/// A batch in the making, over what it will be laid upon: what was written is read back.
pub struct Overlay<'a> {
    base: &'a dyn Read,
    /// What has been written.
    pub batch: &'a mut WriteBatch,
}

impl<'a> Overlay<'a> {
    /// `batch` over `base`.
    #[must_use]
    pub fn new(base: &'a dyn Read, batch: &'a mut WriteBatch) -> Self {
        Self { base, batch }
    }
}

impl Read for Overlay<'_> {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match self.batch.find(family, key) {
            Some(value) => Ok(value.map(<[u8]>::to_vec)),
            None => self.base.load(family, key),
        }
    }

    fn look(&self, family: Family, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StorageError> {
        match self.batch.find(family, key) {
            Some(value) => Ok(value.map(see).is_some()),
            None => self.base.look(family, key, see),
        }
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        View::new(self.base, vec![self.batch]).scan(family, from, to, reverse, visit)
    }
}

impl Read for View<'_> {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        for layer in self.layers.iter().rev() {
            if let Some(value) = layer.find(family, key) {
                return Ok(value.map(<[u8]>::to_vec));
            }
        }
        self.base.load(family, key)
    }

    fn look(&self, family: Family, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StorageError> {
        for layer in self.layers.iter().rev() {
            if let Some(value) = layer.find(family, key) {
                return Ok(value.map(see).is_some());
            }
        }
        self.base.look(family, key, see)
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        let mut over: BTreeMap<&[u8], Option<&[u8]>> = BTreeMap::new();
        for layer in &self.layers {
            over.extend(layer.range(family, from, to));
        }
        if over.is_empty() {
            return self.base.scan(family, from, to, reverse, visit);
        }
        let mut over: Vec<(&[u8], Option<&[u8]>)> = over.into_iter().collect();
        if reverse {
            over.reverse();
        }
        let before = |left: &[u8], right: &[u8]| if reverse { left > right } else { left < right };
        let mut next = over.into_iter().peekable();
        let mut ended = false;
        self.base.scan(family, from, to, reverse, &mut |key, value| {
            while let Some((above, change)) = next.next_if(|(above, _)| before(above, key)) {
                if let Some(change) = change
                    && visit(above, change).is_break()
                {
                    ended = true;
                    return ControlFlow::Break(());
                }
            }
            let flow = match next.next_if(|(above, _)| *above == key) {
                Some((_, None)) => ControlFlow::Continue(()),
                Some((_, Some(change))) => visit(key, change),
                None => visit(key, value),
            };
            ended = flow.is_break();
            flow
        })?;
        if !ended {
            for (key, change) in next {
                if let Some(change) = change
                    && visit(key, change).is_break()
                {
                    break;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::{Backend, MemoryBackend};

    proptest! {
        /// Reading through layers is reading a base to which they were written.
        #[test]
        fn a_view_is_the_state_to_come(
            batches in vec(vec((0u8..12, proptest::option::of(0u8..4)), 0..6), 1..5),
            low in 0u8..12, high in 0u8..12, reverse: bool, written in 0usize..4,
        ) {
            let (base, whole) = (MemoryBackend::new(), MemoryBackend::new());
            let mut layers = Vec::new();
            for (index, changes) in batches.iter().enumerate() {
                let mut batch = WriteBatch::new();
                for (key, value) in changes {
                    match value {
                        Some(value) => batch.put(Family::Rows, [*key], [*value]),
                        None => batch.delete(Family::Rows, [*key]),
                    }
                }
                whole.write(batch.clone()).unwrap();
                if index < written { base.write(batch).unwrap() } else { layers.push(batch) }
            }
            let view = View::new(&base, layers.iter().collect());
            for key in 0u8..12 {
                prop_assert_eq!(view.load(Family::Rows, &[key]).unwrap(), whole.load(Family::Rows, &[key]).unwrap());
            }
            let read = |from: &dyn Read| {
                let mut seen = Vec::new();
                from.scan(Family::Rows, Bound::Included(&[low]), Bound::Excluded(&[high]), reverse, &mut |key, value| {
                    seen.push((key.to_vec(), value.to_vec()));
                    ControlFlow::Continue(())
                }).unwrap();
                seen
            };
            prop_assert_eq!(read(&view), read(&whole));
        }
    }
}
