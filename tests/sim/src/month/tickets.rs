//! Enquiries and complaints (工单): opened at a hall, sent to another, given back, answered, opened again and confirmed, whatever is down
//! meanwhile.

use tongban_codes::ids::CaseId;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::voice::{
    Channel, OpenTicket, Ticket, TicketAct, TicketKind, TicketOutcome, TicketState, Voice, VoiceCommand,
};
use tongban_domain::{Command, Role};
use tongban_storage::keyspace::voice;

use super::Due;
use super::hours::{HOUR, MINUTE, after};
use super::people::Awaited;
use crate::genesis::{APPLICANT, DEPARTMENT};
use crate::queue::Event;
use crate::world::World;

/// How often a ticket is taken up at most.
pub(super) const TICKET_VISITS_MAX: u8 = 20;

/// What comes next of a ticket.
enum Next {
    /// Nothing more.
    Over,
    /// Where it is, nobody is there.
    Wait,
    /// Somebody does this there.
    Do(usize, Role, TicketAct),
}

impl World {
    /// Somebody asks or complains at a hall.
    pub(super) fn opens(&mut self) {
        let Some(node) = self.open_hall(Due::Opens) else { return };
        let (to, _) = self.competent(node);
        let division = self.machines[to].place.division;
        let cases: Vec<CaseId> = self.oracle.cases(node).keys().copied().collect();
        // One in three is about a matter that the hall knows.
        let case = if self.chance.one_in(3) { self.chance.pick(&cases).map(CaseId::to_string) } else { None };
        let (kind, is_named) = (self.chance.pick(TicketKind::ALL).copied(), self.chance.one_in(2));
        let request = OpenTicket {
            kind: kind.expect("there are kinds"),
            text: "材料交了还没有回音".to_owned(),
            channel: Channel::Terminal,
            name: is_named.then(|| "张三".to_owned()),
            identity: is_named.then(|| APPLICANT.to_owned()),
            word: (!is_named).then(|| "a1b2c3".to_owned()),
            contact: self.chance.one_in(2).then(|| "13800000000".to_owned()),
            division: case.is_none().then_some(division),
            case,
        };
        self.awaits(Awaited::Ticket);
        self.month_acts(node, Role::Window, Command::Voice(VoiceCommand::Open(Box::new(request))));
    }

    /// A ticket will be taken up.
    pub(super) fn expects_ticket(&mut self, ticket: usize, left: u8) {
        let at = after(self.queue.now(), self.chance.millis(10 * MINUTE, 10 * HOUR));
        self.queue.put_at(at, Event::Month(Due::Ticket(ticket, left)));
    }

    /// A ticket is taken up.
    pub(super) fn attends(&mut self, ticket: usize, left: u8) {
        let known = self.month.as_ref().and_then(|month| month.people.tickets.get(ticket).cloned());
        let Some((origin, number)) = known else { return };
        match self.next_of_ticket(origin, &number) {
            Next::Over => {}
            Next::Wait => self.expects_ticket(ticket, left),
            Next::Do(node, role, act) => {
                self.month_acts(node, role, Command::Voice(VoiceCommand::Ticket { ticket: number, act }));
                if left > 0 {
                    self.expects_ticket(ticket, left - 1);
                }
            }
        }
    }

    /// A ticket as a node that runs has it.
    fn ticket_at(&self, node: usize, number: &str) -> Option<Ticket> {
        let machine = &self.machines[node];
        machine.run.as_ref()?;
        match voice::named(&*machine.disk.state, number) {
            Ok(Some(Voice::Ticket(ticket))) => Some(ticket),
            _ => None,
        }
    }

    fn next_of_ticket(&mut self, origin: usize, number: &str) -> Next {
        let Some(opened) = self.ticket_at(origin, number) else { return Next::Wait };
        // The applicant goes by what he hears where he opened it, and not by what the other node has done since.
        let said = match opened.state {
            TicketState::Answered if self.chance.one_in(2) => {
                let again = TicketAct::Reopen { reason: "没有解决".to_owned() };
                Some(if self.chance.one_in(2) { again } else { TicketAct::Confirm {} })
            }
            TicketState::Closed if self.chance.one_in(3) => {
                Some(TicketAct::Reopen { reason: "又出现了".to_owned() })
            }
            TicketState::Closed => return Next::Over,
            _ => None,
        };
        if let Some(act) = said {
            return Next::Do(origin, Role::Admin, act);
        }
        let handler = self.machines.iter().position(|machine| machine.place.node == opened.handler.node);
        let Some((node, ticket)) = handler.and_then(|node| Some((node, self.ticket_at(node, number)?))) else {
            return Next::Wait;
        };
        // Whoever acted on the case that a complaint is about has no part in it.
        let is_complaint = ticket.kind == TicketKind::Complaint;
        let staff = if is_complaint || self.chance.one_in(4) { Role::Supervisor } else { Role::Window };
        let department = || DEPARTMENT.to_owned();
        let act = match ticket.state {
            TicketState::Open | TicketState::Assigned if self.chance.one_in(5) => {
                let reason = "不属于本单位职责".to_owned();
                if node == origin {
                    let (to, _) = self.competent(node);
                    TicketAct::Send { division: self.machines[to].place.division, reason }
                } else {
                    TicketAct::GiveBack { reason }
                }
            }
            TicketState::Open => TicketAct::Assign { department: department(), to: None },
            TicketState::Assigned if self.chance.one_in(6) => {
                TicketAct::HandOn { department: department(), to: None, reason: "转由专人办理".to_owned() }
            }
            TicketState::Assigned => TicketAct::Answer { text: "已联系并说明".to_owned() },
            TicketState::Answered => {
                let outcome = self.chance.pick(TicketOutcome::ALL).copied().expect("there are outcomes");
                TicketAct::Close { outcome }
            }
            // The hall hasn't heard of it yet.
            TicketState::Closed | TicketState::Returned => return Next::Wait,
        };
        Next::Do(node, staff, act)
    }
}
