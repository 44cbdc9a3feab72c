//! What ceilings, topics, life events, list entries and policy have in common: they are set, withdrawn, listed and shown alike.

use std::path::Path;

use serde_json::{Value, json};
use tongban_domain::catalogue::{CodeList as _, StandardBody, StandardDraft, StandardKind};

use super::import::FILE_BYTES_MAX;
use crate::api::v1::{SetStandards, WithdrawStandard};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, malformed_json, parse_optional};
use crate::cli::file::read_or_piped;
use crate::cli::text::sheet::SHEET_EMPTY;
use crate::cli::text::{CONFIRM_WITHDRAW_STANDARD, JSON_MALFORMED, STANDARD_UNKNOWN, STANDARDS_SET};

/// Standards in one request; the node takes 5,000.
const CHUNK_STANDARDS: usize = 1000;

/// From when, and by whom.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Terms {
    /// 生效日期，缺省为即时 / first day in force, at once when absent
    #[arg(long, value_name = "D")]
    effective: Option<String>,
    /// 设定的条线部门 / the department of the line that sets it
    #[arg(long, value_name = "N")]
    department: Option<String>,
}

impl Terms {
    pub(super) fn draft(&self, code: Option<String>, body: StandardBody) -> Result<StandardDraft, Failure> {
        let effective = parse_optional("effective", self.effective.as_deref())?;
        Ok(StandardDraft { code, body, effective, department: self.department.clone() })
    }
}

/// What is withdrawn.
#[derive(Debug, clap::Args)]
pub(crate) struct Withdrawal {
    /// 编码 / code
    #[arg(value_name = "CODE")]
    code: String,
    /// 自何日起撤销，缺省为今天 / the first day without it, today when absent
    #[arg(long, value_name = "D")]
    from: Option<String>,
}

/// Sets standards, in parts, and says what became of each.
pub(super) fn set(context: &Context, drafts: &[StandardDraft]) -> Result<Outcome, Failure> {
    let client = context.client()?;
    let (mut set, mut refused, mut unchanged) = (Vec::new(), Vec::new(), 0);
    for (part, chunk) in drafts.chunks(CHUNK_STANDARDS).enumerate() {
        let answer = client.post_part("/v1/standards", &SetStandards { standards: chunk.to_vec() }, part)?;
        let report = answer.value()?;
        let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        set.extend(list("set"));
        refused.extend(list("refused"));
        unchanged += report.get("unchanged").and_then(Value::as_u64).unwrap_or(0);
    }
    let output = context.output;
    if output.is_json() {
        output.json(&json!({ "set": set, "unchanged": unchanged, "refused": refused }))?;
    } else {
        let counts = [set.len().to_string(), unchanged.to_string(), refused.len().to_string()];
        output.line(&STANDARDS_SET.with(output.lang, &[&counts[0], &counts[1], &counts[2]]))?;
        if !refused.is_empty() {
            let rows: Vec<Value> = refused.iter().map(|one| super::refusal(one, output.lang)).collect();
            output.rows(&rows, &["item", "problem", "remedy"])?;
        }
    }
    Ok(if refused.is_empty() { Outcome::Done } else { Outcome::Negative })
}

pub(super) fn withdraw(context: &Context, kind: StandardKind, args: &Withdrawal) -> Result<Outcome, Failure> {
    let output = context.output;
    let code = args.code.clone();
    output.confirm(context.yes, CONFIRM_WITHDRAW_STANDARD, &[output.lang.of(kind.name(), kind.zh()), &code])?;
    let from = parse_optional("from", args.from.as_deref())?;
    let answer = context.client()?.post("/v1/standards/withdraw", &WithdrawStandard { kind, code, from })?;
    output.object(&answer, &["standard"])
}

pub(super) fn list(
    context: &Context,
    kind: StandardKind,
    list: Option<&str>,
    columns: &[&str],
) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/standards", &[("kind", Some(kind.name())), ("list", list)])?;
    context.output.list(&answer, "standards", columns)
}

/// Shows a standard, once for each division that keeps one of this code.
pub(super) fn show(context: &Context, kind: StandardKind, code: &str, fields: &[&str]) -> Result<Outcome, Failure> {
    let output = context.output;
    let answer = context.client()?.get("/v1/standards", &[("kind", Some(kind.name())), ("code", Some(code))])?;
    let value = answer.value()?;
    let found = value.get("standards").and_then(Value::as_array).cloned().unwrap_or_default();
    if found.is_empty() {
        return Err(Failure::of(&STANDARD_UNKNOWN, code, &[]));
    }
    if output.is_json() {
        output.line(&answer.line())?;
    } else {
        for standard in &found {
            output.fields(standard, fields)?;
        }
    }
    Ok(Outcome::Done)
}

/// Reads one standard or a list of them from a JSON file, as the API takes them.
///
/// # Errors
/// `json-malformed` with the place, `sheet-empty`.
pub(super) fn from_json(path: &Path, kind: StandardKind) -> Result<Vec<StandardDraft>, Failure> {
    drafts(&read_or_piped(path, FILE_BYTES_MAX)?, kind)
}

fn drafts(bytes: &[u8], kind: StandardKind) -> Result<Vec<StandardDraft>, Failure> {
    let read = |(place, value): (String, Value)| {
        let draft: StandardDraft =
            serde_json::from_value(value).map_err(|error| malformed(&place, &error.to_string()))?;
        if draft.body.kind() == kind {
            return Ok(draft);
        }
        Err(malformed(&place, &format!("{} ≠ {}", draft.body.kind().name(), kind.name())))
    };
    values(bytes)?.into_iter().map(read).collect()
}

/// What isn't as documented at a place of a JSON file.
pub(super) fn malformed(place: &str, reason: &str) -> Failure {
    Failure::of(&JSON_MALFORMED, place, &[place, reason])
}

/// The value of a JSON file, or those of its list, each with its place; one at least.
///
/// # Errors
/// `json-malformed` with line and column, `sheet-empty`.
pub(super) fn values(bytes: &[u8]) -> Result<Vec<(String, Value)>, Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::of(&SHEET_EMPTY, "", &[]));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| malformed_json(&error))?;
    let values = if let Value::Array(values) = value { values } else { vec![value] };
    if values.is_empty() {
        return Err(Failure::of(&SHEET_EMPTY, "", &[]));
    }
    Ok(values.into_iter().enumerate().map(|(index, value)| (format!("$[{index}]"), value)).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn faults_of_a_file_of_standards_name_their_place() {
        let topic = r#"{"code":"a","body":{"topic":{"name":"出生"}}}"#;
        let policy = r#"{"code":"a","body":{"policy":{}}}"#;
        for (text, code, value) in [
            ("", "sheet-empty", ""),
            ("\u{feff} \n", "sheet-empty", ""),
            ("[]", "sheet-empty", ""),
            ("[\n{]", "json-malformed", "line 2 column 2"),
            ("7", "json-malformed", "$[0]"),
            (&format!("[{topic},{{}}]"), "json-malformed", "$[1]"),
            (&format!("[{topic},{topic},{policy}]"), "json-malformed", "$[2]"),
        ] {
            let problem = drafts(text.as_bytes(), StandardKind::Topic).unwrap_err().problem;
            assert_eq!((problem.code.as_str(), problem.value.as_str()), (code, value), "{text}");
            assert!(problem.en.contains(value), "{text}: {}", problem.en);
        }
        assert_eq!(drafts(topic.as_bytes(), StandardKind::Topic).unwrap().len(), 1);
    }
}
