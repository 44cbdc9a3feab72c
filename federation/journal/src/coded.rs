//! Enumerations that are one small number on the wire and stay readable when a later release adds to them.

/// Declares an enumeration with stable numbers, `From<u8>`, `number()`, `ALL` and CBOR as an unsigned integer.
///
/// A number of a later release is kept as `Unknown`, so that an entry which this release can't interpret still
/// decodes, hashes and travels.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$note])* $variant,)+
            /// A number that a later release gave a meaning; made by decoding only.
            Unknown(u8),
        }

        impl $name {
            /// All that this release knows, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The number on the wire, never reused.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Unknown(number) => number,
                }
            }
        }

        impl From<u8> for $name {
            fn from(number: u8) -> Self {
                match number {
                    $($number => Self::$variant,)+
                    other => Self::Unknown(other),
                }
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.u8(self.number())?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.u8().map(Self::from)
            }
        }
    };
}

pub(crate) use coded;
