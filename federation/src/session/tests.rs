//! Every state with every input, and the discipline of acknowledgements.

use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};

use super::*;
use crate::{
    delivery::{Load, Outgoing},
    envelope::{Body, Envelope, Flow, Subject},
    receipt::{Outcome, Receipt},
    sealed::{Sealed, UnsealError},
    version::{FederationLevel, ProtocolVersion, Release, VersionRange},
    why::{Cause, Reason},
    wire::{Chain, Held, HelloAck, JournalSize, Nudge, Records, SignedBy},
};

const ME: NodeId = NodeId::from_bytes([1; 16]);
const PEER: NodeId = NodeId::from_bytes([2; 16]);
const FAR: NodeId = NodeId::from_bytes([3; 16]);

/// A seal of the tests: the bytes themselves, for known signers.
struct Plain;

impl Unseal for Plain {
    fn open(&self, signer: &NodeId, _: &str, sealed: &Sealed) -> Result<Vec<u8>, UnsealError> {
        if [ME, PEER, FAR].contains(signer) {
            Ok(sealed.as_bytes().to_vec())
        } else {
            Err(UnsealError::UnknownSigner(*signer))
        }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn division() -> DivisionCode {
    DivisionCode::from_number(511_602_000_000).unwrap_or_else(|| unreachable!("a code of the table"))
}

fn config(role: Role) -> Config {
    Config {
        me: ME,
        division: division(),
        epoch: 1,
        release: Release { major: 0, minor: 1, patch: 0 },
        versions: VersionRange::SPOKEN,
        level: FederationLevel::FIRST,
        peer: PEER,
        peer_epoch: 2,
        role,
        lasting: false,
        seed: 1,
    }
}

fn hello() -> Hello {
    Hello {
        versions: VersionRange::SPOKEN,
        release: Release { major: 0, minor: 1, patch: 0 },
        node: PEER,
        division: division(),
        epoch: 2,
        level: FederationLevel::FIRST,
        at: at(0),
        high_waters: vec![],
        journals: vec![],
        directory: None,
    }
}

fn envelope(origin: NodeId, destination: NodeId, sequence: u64) -> Envelope {
    Envelope {
        origin,
        epoch: 1,
        destination,
        sequence,
        subject: Subject::from_bytes([5; 16]),
        act_number: 1,
        kind: 1,
        version: 1,
        body: Body::Plain(vec![]),
    }
}

fn signed(envelope: &Envelope) -> SignedBy {
    SignedBy { signer: envelope.origin, sealed: Sealed::new(envelope.to_bytes()) }
}

fn receipt(envelope: &Envelope) -> SignedBy {
    let receipt = Receipt::of(envelope, Outcome::Applied { detail: vec![] }, at(0));
    SignedBy { signer: receipt.receiver, sealed: Sealed::new(receipt.to_bytes()) }
}

fn frame(frame: &Frame) -> Input {
    Input::Frame(frame.to_bytes())
}

fn connected() -> Input {
    Input::Connected {
        peer: PEER,
        division: division(),
        progress: Progress { directory: Some(Digest::of(b"x")), ..Progress::default() },
    }
}

fn name(output: &Output) -> String {
    match output {
        Output::Send(bytes) => match Frame::from_bytes(bytes) {
            Ok(frame) => format!("send {}", format!("{frame:?}").split('(').next().unwrap_or_default()),
            Err(error) => format!("send {error}"),
        },
        Output::Close { code, .. } => format!("close {code}"),
        other => format!("{other:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned(),
    }
}

fn feed(session: &mut Session, input: Input, now: Timestamp) -> String {
    session.handle(input, now, &Plain);
    std::iter::from_fn(|| session.poll_output()).map(|output| name(&output)).collect::<Vec<_>>().join(", ")
}

fn state(session: &Session) -> &'static str {
    match session.state() {
        State::Waiting { .. } => "waiting",
        State::Dialing { .. } => "dialing",
        State::Greeting { .. } => "greeting",
        State::Open { .. } => "open",
        State::Draining { .. } => "draining",
        State::Closed => "closed",
    }
}

/// A session in the named state, at second 0.
fn in_state(name: &str) -> Session {
    let mut session = Session::new(config(Role::Dial), at(0));
    let ack = Frame::HelloAck(HelloAck { version: ProtocolVersion(1) });
    let steps: Vec<Input> = match name {
        "waiting" => vec![],
        "dialing" => vec![Input::Timeout],
        "greeting" => vec![Input::Timeout, connected()],
        "open" => vec![Input::Timeout, connected(), frame(&Frame::Hello(hello())), frame(&ack)],
        "draining" => {
            let one = frame(&Frame::Envelope(signed(&envelope(PEER, ME, 1))));
            vec![
                Input::Timeout,
                connected(),
                frame(&Frame::Hello(hello())),
                frame(&ack),
                one,
                Input::Drain(CloseCode::GoingAway),
            ]
        }
        _ => vec![Input::Shut(CloseCode::Cut)],
    };
    for step in steps {
        feed(&mut session, step, at(0));
    }
    assert_eq!(state(&session), name);
    session
}

const STATES: [&str; 6] = ["waiting", "dialing", "greeting", "open", "draining", "closed"];

#[test]
fn every_state_with_every_input() {
    let mine = envelope(ME, PEER, 1);
    let theirs = envelope(PEER, ME, 1);
    let passing = envelope(PEER, FAR, 1);
    let second = envelope(PEER, ME, 2);
    let journal = JournalSize { origin: PEER, journal: 0, epoch: 1, size: 9 };
    let ignored = ["", "", "", "", "", ""];
    let same = STATES;
    let flow = theirs.flow();
    let rows: Vec<(&str, Input, [&str; 6], [&str; 6])> = vec![
        (
            "connected",
            connected(),
            ["send Hello", "send Hello", "", "", "", ""],
            ["greeting", "greeting", "greeting", "open", "draining", "closed"],
        ),
        (
            "disconnected",
            Input::Disconnected,
            ignored,
            ["waiting", "waiting", "waiting", "waiting", "waiting", "closed"],
        ),
        (
            "timeout at once",
            Input::Timeout,
            ["Dial", "", "", "", "", ""],
            ["dialing", "dialing", "greeting", "open", "draining", "closed"],
        ),
        ("hello", frame(&Frame::Hello(hello())), ["", "", "send HelloAck", "", "", ""], same),
        ("hello ack", frame(&Frame::HelloAck(HelloAck { version: ProtocolVersion(1) })), ignored, same),
        (
            "refuse",
            frame(&Frame::Refuse(Refusal { code: "cut".to_owned(), text: String::new() })),
            ["", "", "close cut", "close cut", "close cut", ""],
            ["waiting", "dialing", "waiting", "waiting", "waiting", "closed"],
        ),
        (
            "bye",
            frame(&Frame::Bye(Bye { code: 1, text: String::new() })),
            ["", "", "close idle", "close idle", "close idle", ""],
            ["waiting", "dialing", "waiting", "waiting", "waiting", "closed"],
        ),
        (
            "garbage",
            Input::Frame(vec![0xff]),
            ["", "", "send Refuse, close protocol", "send Bye, close protocol", "send Bye, close protocol", ""],
            ["waiting", "dialing", "waiting", "waiting", "waiting", "closed"],
        ),
        ("envelope for me", frame(&Frame::Envelope(signed(&second))), ["", "", "", "Deliver", "", ""], same),
        ("envelope for another", frame(&Frame::Envelope(signed(&passing))), ["", "", "", "Relay", "", ""], same),
        ("my own, come back", frame(&Frame::Envelope(signed(&mine))), ignored, same),
        (
            "receipt for me",
            frame(&Frame::Receipt(receipt(&mine))),
            ["", "", "", "RecordReceipt", "RecordReceipt", ""],
            same,
        ),
        (
            "receipt for another",
            frame(&Frame::Receipt(receipt(&passing))),
            ["", "", "", "RelayReceipt", "RelayReceipt", ""],
            same,
        ),
        ("held", frame(&Frame::Held(Held { flow: mine.flow(), sequence: 1 })), ignored, same),
        (
            "records",
            frame(&Frame::Records(Records { records: vec![] })),
            ["", "", "", "RecordsReceived", "RecordsReceived", ""],
            same,
        ),
        (
            "nudge",
            frame(&Frame::Nudge(Nudge { journals: vec![journal] })),
            ["", "", "", "PullDue", "PullDue", ""],
            same,
        ),
        (
            "chain",
            frame(&Frame::Chain(Chain { certificates: vec![] })),
            ["", "", "", "ChainReceived", "ChainReceived", ""],
            same,
        ),
        ("ping", frame(&Frame::Ping(Echo { number: 1 })), ["", "", "send Pong", "send Pong", "send Pong", ""], same),
        ("pong", frame(&Frame::Pong(Echo { number: 1 })), ignored, same),
        ("outbox grew", Input::OutboxGrew { flow: mine.flow(), from: 1 }, ["", "", "", "LoadOutbox", "", ""], same),
        ("outbound", Input::Outbound { flow: mine.flow(), envelopes: vec![], more: false }, ignored, same),
        (
            "committed",
            Input::Committed { flow, sequence: 1, receipt: receipt(&theirs) },
            ["", "", "", "send Receipt", "send Receipt, send Bye, close going-away", ""],
            ["waiting", "dialing", "greeting", "open", "waiting", "closed"],
        ),
        (
            "stored",
            Input::Stored { flow, sequence: 1 },
            ["", "", "", "send Held", "send Held, send Bye, close going-away", ""],
            ["waiting", "dialing", "greeting", "open", "waiting", "closed"],
        ),
        (
            "dropped",
            Input::Dropped { flow, sequence: 1 },
            ["", "", "", "", "send Bye, close going-away", ""],
            ["waiting", "dialing", "greeting", "open", "waiting", "closed"],
        ),
        ("receipt recorded", Input::ReceiptRecorded { flow: mine.flow(), sequence: 1 }, ignored, same),
        (
            "records changed",
            Input::RecordsChanged(vec![Sealed::new(vec![1])]),
            ["", "", "", "send Records", "", ""],
            same,
        ),
        ("journal grew", Input::JournalGrew(vec![journal]), ["", "", "", "send Nudge", "", ""], same),
        ("chain changed", Input::ChainChanged(vec![]), ["", "", "", "send Chain", "", ""], same),
        (
            "drain",
            Input::Drain(CloseCode::GoingAway),
            ["", "close going-away", "send Refuse, close going-away", "send Bye, close going-away", "", ""],
            ["waiting", "waiting", "waiting", "waiting", "draining", "closed"],
        ),
        (
            "shut",
            Input::Shut(CloseCode::Cut),
            ["", "close cut", "send Refuse, close cut", "send Bye, close cut", "send Bye, close cut", ""],
            ["closed"; 6],
        ),
    ];
    for (what, input, outputs, after) in rows {
        for ((before, expected), then) in STATES.into_iter().zip(outputs).zip(after) {
            let mut session = in_state(before);
            assert_eq!(feed(&mut session, input.clone(), at(0)), expected, "{what} while {before}");
            assert_eq!(state(&session), then, "{what} while {before}");
        }
    }
}

#[test]
fn timeouts_in_every_state() {
    for (before, seconds, output, after) in [
        ("dialing", 10, "close timed-out", "waiting"),
        ("greeting", 10, "send Refuse, close timed-out", "waiting"),
        ("open", 14, "", "open"),
        ("open", 15, "send Ping", "open"),
        ("open", 45, "send Bye, close timed-out", "waiting"),
        ("draining", 10, "send Bye, close going-away", "waiting"),
        ("closed", 1000, "", "closed"),
    ] {
        let mut session = in_state(before);
        assert_eq!(feed(&mut session, Input::Timeout, at(seconds)), output, "{before} after {seconds} s");
        assert_eq!(state(&session), after, "{before} after {seconds} s");
    }
}

#[test]
fn hellos_that_are_refused() {
    let other = VersionRange { min: ProtocolVersion(7), max: ProtocolVersion(9) };
    let county = DivisionCode::from_number(511_603_000_000).unwrap_or_else(division);
    for (what, hello, close) in [
        ("another node", Hello { node: FAR, ..hello() }, "identity"),
        ("another division", Hello { division: county, ..hello() }, "identity"),
        ("an epoch that is over", Hello { epoch: 1, ..hello() }, "stale-epoch"),
        ("no common version", Hello { versions: other, ..hello() }, "version-skew"),
    ] {
        let mut session = in_state("greeting");
        assert_eq!(
            feed(&mut session, frame(&Frame::Hello(hello)), at(0)),
            format!("send Refuse, close {close}"),
            "{what}"
        );
        assert!(session.poll_timeout() >= Some(at(limits::DIAL_BACKOFF_SECONDS_MAX / 2)), "{what}: a person is needed");
    }
    let mut session = in_state("dialing");
    let stranger = Input::Connected { peer: FAR, division: division(), progress: Progress::default() };
    assert_eq!(feed(&mut session, stranger, at(0)), "send Refuse, close identity");
}

#[test]
fn opening_announces_what_is_new() {
    let mut session = in_state("greeting");
    let journal = JournalSize { origin: PEER, journal: 0, epoch: 1, size: 9 };
    feed(&mut session, frame(&Frame::Hello(Hello { epoch: 3, journals: vec![journal], ..hello() })), at(0));
    let ack = Frame::HelloAck(HelloAck { version: ProtocolVersion(1) });
    assert_eq!(feed(&mut session, frame(&ack), at(0)), "Opened, PeerRestored, LoadRecords, PullDue");

    let mut session = in_state("greeting");
    feed(&mut session, frame(&Frame::Hello(Hello { directory: Some(Digest::of(b"x")), ..hello() })), at(0));
    assert_eq!(feed(&mut session, frame(&ack), at(0)), "Opened", "the same directory, epoch and journals");
}

#[test]
fn nothing_is_acknowledged_before_the_driver_says_so() {
    let mut session = in_state("open");
    let theirs = envelope(PEER, ME, 1);
    assert_eq!(feed(&mut session, frame(&Frame::Envelope(signed(&theirs))), at(0)), "Deliver");
    assert_eq!(feed(&mut session, frame(&Frame::Envelope(signed(&theirs))), at(1)), "", "a repeat while it is pending");
    assert_eq!(session.cause().reason, Reason::WaitingForCommit);
    let committed = Input::Committed { flow: theirs.flow(), sequence: 1, receipt: receipt(&theirs) };
    assert_eq!(feed(&mut session, committed, at(2)), "send Receipt");
    assert_eq!(
        feed(&mut session, frame(&Frame::Envelope(signed(&theirs))), at(3)),
        "Deliver",
        "judged again after that"
    );
}

#[test]
fn an_envelope_is_sent_until_its_receipt_is_recorded() {
    let mut session = in_state("open");
    let mine = envelope(ME, PEER, 1);
    let flow = mine.flow();
    session.handle(Input::OutboxGrew { flow, from: 1 }, at(0), &Plain);
    let load = Load { after: 0, limit: limits::WINDOW_ENVELOPES };
    assert_eq!(session.poll_output(), Some(Output::LoadOutbox { flow, load }));
    let outgoing = Outgoing::of(&mine, signed(&mine).sealed);
    let outbound = Input::Outbound { flow, envelopes: vec![outgoing], more: false };
    assert_eq!(feed(&mut session, outbound, at(0)), "send Envelope");
    assert_eq!(session.cause().reason, Reason::WaitingForReceipt);
    assert_eq!(feed(&mut session, Input::Timeout, at(5)), "send Envelope", "again");
    assert_eq!(feed(&mut session, frame(&Frame::Receipt(receipt(&mine))), at(6)), "RecordReceipt");
    assert_eq!(feed(&mut session, Input::Timeout, at(16)), "", "the receipt waits to be recorded");
    assert_eq!(feed(&mut session, Input::ReceiptRecorded { flow, sequence: 1 }, at(16)), "");
    assert_eq!(session.cause().reason, Reason::CaughtUp);
}

#[test]
fn seals_that_cannot_be_relied_on_are_dropped() {
    let mut session = in_state("open");
    let stranger = NodeId::from_bytes([7; 16]);
    let unknown = envelope(stranger, ME, 1);
    assert_eq!(feed(&mut session, frame(&Frame::Envelope(signed(&unknown))), at(0)), "WantRecord");
    let lent = SignedBy { signer: FAR, ..signed(&envelope(PEER, ME, 1)) };
    assert_eq!(feed(&mut session, frame(&Frame::Envelope(lent)), at(0)), "Distrusted");
    assert_eq!(state(&session), "open", "the peer may be an innocent relay");
}

#[test]
fn limits_close_the_link_and_bound_what_waits() {
    let mut session = in_state("open");
    let mut closed = String::new();
    for _ in 0..=limits::FRAMES_BURST_MAX {
        closed = feed(&mut session, frame(&Frame::Pong(Echo { number: 0 })), at(0));
        if !closed.is_empty() {
            break;
        }
    }
    assert_eq!(closed, "send Bye, close limit");

    let mut session = in_state("open");
    let mut named = 0;
    let said = loop {
        let some = (named..named + 1000).map(|epoch| JournalSize { origin: PEER, journal: 0, epoch, size: 1 });
        let said = feed(&mut session, frame(&Frame::Nudge(Nudge { journals: some.collect() })), at(0));
        if said.contains("close") {
            break said;
        }
        named += 1000;
    };
    assert_eq!((said.as_str(), named as usize), ("send Bye, close limit", limits::JOURNALS_PER_PEER_MAX));

    let mut session = in_state("open");
    let taken = (1..2000)
        .filter(|n| !feed(&mut session, frame(&Frame::Envelope(signed(&envelope(PEER, ME, *n)))), at(0)).is_empty());
    assert_eq!(taken.count(), limits::PENDING_ENVELOPES_MAX);

    let mut session = in_state("open");
    let mut promised = 0;
    for last in 0..9 {
        session.handle(
            Input::OutboxGrew { flow: envelope(ME, NodeId::from_bytes([last; 16]), 1).flow(), from: 1 },
            at(0),
            &Plain,
        );
        while let Some(output) = session.poll_output() {
            let Output::LoadOutbox { load, .. } = output else { panic!("{output:?}") };
            promised += load.limit;
        }
    }
    assert_eq!(promised, limits::LINK_ENVELOPES_MAX);
    // An empty answer gives its room to a flow that waits for some.
    let flow = Flow { destination: NodeId::from_bytes([0; 16]), ..envelope(ME, PEER, 1).flow() };
    let empty = Input::Outbound { flow, envelopes: vec![], more: false };
    assert_eq!(feed(&mut session, empty, at(0)), "LoadOutbox");
}

#[test]
fn idle_links_close_and_open_again_when_there_is_something() {
    let mut session = in_state("open");
    let mut now = at(0);
    let mut said = String::new();
    while said != "send Bye, close idle" {
        now = session.poll_timeout().expect("an open link has a timer");
        assert!(now <= at(limits::IDLE_LINK_SECONDS));
        said = feed(&mut session, Input::Timeout, now);
        feed(&mut session, frame(&Frame::Pong(Echo { number: 0 })), now);
    }
    assert_eq!(now, at(limits::IDLE_LINK_SECONDS));
    assert_eq!(session.poll_timeout(), None);
    feed(&mut session, Input::OutboxGrew { flow: envelope(ME, PEER, 1).flow(), from: 1 }, now);
    assert_eq!(feed(&mut session, Input::Timeout, now), "Dial");
}

/// Every reason of the closed list comes about, with the time since when it stands.
#[test]
fn every_cause_comes_about() {
    use crate::why::Way;

    let mut found: BTreeMap<&'static str, Cause> = BTreeMap::new();
    let mut says = |session: &Session, name: &'static str, since: i64| {
        let cause = session.cause();
        assert_eq!((cause.reason.name(), cause.since), (name, at(since)), "{cause:?}");
        found.insert(name, cause);
    };
    // A dialler: about to dial, dialling, refused by the network, and again; its age is that of the whole trouble.
    let mut dialler = Session::new(config(Role::Dial), at(0));
    says(&dialler, "connecting", 0);
    assert_eq!(feed(&mut dialler, Input::Timeout, at(0)), "Dial");
    says(&dialler, "connecting", 0);
    feed(&mut dialler, Input::Disconnected, at(3));
    says(&dialler, "backoff", 0);
    assert_eq!(dialler.cause().next_try, dialler.poll_timeout(), "when it is tried next");
    let next = dialler.poll_timeout().unwrap_or_else(|| at(999));
    assert_eq!(feed(&mut dialler, Input::Timeout, next), "Dial");
    feed(&mut dialler, Input::Disconnected, next);
    says(&dialler, "backoff", 0);
    assert!(dialler.cause().age_millis(at(60)) >= 60_000);
    says(&Session::new(config(Role::Accept), at(7)), "link-down", 7);
    for (code, name) in [
        (CloseCode::VersionSkew, "version-skew"),
        (CloseCode::Cut, "cut"),
        (CloseCode::Revoked, "revoked"),
        (CloseCode::StaleEpoch, "refused"),
        (CloseCode::Limit, "backoff"),
    ] {
        let mut session = in_state("open");
        feed(&mut session, frame(&Frame::Bye(Bye { code: code.number(), text: String::new() })), at(9));
        says(&session, name, 9);
    }
    let theirs = envelope(PEER, ME, 1);
    let mut open = in_state("open");
    says(&open, "caught-up", 0);
    feed(&mut open, frame(&Frame::Envelope(signed(&theirs))), at(1));
    says(&open, "waiting-for-commit", 0);
    feed(&mut open, Input::Drain(CloseCode::GoingAway), at(2));
    says(&open, "draining", 2);
    let mut open = in_state("open");
    feed(&mut open, frame(&Frame::Envelope(signed(&envelope(NodeId::from_bytes([7; 16]), ME, 1)))), at(1));
    says(&open, "signer-unknown", 0);
    // An own envelope for a node behind the peer: sent, then held by it.
    let mine = envelope(ME, FAR, 1);
    let flow = mine.flow();
    let mut open = in_state("open");
    feed(&mut open, Input::OutboxGrew { flow, from: 1 }, at(0));
    let envelopes = vec![Outgoing::of(&mine, signed(&mine).sealed)];
    feed(&mut open, Input::Outbound { flow, envelopes, more: false }, at(0));
    says(&open, "waiting-for-receipt", 0);
    feed(&mut open, frame(&Frame::Held(Held { flow, sequence: 1 })), at(1));
    says(&open, "held-by-relay", 0);
    assert!(open.cause().next_try >= Some(at(limits::REOFFER_SECONDS_MIN / 2)));

    // What waits, by the way that it would go, and what lies in storage.
    let quiet = in_state("open").cause();
    let backoff = dialler.cause();
    for (cause, name) in [
        (Cause::on_the_way(Way::None, at(1)), "no-route"),
        (Cause::on_the_way(Way::Down(None), at(1)), "connecting"),
        (Cause::on_the_way(Way::Down(Some(&backoff)), at(1)), "backoff"),
        (Cause::on_the_way(Way::Link(&quiet), at(1)), "waiting-for-receipt"),
        (Cause::on_the_way(Way::Relay(&quiet), at(1)), "held-by-relay"),
        (Cause::undecided("kind-unknown", false, at(1)), "quarantined"),
        (Cause::undecided("envelope-fork", true, at(1)), "refused"),
        (Cause::kept_here("kind-unknown", 0, at(1)), "quarantined-here"),
        (Cause::kept_here("parked", 2, at(1)), "waiting-for-earlier"),
        (Cause::early(at(1)), "waiting-for-earlier"),
        (Cause::order_awaited(at(1)), "order-awaited"),
    ] {
        assert_eq!(cause.reason.name(), name);
        found.insert(name, cause);
    }
    let mut all = Reason::NAMES;
    all.sort_unstable();
    assert!(
        found.keys().copied().eq(all),
        "missing: {:?}",
        all.iter().filter(|name| !found.contains_key(*name)).collect::<Vec<_>>()
    );
}
