//! Imports, publications, claims and mergers of many rows at once leave none of them out.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::BTreeMap;

use hall::{Hall, credit, date, row};
use tongban_domain::catalogue::{ClaimTerms, ImportRow, ListRow, Reorganisation, Selection};
use tongban_domain::{Command, Event};

/// A row with a guide of its own.
fn with_guide(number: usize, columns: &[(&str, &str)]) -> ImportRow {
    let mut row = row(u32::try_from(number).unwrap() + 2, columns);
    let values = BTreeMap::from([("name".to_owned(), format!("材料{number}"))]);
    row.lists.insert("materials".to_owned(), vec![ListRow { row: row.row, values }]);
    row
}

/// So many at once.
const ROWS: usize = 500;

#[test]
fn many_items_are_imported_published_and_moved() {
    let authority = credit("11511602MB0000001");
    let mut county = Hall::new("511602", "广安区");
    let items: Vec<ImportRow> = (0..ROWS)
        .map(|number| {
            let code = format!("{authority}4{:012}", 510_716_000_000_u64 + number as u64);
            let name = format!("事项{number}");
            let columns = [
                ("department", "区行政审批局"),
                ("main_item", "事项"),
                ("name", name.as_str()),
                ("local_item_code", code.as_str()),
                ("division", "511602000000"),
                ("item_type", "07"),
                ("department_code", authority.as_str()),
            ];
            with_guide(number, &columns)
        })
        .collect();
    let report = county.import(&items);
    assert_eq!(report.rejected, 0, "{:?}", report.rows[0]);
    let report = county.publish_all();
    assert_eq!(report.published.len(), ROWS, "{:?}", report.refused.first());
    let plan = Reorganisation {
        old: Vec::new(),
        into: "区行政审批局".into(),
        code: Some(credit("11511602MB0000002")),
        from: date(2027, 1, 1),
        order: None,
    };
    let change = county.act(&Command::Reorganise { plan, dry_run: false }).unwrap();
    let moved =
        change.events.iter().filter(|event| matches!(event, Event::Item(item) if item.successor.is_some())).count();
    assert_eq!(moved, ROWS);
}

#[test]
fn many_base_items_are_claimed() {
    let mut province = Hall::new("510000", "四川省");
    let bases: Vec<ImportRow> = (0..ROWS)
        .map(|number| {
            let (code, name) = (format!("{:012}", 510_116_000_000_u64 + number as u64), format!("基本{number}"));
            let columns = [("department", "省厅"), ("name", &*name), ("item_type", "01"), ("base_code", &*code)];
            row(u32::try_from(number).unwrap() + 2, &columns)
        })
        .collect();
    province.import(&bases);
    province.publish_all();
    let mut county = Hall::new("511602", "广安区");
    province.state.bases.values().for_each(|base| county.state.fold(&Event::BaseItem(base.clone())));
    let terms = ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some("11511301008778490F".into()),
        ..ClaimTerms::default()
    };
    county.act(&Command::ClaimItems { which: Selection::All, terms, dry_run: false }).unwrap();
    assert_eq!(county.state.drafts.len(), ROWS);
}
