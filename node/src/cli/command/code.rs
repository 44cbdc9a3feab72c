//! `tongban code`: says what a value is and whether it is valid, without a node.

use std::time::SystemTime;

use tongban_codes::check::{CheckResult, check_on};
use tongban_codes::time::{Date, Timestamp};

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::lines::each_line;
use crate::cli::text::{CODE_INVALID, CODE_VALID, Lang};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 校验编码并说明错在哪一位 / say what a value is, and which character is wrong
    Check {
        /// 编码；- 表示从标准输入逐行读取 / values, or - to read one a line from stdin
        #[arg(value_name = "VALUE", required = true)]
        values: Vec<String>,
    },
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let Command::Check { values } = command;
    let (output, today) = (context.output, today());
    if values.as_slice() == ["-"] {
        each_line(std::io::stdin().lock(), |line| output.json(&check_on(line, today)))?;
        return Ok(Outcome::Done);
    }
    for value in values {
        let result = check_on(value, today);
        if output.is_json() {
            output.json(&result)?;
        } else {
            output.line(&sentence(&result, output.lang))?;
        }
    }
    Ok(Outcome::Done)
}

/// Today in China by this machine's clock.
pub(super) fn today() -> Date {
    now().date()
}

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn sentence(result: &CheckResult, lang: Lang) -> String {
    match &result.reason {
        None => {
            let kinds: Vec<&str> = result.kinds.iter().map(|kind| lang.of(kind.en(), kind.zh())).collect();
            CODE_VALID.with(lang, &[&result.value, &kinds.join(lang.of(", ", "、"))])
        }
        Some(reason) => {
            let why = format!("{} [{}]", lang.of(&reason.en, &reason.zh), reason.code);
            CODE_INVALID.with(lang, &[&result.value, &why])
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn lines_have_the_four_fields_of_the_contract() {
        let today = "2026-09-14".parse().unwrap();
        for (line, valid, kind) in [
            ("511602", true, Some("division")),
            ("11511301008778183N", true, Some("credit-code")),
            ("115113010087781830", false, Some("credit-code")),
            ("", false, None),
            ("\u{fffd}", false, None),
        ] {
            let value = serde_json::to_value(check_on(line, today)).unwrap();
            let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["kinds", "reason", "valid", "value"]);
            assert_eq!(value["value"], line);
            assert_eq!(value["valid"], valid, "{line}: {value}");
            assert_eq!(value["reason"].is_null(), valid, "{line}");
            assert_eq!(value["kinds"].get(0).and_then(serde_json::Value::as_str), kind, "{line}");
        }
    }

    #[test]
    fn people_read_a_sentence() {
        let today = "2026-09-14".parse().unwrap();
        assert_eq!(sentence(&check_on("511602", today), Lang::Zh), "511602：有效（行政区划代码）");
        assert_eq!(sentence(&check_on("511602", today), Lang::En), "511602: valid (division code)");
        assert!(sentence(&check_on("999999", today), Lang::En).starts_with("999999: not valid: "));
    }
}
