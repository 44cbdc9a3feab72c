//! Templates: what a document says, as data.
//!
//! A template is a TOML file named after its kind of document. It holds texts with places ([`Field`]) and conditions on fields, and is
//! judged whole when it is read: a place that is no field, a part without text or an unknown key is refused with file and line.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::field::{Content, Field};
use crate::layout::{Layout, Measures};
use crate::phrase::{Phrase, PhraseFault};

/// The kind whose template serves every kind that has none of its own.
pub const GENERAL: &str = "general";

/// The file of the measures.
const LAYOUT: &str = "layout";

/// The longest file of a template, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 256 * 1024;

const SHIPPED: [(&str, &str); 14] = [
    (LAYOUT, include_str!("../templates/layout.toml")),
    ("collection-slip", include_str!("../templates/collection-slip.toml")),
    ("acceptance", include_str!("../templates/acceptance.toml")),
    ("refusal", include_str!("../templates/refusal.toml")),
    ("correction-notice", include_str!("../templates/correction-notice.toml")),
    ("suspension", include_str!("../templates/suspension.toml")),
    ("extension", include_str!("../templates/extension.toml")),
    ("decision", include_str!("../templates/decision.toml")),
    ("return", include_str!("../templates/return.toml")),
    ("supplement", include_str!("../templates/supplement.toml")),
    ("amendment", include_str!("../templates/amendment.toml")),
    ("deemed-renewal", include_str!("../templates/deemed-renewal.toml")),
    ("joint-answer", include_str!("../templates/joint-answer.toml")),
    (GENERAL, include_str!("../templates/general.toml")),
];

/// Why a template was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}, line {line}: {en}")]
pub struct TemplateError {
    /// The file, without its directory.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, English.
    pub en: String,
    /// What is wrong, Chinese.
    pub zh: String,
}

/// How a part stands on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Style {
    /// To whom: at the margin, before the body.
    Addressee,
    /// A paragraph, indented.
    Text,
    /// A label with its value; left out where the value is absent.
    Row,
    /// A paragraph in small type, at the end.
    Note,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) style: Style,
    pub(crate) label: String,
    pub(crate) text: Phrase,
    when: Vec<Field>,
    unless: Vec<Field>,
    pub(crate) each: Option<Field>,
}

impl Part {
    pub(crate) fn holds(&self, content: &Content) -> bool {
        self.when.iter().all(|field| content.has(*field)) && !self.unless.iter().any(|field| content.has(*field))
    }
}

/// Where a value stands on a form that is printed already.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) text: Phrase,
    when: Vec<Field>,
    /// Millimetres from the left edge of the paper to the text's left.
    pub(crate) x: f32,
    /// Millimetres from the upper edge to the first line's foot.
    pub(crate) y: f32,
    /// Points.
    pub(crate) size: f32,
    /// Millimetres; longer text goes on in further lines.
    pub(crate) width: f32,
    /// So many lines at most; as many as there is room for above the next place, or the lower edge, where it isn't said.
    pub(crate) lines: Option<usize>,
}

impl Place {
    pub(crate) fn holds(&self, content: &Content) -> bool {
        self.when.iter().all(|field| content.has(*field)) && self.text.is_filled(content)
    }
}

/// The values that go onto a form that is printed already.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PrePrinted {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) places: Vec<Place>,
}

/// What a kind of document says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    pub(crate) titles: Vec<Phrase>,
    pub(crate) number: Option<Phrase>,
    pub(crate) parts: Vec<Part>,
    pub(crate) signer: Option<Phrase>,
    pub(crate) seal: String,
    pub(crate) date: Option<Phrase>,
    pub(crate) qr: Option<Phrase>,
    pub(crate) qr_caption: Option<Phrase>,
    pub(crate) foot: Option<Phrase>,
    pub(crate) pre_printed: Option<PrePrinted>,
}

/// The templates of a node: those of the release, and over them what the hall has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Templates {
    kinds: BTreeMap<String, Template>,
    layout: Layout,
}

impl Templates {
    /// The templates of the release, with files of the hall over them: the name without `.toml`, and the text.
    ///
    /// # Errors
    /// [`TemplateError`] of the first file that doesn't hold.
    pub fn new<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, TemplateError> {
        let mut kinds = BTreeMap::new();
        let mut layout = None;
        for (name, text) in SHIPPED.into_iter().chain(files) {
            if name == LAYOUT {
                layout = Some(read_layout(text)?);
            } else {
                kinds.insert(name.to_owned(), read(name, text)?);
            }
        }
        let layout = layout.ok_or_else(|| refuse(LAYOUT, "", None, "no layout", "缺少版面文件"))?;
        Ok(Self { kinds, layout })
    }

    /// The kinds that have a template of their own, in order.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// The text of a template as the release has it.
    #[must_use]
    pub fn shipped(kind: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(name, _)| *name == kind).map(|(_, text)| *text)
    }

    pub(crate) fn of(&self, kind: &str) -> Option<&Template> {
        self.kinds.get(kind).or_else(|| self.kinds.get(GENERAL))
    }

    pub(crate) fn a4(&self) -> &Measures {
        &self.layout.a4
    }

    pub(crate) fn slip(&self) -> &Measures {
        &self.layout.slip
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPart {
    #[serde(default = "text_style")]
    style: Style,
    #[serde(default)]
    label: String,
    text: toml::Spanned<String>,
    #[serde(default)]
    when: OneOrMore,
    #[serde(default)]
    unless: OneOrMore,
    each: Option<String>,
}

fn text_style() -> Style {
    Style::Text
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlace {
    text: toml::Spanned<String>,
    x: f32,
    y: f32,
    size: f32,
    width: f32,
    lines: Option<usize>,
    #[serde(default)]
    when: OneOrMore,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrePrinted {
    width: f32,
    height: f32,
    place: Vec<RawPlace>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTemplate {
    title: Vec<toml::Spanned<String>>,
    number: Option<toml::Spanned<String>>,
    #[serde(default)]
    part: Vec<RawPart>,
    signer: Option<toml::Spanned<String>>,
    #[serde(default)]
    seal: String,
    date: Option<toml::Spanned<String>>,
    qr: Option<toml::Spanned<String>>,
    qr_caption: Option<toml::Spanned<String>>,
    foot: Option<toml::Spanned<String>>,
    pre_printed: Option<RawPrePrinted>,
}

fn refuse(name: &str, text: &str, at: Option<usize>, en: impl Into<String>, zh: impl Into<String>) -> TemplateError {
    let end = at.unwrap_or_default().min(text.len());
    let line = text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1;
    TemplateError { file: format!("{name}.toml"), line, en: en.into(), zh: zh.into() }
}

fn parsed<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, TemplateError> {
    if text.len() > TEMPLATE_BYTES_MAX {
        let kib = TEMPLATE_BYTES_MAX / 1024;
        return Err(refuse(
            name,
            text,
            None,
            format!("a template has at most {kib} KiB"),
            format!("模板最大 {kib} KiB"),
        ));
    }
    toml::from_str(text).map_err(|error| {
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        refuse(name, text, error.span().map(|span| span.start), message.clone(), message)
    })
}

fn read_layout(text: &str) -> Result<Layout, TemplateError> {
    let layout: Layout = parsed(LAYOUT, text)?;
    for (name, measures) in [("a4", &layout.a4), ("slip", &layout.slip)] {
        if let Some(fault) = measures.fault() {
            let at = text.find(&format!("[{name}]"));
            return Err(refuse(LAYOUT, text, at, format!("{name}: {fault}"), format!("{name}：{fault}")));
        }
    }
    Ok(layout)
}

fn read(name: &str, text: &str) -> Result<Template, TemplateError> {
    let raw: RawTemplate = parsed(name, text)?;
    let phrase = |raw: &toml::Spanned<String>, repeats: bool| {
        Phrase::parse(raw.get_ref(), repeats).map_err(|fault| {
            let (en, zh) = said(&fault);
            refuse(name, text, Some(raw.span().start), en, zh)
        })
    };
    let optional = |raw: &Option<toml::Spanned<String>>| raw.as_ref().map(|raw| phrase(raw, false)).transpose();
    let fields = |names: &OneOrMore, at: usize| {
        let named = |field: &String| {
            Field::named(field).ok_or_else(|| {
                let (en, zh) = said(&PhraseFault::Unknown(field.clone()));
                refuse(name, text, Some(at), en, zh)
            })
        };
        names.texts().iter().map(named).collect::<Result<Vec<_>, _>>()
    };
    if raw.title.is_empty() {
        return Err(refuse(name, text, None, "a document has a title", "文书须有标题"));
    }
    let mut parts = Vec::new();
    for part in &raw.part {
        let at = part.text.span().start;
        let each = part.each.as_ref().map(|each| fields(&OneOrMore::One(each.clone()), at)).transpose()?;
        if part.style == Style::Row && part.label.is_empty() {
            return Err(refuse(name, text, Some(at), "a row has a label", "style = \"row\" 须有 label"));
        }
        parts.push(Part {
            style: part.style,
            label: part.label.clone(),
            text: phrase(&part.text, each.is_some())?,
            when: fields(&part.when, at)?,
            unless: fields(&part.unless, at)?,
            each: each.and_then(|each| each.first().copied()),
        });
    }
    let pre_printed = match &raw.pre_printed {
        None => None,
        Some(form) => {
            let mut places = Vec::new();
            for place in &form.place {
                let at = place.text.span().start;
                let inside = (0.0..=form.width).contains(&place.x) && (0.0..=form.height).contains(&place.y);
                if !inside || !(4.0..=72.0).contains(&place.size) || !(5.0..=1000.0).contains(&place.width) {
                    let en = "a place lies on the form, has 4 to 72 points and is 5 to 1,000 mm wide";
                    let zh = "位置须在纸面内，字号 4 至 72 磅，宽 5 至 1000 毫米";
                    return Err(refuse(name, text, Some(at), en, zh));
                }
                if place.lines.is_some_and(|lines| !(1..=200).contains(&lines)) {
                    return Err(refuse(name, text, Some(at), "a place has 1 to 200 lines", "lines 为 1 至 200"));
                }
                let (x, y, size, lines) = (place.x, place.y, place.size, place.lines);
                // Nothing goes beyond the paper's right edge.
                let width = place.width.min(form.width - x);
                let (text, when) = (phrase(&place.text, false)?, fields(&place.when, at)?);
                places.push(Place { text, when, x, y, size, width, lines });
            }
            let is_paper = |side: f32| (30.0..=2000.0).contains(&side);
            if !is_paper(form.width) || !is_paper(form.height) {
                let at = text.find("[pre_printed]");
                return Err(refuse(
                    name,
                    text,
                    at,
                    "a form is 30 to 2,000 mm wide and high",
                    "预印表单的宽、高为 30 至 2000 毫米",
                ));
            }
            Some(PrePrinted { width: form.width, height: form.height, places })
        }
    };
    Ok(Template {
        titles: raw.title.iter().map(|title| phrase(title, false)).collect::<Result<_, _>>()?,
        number: optional(&raw.number)?,
        parts,
        signer: optional(&raw.signer)?,
        seal: raw.seal,
        date: optional(&raw.date)?,
        qr: optional(&raw.qr)?,
        qr_caption: optional(&raw.qr_caption)?,
        foot: optional(&raw.foot)?,
        pre_printed,
    })
}

fn said(fault: &PhraseFault) -> (String, String) {
    match fault {
        PhraseFault::Unknown(name) => {
            let all = Field::ALL.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ");
            (format!("{{{name}}} is no field; fields are {all}"), format!("没有字段 {{{name}}}；可用字段：{all}"))
        }
        PhraseFault::Brace => ("a brace is not closed or not opened".to_owned(), "花括号不成对".to_owned()),
        PhraseFault::Each => {
            ("{each} and {n} stand in parts with each".to_owned(), "{each}、{n} 只能用于带 each 的段落".to_owned())
        }
    }
}
