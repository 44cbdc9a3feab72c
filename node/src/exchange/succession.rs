//! Succession: whose token a node takes that has a superior already, and what it asks of the answer.
//!
//! A node's superior is its nearest existing ancestor. When one comes later that lies between, the node moves under it:
//!
//! ```text
//!   510000 ◀── 511602        510000 ◀── 511600 ◀── 511602
//! ```
//!
//! Its id, label, journals, cursors and cases stay. It goes up again only when its superior has been revoked.

use tongban_codes::ids::{Digest, Label, NodeId};
use tongban_federation::directory::Certification;
use tongban_federation::invite::Invitation;
use tongban_federation::{Directory, Sealed, SignedRecord};
use tongban_quic::certificate::{self, CertificateInfo};

use super::knowledge::Knowledge;
use super::renew;
use crate::engine::trust::Certificate;
use crate::engine::{Refused, Trust};

/// What a token means to the node that is given it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Succession {
    /// The first superior.
    First,
    /// The present superior again: the answer may have been lost.
    Again,
    /// A superior between this node and the present one.
    Between,
    /// Another superior, which counts only in place of one that has been revoked.
    Instead,
}

impl Succession {
    /// Whether the node leaves a superior for another.
    pub(super) fn is_move(self) -> bool {
        matches!(self, Self::Between | Self::Instead)
    }
}

fn refused(code: &str, en: String, zh: String, remedy_en: &str, remedy_zh: &str) -> Refused {
    match Refused::problem(code, en, zh) {
        Refused::Problem(mut problem) => {
            (problem.remedy_en, problem.remedy_zh) = (remedy_en.to_owned(), remedy_zh.to_owned());
            Refused::Problem(problem)
        }
        other => other,
    }
}

fn stays() -> Refused {
    refused(
        "already-joined",
        "this node has a superior already; it moves only under one between the two, or when its own has been revoked"
            .to_owned(),
        "本节点已有上级；只能改隶于两者之间的节点，或在现上级被撤销后改隶".to_owned(),
        "see it: tongban peer list",
        "查看：tongban peer list",
    )
}

fn not_between(en: &str, zh: &str) -> Refused {
    refused(
        "superior-not-between",
        format!("the new superior is not one between this node and its present one: {en}"),
        format!("新上级不在本节点与现上级之间：{zh}"),
        "ask for a token of the node that has joined under the present superior; nothing was changed here",
        "请向已加入现上级的节点索取邀请码；本节点未作任何改动",
    )
}

fn behind(en: &str, zh: &str) -> Refused {
    refused(
        "superior-behind",
        format!("the new superior does not know this node as it is yet: {en}"),
        format!("新上级尚未获知本节点的现状：{zh}"),
        "try again with the same token when it is linked to the present superior: tongban peer list",
        "待其与现上级连通后，用同一邀请码重试：tongban peer list",
    )
}

/// The certificates of a chain, as far as they can be read.
fn read(chain: &[Certificate]) -> Vec<CertificateInfo> {
    chain.iter().map_while(|certificate| certificate::parse(&certificate.0).ok()).collect()
}

/// What a token means here, before anything is sent.
///
/// # Errors
///
/// `already-joined`, when its issuer isn't above this node.
pub(super) fn of(knowledge: &Knowledge, trust: &Trust, invitation: &Invitation) -> Result<Succession, Refused> {
    if trust.superior.is_none() {
        return Ok(Succession::First);
    }
    let chain = read(&trust.chain);
    let present = chain.get(1);
    if present.is_some_and(|present| present.spki_sha256 == invitation.issuer_key) {
        return Ok(Succession::Again);
    }
    let (here, issuer) = (knowledge.here().division, invitation.issuer_division);
    let table = tongban_codes::division::table();
    let below = |lower, upper| lower != upper && table.is_within(lower, upper);
    if !below(here, issuer) {
        return Err(stays());
    }
    let between = present.is_some_and(|present| below(issuer, present.division));
    Ok(if between { Succession::Between } else { Succession::Instead })
}

/// What the node of a token has answered.
pub(super) struct Answer<'a> {
    /// The node itself.
    pub(super) superior: NodeId,
    /// The certificates, this node's first.
    pub(super) chain: &'a [Certificate],
    /// The records of the new superior, of those above it, and of the present superior as it knows it.
    pub(super) records: &'a [Sealed],
    /// Its word on this node.
    pub(super) certification: &'a Sealed,
}

/// Judges the answer before this node moves: the chain holds by signatures and divisions, leads over the present superior, unless that has
/// been revoked, to the root that is trusted already, and the new superior's word goes on where the former's ends.
///
/// # Errors
///
/// `superior-not-between`; `already-joined` when a superior that isn't revoked would have to give way; `superior-behind` when the new one
/// doesn't know this node's label, keys or serial yet.
pub(super) fn judge(
    knowledge: &Knowledge,
    trust: &Trust,
    succession: Succession,
    answer: &Answer<'_>,
) -> Result<(), Refused> {
    let mut copy: Directory = (*knowledge.directory()).clone();
    let _settled = copy.merge_all(answer.records.to_vec(), knowledge.now());
    if succession == Succession::Instead && trust.superior.is_some_and(|superior| copy.revoked(&superior).is_none()) {
        return Err(stays());
    }
    renew::holds(knowledge, answer.chain).map_err(|error| {
        not_between(&format!("its chain does not hold: {error}"), &format!("证书链不成立：{error}"))
    })?;
    let (former, new) = (read(&trust.chain), read(answer.chain));
    let key = |info: Option<&CertificateInfo>| info.map(|info| info.spki_sha256);
    let leads_over = |present: Digest| new.iter().skip(2).any(|info| info.spki_sha256 == present);
    let same_root = key(new.last()).is_some() && key(new.last()) == key(former.last());
    let over_present = key(former.get(1)).is_some_and(leads_over);
    if !same_root || (succession == Succession::Between && !over_present) {
        return Err(not_between(
            "its chain does not lead over the present superior to the known root",
            "证书链未经现上级到达已知的根",
        ));
    }
    goes_on(knowledge, copy, answer)
}

/// Whether the new superior's word would be taken in the directory, and keeps what others know this node by.
fn goes_on(knowledge: &Knowledge, mut copy: Directory, answer: &Answer<'_>) -> Result<(), Refused> {
    let (me, now) = (knowledge.here().node, knowledge.now());
    let known = copy.node(&me).cloned().ok_or_else(|| behind("it has no record", "没有记录"))?;
    let Ok(SignedRecord::Node { record, .. }) = tongban_codes::cbor::from_slice(known.sealed.as_bytes()) else {
        return Err(behind("the own record can't be read", "本节点记录无法读取"));
    };
    let word = claimed(answer.certification);
    let label: Option<Label> = word.as_ref().map(|word| word.label);
    let keeps = word.is_some_and(|word| {
        let keys = &known.certification.seal_keys;
        word.serial > known.certification.serial && keys.iter().all(|key| word.seal_keys.contains(key))
    });
    if !keeps || label != Some(known.certification.label) {
        return Err(behind(
            "its word names another label, other keys or an older serial",
            "其签发的标签、密钥或序号不符",
        ));
    }
    let certification = answer.certification.clone();
    let moved = SignedRecord::Node { node: me, certifier: answer.superior, certification, record }.to_sealed();
    match copy.merge(&moved, now) {
        Ok(_) if copy.superiors(&me).first() == Some(&answer.superior) => Ok(()),
        Ok(_) => Err(not_between("its word does not count", "其签发不成立")),
        Err(error) => Err(not_between(&error.to_string(), &error.to_string())),
    }
}

/// A certification as it claims to be, unverified.
pub(super) fn claimed(sealed: &Sealed) -> Option<Certification> {
    tongban_codes::cbor::from_slice(&tongban_seal::cose::claimed_payload(sealed.as_bytes())?).ok()
}

/// Whether this node has taken a superior whose word its directory doesn't have yet: it stopped between the two.
pub(super) fn is_unpublished(knowledge: &Knowledge) -> bool {
    let trust = knowledge.trust();
    let (Some(superior), Some(certification)) = (trust.superior, trust.certification) else { return false };
    let directory = knowledge.directory();
    let Some(known) = directory.node(&knowledge.here().node) else { return false };
    known.certification.superior != Some(superior)
        && directory.node(&superior).is_some()
        // An ancestor may have said something newer since.
        && claimed(&Sealed::new(certification.0)).is_some_and(|word| word.serial > known.certification.serial)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "succession_tests.rs"]
mod tests;
