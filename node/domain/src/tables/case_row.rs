//! From a case to its rows, all or none.

use std::collections::BTreeMap;

use tongban_codes::citizen_id::CitizenId;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::ids::NodeId;

use super::act_row::{explained, specials, steps};
use super::row::{Choices, Lack, Names, Row, TableSource, Whose, guid};
use super::table::{CasePart, Table};
use super::value::{Child, SEVERAL, Values, data_source, day, joined, moment, number};
use crate::case::{Act, ActKind, Case, Custody, Material};
use crate::catalogue::{Guide, Served, ServiceItem};
use crate::licence::Licence;
use crate::voice::Rating;
use crate::{Applicant, Authority};

/// The columns of a case's row that may be kept in the clear where what was sent is remembered: nobody is named by them.
pub const KEPT: [&str; 4] = ["row_guid", "project_no", "task_name", "data_source"];

/// Certificates of persons in the tables: 居民身份证 (GA/T 2000.156), and 统一社会信用代码 (GB/T 36903).
const CITIZEN_ID: &str = "111";
const CREDIT_CODE: &str = "001";

/// What the rows of a case are made of.
#[derive(Clone, Copy)]
pub struct CaseSource<'a> {
    /// The case, which this node decides.
    pub case: &'a Case,
    /// Its acts as this node knows them, in their order.
    pub acts: &'a [Act],
    /// The version of the item that it is bound to, with its guide, while that is kept.
    pub item: Option<(&'a ServiceItem, &'a Guide)>,
    /// The authority in charge.
    pub authority: Option<&'a Authority>,
    /// Who applied; none when the key of the case is gone.
    pub applicant: Option<&'a Applicant>,
    /// Who acts for him.
    pub agent: Option<&'a Applicant>,
    /// The licences that came of it.
    pub licences: &'a [Licence],
    /// The rating of the matter that counts.
    pub rating: Option<&'a Rating>,
    /// What the front database wants.
    pub choices: &'a Choices,
}

/// Tells whether a node reports a case: the one of the authority in charge, once that has answered the application.
///
/// Whoever only collected it doesn't, and whoever decided it doesn't any more when another owns it since. What was withdrawn before it was
/// answered never came to the authority's books.
#[must_use]
pub fn is_reported(case: &Case, acts: &[Act], here: &NodeId) -> bool {
    case.deciding.node == *here && !matches!(case.custody, Custody::Elsewhere { .. }) && answered(acts).is_some()
}

/// The authority's answer to the application: acceptance, refusal or return.
fn answered(acts: &[Act]) -> Option<&Act> {
    acts.iter()
        .find(|act| matches!(act.kind, ActKind::Accept | ActKind::AcceptDeemed | ActKind::Refuse | ActKind::Return))
}

/// The act by which the case came to the result that the national list knows, and the number of that.
fn concluded(acts: &[Act]) -> Option<(&Act, u8)> {
    let concludes = |act: &&Act| {
        matches!(
            act.kind,
            ActKind::Decide
                | ActKind::DeemedRenewal
                | ActKind::Refuse
                | ActKind::Return
                | ActKind::Withdraw
                | ActKind::Forward
        )
    };
    acts.iter().rev().filter(concludes).find_map(|act| Some((act, act.status.result_code()?)))
}

/// The rows of a case, parents first.
///
/// # Errors
///
/// Everything that the case lacks, when it lacks something: then none of its rows may be sent.
pub fn case_rows(source: CaseSource<'_>) -> Result<Vec<Row>, Vec<Lack>> {
    let rows = CaseRows::new(source);
    let (mut made, mut lacks) = (Vec::new(), Vec::new());
    let mut row = |part: CasePart, key: &str, value: &dyn Fn(&str) -> Option<String>| {
        let table = Table::Case(part);
        let known_by = ("tongban up_pro row", rows.number, table.name(), key);
        let guid = guid(&tongban_codes::cbor::to_vec(&known_by));
        let values = rows.whose().filled(table, &mut lacks, |column| match column {
            "row_guid" => Some(guid.clone()),
            "project_no" => Some(rows.number.to_owned()),
            "data_source" => Some(data_source(source.choices, source.case.deciding.division)),
            column => value(column),
        });
        made.push(Row { table, guid, values });
    };
    row(CasePart::Accept, "", &|column| rows.accept(column));
    for step in steps(source.acts) {
        row(CasePart::Process, &step.key(), &|column| step.value(source.choices, column));
    }
    for special in specials(source.case, source.acts) {
        row(CasePart::SpecialProcedure, &special.key, &|column| special.value(column));
    }
    let mut names = Names::default();
    for material in &source.case.materials {
        let key = names.next(&material.name);
        row(CasePart::Material, &key, &|column| rows.material(material, column));
    }
    if let Some((act, code)) = concluded(source.acts) {
        row(CasePart::Result, "", &|column| rows.result(act, code, column));
        if (1..=5).contains(&code) && rows.reason(act).is_none() {
            let table = Table::Case(CasePart::Result);
            lacks.push(rows.whose().missing(table, "result_explain", "办结结果说明"));
        }
    }
    if lacks.is_empty() { Ok(made) } else { Err(lacks) }
}

struct CaseRows<'a> {
    source: CaseSource<'a>,
    case: &'a Case,
    /// 办件编号; of what was never accepted that of its collection.
    number: &'a str,
    item: Option<Values<'a>>,
}

impl<'a> CaseRows<'a> {
    fn new(source: CaseSource<'a>) -> Self {
        let CaseSource { case, authority, choices, .. } = source;
        let item = source.item.map(|(item, guide)| Values::new(TableSource { item, guide, authority, choices }));
        Self { source, case, number: case.case_no.as_deref().unwrap_or(&case.collection_no), item }
    }

    fn whose(&self) -> Whose<'a> {
        Whose { code: self.number, name: &self.case.item.core.name, choices: self.source.choices, remedy }
    }

    fn accept(&self, column: &str) -> Option<String> {
        let CaseSource { authority, applicant, agent, choices, .. } = self.source;
        let case = self.case;
        let answer = answered(self.source.acts);
        match column {
            "catalog_code" | "local_catalog_code" | "task_code" | "local_task_code" | "task_handle_item"
            | "project_type" => self.item.as_ref()?.of(Child::Basic, column),
            "task_name" | "project_name" => Some(case.item.core.name.clone()),
            "task_version" => Some(case.item.version.to_string()),
            "apply_type" => Some(choices.at_window.clone()),
            "apply_date" => Some(moment(case.collected_at)),
            "applyer_name" => applicant.map(|applicant| applicant.name.clone()),
            "applyer_type" => number(applicant.map(|applicant| kind(&applicant.identity))),
            "applyer_page_type" => applicant.and_then(|applicant| certificate(&applicant.identity)),
            "applyer_page_code" => applicant.map(|applicant| applicant.identity.clone()),
            "contact_name" => agent.map(|agent| agent.name.clone()),
            "contact_type" => agent.and_then(|agent| certificate(&agent.identity)),
            "contact_code" => agent.map(|agent| agent.identity.clone()),
            "handle_user_name" => answer.map(|act| act.operator.clone()),
            // Deemed acceptance dates back to the day of receipt (行政许可法 32(4)).
            "accept_date" => answer.map(|act| match case.accepted_on {
                Some(accepted) if accepted != act.at.date() => day(accepted),
                _ => moment(act.at),
            }),
            "promise_date" => case.deadlines.as_ref().and_then(|due| due.promised).map(|due| day(due.date)),
            "org_name" => Some(case.item.department.clone()),
            "org_code" => authority.and_then(|authority| case.item.number_code(authority)).map(|code| code.to_string()),
            "accept_area_code" => Some(case.deciding.division.to_string()),
            _ => None,
        }
    }

    fn material(&self, material: &Material, column: &str) -> Option<String> {
        let choices = self.source.choices;
        match column {
            "material_name" => Some(material.name.clone()),
            "get_type" => Some(if material.size.is_some() { &choices.as_file } else { &choices.on_paper }.clone()),
            "get_num" => Some("1".to_owned()),
            "attach_name" => material.size.map(|_| material.name.clone()),
            "material_area_code" => Some(self.case.collecting.division.to_string()),
            _ => None,
        }
    }

    /// Why the case came to its result.
    fn reason(&self, act: &Act) -> Option<String> {
        let said = [act.note.as_deref(), self.case.reason.as_deref()].into_iter().flatten();
        said.map(str::trim).find(|said| !said.is_empty()).map(str::to_owned)
    }

    fn result(&self, act: &Act, code: u8, column: &str) -> Option<String> {
        let CaseSource { acts, licences, rating, .. } = self.source;
        let delivered = acts.iter().any(|act| act.kind == ActKind::Deliver);
        match column {
            "result_type" => Some(code.to_string()),
            "result_date" => Some(moment(act.at)),
            "result_cetr_name" => joined(licences.iter().map(|licence| &licence.type_name), SEVERAL),
            "result_cetr_no" => joined(licences.iter().map(|licence| &licence.id), SEVERAL),
            "result_explain" => self.reason(act).or_else(|| Some(explained(act))),
            "is_delivery_results" => Some(if delivered { "1" } else { "0" }.to_owned()),
            "satisfaction" => rating.map(|rating| rating.grade.code().to_string()),
            "handle_user_name" => Some(act.operator.clone()),
            "result_area_code" => Some(self.case.deciding.division.to_string()),
            "evaluate_area_code" => rating.map(|rating| rating.entered.division.to_string()),
            _ => None,
        }
    }
}

/// What kind of applicant has a number, by the credit code's registering body and kind (GB 32100).
fn kind(identity: &str) -> Served {
    if identity.parse::<CitizenId>().is_ok() {
        return Served::Person;
    }
    match identity.get(..2) {
        Some("11") => Served::Agency,
        Some("12") => Served::Institution,
        Some("13" | "51" | "52" | "53") => Served::Association,
        Some("91") => Served::Company,
        _ => Served::Other,
    }
}

fn certificate(identity: &str) -> Option<String> {
    let is_citizen = identity.parse::<CitizenId>().is_ok();
    let is_body = || identity.parse::<CreditCode>().is_ok();
    let code = if is_citizen { CITIZEN_ID } else { Some(CREDIT_CODE).filter(|_| is_body())? };
    Some(code.to_owned())
}

fn remedy(column: &str) -> (&'static str, &'static str) {
    match column {
        "org_code" => (
            "tongban authority add NAME --code CODE --maps BAD",
            "tongban authority add 名称 --code 有效代码 --maps 错误代码",
        ),
        "applyer_name" | "applyer_type" | "applyer_page_type" | "applyer_page_code" => (
            "the applicant's entries can't be read or are no valid number; put them right: tongban case amend",
            "申请人信息无法读取或证件号码无效，请更正：tongban case amend",
        ),
        _ => ("look at the case: tongban case show", "查看办件：tongban case show"),
    }
}

/// What may be kept of a row.
impl Row {
    /// Its values without those that name somebody, see [`KEPT`].
    #[must_use]
    pub fn kept(values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let kept = values.iter().filter(|(column, _)| KEPT.contains(&column.as_str()));
        kept.map(|(column, value)| (column.clone(), value.clone())).collect()
    }
}
