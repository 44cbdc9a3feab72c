//! Documents of an authority as PDF: what a case hands out, set by templates in the lawful form.
//!
//! [`render`] takes [`Templates`], [`Fonts`] and the [`Content`] of one document and returns PDF/A-2u. It reads no disk, no clock and no
//! random source: the same input gives the same bytes, so that a print can be made again as it was.
//!
//! Page measures follow GB/T 9704-2012; line breaking follows UAX 14 with the strict rules for Chinese. A sign that no font has is marked
//! `〓` and named in [`Rendered::missing`]; nothing is ever left blank in silence.

mod breaking;
mod compose;
mod field;
mod font;
mod layout;
mod pdf;
mod phrase;
mod template;

use std::collections::BTreeSet;

use thiserror::Error;

pub use compose::PAGES_MAX;
pub use field::{Content, Field};
pub use font::{FONT_BYTES_MAX, FontError, Fonts, Role};
pub use layout::Form;
pub use template::{GENERAL, TEMPLATE_BYTES_MAX, TemplateError, Templates};

/// The largest offset of a page, in millimetres to either side.
pub const OFFSET_MM_MAX: f32 = 50.0;

/// A moment in the time of China (+08:00), for the file's own data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Year.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
}

/// How a document is to be printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Printing {
    /// On what.
    pub form: Form,
    /// Millimetres by which everything is moved to the right, at most [`OFFSET_MM_MAX`].
    pub offset_x: f32,
    /// Millimetres by which everything is moved down, at most [`OFFSET_MM_MAX`].
    pub offset_y: f32,
    /// When, as the file tells it.
    pub at: Moment,
    /// Whether it was printed like this before, and is drawn again: then nothing is refused for want of room. It ran over then too, or the
    /// template has changed since; one that has no positions any more is drawn on A4.
    pub counted: bool,
}

/// A document on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// PDF/A-2u.
    pub pdf: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
    /// Signs that no font has, in order; `〓` stands in their place.
    pub missing: Vec<char>,
}

/// Why a document could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// The kind has no positions on a form that is printed already.
    #[error("the template of {0} has no [pre_printed]")]
    NotPrePrinted(String),
    /// The text is too long.
    #[error("the document would have more than {PAGES_MAX} pages")]
    TooLong,
    /// A value has more lines than the form that is printed already has room for.
    #[error("the form has room for {lines} lines where {begin}… goes on; print it on A4")]
    DoesNotFit {
        /// Lines that it has.
        lines: usize,
        /// The beginning of what has no room.
        begin: String,
    },
    /// What the QR code is to hold is longer than one can hold.
    #[error("the text of the QR code is too long")]
    QrTooLong,
    /// An offset is too large.
    #[error("an offset is at most {OFFSET_MM_MAX} mm")]
    Offset,
    /// The PDF can't be written, e.g. with a font that may not be embedded.
    #[error("the PDF can't be written: {0}")]
    Fault(String),
}

/// Renders a document of a kind, as `acceptance`; a kind without a template of its own is set by [`GENERAL`].
///
/// # Errors
/// [`RenderError`]; a template or a font was judged when it was read.
pub fn render(
    templates: &Templates,
    fonts: &Fonts,
    kind: &str,
    content: &Content,
    printing: Printing,
) -> Result<Rendered, RenderError> {
    let is_small = |offset: f32| offset.is_finite() && offset.abs() <= OFFSET_MM_MAX;
    let offset = (printing.offset_x, printing.offset_y);
    if !is_small(offset.0) || !is_small(offset.1) {
        return Err(RenderError::Offset);
    }
    let unknown = || RenderError::Fault(format!("no template for {kind}"));
    let template = templates.of(kind).ok_or_else(unknown)?;
    if printing.form == Form::PrePrinted && template.pre_printed.is_none() && !printing.counted {
        return Err(RenderError::NotPrePrinted(kind.to_owned()));
    }
    let mut composer = compose::Composer { fonts, content, missing: BTreeSet::new() };
    let measures = (templates.a4(), templates.slip());
    let pages = composer.compose(template, printing, measures)?;
    let missing = composer.missing.into_iter().collect();
    let titles: Vec<String> = template.titles.iter().map(|title| title.fill(content, None)).collect();
    let about = pdf::About {
        title: titles.last().cloned().unwrap_or_default(),
        author: content.text(Field::Authority).unwrap_or_default(),
        subject: content.text(Field::DocumentNo).unwrap_or_default(),
        at: printing.at,
    };
    let pdf = pdf::draw(&pages, fonts, about)?;
    Ok(Rendered { pdf, pages: pages.len(), missing })
}
