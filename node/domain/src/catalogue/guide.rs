//! The guide of an item (办事指南): everything that applicant and clerk need beyond the core (national table `up_task_general_basic`, its extension
//! and its children; standards §2.2).
//!
//! A guide is an immutable document, named by the digest of its bytes: versions of an item that don't change it share it, and a node that
//! needn't have it keeps the digest alone.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;

use super::code_list::{
    AuthorityKind, CaseKind, FeeDue, Form, MaterialForm, MaterialKind, MaterialSource, Necessity, OnlineDepth,
    PowerSource, Range, ResultKind, Served, StepRole, StepRule, UseLevel,
};
use super::{Mode, NumberLimit, PledgeRule, Term};

/// A legal basis (设定依据), with article and text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Basis {
    /// Name of the law, regulation or rule, without 《》.
    #[n(0)]
    pub law: String,
    /// Its number (文号), e.g. 国务院令第716号.
    #[n(1)]
    pub number: Option<String>,
    /// Article, e.g. 第四条.
    #[n(2)]
    pub article: Option<String>,
    /// The article's text.
    #[n(3)]
    pub text: Option<String>,
}

impl Basis {
    /// The citation as the core carries it: 《公共场所卫生管理条例》第四条.
    #[must_use]
    pub fn citation(&self) -> String {
        format!("《{}》{}", self.law, self.article.as_deref().unwrap_or_default())
    }
}

/// A material that an item asks for (申请材料).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct RequiredMaterial {
    /// Name.
    #[n(0)]
    pub name: String,
    /// Original, copy or both.
    #[n(1)]
    pub kind: Option<MaterialKind>,
    /// On paper, electronic or both.
    #[n(2)]
    pub form: Option<MaterialForm>,
    /// Whether it must be there.
    #[n(3)]
    pub necessity: Option<Necessity>,
    /// Where it comes from.
    #[n(4)]
    pub source: Option<MaterialSource>,
    /// Who issues it.
    #[n(5)]
    pub source_explain: Option<String>,
    /// Number of copies.
    #[n(6)]
    pub copies: Option<u16>,
    /// Format, e.g. A4.
    #[n(7)]
    pub page_format: Option<String>,
    /// How to fill it in (填报须知).
    #[n(8)]
    pub fill_explain: Option<String>,
    /// What is looked at (受理标准).
    #[n(9)]
    pub acceptance_standard: Option<String>,
    /// Its legal basis.
    #[n(10)]
    pub basis: Option<String>,
    /// When a conditional one is asked for.
    #[n(11)]
    pub condition: Option<String>,
    /// Digest or name of the blank form.
    #[n(12)]
    pub blank: Option<String>,
    /// Digest or name of the example.
    #[n(13)]
    pub example: Option<String>,
    /// Type code or name of the licence that makes it needless to bring.
    #[n(14)]
    pub licence: Option<String>,
    /// Asked for by a law: no county drops it (standards §0.10).
    #[n(15)]
    pub statutory: Option<bool>,
    /// 可承诺替代: the applicant's pledge does in its place until it is checked.
    #[n(16)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pledge: Option<bool>,
}

/// A fee (收费).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Fee {
    /// What it is for.
    #[n(0)]
    pub name: String,
    /// Amount and unit as published.
    #[n(1)]
    pub standard: String,
    /// The law that allows it (行政许可法 58).
    #[n(2)]
    pub basis: String,
    /// Amount in fen, where it is a fixed one.
    #[n(3)]
    pub fen: Option<u32>,
    /// Whether it may be reduced.
    #[n(4)]
    pub reducible: Option<bool>,
    /// For whom it is reduced.
    #[n(5)]
    pub reduction: Option<String>,
    /// Before what it has to be paid; it bars nothing when absent.
    #[n(60)]
    pub due: Option<FeeDue>,
}

/// A step of the procedure (办理流程环节).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Name, e.g. 受理.
    #[n(0)]
    pub name: String,
    /// Who does it, as a post.
    #[n(1)]
    pub handler: Option<String>,
    /// Its own limit.
    #[n(2)]
    pub term: Option<Term>,
    /// What is examined.
    #[n(3)]
    pub standard: Option<String>,
    /// What comes out.
    #[n(4)]
    pub result: Option<String>,
    /// By whom cases are worked on at this step, between acceptance and decision; a step without a role is only described.
    #[n(5)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<StepRole>,
    /// Who has to agree before it is passed; one person when absent.
    #[n(6)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<StepRule>,
    /// How many sign or vote, 2 to 50; two sign and three vote when absent.
    #[n(7)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signers: Option<u8>,
    /// 裁量基准: by what is weighed where the law leaves room (国办发〔2022〕27号).
    #[n(8)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discretion: Option<String>,
    /// What that standard stands on.
    #[n(9)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discretion_basis: Option<String>,
}

/// A special link (特殊环节): what stops the clock (行政许可法 45), or runs inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct SpecialLink {
    /// Name: 听证, 招标, 拍卖, 检验, 检测, 检疫, 鉴定, 专家评审, 公示 …
    #[n(0)]
    pub name: String,
    /// How long at most.
    #[n(1)]
    pub term: Option<Term>,
    /// Its basis.
    #[n(2)]
    pub basis: Option<String>,
    /// Whether the clock stops meanwhile.
    #[n(3)]
    pub stops_clock: Option<bool>,
}

/// The special procedures whose time isn't counted in a permit's (行政许可法 45).
pub const PROCEDURES: [&str; 8] = ["听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"];

/// The words by which a link is known as one of them, 技术评审 and 检验检测 too.
const PROCEDURE_WORDS: [&str; 8] = ["听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "评审"];

impl SpecialLink {
    /// What allows it to stop the clock: the basis that the item cites for it; or, of a permit, the law. None where it doesn't stop it.
    #[must_use]
    pub fn stops_by(&self, is_permit: bool) -> Option<&str> {
        let cited = self.basis.as_deref().map(str::trim).filter(|basis| !basis.is_empty());
        let of_law = is_permit && PROCEDURE_WORDS.iter().any(|word| self.name.contains(word));
        let basis = cited.or(of_law.then_some("行政许可法第四十五条"));
        basis.filter(|_| self.stops_clock == Some(true))
    }

    /// Whether the item promises that a procedure runs inside its time.
    #[must_use]
    pub fn holds_inside(&self, procedure: &str) -> bool {
        let name = self.name.trim();
        self.stops_clock == Some(false) && !name.is_empty() && (name.contains(procedure) || procedure.contains(name))
    }
}

/// A question and its answer (常见问题).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// The question.
    #[n(0)]
    pub question: String,
    /// The answer.
    #[n(1)]
    pub answer: String,
}

/// Where and when one can apply (办理地点、时间).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct ServicePlace {
    /// Hall and window.
    #[n(0)]
    pub name: String,
    /// Address.
    #[n(1)]
    pub address: String,
    /// Hours.
    #[n(2)]
    pub hours: Option<String>,
    /// Telephone with area code.
    #[n(3)]
    pub telephone: Option<String>,
    /// How to get there.
    #[n(4)]
    pub traffic: Option<String>,
}

/// A scope of cross-region acceptance (跨域通办): range, form and regions.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// How far.
    #[n(0)]
    pub range: Range,
    /// By which mode.
    #[n(1)]
    pub mode: Mode,
    /// Regions that it covers.
    #[n(2)]
    #[serde(default)]
    pub covered: Vec<DivisionCode>,
    /// The published agreement between the authorities.
    #[n(3)]
    #[serde(default)]
    pub agreement: Option<String>,
}

/// What the applicant gets (审批结果).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct ResultDocument {
    /// Its kind.
    #[n(0)]
    pub kind: ResultKind,
    /// Its name.
    #[n(1)]
    #[serde(default)]
    pub name: String,
    /// Digest or name of a sample.
    #[n(2)]
    #[serde(default)]
    pub sample: Option<String>,
}

/// A field that a list of further columns keeps, as the source had it.
pub type Further = BTreeMap<String, String>;

/// The guide of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Guide {
    /// Legal bases with article and text; their citations are the core's.
    #[n(0)]
    pub bases: Vec<Basis>,
    /// 权力来源.
    #[n(1)]
    pub power_source: Option<PowerSource>,
    /// 行使层级; several where they share a power.
    #[n(2)]
    pub levels: Vec<UseLevel>,
    /// 实施主体性质.
    #[n(3)]
    pub authority_kind: Option<AuthorityKind>,
    /// 委托部门: in whose name a delegated power is exercised.
    #[n(4)]
    pub entrusted_by: Option<String>,
    /// 办件类型.
    #[n(5)]
    pub case_kind: Option<CaseKind>,
    /// 办理形式.
    #[n(6)]
    pub forms: Vec<Form>,
    /// 服务对象.
    #[n(7)]
    pub served: Vec<Served>,
    /// 到办事现场次数.
    #[n(8)]
    pub visits: Option<u8>,
    /// 必须现场办理原因.
    #[n(9)]
    pub visits_reason: Option<String>,
    /// 受理条件.
    #[n(10)]
    pub conditions: Option<String>,
    /// 法定办结时限说明.
    #[n(11)]
    pub statutory_explain: Option<String>,
    /// 承诺办结时限说明.
    #[n(12)]
    pub promised_explain: Option<String>,
    /// 申请材料.
    #[n(13)]
    pub materials: Vec<RequiredMaterial>,
    /// 是否收费.
    #[n(14)]
    pub charged: Option<bool>,
    /// 收费.
    #[n(15)]
    pub fees: Vec<Fee>,
    /// 办理流程, as a text.
    #[n(16)]
    pub flow: Option<String>,
    /// 办理流程, step by step.
    #[n(17)]
    pub steps: Vec<Step>,
    /// 特殊环节.
    #[n(18)]
    pub special_links: Vec<SpecialLink>,
    /// 常见问题.
    #[n(19)]
    pub questions: Vec<Question>,
    /// 办理地点、时间.
    #[n(20)]
    pub places: Vec<ServicePlace>,
    /// 咨询电话, with area code.
    #[n(21)]
    pub enquiry: Option<String>,
    /// 监督投诉电话, with area code.
    #[n(22)]
    pub complaint: Option<String>,
    /// 是否网办.
    #[n(23)]
    pub online: Option<bool>,
    /// 网上办理深度.
    #[n(24)]
    pub online_depth: Vec<OnlineDepth>,
    /// 在线办理跳转地址.
    #[n(25)]
    pub online_address: Option<String>,
    /// 移动端办理地址.
    #[n(26)]
    pub mobile_address: Option<String>,
    /// 计算机端是否对接单点登录.
    #[n(27)]
    pub single_login: Option<bool>,
    /// 移动端是否对接单点登录.
    #[n(28)]
    pub mobile_single_login: Option<bool>,
    /// 是否支持网上支付.
    #[n(29)]
    pub pays_online: Option<bool>,
    /// 是否支持物流快递.
    #[n(30)]
    pub courier: Option<bool>,
    /// 是否支持预约办理.
    #[n(31)]
    pub appointments: Option<bool>,
    /// 是否支持自助终端办理.
    #[n(32)]
    pub terminals: Option<bool>,
    /// 是否进驻政务大厅.
    #[n(33)]
    pub in_hall: Option<bool>,
    /// 通办范围.
    #[n(34)]
    pub scopes: Vec<Scope>,
    /// 联办机构.
    #[n(35)]
    pub joint_departments: Vec<String>,
    /// 中介服务.
    #[n(36)]
    pub intermediary: Option<String>,
    /// 数量限制.
    #[n(37)]
    pub quantity_limit: Option<String>,
    /// 审批结果.
    #[n(38)]
    pub result: Option<ResultDocument>,
    /// 自然人主题, by topic code.
    #[n(39)]
    pub person_topics: Vec<String>,
    /// 法人主题, by topic code.
    #[n(40)]
    pub corporate_topics: Vec<String>,
    /// 公示天数: working days that a law has published before the decision; no county drops them.
    #[n(41)]
    pub publicity_days: Option<u16>,
    /// 行政复议、诉讼: the remedies that a refusal names.
    #[n(42)]
    pub remedies: Option<String>,
    /// Other words that people use for it, for search.
    #[n(43)]
    pub also_called: Vec<String>,
    /// Columns of the source that have no place above, as they came.
    #[n(44)]
    pub further: Further,
    /// 数量限制: what the node keeps to when it grants.
    #[n(45)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<NumberLimit>,
    /// 告知承诺: how pledges are checked.
    #[n(46)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pledge: Option<PledgeRule>,
}

impl Guide {
    /// The digest that names the guide: SHA-256 of its deterministic CBOR.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&tongban_codes::cbor::to_vec(self))
    }

    /// Tells whether nothing is filled in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
