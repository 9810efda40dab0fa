//! How the grains of a cell meet in a step: eccentricity and inclination, and from them speed and scale height.
//!
//! Where neither changes in time, the pair tables of a cell are worked out once; else the worker does so in every step,
//! in buffers of its own. The formulas are in `physics::stirring` and `physics::excitation`.

use super::cell::{CellModel, CellState};
use super::collisions::MovingTables;
use super::model::Model;
use super::report::{CellFacts, DampingReport, KernelReport, StepFacts};
use super::step::StepError;
use super::workers::sizes_of;
use crate::physics::collision::optical_depth_collision_time;
use crate::physics::excitation::{RelativeSpeed, ScaleHeight};
use crate::physics::size_distribution::SizeGrid;
use crate::physics::stirring::{self, Blend, Excitation, Weight};
use crate::smoluchowski::pairs::PairTables;

/// Where e and i of the grains come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    /// The profile of the disk.
    Profile,
    /// The equilibrium of the moment between stirring by wakes, with this factor, and collisions.
    Equilibrium {
        /// Stirring factor f_wake.
        f_wake: f64,
    },
}

/// With which e and i the supply arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SupplyExcitation {
    /// Those of the grains that are there.
    Inherited,
    /// The same for ever.
    Fixed(Excitation),
    /// Those of the profile, or of the equilibrium, times this.
    Factor(f64),
}

/// Collisions as a brake.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Damping {
    /// Coefficient of restitution ε: t_damp = t_coll/ε².
    pub restitution: f64,
    /// Stirring factor of the equilibrium that damping tends to.
    pub f_wake: f64,
    /// Line-of-sight over vertical optical depth.
    pub los: f64,
}

/// What stirs the grains; the same for all cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stirring {
    /// Where e and i come from.
    pub source: Source,
    /// Speed from e and i.
    pub speed: RelativeSpeed,
    /// Scale height from i.
    pub height: ScaleHeight,
    /// With which e and i the supply arrives.
    pub supply: SupplyExcitation,
    /// How those are averaged with e and i of the grains that are there.
    pub blend: Blend,
    /// Weight of the supply in that average.
    pub weight: Weight,
    /// Damping by collisions, if there is any.
    pub damping: Option<Damping>,
    /// Whether a cell remembers its e and i. The Python program starts from the profile again in every step.
    pub remembered: bool,
}

impl Stirring {
    /// Whether e and i stay what they are at the start.
    pub fn is_constant(&self) -> bool {
        self.source == Source::Profile && self.supply == SupplyExcitation::Inherited && self.damping.is_none()
    }

    /// Whether e and i follow the optical depth of the moment.
    pub fn follows_depth(&self) -> bool {
        self.source != Source::Profile || self.damping.is_some()
    }

    /// Speed of encounters [m s⁻¹] and scale height [m] in a cell.
    fn meet(&self, cell: &CellFacts, excitation: Excitation) -> Option<(f64, f64)> {
        let (r, Excitation { e, i }) = (cell.r, excitation);
        let speed = self.speed.speed(r * cell.omega, e, i).ok()?;
        Some((speed, self.height.at(r, i)))
    }
}

/// How grains meet in a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encounters {
    /// Speed [m s⁻¹].
    pub(super) speed: f64,
    /// Scale height [m].
    pub(super) scale_height: f64,
    /// For the files.
    pub(super) report: KernelReport,
    /// What the cell remembers.
    pub(super) next: Excitation,
}

impl Encounters {
    /// Whether the other ones differ by less than a relative tolerance.
    pub(super) fn alike(&self, other: &Encounters, tolerance: f64) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= tolerance * b;
        near(self.speed, other.speed) && near(self.scale_height, other.scale_height)
    }
}

/// How the grains of a cell meet in a step, in which `supply` [kg m⁻² s⁻¹] arrives; `tau` is the line-of-sight optical
/// depth before.
///
/// A cell that remembers takes e and i of mid-step, like the drivers, and the mass of the supply adds to what it has. In a
/// cell that does not, the supply of the whole step is weighed against what is there, as in the Python program.
///
/// # Errors
/// [`StepError::Unbound`] if the formula of the speed needs e < 1.
pub(super) fn encounters(
    stirring: &Stirring,
    cell: &CellFacts,
    state: &CellState,
    drivers: &StepFacts,
    supply: f64,
    tau: f64,
) -> Result<Encounters, StepError> {
    let own = Excitation { e: cell.eccentricity, i: cell.inclination };
    let (base, undisturbed) = match stirring.source {
        Source::Profile if stirring.remembered => (state.excitation, own),
        Source::Profile => (own, own),
        Source::Equilibrium { f_wake } => {
            let equilibrium = stirring::equilibrium(tau, f_wake, own.e);
            (equilibrium, equilibrium)
        }
    };
    let fresh = match stirring.supply {
        SupplyExcitation::Inherited => base,
        SupplyExcitation::Fixed(excitation) => excitation,
        SupplyExcitation::Factor(factor) => undisturbed.scaled(factor),
    };
    let present = state.surface_density();
    let weight = |duration: f64| stirring.weight.of(supply.max(0.0) * duration, present);
    let brake = stirring.damping.map(|damping| Brake::of(damping, cell, own, tau));
    let after = |duration: f64| {
        let mixed = match stirring.supply {
            SupplyExcitation::Inherited => base,
            // The equilibrium is there at once, for fresh grains too; a share of a step would depend on its length.
            _ if stirring.remembered && stirring.source != Source::Profile => base,
            _ => stirring.blend.mix(base, fresh, weight(duration)),
        };
        brake.map_or(mixed, |brake| stirring::relaxed(mixed, brake.target, duration, brake.time))
    };
    let next = after(drivers.dt);
    let used = if stirring.remembered { after(0.5 * drivers.dt) } else { next };
    let (speed, scale_height) = stirring.meet(cell, used).ok_or(StepError::Unbound {
        eccentricity: used.e,
        tau,
        f_wake: match (stirring.source, stirring.damping) {
            (Source::Equilibrium { f_wake }, _) | (_, Some(Damping { f_wake, .. })) => f_wake,
            _ => f64::NAN,
        },
    })?;
    let damping = brake.map(|brake| DampingReport { next, time: brake.time, target: brake.target.e });
    let report = KernelReport { used, base, supply: fresh, supply_weight: weight(drivers.dt), damping };
    Ok(Encounters { speed, scale_height, report, next })
}

/// Outcomes of the collisions of a cell whose grains meet like that: the cell's own where they never change, otherwise
/// worked out in the buffers of the worker; `moved` are its sizes where they move.
pub(super) fn tables_of<'a>(
    model: &'a Model,
    cell: &'a CellModel,
    met: Encounters,
    moved: &Option<SizeGrid>,
    moving: &'a mut Option<MovingTables>,
) -> &'a PairTables {
    let (sizes, breakup) = (sizes_of(model, moved), &model.breakup);
    if model.stirring.is_constant() && moved.is_none() {
        return cell.tables(sizes, breakup);
    }
    let Encounters { speed, scale_height, .. } = met;
    moving.get_or_insert_with(|| MovingTables::new(sizes, breakup, speed, scale_height)).at(
        sizes,
        breakup,
        speed,
        scale_height,
    )
}

/// Damping in one step.
#[derive(Debug, Clone, Copy)]
struct Brake {
    target: Excitation,
    /// [s]
    time: f64,
}

impl Brake {
    fn of(damping: Damping, cell: &CellFacts, own: Excitation, tau: f64) -> Self {
        let collisions = optical_depth_collision_time(cell.omega, tau, damping.los).unwrap_or(f64::INFINITY);
        let time = collisions / (damping.restitution * damping.restitution);
        Brake { target: stirring::equilibrium(tau, damping.f_wake, own.e), time }
    }
}

#[cfg(test)]
mod tests;
