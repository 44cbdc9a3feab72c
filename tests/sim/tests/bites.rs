//! The simulator bites: every deliberate bug is found by the promises, and no build of the program holds one.
#![cfg(feature = "deliberate-bugs")]

use std::path::{Path, PathBuf};

use simulator::{Plan, play};
use tongban_codes::deliberate::Bug;

/// Seeds within which each bug is found: those that CI plays without it.
const SEEDS: u64 = 2_000;

fn is_found(bug: Bug) {
    let plan = Plan { bug: Some(bug), ..Plan::default() };
    let found = (1..=SEEDS).find_map(|seed| play(seed, &plan).breach);
    let Some(breach) = found else { panic!("{} stays unseen in {SEEDS} seeds", bug.name()) };
    let without = play(breach.seed, &Plan::default());
    assert_eq!(without.breach, None, "seed {} is broken without {}", breach.seed, bug.name());
}

macro_rules! found {
    ($($test:ident: $bug:ident),+ $(,)?) => {
        $(#[test]
        fn $test() {
            is_found(Bug::$bug);
        })+

        /// Those that a province of honest nodes shows.
        const OF_HONEST: &[Bug] = &[$(Bug::$bug),+];
    };
}

found! {
    reply_before_commit: ReplyBeforeCommit,
    inbox_record_dropped: InboxRecordDropped,
    cursor_advanced_early: CursorAdvancedEarly,
    offer_withdrawn: OfferWithdrawn,
    owner_discharged_early: OwnerDischargedEarly,
    journal_rewritten: JournalRewritten,
    overlay_off: OverlayOff,
    purge_past_flush: PurgePastFlush,
    time_backward: TimeBackward,
    receipt_before_apply: ReceiptBeforeApply,
    envelope_reencoded: EnvelopeReencoded,
    parked_out_of_order: ParkedOutOfOrder,
    reclaim_tenure_kept: ReclaimTenureKept,
    late_return_taken: LateReturnTaken,
    fence_forgotten: FenceForgotten,
    key_forgotten: KeyForgotten,
    figure_not_taken: FigureNotTaken,
    relay_unkept: RelayUnkept,
    deadline_kept: DeadlineKept,
    extension_untold: ExtensionUntold,
    supplement_forgotten: SupplementForgotten,
    taken_at_same_tenure: TakenAtSameTenure,
}

/// What the small province can't show, for it has no hostile nodes, no tickets, nobody who decides in another's place and nothing limited; `month.rs` finds it.
const OF_THE_WEEK: [Bug; 4] = [Bug::ReportOfAnyone, Bug::NewsUnheard, Bug::AgreementUnread, Bug::OutOfTurn];

#[test]
fn every_bug_has_its_test() {
    let tested: Vec<Bug> = OF_HONEST.iter().copied().chain(OF_THE_WEEK).collect();
    assert_eq!(tested, Bug::ALL);
}

/// That these are found says something of what the week alone has.
#[test]
fn the_small_province_does_not_show_what_the_week_does() {
    for bug in OF_THE_WEEK {
        let plan = Plan { bug: Some(bug), ..Plan::default() };
        let broken = (1..=50).find_map(|seed| play(seed, &plan).breach);
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
