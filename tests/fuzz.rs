//! Readers of files meet bytes that nobody meant: configurations, tables and checkpoints, changed at random. None of them
//! panics, hangs or takes much memory.
//!
//! `MARSDISK_TEST_FUZZ` says how many there are of each kind, `MARSDISK_TEST_SEED` which.

use marsdisk_mpi::checkpoint::file;
use marsdisk_mpi::checkpoint::snapshot::{Exchange, Snapshot};
use marsdisk_mpi::config;
use marsdisk_mpi::tables;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// No reader takes longer for a small file, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most memory that the process may ever have [KiB].
const MEMORY: u64 = 1 << 20;

/// Numbers without a pattern (xorshift).
struct Random(u64);

impl Random {
    fn new(what: u64) -> Self {
        Random((number("MARSDISK_TEST_SEED", 20_261_122) ^ (what << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Pieces that mean something to one of the readers.
const PIECES: [&[u8]; 24] = [
    b"1e999",
    b"-1",
    b"nan",
    b"null",
    b"{",
    b"}",
    b"[",
    b"]",
    b"&a ",
    b"*a",
    b"<<: ",
    b"- ",
    b": ",
    b"\n",
    b"  ",
    b"\"",
    b"#",
    b",",
    b"\xff\xfe",
    b"\0",
    b"!!float ",
    b"999999999999999999999",
    b"|\n",
    b"? ",
];

/// Changes bytes in one of the ways in which files go wrong.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at),
            3 => {
                let end = (at + 1 + random.below(30)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            4 => {
                let end = (at + 1 + random.below(200)).min(bytes.len());
                let copy = bytes[at.min(end)..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            5 => {
                let piece = PIECES[random.below(PIECES.len())];
                let repeat = if random.below(50) == 0 { 2000 } else { 1 };
                bytes.splice(at..at, piece.repeat(repeat));
            }
            6 => bytes.extend((0..random.below(20)).map(|_| random.next() as u8)),
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                let end = (at + piece.len()).min(bytes.len());
                bytes.splice(at.min(end)..end, piece.iter().copied());
            }
        }
    }
}

/// Reads mutants of the seeds, and now and then bytes without any order; counts those that were accepted.
fn fuzz(what: u64, seeds: &[Vec<u8>], mut read: impl FnMut(&[u8]) -> bool) {
    let (count, mut random, started) = (number("MARSDISK_TEST_FUZZ", 400), Random::new(what), Instant::now());
    let (mut accepted, mut longest) = (0, Duration::ZERO);
    for _ in 0..count {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        if random.below(20) == 0 {
            bytes = (0..random.below(2000)).map(|_| random.next() as u8).collect();
        }
        mutate(&mut bytes, &mut random);
        let start = Instant::now();
        accepted += u64::from(read(&bytes));
        longest = longest.max(start.elapsed());
        assert!(longest < PATIENCE, "{longest:?} for {:?}", String::from_utf8_lossy(&bytes));
    }
    let (total, memory) = (started.elapsed(), most_memory());
    println!("{count} files, {accepted} accepted, {total:.1?}, longest {longest:.1?}, {memory} KiB at most");
    assert!(memory < MEMORY);
}

/// Most memory that this process has had [KiB].
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

#[test]
fn a_configuration_of_any_bytes_is_read_or_refused() {
    let seeds = ["base", "fiducial", "quick"].map(|name| fs::read(root().join(format!("configs/{name}.yml"))).unwrap());
    let path = root().join("configs/fuzz.yml");
    fuzz(1, &seeds, |bytes| config::from_bytes(bytes, &path, &[], None).is_ok());
}

#[test]
fn a_table_of_any_bytes_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (what, ending) in [(2, "csv"), (3, "parquet")] {
        let path = folder.path().join(format!("table.{ending}"));
        let mut seeds = vec![fs::read(root().join("data/qpr_forsterite.csv")).unwrap()];
        seeds[0].truncate(4000);
        seeds.push(b"time_day,T_K\n0,4000\n1,3900.5\n2,\"3800\"\n".to_vec());
        seeds.push(b"tau,phi\n0,1\n0.5,0.7\n1,0.5\n".to_vec());
        if ending == "parquet" {
            seeds = vec![parquet_table()];
        }
        fuzz(what, &seeds, |bytes| {
            fs::write(&path, bytes).unwrap();
            [tables::qpr::read(&path).is_ok(), tables::phi::read(&path, true).is_ok()].contains(&true)
        });
        fs::remove_file(&path).unwrap();
    }
}

fn parquet_table() -> Vec<u8> {
    use arrow_array::{ArrayRef, Float64Array, RecordBatch};
    use std::sync::Arc;
    let column = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("tau", column((0..50).map(|k| 0.1 * f64::from(k)).collect())),
        ("phi", column((0..50).map(|k| 1.0 / f64::from(k + 1)).collect())),
    ])
    .unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn a_checkpoint_of_any_bytes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ckpt_step_000000001.h5");
    let mut snapshot = Snapshot::default();
    let mut exchange = Exchange::saving(&mut snapshot, "cells");
    exchange.reals("surface_density", "kg m-2", "surface density", &mut vec![1.0; 300]).unwrap();
    exchange.text("text", "a text", &mut "text".repeat(30)).unwrap();
    file::write(&path, &snapshot).unwrap();
    let whole = fs::read(&path).unwrap();
    fuzz(4, std::slice::from_ref(&whole), |bytes| {
        fs::write(&path, bytes).unwrap();
        let accepted = file::read(&path).is_ok();
        // A mutation may undo itself.
        assert!(!accepted || bytes == whole, "a changed checkpoint was accepted");
        accepted
    });
}

#[test]
fn a_table_over_which_the_library_panics_is_refused() {
    // One byte in the footer of a table like those above was changed: its pages refer to a dictionary that it lacks.
    let error = tables::phi::read(&root().join("tests/data/no_dictionary.parquet"), false).unwrap_err().to_string();
    assert!(error.contains("no_dictionary.parquet") && error.contains("dict"), "{error}");
}
