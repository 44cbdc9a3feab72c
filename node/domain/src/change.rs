//! The result of a decision: events, notices, documents, reply.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId};

use crate::Authority;
use crate::actor::Operator;
use crate::application::{AmendedWord, Application, ApplicationReply, JointKind, JointWord, ResultsWord};
use crate::case::{
    Act, Case, Collected, HeldFile, Offer, Print, Progress, ReclaimOrder, ReclaimRequest, ReclaimRow, Supplement,
    Withdrawal,
};
use crate::catalogue::{
    AgreementView, BaseItem, Decline, DivisionReport, ForeignItem, Guide, ImportReport, LifeReport, Moved,
    PublishReport, ReorganisationReport, ServiceItem, Standard, StandardsReport,
};
use crate::connector::{ConnectorKind, Order as ConnectorOrder, OrderState};
use crate::earlier::{BatchStep, EarlierBatch, EarlierCase, EarlierReply};
use crate::licence::Licence;
use crate::limit::Turn;
use crate::supervision::{Card, Looked, Matter, Order, OrderAnswer, Rules};
use crate::uniform::{HandledElsewhere, HandledStep, UniformWord};
use crate::voice::{
    FollowUpOutcome, FollowUpState, Grade, Standing, TicketKind, TicketOutcome, TicketState, Voice, Word,
};
use crate::work::{HandOver, WorkView};

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
    /// A document was printed.
    #[n(26)]
    Printed(#[n(0)] Box<Print>),
    /// A reclaim as a node knows it that doesn't have the case: what is asked of it, what was ordered.
    #[n(15)]
    Reclaim(#[n(0)] CaseId, #[n(1)] Box<ReclaimRow>),
    /// A card was raised, answered or closed.
    #[n(17)]
    Card(#[n(0)] Box<Card>),
    /// Supervision looked at what was due.
    #[n(18)]
    Looked(#[n(0)] Box<Looked>),
    /// An order was given, taken, answered or refused.
    #[n(19)]
    Matter(#[n(0)] Box<Matter>),
    /// The file of a material of a case is here, whole and verified.
    #[n(27)]
    File(#[n(0)] CaseId, #[n(1)] Box<HeldFile>),
    /// The file of a material of a case, by its digest, is here no more, or damaged: who owns the case fetches it again.
    #[n(28)]
    FileLost(#[n(0)] CaseId, #[n(1)] Digest),
    /// What an operator held was handed over, by a list.
    #[n(20)]
    HandedOver(#[n(0)] Box<HandOver>),
    /// A rating or a ticket after what its log says last.
    #[n(30)]
    Voice(#[n(0)] Box<Voice>),
    /// A case is at its end elsewhere: the files of its materials are nobody's here any more, nor is what was sent of its applicant.
    #[n(49)]
    Forgotten(#[n(0)] CaseId),
    /// An application for a life event, with the cases of its parts that are begun.
    #[n(35)]
    Application(#[n(0)] Box<Application>),
    /// A batch of earlier cases after what was done with it.
    #[n(47)]
    EarlierBatch(#[n(0)] Box<EarlierBatch>, #[n(1)] BatchStep),
    /// An earlier case after a file said something of it, or it was taken up.
    #[n(48)]
    Earlier(#[n(0)] Box<EarlierCase>),
    /// What is known of a case that another authority decides in the place of this node's, and what of it is new.
    #[n(31)]
    HandledElsewhere(#[n(0)] Box<HandledElsewhere>, #[n(1)] HandledStep),
    /// An order to an outside system after what its log says last.
    #[n(40)]
    Order(#[n(0)] Box<ConnectorOrder>),
    /// A granted case took a number of a limited item, or gave it back.
    #[n(45)]
    Number(#[n(0)] CaseId, #[n(1)] Box<Turn>, #[n(2)] bool),
    /// A false pledge bars its applicant at an authority from pledging again, or does no longer: authority, keyed hash of his number, case.
    #[n(46)]
    Barred(#[n(0)] AuthorityId, #[cbor(n(1), with = "minicbor::bytes")] [u8; 32], #[n(2)] CaseId, #[n(3)] bool),
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
    /// The common superior is asked to give a case back whose other side is gone.
    ReclaimRequest(Box<ReclaimRequest>),
    /// It orders it.
    ReclaimOrder(Box<ReclaimOrder>),
    /// It declines, for this reason.
    ReclaimDeclined(String),
    /// The node that was gone has returned: its acts of which nobody had heard.
    ReclaimReturn(Vec<Act>),
    /// The collecting hall took what a notice had asked for.
    Supplement(Box<Supplement>),
    /// A superior orders an answer.
    Order(Box<Order>),
    /// The answer to an order.
    OrderAnswer(Box<OrderAnswer>),
    /// A rating or a ticket, or news of one.
    Voice(Box<Word>),
    /// What another authority led for several cases of an application.
    Joint(Box<JointWord>),
    /// What earlier parts of an application came to after a later one had begun.
    Results(Box<ResultsWord>),
    /// What was put right in another case of an application.
    Amended(Box<AmendedWord>),
    /// The collecting hall took for the owner that the applicant withdraws.
    Withdrawal(Box<Withdrawal>),
    /// An authority that stands in for another reports a case to it.
    Uniform(Box<UniformWord>),
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
        /// Last day to decide a renewal.
        #[serde(skip_serializing_if = "Option::is_none")]
        renewal_due: Option<tongban_codes::time::Date>,
    },
    /// A print.
    Printed(Box<Print>),
    /// A reclaim that was ordered or declined.
    Reclaim {
        /// The case.
        case: CaseId,
        /// The division that gets it, or asked for it.
        to: DivisionCode,
        /// The tenure under which it has it.
        tenure: u32,
    },
    /// Work on a case: where it stands now.
    Work {
        /// The case.
        case: CaseId,
        /// Its number, once drawn.
        case_no: Option<String>,
        /// Its state.
        state: crate::case::Status,
        /// Where the work stands.
        work: Option<WorkView>,
    },
    /// What was handed over.
    HandedOver(Box<HandOver>),
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
    /// A card after it was answered or closed.
    Card(Box<Card>),
    /// An order after it was given or answered.
    Order(Box<Order>),
    /// A rating after it was given or followed up.
    Rating {
        /// Its number.
        rating: String,
        /// The case.
        case: CaseId,
        /// The grade.
        grade: Grade,
        /// Whose service it rates.
        rated: DivisionCode,
        /// The day of the visit; none for the matter.
        visited_on: Option<tongban_codes::time::Date>,
        /// Whether it counts.
        standing: Standing,
        /// Where its follow-up stands.
        #[serde(skip_serializing_if = "Option::is_none")]
        follow_up: Option<FollowUpState>,
        /// The last day of that.
        #[serde(skip_serializing_if = "Option::is_none")]
        follow_up_due: Option<tongban_codes::time::Date>,
        /// What came of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<FollowUpOutcome>,
        /// In Chinese.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome_zh: Option<&'static str>,
        /// Who follows it up.
        #[serde(skip_serializing_if = "Option::is_none")]
        holder: Option<String>,
    },
    /// A ticket after something was done with it.
    Ticket {
        /// Its number.
        ticket: String,
        /// The applicant's query code.
        query_code: tongban_codes::ids::QueryCode,
        /// What it is.
        kind: TicketKind,
        /// Where it stands.
        state: TicketState,
        /// In Chinese.
        state_zh: &'static str,
        /// Who handles it.
        handler: DivisionCode,
        /// The department.
        department: Option<String>,
        /// Who answers.
        holder: Option<String>,
        /// The last day for the answer.
        due: tongban_codes::time::Date,
        /// How it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<TicketOutcome>,
        /// In Chinese.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome_zh: Option<&'static str>,
    },
    /// An application after something was done with it.
    Application(Box<ApplicationReply>),
    /// An agreement after it was added or withdrawn.
    Agreement(Box<AgreementView>),
    /// A batch of earlier cases, or what came of its rows.
    Earlier(Box<EarlierReply>),
    /// A joint act.
    Joint {
        /// What it is.
        kind: JointKind,
        /// In Chinese.
        kind_zh: &'static str,
        /// The joint step.
        joint: String,
        /// The cases in which it stands now.
        cases: Vec<CaseId>,
    },
    /// An order to an outside system after something was done with it.
    ConnectorOrder {
        /// 委托单号.
        order_no: String,
        /// The case.
        case: CaseId,
        /// What it is.
        kind: ConnectorKind,
        /// In Chinese.
        kind_zh: &'static str,
        /// Where it stands.
        state: OrderState,
        /// In Chinese.
        state_zh: &'static str,
        /// To whom it was given.
        connector: String,
        /// What is to be paid, in fen.
        #[serde(skip_serializing_if = "Option::is_none")]
        fen: Option<u64>,
        /// Trade number or waybill.
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// Thresholds that are as before.
    Rules(Rules),
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
            renewal_due: case.deadlines.as_ref().and_then(|due| due.renewal),
        }
    }
}
