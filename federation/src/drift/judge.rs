//! What differs in a bucket, of which kind it is, and who must act.

use tongban_codes::division::DivisionCode;

use super::Leaf;
use crate::wire::ItemName;

/// Of which kind a difference is; a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A release of the superior hasn't arrived yet; it is on its way.
    Behind,
    /// An item's core is another than its base item's.
    CoreDiffers,
    /// What was sealed or has arrived is missing from the rows.
    Missing,
    /// A row of which nothing was ever sealed, or a base item that the superior doesn't hold.
    Extra,
    /// The item still stands, and its base item has been withdrawn.
    WithdrawnAbove,
    /// A row isn't what was sealed: it was changed behind its node's back, or is damaged.
    StoreEdited,
    /// The core differs for a lawful reason that was given.
    Exempt,
}

impl Kind {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Behind,
        Self::CoreDiffers,
        Self::Missing,
        Self::Extra,
        Self::WithdrawnAbove,
        Self::StoreEdited,
        Self::Exempt,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::CoreDiffers => "core-differs",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::WithdrawnAbove => "withdrawn-above",
            Self::StoreEdited => "store-edited",
            Self::Exempt => "exempt",
        }
    }

    /// Whether the law lets it stand.
    #[must_use]
    pub const fn is_lawful(self) -> bool {
        matches!(self, Self::Exempt)
    }
}

/// Who must do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// Nobody: it comes by itself when the node is reached.
    Wait,
    /// The superior catches up: the inferior has what it lacks.
    SuperiorCatchUp,
    /// The inferior claims the new version.
    InferiorClaim,
    /// The inferior withdraws the item.
    InferiorWithdraw,
    /// The inferior mends its store: from a backup, or by publishing again what was sealed.
    InferiorMend,
    /// The superior mends its own.
    SuperiorMend,
    /// Nobody: it is lawful.
    None,
}

impl Duty {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::SuperiorCatchUp => "superior-catch-up",
            Self::InferiorClaim => "inferior-claim",
            Self::InferiorWithdraw => "inferior-withdraw",
            Self::InferiorMend => "inferior-mend",
            Self::SuperiorMend => "superior-mend",
            Self::None => "none",
        }
    }
}

/// An item that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub name: ItemName,
    /// Of which kind.
    pub kind: Kind,
    /// Who must do what.
    pub duty: Duty,
    /// The superior's base item, where it has one.
    pub above: Option<Leaf>,
    /// What the inferior has of the item, where it has something.
    pub below: Option<Leaf>,
}

/// Between whom is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// One of the two divisions.
    pub one: DivisionCode,
    /// The other.
    pub other: DivisionCode,
    /// Whether the inferior has pulled all standards that the superior has.
    pub caught_up: bool,
}

impl Terms {
    /// Whether both should hold the base items of this keeper: those of either and of everyone above both.
    #[must_use]
    pub fn shares(&self, leaf: &Leaf) -> bool {
        let below = |keeper| [self.one, self.other].iter().all(|one| *one == keeper || one.is_within(keeper));
        leaf.name.code.is_none() && leaf.keeper.is_some_and(below)
    }
}

/// Judges one bucket: what the superior (or a neighbour) holds against all that the inferior holds. Base items that the inferior keeps
/// itself, or another between the two, are measure for the inferior's items, and nothing is said of themselves.
#[must_use]
pub fn judge(above: &[Leaf], below: &[Leaf], terms: &Terms) -> Vec<Finding> {
    let mut findings = Vec::new();
    for leaf in below {
        if let Some(sealed) = &leaf.sealed {
            let kind = match (leaf.row, sealed.digest) {
                (None, _) => Kind::Missing,
                (_, None) => Kind::Extra,
                _ => Kind::StoreEdited,
            };
            findings.push(finding(kind, Duty::InferiorMend, base_of(above, leaf), Some(leaf)));
        }
    }
    for expected in above.iter().filter(|leaf| terms.shares(leaf)) {
        let held = below.iter().find(|leaf| leaf.name == expected.name);
        let judged = match held {
            Some(held) if held.row == expected.row => continue,
            _ if expected.sealed.is_some() => Some((Kind::StoreEdited, Duty::SuperiorMend)),
            Some(held) if held.sealed.is_some() => None,
            Some(held) => Some(base_item(expected, held, terms.caught_up)),
            None if terms.caught_up => Some((Kind::Missing, Duty::InferiorMend)),
            None => Some((Kind::Behind, Duty::Wait)),
        };
        findings.extend(judged.map(|(kind, duty)| finding(kind, duty, Some(expected), held)));
    }
    for leaf in below {
        if leaf.name.code.is_some() {
            findings.extend(item(above, below, leaf, terms.caught_up));
        } else if terms.shares(leaf) && base_of(above, leaf).is_none() && leaf.sealed.is_none() {
            // It can only have come from its keeper: the superior has lost it.
            findings.push(finding(Kind::Extra, Duty::SuperiorCatchUp, None, Some(leaf)));
        }
    }
    findings.sort_by(|left, right| (&left.name, left.kind).cmp(&(&right.name, right.kind)));
    findings
}

fn finding(kind: Kind, duty: Duty, above: Option<&Leaf>, below: Option<&Leaf>) -> Finding {
    let name = below.or(above).map(|leaf| leaf.name.clone());
    let name = name.unwrap_or(ItemName { base: None, code: None });
    Finding { name, kind, duty, above: above.cloned(), below: below.cloned() }
}

fn base_of<'a>(leaves: &'a [Leaf], leaf: &Leaf) -> Option<&'a Leaf> {
    let base = leaf.name.base.as_ref()?;
    leaves.iter().find(|known| known.name.code.is_none() && known.name.base.as_ref() == Some(base))
}

/// Two versions of a base item.
fn base_item(expected: &Leaf, held: &Leaf, caught_up: bool) -> (Kind, Duty) {
    let (there, here) = ((expected.version, expected.withdrawn), (held.version, held.withdrawn));
    if here > there {
        // The inferior can only have it from the superior's keeper: the superior's own store is behind.
        (Kind::Behind, Duty::SuperiorCatchUp)
    } else if here < there && !caught_up {
        (Kind::Behind, Duty::Wait)
    } else {
        (Kind::StoreEdited, Duty::InferiorMend)
    }
}

/// An item that carries a base item out, against it.
fn item(above: &[Leaf], below: &[Leaf], leaf: &Leaf, caught_up: bool) -> Option<Finding> {
    let (_bound, _there) = (leaf.name.base.as_ref()?, leaf.row?);
    if leaf.withdrawn {
        return None;
    }
    let (expected, held) = (base_of(above, leaf), base_of(below, leaf));
    let measure = expected.or(held);
    let found = |kind, duty| Some(finding(kind, duty, measure, Some(leaf)));
    let Some(measure) = measure else { return found(Kind::WithdrawnAbove, Duty::InferiorWithdraw) };
    let old = |held: &Leaf| (held.version, held.withdrawn) < (measure.version, measure.withdrawn);
    let on_its_way = !caught_up && held.is_none_or(old);
    if measure.withdrawn {
        return if on_its_way {
            found(Kind::Behind, Duty::Wait)
        } else {
            found(Kind::WithdrawnAbove, Duty::InferiorWithdraw)
        };
    }
    if measure.core == leaf.core {
        return None;
    }
    if leaf.reason.is_some() {
        found(Kind::Exempt, Duty::None)
    } else if on_its_way {
        found(Kind::Behind, Duty::Wait)
    } else {
        found(Kind::CoreDiffers, Duty::InferiorClaim)
    }
}
