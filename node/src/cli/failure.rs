//! Why a command failed, and how its process ends.

use std::borrow::Cow;

use crate::api::v1::Problem;
use crate::config::{ConfigError, DirectoryError};
use crate::foreign;
use tongban_codes::fault::InvalidCode;

use super::text::{Fault, INVALID_FIELD, JSON_MALFORMED, Lang, Text, fill_said};

/// How a command ended that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done: exit code 0.
    Done,
    /// It was answered, and the answer is no (a licence that isn't valid, a doctor's fault): exit code 1.
    Negative,
}

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) problem: Box<Problem>,
    pub(crate) exit: u8,
}

/// Exit code of what was done, or of which nobody wants to hear more.
pub(crate) const EXIT_DONE: u8 = 0;
/// Exit code of what was refused or failed.
pub(crate) const EXIT_FAILED: u8 = 1;
/// Exit code of a wrong usage, as clap has it.
pub(crate) const EXIT_USAGE: u8 = 2;

impl Failure {
    /// A fault of the table, with the value at fault and what fills its places; what the system or a library says in a marked place is said in
    /// either language, and what somebody typed stays as he typed it.
    pub(crate) fn of(fault: &Fault, value: impl Into<String>, places: &[&str]) -> Self {
        let filled = |text: &str, said: fn(&str) -> Cow<'_, str>| {
            let said: Vec<Cow<'_, str>> = places.iter().map(|place| said(place)).collect();
            fill_said(text, places, &said.iter().map(AsRef::as_ref).collect::<Vec<_>>())
        };
        let both = |text: Text| (filled(text.en, foreign::en), filled(text.zh, foreign::zh));
        let ((en, zh), (remedy_en, remedy_zh)) = (both(fault.text), both(fault.remedy));
        let value: String = value.into().chars().take(120).collect();
        let (code, field) = (fault.code.to_owned(), fault.field.to_owned());
        Self { problem: Box::new(Problem { code, field, value, en, zh, remedy_en, remedy_zh }), exit: EXIT_FAILED }
    }

    /// The same as wrong usage.
    pub(crate) fn usage(mut self) -> Self {
        self.exit = EXIT_USAGE;
        self
    }

    pub(crate) fn field(mut self, field: &str) -> Self {
        self.problem.field = field.to_owned();
        self
    }

    /// What a person reads, several lines.
    pub(crate) fn text(&self, lang: Lang) -> String {
        use super::text::{ERROR, FIELD, REMEDY};
        let problem = &self.problem;
        let colon = lang.of(": ", "：");
        let mut text = format!("{}{colon}{} [{}]", ERROR.of(lang), lang.of(&problem.en, &problem.zh), problem.code);
        if !problem.field.is_empty() {
            text.push_str(&format!("\n  {}{colon}{}", FIELD.of(lang), problem.field));
            if !problem.value.is_empty() {
                text.push_str(&format!(" = {}", problem.value));
            }
        }
        let remedy = lang.of(&problem.remedy_en, &problem.remedy_zh);
        if !remedy.is_empty() {
            text.push_str(&format!("\n  {}{colon}{remedy}", REMEDY.of(lang)));
        }
        text
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), exit: EXIT_FAILED }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        error.problem().into()
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        error.problem().into()
    }
}

/// Reads a code or a date, or says which character is wrong.
pub(crate) fn parse<T: std::str::FromStr<Err = InvalidCode>>(field: &str, text: &str) -> Result<T, Failure> {
    text.trim().parse().map_err(|error: InvalidCode| {
        Failure::of(&INVALID_FIELD, text, &[&error.to_string(), &error.zh()]).field(field)
    })
}

/// JSON that can't be read, with its place.
pub(crate) fn malformed_json(error: &serde_json::Error) -> Failure {
    let said = error.to_string();
    let reason = said.rsplit_once(" at line ").map_or(said.as_str(), |(reason, _)| reason);
    let place = format!("line {} column {}", error.line(), error.column());
    Failure::of(&JSON_MALFORMED, &*place, &[&place, reason])
}

/// As [`parse`], of what may be left out.
pub(crate) fn parse_optional<T: std::str::FromStr<Err = InvalidCode>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, Failure> {
    text.map(|text| parse(field, text)).transpose()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use tongban_codes::division::DivisionCode;

    #[test]
    fn a_wrong_code_names_its_field_in_both_languages() {
        let failure = parse::<DivisionCode>("division", "51160").unwrap_err();
        assert_eq!((failure.problem.code.as_str(), failure.exit), ("invalid-field", 1));
        for (lang, word) in [(Lang::En, "field: division = 51160"), (Lang::Zh, "字段：division = 51160")] {
            let text = failure.text(lang);
            assert!(text.contains(word) && text.contains("[invalid-field]"), "{text}");
        }
    }

    #[test]
    fn what_others_say_is_translated_and_what_somebody_typed_is_not() {
        use crate::cli::text::usage::{ARGUMENT_OTHER, ARGUMENT_UNREAD};
        // A file, an operator or a value may be called as a reader's words are.
        let (typed, said) = ("duplicate key", "invalid digit found in string");
        let failure = Failure::of(&ARGUMENT_OTHER, typed, &["--output", typed, "json", "tongban status"]);
        for text in [&failure.problem.en, &failure.problem.zh] {
            assert!(text.contains(typed), "{text}");
        }
        let failure = Failure::of(&ARGUMENT_UNREAD, said, &["--days", said, said, "tongban case suspend"]);
        let (en, zh) = (&failure.problem.en, &failure.problem.zh);
        assert!(en.contains(said) && en.ends_with("a whole number is needed"), "{en}");
        assert!(zh.contains(said) && zh.ends_with("应为整数"), "{zh}");
    }
}
