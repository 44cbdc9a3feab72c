//! Agents with power of attorney (行政许可法 29).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CITIZEN, carry, collect, daishi, date, guangan};
use tongban_domain::{Agent, Command, NoticeBody, Reply};

fn agent() -> Agent {
    Agent {
        name: " 李四 ".into(),
        identity: "110101199003070011".into(),
        power: "AB".repeat(32),
        scope: Some("代为申请".into()),
        until: Some(date(2026, 9, 14)),
    }
}

fn by(agent: Agent, command: Command) -> Command {
    match command {
        Command::Collect { item, division, mode, applicant, materials, hold, renews, .. } => {
            let agent = Some(Box::new(agent));
            Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_may_act_for_another() {
    let mut hall = guangan();
    let plain = collect("511A0015500013", hall.division());
    let long = "长".repeat(201);
    for (wrong, code) in [
        (Agent { identity: CITIZEN.into(), ..agent() }, "agent-unlawful"),
        (Agent { identity: CITIZEN.to_lowercase(), ..agent() }, "agent-unlawful"),
        (Agent { identity: "110101199003070012".into(), ..agent() }, "invalid-identity"),
        (Agent { name: " ".into(), ..agent() }, "invalid-field"),
        (Agent { power: String::new(), ..agent() }, "agent-unlawful"),
        (Agent { power: "x".repeat(64), ..agent() }, "agent-unlawful"),
        (Agent { until: Some(date(2026, 9, 13)), ..agent() }, "agent-unlawful"),
        (Agent { scope: Some(long), ..agent() }, "agent-unlawful"),
    ] {
        let refused = hall.act(&by(wrong, plain.clone())).unwrap_err();
        assert_eq!(refused.code, code);
        assert!(!format!("{refused:?}").contains("11010"), "{refused:?}");
        assert!(hall.state.cases.is_empty());
    }
    hall.act(&by(agent(), plain)).unwrap();
    let case = hall.state.cases.values().next().unwrap();
    let kept = case.agent.as_ref().unwrap();
    assert_eq!((kept.power.as_str(), kept.until), ("ab".repeat(32).as_str(), Some(date(2026, 9, 14))));
    assert_eq!(kept.personal.name, "李四".as_bytes());
    assert!(!format!("{:?}", by(agent(), collect("511A0015500013", hall.division()))).contains("李四"));
}

/// He travels with the case; what came late on the way was in force when he came to the window.
#[test]
fn an_agent_travels_with_the_case() {
    let mut home = guangan();
    let mut town = daishi(&home);
    let change = town.act(&by(agent(), collect("511A0015500013", home.division()))).unwrap();
    let Reply::Collected(collected) = &change.reply else { panic!() };
    let NoticeBody::Offer(offer) = &change.notices[0].body else { panic!() };
    assert_eq!(offer.agent.as_ref().unwrap().name, "李四");
    home.now = home.now.add_seconds(7 * 86_400);
    carry(&change.notices[0], &mut town, &mut home);
    assert_eq!(home.case(collected.case).agent, town.case(collected.case).agent);
    // A peer's word is checked as the window's.
    let mut forged = offer.clone();
    forged.agent.as_mut().unwrap().identity = CITIZEN.into();
    let mut other = guangan();
    let origin = town.origin();
    assert_eq!(other.code(&Command::TakeCustody { origin, offer: forged }), "agent-unlawful");
}

/// Who acts for the applicant can't become him by a correction.
#[test]
fn an_amendment_makes_nobody_his_own_agent() {
    use tongban_domain::case::{Amended, AmendedField};
    let mut hall = guangan();
    let plain = collect("511A0015500013", hall.division());
    let Reply::Collected(collected) = hall.act(&by(agent(), plain)).unwrap().reply else { panic!() };
    let amend = |value: &str| {
        let (value, reason) = (value.to_owned(), "录入有误".to_owned());
        let amended = Amended { field: AmendedField::ApplicantId, value, reason };
        Command::Amend { case: collected.case.to_string(), amended }
    };
    assert_eq!(hall.code(&amend("110101199003070011")), "agent-unlawful");
    assert_eq!(hall.code(&amend("110101199003071997")), "ok");
}
