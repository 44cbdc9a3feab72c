//! Every decoder of bytes that come from outside: none may panic, and what one accepts it must write and read again as the same.
//!
//! `cargo nextest run -p decoders` feeds each the committed corpus and mutations of it; `scripts/fuzz` feeds them what libFuzzer finds.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::Timestamp;
use tongban_codes::{cbor, citizen_id, credit_code, division, item_code, licence_id, time};
use tongban_federation::wire::{Frame, Request, Response};
use tongban_federation::{
    Config, Envelope, FederationLevel, Input, Invitation, Progress, Receipt, Release, Role, Sealed, Session,
    SignedRecord, Unseal, UnsealError, VersionRange,
};
use tongban_journal::{Body, Entry, Slice};
use tongban_seal::{SignedNote, batch, content_type, cose};

/// A decoder by its name, which is also the name of its corpus.
pub type Decoder = (&'static str, fn(&[u8]));

/// All of them.
pub const DECODERS: &[Decoder] = &[
    ("cbor", |bytes| drop(cbor::validate(bytes))),
    ("frame", |bytes| again(bytes, Frame::from_bytes, Frame::to_bytes)),
    ("request", |bytes| again(bytes, Request::from_bytes, Request::to_bytes)),
    ("response", |bytes| again(bytes, Response::from_bytes, Response::to_bytes)),
    ("envelope", |bytes| again(bytes, Envelope::from_bytes, Envelope::to_bytes)),
    ("receipt", |bytes| again(bytes, Receipt::from_bytes, Receipt::to_bytes)),
    ("record", |bytes| {
        again(bytes, |bytes| cbor::from_slice::<SignedRecord>(bytes), |record| record.to_sealed().into_bytes());
    }),
    ("seal", seal),
    ("note", note),
    ("entry", entry),
    ("body", |bytes| again(bytes, Body::parse, Body::to_bytes)),
    ("slice", slice),
    ("certificate", |bytes| drop(tongban_quic::certificate::parse(bytes))),
    ("invitation", |bytes| text::<Invitation>(bytes)),
    ("codes", codes),
    ("session", session),
];

/// The decoder of a name.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn decoder(name: &str) -> fn(&[u8]) {
    let found = DECODERS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no decoder is called {name}")).1
}

fn again<T: PartialEq + Debug, E: Debug>(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<T, E>,
    write: impl Fn(&T) -> Vec<u8>,
) {
    let Ok(value) = read(bytes) else { return };
    match read(&write(&value)) {
        Ok(same) => assert_eq!(same, value),
        Err(error) => panic!("what was accepted is refused when it is written again: {error:?}"),
    }
}

fn text<T: FromStr + Display>(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(value) = text.parse::<T>() else { return };
    let shown = value.to_string();
    match shown.parse::<T>() {
        Ok(same) => assert_eq!(same.to_string(), shown),
        Err(_) => panic!("{shown} was written and is refused"),
    }
}

fn codes(bytes: &[u8]) {
    text::<division::DivisionCode>(bytes);
    text::<credit_code::CreditCode>(bytes);
    text::<citizen_id::CitizenId>(bytes);
    text::<item_code::BasicCode>(bytes);
    text::<item_code::ImplementationCode>(bytes);
    text::<licence_id::LicenceId>(bytes);
    text::<NodeId>(bytes);
    text::<CaseId>(bytes);
    text::<QueryCode>(bytes);
    text::<time::Date>(bytes);
    text::<Timestamp>(bytes);
}

fn seal(bytes: &[u8]) {
    let none = |_: &tongban_seal::KeyId| None;
    assert!(batch::open(bytes, content_type::ENVELOPE, &none).is_err(), "opened without a key");
    assert!(cose::open(bytes, &none, &[]).is_err(), "opened without a key");
    drop(cose::claimed_payload(bytes));
}

fn note(bytes: &[u8]) {
    let Ok(note) = SignedNote::parse(bytes) else { return };
    assert_eq!(note.to_bytes(), bytes, "a note has one form");
    assert!(note.verify(&[]).is_err(), "verified without a key");
}

fn entry(bytes: &[u8]) {
    let Ok(entry) = Entry::parse(bytes.to_vec()) else { return };
    assert_eq!(entry.bytes(), bytes);
    // Headers of a later release are an error, not a fault.
    drop(entry.header());
}

fn slice(bytes: &[u8]) {
    let Ok(slice) = Slice::parse(bytes) else { return };
    again(bytes, Slice::parse, Slice::to_bytes);
    note(&slice.checkpoint);
    for record in &slice.entries {
        entry(&record.entry);
        if let (Ok(entry), Ok(body)) = (Entry::parse(record.entry.to_vec()), Body::parse(&record.body)) {
            let _verified = body.verify(&entry);
        }
    }
}

struct Shut;

impl Unseal for Shut {
    fn open(&self, signer: &NodeId, _: &str, _: &Sealed) -> Result<Vec<u8>, UnsealError> {
        Err(UnsealError::UnknownSigner(*signer))
    }
}

/// Frames, each behind its length in two bytes, to a session whose connection has just been made.
fn session(mut bytes: &[u8]) {
    let division = division::DivisionCode::from_str("511602").expect("a division");
    let now = Timestamp::from_seconds(1_790_000_000);
    let peer = NodeId::from_bytes([2; 16]);
    let config = Config {
        me: NodeId::from_bytes([1; 16]),
        division,
        epoch: 1,
        release: Release::of_this_build(),
        versions: VersionRange::SPOKEN,
        level: FederationLevel::FIRST,
        peer,
        peer_epoch: 0,
        role: Role::Accept,
        lasting: true,
        seed: 1,
    };
    let mut session = Session::new(config, now);
    session.handle(Input::Connected { peer, division, progress: Progress::default() }, now, &Shut);
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (frame, rest) = rest.split_at(length);
        session.handle(Input::Frame(frame.to_vec()), now, &Shut);
        while session.poll_output().is_some() {}
        bytes = rest;
    }
}
