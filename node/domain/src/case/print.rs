//! Prints (打印): what was handed out on paper, counted, so that a second sheet says that it is one.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::fee::settled;
use super::paper::remark;
use super::{Case, Custody, Status, named};
use crate::change::{Change, Event, Reply};
use crate::{Actor, Facts, Rejection, codes};

/// The most prints of one document.
const PRINTS_MAX: u32 = 1000;

const PREFIX: &str = "application/tongban-";
const SUFFIX: &str = "+cbor";

/// On what a document is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum PrintForm {
    /// A4.
    #[n(0)]
    A4,
    /// The roll of a slip printer.
    #[n(1)]
    Slip,
    /// A form that is printed already, onto which the values go.
    #[n(2)]
    PrePrinted,
}

/// One print of a document of a case.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct Print {
    /// The case.
    #[n(0)]
    pub case: CaseId,
    /// Number of the act that made the document.
    #[n(1)]
    pub act: u32,
    /// Its content type.
    #[n(2)]
    pub content_type: String,
    /// Counts the prints of this document, from 1; from 2 on the paper says so.
    #[n(3)]
    pub number: u32,
    /// On what.
    #[n(4)]
    pub form: PrintForm,
    /// When.
    #[n(5)]
    pub at: Timestamp,
    /// Who.
    #[n(6)]
    pub operator: String,
    /// At which window.
    #[n(7)]
    pub window: Option<String>,
    /// Why it was printed again.
    #[n(8)]
    pub reason: Option<String>,
}

impl Print {
    /// The kind of the document, as `acceptance`.
    #[must_use]
    pub fn kind(&self) -> &str {
        document_kind(&self.content_type)
    }
}

/// The kind that a content type names: `acceptance` of `application/tongban-acceptance+cbor`.
#[must_use]
pub fn document_kind(content_type: &str) -> &str {
    content_type.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)).unwrap_or(content_type)
}

/// Whether a sealed document of a case is one that is handed out: an order between nodes is not.
#[must_use]
pub fn is_handed_out(content_type: &str) -> bool {
    document_kind(content_type) != "reclaim"
}

/// Which document of a case is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentChoice {
    /// Id, collection number, case number or query code of the case.
    pub case: String,
    /// Kind of the document, as `acceptance`; any when absent.
    pub kind: Option<String>,
    /// Number of the act that made it; the last that fits when absent.
    pub act: Option<u32>,
}

/// The document that is meant: the case, the number of its act and its content type.
///
/// A document is printed where it was sealed: this node holds no other's.
///
/// # Errors
///
/// [`codes::CASE_UNKNOWN`], [`codes::DOCUMENT_UNKNOWN`].
pub fn chosen_document(facts: &dyn Facts, choice: &DocumentChoice) -> Result<(Case, u32, String), Rejection> {
    let case = named(facts, &choice.case)?;
    let mut all = facts.documents(&case.id);
    all.retain(|(_, content_type)| is_handed_out(content_type));
    let fits = |(act, content_type): &&(u32, String)| {
        choice.kind.as_deref().is_none_or(|kind| document_kind(content_type) == kind)
            && choice.act.is_none_or(|number| *act == number)
    };
    if let Some((act, content_type)) = all.iter().rfind(fits) {
        return Ok((case, *act, content_type.clone()));
    }
    let there: Vec<String> = all.iter().map(|(act, kind)| format!("{} ({act})", document_kind(kind))).collect();
    let there = if there.is_empty() { "-".to_owned() } else { there.join(", ") };
    Err(Rejection::new(
        codes::DOCUMENT_UNKNOWN,
        format!("this node has sealed no such document of the case; it has {there}"),
        format!("本节点没有该办件的此种文书；现有：{there}"),
    )
    .field("document", choice.kind.clone().or_else(|| choice.act.map(|act| act.to_string())).unwrap_or_default())
    .remedy("print it at the node that made it: tongban case whereis", "请在出具文书的节点打印：tongban case whereis"))
}

/// Counts a print; the second and later ones say on paper which reprint they are.
pub(crate) fn print(
    facts: &dyn Facts,
    actor: &Actor,
    choice: &DocumentChoice,
    form: Option<PrintForm>,
    reason: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let (case, act, content_type) = chosen_document(facts, choice)?;
    let reason = remark(reason).map_err(|rejection| Rejection { field: "reason", ..rejection })?;
    let number = facts.prints(&case.id, act, &content_type) + 1;
    if number > PRINTS_MAX {
        return Err(Rejection::new(
            codes::PRINT_LIMIT,
            format!("this document has been printed {PRINTS_MAX} times"),
            format!("该文书已打印 {PRINTS_MAX} 次"),
        )
        .field("document", document_kind(&content_type))
        .remedy("copy a print that is there", "请复印已有文书"));
    }
    // The original of a grant is its result; of a renewal that was deemed granted the document that says so is.
    let is_result =
        matches!(document_kind(&content_type), "decision" | "deemed-renewal") && case.status == Status::Granted;
    if number == 1 && is_result && case.custody == Custody::Owner {
        settled(facts, &case)?;
    }
    let form = form.unwrap_or_else(|| usual_form(&content_type));
    let print = Print {
        case: case.id,
        act,
        content_type,
        number,
        form,
        at,
        operator: actor.operator.clone(),
        window: actor.window.clone(),
        reason,
    };
    Ok(Change::of(vec![Event::Printed(Box::new(print.clone()))], Reply::Printed(Box::new(print))))
}

/// The form of a document where none is named: the slip comes from the slip printer.
#[must_use]
pub fn usual_form(content_type: &str) -> PrintForm {
    if document_kind(content_type) == "collection-slip" { PrintForm::Slip } else { PrintForm::A4 }
}
