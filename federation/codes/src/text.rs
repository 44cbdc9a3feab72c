//! Codes are short ASCII texts: how they are stored, scanned, and carried in CBOR and JSON.

use crate::fault::{Charset, Fault, InvalidCode, Kind};

/// Text of exactly `N` ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ascii<const N: usize>([u8; N]);

impl<const N: usize> Ascii<N> {
    /// Takes `text` when it has exactly `N` ASCII characters.
    pub(crate) fn new(text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        text.as_bytes().try_into().ok().map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("an Ascii is made from ASCII text only")
    }

    pub(crate) const fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

/// Refuses what is empty or holds a character that is not ASCII.
pub(crate) fn require_ascii(kind: Kind, text: &str) -> Result<(), InvalidCode> {
    if text.is_empty() {
        return Err(InvalidCode::new(kind, Fault::Empty));
    }
    match text.chars().enumerate().find(|(_, c)| !c.is_ascii()) {
        Some((at, found)) => Err(InvalidCode::new(kind, Fault::NotAscii { position: at + 1, found })),
        None => Ok(()),
    }
}

/// Takes text of exactly `N` ASCII characters, or says what is wrong with it.
pub(crate) fn exactly<const N: usize>(kind: Kind, text: &str, expected: &'static str) -> Result<Ascii<N>, InvalidCode> {
    require_ascii(kind, text)?;
    Ascii::new(text).ok_or(InvalidCode::new(kind, Fault::Length { expected, found: text.len() }))
}

/// Refuses the first of `bytes` that is not in `charset`; `offset` is how many characters stand before.
pub(crate) fn require(kind: Kind, bytes: &[u8], offset: usize, charset: Charset) -> Result<(), InvalidCode> {
    match bytes.iter().position(|b| !charset.holds(*b)) {
        Some(at) => Err(InvalidCode::new(
            kind,
            Fault::Character { position: offset + at + 1, found: char::from(bytes[at]), expected: charset },
        )),
        None => Ok(()),
    }
}

/// The number that ASCII digits write; the caller has checked that they are digits and few.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |n, b| n * 10 + u64::from(b - b'0'))
}

impl Charset {
    pub(crate) const fn holds(self, b: u8) -> bool {
        match self {
            Self::Digits => b.is_ascii_digit(),
            Self::DigitsAndX => b.is_ascii_digit() || b == b'X',
            Self::DigitsAndY => b.is_ascii_digit() || b == b'Y',
            Self::Alphanumeric => b.is_ascii_digit() || b.is_ascii_uppercase(),
            Self::CreditCode => {
                (b.is_ascii_digit() || b.is_ascii_uppercase()) && !matches!(b, b'I' | b'O' | b'S' | b'V' | b'Z')
            }
            Self::QueryCode => {
                (b.is_ascii_digit() || b.is_ascii_uppercase()) && !matches!(b, b'I' | b'L' | b'O' | b'U')
            }
            Self::Hex => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
            Self::ExerciseLevel => matches!(b, b'1'..=b'7'),
            Self::Letters => b.is_ascii_uppercase(),
        }
    }
}

/// Carries a type with `Display` and `FromStr` as a string in serde.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str(concat!("a string that holds a ", stringify!($type)))
                    }
                    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Self::Value, E> {
                        v.parse().map_err(E::custom)
                    }
                }
                d.deserialize_str(Visitor)
            }
        }
    };
}

/// Carries a type with `as_str` and `FromStr` as a text string in CBOR, and shows it.
macro_rules! code_as_text {
    ($type:ty) => {
        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl<C> minicbor::Encode<C> for $type {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(self.as_str())?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $type {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                d.str()?
                    .parse()
                    .map_err(|e: crate::fault::InvalidCode| minicbor::decode::Error::message(e.to_string()).at(at))
            }
        }

        crate::text::serde_as_text!($type);
    };
}

/// A `Debug` that shows the text inside the type's name.
macro_rules! debug_as_text {
    ($type:ident) => {
        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
    };
}

pub(crate) use {code_as_text, debug_as_text, serde_as_text};
