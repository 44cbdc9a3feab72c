//! From a connection to an open link: who is there, in which epoch, speaking what.

use tongban_codes::{division::DivisionCode, ids::NodeId, time::Timestamp};

use super::{Output, Progress, Session, State};
use crate::{
    close::CloseCode,
    limits,
    version::ProtocolVersion,
    wire::{Frame, Hello, HelloAck},
};

impl Session {
    pub(super) fn handle_connected(
        &mut self,
        peer: NodeId,
        division: DivisionCode,
        progress: Progress,
        now: Timestamp,
    ) {
        // A second connection while one stands is the driver's to sort out, with `survivor`.
        if !matches!(self.state, State::Waiting { .. } | State::Dialing { .. }) {
            return;
        }
        let deadline = now.add_seconds(limits::GREETING_SECONDS_MAX);
        self.enter(State::Greeting { division, heard: None, acknowledged: None, deadline }, now);
        self.last_heard = now;
        self.last_traffic = now;
        self.pinged = false;
        if peer != self.config.peer {
            return self.fail(CloseCode::Identity, "the certificate is another node's", now);
        }
        let Progress { mut high_waters, mut journals, directory } = progress;
        high_waters.truncate(limits::HIGH_WATERS_MAX);
        let rest = journals.split_off(journals.len().min(limits::JOURNALS_PER_FRAME_MAX));
        self.send(&Frame::Hello(Hello {
            versions: self.config.versions,
            release: self.config.release,
            node: self.config.me,
            division: self.config.division,
            epoch: self.config.epoch,
            level: self.config.level,
            at: now,
            high_waters,
            journals,
            directory,
        }));
        self.traffic.begin(directory, rest);
    }

    pub(super) fn handle_hello(&mut self, hello: Hello, now: Timestamp) {
        let State::Greeting { division, heard: None, .. } = &self.state else { return };
        if hello.node != self.config.peer || hello.division != *division {
            return self.fail(
                CloseCode::Identity,
                "the hello names another node or division than the certificate",
                now,
            );
        }
        if hello.epoch < self.config.peer_epoch {
            let text = format!("epoch {} is over; the newest known here is {}", hello.epoch, self.config.peer_epoch);
            return self.fail(CloseCode::StaleEpoch, &text, now);
        }
        let version = match self.config.versions.negotiate(hello.versions) {
            Ok(version) => version,
            Err(skew) => return self.fail(CloseCode::VersionSkew, &skew.to_string(), now),
        };
        self.send(&Frame::HelloAck(HelloAck { version }));
        if let State::Greeting { heard, .. } = &mut self.state {
            *heard = Some(Box::new(hello));
        }
        self.open_if_greeted(now);
    }

    pub(super) fn handle_acknowledgement(&mut self, version: ProtocolVersion, now: Timestamp) {
        let State::Greeting { acknowledged, .. } = &mut self.state else { return };
        *acknowledged = Some(version);
        self.open_if_greeted(now);
    }

    fn open_if_greeted(&mut self, now: Timestamp) {
        let State::Greeting { heard: Some(hello), acknowledged: Some(acknowledged), .. } = &self.state else { return };
        let (hello, acknowledged) = (hello.clone(), *acknowledged);
        let version = match self.config.versions.negotiate(hello.versions) {
            Ok(version) if version == acknowledged => version,
            _ => {
                return self.fail(
                    CloseCode::Protocol,
                    "the peer acknowledged another version than was negotiated",
                    now,
                );
            }
        };
        self.enter(State::Open { version }, now);
        self.dial.reset();
        self.last_close = None;
        let restored = self.config.peer_epoch != 0 && hello.epoch > self.config.peer_epoch;
        self.config.peer_epoch = hello.epoch;
        self.outputs.push_back(Output::Opened { version, hello: hello.clone() });
        if restored {
            self.outputs.push_back(Output::PeerRestored { epoch: hello.epoch, high_waters: hello.high_waters });
        }
        if self.traffic.directory().is_none() || self.traffic.directory() != hello.directory {
            self.outputs.push_back(Output::LoadRecords);
        }
        self.nudge_rest();
        self.handle_nudge(hello.journals, now);
    }
}
