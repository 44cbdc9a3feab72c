//! Headings of ratings and tickets.

use super::Text;

const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

pub(super) const LABELS: &[(&str, Text)] = &[
    ("rating", text("rating", "评价编号")),
    ("grade", text("grade", "满意度代码")),
    ("grade_name", text("in words", "满意度")),
    ("stars", text("stars", "星级")),
    ("occasion", text("occasion", "评价对象")),
    ("visited_on", text("visited on", "到访日期")),
    ("channel", text("channel", "渠道")),
    ("comment", text("comment", "文字评价")),
    ("entered", text("given at", "评价地")),
    ("rated", text("rated", "被评价地")),
    ("operators", text("served by", "经办人员")),
    ("standing", text("counts", "评价效力")),
    ("follow_up", text("follow-up", "整改状态")),
    ("follow_up_due", text("follow-up due", "整改期限")),
    ("call.text", text("return call", "回访反馈")),
    ("call.content", text("content now", "回访满意")),
    ("appeal.ground", text("appeal", "申诉理由")),
    ("deed", text("what", "环节")),
    ("ratings", text("ratings", "评价数")),
    ("good", text("good", "好评数")),
    ("bad", text("bad", "差评数")),
    ("rectified", text("rectified", "已整改")),
    ("decided", text("decided", "办结数")),
    ("own", text("own accord", "主动评价数")),
    ("own_rate", text("own accord %", "主动评价率%")),
    ("good_rate", text("good %", "好评率%")),
    ("rectified_rate", text("rectified %", "差评整改率%")),
    ("indicator", text("indicator", "评价指标")),
    ("indicator_zh", text("in Chinese", "中文名称")),
    ("indicators_version", text("indicators version", "指标版本")),
    ("ticket", text("ticket", "工单编号")),
    ("contact", text("telephone", "联系电话")),
    ("opened_at", text("opened at", "登记时间")),
    ("handler", text("handled at", "办理地")),
    ("answered_at", text("answered at", "答复时间")),
    ("reopened", text("opened again", "重新办理次数")),
];
