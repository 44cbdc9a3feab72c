//! The manual's table of limits against the constants: each stands there with its value and its sentence, and nothing else does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where limits stand, and which of the file's constants are meant; none means all.
const SOURCES: [(&str, &[&str]); 13] = [
    ("federation/src/limits.rs", &[]),
    ("federation/quic/src/limits.rs", &[]),
    ("federation/quic/src/certificate.rs", &["CERTIFICATE_BYTES_MAX"]),
    ("node/src/exchange/driver.rs", &["STRANGER_TIME", "FRAMES_READ_MAX", "FRAMES_WAITING_MAX"]),
    ("node/src/exchange/core/pulls.rs", &["PULLS_MAX"]),
    ("node/src/exchange/core/traffic.rs", &["UNPASSED_BYTES_MAX"]),
    ("node/src/exchange/core/gossip.rs", &["UNVOUCHED_BYTES_MAX"]),
    ("node/src/engine/writer/delivered.rs", &["FORKS_PER_PLACE_MAX"]),
    ("node/src/exchange/join.rs", &["EXPIRES_SECONDS_MAX"]),
    ("node/domain/src/uniform/word.rs", &["LICENCES_MAX"]),
    ("node/domain/src/uniform/handled.rs", &["NEW_A_DAY_MAX"]),
    ("node/domain/src/application/untold.rs", &["REFUSALS_KEPT_MAX"]),
    ("node/domain/src/application/telling.rs", &["TOLD_MAX"]),
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The value of a constant's expression: numbers, other constants, `+`, `-`, `*`, `<<` from the left, and brackets.
fn value(expression: &str, known: &BTreeMap<String, i64>) -> i64 {
    let mut text = expression.replace("Duration::from_secs", "");
    while let Some(close) = text.find(')') {
        let open = text[..close].rfind('(').expect("brackets come in pairs");
        let inner = value(&text[open + 1..close], known).to_string();
        text.replace_range(open..=close, &inner);
    }
    let term = |term: &str| {
        let number = term.replace('_', "").parse().ok();
        number.or_else(|| known.get(term).copied()).unwrap_or_else(|| panic!("{term} in {expression}"))
    };
    let mut words = text.split_whitespace();
    let mut sum = term(words.next().expect("an expression"));
    while let (Some(operator), Some(operand)) = (words.next(), words.next()) {
        let operand = term(operand);
        sum = match operator {
            "+" => sum + operand,
            "-" => sum - operand,
            "*" => sum * operand,
            "<<" => sum << operand,
            other => panic!("{other} in {expression}"),
        };
    }
    sum
}

/// A value as the manual has it, by what the name says it counts.
fn shown(name: &str, value: i64) -> String {
    let name = name.to_lowercase();
    let thousands = |value: i64| {
        let digits = value.to_string();
        let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
        groups.join(",")
    };
    if name.contains("bytes") && value % (1 << 20) == 0 {
        return format!("{} MiB", value >> 20);
    }
    if name.contains("bytes") && value % (1 << 10) == 0 {
        return format!("{} KiB", thousands(value >> 10));
    }
    let time = ["_seconds", "_time", "keep_alive"].iter().any(|word| name.contains(word));
    format!("{}{}", thousands(value), if time && !name.contains("_per_second") { " s" } else { "" })
}

/// Name, value and sentence of the limits of a file.
fn limits(path: &str, chosen: &[&str]) -> Vec<(String, String, String)> {
    let source = read(path);
    let mut known = BTreeMap::new();
    let (mut sentence, mut sentences, mut order) = (String::new(), BTreeMap::new(), Vec::new());
    for line in source.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            sentence = format!("{sentence} {}", words.trim());
            continue;
        }
        let said = std::mem::take(&mut sentence).trim().trim_end_matches('.').to_owned();
        let line = ["pub ", "pub(super) "].iter().find_map(|seen| line.strip_prefix(seen)).unwrap_or(line);
        if let Some((name, expression)) = line.strip_prefix("const ").and_then(|rest| rest.split_once(": ")) {
            let Some((_, expression)) = expression.trim_end_matches(';').split_once(" = ") else { continue };
            if chosen.is_empty() || chosen.contains(&name) {
                known.insert(name.to_owned(), value(expression, &known));
                sentences.insert(name.to_owned(), said);
                order.push(name.to_owned());
            }
        } else if chosen.is_empty()
            && let Some((name, rest)) = line.trim_end_matches(',').split_once(": ")
            && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
        {
            // A field with its sentence, and further down its value.
            if !said.is_empty() {
                sentences.insert(name.to_owned(), said);
            } else if sentences.contains_key(name) && !known.contains_key(name) {
                known.insert(name.to_owned(), value(rest, &known));
                order.push(name.to_owned());
            }
        }
    }
    assert!(chosen.iter().all(|name| known.contains_key(*name)), "{path}: {chosen:?}");
    order.into_iter().map(|name| (name.clone(), shown(&name, known[&name]), sentences[&name].clone())).collect()
}

#[test]
fn the_manual_has_every_limit_as_it_is() {
    let manual = read("docs/protocol.md");
    let table = manual.split("\n## Limits\n").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a chapter");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = SOURCES
        .iter()
        .flat_map(|(path, chosen)| limits(path, chosen))
        .map(|(name, value, sentence)| format!("| `{name}` | {value} | {sentence} | "))
        .collect();
    let missing: Vec<_> = expected.iter().filter(|row| !rows.iter().any(|line| line.starts_with(*row))).collect();
    let stale: Vec<_> = rows.iter().filter(|line| !expected.iter().any(|row| line.starts_with(row))).collect();
    let lines = |rows: &[&String]| rows.iter().map(|row| row.as_str()).collect::<Vec<_>>().join("\n");
    assert!(missing.is_empty() && stale.is_empty(), "missing:\n{}\nstale: {stale:#?}", lines(&missing));
    assert!(rows.iter().all(|row| row.split(" | ").count() == 4), "each row says what a peer sees");
}

/// What the node's transport is given is what the protocol says.
#[test]
fn the_transport_keeps_the_limits_of_the_protocol() {
    use tongban_federation::limits as protocol;
    let (given, usual) = (tongban::runtime::transport_limits(), tongban_quic::Limits::default());
    assert_eq!(given, usual.with_idle_timeout(given.idle_timeout), "the defaults are those of the protocol");
    assert_eq!(given.frame_bytes_max, protocol::FRAME_BYTES_MAX);
    assert_eq!(given.request_bytes_max, protocol::REQUEST_BYTES_MAX);
    assert_eq!(given.response_bytes_max, protocol::RESPONSE_BYTES_MAX);
    assert_eq!(given.requests_max, protocol::STREAMS_PER_PEER_MAX);
    assert!(usize::try_from(given.stranger_window_bytes).expect("small") > protocol::REQUEST_BYTES_MAX, "a join fits");
}
