//! Materials of cases and their files.

use serde::{Deserialize, Serialize};
use tongban_codes::ids::Digest;

use super::request;

request! {
    /// Announces the file of a material, which follows as the body of the request.
    PutMaterial {
        /// SHA-256 of the file.
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    }
    /// Names a material of a case.
    MaterialQuery {
        /// Id, collection number, case number or query code.
        case: String,
        /// Name or SHA-256 of the material.
        material: String,
    }
}

/// A file that is kept for the case that will name it, for a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MaterialGiven {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Whether it was here already under this key, so that nothing was written.
    pub known: bool,
}

/// A material of a case, and how its file stands at this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MaterialView {
    /// Name.
    pub name: String,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// Bytes of the file that was given; absent where only a digest was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// `digest-only`, `here`, `under-way`, `elsewhere`, `missing`, or `sealed`: it lies here and is shown by nobody, for the case is elsewhere.
    pub file: String,
    /// How much of a file under way is here, in hundredths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// What kept a file under way from coming at the last attempt: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}
