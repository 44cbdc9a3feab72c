//! What the law asks of each kind of document, held against the text of the rendered PDF.

#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(dead_code, reason = "other tests read more")]
mod paper;

use paper::{Paper, sample};
use tongban_document::{Field, Form, Templates};

/// What a document must hold, and which article says so.
struct Element {
    article: &'static str,
    text: &'static str,
}

const fn element(article: &'static str, text: &'static str) -> Element {
    Element { article, text }
}

const SEAL_AND_DATE: [Element; 3] = [
    element("行政许可法 32(2)、39 机关名称", "四川省广安市广安区区行政审批局"),
    element("行政许可法 32(2) 加盖印章处", "（印章）"),
    element("行政许可法 32(2) 注明日期", "2026年9月14日"),
];

fn holds(case: &str, paper: &Paper, elements: &[Element]) {
    let text = paper.text();
    for Element { article, text: wanted } in elements {
        assert!(text.contains(wanted), "{case}: {wanted} is missing, which {article} asks for; it says\n{text}");
    }
}

#[test]
fn every_kind_says_what_the_law_asks_for() {
    let permit: &[(&str, &[Field], &[Element])] = &[
        (
            "acceptance",
            &[Field::Permit],
            &[
                element("行政许可法 32(1)五 受理", "决定予以受理"),
                element("行政许可法 32(1)五", "第三十二条第一款第五项"),
                element("行政许可法 42 办理期限", "2026年10月16日"),
                element("GB/T 39046 办件编号", "11511602008912345X3510115500000202609140001"),
                element("行政许可法 45 不计入的时间", "所需时间不计算在内"),
            ],
        ),
        (
            "acceptance",
            &[Field::Permit, Field::Deemed],
            &[element("行政许可法 32(1)四 视为受理", "自2026年9月14日收到申请材料之日起即为受理")],
        ),
        (
            "refusal",
            &[Field::Permit, Field::NotCompetent],
            &[
                element("行政许可法 32(1)二 不予受理", "依法不属于本机关职权范围"),
                element("行政许可法 32(1)二 告知向有关行政机关申请", "请向上述有关行政机关申请"),
                element("行政许可法 38(2) 理由", "理由甲乙丙"),
                element("行政复议法 20 六十日", "六十日内"),
                element("行政复议法 24 复议机关", "四川省广安市广安区人民政府"),
                element("行政诉讼法 46 六个月", "六个月内"),
            ],
        ),
        (
            "refusal",
            &[Field::Permit, Field::NotRequired],
            &[
                element("行政许可法 32(1)一 不受理", "依法不需要取得许可"),
                element("行政许可法 32(1)一", "第三十二条第一款第一项"),
                element("行政复议法 20", "六十日内"),
            ],
        ),
        (
            "correction-notice",
            &[Field::Permit],
            &[
                element("行政许可法 32(1)四 一次告知全部内容", "需要补正的全部内容一次告知"),
                element("行政许可法 32(1)四 内容", "1.卫生检测报告缺页"),
                element("行政许可法 32(1)四 内容", "2.从业人员健康证明"),
                element("行政许可法 32(1)四", "第三十二条第一款第四项"),
            ],
        ),
        (
            "return",
            &[Field::Permit],
            &[
                element("行政许可法 38(2) 理由", "理由：理由甲乙丙"),
                element("行政复议法 20", "六十日内"),
                element("行政诉讼法 46", "六个月内"),
            ],
        ),
        (
            "deemed-renewal",
            &[Field::Permit],
            &[
                element("行政许可法 50(2)", "视为准予延续。"),
                element("行政许可法 50(2) 延续的证照", "延续证照：现场情况复杂"),
                element("行政许可法 50(2) 依据", "法律依据：十个工作日"),
            ],
        ),
        ("supplement", &[Field::Permit], &[element("行政许可法 32(1)五 补正材料", "从业人员健康证明")]),
        ("amendment", &[Field::Permit], &[element("更正理由", "更正理由：从业人员健康证明")]),
        (
            "suspension",
            &[Field::Permit],
            &[
                element("行政许可法 45 程序", "依法需要进行卫生检测报告缺页"),
                element("行政许可法 45 所需时间", "所需时间为十个工作日"),
                element("行政许可法 45 依据", "法律依据：从业人员健康证明"),
            ],
        ),
        (
            "extension",
            &[Field::Permit],
            &[
                element("行政许可法 42 延长时间", "延长卫生检测报告缺页"),
                element("行政许可法 42 负责人批准", "经十个工作日批准"),
                element("行政许可法 42 理由", "延长期限的理由：现场情况复杂"),
                element("行政许可法 42 新期限", "2026年10月16日"),
            ],
        ),
        (
            "decision",
            &[Field::Permit, Field::Granted],
            &[
                element("行政许可法 38(1) 书面决定", "本机关决定：准予"),
                element("行政许可法 38", "第三十八条"),
                element("行政许可法 44 送达", "颁发、送达（《中华人民共和国行政许可法》第四十四条）"),
            ],
        ),
        (
            "decision",
            &[Field::Permit, Field::Denied],
            &[
                element("行政许可法 38(2) 不予", "不予行政许可"),
                element("行政许可法 38(2) 说明理由", "理由：理由甲乙丙"),
                element("行政许可法 38(2)、行政复议法 20", "六十日内"),
                element("行政复议法 24 复议机关", "四川省广安市广安区人民政府"),
                element("行政许可法 38(2)、行政诉讼法 46", "六个月内"),
            ],
        ),
        (
            "joint-answer",
            &[],
            &[
                element("行政许可法 26 一并答复", "现一并答复如下"),
                element("逐项写明", "卫生检测报告缺页。"),
                element("行政许可法 38(2) 决定书为准", "以办理机关出具的决定书"),
            ],
        ),
    ];
    for (kind, flags, elements) in permit {
        let mut content = sample();
        for flag in *flags {
            content.flag(*flag, true);
        }
        let paper = Paper::render(kind, &content, Form::A4);
        let case = format!("{kind} {flags:?}");
        holds(&case, &paper, elements);
        holds(&case, &paper, &SEAL_AND_DATE);
        holds(&case, &paper, &[element("收件人", "张三丰："), element("文书编号", "511602000000-20260914-00001-3")]);
        assert_eq!(paper.rendered.missing, Vec::<char>::new(), "{case}");
        // The sample has everything that a notice may say: agreement, materials to follow, pledge.
        let most = if ["acceptance", "decision"].contains(kind) { 2 } else { 1 };
        assert!(paper.rendered.pages <= most, "{case}: {} pages", paper.rendered.pages);
    }
}

#[test]
fn a_grant_says_nothing_of_remedies_and_a_denial_nothing_of_grants() {
    let mut granted = sample();
    granted.flag(Field::Granted, true);
    granted.flag(Field::Permit, true);
    assert!(!Paper::render("decision", &granted, Form::A4).text().contains("行政复议"));
    let mut denied = sample();
    denied.flag(Field::Denied, true);
    assert!(!Paper::render("decision", &denied, Form::A4).text().contains("准予"));
}

#[test]
fn what_is_no_permit_cites_its_own_basis() {
    let mut content = sample();
    content.set(Field::Matter, "行政确认");
    for kind in ["acceptance", "refusal", "correction-notice", "decision"] {
        let text = Paper::render(kind, &content, Form::A4).text();
        assert!(!text.contains("行政许可法"), "{kind}: {text}");
        assert!(text.contains("事项依据：《公共场所卫生管理条例》第四条"), "{kind}: {text}");
    }
}

#[test]
fn the_slip_says_that_it_is_no_acceptance() {
    for form in [Form::Slip, Form::A4] {
        let mut content = sample();
        content.flag(Field::Permit, true);
        let paper = Paper::render("collection-slip", &content, form);
        holds(
            "slip",
            &paper,
            &[
                element("国办发〔2020〕35号 收受分离", "不是受理通知"),
                element("收件编号", "511602000000-20260914-00001"),
                element("查询码", "FKQ2M8A-7TR4C-9"),
                element("收到的材料", "1.营业执照"),
                element("收到的材料", "2.卫生检测报告"),
                element("行政许可法 32(1)四", "逾期不告知的"),
            ],
        );
        let (width, _) = paper.size_mm();
        let paper = if form == Form::Slip { 80.0 } else { 210.0 };
        assert!((width - paper).abs() < 0.5, "{width}");
    }
}

/// 国办发〔2020〕35号: who decides in another's place says by which agreement, on everything that he hands out.
#[test]
fn what_is_decided_in_anothers_place_names_the_agreement() {
    let said = "本机关依通办协议川渝通办一号实行异地受理、无差别办理";
    let templates = Templates::new([]).unwrap();
    // The answer of an authority in a joint procedure is of its own matter, and in nobody's place.
    for kind in templates.kinds().filter(|kind| *kind != "joint-answer") {
        let mut content = sample();
        assert!(!Paper::render(kind, &content, Form::A4).text().contains("无差别办理"), "{kind}");
        content.set(Field::InsteadOf, said);
        let text = Paper::render(kind, &content, Form::A4).text();
        assert!(text.contains(said), "{kind}: {text}");
        // On a form that is printed already too, where a kind has one.
        if Templates::shipped(kind).is_some_and(|template| template.contains("[pre_printed]")) {
            let text = Paper::render(kind, &content, Form::PrePrinted).text();
            assert!(text.contains(said), "{kind}, pre-printed: {text}");
        }
    }
}
