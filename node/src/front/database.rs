//! A front database that is reached by a connection.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, IsolationLevel, NoTls, Row, Statement, Transaction};
use tongban_codes::division::DivisionCode;
use tongban_domain::tables::{Answer, Batch, Lack, Operation, ReportedRow, Subject, Table};

use super::mapping::{Dialect, Mapping};
use super::{FrontError, Reading, sql, value};

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long a statement waits for what another holds.
const LOCK_TIME: &str = "60s";

/// Answers that are held in memory at once.
const ROWS_AT_ONCE: i32 = 5_000;

/// What became of rows that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The rows as they lie there now.
    pub rows: Vec<ReportedRow>,
    /// How many of them were put in or changed; the others lay there already.
    pub changed: usize,
    /// Items and cases of which the database took no row: their rows aren't among `rows`.
    pub refused: Vec<RefusedRow>,
}

/// A row that the database refuses for what is in it; nothing of its item or case was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Code of the item, or id of the case.
    pub item: String,
    /// Number of the case; none of an item.
    pub case_no: Option<String>,
    /// Name of the table in the standard.
    pub table: String,
    /// The column, where the database names one.
    pub column: String,
    /// What it said.
    pub message: String,
    /// SQLSTATE.
    pub state: String,
}

/// A connection to a front database.
pub struct Database<'m> {
    client: Client,
    mapping: &'m Mapping,
}

impl<'m> Database<'m> {
    /// The address of a database to which one may connect; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`FrontError`]: of an address that is none or holds a password, of a dialect that isn't spoken.
    pub fn checked(address: &str, mapping: &Mapping) -> Result<Config, FrontError> {
        if mapping.dialect == Dialect::Dameng {
            return Err(FrontError::Dialect);
        }
        let wrong =
            FrontError::Address { en: "no address of a PostgreSQL database", zh: "不是 PostgreSQL 数据库地址" };
        if !is_address(address) {
            return Err(wrong);
        }
        let config: Config = address.parse().map_err(|_| wrong)?;
        if config.get_password().is_some() {
            // What stands in a command line is read by everyone on the machine.
            return Err(FrontError::Address { en: "the address holds a password", zh: "地址中不得写口令" });
        }
        Ok(config)
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`FrontError`]: of an address that is none or holds a password, of a dialect that isn't spoken, of a database that doesn't answer.
    pub async fn connect(address: &str, password: Option<&str>, mapping: &'m Mapping) -> Result<Self, FrontError> {
        let mut config = Self::checked(address, mapping)?;
        if let Some(password) = password {
            config.password(password);
        }
        config.application_name("tongban").connect_timeout(CONNECT_TIME);
        let (client, connection) = config.connect(NoTls).await.map_err(|error| FrontError::of_database(&error))?;
        // It ends with the client; what breaks it, the client's next call hears.
        tokio::spawn(connection);
        Ok(Self { client, mapping })
    }

    /// Writes rows in one transaction. A row that lies there already is left alone, and taken as it is. Of an item or a case all rows are written or
    /// none: one that the database refuses for what is in it keeps back its own item or case, and no other.
    ///
    /// # Errors
    ///
    /// [`FrontError`]; nothing was written, or it isn't known: then the same call tells.
    pub async fn send(&mut self, rows: Vec<ReportedRow>, again: bool) -> Result<Written, FrontError> {
        let mapping = self.mapping;
        let fault = |error: tokio_postgres::Error| FrontError::of_database(&error);
        let mut transaction = self.client.transaction().await.map_err(fault)?;
        let settings = format!("SET LOCAL TIME ZONE 'UTC'; SET LOCAL lock_timeout = '{LOCK_TIME}'");
        transaction.batch_execute(&settings).await.map_err(fault)?;
        let mut statements = Statements { mapping, again, prepared: BTreeMap::new() };
        let mut written = Written::default();
        for group in rows.chunk_by(|one, next| one.item == next.item) {
            let savepoint = transaction.savepoint("of_one").await.map_err(fault)?;
            let mut put = Written::default();
            let mut refused = None;
            for row in group {
                match statements.put(&savepoint, row).await {
                    Ok(Some((row, is_changed))) => {
                        put.changed += usize::from(is_changed);
                        put.rows.push(row);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        refused = Some(RefusedRow::of(row, &error).ok_or_else(|| fault(error))?);
                        break;
                    }
                }
            }
            match refused {
                None => {
                    savepoint.commit().await.map_err(fault)?;
                    written.changed += put.changed;
                    written.rows.append(&mut put.rows);
                }
                Some(row) => {
                    savepoint.rollback().await.map_err(fault)?;
                    written.refused.push(row);
                }
            }
        }
        transaction.commit().await.map_err(fault)?;
        Ok(written)
    }

    /// Reads what was said about the rows of a subject that a division sent, in one snapshot, and shows it one by one: the tables of a province
    /// are larger than the memory. Where the answers don't say of which batch they are, those about other divisions' rows are among them.
    ///
    /// # Errors
    ///
    /// [`FrontError`].
    pub async fn readings(
        &mut self,
        subject: Subject,
        division: DivisionCode,
        mut each: impl FnMut(Reading),
    ) -> Result<(), FrontError> {
        let mapping = self.mapping;
        let fault = |error: tokio_postgres::Error| FrontError::of_database(&error);
        let snapshot = self.client.build_transaction().read_only(true).isolation_level(IsolationLevel::RepeatableRead);
        let transaction = snapshot.start().await.map_err(fault)?;
        // Other divisions may use the same tables; a batch begins with the division that sent it.
        let own = Batch::pattern(subject, division);
        for text in questions(mapping, subject) {
            let statement = transaction.prepare(&text.own).await.map_err(fault)?;
            let own: &(dyn ToSql + Sync) = &own;
            let parameters = [own];
            let parameters = &parameters[..statement.params().len()];
            let portal = transaction.bind(&statement, parameters).await.map_err(fault)?;
            loop {
                let rows = transaction.query_portal(&portal, ROWS_AT_ONCE).await.map_err(fault)?;
                for row in &rows {
                    each(reading(mapping, row).map_err(fault)?);
                }
                if rows.is_empty() {
                    break;
                }
            }
        }
        transaction.commit().await.map_err(fault)
    }

    /// Reads what was said about some rows of a subject; of a row that isn't there nothing is.
    ///
    /// # Errors
    ///
    /// [`FrontError`].
    pub async fn readings_of(&self, subject: Subject, guids: &[&str]) -> Result<Vec<Reading>, FrontError> {
        let fault = |error: tokio_postgres::Error| FrontError::of_database(&error);
        let mut found = Vec::new();
        for question in questions(self.mapping, subject) {
            for row in self.client.query(&question.some, &[&guids]).await.map_err(fault)? {
                found.push(reading(self.mapping, &row).map_err(fault)?);
            }
        }
        Ok(found)
    }

    /// Reads, in the order of their ids, some of the rows that a division sent and that weren't taken, from the row after `after` on; `table` counts
    /// the tables of the subject, from 0. None when there is no such table.
    ///
    /// # Errors
    ///
    /// [`FrontError`].
    pub async fn untaken(
        &self,
        subject: Subject,
        division: DivisionCode,
        table: usize,
        after: &str,
    ) -> Result<Option<Vec<Reading>>, FrontError> {
        let fault = |error: tokio_postgres::Error| FrontError::of_database(&error);
        let Some(question) = questions(self.mapping, subject).into_iter().nth(table) else { return Ok(None) };
        let own = Batch::pattern(subject, division);
        let accepted = &self.mapping.answers.accepted;
        let rows = self.client.query(&question.untaken, &[&own, accepted, &after]).await.map_err(fault)?;
        rows.iter().map(|row| reading(self.mapping, row).map_err(fault)).collect::<Result<_, _>>().map(Some)
    }
}

impl RefusedRow {
    /// What keeps back a row's item or case; none of an error that isn't about what is in the row (SQLSTATE classes 22 and 23 are).
    fn of(row: &ReportedRow, error: &tokio_postgres::Error) -> Option<Self> {
        let said = error.as_db_error()?;
        let state = said.code().code();
        (state.starts_with("22") || state.starts_with("23")).then(|| Self {
            item: row.item.clone(),
            case_no: row.values.get("project_no").cloned(),
            table: row.table.clone(),
            column: said.column().or(said.constraint()).map_or_else(|| too_long(row, said.message()), str::to_owned),
            message: said.message().to_owned(),
            state: state.to_owned(),
        })
    }

    /// What the item or case lacks.
    #[must_use]
    pub fn lack(&self) -> Lack {
        let Self { message, state, .. } = self;
        Lack {
            item: self.case_no.as_ref().unwrap_or(&self.item).clone(),
            name: String::new(),
            table: self.table.clone(),
            column: self.column.clone(),
            code: "front-row-refused".to_owned(),
            en: format!("the front database refuses the row: {message} (SQLSTATE {state})"),
            zh: format!("前置库拒收该行：{message}（SQLSTATE {state}）"),
            remedy_en: "set the column's width or code in the mapping, or put the entry right, and report again; all else went out"
                .to_owned(),
            remedy_zh: "在映射文件中设置列宽或代码，或更正内容后重新上报；其他已报出".to_owned(),
        }
    }
}

/// The columns of a row that may be what a message calls too long, which says how long a value may be and not which one is.
fn too_long(row: &ReportedRow, message: &str) -> String {
    let width = message.rsplit_once('(').and_then(|(_, width)| width.trim_end_matches(')').parse::<usize>().ok());
    let Some(width) = width else { return String::new() };
    let long = row.values.iter().filter(|(_, value)| value.chars().count() > width);
    long.map(|(column, _)| column.as_str()).collect::<Vec<_>>().join(", ")
}

/// The statements that write rows, each prepared once.
struct Statements<'m> {
    mapping: &'m Mapping,
    again: bool,
    prepared: BTreeMap<(Table, bool), (Statement, Statement)>,
}

impl Statements<'_> {
    /// Writes a row: the row as it lies there now, and whether it was put in or changed. None of a table that there isn't.
    async fn put(
        &mut self,
        transaction: &Transaction<'_>,
        row: &ReportedRow,
    ) -> Result<Option<(ReportedRow, bool)>, tokio_postgres::Error> {
        let (mapping, again) = (self.mapping, self.again);
        let Some(table) = Table::named(&row.table) else { return Ok(None) };
        let is_taken_back = sql::is_taken_back(table, row);
        let (put, look) = match self.prepared.entry((table, is_taken_back)) {
            Entry::Occupied(prepared) => prepared.into_mut(),
            Entry::Vacant(none) => {
                let put =
                    if is_taken_back { sql::take_back(mapping, table) } else { sql::upsert(mapping, table, again) };
                let put = transaction.prepare(&put).await?;
                none.insert((put, transaction.prepare(&look(mapping, table)).await?))
            }
        };
        let values: Vec<Option<String>> = if is_taken_back {
            let of = |column: &&str| if *column == "row_guid" { Some(row.guid.clone()) } else { value(row, column) };
            sql::TAKEN_BACK.iter().map(of).collect()
        } else {
            table.columns().map(|column| value(row, column.name)).collect()
        };
        // No text of PostgreSQL holds one, and one in a note would keep its case from going out.
        let values: Vec<Option<String>> =
            values.into_iter().map(|value| value.map(|text| text.replace('\0', ""))).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let (there, is_changed) = match transaction.query_opt(put, &parameters).await? {
            Some(there) => (Some(there), true),
            None => (transaction.query_opt(look, &[&row.guid]).await?, false),
        };
        let mut row = row.clone();
        if let Some(there) = there {
            let operation: Option<String> = there.try_get(0)?;
            let batch: Option<String> = there.try_get(1)?;
            row.operation = operation.as_deref().and_then(Operation::of).unwrap_or(row.operation);
            row.batch = batch.unwrap_or(row.batch);
        }
        Ok(Some((row, is_changed)))
    }
}

/// The statements that read the answers of a table.
struct Questions {
    /// Those about the division's own batches; these are the parameter where answers say their batch.
    own: String,
    /// Those about the rows of which the ids are the parameter.
    some: String,
    /// Those that don't say that the row was taken: batches, words for that, and the id to go on after are the parameters.
    untaken: String,
}

/// Rows that [`Database::untaken`] reads at once; a node is asked about as many.
pub const UNTAKEN_AT_ONCE: usize = 1_000;

fn questions(mapping: &Mapping, subject: Subject) -> Vec<Questions> {
    let answers = &mapping.answers;
    let named = |column: &str| if column.is_empty() { "NULL".to_owned() } else { column.to_owned() };
    let of = |guid: &str, batch: &str, table: &str, own: &str| {
        let head = format!(
            "SELECT {guid}::text, {}::text, {}::text, {}::text, {}::text FROM {table}",
            named(batch),
            answers.state,
            named(&answers.code),
            named(&answers.reason),
        );
        // Where answers don't say their batch, those of others can't be told from those about rows that were never sent.
        let mine = if batch.is_empty() { "$1::text IS NULL".to_owned() } else { format!("{batch} LIKE $1::text") };
        let state = &answers.state;
        Questions {
            own: format!("{head}{own}"),
            some: format!("{head} WHERE {guid}::text = ANY($1::text[])"),
            untaken: format!(
                "{head} WHERE {mine} AND NOT COALESCE(TRIM({state}::text) = ANY($2::text[]), FALSE) AND {guid}::text > $3::text ORDER BY {guid}::text LIMIT {UNTAKEN_AT_ONCE}"
            ),
        }
    };
    if !mapping.answers_in_rows() {
        let batch = &answers.batch;
        let own = if batch.is_empty() {
            String::new()
        } else {
            format!(" WHERE {batch} LIKE $1::text OR COALESCE(TRIM({batch}), '') = ''")
        };
        return vec![of(&answers.guid, batch, &mapping.within_schema(&answers.table), &own)];
    }
    let (guid, batch) = (mapping.column("row_guid"), mapping.column("cd_batch"));
    let own = format!(" WHERE {batch} LIKE $1::text");
    Table::of(subject).into_iter().map(|table| of(guid, batch, &mapping.table(table), &own)).collect()
}

/// Tells whether a text is the address of a database rather than a file's name.
fn is_address(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

fn look(mapping: &Mapping, table: Table) -> String {
    let [guid, operation, batch] = ["row_guid", "cd_operation", "cd_batch"].map(|column| mapping.column(column));
    format!("SELECT {operation}::text, {batch}::text FROM {} WHERE {guid} = $1::text", mapping.table(table))
}

fn reading(mapping: &Mapping, row: &Row) -> Result<Reading, tokio_postgres::Error> {
    let text = |at: usize| -> Result<Option<String>, tokio_postgres::Error> {
        let value: Option<String> = row.try_get(at)?;
        Ok(value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()))
    };
    Ok(Reading {
        guid: text(0)?.unwrap_or_default(),
        batch: text(1)?,
        answer: answer(mapping, text(2)?.as_deref()),
        code: text(3)?,
        reason: text(4)?,
    })
}

/// What a value of the state means.
pub(super) fn answer(mapping: &Mapping, state: Option<&str>) -> Answer {
    let is_in = |values: &[String]| state.is_some_and(|state| values.iter().any(|value| value == state));
    if is_in(&mapping.answers.accepted) {
        Answer::Accepted
    } else if is_in(&mapping.answers.rejected) {
        Answer::Rejected
    } else {
        Answer::Waiting
    }
}
