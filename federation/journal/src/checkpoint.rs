//! What a node says about one of its journals at one moment: this many entries, this root.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minicbor::{Decode, Encode};
use thiserror::Error;
use tongban_codes::ids::{Digest, NodeId};

use crate::merkle::TREE_SIZE_MAX;

/// Which of a node's two journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum JournalKind {
    /// Acts on cases and licences; pulled upward.
    #[n(0)]
    Acts,
    /// Items, calendars, ceilings and policy; taken downward.
    #[n(1)]
    Standards,
}

impl fmt::Display for JournalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acts => "acts",
            Self::Standards => "standards",
        })
    }
}

impl FromStr for JournalKind {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "acts" => Ok(Self::Acts),
            "standards" => Ok(Self::Standards),
            _ => Err(CheckpointError::Origin),
        }
    }
}

/// The size and root of a journal's tree in one epoch of its origin.
///
/// Its text is the body of a signed note as C2SP `tlog-checkpoint` has it: origin line, size, root in base64; each
/// ends with a newline. `Display` prints it, [`Checkpoint::parse`] accepts exactly what `Display` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Checkpoint {
    /// The node whose journal it is.
    #[n(0)]
    pub origin: NodeId,
    /// Which journal.
    #[n(1)]
    pub journal: JournalKind,
    /// The epoch of the origin's data.
    #[n(2)]
    pub epoch: u32,
    /// The number of entries.
    #[n(3)]
    pub size: u64,
    /// The root over them.
    #[n(4)]
    pub root: Digest,
}

/// Why a checkpoint's text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The first line isn't `tongban/<node id>/<acts|standards>/<epoch>`.
    #[error("the origin line is not tongban/<node id>/<acts|standards>/<epoch>")]
    Origin,
    /// The second line isn't a size.
    #[error("the size is not a decimal number within bounds")]
    Size,
    /// The third line isn't a root.
    #[error("the root is not 32 bytes in base64")]
    Root,
    /// There are more or fewer than three lines, or a value is not written the one way.
    #[error("the text is not written as a checkpoint is")]
    Form,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tongban/{}/{}/{}", self.origin, self.journal, self.epoch)?;
        writeln!(f, "{}", self.size)?;
        writeln!(f, "{}", STANDARD.encode(self.root.as_bytes()))
    }
}

impl Checkpoint {
    /// Reads the text of a checkpoint; extension lines are refused.
    ///
    /// # Errors
    /// [`CheckpointError`] names the line that doesn't hold, or [`CheckpointError::Form`] for any other spelling than
    /// the one that `Display` prints.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError::Form);
        let (name, size, root) = (line()?, line()?, line()?);
        let mut parts = name.split('/');
        let mut part = || parts.next().ok_or(CheckpointError::Origin);
        if part()? != "tongban" {
            return Err(CheckpointError::Origin);
        }
        let checkpoint = Self {
            origin: part()?.parse().map_err(|_| CheckpointError::Origin)?,
            journal: part()?.parse()?,
            epoch: part()?.parse().map_err(|_| CheckpointError::Origin)?,
            size: size.parse().ok().filter(|size| *size <= TREE_SIZE_MAX).ok_or(CheckpointError::Size)?,
            root: STANDARD
                .decode(root)
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .map(Digest::from_bytes)
                .ok_or(CheckpointError::Root)?,
        };
        // Whatever is left, a plus sign, a leading zero, upper-case hex: one tree, one text.
        if checkpoint.to_string() == text { Ok(checkpoint) } else { Err(CheckpointError::Form) }
    }
}
