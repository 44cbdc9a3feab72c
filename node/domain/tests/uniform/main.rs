//! 异地受理、无差别办理: by what right an authority decides in another's place, the whole life of such a case, and what the authority in charge believes
//! of what it is told.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../hall/mod.rs"]
mod hall;

mod competence;
mod life;
mod scene;
mod words;
