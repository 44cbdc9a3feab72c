//! The page of the docs that shows the table.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::Scene;
use crate::attempt::Said;
use crate::row::Row;

const HEAD: &str = "\
# 错误输入 · Bad input

下表由 `tests/tests/bad_input` 逐行实测生成（`TONGBAN_BLESS=1` 重写），每行原因各不相同；被拒绝后，办件、事项、人员、台账和目录中的文件均无变化。
`{…}` 为每次运行不同的值。代码的含义见 [README](README.md)。

Each row was tried on nodes that run, by `tests/tests/bad_input`, which writes this page (`TONGBAN_BLESS=1`); no two have the same cause, and
after each of them cases, items, staff, journals and the files of the directories are as before. `{…}` stands for what differs from run to run.
What a code means stands in [README](README.md).

";

/// The longest text in a cell, in characters.
const CELL_CHARS_MAX: usize = 160;

/// A line of the table.
pub(crate) fn line(scene: &Scene, row: &Row, said: &Said) -> String {
    let cell = |text: &str| {
        // Moments first: the day in them has a name of its own.
        let text =
            scene.named(&shortened(&dated(text))).replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ");
        let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        if text.chars().count() <= CELL_CHARS_MAX {
            return text;
        }
        text.chars().take(CELL_CHARS_MAX).chain(['…']).collect()
    };
    let (verb, cause, code) = (cell(row.verb), cell(row.cause), &said.code);
    format!("| `{verb}` | {cause} | `{code}` | {} | {} |", cell(&said.en), cell(&said.zh))
}

/// Lists of words of which the first three tell enough; so a word more in one of them leaves the page as it is.
fn shortened(text: &str) -> String {
    const KEPT: usize = 3;
    let mut words: Vec<String> = Vec::new();
    let mut listed = 0;
    for word in text.split(' ') {
        if word.ends_with(',') {
            listed += 1;
            if listed <= KEPT {
                words.push(word.to_owned());
            }
            continue;
        }
        if listed > KEPT {
            // The last of the list goes as well, what is written to its end stays.
            words.push(format!("…{}", word.find('（').map_or("", |place| &word[place..])));
        } else {
            words.push(word.to_owned());
        }
        listed = 0;
    }
    words.join(" ")
}

/// Moments, each of which is another at every run, are left out.
fn dated(text: &str) -> String {
    let moment = |word: &str| {
        let digits = |range: std::ops::Range<usize>| word.as_bytes()[range].iter().all(u8::is_ascii_digit);
        word.len() >= 25 && word.is_char_boundary(25) && word.as_bytes()[10] == b'T' && digits(0..4) && digits(11..13)
    };
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        if moment(rest) {
            kept.push_str("{moment}");
            let ends = |c: char| !(c.is_ascii_digit() || "-:.T+".contains(c));
            rest = &rest[rest.find(ends).unwrap_or(rest.len())..];
        } else {
            kept.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    kept
}

/// Writes the page, or holds it against what was said now.
pub(crate) fn holds(lines: &[String]) {
    let codes: BTreeSet<&str> = lines.iter().filter_map(|line| line.split('`').nth(3)).collect();
    let count = format!("{} 种 · {} kinds, {} codes.\n\n", lines.len(), lines.len(), codes.len());
    let table = "| 命令 · verb | cause | code | what is said | 说明 |\n|---|---|---|---|---|\n";
    let page = format!("{HEAD}{count}{table}{}\n", lines.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors/bad-input.md");
    if std::env::var_os("TONGBAN_BLESS").is_some() {
        fs::write(&path, page).expect("the docs can be written");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let stale = page.lines().zip(kept.lines().chain(std::iter::repeat(""))).find(|(now, kept)| now != kept);
    if let Some((now, kept)) = stale {
        panic!("docs/errors/bad-input.md is stale: TONGBAN_BLESS=1 writes it anew\n  it says {kept}\n  now is  {now}");
    }
    assert_eq!(page.lines().count(), kept.lines().count(), "docs/errors/bad-input.md has lines of rows that are gone");
}

#[test]
fn long_lists_are_shortened() {
    assert_eq!(shortened("it is one of a, b, c, d, e, f"), "it is one of a, b, c, …");
    assert_eq!(shortened("one of `a`, `b`, `c`, `d`, `e` at line 1"), "one of `a`, `b`, `c`, … at line 1");
    assert_eq!(shortened("可用：a, b, c, d, e（第 1 行）"), "可用：a, b, c, …（第 1 行）");
    assert_eq!(shortened("one of a, b, c or d"), "one of a, b, c or d");
}

#[test]
fn moments_are_left_out() {
    assert_eq!(dated("截至 2026-11-22T05:19:22.585+08:00）"), "截至 {moment}）");
    assert_eq!(dated("on 2026-11-22 it"), "on 2026-11-22 it");
}
