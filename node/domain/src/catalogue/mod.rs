//! The catalogue: base items (基本目录), implementation items (实施清单), their core, their guides, and the standards that bind them.

mod agreement;
mod bound;
mod carried;
pub mod ceiling;
mod cell;
mod claim;
mod claimed;
pub(crate) mod code_list;
mod column;
mod crosswalk;
mod date;
mod diff;
mod difference;
mod establish;
mod export;
mod field;
mod generated_list;
mod guide;
mod import;
mod item;
mod life;
mod limit;
mod line;
pub mod list;
mod pledge;
mod publish;
pub mod quality;
mod reading;
mod redivide;
mod release;
mod reorganise;
mod replace;
pub mod report;
mod row;
mod size;
mod standard;
mod term;
mod update;
mod versions;

pub use agreement::{Accord, Agreement, AgreementCommand, AgreementEnd, AgreementView, Party, ReceiptRule, agreements};
pub(crate) use agreement::{accord, decide as decide_agreement, had_begun};
pub use bound::{Bound, Decline, DeclineReason, concerns};
pub(crate) use carried::is_recoded;
pub use claim::ClaimTerms;
pub(crate) use claim::claim;
pub(crate) use claimed::decline;
pub use claimed::{ClaimRate, ClaimState, ClaimView, DifferenceView, OpenClaim, claim_rates, claims, differences};
pub use code_list::{
    AuthorityKind, CaseKind, CodeList, FeeDue, Form, LimitOrder, LimitPeriod, MaterialForm, MaterialKind,
    MaterialSource, Necessity, OnlineDepth, Origin, PowerSource, Range, ResultKind, Served, Source, StepRole, StepRule,
    Tier, UseLevel,
};
pub use crosswalk::{Crosswalk, LINES_MAX};
pub(crate) use date::{begin, end, end_base};
pub use diff::{FieldChange, FieldKind, compare, compare_base};
pub use difference::{CoreField, Departure, Difference, LawfulReason, Lock, core_departs, departs};
pub use establish::{POLICY_CODE, SUPERVISION_CODE, StandardDraft, StandardsReport, holding, ordered, policy};
pub(crate) use establish::{establish, set_supervision, withdraw_standard};
pub use field::{FIELD_COLUMNS, LIST_COLUMNS};
pub use generated_list::GeneratedList;
pub use guide::{
    Basis, Fee, Further, Guide, PROCEDURES, Question, RequiredMaterial, ResultDocument, Scope, ServicePlace,
    SpecialLink, Step,
};
pub(crate) use import::import;
pub use import::{
    COLUMNS, COLUMNS_OPTIONAL, Collision, Finding, Import, ImportReport, ImportRow, ImportTerms, ListRow,
};
pub use item::{
    BaseItem, Codes, Core, Editing, External, ForeignItem, ItemState, ServiceItem, Successor, authority_id, going_on,
    short_code,
};
pub(crate) use item::{number_code, number_prefix};
pub(crate) use life::{Acting, bring, take_back};
pub use life::{Brought, ItemAct, LifeReport, Selection};
pub use limit::NumberLimit;
pub(crate) use pledge::PLEDGE_DAYS_MAX;
pub use pledge::PledgeRule;
pub use publish::{PublishReport, Refused};
pub(crate) use publish::{in_force, named};
pub use redivide::{DivisionPlan, DivisionReport};
pub(crate) use redivide::{redivide, withdraw_division};
pub(crate) use reorganise::reorganise;
pub use reorganise::{Moved, Reorganisation, ReorganisationReport};
pub(crate) use replace::replace;
pub use standard::{
    Ceiling, DivisionChange, Entry, LifeEvent, ListKind, Policy, Standard, StandardBody, StandardKind, Topic,
};
pub(crate) use term::DAYS_MAX;
pub use term::{Mode, PERMIT_DAYS, TYPE_PERMIT, Term, Unit};
pub(crate) use update::{claim_all, update};
