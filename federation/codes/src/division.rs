//! 行政区划代码: the code of a division, and the table of all divisions down to the township.

use core::fmt;
use core::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder};

use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::text::{debug_as_text, number, require, require_ascii, serde_as_text};

mod table;

pub use table::{Division, Table, table};

/// The five levels of divisions, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省级: province, autonomous region, municipality.
    Province,
    /// 地级: prefecture-level city, prefecture, league.
    City,
    /// 县级: county, district, county-level city, banner.
    County,
    /// 乡级: township, town, subdistrict.
    Township,
    /// 村级: village, community.
    Village,
}

impl Level {
    /// All levels, highest first.
    pub const ALL: [Self; 5] = [Self::Province, Self::City, Self::County, Self::Township, Self::Village];

    const fn number(self) -> u8 {
        match self {
            Self::Province => 1,
            Self::City => 2,
            Self::County => 3,
            Self::Township => 4,
            Self::Village => 5,
        }
    }

    /// The name in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Province => "省级",
            Self::City => "市级",
            Self::County => "县级",
            Self::Township => "乡级",
            Self::Village => "村级",
        }
    }

    /// The name in lower-case English, as tables and JSON hold it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Township => "township",
            Self::Village => "village",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.name() == s).ok_or(InvalidCode::new(
            Kind::Division,
            Fault::Structure {
                en: "a level is province, city, county, township or village",
                zh: "层级应为province、city、county、township或village",
            },
        ))
    }
}

impl<C> Encode<C> for Level {
    /// As a number from 1 (province) to 5 (village).
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Level {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let n = d.u8()?;
        Self::ALL
            .into_iter()
            .find(|level| level.number() == n)
            .ok_or_else(|| minicbor::decode::Error::message("no level of division").at(at))
    }
}

serde_as_text!(Level);

/// The code of a division, stored and printed with 12 digits: province 2, city 2, county 2, township 3, village 3.
///
/// A code need not be in today's table: divisions are abolished, and codes outlive them. The order of codes
/// puts a division before everything within it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode(u64);

const VILLAGE: u64 = 1_000;
const TOWNSHIP: u64 = 1_000_000;
const COUNTY: u64 = 100_000_000;
const CITY: u64 = 10_000_000_000;

impl DivisionCode {
    /// The code whose 12 digits are the number `n`.
    ///
    /// `None` when it has more than 12 digits, names no province, or skips a level it cannot skip: only the
    /// county may be missing above a township (as in 东莞, 中山 and 儋州).
    pub const fn from_number(n: u64) -> Option<Self> {
        let province = n / CITY;
        if province < 10 || province > 99 {
            return None;
        }
        let skips_city = !n.is_multiple_of(CITY) && n % CITY / COUNTY == 0;
        let skips_township = !n.is_multiple_of(VILLAGE) && n % TOWNSHIP / VILLAGE == 0;
        if skips_city || skips_township { None } else { Some(Self(n)) }
    }

    /// The 12 digits as a number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The level, told from the digits.
    pub const fn level(self) -> Level {
        if !self.0.is_multiple_of(VILLAGE) {
            Level::Village
        } else if !self.0.is_multiple_of(TOWNSHIP) {
            Level::Township
        } else if !self.0.is_multiple_of(COUNTY) {
            Level::County
        } else if !self.0.is_multiple_of(CITY) {
            Level::City
        } else {
            Level::Province
        }
    }

    /// How many codes begin with the digits of this one that are not padding.
    const fn span(self) -> u64 {
        match self.level() {
            Level::Village => 1,
            Level::Township => VILLAGE,
            Level::County => TOWNSHIP,
            Level::City => COUNTY,
            Level::Province => CITY,
        }
    }

    /// Whether this division is `ancestor` or, by its digits, lies within it.
    pub const fn is_within(&self, ancestor: Self) -> bool {
        self.0 >= ancestor.0 && self.0 - ancestor.0 < ancestor.span()
    }

    /// The division next above, told from the digits; `None` for a province.
    ///
    /// The digits also name nodes that exist only in statistics (市辖区, 省直辖县级行政区划);
    /// [`Table::superior`] skips those.
    pub const fn superior(self) -> Option<Self> {
        let above = match self.level() {
            Level::Village => self.0 - self.0 % VILLAGE,
            Level::Township => self.0 - self.0 % TOWNSHIP,
            Level::County => self.0 - self.0 % COUNTY,
            Level::City => self.0 - self.0 % CITY,
            Level::Province => return None,
        };
        Some(Self(above))
    }

    /// The province this division lies in.
    #[must_use]
    pub const fn province(self) -> Self {
        Self(self.0 - self.0 % CITY)
    }

    /// The digits without padding: 2, 4, 6, 9 or 12 of them.
    pub fn short(self) -> String {
        let digits = match self.level() {
            Level::Province => 2,
            Level::City => 4,
            Level::County => 6,
            Level::Township => 9,
            Level::Village => 12,
        };
        self.to_string()[..digits].to_owned()
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl FromStr for DivisionCode {
    type Err = InvalidCode;

    /// Reads 2, 4, 6, 9 or 12 digits and pads them with zeros.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        require_ascii(Kind::Division, s)?;
        let padding = match s.len() {
            2 => CITY,
            4 => COUNTY,
            6 => TOWNSHIP,
            9 => VILLAGE,
            12 => 1,
            found => {
                return Err(InvalidCode::new(Kind::Division, Fault::Length { expected: "2, 4, 6, 9 or 12", found }));
            }
        };
        require(Kind::Division, s.as_bytes(), 0, Charset::Digits)?;
        Self::from_number(number(s.as_bytes()) * padding).ok_or(InvalidCode::new(
            Kind::Division,
            Fault::Structure {
                en: "it names no province, or a level above the last one is missing",
                zh: "没有省级代码，或缺少上一级代码",
            },
        ))
    }
}

impl<C> Encode<C> for DivisionCode {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u64(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for DivisionCode {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_number(d.u64()?).ok_or_else(|| minicbor::decode::Error::message("not a division code").at(at))
    }
}

debug_as_text!(DivisionCode);
serde_as_text!(DivisionCode);
