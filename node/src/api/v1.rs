//! Version 1 of the API: what requests and answers look like. Unknown fields are refused, so that a typing error is not an omission.
//!
//! | method and path | request | answer |
//! |---|---|---|
//! | GET `/v1/status` | | [`Status`] |
//! | POST `/v1/operators` | [`AddOperator`] | the operator |
//! | POST `/v1/operators/mandate` | [`GrantMandate`] | the operator |
//! | GET `/v1/operators`, `/v1/authorities` | | [`List`] |
//! | POST `/v1/authorities` | [`AddAuthority`] | the authority |
//! | POST `/v1/items/import` | [`ImportItems`] | the report |
//! | POST `/v1/items/publish` | [`PublishItems`] | `published`, `refused`; `waiting` when something begins later |
//! | POST `/v1/items/claim` | [`ClaimItem`] | `item` |
//! | POST `/v1/items/withdraw` | [`ItemRef`] | `item` |
//! | POST `/v1/items/act` | [`BringItems`] | `done`, `refused`, `dry_run` |
//! | POST `/v1/items/take-back` | [`TakeBackItem`] | the same |
//! | POST `/v1/items/claims`, `/v1/items/claims/update` | [`ClaimItems`], [`UpdateClaims`] | the same |
//! | GET `/v1/items/claims` | [`ClaimsQuery`] | [`List`] under `claims` |
//! | GET `/v1/items/claims/rates`, `/v1/items/differences` | | [`List`] under `rates`, `differences` |
//! | POST `/v1/items/decline` | [`DeclineItem`] | what was declined |
//! | POST `/v1/items/replace` | [`ReplaceItem`] | `item`, `successor`, `version` |
//! | GET `/v1/items/version`, `/v1/items/versions` | [`VersionQuery`] | `kind`, `version`, `guide`, `replaces`; [`List`] under `versions` |
//! | GET `/v1/items/diff` | [`DiffQuery`] | [`List`] under `changes` |
//! | POST `/v1/authorities/reorganise` | [`Reorganise`] | `moved`, `base_items`, `drafts`, `operators`, `refused`, `dry_run` |
//! | POST `/v1/divisions/change` | [`ChangeDivision`] | `old`, `new`, `from`, `own`, and as of `/v1/authorities/reorganise` |
//! | POST `/v1/divisions/withdraw` | [`WithdrawDivision`] | `standard` |
//! | GET `/v1/divisions` | | [`List`] of [`DivisionChangeView`] under `divisions` |
//! | POST `/v1/operators/line` | [`AssignLine`] | the operator |
//! | GET `/v1/items` | [`ItemQuery`] | [`List`] of [`ItemView`] under `items` |
//! | GET `/v1/items/limit` | [`LimitQuery`] | [`LimitView`] |
//! | GET `/v1/items/rows` | [`ItemQuery`] of one stage | [`ItemRows`] |
//! | POST `/v1/standards` | [`SetStandards`] | `set`, `unchanged`, `refused` |
//! | POST `/v1/standards/withdraw` | [`WithdrawStandard`] | `standard` |
//! | GET `/v1/standards` | [`StandardQuery`] | [`List`] of [`StandardView`] under `standards` |
//! | GET `/v1/standards/exceeded` | [`ExceededQuery`] | [`List`] of limits that items don't keep under `exceeded` |
//! | GET `/v1/standards/conflicts` | [`ExceededQuery`] | [`List`] of items that lists speak against under `conflicts` |
//! | GET `/v1/life-events/{code}` | | its items in order, with what each waits for |
//! | GET `/v1/items/quality` | [`QualityQuery`] | `overview`, `departments`, `items` |
//! | GET `/v1/items/lists/{name}` | | [`List`] of items under `items`, with `list` and `formula` |
//! | GET `/v1/items/report` | [`MonthQuery`] | the monthly report |
//! | GET `/v1/items/{code}/guide` | [`GuideQuery`] | the guide as JSON, HTML or text |
//! | GET `/v1/items/search` | [`SearchQuery`] | [`SearchAnswer`] |
//! | GET `/v1/items/drift` | [`DriftQuery`] | [`DriftReport`] |
//! | POST `/v1/front/plan` | [`PlanReport`] | [`ReportPlan`]; changes nothing |
//! | POST `/v1/front/record` | [`RecordReport`] | `recorded` |
//! | POST `/v1/front/answers` | [`RecordAnswers`] | `accepted`, `rejected`, `unchanged` |
//! | GET `/v1/front/reported` | [`ReportedQuery`] | [`Reported`] |
//! | GET `/v1/front` | | [`Fronts`] |
//! | POST `/v1/front/close`, `/v1/front/open` | [`NameFront`] | `front`, `closed` |
//! | POST `/v1/front/cases/open` | [`OpenCaseFront`] | `opened` |
//! | POST `/v1/front/cases/plan` | [`PlanCases`] | [`CasePlan`]; changes nothing |
//! | POST `/v1/front/cases/record` | [`RecordCases`] | `recorded` |
//! | POST `/v1/front/cases/answers` | [`RecordAnswers`] | `accepted`, `rejected`, `unchanged` |
//! | POST `/v1/front/cases/sent` | [`SentCases`] | [`SentCasesPage`]; changes nothing |
//! | POST `/v1/front/cases/known` | [`KnownCaseRows`] | [`KnownRows`]; changes nothing |
//! | GET `/v1/front/cases/untaken` | [`UntakenQuery`] | [`Reported`] |
//! | POST `/v1/cases` | [`CollectCase`] | `case`, `collection_no`, `query_code` |
//! | PUT `/v1/materials` | [`PutMaterial`], the file as the body | [`MaterialGiven`] |
//! | GET `/v1/cases/material` | [`MaterialQuery`] | the file |
//! | POST `/v1/cases/act` | [`CaseAct`] | the case's number, state and deadlines |
//! | GET `/v1/supervise/rules`; POST | ; [`SetRule`] | [`List`] of [`RuleView`] under `rules`; `standard` |
//! | GET `/v1/supervise/cards`, `/v1/supervise/card` | [`CardsQuery`], [`CardQuery`] | [`Cards`], [`CardExplained`] |
//! | GET `/v1/supervise/orders`; POST | [`OrdersQuery`]; [`GiveOrder`] | [`Orders`]; the order |
//! | POST `/v1/supervise/answer`, `/v1/supervise/close` | [`SuperviseText`] | the card or order |
//! | POST `/v1/ratings` | [`RateService`] | the rating: `rating`, `grade`, `rated`, `standing`, its follow-up |
//! | GET `/v1/ratings`, `/v1/ratings/show` | [`RatingsQuery`], [`RatingQuery`] | [`List`] of [`RatingView`] under `ratings`; [`RatingView`] |
//! | POST `/v1/ratings/act` | [`FollowUpRating`] | as of POST `/v1/ratings` |
//! | GET `/v1/ratings/indicators` | | [`List`] of [`IndicatorView`] under `indicators` |
//! | GET `/v1/ratings/rates` | [`RatesQuery`] | [`List`] of [`RatesView`] under `rates` |
//! | POST `/v1/tickets` | [`OpenTicket`] | the ticket: `ticket`, `query_code`, `state`, `handler`, `due` |
//! | GET `/v1/tickets`, `/v1/tickets/show` | [`TicketsQuery`], [`TicketQuery`] | [`List`] of [`TicketView`] under `tickets`; [`TicketView`] |
//! | GET `/v1/tickets/progress` | [`TicketQuery`] | [`TicketProgress`] |
//! | POST `/v1/tickets/act` | [`ActOnTicket`] | as of POST `/v1/tickets` |
//! | POST `/v1/applications` | [`CollectApplication`] | the application: `application`, `query_code`, `state`, `due`, `parts` |
//! | GET `/v1/applications`, `/v1/applications/show` | [`ApplicationsQuery`], [`ApplicationQuery`] | [`List`] of [`ApplicationRow`] under `applications`; [`ApplicationView`] |
//! | GET `/v1/applications/progress` | [`ApplicationQuery`] | [`ApplicationProgress`] |
//! | GET `/v1/applications/print` | [`ApplicationQuery`] | [`AnswerPrint`] |
//! | POST `/v1/applications/act` | [`ActOnApplication`] | as of POST `/v1/applications`; of a joint act `kind`, `joint`, `cases` |
//! | GET `/v1/cases`, `/v1/cases/show`, `/v1/cases/whereis` | [`CaseQuery`] | [`CaseView`], [`WhereisView`] |
//! | GET `/v1/cases/ledger` | [`CaseQuery`] | [`LedgerView`] |
//! | POST `/v1/cases/import`, `/v1/cases/import/rows`, `/v1/cases/import/undo` | [`BeginEarlier`], [`BringEarlier`], [`UndoEarlier`] | the batch |
//! | POST `/v1/cases/import/check` | [`CheckEarlier`] | what each row would come to; changes nothing |
//! | GET `/v1/cases/import` | | [`BatchList`] |
//! | GET `/v1/cases/earlier` | [`EarlierQuery`] | [`EarlierPage`] of [`EarlierView`] |
//! | POST `/v1/cases/take-up` | [`TakeUpEarlier`] | as of POST `/v1/cases` |
//! | GET `/v1/orders`, `/v1/orders/show` | [`ConnectorOrdersQuery`], [`ConnectorOrderQuery`] | [`List`] of [`ConnectorOrderView`] under `orders`; [`ConnectorOrderView`] |
//! | POST `/v1/orders`, `/v1/orders/act` | [`PlaceOrder`], [`ActOnOrder`] | the order |
//! | GET `/v1/agreements`, `/v1/agreements/show` | , [`AgreementQuery`] | [`List`] of agreements under `agreements`; [`AgreementShown`] |
//! | POST `/v1/agreements`, `/v1/agreements/withdraw` | [`AddAgreement`], [`WithdrawAgreement`] | the agreement and its items |
//! | GET `/v1/agreements/cases`, `/v1/agreements/refused` | [`HandledQuery`] | [`HandledPage`]; [`List`] of [`ReportRefusedView`] under `cases` |
//! | GET `/v1/cases/progress` | [`ProgressQuery`] | [`ProgressView`] |
//! | POST `/v1/cases/print` | [`PrintDocument`] | the print: `case`, `act`, `content_type`, `number`, `form`, `at`, `operator` |
//! | GET `/v1/cases/print` | [`PrintQuery`] | [`PrintView`], or the PDF |
//! | GET `/v1/cases/prints` | [`CaseQuery`] | [`PrintList`] |
//! | GET `/v1/cases/reclaims` | | [`List`] of [`ReclaimView`] under `reclaims` |
//! | POST `/v1/cases/reclaims/order`, `/v1/cases/reclaims/decline` | [`OrderReclaim`], [`DeclineReclaim`] | `case`, `to`, `tenure` |
//! | POST `/v1/cases/work` | [`WorkCase`] | the case's number, state and `work`; of 容缺受理 and what follows, as of `/v1/cases/act` |
//! | GET `/v1/cases/queue` | [`QueueQuery`] | [`List`] of [`QueueRow`] under `queue` |
//! | POST `/v1/operators/delegate`, `/v1/operators/end-delegation` | [`DelegateDuty`], [`EndDelegation`] | the deputy |
//! | POST `/v1/operators/service`, `/v1/operators/identity` | [`OperatorService`], [`OperatorIdentity`] | the operator |
//! | POST, GET `/v1/operators/hand-over` | [`HandOverWork`], [`HandOverQuery`] | the list, [`HandOverView`] |
//! | GET `/v1/operators/hand-overs` | | [`List`] under `hand_overs` |
//! | POST `/v1/licences` | [`IssueLicence`] | `licence` |
//! | POST `/v1/licences/cancel` | [`CancelLicence`] | `licence` |
//! | GET `/v1/licences/show` | [`LicenceQuery`] | [`LicenceView`] |
//! | POST `/v1/licences/verify` | [`VerifyLicence`] | [`Verdict`] |
//! | POST `/v1/invites` | [`Invite`] | [`Token`] |
//! | POST `/v1/join` | [`Join`] | [`Joined`] |
//! | POST `/v1/peers/revoke` | [`RevokePeer`] | `node`, `revoked`, `reason` |
//! | POST `/v1/peers/readmit` | [`ReadmitPeer`] | `node`, `readmitted` |
//! | GET `/v1/anchors/own` | | [`AnchorView`] with `anchor` |
//! | GET, POST `/v1/anchors` | , [`ImportAnchor`] | [`List`] of [`AnchorView`] under `anchors`, [`AnchorView`] |
//! | POST `/v1/anchors/withdraw` | [`WithdrawAnchor`] | [`AnchorView`] |
//! | GET `/v1/aggregate/report` | [`ReportQuery`] | [`Report`] |
//! | POST `/v1/aggregate/pull` | | [`AggregateStatus`] |
//! | GET `/v1/aggregate/status`, `/v1/aggregate/audit` | | [`AggregateStatus`], [`Audit`] |
//! | GET `/v1/sync/status`, `/v1/peers` | [`PeerQuery`] | [`List`] of [`PeerView`] under `peers` |
//! | GET `/v1/sync/why` | [`WhyQuery`] | the same, or a [`List`] of [`WaitingView`] under `waiting` for a case |
//! | GET `/v1/sync/quarantine` | [`QuarantineQuery`] | [`List`] of [`QuarantineView`] under `quarantine` |
//! | POST `/v1/sync/quarantine/replay` | [`Replay`] | [`List`] of [`ReplayView`] under `replayed` |
//! | GET `/v1/journal/checkpoint` | | [`CheckpointView`] |
//!
//! Headers: `idempotency-key` (1 to 128 visible ASCII characters; the same key with the same request gives the same answer for seven
//! days), `tongban-operator` (percent-encoded UTF-8; which of the operators of the caller's user id acts).
//! A refusal has status 4xx and the body [`ErrorBody`].

mod agreement;
mod anchor;
mod answer;
mod application;
mod case;
mod divisions;
mod drift;
mod earlier;
mod front;
mod item_life;
mod limit;
mod material;
mod order;
mod request;
mod search;
mod standards;
mod supervision;
mod voice;
mod work;

pub use agreement::*;
pub use anchor::*;
pub use answer::*;
pub use application::*;
pub use case::*;
pub use divisions::*;
pub use drift::*;
pub use earlier::*;
pub use front::*;
pub use item_life::*;
pub use limit::*;
pub use material::*;
pub use order::*;
use request::request;
pub use request::*;
pub use search::*;
pub use standards::*;
pub use supervision::*;
pub use voice::*;
pub use work::*;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A refusal or a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: Problem,
}

/// What went wrong, in words that the reader can act on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Stable code, see `docs/errors/`.
    pub code: String,
    /// Field at fault, if one is.
    pub field: String,
    /// Its value.
    pub value: String,
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
    /// Remedy, English.
    pub remedy_en: String,
    /// Remedy, Chinese.
    pub remedy_zh: String,
}

/// A list under the name of its noun.
pub type List<T> = BTreeMap<String, Vec<T>>;
