//! The columns of an import file: each is read for itself, and a value that is none is a finding.

use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, NodeId};
use tongban_codes::item_code::{BasicCode, ItemCode, LocalItemCode};
use tongban_codes::time::{Date, Timestamp};

use super::cell::{Cell, Wrong};
use super::import::{Authorities, Findings};
use super::{Crosswalk, DAYS_MAX, Mode, Term, Unit};
use crate::Authority;
use crate::authority::DatedCode;

/// The division of this node, which a row may name by any of its codes.
pub(super) fn division(findings: &mut Findings<'_>, walk: &Crosswalk, own: DivisionCode) -> DivisionCode {
    let text = findings.row.text("division");
    if text.is_empty() {
        return own;
    }
    match text.parse::<DivisionCode>() {
        Ok(code) if code == own || walk.same(code, own) => own,
        Ok(code) => {
            let problem = format!("本节点的区划是 {own} / this node's division is {own}");
            findings.reject(
                "division",
                "division-foreign",
                &problem,
                "在该区划的节点导入 / import it at that division's node",
            );
            code
        }
        Err(error) => {
            let problem = format!("区划代码有误 / no division code: {error}");
            findings.reject("division", "division-unknown", &problem, "用 12 位区划代码 / use its 12 digits");
            own
        }
    }
}

pub(super) fn base_code(findings: &mut Findings<'_>) -> Option<String> {
    let text = findings.row.text("base_code");
    if text.is_empty() {
        return None;
    }
    if text.parse::<BasicCode>().is_err() {
        let problem = "基本编码应为 12 位数字 / a base code has 12 digits";
        findings.reject("base_code", "base-code", problem, "核对基本目录 / look it up in the base catalogue");
        return None;
    }
    Some(text.to_owned())
}

/// A term, with the unit that stands beside it; working days where none does.
pub(super) fn term(findings: &mut Findings<'_>, column: &'static str, unit_column: &'static str) -> Option<Term> {
    let row = findings.row;
    let mut unit = None;
    let unit_text = row.text(unit_column);
    if !unit_text.is_empty() {
        let read: Result<(), Wrong> = Cell::read(&mut unit, unit_text, None);
        if let Err(Wrong { code, problem, remedy }) = read {
            findings.reject(unit_column, code, &problem, &remedy);
        }
    }
    let text = row.text(column);
    if text.is_empty() {
        return None;
    }
    match text.parse::<u16>() {
        Ok(days) if (1..=DAYS_MAX).contains(&days) => Some(Term { days, unit: unit.unwrap_or(Unit::WorkingDays) }),
        _ => {
            let problem = "不是 1 到 3650 的整数 / no whole number from 1 to 3650";
            findings.reject(column, "days", problem, "填写天数，不带单位 / give the number of days alone");
            None
        }
    }
}

/// Reads a cell that replaces what stands there; a wrong one is a finding.
fn replaced<C: Cell + Default>(findings: &mut Findings<'_>, column: &'static str) -> C {
    let mut value = C::default();
    let text = findings.row.text(column);
    if !text.is_empty()
        && let Err(Wrong { code, problem, remedy }) = value.read(text, None)
    {
        findings.reject(column, code, &problem, &remedy);
    }
    value
}

pub(super) fn effective(findings: &mut Findings<'_>) -> Option<Date> {
    replaced(findings, "effective")
}

pub(super) fn modes(findings: &mut Findings<'_>) -> Vec<Mode> {
    replaced(findings, "modes")
}

pub(super) fn covered(findings: &mut Findings<'_>) -> Vec<DivisionCode> {
    replaced(findings, "covered")
}

pub(super) fn check_local_code(findings: &mut Findings<'_>, walk: &Crosswalk, division: DivisionCode, day: Date) {
    let row = findings.row;
    let code = row.text("local_item_code");
    if code.len() > 128 || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
        let problem = "编码含有空格、汉字或过长 / the code has blanks or other than ASCII characters, or is too long";
        findings.reject("local_item_code", "item-code", problem, "核对编码 / look the code up");
        return;
    }
    if let Err(error) = code.parse::<ItemCode>() {
        let problem = format!("{} / {error}", error.zh());
        let remedy = "核对编码，或改用国家实施编码 / look the code up, or use the national one";
        findings.note("local_item_code", "code-shape", &problem, remedy, false);
    }
    if let Ok(local) = code.parse::<LocalItemCode>() {
        check_parts(findings, walk, &local, division, day);
    }
}

/// Flags where the parts of a local code and the columns beside it contradict each other.
fn check_parts(
    findings: &mut Findings<'_>,
    walk: &Crosswalk,
    local: &LocalItemCode,
    division: DivisionCode,
    day: Date,
) {
    let row = findings.row;
    if local.delegation() == 2 {
        let problem = "编码含 -2-，可能为委托事项 / the code has -2-, probably a delegated item";
        let remedy = "核对实施主体 / check who acts";
        findings.note("local_item_code", "delegated", problem, remedy, false);
    }
    let inside = local.division();
    let is_over = walk.after(inside).is_some_and(|(_, from)| from <= day);
    if is_over || !walk.same(division, inside) {
        let problem = format!("编码中的区划是 {inside} / the division in the code is {inside}");
        let remedy = "核对编码和区划 / check code and division";
        findings.note("division", "division-differs", &problem, remedy, false);
    }
    let inside = local.authority();
    if row.text("department_code") != inside {
        let problem = format!("编码中的实施主体是 {inside} / the authority in the code is {inside}");
        let remedy = "核对编码和部门代码 / check code and department code";
        findings.note("department_code", "department-differs", &problem, remedy, false);
    }
}

/// The authority that the row names, made when it is new, with the row's credit code where that is valid.
pub(super) fn authority(
    findings: &mut Findings<'_>,
    authorities: &mut Authorities,
    node: &NodeId,
    division: DivisionCode,
    at: Timestamp,
) -> AuthorityId {
    let row = findings.row;
    let name = row.text("department");
    let (authority, changed) = authorities.entry(name.to_owned()).or_insert_with(|| {
        let id = super::authority_id(node, division, name);
        (Authority::new(id, name.to_owned(), division), true)
    });
    let text = row.text("department_code");
    match text.parse::<CreditCode>() {
        Ok(code) => {
            if !authority.codes.iter().any(|dated| dated.code == code) {
                authority.codes.push(DatedCode { code, from: at.date() });
                *changed = true;
            }
        }
        Err(error) if authority.mapped(text).is_none() => {
            let problem = format!("部门代码{} / {error}", error.zh());
            let remedy = format!(
                "映射后方可取号：tongban authority add {name} --code 正确代码 --maps {text} / map it before numbers can be drawn"
            );
            findings.note("department_code", "authority-unmapped", &problem, &remedy, true);
        }
        Err(_) => {}
    }
    authority.id
}
