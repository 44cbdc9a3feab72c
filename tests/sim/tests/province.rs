//! Small provinces: every release converges, promise 7 holds, checks cost what they may, and edited stores are found.

use simulator::province::{Plan, play};

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
