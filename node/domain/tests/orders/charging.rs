//! What is charged, by whom, and when a courier may be sent.

use tongban_domain::case::Custody;
use tongban_domain::catalogue::{Fee, Guide};
use tongban_domain::connector::{
    ConnectorKind, Direction, Fare, OrderCommand, OrderOutcome, OrderState, PlaceOrder, Recipient,
};
use tongban_domain::{Actor, Command, Rejection, Role};

use crate::hall::{CARD, Hall, carry, collect, daishi, guangan};
use crate::scene::{
    FEN, accepted, answer, cancel, charging, code, courier, declined, enter, fee, guided, order, payment, place,
    placed, report, retry, standing, state, taken, tell,
};

/// A hall whose item has a guide with these fees, and an accepted case of it.
fn with_fees(fees: Vec<Fee>) -> (Hall, tongban_codes::ids::CaseId) {
    let mut hall = guangan();
    guided(&mut hall, Guide { fees, ..Guide::default() });
    let case = hall.collect(CARD[3].1, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    (hall, case)
}

fn ask(fee: Option<&str>, fen: Option<u64>) -> Fare {
    Fare::Payment { fee: fee.map(str::to_owned), fen, basis: None }
}

#[test]
fn what_the_guide_publishes_is_charged_and_nothing_else() {
    for (fees, asked, expected) in [
        (vec![], ask(None, Some(1)), Err("fee-unlawful")),
        (vec![fee("工本费", Some(1000), false)], ask(None, None), Ok(1000)),
        (vec![fee("工本费", Some(1000), false)], ask(Some("工本费"), Some(1000)), Ok(1000)),
        (vec![fee("工本费", Some(1000), false)], ask(None, Some(999)), Err("fee-unlawful")),
        (vec![fee("工本费", Some(1000), false)], ask(None, Some(1001)), Err("fee-unlawful")),
        (vec![fee("工本费", Some(1000), true)], ask(None, Some(500)), Ok(500)),
        (vec![fee("工本费", Some(1000), true)], ask(None, Some(1001)), Err("fee-unlawful")),
        (vec![fee("检测费", None, false)], ask(None, None), Err("invalid-field")),
        (vec![fee("检测费", None, false)], ask(None, Some(70)), Ok(70)),
        (vec![fee("检测费", None, false)], ask(None, Some(0)), Err("invalid-field")),
        (vec![fee("检测费", None, false)], ask(Some("茶水费"), Some(70)), Err("fee-unlawful")),
        (vec![fee("甲", Some(1), false), fee("乙", Some(2), false)], ask(None, None), Err("invalid-field")),
        (vec![fee("甲", Some(1), false), fee("乙", Some(2), false)], ask(Some("乙"), None), Ok(2)),
    ] {
        let (mut hall, case) = with_fees(fees.clone());
        let name = format!("{fees:?} {asked:?}");
        match (place(&mut hall, case, asked), expected) {
            (Ok(change), Ok(fen)) => {
                let number = hall.state.orders.keys().next().unwrap().clone();
                let charge = order(&hall, &number).charge.unwrap();
                assert_eq!((charge.fen, charge.basis.as_str()), (fen, "《某条例》第五条"), "{name}");
                assert!(change.notices.is_empty(), "{name}");
            }
            (Err(rejection), Err(code)) => {
                assert_eq!(rejection.code, code, "{name}");
                assert!(hall.state.orders.is_empty(), "{name}");
            }
            (got, expected) => panic!("{name}: {got:?}, not {expected:?}"),
        }
    }
}

#[test]
fn nothing_is_charged_where_no_guide_says_so_or_one_says_no() {
    let typed = || Fare::Payment { fee: None, fen: Some(1), basis: Some("某法第一条".to_owned()) };
    let mut hall = guangan();
    let case = hall.collect(CARD[3].1, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    assert_eq!(code(place(&mut hall, case, typed())), "fee-unlawful", "the item is ours and has no guide");
    let fees = vec![fee("工本费", Some(1), false)];
    guided(&mut hall, Guide { fees, charged: Some(false), ..Guide::default() });
    assert_eq!(code(place(&mut hall, case, typed())), "fee-unlawful", "the guide says that nothing is charged");
    hall.state.guides.clear();
    assert_eq!(code(place(&mut hall, case, typed())), "fee-unlawful", "our own guide is lost");
    assert!(hall.state.orders.is_empty());
}

#[test]
fn where_the_guide_is_elsewhere_amount_and_basis_are_entered() {
    let (mut hall, case) = accepted();
    // The case is bound to a version that isn't published here.
    hall.state.versions.clear();
    let fare = |fen, basis: Option<&str>| Fare::Payment { fee: None, fen, basis: basis.map(str::to_owned) };
    for (fen, basis) in
        [(None, Some("某法")), (Some(1), None), (Some(1), Some(" ")), (Some(10_000_000_001), Some("某法"))]
    {
        assert_eq!(code(place(&mut hall, case, fare(fen, basis))), "invalid-field", "{fen:?} {basis:?}");
    }
    assert_eq!(code(place(&mut hall, case, fare(Some(1), Some("某法第一条")))), "ok");
}

#[test]
fn the_same_fee_is_charged_once() {
    let (mut hall, case) = accepted();
    let first = placed(&mut hall, case, payment());
    assert_eq!(code(place(&mut hall, case, payment())), "connector-order-open");
    enter(&mut hall, &first, OrderOutcome::Paid, None).unwrap();
    assert_eq!(code(place(&mut hall, case, payment())), "connector-order-open", "it is paid");
    enter(&mut hall, &first, OrderOutcome::Refunded, None).unwrap();
    let second = placed(&mut hall, case, payment());
    assert_ne!(first, second);
    assert!(first.starts_with("JF511602000000-20260914-"), "{first}");
}

#[test]
fn only_the_owner_charges_and_only_while_the_case_goes_on() {
    let home = charging();
    let mut town = daishi(&home);
    let mut home = home;
    let offered = town.act(&collect(CARD[3].1, home.division())).unwrap().notices[0].clone();
    let case = offered.case;
    // Offered, and then another's.
    assert_eq!(code(place(&mut town, case, payment())), "not-owner");
    carry(&offered, &mut town, &mut home);
    assert_eq!(code(place(&mut town, case, payment())), "not-owner");
    // The collecting hall sends paper after it all the same.
    assert_eq!(code(place(&mut town, case, courier(Direction::BetweenHalls))), "ok");
    assert_eq!(code(place(&mut home, case, payment())), "ok");
    home.act(&Command::Withdraw { case: case.to_string(), reason: None }).unwrap();
    assert_eq!(code(place(&mut home, case, payment())), "case-state");
    assert_eq!(code(place(&mut home, case, courier(Direction::BetweenHalls))), "case-state");
}

#[test]
fn a_result_is_sent_once_there_is_one() {
    let (mut hall, case) = accepted();
    assert_eq!(code(place(&mut hall, case, courier(Direction::ToApplicant))), "case-state");
    assert_eq!(code(place(&mut hall, case, courier(Direction::FromApplicant))), "ok");
    hall.act(&Command::Decide { case: case.to_string(), grant: true, reason: None }).unwrap();
    let number = placed(&mut hall, case, courier(Direction::ToApplicant));
    assert!(number.starts_with("KD511602000000-20260914-"), "{number}");
    let row = order(&hall, &number);
    assert_eq!((row.kind, row.charge), (ConnectorKind::Courier, None));
    assert!(row.recipient.is_some());
    for _ in 0..6 {
        placed(&mut hall, case, courier(Direction::ToApplicant));
    }
    assert_eq!(code(place(&mut hall, case, courier(Direction::ToApplicant))), "connector-order-open");
}

#[test]
fn a_recipient_is_whole_and_isnt_repeated_in_a_refusal() {
    let (mut hall, case) = accepted();
    let good = Recipient { name: "张三".into(), telephone: "1".into(), address: "某路 1 号".into() };
    for (field, bad) in [
        ("recipient", Recipient { name: " ".into(), ..good.clone() }),
        ("phone", Recipient { telephone: String::new(), ..good.clone() }),
        ("address", Recipient { address: "某路\n1 号".into(), ..good.clone() }),
        ("address", Recipient { address: "路".repeat(201), ..good.clone() }),
    ] {
        let refused = place(&mut hall, case, Fare::Courier { direction: Direction::FromApplicant, recipient: bad });
        let Rejection { code, field: at, value, .. } = refused.unwrap_err();
        assert_eq!((code, at, &*value), ("invalid-field", field, ""));
    }
    assert_eq!(format!("{good:?}"), "Recipient { .. }");
}

#[test]
fn who_may() {
    let (mut hall, case) = accepted();
    let number = placed(&mut hall, case, payment());
    let request =
        PlaceOrder { case: case.to_string(), connector: "pay".into(), fare: courier(Direction::BetweenHalls) };
    let commands = [
        (OrderCommand::Place(Box::new(request)), vec![Role::Window]),
        (OrderCommand::Cancel { order: number.clone(), reason: "不办了".into() }, vec![Role::Window]),
        (OrderCommand::Retry { order: number.clone() }, vec![Role::Window, Role::Admin]),
        (
            OrderCommand::Enter {
                order: number,
                outcome: OrderOutcome::Paid,
                fen: None,
                reference: "1".into(),
                reason: "凭条".into(),
            },
            vec![Role::Window],
        ),
    ];
    for (command, allowed) in commands {
        for role in Role::ALL {
            let mut hall = hall.clone();
            let actor = Actor { operator: "某人".into(), roles: vec![role], window: None };
            let code = code(hall.give(&actor, &Command::Order(command.clone())));
            assert_eq!(code != "role-missing", allowed.contains(&role), "{command:?} {role:?}: {code}");
        }
    }
}

#[test]
fn what_is_given_up_is_asked_back_there() {
    use OrderState as S;
    for (from, kept) in [(S::Placed, S::Declined), (S::Taken, S::Taken), (S::Declined, S::Declined)] {
        let (mut hall, number) = standing(ConnectorKind::Payment, from).unwrap();
        cancel(&mut hall, &number).unwrap();
        let row = order(&hall, &number);
        assert_eq!(row.state, OrderState::Cancelling);
        assert_eq!(row.word_id(&row.waiting.unwrap()), format!("{number}.2"));
        assert_eq!(code(cancel(&mut hall, &number)), "connector-order-state");
        answer(&mut hall, &number, taken());
        let row = order(&hall, &number);
        assert_eq!((row.state, row.waiting), (OrderState::Cancelled, None));
        // It isn't let go: it stands as it did there, and what nobody there has spoken of can be sent again.
        let (mut hall, number) = standing(ConnectorKind::Payment, from).unwrap();
        cancel(&mut hall, &number).unwrap();
        answer(&mut hall, &number, declined());
        assert_eq!((state(&hall, &number), order(&hall, &number).waiting), (kept, None), "{from:?}");
        assert_eq!(order(&hall, &number).last().unwrap().text.as_deref(), Some("HTTP 410: gone-for-good"));
        assert_eq!(code(retry(&mut hall, &number)) == "ok", kept == S::Declined);
    }
    // It had it after all.
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Placed).unwrap();
    cancel(&mut hall, &number).unwrap();
    tell(&mut hall, &number, "m1", report(OrderOutcome::Accepted)).unwrap();
    answer(&mut hall, &number, declined());
    assert_eq!(state(&hall, &number), OrderState::Taken);
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Paid).unwrap();
    assert_eq!(code(cancel(&mut hall, &number)), "connector-order-state");
}

#[test]
fn what_may_not_be_charged_any_more_isnt_sent_again() {
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Declined).unwrap();
    let parcel = placed_courier_declined(&mut hall, &number);
    let case = order(&hall, &number).case;
    hall.act(&Command::Withdraw { case: case.to_string(), reason: None }).unwrap();
    let before = order(&hall, &number);
    assert_eq!(code(retry(&mut hall, &number)), "case-state");
    assert_eq!(order(&hall, &number), before);
    assert_eq!(code(retry(&mut hall, &parcel)), "ok", "paper still goes back");
    // Nor by who isn't the owner any more.
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Declined).unwrap();
    let case = order(&hall, &number).case;
    let (owner, as_of) = (hall.place(), hall.now);
    hall.state.cases.get_mut(&case).unwrap().custody = Custody::Elsewhere { owner, as_of };
    assert_eq!(code(retry(&mut hall, &number)), "not-owner");
}

/// A courier of the same case whom the other side didn't take.
fn placed_courier_declined(hall: &mut Hall, beside: &str) -> String {
    let case = order(hall, beside).case;
    let parcel = placed(hall, case, courier(Direction::BetweenHalls));
    answer(hall, &parcel, declined());
    parcel
}

#[test]
fn a_deputys_order_says_for_whom() {
    let (mut hall, case) = accepted();
    let deputy = Actor { operator: "审计员".into(), roles: vec![Role::Audit], window: None };
    let request = PlaceOrder { case: case.to_string(), connector: "pay".into(), fare: payment() };
    let command = Command::Order(OrderCommand::Place(Box::new(request)));
    assert_eq!(code(hall.give(&deputy, &command)), "role-missing");
    let (from, until) = (hall.now.date(), hall.now.add_seconds(86_400).date());
    hall.act(&Command::Delegate {
        principal: "窗口员".into(),
        deputy: "审计员".into(),
        items: Vec::new(),
        from: Some(from),
        until,
        approver: "局长".into(),
    })
    .unwrap();
    hall.give(&deputy, &command).unwrap();
    let row = hall.state.orders.values().next().unwrap();
    let said = format!("代 窗口员（{from} 至 {until}，局长 批准）");
    assert_eq!((row.log[0].operator.as_str(), row.log[0].mandate.as_deref()), ("审计员", Some(said.as_str())));
}

#[test]
fn what_was_declined_is_sent_again_as_the_same_word() {
    let (mut hall, case) = accepted();
    let number = placed(&mut hall, case, payment());
    let first = order(&hall, &number).waiting.unwrap();
    assert_eq!(code(retry(&mut hall, &number)), "connector-order-state");
    answer(&mut hall, &number, declined());
    assert_eq!(order(&hall, &number).waiting, None);
    hall.now = hall.now.add_seconds(60);
    retry(&mut hall, &number).unwrap();
    assert_eq!(order(&hall, &number).waiting, Some(first));
    answer(&mut hall, &number, taken());
    let row = order(&hall, &number);
    assert_eq!((row.state, row.reference.as_deref()), (OrderState::Taken, Some("T20260914-1")));
    assert_eq!(row.link.as_deref(), Some("https://pay.example/T1"));
    assert_eq!(row.charge.unwrap().fen, FEN);
}
