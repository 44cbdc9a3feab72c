//! Figures: the fold of act headers, the same for own entries and pulled ones (promise 6).

#[cfg(feature = "deliberate-bugs")]
use tongban_codes::deliberate::{Bug, is_in};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::{Date, Month};
use tongban_domain::catalogue::short_code;
use tongban_journal::{ActHeader, ActKind, Colour, Outcome};
use tongban_storage::StorageError;
use tongban_storage::keyspace::Overlay;
use tongban_storage::keyspace::figure::{self, LOCATION, Location};

/// Names of the parts of a figure's key after origin and division, in order.
pub(super) const DIMENSIONS: [&str; 6] = ["measure", "item", "month", "outcome", "type", "mode"];

/// One row of a figure: measure, division, month, outcome, and how much is added.
struct Count {
    measure: &'static str,
    division: DivisionCode,
    month: Option<Month>,
    outcome: &'static str,
    by: i64,
}

pub(super) fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Granted) => "granted",
        Some(Outcome::Denied) => "denied",
        Some(Outcome::NotRequired) => "refused-not-required",
        Some(Outcome::NotCompetent) => "refused-not-competent",
        Some(Outcome::Withdrawn) => "withdrawn",
        Some(Outcome::NotSupplemented) => "not-supplemented",
        Some(Outcome::Forwarded) => "forwarded",
        Some(_) => "other",
        None => "pending",
    }
}

/// What an act adds to the figures. A case counts by its acceptance at the deciding authority, in the month of acceptance, under its outcome.
fn counts(header: &ActHeader) -> Vec<Count> {
    let month = |date: Option<Date>| date.map(Date::month);
    let decided = header.deciding_division;
    let one = |measure, division, month, outcome, by| Count { measure, division, month, outcome, by };
    match header.act {
        ActKind::Collect => {
            vec![one("collected", header.collecting_division, month(header.collected_on), "all", 1)]
        }
        ActKind::Accept | ActKind::AcceptDeemed => {
            vec![one("accepted", decided, month(header.accepted_on), "pending", 1)]
        }
        ActKind::Decide | ActKind::Forward => vec![
            one("accepted", decided, month(header.accepted_on), "pending", -1),
            one("accepted", decided, month(header.accepted_on), outcome(header.outcome), 1),
        ],
        ActKind::DeemedRenewal => {
            let mut counts = vec![
                one("accepted", decided, month(header.accepted_on), "pending", -1),
                one("accepted", decided, month(header.accepted_on), outcome(header.outcome), 1),
            ];
            if header.licence.is_some() {
                counts.push(one("licences", decided, month(Some(header.at.date())), "issued", 1));
            }
            counts
        }
        ActKind::Withdraw if header.accepted_on.is_some() => vec![
            one("accepted", decided, month(header.accepted_on), "pending", -1),
            one("accepted", decided, month(header.accepted_on), "withdrawn", 1),
        ],
        ActKind::Refuse => vec![one("refused", decided, month(header.decided_on), outcome(header.outcome), 1)],
        ActKind::Return => vec![one("returned", decided, month(header.decided_on), outcome(header.outcome), 1)],
        ActKind::NotifyAgain => vec![one("notified-again", decided, month(Some(header.at.date())), "all", 1)],
        ActKind::IssueLicence => vec![one("licences", decided, month(Some(header.at.date())), "issued", 1)],
        // A card counts in the month of its cause: all that were raised, and those that are open.
        ActKind::Supervise => cards(header, &[("cards", 1), ("cards-open", 1)]),
        ActKind::ReopenCard => cards(header, &[("cards-open", 1)]),
        ActKind::ClearCard => cards(header, &[("cards-open", -1)]),
        ActKind::AcceptElsewhere | ActKind::EndElsewhere => elsewhere(header),
        ActKind::CancelLicence => vec![one("licences", decided, month(Some(header.at.date())), "cancelled", 1)],
        _ => voices(header),
    }
}

/// What another authority handled in the place of this division's counts there as accepted and decided; here it is a figure of its own, at the
/// division in charge, so that no sum of cases counts one twice.
fn elsewhere(header: &ActHeader) -> Vec<Count> {
    let (measure, on, outcome) = super::elsewhere::counted(header);
    vec![Count { measure, division: header.deciding_division, month: on.map(Date::month), outcome, by: 1 }]
}

/// Ratings and tickets count at the division of their mark.
fn voices(header: &ActHeader) -> Vec<Count> {
    let Some(mark) = &header.voice else { return Vec::new() };
    let counted = super::voices::counts(header).into_iter();
    let count = |(measure, on, outcome, by): super::voices::Counted| {
        let (division, month) = (mark.division, Some(on.month()));
        Count { measure, division, month, outcome, by }
    };
    counted.map(count).collect()
}

fn cards(header: &ActHeader, measures: &[(&'static str, i64)]) -> Vec<Count> {
    let Some(card) = &header.card else { return Vec::new() };
    let outcome = match card.colour {
        Colour::Yellow => "yellow",
        Colour::Red => "red",
        Colour::Severe => "severe",
        _ => "other",
    };
    let count = |(measure, by): &(&'static str, i64)| Count {
        measure,
        division: card.division,
        month: Some(card.on.month()),
        outcome,
        by: *by,
    };
    measures.iter().map(count).collect()
}

/// The rows that an act adds to, with how much.
#[must_use]
pub fn rows(origin: NodeId, header: &ActHeader) -> Vec<((NodeId, DivisionCode, String), i64)> {
    let item = header.base_code.as_deref().unwrap_or_else(|| short_code(&header.item));
    counts(header)
        .into_iter()
        .map(|count| {
            let month = count.month.map_or_else(|| "-".to_owned(), |month| month.to_string());
            let key =
                format!("{}|{item}|{month}|{}|{:02}|{}", count.measure, count.outcome, header.item_type, mode(header));
            ((origin, count.division, key), count.by)
        })
        .collect()
}

fn mode(header: &ActHeader) -> u8 {
    header.mode.number()
}

/// Folds one act of `origin` into figures and locations.
pub(super) fn fold_act(over: &mut Overlay<'_>, origin: NodeId, header: &ActHeader) -> Result<(), StorageError> {
    for (key, by) in rows(origin, header) {
        #[cfg(feature = "deliberate-bugs")]
        let by = if is_in(Bug::FigureNotTaken) { by.max(0) } else { by };
        figure::add(over, &key, by)?;
    }
    let division = match header.act {
        ActKind::TakeCustody => header.deciding_division,
        ActKind::Collect | ActKind::Offer | ActKind::Reclaim => header.collecting_division,
        _ => return Ok(()),
    };
    let known = LOCATION.load(over, &header.case)?;
    if known.is_none_or(|known| known.tenure <= header.tenure) {
        let location = Location {
            division,
            node: origin,
            tenure: header.tenure,
            as_of: header.at,
            offered: header.act == ActKind::Offer,
        };
        LOCATION.put(over.batch, &header.case, &location);
    }
    Ok(())
}

/// The parts of a figure's key by their names.
#[must_use]
pub fn dimensions(key: &str) -> Vec<(&'static str, &str)> {
    DIMENSIONS.into_iter().zip(key.split('|')).collect()
}
