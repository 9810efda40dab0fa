//! The documents name files, headings and tests that are there.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the project with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let folders = ["", "docs", "slurm", "data"];
    let files =
        folders.iter().flat_map(|folder| read_dir(root().join(folder)).unwrap()).map(|file| file.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages.map(|path| (path.clone(), read_to_string(&path).unwrap())).collect()
}

/// What stands between `open` and `close`, for every `open`.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close)).map(|(inside, _)| inside)
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn anchors(page: &str) -> BTreeSet<String> {
    page.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').map(anchor)).collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut found = 0;
    for (page, text) in pages() {
        for link in between(&text, "](", ')').filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", page.display());
            let there = || anchors(&read_to_string(&target).unwrap()).contains(heading);
            assert!(heading.is_empty() || there(), "{}: no heading {link}", page.display());
            found += 1;
        }
    }
    assert!(found > 20, "{found} links");
}

#[test]
fn files_and_tests_that_are_named_exist() {
    let mut found = 0;
    // The page of the keys shows values, among them names of files that a user may have.
    for (page, text) in pages().into_iter().filter(|(page, _)| !page.ends_with("configuration.md")) {
        // Blocks of code are examples; what they write is not there.
        let prose: String = text.split("```").step_by(2).collect();
        for name in prose.split('`').skip(1).step_by(2) {
            let (file, test) = name.split_once(": ").unwrap_or((name, ""));
            let folders = ["src/", "tests/", "scripts/", "configs/", "docs/", "data/", "benches/", "examples/"];
            let is_path = folders.iter().any(|folder| file.starts_with(folder)) && !file.contains(['*', ' ', '…']);
            if !is_path {
                continue;
            }
            let path = root().join(file);
            assert!(path.exists(), "{}: {name}", page.display());
            let is_test =
                test.len() > 8 && test.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            let declared = || read_to_string(&path).unwrap().contains(&format!("fn {test}("));
            assert!(!is_test || declared(), "{}: no test {name}", page.display());
            found += 1;
        }
    }
    assert!(found > 20, "{found} files");
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = read_dir(folder).unwrap().map(|file| file.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn rooms_know_only_the_rooms_that_the_architecture_allows() {
    let page = read_to_string(root().join("docs/architecture.md")).unwrap();
    let rooms: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert!(rooms.len() > 10, "{rooms:?}");
    for row in &rooms {
        let (room, allowed) = (row[1].trim_matches('`'), row[3]);
        for path in files_below(&root().join("src").join(room)) {
            if path.ends_with("tests.rs")
                || path.ends_with("fixtures.rs")
                || path.components().any(|part| part.as_os_str() == "tests")
            {
                continue;
            }
            let text = read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in lines {
                let known = line
                    .split("crate::")
                    .skip(1)
                    .map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap());
                for other in known.filter(|name| !name.is_empty() && root().join("src").join(name).is_dir()) {
                    let fine = other == room || allowed == "all" || allowed.contains(&format!("`{other}`"));
                    assert!(fine, "{} knows {other}, and may know: {allowed}", path.display());
                }
            }
        }
    }
}

#[test]
fn every_variable_of_the_environment_is_explained() {
    let pages: String = pages().into_iter().map(|(_, text)| text).collect();
    let mut names = BTreeSet::new();
    for path in ["src", "slurm"].iter().flat_map(|folder| files_below(&root().join(folder))) {
        let text = read_to_string(&path).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        names.extend(words.filter(|word| word.starts_with("MARSDISK_")).map(str::to_owned));
    }
    // Set when the program is built, and by whoever renews generated pages.
    let inside = ["MARSDISK_GIT_COMMIT", "MARSDISK_BLESS"];
    // One stands for the three of its kind.
    let alike = ["MARSDISK_DISABLE_COLLISION_CACHE", "MARSDISK_NUMBA_DISABLE", "MARSDISK_DISABLE_COLUMNAR"];
    for name in names.iter().filter(|name| !inside.contains(&name.as_str()) && !alike.contains(&name.as_str())) {
        assert!(pages.contains(name), "{name} is in no document");
    }
    assert!(names.len() > 10, "{names:?}");
}
