//! The embedded division table, row by row, and its traps.
#![expect(clippy::unwrap_used, reason = "tests")]

use tongban_codes::division::{Level, table};
use tongban_codes::{Digest, DivisionCode, cbor};

fn code(s: &str) -> DivisionCode {
    s.parse().unwrap()
}

#[test]
fn every_row_round_trips_and_has_its_superior() {
    let table = table();
    assert_eq!(table.rows().len(), 44_699);
    let count = |level| table.rows().iter().filter(|row| row.level == level).count();
    assert_eq!(Level::ALL.map(count), [31, 342, 2_975, 41_351, 0]);
    for row in table.rows() {
        assert_eq!(code(&row.code.to_string()), row.code);
        assert_eq!(code(&row.code.short()), row.code);
        assert_eq!(row.code.level(), row.level, "{}", row.code);
        assert_eq!(table.superior(row.code), row.superior);
        match row.superior {
            None => assert_eq!(row.level, Level::Province),
            Some(above) => {
                let above = table.find(above).unwrap();
                assert!(above.level < row.level && !above.pseudo, "{}", row.code);
                assert!(row.code.is_within(above.code) && table.is_within(row.code, above.code));
                assert!(!table.is_within(above.code, row.code));
            }
        }
    }
}

#[test]
fn the_digest_is_that_of_the_file() {
    let file = include_bytes!("../data/divisions.csv");
    assert_eq!(table().digest(), Digest::of(file));
    assert_eq!(table().version(), "2023-06-30");
}

#[test]
fn pseudo_nodes_are_skipped() {
    let table = table();
    let pseudo: Vec<String> = table.rows().iter().filter(|r| r.pseudo).map(|r| r.code.short()).collect();
    assert_eq!(pseudo, ["1101", "1201", "3101", "4190", "4290", "4690", "5001", "5002", "6590"]);
    assert_eq!(table.superior(code("110101")), Some(code("11")));
    assert_eq!(table.superior(code("429004")), Some(code("42")));
    assert_eq!(table.children(code("11")).len(), 16);
    assert_eq!(table.children(code("1101")).len(), 16);
    assert_eq!(table.children(code("50")).len(), 38);
    assert!(table.children(code("42")).iter().any(|row| row.name == "仙桃市"));
    assert!(table.is_within(code("110101"), code("1101")));
    let above: Vec<&str> = table.ancestors(code("429004001")).iter().map(|row| row.name).collect();
    assert_eq!(above, ["仙桃市", "湖北省"]);
}

#[test]
fn cities_without_counties() {
    let table = table();
    for (township, city, name) in [
        ("441900003", "4419", "广东省东莞市东城街道"),
        ("442000001", "4420", "广东省中山市石岐街道"),
        ("460400100", "4604", "海南省儋州市那大镇"),
    ] {
        assert_eq!(table.superior(code(township)), Some(code(city)));
        assert_eq!(code(township).superior(), Some(code(city)));
        assert_eq!(code(township).level(), Level::Township);
        assert!(table.children(code(city)).iter().all(|row| row.level == Level::Township));
        assert_eq!(table.path_name(code(township)).unwrap(), name);
    }
}

#[test]
fn names_and_unknown_codes() {
    let table = table();
    assert_eq!(table.path_name(code("511602")).unwrap(), "四川省广安市广安区");
    assert_eq!(table.path_name(code("110101")).unwrap(), "北京市东城区");
    assert_eq!(table.path_name(code("419001001")).unwrap(), "河南省济源市沁园街道");
    assert_eq!(table.path_name(code("620201")).unwrap(), "甘肃省嘉峪关市");
    assert_eq!(table.path_name(code("519999")), None);
    assert_eq!(table.superior(code("511602001001")), Some(code("511602001")));
    assert_eq!(table.superior(code("511699")), Some(code("5116")));
    assert_eq!(table.superior(code("110199")), Some(code("11")));
    assert_eq!(table.superior(code("71")), None);
    assert_eq!(table.superior(code("710100")), Some(code("71")));
    assert!(table.is_within(code("710101"), code("7101")));
    assert!(!table.is_within(code("511602"), code("50")));
    assert!(table.children(code("511602001")).is_empty());
}

#[test]
fn codes_of_every_length() {
    for (text, digits, level) in [
        ("51", "510000000000", Level::Province),
        ("5116", "511600000000", Level::City),
        ("511602", "511602000000", Level::County),
        ("511602001", "511602001000", Level::Township),
        ("511602001002", "511602001002", Level::Village),
    ] {
        let parsed = code(text);
        assert_eq!((parsed.to_string().as_str(), parsed.level(), parsed.short().as_str()), (digits, level, text));
        let bytes = cbor::to_vec(&parsed);
        assert_eq!(cbor::from_slice::<DivisionCode>(&bytes), Ok(parsed));
        assert_eq!(serde_json::to_string(&parsed).unwrap(), format!("\"{digits}\""));
    }
    for wrong in ["", "5", "511", "51160", "5116020000000", "00", "05", "510002", "511602000001", "51160a", "５１"] {
        assert!(wrong.parse::<DivisionCode>().is_err(), "{wrong}");
    }
    assert!(DivisionCode::from_number(1_000_000_000_000).is_none());
    assert!(cbor::from_slice::<DivisionCode>(&[0x01]).is_err());
}
