//! Tells what a value is and whether it is valid, for `tongban code check`.

use crate::citizen_id::CitizenId;
use crate::credit_code::{CreditCode, OrganisationCode};
use crate::division::{self, DivisionCode, Level};
use crate::fault::{Fault, InvalidCode, Kind};
use crate::ids::QueryCode;
use crate::item_code::{BasicCode, ImplementationCode, LocalItemCode, PermitItemCode};
use crate::licence_id::{LicenceId, LicenceTypeCode};
use crate::time::Date;

/// The longest value that is looked at, in characters; the longest code has 157.
pub const LENGTH_MAX: usize = 256;

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CheckResult {
    /// The value as given.
    pub value: String,
    /// The kinds it is valid as; when it is valid as none, those whose shape it has, the likeliest first.
    pub kinds: Vec<Kind>,
    /// Whether it is valid as at least one kind.
    pub valid: bool,
    /// Why it is not valid, as its likeliest kind.
    pub reason: Option<Reason>,
}

/// Why a value is not valid.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Reason {
    /// A stable kebab-case code, as `wrong-check-character`.
    pub code: &'static str,
    /// In English: the kind, the position from 1, what was expected.
    pub en: String,
    /// The same in Chinese.
    pub zh: String,
}

impl From<&InvalidCode> for Reason {
    fn from(e: &InvalidCode) -> Self {
        Self { code: e.code(), en: e.to_string(), zh: e.zh() }
    }
}

/// Says what `value` is and whether it is valid; never fails, whatever the value.
pub fn check(value: &str) -> CheckResult {
    judge(value, None)
}

/// As [`check`], and refuses citizen ids of people who are not born yet.
pub fn check_on(value: &str, today: Date) -> CheckResult {
    judge(value, Some(today))
}

type Verdict = (Kind, Result<(), InvalidCode>);

fn judge(value: &str, today: Option<Date>) -> CheckResult {
    let result = |kinds: Vec<Kind>, valid, reason| CheckResult { value: value.to_owned(), kinds, valid, reason };
    if let Some(reason) = unreadable(value) {
        return result(Vec::new(), false, Some(reason));
    }
    let verdicts = verdicts(value, today);
    let valid: Vec<Kind> = verdicts.iter().filter(|(_, verdict)| verdict.is_ok()).map(|(kind, _)| *kind).collect();
    if !valid.is_empty() {
        return result(valid, true, None);
    }
    let reason = verdicts.iter().find_map(|(_, verdict)| verdict.as_ref().err().map(Reason::from));
    let kinds = verdicts.iter().map(|(kind, _)| *kind).collect();
    result(kinds, false, Some(reason.unwrap_or_else(|| unknown(value))))
}

/// Why a value cannot be a code of any kind.
fn unreadable(value: &str) -> Option<Reason> {
    let length = value.chars().count();
    if length > LENGTH_MAX {
        return Some(Reason {
            code: "too-long",
            en: format!("it has {length} characters, no code has more than {LENGTH_MAX}"),
            zh: format!("长度为{length}位，任何编码都不超过{LENGTH_MAX}位"),
        });
    }
    let fault = if value.is_empty() {
        Fault::Empty
    } else {
        let (at, found) = value.chars().enumerate().find(|(_, c)| !c.is_ascii() || c.is_ascii_control())?;
        Fault::NotAscii { position: at + 1, found }
    };
    if let Fault::NotAscii { position, found } = fault
        && found.is_ascii()
    {
        return Some(Reason {
            code: "control-character",
            en: format!("character {position} is a control character (U+{:04X})", u32::from(found)),
            zh: format!("第{position}位是控制字符（U+{:04X}）", u32::from(found)),
        });
    }
    Some(Reason { code: fault.code(), en: fault.en(), zh: fault.zh() })
}

fn unknown(value: &str) -> Reason {
    if let Some(at) = value.find(' ') {
        return Reason {
            code: "space",
            en: format!("character {} is a space", at + 1),
            zh: format!("第{}位是空格", at + 1),
        };
    }
    if value.len() == 15 && value.bytes().all(|b| b.is_ascii_digit()) {
        return Reason {
            code: "first-generation-citizen-id",
            en: "citizen ids of 15 digits have not been valid since 2013; the one of 18 is needed".into(),
            zh: "15位身份证号码自2013年起停用，请使用18位公民身份号码".into(),
        };
    }
    Reason {
        code: "unknown-shape",
        en: format!("its form ({} characters) is that of no known code", value.len()),
        zh: format!("形式（{}位）不符合任何已知编码", value.len()),
    }
}

/// The verdict for each kind whose shape the value has, the likeliest first.
fn verdicts(value: &str, today: Option<Date>) -> Vec<Verdict> {
    let b = value.as_bytes();
    let digits = b.iter().filter(|c| c.is_ascii_digit()).count();
    let alphanumeric = b.iter().all(u8::is_ascii_alphanumeric);
    let dashes = b.iter().filter(|c| **c == b'-').count();
    let mut found: Vec<Verdict> = Vec::new();
    let mut is = |kind, verdict: Result<(), InvalidCode>| found.push((kind, verdict));

    if alphanumeric {
        if matches!(b.len(), 2 | 4 | 6 | 9 | 12) && digits == b.len() {
            is(Kind::Division, known_division(value));
        }
        match b.len() {
            9 => is(Kind::OrganisationCode, value.parse::<OrganisationCode>().map(drop)),
            // A main item has a serial, so twelve digits that end in eight zeros are a division alone.
            12 if digits >= 10 && !value.ends_with("00000000") => {
                is(Kind::BasicCode, value.parse::<BasicCode>().map(drop));
            }
            13 => is(Kind::QueryCode, value.parse::<QueryCode>().map(drop)),
            18 => {
                let citizen = (Kind::CitizenId, citizen_id(value, today));
                let credit = (Kind::CreditCode, value.parse::<CreditCode>().map(drop));
                match citizen_likeness(value) {
                    Likeness::None => found.push(credit),
                    Likeness::Shape => found.extend([credit, citizen]),
                    Likeness::Dated => found.extend([citizen, credit]),
                }
            }
            21 => is(Kind::LicenceType, value.parse::<LicenceTypeCode>().and_then(|code| code.authority()).map(drop)),
            31 => is(Kind::ImplementationCode, value.parse::<ImplementationCode>().map(drop)),
            33 => is(Kind::HandlingItemCode, value.parse::<ImplementationCode>().map(drop)),
            _ => {}
        }
        let lettered =
            b.len() > 7 && b[..2].iter().all(u8::is_ascii_alphabetic) && b[2..7].iter().all(u8::is_ascii_digit);
        if lettered && matches!(b.len(), 10 | 17..=24) {
            found.push((Kind::PermitItemCode, value.parse::<PermitItemCode>().map(drop)));
        }
        return found;
    }

    let plain = |extra: &[u8]| b.iter().all(|c| c.is_ascii_alphanumeric() || extra.contains(c));
    if b.len() == 10 && dashes == 1 && b[8] == b'-' {
        is(Kind::OrganisationCode, value.parse::<OrganisationCode>().map(drop));
    }
    if plain(b"- ") && b.iter().filter(|c| c.is_ascii_alphanumeric()).count() == 13 {
        is(Kind::QueryCode, value.parse::<QueryCode>().map(drop));
    }
    if value.starts_with("1.2.156.3005") || b.iter().filter(|c| **c == b'.').count() >= 4 {
        is(Kind::LicenceId, value.parse::<LicenceId>().map(drop));
    }
    if plain(b"-") && dashes >= 3 && b.len() > 20 {
        is(Kind::LocalItemCode, value.parse::<LocalItemCode>().and_then(|code| code.credit_code()).map(drop));
    }
    found
}

/// How far 18 characters look like a citizen id rather than a credit code.
enum Likeness {
    None,
    /// Digits, with at most one mistyped.
    Shape,
    /// And with a real date of birth.
    Dated,
}

fn citizen_likeness(value: &str) -> Likeness {
    let (body, last) = value.split_at(17);
    if body.bytes().filter(u8::is_ascii_digit).count() < 16
        || !last.bytes().all(|b| matches!(b, b'0'..=b'9' | b'X' | b'x'))
    {
        return Likeness::None;
    }
    match Date::from_compact(&value[6..14]) {
        Some(birth) if (1800..2200).contains(&birth.year()) => Likeness::Dated,
        _ => Likeness::Shape,
    }
}

fn citizen_id(value: &str, today: Option<Date>) -> Result<(), InvalidCode> {
    let id: CitizenId = value.parse()?;
    today.map_or(Ok(()), |today| id.require_born_by(today))
}

/// Whether the embedded table knows the division, or for a village its township.
fn known_division(value: &str) -> Result<(), InvalidCode> {
    /// 台湾, 香港, 澳门: provinces of GB/T 2260 that the statistics leave out.
    const NOT_IN_THE_STATISTICS: [u64; 3] = [710_000_000_000, 810_000_000_000, 820_000_000_000];
    let code: DivisionCode = value.parse()?;
    let listed = match code.level() {
        Level::Village => code.superior().unwrap_or(code),
        _ => code,
    };
    if division::table().find(listed).is_some() || NOT_IN_THE_STATISTICS.contains(&code.number()) {
        Ok(())
    } else {
        Err(InvalidCode::new(Kind::Division, Fault::UnknownDivision))
    }
}
