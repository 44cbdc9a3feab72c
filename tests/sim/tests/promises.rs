//! Two thousand seeds hold every promise; the same seed gives the same run.

use simulator::{Plan, play};

/// Seeds of the whole, in as many tests as there are lines below, so that they run beside each other.
const SEEDS: u64 = 2_000;
const PARTS: u64 = 8;

fn part(number: u64) {
    let share = SEEDS / PARTS;
    let mut deemed_renewals = 0;
    for seed in number * share + 1..=(number + 1) * share {
        let played = play(seed, &Plan::default());
        if let Some(breach) = played.breach {
            panic!("{breach}");
        }
        deemed_renewals += played.deemed_renewals;
    }
    // The clocks that jump find renewals on which nobody has decided.
    assert!(deemed_renewals > 0, "nothing was deemed renewed in {share} seeds");
}

#[test]
fn seeds_part_1() {
    part(0);
}

#[test]
fn seeds_part_2() {
    part(1);
}

#[test]
fn seeds_part_3() {
    part(2);
}

#[test]
fn seeds_part_4() {
    part(3);
}

#[test]
fn seeds_part_5() {
    part(4);
}

#[test]
fn seeds_part_6() {
    part(5);
}

#[test]
fn seeds_part_7() {
    part(6);
}

#[test]
fn seeds_part_8() {
    part(7);
}

#[test]
fn a_seed_replays_byte_for_byte() {
    for seed in [3, 24, 84] {
        let plan = Plan::traced();
        let (first, second) = (play(seed, &plan), play(seed, &plan));
        assert!(first.trace.len() > 100, "seed {seed} leaves a trace");
        assert_eq!(first, second, "seed {seed} gave another run");
    }
}

#[test]
fn seeds_differ() {
    let plan = Plan::traced();
    assert_ne!(play(1, &plan).trace, play(2, &plan).trace);
}
