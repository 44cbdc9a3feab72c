//! Terms and modes: how long an item may take, and how a case may reach the authority in charge.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Item type 01, an administrative permit, to which the permit law applies.
pub const TYPE_PERMIT: &str = "01";

/// Statutory working days of a permit for which no law says otherwise (行政许可法 42).
pub const PERMIT_DAYS: u16 = 20;

/// The longest term that an item may have, in days: ten years.
pub(crate) const DAYS_MAX: u16 = 3650;

/// Unit of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Working days (工作日), the permit law's unit (82).
    #[n(0)]
    WorkingDays,
    /// Natural days; a term that ends on a holiday rolls (民法典 203).
    #[n(1)]
    NaturalDays,
}

/// A length of time in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct Term {
    /// Number of days, day 0 not counted.
    #[n(0)]
    pub days: u16,
    /// Their unit.
    #[n(1)]
    pub unit: Unit,
}

impl Term {
    /// The most working days that it may hold: of natural days five in every seven, and of the rest five at most.
    #[must_use]
    pub fn working_days(self) -> u16 {
        match self.unit {
            Unit::WorkingDays => self.days,
            Unit::NaturalDays => 5 * (self.days / 7) + (self.days % 7).min(5),
        }
    }

    /// The fewest working days by whose end it is never over, whichever day it begins on: the longest promise that keeps it. Of natural days
    /// five in every seven; of the rest two may be a weekend, but a term that ends on one ends on the Monday after it (民法典 203). Holidays move, and
    /// are left to the deadlines of each case.
    pub(super) fn working_days_within(self) -> u16 {
        match self.unit {
            Unit::WorkingDays => self.days,
            Unit::NaturalDays => {
                let rest = self.days % 7;
                5 * (self.days / 7) + rest.saturating_sub(2).max(rest.min(1))
            }
        }
    }

    /// Tells whether a promise of this term may end after a limit. Of different units a promise counts the most working days that it may
    /// hold, a limit the fewest: a promise never goes beyond what the law allows (行政许可法 42, 82).
    #[must_use]
    pub fn exceeds(self, limit: Term) -> bool {
        if self.unit == limit.unit { self.days > limit.days } else { self.working_days() > limit.working_days_within() }
    }
}

/// How a case may reach the authority in charge (国办发〔2020〕35号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// 本地窗口: a window of the deciding division.
    #[n(0)]
    Window,
    /// 全程网办.
    #[n(1)]
    Online,
    /// 异地代收代办.
    #[n(2)]
    Collect,
    /// 多地联办.
    #[n(3)]
    Joint,
    /// 异地受理、无差别办理: the authority where it is applied for decides, under a published agreement.
    #[n(4)]
    Uniform,
}

/// The fourth mode as 国办发〔2020〕35号 writes it.
const UNIFORM_OFFICIAL: &str = "异地受理、无差别办理";

impl Mode {
    /// All modes in the order of their numbers.
    pub const ALL: [Mode; 5] = [Mode::Window, Mode::Online, Mode::Collect, Mode::Joint, Mode::Uniform];

    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Window => "window",
            Mode::Online => "online",
            Mode::Collect => "collect",
            Mode::Joint => "joint",
            Mode::Uniform => "uniform",
        }
    }

    /// Tells whether the mode joins regions, so that a window elsewhere needs a published scope for it.
    #[must_use]
    pub fn is_between_regions(self) -> bool {
        self != Mode::Window
    }

    /// Tells whether a window elsewhere hands what it collects over to the authority in charge, rather than that its own authority decides.
    #[must_use]
    pub fn hands_over(self) -> bool {
        self.is_between_regions() && self != Mode::Uniform
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Mode::Window => "本地窗口",
            Mode::Online => "全程网办",
            Mode::Collect => "异地代收代办",
            Mode::Joint => "多地联办",
            Mode::Uniform => "异地受理无差别办理",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Mode::ALL
            .into_iter()
            .find(|mode| {
                mode.name() == text || mode.zh() == text || (*mode == Mode::Uniform && text == UNIFORM_OFFICIAL)
            })
            .ok_or_else(|| format!("{text} is no mode; modes are window, online, collect, joint, uniform"))
    }
}
