//! Cards: when each rule's begin, that a look in time finds what a look at everything finds, and what people do about them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::BTreeMap;

use hall::{CARD, Hall, PERMIT, at, carry, collect, daishi, date, guangan};
use proptest::prelude::*;
use tongban_codes::ids::{CaseId, Label};
use tongban_codes::time::Date;
use tongban_domain::case::{Bringing, RefusalKind};
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::supervision::{
    Card, CardState, Colour, Ending, LOOKS_MAX, Matter, Order, Rule, RuleSetting, Rules, Watched, is_over, stages,
};
use tongban_domain::{Command, Event, Facts as _, Places, Reply};

fn code(permit: bool) -> &'static str {
    if permit { PERMIT[3].1 } else { CARD[3].1 }
}

fn to(hall: &mut Hall, month: u8, day: u8) {
    hall.run_to(at(2026, month, day, 9));
}

fn cards(hall: &Hall, case: CaseId) -> Vec<(&'static str, &'static str, &'static str, String)> {
    let all = hall.state.cards(&case);
    let line = |card: &Card| (card.rule.name(), card.colour.name(), card.state.name(), card.on.to_string());
    all.iter().map(line).collect()
}

fn open(hall: &Hall, case: CaseId) -> Vec<(&'static str, &'static str)> {
    let all = hall.state.cards(&case);
    all.iter().filter(|card| card.is_open()).map(|card| (card.rule.name(), card.colour.name())).collect()
}

/// Accepted on Monday 2026-09-14; promised in 5 working days, of which Sunday 2026-09-20 is one: due that day. Statutory: 2026-10-16.
fn accepted(hall: &mut Hall) -> CaseId {
    let case = hall.collect(code(true), hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    case
}

#[test]
fn a_case_goes_yellow_red_and_severe_and_the_decision_ends_it() {
    let mut hall = guangan();
    let case = accepted(&mut hall);
    to(&mut hall, 9, 17);
    assert_eq!(open(&hall, case), []);
    // On Friday one working day remains: the Sunday that is worked. On the last day of a promise nobody is late.
    to(&mut hall, 9, 18);
    assert_eq!(open(&hall, case), [("promise", "yellow")]);
    to(&mut hall, 9, 20);
    assert_eq!(open(&hall, case), [("promise", "yellow")]);
    to(&mut hall, 9, 21);
    assert_eq!(open(&hall, case), [("promise", "red")]);
    to(&mut hall, 9, 28);
    assert_eq!(open(&hall, case), [("promise", "severe")]);
    // 2026-10-17 is the day after the statutory deadline.
    to(&mut hall, 10, 16);
    assert_eq!(open(&hall, case), [("promise", "severe")]);
    to(&mut hall, 10, 17);
    assert_eq!(open(&hall, case), [("promise", "severe"), ("statutory", "red")]);
    hall.act(&Command::Decide { case: case.to_string(), grant: true, reason: None }).unwrap();
    let closed = "closed";
    assert_eq!(
        cards(&hall, case),
        [
            ("promise", "yellow", closed, "2026-09-18".to_owned()),
            ("promise", "red", closed, "2026-09-21".to_owned()),
            ("promise", "severe", closed, "2026-09-28".to_owned()),
            ("statutory", "red", closed, "2026-10-17".to_owned()),
        ]
    );
    let endings: Vec<_> = hall.state.cards(&case).iter().map(|card| card.ending.unwrap()).collect();
    assert_eq!(endings, [Ending::Superseded, Ending::Superseded, Ending::Gone, Ending::Gone]);
    // Delivery has ten working days: 2026-10-30 is the tenth.
    to(&mut hall, 10, 30);
    assert_eq!(open(&hall, case), [("delivery", "yellow")]);
    to(&mut hall, 10, 31);
    assert_eq!(open(&hall, case), [("delivery", "red")]);
    hall.act(&Command::Deliver { case: case.to_string(), note: None }).unwrap();
    assert_eq!(open(&hall, case), []);
    // It is over: nothing looks at it any more.
    to(&mut hall, 12, 31);
    assert!(!hall.state.watched.iter().any(|(_, of)| *of == Watched::Case(case)));
}

#[test]
fn a_stop_holds_the_promise_and_has_a_card_of_its_own() {
    let mut hall = guangan();
    let case = accepted(&mut hall);
    to(&mut hall, 9, 18);
    assert_eq!(open(&hall, case), [("promise", "yellow")]);
    let text = case.to_string();
    hall.act(&Command::SuspendCase { case: text.clone(), procedure: "检测".into(), days: 2 }).unwrap();
    assert_eq!(open(&hall, case), []);
    // Two working days: Sunday the 20th is one, Monday the 21st the last.
    to(&mut hall, 9, 20);
    assert_eq!(open(&hall, case), [("stop", "yellow")]);
    to(&mut hall, 9, 22);
    assert_eq!(open(&hall, case), [("stop", "red")]);
    hall.act(&Command::ResumeCase { case: text, note: None }).unwrap();
    assert_eq!(open(&hall, case), []);
    // One working day was left after the 18th, and is left after the 22nd: yellow comes again, as the same card, of which the day is not counted again.
    to(&mut hall, 9, 23);
    assert_eq!(open(&hall, case), [("promise", "yellow")]);
    let yellow = hall.state.cards(&case).into_iter().find(Card::is_open).unwrap();
    assert_eq!((yellow.times, yellow.on), (2, date(2026, 9, 18)));
}

#[test]
fn nobody_answers_and_the_card_stays_until_a_supervisor_closes_it() {
    let mut hall = guangan();
    let case = hall.collect(code(true), hall.division());
    to(&mut hall, 9, 18);
    assert_eq!(open(&hall, case), [("acceptance", "yellow")]);
    to(&mut hall, 9, 21);
    // Accepted as of the 14th, so that the promise is over on the very day: its card comes with the deemed acceptance.
    assert_eq!(open(&hall, case), [("promise", "red"), ("deemed", "red")]);
    hall.act(&Command::Decide { case: case.to_string(), grant: true, reason: None }).unwrap();
    assert_eq!(open(&hall, case), [("deemed", "red")]);
    let card = hall.state.cards(&case).into_iter().find(Card::is_open).unwrap();
    let answer = |number: &str, text: &str| Command::AnswerSupervision { number: number.into(), text: text.into() };
    assert_eq!(hall.code(&answer(&card.number, " ")), "invalid-field");
    assert_eq!(hall.code(&answer("JC0-20260101-00001", "查明")), "card-unknown");
    hall.act(&answer(&card.number, "窗口漏办，已整改")).unwrap();
    assert_eq!(hall.state.card_named(&card.number).unwrap().state, CardState::Answered);
    let close = Command::CloseCard { card: card.number.clone(), text: "已整改".into() };
    hall.act(&close).unwrap();
    assert_eq!(hall.code(&close), "card-closed");
    assert_eq!(hall.code(&answer(&card.number, "再说")), "card-closed");
    to(&mut hall, 12, 31);
    let after = hall.state.card_named(&card.number).unwrap();
    assert_eq!((after.state, after.ending, after.times), (CardState::Closed, Some(Ending::ByPerson), 1));
}

#[test]
fn a_window_that_holds_a_case_and_a_node_that_is_silent() {
    let home = guangan();
    let mut town = daishi(&home);
    let mut request = collect(code(false), home.division());
    if let Command::Collect { hold, .. } = &mut request {
        *hold = true;
    }
    let Reply::Collected(collected) = town.act(&request).unwrap().reply else { panic!("it is collected") };
    let case = collected.case;
    // Collected on Monday; Tuesday is the one working day that there is.
    to(&mut town, 9, 15);
    assert_eq!(open(&town, case), []);
    to(&mut town, 9, 16);
    assert_eq!(open(&town, case), [("handover", "red")]);
    let card = town.state.cards(&case).remove(0);
    assert_eq!((card.division(), card.department.as_str()), (town.division(), "511603104000"));
    town.act(&Command::Offer(case.to_string())).unwrap();
    assert_eq!(open(&town, case), []);
    to(&mut town, 9, 18);
    assert_eq!(open(&town, case), [("unanswered", "yellow")]);
    let origin = home.origin();
    town.act(&Command::SettleOffer { origin, case, tenure: 1, act: 2, refusal: None }).unwrap();
    assert_eq!(open(&town, case), []);
}

#[test]
fn thresholds_are_data_and_a_change_is_looked_at_everywhere() {
    let mut hall = guangan();
    let cases: Vec<CaseId> = (0..LOOKS_MAX + 9).map(|_| accepted(&mut hall)).collect();
    to(&mut hall, 9, 16);
    assert!(hall.state.cards.is_empty());
    let mut setting = RuleSetting {
        rule: Rule::Promise,
        yellow_days: Some(3),
        yellow_percent: None,
        red_after: None,
        severe_after: None,
        limit_days: None,
    };
    hall.act(&Command::SetRule { setting, effective: None }).unwrap();
    // Three remain after Wednesday: 17, 18 and 20. The sweep takes several ticks.
    to(&mut hall, 9, 16);
    assert_eq!(hall.state.cards.len(), cases.len());
    assert!(hall.state.swept.unwrap().done);
    // The same again changes nothing; taken back, the yellow cards are gone.
    assert!(hall.act(&Command::SetRule { setting, effective: None }).unwrap().events.is_empty());
    setting.yellow_days = None;
    hall.act(&Command::SetRule { setting, effective: None }).unwrap();
    to(&mut hall, 9, 16);
    assert!(hall.state.cards.values().all(|card| !card.is_open()));
    to(&mut hall, 9, 18);
    assert!(hall.state.cards.values().all(|card| card.is_open() && card.times == 2));
    for (rule, field, wrong) in [
        (Rule::Promise, "yellow_days", RuleSetting { yellow_days: Some(1000), ..setting }),
        (Rule::Promise, "yellow_percent", RuleSetting { yellow_percent: Some(100), ..setting }),
        (Rule::Promise, "limit_days", RuleSetting { limit_days: Some(3), ..setting }),
        (Rule::Promise, "severe_after", RuleSetting { red_after: Some(3), severe_after: Some(3), ..setting }),
        (Rule::Deemed, "rule", RuleSetting { red_after: Some(3), ..setting }),
        (Rule::Unanswered, "rule", RuleSetting { red_after: Some(3), ..setting }),
        (Rule::Handover, "limit_days", RuleSetting { limit_days: Some(0), ..setting }),
        (Rule::LateEntry, "rule", RuleSetting { yellow_days: Some(1), ..setting }),
        (Rule::LateEntry, "rule", RuleSetting { red_after: Some(3), ..setting }),
    ] {
        let setting = RuleSetting { rule, ..wrong };
        let refused = hall.act(&Command::SetRule { setting, effective: None }).unwrap_err();
        assert_eq!((refused.code, refused.field), ("invalid-field", field));
    }
}

/// An order hangs on a case and is looked at in its turn: the sweep passes neither.
#[test]
fn a_sweep_looks_at_an_order_and_at_its_case() {
    let mut hall = guangan();
    let case = accepted(&mut hall);
    hall.act(&order(&case.to_string(), None, 1)).unwrap();
    to(&mut hall, 9, 15);
    assert_eq!(
        hall.state.watched.iter().map(|(at, _)| at.date()).collect::<Vec<_>>(),
        [date(2026, 9, 16), date(2026, 9, 18)]
    );
    let setting = RuleSetting { yellow_days: Some(10), ..Rule::Promise.standing() };
    hall.act(&Command::SetRule { setting, effective: None }).unwrap();
    to(&mut hall, 9, 15);
    assert_eq!(open(&hall, case), [("promise", "yellow")]);
    assert!(hall.state.swept.unwrap().done);
}

#[test]
fn a_second_notice_is_for_a_supervisor_to_judge() {
    let mut hall = guangan();
    let case = hall.collect(code(true), hall.division());
    let notify = |text: &str, new_reasons: Vec<String>| Command::Notify {
        case: case.to_string(),
        items: vec![text.to_owned()],
        new_reasons,
        within: None,
    };
    hall.act(&notify("检测报告", Vec::new())).unwrap();
    to(&mut hall, 9, 15);
    assert_eq!(open(&hall, case), []);
    let brings = vec![Bringing { item: "1".into(), materials: Vec::new() }];
    hall.act(&Command::Supplement { case: case.to_string(), brings }).unwrap();
    hall.act(&notify("平面图", vec!["检测报告列明后方知".into()])).unwrap();
    to(&mut hall, 9, 16);
    assert_eq!(open(&hall, case), [("second-notice", "yellow")]);
    hall.act(&Command::AcceptEnough { case: case.to_string(), reason: "可以共享取得".into() }).unwrap();
    to(&mut hall, 9, 17);
    assert_eq!(open(&hall, case), [("second-notice", "yellow")], "accepting doesn't undo it");
}

/// A supervisor settles what there was, not what comes after.
#[test]
fn a_cause_that_comes_after_a_closing_raises_the_card_again() {
    let mut hall = guangan();
    let case = hall.collect(code(true), hall.division());
    let notify = |text: &str, new_reasons: Vec<String>| Command::Notify {
        case: case.to_string(),
        items: vec![text.to_owned()],
        new_reasons,
        within: None,
    };
    let bring = |line: &str| Command::Supplement {
        case: case.to_string(),
        brings: vec![Bringing { item: line.into(), materials: Vec::new() }],
    };
    let again = || vec!["此前无法得知".to_owned()];
    hall.act(&notify("检测报告", Vec::new())).unwrap();
    hall.act(&bring("1")).unwrap();
    hall.act(&notify("平面图", again())).unwrap();
    to(&mut hall, 9, 16);
    let card = hall.state.cards(&case).into_iter().find(Card::is_open).unwrap();
    let answer = |text: &str| Command::AnswerSupervision { number: card.number.clone(), text: text.into() };
    let close = Command::CloseCard { card: card.number.clone(), text: "属实".into() };
    hall.act(&answer("检测报告列明后方知")).unwrap();
    hall.act(&answer("另附说明")).unwrap();
    hall.act(&close).unwrap();
    // It stays closed while nothing new comes.
    to(&mut hall, 9, 17);
    assert_eq!(open(&hall, case), []);
    // On the very day of a closing, after it.
    hall.act(&bring("2")).unwrap();
    hall.act(&notify("消防意见", again())).unwrap();
    to(&mut hall, 9, 18);
    assert_eq!(open(&hall, case), [("second-notice", "yellow")]);
    hall.act(&close).unwrap();
    hall.act(&bring("3")).unwrap();
    hall.act(&notify("授权书", again())).unwrap();
    to(&mut hall, 9, 19);
    assert_eq!(open(&hall, case), [("second-notice", "yellow")]);
    hall.act(&close).unwrap();
    to(&mut hall, 9, 25);
    assert_eq!(open(&hall, case), []);
    let card = hall.state.card_named(&card.number).unwrap();
    assert_eq!((card.times, card.on), (3, date(2026, 9, 18)));
    // Everything that was said is kept.
    let said: Vec<&str> = card.said.iter().map(|said| said.text.as_str()).collect();
    assert_eq!(said, ["检测报告列明后方知", "属实", "属实"]);
    assert_eq!(card.answer.unwrap().text, "另附说明");
}

#[test]
fn a_second_stop_that_takes_too_long_is_seen() {
    let mut hall = guangan();
    let case = accepted(&mut hall);
    let text = case.to_string();
    let suspend = Command::SuspendCase { case: text.clone(), procedure: "检测".into(), days: 1 };
    let resume = Command::ResumeCase { case: text, note: None };
    hall.act(&suspend).unwrap();
    to(&mut hall, 9, 16);
    assert_eq!(open(&hall, case), [("stop", "red")]);
    let card = hall.state.cards(&case).into_iter().find(Card::is_open).unwrap();
    hall.act(&Command::CloseCard { card: card.number.clone(), text: "已督促".into() }).unwrap();
    to(&mut hall, 9, 17);
    assert_eq!(open(&hall, case), []);
    hall.act(&resume).unwrap();
    hall.act(&suspend).unwrap();
    to(&mut hall, 9, 20);
    assert_eq!(open(&hall, case), [("stop", "red")]);
    assert_eq!(hall.state.card_named(&card.number).unwrap().times, 2);
}

#[test]
fn what_is_overdue_stays_so_while_the_clock_stands_still() {
    let mut hall = guangan();
    let case = accepted(&mut hall);
    to(&mut hall, 9, 21);
    assert_eq!(open(&hall, case), [("promise", "red")]);
    hall.act(&Command::SuspendCase { case: case.to_string(), procedure: "检测".into(), days: 20 }).unwrap();
    assert_eq!(open(&hall, case), [("promise", "red")]);
    to(&mut hall, 9, 22);
    assert_eq!(open(&hall, case), [("promise", "red")]);
    hall.act(&Command::ResumeCase { case: case.to_string(), note: None }).unwrap();
    to(&mut hall, 9, 23);
    assert_eq!(open(&hall, case), [("promise", "red")]);
    assert_eq!(hall.state.cards(&case).into_iter().find(Card::is_open).unwrap().times, 1);
}

#[test]
fn answers_of_a_card_are_kept_up_to_a_number() {
    let mut hall = guangan();
    let case = accepted(&mut hall);
    to(&mut hall, 9, 21);
    let card = hall.state.cards(&case).into_iter().find(Card::is_open).unwrap();
    let answer = Command::AnswerSupervision { number: card.number, text: "正在办理".into() };
    let codes: Vec<_> = (0..22).map(|_| hall.code(&answer)).collect();
    assert_eq!((codes[20], codes[21]), ("ok", "card-answered"));
}

/// Two nodes serve one division, the second with an ordinal: neither draws a number of the other.
#[test]
fn two_nodes_of_a_division_draw_numbers_of_their_own() {
    let mut county = guangan();
    let case = accepted(&mut county);
    let mut first = city(&county);
    let mut second = city(&county).second();
    second.state.node.label = Label::new(second.division(), 1).unwrap();
    let (one, first_notices) = given(&mut first, &order(&case.to_string(), Some("511602"), 3));
    let (other, second_notices) = given(&mut second, &order(&case.to_string(), Some("511602"), 3));
    assert_eq!(one.number, "DB511600000000-20260914-00001");
    assert_eq!(other.number, "DB511600000000.1-20260914-00001");
    carry(&first_notices[0], &mut first, &mut county);
    carry(&second_notices[0], &mut second, &mut county);
    for number in [&one.number, &other.number] {
        assert_eq!(county.state.matter_named(number).unwrap().number(), number);
    }
    // A number that is known is not given to another order.
    let (again, _) = given(&mut second, &order(&case.to_string(), Some("511602"), 3));
    let origin = second.origin();
    let forged = Order { number: one.number, ..again };
    assert_eq!(county.code(&Command::TakeOrder { origin, order: Box::new(forged) }), "invalid-field");
    assert_eq!(county.state.matters.len(), 2);
}

/// A city above the county, which knows its node.
fn city(county: &Hall) -> Hall {
    let mut city = Hall::new("511600", "广安市");
    city.state.places = Places::new([(county.division(), county.place())].into(), [].into());
    city
}

fn order(about: &str, division: Option<&str>, days: u16) -> Command {
    let division = division.map(|division| division.parse().unwrap());
    Command::GiveOrder { about: about.into(), division, text: "说明超期原因".into(), days }
}

fn given(hall: &mut Hall, command: &Command) -> (Order, Vec<tongban_domain::Notice>) {
    let change = hall.act(command).unwrap();
    let Reply::Order(order) = change.reply else { panic!("{:?}", change.reply) };
    (*order, change.notices)
}

#[test]
fn an_order_from_above_is_answered_and_a_silent_department_gets_a_card() {
    let mut county = guangan();
    let mut city = city(&county);
    let case = accepted(&mut county);
    to(&mut county, 9, 21);
    to(&mut city, 9, 21);
    let red = county.state.cards(&case).into_iter().find(Card::is_open).unwrap();
    let (order_given, notices) = given(&mut city, &order(&red.number, Some("511602"), 2));
    assert_eq!((order_given.answer_by, order_given.case), (date(2026, 9, 23), None));
    assert!(carry(&notices[0], &mut city, &mut county).is_empty());
    // Once: the same order again changes nothing, nor does another node's under its id.
    let change =
        county.act(&Command::TakeOrder { origin: city.origin(), order: Box::new(order_given.clone()) }).unwrap();
    assert!(change.events.is_empty());
    let Some(Matter::Order(taken)) = county.state.matter_named(&order_given.number) else { panic!("it was taken") };
    assert_eq!((taken.case, taken.rule, taken.colour), (Some(case), Some(Rule::Promise), Some(Colour::Red)));
    assert_eq!(taken.department.as_deref(), Some("区行政审批局"));
    to(&mut county, 9, 24);
    assert_eq!(open(&county, case), [("promise", "red"), ("order", "red")]);
    let answer = Command::AnswerSupervision { number: order_given.number.clone(), text: "检测机构延误".into() };
    let change = county.act(&answer).unwrap();
    assert_eq!(open(&county, case), [("promise", "red")]);
    assert_eq!(county.code(&answer), "order-answered");
    city.now = county.now;
    let tongban_domain::NoticeBody::OrderAnswer(told) = &change.notices[0].body else { panic!("it is answered") };
    let origin = county.origin();
    let long = tongban_domain::supervision::OrderAnswer { department: Some("局".repeat(201)), ..(**told).clone() };
    assert_eq!(city.code(&Command::TakeOrderAnswer { origin, answer: Box::new(long) }), "invalid-field");
    carry(&change.notices[0], &mut county, &mut city);
    let Some(Matter::Order(known)) = city.state.matter_named(&order_given.number) else { panic!("it is kept") };
    assert_eq!(known.answer.unwrap().text, "检测机构延误");
    assert_eq!((known.case_no, known.rule), (county.case(case).case_no.clone(), Some(Rule::Promise)));
}

#[test]
fn orders_that_may_not_be_given_or_taken() {
    let mut county = guangan();
    let mut city = city(&county);
    let case = accepted(&mut county);
    let name = case.to_string();
    assert_eq!(county.code(&order("511602-none", None, 3)), "case-unknown");
    assert_eq!(county.code(&order(&name, Some("511600"), 3)), "division-rule");
    assert_eq!(county.code(&order(&name, None, 0)), "invalid-field");
    assert_eq!(city.code(&order(&name, Some("511603"), 3)), "division-unknown");
    // One about a case that isn't here is refused, and the superior hears it.
    let (unknown, notices) = given(&mut city, &order("0000", Some("511602"), 3));
    carry(&notices[0], &mut city, &mut county);
    let Some(Matter::Order(refused)) = city.state.matter_named(&unknown.number) else { panic!("it is kept") };
    assert_eq!(refused.refused.unwrap().0, "case-unknown");
    assert!(county.state.matters.is_empty());
    let (good, _) = given(&mut city, &order(&name, Some("511602"), 3));
    let origin = city.origin();
    let mut forged: Vec<Order> = vec![good.clone(); 9];
    forged[0].from = county.place();
    forged[1].number = "DB510000000000-20260914-00001".into();
    forged[2].to = city.place();
    forged[3].operator = "system".into();
    forged[4].id = CaseId::draw(&county.place().node, [1; 10]);
    forged[5].answer_by = date(9999, 12, 31);
    forged[6].answer_by = date(2026, 9, 14);
    (forged[7].at, forged[7].answer_by) = (at(2036, 9, 14, 9), date(2036, 9, 16));
    forged[8].number = "DB511600000000.-20260914-00001".into();
    for order in forged {
        assert_eq!(county.code(&Command::TakeOrder { origin, order: Box::new(order) }), "invalid-field");
    }
    // A node beside or below orders nothing.
    let mut beside = Hall::new("511603", "前锋区");
    let order = Order { from: beside.place(), ..good.clone() };
    let take = Command::TakeOrder { origin: beside.origin(), order: Box::new(order) };
    assert_eq!(county.code(&take), "division-rule");
    assert_eq!(beside.code(&Command::AnswerSupervision { number: good.number, text: "无".into() }), "card-unknown");
    assert!(county.state.matters.is_empty());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Collect { permit: bool },
    Act { act: u8, case: usize },
    Wait { hours: i64 },
    Set { days: Option<u16> },
    Order { case: usize, days: u16 },
    Answer { order: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<bool>().prop_map(|permit| Step::Collect { permit }),
        8 => (0u8..11, 0usize..6).prop_map(|(act, case)| Step::Act { act, case }),
        6 => (1i64..140).prop_map(|hours| Step::Wait { hours }),
        1 => prop::option::of(0u16..4).prop_map(|days| Step::Set { days }),
        2 => (0usize..6, 1u16..4).prop_map(|(case, days)| Step::Order { case, days }),
        1 => (0usize..6).prop_map(|order| Step::Answer { order }),
    ]
}

/// Case, rule, colour, the order that it is about; and whether it is open.
type Model = BTreeMap<(CaseId, Rule, Colour, String), bool>;

/// The orders of a hall, with the days on which their cards begin.
fn orders(hall: &Hall) -> Vec<(Order, [(Colour, Date); 2])> {
    let all = hall.state.matters.values().map(|Matter::Order(order)| order.clone());
    all.map(|order| {
        let severe = hall.state.calendar().add_working_days(order.answer_by, 5).date;
        let days = [(Colour::Red, order.answer_by.next_day()), (Colour::Severe, severe)];
        (order, days)
    })
    .collect()
}

/// A look at everything: what has begun has a card, the gravest of each rule is open.
fn look_at_all(model: &mut Model, hall: &Hall, raise: impl Fn(CaseId) -> bool) {
    let (day, here) = (hall.now.date(), hall.state.node.node);
    let rules = Rules::holding(&hall.state, hall.division(), day);
    for (id, case) in &hall.state.cases {
        let all = stages(&hall.state, &rules, here, case);
        let begun: Vec<_> = all.iter().filter(|stage| stage.from <= day).collect();
        if raise(*id) {
            for stage in &begun {
                let stands = begun.iter().all(|other| other.rule != stage.rule || other.colour <= stage.colour);
                model.insert((*id, stage.rule, stage.colour, String::new()), stands);
            }
        }
        for ((_, rule, colour, _), open) in model.iter_mut().filter(|((of, rule, ..), _)| of == id && rule.is_of_case())
        {
            *open &= rule.is_lasting() || begun.iter().any(|stage| (stage.rule, stage.colour) == (*rule, *colour));
        }
    }
    for (order, days) in orders(hall) {
        let waits = order.answer.is_none();
        for (place, (colour, from)) in days.into_iter().enumerate() {
            let key = (order.case.unwrap(), Rule::Order, colour, order.number.clone());
            if waits && from <= day {
                let stands = days.get(place + 1).is_none_or(|(_, graver)| *graver > day);
                model.insert(key, stands);
            } else if let Some(open) = model.get_mut(&key) {
                *open &= waits;
            }
        }
    }
}

fn held(hall: &Hall) -> Model {
    let key = |card: &Card| (card.case, card.rule, card.colour, card.order.clone().unwrap_or_default());
    hall.state.cards.values().map(|card| (key(card), card.is_open())).collect()
}

fn act_of(act: u8, case: CaseId) -> Command {
    let case = case.to_string();
    match act {
        0 | 1 => Command::Accept(case),
        2 => Command::Notify { case, items: vec!["演示".into()], new_reasons: Vec::new(), within: None },
        8 => Command::Notify { case, items: vec!["又一".into()], new_reasons: vec!["演示".into()], within: None },
        9 => Command::AcceptEnough { case, reason: "演示".into() },
        3 => Command::SuspendCase { case, procedure: "检测".into(), days: 2 },
        4 => Command::ResumeCase { case, note: None },
        5 => Command::ExtendCase { case, days: 10, approver: "演示".into(), reason: "演示".into() },
        6 => Command::Decide { case, grant: true, reason: None },
        7 => Command::Deliver { case, note: None },
        _ => Command::Refuse { case, kind: RefusalKind::NotRequired, competent: None, reason: "演示".into() },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// The node looks only where something may have begun; a look at every case at each midnight finds the same cards.
    #[test]
    fn looks_in_time_find_what_looks_at_everything_find(steps in prop::collection::vec(step(), 1..40)) {
        let mut hall = guangan();
        let mut model = Model::new();
        for step in steps {
            match step {
                Step::Collect { permit } => drop(hall.collect(code(permit), hall.division())),
                Step::Act { act, case } => {
                    let ids: Vec<CaseId> = hall.state.cases.keys().copied().collect();
                    let Some(id) = ids.get(case % ids.len().max(1)) else { continue };
                    if hall.act(&act_of(act, *id)).is_ok() {
                        look_at_all(&mut model, &hall, |_| false);
                    }
                }
                Step::Wait { hours } => {
                    let end = hall.now.add_seconds(hours * 3600);
                    while let midnight = hall.now.date().next_day().start()
                        && midnight <= end
                    {
                        hall.run_to(midnight);
                        look_at_all(&mut model, &hall, |_| true);
                        prop_assert_eq!(held(&hall), model.clone(), "{}", hall.now);
                    }
                    hall.run_to(end);
                }
                Step::Order { case, days } => {
                    let ids: Vec<CaseId> = hall.state.cases.keys().copied().collect();
                    let Some(id) = ids.get(case % ids.len().max(1)) else { continue };
                    hall.act(&order(&id.to_string(), None, days)).unwrap();
                }
                Step::Answer { order } => {
                    let numbers: Vec<String> = hall.state.matters.values().map(|matter| matter.number().to_owned()).collect();
                    let Some(number) = numbers.get(order % numbers.len().max(1)) else { continue };
                    let text = "演示".to_owned();
                    if hall.act(&Command::AnswerSupervision { number: number.clone(), text }).is_ok() {
                        look_at_all(&mut model, &hall, |_| false);
                    }
                }
                Step::Set { days } => {
                    let setting = RuleSetting { yellow_days: days, ..Rule::Promise.standing() };
                    hall.act(&Command::SetRule { setting, effective: None }).unwrap();
                    hall.ticks();
                    // A sweep looks at every case that isn't over.
                    let over: Vec<CaseId> = hall.state.cases.values().filter(|case| is_over(case.status)).map(|case| case.id).collect();
                    if hall.state.swept.is_some() {
                        look_at_all(&mut model, &hall, |id| !over.contains(&id));
                    }
                }
            }
            prop_assert_eq!(held(&hall), model.clone());
        }
        let mut numbers: Vec<&String> = hall.state.cards.values().map(|card| &card.number).collect();
        numbers.sort();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), hall.state.cards.len());
    }

    /// A day of a stage doesn't depend on when it is asked for, and cards of a rule come in the order of their colours.
    #[test]
    fn stages_of_a_rule_follow_each_other(days in 1u16..60, yellow in 0u16..20, percent in 1u8..100, red in 0u16..10, more in 1u16..10) {
        let mut hall = guangan();
        let case = accepted(&mut hall);
        let mut case = hall.case(case).clone();
        case.deadlines.as_mut().unwrap().promised.as_mut().unwrap().date = date(2026, 9, 14).add_days(i32::from(days));
        let severe_after = Some(red + more);
        let setting = RuleSetting { rule: Rule::Promise, yellow_days: Some(yellow), yellow_percent: Some(percent), red_after: Some(red), severe_after, limit_days: None };
        hall.act(&Command::SetRule { setting, effective: None }).unwrap();
        let rules = Rules::holding(&hall.state, hall.division(), hall.now.date());
        let found = stages(&hall.state, &rules, hall.state.node.node, &case);
        let of: Vec<(Colour, Date)> = found.iter().filter(|stage| stage.rule == Rule::Promise).map(|stage| (stage.colour, stage.from)).collect();
        let [(Colour::Yellow, first), (Colour::Red, second), (Colour::Severe, third)] = of[..] else { panic!("{of:?}") };
        let due = case.deadlines.unwrap().promised.unwrap().date;
        prop_assert!(first > date(2026, 9, 14) && first <= due && due < second && second <= third);
    }
}

/// Every event of a tick is one that a release before this one didn't know, so that old entries of the log mean what they meant.
#[test]
fn an_idle_node_writes_nothing() {
    let mut hall = Hall::new("511602", "广安区");
    let change = hall.act(&Command::Tick).unwrap();
    assert!(change.events.is_empty(), "{:?}", change.events);
    let mut hall = guangan();
    let case = accepted(&mut hall);
    hall.now = at(2026, 9, 15, 0);
    let change = hall.act(&Command::Tick).unwrap();
    let [Event::Looked(looked)] = &change.events[..] else { panic!("{:?}", change.events) };
    let [look] = &looked.looks[..] else { panic!("{looked:?}") };
    assert_eq!((look.of, look.next), (Watched::Case(case), Some(date(2026, 9, 18).start())));
}
