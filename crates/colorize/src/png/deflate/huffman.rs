//! Prefix codes: lengths from counts, codes from lengths.

/// Lengths of the codes of least total length among those of at most `limit` bits, or near to it: codes that
/// are longer are cut, and others made longer to pay for them. A symbol that does not occur has length 0.
///
/// `counts.len() = lengths.len()`, and 2 to the power of `limit` codes are enough for all symbols. Where fewer
/// than two symbols occur, the first ones make up for those that are missing: decoders want complete codes.
pub(super) fn lengths(counts: &[u32], limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut used: Vec<(u32, u16)> = Vec::with_capacity(counts.len());
    used.extend((0..).zip(counts).filter(|(_, count)| **count > 0).map(|(i, count)| (*count, i)));
    for i in 0..2 {
        if used.len() < 2 && used.iter().all(|(_, symbol)| *symbol != i) {
            used.push((1, i));
        }
    }
    used.sort_unstable();
    let mut of_length = depths(&used);
    let longest = of_length.len() - 1;
    if longest > limit {
        let cut: u32 = of_length.drain(limit + 1..).sum();
        of_length[limit] += cut;
        // In units of the longest code, how much more than all codes these would take.
        let mut excess: u32 = (1..=limit).map(|i| of_length[i] << (limit - i)).sum();
        while excess > 1 << limit {
            // One of the longest codes goes beside another that becomes longer by a bit.
            let Some(i) = (1..limit).rev().find(|i| of_length[*i] > 0) else { break };
            of_length[limit] -= 1;
            of_length[i] -= 1;
            of_length[i + 1] += 2;
            excess -= 1;
        }
    }
    let longest_first = of_length.iter().enumerate().rev();
    let each = longest_first.flat_map(|(length, n)| std::iter::repeat_n(length, *n as usize));
    for ((_, symbol), length) in used.iter().zip(each) {
        lengths[usize::from(*symbol)] = length as u8;
    }
}

/// How many codes of Huffman's have each length, for counts in ascending order, at least two.
fn depths(used: &[(u32, u16)]) -> Vec<u32> {
    // Leaves and inner nodes both come in ascending order, so the two smallest are at the two heads.
    let n = used.len();
    let mut weights = Vec::with_capacity(n);
    let mut parents = vec![0; 2 * n - 1];
    let (mut leaf, mut inner) = (0, 0);
    while weights.len() < n - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let from_leaves =
                leaf < n && (inner == weights.len() || u64::from(used[leaf].0) <= weights[inner]);
            let node = if from_leaves {
                weight += u64::from(used[leaf].0);
                leaf += 1;
                leaf - 1
            } else {
                weight += weights[inner];
                inner += 1;
                n + inner - 1
            };
            parents[node] = n + weights.len();
        }
        weights.push(weight);
    }
    let mut depths = vec![0usize; 2 * n - 1];
    let mut of_length = vec![0];
    for node in (0..2 * n - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < n {
            of_length.resize(of_length.len().max(depths[node] + 1), 0);
            of_length[depths[node]] += 1;
        }
    }
    of_length
}

/// A code of up to 15 bits, the first bit lowest, above its length in the low byte.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Code(u32);

impl Code {
    pub(super) fn length(self) -> u32 {
        self.0 & 0xff
    }

    pub(super) fn bits(self) -> u64 {
        u64::from(self.0 >> 8)
    }
}

/// The canonical codes of these lengths.
pub(super) fn codes(lengths: &[u8], codes: &mut [Code]) {
    let mut next = [0u32; 16];
    for &length in lengths {
        next[usize::from(length)] += 1;
    }
    next[0] = 0;
    let mut code = 0;
    for next in &mut next {
        let count = *next;
        *next = code;
        code = (code + count) << 1;
    }
    for (code, &length) in codes.iter_mut().zip(lengths) {
        *code = Code(0);
        if length > 0 {
            let next = &mut next[usize::from(length)];
            let reversed = (*next << (32 - u32::from(length))).reverse_bits();
            *next += 1;
            *code = Code(reversed << 8 | u32::from(length));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kraft(lengths: &[u8]) -> f64 {
        lengths
            .iter()
            .filter(|length| **length > 0)
            .map(|length| 0.5f64.powi((*length).into()))
            .sum()
    }

    #[test]
    fn codes_are_those_of_the_example_in_the_specification() {
        let lengths = [3, 3, 3, 3, 3, 2, 4, 4];
        let mut found = [Code::default(); 8];
        codes(&lengths, &mut found);
        let expected = [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111];
        for i in 0..8 {
            let bits = (found[i].bits() as u32) << (32 - found[i].length());
            assert_eq!((bits.reverse_bits(), found[i].length()), (expected[i], lengths[i].into()));
        }
    }

    #[test]
    fn a_single_symbol_gets_a_companion() {
        for (counts, expected) in
            [([0, 0, 0], [1, 1, 0]), ([7, 0, 0], [1, 1, 0]), ([0, 0, 9], [1, 0, 1])]
        {
            let mut found = [0; 3];
            lengths(&counts, 7, &mut found);
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn steep_counts_are_cut_to_the_limit() {
        let counts: Vec<u32> = (0..31).map(|i| 1 << i).collect();
        let mut found = [0; 31];
        for limit in 5..16 {
            lengths(&counts, limit, &mut found);
            assert!(found.iter().all(|length| (1..=limit).contains(&(*length).into())));
            assert_eq!(kraft(&found), 1.0);
        }
    }

    proptest! {
        #[test]
        fn codes_are_complete_and_close_to_the_entropy(
            counts in prop::collection::vec(prop_oneof![Just(0u32), 1..9u32, 1..100_000u32], 2..286),
        ) {
            let mut found = vec![0; counts.len()];
            lengths(&counts, 15, &mut found);
            prop_assert_eq!(kraft(&found), 1.0);
            let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
            let mut bits = 0.0;
            let mut entropy = 0.0;
            for (count, length) in counts.iter().zip(&found) {
                prop_assert!(*count == 0 || *length > 0);
                let count = f64::from(*count);
                bits += count * f64::from(*length);
                entropy += if count > 0.0 { count * (total / count).log2() } else { 0.0 };
            }
            prop_assert!(bits >= entropy - 1e-6 && bits <= entropy + total + 1.0);
        }
    }
}
