//! What other authorities handle in the place of this node's, in the journal and in the figures: so that superiors see what an agreement is used for.

use tongban_codes::division::DivisionCode;
use tongban_codes::time::{Date, Timestamp};
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

/// The header of a report that counts, of the moment at which this node took it: what the other says of time is in the days. The deciding division is the one in charge, whose figure it is, with its item and authority; the collecting
/// division the one whose authority handles the case.
pub(super) fn header(
    row: &HandledElsewhere,
    step: HandledStep,
    here: DivisionCode,
    at: Timestamp,
) -> Option<ActHeader> {
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
        ..beside(about, at, act)
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use tongban_codes::ids::{AuthorityId, CaseId, NodeId};
    use tongban_domain::Place;
    use tongban_domain::case::ItemPin;
    use tongban_domain::catalogue::Core;
    use tongban_domain::uniform::UniformWord;

    use super::*;

    fn row() -> HandledElsewhere {
        let day = Date::ymd(2026, 9, 14).unwrap();
        let core =
            Core { name: "许可".into(), base_code: None, item_type: "01".into(), legal_basis: "条例".into() };
        let word = UniformWord {
            act: 3,
            at: day.start(),
            item: "511A0015500013".into(),
            version: 1,
            agreement: "跨域〔2026〕1号".into(),
            core: core.digest(),
            department: "区卫健局".into(),
            department_code: "11511301452259996U".into(),
            by_item: "511A0015500014".into(),
            collected_on: day,
            case_no: Some("1".into()),
            accepted_on: Some(day),
            ending: Some(UniformEnding::Denied),
            ended_on: Some(day),
            licences: Vec::new(),
            applicant: "张*".into(),
            number_end: "31002X".into(),
        };
        let item = ItemPin {
            code: word.item.clone(),
            core,
            version: 1,
            authority: AuthorityId::from_bytes([1; 16]),
            department: "区行政审批局".into(),
            statutory: None,
            promised: None,
            department_code: String::new(),
        };
        let place = Place { node: NodeId::from_bytes([2; 16]), division: "511603".parse().unwrap() };
        HandledElsewhere { case: CaseId::from_bytes([3; 16]), place, item, word, heard_at: day.start(), personal: None }
    }

    #[test]
    fn the_journal_has_the_moment_of_this_node_and_the_days_of_the_other() {
        let (row, here) = (row(), "511602".parse().unwrap());
        let at = Date::ymd(2026, 9, 21).unwrap().start();
        let accepted = header(&row, HandledStep::Accepted, here, at).unwrap();
        assert_eq!((accepted.at, accepted.accepted_on, accepted.outcome), (at, row.word.accepted_on, None));
        assert_eq!(counted(&accepted), ("elsewhere-accepted", row.word.accepted_on, "all"));
        let ended = header(&row, HandledStep::Ended, here, at).unwrap();
        assert_eq!((ended.at, ended.decided_on, ended.outcome), (at, row.word.ended_on, Some(Outcome::Denied)));
        assert_eq!(counted(&ended), ("elsewhere-decided", row.word.ended_on, "denied"));
        assert!(header(&row, HandledStep::Told, here, at).is_none(), "what is told besides is no figure");
    }
}
