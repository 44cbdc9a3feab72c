//! A journal's entry, `header ‖ body commitment`, and the body whose fields may be withheld one by one.

use std::collections::BTreeMap;

use minicbor::bytes::{ByteArray, ByteSlice, ByteVec};
use minicbor::{Decode, Decoder, Encode, Encoder};
use thiserror::Error;
use tongban_codes::cbor::{self, CborError};
use tongban_codes::ids::Digest;

use crate::header::{Header, HeaderError};
use crate::merkle::{leaf_hash, root_of};

/// The most bytes of an entry that are accepted: a header has a few hundred.
pub const ENTRY_BYTES_MAX: usize = 16 << 10;
/// The most bytes of a body that are accepted: texts and digests; materials are blobs and live elsewhere.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// The most fields of a body.
pub const BODY_FIELDS_MAX: usize = 256;
/// The length of a field's salt in bytes: 128 bits, so that a withheld field can't be guessed from its hash.
pub const SALT_BYTES: usize = 16;

#[derive(Encode, Decode)]
#[cbor(map)]
struct EntryWire {
    #[n(0)]
    header: ByteVec,
    #[n(1)]
    commitment: Digest,
}

/// A leaf of a journal.
///
/// Its bytes are those that were hashed, kept as they came: `{0: header bytes, 1: commitment}` in deterministic CBOR.
/// Fields and header kinds of a later release stay in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    bytes: Vec<u8>,
    header: Vec<u8>,
    commitment: Digest,
}

/// Why entry bytes were refused.
#[derive(Debug, Error)]
pub enum EntryError {
    /// More than [`ENTRY_BYTES_MAX`].
    #[error("an entry of {bytes} bytes is larger than {ENTRY_BYTES_MAX}")]
    TooLarge {
        /// The entry's length.
        bytes: usize,
    },
    /// The entry, or the header within it, isn't deterministic CBOR of the entry's shape.
    #[error("the entry can't be read")]
    Cbor(#[from] CborError),
}

impl Entry {
    /// A new entry over a header and the commitment to its body.
    #[must_use]
    pub fn new(header: &Header, commitment: Digest) -> Self {
        let header = header.to_bytes();
        let bytes = cbor::to_vec(&EntryWire { header: header.clone().into(), commitment });
        Self { bytes, header, commitment }
    }

    /// Takes over entry bytes from outside.
    ///
    /// # Errors
    /// [`EntryError`]: too large, or not deterministic CBOR of an entry's shape. A header kind of a later release is
    /// no error here; [`Entry::header`] tells.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, EntryError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLarge { bytes: bytes.len() });
        }
        let EntryWire { header, commitment } = cbor::from_slice(&bytes)?;
        cbor::validate(&header)?;
        Ok(Self { header: header.into(), commitment, bytes })
    }

    /// The bytes that are hashed, stored and forwarded.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The header's bytes within the entry.
    #[must_use]
    pub fn header_bytes(&self) -> &[u8] {
        &self.header
    }

    /// The header, read.
    ///
    /// # Errors
    /// [`HeaderError`]: of a kind of a later release, or malformed.
    pub fn header(&self) -> Result<Header, HeaderError> {
        Header::parse(&self.header)
    }

    /// The commitment to the body.
    #[must_use]
    pub const fn commitment(&self) -> Digest {
        self.commitment
    }

    /// The leaf hash in the journal's tree.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        leaf_hash(&self.bytes)
    }
}

/// One numbered field of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The field with its value: `[number, salt, value]` on the wire, which is also what is hashed.
    Open {
        /// The field's number; never reused for another meaning.
        number: u16,
        /// Random, drawn for this field alone.
        salt: [u8; SALT_BYTES],
        /// The value's bytes, plain or sealed.
        value: Vec<u8>,
    },
    /// The field without value and salt: `[number, leaf]` on the wire.
    ///
    /// Only the leaf is under the commitment: the number is the sender's word, and a leaf may stand for several
    /// neighbouring fields.
    Withheld {
        /// The field's number as the sender states it.
        number: u16,
        /// The field's leaf hash.
        leaf: Digest,
    },
}

impl Field {
    /// The field's number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        match self {
            Self::Open { number, .. } | Self::Withheld { number, .. } => *number,
        }
    }

    /// The field's leaf hash under the commitment.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        match self {
            Self::Open { .. } => leaf_hash(&cbor::to_vec(self)),
            Self::Withheld { leaf, .. } => *leaf,
        }
    }
}

impl<C> Encode<C> for Field {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Self::Open { number, salt, value } => {
                e.array(3)?.u16(*number)?.bytes(salt)?;
                <&ByteSlice>::from(value.as_slice()).encode(e, ctx)
            }
            Self::Withheld { number, leaf } => leaf.encode(e.array(2)?.u16(*number)?, ctx),
        }
    }
}

impl<'b, C> Decode<'b, C> for Field {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        match d.array()? {
            Some(3) => Ok(Self::Open {
                number: d.u16()?,
                salt: ByteArray::<SALT_BYTES>::decode(d, ctx)?.into(),
                value: d.bytes()?.to_vec(),
            }),
            Some(2) => Ok(Self::Withheld { number: d.u16()?, leaf: Digest::decode(d, ctx)? }),
            _ => Err(minicbor::decode::Error::message("a field is an array of two or three").at(at)),
        }
    }
}

/// An entry's body: fields in the order of their numbers, each open or withheld.
///
/// The commitment is the RFC 6962 root over the fields' leaves, so that the body verifies with any of them withheld.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    fields: Vec<Field>,
}

/// Why a body was refused.
#[derive(Debug, Error)]
pub enum BodyError {
    /// More than [`BODY_BYTES_MAX`].
    #[error("a body of {bytes} bytes is larger than {BODY_BYTES_MAX}")]
    TooLarge {
        /// The body's length.
        bytes: usize,
    },
    /// More than [`BODY_FIELDS_MAX`].
    #[error("a body of {fields} fields has more than {BODY_FIELDS_MAX}")]
    TooMany {
        /// The number of fields.
        fields: usize,
    },
    /// A number appears twice or out of order.
    #[error("field {number} is out of order")]
    Order {
        /// The field's number.
        number: u16,
    },
    /// Not deterministic CBOR of a body's shape.
    #[error("the body can't be read")]
    Cbor(#[from] CborError),
}

/// The body doesn't lead to the entry's commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the body is not the one that the entry commits to")]
pub struct BodyMismatch;

/// A field of a verified body, as seen by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View<'a> {
    /// The value that the entry commits to.
    Open(&'a [u8]),
    /// The sender left it out, or it was erased.
    Withheld,
    /// The body shows no such field.
    Absent,
}

/// A body that has been checked against its entry.
#[derive(Debug, Clone, Copy)]
pub struct BodyView<'a> {
    body: &'a Body,
}

impl<'a> BodyView<'a> {
    /// What the body says about a field.
    #[must_use]
    pub fn field(&self, number: u16) -> View<'a> {
        match self.body.field(number) {
            Some(Field::Open { value, .. }) => View::Open(value),
            Some(Field::Withheld { .. }) => View::Withheld,
            None => View::Absent,
        }
    }

    /// The body itself.
    #[must_use]
    pub const fn body(&self) -> &'a Body {
        self.body
    }
}

impl Body {
    /// A body of open fields `(number, salt, value)`, in any order.
    ///
    /// # Errors
    /// [`BodyError::Order`] when a number is given twice, [`BodyError::TooMany`] and [`BodyError::TooLarge`] beyond
    /// the bounds.
    pub fn open(fields: impl IntoIterator<Item = (u16, [u8; SALT_BYTES], Vec<u8>)>) -> Result<Self, BodyError> {
        let mut sorted = BTreeMap::new();
        for (number, salt, value) in fields {
            if sorted.insert(number, Field::Open { number, salt, value }).is_some() {
                return Err(BodyError::Order { number });
            }
        }
        let body = Self { fields: sorted.into_values().collect() };
        body.check()?;
        match body.to_bytes().len() {
            bytes if bytes > BODY_BYTES_MAX => Err(BodyError::TooLarge { bytes }),
            _ => Ok(body),
        }
    }

    /// Reads body bytes from outside.
    ///
    /// # Errors
    /// [`BodyError`]: beyond the bounds, out of order, or malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(BodyError::TooLarge { bytes: bytes.len() });
        }
        let body = Self { fields: cbor::from_slice(bytes)? };
        body.check()?;
        Ok(body)
    }

    fn check(&self) -> Result<(), BodyError> {
        if self.fields.len() > BODY_FIELDS_MAX {
            return Err(BodyError::TooMany { fields: self.fields.len() });
        }
        match self.fields.iter().zip(self.fields.iter().skip(1)).find(|(a, b)| a.number() >= b.number()) {
            Some((_, late)) => Err(BodyError::Order { number: late.number() }),
            None => Ok(()),
        }
    }

    /// The bytes for store and wire; they are not hashed as a whole.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(&self.fields)
    }

    /// The fields in the order of their numbers.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field with this number, open or withheld.
    #[must_use]
    pub fn field(&self, number: u16) -> Option<&Field> {
        let at = self.fields.binary_search_by_key(&number, Field::number).ok()?;
        self.fields.get(at)
    }

    /// The RFC 6962 root over the fields' leaves; the same for every redaction of this body.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        root_of(&self.fields.iter().map(Field::leaf).collect::<Vec<_>>())
    }

    /// This body with every field withheld for which `keep` is false.
    #[must_use]
    pub fn redacted(&self, mut keep: impl FnMut(u16) -> bool) -> Self {
        let withhold = |field: &Field| Field::Withheld { number: field.number(), leaf: field.leaf() };
        let fields = self.fields.iter();
        Self {
            fields: fields.map(|field| if keep(field.number()) { field.clone() } else { withhold(field) }).collect(),
        }
    }

    /// Checks the body against the entry that it is said to belong to.
    ///
    /// # Errors
    /// [`BodyMismatch`] when it leads to another commitment.
    pub fn verify(&self, entry: &Entry) -> Result<BodyView<'_>, BodyMismatch> {
        if self.commitment() == entry.commitment() { Ok(BodyView { body: self }) } else { Err(BodyMismatch) }
    }
}
