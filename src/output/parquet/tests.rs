use std::fs::File;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::checkpoint::snapshot::Snapshot;
use crate::files::part_path;
use crate::output::chunks::chunk_files;
use crate::output::columns::Series;
use crate::output::diagnostics_columns::DIAGNOSTICS;
use crate::output::fixtures::Fixture;
use crate::output::psd_columns::PSD_HIST;
use crate::output::run_columns::RUN;

fn write(columns: &'static [Column<Series>], fixture: &Fixture) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let mut table = TableWriter::create(&path, columns, Packing::default()).unwrap();
    for i in 0..fixture.cells.len() {
        table.push(&fixture.row(i)).unwrap();
    }
    table.finish().unwrap();
    (folder, path)
}

fn read(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(|batch| batch.unwrap()).collect()
}

fn read_one(columns: &'static [Column<Series>], fixture: &Fixture) -> RecordBatch {
    let (_folder, path) = write(columns, fixture);
    read(&path).swap_remove(0)
}

/// Name, type and unit of every column as the Python program's schema lists them; `-` is a unit that it does not name.
fn expected(name: &str) -> Vec<[String; 3]> {
    let path = format!("{}/tests/data/output/{name}_columns.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let split = |line: &str| {
        let mut parts = line.splitn(3, ' ').map(str::to_owned);
        [(); 3].map(|()| parts.next().unwrap())
    };
    text.lines().map(split).collect()
}

fn agree(columns: &'static [Column<Series>], name: &str, ours_behind: &[&str]) {
    let expected = expected(name);
    let schema = read_one(columns, &Fixture::new()).schema();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let old: Vec<_> = expected.iter().map(|column| column[0].as_str()).collect();
    assert_eq!(names[..old.len()], old);
    assert_eq!(names[old.len()..], *ours_behind);
    for ([name, kind, unit], field) in expected.iter().zip(schema.fields()) {
        let ours = match field.data_type() {
            DataType::Float64 => "f64",
            DataType::Int64 => "i64",
            DataType::Boolean => "bool",
            DataType::Utf8 => "utf8",
            DataType::Struct(_) => "struct",
            other => panic!("{name}: {other}"),
        };
        assert_eq!(ours, kind, "{name}");
        if unit != "-" {
            assert_eq!(&field.metadata()["unit"], unit, "{name}");
        }
    }
}

#[test]
fn run_has_the_old_columns_in_order_and_ours_behind() {
    let ours = ["mass_supplied_step", "M_supplied_cum", "smol_steps", "smol_rejected", "smol_fallback"];
    agree(RUN, "run", &ours);
}

#[test]
fn diagnostics_has_the_old_columns_in_order() {
    agree(DIAGNOSTICS, "diagnostics", &[]);
}

#[test]
fn psd_hist_has_the_old_columns_in_order() {
    agree(PSD_HIST, "psd", &[]);
}

#[test]
fn the_phase_payload_is_a_structure_that_is_null_inside_frozen_rows() {
    let mut fixture = Fixture::new();
    fixture.reports[1].evolved = false;
    let batch = read_one(DIAGNOSTICS, &fixture);
    let payload = batch.column_by_name("phase_payload").unwrap().as_struct();
    let names: Vec<_> = payload.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(
        names,
        [
            "temperature_K",
            "pressure_Pa",
            "pressure_bar",
            "tau_clamped",
            "radius_m",
            "time_s",
            "temperature_initial_K",
            "phase_thresholds"
        ]
    );
    let thresholds = payload.column_by_name("phase_thresholds").unwrap().as_struct();
    let names: Vec<_> = thresholds.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["T_condense_K", "T_vaporize_K", "P_ref_bar", "tau_ref"]);
    let tau_ref = thresholds.column_by_name("tau_ref").unwrap().as_primitive::<Float64Type>();
    assert_eq!(tau_ref.value(0), 1.5);
    assert!(tau_ref.is_null(1));
    let temperature = payload.column_by_name("temperature_K").unwrap().as_primitive::<Float64Type>();
    assert_eq!(temperature.value(0), 2100.0);
    assert!(temperature.is_null(1));
}

#[test]
fn every_column_has_a_unit_and_a_definition_in_the_file() {
    let (_folder, path) = write(RUN, &Fixture::new());
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| metadata.iter().find(|kv| kv.key == key).unwrap().value.clone().unwrap();
    for key in ["units", "definitions"] {
        let map: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&value(key)).unwrap();
        assert_eq!(map.len(), RUN.len());
        assert!(map.keys().is_sorted());
        assert!(RUN.iter().all(|column| !map[column.name].as_str().unwrap().is_empty()));
    }
    assert_eq!(value("schema_version"), "1");
    assert!(value("program").starts_with("marsdisk-mpi "));
    for field in reader.schema().fields() {
        assert!(field.metadata()["definition"].ends_with('.'), "{}", field.name());
    }
}

#[test]
fn numbers_are_byte_streams_and_text_has_a_dictionary() {
    let (_folder, path) = write(DIAGNOSTICS, &Fixture::new());
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let group = reader.metadata().row_group(0);
    let mut seen = 0;
    for chunk in group.columns() {
        let encodings: Vec<_> = chunk.encodings().collect();
        match chunk.column_type() {
            parquet::basic::Type::DOUBLE => {
                assert!(encodings.contains(&Encoding::BYTE_STREAM_SPLIT), "{}", chunk.column_path());
                assert!(!encodings.contains(&Encoding::RLE_DICTIONARY), "{}", chunk.column_path());
                seen += 1;
            }
            parquet::basic::Type::BYTE_ARRAY => {
                assert!(encodings.contains(&Encoding::RLE_DICTIONARY), "{}", chunk.column_path());
            }
            _ => {}
        }
        assert!(matches!(chunk.compression(), Compression::ZSTD(_)));
    }
    assert!(seen > 60);
}

#[test]
fn rows_stream_to_the_file_in_bounded_groups_and_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.parquet");
    let mut fixture = Fixture::new();
    let memory = 8 * RUN.len() * size_of::<f64>();
    let mut table = TableWriter::create(&path, RUN, Packing { memory, ..Packing::default() }).unwrap();
    for i in 0..20 {
        fixture.step.time = f64::from(i);
        fixture.cells[0].index = i as usize;
        table.push(&fixture.row(0)).unwrap();
        assert!(table.rows_waiting < 8);
    }
    assert_eq!(table.rows(), 20);
    table.finish().unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let rows: Vec<_> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(rows, [8, 8, 4]);
    let mut times = Vec::new();
    for batch in read(&path) {
        let time = batch.column_by_name("time").unwrap().as_primitive::<Float64Type>();
        let cell = batch.column_by_name("cell_index").unwrap().as_primitive::<Int64Type>();
        times.extend((0..batch.num_rows()).map(|i| (time.value(i), cell.value(i))));
    }
    assert_eq!(times, (0..20).map(|i| (i as f64, i)).collect::<Vec<_>>());
}

/// Rows 0, 1, 2 … of a table, two to a record.
fn push(table: &mut TableWriter<Series>, rows: std::ops::Range<u32>) {
    let mut fixture = Fixture::new();
    for i in rows {
        fixture.step.time = f64::from(i);
        table.push(&fixture.row(i as usize % 2)).unwrap();
        if i % 2 == 1 {
            table.end_record().unwrap();
        }
    }
}

fn chunked(records: u64) -> Packing {
    Packing { records, ..Packing::default() }
}

#[test]
fn chunks_are_whole_files_while_the_table_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.parquet");
    let mut table = TableWriter::create(&path, RUN, chunked(3)).unwrap();
    push(&mut table, 0..14);
    let files = chunk_files(&path).unwrap();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["run_chunk_000000000_000000005.parquet", "run_chunk_000000006_000000011.parquet"]);
    assert_eq!(files.iter().map(|file| read(file)[0].num_rows()).collect::<Vec<_>>(), [6, 6]);
    assert!(!path.exists());
    table.finish().unwrap().remove().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(read(&path).iter().map(RecordBatch::num_rows).sum::<usize>(), 14);
}

#[test]
fn streaming_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, streaming: bool| {
        let path = folder.path().join(name).join("run.parquet");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let mut table = TableWriter::create(&path, RUN, Packing { streaming, ..chunked(3) }).unwrap();
        push(&mut table, 0..14);
        assert_eq!(chunk_files(&path).unwrap().len(), if streaming { 2 } else { 0 });
        table.finish().unwrap();
        std::fs::read(path).unwrap()
    };
    assert!(write("on", true) == write("off", false));
}

#[test]
fn a_table_goes_on_from_a_snapshot_as_if_nothing_had_happened() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.parquet");
    let mut table = TableWriter::create(&whole, DIAGNOSTICS, chunked(3)).unwrap();
    push(&mut table, 0..23);
    table.finish().unwrap();
    for (stop, streaming) in [(0, true), (1, true), (6, false), (9, true), (16, false), (22, true)] {
        let path = folder.path().join(format!("{stop}/whole.parquet"));
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let packing = Packing { streaming, ..chunked(3) };
        let mut snapshot = Snapshot::default();
        let mut first = TableWriter::create(&path, DIAGNOSTICS, packing).unwrap();
        push(&mut first, 0..stop);
        first.exchange(&mut Exchange::saving(&mut snapshot, "output")).unwrap();
        // What is written after the snapshot belongs to another future.
        push(&mut first, 0..20);
        drop(first);
        let mut second = TableWriter::create(&path, DIAGNOSTICS, packing).unwrap();
        second.exchange(&mut Exchange::restoring(&snapshot, "output")).unwrap();
        push(&mut second, stop..23);
        second.finish().unwrap().remove().unwrap();
        assert!(std::fs::read(&path).unwrap() == std::fs::read(&whole).unwrap(), "{stop}");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}

#[test]
fn a_chunk_that_has_changed_never_becomes_part_of_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.parquet");
    let mut table = TableWriter::create(&path, RUN, chunked(3)).unwrap();
    push(&mut table, 0..14);
    let mut snapshot = Snapshot::default();
    table.exchange(&mut Exchange::saving(&mut snapshot, "output")).unwrap();
    let chunk = chunk_files(&path).unwrap().remove(0);
    let mut bytes = std::fs::read(&chunk).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&chunk, bytes).unwrap();
    let mut other = TableWriter::create(&path, RUN, chunked(3)).unwrap();
    let error = other.exchange(&mut Exchange::restoring(&snapshot, "output")).unwrap_err().to_string();
    assert!(error.contains("run_chunk_000000000_000000005.parquet"), "{error}");
    assert!(matches!(table.finish().unwrap_err(), OutputError::Changed { .. }));
    assert!(!path.exists());
}

#[test]
fn a_table_without_rows_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.parquet");
    TableWriter::create(&path, RUN, Packing::default()).unwrap().finish().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_is_an_error_and_no_panic() {
    // /dev/full accepts opening and refuses every write
    if !Path::new("/dev/full").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.parquet");
    std::os::unix::fs::symlink("/dev/full", part_path(&path)).unwrap();
    let write = || {
        let mut table = TableWriter::create(&path, RUN, Packing::default())?;
        table.push(&Fixture::new().row(0))?;
        table.finish().map(drop)
    };
    let error = write().unwrap_err();
    assert!(error.to_string().contains("run.parquet"), "{error}");
    assert!(!path.exists());
}
