//! 补正: one complete notice, what is brought against it here and elsewhere, and what becomes of what never comes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, carry, collect, daishi, date, guangan};
use tongban_codes::ids::CaseId;
use tongban_domain::case::{ActKind, Bringing, Correction, Material, RefusalKind, Status, national};
use tongban_domain::{Command, Notice, NoticeBody, Reply, Sealer};

const PERMIT_CODE: &str = "511A0015500013";

fn notify(id: CaseId, items: &[&str], new_reasons: &[&str], within: Option<u16>) -> Command {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Command::Notify { case: id.to_string(), items: texts(items), new_reasons: texts(new_reasons), within }
}

fn material(name: &str) -> Material {
    Material { name: name.to_owned(), sha256: "ab".repeat(32), size: None }
}

fn supplement(id: CaseId, items: &[&str]) -> Command {
    let brings = items.iter().map(|item| Bringing { item: (*item).to_owned(), materials: vec![material(item)] });
    Command::Supplement { case: id.to_string(), brings: brings.collect() }
}

fn accept(id: CaseId) -> Command {
    Command::Accept(id.to_string())
}

fn correction(hall: &Hall, id: CaseId) -> Correction {
    hall.case(id).correction.clone().unwrap()
}

/// A permit collected at its own hall and answered with a notice of two things on Tuesday, 2026-09-15.
fn notified() -> (Hall, CaseId) {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    hall.now = at(2026, 9, 15, 9);
    hall.act(&notify(id, &["检测报告", "健康证明"], &[], Some(15))).unwrap();
    (hall, id)
}

#[test]
fn each_line_keeps_what_was_brought_and_the_five_days_begin_anew() {
    let (mut hall, id) = notified();
    assert_eq!(correction(&hall, id).until, date(2026, 9, 30));
    assert_eq!(hall.code(&accept(id)), "supplement-missing");
    for wrong in [vec![], vec!["3"], vec!["0"], vec!["身份证"], vec!["1", "检测报告"]] {
        assert_eq!(hall.code(&supplement(id, &wrong)), "invalid-field", "{wrong:?}");
    }
    hall.now = at(2026, 9, 17, 9);
    let change = hall.act(&supplement(id, &["健康证明"])).unwrap();
    let paper = &change.documents[0];
    assert_eq!(paper.content_type, "application/tongban-supplement+cbor");
    assert_eq!(paper.sealer, Sealer::Authority(hall.case(id).item.authority));
    assert_eq!((hall.case(id).status, correction(&hall, id).missing()), (Status::Notified, vec![1]));
    assert_eq!(hall.case(id).deemed_at, None);
    let note = hall.state.acts.last().unwrap().note.clone().unwrap();
    assert_eq!(note, "补正第 2 项，第 1 项未补");
    hall.now = at(2026, 9, 18, 9);
    hall.act(&supplement(id, &["1"])).unwrap();
    let case = hall.case(id);
    assert_eq!((case.status, case.materials.len()), (Status::Supplemented, 2));
    let brought = correction(&hall, id).asked[0].brought.clone().unwrap();
    assert_eq!((brought.on, brought.place, brought.act), (date(2026, 9, 18), hall.place(), case.acts));
    // Friday the 18th: Sunday the 20th is worked, so the fifth day is Thursday the 24th.
    assert_eq!(case.deemed_at, Some(date(2026, 9, 25).start()));
    assert_eq!(hall.code(&supplement(id, &["1"])), "case-state", "all was brought");
    hall.now = at(2026, 9, 25, 0);
    assert_eq!(hall.act(&Command::Tick).unwrap().reply, Reply::Tick { done: 1, more: false });
    let case = hall.case(id);
    assert!(case.deemed);
    assert_eq!(case.accepted_on, Some(date(2026, 9, 18)));
    let due = case.deadlines.clone().unwrap();
    assert_eq!(due.promised.unwrap().date, date(2026, 9, 24), "the promise counts from the day on which all was there");
}

/// Who answers after the second five days answers too late, as after the first.
#[test]
fn a_late_answer_after_a_supplement_is_a_deemed_acceptance() {
    let (mut hall, id) = notified();
    hall.act(&supplement(id, &["1", "2"])).unwrap();
    hall.now = at(2026, 9, 30, 9);
    let (kind, reason) = (RefusalKind::NotRequired, "无需许可".to_owned());
    let refuse = Command::Refuse { case: id.to_string(), kind, reason, competent: None };
    for command in [refuse, notify(id, &["新发现"], &["补交后才看到"], None)] {
        let refused = hall.act(&command).unwrap_err();
        assert_eq!(refused.code, "case-state");
        assert!(refused.en.contains("2026-09-15"), "{}", refused.en);
    }
    hall.act(&accept(id)).unwrap();
    assert_eq!(hall.state.acts.last().unwrap().kind, ActKind::AcceptDeemed);
}

#[test]
fn a_further_notice_is_for_what_could_not_be_known() {
    let (mut hall, id) = notified();
    assert_eq!(
        hall.code(&notify(id, &["营业执照"], &["漏看"], None)),
        "notice-repeated",
        "before anything was brought"
    );
    hall.act(&supplement(id, &["1", "2"])).unwrap();
    assert_eq!(hall.code(&notify(id, &["营业执照"], &[], None)), "notice-repeated");
    for (items, reasons) in [(&["甲", "乙"][..], &["只说一个"][..]), (&["甲"], &["一", "二"]), (&["甲"], &[" "])]
    {
        assert_eq!(hall.code(&notify(id, items, reasons, None)), "invalid-field");
    }
    hall.act(&notify(id, &["报告已过期"], &["补正后才提交该报告"], Some(10))).unwrap();
    let now = correction(&hall, id);
    assert_eq!((now.notices, now.asked.len(), now.missing(), now.complete_on), (2, 3, vec![3], None));
    assert_eq!(now.asked[2].new_reason.as_deref(), Some("补正后才提交该报告"));
    assert_eq!((hall.case(id).status, hall.case(id).deemed_at), (Status::Notified, None));
    hall.act(&supplement(id, &["3"])).unwrap();
    hall.act(&accept(id)).unwrap();
    assert_eq!(hall.case(id).accepted_on, Some(date(2026, 9, 15)));
}

#[test]
fn limits_of_a_notice() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    for (items, reasons, within) in [
        (&["甲"][..], &["首次无须理由"][..], None),
        (&["甲"], &[], Some(0)),
        (&["甲"], &[], Some(366)),
        (&[&*"长".repeat(501)], &[], None),
    ] {
        assert_eq!(hall.code(&notify(id, items, reasons, within)), "invalid-field", "{items:?} {within:?}");
    }
    hall.act(&notify(id, &["甲"], &[], None)).unwrap();
    // Thirty days end on 2026-10-14, a worked Wednesday.
    assert_eq!(correction(&hall, id).until, date(2026, 10, 14));
}

#[test]
fn what_never_comes_is_returned_by_an_officer_after_its_time() {
    let (mut hall, id) = notified();
    let back = |reason: &str| Command::Return { case: id.to_string(), reason: reason.to_owned() };
    hall.now = at(2026, 9, 30, 17);
    let early = hall.act(&back("逾期未补正")).unwrap_err();
    assert_eq!((early.code, &*early.value), ("return-early", "2026-09-30"));
    hall.now = at(2026, 10, 8, 9);
    assert_eq!(hall.tick(), [], "nothing lapses by itself");
    assert_eq!(hall.code(&back(" ")), "invalid-field");
    let change = hall.act(&back("逾期未补正")).unwrap();
    assert_eq!(change.documents[0].content_type, "application/tongban-return+cbor");
    assert_eq!((hall.case(id).status, hall.case(id).decided_on), (Status::Returned, Some(date(2026, 10, 8))));
    assert_eq!(hall.code(&supplement(id, &["1"])), "case-state");
    hall.act(&Command::Close(id.to_string())).unwrap();
    let history: Vec<_> = hall.state.acts.clone();
    assert_eq!(national::result_code(&history), Some(5));
}

/// A case that an earlier release notified has no list: it is accepted as before, and returned after the time that is given by default.
#[test]
fn a_notice_of_an_earlier_release() {
    let (mut hall, id) = notified();
    hall.state.cases.get_mut(&id).unwrap().correction = None;
    // What is brought goes on record, and whether it is all is for the officer to say.
    hall.act(&supplement(id, &["检测报告"])).unwrap();
    assert_eq!((hall.case(id).status, hall.case(id).materials.len()), (Status::Notified, 1));
    hall.now = at(2026, 10, 15, 9);
    let back = Command::Return { case: id.to_string(), reason: "逾期未补正".to_owned() };
    assert_eq!(hall.code(&back), "return-early");
    hall.clone().act(&accept(id)).unwrap();
    hall.now = at(2026, 10, 16, 9);
    hall.act(&back).unwrap();
}

/// Collected in 代市镇, taken by 广安区, notified there.
fn elsewhere() -> (Hall, Hall, CaseId) {
    let mut home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&collect(PERMIT_CODE, home.division())).unwrap();
    let id = change.notices[0].case;
    for notice in &change.notices {
        for answer in carry(notice, &mut town, &mut home) {
            carry(&answer, &mut home, &mut town);
        }
    }
    let change = home.act(&notify(id, &["检测报告", "健康证明"], &[], None)).unwrap();
    carry(&change.notices[0], &mut home, &mut town);
    (home, town, id)
}

fn travels(notice: &Notice, from: &mut Hall, to: &mut Hall) {
    for answer in carry(notice, from, to) {
        carry(&answer, to, from);
    }
}

#[test]
fn what_the_collecting_hall_takes_travels_to_the_owner() {
    let (mut home, mut town, id) = elsewhere();
    assert_eq!(town.case(id).correction, home.case(id).correction);
    assert_eq!(town.code(&supplement(id, &["9"])), "invalid-field");
    town.now = at(2026, 9, 16, 9);
    let change = town.act(&supplement(id, &["1", "2"])).unwrap();
    assert_eq!(change.documents[0].sealer, Sealer::Node, "a collecting hall has no authority's seal");
    assert_eq!(town.case(id).status, Status::Notified, "it changes nothing of what another owns");
    let tenure = town.case(id).tenure;
    // It arrives on Monday; the owner's five days begin there.
    home.now = at(2026, 9, 21, 9);
    let [notice] = &change.notices[..] else { panic!("{:?}", change.notices) };
    assert_eq!(notice.to, home.state.node.node);
    travels(notice, &mut town, &mut home);
    for hall in [&home, &town] {
        let case = hall.case(id);
        assert_eq!((case.status, case.tenure), (Status::Supplemented, tenure));
        let brought = correction(hall, id).asked[1].brought.clone().unwrap();
        assert_eq!((brought.on, brought.place), (date(2026, 9, 21), town.place()));
        let acts = hall.state.acts.iter().chain(&hall.state.told);
        let supplements = acts.filter(|act| act.case == id && act.kind == ActKind::Supplement);
        assert_eq!(supplements.count(), 2, "each leg's act stands in both histories");
    }
    // Friday the 25th is a holiday.
    assert_eq!(home.case(id).deemed_at, Some(date(2026, 9, 30).start()));
    assert_eq!(home.case(id).materials.len(), 2);
    // It comes again: nothing changes.
    let NoticeBody::Supplement(body) = &notice.body else { panic!("{notice:?}") };
    let again = Command::TakeSupplement { origin: town.origin(), supplement: body.clone() };
    assert_eq!(home.act(&again).unwrap().events, []);
    home.act(&accept(id)).unwrap();
    assert_eq!(home.act(&again).unwrap().events, []);
}

#[test]
fn supplements_that_are_not_taken() {
    let (mut home, mut town, id) = elsewhere();
    let change = town.act(&supplement(id, &["1"])).unwrap();
    let NoticeBody::Supplement(body) = &change.notices[0].body else { panic!("{:?}", change.notices) };
    let stranger = Hall::new("511603", "前锋区");
    let take = |origin, change: &dyn Fn(&mut tongban_domain::case::Supplement)| {
        let mut supplement = body.clone();
        change(&mut supplement);
        Command::TakeSupplement { origin, supplement }
    };
    for (command, code) in [
        (take(stranger.origin(), &|_| {}), "not-owner"),
        (take(town.origin(), &|told| told.act.place = stranger.place()), "not-owner"),
        (take(home.origin(), &|_| {}), "not-owner"),
        (take(town.origin(), &|told| told.act.tenure = 1), "stale-tenure"),
        (take(town.origin(), &|told| told.act.case = CaseId::from_bytes([9; 16])), "case-unknown"),
        (take(town.origin(), &|told| told.lines[0].0 = 7), "invalid-field"),
        (take(town.origin(), &|told| told.lines.clear()), "invalid-field"),
        (take(town.origin(), &|told| told.lines[0].1[0].sha256 = "00".into()), "invalid-field"),
        (take(town.origin(), &|told| told.act.number = 1), "invalid-field"),
        (take(town.origin(), &|told| told.act.note = Some("啊".repeat(100_000))), "invalid-field"),
    ] {
        assert_eq!(home.code(&command), code, "{command:?}");
    }
    // It was withdrawn while the supplement was on its way: the hall that took it hears why, and keeps what it holds on record.
    let withdrawn = home.act(&Command::Withdraw { case: id.to_string(), reason: None }).unwrap();
    travels(&change.notices[0], &mut town, &mut home);
    let last = town.state.acts.last().unwrap();
    assert_eq!(last.kind, ActKind::RefuseSupplement);
    assert!(last.note.as_deref().unwrap().starts_with("case-state: "));
    carry(&withdrawn.notices[0], &mut home, &mut town);
    assert_eq!(town.case(id).status, Status::Withdrawn);
    // Answers to what was never sent.
    let refusal = ("case-state".to_owned(), "withdrawn".to_owned());
    for act in [1, 99] {
        let command = Command::SupplementRefused { case: id, act, refusal: refusal.clone() };
        assert_eq!(town.code(&command), "stale-tenure");
    }
}

/// The applicant withdraws where he applied; the owner ends the case, once.
#[test]
fn a_withdrawal_at_the_collecting_hall() {
    let (mut home, mut town, id) = elsewhere();
    let withdraw = Command::Withdraw { case: id.to_string(), reason: Some("不办了".to_owned()) };
    let status = town.case(id).status;
    let change = town.act(&withdraw).unwrap();
    assert_eq!(town.case(id).status, status, "it changes nothing of what another owns");
    assert_eq!(town.act(&withdraw).unwrap().events, [], "it is on its way");
    let [notice] = &change.notices[..] else { panic!("{:?}", change.notices) };
    assert_eq!(notice.to, home.state.node.node);
    travels(notice, &mut town, &mut home);
    for hall in [&home, &town] {
        assert_eq!(hall.case(id).status, Status::Withdrawn);
        let acts = hall.state.acts.iter().chain(&hall.state.told).filter(|act| act.case == id);
        let kinds: Vec<ActKind> = acts.map(|act| act.kind).collect();
        for kind in [ActKind::AskWithdrawal, ActKind::Withdraw] {
            assert_eq!(
                kinds.iter().filter(|known| **known == kind).count(),
                1,
                "{kind:?} stands in both histories once"
            );
        }
    }
    assert!(home.case(id).reason.as_deref().unwrap().contains("不办了"));
    let NoticeBody::Withdrawal(body) = &notice.body else { panic!("{notice:?}") };
    let again = Command::TakeWithdrawal { origin: town.origin(), withdrawal: body.clone() };
    assert_eq!(home.act(&again).unwrap().events, []);
    assert_eq!(town.code(&withdraw), "case-state");
}

#[test]
fn withdrawals_that_are_not_taken() {
    let (mut home, mut town, id) = elsewhere();
    let withdraw = Command::Withdraw { case: id.to_string(), reason: None };
    let change = town.act(&withdraw).unwrap();
    let NoticeBody::Withdrawal(body) = &change.notices[0].body else { panic!("{:?}", change.notices) };
    let stranger = Hall::new("511603", "前锋区");
    let take = |origin, change: &dyn Fn(&mut tongban_domain::case::Withdrawal)| {
        let mut withdrawal = body.clone();
        change(&mut withdrawal);
        Command::TakeWithdrawal { origin, withdrawal }
    };
    for (command, code) in [
        (take(stranger.origin(), &|_| {}), "not-owner"),
        (take(town.origin(), &|told| told.act.place = stranger.place()), "not-owner"),
        (take(town.origin(), &|told| told.act.kind = ActKind::Collect), "not-owner"),
        (take(home.origin(), &|_| {}), "not-owner"),
        (take(town.origin(), &|told| told.act.tenure = 1), "stale-tenure"),
        (take(town.origin(), &|told| told.act.case = CaseId::from_bytes([9; 16])), "case-unknown"),
        (take(town.origin(), &|told| told.reason = Some("啊".repeat(5_000))), "invalid-field"),
        (take(town.origin(), &|told| told.act.note = Some("啊".repeat(100_000))), "invalid-field"),
        // In the place of the act by which the hall had collected it.
        (take(town.origin(), &|told| told.act.number = 1), "invalid-field"),
    ] {
        assert_eq!(home.code(&command), code, "{command:?}");
    }
    // It ended while the withdrawal was on its way: the hall that took it hears why, and may be asked again.
    let refused = Command::Refuse {
        case: id.to_string(),
        kind: RefusalKind::NotRequired,
        reason: "无需许可".to_owned(),
        competent: None,
    };
    home.act(&refused).unwrap();
    travels(&change.notices[0], &mut town, &mut home);
    let last = town.state.acts.last().unwrap();
    assert_eq!(last.kind, ActKind::RefuseWithdrawal);
    assert!(last.note.as_deref().unwrap().starts_with("case-state: "));
    assert_eq!(home.case(id).status, Status::RefusedNotRequired);
    let refusal = ("case-state".to_owned(), "closed".to_owned());
    for act in [1, 99] {
        let command = Command::WithdrawalRefused { case: id, act, refusal: refusal.clone() };
        assert_eq!(town.code(&command), "stale-tenure");
    }
    assert_ne!(town.act(&withdraw).unwrap().events, [], "it may be asked for again");
}

/// A mistake that can be put right on the spot needs no notice (行政许可法 32(3)), at the collecting window as well.
#[test]
fn on_the_spot() {
    let home = guangan();
    let mut town = daishi(&home);
    let mut held = collect(PERMIT_CODE, home.division());
    if let Command::Collect { hold, materials, .. } = &mut held {
        *hold = true;
        *materials = vec![material("申请书")];
    }
    town.act(&held).unwrap();
    let id = *town.state.cases.keys().next().unwrap();
    let other = Material { name: "申请书".to_owned(), sha256: "cd".repeat(32), size: None };
    let correct = |what: &str, materials: Vec<Material>| Command::Correct {
        case: id.to_string(),
        what: what.to_owned(),
        materials,
    };
    assert_eq!(town.code(&correct("", vec![])), "invalid-field");
    town.act(&correct("日期写错，已改正", vec![other.clone()])).unwrap();
    assert_eq!(town.case(id).materials, [other]);
    assert_eq!(town.case(id).status, Status::Collected);
    town.act(&Command::Offer(id.to_string())).unwrap();
    assert_eq!(town.code(&correct("又改", vec![])), "case-offered");
}
