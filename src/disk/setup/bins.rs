//! Size bins, the initial distribution over them, and how grains break.

use super::SetupError;
use crate::config::Config;
use crate::config::Profile;
use crate::config::qstar::CoefficientUnits;
use crate::config::sizes::{self, FloorMode, InitialMode, SizeGrid as GridRule, SlopeOf};
use crate::disk::collisions::Breakup;
use crate::disk::floor::{Floor, FloorRule};
use crate::physics::PhysicsError;
use crate::physics::excitation::{EccentricityProfile, RelativeSpeed};
use crate::physics::fragmentation::{FragmentSlope, fragment_integrals};
use crate::physics::minimum_size::{MinimumSize, SizeDrift};
use crate::physics::orbit;
use crate::physics::quadrature::Quadrature;
use crate::physics::size_distribution::{self, MeltMixture, SizeGrid, ThreeSlope, TruncatedPowerLaw};
use crate::physics::strength::{Strength, StrengthCoefficients, StrengthUnits};
use crate::physics::surface_energy::SurfaceEnergy;

/// Size of all grains at the start of a column with `initial.s0_mode: mono` [m]; chosen by the Python program.
const MONO_SIZE: f64 = 1.5;

/// Bins from the smallest configured size, or from the initial blow-out size as in the Python program.
pub(super) fn size_grid(config: &Config, s_min_effective: f64) -> Result<SizeGrid, SetupError> {
    if is_mono(config) && config.profile == Profile::Python {
        return Ok(SizeGrid::uniform(MONO_SIZE, config.sizes.n_bins, config.material.rho));
    }
    let bottom = match config.sizes.grid {
        GridRule::Full => config.sizes.s_min,
        GridRule::FromBlowout => s_min_effective,
    };
    SizeGrid::logarithmic(bottom, config.sizes.s_max, config.sizes.n_bins, config.material.rho)
        .map_err(SetupError::physics("sizes"))
}

/// Whether all grains have one size at the start. In rings that is a distribution like any other.
fn is_mono(config: &Config) -> bool {
    config.initial.s0_mode == InitialMode::Mono && config.geometry.is_column()
}

/// What rules the smallest size that stays; in rings the mode is a label.
pub(super) fn floor(config: &Config) -> Result<Floor, SetupError> {
    let sizes = &config.sizes;
    let column = config.geometry.is_column();
    let rule = match config.psd.floor.mode {
        FloorMode::EvolveSmin if column => FloorRule::Evolving,
        FloorMode::None if column => FloorRule::Configured,
        _ => FloorRule::Fixed,
    };
    let evolution = if column && sizes.evolve_min_size { Some(minimum_size(config)?) } else { None };
    // The Python program only reports that size.
    let evolution_counts = sizes.apply_evolved_min_size && evolution.is_some() && config.profile != Profile::Python;
    Ok(Floor { rule, evolution, evolution_counts })
}

/// The law of `sizes.dsdt_model`; an unknown name does nothing, of which loading the configuration warns.
fn minimum_size(config: &Config) -> Result<MinimumSize, SetupError> {
    const KEY: &str = "sizes.dsdt_params";
    let parameter = |name: &str| config.sizes.dsdt_params.get(name).copied();
    let rate = |name: &str| parameter(name).unwrap_or(0.0);
    let drift = match config.sizes.dsdt_model.as_deref() {
        Some("linear_decay") => {
            let missing = SetupError::Missing { key: KEY, remedy: "`k_T` needs a temperature `T_ref` above 0 K" };
            let per_kelvin = match (rate("k_T"), parameter("T_ref")) {
                (0.0, _) => 0.0,
                (slope, Some(reference)) if reference > 0.0 => slope / reference,
                _ => return Err(missing),
            };
            SizeDrift::Decay { base: rate("k0"), per_kelvin }
        }
        Some("constant_decay") => SizeDrift::Decay { base: rate("k0"), per_kelvin: 0.0 },
        Some("sublimation_min") => SizeDrift::Sublimation,
        _ => SizeDrift::None,
    };
    Ok(MinimumSize { drift, least: rate("floor") })
}

/// Smallest fragment that surface energy allows [m], where the configuration asks for it: at the encounter speed of the
/// middle radius `r` [m].
pub(super) fn smallest_fragment(
    config: &Config,
    eccentricity: &EccentricityProfile,
    r: f64,
) -> Result<Option<f64>, SetupError> {
    let keys = &config.surface_energy;
    if !keys.enabled {
        return Ok(None);
    }
    let law = SurfaceEnergy {
        gamma: keys.gamma_j_m2,
        efficiency: keys.eta,
        collider: keys.collider_size_m.unwrap_or(config.sizes.s_max),
        largest_fragment: keys.largest_fragment_mass_fraction,
    };
    let speed = RelativeSpeed::Pericenter
        .speed(orbit::circular_speed(r), eccentricity.at(r), 0.0)
        .map_err(SetupError::physics("surface_energy"))?;
    let missing = SetupError::Missing { key: "psd.alpha", remedy: "surface_energy.enabled needs it" };
    Ok(Some(law.smallest_fragment(config.psd.alpha.ok_or(missing)?, config.material.rho, speed)))
}

/// Mass fractions at the start; only of grains that radiation does not expel at once.
///
/// Each part of a melt mixture is normalised over the sizes above that one, as if the bins began there.
pub(super) fn initial_fractions(
    config: &Config,
    bins: &SizeGrid,
    s_min_effective: f64,
) -> Result<Vec<f64>, SetupError> {
    let melt = &config.initial.melt_psd;
    let s_cut = melt.s_cut_condensation.max(s_min_effective);
    let quadrature = match config.initial.quadrature {
        sizes::Quadrature::Midpoint => Quadrature::Midpoint,
        sizes::Quadrature::Exact => Quadrature::Exact,
    };
    let upper = || {
        // A configuration that asks for it without psd.alpha was refused when it was loaded.
        let alpha = config.psd.alpha.unwrap_or(f64::NAN);
        let (s_max, wavy_strength) = (config.sizes.s_max, config.psd.wavy_strength);
        let law = ThreeSlope { alpha, s_min: s_min_effective, s_max, wavy_strength };
        size_distribution::three_slope(bins, &law, quadrature)
    };
    let fractions = match config.initial.s0_mode {
        InitialMode::Mono if is_mono(config) && config.profile == Profile::Python => {
            return Ok(vec![1.0 / bins.len() as f64; bins.len()]);
        }
        InitialMode::Mono if is_mono(config) => size_distribution::single_size(bins, MONO_SIZE),
        InitialMode::Upper | InitialMode::Mono => upper(),
        InitialMode::MeltLognormalMixture => size_distribution::lognormal_mixture(
            bins,
            &MeltMixture {
                f_fine: melt.f_fine,
                s_fine: melt.s_fine,
                s_meter: melt.s_meter,
                width_dex: melt.width_dex,
                s_cut,
            },
            quadrature,
        ),
        InitialMode::MeltTruncatedPowerlaw => size_distribution::truncated_power_law(
            bins,
            &TruncatedPowerLaw {
                s_min_solid: melt.s_min_solid,
                s_max_solid: melt.s_max_solid,
                s_cut,
                alpha: melt.alpha_solid,
            },
            quadrature,
        ),
    };
    match fractions {
        Err(error @ PhysicsError::EmptyDistribution { .. }) if falls_back(config) => {
            tracing::warn!("{error}: as in the Python program the disk starts with `s0_mode: upper`");
            upper()
        }
        fractions => fractions,
    }
    .map_err(SetupError::physics("initial"))
}

/// The Python program takes another distribution where a melt leaves nothing on the grid.
fn falls_back(config: &Config) -> bool {
    let mode = config.initial.s0_mode;
    let melt = matches!(mode, InitialMode::MeltLognormalMixture | InitialMode::MeltTruncatedPowerlaw);
    melt && config.profile == Profile::Python
}

/// Strength and fragments.
pub(super) fn breakup(config: &Config, sizes: &SizeGrid) -> Result<Breakup, SetupError> {
    let slope = match config.fragments.slope_of {
        SlopeOf::Number => FragmentSlope::Number(config.fragments.slope),
        SlopeOf::Mass => FragmentSlope::Mass(config.fragments.slope),
    };
    let fragment_integrals = fragment_integrals(&sizes.edges, slope.mass_exponent());
    Ok(Breakup { strength: strength(config)?, fragment_integrals })
}

fn strength(config: &Config) -> Result<Strength, SetupError> {
    let qstar = &config.qstar;
    let units = match qstar.coeff_units {
        // The built-in coefficients have units of their own, except that the Python program takes them in these, too.
        _ if !qstar.override_coeffs && config.profile != Profile::Python => StrengthUnits::Ba99Cgs,
        CoefficientUnits::Ba99Cgs => StrengthUnits::Ba99Cgs,
        CoefficientUnits::Si => StrengthUnits::Si,
    };
    let coefficients = if !qstar.override_coeffs {
        Strength::default_coefficients()
    } else if let Some(table) = &qstar.coeff_table {
        let row = |row: &crate::config::qstar::Coefficients| StrengthCoefficients {
            speed_kms: row.speed_kms,
            qs: row.q_s,
            a_s: row.a_s,
            b: row.b,
            b_g: row.b_g,
        };
        table.0.iter().map(row).collect()
    } else {
        let missing = |key| SetupError::Missing { key, remedy: "qstar.override_coeffs without coeff_table needs it" };
        let scale = qstar.coeff_scale;
        let qs = scale * qstar.q_s.ok_or(missing("qstar.Qs"))?;
        let b = scale * qstar.b.ok_or(missing("qstar.B"))?;
        let (a_s, b_g) = (qstar.a_s.ok_or(missing("qstar.a_s"))?, qstar.b_g.ok_or(missing("qstar.b_g"))?);
        qstar
            .v_ref_kms
            .iter()
            .map(|speed_kms| StrengthCoefficients { speed_kms: *speed_kms, qs, a_s, b, b_g })
            .collect()
    };
    Strength::new(coefficients, units, qstar.mu_grav).map_err(SetupError::physics("qstar"))
}
