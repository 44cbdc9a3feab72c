//! The columns of a file of earlier cases, and what other systems call them.

use tongban_domain::case::national::RESULTS;
use tongban_domain::catalogue::CodeList;
use tongban_domain::earlier::{ApplicantKind, IdKind};

use super::Holds::{Code, Day, One, Text};
use super::{Column, Word, col};

fn of<L: CodeList>() -> Vec<Word> {
    L::ALL.iter().map(|value| (value.name(), value.zh())).collect()
}

fn applicants() -> Vec<Word> {
    of::<ApplicantKind>()
}

fn identities() -> Vec<Word> {
    of::<IdKind>()
}

fn results() -> Vec<Word> {
    const NUMBERS: [&str; 7] = ["0", "1", "2", "3", "4", "5", "6"];
    NUMBERS.into_iter().zip(RESULTS).map(|(number, (_, zh))| (number, zh)).collect()
}

/// Every column.
pub(crate) const EARLIER_COLUMNS: &[Column] = &[
    col(
        "old_number",
        "原办件编号",
        "number that the other system had drawn",
        Code,
        &["办件编号", "办件编码", "业务流水号", "受理编号", "申办流水号", "project_no", "case_no"],
        "5116021903010017",
    ),
    col(
        "item",
        "事项",
        "item of this division, by code or name; kept as a text where it is none",
        Text,
        &["事项名称", "事项编码", "实施编码", "task_name", "task_code"],
        "公共场所卫生许可",
    ),
    col(
        "applicant",
        "申请人",
        "applicant's name",
        Text,
        &["申请人名称", "申请人姓名", "申请单位", "apply_name", "applicant_name"],
        "张三",
    ),
    col(
        "applicant_kind",
        "申请人类型",
        "who applied",
        One(applicants),
        &["申请主体类型", "apply_type", "applicant_type"],
        "自然人",
    ),
    col(
        "id_kind",
        "证件类型",
        "by what he was identified; citizen id and credit code are told by themselves",
        One(identities),
        &["申请人证件类型", "apply_card_type", "id_type"],
        "居民身份证",
    ),
    col(
        "id_number",
        "证件号码",
        "number of the identity",
        Code,
        &["申请人证件号码", "身份证号", "证件号", "apply_card_number"],
        "110101199003070011",
    ),
    col(
        "collected_on",
        "收件日期",
        "day of receipt",
        Day,
        &["收件时间", "申请日期", "申请时间", "apply_date"],
        "2019-03-01",
    ),
    col("accepted_on", "受理日期", "day of acceptance", Day, &["受理时间", "accept_date"], "2019-03-04"),
    col(
        "statutory_due",
        "法定期限届满日",
        "last day of the statutory time, as the other system had it",
        Day,
        &["法定办结日期", "法定截止日期", "法定时限截止"],
        "2019-04-01",
    ),
    col(
        "decided_on",
        "办结日期",
        "day of the decision",
        Day,
        &["办结时间", "决定日期", "决定时间", "transact_time"],
        "2019-03-20",
    ),
    col("delivered_on", "送达日期", "day of delivery", Day, &["送达时间"], "2019-03-22"),
    col("result", "办结结果", "result, by the national list", One(results), &["办理结果", "result_type"], "出证办结"),
    col(
        "document_no",
        "文书编号",
        "number of the decision",
        Code,
        &["文号", "决定文书编号", "批文编号"],
        "广卫许〔2019〕7号",
    ),
    col(
        "licence_no",
        "证照编号",
        "number of the licence; no licence of this node is made of it",
        Code,
        &["证照号码", "证书编号", "许可证编号"],
        "广卫公证字2019第0017号",
    ),
    col("licence_from", "证照有效期起", "first day of the licence", Day, &["有效期起", "有效期自"], "2019-03-20"),
    col("licence_until", "证照有效期至", "last day of the licence", Day, &["有效期止", "有效期至"], "2023-03-19"),
    col("handler", "经办人", "who handled it", Text, &["承办人", "办理人员"], "李四"),
    col("note", "备注", "note", Text, &["说明"], ""),
    col("source_system", "来源系统", "the other system", Text, &["数据来源"], "市行政审批系统"),
];
