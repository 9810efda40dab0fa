//! Efficiencies against other codes, and the command `qpr` from an nk file to a table.

use marsdisk_mpi::optics::mie::{MieWorkspace, RefractiveIndex};

/// 256 spheres over x 1e-6 … 1e4, n 0.1 … 10, k 0 … 10 (scripts/make_mie_reference.py): miepython, and mpmath where
/// miepython itself is off.
#[test]
fn mie_efficiencies_agree_with_other_codes_to_1e_8() {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).from_path("tests/data/optics/mie_reference.csv").unwrap();
    let mut workspace = MieWorkspace::new();
    let mut rows = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let value: Vec<f64> = record.iter().take(7).map(|field| field.parse().unwrap()).collect();
        let found = workspace.efficiencies(RefractiveIndex::new(value[0], value[1]).unwrap(), value[2]).unwrap();
        let pairs =
            [found.extinction(), found.scattering, found.asymmetry, found.absorption].into_iter().zip(&value[3..]);
        for ((found, &expected), name) in pairs.zip(["Q_ext", "Q_sca", "g", "Q_abs"]) {
            let error = (found - expected).abs();
            assert!(
                error <= 1e-8 * expected.abs(),
                "{name} at {record:?}: found {found}, relative {:e}",
                error / expected
            );
        }
        rows += 1;
    }
    assert!(rows >= 200, "only {rows} rows");
}
