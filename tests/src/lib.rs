//! Clusters of real binaries, the simulator, transcripts.
//!
//! A test builds a [`Cluster`] of nodes in a temporary directory, speaks to them by the command line or the socket, cuts links, kills
//! and restarts. What isn't there yet is polled for with [`within`]; no test sleeps for a fixed time. The logs of all nodes are printed
//! when a test fails.

mod bare;
mod cluster;
mod counterpart;
mod disk;
mod front;
mod hall;
mod node;
mod paper;
pub mod postgres;
mod relay;
mod release;
pub mod relevance;
pub mod sim;
pub mod socket;
mod transcript;
mod tree;
mod two_halls;
pub mod two_provinces;
pub mod waiting;
pub mod webhook;

pub use bare::bare_ends;
pub use cluster::Cluster;
pub use counterpart::{Counterpart, Teller, exchange};
pub use disk::SmallDisk;
pub use front::FrontDatabase;
pub use hall::{APPLICANT, Collected, Item, citizen, permits, write_catalogue};
pub use node::{Node, binary, free_port};
pub use paper::{answered, drawn_again, paper};
pub use relay::{Quality, Relays};
pub use release::{Release, Released};
pub use transcript::{play, play_block, play_with};
pub use tree::{CITY, HOME, NEIGHBOUR, PROVINCE, TOWNSHIP, Tree};
pub use two_halls::TwoHalls;

use std::time::{Duration, Instant};

/// The pause between two looks at something that is awaited.
const POLL: Duration = Duration::from_millis(25);

/// Looks again and again until what is awaited is there.
///
/// # Panics
///
/// When it isn't there in time, with what the last look saw.
#[track_caller]
pub fn within<T>(seconds: u64, awaited: &str, look: impl FnMut() -> Result<T, String>) -> T {
    looked(seconds, look).unwrap_or_else(|seen| panic!("not within {seconds} s: {awaited}; the last look saw {seen}"))
}

/// As [`within`], for whoever goes on when it isn't there in time. Other processes tell nobody what they do, so this one place asks again.
///
/// # Errors
///
/// What the last look saw.
pub fn looked<T>(seconds: u64, mut look: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        match look() {
            Err(_) if Instant::now() < deadline => std::thread::sleep(POLL),
            last => return last,
        }
    }
}

/// For [`within`]: the value where a condition holds, what was seen otherwise.
///
/// # Errors
///
/// What was seen, when the condition doesn't hold.
pub fn seen<T: std::fmt::Display>(holds: bool, value: T) -> Result<T, String> {
    if holds { Ok(value) } else { Err(value.to_string()) }
}
