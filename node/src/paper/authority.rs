//! The full name of an authority: its division's, and its own.

use tongban_codes::division::{DivisionCode, table};

use super::place_name;

/// What the name of a division ends with, longer ones before those that end them.
const KINDS: [&str; 20] = [
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "自治旗",
    "民族乡",
    "街道办事处",
    "地区",
    "林区",
    "特区",
    "街道",
    "苏木",
    "省",
    "市",
    "区",
    "县",
    "旗",
    "盟",
    "镇",
    "乡",
];

/// The shortest name of an authority without its division: 民政局.
const DEPARTMENT_CHARS_MIN: usize = 3;

/// The authority with its division, once: 四川省广安市广安区 and 区行政审批局 share the 区, and 忠县公安局 says where it is.
pub(super) fn full_name(division: DivisionCode, department: &str) -> String {
    let place = place_name(division);
    let Some(row) = table().find(division) else { return format!("{place}{department}") };
    named(&place, row.name, department)
}

/// With the path of names of a division and its own name, which ends it.
fn named(place: &str, own: &str, department: &str) -> String {
    let kind = KINDS.into_iter().find(|kind| own.ends_with(kind) && own.len() > kind.len()).unwrap_or_default();
    let stem = own.strip_suffix(kind).unwrap_or(own);
    // 广安 of 广安区; of 延边朝鲜族自治州 the two signs by which it is called for short.
    let begins = |stem: &str| {
        let rest = department.strip_prefix(stem);
        stem.chars().count() > 1 && rest.is_some_and(|rest| rest.chars().count() >= DEPARTMENT_CHARS_MIN)
    };
    let short: String = if kind.starts_with("自治") { stem.chars().take(2).collect() } else { String::new() };
    if department.contains(own) || begins(stem) || begins(&short) {
        return department.to_owned();
    }
    // 自治区民政厅, and 州公安局 of a 自治州.
    let last: String = kind.chars().last().into_iter().collect();
    let shared = [kind, last.as_str()].into_iter().find(|end| !end.is_empty() && department.starts_with(end));
    format!("{place}{}", &department[shared.map_or(0, str::len)..])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_named_with_its_division_once() {
        for (division, department, full) in [
            ("511602", "区行政审批局", "四川省广安市广安区行政审批局"),
            ("511602", "广安区民政局", "广安区民政局"),
            ("511602", "广安民政局", "广安民政局"),
            ("511602", "残疾人联合会", "四川省广安市广安区残疾人联合会"),
            ("511602", "市公安局广安区分局", "市公安局广安区分局"),
            ("51", "省卫生健康委员会", "四川省卫生健康委员会"),
            // A county whose own name has one sign.
            ("500233", "忠县公安局", "忠县公安局"),
            ("500233", "县公安局", "重庆市忠县公安局"),
            ("500233", "公安局", "重庆市忠县公安局"),
            ("65", "自治区民政厅", "新疆维吾尔自治区民政厅"),
            ("65", "新疆维吾尔自治区民政厅", "新疆维吾尔自治区民政厅"),
            ("65", "民政厅", "新疆维吾尔自治区民政厅"),
            ("2224", "州公安局", "吉林省延边朝鲜族自治州公安局"),
            ("2224", "延边州公安局", "延边州公安局"),
            ("130321", "自治县公安局", "河北省秦皇岛市青龙满族自治县公安局"),
            ("130321", "县公安局", "河北省秦皇岛市青龙满族自治县公安局"),
            ("130321", "公安局", "河北省秦皇岛市青龙满族自治县公安局"),
        ] {
            assert_eq!(full_name(division.parse().unwrap(), department), full, "{division} {department}");
        }
        // A village that is called as what its office does.
        assert_eq!(named("甲县建设乡", "建设乡", "建设局"), "甲县建设乡建设局");
    }

    #[test]
    fn no_division_is_named_twice_and_none_is_left_out() {
        let mut counties = 0;
        let codes = ["500200", "51", "65", "6501", "1303"];
        for row in codes.iter().flat_map(|code| table().children(code.parse().unwrap())) {
            let (place, own) = (place_name(row.code), row.name.to_string());
            for department in ["公安局".to_owned(), format!("{own}公安局")] {
                let full = named(&place, &own, &department);
                assert!(full.ends_with(&format!("{own}公安局")) && full.matches(&*own).count() == 1, "{full}");
            }
            counties += 1;
        }
        assert!(counties > 30, "{counties}");
    }
}
