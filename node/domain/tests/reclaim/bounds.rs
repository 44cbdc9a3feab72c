//! What a node that has a case may say of it, and who may say it: no word makes it unfindable, unreclaimable or another's.

use tongban_domain::case::{ActKind, Asked, Correction, Force, Offer, Progress, Status, Stop, TENURE_JUMP};
use tongban_domain::{Command, Notice, NoticeBody, Witness};

use crate::hall::{Hall, carry, date};
use crate::scene::{Scene, hall_act, scene};

fn offer_of(notice: &Notice) -> Box<Offer> {
    match &notice.body {
        NoticeBody::Offer(offer) => offer.clone(),
        other => panic!("{other:?} is no offer"),
    }
}

/// The county's next word.
fn word(scene: &mut Scene) -> Progress {
    let notices = scene.home.act(&Command::Accept(scene.case())).unwrap().notices;
    match &notices[0].body {
        NoticeBody::Progress(progress) => (**progress).clone(),
        other => panic!("{other:?} is no progress"),
    }
}

fn said(scene: &mut Scene, progress: &Progress) -> &'static str {
    let before = format!("{:?}", scene.town.state);
    let progress = Box::new(progress.clone());
    let code = scene.town.code(&Command::Mirror { origin: scene.home.origin(), progress });
    assert!(code == "ok" || format!("{:?}", scene.town.state) == before);
    code
}

#[test]
fn a_stranger_offers_nothing_of_anothers() {
    let scene = scene();
    let (stranger, mut home) = (Hall::new("511600", "广安市"), scene.home.clone());
    for tenure in [1, 2, 1_000_000] {
        let offer = Box::new(Offer { tenure, ..*offer_of(&scene.offer) });
        let take = |origin, offer: &Offer| Command::TakeCustody { origin, offer: Box::new(offer.clone()) };
        assert_eq!(home.code(&take(stranger.origin(), &offer)), "not-owner", "{tenure}");
        let in_its_own_name = Offer { collecting: stranger.place(), ..(*offer).clone() };
        assert_eq!(home.code(&take(stranger.origin(), &in_its_own_name)), "not-owner", "{tenure}");
    }
    // Nor of a case that the county has had.
    let mut scene = crate::scene::scene();
    scene.taken();
    let notices = scene.reclaimed();
    scene.tell(&notices, scene.home.place().node);
    let offer = Box::new(Offer { tenure: 5_000, ..*offer_of(&scene.offer) });
    let origin = stranger.origin();
    assert_eq!(scene.home.code(&Command::TakeCustody { origin, offer }), "not-owner");
}

#[test]
fn an_owner_speaks_of_its_own_tenure() {
    let mut scene = scene();
    let NoticeBody::Offer(offer) = scene.offer.body.clone() else { panic!("an offer") };
    let taken = scene.home.act(&Command::TakeCustody { origin: scene.town.origin(), offer }).unwrap();
    let NoticeBody::Progress(first) = &taken.notices[0].body else { panic!("progress") };
    // While it is offered: the next tenure.
    for tenure in [1, 3, u32::MAX] {
        let mut wrong = (**first).clone();
        wrong.act.tenure = tenure;
        assert_eq!(said(&mut scene, &wrong), "stale-tenure", "{tenure}");
    }
    assert_eq!(said(&mut scene, first), "ok");
    // While it has it: the one that is known.
    let right = word(&mut scene);
    for tenure in [1, 3, u32::MAX] {
        let mut wrong = right.clone();
        wrong.act.tenure = tenure;
        assert_eq!(said(&mut scene, &wrong), "stale-tenure", "{tenure}");
    }
    assert_eq!(said(&mut scene, &right), "ok");
    // So it can be reclaimed, and a further owner is heard.
    scene.reclaimed_for_next();
    scene.handed_on();
    let decide = Command::Decide { case: scene.case(), grant: true, reason: None };
    for notice in scene.next.act(&decide).unwrap().notices {
        carry(&notice, &mut scene.next, &mut scene.town);
    }
    assert_eq!(scene.town.case(scene.id).status, Status::Granted);
}

#[test]
fn an_owner_says_no_more_than_an_owner_can() {
    let long = || "长".repeat(64_001);
    let stop =
        Stop { procedure: "听证".into(), basis: "法".into(), announced: 5, from: date(2026, 9, 14), until: None };
    let line = Asked { text: "检测报告".into(), on: date(2026, 9, 14), new_reason: None, brought: None };
    let notice = |line: &Asked, lines: usize| {
        Some(Correction { asked: vec![line.clone(); lines], until: date(2026, 10, 14), complete_on: None, notices: 1 })
    };
    let mut scene = scene();
    scene.taken();
    let right = word(&mut scene);
    let with = |change: &dyn Fn(&mut Progress)| {
        let mut progress = right.clone();
        change(&mut progress);
        progress
    };
    for wrong in [
        with(&|progress| progress.act.number = 0),
        with(&|progress| progress.act.number = u32::MAX),
        with(&|progress| progress.act.note = Some(long())),
        with(&|progress| progress.act.operator = long()),
        with(&|progress| progress.case_no = Some("1".repeat(65))),
        with(&|progress| progress.licences = vec!["1".repeat(201)]),
        with(&|progress| progress.licences = vec!["1".to_owned(); 1_001]),
        with(&|progress| progress.stops = vec![stop.clone(); 21]),
        with(&|progress| progress.stops = vec![Stop { basis: long(), ..stop.clone() }]),
        with(&|progress| progress.correction = notice(&line, 101)),
        with(&|progress| progress.correction = notice(&Asked { text: long(), ..line.clone() }, 1)),
    ] {
        assert_eq!(said(&mut scene, &wrong), "invalid-field");
    }
    let full = with(&|progress| {
        progress.act.note = Some("长".repeat(64_000));
        progress.stops = vec![stop.clone(); 20];
        progress.correction = notice(&line, 100);
    });
    assert_eq!(said(&mut scene, &full), "ok");
}

#[test]
fn returns_add_no_acts_without_end() {
    let mut scene = scene();
    scene.taken();
    let notices = scene.reclaimed();
    let act = scene.home.state.acts.iter().rfind(|act| act.case == scene.id).unwrap().clone();
    let kept = |hall: &Hall| hall.state.told.iter().filter(|told| told.place.node == act.place.node).count();
    for round in 0..20_u32 {
        let numbered = |number| tongban_domain::case::Act { number, ..act.clone() };
        let acts = (0..256).map(|number| numbered(100 + round * 256 + number)).collect();
        let (origin, case) = (scene.home.origin(), scene.id);
        scene.town.act(&Command::KeepReclaimReturn { origin, case, acts }).unwrap();
    }
    // What the township had heard while it had the case doesn't count among them.
    assert_eq!(kept(&scene.town), 1_024);
    drop(notices);
}

/// The last word of the journal counts, not any word of it.
#[test]
fn a_journal_that_went_on_does_not_witness_what_it_left_behind() {
    let mut scene = scene();
    scene.taken();
    scene.done(&Command::Accept(scene.case()), true);
    let reason = Some("不符合条件".to_owned());
    scene.done(&Command::Decide { case: scene.case(), grant: false, reason }, false);
    let mut acts: Vec<_> = scene.home.state.acts.iter().filter(|act| act.case == scene.id).cloned().collect();
    acts.sort_by_key(|act| act.number);
    scene.ask();
    let witness = Witness { successor: Some(scene.next.place()), acts: acts.clone(), ..scene.witness() };
    assert_eq!(scene.refused(witness.clone()), "reclaim-unwitnessed");
    acts.pop();
    assert_eq!(scene.order(Witness { acts, ..witness }).len(), 3);
}

/// What a node tells before the order has come is judged by what it may have done, not by what it says.
#[test]
fn a_return_before_the_order_stays_out_of_force() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    let own = scene.home.state.acts.iter().rfind(|act| act.case == scene.id).unwrap().clone();
    let forged = |number: u32, tenure: u32, kind| {
        hall_act(&own, |act| (act.number, act.tenure, act.kind) = (number, tenure, kind))
    };
    let mut long = forged(40, 2, ActKind::Accept);
    long.note = Some("长".repeat(64_001));
    let acts = vec![
        forged(41, u32::MAX, ActKind::Decide),
        forged(42, 2 + TENURE_JUMP, ActKind::Decide),
        forged(u32::MAX, 2, ActKind::Accept),
        long,
        forged(43, 2, ActKind::Accept),
        forged(44, 2 + TENURE_JUMP, ActKind::Discharge),
    ];
    let tell = Command::KeepReclaimReturn { origin: scene.home.origin(), case: scene.id, acts };
    scene.town.act(&tell).unwrap();
    let kept: Vec<u32> = scene.town.state.told.iter().map(|act| act.number).filter(|number| *number >= 40).collect();
    assert_eq!(kept, [43, 44]);
    let notices = scene.order(scene.witness());
    scene.tell(&notices, scene.town.place().node);
    let accept = scene.town.state.told.iter().find(|act| act.number == 43).unwrap();
    assert_ne!(scene.town.case(scene.id).force(accept), Force::InForce);
}

/// However much a node has told, the case can be handed on.
#[test]
fn a_long_history_leaves_room_for_the_case() {
    let mut scene = scene();
    scene.taken();
    scene.ask();
    let own = scene.home.state.acts.iter().rfind(|act| act.case == scene.id).unwrap().clone();
    for batch in 0..4 {
        let acts = (0..255).map(|number| {
            hall_act(&own, |act| {
                act.number = 10 + batch * 255 + number;
                (act.kind, act.note) = (ActKind::Check, Some("长".repeat(2_000)));
            })
        });
        let tell = Command::KeepReclaimReturn { origin: scene.home.origin(), case: scene.id, acts: acts.collect() };
        scene.town.act(&tell).unwrap();
    }
    let notices = scene.order(scene.witness());
    scene.tell(&notices, scene.town.place().node);
    let offered = scene.town.act(&Command::Offer(scene.case())).unwrap();
    let offer = offer_of(&offered.notices[0]);
    let bytes: usize = offer.history.iter().map(|act| tongban_codes::cbor::to_vec(act).len()).sum();
    assert!((400 << 10..512 << 10).contains(&bytes), "{bytes}");
    assert_eq!(offer.history.last().unwrap().kind, ActKind::Offer);
}
