//! What a decision may look at, and the desk it works on.

use std::collections::BTreeMap;
use std::ops::Deref;

use tongban_codes::calendar::Calendar;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, Label, NodeId, QueryCode};
use tongban_codes::time::Timestamp;

use crate::Authority;
use crate::actor::Operator;
use crate::application::Application;
use crate::case::{Act, Case, Personal, ReclaimRow};
use crate::catalogue::{BaseItem, Bound, Decline, ForeignItem, Guide, ServiceItem, Standard, StandardKind};
use crate::connector::Order;
use crate::earlier::{EarlierBatch, EarlierCase};
use crate::licence::Licence;
use crate::limit::{self, Turn};
use crate::supervision::{Card, Matter, Sweep, Watched};
use crate::uniform::HandledElsewhere;
use crate::voice::{Rating, Voice};

/// The deciding node as it knows itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its id.
    pub node: NodeId,
    /// The division it serves.
    pub division: DivisionCode,
    /// Its name, e.g. 广安区.
    pub name: String,
    /// The label that its query codes begin with.
    pub label: Label,
    /// Made with `init --demo`: every output is marked 演示.
    pub demo: bool,
}

impl NodeFacts {
    /// How the numbers that it draws name it: its division, and of a second node of the division the ordinal, so that two never draw the same.
    pub(crate) fn hall(&self) -> String {
        match self.label.ordinal() {
            0 => self.division.to_string(),
            ordinal => format!("{}.{ordinal}", self.division),
        }
    }
}

/// A node and the division it serves, as the directory has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode, serde::Serialize)]
#[cbor(map)]
pub struct Place {
    /// The node.
    #[n(0)]
    pub node: NodeId,
    /// The division.
    #[n(1)]
    pub division: DivisionCode,
}

/// The nodes of the federation, as the directory has them: which serves which division, and which stands under which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    by_division: BTreeMap<DivisionCode, Place>,
    superiors: BTreeMap<NodeId, NodeId>,
}

impl Places {
    /// The nodes by division, without those that are revoked, and the superior of each node, of revoked ones too.
    #[must_use]
    pub fn new(by_division: BTreeMap<DivisionCode, Place>, superiors: BTreeMap<NodeId, NodeId>) -> Self {
        Self { by_division, superiors }
    }

    /// The nodes above one, nearest first.
    fn above(&self, node: &NodeId) -> Vec<NodeId> {
        let mut above: Vec<NodeId> = Vec::new();
        let mut at = node;
        while let Some(superior) = self.superiors.get(at) {
            if superior == node || above.contains(superior) {
                break;
            }
            above.push(*superior);
            at = superior;
        }
        above
    }

    /// The nearest node that is above both of two nodes; neither of them itself.
    #[must_use]
    pub fn common_superior(&self, one: &NodeId, other: &NodeId) -> Option<NodeId> {
        let others = self.above(other);
        self.above(one).into_iter().find(|node| others.contains(node))
    }
}

impl Deref for Places {
    type Target = BTreeMap<DivisionCode, Place>;

    fn deref(&self) -> &Self::Target {
        &self.by_division
    }
}

/// What falls due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueKind {
    /// Deemed acceptance of a case (行政许可法 32(4)).
    DeemedAcceptance(CaseId),
    /// Deemed renewal of the licence that a case renews (行政许可法 50(2)).
    DeemedRenewal(CaseId),
    /// A version of an item that waited comes into force: the item's code and the version's number.
    ItemBegins(String, u32),
    /// The last day of an item is over: its code.
    ItemEnds(String),
    /// The last day of a base item of this node is over: its base code.
    BaseItemEnds(String),
}

/// Something due at a moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// What, and of what.
    pub kind: DueKind,
}

/// Everything that a decision may read: the applied state, seen through what has been decided and is not applied yet.
///
/// A read that fails below is latched by the implementation, which then discards the decision.
pub trait Facts {
    /// The node itself.
    fn node(&self) -> NodeFacts;
    /// The working-day calendar in force.
    fn calendar(&self) -> &Calendar;
    /// A case by its id.
    fn case(&self, id: &CaseId) -> Option<Case>;
    /// A case by id, collection number, case number or query code.
    fn case_named(&self, text: &str) -> Option<Case>;
    /// The acts of a case that are known here, both legs.
    fn acts(&self, id: &CaseId) -> Vec<Act>;
    /// Whether the file of a material of a case is here, whole and verified.
    fn has_file(&self, case: &CaseId, digest: &Digest) -> bool;
    /// Whether a query code is taken.
    fn query_code_taken(&self, code: &QueryCode) -> bool;
    /// An authority by id.
    fn authority(&self, id: &AuthorityId) -> Option<Authority>;
    /// Every authority of this node, by name.
    fn authorities(&self) -> Vec<Authority>;
    /// An item of this node by its whole code: the version in force or withdrawn, not a draft.
    fn item(&self, code: &str) -> Option<ServiceItem>;
    /// Items of this node whose code or first part of it is `code`, those that go on ([`crate::catalogue::going_on`]).
    fn items_named(&self, code: &str) -> Vec<ServiceItem>;
    /// The draft of an item, beside the version in force if there is one.
    fn item_draft(&self, code: &str) -> Option<ServiceItem>;
    /// Codes of all drafts, in order.
    fn item_drafts(&self) -> Vec<String>;
    /// Codes of all items that are or were in force, in order.
    fn item_codes(&self) -> Vec<String>;
    /// Published versions of an item that wait for their day, by number.
    fn items_waiting(&self, code: &str) -> Vec<ServiceItem>;
    /// What is known to be bound to a base item, at this node and others: division, item code, summary; by division and code.
    fn bound(&self, base_code: &str) -> Vec<(DivisionCode, String, Bound)>;
    /// What a division said last about claiming a base item, when it declined it once.
    fn decline(&self, base_code: &str, division: DivisionCode) -> Option<Decline>;
    /// What every division said last about claiming a base item, of those that declined it once.
    fn declines(&self, base_code: &str) -> Vec<Decline>;
    /// The item of another node as last fetched.
    fn foreign_item(&self, division: DivisionCode, code: &str) -> Option<ForeignItem>;
    /// A base item of this node or of a superior.
    fn base_item(&self, code: &str) -> Option<BaseItem>;
    /// Codes of the base items that this node itself keeps.
    fn own_base_items(&self) -> Vec<String>;
    /// Codes of the base items that superiors keep.
    fn base_items_above(&self) -> Vec<String>;
    /// A guide by its digest; none when this node keeps the digest alone.
    fn guide(&self, digest: &Digest) -> Option<Guide>;
    /// Tells whether this node has published the guide with this digest.
    fn guide_released(&self, digest: &Digest) -> bool;
    /// A published version of an item of this node, withdrawn and superseded ones included.
    fn item_version(&self, code: &str, version: u32) -> Option<ServiceItem>;
    /// A published version of a base item that is known here.
    fn base_version(&self, code: &str, version: u32) -> Option<BaseItem>;
    /// The standards of a kind with a code, of this node and of every superior, the highest division first.
    fn standards(&self, kind: StandardKind, code: &str) -> Vec<Standard>;
    /// Codes of all standards of a kind that are known here, each once, in order.
    fn standard_codes(&self, kind: StandardKind) -> Vec<String>;
    /// An operator by name.
    fn operator(&self, name: &str) -> Option<Operator>;
    /// Every operator, by name.
    fn operators(&self) -> Vec<Operator>;
    /// Cases that an operator holds at a step ([`crate::work::position`]), those due first before the others, at most `limit`.
    fn held(&self, operator: &str, limit: usize) -> Vec<CaseId>;
    /// The next serial of a scope, from 1.
    fn next_serial(&self, scope: &str) -> u32;
    /// A licence by its identifier.
    fn licence(&self, id: &str) -> Option<Licence>;
    /// The documents of a case that were sealed here: act and content type, in order.
    fn documents(&self, case: &CaseId) -> Vec<(u32, String)>;
    /// How often a document was printed: case, act, content type.
    fn prints(&self, case: &CaseId, act: u32, content_type: &str) -> u32;
    /// What is due at or before a moment, earliest first, at most `limit`.
    fn due(&self, until: Timestamp, limit: usize) -> Vec<Due>;
    /// The cards of a case.
    fn cards(&self, case: &CaseId) -> Vec<Card>;
    /// A card by its number.
    fn card_named(&self, number: &str) -> Option<Card>;
    /// An order by its id.
    fn matter(&self, id: &CaseId) -> Option<Matter>;
    /// An order by its number.
    fn matter_named(&self, number: &str) -> Option<Matter>;
    /// A rating or a ticket by its id.
    fn voice(&self, id: &CaseId) -> Option<Voice>;
    /// A rating or a ticket by its number.
    fn voice_named(&self, number: &str) -> Option<Voice>;
    /// Ratings that an operator is to follow up and tickets that he is to answer, at most `limit`.
    fn voices_held(&self, operator: &str, limit: usize) -> Vec<Voice>;
    /// The ratings of a case that this node keeps.
    fn ratings(&self, case: &CaseId) -> Vec<Rating>;
    /// An application that was collected here, by its id.
    fn application(&self, id: &CaseId) -> Option<Application>;
    /// An application that was collected here, by its number, id or query code.
    fn application_named(&self, text: &str) -> Option<Application>;
    /// An earlier case by the number that another system had drawn.
    fn earlier(&self, number: &str) -> Option<EarlierCase>;
    /// A batch of earlier cases by its number.
    fn earlier_batch(&self, number: &str) -> Option<EarlierBatch>;
    /// Every batch of earlier cases.
    fn earlier_batches(&self) -> Vec<EarlierBatch>;
    /// The cases that this node knows of the application of a number, wherever that was collected.
    fn parts_of(&self, application: &str) -> Vec<CaseId>;
    /// An order to an outside system by its number.
    fn order(&self, number: &str) -> Option<Order>;
    /// The case here whose decision is that of another system under this number.
    fn outside_case(&self, system: &str, number: &str) -> Option<CaseId>;
    /// The orders of a case that this node placed, by number.
    fn orders(&self, case: &CaseId) -> Vec<Order>;
    /// What supervision looks at by a moment, earliest first, at most `limit`.
    fn looks_due(&self, until: Timestamp, limit: usize) -> Vec<(Timestamp, Watched)>;
    /// All that supervision will look at, due or not, after a look where one is given, earliest first, at most `limit`.
    fn looks_after(&self, after: Option<(Timestamp, Watched)>, limit: usize) -> Vec<(Timestamp, Watched)>;
    /// How far everything open has been looked at again.
    fn sweep(&self) -> Option<Sweep>;
    /// The node that serves a division, as far as the directory knows.
    fn place(&self, division: DivisionCode) -> Option<Place>;
    /// The nearest node that is above both of two nodes.
    fn common_superior(&self, one: &NodeId, other: &NodeId) -> Option<NodeId>;
    /// The open cases that stand before a quota, in order of acceptance, at most `limit`.
    fn line(&self, quota: &str, limit: usize) -> Vec<limit::Place>;
    /// How many numbers of a quota are taken, of a year or of all.
    fn numbers_taken(&self, quota: &str, year: u16) -> u32;
    /// Whether a granted case holds its number.
    fn holds_number(&self, case: &CaseId, turn: &Turn) -> bool;
    /// When the last accepted one was accepted of those that hold a number of a quota.
    fn last_numbered(&self, quota: &str) -> Option<Timestamp>;
    /// Whether a false pledge bars an applicant, by the keyed hash of his number, from pledging at an authority.
    fn barred(&self, authority: &AuthorityId, holder: &[u8; 32]) -> bool;
    /// A case that another authority decides in the place of this node's.
    fn handled_elsewhere(&self, case: &CaseId) -> Option<HandledElsewhere>;
    /// What is known of a reclaim of a case that this node doesn't have.
    fn reclaim(&self, case: &CaseId) -> Option<ReclaimRow>;
}

/// What a decision needs beyond facts: chance, keys, ciphers. The leader's desk draws them once; the log keeps the results.
pub trait Desk {
    /// Fills `bytes` with randomness.
    fn fill(&mut self, bytes: &mut [u8]);
    /// Makes (or finds) the seal key of an authority and returns its public half.
    fn authority_key(&mut self, authority: &AuthorityId) -> Vec<u8>;
    /// Seals a payload in the authority's name (COSE_Sign1).
    fn seal(&mut self, authority: &AuthorityId, content_type: &str, payload: &[u8]) -> Vec<u8>;
    /// Encrypts the applicant's fields under a new key of the case.
    fn encrypt(&mut self, case: &CaseId, name: &str, identity: &str) -> Personal;
    /// Encrypts other fields of the applicant under the key that the case has, so that what else lies under it stays readable; `None` when
    /// that key doesn't exist any more.
    fn encrypt_under(&mut self, case: &CaseId, known: &Personal, name: &str, identity: &str) -> Option<Personal>;
    /// Decrypts them, for whoever may see them.
    fn decrypt(&self, case: &CaseId, personal: &Personal) -> Option<(String, String)>;
    /// The keyed index value of an identity number.
    fn index(&self, identity: &str) -> [u8; 32];
}

/// Where a credit code for numbers comes from, see [`crate::catalogue::ServiceItem::number_code`].
pub(crate) fn parse_credit(text: &str) -> Option<CreditCode> {
    text.parse().ok()
}
