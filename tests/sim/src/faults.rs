//! What breaks, and when.

use crate::chance::Chance;
use crate::queue::{Event, Queue};

/// Something that breaks, or is whole again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// A machine loses its power, and with it what was not synced; it starts again after some milliseconds.
    Crash { node: usize, dark: i64 },
    /// Nothing goes between two nodes.
    Cut { one: usize, other: usize },
    /// Something goes again.
    Heal { one: usize, other: usize },
    /// A node loses all its links.
    Island { node: usize },
    /// And finds them again.
    Ashore { node: usize },
    /// One of all links breaks.
    Snap,
    /// One end of one of all links hears nothing any more.
    Deafen,
    /// A node's clock jumps.
    Step { node: usize, by: i64 },
}

const SECOND: i64 = 1000;

/// Draws what breaks in `span` milliseconds.
pub(crate) fn plan(chance: &mut Chance, queue: &mut Queue, nodes: usize, span: i64) {
    let count = 4 + chance.below(24);
    for _ in 0..count {
        let at = chance.millis(0, span);
        let left = span - at;
        let node = chance.below(nodes);
        let other = (node + 1 + chance.below(nodes - 1)) % nodes;
        match chance.below(16) {
            0..=4 => {
                let dark = if chance.one_in(4) { chance.millis(0, left) } else { chance.millis(10, 5 * SECOND) };
                queue.put(at, Event::Fault(Fault::Crash { node, dark }));
                if chance.one_in(4) {
                    // Again, soon after it came back.
                    let again = at + dark + chance.millis(0, 2 * SECOND);
                    queue.put(again.min(span), Event::Fault(Fault::Crash { node, dark: 100 }));
                }
            }
            5 | 6 => {
                queue.put(at, Event::Fault(Fault::Cut { one: node, other }));
                queue.put(at + chance.millis(0, left), Event::Fault(Fault::Heal { one: node, other }));
            }
            7 | 8 => {
                queue.put(at, Event::Fault(Fault::Island { node }));
                queue.put(at + chance.millis(0, left), Event::Fault(Fault::Ashore { node }));
            }
            9..=11 => queue.put(at, Event::Fault(Fault::Snap)),
            12 | 13 => queue.put(at, Event::Fault(Fault::Deafen)),
            _ => {
                let by = match chance.below(6) {
                    0 => 86_400 * SECOND * chance.millis(1, 9),
                    1 | 2 => chance.millis(SECOND, 600 * SECOND),
                    _ => -chance.millis(SECOND, 300 * SECOND),
                };
                queue.put(at, Event::Fault(Fault::Step { node, by }));
            }
        }
    }
}
