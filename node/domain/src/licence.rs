//! Licences (证照): issued under an authority's seal, verified by anyone, cancelled with a reason.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId};
use tongban_codes::time::{Date, Timestamp};

/// Content type of a sealed licence statement.
pub const CONTENT_TYPE: &str = "application/tongban-licence+cbor";

/// Where a licence stands. The numbers are ours; other systems' lists differ and are mapped at the connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// 有效.
    #[n(0)]
    Valid,
    /// 注销.
    #[n(1)]
    Cancelled,
    /// 已延续: a successor stands in its place.
    #[n(2)]
    Renewed,
}

impl Status {
    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Valid => "valid",
            Status::Cancelled => "cancelled",
            Status::Renewed => "renewed",
        }
    }
}

/// What the authority seals: the face of the licence. Until a standard document exists it is a verification voucher (核验凭据).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Statement {
    /// 证照标识, GB/T 36904.
    #[n(0)]
    pub id: String,
    /// 证照类型代码.
    #[n(1)]
    pub type_code: String,
    /// Name of the type.
    #[n(2)]
    pub type_name: String,
    /// The issuing authority.
    #[n(3)]
    pub authority: AuthorityId,
    /// Its name.
    #[n(4)]
    pub authority_name: String,
    /// Its division.
    #[n(5)]
    pub division: DivisionCode,
    /// 持证主体.
    #[n(6)]
    pub holder_name: String,
    /// 持证主体代码.
    #[n(7)]
    pub holder_identity: String,
    /// 颁发日期.
    #[n(8)]
    pub issued_on: Date,
    /// 有效期止.
    #[n(9)]
    pub valid_until: Date,
    /// The case it came of.
    #[n(10)]
    pub case_no: String,
    /// The item.
    #[n(11)]
    pub item: String,
    /// 演示.
    #[n(12)]
    pub demo: bool,
    /// 有效期起, where it isn't the day of issue.
    #[n(13)]
    pub valid_from: Option<Date>,
    /// 原证照标识: the licence in whose place it stands.
    #[n(14)]
    pub renews: Option<String>,
    /// What it rests on where nobody decided: 行政许可法 50.
    #[n(15)]
    pub basis: Option<String>,
}

/// A licence in the issuing node's register.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Licence {
    /// 证照标识.
    #[n(0)]
    pub id: String,
    /// Name of the type.
    #[n(1)]
    pub type_name: String,
    /// The issuing authority.
    #[n(2)]
    pub authority: AuthorityId,
    /// The case.
    #[n(3)]
    pub case: CaseId,
    /// Keyed index value of the holder's number.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub holder: [u8; 32],
    /// 颁发日期.
    #[n(5)]
    pub issued_on: Date,
    /// 有效期止.
    #[n(6)]
    pub valid_until: Date,
    /// Status.
    #[n(7)]
    pub status: Status,
    /// Since when.
    #[n(8)]
    pub since: Timestamp,
    /// Why, when cancelled.
    #[n(9)]
    pub reason: Option<String>,
    /// The sealed [`Statement`] (COSE_Sign1 of the authority).
    #[cbor(n(10), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
    /// 有效期起, where it isn't the day of issue.
    #[n(11)]
    pub valid_from: Option<Date>,
    /// The licence in whose place it stands.
    #[n(12)]
    pub renews: Option<String>,
    /// The licence that stands in its place.
    #[n(13)]
    pub renewed_by: Option<String>,
    /// The case that was last begun to renew it.
    #[n(14)]
    pub renewal: Option<CaseId>,
}
