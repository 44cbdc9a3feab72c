//! A file that is damaged or gone here is let go of, and fetched again where it is still to be had.
//!
//! Whoever found it so has read it by a row that he loaded before. Meanwhile it may have been let go of and fetched again, under another key:
//! then the row is another one, and what lies there is whole.

use tongban_codes::ids::{CaseId, NodeId};
use tongban_domain::case::{Case, HeldFile};
use tongban_domain::{Desk as _, Event};
use tongban_storage::keyspace::{case, key, material};
use tongban_storage::{Read, StorageError};

use super::super::shared::Shared;
use crate::engine::{Outside, Refused};

/// Lets go of a file that is damaged here, so that it is fetched again from where a case that names it was collected; tells whether it is.
/// `seen` is the row by which it was read.
///
/// # Errors
///
/// As [`Shared::settle`].
pub(crate) async fn lost(shared: &Shared, id: CaseId, seen: HeldFile) -> Result<bool, Refused> {
    let (here, digest) = (shared.here().node, seen.digest);
    let decide = move |read: &dyn Read, _at, desk: &mut crate::engine::LeaderDesk| {
        // Where the key of a case was destroyed, its files were as well.
        let opens = |row: &Case| desk.decrypt(&row.id, &row.personal).is_some();
        let names = losing(read, here, id, &seen, opens)?;
        let lost = !names.is_empty();
        let events = names.into_iter().map(|case| Event::FileLost(case, seen.digest)).collect();
        Ok(Outside { events, reply: lost.into(), ..Outside::default() })
    };
    let lost = shared.settle(decide).await? == b"true";
    if lost {
        tracing::warn!(case = %id, material = %digest, "a damaged file is fetched again");
    }
    Ok(lost)
}

/// Which cases let go of a file that was found damaged when it was read by the row `seen` of the case `id`: all that name it, for one of them still
/// wants it and was collected elsewhere. None where it can't be had again, or isn't the same file any more.
fn losing(
    read: &dyn Read,
    here: NodeId,
    id: CaseId,
    seen: &HeldFile,
    mut opens: impl FnMut(&Case) -> bool,
) -> Result<Vec<CaseId>, StorageError> {
    if material::HELD.load(read, &(id, seen.digest))?.as_ref() != Some(seen) {
        return Ok(Vec::new());
    }
    // The case as which this node has forwarded another one was collected here, and shares its file with that one.
    let named = material::NAMED.list(read, &key::stem(&seen.file), None, usize::MAX)?;
    let cases: Vec<CaseId> = named.into_iter().map(|((_, case), ())| case).collect();
    for case in &cases {
        let row = case::CASE.load(read, case)?;
        let row = row.filter(|row| row.collecting.node != here && material::is_wanting(row));
        if row.is_some_and(|row| opens(&row)) {
            return Ok(cases);
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use tongban_codes::ids::Digest;
    use tongban_codes::time::Timestamp;
    use tongban_domain::case::{Custody, Material, Status};
    use tongban_storage::keyspace::Overlay;
    use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

    use super::super::super::golden_tests::known;
    use super::*;

    const HERE: NodeId = NodeId::from_bytes([2; 16]);
    const FORMER: CaseId = CaseId::from_bytes([1; 16]);
    const NEXT: CaseId = CaseId::from_bytes([9; 16]);

    fn digest() -> Digest {
        Digest::of(b"file")
    }

    fn held(key: u8) -> HeldFile {
        let since = Timestamp::from_millis(1);
        HeldFile { digest: digest(), file: [7; 16], size: 4, key: vec![key], since }
    }

    /// A case that is here, collected by a node.
    fn collected(id: CaseId, by: u8) -> Case {
        let mut row = *known();
        (row.id, row.collecting.node, row.custody) = (id, NodeId::from_bytes([by; 16]), Custody::Owner);
        row.materials = vec![Material { name: "申请书".to_owned(), sha256: digest().to_string(), size: Some(4) }];
        row
    }

    fn changed(state: &MemoryBackend, change: impl FnOnce(&mut Overlay<'_>)) {
        let mut batch = WriteBatch::new();
        change(&mut Overlay::new(state, &mut batch));
        state.write(batch).unwrap();
    }

    fn stored(state: &MemoryBackend, row: &Case, file: &HeldFile) {
        changed(state, |over| {
            case::CASE.put(over.batch, &row.id, row);
            material::store(over, &row.id, file);
        });
    }

    fn lose(state: &MemoryBackend, cases: &[CaseId]) {
        for case in cases {
            changed(state, |over| material::lose(over, case, &digest(), Timestamp::from_millis(2)).unwrap());
        }
    }

    #[test]
    fn what_was_fetched_again_meanwhile_is_kept() {
        let state = MemoryBackend::default();
        stored(&state, &collected(FORMER, 1), &held(1));
        let cases = losing(&state, HERE, FORMER, &held(1), |_| true).unwrap();
        assert_eq!(cases, [FORMER]);
        lose(&state, &cases);
        assert_eq!(losing(&state, HERE, FORMER, &held(1), |_| true).unwrap(), [], "it is let go of already");
        // It has come again. Who still reads by the old row finds that its key doesn't open it.
        stored(&state, &collected(FORMER, 1), &held(2));
        assert_eq!(losing(&state, HERE, FORMER, &held(1), |_| true).unwrap(), []);
        assert_eq!(losing(&state, HERE, FORMER, &held(2), |_| true).unwrap(), [FORMER]);
    }

    #[test]
    fn a_file_that_a_forwarded_case_shares_is_fetched_for_the_case_that_it_came_with() {
        let state = MemoryBackend::default();
        let mut former = collected(FORMER, 1);
        former.status = Status::Forwarded;
        stored(&state, &former, &held(1));
        let mut next = collected(NEXT, 2);
        next.custody = Custody::Elsewhere { owner: next.deciding, as_of: Timestamp::from_millis(1) };
        stored(&state, &next, &held(3));
        // Found by whichever of the two: as long as one names it what lies there is kept, and nothing is fetched in its place.
        for (found, by) in [(NEXT, held(3)), (FORMER, held(1))] {
            assert_eq!(losing(&state, HERE, found, &by, |_| true).unwrap(), [FORMER, NEXT]);
        }
        lose(&state, &[FORMER, NEXT]);
        assert!(!material::is_named(&state, &[7; 16]).unwrap());
        let wanted = material::WANTED.list(&state, &[], None, 9).unwrap();
        assert_eq!(wanted.into_iter().map(|(place, _)| place).collect::<Vec<_>>(), [(FORMER, digest())]);
    }

    #[test]
    fn what_cannot_be_had_again_stays() {
        for row in [
            collected(FORMER, 2),
            Case { status: Status::Closed, ..collected(FORMER, 1) },
            Case {
                custody: Custody::Elsewhere { owner: known().deciding, as_of: Timestamp::from_millis(1) },
                ..collected(FORMER, 1)
            },
        ] {
            let state = MemoryBackend::default();
            stored(&state, &row, &held(1));
            assert_eq!(losing(&state, HERE, FORMER, &held(1), |_| true).unwrap(), []);
        }
        let state = MemoryBackend::default();
        stored(&state, &collected(FORMER, 1), &held(1));
        assert_eq!(losing(&state, HERE, FORMER, &held(1), |_| false).unwrap(), [], "its key was destroyed");
    }
}
