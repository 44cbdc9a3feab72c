//! CBOR in the core deterministic profile of RFC 8949 §4.2.1: one value has one encoding.
//!
//! What is sealed is sealed as bytes, so two encodings of one value would be two documents. Whatever comes
//! from outside therefore goes through [`from_slice`], which refuses every encoding but the one [`to_vec`]
//! writes. The profile has no floating point numbers and of the simple values only `false`, `true`, `null`.

use minicbor::{Decode, Encode};

/// How deep arrays, maps and tags may nest.
pub const DEPTH_MAX: usize = 32;

/// Bytes were not one value in the deterministic profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The bytes are no CBOR, or not of the type asked for.
    #[error("malformed CBOR: {0}")]
    Malformed(String),
    /// The bytes are CBOR, but not the deterministic encoding.
    #[error("CBOR at byte {offset} is not deterministic: {rule}")]
    NotDeterministic {
        /// Where, in bytes from the beginning.
        offset: usize,
        /// Which rule is broken.
        rule: &'static str,
    },
    /// The value ends before the bytes do.
    #[error("{extra} bytes after the end of the CBOR value")]
    Trailing {
        /// How many bytes are left.
        extra: usize,
    },
}

impl CborError {
    /// The stable kebab-case code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "cbor-malformed",
            Self::NotDeterministic { .. } => "cbor-not-deterministic",
            Self::Trailing { .. } => "cbor-trailing",
        }
    }
}

/// Encodes a value deterministically.
///
/// Map keys are put in the order the profile asks for, whatever order the type wrote them in.
///
/// # Panics
///
/// When the type's `Encode` fails, or writes what the profile cannot hold (a floating point number, two equal
/// map keys, nesting deeper than [`DEPTH_MAX`]). Both are faults of the type, never of the data.
pub fn to_vec<T: Encode<()>>(v: &T) -> Vec<u8> {
    let bytes = to_row(v);
    match validate(&bytes) {
        Ok(()) => bytes,
        Err(_) => {
            let mut out = Vec::with_capacity(bytes.len());
            let mut reader = Reader { bytes: &bytes, at: 0, strict: false };
            reader.sorted(&mut out, 0).expect("the type writes well-formed CBOR");
            validate(&out).expect("the type writes only what the profile can hold");
            out
        }
    }
}

/// Encodes a value for this node's own store, as the type writes it.
///
/// The same value gives the same bytes, but they aren't checked against the profile: what is hashed, sealed or sent goes through
/// [`to_vec`].
///
/// # Panics
///
/// When the type's `Encode` fails, a fault of the type.
pub fn to_row<T: Encode<()>>(v: &T) -> Vec<u8> {
    // Most rows fit, so that they aren't moved while they grow.
    let mut bytes = Vec::with_capacity(256);
    minicbor::encode(v, &mut bytes).expect("a vector takes every write");
    bytes
}

/// Decodes a value from its deterministic encoding and refuses every other.
pub fn from_slice<'b, T: Decode<'b, ()>>(b: &'b [u8]) -> Result<T, CborError> {
    validate(b)?;
    let mut decoder = minicbor::Decoder::new(b);
    let value = decoder.decode().map_err(|e| CborError::Malformed(e.to_string()))?;
    match b.len().saturating_sub(decoder.position()) {
        0 => Ok(value),
        extra => Err(CborError::Trailing { extra }),
    }
}

/// Checks that the bytes are exactly one value in the deterministic profile.
///
/// Allocates nothing, whatever lengths the bytes declare.
pub fn validate(b: &[u8]) -> Result<(), CborError> {
    let mut reader = Reader { bytes: b, at: 0, strict: true };
    reader.skip(0)?;
    match b.len() - reader.at {
        0 => Ok(()),
        extra => Err(CborError::Trailing { extra }),
    }
}

/// The first byte of a data item with its argument.
struct Head {
    major: u8,
    argument: u64,
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Whether map keys must come sorted.
    strict: bool,
}

impl<'b> Reader<'b> {
    fn take(&mut self, n: usize) -> Result<&'b [u8], CborError> {
        let end = self.at.checked_add(n).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(CborError::Malformed(format!("the input ends inside the item at byte {}", self.at)));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn head(&mut self) -> Result<Head, CborError> {
        let offset = self.at;
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 31);
        let refuse = |rule| Err(CborError::NotDeterministic { offset, rule });
        if major == 7 {
            return match info {
                20..=22 => Ok(Head { major, argument: u64::from(info) }),
                25..=27 => refuse("floating point numbers are not in the profile"),
                31 => refuse("a break belongs to an indefinite length"),
                28..=30 => Err(CborError::Malformed(format!("reserved byte at {offset}"))),
                _ => refuse("of the simple values only false, true and null are in the profile"),
            };
        }
        let (argument, least) = match info {
            0..=23 => (u64::from(info), 0),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => (self.big_endian(2)?, 0x100),
            26 => (self.big_endian(4)?, 0x1_0000),
            27 => (self.big_endian(8)?, 0x1_0000_0000),
            31 if (2..=5).contains(&major) => return refuse("the length is indefinite"),
            _ => return Err(CborError::Malformed(format!("reserved byte at {offset}"))),
        };
        if argument < least {
            return refuse("an integer or length is not in its shortest form");
        }
        Ok(Head { major, argument })
    }

    fn big_endian(&mut self, n: usize) -> Result<u64, CborError> {
        Ok(self.take(n)?.iter().fold(0, |v, b| v << 8 | u64::from(*b)))
    }

    /// A declared count, refused when the rest of the input cannot hold it.
    fn count(&self, head: &Head, bytes_each: usize) -> Result<usize, CborError> {
        usize::try_from(head.argument)
            .ok()
            .filter(|n| n.checked_mul(bytes_each).is_some_and(|need| need <= self.bytes.len() - self.at))
            .ok_or_else(|| CborError::Malformed(format!("the length before byte {} exceeds the input", self.at)))
    }

    fn scalar(&mut self, head: &Head) -> Result<(), CborError> {
        if matches!(head.major, 2 | 3) {
            let n = self.count(head, 1)?;
            let start = self.at;
            let content = self.take(n)?;
            if head.major == 3 && core::str::from_utf8(content).is_err() {
                return Err(CborError::Malformed(format!("the text at byte {start} is not UTF-8")));
            }
        }
        Ok(())
    }

    fn deeper(&self, depth: usize) -> Result<usize, CborError> {
        if depth >= DEPTH_MAX {
            return Err(CborError::NotDeterministic { offset: self.at, rule: "the value nests too deeply" });
        }
        Ok(depth + 1)
    }

    fn skip(&mut self, depth: usize) -> Result<(), CborError> {
        let head = self.head()?;
        match head.major {
            4 => {
                let depth = self.deeper(depth)?;
                for _ in 0..self.count(&head, 1)? {
                    self.skip(depth)?;
                }
            }
            5 => {
                let depth = self.deeper(depth)?;
                let mut before: Option<&[u8]> = None;
                for _ in 0..self.count(&head, 2)? {
                    let start = self.at;
                    self.skip(depth)?;
                    let key = &self.bytes[start..self.at];
                    if self.strict && before.is_some_and(|before| before >= key) {
                        return Err(CborError::NotDeterministic {
                            offset: start,
                            rule: if before == Some(key) { "a map key comes twice" } else { "map keys are not sorted" },
                        });
                    }
                    before = Some(key);
                    self.skip(depth)?;
                }
            }
            6 => {
                let depth = self.deeper(depth)?;
                self.skip(depth)?;
            }
            _ => self.scalar(&head)?,
        }
        Ok(())
    }

    /// Copies one item to `out` with the keys of its maps sorted.
    fn sorted(&mut self, out: &mut Vec<u8>, depth: usize) -> Result<(), CborError> {
        let start = self.at;
        let head = self.head()?;
        match head.major {
            4 | 6 => {
                let depth = self.deeper(depth)?;
                let n = if head.major == 4 { self.count(&head, 1)? } else { 1 };
                out.extend_from_slice(&self.bytes[start..self.at]);
                for _ in 0..n {
                    self.sorted(out, depth)?;
                }
            }
            5 => {
                let depth = self.deeper(depth)?;
                let n = self.count(&head, 2)?;
                out.extend_from_slice(&self.bytes[start..self.at]);
                let mut entries = Vec::with_capacity(n);
                for _ in 0..n {
                    let (mut key, mut value) = (Vec::new(), Vec::new());
                    self.sorted(&mut key, depth)?;
                    self.sorted(&mut value, depth)?;
                    entries.push((key, value));
                }
                entries.sort();
                for (key, value) in entries {
                    out.extend_from_slice(&key);
                    out.extend_from_slice(&value);
                }
            }
            _ => {
                self.scalar(&head)?;
                out.extend_from_slice(&self.bytes[start..self.at]);
            }
        }
        Ok(())
    }
}
