//! The columns of an act file, and the acts that its rows may name.

use super::Holds::{Number, One, Several, Text};
use super::{Column, Word, col};

/// The acts that go by file: stable name, and the Chinese one. What needs a file of its own, or belongs to one case alone (collecting,
/// supplements, forwarding, amending, reclaiming), isn't among them.
pub(crate) const ACTS: [Word; 17] = [
    ("offer", "移交"),
    ("claim", "领取"),
    ("accept", "受理"),
    ("refuse-not-required", "不受理"),
    ("refuse-not-competent", "不予受理"),
    ("notify", "补正告知"),
    ("return", "退件"),
    ("check", "现场核查"),
    ("pass", "环节通过"),
    ("send-back", "环节退回"),
    ("grant", "准予"),
    ("deny", "不予"),
    ("suspend", "中止计时"),
    ("resume", "恢复计时"),
    ("extend", "延期"),
    ("deliver", "送达"),
    ("close", "办结"),
];

fn acts() -> Vec<Word> {
    ACTS.to_vec()
}

/// Every column.
pub(crate) const ACT_COLUMNS: &[Column] = &[
    col(
        "case",
        "办件",
        "case: id, collection number, case number or query code",
        Text,
        &["办件编号", "收件编号", "办件标识", "查询码", "case_no", "collection_no", "project_no"],
        "51160226011234500001",
    ),
    col("act", "操作", "act", One(acts), &["动作", "业务动作"], "准予"),
    col("reason", "理由", "reason", Text, &["原因"], "不符合行政许可法第三十八条规定的条件"),
    col("note", "说明", "note", Text, &["结果", "送达方式"], "窗口领取"),
    col(
        "items",
        "补正内容",
        "what is missing or wrong, with ^ between",
        Several(Vec::new),
        &["需补正的内容"],
        "缺身份证复印件^申请表未签字",
    ),
    col("within", "补正期限", "days that the notice gives", Number, &["补正期限（日）"], "30"),
    col(
        "competent",
        "有权机关",
        "who is competent, as division/authority",
        Text,
        &["有权办理的机关"],
        "511602/广安区公安分局",
    ),
    col("officers", "核查人员", "officers, with ^ between", Several(Vec::new), &[], "王一^李二"),
    col("finding", "核查情况", "what they found", Text, &[], "场所与申请一致"),
    col("procedure", "程序", "procedure that stops the clock", Text, &["特别程序"], "检验"),
    col("days", "天数", "working days", Number, &["工作日"], "10"),
    col("approver", "批准人", "who approved it", Text, &[], "局长"),
    col("opinion", "意见", "opinion", Text, &["审查意见"], "材料齐全，同意"),
];
