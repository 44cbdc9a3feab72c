//! Custody (经办) of one case: who may act on it, and how that moves from node to node.
//!
//! Each custody has a *tenure*, a number that only grows. An offer freezes every act at the owner, and the owner can't take
//! it back: only the other's sealed acceptance or refusal ends it, or a superior's reclaim. The other's commit of its
//! acceptance, at the next tenure, is the moment at which custody moves; the owner's discharge merely records it. So from the
//! offer on there is never a moment with two nodes that may act, whatever is lost, repeated or late.

use minicbor::{Decode, Encode};
use tongban_codes::{division::DivisionCode, ids::NodeId, time::Timestamp};

/// What one node knows of the custody of one case.
///
/// ```text
///                 offer                   acceptance (n+1)
///   Owner(n) ───────────────▶ Offered(n) ─────────────────▶ Discharged(n+1)
///     ▲  ▲                        │                               │
///     │  └────── refusal ─────────┘                               │
///     │                                                           │
///     └──── accept an offer of n-1, or reclaimed at n ◀── Mirror, Discharged, nothing known
/// ```
///
/// Every state also becomes `Mirror` by a reclaim for another node, or by news of a higher tenure.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Custody {
    /// This node may act.
    #[n(0)]
    Owner {
        /// Its tenure, from 1.
        #[n(0)]
        tenure: u32,
    },
    /// This node has offered the case; nobody may act until the answer.
    #[n(1)]
    Offered {
        /// To whom.
        #[n(0)]
        to: NodeId,
        /// The division in whose name that node would act.
        #[n(1)]
        division: DivisionCode,
        /// The tenure of this node.
        #[n(2)]
        tenure: u32,
        /// The number of the act that offers.
        #[n(3)]
        act_number: u32,
    },
    /// This node was the owner and knows that another has accepted.
    #[n(2)]
    Discharged {
        /// Who has it now, as far as known here.
        #[n(0)]
        to: NodeId,
        /// That node's tenure.
        #[n(1)]
        tenure: u32,
    },
    /// This node knows of the case without having it.
    #[n(3)]
    Mirror {
        /// Who has it, as far as known here.
        #[n(0)]
        owner: NodeId,
        /// That node's tenure.
        #[n(1)]
        tenure: u32,
        /// When that was so.
        #[n(2)]
        as_of: Timestamp,
        /// The act number of the last offer at this tenure that this node has declined; 0 for none.
        #[n(3)]
        declined: u32,
    },
}

/// An offer of custody, as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Offer {
    /// Who offers.
    #[n(0)]
    pub from: NodeId,
    /// To whom.
    #[n(1)]
    pub to: NodeId,
    /// The division in whose name that node would act.
    #[n(2)]
    pub division: DivisionCode,
    /// The tenure of the one who offers; the taker gets the next.
    #[n(3)]
    pub tenure: u32,
    /// The number of the act that offers.
    #[n(4)]
    pub act_number: u32,
}

/// The answer to an offer, as it travels: whose it is, and to which offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OfferAnswer {
    /// Who answers.
    #[n(0)]
    pub by: NodeId,
    /// The tenure under which it was offered.
    #[n(1)]
    pub tenure: u32,
    /// The number of the act that offered.
    #[n(2)]
    pub act_number: u32,
}

/// The nearest common superior gives the case to a node, because the one that should have it is gone for good.
///
/// Where an offer is open, it goes back to the one who offered: that node is frozen, and a late refusal could still thaw it
/// beside any other. Where the lost node was the owner, the superior may choose. Either way it must have the newest tenure
/// before it: a lost node that had handed the case on is no reason to reclaim. If it errs, the higher tenure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Reclaim {
    /// Who gets it: the one who offered, if an offer is open.
    #[n(0)]
    pub to: NodeId,
    /// At which tenure: two above that of the open offer, one above what the lost node can have.
    #[n(1)]
    pub tenure: u32,
}

/// Why a step of custody isn't possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustodyError {
    /// The case is offered; nobody may act until the answer.
    #[error("the case is offered to node {to}; nothing may be done until it answers")]
    Frozen {
        /// To whom.
        to: NodeId,
    },
    /// Another node has the case.
    #[error("node {owner} has the case, at tenure {tenure}")]
    NotOwner {
        /// Who has it, as far as known here.
        owner: NodeId,
        /// At which tenure.
        tenure: u32,
    },
    /// The step is of a tenure that is over.
    #[error("tenure {given} is over; the case is at tenure {current}")]
    StaleTenure {
        /// The tenure here.
        current: u32,
        /// The tenure of the step.
        given: u32,
    },
    /// The offer was declined before, and stays declined.
    #[error("this offer was declined before")]
    Declined,
    /// The answer is to an offer that this node hasn't made, or comes from another node than the one asked.
    #[error("the answer is to another offer than the open one")]
    OtherOffer,
    /// The offer is for another node.
    #[error("the offer is for node {to}")]
    OtherNode {
        /// For whom.
        to: NodeId,
    },
    /// A case is offered to another node, never to oneself.
    #[error("the case is at this node already")]
    ToOneself,
    /// There are no tenures left.
    #[error("the tenures of this case are used up")]
    Exhausted,
}

impl CustodyError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Frozen { .. } => "custody-frozen",
            Self::NotOwner { .. } => "custody-not-owner",
            Self::StaleTenure { .. } => "stale-tenure",
            Self::Declined => "offer-declined",
            Self::OtherOffer => "offer-other",
            Self::OtherNode { .. } => "offer-other-node",
            Self::ToOneself => "offer-to-oneself",
            Self::Exhausted => "tenure-exhausted",
        }
    }
}

/// What an offer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Offered {
    /// The owner's new state.
    pub custody: Custody,
    /// What travels.
    pub offer: Offer,
}

/// What accepting or declining leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answered {
    /// The new state; `None` when the same answer was given before.
    pub custody: Option<Custody>,
    /// What travels back.
    pub answer: OfferAnswer,
}

impl Offer {
    fn answer(&self) -> OfferAnswer {
        OfferAnswer { by: self.to, tenure: self.tenure, act_number: self.act_number }
    }

    fn next_tenure(&self) -> Result<u32, CustodyError> {
        self.tenure.checked_add(1).ok_or(CustodyError::Exhausted)
    }
}

impl Custody {
    /// The custody of a case at the node where it begins.
    pub const fn first() -> Self {
        Self::Owner { tenure: 1 }
    }

    /// The highest tenure that this node knows of.
    pub const fn tenure(&self) -> u32 {
        match self {
            Self::Owner { tenure }
            | Self::Offered { tenure, .. }
            | Self::Discharged { tenure, .. }
            | Self::Mirror { tenure, .. } => *tenure,
        }
    }

    /// Whether this node may act on the case.
    ///
    /// # Errors
    /// [`CustodyError::Frozen`] while it is offered, [`CustodyError::NotOwner`] when another node has it.
    pub const fn may_act(&self) -> Result<u32, CustodyError> {
        match *self {
            Self::Owner { tenure } => Ok(tenure),
            Self::Offered { to, .. } => Err(CustodyError::Frozen { to }),
            Self::Discharged { to: owner, tenure } | Self::Mirror { owner, tenure, .. } => {
                Err(CustodyError::NotOwner { owner, tenure })
            }
        }
    }

    /// Offers the case to another node and freezes it here.
    ///
    /// # Errors
    /// What [`may_act`](Self::may_act) says, and [`CustodyError::ToOneself`].
    pub fn offer(
        &self,
        me: NodeId,
        to: NodeId,
        division: DivisionCode,
        act_number: u32,
    ) -> Result<Offered, CustodyError> {
        let tenure = self.may_act()?;
        if to == me {
            return Err(CustodyError::ToOneself);
        }
        let offer = Offer { from: me, to, division, tenure, act_number };
        offer.next_tenure()?;
        Ok(Offered { custody: Self::Offered { to, division, tenure, act_number }, offer })
    }

    /// Takes an offered case: from the commit of this on, this node is the owner at the next tenure.
    ///
    /// # Errors
    /// [`CustodyError::OtherNode`], [`CustodyError::StaleTenure`] or [`CustodyError::Declined`].
    pub fn accept_offer(known: Option<&Self>, me: NodeId, offer: &Offer) -> Result<Answered, CustodyError> {
        let next = offer.next_tenure()?;
        match Self::judge_offer(known, me, offer, next)? {
            Known::Accepted => Ok(Answered { custody: None, answer: offer.answer() }),
            Known::Declined => Err(CustodyError::Declined),
            Known::Open => Ok(Answered { custody: Some(Self::Owner { tenure: next }), answer: offer.answer() }),
        }
    }

    /// Declines an offered case, for good: the same offer can't be accepted later.
    ///
    /// # Errors
    /// [`CustodyError::OtherNode`] or [`CustodyError::StaleTenure`], the latter also when it was accepted before.
    pub fn decline_offer(
        known: Option<&Self>,
        me: NodeId,
        offer: &Offer,
        at: Timestamp,
    ) -> Result<Answered, CustodyError> {
        let next = offer.next_tenure()?;
        match Self::judge_offer(known, me, offer, next)? {
            Known::Accepted => Err(CustodyError::StaleTenure { current: next, given: offer.tenure }),
            Known::Declined => Ok(Answered { custody: None, answer: offer.answer() }),
            Known::Open => {
                let custody =
                    Self::Mirror { owner: offer.from, tenure: offer.tenure, as_of: at, declined: offer.act_number };
                Ok(Answered { custody: Some(custody), answer: offer.answer() })
            }
        }
    }

    /// The other node has accepted: records the discharge. `Ok(None)` for a harmless repeat.
    ///
    /// # Errors
    /// [`CustodyError::StaleTenure`] when the case has moved on (a reclaim), [`CustodyError::OtherOffer`].
    pub fn receipt(&self, answer: &OfferAnswer) -> Result<Option<Self>, CustodyError> {
        let taken = answer.tenure.checked_add(1).ok_or(CustodyError::Exhausted)?;
        match *self {
            Self::Offered { to, tenure, act_number, .. } if answer.is_to(to, tenure, act_number) => {
                Ok(Some(Self::Discharged { to, tenure: taken }))
            }
            Self::Discharged { to, tenure } if to == answer.by && tenure == taken => Ok(None),
            _ => Err(self.mismatch(answer.tenure)),
        }
    }

    /// The other node has declined: this node is the owner as before. `Ok(None)` for a harmless repeat.
    ///
    /// # Errors
    /// [`CustodyError::StaleTenure`] when the case has moved on, [`CustodyError::OtherOffer`].
    pub fn refused(&self, answer: &OfferAnswer) -> Result<Option<Self>, CustodyError> {
        match *self {
            Self::Offered { to, tenure, act_number, .. } if answer.is_to(to, tenure, act_number) => {
                Ok(Some(Self::Owner { tenure }))
            }
            // The act numbers tell a repeat from the answer to a later offer.
            Self::Offered { tenure, act_number, .. } if tenure == answer.tenure && answer.act_number < act_number => {
                Ok(None)
            }
            Self::Owner { tenure } if tenure == answer.tenure => Ok(None),
            _ => Err(self.mismatch(answer.tenure)),
        }
    }

    /// A superior has given the case to a node. `Ok(None)` for a harmless repeat.
    ///
    /// # Errors
    /// [`CustodyError::StaleTenure`] when a higher tenure is known here.
    pub fn reclaimed(
        known: Option<&Self>,
        me: NodeId,
        reclaim: &Reclaim,
        at: Timestamp,
    ) -> Result<Option<Self>, CustodyError> {
        let Reclaim { to, tenure } = *reclaim;
        let current = known.map_or(0, Self::tenure);
        let after =
            if to == me { Self::Owner { tenure } } else { Self::Mirror { owner: to, tenure, as_of: at, declined: 0 } };
        if tenure > current {
            return Ok(Some(after));
        }
        // It was taken in before, and the case may since have been offered on at the same tenure.
        if tenure == current { Ok(None) } else { Err(CustodyError::StaleTenure { current, given: tenure }) }
    }

    /// News of who has the case, from a notice or a journal. `Ok(None)` when nothing newer is said.
    ///
    /// # Errors
    /// [`CustodyError::StaleTenure`] when a higher tenure is known here.
    pub fn observed(
        known: Option<&Self>,
        owner: NodeId,
        tenure: u32,
        as_of: Timestamp,
    ) -> Result<Option<Self>, CustodyError> {
        let mirror = |declined| Self::Mirror { owner, tenure, as_of, declined };
        match known {
            None => Ok(Some(mirror(0))),
            Some(known) if tenure > known.tenure() => match known {
                // The open offer was accepted, and the news came before the answer: the answer is what discharges.
                Self::Offered { to, tenure: offered, .. } if *to == owner && offered.checked_add(1) == Some(tenure) => {
                    Ok(None)
                }
                _ => Ok(Some(mirror(0))),
            },
            Some(known) if tenure < known.tenure() => {
                Err(CustodyError::StaleTenure { current: known.tenure(), given: tenure })
            }
            Some(Self::Mirror { as_of: earlier, declined, .. }) if as_of > *earlier => Ok(Some(mirror(*declined))),
            Some(_) => Ok(None),
        }
    }

    fn judge_offer(known: Option<&Self>, me: NodeId, offer: &Offer, next: u32) -> Result<Known, CustodyError> {
        if offer.to != me {
            return Err(CustodyError::OtherNode { to: offer.to });
        }
        match known {
            Some(Self::Owner { tenure }) if *tenure == next => Ok(Known::Accepted),
            Some(Self::Owner { tenure } | Self::Offered { tenure, .. }) if *tenure >= offer.tenure => {
                Err(CustodyError::StaleTenure { current: *tenure, given: offer.tenure })
            }
            Some(Self::Discharged { tenure, .. } | Self::Mirror { tenure, .. }) if *tenure > offer.tenure => {
                Err(CustodyError::StaleTenure { current: *tenure, given: offer.tenure })
            }
            Some(Self::Mirror { tenure, declined, .. }) if *tenure == offer.tenure && *declined >= offer.act_number => {
                Ok(Known::Declined)
            }
            _ => Ok(Known::Open),
        }
    }

    fn mismatch(&self, given: u32) -> CustodyError {
        let current = self.tenure();
        if current > given { CustodyError::StaleTenure { current, given } } else { CustodyError::OtherOffer }
    }
}

impl OfferAnswer {
    fn is_to(&self, to: NodeId, tenure: u32, act_number: u32) -> bool {
        self.by == to && self.tenure == tenure && self.act_number == act_number
    }
}

enum Known {
    Open,
    Accepted,
    Declined,
}

#[cfg(test)]
#[path = "custody_tests.rs"]
mod tests;
