//! Key bytes: fixed-width numbers big-endian, texts ended by a zero byte, so that byte order is key order.

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;

/// Something that can be part of a key.
pub trait Key: Sized {
    /// Appends the key bytes.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Takes the key bytes from the front.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

macro_rules! number {
    ($($kind:ty),*) => {$(
        impl Key for $kind {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_be_bytes());
            }
            fn read(bytes: &mut &[u8]) -> Option<Self> {
                take(bytes).map(<$kind>::from_be_bytes)
            }
        }
    )*};
}
number!(u8, u16, u32, u64);

macro_rules! fixed {
    ($($kind:ty: $bytes:literal),*) => {$(
        impl Key for $kind {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(self.as_bytes());
            }
            fn read(bytes: &mut &[u8]) -> Option<Self> {
                take::<$bytes>(bytes).map(<$kind>::from_bytes)
            }
        }
    )*};
}
fixed!(NodeId: 16, CaseId: 16, AuthorityId: 16, Digest: 32);

impl<const N: usize> Key for [u8; N] {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes)
    }
}

impl Key for () {
    fn write(&self, _: &mut Vec<u8>) {}
    fn read(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

/// Texts hold no zero byte; one that did would be cut there, so it is replaced.
impl Key for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.bytes().map(|byte| if byte == 0 { 1 } else { byte }));
        bytes.push(0);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let text = String::from_utf8(bytes[..end].to_vec()).ok()?;
        *bytes = &bytes[end + 1..];
        Some(text)
    }
}

impl Key for DivisionCode {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.number().write(bytes);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Self::from_number(u64::read(bytes)?)
    }
}

/// Moments order as they follow: the sign bit is turned.
impl Key for Timestamp {
    fn write(&self, bytes: &mut Vec<u8>) {
        (self.as_millis().cast_unsigned() ^ (1 << 63)).write(bytes);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self::from_millis((u64::read(bytes)? ^ (1 << 63)).cast_signed()))
    }
}

macro_rules! tuple {
    ($($name:ident),*) => {
        impl<$($name: Key),*> Key for ($($name,)*) {
            #[expect(non_snake_case, reason = "one variable a type")]
            fn write(&self, bytes: &mut Vec<u8>) {
                let ($($name,)*) = self;
                $($name.write(bytes);)*
            }
            fn read(bytes: &mut &[u8]) -> Option<Self> {
                Some(($($name::read(bytes)?,)*))
            }
        }
    };
}
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);

/// The bytes of a key or the first parts of one.
#[must_use]
pub fn stem(key: &impl Key) -> Vec<u8> {
    let mut bytes = Vec::new();
    key.write(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_read_back_and_order_like_values(a: (u8, u32, u64), b: (u8, u32, u64), text in "[a-z0-9\u{4e00}-\u{4eff}]{0,8}") {
            let (left, right) = (stem(&a), stem(&b));
            prop_assert_eq!(a.cmp(&b), left.cmp(&right));
            prop_assert_eq!(<(u8, u32, u64)>::read(&mut left.as_slice()), Some(a));
            let named = (text, 7u16);
            prop_assert_eq!(<(String, u16)>::read(&mut stem(&named).as_slice()), Some(named));
        }

        #[test]
        fn moments_order(a: i64, b: i64) {
            // A moment beyond the calendar is the last one of it.
            let (a, b) = (Timestamp::from_millis(a), Timestamp::from_millis(b));
            let (left, right) = (stem(&a), stem(&b));
            prop_assert_eq!(a.cmp(&b), left.cmp(&right));
            prop_assert_eq!(Timestamp::read(&mut left.as_slice()), Some(a));
        }
    }
}
