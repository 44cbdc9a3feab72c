//! What has been claimed, and what is still to be: at the hall that claims, and at the superior that counts (事项认领率).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::{Date, Timestamp};

use super::bound::{Bound, Decline, DeclineReason, concerns};
use super::establish::policy;
use super::life::{Acting, note};
use super::publish::unknown;
use super::update::waits_with;
use super::{BaseItem, Crosswalk, Difference, ItemState};
use crate::{Event, Facts, Rejection, codes};

/// How a release of a superior stands at a hall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimState {
    /// 待认领: neither claimed nor declined.
    Pending,
    /// 认领中: there is a draft.
    Drafted,
    /// 已认领: an item is published under its version in force.
    Claimed,
    /// 待更新: an item is published under an earlier version.
    Outdated,
    /// 不认领, with a reason.
    Declined,
}

/// A base item of a superior, and what this hall has made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimView {
    /// Base code.
    pub base_code: String,
    /// Name.
    pub name: String,
    /// The division that keeps it.
    pub division: DivisionCode,
    /// Version released last.
    pub version: u32,
    /// When that begins, if later than today.
    pub begins: Option<Date>,
    /// How it stands.
    pub state: ClaimState,
    /// Items bound to it, with the base version to which each was held.
    pub items: Vec<(String, Option<u32>)>,
    /// Last day on which it is to be claimed or declined, where a policy sets one.
    pub deadline: Option<Date>,
    /// The day is past.
    pub is_overdue: bool,
    /// Why it was declined.
    pub reason: Option<DeclineReason>,
    /// In words.
    pub note: Option<String>,
}

/// The last day on which a release is to be claimed or declined, by the days that policy gives.
fn deadline(facts: &dyn Facts, base: &BaseItem, claim_days: Option<u16>) -> Option<Date> {
    let days = claim_days?;
    let released = base.editing.at.map(Timestamp::date).or(base.effective)?;
    Some(facts.calendar().add_working_days(released, u32::from(days)).date)
}

fn stands(bound: &Bound) -> bool {
    matches!(bound.state, ItemState::Published | ItemState::Suspended)
}

/// The state that bound items give a release.
fn state_of(base: &BaseItem, bound: &[&Bound], declined: Option<&Decline>) -> Option<ClaimState> {
    let versions: Vec<u32> =
        bound.iter().filter(|bound| stands(bound)).map(|bound| bound.base_version.unwrap_or(0)).collect();
    if !versions.is_empty() {
        let old = versions.iter().any(|version| *version < base.version);
        return Some(if old { ClaimState::Outdated } else { ClaimState::Claimed });
    }
    declined.filter(|declined| !declined.is_over).map(|_| ClaimState::Declined)
}

/// Every base item of a superior that this level is to claim, and how it stands.
pub fn claims(facts: &dyn Facts, day: Date) -> Vec<ClaimView> {
    let here = facts.node();
    let mut views = Vec::new();
    let drafts = facts.item_drafts().into_iter().filter_map(|code| facts.item_draft(&code)?.core.base_code);
    let drafted: BTreeSet<String> = drafts.collect();
    let claim_days = policy(facts, here.division, day).claim_days;
    for code in facts.base_items_above() {
        let Some(row) = facts.base_item(&code) else { continue };
        let Some(base) = row.lasting() else { continue };
        if !concerns(base, here.division.level()) || base.cancel.is_some_and(|last| last < day) {
            continue;
        }
        let bound: Vec<(String, Bound)> = facts
            .bound(&code)
            .into_iter()
            .filter(|(division, ..)| *division == here.division)
            .map(|(_, item, bound)| (item, bound))
            .collect();
        let declined = facts.decline(&code, here.division).filter(|declined| !declined.is_over);
        let ahead = row.ahead(day);
        // Of each release that is still to come a version has to wait, or the item would have passed it over when the next one begins.
        let prepared = |(item, bound): &(String, Bound)| {
            let waiting = facts.items_waiting(item);
            let mut newer = ahead.iter().filter(|release| bound.base_version < Some(release.version));
            !stands(bound) || newer.all(|release| waits_with(&waiting, release, day))
        };
        let rows: Vec<&Bound> = bound.iter().map(|(_, bound)| bound).collect();
        let mut state = state_of(base, &rows, declined.as_ref());
        if state == Some(ClaimState::Outdated) && bound.iter().all(prepared) {
            state = Some(ClaimState::Claimed);
        }
        let state =
            state.unwrap_or_else(|| if drafted.contains(&code) { ClaimState::Drafted } else { ClaimState::Pending });
        let deadline = deadline(facts, base, claim_days);
        let open = matches!(state, ClaimState::Pending | ClaimState::Drafted | ClaimState::Outdated);
        views.push(ClaimView {
            name: base.core.name.clone(),
            division: base.division,
            version: base.version,
            begins: base.effective.filter(|begins| *begins > day),
            state,
            items: bound.into_iter().map(|(item, bound)| (item, bound.base_version)).collect(),
            deadline,
            is_overdue: open && deadline.is_some_and(|last| last < day),
            reason: declined.as_ref().map(|declined| declined.reason),
            note: declined.map(|declined| declined.note),
            base_code: code,
        });
    }
    views
}

/// A difference as the superior sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DifferenceView {
    /// The division.
    pub division: DivisionCode,
    /// Its item.
    pub item: String,
    /// The item's name.
    pub name: String,
    /// The base item.
    pub base_code: String,
    /// What differs, why, and by what document.
    pub difference: Difference,
}

/// Every lawful difference from this node's base items that is known here.
pub fn differences(facts: &dyn Facts) -> Vec<DifferenceView> {
    let mut views = Vec::new();
    for base_code in facts.own_base_items() {
        for (division, item, bound) in facts.bound(&base_code) {
            if let Some(difference) = bound.difference
                && bound.state != ItemState::Withdrawn
            {
                views.push(DifferenceView {
                    division,
                    item,
                    name: bound.name,
                    base_code: base_code.clone(),
                    difference,
                });
            }
        }
    }
    views
}

/// How far a subordinate has come with the base items that bind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimRate {
    /// The subordinate, by the code that it has on the day.
    pub division: DivisionCode,
    /// All codes that it had and will have, in their order, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<DivisionCode>,
    /// Base items that it should claim.
    pub should: u32,
    /// Of them claimed, those under an earlier version included.
    pub claimed: u32,
    /// Of the claimed, those under an earlier version.
    pub outdated: u32,
    /// Declined with a reason.
    pub declined: u32,
    /// Neither claimed nor declined.
    pub pending: u32,
    /// Of the pending and outdated, those past the deadline.
    pub overdue: u32,
    /// Claimed, and lawfully different.
    pub different: u32,
    /// Claimed of what should be, in hundredths of a percent; 10,000 where there is nothing to claim (standards §7 事项认领率).
    pub rate: u32,
    /// What isn't claimed, or is to be brought up to date.
    pub open: Vec<OpenClaim>,
}

/// A base item that a subordinate has not claimed, or under an earlier version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenClaim {
    /// The base item.
    pub base_code: String,
    /// The division that keeps it.
    pub keeper: DivisionCode,
    /// How it stands.
    pub state: ClaimState,
    /// Why it was declined.
    pub reason: Option<DeclineReason>,
    /// In words.
    pub note: Option<String>,
}

/// The claim rates of subordinates over the base items that this node and those above it keep; what is kept between it and a subordinate
/// is counted there. A division that is named by several of its codes counts once.
pub fn claim_rates(facts: &dyn Facts, subordinates: &[DivisionCode], day: Date) -> Vec<ClaimRate> {
    let walk = Crosswalk::gather(facts);
    let firsts: BTreeSet<DivisionCode> = subordinates.iter().map(|division| walk.first(*division)).collect();
    let mut rates: Vec<ClaimRate> = firsts
        .iter()
        .map(|first| ClaimRate {
            division: walk.current(*first, day),
            codes: Some(walk.codes(*first)).filter(|codes| codes.len() > 1).unwrap_or_default(),
            should: 0,
            claimed: 0,
            outdated: 0,
            declined: 0,
            pending: 0,
            overdue: 0,
            different: 0,
            rate: 0,
            open: Vec::new(),
        })
        .collect();
    let claim_days = policy(facts, facts.node().division, day).claim_days;
    let mut binding = facts.own_base_items();
    binding.extend(facts.base_items_above());
    binding.sort_unstable();
    for base_code in binding {
        let Some(base) = facts.base_item(&base_code).and_then(|base| base.lasting().cloned()) else { continue };
        if base.cancel.is_some_and(|last| last < day) {
            continue;
        }
        let bound = facts.bound(&base_code);
        let declines: BTreeMap<DivisionCode, Decline> =
            facts.declines(&base_code).into_iter().map(|declined| (declined.division, declined)).collect();
        let late = deadline(facts, &base, claim_days).is_some_and(|last| last < day);
        for rate in rates.iter_mut().filter(|rate| concerns(&base, rate.division.level())) {
            let alone = [rate.division];
            let codes = if rate.codes.is_empty() { &alone[..] } else { &rate.codes };
            let of = |code: &DivisionCode| {
                let from = bound.partition_point(|(division, ..)| division < code);
                let to = bound.partition_point(|(division, ..)| division <= code);
                &bound[from..to]
            };
            let own: Vec<&Bound> = codes.iter().flat_map(of).map(|(.., bound)| bound).collect();
            let declined = codes.iter().find_map(|code| declines.get(code).filter(|declined| !declined.is_over));
            let state = state_of(&base, &own, declined).unwrap_or(ClaimState::Pending);
            rate.add(&base_code, base.division, state, declined, late);
            rate.different += u32::from(own.iter().any(|bound| bound.difference.is_some()));
        }
    }
    for rate in &mut rates {
        let share = u64::from(rate.claimed) * 10_000 / u64::from(rate.should.max(1));
        rate.rate = if rate.should == 0 { 10_000 } else { u32::try_from(share).unwrap_or(10_000) };
    }
    rates
}

impl ClaimRate {
    fn add(
        &mut self,
        base_code: &str,
        keeper: DivisionCode,
        state: ClaimState,
        declined: Option<&Decline>,
        late: bool,
    ) {
        self.should += 1;
        match state {
            ClaimState::Claimed => {
                self.claimed += 1;
                return;
            }
            ClaimState::Outdated => {
                self.claimed += 1;
                self.outdated += 1;
                self.overdue += u32::from(late);
            }
            ClaimState::Declined => self.declined += 1,
            ClaimState::Pending | ClaimState::Drafted => {
                self.pending += 1;
                self.overdue += u32::from(late);
            }
        }
        let declined = declined.filter(|_| state == ClaimState::Declined);
        self.open.push(OpenClaim {
            base_code: base_code.to_owned(),
            keeper,
            state,
            reason: declined.map(|declined| declined.reason),
            note: declined.map(|declined| declined.note.clone()),
        });
    }
}

/// Declines a base item of a superior with a reason (不认领).
pub(crate) fn decline(
    facts: &dyn Facts,
    acting: Acting<'_>,
    base_code: &str,
    reason: DeclineReason,
    text: &str,
) -> Result<Decline, Rejection> {
    let here = facts.node();
    let base = facts.base_item(base_code).filter(|base| base.node != here.node);
    let base = base.and_then(|base| base.published().cloned());
    let base = base.ok_or_else(|| unknown(base_code).field("base_code", base_code))?;
    let note = note("note", text)?;
    if let Some((_, item, _)) =
        facts.bound(base_code).into_iter().find(|(division, _, bound)| *division == here.division && stands(bound))
    {
        return Err(Rejection::new(
            codes::ITEM_STATE,
            format!("{item} is published under it; withdraw that first"),
            format!("{item} 已据此发布，须先取消"),
        )
        .field("base_code", base_code)
        .remedy("tongban item withdraw", "tongban item withdraw"));
    }
    let known = facts.decline(base_code, here.division);
    Ok(Decline {
        base_code: base_code.to_owned(),
        base_version: base.version,
        division: here.division,
        node: here.node,
        reason,
        note,
        operator: acting.actor.operator.clone(),
        at: acting.at,
        is_over: false,
        version: known.map_or(0, |known| known.version) + 1,
    })
}

/// What was declined and is claimed after all isn't declined any more.
pub(super) fn no_longer_declined(facts: &dyn Facts, base_code: &str, acting: Acting<'_>) -> Option<Event> {
    let known = facts.decline(base_code, facts.node().division).filter(|known| !known.is_over)?;
    let over = Decline {
        is_over: true,
        at: acting.at,
        operator: acting.actor.operator.clone(),
        version: known.version + 1,
        ..known
    };
    Some(Event::Declined(Box::new(over)))
}
