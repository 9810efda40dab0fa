//! Variables of the environment that the Python program listens to and this one has no use for: whoever sets one hears so.

/// Each with the reason.
const WITHOUT_EFFECT: [(&str, &str); 5] = [
    ("MARSDISK_DISABLE_COLLISION_CACHE", "outcomes of collisions are worked out once and kept as tables"),
    ("MARSDISK_DISABLE_NUMBA", "the program is compiled"),
    ("MARSDISK_NUMBA_DISABLE", "the program is compiled"),
    ("NUMBA_NUM_THREADS", "--threads and MARSDISK_CELL_JOBS set the number of threads"),
    ("MARSDISK_DISABLE_COLUMNAR", "records are always written as columns"),
];

/// A sentence for each of them that is set.
pub(super) fn unused(is_set: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    let set = WITHOUT_EFFECT.into_iter().filter(move |(name, _)| is_set(name));
    set.map(|(name, reason)| format!("the environment variable {name} has no effect: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_in_vain_is_named_with_the_reason() {
        assert_eq!(unused(|_| false).count(), 0);
        let found: Vec<_> = unused(|name| name == "MARSDISK_DISABLE_NUMBA").collect();
        assert_eq!(found, ["the environment variable MARSDISK_DISABLE_NUMBA has no effect: the program is compiled"]);
    }
}
