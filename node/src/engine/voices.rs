//! Ratings and tickets in the journal and in the figures: grades, follow-ups and answers, without a name or a word of what was said.

use tongban_domain::catalogue::CodeList as _;
use tongban_domain::supervision::About;
use tongban_domain::voice::{
    FollowUpOutcome, Grade, Occasion, Rating, RatingDeed, Standing, Ticket, TicketDeed, TicketKind, TicketOutcome,
    Voice,
};
use tongban_journal::{ActHeader, ActKind, Channel, VoiceKind, VoiceMark, VoiceOutcome};

use super::records::{field, mode};

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

fn of(about: About, at: tongban_codes::time::Timestamp, act: ActKind, mark: VoiceMark) -> ActHeader {
    ActHeader {
        act,
        at,
        case: about.case,
        tenure: about.tenure,
        collecting_division: about.collecting,
        deciding_division: about.deciding,
        authority: about.authority,
        item: about.item,
        base_code: about.base_code,
        item_version: about.item_version,
        item_type: about.item_type.parse().unwrap_or(0),
        mode: mode(about.mode),
        channel: Channel::Window,
        outcome: None,
        in_time_statutory: None,
        in_time_promised: None,
        visits: 0,
        materials_asked: 0,
        materials_reused: 0,
        collected_on: None,
        accepted_on: None,
        decided_on: None,
        statutory_due: None,
        promised_due: None,
        licence: None,
        grade: None,
        card: None,
        voice: Some(mark),
    }
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
    let header = of(rating.about.clone(), rating.since, act, mark);
    Some(ActHeader { grade: Some(rating.grade.code()), ..header })
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
    Some(of(about, ticket.since, act, mark))
}

/// A figure that a rating or a ticket adds to: measure, outcome, how much.
pub(super) type Counted = (&'static str, &'static str, i64);

/// Measures of ratings and tickets.
pub(crate) const VOICE_MEASURES: [&str; 8] = [
    "ratings",
    "ratings-on-site",
    "ratings-own",
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

/// What an act about a rating or a ticket adds, all of it under the day and division of its mark.
pub(super) fn counts(header: &ActHeader) -> Vec<Counted> {
    let Some(mark) = &header.voice else { return Vec::new() };
    match mark.kind {
        VoiceKind::Visit | VoiceKind::Matter => rating_counts(header, mark),
        VoiceKind::Enquiry => ticket_counts(header.act, mark, "enquiries"),
        VoiceKind::Complaint => ticket_counts(header.act, mark, "complaints"),
        VoiceKind::Unresolved => ticket_counts(header.act, mark, "unresolved"),
        _ => Vec::new(),
    }
}

fn rating_counts(header: &ActHeader, mark: &VoiceMark) -> Vec<Counted> {
    let Some(grade) = header.grade.and_then(Grade::of_code) else { return Vec::new() };
    let of_matter = mark.kind == VoiceKind::Matter;
    let measure = if of_matter { "ratings" } else { "ratings-on-site" };
    // Given of one's own accord: not in a call or message by which the hall asked.
    let own = of_matter && mark.channel < 6;
    let mut counts = Vec::new();
    let mut rated = |by: i64| {
        counts.push((measure, grade.name(), by));
        if own {
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

fn ticket_counts(act: ActKind, mark: &VoiceMark, measure: &'static str) -> Vec<Counted> {
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
