//! Supervision (电子监察): rules that are data, the cards that they raise, and orders (督办).
//!
//! A rule looks at the row of a case and nothing else, so that when a card begins is known beforehand: [`stages`] gives the days. The node keeps
//! for each open case the next of them and looks at the case then, and whenever an act changes it; a rule that changes makes it look at all.

mod about;
mod card;
mod look;
mod order;
mod rule;
mod stage;

pub use about::About;
pub(crate) use card::close_card;
pub use card::{Answer, Card, CardState, Colour, Ending};
pub(crate) use card::{CARD_NUMBERS, Numbers, answered, text};
pub use look::{LOOKS_MAX, Look, Looked, Sweep, Watched, watch};
pub(crate) use look::{after, look};
pub use order::{Matter, Order, OrderAnswer};
pub(crate) use order::{ORDER_NUMBERS, Ordering, answer_order, case_of, order, refused_order, take_answer, take_order};
pub use rule::{Rule, RuleSetting, Rules};
pub(crate) use rule::{check, set_rule};
pub use stage::{Stage, is_over, stages, voice_stages};
