//! Values as bytes and back, exact to the bit and without padding.
//!
//! A structure is listed once, in [`wire_struct!`](crate::wire_struct) or [`wire_enum!`](crate::wire_enum); a field or
//! variant that the list forgets does not compile. Processes run the same program, so there is no version.

/// The bytes end too early or mean nothing: the sender is another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of another process cannot be read: {0}")]
pub struct WireError(pub &'static str);

/// Bytes that are still to be read.
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the start of a message.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(WireError("it is too short"))?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A value that can travel.
pub trait Wire: Sized {
    /// Appends the value.
    fn pack(&self, bytes: &mut Vec<u8>);

    /// Reads what [`Wire::pack`] has written.
    ///
    /// # Errors
    /// If the bytes are no such value.
    fn unpack(bytes: &mut Reader) -> Result<Self, WireError>;
}

macro_rules! wire_number {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            fn pack(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn unpack(bytes: &mut Reader) -> Result<Self, WireError> {
                Ok(<$number>::from_le_bytes(bytes.take()?))
            }
        }
    )*};
}

wire_number!(u8, u32, u64, usize, f64);

impl Wire for bool {
    fn pack(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(*self));
    }

    fn unpack(bytes: &mut Reader) -> Result<Self, WireError> {
        match u8::unpack(bytes)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError("a flag is neither 0 nor 1")),
        }
    }
}

impl Wire for String {
    fn pack(&self, bytes: &mut Vec<u8>) {
        self.len().pack(bytes);
        bytes.extend_from_slice(self.as_bytes());
    }

    fn unpack(bytes: &mut Reader) -> Result<Self, WireError> {
        let length = usize::unpack(bytes)?;
        let (text, rest) = bytes.0.split_at_checked(length).ok_or(WireError("a text is too short"))?;
        bytes.0 = rest;
        String::from_utf8(text.to_vec()).map_err(|_| WireError("a text is not UTF-8"))
    }
}

impl<T: Wire> Wire for Option<T> {
    fn pack(&self, bytes: &mut Vec<u8>) {
        self.is_some().pack(bytes);
        if let Some(value) = self {
            value.pack(bytes);
        }
    }

    fn unpack(bytes: &mut Reader) -> Result<Self, WireError> {
        Ok(if bool::unpack(bytes)? { Some(T::unpack(bytes)?) } else { None })
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn pack(&self, bytes: &mut Vec<u8>) {
        self.len().pack(bytes);
        for value in self {
            value.pack(bytes);
        }
    }

    fn unpack(bytes: &mut Reader) -> Result<Self, WireError> {
        let length = usize::unpack(bytes)?;
        // No capacity in advance: the length may be nonsense.
        (0..length).map(|_| T::unpack(bytes)).collect()
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn pack(&self, bytes: &mut Vec<u8>) {
        self.0.pack(bytes);
        self.1.pack(bytes);
    }

    fn unpack(bytes: &mut Reader) -> Result<Self, WireError> {
        Ok((A::unpack(bytes)?, B::unpack(bytes)?))
    }
}

impl<A: Wire, B: Wire, C: Wire> Wire for (A, B, C) {
    fn pack(&self, bytes: &mut Vec<u8>) {
        self.0.pack(bytes);
        self.1.pack(bytes);
        self.2.pack(bytes);
    }

    fn unpack(bytes: &mut Reader) -> Result<Self, WireError> {
        Ok((A::unpack(bytes)?, B::unpack(bytes)?, C::unpack(bytes)?))
    }
}

/// Lets a structure travel: `wire_struct!(Point { x, y })`.
#[macro_export]
macro_rules! wire_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::wire::Wire for $name {
            fn pack(&self, bytes: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($crate::wire::Wire::pack($field, bytes);)*
            }

            fn unpack(
                bytes: &mut $crate::wire::Reader,
            ) -> Result<Self, $crate::wire::WireError> {
                $(let $field = $crate::wire::Wire::unpack(bytes)?;)*
                Ok(Self { $($field),* })
            }
        }
    };
}

/// Lets an enumeration travel, with numbers for its variants: `wire_enum!(Fate { 0 => Stays, 1 => Leaves { when } })`.
#[macro_export]
macro_rules! wire_enum {
    ($name:ident { $($number:literal => $variant:ident $({ $($field:ident),* })?),* $(,)? }) => {
        impl $crate::wire::Wire for $name {
            fn pack(&self, bytes: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        bytes.push($number);
                        $($($crate::wire::Wire::pack($field, bytes);)*)?
                    })*
                }
            }

            fn unpack(
                bytes: &mut $crate::wire::Reader,
            ) -> Result<Self, $crate::wire::WireError> {
                match <u8 as $crate::wire::Wire>::unpack(bytes)? {
                    $($number => {
                        $($(let $field = $crate::wire::Wire::unpack(bytes)?;)*)?
                        Ok(Self::$variant $({ $($field),* })?)
                    })*
                    _ => Err($crate::wire::WireError("there is no such variant")),
                }
            }
        }
    };
}

/// The bytes of one value.
pub fn to_bytes(value: &impl Wire) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.pack(&mut bytes);
    bytes
}

/// The one value that a message holds.
///
/// # Errors
/// If it holds another.
pub fn from_bytes<T: Wire>(bytes: &[u8]) -> Result<T, WireError> {
    let mut reader = Reader::new(bytes);
    let value = T::unpack(&mut reader)?;
    if reader.is_empty() { Ok(value) } else { Err(WireError("it is too long")) }
}

/// The one value in a message of a process that runs the same program.
///
/// # Panics
/// If it runs another one, which ends all processes.
pub fn from_peer<T: Wire>(bytes: &[u8]) -> T {
    from_bytes(bytes).unwrap_or_else(|error| panic!("{error}; do all processes run the same program?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Fate {
        Stays,
        Leaves { when: f64, through: Option<u32> },
    }
    wire_enum!(Fate { 0 => Stays, 1 => Leaves { when, through } });

    #[derive(Debug, PartialEq)]
    struct Sample {
        flag: bool,
        count: usize,
        name: String,
        fates: Vec<Fate>,
        triple: (u8, u64, bool),
    }
    wire_struct!(Sample { flag, count, name, fates, triple });

    fn sample() -> Sample {
        let fates = vec![
            Fate::Stays,
            Fate::Leaves { when: -0.0, through: None },
            Fate::Leaves { when: f64::MIN_POSITIVE / 8.0, through: Some(u32::MAX) },
        ];
        Sample { flag: true, count: usize::MAX, name: "Σ_τ1".to_string(), fates, triple: (7, 1 << 60, false) }
    }

    #[test]
    fn what_arrives_is_what_was_sent() {
        assert_eq!(from_bytes::<Sample>(&to_bytes(&sample())).unwrap(), sample());
    }

    #[test]
    fn numbers_arrive_to_the_last_bit() {
        // A NaN with a payload, both zeros, subnormal and infinite numbers.
        for bits in [0x7ff8_0000_dead_beef, 0, 1 << 63, 1, 0x7ff0_0000_0000_0000] {
            let arrived: f64 = from_bytes(&to_bytes(&f64::from_bits(bits))).unwrap();
            assert_eq!(arrived.to_bits(), bits);
        }
    }

    #[test]
    fn a_message_cut_anywhere_or_too_long_is_refused() {
        let whole = to_bytes(&sample());
        for length in 0..whole.len() {
            assert!(from_bytes::<Sample>(&whole[..length]).is_err(), "{length}");
        }
        let longer = [whole, vec![0]].concat();
        assert_eq!(from_bytes::<Sample>(&longer), Err(WireError("it is too long")));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(from_bytes::<bool>(&[2]).is_err());
        assert!(from_bytes::<Fate>(&[2]).is_err());
        assert!(from_bytes::<String>(&to_bytes(&usize::MAX)).is_err());
        assert!(from_bytes::<Vec<f64>>(&to_bytes(&usize::MAX)).is_err());
        assert!(from_bytes::<String>(&[to_bytes(&1_usize), vec![0xff]].concat()).is_err());
    }
}
