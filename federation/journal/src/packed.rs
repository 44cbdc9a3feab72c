//! Slices packed for the wire: DEFLATE (RFC 1951), unpacked within bounds that are known before.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::slice::{SLICE_BYTES_MAX, SliceError};

/// Packs bytes.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a vector takes every write")
}

/// Unpacks bytes of which the sender has said how many they are. However small the packed ones are, no more than that is written.
///
/// # Errors
/// [`SliceError::TooLarge`] beyond [`SLICE_BYTES_MAX`], [`SliceError::Packed`] when they aren't that many or not packed so.
pub fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, SliceError> {
    if length > SLICE_BYTES_MAX {
        return Err(SliceError::TooLarge { bytes: length, entries: 0 });
    }
    let mut bytes = Vec::with_capacity(length);
    let mut decoder = DeflateDecoder::new(packed);
    let room = length as u64 + 1;
    decoder.by_ref().take(room).read_to_end(&mut bytes).map_err(|_| SliceError::Packed)?;
    if bytes.len() == length && decoder.total_in() == packed.len() as u64 { Ok(bytes) } else { Err(SliceError::Packed) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_small_packet_unpacks_to_no_more_than_was_said() {
        let bomb = pack(&vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(&bomb, 64 << 20).unwrap_err().code(), "slice-too-large");
        for length in [0, 1, 1 << 20] {
            assert_eq!(unpack(&bomb, length).unwrap_err().code(), "slice-packed");
        }
        let packed = pack(b"one slice");
        assert_eq!(unpack(&packed, 9).unwrap(), b"one slice");
        assert_eq!(unpack(&packed, 10).unwrap_err().code(), "slice-packed");
        assert_eq!(unpack(&[&packed[..], b"x"].concat(), 9).unwrap_err().code(), "slice-packed");
        assert_eq!(unpack(&packed[..packed.len() - 1], 9).unwrap_err().code(), "slice-packed");
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(bytes in vec(any::<u8>(), 0..3000)) {
            prop_assert_eq!(unpack(&pack(&bytes), bytes.len()).unwrap(), bytes);
        }

        #[test]
        fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300), length in 0usize..5000) {
            if let Ok(unpacked) = unpack(&bytes, length) {
                prop_assert_eq!(unpacked.len(), length);
            }
        }
    }
}
