//! Why something waits, beyond one link: the way that an envelope would go, and what of a case hasn't arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::route::{Journey, NoHop, Policy};
use tongban_federation::{Cause, Directory, Hop, Reason, Way, limits, next_hop};
use tongban_storage::keyspace::delivery::{ASIDE, OUTBOX};
use tongban_storage::keyspace::{Bytes, case};
use tongban_storage::{Read, StorageError};

use super::quarantine;
use super::translate::{UNDECIDED, body_name};
use crate::api::v1::PeerView;
use crate::engine::{Early, Waits, kept_envelope};

/// Envelopes that are looked through for those of a case.
const SOUGHT_MAX: usize = 50_000;

/// What the links say of themselves.
#[derive(Debug, Default)]
pub(crate) struct Links {
    causes: BTreeMap<NodeId, Cause>,
    up: BTreeSet<NodeId>,
}

impl Links {
    /// One link: whether it is open, and its cause.
    pub(crate) fn add(&mut self, node: NodeId, is_up: bool, cause: Cause) {
        if is_up {
            self.up.insert(node);
        }
        self.causes.insert(node, cause);
    }

    /// The links as views show them.
    pub(crate) fn of_views(views: &[PeerView]) -> Self {
        let mut links = Self::default();
        for view in views.iter().filter(|view| view.is_link) {
            if let Some(reason) = Reason::named(&view.cause, view.since, view.next_try) {
                let cause = Cause { reason, since: view.since, next_try: view.next_try };
                links.add(view.node, view.state == "up", cause);
            }
        }
        links
    }

    /// Why what waits for a node has no receipt yet.
    pub(crate) fn cause(
        &self,
        directory: &Directory,
        me: NodeId,
        dial_any: bool,
        destination: NodeId,
        since: Timestamp,
    ) -> Cause {
        // No way leads to who isn't part of the federation any more.
        if let Some(since) = directory.revoked(&destination) {
            return Cause { reason: Reason::Revoked, since, next_try: None };
        }
        let journey = Journey { destination, came_from: None, hops: limits::HOPS_MAX };
        let hop = |policy: &Policy| next_hop(directory, me, &journey, &self.up, policy);
        let mut hop_now = hop(&Policy { dial_any, ..Policy::default() });
        // While the straight way is being tried, the way over superiors is as good.
        if let Hop::Dial { node, .. } = &hop_now
            && !self.up.contains(node)
            && let indirect @ Hop::Via(_) = hop(&Policy::default())
        {
            hop_now = indirect;
        }
        let way = match &hop_now {
            Hop::Direct(node) => self.causes.get(node).map_or(Way::None, Way::Link),
            Hop::Via(node) => self.causes.get(node).map_or(Way::None, Way::Relay),
            Hop::Dial { node, .. } => Way::Down(self.causes.get(node)),
            Hop::None(NoHop::NotLinked(node)) => {
                let Some(cause) = self.causes.get(node) else {
                    // Nobody may dial it from here.
                    return Cause { reason: Reason::LinkDown { since }, since, next_try: None };
                };
                Way::Down(Some(cause))
            }
            Hop::None(_) => Way::None,
        };
        Cause::on_the_way(way, since)
    }
}

/// Something of a case that hasn't arrived, or hasn't been decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Whether this node has sent it; else it came here.
    pub(crate) is_own: bool,
    /// The other node.
    pub(crate) node: NodeId,
    /// What kind of body it has: a name, or a number.
    pub(crate) body: String,
    /// Which act of its origin on the case it is about.
    pub(crate) act: u32,
    /// Why it waits.
    pub(crate) cause: Cause,
    /// The code that says more, where there is one.
    pub(crate) code: String,
}

/// What the causes of a case are looked for in.
pub(crate) struct Sources<'a> {
    /// The applied state.
    pub(crate) state: &'a dyn Read,
    /// The directory.
    pub(crate) directory: &'a Directory,
    /// The links.
    pub(crate) links: &'a Links,
    /// This node.
    pub(crate) me: NodeId,
    /// Whether nodes that are neither superior nor subordinate may be dialled.
    pub(crate) dial_any: bool,
    /// What came before its turn.
    pub(crate) early: Vec<Early>,
    /// What replays of lines in quarantine came to.
    pub(crate) waits: Waits,
    /// Now.
    pub(crate) now: Timestamp,
}

/// Everything of a case that waits at this node or for another, own envelopes first. Of a long backlog only the first are looked through.
///
/// # Errors
///
/// When the state can't be read.
pub(crate) fn of_case(sources: &Sources<'_>, subject: CaseId) -> Result<Vec<Waiting>, StorageError> {
    let name = |kind: u16| body_name(kind).map_or_else(|| kind.to_string(), str::to_owned);
    let mut found = Vec::new();
    let mut seen = 0;
    OUTBOX.visit(sources.state, &[], None, false, |(node, ..), Bytes(sealed)| {
        seen += 1;
        if let Some(envelope) = kept_envelope(&sealed).filter(|envelope| envelope.subject.case() == subject) {
            found.push((node, envelope.act_number, envelope.kind));
        }
        if seen < SOUGHT_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let mut waiting = Vec::new();
    for (node, act, kind) in found {
        let since = case::ACT.load(sources.state, &(subject, sources.me, act))?.map_or(sources.now, |act| act.at);
        let cause = sources.links.cause(sources.directory, sources.me, sources.dial_any, node, since);
        waiting.push(Waiting { is_own: true, node, body: name(kind), act, cause, code: String::new() });
    }
    if let Some(known) = case::CASE.load(sources.state, &subject)?
        && let Some(asked) = known.reclaim_asked()
    {
        let (body, cause) = ("reclaim".to_owned(), Cause::order_awaited(asked.asked_at));
        waiting.push(Waiting { is_own: true, node: asked.superior, body, act: known.acts, cause, code: String::new() });
    }
    ASIDE.visit(sources.state, &[], None, false, |(node, ..), aside| {
        if aside.subject == subject {
            let cause = Cause::undecided(&aside.code, UNDECIDED.contains(&aside.code.as_str()), aside.at);
            waiting.push(Waiting {
                is_own: true,
                node,
                body: name(aside.kind),
                act: aside.act,
                cause,
                code: aside.code,
            });
        }
        ControlFlow::Continue(())
    })?;
    for kept in
        quarantine::list(sources.state, &sources.waits, SOUGHT_MAX)?.into_iter().filter(|kept| kept.subject == subject)
    {
        let code = kept.code.unwrap_or_else(|| "ready".to_owned());
        let cause = Cause::kept_here(&code, kept.behind, kept.row.at);
        let body = name(kept.row.kind);
        waiting.push(Waiting { is_own: false, node: kept.origin, body, act: kept.act, cause, code });
    }
    for early in sources.early.iter().filter(|early| early.subject == subject) {
        waiting.push(Waiting {
            is_own: false,
            node: early.place.node,
            body: name(early.kind),
            act: early.act,
            cause: Cause::early(early.at),
            code: String::new(),
        });
    }
    Ok(waiting)
}

#[cfg(test)]
#[path = "why_tests.rs"]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
