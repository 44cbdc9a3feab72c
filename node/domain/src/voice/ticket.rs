//! The row of a ticket.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

use super::list::{Channel, TicketDeed, TicketKind, TicketOutcome, TicketState};
use super::{Clock, due};
use crate::case::{Case, Personal};
use crate::catalogue::{Mode, authority_id};
use crate::facts::Place;
use crate::supervision::{About, Rule};
use crate::{Desk, Facts};

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

    /// A ticket that nobody handles yet, as somebody opened it here or another node tells of it; its time begins today.
    pub(super) fn new(facts: &dyn Facts, desk: &mut dyn Desk, said: Said, case: Option<&Case>, at: Timestamp) -> Self {
        let node = facts.node();
        let here = Place { node: node.node, division: node.division };
        let Said { id, number, code, kind, text, name, proof, contact, subject, channel, opened_at, origin } = said;
        let mut ticket = Self {
            id,
            code,
            kind,
            text,
            personal: desk.encrypt(&id, &name, &proof),
            named: !name.is_empty(),
            contact: contact.as_deref().map(|contact| desk.encrypt(&id, contact, "")),
            subject,
            case: case.map(|case| case.id),
            about: about(facts, id, &number, case),
            number,
            channel,
            opened_at,
            origin,
            handler: here,
            away: false,
            state: TicketState::Open,
            department: None,
            holder: None,
            from: at.date(),
            due: at.date(),
            answers: Vec::new(),
            outcome: None,
            former: None,
            reopened: 0,
            told: 0,
            dispatch: 0,
            counted_on: at.date(),
            log: Vec::new(),
            since: at,
        };
        ticket.run(facts, at);
        ticket
    }

    /// Begins to be handled at this node, or anew there, in the time that runs already: where it is makes no difference to the applicant.
    pub(super) fn begin(&mut self, here: Place, at: Timestamp) {
        (self.handler, self.away, self.state) = (here, false, TicketState::Open);
        (self.department, self.holder) = (None, None);
        self.counted_on = at.date();
    }

    /// Its time runs from today.
    pub(super) fn run(&mut self, facts: &dyn Facts, at: Timestamp) {
        (self.from, self.due) = (at.date(), due(facts, self.rule(), at.date()));
    }

    /// Its time goes on as another node tells: from no day before it was opened or to come, and never longer than the rule gives here.
    pub(super) fn go_on(&mut self, facts: &dyn Facts, told: Time, at: Timestamp) {
        let today = at.date();
        let opened = self.opened_at.date().min(today);
        // A node of a release before tells no day: the time of what was opened again began when that was heard of.
        let begun = if self.reopened == 0 { opened } else { today };
        let from = told.from.unwrap_or(begun).clamp(opened, today);
        let most = due(facts, self.rule(), from);
        (self.from, self.due) = (from, told.due.filter(|due| *due > from).map_or(most, |due| due.min(most)));
    }
}

/// What is known of a ticket when it begins at a node.
pub(super) struct Said {
    pub(super) id: CaseId,
    pub(super) number: String,
    pub(super) code: QueryCode,
    pub(super) kind: TicketKind,
    pub(super) text: String,
    /// Name, empty for an anonymous one.
    pub(super) name: String,
    /// What proves who asks; empty but where it was opened.
    pub(super) proof: String,
    pub(super) contact: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) channel: Channel,
    pub(super) opened_at: Timestamp,
    pub(super) origin: Place,
}

/// The time of a ticket as a word tells it; a node of a release before tells none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// The day that isn't counted.
    pub(super) from: Option<Date>,
    /// The last day.
    pub(super) due: Option<Date>,
}

impl Time {
    /// Whether a ticket that was opened then can have it: it begins neither before that nor on a day to come, and ends after it begins.
    pub(super) fn fits(self, opened_at: Timestamp, at: Timestamp) -> bool {
        // Clocks differ: for the other it may be tomorrow.
        let (opened, tomorrow) = (opened_at.date(), at.date().next_day());
        let from = self.from.unwrap_or(opened);
        opened <= from && from <= tomorrow && self.due.is_none_or(|due| from < due)
    }
}

/// What cards and figures say of a ticket, by the case that it is about, when that is known.
fn about(facts: &dyn Facts, id: CaseId, number: &str, case: Option<&Case>) -> About {
    let node = facts.node();
    let of_none = || About {
        case: id,
        case_no: number.to_owned(),
        item: "-".to_owned(),
        item_name: String::new(),
        base_code: None,
        item_type: String::new(),
        item_version: 0,
        mode: Mode::Window,
        tenure: 0,
        authority: authority_id(&node.node, node.division, ""),
        department: String::new(),
        collecting: node.division,
        deciding: node.division,
        division: None,
    };
    case.map_or_else(of_none, About::of_case)
}
