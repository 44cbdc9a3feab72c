//! Claims in bulk, and bringing what is claimed up to the present version of its base item.

use std::collections::BTreeSet;

use tongban_codes::time::Date;

use super::claim::{claim, under_review, working_days};
use super::claimed::{ClaimState, ClaimView, claims};
use super::difference::{CoreField, Lock, take_locked};
use super::life::{Acting, LifeReport, Selection, brought};
use super::publish::unknown;
use super::{BaseItem, ClaimTerms, Editing, Guide, ItemState, Refused, ServiceItem, size};
use crate::{Event, Facts, Rejection, codes};

/// Claims what is selected of the base items above, each with the same terms; `All` means what is neither claimed nor declined.
pub(crate) fn claim_all(
    facts: &dyn Facts,
    acting: Acting<'_>,
    which: &Selection,
    terms: &ClaimTerms,
    dry_run: bool,
) -> Result<(LifeReport, Vec<Event>), Rejection> {
    let mut report = LifeReport { dry_run, ..LifeReport::default() };
    let mut events: Vec<Event> = Vec::new();
    let pending = || claims(facts, acting.at.date()).into_iter().filter(|view| view.state == ClaimState::Pending);
    let line = |code: &str| facts.base_item(code).map(|base| base.department).unwrap_or_default();
    let mut base_codes: Vec<String> = match which {
        Selection::One(code) => vec![code.clone()],
        Selection::These(base_codes) => base_codes.clone(),
        Selection::All => pending().map(|view| view.base_code).collect(),
        Selection::Department(name) => {
            pending().map(|view| view.base_code).filter(|code| line(code) == *name).collect()
        }
    };
    let mut seen = BTreeSet::new();
    base_codes.retain(|code| seen.insert(code.clone()));
    if let (Some(code), 2..) = (&terms.local_code, base_codes.len()) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "one local code can't be that of several items",
            "一个地方实施编码不能用于多个事项",
        )
        .field("local_code", code)
        .remedy("claim each with its own --local-code, or leave it out", "逐项认领并分别提供，或不提供 --local-code"));
    }
    let mut authorities = BTreeSet::new();
    for base_code in base_codes {
        match claim(facts, &base_code, terms, acting) {
            Ok(made) => {
                for event in made {
                    match &event {
                        Event::Item(item) => report.done.push(brought(item, false)),
                        // The authority that all of them name is the same.
                        Event::Authority(authority) if !authorities.insert(authority.id) => continue,
                        _ => {}
                    }
                    events.push(event);
                }
            }
            Err(rejection) => report.refused.push(Refused { item: base_code, rejection }),
        }
    }
    if dry_run {
        events.clear();
    }
    Ok((report, events))
}

/// Takes the present version of base items over into drafts of the items that are bound to an earlier one; what is local stays.
pub(crate) fn update(
    facts: &dyn Facts,
    acting: Acting<'_>,
    base_code: Option<&str>,
    dry_run: bool,
) -> Result<(LifeReport, Vec<Event>), Rejection> {
    let mut report = LifeReport { dry_run, ..LifeReport::default() };
    let mut events = Vec::new();
    let views = claims(facts, acting.at.date());
    let wanted = |view: &&ClaimView| match base_code {
        Some(code) => view.base_code == code,
        None => view.state == ClaimState::Outdated,
    };
    let found: Vec<&ClaimView> = views.iter().filter(wanted).collect();
    if let Some(code) = base_code
        && found.iter().all(|view| view.items.is_empty())
    {
        return Err(unknown(code).field("base_code", code));
    }
    for view in found {
        let Some(base) = facts.base_item(&view.base_code) else { continue };
        for (code, held) in &view.items {
            let Some(release) = release(facts, acting.at.date(), code, *held, &base) else { continue };
            match updated(facts, acting, code, release) {
                Ok((item, guide)) => {
                    report.done.push(brought(&item, false));
                    events.extend(guide.map(|guide| Event::Guide(Box::new(guide))));
                    events.push(Event::Item(item));
                }
                Err(rejection) => report.refused.push(Refused { item: code.clone(), rejection }),
            }
        }
    }
    if dry_run {
        events.clear();
    }
    Ok((report, events))
}

/// Tells whether a version of an item waits with a release already, from the release's day or sooner.
pub(super) fn waits_with(waiting: &[ServiceItem], release: &BaseItem, day: Date) -> bool {
    let from = release.effective.map_or(day, |begins| begins.max(day));
    let in_time = |waiting: &ServiceItem| waiting.effective.is_none_or(|begins| begins <= from);
    waiting.iter().any(|waiting| in_time(waiting) && waiting.base_version >= Some(release.version))
}

/// The release that an item takes over next: of those with a day still the first that is neither in force at the item nor waits there. A
/// draft is brought to the one that binds on the day on which it begins.
fn release<'b>(
    facts: &dyn Facts,
    day: Date,
    code: &str,
    held: Option<u32>,
    base: &'b BaseItem,
) -> Option<&'b BaseItem> {
    let waiting = facts.items_waiting(code);
    let mut ahead = base.ahead(day);
    ahead.retain(|release| held < Some(release.version));
    let next = ahead.iter().copied().find(|release| !waits_with(&waiting, release, day));
    match facts.item_draft(code) {
        Some(draft) => {
            let first = next.or(ahead.last().copied())?;
            let from = draft.effective.max(first.effective).map_or(day, |begins| begins.max(day));
            base.binding(from).filter(|binding| binding.version >= first.version).or(Some(first))
        }
        None => next,
    }
}

/// The draft of an item with the core and the locks of a base item, and the guide that goes with it where it changes.
///
/// A version begins no earlier than was said of it: a draft keeps its later day, and what waits for one isn't passed over.
fn updated(
    facts: &dyn Facts,
    acting: Acting<'_>,
    code: &str,
    base: &BaseItem,
) -> Result<(ServiceItem, Option<Guide>), Rejection> {
    let day = acting.at.date();
    let from = base.effective.map_or(day, |begins| begins.max(day));
    let draft = facts.item_draft(code);
    let mut waiting = facts.items_waiting(code);
    if draft.is_none()
        && let Some(later) = waiting.iter().find(|waiting| waiting.effective > Some(from))
    {
        return Err(passed_over(later, from));
    }
    under_review(facts, code)?;
    let mut item = draft.or_else(|| waiting.pop()).or_else(|| facts.item(code)).ok_or_else(|| unknown(code))?;
    let differs =
        |field: CoreField| item.difference.as_ref().is_some_and(|difference| difference.fields.contains(&field));
    let mut core = base.core.clone();
    if item.is_handled() || differs(CoreField::Name) {
        core.name.clone_from(&item.core.name);
    }
    if differs(CoreField::LegalBasis) {
        core.legal_basis.clone_from(&item.core.legal_basis);
    }
    if differs(CoreField::ItemType) {
        core.item_type.clone_from(&item.core.item_type);
    }
    if base.locks.contains(&Lock::Statutory) {
        item.statutory = base.statutory_days.map(working_days).or(item.statutory);
    }
    if base.locks.contains(&Lock::Promised) {
        item.promised = base.promised_days.map(working_days).or(item.promised);
    }
    let before = item.base_version.and_then(|version| facts.base_version(base.core.base_code.as_deref()?, version));
    let prescribed = base.guide.and_then(|digest| facts.guide(&digest));
    let mut new_guide = None;
    if before.is_some_and(|before| before.guide == item.guide) {
        // Nothing local was ever written into it.
        item.guide = base.guide;
    } else if let Some(known) = item.guide.and_then(|digest| facts.guide(&digest)) {
        let mut guide = known.clone();
        if let Some(prescribed) = &prescribed {
            take_locked(&mut guide, &base.locks, prescribed);
            guide.bases.clone_from(&prescribed.bases);
        }
        guide.bases.retain(|basis| core.legal_basis.contains(&basis.law));
        if guide != known {
            size::fits("guide", code, &guide)?;
            item.guide = Some(guide.digest());
            new_guide = Some(guide);
        }
    }
    item.core = core;
    item.base_version = Some(base.version);
    item.effective = item.effective.max(base.effective).filter(|begins| *begins > day);
    item.cancel = item.cancel.filter(|last| *last >= day);
    item.state = ItemState::Draft;
    item.editing = Editing { editor: Some(acting.actor.operator.clone()), at: Some(acting.at), ..Editing::default() };
    size::fits("item", code, &item)?;
    Ok((item, new_guide))
}

/// The refusal to make a draft while a version waits for a later day on which it would bring an earlier release back.
fn passed_over(later: &ServiceItem, from: Date) -> Rejection {
    let (version, begins) = (later.version, later.effective.unwrap_or(from));
    Rejection::new(
        codes::ITEM_STATE,
        format!("version {version} waits for {begins}; it was made under an earlier release than the one of {from}"),
        format!("第 {version} 版将于 {begins} 生效，其依据早于 {from} 起施行的版本"),
    )
    .field("item", &later.code)
    .remedy(
        format!(
            "take it back first, and publish it again after: tongban item withdraw {} --version {version}",
            later.code
        ),
        format!("先撤回，更新后再发布：tongban item withdraw {} --version {version}", later.code),
    )
}
