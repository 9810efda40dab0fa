//! A disk of few kilobytes, which can grow: a tmpfs in a mount namespace of its own, that of a shell which waits for
//! orders. Its files are reached through that process, and nothing is left when it ends.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// Mounts a tmpfs of $1 at $0, and changes its size for every line that it reads.
const SHELL: &str = "mount -t tmpfs -o size=$1 tmpfs \"$0\" && echo ready && \
     while read -r size; do mount -o remount,size=$size tmpfs \"$0\" && echo ready; done";

pub struct SmallDisk {
    shell: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: TempDir,
}

impl SmallDisk {
    /// A disk of so many KiB; what the system says if it gives none to this user.
    pub fn new(kib: u64) -> Result<Self, String> {
        let mut reasons = String::new();
        // Root needs no namespace of users, and may not get one.
        for namespaces in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
            let folder = tempfile::tempdir().unwrap();
            let mut command = Command::new("unshare");
            command.args(namespaces).args(["sh", "-c", SHELL]).arg(folder.path()).arg(format!("{kib}k"));
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut shell = command.spawn().map_err(|error| format!("unshare: {error}"))?;
            let (orders, answers) = (shell.stdin.take().unwrap(), BufReader::new(shell.stdout.take().unwrap()));
            let mut disk = SmallDisk { shell, orders, answers, folder };
            if disk.is_ready() {
                return Ok(disk);
            }
            let mut text = BufReader::new(disk.shell.stderr.take().unwrap());
            let _ = text.read_line(&mut reasons);
        }
        Err(reasons)
    }

    fn is_ready(&mut self) -> bool {
        let mut line = String::new();
        self.answers.read_line(&mut line).is_ok() && line == "ready\n"
    }

    /// The disk as everybody sees it.
    pub fn path(&self) -> PathBuf {
        let folder = self.folder.path().strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.shell.id())).join(folder)
    }

    /// Makes the disk so large.
    pub fn grow(&mut self, kib: u64) {
        writeln!(self.orders, "{kib}k").unwrap();
        assert!(self.is_ready());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
