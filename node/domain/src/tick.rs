//! What the node does by itself because its time has come.

use std::collections::BTreeSet;

use tongban_codes::time::Timestamp;

use crate::change::{Change, Reply};
use crate::facts::DueKind;
use crate::{Actor, Desk, Facts, case, catalogue, supervision, work};

/// The most due things that one tick looks at, so that one that can't be done doesn't hide the rest.
const TICK_MAX: usize = 64;

/// Does what is due, a bounded part of it at a time; the reply says whether there is more.
pub(crate) fn tick(facts: &dyn Facts, desk: &mut dyn Desk, at: Timestamp) -> Change {
    let due = facts.due(at, TICK_MAX);
    let mut change = Change::of(Vec::new(), Reply::Known {});
    let mut done = 0;
    let mut touched = BTreeSet::new();
    for next in &due {
        let (code, events) = match &next.kind {
            DueKind::DeemedAcceptance(id) | DueKind::DeemedRenewal(id) => {
                // One case a tick: the serial that it draws is not in these facts, so a second one would draw it again.
                if touched.contains(&None) {
                    continue;
                }
                let Some(case) = facts.case(id) else { continue };
                let one = match &next.kind {
                    DueKind::DeemedRenewal(_) => case::deem_renewed(facts, desk, &Actor::system(), case, at),
                    _ => case::accept_deemed(facts, &Actor::system(), case, at),
                };
                if let Ok(one) = one {
                    touched.insert(None);
                    done += 1;
                    change.events.extend(one.events);
                    change.notices.extend(one.notices);
                    change.documents.extend(one.documents);
                }
                continue;
            }
            DueKind::ItemBegins(code, version) => (code, catalogue::begin(facts, code, *version, at)),
            DueKind::ItemEnds(code) => (code, catalogue::end(facts, code, at)),
            DueKind::BaseItemEnds(code) => (code, catalogue::end_base(facts, code, at)),
        };
        // Of one item one thing a tick: the next is judged on what came of it.
        if !events.is_empty() && touched.insert(Some(code.clone())) {
            done += 1;
            change.events.extend(events);
        }
    }
    let more = done > 0 && due.len() > done;
    let (given, more_given) = work::let_go(facts, &mut change, at);
    let more = more || (more_given && done + given > 0);
    done += given;
    let (looked, more_looks) = supervision::look(facts, &mut change, at);
    let done = done + looked;
    if done > 0 {
        change.reply = Reply::Tick { done, more: more || more_looks };
    }
    change
}
