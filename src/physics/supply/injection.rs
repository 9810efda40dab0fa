//! Which size bins receive the fresh material.

use super::super::quadrature::power_integral;
use super::super::size_distribution::SizeGrid;

/// How the mass that reaches the surface is spread over the bins.
#[derive(Debug, Clone, PartialEq)]
pub enum Injection {
    /// All of it in the smallest bin that radiation does not expel.
    MinBin {
        /// Smallest size that is injected [m]; 0 for no such limit.
        smallest: f64,
        /// What a bin spans.
        ranges: BinRanges,
    },
    /// dN/ds ∝ s^(−q) between two sizes.
    PowerLawBins {
        /// Smallest size that is injected [m]; 0 for no such limit.
        smallest: f64,
        /// Largest size that is injected [m]; infinite for no such limit.
        largest: f64,
        /// q.
        slope: f64,
        /// What a bin spans.
        ranges: BinRanges,
    },
    /// In these proportions, of sum 1, one per bin: those of the initial distribution.
    InitialPsd(Vec<f64>),
}

/// Which sizes belong to a bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinRanges {
    /// Those between its edges. A bin of which radiation expels a part receives nothing: the part that stays is not known
    /// apart, so that blow-out would take all of it.
    Edges,
    /// Half a bin's width on both sides of its size, and nothing above the size of the last bin: the Python program's. A bin
    /// whose size stays receives what its grains are.
    Centred,
}

impl BinRanges {
    /// Smallest size that may be injected [m] where sizes below `s_min` [m] do not stay.
    fn floor(self, sizes: &SizeGrid, s_min: f64) -> f64 {
        match self {
            BinRanges::Edges => {
                let whole = sizes.edges.partition_point(|edge| *edge < s_min);
                sizes.edges[whole.min(sizes.len())]
            }
            BinRanges::Centred => s_min,
        }
    }
}

impl Injection {
    /// Source of each bin [kg m⁻² s⁻¹], written into `out` (one entry per bin). Its sum is `rate`.
    ///
    /// - `s_min`: smallest size that stays in the disk [m]
    /// - `rate`: mass that reaches the surface [kg m⁻² s⁻¹], not negative
    pub fn fill(&self, sizes: &SizeGrid, s_min: f64, rate: f64, out: &mut [f64]) {
        match self {
            Injection::InitialPsd(fractions) => {
                for (source, fraction) in out.iter_mut().zip(fractions) {
                    *source = rate * fraction;
                }
            }
            Injection::MinBin { smallest, ranges } => {
                fill_one(sizes, ranges.floor(sizes, s_min).max(*smallest), rate, out);
            }
            Injection::PowerLawBins { smallest, largest, slope, ranges } => {
                let floor = ranges.floor(sizes, s_min).max(*smallest);
                fill_power_law(sizes, (floor, *largest), *slope, *ranges, out);
                let total: f64 = out.iter().sum();
                if total > 0.0 && total.is_finite() {
                    out.iter_mut().for_each(|source| *source *= rate / total);
                } else {
                    fill_one(sizes, floor, rate, out);
                }
            }
        }
    }
}

/// Everything in the first bin whose size is not below `floor` [m], or in the last bin.
fn fill_one(sizes: &SizeGrid, floor: f64, rate: f64, out: &mut [f64]) {
    out.fill(0.0);
    let bin = sizes.sizes.iter().position(|size| *size >= floor).unwrap_or(out.len() - 1);
    out[bin] = rate;
}

/// Relative masses m_k ∫ s^(−q) ds over the part of bin k between the limits [m].
fn fill_power_law(sizes: &SizeGrid, (floor, largest): (f64, f64), slope: f64, ranges: BinRanges, out: &mut [f64]) {
    let last = sizes.len() - 1;
    let top = match ranges {
        BinRanges::Edges => sizes.edges[last + 1],
        BinRanges::Centred => sizes.sizes[last],
    };
    let ceiling = largest.min(top).max(floor);
    for (k, relative) in out.iter_mut().enumerate() {
        let (lower, upper) = match ranges {
            BinRanges::Edges => (sizes.edges[k], sizes.edges[k + 1]),
            BinRanges::Centred => {
                let lower = (sizes.sizes[k] - 0.5 * sizes.widths[k]).max(0.0);
                (lower, lower + sizes.widths[k])
            }
        };
        let (lower, upper) = (lower.max(floor), upper.min(ceiling));
        // In units of the bin's own size, so that no power overflows.
        let size = sizes.sizes[k];
        let count = if upper > lower { power_integral(lower / size, upper / size, -slope) } else { 0.0 };
        *relative = sizes.masses[k] * size.powf(1.0 - slope) * count;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn grid() -> SizeGrid {
        SizeGrid::logarithmic(1e-6, 1e-2, 40, 3000.0).unwrap()
    }

    fn filled(injection: &Injection, s_min: f64, rate: f64) -> Vec<f64> {
        let mut out = vec![9.0; 40];
        injection.fill(&grid(), s_min, rate, &mut out);
        out
    }

    fn power_law(smallest: f64, largest: f64, slope: f64, ranges: BinRanges) -> Injection {
        Injection::PowerLawBins { smallest, largest, slope, ranges }
    }

    #[test]
    fn the_bins_receive_the_whole_supply() {
        let mut fractions = vec![0.0; 40];
        (fractions[3], fractions[7]) = (0.25, 0.75);
        let out = filled(&Injection::InitialPsd(fractions), 1e-6, 8.0);
        assert_eq!((out[3], out[7], out.iter().sum::<f64>()), (2.0, 6.0, 8.0));
        for ranges in [BinRanges::Edges, BinRanges::Centred] {
            for slope in [0.5, 1.0, 3.5, 6.0] {
                let out = filled(&power_law(1e-5, 1e-3, slope, ranges), 2e-6, 8.0);
                assert_close(out.iter().sum(), 8.0, ROUNDING);
                assert!(out.iter().filter(|source| **source > 0.0).count() >= 2);
            }
        }
    }

    #[test]
    fn the_smallest_bin_that_stays_receives_all() {
        use BinRanges::{Centred, Edges};
        let SizeGrid { sizes, edges, .. } = grid();
        for (ranges, smallest, s_min, bin) in [
            (Centred, 0.0, 0.0, 0),
            (Centred, 0.0, sizes[5], 5),
            (Centred, sizes[9], sizes[5], 9),
            (Centred, 0.0, 1.0, 39),
            (Edges, 0.0, 0.0, 0),
            (Edges, 0.0, edges[5], 5),
            (Edges, 0.0, edges[5] * 1.01, 6), // bin 5 is cut, although its size stays
            (Edges, sizes[9], sizes[5], 9),
            (Edges, 0.0, 1.0, 39),
        ] {
            let out = filled(&Injection::MinBin { smallest, ranges }, s_min, 3.0);
            assert_eq!((out[bin], out.iter().sum::<f64>()), (3.0, 3.0), "{ranges:?} {bin}");
        }
        let none = Injection::MinBin { smallest: 0.0, ranges: Edges };
        assert!(filled(&none, 0.0, 0.0).iter().all(|source| *source == 0.0));
    }

    #[test]
    fn no_bin_that_radiation_cuts_receives_anything() {
        let edges = grid().edges;
        for share in [1e-6, 0.5, 0.999] {
            let s_blow = edges[12] * (edges[13] / edges[12]).powf(share);
            for injection in [
                Injection::MinBin { smallest: 0.0, ranges: BinRanges::Edges },
                power_law(0.0, 1e-3, 3.5, BinRanges::Edges),
            ] {
                let out = filled(&injection, s_blow, 2.0);
                assert!(out[..=12].iter().all(|source| *source == 0.0) && out[13] > 0.0, "{injection:?} {share}");
                assert_close(out.iter().sum(), 2.0, ROUNDING);
            }
        }
    }

    #[test]
    fn a_power_law_has_its_slope_and_its_limits() {
        let (grid, q) = (grid(), 3.5);
        let out = filled(&power_law(1e-5, 1e-3, q, BinRanges::Edges), 2e-6, 1.0);
        // Whole bins 10 … 29 lie within: mass per bin ∝ s^(4−q), apart from the common factor of equal log widths.
        for k in 0..40 {
            let inside = (10..30).contains(&k);
            assert_eq!(out[k] > 1e-9, inside, "bin {k}: {}", out[k]);
            if inside && k > 10 {
                let ratio = (grid.sizes[k] / grid.sizes[k - 1]).powf(4.0 - q);
                assert_close(out[k] / out[k - 1], ratio, 1e-9);
            }
        }
    }

    #[test]
    fn limits_between_which_there_is_no_bin_leave_one_bin() {
        for (smallest, largest) in [(1.0, 2.0), (1e-4, 1e-5)] {
            let injection = power_law(smallest, largest, 3.5, BinRanges::Centred);
            let out = filled(&injection, 1e-6, 3.0);
            let bin = grid().sizes.iter().position(|size| *size >= smallest).unwrap_or(39);
            assert_eq!((out[bin], out.iter().sum::<f64>()), (3.0, 3.0));
        }
    }
}
