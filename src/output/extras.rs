//! The tables that a configuration may ask for on top of those of every run. They become whole together with them.

use std::path::{Path, PathBuf};

use super::OutputError;
use super::chunks::Chunks;
use super::columns::{Row, Series};
use super::csv::CsvTable;
use super::folder::OutputFolder;
use super::json_lines::JsonLines;
use super::parquet::{Packing, TableWriter};
use super::step_columns::{ENERGY_BUDGET, ENERGY_SERIES, SINKS_TRACE, STEP_DIAGNOSTICS};
use crate::checkpoint::snapshot::{Exchange, Snapshot};

/// Which of them are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraOptions {
    /// Step diagnostics: their file, relative to the folder of the run, and whether it is of JSON lines.
    pub step_diagnostics: Option<(PathBuf, bool)>,
    /// `debug/sinks_trace.jsonl`.
    pub sinks_trace: bool,
    /// `series/energy.parquet` and `checks/energy_budget.csv`.
    pub energy: bool,
    /// Beside them `series/energy.csv`, which can be read while the run goes on.
    pub energy_stream: bool,
    /// `run_card.md`.
    pub run_card: bool,
}

/// The tables in the making.
#[derive(Default)]
pub struct Extras {
    steps: Option<StepTable>,
    trace: Option<JsonLines<Series>>,
    energy: Option<EnergyTables>,
}

/// Where the energies of collisions go.
struct EnergyTables {
    series: TableWriter<Series>,
    budget: CsvTable<Series>,
    stream: Option<CsvTable<Series>>,
}

impl EnergyTables {
    fn create(
        folder: &OutputFolder,
        streams: bool,
        packing: Packing,
        from: Option<&Snapshot>,
    ) -> Result<Self, OutputError> {
        let mut series = TableWriter::create(&folder.file("series/energy.parquet"), ENERGY_SERIES, packing)?;
        if let Some(snapshot) = from {
            series.exchange(&mut Exchange::restoring(snapshot, "output"))?;
        }
        let csv = |name, columns: &[_]| CsvTable::open(&folder.file(name), columns, from);
        Ok(EnergyTables {
            series,
            budget: csv("checks/energy_budget.csv", ENERGY_BUDGET)?,
            stream: streams.then(|| csv("series/energy.csv", ENERGY_SERIES)).transpose()?,
        })
    }

    fn push(&mut self, row: &Row<'_>) -> Result<(), OutputError> {
        self.series.push(row)?;
        self.budget.push(row)?;
        self.stream.as_mut().map_or(Ok(()), |table| table.push(row))
    }

    fn save(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        self.series.exchange(exchange)?;
        self.budget.save(exchange)?;
        self.stream.as_mut().map_or(Ok(()), |table| table.save(exchange))
    }

    fn finish(self) -> Result<Chunks, OutputError> {
        let series = self.series.finish();
        let tables = self.budget.finish().and(self.stream.map_or(Ok(()), CsvTable::finish));
        tables.and(series)
    }
}

enum StepTable {
    Csv(Box<CsvTable<Series>>),
    Lines(JsonLines<Series>),
}

impl Extras {
    /// Opens them in `folder`; `from`: the checkpoint from which the run goes on.
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be created, or is not what the checkpoint has left.
    pub fn create(
        folder: &OutputFolder,
        options: &ExtraOptions,
        packing: Packing,
        from: Option<&Snapshot>,
    ) -> Result<Self, OutputError> {
        let steps = match &options.step_diagnostics {
            None => None,
            Some((name, true)) => {
                Some(StepTable::Lines(JsonLines::open(&within(folder, name)?, STEP_DIAGNOSTICS, from)?))
            }
            Some((name, false)) => {
                Some(StepTable::Csv(Box::new(CsvTable::open(&within(folder, name)?, STEP_DIAGNOSTICS, from)?)))
            }
        };
        let trace = match options.sinks_trace {
            true => Some(JsonLines::open(&within(folder, "debug/sinks_trace.jsonl".as_ref())?, SINKS_TRACE, from)?),
            false => None,
        };
        let energy = match options.energy {
            true => Some(EnergyTables::create(folder, options.energy_stream, packing, from)?),
            false => None,
        };
        Ok(Extras { steps, trace, energy })
    }

    /// Saves where the files end and what is not in them yet; everything until now is on the disk then.
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be written.
    pub fn save(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        match &mut self.steps {
            Some(StepTable::Csv(table)) => table.save(exchange)?,
            Some(StepTable::Lines(table)) => table.save(exchange)?,
            None => {}
        }
        self.trace.as_mut().map_or(Ok(()), |table| table.save(exchange))?;
        self.energy.as_mut().map_or(Ok(()), |tables| tables.save(exchange))
    }

    /// Adds one cell in one record.
    ///
    /// # Errors
    /// [`OutputError`] if it cannot be written.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), OutputError> {
        match &mut self.steps {
            Some(StepTable::Csv(table)) => table.push(row)?,
            Some(StepTable::Lines(table)) => table.push(row)?,
            None => {}
        }
        if let Some(table) = &mut self.trace {
            table.push(row)?;
        }
        let energy = self.energy.as_mut().filter(|_| row.report.smol.is_some());
        energy.map_or(Ok(()), |tables| tables.push(row))
    }

    /// Says that all rows of a record are there.
    ///
    /// # Errors
    /// [`OutputError`] if the record completes a chunk and that cannot be written.
    pub fn end_record(&mut self) -> Result<(), OutputError> {
        self.energy.as_mut().map_or(Ok(()), |tables| tables.series.end_record())
    }

    /// Makes every file whole; the first error, when some cannot be. Hands the chunks of the energies back.
    ///
    /// # Errors
    /// [`OutputError`] if the rest of a file cannot be written.
    pub fn finish(self) -> Result<Option<Chunks>, OutputError> {
        let steps = match self.steps {
            Some(StepTable::Csv(table)) => table.finish(),
            Some(StepTable::Lines(table)) => table.finish(),
            None => Ok(()),
        };
        let trace = self.trace.map_or(Ok(()), JsonLines::finish);
        let energy = self.energy.map(EnergyTables::finish).transpose();
        steps.and(trace).and(energy)
    }
}

/// A file in the folder of the run, whose own folder is there afterwards.
fn within(folder: &OutputFolder, name: &Path) -> Result<PathBuf, OutputError> {
    let path = folder.path().join(name);
    let parent = path.parent().map(Path::to_path_buf).unwrap_or_default();
    std::fs::create_dir_all(&parent).map_err(OutputError::io("create", &parent))?;
    Ok(path)
}
