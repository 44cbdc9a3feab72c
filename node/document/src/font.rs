//! Fonts: the one that is shipped, those that the hall adds, and which of them draws which sign.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use krilla::Data;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

/// Noto Serif CJK SC, cut down by `fonts/subset.py`; see `fonts/OFL.txt`.
static SHIPPED: &[u8] = include_bytes!("../fonts/tongban-serif.otf");

/// What stands where no font has the sign: the printers' mark for a missing type.
const MISSING_MARK: char = '〓';

/// The largest font file, in bytes: the largest free ones of GB 18030-2022 have about 60 MB.
pub const FONT_BYTES_MAX: usize = 128 << 20;

/// What a font is for (GB/T 9704-2012, 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// 标题: 小标宋.
    Title,
    /// 正文: 仿宋.
    Body,
    /// Any other: for signs that neither of the two nor the shipped one has.
    Further,
}

impl Role {
    /// The role that a file has by its name without extension: `title`, `body`, or any other.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        match name {
            "title" => Role::Title,
            "body" => Role::Body,
            _ => Role::Further,
        }
    }
}

/// A file that is no font that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} is no OpenType or TrueType font that can be embedded")]
pub struct FontError {
    /// The file.
    pub file: String,
}

#[derive(Clone)]
struct Face {
    /// None of the shipped one.
    added: Option<Arc<Vec<u8>>>,
    font: krilla::text::Font,
    role: Role,
}

impl Face {
    fn bytes(&self) -> &[u8] {
        self.added.as_ref().map_or(SHIPPED, |bytes| bytes.as_slice())
    }
}

/// Whether a sign stands for nothing to be seen where no font draws it: joiners, directions, variation selectors, byte order marks (the
/// property `Default_Ignorable_Code_Point` of Unicode 16), and what is no character at all.
fn is_ignorable(sign: char) -> bool {
    matches!(u32::from(sign),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e
        | 0x2060..=0x206f | 0x3164 | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a | 0xe_0000..=0xe_0fff)
        || u32::from(sign) & 0xfffe == 0xfffe
}

/// The fonts of a node.
#[derive(Clone)]
pub struct Fonts {
    faces: Vec<Face>,
}

/// A sign as a face draws it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) face: usize,
    pub(crate) id: u32,
    /// Bytes of the text that it stands for.
    pub(crate) range: Range<usize>,
    /// Width in em.
    pub(crate) advance: f32,
}

/// A text with its glyphs, one for each character.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shaped {
    pub(crate) text: String,
    pub(crate) glyphs: Vec<Glyph>,
}

impl Fonts {
    /// The shipped font, and those that the hall adds: name of the file without extension, and its bytes.
    ///
    /// Of the hall's fonts the one of a text's role is tried first, then the shipped one, then the rest in order of names.
    ///
    /// # Errors
    /// [`FontError`] of a file that is no font.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, FontError> {
        let mut faces = Vec::new();
        for (name, bytes) in files {
            let bytes = Arc::new(bytes);
            let unusable = || FontError { file: name.clone() };
            FontRef::from_index(&bytes, 0).map_err(|_| unusable())?;
            let font = krilla::text::Font::new(Data::from(Arc::clone(&bytes)), 0).ok_or_else(unusable)?;
            faces.push(Face { added: Some(bytes), font, role: Role::of_name(&name) });
        }
        let shipped = FontError { file: "tongban-serif.otf".to_owned() };
        let font = krilla::text::Font::new(Data::from(SHIPPED), 0).ok_or(shipped)?;
        faces.push(Face { added: None, font, role: Role::Further });
        Ok(Self { faces })
    }

    pub(crate) fn face(&self, number: usize) -> &krilla::text::Font {
        &self.faces[number].font
    }

    /// Whether the face was added by the hall; the shipped one has no bolder sister and is thickened for titles.
    pub(crate) fn is_shipped(&self, number: usize) -> bool {
        self.faces[number].added.is_none()
    }

    /// The places of the faces in the order in which they are tried for a role.
    fn order(&self, role: Role) -> Vec<usize> {
        let all = || 0..self.faces.len();
        let own = all().filter(|place| role != Role::Further && self.faces[*place].role == role);
        // A title without a font of its own is set in the body's.
        let body = all().filter(|place| role == Role::Title && self.faces[*place].role == Role::Body);
        let shipped = all().filter(|place| self.faces[*place].added.is_none());
        let mut order: Vec<usize> = own.chain(body).chain(shipped).collect();
        order.extend(
            all().filter(|place| self.faces[*place].role == Role::Further && self.faces[*place].added.is_some()),
        );
        order
    }

    /// Finds a glyph for each character; what no font has is marked and noted in `missing`.
    pub(crate) fn shape(&self, role: Role, text: &str, missing: &mut BTreeSet<char>) -> Shaped {
        // A control character draws nothing, and a tab is a space on paper.
        let seen = text.chars().filter(|sign| !is_ignorable(*sign));
        let text: String = seen.map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
        let faces: Vec<(usize, FontRef<'_>)> = self
            .order(role)
            .into_iter()
            .filter_map(|place| Some((place, FontRef::from_index(self.faces[place].bytes(), 0).ok()?)))
            .collect();
        let found = |sign: char| {
            faces.iter().find_map(|(place, font)| {
                let id = font.charmap().map(sign).filter(|id| id.to_u32() != 0)?;
                let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
                let em = f32::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
                Some((*place, id.to_u32(), metrics.advance_width(id).unwrap_or(em) / em))
            })
        };
        let mut glyphs = Vec::new();
        for (at, sign) in text.char_indices() {
            let glyph = found(sign).or_else(|| {
                missing.insert(sign);
                found(MISSING_MARK)
            });
            // The shipped font has the mark.
            let (face, id, advance) = glyph.unwrap_or((self.faces.len() - 1, 0, 1.0));
            glyphs.push(Glyph { face, id, range: at..at + sign.len_utf8(), advance });
        }
        Shaped { text, glyphs }
    }
}

impl Shaped {
    /// The width in em.
    pub(crate) fn width(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.advance).sum()
    }

    /// A part of it with text and ranges of its own.
    pub(crate) fn part(&self, glyphs: Range<usize>) -> Shaped {
        let glyphs = &self.glyphs[glyphs];
        let from = glyphs.first().map_or(0, |glyph| glyph.range.start);
        let to = glyphs.last().map_or(from, |glyph| glyph.range.end);
        let moved = |glyph: &Glyph| Glyph { range: glyph.range.start - from..glyph.range.end - from, ..glyph.clone() };
        Shaped { text: self.text[from..to].to_owned(), glyphs: glyphs.iter().map(moved).collect() }
    }
}
