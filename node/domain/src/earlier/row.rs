//! Earlier cases and their batches as they are kept.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::citizen_id::CitizenId;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::{Date, Timestamp};

use super::list::{ApplicantKind, IdKind};
use super::{BatchRequest, BatchView};
use crate::case::Personal;

/// The most versions of one earlier case: each is a correction of the one before.
pub(super) const VERSIONS_MAX: usize = 20;

/// An earlier case under the number that the other system had drawn.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EarlierCase {
    /// The number.
    #[n(0)]
    pub number: String,
    /// What files said of it, the latest last; none is ever taken away.
    #[n(1)]
    pub versions: Vec<EarlierVersion>,
    /// The case in which it was taken up last.
    #[n(2)]
    pub taken_up: Option<TakenUp>,
}

/// The case in which an earlier one goes on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct TakenUp {
    /// Its id.
    #[n(0)]
    pub case: CaseId,
    /// Its collection number.
    #[n(1)]
    pub collection_no: String,
    /// When.
    #[n(2)]
    pub at: Timestamp,
    /// By whom.
    #[n(3)]
    pub by: String,
    /// Of which batch the version was.
    #[n(4)]
    pub batch: String,
}

/// What one file said of an earlier case.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EarlierVersion {
    /// The id under which its applicant is encrypted; no case has it.
    #[n(0)]
    pub id: CaseId,
    /// The batch.
    #[n(1)]
    pub batch: String,
    /// The row in the file.
    #[n(2)]
    pub row: u32,
    /// The code of the item of this division, where it is one.
    #[n(3)]
    pub item_code: Option<String>,
    /// Its name, or the item as the file has it.
    #[n(4)]
    pub item_name: String,
    /// Who applied.
    #[n(5)]
    pub applicant_kind: ApplicantKind,
    /// By what he was identified.
    #[n(6)]
    pub id_kind: IdKind,
    /// Whether the number is one with a check digit, and that holds.
    #[n(7)]
    pub id_checked: bool,
    /// Name and number, encrypted.
    #[n(8)]
    pub personal: Personal,
    /// The note, encrypted under the same key: old notes name people. Its second field is empty.
    #[n(9)]
    pub note: Option<Personal>,
    /// Keyed index value of the number.
    #[cbor(n(10), with = "minicbor::bytes")]
    pub holder: Option<[u8; 32]>,
    /// 收件.
    #[n(11)]
    pub collected_on: Option<Date>,
    /// 受理.
    #[n(12)]
    pub accepted_on: Option<Date>,
    /// 决定.
    #[n(13)]
    pub decided_on: Option<Date>,
    /// 送达.
    #[n(14)]
    pub delivered_on: Option<Date>,
    /// The last day of the statutory time, as the other system had it.
    #[n(15)]
    pub statutory_due: Option<Date>,
    /// The number of 办结结果 ([`crate::case::national::RESULTS`]).
    #[n(16)]
    pub result: Option<u8>,
    /// 文书编号.
    #[n(17)]
    pub document_no: Option<String>,
    /// 证照编号, as the other system had it; no licence of this node.
    #[n(18)]
    pub licence_no: Option<String>,
    /// 证照有效期起.
    #[n(19)]
    pub licence_from: Option<Date>,
    /// 证照有效期至.
    #[n(20)]
    pub licence_until: Option<Date>,
    /// 经办人.
    #[n(21)]
    pub handler: Option<String>,
    /// 来源系统.
    #[n(22)]
    pub system: String,
    /// When it was imported.
    #[n(23)]
    pub at: Timestamp,
    /// By whom.
    #[n(24)]
    pub by: String,
    /// Why it stands in the place of the version before.
    #[n(25)]
    pub replaces: Option<String>,
    /// Other batches whose files said the same: it stands while one of them does. At most as many as there may be versions.
    #[n(26)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

impl EarlierVersion {
    /// The batches whose files said it, the one that brought it first.
    pub fn batches(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.batch).chain(&self.also)
    }

    /// Whether the other system had come to no result.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.decided_on.is_none() && self.result.is_none()
    }
}

impl EarlierCase {
    /// The version that stands: the latest of a batch that wasn't undone, or the one that was taken up.
    #[must_use]
    pub fn standing(&self, is_undone: impl Fn(&str) -> bool) -> Option<&EarlierVersion> {
        let kept = self.taken_up.as_ref().map(|taken| taken.batch.as_str());
        self.versions
            .iter()
            .rev()
            .find(|version| kept == Some(&version.batch) || version.batches().any(|batch| !is_undone(batch)))
    }
}

/// Who undid a batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Undone {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// Who.
    #[n(1)]
    pub by: String,
    /// Why.
    #[n(2)]
    pub reason: String,
}

/// A batch: the rows of one file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EarlierBatch {
    /// Its number.
    #[n(0)]
    pub number: String,
    /// The id under which the journal names it; no case has it.
    #[n(1)]
    pub id: CaseId,
    /// SHA-256 of the file.
    #[n(2)]
    pub file: Digest,
    /// Keyed hash of the rows as they were read, by which the same file is known again.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub mark: [u8; 32],
    /// The sheet.
    #[n(4)]
    pub sheet: String,
    /// Rows of the file.
    #[n(5)]
    pub rows: u32,
    /// Whether numbers that don't hold were kept as texts.
    #[n(6)]
    pub keep_invalid: bool,
    /// Why rows that stood with another content were replaced.
    #[n(7)]
    pub replace: Option<String>,
    /// Rows that are in.
    #[n(8)]
    pub taken: u32,
    /// Of these, new ones.
    #[n(9)]
    pub added: u32,
    /// Of these, ones that stood already with the same content.
    #[n(10)]
    pub known: u32,
    /// Of these, further versions.
    #[n(11)]
    pub replaced: u32,
    /// Rows of it that were taken up.
    #[n(12)]
    pub taken_up: u32,
    /// SHA-256 chain over the versions as they are kept, ciphertexts and all, in their order: it tells nothing of a person.
    #[n(13)]
    pub digest: Digest,
    /// When it was begun.
    #[n(14)]
    pub begun_at: Timestamp,
    /// By whom.
    #[n(15)]
    pub by: String,
    /// When its last row came in.
    #[n(16)]
    pub finished_at: Option<Timestamp>,
    /// Who undid it.
    #[n(17)]
    pub undone: Option<Undone>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum BatchStep {
    /// It was begun, or rows came in.
    #[n(0)]
    Taken,
    /// Its last row came in.
    #[n(1)]
    Finished,
    /// It was undone.
    #[n(2)]
    Undone,
    /// A row of it was taken up.
    #[n(3)]
    TakenUp,
}

impl EarlierBatch {
    /// Whether it is the batch of a request that isn't undone.
    pub(super) fn is_of(&self, request: &BatchRequest, mark: &[u8; 32]) -> bool {
        self.undone.is_none()
            && (self.file, self.mark, self.rows) == (request.file, *mark, request.rows)
            && self.keep_invalid == request.keep_invalid
            && self.replace == request.replace
            && self.sheet == request.sheet
    }

    /// The batch as people see it.
    #[must_use]
    pub fn view(&self) -> BatchView {
        let (batch_state, batch_state_zh) = match (&self.undone, self.finished_at) {
            (Some(_), _) => ("undone", "已撤销"),
            (None, Some(_)) => ("finished", "已完成"),
            (None, None) => ("open", "未完成"),
        };
        BatchView {
            batch: self.number.clone(),
            file: self.file,
            sheet: self.sheet.clone(),
            batch_state,
            batch_state_zh,
            row_count: self.rows,
            taken: self.taken,
            added: self.added,
            known: self.known,
            replaced: self.replaced,
            taken_up: self.taken_up,
            keep_invalid: self.keep_invalid,
            replace: self.replace.clone(),
            importer: self.by.clone(),
            begun_at: self.begun_at,
            finished_at: self.finished_at,
            rows_digest: self.digest,
            undone: self.undone.clone(),
        }
    }
}

/// The form in which a number of an identity is indexed: as its standard writes it where it holds, else without blanks and in capitals.
#[must_use]
pub fn holder_text(number: &str) -> String {
    let text = number.trim();
    let standard = text.parse::<CitizenId>().map(|id| id.to_string());
    let standard = standard.or_else(|_| text.parse::<CreditCode>().map(|code| code.to_string()));
    standard.unwrap_or_else(|_| text.split_whitespace().collect::<String>().to_uppercase())
}

/// What a result is called.
pub(super) fn result_named(text: &str) -> Option<u8> {
    let known = crate::case::national::RESULTS.iter();
    let number = text.parse::<u8>().ok();
    known.clone().find(|(code, zh)| number == Some(*code) || *zh == text).map(|(code, _)| *code)
}

/// The words that a list of values takes.
pub(super) fn words<L: crate::catalogue::CodeList>() -> String {
    L::ALL.iter().map(|value| value.zh()).collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CodeList as _;

    #[test]
    fn one_person_has_one_index_text() {
        assert_eq!(holder_text(" 11010519491231002x "), "11010519491231002X");
        assert_eq!(holder_text("e 1234 5678"), "E12345678");
        assert_eq!(holder_text("11370800MB28559184"), "11370800MB28559184");
        assert_eq!(IdKind::ALL.len(), 10);
    }

    #[test]
    fn results_are_those_of_the_national_list() {
        assert_eq!(result_named("出证办结"), Some(0));
        assert_eq!(result_named("5"), Some(5));
        assert_eq!(result_named("7"), None);
        assert_eq!(result_named("通过"), None);
    }
}
