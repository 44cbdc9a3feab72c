//! One link to one peer, from the first dial to the last frame.

mod bucket;
mod exchange;
mod greeting;
mod traffic;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tongban_codes::{division::DivisionCode, ids::NodeId, time::Timestamp};

use crate::{
    backoff::{Backoff, Jitter},
    close::CloseCode,
    limits,
    sealed::Unseal,
    version::ProtocolVersion,
    why::{Cause, Reason},
    wire::{Bye, Echo, Frame, Hello, Refusal},
};
pub use bucket::Bucket;
pub use exchange::{Config, Input, Output, Progress, Role};

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// No connection; a dialling session tries again at `until`, an accepting one waits for the peer.
    Waiting {
        /// When to dial.
        until: Option<Timestamp>,
    },
    /// The driver dials.
    Dialing {
        /// When to give up.
        deadline: Timestamp,
    },
    /// Connected; both hellos and both acknowledgements have to come.
    Greeting {
        /// The division in the peer's certificate.
        division: DivisionCode,
        /// The peer's hello, once it is accepted.
        heard: Option<Box<Hello>>,
        /// The version in the peer's acknowledgement, once it has come.
        acknowledged: Option<ProtocolVersion>,
        /// When to give up.
        deadline: Timestamp,
    },
    /// Frames flow.
    Open {
        /// What is spoken.
        version: ProtocolVersion,
    },
    /// No new envelopes; what has been handed over is still answered.
    Draining {
        /// When to stop waiting for commits.
        deadline: Timestamp,
        /// Why.
        code: CloseCode,
    },
    /// The end.
    Closed,
}

/// One link to one peer.
///
/// ```text
///             time to dial            connected             both greeted
///   Waiting ───────────────▶ Dialing ───────────▶ Greeting ──────────────▶ Open
///    ▲  │                       │                  │   ▲                    │ drain
///    │  └───────── connected (accepting) ──────────┼───┘                    ▼
///    │                          │                  │                     Draining
///    │    failed, timed out     │  refused,        │    broken, silent,     │ answered all,
///    └──────────────────────────┴──timed out───────┴────idle, good-bye──────┘ or timed out
///
///   any ── shut ──▶ Closed
/// ```
///
/// Call [`handle`](Self::handle) with what has happened, then [`poll_output`](Self::poll_output) until it is `None` and do
/// what it says in that order, then [`poll_timeout`](Self::poll_timeout), and come back with [`Input::Timeout`] when that time
/// has come. After [`Output::Close`] feed nothing more of that connection.
///
/// The session acknowledges nothing by itself. `Held` leaves only after [`Input::Stored`] and a receipt only after
/// [`Input::Committed`]; the driver says either only of what is durable. What the session knows is volatile: after a
/// restart begin with a new one.
#[derive(Debug)]
pub struct Session {
    config: Config,
    state: State,
    outputs: VecDeque<Output>,
    jitter: Jitter,
    dial: Backoff,
    frames: Bucket,
    /// When the state was entered.
    since: Timestamp,
    last_heard: Timestamp,
    /// The last frame other than pings, either way.
    last_traffic: Timestamp,
    pinged: bool,
    pings: u64,
    /// Why the last link ended, and whether the peer said so.
    last_close: Option<(CloseCode, String, bool)>,
    traffic: traffic::Traffic,
}

impl Session {
    /// A session without a connection. A dialling one dials at its first [`Input::Timeout`].
    pub fn new(config: Config, now: Timestamp) -> Self {
        let until = (config.role == Role::Dial).then_some(now);
        Self {
            jitter: Jitter::new(config.seed),
            config,
            state: State::Waiting { until },
            outputs: VecDeque::new(),
            dial: Backoff::new(limits::DIAL_BACKOFF_SECONDS_MIN, limits::DIAL_BACKOFF_SECONDS_MAX),
            frames: Bucket::new(limits::FRAMES_PER_SECOND_MAX, limits::FRAMES_BURST_MAX),
            since: now,
            last_heard: now,
            last_traffic: now,
            pinged: false,
            pings: 0,
            last_close: None,
            traffic: traffic::Traffic::default(),
        }
    }

    /// Takes in what has happened. What doesn't fit the state is ignored: it is of a connection or a question that is over.
    pub fn handle(&mut self, input: Input, now: Timestamp, unseal: &dyn Unseal) {
        if self.state == State::Closed {
            return;
        }
        match input {
            Input::Connected { peer, division, progress } => self.handle_connected(peer, division, progress, now),
            Input::Frame(bytes) => self.handle_frame(&bytes, now, unseal),
            Input::Disconnected => self.handle_disconnected(now),
            Input::Timeout => self.handle_timeout(now),
            Input::Shut(code) => self.handle_shut(code, now),
            Input::Drain(code) => self.handle_drain(code, now),
            local => self.handle_local(local, now),
        }
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Timeout`].
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        match &self.state {
            State::Waiting { until } => *until,
            State::Dialing { deadline } | State::Greeting { deadline, .. } | State::Draining { deadline, .. } => {
                Some(*deadline)
            }
            State::Open { .. } => {
                let quiet = if self.pinged { limits::SILENCE_SECONDS_MAX } else { limits::PING_AFTER_SECONDS };
                let idle = (!self.config.lasting).then(|| self.last_traffic.add_seconds(limits::IDLE_LINK_SECONDS));
                [Some(self.last_heard.add_seconds(quiet)), idle, self.traffic.next_due()].into_iter().flatten().min()
            }
            State::Closed => None,
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The node at the other end.
    pub fn peer(&self) -> &NodeId {
        &self.config.peer
    }

    /// Whether frames flow.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Why this link does or doesn't deliver, for `sync why`.
    pub fn cause(&self) -> Cause {
        let refused =
            |code: CloseCode, text: &str| Reason::Refused { code: code.name().to_owned(), text: text.to_owned() };
        let (reason, next_try) = match (&self.state, &self.last_close) {
            (State::Waiting { until }, Some((CloseCode::VersionSkew, ..))) => (Reason::VersionSkew, *until),
            (State::Waiting { until }, Some((CloseCode::Revoked, ..))) => (Reason::Revoked, *until),
            (State::Waiting { until }, Some((code, text, _))) if code.needs_a_person() => {
                (refused(*code, text), *until)
            }
            (State::Waiting { until: Some(until) }, Some(_)) => (Reason::Backoff { until: *until }, Some(*until)),
            (State::Waiting { until }, _) => (Reason::LinkDown { since: self.since }, *until),
            (State::Dialing { .. } | State::Greeting { .. }, _) => (Reason::Connecting, None),
            (State::Open { .. }, _) if self.traffic.is_waiting_for_receipts() => {
                (Reason::WaitingForReceipt, self.traffic.next_due())
            }
            (State::Open { .. }, _) if self.traffic.has_pending() => (Reason::WaitingForCommit, None),
            (State::Open { .. }, _) => (Reason::CaughtUp, None),
            (State::Draining { .. }, _) => (Reason::Draining, None),
            (State::Closed, _) => (Reason::Cut, None),
        };
        Cause { reason, since: self.since, next_try }
    }

    fn handle_frame(&mut self, bytes: &[u8], now: Timestamp, unseal: &dyn Unseal) {
        if !matches!(self.state, State::Greeting { .. } | State::Open { .. } | State::Draining { .. }) {
            return;
        }
        self.last_heard = self.last_heard.max(now);
        self.pinged = false;
        if !self.frames.take(now) {
            return self.fail(CloseCode::Limit, "more frames than the protocol allows", now);
        }
        let frame = match Frame::from_bytes(bytes) {
            Ok(frame) => frame,
            Err(error) => return self.fail(CloseCode::Protocol, &error.to_string(), now),
        };
        match frame {
            Frame::Ping(echo) => self.send(&Frame::Pong(echo)),
            Frame::Pong(_) => {}
            Frame::Bye(Bye { code, text }) => self.end(CloseCode::from_number(code), text, true, now),
            Frame::Refuse(Refusal { code, text }) => self.end(CloseCode::from_name(&code), text, true, now),
            Frame::Hello(hello) => self.handle_hello(hello, now),
            Frame::HelloAck(acknowledgement) => self.handle_acknowledgement(acknowledgement.version, now),
            frame => self.handle_traffic(frame, now, unseal),
        }
    }

    fn handle_disconnected(&mut self, now: Timestamp) {
        match self.state {
            State::Waiting { .. } | State::Closed => {}
            _ => self.wait(now),
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        match self.state {
            State::Waiting { until: Some(until) } if until <= now => {
                self.enter(State::Dialing { deadline: now.add_seconds(limits::GREETING_SECONDS_MAX) }, now);
                self.outputs.push_back(Output::Dial);
            }
            State::Dialing { deadline } if deadline <= now => {
                self.end(CloseCode::TimedOut, "the peer could not be reached in time".to_owned(), false, now);
            }
            State::Greeting { deadline, .. } if deadline <= now => {
                self.fail(CloseCode::TimedOut, "the peer did not greet in time", now);
            }
            State::Open { .. } => self.handle_open_timeout(now),
            State::Draining { deadline, code } if deadline <= now => {
                self.fail(code, "closed after waiting for commits", now);
            }
            _ => {}
        }
    }

    fn handle_open_timeout(&mut self, now: Timestamp) {
        if self.last_heard.add_seconds(limits::SILENCE_SECONDS_MAX) <= now {
            return self.fail(CloseCode::TimedOut, "the peer fell silent", now);
        }
        let idle = self.last_traffic.add_seconds(limits::IDLE_LINK_SECONDS) <= now;
        if idle && !self.config.lasting && self.traffic.is_idle() {
            return self.fail(CloseCode::Idle, "nothing to do", now);
        }
        if idle {
            self.last_traffic = now;
        }
        if !self.pinged && self.last_heard.add_seconds(limits::PING_AFTER_SECONDS) <= now {
            self.pinged = true;
            self.pings += 1;
            self.send(&Frame::Ping(Echo { number: self.pings }));
        }
        self.serve_due(now);
    }

    fn handle_drain(&mut self, code: CloseCode, now: Timestamp) {
        match self.state {
            State::Open { .. } if self.traffic.has_pending() => {
                self.enter(State::Draining { deadline: now.add_seconds(limits::DRAIN_SECONDS_MAX), code }, now);
            }
            State::Open { .. } | State::Greeting { .. } => self.fail(code, "closed by this node", now),
            State::Dialing { .. } => self.end(code, String::new(), false, now),
            State::Waiting { .. } | State::Draining { .. } | State::Closed => {}
        }
    }

    fn handle_shut(&mut self, code: CloseCode, now: Timestamp) {
        match self.state {
            State::Waiting { .. } | State::Closed => {}
            State::Dialing { .. } => self.end(code, String::new(), false, now),
            State::Greeting { .. } | State::Open { .. } | State::Draining { .. } => {
                self.fail(code, "closed by this node", now);
            }
        }
        self.enter(State::Closed, now);
    }

    /// Says good-bye and closes.
    fn fail(&mut self, code: CloseCode, text: &str, now: Timestamp) {
        let mut text = text.to_owned();
        while text.len() > limits::TEXT_BYTES_MAX {
            text.pop();
        }
        let last = if matches!(self.state, State::Greeting { .. }) {
            Frame::Refuse(Refusal { code: code.name().to_owned(), text: text.clone() })
        } else {
            Frame::Bye(Bye { code: code.number(), text: text.clone() })
        };
        self.send(&last);
        self.end(code, text, false, now);
    }

    /// Closes without another word.
    fn end(&mut self, code: CloseCode, text: String, by_peer: bool, now: Timestamp) {
        self.outputs.push_back(Output::Close { code, text: text.clone(), by_peer });
        self.last_close = Some((code, text, by_peer));
        self.wait(now);
    }

    fn wait(&mut self, now: Timestamp) {
        let quiet = !self.config.lasting && self.last_close.as_ref().is_some_and(|(code, ..)| *code == CloseCode::Idle);
        let slow = self.last_close.as_ref().is_some_and(|(code, ..)| code.needs_a_person());
        let until = match self.config.role {
            Role::Accept => None,
            // Idle links are dialled again when there is something to send.
            Role::Dial if quiet => None,
            Role::Dial if slow => Some(now.add_millis(self.jitter.spread(limits::DIAL_BACKOFF_SECONDS_MAX * 1000))),
            Role::Dial => Some(self.dial.next(now, &mut self.jitter)),
        };
        self.traffic = traffic::Traffic::default();
        self.enter(State::Waiting { until }, now);
    }

    fn enter(&mut self, state: State, now: Timestamp) {
        self.state = state;
        self.since = now;
    }

    fn send(&mut self, frame: &Frame) {
        self.outputs.push_back(Output::Send(frame.to_bytes()));
    }
}

/// Which of two connections between the same two nodes survives when both have dialled: the one that the smaller id dialled.
pub fn survivor(one: NodeId, other: NodeId) -> NodeId {
    one.min(other)
}

/// Ordered sets of what waits, by flow and sequence.
type Pending = BTreeSet<(crate::envelope::Flow, u64)>;
/// One outbox a flow.
type Outboxes = BTreeMap<crate::envelope::Flow, crate::delivery::Outbox>;

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
