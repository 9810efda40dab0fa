//! Numbers in blocks of eight, at addresses that suit the widest vectors.

use std::fmt;

/// Numbers in a block.
pub const LANES: usize = 8;
/// What vector units load and store at once.
pub type Block = [f64; LANES];
/// A vector of this many bytes should not straddle two lines of the cache.
const ALIGNMENT: usize = 64;

/// Numbers followed by zeros up to a whole number of blocks.
pub struct Padded {
    data: Vec<f64>,
    start: usize,
    blocks: usize,
}

impl Padded {
    /// n zeros.
    pub fn zeros(n: usize) -> Self {
        let blocks = n.div_ceil(LANES);
        let data = vec![0.0; (blocks + 1) * LANES];
        // At most seven numbers ahead: allocators align numbers to their own size at least.
        let start = data.as_ptr().align_offset(ALIGNMENT).min(LANES);
        Padded { data, start, blocks }
    }

    /// The numbers, zeros included.
    pub fn all(&self) -> &[f64] {
        &self.data[self.start..self.start + self.blocks * LANES]
    }

    /// The numbers, zeros included.
    pub fn all_mut(&mut self) -> &mut [f64] {
        &mut self.data[self.start..self.start + self.blocks * LANES]
    }

    #[inline]
    fn at(&self, index: usize) -> &f64 {
        &self.data[self.start + index]
    }

    #[inline]
    fn at_mut(&mut self, index: usize) -> &mut f64 {
        &mut self.data[self.start + index]
    }

    /// The numbers in blocks.
    #[inline]
    pub fn blocks(&self) -> &[Block] {
        self.all().as_chunks().0
    }

    /// The numbers in blocks.
    #[inline]
    pub fn blocks_mut(&mut self) -> &mut [Block] {
        self.all_mut().as_chunks_mut().0
    }
}

impl Clone for Padded {
    fn clone(&self) -> Self {
        let mut copy = Padded::zeros(self.blocks * LANES);
        copy.all_mut().copy_from_slice(self.all());
        copy
    }
}

impl fmt::Debug for Padded {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

/// Eight rows of eight columns of a matrix.
pub type Tile = [Block; LANES];

/// A matrix in tiles, eight rows after eight rows: what multiplies eight rows with a vector reads it from its start to its
/// end. Zeros fill the last tiles.
#[derive(Debug, Clone)]
pub struct Tiles {
    numbers: Padded,
    width: usize,
}

impl Tiles {
    /// n × n zeros.
    pub fn zeros(n: usize) -> Self {
        let width = n.div_ceil(LANES);
        Tiles { numbers: Padded::zeros(width * LANES * width * LANES), width }
    }

    /// Eight rows, from 8 `band` on.
    #[inline]
    pub fn band(&self, band: usize) -> &[Tile] {
        &self.all()[band * self.width..(band + 1) * self.width]
    }

    #[inline]
    fn index(&self, k: usize, l: usize) -> usize {
        ((k / LANES * self.width + l / LANES) * LANES + k % LANES) * LANES + l % LANES
    }

    /// One entry.
    #[inline]
    pub fn get_mut(&mut self, k: usize, l: usize) -> &mut f64 {
        let index = self.index(k, l);
        self.numbers.at_mut(index)
    }

    /// Eight rows, from 8 `band` on.
    #[inline]
    pub fn band_mut(&mut self, band: usize) -> &mut [Tile] {
        let width = self.width;
        &mut self.all_mut()[band * width..(band + 1) * width]
    }

    /// Tiles in a band, and bands.
    #[inline]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Band after band.
    #[inline]
    pub fn all(&self) -> &[Tile] {
        self.numbers.blocks().as_chunks().0
    }

    /// Band after band.
    #[inline]
    pub fn all_mut(&mut self) -> &mut [Tile] {
        self.numbers.blocks_mut().as_chunks_mut().0
    }

    /// One entry.
    #[inline]
    pub fn get(&self, k: usize, l: usize) -> f64 {
        *self.numbers.at(self.index(k, l))
    }

    /// Sets every entry to zero.
    pub fn clear(&mut self) {
        self.numbers.all_mut().fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_and_followed_by_zeros_also_in_a_copy() {
        for n in [0, 1, 8, 9, 40] {
            let mut padded = Padded::zeros(n);
            padded.all_mut()[..n].fill(2.0);
            for numbers in [&padded, &padded.clone()] {
                assert_eq!(numbers.all().as_ptr() as usize % ALIGNMENT, 0);
                assert_eq!(numbers.all().iter().sum::<f64>(), 2.0 * n as f64);
                assert_eq!(numbers.all().len(), n.next_multiple_of(LANES));
            }
        }
    }

    #[test]
    fn tiles_of_a_band_are_eight_of_its_columns_after_the_other() {
        let mut tiles = Tiles::zeros(20);
        for k in 0..24 {
            for l in 0..24 {
                *tiles.get_mut(k, l) = (100 * k + l) as f64;
            }
        }
        assert_eq!(tiles.band(1).len(), 3);
        assert_eq!(tiles.band(1)[2][3], std::array::from_fn(|lane| (1100 + 16 + lane) as f64));
    }
}
