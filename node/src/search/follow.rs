//! The task that keeps the index as the state is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_search::{Kind, Writer};
use tongban_storage::keyspace::{figure, item};
use tongban_storage::{Backend, RocksBackend, StorageError};

use super::{ItemSearch, entries};
use crate::engine::{Changed, dimensions};
use crate::exchange::Clock;

/// How often a resting index is closed, a failed update tried again and the day looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Months, this one included, over which uses are counted.
const USED_MONTHS: i32 = 12;

/// Follows the state.
pub(crate) struct Follower {
    search: Arc<ItemSearch>,
    clock: Clock,
    /// What is known to have changed and isn't indexed yet.
    changed: Changed,
    /// The day for which uses have been counted, in days since 1970.
    uses_of: Option<i32>,
}

impl Follower {
    /// A follower of a node's state.
    pub(crate) fn new(search: Arc<ItemSearch>, clock: Clock) -> Self {
        Self { search, clock, changed: Changed::default(), uses_of: None }
    }

    /// Keeps the index until told to stop. A fault of the index is logged and tried again; it stops nothing else.
    pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let state = Arc::clone(&self.search.state);
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut begun = false;
        loop {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => break,
                () = state.catalogue().rung() => {}
                _ = look.tick() => {}
            }
            self.search.progress.send_modify(|progress| progress.is_busy = true);
            // Read before what changed is taken: a change is noted before its entry counts as applied.
            let mark = state.applied().index();
            self.changed.merge(state.catalogue().take());
            let today = (self.clock)().date();
            let is_complete = self.search.progress.borrow().is_complete;
            if begun && is_complete && self.changed.is_nothing() && self.uses_of == Some(today.days_since_epoch()) {
                self.search.progress.send_modify(|progress| progress.is_busy = false);
                self.search.close(false);
                continue;
            }
            let changed = std::mem::take(&mut self.changed);
            let (search, kept) = (Arc::clone(&self.search), changed.clone());
            let known = begun && is_complete;
            let updated = tokio::task::spawn_blocking(move || update(&search, &changed, known, mark, today)).await;
            match updated {
                Ok(Ok(())) => {
                    begun = true;
                    self.uses_of = Some(today.days_since_epoch());
                    self.search
                        .progress
                        .send_modify(|progress| (progress.is_complete, progress.is_busy) = (true, false));
                }
                Ok(Err(error)) => {
                    self.search.suspect(&error);
                    tracing::error!(%error, "the search index was not updated; it is tried again");
                    self.changed.merge(kept);
                }
                Err(error) => {
                    tracing::error!(%error, "updating the search index broke off");
                    self.changed.merge(kept);
                }
            }
        }
        self.search.progress.send_modify(|progress| progress.is_ended = true);
    }
}

impl ItemSearch {
    /// Makes what is indexed durable, with the mark up to which it is, and closes: at the end, when nothing more is applied.
    pub(crate) fn finish(&self) {
        let progress = *self.progress.borrow();
        let mark = self.state.applied().index();
        if progress.is_complete && !progress.is_busy && !self.state.catalogue().is_waiting() {
            let marked = self.open().and_then(|backend| {
                Writer::open(&*backend)?.commit(mark)?;
                backend.flush()
            });
            if let Err(error) = marked {
                tracing::warn!(%error, "the search index was not marked; it is compared at the next start");
            }
        }
        self.close(true);
    }
}

/// Brings the index up to the state: by what changed when it is `known` to have been complete, else by comparing everything.
///
/// All that was applied up to `mark` is in what changed, or in what is read.
fn update(search: &ItemSearch, changed: &Changed, known: bool, mark: u64, today: Date) -> Result<(), StorageError> {
    let backend = search.open()?;
    let extent = tongban_search::extent(&*backend)?;
    let is_held = known || extent.mark.is_some_and(|held| held >= search.state.opened_at());
    let mut writer = Writer::open(&*backend)?;
    match changed {
        Changed::Codes(codes) if is_held && extent.mark.is_some() => {
            for (division, code) in codes {
                refresh(search, &backend, &mut writer, *division, code, today)?;
            }
        }
        _ => {
            compare(search, &backend, &mut writer, today)?;
            tracing::info!("the search index was compared with the state");
        }
    }
    if extent.uses_of != Some(today.days_since_epoch()) {
        base_items(search.state(), &mut writer, today)?;
        writer.set_uses(today.days_since_epoch(), uses(search.state(), today)?)?;
    }
    writer.commit(mark)?;
    backend.flush()
}

/// Everything of one code.
fn refresh(
    search: &ItemSearch,
    backend: &RocksBackend,
    writer: &mut Writer<'_>,
    division: Option<DivisionCode>,
    code: &str,
    today: Date,
) -> Result<(), StorageError> {
    let state = search.state();
    let mut wanted: BTreeSet<(Kind, DivisionCode)> = tongban_search::places(backend, code)?.into_iter().collect();
    wanted.extend(item::ITEM.load(state, &code.to_owned())?.map(|row| (Kind::Item, row.division)));
    wanted.extend(item::BASE.load(state, &code.to_owned())?.map(|row| (Kind::Base, row.division)));
    wanted.extend(division.map(|division| (Kind::Item, division)));
    for (kind, division) in wanted {
        match entries::entry(state, search.me, kind, code, division, today)? {
            Some(entry) => writer.add(&entry)?,
            None => writer.remove(kind, code, division)?,
        };
    }
    Ok(())
}

/// Everything there is, both ways.
fn compare(
    search: &ItemSearch,
    backend: &RocksBackend,
    writer: &mut Writer<'_>,
    today: Date,
) -> Result<(), StorageError> {
    let state = search.state();
    let mut gone = Vec::new();
    let mut fault = Ok(());
    tongban_search::each_entry(backend, |kind, code, division| {
        if fault.is_err() {
            return;
        }
        match entries::entry(state, search.me, kind, &code, division, today) {
            Ok(Some(_)) => {}
            Ok(None) => gone.push((kind, code, division)),
            Err(error) => fault = Err(error),
        }
    })?;
    fault?;
    for (kind, code, division) in gone {
        writer.remove(kind, &code, division)?;
    }
    let mut fault = Ok(());
    let mut add = |entry: Option<tongban_search::Entry>| match entry.map_or(Ok(false), |entry| writer.add(&entry)) {
        Ok(_) => ControlFlow::Continue(()),
        Err(error) => {
            fault = Err(error);
            ControlFlow::Break(())
        }
    };
    item::BASE.visit(state, &[], None, false, |_, row| add(entries::base(&row, today)))?;
    let mut unread = Ok(());
    item::ITEM.visit(state, &[], None, false, |_, row| match entries::own(state, &row, search.me) {
        Ok(entry) => add(entry),
        Err(error) => {
            unread = Err(error);
            ControlFlow::Break(())
        }
    })?;
    unread?;
    item::FOREIGN.visit(state, &[], None, false, |(division, code), row| match item::ITEM.load(state, &code) {
        Ok(Some(own)) if own.division == division => ControlFlow::Continue(()),
        _ => add(entries::implementation(&row.item, row.node, Some(row.as_of))),
    })?;
    fault
}

/// Base items anew: versions begin and end with the day, though nothing in the state changes.
pub(super) fn base_items(state: &dyn Backend, writer: &mut Writer<'_>, today: Date) -> Result<(), StorageError> {
    let mut fault = Ok(());
    item::BASE.visit(state, &[], None, false, |code, row| {
        let done = match entries::base(&row, today) {
            Some(entry) => writer.add(&entry),
            None => writer.remove(Kind::Base, &code, row.division),
        };
        match done {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                fault = Err(error);
                ControlFlow::Break(())
            }
        }
    })?;
    fault
}

/// Cases accepted in the last twelve months, by deciding division and item.
fn uses(state: &dyn Backend, today: Date) -> Result<Vec<(DivisionCode, String, u32)>, StorageError> {
    let months = |year: i32, month: i32| year * 12 + month;
    let this = today.month();
    let since = months(i32::from(this.year()), i32::from(this.month())) - USED_MONTHS;
    let mut counts: BTreeMap<(DivisionCode, String), i64> = BTreeMap::new();
    figure::FIGURE.visit(state, &[], None, false, |(_, division, key), count| {
        let (mut measure, mut item, mut month) = ("", "", "");
        for (name, value) in dimensions(&key) {
            match name {
                "measure" => measure = value,
                "item" => item = value,
                "month" => month = value,
                _ => {}
            }
        }
        let counted = month.split_once('-').and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
        if measure == "accepted" && counted.is_some_and(|(year, month)| months(year, month) > since) {
            *counts.entry((division, item.to_owned())).or_default() += count;
        }
        ControlFlow::Continue(())
    })?;
    let uses =
        counts.into_iter().filter_map(|((division, item), count)| Some((division, item, u32::try_from(count).ok()?)));
    Ok(uses.collect())
}
