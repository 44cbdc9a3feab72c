//! Renewal of transport certificates: asked for after a third of their time, judged by the superior, taken in when it holds.
//!
//! ```text
//!   a third of the time is over ── Renew ──▶ superior: its own subordinate, the key of its record, not revoked?
//!            ▲                                   │ Renewed
//!            └── a day, or backed off ◀── judged, durable, presented, told below, published
//! ```
//!
//! A certificate that has expired opens a link to superior and subordinates all the same, so a node that was off for months renews at its
//! first link. A root has nobody to ask and makes its own anew.

use std::sync::Arc;
use std::time::Duration;

use tongban_codes::time::Timestamp;
use tongban_federation::Sealed;
use tongban_federation::wire::{Renew, Renewed, Request as WireRequest, Response};
use tongban_quic::certificate::{self, CertificateInfo, Subject, VALID_DAYS};
use tongban_quic::{Link, PeerIdentity};

use super::change::{Change, TrustChange};
use super::knowledge::Knowledge;
use super::shared::Shared;
use crate::engine::trust::{AnchorRow, Certificate};
use crate::engine::{Refused, Trust};

/// Seconds until a renewal that failed is tried again; doubled with each failure, and forgotten when a new link stands.
const AGAIN_SECONDS_MIN: i64 = 60;

/// The longest of these, and the pause after a renewal: a node whose clock is ahead would ask without end.
const AGAIN_SECONDS_MAX: i64 = 24 * 3600;

/// How long the superior may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// When a node asks for its next certificate.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    running: bool,
    failures: u32,
    not_before: Option<Timestamp>,
}

impl Renewal {
    /// Whether to begin now; then one is under way until [`ended`](Self::ended).
    pub(super) fn begins(&mut self, knowledge: &Knowledge) -> bool {
        let now = knowledge.now();
        let begins = !self.running
            && self.not_before.is_none_or(|at| at <= now)
            && own_certificate(&knowledge.trust()).is_some_and(|own| is_due(&own, now));
        self.running |= begins;
        begins
    }

    /// What became of it.
    pub(super) fn ended(&mut self, done: bool, now: Timestamp) {
        self.running = false;
        let wait = if done {
            self.failures = 0;
            AGAIN_SECONDS_MAX
        } else {
            self.failures += 1;
            AGAIN_SECONDS_MIN.saturating_mul(1 << (self.failures - 1).min(16)).min(AGAIN_SECONDS_MAX)
        };
        self.not_before = Some(now.add_seconds(wait));
    }

    /// A link to the superior stands anew: what failed before may succeed now.
    pub(super) fn linked(&mut self) {
        if self.failures > 0 {
            (self.failures, self.not_before) = (0, None);
        }
    }
}

/// This node's own certificate, read.
#[must_use]
pub fn own_certificate(trust: &Trust) -> Option<CertificateInfo> {
    certificate::parse(&trust.chain.first()?.0).ok()
}

/// Whether a third of a certificate's time is over: 30 days of 90.
fn is_due(own: &CertificateInfo, now: Timestamp) -> bool {
    now.millis_since(own.not_before) >= own.not_after.millis_since(own.not_before) / 3
}

fn fault(error: impl std::fmt::Display) -> Refused {
    Refused::problem("renew-failed", error.to_string(), error.to_string())
}

/// Asks the superior over its link, or makes a root's certificate anew; tells whether there is a new one.
pub(super) async fn renew(shared: &Arc<Shared>, link: Option<Link>) -> Result<bool, Refused> {
    let expired = own_certificate(&shared.trust()).is_some_and(|own| own.not_after < shared.now());
    let change = match &link {
        Some(link) => {
            let request = WireRequest::Renew(Renew { transport_request: shared.transport_spki()? });
            let answer = tokio::time::timeout(ANSWER_TIME, link.open_request(&request.to_bytes())).await;
            let answer = answer.map_err(|_| fault("the superior did not answer in time"))?.map_err(fault)?;
            match Response::from_bytes(&answer).map_err(fault)? {
                Response::Renewed(renewed) => taken(shared, link.peer(), renewed)?,
                Response::Refused(refusal) => {
                    return Err(Refused::problem(&refusal.code, refusal.text.clone(), refusal.text));
                }
                _ => return Err(fault("the superior answered something else")),
            }
        }
        None => {
            let here = shared.here();
            let made = certificate::self_signed(&shared.transport_key, here.node, here.division, shared.now());
            let chain = vec![Certificate(made.map_err(fault)?)];
            Box::new(|trust: &mut Trust| {
                let root = trust.superior.is_none();
                if root {
                    trust.chain = chain;
                }
                root
            })
        }
    };
    let changed = shared.change(Change::Trust { change, also: Vec::new() }).await?;
    if !changed.changed {
        return Ok(false);
    }
    let _published = shared.change(Change::Publish).await?;
    if let Some(own) = own_certificate(&shared.trust()) {
        tracing::info!(until = %own.not_after, "the transport certificate has been renewed");
    }
    // A link is judged by what was presented when it was made; the next one shows the new certificate.
    if let (true, Some(link)) = (expired, link) {
        link.close(0, "renewed");
    }
    Ok(true)
}

/// Judges what the superior has sent: of this node's own key, issued by the superior itself, longer than the present one, and sound up to
/// its root.
fn taken(knowledge: &Knowledge, superior: &PeerIdentity, renewed: Renewed) -> Result<TrustChange, Refused> {
    let trust = knowledge.trust();
    let here = knowledge.here();
    let chain: Vec<Certificate> = renewed.chain.into_iter().map(|sealed| Certificate(sealed.into_bytes())).collect();
    let parsed: Vec<CertificateInfo> =
        chain.iter().map(|certificate| certificate::parse(&certificate.0)).collect::<Result<_, _>>().map_err(fault)?;
    let own = parsed.first().ok_or_else(|| fault("the superior sent no certificate"))?;
    let is_mine =
        (own.node, own.division) == (here.node, here.division) && own.spki_sha256 == knowledge.parts.transport_key_hash;
    if !is_mine || parsed.get(1).is_none_or(|by| by.spki_sha256 != superior.key_hash) {
        return Err(Refused::problem(
            "renew-contradiction",
            "the certificate is not this node's, or not the superior's",
            "证书不属于本节点，或非上级所签发",
        ));
    }
    if own_certificate(&trust).is_some_and(|present| own.not_after <= present.not_after) {
        return Err(Refused::problem(
            "renew-older",
            "the superior's certificate ends no later than the present one; compare the clocks",
            "上级签发的证书有效期不晚于现有证书，请核对时钟",
        ));
    }
    let anchor = holds(knowledge, &chain).map_err(fault)?;
    let (superior, present) = (superior.node, trust.chain.first().cloned());
    Ok(Box::new(move |trust: &mut Trust| {
        // Meanwhile another superior may have been joined.
        let stands = trust.superior == Some(superior) && trust.chain.first() == present.as_ref();
        if stands {
            trust.add_anchor(anchor);
            trust.chain = chain;
        }
        stands
    }))
}

/// The root of a chain that holds by itself, by signatures and divisions.
pub(super) fn holds(
    knowledge: &Knowledge,
    chain: &[Certificate],
) -> Result<AnchorRow, tongban_quic::CertificateRefusal> {
    let last = chain.last().map(|last| last.0.as_slice()).unwrap_or_default();
    let root = certificate::parse(last)?;
    let anchor = tongban_quic::Anchor { key_hash: root.spki_sha256, division: root.division };
    let judge = tongban_quic::Trust::new(Arc::clone(&knowledge.parts.clock), [anchor]);
    let certificates: Vec<&[u8]> = chain.iter().map(|certificate| certificate.0.as_slice()).collect();
    tongban_quic::Verifier::listening(judge, root.division).judge(&certificates)?;
    Ok(AnchorRow { key_hash: root.spki_sha256, division: root.division })
}

/// Issues a new certificate to a subordinate that has come over a link, for the key by which it is known.
pub(super) fn issue(shared: &Shared, peer: &PeerIdentity, renew: &Renew) -> Result<Renewed, Refused> {
    let directory = shared.directory();
    let me = shared.here().node;
    let entry =
        directory.node(&peer.node).filter(|entry| entry.certification.superior == Some(me)).ok_or_else(|| {
            Refused::problem(
                "renew-not-subordinate",
                "only the superior of a node renews its certificate",
                "只有直接上级可以为节点换发证书",
            )
        })?;
    if entry.certification.revoked.is_some() {
        return Err(Refused::problem("node-revoked", "this node has been revoked", "该节点已被撤销"));
    }
    let key_hash = certificate::key_hash(&renew.transport_request);
    if key_hash != peer.key_hash || key_hash != entry.record.transport_key {
        return Err(Refused::problem(
            "renew-key",
            "the key is not the one of this link and of the node's record",
            "密钥与链路及节点记录不符",
        ));
    }
    let chain: Vec<Vec<u8>> = shared.trust().chain.into_iter().map(|certificate| certificate.0).collect();
    let subject =
        Subject { spki: renew.transport_request.clone(), node: peer.node, division: entry.certification.division };
    let issued =
        certificate::issue(&shared.transport_key, &chain, &subject, shared.now(), VALID_DAYS).map_err(fault)?;
    tracing::info!(node = %peer.node, "a certificate was renewed");
    Ok(Renewed { chain: issued.into_iter().map(Sealed::new).collect() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn certificate(days: i64) -> CertificateInfo {
        let from = Timestamp::from_seconds(0);
        CertificateInfo {
            node: tongban_codes::ids::NodeId::from_bytes([1; 16]),
            division: "511602".parse().unwrap(),
            not_before: from,
            not_after: from.add_seconds(days * 86_400),
            spki: Vec::new(),
            spki_sha256: tongban_codes::ids::Digest::of(b""),
        }
    }

    #[test]
    fn a_third_of_the_time() {
        let day = |day: i64| Timestamp::from_seconds(day * 86_400);
        let due = |of, on| is_due(&certificate(of), day(on));
        assert_eq!((due(90, 29), due(90, 30), due(90, 400)), (false, true, true));
        assert_eq!((due(3_650, 1_216), due(3_650, 1_217)), (false, true));
        assert!(!due(90, -400), "a clock that is behind asks for nothing");
    }

    #[test]
    fn failures_back_off_to_a_day_and_a_new_link_forgets_them() {
        let mut renewal = Renewal::default();
        let now = Timestamp::from_seconds(0);
        let waits: Vec<i64> = (0..13)
            .map(|_| {
                renewal.ended(false, now);
                renewal.not_before.unwrap().millis_since(now) / 1000
            })
            .collect();
        assert_eq!((waits[0], waits[1], waits[12]), (60, 120, 86_400), "{waits:?}");
        renewal.linked();
        assert_eq!(renewal.not_before, None);
        renewal.ended(true, now);
        renewal.linked();
        assert_eq!(renewal.not_before, Some(now.add_seconds(86_400)), "a clock that is ahead asks once a day");
    }
}
