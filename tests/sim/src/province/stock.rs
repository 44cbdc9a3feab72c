//! Items spread over the nodes of a province as halls have them: the real rows of 广安区 under codes of each division.

use std::collections::BTreeMap;

use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::{DivisionCode, Level};
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::ImportRow;

use super::life::base_code;

/// Real rows: department, main item, name, local item code, division, item type, department code.
const ROWS: &str = include_str!("../../../data/items-511602.csv");
/// The division that their codes name.
const DIVISION: &str = "511602000000";
/// Columns that are taken over as they are.
const COLUMNS: [(&str, usize); 5] =
    [("department", 0), ("main_item", 1), ("name", 2), ("item_type", 5), ("department_code", 6)];
/// The law that the base items of the sample name; the real rows have none.
const LEGAL_BASIS: &str = "演示依据";

/// A number that a text draws, between 0 and 1.
fn drawn(text: &str) -> f64 {
    let bytes = Digest::of(text.as_bytes());
    let number = bytes.as_bytes().first_chunk::<4>().map_or(0, |first| u32::from_be_bytes(*first));
    f64::from(number) / f64::from(u32::MAX)
}

/// How many items a hall of this level has, in proportion to those of the others.
const fn weight(level: Level) -> f64 {
    match level {
        Level::Province => 1_000.0,
        Level::City => 1_500.0,
        Level::County => 1_100.0,
        Level::Township | Level::Village => 150.0,
    }
}

/// So many items, shared out: by level, and within a level from half the usual to twice as many.
pub(super) fn shares(divisions: &[DivisionCode], items: usize) -> Vec<usize> {
    let weight = |code: &DivisionCode| weight(code.level()) * 4_f64.powf(drawn(&format!("size {code}")) - 0.5);
    let weights: Vec<f64> = divisions.iter().map(weight).collect();
    let whole: f64 = weights.iter().sum();
    let (mut shares, mut passed, mut given) = (Vec::with_capacity(divisions.len()), 0.0, 0);
    for weight in weights {
        passed += weight;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "some millions of items"
        )]
        let until = (passed / whole * items as f64).round() as usize;
        shares.push(until - given);
        given = until;
    }
    shares
}

/// The real rows, once.
pub(super) struct Sample {
    rows: Vec<Vec<&'static str>>,
    /// Base items, by name and type of the rows that carry them out.
    bases: BTreeMap<(&'static str, &'static str), usize>,
}

impl Sample {
    /// The sample, of whose names so many are base items of the province.
    pub(super) fn new(base_items: usize) -> Self {
        let rows: Vec<Vec<&str>> = ROWS.lines().skip(1).map(|line| line.split(',').collect()).collect();
        // A row with a comma in a cell, another form of code, or an invalid credit code, which isn't published, makes up no numbers.
        let is_plain = |row: &Vec<&str>| {
            let forms = row.len() == 7 && row[3].split('-').count() == 6 && row[3].contains(DIVISION);
            forms && row[6].parse::<CreditCode>().is_ok()
        };
        let rows: Vec<Vec<&str>> = rows.into_iter().filter(is_plain).collect();
        let mut bases = BTreeMap::new();
        for row in &rows {
            let next = bases.len();
            if next < base_items {
                bases.entry((row[2], row[5])).or_insert(next);
            }
        }
        Self { rows, bases }
    }

    /// The rows that the province releases.
    pub(super) fn base_rows(&self) -> Vec<ImportRow> {
        let row = |((name, item_type), number): (&(&str, &str), &usize)| {
            let code = base_code(*number);
            let columns = [
                ("department", "演示"),
                ("name", name),
                ("item_type", item_type),
                ("base_code", &code),
                ("legal_basis", LEGAL_BASIS),
            ];
            ImportRow::new(2, columns.map(|(column, value)| (column.to_owned(), value.to_owned())).into())
        };
        self.bases.iter().map(row).collect()
    }

    /// So many rows of one division. Halls of a level have much the same items; where a hall has more than the sample, the same are
    /// offered again for another case.
    pub(super) fn rows(&self, division: DivisionCode, count: usize) -> Vec<ImportRow> {
        let level = division.level();
        let rank =
            |row: &Vec<&str>| drawn(&format!("{level:?} {}", row[3])) + 0.3 * drawn(&format!("{division} {}", row[3]));
        let mut ranked: Vec<(f64, &Vec<&str>)> = self.rows.iter().map(|row| (rank(row), row)).collect();
        ranked.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.cmp(other.1)));
        let times = count.div_ceil(self.rows.len().max(1));
        let of = |(number, (time, row)): (usize, (usize, &Vec<&str>))| {
            let stem = row[3].strip_suffix("00").unwrap_or(row[3]);
            let code = format!("{}{time:02}", stem.replacen(DIVISION, &division.to_string(), 1));
            let mut values: BTreeMap<String, String> =
                COLUMNS.iter().map(|(column, at)| ((*column).to_owned(), row[*at].to_owned())).collect();
            if let Some(base) = self.bases.get(&(row[2], row[5])) {
                values.insert("base_code".to_owned(), base_code(*base));
                values.insert("legal_basis".to_owned(), LEGAL_BASIS.to_owned());
            }
            values.insert("local_item_code".to_owned(), code);
            ImportRow::new(u32::try_from(number + 2).unwrap_or(u32::MAX), values)
        };
        let again = (0..times).flat_map(|time| ranked.iter().map(move |(_, row)| (time, *row)));
        again.take(count).enumerate().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn shares_add_up_and_are_skewed() {
        let codes = ["330000", "330100", "330106", "330106001", "330106002", "330106003"];
        let codes: Vec<DivisionCode> = codes.iter().filter_map(|code| code.parse().ok()).collect();
        let shares = shares(&codes, 10_000);
        assert_eq!(shares.iter().sum::<usize>(), 10_000);
        assert!(shares[1] > 3 * shares[3] && shares[2] > shares[4] && shares[3] != shares[4], "{shares:?}");
    }

    #[test]
    fn a_hall_has_rows_of_its_own_and_shares_the_base_items() {
        let sample = Sample::new(900);
        assert_eq!(sample.base_rows().len(), 900);
        let division: DivisionCode = "330106001".parse().unwrap_or_else(|error| panic!("{error}"));
        let rows = sample.rows(division, 3_000);
        let codes: BTreeSet<&String> = rows.iter().filter_map(|row| row.values.get("local_item_code")).collect();
        assert_eq!((rows.len(), codes.len()), (3_000, 3_000));
        assert!(codes.iter().all(|code| code.contains("330106001000")));
        assert!(rows.iter().filter(|row| row.values.contains_key("base_code")).count() > 2_000);
    }
}
