//! A supply that follows different laws at different times.

use super::law::SupplyLaw;

/// Laws one after the other, with gaps in which nothing arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Piecewise {
    /// Where the law changes [s], rising; one more than `laws`, or none.
    edges: Vec<f64>,
    /// The law from one edge to the next.
    laws: Vec<Option<SupplyLaw>>,
}

impl Piecewise {
    /// Pieces (start, end, law), each valid from its start [s] to just before its end [s]. Where two overlap the one
    /// that is named first counts; an end at or before its start leaves no piece.
    pub fn new(pieces: &[(f64, f64, SupplyLaw)]) -> Self {
        let mut edges: Vec<f64> = pieces.iter().flat_map(|(start, end, _)| [*start, *end]).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let law_at =
            |t: f64| pieces.iter().find(|(start, end, _)| *start <= t && t < *end).map(|(.., law)| law.clone());
        let laws = edges.iter().take(edges.len().saturating_sub(1)).map(|start| law_at(*start)).collect();
        Piecewise { edges, laws }
    }

    /// Rate at time `t` [s], in kg m⁻² s⁻¹.
    pub fn rate(&self, t: f64) -> f64 {
        self.law_at(t).map_or(0.0, |law| law.rate(t))
    }

    /// Mass per area that arrives from `from` to `to` [s], in kg m⁻²: the sum over the pieces.
    pub fn amount(&self, from: f64, to: f64) -> f64 {
        let spans = self.edges.windows(2).zip(&self.laws);
        spans
            .filter_map(|(span, law)| {
                let (start, end) = (span[0].max(from), span[1].min(to));
                law.as_ref().filter(|_| start < end).map(|law| law.amount(start, end))
            })
            .sum()
    }

    /// The first edge of a piece, or node within the piece at hand, after `t` [s].
    pub fn next_edge_after(&self, t: f64) -> Option<f64> {
        let own = self.edges.get(self.edges.partition_point(|&edge| edge <= t)).copied();
        let inner = self.law_at(t).and_then(|law| law.next_edge_after(t));
        own.map(|own| inner.map_or(own, |inner| own.min(inner)))
    }

    fn law_at(&self, t: f64) -> Option<&SupplyLaw> {
        let passed = self.edges.partition_point(|&edge| edge <= t);
        self.laws.get(passed.checked_sub(1)?)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::super::{Ends, PowerLaw, RateTable};
    use super::*;

    fn pieces() -> Piecewise {
        let table = RateTable::new(vec![30.0, 35.0, 50.0], vec![0.0, 10.0, 10.0], Ends::Held).unwrap();
        Piecewise::new(&[
            (10.0, 20.0, SupplyLaw::Constant(2.0)),
            (15.0, 25.0, SupplyLaw::Constant(7.0)),
            (30.0, 40.0, SupplyLaw::Table(table)),
            (60.0, 60.0, SupplyLaw::Constant(1e9)),
            (70.0, 90.0, SupplyLaw::PowerLaw(PowerLaw { amplitude: 1.0, start: 80.0, index: 1.0 })),
        ])
    }

    #[test]
    fn the_first_piece_that_holds_a_time_counts_and_ends_are_open() {
        let law = pieces();
        let found = [0.0, 10.0, 17.0, 20.0, 24.9, 25.0, 32.5, 40.0, 60.0].map(|t| law.rate(t));
        assert_eq!(found, [0.0, 2.0, 2.0, 7.0, 7.0, 0.0, 5.0, 0.0, 0.0]);
        assert_eq!(Piecewise::new(&[]).rate(1.0), 0.0);
    }

    #[test]
    fn the_amount_is_the_sum_of_the_pieces() {
        let law = pieces();
        assert_close(law.amount(0.0, 28.0), 20.0 + 35.0, ROUNDING);
        assert_close(law.amount(0.0, 100.0), 55.0 + 75.0 + 50.0, ROUNDING);
        assert_close(law.amount(18.0, 21.0), 4.0 + 7.0, ROUNDING);
        assert_eq!((law.amount(26.0, 29.0), Piecewise::new(&[]).amount(0.0, 1e9)), (0.0, 0.0));
    }

    #[test]
    fn every_edge_and_every_inner_node_is_an_edge() {
        let (law, mut t, mut met) = (pieces(), f64::NEG_INFINITY, Vec::new());
        while let Some(edge) = law.next_edge_after(t) {
            met.push(edge);
            t = edge;
        }
        assert_eq!(met, [10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 60.0, 70.0, 80.0, 90.0]);
    }
}
