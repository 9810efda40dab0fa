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
            "the losses that the Python program's rules book are off by {error:.1e} % from what the bodies lost; for numbers \
             to rely on, run without profile python"
        );
    }
}

/// The result in a few lines, on stdout.
pub(super) fn print_result(summary: &Value, reason: StopReason, outdir: &Path) {
    let number = |key: &str| summary[key].as_f64().unwrap_or(f64::NAN);
    let years = number("time_end_s") / YEAR;
    println!("finished after {years:.4} years of disk time ({})", reason.as_str());
    println!("  initial mass    {:.6e} M_Mars", number("mass_initial"));
    println!("  supplied        {:.6e} M_Mars", number("mass_supplied"));
    println!("  lost            {:.6e} M_Mars", number("M_loss"));
    println!("    by blow-out   {:.6e} M_Mars", number("M_out_cum"));
    println!("    by sinks      {:.6e} M_Mars", number("M_sink_cum"));
    println!("  remaining       {:.6e} M_Mars", number("mass_remaining"));
    // The ledger, not the identity that profile python books, which is zero by construction.
    println!("  budget error    {:.1e} % (largest of any cell and record)", number("mass_ledger_max_error_percent"));
    println!("  cells stopped   {} of {}", summary["cells_stopped"], summary["cells_total"]);
    println!("  files           {}", outdir.display());
}
