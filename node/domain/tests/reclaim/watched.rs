//! What supervision sees of a case that came back: what is late here, not what was done at the node that was lost.

use tongban_domain::Command;
use tongban_domain::case::Bringing;
use tongban_domain::supervision::{Rule, Rules, Stage, stages};

use crate::hall::{Hall, at, carry, date};
use crate::scene::{Scene, scene};

fn of(hall: &Hall, scene: &Scene, rule: Rule) -> Vec<Stage> {
    let case = hall.case(scene.id);
    let mut all = stages(&hall.state, &Rules::default(), hall.state.node.node, case);
    all.retain(|stage| stage.rule == rule);
    all
}

#[test]
fn a_hand_over_runs_from_the_day_on_which_the_case_came_back() {
    let late = at(2026, 9, 25, 9);
    let mut refused = scene();
    refused.town.now = late;
    let (origin, case) = (refused.home.origin(), refused.id);
    let refusal = Some(("item-withdrawn".to_owned(), "withdrawn".to_owned()));
    refused.town.act(&Command::SettleOffer { origin, case, tenure: 1, act: 2, refusal }).unwrap();
    let mut reclaimed = scene();
    reclaimed.town.now = late;
    reclaimed.reclaimed();
    for scene in [refused, reclaimed] {
        let found = of(&scene.town, &scene, Rule::Handover);
        assert!(!found.is_empty() && found.iter().all(|stage| stage.from > date(2026, 9, 25)), "{found:?}");
    }
}

#[test]
fn what_a_lost_node_did_has_its_cards_there_alone() {
    let mut scene = scene();
    scene.taken();
    let notify = |scene: &Scene, item: &str, new_reasons: &[&str]| Command::Notify {
        case: scene.case(),
        items: vec![item.to_owned()],
        new_reasons: new_reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        within: None,
    };
    let bring = |scene: &Scene, item: &str| {
        let brings = vec![Bringing { item: item.to_owned(), materials: Vec::new() }];
        Command::Supplement { case: scene.case(), brings }
    };
    scene.done(&notify(&scene, "检测报告", &[]), true);
    scene.done(&bring(&scene, "1"), true);
    scene.done(&notify(&scene, "原件", &["补正后才看到"]), true);
    scene.done(&bring(&scene, "2"), true);
    scene.home.now = at(2026, 9, 28, 9);
    for notice in scene.home.act(&Command::Tick).unwrap().notices {
        carry(&notice, &mut scene.home, &mut scene.town);
    }
    assert!(scene.home.case(scene.id).deemed);
    for rule in [Rule::Deemed, Rule::SecondNotice] {
        assert!(!of(&scene.home, &scene, rule).is_empty(), "{rule:?}");
    }
    scene.reclaimed_for_next();
    scene.handed_on();
    assert!(scene.next.case(scene.id).deemed);
    for rule in [Rule::Deemed, Rule::SecondNotice] {
        assert!(of(&scene.next, &scene, rule).is_empty(), "{rule:?}");
    }
}
