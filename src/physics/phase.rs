//! Whether the material of a cell is solid, liquid or vapour.
//!
//! What follows from it (no collisions in liquid, no blow-out of vapour …) is decided by a cell's step in
//! [`crate::disk`].

use super::phase_map::PhaseMap;

/// Vapour fraction from which a cell counts as vapour.
const VAPOR_FROM: f64 = 0.5;
/// Liquid fraction up to which solids dominate.
const SOLID_UP_TO: f64 = 0.05;
/// Liquid fraction from which liquid dominates.
const LIQUID_FROM: f64 = 0.95;

/// State of the dust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseState {
    /// Condensed.
    Solid,
    /// Mostly evaporated.
    Vapor,
}

impl PhaseState {
    /// Name in the output tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Solid => "solid",
            Self::Vapor => "vapor",
        }
    }
}

/// State of the condensed material.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkState {
    /// At most 5 % liquid.
    SolidDominated,
    /// In between.
    Mixed,
    /// At least 95 % liquid.
    LiquidDominated,
}

impl BulkState {
    /// Name in the output tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SolidDominated => "solid_dominated",
            Self::Mixed => "mixed",
            Self::LiquidDominated => "liquid_dominated",
        }
    }
}

/// Phase of the material of one cell. The three fractions of the bulk add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// State of the dust.
    pub state: PhaseState,
    /// Vapour fraction that decided it, 0 … 1.
    pub f_vap: f64,
    /// State of the bulk.
    pub bulk: BulkState,
    /// Liquid fraction of the bulk.
    pub f_liquid: f64,
    /// Solid fraction of the bulk.
    pub f_solid: f64,
    /// Vapour fraction of the bulk.
    pub f_vapor: f64,
}

impl Phase {
    /// All solid: what a run without phase changes has everywhere.
    pub const SOLID: Phase = Phase {
        state: PhaseState::Solid,
        f_vap: 0.0,
        bulk: BulkState::SolidDominated,
        f_liquid: 0.0,
        f_solid: 1.0,
        f_vapor: 0.0,
    };

    /// Phase of material with molten or evaporated fraction `f`, 0 … 1.
    ///
    /// As in the Python program, one fraction serves both: the dust is vapour from f = 0.5 on, the bulk counts as liquid
    /// by the same f, and the bulk's vapour fraction stays 0.
    fn from_fraction(f: f64) -> Phase {
        Phase::of(f, (f, 1.0 - f, 0.0))
    }

    /// Phase of material of which a map knows the vapour fraction `f` alone, 0 … 1.
    ///
    /// As in the Python program, that fraction stands for the liquid, too, and the three fractions of the bulk are brought
    /// to a sum of 1; the dust is vapour from f = 0.5 on.
    fn from_vapour(f: f64) -> Phase {
        let sum = 1.0 + f;
        Phase::of(f, (f / sum, (1.0 - f) / sum, f / sum))
    }

    fn of(f_vap: f64, (f_liquid, f_solid, f_vapor): (f64, f64, f64)) -> Phase {
        let bulk = if f_liquid >= LIQUID_FROM {
            BulkState::LiquidDominated
        } else if f_liquid <= SOLID_UP_TO {
            BulkState::SolidDominated
        } else {
            BulkState::Mixed
        };
        let state = if f_vap >= VAPOR_FROM { PhaseState::Vapor } else { PhaseState::Solid };
        Phase { state, f_vap, bulk, f_liquid, f_solid, f_vapor }
    }
}

/// How the phase follows from temperature, pressure and optical depth.
#[derive(Debug, Clone, PartialEq)]
pub enum PhaseLaw {
    /// Everything is solid.
    Solid,
    /// Two temperatures.
    Thresholds(PhaseThresholds),
    /// A map.
    Map(PhaseMap),
}

impl PhaseLaw {
    /// Phase at `temperature` [K], `tau` and, where it is known, `pressure_bar` [bar].
    pub fn evaluate(&self, temperature: f64, pressure_bar: Option<f64>, tau: f64) -> Phase {
        match self {
            Self::Solid => Phase::SOLID,
            Self::Thresholds(rule) => rule.evaluate(temperature, pressure_bar, Some(tau)),
            Self::Map(map) => Phase::from_vapour(map.vapour_fraction(temperature, pressure_bar, tau)),
        }
    }
}

/// Phase from two temperatures, with a linear ramp between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhaseThresholds {
    /// All solid at and below [K].
    pub t_condense: f64,
    /// All vapour at and above [K]; taken as at least 1 K above `t_condense`.
    pub t_vaporize: f64,
    /// Pressure that halves the ramp [bar]; 0 means none does.
    pub p_ref_bar: f64,
    /// Optical depth that halves the ramp, positive.
    pub tau_ref: f64,
}

impl PhaseThresholds {
    /// Phase at `temperature` [K].
    ///
    /// f = (T − T_c)/(T_v − T_c) between the thresholds, divided by (1 + P/P_ref) and by (1 + τ/τ_ref) where these are
    /// given. The two divisors act on the ramp alone: at T_v the fraction jumps to 1.
    ///
    /// - `pressure_bar`: of the surrounding gas [bar], not negative
    /// - `tau`: optical depth, not negative
    pub fn evaluate(&self, temperature: f64, pressure_bar: Option<f64>, tau: Option<f64>) -> Phase {
        let t_vaporize = self.t_vaporize.max(self.t_condense + 1.0);
        let fraction = if temperature <= self.t_condense {
            0.0
        } else if temperature >= t_vaporize {
            1.0
        } else {
            let ramp = (temperature - self.t_condense) / (t_vaporize - self.t_condense);
            (ramp / damping(pressure_bar, self.p_ref_bar) / damping(tau, self.tau_ref)).clamp(0.0, 1.0)
        };
        Phase::from_fraction(fraction)
    }
}

/// 1 + x/reference, or 1 without x or without a reference.
fn damping(x: Option<f64>, reference: f64) -> f64 {
    match x {
        Some(x) if reference > 0.0 => 1.0 + x / reference,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const RULE: PhaseThresholds =
        PhaseThresholds { t_condense: 1700.0, t_vaporize: 2000.0, p_ref_bar: 1.0, tau_ref: 1.0 };

    #[test]
    fn the_python_program_gives_the_same_phases() {
        let cases = [
            (1730.0, None, Some(0.5), 1.0 / 15.0, "solid", "mixed"),
            (1850.0, Some(1.0), Some(0.0), 0.25, "solid", "mixed"),
            (1850.0, None, None, 0.5, "vapor", "mixed"),
            (2100.0, None, None, 1.0, "vapor", "liquid_dominated"),
        ];
        for (temperature, pressure, tau, fraction, state, bulk) in cases {
            let phase = RULE.evaluate(temperature, pressure, tau);
            assert_close(phase.f_vap, fraction, ROUNDING);
            assert_eq!((phase.state.as_str(), phase.bulk.as_str()), (state, bulk), "{temperature} K");
            assert_eq!((phase.f_liquid, phase.f_vapor), (phase.f_vap, 0.0));
            assert_close(phase.f_solid + phase.f_liquid + phase.f_vapor, 1.0, ROUNDING);
        }
    }

    #[test]
    fn a_map_that_knows_vapour_alone_shares_it_with_the_liquid() {
        let law = PhaseLaw::Map(PhaseMap::Silica);
        let phase = law.evaluate(1986.0, None, 0.0);
        assert_eq!((phase.state, phase.f_vap, phase.f_solid), (PhaseState::Vapor, 1.0, 0.0));
        assert_eq!((phase.f_liquid, phase.f_vapor, phase.bulk), (0.5, 0.5, BulkState::Mixed));
        let phase = law.evaluate(1577.2, None, 0.0); // a fifth of the way
        assert_close(phase.f_liquid, 0.2 / 1.2, ROUNDING);
        assert_close(phase.f_solid + phase.f_liquid + phase.f_vapor, 1.0, ROUNDING);
        assert_eq!((phase.state, PhaseLaw::Solid.evaluate(5000.0, None, 0.0)), (PhaseState::Solid, Phase::SOLID));
    }

    #[test]
    fn cold_material_is_solid() {
        assert_eq!(RULE.evaluate(1700.0, None, None), Phase::SOLID);
        assert_eq!(Phase::SOLID.bulk.as_str(), "solid_dominated");
    }

    #[test]
    fn thresholds_are_at_least_one_kelvin_apart() {
        let narrow = PhaseThresholds { t_vaporize: 1700.0, ..RULE };
        assert_close(narrow.evaluate(1700.25, None, None).f_vap, 0.25, ROUNDING);
    }

    #[test]
    fn optical_depth_damps_the_ramp_alone() {
        assert_close(RULE.evaluate(1999.0, None, Some(9.0)).f_vap, 299.0 / 3000.0, ROUNDING);
        assert_eq!(RULE.evaluate(2000.0, None, Some(9.0)).f_vap, 1.0);
    }
}
