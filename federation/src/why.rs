//! Why something hasn't arrived: a closed list of reasons for `sync why`, each with the command that helps.

use tongban_codes::time::Timestamp;

/// Why a peer hasn't got, or hasn't answered, what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// All is delivered and answered.
    CaughtUp,
    /// The directory shows no way to the node.
    NoRoute,
    /// There is no link to the peer, and the peer is the one that dials.
    LinkDown {
        /// Since when.
        since: Timestamp,
    },
    /// A link is being made.
    Connecting,
    /// The last attempt failed; this node waits before the next.
    Backoff {
        /// Until when.
        until: Timestamp,
    },
    /// No protocol version in common.
    VersionSkew,
    /// The peer refuses the link or the envelope.
    Refused {
        /// The peer's code.
        code: String,
        /// The peer's words.
        text: String,
    },
    /// An administrator has cut the link.
    Cut,
    /// The node, or this one, has been revoked.
    Revoked,
    /// The link is being closed in good order.
    Draining,
    /// The peer has put the envelope aside.
    Quarantined {
        /// Its code.
        code: String,
    },
    /// Sent, and not yet answered.
    WaitingForReceipt,
    /// A relay holds it, and its destination hasn't answered yet.
    HeldByRelay,
    /// Received, and not yet committed here.
    WaitingForCommit,
    /// An earlier envelope of the same case is missing or in quarantine.
    WaitingForEarlier,
    /// A material of the case hasn't arrived yet.
    WaitingForMaterial,
    /// The signer's node record isn't known here yet.
    SignerUnknown,
}

/// A reason with its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Why.
    pub reason: Reason,
    /// Since when it has been so.
    pub since: Timestamp,
    /// When it is tried again, where that is by time.
    pub next_try: Option<Timestamp>,
}

impl Cause {
    /// For how long it has been so, in milliseconds; never negative.
    pub fn age_millis(&self, now: Timestamp) -> i64 {
        now.millis_since(self.since).max(0)
    }
}

impl Reason {
    /// The stable kebab-case name.
    pub fn name(&self) -> &'static str {
        self.row().0
    }

    /// In English.
    pub fn en(&self) -> &'static str {
        self.row().1
    }

    /// In Chinese.
    pub fn zh(&self) -> &'static str {
        self.row().2
    }

    /// The command that helps, or shows more; `None` where there is nothing to do.
    pub fn command(&self) -> Option<&'static str> {
        self.row().3
    }

    fn row(&self) -> (&'static str, &'static str, &'static str, Option<&'static str>) {
        match self {
            Self::CaughtUp => ("caught-up", "all is delivered and answered", "已全部送达并收到回执", None),
            Self::NoRoute => (
                "no-route",
                "the directory shows no way to this node",
                "目录中没有通往该节点的路由",
                Some("tongban peer list"),
            ),
            Self::LinkDown { .. } => (
                "link-down",
                "no link; this node waits for the peer to dial",
                "链路中断，等待对方连接",
                Some("tongban peer show"),
            ),
            Self::Connecting => ("connecting", "a link is being made", "正在建立链路", None),
            Self::Backoff { .. } => (
                "backoff",
                "the last attempt failed; waiting to try again",
                "上次连接失败，等待重试",
                Some("tongban doctor"),
            ),
            Self::VersionSkew => (
                "version-skew",
                "no protocol version in common; upgrade the older node",
                "协议版本不兼容，请升级较旧的节点",
                Some("tongban doctor"),
            ),
            Self::Refused { .. } => ("refused", "the peer refuses", "对方拒绝", Some("tongban peer show")),
            Self::Cut => ("cut", "an administrator has cut the link", "链路已由管理员切断", Some("tongban peer show")),
            Self::Revoked => (
                "revoked",
                "the node has been revoked; its superior may admit it again",
                "节点已被撤销；可由其上级恢复",
                Some("tongban peer readmit"),
            ),
            Self::Draining => ("draining", "the link is being closed", "链路正在关闭", None),
            Self::Quarantined { .. } => {
                ("quarantined", "the peer has put it aside", "对方已隔离该报文", Some("tongban sync why"))
            }
            Self::WaitingForReceipt => {
                ("waiting-for-receipt", "sent, and not yet answered", "已发送，等待回执", Some("tongban sync status"))
            }
            Self::HeldByRelay => (
                "held-by-relay",
                "a relay holds it; its destination has not answered",
                "由中继节点暂存，目的节点尚未回执",
                Some("tongban sync status"),
            ),
            Self::WaitingForCommit => (
                "waiting-for-commit",
                "received, and not yet committed here",
                "已收到，等待本节点提交",
                Some("tongban status"),
            ),
            Self::WaitingForEarlier => (
                "waiting-for-earlier",
                "an earlier envelope of this case is missing or in quarantine",
                "同一办件的前序报文缺失或被隔离",
                Some("tongban sync why"),
            ),
            Self::WaitingForMaterial => {
                ("waiting-for-material", "a material has not arrived yet", "材料尚未到达", Some("tongban sync status"))
            }
            Self::SignerUnknown => (
                "signer-unknown",
                "the signer's node record is not known here yet",
                "尚无签发节点的节点记录",
                Some("tongban peer list"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_name_and_both_languages() {
        let at = Timestamp::from_millis(0);
        let text = String::new;
        let all = [
            Reason::CaughtUp,
            Reason::NoRoute,
            Reason::LinkDown { since: at },
            Reason::Connecting,
            Reason::Backoff { until: at },
            Reason::VersionSkew,
            Reason::Refused { code: text(), text: text() },
            Reason::Cut,
            Reason::Revoked,
            Reason::Draining,
            Reason::Quarantined { code: text() },
            Reason::WaitingForReceipt,
            Reason::HeldByRelay,
            Reason::WaitingForCommit,
            Reason::WaitingForEarlier,
            Reason::WaitingForMaterial,
            Reason::SignerUnknown,
        ];
        let names: std::collections::BTreeSet<_> = all.iter().map(Reason::name).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|reason| reason.en().is_ascii() && !reason.zh().is_ascii()));
        assert!(all.iter().filter_map(Reason::command).all(|command| command.starts_with("tongban ")));
    }
}
