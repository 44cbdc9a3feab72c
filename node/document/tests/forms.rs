//! Pages, forms, fonts and templates: what becomes of unusual input.

#![expect(clippy::unwrap_used, reason = "tests")]

mod paper;

use paper::{Paper, printing, sample};
use tongban_document::{Field, Fonts, Form, OFFSET_MM_MAX, Printing, RenderError, Role, Templates, render};

fn fonts() -> Fonts {
    Fonts::new([]).unwrap()
}

fn templates() -> Templates {
    Templates::new([]).unwrap()
}

#[test]
fn the_same_input_gives_the_same_bytes_and_another_time_gives_others() {
    let render = |at| render(&templates(), &fonts(), "acceptance", &sample(), at).unwrap().pdf;
    let once = render(printing(Form::A4));
    assert_eq!(once, render(printing(Form::A4)));
    let mut later = printing(Form::A4);
    later.at.hour += 1;
    assert_ne!(once, render(later), "the file tells when it was printed");
    assert!(once.starts_with(b"%PDF-1.7"));
    assert!(once.len() < 200_000, "{} bytes: only the signs that are used are embedded", once.len());
}

#[test]
fn a_sign_that_no_font_has_is_named_and_marked() {
    let mut content = sample();
    content.set(Field::Applicant, "王𰻞𰻝、喆堃");
    let paper = Paper::render("acceptance", &content, Form::A4);
    assert_eq!(paper.rendered.missing, vec!['𰻝', '𰻞'], "喆 and 堃 are in the shipped font, two rare signs are not");
    assert!(Paper::render("acceptance", &sample(), Form::A4).rendered.missing.is_empty());
}

#[test]
fn long_texts_flow_over_numbered_pages_and_the_signature_never_stands_alone() {
    for items in [1, 18, 19, 20, 21, 22, 23, 60, 300] {
        let mut content = sample();
        content.list(Field::Items, (0..items).map(|item| format!("第 {item} 项需要补正的内容")).collect());
        let paper = Paper::render("correction-notice", &content, Form::A4);
        let text = paper.text();
        assert!(text.contains(&format!("第{}项需要补正的内容", items - 1)), "{items}");
        let pages = paper.rendered.pages;
        assert_eq!(pages > 1, items > 12, "{items} items on {pages} pages");
        if pages > 1 {
            assert!(text.contains(&format!("—{pages}/{pages}—")), "{items}");
        }
        let last = paper.page_text(pages);
        assert!(
            last.contains("（印章）") && last.contains("不再要求补正其他材料"),
            "{items}: the last page says {last}"
        );
    }
    let mut endless = sample();
    endless.set(Field::Text, "长".repeat(200_000));
    let refused = render(&templates(), &fonts(), "refusal", &endless, printing(Form::A4));
    assert_eq!(refused.unwrap_err(), RenderError::TooLong);
}

#[test]
fn a_reprint_says_its_number_on_every_form_and_a_demonstration_says_so() {
    let mut content = sample();
    content.flag(Field::Granted, true);
    for form in Form::ALL {
        let first = Paper::render("decision", &content, form).text();
        assert!(!first.contains("补打") && !first.contains("演示"), "{form:?}");
    }
    content.set(Field::Reprint, "2");
    content.set(Field::PrintedBy, "王晓明");
    content.flag(Field::Demo, true);
    for form in Form::ALL {
        let again = Paper::render("decision", &content, form).text();
        assert!(again.contains("第2次补打　王晓明") || again.contains("第2次补打王晓明"), "{form:?}: {again}");
        assert!(again.contains("演示"), "{form:?}");
    }
}

#[test]
fn onto_a_printed_form_go_the_values_alone_moved_by_the_offsets() {
    let mut content = sample();
    content.flag(Field::Granted, true);
    let paper = Paper::render("decision", &content, Form::PrePrinted);
    let text = paper.text();
    assert!(text.contains("张三丰") && text.contains("准予"), "{text}");
    assert!(!text.contains("决定书") && !text.contains("不予") && !text.contains("申请"), "{text}");
    let at = |x, y| {
        let printing = Printing { offset_x: x, offset_y: y, ..printing(Form::PrePrinted) };
        Paper::of(render(&templates(), &fonts(), "decision", &content, printing).unwrap()).first_text_mm()
    };
    let (x, y) = at(0.0, 0.0);
    let (moved_x, moved_y) = at(3.5, -2.0);
    assert!((moved_x - x - 3.5).abs() < 0.05, "{x} {moved_x}");
    assert!((moved_y - y + 2.0).abs() < 0.05, "{y} {moved_y}");
    let far = Printing { offset_x: OFFSET_MM_MAX + 1.0, ..printing(Form::PrePrinted) };
    assert_eq!(render(&templates(), &fonts(), "decision", &content, far).unwrap_err(), RenderError::Offset);
    let none = render(&templates(), &fonts(), "extension", &content, printing(Form::PrePrinted)).unwrap_err();
    assert_eq!(none, RenderError::NotPrePrinted("extension".to_owned()));
}

#[test]
fn what_was_printed_before_is_drawn_again() {
    let mut content = sample();
    content.flag(Field::Denied, true);
    content.set(Field::Text, "理".repeat(33 * 20));
    let again = Printing { counted: true, ..printing(Form::PrePrinted) };
    let drawn =
        |kind: &str, content: &tongban_document::Content, how| render(&templates(), &fonts(), kind, content, how);
    // A release or a template before let it run over.
    assert!(drawn("decision", &content, printing(Form::PrePrinted)).is_err());
    let paper = Paper::of(drawn("decision", &content, again).unwrap());
    assert_eq!((paper.text().matches('理').count(), paper.rendered.pages), (33 * 20, 1), "all of it, where it stood");
    // Where it fits nothing is other than at the first time.
    content.set(Field::Text, "理由");
    let first = drawn("decision", &content, printing(Form::PrePrinted)).unwrap();
    assert_eq!(drawn("decision", &content, again).unwrap(), first);
    // The template had positions then, and has none by now.
    let on_a4 = drawn("extension", &content, printing(Form::A4)).unwrap();
    assert_eq!(drawn("extension", &content, again).unwrap(), on_a4);
}

#[test]
fn what_has_no_room_on_a_printed_form_is_refused() {
    let mut content = sample();
    content.flag(Field::Denied, true);
    let on_form = |content: &tongban_document::Content, templates: &Templates| {
        render(templates, &fonts(), "decision", content, printing(Form::PrePrinted))
    };
    // 33 signs go in a line of 140 mm, and the reason has the room down to the date.
    for (signs, fits) in [(33 * 13, true), (33 * 20, false), (2_000, false)] {
        content.set(Field::Text, "理".repeat(signs));
        let printed = on_form(&content, &templates());
        assert_eq!(printed.is_ok(), fits, "{signs} signs: {:?}", printed.err());
    }
    let refused = on_form(&content, &templates()).unwrap_err();
    assert!(matches!(refused, RenderError::DoesNotFit { lines: 15, .. }), "{refused:?}");
    // A name that runs into the value below it; on paper that has room for one more line it goes.
    content.set(Field::Text, "理由");
    content.set(Field::ItemName, "事".repeat(28 * 4));
    assert!(matches!(on_form(&content, &templates()).unwrap_err(), RenderError::DoesNotFit { .. }));
    let own = Templates::shipped("decision").unwrap();
    let roomy = own.replacen("y = 88, size = 14, width = 140", "y = 88, size = 14, width = 140, lines = 4", 1);
    assert!(on_form(&content, &Templates::new([("decision", roomy.as_str())]).unwrap()).is_ok());
    let none = own.replacen("y = 88, size = 14, width = 140", "y = 88, size = 14, width = 140, lines = 0", 1);
    assert!(Templates::new([("decision", none.as_str())]).unwrap_err().en.contains("1 to 200 lines"));
    // On A4 all of it goes.
    assert!(render(&templates(), &fonts(), "decision", &content, printing(Form::A4)).is_ok());
    // A place that is as wide as the paper breaks its lines at the paper's edge.
    let wide = own.replacen("x = 40, y = 140, size = 12, width = 140", "x = 160, y = 140, size = 12, width = 140", 1);
    let wide = Templates::new([("decision", wide.as_str())]).unwrap();
    content.set(Field::ItemName, "事项");
    content.set(Field::Text, "理".repeat(60));
    assert!(on_form(&content, &wide).is_ok());
    content.set(Field::Text, "理".repeat(300));
    assert!(on_form(&content, &wide).is_err());
}

#[test]
fn signs_that_show_nothing_are_left_out() {
    let mut content = sample();
    let signs = "\u{feff}张\u{200b}三\u{200d}丰\u{fe0f}\u{e0101}\u{2060}\u{ad}\u{202e}\u{fffe}\u{fdd0}";
    content.set(Field::Applicant, signs);
    content.list(Field::Items, vec!["\u{feff}\u{feff}".to_owned(), "缺\u{feff}页".to_owned()]);
    let paper = Paper::render("correction-notice", &content, Form::A4);
    assert_eq!(paper.rendered.missing, Vec::<char>::new());
    let text = paper.text();
    assert!(text.contains("张三丰") && text.contains("缺页") && !text.contains('〓'), "{text}");
    // What a font lacks and would show is marked still, of every plane.
    for sign in ['\u{378}', '\u{e000}', '\u{f0000}', '𰻞', '\u{1f600}', '\u{fffd}'] {
        content.set(Field::Applicant, format!("张{sign}"));
        let printed = Paper::render("correction-notice", &content, Form::A4).rendered;
        assert!(printed.missing.is_empty() || printed.missing == [sign], "{sign:?}: {:?}", printed.missing);
    }
}

#[test]
fn the_qr_code_says_which_document_it_is() {
    for (kind, form) in [("acceptance", Form::A4), ("collection-slip", Form::Slip)] {
        let paper = Paper::render(kind, &sample(), form);
        let expected = "tongban:document;q=FKQ2M8A-7TR4C-9;n=511602000000-20260914-00001-3;\
                        d=5f2c1e0b9a8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e";
        assert_eq!(paper.qr(), expected, "{kind}");
    }
}

#[test]
fn a_template_of_the_hall_stands_over_the_shipped_one_and_serves_unknown_kinds() {
    let own = "title = [\"甲局\", \"受理单\"]\n[[part]]\ntext = \"已受理{item_name}。\"\n";
    let templates = Templates::new([("acceptance", own)]).unwrap();
    let text = |kind| Paper::of(render(&templates, &fonts(), kind, &sample(), printing(Form::A4)).unwrap()).text();
    assert!(text("acceptance").contains("甲局受理单已受理公共场所卫生许可延续（县级）。"));
    assert!(text("hearing-notice").contains("办件文书"), "a kind without a template has the general one");
    assert!(Templates::shipped("acceptance").unwrap().contains("title"));
}

#[test]
fn a_malformed_template_is_refused_with_file_line_and_name() {
    for (text, line, wrong) in [
        ("title = [\"甲\"]\n[[part]]\ntext = \"{caseno}\"\n", 3, "{caseno} is no field"),
        ("title = [\"甲\"]\n[[part]]\nwhen = \"grant\"\ntext = \"乙\"\n", 4, "{grant} is no field"),
        ("title = [\"{x}\"]\n", 1, "{x} is no field"),
        ("title = []\n", 1, "a document has a title"),
        ("title = [\"甲\"]\ntitel = 1\n", 2, "unknown field"),
        ("title = [\"甲\"]\n[[part]]\ntext = \"{each}\"\n", 3, "{each}"),
        ("title = [\"甲\"]\n[[part]]\ntext = \"{case_no\"\n", 3, "brace"),
        ("title = [\"甲\"]\n[[part]]\nstyle = \"row\"\ntext = \"乙\"\n", 4, "a row has a label"),
        ("title = [\"甲\"]\n[[part]]\nstyle = \"huge\"\ntext = \"乙\"\n", 3, "unknown variant"),
        ("title = \n", 1, ""),
        (
            "title = [\"甲\"]\n[pre_printed]\nwidth = 210\nheight = 297\nplace = [\n\
             { text = \"甲\", x = 300, y = 1, size = 9, width = 9 }]\n",
            6,
            "lies on the form",
        ),
    ] {
        let error = Templates::new([("acceptance", text)]).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("acceptance.toml", line), "{text}: {error}");
        assert!(error.en.contains(wrong), "{text}: {error}");
        assert!(!error.zh.is_empty());
    }
    let layout = Templates::shipped("layout").unwrap();
    let narrow = layout.replacen("left = 28", "left = 190", 1);
    let error = Templates::new([("layout", narrow.as_str())]).unwrap_err();
    assert!(error.en.contains("less than 20 mm"), "{error}");
    assert!(Templates::new([("layout", layout)]).is_ok());
}

#[test]
fn a_font_of_the_hall_is_tried_first_and_what_is_no_font_is_refused() {
    let shipped = include_bytes!("../fonts/tongban-serif.otf").to_vec();
    let own = Fonts::new([("body".to_owned(), shipped)]).unwrap();
    let mut content = sample();
    content.flag(Field::Granted, true);
    let printed = render(&templates(), &own, "decision", &content, printing(Form::A4)).unwrap();
    assert_eq!(Paper::of(printed).text(), Paper::render("decision", &content, Form::A4).text());
    assert_eq!(Fonts::new([("body".to_owned(), b"no font".to_vec())]).err().unwrap().file, "body");
    assert_eq!(
        [Role::of_name("title"), Role::of_name("body"), Role::of_name("rare")],
        [Role::Title, Role::Body, Role::Further]
    );
}

#[test]
fn the_shipped_font_has_the_signs_of_names_and_documents() {
    // 通用规范汉字表 ends each level with these; GB 2312 and the common signs of names beside them.
    let mut content = sample();
    content.set(
        Field::Applicant,
        "一丁蠹矗鼫齉龢㑇䶮𠅤𬺈𬺓喆犇堃淼昇煇彧赟頔祎翀骁晞玥囍〇①⑩⑴Ⅷ㎡℃№×÷±≤≥·—…“”‘’《》〔〕【】％＆＠",
    );
    let paper = Paper::render("acceptance", &content, Form::A4);
    assert_eq!(paper.rendered.missing, Vec::<char>::new());
}

#[test]
fn the_manual_names_every_field_and_every_kind() {
    let manual = include_str!("../../../docs/operating/documents.md");
    for field in Field::ALL {
        assert!(manual.contains(&format!("`{}`", field.name())), "{} ({})", field.name(), field.about());
    }
    let templates = templates();
    for kind in templates.kinds() {
        assert!(manual.contains(&format!("`{kind}`")), "{kind}");
    }
}
