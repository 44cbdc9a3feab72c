//! Cells of an item file: how each kind of value is written as text, and read back.

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

use super::code_list::{CodeList, Source};
use super::{DAYS_MAX, Mode, Term, Unit};

/// Why a text is no value of its cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Stable code of the finding.
    pub(super) code: &'static str,
    /// The problem, in Chinese and English.
    pub(super) problem: String,
    /// What to do.
    pub(super) remedy: String,
}

/// A value of an item that a cell of a file holds; an empty cell is no value.
pub(super) trait Cell {
    /// Writes the value.
    fn text(&self) -> String;
    /// Reads a value that isn't empty; numbers of code lists are those of `source`.
    fn read(&mut self, text: &str, source: Option<Source>) -> Result<(), Wrong>;
    /// Takes the value away.
    fn clear(&mut self);
}

/// The values of a cell that holds several, in their order, each once.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(['^', ';', ',', '|', '、', '；', '，']).map(str::trim).filter(|part| !part.is_empty())
}

fn joined<T>(values: &[T], text: impl Fn(&T) -> String) -> String {
    values.iter().map(text).collect::<Vec<_>>().join("^")
}

impl Cell for String {
    fn text(&self) -> String {
        self.clone()
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        text.clone_into(self);
        Ok(())
    }
    fn clear(&mut self) {
        String::clear(self);
    }
}

impl Cell for Option<String> {
    fn text(&self) -> String {
        self.clone().unwrap_or_default()
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        *self = Some(text.to_owned());
        Ok(())
    }
    fn clear(&mut self) {
        *self = None;
    }
}

/// Texts that may hold commas: with `^` between.
impl Cell for Vec<String> {
    fn text(&self) -> String {
        self.join("^")
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        *self =
            text.split(['^', '；', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Ok(())
    }
    fn clear(&mut self) {
        Vec::clear(self);
    }
}

impl Cell for Option<bool> {
    fn text(&self) -> String {
        self.map_or("", |yes| if yes { "是" } else { "否" }).to_owned()
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        *self = match text {
            "1" | "是" | "true" | "yes" => Some(true),
            "0" | "否" | "false" | "no" => Some(false),
            _ => {
                let problem = "不是“是”或“否” / neither yes nor no".to_owned();
                return Err(Wrong {
                    code: "yes-no", problem, remedy: "填写是或否，或 1、0 / write 1 or 0".to_owned()
                });
            }
        };
        Ok(())
    }
    fn clear(&mut self) {
        *self = None;
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Cell for Option<$number> {
            fn text(&self) -> String {
                self.map_or_else(String::new, |number| number.to_string())
            }
            fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
                let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
                let max = <$number>::MAX;
                *self = Some(number.ok_or_else(|| Wrong {
                    code: "number",
                    problem: format!("不是 0 到 {max} 的整数 / no whole number from 0 to {max}"),
                    remedy: "填写整数，不带单位 / write a whole number without a unit".to_owned(),
                })?);
                Ok(())
            }
            fn clear(&mut self) {
                *self = None;
            }
        })*
    };
}

numbers!(u8, u16, u32);

fn listed<L: CodeList>(text: &str, source: Option<Source>) -> Result<L, Wrong> {
    if let Some(value) = L::named(text) {
        return Ok(value);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(value) = source.filter(|_| is_number).and_then(|source| L::numbered(source, text)) {
        return Ok(value);
    }
    let names: Vec<String> = L::ALL.iter().map(|value| format!("{} {}", value.name(), value.zh())).collect();
    let problem = match source {
        None if is_number => {
            format!(
                "{}的代码 {text} 在各来源含义不同 / the number {text} means something else in each source",
                L::TITLE
            )
        }
        _ => format!("{text} 不是{}的值 / {text} is no value of this list", L::TITLE),
    };
    let remedy = format!(
        "可用：{}；代码须注明来源 --codes / values are those; for numbers name their source with --codes",
        names.join("、")
    );
    Err(Wrong { code: "code-list", problem, remedy })
}

impl<L: CodeList> Cell for Option<L> {
    fn text(&self) -> String {
        self.map_or("", CodeList::zh).to_owned()
    }
    fn read(&mut self, text: &str, source: Option<Source>) -> Result<(), Wrong> {
        *self = Some(listed(text, source)?);
        Ok(())
    }
    fn clear(&mut self) {
        *self = None;
    }
}

impl<L: CodeList> Cell for Vec<L> {
    fn text(&self) -> String {
        joined(self, |value| value.zh().to_owned())
    }
    fn read(&mut self, text: &str, source: Option<Source>) -> Result<(), Wrong> {
        let mut values = Vec::new();
        for part in parts(text) {
            let value = listed(part, source)?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
        *self = values;
        Ok(())
    }
    fn clear(&mut self) {
        Vec::clear(self);
    }
}

/// A number of working days; of natural days with `自然日` behind it.
impl Cell for Option<Term> {
    fn text(&self) -> String {
        match self {
            None => String::new(),
            Some(Term { days, unit: Unit::WorkingDays }) => days.to_string(),
            Some(Term { days, unit: Unit::NaturalDays }) => format!("{days}自然日"),
        }
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (days, unit) = text.split_at(digits);
        let days = days.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
        let unit = if unit.trim().is_empty() { Some(Unit::WorkingDays) } else { unit_of(unit) };
        let (Some(days), Some(unit)) = (days, unit) else {
            let problem = "不是 1 到 3650 的天数 / no number of days from 1 to 3650".to_owned();
            let remedy = "写作 5 或 5自然日 / write 5 for working days, or 5自然日".to_owned();
            return Err(Wrong { code: "days", problem, remedy });
        };
        *self = Some(Term { days, unit });
        Ok(())
    }
    fn clear(&mut self) {
        *self = None;
    }
}

/// The unit of a term by its name.
pub(super) fn unit_of(text: &str) -> Option<Unit> {
    match text.trim().trim_start_matches('个') {
        "工作日" | "working-days" => Some(Unit::WorkingDays),
        "自然日" | "日" | "天" | "natural-days" => Some(Unit::NaturalDays),
        _ => None,
    }
}

/// The name of a unit.
pub(super) fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::WorkingDays => "工作日",
        Unit::NaturalDays => "自然日",
    }
}

impl Cell for Option<Unit> {
    fn text(&self) -> String {
        self.map_or("", unit_name).to_owned()
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        *self = Some(unit_of(text).ok_or_else(|| Wrong {
            code: "unit",
            problem: "不是时限单位 / no unit of a term".to_owned(),
            remedy: "填写工作日或自然日 / write working-days or natural-days".to_owned(),
        })?);
        Ok(())
    }
    fn clear(&mut self) {
        *self = None;
    }
}

impl Cell for Option<Date> {
    fn text(&self) -> String {
        self.map_or_else(String::new, |date| date.to_string())
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        *self = Some(text.parse().map_err(|_| Wrong {
            code: "date",
            problem: "不是日期 / no date".to_owned(),
            remedy: "写作 2026-09-14 / write it as 2026-09-14".to_owned(),
        })?);
        Ok(())
    }
    fn clear(&mut self) {
        *self = None;
    }
}

impl Cell for Option<Mode> {
    fn text(&self) -> String {
        self.map_or("", Mode::name).to_owned()
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        let mut modes: Vec<Mode> = Vec::new();
        modes.read(text, None)?;
        let [mode] = modes.as_slice() else {
            let problem = format!("{text} 不是一种办理方式 / {text} is not one mode");
            return Err(Wrong { code: "mode", problem, remedy: "只填一种 / give one".to_owned() });
        };
        *self = Some(*mode);
        Ok(())
    }
    fn clear(&mut self) {
        *self = None;
    }
}

impl Cell for Vec<Mode> {
    fn text(&self) -> String {
        joined(self, |mode| mode.name().to_owned())
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        let mut modes = Vec::new();
        for part in parts(text) {
            let mode = part.parse::<Mode>().map_err(|error| Wrong {
                code: "mode",
                problem: format!("{part} 不是办理方式 / {error}"),
                remedy: "用 online^collect^joint^uniform / use online^collect^joint^uniform".to_owned(),
            })?;
            if !modes.contains(&mode) {
                modes.push(mode);
            }
        }
        *self = modes;
        Ok(())
    }
    fn clear(&mut self) {
        Vec::clear(self);
    }
}

/// Divisions of the table.
impl Cell for Vec<DivisionCode> {
    fn text(&self) -> String {
        joined(self, |code| code.to_string())
    }
    fn read(&mut self, text: &str, _: Option<Source>) -> Result<(), Wrong> {
        let mut divisions = Vec::new();
        for part in parts(text) {
            let code = part.parse::<DivisionCode>().ok();
            let code =
                code.filter(|code| tongban_codes::division::table().find(*code).is_some()).ok_or_else(|| Wrong {
                    code: "division-unknown",
                    problem: format!("{part} 不是区划代码 / {part} is no division"),
                    remedy: "用区划代码，以 ^ 分隔 / division codes with ^ between them".to_owned(),
                })?;
            if !divisions.contains(&code) {
                divisions.push(code);
            }
        }
        *self = divisions;
        Ok(())
    }
    fn clear(&mut self) {
        Vec::clear(self);
    }
}
