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

    const HEAD: &str = "department,main_item,name,local_item_code,division,item_type,department_code";

    #[test]
    fn every_fault_names_code_and_line() {
        let row = "a,b,c,d,e,f,g";
        let cases: [(&str, Vec<u8>, &str, &str); 18] = [
            ("nothing", vec![], "csv-empty", ""),
            ("a mark alone", b"\xef\xbb\xbf".to_vec(), "csv-empty", ""),
            ("blank lines", b"\n\r\n".to_vec(), "csv-empty", ""),
            ("a head alone", format!("{HEAD}\n").into(), "csv-empty", ""),
            ("separators alone", format!("{HEAD}\n,,,,,,\n").into(), "csv-empty", ""),
            ("missing column", b"department,name\na,b\n".to_vec(), "csv-column-missing", "main_item"),
            ("semicolons", HEAD.replace(',', ";").into_bytes(), "csv-column-unknown", "department;main_item"),
            ("mistyped column", HEAD.replace("item_type", "item_typ").into(), "csv-column-unknown", "item_typ"),
            ("nameless column", format!("{HEAD},\n{row},\n").into(), "csv-column-unknown", ""),
            ("column twice", format!("{HEAD},name\n{row},h\n").into(), "csv-column-repeated", "name"),
            ("short row", format!("{HEAD}\n{row}\na,b\n").into(), "csv-malformed", "3"),
            ("long row", format!("{HEAD}\n{row},h\n").into(), "csv-malformed", "2"),
            ("open quote", format!("{HEAD}\n{row}\n\"a,b,c,d,e,f,g\n{row}\n").into(), "csv-malformed", "3"),
            ("text after quote", format!("{HEAD}\n\"a\"x,b,c,d,e,f,g\n").into(), "csv-malformed", "2"),
            ("quote within", format!("{HEAD}\na\"b,b,c,d,e,f,g\n").into(), "csv-malformed", "2"),
            ("huge field", format!("{HEAD}\n{},b,c,d,e,f,g\n", "x".repeat(17_000)).into(), "csv-malformed", "2"),
            ("NUL", format!("{HEAD}\n\0,b,c,d,e,f,g\n").into(), "csv-malformed", "2"),
            ("GB18030", [HEAD.as_bytes(), b"\n\xc7\xf8,b,c,d,e,f,g\n"].concat(), "csv-encoding", "2"),
        ];
        for (name, bytes, code, value) in cases {
            let problem = read(&bytes).unwrap_err().problem;
            assert_eq!(problem.code, code, "{name}: {problem:?}");
            assert!(problem.value.starts_with(value), "{name}: {problem:?}");
            assert!(problem.en.contains(value) && problem.zh.contains(value), "{name}: {problem:?}");
        }
    }

    #[test]
    fn a_mistyped_column_is_told_its_neighbour() {
        let problem = read(HEAD.replace("item_type", "item_typ").as_bytes()).unwrap_err().problem;
        assert!(problem.remedy_en.contains("item_type") && problem.remedy_zh.contains("为 item_type"), "{problem:?}");
    }

    #[test]
    fn rows_are_read_and_numbered_as_a_spreadsheet_shows_them() {
        let text = format!(
            "\u{feff}{HEAD},covered\r\n甲,\"b\"\"1\",\"c\r\nc\",d,e,f,g,\"1,2\"\r\n\r\n乙,b,c,d,e,f,g,\r\n,,,,,,,\r\n丙,b,c,d,e,f,g,x"
        );
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 4, 6]);
        assert_eq!(rows[0].values["main_item"], "b\"1");
        assert_eq!(rows[0].values["name"], "c\r\nc");
        assert_eq!(rows[0].values["covered"], "1,2");
        assert_eq!(rows[1].values["covered"], "");
        assert_eq!(rows[2].values["department"], "丙");
    }

    #[test]
    fn old_line_ends_are_read() {
        let text = format!("{HEAD}\ra,b,c,d,e,f,g\rh,b,c,d,e,f,g\r");
        assert_eq!(read(text.as_bytes()).unwrap().len(), 2);
    }
}
