//! Files that are no configurations: each gets one clear sentence, and none costs much time or memory.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use marsdisk_mpi::config::{self, ConfigError};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config").join(name)
}

fn refuse(path: &Path) -> ConfigError {
    let start = Instant::now();
    let error = config::load(path, &[], None).expect_err(&path.display().to_string());
    // A real configuration takes milliseconds; seconds would mean that a limit does not hold.
    assert!(start.elapsed() < Duration::from_secs(2), "{}: {:?}", path.display(), start.elapsed());
    error
}

fn refuse_bytes(bytes: &[u8]) -> ConfigError {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.yml");
    std::fs::write(&file, bytes).unwrap();
    refuse(&file)
}

/// The message has exactly one problem, shows these words, and the exit status is that of a refused content.
fn assert_invalid(error: &ConfigError, words: &[&str]) {
    let message = error.to_string();
    assert_eq!(message.matches("error:").count(), 1, "{message}");
    assert!(words.iter().all(|word| message.contains(word)), "{words:?}\n{message}");
    assert_eq!(error.exit_code(), 2, "{message}");
}

#[test]
fn a_duplicate_key_is_shown_at_its_second_place() {
    let error = refuse(&data("duplicate_key.yml"));
    assert_invalid(&error, &["duplicate", "s_min", "duplicate_key.yml:7:3", "7 |   s_min: 1.0e-6"]);
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    assert_invalid(&refuse(&data("tab_indent.yml")), &["not valid YAML", "line 3 is indented with a tab"]);
    assert_invalid(&refuse(&data("unclosed.yml")), &["not valid YAML", "unclosed.yml:"]);
    assert_invalid(&refuse(&data("two_documents.yml")), &["not valid YAML"]);
}

#[test]
fn references_that_would_expand_without_end_are_stopped() {
    assert_invalid(&refuse(&data("alias_bomb.yml")), &["not valid YAML"]);
}

#[test]
fn deep_nesting_is_stopped() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let text = format!("deep: {}{}", open.repeat(100_000), close.repeat(100_000));
        assert_invalid(&refuse_bytes(text.as_bytes()), &["not valid YAML"]);
    }
    let block: String = (0..5_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_invalid(&refuse_bytes(block.as_bytes()), &["not valid YAML"]);
}

#[test]
fn many_keys_are_stopped() {
    let text: String = (0..300_000).map(|key| format!("key{key}: 1\n")).collect();
    assert_invalid(&refuse_bytes(text.as_bytes()), &["not valid YAML"]);
}

#[test]
fn what_is_not_text_is_called_so() {
    let mut bytes = b"geometry:\n  mode: 1D\n".to_vec();
    bytes.extend([0xff, 0xfe, 0x00, 0x80]);
    assert_invalid(&refuse_bytes(&bytes), &["not a text file: line 3 is not valid UTF-8"]);
    let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_invalid(&refuse_bytes(&noise), &["not a text file"]);
    assert_invalid(&refuse_bytes(&[0; 4096]), &["not valid YAML"]);
}

#[test]
fn a_file_without_a_block_of_keys_is_told_what_is_missing() {
    assert_invalid(&refuse_bytes(b""), &["must be a block of keys at its top, found nothing"]);
    assert_invalid(&refuse_bytes(b"# only a comment\n"), &["found nothing"]);
    assert_invalid(&refuse_bytes(b"- 1\n- 2\n"), &["found a list"]);
    assert_invalid(&refuse_bytes(b"just words\n"), &["found \"just words\""]);
    assert_invalid(&refuse_bytes(b"{}\n"), &["missing block `geometry`"]);
}

#[test]
fn a_file_that_cannot_be_read_has_its_own_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.yml");
    std::fs::File::create(&large).unwrap().set_len(16 * 1024 * 1024 + 1).unwrap();
    for (path, words) in [
        (folder.path().join("missing.yml"), "No such file"),
        (folder.path().to_owned(), "it is a folder"),
        (large, "larger than 16 MiB"),
    ] {
        let error = refuse(&path);
        let message = error.to_string();
        assert!(message.contains(words) && message.contains(&path.display().to_string()), "{message}");
        assert_eq!(error.exit_code(), 5, "{message}");
    }
}
