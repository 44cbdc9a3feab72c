//! Headings of applications for life events.

use super::Text;

texts! {
    PARTS = "parts", "分项";
    NEXT = "what comes next", "下一步";
    EARLIER = "applied for before", "此前的申请";
    FORMER_ANSWER = "answer {0}, given {1}", "第 {0} 份综合答复（{1}）";
    NOT_TAKEN = "told to the authority and not taken", "转告未收";
    FIGURES = "asked and given", "填报情况";
    GIVEN = "given once", "一次填报";
    JOINT_ANSWER = "the one answer", "综合答复";
}

const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

pub(super) const LABELS: &[(&str, Text)] = &[
    ("application", text("application", "一件事编号")),
    ("part_of.application", text("of the application", "所属一件事")),
    ("part_of.part", text("as its part", "所属分项")),
    ("part_of.form", text("form", "表单")),
    ("event", text("for", "一件事")),
    ("bundle.code", text("life event", "一件事目录编码")),
    ("bundle.version", text("version of the life event", "一件事目录版本")),
    ("part", text("part", "分项")),
    ("parts", text("parts", "分项")),
    ("part_count", text("parts", "分项数")),
    ("parts_over", text("over", "已有结果")),
    ("path", text("critical path", "关键路径")),
    ("joint", text("joint step", "联合环节")),
    ("joint_acts", text("joint acts", "联合办理次数")),
    ("because", text("since this failed", "因前序未通过")),
    ("told", text("told", "转告内容")),
    ("who", text("who", "由谁")),
    ("what", text("what", "事项")),
    ("part_result", text("result", "结果")),
    ("remedies", text("what can be done", "救济途径")),
    ("not_required_on", text("no permit needed, said on", "告知不需要许可日期")),
    ("came_to", text("came to", "结论")),
    ("case_state", text("case", "办件状态")),
    ("figure.fields", text("fields", "表单项数")),
    ("figure.materials", text("materials", "材料数")),
    ("figure.first", text("given first", "首次填报")),
    ("figure.reused", text("given before", "共用")),
    ("figure.from_parts", text("from earlier parts", "取自前序结果")),
    ("figure.from_licences", text("from licences", "取自证照")),
    ("figure.asked_again", text("asked again", "重复索要")),
    ("total.required", text("asked by all items", "各事项共需")),
    ("total.given", text("given", "实际填报")),
    ("total.asked_again", text("of that asked again", "其中重复索要")),
    ("entry", text("kind", "类别")),
    ("joint_answer.promised", text("promised for", "承诺日期")),
    ("joint_answer.in_time", text("in time", "按期")),
    ("cases", text("cases", "办件")),
];
