//! The closed lists of orders to outside systems, and where each outcome leads.

use crate::catalogue::code_list::code_list;

code_list! {
    /// What an outside system is asked for.
    ConnectorKind: "外部系统类型" {
        /// 缴费: an applicant's payment.
        Payment = 0, "payment", "缴费", [];
        /// 寄递: a courier's way.
        Courier = 1, "courier", "寄递", [];
        /// 业务办理: another system handles the case, and decides it.
        Handling = 2, "handling", "业务办理", [];
    }
}

code_list! {
    /// Where a courier goes.
    Direction: "寄递方向" {
        /// 送达申请人: the result goes to the applicant.
        ToApplicant = 0, "to-applicant", "送达申请人", [];
        /// 上门揽收: what the applicant gives is fetched.
        FromApplicant = 1, "from-applicant", "上门揽收", [];
        /// 大厅之间: paper goes from one hall to another.
        BetweenHalls = 2, "between-halls", "大厅之间", [];
    }
}

code_list! {
    /// Where an order stands.
    OrderState: "委托单状态" {
        /// 待发送: committed here, and not known at the other side.
        Placed = 0, "placed", "待发送", [];
        /// 已接单: the other side has acknowledged it.
        Taken = 1, "taken", "已接单", [];
        /// 被拒收: the other side doesn't take it.
        Declined = 2, "declined", "对方拒收", [];
        /// 撤销中: it is asked to be let go.
        Cancelling = 3, "cancelling", "撤销中", [];
        /// 已撤销.
        Cancelled = 4, "cancelled", "已撤销", [];
        /// 未成.
        Failed = 5, "failed", "未成", [];
        /// 已缴.
        Paid = 6, "paid", "已缴费", [];
        /// 已退费.
        Refunded = 7, "refunded", "已退费", [];
        /// 存疑: money came that isn't the money that was asked for, or decisions that contradict each other; somebody has to look.
        Disputed = 8, "disputed", "存疑", [];
        /// 已揽收.
        PickedUp = 9, "picked-up", "已揽收", [];
        /// 已妥投.
        Delivered = 10, "delivered", "已妥投", [];
        /// 已退回.
        Returned = 11, "returned", "已退回", [];
        /// 丢失.
        Lost = 12, "lost", "丢失", [];
        /// 待录入准予: the other system has granted, and nobody has entered it yet.
        Granted = 13, "granted", "准予待录入", [];
        /// 待录入不予: it has refused, likewise.
        Refused = 14, "refused", "不予待录入", [];
        /// 已录入: its decision was entered as the case's.
        Recorded = 15, "recorded", "结果已录入", [];
        /// 退费中: the platform is asked to give the money back.
        Refunding = 16, "refunding", "退费中", [];
    }
}

code_list! {
    /// What came of an order at the other side.
    OrderOutcome: "委托结果" {
        /// 接单.
        Accepted = 0, "accepted", "接单", [];
        /// 缴费.
        Paid = 1, "paid", "缴费", [];
        /// 未成.
        Failed = 2, "failed", "未成", [];
        /// 撤销.
        Cancelled = 3, "cancelled", "撤销", [];
        /// 退费.
        Refunded = 4, "refunded", "退费", [];
        /// 揽收.
        PickedUp = 5, "picked-up", "揽收", [];
        /// 妥投.
        Delivered = 6, "delivered", "妥投", [];
        /// 退回.
        Returned = 7, "returned", "退回", [];
        /// 丢失.
        Lost = 8, "lost", "丢失", [];
        /// 准予.
        Granted = 9, "granted", "准予", [];
        /// 不予.
        Refused = 10, "refused", "不予", [];
        /// 退费未成.
        RefundFailed = 11, "refund-failed", "退费未成", [];
    }
}

code_list! {
    /// What was done with an order.
    OrderDeed: "委托单记录" {
        /// 下单.
        Placed = 0, "placed", "下单", [];
        /// 对方接单.
        Taken = 1, "taken", "对方接单", [];
        /// 对方拒收.
        Declined = 2, "declined", "对方拒收", [];
        /// 再次发送.
        Retried = 3, "retried", "再次发送", [];
        /// 申请撤销.
        CancelAsked = 4, "cancel-asked", "申请撤销", [];
        /// 对方撤销.
        CancelTaken = 5, "cancel-taken", "对方已撤销", [];
        /// 对方不撤销.
        CancelDeclined = 6, "cancel-declined", "对方不予撤销", [];
        /// 收到结果: the other side told an outcome.
        Told = 7, "told", "收到结果", [];
        /// 录入结果: an operator entered one.
        Entered = 8, "entered", "录入结果", [];
        /// 申请退费.
        RefundAsked = 9, "refund-asked", "申请退费", [];
        /// 对方受理退费.
        RefundTaken = 10, "refund-taken", "对方受理退费", [];
        /// 对方不退费.
        RefundDeclined = 11, "refund-declined", "对方不予退费", [];
        /// 录入办件: what was decided was entered as the case's outcome.
        Recorded = 12, "recorded", "录入办件", [];
    }
}

/// Where an outcome leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To this state.
    To(OrderState),
    /// It is late or a repeat: noted, and the order stands as it did.
    History,
    /// No order of this kind comes to it.
    Unfit,
}

impl OrderState {
    /// Whether nothing more is waited for.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(
            self,
            Self::Placed
                | Self::Taken
                | Self::Declined
                | Self::Cancelling
                | Self::Disputed
                | Self::PickedUp
                | Self::Granted
                | Self::Refused
                | Self::Refunding
        )
    }

    /// Whether an order in it charges its fee, or has charged it: no other order may charge it, too.
    #[must_use]
    pub fn charges(self) -> bool {
        !matches!(self, Self::Failed | Self::Cancelled | Self::Refunded)
    }

    /// Whether it may be given up: nothing has happened yet to money or to a thing.
    #[must_use]
    pub fn may_cancel(self) -> bool {
        matches!(self, Self::Placed | Self::Taken | Self::Declined)
    }

    /// Where an outcome leads; `docs/connectors.md` has the table.
    ///
    /// What happened to money or to a thing stands over what was wished or said before: who pays an order that was cancelled has paid. What
    /// comes late, an acceptance after the delivery, changes nothing.
    #[must_use]
    pub fn step(self, kind: ConnectorKind, outcome: OrderOutcome) -> Step {
        use OrderOutcome as O;
        use OrderState as S;
        let waits = matches!(self, S::Placed | S::Taken | S::Declined | S::Cancelling);
        let fits = match kind {
            ConnectorKind::Payment => {
                matches!(outcome, O::Accepted | O::Paid | O::Failed | O::Cancelled | O::Refunded | O::RefundFailed)
            }
            ConnectorKind::Courier => matches!(
                outcome,
                O::Accepted | O::Failed | O::Cancelled | O::PickedUp | O::Delivered | O::Returned | O::Lost
            ),
            ConnectorKind::Handling => {
                matches!(outcome, O::Accepted | O::Failed | O::Cancelled | O::Granted | O::Refused)
            }
        };
        if !fits {
            return Step::Unfit;
        }
        let gone = matches!(self, S::Delivered | S::Returned | S::Lost);
        match outcome {
            O::Accepted if matches!(self, S::Placed | S::Declined) => Step::To(S::Taken),
            O::Failed | O::Cancelled if waits => Step::To(if outcome == O::Failed { S::Failed } else { S::Cancelled }),
            // A courier who has it and can't bring it.
            O::Failed if self == S::PickedUp => Step::To(S::Failed),
            O::Paid if waits || self == S::Failed => Step::To(S::Paid),
            // Money for what was given up.
            O::Paid if self == S::Cancelled => Step::To(S::Disputed),
            O::Refunded if self != S::Refunded => Step::To(S::Refunded),
            O::RefundFailed if self == S::Refunding => Step::To(S::Paid),
            O::Granted if waits || self == S::Failed => Step::To(S::Granted),
            O::Refused if waits || self == S::Failed => Step::To(S::Refused),
            // A decision on what was asked back, and one that contradicts the one before it.
            O::Granted if matches!(self, S::Cancelled | S::Refused) => Step::To(S::Disputed),
            O::Refused if matches!(self, S::Cancelled | S::Granted) => Step::To(S::Disputed),
            O::PickedUp if waits || matches!(self, S::Cancelled | S::Failed) => Step::To(S::PickedUp),
            O::Delivered if !matches!(self, S::Delivered | S::Returned) => Step::To(S::Delivered),
            O::Returned if !matches!(self, S::Delivered | S::Returned) => Step::To(S::Returned),
            O::Lost if !gone => Step::To(S::Lost),
            _ => Step::History,
        }
    }
}
