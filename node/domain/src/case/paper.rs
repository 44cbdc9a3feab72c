//! What an authority hands out about a case: the content of its documents, and the reasons that they state.

use minicbor::Encode;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::{Date, Timestamp};

use super::{Case, OutsideDecision};
use crate::catalogue::Accord;
use crate::change::{Document, Sealer};
use crate::uniform::InsteadOf;
use crate::{Facts, Rejection, codes};

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 2000;

#[derive(Encode)]
#[cbor(map)]
struct Paper<'a> {
    #[n(0)]
    case_no: Option<&'a str>,
    #[n(1)]
    collection_no: &'a str,
    #[n(2)]
    item: &'a str,
    #[n(3)]
    name: &'a str,
    #[n(4)]
    department: &'a str,
    #[n(5)]
    division: DivisionCode,
    #[n(6)]
    at: Timestamp,
    #[n(7)]
    operator: &'a str,
    #[n(8)]
    text: Option<&'a str>,
    #[n(9)]
    accepted_on: Option<Date>,
    #[n(10)]
    statutory_due: Option<Date>,
    #[n(11)]
    promised_due: Option<Date>,
    #[n(12)]
    items: &'a [String],
    #[n(13)]
    granted: Option<bool>,
    #[n(14)]
    demo: bool,
    /// Whether the days rest on a calendar that isn't published yet, where days are named.
    #[n(15)]
    provisional: Option<bool>,
    /// The agreement between the authorities, and what counts as receipt by it.
    #[n(16)]
    agreement: Option<&'a Accord>,
    /// The decision of another system that was entered.
    #[n(61)]
    outside: Option<&'a OutsideDecision>,
    /// The line that says in whose place the authority decides, and by which agreement.
    #[n(17)]
    instead_of: Option<String>,
}

/// A document that the authority hands out with an act.
pub(super) struct Handed<'a> {
    /// Its content type.
    pub(super) content_type: &'static str,
    /// What it lists.
    pub(super) items: &'a [String],
}

/// A document of the authority about the case as it now is.
pub(super) fn paper(
    facts: &dyn Facts,
    case: &Case,
    operator: &str,
    at: Timestamp,
    content_type: &'static str,
    items: &[String],
    granted: Option<bool>,
) -> Document {
    let ends = case.deadlines.as_ref().map(|due| [due.statutory, due.promised]);
    let paper = Paper {
        case_no: case.case_no.as_deref(),
        collection_no: &case.collection_no,
        item: &case.item.code,
        name: &case.item.core.name,
        department: &case.item.department,
        division: case.deciding.division,
        at,
        operator,
        text: case.reason.as_deref(),
        accepted_on: case.accepted_on,
        statutory_due: case.deadlines.as_ref().and_then(|due| due.statutory).map(|due| due.date),
        promised_due: case.deadlines.as_ref().and_then(|due| due.promised).map(|due| due.date),
        items,
        granted,
        demo: facts.node().demo,
        provisional: ends.map(|ends| ends.iter().flatten().any(|end| end.provisional)),
        agreement: case.agreement.as_ref(),
        outside: case.outside.as_ref(),
        instead_of: case.instead_of.as_ref().map(InsteadOf::said),
    };
    Document {
        case: case.id,
        act: case.acts,
        sealer: Sealer::Authority(case.item.authority),
        content_type,
        payload: tongban_codes::cbor::to_vec(&paper),
    }
}

/// A reason of 1 to 2,000 characters.
pub(crate) fn reason(text: &str) -> Result<String, Rejection> {
    filled(text).ok_or_else(|| {
        Rejection::new(
            codes::INVALID_FIELD,
            "a reason of 1 to 2,000 characters is required",
            "必须说明理由，1 至 2000 字",
        )
        .field("reason", text.trim())
        .remedy("give --reason", "请填写 --reason")
    })
}

/// The reason of a denial, which the law asks for (行政许可法 38).
pub(super) fn denial(text: &str) -> Result<String, Rejection> {
    filled(text).ok_or_else(|| {
        Rejection::new(
            codes::INVALID_FIELD,
            "a denial needs a reason of 1 to 2,000 characters (行政许可法 38)",
            "不予许可必须说明理由，1 至 2000 字（行政许可法第三十八条）",
        )
        .field("reason", text.trim())
        .remedy("give --reason", "请填写 --reason")
    })
}

/// What is said of a case under another name than a reason: 1 to 2,000 characters.
pub(crate) fn said(field: &'static str, text: &str) -> Result<String, Rejection> {
    filled(text).ok_or_else(|| {
        Rejection::new(codes::INVALID_FIELD, "a text of 1 to 2,000 characters is required", "须填写，1 至 2000 字")
            .field(field, text.trim())
            .remedy(format!("give --{field}"), format!("请填写 --{field}"))
    })
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= REASON_CHARS_MAX).then(|| text.to_owned())
}

/// A remark of at most 2,000 characters; a blank one is none.
pub(crate) fn remark(text: Option<&str>) -> Result<Option<String>, Rejection> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > REASON_CHARS_MAX {
        return Err(Rejection::new(codes::INVALID_FIELD, "a note has at most 2,000 characters", "备注最多 2000 字")
            .field("note", text)
            .remedy("shorten --note", "请缩短 --note"));
    }
    Ok(Some(text.to_owned()))
}
