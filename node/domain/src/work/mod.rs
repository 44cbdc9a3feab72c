//! Work on cases between acceptance and decision: the steps that the item's version lays down, who holds a case, who may act on it.
//!
//! ```text
//!   accept ──▶ step 1 ──pass──▶ step 2 ──pass──▶ … ──▶ decision ──case decide──▶
//!                 ▲                │                      │
//!                 └──── return ────┴────── return ────────┘
//! ```
//!
//! A case stands at one step. A step of one person is claimed, handed on, passed or returned by whoever holds it; a step of several
//! (会签, 或签, 表决) is signed. The last step is always the decision, and `case decide` does it. An item that publishes no steps lets its
//! cases be decided as soon as they are accepted; claiming one all the same works by the two plain steps 审查 and 决定.
//!
//! | who | may not | by |
//! |---|---|---|
//! | who reviewed | decide, unless the item is instant (即办件) | separated duties, where the item publishes steps |
//! | who is recused | act on the case | [`Recusal`] |
//! | the applicant himself | act on the case | his identity, when it is registered |
//! | who is disabled | act | [`crate::Operator::disabled`] |
//! | a deputy | more than whom he stands in for | [`Delegation`] |

mod act;
mod deputy;
mod door;
mod lacking;
mod leaver;
mod plan;
mod recusal;
mod standing;

pub(crate) use act::{claim, hand_on, may_decide, return_to, step, step_of, unreviewed};
pub use deputy::{Delegation, is_on_duty};
pub(crate) use deputy::{delegate, end_delegation, let_go, principals, register_identity};
pub(crate) use door::{Door, touches};
pub use lacking::Lacking;
pub(crate) use lacking::{LACKING_MAX, LackingRequest, follow_up, lacking};
pub use leaver::{HandOver, HandedCase};
pub(crate) use leaver::{disable, enable, hand_over};
pub(crate) use plan::begin;
pub use plan::{WorkStep, planned};
pub use recusal::Recusal;
pub(crate) use recusal::recuse;
pub use standing::{Position, Signature, Work, WorkView, position, shown};
