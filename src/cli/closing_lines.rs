//! What a person reads at the end of a run, from its summary.

use crate::physics::constants::YEAR;
use crate::run::stop::StopReason;
use serde_json::Value;
use std::path::Path;

/// A run whose losses are not those of its bodies only ends well where the profile `python` asks for it.
pub(super) fn warn_of_open_budget(summary: &Value) {
    let error = summary["mass_ledger_max_error_percent"].as_f64().unwrap_or(f64::NAN);
    let tolerated = summary["mass_budget_tolerance_percent"].as_f64().unwrap_or_default();
    if error > tolerated {
        tracing::warn!(
            "the losses that the Python program's integrator books are off by {error:.1e} % from what the bodies lost; for \
             numbers to rely on, take the profile conservative and its numerics.integrator, rodas4"
        );
    }
}

/// The result in a few lines.
pub(super) fn result_lines(summary: &Value, reason: StopReason, outdir: &Path) -> String {
    let number = |key: &str| summary[key].as_f64().unwrap_or(f64::NAN);
    [
        format!("finished after {} years of disk time ({})", shown(number("time_end_s") / YEAR), reason.as_str()),
        format!("  initial mass    {:.6e} M_Mars", number("mass_initial")),
        format!("  supplied        {:.6e} M_Mars", number("mass_supplied")),
        format!("  lost            {:.6e} M_Mars", number("M_loss")),
        format!("    by blow-out   {:.6e} M_Mars", number("M_out_cum")),
        format!("    by sinks      {:.6e} M_Mars", number("M_sink_cum")),
        format!("  remaining       {:.6e} M_Mars", number("mass_remaining")),
        // The ledger, not the identity that profile python books, which is zero by construction.
        format!("  budget error    {:.1e} % (largest of any cell and record)", number("mass_ledger_max_error_percent")),
        format!("  cells stopped   {} of {}", summary["cells_stopped"], summary["cells_total"]),
        format!("  files           {}\n", outdir.display()),
    ]
    .join("\n")
}

/// Years with four digits that mean something.
fn shown(years: f64) -> String {
    if years < 0.01 { format!("{years:.3e}") } else { format!("{years:.4}") }
}
