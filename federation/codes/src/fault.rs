//! What a code can be, and what can be wrong with one; in English and in Chinese.

use core::fmt;

/// The kinds of code this crate can read.
///
/// The names are part of the command line's contract and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// 行政区划代码, GB/T 2260 and its extension to 12 digits.
    Division,
    /// 公民身份号码, GB 11643.
    CitizenId,
    /// 统一社会信用代码, GB 32100.
    CreditCode,
    /// 组织机构代码, GB 11714.
    OrganisationCode,
    /// 事项编码 of GB/T 39048 (10 to 24 characters).
    PermitItemCode,
    /// 基本编码, 12 digits.
    BasicCode,
    /// 实施编码, 31 characters.
    ImplementationCode,
    /// 业务办理项编码, 33 characters.
    HandlingItemCode,
    /// 地方实施编码, as provinces keep beside the national one.
    LocalItemCode,
    /// 电子证照标识, GB/T 36904.
    LicenceId,
    /// 证照类型代码, 21 characters.
    LicenceType,
    /// 办件查询码 of this system.
    QueryCode,
    /// The short name a node has inside query codes.
    Label,
    /// An identifier written in hexadecimal.
    Hex,
    /// A calendar date, month or time.
    Time,
    /// 事项类型代码, two digits.
    ItemType,
}

impl Kind {
    /// The stable kebab-case name, as printed by `tongban code check`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Division => "division",
            Self::CitizenId => "citizen-id",
            Self::CreditCode => "credit-code",
            Self::OrganisationCode => "organisation-code",
            Self::PermitItemCode => "permit-item-code",
            Self::BasicCode => "basic-code",
            Self::ImplementationCode => "implementation-code",
            Self::HandlingItemCode => "handling-item-code",
            Self::LocalItemCode => "local-item-code",
            Self::LicenceId => "licence-id",
            Self::LicenceType => "licence-type",
            Self::QueryCode => "query-code",
            Self::Label => "label",
            Self::Hex => "hex-id",
            Self::Time => "time",
            Self::ItemType => "item-type",
        }
    }

    /// The name in English prose.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Division => "division code",
            Self::CitizenId => "citizen id",
            Self::CreditCode => "unified social credit code",
            Self::OrganisationCode => "organisation code",
            Self::PermitItemCode => "permit item code",
            Self::BasicCode => "basic code",
            Self::ImplementationCode => "implementation code",
            Self::HandlingItemCode => "handling item code",
            Self::LocalItemCode => "local item code",
            Self::LicenceId => "licence identifier",
            Self::LicenceType => "licence type code",
            Self::QueryCode => "query code",
            Self::Label => "node label",
            Self::Hex => "hexadecimal identifier",
            Self::Time => "date or time",
            Self::ItemType => "item type code",
        }
    }

    /// The name in Chinese, as the standard has it.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Division => "行政区划代码",
            Self::CitizenId => "公民身份号码",
            Self::CreditCode => "统一社会信用代码",
            Self::OrganisationCode => "组织机构代码",
            Self::PermitItemCode => "行政许可事项编码",
            Self::BasicCode => "基本编码",
            Self::ImplementationCode => "实施编码",
            Self::HandlingItemCode => "业务办理项编码",
            Self::LocalItemCode => "地方实施编码",
            Self::LicenceId => "电子证照标识",
            Self::LicenceType => "证照类型代码",
            Self::QueryCode => "办件查询码",
            Self::Label => "节点短标识",
            Self::Hex => "十六进制标识",
            Self::Time => "日期时间",
            Self::ItemType => "事项类型代码",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

/// A set of characters a position may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Charset {
    /// `0-9`.
    Digits,
    /// `0-9` and `X`, the alphabet of ISO 7064 MOD 11-2.
    DigitsAndX,
    /// `0-9A-Z`.
    Alphanumeric,
    /// `0-9A-Z` without I, O, S, V, Z (GB 32100).
    CreditCode,
    /// `0-9A-Z` without I, L, O, U.
    QueryCode,
    /// `0-9a-f`.
    Hex,
    /// `1-7`, the exercise levels.
    ExerciseLevel,
    /// `A-Z`.
    Letters,
    /// `0-9` and `Y`.
    DigitsAndY,
}

impl Charset {
    const fn en(self) -> &'static str {
        match self {
            Self::Digits => "a digit",
            Self::DigitsAndX => "a digit or X",
            Self::Alphanumeric => "a digit or a capital letter",
            Self::CreditCode => "a digit or a capital letter other than I, O, S, V, Z",
            Self::QueryCode => "a digit or a letter other than I, L, O, U",
            Self::Hex => "a hexadecimal digit",
            Self::ExerciseLevel => "an exercise level from 1 to 7",
            Self::Letters => "a capital letter",
            Self::DigitsAndY => "a digit or Y",
        }
    }

    const fn zh(self) -> &'static str {
        match self {
            Self::Digits => "数字",
            Self::DigitsAndX => "数字或X",
            Self::Alphanumeric => "数字或大写字母",
            Self::CreditCode => "数字或大写字母（不含I、O、S、V、Z）",
            Self::QueryCode => "数字或字母（不含I、L、O、U）",
            Self::Hex => "十六进制数字",
            Self::ExerciseLevel => "行使层级1至7",
            Self::Letters => "大写字母",
            Self::DigitsAndY => "数字或Y",
        }
    }
}

/// What is wrong with a code; positions count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is nothing to read.
    Empty,
    /// The number of characters does not fit.
    Length {
        /// The lengths that would do, for people.
        expected: &'static str,
        /// How many characters there are.
        found: usize,
    },
    /// A character is not ASCII, for example a full-width digit.
    NotAscii {
        /// Which character, from 1.
        position: usize,
        /// The character.
        found: char,
    },
    /// A character may not stand where it stands.
    Character {
        /// Which character, from 1.
        position: usize,
        /// The character.
        found: char,
        /// What may stand there.
        expected: Charset,
    },
    /// The check character disagrees with the rest.
    CheckCharacter {
        /// Which character, from 1.
        position: usize,
        /// What stands there.
        found: char,
        /// What the algorithm gives.
        expected: char,
    },
    /// Eight digits are no real date.
    Date {
        /// Where the date begins, from 1.
        position: usize,
    },
    /// The birth date lies after the day of the check.
    BornLater,
    /// The parts do not have the form the standard asks for.
    Structure {
        /// What is wrong, in English.
        en: &'static str,
        /// What is wrong, in Chinese.
        zh: &'static str,
    },
    /// The code is well formed, but the division table does not know it.
    UnknownDivision,
}

impl Fault {
    /// Moves a position by `by` characters, for a part that starts inside a longer code.
    #[must_use]
    pub(crate) fn shifted(self, by: usize) -> Self {
        match self {
            Self::NotAscii { position, found } => Self::NotAscii { position: position + by, found },
            Self::Character { position, found, expected } => {
                Self::Character { position: position + by, found, expected }
            }
            Self::CheckCharacter { position, found, expected } => {
                Self::CheckCharacter { position: position + by, found, expected }
            }
            Self::Date { position } => Self::Date { position: position + by },
            other => other,
        }
    }

    /// The stable kebab-case code of this fault.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Length { .. } => "wrong-length",
            Self::NotAscii { .. } => "not-ascii",
            Self::Character { .. } => "wrong-character",
            Self::CheckCharacter { .. } => "wrong-check-character",
            Self::Date { .. } => "not-a-date",
            Self::BornLater => "born-later",
            Self::Structure { .. } => "wrong-structure",
            Self::UnknownDivision => "unknown-division",
        }
    }

    /// What is wrong, in English.
    pub fn en(&self) -> String {
        match self {
            Self::Empty => "it is empty".into(),
            Self::Length { expected, found } => {
                format!("it has {found} characters instead of {expected}")
            }
            Self::NotAscii { position, found } => {
                format!("character {position} is {found:?} (U+{:04X}), not ASCII", u32::from(*found))
            }
            Self::Character { position, found, expected } => {
                format!("character {position} is {found:?} instead of {}", expected.en())
            }
            Self::CheckCharacter { position, found, expected } => {
                format!("check character {position} is {found:?}, it should be {expected:?}")
            }
            Self::Date { position } => {
                format!("characters {position} to {} are no real date", position + 7)
            }
            Self::BornLater => "the birth date lies in the future".into(),
            Self::Structure { en, .. } => (*en).into(),
            Self::UnknownDivision => "the division table does not know it".into(),
        }
    }

    /// What is wrong, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "内容为空".into(),
            Self::Length { expected, found } => {
                format!(
                    "长度为{found}位，应为{}位",
                    expected
                        .replace("at most ", "至多")
                        .replace(" or ", "或")
                        .replace(" to ", "至")
                        .replace(", ", "、")
                )
            }
            Self::NotAscii { position, found } => {
                format!("第{position}位“{found}”（U+{:04X}）不是半角字符", u32::from(*found))
            }
            Self::Character { position, found, expected } => {
                format!("第{position}位为“{found}”，应为{}", expected.zh())
            }
            Self::CheckCharacter { position, found, expected } => {
                format!("第{position}位校验码为“{found}”，应为“{expected}”")
            }
            Self::Date { position } => format!("第{position}至{}位不是真实日期", position + 7),
            Self::BornLater => "出生日期晚于今日".into(),
            Self::Structure { zh, .. } => (*zh).into(),
            Self::UnknownDivision => "区划表中没有该代码".into(),
        }
    }
}

/// A value is not the code it was read as.
///
/// The message never repeats the value itself, which may be personal information.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCode {
    /// What the value was read as.
    pub kind: Kind,
    /// The part of it that is wrong, where the part is a code of its own.
    pub part: Option<Kind>,
    /// What is wrong.
    pub fault: Fault,
}

impl InvalidCode {
    pub(crate) const fn new(kind: Kind, fault: Fault) -> Self {
        Self { kind, part: None, fault }
    }

    /// The same fault seen from the longer code that holds this one from character `offset + 1` on.
    pub(crate) fn inside(self, kind: Kind, offset: usize) -> Self {
        Self { kind, part: Some(self.part.unwrap_or(self.kind)), fault: self.fault.shifted(offset) }
    }

    /// The stable kebab-case code of the fault.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self.part {
            Some(part) => format!("不是有效的{}：其中的{}有误，{}", self.kind.zh(), part.zh(), self.fault.zh()),
            None => format!("不是有效的{}：{}", self.kind.zh(), self.fault.zh()),
        }
    }
}

impl fmt::Display for InvalidCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a valid {}: ", self.kind.en())?;
        if let Some(part) = self.part {
            write!(f, "in its {}, ", part.en())?;
        }
        f.write_str(&self.fault.en())
    }
}

impl std::error::Error for InvalidCode {}
