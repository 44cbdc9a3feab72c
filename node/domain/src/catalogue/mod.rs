//! The catalogue: base items (基本目录), implementation items (实施清单), their core, their guides, and the standards that bind them.

pub mod ceiling;
mod cell;
mod claim;
mod code_list;
mod column;
mod establish;
mod export;
mod field;
mod generated_list;
mod guide;
mod import;
mod item;
pub mod list;
mod publish;
pub mod quality;
mod reading;
pub mod report;
mod row;
mod standard;
mod term;

pub use claim::ClaimTerms;
pub(crate) use claim::claim;
pub use code_list::{
    AuthorityKind, CaseKind, CodeList, Form, MaterialForm, MaterialKind, MaterialSource, Necessity, OnlineDepth,
    Origin, PowerSource, Range, ResultKind, Served, Source, Tier, UseLevel,
};
pub use establish::{POLICY_CODE, StandardDraft, StandardsReport, holding, ordered, policy};
pub(crate) use establish::{establish, withdraw_standard};
pub use field::{FIELD_COLUMNS, LIST_COLUMNS};
pub use generated_list::GeneratedList;
pub use guide::{
    Basis, Fee, Further, Guide, Question, RequiredMaterial, ResultDocument, Scope, ServicePlace, SpecialLink, Step,
};
pub(crate) use import::import;
pub use import::{
    COLUMNS, COLUMNS_OPTIONAL, Collision, Finding, Import, ImportReport, ImportRow, ImportTerms, ListRow,
};
pub use item::{
    BaseItem, Codes, Core, CoreField, Difference, Editing, External, ForeignItem, ItemState, LawfulReason, Lock,
    ServiceItem, Successor, authority_id, short_code,
};
pub(crate) use item::{number_code, number_prefix};
pub use publish::{PublishReport, Refused};
pub(crate) use publish::{in_force, named, publish, publish_all, withdraw};
pub use standard::{Ceiling, Entry, LifeEvent, ListKind, Policy, Standard, StandardBody, StandardKind, Topic};
pub(crate) use term::DAYS_MAX;
pub use term::{Mode, PERMIT_DAYS, TYPE_PERMIT, Term, Unit};
