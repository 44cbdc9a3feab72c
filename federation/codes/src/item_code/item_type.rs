//! 事项类型代码 (GB/T 39046 A.1) and 行使层级 (A.2).

use core::fmt;
use core::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder};

use crate::fault::{Charset, InvalidCode, Kind};
use crate::text::{Ascii, exactly, number, require, serde_as_text};

/// The type of a service item, two digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemType {
    /// 00 行政权力, the class without a closer type.
    Power,
    /// 01 行政许可
    Permit,
    /// 02 行政处罚
    Penalty,
    /// 03 行政强制
    Coercion,
    /// 04 行政征收
    Levy,
    /// 05 行政给付
    Payment,
    /// 06 行政检查
    Inspection,
    /// 07 行政确认
    Confirmation,
    /// 08 行政奖励
    Reward,
    /// 09 行政裁决
    Adjudication,
    /// 10 其他行政权力
    Other,
    /// 20 公共服务
    PublicService,
    /// 11 to 19 and 21 to 99, which platforms define for themselves.
    Extension(Extension),
}

/// The number of an item type that the standard leaves to platforms: 11 to 19, 21 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension(u8);

impl Extension {
    /// The two digits as a number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether it extends 公共服务 (21 on) rather than 行政权力 (11 to 19).
    pub const fn is_public_service(self) -> bool {
        self.0 > 20
    }
}

impl ItemType {
    /// The types the standard itself names, in order of code.
    pub const STANDARD: [Self; 12] = [
        Self::Power,
        Self::Permit,
        Self::Penalty,
        Self::Coercion,
        Self::Levy,
        Self::Payment,
        Self::Inspection,
        Self::Confirmation,
        Self::Reward,
        Self::Adjudication,
        Self::Other,
        Self::PublicService,
    ];

    /// The type with code `n`, 0 to 99.
    pub const fn from_number(n: u8) -> Option<Self> {
        Some(match n {
            0 => Self::Power,
            1 => Self::Permit,
            2 => Self::Penalty,
            3 => Self::Coercion,
            4 => Self::Levy,
            5 => Self::Payment,
            6 => Self::Inspection,
            7 => Self::Confirmation,
            8 => Self::Reward,
            9 => Self::Adjudication,
            10 => Self::Other,
            20 => Self::PublicService,
            11..=19 | 21..=99 => Self::Extension(Extension(n)),
            _ => return None,
        })
    }

    /// The two digits as a number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Power => 0,
            Self::Permit => 1,
            Self::Penalty => 2,
            Self::Coercion => 3,
            Self::Levy => 4,
            Self::Payment => 5,
            Self::Inspection => 6,
            Self::Confirmation => 7,
            Self::Reward => 8,
            Self::Adjudication => 9,
            Self::Other => 10,
            Self::PublicService => 20,
            Self::Extension(extension) => extension.number(),
        }
    }

    /// The name in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Power => "行政权力",
            Self::Permit => "行政许可",
            Self::Penalty => "行政处罚",
            Self::Coercion => "行政强制",
            Self::Levy => "行政征收",
            Self::Payment => "行政给付",
            Self::Inspection => "行政检查",
            Self::Confirmation => "行政确认",
            Self::Reward => "行政奖励",
            Self::Adjudication => "行政裁决",
            Self::Other => "其他行政权力",
            Self::PublicService => "公共服务",
            Self::Extension(extension) if extension.is_public_service() => "公共服务（扩展）",
            Self::Extension(_) => "行政权力（扩展）",
        }
    }

    /// Whether the matter begins with an application (依申请): 01, 05, 07 to 10, 20 and the extensions of 20.
    ///
    /// The others are exercised ex officio (依职权).
    pub const fn on_application(self) -> bool {
        match self {
            Self::Permit
            | Self::Payment
            | Self::Confirmation
            | Self::Reward
            | Self::Adjudication
            | Self::Other
            | Self::PublicService => true,
            Self::Power | Self::Penalty | Self::Coercion | Self::Levy | Self::Inspection => false,
            Self::Extension(extension) => extension.is_public_service(),
        }
    }
}

impl fmt::Display for ItemType {
    /// Two digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.number())
    }
}

impl FromStr for ItemType {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let text: Ascii<2> = exactly(Kind::ItemType, s, "2")?;
        require(Kind::ItemType, text.bytes(), 0, Charset::Digits)?;
        let number = u8::try_from(number(text.bytes())).expect("two digits are below 100");
        Ok(Self::from_number(number).expect("every number below 100 is an item type"))
    }
}

impl<C> Encode<C> for ItemType {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for ItemType {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_number(d.u8()?).ok_or_else(|| minicbor::decode::Error::message("no item type").at(at))
    }
}

serde_as_text!(ItemType);

/// The level at which an item is exercised, one digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExerciseLevel {
    /// 1 国家级 (局、署、会)
    National,
    /// 2 省级 (直属)
    Province,
    /// 3 市级 (隶属)
    City,
    /// 4 县级
    County,
    /// 5 镇 (乡、街道)
    Township,
    /// 6 村 (社区)
    Village,
    /// 7 分级管理
    Graded,
}

impl ExerciseLevel {
    /// The level with digit `n`, 1 to 7.
    pub const fn from_number(n: u8) -> Option<Self> {
        Some(match n {
            1 => Self::National,
            2 => Self::Province,
            3 => Self::City,
            4 => Self::County,
            5 => Self::Township,
            6 => Self::Village,
            7 => Self::Graded,
            _ => return None,
        })
    }

    /// The digit.
    pub const fn number(self) -> u8 {
        match self {
            Self::National => 1,
            Self::Province => 2,
            Self::City => 3,
            Self::County => 4,
            Self::Township => 5,
            Self::Village => 6,
            Self::Graded => 7,
        }
    }

    /// The name in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::National => "国家级",
            Self::Province => "省级",
            Self::City => "市级",
            Self::County => "县级",
            Self::Township => "镇（乡、街道）级",
            Self::Village => "村（社区）级",
            Self::Graded => "分级管理",
        }
    }
}

impl fmt::Display for ExerciseLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl FromStr for ExerciseLevel {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let text: Ascii<1> = exactly(Kind::ImplementationCode, s, "1")?;
        require(Kind::ImplementationCode, text.bytes(), 0, Charset::ExerciseLevel)?;
        Ok(Self::from_number(text.bytes()[0] - b'0').expect("the character was checked"))
    }
}

impl<C> Encode<C> for ExerciseLevel {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for ExerciseLevel {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_number(d.u8()?).ok_or_else(|| minicbor::decode::Error::message("no exercise level").at(at))
    }
}

serde_as_text!(ExerciseLevel);
