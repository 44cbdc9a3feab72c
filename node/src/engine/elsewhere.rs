//! What other authorities handle in the place of this node's, in the journal and in the figures: so that superiors see what an agreement is used for.

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::catalogue::Mode;
use tongban_domain::supervision::About;
use tongban_domain::uniform::{HandledElsewhere, HandledStep, UniformEnding};
use tongban_journal::{ActHeader, ActKind, Outcome};

use super::figures::outcome;
use super::records::{beside, field};

fn ending(ending: UniformEnding) -> Outcome {
    match ending {
        UniformEnding::Granted => Outcome::Granted,
        UniformEnding::Denied => Outcome::Denied,
        UniformEnding::NotRequired => Outcome::NotRequired,
        UniformEnding::NotCompetent => Outcome::NotCompetent,
        UniformEnding::NotSupplemented => Outcome::NotSupplemented,
        UniformEnding::Withdrawn => Outcome::Withdrawn,
    }
}

/// The header of a report that counts. The deciding division is the one in charge, whose figure it is, with its item and authority; the collecting
/// division the one whose authority handles the case.
pub(super) fn header(row: &HandledElsewhere, step: HandledStep, here: DivisionCode) -> Option<ActHeader> {
    let act = match step {
        HandledStep::Accepted => ActKind::AcceptElsewhere,
        HandledStep::Ended => ActKind::EndElsewhere,
        HandledStep::Told => return None,
    };
    let (word, item) = (&row.word, &row.item);
    let about = About {
        case: row.case,
        case_no: String::new(),
        item: item.code.clone(),
        item_name: item.core.name.clone(),
        base_code: item.core.base_code.clone(),
        item_type: item.core.item_type.clone(),
        item_version: item.version,
        mode: Mode::Uniform,
        tenure: 1,
        authority: item.authority,
        department: item.department.clone(),
        collecting: row.place.division,
        deciding: here,
        division: None,
    };
    let ended = act == ActKind::EndElsewhere;
    Some(ActHeader {
        outcome: word.ending.filter(|_| ended).map(ending),
        collected_on: Some(word.collected_on),
        accepted_on: word.accepted_on,
        decided_on: word.ended_on.filter(|_| ended),
        ..beside(about, word.at, act)
    })
}

/// The number under which it is known there, and under which agreement.
pub(super) fn fields(row: &HandledElsewhere) -> Vec<(u16, Vec<u8>)> {
    let (word, item) = (&row.word, &row.item);
    let note = format!("依协议 {} 由 {} {} 办理", word.agreement, row.place.division, word.department);
    let mut fields = vec![(field::NOTE, note.into_bytes())];
    fields.extend(word.case_no.iter().map(|number| (field::CASE_NO, number.clone().into_bytes())));
    fields.push((field::ITEM_NAME, item.core.name.clone().into_bytes()));
    fields
}

/// The figure that a report adds to: measure, day whose month it counts in, outcome.
pub(super) fn counted(header: &ActHeader) -> (&'static str, Option<Date>, &'static str) {
    match (header.act, header.outcome) {
        (ActKind::AcceptElsewhere, _) => ("elsewhere-accepted", header.accepted_on, "all"),
        (_, decided @ Some(Outcome::Granted | Outcome::Denied)) => {
            ("elsewhere-decided", header.decided_on, outcome(decided))
        }
        (_, ended) => ("elsewhere-ended", header.decided_on, outcome(ended)),
    }
}
