//! What stands on the page, part by part.

use tongban_domain::catalogue::{CodeList, FeeDue, Guide, LimitOrder, Mode, ServiceItem, Term, Unit};

use super::{Fact, Language, Section, Source};

/// Collects the facts of a section; what isn't given is left out.
struct Facts {
    language: Language,
    facts: Vec<Fact>,
}

impl Facts {
    fn new(language: Language) -> Self {
        Self { language, facts: Vec::new() }
    }

    fn add(&mut self, en: &'static str, zh: &'static str, value: Option<String>) -> &mut Self {
        if let Some(value) = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()) {
            self.facts.push(Fact { label: self.language.of(en, zh), value });
        }
        self
    }

    fn yes_no(&mut self, en: &'static str, zh: &'static str, value: Option<bool>) -> &mut Self {
        let text = value.map(|yes| self.language.of(if yes { "yes" } else { "no" }, if yes { "是" } else { "否" }));
        self.add(en, zh, text.map(str::to_owned))
    }
}

fn word<L: CodeList>(language: Language, value: L) -> String {
    language.of(value.name(), value.zh()).to_owned()
}

fn words<L: CodeList>(language: Language, values: &[L]) -> Option<String> {
    let words: Vec<String> = values.iter().map(|value| word(language, *value)).collect();
    (!words.is_empty()).then(|| words.join(language.of(", ", "、")))
}

fn term(language: Language, term: Option<Term>) -> Option<String> {
    term.map(|term| {
        let unit = match term.unit {
            Unit::WorkingDays => language.of("working days", "个工作日"),
            Unit::NaturalDays => language.of("days", "个自然日"),
        };
        format!("{}{}{unit}", term.days, language.of(" ", ""))
    })
}

fn modes(language: Language, modes: &[Mode]) -> Option<String> {
    let words: Vec<&str> = modes.iter().map(|mode| language.of(mode.name(), mode.zh())).collect();
    (!words.is_empty()).then(|| words.join(language.of(", ", "、")))
}

/// Yuan and fen of an amount.
fn yuan(fen: u32) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// The sections of a page that have something to show.
pub(super) fn of(source: &Source<'_>, language: Language) -> Vec<Section> {
    let mut sections = vec![identity(source, language)];
    match source.guide {
        Some(guide) => {
            sections.push(times(source.item, Some(guide), language));
            sections.push(conditions(guide, language));
            sections.push(materials(guide, language));
            sections.push(pledges(guide, language));
            sections.push(numbers(guide, language));
            sections.push(fees(guide, language));
            sections.push(procedure(guide, language));
            sections.push(special_links(guide, language));
            sections.push(channels(source.item, guide, language));
            sections.push(scopes(guide, language));
            sections.push(result(guide, language));
            sections.push(places(guide, language));
            sections.push(contact(guide, language));
            sections.push(questions(guide, language));
            sections.push(bases(source.item, Some(guide), language));
        }
        None => {
            sections.push(times(source.item, None, language));
            sections.push(bases(source.item, None, language));
        }
    }
    sections.push(limits(source, language));
    sections.push(version(source, language));
    sections.retain(|section| !section.is_empty());
    sections
}

fn identity(source: &Source<'_>, language: Language) -> Section {
    let (item, guide) = (source.item, source.guide);
    let mut facts = Facts::new(language);
    facts
        .add("code", "实施编码", Some(item.code.clone()))
        .add("base code", "基本编码", item.core.base_code.clone())
        .add("type", "事项类型", Some(item.core.item_type.clone()))
        .add("authority", "实施主体", Some(source.authority.to_owned()))
        .add("division", "行政区划", Some(source.division.to_owned()))
        .add("runs in", "办理系统", item.external.as_ref().map(|external| external.system.clone()));
    if let Some(guide) = guide {
        facts
            .add("nature of the authority", "实施主体性质", guide.authority_kind.map(|kind| word(language, kind)))
            .add("delegated by", "委托部门", guide.entrusted_by.clone())
            .add("source of power", "权力来源", guide.power_source.map(|source| word(language, source)))
            .add("level", "行使层级", words(language, &guide.levels))
            .add("serves", "服务对象", words(language, &guide.served))
            .add("kind of case", "办件类型", guide.case_kind.map(|kind| word(language, kind)))
            .add("ways to apply", "办理形式", words(language, &guide.forms))
            .add("handled with", "联办机构", Some(guide.joint_departments.join("、")))
            .add("intermediary services", "中介服务", guide.intermediary.clone())
            .add("limit in number", "数量限制", guide.quantity_limit.clone());
    }
    Section { title: language.of("Item", "基本信息"), facts: facts.facts, ..Section::default() }
}

fn times(item: &ServiceItem, guide: Option<&Guide>, language: Language) -> Section {
    let mut facts = Facts::new(language);
    facts
        .add("statutory time", "法定办结时限", term(language, item.statutory))
        .add("about it", "法定时限说明", guide.and_then(|guide| guide.statutory_explain.clone()))
        .add("promised time", "承诺办结时限", term(language, item.promised))
        .add("about it", "承诺时限说明", guide.and_then(|guide| guide.promised_explain.clone()))
        .add(
            "public notice, working days",
            "公示天数（工作日）",
            guide.and_then(|guide| guide.publicity_days).map(|days| days.to_string()),
        );
    Section { title: language.of("Times", "办理时限"), facts: facts.facts, ..Section::default() }
}

fn conditions(guide: &Guide, language: Language) -> Section {
    let paragraphs = guide.conditions.clone().into_iter().collect();
    Section { title: language.of("Conditions", "受理条件"), paragraphs, ..Section::default() }
}

/// For which materials a pledge does, and what follows a false one.
fn pledges(guide: &Guide, language: Language) -> Section {
    let mut facts = Facts::new(language);
    if let Some(rule) = &guide.pledge {
        let pledged = guide.materials.iter().filter(|material| material.pledge == Some(true));
        let names: Vec<&str> = pledged.map(|material| material.name.as_str()).collect();
        facts
            .add("a pledge does in the place of", "可承诺替代的材料", Some(names.join("、")))
            .add("checked after the grant, working days", "准予后核查期限（工作日）", Some(rule.check_days.to_string()))
            .add("put right, working days", "整改期限（工作日）", Some(rule.correct_days.to_string()))
            .add("when it is false", "承诺不实的后果", Some(rule.consequences.clone()));
    }
    Section { title: language.of("Pledge", "告知承诺"), facts: facts.facts, ..Section::default() }
}

/// How many there are, and who comes first.
fn numbers(guide: &Guide, language: Language) -> Section {
    let mut facts = Facts::new(language);
    if let Some(limit) = &guide.limit {
        let period = limit.period.map(|period| word(language, period)).unwrap_or_default();
        facts
            .add("numbers", "名额", Some(format!("{} {period}", limit.grants).trim_end().to_owned()))
            .add("shared with other items as", "共用名额", limit.quota.clone())
            .add("limited by", "限额依据", Some(limit.basis.clone()))
            .add("who comes first", "准予顺序", Some(word(language, limit.order.unwrap_or(LimitOrder::Acceptance))))
            .add("order by", "顺序依据", limit.order_basis.clone());
    }
    Section { title: language.of("Limit of number", "数量限制"), facts: facts.facts, ..Section::default() }
}

fn materials(guide: &Guide, language: Language) -> Section {
    let optional = |text: Option<&String>| text.cloned().unwrap_or_default();
    let row = |material: &tongban_domain::catalogue::RequiredMaterial| {
        let necessity = material.necessity.map(|necessity| word(language, necessity)).unwrap_or_default();
        let when = match &material.condition {
            Some(condition) => format!("{necessity}{}{condition}", language.of(": ", "：")),
            None => necessity,
        };
        let form = [material.kind.map(|kind| word(language, kind)), material.form.map(|form| word(language, form))];
        let copies = material.copies.map(|copies| format!("×{copies}"));
        let form: Vec<String> = form.into_iter().chain([copies, material.page_format.clone()]).flatten().collect();
        let source = material.source.map(|source| word(language, source)).unwrap_or_default();
        let source = [source, optional(material.source_explain.as_ref())];
        let source: Vec<String> = source.into_iter().filter(|text| !text.is_empty()).collect();
        let notes = [
            material.fill_explain.clone(),
            material.acceptance_standard.clone(),
            material.basis.clone(),
            material.licence.as_ref().map(|licence| {
                format!("{}{licence}", language.of("not asked for where held: ", "持有以下证照的无须提交："))
            }),
        ];
        let notes: Vec<String> = notes.into_iter().flatten().collect();
        let blank = [material.blank.clone(), material.example.clone()];
        let blank: Vec<String> = blank.into_iter().flatten().collect();
        vec![material.name.clone(), when, form.join(" "), source.join(" "), notes.join(" "), blank.join(" ")]
    };
    Section {
        title: language.of("Materials", "申请材料"),
        heads: vec![
            language.of("material", "材料名称"),
            language.of("necessary", "必要性"),
            language.of("form", "形式"),
            language.of("source", "来源"),
            language.of("notes", "要求"),
            language.of("blank, example", "空白表格、样表"),
        ],
        rows: guide.materials.iter().map(row).collect(),
        ..Section::default()
    }
}

fn fees(guide: &Guide, language: Language) -> Section {
    let mut facts = Facts::new(language);
    facts.yes_no("charged", "是否收费", guide.charged).yes_no("paid online", "是否支持网上支付", guide.pays_online);
    let rows = guide.fees.iter().map(|fee| {
        let amount = match fee.fen {
            Some(fen) => format!("{} ({}{})", fee.standard, yuan(fen), language.of(" yuan", "元")),
            None => fee.standard.clone(),
        };
        let reduced = fee.reducible.unwrap_or(false) || fee.reduction.is_some();
        let reduction = fee.reduction.clone().unwrap_or_else(|| language.of("may be reduced", "可减免").to_owned());
        let due = fee.due.map_or("", |due| match due {
            FeeDue::BeforeResult => language.of("before the result is handed out", due.zh()),
        });
        let reduction = if reduced { reduction } else { String::new() };
        vec![fee.name.clone(), amount, fee.basis.clone(), reduction, due.to_owned()]
    });
    Section {
        title: language.of("Fees", "收费"),
        facts: facts.facts,
        heads: vec![
            language.of("fee", "收费项目"),
            language.of("standard", "收费标准"),
            language.of("basis", "收费依据"),
            language.of("reduction", "减免"),
            language.of("to be paid", "缴费时点"),
        ],
        rows: rows.collect(),
        ..Section::default()
    }
}

fn procedure(guide: &Guide, language: Language) -> Section {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = guide.steps.iter().map(|step| {
        let limit = term(language, step.term).unwrap_or_default();
        let discretion = step.discretion.as_ref().map(|text| match &step.discretion_basis {
            Some(basis) => format!("{}{text}（{basis}）", language.of("discretion: ", "裁量基准：")),
            None => format!("{}{text}", language.of("discretion: ", "裁量基准：")),
        });
        let examined: Vec<String> = step.standard.clone().into_iter().chain(discretion).collect();
        vec![step.name.clone(), text(&step.handler), limit, examined.join("\n"), text(&step.result)]
    });
    Section {
        title: language.of("Procedure", "办理流程"),
        paragraphs: guide.flow.clone().into_iter().collect(),
        heads: vec![
            language.of("step", "环节"),
            language.of("who", "办理人"),
            language.of("limit", "时限"),
            language.of("what is examined", "审查标准"),
            language.of("what comes out", "办理结果"),
        ],
        rows: rows.collect(),
        ..Section::default()
    }
}

fn special_links(guide: &Guide, language: Language) -> Section {
    let rows = guide.special_links.iter().map(|link| {
        let stops = link.stops_clock.map(|stops| match stops {
            true => language.of("the clock stops", "不计入时限"),
            false => language.of("inside the clock", "计入时限"),
        });
        let limit = term(language, link.term).unwrap_or_default();
        vec![link.name.clone(), limit, stops.unwrap_or_default().to_owned(), link.basis.clone().unwrap_or_default()]
    });
    Section {
        title: language.of("Special procedures", "特殊环节"),
        heads: vec![
            language.of("name", "名称"),
            language.of("limit", "时限"),
            language.of("clock", "计时"),
            language.of("basis", "依据"),
        ],
        rows: rows.collect(),
        ..Section::default()
    }
}

fn channels(item: &ServiceItem, guide: &Guide, language: Language) -> Section {
    let mut facts = Facts::new(language);
    facts
        .add("visits", "到办事现场次数", guide.visits.map(|visits| visits.to_string()))
        .add("why one must come", "必须现场办理原因", guide.visits_reason.clone())
        .add("modes", "办理方式", modes(language, &item.modes))
        .yes_no("in the hall", "进驻政务大厅", guide.in_hall)
        .yes_no("online", "网上办理", guide.online)
        .add("how far online", "网上办理深度", words(language, &guide.online_depth))
        .add("apply at", "在线办理地址", guide.online_address.clone())
        .add("by telephone at", "移动端办理地址", guide.mobile_address.clone())
        .yes_no("by courier", "物流快递", guide.courier)
        .yes_no("by appointment", "预约办理", guide.appointments)
        .yes_no("at terminals", "自助终端办理", guide.terminals);
    Section { title: language.of("Ways", "办理渠道"), facts: facts.facts, ..Section::default() }
}

fn scopes(guide: &Guide, language: Language) -> Section {
    let rows = guide.scopes.iter().map(|scope| {
        let covered: Vec<String> = scope.covered.iter().map(ToString::to_string).collect();
        vec![
            word(language, scope.range),
            language.of(scope.mode.name(), scope.mode.zh()).to_owned(),
            covered.join("、"),
            scope.agreement.clone().unwrap_or_default(),
        ]
    });
    Section {
        title: language.of("Across regions", "通办范围"),
        heads: vec![
            language.of("range", "范围"),
            language.of("mode", "形式"),
            language.of("regions", "覆盖地区"),
            language.of("agreement", "协议"),
        ],
        rows: rows.collect(),
        ..Section::default()
    }
}

fn result(guide: &Guide, language: Language) -> Section {
    let mut facts = Facts::new(language);
    if let Some(result) = &guide.result {
        facts
            .add("kind", "结果类型", Some(word(language, result.kind)))
            .add("name", "结果名称", Some(result.name.clone()))
            .add("sample", "结果样本", result.sample.clone());
    }
    Section { title: language.of("Result", "审批结果"), facts: facts.facts, ..Section::default() }
}

fn places(guide: &Guide, language: Language) -> Section {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = guide.places.iter().map(|place| {
        vec![
            place.name.clone(),
            place.address.clone(),
            text(&place.hours),
            text(&place.telephone),
            text(&place.traffic),
        ]
    });
    Section {
        title: language.of("Places and hours", "办理地点和时间"),
        heads: vec![
            language.of("place", "地点"),
            language.of("address", "地址"),
            language.of("hours", "时间"),
            language.of("telephone", "电话"),
            language.of("getting there", "交通"),
        ],
        rows: rows.collect(),
        ..Section::default()
    }
}

fn contact(guide: &Guide, language: Language) -> Section {
    let mut facts = Facts::new(language);
    facts
        .add("enquiries", "咨询电话", guide.enquiry.clone())
        .add("complaints", "监督投诉电话", guide.complaint.clone())
        .add("remedies", "行政复议、行政诉讼", guide.remedies.clone());
    Section {
        title: language.of("Enquiries and remedies", "咨询和救济"), facts: facts.facts, ..Section::default()
    }
}

fn questions(guide: &Guide, language: Language) -> Section {
    Section {
        title: language.of("Questions", "常见问题"),
        heads: vec![language.of("question", "问"), language.of("answer", "答")],
        rows: guide.questions.iter().map(|one| vec![one.question.clone(), one.answer.clone()]).collect(),
        ..Section::default()
    }
}

fn bases(item: &ServiceItem, guide: Option<&Guide>, language: Language) -> Section {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = guide.map(|guide| guide.bases.as_slice()).unwrap_or_default().iter();
    let rows = rows.map(|basis| vec![basis.citation(), text(&basis.number), text(&basis.text)]);
    let cited = item.core.legal_basis.trim();
    Section {
        title: language.of("Legal basis", "设定依据"),
        paragraphs: if cited.is_empty() { Vec::new() } else { vec![cited.to_owned()] },
        heads: vec![language.of("law", "法律法规"), language.of("number", "文号"), language.of("text", "条款内容")],
        rows: rows.collect(),
        ..Section::default()
    }
}

fn limits(source: &Source<'_>, language: Language) -> Section {
    let rows = source.bounds.iter().map(|bound| {
        let limit = if bound.names.is_empty() { bound.limit.to_string() } else { bound.names.join("、") };
        let kind =
            if bound.field.is_floor() { language.of("floor", "下限") } else { language.of("ceiling", "限高") };
        vec![kind.to_owned(), word(language, bound.field), limit, format!("{} {}", bound.set_by, bound.division)]
    });
    Section {
        title: language.of("Ceilings that it obeys", "执行的限高"),
        heads: vec![
            language.of("kind", "类别"),
            language.of("what", "要素"),
            language.of("limit", "限额"),
            language.of("set by", "设定机关所在地"),
        ],
        rows: rows.collect(),
        ..Section::default()
    }
}

fn version(source: &Source<'_>, language: Language) -> Section {
    let item = source.item;
    let mut facts = Facts::new(language);
    facts
        .add("version", "版本", Some(item.version.to_string()))
        .add("state", "状态", Some(language.of(item.state.name(), item.state.zh()).to_owned()))
        .add("in force from", "生效日期", item.effective.map(|day| day.to_string()))
        .add("in force until", "取消日期", item.cancel.map(|day| day.to_string()))
        .add("core (SHA-256)", "核心要素摘要（SHA-256）", Some(item.core.digest().to_string()))
        .add("guide (SHA-256)", "指南摘要（SHA-256）", item.guide.map(|digest| digest.to_string()))
        .add("as of", "数据截至", Some(source.as_of.clone()));
    Section { title: language.of("Version", "版本"), facts: facts.facts, fine: true, ..Section::default() }
}
