//! The simulator bites: every deliberate bug is found by the promises, and no build of the program holds one.
#![cfg(feature = "deliberate-bugs")]

use std::path::{Path, PathBuf};

use simulator::{Plan, play};
use tongban_codes::deliberate::Bug;

/// Seeds within which each bug is found: those that CI plays without it.
const SEEDS: u64 = 2_000;

/// Whether a bug is found by the promise that it breaks; that another speaks says nothing of it.
fn is_found(bug: Bug, promise: &str) {
    let plan = Plan { bug: Some(bug), ..Plan::default() };
    let found = (1..=SEEDS).find_map(|seed| play(seed, &plan).breach.filter(|breach| breach.promise == promise));
    let Some(breach) = found else { panic!("{} breaks no promise {promise} in {SEEDS} seeds", bug.name()) };
    let without = play(breach.seed, &Plan::default());
    assert_eq!(without.breach, None, "seed {} is broken without {}", breach.seed, bug.name());
}

macro_rules! found {
    ($($test:ident: $bug:ident breaks $promise:literal),+ $(,)?) => {
        $(#[test]
        fn $test() {
            is_found(Bug::$bug, $promise);
        })+

        /// Those that a province of honest nodes shows.
        const OF_HONEST: &[Bug] = &[$(Bug::$bug),+];
    };
}

found! {
    reply_before_commit: ReplyBeforeCommit breaks "3",
    inbox_record_dropped: InboxRecordDropped breaks "4",
    cursor_advanced_early: CursorAdvancedEarly breaks "4",
    offer_withdrawn: OfferWithdrawn breaks "1",
    owner_discharged_early: OwnerDischargedEarly breaks "1",
    journal_rewritten: JournalRewritten breaks "5",
    overlay_off: OverlayOff breaks "4",
    purge_past_flush: PurgePastFlush breaks "2",
    time_backward: TimeBackward breaks "8",
    receipt_before_apply: ReceiptBeforeApply breaks "3",
    envelope_reencoded: EnvelopeReencoded breaks "3",
    parked_out_of_order: ParkedOutOfOrder breaks "4",
    reclaim_tenure_kept: ReclaimTenureKept breaks "1",
    late_return_taken: LateReturnTaken breaks "1",
    fence_forgotten: FenceForgotten breaks "1",
    key_forgotten: KeyForgotten breaks "4",
    figure_not_taken: FigureNotTaken breaks "6",
    relay_unkept: RelayUnkept breaks "3",
    deadline_kept: DeadlineKept breaks "8",
    extension_untold: ExtensionUntold breaks "2",
    supplement_forgotten: SupplementForgotten breaks "2",
    taken_at_same_tenure: TakenAtSameTenure breaks "1",
}

/// What the small province can't show, for it has no hostile nodes, no tickets, nobody who decides in another's place and nothing limited; `month.rs` finds it.
/// With how many seeds are played to see that: few, where no line that the small province runs holds the bug.
const OF_THE_WEEK: [(Bug, u64); 4] =
    [(Bug::ReportOfAnyone, 50), (Bug::NewsUnheard, 50), (Bug::AgreementUnread, 5), (Bug::OutOfTurn, 5)];

#[test]
fn every_bug_has_its_test() {
    let tested: Vec<Bug> = OF_HONEST.iter().copied().chain(OF_THE_WEEK.map(|(bug, _)| bug)).collect();
    assert_eq!(tested, Bug::ALL);
}

/// That these are found says something of what the week alone has.
#[test]
fn the_small_province_does_not_show_what_the_week_does() {
    for (bug, seeds) in OF_THE_WEEK {
        let plan = Plan { bug: Some(bug), ..Plan::default() };
        let broken = (1..=seeds).find_map(|seed| play(seed, &plan).breach);
        assert_eq!(broken, None, "{}", bug.name());
    }
}

/// What the name of every bug begins with.
const MARK: &[u8] = b"deliberate-bug:";

/// How often a file holds the mark.
fn marks(file: &Path) -> usize {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    bytes.split(|byte| *byte == b'd').filter(|rest| rest.starts_with(&MARK[1..])).count()
}

/// The folder in which cargo puts a profile's binaries, of which this test is one.
fn target() -> PathBuf {
    let this = std::env::current_exe().expect("a test knows where it is");
    let folder = this.ancestors().nth(3).expect("target, profile, deps, test");
    folder.to_owned()
}

#[test]
fn no_build_of_the_program_holds_a_bug() {
    let built: Vec<PathBuf> =
        ["debug", "release"].into_iter().map(|profile| target().join(profile).join("tongban")).collect();
    let built: Vec<&PathBuf> = built.iter().filter(|file| file.exists()).collect();
    assert!(!built.is_empty(), "build tongban first: cargo build -p tongban");
    // The simulator's own program has them, so the check can see them.
    let simulator = Path::new(env!("CARGO_BIN_EXE_simulator"));
    assert!(marks(simulator) > 0, "{} holds no mark", simulator.display());
    assert!(Bug::ALL.iter().all(|bug| bug.name().as_bytes().starts_with(MARK)));
    for file in built {
        assert_eq!(marks(file), 0, "{} holds deliberate bugs", file.display());
    }
}
