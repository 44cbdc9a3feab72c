//! Drawing: pages to PDF/A-2u, the same bytes for the same pages.

use krilla::color::luma;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::compose::{Ink, Mark, Page};
use crate::font::{Fonts, Shaped};
use crate::{Moment, RenderError};

/// Modules of white around a QR code (ISO/IEC 18004).
const QUIET_MODULES: i32 = 4;

/// What is told about a document beside its pages.
pub(crate) struct About {
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) subject: String,
    pub(crate) at: Moment,
}

fn fault(reason: impl std::fmt::Debug) -> RenderError {
    RenderError::Fault(format!("{reason:?}"))
}

pub(crate) fn draw(pages: &[Page], fonts: &Fonts, about: About) -> Result<Vec<u8>, RenderError> {
    let archival = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U).finish().map_err(fault)?;
    let mut document =
        Document::new_with(SerializeSettings { configuration: archival, ..SerializeSettings::default() });
    for page in pages {
        let settings = PageSettings::from_wh(page.width, page.height).ok_or_else(|| fault("a page without size"))?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        for mark in &page.marks {
            match mark {
                Mark::Text { x, y, size, ink, bold, gap, shaped } => {
                    text(&mut surface, fonts, shaped, (*x, *y), *size, (*ink, *bold), *gap);
                }
                Mark::Qr { x, y, side, text } => qr(&mut surface, text, (*x, *y), *side)?,
                Mark::Watermark { shaped } => watermark(&mut surface, fonts, shaped, page),
            }
        }
        surface.finish();
        sheet.finish();
    }
    let at = about.at;
    let moment = DateTime::new(at.year).month(at.month).day(at.day).hour(at.hour).minute(at.minute).second(at.second);
    let metadata = Metadata::new()
        .title(about.title)
        .authors(vec![about.author])
        .description(about.subject)
        .creator("tongban".to_owned())
        .producer("tongban".to_owned())
        .language("zh-CN".to_owned())
        .creation_date(moment.utc_offset_hour(8).utc_offset_minute(0));
    document.set_metadata(metadata);
    document.finish().map_err(fault)
}

fn shade(level: u8) -> Fill {
    Fill { paint: luma::Color::new(level).into(), opacity: NormalizedF32::ONE, rule: FillRule::default() }
}

fn text(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    shaped: &Shaped,
    (x, y): (f32, f32),
    size: f32,
    (ink, bold): (Ink, bool),
    gap: f32,
) {
    let level = match ink {
        Ink::Black => 0,
        Ink::Grey => 90,
        Ink::Light => 170,
    };
    let mut x = x;
    let mut rest: &[crate::font::Glyph] = &shaped.glyphs;
    // A run of one face at a time.
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|glyph| glyph.face == first.face).count();
        let (run, tail) = rest.split_at(count);
        let from = first.range.start;
        let to = run.last().map_or(from, |glyph| glyph.range.end);
        let advance = |glyph: &crate::font::Glyph| glyph.advance + gap / size;
        let glyphs: Vec<KrillaGlyph> = run
            .iter()
            .map(|glyph| {
                let range = glyph.range.start - from..glyph.range.end - from;
                KrillaGlyph::new(GlyphId::new(glyph.id), advance(glyph), 0.0, 0.0, 0.0, range, None)
            })
            .collect();
        surface.set_fill(Some(shade(level)));
        // The shipped font has one weight: a title is thickened by a thirtieth of its size.
        let thickened = bold && fonts.is_shipped(first.face);
        surface.set_stroke(thickened.then(|| Stroke {
            paint: luma::Color::new(level).into(),
            width: size / 30.0,
            ..Stroke::default()
        }));
        let start = Point::from_xy(x, y);
        surface.draw_glyphs(start, &glyphs, fonts.face(first.face).clone(), &shaped.text[from..to], size, false);
        x += run.iter().map(|glyph| advance(glyph) * size).sum::<f32>();
        rest = tail;
    }
    surface.set_stroke(None);
}

fn watermark(surface: &mut Surface<'_>, fonts: &Fonts, shaped: &Shaped, page: &Page) {
    let size = (page.width.min(page.height) * 0.36).min(260.0);
    let (x, y) = (page.width / 2.0, page.height / 2.0);
    surface.push_transform(&Transform::from_translate(x, y));
    surface.push_transform(&Transform::from_rotate(-30.0));
    let start = Point::from_xy(-shaped.width() * size / 2.0, size * 0.38);
    let glyphs: Vec<KrillaGlyph> = shaped
        .glyphs
        .iter()
        .map(|glyph| KrillaGlyph::new(GlyphId::new(glyph.id), glyph.advance, 0.0, 0.0, 0.0, glyph.range.clone(), None))
        .collect();
    surface.set_fill(Some(shade(228)));
    if let Some(first) = shaped.glyphs.first() {
        surface.draw_glyphs(start, &glyphs, fonts.face(first.face).clone(), &shaped.text, size, false);
    }
    surface.pop();
    surface.pop();
}

fn qr(surface: &mut Surface<'_>, text: &str, (x, y): (f32, f32), side: f32) -> Result<(), RenderError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| RenderError::QrTooLong)?;
    let modules = code.size();
    #[expect(clippy::cast_precision_loss, reason = "a code has at most 177 modules")]
    let (unit, place) = {
        let unit = side / (modules + 2 * QUIET_MODULES) as f32;
        (unit, move |module: i32| (module + QUIET_MODULES) as f32 * unit)
    };
    let mut path = PathBuilder::new();
    for row in 0..modules {
        let mut column = 0;
        while column < modules {
            let from = column;
            while column < modules && code.get_module(column, row) {
                column += 1;
            }
            if column > from {
                let bar = Rect::from_ltrb(x + place(from), y + place(row), x + place(column), y + place(row) + unit);
                path.push_rect(bar.ok_or_else(|| fault("a QR code without size"))?);
            } else {
                column += 1;
            }
        }
    }
    let path = path.finish().ok_or_else(|| fault("an empty QR code"))?;
    surface.set_fill(Some(shade(0)));
    surface.draw_path(&path);
    Ok(())
}
