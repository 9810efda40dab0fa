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
    /// `run_card.md`.
    pub run_card: bool,
}

/// The tables in the making.
#[derive(Default)]
pub struct Extras {
    steps: Option<StepTable>,
    trace: Option<JsonLines<Series>>,
    energy: Option<(TableWriter<Series>, CsvTable<Series>)>,
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
            true => Some((
                TableWriter::create(&folder.file("series/energy.parquet"), ENERGY_SERIES, packing)?,
                CsvTable::open(&folder.file("checks/energy_budget.csv"), ENERGY_BUDGET, from)?,
            )),
            false => None,
        };
        let mut extras = Extras { steps, trace, energy };
        if let (Some((series, _)), Some(snapshot)) = (&mut extras.energy, from) {
            series.exchange(&mut Exchange::restoring(snapshot, "output"))?;
        }
        Ok(extras)
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
        match &mut self.energy {
            Some((series, budget)) => series.exchange(exchange).and(budget.save(exchange)),
            None => Ok(()),
        }
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
        if let Some((series, budget)) = self.energy.as_mut().filter(|_| row.report.smol.is_some()) {
            series.push(row)?;
            budget.push(row)?;
        }
        Ok(())
    }

    /// Says that all rows of a record are there.
    ///
    /// # Errors
    /// [`OutputError`] if the record completes a chunk and that cannot be written.
    pub fn end_record(&mut self) -> Result<(), OutputError> {
        self.energy.as_mut().map_or(Ok(()), |(series, _)| series.end_record())
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
        let energy = self.energy.map(|(series, budget)| (series.finish(), budget.finish()));
        steps.and(trace)?;
        energy.map_or(Ok(None), |(series, budget)| budget.and(series.map(Some)))
    }
}

/// A file in the folder of the run, whose own folder is there afterwards.
fn within(folder: &OutputFolder, name: &Path) -> Result<PathBuf, OutputError> {
    let path = folder.path().join(name);
    let parent = path.parent().map(Path::to_path_buf).unwrap_or_default();
    std::fs::create_dir_all(&parent).map_err(OutputError::io("create", &parent))?;
    Ok(path)
}
