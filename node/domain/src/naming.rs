//! Names and short texts, as people and peers give them.

use crate::{Rejection, codes};

/// The longest name of an operator, a department or a window, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 100;

/// Whether a character can't be seen, or turns the writing round: two names that look alike would be two people.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

/// How much is kept of the code of a peer's refusal, in characters.
const REFUSAL_CODE_CHARS_MAX: usize = 60;
/// How much of its text.
const REFUSAL_TEXT_CHARS_MAX: usize = 500;

/// What is kept of a peer's refusal: of code and text what can be seen, to a length.
pub(crate) fn kept_refusal((code, text): &(String, String)) -> (String, String) {
    let kept = |text: &str, chars_max| text.chars().filter(|c| !is_unseen(*c)).take(chars_max).collect();
    (kept(code, REFUSAL_CODE_CHARS_MAX), kept(text, REFUSAL_TEXT_CHARS_MAX))
}

/// Whether a text has one character to so many, each of which can be seen.
pub(crate) fn is_line(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.chars().count()) && !text.chars().any(is_unseen)
}

/// A name of an operator, a department or a window, trimmed.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if !is_line(text, NAME_CHARS_MAX) || text == "system" {
        let (en, zh) = ("a name has 1 to 100 characters that can be seen", "名称为 1 至 100 个可见字符");
        return Err(Rejection::new(codes::INVALID_FIELD, en, zh)
            .field(field, text)
            .remedy("give a name; system is the node itself", "填写名称；system 是节点自身的保留名"));
    }
    Ok(text.to_owned())
}
