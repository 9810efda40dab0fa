//! Named numbers with units, and a way to list them once for saving and restoring.

use crate::wire::Wire;
use crate::{wire_enum, wire_struct};

/// What an entry holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Numbers, by rows; one row of one number where nothing else is said.
    Reals {
        /// Numbers along each axis.
        shape: Vec<usize>,
        /// The last axis runs fastest.
        values: Vec<f64>,
    },
    /// Counts.
    Counts {
        /// In one row.
        values: Vec<u64>,
    },
    /// Text.
    Text {
        /// In UTF-8.
        text: String,
    },
    /// Bytes of a meaning of their own.
    Bytes {
        /// As they are.
        bytes: Vec<u8>,
    },
}
wire_enum!(Content { 0 => Reals { shape, values }, 1 => Counts { values }, 2 => Text { text }, 3 => Bytes { bytes } });

/// A named piece of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Name with its groups: `cells/surface_density`.
    pub name: String,
    /// Unit in the words of the CF conventions; `1` for numbers without one.
    pub unit: String,
    /// What it is, in a few words.
    pub long_name: String,
    /// The numbers.
    pub content: Content,
}
wire_struct!(Entry { name, unit, long_name, content });

/// Everything that a part of a run, or the whole of it, is at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    entries: Vec<Entry>,
}
wire_struct!(Snapshot { entries });

/// A snapshot is not what is to be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It lacks something.
    #[error("it holds no `{name}`")]
    Missing {
        /// What is missing.
        name: String,
    },
    /// It has something of another kind or size.
    #[error("`{name}` has {found} values of its kind instead of {expected}")]
    Size {
        /// What has the wrong size.
        name: String,
        /// How many there should be.
        expected: usize,
        /// How many there are; 0 also for those of another kind.
        found: usize,
    },
    /// It has something that means nothing.
    #[error("`{name}` cannot be read: {reason}")]
    Nonsense {
        /// What means nothing.
        name: String,
        /// Why.
        reason: String,
    },
}

impl Entry {
    /// Whether two entries are the same to the last bit, with numbers that are none.
    pub fn is(&self, other: &Entry) -> bool {
        let content = match (&self.content, &other.content) {
            (Content::Reals { shape, values }, Content::Reals { shape: other_shape, values: other_values }) => {
                let same_bits = |(one, other): (&f64, &f64)| one.to_bits() == other.to_bits();
                shape == other_shape
                    && values.len() == other_values.len()
                    && values.iter().zip(other_values).all(same_bits)
            }
            (one, other) => one == other,
        };
        content && self.name == other.name && self.unit == other.unit && self.long_name == other.long_name
    }
}

impl Snapshot {
    /// From entries of different names.
    pub fn of(entries: Vec<Entry>) -> Self {
        Snapshot { entries }
    }

    /// All entries, in the order of saving.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// An entry by its name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// A text by its name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name).map(|entry| &entry.content) {
            Some(Content::Text { text }) => Some(text),
            _ => None,
        }
    }

    /// A single number by its name.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name).map(|entry| &entry.content) {
            Some(Content::Reals { values, .. }) if values.len() == 1 => Some(values[0]),
            _ => None,
        }
    }

    /// A single count by its name.
    pub fn count(&self, name: &str) -> Option<u64> {
        match self.get(name).map(|entry| &entry.content) {
            Some(Content::Counts { values }) if values.len() == 1 => Some(values[0]),
            _ => None,
        }
    }

    /// All entries.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// The entries of some groups.
    pub fn of_groups(&self, groups: &[&str]) -> Self {
        let wanted = |entry: &&Entry| entry.name.split_once('/').is_some_and(|(group, _)| groups.contains(&group));
        Snapshot { entries: self.entries.iter().filter(wanted).cloned().collect() }
    }
}

/// Saves values to a snapshot or restores them from it: their owner lists them once for both.
///
/// Every function takes the name of the entry within the group, its unit, and what it is.
pub struct Exchange<'a> {
    group: &'static str,
    side: Side<'a>,
}

enum Side<'a> {
    Save(&'a mut Snapshot),
    Restore(&'a Snapshot),
}

impl<'a> Exchange<'a> {
    /// Adds to a snapshot, in the group of this name.
    pub fn saving(snapshot: &'a mut Snapshot, group: &'static str) -> Self {
        Exchange { group, side: Side::Save(snapshot) }
    }

    /// Reads a snapshot, in the group of this name.
    pub fn restoring(snapshot: &'a Snapshot, group: &'static str) -> Self {
        Exchange { group, side: Side::Restore(snapshot) }
    }

    /// Goes on in another group.
    pub fn enter(&mut self, group: &'static str) -> &mut Self {
        self.group = group;
        self
    }

    /// Whether values are restored.
    pub fn restores(&self) -> bool {
        matches!(self.side, Side::Restore(_))
    }

    /// A number.
    ///
    /// # Errors
    /// When restoring: it is not there, or is of another kind.
    pub fn real(&mut self, name: &str, unit: &str, long_name: &str, value: &mut f64) -> Result<(), SnapshotError> {
        self.each(name, unit, long_name, std::slice::from_mut(value), |value| value)
    }

    /// One number of each item.
    ///
    /// # Errors
    /// When restoring: there are more or fewer, or they are of another kind.
    pub fn each<T>(
        &mut self,
        name: &str,
        unit: &str,
        long_name: &str,
        items: &mut [T],
        field: impl Fn(&mut T) -> &mut f64,
    ) -> Result<(), SnapshotError> {
        match &mut self.side {
            Side::Save(snapshot) => {
                let values: Vec<f64> = items.iter_mut().map(|item| *field(item)).collect();
                let content = Content::Reals { shape: vec![values.len()], values };
                snapshot.entries.push(entry(self.group, name, unit, long_name, content));
            }
            Side::Restore(snapshot) => {
                let name = full(self.group, name);
                let values = exactly(&name, reals(snapshot, &name)?.1, items.len())?;
                for (item, value) in items.iter_mut().zip(values) {
                    *field(item) = *value;
                }
            }
        }
        Ok(())
    }

    /// Numbers, as many as there are.
    ///
    /// # Errors
    /// When restoring: they are not there, or are of another kind.
    pub fn reals(
        &mut self,
        name: &str,
        unit: &str,
        long_name: &str,
        values: &mut Vec<f64>,
    ) -> Result<(), SnapshotError> {
        match &mut self.side {
            Side::Save(snapshot) => {
                let content = Content::Reals { shape: vec![values.len()], values: values.clone() };
                snapshot.entries.push(entry(self.group, name, unit, long_name, content));
            }
            Side::Restore(snapshot) => *values = reals(snapshot, &full(self.group, name))?.1.to_vec(),
        }
        Ok(())
    }

    /// A row of numbers of each item, all of the same length.
    ///
    /// # Errors
    /// When restoring: there are more or fewer items, or the rows have another length.
    pub fn rows<T>(
        &mut self,
        name: &str,
        unit: &str,
        long_name: &str,
        items: &mut [T],
        row: impl Fn(&mut T) -> &mut [f64],
    ) -> Result<(), SnapshotError> {
        let width = items.first_mut().map_or(0, |item| row(item).len());
        match &mut self.side {
            Side::Save(snapshot) => {
                let values = items.iter_mut().flat_map(|item| row(item).to_vec()).collect();
                let content = Content::Reals { shape: vec![items.len(), width], values };
                snapshot.entries.push(entry(self.group, name, unit, long_name, content));
            }
            Side::Restore(snapshot) => {
                let name = full(self.group, name);
                let (shape, values) = reals(snapshot, &name)?;
                if shape != [items.len(), width] {
                    return Err(SnapshotError::Size { name, expected: items.len() * width, found: values.len() });
                }
                for (item, values) in items.iter_mut().zip(values.chunks_exact(width.max(1))) {
                    row(item).copy_from_slice(values);
                }
            }
        }
        Ok(())
    }

    /// A count.
    ///
    /// # Errors
    /// When restoring: it is not there, or is of another kind.
    pub fn count(&mut self, name: &str, long_name: &str, value: &mut u64) -> Result<(), SnapshotError> {
        let mut values = vec![*value];
        self.counts(name, long_name, &mut values)?;
        let name = full(self.group, name);
        *value = *exactly(&name, &values, 1)?.first().unwrap_or(value);
        Ok(())
    }

    /// Counts, as many as there are.
    ///
    /// # Errors
    /// When restoring: they are not there, or are of another kind.
    pub fn counts(&mut self, name: &str, long_name: &str, values: &mut Vec<u64>) -> Result<(), SnapshotError> {
        let unpack =
            |content: &Content| if let Content::Counts { values } = content { Some(values.clone()) } else { None };
        self.piece(name, long_name, values, |values| Content::Counts { values }, unpack)
    }

    /// A text.
    ///
    /// # Errors
    /// When restoring: it is not there, or is of another kind.
    pub fn text(&mut self, name: &str, long_name: &str, text: &mut String) -> Result<(), SnapshotError> {
        let unpack = |content: &Content| if let Content::Text { text } = content { Some(text.clone()) } else { None };
        self.piece(name, long_name, text, |text| Content::Text { text }, unpack)
    }

    /// Bytes of a meaning of their own.
    ///
    /// # Errors
    /// When restoring: they are not there, or are of another kind.
    pub fn bytes(&mut self, name: &str, long_name: &str, bytes: &mut Vec<u8>) -> Result<(), SnapshotError> {
        let unpack =
            |content: &Content| if let Content::Bytes { bytes } = content { Some(bytes.clone()) } else { None };
        self.piece(name, long_name, bytes, |bytes| Content::Bytes { bytes }, unpack)
    }

    /// A value that is the content of an entry as it is.
    fn piece<V: Clone>(
        &mut self,
        name: &str,
        long_name: &str,
        value: &mut V,
        pack: impl Fn(V) -> Content,
        unpack: impl Fn(&Content) -> Option<V>,
    ) -> Result<(), SnapshotError> {
        match &mut self.side {
            Side::Save(snapshot) => snapshot.entries.push(entry(self.group, name, "1", long_name, pack(value.clone()))),
            Side::Restore(snapshot) => {
                let name = full(self.group, name);
                let saved = unpack(found(snapshot, &name)?);
                *value = saved.ok_or(SnapshotError::Size { name, expected: 1, found: 0 })?;
            }
        }
        Ok(())
    }

    /// A value in the form in which it travels between processes.
    ///
    /// # Errors
    /// When restoring: it is not there, or is something else.
    pub fn wire<T: Wire>(&mut self, name: &str, long_name: &str, value: &mut T) -> Result<(), SnapshotError> {
        let mut bytes = if self.restores() { Vec::new() } else { crate::wire::to_bytes(value) };
        self.bytes(name, long_name, &mut bytes)?;
        if self.restores() {
            let nonsense = |error: crate::wire::WireError| SnapshotError::Nonsense {
                name: full(self.group, name),
                reason: error.0.to_string(),
            };
            *value = crate::wire::from_bytes(&bytes).map_err(nonsense)?;
        }
        Ok(())
    }
}

fn full(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

fn entry(group: &str, name: &str, unit: &str, long_name: &str, content: Content) -> Entry {
    Entry { name: full(group, name), unit: unit.to_string(), long_name: long_name.to_string(), content }
}

fn found<'a>(snapshot: &'a Snapshot, name: &str) -> Result<&'a Content, SnapshotError> {
    let missing = || SnapshotError::Missing { name: name.to_string() };
    snapshot.get(name).map(|entry| &entry.content).ok_or_else(missing)
}

fn reals<'a>(snapshot: &'a Snapshot, name: &str) -> Result<(&'a [usize], &'a [f64]), SnapshotError> {
    match found(snapshot, name)? {
        Content::Reals { shape, values } => Ok((shape, values)),
        _ => Err(SnapshotError::Size { name: name.to_string(), expected: 1, found: 0 }),
    }
}

fn exactly<'a, T>(name: &str, values: &'a [T], expected: usize) -> Result<&'a [T], SnapshotError> {
    let size = || SnapshotError::Size { name: name.to_string(), expected, found: values.len() };
    (values.len() == expected).then_some(values).ok_or_else(size)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[derive(Debug, Default, Clone, PartialEq)]
    struct Pot {
        level: f64,
        rows: Vec<f64>,
    }

    #[derive(Debug, Default, Clone, PartialEq)]
    struct Shelf {
        pots: Vec<Pot>,
        height: f64,
        history: Vec<f64>,
        visits: u64,
        label: String,
        last: Option<(u8, u64, bool)>,
    }

    impl Shelf {
        fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
            exchange.each("level", "m", "height of the water", &mut self.pots, |pot| &mut pot.level)?;
            exchange.rows("roots", "kg m-2", "roots by depth", &mut self.pots, |pot| &mut pot.rows)?;
            exchange.enter("shelf").real("height", "m", "above the floor", &mut self.height)?;
            exchange.reals("history", "K", "of the room", &mut self.history)?;
            exchange.count("visits", "people", &mut self.visits)?;
            exchange.text("label", "in front", &mut self.label)?;
            exchange.wire("last", "visitor", &mut self.last)
        }
    }

    fn shelf() -> Shelf {
        let pot = |level: f64| Pot { level, rows: vec![level, -0.0, f64::MIN_POSITIVE / 4.0] };
        Shelf {
            pots: vec![pot(0.1), pot(f64::INFINITY)],
            height: 1.5,
            history: vec![],
            visits: u64::MAX,
            label: "Σ".to_string(),
            last: Some((1, 2, true)),
        }
    }

    /// One of every kind.
    pub(in crate::checkpoint) fn sample() -> Snapshot {
        let mut snapshot = Snapshot::default();
        shelf().exchange(&mut Exchange::saving(&mut snapshot, "pots")).unwrap();
        snapshot
    }

    fn empty(rows: usize) -> Shelf {
        let pot = Pot { level: 0.0, rows: vec![0.0; rows] };
        Shelf { pots: vec![pot.clone(), pot], history: vec![1.0], ..Shelf::default() }
    }

    #[test]
    fn what_was_saved_is_restored() {
        let mut other = empty(3);
        other.exchange(&mut Exchange::restoring(&sample(), "pots")).unwrap();
        assert_eq!(other, shelf());
        assert_eq!((sample().number("shelf/height"), sample().count("shelf/visits")), (Some(1.5), Some(u64::MAX)));
        assert_eq!(sample().of_groups(&["pots"]).entries().len(), 2);
    }

    #[test]
    fn another_size_or_kind_is_refused() {
        let snapshot = sample();
        let error = empty(4).exchange(&mut Exchange::restoring(&snapshot, "pots")).unwrap_err();
        assert_eq!(error, SnapshotError::Size { name: "pots/roots".into(), expected: 8, found: 6 });
        let mut fewer = empty(3);
        fewer.pots.pop();
        assert!(fewer.exchange(&mut Exchange::restoring(&snapshot, "pots")).is_err());
        let error = empty(3).exchange(&mut Exchange::restoring(&snapshot, "attic")).unwrap_err();
        assert_eq!(error.to_string(), "it holds no `attic/level`");
        let mut number = 0.0;
        assert!(Exchange::restoring(&snapshot, "shelf").real("label", "1", "", &mut number).is_err());
        let mut flag = false;
        assert!(Exchange::restoring(&snapshot, "shelf").wire("last", "", &mut flag).is_err());
    }
}
