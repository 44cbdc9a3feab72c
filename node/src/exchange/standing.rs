//! How the peers stand: what `status` and `sync why` show.

use std::collections::BTreeMap;

use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_federation::Cause;
use tongban_federation::why::Reason;
use tongban_storage::keyspace::delivery;

use super::knowledge::Knowledge;
use super::why::Links;
use crate::api::v1::PeerView;

/// Waiting envelopes that are counted for a view; a longer backlog shows as this many.
const COUNTED_MAX: u64 = 10_000;

/// How one peer stands, as its session says.
pub(super) struct Row {
    pub(super) node: NodeId,
    /// `up`, `connecting` or `down`.
    pub(super) state: &'static str,
    pub(super) since: Timestamp,
    pub(super) cause: Cause,
    pub(super) trouble: Option<String>,
    pub(super) lasting: bool,
    pub(super) ahead_millis: Option<i64>,
}

/// One view a peer that has a session, a place in the tree beside this node, or something waiting for it.
pub(super) fn views(knowledge: &Knowledge, rows: &[Row]) -> Vec<PeerView> {
    let mut behind: BTreeMap<NodeId, u64> = BTreeMap::new();
    let state = &*knowledge.parts.backend;
    let mut seen = 0;
    let mut each = |node: NodeId, behind: &mut BTreeMap<NodeId, u64>| {
        *behind.entry(node).or_default() += 1;
        seen += 1;
        if seen < COUNTED_MAX { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
    };
    // A state that can't be read shows in `status` by itself.
    let _read = delivery::OUTBOX.visit(state, &[], None, false, |(node, ..), _| each(node, &mut behind));
    let _read = delivery::RELAY.visit(state, &[], None, false, |(node, ..), _| each(node, &mut behind));
    let directory = knowledge.directory();
    let mut views = Vec::new();
    for Row { node, state: link, since, cause, trouble, lasting, ahead_millis } in rows {
        if knowledge.revoked(node).is_some() {
            continue;
        }
        let waiting = behind.remove(node).unwrap_or(0);
        if *link == "down" && !lasting && waiting == 0 {
            continue;
        }
        let entry = directory.node(node);
        let named = |text: &str| match trouble {
            Some(trouble) if *link != "up" => format!("{text} ({trouble})"),
            _ => text.to_owned(),
        };
        views.push(PeerView {
            node: *node,
            division: entry.map_or(knowledge.here().division, |entry| entry.certification.division),
            name: entry.map_or_else(String::new, |entry| entry.record.name.clone()),
            relation: relation(knowledge, node).to_owned(),
            state: (*link).to_owned(),
            is_link: true,
            behind: waiting,
            // Of a link that is down: since it was open last, however often it was tried.
            since: if *link == "up" { *since } else { cause.since },
            cause: cause.reason.name().to_owned(),
            cause_en: named(cause.reason.en()),
            cause_zh: named(cause.reason.zh()),
            next_try: cause.next_try,
            command: cause.reason.command().unwrap_or_default().to_owned(),
            clock_seconds: ahead_millis.map(|millis| millis / 1000),
        });
    }
    for entry in directory.nodes() {
        let Some(since) = directory.revoked(&entry.record.node) else { continue };
        // Of a tree that isn't trusted any more its root stands for all.
        if entry.certification.revoked.is_none() && entry.certification.superior.is_some() {
            continue;
        }
        let withdrawn = directory.foreign_roots().find(|anchor| anchor.record.root == entry.record.node);
        let reason = entry.certification.reason.clone();
        let reason = reason.or_else(|| withdrawn.and_then(|anchor| anchor.record.reason.clone())).unwrap_or_default();
        let cause = Reason::Revoked;
        views.push(PeerView {
            node: entry.record.node,
            division: entry.certification.division,
            name: entry.record.name.clone(),
            relation: relation(knowledge, &entry.record.node).to_owned(),
            state: "revoked".to_owned(),
            is_link: true,
            behind: behind.remove(&entry.record.node).unwrap_or(0),
            since,
            cause: cause.name().to_owned(),
            cause_en: format!("{}: {reason}", cause.en()),
            cause_zh: format!("{}：{reason}", cause.zh()),
            next_try: None,
            command: cause.command().unwrap_or_default().to_owned(),
            clock_seconds: None,
        });
    }
    let mut links = Links::default();
    for Row { node, state: link, cause, .. } in rows {
        links.add(*node, *link == "up", cause.clone());
    }
    for (node, waiting) in behind {
        let entry = directory.node(&node);
        let (me, direct) = (knowledge.here().node, knowledge.parts.direct);
        let cause = links.cause(&directory, me, direct, node, knowledge.now());
        views.push(PeerView {
            node,
            division: entry.map_or(knowledge.here().division, |entry| entry.certification.division),
            name: entry.map_or_else(String::new, |entry| entry.record.name.clone()),
            relation: relation(knowledge, &node).to_owned(),
            state: "down".to_owned(),
            is_link: false,
            behind: waiting,
            since: cause.since,
            cause: cause.reason.name().to_owned(),
            cause_en: cause.reason.en().to_owned(),
            cause_zh: cause.reason.zh().to_owned(),
            next_try: cause.next_try,
            command: cause.reason.command().unwrap_or_default().to_owned(),
            clock_seconds: None,
        });
    }
    views
}

fn relation(knowledge: &Knowledge, node: &NodeId) -> &'static str {
    if knowledge.trust().superior == Some(*node) {
        "superior"
    } else if knowledge.is_subordinate(node) {
        "subordinate"
    } else if knowledge.is_foreign_root(node) {
        "foreign-root"
    } else {
        "other"
    }
}
