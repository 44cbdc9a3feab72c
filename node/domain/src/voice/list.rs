//! The closed lists of ratings and tickets, and which act each state allows.

use crate::catalogue::code_list::code_list;

code_list! {
    /// 满意度 (GB/T 39046 A.8); shown as stars it is six less its number.
    Grade: "满意度" {
        /// 非常满意.
        VerySatisfied = 1, "very-satisfied", "非常满意", [Gbt39046 "1"];
        /// 满意.
        Satisfied = 2, "satisfied", "满意", [Gbt39046 "2"];
        /// 基本满意.
        FairlySatisfied = 3, "fairly-satisfied", "基本满意", [Gbt39046 "3"];
        /// 不满意.
        Dissatisfied = 4, "dissatisfied", "不满意", [Gbt39046 "4"];
        /// 非常不满意.
        VeryDissatisfied = 5, "very-dissatisfied", "非常不满意", [Gbt39046 "5"];
    }
}

impl Grade {
    /// 满意度代码: 1 非常满意 to 5 非常不满意.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    /// The grade of a code.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        <Self as crate::catalogue::CodeList>::ALL.iter().copied().find(|grade| grade.code() == code)
    }

    /// 差评: it is followed up to the end (国办发〔2019〕51号).
    #[must_use]
    pub fn is_bad(self) -> bool {
        self >= Self::Dissatisfied
    }
}

code_list! {
    /// By which way it was said.
    Channel: "评价渠道" {
        /// PC端.
        Web = 1, "web", "PC端", [];
        /// 移动端.
        Mobile = 2, "mobile", "移动端", [];
        /// 二维码, at the window.
        Qr = 3, "qr", "二维码", [];
        /// 大厅平板.
        Pad = 4, "pad", "大厅平板", [];
        /// 大厅其他终端.
        Terminal = 5, "terminal", "大厅其他终端", [];
        /// 电话.
        Phone = 6, "phone", "电话", [];
        /// 短信.
        Sms = 7, "sms", "短信", [];
    }
}

impl Channel {
    /// Its number in the order of the standard: 1 PC端 to 7 短信.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    /// Whether a visit is rated by it (现场一次一评), not the matter (网上一事一评).
    #[must_use]
    pub fn is_on_site(self) -> bool {
        matches!(self, Self::Qr | Self::Pad | Self::Terminal)
    }

    /// Whether somebody asked for the rating: it isn't one of the applicant's own accord (主动评价).
    #[must_use]
    pub fn is_asked_for(self) -> bool {
        matches!(self, Self::Phone | Self::Sms)
    }

    /// Whether this rater may use it: the window enters what a device or a call brought.
    #[must_use]
    pub fn is_of(self, rater: Rater) -> bool {
        match rater {
            Rater::Applicant => !self.is_asked_for(),
            Rater::Window => !matches!(self, Self::Web | Self::Mobile | Self::Qr),
        }
    }
}

code_list! {
    /// Who gave the grade in.
    Rater: "评价录入" {
        /// The applicant, by query code and proof.
        Applicant = 0, "applicant", "申请人", [];
        /// A window, from a device or a call.
        Window = 1, "window", "窗口", [];
    }
}

/// Version of the indicators that this release asks for; a node doesn't edit them.
pub const INDICATORS_VERSION: u16 = 1;

code_list! {
    /// What is rated beside the whole (评价指标), version 1.
    Indicator: "评价指标" {
        /// 办事效率, online.
        Efficiency = 1, "efficiency", "办事效率", [];
        /// 办事指南精确度, online.
        GuideAccuracy = 2, "guide-accuracy", "办事指南精确度", [];
        /// 办事便捷度, online.
        Convenience = 3, "convenience", "办事便捷度", [];
        /// 平台操作性, online.
        Platform = 4, "platform", "平台操作性", [];
        /// 服务效率, on site.
        ServiceEfficiency = 5, "service-efficiency", "服务效率", [];
        /// 服务水平, on site.
        ServiceLevel = 6, "service-level", "服务水平", [];
        /// 服务态度, on site.
        Attitude = 7, "attitude", "服务态度", [];
    }
}

/// The indicators of a visit, or of a matter.
#[must_use]
pub fn indicators(on_site: bool) -> &'static [Indicator] {
    use Indicator as I;
    if on_site {
        &[I::ServiceEfficiency, I::ServiceLevel, I::Attitude]
    } else {
        &[I::Efficiency, I::GuideAccuracy, I::Convenience, I::Platform]
    }
}

code_list! {
    /// Whether a rating counts here.
    Standing: "评价效力" {
        /// 有效: it counts at this node.
        Counted = 0, "counted", "有效", [];
        /// 不予计入: an appeal against it was upheld.
        SetAside = 1, "set-aside", "不予计入", [];
        /// 已转送: it was sent to the authority whose service it rates, and counts there.
        Sent = 2, "sent", "已转送", [];
        /// 未接收: the authority's node didn't take it.
        Refused = 3, "refused", "未接收", [];
    }
}

code_list! {
    /// What was done with a rating last.
    RatingDeed: "评价记录" {
        /// 评价.
        Rated = 0, "rated", "评价", [];
        /// 转送.
        Sent = 1, "sent", "转送", [];
        /// 未接收.
        Refused = 2, "refused", "未接收", [];
        /// 回访核实.
        Verified = 3, "verified", "回访核实", [];
        /// 整改.
        Rectified = 4, "rectified", "整改", [];
        /// 限期整改.
        Planned = 5, "planned", "列入台账限期整改", [];
        /// 解释说明.
        Explained = 6, "explained", "解释说明", [];
        /// 反馈办结.
        Closed = 7, "closed", "反馈办结", [];
        /// 申诉.
        Appealed = 8, "appealed", "申诉", [];
        /// 申诉成立.
        Upheld = 9, "upheld", "申诉成立", [];
        /// 申诉不成立.
        Dismissed = 10, "dismissed", "申诉不成立", [];
        /// 改派.
        Assigned = 11, "assigned", "改派", [];
    }
}

code_list! {
    /// Where the follow-up of a bad grade stands.
    FollowUpState: "差评整改状态" {
        /// 待核实.
        Open = 0, "open", "待核实", [];
        /// 已核实.
        Verified = 1, "verified", "已核实", [];
        /// 限期整改.
        Planned = 2, "planned", "限期整改", [];
        /// 已整改, the applicant isn't told yet.
        Rectified = 3, "rectified", "已整改", [];
        /// 已说明, likewise.
        Explained = 4, "explained", "已说明", [];
        /// 已反馈办结.
        Closed = 5, "closed", "已办结", [];
        /// 申诉中.
        Appealed = 6, "appealed", "申诉中", [];
    }
}

code_list! {
    /// What is done in a follow-up.
    FollowUpKind: "差评整改环节" {
        /// 回访核实.
        Verify = 0, "verify", "回访核实", [];
        /// 整改: at once, or by the plan.
        Rectify = 1, "rectify", "整改", [];
        /// 列入台账限期整改.
        Plan = 2, "plan", "限期整改", [];
        /// 解释说明: what is asked for has no basis in law.
        Explain = 3, "explain", "解释说明", [];
        /// 反馈办结: a return call told the outcome.
        Close = 4, "close", "反馈办结", [];
        /// 申诉.
        Appeal = 5, "appeal", "申诉", [];
        /// 申诉复核.
        Judge = 6, "judge", "申诉复核", [];
        /// 改派.
        Assign = 7, "assign", "改派", [];
    }
}

impl FollowUpState {
    /// Whether something may be done in this state; the table of the manual and of the test.
    #[must_use]
    pub fn allows(self, kind: FollowUpKind) -> bool {
        use FollowUpKind as K;
        match self {
            Self::Open => matches!(kind, K::Verify | K::Appeal | K::Assign),
            Self::Verified => matches!(kind, K::Rectify | K::Plan | K::Explain | K::Appeal | K::Assign),
            Self::Planned => matches!(kind, K::Rectify | K::Assign),
            Self::Rectified | Self::Explained => matches!(kind, K::Close | K::Assign),
            Self::Appealed => matches!(kind, K::Judge | K::Assign),
            Self::Closed => false,
        }
    }
}

code_list! {
    /// How a follow-up ended.
    FollowUpOutcome: "差评整改结果" {
        /// 立行立改.
        Rectified = 1, "rectified", "立行立改", [];
        /// 限期整改完成.
        RectifiedByPlan = 2, "rectified-by-plan", "限期整改完成", [];
        /// 解释说明.
        Explained = 3, "explained", "解释说明", [];
        /// 不予计入.
        SetAside = 4, "set-aside", "不予计入", [];
    }
}

code_list! {
    /// Why a grade is appealed against.
    Ground: "申诉理由" {
        /// 误评.
        Mistaken = 1, "mistaken", "误评", [];
        /// 恶意差评.
        Malicious = 2, "malicious", "恶意", [];
    }
}

code_list! {
    /// What a ticket is.
    TicketKind: "工单类型" {
        /// 咨询.
        Enquiry = 1, "enquiry", "咨询", [];
        /// 投诉.
        Complaint = 2, "complaint", "投诉", [];
        /// 办不成事.
        Unresolved = 3, "unresolved", "办不成事", [];
    }
}

code_list! {
    /// Where a ticket stands at the node that handles it.
    TicketState: "工单状态" {
        /// 待分派.
        Open = 0, "open", "待分派", [];
        /// 办理中.
        Assigned = 1, "assigned", "办理中", [];
        /// 已答复.
        Answered = 2, "answered", "已答复", [];
        /// 已办结.
        Closed = 3, "closed", "已办结", [];
        /// 已退回: it isn't this node's, and went back to where it was opened.
        Returned = 4, "returned", "已退回", [];
    }
}

code_list! {
    /// What was done with a ticket.
    TicketDeed: "工单环节" {
        /// 登记.
        Open = 0, "open", "登记", [];
        /// 接收, from the node where it was opened.
        Take = 1, "take", "接收", [];
        /// 分派.
        Assign = 2, "assign", "分派", [];
        /// 转办.
        HandOn = 3, "hand-on", "转办", [];
        /// 转送 to another node.
        Send = 4, "send", "转送", [];
        /// 退回 to the node where it was opened.
        GiveBack = 5, "give-back", "退回", [];
        /// 收回: the other node gave it back, or didn't take it.
        CameBack = 6, "came-back", "收回", [];
        /// 答复.
        Answer = 7, "answer", "答复", [];
        /// 办结.
        Close = 8, "close", "办结", [];
        /// 重新办理, by the applicant.
        Reopen = 9, "reopen", "重新办理", [];
        /// 确认解决, by the applicant.
        Confirm = 10, "confirm", "确认解决", [];
        /// 进展 that the handling node told.
        News = 11, "news", "进展", [];
    }
}

impl TicketState {
    /// Whether something may be done in this state at the node that handles it; whoever may do it.
    #[must_use]
    pub fn allows(self, deed: TicketDeed) -> bool {
        use TicketDeed as D;
        match self {
            Self::Open => matches!(deed, D::Assign | D::Send | D::GiveBack),
            Self::Assigned => matches!(deed, D::HandOn | D::Send | D::GiveBack | D::Answer),
            Self::Answered => matches!(deed, D::Close | D::Reopen | D::Confirm),
            Self::Closed => matches!(deed, D::Reopen),
            Self::Returned => matches!(deed, D::Take),
        }
    }

    /// Whether somebody has to answer.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Assigned)
    }
}

code_list! {
    /// How a ticket ended.
    TicketOutcome: "工单结果" {
        /// 已解决.
        Resolved = 1, "resolved", "已解决", [];
        /// 解释说明: it can't be done, and why was explained.
        Explained = 2, "explained", "解释说明", [];
    }
}
