//! Every outcome in every state of each kind, as `docs/connectors.md` has it.

use tongban_domain::catalogue::CodeList as _;
use tongban_domain::connector::{ConnectorKind, OrderOutcome, OrderState, Report, Step};

use crate::scene::{FEN, code, order, report, standing, state, tell};

/// Where each outcome leads: accepted, paid, failed, cancelled, refunded, picked-up, delivered, returned, lost, granted, refused, refund-failed.
///
/// A letter is the state that it leads to, a point what is noted and changes nothing, a dash what no such order comes to, `!` what is noted by its
/// kind and contradicts what is known.
const PAYMENT: [(OrderState, &str); 10] = [
    (OrderState::Placed, "tpfcr------."),
    (OrderState::Taken, ".pfcr------."),
    (OrderState::Declined, "tpfcr------."),
    (OrderState::Cancelling, ".pfcr------."),
    (OrderState::Cancelled, ".d..r------."),
    (OrderState::Failed, ".p..r------."),
    (OrderState::Paid, "....r------."),
    (OrderState::Refunding, "....r------p"),
    (OrderState::Refunded, ".....------."),
    (OrderState::Disputed, "....r------."),
];

const COURIER: [(OrderState, &str); 10] = [
    (OrderState::Placed, "t-fc-uvbl---"),
    (OrderState::Taken, ".-fc-uvbl---"),
    (OrderState::Declined, "t-fc-uvbl---"),
    (OrderState::Cancelling, ".-fc-uvbl---"),
    (OrderState::Cancelled, ".-..-uvbl---"),
    (OrderState::Failed, ".-..-uvbl---"),
    (OrderState::PickedUp, ".-f.-.vbl---"),
    (OrderState::Delivered, ".-..-....---"),
    (OrderState::Returned, ".-..-....---"),
    (OrderState::Lost, ".-..-.vb.---"),
];

const HANDLING: [(OrderState, &str); 10] = [
    (OrderState::Placed, "t-fc-----gx-"),
    (OrderState::Taken, ".-fc-----gx-"),
    (OrderState::Declined, "t-fc-----gx-"),
    (OrderState::Cancelling, ".-fc-----gx-"),
    (OrderState::Cancelled, ".-..-----dd-"),
    (OrderState::Failed, ".-..-----gx-"),
    (OrderState::Granted, ".-..-----.d-"),
    (OrderState::Refused, ".-..-----d.-"),
    (OrderState::Recorded, ".-..-----.!-"),
    (OrderState::Disputed, ".-..-----..-"),
];

fn of_letter(letter: char) -> OrderState {
    match letter {
        't' => OrderState::Taken,
        'p' => OrderState::Paid,
        'f' => OrderState::Failed,
        'c' => OrderState::Cancelled,
        'r' => OrderState::Refunded,
        'd' => OrderState::Disputed,
        'u' => OrderState::PickedUp,
        'v' => OrderState::Delivered,
        'b' => OrderState::Returned,
        'l' => OrderState::Lost,
        'g' => OrderState::Granted,
        'x' => OrderState::Refused,
        other => panic!("{other} is no state"),
    }
}

#[test]
fn every_outcome_in_every_state() {
    let tables = [
        (ConnectorKind::Payment, &PAYMENT[..]),
        (ConnectorKind::Courier, &COURIER[..]),
        (ConnectorKind::Handling, &HANDLING[..]),
    ];
    for (kind, table) in tables {
        for (from, row) in table {
            for (outcome, cell) in OrderOutcome::ALL.iter().zip(row.chars()) {
                let place = format!("{kind:?} {from:?} {outcome:?}");
                let step = match cell {
                    '.' | '!' => Step::History,
                    '-' => Step::Unfit,
                    letter => Step::To(of_letter(letter)),
                };
                assert_eq!(from.step(kind, *outcome), step, "{place}");
                let (mut hall, number) = standing(kind, *from).expect("the state can be reached");
                let before = order(&hall, &number);
                // What is given back is what came: in a dispute another amount than was asked for.
                let fen = if *from == OrderState::Disputed { FEN - 1 } else { FEN };
                let fen = Some(fen).filter(|_| *outcome == OrderOutcome::Refunded);
                let said = report(*outcome);
                let told = code(tell(&mut hall, &number, "m1", Report { fen: fen.or(said.fen), ..said }));
                assert_eq!(told, if step == Step::Unfit { "connector-outcome-unfit" } else { "ok" }, "{place}");
                let after = order(&hall, &number);
                if cell == '!' {
                    assert_eq!(after.state, OrderState::Disputed, "{place}");
                    continue;
                }
                match step {
                    Step::To(to) => assert_eq!(state(&hall, &number), to, "{place}"),
                    Step::History => {
                        assert_eq!((after.state, &after.reference), (before.state, &before.reference), "{place}");
                        assert_eq!((after.log.len(), after.waiting), (before.log.len() + 1, before.waiting), "{place}");
                    }
                    Step::Unfit => assert_eq!(after, before, "{place}"),
                }
            }
        }
    }
}

#[test]
fn every_state_of_a_kind_has_a_row() {
    let tables = [
        (ConnectorKind::Payment, &PAYMENT[..], 7),
        (ConnectorKind::Courier, &COURIER[..], 7),
        (ConnectorKind::Handling, &HANDLING[..], 7),
    ];
    for (kind, table, others) in tables {
        let missing: Vec<&OrderState> =
            OrderState::ALL.iter().filter(|state| !table.iter().any(|(known, _)| known == *state)).collect();
        assert_eq!(missing.len(), others, "{kind:?}: {missing:?}");
        // Those without a row are the other kind's: no outcome of this kind leads there.
        let reached = |state: &OrderState| {
            table
                .iter()
                .any(|(from, _)| OrderOutcome::ALL.iter().any(|outcome| from.step(kind, *outcome) == Step::To(*state)))
        };
        assert!(missing.into_iter().all(|state| !reached(state)), "{kind:?}");
    }
}
