//! Why a link does or doesn't deliver, for `sync why`.

use super::{Role, Session, State};
use crate::{
    close::CloseCode,
    why::{Cause, Reason},
};

impl Session {
    /// Why this link does or doesn't deliver. While it is down, the cause has stood since it was open last.
    pub fn cause(&self) -> Cause {
        let down = |reason, next_try| Cause { reason, since: self.down_since, next_try };
        let now = |reason, next_try| Cause { reason, since: self.since, next_try };
        match &self.state {
            State::Waiting { until } => {
                let reason = match (&self.last_close, until) {
                    (Some((CloseCode::VersionSkew, ..)), _) => Reason::VersionSkew,
                    (Some((CloseCode::Cut, ..)), _) => Reason::Cut,
                    (Some((CloseCode::Revoked, ..)), _) => Reason::Revoked,
                    (Some((code, text, _)), _) if code.needs_a_person() => {
                        Reason::Refused { code: code.name().to_owned(), text: text.clone() }
                    }
                    (_, Some(until)) if self.tried => Reason::Backoff { until: *until },
                    (_, Some(_)) => Reason::Connecting,
                    // It was closed because there was nothing to say, and is dialled when there is.
                    (Some((CloseCode::Idle, ..)), None) if self.config.role == Role::Dial => Reason::CaughtUp,
                    (_, None) => Reason::LinkDown { since: self.down_since },
                };
                down(reason, *until)
            }
            State::Dialing { .. } | State::Greeting { .. } => down(Reason::Connecting, None),
            State::Open { .. } => {
                if self.traffic.meets_strangers() {
                    now(Reason::SignerUnknown, None)
                } else if self.traffic.is_waiting_for_receipts() {
                    now(Reason::WaitingForReceipt, self.traffic.next_due())
                } else if self.traffic.has_pending() {
                    now(Reason::WaitingForCommit, None)
                } else if self.traffic.is_held() {
                    now(Reason::HeldByRelay, self.traffic.next_due())
                } else {
                    now(Reason::CaughtUp, None)
                }
            }
            State::Draining { .. } => now(Reason::Draining, None),
            State::Closed => match &self.last_close {
                None | Some((CloseCode::Cut, ..)) => now(Reason::Cut, None),
                Some(_) => now(Reason::Draining, None),
            },
        }
    }
}
