//! A province that releases a base item, and a county that claims it.

use crate::hall::{Hall, row};
use tongban_domain::catalogue::{
    ClaimTerms, Difference, ItemAct, ItemState, LifeReport, Policy, Selection, Standard, StandardBody,
};
use tongban_domain::{Command, Event, Reply};

pub(crate) const BASE: &str = "510116013001";
pub(crate) const CREDIT: &str = "11511301008778490F";

pub(crate) fn base_columns(basis: &str) -> Vec<(&'static str, String)> {
    let columns = [
        ("department", "省卫生健康委"),
        ("name", "公共场所卫生许可"),
        ("item_type", "01"),
        ("base_code", BASE),
        ("statutory_days", "20"),
        ("promised_days", "10"),
    ];
    let mut columns: Vec<_> = columns.map(|(name, value)| (name, value.to_owned())).to_vec();
    columns.push(("legal_basis", basis.to_owned()));
    columns
}

pub(crate) fn release(province: &mut Hall, basis: &str, effective: &str) {
    let mut columns = base_columns(basis);
    columns.push(("effective", effective.to_owned()));
    let columns: Vec<(&str, &str)> = columns.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(province.import(&[row(2, &columns)]).rejected, 0);
    province.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
}

pub(crate) const FIRST: &str = "公共场所卫生管理条例 第四条";
pub(crate) const SECOND: &str = "公共场所卫生管理条例（2026修订） 第五条";

/// Brings what a superior has published to a node below.
pub(crate) fn flow(from: &Hall, to: &mut Hall) {
    for base in from.state.bases.values().filter_map(|base| base.published()) {
        to.state.fold(&Event::BaseItem(base.clone()));
    }
    for (guide, _) in from.state.guides.values() {
        to.state.fold(&Event::Guide(Box::new(guide.clone())));
    }
}

/// Brings what a superior counts to it.
pub(crate) fn rise(from: &Hall, to: &mut Hall) {
    for item in from.state.items.keys() {
        to.act(&from.foreign(item)).unwrap();
    }
    for decline in from.state.declined.values() {
        to.state.fold(&Event::Declined(Box::new(decline.clone())));
    }
}

pub(crate) fn both() -> (Hall, Hall) {
    let mut province = Hall::new("510000", "四川省");
    release(&mut province, FIRST, "");
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    (province, county)
}

pub(crate) fn terms() -> ClaimTerms {
    ClaimTerms {
        department: Some("区卫健局".into()), department_code: Some(CREDIT.into()), ..ClaimTerms::default()
    }
}

pub(crate) fn claim(terms: ClaimTerms) -> Command {
    Command::ClaimItem { base_code: BASE.into(), terms }
}

pub(crate) fn code() -> String {
    format!("{CREDIT}4{BASE}")
}

pub(crate) fn bring(act: ItemAct, which: Selection) -> Command {
    Command::BringItems { act, which, dry_run: false }
}

pub(crate) fn one(act: ItemAct) -> Command {
    bring(act, Selection::One(code()))
}

pub(crate) fn publish(difference: Option<Difference>) -> Command {
    one(ItemAct::Publish { difference })
}

pub(crate) fn life(hall: &mut Hall, command: &Command) -> LifeReport {
    match hall.act(command).unwrap().reply {
        Reply::Life(report) => report,
        other => panic!("{other:?}"),
    }
}

/// A county with its item published.
pub(crate) fn claimed() -> (Hall, Hall) {
    let (province, mut county) = both();
    county.act(&claim(terms())).unwrap();
    county.act(&publish(None)).unwrap();
    (province, county)
}

pub(crate) fn policy(policy: Policy) -> Event {
    let node = Hall::new("510000", "四川省").place();
    Event::Standard(Box::new(Standard {
        code: "catalogue".into(),
        body: StandardBody::Policy(policy),
        division: node.division,
        node: node.node,
        version: 1,
        state: ItemState::Published,
        effective: None,
        department: None,
        in_force: None,
    }))
}

/// Everything that is due happens.
pub(crate) fn ticks(hall: &mut Hall) {
    for _ in 0..8 {
        if hall.act(&Command::Tick).unwrap().events.is_empty() {
            return;
        }
    }
    panic!("the clock never comes to rest");
}
