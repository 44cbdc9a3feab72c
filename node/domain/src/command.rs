//! Commands: what an operator, a peer or the clock asks for. Malformed ones never get here.

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

use crate::actor::Role;
use crate::case::{Material, Offer, Progress, RefusalKind};
use crate::catalogue::{
    ClaimTerms, DeclineReason, DivisionPlan, ForeignItem, Import, ItemAct, Mode, Reorganisation, Selection,
    StandardDraft, StandardKind,
};
use crate::facts::Place;

/// The applicant as he gave his name and number at the window or online.
#[derive(Clone, PartialEq, Eq)]
pub struct Applicant {
    /// Name, at most 100 characters.
    pub name: String,
    /// Citizen id or unified social credit code.
    pub identity: String,
}

impl std::fmt::Debug for Applicant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Applicant { .. }")
    }
}

/// Where a message of a peer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The sending node and its division, as the directory certifies them.
    pub place: Place,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Adds an operator, or gives an existing one further roles.
    AddOperator {
        /// Name.
        name: String,
        /// Roles to add.
        roles: Vec<Role>,
        /// Window.
        window: Option<String>,
        /// User id on this machine.
        uid: Option<u32>,
    },
    /// Gives a decision mandate.
    GrantMandate {
        /// To whom.
        operator: String,
        /// Item code, all items when absent.
        item: Option<String>,
        /// First day, today when absent.
        from: Option<Date>,
        /// Last day.
        until: Option<Date>,
    },
    /// Adds an authority, or a code, or maps a malformed code to a valid one.
    AddAuthority {
        /// Name.
        name: String,
        /// Valid credit code.
        code: Option<String>,
        /// The malformed code that it stands for.
        maps: Option<String>,
    },
    /// Imports rows of a file.
    ImportItems(Import),
    /// Publishes one item, or every draft that can be.
    PublishItems(Option<String>),
    /// Claims a base item.
    ClaimItem {
        /// Its base code.
        base_code: String,
        /// What the claimer adds.
        terms: ClaimTerms,
    },
    /// Withdraws an item.
    WithdrawItem(String),
    /// Brings items through their life: submit, review, publish, suspend, resume, withdraw.
    BringItems {
        /// What to do.
        act: ItemAct,
        /// To which.
        which: Selection,
        /// Decides everything and writes nothing.
        dry_run: bool,
    },
    /// Takes back a published version that waits for its day.
    TakeBackItem {
        /// Item code.
        item: String,
        /// Its number.
        version: u32,
    },
    /// Claims base items with the same terms.
    ClaimItems {
        /// Which, by base code; all means what is neither claimed nor declined.
        which: Selection,
        /// What the claimer adds.
        terms: ClaimTerms,
        /// Decides everything and writes nothing.
        dry_run: bool,
    },
    /// Takes the present version of base items over into drafts of what is bound to an earlier one.
    UpdateClaims {
        /// Base code; all that are outdated when absent.
        base_code: Option<String>,
        /// Decides everything and writes nothing.
        dry_run: bool,
    },
    /// Declines a base item of a superior.
    DeclineItem {
        /// Base code.
        base_code: String,
        /// Why.
        reason: DeclineReason,
        /// In words.
        note: String,
    },
    /// Replaces an item by another as of a day.
    ReplaceItem {
        /// The code that ends.
        old: String,
        /// The code that goes on.
        by: String,
        /// The first day of the new one.
        from: Date,
        /// The order (文号).
        order: Option<String>,
    },
    /// Merges authorities, or changes the credit code of one, as of a day.
    Reorganise {
        /// What the order says.
        plan: Reorganisation,
        /// Decides everything and writes nothing.
        dry_run: bool,
    },
    /// Gives this node's division, or one below it, another code as of a day.
    ChangeDivision {
        /// What the order says.
        plan: DivisionPlan,
        /// Decides everything and writes nothing.
        dry_run: bool,
    },
    /// Says for which department's line an operator acts.
    AssignLine {
        /// Operator.
        operator: String,
        /// Department; none takes it away.
        department: Option<String>,
    },
    /// Sets standards of this node: ceilings, topics, life events, entries of lists, policy.
    SetStandards(Vec<StandardDraft>),
    /// Withdraws a standard of this node.
    WithdrawStandard {
        /// What it is.
        kind: StandardKind,
        /// Its code.
        code: String,
        /// The first day without it, today when absent.
        from: Option<Date>,
    },
    /// Collects (收件).
    Collect {
        /// Item code, or its first part.
        item: String,
        /// Division of the authority in charge.
        division: DivisionCode,
        /// Mode; chosen from what the item publishes when absent.
        mode: Option<Mode>,
        /// Who applies.
        applicant: Applicant,
        /// What was brought.
        materials: Vec<Material>,
        /// Keeps the case at this window instead of offering it at once.
        hold: bool,
    },
    /// Offers a held case to the authority in charge.
    Offer(String),
    /// Accepts (受理).
    Accept(String),
    /// Refuses (不受理, 不予受理).
    Refuse {
        /// Case.
        case: String,
        /// Which of the two.
        kind: RefusalKind,
        /// Reason; for not-competent, who is.
        reason: String,
    },
    /// Gives the one complete correction notice (一次性告知).
    Notify {
        /// Case.
        case: String,
        /// Everything that is missing or wrong.
        items: Vec<String>,
    },
    /// Decides (决定).
    Decide {
        /// Case.
        case: String,
        /// Grants, or denies.
        grant: bool,
        /// Reason; required for a denial (行政许可法 38).
        reason: Option<String>,
    },
    /// Stops the clock for a special procedure (特别程序).
    SuspendCase {
        /// Case.
        case: String,
        /// One of 行政许可法 45, or a special link of the item.
        procedure: String,
        /// The working days that it takes, as told to the applicant.
        days: u16,
    },
    /// Lets the clock run again.
    ResumeCase {
        /// Case.
        case: String,
        /// What came of the procedure.
        note: Option<String>,
    },
    /// Extends the statutory time (延期).
    ExtendCase {
        /// Case.
        case: String,
        /// Working days.
        days: u16,
        /// Who approved it.
        approver: String,
        /// Reason, of which the applicant is told.
        reason: String,
    },
    /// Delivers the decision and its result (送达).
    Deliver {
        /// Case.
        case: String,
        /// How, e.g. courier number.
        note: Option<String>,
    },
    /// Closes (办结).
    Close(String),
    /// The applicant withdraws (撤件).
    Withdraw {
        /// Case.
        case: String,
        /// Reason.
        reason: Option<String>,
    },
    /// Issues a licence from a granted case.
    IssueLicence {
        /// Case.
        case: String,
        /// Type code of 21 characters, or the name of a type of the authority's own.
        kind: String,
        /// Last day of validity.
        until: Date,
    },
    /// Cancels a licence (注销).
    CancelLicence {
        /// Identifier.
        licence: String,
        /// Reason (行政许可法 70).
        reason: String,
    },
    /// The clock: what is due by now, at most a batch of it.
    Tick,
    /// Keeps another node's item as fetched.
    KeepForeignItem(Box<ForeignItem>),
    /// A peer offers custody.
    TakeCustody {
        /// Who.
        origin: Origin,
        /// What.
        offer: Box<Offer>,
    },
    /// The answer to an offer: custody was taken, or refused with a code and a text.
    SettleOffer {
        /// Who answered.
        origin: Origin,
        /// Case.
        case: tongban_codes::ids::CaseId,
        /// Tenure under which it was offered.
        tenure: u32,
        /// Number of the offering act: a late answer to an earlier offer settles nothing.
        act: u32,
        /// The refusal; absent when custody was taken.
        refusal: Option<(String, String)>,
    },
    /// The owner reports an act.
    Mirror {
        /// Who.
        origin: Origin,
        /// What.
        progress: Box<Progress>,
    },
}
