//! Item codes of 国办函〔2016〕108号 and GB/T 39048-2020.

use core::str::FromStr;

use crate::division::DivisionCode;
use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::text::{code_as_text, debug_as_text, require, require_ascii};

/// A permit item code: 10 characters (`XK0010100Y`), or up to 24 for an implementation.
///
/// Type (2 letters), main item (5 digits), sub-item (3, `000` for none, the last may be `Y`); then for an
/// implementation the exercise level (1), division (6) and authority (up to 7).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermitItemCode(String);

impl PermitItemCode {
    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ten characters that all implementations share.
    pub fn basic(&self) -> &str {
        &self.0[..10]
    }

    /// The type, two letters: `XK` 行政许可.
    pub fn category(&self) -> &str {
        &self.0[..2]
    }

    /// The serial of the main item, five digits.
    pub fn main_item(&self) -> &str {
        &self.0[2..7]
    }

    /// The serial of the sub-item; `None` for `000`.
    pub fn sub_item(&self) -> Option<&str> {
        Some(&self.0[7..10]).filter(|serial| *serial != "000")
    }

    /// The division of an implementation; `None` for a basic code.
    pub fn division(&self) -> Option<DivisionCode> {
        self.0.get(11..17)?.parse().ok()
    }

    /// The authority of an implementation; `None` when the code does not go so far.
    pub fn authority(&self) -> Option<&str> {
        self.0.get(17..).filter(|authority| !authority.is_empty())
    }
}

impl FromStr for PermitItemCode {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        const KIND: Kind = Kind::PermitItemCode;
        require_ascii(KIND, s)?;
        if !matches!(s.len(), 10 | 17..=24) {
            return Err(InvalidCode::new(KIND, Fault::Length { expected: "10 or 17 to 24", found: s.len() }));
        }
        let b = s.as_bytes();
        require(KIND, &b[..2], 0, Charset::Letters)?;
        require(KIND, &b[2..9], 2, Charset::Digits)?;
        require(KIND, &b[9..10], 9, Charset::DigitsAndY)?;
        if b.len() > 10 {
            require(KIND, &b[10..11], 10, Charset::ExerciseLevel)?;
            require(KIND, &b[11..17], 11, Charset::Digits)?;
            let _: DivisionCode = s[11..17].parse().map_err(|e: InvalidCode| e.inside(KIND, 11))?;
            require(KIND, &b[17..], 17, Charset::Alphanumeric)?;
        }
        Ok(Self(s.to_owned()))
    }
}

code_as_text!(PermitItemCode);
debug_as_text!(PermitItemCode);
