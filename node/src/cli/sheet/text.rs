//! Text files: CSV of RFC 4180, with commas, tabs or semicolons; held to their syntax before a row is taken.

use std::borrow::Cow;

use super::encoding::{Encoding, decode};
use super::table::{Cell, Cells, Flaw, Row, Table, is_shortened};
use crate::cli::failure::Failure;
use crate::cli::text::sheet::CSV_MALFORMED;

/// The longest field, in bytes: a cell of a spreadsheet has at most 32,767 characters.
const FIELD_BYTES_MAX: usize = 128 << 10;

/// The lines of a text.
#[derive(Debug)]
pub(super) struct Lines {
    text: String,
    delimiter: u8,
    /// The numbers of the rows that aren't blank, from 1.
    numbers: Vec<u32>,
}

impl Lines {
    /// The rows, split anew.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.text.as_bytes());
        // The syntax was checked, and memory can't fail to be read.
        let records = reader.into_byte_records().map_while(Result::ok);
        records.zip(&self.numbers).map(|(record, number)| {
            let cells = record.iter().map(|field| {
                let text = String::from_utf8_lossy(field).into_owned();
                let flaw = is_shortened(&text).then_some(Flaw::DigitsLost);
                Cell { text: Cow::Owned(text), flaw, filled: false }
            });
            Row { number: *number, cells: cells.collect() }
        })
    }
}

/// Reads a text file.
pub(super) fn read(bytes: &[u8]) -> Result<(Table, Encoding), Failure> {
    let (text, encoding) = decode(bytes)?;
    let delimiter = delimiter(&text);
    let numbers = Syntax::new(delimiter).check(&text)?;
    let lines = Lines { text: text.into_owned(), delimiter, numbers };
    Ok((Table::of("", Cells::Lines(lines)), encoding))
}

/// What stands between the fields: of comma, tab and semicolon the one that the first lines have most.
fn delimiter(text: &str) -> u8 {
    let start = text.lines().take(5);
    let mut counts = [(b',', 0), (b'\t', 0), (b';', 0)];
    for byte in start.flat_map(str::bytes) {
        counts.iter_mut().filter(|(delimiter, _)| *delimiter == byte).for_each(|(_, count)| *count += 1);
    }
    // Of equals the first counts: the comma.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

fn malformed(line: usize, en: &str, zh: &str) -> Failure {
    let line = line.to_string();
    Failure::of(&CSV_MALFORMED, line.clone(), &[&line, en, zh])
}

/// Holds a text to RFC 4180 where the reader would guess, and counts rows as a spreadsheet shows them.
struct Syntax {
    delimiter: u8,
    state: State,
    line: usize,
    /// Line on which the open quote stands.
    quoted_since: usize,
    field_bytes: usize,
}

impl Syntax {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::RowStart, line: 1, quoted_since: 0, field_bytes: 0 }
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing of the row was read.
    #[default]
    RowStart,
    /// Nothing of the field was read.
    FieldStart,
    Plain,
    Quoted,
    /// A quote within quotes: it ends the field, or a second follows.
    QuoteInQuoted,
}

impl Syntax {
    /// The numbers of the rows that aren't blank, the first row being 1.
    fn check(mut self, text: &str) -> Result<Vec<u32>, Failure> {
        let mut numbers = Vec::new();
        let mut row = 1;
        let mut bytes = text.bytes().peekable();
        while let Some(byte) = bytes.next() {
            if byte == b'\r' && self.state != State::Quoted && bytes.peek() == Some(&b'\n') {
                continue;
            }
            let row_ends = matches!(byte, b'\n' | b'\r') && self.state != State::Quoted;
            if row_ends {
                if self.state != State::RowStart {
                    numbers.push(row);
                }
                row += 1;
                self.state = State::RowStart;
                self.field_bytes = 0;
            } else {
                self.take(byte)?;
            }
            self.line += usize::from(byte == b'\n');
        }
        if self.state == State::Quoted {
            return Err(malformed(self.quoted_since, "a quote is opened and never closed", "引号没有闭合"));
        }
        if self.state != State::RowStart {
            numbers.push(row);
        }
        Ok(numbers)
    }

    fn take(&mut self, byte: u8) -> Result<(), Failure> {
        self.field_bytes += 1;
        if self.field_bytes > FIELD_BYTES_MAX {
            let line = if self.state == State::Quoted { self.quoted_since } else { self.line };
            return Err(malformed(line, "a field is longer than 128 KiB", "字段超过 128 KiB"));
        }
        if byte == 0 {
            return Err(malformed(self.line, "it holds a NUL byte", "含有空字符（NUL）"));
        }
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) => State::Quoted,
            (State::QuoteInQuoted, b'"') => State::Quoted,
            (_, byte) if byte == self.delimiter => {
                self.field_bytes = 0;
                State::FieldStart
            }
            (State::QuoteInQuoted, _) => {
                return Err(malformed(self.line, "something follows a closing quote", "引号闭合后还有内容"));
            }
            (State::RowStart | State::FieldStart, b'"') => {
                self.quoted_since = self.line;
                State::Quoted
            }
            (State::Plain, b'"') => {
                return Err(malformed(
                    self.line,
                    "a quote stands within a field without quotes",
                    "未加引号的字段中出现引号",
                ));
            }
            (State::RowStart | State::FieldStart | State::Plain, _) => State::Plain,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const HEAD: &str = "department,main_item,name";

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let (table, _) = read(text.as_bytes()).unwrap();
        let texts = |row: Row<'_>| (row.number, row.cells.iter().map(|cell| cell.text.to_string()).collect());
        table.rows_from(1).map(texts).collect()
    }

    #[test]
    fn every_fault_names_its_line() {
        for (name, text, line) in [
            ("open quote", format!("{HEAD}\na,b,c\n\"a,b,c\na,b,c\n"), "3"),
            ("text after quote", format!("{HEAD}\n\"a\"x,b,c\n"), "2"),
            ("quote within", format!("{HEAD}\na\"b,b,c\n"), "2"),
            ("huge field", format!("{HEAD}\n{},b,c\n", "x".repeat(140_000)), "2"),
            ("NUL", format!("{HEAD}\n\0,b,c\n"), "2"),
        ] {
            let problem = read(text.as_bytes()).unwrap_err().problem;
            assert_eq!((problem.code.as_str(), problem.value.as_str()), ("csv-malformed", line), "{name}");
            assert!(problem.en.contains(line) && problem.zh.contains(line), "{name}: {problem:?}");
        }
    }

    #[test]
    fn rows_are_read_and_numbered_as_a_spreadsheet_shows_them() {
        let read = rows("\u{feff}部门,主项,名称\r\n甲,\"b\"\"1\",\"c\r\nc\"\r\n\r\n乙,b,\"1,2\"\r\n,,\r\n丙,b,c");
        let expected: [(u32, [&str; 3]); 4] = [
            (1, ["部门", "主项", "名称"]),
            (2, ["甲", "b\"1", "c\r\nc"]),
            (4, ["乙", "b", "1,2"]),
            (6, ["丙", "b", "c"]),
        ];
        let expected: Vec<(u32, Vec<String>)> =
            expected.iter().map(|(number, cells)| (*number, cells.map(str::to_owned).to_vec())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn old_line_ends_tabs_and_semicolons_are_read() {
        for text in ["a,b,c\r1,2,3\r", "a\tb\tc\n1\t2\t3\n", "a;b;c\n1;2;3\n", "a;b;c\n\"1\";2;3"] {
            assert_eq!(rows(text)[1].1, ["1", "2", "3"], "{text:?}");
        }
        assert_eq!(rows("a,b\n1;2,3;4\n")[1].1, ["1;2", "3;4"]);
    }
}
