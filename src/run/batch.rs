//! Several coupling steps as a process reports them: a message per process, read on process 0.
//!
//! Of every step and cell travels what left the cell, of the steps that are recorded also the whole report and the
//! bins. The message ends with what the process was asked to do, a failure, if there was one, and what each cell cost.

use super::block::Block;
use super::clock::Tick;
use super::driver::RunError;
use super::orders::Order;
use super::stop::all_stopped;
use crate::disk::model::Model;
use crate::disk::report::{CellReport, StepFacts};
use crate::disk::step::StepError;
use crate::output::recorder::Distributions;
use crate::output::summary::StepCounts;
use crate::parallel::decomposition::Decomposition;
use crate::physics::constants::M_MARS;
use crate::wire::{Reader, Wire, WireError};
use crate::wire_struct;

/// A coupling step and its drivers.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// When.
    pub tick: Tick,
    /// Under which drivers.
    pub drivers: StepFacts,
}

/// A cell that could not be integrated.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Index of the cell in the disk.
    pub cell: usize,
    /// Number of the step, from 0.
    pub step: u64,
    /// Start of the step [s].
    pub time: f64,
    /// What is wrong.
    pub source: StepError,
}
wire_struct!(Failure { cell, step, time, source });

wire_struct!(StepCounts { coupling, inner_accepted, inner_rejected, fallback });

/// The message of a process, as it grows step by step.
#[derive(Debug, Default)]
pub struct Message {
    /// Its bytes.
    pub bytes: Vec<u8>,
    costs: Vec<f64>,
}

impl Message {
    /// Begins anew, for a block of so many cells.
    pub fn clear(&mut self, cells: usize) {
        self.bytes.clear();
        self.costs.clear();
        self.costs.resize(cells, 0.0);
    }

    /// Adds a step that the block has just taken.
    pub fn add(&mut self, step: &Step, block: &mut Block) {
        let (bytes, costs) = (&mut self.bytes, &mut self.costs);
        let mut counts = StepCounts::default();
        for (report, cost) in block.reports().iter().zip(costs) {
            let inner = report.inner;
            *cost += 1.0 + f64::from(inner.accepted) + f64::from(inner.rejected);
            counts.inner_accepted += u64::from(inner.accepted);
            counts.inner_rejected += u64::from(inner.rejected);
            counts.fallback += u64::from(inner.fallback);
        }
        true.pack(bytes);
        step.drivers.time.pack(bytes);
        counts.pack(bytes);
        all_stopped(block.reports()).pack(bytes);
        for report in block.reports() {
            report.ledger.blowout.pack(bytes);
            report.ledger.sinks().pack(bytes);
        }
        step.tick.record.pack(bytes);
        if step.tick.record {
            pack_record(block, &step.drivers, bytes);
        }
    }

    /// Ends the message; `order`: what this process was asked to do meanwhile.
    pub fn close(&mut self, failure: Option<Failure>, order: Order) {
        false.pack(&mut self.bytes);
        order.pack(&mut self.bytes);
        failure.pack(&mut self.bytes);
        self.costs.iter().for_each(|cost| cost.pack(&mut self.bytes));
    }

    /// Instead of a batch: what happened since the last record.
    pub fn set_to_rest(&mut self, block: &mut Block, last: &StepFacts) {
        self.bytes.clear();
        pack_record(block, last, &mut self.bytes);
    }
}

fn pack_record(block: &mut Block, drivers: &StepFacts, bytes: &mut Vec<u8>) {
    block.close_interval(drivers).iter().for_each(|report| report.pack(bytes));
    for cell in block.cells() {
        cell.bins.iter().chain(&cell.sizes).for_each(|number| number.pack(bytes));
    }
}

/// A step of the whole disk.
#[derive(Debug, Clone, Copy)]
pub struct StepSums {
    /// Blown out [M_Mars].
    pub blowout: f64,
    /// Lost to sinks [M_Mars].
    pub sinks: f64,
    /// Inner steps.
    pub counts: StepCounts,
    /// Whether every cell is solid and has stopped.
    pub all_stopped: bool,
}

/// What all processes reported: sums in the order of the cells.
#[derive(Debug, Default)]
pub struct Batch {
    /// The steps that all processes have taken.
    pub steps: Vec<StepSums>,
    /// What happened since the record before, for each record and cell.
    pub reports: Vec<CellReport>,
    /// Surface density per bin for each record and cell [kg m⁻²].
    pub bins: Vec<f64>,
    /// Sizes that stand for these bins [m], where they move; else empty.
    pub sizes: Vec<f64>,
    /// The first failure in the step after these, and on which process.
    pub failure: Option<(usize, Failure)>,
    /// What each cell cost; empty after a failure.
    pub costs: Vec<f64>,
    /// What any process was asked to do.
    pub order: Order,
}

impl Batch {
    /// Reads the messages of all processes.
    ///
    /// # Errors
    /// If they do not tell of the same steps.
    pub fn read(
        &mut self,
        messages: &[Vec<u8>],
        steps: &[Step],
        blocks: &Decomposition,
        model: &Model,
    ) -> Result<(), RunError> {
        self.clear();
        let mut readers: Vec<Reader> = messages.iter().map(|message| Reader::new(message)).collect();
        loop {
            let goes_on = readers.iter_mut().map(bool::unpack).collect::<Result<Vec<_>, _>>()?;
            if goes_on.contains(&false) {
                return self.read_end(&mut readers, &goes_on, blocks);
            }
            let step = steps.get(self.steps.len()).ok_or(RunError::Disagreement { process: 1 })?;
            let sums = self.read_step(&mut readers, step, blocks, model)?;
            self.steps.push(sums);
        }
    }

    /// The distributions of each record, in their order; `bins`: those of all cells.
    pub fn distributions(&self, bins: usize) -> impl Iterator<Item = Distributions<'_>> {
        let mut sizes = self.sizes.chunks_exact(bins);
        self.bins.chunks_exact(bins).map(move |bins| Distributions { bins, sizes: sizes.next().unwrap_or(&[]) })
    }

    fn clear(&mut self) {
        self.steps.clear();
        self.reports.clear();
        self.bins.clear();
        self.sizes.clear();
        self.costs.clear();
        self.failure = None;
        self.order = Order::GoOn;
    }

    fn read_step(
        &mut self,
        readers: &mut [Reader],
        step: &Step,
        blocks: &Decomposition,
        model: &Model,
    ) -> Result<StepSums, RunError> {
        let mut sums = StepSums { blowout: 0.0, sinks: 0.0, counts: StepCounts::default(), all_stopped: true };
        for (process, (reader, block)) in readers.iter_mut().zip(blocks.blocks()).enumerate() {
            if f64::unpack(reader)? != step.drivers.time {
                return Err(RunError::Disagreement { process });
            }
            sums.counts.add(&StepCounts::unpack(reader)?);
            sums.all_stopped &= bool::unpack(reader)?;
            for cell in &model.cells[block.clone()] {
                sums.blowout += f64::unpack(reader)? * cell.facts.area / M_MARS;
                sums.sinks += f64::unpack(reader)? * cell.facts.area / M_MARS;
            }
            if bool::unpack(reader)? {
                self.read_record(reader, block.len(), model)?;
            }
        }
        Ok(sums)
    }

    fn read_record(&mut self, reader: &mut Reader, cells: usize, model: &Model) -> Result<(), WireError> {
        for _ in 0..cells {
            self.reports.push(CellReport::unpack(reader)?);
        }
        let moved = if model.moves_sizes() { model.sizes.len() } else { 0 };
        for _ in 0..cells {
            read_numbers(reader, model.sizes.len(), &mut self.bins)?;
            read_numbers(reader, moved, &mut self.sizes)?;
        }
        Ok(())
    }

    /// Reads the ends of the messages that end here; the others belong to processes that went on, unaware of a failure.
    fn read_end(&mut self, readers: &mut [Reader], goes_on: &[bool], blocks: &Decomposition) -> Result<(), RunError> {
        for (process, (reader, block)) in readers.iter_mut().zip(blocks.blocks()).enumerate() {
            if goes_on[process] {
                continue;
            }
            self.order = self.order.max(Order::unpack(reader)?);
            let failure = Option::<Failure>::unpack(reader)?;
            if failure.is_none() && goes_on.contains(&true) {
                return Err(RunError::Disagreement { process });
            }
            // The first process has the first cells.
            self.failure = self.failure.take().or(failure.map(|failure| (process, failure)));
            for _ in block {
                self.costs.push(f64::unpack(reader)?);
            }
        }
        Ok(())
    }

    /// Reads, instead of a batch, what happened since the last record.
    ///
    /// # Errors
    /// If the messages are something else.
    pub fn read_rest(&mut self, messages: &[Vec<u8>], blocks: &Decomposition, model: &Model) -> Result<(), RunError> {
        self.clear();
        for (message, block) in messages.iter().zip(blocks.blocks()) {
            self.read_record(&mut Reader::new(message), block.len(), model)?;
        }
        Ok(())
    }
}

fn read_numbers(reader: &mut Reader, count: usize, into: &mut Vec<f64>) -> Result<(), WireError> {
    for _ in 0..count {
        into.push(f64::unpack(reader)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::block::Load;
    use super::*;
    use crate::config;
    use crate::disk::setup::{self, Setup};
    use crate::wire::to_bytes;
    use std::path::Path;

    #[test]
    fn a_message_is_as_long_as_the_records_of_its_cells() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/quick.yml");
        let config = config::load(&path, &["geometry.Nr=32".to_string()], None).unwrap();
        let Setup { model, cells: states, .. } = setup::build(&config).unwrap();
        let drivers = model.drivers(0, 0.0, 100.0).unwrap();
        let tick = Tick { index: 0, start: 0.0, end: 100.0, dt: 100.0, record: true };
        // One cell alone pays for the head of the message, 70 bytes.
        for cells in [4, 32] {
            let mut block = Block::new(&model, 0..cells, Load::at_start(states[..cells].to_vec()), None, 1);
            block.step(&drivers).unwrap();
            let reports: usize = block.reports().iter().map(|report| to_bytes(report).len()).sum();
            let records = reports + cells * size_of::<f64>() * model.sizes.len();
            let mut message = Message::default();
            message.clear(cells);
            message.add(&Step { tick, drivers }, &mut block);
            message.close(None, Order::GoOn);
            let ratio = message.bytes.len() as f64 / records as f64;
            assert!((0.9..1.1).contains(&ratio), "{cells} cells: {ratio} of {records} bytes");
        }
    }
}
