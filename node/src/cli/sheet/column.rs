//! The columns that an item file may have: their names, what they mean, and what other systems call them.

use crate::config::nearest;

/// What a column's cells hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Text as it is.
    Text,
    /// A code: digits and letters, never a number.
    Code,
    /// A whole number.
    Number,
    /// A day, as 2026-09-14.
    Day,
    /// One word of a list, or several with `^` between.
    Words(&'static [Word]),
}

/// A word of a list: what is stored, and its Chinese name.
pub(crate) type Word = (&'static str, &'static str);

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Stable name.
    pub(crate) name: &'static str,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    pub(crate) holds: Holds,
    /// Other titles: of the national table `up_task_general_basic`, and of provinces' item libraries.
    titles: &'static [&'static str],
    /// A value, for the template.
    pub(crate) example: &'static str,
}

impl Column {
    /// What a value means under its Chinese name or in a usual way of writing; others stay as they are.
    pub(super) fn stored(&self, text: &str) -> Option<String> {
        match self.holds {
            Holds::Day => day(text),
            Holds::Words(words) => {
                let part =
                    |part: &str| words.iter().find(|(_, zh)| *zh == part).map_or(part, |(stored, _)| stored).to_owned();
                let parts: Vec<String> =
                    text.split(['^', ';', '；', '、', ',', '，', '|']).map(str::trim).map(part).collect();
                Some(parts.join("^"))
            }
            Holds::Text | Holds::Code | Holds::Number => None,
        }
    }
}

/// A day written as 2026/9/14, 2026.9.14 or 2026年9月14日, as 2026-09-14.
fn day(text: &str) -> Option<String> {
    let text = text.strip_suffix(" 00:00:00").unwrap_or(text);
    let text = text.strip_suffix('日').unwrap_or(text);
    let parts: Vec<&str> = text.split(['/', '.', '-', '年', '月']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<u16>().ok()).flatten()
    };
    Some(format!("{:04}-{:02}-{:02}", number(year, 4..=4)?, number(month, 1..=2)?, number(day, 1..=2)?))
}

const TYPES: &[Word] = &[
    ("01", "行政许可"),
    ("02", "行政处罚"),
    ("03", "行政强制"),
    ("04", "行政征收"),
    ("05", "行政给付"),
    ("06", "行政检查"),
    ("07", "行政确认"),
    ("08", "行政奖励"),
    ("09", "行政裁决"),
    ("10", "其他行政权力"),
    ("20", "公共服务"),
];
const MODES: &[Word] =
    &[("online", "全程网办"), ("collect", "异地代收代办"), ("joint", "多地联办"), ("window", "本地窗口")];

/// Every column.
pub(crate) const COLUMNS: &[Column] = &[
    Column {
        name: "department",
        zh: "实施主体",
        en: "authority in charge, by name",
        holds: Holds::Text,
        titles: &["dept_name", "实施部门", "实施机关", "实施主体名称", "部门", "部门名称", "所属部门", "实施单位"],
        example: "区行政审批局",
    },
    Column {
        name: "main_item",
        zh: "主项名称",
        en: "name of the main item",
        holds: Holds::Text,
        titles: &["主项", "主项事项名称", "事项主项", "目录名称", "事项主项名称"],
        example: "公共场所卫生许可",
    },
    Column {
        name: "name",
        zh: "事项名称",
        en: "name of the item",
        holds: Holds::Text,
        titles: &["task_name", "名称", "办理项名称", "业务办理项名称", "子项名称", "实施清单名称", "政务服务事项名称"],
        example: "公共场所卫生许可延续（县级）",
    },
    Column {
        name: "local_item_code",
        zh: "实施编码",
        en: "implementation code, local or national",
        holds: Holds::Code,
        titles: &[
            "task_code",
            "local_task_code",
            "task_handle_item",
            "事项编码",
            "地方实施编码",
            "实施清单编码",
            "业务办理项编码",
            "事项实施编码",
        ],
        example: "511A0015500013-511602000000-000-115113016823646795-1-00",
    },
    Column {
        name: "division",
        zh: "区划代码",
        en: "code of the division",
        holds: Holds::Code,
        titles: &["region_code", "area_code", "行政区划", "行政区划代码", "区划", "所属区划", "区划编码"],
        example: "511602000000",
    },
    Column {
        name: "item_type",
        zh: "事项类型",
        en: "item type of GB/T 39046, two digits",
        holds: Holds::Words(TYPES),
        titles: &["task_type", "类型", "事项类别", "权力类型", "事项类型代码"],
        example: "01",
    },
    Column {
        name: "department_code",
        zh: "实施主体代码",
        en: "unified social credit code of the authority",
        holds: Holds::Code,
        titles: &["dept_code", "实施主体编码", "部门代码", "部门编码", "实施机关代码", "统一社会信用代码"],
        example: "115113016823646795",
    },
    Column {
        name: "base_code",
        zh: "基本编码",
        en: "base code, twelve digits",
        holds: Holds::Code,
        titles: &["catalog_code", "国家基本编码", "基本目录编码", "事项基本编码"],
        example: "510115500013",
    },
    Column {
        name: "legal_basis",
        zh: "设定依据",
        en: "legal basis",
        holds: Holds::Text,
        titles: &["by_law", "法律依据", "实施依据", "法定依据"],
        example: "《公共场所卫生管理条例》第四条",
    },
    Column {
        name: "statutory_days",
        zh: "法定办结时限",
        en: "statutory term",
        holds: Holds::Number,
        titles: &["anticipate_day", "法定时限", "法定期限", "法定办理时限", "法定办结期限"],
        example: "20",
    },
    Column {
        name: "promised_days",
        zh: "承诺办结时限",
        en: "promised term",
        holds: Holds::Number,
        titles: &["promise_day", "承诺时限", "承诺期限", "承诺办理时限", "承诺办结期限"],
        example: "5",
    },
    Column {
        name: "modes",
        zh: "办理方式",
        en: "modes in which other halls may take part, with ^ between",
        holds: Holds::Words(MODES),
        titles: &["通办方式", "通办模式"],
        example: "online^collect",
    },
    Column {
        name: "covered",
        zh: "可收件区划",
        en: "divisions whose windows may collect, with ^ between",
        holds: Holds::Code,
        titles: &["可收件地区", "通办区划", "覆盖地区"],
        example: "511603000000",
    },
    Column {
        name: "effective",
        zh: "生效日期",
        en: "first day in force",
        holds: Holds::Day,
        titles: &["plan_effective_date", "计划生效日期", "实施日期"],
        example: "2026-09-14",
    },
];

/// Titles that are passed over without a word: running numbers, and what an error sheet adds.
const REMARKS: &[&str] = &["序号", "编号", "问题", "处理办法", "problem", "remedy", "no", "row_guid"];

/// Titles of what an error sheet adds, in Chinese and English.
pub(super) const ADDED: [(&str, &str); 2] = [("问题", "problem"), ("处理办法", "remedy")];

/// The column of a name.
pub(crate) fn named(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

/// The name that is meant by a mistyped one.
pub(crate) fn nearest_name(name: &str) -> Option<&'static str> {
    nearest(name, COLUMNS.iter().map(|column| column.name))
}

/// The column of a title that has these parts, from top to bottom: by all of them, else by the last alone.
pub(super) fn of_title(parts: &[String]) -> Option<&'static Column> {
    let last = parts.last()?;
    let titled = |title: &str| {
        let plain = plain(title);
        let says = |column: &&Column| {
            column.name == plain
                || self::plain(column.zh) == plain
                || column.titles.iter().any(|title| self::plain(title) == plain)
        };
        COLUMNS.iter().find(says)
    };
    if parts.len() == 1 { titled(last) } else { titled(&parts.concat()).or_else(|| titled(last)) }
}

/// Tells whether a title needs no mention.
pub(super) fn is_remark(title: &str) -> bool {
    let plain = plain(title);
    REMARKS.contains(&plain.as_str())
}

/// A title as it is compared: half-width, lower case, without blanks, brackets and what stands in them, stars and colons.
pub(super) fn plain(title: &str) -> String {
    let half = title.chars().map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '【' | '〔' => '(',
        '】' | '〕' => ')',
        c => c,
    });
    let mut depth = 0_u32;
    let mut plain = String::new();
    for c in half {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '*' | ':' | '※' | '"' | '\'' | '.' | '\u{feff}' => {}
            c if c.is_whitespace() || c.is_control() || depth > 0 => {}
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn no_title_means_two_columns() {
        let titles =
            |column: &'static Column| [column.name, column.zh].into_iter().chain(column.titles.iter().copied());
        let mut seen = std::collections::BTreeMap::new();
        for column in COLUMNS {
            for title in titles(column) {
                let first = seen.insert(plain(title), column.name);
                assert!(
                    first.is_none_or(|first| first == column.name && title == column.name),
                    "{title}: {first:?}, {}",
                    column.name
                );
            }
        }
    }

    #[test]
    fn titles_are_known_however_they_are_dressed() {
        let column = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            of_title(&parts).map(|column| column.name)
        };
        for (parts, name) in [
            (&["name"][..], Some("name")),
            (&["*事项名称（必填）"], Some("name")),
            (&["＊事项 名称："], Some("name")),
            (&["TASK_CODE"], Some("local_item_code")),
            (&["承诺办结时限(工作日)"], Some("promised_days")),
            (&["办理时限", "承诺时限"], Some("promised_days")),
            (&["基本信息", "实施主体", "名称"], Some("name")),
            (&["备注"], None),
            (&[], None),
        ] {
            assert_eq!(column(parts), name, "{parts:?}");
        }
    }

    #[test]
    fn days_are_read_in_every_usual_way() {
        let effective = named("effective").unwrap();
        for text in ["2026-09-14", "2026-9-14", "2026/9/14", "2026.09.14", "2026年9月14日", "2026-09-14 00:00:00"] {
            assert_eq!(effective.stored(text).as_deref(), Some("2026-09-14"), "{text}");
        }
        for text in ["", "26-9-14", "2026-9", "2026-9-x", "2026-9-14-1", "46000"] {
            assert_eq!(effective.stored(text), None, "{text}");
        }
    }
}
