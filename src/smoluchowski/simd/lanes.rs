//! Arithmetic on eight numbers at once, for each kind of vector unit.

use super::padded::Block;

/// A choice of lanes: all bits of those that stay, none of the others.
pub type Mask = [u64; 8];

/// Operations on vectors of eight numbers; all but the sums work lane by lane.
pub trait Lanes: Copy {
    /// Eight numbers.
    type V: Copy;
    /// Whether there are registers for more than a dozen of them.
    const MANY: bool;
    /// The same number in every lane.
    fn splat(self, number: f64) -> Self::V;
    /// From memory.
    fn load(self, from: &Block) -> Self::V;
    /// To memory.
    fn store(self, vector: Self::V, to: &mut Block);
    /// a + b.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// a b.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a b + c.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a b.
    fn mul_sub(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The lanes of a mask; 0 in the others.
    fn keep(self, mask: &Mask, vector: Self::V) -> Self::V;
    /// Lanes l and l + 4, of these l and l + 2, of these l and l + 1.
    fn sum(self, vector: Self::V) -> f64;
    /// [`Lanes::sum`] of eight vectors, the digits the same.
    #[inline(always)]
    fn sums(self, vectors: [Self::V; 8]) -> Self::V {
        let mut sums = [0.0; 8];
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            *sum = self.sum(vector);
        }
        self.load(&sums)
    }
    /// One step of a sum of products of numbers that are not vectors.
    fn fuse(self, a: f64, b: f64, c: f64) -> f64;
}

/// Lanes made of `$count` vectors of a kind that pulp offers.
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
macro_rules! lanes {
    ($simd:ty, $vector:ty, $count:literal, $many:literal $(, $sums:item)?) => {
        impl Lanes for $simd {
            type V = [$vector; $count];
            const MANY: bool = $many;
            #[inline(always)]
            fn splat(self, number: f64) -> Self::V {
                [self.splat_f64s(number); $count]
            }
            #[inline(always)]
            fn load(self, from: &Block) -> Self::V {
                pulp::cast(*from)
            }
            #[inline(always)]
            fn store(self, vector: Self::V, to: &mut Block) {
                *to = pulp::cast(vector);
            }
            #[inline(always)]
            fn add(self, a: Self::V, b: Self::V) -> Self::V {
                let mut result = a;
                for part in 0..$count {
                    result[part] = self.add_f64s(a[part], b[part]);
                }
                result
            }
            #[inline(always)]
            fn mul(self, a: Self::V, b: Self::V) -> Self::V {
                let mut result = a;
                for part in 0..$count {
                    result[part] = self.mul_f64s(a[part], b[part]);
                }
                result
            }
            #[inline(always)]
            fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
                let mut result = a;
                for part in 0..$count {
                    result[part] = self.mul_add_f64s(a[part], b[part], c[part]);
                }
                result
            }
            #[inline(always)]
            fn mul_sub(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
                let mut result = a;
                for part in 0..$count {
                    result[part] = self.negate_mul_add_f64s(a[part], b[part], c[part]);
                }
                result
            }
            #[inline(always)]
            fn keep(self, mask: &Mask, vector: Self::V) -> Self::V {
                let mask: Self::V = pulp::cast(*mask);
                let mut result = vector;
                for part in 0..$count {
                    result[part] = self.and_f64s(mask[part], vector[part]);
                }
                result
            }
            #[inline(always)]
            fn sum(self, vector: Self::V) -> f64 {
                let mut parts = vector;
                let mut count = $count;
                while count > 1 {
                    count /= 2;
                    for part in 0..count {
                        parts[part] = self.add_f64s(parts[part], parts[part + count]);
                    }
                }
                self.reduce_sum_f64s(parts[0])
            }
            #[inline(always)]
            fn fuse(self, a: f64, b: f64, c: f64) -> f64 {
                a.mul_add(b, c)
            }
            $($sums)?
        }
    };
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::{Block, Lanes, Mask};
    use pulp::aarch64::Neon;
    use pulp::{Simd, f64x2};
    lanes!(Neon, f64x2, 4, false);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Block, Lanes, Mask};
    use pulp::x86::V3;
    use pulp::{Simd, f64x4};
    use std::arch::x86_64::__m256d;

    // Eight sums at once need 7 additions and 14 shuffles instead of 24 each. Functions rather than closures: only
    // those are sure to be compiled for these processors.
    lanes!(
        V3,
        f64x4,
        2,
        false,
        #[inline(always)]
        fn sums(self, vectors: [Self::V; 8]) -> Self::V {
            let [a, b, c, d, e, f, g, h] = vectors;
            let low = [fold(self, a), fold(self, b), fold(self, c), fold(self, d)];
            let high = [fold(self, e), fold(self, f), fold(self, g), fold(self, h)];
            [pulp::cast(four_sums(self, low)), pulp::cast(four_sums(self, high))]
        }
    );

    #[inline(always)]
    fn fold(simd: V3, [low, high]: [f64x4; 2]) -> __m256d {
        pulp::cast(simd.add_f64s(low, high))
    }

    #[inline(always)]
    fn four_sums(simd: V3, [a, b, c, d]: [__m256d; 4]) -> __m256d {
        let (ac, bd) = (add_halves(simd, a, c), add_halves(simd, b, d));
        simd.avx._mm256_add_pd(simd.avx._mm256_unpacklo_pd(ac, bd), simd.avx._mm256_unpackhi_pd(ac, bd))
    }

    #[inline(always)]
    fn add_halves(simd: V3, a: __m256d, b: __m256d) -> __m256d {
        let low = simd.avx._mm256_permute2f128_pd::<0x20>(a, b);
        simd.avx._mm256_add_pd(low, simd.avx._mm256_permute2f128_pd::<0x31>(a, b))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_wide {
    use super::{Block, Lanes, Mask};
    use pulp::x86::V4;
    use pulp::{Simd, f64x8};
    use std::arch::x86_64::__m512d;

    lanes!(
        V4,
        f64x8,
        1,
        true,
        #[inline(always)]
        fn sums(self, vectors: [Self::V; 8]) -> Self::V {
            let [[a], [b], [c], [d], [e], [f], [g], [h]] = vectors;
            let even = add_quarters(self, add_wide_halves(self, a, c), add_wide_halves(self, e, g));
            let odd = add_quarters(self, add_wide_halves(self, b, d), add_wide_halves(self, f, h));
            let low = self.avx512f._mm512_unpacklo_pd(even, odd);
            [pulp::cast(self.avx512f._mm512_add_pd(low, self.avx512f._mm512_unpackhi_pd(even, odd)))]
        }
    );

    #[inline(always)]
    fn add_wide_halves(simd: V4, a: f64x8, b: f64x8) -> __m512d {
        let (a, b) = (pulp::cast(a), pulp::cast(b));
        let low = simd.avx512f._mm512_shuffle_f64x2::<0x44>(a, b);
        simd.avx512f._mm512_add_pd(low, simd.avx512f._mm512_shuffle_f64x2::<0xee>(a, b))
    }

    #[inline(always)]
    fn add_quarters(simd: V4, a: __m512d, b: __m512d) -> __m512d {
        let even = simd.avx512f._mm512_shuffle_f64x2::<0x88>(a, b);
        simd.avx512f._mm512_add_pd(even, simd.avx512f._mm512_shuffle_f64x2::<0xdd>(a, b))
    }
}

/// Lanes in plain arithmetic.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Lanes for Portable {
    type V = Block;
    const MANY: bool = false;
    #[inline(always)]
    fn splat(self, number: f64) -> Block {
        [number; 8]
    }
    #[inline(always)]
    fn load(self, from: &Block) -> Block {
        *from
    }
    #[inline(always)]
    fn store(self, vector: Block, to: &mut Block) {
        *to = vector;
    }
    #[inline(always)]
    fn add(self, a: Block, b: Block) -> Block {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }
    #[inline(always)]
    fn mul(self, a: Block, b: Block) -> Block {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }
    #[inline(always)]
    fn mul_add(self, a: Block, b: Block, c: Block) -> Block {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }
    #[inline(always)]
    fn mul_sub(self, a: Block, b: Block, c: Block) -> Block {
        std::array::from_fn(|lane| c[lane] - a[lane] * b[lane])
    }
    #[inline(always)]
    fn keep(self, mask: &Mask, vector: Block) -> Block {
        std::array::from_fn(|lane| f64::from_bits(mask[lane] & vector[lane].to_bits()))
    }
    #[inline(always)]
    fn sum(self, v: Block) -> f64 {
        ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))
    }
    #[inline(always)]
    fn fuse(self, a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kernel, Level};
    use super::*;

    /// Every operation on the same numbers, one result after the other.
    struct Everything([Block; 8]);

    impl Kernel for Everything {
        type Output = Vec<f64>;
        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Vec<f64> {
            let vectors = self.0.map(|block| lanes.load(&block));
            let [a, b, c, ..] = vectors;
            let mask = [0, u64::MAX, 0, 0, u64::MAX, u64::MAX, 0, 0];
            let mut results = Vec::new();
            let products = [lanes.mul_add(a, b, c), lanes.mul_sub(a, b, c)];
            let others =
                [lanes.add(a, b), lanes.mul(a, b), lanes.keep(&mask, a), lanes.splat(2.5), lanes.sums(vectors)];
            for vector in products.into_iter().chain(others) {
                let mut block = [0.0; 8];
                lanes.store(vector, &mut block);
                results.extend(block);
            }
            results.extend(vectors.map(|vector| lanes.sum(vector)));
            results
        }
    }

    #[test]
    fn every_processor_adds_in_the_same_order() {
        let blocks = std::array::from_fn(|row| std::array::from_fn(|lane| ((row * 8 + lane) as f64 * 0.7).sin()));
        let wanted = Level::PORTABLE.run(Everything(blocks));
        assert_eq!(wanted[48..56], wanted[56..64], "eight sums at once are eight sums");
        for level in Level::available() {
            let found = level.run(Everything(blocks));
            for lane in 0..16 {
                // A product that is not rounded before it is added.
                assert!((found[lane] - wanted[lane]).abs() < 2.3e-16, "{} lane {lane}", level.name());
            }
            assert_eq!(found[16..], wanted[16..], "{}", level.name());
        }
    }
}
