//! What `item drift` asks and hears.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;

use crate::exchange::drift::Difference;

/// Which nodes to compare with; without any, this node's rows with what it has sealed. At most one is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriftQuery {
    /// The nodes of a division: of a subordinate, or of a superior.
    pub division: Option<DivisionCode>,
    /// The nodes of a division and all below it.
    pub subtree: Option<DivisionCode>,
    /// The nodes of a division under the same superior.
    pub neighbour: Option<DivisionCode>,
    /// Shows lawful differences as well.
    pub all: bool,
}

/// What comparing came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DriftReport {
    /// Whether something differs that the law doesn't let stand.
    pub differs: bool,
    /// Whether every node answered.
    pub complete: bool,
    /// The nodes.
    pub nodes: Vec<DriftNode>,
    /// What differs, node after node.
    pub differences: Vec<Difference>,
}

/// A node that was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DriftNode {
    /// Division.
    pub division: DivisionCode,
    /// Its name.
    pub name: String,
    /// Node.
    pub node: NodeId,
    /// `same`, `differs`, `unreached`, `refused`.
    pub state: &'static str,
    /// How many items differ.
    pub differences: usize,
    /// As of when it answered.
    pub as_of: Option<Timestamp>,
    /// Why not, of one that was refused.
    pub code: Option<String>,
    /// The same in words.
    pub text: Option<String>,
}
