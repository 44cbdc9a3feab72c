//! The columns of the tables of cases (`up_pro_*`).
//!
//! What must be filled is what published implementations demand. Widths, the names of the division columns that GB/T 39046 adds, and whether
//! a process has a place, aren't confirmed: a mapping gives a front database's own names and widths.

use super::table::{CasePart, Column, Kind, SENT_CASE, column};

/// The columns of a table of cases.
pub(super) fn case_columns(part: CasePart) -> &'static [Column] {
    match part {
        CasePart::Accept => ACCEPT,
        CasePart::Process => PROCESS,
        CasePart::SpecialProcedure => SPECIAL,
        CasePart::Material => MATERIAL,
        CasePart::Result => RESULT,
    }
}

const ACCEPT: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "N"),
    column("project_no", "办件编号", Kind::Text(50), "N"),
    column("catalog_code", "基本编码", Kind::Code(12), "n"),
    column("local_catalog_code", "地方基本编码", Kind::Text(50), "n"),
    column("task_code", "实施编码", Kind::Text(36), "n"),
    column("local_task_code", "地方实施编码", Kind::Text(64), "n"),
    column("task_handle_item", "业务办理项编码", Kind::Text(50), "n"),
    column("task_name", "事项名称", Kind::Text(1000), "n"),
    column("task_version", "事项版本", Kind::Number, "n"),
    column("project_name", "办件摘要", Kind::Text(1000), "n"),
    column("project_type", "办件类型", Kind::Text(2), "n"),
    column("apply_type", "申请方式", Kind::Text(2), "n"),
    column("apply_date", "申请时间", Kind::Moment, "N"),
    column("applyer_name", "申请人名称", Kind::Text(200), "N"),
    column("applyer_type", "申请人类型", Kind::Text(2), "N"),
    column("applyer_page_type", "申请人证件类型", Kind::Text(3), "N"),
    column("applyer_page_code", "申请人证件号码", Kind::Text(50), "N"),
    column("applyer_area_code", "申请人行政区划", Kind::Text(12), "n"),
    column("contact_name", "联系人姓名", Kind::Text(200), "n"),
    column("contact_type", "联系人证件类型", Kind::Text(3), "n"),
    column("contact_code", "联系人证件号码", Kind::Text(50), "n"),
    column("contact_mobile", "联系人手机号", Kind::Text(20), "n"),
    column("legal", "法定代表人", Kind::Text(200), "n"),
    column("address", "通讯地址", Kind::Text(500), "n"),
    column("zip_code", "邮政编码", Kind::Text(6), "n"),
    column("handle_user_name", "受理人", Kind::Text(200), "n"),
    column("accept_date", "受理时间", Kind::Moment, "N"),
    column("accept_doc_no", "受理文书编号", Kind::Text(100), "n"),
    column("promise_date", "承诺办结时间", Kind::Moment, "n"),
    column("org_name", "受理部门", Kind::Text(200), "n"),
    column("org_code", "受理部门编码", Kind::Text(50), "N"),
    column("accept_area_code", "受理地行政区划", Kind::Text(12), "n"),
    SENT_CASE[0],
    SENT_CASE[1],
    SENT_CASE[2],
    SENT_CASE[3],
];

const PROCESS: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "N"),
    column("project_no", "办件编号", Kind::Text(50), "N"),
    column("process_name", "环节名称", Kind::Text(200), "n"),
    column("event_name", "业务动作", Kind::Text(20), "n"),
    column("handle_user_name", "办理人", Kind::Text(200), "n"),
    column("handle_explain", "办理意见", Kind::Long, "N"),
    column("event_start_time", "环节开始时间", Kind::Moment, "N"),
    column("event_end_time", "环节结束时间", Kind::Moment, "N"),
    column("process_area_code", "办理地行政区划", Kind::Text(12), "n"),
    SENT_CASE[0],
    SENT_CASE[1],
    SENT_CASE[2],
    SENT_CASE[3],
];

const SPECIAL: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "N"),
    column("project_no", "办件编号", Kind::Text(50), "N"),
    column("special_type", "特别程序种类", Kind::Text(2), "N"),
    column("special_name", "特别程序名称", Kind::Text(200), "N"),
    column("special_reason", "特别程序原因", Kind::Long, "N"),
    column("special_time", "特别程序开始时间", Kind::Moment, "N"),
    column("end_time", "特别程序结束时间", Kind::Moment, "N"),
    column("result", "特别程序结果", Kind::Long, "n"),
    column("special_explain", "特别程序说明", Kind::Long, "n"),
    column("applyer_user_name", "特别程序申请人", Kind::Text(200), "n"),
    column("handle_user_name", "特别程序办理人", Kind::Text(200), "n"),
    column("special_area_code", "特别程序办理地行政区划", Kind::Text(12), "n"),
    SENT_CASE[0],
    SENT_CASE[1],
    SENT_CASE[2],
    SENT_CASE[3],
];

const MATERIAL: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "N"),
    column("project_no", "办件编号", Kind::Text(50), "N"),
    column("material_name", "材料名称", Kind::Text(200), "N"),
    column("get_type", "收取方式", Kind::Text(2), "N"),
    column("get_num", "收取数量", Kind::Number, "n"),
    column("attach_name", "附件名称", Kind::Text(200), "n"),
    column("material_area_code", "收取地行政区划", Kind::Text(12), "n"),
    SENT_CASE[0],
    SENT_CASE[1],
    SENT_CASE[2],
    SENT_CASE[3],
];

const RESULT: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "N"),
    column("project_no", "办件编号", Kind::Text(50), "N"),
    column("result_type", "办结结果", Kind::Text(2), "N"),
    column("result_date", "办结时间", Kind::Moment, "N"),
    column("result_cetr_name", "结果证照名称", Kind::Text(500), "n"),
    column("result_cetr_no", "结果证照编号", Kind::Text(1000), "n"),
    column("result_explain", "办结结果说明", Kind::Long, "n"),
    column("is_delivery_results", "结果是否送达", Kind::Text(2), "N"),
    column("satisfaction", "满意度", Kind::Text(2), "n"),
    column("handle_user_name", "办结人", Kind::Text(200), "n"),
    column("result_area_code", "办结地行政区划", Kind::Text(12), "n"),
    column("evaluate_area_code", "评价地行政区划", Kind::Text(12), "n"),
    SENT_CASE[0],
    SENT_CASE[1],
    SENT_CASE[2],
    SENT_CASE[3],
];
