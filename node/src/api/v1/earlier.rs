//! What `case import`, `case take-up` and `case list --imported` ask and hear.

use serde::{Deserialize, Serialize};
use tongban_codes::ids::Digest;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::Material;
use tongban_domain::catalogue::ImportRow;
use tongban_domain::earlier::{BatchView, Stated, TakenUp};

use super::request::request;

request! {
    /// Judges rows of earlier cases and writes nothing.
    CheckEarlier {
        /// The rows, at most 2,000.
        rows: Vec<ImportRow>,
        /// Keeps numbers of identities that don't hold as texts.
        #[serde(default)]
        keep_invalid: bool,
        /// Whether rows that stand with another content would be replaced.
        #[serde(default)]
        replace: bool,
    }
    /// Begins a batch of earlier cases, or finds the one of the same file.
    BeginEarlier {
        /// SHA-256 of the file.
        file: Digest,
        /// SHA-256 of the rows as they were read of it.
        content: Digest,
        /// The sheet.
        #[serde(default)]
        sheet: String,
        /// How many rows it has.
        rows: u32,
        /// Keeps numbers of identities that don't hold as texts.
        #[serde(default)]
        keep_invalid: bool,
        /// Why rows that stand with another content are replaced.
        #[serde(default)]
        replace: Option<String>,
    }
    /// Brings rows of a batch, all or none.
    BringEarlier {
        /// Its number.
        batch: String,
        /// How many rows of the file came before.
        from: u32,
        /// The rows, at most 2,000.
        rows: Vec<ImportRow>,
    }
    /// Undoes a batch.
    UndoEarlier {
        /// Its number.
        batch: String,
        /// Why.
        reason: String,
    }
    /// Collects a case that goes on with an earlier one.
    TakeUpEarlier {
        /// The number that the other system had drawn.
        number: String,
        /// The item, where the row names none of this division.
        #[serde(default)]
        item: Option<String>,
        /// The applicant's name, where the row's doesn't do.
        #[serde(default)]
        name: Option<String>,
        /// His citizen id or credit code, where the row's doesn't hold.
        #[serde(default)]
        id: Option<String>,
        /// Materials.
        #[serde(default)]
        materials: Vec<Material>,
    }
    /// Which earlier cases.
    EarlierQuery {
        /// Those of an applicant, by his number.
        #[serde(default)]
        id: Option<String>,
        /// Those of which a version came in this batch.
        #[serde(default)]
        batch: Option<String>,
        /// Those alone that the other system hadn't decided and that weren't taken up.
        #[serde(default)]
        open: bool,
        /// Those whose number comes after this one.
        #[serde(default)]
        after: Option<String>,
        /// At most so many, in the order of their numbers, 100 when absent.
        #[serde(default)]
        limit: Option<usize>,
    }
}

/// Earlier cases in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlierPage<T> {
    /// The cases.
    pub cases: Vec<T>,
    /// The last number of this page, where more may come after it.
    pub next: Option<String>,
}

/// An earlier case, as imported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EarlierView {
    /// Always true: no case of this node is shown so.
    pub imported: bool,
    /// That it was imported and not witnessed, in Chinese and English.
    pub notice: String,
    /// The number that the other system had drawn.
    pub old_number: String,
    /// `standing` or `withdrawn`, where every batch that brought it in was undone.
    pub earlier_standing: &'static str,
    /// In Chinese.
    pub earlier_standing_zh: &'static str,
    /// Whether it can be taken up.
    pub open: bool,
    /// The case in which it goes on.
    pub taken_up: Option<TakenUp>,
    /// What the file said: the version that stands, else the last.
    #[serde(flatten)]
    pub version: EarlierVersionView,
    /// The other versions, the latest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<EarlierVersionView>,
}

/// What one file said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EarlierVersionView {
    /// Item code of this division, where it is one.
    pub item: Option<String>,
    /// Its name, or the item as the file had it.
    pub item_name: String,
    /// Name, masked.
    pub applicant: String,
    /// Who applied.
    pub applicant_kind: &'static str,
    /// In Chinese.
    pub applicant_kind_zh: &'static str,
    /// By what he was identified.
    pub id_kind: &'static str,
    /// In Chinese.
    pub id_kind_zh: &'static str,
    /// Whether the number has a check digit, and it holds.
    pub id_checked: bool,
    /// 收件.
    pub collected_on: Option<Date>,
    /// 受理.
    pub accepted_on: Option<Date>,
    /// The last day of the statutory time, as the other system had it.
    pub statutory_due: Option<Date>,
    /// 决定.
    pub decided_on: Option<Date>,
    /// 送达.
    pub delivered_on: Option<Date>,
    /// Number of 办结结果.
    pub result_code: Option<u8>,
    /// Its name.
    pub result: Option<&'static str>,
    /// 文书编号.
    pub document_no: Option<String>,
    /// 证照编号 of the other system.
    pub licence_no: Option<String>,
    /// 有效期起.
    pub licence_from: Option<Date>,
    /// 有效期至.
    pub licence_until: Option<Date>,
    /// 经办人.
    pub clerk: Option<String>,
    /// 备注.
    pub note: Option<String>,
    /// The other system.
    pub source_system: String,
    /// The batch.
    pub batch: String,
    /// `finished`, `open` or `undone`.
    pub batch_state: &'static str,
    /// In Chinese.
    pub batch_state_zh: &'static str,
    /// The row in the file.
    pub row_in_file: u32,
    /// SHA-256 of the file.
    pub file_digest: Option<Digest>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// By whom.
    pub importer: String,
    /// Why it stands in the place of the one before.
    pub replace_reason: Option<String>,
}

/// What an import stated of the earlier case that a case goes on with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatedView {
    /// That it was imported and not witnessed, in Chinese and English.
    pub notice: String,
    /// What was stated.
    #[serde(flatten)]
    pub stated: Stated,
}

/// Batches of earlier cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchList {
    /// The batches, the latest first.
    pub batches: Vec<BatchView>,
}
