use super::*;

const A: NodeId = NodeId::from_bytes([1; 16]);
const B: NodeId = NodeId::from_bytes([2; 16]);
const C: NodeId = NodeId::from_bytes([3; 16]);
const NOW: Timestamp = Timestamp::from_millis(1000);

fn division() -> DivisionCode {
    DivisionCode::from_number(511_602_000_000).unwrap_or_else(|| unreachable!("a code of the table"))
}

fn offer(tenure: u32, act_number: u32) -> Offer {
    Offer { from: A, to: B, division: division(), tenure, act_number }
}

fn answer(by: NodeId, tenure: u32, act_number: u32) -> OfferAnswer {
    OfferAnswer { by, tenure, act_number }
}

fn owner(tenure: u32) -> Custody {
    Custody::Owner { tenure }
}

fn offered(tenure: u32, act_number: u32) -> Custody {
    Custody::Offered { to: B, division: division(), tenure, act_number }
}

fn discharged(tenure: u32) -> Custody {
    Custody::Discharged { to: B, tenure }
}

fn mirror(tenure: u32, declined: u32) -> Custody {
    Custody::Mirror { owner: A, tenure, as_of: NOW, declined }
}

/// One of each state, at tenure 5.
fn states() -> [Custody; 4] {
    [owner(5), offered(5, 3), discharged(5), mirror(5, 3)]
}

#[test]
fn only_an_owner_may_act_or_offer() {
    let codes = states().map(|state| state.may_act().map_err(|error| error.code()));
    assert_eq!(codes, [Ok(5), Err("custody-frozen"), Err("custody-not-owner"), Err("custody-not-owner")]);
    let Ok(Offered { custody, offer: made }) = owner(5).offer(A, B, division(), 3) else {
        panic!("an owner may offer")
    };
    assert_eq!((custody, made), (offered(5, 3), offer(5, 3)));
    assert_eq!(owner(5).offer(A, A, division(), 3), Err(CustodyError::ToOneself));
    assert_eq!(owner(u32::MAX).offer(A, B, division(), 3), Err(CustodyError::Exhausted));
    assert_eq!(offered(5, 3).offer(A, C, division(), 4).map_err(|error| error.code()), Err("custody-frozen"));
}

#[test]
fn accepting_and_declining_in_every_state() {
    // What B knows, the offer's tenure and act, and what B becomes by accepting and by declining.
    let stale = Err("stale-tenure");
    for (known, tenure, act, accepted, declined) in [
        (None, 1, 1, Ok(Some(owner(2))), Ok(Some(mirror(1, 1)))),
        (Some(owner(5)), 3, 9, stale.clone(), stale.clone()),
        (Some(owner(5)), 4, 9, Ok(None), stale.clone()),
        (Some(owner(5)), 5, 9, stale.clone(), stale.clone()),
        (Some(owner(5)), 6, 9, Ok(Some(owner(7))), Ok(Some(mirror(6, 9)))),
        (Some(offered(5, 3)), 5, 9, stale.clone(), stale.clone()),
        (Some(offered(5, 3)), 6, 9, Ok(Some(owner(7))), Ok(Some(mirror(6, 9)))),
        (Some(discharged(5)), 4, 9, stale.clone(), stale.clone()),
        (Some(discharged(5)), 5, 9, Ok(Some(owner(6))), Ok(Some(mirror(5, 9)))),
        (Some(mirror(5, 3)), 4, 9, stale.clone(), stale.clone()),
        (Some(mirror(5, 3)), 5, 3, Err("offer-declined"), Ok(None)),
        (Some(mirror(5, 3)), 5, 4, Ok(Some(owner(6))), Ok(Some(mirror(5, 4)))),
        (Some(mirror(5, 3)), 6, 1, Ok(Some(owner(7))), Ok(Some(mirror(6, 1)))),
    ] {
        let offer = offer(tenure, act);
        let did = |answered: Result<Answered, CustodyError>| {
            answered.map(|answered| answered.custody).map_err(|error| error.code())
        };
        assert_eq!(did(Custody::accept_offer(known.as_ref(), B, &offer)), accepted, "accepting {offer:?} at {known:?}");
        assert_eq!(
            did(Custody::decline_offer(known.as_ref(), B, &offer, NOW)),
            declined,
            "declining {offer:?} at {known:?}"
        );
        let alien = Custody::accept_offer(known.as_ref(), C, &offer);
        assert_eq!(alien, Err(CustodyError::OtherNode { to: B }));
    }
}

#[test]
fn answers_in_every_state() {
    let [own, open, gone, other] = states();
    for (state, answer, accepted, refused) in [
        (&open, answer(B, 5, 3), Ok(Some(discharged(6))), Ok(Some(owner(5)))),
        (&open, answer(C, 5, 3), Err("offer-other"), Err("offer-other")),
        (&open, answer(B, 5, 2), Err("offer-other"), Ok(None)),
        (&open, answer(B, 4, 2), Err("stale-tenure"), Err("stale-tenure")),
        (&own, answer(B, 5, 3), Err("offer-other"), Ok(None)),
        (&own, answer(B, 4, 3), Err("stale-tenure"), Err("stale-tenure")),
        (&gone, answer(B, 4, 3), Ok(None), Err("stale-tenure")),
        (&gone, answer(C, 4, 3), Err("stale-tenure"), Err("stale-tenure")),
        (&other, answer(B, 4, 3), Err("stale-tenure"), Err("stale-tenure")),
        (&other, answer(B, 5, 3), Err("offer-other"), Err("offer-other")),
    ] {
        assert_eq!(
            state.receipt(&answer).map_err(|error| error.code()),
            accepted,
            "acceptance {answer:?} at {state:?}"
        );
        assert_eq!(state.refused(&answer).map_err(|error| error.code()), refused, "refusal {answer:?} at {state:?}");
    }
}

#[test]
fn a_reclaim_ends_an_open_offer_two_tenures_up() {
    let reclaim = Reclaim { to: A, tenure: 7 };
    for state in states() {
        assert_eq!(Custody::reclaimed(Some(&state), A, &reclaim, NOW), Ok(Some(owner(7))));
        assert_eq!(Custody::reclaimed(Some(&state), B, &reclaim, NOW), Ok(Some(mirror(7, 0))));
        let stale = Custody::reclaimed(Some(&state), A, &Reclaim { to: A, tenure: 4 }, NOW);
        assert_eq!(stale.map_err(|error| error.code()), Err("stale-tenure"));
    }
    assert_eq!(Custody::reclaimed(Some(&owner(7)), A, &reclaim, NOW), Ok(None));
    assert_eq!(Custody::reclaimed(None, A, &reclaim, NOW), Ok(Some(owner(7))));
    // The node that was thought lost accepts after all, too late.
    assert_eq!(owner(7).receipt(&answer(B, 5, 3)).map_err(|error| error.code()), Err("stale-tenure"));
}

#[test]
fn news_never_overrides_what_is_known_better() {
    let news = |known: Option<&Custody>, tenure| Custody::observed(known, A, tenure, NOW).map_err(|error| error.code());
    assert_eq!(news(None, 2), Ok(Some(mirror(2, 0))));
    assert_eq!(news(Some(&owner(5)), 4), Err("stale-tenure"));
    assert_eq!(news(Some(&owner(5)), 5), Ok(None));
    assert_eq!(news(Some(&owner(5)), 6), Ok(Some(mirror(6, 0))));
    assert_eq!(news(Some(&mirror(5, 3)), 5), Ok(None), "not later than what is known");
    assert_eq!(Custody::observed(Some(&offered(5, 3)), B, 6, NOW), Ok(None), "the answer discharges, not hearsay");
    assert!(Custody::observed(Some(&offered(5, 3)), C, 7, NOW).is_ok_and(|news| news.is_some()));
}

#[test]
fn states_survive_storage() {
    for state in states() {
        let bytes = tongban_codes::cbor::to_vec(&state);
        assert_eq!(tongban_codes::cbor::from_slice::<Custody>(&bytes), Ok(state));
    }
}
