//! Identifiers that need no central allocator: nodes, cases, authorities, digests, labels and query codes.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::division::DivisionCode;
use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::iso7064;
use crate::text::{Ascii, code_as_text, debug_as_text, exactly, require, serde_as_text};

fn hex_value(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

fn from_hex<const N: usize>(s: &str, expected: &'static str) -> Result<[u8; N], InvalidCode> {
    crate::text::require_ascii(Kind::Hex, s)?;
    if s.len() != 2 * N {
        return Err(InvalidCode::new(Kind::Hex, Fault::Length { expected, found: s.len() }));
    }
    require(Kind::Hex, s.as_bytes(), 0, Charset::Hex)?;
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(s.as_bytes().chunks_exact(2)) {
        let digit = |b| hex_value(b).expect("checked to be hexadecimal");
        *byte = digit(pair[0]) << 4 | digit(pair[1]);
    }
    Ok(bytes)
}

/// An identifier of `$n` bytes: hexadecimal for people and JSON, a byte string in CBOR.
macro_rules! binary_id {
    ($(#[$doc:meta])* $type:ident, $n:literal, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type([u8; $n]);

        impl $type {
            /// The identifier with these bytes.
            pub const fn from_bytes(bytes: [u8; $n]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $n] {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }

        impl FromStr for $type {
            type Err = InvalidCode;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                from_hex(s, $digits).map(Self)
            }
        }

        impl<C> minicbor::Encode<C> for $type {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $type {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                d.bytes()?.try_into().map(Self).map_err(|_| {
                    minicbor::decode::Error::message(concat!("not ", stringify!($n), " bytes")).at(at)
                })
            }
        }

        debug_as_text!($type);
        serde_as_text!($type);
    };
}

binary_id!(
    /// A node, drawn once at random and kept for life; 32 hexadecimal digits.
    NodeId, 16, "32"
);
binary_id!(
    /// A case; begins with six bytes of the node that drew it, so that drawing needs no allocator.
    CaseId, 16, "32"
);
binary_id!(
    /// An authority (机关); its credit codes, names and seals are dated attributes of this id.
    AuthorityId, 16, "32"
);
binary_id!(
    /// A SHA-256 digest; 64 hexadecimal digits.
    Digest, 32, "64"
);

impl NodeId {
    /// The six bytes that begin the ids of cases this node draws.
    pub const fn prefix(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = self.0;
        [a, b, c, d, e, f]
    }
}

impl CaseId {
    /// A new case id of `node` from ten random bytes.
    pub fn draw(node: &NodeId, random: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&node.prefix());
        bytes[6..].copy_from_slice(&random);
        Self(bytes)
    }

    /// The first six bytes of the node that drew this id.
    pub const fn node_prefix(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = self.0;
        [a, b, c, d, e, f]
    }
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// The 32 characters of labels and query codes in order of value: no I, L, O, U (Crockford).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn alphabet_value(b: u8) -> Option<u64> {
    ALPHABET.iter().position(|c| *c == b).and_then(|v| u64::try_from(v).ok())
}

/// Writes the low bits of `n` into `out`, five a character, most significant first.
fn write_base32(mut n: u64, out: &mut [u8]) {
    for b in out.iter_mut().rev() {
        *b = ALPHABET[usize::try_from(n % 32).expect("below 32")];
        n /= 32;
    }
}

/// What people type for query codes: separators dropped, capitals, O read as 0, I and L as 1.
fn forgiving(s: &str) -> String {
    s.chars()
        .filter(|c| !matches!(c, '-' | ' '))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect()
}

/// The short name of a node: six characters for its division, one for its ordinal there.
///
/// The first nine digits of the division code, read as a number, fill six base-32 characters; the ordinal
/// tells up to 32 nodes of one division apart. Given to a node at join, it lets any node route a query code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Ascii<7>);

impl Label {
    /// The most nodes one division can name.
    pub const ORDINALS: u8 = 32;

    /// The label of node number `ordinal` (0 to 31) of `division`, which must not be a village.
    pub fn new(division: DivisionCode, ordinal: u8) -> Result<Self, InvalidCode> {
        let fault = |en, zh| Err(InvalidCode::new(Kind::Label, Fault::Structure { en, zh }));
        if ordinal >= Self::ORDINALS {
            return fault("the ordinal of a node is 0 to 31", "节点序号应为0至31");
        }
        if !division.number().is_multiple_of(1000) {
            return fault("a village has no label", "村级区划没有节点短标识");
        }
        let mut text = [0; 7];
        write_base32(division.number() / 1000 * 32 + u64::from(ordinal), &mut text);
        Ok(Self(ascii(&text)))
    }

    /// The seven characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The division the node serves.
    pub fn division(&self) -> DivisionCode {
        DivisionCode::from_number(self.value() / 32 * 1000).expect("checked when the label was read")
    }

    /// The number of the node within its division, 0 to 31.
    pub fn ordinal(&self) -> u8 {
        u8::try_from(self.value() % 32).expect("below 32")
    }

    fn value(&self) -> u64 {
        self.0.bytes().iter().fold(0, |n, b| n * 32 + alphabet_value(*b).expect("checked when the label was read"))
    }
}

fn ascii<const N: usize>(bytes: &[u8; N]) -> Ascii<N> {
    core::str::from_utf8(bytes).ok().and_then(Ascii::new).expect("the alphabet is ASCII")
}

impl FromStr for Label {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let label = Self(exactly(Kind::Label, &forgiving(s), "7")?);
        require(Kind::Label, label.0.bytes(), 0, Charset::QueryCode)?;
        match DivisionCode::from_number(label.value() / 32 * 1000) {
            Some(_) => Ok(label),
            None => Err(InvalidCode::new(
                Kind::Label,
                Fault::Structure {
                    en: "its first six characters name no division", zh: "前6位不对应任何行政区划"
                },
            )),
        }
    }
}

code_as_text!(Label);
debug_as_text!(Label);

/// The short code an applicant gets for a case: label (7), serial (5), check character, as `FKQ2M8A-7TR4C-9`.
///
/// The check character is ISO 7064 MOD 37,36 over the twelve before it. Serials whose check character would be
/// I, L, O or U are never drawn, so that reading O as 0 and I or L as 1 loses nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryCode(Ascii<13>);

impl QueryCode {
    /// A query code of the node `label` from 25 random bits (the low bits of `random`).
    ///
    /// The serial is those bits, or one of the next few when the check character could be misread.
    pub fn draw(label: Label, random: u32) -> Self {
        const SERIALS: u64 = 1 << 25;
        let mut text = [0; 13];
        text[..7].copy_from_slice(label.0.bytes());
        let mut serial = u64::from(random) % SERIALS;
        loop {
            write_base32(serial, &mut text[7..12]);
            let check = check_of(&text);
            if Charset::QueryCode.holds(check) {
                text[12] = check;
                return Self(ascii(&text));
            }
            // 32 serials in a row that differ in their last character have 32 different check characters.
            serial = (serial + 1) % SERIALS;
        }
    }

    /// The label of the node that drew the code.
    pub fn label(&self) -> Label {
        Label(Ascii::new(&self.as_str()[..7]).expect("seven characters"))
    }

    /// The thirteen characters without separators.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn check_of(text: &[u8; 13]) -> u8 {
    let check = iso7064::mod_37_36(&text[..12]).expect("the alphabet is part of 0-9A-Z");
    u8::try_from(check).expect("ASCII")
}

impl fmt::Display for QueryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.as_str();
        write!(f, "{}-{}-{}", &text[..7], &text[7..12], &text[12..])
    }
}

impl FromStr for QueryCode {
    type Err = InvalidCode;

    /// Reads the code with or without separators, in either case, with O for 0 and I or L for 1.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s.len() > 64 {
            return Err(InvalidCode::new(Kind::QueryCode, Fault::Length { expected: "13", found: s.chars().count() }));
        }
        let text: Ascii<13> = exactly(Kind::QueryCode, &forgiving(s), "13")?;
        require(Kind::QueryCode, text.bytes(), 0, Charset::QueryCode)?;
        let (expected, found) = (check_of(text.bytes()), text.bytes()[12]);
        if expected != found {
            return Err(InvalidCode::new(
                Kind::QueryCode,
                Fault::CheckCharacter { position: 13, found: found.into(), expected: expected.into() },
            ));
        }
        text.as_str()[..7].parse::<Label>().map_err(|e| e.inside(Kind::QueryCode, 0))?;
        Ok(Self(text))
    }
}

impl<C> minicbor::Encode<C> for QueryCode {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.as_str())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for QueryCode {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let text = d.str()?;
        let wrong = |e: String| minicbor::decode::Error::message(e).at(at);
        let code: Self = text.parse().map_err(|e: InvalidCode| wrong(e.to_string()))?;
        // One value, one encoding: only people may write it in other ways.
        if code.as_str() == text { Ok(code) } else { Err(wrong("a query code not in its plain form".into())) }
    }
}

debug_as_text!(QueryCode);
serde_as_text!(QueryCode);
