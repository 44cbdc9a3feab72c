//! What is stored in the log: CBOR, fields keyed by numbers that are never used again.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode, bytes::ByteSlice};
use openraft::{EntryPayload, impls::leader_id_std};
use tongban_codes::cbor;

use super::{
    RaftError,
    binding::{Entry, LogId, Membership, Proposal, StoredMembership, Term, Vote},
};

/// The tags of the log's small records.
pub(super) const VOTE: u8 = 1;
pub(super) const COMMITTED: u8 = 2;
pub(super) const MEMBERSHIP: u8 = 3;
pub(super) const PURGED: u8 = 4;

/// An entry, without its index, which the log keeps. Neither bytes nor members: the blank entry of a new term.
#[derive(Encode, Decode)]
#[cbor(map)]
struct EntryRecord<'a> {
    #[n(0)]
    term: u64,
    #[b(1)]
    proposal: Option<&'a ByteSlice>,
    #[n(2)]
    members: Option<MembersRecord>,
}

/// Who votes, and who only follows. Two sets of voters: a change is under way.
#[derive(Encode, Decode)]
#[cbor(map)]
struct MembersRecord {
    #[n(0)]
    voters: Vec<Vec<u64>>,
    #[n(1)]
    learners: Vec<u64>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct VoteRecord {
    #[n(0)]
    term: u64,
    #[n(1)]
    replica: u64,
    #[n(2)]
    committed: bool,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PositionRecord {
    #[n(0)]
    term: u64,
    #[n(1)]
    index: u64,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct MembershipRecord {
    #[n(0)]
    at: Option<PositionRecord>,
    #[n(1)]
    members: MembersRecord,
}

pub(super) fn log_id(term: u64, index: u64) -> LogId {
    LogId { leader_id: Term::new(term), index }
}

pub(super) fn encode_entry(entry: &Entry) -> Vec<u8> {
    let (proposal, members) = match &entry.payload {
        EntryPayload::Blank => (None, None),
        EntryPayload::Normal(proposal) => (Some(<&ByteSlice>::from(&*proposal.0)), None),
        EntryPayload::Membership(membership) => (None, Some(members_record(membership))),
    };
    cbor::to_vec(&EntryRecord { term: entry.log_id.leader_id.term, proposal, members })
}

pub(super) fn decode_entry(index: u64, bytes: &[u8]) -> Result<Entry, RaftError> {
    let record: EntryRecord<'_> = decode("entry", bytes)?;
    let payload = match (record.proposal, record.members) {
        (None, None) => EntryPayload::Blank,
        (Some(bytes), None) => {
            let bytes: &[u8] = bytes;
            EntryPayload::Normal(Proposal(bytes.into()))
        }
        (None, Some(members)) => EntryPayload::Membership(membership(members)),
        (Some(_), Some(_)) => {
            return Err(RaftError::Record { what: "entry", detail: format!("entry {index} is of two kinds") });
        }
    };
    Ok(Entry { log_id: log_id(record.term, index), payload })
}

pub(super) fn encode_vote(vote: &Vote) -> Vec<u8> {
    cbor::to_vec(&VoteRecord {
        term: vote.leader_id.term,
        replica: vote.leader_id.voted_for,
        committed: vote.committed,
    })
}

pub(super) fn decode_vote(bytes: &[u8]) -> Result<Vote, RaftError> {
    let record: VoteRecord = decode("vote", bytes)?;
    Ok(Vote {
        leader_id: leader_id_std::LeaderId { term: record.term, voted_for: record.replica },
        committed: record.committed,
    })
}

pub(super) fn encode_position(log_id: &LogId) -> Vec<u8> {
    cbor::to_vec(&position_record(log_id))
}

pub(super) fn decode_position(what: &'static str, bytes: &[u8]) -> Result<LogId, RaftError> {
    let record: PositionRecord = decode(what, bytes)?;
    Ok(log_id(record.term, record.index))
}

pub(super) fn encode_membership(stored: &StoredMembership) -> Vec<u8> {
    cbor::to_vec(&MembershipRecord {
        at: stored.log_id().as_ref().map(position_record),
        members: members_record(stored.membership()),
    })
}

pub(super) fn decode_membership(bytes: &[u8]) -> Result<StoredMembership, RaftError> {
    let record: MembershipRecord = decode("membership", bytes)?;
    Ok(StoredMembership::new(record.at.map(|at| log_id(at.term, at.index)), membership(record.members)))
}

fn position_record(log_id: &LogId) -> PositionRecord {
    PositionRecord { term: log_id.leader_id.term, index: log_id.index }
}

fn members_record(membership: &Membership) -> MembersRecord {
    MembersRecord {
        voters: membership.get_joint_config().iter().map(|voters| voters.iter().copied().collect()).collect(),
        learners: membership.learner_ids().collect(),
    }
}

fn membership(record: MembersRecord) -> Membership {
    let voters: Vec<BTreeSet<u64>> = record.voters.into_iter().map(|voters| voters.into_iter().collect()).collect();
    Membership::new_with_defaults(voters, record.learners)
}

fn decode<'b, T: Decode<'b, ()>>(what: &'static str, bytes: &'b [u8]) -> Result<T, RaftError> {
    cbor::from_slice(bytes).map_err(|error| RaftError::Record { what, detail: error.to_string() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn entries_keep_their_bytes() {
        let members = Membership::new_with_defaults(vec![BTreeSet::from([1, 2])], [3]);
        for (payload, golden) in [
            (EntryPayload::Blank, "a10007"),
            (EntryPayload::Normal(Proposal(Arc::from(*b"abc"))), "a200070143616263"),
            (EntryPayload::Membership(members), "a2000702a20081820102018103"),
        ] {
            let entry = Entry { log_id: log_id(7, 9), payload };
            let bytes = encode_entry(&entry);
            assert_eq!(hex(&bytes), golden);
            let again = decode_entry(9, &bytes).unwrap();
            assert_eq!(again.log_id, entry.log_id);
            assert!(again.payload == entry.payload);
        }
    }

    #[test]
    fn records_keep_their_bytes() {
        let vote = Vote { leader_id: leader_id_std::LeaderId { term: 3, voted_for: 1 }, committed: true };
        assert_eq!(hex(&encode_vote(&vote)), "a30003010102f5");
        assert_eq!(decode_vote(&encode_vote(&vote)).unwrap(), vote);

        let position = log_id(3, 500);
        assert_eq!(hex(&encode_position(&position)), "a20003011901f4");
        assert_eq!(decode_position("position", &encode_position(&position)).unwrap(), position);

        let stored =
            StoredMembership::new(Some(log_id(0, 0)), Membership::new_with_defaults(vec![BTreeSet::from([1])], []));
        assert_eq!(hex(&encode_membership(&stored)), "a200a20000010001a2008181010180");
        assert_eq!(decode_membership(&encode_membership(&stored)).unwrap(), stored);
        assert_eq!(decode_vote(b"\xa1").unwrap_err().code(), "log-record");
    }

    use std::sync::Arc;
}
