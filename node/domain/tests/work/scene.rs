//! 广安区 with an item that publishes steps, and people who do them.

use std::collections::BTreeMap;

use tongban_codes::ids::CaseId;
use tongban_domain::catalogue::ListRow;
use tongban_domain::{Actor, Change, Command, Rejection, Role};

use crate::hall::{Hall, PERMIT, guangan, row};

pub(crate) const CODE: &str = "511A0015500013";
pub(crate) const OTHER: &str = "511F82001003";

/// Columns of one entry of a list.
pub(crate) type Entry<'a> = &'a [(&'a str, &'a str)];

/// 审查 in two days, 会签 by two, then the decision.
pub(crate) const THREE: [Entry<'_>; 4] = [
    &[("name", "受理"), ("handler", "窗口")],
    &[
        ("name", "审查"),
        ("role", "reviewer"),
        ("term", "2"),
        ("discretion", "面积不足的从严"),
        ("discretion_basis", "川卫规〔2023〕1号"),
    ],
    &[("name", "会签"), ("role", "审查"), ("rule", "会签"), ("signers", "2")],
    &[("name", "决定"), ("role", "decider")],
];

/// The people of the hall: two of them review and decide, one does both and everything else.
pub(crate) const PEOPLE: [&str; 4] = ["甲", "乙", "丙", "丁"];

/// Publishes the permit with lists of its guide and further columns.
pub(crate) fn publish(hall: &mut Hall, columns: &[(&str, &str)], lists: &[(&str, &[Entry<'_>])]) {
    let mut item = row(2, &PERMIT);
    item.values.extend(columns.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let entry = |(number, values): (u32, &Entry<'_>)| ListRow {
        row: number,
        values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let lists = lists.iter().map(|(name, rows)| ((*name).to_owned(), (2..).zip(*rows).map(entry).collect()));
    item.lists = BTreeMap::from_iter(lists);
    let report = hall.import(std::slice::from_ref(&item));
    assert_eq!(report.rejected, 0, "{report:?}");
    hall.act(&Command::PublishItems(Some(item.values["local_item_code"].clone()))).unwrap();
}

/// A hall whose permit has these steps, with its people: reviewers and deciders with a mandate for everything.
pub(crate) fn with_steps(steps: &[Entry<'_>], columns: &[(&str, &str)]) -> Hall {
    let mut hall = guangan();
    publish(&mut hall, columns, &[("steps", steps)]);
    staff(&mut hall);
    hall
}

pub(crate) fn staff(hall: &mut Hall) {
    for name in PEOPLE {
        let roles = vec![Role::Reviewer, Role::Decider];
        let add = Command::AddOperator { name: name.into(), roles, window: None, uid: None };
        hall.act(&add).unwrap();
        let mandate = Command::GrantMandate { operator: name.into(), item: None, from: None, until: None };
        hall.act(&mandate).unwrap();
    }
}

/// Acts as an operator with the roles that he has.
pub(crate) fn by(hall: &mut Hall, name: &str, command: &Command) -> Result<Change, Rejection> {
    let roles = hall.state.operators[name].roles.clone();
    hall.give(&Actor { operator: name.into(), roles, window: None }, command)
}

/// The code of a refusal, or `ok`.
pub(crate) fn said(hall: &mut Hall, name: &str, command: &Command) -> &'static str {
    by(hall, name, command).map_or_else(|refused| refused.code, |_| "ok")
}

pub(crate) fn accepted(hall: &mut Hall, item: &str) -> CaseId {
    let division = hall.division();
    let id = hall.collect(item, division);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    id
}

pub(crate) fn claim(id: CaseId) -> Command {
    Command::ClaimCase(id.to_string())
}

pub(crate) fn pass(id: CaseId) -> Command {
    Command::DoStep { case: id.to_string(), pass: true, opinion: "符合条件".into() }
}

pub(crate) fn back(id: CaseId) -> Command {
    Command::DoStep { case: id.to_string(), pass: false, opinion: "请复核".into() }
}

pub(crate) fn hand_on(id: CaseId, to: &str) -> Command {
    Command::HandCaseOn { case: id.to_string(), to: to.into(), note: None }
}

pub(crate) fn recuse(id: CaseId, who: Option<&str>) -> Command {
    Command::Recuse { case: id.to_string(), operator: who.map(str::to_owned), reason: "系申请人近亲属".into() }
}

pub(crate) fn grant(id: CaseId) -> Command {
    Command::Decide { case: id.to_string(), grant: true, reason: None }
}

/// Number of the step, from 1, and the holder.
pub(crate) fn stands(hall: &Hall, id: CaseId) -> (usize, Option<String>) {
    let view = hall.case(id).work.as_ref().unwrap().view();
    (view.step, view.holder)
}
