//! What a front database calls its tables and columns, and how it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use tongban_domain::tables::{Choices, Subject, Table};

use super::FrontError;

/// The SQL that a front database speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// PostgreSQL 9.5 and later.
    #[default]
    Postgres,
    /// 人大金仓 in its PostgreSQL mode: the same protocol and statements.
    Kingbase,
    /// 达梦 and others that speak like Oracle: an SQL file with MERGE, run there.
    Dameng,
}

/// How moments lie in their columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateForm {
    /// As timestamps without a zone, in China's time.
    #[default]
    Timestamp,
    /// As fourteen digits of text.
    Text,
}

/// Where the other side writes what it did with a row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerColumns {
    /// A table of answers; the columns of the row itself when empty.
    pub table: String,
    /// The row's id in it.
    pub guid: String,
    /// The batch in it; not said when empty.
    pub batch: String,
    /// What was done.
    pub state: String,
    /// The code of a rejection.
    pub code: String,
    /// Its reason.
    pub reason: String,
    /// Values of `state` that mean taken.
    pub accepted: Vec<String>,
    /// Values of `state` that mean rejected; every other one means not yet.
    pub rejected: Vec<String>,
}

impl Default for AnswerColumns {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            table: String::new(),
            guid: text("row_guid"),
            batch: text("cd_batch"),
            state: text("exchange_state"),
            code: text("exchange_code"),
            reason: text("exchange_error"),
            accepted: vec![text("1")],
            rejected: vec![text("2")],
        }
    }
}

/// A front database as its operators describe it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Name under which this node remembers what it sent there.
    pub name: String,
    /// Its SQL.
    pub dialect: Dialect,
    /// Schema before the names of tables; none when empty.
    pub schema: String,
    /// How moments lie there.
    pub dates: DateForm,
    /// What the standard's public parts leave open.
    pub choices: Choices,
    /// Other names of tables, by that of the standard.
    pub tables: BTreeMap<String, String>,
    /// Other names of columns, by that of the standard, in all tables.
    pub columns: BTreeMap<String, String>,
    /// How it answers.
    pub answers: AnswerColumns,
    /// What to do about its codes of rejection.
    pub remedies: BTreeMap<String, String>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            name: "national".to_owned(),
            dialect: Dialect::default(),
            schema: String::new(),
            dates: DateForm::default(),
            choices: Choices::default(),
            tables: BTreeMap::new(),
            columns: BTreeMap::new(),
            answers: AnswerColumns::default(),
            remedies: BTreeMap::new(),
        }
    }
}

/// The longest identifier of PostgreSQL, in bytes.
const IDENTIFIER_BYTES_MAX: usize = 63;

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// [`FrontError`], when it can't be read or says what it may not.
    pub fn load(path: &Path) -> Result<Self, FrontError> {
        let file = |source| FrontError::File { path: path.to_owned(), source };
        Self::parse(&std::fs::read_to_string(path).map_err(file)?)
    }

    /// Reads the text of a mapping file.
    ///
    /// # Errors
    ///
    /// [`FrontError::Mapping`].
    pub fn parse(text: &str) -> Result<Self, FrontError> {
        let mapping: Self = toml::from_str(text).map_err(|error| {
            let said = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            FrontError::Mapping { en: format!("the mapping: {said}"), zh: format!("映射文件：{said}") }
        })?;
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), FrontError> {
        let wrong = |what: &str, en: &str, zh: &str| {
            Err(FrontError::Mapping { en: format!("{what}: {en}"), zh: format!("{what}：{zh}") })
        };
        if let Some(name) = self.tables.keys().find(|name| Table::named(name).is_none()) {
            return wrong(name, "no table of the standard", "不是标准中的表");
        }
        let tables = Table::all();
        if let Some(name) = self.columns.keys().find(|name| tables.iter().all(|table| table.column(name).is_none())) {
            return wrong(name, "no column of the standard", "不是标准中的列");
        }
        let known = |name: &String| {
            let Some((table, column)) = name.split_once('.') else { return false };
            Table::named(table).is_some_and(|table| table.column(column).is_some())
        };
        if let Some(name) = self.choices.lengths.keys().find(|name| !known(name)) {
            return wrong(name, "no table.column of the standard", "应为标准中的 表.列");
        }
        let choices = &self.choices;
        for (code, table, column) in [
            (&choices.passed, "up_pro_process", "event_name"),
            (&choices.sent_back, "up_pro_process", "event_name"),
            (&choices.other_action, "up_pro_process", "event_name"),
            (&choices.at_window, "up_pro_accept", "apply_type"),
            (&choices.on_paper, "up_pro_material", "get_type"),
            (&choices.as_file, "up_pro_material", "get_type"),
        ] {
            let own = choices.lengths.get(&format!("{table}.{column}")).copied();
            let most = own.unwrap_or(if column == "event_name" { 20 } else { 2 });
            if code.trim().is_empty() || code.chars().count() > most as usize {
                return wrong(
                    &format!("{column} = \"{code}\""),
                    &format!("a code of {column} has 1 to {most} characters"),
                    &format!("{column} 的代码为 1 至 {most} 个字符"),
                );
            }
        }
        for units in [&self.choices.working_days, &self.choices.natural_days] {
            if units.is_empty() || !units.bytes().all(|byte| byte.is_ascii_digit()) {
                return wrong(units, "the code of a unit of terms is a number", "时限单位代码应为数字");
            }
        }
        let answers = &self.answers;
        let named = self.tables.values().chain(self.columns.values()).chain([&answers.guid, &answers.state]);
        let optional = [&self.schema, &answers.table, &answers.batch, &answers.code, &answers.reason];
        let mut all = named.chain(optional.into_iter().filter(|name| !name.is_empty()));
        // They are written into statements as they are.
        if let Some(name) = all.find(|name| !is_identifier(name)) {
            return wrong(
                name,
                "a name of schema, table or column is letters, digits and _, at most 63",
                "模式、表、列的名称由字母、数字和下划线组成，最多 63 个字符",
            );
        }
        if let Some(name) = self.twice() {
            return wrong(&name, "one name for two tables, or for two columns of a table", "两个表或同一表的两列同名");
        }
        Ok(())
    }

    /// A name that two tables have, or two columns of one. Databases don't tell capital letters from small ones.
    fn twice(&self) -> Option<String> {
        let tables = Table::all();
        let answers = &self.answers;
        let said = [&answers.state, &answers.code, &answers.reason];
        let mut named: Vec<Vec<&str>> = Vec::new();
        let names: Vec<String> = tables.iter().map(|table| table.name()).collect();
        let of_tables = names.iter().map(|name| self.tables.get(name).unwrap_or(name).as_str());
        named.push(of_tables.chain([answers.table.as_str()]).collect());
        for table in tables {
            named.push(table.columns().map(|column| self.column(column.name)).collect());
        }
        let of_answers = [&answers.guid, &answers.batch].into_iter().filter(|_| !self.answers_in_rows());
        named.push(of_answers.chain(said).map(String::as_str).collect());
        named.into_iter().find_map(|names| {
            let mut seen = BTreeSet::new();
            let mut names = names.into_iter().filter(|name| !name.is_empty());
            names.find(|name| !seen.insert(name.to_ascii_lowercase())).map(str::to_owned)
        })
    }

    /// Refuses a report of a subject whose tables have a column of the name under which answers are to stand in their rows.
    ///
    /// The tables of the other subject don't matter: a front database of items alone may call its answers `result`, as a column of cases is called.
    ///
    /// # Errors
    ///
    /// [`FrontError::Mapping`].
    pub fn fits(&self, subject: Subject) -> Result<(), FrontError> {
        if !self.answers_in_rows() {
            return Ok(());
        }
        let answers = &self.answers;
        for table in Table::of(subject) {
            for name in [&answers.state, &answers.code, &answers.reason] {
                let Some(column) = table.columns().find(|column| self.column(column.name).eq_ignore_ascii_case(name))
                else {
                    continue;
                };
                let (table, column) = (table.name(), column.name);
                return Err(FrontError::Mapping {
                    en: format!(
                        "{name}: a column of answers has the name of the column {column} of {table}; say under [columns] how that one is called there ({column} = \"…\"), or under [answers] table where the answers stand"
                    ),
                    zh: format!(
                        "{name}：答复列与 {table} 的列 {column} 同名；在 [columns] 中写明该列在前置库的名称（{column} = \"…\"），或在 [answers] table 中写明答复所在的表"
                    ),
                });
            }
        }
        Ok(())
    }

    /// The name of a table there, with its schema.
    #[must_use]
    pub fn table(&self, table: Table) -> String {
        let name = table.name();
        self.within_schema(self.tables.get(&name).unwrap_or(&name))
    }

    /// A name with the schema before it.
    #[must_use]
    pub fn within_schema(&self, name: &str) -> String {
        if self.schema.is_empty() { name.to_owned() } else { format!("{}.{name}", self.schema) }
    }

    /// The name of a column there.
    #[must_use]
    pub fn column<'m>(&'m self, column: &'m str) -> &'m str {
        self.columns.get(column).map_or(column, String::as_str)
    }

    /// Tells whether the answers stand in the rows themselves.
    #[must_use]
    pub fn answers_in_rows(&self) -> bool {
        self.answers.table.is_empty()
    }
}

fn is_identifier(name: &str) -> bool {
    name.len() <= IDENTIFIER_BYTES_MAX
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
