//! A case whose other side is gone for good comes back by order, and the late return of that side does no harm.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../hall/mod.rs"]
mod hall;

mod bounds;
mod crossing;
mod going_on;
mod orders;
mod scene;
mod watched;
