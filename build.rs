//! Tells the program which commit it was built from, for the provenance of its results. Without git it goes without.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // HEAD changes when a branch is switched, its log with every commit. In a linked worktree neither is in `.git/`.
    for name in ["HEAD", "logs/HEAD"] {
        // A file that is named and not there would cause a new build each time.
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    // A copy of the sources inside another project's repository has no commit of its own.
    let tracked = git(&["ls-files", "build.rs"]).is_some();
    if let Some(commit) = git(&["rev-parse", "HEAD"]).filter(|_| tracked) {
        println!("cargo::rustc-env=MARSDISK_GIT_COMMIT={commit}");
    }
}

/// First line of git's answer; `None` without git, without a repository, or without an answer.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}
