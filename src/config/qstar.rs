//! Strength of the bodies: `qstar`, the catastrophic disruption threshold Q*_D.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::json;

use super::rule::{Rule, above, at_least};

/// `qstar`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qstar {
    /// Strength coefficient in `coeff_units`; needed when coefficients are overridden without a table; YAML key `Qs`.
    #[serde(rename = "Qs")]
    pub q_s: Option<f64>,
    /// Exponent of the strength term.
    pub a_s: Option<f64>,
    /// Gravity coefficient in `coeff_units`; YAML key `B`.
    #[serde(rename = "B")]
    pub b: Option<f64>,
    /// Exponent of the gravity term.
    pub b_g: Option<f64>,
    /// Reference speeds \[km s⁻¹\], positive.
    pub v_ref_kms: Vec<f64>,
    /// Units of the coefficients.
    pub coeff_units: CoefficientUnits,
    /// Use the configured coefficients, not the built-in table.
    pub override_coeffs: bool,
    /// Factor on `Qs` and `B` (not on `coeff_table`), positive.
    pub coeff_scale: f64,
    /// Coefficients by reference speed, used as they stand.
    pub coeff_table: Option<CoefficientTable>,
    /// µ in the scaling of the gravity term outside the reference speeds, positive.
    pub mu_grav: f64,
    /// Size of a cache; without effect.
    pub cache_maxsize: u64,
}

/// Allowed words of `qstar.coeff_units`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoefficientUnits {
    /// erg/g, cm, g/cm³ (Benz & Asphaug 1999, Icarus 142, 5).
    Ba99Cgs,
    /// J/kg, m, kg/m³.
    Si,
}

/// `qstar.coeff_table`: rows in ascending speed, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct CoefficientTable(pub Vec<Coefficients>);

/// One row of `qstar.coeff_table`: `speed: [Qs, a_s, B, b_g]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// Reference speed \[km s⁻¹\].
    pub speed_kms: f64,
    /// Strength coefficient.
    pub q_s: f64,
    /// Strength exponent.
    pub a_s: f64,
    /// Gravity coefficient.
    pub b: f64,
    /// Gravity exponent.
    pub b_g: f64,
}

impl JsonSchema for CoefficientTable {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CoefficientTable".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let row = json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 });
        let speed = json!({ "pattern": "^\\s*\\+?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*$" });
        json_schema!({
            "type": "object", "minProperties": 1, "propertyNames": speed, "additionalProperties": row
        })
    }
}

impl<'de> Deserialize<'de> for CoefficientTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rows = Vec::new();
        for (key, [q_s, a_s, b, b_g]) in BTreeMap::<String, [f64; 4]>::deserialize(deserializer)? {
            let speed_kms: f64 = key
                .trim()
                .parse()
                .ok()
                .filter(|v: &f64| v.is_finite() && *v > 0.0)
                .ok_or_else(|| D::Error::custom(format!("the speed `{key}` must be a number above 0 (km/s)")))?;
            rows.push(Coefficients { speed_kms, q_s, a_s, b, b_g });
        }
        if rows.is_empty() {
            return Err(D::Error::custom("the table must have at least one row `speed: [Qs, a_s, B, b_g]`"));
        }
        rows.sort_by(|x, y| x.speed_kms.total_cmp(&y.speed_kms));
        match rows.windows(2).find(|pair| pair[0].speed_kms == pair[1].speed_kms) {
            Some(pair) => Err(D::Error::custom(format!("the speed {} km/s stands in two rows", pair[0].speed_kms))),
            None => Ok(Self(rows)),
        }
    }
}

impl Serialize for CoefficientTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(self.0.iter().map(|row| (format!("{:?}", row.speed_kms), [row.q_s, row.a_s, row.b, row.b_g])))
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("qstar.coeff_scale", above(0.0), ""),
    Rule::new("qstar.mu_grav", above(0.0), ""),
    Rule::new("qstar.cache_maxsize", at_least(0.0), "entries"),
];
