//! Lawful refusals: a normal outcome of an act, never a fault.

use serde::Serialize;

/// Why a command was refused, in words that its author can act on.
///
/// The code is stable and documented in `docs/errors/`; the texts may be reworded. Nothing has changed when a rejection is returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// The field of the request that is at fault, empty when it is the request as a whole.
    pub field: &'static str,
    /// The value that was refused, shortened to 120 characters.
    pub value: Box<str>,
    /// What is wrong, in English.
    pub en: Box<str>,
    /// What is wrong, in Chinese.
    pub zh: Box<str>,
    /// What to do about it, in English.
    pub remedy_en: Box<str>,
    /// What to do about it, in Chinese.
    pub remedy_zh: Box<str>,
}

/// The longest value that a rejection repeats, in characters.
const VALUE_CHARS_MAX: usize = 120;

impl Rejection {
    /// Begins a rejection with its code and what is wrong in English and Chinese.
    #[must_use]
    pub fn new(code: &'static str, en: impl Into<Box<str>>, zh: impl Into<Box<str>>) -> Self {
        debug_assert!(codes::ALL.contains(&code), "{code} is missing in codes::ALL");
        Self {
            code,
            field: "",
            value: Box::default(),
            en: en.into(),
            zh: zh.into(),
            remedy_en: Box::default(),
            remedy_zh: Box::default(),
        }
    }

    /// Names the field and the refused value.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers give texts, numbers, dates and ids as they have them")]
    pub fn field(mut self, field: &'static str, value: impl ToString) -> Self {
        self.field = field;
        self.value = value.to_string().chars().take(VALUE_CHARS_MAX).collect();
        self
    }

    /// Says what to do, in English and Chinese.
    #[must_use]
    pub fn remedy(mut self, en: impl Into<Box<str>>, zh: impl Into<Box<str>>) -> Self {
        self.remedy_en = en.into();
        self.remedy_zh = zh.into();
        self
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.en)
    }
}

impl std::error::Error for Rejection {}

/// Every code that the domain refuses with; once shipped, none changes its meaning.
pub mod codes {
    macro_rules! codes {
        ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
            $($(#[$doc])* pub const $name: &str = $text;)*
            /// All codes, for the table in the documents and the test that holds it complete.
            pub const ALL: &[&str] = &[$($text),*];
        };
    }
    codes! {
        /// A field is empty, too long or of the wrong shape.
        INVALID_FIELD = "invalid-field";
        /// A citizen id or credit code fails its check digit.
        INVALID_IDENTITY = "invalid-identity";
        /// No operator fits the caller, or several do and none was named.
        OPERATOR_UNKNOWN = "operator-unknown";
        /// The operator lacks the role that the act needs.
        ROLE_MISSING = "role-missing";
        /// The decider holds no mandate in force for the item.
        MANDATE_MISSING = "mandate-missing";
        /// Another system decides the item: what it decided is entered.
        DECIDED_OUTSIDE = "decided-outside";
        /// The item runs in no other system, and is decided here.
        NOT_DECIDED_OUTSIDE = "not-decided-outside";
        /// The outcome of that number of the other system was entered for another case.
        OUTCOME_KNOWN = "outcome-known";
        /// The outcome is of a day on which a hearing or another procedure of the case hadn't ended.
        OUTCOME_IN_STOP = "outcome-in-stop";
        /// What is entered isn't what the order was told.
        OUTCOME_DIFFERS = "outcome-differs";
        /// No order was told another outcome than is entered, so that nothing is overruled.
        OUTCOME_AGREES = "outcome-agrees";
        /// A fee that comes before the result is neither paid nor waived.
        FEE_UNPAID = "fee-unpaid";
        /// Nobody stands in for that operator, so that nothing can be ended.
        DELEGATION_UNKNOWN = "delegation-unknown";
        /// The operator is out of service.
        OPERATOR_DISABLED = "operator-disabled";
        /// The operator is recused from the case.
        RECUSED = "recused";
        /// The operator is the applicant of the case.
        OWN_CASE = "own-case";
        /// Another holds the case at this step.
        STEP_HELD = "step-held";
        /// The step is signed by several and held by nobody.
        STEP_SHARED = "step-shared";
        /// The operator has signed this step before.
        STEP_SIGNED = "step-signed";
        /// The case stands at its decision, which isn't passed.
        STEP_DECISION = "step-decision";
        /// Steps that the item publishes aren't passed yet.
        STEPS_OPEN = "steps-open";
        /// Who reviewed a case would decide it.
        REVIEWER_DECIDES = "reviewer-decides";
        /// The item doesn't let this material follow.
        LACKING_UNLAWFUL = "lacking-unlawful";
        /// A material that was to follow has not come yet.
        MATERIAL_LACKING = "material-lacking";
        /// The material is not among those that were to follow.
        MATERIAL_NOT_LACKING = "material-not-lacking";
        /// The numbers of a limited item are all taken.
        NUMBERS_USED_UP = "numbers-used-up";
        /// Others that were accepted before need the numbers that are left.
        OUT_OF_TURN = "out-of-turn";
        /// A denial says that no number is left, and one is.
        NUMBERS_LEFT = "numbers-left";
        /// The case's item has no limit of number.
        ITEM_UNLIMITED = "item-unlimited";
        /// The licence of the case was cancelled, and its number is free.
        NUMBER_FREED = "number-freed";
        /// The item takes no pledge in the place of the material.
        PLEDGE_UNLAWFUL = "pledge-unlawful";
        /// An earlier pledge of the applicant was false.
        PLEDGE_BARRED = "pledge-barred";
        /// What is asked doesn't follow from where the pledge stands.
        PLEDGE_STATE = "pledge-state";
        /// Who made a finding would decide about it.
        FINDING_SELF = "finding-self";
        /// The operator holds nothing that could be handed over.
        NOTHING_TO_HAND_OVER = "nothing-to-hand-over";
        /// No item of that code is known here.
        ITEM_UNKNOWN = "item-unknown";
        /// A short code names several items.
        ITEM_AMBIGUOUS = "item-ambiguous";
        /// The item is not published.
        ITEM_NOT_PUBLISHED = "item-not-published";
        /// Files that were handed in with the case are still on their way.
        MATERIALS_UNDER_WAY = "materials-under-way";
        /// The item comes into force later.
        ITEM_NOT_YET_EFFECTIVE = "item-not-yet-effective";
        /// The item has been withdrawn.
        ITEM_WITHDRAWN = "item-withdrawn";
        /// The item is suspended: no new case is taken.
        ITEM_SUSPENDED = "item-suspended";
        /// Neither the law nor the item lets this procedure stop the clock.
        STOP_UNLAWFUL = "stop-unlawful";
        /// The clock of the case has been stopped as often as it can be.
        STOP_LIMIT = "stop-limit";
        /// Nothing allows the statutory time to be extended.
        EXTENSION_UNLAWFUL = "extension-unlawful";
        /// The statutory time was extended before.
        EXTENSION_REPEATED = "extension-repeated";
        /// The statutory time was over before it was extended.
        EXTENSION_LATE = "extension-late";
        /// The act does not fit the state of the item.
        ITEM_STATE = "item-state";
        /// The item has findings that block its publication.
        ITEM_BLOCKED = "item-blocked";
        /// A policy asks for a review before publication.
        REVIEW_REQUIRED = "review-required";
        /// Who edited a draft is to review it.
        REVIEW_SELF = "review-self";
        /// Another than its editor would change a draft.
        NOT_EDITOR = "not-editor";
        /// The guide names a legal basis that the core doesn't cite.
        BASIS_INCONSISTENT = "basis-inconsistent";
        /// The authority was merged into another.
        AUTHORITY_MERGED = "authority-merged";
        /// The item changes a field that a superior locks.
        CORE_LOCKED = "core-locked";
        /// The promised time is longer than the superior's ceiling or the statutory time.
        CEILING_EXCEEDED = "ceiling-exceeded";
        /// The item drops or lowers what a law asks for.
        FLOOR_UNDERCUT = "floor-undercut";
        /// An item, a guide or a standard is larger than a record that travels.
        TOO_LARGE = "too-large";
        /// A ceiling would forbid what a floor asks for.
        CEILING_BELOW_FLOOR = "ceiling-below-floor";
        /// The score of the item is lower than policy requires.
        QUALITY_LOW = "quality-low";
        /// The item doesn't keep a rule that policy requires.
        QUALITY_RULE = "quality-rule";
        /// This node keeps no standard of that kind and code.
        STANDARD_UNKNOWN = "standard-unknown";
        /// The item of another authority is not in the catalogue that this node could reach.
        OUTSIDE_CATALOGUE = "outside-catalogue";
        /// The item publishes no scope that covers the collecting division or mode.
        SCOPE_MISSING = "scope-missing";
        /// The authority has no valid credit code, so no number can be drawn.
        AUTHORITY_UNMAPPED = "authority-unmapped";
        /// No such authority.
        AUTHORITY_UNKNOWN = "authority-unknown";
        /// No division of that code exists.
        DIVISION_UNKNOWN = "division-unknown";
        /// No case of that number or code is known here.
        CASE_UNKNOWN = "case-unknown";
        /// The state of the case does not allow the act.
        CASE_STATE = "case-state";
        /// The case is offered to another node, and until it answers no act is allowed.
        CASE_OFFERED = "case-offered";
        /// This node has sealed no such document of the case.
        DOCUMENT_UNKNOWN = "document-unknown";
        /// A document has been printed as often as it can be.
        PRINT_LIMIT = "print-limit";
        /// Another node owns the case.
        NOT_OWNER = "not-owner";
        /// This node does not serve the authority in charge.
        NOT_COMPETENT = "not-competent";
        /// A message of a lower tenure than the case has.
        STALE_TENURE = "stale-tenure";
        /// The case is here: nothing is to be reclaimed.
        RECLAIM_OWNED = "reclaim-owned";
        /// Only the node that collected a case can ask for it.
        RECLAIM_NOT_COLLECTING = "reclaim-not-collecting";
        /// Only the nearest superior of both nodes orders a reclaim.
        RECLAIM_NOT_SUPERIOR = "reclaim-not-superior";
        /// Nobody asks for this case, or not of this node.
        RECLAIM_UNASKED = "reclaim-unasked";
        /// The node that is to go on isn't another node of the authority's division.
        RECLAIM_SUCCESSOR = "reclaim-successor";
        /// A case that the authority had taken up needs a node of its division that goes on.
        RECLAIM_NO_SUCCESSOR = "reclaim-no-successor";
        /// The lost node's journal doesn't show the state that the asking node tells of.
        RECLAIM_UNWITNESSED = "reclaim-unwitnessed";
        /// The order that names this node as the one that goes on isn't known here.
        RECLAIM_UNHEARD = "reclaim-unheard";
        /// A second correction notice.
        NOTICE_REPEATED = "notice-repeated";
        /// Something that a notice asked for was not brought.
        SUPPLEMENT_MISSING = "supplement-missing";
        /// The time that a notice gave is not over.
        RETURN_EARLY = "return-early";
        /// An on-site check without two officers of the authority.
        CHECK_OFFICERS = "check-officers";
        /// A refusal for want of competence that doesn't name who is, or names nobody fit.
        COMPETENT_MISSING = "competent-missing";
        /// A case is forwarded to a division that isn't above.
        FORWARD_UNLAWFUL = "forward-unlawful";
        /// An entry can't be put right any more.
        AMEND_LATE = "amend-late";
        /// This node has given out nearly all of its query codes.
        QUERY_CODES_USED_UP = "query-codes-used-up";
        /// No card of that number was raised here.
        CARD_UNKNOWN = "card-unknown";
        /// The card has been closed.
        CARD_CLOSED = "card-closed";
        /// The card has been answered as often as is kept.
        CARD_ANSWERED = "card-answered";
        /// The order has been answered.
        ORDER_ANSWERED = "order-answered";
        /// No rating of that number is here.
        RATING_UNKNOWN = "rating-unknown";
        /// The visit or the matter was rated before.
        RATING_REPEATED = "rating-repeated";
        /// There was no service yet that could be rated.
        RATING_EARLY = "rating-early";
        /// The rater doesn't give a grade in by this way.
        RATING_CHANNEL = "rating-channel";
        /// Who did the service would give a grade in for the applicant, or out of a call.
        RATING_SELF = "rating-self";
        /// The state of the follow-up doesn't allow the act.
        FOLLOW_UP_STATE = "follow-up-state";
        /// Who was rated would follow the rating up.
        FOLLOW_UP_SELF = "follow-up-self";
        /// Another follows the rating up.
        FOLLOW_UP_HELD = "follow-up-held";
        /// An appeal against the grade was dismissed.
        APPEAL_REPEATED = "appeal-repeated";
        /// Who was rated, appealed or had a part in the follow-up would decide about the appeal.
        APPEAL_SELF = "appeal-self";
        /// No ticket of that number is here.
        TICKET_UNKNOWN = "ticket-unknown";
        /// The state of the ticket doesn't allow the act.
        TICKET_STATE = "ticket-state";
        /// Another node does this with the ticket.
        TICKET_ELSEWHERE = "ticket-elsewhere";
        /// Another answers the ticket.
        TICKET_HELD = "ticket-held";
        /// Who acted on the case would handle the complaint about it, or who answered it confirm it for the applicant.
        TICKET_SELF = "ticket-self";
        /// The ticket has been passed on too often.
        TICKET_LIMIT = "ticket-limit";
        /// The ticket can't be opened again any more.
        REOPEN_LIMIT = "reopen-limit";
        /// No application of that number was collected here.
        APPLICATION_UNKNOWN = "application-unknown";
        /// Nothing of an application can be begun, or it can't be answered yet, or not again.
        APPLICATION_STATE = "application-state";
        /// The items of an application ask for more than was given.
        FORM_INCOMPLETE = "form-incomplete";
        /// No case here shares that joint step of the application.
        JOINT_UNKNOWN = "joint-unknown";
        /// No agreement between the authorities covers the collecting division.
        AGREEMENT_MISSING = "agreement-missing";
        /// The agreement between the authorities isn't in force on that day.
        AGREEMENT_LAPSED = "agreement-lapsed";
        /// No item of this node has an agreement of that number.
        AGREEMENT_UNKNOWN = "agreement-unknown";
        /// An agreement of that number stands with other words, or has ended.
        AGREEMENT_KNOWN = "agreement-known";
        /// The authority in charge is no party of the agreement.
        AGREEMENT_PARTY = "agreement-party";
        /// This division is in charge of the matter itself.
        UNIFORM_OWN = "uniform-own";
        /// This division publishes no item of the same base code.
        UNIFORM_ITEM_MISSING = "uniform-item-missing";
        /// Several items of this division have the base code, and none was named.
        UNIFORM_ITEM_AMBIGUOUS = "uniform-item-ambiguous";
        /// The items of the two authorities aren't the same in name, code, type and legal basis.
        UNIFORM_CORE_DIFFERS = "uniform-core-differs";
        /// The authority that would decide in another's place is no party of an agreement for that.
        UNIFORM_NOT_PARTY = "uniform-not-party";
        /// A node reported more new cases on one day than are taken of it.
        UNIFORM_TOO_MANY = "uniform-too-many";
        /// No report of the case stands refused, so that none is made again.
        REPORT_NOT_REFUSED = "report-not-refused";
        /// Nobody waits for a paper file of the case, or it was signed for.
        PAPER_NOT_AWAITED = "paper-not-awaited";
        /// No earlier case of that number was imported.
        EARLIER_UNKNOWN = "earlier-unknown";
        /// The other system had decided the earlier case.
        EARLIER_DECIDED = "earlier-decided";
        /// The earlier case was taken up before.
        EARLIER_TAKEN_UP = "earlier-taken-up";
        /// The earlier case names no item of this division.
        EARLIER_ITEM = "earlier-item";
        /// The applicant of the earlier case isn't known well enough, or is another.
        EARLIER_APPLICANT = "earlier-applicant";
        /// No batch of earlier cases has that number.
        EARLIER_BATCH_UNKNOWN = "earlier-batch-unknown";
        /// The batch was undone, or its rows don't follow those that are in.
        EARLIER_BATCH_STATE = "earlier-batch-state";
        /// No such order was placed here.
        CONNECTOR_ORDER_UNKNOWN = "connector-order-unknown";
        /// The act does not fit the state of the order.
        CONNECTOR_ORDER_STATE = "connector-order-state";
        /// The fee is charged already, or too many couriers are on their way.
        CONNECTOR_ORDER_OPEN = "connector-order-open";
        /// The order was given to another connector.
        CONNECTOR_ORDER_OTHER = "connector-order-other";
        /// No order of this kind comes to this outcome.
        CONNECTOR_OUTCOME_UNFIT = "connector-outcome-unfit";
        /// The id of a message was used for another message.
        CONNECTOR_MESSAGE_REUSED = "connector-message-reused";
        /// More was told of the order than is kept.
        CONNECTOR_ORDER_FULL = "connector-order-full";
        /// The item doesn't publish that fee, or not that amount.
        FEE_UNLAWFUL = "fee-unlawful";
        /// No such licence.
        LICENCE_UNKNOWN = "licence-unknown";
        /// The act does not fit the state of the licence.
        LICENCE_STATE = "licence-state";
        /// The licence to be renewed is another authority's or another holder's.
        RENEWAL_MISMATCH = "renewal-mismatch";
        /// The licence had ended before its renewal was asked for.
        RENEWAL_ENDED = "renewal-ended";
        /// Another case renews the licence.
        RENEWAL_PENDING = "renewal-pending";
        /// The agent is the applicant himself, or his power of attorney is malformed or over.
        AGENT_UNLAWFUL = "agent-unlawful";
        /// The invitation is unknown, used, expired or for another division.
        INVITE_UNKNOWN = "invite-unknown";
        /// The invitation has been used.
        INVITE_USED = "invite-used";
        /// The invitation has expired.
        INVITE_EXPIRED = "invite-expired";
        /// The invitation is for another division.
        INVITE_DIVISION = "invite-division";
        /// The division is not below this node's.
        DIVISION_RULE = "division-rule";
        /// The code is another division's.
        DIVISION_TAKEN = "division-taken";
        /// The code of the division has been changed already.
        DIVISION_CHANGED = "division-changed";
        /// The case came from a node of which no record is known.
        PEER_UNKNOWN = "peer-unknown";
    }
}
