//! A directory of tables: read whole, or refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tongban_codes::ids::Digest;
use tongban_domain::tables::{Operation, Part, Subject, Table};

use crate::front::files::{FORMAT, MANIFEST, Manifest, SINCE_ALL};
use crate::front::{FrontError, Mapping};

/// The values of a row by the columns of the standard, without those that are empty.
pub(super) type Record = BTreeMap<String, String>;

/// The rows that hold.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Of items, by their `row_guid`.
    pub(super) basics: Vec<(String, Record)>,
    /// What belongs to them.
    pub(super) children: BTreeMap<(Part, String), Vec<Record>>,
}

/// Reads the rows of all tables of a directory; what was taken back is left out, with what belonged to it.
///
/// # Errors
///
/// As [`super::items`].
pub(super) fn read(directory: &Path, mapping: &Mapping) -> Result<Rows, FrontError> {
    let Files { tables, holds } = files(directory, mapping)?;
    let (mut families, mut gone) = (BTreeMap::new(), BTreeSet::new());
    let mut rows = Rows::default();
    for (table, path, bytes) in tables {
        let Table::Item(family, part) = table else { continue };
        let of = if part == Part::Basic { "row_guid" } else { "task_guid" };
        let mut seen = BTreeSet::new();
        for (line, record) in records(mapping, table, &path, &bytes)? {
            let at = |en: String, zh: String| {
                let name = path.display();
                wrong(format!("{name}: line {line}: {en}"), format!("{name}：第 {line} 行：{zh}"))
            };
            let column = mapping.column("row_guid");
            if let Some(guid) = record.get("row_guid").filter(|guid| !seen.insert((*guid).clone())) {
                return Err(at(
                    format!("the {column} {guid} stands on an earlier line already"),
                    format!("{column} {guid} 在前面的行中已出现"),
                ));
            }
            let operation = record.get("cd_operation").and_then(|letter| Operation::of(letter));
            if holds == Holds::ByRows && operation == Some(Operation::Update) {
                return Err(part_alone(&path));
            }
            let Some(of) = record.get(of).cloned() else {
                let of = mapping.column(of);
                return Err(at(format!("no {of}"), format!("缺少 {of}")));
            };
            let is_gone = operation == Some(Operation::Delete);
            match (part, is_gone) {
                (Part::Basic, true) => {
                    gone.insert(of);
                }
                (Part::Basic, false) => {
                    families.insert(of.clone(), family);
                    rows.basics.push((of, record));
                }
                (_, true) => {}
                (part, false) => rows.children.entry((part, of)).or_default().push(record),
            }
        }
    }
    // What still belongs to an item that was taken back goes with it.
    rows.children.retain(|(_, of), _| families.contains_key(of) || !gone.contains(of));
    if let Some((_, of)) = rows.children.keys().find(|(_, of)| !families.contains_key(of)) {
        return Err(wrong(
            format!("rows belong to {of}, which isn't in the basic tables"),
            format!("有行属于 {of}，而基本信息表中没有该行"),
        ));
    }
    for (of, family) in families {
        let table = Table::Item(family, Part::Extend);
        if table.columns().next().is_none() {
            continue;
        }
        let extends = rows.children.get(&(Part::Extend, of.clone())).map_or(0, Vec::len);
        if extends != 1 {
            let name = table.name();
            let name = mapping.tables.get(&name).unwrap_or(&name);
            return Err(wrong(
                format!("{name}: {of} has one row there in a whole item, not {extends}"),
                format!("{name}：完整事项 {of} 应有一行，实为 {extends} 行"),
            ));
        }
    }
    Ok(rows)
}

fn wrong(en: String, zh: String) -> FrontError {
    FrontError::Tables { en, zh }
}

/// A batch that holds rows of an item, and not all of them.
fn part_alone(path: &Path) -> FrontError {
    let name = path.display();
    wrong(
        format!("{name}: only what changed of items, not the whole of them"),
        format!("{name}：只有事项的变动部分，没有全部内容"),
    )
}

fn bytes_of(path: &Path) -> Result<Option<Vec<u8>>, FrontError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FrontError::File { path: path.to_owned(), source }),
    }
}

/// What the rows of a directory are of the items that they are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// All of them.
    All,
    /// All of them if none is a change: what wrote it said nothing of it.
    ByRows,
}

/// The files of a directory, parents before children.
struct Files {
    tables: Vec<(Table, PathBuf, Vec<u8>)>,
    holds: Holds,
}

fn files(directory: &Path, mapping: &Mapping) -> Result<Files, FrontError> {
    let path = directory.join(MANIFEST);
    match bytes_of(&path)? {
        Some(bytes) => by_manifest(directory, &path, &bytes),
        None => by_names(directory, mapping),
    }
}

fn missing(path: &Path) -> FrontError {
    wrong(format!("{} is missing", path.display()), format!("缺少 {}", path.display()))
}

fn by_manifest(directory: &Path, path: &Path, bytes: &[u8]) -> Result<Files, FrontError> {
    let unknown =
        |reason: &str| wrong(format!("{}: {reason}", path.display()), format!("{}：{reason}", path.display()));
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| unknown(&error.to_string()))?;
    if manifest.format != FORMAT {
        return Err(unknown(&manifest.format));
    }
    let holds = match manifest.whole {
        Some(false) => return Err(part_alone(path)),
        Some(true) => Holds::All,
        None if manifest.batch == SINCE_ALL => Holds::All,
        None => Holds::ByRows,
    };
    if manifest.files.is_empty() {
        return Err(wrong(format!("{}: no table", path.display()), format!("{}：没有任何表", path.display())));
    }
    let mut tables = Vec::new();
    for entry in manifest.files {
        // The name of a file in this directory, not a way out of it.
        let is_name = Path::new(&entry.name).file_name().is_some_and(|name| *name == *entry.name);
        let table = Table::named(&entry.table).filter(|table| is_name && matches!(table, Table::Item(..)));
        let Some(table) = table else {
            return Err(unknown(&entry.table));
        };
        let path = directory.join(&entry.name);
        let bytes = bytes_of(&path)?.ok_or_else(|| missing(&path))?;
        if Digest::of(&bytes) != entry.sha256 {
            let name = path.display();
            return Err(wrong(
                format!("{name} isn't the file of the manifest: another SHA-256"),
                format!("{name} 与清单不符：SHA-256 不同"),
            ));
        }
        tables.push((table, path, bytes));
    }
    tables.sort_by_key(|(table, ..)| *table);
    Ok(Files { tables, holds })
}

fn by_names(directory: &Path, mapping: &Mapping) -> Result<Files, FrontError> {
    let (mut tables, mut absent) = (Vec::new(), Vec::new());
    for table in Table::of(Subject::Items) {
        let name = table.name();
        let path = directory.join(format!("{}.csv", mapping.tables.get(&name).unwrap_or(&name)));
        match bytes_of(&path)? {
            Some(bytes) => tables.push((table, path, bytes)),
            None => absent.push((table, path)),
        }
    }
    let family = |table: &Table| match table {
        Table::Item(family, _) => Some(*family),
        Table::Case(_) => None,
    };
    let families: BTreeSet<_> = tables.iter().filter_map(|(table, ..)| family(table)).collect();
    let is_used = |table| family(table).is_some_and(|family| families.contains(&family));
    match absent.iter().find(|(table, _)| tables.is_empty() || is_used(table)) {
        Some((_, path)) => Err(missing(path)),
        // A front database keeps the last operation of a row beside it: all tables are all of the items.
        None => Ok(Files { tables, holds: Holds::All }),
    }
}

/// The rows of a file, with their lines.
fn records(mapping: &Mapping, table: Table, path: &Path, bytes: &[u8]) -> Result<Vec<(u64, Record)>, FrontError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let fault = |error: csv::Error| FrontError::File { path: path.to_owned(), source: std::io::Error::other(error) };
    let mut reader = csv::Reader::from_reader(bytes);
    let head = reader.headers().map_err(fault)?.clone();
    let named = |title: &str| {
        table
            .columns()
            .find(|column| mapping.column(column.name).eq_ignore_ascii_case(title.trim()))
            .map(|column| column.name)
    };
    let names: Vec<Option<&str>> = head.iter().map(named).collect();
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(fault)?;
        let line = record.position().map_or(0, csv::Position::line);
        let values = names.iter().zip(record.iter()).filter_map(|(name, value)| Some(((*name)?, value.trim())));
        let values = values.filter(|(_, value)| !value.is_empty());
        found.push((line, values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;

    const CHILDREN: [&str; 4] = ["extend", "material", "fee_project", "questions"];

    /// A directory with files of the tables of a family.
    struct Place(TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn put(&self, table: &str, rows: &str) {
            fs::write(self.0.path().join(format!("up_task_general_{table}.csv")), rows).unwrap();
        }

        /// A manifest over the files that lie there, with some fields set to something else.
        fn manifest(&self, fields: &[(&str, Value)]) {
            let mut files = Vec::new();
            for table in Table::of(Subject::Items) {
                let name = format!("{}.csv", table.name());
                let Ok(bytes) = fs::read(self.0.path().join(&name)) else { continue };
                let sha256 = Digest::of(&bytes).to_string();
                let table = table.name();
                files.push(json!({ "name": name, "table": table, "rows": 1, "operations": {}, "sha256": sha256 }));
            }
            let (channel, division, batch) = ("national", "511602000000", "511602000000-20261122-0001");
            let mut manifest = json!({
                "format": FORMAT, "channel": channel, "division": division, "batch": batch, "files": files,
            });
            for (name, value) in fields {
                manifest[name] = value.clone();
            }
            self.put_manifest(&manifest.to_string());
        }

        fn put_manifest(&self, text: &str) {
            fs::write(self.0.path().join(MANIFEST), text).unwrap();
        }

        /// The items there.
        fn said(&self) -> Vec<String> {
            let rows = read(self.0.path(), &Mapping::default()).unwrap();
            rows.basics.into_iter().map(|(guid, _)| guid).collect()
        }

        #[track_caller]
        fn refused(&self, word: &str) {
            let error = read(self.0.path(), &Mapping::default()).unwrap_err();
            assert!(error.code() == "front-tables" && error.to_string().contains(word), "{word}: {error}");
            assert!(error.problem().zh.contains(word), "{word}: {error:?}");
        }
    }

    #[test]
    fn tables_come_whole_or_not_at_all() {
        let place = Place::new();
        place.refused("up_task_general_basic.csv");
        place.put("basic", "row_guid,task_name\ng-1,名\n");
        for table in CHILDREN {
            place.refused(&format!("up_task_general_{table}.csv"));
            place.put(table, "row_guid,task_guid\n");
        }
        place.refused("up_task_general_extend");
        place.put("extend", "row_guid,task_guid\ne-1,g-1\n");
        assert_eq!(place.said(), ["g-1"]);
        place.put("extend", "row_guid,task_guid\ne-1,g-1\ne-2,g-1\n");
        place.refused("up_task_general_extend");
        place.put("extend", "row_guid,task_guid\ne-1,g-1\n");
        place.put("material", "row_guid,task_guid\nm-1,g-2\n");
        place.refused("g-2");
        place.put("material", "row_guid,task_guid\nm-1,\n");
        place.refused("2");
        place.put("material", "row_guid,task_guid\nm-1,g-1\nm-1,g-1\n");
        place.refused("m-1");
        place.put("material", "row_guid,task_guid\nm-1,g-1\n");
        assert_eq!(place.said(), ["g-1"]);
    }

    #[test]
    fn with_a_manifest_that_is_what_the_directory_holds() {
        let place = Place::new();
        place.put("basic", "row_guid,task_name\ng-1,名\n");
        place.put("extend", "row_guid,task_guid\ne-1,g-1\n");
        place.manifest(&[]);
        assert_eq!(place.said(), ["g-1"]);
        place.put("basic", "row_guid,task_name\ng-1,别名\n");
        place.refused("SHA-256");
        let named = |name: &str| {
            let table = "up_task_general_basic";
            let digest = Digest::of(b"").to_string();
            json!([{ "name": name, "table": table, "rows": 1, "operations": {}, "sha256": digest }])
        };
        place.manifest(&[("files", named("none.csv"))]);
        place.refused("none.csv");
        place.manifest(&[("files", named("../up_task_general_basic.csv"))]);
        place.refused(MANIFEST);
        place.manifest(&[("files", json!([]))]);
        place.refused(MANIFEST);
        place.manifest(&[("format", json!("other"))]);
        place.refused("other");
        place.put_manifest("{");
        place.refused(MANIFEST);
    }

    #[test]
    fn a_part_of_an_item_is_no_item() {
        let place = Place::new();
        let put = |basic: &str, extend: &str| {
            place.put("basic", &format!("row_guid,cd_operation\ng-1,{basic}\n"));
            place.put("extend", &format!("row_guid,task_guid,cd_operation\ne-1,g-1,{extend}\n"));
        };
        // What is said of it counts; where nothing is, a changed row tells that others may stand elsewhere unchanged.
        for (basic, extend, whole, batch, is_taken) in [
            ("I", "I", None, "b", true),
            ("U", "I", None, "b", false),
            ("I", "U", None, "b", false),
            ("U", "U", None, "since-0", true),
            ("U", "U", Some(true), "b", true),
            ("I", "I", Some(false), "b", false),
            ("I", "I", Some(false), "since-0", false),
        ] {
            put(basic, extend);
            place.manifest(&[("whole", json!(whole)), ("batch", json!(batch))]);
            if is_taken {
                assert_eq!(place.said(), ["g-1"], "{basic} {extend} {whole:?} {batch}");
            } else {
                place.refused("");
            }
        }
        // A basic row that was lost there and goes out once more, alone.
        fs::remove_file(place.0.path().join("up_task_general_extend.csv")).unwrap();
        place.put("basic", "row_guid,cd_operation\ng-1,I\n");
        place.manifest(&[]);
        place.refused("up_task_general_extend");
    }

    #[test]
    fn what_was_taken_back_goes_with_all_that_belongs_to_it() {
        let place = Place::new();
        place.put("basic", "row_guid,cd_operation\ng-1,I\ng-2,D\n");
        for table in CHILDREN {
            place.put(table, "row_guid,task_guid,cd_operation\n");
        }
        place.put("extend", "row_guid,task_guid,cd_operation\ne-1,g-1,I\ne-2,g-2,I\n");
        place.put("material", "row_guid,task_guid,cd_operation\nm-1,g-1,D\nm-2,g-2,U\nm-3,g-3,D\n");
        assert_eq!(place.said(), ["g-1"]);
        let rows = read(place.0.path(), &Mapping::default()).unwrap();
        assert_eq!(rows.children.into_keys().collect::<Vec<_>>(), [(Part::Extend, "g-1".to_owned())]);
    }
}
