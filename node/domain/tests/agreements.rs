//! Agreements between authorities: who may collect under which, on which days, and what counts as receipt.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::given::{self, party};
use hall::{CARD, Hall, PERMIT, at, carry, collect, daishi, date, guangan, row};
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::CaseId;
use tongban_domain::case::{ActKind, Bringing, Custody, ForwardedFrom};
use tongban_domain::catalogue::{Accord, Agreement, AgreementCommand, Mode, ReceiptRule};
use tongban_domain::{Command, Event, NoticeBody, Reply};

/// The codes of 区行政审批局, as the item has it, and of an authority of 前锋区.
const OWN: &str = "115113016823646795";
const THEIRS: &str = "11511301452259996U";

fn agreement(number: &str) -> Agreement {
    let parties = [party("511602", OWN), party("511603", THEIRS)];
    Agreement { reference: Some("区政府网站".into()), ..given::agreement(number, Mode::Collect, parties) }
}

fn add(agreement: Agreement, items: &[&str]) -> Command {
    let items = items.iter().map(|item| (*item).to_owned()).collect();
    Command::Agreement(AgreementCommand::Add { agreement: Box::new(agreement), items })
}

fn withdraw(number: &str, from: Option<tongban_codes::time::Date>) -> Command {
    Command::Agreement(AgreementCommand::Withdraw { number: number.into(), from, reason: "协议到期不续".into() })
}

const ITEM: &str = "511A0015500013";

/// Tells the other hall how the item stands now.
fn fetched(home: &Hall, window: &mut Hall) {
    window.act(&home.foreign(PERMIT[3].1)).unwrap();
}

#[test]
fn an_agreement_says_what_it_must_or_is_refused() {
    let mut hall = guangan();
    for (wrong, items, code) in [
        (Agreement { number: " ".into(), ..agreement("一") }, &[ITEM][..], "invalid-field"),
        (Agreement { parties: vec![party("511602", OWN)], ..agreement("一") }, &[ITEM], "invalid-field"),
        (
            Agreement { parties: vec![party("511602", OWN), party("511602", OWN)], ..agreement("一") },
            &[ITEM],
            "invalid-field",
        ),
        (
            Agreement { parties: vec![party("511602", "1137"), party("511603", THEIRS)], ..agreement("一") },
            &[ITEM],
            "invalid-identity",
        ),
        (Agreement { modes: vec![Mode::Window], ..agreement("一") }, &[ITEM], "invalid-field"),
        (Agreement { modes: vec![Mode::Joint], ..agreement("一") }, &[ITEM], "scope-missing"),
        (Agreement { until: Some(date(2026, 8, 31)), ..agreement("一") }, &[ITEM], "invalid-field"),
        (Agreement { published_on: date(2026, 9, 2), ..agreement("一") }, &[ITEM], "invalid-field"),
        (Agreement { text: "x".repeat(64), ..agreement("一") }, &[ITEM], "invalid-field"),
        (agreement("一"), &[], "invalid-field"),
        (agreement("一"), &["没有"], "item-unknown"),
        (
            Agreement { parties: vec![party("511602", THEIRS), party("511603", THEIRS)], ..agreement("一") },
            &[ITEM],
            "agreement-party",
        ),
        (
            Agreement { parties: vec![party("511604", OWN), party("511603", THEIRS)], ..agreement("一") },
            &[ITEM],
            "agreement-party",
        ),
    ] {
        assert_eq!(hall.code(&add(wrong.clone(), items)), code, "{wrong:?}");
        assert!(hall.state.items.values().all(|item| item.agreements.is_empty()));
    }
    let change = hall.act(&add(agreement("一"), &[ITEM])).unwrap();
    let Reply::Agreement(view) = change.reply else { panic!("{:?}", change.reply) };
    assert_eq!((view.agreement.as_str(), view.agreement_state, view.items.len()), ("一", "in-force", 1));
    // What was agreed isn't changed; said again it changes nothing.
    let again = hall.act(&add(agreement("一"), &[ITEM])).unwrap();
    assert!(again.events.is_empty());
    let other = Agreement { until: None, ..agreement("一") };
    assert_eq!(hall.code(&add(other, &[ITEM])), "agreement-known");
    assert_eq!(hall.code(&withdraw("二", None)), "agreement-unknown");
    for past in [13, 14] {
        assert_eq!(
            hall.code(&withdraw("一", Some(date(2026, 9, past)))),
            "invalid-field",
            "what was collected today stands"
        );
    }
    assert_eq!(hall.code(&withdraw("一", Some(date(2026, 10, 5)))), "agreement-known");
}

/// Cases name the agreement under which they were collected by its number: withdrawn, it isn't entered again, and the refusal says what to do.
#[test]
fn a_number_that_was_withdrawn_is_given_to_no_other() {
    let mut hall = home_with("一");
    hall.act(&withdraw("一", Some(date(2026, 9, 20)))).unwrap();
    let later = Agreement { from: date(2026, 9, 21), until: None, ..agreement("一") };
    // With the same words or others, before and after the day.
    for now in [at(2026, 9, 14, 9), at(2026, 9, 21, 9)] {
        hall.now = now;
        for again in [agreement("一"), later.clone()] {
            let refused = hall.act(&add(again, &[ITEM])).unwrap_err();
            assert_eq!((refused.code, refused.field, &*refused.value), ("agreement-known", "number", "一"));
            for text in [&refused.en, &refused.zh] {
                assert!(text.contains("2026-09-20") && text.contains("协议到期不续"), "{refused:?}");
            }
            assert!(refused.remedy_zh.contains("补充协议") && refused.remedy_en.contains("supplement"), "{refused:?}");
        }
    }
    // Under its own number it is, and what the first said stays.
    hall.act(&add(Agreement { number: "一（补）".into(), ..later }, &[ITEM])).unwrap();
    let known = &hall.state.items[PERMIT[3].1].agreements;
    let said: Vec<_> = known.iter().map(|known| (known.number.as_str(), known.last())).collect();
    assert_eq!(said, [("一", Some(date(2026, 9, 19))), ("一（补）", None)]);
    // One that stands with other words says so, and not that it was withdrawn.
    let refused = hall.act(&add(agreement("一（补）"), &[ITEM])).unwrap_err();
    assert!(refused.code == "agreement-known" && refused.en.contains("other words"), "{refused:?}");
}

#[test]
fn a_window_elsewhere_collects_while_it_is_in_force_and_not_otherwise() {
    let mut home = guangan();
    let mut window = daishi(&home);
    let asked = collect(ITEM, home.division());
    let mode = |asked: &Command, wanted: Mode| match asked.clone() {
        Command::Collect { item, division, applicant, materials, hold, renews, agent, .. } => {
            Command::Collect { item, division, mode: Some(wanted), applicant, materials, hold, renews, agent, by: None }
        }
        other => panic!("{other:?}"),
    };
    // By published scope, as before.
    let change = window.act(&asked).unwrap();
    let by_scope = change.events.iter().any(|event| matches!(event, Event::Case(case, _) if case.agreement.is_none()));
    assert!(by_scope);
    home.act(&add(agreement("一"), &[ITEM])).unwrap();
    fetched(&home, &mut window);
    for (now, code) in [
        (at(2026, 8, 31, 10), "agreement-lapsed"),
        (at(2026, 9, 1, 10), "ok"),
        (at(2026, 9, 30, 10), "ok"),
        (at(2026, 10, 1, 10), "agreement-lapsed"),
    ] {
        let mut hall = window.clone();
        hall.now = now;
        assert_eq!(hall.code(&asked), code, "{now}");
        // The mode that isn't agreed goes by its published scope alone.
        assert_eq!(hall.code(&mode(&asked, Mode::Online)), "ok", "{now}");
    }
    let mut late = window.clone();
    late.now = at(2026, 10, 1, 10);
    let refused = late.act(&asked).unwrap_err();
    assert_eq!((refused.field, &*refused.value), ("agreement", "一"));
    assert!(refused.zh.contains("2026-09-30") && refused.en.contains("2026-09-30"), "{refused:?}");
    // Another's hall isn't named by it; a later agreement that goes on is enough.
    let mut stranger = Hall::new("511623", "邻水县");
    stranger.act(&home.foreign(PERMIT[3].1)).unwrap();
    assert_eq!(stranger.code(&asked), "scope-missing");
    let narrow = Agreement { parties: vec![party("511602", OWN), party("511623", THEIRS)], ..agreement("二") };
    home.act(&withdraw("一", None)).unwrap();
    home.act(&add(narrow, &[ITEM])).unwrap();
    fetched(&home, &mut window);
    assert_eq!(window.code(&asked), "ok", "it ends with the day");
    window.now = at(2026, 9, 15, 10);
    let refused = window.act(&asked).unwrap_err();
    assert_eq!((refused.code, &*refused.value), ("agreement-lapsed", "一"));
    let next = Agreement { from: date(2026, 9, 14), until: None, ..agreement("三") };
    home.act(&add(next, &[ITEM])).unwrap();
    fetched(&home, &mut window);
    assert_eq!(window.code(&asked), "ok");
}

#[test]
fn the_owner_takes_what_it_had_agreed_on_the_day_of_collection() {
    let mut home = guangan();
    home.act(&add(agreement("一"), &[ITEM])).unwrap();
    let mut window = daishi(&home);
    let change = window.act(&collect(ITEM, home.division())).unwrap();
    let NoticeBody::Offer(offer) = &change.notices[0].body else { panic!("an offer") };
    assert_eq!(offer.agreement.as_deref(), Some("一"));
    // It arrives after the last day: collected in its time, it is taken.
    home.now = at(2026, 10, 8, 9);
    carry(&change.notices[0], &mut window, &mut home);
    let case = home.case(offer.case);
    assert_eq!(case.agreement, Some(Accord { number: "一".into(), receipt: ReceiptRule::Electronic }));
    assert_eq!((case.received_on, &case.custody), (Some(date(2026, 10, 8)), &Custody::Owner));
    assert!(case.deemed_at.is_some());
    // Withdrawn behind the window's back, it isn't.
    let mut home = home_with("二");
    let mut window = daishi(&home);
    home.act(&withdraw("二", None)).unwrap();
    // What was collected on the day of the withdrawal arrives, and is taken.
    let change = window.act(&collect(ITEM, home.division())).unwrap();
    carry(&change.notices[0], &mut window, &mut home);
    assert_eq!(home.case(change.notices[0].case).custody, Custody::Owner);
    (home.now, window.now) = (at(2026, 9, 15, 9), at(2026, 9, 15, 9));
    let change = window.act(&collect(ITEM, home.division())).unwrap();
    carry(&change.notices[0], &mut window, &mut home);
    let case = change.notices[0].case;
    assert!(!home.state.cases.contains_key(&case));
    assert_eq!(window.case(case).custody, Custody::Owner);
    let last = window.state.acts.iter().rfind(|act| act.case == case).unwrap();
    assert!(last.note.as_deref().unwrap().contains("agreement-lapsed"), "{last:?}");
    // An offer that names an agreement which isn't this item's is refused, and one of an older release that names none is judged by the item.
    let mut home = home_with("三");
    let mut window = daishi(&home);
    for (named, expected) in [(Some("别的"), "agreement-missing"), (None, "ok")] {
        let mut change = window.act(&collect(ITEM, home.division())).unwrap();
        let NoticeBody::Offer(offer) = &mut change.notices[0].body else { panic!("an offer") };
        offer.agreement = named.map(str::to_owned);
        let (origin, offer) = (window.origin(), offer.clone());
        assert_eq!(home.code(&Command::TakeCustody { origin, offer }), expected);
    }
}

fn home_with(number: &str) -> Hall {
    let mut hall = guangan();
    hall.act(&add(agreement(number), &[ITEM])).unwrap();
    hall
}

#[test]
fn where_the_paper_counts_the_days_run_from_the_signature() {
    let mut home = guangan();
    home.act(&add(Agreement { receipt: ReceiptRule::Paper, ..agreement("一") }, &[ITEM])).unwrap();
    let mut window = daishi(&home);
    let change = window.act(&collect(ITEM, home.division())).unwrap();
    carry(&change.notices[0], &mut window, &mut home);
    let id = change.notices[0].case;
    assert_eq!((home.case(id).received_on, home.case(id).deemed_at), (None, None));
    home.now = at(2026, 9, 25, 9);
    assert_eq!(home.tick(), [], "nothing is deemed accepted that wasn't received");
    let signed = home.act(&Command::ReceivePaper(id.to_string())).unwrap();
    let case = home.case(id);
    let due = Calendar::embedded().add_working_days(date(2026, 9, 25), 5).date;
    assert_eq!((case.received_on, case.deemed_at), (Some(date(2026, 9, 25)), Some(due.next_day().start())));
    assert_eq!(home.state.acts.last().unwrap().kind, ActKind::ReceivePaper);
    carry(&signed.notices[0], &mut home, &mut window);
    assert_eq!(window.case(id).received_on, Some(date(2026, 9, 25)));
    assert_eq!(home.code(&Command::ReceivePaper(id.to_string())), "paper-not-awaited");
    assert_eq!(window.code(&Command::ReceivePaper(id.to_string())), "not-owner");
    let own = home.collect(ITEM, home.division());
    assert_eq!(home.code(&Command::ReceivePaper(own.to_string())), "paper-not-awaited");
    home.now = due.next_day().start();
    home.tick();
    assert_eq!(home.case(id).accepted_on, Some(date(2026, 9, 25)), "deemed accepted from the signature");
}

#[test]
fn an_agreement_stands_in_every_version_of_its_item() {
    let mut home = home_with("一");
    let code = PERMIT[3].1;
    let changed: Vec<(&str, &str)> = PERMIT
        .iter()
        .copied()
        .map(|(name, value)| if name == "promised_days" { (name, "4") } else { (name, value) })
        .collect();
    let report = home.import(&[row(2, &changed)]);
    assert_eq!(report.rejected, 0, "{report:?}");
    home.act(&Command::PublishItems(Some(code.to_owned()))).unwrap();
    let item = &home.state.items[code];
    assert_eq!((item.version, item.agreements.len()), (2, 1));
    // It is no part of what a draft says: the same file again makes none.
    let again = home.import(&[row(2, &changed)]);
    assert_eq!(again.rejected, 0);
    assert!(!home.state.drafts.contains_key(code), "nothing differs");
    // What waits for its day has it as well, and loses it as well.
    let later: Vec<(&str, &str)> = changed.iter().copied().chain([("effective", "2026-12-01")]).collect();
    home.import(&[row(2, &later)]);
    home.act(&Command::PublishItems(Some(code.to_owned()))).unwrap();
    home.act(&withdraw("一", Some(date(2026, 9, 20)))).unwrap();
    let (last, draft) = (Some(date(2026, 9, 19)), home.state.drafts.contains_key(code));
    assert!(!draft, "a draft was published");
    assert_eq!(home.state.items[code].agreements[0].last(), last);
    let waiting = home.state.waiting.values().next().unwrap();
    assert_eq!(waiting.agreements[0].last(), last);
    assert!(home.state.items[CARD[3].1].agreements.is_empty());
}

/// What was collected by the published scope before the item had its first agreement is taken when it comes later.
#[test]
fn what_was_collected_before_the_first_agreement_is_taken() {
    let mut home = guangan();
    let mut window = daishi(&home);
    let change = window.act(&collect(ITEM, home.division())).unwrap();
    home.now = at(2026, 9, 16, 9);
    home.act(&add(Agreement { from: date(2026, 9, 16), ..agreement("一") }, &[ITEM])).unwrap();
    carry(&change.notices[0], &mut window, &mut home);
    let case = home.case(change.notices[0].case);
    assert_eq!((&case.custody, &case.agreement), (&Custody::Owner, &None));
}

/// As forwarded an offer needs no agreement; only one from below is.
#[test]
fn nobody_beside_forwards() {
    let mut home = home_with("一");
    let mut window = daishi(&home);
    let change = window.act(&collect(ITEM, home.division())).unwrap();
    let NoticeBody::Offer(offer) = &change.notices[0].body else { panic!("an offer") };
    let mut offer = offer.clone();
    offer.agreement = None;
    offer.forwarded_from = Some(ForwardedFrom {
        case: CaseId::from_bytes([5; 16]),
        case_no: None,
        division: offer.collecting.division,
        opinion: "拟准予".into(),
    });
    assert_eq!(home.code(&Command::TakeCustody { origin: window.origin(), offer }), "not-owner");
}

/// What is brought after a notice makes nothing whole while the paper hasn't come.
#[test]
fn a_supplement_is_not_the_paper() {
    let mut home = guangan();
    home.act(&add(Agreement { receipt: ReceiptRule::Paper, ..agreement("一") }, &[ITEM])).unwrap();
    let mut window = daishi(&home);
    let change = window.act(&collect(ITEM, home.division())).unwrap();
    carry(&change.notices[0], &mut window, &mut home);
    let case = change.notices[0].case;
    let items = vec!["检测报告".to_owned()];
    home.act(&Command::Notify { case: case.to_string(), items, new_reasons: Vec::new(), within: None }).unwrap();
    let brings = vec![Bringing { item: "1".into(), materials: Vec::new() }];
    home.act(&Command::Supplement { case: case.to_string(), brings }).unwrap();
    assert_eq!(home.case(case).deemed_at, None);
    home.now = at(2026, 9, 25, 9);
    home.act(&Command::ReceivePaper(case.to_string())).unwrap();
    let due = Calendar::embedded().add_working_days(date(2026, 9, 25), 5).date;
    assert_eq!(home.case(case).deemed_at, Some(due.next_day().start()));
}
