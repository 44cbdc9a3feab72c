//! Who acts by another's right: that it counts once, that it is lent no further than it reaches, and that it ends.

use tongban_domain::{Command, Role};

use crate::hall::{Hall, at, date};
use crate::scene::{CODE, THREE, accepted, by, claim, grant, pass, recuse, said, stands, with_steps};

fn delegate(principal: &str, deputy: &str, days: (u8, u8)) -> Command {
    Command::Delegate {
        principal: principal.into(),
        deputy: deputy.into(),
        items: Vec::new(),
        from: Some(date(2026, 9, days.0)),
        until: date(2026, 9, days.1),
        approver: "局长".into(),
    }
}

fn end(principal: &str, deputy: &str) -> Command {
    Command::EndDelegation { principal: principal.into(), deputy: deputy.into() }
}

/// A hall of which 副 decides, without a mandate of his own.
fn with_second() -> Hall {
    let mut hall = with_steps(&THREE, &[]);
    let add = Command::AddOperator { name: "副".into(), roles: vec![Role::Decider], window: None, uid: None };
    hall.act(&add).unwrap();
    hall
}

#[test]
fn a_right_counts_once_whoever_uses_it() {
    let mut hall = with_steps(&THREE, &[]);
    hall.act(&delegate("甲", "窗口员", (14, 16))).unwrap();
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "审查员", &pass(id)).unwrap();
    by(&mut hall, "窗口员", &pass(id)).unwrap();
    let signature = hall.case(id).work.as_ref().unwrap().signatures[0].clone();
    assert_eq!((signature.operator.as_str(), signature.stands_for.as_deref()), ("窗口员", Some("甲")));
    assert_eq!(said(&mut hall, "甲", &pass(id)), "step-signed");
    assert_eq!(said(&mut hall, "窗口员", &pass(id)), "step-signed");
    assert_eq!(stands(&hall, id).0, 2);
    by(&mut hall, "乙", &pass(id)).unwrap();
    // By his right it was reviewed: neither decides.
    assert_eq!(said(&mut hall, "甲", &grant(id)), "reviewer-decides");
    assert_eq!(said(&mut hall, "窗口员", &claim(id)), "reviewer-decides");
    assert_eq!(said(&mut hall, "丁", &grant(id)), "ok");

    // The other way round, and when he by whose right it was signed is recused.
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "审查员", &pass(id)).unwrap();
    by(&mut hall, "甲", &pass(id)).unwrap();
    assert_eq!(said(&mut hall, "窗口员", &pass(id)), "step-signed");
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "审查员", &pass(id)).unwrap();
    by(&mut hall, "窗口员", &pass(id)).unwrap();
    by(&mut hall, "丁", &recuse(id, Some("甲"))).unwrap();
    assert!(hall.case(id).work.as_ref().unwrap().signatures.is_empty());
}

#[test]
fn a_mandate_is_lent_by_who_may_use_it_himself() {
    let mut hall = with_second();
    let (recused, reviewed) = (accepted(&mut hall, CODE), accepted(&mut hall, CODE));
    assert_eq!(said(&mut hall, "副", &grant(recused)), "mandate-missing");
    hall.act(&delegate("甲", "副", (14, 16))).unwrap();
    for id in [recused, reviewed] {
        let first = if id == reviewed { "甲" } else { "丁" };
        for name in [first, "乙", "丙"] {
            by(&mut hall, name, &pass(id)).unwrap();
        }
    }
    by(&mut hall, "丁", &recuse(recused, Some("甲"))).unwrap();
    let forward = |id: tongban_codes::ids::CaseId| {
        let division = "511600".parse().unwrap();
        Command::Forward { case: id.to_string(), division, item: "X".into(), opinion: "拟准予".into() }
    };
    let (days, approver, reason) = (5, "局长".to_owned(), "演示".to_owned());
    let extend = Command::ExtendCase { case: recused.to_string(), days, approver, reason };
    for command in [grant(recused), forward(recused), extend] {
        assert_eq!(said(&mut hall, "副", &command), "recused", "{command:?}");
    }
    for command in [grant(reviewed), forward(reviewed)] {
        assert_eq!(said(&mut hall, "副", &command), "reviewer-decides", "{command:?}");
    }
    // Another who lends his is taken, though he comes second.
    hall.act(&delegate("决定员", "副", (14, 16))).unwrap();
    for id in [recused, reviewed] {
        assert_eq!(said(&mut hall, "副", &grant(id)), "ok");
        let mandate = hall.state.acts.last().unwrap().mandate.clone().unwrap();
        assert!(mandate.contains("代 决定员"), "{mandate}");
    }
}

#[test]
fn of_several_principals_one_is_taken_who_may() {
    let mut hall = with_steps(&THREE, &[]);
    for name in ["甲", "决定员", "乙"] {
        hall.act(&delegate(name, "窗口员", (14, 16))).unwrap();
    }
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "丁", &recuse(id, Some("甲"))).unwrap();
    // 甲 is recused, 决定员 doesn't review.
    by(&mut hall, "窗口员", &pass(id)).unwrap();
    assert!(hall.state.acts.last().unwrap().mandate.as_deref().unwrap().starts_with("代 乙"));
    let id = accepted(&mut hall, CODE);
    for name in ["甲", "乙", "丙"] {
        by(&mut hall, name, &pass(id)).unwrap();
    }
    by(&mut hall, "窗口员", &grant(id)).unwrap();
    assert!(hall.state.acts.last().unwrap().mandate.as_deref().unwrap().contains("代 决定员"));
}

#[test]
fn what_a_deputy_holds_does_not_outlast_his_time() {
    let mut hall = with_steps(&THREE, &[]);
    hall.act(&delegate("甲", "窗口员", (14, 16))).unwrap();
    let ids: Vec<_> = (0..40).map(|_| accepted(&mut hall, CODE)).collect();
    hall.now = at(2026, 9, 16, 9);
    for id in &ids {
        by(&mut hall, "窗口员", &claim(*id)).unwrap();
    }
    assert_eq!(said(&mut hall, "乙", &claim(ids[0])), "step-held");
    hall.now = at(2026, 9, 17, 9);
    assert_eq!(said(&mut hall, "窗口员", &pass(ids[0])), "role-missing");
    assert_eq!(said(&mut hall, "乙", &claim(ids[0])), "ok");
    // What nobody has taken meanwhile waits for everybody again, batch by batch; then nothing is left to do.
    for _ in 0..2 {
        hall.act(&Command::Tick).unwrap();
    }
    assert_eq!(stands(&hall, ids[0]).1.as_deref(), Some("乙"));
    assert!(ids[1..].iter().all(|id| stands(&hall, *id).1.is_none()));
    assert!(hall.state.operators["窗口员"].deputises.is_empty());
    while !hall.act(&Command::Tick).unwrap().events.is_empty() {}
}

#[test]
fn a_delegation_is_ended_before_its_day() {
    let mut hall = with_steps(&THREE, &[]);
    assert_eq!(hall.code(&end("甲", "窗口员")), "delegation-unknown");
    hall.act(&delegate("甲", "窗口员", (14, 30))).unwrap();
    hall.act(&delegate("甲", "窗口员", (20, 30))).unwrap();
    hall.act(&delegate("乙", "审计员", (14, 30))).unwrap();
    let (held, open) = (accepted(&mut hall, CODE), accepted(&mut hall, CODE));
    by(&mut hall, "窗口员", &claim(held)).unwrap();
    assert_eq!(hall.code(&end("甲", "窗口员")), "ok");
    assert_eq!(hall.code(&end("甲", "窗口员")), "delegation-unknown");
    assert_eq!(said(&mut hall, "窗口员", &claim(open)), "role-missing");
    assert_eq!(said(&mut hall, "审计员", &claim(open)), "ok", "of another nothing ended");
    hall.act(&Command::Tick).unwrap();
    assert_eq!(stands(&hall, held).1, None);
    hall.now = at(2026, 9, 21, 9);
    assert_eq!(said(&mut hall, "窗口员", &claim(held)), "role-missing");
}

/// A delegation that was ended, and another given before the clock has ticked: what he held by the first one waits again.
#[test]
fn what_was_held_by_an_ended_right_waits_though_another_begins() {
    let mut hall = with_steps(&THREE, &[]);
    let add = Command::AddOperator { name: "制证员二".into(), roles: vec![Role::Issuer], window: None, uid: None };
    hall.act(&add).unwrap();
    hall.act(&delegate("审查员", "窗口员", (14, 20))).unwrap();
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "窗口员", &claim(id)).unwrap();
    hall.act(&end("审查员", "窗口员")).unwrap();
    hall.act(&delegate("制证员二", "窗口员", (14, 20))).unwrap();
    hall.act(&Command::Tick).unwrap();
    assert_eq!(hall.case(id).work.as_ref().unwrap().holder, None);
    let left = &hall.state.operators["窗口员"];
    assert_eq!(left.deputises.len(), 1, "what has ended is gone with it");
}
