//! Acts: what was done to a case, by whom, when.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use crate::facts::Place;

/// The kinds of act; the numbers are those of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum ActKind {
    /// 收件.
    #[n(0)]
    Collect,
    /// 移交.
    #[n(1)]
    Offer,
    /// 接收.
    #[n(2)]
    TakeCustody,
    /// 退回移交.
    #[n(3)]
    RefuseCustody,
    /// 移交完成.
    #[n(4)]
    Discharge,
    /// 受理.
    #[n(5)]
    Accept,
    /// 视为受理 (行政许可法 32(4)).
    #[n(6)]
    AcceptDeemed,
    /// 不受理、不予受理.
    #[n(7)]
    Refuse,
    /// 一次性告知补正.
    #[n(8)]
    Notify,
    /// 决定.
    #[n(9)]
    Decide,
    /// 送达.
    #[n(10)]
    Deliver,
    /// 办结.
    #[n(11)]
    Close,
    /// 撤件.
    #[n(12)]
    Withdraw,
    /// 制证.
    #[n(13)]
    IssueLicence,
    /// 注销证照.
    #[n(14)]
    CancelLicence,
    /// 特别程序: the clock stops (行政许可法 45).
    #[n(15)]
    Suspend,
    /// 恢复计时.
    #[n(16)]
    Resume,
    /// 延期 (行政许可法 42).
    #[n(17)]
    Extend,
    /// 补正: what a notice asked for was brought.
    #[n(18)]
    Supplement,
    /// 退件: what it asked for was not brought in its time.
    #[n(19)]
    Return,
    /// 现场核查 (行政许可法 34).
    #[n(20)]
    Check,
    /// 当场更正 (行政许可法 32(3)).
    #[n(21)]
    Correct,
    /// 转报 (行政许可法 43).
    #[n(22)]
    Forward,
    /// 更正: a wrong entry was put right.
    #[n(23)]
    Amend,
    /// 补正未收: the owner didn't take what the collecting hall had taken for it.
    #[n(24)]
    RefuseSupplement,
    /// 视为准予延续 (行政许可法 50): nothing was decided before the licence ended.
    #[n(25)]
    DeemedRenewal,
    /// 申请收回: the nearest common superior is asked for a case whose other side is gone.
    #[n(30)]
    AskReclaim,
    /// 收回, by its order.
    #[n(31)]
    Reclaim,
    /// 领取: a step is claimed.
    #[n(32)]
    Claim,
    /// 转办.
    #[n(33)]
    HandOn,
    /// 退回: sent back to an earlier step.
    #[n(34)]
    ReturnStep,
    /// 环节通过.
    #[n(35)]
    PassStep,
    /// 签署: one of several at a step.
    #[n(36)]
    SignStep,
    /// 回避.
    #[n(37)]
    Recuse,
    /// 补交容缺材料.
    #[n(38)]
    FollowUp,
    /// 联合踏勘: an on-site check that several cases of an application share.
    #[n(50)]
    JointCheck,
    /// 统一公示: a publicity that several cases of an application share.
    #[n(51)]
    JointPublicity,
    /// 代收撤件申请: the collecting hall took for the owner that the applicant withdraws.
    #[n(52)]
    AskWithdrawal,
    /// 撤件申请未收: the owner didn't take it.
    #[n(53)]
    RefuseWithdrawal,
    /// 转报结果: what a case came to with which a superior goes on.
    #[n(58)]
    ForwardOutcome,
    /// 一件事转告: what became of other parts of the application after this one had begun.
    #[n(59)]
    TellPart,
    /// 告知未收: the authority in charge didn't take what was reported of a case that is decided in its place.
    #[n(54)]
    RefuseReport,
    /// 纸质签收: the paper file came, which counts as receipt by the agreement.
    #[n(70)]
    ReceivePaper,
    /// 告知承诺: the applicant's pledge was taken in the place of materials.
    #[n(65)]
    Pledge,
    /// 承诺核查: what a check of it found, or what came of it.
    #[n(66)]
    VerifyPledge,
    /// 免缴: a fee needn't be paid before the result is handed out.
    #[n(56)]
    WaiveFee,
    /// 重新告知: what the authority in charge hadn't taken of a case that is decided in its place was reported again.
    #[n(57)]
    ReportAgain,
}

impl ActKind {
    /// All kinds in the order of their numbers.
    pub const ALL: [ActKind; 47] = [
        ActKind::Collect,
        ActKind::Offer,
        ActKind::TakeCustody,
        ActKind::RefuseCustody,
        ActKind::Discharge,
        ActKind::Accept,
        ActKind::AcceptDeemed,
        ActKind::Refuse,
        ActKind::Notify,
        ActKind::Decide,
        ActKind::Deliver,
        ActKind::Close,
        ActKind::Withdraw,
        ActKind::IssueLicence,
        ActKind::CancelLicence,
        ActKind::Suspend,
        ActKind::Resume,
        ActKind::Extend,
        ActKind::Supplement,
        ActKind::Return,
        ActKind::Check,
        ActKind::Correct,
        ActKind::Forward,
        ActKind::Amend,
        ActKind::RefuseSupplement,
        ActKind::DeemedRenewal,
        ActKind::AskReclaim,
        ActKind::Reclaim,
        ActKind::Claim,
        ActKind::HandOn,
        ActKind::ReturnStep,
        ActKind::PassStep,
        ActKind::SignStep,
        ActKind::Recuse,
        ActKind::FollowUp,
        ActKind::JointCheck,
        ActKind::JointPublicity,
        ActKind::AskWithdrawal,
        ActKind::RefuseWithdrawal,
        ActKind::ForwardOutcome,
        ActKind::TellPart,
        ActKind::RefuseReport,
        ActKind::ReceivePaper,
        ActKind::Pledge,
        ActKind::VerifyPledge,
        ActKind::WaiveFee,
        ActKind::ReportAgain,
    ];

    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ActKind::Collect => "collect",
            ActKind::Offer => "offer",
            ActKind::TakeCustody => "take-custody",
            ActKind::RefuseCustody => "refuse-custody",
            ActKind::Discharge => "discharge",
            ActKind::Accept => "accept",
            ActKind::AcceptDeemed => "accept-deemed",
            ActKind::Refuse => "refuse",
            ActKind::Notify => "notify",
            ActKind::Decide => "decide",
            ActKind::Deliver => "deliver",
            ActKind::Close => "close",
            ActKind::Withdraw => "withdraw",
            ActKind::IssueLicence => "issue-licence",
            ActKind::CancelLicence => "cancel-licence",
            ActKind::Suspend => "suspend",
            ActKind::Resume => "resume",
            ActKind::Extend => "extend",
            ActKind::Supplement => "supplement",
            ActKind::Return => "return",
            ActKind::Check => "check",
            ActKind::Correct => "correct",
            ActKind::Forward => "forward",
            ActKind::Amend => "amend",
            ActKind::RefuseSupplement => "refuse-supplement",
            ActKind::DeemedRenewal => "deemed-renewal",
            ActKind::AskReclaim => "ask-reclaim",
            ActKind::Reclaim => "reclaim",
            ActKind::Claim => "claim",
            ActKind::HandOn => "hand-on",
            ActKind::ReturnStep => "return-step",
            ActKind::PassStep => "pass-step",
            ActKind::SignStep => "sign-step",
            ActKind::Recuse => "recuse",
            ActKind::FollowUp => "follow-up",
            ActKind::JointCheck => "joint-check",
            ActKind::JointPublicity => "joint-publicity",
            ActKind::AskWithdrawal => "ask-withdrawal",
            ActKind::RefuseWithdrawal => "refuse-withdrawal",
            ActKind::ForwardOutcome => "forward-outcome",
            ActKind::TellPart => "tell-part",
            ActKind::RefuseReport => "refuse-report",
            ActKind::ReceivePaper => "receive-paper",
            ActKind::Pledge => "pledge",
            ActKind::VerifyPledge => "verify-pledge",
            ActKind::WaiveFee => "waive-fee",
            ActKind::ReportAgain => "report-again",
        }
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            ActKind::Collect => "收件",
            ActKind::Offer => "移交",
            ActKind::TakeCustody => "接收",
            ActKind::RefuseCustody => "退回移交",
            ActKind::Discharge => "移交完成",
            ActKind::Accept => "受理",
            ActKind::AcceptDeemed => "视为受理",
            ActKind::Refuse => "不受理",
            ActKind::Notify => "补正告知",
            ActKind::Decide => "决定",
            ActKind::Deliver => "送达",
            ActKind::Close => "办结",
            ActKind::Withdraw => "撤件",
            ActKind::IssueLicence => "制证",
            ActKind::CancelLicence => "注销证照",
            ActKind::Suspend => "中止计时",
            ActKind::Resume => "恢复计时",
            ActKind::Extend => "延期",
            ActKind::Supplement => "补正",
            ActKind::Return => "退件",
            ActKind::Check => "现场核查",
            ActKind::Correct => "当场更正",
            ActKind::Forward => "转报",
            ActKind::Amend => "更正",
            ActKind::RefuseSupplement => "补正未收",
            ActKind::DeemedRenewal => "视为准予延续",
            ActKind::AskReclaim => "申请收回",
            ActKind::Reclaim => "收回",
            ActKind::Claim => "领取",
            ActKind::HandOn => "转办",
            ActKind::ReturnStep => "退回",
            ActKind::PassStep => "环节通过",
            ActKind::SignStep => "签署",
            ActKind::Recuse => "回避",
            ActKind::FollowUp => "补交容缺材料",
            ActKind::JointCheck => "联合踏勘",
            ActKind::JointPublicity => "统一公示",
            ActKind::AskWithdrawal => "代收撤件申请",
            ActKind::RefuseWithdrawal => "撤件申请未收",
            ActKind::ForwardOutcome => "转报结果",
            ActKind::TellPart => "一件事转告",
            ActKind::RefuseReport => "告知未收",
            ActKind::ReceivePaper => "纸质签收",
            ActKind::Pledge => "告知承诺",
            ActKind::VerifyPledge => "承诺核查",
            ActKind::WaiveFee => "免缴",
            ActKind::ReportAgain => "重新告知",
        }
    }

    /// Acts that only the node of the authority in charge may do as owner; what a hall takes for the owner is none of its.
    #[must_use]
    pub fn needs_competence(self) -> bool {
        matches!(
            self,
            ActKind::Accept
                | ActKind::AcceptDeemed
                | ActKind::Refuse
                | ActKind::Notify
                | ActKind::Decide
                | ActKind::IssueLicence
                | ActKind::CancelLicence
                | ActKind::Suspend
                | ActKind::Resume
                | ActKind::Extend
                | ActKind::Supplement
                | ActKind::Return
                | ActKind::Check
                | ActKind::Forward
                | ActKind::DeemedRenewal
                | ActKind::Claim
                | ActKind::HandOn
                | ActKind::ReturnStep
                | ActKind::PassStep
                | ActKind::SignStep
                | ActKind::Recuse
                | ActKind::FollowUp
                | ActKind::JointCheck
                | ActKind::JointPublicity
                | ActKind::ReceivePaper
                | ActKind::VerifyPledge
                | ActKind::WaiveFee
                | ActKind::ReportAgain
        )
    }
}

/// Who may read an act's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Operators of the nodes that handled the case.
    Operators,
    /// Whoever holds the query code: state and dates only.
    Applicant,
}

/// One act in the history of a case.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Act {
    /// The case.
    #[n(0)]
    pub case: CaseId,
    /// Number of the act within its node's leg of the case, from 1.
    #[n(1)]
    pub number: u32,
    /// What was done.
    #[n(2)]
    pub kind: ActKind,
    /// Effective time.
    #[n(3)]
    pub at: Timestamp,
    /// Where.
    #[n(4)]
    pub place: Place,
    /// By whom.
    #[n(5)]
    pub operator: String,
    /// At which window.
    #[n(6)]
    pub window: Option<String>,
    /// Tenure under which it was done.
    #[n(7)]
    pub tenure: u32,
    /// State after it.
    #[n(8)]
    pub status: super::Status,
    /// Reason or note.
    #[n(9)]
    pub note: Option<String>,
    /// The mandate under which a decision was taken: item and grantor.
    #[n(10)]
    pub mandate: Option<String>,
}
