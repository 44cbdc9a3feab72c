//! What an applicant hands in, checked alike at the window and on arrival from a peer, and brought into one form.

use tongban_codes::citizen_id::CitizenId;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::time::Date;

use super::Material;
use crate::naming::is_line;
use crate::{Applicant, Rejection, codes};

/// The longest name of an applicant or a material, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The most materials in one case.
pub(super) const MATERIALS_MAX: usize = 200;

/// Whether a text is a SHA-256 in lower case.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_name(text: &str) -> bool {
    is_line(text.trim(), NAME_CHARS_MAX)
}

/// The applicant with a trimmed name and the number as its standard writes it, so that one person has one index value.
pub(crate) fn applicant(applicant: &Applicant, today: Date) -> Result<Applicant, Rejection> {
    if !is_name(&applicant.name) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the applicant's name is empty, too long or has control characters",
            "申请人姓名为空、过长或含有控制字符",
        )
        .field("name", "")
        .remedy("give 1 to 100 characters", "填写 1 至 100 个字"));
    }
    let text = applicant.identity.trim();
    let citizen = text.parse::<CitizenId>().and_then(|id| id.require_born_by(today).map(|()| id.to_string()));
    let credit = text.parse::<CreditCode>().map(|code| code.to_string());
    let identity = match (citizen, credit) {
        (Ok(identity), _) | (_, Ok(identity)) => identity,
        (Err(citizen), Err(credit)) => {
            let looks_citizen = text.len() == 18 && text.bytes().take(17).all(|byte| byte.is_ascii_digit());
            let fault = if looks_citizen { citizen } else { credit };
            // The number itself is personal and is not repeated in the error.
            return Err(Rejection::new(
                codes::INVALID_IDENTITY,
                fault.to_string(),
                format!("证件号码有误：{}", fault.zh()),
            )
            .field("id", "***")
            .remedy("check it against the card: tongban code check", "核对证件：tongban code check"));
        }
    };
    Ok(Applicant { name: applicant.name.trim().to_owned(), identity })
}

/// The materials with digests in lower case.
pub(crate) fn materials(materials: &[Material]) -> Result<Vec<Material>, Rejection> {
    let refuse = |value: String, en: &str, zh: &str| {
        Rejection::new(codes::INVALID_FIELD, en, zh)
            .field("materials", value)
            .remedy("give each material as a name and the SHA-256 of its file", "每份材料填写名称和文件的 SHA-256")
    };
    if materials.len() > MATERIALS_MAX {
        let count = materials.len().to_string();
        return Err(refuse(count, "more than 200 materials", "材料超过 200 份"));
    }
    let checked = |material: &Material| {
        let digest = material.sha256.trim().to_ascii_lowercase();
        if !is_digest(&digest) {
            let (en, zh) = ("no SHA-256 of 64 hexadecimal digits", "不是 64 位十六进制 SHA-256");
            return Err(refuse(material.sha256.clone(), en, zh));
        }
        if !is_name(&material.name) {
            let (en, zh) = (
                "the material's name is empty, too long or has control characters",
                "材料名称为空、过长或含有控制字符",
            );
            return Err(refuse(material.name.clone(), en, zh));
        }
        if material.size == Some(0) {
            let (en, zh) = ("the file of the material is empty", "材料文件为空");
            return Err(refuse(material.name.clone(), en, zh));
        }
        Ok(Material { name: material.name.trim().to_owned(), sha256: digest, size: material.size })
    };
    materials.iter().map(checked).collect()
}
