//! Values that come one a line.

use std::io::BufRead;

use super::failure::Failure;
use super::text::FILE_UNREADABLE;

/// The most bytes of a line that are kept; no value is as long, so a longer one is judged by its start.
const LINE_BYTES_MAX: usize = 16 << 10;

/// Calls `each` with every line, without its end and without a byte order mark.
///
/// A byte that is no UTF-8 becomes U+FFFD, which no code has. Memory is bounded however long a line is.
pub(crate) fn each_line(
    mut input: impl BufRead,
    mut each: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut line: Vec<u8> = Vec::new();
    let mut begun = false;
    let mut first = true;
    let mut emit = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\r').unwrap_or(&text);
        let text = if first { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        first = false;
        let done = each(text);
        line.clear();
        done
    };
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::of(&FILE_UNREADABLE, "-", &[&error.to_string()])),
        };
        if buffer.is_empty() {
            return if begun { emit(&mut line) } else { Ok(()) };
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        line.extend_from_slice(&part[..part.len().min(LINE_BYTES_MAX - line.len())]);
        let used = part.len() + usize::from(end.is_some());
        begun = end.is_none();
        input.consume(used);
        if end.is_some() {
            emit(&mut line)?;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn lines_of_every_kind() {
        let lines = |bytes: &[u8]| {
            let mut found = Vec::new();
            let small = std::io::BufReader::with_capacity(3, bytes);
            each_line(small, |line| {
                found.push(line.to_owned());
                Ok(())
            })
            .unwrap();
            found
        };
        assert_eq!(lines(b""), Vec::<String>::new());
        assert_eq!(lines(b"a\n"), ["a"]);
        assert_eq!(lines(b"\xef\xbb\xbfa\r\n\nb"), ["a", "", "b"]);
        assert_eq!(lines(b"\xff\n"), ["\u{fffd}"]);
        let long = [vec![b'x'; LINE_BYTES_MAX + 9], b"\ny".to_vec()].concat();
        assert_eq!(lines(&long).iter().map(String::len).collect::<Vec<_>>(), [LINE_BYTES_MAX, 1]);
    }
}
