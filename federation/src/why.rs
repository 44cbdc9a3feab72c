//! Why something hasn't arrived: a closed list of reasons for `sync why`, each with the command that helps.
//!
//! A link says its own [cause](crate::session::Session::cause). What waits for a peer, or in a case, follows from that and from what
//! lies in storage: [`Cause::on_the_way`], [`Cause::undecided`], [`Cause::kept_here`], [`Cause::early`].

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
    /// This node has put the envelope aside.
    QuarantinedHere {
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
    /// The signer's node record isn't known here yet.
    SignerUnknown,
    /// The common superior is asked to give a case back, and hasn't decided.
    OrderAwaited,
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

/// The way that something would go now.
#[derive(Clone, Copy, Debug)]
pub enum Way<'a> {
    /// The directory shows none.
    None,
    /// Over the link to its destination, which says this of itself.
    Link(&'a Cause),
    /// Over the link to a node on the way.
    Relay(&'a Cause),
    /// Over a link that is down or being made; `None` while nobody has tried.
    Down(Option<&'a Cause>),
}

impl Cause {
    /// Why an own envelope, or another's that waits here, has no receipt yet.
    pub fn on_the_way(way: Way<'_>, since: Timestamp) -> Self {
        let plain = |reason| Self { reason, since, next_try: None };
        match way {
            Way::None => plain(Reason::NoRoute),
            Way::Down(None) => plain(Reason::Connecting),
            // The link has nothing to complain of, and yet there is no receipt.
            Way::Link(link) if link.reason == Reason::CaughtUp => {
                Self { next_try: link.next_try, ..plain(Reason::WaitingForReceipt) }
            }
            Way::Relay(link) if link.reason == Reason::CaughtUp => {
                Self { next_try: link.next_try, ..plain(Reason::HeldByRelay) }
            }
            Way::Link(link) | Way::Relay(link) | Way::Down(Some(link)) => link.clone(),
        }
    }

    /// Why an own envelope with a receipt isn't through: its destination has decided nothing about it. `refused` when it was refused
    /// because this node contradicts what it sent before.
    pub fn undecided(code: &str, refused: bool, since: Timestamp) -> Self {
        let code = code.to_owned();
        let reason = if refused { Reason::Refused { code, text: String::new() } } else { Reason::Quarantined { code } };
        Self { reason, since, next_try: None }
    }

    /// Why an envelope of another node that is in quarantine here waits: `behind` others of its line, or by itself.
    pub fn kept_here(code: &str, behind: usize, since: Timestamp) -> Self {
        let reason =
            if behind > 0 { Reason::WaitingForEarlier } else { Reason::QuarantinedHere { code: code.to_owned() } };
        Self { reason, since, next_try: None }
    }

    /// Why an envelope that came before its turn waits.
    pub fn early(since: Timestamp) -> Self {
        Self { reason: Reason::WaitingForEarlier, since, next_try: None }
    }

    /// Why a case waits that the common superior is asked to give back.
    pub fn order_awaited(since: Timestamp) -> Self {
        Self { reason: Reason::OrderAwaited, since, next_try: None }
    }

    /// For how long it has been so, in milliseconds; never negative.
    pub fn age_millis(&self, now: Timestamp) -> i64 {
        now.millis_since(self.since).max(0)
    }
}

impl Reason {
    /// The names of all reasons.
    pub const NAMES: [&'static str; 18] = [
        "caught-up",
        "no-route",
        "link-down",
        "connecting",
        "backoff",
        "version-skew",
        "refused",
        "cut",
        "revoked",
        "draining",
        "quarantined",
        "quarantined-here",
        "waiting-for-receipt",
        "held-by-relay",
        "waiting-for-commit",
        "waiting-for-earlier",
        "signer-unknown",
        "order-awaited",
    ];

    /// The reason of this name, with what a reader of names can know of it.
    pub fn named(name: &str, since: Timestamp, next_try: Option<Timestamp>) -> Option<Self> {
        let (code, text) = (String::new(), String::new());
        Some(match name {
            "caught-up" => Self::CaughtUp,
            "no-route" => Self::NoRoute,
            "link-down" => Self::LinkDown { since },
            "connecting" => Self::Connecting,
            "backoff" => Self::Backoff { until: next_try.unwrap_or(since) },
            "version-skew" => Self::VersionSkew,
            "refused" => Self::Refused { code, text },
            "cut" => Self::Cut,
            "revoked" => Self::Revoked,
            "draining" => Self::Draining,
            "quarantined" => Self::Quarantined { code },
            "quarantined-here" => Self::QuarantinedHere { code },
            "waiting-for-receipt" => Self::WaitingForReceipt,
            "held-by-relay" => Self::HeldByRelay,
            "waiting-for-commit" => Self::WaitingForCommit,
            "waiting-for-earlier" => Self::WaitingForEarlier,
            "signer-unknown" => Self::SignerUnknown,
            "order-awaited" => Self::OrderAwaited,
            _ => return None,
        })
    }

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
            Self::Quarantined { .. } => (
                "quarantined",
                "the peer has put it aside; its administrator sees why",
                "对方已隔离该信封，请联系对方管理员",
                Some("tongban peer show"),
            ),
            Self::QuarantinedHere { .. } => (
                "quarantined-here",
                "this node has put it aside",
                "本节点已隔离该信封",
                Some("tongban sync quarantine list"),
            ),
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
                "an earlier envelope is missing, or of this case in quarantine",
                "前序信封尚未到达，或同一办件的前序信封已隔离",
                Some("tongban sync quarantine list"),
            ),
            Self::OrderAwaited => (
                "order-awaited",
                "the common superior is asked to give the case back, and hasn't decided",
                "已向共同上级申请收回，尚未决定",
                Some("tongban case show"),
            ),
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
        let all: Vec<Reason> = Reason::NAMES.iter().filter_map(|name| Reason::named(name, at, None)).collect();
        assert!(all.iter().map(Reason::name).eq(Reason::NAMES));
        let names: std::collections::BTreeSet<_> = Reason::NAMES.into();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|reason| reason.en().is_ascii() && !reason.zh().is_ascii()));
        assert!(all.iter().filter_map(Reason::command).all(|command| command.starts_with("tongban ")));
    }
}
