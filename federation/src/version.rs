//! The four kinds of version, of which three concern the federation.
//!
//! A *release* says which program runs; a *protocol version* says which frozen wire types two nodes speak on a link and
//! is negotiated at each hello; the *federation level* says which features an administrator has put in force, so that a
//! newer release doesn't surprise its peers. (The storage's version is the node's own affair.)

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};

/// The release of the program, as `major.minor.patch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Release {
    /// Raised when an operator has to act on an upgrade.
    #[n(0)]
    pub major: u16,
    /// Raised with features.
    #[n(1)]
    pub minor: u16,
    /// Raised with repairs.
    #[n(2)]
    pub patch: u16,
}

impl Release {
    /// The release that this crate was built as.
    pub fn of_this_build() -> Self {
        env!("CARGO_PKG_VERSION").parse().unwrap_or(Self { major: 0, minor: 0, patch: 0 })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The text isn't three numbers with two dots between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a release is written as three numbers, like 0.1.0")]
pub struct ReleaseError;

impl FromStr for Release {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.').map(str::parse::<u16>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch)), None) => Ok(Self { major, minor, patch }),
            _ => Err(ReleaseError),
        }
    }
}

/// A version of the wire types; each has a frozen file under `wire/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ProtocolVersion(#[n(0)] pub u16);

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// The protocol versions that a node speaks, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct VersionRange {
    /// The oldest version spoken.
    #[n(0)]
    pub min: ProtocolVersion,
    /// The newest version spoken.
    #[n(1)]
    pub max: ProtocolVersion,
}

impl VersionRange {
    /// What this release speaks.
    pub const SPOKEN: Self = Self { min: ProtocolVersion(1), max: ProtocolVersion(1) };

    /// The newest version that both speak.
    ///
    /// # Errors
    /// [`VersionSkew`] when the ranges don't meet, or one of them is upside down.
    pub fn negotiate(self, theirs: Self) -> Result<ProtocolVersion, VersionSkew> {
        let newest = self.max.min(theirs.max);
        if newest >= self.min && newest >= theirs.min { Ok(newest) } else { Err(VersionSkew { ours: self, theirs }) }
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.min, self.max)
    }
}

/// Two nodes share no protocol version; the older one has to be upgraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no protocol version in common: this node speaks {ours}, the peer {theirs}")]
pub struct VersionSkew {
    /// What this node speaks.
    pub ours: VersionRange,
    /// What the peer speaks.
    pub theirs: VersionRange,
}

impl VersionSkew {
    /// Whether it is this node that is the older one.
    pub fn we_are_behind(&self) -> bool {
        self.ours.max < self.theirs.min
    }
}

/// The features in force in a federation; raised by an administrator, never by an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct FederationLevel(#[n(0)] pub u16);

impl FederationLevel {
    /// The level of a new federation.
    pub const FIRST: Self = Self(1);
    /// The highest level that this release can take part in.
    pub const HIGHEST: Self = Self(1);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn range(min: u16, max: u16) -> VersionRange {
        VersionRange { min: ProtocolVersion(min), max: ProtocolVersion(max) }
    }

    #[test]
    fn the_newest_common_version_is_chosen() {
        for (ours, theirs, chosen) in [
            ((1, 1), (1, 1), Some(1)),
            ((1, 3), (2, 5), Some(3)),
            ((2, 5), (1, 3), Some(3)),
            ((1, 9), (4, 4), Some(4)),
            ((1, 2), (3, 4), None),
            ((3, 4), (1, 2), None),
            ((2, 1), (1, 2), None),
        ] {
            let got = range(ours.0, ours.1).negotiate(range(theirs.0, theirs.1));
            assert_eq!(got.ok(), chosen.map(ProtocolVersion), "{ours:?} with {theirs:?}");
        }
        assert!(range(1, 2).negotiate(range(3, 4)).unwrap_err().we_are_behind());
    }

    #[test]
    fn releases_are_read_and_printed() {
        assert_eq!("0.12.3".parse::<Release>().unwrap().to_string(), "0.12.3");
        for wrong in ["", "1", "1.2", "1.2.3.4", "a.b.c", "1.2.70000"] {
            assert!(wrong.parse::<Release>().is_err(), "{wrong}");
        }
        assert_ne!(Release::of_this_build(), Release { major: 0, minor: 0, patch: 0 });
    }
}
