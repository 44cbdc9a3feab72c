//! Materials (材料): what the applicant brought, by name and digest, and the files of those that were given as files.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::ids::Digest;
use tongban_codes::time::Timestamp;

use super::{Case, Status};
use crate::{Facts, Rejection, codes};

/// The name of a file in the store of a node.
pub type FileName = [u8; 16];

/// A material that the applicant brought: its name and digest, and its length when it was given as a file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct Material {
    /// Name, as the guide calls it.
    #[n(0)]
    pub name: String,
    /// SHA-256, 64 hexadecimal digits.
    #[n(1)]
    pub sha256: String,
    /// Bytes of the file that was given, at least one; absent where only a digest was (paper, and cases of earlier releases).
    #[n(2)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

impl Material {
    /// Digest and length of the file, where one was given.
    #[must_use]
    pub fn file(&self) -> Option<(Digest, u64)> {
        Some((self.sha256.parse().ok()?, self.size?))
    }
}

/// A file that a node has whole, verified and durable.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HeldFile {
    /// SHA-256 of what is in it, by which the case names it.
    #[n(0)]
    pub digest: Digest,
    /// Its name in the store.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub file: FileName,
    /// Its length in plain bytes.
    #[n(2)]
    pub size: u64,
    /// Its key, under the key of the case: without the case's nobody reads it.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub key: Vec<u8>,
    /// Since when this node has it.
    #[n(4)]
    pub since: Timestamp,
}

/// Refuses to accept a case while files that were given with it are still on their way.
///
/// Who accepts has seen what was handed in (行政许可法 32). Only at first: after a correction notice the authority has what it asked for, in
/// whatever form it was brought, and when the five days are over the law accepts, whatever a line does.
pub(super) fn all_here(facts: &dyn Facts, case: &Case) -> Result<(), Rejection> {
    if case.status != Status::Collected {
        return Ok(());
    }
    let missing = |material: &&Material| material.file().is_some_and(|(digest, _)| !facts.has_file(&case.id, &digest));
    let under_way: Vec<&str> = case.materials.iter().filter(missing).map(|material| material.name.as_str()).collect();
    if under_way.is_empty() {
        return Ok(());
    }
    Err(Rejection::new(
        codes::MATERIALS_UNDER_WAY,
        format!("files that were handed in with the case are not all here yet: {}", under_way.join(", ")),
        format!("随办件提交的材料尚未全部到达：{}", under_way.join("、")),
    )
    .field("case", case.id)
    .remedy(
        "see how far each is: tongban case show; why the link waits: tongban sync why; or ask the applicant for them: tongban case notify",
        "查看各份材料的进度：tongban case show；查看链路：tongban sync why；或一次性告知申请人补正：tongban case notify",
    ))
}
