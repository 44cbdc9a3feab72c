//! The invitation that a new node joins with: one line of text.
//!
//! `tb1-` and the base 32 (Crockford's alphabet, which people can read out) of a CBOR map with four bytes of its SHA-256
//! behind it. So a token that was mistyped is told from one that has expired or was used.

use std::{fmt, str::FromStr};

use minicbor::{Decode, Encode};
use tongban_codes::{cbor, division::DivisionCode, ids::Digest, time::Timestamp};

const PREFIX: &str = "tb1-";
const CHECK_BYTES: usize = 4;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// The longest token: an address of a paragraph's length and the rest.
const TOKEN_CHARACTERS_MAX: usize = 4096;

/// What an invitation says.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invitation {
    /// Where the issuer can be dialled.
    #[n(0)]
    pub address: String,
    /// SHA-256 of the issuer's transport key (SPKI), checked before anything is sent.
    #[n(1)]
    pub issuer_key: Digest,
    /// The issuer's division.
    #[n(2)]
    pub issuer_division: DivisionCode,
    /// The division for which a node may join.
    #[n(3)]
    pub division: DivisionCode,
    /// Works once.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// Until when.
    #[n(5)]
    pub expires: Timestamp,
}

/// Why a text isn't an invitation. That it has expired is said by [`Invitation::check`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// Not the text of an invitation.
    #[error("an invitation begins with tb1-")]
    Prefix,
    /// Of a later version of the program.
    #[error("this invitation is of a later version (tb{0}); upgrade this node first")]
    Version(u32),
    /// A character that no token has.
    #[error("character {position} ({found:?}) cannot be part of an invitation")]
    Character {
        /// Counted from 1, spaces and dashes included.
        position: usize,
        /// The character.
        found: char,
    },
    /// Mistyped or cut off.
    #[error("the invitation is mistyped or incomplete; copy it again")]
    Checksum,
    /// Right by its checksum, and yet not an invitation.
    #[error("the invitation is malformed: {0}")]
    Malformed(String),
    /// It was good once.
    #[error("the invitation expired at {0}; ask for a new one")]
    Expired(Timestamp),
    /// It is for another division.
    #[error("the invitation is for division {invited}, and this node is of {division}")]
    Division {
        /// For which.
        invited: DivisionCode,
        /// The node's.
        division: DivisionCode,
    },
}

impl InvitationError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Prefix => "invitation-prefix",
            Self::Version(_) => "invitation-version",
            Self::Character { .. } => "invitation-character",
            Self::Checksum => "invitation-mistyped",
            Self::Malformed(_) => "invitation-malformed",
            Self::Expired(_) => "invitation-expired",
            Self::Division { .. } => "invitation-division",
        }
    }

    /// What is wrong, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Prefix => "应以 tb1- 开头".to_owned(),
            Self::Version(version) => format!("由更新的版本（tb{version}）发出，请先升级本节点"),
            Self::Character { position, found } => format!("第 {position} 个字符“{found}”不可能出现在邀请码中"),
            Self::Checksum => "抄错或不完整".to_owned(),
            Self::Malformed(reason) => format!("内容无法读取：{reason}"),
            Self::Expired(at) => format!("已于 {at} 过期"),
            Self::Division { invited, division } => format!("面向 {invited}，而本节点属于 {division}"),
        }
    }
}

impl Invitation {
    /// Whether a node of `division` may use it at `now`.
    ///
    /// # Errors
    /// [`InvitationError::Division`] and [`InvitationError::Expired`].
    pub fn check(&self, division: DivisionCode, now: Timestamp) -> Result<(), InvitationError> {
        if division != self.division {
            return Err(InvitationError::Division { invited: self.division, division });
        }
        if now >= self.expires { Err(InvitationError::Expired(self.expires)) } else { Ok(()) }
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = cbor::to_vec(self);
        let check = Digest::of(&bytes);
        bytes.extend_from_slice(&check.as_bytes()[..CHECK_BYTES]);
        f.write_str(PREFIX)?;
        let (mut held, mut bits) = (0_u32, 0_u32);
        let put = |f: &mut fmt::Formatter<'_>, five: u32| {
            fmt::Write::write_char(f, char::from(ALPHABET[(five & 31) as usize]))
        };
        for byte in bytes {
            held = held << 8 | u32::from(byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                put(f, held >> bits)?;
            }
            held &= (1 << bits) - 1;
        }
        if bits > 0 { put(f, held << (5 - bits)) } else { Ok(()) }
    }
}

/// Doesn't show the secret.
impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, issuer_key, issuer_division, division, secret: _, expires } = self;
        write!(f, "Invitation({division} by {issuer_division} at {address}, key {issuer_key}, until {expires})")
    }
}

impl FromStr for Invitation {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = text.trim();
        let lower = whole.to_ascii_lowercase();
        let Some((head, _)) = lower.split_once('-').filter(|(head, _)| head.starts_with("tb")) else {
            return Err(InvitationError::Prefix);
        };
        match head[2..].parse::<u32>() {
            Ok(1) => {}
            Ok(version) if version > 1 => return Err(InvitationError::Version(version)),
            _ => return Err(InvitationError::Prefix),
        }
        if lower.len() > TOKEN_CHARACTERS_MAX {
            return Err(InvitationError::Checksum);
        }
        let mut bytes = Vec::new();
        let (mut held, mut bits) = (0_u32, 0_u32);
        for (position, found) in (1..).zip(lower.chars()).skip(PREFIX.len()) {
            let five = match found {
                '-' | ' ' | '\n' | '\r' | '\t' => continue,
                'o' => 0,
                'i' | 'l' => 1,
                found => u32::try_from(ALPHABET.iter().position(|letter| char::from(*letter) == found).unwrap_or(32))
                    .unwrap_or(32),
            };
            if five == 32 {
                return Err(InvitationError::Character { position, found });
            }
            held = held << 5 | five;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or(0));
                held &= (1 << bits) - 1;
            }
        }
        if held != 0 || bits >= 5 {
            return Err(InvitationError::Checksum);
        }
        let (body, check) =
            bytes.split_at_checked(bytes.len().saturating_sub(CHECK_BYTES)).ok_or(InvitationError::Checksum)?;
        if body.is_empty() || Digest::of(body).as_bytes()[..CHECK_BYTES] != *check {
            return Err(InvitationError::Checksum);
        }
        cbor::from_slice(body).map_err(|error| InvitationError::Malformed(error.to_string()))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn invitation() -> Invitation {
        Invitation {
            address: "10.51.16.2:7400".to_owned(),
            issuer_key: Digest::of(b"key"),
            issuer_division: "511600".parse().unwrap(),
            division: "511602".parse().unwrap(),
            secret: [7; 16],
            expires: "2026-09-15T09:00:00+08:00".parse().unwrap(),
        }
    }

    #[test]
    fn printed_and_read() {
        let token = invitation().to_string();
        assert!(token.starts_with("tb1-") && token.len() < 200, "{token}");
        assert_eq!(token.parse::<Invitation>().unwrap(), invitation());
        assert_eq!(format!(" {}\n", token.to_uppercase()).parse::<Invitation>().unwrap(), invitation());
        assert!(!format!("{:?}", invitation()).contains("7, 7"));
        for length in 0..16 {
            let other = Invitation { address: "x".repeat(length), ..invitation() };
            assert_eq!(other.to_string().parse::<Invitation>().unwrap(), other);
        }
    }

    #[test]
    fn a_mistyped_token_is_told_from_an_expired_one() {
        let token = invitation().to_string();
        for position in 4..token.len() {
            let mut typed = token.clone().into_bytes();
            typed[position] = if typed[position] == b'7' { b'8' } else { b'7' };
            assert_eq!(
                String::from_utf8(typed).unwrap().parse::<Invitation>(),
                Err(InvitationError::Checksum),
                "at {position}"
            );
            assert_eq!(token[..position].parse::<Invitation>(), Err(InvitationError::Checksum), "cut at {position}");
        }
        assert_eq!("hello".parse::<Invitation>(), Err(InvitationError::Prefix));
        assert_eq!("tb2-00".parse::<Invitation>(), Err(InvitationError::Version(2)));
        assert_eq!("tb1-0u".parse::<Invitation>(), Err(InvitationError::Character { position: 6, found: 'u' }));
        assert_eq!("tb1-汉".parse::<Invitation>(), Err(InvitationError::Character { position: 5, found: '汉' }));

        let invitation = invitation();
        assert_eq!(invitation.check(invitation.division, invitation.expires.add_seconds(-1)), Ok(()));
        assert_eq!(
            invitation.check(invitation.division, invitation.expires),
            Err(InvitationError::Expired(invitation.expires))
        );
        let wrong = invitation.check(invitation.issuer_division, invitation.expires).unwrap_err();
        assert_eq!(wrong.code(), "invitation-division");
    }
}
