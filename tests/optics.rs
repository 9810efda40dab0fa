//! Efficiencies against other codes, and the command `qpr` from an nk file to a table.

use clap::Parser;
use marsdisk_mpi::cli::qpr::{QprArgs, QprError, run};
use marsdisk_mpi::optics::mie::{MieWorkspace, RefractiveIndex};
use std::path::Path;

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

/// A stand-in for the program: the arguments of `qpr` alone.
#[derive(clap::Parser)]
struct Qpr {
    #[command(flatten)]
    args: QprArgs,
}

/// Runs the command in a folder, with a small grid unless `options` ask otherwise.
fn qpr(folder: &Path, nk: &str, options: &[&str]) -> Result<String, QprError> {
    let file = folder.join("nk.csv");
    let out = folder.join("table.csv");
    std::fs::write(&file, nk).unwrap();
    let (file, out_argument) = (file.to_str().unwrap(), out.to_str().unwrap());
    let words = ["qpr", file, "--out", out_argument, "--material", "glass", "--source", "invented for a test"];
    let small = ["--sizes", "4", "--s-max", "1e-4", "--temperatures", "1000,3000", "--wavelength-step", "0.01"];
    let args = if options.contains(&"--sizes") { Vec::new() } else { small.to_vec() };
    let parsed = Qpr::parse_from(words.into_iter().chain(args).chain(options.iter().copied()));
    run(&parsed.args)?;
    Ok(std::fs::read_to_string(out).unwrap())
}

const GLASS: &str = "wavelength_um,n,k\n0.1,1.5,0.01\n1,1.6,0.001\n100,2,0.1\n";

#[test]
fn a_table_says_where_it_comes_from_and_is_temperature_major() {
    let folder = tempfile::tempdir().unwrap();
    let text = qpr(folder.path(), GLASS, &[]).unwrap();
    for line in
        ["# material: glass", "# source: invented for a test", "# nk_file: nk.csv", "# nk_range: 0.100000 to 100.0"]
    {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} is missing in\n{text}");
    }
    // SHA-256 of GLASS by `sha256sum`.
    assert!(text.contains("# nk_sha256: 48b52cee31f87611b8f7fd072e0049ad496962e2663b951a03e446fc2d0ce53c\n"), "{text}");
    assert!(text.contains(" --s-min 1e-8 --s-max 0.0001 --sizes 4 --temperatures 1000,3000 --wavelength-step 0.01\n"));
    let rows: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!((rows.len(), rows[0]), (9, "T_M,s,Q_pr"));
    assert!(rows[1].starts_with("1000.0,1e-8,") && rows[4].starts_with("1000.0,0.0001,"), "{rows:?}");
    assert!(rows[5].starts_with("3000.0,1e-8,"), "{rows:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "a temporary file is left behind: {left:?}");
}

#[test]
fn the_same_command_writes_the_same_bytes_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let once = qpr(folder.path(), GLASS, &[]).unwrap();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| qpr(folder.path(), GLASS, &["--overwrite"]).unwrap()), once);
    }
}

#[test]
fn an_existing_table_is_only_replaced_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("table.csv"), "precious").unwrap();
    let error = qpr(folder.path(), GLASS, &[]).unwrap_err();
    assert!(error.to_string().contains("--overwrite") && error.exit_code() == 2, "{error}");
    assert_eq!(std::fs::read_to_string(folder.path().join("table.csv")).unwrap(), "precious");
    assert!(qpr(folder.path(), GLASS, &["--overwrite"]).unwrap().contains("T_M,s,Q_pr"));
}

#[test]
fn bad_input_ends_with_2_and_an_unusable_file_with_5() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("no/such/folder/table.csv");
    let missing = folder.path().join("missing.csv");
    let cases: [(&str, &[&str], u8, &str); 6] = [
        ("wavelength_um,n,k\n1,1.5,-1\n", &[], 2, "nk.csv:2: refractive index n = 1.5, k = -1"),
        (GLASS, &["--sizes", "1"], 2, "--sizes 1: must be between"),
        (GLASS, &["--sizes", "5", "--s-min", "2", "--s-max", "1"], 2, "--s-max 1.0: must be above --s-min"),
        (GLASS, &["--sizes", "5", "--wavelength-step", "0"], 2, "--wavelength-step 0.0: must be"),
        (GLASS, &["--sizes", "5", "--wavelength-step", "0.1", "--s-max", "1e-7"], 0, ""),
        ("", &[], 2, "holds no data"),
    ];
    for (nk, options, code, message) in cases {
        let options: Vec<&str> = options.iter().copied().chain(["--overwrite"]).collect();
        match qpr(folder.path(), nk, &options) {
            Ok(_) => assert_eq!(code, 0, "{options:?} must be refused"),
            Err(error) => {
                assert!(error.to_string().contains(message) && error.exit_code() == code, "{error}");
            }
        }
    }
    let nk = folder.path().join("nk.csv");
    std::fs::write(&nk, GLASS).unwrap();
    for (file, out) in [(&missing, &folder.path().join("t.csv")), (&nk, &outside)] {
        let words = ["qpr", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--material", "m", "--source", "s"];
        let cheap = ["--sizes", "2", "--s-max", "1e-7", "--wavelength-step", "0.1"];
        let error = run(&Qpr::parse_from(words.into_iter().chain(cheap)).args).unwrap_err();
        assert_eq!(error.exit_code(), 5, "{error}");
    }
}

/// The table in data/: rows of (T, s, Q_pr).
fn forsterite() -> Vec<[f64; 3]> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path("data/qpr_forsterite.csv").unwrap();
    let rows = reader.records().map(|record| {
        let values: Vec<f64> = record.unwrap().iter().map(|field| field.parse().unwrap()).collect();
        [values[0], values[1], values[2]]
    });
    rows.collect()
}

#[test]
fn the_shipped_table_is_a_rectangle_with_physical_ends() {
    let rows = forsterite();
    assert_eq!(rows.len(), 24 * 86);
    for (t, column) in rows.chunks(86).enumerate() {
        assert!(column.iter().all(|row| row[0] == column[0][0] && row[2] > 0.0 && row[2] < 1.6), "temperature {t}");
        assert!(column.windows(2).all(|pair| pair[0][1] < pair[1][1]));
        assert_eq!((column[0][1], column[85][1]), (1e-8, 3.0));
        // Small grains: more size, more pressure, at least in proportion to s (absorption) and at most as s⁴.
        for pair in column[..8].windows(2) {
            let slope = (pair[1][2] / pair[0][2]).ln() / (pair[1][1] / pair[0][1]).ln();
            assert!((0.95..4.05).contains(&slope), "T {}, s {}: slope {slope}", pair[0][0], pair[0][1]);
        }
        // Large ones: light no longer notices the size.
        assert!((column[85][2] / column[80][2] - 1.0).abs() < 0.01, "T {}", column[0][0]);
    }
    // At 300 K forsterite is opaque to most of the spectrum: 1 less what the surface throws forward, some percent.
    assert!((0.95..0.98).contains(&rows[85][2]));
}

/// Values of the Python program's table, which has n and k of hot forsterite between 2.5 and 30 µm: up to 7 % apart
/// where the spectrum is there, below 1 % at 4400 K and hotter.
#[test]
fn grains_near_the_blowout_size_agree_with_the_python_program() {
    let rows = forsterite();
    for (temperature, size, expected, tolerance) in [
        (1000.0, 1e-6, 0.6970, 0.07),
        (2000.0, 1e-6, 1.1235, 0.04),
        (2000.0, 9.919281e-6, 0.6017, 0.04),
        (3200.0, 1e-6, 1.1266, 0.015),
        (3200.0, 9.919281e-6, 0.5436, 0.015),
        (6200.0, 1e-6, 0.9035, 0.007),
        (6200.0, 9.919281e-6, 0.4996, 0.007),
        (6200.0, 9.839214e-5, 0.4397, 0.007),
    ] {
        let column: Vec<_> = rows.iter().filter(|row| row[0] == temperature).collect();
        let upper = column.iter().position(|row| row[1] > size).unwrap();
        let (below, above) = (column[upper - 1], column[upper]);
        let t = (size / below[1]).ln() / (above[1] / below[1]).ln();
        let found = below[2] + (above[2] - below[2]) * t;
        assert!((found / expected - 1.0).abs() < tolerance, "T {temperature}, s {size:e}: {found}, there {expected}");
    }
}
