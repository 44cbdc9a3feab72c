//! Frames on a stream: a length of four bytes, big endian, and that many bytes.

use quinn::{RecvStream, SendStream};

use crate::error::QuicError;

/// Bytes that are reserved at once for a frame; the rest grows as it arrives, so that an announcement
/// alone costs nothing.
const RESERVED_BYTES_MAX: usize = 64 << 10;

/// Reads frames; keeps what it has when a call is cancelled.
pub(crate) struct FrameReader {
    stream: RecvStream,
    bytes_max: usize,
    prefix: [u8; 4],
    prefix_read: usize,
    body: Option<(usize, Vec<u8>)>,
}

impl FrameReader {
    pub(crate) fn new(stream: RecvStream, bytes_max: usize) -> Self {
        Self { stream, bytes_max, prefix: [0; 4], prefix_read: 0, body: None }
    }

    /// The next frame, or `None` if the stream has ended before one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, QuicError> {
        while self.body.is_none() {
            let rest = &mut self.prefix[self.prefix_read..];
            match self.stream.read(rest).await? {
                Some(count) => self.prefix_read += count,
                None if self.prefix_read == 0 => return Ok(None),
                None => return Err(QuicError::Truncated),
            }
            if self.prefix_read == self.prefix.len() {
                let announced = u32::from_be_bytes(self.prefix);
                let length = usize::try_from(announced).unwrap_or(usize::MAX);
                if length > self.bytes_max {
                    return Err(QuicError::FrameTooLarge { length: u64::from(announced), max: self.bytes_max });
                }
                self.prefix_read = 0;
                let bytes = Vec::with_capacity(length.min(RESERVED_BYTES_MAX));
                self.body = Some((length, bytes));
            }
        }
        while let Some((length, bytes)) = &mut self.body {
            let missing = *length - bytes.len();
            if missing == 0 {
                break;
            }
            match self.stream.read_chunk(missing, true).await? {
                Some(chunk) => {
                    if bytes.capacity() - bytes.len() < chunk.bytes.len() {
                        // Twice as much, and never more than was announced.
                        bytes.reserve_exact(missing.min(bytes.capacity().max(chunk.bytes.len())));
                    }
                    bytes.extend_from_slice(&chunk.bytes);
                }
                None => return Err(QuicError::Truncated),
            }
        }
        Ok(self.body.take().map(|(_, bytes)| bytes))
    }

    /// Tells the peer that no more is wanted.
    pub(crate) fn stop(&mut self, code: u32) {
        // Fails only when the stream has ended, which is as good.
        let _ = self.stream.stop(code.into());
    }
}

/// Writes frames; what a cancelled call left over is written first by the next one.
pub(crate) struct FrameWriter {
    stream: SendStream,
    bytes_max: usize,
    pending: Vec<u8>,
    written: usize,
}

impl FrameWriter {
    pub(crate) fn new(stream: SendStream, bytes_max: usize) -> Self {
        Self { stream, bytes_max, pending: Vec::new(), written: 0 }
    }

    /// Writes one frame into the stream's buffer; waits while the peer does not read.
    pub(crate) async fn send(&mut self, frame: &[u8]) -> Result<(), QuicError> {
        let prefix = self.prefix(frame)?;
        self.flush().await?;
        self.pending.extend_from_slice(&prefix);
        self.pending.extend_from_slice(frame);
        self.flush().await
    }

    /// Writes the only frame of a stream, without a copy of it; a call that is cancelled leaves it torn.
    pub(crate) async fn send_only(&mut self, frame: Vec<u8>) -> Result<(), QuicError> {
        let prefix = self.prefix(&frame)?;
        self.stream.write_all(&prefix).await?;
        Ok(self.stream.write_chunk(frame.into()).await?)
    }

    /// Lets the other streams of the connection go before this one.
    pub(crate) fn yields(&self) {
        // Fails only when the stream has ended, which is as good.
        let _ = self.stream.set_priority(-1);
    }

    fn prefix(&self, frame: &[u8]) -> Result<[u8; 4], QuicError> {
        let too_large = QuicError::FrameTooLarge { length: frame.len() as u64, max: self.bytes_max };
        if frame.len() > self.bytes_max {
            return Err(too_large);
        }
        u32::try_from(frame.len()).map(u32::to_be_bytes).map_err(|_| too_large)
    }

    /// Writes what a cancelled call left over.
    pub(crate) async fn flush(&mut self) -> Result<(), QuicError> {
        while self.written < self.pending.len() {
            self.written += self.stream.write(&self.pending[self.written..]).await?;
        }
        self.pending.clear();
        self.pending.shrink_to(RESERVED_BYTES_MAX);
        self.written = 0;
        Ok(())
    }

    /// Marks the end of the stream.
    pub(crate) fn finish(&mut self) {
        // Fails only when the stream has ended, which is as good.
        let _ = self.stream.finish();
    }

    /// Breaks the stream off.
    pub(crate) fn reset(&mut self, code: u32) {
        // Fails only when the stream has ended, which is as good.
        let _ = self.stream.reset(code.into());
    }

    /// Writes bytes as they are, for the tests of a peer that breaks the protocol.
    #[cfg(test)]
    pub(crate) async fn write_raw(&mut self, bytes: &[u8]) -> Result<(), QuicError> {
        Ok(self.stream.write_all(bytes).await?)
    }
}
