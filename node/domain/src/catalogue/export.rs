//! Items as rows of a file: what is exported and imported again changes nothing.

use std::collections::BTreeMap;

use super::cell::{Cell, unit_name};
use super::field::{self, Fields};
use super::{BaseItem, FIELD_COLUMNS, Guide, ImportRow, LIST_COLUMNS, ListRow, ServiceItem, Term};

impl ImportRow {
    /// The row of an item with its guide.
    #[must_use]
    pub fn of_item(row: u32, item: &ServiceItem, guide: Guide) -> Self {
        let mut written = Self::of_fields(row, Fields::of_item(item, guide));
        let core = &item.core;
        for (column, text) in [
            ("department", item.department.clone()),
            ("main_item", item.main_item.clone()),
            ("name", core.name.clone()),
            ("local_item_code", item.code.clone()),
            ("division", item.division.to_string()),
            ("item_type", core.item_type.clone()),
            ("department_code", item.department_code.clone()),
            ("base_code", core.base_code.clone().unwrap_or_default()),
            ("legal_basis", core.legal_basis.clone()),
            ("modes", item.modes.text()),
            ("covered", item.covered.text()),
            ("effective", item.effective.text()),
        ] {
            written.values.insert(column.to_owned(), text);
        }
        written.term("statutory_days", "statutory_unit", item.statutory);
        written.term("promised_days", "promised_unit", item.promised);
        written
    }

    /// The row of a base item with its guide.
    #[must_use]
    pub fn of_base(row: u32, base: &BaseItem, guide: Guide) -> Self {
        let mut written = Self::of_fields(row, Fields::of_base(base, guide));
        let core = &base.core;
        let days = |days: Option<u16>| days.map_or_else(String::new, |days| days.to_string());
        for (column, text) in [
            ("department", base.department.clone()),
            ("name", core.name.clone()),
            ("division", base.division.to_string()),
            ("item_type", core.item_type.clone()),
            ("base_code", core.base_code.clone().unwrap_or_default()),
            ("legal_basis", core.legal_basis.clone()),
            ("statutory_days", days(base.statutory_days)),
            ("promised_days", days(base.promised_days)),
            ("effective", base.effective.text()),
        ] {
            written.values.insert(column.to_owned(), text);
        }
        written
    }

    fn term(&mut self, column: &str, unit_column: &str, term: Option<Term>) {
        let days = term.map_or_else(String::new, |term| term.days.to_string());
        self.values.insert(column.to_owned(), days);
        self.values.insert(unit_column.to_owned(), term.map_or("", |term| unit_name(term.unit)).to_owned());
    }

    fn of_fields(row: u32, mut fields: Fields) -> Self {
        let mut written = Self { row, ..Self::default() };
        for column in FIELD_COLUMNS {
            let text = field::cell(&mut fields, column).map_or_else(String::new, |(cell, _)| cell.text());
            written.values.insert((*column).to_owned(), text);
        }
        for (list, columns) in LIST_COLUMNS {
            let count = field::entries(&fields, list).unwrap_or_default();
            let entries = (0..count).map(|index| {
                let mut values = BTreeMap::new();
                for column in *columns {
                    let cell = field::entry_cell(&mut fields, list, index, column);
                    let text = cell.map_or_else(String::new, |(cell, _)| cell.text());
                    values.insert((*column).to_owned(), text);
                }
                ListRow { row, values }
            });
            written.lists.insert((*list).to_owned(), entries.collect());
        }
        written
    }
}
