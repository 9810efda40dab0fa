//! The tables that a configuration may ask for on top of those of every run. They become whole together with them.

use std::path::PathBuf;

use super::OutputError;
use super::columns::{Row, Series};
use super::csv::CsvTable;
use super::folder::OutputFolder;
use super::json_lines::JsonLines;
use super::parquet::TableWriter;
use super::step_columns::{ENERGY_BUDGET, ENERGY_SERIES, SINKS_TRACE, STEP_DIAGNOSTICS};

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
    Csv(CsvTable<Series>),
    Lines(JsonLines<Series>),
}

impl Extras {
    /// Opens them in `folder`.
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be created.
    pub fn create(folder: &OutputFolder, options: &ExtraOptions) -> Result<Self, OutputError> {
        let within = |name: &std::path::Path| {
            let path = folder.path().join(name);
            let parent = path.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
            std::fs::create_dir_all(&parent).map_err(OutputError::io("create", &parent))?;
            Ok::<_, OutputError>(path)
        };
        let steps = match &options.step_diagnostics {
            None => None,
            Some((name, true)) => Some(StepTable::Lines(JsonLines::create(&within(name)?, STEP_DIAGNOSTICS)?)),
            Some((name, false)) => Some(StepTable::Csv(CsvTable::create(&within(name)?, STEP_DIAGNOSTICS)?)),
        };
        let trace = match options.sinks_trace {
            true => Some(JsonLines::create(&within("debug/sinks_trace.jsonl".as_ref())?, SINKS_TRACE)?),
            false => None,
        };
        let energy = match options.energy {
            true => Some((
                TableWriter::create(&folder.file("series/energy.parquet"), ENERGY_SERIES)?,
                CsvTable::create(&folder.file("checks/energy_budget.csv"), ENERGY_BUDGET)?,
            )),
            false => None,
        };
        Ok(Extras { steps, trace, energy })
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

    /// Makes every file whole; the first error, when some cannot be.
    ///
    /// # Errors
    /// [`OutputError`] if the rest of a file cannot be written.
    pub fn finish(self) -> Result<(), OutputError> {
        let steps = match self.steps {
            Some(StepTable::Csv(table)) => table.finish(),
            Some(StepTable::Lines(table)) => table.finish(),
            None => Ok(()),
        };
        let trace = self.trace.map_or(Ok(()), JsonLines::finish);
        let energy = self.energy.map_or(Ok(()), |(series, budget)| series.finish().and(budget.finish()));
        steps.and(trace).and(energy)
    }
}
