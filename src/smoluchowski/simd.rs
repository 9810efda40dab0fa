//! Vectors of eight numbers on whatever the processor has: AVX-512, AVX2 with FMA, NEON, or plain arithmetic.
//!
//! The program is built for the oldest processor of its kind and looks once, at run time, at what is there ([`Level`]). A
//! kernel is written once, generic over [`Lanes`]; [`Level::run`] compiles and calls it for each kind. Always eight lanes,
//! and sums of lanes always in the same order: AVX-512, AVX2 and NEON give the same digits. Only [`Level::PORTABLE`], which
//! rounds a product before it adds, differs in the last ones.
//!
//! [`Padded`] and [`Tiles`] hold numbers in blocks of eight, at addresses that suit the widest vectors.

mod lanes;
mod padded;

pub use lanes::{Lanes, Mask};
pub use padded::{Block, LANES, Padded, Tile, Tiles};

/// What a kernel does, for every kind of vector.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// The work. It and all it calls must be `#[inline(always)]`, or they are compiled for the oldest processor.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// A kind of vector unit.
#[derive(Debug, Clone, Copy)]
pub struct Level(Unit);

#[derive(Debug, Clone, Copy)]
enum Unit {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl Level {
    /// Plain arithmetic, which every processor has.
    pub const PORTABLE: Self = Level(Unit::Portable);

    /// The widest that this processor has.
    pub fn widest() -> Self {
        Self::available().last().unwrap_or(Self::PORTABLE)
    }

    /// All that this processor has, from the narrowest to the widest.
    pub fn available() -> impl Iterator<Item = Self> {
        [
            Some(Unit::Portable),
            #[cfg(target_arch = "x86_64")]
            pulp::x86::V3::try_new().map(Unit::Avx2),
            #[cfg(target_arch = "x86_64")]
            pulp::x86::V4::try_new().map(Unit::Avx512),
            #[cfg(target_arch = "aarch64")]
            pulp::aarch64::Neon::try_new().map(Unit::Neon),
        ]
        .into_iter()
        .flatten()
        .map(Level)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self.0 {
            Unit::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2(_) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Unit::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "aarch64")]
            Unit::Neon(_) => "NEON",
        }
    }

    /// Runs a kernel with these vectors.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Unit::Portable => kernel.run(lanes::Portable),
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2(simd) => simd.vectorize(Call { kernel, lanes: simd }),
            #[cfg(target_arch = "x86_64")]
            Unit::Avx512(simd) => simd.vectorize(Call { kernel, lanes: simd }),
            #[cfg(target_arch = "aarch64")]
            Unit::Neon(simd) => simd.vectorize(Call { kernel, lanes: simd }),
        }
    }
}

/// A kernel with its vectors, as pulp wants it.
struct Call<K, L> {
    kernel: K,
    lanes: L,
}

impl<K: Kernel, L: Lanes> pulp::NullaryFnOnce for Call<K, L> {
    type Output = K::Output;
    #[inline(always)]
    fn call(self) -> K::Output {
        self.kernel.run(self.lanes)
    }
}
