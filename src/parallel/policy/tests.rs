use super::*;
use crate::wire::{from_bytes, to_bytes};

const NOTHING: Requests = Requests {
    parallel: None,
    force: false,
    jobs: None,
    min_cells: 4,
    min_cells_per_job: 2,
    chunk_size: 0,
    threads: None,
};

fn place(host: &str, affinity: &str, cores: usize) -> Place {
    Place { host: host.into(), affinity: affinity.into(), cores, host_cores: 8 }
}

fn on_one_node(ranks: usize, cores: usize) -> Vec<Place> {
    vec![place("a", "0-7", cores); ranks]
}

#[test]
fn the_six_reasons_of_the_python_program_and_their_order() {
    let jobs = |jobs| Requests { jobs: Some(jobs), parallel: Some(true), ..NOTHING };
    let reason = |cells, requests: Requests| Decision::new(cells, &on_one_node(1, 8), requests).disabled;
    assert_eq!(reason(3, Requests { parallel: Some(false), ..jobs(4) }), Some(Disabled::NotRequested));
    assert_eq!(reason(3, jobs(1)), Some(Disabled::TooFewCells));
    assert_eq!(reason(8, jobs(1)), Some(Disabled::SingleJob));
    assert_eq!(reason(7, jobs(4)), Some(Disabled::TooFewCellsPerJob));
    assert_eq!(reason(8, jobs(4)), None);
    // No cell is coupled to another and every system is fit: the other two reasons never apply.
}

#[test]
fn jobs_are_threads_of_one_process_and_processes_of_several() {
    let with_jobs = |ranks, jobs| {
        let decision = Decision::new(32, &on_one_node(ranks, 8), Requests { jobs: Some(jobs), ..NOTHING });
        (decision.ranks_active, decision.threads)
    };
    assert_eq!(with_jobs(1, 6), (1, 6));
    assert_eq!(with_jobs(4, 2), (2, 1));
    assert_eq!(with_jobs(4, 8), (4, 2));
    let decision = Decision::new(32, &on_one_node(2, 8), Requests { jobs: Some(8), threads: Some(3), ..NOTHING });
    assert_eq!((decision.ranks_active, decision.threads), (2, 3));
}

#[test]
fn few_cells_on_many_processes_stay_on_one() {
    let decision = Decision::new(4, &on_one_node(8, 8), NOTHING);
    assert_eq!(decision.disabled, Some(Disabled::TooFewCellsPerJob));
    assert_eq!((decision.ranks_active, decision.threads, decision.requested), (1, 1, true));
    assert_eq!(decision.advice, ["4 cells on 8 processes: process 0 computes alone (too_few_cells_per_job)"]);
    let relaxed = Requests { min_cells: 1, min_cells_per_job: 1, ..NOTHING };
    let decision = Decision::new(4, &on_one_node(8, 8), relaxed);
    assert_eq!((decision.disabled, decision.ranks_active), (None, 4));
}

#[test]
fn one_process_takes_the_cores_it_has_and_no_more_threads_than_cells() {
    let threads = |cells, cores| Decision::new(cells, &on_one_node(1, cores), NOTHING).threads;
    assert_eq!(threads(32, 8), 8);
    assert_eq!(threads(5, 8), 5);
    let alone = Decision::new(32, &on_one_node(1, 1), NOTHING);
    assert_eq!((alone.disabled, alone.requested, alone.threads), (Some(Disabled::SingleJob), false, 1));
}

#[test]
fn processes_share_the_cores_of_their_node_unless_they_are_bound_to_their_own() {
    let threads = |places: &[Place]| Decision::new(64, places, NOTHING).threads;
    assert_eq!(threads(&on_one_node(4, 8)), 2);
    assert_eq!(threads(&[place("a", "0-3", 4), place("a", "4-7", 4)]), 4);
    assert_eq!(threads(&[place("a", "0-7", 8), place("b", "0-7", 8)]), 8);
    // The fuller node decides.
    assert_eq!(threads(&[place("a", "0-7", 8), place("a", "0-7", 8), place("b", "0-7", 8)]), 4);
}

#[test]
fn too_many_workers_are_noticed_once() {
    let decision = Decision::new(64, &on_one_node(4, 2), NOTHING);
    assert!(decision.oversubscribed);
    assert_eq!(decision.advice.len(), 1);
    assert!(decision.advice[0].starts_with("4 workers share 2 cores on a"), "{}", decision.advice[0]);
    let two_threads = Requests { threads: Some(2), ..NOTHING };
    assert!(!Decision::new(64, &on_one_node(4, 8), two_threads).oversubscribed);
    assert!(Decision::new(64, &on_one_node(1, 1), two_threads).oversubscribed);
    // Processes that do not work need no core.
    assert!(!Decision::new(4, &on_one_node(8, 2), NOTHING).oversubscribed);
}

#[test]
fn variables_are_read_as_the_python_program_reads_them() {
    let read = |pairs: &[(&str, &str)], threads| {
        Requests::read(threads, |name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_string()))
    };
    assert_eq!(read(&[], None), NOTHING);
    for (word, flag) in [("1", Some(true)), (" Enabled ", Some(true)), ("OFF", Some(false)), ("maybe", None)] {
        assert_eq!(read(&[("MARSDISK_CELL_PARALLEL", word)], None).parallel, flag, "{word}");
    }
    let all = [
        ("MARSDISK_CELL_PARALLEL_FORCE", "yes"),
        ("MARSDISK_CELL_JOBS", "0"),
        ("MARSDISK_CELL_MIN_CELLS", "7"),
        ("MARSDISK_CELL_MIN_CELLS_PER_JOB", "0"),
        ("MARSDISK_CELL_CHUNK_SIZE", "5"),
        ("SLURM_CPUS_PER_TASK", "6"),
    ];
    let wanted = Requests {
        force: true,
        jobs: Some(1),
        min_cells: 7,
        min_cells_per_job: 1,
        chunk_size: 5,
        threads: Some(6),
        ..NOTHING
    };
    assert_eq!(read(&all, None), wanted);
    assert_eq!(read(&all, Some(3)).threads, Some(3));
    assert_eq!(read(&[("MARSDISK_CELL_JOBS", "many")], None), NOTHING);
    let both = [("RAYON_NUM_THREADS", "2"), ("SLURM_CPUS_PER_TASK", "6")];
    assert_eq!(read(&both, None).threads, Some(2));
    assert_eq!(read(&[("RAYON_NUM_THREADS", "0")], None).threads, None);
}

#[test]
fn the_block_has_the_keys_of_the_python_program() {
    let requests = Requests { chunk_size: 40, ..NOTHING };
    let decision = Decision::new(7, &on_one_node(3, 8), requests);
    let block = decision.to_json();
    for key in [
        "requested",
        "enabled",
        "disabled_reason",
        "force_non_windows",
        "jobs_requested",
        "jobs_effective",
        "min_cells",
        "min_cells_per_job",
        "chunk_size",
        "chunk_mode",
        "os",
        "cell_coupling_enabled",
    ] {
        assert!(block.get(key).is_some(), "{key}");
    }
    assert_eq!((&block["chunk_size"], &block["chunk_mode"]), (&json!(7), &json!("fixed")));
    assert_eq!(block["cells_per_rank"], json!([2, 2, 3]));
    assert_eq!(block["imbalance"], json!(3.0 / (7.0 / 3.0)));
}

#[test]
fn this_process_runs_somewhere() {
    let here = Place::here();
    assert!(here.cores >= 1 && here.host_cores >= here.cores && !here.host.is_empty(), "{here:?}");
    assert_eq!([count_list("0-3,8"), count_list("5"), count_list("")], [5, 1, 0]);
    assert_eq!(from_bytes::<Place>(&to_bytes(&here)).unwrap(), here);
    let decision = Decision::new(64, &on_one_node(4, 2), NOTHING);
    assert_eq!(from_bytes::<Decision>(&to_bytes(&decision)).unwrap(), decision);
}
