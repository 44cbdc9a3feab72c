//! The columns that an item file may have: their names, what they mean, and what other systems call them.

mod act;
mod earlier;
mod table;

use crate::config::nearest;
pub(crate) use act::{ACT_COLUMNS, ACTS};
pub(crate) use earlier::EARLIER_COLUMNS;
pub(crate) use table::{COLUMNS, LISTS};

/// What the rows of a sheet are about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// Items.
    Items,
    /// Entries of a list of items.
    List(&'static List),
    /// Acts on cases.
    Acts,
    /// Earlier cases of another system.
    Earlier,
}

impl Subject {
    /// The columns that its files may have.
    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Items | Self::List(_) => COLUMNS,
            Self::Acts => ACT_COLUMNS,
            Self::Earlier => EARLIER_COLUMNS,
        }
    }
}

/// What a column's cells hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    /// Text as it is.
    Text,
    /// A code: digits and letters, never a number.
    Code,
    /// A whole number.
    Number,
    /// A day, as 2026-09-14.
    Day,
    /// A number of days, with their unit where they aren't working days.
    Term,
    /// 是 or 否.
    YesNo,
    /// One word of a list.
    One(fn() -> Vec<Word>),
    /// Words of a list, with `^` between.
    Several(fn() -> Vec<Word>),
}

impl Holds {
    /// The words to choose from.
    pub(crate) fn words(self) -> Vec<Word> {
        match self {
            Self::One(words) | Self::Several(words) => words(),
            Self::YesNo => vec![("1", "是"), ("0", "否")],
            Self::Text | Self::Code | Self::Number | Self::Day | Self::Term => Vec::new(),
        }
    }
}

/// A word of a list: what is stored, and its Chinese name.
pub(crate) type Word = (&'static str, &'static str);

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    /// Stable name; within a list the list's name, a dot, and the name.
    pub(crate) name: &'static str,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    pub(crate) holds: Holds,
    /// Other titles: of the national table `up_task_general_basic`, and of provinces' item libraries. Chinese titles of a list's column
    /// count within the list alone, unless `=` stands before them.
    titles: &'static [&'static str],
    /// A value, for the template.
    pub(crate) example: &'static str,
}

/// A column of a table.
const fn col(
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    holds: Holds,
    titles: &'static [&'static str],
    example: &'static str,
) -> Column {
    Column { name, zh, en, holds, titles, example }
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Column {}

/// A list of an item.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) zh: &'static str,
    titles: &'static [&'static str],
}

impl List {
    /// The list whose sheet or whose part of a head has this title.
    pub(super) fn titled(title: &str) -> Option<&'static Self> {
        let plain = plain(title);
        LISTS.iter().find(|list| list.name == plain || list.zh == plain || list.titles.contains(&plain.as_str()))
    }
}

impl Column {
    /// The list that it belongs to, and its name within; none for a column of the item itself.
    pub(crate) fn within(&self) -> Option<(&'static str, &'static str)> {
        self.name.split_once('.')
    }

    /// What a value means under its Chinese name or in a usual way of writing; others stay as they are.
    pub(super) fn stored(&self, text: &str) -> Option<String> {
        match self.name {
            "result" => {
                // A spreadsheet writes a whole number as 0 or 0.0.
                text.strip_suffix(".0").map(str::to_owned)
            }
            "item_type" => table::types().iter().find(|(_, zh)| *zh == text).map(|(stored, _)| (*stored).to_owned()),
            _ if matches!(self.holds, Holds::Day) => day(text),
            _ => None,
        }
    }

    /// Tells whether a plain title means it, within its list or anywhere.
    fn is_titled(&self, title: &str, in_list: bool) -> bool {
        let Some((list, within)) = self.within() else {
            return self.name == title
                || plain(self.zh) == title
                || self.titles.iter().any(|known| plain(known) == title);
        };
        let titles = self.titles.iter().any(|known| match known.strip_prefix('=') {
            Some(known) => plain(known) == title,
            None => (in_list || known.is_ascii()) && plain(known) == title,
        });
        let zh = plain(self.zh);
        let short = LISTS.iter().find(|known| known.name == list).and_then(|list| zh.strip_prefix(list.zh));
        titles || self.name == title || zh == title || (in_list && (within == title || short == Some(title)))
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

/// Titles that are passed over without a word: running numbers, and what an error sheet adds.
const REMARKS: &[&str] = &["序号", "编号", "问题", "处理办法", "problem", "remedy", "no", "row_guid"];

/// Titles of what an error sheet adds, in Chinese and English.
pub(super) const ADDED: [(&str, &str); 2] = [("问题", "problem"), ("处理办法", "remedy")];

/// The columns of the files that take a mapping; no two have one name.
fn mapped() -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().chain(EARLIER_COLUMNS)
}

/// The column of a name.
pub(crate) fn named(name: &str) -> Option<&'static Column> {
    mapped().find(|column| column.name == name)
}

/// The name that is meant by a mistyped one.
pub(crate) fn nearest_name(name: &str) -> Option<&'static str> {
    nearest(name, mapped().map(|column| column.name))
}

/// The column of a title that has these parts, from top to bottom, on a sheet of this subject.
pub(super) fn of_title(parts: &[String], subject: Subject) -> Option<&'static Column> {
    let (last, above) = parts.split_last()?;
    let plain_last = plain(last);
    let sheet = match subject {
        Subject::Acts | Subject::Earlier => {
            return subject.columns().iter().find(|column| column.is_titled(&plain_last, false));
        }
        Subject::List(list) => Some(list),
        Subject::Items => None,
    };
    let within = |list: &List| {
        let of_list = |column: &&Column| column.within().is_some_and(|(name, _)| name == list.name);
        COLUMNS.iter().filter(of_list).find(|column| column.is_titled(&plain_last, true))
    };
    let anywhere = |title: &str| COLUMNS.iter().find(|column| column.is_titled(title, false));
    let group = above.iter().find_map(|part| List::titled(part));
    let listed = group.or(sheet).and_then(within);
    let joined = || (!above.is_empty()).then(|| anywhere(&plain(&parts.concat()))).flatten();
    listed.or_else(joined).or_else(|| anywhere(&plain_last))
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
        for column in COLUMNS {
            let titles = [column.name, column.zh].into_iter().chain(column.titles.iter().copied());
            for title in titles {
                let anywhere: Vec<&str> = COLUMNS
                    .iter()
                    .filter(|other| other.is_titled(&plain(title), false))
                    .map(|other| other.name)
                    .collect();
                assert!(anywhere.len() <= 1, "{title}: {anywhere:?}");
                let list = column.within().map(|(list, _)| list);
                let beside: Vec<&str> = COLUMNS
                    .iter()
                    .filter(|other| list.is_some() && other.within().map(|(list, _)| list) == list)
                    .filter(|other| other.is_titled(&plain(title), true))
                    .map(|other| other.name)
                    .collect();
                assert!(beside.len() <= 1, "{title}: {beside:?}");
            }
        }
    }

    #[test]
    fn the_columns_of_earlier_cases_are_those_that_the_node_takes() {
        let here: Vec<&str> = EARLIER_COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(here, tongban_domain::earlier::EARLIER_COLUMNS);
        for column in EARLIER_COLUMNS {
            assert!(
                COLUMNS.iter().all(|other| other.name != column.name),
                "{}: a mapping couldn't tell them",
                column.name
            );
            for title in [column.name, column.zh].into_iter().chain(column.titles.iter().copied()) {
                let meant: Vec<&str> = EARLIER_COLUMNS
                    .iter()
                    .filter(|other| other.is_titled(&plain(title), false))
                    .map(|other| other.name)
                    .collect();
                assert_eq!(meant, [column.name], "{title}");
            }
        }
    }

    #[test]
    fn the_columns_are_those_that_the_node_takes() {
        use tongban_domain::catalogue as taken;
        let lists = taken::LIST_COLUMNS
            .iter()
            .flat_map(|(list, columns)| columns.iter().map(move |column| format!("{list}.{column}")));
        let own = taken::COLUMNS.iter().chain(&taken::COLUMNS_OPTIONAL).chain(taken::FIELD_COLUMNS);
        let taken: Vec<String> = own.map(|column| (*column).to_owned()).chain(lists).collect();
        let here: Vec<String> = COLUMNS.iter().map(|column| column.name.to_owned()).collect();
        assert_eq!(here, taken);
        assert_eq!(LISTS.len(), taken::LIST_COLUMNS.len());
    }

    #[test]
    fn titles_are_known_however_they_are_dressed() {
        let column = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            of_title(&parts, Subject::Items).map(|column| column.name)
        };
        for (parts, name) in [
            (&["name"][..], Some("name")),
            (&["*事项名称（必填）"], Some("name")),
            (&["＊事项 名称："], Some("name")),
            (&["TASK_CODE"], Some("local_item_code")),
            (&["承诺办结时限(工作日)"], Some("promised_days")),
            (&["办理时限", "承诺时限"], Some("promised_days")),
            (&["基本信息", "实施主体", "名称"], Some("name")),
            (&["申请材料", "名称"], Some("materials.name")),
            (&["材料名称"], Some("materials.name")),
            (&["material_name"], Some("materials.name")),
            (&["收费信息", "是否收费"], Some("charged")),
            (&["设定依据", "条款号"], Some("bases.article")),
            (&["设定依据"], Some("legal_basis")),
            (&["办理地点"], Some("places.address")),
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
