//! Why a link closes: a closed list with numbers for the wire and names for people.

use std::fmt;

/// Why a link closes. The number goes into the last frame and into the transport's own close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseCode {
    /// Nothing was sent for long, and the link isn't one of the tree's.
    Idle,
    /// The node shuts down or hands its office to another replica.
    GoingAway,
    /// The peer's certificate names another node or division than its hello.
    Identity,
    /// No protocol version in common.
    VersionSkew,
    /// The peer lives in an older epoch than one seen before: a clone, or a restored machine that doesn't know it.
    StaleEpoch,
    /// The peer breaks the protocol.
    Protocol,
    /// The peer passes a limit of the protocol.
    Limit,
    /// The peer didn't greet in time, or fell silent.
    TimedOut,
    /// Another link to the same peer stands already.
    Superseded,
    /// An administrator has cut the link.
    Cut,
    /// The peer has been revoked.
    Revoked,
    /// A number that this release doesn't know.
    Other(u16),
}

impl CloseCode {
    const NAMED: [(Self, u16, &'static str); 11] = [
        (Self::Idle, 1, "idle"),
        (Self::GoingAway, 2, "going-away"),
        (Self::Identity, 3, "identity"),
        (Self::VersionSkew, 4, "version-skew"),
        (Self::StaleEpoch, 5, "stale-epoch"),
        (Self::Protocol, 6, "protocol"),
        (Self::Limit, 7, "limit"),
        (Self::TimedOut, 8, "timed-out"),
        (Self::Superseded, 9, "superseded"),
        (Self::Cut, 10, "cut"),
        (Self::Revoked, 11, "revoked"),
    ];

    /// The number on the wire; never reused.
    pub fn number(self) -> u16 {
        match self {
            Self::Other(number) => number,
            named => Self::NAMED.iter().find(|row| row.0 == named).map_or(0, |row| row.1),
        }
    }

    /// The code of a number from the wire.
    pub fn from_number(number: u16) -> Self {
        Self::NAMED.iter().find(|row| row.1 == number).map_or(Self::Other(number), |row| row.0)
    }

    /// The stable kebab-case name.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|row| row.0 == self).map_or("other", |row| row.2)
    }

    /// The code of a name from a refusal.
    pub fn from_name(name: &str) -> Self {
        Self::NAMED.iter().find(|row| row.2 == name).map_or(Self::Other(0), |row| row.0)
    }

    /// Whether dialling again soon makes no sense, because a person has to do something first.
    pub fn needs_a_person(self) -> bool {
        matches!(self, Self::Identity | Self::VersionSkew | Self::StaleEpoch | Self::Cut | Self::Revoked)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(number) => write!(f, "other-{number}"),
            named => f.write_str(named.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_both_ways() {
        for (code, number, name) in CloseCode::NAMED {
            assert_eq!((code.number(), code.name()), (number, name));
            assert_eq!(CloseCode::from_number(number), code);
            assert_eq!(CloseCode::from_name(name), code);
        }
        assert_eq!(CloseCode::from_number(999).number(), 999);
    }
}
