//! Cards and orders of supervision, and when it looks at what.

use std::ops::ControlFlow;

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Act, Case};
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::connector::Order as ConnectorOrder;
use tongban_domain::supervision::{Card, Looked, Matter, Rule, Sweep, Watched, watch};

use super::case::{BY_TEXT, CASE, name_beside, store_position};
use super::key::stem;
use super::{Keyspace, Overlay};
use crate::{Backend, Family, Read, StorageError, WriteBatch};

/// Cards by case, number of the rule, number of the colour, and the order that it is about, empty for none.
pub const CARD: Keyspace<(CaseId, u8, u8, String), Card> = Keyspace::new(Family::Rows, 0x1c);
/// Orders by their ids.
pub const MATTER: Keyspace<CaseId, Matter> = Keyspace::new(Family::Rows, 0x1d);
/// When supervision looks: moment, kind (0 case, 1 order, 2 rating or ticket), id. Every open case of which something is to be done here has a key at least; one that
/// is left behind costs a look and does no harm.
pub const WATCH: Keyspace<(Timestamp, u8, CaseId), ()> = Keyspace::new(Family::Queue, 0x37);
/// How far everything open has been looked at again.
pub const SWEEP: Keyspace<(), Sweep> = Keyspace::new(Family::Meta, 0x6c);

fn watched(of: Watched) -> (u8, CaseId) {
    match of {
        Watched::Case(id) => (0, id),
        Watched::Matter(id) => (1, id),
        Watched::Voice(id) => (2, id),
    }
}

/// What a key of [`WATCH`] with this number and id is about.
pub(super) fn watched_of(kind: u8, id: CaseId) -> Watched {
    match kind {
        0 => Watched::Case(id),
        1 => Watched::Matter(id),
        _ => Watched::Voice(id),
    }
}

/// The number of a rule in keys.
fn rule_number(rule: Rule) -> u8 {
    let place = Rule::ALL.iter().position(|known| *known == rule).unwrap_or(usize::from(u8::MAX));
    u8::try_from(place).unwrap_or(u8::MAX)
}

/// Stores a card.
pub fn store_card(batch: &mut WriteBatch, card: &Card) {
    let order = card.order.clone().unwrap_or_default();
    CARD.put(batch, &(card.case, rule_number(card.rule), card.colour as u8, order), card);
    BY_TEXT.put(batch, &card.number, &card.case);
}

/// Stores an order, and when it is looked at first.
///
/// # Errors
///
/// When the state can't be read.
pub fn store_matter(over: &mut Overlay<'_>, matter: &Matter) -> Result<(), StorageError> {
    MATTER.put(over.batch, &matter.id(), matter);
    let Matter::Order(order) = matter;
    name_beside(over, matter.number(), &matter.id(), &order.from.node)?;
    if let Some(at) = matter.watch() {
        WATCH.put(over.batch, &(at, 1, matter.id()), &());
    }
    Ok(())
}

/// Keeps when a case is looked at next, after an act.
pub(super) fn store_watch(batch: &mut WriteBatch, case: &Case, act: &Act) {
    if let Some(at) = watch(case, act.at) {
        WATCH.put(batch, &(at, 0, case.id), &());
    }
}

/// Keeps when the case of an order is looked at next, after what the order came to.
pub(super) fn store_order_watch(batch: &mut WriteBatch, order: &ConnectorOrder) {
    if let Some(at) = order.watch() {
        WATCH.put(batch, &(at, 0, order.case), &());
    }
}

/// Stores that looks were taken.
pub fn store_looked(over: &mut Overlay<'_>, looked: &Looked) {
    for look in &looked.looks {
        let (kind, id) = watched(look.of);
        WATCH.delete(over.batch, &(look.at, kind, id));
        if let Some(next) = look.next {
            WATCH.put(over.batch, &(next, kind, id), &());
        }
    }
    if let Some(sweep) = &looked.sweep {
        SWEEP.put(over.batch, &(), sweep);
    }
}

/// The cards of a case.
pub fn cards(read: &dyn Read, case: &CaseId) -> Result<Vec<Card>, StorageError> {
    Ok(CARD.list(read, &stem(case), None, usize::MAX)?.into_iter().map(|(_, card)| card).collect())
}

/// A card by its number.
pub fn card_named(read: &dyn Read, number: &str) -> Result<Option<Card>, StorageError> {
    let Some(case) = BY_TEXT.load(read, &number.to_owned())? else { return Ok(None) };
    Ok(cards(read, &case)?.into_iter().find(|card| card.number == number))
}

/// An order by its number.
pub fn matter_named(read: &dyn Read, number: &str) -> Result<Option<Matter>, StorageError> {
    match BY_TEXT.load(read, &number.to_owned())? {
        Some(id) => MATTER.load(read, &id),
        None => Ok(None),
    }
}

/// All looks, due or not, after one where it is given, earliest first, at most `limit`.
pub fn looks(
    read: &dyn Read,
    after: Option<(Timestamp, Watched)>,
    limit: usize,
) -> Result<Vec<(Timestamp, Watched)>, StorageError> {
    let after = after.map(|(at, of)| {
        let (kind, id) = watched(of);
        (at, kind, id)
    });
    let mut found = Vec::new();
    WATCH.visit(read, &[], after.as_ref(), false, |(at, kind, id), ()| {
        if found.len() == limit {
            return ControlFlow::Break(());
        }
        found.push((at, watched_of(kind, id)));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// The step from version 1 of what is stored: every open case is looked at, and what is accepted waits for whoever does its step.
pub(crate) fn watch_all(backend: &dyn Backend) -> Result<WriteBatch, StorageError> {
    let mut batch = WriteBatch::new();
    CASE.visit(backend, &[], None, false, |id, case| {
        if let Some(at) = watch(&case, case.collected_at) {
            WATCH.put(&mut batch, &(at, 0, id), &());
        }
        store_position(&mut batch, &case);
        ControlFlow::Continue(())
    })?;
    Ok(batch)
}
