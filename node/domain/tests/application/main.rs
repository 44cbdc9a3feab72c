//! Applications for life events: one form, cases of several authorities one after another, one deadline, one answer.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod again;
mod amended;
mod answers;
mod begun;
mod collecting;
mod forwarded;
#[path = "../hall/mod.rs"]
mod hall;
mod joint;
mod scene;
mod standing;
