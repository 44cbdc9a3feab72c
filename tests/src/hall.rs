//! What the tests bring: items, staff, applicants, and the acts at a hall.

use serde_json::Value;
use tongban_codes::CreditCode;
use tongban_codes::citizen_id::CitizenId;

use crate::{Cluster, Node};

/// The real catalogue of 511602, as dirty as it is.
pub(crate) const CATALOGUE: &str = include_str!("../data/items-511602.csv");

/// Writes a CSV file of so many rows: the real catalogue again and again, each time under other codes and names.
///
/// # Errors
///
/// When it can't be written.
///
/// # Panics
///
/// When the real catalogue lacks a column.
pub fn write_catalogue(file: impl std::io::Write, rows: usize) -> csv::Result<()> {
    let mut reader = csv::Reader::from_reader(CATALOGUE.as_bytes());
    let head = reader.headers()?.clone();
    let place = |column: &str| head.iter().position(|name| name == column).expect("the catalogue has the column");
    let (code, name) = (place("local_item_code"), place("name"));
    let real = reader.records().collect::<Result<Vec<_>, _>>()?;
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(&head)?;
    for number in 0..rows {
        let (copy, row) = (number / real.len(), &real[number % real.len()]);
        writer.write_record(row.iter().enumerate().map(|(column, text)| match column {
            _ if column == code => format!("C{copy}Z{text}"),
            _ if column == name => format!("{text}（{copy}）"),
            _ => text.to_owned(),
        }))?;
    }
    writer.flush().map_err(csv::Error::from)
}

/// An applicant whose name and number hold.
pub const APPLICANT: (&str, &str) = ("张三", "110101199003070011");

/// A row of an item file.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Code; its first part is short.
    pub code: &'a str,
    /// Name.
    pub name: &'a str,
    /// Two digits of GB/T 39046.
    pub kind: &'a str,
    /// Base code, or empty.
    pub base_code: &'a str,
    /// Promised working days, or empty.
    pub promised_days: &'a str,
    /// Modes with `^` between, or empty.
    pub modes: &'a str,
    /// Covered divisions with `^` between, or empty.
    pub covered: &'a str,
    /// First day in force, or empty.
    pub effective: &'a str,
}

impl Item<'_> {
    /// A permit that a city's halls may collect.
    #[must_use]
    pub const fn permit<'a>(code: &'a str, covered: &'a str) -> Item<'a> {
        Item {
            code,
            name: "公共场所卫生许可",
            kind: "01",
            base_code: "",
            promised_days: "5",
            modes: "online^collect",
            covered,
            effective: "",
        }
    }
}

/// What the applicant got at the window.
#[derive(Clone, Debug)]
pub struct Collected {
    /// Case.
    pub case: String,
    /// Query code.
    pub query_code: String,
}

/// Real permits of 511602 as a file for `item import`, as those of `division`, collected as well by the divisions in `covered`, and their
/// codes.
///
/// # Panics
///
/// When the catalogue has fewer.
#[must_use]
pub fn permits(count: usize, division: &str, covered: &str) -> (String, Vec<String>) {
    let mut lines = CATALOGUE.lines();
    let head = lines.next().unwrap_or_default();
    let mut file = format!("{head},statutory_days,promised_days,modes,covered\n");
    let mut codes = Vec::new();
    for line in lines.filter(|line| !line.contains('"')) {
        let fields: Vec<&str> = line.split(',').collect();
        let [department, main_item, name, code, _, "01", authority] = fields[..] else { continue };
        if authority.parse::<CreditCode>().is_ok() && codes.len() < count {
            file.push_str(&format!(
                "{department},{main_item},{name},{code},{division},01,{authority},20,10,collect,{covered}\n"
            ));
            codes.push(code.to_owned());
        }
    }
    assert_eq!(codes.len(), count, "so many permits have a valid department code");
    (file, codes)
}

/// A citizen id that differs with the serial.
///
/// # Panics
///
/// For serials above 999,999.
#[must_use]
pub fn citizen(serial: u32) -> String {
    assert!(serial < 1_000_000, "{serial}");
    let (year, order) = (1950 + serial / 1000 % 50, serial % 1000);
    let month = 1 + serial / 50_000 % 12;
    let body = format!("110101{year}{month:02}07{order:03}");
    let checks = ('0'..='9').chain(['X']).map(|check| format!("{body}{check}"));
    checks.into_iter().find(|id| id.parse::<CitizenId>().is_ok()).expect("one of eleven check characters is right")
}

impl Cluster {
    /// Imports rows at a node; gives the report.
    #[track_caller]
    pub fn import(&self, node: &str, items: &[Item<'_>]) -> Value {
        let mut csv =
            "department,main_item,name,local_item_code,division,item_type,department_code,base_code,legal_basis,\
                       statutory_days,promised_days,modes,covered,effective\n"
                .to_owned();
        for item in items {
            let Item { code, name, kind, base_code, promised_days, modes, covered, effective } = item;
            csv.push_str(&format!(
                "卫健局,{name},{name},{code},,{kind},11370800MB28559184,{base_code},公共场所卫生管理条例第四条,20,{promised_days},{modes},{covered},{effective}\n"
            ));
        }
        let file = self.file(&format!("{node}.csv"), csv.as_bytes());
        self.node(node).ok(&["item", "import", &file.to_string_lossy()])
    }

    /// Imports and publishes real permits at a node; gives their codes.
    ///
    /// # Panics
    ///
    /// When one doesn't come in.
    #[track_caller]
    pub fn furnish(&self, node: &str, count: usize, covered: &str) -> Vec<String> {
        let (file, codes) = permits(count, &self.node(node).division, covered);
        let file = self.file(&format!("{node}-permits.csv"), file.as_bytes());
        let report = self.node(node).ok(&["item", "import", &file.to_string_lossy()]);
        assert_eq!(report["imported"], count, "{report}");
        self.node(node).ok(&["item", "publish", "--all"]);
        codes
    }

    /// Imports rows at a node and publishes them.
    ///
    /// # Panics
    ///
    /// When one is rejected or can't be published.
    #[track_caller]
    pub fn publish(&self, node: &str, items: &[Item<'_>]) {
        let report = self.import(node, items);
        assert_eq!(report["rejected"], 0, "{report}");
        let report = self.node(node).ok(&["item", "publish", "--all"]);
        assert_eq!(report["refused"], Value::Array(Vec::new()), "{report}");
    }
}

impl Node {
    /// One operator a role, named like the role; the decider has a mandate for everything.
    pub fn staff(&self) {
        for role in ["window", "reviewer", "decider", "issuer"] {
            self.ok(&["operator", "add", role, "--role", role]);
        }
        self.ok(&["operator", "mandate", "decider", "--all"]);
    }

    /// Collects for another division as soon as its item can be had.
    #[track_caller]
    pub fn collect(&self, item: &str, division: &str) -> Collected {
        let (name, id) = APPLICANT;
        let answer =
            self.eventually(20, &["case", "collect", "--item", item, "--for", division, "--name", name, "--id", id]);
        Collected { case: text(&answer, "case"), query_code: text(&answer, "query_code") }
    }

    /// Collects through the socket, each serial for an applicant of his own.
    ///
    /// # Panics
    ///
    /// When it is refused.
    #[track_caller]
    pub fn collect_many(&self, item: &str, division: &str, serials: std::ops::Range<u32>) -> Vec<String> {
        serials
            .map(|serial| {
                let body = serde_json::json!({
                    "item": item, "division": division, "name": format!("测试{serial}"), "id": citizen(serial),
                });
                let answer = self.post("/v1/cases", &format!("collect-{serial}"), &body).expect("the node answers");
                assert!(answer.is_done(), "{answer:?}");
                text(&answer.body, "case")
            })
            .collect()
    }

    /// Waits until a case is owned here.
    #[track_caller]
    pub fn owns(&self, seconds: u64, case: &str) -> Value {
        crate::within(seconds, &format!("{} owns {case}", self.name), || match self.call(&["case", "show", case]) {
            (0, shown) if shown["custody"] == "owner" => Ok(shown),
            (_, other) => Err(other.to_string()),
        })
    }

    /// Figures by dimensions, each row as a line, sorted.
    #[track_caller]
    pub fn figures(&self, by: &str) -> Vec<String> {
        let report = self.ok(&["aggregate", "report", "--by", by]);
        let rows = report["rows"].as_array().cloned().unwrap_or_default();
        let mut lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        lines.sort();
        lines
    }
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applicants_differ() {
        let ids: std::collections::BTreeSet<String> = (0..3000).map(citizen).collect();
        assert_eq!(ids.len(), 3000);
    }
}
