//! Commands: what an operator, a peer or the clock asks for. Malformed ones never get here.

mod parties;

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;

use crate::actor::Role;
use crate::application::ApplicationCommand;
use crate::case::{
    Act, Amended, Bringing, Competent, DocumentChoice, Material, Offer, OutcomeSource, PrintForm, Progress,
    ReclaimOrder, ReclaimRequest, RefusalKind, Supplement, Withdrawal,
};
use crate::catalogue::{
    AgreementCommand, ClaimTerms, DeclineReason, DivisionPlan, ForeignItem, Import, ItemAct, Mode, Reorganisation,
    Selection, StandardDraft, StandardKind,
};
use crate::connector::OrderCommand;
use crate::earlier::EarlierCommand;
use crate::pledge::Outcome;
use crate::supervision::{Order, OrderAnswer, RuleSetting};
use crate::uniform::UniformCommand;
use crate::voice::VoiceCommand;

pub use parties::{Agent, Applicant, Identity, Origin, Witness};

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
    /// Takes back what this node has said about the code of a division below it: the code that was to end.
    WithdrawDivision(DivisionCode),
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
        /// The licence that is to be renewed (延续).
        renews: Option<String>,
        /// Who acts for the applicant.
        agent: Option<Box<Agent>>,
        /// The own item by which this authority decides in another's place, where several could be meant.
        by: Option<String>,
    },
    /// Offers a held case to the authority in charge.
    Offer(String),
    /// Accepts (受理).
    Accept(String),
    /// Accepts though not everything was brought that a notice had asked for.
    AcceptEnough {
        /// Case.
        case: String,
        /// Why what was brought is enough.
        reason: String,
    },
    /// Refuses (不受理, 不予受理).
    Refuse {
        /// Case.
        case: String,
        /// Which of the two.
        kind: RefusalKind,
        /// Reason.
        reason: String,
        /// For not-competent, who is.
        competent: Option<Competent>,
    },
    /// Gives the one complete correction notice (一次性告知).
    Notify {
        /// Case.
        case: String,
        /// Everything that is missing or wrong.
        items: Vec<String>,
        /// On a further notice: why each of these couldn't be known the first time.
        new_reasons: Vec<String>,
        /// Days that it gives; [`crate::case::NOTICE_DAYS_DEFAULT`] when absent.
        within: Option<u16>,
    },
    /// Takes what the applicant brings after a notice (补正).
    Supplement {
        /// Case.
        case: String,
        /// What is brought, by line of the notice.
        brings: Vec<Bringing>,
    },
    /// Returns a case of which not everything was brought in time (退件).
    Return {
        /// Case.
        case: String,
        /// Reason.
        reason: String,
    },
    /// Records an on-site check (现场核查).
    Check {
        /// Case.
        case: String,
        /// The officers, two at least.
        officers: Vec<String>,
        /// What they found.
        finding: String,
    },
    /// Records a mistake that was put right on the spot (当场更正).
    Correct {
        /// Case.
        case: String,
        /// What was wrong, and what is right.
        what: String,
        /// Materials that take the place of those of the same name.
        materials: Vec<Material>,
    },
    /// Forwards with a preliminary opinion to the superior authority (转报).
    Forward {
        /// Case.
        case: String,
        /// Division of the superior authority.
        division: DivisionCode,
        /// Its item.
        item: String,
        /// The opinion.
        opinion: String,
    },
    /// Puts a wrong entry right (更正).
    Amend {
        /// Case.
        case: String,
        /// Which, what it should be, and why.
        amended: Amended,
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
    /// Enters what another system decided (系统外办结).
    EnterOutcome {
        /// Case.
        case: String,
        /// What, and whence.
        source: OutcomeSource,
    },
    /// Waives a fee that comes before the result (免缴).
    WaiveFee {
        /// Case.
        case: String,
        /// Which, by the guide's name.
        fee: String,
        /// Why.
        reason: String,
    },
    /// Denies because the numbers of the item are used up (行政许可法 57).
    DenyForNumber(String),
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
    /// Counts a print of a document of a case (打印、补打).
    PrintDocument {
        /// Which document.
        document: DocumentChoice,
        /// On what; the slip printer's roll for a collection slip, A4 else, when absent.
        form: Option<PrintForm>,
        /// Why it is printed again.
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
    /// Sets the thresholds of a rule of supervision.
    SetRule {
        /// Which, and what; without a threshold it is as the superiors have it.
        setting: RuleSetting,
        /// First day, at once when absent.
        effective: Option<Date>,
    },
    /// Answers a card or an order.
    AnswerSupervision {
        /// Its number.
        number: String,
        /// What is said.
        text: String,
    },
    /// Closes a card (人工关闭).
    CloseCard {
        /// Its number.
        card: String,
        /// Why.
        text: String,
    },
    /// Orders an answer (督办).
    GiveOrder {
        /// A case or a card.
        about: String,
        /// The division that answers; this one when absent.
        division: Option<DivisionCode>,
        /// What is asked for.
        text: String,
        /// Working days for the answer.
        days: u16,
    },
    /// A superior orders an answer.
    TakeOrder {
        /// Who.
        origin: Origin,
        /// What.
        order: Box<Order>,
    },
    /// A node below answers an order.
    TakeOrderAnswer {
        /// Who.
        origin: Origin,
        /// What.
        answer: Box<OrderAnswer>,
    },
    /// A node below didn't take an order.
    SettleOrder {
        /// Who.
        origin: Origin,
        /// Which.
        order: CaseId,
        /// Code and text.
        refusal: (String, String),
    },
    /// Ratings and tickets.
    Voice(VoiceCommand),
    /// Applications for life events.
    Application(ApplicationCommand),
    /// Agreements between authorities.
    Agreement(AgreementCommand),
    /// Reports again what the authority in charge hadn't taken of a case that is decided in its place (重新告知).
    ReportAgain(String),
    /// Signs for the paper file of a case, from which its days run by the agreement (纸质签收).
    ReceivePaper(String),
    /// Earlier cases of another system.
    Earlier(Box<EarlierCommand>),
    /// Orders to outside systems (缴费、寄递).
    Order(OrderCommand),
    /// Takes a case that waits at a step (领取).
    ClaimCase(String),
    /// Hands a case on to another (转办).
    HandCaseOn {
        /// Case.
        case: String,
        /// To whom.
        to: String,
        /// Why.
        note: Option<String>,
    },
    /// Sends a case back to an earlier step (退回).
    ReturnCase {
        /// Case.
        case: String,
        /// Number of the step, from 1.
        to_step: u16,
        /// Why.
        reason: String,
    },
    /// Gives the opinion of a step (通过、退回).
    DoStep {
        /// Case.
        case: String,
        /// Passes it, or sends it back.
        pass: bool,
        /// The opinion.
        opinion: String,
    },
    /// Takes an operator off a case (回避).
    Recuse {
        /// Case.
        case: String,
        /// Who; the actor himself when absent.
        operator: Option<String>,
        /// Why.
        reason: String,
    },
    /// Accepts with materials to follow (容缺受理).
    AcceptLacking {
        /// Case.
        case: String,
        /// What is to follow, by the guide's names.
        lacking: Vec<String>,
        /// The last day for it.
        until: Date,
        /// The applicant's written promise.
        promise: Material,
        /// Why what else a notice asked for is enough as it is.
        enough: Option<String>,
    },
    /// Takes the applicant's pledge in the place of materials (告知承诺).
    Pledge {
        /// Case.
        case: String,
        /// For which materials, by the guide's names.
        materials: Vec<String>,
        /// The signed pledge.
        commitment: Material,
    },
    /// Records what a check of a pledge found, or what came of it (承诺核查).
    VerifyPledge {
        /// Case.
        case: String,
        /// What.
        outcome: Outcome,
        /// In words.
        finding: String,
    },
    /// Enters materials that were to follow.
    FollowUp {
        /// Case.
        case: String,
        /// What has come.
        materials: Vec<Material>,
    },
    /// Lets one operator stand in for another (AB岗).
    Delegate {
        /// For whom.
        principal: String,
        /// Who stands in.
        deputy: String,
        /// For these items; all when empty.
        items: Vec<String>,
        /// First day, today when absent.
        from: Option<Date>,
        /// Last day.
        until: Date,
        /// Who approved it.
        approver: String,
    },
    /// Ends what was delegated before its day.
    EndDelegation {
        /// For whom.
        principal: String,
        /// Who stands in.
        deputy: String,
    },
    /// Moves what an operator holds to another.
    HandOver {
        /// Who leaves, or gives some items away.
        from: String,
        /// Who goes on.
        to: String,
        /// Of these items; everything when empty, and then he is disabled.
        items: Vec<String>,
    },
    /// Takes an operator out of service.
    DisableOperator(String),
    /// Lets an operator act again.
    EnableOperator(String),
    /// Registers who an operator is, so that he touches no case of his own.
    RegisterIdentity {
        /// Operator.
        operator: String,
        /// Citizen id; none takes it away.
        identity: Option<Identity>,
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
        case: CaseId,
        /// Tenure under which it was offered.
        tenure: u32,
        /// Number of the offering act: a late answer to an earlier offer settles nothing.
        act: u32,
        /// The refusal; absent when custody was taken.
        refusal: Option<(String, String)>,
    },
    /// Asks the common superior for a case whose other side is gone for good (申请收回).
    AskReclaim {
        /// Case.
        case: String,
        /// Why.
        reason: String,
    },
    /// Orders a reclaim that was asked for.
    OrderReclaim {
        /// Case.
        case: CaseId,
        /// What is known of the lost node.
        witness: Box<Witness>,
    },
    /// Declines it.
    DeclineReclaim {
        /// Case.
        case: CaseId,
        /// Why.
        reason: String,
    },
    /// A node below asks for a reclaim.
    KeepReclaimRequest {
        /// Who.
        origin: Origin,
        /// What.
        request: Box<ReclaimRequest>,
    },
    /// The common superior orders a reclaim.
    TakeReclaimOrder {
        /// Who.
        origin: Origin,
        /// What.
        order: Box<ReclaimOrder>,
    },
    /// The common superior declines, or doesn't take the request.
    ReclaimDeclined {
        /// Who.
        origin: Origin,
        /// Case.
        case: CaseId,
        /// Why.
        reason: String,
    },
    /// A node that was lost says what it had done.
    KeepReclaimReturn {
        /// Who.
        origin: Origin,
        /// Case.
        case: CaseId,
        /// Its acts.
        acts: Vec<Act>,
    },
    /// The collecting hall took what a notice had asked for.
    TakeSupplement {
        /// Who.
        origin: Origin,
        /// What.
        supplement: Box<Supplement>,
    },
    /// The owner didn't take what this hall had taken for it.
    SupplementRefused {
        /// Case.
        case: CaseId,
        /// Number of the act by which it was taken here.
        act: u32,
        /// Why: a code and a text.
        refusal: (String, String),
    },
    /// The collecting hall took that the applicant withdraws.
    TakeWithdrawal {
        /// Who.
        origin: Origin,
        /// What.
        withdrawal: Box<Withdrawal>,
    },
    /// The owner didn't take the withdrawal that this hall had taken for it.
    WithdrawalRefused {
        /// Case.
        case: CaseId,
        /// Number of the act by which it was taken here.
        act: u32,
        /// Why: a code and a text.
        refusal: (String, String),
    },
    /// A case that one authority decides in another's place.
    Uniform(UniformCommand),
    /// The owner reports an act.
    Mirror {
        /// Who.
        origin: Origin,
        /// What.
        progress: Box<Progress>,
    },
}
