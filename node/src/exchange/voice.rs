//! Envelope bodies of ratings and tickets, a part of the bridge in [`super::translate`]. Their subject is the id of the rating or ticket.

use minicbor::{Decode, Encode};
use tongban_domain::voice::{Plea, RatingWord, TicketNews, TicketWord, VoiceCommand, Word};
use tongban_domain::{Command, Origin};
use tongban_federation::Envelope;

use super::translate::Unreadable;

/// Envelope kind of a rating.
pub(super) const KIND_RATING: u16 = 20;
/// Envelope kind of a ticket that is sent.
pub(super) const KIND_TICKET: u16 = 21;
/// Envelope kind of news of a ticket, either way.
pub(super) const KIND_TICKET_NEWS: u16 = 22;
/// Version of these bodies.
const VERSION: u16 = 1;

/// Body of news of a ticket: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct NewsBody {
    #[n(0)]
    news: Option<TicketNews>,
    #[n(1)]
    plea: Option<Plea>,
}

/// What a kind of body is called.
pub(super) fn body_name(kind: u16) -> Option<&'static str> {
    match kind {
        KIND_RATING => Some("rating"),
        KIND_TICKET => Some("ticket"),
        KIND_TICKET_NEWS => Some("ticket-news"),
        _ => None,
    }
}

/// Kind, version and bytes of a word.
pub(super) fn outbound(word: &Word) -> (u16, u16, Vec<u8>) {
    let news = |news, plea| tongban_codes::cbor::to_vec(&NewsBody { news, plea });
    let (kind, bytes) = match word {
        Word::Rating(word) => (KIND_RATING, tongban_codes::cbor::to_vec(&**word)),
        Word::Ticket(word) => (KIND_TICKET, tongban_codes::cbor::to_vec(&**word)),
        Word::News(word) => (KIND_TICKET_NEWS, news(Some((**word).clone()), None)),
        Word::Plea(plea) => (KIND_TICKET_NEWS, news(None, Some(plea.clone()))),
    };
    (kind, VERSION, bytes)
}

/// What an envelope of these kinds asks for.
pub(super) fn inbound(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    if envelope.version != VERSION {
        let (kind, version) = (envelope.kind, envelope.version);
        return Err(Unreadable::new("version-unknown", format!("kind {kind}, version {version}")));
    }
    let word = match envelope.kind {
        KIND_RATING => {
            let word: RatingWord = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            Word::Rating(Box::new(word))
        }
        KIND_TICKET => {
            let word: TicketWord = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            if word.dispatch != envelope.act_number {
                return Err(Unreadable::contradiction("the ticket was sent by another word"));
            }
            Word::Ticket(Box::new(word))
        }
        _ => {
            let body: NewsBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            match (body.news, body.plea) {
                (Some(news), None) => Word::News(Box::new(news)),
                (None, Some(plea)) => Word::Plea(plea),
                _ => return Err(Unreadable::contradiction("news is either of the handling node or of the applicant")),
            }
        }
    };
    Ok(Command::Voice(VoiceCommand::Take { origin, id: envelope.subject.case(), word: Box::new(word) }))
}
