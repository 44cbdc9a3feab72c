//! What is known of an item when it is indexed, and what is the same of it from province to township.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;

use crate::text;

/// Which catalogue an entry is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// 实施清单: an item that is handled somewhere.
    #[n(0)]
    Item,
    /// 基本目录: a base item.
    #[n(1)]
    Base,
}

impl Kind {
    /// Stable English name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Base => "base",
        }
    }
}

/// An item as it is given to the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which catalogue.
    pub kind: Kind,
    /// Its code in that catalogue.
    pub code: String,
    /// What clerks call it by: the first part of a local code; the whole code where there are no parts.
    pub short_code: String,
    /// 12-digit base code, where it has one.
    pub base_code: Option<String>,
    /// Division whose item it is, or that keeps the base item.
    pub division: DivisionCode,
    /// Name.
    pub name: String,
    /// Main item (主项) as the source groups it; empty for none.
    pub main_item: String,
    /// Item type, two digits of GB/T 39046.
    pub item_type: String,
    /// Department, as its division names it.
    pub department: String,
    /// More words by which it is found: topics, tags, other names.
    pub keywords: Vec<String>,
    /// Topics that its guide names, by their codes.
    pub topics: Vec<String>,
    /// Digest of the core (三级四同).
    pub core: Digest,
    /// The node that states it.
    pub origin: NodeId,
    /// When that node stated it; `None` for what is this node's own, or is known to be as of a journal.
    pub as_of: Option<Timestamp>,
}

/// What is the same of an item wherever it is offered; all text that is searched hangs on it, once.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Card {
    #[n(0)]
    pub(crate) core: Digest,
    #[n(1)]
    pub(crate) name: String,
    #[n(2)]
    pub(crate) main_item: String,
    #[n(3)]
    pub(crate) item_type: String,
    /// Without the place before it.
    #[n(4)]
    pub(crate) department: String,
    #[n(5)]
    pub(crate) keywords: Vec<String>,
    #[n(6)]
    pub(crate) base_code: Option<String>,
    /// Base code and short code, in upper case; a short code that is a whole code is none.
    #[n(7)]
    pub(crate) codes: Vec<String>,
}

/// Main items that the source gives where it has none.
const NO_MAIN_ITEM: [&str; 2] = ["未分类", "无"];

impl Card {
    /// The card of an entry.
    pub(crate) fn of(entry: &Entry) -> Self {
        let has_main = entry.main_item != entry.name && !NO_MAIN_ITEM.contains(&entry.main_item.as_str());
        Self {
            core: entry.core,
            name: entry.name.clone(),
            main_item: if has_main { entry.main_item.clone() } else { String::new() },
            item_type: entry.item_type.clone(),
            department: text::department(&entry.department),
            keywords: entry.keywords.clone(),
            base_code: entry.base_code.clone(),
            codes: entry
                .base_code
                .iter()
                .chain((entry.short_code != entry.code || entry.kind == Kind::Base).then_some(&entry.short_code))
                .map(|code| code.to_ascii_uppercase())
                .collect(),
        }
    }

    /// By what the card is known.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&tongban_codes::cbor::to_vec(self))
    }
}

/// What differs from place to place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Place {
    #[n(0)]
    pub(crate) card: u32,
    /// Of everything in the entry.
    #[n(1)]
    pub(crate) stamp: u64,
    #[n(2)]
    pub(crate) department: String,
    #[n(3)]
    pub(crate) origin: NodeId,
    #[n(4)]
    pub(crate) as_of: Option<Timestamp>,
    #[n(5)]
    pub(crate) topics: Vec<String>,
}

impl Entry {
    /// A short digest of everything in the entry: another one means that it must be indexed anew.
    pub(crate) fn stamp(&self) -> u64 {
        let digest = Digest::of(&tongban_codes::cbor::to_vec(&(
            (self.kind, &self.code, &self.short_code, &self.base_code, self.division, &self.name),
            (&self.main_item, &self.item_type, &self.department, &self.keywords, self.core, self.origin, self.as_of),
            &self.topics,
        )));
        let mut first = [0; 8];
        first.copy_from_slice(&digest.as_bytes()[..8]);
        u64::from_be_bytes(first)
    }
}
