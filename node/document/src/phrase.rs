//! Texts with places in them: `{case_no}`, `{items.2}`, `{each}`, `{n}`.

use crate::field::{Content, Field};

/// What stands where a value is absent: room to write it by hand.
const BLANK: &str = "＿＿＿＿＿＿";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Value(Field),
    /// One of the texts of a list, from 1.
    Nth(Field, usize),
    /// The text of the present turn of `each`.
    Each,
    /// Its number.
    Turn,
}

/// A text of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phrase(Vec<Piece>);

/// What is wrong with a text of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PhraseFault {
    /// A name between braces that is no field.
    Unknown(String),
    /// A brace that isn't closed, or is closed without being opened.
    Brace,
    /// `{each}` or `{n}` outside a part that repeats.
    Each,
}

impl Phrase {
    /// Reads a text; braces are doubled to stand for themselves.
    pub(crate) fn parse(text: &str, repeats: bool) -> Result<Self, PhraseFault> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, tail) = rest[at..].split_at(1);
            if let Some(tail) = tail.strip_prefix(brace) {
                literal.push_str(brace);
                rest = tail;
                continue;
            }
            let (name, tail) = match brace {
                "{" => tail.split_once('}').ok_or(PhraseFault::Brace)?,
                _ => return Err(PhraseFault::Brace),
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Self::place(name.trim(), repeats)?);
            rest = tail;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self(pieces))
    }

    fn place(name: &str, repeats: bool) -> Result<Piece, PhraseFault> {
        match name {
            "each" | "n" if !repeats => return Err(PhraseFault::Each),
            "each" => return Ok(Piece::Each),
            "n" => return Ok(Piece::Turn),
            _ => {}
        }
        if let Some(field) = Field::named(name) {
            return Ok(Piece::Value(field));
        }
        let nth = name.split_once('.').and_then(|(list, number)| {
            let number = number.parse::<usize>().ok().filter(|number| *number > 0)?;
            Some(Piece::Nth(Field::named(list)?, number))
        });
        nth.ok_or_else(|| PhraseFault::Unknown(name.to_owned()))
    }

    /// The text with the values of a document; what is absent is left blank to be written by hand.
    pub(crate) fn fill(&self, content: &Content, each: Option<(usize, &str)>) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Value(field) => text.push_str(&content.text(*field).unwrap_or_else(|| BLANK.to_owned())),
                Piece::Nth(field, number) => {
                    let value = content.all(*field).get(number - 1);
                    text.push_str(value.map_or(BLANK, String::as_str));
                }
                Piece::Each => text.push_str(each.map_or("", |(_, value)| value)),
                Piece::Turn => text.push_str(&each.map_or_else(String::new, |(turn, _)| turn.to_string())),
            }
        }
        text
    }

    /// Whether every place has a value.
    pub(crate) fn is_filled(&self, content: &Content) -> bool {
        self.0.iter().all(|piece| match piece {
            Piece::Value(field) => content.has(*field),
            Piece::Nth(field, number) => content.all(*field).len() >= *number,
            Piece::Literal(_) | Piece::Each | Piece::Turn => true,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_blanks_stay_to_be_written_on() {
        let mut content = Content::default();
        content.set(Field::CaseNo, "甲-1");
        content.list(Field::Items, vec!["子".to_owned(), "丑".to_owned()]);
        for (text, filled) in [
            ("编号{case_no}。", "编号甲-1。"),
            ("{items}；{items.2}", "子、丑；丑"),
            ("{items.3}", BLANK),
            ("{date}", BLANK),
            ("{{case_no}}", "{case_no}"),
        ] {
            assert_eq!(Phrase::parse(text, false).unwrap().fill(&content, None), filled, "{text}");
        }
        assert_eq!(Phrase::parse("{n}.{each}", true).unwrap().fill(&content, Some((3, "寅"))), "3.寅");
    }

    #[test]
    fn what_is_no_place_is_named() {
        for (text, fault) in [
            ("{caseno}", PhraseFault::Unknown("caseno".to_owned())),
            ("{items.0}", PhraseFault::Unknown("items.0".to_owned())),
            ("{case_no", PhraseFault::Brace),
            ("case_no}", PhraseFault::Brace),
            ("{each}", PhraseFault::Each),
        ] {
            assert_eq!(Phrase::parse(text, false), Err(fault), "{text}");
        }
    }
}
