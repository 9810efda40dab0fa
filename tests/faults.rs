//! Disks that are full, files that are damaged, folders that are taken: one clear message, and the run goes on from what is
//! good.
//!
//! `MARSDISK_TEST_FULL_DISKS` says at how many points disks are full.

mod support;

use marsdisk_mpi::checkpoint;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use support::files_below;
use support::interrupted::{Run, errors, number, stopped, undisturbed, wait_for};
use support::small_disk::SmallDisk;

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_is_taken() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 3] = [
        ("cut", |bytes| bytes.truncate(bytes.len() / 2)),
        ("one bit flipped", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 16;
        }),
        ("empty", Vec::clear),
    ];
    for (what, damage) in damages {
        let run = stopped();
        let newest = run.checkpoints().pop().unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        damage(&mut bytes);
        fs::write(&newest, bytes).unwrap();
        let text = run.assert_completes(1, what);
        assert!(text.contains(newest.file_name().unwrap().to_str().unwrap()) && text.contains("damaged"), "{text}");
    }
}

#[test]
fn a_run_without_a_good_checkpoint_is_not_touched() {
    let run = stopped();
    run.checkpoints().iter().for_each(|file| fs::write(file, "").unwrap());
    let before = files_below(&run.out());
    let (status, text) = run.go(1, &["--resume"]);
    assert_eq!(status, 5, "{text}");
    assert!(text.contains("no checkpoint") && text.contains("damaged"), "{text}");
    assert_eq!(files_below(&run.out()), before);
}

#[test]
fn checkpoints_that_are_out_of_reach_are_missed() {
    let run = Run::new();
    let there = run.folder.path().join("there");
    let place = format!("numerics.checkpoint.path={}", there.display());
    let start = |arguments: &[&str]| {
        let mut command = run.command(1, arguments);
        command.arg(&place);
        run.spawn(command)
    };
    let go = |arguments: &[&str]| start(arguments).wait();
    let part = start(&[]);
    wait_for("checkpoints", || files_below(&there).len() >= 3);
    run.ask("STOP");
    assert_eq!(part.wait().0, 4);

    let before = files_below(&run.out());
    let gone = run.folder.path().join("gone");
    fs::rename(&there, &gone).unwrap();
    for mounted in [false, true] {
        if mounted {
            fs::create_dir(&there).unwrap();
        }
        let (status, text) = go(&["--resume"]);
        assert_eq!((status, errors(&text)), (5, 1), "{text}");
        assert!(text.contains("no checkpoints of this run can be reached"), "{text}");
        assert_eq!(files_below(&run.out()), before);
    }
    // A place that is none is noticed before an earlier run is removed.
    fs::remove_dir(&there).unwrap();
    fs::write(&there, "a file").unwrap();
    let (status, text) = go(&["--overwrite"]);
    assert_eq!((status, errors(&text)), (5, 1), "{text}");
    assert!(text.contains(&format!("checkpoints in {}", there.display())), "{text}");
    assert_eq!(files_below(&run.out()), before);

    fs::remove_file(&there).unwrap();
    fs::rename(&gone, &there).unwrap();
    let (status, text) = go(&["--resume"]);
    assert_eq!(status, 0, "{text}");
    for name in ["series/run.parquet", "checks/mass_budget.csv"] {
        assert!(fs::read(run.out().join(name)).unwrap() == fs::read(undisturbed().out().join(name)).unwrap());
    }
}

#[test]
fn another_configuration_is_refused_with_its_keys() {
    let run = stopped();
    let mut command = run.command(1, &["--resume"]);
    let Output { status, stderr, .. } = command.arg("optical_depth.tau0_target=0.07").output().unwrap();
    let text = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains("optical_depth.tau0_target was 0.05 and is 0.07"), "{text}");
    run.assert_completes(1, "after a refusal");
    let again = run.command(1, &["--resume"]).arg("optical_depth.tau0_target=0.07").output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    let (status, text) = run.go(1, &["--resume"]);
    assert_eq!(status, 0);
    assert!(text.contains("is complete"), "{text}");
}

#[test]
fn a_chunk_that_has_changed_is_computed_again() {
    let run = stopped();
    let chunk = run.out().join("series/run_chunk_000000000_000000124.parquet");
    let mut bytes = fs::read(&chunk).unwrap();
    bytes[1000] ^= 1;
    fs::write(&chunk, bytes).unwrap();
    // It belongs to all checkpoints.
    let (status, text) = run.go(1, &["--resume"]);
    assert_eq!(status, 5, "{text}");
    assert!(text.contains("run_chunk_000000000_000000124.parquet"), "{text}");
    assert!(run.go(1, &["--overwrite"]).0 == 0);
    run.assert_whole("a run from the start");
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let run = Run::new();
    let part = run.start(1, &[]);
    wait_for("the folder", || run.out().join("run_config.json").exists());
    // It shall not come to its end meanwhile: `--resume` waits some seconds for the folder.
    part.signal("STOP", &part.members());
    for arguments in [&["--resume"], &["--overwrite"]] {
        let Output { status, stderr, .. } = run.command(1, arguments).output().unwrap();
        let text = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(5), "{text}");
        assert!(text.contains(&format!("process {}", part.members()[0])), "{text}");
    }
    part.signal("CONT", &part.members());
    assert_eq!(part.wait().0, 0);
    run.assert_whole("a run beside which others wanted to write");
}

#[test]
fn a_folder_that_vanishes_ends_the_run_with_one_message() {
    let run = Run::new();
    let part = run.start(1, &[]);
    wait_for("a chunk", || run.out().join("series/run_chunk_000000000_000000124.parquet").exists());
    fs::rename(run.out(), run.folder.path().join("gone")).unwrap();
    let (status, text) = part.wait();
    assert_eq!(status, 5, "{text}");
    assert_eq!(errors(&text), 1, "{text}");
    fs::rename(run.folder.path().join("gone"), run.out()).unwrap();
    run.assert_completes(1, "a folder that came back");
}

/// A run that ended because something could not be written has said so once, and what has its name is whole.
#[track_caller]
fn assert_failed_well(run: &Run, status: Option<i32>, text: &str, reason: &str, what: &str) {
    assert_eq!(status, Some(5), "{what}: {text}");
    assert_eq!(errors(text), 1, "{what}: {text}");
    assert!(text.contains(reason), "{what}: {text}");
    assert!(!text.contains("panicked"), "{what}: {text}");
    for name in files_below(&run.out()) {
        let file = run.out().join(&name);
        match name.extension().and_then(|ending| ending.to_str()) {
            Some("part" | "lock") => {}
            Some("h5") => drop(checkpoint::file::read(&file).unwrap()),
            Some("json") => drop(serde_json::from_slice::<Value>(&fs::read(&file).unwrap()).unwrap()),
            Some("parquet") if name.to_string_lossy().contains("_chunk_") => {
                let file = fs::File::open(&file).unwrap();
                let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
                assert!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>() > 0);
            }
            // A table that has its name is the whole table.
            _ => assert!(
                fs::read(&file).unwrap() == fs::read(undisturbed().out().join(&name)).unwrap(),
                "{what}: {}",
                name.display()
            ),
        }
    }
}

/// Space that a run takes at most [KiB]: its files, and the chunks which become tables while they are still there.
fn most_space() -> u64 {
    let size = |name: &PathBuf| fs::metadata(undisturbed().out().join(name)).unwrap().len();
    let files = files_below(&undisturbed().out());
    let tables = files.iter().filter(|name| name.extension().is_some_and(|ending| ending == "parquet"));
    (files.iter().map(size).sum::<u64>() + tables.map(size).sum::<u64>()) / 1024
}

#[test]
fn a_full_disk_ends_the_run_with_one_message_and_nothing_is_lost() {
    let (disks, most) = (number("MARSDISK_TEST_FULL_DISKS", 20), most_space());
    let mut full = 0;
    for number in 0..disks {
        let kib = 8 + (most - 8) * number / disks;
        let mut disk = match SmallDisk::new(kib) {
            Ok(disk) => disk,
            Err(reason) => {
                println!("no disk can be mounted here ({}): the sizes of files are limited instead", reason.trim());
                return assert_survives_limited_files(disks);
            }
        };
        let (what, run) = (format!("a disk of {kib} KiB"), Run::at(&disk.path()));
        let Output { status, stderr, .. } = run.command(1, &[]).output().unwrap();
        let text = String::from_utf8_lossy(&stderr);
        if status.code() != Some(0) {
            full += 1;
            assert_failed_well(&run, status.code(), &text, "No space left on device", &what);
        }
        disk.grow(4 * most);
        run.assert_completes(1, &what);
    }
    println!("{full} of {disks} disks were full");
    assert!(full >= disks - 1);
}

#[test]
fn a_limit_of_file_sizes_is_like_a_full_disk() {
    assert_survives_limited_files(4);
}

/// Runs that may not write files above some size, evenly spread on a logarithmic scale from 4 KiB to the largest file.
fn assert_survives_limited_files(limits: u64) {
    let files = files_below(&undisturbed().out());
    let sizes = files.iter().map(|name| fs::metadata(undisturbed().out().join(name)).unwrap().len());
    let largest = sizes.max().unwrap() / 1024;
    for number in 0..limits {
        let limit = (4.0 * (largest as f64 / 4.0).powf(number as f64 / limits as f64)) as u64;
        let (what, run) = (format!("files of at most {limit} KiB"), Run::new());
        let inner = run.command(1, &[]);
        let mut command = Command::new("bash");
        command.args(["-c", "ulimit -f $0; exec \"$@\"", &limit.to_string()]);
        command.arg(inner.get_program()).args(inner.get_args());
        let Output { status, stderr, .. } = command.output().unwrap();
        assert_failed_well(&run, status.code(), &String::from_utf8_lossy(&stderr), "File too large", &what);
        run.assert_completes(1, &what);
    }
}

/// Whether chunks of the table are there, and how many of them are links.
fn chunks(run: &Run) -> (usize, usize) {
    let files: Vec<_> = files_below(&run.out().join("series"));
    let chunks = files.iter().filter(|name| name.to_string_lossy().starts_with("run_chunk_"));
    let links = chunks.clone().filter(|name| run.out().join("series").join(name).is_symlink());
    (chunks.count(), links.count())
}

#[test]
fn chunks_that_have_moved_become_the_same_tables() {
    let run = Run::new();
    let there = run.folder.path().join("archive");
    let offload = format!(
        "io.streaming.offload={{enabled: true, dir: {}, keep_last_n: 1, skip_if_same_device: false}}",
        there.display()
    );
    let go = |arguments: &[&str], more: &[&str]| {
        let output = run.command(1, arguments).arg(&offload).args(more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // The first part is stopped after a moment, in which chunks have moved.
    let mut command = run.command(1, &[]);
    let part = command.arg(&offload).stderr(Stdio::null()).spawn().unwrap();
    wait_for("a chunk that has moved, or the end", || chunks(&run).1 > 0 || run.out().join("summary.json").exists());
    run.ask("STOP");
    let status = part.wait_with_output().unwrap().status.code();
    if status == Some(4) {
        let (all, links) = chunks(&run);
        assert!(links >= all - 1, "{links} of {all} have moved");
        // A chunk that has changed there is noticed; the first of a table belongs to all checkpoints.
        let moved = files_below(&there).into_iter().find(|name| name.to_string_lossy().contains("_chunk_000000000_"));
        let moved = there.join(moved.unwrap());
        let good = fs::read(&moved).unwrap();
        fs::write(&moved, "bad").unwrap();
        let (status, text) = go(&["--resume"], &[]);
        assert_eq!(status, Some(5), "{text}");
        assert!(text.contains(moved.file_name().unwrap().to_str().unwrap()), "{text}");
        fs::write(&moved, good).unwrap();
    }
    // Links lead to the chunks whatever the configuration says now.
    run.assert_completes(1, "chunks elsewhere");
    assert_eq!(files_below(&there), Vec::<PathBuf>::new());

    assert_eq!(go(&["--overwrite"], &["io.streaming.merge_at_end=false"]).0, Some(0));
    let (all, links) = chunks(&run);
    assert!(links >= all - 2 && all > 10, "{links} of {all} have moved");
    assert!(!files_below(&there).is_empty());
    assert_eq!(run.go(1, &["--overwrite"]).0, 0);
    assert_eq!(files_below(&there), Vec::<PathBuf>::new());
    run.assert_whole("a run after one whose chunks were elsewhere");
}

#[test]
fn step_diagnostics_go_on_wherever_they_are() {
    // Chunks stay, so that the run can go on from its last checkpoint even after its end.
    let column = [
        "geometry.mode=0D",
        "io.step_diagnostics.path=steps/mine.csv",
        "numerics.t_end_years=0.02",
        "io.streaming.merge_at_end=false",
    ];
    let go = |run: &Run, arguments: &[&str], more: &[&str]| {
        let output = run.command(1, arguments).args(column).args(more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let whole = Run::new();
    assert_eq!(go(&whole, &[], &[]).0, Some(0));
    let run = Run::new();
    assert_eq!(go(&run, &[], &[]).0, Some(0));
    fs::remove_file(run.out().join("summary.json")).unwrap();
    let (status, text) = go(&run, &["--resume"], &[]);
    assert_eq!(status, Some(0), "{text}");
    let read = |run: &Run| fs::read(run.out().join("steps/mine.csv")).unwrap();
    assert!(read(&run) == read(&whole));
    assert_eq!(go(&run, &[], &[]).0, Some(5));
    assert_eq!(go(&run, &["--overwrite"], &[]).0, Some(0));
    let (status, text) = go(&Run::new(), &[], &["io.step_diagnostics.path=other/mass_budget.csv"]);
    assert_eq!(status, Some(5));
    assert!(text.contains("name of another file"), "{text}");
}

#[test]
fn every_codec_gives_the_same_tables() {
    let values = |codec: &str| {
        let run = Run::new();
        let mut command = run.command(1, &[]);
        command.arg(format!("io.streaming.compression={codec}")).arg("numerics.t_end_years=0.01");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let file = fs::File::open(run.out().join("series/run.parquet")).unwrap();
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let used = builder.metadata().row_group(0).column(0).compression();
        let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
        (format!("{used:?}").to_lowercase(), batches)
    };
    let (used, whole) = values("none");
    assert_eq!(used, "uncompressed");
    for codec in ["gzip", "brotli", "snappy", "zstd"] {
        let (used, batches) = values(codec);
        assert!(used.starts_with(codec), "{used}");
        assert!(format!("{batches:?}") == format!("{whole:?}"), "{codec}");
    }
}
