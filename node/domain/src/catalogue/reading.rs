//! The fields and lists of a row, read into an item cell by cell.

use tongban_codes::ids::Digest;

use super::cell::Wrong;
use super::field::{self, Fields, Length};
use super::import::{ENTRIES_MAX, Findings};
use super::{FIELD_COLUMNS, Guide, ImportRow, LIST_COLUMNS, Source};

/// The longest text of one line, in characters (national table `up_task_general_basic`: 1,000).
const LINE_CHARS_MAX: usize = 1000;
/// The longest text of several lines, in characters.
const TEXT_CHARS_MAX: usize = 10_000;

/// Reads what the row has beyond core, department and terms; what it lacks stays as it stands.
pub(super) fn read(findings: &mut Findings<'_>, fields: &mut Fields, codes: Option<Source>) {
    let row = findings.row;
    for column in FIELD_COLUMNS.iter().filter(|column| row.has(column)) {
        let text = row.text(column);
        let Some((cell, length)) = field::cell(fields, column) else { continue };
        if text.is_empty() {
            cell.clear();
        } else if let Err(Wrong { code, problem, remedy }) = checked(text, length).and_then(|()| cell.read(text, codes))
        {
            findings.reject(column, code, &problem, &remedy);
        }
    }
    // A kind that is wrong was named already.
    if fields.result_lacks_kind() && row.text("result_kind").is_empty() {
        let problem = "有审批结果名称或样本，没有类型 / a result has a name or a sample, and no kind";
        findings.reject("result_kind", "empty", problem, "填写审批结果类型 / give the kind of the result");
    }
    for (list, columns) in LIST_COLUMNS {
        self::list(findings, fields, (list, columns), codes);
    }
    // What is wrong of them was named already.
    for (column, is_given) in fields.policies_lack() {
        if is_given {
            let problem = "应为 1 至 250 个工作日 / 1 to 250 working days";
            findings.reject(column, "days", problem, "填写工作日数 / write a number of working days");
        } else if row.text(column).is_empty() {
            let problem = "数量限制须有数量、依据（不按受理先后的，须有另行规定的依据）；承诺替代材料的，须有核查、整改期限和不实后果 / a limit of number has a number and a basis, and the law for another order; pledges have days for the check and for putting right, and what follows";
            findings.reject(column, "empty", problem, "填写该栏 / fill it in");
        }
    }
}

/// Reads the entries of a list, all in place of those that stand.
fn list(findings: &mut Findings<'_>, fields: &mut Fields, (list, columns): (&str, &[&str]), codes: Option<Source>) {
    let Some(entries) = findings.row.lists.get(list) else {
        return;
    };
    field::empty(fields, list);
    for entry in entries {
        let Some(index) = field::entries(fields, list) else { return };
        if index == ENTRIES_MAX {
            let problem = format!("超过 {ENTRIES_MAX} 条 / more than {ENTRIES_MAX} entries");
            let remedy = "合并或删减 / join some or leave some out".to_owned();
            findings.reject_entry(list, entry, columns[0], Wrong { code: "too-many", problem, remedy });
            return;
        }
        field::grow(fields, list);
        for (column, text) in &entry.values {
            let text = text.trim();
            let Some((cell, length)) = field::entry_cell(fields, list, index, column) else { continue };
            if text.is_empty() {
                cell.clear();
            } else if let Err(wrong) = checked(text, length).and_then(|()| cell.read(text, codes)) {
                findings.reject_entry(list, entry, column, wrong);
            }
        }
        for column in field::needed(list) {
            if entry.values.get(*column).is_none_or(|text| text.trim().is_empty()) {
                let problem = "该项不能为空 / it can't be empty".to_owned();
                let remedy = "填写，或删去该行 / fill it in, or remove the entry".to_owned();
                findings.reject_entry(list, entry, column, Wrong { code: "empty", problem, remedy });
            }
        }
    }
}

fn checked(text: &str, length: Length) -> Result<(), Wrong> {
    let max = match length {
        Length::Line => LINE_CHARS_MAX,
        Length::Text => TEXT_CHARS_MAX,
    };
    if text.chars().count() > max {
        let problem = format!("超过 {max} 字 / longer than {max} characters");
        return Err(Wrong { code: "too-long", problem, remedy: "缩短 / shorten it".to_owned() });
    }
    let breaks = |c: char| length == Length::Text && matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(|c| c.is_control() && !breaks(c)) {
        let problem = "含有换行等控制字符 / it has line breaks or other control characters".to_owned();
        return Err(Wrong { code: "control-character", problem, remedy: "删去 / remove them".to_owned() });
    }
    Ok(())
}

/// Takes the legal basis of the core from the list where the column is empty, and flags where both say different things.
pub(super) fn basis(findings: &mut Findings<'_>, fields: &Fields, legal_basis: &mut String) {
    if findings.row.lists.get("bases").is_none_or(Vec::is_empty) {
        return;
    }
    let citations: Vec<String> = fields.guide.bases.iter().map(super::Basis::citation).collect();
    let cited = citations.join("；");
    if legal_basis.is_empty() {
        *legal_basis = cited;
    } else if *legal_basis != cited {
        let problem = "设定依据与依据列表不一致 / the legal basis differs from the list of bases";
        findings.note("legal_basis", "basis-differs", problem, "核对后改为一致 / make them the same", false);
    }
}

/// The digest of the guide that an item refers to: as it stands where the row says nothing of it.
pub(super) fn guide_digest(row: &ImportRow, guide: &Guide, stands: Option<Digest>) -> Option<Digest> {
    if row.lists.is_empty() && !FIELD_COLUMNS.iter().any(|column| row.has(column)) {
        return stands;
    }
    (!guide.is_empty()).then(|| guide.digest())
}
