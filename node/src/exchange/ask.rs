//! Questions to other nodes: asked over links, handed on along the tree, answered under the answering node's seal.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::catalogue::ServiceItem;
use tongban_domain::connector::{ConnectorKind, Order, OrderState};
use tongban_federation::route::{Journey, Policy};
use tongban_federation::wire::{Query, Refusal, Request, Response, Routed, Target};
use tongban_federation::{Hop, Sealed, limits, next_hop};
use tongban_quic::Link;
use tongban_seal::{KeyId, PublicKey, cose};

use super::knowledge::Knowledge;
use super::shared::Shared;

/// How long one question may take, over all its hops.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// How long a question may take: a part of a file is larger than any other answer.
fn patience(query: &Query) -> Duration {
    if query.is_material() { Duration::from_secs(limits::MATERIAL_PART_SECONDS_MAX) } else { PATIENCE }
}

/// How long one link may take with a question that may cross so many more of them. Each hop of a material's part has a second less than the one
/// before it, so that whoever asked hears what became of it; other questions leave as much for another way.
fn patience_of_link(query: &Query, hops: u8) -> Duration {
    if !query.is_material() {
        return patience(query) / 2;
    }
    patience(query).saturating_sub(Duration::from_secs(u64::from(limits::HOPS_MAX.saturating_sub(hops)) + 1))
}

/// Content type of a sealed answer.
pub const CONTENT_TYPE: &str = "application/tongban-answer+cbor";

/// What a question came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<T> {
    /// The answer, and who gave it.
    Answer(T, NodeId),
    /// Somebody that could answer said no: code and text.
    Refused(String, String),
    /// Nobody that could answer was reached.
    Unreached,
}

/// Where a case is, as a node tells another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WhereisAnswer {
    /// The case.
    #[n(0)]
    pub case: CaseId,
    /// Owner's division.
    #[n(1)]
    pub division: DivisionCode,
    /// Owner's node.
    #[n(2)]
    pub node: NodeId,
    /// Tenure.
    #[n(3)]
    pub tenure: u32,
    /// An open hand-over.
    #[n(4)]
    pub handover: Option<DivisionCode>,
    /// As of when.
    #[n(5)]
    pub as_of: Timestamp,
    /// The authority in charge.
    #[n(6)]
    pub authority: String,
}

/// How far a case is, for whoever holds the query code.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProgressAnswer {
    /// The code.
    #[n(0)]
    pub query_code: QueryCode,
    /// State.
    #[n(1)]
    pub status: tongban_domain::case::Status,
    /// Item.
    #[n(2)]
    pub item_name: String,
    /// Authority in charge.
    #[n(3)]
    pub department: String,
    /// Its division.
    #[n(4)]
    pub division: DivisionCode,
    /// Last lawful day.
    #[n(5)]
    pub statutory_due: Option<Date>,
    /// Last promised day.
    #[n(6)]
    pub promised_due: Option<Date>,
    /// As of when.
    #[n(7)]
    pub as_of: Timestamp,
    /// The procedure for which the clock stands still: until it ends, the last days aren't final.
    #[n(8)]
    pub stop: Option<tongban_domain::case::Stop>,
    /// By how many working days the statutory time was extended.
    #[n(9)]
    pub extended: Option<u16>,
    /// What a correction notice asked for and was not brought yet.
    #[n(10)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub to_bring: Vec<String>,
    /// The last day that the notice gave.
    #[n(11)]
    pub bring_by: Option<Date>,
    /// Who is competent, when this authority isn't.
    #[n(12)]
    pub competent: Option<tongban_domain::case::Competent>,
    /// The code to go on asking with, when a superior authority goes on with it.
    #[n(13)]
    pub forwarded: Option<QueryCode>,
    /// The last day of the licence by which its renewal is decided, or deemed granted.
    #[n(14)]
    pub renewal_due: Option<Date>,
    /// How a renewal stands, as [`tongban_domain::case::Renewal::standing`] names it.
    #[n(15)]
    pub renewal: Option<String>,
    /// How it stands in the line of a limit of number.
    #[n(56)]
    pub turn: Option<tongban_domain::limit::Seen>,
    /// In whose place it is decided.
    #[n(60)]
    pub instead_of: Option<StandsIn>,
    /// What is to be paid or is on its way, of orders that the answering node placed.
    #[n(61)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub orders: Vec<OrderWord>,
}

/// An order of a node to an outside system, as an applicant hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OrderWord {
    /// 委托单号.
    #[n(0)]
    pub number: String,
    /// What it is.
    #[n(1)]
    pub kind: ConnectorKind,
    /// Where it stands.
    #[n(2)]
    pub state: OrderState,
    /// How much is to be paid, in fen.
    #[n(3)]
    pub fen: Option<u64>,
    /// Trade number or waybill.
    #[n(4)]
    pub reference: Option<String>,
    /// Where he pays or follows it.
    #[n(5)]
    pub link: Option<String>,
}

impl OrderWord {
    /// An order as its applicant hears of it; none of what authorities have among themselves: what another system has decided is told when it is
    /// entered.
    #[must_use]
    pub fn of(order: Order) -> Option<Self> {
        let Order { number, kind, state, charge, reference, link, .. } = order;
        let fen = charge.map(|charge| charge.fen);
        (kind != ConnectorKind::Handling).then_some(Self { number, kind, state, fen, reference, link })
    }
}

/// In whose place an authority decides, as its applicant is told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(map)]
pub struct StandsIn {
    /// Division of the authority in charge.
    #[n(0)]
    pub division: DivisionCode,
    /// Its name.
    #[n(1)]
    pub department: String,
    /// Number of the agreement.
    #[n(2)]
    pub agreement: String,
}

/// An item of the answering node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ItemAnswer {
    /// The item.
    #[n(0)]
    pub item: ServiceItem,
    /// As of when.
    #[n(1)]
    pub as_of: Timestamp,
}

/// A part of a material's file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MaterialAnswer {
    /// SHA-256 of the whole file, as it was asked for.
    #[n(0)]
    pub digest: Digest,
    /// The first byte of the part, as it was asked for.
    #[n(1)]
    pub from: u64,
    /// The length of the whole file.
    #[n(2)]
    pub size: u64,
    /// The bytes.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// Whether a licence stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LicenceAnswer {
    /// The sealed licence.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
    /// Its status.
    #[n(1)]
    pub status: tongban_domain::licence::Status,
    /// As of when.
    #[n(2)]
    pub as_of: Timestamp,
    /// The licence that stands in its place.
    #[n(3)]
    pub renewed_by: Option<String>,
}

impl Knowledge {
    /// The payload of an answer under the seal of the node that gave it; `None` when the seal doesn't hold, or is of a node that is revoked or
    /// whose tree isn't trusted any more: a node on the way may not have heard of that.
    #[must_use]
    pub fn open_answer(&self, signer: &NodeId, sealed: &Sealed) -> Option<Vec<u8>> {
        let directory = self.directory();
        if directory.revoked(signer).is_some() {
            return None;
        }
        let keys = directory.seal_keys(signer);
        let lookup = |id: &KeyId| -> Option<PublicKey> {
            keys.iter()
                .find(|dated| dated.revoked.is_none() && dated.key.key_id() == *id)
                .map(|dated| dated.key.clone())
        };
        let opened = cose::open(sealed.as_bytes(), &lookup, &[]).ok()?.expect(CONTENT_TYPE).ok()?;
        Some(opened.payload)
    }
}

impl Shared {
    /// Asks the node that a target names, wherever it is.
    pub async fn ask<T: for<'b> Decode<'b, ()>>(self: &Arc<Self>, target: Target, query: Query) -> Asked<T> {
        match self.ask_payload(target, query).await {
            Asked::Answer(payload, signer) => match tongban_codes::cbor::from_slice(&payload) {
                Ok(answered) => Asked::Answer(answered, signer),
                Err(error) => Asked::Refused("answer-malformed".to_owned(), error.to_string()),
            },
            Asked::Refused(code, text) => Asked::Refused(code, text),
            Asked::Unreached => Asked::Unreached,
        }
    }

    /// As [`Shared::ask`], with the answer as it was sealed.
    pub(super) async fn ask_payload(self: &Arc<Self>, target: Target, query: Query) -> Asked<Vec<u8>> {
        let asker = self.here().node;
        let asked_of = target.clone();
        let patience = patience(&query);
        let routed = Routed { asker, target, hops: limits::HOPS_MAX, query };
        let asked = tokio::time::timeout(patience, self.pass_on(routed, None)).await;
        match asked {
            Err(_) => {
                tracing::debug!("a question was not answered in time");
                Asked::Unreached
            }
            Ok(None) => Asked::Unreached,
            Ok(Some(Response::Refused(Refusal { code, .. }))) if code == UNREACHED => Asked::Unreached,
            Ok(Some(Response::Refused(Refusal { code, text }))) => Asked::Refused(code, text),
            Ok(Some(Response::Answer(answer))) if !self.may_answer(&asked_of, &answer.signer) => {
                Asked::Refused("answer-foreign".to_owned(), "another node than was asked has answered".to_owned())
            }
            Ok(Some(Response::Answer(answer))) => match self.open_answer(&answer.signer, &answer.sealed) {
                Some(payload) => Asked::Answer(payload, answer.signer),
                None => Asked::Refused("answer-unsealed".to_owned(), "the seal of the answer does not hold".to_owned()),
            },
            Ok(Some(_)) => {
                Asked::Refused("answer-malformed".to_owned(), "another answer than was asked for".to_owned())
            }
        }
    }

    /// Whether a node is one that the question was for: a node on the way can't answer in its place.
    fn may_answer(&self, target: &Target, signer: &NodeId) -> bool {
        let directory = self.directory();
        let Some(entry) = directory.node(signer) else { return false };
        match target {
            Target::Node(node) => node == signer,
            Target::Division(division) => entry.certification.division == *division,
            Target::CasePrefix(prefix) => signer.prefix() == *prefix,
            Target::Label(label) => entry.certification.label == *label,
        }
    }

    /// Hands a question on towards its target; `None` when there is no way. A target that the directory doesn't know is looked for at
    /// the superior.
    pub(super) async fn pass_on(self: &Arc<Self>, mut routed: Routed, came_from: Option<NodeId>) -> Option<Response> {
        // What a neighbour states is no licence to go on for longer.
        routed.hops = routed.hops.min(limits::HOPS_MAX);
        if routed.hops == 0 {
            return None;
        }
        let me = self.here().node;
        let links = self.links();
        let linked: BTreeSet<NodeId> = links.keys().copied().collect();
        let policy = Policy { dial_any: self.parts.direct, unreachable: BTreeSet::new() };
        let mut ways: Vec<Link> = Vec::new();
        let mut dials: Vec<(NodeId, Vec<String>)> = Vec::new();
        for destination in self.targets(&routed.target) {
            let journey = Journey { destination, came_from, hops: routed.hops };
            for policy in [policy.clone(), Policy::default()] {
                match next_hop(&self.directory(), me, &journey, &linked, &policy) {
                    Hop::Direct(node) | Hop::Via(node) => ways.extend(links.get(&node).cloned()),
                    Hop::Dial { node, addresses } => dials.push((node, addresses)),
                    Hop::None(_) => {}
                }
            }
        }
        if let Some(superior) = self.trust().superior
            && came_from != Some(superior)
        {
            ways.extend(links.get(&superior).cloned());
        }
        // A comparison asks several times and of many, and a file comes in many parts: no connection is made for each question while a link
        // stands.
        if (routed.query.is_drift() || routed.query.is_material()) && !ways.is_empty() {
            dials.clear();
        }
        let patience = patience_of_link(&routed.query, routed.hops);
        routed.hops -= 1;
        let bytes = Request::Routed(routed).to_bytes();
        let mut refused = None;
        for (node, addresses) in dials {
            let Some(address) = addresses.first() else { continue };
            let Ok(address) = super::join::resolve(address).await else { continue };
            let dialled =
                tokio::time::timeout(PATIENCE / 4, self.endpoint.connect(address, tongban_quic::Expect::Node(node)));
            if let Ok(Ok(link)) = dialled.await {
                ways.insert(0, link);
            }
        }
        // Several policies and targets lead over the same neighbour: it is asked once.
        let mut asked_of = BTreeSet::new();
        ways.retain(|link| asked_of.insert(link.peer().node));
        for link in ways {
            let asked = tokio::time::timeout(patience, link.open_request(&bytes)).await;
            match asked.ok().and_then(Result::ok).map(|answer| Response::from_bytes(&answer)) {
                Some(Ok(Response::Refused(refusal))) if refusal.code != UNREACHED => {
                    refused = Some(Response::Refused(refusal));
                }
                Some(Ok(response)) => return Some(response),
                _ => {}
            }
        }
        refused
    }
}

/// The code of a refusal that says only that nobody was reached.
pub(super) const UNREACHED: &str = "unreached";

#[cfg(test)]
mod tests {
    use tongban_federation::wire::{DriftList, MaterialPart};

    use super::*;

    #[test]
    fn every_link_has_time_for_the_parts_that_are_asked_for_ahead() {
        let (case, digest) = (CaseId::from_bytes([1; 16]), Digest::of(b"file"));
        let part = Query::Material(MaterialPart { case, digest, from: 0, bytes_max: 1 });
        let all = limits::MATERIAL_PARTS_AHEAD * limits::MATERIAL_PART_BYTES;
        // Over a line of 256 kbit/s.
        let needed = Duration::from_secs(all as u64 * 8 / 256_000);
        let mut before = patience(&part);
        for hops in (1..=limits::HOPS_MAX).rev() {
            let link = patience_of_link(&part, hops);
            assert!(link > needed && link < before, "{hops}: {link:?} of {before:?}, {needed:?} are needed");
            before = link;
        }
        assert_eq!(patience_of_link(&Query::DriftList(DriftList {}), 8), PATIENCE / 2);
    }
}
