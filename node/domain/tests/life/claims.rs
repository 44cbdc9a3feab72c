//! Who has claimed what, as a superior counts it.

use crate::hall::{Hall, date, row};
use crate::scene::{BASE, bring, claim, code, flow, life, policy, rise, terms};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{ClaimState, DeclineReason, ItemAct, Policy, Selection, UseLevel, claim_rates, claims};
use tongban_domain::{Command, Event};

#[test]
fn claims_are_counted_at_the_superior() {
    let mut province = Hall::new("510000", "四川省");
    for (number, code) in ["510116013001", "510116013002", "510116013003", "510116013004"].into_iter().enumerate() {
        let name = format!("事项{number}");
        let columns = [
            ("department", "省卫生健康委"),
            ("name", name.as_str()),
            ("item_type", "01"),
            ("base_code", code),
            ("legal_basis", "某条例"),
        ];
        province.import(&[row(2, &columns)]);
    }
    province.publish_all();
    // The last is the cities' alone.
    let mut cities = province.state.bases["510116013004"].clone();
    cities.levels = vec![UseLevel::City];
    province.state.fold(&Event::BaseItem(cities));
    province.state.fold(&policy(Policy { claim_days: Some(5), ..Policy::default() }));
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    county.state.fold(&policy(Policy { claim_days: Some(5), ..Policy::default() }));
    let pending = |hall: &Hall| {
        let views = claims(&hall.state, hall.now.date());
        views.iter().map(|view| view.state).collect::<Vec<_>>()
    };
    assert_eq!(pending(&county), [ClaimState::Pending; 3]);
    let all = Command::ClaimItems { which: Selection::All, terms: terms(), dry_run: true };
    assert_eq!((life(&mut county, &all).done.len(), county.state.drafts.len()), (3, 0));
    let decline = |code: &str| Command::DeclineItem {
        base_code: code.into(),
        reason: DeclineReason::NoObject,
        note: "本区无此类场所".into(),
    };
    county.act(&decline("510116013003")).unwrap();
    let all = Command::ClaimItems { which: Selection::All, terms: terms(), dry_run: false };
    assert_eq!(life(&mut county, &all).done.len(), 2);
    county.act(&bring(ItemAct::Publish { difference: None }, Selection::One(code()))).unwrap();
    assert_eq!(pending(&county), [ClaimState::Claimed, ClaimState::Drafted, ClaimState::Declined]);
    assert_eq!(county.code(&decline(BASE)), "item-state");
    rise(&county, &mut province);
    let other = "511603".parse().unwrap();
    let at_the_province = |province: &Hall, day: Date| {
        let rates = claim_rates(&province.state, &[county.division(), other], day);
        rates
            .into_iter()
            .map(|rate| [rate.should, rate.claimed, rate.declined, rate.pending, rate.overdue, rate.rate])
            .collect::<Vec<_>>()
    };
    let day = province.now.date();
    assert_eq!(at_the_province(&province, day), [[3, 1, 1, 1, 0, 3333], [3, 0, 0, 3, 0, 0]]);
    assert_eq!(at_the_province(&province, date(2026, 10, 15))[0][4], 1, "five working days are over");
    let open = &claim_rates(&province.state, &[county.division()], day)[0].open;
    assert_eq!((open[1].state, open[1].reason), (ClaimState::Declined, Some(DeclineReason::NoObject)));

    // Claimed after all; and a new version makes what is claimed outdated.
    county.act(&Command::ClaimItem { base_code: "510116013003".into(), terms: terms() }).unwrap();
    county.publish_all();
    rise(&county, &mut province);
    let mut newer = province.state.bases[BASE].clone();
    newer.version = 2;
    province.state.fold(&Event::BaseItem(newer));
    let rate = &claim_rates(&province.state, &[county.division()], day)[0];
    assert_eq!((rate.claimed, rate.outdated, rate.declined, rate.rate), (3, 1, 0, 10_000));
}

/// A city between the two counts what the province keeps as well as its own.
#[test]
fn a_city_counts_the_claims_of_everything_that_binds_those_below() {
    let (mut province, mut city) = (Hall::new("510000", "四川省"), Hall::new("511600", "广安市"));
    for (is_provincial, code) in [(true, BASE), (true, "510116013003"), (false, "510716013002")] {
        let hall = if is_provincial { &mut province } else { &mut city };
        let columns = [
            ("department", "卫生健康委"),
            ("name", code),
            ("item_type", "01"),
            ("base_code", code),
            ("legal_basis", "某条例"),
        ];
        hall.import(&[row(2, &columns)]);
        hall.publish_all();
    }
    let mut own = province.state.bases["510116013003"].clone();
    own.levels = vec![UseLevel::City];
    province.state.fold(&Event::BaseItem(own));
    flow(&province, &mut city);
    let mut county = Hall::new("511602", "广安区");
    flow(&city, &mut county);
    let rate = |city: &Hall| {
        let rate = claim_rates(&city.state, &["511602".parse().unwrap()], city.now.date()).remove(0);
        let open: Vec<_> = rate.open.into_iter().map(|open| (open.base_code, open.keeper.to_string())).collect();
        ([rate.should, rate.claimed, rate.rate], open)
    };
    let open = [(BASE, "510000000000"), ("510716013002", "511600000000")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(rate(&city), ([2, 0, 0], open.to_vec()));
    county.act(&claim(terms())).unwrap();
    county.publish_all();
    rise(&county, &mut city);
    assert_eq!(rate(&city), ([2, 1, 5000], open[1..].to_vec()));
    // The province knows nothing of what the city keeps.
    rise(&county, &mut province);
    assert_eq!(rate(&province), ([1, 1, 10_000], Vec::new()));
}
