//! The embedded table of divisions.

use std::sync::{LazyLock, OnceLock};

use super::{DivisionCode, Level};
use crate::ids::Digest;

const CSV: &str = include_str!("../../data/divisions.csv");
const VERSION: &str = "2023-06-30";

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Division {
    /// The code.
    pub code: DivisionCode,
    /// The name as published, without those above it: `广安区`.
    pub name: &'static str,
    /// The level.
    pub level: Level,
    /// The division it is really subordinate to, `None` for a province: for 东城区 this is 北京市, not 市辖区.
    pub superior: Option<DivisionCode>,
    /// Whether it exists only to give statistics a second level (市辖区, 县, 省直辖县级行政区划).
    pub pseudo: bool,
}

/// All divisions from province to township, sorted by code.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Division>,
    digest: OnceLock<Digest>,
}

/// The embedded table: 44,699 divisions, statistics of 2023-06-30; built at first use.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::parse(CSV).expect("the embedded table is well-formed, a test reads every row"));
    &TABLE
}

fn is_pseudo(level: Level, name: &str) -> bool {
    level == Level::City && (matches!(name, "市辖区" | "县") || name.ends_with("直辖县级行政区划"))
}

impl Table {
    fn parse(csv: &'static str) -> Option<Self> {
        let mut rows: Vec<Division> = Vec::with_capacity(45_000);
        for line in csv.lines().skip(1) {
            let mut fields = line.split(',');
            let code: DivisionCode = fields.next()?.parse().ok()?;
            let name = fields.next()?;
            let level = match fields.next()? {
                "province" => Level::Province,
                "city" => Level::City,
                "county" => Level::County,
                "township" => Level::Township,
                _ => return None,
            };
            let superior = match fields.next()? {
                "" => None,
                listed => Some(listed.parse().ok()?),
            };
            if rows.last().is_some_and(|before| before.code >= code) {
                return None;
            }
            rows.push(Division { code, name, level, superior, pseudo: is_pseudo(level, name) });
        }
        let mut table = Self { rows, digest: OnceLock::new() };
        // Counties listed under a pseudo node are really the province's.
        let real: Vec<_> = table
            .rows
            .iter()
            .filter(|row| row.level == Level::County)
            .filter_map(|row| {
                table.find(row.superior?).filter(|above| above.pseudo).map(|above| (row.code, above.superior))
            })
            .collect();
        for (code, superior) in real {
            let at = table.index(code)?;
            table.rows[at].superior = superior;
        }
        Some(table)
    }

    fn index(&self, code: DivisionCode) -> Option<usize> {
        self.rows.binary_search_by_key(&code, |row| row.code).ok()
    }

    /// The date of the statistics the table was made from.
    pub const fn version(&self) -> &'static str {
        VERSION
    }

    /// The SHA-256 digest of the table's file.
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of(CSV.as_bytes()))
    }

    /// All rows, sorted by code.
    pub fn rows(&self) -> &[Division] {
        &self.rows
    }

    /// The division with this code.
    pub fn find(&self, code: DivisionCode) -> Option<&Division> {
        self.index(code).map(|at| &self.rows[at])
    }

    /// The division `code` is really subordinate to: pseudo nodes are skipped, and so are levels that do not exist.
    ///
    /// A code the table does not know has the nearest division above it that the table knows. `None` for a
    /// province.
    pub fn superior(&self, code: DivisionCode) -> Option<DivisionCode> {
        if let Some(row) = self.find(code) {
            return row.superior;
        }
        let mut above = code.superior()?;
        loop {
            match self.find(above) {
                Some(row) if !row.pseudo => return Some(above),
                Some(row) => return row.superior,
                None => match above.superior() {
                    Some(next) => above = next,
                    // A province the table does not hold is still a province.
                    None => return Some(above),
                },
            }
        }
    }

    /// The divisions directly subordinate to `code`, sorted by code; the members of a pseudo node for that node.
    ///
    /// Pseudo nodes are not among them, their members are: the children of 北京市 are its districts.
    pub fn children(&self, code: DivisionCode) -> Vec<&Division> {
        let from = self.rows.partition_point(|row| row.code <= code);
        let members_of_pseudo = self.find(code).is_some_and(|row| row.pseudo);
        self.rows[from..]
            .iter()
            .take_while(|row| row.code.is_within(code))
            .filter(|row| {
                let above = if members_of_pseudo { row.code.superior() } else { row.superior };
                !row.pseudo && above == Some(code)
            })
            .collect()
    }

    /// The divisions above `code`, nearest first, the province last; without pseudo nodes.
    pub fn ancestors(&self, code: DivisionCode) -> Vec<&Division> {
        let mut above = Vec::with_capacity(4);
        let mut at = code;
        while let Some(superior) = self.superior(at) {
            above.extend(self.find(superior));
            at = superior;
        }
        above
    }

    /// Whether `code` is `ancestor` or lies within it: by the table where it knows the way, by the digits otherwise.
    pub fn is_within(&self, code: DivisionCode, ancestor: DivisionCode) -> bool {
        let mut at = Some(code);
        while let Some(here) = at {
            if here == ancestor {
                return true;
            }
            at = self.superior(here);
        }
        code.is_within(ancestor)
    }

    /// The full name, as `四川省广安市广安区`; `None` when the table does not know the code.
    pub fn path_name(&self, code: DivisionCode) -> Option<String> {
        let row = self.find(code)?;
        let mut path = String::new();
        let mut above = "";
        for part in self.ancestors(code).into_iter().rev().chain([row]) {
            // 嘉峪关市 and 济源市 repeat the name above in the name below.
            path.push_str(part.name.strip_prefix(above).unwrap_or(part.name));
            above = part.name;
        }
        Some(path)
    }
}
