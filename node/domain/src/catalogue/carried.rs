//! What an order about departments or divisions leaves as it was: an item that gets another code, a quota that gets another authority.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::ids::AuthorityId;
use tongban_codes::item_code::ItemCode;

use super::{ItemState, ServiceItem};
use crate::authority::SharedQuota;
use crate::{Authority, Facts};

/// Whether nothing but such an order tells two codes apart: both name the same item, under another credit code or another division.
pub(crate) fn is_recoded(old: &str, new: &str) -> bool {
    match (old.parse::<ItemCode>(), new.parse::<ItemCode>()) {
        (Ok(ItemCode::Implementation(_)), Ok(ItemCode::Implementation(_))) => old.get(18..) == new.get(18..),
        (Ok(ItemCode::Local(before)), Ok(ItemCode::Local(after))) => {
            let division = before.base().len() + 1;
            before.base() == after.base() && old.get(division + 12..) == new.get(division + 12..)
        }
        (Ok(ItemCode::Permit(before)), Ok(ItemCode::Permit(after))) => {
            let dated = before.division().is_some() && after.division().is_some();
            dated && old.get(..11) == new.get(..11) && old.get(17..) == new.get(17..)
        }
        _ => false,
    }
}

/// The name of the quota that a version of an item shares with others.
fn shared(facts: &dyn Facts, item: &ServiceItem) -> Option<String> {
    let limit = facts.guide(&item.guide?)?.limit?;
    limit.shared().map(str::to_owned)
}

/// Lets the shared quotas of authorities that merge go on at the one that they merge into, so that what was granted under them counts. A quota of that
/// name which goes on there already stays what it is, as does one that an authority named before it brings; then the other ends with what stands in its line.
pub(super) fn carry_quotas(facts: &dyn Facts, old: &[Authority], into: &mut Authority) {
    if old.is_empty() {
        return;
    }
    // By any version ever: who waits may be bound to an earlier one, and a name may come back.
    let mut begun: BTreeMap<AuthorityId, BTreeSet<String>> = BTreeMap::new();
    let mut stands = BTreeSet::new();
    for code in facts.item_codes() {
        let Some(item) = facts.item(&code) else { continue };
        let waiting = facts.items_waiting(&code);
        let going_on = (item.state != ItemState::Withdrawn).then_some(&item).into_iter().chain(&waiting);
        let of_into = going_on.filter(|version| version.authority == into.id);
        stands.extend(of_into.filter_map(|version| shared(facts, version)));
        let versions = (1..=item.version).filter_map(|version| facts.item_version(&code, version));
        for version in versions.chain(waiting).filter(|version| old.iter().any(|old| old.id == version.authority)) {
            begun.entry(version.authority).or_default().extend(shared(facts, &version));
        }
    }
    for authority in old {
        let inherited = authority.quotas.iter().map(|quota| quota.name.clone());
        let names: BTreeSet<String> = inherited.chain(begun.remove(&authority.id).unwrap_or_default()).collect();
        for name in names {
            if !stands.contains(&name) && !into.quotas.iter().any(|known| known.name == name) {
                into.quotas.push(SharedQuota { counts_under: authority.quota(&name), name });
            }
        }
    }
}
