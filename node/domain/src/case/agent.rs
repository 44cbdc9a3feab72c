//! Agents (代理人, 行政许可法 29): who acts for the applicant, under a power of attorney.

use minicbor::{Decode, Encode};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;

use super::Personal;
use super::submission::{applicant, is_digest};
use crate::{Agent, Applicant, Desk, Rejection, codes};

/// The longest scope of a power of attorney, in characters.
const SCOPE_CHARS_MAX: usize = 200;

/// Who acts for the applicant, as the case keeps him.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Agency {
    /// His name and number, encrypted as the applicant's.
    #[n(0)]
    pub personal: Personal,
    /// SHA-256 of the power of attorney, hex.
    #[n(1)]
    pub power: String,
    /// What he may do; the whole matter when absent.
    #[n(2)]
    pub scope: Option<String>,
    /// The last day of the power of attorney.
    #[n(3)]
    pub until: Option<Date>,
}

impl Agency {
    pub(super) fn seal(desk: &mut dyn Desk, case: &CaseId, agent: &Agent) -> Self {
        Self {
            personal: desk.encrypt(case, &agent.name, &agent.identity),
            power: agent.power.clone(),
            scope: agent.scope.clone(),
            until: agent.until,
        }
    }

    pub(super) fn open(&self, desk: &dyn Desk, case: &CaseId) -> Option<Agent> {
        let (name, identity) = self.personal.open(desk, case)?;
        let (power, scope) = (self.power.clone(), self.scope.clone());
        Some(Agent { name, identity, power, scope, until: self.until })
    }
}

/// The agent in one form, alike at the window and on arrival from a peer; `asked_on` is the day on which he came.
pub(super) fn checked(agent: &Agent, whom: &Applicant, asked_on: Date) -> Result<Agent, Rejection> {
    let person = Applicant { name: agent.name.clone(), identity: agent.identity.clone() };
    let Applicant { name, identity } = applicant(&person, asked_on).map_err(|rejection| match rejection.field {
        "name" => rejection.field("agent_name", ""),
        _ => rejection.field("agent_id", "***"),
    })?;
    let refuse =
        |field, value: String, en: &str, zh: &str| Rejection::new(codes::AGENT_UNLAWFUL, en, zh).field(field, value);
    if identity == whom.identity {
        return Err(refuse(
            "agent_id",
            "***".to_owned(),
            "nobody is his own agent (行政许可法 29)",
            "代理人不能是申请人本人（行政许可法第二十九条）",
        )
        .remedy("leave the agent out", "请勿填写代理人"));
    }
    let power = agent.power.trim().to_ascii_lowercase();
    if !is_digest(&power) {
        return Err(refuse(
            "power_of_attorney",
            agent.power.clone(),
            "an agent brings a power of attorney: the SHA-256 of its file",
            "代理人须提交授权委托书：其文件的 SHA-256",
        )
        .remedy("give --power-of-attorney FILE", "请填写 --power-of-attorney 文件"));
    }
    if let Some(until) = agent.until.filter(|until| *until < asked_on) {
        return Err(refuse("agent_until", until.to_string(), "the power of attorney is over", "授权委托书已过期")
            .remedy("bring a power of attorney in force", "请提交有效的授权委托书"));
    }
    let scope = agent.scope.as_deref().map(str::trim).filter(|scope| !scope.is_empty());
    if scope.is_some_and(|scope| scope.chars().count() > SCOPE_CHARS_MAX || scope.chars().any(char::is_control)) {
        return Err(refuse(
            "agent_scope",
            String::new(),
            "the scope of the power of attorney is too long or has control characters",
            "授权范围过长或含有控制字符",
        )
        .remedy("give 1 to 200 characters", "填写 1 至 200 个字"));
    }
    Ok(Agent { name, identity, power, scope: scope.map(str::to_owned), until: agent.until })
}
