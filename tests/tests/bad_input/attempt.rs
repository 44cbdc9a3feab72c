//! A row is tried: the command is run or the request sent, and what is said is taken out of the answer.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Scene;
use crate::row::{Content, Input, Row};

/// What was said to an input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Exit code, or HTTP status.
    pub(crate) ended: i32,
    pub(crate) code: String,
    pub(crate) field: String,
    pub(crate) en: String,
    pub(crate) zh: String,
    pub(crate) remedy_en: String,
    pub(crate) remedy_zh: String,
    /// Whether it is the verdict on a code, a line or a licence, or the finding on a row, not the refusal of a command.
    pub(crate) verdict: bool,
}

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Tries a row.
pub(crate) fn of(scene: &Scene, row: &Row) -> Said {
    let (ended, answer) = match row.input {
        Input::Command { line, file, stdin } => {
            let place = scene.place();
            // What the row before brought is no matter of this one.
            let _ = fs::remove_dir_all(&place);
            fs::create_dir_all(&place).expect("the directory can be made");
            let path = place.join(file.map_or("none", |(name, _)| name));
            if let Some((_, content)) = file {
                fs::write(&path, bytes(scene, content)).expect("the disk has room");
            }
            let words: Vec<String> =
                words(line).iter().map(|word| scene.filled(&word.replace("{file}", &path.to_string_lossy()))).collect();
            run(scene, row.at, &words, stdin.map(|content| bytes(scene, content)))
        }
        Input::Request { head, headers, body } => {
            send(scene, row.at, &scene.filled(head), headers, &bytes(scene, body))
        }
    };
    said(ended, &answer)
}

fn bytes(scene: &Scene, content: Content) -> Vec<u8> {
    match content {
        Content::Text(text) => scene.filled(text).into_bytes(),
        Content::Bytes(bytes) => bytes.to_vec(),
        Content::Made(make) => make(scene),
    }
}

/// The words of a line: parted by blanks, held together by `'`.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut held) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                held = !held;
                word.get_or_insert_default();
            }
            ' ' if !held => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn run(scene: &Scene, at: &str, words: &[String], stdin: Option<Vec<u8>>) -> (i32, Value) {
    let mut command = Command::new(system_tests::binary());
    command.env_remove("TONGBAN_DIR").env("LC_ALL", "C.UTF-8").stdout(Stdio::piped()).stderr(Stdio::null());
    let (own_form, own_dir) = (
        words.first().is_some_and(|word| word.starts_with("--output")),
        words.first().is_some_and(|word| word.starts_with("--dir")),
    );
    if !own_form {
        command.args(["--output", "json"]);
    }
    if !own_dir {
        command.arg("--dir").arg(scene.directory(at));
    }
    command.args(words).stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.spawn().expect("the binary can be started");
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin) {
        // One that ends before it has read all is judged by what it says.
        let _ = pipe.write_all(&bytes);
    }
    let output = child.wait_with_output().expect("the command ends");
    // Lines of input are answered one by one: the first is the one that is meant.
    let first = output.stdout.split(|byte| *byte == b'\n').next().unwrap_or_default();
    (output.status.code().unwrap_or(-1), serde_json::from_slice(first).unwrap_or(Value::Null))
}

/// Sends a request, of which nothing needs to be right.
fn send(scene: &Scene, at: &str, head: &str, headers: &[&[u8]], body: &[u8]) -> (i32, Value) {
    let mut stream = UnixStream::connect(scene.socket(at)).expect("the node listens");
    stream.set_read_timeout(Some(ANSWER)).expect("a socket has a timeout");
    let mut request = format!("{head} HTTP/1.1\r\nhost: tongban\r\nconnection: close\r\n").into_bytes();
    for line in headers {
        request.extend_from_slice(line);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    // A node that has seen enough answers before all is sent.
    let _ = stream.write_all(&request).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// What an answer says, wherever it says it.
fn said(ended: i32, answer: &Value) -> Said {
    let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let of = |problem: &Value, verdict: bool| Said {
        ended,
        code: text(problem, "code"),
        field: text(problem, "field"),
        en: text(problem, "en"),
        zh: text(problem, "zh"),
        remedy_en: text(problem, "remedy_en"),
        remedy_zh: text(problem, "remedy_zh"),
        verdict,
    };
    let blocking = |finding: &&Value| finding["blocks"] == true || finding["level"] == "fail";
    if answer["error"].is_object() {
        of(&answer["error"], false)
    } else if answer["reason"].is_object() {
        of(&answer["reason"], true)
    } else if answer["reason"].is_string() {
        Said { code: text(answer, "reason"), ..of(answer, true) }
    } else if let Some(finding) = answer["rows"].as_array().and_then(|rows| rows.iter().find(blocking)) {
        let (problem, remedy) = (text(finding, "problem"), text(finding, "remedy"));
        let both = |text: &str| match text.split_once(" / ") {
            Some((zh, en)) => (zh.to_owned(), en.to_owned()),
            None => (text.to_owned(), text.to_owned()),
        };
        let ((zh, en), (remedy_zh, remedy_en)) = (both(&problem), both(&remedy));
        // A row that is wrong as a whole has no column.
        let column = text(finding, "column");
        let field = if column.is_empty() { format!("row {}", finding["row"]) } else { column };
        Said { field, en, zh, remedy_en, remedy_zh, ..of(finding, false) }
    } else if let Some(finding) = answer["checks"].as_array().and_then(|checks| checks.iter().find(blocking)) {
        Said { field: text(finding, "check"), ..of(finding, false) }
    } else {
        let refused = answer["refused"].as_array().and_then(|refused| refused.first());
        refused.map_or(Said { ended, ..Said::default() }, |refused| of(&refused["rejection"], false))
    }
}

#[test]
fn words_are_parted_by_blanks_and_held_by_quotes() {
    assert_eq!(words("case refuse x --reason ''"), ["case", "refuse", "x", "--reason", ""]);
    assert_eq!(words("a  'b c'd"), ["a", "b cd"]);
    assert!(words("").is_empty());
}
