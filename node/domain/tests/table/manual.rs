//! The table as the manual shows it.

use std::fs;
use std::path::Path;

use crate::hall::{CARD, guangan};

use tongban_domain::case::{ActKind, Status, national};

use crate::command::command;
use crate::{OWNER, with_city};

/// The manual shows this very table: `TONGBAN_BLESS=1` writes it there.
#[test]
fn the_manual_has_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/case-life.md");
    let text = fs::read_to_string(&path).unwrap();
    let mut whole = text.clone();
    for (name, table) in [("states", states()), ("acts", acts())] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = whole.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        whole = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("TONGBAN_BLESS").is_some() {
        fs::write(&path, &whole).unwrap();
        return;
    }
    assert!(text == whole, "docs/case-life.md has another table than the test; TONGBAN_BLESS=1 writes it");
}

fn states() -> String {
    let mut table = "| 状态 · state | | 办结结果 · result |\n|---|---|---|\n".to_owned();
    for status in Status::ALL {
        let code = status.result_code();
        let result = code.and_then(|code| national::RESULTS.iter().find(|(number, _)| *number == code));
        let result = result.map(|(number, name)| format!("{number} {name}")).unwrap_or_default();
        table += &format!("| {} | `{}` | {result} |\n", status.zh(), status.name());
    }
    table
}

fn acts() -> String {
    let (mut hall, (_, city)) = with_city(guangan());
    let division = hall.division();
    let id = hall.collect(CARD[3].1, division);
    let mut table =
        "| 环节 · act | | 依据 · law | 角色 · roles | 可办理的状态 · states |\n|---|---|---|---|---|\n".to_owned();
    for row in OWNER {
        let roles = command(&hall, id, row.act, &city).roles();
        let roles = if roles.is_empty() {
            "节点自身 · the node itself".to_owned()
        } else {
            roles.iter().map(|role| role.zh()).collect::<Vec<_>>().join("、")
        };
        let states = match row.done.len() {
            0 if row.act == ActKind::AskReclaim => "移交中或在他处 · while offered or elsewhere".to_owned(),
            0 => "对方节点的消息 · by a peer's message".to_owned(),
            all if all == Status::ALL.len() => "任何状态 · any".to_owned(),
            _ => row.done.iter().map(|status| status.zh()).collect::<Vec<_>>().join("、"),
        };
        table += &format!("| {} | `{}` | {} | {roles} | {states} |\n", row.act.zh(), row.act.name(), row.law);
    }
    table
}
