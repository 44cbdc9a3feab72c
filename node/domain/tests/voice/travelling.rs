//! Ratings and tickets between two halls: at one place at a time, whatever order and however often words arrive.

use std::collections::VecDeque;

use proptest::prelude::*;
use tongban_codes::ids::CaseId;
use tongban_domain::voice::{
    Channel, FollowUpState, OpenTicket, Standing, Ticket, TicketAct, TicketNews, TicketOutcome, TicketReply,
    TicketState, TicketWord, Voice, VoiceCommand, Word,
};
use tongban_domain::{Command, Notice, NoticeBody, Role};

use crate::hall::{CARD, Hall, at, carry, collect, daishi, date, guangan, under};
use crate::scene::{
    BAD, GOOD, actor, answer, assign, code, complaint, give, on, opened, rated, rating, request, staffed, supervisor,
    ticket,
};

/// A town that collects and a district that decides, under one city.
fn two() -> (Hall, Hall) {
    let mut home = staffed(guangan());
    let mut town = staffed(daishi(&home));
    town.act(&Command::AddAuthority { name: "便民服务中心".to_owned(), code: None, maps: None }).unwrap();
    // 广安区 covers 511603, to which 代市镇 belongs.
    under(&mut Hall::new("5116", "广安市"), &mut [&mut town, &mut home]);
    (town, home)
}

fn carried(notices: Vec<Notice>, from: &mut Hall, to: &mut Hall) {
    let mut back = Vec::new();
    for notice in notices {
        back.extend(carry(&notice, from, to));
    }
    for notice in back {
        carry(&notice, to, from);
    }
}

/// A case that the town collected and the district granted.
fn granted(town: &mut Hall, home: &mut Hall) -> CaseId {
    let change = town.act(&collect(CARD[3].1, home.division())).unwrap();
    let tongban_domain::Reply::Collected(collected) = &change.reply else { panic!("it is collected") };
    let case = collected.case;
    carried(change.notices, town, home);
    for command in
        [Command::Accept(case.to_string()), Command::Decide { case: case.to_string(), grant: true, reason: None }]
    {
        let change = home.act(&command).unwrap();
        carried(change.notices, home, town);
    }
    case
}

#[test]
fn the_visit_is_the_halls_and_the_matter_the_authoritys() {
    let (mut town, mut home) = two();
    let case = granted(&mut town, &mut home);
    let visit = rated(&mut town, case, BAD, Channel::Pad);
    assert_eq!(rating(&town, &visit).rated, town.place());
    assert_eq!(rating(&town, &visit).operators, ["窗口员"]);
    assert_eq!(code(give(&mut home, request(case, GOOD, Channel::Pad))), "rating-early", "nobody came to the district");

    let change = give(&mut town, request(case, BAD, Channel::Mobile)).unwrap();
    let [notice] = change.notices.as_slice() else { panic!("one word") };
    carry(notice, &mut town, &mut home);
    let Some(Voice::Rating(sent)) = town.state.voices.get(&notice.case).cloned() else { panic!("it is kept") };
    assert_eq!((sent.standing, sent.follow_up), (Standing::Sent, None));
    let taken = rating(&home, &sent.number);
    assert_eq!(
        (taken.standing, taken.rated, taken.operators),
        (Standing::Counted, home.place(), vec!["审查员".to_owned(), "决定员".to_owned()])
    );
    assert_eq!(taken.follow_up.unwrap().state, FollowUpState::Open);
    assert_eq!(code(give(&mut home, request(case, GOOD, Channel::Web))), "rating-repeated");
    assert_eq!(code(give(&mut town, request(case, GOOD, Channel::Web))), "rating-repeated");
    // Told again, nothing changes.
    let before = home.state.voices.clone();
    carry(notice, &mut town, &mut home);
    assert_eq!(home.state.voices, before);
}

#[test]
fn what_was_rated_at_the_authority_before_is_refused_there_and_known_here() {
    let (mut town, mut home) = two();
    let case = granted(&mut town, &mut home);
    let change = give(&mut town, request(case, GOOD, Channel::Mobile)).unwrap();
    rated(&mut home, case, GOOD, Channel::Web);
    carried(change.notices, &mut town, &mut home);
    let refused: Vec<_> = town.state.voices.values().collect();
    let [Voice::Rating(refused)] = refused.as_slice() else { panic!("one rating") };
    assert_eq!(refused.standing, Standing::Refused);
    assert_eq!(refused.refused.as_ref().map(|(code, _)| code.as_str()), Some("rating-repeated"));
}

#[test]
fn a_stranger_rates_nothing() {
    let (mut town, mut home) = two();
    let case = granted(&mut town, &mut home);
    let change = give(&mut town, request(case, GOOD, Channel::Mobile)).unwrap();
    let NoticeBody::Voice(word) = &change.notices[0].body else { panic!("a word") };
    let mut third = Hall::new("511622", "武胜县");
    let forged = VoiceCommand::Take { origin: third.origin(), id: change.notices[0].case, word: word.clone() };
    assert_eq!(home.code(&Command::Voice(forged)), "invalid-field", "the id and the number are another node's");
    let Word::Rating(own) = &**word else { panic!("a rating") };
    let mut own = own.clone();
    own.number = format!("PJ{}-20260914-00001", third.division());
    let id = CaseId::draw(&third.place().node, [1; 10]);
    let forged = VoiceCommand::Take { origin: third.origin(), id, word: Box::new(Word::Rating(own.clone())) };
    assert_eq!(home.code(&Command::Voice(forged)), "case-unknown", "it collected no such case");
    own.number = format!("PJ{}-20260914-00009", town.division());
    own.channel = Channel::Pad;
    let id = CaseId::draw(&town.place().node, [2; 10]);
    let forged = VoiceCommand::Take { origin: town.origin(), id, word: Box::new(Word::Rating(own)) };
    assert_eq!(home.code(&Command::Voice(forged)), "invalid-field", "a visit isn't told");
    assert!(home.state.voices.is_empty());
    third.now = home.now;
}

#[test]
fn a_ticket_about_another_nodes_case_goes_there_and_its_answer_comes_back() {
    let (mut town, mut home) = two();
    let case = granted(&mut town, &mut home);
    let (number, change) = opened(&mut town, OpenTicket { case: Some(case.to_string()), ..complaint() });
    assert!(ticket(&town, &number).away);
    let window = actor("李窗口", &[Role::Window]);
    assert_eq!(code(on(&mut town, &supervisor(), &number, assign("便民服务中心"))), "ticket-elsewhere");
    carried(change.notices, &mut town, &mut home);
    assert_eq!(ticket(&home, &number).case, Some(case));
    let plea = TicketAct::Reopen { reason: "x".to_owned() };
    assert_eq!(
        code(on(&mut home, &supervisor(), &number, plea.clone())),
        "ticket-elsewhere",
        "he speaks where he asked"
    );
    for (who, act) in [
        (supervisor(), assign("区残联")),
        (window.clone(), answer()),
        (window.clone(), TicketAct::Close { outcome: TicketOutcome::Explained }),
    ] {
        let change = on(&mut home, &who, &number, act).unwrap();
        carried(change.notices, &mut home, &mut town);
    }
    let known = ticket(&town, &number);
    assert_eq!(
        (known.state, known.answers.len(), known.outcome),
        (TicketState::Closed, 1, Some(TicketOutcome::Explained))
    );
    assert_eq!(known.department.as_deref(), Some("区残联"));
    let change = on(&mut town, &actor("", &[]), &number, plea).unwrap();
    carried(change.notices, &mut town, &mut home);
    assert_eq!(ticket(&home, &number).state, TicketState::Assigned);
    assert_eq!(ticket(&town, &number).state, TicketState::Assigned);
    for act in [answer(), TicketAct::GiveBack { reason: "不是本区事项".to_owned() }] {
        let _refused_or_done =
            on(&mut home, &window, &number, act).map(|change| carried(change.notices, &mut home, &mut town));
    }
    assert_eq!(ticket(&town, &number).state, TicketState::Answered, "what is answered isn't given back");
}

#[test]
fn a_ticket_that_is_not_taken_goes_on_where_it_was_opened() {
    let (mut town, mut home) = two();
    let request = || OpenTicket { division: Some("511602".parse().unwrap()), ..complaint() };
    let (number, change) = opened(&mut town, request());
    carried(change.notices, &mut town, &mut home);
    let back = on(&mut home, &supervisor(), &number, TicketAct::GiveBack { reason: "镇级事项".to_owned() }).unwrap();
    carried(back.notices, &mut home, &mut town);
    assert!(!ticket(&town, &number).away);
    assert_eq!(ticket(&home, &number).state, TicketState::Returned);
    assert_eq!(code(on(&mut home, &supervisor(), &number, assign("区残联"))), "ticket-state");
    // Sent again, it is taken again.
    let to = TicketAct::Send { division: home.division(), reason: "确属区级".to_owned() };
    let again = on(&mut town, &supervisor(), &number, to).unwrap();
    carried(again.notices, &mut town, &mut home);
    assert_eq!((ticket(&home, &number).state, ticket(&town, &number).away), (TicketState::Open, true));
    // One that is refused goes on here likewise.
    let (number, change) = opened(&mut town, request());
    let (id, act) = (change.notices[0].case, change.notices[0].act);
    let refusal = ("too-large".to_owned(), "演示".to_owned());
    let stale = VoiceCommand::Refused { origin: home.origin(), id, act: act + 1, refusal: refusal.clone() };
    town.act(&Command::Voice(stale)).unwrap();
    assert!(ticket(&town, &number).away, "the refusal of another word changes nothing");
    town.act(&Command::Voice(VoiceCommand::Refused { origin: home.origin(), id, act, refusal })).unwrap();
    assert_eq!((ticket(&town, &number).away, ticket(&town, &number).state), (false, TicketState::Open));
}

/// A ticket of the town for the district, on its way.
fn on_its_way(town: &mut Hall, home: &Hall) -> (String, CaseId, TicketWord) {
    let (number, change) = opened(town, OpenTicket { division: Some(home.division()), ..complaint() });
    let NoticeBody::Voice(word) = &change.notices[0].body else { panic!("a word") };
    let Word::Ticket(word) = &**word else { panic!("a ticket") };
    (number, change.notices[0].case, (**word).clone())
}

fn tell(hall: &mut Hall, of: &Hall, id: CaseId, word: Word) -> &'static str {
    hall.code(&Command::Voice(VoiceCommand::Take { origin: of.origin(), id, word: Box::new(word) }))
}

#[test]
fn the_time_of_a_ticket_runs_on_wherever_it_is() {
    let (mut town, mut home) = two();
    let (number, change) = opened(&mut town, OpenTicket { division: Some(home.division()), ..complaint() });
    let (opened_on, due) = (date(2026, 9, 14), date(2026, 9, 20));
    let time = |hall: &Hall| (ticket(hall, &number).from, ticket(hall, &number).due);
    assert_eq!(time(&town), (opened_on, due));
    // It takes two days to arrive, and is given back after two more.
    (town.now, home.now) = (at(2026, 9, 16, 9), at(2026, 9, 16, 9));
    carried(change.notices, &mut town, &mut home);
    assert_eq!(time(&home), (opened_on, due), "it doesn't begin anew on arrival");
    (town.now, home.now) = (at(2026, 9, 18, 9), at(2026, 9, 18, 9));
    let back = on(&mut home, &supervisor(), &number, TicketAct::GiveBack { reason: "镇级事项".to_owned() }).unwrap();
    carried(back.notices, &mut home, &mut town);
    assert_eq!(time(&town), (opened_on, due));
    let to = TicketAct::Send { division: home.division(), reason: "确属区级".to_owned() };
    let again = on(&mut town, &supervisor(), &number, to).unwrap();
    (town.now, home.now) = (at(2026, 9, 21, 9), at(2026, 9, 21, 9));
    carried(again.notices, &mut town, &mut home);
    assert_eq!(time(&home), (opened_on, due));
    home.run_to(at(2026, 9, 22, 9));
    assert_eq!(crate::scene::open_cards(&home, &number), [("complaint", "red")]);
    // Opened again, the time is that of the day on which the applicant said so.
    for act in [assign("区残联"), answer()] {
        let change = on(&mut home, &supervisor(), &number, act).unwrap();
        carried(change.notices, &mut home, &mut town);
    }
    let plea = on(&mut town, &actor("", &[]), &number, TicketAct::Reopen { reason: "未解决".to_owned() }).unwrap();
    let anew = time(&town);
    assert_eq!(anew.0, date(2026, 9, 21));
    (town.now, home.now) = (at(2026, 9, 23, 9), at(2026, 9, 23, 9));
    carried(plea.notices, &mut town, &mut home);
    assert_eq!((time(&home), time(&town)), (anew, anew));
}

#[test]
fn a_forged_time_is_refused_or_cut_to_the_rule() {
    let (mut town, mut home) = two();
    let (number, id, word) = on_its_way(&mut town, &home);
    for (from, due, what) in [
        (date(2026, 9, 10), date(2026, 9, 20), "it runs before it was opened"),
        (date(2026, 9, 17), date(2026, 9, 24), "it runs from a day to come"),
        (date(2026, 9, 14), date(2026, 9, 14), "it is over when it begins"),
    ] {
        let forged = TicketWord { from: Some(from), due: Some(due), ..word.clone() };
        assert_eq!(tell(&mut home, &town, id, Word::Ticket(Box::new(forged))), "invalid-field", "{what}");
    }
    let opened_at = at(2026, 9, 20, 9);
    let forged = TicketWord { opened_at, from: None, due: None, ..word.clone() };
    assert_eq!(tell(&mut home, &town, id, Word::Ticket(Box::new(forged))), "invalid-field", "opened in days to come");
    let long = TicketWord { due: Some(date(2027, 9, 14)), ..word };
    assert_eq!(tell(&mut home, &town, id, Word::Ticket(Box::new(long))), "ok");
    assert_eq!(ticket(&home, &number).due, date(2026, 9, 20), "no longer than the rule");
    // A node of a release before tells no time: it runs from when the ticket was opened all the same.
    let (number, id, word) = on_its_way(&mut town, &home);
    home.now = at(2026, 9, 16, 9);
    let old = TicketWord { from: None, due: None, ..word };
    assert_eq!(tell(&mut home, &town, id, Word::Ticket(Box::new(old))), "ok");
    assert_eq!(ticket(&home, &number).due, date(2026, 9, 20));
}

#[test]
fn what_another_node_tells_of_answers_is_bounded_like_what_is_said_here() {
    let (mut town, mut home) = two();
    let (number, id, word) = on_its_way(&mut town, &home);
    let reply = |text: &str, operator: &str| TicketReply {
        text: text.to_owned(),
        operator: operator.to_owned(),
        at: home_time(),
        in_time: true,
    };
    let long = "长".repeat(2001);
    for (reopened, answers) in [
        (0, vec![reply("已答复", "王五")]),
        (1, vec![reply("已答复", "王五"), reply("再答复", "王五")]),
        (1, vec![reply(&long, "王五")]),
        (1, vec![reply(" ", "王五")]),
        (1, vec![reply("已答复", &long)]),
        (3, Vec::new()),
    ] {
        let forged = TicketWord { reopened, answers, ..word.clone() };
        assert_eq!(tell(&mut home, &town, id, Word::Ticket(Box::new(forged))), "invalid-field");
    }
    assert!(home.state.voices.is_empty());
    let padded = format!("{}已答复", " ".repeat(100_000));
    let right = TicketWord { reopened: 1, answers: vec![reply(&padded, "王五")], ..word };
    assert_eq!(tell(&mut home, &town, id, Word::Ticket(Box::new(right))), "ok");
    assert_eq!(ticket(&home, &number).answers[0].text, "已答复");
}

fn home_time() -> tongban_codes::time::Timestamp {
    at(2026, 9, 14, 9)
}

#[test]
fn news_of_a_ticket_that_stands_as_none_can_is_refused() {
    use TicketState as S;
    let (mut town, home) = two();
    let (number, id, _) = on_its_way(&mut town, &home);
    let reply =
        || TicketReply { text: "已答复".to_owned(), operator: "王五".to_owned(), at: home_time(), in_time: true };
    let news = |state, outcome, answers: usize| TicketNews {
        state,
        department: Some("区残联".to_owned()),
        due: date(2026, 9, 20),
        answers: vec![reply(); answers],
        outcome,
        reopened: 0,
        note: None,
    };
    let resolved = Some(TicketOutcome::Resolved);
    let before = ticket(&town, &number);
    for wrong in [
        news(S::Open, resolved, 0),
        news(S::Assigned, resolved, 0),
        news(S::Answered, resolved, 1),
        news(S::Returned, resolved, 0),
        news(S::Closed, None, 1),
        news(S::Closed, resolved, 0),
        news(S::Answered, None, 0),
        news(S::Answered, None, 2),
        news(S::Assigned, None, 1),
        TicketNews { department: None, ..news(S::Assigned, None, 0) },
        TicketNews { reopened: 9, ..news(S::Answered, None, 1) },
    ] {
        let said = format!("{wrong:?}");
        assert_eq!(tell(&mut town, &home, id, Word::News(Box::new(wrong))), "invalid-field", "{said}");
        assert_eq!(ticket(&town, &number), before, "{said}");
    }
    let late = TicketNews { due: date(2027, 9, 14), ..news(S::Assigned, None, 0) };
    assert_eq!(tell(&mut town, &home, id, Word::News(Box::new(late))), "ok");
    assert!(ticket(&town, &number).due < date(2026, 9, 30), "nobody is shown a day that no rule gives");
    assert_eq!(tell(&mut town, &home, id, Word::News(Box::new(news(S::Answered, None, 1)))), "ok");
    assert_eq!(tell(&mut town, &home, id, Word::News(Box::new(news(S::Closed, resolved, 1)))), "ok");
    assert_eq!(ticket(&town, &number).state, S::Closed);
}

#[test]
fn nobody_tells_a_number_that_this_node_draws() {
    let (mut town, _) = two();
    let mut second = guangan().second();
    let home = guangan();
    let (_, id, word) = on_its_way(&mut town, &home);
    // Of two nodes of one division, the one takes what the other drew, and nothing that it will draw itself.
    let id = CaseId::draw(&second.place().node, id.as_bytes()[6..].try_into().unwrap());
    let mut home = home;
    let forged = TicketWord { number: "GD511602000000-20260914-00001".to_owned(), ..word.clone() };
    assert_eq!(tell(&mut home, &second, id, Word::Ticket(Box::new(forged))), "invalid-field");
    let drawn = TicketWord { number: "GD511602000000.1-20260914-00001".to_owned(), ..word };
    assert_eq!(tell(&mut home, &second, id, Word::Ticket(Box::new(drawn))), "ok");
    second.now = home.now;
}

/// Two halls, and the words on their way: in order each way, each perhaps twice, as the exchange brings them at worst.
struct Line {
    town: Hall,
    home: Hall,
    down: VecDeque<Notice>,
    up: VecDeque<Notice>,
    number: String,
}

impl Line {
    fn new() -> Self {
        let (mut town, home) = two();
        let (number, change) = opened(&mut town, OpenTicket { division: Some(home.division()), ..complaint() });
        Self { town, home, down: change.notices.into(), up: VecDeque::new(), number }
    }

    fn both(&self) -> (Ticket, Option<Ticket>) {
        let id = ticket(&self.town, &self.number).id;
        let there = self.home.state.voices.get(&id).map(|voice| match voice {
            Voice::Ticket(ticket) => ticket.clone(),
            Voice::Rating(_) => panic!("a ticket"),
        });
        (ticket(&self.town, &self.number), there)
    }

    fn act(&mut self, at_town: bool, act: TicketAct) {
        let who = actor("李监察", &[Role::Supervisor, Role::Window]);
        let (hall, line) = if at_town { (&mut self.town, &mut self.down) } else { (&mut self.home, &mut self.up) };
        if let Ok(change) = on(hall, &who, &self.number, act) {
            line.extend(change.notices);
        }
    }

    fn arrive(&mut self, down: bool, twice: bool) {
        let notice = if down { self.down.pop_front() } else { self.up.pop_front() };
        let Some(notice) = notice else { return };
        let (from, to, back) = if down {
            (&mut self.town, &mut self.home, &mut self.up)
        } else {
            (&mut self.home, &mut self.town, &mut self.down)
        };
        for _ in 0..=usize::from(twice) {
            back.extend(carry(&notice, from, to));
        }
    }
}

fn acts() -> [(bool, TicketAct); 10] {
    let say = |text: &str| text.to_owned();
    [
        (false, assign("区残联")),
        (false, answer()),
        (false, TicketAct::Close { outcome: TicketOutcome::Explained }),
        (false, TicketAct::GiveBack { reason: say("退回") }),
        (true, TicketAct::Reopen { reason: say("未解决") }),
        (true, TicketAct::Confirm {}),
        (true, TicketAct::Send { division: "511602".parse().unwrap(), reason: say("再转") }),
        (true, assign("便民服务中心")),
        (true, answer()),
        (true, TicketAct::Close { outcome: TicketOutcome::Resolved }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever is done and whenever words arrive: never do both halls handle it, and when all words have arrived both say the same.
    #[test]
    fn one_hall_handles_a_ticket_and_both_agree_at_rest(steps in proptest::collection::vec((0_usize..14, any::<bool>()), 1..60)) {
        let mut line = Line::new();
        for (step, twice) in steps {
            match acts().get(step) {
                Some((at_town, act)) => line.act(*at_town, act.clone()),
                None => line.arrive(step % 2 == 0, twice),
            }
            let (here, there) = line.both();
            let handled = usize::from(!here.away) + usize::from(there.is_some_and(|there| there.state != TicketState::Returned));
            prop_assert!(handled <= 1, "both handle it");
        }
        while !line.up.is_empty() || !line.down.is_empty() {
            line.arrive(true, false);
            line.arrive(false, false);
        }
        let (here, there) = line.both();
        match there {
            Some(there) if here.away => {
                prop_assert_eq!((here.state, here.outcome, here.reopened), (there.state, there.outcome, there.reopened));
                prop_assert_eq!(&here.answers, &there.answers);
            }
            Some(there) => prop_assert_eq!(there.state, TicketState::Returned),
            None => prop_assert!(!here.away),
        }
    }
}
