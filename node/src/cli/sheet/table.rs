//! A table of cells as a file shows it, before anybody knows what its columns mean.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::text::Lines;

/// The widest sheet that is read, in columns: ten times the national table with all its lists.
pub(super) const COLUMNS_MAX: usize = 512;
/// The most cells that are read of one file: a full sheet of 1,048,576 rows with twenty columns.
pub(super) const CELLS_MAX: usize = 20 << 20;
/// The longest text of a cell, in units of UTF-16, as spreadsheets have it.
const CELL_UNITS_MAX: usize = 32_767;

/// Why a cell's value can't be taken as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    /// A number of more than 15 digits, or written as `1.1E+17`: a spreadsheet has lost the last digits.
    DigitsLost,
    /// `#N/A`, `#REF!` and their like.
    ErrorValue,
    /// A formula whose result the file doesn't hold.
    FormulaEmpty,
    /// As long as a cell of a spreadsheet can be, so that it has been cut.
    TooLong,
    /// The line has fewer fields than the head, or more.
    FieldsDiffer,
    /// A value of another shape than a text, a number, yes or no, or a list of objects.
    Shape,
    /// The object has no such field: what stands stays as it is.
    Absent,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell<'t> {
    pub(crate) text: Cow<'t, str>,
    pub(crate) flaw: Option<Flaw>,
    /// Whether the value stands further up, in the first of cells that are merged.
    pub(crate) filled: bool,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'t> {
    /// Number in the file, from 1, as a spreadsheet shows it.
    pub(crate) number: u32,
    pub(crate) cells: Vec<Cell<'t>>,
}

impl Row<'_> {
    /// The text of a cell, trimmed; empty where the row has no such cell.
    pub(crate) fn text(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.text.trim())
    }

    /// Tells whether the row holds nothing of its own.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.filled || (cell.flaw.is_none() && cell.text.trim().is_empty()))
    }
}

/// A cell as it is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) text: Box<str>,
    pub(super) flaw: Option<Flaw>,
}

/// Cells that are shown as one; row numbers from 1, columns from 0, the last ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merge {
    pub(crate) rows: (u32, u32),
    pub(crate) columns: (usize, usize),
}

/// What a table is read from.
#[derive(Debug)]
pub(super) enum Cells {
    /// Rows of a workbook, by number.
    Grid(BTreeMap<u32, Vec<Kept>>),
    /// Lines of a text, split anew whenever they are read.
    Lines(Lines),
}

/// A sheet.
#[derive(Debug)]
pub(crate) struct Table {
    /// Name of the sheet; empty where a file has but one.
    pub(crate) sheet: String,
    /// Whether people see it.
    pub(crate) visible: bool,
    pub(super) cells: Cells,
    pub(crate) merges: Vec<Merge>,
    /// Rows that a filter or a person has hidden.
    pub(crate) hidden: BTreeSet<u32>,
}

impl Table {
    pub(super) fn of(sheet: impl Into<String>, cells: Cells) -> Self {
        Self { sheet: sheet.into(), visible: true, cells, merges: Vec::new(), hidden: BTreeSet::new() }
    }

    /// The rows that hold anything, from a row number on; merged cells are filled downwards.
    pub(crate) fn rows_from(&self, first: u32) -> Box<dyn Iterator<Item = Row<'_>> + '_> {
        match &self.cells {
            Cells::Lines(lines) => Box::new(lines.rows().filter(move |row| row.number >= first && !row.is_blank())),
            Cells::Grid(rows) => {
                let mut merges: Vec<&Merge> = self.merges.iter().filter(|merge| merge.rows.0 < merge.rows.1).collect();
                merges.sort_by_key(|merge| merge.rows.0);
                let mut fill = Fill { merges, next: 0, open: Vec::new() };
                let rows = rows.range(first..).map(move |(number, kept)| fill.row(*number, kept));
                Box::new(rows.filter(|row| !row.is_blank()))
            }
        }
    }

    /// The rows of a head: cells merged across and downwards all have the text.
    pub(crate) fn head(&self, rows: (u32, u32)) -> Vec<Row<'_>> {
        let mut head: Vec<Row<'_>> = self.rows_from(rows.0).take_while(|row| row.number <= rows.1).collect();
        for merge in self.merges.iter().filter(|merge| merge.rows.1 >= rows.0 && merge.rows.0 <= rows.1) {
            let Some(from) = head.iter().find(|row| row.number >= merge.rows.0) else { continue };
            let text = from.text(merge.columns.0).to_owned();
            for row in head.iter_mut().filter(|row| (merge.rows.0..=merge.rows.1).contains(&row.number)) {
                let last = merge.columns.1.min(COLUMNS_MAX - 1);
                if row.cells.len() <= last {
                    row.cells.resize(last + 1, Cell::default());
                }
                for cell in &mut row.cells[merge.columns.0.min(last)..=last] {
                    *cell = Cell { text: Cow::Owned(text.clone()), flaw: None, filled: false };
                }
            }
        }
        head
    }
}

/// Fills merged cells while rows go by.
struct Fill<'t> {
    merges: Vec<&'t Merge>,
    next: usize,
    open: Vec<(&'t Merge, Cell<'t>)>,
}

impl<'t> Fill<'t> {
    fn row(&mut self, number: u32, kept: &'t [Kept]) -> Row<'t> {
        let mut cells: Vec<Cell<'t>> =
            kept.iter().map(|kept| Cell { text: Cow::Borrowed(&*kept.text), flaw: kept.flaw, filled: false }).collect();
        self.open.retain(|(merge, _)| merge.rows.1 >= number);
        while let Some(merge) = self.merges.get(self.next).filter(|merge| merge.rows.0 <= number) {
            self.next += 1;
            if merge.rows.1 >= number && merge.rows.0 == number {
                let first = cells.get(merge.columns.0).cloned().unwrap_or_default();
                self.open.push((merge, first));
            }
        }
        for (merge, first) in self.open.iter().filter(|(merge, _)| merge.rows.0 < number) {
            let column = merge.columns.0;
            if column >= COLUMNS_MAX {
                continue;
            }
            if cells.len() <= column {
                cells.resize(column + 1, Cell::default());
            }
            cells[column] = Cell { filled: true, ..first.clone() };
        }
        Row { number, cells }
    }
}

/// Tells whether a cell of a workbook has no room left: whatever cuts a text to what a cell holds leaves it so.
pub(super) fn is_full(text: &str) -> bool {
    // A unit takes a byte at least; a sign of two units may not have fitted in any more.
    text.len() >= CELL_UNITS_MAX && text.encode_utf16().count() + 1 >= CELL_UNITS_MAX
}

/// What of a text fits into a cell of a workbook, which is full then.
pub(super) fn fitting(text: &str) -> &str {
    cut(text, CELL_UNITS_MAX)
}

/// The beginning of a text with so many units of UTF-16 at most.
pub(super) fn cut(text: &str, units_max: usize) -> &str {
    let mut units = 0;
    let beyond = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > units_max
    });
    beyond.map_or(text, |(at, _)| &text[..at])
}

/// Tells whether a text is a number that a spreadsheet has shortened, as `1.15113E+17`.
pub(super) fn is_shortened(text: &str) -> bool {
    let text = text.trim();
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole_and_rest = match mantissa.split_once('.') {
        Some((whole, rest)) => whole.len() == 1 && digits(whole) && digits(rest),
        None => mantissa.len() == 1 && digits(mantissa),
    };
    whole_and_rest && exponent.strip_prefix('+').is_some_and(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_numbers_are_told() {
        for text in ["1.1E+17", "1.15113010087781E+17", "5E+11", " 1.1e+17 "] {
            assert!(is_shortened(text), "{text}");
        }
        for text in ["511E", "1E5", "511A0015500013", "11E+2", "1.1", "E+17", "1.E+17", "1.1E+", "联E+1"] {
            assert!(!is_shortened(text), "{text}");
        }
    }
}
