//! Who leaves: one command moves what he holds, and he acts no more.

use tongban_domain::work::{HandOver, is_on_duty};
use tongban_domain::{Command, Operator, Reply, Role, Sealer};

use crate::hall::{Hall, date};
use crate::scene::{CODE, OTHER, THREE, accepted, by, claim, pass, recuse, said, stands, with_steps};

fn leaves(from: &str, to: &str, items: &[&str]) -> Command {
    let items = items.iter().map(|item| (*item).to_owned()).collect();
    Command::HandOver { from: from.into(), to: to.into(), items }
}

fn moved(hall: &mut Hall, command: &Command) -> HandOver {
    let change = hall.act(command).unwrap();
    let Reply::HandedOver(list) = change.reply else { panic!("{:?}", change.reply) };
    assert_eq!(hall.state.handed_over.last(), Some(&*list));
    let [document] = change.documents.as_slice() else { panic!("one list") };
    assert_eq!((document.case, document.sealer), (list.id, Sealer::Node));
    assert_eq!(tongban_codes::cbor::from_slice::<HandOver>(&document.payload).unwrap(), *list);
    *list
}

#[test]
fn everything_moves_and_the_leaver_is_out_of_service() {
    let mut hall = with_steps(&THREE, &[]);
    let (first, second) = (accepted(&mut hall, CODE), accepted(&mut hall, OTHER));
    let (recused, loose) = (accepted(&mut hall, CODE), accepted(&mut hall, CODE));
    for id in [first, second, recused] {
        by(&mut hall, "甲", &claim(id)).unwrap();
    }
    by(&mut hall, "丁", &recuse(recused, Some("乙"))).unwrap();
    hall.act(&Command::Delegate {
        principal: "丙".into(),
        deputy: "甲".into(),
        items: Vec::new(),
        from: None,
        until: date(2026, 9, 20),
        approver: "局长".into(),
    })
    .unwrap();
    assert_eq!(hall.code(&leaves("甲", "甲", &[])), "invalid-field");
    assert_eq!(hall.code(&leaves("甲", "审查员", &[])), "role-missing", "mandates need a decider");
    let list = moved(&mut hall, &leaves("甲", "乙", &[]));
    assert_eq!((list.cases.len(), list.more, list.mandates.as_slice()), (3, false, &["*".to_owned()][..]));
    assert_eq!(list.principals, ["丙"], "who trusted him is named");
    assert_eq!(stands(&hall, first).1.as_deref(), Some("乙"));
    assert_eq!(stands(&hall, second).1.as_deref(), Some("乙"));
    assert_eq!(stands(&hall, recused).1, None, "the successor is recused: it waits again");
    assert_eq!(hall.case(loose).work.as_ref().unwrap().holder, None);
    let operator = |name: &str| hall.state.operators[name].clone();
    assert!(operator("甲").disabled.is_some() && operator("甲").mandates.is_empty());
    // 丙 trusted 甲, and nobody approved that 乙 stands in for him.
    assert_eq!((operator("甲").deputises.len(), operator("乙").deputises.len()), (0, 0));
    for command in [claim(loose), pass(first)] {
        assert_eq!(said(&mut hall, "甲", &command), "operator-disabled");
    }
    assert_eq!(said(&mut hall, "乙", &pass(first)), "ok");
    assert_eq!(hall.code(&leaves("甲", "乙", &[])), "nothing-to-hand-over");
    hall.act(&Command::EnableOperator("甲".into())).unwrap();
    assert_eq!(said(&mut hall, "甲", &claim(loose)), "ok");
}

#[test]
fn some_items_move_and_he_stays() {
    let mut hall = with_steps(&THREE, &[]);
    let (permit, card) = (accepted(&mut hall, CODE), accepted(&mut hall, OTHER));
    for id in [permit, card] {
        by(&mut hall, "甲", &claim(id)).unwrap();
    }
    let list = moved(&mut hall, &leaves("甲", "乙", &[OTHER]));
    assert_eq!(list.cases.iter().map(|moved| moved.case).collect::<Vec<_>>(), [card]);
    assert_eq!((stands(&hall, permit).1.as_deref(), stands(&hall, card).1.as_deref()), (Some("甲"), Some("乙")));
    assert!(hall.state.operators["甲"].disabled.is_none());
    assert_eq!(said(&mut hall, "甲", &pass(permit)), "ok");
}

#[test]
fn hundreds_move_in_batches_that_go_on_where_they_broke_off() {
    let mut hall = with_steps(&THREE, &[]);
    for _ in 0..450 {
        let id = accepted(&mut hall, CODE);
        by(&mut hall, "甲", &claim(id)).unwrap();
    }
    let mut sizes = Vec::new();
    loop {
        let list = moved(&mut hall, &leaves("甲", "乙", &[]));
        sizes.push(list.cases.len());
        if !list.more {
            break;
        }
    }
    assert_eq!(sizes, [200, 200, 50]);
    let holders = hall.state.cases.values().filter_map(|case| case.work.as_ref()?.holder.clone());
    assert!(holders.into_iter().all(|holder| holder == "乙"));
}

/// While the clock stands still a case stays with whom it is, and moves with what he leaves.
#[test]
fn what_stands_still_moves_too() {
    let mut hall = with_steps(&THREE, &[]);
    let id = accepted(&mut hall, CODE);
    by(&mut hall, "甲", &claim(id)).unwrap();
    hall.act(&Command::SuspendCase { case: id.to_string(), procedure: "检测".into(), days: 3 }).unwrap();
    let list = moved(&mut hall, &leaves("甲", "乙", &[]));
    assert_eq!(list.cases.iter().map(|moved| moved.case).collect::<Vec<_>>(), [id]);
    hall.act(&Command::ResumeCase { case: id.to_string(), note: None }).unwrap();
    assert_eq!(said(&mut hall, "丙", &pass(id)), "step-held");
    assert_eq!(said(&mut hall, "乙", &pass(id)), "ok");
}

#[test]
fn a_successor_keeps_his_own_mandates() {
    let mut hall = with_steps(&THREE, &[]);
    for (name, from, until) in [("前任", 14, Some(date(2026, 9, 30))), ("后任", 20, None)] {
        let add = Command::AddOperator { name: name.into(), roles: vec![Role::Decider], window: None, uid: None };
        hall.act(&add).unwrap();
        let (operator, item, from) = (name.to_owned(), Some(CODE.to_owned()), Some(date(2026, 9, from)));
        hall.act(&Command::GrantMandate { operator, item, from, until }).unwrap();
    }
    moved(&mut hall, &leaves("前任", "后任", &[]));
    let mandates = hall.state.operators["后任"].mandates.clone();
    let days: Vec<_> = mandates.iter().map(|mandate| (mandate.from, mandate.until)).collect();
    assert_eq!(days, [(date(2026, 9, 20), None), (date(2026, 9, 14), Some(date(2026, 9, 30)))]);
}

#[test]
fn the_last_administrator_stays() {
    let mut hall = with_steps(&THREE, &[]);
    assert_eq!(hall.code(&Command::DisableOperator("管理员".into())), "invalid-field");
    assert_eq!(hall.code(&leaves("管理员", "乙", &[])), "invalid-field");
    assert_eq!(hall.code(&Command::DisableOperator("乙".into())), "ok");
    assert_eq!(hall.code(&leaves("甲", "乙", &[])), "invalid-field", "the successor is out of service");
}

#[test]
fn a_hall_knows_when_nobody_may_decide() {
    let mut hall = with_steps(&THREE, &[]);
    let day = date(2026, 9, 14);
    let operators = |hall: &Hall| hall.state.operators.values().cloned().collect::<Vec<Operator>>();
    assert!(is_on_duty(&operators(&hall), CODE, day));
    for name in ["甲", "乙", "丙", "丁", "决定员"] {
        hall.act(&Command::DisableOperator(name.into())).unwrap();
    }
    assert!(!is_on_duty(&operators(&hall), CODE, day));
    hall.act(&Command::EnableOperator("丁".into())).unwrap();
    assert!(is_on_duty(&operators(&hall), CODE, day));
}
