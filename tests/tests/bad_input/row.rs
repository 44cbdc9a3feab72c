//! One kind of bad input: where it is tried, how, and with what code it is refused.

/// Bytes that a row brings.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// Text, in which `{name}` stands for what the scene calls so.
    Text(&'static str),
    /// Bytes as they are.
    Bytes(&'static [u8]),
    /// Made, of the scene.
    Made(fn(&crate::Scene) -> Vec<u8>),
}

impl From<&'static str> for Content {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

impl<const N: usize> From<&'static [u8; N]> for Content {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<fn(&crate::Scene) -> Vec<u8>> for Content {
    fn from(make: fn(&crate::Scene) -> Vec<u8>) -> Self {
        Self::Made(make)
    }
}

/// What is tried.
#[derive(Clone, Copy)]
pub(crate) enum Input {
    /// A command line; words are parted by blanks, and `'…'` holds one together.
    Command {
        line: &'static str,
        /// A file beside it, `{file}` in the line.
        file: Option<(&'static str, Content)>,
        stdin: Option<Content>,
    },
    /// A request to the API: method and path, whole header lines, body.
    Request { head: &'static str, headers: &'static [&'static [u8]], body: Content },
}

/// A row of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// The verb of the command line, or method and path of the API.
    pub(crate) verb: &'static str,
    /// Why it is refused; no other row has the same cause.
    pub(crate) cause: &'static str,
    /// The node at which it is tried.
    pub(crate) at: &'static str,
    pub(crate) input: Input,
    /// How the command ends.
    pub(crate) exit: i32,
    /// The stable code.
    pub(crate) code: &'static str,
}

/// A command that is refused.
pub(crate) fn row(
    verb: &'static str,
    cause: &'static str,
    at: &'static str,
    line: &'static str,
    code: &'static str,
) -> Row {
    Row { verb, cause, at, input: Input::Command { line, file: None, stdin: None }, exit: 1, code }
}

/// A request that is refused; the verb is its method and path.
pub(crate) fn request(
    verb: &'static str,
    cause: &'static str,
    at: &'static str,
    body: impl Into<Content>,
    code: &'static str,
) -> Row {
    let headers: &[&[u8]] = if verb.starts_with("POST") { &[b"content-type: application/json"] } else { &[] };
    Row { verb, cause, at, input: Input::Request { head: verb, headers, body: body.into() }, exit: 0, code }
}

impl Row {
    /// It isn't understood: it ends with 2.
    pub(crate) fn usage(self) -> Self {
        Self { exit: 2, ..self }
    }

    /// It is answered: it ends with 0, and what is wrong is in the answer.
    pub(crate) fn answered(self) -> Self {
        Self { exit: 0, ..self }
    }

    /// Brings a file.
    pub(crate) fn file(mut self, name: &'static str, content: impl Into<Content>) -> Self {
        if let Input::Command { file, .. } = &mut self.input {
            *file = Some((name, content.into()));
        }
        self
    }

    /// Brings a file that is made of the scene.
    pub(crate) fn made(self, name: &'static str, make: fn(&crate::Scene) -> Vec<u8>) -> Self {
        self.file(name, make)
    }

    /// Brings bytes on standard input.
    pub(crate) fn piped(mut self, content: impl Into<Content>) -> Self {
        if let Input::Command { stdin, .. } = &mut self.input {
            *stdin = Some(content.into());
        }
        self
    }

    /// With these header lines instead.
    pub(crate) fn headers(mut self, lines: &'static [&'static [u8]]) -> Self {
        if let Input::Request { headers, .. } = &mut self.input {
            *headers = lines;
        }
        self
    }
}
