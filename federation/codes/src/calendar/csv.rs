//! The CSV form of a working-day calendar.

use core::fmt;

use super::Exception;
use crate::time::Date;

const HEADER: &str = "date,kind,festival";
/// A hundred years of calendars are under four thousand rows.
const ROWS_MAX: usize = 100_000;
const SHOWN_MAX: usize = 40;

/// A calendar file could not be read: which line, which column, which value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarError {
    /// The line, from 1; 0 when the file as a whole is at fault.
    pub line: usize,
    /// The name of the column; empty when the line as a whole is at fault.
    pub column: &'static str,
    /// The value found, cut to 40 characters.
    pub value: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a calendar file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The first line is not `date,kind,festival`.
    Header,
    /// A line does not have three columns.
    Columns,
    /// The date is no real date of the form YYYY-MM-DD.
    Date,
    /// The kind is neither `holiday` nor `workday`.
    Kind,
    /// The date comes twice.
    Twice,
    /// A `workday` falls on Monday to Friday, which is worked anyway.
    WeekdayWorked,
    /// The file has more rows than any calendar.
    TooLong,
    /// No year lists enough holidays to be a published calendar.
    NoYear,
}

impl Problem {
    /// The stable kebab-case code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Header => "calendar-header",
            Self::Columns => "calendar-columns",
            Self::Date => "calendar-date",
            Self::Kind => "calendar-kind",
            Self::Twice => "calendar-date-twice",
            Self::WeekdayWorked => "calendar-weekday-worked",
            Self::TooLong => "calendar-too-long",
            Self::NoYear => "calendar-no-year",
        }
    }

    const fn en(self) -> &'static str {
        match self {
            Self::Header => "the first line must be date,kind,festival",
            Self::Columns => "there must be three columns",
            Self::Date => "no real date of the form YYYY-MM-DD",
            Self::Kind => "the kind is holiday or workday",
            Self::Twice => "the date comes twice",
            Self::WeekdayWorked => "a workday from Monday to Friday needs no entry",
            Self::TooLong => "too many rows for a calendar",
            Self::NoYear => "no year lists enough holidays to be a published calendar",
        }
    }

    const fn zh(self) -> &'static str {
        match self {
            Self::Header => "首行应为date,kind,festival",
            Self::Columns => "每行应有三列",
            Self::Date => "不是YYYY-MM-DD格式的真实日期",
            Self::Kind => "类型应为holiday或workday",
            Self::Twice => "日期重复",
            Self::WeekdayWorked => "周一至周五本为工作日，不应列为workday",
            Self::TooLong => "行数过多",
            Self::NoYear => "没有任何年份的节假日安排",
        }
    }
}

impl CalendarError {
    fn at(line: usize, column: &'static str, value: &str, problem: Problem) -> Self {
        Self { line, column, value: value.chars().take(SHOWN_MAX).collect(), problem }
    }

    pub(super) fn no_year() -> Self {
        Self::at(0, "", "", Problem::NoYear)
    }

    /// The stable kebab-case code.
    pub const fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.problem.zh().to_owned(),
            (line, "") => format!("第{line}行“{}”：{}", self.value, self.problem.zh()),
            (line, column) => format!("第{line}行{column}列“{}”：{}", self.value, self.problem.zh()),
        }
    }
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => {}
            (line, "") => write!(f, "line {line}, {:?}: ", self.value)?,
            (line, column) => write!(f, "line {line}, column {column}, {:?}: ", self.value)?,
        }
        f.write_str(self.problem.en())
    }
}

impl std::error::Error for CalendarError {}

/// Reads the exceptions and sorts them by date.
pub(super) fn read(csv: &str) -> Result<Vec<Exception>, CalendarError> {
    // Spreadsheets put a byte order mark in front.
    let mut lines = csv.strip_prefix('\u{feff}').unwrap_or(csv).lines();
    let header = lines.next().unwrap_or_default();
    if header.trim_end() != HEADER {
        return Err(CalendarError::at(1, "", header, Problem::Header));
    }
    let mut rows: Vec<(usize, Exception)> = Vec::new();
    for (line, text) in lines.enumerate().map(|(at, text)| (at + 2, text)) {
        if text.trim().is_empty() {
            continue;
        }
        if rows.len() == ROWS_MAX {
            return Err(CalendarError::at(line, "", text, Problem::TooLong));
        }
        let columns: Vec<&str> = text.splitn(4, ',').map(str::trim).collect();
        let &[date, kind, festival] = columns.as_slice() else {
            return Err(CalendarError::at(line, "", text, Problem::Columns));
        };
        let day: Date = date.parse().map_err(|_| CalendarError::at(line, "date", date, Problem::Date))?;
        let working = match kind {
            "holiday" => false,
            "workday" => true,
            _ => return Err(CalendarError::at(line, "kind", kind, Problem::Kind)),
        };
        if working && (day.days_since_epoch() + 3).rem_euclid(7) < 5 {
            return Err(CalendarError::at(line, "date", date, Problem::WeekdayWorked));
        }
        rows.push((line, Exception { date: day, working, festival: festival.to_owned() }));
    }
    // The sort is stable, so of two equal dates the later line is the one named.
    rows.sort_by_key(|(_, exception)| exception.date);
    if let Some([_, (line, twice)]) = rows.windows(2).find(|w| w[0].1.date == w[1].1.date).map(|w| [&w[0], &w[1]]) {
        return Err(CalendarError::at(*line, "date", &twice.date.to_string(), Problem::Twice));
    }
    Ok(rows.into_iter().map(|(_, exception)| exception).collect())
}
