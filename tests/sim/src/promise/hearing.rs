//! What leaves a node: nothing speaks before it is durable (promises 2 and 3).

use tongban::engine::ACTS;
use tongban_codes::ids::Digest;
use tongban_federation::wire::{Frame, JournalSize, Response};
use tongban_journal::{Slice, unpack};

use super::{Oracle, mark};
use crate::machine::EPOCH;

impl Oracle {
    /// A frame leaves a node.
    pub(crate) fn hears(&mut self, node: usize, frame: &[u8]) {
        let frame = match Frame::from_bytes(frame) {
            Ok(frame) => frame,
            Err(error) => return self.breach("3", format!("node {node} sends what is no frame: {error}")),
        };
        match frame {
            Frame::Envelope(by) | Frame::Receipt(by) => {
                let signer = self.numbers.get(&by.signer).copied();
                let durable = |node: usize| {
                    self.is_hostile(node) || self.nodes[node].sealed.contains(&mark(by.sealed.as_bytes()))
                };
                // Whoever passes it on may only say what its signer has said.
                if !signer.is_some_and(durable) {
                    let text = format!("node {node} sends sealed bytes that aren't in the log of {}", by.signer);
                    self.breach("3", text);
                }
            }
            Frame::Held(held) if !self.nodes[node].relayed.contains(&(held.flow, held.sequence)) => {
                let text = format!("node {node} says that it holds {} of {}", held.sequence, held.flow.origin);
                self.breach("3", text);
            }
            Frame::Hello(hello) => {
                for high in &hello.high_waters {
                    if high.epoch == EPOCH && high.sequence > self.taken_upto(node, &high.origin) {
                        let text = format!("node {node} says that it took {} of {}", high.sequence, high.origin);
                        return self.breach("3", text);
                    }
                }
                self.sizes(node, &hello.journals);
            }
            Frame::Nudge(nudge) => self.sizes(node, &nudge.journals),
            _ => {}
        }
    }

    fn sizes(&mut self, node: usize, sizes: &[JournalSize]) {
        for size in sizes {
            let Some(origin) = self.numbers.get(&size.origin).copied() else { continue };
            if self.is_hostile(origin) {
                continue;
            }
            let durable = self.nodes[origin].journals[usize::from(size.journal != ACTS)].len() as u64;
            if size.size > durable {
                let text = format!("node {node} offers {} entries of node {origin}, which has {durable}", size.size);
                return self.breach("3", text);
            }
        }
    }

    /// An answer to a question leaves a node.
    pub(crate) fn hears_answer(&mut self, node: usize, answer: &[u8]) {
        let Ok(Response::Slice(wire)) = Response::from_bytes(answer) else { return };
        let bytes = match wire.packed {
            Some(length) => unpack(&wire.bytes, usize::try_from(length).unwrap_or(usize::MAX)).ok(),
            None => Some(wire.bytes),
        };
        let Some(slice) = bytes.as_deref().and_then(|bytes| Slice::parse(bytes).ok()) else {
            return self.breach("5", format!("node {node} serves a slice that can't be read"));
        };
        let origin = self.numbers.get(&slice.origin).copied();
        if !origin.is_some_and(|origin| {
            self.is_hostile(origin) || self.nodes[origin].sealed.contains(&mark(&slice.checkpoint))
        }) {
            self.breach("3", format!("node {node} serves a checkpoint that isn't in the log of {}", slice.origin));
        }
    }

    /// A client is told that his act is done.
    pub(crate) fn hears_reply(&mut self, node: usize, key: &Digest, reply: &[u8], of_case: bool) {
        match self.nodes[node].keys.get(key) {
            Some((durable, _)) if durable == reply => {}
            Some(_) => self.breach("4", format!("node {node} gives another reply under the same key")),
            // What changed nothing is in no log.
            None if of_case && !self.forgot(node, key) => {
                self.breach("3", format!("node {node} says that an act is done which isn't in its log"));
            }
            None => {}
        }
    }
}
