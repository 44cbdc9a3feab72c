//! Search over items: what is asked and what is answered.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;

/// Which items are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchQuery {
    /// Words, a code or the beginning of one, initials or pinyin.
    pub q: String,
    /// Only what is offered in this division or below it; absent: in the node's own or below it.
    pub division: Option<DivisionCode>,
    /// Everything that the node knows, wherever it is offered.
    pub all: bool,
    /// Only what a department of this name offers.
    pub department: Option<String>,
    /// Only items of this type, two digits.
    pub item_type: Option<String>,
    /// Only `item` or `base`.
    pub kind: Option<String>,
    /// At most so many, 1 to 100; 10 when absent.
    pub limit: Option<usize>,
}

/// Items that answer, best first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchAnswer {
    /// The items.
    pub hits: Vec<SearchHit>,
    /// The topics and life events that the question names, the best first, with how much of each is among the hits.
    pub packages: Vec<SearchShare>,
    /// Items that the index holds, at all their places.
    pub indexed: u64,
    /// Whether the index holds everything that the node knows now; while it is being built it may not.
    pub complete: bool,
    /// Marked 演示.
    pub demo: bool,
}

/// An item that answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchHit {
    /// Code, or base code of a base item.
    pub code: String,
    /// Name.
    pub name: String,
    /// `item` or `base`.
    pub kind: String,
    /// Item type.
    pub item_type: String,
    /// Main item; empty for none.
    pub main_item: String,
    /// Department.
    pub department: String,
    /// Base code.
    pub base_code: Option<String>,
    /// Core hash, hex.
    pub core: String,
    /// Division that offers it: of several the nearest.
    pub division: DivisionCode,
    /// Its name.
    pub division_name: String,
    /// The node that states it.
    pub origin: NodeId,
    /// Whether that is this node.
    pub own: bool,
    /// As of when: now for the node's own, when it was fetched or its journal last pulled for others; absent when that isn't known.
    pub as_of: Option<Timestamp>,
    /// Places that offer the same within what was asked, this one included.
    pub places: usize,
    /// Cases accepted in the last twelve months, as far as the node knows.
    pub uses: u32,
    /// How well it answers; figures of two questions don't compare.
    pub score: f32,
    /// The topic or life event by whose name it was found, or that it belongs to among those that the question names.
    pub package: Option<SearchPackage>,
}

/// How much of a topic or a life event is in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchShare {
    /// Which one.
    #[serde(flatten)]
    pub package: SearchPackage,
    /// Its items that are asked for; of a topic at most 1,000 are looked through.
    pub items: usize,
    /// Those among them that are hits: while others answer by their own words, packages take half of an answer.
    pub shown: usize,
}

/// A topic or a life event that a question names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchPackage {
    /// `life-event` or `topic`.
    pub kind: &'static str,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Division that keeps it.
    pub division: DivisionCode,
}
