//! Answers to questions about drift, and who may ask them.

use tongban_codes::cbor;
use tongban_codes::ids::NodeId;
use tongban_federation::drift::{Buckets, ItemsAnswer, LeavesAnswer, ListAnswer, RootAnswer};
use tongban_federation::limits;
use tongban_federation::wire::{DriftItems, DriftLeaves, ItemName};

use super::holding;
use crate::engine::Refused;
use crate::exchange::knowledge::Knowledge;

/// Whether a node may compare: whoever lies above or below in the tree, and whoever has the same superior.
fn is_kin(knowledge: &Knowledge, asker: &NodeId) -> bool {
    let superior = |node: &NodeId| knowledge.directory().node(node).and_then(|entry| entry.certification.superior);
    let (mine, theirs) = (knowledge.trust().superior, superior(asker));
    knowledge.is_superior(asker) || knowledge.is_subordinate(asker) || (mine.is_some() && mine == theirs)
}

/// A question about drift.
#[derive(Clone, Copy)]
pub(in crate::exchange) enum Question<'a> {
    Root,
    List,
    Leaves(&'a DriftLeaves),
    Items(&'a DriftItems),
}

/// The payload of the answer.
///
/// # Errors
///
/// When the asker is no kin, a bucket fits no answer, or the state can't be read.
pub(in crate::exchange) fn answer(
    knowledge: &Knowledge,
    asker: &NodeId,
    question: Question<'_>,
) -> Result<Vec<u8>, Refused> {
    if !is_kin(knowledge, asker) {
        return Err(Refused::problem(
            "drift-not-kin",
            "only nodes above, below and beside this one compare with it",
            "只有上级、下级和同级节点可以比对",
        ));
    }
    let held = holding::held(knowledge)?;
    let (list, at) = (&held.holding.list, knowledge.now());
    Ok(match question {
        Question::Root => cbor::to_vec(&RootAnswer { root: list.root(), at }),
        Question::List => {
            let standards = held.standards.clone();
            cbor::to_vec(&ListAnswer { hashes: list.to_bytes(), whole: list.whole, at, standards })
        }
        Question::Leaves(wanted) => {
            let answer = LeavesAnswer::of(&held.holding, Buckets::from_bits(wanted.buckets)).map_err(|bucket| {
                Refused::problem(
                    "drift-bucket-too-large",
                    format!("bucket {bucket} has too many items for an answer"),
                    format!("第 {bucket} 桶事项过多，无法应答"),
                )
            })?;
            cbor::to_vec(&answer)
        }
        Question::Items(wanted) => cbor::to_vec(&items(knowledge, &held, &wanted.names)?),
    })
}

/// As many of the items as fit, at least one.
fn items(knowledge: &Knowledge, held: &holding::Held, names: &[ItemName]) -> Result<ItemsAnswer, Refused> {
    Ok(ItemsAnswer { items: holding::whole(knowledge, held, names, limits::DRIFT_ITEMS_BYTES)? })
}
