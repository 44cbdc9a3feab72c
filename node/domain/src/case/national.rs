//! The national lists: what a state and a result are called there.
//!
//! Results are those of the case tables (办结结果 of `up_pro_result`, as implemented since 2020), states those of the data standard of
//! construction approval, which is used nation-wide. Neither list is ours; where it has no word for a state, nothing is given.

use super::{Act, ActKind, Status};

/// Every result of the national list with its number and Chinese name.
pub const RESULTS: [(u8, &str); 7] =
    [(0, "出证办结"), (1, "不予许可"), (2, "作废办结"), (3, "删除办结"), (4, "转报办结"), (5, "退件"), (6, "不予受理")];

/// Every state of the national list with its number and Chinese name.
pub const STATES: [(u8, &str); 15] = [
    (1, "接件"),
    (2, "撤件"),
    (3, "受理"),
    (4, "不受理"),
    (5, "不予受理"),
    (6, "补正开始"),
    (7, "补正结束"),
    (8, "部门开始办理"),
    (9, "特别程序开始"),
    (10, "特别程序结束"),
    (11, "办结（通过）"),
    (12, "办结（容缺通过）"),
    (13, "办结（不通过）"),
    (14, "撤回"),
    (15, "撤销"),
];

impl Status {
    /// The number of 办结结果 that a case in this state has come to; none while it hasn't, and of states that follow a result.
    ///
    /// 不受理 has no number of its own and goes as 不予受理.
    #[must_use]
    pub fn result_code(self) -> Option<u8> {
        match self {
            Status::Granted => Some(0),
            Status::Denied => Some(1),
            Status::Forwarded => Some(4),
            Status::Withdrawn | Status::Returned => Some(5),
            Status::RefusedNotRequired | Status::RefusedNotCompetent => Some(6),
            _ => None,
        }
    }
}

/// The number of 办结结果 of a case with this history: the last that one of its acts came to.
#[must_use]
pub fn result_code(history: &[Act]) -> Option<u8> {
    history.iter().rev().find_map(|act| act.status.result_code())
}

impl Act {
    /// The number of the national state that an act brings a case to; none where the list has no word for it.
    ///
    /// `accepted` says whether the case had been accepted before, which tells 撤件 from 撤回.
    #[must_use]
    pub fn state_code(&self, accepted: bool) -> Option<u8> {
        match (self.kind, self.status) {
            (ActKind::Collect | ActKind::TakeCustody, _) => Some(1),
            (ActKind::Withdraw, _) if accepted => Some(14),
            (ActKind::Withdraw | ActKind::Return, _) => Some(2),
            (ActKind::Accept | ActKind::AcceptDeemed, _) => Some(3),
            (ActKind::Refuse, Status::RefusedNotRequired) => Some(4),
            (ActKind::Refuse, _) => Some(5),
            (ActKind::Notify, _) => Some(6),
            (ActKind::Supplement, Status::Supplemented) => Some(7),
            (ActKind::Check, _) => Some(8),
            (ActKind::Suspend, _) => Some(9),
            (ActKind::Resume, _) => Some(10),
            (ActKind::Decide, Status::Granted) => Some(11),
            (ActKind::Decide, _) => Some(13),
            _ => None,
        }
    }
}

/// The number of the national state that a history has come to.
#[must_use]
pub fn state_code(history: &[Act]) -> Option<u8> {
    let was_accepted = |act: &Act| matches!(act.kind, ActKind::Accept | ActKind::AcceptDeemed);
    let accepted = history.iter().any(was_accepted);
    history.iter().rev().find_map(|act| act.state_code(accepted))
}
