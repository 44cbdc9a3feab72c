//! Promise 7 as a property: over any sequence of acts at a province and a county, what is published has its superior's core and what is
//! locked, or names a lawful reason.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, row};
use proptest::prelude::*;
use tongban_domain::catalogue::{
    ClaimTerms, CoreField, Difference, Guide, ItemAct, ItemState, LawfulReason, Lock, RequiredMaterial, Selection,
    departs,
};
use tongban_domain::{Command, Event, Facts};

const BASES: [&str; 2] = ["510116013001", "510116013002"];
const CREDIT: &str = "11511301008778490F";

#[derive(Clone, Debug)]
enum Step {
    Release { base: usize, basis: u8, name: u8, days_ahead: u8, locks: u8, material: u8 },
    WithdrawBase { base: usize },
    SuspendBase { base: usize, resume: bool },
    Flow,
    Claim { base: usize, days_ahead: u8, handled: bool },
    Update,
    Edit { base: usize, name: u8, basis: u8, material: u8 },
    Publish { base: usize, differs: u8 },
    PublishAll,
    Withdraw { base: usize, days_ahead: u8 },
    Import { base: usize, name: u8 },
    Day { days: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let base = 0usize..2;
    let step = prop_oneof![
        3 => (base.clone(), 0u8..3, 0u8..2, 0u8..4, 0u8..4, 0u8..3)
            .prop_map(|(base, basis, name, days_ahead, locks, material)| Step::Release { base, basis, name, days_ahead, locks, material }),
        1 => base.clone().prop_map(|base| Step::WithdrawBase { base }),
        1 => (base.clone(), any::<bool>()).prop_map(|(base, resume)| Step::SuspendBase { base, resume }),
        4 => Just(Step::Flow),
        4 => (base.clone(), 0u8..4, any::<bool>()).prop_map(|(base, days_ahead, handled)| Step::Claim { base, days_ahead, handled }),
        2 => Just(Step::Update),
        2 => (base.clone(), 0u8..3, 0u8..3, 0u8..3).prop_map(|(base, name, basis, material)| Step::Edit { base, name, basis, material }),
        4 => (base.clone(), 0u8..8).prop_map(|(base, differs)| Step::Publish { base, differs }),
        2 => Just(Step::PublishAll),
        1 => (base.clone(), 0u8..3).prop_map(|(base, days_ahead)| Step::Withdraw { base, days_ahead }),
        1 => (base, 0u8..2).prop_map(|(base, name)| Step::Import { base, name }),
        3 => (1u8..4).prop_map(|days| Step::Day { days }),
    ];
    prop::collection::vec(step, 1..40)
}

fn guide(material: u8) -> Guide {
    let material = RequiredMaterial { name: format!("材料{material}"), ..RequiredMaterial::default() };
    Guide { materials: vec![material], ..Guide::default() }
}

struct World {
    province: Hall,
    county: Hall,
}

impl World {
    fn code(base: usize, handled: bool) -> String {
        format!("{CREDIT}4{}{}", BASES[base], if handled { "01" } else { "" })
    }

    /// Plays a step; a refusal is a normal outcome. Versions that it published are held to the base item of the day on which they begin.
    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let day = self.county.now.date();
        let one = |base: usize| Selection::One(Self::code(base, false));
        match step {
            Step::Release { base, basis, name, days_ahead, locks, material } => {
                let (basis, name) = (format!("条例{basis}"), format!("事项{base}{name}"));
                let effective = day.add_days(i32::from(*days_ahead)).to_string();
                let columns = [
                    ("department", "省卫生健康委"),
                    ("name", name.as_str()),
                    ("item_type", "01"),
                    ("base_code", BASES[*base]),
                    ("legal_basis", basis.as_str()),
                    ("effective", if *days_ahead > 0 { effective.as_str() } else { "" }),
                ];
                self.province.import(&[row(2, &columns)]);
                let draft = self.province.state.bases.get_mut(BASES[*base]);
                if let Some(draft) = draft.filter(|draft| draft.state == ItemState::Draft) {
                    let prescribed = guide(*material);
                    draft.guide = Some(prescribed.digest());
                    draft.locks = if locks % 2 == 0 { vec![Lock::Materials] } else { Vec::new() };
                    self.province.state.fold(&Event::Guide(Box::new(prescribed)));
                }
                drop(self.province.act(&Command::PublishItems(Some(BASES[*base].into()))));
            }
            Step::WithdrawBase { base } => drop(self.province.act(&Command::WithdrawItem(BASES[*base].into()))),
            Step::SuspendBase { base, resume } => {
                let act = if *resume { ItemAct::Resume {} } else { ItemAct::Suspend { reason: "修订".into() } };
                let which = Selection::One(BASES[*base].into());
                drop(self.province.act(&Command::BringItems { act, which, dry_run: false }));
            }
            Step::Flow => {
                for base in self.province.state.bases.values().filter(|base| !base.state.is_draft()) {
                    self.county.state.fold(&Event::BaseItem(base.clone()));
                }
                for (guide, _) in self.province.state.guides.values() {
                    self.county.state.fold(&Event::Guide(Box::new(guide.clone())));
                }
            }
            Step::Claim { base, days_ahead, handled } => {
                let terms = ClaimTerms {
                    department: Some("区卫健局".into()),
                    department_code: Some(CREDIT.into()),
                    effective: (*days_ahead > 0).then(|| day.add_days(i32::from(*days_ahead))),
                    handled: handled.then_some(1),
                    name: handled.then(|| "自己的名称".to_owned()),
                    ..ClaimTerms::default()
                };
                drop(self.county.act(&Command::ClaimItem { base_code: BASES[*base].into(), terms }));
            }
            Step::Update => drop(self.county.act(&Command::UpdateClaims { base_code: None, dry_run: false })),
            Step::Edit { base, name, basis, material } => {
                let own = guide(*material);
                self.county.state.fold(&Event::Guide(Box::new(own.clone())));
                if let Some(draft) = self.county.state.drafts.get_mut(&Self::code(*base, false)) {
                    draft.core.name = format!("事项{base}{name}");
                    draft.core.legal_basis = format!("条例{basis}");
                    draft.guide = Some(own.digest());
                }
            }
            Step::Publish { base, differs } => {
                let mut fields = Vec::new();
                fields.extend((differs & 1 != 0).then_some(CoreField::Name));
                fields.extend((differs & 2 != 0).then_some(CoreField::LegalBasis));
                let locks = if differs & 4 != 0 { vec![Lock::Materials] } else { Vec::new() };
                let reason = LawfulReason::Pilot;
                let difference =
                    (*differs != 0)
                        .then(|| Difference { fields, reason, document: "川府发〔2026〕3号".into(), locks });
                let act = ItemAct::Publish { difference };
                drop(self.county.act(&Command::BringItems { act, which: one(*base), dry_run: false }));
            }
            Step::PublishAll => drop(self.county.act(&Command::PublishItems(None))),
            Step::Withdraw { base, days_ahead } => {
                let from = (*days_ahead > 0).then(|| day.add_days(i32::from(*days_ahead)));
                let act = ItemAct::Withdraw { reason: None, from };
                drop(self.county.act(&Command::BringItems { act, which: one(*base), dry_run: false }));
            }
            Step::Import { base, name } => {
                let (code, name) = (Self::code(*base, false), format!("事项{base}{name}"));
                let columns = [
                    ("department", "区卫健局"),
                    ("main_item", name.as_str()),
                    ("name", name.as_str()),
                    ("local_item_code", code.as_str()),
                    ("division", "511602000000"),
                    ("item_type", "01"),
                    ("department_code", CREDIT),
                    ("base_code", BASES[*base]),
                    ("legal_basis", ""),
                ];
                self.county.import(&[row(2, &columns)]);
            }
            Step::Day { days } => {
                for hall in [&mut self.province, &mut self.county] {
                    hall.now = hall.now.add_days(i64::from(*days));
                    for tick in 0.. {
                        prop_assert!(tick < 50, "the clock never comes to rest");
                        if hall.act(&Command::Tick).unwrap().events.is_empty() {
                            break;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Each version is held to the base item that it names, as it was released.
    fn holds(&self) -> Result<(), TestCaseError> {
        let state = &self.county.state;
        for item in state.versions.values().chain(state.waiting.values()) {
            let code = item.core.base_code.clone().unwrap();
            let version = item.base_version.unwrap();
            let Some(base) =
                state.base_version(&code, version).or_else(|| self.province.state.base_version(&code, version))
            else {
                return Err(TestCaseError::fail(format!(
                    "{} names version {version}, which nobody released",
                    item.code
                )));
            };
            let own = item.guide.and_then(|digest| state.guide(&digest)).unwrap_or_default();
            let prescribed = base.guide.and_then(|digest| state.guide(&digest));
            let departure = departs(item, &own, &base, prescribed.as_ref());
            let excused = |field: &CoreField| item.difference.as_ref().is_some_and(|why| why.fields.contains(field));
            let core = departure.core.iter().all(|(field, ..)| excused(field));
            let lock = |lock: &Lock| item.difference.as_ref().is_some_and(|why| why.locks.contains(lock));
            prop_assert!(core && departure.locks.iter().all(lock), "{} departs: {departure:?}", item.code);
            if let Some(why) = &item.difference {
                prop_assert!(!departure.is_none() && !why.document.is_empty(), "a reason for nothing");
            }
        }
        // Never two in force, and never one in force that begins later while another waits for an earlier day.
        for waiting in state.waiting.values() {
            let in_force = &state.items[&waiting.code];
            prop_assert!(waiting.version > in_force.version, "{}", waiting.code);
            prop_assert!(waiting.effective.unwrap() > self.county.now.date(), "{} is late", waiting.code);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_published_is_the_superiors_or_says_why_not(steps in steps()) {
        let mut world = World { province: Hall::new("510000", "四川省"), county: Hall::new("511602", "广安区") };
        for step in &steps {
            world.step(step)?;
            world.holds()?;
        }
    }
}
