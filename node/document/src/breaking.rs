//! Lines: where a text may be broken by the rules for Chinese (禁则; UAX 14, strict), and how full they are.

use std::collections::BTreeSet;

use icu_segmenter::LineSegmenter;
use icu_segmenter::options::{LineBreakOptions, LineBreakStrictness};

use crate::font::Shaped;

/// The largest gap in em that is spread over a full line.
const SPREAD_EM_MAX: f32 = 3.0;

/// A line of a paragraph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) shaped: Shaped,
    /// Points added after each sign, so that full lines end at the margin.
    pub(crate) gap: f32,
}

/// Breaks a text into lines of `width` points, the first shorter by `indent`.
pub(crate) fn lines(shaped: &Shaped, size: f32, indent: f32, width: f32) -> Vec<Line> {
    let mut options = LineBreakOptions::default();
    options.strictness = Some(LineBreakStrictness::Strict);
    let segmenter = LineSegmenter::new_for_non_complex_scripts(options);
    let may: BTreeSet<usize> = segmenter.segment_str(&shaped.text).collect();
    let is_blank = |place: usize| {
        let range = shaped.glyphs[place].range.clone();
        shaped.text[range].chars().all(char::is_whitespace)
    };
    let mut lines = Vec::new();
    let mut from = 0;
    let count = shaped.glyphs.len();
    while from < count {
        let room = if lines.is_empty() { width - indent } else { width };
        let (mut used, mut end, mut chance) = (0.0, from, None);
        while end < count {
            let advance = shaped.glyphs[end].advance * size;
            // Spaces hang over the margin; a hundredth of a point is rounding.
            if used + advance > room + 0.01 && !is_blank(end) {
                break;
            }
            used += advance;
            end += 1;
            if shaped.glyphs.get(end).is_some_and(|glyph| may.contains(&glyph.range.start)) {
                chance = Some(end);
            }
        }
        if end < count {
            // A word longer than a line is broken where the line ends.
            end = chance.unwrap_or(end).max(from + 1);
        }
        let mut visible = end;
        while visible > from + 1 && is_blank(visible - 1) {
            visible -= 1;
        }
        let line = shaped.part(from..visible);
        let slack = room - line.width() * size;
        let gaps = line.glyphs.len().saturating_sub(1);
        let spread = end < count && gaps > 0 && slack > 0.0 && slack < SPREAD_EM_MAX * size;
        #[expect(clippy::cast_precision_loss, reason = "a line has some dozens of signs")]
        let gap = if spread { slack / gaps as f32 } else { 0.0 };
        lines.push(Line { shaped: line, gap });
        from = end;
        while from < count && is_blank(from) {
            from += 1;
        }
    }
    lines
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::font::{Fonts, Role};

    fn broken(text: &str, characters: f32) -> Vec<String> {
        let fonts = Fonts::new([]).unwrap();
        let shaped = fonts.shape(Role::Body, text, &mut BTreeSet::new());
        lines(&shaped, 10.0, 0.0, characters * 10.0).into_iter().map(|line| line.shaped.text).collect()
    }

    #[test]
    fn no_line_begins_with_what_closes_or_ends_with_what_opens() {
        for (width, text, expected) in [
            (6.0, "依法受理申请，并告知。", vec!["依法受理申", "请，并告知。"]),
            (6.0, "依法受理申请。", vec!["依法受理申", "请。"]),
            (4.0, "本机关《行政许可法》", vec!["本机关", "《行政许", "可法》"]),
            (5.0, "编号 ABCDEFG 的件", vec!["编号", "ABCDEFG", "的件"]),
        ] {
            assert_eq!(broken(text, width + 0.01), expected, "{text}");
        }
    }

    #[test]
    fn every_rule_holds_for_every_width() {
        let text = "《中华人民共和国行政许可法》（2019年修正）第三十二条：申请材料不齐全的，应当“一次告知”申请人；逾期不告知的，视为受理。！？、";
        for width in 8..40u8 {
            let lines = broken(text, f32::from(width));
            assert_eq!(lines.concat(), text, "width {width}: nothing is lost");
            for line in &lines {
                let (first, last) = (line.chars().next().unwrap(), line.chars().last().unwrap());
                assert!(!"，。、；：！？）》”".contains(first), "width {width}: {line} begins with {first}");
                assert!(!"（《“".contains(last), "width {width}: {line} ends with {last}");
            }
        }
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_and_full_lines_reach_the_margin() {
        let word = "1".repeat(100);
        assert_eq!(broken(&word, 10.0).concat(), word);
        let fonts = Fonts::new([]).unwrap();
        let shaped = fonts.shape(Role::Body, &"受理ab".repeat(20), &mut BTreeSet::new());
        let lines = lines(&shaped, 10.0, 20.0, 200.0);
        for line in &lines[1..lines.len() - 1] {
            let gaps = f32::from(u16::try_from(line.shaped.glyphs.len() - 1).unwrap());
            let width = line.shaped.width() * 10.0 + line.gap * gaps;
            assert!((width - 200.0).abs() < 0.1, "{width}");
        }
        assert_eq!(lines.last().unwrap().gap, 0.0);
    }
}
