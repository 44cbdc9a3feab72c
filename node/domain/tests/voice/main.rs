//! Ratings and tickets: once for each occasion and never by default, followed up to the end, answered in time, with one node at a time.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../hall/mod.rs"]
mod hall;
mod ratings;
mod scene;
mod table;
mod tickets;
mod travelling;
