//! Properties of all codes: round trips, one wrong character is found, nothing panics.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use tongban_codes::{
    AuthorityId, BasicCode, CaseId, CitizenId, CreditCode, Date, Digest, DivisionCode, ExerciseLevel,
    ImplementationCode, ItemCode, Label, LicenceId, LicenceTypeCode, LocalItemCode, Month, NodeId, OrganisationCode,
    PermitItemCode, QueryCode, Timestamp, cbor, check, iso7064,
};

/// Text, JSON and CBOR all give the value back.
fn round_trips<T>(value: &T)
where
    T: Clone
        + PartialEq
        + core::fmt::Debug
        + core::fmt::Display
        + core::str::FromStr<Err: core::fmt::Debug>
        + minicbor::Encode<()>
        + for<'b> minicbor::Decode<'b, ()>
        + serde::Serialize
        + serde::de::DeserializeOwned,
{
    let text = value.to_string();
    assert_eq!(&text.parse::<T>().unwrap(), value);
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(json, format!("\"{text}\""));
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
    assert_eq!(&cbor::from_slice::<T>(&cbor::to_vec(value)).unwrap(), value);
}

/// `text` with the character at `at` replaced, `None` when that changes nothing.
fn changed(text: &str, at: prop::sample::Index, to: char) -> Option<String> {
    let mut chars: Vec<char> = text.chars().collect();
    let at = at.index(chars.len());
    // A small x ends a citizen id as well as a capital one.
    if chars[at].eq_ignore_ascii_case(&to) {
        return None;
    }
    chars[at] = to;
    Some(chars.into_iter().collect())
}

fn days() -> impl Strategy<Value = Date> {
    (-719_162..2_932_897_i32).prop_map(|n| Date::from_days(n).unwrap())
}

fn citizen_ids() -> impl Strategy<Value = CitizenId> {
    (100_000..1_000_000_u32, -60_000..60_000_i32, 0..1_000_u32).prop_map(|(region, day, sequence)| {
        let body = format!("{region}{}{sequence:03}", Date::from_days(day).unwrap().compact());
        format!("{body}{}", iso7064::mod_11_2(body.as_bytes()).unwrap()).parse().unwrap()
    })
}

fn credit_codes() -> impl Strategy<Value = CreditCode> {
    "[1-9ANY][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}".prop_map(|body| CreditCode::from_body(&body).unwrap())
}

fn licence_ids() -> impl Strategy<Value = LicenceId> {
    (credit_codes(), 1..1_000_u16, credit_codes(), "[0-9A-Z]{1,32}", 1..1_000_u16).prop_map(
        |(authority, serial, issuer, number, version)| {
            let licence_type = LicenceTypeCode::new(authority, serial).unwrap();
            LicenceId::new(licence_type, issuer, &number, version).unwrap()
        },
    )
}

fn labels() -> impl Strategy<Value = Label> {
    let divisions: Vec<DivisionCode> = tongban_codes::division::table().rows().iter().map(|r| r.code).collect();
    (prop::sample::select(divisions), 0..32_u8).prop_map(|(division, n)| Label::new(division, n).unwrap())
}

fn anything() -> impl Strategy<Value = char> {
    prop_oneof![prop::char::range('0', '9'), prop::char::range('A', 'Z'), prop::char::range(' ', '~'), any::<char>()]
}

proptest! {
    #[test]
    fn ids_round_trip(a in any::<[u8; 16]>(), b in any::<[u8; 32]>(), random in any::<[u8; 10]>()) {
        let node = NodeId::from_bytes(a);
        round_trips(&node);
        round_trips(&AuthorityId::from_bytes(a));
        round_trips(&Digest::from_bytes(b));
        let case = CaseId::draw(&node, random);
        round_trips(&case);
        prop_assert_eq!(case.node_prefix(), node.prefix());
    }

    #[test]
    fn times_round_trip(millis in any::<i64>(), day in days()) {
        let time = Timestamp::from_millis(millis);
        round_trips(&time);
        round_trips(&day);
        round_trips(&day.month());
        prop_assert_eq!(Date::from_days(day.days_since_epoch()), Some(day));
        prop_assert_eq!(Date::from_compact(&day.compact()), Some(day));
        prop_assert!(day.month().first_day() <= day && day <= day.month().last_day());
        prop_assert_eq!(day.add_days(1), day.next_day());
        if day.year() > 1 && day.year() < 9999 {
            prop_assert_eq!(day.start().date(), day);
            prop_assert_eq!(day.start().add_millis(-1).date(), day.previous_day());
        }
    }

    #[test]
    fn codes_round_trip(id in citizen_ids(), code in credit_codes(), licence in licence_ids(), basic in "(00|[1-9][0-9])[0-9]{10}", level in 1..8_u8, item in 1..100_u8) {
        round_trips_hiding(&id);
        round_trips(&code);
        round_trips(&licence);
        round_trips(&licence.licence_type());
        let basic: BasicCode = basic.parse().unwrap();
        round_trips(&basic);
        let whole = ImplementationCode::new(code, ExerciseLevel::from_number(level).unwrap(), basic);
        round_trips(&whole);
        round_trips(&whole.with_handling_item(item).unwrap());
        round_trips(&whole.level());
        round_trips(&basic.item_type());
        let local = format!("511A{basic}-511602000000-000-{code}-1-00");
        round_trips(&local.parse::<LocalItemCode>().unwrap());
        for value in [id.to_string(), code.to_string(), licence.to_string(), whole.to_string(), local] {
            prop_assert!(check(&value).valid, "{}", value);
        }
    }

    #[test]
    fn query_codes(label in labels(), random in any::<u32>(), at in any::<prop::sample::Index>(), to in "[0-9A-HJKMNP-TV-Z]") {
        round_trips(&label);
        prop_assert_eq!(Label::new(label.division(), label.ordinal()), Ok(label));
        let code = QueryCode::draw(label, random);
        round_trips(&code);
        prop_assert_eq!(code.label(), label);
        let (shown, plain) = (code.to_string(), code.as_str());
        prop_assert_eq!(shown.len(), 15);
        let misread = shown.to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
        prop_assert_eq!(misread.parse::<QueryCode>(), Ok(code));
        prop_assert_eq!(plain.replace('1', "I").parse::<QueryCode>(), Ok(code));
        prop_assert!(check(&shown).valid && check(plain).valid);
        if let Some(other) = changed(plain, at, to.chars().next().unwrap()) {
            prop_assert!(other.parse::<QueryCode>().is_err(), "{}", other);
        }
        prop_assert!(cbor::from_slice::<QueryCode>(&cbor::to_vec(&shown)).is_err());
    }

    #[test]
    fn one_wrong_character_is_found(id in citizen_ids(), code in credit_codes(), licence in licence_ids(), at in any::<prop::sample::Index>(), to in anything()) {
        if let Some(other) = changed(id.as_str(), at, to) {
            prop_assert!(other.parse::<CitizenId>().is_err(), "{}", other);
        }
        if let Some(other) = changed(code.as_str(), at, to) {
            prop_assert!(other.parse::<CreditCode>().is_err(), "{}", other);
        }
        if let Some(other) = changed(licence.as_str(), at, to) {
            prop_assert!(other.parse::<LicenceId>().is_err(), "{}", other);
        }
    }

    #[test]
    fn nothing_panics(text in prop_oneof![".{0,60}", "[0-9A-Za-z.:+\\- ]{0,60}", "(1.2.156.3005.2.)?[0-9A-Z.]{0,90}", "[0-9TZ:+.-]{0,30}"]) {
        let _ = text.parse::<DivisionCode>();
        let _ = text.parse::<CitizenId>();
        let _ = text.parse::<CreditCode>();
        let _ = text.parse::<OrganisationCode>();
        let _ = text.parse::<BasicCode>();
        let _ = text.parse::<ImplementationCode>();
        let _ = text.parse::<PermitItemCode>();
        let _ = text.parse::<LocalItemCode>();
        let _ = text.parse::<ItemCode>();
        let _ = text.parse::<LicenceId>();
        let _ = text.parse::<LicenceTypeCode>();
        let _ = text.parse::<QueryCode>();
        let _ = text.parse::<Label>();
        let _ = text.parse::<NodeId>();
        let _ = text.parse::<Timestamp>();
        let _ = text.parse::<Date>();
        let _ = text.parse::<Month>();
        let result = check(&text);
        prop_assert_eq!(result.valid, result.reason.is_none());
    }
}

/// As [`round_trips`], for a type whose `Debug` hides the value.
fn round_trips_hiding(id: &CitizenId) {
    round_trips(id);
    assert!(!format!("{id:?}").contains(&id.as_str()[6..]));
}

#[test]
fn the_label_of_a_division() {
    let label = Label::new("511602".parse().unwrap(), 3).unwrap();
    assert_eq!(label.to_string(), "F7WVAG3");
    for (random, code) in
        [(0, "F7WVAG3-00001-G"), (u32::MAX, "F7WVAG3-ZZZZZ-E"), (7_777_777, "F7WVAG3-7DBFH-7"), (0, "F7WVAG3-00001-G")]
    {
        assert_eq!(QueryCode::draw(label, random).to_string(), code);
    }
    assert_eq!((label.division().short().as_str(), label.ordinal()), ("511602", 3));
    assert!(Label::new("511602".parse().unwrap(), 32).is_err());
    assert!(Label::new("511602001001".parse().unwrap(), 0).is_err());
    assert!("0000000".parse::<Label>().is_err());
    assert!("ZZZZZZZ".parse::<Label>().is_err());
}

#[test]
fn times_as_people_write_them() {
    let time: Timestamp = "2026-09-14T09:30:00.125+08:00".parse().unwrap();
    assert_eq!(time.to_string(), "2026-09-14T09:30:00.125+08:00");
    assert_eq!("2026-09-14T01:30:00.1259Z".parse::<Timestamp>().unwrap(), time);
    assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T08:00:00.000+08:00");
    assert_eq!("2026-09-13T16:00:00Z".parse::<Timestamp>().unwrap().date().to_string(), "2026-09-14");
    assert_eq!(time.add_days(1).millis_since(time), 86_400_000);
    assert_eq!(Timestamp::MAX.add_seconds(i64::MAX), Timestamp::MAX);
    for (first, last) in [(Timestamp::MIN, "0001"), (Timestamp::MAX, "9999")] {
        assert!(first.to_string().starts_with(last));
    }
    for wrong in ["", "2026-09-14", "2026-09-14T09:30:00", "2026-13-14T09:30:00Z"] {
        assert!(wrong.parse::<Timestamp>().is_err(), "{wrong}");
    }
    for wrong in ["", "2026-02-29", "2026-2-28", "20260228", "0000-01-01", "２026-01-01", "+026-01-01"] {
        assert!(wrong.parse::<Date>().is_err(), "{wrong}");
    }
    for wrong in ["2026-00", "2026-13", "0000-01", "2026-9", "+026-09"] {
        assert!(wrong.parse::<Month>().is_err(), "{wrong}");
    }
    assert_eq!("2026-12".parse::<Month>().unwrap().next().to_string(), "2027-01");
    assert_eq!("2026-01".parse::<Month>().unwrap().previous().to_string(), "2025-12");
}
