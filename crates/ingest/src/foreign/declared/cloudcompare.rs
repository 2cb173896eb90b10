//! What CloudCompare writes as ASCII cloud with both of its headers: the names after `//`, then the number of points.
//! With one of the two it is a table with a header, or a PTS.

use super::{After, Declared, Opening, Refusal, name, places};
use crate::foreign::opening::{is_number, whole_numbers};

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let Some(header) = opening.line(0).strip_prefix(b"//") else { return Ok(None) };
    let Some([points]) = whole_numbers(opening.line(1)) else { return Ok(None) };
    let separators = [b';', b',', b'\t', b' '];
    let Some(separator) = separators.into_iter().find(|byte| header.contains(byte)) else {
        return Ok(None);
    };
    let split = |line: &[u8]| -> Vec<Vec<u8>> {
        let fields = line.split(|&byte| byte == separator).map(<[u8]>::trim_ascii);
        fields.filter(|field| !field.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let names: Vec<String> = split(header).iter().map(|field| name(field)).collect();
    let row = split(opening.line(2));
    let is_row = row.len() == names.len() && row.iter().all(|field| is_number(field));
    if names.iter().any(|name| is_number(name.as_bytes())) || !(is_row || points == 0) {
        return Ok(None);
    }
    Ok(Some(Declared {
        format: "CloudCompare",
        lines: 2,
        positions: Some(places(&names, ["X", "Y", "Z"])),
        names: Some(names),
        rows: Some(points),
        after: After::Refused(
            "the second line was taken for the number of points; --skip-rows 2 passes over it",
        ),
    }))
}
