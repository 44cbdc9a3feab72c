//! 政务服务事项编码: the codes of service items, in the three generations that are in use side by side.
//!
//! - [`PermitItemCode`]: 国办函〔2016〕108号 and GB/T 39048-2020, letters and digits, up to 24 characters.
//! - [`BasicCode`] and [`ImplementationCode`]: the national platform (ZWFW C 0109.1-2018, GB/T 39554.1-2020). Use these.
//! - [`LocalItemCode`]: what provinces keep beside the national code.

use core::fmt;
use core::str::FromStr;

use crate::credit_code::CreditCode;
use crate::division::DivisionCode;
use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::text::{Ascii, code_as_text, debug_as_text, exactly, number, require, require_ascii};

mod item_type;
mod local;
mod permit;

pub use item_type::{ExerciseLevel, Extension, ItemType};
pub use local::LocalItemCode;
pub use permit::PermitItemCode;

/// 基本编码: 12 digits, province (2, `00` for the national catalogue), type (2), main item (5), sub-item (3).
///
/// All levels of government share the basic code of an item. Only national ones compare across provinces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BasicCode(Ascii<12>);

impl BasicCode {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The province whose catalogue defines the item; `None` for the national one.
    pub fn province(&self) -> Option<DivisionCode> {
        self.as_str()[..2].parse().ok()
    }

    /// Whether the item is of the national catalogue.
    pub fn is_national(&self) -> bool {
        self.as_str().starts_with("00")
    }

    /// 事项类型.
    pub fn item_type(&self) -> ItemType {
        self.as_str()[2..4].parse().expect("two digits are an item type")
    }

    /// 主项: the serial of the main item, five digits.
    pub fn main_item(&self) -> &str {
        &self.as_str()[4..9]
    }

    /// 子项: the serial of the sub-item, three digits; `None` for `000`, which means there is none.
    pub fn sub_item(&self) -> Option<&str> {
        Some(&self.as_str()[9..]).filter(|serial| *serial != "000")
    }
}

impl FromStr for BasicCode {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let text: Ascii<12> = exactly(Kind::BasicCode, s, "12")?;
        require(Kind::BasicCode, text.bytes(), 0, Charset::Digits)?;
        if matches!(number(&text.bytes()[..2]), 1..=9) {
            return Err(InvalidCode::new(
                Kind::BasicCode,
                Fault::Structure {
                    en: "its first two digits name no province", zh: "前2位不是省级行政区划代码"
                },
            ));
        }
        Ok(Self(text))
    }
}

code_as_text!(BasicCode);
debug_as_text!(BasicCode);

/// 实施编码 (31 characters) or 业务办理项编码 (33).
///
/// Credit code of the implementing authority (18), exercise level (1), basic code (12), and for a handling
/// item a number from 01 to 99. There is no check digit over the whole; the credit code has its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImplementationCode {
    /// Padded with NUL when there are 31 characters.
    text: [u8; 33],
}

impl ImplementationCode {
    /// The implementation code of `basic` by `authority` at `level`.
    pub fn new(authority: CreditCode, level: ExerciseLevel, basic: BasicCode) -> Self {
        let mut text = [0; 33];
        text[..18].copy_from_slice(authority.as_str().as_bytes());
        text[18] = b'0' + level.number();
        text[19..31].copy_from_slice(basic.as_str().as_bytes());
        Self { text }
    }

    /// The code of handling item `item` (1 to 99) of this implementation; `None` for another number.
    #[must_use]
    pub fn with_handling_item(mut self, item: u8) -> Option<Self> {
        if !(1..=99).contains(&item) {
            return None;
        }
        self.text[31] = b'0' + item / 10;
        self.text[32] = b'0' + item % 10;
        Some(self)
    }

    /// The 31 or 33 characters.
    pub fn as_str(&self) -> &str {
        let end = if self.text[31] == 0 { 31 } else { 33 };
        core::str::from_utf8(&self.text[..end]).expect("made from ASCII")
    }

    /// The credit code of the implementing authority (实施主体).
    pub fn authority(&self) -> CreditCode {
        self.as_str()[..18].parse().expect("checked when the code was read")
    }

    /// 行使层级.
    pub fn level(&self) -> ExerciseLevel {
        ExerciseLevel::from_number(self.text[18] - b'0').expect("checked when the code was read")
    }

    /// 基本编码.
    pub fn basic(&self) -> BasicCode {
        self.as_str()[19..31].parse().expect("checked when the code was read")
    }

    /// The number of the handling item, 1 to 99; `None` for an implementation code.
    pub fn handling_item(&self) -> Option<u8> {
        match self.text[31..] {
            [tens @ b'0'..=b'9', units] => Some((tens - b'0') * 10 + units - b'0'),
            _ => None,
        }
    }

    /// The 31 characters that a handling item shares with its siblings.
    #[must_use]
    pub fn implementation(mut self) -> Self {
        self.text[31..].fill(0);
        self
    }
}

impl FromStr for ImplementationCode {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let kind = if s.chars().count() == 33 { Kind::HandlingItemCode } else { Kind::ImplementationCode };
        require_ascii(kind, s)?;
        if !matches!(s.len(), 31 | 33) {
            return Err(InvalidCode::new(kind, Fault::Length { expected: "31 or 33", found: s.len() }));
        }
        let authority: CreditCode = s[..18].parse().map_err(|e: InvalidCode| e.inside(kind, 0))?;
        require(kind, &s.as_bytes()[18..19], 18, Charset::ExerciseLevel)?;
        let level = ExerciseLevel::from_number(s.as_bytes()[18] - b'0').expect("the character was checked");
        let basic: BasicCode = s[19..31].parse().map_err(|e: InvalidCode| e.inside(kind, 19))?;
        let code = Self::new(authority, level, basic);
        let item = &s.as_bytes()[31..];
        if item.is_empty() {
            return Ok(code);
        }
        require(kind, item, 31, Charset::Digits)?;
        u8::try_from(number(item)).ok().and_then(|item| code.with_handling_item(item)).ok_or(InvalidCode::new(
            kind,
            Fault::Structure { en: "handling items are numbered from 01", zh: "业务办理项序号应从01开始" },
        ))
    }
}

code_as_text!(ImplementationCode);
debug_as_text!(ImplementationCode);

/// An item code of any generation, told apart by its shape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemCode {
    /// GB/T 39048 and its predecessor.
    Permit(PermitItemCode),
    /// National platform, 12 digits.
    Basic(BasicCode),
    /// National platform, 31 or 33 characters.
    Implementation(ImplementationCode),
    /// A province's own.
    Local(LocalItemCode),
}

impl FromStr for ItemCode {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let letters = s.bytes().take(2).filter(u8::is_ascii_uppercase).count();
        if s.contains('-') {
            s.parse().map(Self::Local)
        } else if letters == 2 && s.len() <= 24 {
            s.parse().map(Self::Permit)
        } else if s.len() <= 12 {
            s.parse().map(Self::Basic)
        } else {
            s.parse().map(Self::Implementation)
        }
    }
}

impl fmt::Display for ItemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permit(code) => code.fmt(f),
            Self::Basic(code) => code.fmt(f),
            Self::Implementation(code) => code.fmt(f),
            Self::Local(code) => code.fmt(f),
        }
    }
}
