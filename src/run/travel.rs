//! Which numbers of the disk travel between processes, and into checkpoints: what a cell is and what it reports.

use crate::disk::cell::CellState;
use crate::disk::floor::FloorState;
use crate::disk::report::{
    CellReport, CellStop, DampingReport, EndRates, InnerSteps, KernelReport, Ledger, Shrinkage, SmallestGrains,
    SmolReport, StepFacts, SupplyReport,
};
use crate::disk::step::StepError;
use crate::disk::supply::SupplyState;
use crate::physics::phase::{BulkState, Phase, PhaseState};
use crate::physics::stirring::Excitation;
use crate::smoluchowski::IntegrationError;
use crate::smoluchowski::energy::EnergyRates;
use crate::{wire_enum, wire_struct};

wire_struct!(Ledger { blowout, sublimation, gas_drag, escape, supplied, buffered, clipped });
wire_struct!(SupplyReport {
    raw,
    nominal,
    offered,
    scaled,
    applied,
    into_deep,
    from_deep_attempt,
    from_deep,
    diverted,
    temperature_scale,
    temperature_value,
    feedback_scale,
    feedback_error,
    reservoir,
    reservoir_fraction,
    reservoir_clipped,
    allowed,
});
wire_struct!(SmolReport {
    dt_eff,
    sigma_before,
    sigma_after,
    prod_rate,
    loss_rate,
    gain_rate,
    collision_loss_rate,
    sink_rate,
    source_rate,
    t_coll,
});
wire_struct!(Excitation { e, i });
wire_struct!(DampingReport { next, time, target });
wire_struct!(KernelReport { used, base, supply, supply_weight, damping });
wire_struct!(SmallestGrains { size, q_pr, beta, blowout_gate, s_blow, q_pr_blow });
wire_struct!(Shrinkage { shift, mass_ratio, lost });
wire_struct!(EndRates { blowout, sinks });
wire_struct!(InnerSteps { accepted, rejected, fallback });
wire_struct!(EnergyRates { relative, retained, dissipated, cratering, fragmentation, shares, remnants });
wire_enum!(CellStop { 0 => TauExceeded });
wire_enum!(PhaseState { 0 => Solid, 1 => Vapor });
wire_enum!(BulkState { 0 => SolidDominated, 1 => Mixed, 2 => LiquidDominated });
wire_struct!(Phase { state, f_vap, bulk, f_liquid, f_solid, f_vapor });
wire_struct!(CellReport {
    cell,
    evolved,
    active,
    stop,
    stop_time,
    stop_tau,
    surface_density,
    opacity,
    opacity_effective,
    tau,
    tau_before,
    sigma_tau1,
    sigma_deep,
    peak_size,
    smallest,
    s_min_evolved,
    shrinkage,
    ledger,
    cumulative,
    end_rates,
    supply,
    smol,
    kernel,
    inner,
    substeps,
    energy,
    phase,
    grain_temperature,
    phase_temperature,
    size_rate,
    size_rate_raw,
    sublimation_blocked,
    t_sink_sublimation,
    t_sink_gas_drag,
    t_escape,
    tau_gate_blocked,
    blowout_phase_allowed,
    blowout_active,
    gate_factor,
    t_solid,
});
wire_struct!(SupplyState { feedback_scale, reservoir, deep });
wire_struct!(FloorState { raised, evolved });
wire_struct!(CellState { bins, sizes, floor, first_step, excitation, saturated_at, stop, cumulative, supply });
wire_enum!(StepError {
    0 => Integration { source },
    1 => Unbound { eccentricity, tau, f_wake },
    2 => OutsideTable { temperature, first, last },
});
wire_struct!(StepFacts {
    index,
    time,
    dt,
    temperature,
    s_blow,
    s_min_effective,
    q_pr_blow,
    q_pr_at_smin,
    beta_at_smin,
    blowout_gate,
});
wire_enum!(IntegrationError {
    0 => NotFinite { bin, value, time },
    1 => NoProgress { steps, time, dt },
    2 => Unbalanced { made, mass, dt }
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixtures::Fixture;
    use crate::wire::{from_bytes, to_bytes};

    #[test]
    fn a_report_arrives_whole_and_is_no_larger_than_in_memory() {
        for report in Fixture::new().reports {
            let bytes = to_bytes(&report);
            assert!(bytes.len() <= size_of::<CellReport>(), "{} > {}", bytes.len(), size_of::<CellReport>());
            // Written out, because NaN is not equal to itself.
            assert_eq!(format!("{:?}", from_bytes::<CellReport>(&bytes).unwrap()), format!("{report:?}"));
        }
    }

    #[test]
    fn a_cell_moves_unchanged() {
        let mut cell = CellState::new(vec![1e-3, 0.0, 5e-324], Excitation { e: 0.3, i: 0.1 });
        cell.stop = Some((CellStop::TauExceeded, 12.5, 2.4));
        cell.cumulative.sublimation = 0.1;
        cell.sizes = vec![1e-6, 2e-6, 4e-6];
        cell.floor = FloorState { raised: 3e-6, evolved: 2e-6 };
        cell.supply = SupplyState { feedback_scale: 0.3, reservoir: 7.5, deep: 1e-3 };
        assert_eq!(from_bytes::<CellState>(&to_bytes(&cell)).unwrap(), cell);
    }

    #[test]
    fn an_error_says_elsewhere_what_it_says_here() {
        let error = IntegrationError::NotFinite { bin: 7, value: f64::INFINITY, time: 1.25 };
        assert_eq!(from_bytes::<IntegrationError>(&to_bytes(&error)).unwrap(), error);
    }
}
