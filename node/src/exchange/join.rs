//! Inviting and joining: a token pins the superior's key, the superior certifies the node, the node trusts the root.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::RngCore;
use serde_json::json;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, Label, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::invite::Invitation;
use tongban_federation::wire::{Join, Joined, NamedKey, Request as WireRequest, Response};
use tongban_federation::{Directory, Sealed, SignedRecord};
use tongban_quic::certificate::{self, Subject, VALID_DAYS};
use tongban_quic::{Expect, PeerIdentity};
use tongban_seal::{IndexKey, PublicKey};
use tongban_storage::Read;
use tongban_storage::keyspace::directory::{INVITE, Invite};
use tongban_storage::keyspace::meta;

use super::change::Change;
use super::record::certify;
use super::shared::Shared;
use super::succession::{self, Succession};
use crate::engine::trust::{AnchorRow, Certificate, RootKey};
use crate::engine::{ExchangeEvent, Outside, Refused, Trust};

/// How long a name server may take.
const RESOLVE_TIME: Duration = Duration::from_secs(3);

/// A token lives at most so long.
const EXPIRES_SECONDS_MAX: u64 = 30 * 24 * 3600;

fn problem(code: &str, en: impl Into<String>, zh: impl Into<String>, remedy_en: &str, remedy_zh: &str) -> Refused {
    Refused::problem(code, en, zh).remedy(remedy_en, remedy_zh)
}

fn fault(error: impl std::fmt::Display) -> Refused {
    Refused::problem("join-failed", error.to_string(), error.to_string())
}

/// Where a secret is kept: its hash, so that a reader of the state can't use it.
fn secret_hash(secret: &[u8; 16]) -> Digest {
    Digest::of(&[b"tongban invitation".as_slice(), secret].concat())
}

/// Gives an invitation and returns its token.
///
/// # Errors
///
/// When the division is not below this node's, is unknown, or the term is too long.
pub async fn invite(
    shared: &Arc<Shared>,
    division: DivisionCode,
    expires_seconds: u64,
    operator: String,
) -> Result<(String, Timestamp), Refused> {
    let here = shared.here();
    let table = tongban_codes::division::table();
    if table.find(division).is_none() {
        return Err(problem(
            "division-unknown",
            format!("{division} is no division"),
            format!("{division} 不是行政区划代码"),
            "look it up: tongban code check",
            "核对：tongban code check",
        )
        .about("division", division));
    }
    if division == here.division || !table.is_within(division, here.division) {
        return Err(problem(
            "division-rule",
            format!("{division} is not below {}; only an ancestor can certify for it", here.division),
            format!("{division} 不在 {} 之下，只有上级可以签发", here.division),
            "invite it at the node of its own superior",
            "请在其上级节点邀请",
        )
        .about("division", division));
    }
    if expires_seconds == 0 || expires_seconds > EXPIRES_SECONDS_MAX {
        return Err(problem(
            "invalid-field",
            "a token lives from one second to thirty days",
            "邀请有效期为 1 秒至 30 天",
            "give --expires 24h",
            "使用 --expires 24h",
        )
        .about("expires", expires_seconds));
    }
    let mut secret = [0; 16];
    rand::rng().fill_bytes(&mut secret);
    let expires = shared.now().add_seconds(i64::try_from(expires_seconds).unwrap_or(i64::MAX));
    let spki = shared.transport_spki()?;
    let address = shared.parts.addresses.first().cloned().ok_or_else(|| {
        problem(
            "address-missing",
            "this node has no address that others could dial",
            "本节点没有可供连接的地址",
            "set advertise in config.toml",
            "在 config.toml 中设置 advertise",
        )
    })?;
    let token = Invitation {
        address,
        issuer_key: certificate::key_hash(&spki),
        issuer_division: here.division,
        division,
        secret,
        expires,
    }
    .to_string();
    let row = Invite { division, expires, used: None, by: operator, label: None };
    let hash = secret_hash(&secret);
    let _reply = shared
        .settle(move |_, _, _| Ok(Outside { exchange: vec![ExchangeEvent::Invited(hash, row)], ..Outside::default() }))
        .await?;
    Ok((token, expires))
}

/// Admits a node that came with a secret, over a link that proves its transport key.
pub(super) async fn admit(shared: &Arc<Shared>, peer: &PeerIdentity, join: Join) -> Result<Joined, Refused> {
    if join.node != peer.node
        || join.division != peer.division
        || certificate::key_hash(&join.transport_request) != peer.key_hash
    {
        return Err(Refused::problem(
            "join-contradiction",
            "the request names another key, node or division than the connection has proved",
            "请求与连接所证明的密钥、节点或区划不符",
        ));
    }
    // The id in the request is the stranger's own word: it must not be that of a node with another key.
    if let Some(entry) = shared.directory().node(&join.node)
        && (entry.record.transport_key != peer.key_hash || entry.certification.division != join.division)
    {
        return Err(Refused::problem(
            "node-id-taken",
            "a node of this id is known with another key or division",
            "该节点标识已属于另一密钥或区划",
        ));
    }
    let seal_key: PublicKey = tongban_codes::cbor::from_slice(&join.seal_key).map_err(fault)?;
    let (hash, node, division) = (secret_hash(&join.secret), join.node, join.division);
    let known = shared.directory();
    let reply = shared
        .settle(move |read, at, _| {
            let mut row = check(INVITE.load(read, &hash)?, node, division, at)?;
            // The label is kept with the invitation, so that the next one for this division gets another. One that the node has counts
            // first: it may have come here before the directory did.
            let label = match kept_label(&known, &node, division).or(row.label) {
                Some(label) => label,
                None => free_label(&known, read, node, division)?,
            };
            row.label = Some(label);
            let reply = serde_json::Value::String(label.to_string());
            Ok(Outside { exchange: vec![ExchangeEvent::Invited(hash, row)], reply, ..Outside::default() })
        })
        .await?;
    // From here on the invitation is used; the same node may come again with it when the answer was lost.
    let label: Label = serde_json::from_slice(&reply).map_err(fault)?;
    let certification = certify(shared, node, division, label, seal_key, join.exchange_key)?;
    let trust = shared.trust();
    let chain: Vec<Vec<u8>> = trust.chain.iter().map(|certificate| certificate.0.clone()).collect();
    let subject = Subject { spki: join.transport_request, node, division };
    let issued =
        certificate::issue(&shared.transport_key, &chain, &subject, shared.now(), VALID_DAYS).map_err(fault)?;
    let me = shared.here().node;
    let own = SignedRecord::Node { node, certifier: me, certification, record: Sealed::new(Vec::new()) }.to_sealed();
    let (anchor, mut records) = {
        let directory = shared.directory();
        let mut above = vec![me];
        above.extend(directory.superiors(&me));
        let record = |node: &NodeId| directory.node(node).map(|entry| entry.sealed.clone());
        let root = above.last().copied().unwrap_or(me);
        // One that moves here hears what is known of its present superior: that it has been revoked, it can't say itself.
        let present = directory.node(&node).and_then(|entry| entry.certification.superior);
        above.extend(present.filter(|present| !above.contains(present)));
        (record(&root), above.iter().filter_map(record).collect::<Vec<_>>())
    };
    records.push(own);
    let anchor = anchor.ok_or_else(|| fault("this node has no record of its root"))?;
    let index_key = {
        let key = shared.parts.keys.index.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        NamedKey { version: key.version(), key: key.secret().to_vec() }
    };
    tracing::info!(%node, %division, "a node has joined");
    Ok(Joined {
        chain: issued.into_iter().map(Sealed::new).collect(),
        label,
        anchor,
        records,
        index_key: Some(index_key),
    })
}

fn check(known: Option<Invite>, node: NodeId, division: DivisionCode, at: Timestamp) -> Result<Invite, Refused> {
    let Some(mut row) = known else {
        return Err(problem(
            "invite-unknown",
            "this invitation is not known here",
            "本节点没有发出该邀请",
            "ask for a new token: tongban invite",
            "请上级重新邀请：tongban invite",
        ));
    };
    if row.division != division {
        return Err(problem(
            "invite-division",
            format!("the invitation is for {}, not for {division}", row.division),
            format!("邀请对象是 {}，不是 {division}", row.division),
            "ask for a token for your own division",
            "请上级为本区划重新邀请",
        ));
    }
    match row.used {
        Some((by, _)) if by != node => Err(problem(
            "invite-used",
            "the invitation has been used by another node",
            "该邀请已被其他节点使用",
            "ask for a new token: tongban invite",
            "请上级重新邀请：tongban invite",
        )),
        _ if row.expires < at => Err(problem(
            "invite-expired",
            format!("the invitation expired on {}", row.expires),
            format!("邀请已于 {} 过期", row.expires),
            "ask for a new token: tongban invite",
            "请上级重新邀请：tongban invite",
        )),
        _ => {
            row.used = Some((node, at));
            Ok(row)
        }
    }
}

/// The label that a superior has given a node before: numbers are known by it.
fn kept_label(directory: &Directory, node: &NodeId, division: DivisionCode) -> Option<Label> {
    let word = &directory.node(node)?.certification;
    (word.division == division && word.superior.is_some()).then_some(word.label)
}

/// The label of a node that has none: its division and the first ordinal that no other node of it has or was promised.
fn free_label(directory: &Directory, read: &dyn Read, node: NodeId, division: DivisionCode) -> Result<Label, Refused> {
    let mut taken: Vec<u8> = directory
        .by_division(division)
        .iter()
        .filter(|entry| entry.record.node != node)
        .map(|entry| entry.certification.label.ordinal())
        .collect();
    let promised = INVITE.list(read, &[], None, usize::MAX)?;
    taken.extend(
        promised
            .into_iter()
            .filter(|(_, row)| row.division == division && row.used.is_some_and(|(by, _)| by != node))
            .filter_map(|(_, row)| row.label.map(|label| label.ordinal())),
    );
    let free = (0..32).find(|ordinal| !taken.contains(ordinal)).ok_or_else(|| {
        Refused::problem("labels-exhausted", "32 nodes of this division have labels already", "该区划已有 32 个节点")
    })?;
    Label::new(division, free).map_err(fault)
}

/// Joins under the node that gave the token, or moves under it when it lies between this node and its superior.
///
/// # Errors
///
/// When the token is malformed, expired, for another division, used, of a node that can't be this node's superior, or its node can't be
/// reached.
pub async fn join(shared: &Arc<Shared>, token: &str) -> Result<serde_json::Value, Refused> {
    let invitation: Invitation = token.trim().parse().map_err(|error: tongban_federation::InvitationError| {
        problem(
            error.code(),
            error.to_string(),
            format!("邀请码有误：{}", error.zh()),
            "copy the whole token",
            "请完整复制邀请码",
        )
        .about("token", "")
    })?;
    let node = shared.node();
    invitation.check(node.division, shared.now()).map_err(|error| {
        problem(
            error.code(),
            error.to_string(),
            format!("邀请码不可用：{}", error.zh()),
            "ask for a new token for this division: tongban invite",
            "请上级为本区划重新邀请：tongban invite",
        )
        .about("token", "")
    })?;
    let succession = succession::of(shared, &shared.trust(), &invitation)?;
    let address = resolve(&invitation.address).await?;
    let unreachable = |error: tongban_quic::QuicError| {
        problem(
            error.code(),
            format!("the superior at {} could not be joined: {error}", invitation.address),
            format!("无法连接上级 {}：{error}", invitation.address),
            "check address, port and firewall (UDP), and whether the superior runs",
            "检查地址、端口和防火墙（UDP），以及上级节点是否在运行",
        )
    };
    let link = shared
        .endpoint
        .connect_as(&own_identity(shared)?, address, Expect::Pinned(invitation.issuer_key))
        .await
        .map_err(unreachable)?;
    let seal_key = tongban_codes::cbor::to_vec(&shared.parts.keys.seal.public_key());
    let request = WireRequest::Join(Join {
        secret: invitation.secret,
        division: node.division,
        node: node.node,
        transport_request: shared.transport_spki()?,
        seal_key,
        exchange_key: shared.parts.exchange_key.clone(),
        name: node.name.clone(),
        addresses: shared.parts.addresses.clone(),
        authorities: Vec::new(),
    });
    let answer = link.open_request(&request.to_bytes()).await.map_err(unreachable)?;
    let superior = link.peer().clone();
    link.close(0, "joined");
    match Response::from_bytes(&answer).map_err(fault)? {
        Response::Joined(joined) => adopt(shared, &invitation, succession, &superior, joined).await,
        Response::Refused(refusal) => {
            let (zh, en) = refusal.text.split_once(" / ").unwrap_or((&refusal.text, &refusal.text));
            let remedy = ("ask for a new token: tongban invite", "请上级重新邀请：tongban invite");
            Err(problem(&refusal.code, en, zh, remedy.0, remedy.1).about("token", ""))
        }
        _ => Err(fault("the superior answered something else")),
    }
}

fn own_identity(shared: &Shared) -> Result<tongban_quic::Identity, Refused> {
    let node = shared.node();
    let certificate =
        certificate::self_signed(&shared.transport_key, node.node, node.division, shared.now()).map_err(fault)?;
    tongban_quic::Identity::new(&shared.transport_key, vec![certificate]).map_err(fault)
}

/// Looks an address up, within a few seconds.
pub(super) async fn resolve(address: &str) -> Result<SocketAddr, Refused> {
    let found = tokio::time::timeout(RESOLVE_TIME, tokio::net::lookup_host(address)).await;
    found.ok().and_then(Result::ok).and_then(|mut found| found.next()).ok_or_else(|| {
        problem(
            "address-unresolved",
            format!("{address} is no address that can be dialled"),
            format!("无法解析地址 {address}"),
            "use HOST:PORT",
            "使用 主机:端口",
        )
    })
}

async fn adopt(
    shared: &Arc<Shared>,
    invitation: &Invitation,
    succession: Succession,
    superior: &PeerIdentity,
    joined: Joined,
) -> Result<serde_json::Value, Refused> {
    let (node, former) = (shared.node(), shared.trust());
    let chain: Vec<Certificate> = joined.chain.into_iter().map(|sealed| Certificate(sealed.into_bytes())).collect();
    let parsed: Vec<_> =
        chain.iter().map(|certificate| certificate::parse(&certificate.0)).collect::<Result<_, _>>().map_err(fault)?;
    let (Some(own), Some(root)) = (parsed.first(), parsed.last()) else {
        return Err(fault("the superior sent no certificate"));
    };
    if own.node != node.node
        || own.division != node.division
        || own.spki_sha256 != shared.parts.transport_key_hash
        || parsed.get(1).is_none_or(|by| by.spki_sha256 != invitation.issuer_key)
    {
        return Err(fault("the certificate is not this node's, or not the superior's"));
    }
    let anchor: SignedRecord = tongban_codes::cbor::from_slice(joined.anchor.as_bytes()).map_err(fault)?;
    let root_key =
        root_key(&anchor, root.spki_sha256).ok_or_else(|| fault("the root's record does not fit its certificate"))?;
    let mut own_certification = None;
    let mut records = vec![joined.anchor];
    for sealed in joined.records {
        match tongban_codes::cbor::from_slice::<SignedRecord>(sealed.as_bytes()) {
            Ok(SignedRecord::Node { node: of, certification, .. }) if of == node.node => {
                own_certification = Some(certification);
            }
            _ => records.push(sealed),
        }
    }
    let certification = own_certification.ok_or_else(|| fault("the superior sent no certification"))?;
    if succession.is_move() {
        let (chain, records) = (&chain[..], &records[..]);
        let answer = succession::Answer { superior: superior.node, chain, records, certification: &certification };
        succession::judge(shared, &former, succession, &answer)?;
    }
    let mut index_version = None;
    // The index key belongs to the tree's root, which stays.
    if let Some(named) = joined.index_key.as_ref().filter(|_| !succession.is_move()) {
        let key: [u8; 32] = named.key.as_slice().try_into().map_err(|_| fault("the index key has another length"))?;
        (shared.keep_index_key)(named.version, &key).map_err(fault)?;
        shared.parts.keys.replace_index(IndexKey::new(named.version, key));
        index_version = Some(named.version);
    }
    shared.change_directory(|directory| directory.add_anchor(root_key.node, root_key.key.clone()));
    let (root, adopted) = (root.clone(), superior.clone());
    let address = invitation.address.clone();
    let judged = former.superior;
    let change = move |trust: &mut Trust| {
        // Meanwhile another superior may have been joined.
        if trust.superior != judged {
            return false;
        }
        trust.certification = Some(Certificate(certification.into_bytes()));
        trust.superior = Some(adopted.node);
        trust.superior_address = Some(address);
        for (key_hash, division) in [(root.spki_sha256, root.division), (adopted.key_hash, adopted.division)] {
            if !trust.anchors.iter().any(|known| known.key_hash == key_hash) {
                trust.anchors.push(AnchorRow { key_hash, division });
            }
        }
        trust.chain = chain;
        if !trust.roots.iter().any(|known| known.node == root_key.node) {
            trust.roots.push(root_key.clone());
        }
        trust.index_version = index_version.unwrap_or(trust.index_version);
        true
    };
    let label = joined.label;
    let mut row =
        meta::NODE.load(&*shared.parts.backend, &())?.ok_or_else(|| fault("the node has no row of its own"))?;
    row.label = label;
    let also = vec![ExchangeEvent::Node(row)];
    let changed = shared.change(Change::Trust { change: Box::new(change), also }).await?;
    if !changed.changed {
        return Err(fault("another superior has been joined meanwhile"));
    }
    if succession.is_move() {
        tracing::info!(former = ?former.superior, superior = %superior.node, "this node has moved under another superior");
    }
    let _new = shared.change(Change::Records(records)).await?;
    shared.set_node(tongban_domain::NodeFacts { label, ..node });
    let _published = shared.change(Change::Publish).await?;
    Ok(json!({
        "superior": superior.node,
        "division": superior.division,
        "root": root.division,
        "label": label.to_string(),
        "former_superior": former.superior.filter(|_| succession.is_move()),
    }))
}

/// The seal key of a root from its own record, when the record is of the root whose certificate ends the chain.
pub(super) fn root_key(anchor: &SignedRecord, root_transport: Digest) -> Option<RootKey> {
    let SignedRecord::Node { node, certifier, certification, record } = anchor else { return None };
    if node != certifier {
        return None;
    }
    let certified: tongban_federation::Certification =
        minicbor::decode(&tongban_seal::cose::claimed_payload(certification.as_bytes())?).ok()?;
    let record: tongban_federation::NodeRecord =
        minicbor::decode(&tongban_seal::cose::claimed_payload(record.as_bytes())?).ok()?;
    if record.transport_key != root_transport {
        return None;
    }
    let key = certified.seal_keys.last()?.key.clone();
    Some(RootKey { node: *node, key })
}
