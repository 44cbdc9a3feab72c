//! Which way an envelope or question goes next.
//!
//! Straight where a link stands or policy lets a node dial; else along the tree: down towards the destination where the
//! way is known, else up. Each step along the tree brings it nearer, so nothing goes in circles; the hop limit and "never
//! back" catch what directories that differ for a while would do.

use std::collections::BTreeSet;

use tongban_codes::ids::NodeId;

use crate::directory::Directory;

/// What this node may do by itself.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Dial nodes that aren't its superior or subordinates.
    pub dial_any: bool,
    /// Nodes that didn't answer lately; they aren't dialled again for the sake of one envelope.
    pub unreachable: BTreeSet<NodeId>,
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Hop {
    /// Over the link to the destination itself.
    Direct(NodeId),
    /// Over the link to a node that is nearer to the destination.
    Via(NodeId),
    /// Over a link that has to be made first.
    Dial {
        /// Whom to dial: the destination, or a node on the way.
        node: NodeId,
        /// Where.
        addresses: Vec<String>,
    },
    /// There is no way now.
    None(NoHop),
}

/// Why there is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoHop {
    /// It is for this node.
    Here,
    /// It has crossed too many links.
    HopLimit,
    /// Nobody knows the destination, and this node has no superior to ask.
    UnknownDestination,
    /// The destination is no longer part of the federation.
    Revoked,
    /// There is no link to the next node on the way, and it can't be dialled from here; wait for it to dial.
    NotLinked(NodeId),
    /// The only way leads back to where it came from.
    WayBack,
}

impl NoHop {
    /// The stable kebab-case name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::HopLimit => "hop-limit",
            Self::UnknownDestination => "destination-unknown",
            Self::Revoked => "destination-revoked",
            Self::NotLinked(_) => "not-linked",
            Self::WayBack => "way-back",
        }
    }
}

/// What is to be routed: to whom, from which link, over how many more links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The node that it is for.
    pub destination: NodeId,
    /// The peer from whom it came; `None` for this node's own.
    pub came_from: Option<NodeId>,
    /// How many links it may still cross.
    pub hops: u8,
}

/// The next step of a journey from `me`, given the links that stand.
pub fn next_hop(
    directory: &Directory,
    me: NodeId,
    journey: &Journey,
    linked: &BTreeSet<NodeId>,
    policy: &Policy,
) -> Hop {
    let Journey { destination, came_from, hops } = *journey;
    if destination == me {
        return Hop::None(NoHop::Here);
    }
    if hops == 0 {
        return Hop::None(NoHop::HopLimit);
    }
    let usable = |node: &NodeId| linked.contains(node) && Some(*node) != came_from;
    if usable(&destination) {
        return Hop::Direct(destination);
    }
    let entry = directory.node(&destination);
    if directory.revoked(&destination).is_some() {
        return Hop::None(NoHop::Revoked);
    }
    if policy.dial_any
        && let Some(hop) = dial(directory, destination, came_from, policy)
    {
        return hop;
    }
    // The way down to the destination, from the destination upwards, as far as it is below this node.
    let mut above: Vec<NodeId> = directory.superiors(&destination);
    let am_above = above.iter().position(|node| *node == me);
    above.truncate(am_above.unwrap_or(above.len()));
    if let Some(nearest) = above.iter().find(|node| usable(node)) {
        return Hop::Via(*nearest);
    }
    let mine = directory.superiors(&me);
    let next = if am_above.is_some() {
        // Down: the subordinate on the way, which may be the destination itself.
        *above.last().unwrap_or(&destination)
    } else {
        // Up: whichever superior is linked, the nearest first.
        if let Some(nearest) = mine.iter().find(|node| usable(node)) {
            return Hop::Via(*nearest);
        }
        match (mine.first(), above.last()) {
            (Some(superior), _) => *superior,
            // A root: the way to another root's tree is that root.
            (None, Some(root)) => *root,
            (None, None) if entry.is_some() => destination,
            (None, None) => return Hop::None(NoHop::UnknownDestination),
        }
    };
    if Some(next) == came_from {
        return Hop::None(NoHop::WayBack);
    }
    dial(directory, next, came_from, policy).unwrap_or(Hop::None(NoHop::NotLinked(next)))
}

/// Whether the way along the tree from one node to another leads through a third.
///
/// A node on the way of a third's envelopes to that other never finds so, as long as both know the same directory: it is nearer to the other.
pub fn leads_through(directory: &Directory, from: NodeId, to: NodeId, node: NodeId) -> bool {
    let (mut up, mut down) = (directory.superiors(&from), directory.superiors(&to));
    let place = |of: NodeId, line: &[NodeId]| line.iter().position(|above| *above == of);
    if let Some(below) = place(from, &down) {
        down.truncate(below);
        up.clear();
    } else if let Some(above) = place(to, &up) {
        up.truncate(above);
        down.clear();
    } else if let Some(turn) = up.iter().copied().find(|above| down.contains(above)) {
        up.truncate(place(turn, &up).unwrap_or(0) + 1);
        down.truncate(place(turn, &down).unwrap_or(0));
    }
    up.contains(&node) || down.contains(&node)
}

fn dial(directory: &Directory, node: NodeId, came_from: Option<NodeId>, policy: &Policy) -> Option<Hop> {
    let addresses = &directory.node(&node)?.record.addresses;
    let possible = !addresses.is_empty() && Some(node) != came_from && !policy.unreachable.contains(&node);
    possible.then(|| Hop::Dial { node, addresses: addresses.clone() })
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
