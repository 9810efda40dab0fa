//! Mass lost per orbit at the middle radius, from losses per coupling step.

use crate::checkpoint::snapshot::{Exchange, SnapshotError};
use crate::disk::budget::{OrbitRecords, OrbitRow};

/// Unit of masses in checkpoints: the mass of Mars, which has no name in the units of CF.
const MASS: &str = "6.4171e23 kg";

/// Collects the losses of coupling steps and hands out whole orbits.
#[derive(Debug, Clone, PartialEq)]
pub struct OrbitRollup {
    t_orb: f64,
    r_rm: f64,
    initial_mass: f64,
    elapsed: f64,
    blowout: f64,
    sinks: f64,
    blowout_cumulative: f64,
    sinks_cumulative: f64,
    completed: u64,
}

impl OrbitRollup {
    /// For an orbital period [s] at a radius [R_Mars] and the initial mass of the disk [M_Mars].
    pub fn new(t_orb: f64, r_rm: f64, initial_mass: f64) -> Self {
        OrbitRollup {
            t_orb,
            r_rm,
            initial_mass,
            elapsed: 0.0,
            blowout: 0.0,
            sinks: 0.0,
            blowout_cumulative: 0.0,
            sinks_cumulative: 0.0,
            completed: 0,
        }
    }

    /// Saves or restores what was collected.
    ///
    /// # Errors
    /// When restoring: the snapshot holds no orbits.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
        let OrbitRollup {
            t_orb: _,
            r_rm: _,
            initial_mass: _,
            elapsed,
            blowout,
            sinks,
            blowout_cumulative,
            sinks_cumulative,
            completed,
        } = self;
        exchange.enter("orbits").real("elapsed", "s", "time since the last whole orbit", elapsed)?;
        exchange.real("blowout", MASS, "blown out since then", blowout)?;
        exchange.real("sinks", MASS, "lost to sinks since then", sinks)?;
        exchange.real("blowout_cumulative", MASS, "blown out in whole orbits", blowout_cumulative)?;
        exchange.real("sinks_cumulative", MASS, "lost to sinks in whole orbits", sinks_cumulative)?;
        exchange.count("completed", "whole orbits", completed)
    }

    /// Orbits handed out so far.
    pub fn completed(&self) -> u64 {
        self.completed
    }

    /// Adds a step that ends at `time` and lasted `dt` [s], with its losses [M_Mars]; calls `emit` for every orbit that
    /// it completed. A step that spans several orbits is shared evenly among them.
    pub fn add<E>(
        &mut self,
        (time, dt): (f64, f64),
        blowout: f64,
        sinks: f64,
        temperature: f64,
        mut emit: impl FnMut(&OrbitRow) -> Result<(), E>,
    ) -> Result<(), E> {
        self.elapsed += dt;
        self.blowout += blowout;
        self.sinks += sinks;
        while self.elapsed >= self.t_orb {
            let share = self.t_orb / self.elapsed;
            let row = self.take(share, time, time - (self.elapsed - self.t_orb), temperature);
            emit(&row)?;
        }
        Ok(())
    }

    /// The unfinished orbit, for a run that is shorter than one.
    pub fn remainder(&mut self, time: f64, temperature: f64) -> OrbitRow {
        self.take(1.0, time, time, temperature)
    }

    fn take(&mut self, share: f64, time: f64, time_end: f64, temperature: f64) -> OrbitRow {
        let (blowout, sinks) = (share * self.blowout, share * self.sinks);
        self.blowout -= blowout;
        self.sinks -= sinks;
        self.elapsed -= share * self.elapsed;
        self.blowout_cumulative += blowout;
        self.sinks_cumulative += sinks;
        self.completed += 1;
        OrbitRow {
            index: self.completed,
            time,
            time_end,
            t_orb: self.t_orb,
            blowout,
            sinks,
            blowout_cumulative: self.blowout_cumulative,
            sinks_cumulative: self.sinks_cumulative,
            loss_fraction: if self.initial_mass > 0.0 { (blowout + sinks) / self.initial_mass } else { f64::NAN },
            r_rm: self.r_rm,
            temperature,
            records: OrbitRecords::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_steps_are_shared_among_orbits_and_nothing_is_lost() {
        let mut rollup = OrbitRollup::new(10.0, 1.85, 2.0);
        let mut rows = Vec::new();
        let mut keep = |row: &OrbitRow| -> Result<(), ()> {
            rows.push(*row);
            Ok(())
        };
        rollup.add((4.0, 4.0), 0.4, 0.0, 4000.0, &mut keep).unwrap();
        rollup.add((35.0, 31.0), 3.1, 0.31, 3900.0, &mut keep).unwrap();
        assert_eq!(rows.iter().map(|row| row.time_end).collect::<Vec<_>>(), [10.0, 20.0, 30.0]);
        // Blow-out runs at 0.1 per second throughout.
        for row in &rows {
            assert!((row.blowout - 1.0).abs() < 1e-14, "{row:?}");
        }
        let rest = rollup.remainder(35.0, 3900.0);
        assert!((rest.blowout_cumulative - 3.5).abs() < 1e-14 && (rest.sinks_cumulative - 0.31).abs() < 1e-14);
    }
}
