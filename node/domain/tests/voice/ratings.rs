//! Ratings: who, of what, once; and the way of a bad one.

use tongban_domain::catalogue::CodeList as _;
use tongban_domain::voice::{
    Channel, FollowUpAct, FollowUpOutcome, FollowUpState, Grade, Ground, Indicator, Occasion, Rater, Score, Standing,
};
use tongban_domain::{Command, Event, Reply, Role};

use crate::hall::{at, date, guangan};
use crate::scene::{
    BAD, GOOD, actor, code, decided, follow, give, open_cards, rated, rating, request, staffed, supervisor,
};

fn verify() -> FollowUpAct {
    FollowUpAct::Verify { finding: "等候时间过长".to_owned() }
}

fn rectify() -> FollowUpAct {
    FollowUpAct::Rectify { text: "增开窗口".to_owned() }
}

fn close() -> FollowUpAct {
    FollowUpAct::Close { reached: true, content: Some(true), said: "已告知整改结果".to_owned() }
}

fn assign(to: &str) -> FollowUpAct {
    FollowUpAct::Assign { to: to.to_owned(), text: "原经办人调离".to_owned() }
}

fn appeal() -> FollowUpAct {
    FollowUpAct::Appeal { ground: Ground::Mistaken, text: "误触平板".to_owned() }
}

#[test]
fn a_visit_and_a_matter_are_rated_once_each() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let visit = rated(&mut hall, case, GOOD, Channel::Pad);
    assert_eq!(rating(&hall, &visit).occasion, Occasion::Visit(date(2026, 9, 14)));
    assert_eq!(rating(&hall, &visit).operators, ["窗口员"]);
    let matter = rated(&mut hall, case, Grade::VerySatisfied, Channel::Web);
    assert_eq!(rating(&hall, &matter).operators, ["审查员", "决定员"]);
    assert_eq!(rating(&hall, &matter).times, 2);
    for channel in [Channel::Terminal, Channel::Qr, Channel::Pad, Channel::Mobile, Channel::Web] {
        assert_eq!(code(give(&mut hall, request(case, BAD, channel))), "rating-repeated", "{channel:?}");
    }
    // Another day at the window is another visit.
    hall.now = at(2026, 9, 16, 9);
    hall.act(&Command::Deliver { case: case.to_string(), note: None }).unwrap();
    let again = rated(&mut hall, case, GOOD, Channel::Terminal);
    assert_eq!(rating(&hall, &again).occasion, Occasion::Visit(date(2026, 9, 16)));
    assert_eq!(code(give(&mut hall, request(case, GOOD, Channel::Pad))), "rating-repeated");
}

#[test]
fn nothing_gives_a_grade_by_itself() {
    let mut hall = staffed(guangan());
    decided(&mut hall);
    for month in 10..=12 {
        hall.run_to(at(2026, month, 28, 9));
    }
    assert!(hall.state.voices.is_empty(), "no rating unless somebody gives one");
}

#[test]
fn who_may_rate_what_by_which_way() {
    let mut hall = staffed(guangan());
    let early = hall.collect(crate::hall::CARD[3].1, hall.division());
    assert_eq!(code(give(&mut hall, request(early, GOOD, Channel::Web))), "rating-early");
    let other_day = Some(date(2026, 9, 13));
    let wrong_day = give(
        &mut hall,
        tongban_domain::voice::RateRequest { visited_on: other_day, ..request(early, GOOD, Channel::Pad) },
    );
    assert_eq!(code(wrong_day), "rating-early");
    let case = decided(&mut hall);
    for (by, channel) in
        [(Rater::Window, Channel::Web), (Rater::Window, Channel::Qr), (Rater::Applicant, Channel::Phone)]
    {
        let request = tongban_domain::voice::RateRequest { by, ..request(case, GOOD, channel) };
        assert_eq!(code(give(&mut hall, request)), "rating-channel", "{by:?} {channel:?}");
    }
    // Who collected it doesn't enter what is said of it in a call; another does.
    let by_phone = || request(case, GOOD, Channel::Phone);
    let command = |request| Command::Voice(tongban_domain::voice::VoiceCommand::Rate(Box::new(request)));
    let same = hall.give(&actor("窗口员", &[Role::Window]), &command(by_phone()));
    assert_eq!(code(same), "rating-self");
    let wrong = vec![Score { indicator: Indicator::Attitude, grade: GOOD }];
    let wrong = tongban_domain::voice::RateRequest { scores: wrong, ..by_phone() };
    let other = actor("李窗口", &[Role::Window]);
    assert_eq!(code(hall.give(&other, &command(wrong))), "invalid-field");
    let scores = vec![Score { indicator: Indicator::Convenience, grade: BAD }];
    let right = tongban_domain::voice::RateRequest { scores, ..by_phone() };
    assert_eq!(code(hall.give(&other, &command(right))), "ok");
    // A rating is no office of a decider.
    assert_eq!(
        code(hall.give(&actor("决定员", &[Role::Decider]), &command(request(case, GOOD, Channel::Pad)))),
        "role-missing"
    );
}

#[test]
fn a_bad_grade_is_followed_up_by_the_unit_until_the_applicant_is_told_and_never_by_who_was_rated() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let number = rated(&mut hall, case, BAD, Channel::Web);
    let (decider, other) = (actor("决定员", &[Role::Decider]), actor("李审查", &[Role::Reviewer]));
    let follow_up = rating(&hall, &number).follow_up.unwrap();
    // Five working days after Monday the 14th: Sunday the 20th is worked.
    assert_eq!((follow_up.holder, follow_up.due), (None, date(2026, 9, 20)));
    for (who, role) in [("决定员", Role::Decider), ("审查员", Role::Reviewer)] {
        assert_eq!(code(follow(&mut hall, &actor(who, &[role]), &number, verify())), "follow-up-self", "{who}");
    }
    assert_eq!(code(follow(&mut hall, &other, &number, close())), "follow-up-state", "no outcome, no end");
    // Who begins is appointed with that.
    follow(&mut hall, &other, &number, verify()).unwrap();
    assert_eq!(rating(&hall, &number).follow_up.unwrap().holder.as_deref(), Some("李审查"));
    assert_eq!(code(follow(&mut hall, &actor("李窗口", &[Role::Window]), &number, rectify())), "follow-up-held");
    for act in [rectify(), FollowUpAct::Explain { text: "法定".to_owned() }] {
        assert_eq!(code(follow(&mut hall, &decider, &number, act)), "follow-up-self");
    }
    follow(&mut hall, &other, &number, rectify()).unwrap();
    let empty = FollowUpAct::Close { reached: false, content: None, said: " ".to_owned() };
    let refused = follow(&mut hall, &other, &number, empty).unwrap_err();
    assert_eq!((refused.code, refused.field, &*refused.remedy_en), ("invalid-field", "said", "give --call"));
    assert_eq!(code(follow(&mut hall, &decider, &number, close())), "follow-up-self");
    follow(&mut hall, &other, &number, close()).unwrap();
    let follow_up = rating(&hall, &number).follow_up.unwrap();
    assert_eq!((follow_up.state, follow_up.outcome), (FollowUpState::Closed, Some(FollowUpOutcome::Rectified)));
    assert_eq!((follow_up.in_time, follow_up.call.unwrap().content), (Some(true), Some(true)));
    assert_eq!(code(follow(&mut hall, &decider, &number, appeal())), "follow-up-state");
}

#[test]
fn who_was_appointed_and_is_not_fit_any_more_blocks_nobody() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let window = actor("李窗口", &[Role::Window]);
    // He left: whoever else is fit goes on with it.
    let number = rated(&mut hall, case, BAD, Channel::Web);
    follow(&mut hall, &actor("李审查", &[Role::Reviewer]), &number, verify()).unwrap();
    assert_eq!(code(follow(&mut hall, &window, &number, rectify())), "follow-up-held");
    hall.act(&Command::DisableOperator("李审查".to_owned())).unwrap();
    follow(&mut hall, &window, &number, rectify()).unwrap();
    assert_eq!(rating(&hall, &number).follow_up.unwrap().holder.as_deref(), Some("李窗口"));
    assert_eq!(code(follow(&mut hall, &supervisor(), &number, assign("李审查"))), "role-missing", "out of service");
    // A release before appointed who was rated.
    let visit = rated(&mut hall, case, BAD, Channel::Pad);
    let mut old = rating(&hall, &visit);
    old.follow_up.as_mut().unwrap().holder = Some("窗口员".to_owned());
    hall.state.fold(&Event::Voice(Box::new(tongban_domain::voice::Voice::Rating(old))));
    follow(&mut hall, &window, &visit, verify()).unwrap();
    // Who is recused from the case neither does it nor gets it.
    let operator = Some("李窗口".to_owned());
    let recuse = Command::Recuse { case: case.to_string(), operator, reason: "亲属".to_owned() };
    hall.act(&recuse).unwrap();
    assert_eq!(code(follow(&mut hall, &window, &visit, rectify())), "recused");
    assert_eq!(code(follow(&mut hall, &supervisor(), &visit, assign("李窗口"))), "recused");
    follow(&mut hall, &actor("审查员", &[Role::Reviewer]), &visit, rectify()).unwrap();
}

#[test]
fn an_overdue_follow_up_raises_cards_once_and_a_plan_moves_the_day() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let number = rated(&mut hall, case, BAD, Channel::Web);
    let other = actor("李审查", &[Role::Reviewer]);
    hall.run_to(at(2026, 9, 17, 9));
    assert_eq!(open_cards(&hall, &number), []);
    hall.run_to(at(2026, 9, 20, 9));
    assert_eq!(open_cards(&hall, &number), [("follow-up", "yellow")]);
    hall.run_to(at(2026, 9, 21, 9));
    assert_eq!(open_cards(&hall, &number), [("follow-up", "red")]);
    follow(&mut hall, &other, &number, verify()).unwrap();
    assert_eq!(open_cards(&hall, &number), [("follow-up", "red")], "late is late");
    let until = date(2026, 10, 15);
    let late = FollowUpAct::Plan { text: "改造大厅".to_owned(), until: date(2027, 9, 1) };
    assert_eq!(code(follow(&mut hall, &other, &number, late)), "invalid-field");
    let holiday = FollowUpAct::Plan { text: "改造大厅".to_owned(), until: date(2026, 10, 5) };
    let refused = follow(&mut hall, &other, &number, holiday).unwrap_err();
    assert_eq!((refused.code, &*refused.remedy_en), ("invalid-field", "give --until 2026-10-08"), "the hall is shut");
    follow(&mut hall, &other, &number, FollowUpAct::Plan { text: "改造大厅".to_owned(), until }).unwrap();
    assert_eq!(open_cards(&hall, &number), []);
    hall.run_to(at(2026, 10, 16, 9));
    assert_eq!(open_cards(&hall, &number), [("follow-up", "red")], "the plan has a last day, too");
    follow(&mut hall, &other, &number, rectify()).unwrap();
    follow(&mut hall, &other, &number, close()).unwrap();
    assert_eq!(open_cards(&hall, &number), []);
    let follow_up = rating(&hall, &number).follow_up.unwrap();
    assert_eq!((follow_up.outcome, follow_up.in_time), (Some(FollowUpOutcome::RectifiedByPlan), Some(false)));
    hall.run_to(at(2026, 12, 1, 9));
    assert_eq!(open_cards(&hall, &number), []);
}

#[test]
fn another_decides_about_an_appeal_and_what_is_upheld_counts_no_more() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let number = rated(&mut hall, case, BAD, Channel::Web);
    let decider = actor("决定员", &[Role::Decider]);
    follow(&mut hall, &decider, &number, appeal()).unwrap();
    let judge = |uphold| FollowUpAct::Judge { uphold, text: "查看录像".to_owned() };
    // The one rated doesn't decide, whatever roles he has besides.
    let himself = actor("决定员", &[Role::Decider, Role::Supervisor]);
    assert_eq!(code(follow(&mut hall, &himself, &number, judge(true))), "appeal-self");
    assert_eq!(code(follow(&mut hall, &decider, &number, judge(true))), "role-missing");
    assert_eq!(code(follow(&mut hall, &decider, &number, rectify())), "follow-up-state");
    follow(&mut hall, &supervisor(), &number, judge(false)).unwrap();
    assert_eq!(rating(&hall, &number).follow_up.unwrap().state, FollowUpState::Open);
    assert_eq!(code(follow(&mut hall, &decider, &number, appeal())), "appeal-repeated");
    assert_eq!(rating(&hall, &number).standing, Standing::Counted);

    let visit = rated(&mut hall, case, BAD, Channel::Pad);
    follow(&mut hall, &actor("李窗口", &[Role::Window]), &visit, verify()).unwrap();
    follow(&mut hall, &supervisor(), &visit, assign("李审查")).unwrap();
    follow(&mut hall, &actor("窗口员", &[Role::Window]), &visit, appeal()).unwrap();
    // Nor does who follows it up, or did before another was appointed.
    for (who, role) in [("李审查", Role::Reviewer), ("李窗口", Role::Window)] {
        let had_part = actor(who, &[role, Role::Supervisor]);
        assert_eq!(code(follow(&mut hall, &had_part, &visit, judge(true))), "appeal-self", "{who}");
    }
    follow(&mut hall, &supervisor(), &visit, judge(true)).unwrap();
    let upheld = rating(&hall, &visit);
    assert_eq!((upheld.standing, upheld.follow_up.unwrap().state), (Standing::SetAside, FollowUpState::Closed));
    hall.run_to(at(2026, 10, 30, 9));
    assert_eq!(open_cards(&hall, &visit), []);
}

#[test]
fn a_supervisor_appoints_somebody_who_serves_and_was_not_rated() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let number = rated(&mut hall, case, BAD, Channel::Web);
    assert_eq!(code(follow(&mut hall, &actor("李窗口", &[Role::Window]), &number, assign("李窗口"))), "role-missing");
    assert_eq!(code(follow(&mut hall, &supervisor(), &number, assign("审计员"))), "role-missing");
    assert_eq!(code(follow(&mut hall, &supervisor(), &number, assign("无人"))), "operator-unknown");
    assert_eq!(code(follow(&mut hall, &supervisor(), &number, assign("决定员"))), "follow-up-self");
    follow(&mut hall, &supervisor(), &number, assign("李审查")).unwrap();
    assert_eq!(code(follow(&mut hall, &actor("李窗口", &[Role::Window]), &number, verify())), "follow-up-held");
    follow(&mut hall, &actor("李审查", &[Role::Reviewer]), &number, verify()).unwrap();
}

#[test]
fn who_acted_on_the_case_rates_it_for_nobody() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let asked =
        || Command::Voice(tongban_domain::voice::VoiceCommand::Rate(Box::new(request(case, GOOD, Channel::Web))));
    for (who, role) in [("窗口员", Role::Window), ("审查员", Role::Reviewer), ("决定员", Role::Decider)] {
        assert_eq!(code(hall.give(&actor(who, &[role]), &asked())), "rating-self", "{who} knows code and number");
    }
    assert_eq!(code(hall.give(&actor("李窗口", &[Role::Window]), &asked())), "ok");
}

#[test]
fn a_leavers_follow_ups_and_tickets_go_to_his_successor() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let number = rated(&mut hall, case, BAD, Channel::Pad);
    let window = actor("李窗口", &[Role::Window]);
    follow(&mut hall, &window, &number, verify()).unwrap();
    let about = tongban_domain::voice::OpenTicket { case: Some(case.to_string()), ..crate::scene::complaint() };
    let (ticket, _) = crate::scene::opened(&mut hall, about);
    let to_him = tongban_domain::voice::TicketAct::Assign {
        department: "区残联".to_owned(),
        to: Some("李窗口".to_owned()),
    };
    crate::scene::on(&mut hall, &supervisor(), &ticket, to_him).unwrap();
    let hand_over = |from: &str, to: &str| Command::HandOver { from: from.into(), to: to.into(), items: Vec::new() };
    // 李窗口's ticket complains of what 窗口员 did, and his follow-up is of a visit to him: both wait for whoever else has the role.
    let Reply::HandedOver(list) = hall.act(&hand_over("李窗口", "窗口员")).unwrap().reply else {
        panic!("a list")
    };
    assert_eq!(list.voices.len(), 2);
    assert_eq!(crate::scene::ticket(&hall, &ticket).holder, None);
    assert_eq!(rating(&hall, &number).follow_up.unwrap().holder, None);
    follow(&mut hall, &supervisor(), &number, assign("李审查")).unwrap();
    let Reply::HandedOver(list) = hall.act(&hand_over("李审查", "审查员")).unwrap().reply else {
        panic!("a list")
    };
    assert_eq!(list.voices, std::slice::from_ref(&number));
    assert_eq!(rating(&hall, &number).follow_up.unwrap().holder.as_deref(), Some("审查员"));
    follow(&mut hall, &actor("审查员", &[Role::Reviewer]), &number, rectify()).unwrap();
}

#[test]
fn a_good_grade_opens_nothing() {
    let mut hall = staffed(guangan());
    for grade in Grade::ALL {
        let case = decided(&mut hall);
        let number = rated(&mut hall, case, *grade, Channel::Mobile);
        assert_eq!(rating(&hall, &number).follow_up.is_some(), grade.code() >= 4, "{grade:?}");
    }
}

#[test]
fn the_limit_is_data() {
    let mut hall = staffed(guangan());
    let setting = tongban_domain::supervision::RuleSetting {
        rule: tongban_domain::supervision::Rule::FollowUp,
        yellow_days: None,
        yellow_percent: None,
        red_after: None,
        severe_after: None,
        limit_days: Some(2),
    };
    hall.act(&Command::SetRule { setting, effective: None }).unwrap();
    let case = decided(&mut hall);
    let change = give(&mut hall, request(case, BAD, Channel::Web)).unwrap();
    assert!(change.events.iter().any(|event| matches!(event, Event::Voice(_))));
    let Reply::Rating { follow_up_due, .. } = change.reply else { panic!("a rating answers") };
    assert_eq!(follow_up_due, Some(date(2026, 9, 16)));
}

#[test]
fn a_second_node_of_a_division_names_its_ordinal_once() {
    let mut hall = staffed(guangan().second());
    let case = decided(&mut hall);
    assert_eq!(rated(&mut hall, case, GOOD, Channel::Web), "PJ511602000000.1-20260914-00001");
    let (ticket, _) = crate::scene::opened(&mut hall, crate::scene::complaint());
    assert_eq!(ticket, "GD511602000000.1-20260914-00001");
}
