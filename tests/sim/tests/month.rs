//! Twelve nodes of two provinces for a week, some of them hostile: every promise after every step, and rest in the end.

use simulator::month::{Plan, Played, play};

/// A week in which everything happens that [`happened`] asks for, and in which each bug shows.
const SEED: u64 = 2;

/// What must have happened, so that the week says something.
fn happened(played: &Played) {
    let tried: u64 = played.attacked.tried.values().sum();
    assert!(played.collected() > 150 && played.done() > 600, "{played}");
    assert!(played.faults.len() >= 8, "every kind of fault: {played}");
    assert!(played.attacked.nodes == 2 && tried > 200 && played.attacked.tried.len() >= 20, "{played}");
    let answered: u64 = played.attacked.answered.values().sum();
    assert!(answered > 0 && played.attacked.unanswered > 0, "hostile words are answered: {played}");
    assert!(!played.attacked.answered.contains_key("applied"), "{played}");
    assert!(played.looks > 30, "{played}");
    // Matters between two nodes that aren't cases, and those of several nodes.
    for act in [
        "Ticket-Open",
        "Ticket-Assign",
        "Ticket-Answer",
        "Ticket-GiveBack",
        "Ticket-Send",
        "Ticket-Reopen",
        "Ticket-Confirm",
        "Rate",
        "Rating-Verify",
        "Application-Collect",
        "Application-Answer",
        "Agreement-Add",
        "Agreement-Withdraw",
        "CancelLicence",
        "Pledge",
        "VerifyPledge",
    ] {
        assert!(played.acts.contains_key(act), "nobody did {act}: {played}");
    }
    // What is decided in another's place: reported and kept, and refused where the agreement had ended; and whoever has agreed to nothing.
    let (kept, refused) = played.reported;
    assert!(kept > 10 && refused > 0, "{played}");
    for code in ["agreement-missing", "agreement-lapsed", "out-of-turn"] {
        assert!(played.refused.contains_key(code), "nothing was refused as {code}: {played}");
    }
    assert!(played.attacked.tried.contains_key("report on another's case"), "{played}");
}

#[test]
fn a_week_holds_every_promise() {
    let played = play(SEED, &Plan::week());
    if let Some(breach) = &played.breach {
        panic!("{breach}");
    }
    happened(&played);
}

#[test]
fn a_week_replays_byte_for_byte() {
    let plan = Plan { days: 2, cases: 60, trace: true, ..Plan::week() };
    let (first, second) = (play(7, &plan), play(7, &plan));
    assert!(first.trace.len() > 1_000);
    assert_eq!(first, second);
    assert_ne!(first.trace, play(8, &plan).trace);
}

/// That the week bites, too.
#[cfg(feature = "deliberate-bugs")]
mod bites {
    use super::{Plan, SEED, play};
    use tongban_codes::deliberate::Bug;

    fn is_found(bug: Bug) {
        let played = play(SEED, &Plan { bug: Some(bug), ..Plan::week() });
        assert!(played.breach.is_some(), "{} stays unseen in a week", bug.name());
    }

    #[test]
    fn an_owner_that_lets_go_too_early_is_found() {
        is_found(Bug::OwnerDischargedEarly);
    }

    #[test]
    fn a_receipt_before_its_effect_is_found() {
        is_found(Bug::ReceiptBeforeApply);
    }

    #[test]
    fn a_journal_that_is_rewritten_is_found() {
        is_found(Bug::JournalRewritten);
    }

    #[test]
    fn a_case_taken_at_its_former_tenure_is_found() {
        is_found(Bug::TakenAtSameTenure);
    }

    /// Which hostile nodes alone show: none of the promises knows of it.
    #[test]
    fn a_report_of_anyone_is_found() {
        is_found(Bug::ReportOfAnyone);
    }

    #[test]
    fn a_report_to_which_nobody_agreed_is_found() {
        is_found(Bug::AgreementUnread);
    }

    #[test]
    fn a_permit_that_is_granted_out_of_turn_is_found() {
        is_found(Bug::OutOfTurn);
    }

    #[test]
    fn news_of_a_ticket_that_nobody_hears_is_found() {
        is_found(Bug::NewsUnheard);
    }
}
