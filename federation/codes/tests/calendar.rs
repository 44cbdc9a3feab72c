//! The working-day calendar: the vectors, the edges of what is published, and its CSV form.
#![expect(clippy::unwrap_used, reason = "tests")]

use tongban_codes::calendar::Problem;
use tongban_codes::{Calendar, Date, Digest, Due, cbor};

fn date(s: &str) -> Date {
    s.parse().unwrap()
}

fn due(s: &str, provisional: bool) -> Due {
    Due { date: date(s), provisional }
}

#[test]
fn the_embedded_calendar() {
    let calendar = Calendar::embedded();
    assert_eq!(calendar.version(), "2016-2026.1");
    assert_eq!((calendar.first_year(), calendar.last_year()), (2016, 2026));
    assert_eq!(calendar.digest(), Digest::of(include_bytes!("../data/working-day-exceptions.csv")));
    assert_eq!(calendar.exceptions().len(), 379);
    assert!(calendar.is_working_day(date("2026-02-14")));
    assert!(!calendar.is_working_day(date("2026-02-17")));
    assert!(!calendar.is_working_day(date("2026-03-01")));
    assert_eq!(calendar.exception(date("2026-10-01")).unwrap().festival, "国庆节");
    assert_eq!(calendar.exception(date("2026-03-02")), None);
}

#[test]
fn working_days() {
    let calendar = Calendar::embedded();
    for (from, n, to, provisional) in [
        ("2026-02-10", 5, "2026-02-24", false),
        ("2026-02-13", 1, "2026-02-14", false),
        ("2025-09-28", 5, "2025-10-11", false),
        ("2026-09-24", 20, "2026-10-29", false),
        ("2026-09-14", 5, "2026-09-20", false),
        ("2026-09-14", 20, "2026-10-16", false),
        ("2026-12-07", 20, "2027-01-04", true),
        ("2026-12-07", 18, "2026-12-31", false),
        ("2026-12-31", 1, "2027-01-01", true),
        ("2015-12-30", 1, "2015-12-31", true),
        ("2015-12-31", 1, "2016-01-04", false),
        ("2026-02-17", 0, "2026-02-17", false),
    ] {
        assert_eq!(calendar.add_working_days(date(from), n), due(to, provisional), "{from} + {n}");
        if n > 0 {
            assert_eq!(calendar.working_days_between(date(from), date(to)), n, "{from} + {n}");
        }
    }
    assert_eq!(calendar.working_days_between(date("2026-02-14"), date("2026-02-14")), 0);
    assert_eq!(calendar.working_days_between(date("2026-02-24"), date("2026-02-10")), 0);
    assert_eq!(calendar.add_working_days(date("9999-12-01"), u32::MAX), due("9999-12-31", true));
}

#[test]
fn natural_days_and_months() {
    let calendar = Calendar::embedded();
    for (from, n, roll, to, provisional) in [
        ("2026-09-21", 10, false, "2026-10-01", false),
        ("2026-09-21", 10, true, "2026-10-08", false),
        ("2026-09-01", 10, true, "2026-09-11", false),
        ("2026-12-01", 60, false, "2027-01-30", false),
        ("2026-12-01", 60, true, "2027-02-01", true),
    ] {
        assert_eq!(calendar.add_natural_days(date(from), n, roll), due(to, provisional), "{from} + {n}");
    }
    assert_eq!(calendar.add_natural_days(date("2026-01-01"), u32::MAX, false).date, Date::MAX);
    assert_eq!(calendar.add_months(date("2026-01-31"), 1, false), due("2026-02-28", false));
    assert_eq!(calendar.add_months(date("2026-01-31"), 1, true), due("2026-02-28", false));
    assert_eq!(calendar.add_months(date("2026-09-03"), 1, true), due("2026-10-08", false));
    assert_eq!(calendar.add_months(date("2026-01-01"), u32::MAX, false).date, Date::MAX);
}

const YEAR: &str = "date,kind,festival\n2027-01-01,holiday,元旦\n2027-02-06,holiday,春节\n2027-02-07,holiday,春节\n\
2027-02-08,holiday,春节\n2027-02-09,holiday,春节\n2027-05-01,holiday,劳动节\n2027-10-01,holiday,国庆节\n";

#[test]
fn a_calendar_of_ones_own() {
    let calendar = Calendar::parse(YEAR, 3).unwrap();
    assert_eq!(calendar.version(), "2027-2027.3");
    assert!(!calendar.knows(date("2026-12-31")) && calendar.knows(date("2027-12-31")));
    let spreadsheet = format!("\u{feff}{}", YEAR.replace('\n', "\r\n"));
    assert_eq!(Calendar::parse(&spreadsheet, 3).unwrap().exceptions(), calendar.exceptions());
    // A day of December that next year's paper moves does not publish December's year.
    let calendar = Calendar::parse(&format!("{YEAR}2028-12-31,holiday,元旦\n"), 1).unwrap();
    assert_eq!(calendar.last_year(), 2027);
    assert!(!calendar.is_working_day(date("2028-12-31")));
}

#[test]
fn a_bad_file_names_line_column_and_value() {
    for (line, at, column, value, problem) in [
        ("2027-02-30,holiday,春节", 9, "date", "2027-02-30", Problem::Date),
        ("2027-03-07,feast,春节", 9, "kind", "feast", Problem::Kind),
        ("2027-03-07,holiday", 9, "", "2027-03-07,holiday", Problem::Columns),
        ("2027-02-07,workday,春节", 9, "date", "2027-02-07", Problem::Twice),
        ("2027-03-08,workday,春节", 9, "date", "2027-03-08", Problem::WeekdayWorked),
    ] {
        let error = Calendar::parse(&format!("{YEAR}{line}\n"), 1).unwrap_err();
        assert_eq!((error.line, error.column, error.value.as_str(), error.problem), (at, column, value, problem));
        assert!(error.to_string().starts_with("line 9") && error.zh().starts_with("第9行"));
    }
    assert_eq!(Calendar::parse("", 1).unwrap_err().problem, Problem::Header);
    assert_eq!(Calendar::parse("date,kind,festival\n", 1).unwrap_err().code(), "calendar-no-year");
}

#[test]
fn a_due_date_in_cbor() {
    let bytes = cbor::to_vec(&due("2026-10-29", false));
    assert_eq!(bytes, [0xa2, 0x00, 0x19, 0x51, 0x13, 0x01, 0xf4]);
    assert_eq!(cbor::from_slice::<Due>(&bytes), Ok(due("2026-10-29", false)));
}
