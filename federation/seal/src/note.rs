//! Checkpoints as C2SP signed notes, and witnesses' cosignatures (C2SP `tlog-cosignature`, version 1).
//!
//! A note is the checkpoint's text, an empty line, and signature lines `— <key name> <base64>`, whose bytes begin
//! with a 4-byte key hash. The origin's line is plain Ed25519 (type 1) over the text; a witness's (type 4) says when
//! it saw the checkpoint. Key names are `tongban/<node id>`; the specification forbids `+` in them. Lines of other
//! names and types are kept as they are.

use std::fmt::Write as _;
use std::str::{self, FromStr as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_journal::{Checkpoint, CheckpointError};

use crate::signer::{Algorithm, PublicKey, SignError, Signature, Signer, VerifyError, verify};

/// The most bytes of a note that are accepted.
pub const NOTE_BYTES_MAX: usize = 16 << 10;
/// The most signature lines of a note that are accepted.
pub const NOTE_SIGNATURES_MAX: usize = 64;

const ORIGIN: u8 = 1;
const COSIGNATURE: u8 = 4;

/// Why a note was refused, or could not be signed.
#[derive(Debug, Error)]
pub enum NoteError {
    /// More than [`NOTE_BYTES_MAX`] or [`NOTE_SIGNATURES_MAX`].
    #[error("the note is larger than allowed")]
    TooLarge,
    /// Not written as a signed note is.
    #[error("the note is malformed: {0}")]
    Malformed(&'static str),
    /// The text isn't a checkpoint.
    #[error("the note's text is not a checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// None of the keys has signed the note under this node's name.
    #[error("the note bears no signature of a known key of node {0}")]
    NoSignature(NodeId),
    /// A line in this node's name and under its key doesn't hold.
    #[error("a signature of node {0} doesn't fit the note")]
    Signature(NodeId),
    /// Notes are signed with Ed25519 only.
    #[error("notes are not signed with {0}")]
    Algorithm(Algorithm),
    /// The key can't be used now.
    #[error(transparent)]
    Signer(#[from] SignError),
}

impl NoteError {
    /// The stable code for people and machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "note-too-large",
            Self::Malformed(_) => "note-malformed",
            Self::Checkpoint(_) => "note-not-a-checkpoint",
            Self::NoSignature(_) => "note-unsigned",
            Self::Signature(_) => "note-signature",
            Self::Algorithm(_) => "note-algorithm",
            Self::Signer(_) => "note-signer",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    /// Key hash and signature.
    bytes: Vec<u8>,
}

/// A checkpoint with signature lines, whose text is well formed; whether a line holds is asked for each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    checkpoint: Checkpoint,
    lines: Vec<Line>,
}

/// The name under which a node signs notes.
#[must_use]
pub fn key_name(node: &NodeId) -> String {
    format!("tongban/{node}")
}

fn key_hash(name: &str, kind: u8, key: &PublicKey) -> [u8; 4] {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([b'\n', kind]);
    hash.update(key.bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d]
}

fn cosigned_message(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

fn checked_key(signer: &dyn Signer) -> Result<PublicKey, NoteError> {
    match signer.algorithm() {
        Algorithm::Ed25519 => Ok(signer.public_key()),
        other => Err(NoteError::Algorithm(other)),
    }
}

impl SignedNote {
    /// Signs a checkpoint with its origin's seal key.
    ///
    /// # Errors
    /// [`NoteError::Algorithm`] for a key that isn't Ed25519, [`NoteError::Signer`].
    pub fn sign(checkpoint: &Checkpoint, signer: &dyn Signer) -> Result<Self, NoteError> {
        let key = checked_key(signer)?;
        let (name, text) = (key_name(&checkpoint.origin), checkpoint.to_string());
        let mut bytes = key_hash(&name, ORIGIN, &key).to_vec();
        bytes.extend(signer.sign(text.as_bytes())?.into_bytes());
        Ok(Self { text, checkpoint: *checkpoint, lines: vec![Line { name, bytes }] })
    }

    /// Reads a note; it says nothing yet about whether any signature holds.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], [`NoteError::Malformed`], [`NoteError::Checkpoint`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::Malformed("not UTF-8"))?;
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed("a control character"));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed("the last line doesn't end"))?;
        let lines = lines.split('\n').map(Line::parse).collect::<Result<Vec<_>, _>>()?;
        if lines.len() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooLarge);
        }
        Ok(Self { checkpoint: Checkpoint::parse(text)?, text: text.to_owned(), lines })
    }

    /// The note's bytes; for a parsed note the same as were read.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut note = format!("{}\n", self.text);
        for Line { name, bytes } in &self.lines {
            writeln!(note, "— {name} {}", STANDARD.encode(bytes)).expect("writing to a string can't fail");
        }
        note.into_bytes()
    }

    /// What the text says, before any signature has been checked.
    #[must_use]
    pub const fn claimed(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The names on the signature lines, unchecked, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.name.as_str())
    }

    /// The checkpoint, if one of these keys signed it as its origin.
    ///
    /// `keys` are the seal keys that the origin's record names, old ones included. Lines of others are passed over.
    ///
    /// # Errors
    /// [`NoteError::NoSignature`] when no line is under one of the keys, [`NoteError::Signature`] when one is and
    /// doesn't hold.
    pub fn verify(&self, keys: &[PublicKey]) -> Result<Checkpoint, NoteError> {
        let origin = self.checkpoint.origin;
        self.find(&origin, ORIGIN, keys, |key, signature| {
            verify(key, self.text.as_bytes(), &Signature::from_bytes(signature.to_vec()))
        })?;
        Ok(self.checkpoint)
    }

    /// Adds a witness's line: `node` saw this checkpoint at `at` and had found it to extend what it held.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`] when there is no room for another line, [`NoteError::Algorithm`],
    /// [`NoteError::Signer`], [`NoteError::Malformed`] for a time before 1970.
    pub fn witness(&mut self, node: &NodeId, signer: &dyn Signer, at: Timestamp) -> Result<(), NoteError> {
        let key = checked_key(signer)?;
        if self.lines.len() >= NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooLarge);
        }
        let seconds = u64::try_from(at.as_seconds()).map_err(|_| NoteError::Malformed("a time before 1970"))?;
        let name = key_name(node);
        let mut bytes = key_hash(&name, COSIGNATURE, &key).to_vec();
        bytes.extend(seconds.to_be_bytes());
        bytes.extend(signer.sign(cosigned_message(seconds, &self.text).as_bytes())?.into_bytes());
        self.lines.push(Line { name, bytes });
        Ok(())
    }

    /// When the node witnessed this checkpoint, to the second, if one of its keys says so.
    ///
    /// # Errors
    /// As [`SignedNote::verify`].
    pub fn witnessed_by(&self, node: &NodeId, keys: &[PublicKey]) -> Result<Timestamp, NoteError> {
        self.find(node, COSIGNATURE, keys, |key, bytes| {
            let (time, signature) = bytes.split_first_chunk().ok_or(VerifyError::Invalid)?;
            let seconds = u64::from_be_bytes(*time);
            let at = i64::try_from(seconds).map_err(|_| VerifyError::Invalid)?;
            let message = cosigned_message(seconds, &self.text);
            verify(key, message.as_bytes(), &Signature::from_bytes(signature.to_vec()))?;
            Ok(Timestamp::from_seconds(at))
        })
    }

    /// The first line of this node under one of the keys must hold.
    fn find<T>(
        &self,
        node: &NodeId,
        kind: u8,
        keys: &[PublicKey],
        check: impl Fn(&PublicKey, &[u8]) -> Result<T, VerifyError>,
    ) -> Result<T, NoteError> {
        let name = key_name(node);
        let mut refused = NoteError::NoSignature(*node);
        for line in self.lines.iter().filter(|line| line.name == name) {
            let Some((hash, signature)) = line.bytes.split_first_chunk::<4>() else {
                continue;
            };
            let known = keys.iter().filter(|key| key.algorithm() == Algorithm::Ed25519);
            for key in known.filter(|key| key_hash(&name, kind, key) == *hash) {
                match check(key, signature) {
                    Ok(found) => return Ok(found),
                    // Two keys may share a 4-byte hash: go on, but remember.
                    Err(_) => refused = NoteError::Signature(*node),
                }
            }
        }
        Err(refused)
    }
}

impl Line {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let rest = line.strip_prefix("— ").ok_or(NoteError::Malformed("a signature line doesn't begin with — "))?;
        let (name, signature) =
            rest.split_once(' ').ok_or(NoteError::Malformed("a signature line without signature"))?;
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+') {
            return Err(NoteError::Malformed("a key name with a space or plus"));
        }
        // The engine is strict (padding, trailing bits), so that a line has one spelling.
        match STANDARD.decode(signature) {
            Ok(bytes) if bytes.len() > 4 => Ok(Self { name: name.to_owned(), bytes }),
            _ => Err(NoteError::Malformed("a signature that is not base64 of a key hash and more")),
        }
    }
}

/// The node id within a key name, if it is one of ours.
#[must_use]
pub fn node_of(name: &str) -> Option<NodeId> {
    name.strip_prefix("tongban/").and_then(|id| NodeId::from_str(id).ok())
}
