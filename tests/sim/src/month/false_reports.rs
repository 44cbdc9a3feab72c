//! Reports on cases that are decided in another's place (envelope kind 25), as somebody makes them up who has a hostile node's keys.

use tongban_codes::ids::CaseId;
use tongban_domain::uniform::UniformWord;
use tongban_federation::wire::Frame;
use tongban_federation::{Body, Envelope, Subject};
use tongban_seal::content_type;

use super::craft::sealed;
use crate::genesis::alike::SAME;
use crate::genesis::{CREDIT, DEPARTMENT, PERMIT, item_of};
use crate::world::World;

/// Envelope kind of a report, and its version.
const KIND: (u16, u16) = (25, 1);

impl World {
    /// A report in the place of an envelope of the own, under an agreement of the receiver's that may or may not name this node's authority: of a
    /// case of others, of an item without agreement, or of a case that it made up, as its own or with the number of another. Who has agreed that it
    /// decides takes its word for what it says of its own cases; the oracle sees to it that nobody else does, and that nobody keeps the first two.
    pub(super) fn false_report(&mut self, node: usize, own: &Envelope) -> Option<(&'static str, Vec<u8>)> {
        let here = self.machines[node].place;
        let far = self.machines.iter().position(|machine| machine.place.node == own.destination)?;
        if self.oracle.is_hostile(far) {
            return None;
        }
        let charge = self.machines[far].place;
        let item = self.same_item(far)?;
        let numbers: Vec<String> = item.agreements.iter().map(|known| known.number.clone()).collect();
        let agreement = self.chance.pick(&numbers).cloned()?;
        let others = self.case_of_others()?;
        let mut random = [0; 10];
        for byte in &mut random {
            *byte = u8::try_from(self.chance.below(256)).unwrap_or(0);
        }
        let (at, mut case) = (self.now(), CaseId::draw(&here.node, random));
        let mut word = UniformWord {
            act: 2,
            at,
            item: item.code.clone(),
            version: item.version,
            agreement,
            core: item.core.digest(),
            department: DEPARTMENT.to_owned(),
            department_code: CREDIT.to_owned(),
            by_item: item_of(SAME, here.division),
            collected_on: at.date(),
            case_no: Some("1".to_owned()),
            accepted_on: Some(at.date()),
            ending: None,
            ended_on: None,
            licences: Vec::new(),
            applicant: "张*".to_owned(),
            number_end: "31002X".to_owned(),
        };
        let what = match self.chance.below(5) {
            0 | 1 => {
                case = others.id;
                word.act = others.acts + 1;
                "report on another's case"
            }
            2 => {
                word.case_no = others.case_no.or(word.case_no);
                "report on a case of its own, made up with another's number"
            }
            3 => {
                word.item = item_of(PERMIT, charge.division);
                "report on an item without agreement"
            }
            _ => "report on a case of its own, made up",
        };
        let report = Envelope {
            origin: here.node,
            epoch: own.epoch,
            destination: own.destination,
            sequence: own.sequence,
            subject: Subject::from(case),
            act_number: word.act,
            kind: KIND.0,
            version: KIND.1,
            body: Body::Plain(tongban_codes::cbor::to_vec(&word)),
        };
        self.oracle.borrows(report.id().0, report.subject);
        let by = sealed(here.node, here.node, content_type::ENVELOPE, &report.to_bytes());
        Some((what, Frame::Envelope(by).to_bytes()))
    }
}
