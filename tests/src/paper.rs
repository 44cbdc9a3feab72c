//! What a document says on paper, read back from its PDF.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Node;

/// Prints a document of a case at a node, as a window does; gives the text of all pages, without spaces and line ends.
///
/// # Panics
///
/// When it can't be printed, or isn't a PDF.
#[must_use]
pub fn paper(node: &Node, case: &str, kind: &str) -> String {
    let out = node.dir.with_extension("pdf");
    node.ok(&["case", "print", case, "--document", kind, "--file", &out.to_string_lossy()]);
    let pdf = std::fs::read(&out).expect("it was written");
    std::fs::remove_file(&out).expect("it was written");
    text(&pdf)
}

/// An answer to an application on paper, by its place among those that were given, from 1, the last one when absent; as [`paper`].
///
/// # Panics
///
/// When there is no such answer, or it isn't a PDF.
#[must_use]
pub fn answered(node: &Node, application: &str, place: Option<u32>) -> String {
    let out = node.dir.with_extension("pdf");
    let (file, place) = (out.to_string_lossy(), place.map(|place| place.to_string()));
    let print = ["application", "print", application, "--file", &*file];
    let which: Vec<&str> = place.iter().flat_map(|place| ["--answer", place.as_str()]).collect();
    node.ok(&[&print[..], &which[..]].concat());
    let pdf = std::fs::read(&out).expect("it was written");
    std::fs::remove_file(&out).expect("it was written");
    text(&pdf)
}

/// A print that was counted before, drawn again; as [`paper`].
///
/// # Panics
///
/// When there is no such print, or it isn't a PDF.
#[must_use]
pub fn drawn_again(node: &Node, case: &str, kind: &str, act: u32, number: u32) -> String {
    let drawn = node.get(&format!("/v1/cases/print?case={case}&document={kind}&act={act}&number={number}"));
    text(&STANDARD.decode(drawn["pdf"].as_str().unwrap_or_default()).expect("it is base64"))
}

fn text(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).expect("it is a PDF");
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    document.extract_text(&pages).expect("its text can be read").split_whitespace().collect()
}
