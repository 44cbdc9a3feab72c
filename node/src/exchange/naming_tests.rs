//! A number that another node tells of its case never hides a case that stands here.

use tongban_codes::ids::{CaseId, Label, NodeId, QueryCode};
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Act, ActKind, Case, Custody, Status};
use tongban_storage::keyspace::{Overlay, case};
use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

use super::golden_tests::known;

/// A case of its own id and numbers; another's when it is elsewhere.
fn numbered(id: u8, case_no: &str, custody: &Custody) -> Case {
    let collection_no = format!("511603104000-20260914-{id:05}");
    let label = Label::new("511603104".parse().unwrap(), 0).unwrap();
    let query_code = QueryCode::draw(label, u32::from(id));
    let id = CaseId::draw(&NodeId::from_bytes([1; 16]), [id; 10]);
    let case_no = Some(case_no.to_owned());
    Case { id, collection_no, query_code, case_no, custody: custody.clone(), ..*known() }
}

fn store(state: &MemoryBackend, row: &Case) {
    let place = row.collecting;
    let act = Act {
        case: row.id,
        number: 1,
        kind: ActKind::Accept,
        at: Timestamp::from_millis(1),
        place,
        operator: "审查员".to_owned(),
        window: None,
        tenure: 2,
        status: Status::Accepted,
        note: None,
        mandate: None,
    };
    let mut rows = WriteBatch::new();
    case::store(&mut Overlay::new(state, &mut rows), row, &act).unwrap();
    state.write(rows).unwrap();
}

fn found(state: &MemoryBackend, text: &str) -> Option<CaseId> {
    case::named(state, text).unwrap().map(|case| case.id)
}

#[test]
fn a_told_number_hides_no_case() {
    let elsewhere = known().custody;
    let own = numbered(1, "115113016823646795202609140001", &Custody::Owner);
    let told = numbered(2, "115113016823646795202609140009", &elsewhere);
    for in_turn in [[&own, &told], [&told, &own]] {
        let state = MemoryBackend::new();
        in_turn.iter().for_each(|row| store(&state, row));
        assert_eq!(found(&state, "115113016823646795202609140009"), Some(told.id));
        // It claims the number, the collection number and the code of the other.
        let forged =
            [own.case_no.clone().unwrap(), own.collection_no.clone(), own.query_code.to_string().replace('-', "")];
        for text in &forged {
            store(&state, &Case { case_no: Some(text.clone()), ..told.clone() });
            assert_eq!(found(&state, text), Some(own.id), "{text}");
        }
        assert_eq!(found(&state, &told.collection_no), Some(told.id));
    }
    // A number that was claimed before it was drawn here goes to whom it belongs.
    let state = MemoryBackend::new();
    store(&state, &Case { case_no: own.case_no.clone(), ..told });
    store(&state, &own);
    assert_eq!(found(&state, own.case_no.as_ref().unwrap()), Some(own.id));
}

#[test]
fn a_case_that_comes_here_is_found_by_its_number_again() {
    let elsewhere = known().custody;
    let (number, state) = ("115113016823646795202609140001", MemoryBackend::new());
    let (first, second) = (numbered(1, number, &elsewhere), numbered(2, number, &elsewhere));
    let claimed = |text: &String| Case { collection_no: text.clone(), ..first.clone() };
    // The one told a number and a collection number that are the other's, which stood back.
    store(&state, &claimed(&second.collection_no));
    store(&state, &second);
    for text in [number, &second.collection_no] {
        assert_eq!(found(&state, text), Some(first.id), "{text}");
    }
    // The other comes back here, as it is.
    let back = Case { custody: Custody::Owner, ..second.clone() };
    store(&state, &back);
    for text in [number, &second.collection_no] {
        assert_eq!(found(&state, text), Some(second.id), "{text}");
    }
    // Of two that are here the first keeps it.
    store(&state, &Case { custody: Custody::Owner, ..claimed(&second.collection_no) });
    assert_eq!(found(&state, number), Some(second.id));
}
