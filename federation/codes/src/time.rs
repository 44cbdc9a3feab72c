//! Time as cases and notices carry it: an instant in milliseconds, a civil date, a month.
//!
//! China has one time zone without summer time, so dates are those of UTC+08:00 everywhere. Nothing here reads
//! a clock.

use core::fmt;
use core::str::FromStr;

use jiff::civil;
use jiff::tz::Offset;
use minicbor::{Decode, Decoder, Encode, Encoder};

pub use jiff::civil::Weekday;

use crate::fault::{Fault, InvalidCode, Kind};
use crate::text::{debug_as_text, serde_as_text};

const MILLIS_PER_SECOND: i64 = 1_000;
const MILLIS_PER_DAY: i64 = 86_400_000;

fn invalid(en: &'static str, zh: &'static str) -> InvalidCode {
    InvalidCode::new(Kind::Time, Fault::Structure { en, zh })
}

/// The offset of China Standard Time.
const fn shanghai() -> Offset {
    Offset::constant(8)
}

/// An instant: milliseconds since 1970-01-01T00:00Z, from the year 1 to the year 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant, 0001-01-01T00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// The latest instant, 9999-12-30T22:00Z.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// The instant `millis` milliseconds after 1970; saturates at [`Self::MIN`] and [`Self::MAX`].
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// The instant `seconds` seconds after 1970; saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(MILLIS_PER_SECOND))
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(MILLIS_PER_SECOND)
    }

    /// The civil date in China at this instant.
    pub fn date(self) -> Date {
        Date(self.civil().date())
    }

    fn civil(self) -> civil::DateTime {
        let instant = jiff::Timestamp::from_millisecond(self.0).expect("the range is within jiff's");
        shanghai().to_datetime(instant)
    }

    /// This instant `millis` later (earlier when negative); saturates.
    #[must_use]
    pub const fn add_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This instant `seconds` later (earlier when negative); saturates.
    #[must_use]
    pub const fn add_seconds(self, seconds: i64) -> Self {
        self.add_millis(seconds.saturating_mul(MILLIS_PER_SECOND))
    }

    /// This instant `days` times 24 hours later (earlier when negative); saturates.
    #[must_use]
    pub const fn add_days(self, days: i64) -> Self {
        self.add_millis(days.saturating_mul(MILLIS_PER_DAY))
    }

    /// Milliseconds from `earlier` to this instant, negative when it is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with milliseconds at +08:00, as `2026-09-14T09:30:00.000+08:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+08:00",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.millisecond()
        )
    }
}

impl FromStr for Timestamp {
    type Err = InvalidCode;

    /// Reads RFC 3339 at any offset; a fraction finer than milliseconds is cut off.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let wrong = || invalid("it is no RFC 3339 time such as 2026-09-14T09:30:00+08:00", "不是RFC 3339格式的时间");
        if s.len() > 40 {
            return Err(wrong());
        }
        let instant: jiff::Timestamp = s.parse().map_err(|_| wrong())?;
        let millis = instant.as_nanosecond().div_euclid(1_000_000);
        i64::try_from(millis).ok().filter(|m| (Self::MIN.0..=Self::MAX.0).contains(m)).map(Self).ok_or_else(wrong)
    }
}

impl<C> Encode<C> for Timestamp {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.i64(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Timestamp {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let millis = d.i64()?;
        if (Self::MIN.0..=Self::MAX.0).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(minicbor::decode::Error::message("a time outside the years 1 to 9999").at(at))
        }
    }
}

/// A civil date from 0001-01-01 to 9999-12-31.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The first date, 0001-01-01.
    pub const MIN: Self = Self(civil::Date::constant(1, 1, 1));
    /// The last date, 9999-12-31.
    pub const MAX: Self = Self(civil::Date::constant(9999, 12, 31));
    const EPOCH: civil::Date = civil::Date::constant(1970, 1, 1);

    /// The date of a year, month and day, when there is such a date.
    pub fn ymd(year: i16, month: u8, day: u8) -> Option<Self> {
        if year < 1 {
            return None;
        }
        civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().map(Self)
    }

    /// Reads eight digits, as `20260914`.
    pub fn from_compact(digits: &str) -> Option<Self> {
        if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Self::ymd(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?)
    }

    /// The date `days` days after 1970-01-01, `None` outside the years 1 to 9999.
    pub fn from_days(days: i32) -> Option<Self> {
        let span = jiff::Span::new().try_days(days).ok()?;
        Self::EPOCH.checked_add(span).ok().map(Self).filter(|d| d.year() >= 1)
    }

    /// Days since 1970-01-01.
    pub fn days_since_epoch(self) -> i32 {
        let hours = self.0.duration_since(Self::EPOCH).as_hours();
        i32::try_from(hours / 24).expect("the years 1 to 9999 are fewer than 2^31 days")
    }

    /// Days from `earlier` to this date, negative when it is later.
    pub fn days_since(self, earlier: Self) -> i32 {
        self.days_since_epoch() - earlier.days_since_epoch()
    }

    /// The year, 1 to 9999.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.0.day().unsigned_abs()
    }

    /// The month this date is in.
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month().unsigned_abs() }
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }

    /// Eight digits, as `20260914`.
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.0.year(), self.0.month(), self.0.day())
    }

    /// The date `days` days later (earlier when negative); saturates at [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub fn add_days(self, days: i32) -> Self {
        let sum = self.days_since_epoch().saturating_add(days);
        Self::from_days(sum).unwrap_or(if days < 0 { Self::MIN } else { Self::MAX })
    }

    /// The day of the same number `months` months later, or the last of that month; saturates at [`Self::MAX`].
    #[must_use]
    pub fn add_months(self, months: u32) -> Self {
        let span = jiff::Span::new().try_months(months);
        span.and_then(|span| self.0.checked_add(span)).map_or(Self::MAX, Self)
    }

    /// The next date; the last date is its own next.
    #[must_use]
    pub fn next_day(self) -> Self {
        self.0.tomorrow().map_or(Self::MAX, Self)
    }

    /// The date before; the first date is its own.
    #[must_use]
    pub fn previous_day(self) -> Self {
        self.0.yesterday().ok().map(Self).filter(|d| d.year() >= 1).unwrap_or(Self::MIN)
    }

    /// The first instant of this date in China.
    pub fn start(self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.days_since_epoch()) * MILLIS_PER_DAY - 8 * 3_600 * MILLIS_PER_SECOND)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for Date {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let b = s.as_bytes();
        let shape = s.is_ascii() && b.len() == 10 && b[4] == b'-' && b[7] == b'-';
        shape
            .then(|| Self::from_compact(&s.replace('-', "")))
            .flatten()
            .ok_or_else(|| invalid("it is no real date of the form YYYY-MM-DD", "不是YYYY-MM-DD格式的真实日期"))
    }
}

impl<C> Encode<C> for Date {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.i32(self.days_since_epoch())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Date {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_days(d.i32()?)
            .ok_or_else(|| minicbor::decode::Error::message("a date outside the years 1 to 9999").at(at))
    }
}

/// A calendar month, as `2026-09`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: u8,
}

impl Month {
    /// The month of a year (1 to 9999) and a number from 1 to 12.
    pub const fn new(year: i16, month: u8) -> Option<Self> {
        if year >= 1 && year <= 9999 && month >= 1 && month <= 12 { Some(Self { year, month }) } else { None }
    }

    /// The year.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month of the year, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The first date of the month.
    pub fn first_day(self) -> Date {
        Date::ymd(self.year, self.month, 1).expect("every month has a first day")
    }

    /// The last date of the month.
    pub fn last_day(self) -> Date {
        Date(self.first_day().0.last_of_month())
    }

    /// The month after; the last month is its own.
    #[must_use]
    pub fn next(self) -> Self {
        self.last_day().next_day().month()
    }

    /// The month before; the first month is its own.
    #[must_use]
    pub fn previous(self) -> Self {
        self.first_day().previous_day().month()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        s.split_once('-')
            .filter(|(y, m)| y.len() == 4 && m.len() == 2 && digits(y) && digits(m))
            .and_then(|(y, m)| Self::new(y.parse().ok()?, m.parse().ok()?))
            .ok_or_else(|| invalid("it is no month of the form YYYY-MM", "不是YYYY-MM格式的月份"))
    }
}

impl<C> Encode<C> for Month {
    /// As the number `year · 100 + month`.
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.i32(i32::from(self.year) * 100 + i32::from(self.month))?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Month {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let n = d.u32()?;
        i16::try_from(n / 100)
            .ok()
            .zip(u8::try_from(n % 100).ok())
            .and_then(|(year, month)| Self::new(year, month))
            .ok_or_else(|| minicbor::decode::Error::message("no such month").at(at))
    }
}

debug_as_text!(Timestamp);
debug_as_text!(Date);
debug_as_text!(Month);
serde_as_text!(Timestamp);
serde_as_text!(Date);
serde_as_text!(Month);
