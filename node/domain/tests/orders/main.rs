//! Orders to outside systems: every outcome in every state, who may, what is charged, what comes twice, late or wrong.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bar;
mod charging;
mod contradiction;
#[path = "../hall/mod.rs"]
mod hall;
mod handling;
mod money;
mod overruling;
mod refund;
mod scene;
mod table;
mod told;
