//! Work on cases: the steps that an item publishes, who may do which, who stands in, who leaves, and what is to follow.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../hall/mod.rs"]
mod hall;

mod deputies;
mod fold;
mod formats;
mod lacking;
mod leavers;
mod people;
mod scene;
mod steps;
