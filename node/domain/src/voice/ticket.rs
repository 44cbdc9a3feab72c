//! The row of a ticket.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

use super::list::{Channel, TicketDeed, TicketKind, TicketOutcome, TicketState};
use super::{Clock, due};
use crate::Facts;
use crate::case::Personal;
use crate::facts::Place;
use crate::supervision::{About, Rule};

/// An answer to the applicant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Reply {
    /// In words.
    #[n(0)]
    pub text: String,
    /// By whom.
    #[n(1)]
    pub operator: String,
    /// When.
    #[n(2)]
    pub at: Timestamp,
    /// Whether by the last day.
    #[n(3)]
    pub in_time: bool,
}

/// A line of what was done with a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct TicketEntry {
    /// What.
    #[n(0)]
    pub deed: TicketDeed,
    /// When.
    #[n(1)]
    pub at: Timestamp,
    /// By whom.
    #[n(2)]
    pub operator: String,
    /// In words.
    #[n(3)]
    pub text: Option<String>,
}

/// A ticket, as the node keeps it where it was opened, and as the node keeps it that handles it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Ticket {
    /// Drawn by the node where it was opened.
    #[n(0)]
    pub id: CaseId,
    /// 工单编号.
    #[n(1)]
    pub number: String,
    /// The query code, given out by the node where it was opened, which alone answers it.
    #[n(2)]
    pub code: QueryCode,
    /// What it is.
    #[n(3)]
    pub kind: TicketKind,
    /// What is asked or complained of.
    #[n(4)]
    pub text: String,
    /// Name, empty for an anonymous one, and what the applicant is proven by: number or chosen word; none but at the node where it was opened.
    #[n(5)]
    pub personal: Personal,
    /// Whether a name was given.
    #[n(6)]
    pub named: bool,
    /// Telephone, in the place of the name.
    #[n(7)]
    pub contact: Option<Personal>,
    /// The case as it was named.
    #[n(8)]
    pub subject: Option<String>,
    /// The case, where it is known here.
    #[n(9)]
    pub case: Option<CaseId>,
    /// What its cards and figures say.
    #[n(10)]
    pub about: About,
    /// By which way.
    #[n(11)]
    pub channel: Channel,
    /// When it was opened.
    #[n(12)]
    pub opened_at: Timestamp,
    /// Where.
    #[n(13)]
    pub origin: Place,
    /// Who handles it.
    #[n(14)]
    pub handler: Place,
    /// Whether another node handles it, whose word this row follows.
    #[n(15)]
    pub away: bool,
    /// Where it stands.
    #[n(16)]
    pub state: TicketState,
    /// 承办部门.
    #[n(17)]
    pub department: Option<String>,
    /// Who answers, when one is named.
    #[n(18)]
    pub holder: Option<String>,
    /// The day that isn't counted.
    #[n(19)]
    pub from: Date,
    /// The last day for the answer.
    #[n(20)]
    pub due: Date,
    /// The answers, in order.
    #[n(21)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub answers: Vec<Reply>,
    /// How it ended.
    #[n(22)]
    pub outcome: Option<TicketOutcome>,
    /// How it had ended before it was opened again.
    #[n(23)]
    pub former: Option<TicketOutcome>,
    /// How often it was opened again.
    #[n(24)]
    pub reopened: u8,
    /// How many words this node has told another of it.
    #[n(25)]
    pub told: u32,
    /// Number of the word by which it was sent last, at both nodes.
    #[n(26)]
    pub dispatch: u32,
    /// The day under which this node counts it.
    #[n(27)]
    pub counted_on: Date,
    /// What was done, in order; the last is what this row came of.
    #[n(28)]
    pub log: Vec<TicketEntry>,
    /// When it came to stand as it does.
    #[n(29)]
    pub since: Timestamp,
}

impl Ticket {
    /// What was done last.
    #[must_use]
    pub fn last(&self) -> Option<TicketDeed> {
        self.log.last().map(|entry| entry.deed)
    }

    /// The rule that watches its time.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self.kind {
            TicketKind::Enquiry => Rule::Enquiry,
            TicketKind::Complaint => Rule::Complaint,
            TicketKind::Unresolved => Rule::Unresolved,
        }
    }

    /// Whether it was opened at this node.
    #[must_use]
    pub fn is_from(&self, node: &NodeId) -> bool {
        self.origin.node == *node
    }

    pub(super) fn clock(&self) -> Option<Clock> {
        (!self.away && self.state.is_waiting()).then(|| Clock { rule: self.rule(), start: self.from, due: self.due })
    }

    pub(super) fn about(&self) -> About {
        About {
            case: self.id,
            case_no: self.number.clone(),
            department: self.department.clone().unwrap_or_else(|| self.handler.division.to_string()),
            division: Some(self.handler.division),
            ..self.about.clone()
        }
    }

    pub(super) fn done(&mut self, deed: TicketDeed, at: Timestamp, operator: &str, text: Option<String>) {
        // Of news only the last is kept, so that the other node can't make the row grow.
        if deed == TicketDeed::News && self.last() == Some(deed) {
            self.log.pop();
        }
        self.log.push(TicketEntry { deed, at, operator: operator.to_owned(), text });
        self.since = at;
    }

    /// Begins to be handled at this node, or anew there.
    pub(super) fn begin(&mut self, facts: &dyn Facts, here: Place, at: Timestamp) {
        (self.handler, self.away, self.state) = (here, false, TicketState::Open);
        (self.department, self.holder) = (None, None);
        self.counted_on = at.date();
        self.run(facts, at);
    }

    /// Its time runs from today.
    pub(super) fn run(&mut self, facts: &dyn Facts, at: Timestamp) {
        (self.from, self.due) = (at.date(), due(facts, self.rule(), at.date()));
    }
}
