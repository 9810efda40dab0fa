//! What is wrong with a configuration, shown at its line.
//!
//! A [`ConfigError`] prints complete sentences that start with `error:`, with the file, line and column, the line
//! itself and a caret, and what would be right.

use std::{
    fmt::{self, Write as _},
    path::PathBuf,
};

use super::source::Origin;

/// Why a configuration could not be loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The configuration, or a file of overrides, cannot be read.
    #[error("error: cannot read {path}: {reason}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file was read and its content is refused.
    #[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n\n"))]
    Invalid(
        /// What is refused, at least one.
        Vec<Problem>,
    ),
}

impl ConfigError {
    /// Exit status of the program: 2 for a refused configuration, 5 for a file that cannot be read.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid(_) => 2,
            Self::Unreadable { .. } => 5,
        }
    }
}

/// One thing that is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    headline: String,
    place: Place,
    help: String,
    file: PathBuf,
    line_text: String,
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// At a position of the file.
    File { line: usize, column: usize, length: usize },
    /// In an override.
    Override(String),
    /// Nowhere in particular.
    Whole,
}

impl From<&Origin> for Place {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::File { line: 0, .. } | Origin::Default => Self::Whole,
            Origin::File { line, column, length } => Self::File { line: *line, column: *column, length: *length },
            Origin::Override(text) => Self::Override(text.clone()),
        }
    }
}

impl Problem {
    /// A problem that has not been placed in a file's text yet.
    pub(super) fn new(headline: impl Into<String>, place: Place) -> Self {
        let (help, line_text) = (String::new(), String::new());
        Self { headline: sentence(&headline.into()), place, help, file: PathBuf::new(), line_text }
    }

    /// Adds what would be right.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = sentence(&help.into());
        self
    }

    /// Adds the file's name and the line that is meant.
    pub(super) fn in_file(mut self, file: &std::path::Path, text: &str) -> Self {
        self.file = file.to_owned();
        if let Place::File { line, .. } = self.place {
            self.line_text = text.lines().nth(line - 1).unwrap_or_default().to_owned();
        }
        self
    }

    /// The sentence without its place.
    pub fn headline(&self) -> &str {
        &self.headline
    }
}

/// One line that does nothing to a terminal: control characters become blanks.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The same, cut where no sentence of ours is that long, as when a file has a key of a million letters.
fn sentence(text: &str) -> String {
    const LONGEST: usize = 1000;
    let shown: String = text.chars().take(LONGEST).collect();
    printable(&shown) + if shown.len() < text.len() { "…" } else { "" }
}

/// The line as it can be printed: tabs and control characters become blanks, very long lines are cut around the place.
fn excerpt(line: &str, column: usize, length: usize) -> (String, usize, usize) {
    const WIDEST: usize = 110;
    const BEFORE: usize = 40;
    let clean: Vec<char> = printable(line.trim_end()).chars().collect();
    let start = (column - 1).min(clean.len());
    let cut = if clean.len() > WIDEST { start.saturating_sub(BEFORE) } else { 0 };
    let shown: String = clean[cut..].iter().take(WIDEST).collect();
    let end_of_line = clean.len().min(cut + WIDEST);
    let carets = length.min(end_of_line.saturating_sub(start)).max(1);
    (shown, start - cut, carets)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}{}", self.headline, self.lines_of_place())
    }
}

impl Problem {
    /// Where it is and what would be right, in lines of their own.
    pub(super) fn lines_of_place(&self) -> String {
        let mut lines = String::new();
        // A text takes everything.
        let _ = self.write_place(&mut lines);
        lines
    }

    fn write_place(&self, f: &mut String) -> fmt::Result {
        let file = self.file.display();
        match &self.place {
            Place::File { line, column, length } => {
                let (shown, before, carets) = excerpt(&self.line_text, *column, *length);
                let number = line.to_string();
                let margin = " ".repeat(number.len());
                let mut marks = format!("{}{}", " ".repeat(before), "^".repeat(carets));
                if !self.help.is_empty() {
                    write!(marks, " {}", self.help)?;
                }
                write!(f, "\n{margin} --> {file}:{line}:{column}")?;
                write!(f, "\n{margin} |\n{number} | {shown}\n{margin} | {marks}")
            }
            Place::Override(text) => {
                write!(f, "\n --> given by --override {}", printable(text))?;
                if self.help.is_empty() { Ok(()) } else { write!(f, "\n  = {}", self.help) }
            }
            Place::Whole => {
                if !self.file.as_os_str().is_empty() {
                    write!(f, "\n --> {file}")?;
                }
                if self.help.is_empty() { Ok(()) } else { write!(f, "\n  = {}", self.help) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn problem(line: usize, column: usize, length: usize) -> Problem {
        Problem::new("unknown key `sizes.n_bin`", Place::File { line, column, length }).help("did you mean `n_bins`?")
    }

    #[test]
    fn a_problem_shows_its_line_with_a_caret_under_the_word() {
        let text = format!("{}  n_bin: 40\n", "\n".repeat(11));
        let expected = "\
error: unknown key `sizes.n_bin`
   --> run.yml:12:3
   |
12 |   n_bin: 40
   |   ^^^^^ did you mean `n_bins`?";
        assert_eq!(problem(12, 3, 5).in_file(Path::new("run.yml"), &text).to_string(), expected);
    }

    #[test]
    fn a_place_beyond_the_text_is_shown_all_the_same() {
        let shown = problem(99, 70, 1000).in_file(Path::new("run.yml"), "a: 1\n").to_string();
        assert!(shown.contains("run.yml:99:70") && shown.ends_with("| ^ did you mean `n_bins`?"), "{shown}");
    }

    #[test]
    fn a_long_line_is_cut_to_the_place() {
        let text = format!("{}here{}", "x".repeat(500), "y".repeat(500));
        let shown = problem(1, 501, 4).in_file(Path::new("f"), &text).to_string();
        assert!(shown.contains("xhereyy") && shown.lines().all(|line| line.chars().count() < 150), "{shown}");
    }

    #[test]
    fn a_sentence_has_an_end() {
        let shown = Problem::new("x".repeat(1_000_000), Place::Whole).to_string();
        assert!(shown.chars().count() < 1100);
    }

    #[test]
    fn terminal_control_characters_are_not_printed() {
        let shown = problem(1, 1, 1).in_file(Path::new("f"), "a: \u{1b}[31mred\n").to_string();
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn exit_status_tells_a_bad_file_from_a_missing_one() {
        assert_eq!(ConfigError::Invalid(vec![problem(1, 1, 1)]).exit_code(), 2);
        assert_eq!(ConfigError::Unreadable { path: "x".into(), reason: "y".into() }.exit_code(), 5);
    }
}
