//! Revocation: an ancestor takes a node out of the federation from a day on, and may take it in again.
//!
//! What an ancestor says of a node is its certification, whose serial only grows: a revocation is a newer one with a date, and so is the
//! readmission. Both flow with the directory, and no node takes the older one again.

use std::sync::Arc;

use serde_json::json;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_federation::directory::Certification;
use tongban_federation::{Sealed, SignedRecord};

use super::change::Change;
use super::knowledge::Knowledge;
use super::record::next_serial;
use super::shared::Shared;
use crate::engine::Refused;

/// Revokes a node below this one: its links are closed and refused, and what it seals doesn't count any more.
///
/// # Errors
///
/// When the node isn't known or isn't below this one, `from` is in the future, or the record can't be kept.
pub async fn revoke(
    shared: &Arc<Shared>,
    node: NodeId,
    from: Timestamp,
    reason: String,
    operator: &str,
) -> Result<serde_json::Value, Refused> {
    if from > shared.now() {
        let day = from.date();
        return Err(Refused::problem("invalid-field", "the day must have begun", "起始日期不得晚于今天")
            .about("from", day)
            .remedy("give today, or an earlier day", "填写今天或更早的日期"));
    }
    let said = Some(reason.clone());
    let sealed = certify_again(shared, node, |word| {
        word.revoked = Some(from);
        word.reason = said;
        for dated in &mut word.seal_keys {
            dated.revoked.get_or_insert(from);
        }
    })?;
    publish(shared, sealed).await?;
    tracing::warn!(%node, %from, reason, operator, "a node was revoked");
    Ok(json!({ "node": node, "revoked": from, "reason": reason }))
}

/// Takes a revoked node in again, with the keys that it had.
///
/// # Errors
///
/// As [`revoke`], and when the node isn't revoked.
pub async fn readmit(shared: &Arc<Shared>, node: NodeId, operator: &str) -> Result<serde_json::Value, Refused> {
    let Some(since) = shared.directory().revoked(&node) else {
        return Err(Refused::problem("node-not-revoked", "this node is not revoked", "该节点未被撤销")
            .about("peer", node)
            .remedy("nothing is to be done; see: tongban peer show", "无须办理；查看：tongban peer show"));
    };
    let sealed = certify_again(shared, node, |word| {
        (word.revoked, word.reason) = (None, None);
        for dated in &mut word.seal_keys {
            dated.revoked = dated.revoked.filter(|at| *at != since);
        }
    })?;
    publish(shared, sealed).await?;
    tracing::warn!(%node, operator, "a revoked node was admitted again");
    Ok(json!({ "node": node, "readmitted": shared.now() }))
}

async fn publish(shared: &Arc<Shared>, sealed: Sealed) -> Result<(), Refused> {
    let changed = shared.change(Change::Records(vec![sealed])).await?;
    match changed.refused.first() {
        Some(code) => Err(Refused::problem(code, "the directory refuses the record", "目录未接受该记录")),
        None => Ok(()),
    }
}

/// A newer certification of a node below this one, sealed by this one, with the node's own record as it is.
pub(super) fn certify_again(
    knowledge: &Knowledge,
    node: NodeId,
    change: impl FnOnce(&mut Certification),
) -> Result<Sealed, Refused> {
    let me = knowledge.here().node;
    let directory = knowledge.directory();
    let entry = directory.node(&node).ok_or_else(|| {
        Refused::problem("peer-unknown", "no such node is known here", "本节点不知道该节点")
            .about("peer", node)
            .remedy("see who is known: tongban peer list", "查看：tongban peer list")
    })?;
    if !directory.superiors(&node).contains(&me) {
        return Err(Refused::problem(
            "not-an-ancestor",
            "only an ancestor of the node can revoke or readmit it",
            "只有该节点的上级可以撤销或恢复",
        )
        .about("peer", node)
        .remedy("do it at a node above it: tongban peer list", "到其上级节点办理；查看：tongban peer list"));
    }
    let unusable =
        |error: &dyn std::fmt::Display| Refused::problem("seal-unusable", error.to_string(), error.to_string());
    let kept = tongban_codes::cbor::from_slice(entry.sealed.as_bytes()).map_err(|error| unusable(&error))?;
    let SignedRecord::Node { record, .. } = kept else {
        return Err(unusable(&"another record"));
    };
    let mut word = (*entry.certification).clone();
    (word.serial, word.at) = (next_serial(knowledge, &node), knowledge.now());
    change(&mut word);
    let certification = word.seal(&*knowledge.parts.keys.seal).map_err(|error| unusable(&error))?;
    Ok(SignedRecord::Node { node, certifier: me, certification, record }.to_sealed())
}

impl Knowledge {
    /// Since when a node is revoked, as far as this node knows.
    #[must_use]
    pub fn revoked(&self, node: &NodeId) -> Option<Timestamp> {
        self.directory().revoked(node)
    }
}
