//! Anchors between trees: a root shows itself, another trusts it for its whole tree, and may take that back.
//!
//! What was read from a file is trusted by nobody until an administrator has said its fingerprint, which he has from the other root's
//! administrator by another way. The word is a record under this root's seal, and flows down with the directory; the other tree's
//! nodes come over the link between the two roots.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_federation::directory::AnchorEntry;
use tongban_federation::{AnchorRecord, Sealed, ShownRoot};
use tongban_quic::Anchor;

use super::change::{Change, Words};
use super::knowledge::Knowledge;
use super::shared::Shared;
use crate::api::v1::{AnchorView, grouped};
use crate::engine::Refused;

/// The first line of the file.
const HEAD: &str = "-----BEGIN TONGBAN ANCHOR-----";
/// The last.
const FOOT: &str = "-----END TONGBAN ANCHOR-----";
const LINE: usize = 64;

fn not_root() -> Refused {
    Refused::problem(
        "anchor-not-root",
        "only the root of a tree exchanges anchors; its subordinates learn of it from their superior",
        "只有全网最上级节点（根节点）可以交换信任锚，下级节点自上级获知",
    )
}

fn malformed(error: impl std::fmt::Display) -> Refused {
    Refused::problem(
        "anchor-malformed",
        format!("this is no anchor of a root, or it was cut short: {error}"),
        "不是根节点的信任锚文件，或文件不完整",
    )
}

/// This root's own anchor, with the file to hand over.
///
/// # Errors
///
/// When this node isn't a root.
pub fn own(knowledge: &Knowledge) -> Result<AnchorView, Refused> {
    let me = knowledge.here().node;
    let directory = knowledge.directory();
    let entry = directory.node(&me).filter(|_| knowledge.trust().superior.is_none()).ok_or_else(not_root)?;
    let shown = ShownRoot::read(&entry.sealed).map_err(malformed)?;
    let text = BASE64.encode(entry.sealed.as_bytes());
    let lines: Vec<&str> =
        (0..text.len()).step_by(LINE).filter_map(|at| text.get(at..text.len().min(at + LINE))).collect();
    let view = viewed(knowledge, &shown);
    Ok(AnchorView { anchor: Some(format!("{HEAD}\n{}\n{FOOT}\n", lines.join("\n"))), ..view })
}

fn viewed(knowledge: &Knowledge, shown: &ShownRoot) -> AnchorView {
    let (root, division) = (shown.certification.node, shown.certification.division);
    let directory = knowledge.directory();
    AnchorView {
        root,
        division,
        name: shown.record.name.clone(),
        fingerprint: grouped(&shown.fingerprint()),
        from: None,
        withdrawn: None,
        reason: None,
        nodes: directory.nodes().filter(|entry| directory.root_of(&entry.record.node) == root).count(),
        anchor: None,
    }
}

/// The other roots that this node's tree trusts or has trusted.
#[must_use]
pub fn views(knowledge: &Knowledge) -> Vec<AnchorView> {
    let directory = knowledge.directory();
    let view = |entry: &AnchorEntry| {
        let record = &entry.record;
        AnchorView {
            root: record.root,
            division: record.division,
            name: record.name.clone(),
            fingerprint: grouped(&record.fingerprint()),
            from: Some(record.from),
            withdrawn: record.withdrawn,
            reason: record.reason.clone(),
            nodes: directory.nodes().filter(|node| directory.root_of(&node.record.node) == record.root).count(),
            anchor: None,
        }
    };
    directory.foreign_roots().map(view).collect()
}

/// Reads the file that another root has exported.
fn read(text: &str) -> Result<(Sealed, ShownRoot), Refused> {
    let body = text.trim().strip_prefix(HEAD).and_then(|rest| rest.strip_suffix(FOOT));
    let body: String = body.ok_or_else(|| malformed("BEGIN, END"))?.split_whitespace().collect();
    let sealed = Sealed::new(BASE64.decode(body).map_err(malformed)?);
    let shown = ShownRoot::read(&sealed).map_err(malformed)?;
    Ok((sealed, shown))
}

/// Trusts another tree's root as its file shows it, when the fingerprint is what was told by another way. Done again, it changes nothing;
/// a root that was withdrawn is trusted again.
///
/// # Errors
///
/// When this node isn't a root, the file doesn't hold, the fingerprint is missing or another, the division meets this tree's own, or
/// another root of that division is trusted.
pub async fn import(
    shared: &Arc<Shared>,
    text: &str,
    fingerprint: Option<&str>,
    operator: &str,
) -> Result<AnchorView, Refused> {
    if shared.trust().superior.is_some() {
        return Err(not_root());
    }
    let (sealed, shown) = read(text)?;
    let view = viewed(shared, &shown);
    let said: String = fingerprint.unwrap_or_default().chars().filter(|sign| !" -".contains(*sign)).collect();
    if said.to_lowercase() != shown.fingerprint().to_string() {
        let AnchorView { division, name, fingerprint, .. } = &view;
        let missing = said.is_empty();
        let en = if missing {
            format!(
                "the file shows {name} ({division}) with the fingerprint {fingerprint}: compare it with what its administrator says by another way, then give it"
            )
        } else {
            format!("the fingerprint isn't that of the file, which shows {name} ({division}) with {fingerprint}")
        };
        let zh = if missing {
            format!("文件所示为 {name}（{division}），指纹 {fingerprint}：请通过其他途径与对方管理员核对后再提供指纹")
        } else {
            format!("指纹与文件不符，文件所示为 {name}（{division}），指纹 {fingerprint}")
        };
        return Err(Refused::problem(if missing { "anchor-unconfirmed" } else { "anchor-fingerprint" }, en, zh));
    }
    let (root, division) = (view.root, view.division);
    if shared.change(Change::Together(trusting(sealed, shown, operator.to_owned()))).await?.changed {
        tracing::warn!(%root, %division, operator, "another tree's root is trusted");
    }
    found(shared, |entry| entry.record.root == root)
}

/// The word on a root that has shown itself, with its own record, by what is known when both are judged: two administrators may say so at once.
/// Nothing where it is trusted and known already.
pub(super) fn trusting(sealed: Sealed, shown: ShownRoot, operator: String) -> Words {
    Box::new(move |knowledge| {
        let here = knowledge.here();
        if knowledge.trust().superior.is_some() {
            return Err(not_root());
        }
        let (root, division) = (shown.certification.node, shown.certification.division);
        if division.is_within(here.division) || here.division.is_within(division) {
            return Err(Refused::problem(
                "anchor-division",
                format!("{division} meets this tree's own division {}", here.division),
                format!("{division} 与本网区划 {} 重叠", here.division),
            ));
        }
        let directory = knowledge.directory();
        let meets = |other: DivisionCode| division.is_within(other) || other.is_within(division);
        let other = directory.foreign_roots().find(|entry| {
            entry.record.root != root && entry.record.withdrawn.is_none() && meets(entry.record.division)
        });
        if let Some(other) = other {
            let record = &other.record;
            return Err(Refused::problem(
                "anchor-taken",
                format!("another root of {} is trusted: {}; withdraw it first", record.division, record.root),
                format!("{} 已有其他根节点 {}，请先撤回", record.division, record.root),
            ));
        }
        let is_same = |known: &AnchorEntry| {
            let record = &known.record;
            record.fingerprint() == shown.fingerprint() && record.name == shown.record.name
        };
        if directory.foreign_root(&root).is_some_and(is_same) {
            // Its own record may be lacking though its word is here: then it comes alone.
            return Ok(if directory.node(&root).is_some() { Vec::new() } else { vec![sealed] });
        }
        let before = directory.foreign_roots().find(|entry| entry.record.root == root);
        let now = knowledge.now();
        let record = AnchorRecord {
            root,
            division,
            name: shown.record.name.clone(),
            transport_key: shown.record.transport_key,
            seal_keys: shown.seal_keys(),
            from: now,
            withdrawn: None,
            reason: None,
            operator,
            version: before.map_or(0, |entry| entry.record.version) + 1,
            issued_at: now,
        };
        Ok(vec![signed(knowledge, &record)?, sealed])
    })
}

/// Trusts the root of a division no more: links of its tree are closed and refused, and what it seals counts no more.
///
/// # Errors
///
/// When this node isn't a root, or no root of that division is trusted.
pub async fn withdraw(
    shared: &Arc<Shared>,
    division: DivisionCode,
    reason: String,
    operator: &str,
) -> Result<AnchorView, Refused> {
    shared.change(Change::Together(distrusting(division, reason, operator.to_owned()))).await?;
    tracing::warn!(%division, operator, "another tree's root is trusted no more");
    // Of several that were withdrawn one after another, the last.
    let directory = shared.directory();
    let of_it = directory.foreign_roots().filter(|entry| entry.record.division == division);
    let last = of_it.max_by_key(|entry| entry.record.withdrawn).map(|entry| entry.record.root);
    found(shared, |entry| Some(entry.record.root) == last)
}

/// The word that the root of a division is trusted no more.
pub(super) fn distrusting(division: DivisionCode, reason: String, operator: String) -> Words {
    Box::new(move |knowledge| {
        if knowledge.trust().superior.is_some() {
            return Err(not_root());
        }
        let directory = knowledge.directory();
        let is_it = |entry: &&AnchorEntry| entry.record.division == division && entry.record.withdrawn.is_none();
        let entry = directory.foreign_roots().find(is_it).ok_or_else(|| {
            Refused::problem(
                "anchor-unknown",
                format!("no root of {division} is trusted here"),
                format!("本网未信任 {division} 的根节点"),
            )
        })?;
        let now = knowledge.now();
        let record = AnchorRecord {
            withdrawn: Some(now),
            reason: Some(reason),
            operator,
            version: entry.record.version + 1,
            issued_at: now,
            ..(*entry.record).clone()
        };
        Ok(vec![signed(knowledge, &record)?])
    })
}

fn found(shared: &Arc<Shared>, is: impl Fn(&AnchorEntry) -> bool) -> Result<AnchorView, Refused> {
    let directory = shared.directory();
    let root = directory.foreign_roots().find(|entry| is(entry)).map(|entry| entry.record.root);
    views(shared).into_iter().find(|view| Some(view.root) == root).ok_or_else(|| malformed("not kept"))
}

/// The word on another root under this one's seal.
fn signed(knowledge: &Knowledge, record: &AnchorRecord) -> Result<Sealed, Refused> {
    record
        .sign(knowledge.here().node, &*knowledge.parts.keys.seal)
        .map_err(|error| Refused::problem("seal-unusable", error.to_string(), error.to_string()))
}

impl Knowledge {
    /// The transport keys that are trusted by themselves: those of the own tree, and other trees' roots.
    #[must_use]
    pub fn anchors(&self) -> Vec<Anchor> {
        let trust = self.trust();
        let own = trust.anchors.iter().map(|row| Anchor { key_hash: row.key_hash, division: row.division });
        let directory = self.directory();
        let others = directory.foreign_roots().filter(|entry| entry.record.withdrawn.is_none());
        let others = others.map(|entry| (entry.record.transport_key, entry.record.division));
        own.chain(others.map(|(key_hash, division): (Digest, _)| Anchor { key_hash, division })).collect()
    }

    /// Whether `other` is another tree's root, and this node is one that exchanges with it.
    #[must_use]
    pub fn is_foreign_root(&self, other: &NodeId) -> bool {
        self.trust().superior.is_none() && self.directory().foreign_root(other).is_some()
    }
}
