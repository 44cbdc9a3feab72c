//! A province's release of base items, made from the real rows of a district: what the halls of a scene are to claim.
//!
//! Names, types and departments are real; the real rows have no legal basis and no base code. So the basis is a public law of the
//! department's line, marked 演示, and codes are counted. The same number of items always gives the same release.

use std::collections::{BTreeMap, VecDeque};

use tongban_codes::CreditCode;
use tongban_codes::division::Level;

use crate::hall::CATALOGUE;

/// For each department of the district: its line at the province, and a public law of that line.
const LINES: [(&str, &str, &str); 23] = [
    ("区行政审批局", "省政务服务管理办公室", "中华人民共和国行政许可法"),
    ("区人社局", "省人力资源和社会保障厅", "中华人民共和国社会保险法"),
    ("区交通运输局", "省交通运输厅", "中华人民共和国道路运输条例"),
    ("广安区税务局", "省税务局", "中华人民共和国税收征收管理法"),
    ("区住建局", "省住房和城乡建设厅", "中华人民共和国建筑法"),
    ("区自然资源和规划局", "省自然资源厅", "不动产登记暂行条例"),
    ("区公安分局", "省公安厅", "中华人民共和国户口登记条例"),
    ("区医疗保障局", "省医疗保障局", "医疗保障基金使用监督管理条例"),
    ("区文广旅局", "省文化和旅游厅", "中华人民共和国文物保护法"),
    ("区教科体局", "省教育厅", "中华人民共和国教育法"),
    ("区农业农村局", "省农业农村厅", "中华人民共和国农业法"),
    ("区司法局", "省司法厅", "中华人民共和国公证法"),
    ("区卫健局", "省卫生健康委", "中华人民共和国基本医疗卫生与健康促进法"),
    ("区民政局", "省民政厅", "社会救助暂行办法"),
    ("区市监局", "省市场监督管理局", "中华人民共和国食品安全法"),
    ("区林业局", "省林业和草原局", "中华人民共和国森林法"),
    ("区生态环境局", "省生态环境厅", "中华人民共和国环境保护法"),
    ("区残联", "省残疾人联合会", "中华人民共和国残疾人保障法"),
    ("区水务局", "省水利厅", "中华人民共和国水法"),
    ("区应急管理局", "省应急管理厅", "中华人民共和国安全生产法"),
    ("区烟草专卖局", "省烟草专卖局", "中华人民共和国烟草专卖法"),
    ("区气象局", "省气象局", "中华人民共和国气象法"),
    ("区退役军人事务局", "省退役军人事务厅", "中华人民共和国退役军人保障法"),
];

/// Main item of the real rows that have none.
const WITHOUT_MAIN: &str = "未分类";

/// A base item of the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Base code: province, type, serial of the main item, serial of the sub-item or `000`.
    pub base_code: String,
    /// Name of the real row.
    pub name: String,
    /// Its main item, of which it is a sub-item; empty where it has none.
    pub main_item: String,
    /// Two digits of GB/T 39046.
    pub item_type: String,
    /// The department of the province that releases it.
    pub line: &'static str,
    /// A public law of the line, marked 演示.
    pub legal_basis: String,
    /// The townships claim it too: a service, confirmation or payment whose name doesn't say that it is a county's.
    pub reaches_townships: bool,
    /// Code of the real row.
    pub local_code: String,
    row: csv::StringRecord,
}

/// Base items of a province.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// In the order in which they were made.
    pub items: Vec<Released>,
}

impl Release {
    /// So many base items of the province whose code begins with two digits: one department after the other gives its next row whose
    /// credit code holds and whose name is new.
    ///
    /// # Panics
    ///
    /// When the real rows don't give so many.
    #[must_use]
    pub fn new(province: &str, count: usize) -> Self {
        let mut reader = csv::Reader::from_reader(CATALOGUE.as_bytes());
        let rows = reader.records().map(|row| row.expect("the catalogue is a CSV file"));
        let mut departments = LINES.map(|line| (line, VecDeque::new()));
        for row in rows.filter(|row| row[6].parse::<CreditCode>().is_ok()) {
            if let Some((_, rows)) = departments.iter_mut().find(|(line, _)| line.0 == &row[0]) {
                rows.push_back(row);
            }
        }
        // Serial of each main item, and how many sub-items it has so far.
        let mut mains: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let mut items: Vec<Released> = Vec::new();
        while items.len() < count {
            let before = items.len();
            for (line, rows) in &mut departments {
                let (_, line, law) = *line;
                let Some(row) = rows.pop_front() else { continue };
                let known = |item: &Released| item.name == row[2];
                if items.len() < count && !items.iter().any(known) {
                    items.push(released(province, row, line, law, &mut mains));
                }
            }
            let left = departments.iter().any(|(_, rows)| !rows.is_empty());
            assert!(items.len() > before || left, "{count} base items, but the real rows give {before}");
        }
        Self { items }
    }

    /// As a file for `item import` at the province.
    ///
    /// # Panics
    ///
    /// When memory can't be written to.
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        let head = [
            "department",
            "main_item",
            "name",
            "local_item_code",
            "division",
            "item_type",
            "department_code",
            "base_code",
            "legal_basis",
            "statutory_days",
            "promised_days",
            "claim_levels",
            "tier",
        ];
        let rows = self.items.iter().map(|item| {
            let levels = if item.reaches_townships { "city^county^township" } else { "city^county" };
            let tier = if item.main_item.is_empty() { "main" } else { "sub" };
            let Released { base_code, name, main_item, item_type, line, legal_basis, .. } = item;
            let cells: [&str; 13] =
                [line, main_item, name, "", "", item_type, "", base_code, legal_basis, "20", "10", levels, tier];
            cells.map(str::to_owned).to_vec()
        });
        table(&head, rows)
    }

    /// The real rows again, each with the base code that it is bound to, as a file for `item import` at the district; windows of the
    /// divisions in `covered` may collect.
    ///
    /// # Panics
    ///
    /// When memory can't be written to.
    #[must_use]
    pub fn binding(&self, covered: &str) -> Vec<u8> {
        let mut reader = csv::Reader::from_reader(CATALOGUE.as_bytes());
        let head = reader.headers().expect("the catalogue has a head").iter();
        let head: Vec<&str> = head.chain(["base_code", "modes", "covered"]).collect();
        let rows = self.items.iter().map(|item| {
            let cells = item.row.iter().chain([item.base_code.as_str(), "collect", covered]);
            cells.map(str::to_owned).collect()
        });
        table(&head, rows)
    }
}

fn released(
    province: &str,
    row: csv::StringRecord,
    line: &'static str,
    law: &str,
    mains: &mut BTreeMap<String, (usize, usize)>,
) -> Released {
    let (main, name, kind) = (&row[1], &row[2], &row[5]);
    let is_sub = main != WITHOUT_MAIN;
    let serial = mains.len() + 1;
    let (serial, subs) = mains.entry(format!("{kind} {}", if is_sub { main } else { name })).or_insert((serial, 0));
    *subs += usize::from(is_sub);
    Released {
        base_code: format!("{province}{kind}{serial:05}{subs:03}"),
        name: name.to_owned(),
        main_item: if is_sub { main.to_owned() } else { String::new() },
        item_type: kind.to_owned(),
        line,
        legal_basis: format!("《{law}》（演示）"),
        reaches_townships: matches!(kind, "05" | "07" | "20") && !name.contains("县级"),
        local_code: row[3].to_owned(),
        row,
    }
}

impl Released {
    /// The same under another law.
    #[must_use]
    pub fn amended(&self, legal_basis: &str) -> Self {
        Self { legal_basis: legal_basis.to_owned(), ..self.clone() }
    }

    /// Whether a level claims it.
    #[must_use]
    pub fn concerns(&self, level: Level) -> bool {
        match level {
            Level::City | Level::County => true,
            Level::Township => self.reaches_townships,
            Level::Province | Level::Village => false,
        }
    }
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).expect("memory can be written");
    for row in rows {
        writer.write_record(row).expect("memory can be written");
    }
    writer.into_inner().expect("memory can be written")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tongban_codes::item_code::BasicCode;

    use super::*;

    #[test]
    fn two_hundred_items_of_every_line() {
        let release = Release::new("51", 200);
        assert_eq!(release, Release::new("51", 200));
        let distinct = |of: fn(&Released) -> &str| release.items.iter().map(of).collect::<BTreeSet<&str>>().len();
        assert_eq!(distinct(|item| &item.base_code), 200);
        assert_eq!(distinct(|item| &item.name), 200);
        assert!(distinct(|item| item.line) >= 18, "{} lines", distinct(|item| item.line));
        for item in &release.items {
            let code: BasicCode = item.base_code.parse().expect("it is a base code");
            assert_eq!(code.item_type().to_string(), item.item_type);
            assert_eq!(code.sub_item().is_some(), !item.main_item.is_empty());
            assert!(item.legal_basis.ends_with("（演示）"), "{item:?}");
        }
        let below = release.items.iter().filter(|item| item.concerns(Level::Township)).count();
        assert!((30..150).contains(&below), "{below} reach the townships");
        let subs = release.items.iter().filter(|item| !item.main_item.is_empty()).count();
        assert!(subs >= 20, "{subs} sub-items");
    }
}
