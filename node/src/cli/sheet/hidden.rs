//! Rows that a filter or a person has hidden, which the workbook library doesn't tell: read from the sheets' own XML.

use std::collections::BTreeSet;
use std::io::{BufReader, Cursor, Read as _};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use zip::ZipArchive;

type Archive<'b> = ZipArchive<Cursor<&'b [u8]>>;

/// The hidden rows of each worksheet, by row number; nothing where the workbook doesn't say it in the usual way.
pub(super) fn rows(bytes: &[u8], sheets: &[calamine::Sheet]) -> Vec<BTreeSet<u32>> {
    let parts = parts(bytes).unwrap_or_default();
    let worksheets = sheets.iter().filter(|sheet| sheet.typ == calamine::SheetType::WorkSheet);
    let of_part = |name: &str| {
        let (_, part) = parts.iter().find(|(sheet, _)| sheet == name)?;
        hidden(bytes, part)
    };
    worksheets.map(|sheet| of_part(&sheet.name).unwrap_or_default()).collect()
}

/// The sheets' names and the parts that hold them.
fn parts(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut archive: Archive<'_> = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut targets = Vec::new();
    each(&mut archive, "xl/_rels/workbook.xml.rels", |tag| {
        if tag.local_name().as_ref() == "Relationship"
            && let (Some(id), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Target"))
        {
            targets.push((id, target));
        }
    })?;
    let mut sheets = Vec::new();
    each(&mut archive, "xl/workbook.xml", |tag| {
        if tag.local_name().as_ref() == "sheet"
            && let (Some(name), Some(id)) = (attribute(tag, "name"), attribute(tag, "id"))
        {
            sheets.push((name, id));
        }
    })?;
    let part = |id: &str| {
        let (_, target) = targets.iter().find(|(known, _)| known == id)?;
        Some(target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned))
    };
    Some(sheets.into_iter().filter_map(|(name, id)| Some((name, part(&id)?))).collect())
}

fn hidden(bytes: &[u8], part: &str) -> Option<BTreeSet<u32>> {
    let mut archive: Archive<'_> = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut rows = BTreeSet::new();
    let mut last = 0;
    each(&mut archive, part, |tag| {
        if tag.local_name().as_ref() == "row" {
            last = attribute(tag, "r").and_then(|number| number.parse().ok()).unwrap_or(last + 1);
            if attribute(tag, "hidden").is_some_and(|hidden| hidden == "1" || hidden == "true") {
                rows.insert(last);
            }
        }
    })?;
    Some(rows)
}

/// Shows every start tag of a part.
fn each(archive: &mut Archive<'_>, part: &str, mut show: impl FnMut(&BytesStart<'_>)) -> Option<()> {
    let part = archive.by_name(part).ok()?;
    let mut reader = Reader::from_reader(BufReader::new(part.take(u64::MAX)));
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(tag) | Event::Empty(tag) => show(&tag),
            Event::Eof => return Some(()),
            _ => {}
        }
        buffer.clear();
    }
}

/// The value of an attribute, whatever its namespace.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}
