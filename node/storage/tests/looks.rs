//! What has a case looked at by supervision beside the acts on it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tongban_codes::ids::{AuthorityId, CaseId, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::catalogue::Mode;
use tongban_domain::connector::{ConnectorKind, Order, OrderDeed, OrderEntry, OrderState};
use tongban_domain::supervision::About;
use tongban_storage::keyspace::supervision::WATCH;
use tongban_storage::keyspace::{Overlay, connector};
use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

const DUE: Timestamp = Timestamp::from_millis(1_789_400_000_000);

fn case(number: u8) -> CaseId {
    CaseId::draw(&NodeId::from_bytes([1; 16]), [number; 10])
}

/// An order of a case, in a state that it came to at [`DUE`].
fn order(kind: ConnectorKind, state: OrderState) -> Order {
    let division = "511602".parse().unwrap();
    let about = About {
        case: case(1),
        case_no: "1".to_owned(),
        item: "I".to_owned(),
        item_name: "名".to_owned(),
        base_code: None,
        item_type: "01".to_owned(),
        item_version: 1,
        mode: Mode::ALL[0],
        tenure: 1,
        authority: AuthorityId::from_bytes([1; 16]),
        department: "局".to_owned(),
        collecting: division,
        deciding: division,
        division: None,
    };
    let log = vec![OrderEntry::of(OrderDeed::Told, DUE, "system", state)];
    let number = "JF511602000000-20260914-00001".to_owned();
    Order { state, words: 1, log, ..Order::begun(number, about, (kind, "pay"), DUE) }
}

/// A fee may keep a result from being handed out: when money came or went back, the case is looked at on the midnight after it.
#[test]
fn money_for_a_case_has_it_looked_at() {
    for (kind, state, is_looked_at) in [
        (ConnectorKind::Payment, OrderState::Placed, false),
        (ConnectorKind::Payment, OrderState::Taken, false),
        (ConnectorKind::Payment, OrderState::Paid, true),
        (ConnectorKind::Payment, OrderState::Disputed, true),
        (ConnectorKind::Payment, OrderState::Refunding, true),
        (ConnectorKind::Payment, OrderState::Refunded, true),
        (ConnectorKind::Courier, OrderState::Delivered, false),
        (ConnectorKind::Handling, OrderState::Disputed, false),
    ] {
        let store = MemoryBackend::default();
        let mut batch = WriteBatch::new();
        connector::store(&mut Overlay::new(&store, &mut batch), &order(kind, state)).unwrap();
        store.write(batch).unwrap();
        let midnight = DUE.date().next_day().start();
        let found = WATCH.list(&store, &[], None, 9).unwrap();
        let expected = if is_looked_at { vec![((midnight, 0, case(1)), ())] } else { Vec::new() };
        assert_eq!(found, expected, "{kind:?} {state:?}");
    }
}
