//! Faults on purpose, so that the simulator can show that it finds such faults. Only with the feature `deliberate-bugs`, which no build of
//! the program enables.

use std::cell::Cell;

/// A fault that can be put into the product while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// The writer answers when it has decided, not when the log has committed.
    ReplyBeforeCommit,
    /// What came in isn't remembered.
    InboxRecordDropped,
    /// The mark of what came in moves past what hasn't come.
    CursorAdvancedEarly,
    /// The offering node withdraws a case while its offer is open.
    OfferWithdrawn,
    /// The offering node lets go of the case with the offer.
    OwnerDischargedEarly,
    /// An entry of a journal takes the place of the one before.
    JournalRewritten,
    /// The writer decides without what is in flight.
    OverlayOff,
    /// The log is let go further than the state is durable.
    PurgePastFlush,
    /// The writer stamps what the clock says, even when that is earlier than before.
    TimeBackward,
    /// A receipt leaves when its envelope is decided, not when its effect is committed.
    ReceiptBeforeApply,
    /// A relay encodes and seals what it passes on anew.
    EnvelopeReencoded,
    /// What was put aside is decided from the end of its line.
    ParkedOutOfOrder,
    /// An order of a reclaim raises the tenure by one, as if the lost node had never taken the case.
    ReclaimTenureKept,
    /// The word of a node that was lost counts after the case has been reclaimed.
    LateReturnTaken,
    /// A lost node that returns doesn't keep an order about a case that it doesn't know.
    FenceForgotten,
    /// What was done under a key of a caller isn't remembered.
    KeyForgotten,
    /// What a decision takes out of a figure stays in it.
    FigureNotTaken,
    /// A relay says that it keeps an envelope, and doesn't.
    RelayUnkept,
    /// The collecting node keeps the first deadline that it was told.
    DeadlineKept,
    /// The collecting node isn't told that the time was extended.
    ExtensionUntold,
    /// What the collecting hall took for the owner is answered there and not recorded.
    SupplementForgotten,
    /// Who takes a case goes on at the tenure of the offer.
    TakenAtSameTenure,
    /// The collecting node believes a report of whoever sends it, at the tenure that it knows.
    ReportOfAnyone,
    /// Where a ticket was opened nobody hears what became of it elsewhere.
    NewsUnheard,
    /// The authority in charge keeps a report without looking whether it had agreed that the other decides.
    AgreementUnread,
    /// A permit of limited number is granted past those who were accepted before.
    OutOfTurn,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 26] = [
        Bug::ReplyBeforeCommit,
        Bug::InboxRecordDropped,
        Bug::CursorAdvancedEarly,
        Bug::OfferWithdrawn,
        Bug::OwnerDischargedEarly,
        Bug::JournalRewritten,
        Bug::OverlayOff,
        Bug::PurgePastFlush,
        Bug::TimeBackward,
        Bug::ReceiptBeforeApply,
        Bug::EnvelopeReencoded,
        Bug::ParkedOutOfOrder,
        Bug::ReclaimTenureKept,
        Bug::LateReturnTaken,
        Bug::FenceForgotten,
        Bug::KeyForgotten,
        Bug::FigureNotTaken,
        Bug::RelayUnkept,
        Bug::DeadlineKept,
        Bug::ExtensionUntold,
        Bug::SupplementForgotten,
        Bug::TakenAtSameTenure,
        Bug::ReportOfAnyone,
        Bug::NewsUnheard,
        Bug::AgreementUnread,
        Bug::OutOfTurn,
    ];

    /// Its name, by which a binary that holds it is known.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Bug::ReplyBeforeCommit => "deliberate-bug:reply-before-commit",
            Bug::InboxRecordDropped => "deliberate-bug:inbox-record-dropped",
            Bug::CursorAdvancedEarly => "deliberate-bug:cursor-advanced-early",
            Bug::OfferWithdrawn => "deliberate-bug:offer-withdrawn",
            Bug::OwnerDischargedEarly => "deliberate-bug:owner-discharged-early",
            Bug::JournalRewritten => "deliberate-bug:journal-rewritten",
            Bug::OverlayOff => "deliberate-bug:overlay-off",
            Bug::PurgePastFlush => "deliberate-bug:purge-past-flush",
            Bug::TimeBackward => "deliberate-bug:time-backward",
            Bug::ReceiptBeforeApply => "deliberate-bug:receipt-before-apply",
            Bug::EnvelopeReencoded => "deliberate-bug:envelope-reencoded",
            Bug::ParkedOutOfOrder => "deliberate-bug:parked-out-of-order",
            Bug::ReclaimTenureKept => "deliberate-bug:reclaim-tenure-kept",
            Bug::LateReturnTaken => "deliberate-bug:late-return-taken",
            Bug::FenceForgotten => "deliberate-bug:fence-forgotten",
            Bug::KeyForgotten => "deliberate-bug:key-forgotten",
            Bug::FigureNotTaken => "deliberate-bug:figure-not-taken",
            Bug::RelayUnkept => "deliberate-bug:relay-unkept",
            Bug::DeadlineKept => "deliberate-bug:deadline-kept",
            Bug::ExtensionUntold => "deliberate-bug:extension-untold",
            Bug::SupplementForgotten => "deliberate-bug:supplement-forgotten",
            Bug::TakenAtSameTenure => "deliberate-bug:taken-at-same-tenure",
            Bug::ReportOfAnyone => "deliberate-bug:report-of-anyone",
            Bug::NewsUnheard => "deliberate-bug:news-unheard",
            Bug::AgreementUnread => "deliberate-bug:agreement-unread",
            Bug::OutOfTurn => "deliberate-bug:out-of-turn",
        }
    }
}

thread_local! {
    static CHOSEN: Cell<&'static str> = const { Cell::new("") };
    static OLD: Cell<bool> = const { Cell::new(false) };
}

/// Puts one fault into everything that runs on this thread, or none.
pub fn choose(bug: Option<Bug>) {
    CHOSEN.set(bug.map_or("", Bug::name));
}

/// Whether a fault was put in on this thread.
#[must_use]
pub fn is_in(bug: Bug) -> bool {
    // By its name, so that the name stays in every binary that can have the fault.
    CHOSEN.get() == std::hint::black_box(bug.name())
}

/// Whether what runs next on this thread is of a release that doesn't know reports of progress yet. No fault: nodes are upgraded one after
/// another.
pub fn be_of_old(old: bool) {
    OLD.set(old);
}

/// Whether it is.
#[must_use]
pub fn is_of_old() -> bool {
    OLD.get()
}
