//! `tongban calendar`: working days, without a node.

use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::time::Date;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::lines::each_line;
use crate::cli::text::{DAYS_INVALID, DUE, DUE_PROVISIONAL, LINE_INVALID};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 某日起 N 个工作日的到期日 / the day N working days after a date
    Due {
        /// 日期，如 2026-09-14；- 表示从标准输入逐行读取“日期 天数” / the date, or - to read DATE N a line from stdin
        #[arg(value_name = "DATE")]
        date: String,
        /// 工作日数 / number of working days
        #[arg(value_name = "N")]
        days: Option<String>,
    },
}

/// The most working days that are counted: a century and a half.
const DAYS_MAX: u32 = 36_500;

/// One answer; its names are part of the command line's contract.
#[derive(Debug, Serialize)]
struct Line<'c> {
    from: String,
    days: Option<u32>,
    due: Option<Date>,
    provisional: Option<bool>,
    calendar: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

#[derive(Debug, Serialize)]
struct Reason {
    code: String,
    en: String,
    zh: String,
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let Command::Due { date, days } = command;
    let (output, calendar) = (context.output, Calendar::embedded());
    match (date.as_str(), days) {
        ("-", None) => each_line(std::io::stdin().lock(), |text| output.json(&line(calendar, text)))?,
        (_, None) => return Err(Failure::of(&LINE_INVALID, "", &[]).field("days").usage()),
        (date, Some(days)) => {
            let due = due(calendar, date, days)?;
            if output.is_json() {
                output.json(&due)?;
            } else {
                let provisional = due.provisional == Some(true);
                let text = if provisional { DUE_PROVISIONAL } else { DUE };
                let date = due.due.map(|date| date.to_string()).unwrap_or_default();
                output.line(&text.with(output.lang, &[&due.from, days, &date, due.calendar]))?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn due<'c>(calendar: &'c Calendar, from: &str, days: &str) -> Result<Line<'c>, Failure> {
    let from: Date = parse("date", from)?;
    let number = days
        .parse::<u32>()
        .ok()
        .filter(|number| *number <= DAYS_MAX)
        .ok_or_else(|| Failure::of(&DAYS_INVALID, days, &[&DAYS_MAX.to_string()]))?;
    let due = calendar.add_working_days(from, number);
    Ok(Line {
        from: from.to_string(),
        days: Some(number),
        due: Some(due.date),
        provisional: Some(due.provisional),
        calendar: calendar.version(),
        reason: None,
    })
}

/// The answer to a line of input; a wrong line is answered with its reason.
fn line<'c>(calendar: &'c Calendar, text: &str) -> Line<'c> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let answer = match words.as_slice() {
        [from, days] => due(calendar, from, days),
        _ => Err(Failure::of(&LINE_INVALID, text, &[])),
    };
    answer.unwrap_or_else(|failure| {
        let problem = failure.problem;
        Line {
            from: words.first().map(|word| word.chars().take(120).collect()).unwrap_or_default(),
            days: None,
            due: None,
            provisional: None,
            calendar: calendar.version(),
            reason: Some(Reason { code: problem.code, en: problem.en, zh: problem.zh }),
        }
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    #[test]
    fn lines_are_answered_one_by_one() {
        let calendar = Calendar::embedded();
        for (text, from, days, due, provisional, code) in [
            ("2026-09-14 5", "2026-09-14", json!(5), json!("2026-09-20"), json!(false), None),
            ("2026-12-07\t20", "2026-12-07", json!(20), json!("2027-01-04"), json!(true), None),
            ("2026-09-14 0", "2026-09-14", json!(0), json!("2026-09-14"), json!(false), None),
            ("2026-02-30 5", "2026-02-30", json!(null), json!(null), json!(null), Some("invalid-field")),
            ("2026-09-14 x", "2026-09-14", json!(null), json!(null), json!(null), Some("invalid-field")),
            ("2026-09-14 99999", "2026-09-14", json!(null), json!(null), json!(null), Some("invalid-field")),
            ("2026-09-14", "2026-09-14", json!(null), json!(null), json!(null), Some("invalid-line")),
            ("", "", json!(null), json!(null), json!(null), Some("invalid-line")),
        ] {
            let value = serde_json::to_value(line(calendar, text)).unwrap();
            assert_eq!(value["from"], from, "{text}");
            assert_eq!(
                [&value["days"], &value["due"], &value["provisional"]],
                [&days, &due, &provisional],
                "{text}: {value}"
            );
            assert_eq!(value["calendar"], calendar.version());
            assert_eq!(value.get("reason").map(|reason| reason["code"].as_str().unwrap()), code, "{text}");
        }
    }
}
