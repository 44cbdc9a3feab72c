//! 异地受理、无差别办理: the authority of the place where somebody applies decides in the place of the one that is in charge of him, under the same
//! standard and a published agreement (国办发〔2020〕35号).
//!
//! ```text
//!   the authority in charge (B)                          the authority that stands in (A)
//!   publishes item, mode and agreement ───────────────▶ competence: the agreement of the day, its own item of the same core
//!                                                        its own case: owner, clock, number, decision, licence, figures
//!   HandledElsewhere ◀── UniformWord, each whole ─────── accepted · ended · licence issued or cancelled · entry put right
//!           └── refusal (no such agreement, …) ────────▶ on record in the case, and in the list of reports that were refused
//! ```
//!
//! Competence moves by the published agreement alone: by its own item no authority decides for another division, and by the published scope a window
//! collects and no more. The case is the deciding authority's from the first day: there is no custody to hand over and no second leg, so that what
//! the authority in charge hears is a report and nothing that it decides on. It keeps a row beside its own cases; no figure counts a case twice.

mod competence;
mod handled;
mod word;

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{AuthorityId, CaseId};
use tongban_codes::time::Timestamp;

pub(crate) use competence::{elsewhere, stand_in};
pub use handled::{HandledCount, HandledElsewhere, HandledStep};
pub use word::{LicenceWord, UniformEnding, UniformWord};
pub(crate) use word::{after, report_again};

use crate::case::{Case, here};
use crate::change::Change;
use crate::command::Origin;
use crate::facts::Place;
use crate::{Desk, Facts, Rejection, codes};

/// In whose place an authority decides a case, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct InsteadOf {
    /// The node of the authority in charge, and its division.
    #[n(0)]
    pub place: Place,
    /// Its item, whole code.
    #[n(1)]
    pub item: String,
    /// Version of the item, by which scope and agreement were judged.
    #[n(2)]
    pub version: u32,
    /// When its node stated that version: as old as this is what was known of it.
    #[n(3)]
    pub as_of: Timestamp,
    /// The authority in charge.
    #[n(4)]
    pub authority: AuthorityId,
    /// Its name.
    #[n(5)]
    pub department: String,
    /// Its code as the source had it, valid or not.
    #[n(6)]
    pub department_code: String,
    /// Number of the agreement between the authorities.
    #[n(7)]
    pub agreement: String,
    /// The credit code under which the authority that decides is a party of it.
    #[n(8)]
    pub party: String,
}

impl InsteadOf {
    /// The line of a document that names what the competence of the deciding authority rests on.
    #[must_use]
    pub fn said(&self) -> String {
        let name = |division| tongban_codes::division::table().path_name(division);
        let place = name(self.place.division).unwrap_or_else(|| self.place.division.to_string());
        format!("本机关依通办协议 {} 对{place}{}主管的本事项实行异地受理、无差别办理", self.agreement, self.department)
    }
}

/// That the authority in charge didn't take the last report of a case.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct ReportRefused {
    /// Number of the act by which it was reported.
    #[n(0)]
    pub act: u32,
    /// The code of the refusal.
    #[n(1)]
    pub code: String,
    /// In words.
    #[n(2)]
    pub text: String,
    /// When this node heard of it.
    #[n(3)]
    pub at: Timestamp,
}

/// What peers ask of cases that are decided in another's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UniformCommand {
    /// An authority that stands in for one of this node's reports.
    Take {
        /// Who.
        origin: Origin,
        /// The case there.
        case: CaseId,
        /// What.
        word: Box<UniformWord>,
    },
    /// The authority in charge didn't take a report of this node's.
    Refused {
        /// Case.
        case: CaseId,
        /// Number of the act by which it was reported.
        act: u32,
        /// Why: a code and a text.
        refusal: (String, String),
    },
}

pub(crate) fn decide(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    command: &UniformCommand,
    at: Timestamp,
) -> Result<Change, Rejection> {
    match command {
        UniformCommand::Take { origin, case, word } => handled::take(facts, desk, *origin, (case, word), at),
        UniformCommand::Refused { case, act, refusal } => word::refused(facts, case, *act, refusal, at),
    }
}

/// Refuses to hand a case on that this authority decides in another's place: the agreement gives it the competence, and nobody else.
pub(crate) fn stays(facts: &dyn Facts, case: &Case, code: &'static str) -> Result<(), Rejection> {
    let Some(instead) = &case.instead_of else { return Ok(()) };
    let division = here(facts).division;
    Err(Rejection::new(
        code,
        format!("by the agreement {} the authority of {division} decides this case, and no other", instead.agreement),
        format!("依协议 {} 由 {division} 的机关办理并作出决定，不得转由其他机关办理", instead.agreement),
    )
    .field("case", case.id)
    .remedy(
        "decide it: tongban case decide; or the applicant withdraws and applies to the authority in charge",
        "作出决定：tongban case decide；或由申请人撤回后向主管机关申请",
    ))
}

/// The refusal of an offer in this mode, in which nothing is handed over.
pub(crate) fn not_offered(case: CaseId) -> Rejection {
    Rejection::new(
        codes::SCOPE_MISSING,
        "in the mode uniform the collecting authority decides; nothing is handed over",
        "“异地受理无差别办理”由收件地机关办理，不移交",
    )
    .field("case", case)
    .remedy("decide it where it was collected: tongban case decide", "由收件地机关作出决定：tongban case decide")
}

/// Refuses a case, in whatever mode, of which it was reported that another authority decides it: nothing is handled twice.
pub(crate) fn not_elsewhere(facts: &dyn Facts, case: &CaseId) -> Result<(), Rejection> {
    let Some(known) = facts.handled_elsewhere(case) else { return Ok(()) };
    let (division, agreement) = (known.place.division, known.word.agreement);
    Err(Rejection::new(
        codes::CASE_STATE,
        format!("it was reported that the authority of {division} decides the case, by the agreement {agreement}"),
        format!("该办件已告知由 {division} 的机关依协议 {agreement} 办理"),
    )
    .field("case", case)
    .remedy("decide it there: tongban case decide", "由该机关作出决定：tongban case decide"))
}
