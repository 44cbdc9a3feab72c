//! Who may not act on a case, and who may act for another.

use tongban_domain::case::DocumentChoice;
use tongban_domain::{Command, Identity, Role};

use crate::hall::{CITIZEN, at, date};
use crate::scene::{CODE, OTHER, THREE, accepted, by, claim, grant, hand_on, pass, recuse, said, stands, with_steps};

#[test]
fn who_is_recused_acts_no_more() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "甲", &claim(id)).unwrap();
    // By order of a decider or an administrator alone.
    assert_eq!(said(&mut hall, "审查员", &recuse(id, Some("甲"))), "role-missing");
    assert_eq!(said(&mut hall, "甲", &recuse(id, None)), "ok");
    assert_eq!(stands(&hall, id), (1, None), "what he held waits again");
    for command in [claim(id), pass(id), hand_on(id, "乙"), grant(id), recuse(id, None)] {
        assert_eq!(said(&mut hall, "甲", &command), "recused", "{command:?}");
    }
    let withdraw = Command::Withdraw { case: id.to_string(), reason: None };
    hall.act(&Command::AddOperator { name: "甲".into(), roles: vec![Role::Window], window: None, uid: None }).unwrap();
    assert_eq!(said(&mut hall, "甲", &withdraw), "recused");
    assert_eq!(said(&mut hall, "乙", &hand_on(id, "甲")), "recused");
    assert_eq!(said(&mut hall, "乙", &recuse(id, Some("甲"))), "recused");
    // Of this case alone.
    let other = accepted(&mut hall, CODE);
    assert_eq!(said(&mut hall, "甲", &claim(other)), "ok");
}

#[test]
fn a_signature_of_who_is_recused_does_not_count() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "审查员", &pass(id)).unwrap();
    by(&mut hall, "甲", &pass(id)).unwrap();
    by(&mut hall, "丁", &recuse(id, Some("甲"))).unwrap();
    by(&mut hall, "乙", &pass(id)).unwrap();
    assert_eq!(stands(&hall, id).0, 2, "one of two has signed");
    by(&mut hall, "丙", &pass(id)).unwrap();
    assert_eq!(stands(&hall, id).0, 3);
}

#[test]
fn nobody_handles_a_case_of_his_own() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    let register = |identity: Option<&str>| Command::RegisterIdentity {
        operator: "甲".into(),
        identity: identity.map(|text| Identity(text.into())),
    };
    assert_eq!(said(&mut hall, "甲", &claim(id)), "ok");
    assert_eq!(hall.code(&register(Some("110105194912310021"))), "invalid-identity");
    let answer = hall.act(&register(Some(CITIZEN))).unwrap();
    assert!(!format!("{:?}", register(Some(CITIZEN))).contains(CITIZEN));
    assert!(!serde_json::to_string(&answer.reply).unwrap().contains("identity"));
    for command in [pass(id), hand_on(id, "乙"), recuse(id, None)] {
        assert_eq!(said(&mut hall, "甲", &command), "own-case");
    }
    assert_eq!(said(&mut hall, "乙", &recuse(id, Some("甲"))), "ok");
    hall.act(&register(None)).unwrap();
    let other = accepted(&mut hall, CODE);
    assert_eq!(said(&mut hall, "甲", &claim(other)), "ok");
}

/// Papers, answers and the collection itself are acts on a case too.
#[test]
fn who_may_not_act_prints_answers_and_collects_nothing() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    let order = Command::GiveOrder { about: id.to_string(), division: None, text: "说明".into(), days: 3 };
    hall.act(&order).unwrap();
    let number = hall.state.matters.values().next().unwrap().number().to_owned();
    by(&mut hall, "甲", &recuse(id, None)).unwrap();
    let document = DocumentChoice { case: id.to_string(), kind: None, act: None };
    let print = Command::PrintDocument { document, form: None, reason: None };
    let answer = Command::AnswerSupervision { number, text: "已查明".into() };
    for (command, name, code) in
        [(&print, "甲", "recused"), (&answer, "甲", "recused"), (&print, "乙", "ok"), (&answer, "乙", "ok")]
    {
        assert_eq!(said(&mut hall, name, command), code, "{name} {command:?}");
    }
    let own = crate::hall::collect(CODE, hall.division());
    assert_eq!(said(&mut hall, "窗口员", &own), "ok");
    let identity = Some(Identity(CITIZEN.into()));
    hall.act(&Command::RegisterIdentity { operator: "窗口员".into(), identity }).unwrap();
    let before = hall.state.cases.len();
    assert_eq!(said(&mut hall, "窗口员", &own), "own-case");
    assert_eq!(hall.state.cases.len(), before);
}

fn delegate(principal: &str, deputy: &str, items: &[&str], days: (u8, u8)) -> Command {
    Command::Delegate {
        principal: principal.into(),
        deputy: deputy.into(),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        from: Some(date(2026, 9, days.0)),
        until: date(2026, 9, days.1),
        approver: "局长".into(),
    }
}

#[test]
fn a_deputy_acts_for_a_time_and_names_both() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    for name in ["审查员", "乙", "丙"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    assert_eq!(said(&mut hall, "窗口员", &grant(id)), "role-missing");
    for (wrong, code) in [
        (delegate("决定员", "决定员", &[], (14, 16)), "invalid-field"),
        (delegate("决定员", "局长", &[], (14, 16)), "operator-unknown"),
        (delegate("决定员", "窗口员", &["000"], (14, 16)), "item-unknown"),
        (delegate("决定员", "窗口员", &[], (16, 14)), "invalid-field"),
        (delegate("决定员", "窗口员", &[], (10, 13)), "invalid-field"),
    ] {
        assert_eq!(hall.code(&wrong), code, "{wrong:?}");
    }
    let own = match delegate("决定员", "窗口员", &[], (14, 16)) {
        Command::Delegate { principal, deputy, items, from, until, .. } => {
            Command::Delegate { principal, approver: deputy.clone(), deputy, items, from, until }
        }
        other => other,
    };
    assert_eq!(hall.code(&own), "invalid-field", "nobody approves that he stands in");
    hall.act(&delegate("决定员", "窗口员", &[CODE], (15, 16))).unwrap();

    assert_eq!(said(&mut hall, "窗口员", &grant(id)), "role-missing", "it begins tomorrow");
    hall.now = at(2026, 9, 17, 9);
    assert_eq!(said(&mut hall, "窗口员", &grant(id)), "role-missing", "it ended by itself");
    hall.now = at(2026, 9, 16, 9);
    let other = accepted(&mut hall, OTHER);
    assert_eq!(said(&mut hall, "窗口员", &grant(other)), "role-missing", "another item");
    assert_eq!(said(&mut hall, "窗口员", &claim(id)), "ok");
    assert_eq!(said(&mut hall, "窗口员", &grant(id)), "ok");
    let act = hall.state.acts.last().unwrap();
    assert_eq!(act.operator, "窗口员");
    let mandate = act.mandate.as_deref().unwrap();
    assert_eq!(mandate, "* (root)；代 决定员（2026-09-15 至 2026-09-16，局长 批准）");
}

#[test]
fn a_deputy_can_do_no_more_than_whom_he_stands_in_for() {
    let mut hall = with_steps(&THREE, &[]);
    hall.act(&delegate("甲", "窗口员", &[], (14, 16))).unwrap();
    let id = accepted(&mut hall, CODE);
    for name in ["甲", "乙", "丙"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    assert_eq!(said(&mut hall, "窗口员", &grant(id)), "reviewer-decides", "甲 reviewed it");
    // Who is recused isn't stood in for, nor who is out of service; and nobody hands on what was lent to him.
    let id = accepted(&mut hall, CODE);
    hall.act(&recuse(id, Some("甲"))).unwrap();
    assert_eq!(said(&mut hall, "窗口员", &pass(id)), "recused");
    hall.act(&delegate("窗口员", "审计员", &[], (14, 16))).unwrap();
    let id = accepted(&mut hall, CODE);
    assert_eq!(said(&mut hall, "审计员", &pass(id)), "role-missing");
    assert_eq!(said(&mut hall, "窗口员", &pass(id)), "ok");
    hall.act(&Command::DisableOperator("甲".into())).unwrap();
    assert_eq!(said(&mut hall, "窗口员", &pass(id)), "role-missing");
}
