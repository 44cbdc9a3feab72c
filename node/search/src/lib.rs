//! Search over service items, in Chinese.
//!
//! What is the same of an item from province to township (its *card*: core, main item, department) is indexed once; where it is offered
//! hangs on it. So an index of 1.7 million items of a province is not much more than an index of its different names, and a hit is shown
//! at the nearest place instead of a thousand times.
//!
//! The index lies in a store of [`tongban_storage`] of its own. It is derived and can be thrown away at any time; every change is one
//! batch, and [`Extent::mark`] says up to where the index is complete. Nothing of it is held in memory between questions.
//!
//! A question is read with a table of words (`data/words.csv`): words that say nothing, words for an act, and what people call otherwise
//! than the names of items. Candidates share pairs of signs, sounds or initials with the question; the best of them are compared letter by
//! letter, where letters that sound alike count nearly as much.

mod bundle;
mod candidates;
mod entry;
mod index;
mod layout;
mod posting;
mod question;
mod rank;
mod search;
mod sound;
mod text;
mod words;

pub use bundle::{Bundle, Share, answering};
pub use entry::{Entry, Kind};
pub use index::{Extent, Writer, each_entry, extent, places};
pub use search::{Answer, Hit, Query, answer, search};
