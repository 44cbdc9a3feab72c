//! A hall with a second person for each office, and what they do about ratings and tickets.

use tongban_codes::ids::CaseId;
use tongban_domain::supervision::Card;
use tongban_domain::voice::{
    Channel, FollowUpAct, Grade, OpenTicket, RateRequest, Rater, Rating, Ticket, TicketAct, TicketKind, Voice,
    VoiceCommand,
};
use tongban_domain::{Actor, Change, Command, Facts as _, Rejection, Reply, Role};

use crate::hall::{CARD, Hall};

pub(crate) const GOOD: Grade = Grade::Satisfied;
pub(crate) const BAD: Grade = Grade::VeryDissatisfied;

pub(crate) fn actor(name: &str, roles: &[Role]) -> Actor {
    Actor { operator: name.to_owned(), roles: roles.to_vec(), window: None }
}

pub(crate) fn supervisor() -> Actor {
    actor("监察员", &[Role::Supervisor])
}

/// Adds people of every office, who have done nothing yet.
pub(crate) fn staffed(mut hall: Hall) -> Hall {
    for (name, role) in [("李窗口", Role::Window), ("李审查", Role::Reviewer), ("李监察", Role::Supervisor)] {
        let (name, roles) = (name.to_owned(), vec![role]);
        hall.act(&Command::AddOperator { name, roles, window: None, uid: None }).unwrap();
    }
    hall
}

/// A case of 区残联, collected and decided here: 窗口员 collects, 审查员 accepts, 决定员 grants.
pub(crate) fn decided(hall: &mut Hall) -> CaseId {
    let case = hall.collect(CARD[3].1, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    hall.act(&Command::Decide { case: case.to_string(), grant: true, reason: None }).unwrap();
    case
}

pub(crate) fn request(case: CaseId, grade: Grade, channel: Channel) -> RateRequest {
    let by = if channel.is_of(Rater::Window) { Rater::Window } else { Rater::Applicant };
    RateRequest { case: case.to_string(), by, grade, channel, comment: None, scores: Vec::new(), visited_on: None }
}

pub(crate) fn give(hall: &mut Hall, request: RateRequest) -> Result<Change, Rejection> {
    hall.act(&Command::Voice(VoiceCommand::Rate(Box::new(request))))
}

/// Rates and gives the number.
pub(crate) fn rated(hall: &mut Hall, case: CaseId, grade: Grade, channel: Channel) -> String {
    match give(hall, request(case, grade, channel)).unwrap().reply {
        Reply::Rating { rating, .. } => rating,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn rating(hall: &Hall, number: &str) -> Rating {
    match hall.state.voice_named(number) {
        Some(Voice::Rating(rating)) => rating,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn follow(hall: &mut Hall, who: &Actor, number: &str, act: FollowUpAct) -> Result<Change, Rejection> {
    hall.give(who, &Command::Voice(VoiceCommand::FollowUp { rating: number.to_owned(), act }))
}

/// The code of a refusal, or `ok`.
pub(crate) fn code<T>(result: Result<T, Rejection>) -> &'static str {
    result.map_or_else(|rejection| rejection.code, |_| "ok")
}

pub(crate) fn complaint() -> OpenTicket {
    OpenTicket {
        kind: TicketKind::Complaint,
        text: "窗口提前下班".to_owned(),
        channel: Channel::Phone,
        name: None,
        identity: None,
        word: Some("abc123".to_owned()),
        contact: None,
        case: None,
        division: None,
    }
}

pub(crate) fn opened(hall: &mut Hall, request: OpenTicket) -> (String, Change) {
    let change = hall.act(&Command::Voice(VoiceCommand::Open(Box::new(request)))).unwrap();
    match &change.reply {
        Reply::Ticket { ticket, .. } => (ticket.clone(), change),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn ticket(hall: &Hall, number: &str) -> Ticket {
    match hall.state.voice_named(number) {
        Some(Voice::Ticket(ticket)) => ticket,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn on(hall: &mut Hall, who: &Actor, number: &str, act: TicketAct) -> Result<Change, Rejection> {
    hall.give(who, &Command::Voice(VoiceCommand::Ticket { ticket: number.to_owned(), act }))
}

pub(crate) fn assign(department: &str) -> TicketAct {
    TicketAct::Assign { department: department.to_owned(), to: None }
}

pub(crate) fn answer() -> TicketAct {
    TicketAct::Answer { text: "已核实，窗口按时值守".to_owned() }
}

/// Open cards of a rating or ticket: rule and colour.
pub(crate) fn open_cards(hall: &Hall, number: &str) -> Vec<(&'static str, &'static str)> {
    use tongban_domain::catalogue::CodeList as _;
    let about = hall.state.voice_named(number).unwrap().about();
    let all = hall.state.cards(&about.case);
    let mine = |card: &&Card| card.is_open() && card.order.as_deref() == Some(number);
    all.iter().filter(mine).map(|card| (card.rule.name(), card.colour.name())).collect()
}
