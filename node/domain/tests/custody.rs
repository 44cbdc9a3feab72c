//! Custody under late, early, stale and false messages: one owner at any time, and no case lost.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, carry, collect, daishi, date, guangan};
use tongban_codes::ids::CaseId;
use tongban_domain::case::{Custody, Offer, Progress, Status};
use tongban_domain::{Change, Command, Notice, NoticeBody, Origin, Reply};

const CARD_CODE: &str = "511F82001003";

/// A case offered by 代市镇 to 广安区, and the notice on its way.
fn offered() -> (Hall, Hall, CaseId, Notice) {
    let home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&collect(CARD_CODE, home.division())).unwrap();
    let id = change.notices[0].case;
    (home, town, id, change.notices[0].clone())
}

fn offer_of(notice: &Notice) -> Box<Offer> {
    match &notice.body {
        NoticeBody::Offer(offer) => offer.clone(),
        other => panic!("{other:?} is no offer"),
    }
}

fn progress_of(notice: &Notice) -> Box<Progress> {
    match &notice.body {
        NoticeBody::Progress(progress) => progress.clone(),
        other => panic!("{other:?} is no progress"),
    }
}

fn take(origin: Origin, offer: &Offer) -> Command {
    Command::TakeCustody { origin, offer: Box::new(offer.clone()) }
}

fn settle(origin: Origin, case: CaseId, tenure: u32, refused: bool) -> Command {
    let refusal = refused.then(|| ("item-withdrawn".to_owned(), "withdrawn".to_owned()));
    // The first offer of a collected case is its second act.
    Command::SettleOffer { origin, case, tenure, act: 2, refusal }
}

fn mirror(origin: Origin, notice: &Notice) -> Command {
    Command::Mirror { origin, progress: progress_of(notice) }
}

#[test]
fn progress_before_the_receipt_discharges_as_well() {
    let (mut home, mut town, id, notice) = offered();
    let taken = home.act(&take(town.origin(), &offer_of(&notice))).unwrap();
    let accepted = home.act(&Command::Accept(id.to_string())).unwrap();
    // Even the second word may be the first to come.
    town.act(&mirror(home.origin(), &accepted.notices[0])).unwrap();
    assert_eq!((town.case(id).tenure, town.case(id).status), (2, Status::Accepted));
    // The earlier word comes late: it is kept, and doesn't turn the case back.
    town.act(&mirror(home.origin(), &taken.notices[0])).unwrap();
    assert_eq!(town.case(id).status, Status::Accepted);
    assert!(town.case(id).case_no.is_some());
    // The receipt comes last, and once more.
    for _ in 0..2 {
        let late = town.act(&settle(home.origin(), id, 1, false)).unwrap();
        assert_eq!((late.reply, late.events), (Reply::Known {}, vec![]));
    }
    let kinds: Vec<&str> = town.history(id).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["collect", "offer", "discharge", "accept", "take-custody"]);
    let own = town.state.acts.iter().filter(|act| act.place == town.place());
    assert_eq!(own.map(|act| act.number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn receipt_before_progress() {
    let (mut home, mut town, id, notice) = offered();
    let taken = home.act(&take(town.origin(), &offer_of(&notice))).unwrap();
    town.now = at(2026, 9, 15, 9);
    town.act(&settle(home.origin(), id, 1, false)).unwrap();
    assert_eq!(town.case(id).tenure, 2);
    // The receipt may be recorded later than the owner's next acts were done.
    town.act(&mirror(home.origin(), &taken.notices[0])).unwrap();
    assert_eq!(town.case(id).received_on, Some(date(2026, 9, 14)));
    assert_eq!(town.case(id).reason, None);
    assert!(matches!(town.case(id).custody, Custody::Elsewhere { owner, .. } if owner == home.place()));
}

#[test]
fn false_and_stale_answers() {
    let (mut home, mut town, id, notice) = offered();
    let stranger = Hall::new("511603", "前锋区").origin();
    for (command, code) in [
        (settle(stranger, id, 1, false), "not-owner"),
        (settle(stranger, id, 1, true), "not-owner"),
        (settle(home.origin(), id, 0, false), "stale-tenure"),
        (settle(home.origin(), id, 2, true), "stale-tenure"),
        (settle(home.origin(), CaseId::from_bytes([9; 16]), 1, false), "case-unknown"),
    ] {
        assert_eq!(town.code(&command), code, "{command:?}");
    }
    assert!(matches!(town.case(id).custody, Custody::Offered { .. }));

    let taken = home.act(&take(town.origin(), &offer_of(&notice))).unwrap();
    let mut progress = progress_of(&taken.notices[0]);
    assert_eq!(town.code(&mirror(stranger, &taken.notices[0])), "not-owner");
    // A word of the same tenure comes from no new owner.
    progress.act.tenure = 1;
    let stale = Command::Mirror { origin: home.origin(), progress: progress.clone() };
    assert_eq!(town.code(&stale), "stale-tenure");
    // Nobody speaks of acts that another did: they would overwrite those.
    progress.act.tenure = 2;
    progress.act.place = town.place();
    let forged = Command::Mirror { origin: home.origin(), progress: progress.clone() };
    assert_eq!(town.code(&forged), "not-owner");
    progress.act.place = home.place();
    progress.act.case = CaseId::from_bytes([9; 16]);
    let unknown = Command::Mirror { origin: home.origin(), progress };
    assert_eq!(town.code(&unknown), "case-unknown");
    // The owner hears of its own case from nobody.
    assert_eq!(home.code(&mirror(town.origin(), &taken.notices[0])), "stale-tenure");
    let mut ahead = progress_of(&taken.notices[0]);
    ahead.act.tenure = 3;
    for origin in [town.origin(), home.origin()] {
        let ahead = Command::Mirror { origin, progress: ahead.clone() };
        assert_eq!(home.code(&ahead), "not-owner");
    }
}

#[test]
fn an_offer_is_taken_once() {
    let (mut home, town, id, notice) = offered();
    let offer = offer_of(&notice);
    home.act(&take(town.origin(), &offer)).unwrap();
    home.act(&Command::Accept(id.to_string())).unwrap();
    let before = home.case(id).clone();
    // A restored origin offers it again. A refusal would make it owner beside this node: the answer is again that it was taken.
    let again = home.act(&take(town.origin(), &offer)).unwrap();
    assert!(again.events.is_empty() && again.notices.is_empty());
    assert!(matches!(again.reply, Reply::Case { tenure: 2, .. }));
    assert_eq!(*home.case(id), before);
    // Another tenure, or another case under this id, is none that was taken.
    let mut other = offer.clone();
    other.tenure = 0;
    assert_eq!(home.code(&take(town.origin(), &other)), "stale-tenure");
    other.tenure = 2;
    assert_eq!(home.code(&take(town.origin(), &other)), "case-state");
    let mut foreign = offer;
    foreign.collecting = home.place();
    assert_eq!(home.code(&take(home.origin(), &foreign)), "stale-tenure");
}

#[test]
fn offers_that_are_refused() {
    let (home, town, _, notice) = offered();
    let offer = offer_of(&notice);
    let stranger = Hall::new("511603", "前锋区");
    type Spoil = Box<dyn Fn(&mut Offer)>;
    let cases: [(&str, Spoil); 16] = [
        ("not-owner", Box::new(|offer| offer.tenure = 0)),
        ("not-owner", Box::new(|offer| offer.case = CaseId::from_bytes([9; 16]))),
        ("stale-tenure", Box::new(|offer| offer.tenure = u32::MAX)),
        ("not-competent", Box::new(|offer| offer.deciding = "511603".parse().unwrap())),
        ("item-unknown", Box::new(|offer| offer.item = "511X".into())),
        ("scope-missing", Box::new(|offer| offer.mode = tongban_domain::catalogue::Mode::Joint)),
        ("scope-missing", Box::new(|offer| offer.mode = tongban_domain::catalogue::Mode::Window)),
        ("invalid-identity", Box::new(|offer| offer.applicant.identity = "1".into())),
        ("invalid-field", Box::new(|offer| offer.applicant.name = String::new())),
        ("invalid-field", Box::new(|offer| offer.collection_no = String::new())),
        ("invalid-field", Box::new(|offer| offer.collection_no = "5".repeat(65))),
        ("invalid-field", Box::new(|offer| offer.collection_no = "JC511602000000-20260915-00001".into())),
        ("invalid-field", Box::new(|offer| offer.collection_no = "DB511602000000-20260915-00001".into())),
        ("invalid-field", Box::new(|offer| offer.collection_no = "PJ511602000000-20260915-00001".into())),
        ("invalid-field", Box::new(|offer| offer.collection_no = "GD511602000000-20260915-00001".into())),
        (
            "invalid-field",
            Box::new(|offer| {
                let (name, sha256) = ("照片".to_owned(), "00".to_owned());
                offer.materials.push(tongban_domain::case::Material { name, sha256, size: None });
            }),
        ),
    ];
    for (code, change) in cases {
        let mut hall = home.clone();
        let mut offer = offer.clone();
        change(&mut offer);
        assert_eq!(hall.code(&take(town.origin(), &offer)), code, "{offer:?}");
        assert!(hall.state.cases.is_empty());
    }
    // Who isn't where the case was collected can't be its first owner.
    let mut hall = home;
    assert_eq!(hall.code(&take(stranger.origin(), &offer)), "not-owner");
    // Nor can it say that it was collected in a place that is covered.
    let mut lie = offer.clone();
    lie.collecting.node = stranger.state.node.node;
    assert_eq!(hall.code(&take(stranger.origin(), &lie)), "not-owner");
    // The numbers of another case aren't taken over.
    let division = hall.division();
    let own = hall.collect(CARD_CODE, division);
    let mut thief = offer.clone();
    thief.query_code = hall.case(own).query_code;
    assert_eq!(hall.code(&take(town.origin(), &thief)), "invalid-field");
    thief.query_code = offer.query_code;
    thief.collection_no.clone_from(&hall.case(own).collection_no);
    assert_eq!(hall.code(&take(town.origin(), &thief)), "invalid-field");
}

#[test]
fn a_refused_offer_frees_the_case_and_may_be_repeated() {
    let (mut home, mut town, id, notice) = offered();
    home.act(&Command::WithdrawItem(CARD_CODE.into())).unwrap();
    carry(&notice, &mut town, &mut home);
    let case = town.case(id);
    assert_eq!((&case.custody, case.tenure, case.status), (&Custody::Owner, 1, Status::Collected));
    let act = town.state.acts.last().unwrap();
    assert!(act.note.as_deref().unwrap().starts_with("item-withdrawn: "));
    assert_eq!(town.code(&settle(home.origin(), id, 1, true)), "stale-tenure", "a late repeat");

    home.act(&Command::ImportItems(vec![hall::row(2, &hall::CARD)].into())).unwrap();
    home.act(&Command::PublishItems(Some(CARD_CODE.into()))).unwrap();
    let again = town.act(&Command::Offer(id.to_string())).unwrap();
    assert_eq!(offer_of(&again.notices[0]).tenure, 1);
    assert_ne!(again.notices[0].act, notice.act);
    carry(&again.notices[0], &mut town, &mut home);
    assert_eq!((town.case(id).tenure, home.case(id).tenure), (2, 2));
    let kinds: Vec<&str> = town.history(id).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["collect", "offer", "refuse-custody", "offer", "discharge"]);
}

/// A case that comes back to a node that collected it: 前锋区 collects for 广安区, which hands it back before taking it up.
fn comes_back(with_receipt: bool) -> (Hall, CaseId, Change) {
    let home = guangan();
    let mut county = Hall::new("511603", "前锋区");
    county.offer_item(&[
        ("department", "区残联"),
        ("name", "残疾人证换领"),
        ("local_item_code", "511F82001003-511603000000-000-11511301452259996U-1-00"),
        ("item_type", "07"),
        ("department_code", "11511301452259996U"),
        ("modes", "collect"),
        ("covered", "511602^511603"),
    ]);
    county.act(&home.foreign(hall::CARD[3].1)).unwrap();
    let change = county.act(&collect(CARD_CODE, home.division())).unwrap();
    let id = change.notices[0].case;
    let key = county.case(id).personal.wrapped_key.clone();
    let mut offer = offer_of(&change.notices[0]);
    if with_receipt {
        county.act(&settle(home.origin(), id, 1, false)).unwrap();
    }
    offer.tenure = 2;
    offer.deciding = county.division();
    offer.item = CARD_CODE.into();
    offer.applicant.name = "李四".into();
    let back = county.act(&take(home.origin(), &offer)).unwrap();
    let personal = &county.case(id).personal;
    assert_eq!(personal.name, "李四".as_bytes());
    assert_eq!(personal.wrapped_key, key, "the files of its materials lie under the key that it had");
    (county, id, back)
}

#[test]
fn a_case_that_comes_back_goes_on_counting() {
    for with_receipt in [true, false] {
        let (mut county, id, back) = comes_back(with_receipt);
        assert!(back.notices.is_empty(), "it collected the case itself");
        let case = county.case(id);
        assert_eq!((&case.custody, case.tenure), (&Custody::Owner, 3));
        let acts: Vec<_> = county.state.acts.iter().map(|act| (act.number, act.kind.name(), act.tenure)).collect();
        assert_eq!(acts, [(1, "collect", 1), (2, "offer", 1), (3, "discharge", 2), (4, "take-custody", 3)]);
        county.act(&Command::Accept(id.to_string())).unwrap();
        assert_eq!(county.case(id).acts, 5);
        // The answer to the first offer comes now at last: it fits nothing.
        let late = settle(guangan().origin(), id, 1, false);
        assert_eq!(county.code(&late), "stale-tenure");
    }
}

#[test]
fn a_tick_leaves_offered_cases_alone() {
    let home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&collect("511A0015500013", home.division())).unwrap();
    let id = change.notices[0].case;
    assert_eq!(town.case(id).deemed_at, None, "its five days begin when the authority has it");
    let before = town.case(id).clone();
    town.now = at(2026, 12, 1, 9);
    assert_eq!(town.tick(), []);
    assert_eq!(*town.case(id), before);
    // Received in October, the five days count from there.
    let mut home = home;
    home.now = at(2026, 10, 12, 9);
    carry(&change.notices[0], &mut town, &mut home);
    assert_eq!(home.case(id).received_on, Some(date(2026, 10, 12)));
    assert_eq!(home.case(id).deemed_at, Some(date(2026, 10, 20).start()));
    home.now = at(2026, 10, 20, 0);
    let deemed = home.act(&Command::Tick).unwrap();
    carry(&deemed.notices[0], &mut home, &mut town);
    assert_eq!(town.case(id).accepted_on, Some(date(2026, 10, 12)));
    assert!(town.case(id).deemed);
}

/// A refusal of the first offer that comes while a second one is open frees nothing.
#[test]
fn a_late_refusal_of_an_earlier_offer_settles_nothing() {
    let (home, mut town, id, _) = offered();
    town.act(&settle(home.origin(), id, 1, true)).unwrap();
    town.act(&Command::Offer(id.to_string())).unwrap();
    assert_eq!(town.code(&settle(home.origin(), id, 1, true)), "stale-tenure");
    assert_eq!(town.code(&settle(home.origin(), id, 1, false)), "stale-tenure");
}
