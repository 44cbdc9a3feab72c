//! Bodies of envelopes as they travel; their numbers are frozen by `golden/`.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::Place;
use tongban_domain::application::PartWord;
use tongban_domain::case::{
    Act, AmendedField, Competent, Correction, Deadlines, Extension, ForwardedFrom, ForwardedTo, Material,
    OutsideDecision, Renewal, Status, Stop,
};
use tongban_domain::catalogue::Mode;
use tongban_domain::limit::Turn;
use tongban_domain::pledge::{Pledge, PledgeWord};
use tongban_domain::supervision::{Answer, Colour, Rule};
use tongban_domain::work::Lacking;

/// Body of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OfferBody {
    #[n(0)]
    pub(super) case: CaseId,
    #[n(1)]
    pub(super) tenure: u32,
    #[n(2)]
    pub(super) collection_no: String,
    #[n(3)]
    pub(super) query_code: QueryCode,
    #[n(4)]
    pub(super) collecting: Place,
    #[n(5)]
    pub(super) collected_at: Timestamp,
    #[n(6)]
    pub(super) deciding: DivisionCode,
    #[n(7)]
    pub(super) item: String,
    #[n(8)]
    pub(super) item_version: u32,
    #[n(9)]
    pub(super) mode: Mode,
    #[n(10)]
    pub(super) applicant_name: String,
    #[n(11)]
    pub(super) applicant_identity: String,
    #[n(12)]
    pub(super) materials: Vec<Material>,
    #[n(13)]
    pub(super) history: Vec<Act>,
    #[n(14)]
    pub(super) forwarded_from: Option<ForwardedFrom>,
    #[n(15)]
    pub(super) standing: Option<Status>,
    #[n(24)]
    pub(super) agreement: Option<String>,
    #[n(34)]
    pub(super) renews: Option<String>,
    #[n(36)]
    pub(super) agent: Option<AgentBody>,
    #[n(55)]
    pub(super) part_of: Option<PartWord>,
    #[n(57)]
    pub(super) pledge: Option<PledgeWord>,
}

/// Who acts for the applicant, in the body of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AgentBody {
    #[n(0)]
    pub(super) name: String,
    #[n(1)]
    pub(super) identity: String,
    #[n(2)]
    pub(super) power: String,
    #[n(3)]
    pub(super) scope: Option<String>,
    #[n(4)]
    pub(super) until: Option<Date>,
}

/// Body of a progress report.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProgressBody {
    #[n(0)]
    pub(super) act: Act,
    #[n(1)]
    pub(super) case_no: Option<String>,
    #[n(2)]
    pub(super) received_on: Option<Date>,
    #[n(3)]
    pub(super) accepted_on: Option<Date>,
    #[n(4)]
    pub(super) decided_on: Option<Date>,
    #[n(5)]
    pub(super) deadlines: Option<Deadlines>,
    #[n(6)]
    pub(super) deemed: bool,
    #[n(7)]
    pub(super) licences: Vec<String>,
    #[n(8)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub(super) stops: Vec<Stop>,
    #[n(9)]
    pub(super) extension: Option<Extension>,
    #[n(14)]
    pub(super) renewal: Option<Renewal>,
    #[n(10)]
    pub(super) correction: Option<Correction>,
    #[n(11)]
    pub(super) competent: Option<Competent>,
    #[n(12)]
    pub(super) forwarded_to: Option<ForwardedTo>,
    #[n(13)]
    pub(super) amended: Option<AmendedBody>,
    #[n(15)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub(super) lacking: Vec<Lacking>,
    #[n(56)]
    pub(super) turn: Option<Turn>,
    #[n(57)]
    pub(super) pledge: Option<Pledge>,
    #[n(61)]
    pub(super) outside: Option<OutsideDecision>,
}

/// An entry that was put right.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct AmendedBody {
    #[n(0)]
    pub(super) field: AmendedField,
    #[n(1)]
    pub(super) value: String,
    #[n(2)]
    pub(super) reason: String,
}

impl std::fmt::Debug for AmendedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AmendedBody").field("field", &self.field).finish_non_exhaustive()
    }
}

/// Body of a supplement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SupplementBody {
    #[n(0)]
    pub(super) act: Act,
    #[n(1)]
    pub(super) lines: Vec<SupplementLine>,
}

/// What was brought against a line of the notice.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct SupplementLine {
    /// Its place in the notice, from 0.
    #[n(0)]
    pub(super) line: u16,
    #[n(1)]
    pub(super) materials: Vec<Material>,
}

/// Body of the refusal of a reclaim.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeclinedBody {
    #[n(0)]
    pub(super) reason: String,
}

/// Body of what a node tells that was lost.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReturnBody {
    #[n(0)]
    pub(super) acts: Vec<Act>,
}

/// Body of an order: what the superior knows of it. Its subject is the order's own id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OrderBody {
    #[n(0)]
    pub(super) order: CaseId,
    #[n(1)]
    pub(super) number: String,
    #[n(2)]
    pub(super) text: String,
    #[n(3)]
    pub(super) from: Place,
    #[n(4)]
    pub(super) to: Place,
    #[n(5)]
    pub(super) operator: String,
    #[n(6)]
    pub(super) at: Timestamp,
    #[n(7)]
    pub(super) answer_by: Date,
    #[n(8)]
    pub(super) about: String,
}

/// Body of the answer to an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OrderAnswerBody {
    #[n(0)]
    pub(super) order: CaseId,
    #[n(1)]
    pub(super) answer: Answer,
    #[n(2)]
    pub(super) case_no: Option<String>,
    #[n(3)]
    pub(super) item_type: Option<String>,
    #[n(4)]
    pub(super) department: Option<String>,
    #[n(5)]
    pub(super) rule: Option<Rule>,
    #[n(6)]
    pub(super) colour: Option<Colour>,
}
