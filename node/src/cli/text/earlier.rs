//! What can be wrong with a file of earlier cases as a whole, what is said of one, and what its fields are called.

use super::{Fault, Text};

faults! {
    EARLIER_HEAD_UNKNOWN = "head-unknown", "file": "no row names columns that are known", "没有找到可识别的表头";
        "an empty file with all columns: tongban case import --template FILE.xlsx; a mapping gives other titles a meaning: --map FILE.toml",
        "空白模板：tongban case import --template FILE.xlsx；其他列名可用映射指定：--map FILE.toml";
    EARLIER_COLUMN_MISSING = "column-missing", "file": "the column {0} is missing", "缺少列 {1}（{0}）";
        "add it, or give it in a mapping: --map FILE.toml; an empty file with all columns: tongban case import --template FILE.xlsx",
        "请补上，或在映射中指定：--map FILE.toml；空白模板：tongban case import --template FILE.xlsx";
    EARLIER_MAPPING = "mapping-invalid", "map": "the mapping names {0}, which is no column of earlier cases", "映射中的 {0} 不是历史办件的列";
        "an empty file with all columns: tongban case import --template FILE.xlsx", "空白模板：tongban case import --template FILE.xlsx";
    EARLIER_BROKEN_OFF = "import-broken-off", "file": "it broke off behind row {0} of {1}: {2}", "已导入 {0} / {1} 行后中断：{3}";
        "run the same file in the same way again: what came in doesn't come in twice", "请以相同方式再次运行同一文件：已导入的不会重复";
    EARLIER_ASKED = "imported-missing", "imported": "these options are about earlier cases", "这些选项仅用于历史办件";
        "give --imported", "请加上 --imported";
}

texts! {
    EARLIER_DONE = "Batch {0}: {1} {1|row|rows} new, {2} replaced, {3} known already.", "批次 {0}：新导入 {1} 行，更正 {2} 行，已有 {3} 行。";
    EARLIER_CHECKED = "{0} {0|row|rows} can be imported: {1} new, {2} to be replaced, {3} known already; nothing was written.",
        "可导入 {0} 行：新增 {1} 行，更正 {2} 行，已有 {3} 行；未写入任何内容。";
    EARLIER_FAULTY = "{0} {0|row is|rows are} wrong; nothing was imported.", "{0} 行有误；未导入任何内容。";
    EARLIER_AGAIN = "This file was imported already, as batch {0}; nothing was done.", "该文件已导入，批次 {0}；未作任何更改。";
    EARLIER_RESUMED = "Batch {0} goes on behind row {1}.", "批次 {0} 自第 {1} 行之后接续。";
    EARLIER_UNDO = "The rows of batch {0} will no longer stand.", "批次 {0} 的记录将不再有效。";
    EARLIER_REMARKS = "{0} further {0|remark isn't|remarks aren't} shown.", "另有 {0} 条提示未列出。";
}

const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

/// What fields are called.
pub(super) const LABELS: &[(&str, Text)] = &[
    ("notice", text("origin", "来源")),
    ("old_number", text("earlier number", "原办件编号")),
    ("batch_state", text("state of the batch", "批次状态")),
    ("row_count", text("rows of the file", "文件行数")),
    ("taken", text("rows in", "已导入")),
    ("added", text("new", "新增")),
    ("replaced", text("replaced", "更正")),
    ("taken_up", text("taken up", "已承接")),
    ("taken_up.collection_no", text("taken up as", "承接为")),
    ("taken_up.case", text("as case", "承接办件")),
    ("importer", text("imported by", "导入人")),
    ("imported_at", text("imported at", "导入时间")),
    ("begun_at", text("begun at", "开始时间")),
    ("finished_at", text("finished at", "完成时间")),
    ("rows_digest", text("digest of the rows", "记录摘要")),
    ("file_digest", text("SHA-256 of the file", "文件摘要")),
    ("source_system", text("other system", "来源系统")),
    ("id_kind", text("kind of identity", "证件类型")),
    ("id_checked", text("check digit holds", "证件号码已校验")),
    ("applicant_kind", text("kind of applicant", "申请人类型")),
    ("delivered_on", text("delivered on", "送达日期")),
    ("document_no", text("number of the decision", "文书编号")),
    ("licence_no", text("licence, not of this node", "证照编号（非本节点颁发）")),
    ("licence_from", text("licence valid from", "证照有效期起")),
    ("licence_until", text("licence valid until", "证照有效期至")),
    ("clerk", text("handled by", "原经办人")),
    ("collected_on", text("collected on", "收件日期")),
    ("result", text("result", "办结结果")),
    ("known", text("known already", "已有")),
    ("replace_reason", text("replaced because", "更正理由")),
    ("earlier_standing", text("standing", "效力")),
    ("row_in_file", text("row in the file", "文件行号")),
    ("stated.number", text("goes on with", "承接原办件")),
    ("stated.system", text("of the other system", "原系统")),
    ("stated.collected_on", text("collected there on, as stated", "原系统收件日期（导入所述）")),
    ("stated.accepted_on", text("accepted there on, as stated", "原系统受理日期（导入所述）")),
    ("stated.statutory_due", text("statutory deadline, as stated", "法定期限届满日（导入所述）")),
    ("stated.computed_due", text("statutory deadline by the stated acceptance", "按所述受理日期推算的法定期限")),
    ("stated.notice", text("stated", "所述来源")),
    ("undone.at", text("undone at", "撤销时间")),
    ("undone.by", text("undone by", "撤销人")),
    ("undone.reason", text("undone because", "撤销理由")),
];
