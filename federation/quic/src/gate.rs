//! Counts the connections that have not authenticated themselves, per address and in all.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::limits::Limits;

/// What to do with a connection attempt.
#[must_use]
pub(crate) enum Verdict {
    /// Go on; the pass holds the place.
    Enter(Pass),
    /// Let the client prove its address first.
    Retry,
    /// No place.
    Refuse,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// The gate of one endpoint.
#[derive(Clone)]
pub(crate) struct Gate {
    counts: Arc<Mutex<Counts>>,
    total_max: usize,
    address_max: usize,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            counts: Arc::default(),
            total_max: limits.unauthenticated_max,
            address_max: limits.unauthenticated_per_address_max,
        }
    }

    /// Decides on an attempt from `address`; `validated` says whether the client has shown that it can
    /// receive there. Addresses that were not shown can fill only half of a quota, so that a forger
    /// can't lock the true owner of an address out.
    pub(crate) fn enter(&self, address: IpAddr, validated: bool) -> Verdict {
        let mut counts = self.lock();
        let here = counts.by_address.get(&address).copied().unwrap_or(0);
        if counts.total >= self.total_max || here >= self.address_max {
            return if validated { Verdict::Refuse } else { Verdict::Retry };
        }
        if !validated && (counts.total >= self.total_max / 2 || here >= self.address_max / 2) {
            return Verdict::Retry;
        }
        counts.total += 1;
        counts.by_address.insert(address, here + 1);
        Verdict::Enter(Pass { gate: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place behind the gate, given back on drop.
pub(crate) struct Pass {
    gate: Gate,
    address: IpAddr,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut counts = self.gate.lock();
        counts.total = counts.total.saturating_sub(1);
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_per_address_and_in_all() {
        let limits = Limits { unauthenticated_max: 6, unauthenticated_per_address_max: 4, ..Limits::default() };
        let gate = Gate::new(&limits);
        let one = IpAddr::from([10, 0, 0, 1]);
        let two = IpAddr::from([10, 0, 0, 2]);
        let mut passes = Vec::new();
        let mut attempt = |address, validated| match gate.enter(address, validated) {
            Verdict::Enter(pass) => {
                passes.push(pass);
                "enter"
            }
            Verdict::Retry => "retry",
            Verdict::Refuse => "refuse",
        };
        let table = [
            (one, false, "enter"),
            (one, false, "enter"),
            (one, false, "retry"), // half of the address
            (one, true, "enter"),
            (two, false, "retry"), // half of all
            (one, true, "enter"),
            (one, true, "refuse"), // the address is full
            (two, true, "enter"),
            (two, true, "enter"),
            (two, true, "refuse"), // all is full
            (two, false, "retry"),
        ];
        for (row, (address, validated, expected)) in table.into_iter().enumerate() {
            assert_eq!(attempt(address, validated), expected, "row {row}");
        }
        passes.clear();
        assert!(matches!(gate.enter(one, false), Verdict::Enter(_)));
        assert!(gate.lock().by_address.is_empty(), "the last pass is dropped at once");
    }
}
