//! Work on cases: steps, queues, who stands in for whom, who hands over.

use serde::{Deserialize, Serialize};
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::Material;
use tongban_domain::pledge::{Outcome, Standing as PledgeStanding};
use tongban_domain::work::{HandOver, Lacking};

use super::request;

request! {
    /// Names a case and what is done with its step.
    WorkCase {
        /// Id, collection number, case number or query code.
        case: String,
        /// What to do.
        act: WorkRequest,
    }
    /// Selects what waits.
    QueueQuery {
        /// `reviewer` or `decider`; both when absent.
        #[serde(default)]
        role: Option<String>,
        /// What the calling operator holds, instead of what nobody holds.
        #[serde(default)]
        mine: bool,
        /// Cases to which a material is to follow, instead.
        #[serde(default)]
        lacking: bool,
        /// Pledges that are to be checked or put right.
        #[serde(default)]
        pledges: bool,
        /// At most so many, those due first before the others, 100 when absent.
        #[serde(default)]
        limit: Option<usize>,
    }
    /// Lets one operator stand in for another.
    DelegateDuty {
        /// For whom.
        principal: String,
        /// Who stands in.
        deputy: String,
        /// For these items; all when empty.
        #[serde(default)]
        items: Vec<String>,
        /// First day, today when absent.
        #[serde(default)]
        from: Option<Date>,
        /// Last day.
        until: Date,
        /// Who approved it.
        approver: String,
    }
    /// Ends what was delegated before its day.
    EndDelegation {
        /// For whom.
        principal: String,
        /// Who stands in.
        deputy: String,
    }
    /// Moves what an operator holds to another, at most 200 cases at once; repeated while the answer says `more`.
    HandOverWork {
        /// Who leaves, or gives some items away.
        from: String,
        /// Who goes on.
        to: String,
        /// Of these items; everything when empty, and then he is disabled.
        #[serde(default)]
        items: Vec<String>,
    }
    /// Names a list of what was handed over.
    HandOverQuery {
        /// Its id.
        id: String,
    }
    /// Takes an operator out of service, or lets him act again.
    OperatorService {
        /// Operator.
        operator: String,
        /// Whether he is out of service.
        disabled: bool,
    }
    /// Registers who an operator is.
    OperatorIdentity {
        /// Operator.
        operator: String,
        /// Citizen id; none takes it away.
        #[serde(default)]
        id: Option<String>,
    }
}

/// What is done with the step at which a case stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, tag = "kind")]
pub enum WorkRequest {
    /// 领取.
    Claim {},
    /// 转办.
    HandOn {
        /// To whom.
        to: String,
        /// Why.
        #[serde(default)]
        note: Option<String>,
    },
    /// 退回.
    Return {
        /// Number of the step, from 1.
        to_step: u16,
        /// Why.
        reason: String,
    },
    /// 通过、退回、签署.
    Step {
        /// Passes it, or sends it back.
        pass: bool,
        /// The opinion.
        opinion: String,
    },
    /// 回避.
    Recuse {
        /// Who; the caller himself when absent.
        #[serde(default)]
        operator: Option<String>,
        /// Why.
        reason: String,
    },
    /// 容缺受理.
    AcceptLacking {
        /// What is to follow, by the guide's names.
        lacking: Vec<String>,
        /// The last day for it.
        until: Date,
        /// The applicant's written promise.
        promise: Material,
        /// Why what else a notice asked for is enough as it is.
        #[serde(default)]
        enough: Option<String>,
    },
    /// 告知承诺.
    Pledge {
        /// For which materials, by the guide's names.
        materials: Vec<String>,
        /// The signed pledge.
        commitment: Material,
    },
    /// 承诺核查.
    VerifyPledge {
        /// What.
        outcome: Outcome,
        /// In words.
        finding: String,
    },
    /// 补交容缺材料.
    FollowUp {
        /// What has come.
        materials: Vec<Material>,
    },
}

/// A case that waits, or that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueRow {
    /// Case.
    pub case: CaseId,
    /// 办件编号.
    pub case_no: Option<String>,
    /// 收件编号.
    pub collection_no: String,
    /// Item code.
    pub item: String,
    /// Item name.
    pub item_name: String,
    /// Number of the step, from 1.
    pub step: usize,
    /// How many there are.
    pub steps: usize,
    /// Name of the step.
    pub step_name: String,
    /// Role that it asks for.
    pub role: String,
    /// Who has to agree.
    pub rule: String,
    /// How many have signed of how many, at a step of several.
    pub signed: Option<String>,
    /// Who holds it.
    pub holder: Option<String>,
    /// The last day of the step's own limit.
    pub step_due: Option<Date>,
    /// Promised deadline.
    pub promised_due: Option<Date>,
    /// Statutory deadline.
    pub statutory_due: Option<Date>,
    /// What is to follow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<Lacking>,
    /// The last day to check a pledge, or to put right what is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pledge_due: Option<Date>,
    /// Where the pledge stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pledge: Option<PledgeStanding>,
    /// Whether the day of the step, of a pledge, or of something lacking, is over.
    pub overdue: bool,
}

/// What was handed over, with its sealed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandOverView {
    /// The list.
    #[serde(flatten)]
    pub list: HandOver,
    /// The list under the node's seal, base64.
    pub sealed: String,
    /// When this was answered.
    pub as_of: Timestamp,
}
