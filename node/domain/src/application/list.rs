//! The closed lists of applications.

use crate::catalogue::code_list::code_list;

code_list! {
    /// What an item asks the applicant for.
    EntryKind: "填报内容" {
        /// 表单项.
        Field = 0, "field", "表单项", [];
        /// 材料.
        Material = 1, "material", "材料", [];
    }
}

code_list! {
    /// Where a part of an application stands, computed from its case and from those that it waits for.
    PartState: "分项状态" {
        /// What it waits for isn't granted yet.
        Waiting = 0, "waiting", "待前序办结", [];
        /// It could be begun, and isn't.
        Ready = 1, "ready", "待启动", [];
        /// Its case is being worked on.
        Running = 2, "running", "办理中", [];
        /// The applicant is to bring what a notice asks for.
        AtApplicant = 3, "at-applicant", "待申请人补正", [];
        /// 准予.
        Granted = 4, "granted", "准予", [];
        /// It ended without what was applied for.
        Failed = 5, "failed", "未通过", [];
        /// It isn't begun, since something that it waits for failed.
        NotBegun = 6, "not-begun", "未启动", [];
        /// A superior authority goes on with it (转报), in a case of its own, and what that comes to isn't known here yet.
        Forwarded = 7, "forwarded", "已转报上级，结果未知", [];
        /// The applicant took it out before it was begun.
        Dropped = 8, "dropped", "申请人撤回", [];
        /// 不受理: its authority said that the law asks for no permit (行政许可法 32(1)). It didn't fail, and bars nothing that waits for it.
        NotRequired = 9, "not-required", "依法不需要许可", [];
    }
}

impl PartState {
    /// Whether nothing more comes of it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Granted | Self::Failed | Self::NotBegun | Self::Dropped | Self::NotRequired)
    }

    /// Whether what waits for it may begin: it was granted, or the law doesn't ask for it.
    #[must_use]
    pub fn opens_the_way(self) -> bool {
        matches!(self, Self::Granted | Self::NotRequired)
    }
}

code_list! {
    /// Where an application stands, computed from its parts.
    ApplicationState: "一件事状态" {
        /// Parts are open.
        Running = 0, "running", "办理中", [];
        /// All parts are over, and the one answer is to be given.
        Finished = 1, "finished", "待综合答复", [];
        /// 综合答复 was given.
        Answered = 2, "answered", "已综合答复", [];
    }
}

code_list! {
    /// What the hall that collected an application tells the owner of one of its cases of the others.
    ToldKind: "转告内容" {
        /// What earlier parts came to.
        Results = 0, "results", "前序结果", [];
        /// An entry that was put right in another case.
        Amended = 1, "amended", "更正", [];
    }
}

code_list! {
    /// What several authorities do once together (联合办理).
    JointKind: "联合环节" {
        /// 联合踏勘.
        Inspection = 0, "inspection", "联合踏勘", [];
        /// 统一公示.
        Publicity = 1, "publicity", "统一公示", [];
    }
}

impl JointKind {
    /// The act by which it stands in each case.
    #[must_use]
    pub fn act(self) -> crate::case::ActKind {
        match self {
            Self::Inspection => crate::case::ActKind::JointCheck,
            Self::Publicity => crate::case::ActKind::JointPublicity,
        }
    }
}
