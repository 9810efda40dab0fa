//! Strength of solids: the specific energy Q*_D that leaves half of a target as its largest remnant.
//!
//! What a collision of given energy then leaves behind is in [`super::fragmentation`].

use super::error::PhysicsError;

/// Lowest encounter speed that is used [m s⁻¹].
const SPEED_FLOOR: f64 = 1e-12;
/// Metres per second in the unit of the reference speeds.
const KILOMETRE: f64 = 1e3;
/// Speed scaling µ of the gravity regime outside the table, unless configured.
const DEFAULT_MU_GRAV: f64 = 0.45;

/// Coefficients of Q*_D = Q_s s^(−a_s) + B ρ s^(b_g) at one encounter speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StrengthCoefficients {
    /// Reference speed [km s⁻¹], positive.
    pub speed_kms: f64,
    /// Q_s: strength of a body of unit size, in the table's units; positive.
    pub qs: f64,
    /// a_s: how fast strength falls with size.
    pub a_s: f64,
    /// B: gravity of a body of unit size and density, in the table's units; positive.
    pub b: f64,
    /// b_g: how fast gravity rises with size.
    pub b_g: f64,
}

/// Units of a coefficient table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrengthUnits {
    /// Sizes in cm, densities in g cm⁻³, energies in erg g⁻¹, as Benz & Asphaug (1999) print them.
    Ba99Cgs,
    /// Sizes in m, densities in kg m⁻³, energies in J kg⁻¹.
    Si,
}

impl StrengthUnits {
    /// Factors that turn metres, kg m⁻³ into the table's units, and its energies into J kg⁻¹.
    fn factors(self) -> (f64, f64, f64) {
        match self {
            Self::Ba99Cgs => (1e2, 1e-3, 1e-4),
            Self::Si => (1.0, 1.0, 1.0),
        }
    }
}

/// Q*_D for any size, density and speed, from coefficients at a few speeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Strength {
    /// By rising speed, at least one.
    coefficients: Vec<StrengthCoefficients>,
    units: StrengthUnits,
    /// 2 − 3µ: how gravity scales with speed outside the table.
    gravity_exponent: f64,
}

impl Strength {
    /// A strength law from its coefficients, in any order of speed.
    ///
    /// - `mu_grav`: µ of the gravity regime, positive; 0.45 by default
    ///
    /// # Errors
    /// No coefficients, a speed given twice, a speed, Q_s, B or µ that is not finite and positive, or an exponent that
    /// is not finite.
    pub fn new(
        mut coefficients: Vec<StrengthCoefficients>,
        units: StrengthUnits,
        mu_grav: f64,
    ) -> Result<Self, PhysicsError> {
        const TABLE: &str = "Q*_D coefficients";
        if coefficients.is_empty() {
            return Err(PhysicsError::TooFewEntries { table: TABLE, column: "speed", needed: 1, found: 0 });
        }
        for c in &coefficients {
            PhysicsError::positive("reference speed of a Q*_D entry [km/s]", c.speed_kms)?;
            PhysicsError::positive("Qs", c.qs)?;
            PhysicsError::positive("B of Q*_D", c.b)?;
            for (name, value) in [("a_s", c.a_s), ("b_g", c.b_g)] {
                if !value.is_finite() {
                    return Err(PhysicsError::BadValue { name, value, rule: "must be a finite number" });
                }
            }
        }
        PhysicsError::positive("mu_grav", mu_grav)?;
        coefficients.sort_by(|a, b| a.speed_kms.total_cmp(&b.speed_kms));
        let speeds: Vec<f64> = coefficients.iter().map(|c| c.speed_kms).collect();
        super::interpolate::check_axis(TABLE, "speed", &speeds, 1)?;
        Ok(Self { coefficients, units, gravity_exponent: 2.0 - 3.0 * mu_grav })
    }

    /// Basalt at 3 km s⁻¹ after Benz & Asphaug (1999, Icarus 142, 5), spread over 1 … 7 km s⁻¹ by the Python program.
    ///
    /// Below 3 km s⁻¹ it scales B as v^0.65. The coefficients at 4 … 7 km s⁻¹ are its own choice: Q_s doubles between 3
    /// and 5 km s⁻¹ and then stays, B rises to 0.5 at 5 km s⁻¹ and then again as v^0.65.
    ///
    /// Rows in the units of [`StrengthUnits::Ba99Cgs`].
    pub fn default_coefficients() -> Vec<StrengthCoefficients> {
        const ROWS: [(f64, f64, f64); 7] = [
            (1.0, 3.5e7, 0.146_890_070_460_007_38),
            (2.0, 3.5e7, 0.230_495_226_843_710_07),
            (3.0, 3.5e7, 0.3),
            (4.0, 5.25e7, 0.4),
            (5.0, 7.0e7, 0.5),
            (6.0, 7.0e7, 0.562_908_509_912_381_3),
            (7.0, 7.0e7, 0.622_233_268_531_181_3),
        ];
        ROWS.map(|(speed_kms, qs, b)| StrengthCoefficients { speed_kms, qs, a_s: 0.38, b, b_g: 1.36 }).to_vec()
    }

    /// The default coefficients with the default exponent µ.
    pub fn default_table() -> Self {
        Self {
            coefficients: Self::default_coefficients(),
            units: StrengthUnits::Ba99Cgs,
            gravity_exponent: 2.0 - 3.0 * DEFAULT_MU_GRAV,
        }
    }

    /// Catastrophic disruption threshold Q*_D [J kg⁻¹].
    ///
    /// Between two reference speeds the strength and gravity terms are interpolated linearly in their values; outside,
    /// those of the nearest reference hold, with gravity scaled as (v/V)^(2 − 3µ).
    ///
    /// - `size`: radius of the target [m], positive
    /// - `density`: of the material [kg m⁻³], positive
    /// - `speed`: of the encounter [m s⁻¹]; taken as at least 1e-12
    pub fn q_star(&self, size: f64, density: f64, speed: f64) -> f64 {
        let v = speed.max(SPEED_FLOOR) / KILOMETRE;
        let table = &self.coefficients;
        let last = table.len() - 1;
        let nearest_end = if v < table[0].speed_kms {
            Some(&table[0])
        } else if v >= table[last].speed_kms {
            Some(&table[last])
        } else {
            None
        };
        if let Some(end) = nearest_end {
            let (strength, gravity) = self.terms(end, size, density);
            return strength + gravity * (v / end.speed_kms).powf(self.gravity_exponent);
        }
        let right = table.partition_point(|c| c.speed_kms <= v).clamp(1, last);
        let (low, high) = (&table[right - 1], &table[right]);
        let weight = (v - low.speed_kms) / (high.speed_kms - low.speed_kms);
        let (low_strength, low_gravity) = self.terms(low, size, density);
        let (high_strength, high_gravity) = self.terms(high, size, density);
        let between = |a: f64, b: f64| (1.0 - weight) * a + weight * b;
        between(low_strength, high_strength) + between(low_gravity, high_gravity)
    }

    /// Strength and gravity term at one reference speed [J kg⁻¹].
    fn terms(&self, c: &StrengthCoefficients, size: f64, density: f64) -> (f64, f64) {
        let (per_metre, per_density, energy) = self.units.factors();
        let x = size * per_metre;
        (c.qs * x.powf(-c.a_s) * energy, c.b * density * per_density * x.powf(c.b_g) * energy)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const RHO: f64 = 3000.0;

    fn entry(speed_kms: f64) -> StrengthCoefficients {
        StrengthCoefficients { speed_kms, qs: 100.0, a_s: 0.4, b: 0.002, b_g: 1.5 }
    }

    #[test]
    fn the_python_program_gives_the_same_default_strength() {
        let strength = Strength::default_table();
        for (size, speed, expected) in [
            (1e-6, 3e3, 115_895.892_518_907_23),
            (1e-2, 2.5e3, 3_500.000_079_574_284),
            (1.0, 0.5e3, 608.245_028_253_831_6),
            (1.0, 5e3, 1_216.539_301_243_600_2),
            (100.0, 9e3, 271.933_270_879_680_66),
        ] {
            assert_close(strength.q_star(size, RHO, speed), expected, ROUNDING);
        }
    }

    #[test]
    fn a_single_entry_scales_gravity_alone() {
        let strength = Strength::new(vec![entry(2.0)], StrengthUnits::Si, 0.45).unwrap();
        let (qs, qg) = (100.0 * 10.0f64.powf(-0.4), 0.002 * RHO * 10.0f64.powf(1.5));
        assert_close(strength.q_star(10.0, RHO, 2e3), qs + qg, ROUNDING);
        for v in [1.0, 8.0f64] {
            assert_close(strength.q_star(10.0, RHO, v * 1e3), qs + qg * (v / 2.0).powf(0.65), ROUNDING);
        }
    }

    #[test]
    fn units_of_a_table_do_not_matter() {
        // The same law: erg g⁻¹ = 1e-4 J kg⁻¹, and 1 cm = 0.01 m in the power laws.
        let cgs = StrengthCoefficients {
            qs: 100.0 * 1e4 * 100.0f64.powf(0.4),
            b: 0.002 * 1e3 * 1e4 / 100.0f64.powf(1.5),
            ..entry(3.0)
        };
        let cgs = Strength::new(vec![cgs], StrengthUnits::Ba99Cgs, 0.45).unwrap();
        let si = Strength::new(vec![entry(3.0)], StrengthUnits::Si, 0.45).unwrap();
        assert_close(cgs.q_star(0.3, RHO, 1e3), si.q_star(0.3, RHO, 1e3), ROUNDING);
    }

    #[test]
    fn strength_is_continuous_in_speed_across_references() {
        let strength = Strength::default_table();
        for v in 1..=7 {
            let v = f64::from(v) * 1e3;
            // The slope in speed is at most of order Q*/v, so a step of 1e-9 v moves Q* by a few 1e-9.
            assert_close(strength.q_star(1.0, RHO, v * (1.0 - 1e-9)), strength.q_star(1.0, RHO, v), 1e-8);
        }
    }

    #[test]
    fn the_order_of_entries_does_not_matter() {
        let faster = StrengthCoefficients { qs: 300.0, ..entry(4.0) };
        let a = Strength::new(vec![entry(2.0), faster], StrengthUnits::Si, 0.45).unwrap();
        let b = Strength::new(vec![faster, entry(2.0)], StrengthUnits::Si, 0.45).unwrap();
        assert_eq!(a, b);
    }

    #[test]
    fn bad_coefficients_are_refused() {
        let new = |rows: Vec<_>, mu| Strength::new(rows, StrengthUnits::Si, mu);
        assert!(matches!(new(vec![], 0.45), Err(PhysicsError::TooFewEntries { .. })));
        assert!(matches!(new(vec![entry(1.0), entry(1.0)], 0.45), Err(PhysicsError::NotAscending { .. })));
        assert!(matches!(new(vec![entry(0.0)], 0.45), Err(PhysicsError::BadValue { .. })));
        assert!(new(vec![StrengthCoefficients { qs: -1.0, ..entry(1.0) }], 0.45).is_err());
        assert!(new(vec![StrengthCoefficients { b: 0.0, ..entry(1.0) }], 0.45).is_err());
        assert!(new(vec![StrengthCoefficients { b_g: f64::NAN, ..entry(1.0) }], 0.45).is_err());
        assert!(new(vec![entry(1.0)], 0.0).is_err());
    }
}
