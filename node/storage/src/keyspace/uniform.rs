//! Cases that other authorities decide in the place of this node's, and own ones whose report wasn't taken.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::case::Case;
use tongban_domain::uniform::{HandledCount, HandledElsewhere};

use super::{Keyspace, Overlay};
use crate::{Family, StorageError, WriteBatch};

/// Cases that another authority decides, by their ids.
pub const HANDLED: Keyspace<CaseId, HandledElsewhere> = Keyspace::new(Family::Rows, 0x76);
/// The same in order of the days on which they were collected: the beginning of the day, and the case.
pub const BY_DAY: Keyspace<(Timestamp, CaseId), ()> = Keyspace::new(Family::Index, 0x77);
/// Own cases of which the authority in charge didn't take the last report.
pub const REFUSED: Keyspace<CaseId, ()> = Keyspace::new(Family::Index, 0x78);
/// How many cases each agreement has, by its number.
pub const COUNT: Keyspace<String, HandledCount> = Keyspace::new(Family::Rows, 0x79);

/// Stores a case that is decided elsewhere, where it is found, and under its agreement.
///
/// # Errors
///
/// When the state can't be read.
pub fn store(over: &mut Overlay<'_>, row: &HandledElsewhere) -> Result<(), StorageError> {
    let known = HANDLED.load(over, &row.case)?;
    let mut count = COUNT.load(over, &row.word.agreement)?.unwrap_or_default();
    count.add(known.as_ref(), row);
    COUNT.put(over.batch, &row.word.agreement, &count);
    BY_DAY.put(over.batch, &(row.word.collected_on.start(), row.case), &());
    HANDLED.put(over.batch, &row.case, row);
    Ok(())
}

/// Keeps whether the last report of an own case was refused; of other cases nothing.
pub fn mark(batch: &mut WriteBatch, case: &Case) {
    if case.instead_of.is_none() {
        return;
    }
    if case.report_refused.is_some() {
        REFUSED.put(batch, &case.id, &());
    } else {
        REFUSED.delete(batch, &case.id);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use tongban_codes::ids::{AuthorityId, Digest, NodeId};
    use tongban_codes::time::Date;
    use tongban_domain::Place;
    use tongban_domain::case::ItemPin;
    use tongban_domain::catalogue::Core;
    use tongban_domain::uniform::{UniformEnding, UniformWord};

    use super::*;
    use crate::{Backend as _, MemoryBackend};

    const NUMBER: &str = "跨域〔2026〕1号";

    fn row(act: u32, accepted_on: Option<Date>, ending: Option<UniformEnding>) -> HandledElsewhere {
        let day = Date::ymd(2026, 9, 14).unwrap();
        let core =
            Core { name: "许可".into(), base_code: None, item_type: "01".into(), legal_basis: "条例".into() };
        let word = UniformWord {
            act,
            at: day.start(),
            item: "511A0015500013".into(),
            version: 1,
            agreement: NUMBER.into(),
            core: core.digest(),
            department: "区卫健局".into(),
            department_code: String::new(),
            by_item: "511A0015500014".into(),
            collected_on: day,
            case_no: accepted_on.map(|_| "1".into()),
            accepted_on,
            ending,
            ended_on: ending.map(|_| day),
            licences: Vec::new(),
            applicant: "张*".into(),
            number_end: "31002X".into(),
        };
        let item = ItemPin {
            code: word.item.clone(),
            core,
            version: 1,
            authority: AuthorityId::from_bytes([1; 16]),
            department: "区行政审批局".into(),
            statutory: None,
            promised: None,
            department_code: String::new(),
        };
        let place = Place { node: NodeId::from_bytes([2; 16]), division: "511603".parse().unwrap() };
        let case = CaseId::from_bytes(*Digest::of(b"case").as_bytes().first_chunk().unwrap());
        HandledElsewhere { case, place, item, word, heard_at: day.start(), personal: None }
    }

    #[test]
    fn a_case_is_found_by_its_day_and_counts_once_under_its_agreement() {
        let state = MemoryBackend::new();
        let write = |row: &HandledElsewhere| {
            let mut rows = WriteBatch::new();
            let mut over = Overlay::new(&state, &mut rows);
            // A report that tells acceptance and end at once is stored for each of the two.
            store(&mut over, row).unwrap();
            store(&mut over, row).unwrap();
            state.write(rows).unwrap();
            COUNT.load(&state, &NUMBER.to_owned()).unwrap().unwrap()
        };
        let day = Date::ymd(2026, 9, 14);
        let accepted = row(2, day, None);
        assert_eq!(write(&accepted), HandledCount { cases: 1, accepted: 1, ..HandledCount::default() });
        let granted = row(3, day, Some(UniformEnding::Granted));
        let counted = HandledCount { cases: 1, accepted: 1, granted: 1, ..HandledCount::default() };
        assert_eq!((write(&granted), write(&granted)), (counted, counted));
        assert_eq!(HANDLED.load(&state, &granted.case).unwrap(), Some(granted.clone()));
        let found = BY_DAY.list(&state, &[], None, 10).unwrap();
        assert_eq!(found, [((day.unwrap().start(), granted.case), ())]);
        let withdrawn =
            HandledElsewhere { case: CaseId::from_bytes([3; 16]), ..row(1, None, Some(UniformEnding::Withdrawn)) };
        assert_eq!(write(&withdrawn), HandledCount { cases: 2, ended: 1, ..counted });
    }
}
