//! PTS, as laser scanners write it: the number of points, then `x y z`, perhaps with an intensity, a colour, or both.

use super::{After, Declared, Opening, Refusal};
use crate::foreign::opening::{numbers, whole_numbers};

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let mut lines = opening.lines();
    let Some([points]) = lines.next().and_then(whole_numbers) else { return Ok(None) };
    let names: &[&str] = match lines.next().and_then(numbers) {
        Some(3) => &["x", "y", "z"],
        Some(4) => &["x", "y", "z", "intensity"],
        Some(6) => &["x", "y", "z", "red", "green", "blue"],
        Some(7) => &["x", "y", "z", "intensity", "red", "green", "blue"],
        _ => return Ok(None),
    };
    // A second row of another width, where there should be one, tells that the count is none.
    let second = lines.next().filter(|line| points > 1 && !line.is_empty());
    if second.is_some_and(|line| numbers(line) != Some(names.len())) {
        return Ok(None);
    }
    Ok(Some(Declared {
        format: "PTS",
        lines: 1,
        names: Some(names.iter().map(|&name| name.to_owned()).collect()),
        positions: Some(vec![0, 1, 2]),
        rows: Some(points),
        after: After::Refused(
            "the first line was taken for the number of points; --skip-rows 1 passes over it",
        ),
    }))
}
