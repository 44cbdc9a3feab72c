//! What a peer may make this node spend.

use std::{sync::Arc, time::Duration};

use quinn::{IdleTimeout, TransportConfig, VarInt};

/// Limits of an endpoint and of each of its links.
///
/// The memory that one peer can occupy is bounded by `receive_window_bytes` within QUIC, plus
/// `requests_max` times `request_bytes_max` for requests being read or waiting, plus one frame: 25 MiB
/// with the defaults. Responses come on top, one `response_bytes_max` at most per open request of either
/// side: a response waits in memory until the peer has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one frame of the main stream; larger ones end the link.
    pub frame_bytes_max: usize,
    /// Bytes of one request; larger ones are refused.
    pub request_bytes_max: usize,
    /// Bytes of one response, sent or read; what is larger has to be asked for in parts.
    pub response_bytes_max: usize,
    /// Requests of one peer that are open at a time; further ones wait at the peer.
    pub requests_max: u16,
    /// Bytes in flight or unread on one stream.
    pub stream_window_bytes: u32,
    /// Bytes in flight or unread on all streams of one peer.
    pub receive_window_bytes: u32,
    /// Bytes that wait to be acknowledged by one peer before sending blocks.
    pub send_window_bytes: u32,
    /// Silence after which a peer counts as gone; the smaller value of the two peers holds.
    pub idle_timeout: Duration,
    /// Pause after which a sign of life is sent; a third of the idle timeout, so that two may be lost.
    pub keep_alive: Duration,
    /// Time for the whole handshake, the hello included, on either side.
    pub handshake_timeout: Duration,
    /// Time for the bytes of one request to arrive, so that a stalled one does not hold memory. Its place
    /// among the requests is free again when the peer has given the stream up too.
    pub request_timeout: Duration,
    /// Unauthenticated connections (handshakes and strangers) at a time from all addresses.
    pub unauthenticated_max: usize,
    /// Unauthenticated connections at a time from one address. From half of it on, and from half of the
    /// total on, a client has to prove its address first (QUIC retry, RFC 9000 §8.1.2).
    pub unauthenticated_per_address_max: usize,
    /// Accepted links and refusals that wait for [`crate::Endpoint::accept`].
    pub accept_queue_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 1 << 20,
            request_bytes_max: 1 << 18,
            response_bytes_max: 4 << 20,
            requests_max: 64,
            stream_window_bytes: 2 << 20,
            receive_window_bytes: 8 << 20,
            send_window_bytes: 8 << 20,
            idle_timeout: Duration::from_secs(30),
            keep_alive: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            unauthenticated_max: 256,
            unauthenticated_per_address_max: 32,
            accept_queue_max: 64,
        }
    }
}

/// Packets that may overtake one before it counts as lost. RFC 9002 (§6.1.1) has at least 3; lines with several paths reorder more, and what is
/// taken for a loss halves the sending rate.
const PACKETS_OVERTAKEN_MAX: u32 = 16;

impl Limits {
    /// Sets the idle timeout and, to a third of it, the keep-alive.
    #[must_use]
    pub fn with_idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self.keep_alive = idle_timeout / 3;
        self
    }

    pub(crate) fn transport(&self) -> Arc<TransportConfig> {
        let mut transport = TransportConfig::default();
        let idle = u32::try_from(self.idle_timeout.as_millis()).unwrap_or(u32::MAX);
        transport
            .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(idle))))
            .keep_alive_interval(Some(self.keep_alive))
            // One more for the main stream.
            .max_concurrent_bidi_streams(VarInt::from_u32(u32::from(self.requests_max) + 1))
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .stream_receive_window(VarInt::from_u32(self.stream_window_bytes))
            .receive_window(VarInt::from_u32(self.receive_window_bytes))
            .send_window(u64::from(self.send_window_bytes))
            .datagram_receive_buffer_size(None)
            .packet_threshold(PACKETS_OVERTAKEN_MAX);
        Arc::new(transport)
    }
}
