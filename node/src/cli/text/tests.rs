use super::*;

fn places(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .filter_map(|(place, _)| place.split('|').next())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn every_text_is_in_both_languages_with_the_same_places() {
    for (name, text) in texts() {
        assert!(!text.en.is_empty() && !is_chinese(text.en), "{name}");
        assert!(is_chinese(text.zh) || !text.zh.is_ascii(), "{name}");
        assert_eq!(places(text.en), places(text.zh), "{name}");
    }
    let labels = || {
        LABELS
            .iter()
            .chain(voice::LABELS)
            .chain(application::LABELS)
            .chain(earlier::LABELS)
            .chain(agreement::LABELS)
            .chain(order::LABELS)
    };
    for (key, text) in labels() {
        assert!(!text.en.is_empty() && is_chinese(text.zh), "{key}");
        assert_eq!(labels().filter(|(other, _)| other == key).count(), 1, "{key}");
    }
    for (word, zh) in WORDS {
        assert!(is_chinese(zh), "{word}");
    }
}

fn texts() -> impl Iterator<Item = &'static (&'static str, Text)> {
    [
        TEXTS,
        act::TEXTS,
        sheet::TEXTS,
        front::TEXTS,
        drift::TEXTS,
        life::TEXTS,
        work::TEXTS,
        application::TEXTS,
        earlier::TEXTS,
        order::TEXTS,
        agreement::TEXTS,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn numbers_agree_with_what_they_count() {
    let (one, two) = (["1"; 6], ["2"; 6]);
    for (text, of_one, of_two) in [
        (DUE, "1 + 1 working day = 1", "2 + 2 working days = 2"),
        (AUDIT_EQUAL, "1 entry folded again; every figure is equal.", "2 entries folded again; every figure is equal."),
        (AUDIT_DIFFERS, "1 entry folded again; 1 figure differs:", "2 entries folded again; 2 figures differ:"),
        (
            QUALITY_SUMMARY,
            "1 item, mean score 1, 1 % of the guides accurate.",
            "2 items, mean score 2, 2 % of the guides accurate.",
        ),
        (LIST_TITLE, "1: 1 item (1)", "2: 2 items (2)"),
        (
            REPORT_TITLE,
            "As of 1: 1 item that is applied for, 1 of them without a guide.",
            "As of 2: 2 items that are applied for, 2 of them without a guide.",
        ),
        (DOCTOR_WARN, "In order, 1 warning.", "In order, 2 warnings."),
        (DOCTOR_FAIL, "1 fault, 1 warning.", "2 faults, 2 warnings."),
        (drift::SAME, "1 node holds the same standards.", "2 nodes hold the same standards."),
        (drift::DIFFERS, "1 node compared, 1 item differs:", "2 nodes compared, 2 items differ:"),
        (drift::UNREACHED, "1 node was not heard.", "2 nodes were not heard."),
        (
            front::REPORT_SENT,
            "Batch 1: 1 row new, 1 changed, 1 withdrawn; 1 stands as it was sent; 1 item can't be reported.",
            "Batch 2: 2 rows new, 2 changed, 2 withdrawn; 2 stand as they were sent; 2 items can't be reported.",
        ),
        (
            front::REPORT_NOTHING,
            "Nothing to report: 1 row stands as it was sent; 1 item can't be reported.",
            "Nothing to report: 2 rows stand as they were sent; 2 items can't be reported.",
        ),
        (front::REPORT_THERE, "1 row lay there already.", "2 rows lay there already."),
        (
            life::WAITS,
            "1 of them begins on a later day and waits beside the version in force.",
            "2 of them begin on a later day and wait beside the version in force.",
        ),
        (
            life::REORGANISED,
            "1 item, 1 base item and 1 draft go to 1 as of 1; 1 refused.",
            "2 items, 2 base items and 2 drafts go to 2 as of 2; 2 refused.",
        ),
        (
            sheet::HIDDEN_READ,
            "1 hidden row was read too; --skip-hidden leaves it out.",
            "2 hidden rows were read too; --skip-hidden leaves them out.",
        ),
        (sheet::HIDDEN_SKIPPED, "1 hidden row was left out.", "2 hidden rows were left out."),
        (sheet::SKIPPED, "1 stands already and was left as it is.", "2 stand already and were left as they are."),
        (sheet::EXPORTED, "1 item is in 1.", "2 items are in 2."),
    ] {
        assert_eq!(text.with(Lang::En, &one), of_one);
        assert_eq!(text.with(Lang::En, &two), of_two);
        assert!(!text.zh.contains('|'), "{text:?}");
    }
}

/// A number before a word in the plural alone would say "1 rows" one day.
#[test]
fn no_number_stands_before_a_plural_alone() {
    const PLURALS: [&str; 14] = [
        "batches", "cases", "days", "drafts", "entries", "faults", "figures", "items", "lines", "nodes", "rows",
        "seconds", "stand", "warnings",
    ];
    let faults = FAULTS
        .iter()
        .chain(act::FAULTS)
        .chain(earlier::FAULTS)
        .chain(agreement::FAULTS)
        .chain(doctor::FAULTS)
        .chain(sheet::FAULTS)
        .chain(usage::FAULTS);
    let faults = faults.flat_map(|fault| [(fault.code, fault.text), (fault.code, fault.remedy)]);
    for (name, text) in texts().copied().chain(faults) {
        for behind in text.en.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(_, behind)| behind) {
            let words = behind.strip_prefix(' ').unwrap_or_default().split(|c: char| !c.is_ascii_alphabetic());
            // One adjective may stand between.
            assert!(!words.take(2).any(|word| PLURALS.contains(&word)), "{name}: {}", text.en);
        }
    }
}

#[test]
fn every_fault_has_code_text_and_remedy() {
    for fault in FAULTS
        .iter()
        .chain(act::FAULTS)
        .chain(earlier::FAULTS)
        .chain(agreement::FAULTS)
        .chain(doctor::FAULTS)
        .chain(sheet::FAULTS)
        .chain(usage::FAULTS)
    {
        let code = fault.code;
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
        for text in [fault.text.en, fault.text.zh, fault.remedy.en, fault.remedy.zh] {
            assert!(!text.is_empty(), "{code}");
        }
        assert!(is_chinese(fault.text.zh) || fault.text.zh.starts_with('{'), "{code}");
    }
}

#[test]
fn places_are_filled_and_braces_kept() {
    assert_eq!(fill("a {0} b {1} {0}", &["x", "y"]), "a x b y x");
    assert_eq!(fill("{0}", &["{1}", "y"]), "{1}");
    assert_eq!(fill("{x} {", &[]), "{x} {");
    assert_eq!(fill("{7}", &["x"]), "");
    for (value, filled) in [("0", "0 rows"), ("1", "1 row"), ("2", "2 rows"), ("11", "11 rows"), ("1.0", "1.0 rows")] {
        assert_eq!(fill("{0} {0|row|rows}", &[value]), filled);
    }
    assert_eq!(fill("{0|row}", &["1"]), "{0|row}");
}

#[test]
fn the_locale_chooses() {
    let lang = |pairs: &[(&str, &str)]| {
        Lang::of_locale(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(lang(&[]), Lang::En);
    assert_eq!(lang(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
    assert_eq!(lang(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]), Lang::En);
    assert_eq!(lang(&[("LANG", "en_US"), ("LC_MESSAGES", "zh_TW"), ("LC_ALL", "")]), Lang::Zh);
}
