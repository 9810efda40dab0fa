//! The interface between processes, as small as the time loop needs it.
//!
//! Everything is collected in rank order, so that sums over cells are taken in cell order whatever the distribution.

/// What the time loop asks of the other processes of a run.
pub trait Communicator {
    /// Number of this process, from 0; process 0 writes the files.
    fn rank(&self) -> usize;

    /// Number of processes.
    fn size(&self) -> usize;

    /// Collects the items of all processes in rank order in `all`, on process 0; `all` is empty elsewhere.
    fn gather<T: Copy>(&self, mine: &[T], all: &mut Vec<T>);

    /// Makes the value of process 0 known to all.
    fn broadcast<T: Copy>(&self, value: &mut T);

    /// Whether process 0 is this one.
    fn is_root(&self) -> bool {
        self.rank() == 0
    }
}

/// One process alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Communicator for Serial {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn gather<T: Copy>(&self, mine: &[T], all: &mut Vec<T>) {
        all.clear();
        all.extend_from_slice(mine);
    }

    fn broadcast<T: Copy>(&self, _value: &mut T) {}
}
