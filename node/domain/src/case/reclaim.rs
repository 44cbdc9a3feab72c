//! Reclaiming (收回): a case whose other side is gone for good comes back by order of the nearest common superior.
//!
//! ```text
//!   A, which collected                 S, above A and B                       B, lost
//!   asks ───── request ─────────────▶  keeps it
//!                                      revokes B: the fence
//!   takes the case, tenure n + 1000 ◀─ orders ─── the same order ──────────▶  when it returns: lets go, or never takes
//!     ▲                                   └────── the same order ──▶ C, where the authority in charge goes on
//!     └──── what B had done meanwhile, to be read, not in force ──────────────┘
//! ```
//!
//! The order raises the tenure beyond whatever the lost node could reach, so each late word of it is of a tenure that is over. Nobody
//! takes an order but from the nearest common superior, and the one who asked only when it has asked. See
//! `docs/decisions/0021-reclaim-by-order.md`.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::Timestamp;

use super::{Act, Case, Custody, ItemPin, Personal, Status};
use crate::facts::Place;

/// By how much an order raises the tenure: more often than that no case is handed over.
pub const TENURE_JUMP: u32 = 1_000;

/// What a node asks of the common superior.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReclaimRequest {
    /// Who has the case, or was offered it, and is gone.
    #[n(0)]
    pub lost: Place,
    /// The case as the asking node knows it, without its applicant.
    #[n(1)]
    pub known: Box<Case>,
    /// Why.
    #[n(2)]
    pub reason: String,
    /// Who asks.
    #[n(3)]
    pub operator: String,
    /// When.
    #[n(4)]
    pub at: Timestamp,
}

/// What the common superior orders.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReclaimOrder {
    /// The case.
    #[n(0)]
    pub case: CaseId,
    /// Who gets it: the node that collected it.
    #[n(1)]
    pub to: Place,
    /// Who is gone.
    #[n(2)]
    pub lost: Place,
    /// The tenure that it gets.
    #[n(3)]
    pub tenure: u32,
    /// From when on nothing that the lost node does is in force: the moment as of which it is revoked.
    #[n(4)]
    pub fence: Timestamp,
    /// When it was ordered.
    #[n(5)]
    pub at: Timestamp,
    /// Who ordered it.
    #[n(6)]
    pub operator: String,
    /// Why it was asked for.
    #[n(7)]
    pub reason: String,
    /// The case as it is in force from now on, without its applicant.
    #[n(8)]
    pub standing: Box<Case>,
    /// The node at which the authority in charge goes on; a case that it had taken up is handed to that node alone.
    #[n(9)]
    pub successor: Option<Place>,
    /// The superior that orders.
    #[n(10)]
    pub superior: NodeId,
    /// The acts of the lost node that its journal shows, as far as it is known above.
    #[n(11)]
    pub acts: Vec<Act>,
    /// How many entries of that journal are known above; what came after is lost, unless the node returns.
    #[n(12)]
    pub entries: u64,
    /// The number of the last act of the lost node on the case that is in force.
    #[n(13)]
    pub known: u32,
}

/// A case to be reclaimed, as those know it that don't have it: the superior that is asked, the lost node, the one that goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReclaimRow {
    /// What was asked for last.
    #[n(0)]
    pub request: Option<ReclaimRequest>,
    /// The last order.
    #[n(1)]
    pub order: Option<ReclaimOrder>,
    /// Why the request was declined.
    #[n(2)]
    pub declined: Option<String>,
    /// How many acts this node has done about the case.
    #[n(3)]
    pub acts: u32,
}

/// A reclaim as a node knows it that has the case, or had it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Reclaim {
    /// The superior that is asked.
    #[n(0)]
    pub superior: NodeId,
    /// Who is gone.
    #[n(1)]
    pub lost: Place,
    /// Since when it is asked for.
    #[n(2)]
    pub asked_at: Timestamp,
    /// Why.
    #[n(3)]
    pub reason: String,
    /// Why it was declined.
    #[n(4)]
    pub declined: Option<String>,
    /// What was ordered.
    #[n(5)]
    pub taken: Option<Taken>,
}

/// An order that has taken effect.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Taken {
    /// The tenure under which the case came back.
    #[n(0)]
    pub tenure: u32,
    /// From when on nothing that the lost node did is in force.
    #[n(1)]
    pub fence: Timestamp,
    /// When it was ordered.
    #[n(2)]
    pub at: Timestamp,
    /// Where the authority in charge goes on.
    #[n(3)]
    pub successor: Option<Place>,
    /// The last act of the lost node that is in force.
    #[n(4)]
    pub known: u32,
    /// How many entries of its journal were known above.
    #[n(5)]
    pub entries: u64,
    /// What supervision has seen at the lost node, or would have: whether the case was deemed accepted by then.
    #[n(6)]
    #[cbor(default, skip_if = "is_false")]
    #[serde(skip)]
    pub deemed: bool,
    /// How many notices it had had by then.
    #[n(7)]
    #[cbor(default, skip_if = "is_zero")]
    #[serde(skip)]
    pub notices: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the encoder asks by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the encoder asks by reference")]
fn is_zero(count: &u8) -> bool {
    *count == 0
}

/// Whether an act of a history is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Force {
    /// It is.
    InForce,
    /// 迟到: done by a lost node before the fence, heard of only after the case had been reclaimed. The case goes on without it; the
    /// authority in charge is bound by what it told the applicant, and has to see to it.
    Late,
    /// 无效: done by a lost node after the fence.
    Void,
}

impl Force {
    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Force::InForce => "in-force",
            Force::Late => "late",
            Force::Void => "void",
        }
    }
}

impl ReclaimOrder {
    /// The reclaim as a case shows it that the order has reached.
    pub(super) fn taken(&self) -> Reclaim {
        Reclaim {
            superior: self.superior,
            lost: self.lost,
            asked_at: self.at,
            reason: self.reason.clone(),
            declined: None,
            taken: Some(Taken {
                tenure: self.tenure,
                fence: self.fence,
                at: self.at,
                successor: self.successor,
                known: self.known,
                entries: self.entries,
                deemed: self.standing.deemed,
                notices: self.standing.notices(),
            }),
        }
    }
}

impl ReclaimRow {
    /// The request that waits for an order.
    #[must_use]
    pub fn open(&self) -> Option<&ReclaimRequest> {
        self.request.as_ref().filter(|_| self.order.is_none() && self.declined.is_none())
    }
}

impl Case {
    /// The reclaim that was asked for and is neither ordered nor declined.
    #[must_use]
    pub fn reclaim_asked(&self) -> Option<&Reclaim> {
        self.reclaims.last().filter(|reclaim| reclaim.taken.is_none() && reclaim.declined.is_none())
    }

    /// How many correction notices it has had.
    #[must_use]
    pub fn notices(&self) -> u8 {
        self.correction.as_ref().map_or(0, |correction| correction.notices)
    }

    /// What was ordered when this node took the case over from one that was lost.
    #[must_use]
    pub fn taken_over(&self, here: NodeId) -> Option<&Taken> {
        let last = self.reclaims.iter().rev().find(|reclaim| reclaim.taken.is_some())?;
        last.taken.as_ref().filter(|_| last.lost.node != here)
    }

    /// The order under which this node has the case now, and nobody has had it since.
    #[must_use]
    pub fn reclaimed(&self) -> Option<&Reclaim> {
        let taken = |reclaim: &&Reclaim| reclaim.taken.as_ref().is_some_and(|taken| taken.tenure == self.tenure);
        self.reclaims.iter().rev().find(taken)
    }

    /// Whether an act of the history is in force.
    #[must_use]
    pub fn force(&self, act: &Act) -> Force {
        for reclaim in &self.reclaims {
            if let Some(taken) = &reclaim.taken
                && act.place.node == reclaim.lost.node
                && act.tenure < taken.tenure
                && act.number > taken.known
            {
                return if act.at < taken.fence { Force::Late } else { Force::Void };
            }
        }
        Force::InForce
    }

    /// The case without its applicant: neither his fields, nor what stood there before they were put right, nor what he brought.
    pub(super) fn nameless(&self) -> Box<Case> {
        let personal = Personal { wrapped_key: Vec::new(), name: Vec::new(), identity: Vec::new(), forgotten_at: None };
        let (materials, amendments) = (Vec::new(), Vec::new());
        let mut case =
            Case { personal, holder: [0; 32], materials, amendments, agent: None, part_of: None, ..self.clone() };
        let asked = case.correction.iter_mut().flat_map(|correction| &mut correction.asked);
        asked.filter_map(|line| line.brought.as_mut()).for_each(|brought| brought.materials.clear());
        Box::new(case)
    }

    /// Keeps among its materials what the owner took against a notice, for whoever goes on: an order doesn't say it.
    pub(super) fn keep_brought(&mut self) {
        let asked = self.correction.iter().flat_map(|correction| &correction.asked);
        let brought = asked.filter_map(|line| line.brought.as_ref()).flat_map(|brought| &brought.materials);
        let unknown: Vec<_> = brought.filter(|material| !self.materials.contains(material)).cloned().collect();
        self.materials.extend(unknown);
    }

    /// Takes over how a case stands in law; what belongs to this node stays: custody, tenure, acts, applicant, what was put right, materials.
    pub(super) fn stand_as(&mut self, standing: &Case) {
        let own = self.clone();
        *self = Case {
            custody: own.custody,
            tenure: own.tenure,
            acts: own.acts,
            after_offer: own.after_offer,
            heard: own.heard,
            collection_no: own.collection_no,
            query_code: own.query_code,
            personal: own.personal,
            agent: own.agent,
            holder: own.holder,
            materials: own.materials,
            amendments: own.amendments,
            item: ItemPin { statutory: standing.item.statutory, promised: standing.item.promised, ..own.item },
            deciding: own.deciding,
            collecting: own.collecting,
            reclaims: own.reclaims,
            deemed_at: None,
            renewal_at: None,
            back_since: own.back_since,
            part_of: own.part_of,
            // A line is its node's own: whoever goes on gives it a place in his.
            turn: None,
            ..standing.clone()
        };
        // An order doesn't say what was brought; this node may know it.
        let known = own.correction.map(|correction| correction.asked).unwrap_or_default();
        let asked = self.correction.iter_mut().flat_map(|correction| &mut correction.asked);
        for (line, known) in asked.zip(known) {
            if let (Some(brought), Some(known)) = (&mut line.brought, known.brought)
                && (brought.place.node, brought.act) == (known.place.node, known.act)
            {
                brought.materials = known.materials;
            }
        }
    }

    /// Whether the authority in charge had taken the case up and has more to do on it, so that another can't go on with it.
    #[must_use]
    pub fn is_taken_up(&self) -> bool {
        matches!(
            self.status,
            Status::Notified | Status::Supplemented | Status::Accepted | Status::SpecialProcedure | Status::Granted
        )
    }

    /// The node that has the case or was offered it, when that is another.
    #[must_use]
    pub fn away(&self) -> Option<Place> {
        match &self.custody {
            Custody::Owner => None,
            Custody::Offered { to, .. } => Some(*to),
            Custody::Elsewhere { owner, .. } => Some(*owner),
        }
    }
}
