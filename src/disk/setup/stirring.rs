//! What stirs the grains: where e and i come from, speed, scale height, the velocity of the supply, damping.

use super::super::encounters::{Damping, Source, Stirring, SupplyExcitation};
use super::SetupError;
use crate::config::dynamics::{KernelEiMode, RelativeSpeedMode, ScaleHeightMode};
use crate::config::supply::{BlendMode, VelocityMode, WeightMode};
use crate::config::{Config, Profile};
use crate::physics::excitation::{RelativeSpeed, ScaleHeight};
use crate::physics::stirring::{Blend, Excitation, Weight};

pub(super) fn stirring(config: &Config, line_of_sight_factor: f64) -> Result<Stirring, SetupError> {
    let dynamics = &config.dynamics;
    let conservative = config.profile == Profile::Conservative;
    let damping = Damping { restitution: dynamics.eps_restitution, f_wake: dynamics.f_wake, los: line_of_sight_factor };
    Ok(Stirring {
        source: match dynamics.kernel_ei_mode {
            KernelEiMode::Config => Source::Profile,
            KernelEiMode::WyattEq => Source::Equilibrium { f_wake: dynamics.f_wake },
        },
        speed: match dynamics.v_rel_mode {
            RelativeSpeedMode::Pericenter => RelativeSpeed::Pericenter,
            RelativeSpeedMode::Ohtsuki => RelativeSpeed::Ohtsuki,
        },
        height: scale_height(config)?,
        supply: supply_excitation(config)?,
        blend: match config.supply.injection.velocity.blend_mode {
            BlendMode::Rms => Blend::Rms,
            BlendMode::Linear => Blend::Linear,
        },
        weight: match config.supply.injection.velocity.weight_mode {
            WeightMode::DeltaSigma => Weight::DeltaSigma,
            WeightMode::SigmaRatio => Weight::SigmaRatio,
        },
        damping: (dynamics.enable_e_damping && conservative).then_some(damping),
        remembered: conservative,
    })
}

fn scale_height(config: &Config) -> Result<ScaleHeight, SetupError> {
    match config.dynamics.kernel_h_mode {
        ScaleHeightMode::Ia => Ok(ScaleHeight::FromInclination { factor: config.dynamics.h_factor }),
        ScaleHeightMode::Fixed => {
            let remedy = "dynamics.kernel_H_mode: fixed needs it";
            let missing = SetupError::Missing { key: "dynamics.H_fixed_over_a", remedy };
            Ok(ScaleHeight::Fixed { aspect: config.dynamics.h_fixed_over_a.ok_or(missing)? })
        }
    }
}

fn supply_excitation(config: &Config) -> Result<SupplyExcitation, SetupError> {
    let velocity = &config.supply.injection.velocity;
    let missing = |key| SetupError::Missing { key, remedy: "supply.injection.velocity.mode needs it" };
    Ok(match velocity.mode {
        VelocityMode::Inherit => SupplyExcitation::Inherited,
        VelocityMode::FixedEi => SupplyExcitation::Fixed(Excitation {
            e: velocity.e_inj.ok_or(missing("supply.injection.velocity.e_inj"))?,
            i: velocity.i_inj.ok_or(missing("supply.injection.velocity.i_inj"))?,
        }),
        // The Python program takes a missing factor and zero as one.
        VelocityMode::Factor => match velocity.vrel_factor {
            None | Some(0.0) => SupplyExcitation::Inherited,
            Some(factor) => SupplyExcitation::Factor(factor),
        },
    })
}
