//! Wrong usage: what the parser of the command line refuses, said like every other refusal.

use std::error::Error as _;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use super::failure::{EXIT_USAGE, Failure};
use super::output::{Form, Output};
use super::text::Lang;
use super::text::usage::{
    ARGUMENT_CONFLICT, ARGUMENT_COUNT, ARGUMENT_EMPTY, ARGUMENT_MISSING, ARGUMENT_NOT_TEXT, ARGUMENT_OTHER,
    ARGUMENT_REPEATED, ARGUMENT_UNKNOWN, ARGUMENT_UNREAD, COMMAND_MISSING, COMMAND_UNKNOWN,
};

/// Says why the arguments weren't understood; help and version are no errors.
pub(super) fn refused(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let lang = named(&arguments, "--lang").and_then(|lang| match lang {
        "zh" => Some(Lang::Zh),
        "en" => Some(Lang::En),
        _ => None,
    });
    let lang = lang.unwrap_or_else(|| Lang::of_locale(|name| std::env::var(name).ok()));
    let failure = failure(error, &path(&arguments));
    if named(&arguments, "--output") == Some("json") {
        let body = crate::api::v1::ErrorBody { error: *failure.problem };
        // When stdout is gone nobody reads the error either.
        let _ = Output { form: Form::Json, lang }.json(&body);
    } else if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
    } else {
        Output { form: Form::default(), lang }.say(&failure.text(lang));
    }
    ExitCode::from(EXIT_USAGE)
}

/// The value of an option of every command, though the rest isn't understood.
fn named<'a>(arguments: &[&'a str], option: &str) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(at, argument)| match argument.strip_prefix(option)? {
        "" => arguments.get(at + 1).copied(),
        rest => rest.strip_prefix('='),
    })
}

/// The command that was meant, as far as it is one.
fn path(arguments: &[&str]) -> String {
    let root = Cli::command();
    // The options of a command go for those below it as well, where they are global.
    let mut commands = vec![&root];
    let mut path = "tongban".to_owned();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument.starts_with('-') {
            if *argument == "--" {
                break;
            }
            // What follows is the option's value, whatever it is called.
            if takes_next(&commands, argument) {
                rest.next();
            }
            continue;
        }
        let Some(sub) = commands.last().copied().and_then(|command| command.find_subcommand(argument)) else {
            break;
        };
        path = format!("{path} {}", sub.get_name());
        commands.push(sub);
    }
    path
}

/// Whether an option has its value in the argument behind it.
fn takes_next(commands: &[&clap::Command], option: &str) -> bool {
    let mut known = commands.iter().flat_map(|command| command.get_arguments());
    let named = match option.strip_prefix("--") {
        Some(long) => known.find(|known| known.get_long() == Some(long)),
        None => known.find(|known| option.chars().nth(1) == known.get_short() && option.chars().count() == 2),
    };
    named.is_some_and(|known| known.get_action().takes_values())
}

fn failure(error: &clap::Error, path: &str) -> Failure {
    let said = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let (argument, value) = (said(ContextKind::InvalidArg), said(ContextKind::InvalidValue));
    let field = argument.trim_start_matches(['-', '<', '[']).split(['=', ' ', '>', ']', '|', '.', ',']).next();
    let field = field.unwrap_or_default().to_lowercase();
    let failure = match error.kind() {
        ErrorKind::UnknownArgument => {
            let meant = meant(&said(ContextKind::SuggestedArg));
            let failure = Failure::of(&ARGUMENT_UNKNOWN, argument.clone(), &[&argument, path, &meant.0, &meant.1]);
            return failure.field("argument").usage();
        }
        ErrorKind::InvalidSubcommand => {
            let word = said(ContextKind::InvalidSubcommand);
            let meant = meant(&said(ContextKind::SuggestedSubcommand));
            let failure = Failure::of(&COMMAND_UNKNOWN, word.clone(), &[&word, path, &meant.0, &meant.1]);
            return failure.field("command").usage();
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return Failure::of(&COMMAND_MISSING, "", &[path]).field("command").usage();
        }
        ErrorKind::MissingRequiredArgument => Failure::of(&ARGUMENT_MISSING, "", &[&argument, path]),
        ErrorKind::ArgumentConflict => match said(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == argument => Failure::of(&ARGUMENT_REPEATED, "", &[&argument, path]),
            prior => Failure::of(&ARGUMENT_CONFLICT, "", &[&argument, &prior, path]),
        },
        ErrorKind::InvalidValue if value.is_empty() => Failure::of(&ARGUMENT_EMPTY, "", &[&argument, path]),
        ErrorKind::InvalidValue => {
            let values = said(ContextKind::ValidValue);
            Failure::of(&ARGUMENT_OTHER, value.clone(), &[&argument, &value, &values, path])
        }
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            Failure::of(&ARGUMENT_UNREAD, value.clone(), &[&argument, &value, &why, path])
        }
        ErrorKind::InvalidUtf8 => Failure::of(&ARGUMENT_NOT_TEXT, "", &[path]),
        _ => Failure::of(&ARGUMENT_COUNT, value, &[&argument, path]),
    };
    failure.field(&field).usage()
}

/// What was probably meant, as the remedy goes on, in English and Chinese.
fn meant(known: &str) -> (String, String) {
    if known.is_empty() {
        return Default::default();
    }
    (format!("; did you mean {known}?"), format!("；是否应为 {known}？"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    /// What is refused, with its code, field and value, in both languages and with the command whose help shows more.
    #[test]
    fn wrong_usage_names_field_value_and_remedy() {
        for (line, code, field, value, shown) in [
            ("status now", "argument-unknown", "argument", "now", "tongban status --help"),
            ("sttaus", "command-unknown", "command", "sttaus", "tongban --help"),
            ("item", "command-missing", "command", "", "tongban item --help"),
            ("case accept", "argument-missing", "case", "", "tongban case accept --help"),
            ("--as a --as b status", "argument-repeated", "as", "", "tongban status --help"),
            ("case decide C --grant --deny", "argument-conflict", "grant", "", "tongban case decide --help"),
            ("status --output xml", "argument-value", "output", "xml", "tongban status --help"),
            ("status --dir=", "argument-value", "dir", "", "tongban status --help"),
            ("case suspend C --procedure P --days 65536", "argument-value", "days", "65536", "case suspend --help"),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let Err(error) = Cli::try_parse_from(["tongban"].iter().chain(&words)) else {
                panic!("{line} is understood")
            };
            let Failure { problem, exit } = failure(&error, &path(&words));
            let found = (problem.code.as_str(), problem.field.as_str(), problem.value.as_str(), exit);
            assert_eq!(found, (code, field, value, EXIT_USAGE), "{line}: {problem:?}");
            for text in [&problem.remedy_en, &problem.remedy_zh] {
                assert!(text.contains(shown), "{line}: {text}");
            }
            assert!(!problem.en.is_empty() && problem.zh.chars().any(|c| c > '\u{2e80}'), "{line}: {problem:?}");
        }
    }

    #[test]
    fn the_value_of_an_option_is_no_command() {
        for (line, meant) in [
            ("case lsit", "tongban case"),
            ("--as case status now", "tongban status"),
            ("--dir item --output json case accept", "tongban case accept"),
            ("--dir=item case accept", "tongban case accept"),
            ("case --as list accept", "tongban case accept"),
            ("case --no-such list", "tongban case list"),
            ("--yes case list --limit show", "tongban case list"),
            ("sttaus item", "tongban"),
            ("-- item", "tongban"),
            ("--as", "tongban"),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(path(&words), meant, "{line}");
        }
    }

    #[test]
    fn form_and_language_are_found_in_what_is_not_understood() {
        assert_eq!(named(&["x", "--output", "json"], "--output"), Some("json"));
        assert_eq!(named(&["--output=json", "x"], "--output"), Some("json"));
        assert_eq!(named(&["--output-file", "a"], "--output"), None);
        assert_eq!(named(&["--output"], "--output"), None);
    }
}
