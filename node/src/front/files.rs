//! A batch as files: one CSV (RFC 4180, UTF-8) a table and a manifest; and answers that come back as CSV.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tongban_codes::ids::Digest;
use tongban_domain::tables::{ReportedRow, Subject, Table};

use super::database::answer;
use super::{FrontError, Mapping, Reading, value};

/// What a directory of a batch of items is.
pub const FORMAT: &str = "tongban-up-task-1";

/// What one of cases is.
pub const FORMAT_CASES: &str = "tongban-up-pro-1";

/// The name of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// The batch of everything that was ever sent.
pub const SINCE_ALL: &str = "since-0";

/// What lies in the directory of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`] or [`FORMAT_CASES`].
    pub format: String,
    /// The front database.
    pub channel: String,
    /// Division of the node.
    pub division: String,
    /// The batch.
    pub batch: String,
    /// Whether every item of which a row is here has all its rows here; manifests of earlier releases don't say it.
    #[serde(default)]
    pub whole: Option<bool>,
    /// The files, parents before children.
    pub files: Vec<FileEntry>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Its table in the standard.
    pub table: String,
    /// Rows.
    pub rows: usize,
    /// Rows by `cd_operation`.
    pub operations: BTreeMap<String, usize>,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// Writes a batch into a directory of its name within `directory`; a directory of the same batch is replaced. What is there is whole.
///
/// `whole` says whether every item of `rows` has all its rows among them. What is written of cases holds personal data: nobody but who wrote it
/// may read it (modes 0700 and 0600).
///
/// # Errors
///
/// [`FrontError::File`].
pub fn write(
    directory: &Path,
    mapping: &Mapping,
    subject: Subject,
    division: &str,
    batch: &str,
    rows: &[ReportedRow],
    whole: bool,
) -> Result<PathBuf, FrontError> {
    let place = directory.join(batch);
    let made = directory.join(format!(".{batch}.new"));
    let fault = |path: &Path| {
        let path = path.to_owned();
        move |source| FrontError::File { path, source }
    };
    if made.exists() {
        fs::remove_dir_all(&made).map_err(fault(&made))?;
    }
    fs::create_dir_all(&made).map_err(fault(&made))?;
    let (format, mode) = match subject {
        Subject::Items => (FORMAT, None),
        Subject::Cases => (FORMAT_CASES, Some(0o600)),
    };
    if mode.is_some() {
        fs::set_permissions(&made, fs::Permissions::from_mode(0o700)).map_err(fault(&made))?;
    }
    let mut manifest = Manifest {
        format: format.to_owned(),
        channel: mapping.name.clone(),
        division: division.to_owned(),
        batch: batch.to_owned(),
        whole: Some(whole),
        files: Vec::new(),
    };
    for table in Table::of(subject) {
        let name = table.name();
        let own: Vec<&ReportedRow> = rows.iter().filter(|row| row.table == name).collect();
        if own.is_empty() {
            continue;
        }
        let file = format!("{}.csv", mapping.tables.get(&name).unwrap_or(&name));
        let path = made.join(&file);
        let bytes = csv_of(mapping, table, &own)
            .map_err(|error| FrontError::File { path: path.clone(), source: std::io::Error::other(error) })?;
        write_synced(&path, &bytes, mode).map_err(fault(&path))?;
        let mut operations = BTreeMap::new();
        for row in &own {
            *operations.entry(row.operation.letter().to_owned()).or_default() += 1;
        }
        let sha256 = Digest::of(&bytes);
        manifest.files.push(FileEntry { name: file, table: name, rows: own.len(), operations, sha256 });
    }
    let path = made.join(MANIFEST);
    let mut text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| FrontError::File { path: path.clone(), source: error.into() })?;
    text.push(b'\n');
    write_synced(&path, &text, mode).map_err(fault(&path))?;
    if place.join(MANIFEST).is_file() {
        fs::remove_dir_all(&place).map_err(fault(&place))?;
    }
    fs::rename(&made, &place).map_err(fault(&place))?;
    Ok(place)
}

fn write_synced(path: &Path, bytes: &[u8], mode: Option<u32>) -> std::io::Result<()> {
    use std::io::Write as _;
    // What the user's mask leaves of it.
    let mode = mode.unwrap_or(0o666);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn csv_of(mapping: &Mapping, table: Table, rows: &[&ReportedRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(table.columns().map(|column| mapping.column(column.name)))?;
    for row in rows {
        writer.write_record(table.columns().map(|column| value(row, column.name).unwrap_or_default()))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Reads a file of answers, whose columns the mapping names, and shows them one by one.
///
/// # Errors
///
/// [`FrontError`], with the line.
pub fn readings(path: &Path, mapping: &Mapping, mut each: impl FnMut(Reading)) -> Result<(), FrontError> {
    let fault = |source| FrontError::File { path: path.to_owned(), source };
    let mut file = BufReader::new(fs::File::open(path).map_err(fault)?);
    if file.fill_buf().map_err(fault)?.starts_with(b"\xef\xbb\xbf") {
        file.consume(3);
    }
    let malformed = |error: &csv::Error| FrontError::Answers {
        line: error.position().map_or(1, csv::Position::line),
        en: error.to_string(),
        zh: error.to_string(),
    };
    let mut reader = csv::Reader::from_reader(file);
    let head = reader.headers().map_err(|error| malformed(&error))?.clone();
    let at = |name: &str| head.iter().position(|column| !name.is_empty() && column.trim() == name);
    let answers = &mapping.answers;
    let needed = |name: &str| {
        at(name).ok_or_else(|| FrontError::Answers {
            line: 1,
            en: format!("the column {name} is missing"),
            zh: format!("缺少列 {name}"),
        })
    };
    let (guid, state) = (needed(&answers.guid)?, needed(&answers.state)?);
    let (batch, code, reason) = (at(&answers.batch), at(&answers.code), at(&answers.reason));
    for record in reader.records() {
        let record = record.map_err(|error| malformed(&error))?;
        let text = |at: Option<usize>| {
            let value = at.and_then(|at| record.get(at)).map(str::trim).filter(|value| !value.is_empty());
            value.map(str::to_owned)
        };
        each(Reading {
            guid: text(Some(guid)).unwrap_or_default(),
            batch: text(batch),
            answer: answer(mapping, text(Some(state)).as_deref()),
            code: text(code),
            reason: text(reason),
        });
    }
    Ok(())
}
