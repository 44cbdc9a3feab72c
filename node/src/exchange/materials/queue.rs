//! Which wanted file is tried next: none stands before the others for good, and no hall that can't be reached holds up the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tongban_codes::ids::CaseId;
use tongban_federation::limits;
use tongban_storage::keyspace::material;
use tongban_storage::{Read, StorageError};

use super::pace::Pace;
use crate::materials::MaterialPlace;

/// The first wait before a file is asked for again.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest wait before a file is asked for again: a line that is back in the morning is found within a minute.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// The wait before a file is looked at again whose case was over.
const PAUSE_OVER: Duration = Duration::from_secs(3600);
/// How many wanted files are looked at in one round; the next round goes on behind them.
const WANTED_LOOKED_AT: usize = 1_000;

/// The code of a node that can't be reached.
pub(super) const UNREACHED: &str = "unreached";
/// The code of a file that isn't what it was named as.
const DIGEST: &str = "material-digest";

/// The hall that collected a case, as the case's id tells.
type Source = [u8; 6];

/// A file to be tried now.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) place: MaterialPlace,
    pub(super) size: u64,
    pub(super) pace: Pace,
}

/// When something is tried again.
#[derive(Clone, Copy, Debug)]
struct Wait {
    until: Instant,
    pause: Duration,
}

impl Wait {
    /// The wait after another that came to nothing, or after something came.
    fn after(before: Option<Self>, now: Instant) -> Self {
        let pause = before.map_or(PAUSE_MIN, |wait| wait.pause * 2).min(PAUSE_MAX);
        Self { until: now + pause, pause }
    }
}

/// What is known of a hall whose files are wanted.
#[derive(Debug, Default)]
struct Hall {
    /// Since it couldn't be reached: one file at a time tries whether it can be.
    unreached: Option<Wait>,
    pace: Pace,
}

/// The order of what is wanted.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The last file that was looked at.
    cursor: Option<MaterialPlace>,
    waits: BTreeMap<MaterialPlace, Wait>,
    halls: BTreeMap<Source, Hall>,
}

impl Queue {
    /// Those that are wanted and may be tried now, beside those that are `running`; and those that are wanted no more.
    pub(super) fn next<R>(
        &mut self,
        state: &dyn Read,
        running: &BTreeMap<MaterialPlace, R>,
        now: Instant,
        wanting: impl Fn(&CaseId) -> Result<bool, StorageError>,
    ) -> Result<(Vec<Next>, Vec<MaterialPlace>), StorageError> {
        let free = limits::MATERIALS_FETCHED_MAX.saturating_sub(running.len());
        if free == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let after = self.cursor.take();
        let wanted = material::WANTED.list(state, &[], after.as_ref(), WANTED_LOOKED_AT)?;
        if wanted.len() == WANTED_LOOKED_AT {
            self.cursor = wanted.last().map(|(place, _)| *place);
        }
        let known: BTreeSet<MaterialPlace> = wanted.iter().map(|(place, _)| *place).collect();
        let looked_at = |place: &MaterialPlace| {
            after.is_none_or(|after| *place > after) && self.cursor.is_none_or(|last| *place <= last)
        };
        let mut gone: Vec<MaterialPlace> = self.waits.keys().copied().collect();
        gone.retain(|place| looked_at(place) && !known.contains(place));
        self.waits.retain(|place, _| !gone.contains(place));
        let ready = wanted.into_iter().filter(|(place, _)| !running.contains_key(place));
        let mut ready: Vec<_> = ready
            .filter(|(place, _)| self.waits.get(place).is_none_or(|wait| wait.until <= now))
            .map(|(place, wanted)| (self.waits.get(&place).map(|wait| wait.until), wanted.since, place, wanted.size))
            .collect();
        // Those that were never tried first, then those that wait longest.
        ready.sort_unstable();
        let mut busy: Vec<Source> = running.keys().map(|(case, _)| case.node_prefix()).collect();
        let mut next = Vec::new();
        // A file of each hall first, then further ones.
        let mut further = Vec::new();
        for (turn, of_hall) in [true, false].into_iter().enumerate() {
            let candidates = if turn == 0 { std::mem::take(&mut ready) } else { std::mem::take(&mut further) };
            for candidate in candidates {
                let (_, _, place, size) = candidate;
                if next.len() == free {
                    break;
                }
                let source = place.0.node_prefix();
                let hall = self.halls.get(&source);
                let unreached = hall.and_then(|hall| hall.unreached);
                let is_busy = busy.contains(&source);
                if unreached.is_some_and(|wait| wait.until > now || is_busy) {
                    continue;
                }
                if of_hall && is_busy {
                    further.push(candidate);
                    continue;
                }
                if !wanting(&place.0)? {
                    self.waits.insert(place, Wait { until: now + PAUSE_OVER, pause: PAUSE_MIN });
                    continue;
                }
                busy.push(source);
                next.push(Next { place, size, pace: hall.map(|hall| hall.pace).unwrap_or_default() });
            }
        }
        Ok((next, gone))
    }

    /// Notes what an attempt came to: so many bytes, at this pace, and what was in the way.
    pub(super) fn ended(
        &mut self,
        place: MaterialPlace,
        (bytes, pace): (u64, Pace),
        trouble: Option<&str>,
        now: Instant,
    ) {
        let hall = self.halls.entry(place.0.node_prefix()).or_default();
        hall.pace = pace;
        match trouble {
            Some(UNREACHED) if bytes == 0 => hall.unreached = Some(Wait::after(hall.unreached, now)),
            _ => hall.unreached = None,
        }
        let Some(trouble) = trouble else {
            self.waits.remove(&place);
            return;
        };
        // What was thrown away again is no progress.
        let came = bytes > 0 && trouble != DIGEST;
        let before = self.waits.get(&place).copied().filter(|_| !came);
        self.waits.insert(place, Wait::after(before, now));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use tongban_codes::ids::Digest;
    use tongban_codes::time::Timestamp;
    use tongban_storage::keyspace::material::{WANTED, WantedFile};
    use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

    use super::*;

    const LOOK: Duration = Duration::from_millis(500);

    fn place(hall: u8, number: u16) -> MaterialPlace {
        let mut id = [hall; 16];
        id[14..].copy_from_slice(&number.to_be_bytes());
        (CaseId::from_bytes(id), Digest::of(&[hall]))
    }

    fn wanted(places: impl IntoIterator<Item = MaterialPlace>) -> MemoryBackend {
        let (state, mut rows) = (MemoryBackend::default(), WriteBatch::new());
        for place in places {
            WANTED.put(&mut rows, &place, &WantedFile { size: 7, since: Timestamp::from_millis(1) });
        }
        state.write(rows).unwrap();
        state
    }

    /// Looks at what is wanted every half second; attempts at the hall of 1 come to nothing after a minute, others at once. Gives when each
    /// other file came.
    fn played(state: &MemoryBackend, seconds: u64) -> BTreeMap<MaterialPlace, u64> {
        let (begin, mut queue, mut came) = (Instant::now(), Queue::default(), BTreeMap::new());
        let mut running: BTreeMap<MaterialPlace, (Instant, Pace)> = BTreeMap::new();
        for tick in 0..seconds * 2 {
            let now = begin + LOOK * u32::try_from(tick).unwrap();
            let over = running.iter().filter(|(_, (ends, _))| *ends <= now);
            let over: Vec<_> = over.map(|(place, (_, pace))| (*place, *pace)).collect();
            for (place, pace) in over {
                running.remove(&place);
                queue.ended(place, (0, pace), Some(UNREACHED), now);
            }
            let (next, _) = queue.next(state, &running, now, |_| Ok(true)).unwrap();
            for Next { place, pace, .. } in next {
                if place.0.as_bytes()[0] == 1 {
                    running.insert(place, (now + Duration::from_secs(60), pace));
                } else if came.insert(place, tick / 2).is_none() {
                    let mut rows = WriteBatch::new();
                    WANTED.delete(&mut rows, &place);
                    state.write(rows).unwrap();
                    queue.ended(place, (7, pace), None, now);
                }
            }
        }
        came
    }

    #[test]
    fn files_of_a_hall_that_is_gone_hold_up_no_other_hall() {
        let state = wanted((0..1_001).map(|number| place(1, number)).chain([place(9, 0), place(9, 1), place(0, 5)]));
        let came = played(&state, 200);
        assert_eq!(came.len(), 3, "{came:?}");
        assert!(came.values().all(|second| *second < 130), "{came:?}");
    }

    #[test]
    fn every_file_of_a_hall_that_is_gone_is_tried_and_none_too_often() {
        let state = wanted((0..5).map(|number| place(1, number)));
        let (mut queue, mut now, mut tried) = (Queue::default(), Instant::now(), Vec::new());
        let none: BTreeMap<MaterialPlace, ()> = BTreeMap::new();
        for _ in 0..600 {
            let (next, _) = queue.next(&state, &none, now, |_| Ok(true)).unwrap();
            for Next { place, pace, .. } in next {
                tried.push(place);
                queue.ended(place, (0, pace), Some(UNREACHED), now);
            }
            now += LOOK;
        }
        assert_eq!(tried.iter().collect::<BTreeSet<_>>().len(), 5);
        // Within five minutes: 2, 1, 2, 4 … 32 s apart, and a minute from then on.
        assert!((8..=14).contains(&tried.len()), "{} attempts", tried.len());
    }

    #[test]
    fn what_is_over_or_gone_is_not_tried() {
        let state = wanted([place(1, 0), place(2, 0)]);
        let (mut queue, now) = (Queue::default(), Instant::now());
        let none: BTreeMap<MaterialPlace, ()> = BTreeMap::new();
        let one = |id: &CaseId| Ok(*id == place(2, 0).0);
        let (next, _) = queue.next(&state, &none, now, one).unwrap();
        assert_eq!(next.iter().map(|next| next.place).collect::<Vec<_>>(), [place(2, 0)]);
        queue.ended(place(2, 0), (9, Pace::default()), Some(DIGEST), now);
        queue.ended(place(2, 0), (9, Pace::default()), Some(DIGEST), now);
        let soon = now + Duration::from_millis(1_500);
        assert!(
            queue.next(&state, &none, soon, one).unwrap().0.is_empty(),
            "what was thrown away waits longer each time"
        );
        let mut rows = WriteBatch::new();
        WANTED.delete(&mut rows, &place(2, 0));
        state.write(rows).unwrap();
        assert_eq!(queue.next(&state, &none, soon, one).unwrap().1, [place(2, 0)]);
        assert!(!queue.waits.contains_key(&place(2, 0)));
    }
}
