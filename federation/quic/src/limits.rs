//! What a peer may make this node spend.

use std::{sync::Arc, time::Duration};

use quinn::{Connection, IdleTimeout, TransportConfig, VarInt};

/// Limits of an endpoint and of each of its links.
///
/// The memory that one peer can occupy here is bounded by `receive_window_bytes` and `send_window_bytes`
/// within QUIC, plus `requests_max` times `request_bytes_max` for requests being read or waiting, plus one
/// frame: 21 MiB with the defaults. Frames that were received and responses that the peer doesn't read are
/// for the caller to bound. Whoever has not authenticated itself gets the windows of a stranger.
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
    /// The same of a peer that has not authenticated itself.
    pub stranger_requests_max: u16,
    /// Bytes in flight or unread on one stream.
    pub stream_window_bytes: u32,
    /// Bytes in flight or unread on all streams of one peer.
    pub receive_window_bytes: u32,
    /// The same of a peer that has not authenticated itself; a join fits.
    pub stranger_window_bytes: u32,
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
    /// Accepted links and refusals that wait to be fetched from the endpoint.
    pub accept_queue_max: usize,
    /// Bytes kept of a connection attempt before it is looked at.
    pub incoming_buffer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 1 << 20,
            request_bytes_max: 64 << 10,
            response_bytes_max: (4 << 20) + (64 << 10),
            requests_max: 64,
            stranger_requests_max: 2,
            stream_window_bytes: 2 << 20,
            receive_window_bytes: 8 << 20,
            stranger_window_bytes: 128 << 10,
            send_window_bytes: 8 << 20,
            idle_timeout: Duration::from_secs(30),
            keep_alive: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            unauthenticated_max: 256,
            unauthenticated_per_address_max: 32,
            accept_queue_max: 64,
            incoming_buffer_bytes: 64 << 10,
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

    /// How this node dials: whom it reaches is known before a byte of it counts.
    pub(crate) fn dialling(&self) -> Arc<TransportConfig> {
        self.transport(self.requests_max, self.receive_window_bytes)
    }

    /// How this node is dialled: by a stranger, until the certificate says more; then [`Self::widen`].
    pub(crate) fn listening(&self) -> Arc<TransportConfig> {
        self.transport(self.stranger_requests_max, self.stranger_window_bytes)
    }

    /// Gives a peer that has authenticated itself its due.
    pub(crate) fn widen(&self, connection: &Connection) {
        connection.set_receive_window(VarInt::from_u32(self.receive_window_bytes));
        connection.set_max_concurrent_bi_streams(streams(self.requests_max));
    }

    fn transport(&self, requests_max: u16, receive_window_bytes: u32) -> Arc<TransportConfig> {
        let mut transport = TransportConfig::default();
        let idle = u32::try_from(self.idle_timeout.as_millis()).unwrap_or(u32::MAX);
        transport
            .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(idle))))
            .keep_alive_interval(Some(self.keep_alive))
            .max_concurrent_bidi_streams(streams(requests_max))
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .stream_receive_window(VarInt::from_u32(self.stream_window_bytes))
            .receive_window(VarInt::from_u32(receive_window_bytes))
            .send_window(u64::from(self.send_window_bytes))
            .datagram_receive_buffer_size(None)
            .packet_threshold(PACKETS_OVERTAKEN_MAX);
        Arc::new(transport)
    }
}

/// Streams for so many requests, and the main stream.
fn streams(requests_max: u16) -> VarInt {
    VarInt::from_u32(u32::from(requests_max) + 1)
}
