//! The part of an entry that figures are folded from; it is never erased and names no person.
//!
//! On the wire a header is `[kind, {fields}]`. Field numbers and kind numbers are never reused.

use minicbor::{Decode, Decoder, Encode, Encoder};
use thiserror::Error;
use tongban_codes::cbor::{self, CborError};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId};
use tongban_codes::time::{Date, Timestamp};

use crate::checkpoint::Checkpoint;
use crate::coded::coded;

coded! {
    /// What was done to a case or a licence.
    ActKind {
        /// 收件: a window took the materials; the legal clock doesn't run.
        Collect = 1,
        /// Custody was offered to another node; every act here is frozen.
        Offer = 2,
        /// 经办: custody was taken, at the next tenure.
        TakeCustody = 3,
        /// Custody was refused.
        RefuseCustody = 4,
        /// The node that offered recorded that the other took over.
        Discharge = 5,
        /// The nearest common superior took custody from a node that is gone.
        Reclaim = 6,
        /// 受理: the authority in charge accepted; the legal clock starts.
        Accept = 7,
        /// Deemed accepted, since no answer came in time (行政许可法 art. 32).
        AcceptDeemed = 8,
        /// 不受理 or 不予受理; the outcome says which.
        Refuse = 9,
        /// 补正: the one-time notice of what is missing.
        Notify = 10,
        /// 更正: a mistake was amended.
        Amend = 11,
        /// Materials that a notice asked for were brought.
        Supplement = 12,
        /// Pre-review of the materials.
        Check = 13,
        /// The clock was stopped on a cited basis (行政许可法 art. 45).
        Suspend = 14,
        /// The clock runs again.
        Resume = 15,
        /// 延期 (行政许可法 art. 42).
        Extend = 16,
        /// 转报: sent on to the superior authority.
        Forward = 17,
        /// 准予 or 不予; the outcome says which.
        Decide = 18,
        /// 送达: the result reached the applicant.
        Deliver = 19,
        /// 办结.
        Close = 20,
        /// 撤件 by the applicant.
        Withdraw = 21,
        /// 好差评.
        Rate = 22,
        /// A card of supervision (电子监察) was raised.
        Supervise = 23,
        /// 视为准予延续: a renewal was deemed granted, and the licence issued anew (行政许可法 art. 50).
        DeemedRenewal = 24,
        /// 申请收回: the nearest common superior was asked for a case whose other side is gone.
        AskReclaim = 29,
        /// A card was closed.
        ClearCard = 31,
        /// A card that was closed was raised again: its cause came back.
        ReopenCard = 32,
        /// 领取: somebody took the case at a step.
        Claim = 34,
        /// 转办: it was put into another's hands.
        HandOn = 35,
        /// 环节: an opinion at a step passed it, signed it or sent it back.
        Step = 36,
        /// 回避.
        Recuse = 37,
        /// 容缺: a material that was to follow acceptance has come.
        FollowUp = 38,
        /// 退件: what a notice asked for didn't come in its time.
        Return = 39,
        /// A licence was issued.
        IssueLicence = 40,
        /// 延续.
        RenewLicence = 41,
        /// 变更.
        ChangeLicence = 42,
        /// 补领 or 换领.
        ReplaceLicence = 43,
        /// 暂扣.
        SuspendLicence = 44,
        /// 吊销.
        RevokeLicence = 45,
        /// 撤回.
        RecallLicence = 46,
        /// 撤销.
        AnnulLicence = 47,
        /// 注销.
        CancelLicence = 48,
        /// 现场核查: two officers checked on the site (行政许可法 art. 34).
        Inspect = 49,
        /// 当场更正: a mistake was put right at the window (行政许可法 art. 32).
        Correct = 50,
        /// What a collecting hall had taken after a notice wasn't taken by the owner.
        RefuseSupplement = 51,
        /// 再次告知: a notice after the first, of what couldn't be known then; for supervision to look at.
        NotifyAgain = 52,
        /// 重新告知: what the authority in charge hadn't taken of a case that is decided in its place was reported again.
        ReportAgain = 53,
        /// 工单: a ticket began to be handled at this node.
        OpenTicket = 60,
        /// 答复: a ticket was answered.
        AnswerTicket = 61,
        /// 工单办结.
        CloseTicket = 62,
        /// 重新办理: the applicant opened it again.
        ReopenTicket = 63,
        /// 转送、退回: another node goes on with it.
        LeaveTicket = 64,
        /// 差评整改办结: the follow-up of a bad grade was closed with its outcome.
        CloseFollowUp = 65,
        /// 不予计入: an appeal against a grade was upheld.
        SetRatingAside = 66,
        /// 联合踏勘: an on-site check that several cases of an application for a life event share.
        JointInspect = 70,
        /// 统一公示: a publicity that they share.
        JointPublicity = 71,
        /// 代收撤件申请: the collecting hall took for the owner that the applicant withdraws.
        AskWithdrawal = 72,
        /// 撤件申请未收: the owner didn't take it.
        RefuseWithdrawal = 73,
        /// 异地受理: another authority accepted in the place of the one in charge, which records it; counts at the latter, as the deciding division.
        AcceptElsewhere = 74,
        /// 异地办结: it ended there, decided or otherwise.
        EndElsewhere = 75,
        /// 告知未收: the authority in charge didn't take what was reported of a case that is decided in its place.
        RefuseReport = 76,
        /// 免缴: a fee needn't be paid before the result is handed out.
        WaiveFee = 77,
        /// 下单: an outside system was asked for a payment, a courier or the handling of a case.
        PlaceOrder = 80,
        /// 对方答复: it took the order or its cancellation, or didn't.
        AnswerOrder = 81,
        /// 收到结果: it told an outcome.
        OrderOutcome = 82,
        /// 录入结果: an operator entered one.
        EnterOutcome = 83,
        /// 撤销、再次发送: an operator asked it to let go, or to take it after all.
        ChangeOrder = 84,
        /// 告知承诺: a pledge was taken in the place of materials.
        Pledge = 85,
        /// 承诺核查: what a check of it found, or what came of it.
        VerifyPledge = 86,
        /// 纸质签收: the paper file came, which counts as receipt by the agreement between the authorities.
        ReceivePaper = 90,
        /// 转报结果: what a case came to with which a superior goes on.
        ForwardOutcome = 91,
        /// 一件事转告: what became of other parts of an application after this one had begun.
        TellPart = 92,
    }
}

coded! {
    /// How collecting and deciding places share the work (国办发〔2020〕35号).
    Mode {
        /// At a window of the deciding authority's own hall.
        Local = 0,
        /// 全程网办: all of it online.
        Online = 1,
        /// 异地代收代办: collected elsewhere on behalf of the deciding authority.
        OnBehalf = 2,
        /// 多地联办: one place accepts, several decide their parts.
        Joint = 3,
        /// 异地受理、无差别办理: the collecting authority decides under the same standard.
        Undifferentiated = 4,
    }
}

coded! {
    /// 办理形式, by which way the application came (GB/T 39046 A.5).
    Channel {
        /// 窗口.
        Window = 1,
        /// 电脑端网上.
        Web = 2,
        /// 移动端网上.
        Mobile = 3,
        /// 快递申请.
        Post = 4,
        /// 其他.
        Other = 9,
    }
}

coded! {
    /// What came of an act that ends or turns a case.
    Outcome {
        /// 准予.
        Granted = 1,
        /// 不予许可.
        Denied = 2,
        /// 不受理: no permission is needed for this.
        NotRequired = 3,
        /// 不予受理: another authority's competence.
        NotCompetent = 4,
        /// 撤件.
        Withdrawn = 5,
        /// 退件: what was asked for didn't come in time.
        NotSupplemented = 6,
        /// 转报办结.
        Forwarded = 7,
        /// 作废办结.
        Voided = 8,
    }
}

coded! {
    /// What a standards entry carries.
    StandardKind {
        /// 基本目录: a superior's base item.
        BaseItem = 1,
        /// 实施清单: an implementation item.
        Item = 2,
        /// A version of the working-day calendar.
        Calendar = 3,
        /// A ceiling on time, visits or materials that subordinates may not exceed.
        Ceiling = 4,
        /// A policy in force from a date.
        Policy = 5,
        /// 办事指南: a guide, named by its digest; items name the digest.
        Guide = 6,
        /// 主题: a topic under which items are found.
        Topic = 7,
        /// 一件事: a life event that bundles items.
        LifeEvent = 8,
        /// An entry of a list against which items are checked (九类清单, 行政许可事项清单).
        Entry = 9,
        /// 不认领: a superior's base item that is declined here with a reason, or no longer.
        Decline = 10,
        /// 区划代码变更: a division's code from a day on.
        Division = 11,
    }
}

coded! {
    /// 监察牌: how grave what supervision found is.
    Colour {
        /// 黄牌: time runs short.
        Yellow = 1,
        /// 红牌: time is over.
        Red = 2,
        /// 严重红牌: time has long been over.
        Severe = 3,
    }
}

coded! {
    /// What was said of the service.
    VoiceKind {
        /// 现场一次一评: a rating of a visit.
        Visit = 1,
        /// 网上一事一评: a rating of a matter.
        Matter = 2,
        /// 咨询.
        Enquiry = 3,
        /// 投诉.
        Complaint = 4,
        /// 办不成事.
        Unresolved = 5,
    }
}

coded! {
    /// How a follow-up or a ticket ended.
    VoiceOutcome {
        /// 立行立改.
        Rectified = 1,
        /// 限期整改完成.
        RectifiedByPlan = 2,
        /// 解释说明.
        Explained = 3,
        /// 已解决.
        Resolved = 4,
    }
}

coded! {
    /// Why a node began a new epoch.
    EpochReason {
        /// The data came from a backup.
        Restore = 1,
        /// The data was copied to a new node beside the old one.
        Clone = 2,
        /// A majority of replicas was lost and one went on alone.
        ForcedRecovery = 3,
        /// A peer had seen more of this journal than the node holds.
        Behind = 4,
    }
}

coded! {
    /// What happened to the node itself.
    NodeEvent {
        /// The node was made: the first entry of its first epoch.
        Created = 1,
        /// It joined under a superior.
        Joined = 2,
        /// It moved under another superior and kept its id, journals and cursors.
        Reparented = 3,
        /// A node key was replaced.
        KeyRotated = 4,
        /// A signed record (node or authority) was published; the digest names it.
        RecordPublished = 5,
        /// A body's fields were erased; case and entry say whose.
        Erased = 6,
        /// A case of an earlier epoch is unreconciled.
        Unreconciled = 7,
        /// A case of an earlier epoch was reconciled with its other leg.
        Reconciled = 8,
        /// A case was declared lost.
        DeclaredLost = 9,
        /// A division or department changed by a dated order.
        DivisionChanged = 10,
        /// 历史办件导入: a batch of another system's earlier cases came in, imported and not witnessed; the document is a keyed hash of its rows.
        EarlierImported = 90,
        /// 历史办件导入撤销: such a batch was undone.
        EarlierUndone = 91,
    }
}

/// An act on a case or licence: the unit that figures count.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ActHeader {
    /// What was done.
    #[n(0)]
    pub act: ActKind,
    /// When it took effect at the node that recorded it.
    #[n(1)]
    pub at: Timestamp,
    /// The case.
    #[n(2)]
    pub case: CaseId,
    /// The owner's tenure under which the act was lawful.
    #[n(3)]
    pub tenure: u32,
    /// The division whose window collected.
    #[n(4)]
    pub collecting_division: DivisionCode,
    /// The division whose authority decides; the case counts there.
    #[n(5)]
    pub deciding_division: DivisionCode,
    /// The authority in charge.
    #[n(6)]
    pub authority: AuthorityId,
    /// The item's local code.
    #[n(7)]
    pub item: String,
    /// The item's 基本编码, where it has one.
    #[n(8)]
    pub base_code: Option<String>,
    /// The version of the item that binds this case.
    #[n(9)]
    pub item_version: u32,
    /// 事项类型代码 (GB/T 39046 A.1): 1 行政许可 … 20 公共服务.
    #[n(10)]
    pub item_type: u8,
    /// How collecting and deciding places share the work.
    #[n(11)]
    pub mode: Mode,
    /// By which way the application came.
    #[n(12)]
    pub channel: Channel,
    /// What came of it.
    #[n(13)]
    pub outcome: Option<Outcome>,
    /// Whether the statutory limit was kept, on acts that a limit governs.
    #[n(14)]
    pub in_time_statutory: Option<bool>,
    /// Whether the promised limit was kept, on acts that a limit governs.
    #[n(15)]
    pub in_time_promised: Option<bool>,
    /// Visits of the applicant so far.
    #[n(16)]
    pub visits: u8,
    /// Materials that the item asks of this applicant.
    #[n(17)]
    pub materials_asked: u16,
    /// Of these, how many were reused or shared instead of brought.
    #[n(18)]
    pub materials_reused: u16,
    /// The day of collection.
    #[n(19)]
    pub collected_on: Option<Date>,
    /// The day of acceptance.
    #[n(20)]
    pub accepted_on: Option<Date>,
    /// The day of decision.
    #[n(21)]
    pub decided_on: Option<Date>,
    /// The last day of the statutory limit.
    #[n(22)]
    pub statutory_due: Option<Date>,
    /// The last day of the promised limit.
    #[n(23)]
    pub promised_due: Option<Date>,
    /// The licence that the act is about, by its identification code.
    #[n(24)]
    pub licence: Option<String>,
    /// 满意度 on [`ActKind::Rate`]: 1 非常满意 … 5 非常不满意 (GB/T 39046 A.8).
    #[n(25)]
    pub grade: Option<u8>,
    /// The card, on acts of supervision.
    #[n(40)]
    pub card: Option<CardMark>,
    /// The rating or ticket, on acts about one.
    #[n(60)]
    pub voice: Option<VoiceMark>,
}

/// What figures count of a rating or a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VoiceMark {
    /// What it is.
    #[n(0)]
    pub kind: VoiceKind,
    /// The division whose service is rated, or that handles the ticket.
    #[n(1)]
    pub division: DivisionCode,
    /// The day under which it counts.
    #[n(2)]
    pub on: Date,
    /// 渠道: 1 PC端, 2 移动端, 3 二维码, 4 大厅平板, 5 大厅其他终端, 6 电话, 7 短信.
    #[n(3)]
    pub channel: u8,
    /// How it ended, or had ended when it was opened again.
    #[n(4)]
    pub outcome: Option<VoiceOutcome>,
    /// Whether it was answered, or followed up, by its last day.
    #[n(5)]
    pub in_time: Option<bool>,
}

/// What figures count of a card.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CardMark {
    /// Its colour.
    #[n(0)]
    pub colour: Colour,
    /// The rule that raised it, by its stable name.
    #[n(1)]
    pub rule: String,
    /// The day from which there was cause.
    #[n(2)]
    pub on: Date,
    /// The division that answers for it.
    #[n(3)]
    pub division: DivisionCode,
}

/// A version of an item, calendar, ceiling or policy.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct StandardHeader {
    /// What it is.
    #[n(0)]
    pub kind: StandardKind,
    /// When it was published.
    #[n(1)]
    pub at: Timestamp,
    /// The 基本编码 that it implements, where there is one.
    #[n(2)]
    pub base_code: Option<String>,
    /// Its own code: item code, calendar or policy name.
    #[n(3)]
    pub code: String,
    /// Its version; a higher one replaces a lower one.
    #[n(4)]
    pub version: u32,
    /// The hash of the part that 四同 compares.
    #[n(5)]
    pub core: Digest,
    /// The first day in force; without it, from publication.
    #[n(6)]
    pub effective_from: Option<Date>,
    /// It is no longer in force.
    #[n(7)]
    pub withdrawn: bool,
    /// The division that it belongs to.
    #[n(8)]
    pub division: DivisionCode,
    /// The authority that answers for it.
    #[n(9)]
    pub authority: AuthorityId,
}

/// The first entry of a new epoch: it names the tree that it follows.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EpochHeader {
    /// When the new epoch began.
    #[n(0)]
    pub at: Timestamp,
    /// Why.
    #[n(1)]
    pub reason: EpochReason,
    /// The epoch before.
    #[n(2)]
    pub old_epoch: u32,
    /// How many entries of it this node holds.
    #[n(3)]
    pub old_size: u64,
    /// Their root.
    #[n(4)]
    pub old_root: Digest,
}

impl EpochHeader {
    /// Whether it names exactly the tree of this checkpoint as the one before.
    #[must_use]
    pub fn follows(&self, old: &Checkpoint) -> bool {
        (self.old_epoch, self.old_size, self.old_root) == (old.epoch, old.size, old.root)
    }
}

/// An event of the node itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NodeHeader {
    /// What happened.
    #[n(0)]
    pub event: NodeEvent,
    /// When.
    #[n(1)]
    pub at: Timestamp,
    /// The other node concerned: the superior that was joined, say.
    #[n(2)]
    pub node: Option<NodeId>,
    /// The division concerned.
    #[n(3)]
    pub division: Option<DivisionCode>,
    /// The authority concerned.
    #[n(4)]
    pub authority: Option<AuthorityId>,
    /// The case concerned.
    #[n(5)]
    pub case: Option<CaseId>,
    /// The position in this journal of the entry concerned, of the same epoch.
    #[n(6)]
    pub entry: Option<u64>,
    /// The document concerned: a record, an order.
    #[n(7)]
    pub document: Option<Digest>,
}

impl NodeHeader {
    /// An event that concerns nothing beyond the node.
    #[must_use]
    pub const fn new(event: NodeEvent, at: Timestamp) -> Self {
        Self { event, at, node: None, division: None, authority: None, case: None, entry: None, document: None }
    }
}

/// An entry's header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// An act: wire kind 0.
    Acts(ActHeader),
    /// A standard: wire kind 1.
    Standards(StandardHeader),
    /// The beginning of a new epoch: wire kind 2.
    Epoch(EpochHeader),
    /// An event of the node: wire kind 3.
    Node(NodeHeader),
}

/// Why header bytes could not be read.
#[derive(Debug, Error)]
pub enum HeaderError {
    /// The bytes are no deterministic CBOR of this shape.
    #[error("the header can't be read")]
    Cbor(#[from] CborError),
    /// A kind that a later release brought: the entry stands, its figures can't be folded here.
    #[error("headers of kind {kind} are not known to this release")]
    UnknownKind {
        /// The kind's number.
        kind: u64,
    },
}

impl Header {
    /// The deterministic bytes that go into an entry.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    /// Reads header bytes.
    ///
    /// # Errors
    /// [`HeaderError::UnknownKind`] for a kind of a later release, [`HeaderError::Cbor`] for anything malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        match cbor::from_slice(bytes)? {
            Wire::Known(header) => Ok(header),
            Wire::Unknown(kind) => Err(HeaderError::UnknownKind { kind }),
        }
    }

    /// When the entry's event took effect.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Acts(ActHeader { at, .. })
            | Self::Standards(StandardHeader { at, .. })
            | Self::Epoch(EpochHeader { at, .. })
            | Self::Node(NodeHeader { at, .. }) => *at,
        }
    }
}

impl<C> Encode<C> for Header {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?;
        match self {
            Self::Acts(header) => header.encode(e.u8(0)?, ctx),
            Self::Standards(header) => header.encode(e.u8(1)?, ctx),
            Self::Epoch(header) => header.encode(e.u8(2)?, ctx),
            Self::Node(header) => header.encode(e.u8(3)?, ctx),
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "it lives for one call")]
enum Wire {
    Known(Header),
    Unknown(u64),
}

impl<'b, C> Decode<'b, C> for Wire {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        if d.array()? != Some(2) {
            return Err(minicbor::decode::Error::message("a header is an array of two").at(at));
        }
        Ok(Self::Known(match d.u64()? {
            0 => Header::Acts(ActHeader::decode(d, ctx)?),
            1 => Header::Standards(StandardHeader::decode(d, ctx)?),
            2 => Header::Epoch(EpochHeader::decode(d, ctx)?),
            3 => Header::Node(NodeHeader::decode(d, ctx)?),
            kind => {
                d.skip()?;
                return Ok(Self::Unknown(kind));
            }
        }))
    }
}
