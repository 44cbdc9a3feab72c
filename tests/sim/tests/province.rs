//! Small provinces: every release converges, promise 7 holds, checks cost what they may, and edited stores are found.

use simulator::province::{Plan, drift, play};

#[test]
fn small_provinces_hold_one_standard() {
    for seed in 1..=6 {
        let played = play(seed, &Plan::small());
        assert_eq!(played.breach, None);
        assert_eq!(played.releases.len(), Plan::small().releases);
        assert!(played.full_checks >= 1 && played.steps > 100 && played.items > 20, "{played:?}");
        for compared in &played.costs.unchanged {
            assert!(compared.bytes <= 256 && compared.questions == 1, "{compared:?}");
        }
        for compared in played.costs.first.iter().chain(&played.costs.edited) {
            assert!(compared.list_bytes <= 8_192 + 400, "{compared:?}");
        }
        assert!(!played.costs.edited.is_empty());
    }
}

#[test]
fn a_seed_replays() {
    let (first, second) = (play(3, &Plan::small()), play(3, &Plan::small()));
    assert_eq!((first.events, first.steps, first.millis), (second.events, second.steps, second.millis));
    assert_eq!(first.releases, second.releases);
}

/// Items as halls have them: an unchanged check is one question, and of what is edited all is found and nothing else.
#[test]
fn a_stock_of_items_is_compared() {
    let plan = Plan { base_items: 200, ..Plan::small() };
    let stocked = drift(1, &plan, 4_000);
    assert_eq!(stocked.breach, None);
    assert_eq!((stocked.items, stocked.refused, stocked.of_nodes.len()), (4_000, 0, 20));
    assert!(stocked.of_nodes[19] > 10 * stocked.of_nodes[0], "skewed: {:?}", stocked.of_nodes);
    let found: Vec<(usize, usize)> = stocked.rounds.iter().map(|round| (round.edited, round.found)).collect();
    assert_eq!(found, [(0, 0), (0, 0), (1, 1), (10, 11), (100, 111), (1_000, 1_111)]);
    for compared in &stocked.rounds[1].compared {
        assert!(compared.bytes <= 256 && compared.questions == 1, "{compared:?}");
    }
    let changed = stocked.rounds[2].compared.iter().filter(|compared| compared.questions > 1);
    assert_eq!(changed.count(), 1, "where nothing was edited one question is enough");
}
