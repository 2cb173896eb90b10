//! What Qhull reads and rbox writes: the dimension, perhaps with a comment, the number of points, then the points.

use super::{After, Declared, Opening, Refusal};
use crate::foreign::opening::{numbers, whole_number, whole_numbers, word};

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let Some(dimension @ 2..=64) = whole_number(word(opening.line(0))) else { return Ok(None) };
    let Some([points]) = whole_numbers(opening.line(1)) else { return Ok(None) };
    if points == 0 || numbers(opening.line(2)) != Some(dimension as usize) {
        return Ok(None);
    }
    Ok(Some(Declared {
        format: "Qhull",
        lines: 2,
        names: None,
        positions: Some((0..dimension.min(3) as usize).collect()),
        rows: Some(points),
        after: After::Refused(
            "the second line was taken for the number of points; --skip-rows 2 passes over it",
        ),
    }))
}
