//! What the operating system and the libraries say about bad input: plainer in English, and in Chinese.
//!
//! Whoever reads a text of the product in one language reads no other in the middle of it. What isn't known here stays as it was said.

use std::borrow::Cow;

/// Errors of the operating system by their number (`errno` of Linux): what they are said to be.
const SYSTEM: &[(u16, &str, &str)] = &[
    (1, "it is not permitted", "不允许该操作"),
    (2, "there is no such file or directory", "没有该文件或目录"),
    (13, "permission is denied", "没有权限"),
    (17, "it exists already", "已存在"),
    (20, "a part of the path is a file, not a directory", "路径中有一段是文件而不是目录"),
    (21, "it is a directory", "这是一个目录"),
    (28, "the disk is full", "磁盘已满"),
    (30, "the file system is read-only", "文件系统只读"),
    (36, "the name is too long", "名称过长"),
    (98, "the address is in use", "地址已被占用"),
    (99, "this machine has no such address", "本机没有该地址"),
    (111, "nobody answers there", "对方没有应答"),
];

/// What readers of values say whole: as it is said here, and in Chinese.
const WHOLE: &[(&str, &str, &str)] = &[
    ("invalid digit found in string", "a whole number is needed", "应为整数"),
    ("cannot parse integer from empty string", "a whole number is needed", "应为整数"),
    ("number too large to fit in target type", "the number is too large", "数值过大"),
    ("number too small to fit in target type", "the number is too small", "数值过小"),
    ("stream did not contain valid UTF-8", "it is not text in UTF-8", "不是 UTF-8 文本"),
    ("invalid socket address syntax", "it is written ADDRESS:PORT, as 0.0.0.0:7511", "写作 地址:端口，如 0.0.0.0:7511"),
    ("duplicate key", "the key is there twice", "同一配置项出现两次"),
    (
        "string values must be quoted, expected literal string",
        "a text stands in quotes, and none is there",
        "值应写在引号内，此处没有",
    ),
    ("extra `=`, expected nothing", "there is an = too many", "多出“=”"),
];

/// What a reader expected, and in Chinese.
const EXPECTED: &[(&str, &str)] = &[
    ("a string", "文字"),
    ("a borrowed string", "文字"),
    ("a boolean", "true 或 false"),
    ("a sequence", "列表"),
    ("a map", "对象"),
    ("u8", "0 至 255 的整数"),
    ("u16", "0 至 65535 的整数"),
    ("u32", "0 至 4294967295 的整数"),
    ("u64", "不小于 0 的整数"),
    ("usize", "不小于 0 的整数"),
    ("i64", "整数"),
    ("f32", "数"),
    ("f64", "数"),
    ("socket address", "地址:端口"),
];

fn system(said: &str) -> Option<&'static (u16, &'static str, &'static str)> {
    let number = said.strip_suffix(')')?.rsplit_once(" (os error ")?.1.parse::<u16>().ok()?;
    SYSTEM.iter().find(|(known, ..)| *known == number)
}

fn range(said: &str) -> Option<(&str, &str)> {
    said.split_once(" is not in ")?.1.split_once("..=")
}

/// The same in English, plainer where it is known.
pub(crate) fn en(said: &str) -> Cow<'_, str> {
    if let Some((_, en, _)) = system(said) {
        return Cow::Borrowed(en);
    }
    if let Some((least, most)) = range(said) {
        return Cow::Owned(format!("it is {least} to {most}"));
    }
    let known = WHOLE.iter().find(|(known, ..)| *known == said);
    known.map_or(Cow::Borrowed(said), |(_, en, _)| Cow::Borrowed(en))
}

/// The same in Chinese where it is known.
pub(crate) fn zh(said: &str) -> Cow<'_, str> {
    if let Some((.., zh)) = system(said) {
        return Cow::Borrowed(zh);
    }
    if let Some((least, most)) = range(said) {
        return Cow::Owned(format!("应为 {least} 至 {most}"));
    }
    if let Some((.., zh)) = WHOLE.iter().find(|(known, ..)| *known == said) {
        return Cow::Borrowed(zh);
    }
    unread(said).map_or(Cow::Borrowed(said), Cow::Owned)
}

/// Why a value, a body or a query could not be read, with its place where one is named.
fn unread(said: &str) -> Option<String> {
    let (what, place) = match said.rsplit_once(" at line ") {
        Some((what, place)) => (what, place.split_once(" column ")),
        None => (said, None),
    };
    let at = place.map(|(line, column)| format!("（第 {line} 行第 {column} 列）")).unwrap_or_default();
    let quoted = what.split('`').nth(1).unwrap_or_default();
    let expected = what.rsplit_once(", expected ").map(|(_, expected)| expected).unwrap_or_default();
    let among = || expected.trim_start_matches("one of ").replace(" or ", ", ").replace('`', "");
    let of = |begins: &str| what.starts_with(begins);
    let zh = if of("unknown field") {
        format!("没有字段 {quoted}，可用字段：{}", among())
    } else if of("unknown variant") {
        format!("没有 {quoted}，可用：{}", among())
    } else if of("missing field") {
        format!("缺少字段 {quoted}")
    } else if of("duplicate field") {
        format!("字段 {quoted} 重复")
    } else if of("invalid type") || of("invalid value") {
        let known = EXPECTED.iter().find(|(known, _)| *known == expected).map(|(_, zh)| *zh);
        let known = known.or_else(|| expected.starts_with("struct ").then_some("对象"));
        format!("值的类型不符，应为 {}", known.unwrap_or(expected))
    } else if of("EOF") {
        "内容不完整".to_owned()
    } else if of("expected value") || of("expected ident") || of("key must be") || of("trailing") {
        "不是 JSON".to_owned()
    } else if of("recursion limit") {
        "嵌套过深".to_owned()
    } else if of("invalid unicode") || of("unexpected end of hex") || of("lone leading surrogate") {
        "文字不是有效的 Unicode".to_owned()
    } else if of("not a valid date or time") {
        "不是有效的日期时间，日期写作 YYYY-MM-DD".to_owned()
    } else if of("not a valid division code") {
        "不是有效的行政区划代码".to_owned()
    } else if let Some((value, rest)) = what.split_once(" is no value of ") {
        let (list, values) = rest.split_once("; values are ")?;
        format!("{value} 不是“{list}”的值，可用：{}", values.trim_end_matches("; ").replace("; ", "、"))
    } else {
        return None;
    };
    Some(zh + &at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_said_in_both_languages() {
        for (said, plain, chinese) in [
            ("No such file or directory (os error 2)", "there is no such file or directory", "没有该文件或目录"),
            ("Is a directory (os error 21)", "it is a directory", "这是一个目录"),
            ("Strange (os error 250)", "Strange (os error 250)", "Strange (os error 250)"),
            ("70000 is not in 0..=65535", "it is 0 to 65535", "应为 0 至 65535"),
            ("invalid digit found in string", "a whole number is needed", "应为整数"),
            ("something else", "something else", "something else"),
        ] {
            assert_eq!((en(said).as_ref(), zh(said).as_ref()), (plain, chinese));
        }
    }

    #[test]
    fn what_a_reader_says_is_said_in_chinese() {
        for (said, chinese) in [
            (
                "unknown field `colour`, expected one of `item`, `name` at line 1 column 9",
                "没有字段 colour，可用字段：item, name（第 1 行第 9 列）",
            ),
            ("unknown field `colour`, expected `case` or `limit`", "没有字段 colour，可用字段：case, limit"),
            ("missing field `division` at line 1 column 25", "缺少字段 division（第 1 行第 25 列）"),
            (
                "invalid type: integer `1`, expected a string at line 1 column 9",
                "值的类型不符，应为 文字（第 1 行第 9 列）",
            ),
            (
                "invalid value: integer `-1`, expected u16 at line 1 column 99",
                "值的类型不符，应为 0 至 65535 的整数（第 1 行第 99 列）",
            ),
            ("EOF while parsing an object at line 1 column 12", "内容不完整（第 1 行第 12 列）"),
            ("law is no value of 标准; values are a 甲; b 乙", "law 不是“标准”的值，可用：a 甲、b 乙"),
        ] {
            assert_eq!(zh(said), chinese);
        }
    }
}
