//! Column mappings: what the columns of one source mean, saved as TOML and used again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::column::{self, Column};
use super::head::Head;
use crate::cli::failure::Failure;
use crate::cli::text::sheet::{MAPPING_INVALID, MAPPING_NAME};

/// Folder of mappings within a node's directory.
const FOLDER: &str = "mappings";
/// The longest name of a mapping, in characters.
const NAME_CHARS_MAX: usize = 64;

/// What the columns of a source mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// The sheet that holds the items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sheet: Option<String>,
    /// First and last row of the head, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<(u32, u32)>,
    /// Title to column name; an empty name passes the column over.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
    /// Column name to the value of every row in which the file gives none.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, String>,
    /// Column name to values of the source and what they mean here.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, BTreeMap<String, String>>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// `mapping-invalid` with the line or the key at fault.
    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let mapping: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text[..at.min(text.len())].matches('\n').count() + 1;
            let reason = format!("line {line}: {}", error.message());
            Failure::of(&MAPPING_INVALID, line.to_string(), &[&reason])
        })?;
        let columns = mapping.columns.values().filter(|name| !name.is_empty());
        for name in columns.chain(mapping.constants.keys()).chain(mapping.values.keys()) {
            if column::named(name).is_none() {
                let near = column::nearest_name(name).map(|near| format!(" ({near}?)")).unwrap_or_default();
                return Err(Failure::of(&MAPPING_INVALID, name.as_str(), &[&format!("{name}{near}")]));
            }
        }
        let of_list = |name: &&String| column::named(name).is_some_and(|column| column.within().is_some());
        if let Some(name) = mapping.constants.keys().find(of_list) {
            return Err(Failure::of(&MAPPING_INVALID, name.as_str(), &[&format!("constants.{name}")]));
        }
        if let Some((first, last)) = mapping.head
            && !(1..=last).contains(&first)
        {
            return Err(Failure::of(&MAPPING_INVALID, "head", &[&format!("head = [{first}, {last}]")]));
        }
        Ok(mapping)
    }

    /// The file of a mapping: a path as it is, a name in the folder of the node.
    ///
    /// # Errors
    /// `mapping-name` for a name that could lead elsewhere, or without a directory to look in.
    pub(crate) fn path(name: &str, directory: Option<&Path>) -> Result<PathBuf, Failure> {
        let is_toml = Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
        if is_toml || name.contains('/') {
            return Ok(PathBuf::from(name));
        }
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        match directory {
            Some(directory) if (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && name.chars().all(plain) => {
                Ok(directory.join(FOLDER).join(format!("{name}.toml")))
            }
            _ => Err(Failure::of(&MAPPING_NAME, name, &[])),
        }
    }

    /// What is said of a title: nothing, that it is passed over, or its column.
    #[expect(clippy::option_option, reason = "nothing said and said to be nothing are different")]
    pub(super) fn column(&self, title: &str) -> Option<Option<&'static Column>> {
        let name = self.columns.get(title).or_else(|| {
            let plain = column::plain(title);
            let mut alike = self.columns.iter().filter(|(known, _)| column::plain(known) == plain);
            let (_, name) = alike.next()?;
            // Titles that differ in brackets alone may mean different columns: then none is meant here.
            alike.all(|(_, other)| other == name).then_some(name)
        })?;
        Some(column::named(name))
    }

    /// What a value of the source means in a column.
    pub(super) fn value<'v>(&'v self, column: &str, text: &'v str) -> &'v str {
        self.values.get(column).and_then(|values| values.get(text)).map_or(text, String::as_str)
    }

    /// This mapping with every column of a head written out, for a person to complete; unknown ones are passed over.
    pub(crate) fn with_head(&self, sheet: &str, head: &Head) -> Self {
        let mut whole = self.clone();
        if !sheet.is_empty() {
            whole.sheet.get_or_insert_with(|| sheet.to_owned());
        }
        for (title, column) in head.titles.iter().zip(&head.columns).filter(|(title, _)| !title.is_empty()) {
            let name = column.map_or("", |column| column.name);
            whole.columns.insert(title.clone(), name.to_owned());
        }
        whole
    }

    /// The mapping as TOML.
    pub(crate) fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}
