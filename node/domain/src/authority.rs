//! Authorities (机关): who accepts, decides and seals.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::AuthorityId;
use tongban_codes::time::{Date, Timestamp};

use crate::change::{Change, Event, Reply};
use crate::naming::name;
use crate::{Desk, Facts, Rejection, catalogue, codes};

/// A credit code with the day from which it holds; codes change when departments are reorganised.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct DatedCode {
    /// 统一社会信用代码, with a valid check digit.
    #[n(0)]
    pub code: CreditCode,
    /// First day on which the code is used.
    #[n(1)]
    pub from: Date,
}

/// A type of licence that an authority defined itself (GB/T 36904: credit code and three digits).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct LicenceType {
    /// Name of the type, e.g. 公共场所卫生许可证.
    #[n(0)]
    pub name: String,
    /// The three-digit serial under the authority's credit code.
    #[n(1)]
    pub serial: u16,
}

/// A code that a source uses for the authority, and the valid code that an administrator mapped it to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct CodeAlias {
    /// The text as the source has it.
    #[n(0)]
    pub text: String,
    /// The valid code it stands for.
    #[n(1)]
    pub code: CreditCode,
}

/// The authority that took another's place, by an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct AuthoritySuccessor {
    /// Its id.
    #[n(0)]
    pub id: AuthorityId,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// From when.
    #[n(2)]
    pub from: Date,
    /// The order (文号).
    #[n(3)]
    pub order: Option<String>,
}

/// A quota that several items of an authority share by name, where it was begun by an authority that merged into it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct SharedQuota {
    /// The name that its items publish.
    #[n(0)]
    pub name: String,
    /// The quota under which its numbers and its line are kept: that of the authority which began it.
    #[n(1)]
    pub counts_under: String,
}

/// An authority: an id of ours with dated attributes; it is not a node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Authority {
    /// Id of ours, never reused.
    #[n(0)]
    pub id: AuthorityId,
    /// Name, e.g. 区行政审批局.
    #[n(1)]
    pub name: String,
    /// Division whose authority it is.
    #[n(2)]
    pub division: DivisionCode,
    /// Credit codes by date; empty until a valid one is known.
    #[n(3)]
    pub codes: Vec<DatedCode>,
    /// Types of licence that the authority defined.
    #[n(4)]
    pub licence_types: Vec<LicenceType>,
    /// Public seal key (Ed25519, 32 bytes) certified by this node.
    #[cbor(n(5), with = "minicbor::bytes")]
    #[serde(skip)]
    pub seal_key: Option<Vec<u8>>,
    /// Counts changes of this record.
    #[n(6)]
    pub version: u32,
    /// Malformed codes of the source that have been mapped to valid ones.
    #[n(7)]
    pub aliases: Vec<CodeAlias>,
    /// What it was merged into; its cases stay its own.
    #[n(8)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<AuthoritySuccessor>,
    /// Shared quotas of authorities that merged into it, which go on; its others are its own from the beginning.
    #[n(9)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<SharedQuota>,
}

impl Authority {
    /// An authority of which only name and division are known.
    #[must_use]
    pub fn new(id: AuthorityId, name: String, division: DivisionCode) -> Self {
        Self {
            id,
            name,
            division,
            codes: Vec::new(),
            licence_types: Vec::new(),
            seal_key: None,
            version: 0,
            aliases: Vec::new(),
            successor: None,
            quotas: Vec::new(),
        }
    }

    /// The credit code in force on `day`, or the earliest known one.
    #[must_use]
    pub fn code(&self, day: Date) -> Option<&CreditCode> {
        self.codes.iter().rev().find(|dated| dated.from <= day).or(self.codes.first()).map(|dated| &dated.code)
    }

    /// The valid code that a malformed one has been mapped to.
    #[must_use]
    pub fn mapped(&self, text: &str) -> Option<&CreditCode> {
        self.aliases.iter().find(|alias| alias.text == text).map(|alias| &alias.code)
    }

    /// The quota that its items share by this name.
    #[must_use]
    pub fn quota(&self, name: &str) -> String {
        let begun = self.quotas.iter().find(|known| known.name == name);
        begun.map_or_else(|| format!("{}/{name}", self.id), |known| known.counts_under.clone())
    }
}

/// Adds an authority of this node, or a code to one.
pub(crate) fn add(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    text: &str,
    code: Option<&str>,
    maps: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let text = name("name", text)?;
    let node = facts.node();
    let id = catalogue::authority_id(&node.node, node.division, &text);
    let mut authority = facts.authority(&id).unwrap_or_else(|| Authority::new(id, text, node.division));
    if let Some(code) = code {
        let valid = code.parse::<CreditCode>().map_err(|error| {
            Rejection::new(codes::INVALID_IDENTITY, error.to_string(), error.zh())
                .field("code", code)
                .remedy("check it: tongban code check", "核对：tongban code check")
        })?;
        if let Some(text) = maps {
            authority.aliases.retain(|alias| alias.text != text);
            authority.aliases.push(CodeAlias { text: text.to_owned(), code: valid });
        }
        if !authority.codes.iter().any(|dated| dated.code == valid) {
            authority.codes.push(DatedCode { code: valid, from: at.date() });
        }
    } else if maps.is_some() {
        return Err(Rejection::new(codes::INVALID_FIELD, "a mapping needs the valid code", "映射需要正确代码")
            .field("code", "")
            .remedy("give --code", "请提供 --code"));
    }
    authority.seal_key = Some(desk.authority_key(&id));
    authority.version += 1;
    Ok(Change::of(vec![Event::Authority(authority.clone())], Reply::Authority(authority)))
}

/// How many mergers are followed from one authority to what it has become.
const SUCCESSORS_MAX: usize = 16;

/// Whether an authority is another, or was merged into it, through others too; by a day, or by any that has been ordered.
pub(crate) fn is_or_became(facts: &dyn Facts, old: AuthorityId, new: AuthorityId, by: Option<Date>) -> bool {
    let mut at = old;
    for _ in 0..SUCCESSORS_MAX {
        if at == new {
            return true;
        }
        let successor = facts.authority(&at).and_then(|known| known.successor);
        let Some(successor) = successor.filter(|successor| by.is_none_or(|day| successor.from <= day)) else {
            return false;
        };
        at = successor.id;
    }
    false
}
