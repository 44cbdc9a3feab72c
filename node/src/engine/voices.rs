//! Ratings and tickets in the journal and in the figures: grades, follow-ups and answers, without a name or a word of what was said.

use tongban_codes::time::Date;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::voice::{
    FollowUpOutcome, Grade, Occasion, Rating, RatingDeed, Standing, Ticket, TicketDeed, TicketKind, TicketOutcome,
    Voice,
};
use tongban_journal::{ActHeader, ActKind, VoiceKind, VoiceMark, VoiceOutcome};

use super::records::{beside, field};

/// The header of what was done last, if it counts: a rating where its service was, a ticket where it is handled.
pub(super) fn header(voice: &Voice) -> Option<ActHeader> {
    match voice {
        Voice::Rating(rating) => rating_header(rating),
        Voice::Ticket(ticket) => ticket_header(ticket),
    }
}

/// The numbers by which people find it; neither name nor text.
pub(super) fn fields(voice: &Voice) -> Vec<(u16, Vec<u8>)> {
    let about = voice.about();
    vec![
        (field::CASE_NO, about.case_no.into_bytes()),
        (field::ITEM_NAME, about.item_name.into_bytes()),
        (field::VOICE_NO, voice.number().to_owned().into_bytes()),
    ]
}

fn rating_header(rating: &Rating) -> Option<ActHeader> {
    let act = match (rating.standing, rating.last()?) {
        (Standing::Counted, RatingDeed::Rated) => ActKind::Rate,
        (Standing::Counted, RatingDeed::Closed) => ActKind::CloseFollowUp,
        (Standing::SetAside, RatingDeed::Upheld) => ActKind::SetRatingAside,
        _ => return None,
    };
    let follow_up = rating.follow_up.as_ref();
    let outcome = follow_up.and_then(|follow_up| follow_up.outcome).and_then(|outcome| match outcome {
        FollowUpOutcome::Rectified => Some(VoiceOutcome::Rectified),
        FollowUpOutcome::RectifiedByPlan => Some(VoiceOutcome::RectifiedByPlan),
        FollowUpOutcome::Explained => Some(VoiceOutcome::Explained),
        FollowUpOutcome::SetAside => None,
    });
    let first = rating.log.iter().find(|entry| entry.deed == RatingDeed::Rated)?;
    let mark = VoiceMark {
        kind: match rating.occasion {
            Occasion::Visit(_) => VoiceKind::Visit,
            Occasion::Matter => VoiceKind::Matter,
        },
        division: rating.rated.division,
        on: first.at.date(),
        channel: rating.channel.code(),
        outcome,
        in_time: follow_up.and_then(|follow_up| follow_up.in_time),
    };
    let header = beside(rating.about.clone(), rating.since, act);
    let (grade, accepted_on) = (Some(rating.grade.code()), rating.accepted_on);
    Some(ActHeader { grade, accepted_on, voice: Some(mark), ..header })
}

fn ticket_header(ticket: &Ticket) -> Option<ActHeader> {
    let deed = ticket.last()?;
    // Of a ticket that is with another node, that node tells; but that it went there is told here, where it had counted.
    let act = match deed {
        TicketDeed::Send => ActKind::LeaveTicket,
        _ if ticket.away => return None,
        TicketDeed::Open | TicketDeed::Take | TicketDeed::CameBack => ActKind::OpenTicket,
        TicketDeed::GiveBack => ActKind::LeaveTicket,
        TicketDeed::Answer => ActKind::AnswerTicket,
        TicketDeed::Close | TicketDeed::Confirm => ActKind::CloseTicket,
        TicketDeed::Reopen => ActKind::ReopenTicket,
        TicketDeed::Assign | TicketDeed::HandOn | TicketDeed::News => return None,
    };
    let ended = if act == ActKind::ReopenTicket { ticket.former } else { ticket.outcome };
    let answered = ticket.answers.last().filter(|_| act == ActKind::AnswerTicket);
    let about = Voice::Ticket(ticket.clone()).about();
    let mark = VoiceMark {
        kind: match ticket.kind {
            TicketKind::Enquiry => VoiceKind::Enquiry,
            TicketKind::Complaint => VoiceKind::Complaint,
            TicketKind::Unresolved => VoiceKind::Unresolved,
        },
        // Where it was counted: of one that was sent away, that is where it was opened.
        division: if deed == TicketDeed::Send { ticket.origin.division } else { ticket.handler.division },
        on: ticket.counted_on,
        channel: ticket.channel.code(),
        outcome: ended.map(|outcome| match outcome {
            TicketOutcome::Resolved => VoiceOutcome::Resolved,
            TicketOutcome::Explained => VoiceOutcome::Explained,
        }),
        in_time: answered.map(|answer| answer.in_time),
    };
    Some(ActHeader { voice: Some(mark), ..beside(about, ticket.since, act) })
}

/// A figure that a rating or a ticket adds to: measure, day whose month it counts in, outcome, how much.
pub(super) type Counted = (&'static str, Date, &'static str, i64);

/// Measures of ratings and tickets.
pub(crate) const VOICE_MEASURES: &[&str] = &[
    "ratings",
    "ratings-on-site",
    "ratings-own",
    "matters-rated-own",
    "follow-ups",
    "enquiries",
    "complaints",
    "unresolved",
    "tickets-answered",
];

fn ending(outcome: Option<VoiceOutcome>) -> &'static str {
    match outcome {
        Some(VoiceOutcome::Rectified) => "rectified",
        Some(VoiceOutcome::RectifiedByPlan) => "rectified-by-plan",
        Some(VoiceOutcome::Explained) => "explained",
        Some(VoiceOutcome::Resolved) => "resolved",
        _ => "other",
    }
}

/// What an act about a rating or a ticket adds, all of it at the division of its mark.
pub(super) fn counts(header: &ActHeader) -> Vec<Counted> {
    let Some(mark) = &header.voice else { return Vec::new() };
    let counted = match mark.kind {
        VoiceKind::Visit | VoiceKind::Matter => rating_counts(header, mark),
        VoiceKind::Enquiry => ticket_counts(header.act, mark, "enquiries"),
        VoiceKind::Complaint => ticket_counts(header.act, mark, "complaints"),
        VoiceKind::Unresolved => ticket_counts(header.act, mark, "unresolved"),
        _ => Vec::new(),
    };
    let counted = counted.into_iter().map(|(measure, outcome, by)| (measure, mark.on, outcome, by));
    counted.chain(rated_own(header, mark)).collect()
}

/// Whether a rating is of a matter and of the applicant's own accord: not in a call or message by which the hall asked.
fn is_own(mark: &VoiceMark) -> bool {
    mark.kind == VoiceKind::Matter && mark.channel < 6
}

/// A matter that was rated of the applicant's own accord counts in the month in which the matter itself does, that of its acceptance, so that it
/// can be set against the matters of that month. A release before didn't write that month.
fn rated_own(header: &ActHeader, mark: &VoiceMark) -> Option<Counted> {
    let accepted = header.accepted_on.filter(|_| is_own(mark))?;
    let by = match header.act {
        ActKind::Rate => 1,
        ActKind::SetRatingAside => -1,
        _ => return None,
    };
    Some(("matters-rated-own", accepted, "all", by))
}

/// Measure, outcome and how much, under the day of the mark.
type OnMark = (&'static str, &'static str, i64);

fn rating_counts(header: &ActHeader, mark: &VoiceMark) -> Vec<OnMark> {
    let Some(grade) = header.grade.and_then(Grade::of_code) else { return Vec::new() };
    let measure = if mark.kind == VoiceKind::Matter { "ratings" } else { "ratings-on-site" };
    let mut counts = Vec::new();
    let mut rated = |by: i64| {
        counts.push((measure, grade.name(), by));
        if is_own(mark) {
            counts.push(("ratings-own", "all", by));
        }
    };
    match header.act {
        ActKind::Rate => {
            rated(1);
            if grade.is_bad() {
                counts.push(("follow-ups", "open", 1));
            }
        }
        ActKind::CloseFollowUp => {
            counts.extend([("follow-ups", "open", -1), ("follow-ups", ending(mark.outcome), 1)]);
        }
        ActKind::SetRatingAside => {
            rated(-1);
            counts.extend([("follow-ups", "open", -1), ("follow-ups", "set-aside", 1)]);
        }
        _ => {}
    }
    counts
}

fn ticket_counts(act: ActKind, mark: &VoiceMark, measure: &'static str) -> Vec<OnMark> {
    match act {
        ActKind::OpenTicket => vec![(measure, "open", 1)],
        ActKind::LeaveTicket => vec![(measure, "open", -1), (measure, "handed-on", 1)],
        ActKind::AnswerTicket => {
            let outcome = if mark.in_time == Some(true) { "in-time" } else { "late" };
            vec![("tickets-answered", outcome, 1)]
        }
        ActKind::CloseTicket => vec![(measure, "open", -1), (measure, ending(mark.outcome), 1)],
        // One that was answered and not closed is open already.
        ActKind::ReopenTicket if mark.outcome.is_some() => {
            vec![(measure, ending(mark.outcome), -1), (measure, "open", 1)]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use tongban_codes::ids::{AuthorityId, CaseId, NodeId};
    use tongban_codes::time::Timestamp;
    use tongban_domain::catalogue::Mode;
    use tongban_domain::supervision::About;

    use super::*;

    /// An act about a rating of a matter that was accepted in August and rated in September.
    fn rated(act: ActKind, kind: VoiceKind, channel: u8, accepted_on: Option<Date>) -> ActHeader {
        let division: tongban_codes::division::DivisionCode = "511602".parse().expect("a division");
        let on = Date::ymd(2026, 9, 1).expect("a day");
        let about = About {
            case: CaseId::draw(&NodeId::from_bytes([1; 16]), [1; 10]),
            case_no: String::new(),
            item: "-".to_owned(),
            item_name: String::new(),
            base_code: None,
            item_type: "07".to_owned(),
            item_version: 1,
            mode: Mode::Window,
            tenure: 1,
            authority: AuthorityId::from_bytes([1; 16]),
            department: String::new(),
            collecting: division,
            deciding: division,
            division: None,
        };
        let mark = VoiceMark { kind, division, on, channel, outcome: None, in_time: None };
        let header = beside(about, Timestamp::from_millis(0), act);
        ActHeader { grade: Some(5), accepted_on, voice: Some(mark), ..header }
    }

    fn own(header: &ActHeader) -> Vec<(Date, i64)> {
        let counts = counts(header).into_iter().filter(|(measure, ..)| *measure == "matters-rated-own");
        counts.map(|(_, on, _, by)| (on, by)).collect()
    }

    #[test]
    fn a_matter_rated_of_ones_own_accord_counts_in_the_month_of_its_acceptance() {
        use VoiceKind::{Matter, Visit};
        let accepted = Date::ymd(2026, 8, 31);
        let day = accepted.expect("a day");
        assert_eq!(own(&rated(ActKind::Rate, Matter, 1, accepted)), [(day, 1)]);
        assert_eq!(own(&rated(ActKind::SetRatingAside, Matter, 1, accepted)), [(day, -1)]);
        assert_eq!(own(&rated(ActKind::CloseFollowUp, Matter, 1, accepted)), []);
        assert_eq!(own(&rated(ActKind::Rate, Matter, 6, accepted)), [], "in a call by which the hall asked");
        assert_eq!(own(&rated(ActKind::Rate, Visit, 1, accepted)), []);
        assert_eq!(own(&rated(ActKind::Rate, Matter, 1, None)), [], "a release before, or never accepted");
        let on_mark = counts(&rated(ActKind::Rate, Matter, 1, accepted));
        let rating = on_mark.iter().find(|(measure, ..)| *measure == "ratings").map(|(_, on, ..)| *on);
        assert_eq!(rating, Date::ymd(2026, 9, 1), "the rating counts in its own month");
    }
}
