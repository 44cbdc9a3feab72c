//! What a file is, judged by its bytes: exports carry the wrong ending often enough.

use crate::cli::failure::Failure;
use crate::cli::text::sheet::FILE_KIND;

/// A kind of file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Office Open XML (ECMA-376), `.xlsx` and `.xlsm`.
    Xlsx,
    /// BIFF in a compound file (MS-XLS), `.xls` and the `.et` of WPS; an encrypted `.xlsx` has this form too.
    Xls,
    /// JSON (RFC 8259).
    Json,
    /// Lines of fields: CSV (RFC 4180), or tabs or semicolons between.
    Text,
}

impl Kind {
    /// Name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Json => "json",
            Self::Text => "csv",
        }
    }

    /// The kind of a file.
    ///
    /// # Errors
    /// `file-kind` for what is none of them, with the name of what it is where that can be told.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, Failure> {
        let refused = |what: &str| Err(Failure::of(&FILE_KIND, what, &[what]));
        if bytes.starts_with(b"PK\x03\x04") {
            let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            return if holds(b"xl/workbook.bin") {
                refused(".xlsb")
            } else if holds(b"xl/workbook.xml") {
                Ok(Self::Xlsx)
            } else if holds(b"application/vnd.oasis.opendocument") {
                refused("OpenDocument (.ods)")
            } else {
                refused("ZIP")
            };
        }
        if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Ok(Self::Xls);
        }
        if bytes.starts_with(b"%PDF") {
            return refused("PDF");
        }
        let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        match start.first() {
            Some(b'[' | b'{') => Ok(Self::Json),
            // Many systems call an HTML page or an XML table ".xls".
            Some(b'<') => refused("HTML / XML"),
            _ => Ok(Self::Text),
        }
    }
}
