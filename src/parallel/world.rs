//! The processes of a run, from the start of the program to its end.
//!
//! A program that no launcher has started is alone and never touches MPI. When a process panics, on whichever thread,
//! the whole run ends: the others would wait for it for ever.

use super::communicator::{Communicator, Serial};
use super::policy::Place;
use crate::wire::{from_peer, to_bytes};

/// Why the processes cannot work together.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Every process is alone.
    #[error(
        "started as one of {launched} processes, but MPI sees {seen}: launcher and program use different MPI \
         libraries (the program: {library})"
    )]
    Torn {
        /// How many processes the launcher started.
        launched: usize,
        /// How many MPI sees.
        seen: usize,
        /// MPI library of the program.
        library: String,
    },
    /// The MPI library does not tolerate threads.
    #[error("the MPI library {library} supports no threads beside the one that calls it")]
    NoThreads {
        /// MPI library of the program.
        library: String,
    },
    /// A launcher has started several processes of a program that was built for one.
    #[error(
        "started as one of {launched} processes, but this program was built without MPI (cargo feature `mpi`); start \
         it alone"
    )]
    BuiltAlone {
        /// How many processes the launcher started.
        launched: usize,
    },
}

/// All processes that were started together.
pub struct World {
    all: Box<dyn Communicator>,
    places: Vec<Place>,
    #[cfg(feature = "mpi")]
    universe: Option<mpi::environment::Universe>,
}

impl World {
    /// Joins the processes that a launcher has started.
    ///
    /// # Errors
    /// If launcher and program do not fit together.
    pub fn join() -> Result<Self, WorldError> {
        if let Some(launched) = launched() { Self::join_launched(launched) } else { Ok(Self::alone()) }
    }

    /// Number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.all.rank()
    }

    /// Number of processes.
    pub fn size(&self) -> usize {
        self.all.size()
    }

    /// Where they run.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether this is process 0.
    pub fn is_root(&self) -> bool {
        self.all.is_root()
    }

    /// All processes.
    pub fn all(&self) -> &dyn Communicator {
        self.all.as_ref()
    }

    /// Ends together with the other processes, with the exit status of process 0; who has nothing to do waits here.
    pub fn leave(self, status: u8) -> u8 {
        let mut message = to_bytes(&status);
        self.all.broadcast(&mut message);
        from_peer(&message)
    }
}

#[cfg(not(feature = "mpi"))]
impl World {
    fn alone() -> Self {
        World { all: Box::new(Serial), places: vec![Place::here()] }
    }

    fn join_launched(launched: usize) -> Result<Self, WorldError> {
        if launched > 1 { Err(WorldError::BuiltAlone { launched }) } else { Ok(Self::alone()) }
    }

    /// The first `active` processes; `None` on the others.
    pub fn first(&self, _active: usize) -> Option<Box<dyn Communicator>> {
        Some(Box::new(Serial))
    }

    /// Ends all processes at once, with this exit status.
    pub fn abort(&self, status: u8) -> ! {
        std::process::exit(i32::from(status))
    }
}

#[cfg(feature = "mpi")]
impl World {
    fn alone() -> Self {
        World { all: Box::new(Serial), places: vec![Place::here()], universe: None }
    }

    fn join_launched(launched: usize) -> Result<Self, WorldError> {
        use super::mpi_communicator::MpiCommunicator;
        use mpi::Threading;
        let library = || {
            let version = mpi::environment::library_version().unwrap_or_default();
            version.trim_end_matches('\0').split(',').next().unwrap_or_default().trim().to_string()
        };
        // Nobody else in the program initialises MPI.
        let Some((universe, threading)) = mpi::initialize_with_threading(Threading::Funneled) else {
            return Ok(Self::alone());
        };
        let all = MpiCommunicator::new(universe.world());
        if all.size() < launched {
            return Err(WorldError::Torn { launched, seen: all.size(), library: library() });
        }
        if threading < Threading::Funneled {
            return Err(WorldError::NoThreads { library: library() });
        }
        end_all_on_panic(all.rank(), all.size());
        let places = everywhere(&all);
        Ok(World { all: Box::new(all), places, universe: Some(universe) })
    }

    /// The first `active` processes; `None` on the others. All processes call this.
    pub fn first(&self, active: usize) -> Option<Box<dyn Communicator>> {
        use super::mpi_communicator::MpiCommunicator;
        use mpi::topology::Color;
        use mpi::traits::Communicator as _;
        let Some(universe) = &self.universe else { return Some(Box::new(Serial)) };
        let chosen = self.rank() < active;
        let color = if chosen { Color::with_value(0) } else { Color::undefined() };
        let processes = universe.world().split_by_color(color)?;
        Some(if active == 1 { Box::new(Serial) } else { Box::new(MpiCommunicator::new(processes)) })
    }

    /// Ends all processes at once, with this exit status.
    pub fn abort(&self, status: u8) -> ! {
        use mpi::traits::Communicator as _;
        match &self.universe {
            Some(universe) => universe.world().abort(i32::from(status)),
            None => std::process::exit(i32::from(status)),
        }
    }
}

/// Where all processes run, known to all.
#[cfg(feature = "mpi")]
fn everywhere(all: &dyn Communicator) -> Vec<Place> {
    let mut messages = Vec::new();
    all.gather(&to_bytes(&Place::here()), &mut messages);
    let places: Vec<Place> = messages.iter().map(|bytes| from_peer(bytes)).collect();
    let mut message = to_bytes(&places);
    all.broadcast(&mut message);
    from_peer(&message)
}

/// Makes a panic of any thread say where it happened, once, and end all processes.
#[cfg(feature = "mpi")]
fn end_all_on_panic(rank: usize, size: usize) {
    use crate::panics::is_caught;
    use mpi::traits::Communicator as _;
    use std::io::Write as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;
    /// Exit status of a program that panicked, as Rust has it.
    const PANICKED: i32 = 101;
    static SAID: AtomicBool = AtomicBool::new(false);
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if is_caught() || SAID.swap(true, Ordering::SeqCst) {
            return;
        }
        // Should stderr be closed, that is no second panic.
        let _ = write!(std::io::stderr(), "error: process {rank} of {size}: ");
        report(panic);
        // Should the library hang, this process ends all the same, and the launcher ends the others.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(Duration::from_secs(3));
            std::process::abort()
        });
        if mpi::is_initialized() && !mpi::is_finalized() {
            mpi::topology::SimpleCommunicator::world().abort(PANICKED)
        }
    }));
}

/// Number that a launcher has given to this process, for those that MPI cannot join; 0 alone.
pub fn launched_rank() -> usize {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].into_iter().find_map(number).unwrap_or(0)
}

/// How many processes a launcher has started, if one has: Open MPI, any PMI launcher (MPICH, Intel MPI, `srun`).
fn launched() -> Option<usize> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let size = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"].into_iter().find_map(number);
    size.or_else(|| ["PMIX_RANK", "PMI_RANK"].into_iter().any(|name| std::env::var_os(name).is_some()).then_some(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_nobody_launched_is_alone() {
        // Tests are not run under a launcher.
        let world = World::join().unwrap();
        assert_eq!((world.rank(), world.size(), world.is_root()), (0, 1, true));
        assert!(world.first(1).is_some_and(|communicator| communicator.size() == 1));
        assert_eq!(world.leave(3), 3);
    }
}
