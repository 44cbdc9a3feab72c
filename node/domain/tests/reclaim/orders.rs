//! Who asks, who orders, what an order does at each node, and what a late return tells.

use tongban_codes::ids::{CaseId, NodeId};
use tongban_domain::case::{ActKind, Custody, Force, ReclaimOrder, Status, TENURE_JUMP};
use tongban_domain::{Command, NoticeBody, Origin, Place, Places, Reply, Witness};

use crate::hall::{Hall, at, carry};
use crate::scene::{hall_act, order_of, owners, scene};

#[test]
fn an_offer_that_nobody_answers_comes_back() {
    let mut scene = scene();
    let notices = scene.reclaimed();
    let case = scene.town.case(scene.id);
    assert_eq!((&case.custody, case.tenure, case.status), (&Custody::Owner, 1 + TENURE_JUMP, Status::Collected));
    let kinds: Vec<&str> = scene.town.history(scene.id).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["collect", "offer", "ask-reclaim", "reclaim"]);

    // The county returns and hears of the order first: the old offer is of a tenure that is over.
    let home = scene.home.place().node;
    scene.tell(&notices, home);
    let NoticeBody::Offer(offer) = scene.offer.body.clone() else { panic!("an offer") };
    let late = Command::TakeCustody { origin: scene.town.origin(), offer };
    assert_eq!(scene.home.code(&late), "stale-tenure");
    assert_eq!(owners(&scene), [1 + TENURE_JUMP]);

    // Offered again it goes to whoever serves the division now: the county, which is back.
    let again = scene.town.act(&Command::Offer(scene.id.to_string())).unwrap();
    assert_eq!(again.notices[0].to, scene.home.place().node);
    for notice in carry(&again.notices[0], &mut scene.town, &mut scene.home) {
        carry(&notice, &mut scene.home, &mut scene.town);
    }
    assert_eq!(owners(&scene), [2 + TENURE_JUMP]);
    assert_eq!(scene.home.code(&Command::Accept(scene.id.to_string())), "ok");
}

#[test]
fn an_offer_that_was_taken_and_not_answered_has_one_owner_in_the_end() {
    let mut scene = scene();
    let NoticeBody::Offer(offer) = scene.offer.body.clone() else { panic!("an offer") };
    scene.home.act(&Command::TakeCustody { origin: scene.town.origin(), offer }).unwrap();
    scene.home.now = at(2026, 9, 14, 10);
    scene.home.act(&Command::Accept(scene.id.to_string())).unwrap();
    scene.home.now = at(2026, 9, 14, 15);
    scene.home.act(&Command::Decide { case: scene.id.to_string(), grant: true, reason: None }).unwrap();
    let notices = scene.reclaimed();
    assert_eq!(scene.town.case(scene.id).status, Status::Collected);
    // Its late answer settles nothing, nor does its late word.
    let (origin, case) = (scene.home.origin(), scene.id);
    let late = Command::SettleOffer { origin, case, tenure: 1, act: 2, refusal: None };
    assert_eq!(scene.town.code(&late), "stale-tenure");

    let home = scene.home.place().node;
    scene.home.now = at(2026, 9, 20, 9);
    scene.tell(&notices, home);
    assert_eq!(owners(&scene), [1 + TENURE_JUMP]);
    let returned = scene.home.case(scene.id);
    assert!(matches!(returned.custody, Custody::Elsewhere { owner, .. } if owner == scene.town.place()));
    assert_eq!((returned.tenure, returned.status, &returned.deemed_at), (1 + TENURE_JUMP, Status::Collected, &None));
    assert_eq!(scene.home.code(&Command::Close(scene.id.to_string())), "not-owner");
    // What it did stands in both histories: what came before the fence is late, what came after it is void.
    let force = |hall: &Hall, kind| {
        let acts = hall.state.acts.iter().chain(&hall.state.told);
        let act = acts.clone().find(|act| act.case == scene.id && act.kind == kind).unwrap();
        hall.case(scene.id).force(act)
    };
    for hall in [&scene.home, &scene.town] {
        assert_eq!(force(hall, ActKind::Accept), Force::Late);
        assert_eq!(force(hall, ActKind::Decide), Force::Void);
        assert_eq!(force(hall, ActKind::Collect), Force::InForce);
    }
    assert_eq!(force(&scene.home, ActKind::Discharge), Force::InForce);
}

#[test]
fn asking_leaves_the_open_offer_as_it_is() {
    for refusal in [None, Some(("item-withdrawn".to_owned(), "withdrawn".to_owned()))] {
        let mut scene = scene();
        scene.ask();
        scene.ask();
        let (origin, case) = (scene.home.origin(), scene.id);
        let refused = refusal.is_some();
        scene.town.act(&Command::SettleOffer { origin, case, tenure: 1, act: 2, refusal }).unwrap();
        assert_eq!(scene.town.case(scene.id).custody == Custody::Owner, refused);
        // The order comes all the same: the county has heard of it, or will.
        let notices = scene.order(scene.witness());
        scene.tell(&notices, scene.town.place().node);
        assert_eq!(owners(&scene), [1 + TENURE_JUMP]);
    }
}

#[test]
fn what_the_authority_had_taken_up_goes_on_at_its_other_node_alone() {
    let mut scene = scene();
    scene.taken();
    scene.done(&Command::Accept(scene.id.to_string()), true);
    let before = scene.town.case(scene.id).clone();
    scene.ask();
    let (next, town) = (scene.next.place(), scene.town.place());
    let told = Witness { as_told: true, ..scene.witness() };
    assert_eq!(scene.refused(told.clone()), "reclaim-no-successor");
    let named = |place| Witness { successor: Some(place), ..told.clone() };
    assert_eq!(scene.refused(named(scene.home.place())), "reclaim-successor");
    assert_eq!(scene.refused(named(town)), "reclaim-successor");
    assert_eq!(scene.refused(Witness { as_told: false, ..named(next) }), "reclaim-unwitnessed");
    let notices = scene.order(named(next));
    scene.tell(&notices, town.node);
    let case = scene.town.case(scene.id);
    assert_eq!((case.status, case.tenure), (Status::Accepted, 2 + TENURE_JUMP));
    // The township isn't competent.
    let decide = Command::Decide { case: scene.id.to_string(), grant: true, reason: None };
    assert_eq!(scene.town.code(&decide), "not-competent");

    let offered = scene.town.act(&Command::Offer(scene.id.to_string())).unwrap();
    assert_eq!(offered.notices[0].to, next.node);
    // Nobody takes the township's word for it that the case was accepted.
    let taken = carry(&offered.notices[0], &mut scene.town, &mut scene.next);
    assert!(taken.is_empty());
    assert_eq!(scene.town.case(scene.id).custody, Custody::Owner);
    scene.tell(&notices, next.node);
    let offered = scene.town.act(&Command::Offer(scene.id.to_string())).unwrap();
    for notice in carry(&offered.notices[0], &mut scene.town, &mut scene.next) {
        carry(&notice, &mut scene.next, &mut scene.town);
    }
    let gone_on = scene.next.case(scene.id).clone();
    assert_eq!((gone_on.status, gone_on.tenure), (Status::Accepted, 3 + TENURE_JUMP));
    assert_eq!((&gone_on.case_no, &gone_on.deadlines), (&before.case_no, &before.deadlines));
    assert_eq!((gone_on.accepted_on, gone_on.deciding), (before.accepted_on, next));
    for notice in scene.next.act(&decide).unwrap().notices {
        carry(&notice, &mut scene.next, &mut scene.town);
    }
    let case = scene.town.case(scene.id);
    assert_eq!((case.status, &case.case_no), (Status::Granted, &before.case_no));
}

#[test]
fn another_may_not_say_how_a_case_stands() {
    let mut scene = scene();
    scene.taken();
    scene.done(&Command::Accept(scene.id.to_string()), true);
    scene.ask();
    let next = scene.next.place();
    let notices = scene.order(Witness { successor: Some(next), as_told: true, ..scene.witness() });
    scene.tell(&notices, scene.town.place().node);
    scene.tell(&notices, next.node);
    let offered = scene.town.act(&Command::Offer(scene.id.to_string())).unwrap();
    let NoticeBody::Offer(mut offer) = offered.notices[0].body.clone() else { panic!("an offer") };
    offer.standing = Some(Status::Granted);
    let origin = scene.town.origin();
    assert_eq!(scene.next.code(&Command::TakeCustody { origin, offer }), "reclaim-unheard");
}

#[test]
fn the_lost_nodes_journal_says_more_than_the_township_heard() {
    let mut scene = scene();
    scene.taken();
    scene.done(&Command::Accept(scene.id.to_string()), false);
    assert_eq!(scene.town.case(scene.id).status, Status::Collected);
    let mut acts: Vec<_> = scene.home.state.acts.iter().filter(|act| act.case == scene.id).cloned().collect();
    acts.sort_by_key(|act| act.number);
    let seen = Box::new(scene.home.case(scene.id).clone());
    scene.ask();
    let next = scene.next.place();
    let witness = Witness { successor: Some(next), acts, standing: Some(seen), ..scene.witness() };
    let notices = scene.order(witness);
    scene.tell(&notices, scene.town.place().node);
    let case = scene.town.case(scene.id).clone();
    assert_eq!(case.status, Status::Accepted);
    assert_eq!(case.case_no, scene.home.case(scene.id).case_no);
    // The act itself is in the history, and in force.
    let accepted = scene.town.state.told.iter().find(|act| act.kind == ActKind::Accept).unwrap();
    assert_eq!(case.force(accepted), Force::InForce);
    // The applicant's fields are this node's own.
    assert_eq!(case.holder, scene.town.case(scene.id).holder);
    assert_ne!(case.holder, [0; 32]);
}

#[test]
fn only_the_nearest_superior_of_both_orders() {
    let mut scene = scene();
    let stranger = Hall::new("511700", "达州市");
    scene.ask();
    let notices = scene.order(scene.witness());
    let order = order_of(&notices);
    let take =
        |origin: Origin, order: &ReclaimOrder| Command::TakeReclaimOrder { origin, order: Box::new(order.clone()) };
    let city = scene.city.origin();
    let other = CaseId::from_bytes([9; 16]);
    let place = Place { node: NodeId::from_bytes([5; 16]), division: "511603".parse().unwrap() };
    for (origin, order, code) in [
        (stranger.origin(), (*order).clone(), "reclaim-not-superior"),
        (scene.home.origin(), (*order).clone(), "reclaim-not-superior"),
        (city, ReclaimOrder { superior: stranger.place().node, ..(*order).clone() }, "reclaim-not-superior"),
        (city, ReclaimOrder { case: other, ..(*order).clone() }, "reclaim-not-superior"),
        (city, ReclaimOrder { lost: place, ..(*order).clone() }, "reclaim-not-superior"),
        (city, ReclaimOrder { tenure: 1, ..(*order).clone() }, "stale-tenure"),
    ] {
        let before = format!("{:?}", scene.town.state);
        assert_eq!(scene.town.code(&take(origin, &order)), code, "{order:?}");
        assert_eq!(format!("{:?}", scene.town.state), before);
    }
    // The lost node lets go for nobody else either.
    scene.taken();
    assert_eq!(scene.home.code(&take(stranger.origin(), &order)), "reclaim-not-superior");
    assert_eq!(scene.home.code(&take(scene.town.origin(), &order)), "reclaim-not-superior");
    assert_eq!(scene.home.case(scene.id).custody, Custody::Owner);
    // A node that the order doesn't name has nothing to do with it.
    assert_eq!(scene.next.code(&take(city, &order)), "reclaim-unasked");
    // Again it changes nothing.
    scene.tell(&notices, scene.town.place().node);
    let again = scene.town.act(&take(city, &order)).unwrap();
    assert!(again.events.is_empty() && matches!(again.reply, Reply::Case { .. }));
    // Nobody asks any more: a second order has nothing to stand on.
    let second = ReclaimOrder { tenure: order.tenure + 1, ..(*order).clone() };
    assert_eq!(scene.town.code(&take(city, &second)), "reclaim-unasked");
    assert_eq!(scene.refused(scene.witness()), "reclaim-unasked");
}

#[test]
fn who_asks_for_what_and_of_whom() {
    let mut scene = scene();
    let ask = Command::AskReclaim { case: scene.id.to_string(), reason: "失联".to_owned() };
    scene.taken();
    // Who has it needs nothing; and only the township collected it.
    assert_eq!(scene.home.code(&ask), "reclaim-owned");
    let no_reason = Command::AskReclaim { case: scene.id.to_string(), reason: " ".to_owned() };
    assert_eq!(scene.town.code(&no_reason), "invalid-field");
    // Nobody above both.
    let known = std::mem::take(&mut scene.town.state.places);
    assert_eq!(scene.town.code(&ask), "reclaim-not-superior");
    scene.town.state.places = known;
    let asked = scene.town.act(&ask).unwrap();
    let NoticeBody::ReclaimRequest(request) = asked.notices[0].body.clone() else { panic!("a request") };
    assert!(request.known.personal.name.is_empty() && request.known.holder == [0; 32]);
    let keep = |origin, request: &_| Command::KeepReclaimRequest { origin, request: Box::new(Clone::clone(request)) };
    // In the name of another, of another node's case, or to another than the superior of both.
    assert_eq!(scene.city.code(&keep(scene.home.origin(), &*request)), "not-owner");
    assert_eq!(scene.next.code(&keep(scene.town.origin(), &*request)), "reclaim-not-superior");
    let mut of_itself = (*request).clone();
    of_itself.lost = scene.town.place();
    assert_eq!(scene.city.code(&keep(scene.town.origin(), &of_itself)), "reclaim-not-superior");
    assert_eq!(scene.city.code(&keep(scene.town.origin(), &*request)), "ok");

    // It declines, and may be asked again.
    let decline = Command::DeclineReclaim { case: scene.id, reason: "明日恢复".to_owned() };
    let declined = scene.city.act(&decline).unwrap();
    carry(&declined.notices[0], &mut scene.city, &mut scene.town);
    assert_eq!(scene.town.case(scene.id).reclaims[0].declined.as_deref(), Some("明日恢复"));
    assert_eq!(scene.refused(scene.witness()), "reclaim-unasked");
    assert_eq!(scene.city.code(&decline), "reclaim-unasked");
    scene.reclaimed();
    assert_eq!(owners(&scene).len(), 2, "the county hasn't heard of it yet");
    assert_eq!(scene.town.case(scene.id).tenure, 2 + TENURE_JUMP);
}

#[test]
fn a_return_tells_of_own_acts_that_nobody_knew() {
    let mut scene = scene();
    scene.taken();
    let notices = scene.reclaimed();
    let taken_over = scene.town.state.told.len();
    let mut act = scene.home.state.acts.iter().rfind(|act| act.case == scene.id).unwrap().clone();
    let tell = |hall: &mut Hall, origin, acts| hall.act(&Command::KeepReclaimReturn { origin, case: scene.id, acts });
    // Known before; of a later tenure; of another place; of another case.
    let mut lies = vec![act.clone()];
    act.number = 9;
    lies.push(hall_act(&act, |act| act.tenure = 5_000));
    lies.push(hall_act(&act, |act| act.place = scene.town.place()));
    lies.push(hall_act(&act, |act| act.case = CaseId::from_bytes([1; 16])));
    tell(&mut scene.town, scene.home.origin(), lies).unwrap();
    assert_eq!(scene.town.state.told.len(), taken_over);
    let stranger = scene.next.origin();
    assert_eq!(tell(&mut scene.town, stranger, vec![act.clone()]).unwrap_err().code, "reclaim-unasked");
    tell(&mut scene.town, scene.home.origin(), vec![act]).unwrap();
    assert_eq!(scene.town.state.told.len(), taken_over + 1);
    drop(notices);
}

#[test]
fn a_return_may_come_before_the_order() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    scene.done(&Command::Accept(scene.id.to_string()), false);
    let notices = scene.order(Witness { as_told: true, ..scene.witness() });
    // The lost node hears of the order first, and its word is quicker than the superior's to the township.
    let home = scene.home.place().node;
    scene.tell(&notices, home);
    let town = scene.town.place().node;
    scene.tell(&notices, town);
    assert_eq!(owners(&scene), [2 + TENURE_JUMP]);
    let done = |hall: &Hall| {
        let acts = hall.state.acts.iter().chain(&hall.state.told);
        let mut own: Vec<_> = acts.filter(|act| act.place.node == home).map(|act| (act.number, act.kind)).collect();
        own.sort_unstable();
        own.dedup();
        own
    };
    assert_eq!(done(&scene.town), done(&scene.home));
    assert_eq!(done(&scene.town).len(), 3, "taken over, accepted, let go");
    let accepted = scene.town.state.told.iter().find(|act| act.kind == ActKind::Accept).unwrap();
    assert_ne!(scene.town.case(scene.id).force(accepted), Force::InForce);
}

#[test]
fn what_a_first_return_tells_is_kept_after_a_second_order() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    scene.done(&Command::Accept(scene.id.to_string()), false);
    let first = scene.order(Witness { as_told: true, ..scene.witness() });
    let town = scene.town.place().node;
    scene.tell(&first, town);
    let home = scene.home.place().node;
    let order = first.iter().find(|notice| notice.to == home).unwrap().clone();
    let late = carry(&order, &mut scene.city, &mut scene.home);
    // The case goes to the county again, and is asked for again, before its word about the first time comes.
    let offer = scene.town.act(&Command::Offer(scene.id.to_string())).unwrap().notices[0].clone();
    for notice in carry(&offer, &mut scene.town, &mut scene.home) {
        carry(&notice, &mut scene.home, &mut scene.town);
    }
    assert_eq!(scene.town.case(scene.id).heard, 4);
    scene.ask();
    let second = scene.order(Witness { as_told: true, ..scene.witness() });
    scene.tell(&second, town);
    for notice in late {
        carry(&notice, &mut scene.home, &mut scene.town);
    }
    let told: Vec<ActKind> = scene.town.state.told.iter().map(|act| act.kind).collect();
    assert!(told.contains(&ActKind::Accept) && told.contains(&ActKind::Discharge), "{told:?}");
}

#[test]
fn the_nearest_of_both_is_above_both() {
    let node = |number: u8| NodeId::from_bytes([number; 16]);
    // 1 over 2 and 3; 2 over 4 and 5; 3 over 6; 8 and 9 each say that the other is above.
    let superiors = [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (8, 9), (9, 8)];
    let superiors = superiors.map(|(below, above)| (node(below), node(above)));
    let places = Places::new([].into(), superiors.into());
    for (one, other, common) in
        [(4, 5, Some(2)), (4, 6, Some(1)), (2, 4, Some(1)), (4, 2, Some(1)), (1, 4, None), (4, 7, None), (8, 4, None)]
    {
        assert_eq!(places.common_superior(&node(one), &node(other)), common.map(node), "{one} {other}");
    }
}
