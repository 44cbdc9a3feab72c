//! Invented people, firms and operators; every name says 演示.

use serde::Serialize;
use tongban_codes::citizen_id::CitizenId;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::ids::Digest;
use tongban_domain::case::Material;

/// Takes cases at a window.
pub(super) const WINDOW: &str = "演示窗口";
/// Accepts.
pub(super) const REVIEWER: &str = "演示审查";
/// Decides, with a mandate for all items.
pub(super) const DECIDER: &str = "演示决定";
/// Has the role of a decider and no mandate.
pub(super) const NEWCOMER: &str = "演示新任";
/// Issues licences.
pub(super) const ISSUER: &str = "演示制证";
/// The first administrator of a node.
pub(super) const ADMIN: &str = "admin";

/// Who applies.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Applicant {
    pub(super) name: String,
    pub(super) id: String,
}

/// A person of 广安区, born on a day (YYYYMMDD); `serial` tells those of one day apart.
pub(super) fn person(name: &str, born: &str, serial: u32) -> Applicant {
    let body = format!("511602{born}{:03}", serial % 1000);
    let id = ('0'..='9')
        .chain(['X'])
        .map(|check| format!("{body}{check}"))
        .find(|id| id.parse::<CitizenId>().is_ok())
        .expect("one of the eleven check characters is right for any region and day that exist");
    Applicant { name: format!("演示{name}"), id }
}

/// One of many people.
pub(super) fn somebody(serial: u32) -> Applicant {
    const SURNAMES: [&str; 8] = ["赵", "钱", "孙", "李", "周", "吴", "郑", "王"];
    let born = format!("19{:02}{:02}{:02}", 50 + serial % 50, 1 + serial % 12, 1 + serial % 28);
    person(SURNAMES[serial as usize % SURNAMES.len()], &born, 100 + serial)
}

/// A credit code that no register holds, with its check character.
pub(super) fn credit_code(body: &str) -> String {
    CreditCode::from_body(body)
        .expect("the bodies in this folder have seventeen characters of the code's alphabet")
        .to_string()
}

/// Materials by their names; what they hold is invented as well.
pub(super) fn materials(names: &[&str]) -> Vec<Material> {
    names
        .iter()
        .map(|name| Material {
            name: (*name).to_owned(),
            sha256: Digest::of(format!("演示 {name}").as_bytes()).to_string(),
            size: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invented_are_valid_and_distinct() {
        let ids: std::collections::BTreeSet<String> = (0..200).map(|serial| somebody(serial).id).collect();
        assert_eq!(ids.len(), 200);
        assert!(credit_code("92511602MA0000001").parse::<CreditCode>().is_ok());
        assert!(materials(&["申请书"])[0].sha256.parse::<Digest>().is_ok());
    }
}
