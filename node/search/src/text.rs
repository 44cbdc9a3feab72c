//! Letters: what is left of a text when width, case, punctuation and space don't count.

/// Whether a character is a Chinese sign.
#[must_use]
pub(crate) fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

/// A character of half width and lower case.
fn fold(letter: char) -> char {
    let half = match letter {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        other => other,
    };
    half.to_ascii_lowercase()
}

/// A text of half width and lower case.
#[must_use]
pub(crate) fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Signs, letters and digits of a text, folded.
#[must_use]
pub(crate) fn letters(text: &str) -> Vec<char> {
    text.chars().map(fold).filter(|letter| is_han(*letter) || letter.is_ascii_alphanumeric()).collect()
}

/// The two ways to read a name: with what stands in brackets, and without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forms {
    /// All letters.
    pub(crate) whole: Vec<char>,
    /// The letters outside brackets; the same as `whole` where there are no others.
    pub(crate) bare: Vec<char>,
}

impl Forms {
    /// The forms of a name.
    pub(crate) fn of(name: &str) -> Self {
        let whole = letters(name);
        let mut depth = 0_usize;
        let outside: String = folded(name)
            .chars()
            .filter(|letter| {
                match letter {
                    '(' | '[' => depth += 1,
                    ')' | ']' => depth = depth.saturating_sub(1),
                    _ => return depth == 0,
                }
                false
            })
            .collect();
        let bare = letters(&outside);
        Self { bare: if bare.is_empty() { whole.clone() } else { bare }, whole }
    }

    /// Both forms, or one when they are the same.
    pub(crate) fn each(&self) -> impl Iterator<Item = &[char]> {
        let bare = (self.bare != self.whole).then_some(self.bare.as_slice());
        std::iter::once(self.whole.as_slice()).chain(bare)
    }
}

/// A department's name without the place before it: 区残联 and 省残联 are 残联.
#[must_use]
pub(crate) fn department(name: &str) -> String {
    /// Words that begin or end with a sign for a place and name none.
    const NO_PLACE: [&str; 7] = ["市场", "市政", "市容", "城市", "社区", "县域", "区域"];
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate().take(7) {
        if !matches!(letter, '区' | '县' | '市' | '省' | '州' | '旗' | '镇' | '乡') {
            continue;
        }
        let word = |from: usize| letters.get(from..from + 2).map(|two| two.iter().collect::<String>());
        let is_word = |from: usize| word(from).is_some_and(|word| NO_PLACE.contains(&word.as_str()));
        if is_word(index) || index > 0 && is_word(index - 1) {
            return name.to_owned();
        }
        let rest: String = letters[index + 1..].iter().collect();
        // 广州市天河区…: the place may have several parts.
        if index != 1 && rest.chars().count() >= 2 {
            return if rest.chars().count() > 4 { department(&rest) } else { rest };
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_marks_do_not_count() {
        assert_eq!(letters("ＫＴＶ《营业性 演出》（A）"), "ktv营业性演出a".chars().collect::<Vec<_>>());
    }

    #[test]
    fn brackets_may_be_left_out() {
        let forms = Forms::of("食品(含保健食品)经营许可（县级）");
        assert_eq!(forms.bare.iter().collect::<String>(), "食品经营许可");
        assert_eq!(forms.whole.iter().collect::<String>(), "食品含保健食品经营许可县级");
        assert_eq!(Forms::of("（全）").bare, vec!['全']);
    }

    #[test]
    fn a_department_is_named_without_its_place() {
        for (name, bare) in [
            ("区残联", "残联"),
            ("区市监局", "市监局"),
            ("市市监局", "市监局"),
            ("广安区税务局", "税务局"),
            ("广东省市场监督管理局", "市场监督管理局"),
            ("市场监督管理局", "市场监督管理局"),
            ("广州市城市管理局", "城市管理局"),
            ("广州市天河区民政局", "民政局"),
            ("行政审批局", "行政审批局"),
        ] {
            assert_eq!(department(name), bare, "{name}");
        }
    }
}
