//! What two nodes keep of one thing that is no case: tickets, ratings, and the parts of an application.

use tongban::engine::ExchangeEvent;
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::NodeId;
use tongban_domain::Event;
use tongban_domain::application::{Application, PartState, standing};
use tongban_domain::case::Case;
use tongban_domain::voice::{Rating, Standing, Ticket, TicketState, Voice};
use tongban_storage::keyspace::application::APPLICATION;
use tongban_storage::keyspace::voice::VOICE;
use tongban_storage::{MemoryBackend, StateFacts};

use super::Oracle;
use crate::machine::{Machine, facts};

impl Oracle {
    /// Who has a part in a ticket: where it was opened, and who handles it, by the newest row that was seen.
    fn parties(ticket: &Ticket) -> (NodeId, NodeId) {
        (ticket.origin.node, ticket.handler.node)
    }

    /// A ticket after something was done with it at a node, or a case that is a part of an application.
    pub(super) fn keeps(&mut self, event: &Event) {
        match event {
            Event::Voice(voice) => {
                if let Voice::Ticket(ticket) = &**voice {
                    self.tickets.insert(ticket.id, Self::parties(ticket));
                }
            }
            Event::Case(case, _) => self.part_begins(case),
            _ => {}
        }
    }

    /// A part of an application is begun once, whatever comes twice (promise 4).
    fn part_begins(&mut self, case: &Case) {
        let Some(of) = case.part_of.as_ref().filter(|_| !self.is_tainted(&case.id)) else { return };
        let begun = *self.parts.entry((of.application, of.part.clone())).or_insert(case.id);
        if begun != case.id && !self.is_tainted(&begun) {
            self.breach(
                "4",
                format!("part {} of application {} is begun as {begun} and as {}", of.part, of.application, case.id),
            );
        }
    }

    /// What a hostile node said must move no ticket in which it has no part, and count as no rating of a case that isn't its.
    pub(super) fn voices_hostile(&mut self, node: usize, event: &ExchangeEvent, events: &[Event]) {
        let (ExchangeEvent::Arrived { origin, .. } | ExchangeEvent::Replayed { origin, .. }) = event else { return };
        if !self.is_hostile_node(origin) || self.is_hostile(node) {
            return;
        }
        for event in events {
            let Event::Voice(voice) = event else { continue };
            let may = match &**voice {
                Voice::Ticket(ticket) => {
                    let (from, handler) = self.tickets.get(&ticket.id).copied().unwrap_or(Self::parties(ticket));
                    from == *origin || handler == *origin
                }
                Voice::Rating(rating) => self.is_tainted(&rating.case()) || !self.hostile.is_collected(&rating.case()),
            };
            if !may {
                let text = format!("node {node} did what {origin} said of {}, in which it has no part", voice.number());
                return self.breach("1", text);
            }
        }
    }

    /// At rest both nodes of a ticket and of a rating have the same, and every part of an application that could begin has begun (promise 2).
    pub(super) fn voices(&mut self, machines: &[Machine]) {
        for node in (0..machines.len()).filter(|node| self.is_sound(*node)).collect::<Vec<_>>() {
            let state = &*machines[node].disk.state;
            for (id, voice) in VOICE.list(state, &[], None, usize::MAX).unwrap_or_default() {
                let wrong = match &voice {
                    Voice::Ticket(ticket) => self.ticket_wrong(node, ticket, machines),
                    Voice::Rating(rating) => self.rating_wrong(node, rating, machines),
                };
                if let Some(wrong) = wrong {
                    return self.breach("2", format!("{} ({id}) at node {node}: {wrong}", voice.number()));
                }
            }
            for (_, application) in APPLICATION.list(state, &[], None, usize::MAX).unwrap_or_default() {
                if let Some(wrong) = Self::application_wrong(node, &application, machines) {
                    return self.breach("2", format!("application {} at node {node}: {wrong}", application.number));
                }
            }
        }
    }

    /// A node whose rows are held against those of others, if it is sound.
    fn sound_state<'m>(&self, node: &NodeId, machines: &'m [Machine]) -> Option<&'m MemoryBackend> {
        let number = self.numbers.get(node).copied().filter(|number| self.is_sound(*number))?;
        Some(&machines[number].disk.state)
    }

    fn ticket_wrong(&self, node: usize, ticket: &Ticket, machines: &[Machine]) -> Option<String> {
        let here = machines[node].place.node;
        let at = |state: &MemoryBackend| match VOICE.load(state, &ticket.id) {
            Ok(Some(Voice::Ticket(ticket))) => Some(ticket),
            _ => None,
        };
        if ticket.is_from(&here) {
            if !ticket.away {
                return None;
            }
            let Some(there) = at(self.sound_state(&ticket.handler.node, machines)?) else {
                return Some("it is said to be handled by a node that doesn't know it".to_owned());
            };
            let stands = |ticket: &Ticket| {
                let Ticket { state, outcome, department, reopened, due, answers, .. } = ticket;
                format!("{state:?} {outcome:?} {department:?} opened again {reopened} due {due} answers {answers:?}")
            };
            let (here, there) = (stands(ticket), stands(&there));
            return (here != there).then(|| format!("{here}, and with whoever handles it {there}"));
        }
        let Some(opened) = at(self.sound_state(&ticket.origin.node, machines)?) else {
            return Some("the node where it was opened doesn't know it".to_owned());
        };
        let is_here = opened.away && opened.handler.node == here;
        let went_back = ticket.state == TicketState::Returned;
        let text = || format!("{:?}, and where it was opened it is with {}", ticket.state, opened.handler.division);
        (is_here == went_back).then(text)
    }

    fn rating_wrong(&self, node: usize, rating: &Rating, machines: &[Machine]) -> Option<String> {
        let here = machines[node].place.node;
        if rating.entered.node != here || rating.rated.node == here || rating.standing != Standing::Sent {
            return None;
        }
        match VOICE.load(self.sound_state(&rating.rated.node, machines)?, &rating.id) {
            Ok(Some(Voice::Rating(there))) if there.grade == rating.grade && there.at == rating.at => None,
            Ok(Some(_)) => Some("it says something else where it counts".to_owned()),
            _ => Some("it was sent, and neither counts nor was refused".to_owned()),
        }
    }

    fn application_wrong(node: usize, application: &Application, machines: &[Machine]) -> Option<String> {
        let machine = &machines[node];
        let state = &*machine.disk.state;
        let (here, places) = (facts(machine.place)?, machine.run.as_ref()?.knowledge.places());
        let stands = standing(&StateFacts::new(state, &here, Calendar::embedded(), &places), application);
        let waits = stands.parts.iter().find(|part| part.state == PartState::Ready);
        waits.map(|part| format!("part {} could have begun, and hasn't", part.part))
    }
}
