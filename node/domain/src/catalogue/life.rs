//! The life of an item: which act brings it from which state to which, by whom.
//!
//! ```text
//!              submit              pass               publish              suspend
//!    draft ───────────▶ submitted ──────▶ reviewed ──────────▶ published ───────────▶ suspended
//!     ▲  │                  │                │                  │  ▲  │ ◀─────────────── │
//!     │  │                  └───── return ───┘                  │  │  │     resume       │
//!     │  └── publish, where no policy asks for a review ────────┼──┘  │ withdraw, end    │ withdraw, end
//!     │                     │                                   │     ▼                  ▼
//!     └─── return ──────────┘        import, claim: a draft ◀───┘    withdrawn (import, claim: a draft)
//! ```
//!
//! A draft stands beside the version in force. A version that begins on a later day is published and *waits* beside it too, until the
//! clock puts it in force ([`super::date`]). Cases keep the version with which they began.
//!
//! What waits for a day beyond that of a version which is published stays: it is published again behind it, under the next number.
//!
//! Where an item goes on under another authority's code from a later day, it is suspended and resumed under both.

mod base;
mod item;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tongban_codes::time::{Date, Timestamp};

use self::base::bring_base;
use self::item::bring_item;
pub(super) use self::item::brought;
pub(crate) use self::item::take_back;
use super::line::of_another;
use super::publish::named;
use super::quality::Gate;
use super::{BaseItem, Difference, Editing, ItemState, Refused, ServiceItem};
use crate::{Actor, Event, Facts, Rejection, Role, codes};

/// An act on an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields, tag = "kind")]
pub enum ItemAct {
    /// 提交审核.
    Submit {
        /// Why it lawfully differs from its superior's: the reviewer passes that, too. Only the editor of the draft says something new.
        #[serde(default)]
        difference: Option<Difference>,
    },
    /// 审核通过.
    Pass {
        /// What the reviewer says.
        #[serde(default)]
        note: Option<String>,
    },
    /// 退回: the draft can be edited again.
    Return {
        /// What is to be mended.
        reason: String,
    },
    /// 发布.
    Publish {
        /// Why it lawfully differs from its superior's. Where a policy asks for a review, it is what was reviewed.
        #[serde(default)]
        difference: Option<Difference>,
    },
    /// 暂停: no new case is taken, nor under another authority's code, as which the item goes on from a later day.
    Suspend {
        /// Why, and until when.
        reason: String,
    },
    /// 恢复.
    Resume {},
    /// 取消.
    Withdraw {
        /// Why.
        #[serde(default)]
        reason: Option<String>,
        /// The first day without it; at once when absent or past.
        #[serde(default)]
        from: Option<Date>,
    },
}

impl ItemAct {
    /// Stable English name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            ItemAct::Submit { .. } => "submit",
            ItemAct::Pass { .. } => "pass",
            ItemAct::Return { .. } => "return",
            ItemAct::Publish { .. } => "publish",
            ItemAct::Suspend { .. } => "suspend",
            ItemAct::Resume {} => "resume",
            ItemAct::Withdraw { .. } => "withdraw",
        }
    }

    /// Roles of which an operator must hold one; the line department acts on the base items of its line alone.
    #[must_use]
    pub fn roles(&self) -> &'static [Role] {
        match self {
            ItemAct::Submit { .. } => &[Role::Catalogue],
            ItemAct::Pass { .. } | ItemAct::Return { .. } => &[Role::CatalogueReview, Role::Line],
            ItemAct::Publish { .. } | ItemAct::Suspend { .. } | ItemAct::Resume {} => &[Role::Catalogue, Role::Line],
            ItemAct::Withdraw { .. } => &[Role::Catalogue],
        }
    }

    /// Tells whether it is about the version in the making, and not about the one in force.
    #[must_use]
    pub fn is_of_draft(&self) -> bool {
        matches!(self, ItemAct::Submit { .. } | ItemAct::Pass { .. } | ItemAct::Return { .. } | ItemAct::Publish { .. })
    }

    /// In what the version in the making is said to differ from its superior's.
    fn difference(&self) -> Option<&Difference> {
        match self {
            ItemAct::Submit { difference } | ItemAct::Publish { difference } => difference.as_ref(),
            _ => None,
        }
    }

    /// The state that it leads to, from a state; none where it doesn't fit. `reviewed` tells whether a policy asks for a review.
    #[must_use]
    pub fn leads(&self, from: ItemState, reviewed: bool) -> Option<ItemState> {
        use ItemState as S;
        match (self, from) {
            (ItemAct::Submit { .. }, S::Draft) => Some(S::Submitted),
            (ItemAct::Pass { .. }, S::Submitted) => Some(S::Reviewed),
            (ItemAct::Return { .. }, S::Submitted | S::Reviewed) => Some(S::Draft),
            (ItemAct::Publish { .. }, S::Reviewed) => Some(S::Published),
            (ItemAct::Publish { .. }, S::Draft) if !reviewed => Some(S::Published),
            (ItemAct::Suspend { .. }, S::Published) => Some(S::Suspended),
            (ItemAct::Resume {}, S::Suspended) => Some(S::Published),
            (ItemAct::Withdraw { .. }, S::Published | S::Suspended) => Some(S::Withdrawn),
            _ => None,
        }
    }
}

/// Which items an act is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// One: its refusal is the refusal of the act.
    One(String),
    /// These, each judged by itself.
    These(Vec<String>),
    /// All that the act can be about.
    All,
    /// Of these, all of a department.
    Department(String),
}

/// What an act did to one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Brought {
    /// Its whole code.
    pub item: String,
    /// Its name.
    pub name: String,
    /// The state that it is in now.
    pub state: ItemState,
    /// Version.
    pub version: u32,
    /// The day on which it begins, when it waits beside the version in force.
    pub waits_until: Option<Date>,
    /// Its last day, when that was set.
    pub last_day: Option<Date>,
    /// Versions that wait for a day beyond its own and follow it under new numbers: the number, and the first day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub followed_by: Vec<(u32, Date)>,
}

/// What an act on several items did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LifeReport {
    /// What was done.
    pub done: Vec<Brought>,
    /// What was refused, and why.
    pub refused: Vec<Refused>,
    /// Nothing was written.
    pub dry_run: bool,
}

/// Who acts, and when.
#[derive(Clone, Copy)]
pub(crate) struct Acting<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) at: Timestamp,
}

impl Acting<'_> {
    pub(super) fn editing(&self, of: &Editing, note: Option<&str>) -> Editing {
        let note = note.map(str::to_owned).or_else(|| of.note.clone());
        Editing { at: Some(self.at), note, ..of.clone() }
    }
}

/// The longest reason or note, in characters.
const NOTE_CHARS_MAX: usize = 500;

pub(super) fn note(field: &'static str, text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
        return Err(Rejection::new(codes::INVALID_FIELD, "it has 1 to 500 characters", "应为 1 至 500 个字")
            .field(field, text)
            .remedy(format!("give --{field}"), format!("请提供 --{field}")));
    }
    Ok(text.to_owned())
}

/// Does an act to what is selected. With `dry_run` everything is decided and nothing comes of it.
pub(crate) fn bring(
    facts: &dyn Facts,
    acting: Acting<'_>,
    act: &ItemAct,
    which: &Selection,
    dry_run: bool,
) -> Result<(LifeReport, Vec<Event>), Rejection> {
    let gate = Gate::new(facts, acting.at.date());
    let mut report = LifeReport { dry_run, ..LifeReport::default() };
    let mut events = Vec::new();
    let codes = match which {
        Selection::One(code) => {
            for (brought, made) in bring_one(facts, acting, &gate, act, code)? {
                report.done.push(brought);
                events.extend(made);
            }
            return Ok((report, if dry_run { Vec::new() } else { events }));
        }
        Selection::These(codes) => codes.clone(),
        Selection::All => candidates(facts, act, None),
        Selection::Department(name) => candidates(facts, act, Some(name)),
    };
    let mut seen = BTreeSet::new();
    let mut released = BTreeSet::new();
    for code in codes {
        let done = match bring_one(facts, acting, &gate, act, &code) {
            Ok(done) => done,
            Err(rejection) => {
                report.refused.push(Refused { item: code, rejection });
                continue;
            }
        };
        for (brought, made) in done {
            // A list may name one twice, by its whole code and by a part of it, or with what goes on under its new code.
            if !seen.insert(brought.item.clone()) {
                continue;
            }
            report.done.push(brought);
            // Several items may have the same guide.
            events.extend(made.into_iter().filter(|event| match event {
                Event::GuideReleased(_, guide) => released.insert(guide.digest()),
                _ => true,
            }));
        }
    }
    if dry_run {
        events.clear();
    }
    Ok((report, events))
}

/// Codes of base items and items that an act can be about, base items first.
fn candidates(facts: &dyn Facts, act: &ItemAct, department: Option<&str>) -> Vec<String> {
    // To publish all names what still needs a review, too.
    let fits = |state: ItemState| match act {
        ItemAct::Publish { .. } => state.is_draft(),
        _ => act.leads(state, false).is_some(),
    };
    let of = |name: &str| department.is_none_or(|wanted| wanted == name);
    let mut codes = Vec::new();
    // A base item differs from nobody's.
    for code in facts.own_base_items().into_iter().filter(|_| act.difference().is_none()) {
        let base = facts.base_item(&code);
        if base.and_then(|base| about(act, base)).is_some_and(|base| fits(base.state) && of(&base.department)) {
            codes.push(code);
        }
    }
    let items = if act.is_of_draft() { facts.item_drafts() } else { facts.item_codes() };
    for code in items {
        let item = if act.is_of_draft() { facts.item_draft(&code) } else { facts.item(&code) };
        if item.is_some_and(|item| fits(item.state) && of(&item.department)) {
            codes.push(code);
        }
    }
    codes
}

/// The version of a base item that an act is about: its draft, or the one in force.
fn about(act: &ItemAct, base: BaseItem) -> Option<BaseItem> {
    if act.is_of_draft() || !base.state.is_draft() {
        return Some(base);
    }
    base.in_force.map(|in_force| *in_force)
}

fn bring_one(
    facts: &dyn Facts,
    acting: Acting<'_>,
    gate: &Gate<'_>,
    act: &ItemAct,
    code: &str,
) -> Result<Vec<(Brought, Vec<Event>)>, Rejection> {
    if let Some(base) = facts.base_item(code)
        && base.node == facts.node().node
    {
        return Ok(vec![bring_base(facts, acting, act, code, base)?]);
    }
    let item = if act.is_of_draft() { draft(facts, code)? } else { named(facts, code)? };
    may(facts, acting.actor, act, None)?;
    bring_item(facts, acting, gate, act, item)
}

/// The draft that a code names, or what stands there instead. A short code names the version in force, and the draft may stand beside it.
fn draft(facts: &dyn Facts, code: &str) -> Result<ServiceItem, Rejection> {
    match facts.item_draft(code) {
        Some(draft) => Ok(draft),
        None => {
            let named = named(facts, code)?;
            Ok(facts.item_draft(&named.code).unwrap_or(named))
        }
    }
}

/// The line department acts on base items of its line; whoever keeps the catalogue on all.
fn may(facts: &dyn Facts, actor: &Actor, act: &ItemAct, base: Option<&BaseItem>) -> Result<(), Rejection> {
    let keeper = act.roles().iter().any(|role| *role != Role::Line && actor.has(&[*role]));
    let line = facts.operator(&actor.operator).and_then(|operator| operator.department);
    let of_line =
        || actor.has(&[Role::Line]) && base.zip(line.as_ref()).is_some_and(|(base, line)| base.department == *line);
    if keeper || of_line() {
        return Ok(());
    }
    Err(of_another(actor, &line.unwrap_or_default()))
}

fn unreviewed(code: &str) -> Rejection {
    Rejection::new(
        codes::REVIEW_REQUIRED,
        "a policy asks for a review by another than the editor before publication",
        "按目录管理要求，须经编辑人以外的人审核后发布",
    )
    .field("item", code)
    .remedy(
        "tongban item submit, then tongban item review by another operator",
        "先 tongban item submit，再由他人 tongban item review",
    )
}

/// A difference that nobody reviewed.
fn unreviewed_difference(code: &str) -> Rejection {
    Rejection::new(
        codes::REVIEW_REQUIRED,
        "a policy asks for a review, and this difference from the superior's was not reviewed",
        "按目录管理要求须先审核，而该差异未经审核",
    )
    .field("item", code)
    .remedy(
        "have it returned, then: tongban item submit --differs FIELD --reason R --document D",
        "先退回，再 tongban item submit --differs 要素 --reason 理由 --document 文件",
    )
}

fn unfit(act: &ItemAct, code: &str, state: ItemState, review: bool) -> Rejection {
    if matches!(act, ItemAct::Publish { .. }) && state.is_draft() && review {
        return unreviewed(code);
    }
    let (en, zh) = (state.name(), state.zh());
    Rejection::new(
        codes::ITEM_STATE,
        format!("the item is {en}; {} doesn't fit that", act.name()),
        format!("该事项为“{zh}”，不能办理此操作"),
    )
    .field("item", code)
    .remedy("see its state: tongban item show", "查看状态：tongban item show")
}

/// Nobody reviews what he edited.
fn not_own(editing: &Editing, actor: &Actor, code: &str) -> Result<(), Rejection> {
    if editing.editor.as_deref() != Some(actor.operator.as_str()) {
        return Ok(());
    }
    Err(Rejection::new(codes::REVIEW_SELF, "nobody reviews what he edited himself", "不得审核自己编辑的内容")
        .field("item", code)
        .remedy("let another operator review it", "请由其他经办人审核"))
}

/// A difference is a part of what is reviewed: who states one edits, and would then be free to review it himself.
fn not_the_editor(code: &str, editor: &str) -> Rejection {
    Rejection::new(
        codes::NOT_EDITOR,
        format!("{editor} edits this draft; nobody else says in what it differs"),
        format!("该草稿由 {editor} 编辑，他人不得注明差异"),
    )
    .field("item", code)
    .remedy(
        "let the editor submit it with the difference, or import or claim it anew",
        "由编辑人提交并注明差异，或重新导入、认领",
    )
}

/// A base item is what others differ from.
fn of_nobody(code: &str) -> Rejection {
    Rejection::new(
        codes::INVALID_FIELD,
        "a base item has no superior's from which it could differ",
        "基本目录事项没有上级版本，不存在差异",
    )
    .field("difference", code)
    .remedy("leave the difference out", "不注明差异")
}

/// What whoever acts says to it.
fn said(act: &ItemAct) -> Result<Option<String>, Rejection> {
    let optional = |field, said: &Option<String>| said.as_deref().map(|said| note(field, said)).transpose();
    match act {
        ItemAct::Pass { note } => optional("note", note),
        ItemAct::Return { reason } | ItemAct::Suspend { reason } => note("reason", reason).map(Some),
        ItemAct::Withdraw { reason, .. } => optional("reason", reason),
        _ => Ok(None),
    }
}
