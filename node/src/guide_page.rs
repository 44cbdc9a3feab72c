//! The guide of an item (办事指南) as a page: HTML that stands alone and prints well, and plain text.
//!
//! The page loads nothing, runs no script, and uses what Chromium 78 has. Every value is escaped by the template; an address becomes a link
//! only when it begins with `http://` or `https://`.

mod sections;

use askama::Template;
use tongban_domain::catalogue::ceiling::Bound;
use tongban_domain::catalogue::{Guide, ServiceItem};

/// The language of a page's headings; what the catalogue says stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// 中文
    Zh,
    /// English
    En,
}

impl Language {
    /// The one of two texts that is in this language.
    fn of<'t>(self, en: &'t str, zh: &'t str) -> &'t str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

/// What a page is made from.
pub(crate) struct Source<'a> {
    /// The item.
    pub(crate) item: &'a ServiceItem,
    /// Its guide, where this node has it.
    pub(crate) guide: Option<&'a Guide>,
    /// Name of the authority in charge.
    pub(crate) authority: &'a str,
    /// Division with the names above it.
    pub(crate) division: &'a str,
    /// Limits that hold for it.
    pub(crate) bounds: &'a [Bound],
    /// Made with `init --demo`.
    pub(crate) demo: bool,
    /// As of when.
    pub(crate) as_of: String,
}

/// A label with its value.
struct Fact {
    label: &'static str,
    value: String,
}

impl Fact {
    /// The address behind the value, when it is one that a browser may follow.
    fn href(&self) -> Option<&str> {
        let lower = self.value.to_ascii_lowercase();
        let safe = (lower.starts_with("https://") || lower.starts_with("http://"))
            && !self.value.contains(|c: char| c.is_whitespace() || c.is_control());
        safe.then_some(self.value.as_str())
    }
}

/// A part of the page under a heading; what is empty isn't shown.
#[derive(Default)]
struct Section {
    title: &'static str,
    paragraphs: Vec<String>,
    facts: Vec<Fact>,
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    fine: bool,
}

impl Section {
    fn cells<'s>(&'s self, row: &'s [String]) -> Vec<(&'static str, &'s str)> {
        self.heads.iter().copied().zip(row.iter().map(String::as_str)).collect()
    }

    fn is_empty(&self) -> bool {
        self.paragraphs.is_empty() && self.facts.is_empty() && self.rows.is_empty()
    }
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Html {
    language: &'static str,
    title: String,
    demo: Option<&'static str>,
    notice: Option<&'static str>,
    large: bool,
    sections: Vec<Section>,
}

#[derive(Template)]
#[template(path = "guide.txt", escape = "none")]
struct Text {
    title: String,
    demo: Option<&'static str>,
    notice: Option<&'static str>,
    colon: &'static str,
    stop: &'static str,
    sections: Vec<Section>,
}

const DEMO: (&str, &str) = ("demonstration: not a lawful guide", "演示：本指南不具法律效力");
const NO_GUIDE: (&str, &str) =
    ("There is no guide yet; this is what the catalogue has.", "尚无办事指南，以下为目录内容。");

fn notice(source: &Source<'_>, language: Language) -> Option<&'static str> {
    source.guide.is_none().then(|| language.of(NO_GUIDE.0, NO_GUIDE.1))
}

fn demo(source: &Source<'_>, language: Language) -> Option<&'static str> {
    source.demo.then(|| language.of(DEMO.0, DEMO.1))
}

/// The page as HTML.
///
/// # Errors
///
/// When the template can't be written out.
pub(crate) fn html(source: &Source<'_>, language: Language, large: bool) -> Result<String, askama::Error> {
    let page = Html {
        language: language.of("en", "zh-CN"),
        title: source.item.core.name.clone(),
        demo: demo(source, language),
        notice: notice(source, language),
        large,
        sections: sections::of(source, language),
    };
    page.render()
}

/// The page as plain text, control characters taken out: it goes to terminals.
///
/// # Errors
///
/// When the template can't be written out.
pub(crate) fn text(source: &Source<'_>, language: Language) -> Result<String, askama::Error> {
    let page = Text {
        title: source.item.core.name.clone(),
        demo: demo(source, language),
        notice: notice(source, language),
        colon: language.of(": ", "："),
        stop: language.of(";", "；"),
        sections: sections::of(source, language),
    };
    let text = page.render()?;
    let mut clean: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    clean.truncate(clean.trim_end().len());
    clean.push('\n');
    Ok(clean)
}

#[cfg(test)]
#[path = "guide_page_tests.rs"]
mod tests;
