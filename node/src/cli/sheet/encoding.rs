//! The encoding of a text file: UTF-8, else UTF-16 with its mark, else GB18030.

use std::borrow::Cow;

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

use crate::cli::failure::Failure;
use crate::cli::text::sheet::TEXT_ENCODING;

/// An encoding that a text was read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8, with or without its mark.
    Utf8,
    /// UTF-16, as spreadsheets write "Unicode text".
    Utf16,
    /// GB18030 (GB 18030-2022), and with it GBK and GB 2312.
    Gb18030,
}

impl Encoding {
    /// Name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Gb18030 => "GB18030",
        }
    }
}

/// How many good characters beyond ASCII a bad byte may have beside it before the text counts as damaged UTF-8.
const GOOD_PER_BAD: usize = 10;

/// Reads a text, or says which line can't be read.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), Failure> {
    for (mark, encoding) in [(b"\xff\xfe", UTF_16LE), (b"\xfe\xff", UTF_16BE)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            let text = encoding.decode_without_bom_handling_and_without_replacement(rest);
            return text.map(|text| (text, Encoding::Utf16)).ok_or_else(|| unreadable(1));
        }
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok((Cow::Borrowed(text), Encoding::Utf8)),
        Err(error) => error,
    };
    let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad * GOOD_PER_BAD {
        return Err(unreadable(line));
    }
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(|text| (text, Encoding::Gb18030)).ok_or_else(|| unreadable(line))
}

fn unreadable(line: usize) -> Failure {
    Failure::of(&TEXT_ENCODING, line.to_string(), &[&line.to_string()])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let text = "部门,名称\n区卫健局,公共场所卫生许可延续\n";
        let (gb, _, lost) = GB18030.encode(text);
        assert!(!lost);
        let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for (name, bytes, encoding) in [
            ("plain", text.as_bytes().to_vec(), Encoding::Utf8),
            ("marked", [b"\xef\xbb\xbf", text.as_bytes()].concat(), Encoding::Utf8),
            ("GB18030", gb.to_vec(), Encoding::Gb18030),
            ("little", [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(), Encoding::Utf16),
            ("big", [b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(), Encoding::Utf16),
        ] {
            let (read, found) = decode(&bytes).unwrap();
            assert_eq!((read.as_ref(), found), (text, encoding), "{name}");
        }
        // Rare characters of names lie beyond GBK: 䶮 and a character of plane 2.
        let rare = "姓名\n王䶮𠮷\n";
        let (bytes, _, _) = GB18030.encode(rare);
        assert_eq!(decode(&bytes).unwrap().0, rare);
    }

    #[test]
    fn a_damaged_text_names_its_line() {
        let mut bytes = "部门,名称,编码,区划\n区卫健局,公共场所卫生许可\n".as_bytes().to_vec();
        bytes.extend(b"\xe5\x8c,x\n");
        assert_eq!(decode(&bytes).unwrap_err().problem.value, "3");
        assert_eq!(decode(b"a\n\xff\xff\xff\n").unwrap_err().problem.value, "2");
    }
}
