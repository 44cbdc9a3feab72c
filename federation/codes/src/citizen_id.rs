//! 公民身份号码 (GB 11643-1999).

use core::fmt;
use core::str::FromStr;

use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::iso7064;
use crate::text::{Ascii, code_as_text, exactly, require};
use crate::time::Date;

/// A citizen id: 6 digits of region, 8 of birth date, 3 of sequence, and the check character of ISO 7064 MOD 11-2.
///
/// The birth date is a real date. The region is not looked up: it is the one of registration and may have
/// been abolished since. `Debug` hides the birth date and the sequence; `Display` shows the number whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenId(Ascii<18>);

/// Sex as the sequence of a citizen id tells it: odd is male.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    /// 女
    Female,
    /// 男
    Male,
}

impl CitizenId {
    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The six digits of the region where the number was first given.
    pub fn region(&self) -> &str {
        &self.as_str()[..6]
    }

    /// The birth date.
    pub fn birth_date(&self) -> Date {
        Date::from_compact(&self.as_str()[6..14]).expect("checked when the id was read")
    }

    /// The sex registered.
    pub fn sex(&self) -> Sex {
        if (self.0.bytes()[16] - b'0') % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// Full years of age on `day` (the birthday itself counts); zero before birth.
    pub fn age_on(&self, day: Date) -> u16 {
        let birth = self.birth_date();
        let key = |d: Date| (d.month().month(), d.day());
        let years = day.year() - birth.year() - i16::from(key(day) < key(birth));
        u16::try_from(years).unwrap_or(0)
    }

    /// Refuses a birth date after `today`.
    pub fn require_born_by(&self, today: Date) -> Result<(), InvalidCode> {
        if self.birth_date() > today {
            return Err(InvalidCode::new(Kind::CitizenId, Fault::BornLater));
        }
        Ok(())
    }

    /// The number with birth date and sequence hidden, as `110105************`.
    pub fn masked(&self) -> String {
        format!("{}************", self.region())
    }
}

impl FromStr for CitizenId {
    type Err = InvalidCode;

    /// Reads 18 characters; a lower-case `x` at the end is taken as `X`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let upper = s.strip_suffix('x').map(|body| format!("{body}X"));
        let text: Ascii<18> = exactly(Kind::CitizenId, upper.as_deref().unwrap_or(s), "18")?;
        require(Kind::CitizenId, &text.bytes()[..17], 0, Charset::Digits)?;
        require(Kind::CitizenId, &text.bytes()[17..], 17, Charset::DigitsAndX)?;
        let birth = Date::from_compact(&text.as_str()[6..14]);
        if birth.is_none_or(|d| d.year() < 1800) {
            return Err(InvalidCode::new(Kind::CitizenId, Fault::Date { position: 7 }));
        }
        let expected = iso7064::mod_11_2(&text.bytes()[..17]).expect("the characters were checked");
        let found = char::from(text.bytes()[17]);
        if expected != found {
            return Err(InvalidCode::new(Kind::CitizenId, Fault::CheckCharacter { position: 18, found, expected }));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenId({})", self.masked())
    }
}

code_as_text!(CitizenId);
