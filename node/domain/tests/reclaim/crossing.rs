//! Asks, refusals and orders that cross on their way: in the end the case has one owner, and stands as it was left.

use tongban_domain::case::{ActKind, Custody, Force, Status, TENURE_JUMP};
use tongban_domain::{Command, NoticeBody, Witness};

use crate::hall::{at, carry};
use crate::scene::{owners, scene};

#[test]
fn an_order_after_a_refusal_that_came_late_is_taken() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    let decline = Command::DeclineReclaim { case: scene.id, reason: "明日恢复".to_owned() };
    let declined = scene.city.act(&decline).unwrap().notices[0].clone();
    let again = scene.asks();
    // The refusal of the first ask comes after the second one.
    carry(&declined, &mut scene.city, &mut scene.town);
    scene.heard_above(&again);
    let notices = scene.order(scene.witness());
    for node in [scene.home.place().node, scene.town.place().node] {
        scene.tell(&notices, node);
    }
    assert_eq!(owners(&scene), [2 + TENURE_JUMP]);
    assert!(scene.town.case(scene.id).reclaimed().is_some());
}

#[test]
fn who_was_restored_from_before_its_ask_is_told_again() {
    let mut scene = scene();
    scene.taken();
    let before = scene.town.clone();
    scene.ask();
    let notices = scene.order(scene.witness());
    let home = scene.home.place().node;
    scene.tell(&notices, home);
    let order = notices.iter().find(|notice| notice.to == scene.town.place().node).unwrap().body.clone();
    let NoticeBody::ReclaimOrder(order) = order else { panic!("an order") };
    scene.town = before;
    let origin = scene.city.origin();
    assert_eq!(scene.town.code(&Command::TakeReclaimOrder { origin, order }), "reclaim-unasked");
    assert!(owners(&scene).is_empty());
    let again = scene.asks();
    scene.heard_above(&again);
    assert_eq!(owners(&scene), [2 + TENURE_JUMP]);
    // Asked of another node the superior says nothing new.
    assert_eq!(scene.refused(Witness { as_told: true, ..scene.witness() }), "reclaim-unasked");
}

#[test]
fn what_was_withdrawn_after_the_offer_was_refused_stays_withdrawn() {
    let mut scene = scene();
    scene.ask();
    let (origin, case) = (scene.home.origin(), scene.id);
    let refusal = Some(("item-withdrawn".to_owned(), "withdrawn".to_owned()));
    scene.town.act(&Command::SettleOffer { origin, case, tenure: 1, act: 2, refusal }).unwrap();
    scene.town.act(&Command::Withdraw { case: scene.case(), reason: None }).unwrap();
    let notices = scene.order(scene.witness());
    scene.tell(&notices, scene.town.place().node);
    let case = scene.town.case(scene.id);
    assert_eq!((case.status, case.tenure), (Status::Withdrawn, 1 + TENURE_JUMP));
    assert_eq!((&case.custody, case.reclaim_asked()), (&Custody::Owner, None));
}

#[test]
fn what_is_heard_after_the_ask_is_asked_with() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    for notice in scene.home.act(&Command::Accept(scene.case())).unwrap().notices {
        for again in carry(&notice, &mut scene.home, &mut scene.town) {
            scene.heard_above(&again);
        }
    }
    let next = scene.next.place();
    let notices = scene.order(Witness { successor: Some(next), as_told: true, ..scene.witness() });
    scene.tell(&notices, scene.town.place().node);
    let case = scene.town.case(scene.id).clone();
    assert_eq!((case.status, case.accepted_on.is_some()), (Status::Accepted, true));
    let accepted = scene.town.state.acts.iter().find(|act| act.kind == ActKind::Accept).unwrap();
    assert_eq!(case.force(accepted), Force::InForce);
}

/// The order says how the case stood when it was made: what is heard before it comes is undone by it, and is read as late.
#[test]
fn what_is_heard_between_the_order_and_its_coming_is_late() {
    for (hour, force) in [(11, Force::Late), (13, Force::Void)] {
        let mut scene = scene();
        scene.taken();
        scene.ask();
        let notices = scene.order(scene.witness());
        scene.home.now = at(2026, 9, 14, hour);
        let mut again = Vec::new();
        for notice in scene.home.act(&Command::Accept(scene.case())).unwrap().notices {
            again.extend(carry(&notice, &mut scene.home, &mut scene.town));
        }
        assert_eq!(scene.town.case(scene.id).status, Status::Accepted);
        scene.tell(&notices, scene.town.place().node);
        // Asked with it anew, the superior has ordered already, and says so.
        again.iter().for_each(|notice| scene.heard_above(notice));
        let case = scene.town.case(scene.id).clone();
        assert_eq!((case.status, case.accepted_on), (Status::Collected, None));
        let accepted = scene.town.state.acts.iter().find(|act| act.kind == ActKind::Accept).unwrap();
        assert_eq!(case.force(accepted), force);
        scene.tell(&notices, scene.home.place().node);
        assert_eq!(owners(&scene), [2 + TENURE_JUMP]);
        let told = scene.town.state.acts.iter().filter(|act| act.kind == ActKind::Accept).count();
        assert_eq!(told, 1, "its return tells nothing twice");
    }
}

#[test]
fn what_was_declined_is_not_asked_anew_by_what_is_heard() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    let accepted = scene.home.act(&Command::Accept(scene.case())).unwrap().notices[0].clone();
    let again = carry(&accepted, &mut scene.home, &mut scene.town);
    assert_eq!(again.len(), 1);
    let decline = Command::DeclineReclaim { case: scene.id, reason: "明日恢复".to_owned() };
    scene.city.act(&decline).unwrap();
    scene.heard_above(&again[0]);
    assert_eq!(scene.refused(scene.witness()), "reclaim-unasked");
}

#[test]
fn what_was_gathered_for_one_request_orders_no_other() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    let gathered = Witness { as_told: true, ..scene.witness() };
    let decline = Command::DeclineReclaim { case: scene.id, reason: "明日恢复".to_owned() };
    let declined = scene.city.act(&decline).unwrap().notices[0].clone();
    carry(&declined, &mut scene.city, &mut scene.town);
    scene.town.now = scene.town.now.add_seconds(60);
    scene.ask();
    assert_eq!(scene.refused(gathered), "reclaim-unasked");
    assert_eq!(scene.order(scene.witness()).len(), 2);
}

/// 补正未收 comes while the offer is open: it is an act of the offerer's, and not the one that the answer has to fit.
#[test]
fn an_act_beside_an_open_offer_leaves_its_answer_fitting() {
    let mut scene = scene();
    scene.taken();
    let items = vec!["检测报告".to_owned()];
    let notify = Command::Notify { case: scene.case(), items, new_reasons: Vec::new(), within: None };
    scene.done(&notify, true);
    let brings = vec![tongban_domain::case::Bringing { item: "1".into(), materials: Vec::new() }];
    let brought = scene.town.act(&Command::Supplement { case: scene.case(), brings }).unwrap();
    let act = brought.notices[0].act;
    scene.reclaimed_for_next();
    let offered = scene.town.act(&Command::Offer(scene.case())).unwrap().notices[0].clone();
    let refusal = ("stale-tenure".to_owned(), "stale".to_owned());
    scene.town.act(&Command::SupplementRefused { case: scene.id, act, refusal }).unwrap();
    for notice in carry(&offered, &mut scene.town, &mut scene.next) {
        carry(&notice, &mut scene.next, &mut scene.town);
    }
    assert!(matches!(scene.town.case(scene.id).custody, Custody::Elsewhere { .. }));
    assert_eq!(scene.next.case(scene.id).custody, Custody::Owner);
}

/// The offer about which was asked is refused, and the case goes to a third node: an order about the second one takes it from nobody.
#[test]
fn an_order_about_one_node_takes_nothing_from_another() {
    let mut scene = scene();
    scene.ask();
    let (origin, case) = (scene.home.origin(), scene.id);
    let refusal = Some(("item-withdrawn".to_owned(), "withdrawn".to_owned()));
    scene.town.act(&Command::SettleOffer { origin, case, tenure: 1, act: 2, refusal }).unwrap();
    // Ordered; the township is back as the owner, and hands the case to the node that goes on.
    let mut late = scene.clone();
    let notices = scene.order(Witness { successor: Some(scene.next.place()), ..scene.witness() });
    for node in [scene.next.place().node, scene.town.place().node] {
        scene.tell(&notices, node);
    }
    scene.handed_on();
    let before = scene.town.case(scene.id).clone();
    let tenure = scene.next.case(scene.id).tenure;
    // Another order of the same superior about the node that had refused.
    let request = late.city.state.reclaims[&late.id].request.clone().unwrap();
    let mut witness = Witness { as_told: true, ..late.witness() };
    witness.request = (request.lost.node, request.at);
    let mut stale = crate::scene::order_of(&late.order(witness));
    stale.tenure = tenure + TENURE_JUMP;
    let origin = scene.city.origin();
    assert_eq!(scene.town.code(&Command::TakeReclaimOrder { origin, order: stale }), "reclaim-unasked");
    assert_eq!(*scene.town.case(scene.id), before);
    assert_eq!(owners(&scene), [tenure]);
    // Nor does the superior take a request about a node that hasn't the case.
    let NoticeBody::ReclaimRequest(asked) = scene.asks().body else { panic!("a request") };
    let mut about_another = (*asked).clone();
    about_another.lost = scene.home.place();
    let origin = scene.town.origin();
    let keep = |request| Command::KeepReclaimRequest { origin, request: Box::new(request) };
    assert_eq!(scene.city.code(&keep(about_another)), "reclaim-unasked");
    assert_eq!(scene.city.code(&keep(*asked)), "ok");
}

/// A case that has come to its end isn't asked for again, whatever its owner still says.
#[test]
fn nobody_asks_for_what_is_over() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    let mut asked = 0;
    for command in [
        Command::Accept(scene.case()),
        Command::Decide { case: scene.case(), grant: false, reason: Some("条件不符".to_owned()) },
        Command::Deliver { case: scene.case(), note: None },
        Command::Close(scene.case()),
    ] {
        for notice in scene.home.act(&command).unwrap().notices {
            asked = carry(&notice, &mut scene.home, &mut scene.town).len();
        }
    }
    assert_eq!((scene.town.case(scene.id).status, asked), (Status::Closed, 0));
}

/// What the applicant withdrew at the collecting hall isn't gone on with because its owner was lost before it heard.
#[test]
fn a_withdrawal_that_the_lost_node_did_not_hear_is_done_when_the_case_comes_back() {
    for decided in [false, true] {
        let mut scene = scene();
        scene.taken();
        scene.done(&Command::Accept(scene.case()), true);
        scene.town.act(&Command::Withdraw { case: scene.case(), reason: Some("不办了".to_owned()) }).unwrap();
        if decided {
            // The grant was heard before the node was lost, so that nothing can be withdrawn any more.
            scene.done(&Command::Decide { case: scene.case(), grant: true, reason: None }, true);
        }
        scene.reclaimed_for_next();
        let case = scene.town.case(scene.id);
        let last = scene.town.state.acts.iter().rfind(|act| act.place == scene.town.place()).unwrap();
        let expected =
            if decided { (Status::Granted, ActKind::RefuseWithdrawal) } else { (Status::Withdrawn, ActKind::Withdraw) };
        assert_eq!((case.status, last.kind), expected);
        assert_eq!(last.number, case.acts);
    }
}
