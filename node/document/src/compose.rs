//! Composing: from a template and the values of a document to what stands where on which page.

use std::collections::BTreeSet;

use crate::breaking::lines;
use crate::field::{Content, Field};
use crate::font::{Fonts, Role, Shaped};
use crate::layout::{Form, Measures, POINTS_PER_MM};
use crate::phrase::Phrase;
use crate::template::{Part, Place, PrePrinted, Style, Template};
use crate::{Printing, RenderError};

/// The most pages of one document.
pub const PAGES_MAX: usize = 200;

/// Millimetres below the text at which the page number stands (GB/T 9704-2012, 7.5).
const FOLIO_BELOW_MM: f32 = 7.0;

/// From line to line on a form that is printed already, in sizes of the text.
const FORM_PITCH: f32 = 1.4;

/// How dark a text is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Black,
    Grey,
    Light,
}

/// Something on a page; points from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Text { x: f32, y: f32, size: f32, ink: Ink, bold: bool, gap: f32, shaped: Shaped },
    Qr { x: f32, y: f32, side: f32, text: String },
    Watermark { shaped: Shaped },
}

impl Mark {
    fn lowered(mut self, by: f32) -> Self {
        match &mut self {
            Mark::Text { y, .. } | Mark::Qr { y, .. } => *y += by,
            Mark::Watermark { .. } => {}
        }
        self
    }
}

/// A page with its marks; points.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) marks: Vec<Mark>,
}

/// Marks that stay together, from 0 downwards.
#[derive(Clone, Debug, Default)]
struct Block {
    height: f32,
    marks: Vec<Mark>,
}

/// Sets texts for one document, and notes the signs that no font has.
pub(crate) struct Composer<'a> {
    pub(crate) fonts: &'a Fonts,
    pub(crate) content: &'a Content,
    pub(crate) missing: BTreeSet<char>,
}

impl Composer<'_> {
    fn shape(&mut self, role: Role, text: &str) -> Shaped {
        self.fonts.shape(role, text, &mut self.missing)
    }

    /// What is written over a page whatever its template says: the demonstration's mark and the number of the reprint.
    fn overprint(&mut self, page: &mut Page, size: f32, top: f32, right: f32) {
        if self.content.has(Field::Demo) {
            let shaped = self.shape(Role::Title, "演示");
            page.marks.insert(0, Mark::Watermark { shaped });
        }
        if let Some(text) = self.reprint() {
            let shaped = self.shape(Role::Body, &text);
            let x = (page.width - right - shaped.width() * size).max(0.0);
            page.marks.push(Mark::Text { x, y: top, size, ink: Ink::Black, bold: false, gap: 0.0, shaped });
        }
    }

    fn reprint(&self) -> Option<String> {
        let text = |field| self.content.text(field);
        let mut line = format!("第 {} 次补打", text(Field::Reprint)?);
        for field in [Field::PrintedAt, Field::PrintedBy] {
            if let Some(value) = text(field) {
                line.push('　');
                line.push_str(&value);
            }
        }
        Some(line)
    }

    /// A paragraph as one block a line.
    fn paragraph(&mut self, text: &str, size: f32, pitch: f32, indent: f32, (x, width): (f32, f32)) -> Vec<Block> {
        let mut blocks = Vec::new();
        for text in text.lines() {
            let shaped = self.shape(Role::Body, text);
            for (number, line) in lines(&shaped, size, indent, width).into_iter().enumerate() {
                let x = if number == 0 { x + indent } else { x };
                let mark = Mark::Text {
                    x,
                    y: foot(size, pitch),
                    size,
                    ink: Ink::Black,
                    bold: false,
                    gap: line.gap,
                    shaped: line.shaped,
                };
                blocks.push(Block { height: pitch, marks: vec![mark] });
            }
        }
        blocks
    }

    /// Lines in the middle of `width` from `x` on.
    fn centred(
        &mut self,
        role: Role,
        text: &str,
        size: f32,
        pitch: f32,
        ink: Ink,
        (x, width): (f32, f32),
    ) -> Vec<Block> {
        let shaped = self.shape(role, text);
        let set = |line: crate::breaking::Line| {
            let x = x + (width - line.shaped.width() * size) / 2.0;
            let bold = role == Role::Title;
            let mark = Mark::Text { x, y: foot(size, pitch), size, ink, bold, gap: 0.0, shaped: line.shaped };
            Block { height: pitch, marks: vec![mark] }
        };
        lines(&shaped, size, 0.0, width).into_iter().map(set).collect()
    }

    fn parts(&mut self, template: &Template, measures: &Measures) -> Vec<Block> {
        let (size, pitch) = (measures.body(), measures.pitch * POINTS_PER_MM);
        let (left, width) = (measures.left * POINTS_PER_MM, measures.line());
        let indent = measures.indent * size;
        let content = self.content;
        let shown: Vec<&Part> = template.parts.iter().filter(|part| part.holds(content)).collect();
        let rows = shown.iter().filter(|part| part.style == Style::Row && is_shown(part, content));
        let widest = rows.map(|part| part.label.chars().count()).max().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "a label has some signs")]
        let label_width = ((widest + 1) as f32 * size).min((width - indent) / 2.0);
        // Rows stand closer than running text.
        let row_pitch = pitch * 0.85;
        let mut blocks = Vec::new();
        for part in shown {
            let texts: Vec<String> = match part.each {
                Some(list) => {
                    let turns = content.all(list).iter().enumerate();
                    turns.map(|(place, text)| part.text.fill(content, Some((place + 1, text)))).collect()
                }
                None => vec![part.text.fill(content, None)],
            };
            match part.style {
                Style::Addressee => {
                    for text in &texts {
                        blocks.extend(self.paragraph(text, size, pitch, 0.0, (left, width)));
                    }
                }
                Style::Text => {
                    for text in &texts {
                        blocks.extend(self.paragraph(text, size, pitch, indent, (left, width)));
                    }
                }
                Style::Note => {
                    let small = size * 0.8;
                    for text in &texts {
                        blocks.extend(self.paragraph(text, small, pitch * 0.8, 0.0, (left, width)));
                    }
                }
                Style::Row if !is_shown(part, content) => {}
                Style::Row => {
                    let (column, room) = (left + indent + label_width, width - indent - label_width);
                    for (number, text) in texts.iter().enumerate() {
                        let mut row = self.paragraph(text, size, row_pitch, 0.0, (column, room));
                        if number == 0
                            && let Some(first) = row.first_mut()
                        {
                            let shaped = self.shape(Role::Body, &format!("{}：", part.label));
                            let (x, y) = (left + indent, foot(size, row_pitch));
                            let label = Mark::Text { x, y, size, ink: Ink::Black, bold: false, gap: 0.0, shaped };
                            first.marks.insert(0, label);
                        }
                        blocks.extend(row);
                    }
                }
            }
        }
        blocks
    }

    fn filled(&self, phrase: Option<&Phrase>) -> Option<String> {
        phrase.map(|phrase| phrase.fill(self.content, None))
    }

    fn head(&mut self, template: &Template, measures: &Measures) -> Vec<Block> {
        let column = (measures.left * POINTS_PER_MM, measures.line());
        let mut blocks = Vec::new();
        for title in &template.titles {
            let text = title.fill(self.content, None);
            blocks.extend(self.centred(Role::Title, &text, measures.title, measures.title * 1.4, Ink::Black, column));
        }
        let note = measures.note.max(measures.body() * 0.8);
        if let Some(number) = self.filled(template.number.as_ref()) {
            blocks.push(Block { height: measures.pitch * POINTS_PER_MM * 0.3, marks: Vec::new() });
            blocks.extend(self.centred(Role::Body, &number, note, note * 1.6, Ink::Black, column));
        }
        blocks.push(Block { height: measures.pitch * POINTS_PER_MM * 0.6, marks: Vec::new() });
        blocks
    }

    /// Signature, place of the seal and QR code beside each other.
    fn signature(&mut self, template: &Template, measures: &Measures) -> Block {
        let (size, pitch) = (measures.body(), measures.pitch * POINTS_PER_MM);
        let (left, width) = (measures.left * POINTS_PER_MM, measures.line());
        let (side, seal) = (measures.qr * POINTS_PER_MM, measures.seal * POINTS_PER_MM);
        let mut block = Block::default();
        let above = pitch * 0.5;
        let mut qr_bottom = 0.0;
        let qr_width = if template.qr.is_some() { side + size } else { 0.0 };
        if let Some(text) = self.filled(template.qr.as_ref()) {
            block.marks.push(Mark::Qr { x: left, y: above, side, text });
            qr_bottom = above + side;
            if let Some(caption) = self.filled(template.qr_caption.as_ref()) {
                for line in self.centred(
                    Role::Body,
                    &caption,
                    measures.note * 0.85,
                    measures.note * 1.2,
                    Ink::Black,
                    (left - size, side + 2.0 * size),
                ) {
                    block.marks.extend(line.marks.into_iter().map(|mark| mark.lowered(qr_bottom)));
                    qr_bottom += line.height;
                }
            }
        }
        let column = (left + qr_width, width - qr_width - size);
        let mut y = above + seal;
        if !template.seal.is_empty() {
            for line in self.centred(Role::Body, &template.seal, size * 0.8, pitch, Ink::Light, column) {
                block.marks.extend(line.marks.into_iter().map(|mark| mark.lowered(above + seal * 0.2)));
            }
        }
        for phrase in [template.signer.as_ref(), template.date.as_ref()] {
            if let Some(text) = self.filled(phrase) {
                for line in self.centred(Role::Body, &text, size, pitch, Ink::Black, column) {
                    block.marks.extend(line.marks.into_iter().map(|mark| mark.lowered(y)));
                    y += line.height;
                }
            }
        }
        block.height = y.max(qr_bottom);
        block
    }

    /// Pages of a template.
    pub(crate) fn pages(&mut self, template: &Template, measures: &Measures, offset: (f32, f32)) -> Option<Vec<Page>> {
        let (top, bottom) = (measures.top * POINTS_PER_MM, measures.bottom * POINTS_PER_MM);
        let width = measures.width * POINTS_PER_MM;
        let mut blocks = self.head(template, measures);
        blocks.extend(self.parts(template, measures));
        // The signature never stands alone on a page: the last lines of the text go with it.
        let signature = self.signature(template, measures);
        let mut last = Block::default();
        let kept = blocks.len().saturating_sub(2);
        for block in blocks.split_off(kept).into_iter().chain([signature]) {
            last.marks.extend(block.marks.into_iter().map(|mark| mark.lowered(last.height)));
            last.height += block.height;
        }
        blocks.push(last);
        let is_roll = measures.height == 0.0;
        if is_roll {
            blocks.extend(self.roll_foot(template, measures));
        }
        let depth = if is_roll { f32::INFINITY } else { measures.height * POINTS_PER_MM - top - bottom };
        let mut pages = vec![Page { width, ..Page::default() }];
        let mut y = 0.0;
        for block in blocks {
            if y > 0.0 && y + block.height > depth + 0.5 {
                pages.push(Page { width, ..Page::default() });
                y = 0.0;
                if pages.len() > PAGES_MAX {
                    return None;
                }
            }
            if let Some(page) = pages.last_mut() {
                page.marks.extend(block.marks.into_iter().map(|mark| mark.lowered(top + y)));
            }
            y += block.height;
        }
        let foot = self.filled(template.foot.as_ref());
        let count = pages.len();
        for (number, page) in pages.iter_mut().enumerate() {
            page.height = if is_roll { top + y + bottom } else { measures.height * POINTS_PER_MM };
            if !is_roll {
                self.margins(page, measures, foot.as_deref(), (number + 1, count));
            }
            let above = if is_roll { measures.note } else { top - 8.0 * POINTS_PER_MM };
            self.overprint(page, measures.note, above, measures.right * POINTS_PER_MM);
            shift(page, offset);
        }
        Some(pages)
    }

    fn roll_foot(&mut self, template: &Template, measures: &Measures) -> Vec<Block> {
        let column = (measures.left * POINTS_PER_MM, measures.line());
        let Some(text) = self.filled(template.foot.as_ref()) else { return Vec::new() };
        let mut blocks = vec![Block { height: measures.note, marks: Vec::new() }];
        blocks.extend(self.centred(Role::Body, &text, measures.note, measures.note * 1.4, Ink::Grey, column));
        blocks
    }

    /// Page number and foot.
    fn margins(&mut self, page: &mut Page, measures: &Measures, foot: Option<&str>, (number, count): (usize, usize)) {
        let column = (measures.left * POINTS_PER_MM, measures.line());
        let mut y = (measures.height - measures.bottom + FOLIO_BELOW_MM) * POINTS_PER_MM;
        if measures.folio > 0.0 {
            let text = if count > 1 { format!("— {number} / {count} —") } else { format!("— {number} —") };
            for line in self.centred(Role::Body, &text, measures.folio, measures.folio * 1.3, Ink::Black, column) {
                page.marks.extend(line.marks.into_iter().map(|mark| mark.lowered(y)));
                y += line.height;
            }
        }
        if let Some(text) = foot {
            for line in self.centred(Role::Body, text, measures.note, measures.note * 1.3, Ink::Grey, column) {
                page.marks.extend(line.marks.into_iter().map(|mark| mark.lowered(y)));
                y += line.height;
            }
        }
    }

    /// The values alone, where a form that is printed already has room for them.
    fn on_form(&mut self, form: &PrePrinted, offset: (f32, f32), counted: bool) -> Result<Page, RenderError> {
        let mut page =
            Page { width: form.width * POINTS_PER_MM, height: form.height * POINTS_PER_MM, marks: Vec::new() };
        let filled: Vec<&Place> = form.places.iter().filter(|place| place.holds(self.content)).collect();
        for place in &filled {
            let text = place.text.fill(self.content, None);
            let mut y = place.y * POINTS_PER_MM;
            let room = room(place, &filled, form.height);
            let mut set = 0;
            for text in text.lines() {
                let shaped = self.shape(Role::Body, text);
                for line in lines(&shaped, place.size, 0.0, place.width * POINTS_PER_MM) {
                    set += 1;
                    if set > room && !counted {
                        let begin = line.shaped.text.chars().take(20).collect();
                        return Err(RenderError::DoesNotFit { lines: room, begin });
                    }
                    let x = place.x * POINTS_PER_MM;
                    let (size, ink) = (place.size, Ink::Black);
                    page.marks.push(Mark::Text { x, y, size, ink, bold: false, gap: line.gap, shaped: line.shaped });
                    y += place.size * FORM_PITCH;
                }
            }
        }
        self.overprint(&mut page, 9.0, 8.0 * POINTS_PER_MM, 10.0 * POINTS_PER_MM);
        shift(&mut page, offset);
        Ok(page)
    }

    /// Pages in a form.
    ///
    /// # Errors
    /// [`RenderError::TooLong`], [`RenderError::DoesNotFit`].
    pub(crate) fn compose(
        &mut self,
        template: &Template,
        printing: Printing,
        (a4, slip): (&Measures, &Measures),
    ) -> Result<Vec<Page>, RenderError> {
        let offset = (printing.offset_x, printing.offset_y);
        match (printing.form, &template.pre_printed) {
            (Form::PrePrinted, Some(form)) => Ok(vec![self.on_form(form, offset, printing.counted)?]),
            (Form::A4 | Form::PrePrinted, _) => self.pages(template, a4, offset).ok_or(RenderError::TooLong),
            (Form::Slip, _) => self.pages(template, slip, offset).ok_or(RenderError::TooLong),
        }
    }
}

/// How many lines a place has on a form: those that it says, or those above what is printed next below it; none below the lower edge.
fn room(place: &Place, filled: &[&Place], height: f32) -> usize {
    let beside = |other: &Place| other.x < place.x + place.width && place.x < other.x + other.width;
    let below = filled.iter().filter(|other| other.y > place.y && beside(other));
    // A line ends at the head of the next place's text; what hangs below a line's foot has a quarter of its size.
    let below = below.map(|other| other.y - other.size / POINTS_PER_MM);
    let ends = if place.lines.is_some() { height } else { below.fold(height, f32::min) };
    let further = (ends - place.y - place.size * 0.25 / POINTS_PER_MM) * POINTS_PER_MM / (place.size * FORM_PITCH);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some lines of a page, not below 0")]
    let further = further.max(0.0) as usize;
    place.lines.map_or(1 + further, |lines| lines.min(1 + further))
}

fn is_shown(part: &Part, content: &Content) -> bool {
    part.text.is_filled(content) && part.each.is_none_or(|list| content.has(list))
}

/// Where in a line of `pitch` a text of `size` has its foot.
fn foot(size: f32, pitch: f32) -> f32 {
    (pitch + size * 0.76) / 2.0
}

/// Moves everything, as a printer needs that draws its paper in askew.
fn shift(page: &mut Page, (right, down): (f32, f32)) {
    for mark in &mut page.marks {
        match mark {
            Mark::Text { x, y, .. } | Mark::Qr { x, y, .. } => {
                *x += right * POINTS_PER_MM;
                *y += down * POINTS_PER_MM;
            }
            Mark::Watermark { .. } => {}
        }
    }
}
