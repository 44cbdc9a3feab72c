//! Measures of a page: where text may stand and how large it is.

use serde::Deserialize;

/// Points of a millimetre.
pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;

/// On what a document is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A4 by the measures of GB/T 9704.
    A4,
    /// The roll of a slip printer, as long as the content.
    Slip,
    /// Values alone, onto a form that is printed already.
    PrePrinted,
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 3] = [Form::A4, Form::Slip, Form::PrePrinted];

    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::A4 => "a4",
            Form::Slip => "slip",
            Form::PrePrinted => "pre-printed",
        }
    }
}

impl std::str::FromStr for Form {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|form| form.name() == text)
            .ok_or_else(|| format!("{text} is no form; forms are a4, slip and pre-printed"))
    }
}

/// Measures of one kind of page.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measures {
    /// Millimetres.
    pub(crate) width: f32,
    /// Millimetres; as long as the content where it is 0.
    pub(crate) height: f32,
    pub(crate) top: f32,
    pub(crate) bottom: f32,
    pub(crate) left: f32,
    pub(crate) right: f32,
    /// Characters of a full line of the body.
    pub(crate) characters: f32,
    /// Millimetres from line to line of the body.
    pub(crate) pitch: f32,
    /// Points.
    pub(crate) title: f32,
    /// Points of the number, the foot and the notes.
    pub(crate) note: f32,
    /// Points of the page number; none where it is 0.
    pub(crate) folio: f32,
    /// Millimetres of a side of the QR code.
    pub(crate) qr: f32,
    /// Characters by which a paragraph is indented.
    pub(crate) indent: f32,
    /// Millimetres left for the seal above the authority's name.
    pub(crate) seal: f32,
}

/// The measures of a node's pages.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Layout {
    pub(crate) a4: Measures,
    pub(crate) slip: Measures,
}

impl Measures {
    /// Points of a line's width.
    pub(crate) fn line(&self) -> f32 {
        (self.width - self.left - self.right) * POINTS_PER_MM
    }

    /// Points of a character of the body: so many fill a line.
    pub(crate) fn body(&self) -> f32 {
        self.line() / self.characters
    }

    /// What is wrong with the measures, if something is.
    pub(crate) fn fault(&self) -> Option<String> {
        let numbers = [
            ("width", self.width, 30.0, 2000.0),
            ("height", self.height, 0.0, 2000.0),
            ("top", self.top, 0.0, 500.0),
            ("bottom", self.bottom, 0.0, 500.0),
            ("left", self.left, 0.0, 500.0),
            ("right", self.right, 0.0, 500.0),
            ("characters", self.characters, 8.0, 200.0),
            ("pitch", self.pitch, 2.0, 50.0),
            ("title", self.title, 5.0, 72.0),
            ("note", self.note, 4.0, 36.0),
            ("folio", self.folio, 0.0, 36.0),
            ("qr", self.qr, 10.0, 100.0),
            ("indent", self.indent, 0.0, 8.0),
            ("seal", self.seal, 0.0, 60.0),
        ];
        for (name, value, low, high) in numbers {
            if !(low..=high).contains(&value) {
                return Some(format!("{name} = {value}: it is {low} to {high}"));
            }
        }
        if self.width - self.left - self.right < 20.0 {
            return Some("left and right leave less than 20 mm for text".to_owned());
        }
        if self.height > 0.0 && self.height - self.top - self.bottom < self.pitch * 10.0 {
            return Some("top and bottom leave less than ten lines for text".to_owned());
        }
        None
    }
}
