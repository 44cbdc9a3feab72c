//! What the owner of a case didn't take of what this hall told it of other cases of the application: kept with the part, for nothing tells it again
//! and the window has to settle it with that authority.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::amended::agrees;
use super::list::ToldKind;
use super::row::{Application, Part};
use super::telling::is_passed_on;
use crate::case::{Act, ActKind, here};
use crate::catalogue::CodeList as _;
use crate::change::{Change, Event, Reply};
use crate::naming::kept_refusal;
use crate::{Desk, Facts, Rejection, codes};

/// How many refusals of what this hall told are kept of a part, the last ones: a peer that refuses again and again fills nothing.
const REFUSALS_KEPT_MAX: usize = 20;

/// That something which was told to the owner of a case wasn't taken.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Untold {
    /// What.
    #[n(0)]
    pub what: ToldKind,
    /// The case.
    #[n(1)]
    pub case: CaseId,
    /// Number of the act by which it was told; none where this hall has the case itself.
    #[n(2)]
    pub act: Option<u32>,
    /// The code of the refusal.
    #[n(3)]
    pub code: String,
    /// In words, in Chinese.
    #[n(4)]
    pub text: String,
    /// When this hall heard of it.
    #[n(5)]
    pub at: Timestamp,
}

/// The same as the standing of a part shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotTaken {
    /// What was told.
    pub told: ToldKind,
    /// In Chinese.
    pub told_zh: &'static str,
    /// The case whose owner didn't take it.
    pub case: CaseId,
    /// Number of the act by which it was told; none where this hall has the case itself.
    pub act: Option<u32>,
    /// The code of the refusal.
    pub reason_code: String,
    /// In words, in Chinese.
    pub reason: String,
    /// When this hall heard of it.
    pub at: Timestamp,
}

impl Untold {
    pub(super) fn shown(&self) -> NotTaken {
        NotTaken {
            told: self.what,
            told_zh: self.what.zh(),
            case: self.case,
            act: self.act,
            reason_code: self.code.clone(),
            reason: self.text.clone(),
            at: self.at,
        }
    }
}

/// Keeps a refusal with the part to which its case belongs, also one of an earlier attempt; tells whether there is such a part.
///
/// A refusal of the same word takes the place of the one before; of what no act told, one for the same reason does.
pub(super) fn keep(application: &mut Application, untold: Untold) -> bool {
    let of = |part: &&mut Part| part.cases().any(|case| case == untold.case);
    let Some(part) = application.parts.iter_mut().find(of) else { return false };
    let is_same = |known: &Untold| {
        (known.what, known.case, known.act) == (untold.what, untold.case, untold.act)
            && (known.act.is_some() || known.code == untold.code)
    };
    part.untold.retain(|known| !is_same(known));
    part.untold.push(untold);
    let beyond = part.untold.len().saturating_sub(REFUSALS_KEPT_MAX);
    part.untold.drain(..beyond);
    true
}

/// Records that the owner of a case didn't take what this hall told it; nothing where the case says it by now, as a later word had it.
///
/// # Errors
///
/// `stale-tenure` where this hall told the owner nothing by that act, or collected no application of which the case is a part.
pub(super) fn refused(
    facts: &dyn Facts,
    desk: &dyn Desk,
    case: &CaseId,
    (what, number): (ToldKind, u32),
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let here = here(facts);
    let told = |act: &Act| {
        (act.number, act.kind, act.place.node) == (number, ActKind::TellPart, here.node) && is_passed_on(act)
    };
    let known = facts.case(case).filter(|_| facts.acts(case).iter().any(told));
    let of = known.as_ref().and_then(|known| known.part_of.as_ref());
    let application = of.and_then(|of| facts.application(&of.application));
    let is_settled = |(known, application)| what == ToldKind::Amended && agrees(desk, application, known);
    if known.as_ref().zip(application.as_ref()).is_some_and(is_settled) {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    let (code, text) = kept_refusal(refusal);
    let untold = Untold { what, case: *case, act: Some(number), code, text, at };
    let kept = application.and_then(|mut application| keep(&mut application, untold).then_some(application));
    let application = kept.ok_or_else(|| {
        let (en, zh) = ("the answer fits nothing that this hall told", "答复与本厅的转告不符");
        Rejection::new(codes::STALE_TENURE, en, zh).field("case", case)
    })?;
    Ok(Change::of(vec![Event::Application(Box::new(application))], Reply::Known {}))
}
