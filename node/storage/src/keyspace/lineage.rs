//! Where the figures of an item stand: under its own codes, and under those of what came before and after it.

use std::collections::BTreeSet;

use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::{ServiceItem, short_code};

use super::item::{BASE, BOUND, BY_SHORT, FOREIGN, ITEM, SUCCEEDS, VERSION, base_successor};
use super::key::stem;
use crate::{Read, StorageError};

/// The names under which cases of an item and of its predecessors and successors are counted. A case counts under the base code that its item
/// had, else under the item's short code.
///
/// What two items have become together is followed from both of them; from either of the two the other isn't. Items of one division that share
/// a base code, or a short code, are counted together; and where only today's row of an item is kept, above its own node, so are only the cases of
/// today's base code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Base codes, and a code that was asked for as it is.
    everywhere: BTreeSet<String>,
    /// Names that are an item's in its own division alone: elsewhere the same short code may have become something else.
    at: BTreeSet<(DivisionCode, String)>,
    is_known: bool,
}

/// An item on the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum One {
    Base(String),
    Item(DivisionCode, String),
}

impl Lineage {
    /// Of an item by its whole code, its short code or its base code.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn of(read: &dyn Read, code: &str) -> Result<Self, StorageError> {
        let begin = named(read, code)?;
        let mut lineage = Self { is_known: !begin.is_empty(), ..Self::default() };
        let is_whole = begin.iter().any(|one| matches!(one, One::Item(_, whole) if whole == code));
        if !is_whole {
            // Figures may be here before the item is: they stand under its short code.
            lineage.everywhere.insert(short_code(code).to_owned());
        }
        for next in [after, before] {
            let mut waiting = begin.clone();
            let mut seen: BTreeSet<One> = begin.iter().cloned().collect();
            while let Some(one) = waiting.pop() {
                lineage.count(read, &one)?;
                waiting.extend(next(read, &one)?.into_iter().filter(|next| seen.insert(next.clone())));
            }
        }
        Ok(lineage)
    }

    /// Whether a figure of a deciding division, under the name of an item, is one of these.
    #[must_use]
    pub fn holds(&self, division: DivisionCode, item: &str) -> bool {
        self.everywhere.contains(item) || self.at.contains(&(division, item.to_owned()))
    }

    /// Whether such an item is known here.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        self.everywhere.iter().chain(self.at.iter().map(|(_, name)| name)).map(String::as_str).collect()
    }

    fn count(&mut self, read: &dyn Read, one: &One) -> Result<(), StorageError> {
        match one {
            One::Base(code) => {
                let bound = BOUND.list(read, &stem(code), None, usize::MAX)?;
                self.at.extend(
                    bound.into_iter().map(|((_, division, whole), _)| (division, short_code(&whole).to_owned())),
                );
                self.everywhere.insert(code.clone());
            }
            One::Item(division, whole) => {
                self.at.insert((*division, short_code(whole).to_owned()));
                // Cases that were accepted under another base code count there.
                let versions = VERSION.list(read, &stem(whole), None, usize::MAX)?.into_iter().map(|(_, item)| item);
                let items = versions.filter(|item| item.division == *division).chain(row(read, division, whole)?);
                self.at.extend(items.filter_map(|item| Some((*division, item.core.base_code?))));
            }
        }
        Ok(())
    }
}

/// What a code names here, drafts left out.
fn named(read: &dyn Read, code: &str) -> Result<Vec<One>, StorageError> {
    let code = code.to_owned();
    let mut found = Vec::new();
    if BASE.holds(read, &code)? {
        found.push(One::Base(code.clone()));
    }
    let by_short = BY_SHORT.list(read, &stem(&code), None, usize::MAX)?;
    for whole in by_short.into_iter().map(|((_, whole), ())| whole).chain([code.clone()]) {
        if let Some(item) = ITEM.load(read, &whole)? {
            found.push(One::Item(item.division, whole));
        }
    }
    FOREIGN.visit_keys(read, |(division, whole)| {
        if whole.starts_with(&code) && (whole == code || short_code(&whole) == code) {
            found.push(One::Item(division, whole));
        }
    })?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn row(read: &dyn Read, division: &DivisionCode, whole: &str) -> Result<Option<ServiceItem>, StorageError> {
    let own = ITEM.load(read, &whole.to_owned())?.filter(|item| item.division == *division);
    Ok(match own {
        Some(own) => Some(own),
        None => FOREIGN.load(read, &(*division, whole.to_owned()))?.map(|foreign| foreign.item),
    })
}

fn after(read: &dyn Read, one: &One) -> Result<Vec<One>, StorageError> {
    let next = match one {
        One::Base(code) => {
            let base = BASE.load(read, code)?;
            base.as_ref().and_then(base_successor).map(|successor| One::Base(successor.code.clone()))
        }
        One::Item(division, whole) => {
            let successor = row(read, division, whole)?.and_then(|item| item.successor);
            successor.map(|successor| One::Item(*division, successor.code))
        }
    };
    Ok(next.into_iter().collect())
}

fn before(read: &dyn Read, one: &One) -> Result<Vec<One>, StorageError> {
    let (One::Base(code) | One::Item(_, code)) = one;
    let mut found = Vec::new();
    for ((_, old), ()) in SUCCEEDS.list(read, &stem(code), None, usize::MAX)? {
        match one {
            One::Base(_) if BASE.holds(read, &old)? => found.push(One::Base(old)),
            One::Item(division, _) if row(read, division, &old)?.is_some() => found.push(One::Item(*division, old)),
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tongban_codes::ids::{AuthorityId, NodeId};
    use tongban_codes::time::{Date, Timestamp};
    use tongban_domain::catalogue::{BaseItem, Codes, Core, Editing, ForeignItem, ItemState, Successor};

    use super::super::Overlay;
    use super::super::item::{store, store_base, store_foreign};
    use super::*;
    use crate::{Backend as _, MemoryBackend, WriteBatch};

    const HERE: &str = "511602";
    const THERE: &str = "511603";

    fn local(base: &str, division: &str) -> String {
        format!("{base}-{division}000000-000-11511301008778183N-1-00")
    }

    fn successor(code: String) -> Option<Successor> {
        Some(Successor { code, from: Date::ymd(2026, 9, 14).unwrap(), order: None })
    }

    fn core(base_code: Option<&str>) -> Core {
        Core {
            name: "事项".into(),
            base_code: base_code.map(Into::into),
            item_type: "01".into(),
            legal_basis: String::new(),
        }
    }

    fn item(code: String, division: &str, base: Option<&str>, next: Option<String>) -> ServiceItem {
        ServiceItem {
            code,
            core: core(base),
            main_item: String::new(),
            authority: AuthorityId::from_bytes([1; 16]),
            department: "区卫健局".into(),
            department_code: "11511301008778183N".into(),
            division: division.parse().unwrap(),
            statutory: None,
            promised: None,
            modes: Vec::new(),
            covered: Vec::new(),
            effective: None,
            version: 1,
            state: ItemState::Published,
            findings: Vec::new(),
            guide: None,
            codes: Codes::default(),
            tier: None,
            origin: None,
            external: None,
            cancel: None,
            difference: None,
            base_version: None,
            successor: next.and_then(successor),
            editing: Editing::default(),
            agreements: Vec::new(),
            counts_under: None,
        }
    }

    fn base(code: &str, next: Option<&str>) -> BaseItem {
        BaseItem {
            core: core(Some(code)),
            division: "510000".parse().unwrap(),
            statutory_days: None,
            promised_days: None,
            effective: None,
            version: 1,
            state: ItemState::Published,
            node: NodeId::from_bytes([6; 16]),
            department: String::new(),
            in_force: None,
            guide: None,
            locks: Vec::new(),
            levels: Vec::new(),
            tier: None,
            above: None,
            cancel: None,
            successor: next.and_then(|next| successor(next.into())),
            editing: Editing::default(),
        }
    }

    fn stored(change: impl FnOnce(&mut Overlay<'_>)) -> MemoryBackend {
        let state = MemoryBackend::new();
        write(&state, change);
        state
    }

    fn write(state: &MemoryBackend, change: impl FnOnce(&mut Overlay<'_>)) {
        let mut rows = WriteBatch::new();
        change(&mut Overlay::new(state, &mut rows));
        state.write(rows).unwrap();
    }

    fn names(state: &MemoryBackend, code: &str) -> Vec<String> {
        Lineage::of(state, code).unwrap().names().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn it_goes_forward_and_back_but_not_to_what_was_merged_beside() {
        // `old` became `one`; `one` and `two` became `both`; `both` was given another code.
        let state = stored(|over| {
            for (code, next) in [("old", "one"), ("one", "both"), ("two", "both"), ("both", "last")] {
                store(over, &item(local(code, HERE), HERE, None, Some(local(next, HERE)))).unwrap();
            }
            store(over, &item(local("last", HERE), HERE, None, None)).unwrap();
        });
        assert_eq!(names(&state, "old"), ["both", "last", "old", "one"]);
        assert_eq!(names(&state, &local("one", HERE)), ["both", "last", "old", "one"]);
        assert_eq!(names(&state, "last"), ["both", "last", "old", "one", "two"]);
        assert_eq!(names(&state, "two"), ["both", "last", "two"]);
        let unknown = Lineage::of(&state, "unknown").unwrap();
        assert!(!unknown.is_known() && unknown.holds(HERE.parse().unwrap(), "unknown"));
        let whole = Lineage::of(&state, &local("unknown", HERE)).unwrap();
        assert!(!whole.is_known() && whole.holds(HERE.parse().unwrap(), "unknown"));
    }

    #[test]
    fn what_is_bound_to_a_base_item_counts_under_its_code() {
        let national = "11511301008778183N4510116013001".to_owned();
        let state = stored(|over| {
            store_base(over, &base("510116013001", Some("510116013002"))).unwrap();
            store_base(over, &base("510116013002", None)).unwrap();
            store(over, &item(national.clone(), HERE, Some("510116013001"), None)).unwrap();
        });
        assert_eq!(names(&state, &national), ["11511301008778183N4510116013001", "510116013001"]);
        assert_eq!(names(&state, "510116013002"), ["11511301008778183N4510116013001", "510116013001", "510116013002"]);
        let bound = Lineage::of(&state, &national).unwrap();
        assert!(
            bound.holds(HERE.parse().unwrap(), "510116013001") && !bound.holds(THERE.parse().unwrap(), "510116013001")
        );
    }

    #[test]
    fn what_one_division_has_replaced_another_may_still_offer() {
        let state = stored(|over| {
            for (division, next) in [(HERE, Some(local("b", HERE))), (THERE, None)] {
                let item = item(local("a", division), division, None, next);
                let foreign = ForeignItem { item, node: NodeId::from_bytes([3; 16]), as_of: Timestamp::from_millis(1) };
                store_foreign(over, &foreign).unwrap();
            }
        });
        let lineage = Lineage::of(&state, "a").unwrap();
        let at = |division: &str, name| lineage.holds(division.parse().unwrap(), name);
        assert_eq!([at(HERE, "a"), at(THERE, "a"), at(HERE, "b"), at(THERE, "b")], [true, true, true, false]);
    }

    #[test]
    fn a_successor_that_was_another_before_leads_back_no_more() {
        let state = stored(|over| store(over, &item(local("a", HERE), HERE, None, Some(local("b", HERE)))).unwrap());
        write(&state, |over| {
            store(over, &item(local("a", HERE), HERE, None, Some(local("c", HERE)))).unwrap();
            for code in ["b", "c"] {
                store(over, &item(local(code, HERE), HERE, None, None)).unwrap();
            }
        });
        assert_eq!(names(&state, "b"), ["b"]);
        assert_eq!(names(&state, "c"), ["a", "c"]);
    }
}
