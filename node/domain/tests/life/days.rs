//! Versions and last days in the future.

use crate::hall::{Hall, at, collect, date};
use crate::scene::{
    BASE, FIRST, SECOND, both, bring, claim, claimed, code, flow, life, one, publish, release, terms, ticks,
};
use tongban_codes::time::Date;
use tongban_domain::Command;
use tongban_domain::catalogue::{ClaimState, ClaimTerms, ItemAct, ItemState, Selection, claims};

/// A changed legal basis reaches the county before its day: neither a gap nor two in force, and each case stays on its version.
#[test]
fn a_release_with_a_later_day_takes_the_place_of_the_one_before_on_that_day() {
    let (mut province, mut county) = claimed();
    let division = county.division();
    let before = county.collect(&code(), division);
    release(&mut province, SECOND, "2026-10-01");
    flow(&province, &mut county);
    let views = claims(&county.state, date(2026, 9, 14));
    assert_eq!((views[0].state, views[0].begins), (ClaimState::Outdated, Some(date(2026, 10, 1))));
    // Until that day the old version is what an item is held to.
    let dry = Command::UpdateClaims { base_code: None, dry_run: true };
    assert_eq!(life(&mut county, &dry).done.len(), 1);
    assert!(county.state.drafts.is_empty());
    county.act(&Command::UpdateClaims { base_code: None, dry_run: false }).unwrap();
    let draft = &county.state.drafts[&code()];
    assert_eq!((draft.core.legal_basis.as_str(), draft.effective), (SECOND, Some(date(2026, 10, 1))));
    let report = life(&mut county, &publish(None));
    assert_eq!(report.done[0].waits_until, Some(date(2026, 10, 1)));
    assert_eq!(county.state.items[&code()].core.legal_basis, FIRST);
    assert_eq!(claims(&county.state, date(2026, 9, 14))[0].state, ClaimState::Claimed);
    county.now = at(2026, 9, 30, 23);
    ticks(&mut county);
    let last = county.collect(&code(), division);
    county.now = at(2026, 10, 1, 0);
    ticks(&mut county);
    let first = county.collect(&code(), division);
    assert_eq!(county.state.waiting.len(), 0);
    let pinned = |id| (county.case(id).item.version, county.case(id).item.core.legal_basis.as_str());
    assert_eq!((pinned(before), pinned(last), pinned(first)), ((1, FIRST), (1, FIRST), (2, SECOND)));
}

#[test]
fn a_last_day_ends_an_item_and_what_waits_begins() {
    let (_, mut county) = claimed();
    let division = county.division();
    county.act(&one(ItemAct::Withdraw { reason: Some("机构改革".into()), from: Some(date(2026, 9, 20)) })).unwrap();
    assert_eq!(county.state.items[&code()].state, ItemState::Published);
    // Beside it a version waits that begins ten days after the end, and a draft is in the making.
    county.act(&claim(ClaimTerms { effective: Some(date(2026, 9, 30)), ..terms() })).unwrap();
    county.state.drafts.get_mut(&code()).unwrap().cancel = None;
    county.act(&publish(None)).unwrap();
    county.act(&claim(terms())).unwrap();
    county.now = at(2026, 9, 19, 23);
    ticks(&mut county);
    county.collect(&code(), division);
    county.now = at(2026, 9, 20, 0);
    ticks(&mut county);
    assert_eq!(county.state.items[&code()].state, ItemState::Withdrawn);
    assert_eq!(county.code(&collect(&code(), division)), "item-withdrawn");
    assert_eq!((county.state.waiting.len(), county.state.drafts.len()), (1, 1));
    county.now = at(2026, 9, 30, 0);
    ticks(&mut county);
    assert_eq!((county.state.items[&code()].version, county.state.drafts.len()), (2, 1));
    county.collect(&code(), division);

    // A version that waits can be taken back.
    county.act(&claim(ClaimTerms { effective: Some(date(2026, 12, 1)), ..terms() })).unwrap();
    county.act(&publish(None)).unwrap();
    county.act(&Command::TakeBackItem { item: code(), version: 3 }).unwrap();
    assert!(county.state.waiting.is_empty());
    assert_eq!(county.code(&Command::TakeBackItem { item: code(), version: 3 }), "item-unknown");
}

#[test]
fn a_base_item_ends_after_its_last_day() {
    let (mut province, mut county) = both();
    let from = Some(date(2026, 9, 20));
    province.act(&bring(ItemAct::Withdraw { reason: None, from }, Selection::One(BASE.into()))).unwrap();
    flow(&province, &mut county);
    let holds = |hall: &Hall, day: Date| hall.state.bases[BASE].holding(day).is_some();
    assert!(holds(&county, date(2026, 9, 19)) && !holds(&county, date(2026, 9, 20)));
    province.now = at(2026, 9, 20, 1);
    ticks(&mut province);
    assert_eq!(province.state.bases[BASE].state, ItemState::Withdrawn);
}
