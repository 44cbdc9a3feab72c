//! Whose time was used: from the acts alone, without gap, the same at both nodes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, carry, collect, daishi, guangan};
use proptest::prelude::*;
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Act, ActKind, Holder, Ledger, Status, ledger};
use tongban_domain::{Command, Place, Reply};

fn of(hall: &Hall, id: CaseId, now: Timestamp) -> Ledger {
    let acts = hall.state.acts.iter().chain(&hall.state.told).filter(|act| act.case == id).cloned();
    ledger(Calendar::embedded(), &acts.collect::<Vec<_>>(), hall.case(id).deciding.node, now)
}

/// Collected on Monday at nine, taken on Tuesday, a notice on Wednesday, accepted on Friday, tested over the worked Sunday, decided and delivered: each has
/// his time, at both nodes alike.
#[test]
fn a_case_of_two_halls() {
    let mut home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&collect("511A0015500013", home.division())).unwrap();
    let Reply::Collected(collected) = &change.reply else { panic!() };
    let id = collected.case;
    let mut notices = Vec::new();
    home.now = at(2026, 9, 15, 9);
    // The town's clock is an hour ahead: what it notes of its discharge takes nothing.
    town.now = at(2026, 9, 15, 10);
    notices.extend(carry(&change.notices[0], &mut town, &mut home));
    let case = id.to_string();
    for (day, command) in [
        (
            16,
            Command::Notify {
                case: case.clone(),
                items: vec!["检测报告".into()],
                new_reasons: Vec::new(),
                within: None,
            },
        ),
        (18, Command::AcceptEnough { case: case.clone(), reason: "可以共享取得".into() }),
        (18, Command::SuspendCase { case: case.clone(), procedure: "检测".into(), days: 5 }),
        (21, Command::ResumeCase { case: case.clone(), note: None }),
        (22, Command::Decide { case: case.clone(), grant: true, reason: None }),
        (24, Command::Deliver { case: case.clone(), note: Some("EMS123".into()) }),
        (30, Command::Close(case)),
    ] {
        home.now = at(2026, 9, day, 9);
        notices.extend(home.act(&command).unwrap().notices);
    }
    let late = at(2026, 10, 20, 9);
    assert_ne!(of(&home, id, late), of(&town, id, late), "the town has heard of nothing yet");
    for notice in &notices {
        carry(notice, &mut home, &mut town);
    }
    let ledger = of(&home, id, late);
    assert_eq!(ledger, of(&town, id, late));
    let shares: Vec<_> =
        ledger.shares.iter().map(|share| (share.holder, share.natural_days, share.working_days)).collect();
    assert_eq!(
        shares,
        [
            (Holder::CollectingPlace, 1, 1),
            (Holder::DecidingPlace, 2, 2),
            (Holder::Applicant, 2, 2),
            (Holder::SpecialProcedure, 3, 2),
            (Holder::Delivery, 2, 2),
        ]
    );
    assert_eq!((ledger.natural_days, ledger.working_days, ledger.millis), (10, 9, 10 * 86_400_000));
    assert!(ledger.spans.iter().all(|span| !span.open));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever acts at whatever times of two clocks: spans without gap, and sums that are the whole.
    #[test]
    fn sums_are_the_whole(
        steps in prop::collection::vec((0usize..18, 0usize..14, -200_000_000i64..900_000_000, any::<bool>(), 1u32..4), 0..40),
        later in 0i64..900_000_000,
    ) {
        let places = [1u8, 2].map(|node| Place { node: NodeId::from_bytes([node; 16]), division: "511602".parse().unwrap() });
        let case = CaseId::draw(&places[0].node, [7; 10]);
        let mut time = at(2026, 9, 14, 9);
        let acts: Vec<Act> = (1u32..).zip(&steps).map(|(number, (kind, status, by, home, tenure))| {
            time = time.add_millis(*by);
            Act {
                case,
                number,
                kind: ActKind::ALL[*kind],
                at: time,
                place: places[usize::from(*home)],
                operator: "演示".into(),
                window: None,
                tenure: *tenure,
                status: Status::ALL[*status],
                note: None,
                mandate: None,
            }
        }).collect();
        let now = time.add_millis(later);
        let found = ledger(Calendar::embedded(), &acts, places[1].node, now);
        for pair in found.spans.windows(2) {
            prop_assert_eq!(pair[0].until, pair[1].from);
            prop_assert!(!pair[0].open && pair[0].holder != pair[1].holder);
        }
        prop_assert!(found.spans.iter().all(|span| span.from <= span.until));
        prop_assert_eq!(found.shares.iter().map(|share| share.millis).sum::<i64>(), found.millis);
        prop_assert_eq!(found.shares.iter().map(|share| share.natural_days).sum::<u32>(), found.natural_days);
        prop_assert_eq!(found.shares.iter().map(|share| share.working_days).sum::<u32>(), found.working_days);
        let mut turned = acts;
        turned.reverse();
        prop_assert_eq!(ledger(Calendar::embedded(), &turned, places[1].node, now), found);
    }
}
