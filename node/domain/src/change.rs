//! The result of a decision: events, notices, documents, reply.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{AuthorityId, CaseId, NodeId};

use crate::Authority;
use crate::actor::Operator;
use crate::case::{Act, Case, Collected, Offer, Progress};
use crate::catalogue::{
    BaseItem, Decline, DivisionReport, ForeignItem, Guide, ImportReport, LifeReport, Moved, PublishReport,
    ReorganisationReport, ServiceItem, Standard, StandardsReport,
};
use crate::licence::Licence;

/// What was decided: the row that results, so that replay stores and never decides.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// A case after an act, and the act.
    #[n(0)]
    Case(#[n(0)] Box<Case>, #[n(1)] Act),
    /// An item.
    #[n(1)]
    Item(#[n(0)] ServiceItem),
    /// A base item.
    #[n(2)]
    BaseItem(#[n(0)] BaseItem),
    /// Another node's item, cached.
    #[n(3)]
    ForeignItem(#[n(0)] ForeignItem),
    /// An authority.
    #[n(4)]
    Authority(#[n(0)] Authority),
    /// An operator.
    #[n(5)]
    Operator(#[n(0)] Operator),
    /// A licence.
    #[n(6)]
    Licence(#[n(0)] Licence),
    /// A serial was drawn: its scope and the last number used.
    #[n(7)]
    Serial(#[n(0)] String, #[n(1)] u32),
    /// An act of the other leg, as the node that did it told.
    #[n(8)]
    Act(#[n(0)] Act),
    /// A guide that a draft refers to by its digest.
    #[n(9)]
    Guide(#[n(0)] Box<Guide>),
    /// A guide that is published with an item or base item of this node, and travels from now on: the item's code, and the guide.
    #[n(10)]
    GuideReleased(#[n(0)] String, #[n(1)] Box<Guide>),
    /// A standard of this node.
    #[n(11)]
    Standard(#[n(0)] Box<Standard>),
    /// A published version of an item that begins on a later day and waits for it beside the one in force.
    #[n(12)]
    Waiting(#[n(0)] ServiceItem),
    /// A version that waited is taken back: the item's code and the version's number; the draft where that is 0.
    #[n(13)]
    TakenBack(#[n(0)] String, #[n(1)] u32),
    /// A base item of a superior is declined here, or no longer.
    #[n(14)]
    Declined(#[n(0)] Box<Decline>),
}

/// In whose name a document is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sealer {
    /// The node's.
    Node,
    /// An authority's.
    Authority(AuthorityId),
}

/// A document that a case produces: slip, notice, decision. It is sealed while its batch is formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The case.
    pub case: CaseId,
    /// Number of the act that made it.
    pub act: u32,
    /// Whose seal.
    pub sealer: Sealer,
    /// Content type, e.g. `application/tongban-acceptance+cbor`.
    pub content_type: &'static str,
    /// Deterministic CBOR.
    pub payload: Vec<u8>,
}

/// An event meant for a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// For whom.
    pub to: NodeId,
    /// About which case.
    pub case: CaseId,
    /// Number of the act at this node.
    pub act: u32,
    /// What.
    pub body: NoticeBody,
}

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeBody {
    /// Custody is offered.
    Offer(Box<Offer>),
    /// The owner did something.
    Progress(Box<Progress>),
}

/// The answer to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// A collection.
    Collected(Collected),
    /// An act on a case: the node shows the case as it now is.
    Case {
        /// The case.
        case: CaseId,
        /// Its number, once drawn.
        case_no: Option<String>,
        /// Its state.
        state: crate::case::Status,
        /// Its tenure.
        tenure: u32,
        /// Last lawful day.
        statutory_due: Option<tongban_codes::time::Date>,
        /// Last promised day.
        promised_due: Option<tongban_codes::time::Date>,
    },
    /// An import.
    Imported(ImportReport),
    /// A publication.
    Published(PublishReport),
    /// Acts on items.
    Life(LifeReport),
    /// A base item was declined.
    Declined(Box<Decline>),
    /// An item was replaced.
    Moved(Moved),
    /// Departments were reorganised.
    Reorganised(ReorganisationReport),
    /// A division got another code.
    Redivided(DivisionReport),
    /// Standards after they were set.
    Standards(StandardsReport),
    /// A standard after it was withdrawn.
    Standard {
        /// Its code.
        standard: String,
    },
    /// A licence.
    Licence {
        /// Its identifier.
        licence: String,
    },
    /// An item after an act.
    Item {
        /// Its code.
        item: String,
    },
    /// An operator after an act.
    Operator(Operator),
    /// An authority after an act.
    Authority(Authority),
    /// How many things a tick did.
    Tick {
        /// Number of things that were due and done.
        done: usize,
        /// Whether more is due.
        more: bool,
    },
    /// A harmless repeat: nothing changed.
    Known {},
}

/// What a decision results in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub events: Vec<Event>,
    /// What peers are told.
    pub notices: Vec<Notice>,
    /// What is put on paper.
    pub documents: Vec<Document>,
    /// What the caller hears.
    pub reply: Reply,
}

impl Change {
    /// A change of nothing but these events.
    #[must_use]
    pub fn of(events: Vec<Event>, reply: Reply) -> Self {
        Self { events, notices: Vec::new(), documents: Vec::new(), reply }
    }

    pub(crate) fn case(case: &Case) -> Reply {
        Reply::Case {
            case: case.id,
            case_no: case.case_no.clone(),
            state: case.status,
            tenure: case.tenure,
            statutory_due: case.deadlines.as_ref().and_then(|due| due.statutory).map(|due| due.date),
            promised_due: case.deadlines.as_ref().and_then(|due| due.promised).map(|due| due.date),
        }
    }
}
