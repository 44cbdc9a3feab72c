//! A number that another node tells of never hides what stands here, of whatever kind either is.

use tongban_codes::ids::{CaseId, Label, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::Place;
use tongban_domain::application::Application;
use tongban_domain::case::{Act, ActKind, Case, Custody, Personal, Status};
use tongban_domain::supervision::{About, Card, CardState, Colour, Matter, Order, Rule};
use tongban_domain::voice::{Channel, Ticket, TicketKind, TicketState, Voice};
use tongban_storage::keyspace::meta::{self, NodeRow};
use tongban_storage::keyspace::{Overlay, application, case, supervision, voice};
use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

use super::golden_tests::{act, known};

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
    let act = Act { case: row.id, ..act(ActKind::Accept, 1, row.collecting, 2, Status::Accepted) };
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

const AT: Timestamp = Timestamp::from_millis(1_789_347_600_000);

/// The node itself, and another.
fn places() -> (Place, Place) {
    let place =
        |node: u8, division: &str| Place { node: NodeId::from_bytes([node; 16]), division: division.parse().unwrap() };
    (place(1, "511603104"), place(2, "511602"))
}

/// The state of a node that knows who it is.
fn node() -> MemoryBackend {
    let (here, _) = places();
    let row = NodeRow {
        node: here.node,
        division: here.division,
        name: "代市镇".to_owned(),
        label: Label::new(here.division, 0).unwrap(),
        demo: true,
        epoch: 1,
        calendar: String::new(),
        divisions: String::new(),
    };
    let state = MemoryBackend::new();
    let mut rows = WriteBatch::new();
    meta::NODE.put(&mut rows, &(), &row);
    state.write(rows).unwrap();
    state
}

fn ticket(id: u8, number: &str, origin: Place) -> Ticket {
    let day = Date::ymd(2026, 9, 14).unwrap();
    let label = Label::new(origin.division, 0).unwrap();
    Ticket {
        id: CaseId::draw(&origin.node, [id; 10]),
        number: number.to_owned(),
        code: QueryCode::draw(label, u32::from(id)),
        kind: TicketKind::Enquiry,
        text: "演示".to_owned(),
        personal: Personal { wrapped_key: Vec::new(), name: Vec::new(), identity: Vec::new(), forgotten_at: None },
        named: false,
        contact: None,
        subject: None,
        case: None,
        about: About::of_case(&known()),
        channel: Channel::Phone,
        opened_at: AT,
        origin,
        handler: places().0,
        away: false,
        state: TicketState::Open,
        department: None,
        holder: None,
        from: day,
        due: day,
        answers: Vec::new(),
        outcome: None,
        former: None,
        reopened: 0,
        told: 0,
        dispatch: 0,
        counted_on: day,
        log: Vec::new(),
        since: AT,
    }
}

fn store_ticket(state: &MemoryBackend, ticket: &Ticket) {
    let mut rows = WriteBatch::new();
    voice::store(&mut Overlay::new(state, &mut rows), &Voice::Ticket(ticket.clone())).unwrap();
    state.write(rows).unwrap();
}

fn order(id: u8, number: &str, from: Place) -> Matter {
    Matter::Order(Order {
        id: CaseId::draw(&from.node, [id; 10]),
        number: number.to_owned(),
        text: "演示".to_owned(),
        from,
        to: places().0,
        operator: "监察员".to_owned(),
        at: AT,
        answer_by: Date::ymd(2026, 9, 21).unwrap(),
        about: "演示".to_owned(),
        case: None,
        case_no: None,
        item_type: None,
        department: None,
        rule: None,
        colour: None,
        answer: None,
        refused: None,
        since: AT,
    })
}

fn store_order(state: &MemoryBackend, order: &Matter) {
    let mut rows = WriteBatch::new();
    supervision::store_matter(&mut Overlay::new(state, &mut rows), order).unwrap();
    state.write(rows).unwrap();
}

/// A card of a case.
fn card(of: &Case, number: &str) -> Card {
    let about = About::of_case(of);
    let day = Date::ymd(2026, 9, 14).unwrap();
    Card {
        number: number.to_owned(),
        case: of.id,
        rule: Rule::Promise,
        colour: Colour::Red,
        on: day,
        due: day,
        raised_at: AT,
        state: CardState::Open,
        since: AT,
        ending: None,
        answer: None,
        closing: None,
        times: 1,
        case_no: about.case_no,
        item: about.item,
        item_name: about.item_name,
        base_code: about.base_code,
        item_type: about.item_type,
        item_version: about.item_version,
        mode: about.mode,
        tenure: about.tenure,
        authority: about.authority,
        department: about.department,
        collecting: about.collecting,
        deciding: about.deciding,
        order: None,
        said: Vec::new(),
        answers: None,
    }
}

fn number_of_ticket(state: &MemoryBackend, number: &str) -> Option<CaseId> {
    voice::named(state, number).unwrap().map(|voice| voice.id())
}

#[test]
fn a_told_number_of_a_case_hides_no_card_order_or_ticket() {
    let state = node();
    let (here, above) = places();
    let elsewhere = known().custody;
    let watched = numbered(1, "115113016823646795202609140001", &elsewhere);
    let raised = card(&watched, "JC511603104000-20260914-00001");
    let mut rows = WriteBatch::new();
    supervision::store_card(&mut rows, &raised);
    state.write(rows).unwrap();
    store(&state, &watched);
    let own = ticket(3, "GD511603104000-20260914-00001", here);
    store_ticket(&state, &own);
    let given = order(4, "DB511602000000-20260914-00001", above);
    store_order(&state, &given);
    let code = own.code.to_string().replace('-', "");
    for custody in [Custody::Owner, elsewhere] {
        for text in [raised.number.as_str(), own.number.as_str(), given.number(), code.as_str()] {
            store(&state, &numbered(5, text, &custody));
            let row = numbered(6, "115113016823646795202609140006", &custody);
            store(&state, &Case { collection_no: text.to_owned(), ..row });
        }
        assert_eq!(supervision::card_named(&state, &raised.number).unwrap(), Some(raised.clone()));
        assert_eq!(number_of_ticket(&state, &own.number), Some(own.id));
        assert_eq!(voice::coded(&state, &own.code).unwrap().map(|voice| voice.id()), Some(own.id));
        assert_eq!(supervision::matter_named(&state, given.number()).unwrap(), Some(given.clone()));
    }
}

#[test]
fn a_told_number_of_a_ticket_or_an_order_hides_nothing_and_an_own_one_takes_its_place_back() {
    let state = node();
    let (here, other) = places();
    let standing = numbered(1, "GD511602000000-20260914-00001", &Custody::Owner);
    store(&state, &standing);
    store_ticket(&state, &ticket(2, "GD511602000000-20260914-00001", other));
    store_order(&state, &order(3, "GD511602000000-20260914-00001", other));
    assert_eq!(found(&state, "GD511602000000-20260914-00001"), Some(standing.id));
    // One that was told before this node drew its own goes to whom it belongs.
    let number = "GD511603104000-20260914-00001";
    store(&state, &numbered(4, number, &known().custody));
    let own = ticket(5, number, here);
    store_ticket(&state, &own);
    assert_eq!(number_of_ticket(&state, number), Some(own.id));
    store_ticket(&state, &ticket(6, number, other));
    assert_eq!(number_of_ticket(&state, number), Some(own.id));
    store(&state, &numbered(7, number, &Custody::Owner));
    assert_eq!(number_of_ticket(&state, number), Some(own.id));
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

#[test]
fn a_told_number_of_a_case_hides_no_application() {
    let (here, _) = places();
    let personal = || Personal { wrapped_key: Vec::new(), name: Vec::new(), identity: Vec::new(), forgotten_at: None };
    let own = Application {
        id: CaseId::draw(&here.node, [9; 10]),
        number: "YJS511603104000-20260914-00001".to_owned(),
        query_code: QueryCode::draw(Label::new(here.division, 0).unwrap(), 9),
        event: "开办分店（演示）".to_owned(),
        bundle: None,
        personal: personal(),
        holder: [0; 32],
        form: personal(),
        parts: Vec::new(),
        given: Vec::new(),
        materials: Vec::new(),
        collected_at: AT,
        collecting: here,
        operator: "窗口员".to_owned(),
        window: None,
        answer: None,
        promised: None,
        mode: None,
        former: Vec::new(),
    };
    let state = node();
    let mut rows = WriteBatch::new();
    application::store(&mut Overlay::new(&state, &mut rows), &own).unwrap();
    state.write(rows).unwrap();
    let code = own.query_code.to_string().replace('-', "");
    for custody in [Custody::Owner, known().custody] {
        for text in [&own.number, &code] {
            store(&state, &numbered(5, text, &custody));
        }
    }
    for text in [&own.number, &code] {
        let found = application::named(&state, text).unwrap().map(|application| application.id);
        assert_eq!(found, Some(own.id), "{text}");
    }
}
