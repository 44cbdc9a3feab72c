//! A permit that is the same in 四同 at every node of two provinces, and agreements by which authorities decide in each other's place
//! (异地受理、无差别办理).

use tongban::engine::{Outside, Request};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{Agreement, AgreementCommand, ImportRow, Mode, Party, ReceiptRule};
use tongban_domain::{Command, Event, Place, Role};
use tongban_storage::keyspace::item;

use super::{CREDIT, DEPARTMENT, LEGAL_BASIS, Nascent, item_of, row};

/// The permit, of which [`item_of`] gives the code in a division.
pub(crate) const SAME: &str = "330A0015500015";
/// The national base item that it carries out, which both provinces keep.
const BASE_CODE: &str = "000116013001";
const NAME: &str = "公共场所卫生许可";

/// Gives a node the base item, which its root releases, and publishes its permit for the mode.
pub(super) fn publish(nodes: &mut [Nascent], number: usize, root: usize, covered: &str) {
    if number == root {
        let columns = [
            ("department", DEPARTMENT),
            ("main_item", "许可"),
            ("name", NAME),
            ("item_type", "01"),
            ("department_code", CREDIT),
            ("base_code", BASE_CODE),
            ("legal_basis", LEGAL_BASIS),
            ("statutory_days", "20"),
            ("promised_days", "10"),
        ];
        let values = columns.map(|(column, value)| (column.to_owned(), value.to_owned())).into();
        nodes[root].publish(ImportRow::new(2, values));
    } else {
        let known = item::BASE.load(&*nodes[root].machine.disk.state, &BASE_CODE.to_owned());
        let base = known.expect("memory can be read").expect("the root has released it");
        nodes[number].settle(Request::Custom(Box::new(move |_, _, _| {
            Ok(Outside { events: vec![Event::BaseItem(base)], ..Outside::default() })
        })));
    }
    let mut same = row(2, &item_of(SAME, nodes[number].machine.place.division), "01", covered);
    for (column, value) in [("name", NAME), ("base_code", BASE_CODE), ("modes", "online^collect^uniform")] {
        same.values.insert(column.to_owned(), value.to_owned());
    }
    nodes[number].publish(same);
}

/// Every authority agrees with a third of the others, of both provinces.
pub(super) fn agree(nodes: &mut [Nascent]) {
    let places: Vec<Place> = nodes.iter().map(|node| node.machine.place).collect();
    let from = Date::ymd(2026, 9, 1).expect("it is a day");
    for (number, node) in nodes.iter_mut().enumerate() {
        let others = places.iter().enumerate().filter(|(other, _)| *other != number && other % 3 == number % 3);
        let others: Vec<Place> = others.map(|(_, place)| *place).collect();
        let agreement = Box::new(agreement(places[number], 0, &others, from));
        let items = vec![item_of(SAME, places[number].division)];
        node.act(Role::Catalogue, Command::Agreement(AgreementCommand::Add { agreement, items }));
    }
}

/// The agreement of the authority in charge with others, after so many of its.
pub(crate) fn agreement(charge: Place, after: usize, others: &[Place], from: Date) -> Agreement {
    let party =
        |place: &Place| Party { code: CREDIT.to_owned(), name: DEPARTMENT.to_owned(), division: place.division };
    Agreement {
        number: format!("{}〔2026〕{}号", charge.division, after + 1),
        parties: std::iter::once(&charge).chain(others).map(party).collect(),
        modes: vec![Mode::Uniform],
        receipt: ReceiptRule::Electronic,
        from,
        until: None,
        published_on: from,
        text: "ab".repeat(32),
        reference: None,
        withdrawn: None,
    }
}
