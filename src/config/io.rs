//! What is written where and how often: `io`, `diagnostics`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, at_least, within};

/// `io`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Io {
    /// Output folder; a relative one is taken from the working folder.
    pub outdir: String,
    /// At which times records are written.
    pub output: Output,
    /// A table with a row per cell and record.
    pub step_diagnostics: StepDiagnostics,
    /// Progress report.
    pub progress: Progress,
    /// Writing in chunks while the run goes on.
    pub streaming: Streaming,
    /// Copying of a finished run.
    pub archive: Archive,
    /// How records are held; without effect on what is written.
    pub record_storage_mode: RecordStorage,
    /// Every how many recorded steps a series row is written, at least 1.
    pub series_stride: u64,
    /// The same for the size distribution, at least 1.
    pub psd_history_stride: u64,
    /// The same for the diagnostics, at least 1.
    pub diagnostics_stride: u64,
    /// Write the size distribution.
    pub psd_history: bool,
    /// Write the mass budget of every cell.
    pub mass_budget_cells: bool,
    /// Fewer messages.
    pub quiet: bool,
    /// A trace of the sinks, `debug/sinks_trace.jsonl`.
    pub debug_sinks: bool,
    /// Whether the outflux in the files is cut to what leaves within a step of more than three blow-out times.
    pub correct_fast_blowout: bool,
    /// Whether the implicit steps of the surface equation are cut where blow-out is fast.
    pub substep_fast_blowout: bool,
    /// Longest of these sub-steps over the blow-out time, positive.
    pub substep_max_ratio: f64,
}

/// `io.output`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Rule of the output times; the default depends on the profile.
    pub times: OutputTimes,
    /// Rule `log`: times per decade, starting at `numerics.dt_init`; 1 to 10 000.
    pub per_decade: u64,
    /// Rule `linear`: spacing \[s\], at least 1e-3; null means a hundredth of the duration.
    pub every: Option<f64>,
}

/// Allowed words of `io.output.times`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputTimes {
    /// Equally spaced in the logarithm of time.
    Log,
    /// Equally spaced in time.
    Linear,
    /// Every coupling step.
    EveryStep,
}

/// `io.step_diagnostics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepDiagnostics {
    /// On or off.
    pub enable: bool,
    /// File format.
    pub format: StepFormat,
    /// File.
    pub path: Option<String>,
}

/// Allowed words of `io.step_diagnostics.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepFormat {
    /// CSV.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// `io.progress`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// On or off.
    pub enable: bool,
    /// Time between reports \[s\], positive.
    pub refresh_seconds: f64,
}

/// `io.streaming`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Streaming {
    /// Chunks are files as soon as they are full; else they stay in memory until the end or a checkpoint.
    pub enable: bool,
    /// Off, whatever `enable` says.
    pub opt_out: bool,
    /// Most that the rows of a chunk may take in memory \[GiB\], positive; a chunk has at most half a million values.
    pub memory_limit_gb: f64,
    /// A chunk ends after this many records, at least 0; 0 leaves it to the size.
    pub step_flush_interval: u64,
    /// Codec of the Parquet files.
    pub compression: Compression,
    /// Join the chunks at the end.
    pub merge_at_end: bool,
    /// Delete joined chunks.
    pub cleanup_chunks: bool,
    /// Copying or moving old chunks to another place while the run goes on.
    pub offload: Offload,
}

/// Allowed words of `io.streaming.compression`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Snappy.
    Snappy,
    /// Zstandard.
    Zstd,
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
    /// Uncompressed.
    None,
}

/// `io.streaming.offload`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offload {
    /// On or off.
    pub enabled: bool,
    /// Absolute folder, in which every run makes one of its own.
    pub dir: Option<String>,
    /// Chunks of each table that stay, at least 0; 0 means 2.
    pub keep_last_n: u64,
    /// Whether a chunk leaves its place, where a link to it stays.
    pub mode: TransferMode,
    /// How a copy is compared; before a chunk leaves its place, by its hash whatever this says.
    pub verify: OffloadVerify,
    /// Off if `dir` is on the device of the output folder.
    pub skip_if_same_device: bool,
}

/// Allowed words of `io.streaming.offload.mode` and `io.archive.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferMode {
    /// Copy.
    Copy,
    /// Move.
    Move,
}

/// Allowed words of `io.streaming.offload.verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffloadVerify {
    /// By size.
    Size,
    /// By hash.
    Hash,
}

/// `io.archive`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// On or off.
    pub enabled: bool,
    /// Folder.
    pub dir: Option<String>,
    /// A label.
    pub mode: TransferMode,
    /// When.
    pub trigger: ArchiveTrigger,
    /// Where merged files go.
    pub merge_target: MergeTarget,
    /// Check the copy.
    pub verify: bool,
    /// How thoroughly.
    pub verify_level: VerifyLevel,
    /// What stays in the output folder.
    pub keep_local: KeepLocal,
    /// Record the volume.
    pub record_volume_info: bool,
    /// Warn below this speed \[MB/s\], positive.
    pub warn_slow_mb_s: Option<f64>,
    /// Only above this size \[GB\], positive.
    pub warn_slow_min_gb: f64,
    /// Free space that must remain \[GB\], positive.
    pub min_free_gb: Option<f64>,
}

/// Allowed words of `io.archive.trigger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveTrigger {
    /// After everything.
    PostFinalize,
    /// After the merge.
    PostMerge,
}

/// Allowed words of `io.archive.merge_target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeTarget {
    /// The archive.
    External,
    /// The output folder.
    Local,
}

/// Allowed words of `io.archive.verify_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyLevel {
    /// Standard.
    Standard,
    /// More.
    StandardPlus,
    /// Everything.
    Strict,
}

/// Allowed words of `io.archive.keep_local`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepLocal {
    /// Nothing.
    None,
    /// The small files.
    Metadata,
    /// Everything.
    All,
}

/// Allowed words of `io.record_storage_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordStorage {
    /// Row by row.
    Row,
    /// Column by column.
    Columnar,
}

/// `diagnostics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnostics {
    /// Additional columns.
    pub extended_diagnostics: ExtendedDiagnostics,
    /// Energy of collisions.
    pub energy_bookkeeping: EnergyBookkeeping,
}

/// `diagnostics.extended_diagnostics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendedDiagnostics {
    /// On or off.
    pub enable: bool,
    /// A label.
    pub schema_version: String,
}

/// `diagnostics.energy_bookkeeping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnergyBookkeeping {
    /// On or off.
    pub enabled: bool,
    /// Write `series/energy.csv`, too, to which rows are appended while the run goes on.
    pub stream: bool,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("io.output.per_decade", within(1.0, 10_000.0), "times"),
    Rule::new("io.output.every", at_least(1e-3), "s"),
    Rule::new("io.progress.refresh_seconds", above(0.0), "s"),
    Rule::new("io.streaming.memory_limit_gb", above(0.0), "GiB"),
    Rule::new("io.streaming.step_flush_interval", at_least(0.0), "steps"),
    Rule::new("io.streaming.offload.keep_last_n", at_least(0.0), "files"),
    Rule::new("io.archive.warn_slow_mb_s", above(0.0), "MB/s"),
    Rule::new("io.archive.warn_slow_min_gb", above(0.0), "GB"),
    Rule::new("io.archive.min_free_gb", above(0.0), "GB"),
    Rule::new("io.series_stride", at_least(1.0), "steps"),
    Rule::new("io.psd_history_stride", at_least(1.0), "steps"),
    Rule::new("io.diagnostics_stride", at_least(1.0), "steps"),
    Rule::new("io.substep_max_ratio", above(0.0), ""),
];
