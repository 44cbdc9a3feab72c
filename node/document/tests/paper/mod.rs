//! A rendered document, read back from its bytes.

use tongban_document::{Content, Field, Fonts, Form, Moment, Printing, Rendered, Templates, render};

/// When the samples are printed.
pub(crate) const AT: Moment = Moment { year: 2026, month: 9, day: 14, hour: 10, minute: 30, second: 0 };

pub(crate) fn printing(form: Form) -> Printing {
    Printing { form, offset_x: 0.0, offset_y: 0.0, at: AT, counted: false }
}

/// The values of a document with everything that any kind names, and no flag.
pub(crate) fn sample() -> Content {
    let mut content = Content::default();
    for (field, text) in [
        (Field::Authority, "四川省广安市广安区区行政审批局"),
        (Field::Department, "区行政审批局"),
        (Field::Division, "四川省广安市广安区"),
        (Field::ReviewBody, "四川省广安市广安区人民政府"),
        (Field::Applicant, "张三丰"),
        (Field::ItemName, "公共场所卫生许可延续（县级）"),
        (Field::ItemCode, "511A0015500013-511602000000-000-11511602008912345X-1-00"),
        (Field::Matter, "行政许可"),
        (Field::Basis, "《公共场所卫生管理条例》第四条、第八条"),
        (Field::CaseNo, "11511602008912345X3510115500000202609140001"),
        (Field::CollectionNo, "511602000000-20260914-00001"),
        (Field::QueryCode, "FKQ2M8A-7TR4C-9"),
        (Field::DocumentNo, "511602000000-20260914-00001-3"),
        (Field::Date, "2026年9月14日"),
        (Field::Time, "2026年9月14日10时30分"),
        (Field::Operator, "王晓明"),
        (Field::Text, "理由甲乙丙"),
        (Field::AcceptedOn, "2026年9月14日"),
        (Field::StatutoryDue, "2026年10月16日"),
        (Field::PromisedDue, "2026年9月20日"),
        (Field::Collecting, "四川省广安市前锋区代市镇"),
        (Field::Digest, "5f2c1e0b9a8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e"),
        (Field::DigestShort, "5f2c1e0b9a8d7c6e"),
    ] {
        content.set(field, text);
    }
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    content.list(Field::Items, texts(&["卫生检测报告缺页", "从业人员健康证明", "十个工作日", "现场情况复杂"]));
    content.list(Field::Materials, texts(&["营业执照", "卫生检测报告"]));
    content
}

pub(crate) struct Paper {
    pub(crate) rendered: Rendered,
    document: lopdf::Document,
}

impl Paper {
    pub(crate) fn render(kind: &str, content: &Content, form: Form) -> Self {
        let (templates, fonts) = (Templates::new([]).unwrap(), Fonts::new([]).unwrap());
        Self::of(render(&templates, &fonts, kind, content, printing(form)).unwrap())
    }

    pub(crate) fn of(rendered: Rendered) -> Self {
        let document = lopdf::Document::load_mem(&rendered.pdf).unwrap();
        Self { rendered, document }
    }

    /// The text of all pages, without spaces and line ends.
    pub(crate) fn text(&self) -> String {
        let pages: Vec<u32> = self.document.get_pages().keys().copied().collect();
        self.document.extract_text(&pages).unwrap().split_whitespace().collect()
    }

    /// Width and height of the first page in millimetres.
    pub(crate) fn size_mm(&self) -> (f32, f32) {
        let first = *self.document.get_pages().values().next().unwrap();
        let page = self.document.get_dictionary(first).unwrap();
        let area = page.get(b"MediaBox").unwrap().as_array().unwrap();
        let side = |place: usize| area[place].as_float().unwrap() * 25.4 / 72.0;
        (side(2), side(3))
    }

    /// The operators of the first page.
    pub(crate) fn operations(&self) -> Vec<lopdf::content::Operation> {
        let first = *self.document.get_pages().values().next().unwrap();
        let bytes = self.document.get_page_content(first);
        lopdf::content::Content::decode(&bytes).unwrap().operations
    }
}

/// A matrix of PDF: a b c d e f.
type Matrix = [f32; 6];

fn times(a: Matrix, b: Matrix) -> Matrix {
    [
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    ]
}

impl Paper {
    /// The text of one page, without spaces and line ends.
    pub(crate) fn page_text(&self, page: usize) -> String {
        let page = u32::try_from(page).unwrap();
        self.document.extract_text(&[page]).unwrap().split_whitespace().collect()
    }

    /// Every operator of the first page with its numbers, under the matrix in force.
    fn walk(&self, mut each: impl FnMut(&str, &[f32], Matrix)) {
        let (mut stack, mut matrix): (Vec<Matrix>, Matrix) = (Vec::new(), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        for operation in self.operations() {
            let numbers: Vec<f32> = operation.operands.iter().filter_map(|operand| operand.as_float().ok()).collect();
            match (operation.operator.as_str(), numbers.as_slice()) {
                ("q", _) => stack.push(matrix),
                ("Q", _) => matrix = stack.pop().unwrap(),
                ("cm", &[a, b, c, d, e, f]) => matrix = times([a, b, c, d, e, f], matrix),
                (operator, numbers) => each(operator, numbers, matrix),
            }
        }
    }

    /// Millimetres from the upper left corner to the first text.
    pub(crate) fn first_text_mm(&self) -> (f32, f32) {
        let height = self.size_mm().1;
        let mut found = None;
        self.walk(|operator, numbers, matrix| {
            if let ("Tm", &[a, b, c, d, e, f]) = (operator, numbers) {
                let placed = times([a, b, c, d, e, f], matrix);
                found.get_or_insert((placed[4] * 25.4 / 72.0, height - placed[5] * 25.4 / 72.0));
            }
        });
        found.unwrap()
    }

    /// What the QR code of the first page says, read from its dark bars as a camera would see them.
    pub(crate) fn qr(&self) -> String {
        let mut bars: Vec<(f32, f32, f32, f32)> = Vec::new();
        let mut corners: Vec<(f32, f32)> = Vec::new();
        self.walk(|operator, numbers, matrix| {
            let mut point = |x: f32, y: f32| {
                let placed = times([1.0, 0.0, 0.0, 1.0, x, y], matrix);
                corners.push((placed[4], placed[5]));
            };
            match (operator, numbers) {
                ("re", &[x, y, width, height]) => {
                    point(x, y);
                    point(x + width, y + height);
                }
                ("m" | "l", &[x, y]) => point(x, y),
                _ => {}
            }
            if matches!(operator, "h" | "re") && corners.len() >= 2 {
                let low = corners.iter().fold((f32::MAX, f32::MAX), |low, at| (low.0.min(at.0), low.1.min(at.1)));
                let high = corners.iter().fold((f32::MIN, f32::MIN), |high, at| (high.0.max(at.0), high.1.max(at.1)));
                bars.push((low.0, low.1, high.0, high.1));
                corners.clear();
            }
        });
        let left = bars.iter().fold(f32::MAX, |least, bar| least.min(bar.0)) - 8.0;
        let top = bars.iter().fold(f32::MIN, |most, bar| most.max(bar.3)) + 8.0;
        let side = 500;
        let seen = |column: usize, row: usize| {
            let (x, y) = (left + column as f32 / 5.0, top - row as f32 / 5.0);
            bars.iter().any(|bar| (bar.0..bar.2).contains(&x) && (bar.1..bar.3).contains(&y))
        };
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(
                side,
                side,
                |column, row| {
                    if seen(column, row) { 0 } else { 255 }
                },
            );
        let grids = picture.detect_grids();
        assert_eq!(grids.len(), 1, "one code among {} bars", bars.len());
        grids[0].decode().unwrap().1
    }
}
