//! Random numbers as NumPy's `default_rng(seed)` gives them, to the last bit, so that a seed means the same disk as in
//! the Python program.
//!
//! `SeedSequence` hashes the seed into 256 bits (M. E. O'Neill, *Developing a seed_seq alternative*, 2015); PCG64 XSL-RR
//! 128/64 starts from them (M. E. O'Neill 2014, HMC-CS-2014-0905). Only set-up draws from it, see `disk/setup`.

/// Words of the entropy pool of a `SeedSequence`.
const POOL: usize = 4;
const INIT_A: u32 = 0x43b0_d7e5;
const MULT_A: u32 = 0x931e_8875;
const INIT_B: u32 = 0x8b51_f9dd;
const MULT_B: u32 = 0x58f3_8ded;
const MIX_LEFT: u32 = 0xca01_f9dd;
const MIX_RIGHT: u32 = 0x4973_f715;
const SHIFT: u32 = 16;

/// Multiplier of the 128-bit linear congruential generator below PCG64.
const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

/// NumPy's default generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcg64 {
    state: u128,
    increment: u128,
}

impl Pcg64 {
    /// The generator of `numpy.random.default_rng(seed)`.
    pub fn from_seed(seed: u64) -> Self {
        let [a, b, c, d] = expanded(seed);
        let join = |high: u64, low: u64| (u128::from(high) << 64) | u128::from(low);
        let mut generator = Pcg64 { state: 0, increment: (join(c, d) << 1) | 1 };
        generator.advance();
        generator.state = generator.state.wrapping_add(join(a, b));
        generator.advance();
        generator
    }

    fn advance(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.advance();
        let (high, low) = ((self.state >> 64) as u64, self.state as u64);
        (high ^ low).rotate_right((high >> 58) as u32)
    }

    /// The next number, uniform in `low` ≤ x < `high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        // 53 bits, as many as a number holds.
        let unit = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        low + (high - low) * unit
    }
}

/// The 256 bits that a `SeedSequence` of this seed gives.
fn expanded(seed: u64) -> [u64; 4] {
    let pool = mixed(&[seed as u32, (seed >> 32) as u32]);
    let mut hash = INIT_B;
    let mut word = |k: usize| {
        let mut value = pool[k % POOL] ^ hash;
        hash = hash.wrapping_mul(MULT_B);
        value = value.wrapping_mul(hash);
        u64::from(value ^ (value >> SHIFT))
    };
    std::array::from_fn(|k| word(2 * k) | (word(2 * k + 1) << 32))
}

/// The entropy pool after every word of the seed has been stirred in.
fn mixed(entropy: &[u32; 2]) -> [u32; POOL] {
    let mut hash = INIT_A;
    let mut hashed = |value: u32| {
        let value = value ^ hash;
        hash = hash.wrapping_mul(MULT_A);
        let value = value.wrapping_mul(hash);
        value ^ (value >> SHIFT)
    };
    let mut pool: [u32; POOL] = std::array::from_fn(|k| hashed(entropy.get(k).copied().unwrap_or(0)));
    for source in 0..POOL {
        for target in 0..POOL {
            if source != target {
                let other = hashed(pool[source]);
                let mix = MIX_LEFT.wrapping_mul(pool[target]).wrapping_sub(MIX_RIGHT.wrapping_mul(other));
                pool[target] = mix ^ (mix >> SHIFT);
            }
        }
    }
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numpy_expands_a_seed_to_the_same_bits() {
        // numpy.random.SeedSequence(seed).generate_state(4, numpy.uint64), NumPy 2.4.6
        for (seed, words) in [
            (0, [0xdb2c_d7e7_b0f4_78be, 0xabf4_641a_2c71_ba49, 0x20c6_ed6d_9d7b_8d41, 0x2c40_99de_223c_39d4]),
            (42, [0x9f1e_2e6d_cd54_0ab7, 0xd578_73dc_79fb_94b6, 0x7d28_2a1b_64d4_20b7, 0x3365_7971_4692_d5ff]),
            (
                12_345_678_901_234_567_890,
                [0x3adc_e17e_3465_14ac, 0x59e9_bcc3_88fa_7613, 0xf848_c11a_70fd_2314, 0x2fce_4134_a50b_adc2],
            ),
        ] {
            assert_eq!(expanded(seed), words, "{seed}");
        }
    }

    #[test]
    fn numpy_draws_the_same_numbers() {
        // numpy.random.default_rng(seed): three times .random(), then .uniform(1e5, 1e7), NumPy 2.4.6
        for (seed, numbers, wide) in [
            (0, [0.636_961_687_321_454_3, 0.269_786_713_763_870_3, 0.040_973_523_936_194_69], 263_623.591_732_438_1),
            (42, [0.773_956_048_555_963_3, 0.438_878_439_752_052_3, 0.858_597_919_911_382_5], 7_003_943.487_687_702),
            (
                12_345_678_901_234_567_890,
                [0.004_224_879_795_573_511, 0.652_343_997_617_050_9, 0.607_880_502_423_338_9],
                9_844_619.913_808_178,
            ),
        ] {
            let mut generator = Pcg64::from_seed(seed);
            assert_eq!(numbers, std::array::from_fn(|_| generator.uniform(0.0, 1.0)), "{seed}");
            assert_eq!(generator.uniform(1e5, 1e7), wide, "{seed}");
        }
    }
}
