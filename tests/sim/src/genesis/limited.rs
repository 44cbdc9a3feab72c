//! A permit of which each authority grants only so many, and for whose report a pledge does (数量限制, 告知承诺制).

use tongban_domain::catalogue::ListRow;

use super::{Nascent, item_of, row};

/// The permit, of which [`item_of`] gives the code in a division.
pub(crate) const LIMITED: &str = "330A0015500016";
/// How many of it an authority grants in all.
pub(crate) const GRANTS: usize = 3;
/// The material for which a pledge does.
pub(crate) const REPORT: &str = "检测报告";

/// Publishes the permit of a node.
pub(super) fn publish(node: &mut Nascent, covered: &str) {
    let mut limited = row(2, &item_of(LIMITED, node.machine.place.division), "01", covered);
    let grants = GRANTS.to_string();
    for (column, value) in [
        ("limit_grants", grants.as_str()),
        ("limit_basis", "政府公告〔2026〕3号"),
        ("pledge_check_days", "2"),
        ("pledge_correct_days", "2"),
        ("pledge_consequences", "撤销许可"),
    ] {
        limited.values.insert(column.to_owned(), value.to_owned());
    }
    let material = [("name", REPORT), ("necessity", "容缺后补"), ("pledge", "是")];
    let values = material.map(|(column, value)| (column.to_owned(), value.to_owned())).into();
    limited.lists.insert("materials".to_owned(), vec![ListRow { row: 2, values }]);
    node.publish(limited);
}
