//! Where data and talk go: data on stdout as JSON or tables, talk on stderr.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use tongban_domain::Role;
use tongban_domain::application::{EntryKind, PartState};
use tongban_domain::case::{ActKind, Status};
use tongban_domain::catalogue::ceiling::CeilingField;
use tongban_domain::catalogue::{CodeList as _, LimitOrder, LimitPeriod, ListKind, Mode, ReceiptRule};
use tongban_domain::pledge::Outcome as Found;
use tongban_domain::supervision::{Colour, Ending, Rule};
use tongban_domain::voice::{Channel, FollowUpState, Ground, RatingDeed, Standing, TicketDeed, TicketKind};

use super::client::Answer;
use super::failure::{EXIT_DONE, Failure, Outcome};
use super::text::{CONFIRM_HINT, Lang, NO, NOT_CONFIRMED, NOTHING, OUTPUT_FAILED, Text, YES, label, word};

/// How data is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// 单行 JSON / JSON on one line
    Json,
    /// 供人阅读 / for people
    #[default]
    Table,
}

/// Writes what a command has to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) form: Form,
    pub(crate) lang: Lang,
}

impl Output {
    pub(crate) fn is_json(self) -> bool {
        self.form == Form::Json
    }

    /// Writes a line of data.
    pub(crate) fn line(self, line: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").map_err(|error| failed(&error))
    }

    /// Writes a value as JSON on one line.
    pub(crate) fn json(self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| failed(&error.into()))?;
        self.line(&text)
    }

    /// Says something to the person, on stderr.
    pub(crate) fn say(self, text: &str) {
        // Talk that can't be heard is no reason to fail.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Writes an answer as it came, or as an object with these fields.
    pub(crate) fn object(self, answer: &Answer, fields: &[&str]) -> Result<Outcome, Failure> {
        if self.is_json() {
            self.line(&answer.line())?;
        } else {
            self.fields(&answer.value()?, fields)?;
        }
        Ok(Outcome::Done)
    }

    /// Writes an answer as it came, or as a table of the list under `name`.
    pub(crate) fn list(self, answer: &Answer, name: &str, columns: &[&str]) -> Result<Outcome, Failure> {
        if self.is_json() {
            self.line(&answer.line())?;
        } else {
            self.rows(answer.value()?.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice), columns)?;
        }
        Ok(Outcome::Done)
    }

    /// Writes an answer as it came, or as fields and a table of its log.
    pub(crate) fn logged(self, answer: &Answer, fields: &[&str], columns: &[&str]) -> Result<Outcome, Failure> {
        if self.is_json() {
            self.line(&answer.line())?;
            return Ok(Outcome::Done);
        }
        let value = answer.value()?;
        self.fields(&value, fields)?;
        self.line("")?;
        self.rows(value.get("log").and_then(Value::as_array).map_or(&[][..], Vec::as_slice), columns)?;
        Ok(Outcome::Done)
    }

    /// Writes fields of an object under each other; a field that the object lacks is left out.
    pub(crate) fn fields(self, value: &Value, fields: &[&str]) -> Result<(), Failure> {
        let mut table = plain_table();
        for field in fields {
            if let Some(found) = find(value, field).filter(|found| !found.is_null()) {
                table.add_row([label(field, self.lang), self.told(value, field, found)]);
            }
        }
        self.table(&table)
    }

    /// Writes rows under headings.
    pub(crate) fn rows(self, rows: &[Value], columns: &[&str]) -> Result<(), Failure> {
        if rows.is_empty() {
            return self.line(NOTHING.of(self.lang));
        }
        let mut table = plain_table();
        table.set_header(columns.iter().map(|column| label(column, self.lang)));
        for row in rows {
            table.add_row(
                columns.iter().map(|column| self.told(row, column, find(row, column).unwrap_or(&Value::Null))),
            );
        }
        self.table(&table)
    }

    fn table(self, table: &Table) -> Result<(), Failure> {
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// The text of a value of an object, which may say itself how it is called in Chinese.
    fn told(self, object: &Value, key: &str, value: &Value) -> String {
        match find(object, &format!("{key}_zh")) {
            Some(Value::String(zh)) if self.lang == Lang::Zh => zh.clone(),
            _ => self.cell(key, value),
        }
    }

    /// The text of a value in a table.
    fn cell(self, key: &str, value: &Value) -> String {
        match value {
            Value::Null => "-".to_owned(),
            Value::Bool(yes) => if *yes { YES } else { NO }.of(self.lang).to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) if text.is_empty() => "-".to_owned(),
            Value::String(text) => self.word(key, text),
            Value::Array(values) if values.is_empty() => "-".to_owned(),
            Value::Array(values) => {
                let cells: Vec<String> = values.iter().map(|value| self.cell(key, value)).collect();
                cells.join(self.lang.of(", ", "、"))
            }
            Value::Object(fields) => {
                let cells: Vec<String> = fields
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(key, value)| format!("{} {}", label(key, self.lang), self.cell(key, value)))
                    .collect();
                cells.join(self.lang.of("; ", "；"))
            }
        }
    }

    /// A stable word in the chosen language, under the keys that hold such words.
    fn word(self, key: &str, text: &str) -> String {
        if self.lang == Lang::En {
            return text.to_owned();
        }
        let zh = match key {
            "status" => Status::ALL.iter().find(|status| status.name() == text).map(|status| status.zh()),
            "kind" => {
                let act = ActKind::ALL.iter().find(|kind| kind.name() == text).map(|kind| kind.zh());
                act.or_else(|| TicketKind::named(text).map(TicketKind::zh))
            }
            "mode" | "modes" => Mode::ALL.iter().find(|mode| mode.name() == text).map(|mode| mode.zh()),
            "roles" => Role::ALL.iter().find(|role| role.name() == text).map(|role| role.zh()),
            "list" | "entry.list" => ListKind::named(text).map(ListKind::zh),
            "limited" => CeilingField::named(text).map(CeilingField::zh),
            "period" => LimitPeriod::named(text).map(LimitPeriod::zh),
            "grant_order" => LimitOrder::named(text).map(LimitOrder::zh),
            "outcome" => match Found::named(text) {
                Some(found) => Some(found.zh()),
                None => return text.to_owned(),
            },
            "rule" => Rule::named(text).map(Rule::zh),
            "receipt" | "agreement.receipt" => ReceiptRule::named(text).map(ReceiptRule::zh),
            "colour" => Colour::named(text).map(Colour::zh),
            "ending" => Ending::named(text).map(Ending::zh),
            "standing" => Standing::named(text).map(Standing::zh),
            "follow_up" => FollowUpState::named(text).map(FollowUpState::zh),
            "channel" => Channel::named(text).map(Channel::zh),
            "appeal.ground" => Ground::named(text).map(Ground::zh),
            "part_result" => PartState::named(text).map(PartState::zh),
            "entry" => EntryKind::named(text).map(EntryKind::zh),
            "deed" => {
                RatingDeed::named(text).map(RatingDeed::zh).or_else(|| TicketDeed::named(text).map(TicketDeed::zh))
            }
            "pledge" | "pledge_standing" | "relation" | "state" | "custody" | "file" | "journal" | "stage"
            | "severity" | "stands" | "renewal" | "renewal_standing" | "holder" => None,
            _ => return text.to_owned(),
        };
        let known = zh.map_or_else(|| word(text, self.lang), str::to_owned);
        // The state of a case where no item has one of that name.
        match Status::ALL.iter().find(|status| key == "state" && known == text && status.name() == text) {
            Some(status) => status.zh().to_owned(),
            None => known,
        }
    }

    /// Asks before what can't be undone. `--yes` answers; where nobody can be asked, it must have.
    pub(crate) fn confirm(self, yes: bool, question: Text, values: &[&str]) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Failure::of(&NOT_CONFIRMED, "", &[]).usage());
        }
        let mut err = io::stderr().lock();
        let _ = write!(err, "{} {}", question.with(self.lang, values), CONFIRM_HINT.of(self.lang));
        let _ = err.flush();
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer).is_ok();
        if read && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes" | "是") {
            return Ok(());
        }
        Err(Failure::of(&NOT_CONFIRMED, "", &[]))
    }
}

/// The narrowest table that is worth breaking lines for.
const WIDTH_MIN: u16 = 40;
/// The width on a terminal that doesn't say how wide it is.
const WIDTH_USUAL: u16 = 160;

/// A table without lines; on a terminal its cells break, in a pipe each row is one line.
fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if io::stdout().is_terminal() {
        let width = std::env::var("COLUMNS").ok().and_then(|width| width.parse().ok()).unwrap_or(WIDTH_USUAL);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(WIDTH_MIN));
    }
    table
}

/// The value at a path of keys with dots between.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// A failure to write; a reader that has had enough (`| head`) is none.
pub(crate) fn failed(error: &io::Error) -> Failure {
    let mut failure = Failure::of(&OUTPUT_FAILED, "", &[&error.to_string()]);
    if error.kind() == io::ErrorKind::BrokenPipe {
        failure.exit = EXIT_DONE;
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_translated_where_they_are_words() {
        let zh = Output { form: Form::Table, lang: Lang::Zh };
        let en = Output { form: Form::Table, lang: Lang::En };
        for (key, value, chinese, english) in [
            ("status", json!("accepted"), "已受理", "accepted"),
            ("status", json!("withdrawn"), "撤件", "withdrawn"),
            ("state", json!("accepted"), "已受理", "accepted"),
            ("state", json!("published"), "已发布", "published"),
            ("state", json!("withdrawn"), "已取消", "withdrawn"),
            ("status", json!("cancelled"), "已注销", "cancelled"),
            ("kind", json!("take-custody"), "接收", "take-custody"),
            ("stage", json!("base"), "基本目录", "base"),
            ("modes", json!([]), "-", "-"),
            ("modes", json!(["window", "collect"]), "本地窗口、异地代收代办", "window, collect"),
            ("roles", json!(["admin"]), "管理", "admin"),
            ("name", json!("accepted"), "accepted", "accepted"),
            ("valid", json!(true), "是", "yes"),
            ("note", json!(null), "-", "-"),
            ("tenure", json!(3), "3", "3"),
            ("owner", json!({"mode": "joint", "note": null}), "办理方式 多地联办", "mode joint"),
        ] {
            assert_eq!(zh.cell(key, &value), chinese, "{key}");
            assert_eq!(en.cell(key, &value), english, "{key}");
        }
    }

    #[test]
    fn an_object_says_itself_how_its_state_is_called() {
        let zh = Output { form: Form::Table, lang: Lang::Zh };
        let en = Output { form: Form::Table, lang: Lang::En };
        let case = json!({ "state": "withdrawn", "state_zh": "撤件" });
        assert_eq!(zh.told(&case, "state", &case["state"]), "撤件");
        assert_eq!(en.told(&case, "state", &case["state"]), "withdrawn");
        let item = json!({ "state": "withdrawn" });
        assert_eq!(zh.told(&item, "state", &item["state"]), "已取消");
    }

    #[test]
    fn paths_go_into_objects() {
        let value = json!({"place": {"division": "511602000000"}});
        assert_eq!(find(&value, "place.division"), Some(&json!("511602000000")));
        assert_eq!(find(&value, "place.node"), None);
    }
}
