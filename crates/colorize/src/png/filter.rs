//! What the format calls filters: rows as they are, or as differences to their neighbours.

/// Of those that the format has, the ones that are of use here, by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Filter {
    None = 0,
    /// Less the pixel to the left.
    Sub = 1,
    /// Less the pixel above.
    Up = 2,
    /// Less the mean of both.
    Average = 3,
    /// Less that of left, above and above left that is nearest to left + above - above left.
    Paeth = 4,
}

impl Filter {
    /// The quickest ones first.
    pub(super) const ALL: [Filter; 5] =
        [Filter::None, Filter::Sub, Filter::Up, Filter::Average, Filter::Paeth];
}

/// Filters a row. `above` is the row before it as it was, zeros above the first one; `unit` are the bytes from
/// a pixel to the next one.
pub(super) fn filter(filter: Filter, row: &[u8], above: &[u8], unit: usize, out: &mut [u8]) {
    let first = unit.min(row.len());
    match filter {
        Filter::None => out.copy_from_slice(row),
        Filter::Sub => {
            out[..first].copy_from_slice(&row[..first]);
            for (out, (a, left)) in out[first..].iter_mut().zip(row[first..].iter().zip(row)) {
                *out = a.wrapping_sub(*left);
            }
        }
        Filter::Up => {
            for (out, (a, up)) in out.iter_mut().zip(row.iter().zip(above)) {
                *out = a.wrapping_sub(*up);
            }
        }
        Filter::Average => {
            for i in 0..row.len() {
                let left = if i < unit { 0 } else { row[i - unit] };
                out[i] = row[i].wrapping_sub(((u16::from(left) + u16::from(above[i])) / 2) as u8);
            }
        }
        Filter::Paeth => {
            for i in 0..row.len() {
                let (left, corner) =
                    if i < unit { (0, 0) } else { (row[i - unit], above[i - unit]) };
                out[i] = row[i].wrapping_sub(paeth(left, above[i], corner));
            }
        }
    }
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let (to_left, to_up, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}
