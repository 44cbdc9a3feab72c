//! Which tables there are, and the columns of those of items.

use super::case_table::case_columns;

/// The kinds of items that have tables of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// 许可、给付、确认、奖励、裁决、其他 (types 01, 05, 07–19).
    General,
    /// 公共服务 (types 20 and above).
    Public,
    /// 处罚 (02).
    Punish,
    /// 征收 (04).
    Levy,
    /// 强制、检查 (03, 06).
    Check,
}

impl Family {
    /// Every family, in the order of the presence marks of a column.
    pub const ALL: [Family; 5] = [Family::General, Family::Public, Family::Punish, Family::Levy, Family::Check];

    /// The family of an item type of GB/T 39046; none of `00`, which names no kind.
    #[must_use]
    pub fn of(item_type: &str) -> Option<Self> {
        match item_type {
            "02" => Some(Family::Punish),
            "04" => Some(Family::Levy),
            "03" | "06" => Some(Family::Check),
            _ => match item_type.parse::<u8>().ok().filter(|_| item_type.len() == 2)? {
                0 => None,
                1..=19 => Some(Family::General),
                _ => Some(Family::Public),
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Family::General => "general",
            Family::Public => "public",
            Family::Punish => "punish",
            Family::Levy => "handle",
            Family::Check => "check",
        }
    }
}

/// The tables of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// 基本信息: one row an item.
    Basic,
    /// 扩展信息: one row an item.
    Extend,
    /// 材料目录信息.
    Material,
    /// 收费项目信息.
    Fee,
    /// 常见问题解答.
    Question,
}

impl Part {
    /// Every part, parents first.
    pub const ALL: [Part; 5] = [Part::Basic, Part::Extend, Part::Material, Part::Fee, Part::Question];

    fn name(self) -> &'static str {
        match self {
            Part::Basic => "basic",
            Part::Extend => "extend",
            Part::Material => "material",
            Part::Fee => "fee_project",
            Part::Question => "questions",
        }
    }

    fn columns(self) -> &'static [Column] {
        match self {
            Part::Basic => BASIC,
            Part::Extend => EXTEND,
            Part::Material => MATERIAL,
            Part::Fee => FEE,
            Part::Question => QUESTION,
        }
    }
}

/// The tables of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CasePart {
    /// 受理信息: one row a case.
    Accept,
    /// 过程信息: one row an act.
    Process,
    /// 特别程序信息.
    SpecialProcedure,
    /// 材料信息: what the applicant brought.
    Material,
    /// 结果信息: one row a case that has come to a result.
    Result,
}

impl CasePart {
    /// Every part, parents first.
    pub const ALL: [CasePart; 5] =
        [CasePart::Accept, CasePart::Process, CasePart::SpecialProcedure, CasePart::Material, CasePart::Result];

    fn name(self) -> &'static str {
        match self {
            CasePart::Accept => "up_pro_accept",
            CasePart::Process => "up_pro_process",
            CasePart::SpecialProcedure => "up_pro_special_procedure",
            CasePart::Material => "up_pro_material",
            CasePart::Result => "up_pro_result",
        }
    }
}

/// What is reported: the tables of one subject are sent, answered and reconciled apart from those of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// 事项: the catalogue.
    Items,
    /// 办件: the cases that this node decides.
    Cases,
}

/// A table of the national exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Of items of a family.
    Item(Family, Part),
    /// Of cases.
    Case(CasePart),
}

impl Table {
    /// Every table, those of items first, parents before children.
    #[must_use]
    pub fn all() -> Vec<Table> {
        [Subject::Items, Subject::Cases].into_iter().flat_map(Table::of).collect()
    }

    /// The tables of a subject, parents before children.
    #[must_use]
    pub fn of(subject: Subject) -> Vec<Table> {
        match subject {
            Subject::Items => {
                let all = Family::ALL.into_iter().flat_map(|family| Part::ALL.map(|part| Table::Item(family, part)));
                all.filter(|table| table.columns().next().is_some()).collect()
            }
            Subject::Cases => CasePart::ALL.map(Table::Case).to_vec(),
        }
    }

    /// The table of a name, e.g. `up_task_general_basic`.
    #[must_use]
    pub fn named(name: &str) -> Option<Table> {
        Table::all().into_iter().find(|table| table.name() == name)
    }

    /// Its name in the standard.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Table::Item(family, part) => format!("up_task_{}_{}", family.name(), part.name()),
            Table::Case(part) => part.name().to_owned(),
        }
    }

    /// Its columns, in the order of the standard's documents.
    pub fn columns(self) -> impl Iterator<Item = &'static Column> {
        let all = match self {
            Table::Item(_, part) => part.columns(),
            Table::Case(part) => case_columns(part),
        };
        all.iter().filter(move |column| column.mark(self) != b'-')
    }

    /// The column of a name.
    #[must_use]
    pub fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().find(|column| column.name == name)
    }

    /// Tells whether one of its columns must be filled (NOT NULL).
    #[must_use]
    pub fn requires(self, column: &Column) -> bool {
        column.mark(self) == b'N'
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At most so many characters.
    Text(u32),
    /// Exactly so many characters.
    Code(u32),
    /// A text of any length (CLOB).
    Long,
    /// A whole number.
    Number,
    /// A moment in China, written `YYYYMMDDhhmmss`.
    Moment,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the standard.
    pub name: &'static str,
    /// What it is.
    pub zh: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// `N` must be filled, `n` may be empty, `-` isn't there: a mark for each family of items, or one for a table of cases.
    presence: &'static str,
}

impl Column {
    fn mark(&self, table: Table) -> u8 {
        let at = match table {
            Table::Item(family, _) => Family::ALL.iter().position(|one| *one == family).unwrap_or_default(),
            Table::Case(_) => 0,
        };
        self.presence.as_bytes().get(at).copied().unwrap_or(b'-')
    }
}

pub(super) const fn column(name: &'static str, zh: &'static str, kind: Kind, presence: &'static str) -> Column {
    Column { name, zh, kind, presence }
}

/// The columns that say how a row is sent, not what it holds.
pub const COLUMNS_OF_SENDING: [&str; 3] = ["cd_operation", "cd_batch", "cd_time"];

/// Columns of the sending, with the source, at the end of every table.
macro_rules! sent {
    ($presence:literal) => {
        [
            column("data_source", "数据来源", Kind::Text(3), $presence),
            column("cd_operation", "同步类型", Kind::Text(2), $presence),
            column("cd_batch", "批次号", Kind::Text(32), $presence),
            column("cd_time", "同步时间", Kind::Moment, $presence),
        ]
    };
}

pub(super) const SENT_CASE: [Column; 4] = sent!("N");
const SENT_ALL: [Column; 4] = sent!("NNNNN");
const SENT_TWO: [Column; 4] = sent!("NN---");
const SENT_THREE: [Column; 4] = sent!("NN-N-");

//                                                                          general, public, punish, levy, check
const BASIC: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "NNNNN"),
    column("catalog_code", "基本编码", Kind::Code(12), "NNNNN"),
    column("local_catalog_code", "地方基本编码", Kind::Text(50), "nnnnn"),
    column("task_code", "实施编码", Kind::Text(36), "NNNNN"),
    // Published widths are 50; 四川's own codes have 55 characters.
    column("local_task_code", "地方实施编码", Kind::Text(64), "nnNnn"),
    column("task_handle_item", "业务办理项编码", Kind::Text(50), "nnnnn"),
    column("task_name", "事项名称", Kind::Text(1000), "NNNNN"),
    column("task_type", "事项类型", Kind::Text(2), "NNNNN"),
    column("task_state", "事项状态", Kind::Text(2), "NNNNN"),
    column("task_version", "事项版本", Kind::Number, "NNNNN"),
    column("by_law", "设定依据", Kind::Long, "NNNNN"),
    column("power_source", "权力来源", Kind::Text(2), "N-NNN"),
    column("use_level", "行使层级", Kind::Text(11), "NNNNN"),
    column("dept_name", "实施主体", Kind::Text(200), "NNNNN"),
    column("dept_code", "实施主体编码", Kind::Text(50), "NNNNN"),
    column("dept_type", "实施主体性质", Kind::Text(2), "NNNNN"),
    column("entrust_name", "委托部门", Kind::Text(100), "nnnnn"),
    column("anticipate_day", "法定办结时限", Kind::Number, "Nnnnn"),
    column("anticipate_type", "法定办结时限单位", Kind::Text(2), "Nnnnn"),
    column("anticipate_explain", "法定办结时限说明", Kind::Long, "nnnnn"),
    column("promise_day", "承诺办结时限", Kind::Number, "Nn---"),
    column("promise_type", "承诺办结时限单位", Kind::Number, "Nn---"),
    column("promise_explain", "承诺办结时限说明", Kind::Long, "Nn---"),
    column("punishment_method", "处罚的行为、种类、幅度", Kind::Text(3000), "--N--"),
    column("accept_condition", "受理条件", Kind::Long, "NN---"),
    column("handle_flow", "办理流程", Kind::Long, "NNNNN"),
    column("is_fee", "是否收费", Kind::Text(2), "NN---"),
    column("fee_basis", "收费依据", Kind::Long, "nn---"),
    column("server_type", "服务对象", Kind::Text(32), "NN---"),
    column("project_type", "办件类型", Kind::Text(2), "NN---"),
    column("handle_type", "办理形式", Kind::Text(5), "nn---"),
    column("limit_scene_num", "到办事现场次数", Kind::Number, "NN---"),
    column("special_procedure", "特别程序", Kind::Text(500), "NN---"),
    column("is_single_login", "计算机端是否对接单点登录", Kind::Text(2), "NN---"),
    column("app_is_single_login", "移动端是否对接单点登录", Kind::Text(2), "NN---"),
    column("link_addr", "计算机端在线办理跳转地址", Kind::Long, "nn---"),
    column("mobile_terminal_url", "移动端办理地址", Kind::Long, "nn---"),
    column("transact_addr", "办理地点", Kind::Text(500), "NN---"),
    column("transact_time", "办理时间", Kind::Text(500), "NN---"),
    column("link_way", "咨询方式", Kind::Long, "NNNNN"),
    column("supervise_way", "监督投诉方式", Kind::Long, "NNNNN"),
    column("plan_effective_date", "计划生效日期", Kind::Moment, "nnnnn"),
    column("plan_cancel_date", "计划取消日期", Kind::Moment, "nnnnn"),
    SENT_ALL[0],
    SENT_ALL[1],
    SENT_ALL[2],
    SENT_ALL[3],
];

const EXTEND: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "NN---"),
    column("task_guid", "事项唯一标识", Kind::Text(50), "NN---"),
    column("task_code", "实施编码", Kind::Text(36), "NN---"),
    column("task_handle_item", "业务办理项编码", Kind::Text(50), "nn---"),
    column("is_entry_center", "是否进驻政务大厅", Kind::Text(2), "NN---"),
    column("handle_area", "通办范围", Kind::Text(2), "nn---"),
    column("other_dept", "联办机构", Kind::Text(200), "nn---"),
    column("service_type", "中介服务", Kind::Text(500), "nn---"),
    column("limit_explain", "数量限制", Kind::Long, "n----"),
    column("limit_scene_explain", "必须现场办理原因说明", Kind::Text(1000), "nn---"),
    column("is_online", "是否网办", Kind::Text(2), "NN---"),
    column("online_handle_depth", "网上办理深度", Kind::Text(20), "nn---"),
    column("online_handle_url", "网办地址", Kind::Text(256), "nn---"),
    column("is_pay_online", "是否支持网上支付", Kind::Text(2), "NN---"),
    column("is_express", "是否支持物流快递", Kind::Text(2), "NN---"),
    column("is_schedule", "是否支持预约办理", Kind::Text(2), "nn---"),
    column("is_service_terminals", "是否支持自助终端办理", Kind::Text(2), "nn---"),
    column("result_type", "审批结果类型", Kind::Text(30), "NN---"),
    column("result_name", "审批结果名称", Kind::Text(200), "nn---"),
    column("result_guid", "审批结果样本", Kind::Text(256), "nn---"),
    column("user_topic_type", "面向自然人事项主题分类", Kind::Text(40), "nn---"),
    column("corp_topic_type", "面向法人事项主题分类", Kind::Text(40), "nn---"),
    column("town_name", "乡镇街道名称", Kind::Text(200), "nn---"),
    column("town_code", "乡镇街道代码", Kind::Text(18), "nn---"),
    column("village_name", "村居社区名称", Kind::Text(200), "nn---"),
    column("village_code", "村居社区代码", Kind::Text(18), "nn---"),
    SENT_TWO[0],
    SENT_TWO[1],
    SENT_TWO[2],
    SENT_TWO[3],
];

const MATERIAL: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "NN-N-"),
    column("task_guid", "事项唯一标识", Kind::Text(50), "NN-N-"),
    column("task_code", "实施编码", Kind::Text(36), "NN-N-"),
    column("task_handle_item", "业务办理项编码", Kind::Text(50), "nn-n-"),
    column("order_num", "排序", Kind::Number, "NN-N-"),
    column("material_name", "材料名称", Kind::Text(200), "NN-N-"),
    column("material_type", "材料类型", Kind::Text(2), "nn-n-"),
    column("material_format", "材料形式", Kind::Text(2), "nn-n-"),
    column("is_need", "材料必要性", Kind::Text(2), "NN-N-"),
    column("form_guid", "空白表格", Kind::Text(256), "nn-n-"),
    column("example_guid", "示例样表", Kind::Text(256), "nn-n-"),
    column("source_type", "来源渠道", Kind::Text(2), "nn-n-"),
    column("source_explain", "来源渠道说明", Kind::Text(500), "nn-n-"),
    column("page_num", "纸质材料份数", Kind::Number, "nn-n-"),
    column("page_format", "纸质材料规格", Kind::Text(200), "nn-n-"),
    column("fill_explain", "填报须知", Kind::Text(500), "nn-n-"),
    column("accept_stand", "受理标准", Kind::Long, "nn-n-"),
    column("by_law", "要求提供材料的依据", Kind::Long, "nn-n-"),
    column("remark", "备注", Kind::Long, "nn-n-"),
    SENT_THREE[0],
    SENT_THREE[1],
    SENT_THREE[2],
    SENT_THREE[3],
];

const FEE: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "NN---"),
    column("task_guid", "事项唯一标识", Kind::Text(50), "NN---"),
    column("task_code", "实施编码", Kind::Text(36), "NN---"),
    column("task_handle_item", "业务办理项编码", Kind::Text(50), "nn---"),
    column("order_num", "排序", Kind::Number, "NN---"),
    column("fee_name", "收费项目名称", Kind::Text(200), "NN---"),
    column("fee_stand", "收费标准", Kind::Long, "NN---"),
    column("by_law", "收费依据", Kind::Long, "nn---"),
    column("is_desc", "是否允许减免", Kind::Text(2), "nn---"),
    column("desc_explain", "允许减免依据", Kind::Long, "nn---"),
    SENT_TWO[0],
    SENT_TWO[1],
    SENT_TWO[2],
    SENT_TWO[3],
];

const QUESTION: &[Column] = &[
    column("row_guid", "记录唯一标识", Kind::Text(50), "NNNNN"),
    column("task_guid", "事项唯一标识", Kind::Text(50), "NNNNN"),
    column("task_code", "实施编码", Kind::Text(36), "NNNNN"),
    column("task_handle_item", "业务办理项编码", Kind::Text(50), "nnnnn"),
    column("order_num", "排序", Kind::Number, "NNNNN"),
    column("question", "问题", Kind::Text(1000), "NNNNN"),
    column("answer", "答案", Kind::Long, "NNNNN"),
    SENT_ALL[0],
    SENT_ALL[1],
    SENT_ALL[2],
    SENT_ALL[3],
];
