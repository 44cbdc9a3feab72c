#![expect(clippy::unwrap_used, reason = "tests")]

use tongban_codes::ids::{AuthorityId, NodeId};
use tongban_domain::catalogue::ceiling::{Bound, CeilingField};
use tongban_domain::catalogue::{Codes, Core, Editing, ItemState, Question, RequiredMaterial, Step, authority_id};

use super::*;

fn item() -> ServiceItem {
    let division = "511602".parse().unwrap();
    let node = NodeId::from_bytes([1; 16]);
    let authority: AuthorityId = authority_id(&node, division, "区卫健局");
    ServiceItem {
        code: "511A0015500013-511602000000-000-11511301008778183N-1-00".into(),
        core: Core {
            name: "公共场所卫生许可 <b>&延续</b>".into(),
            base_code: Some("510116013001".into()),
            item_type: "01".into(),
            legal_basis: "《公共场所卫生管理条例》第四条".into(),
        },
        main_item: "公共场所卫生许可".into(),
        authority,
        department: "区卫健局".into(),
        department_code: "11511301008778183N".into(),
        division,
        statutory: None,
        promised: None,
        modes: Vec::new(),
        covered: Vec::new(),
        effective: None,
        version: 3,
        state: ItemState::Published,
        findings: Vec::new(),
        guide: None,
        codes: Codes::default(),
        tier: None,
        origin: None,
        external: None,
        cancel: None,
        difference: None,
        base_version: None,
        successor: None,
        editing: Editing::default(),
        agreements: Vec::new(),
        counts_under: None,
    }
}

fn guide() -> Guide {
    Guide {
        materials: vec![RequiredMaterial {
            name: "申请表<script>alert(1)</script>".into(),
            ..RequiredMaterial::default()
        }],
        steps: vec![Step { name: "受理".into(), handler: Some("窗口".into()), ..Step::default() }],
        questions: vec![Question { question: "要钱吗？".into(), answer: "不要。\u{1b}[31m".into() }],
        online: Some(true),
        online_address: Some("https://example.invalid/?a=1&b=\"2".into()),
        mobile_address: Some("javascript:alert(1)".into()),
        ..Guide::default()
    }
}

fn bounds() -> Vec<Bound> {
    vec![Bound {
        field: CeilingField::PromisedDays,
        limit: 8,
        names: Vec::new(),
        code: "510116013001".into(),
        division: "51".parse().unwrap(),
        set_by: "四川省".into(),
        deadline: None,
    }]
}

fn source<'a>(item: &'a ServiceItem, guide: Option<&'a Guide>, bounds: &'a [Bound], demo: bool) -> Source<'a> {
    let as_of = "2026-09-14T09:00:00+08:00".to_owned();
    Source { item, guide, authority: "区卫健局", division: "四川省广安市广安区", bounds, demo, as_of }
}

#[test]
fn the_page_stands_alone_and_escapes() {
    let (item, guide, bounds) = (item(), guide(), bounds());
    let page = html(&source(&item, Some(&guide), &bounds, true), Language::Zh, false).unwrap();
    for expected in [
        "演示：本指南不具法律效力",
        "公共场所卫生许可 &#60;b&#62;&#38;延续&#60;/b&#62;",
        "申请表&#60;script&#62;",
        "<a href=\"https://example.invalid/?a=1&#38;b=&#34;2\"",
        "<td>javascript:alert(1)</td>",
        &item.core.digest().to_string(),
        "四川省 510000000000",
        "承诺办结时限（工作日）",
        "<html lang=\"zh-CN\">",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    for never in ["<script", "<link", "src=", "@import", "href=\"javascript", "display: grid", ":is(", "gap:"] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(!page.contains("class=\"large\""));
    let large = html(&source(&item, Some(&guide), &bounds, true), Language::En, true).unwrap();
    assert!(large.contains("<body class=\"large\">") && large.contains("<html lang=\"en\">"));
    assert!(large.contains("Ceilings that it obeys"));
}

#[test]
fn text_has_the_same_and_no_control_characters() {
    let (item, guide, bounds) = (item(), guide(), bounds());
    let page = text(&source(&item, Some(&guide), &bounds, false), Language::Zh).unwrap();
    assert!(!page.contains("演示"));
    for expected in [
        "公共场所卫生许可 <b>&延续</b>\n",
        "\n基本信息\n  实施编码：511A",
        "\n申请材料\n  1. 材料名称：申请表<script>alert(1)</script>；\n",
        "\n办理流程\n  1. 环节：受理； 办理人：窗口；\n",
        "\n常见问题\n  1. 问：要钱吗？； 答：不要。[31m；\n",
        "  版本：3\n",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(page.chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn without_a_guide_it_says_so() {
    let item = item();
    for (language, expected) in [(Language::Zh, "尚无办事指南"), (Language::En, "There is no guide yet")] {
        let source = source(&item, None, &[], false);
        for page in [html(&source, language, false).unwrap(), text(&source, language).unwrap()] {
            assert!(page.contains(expected) && page.contains("《公共场所卫生管理条例》第四条"), "{page}");
        }
    }
}
