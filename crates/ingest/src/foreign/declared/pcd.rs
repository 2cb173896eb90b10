//! The Point Cloud Library's PCD: keys with a value for each field, then `DATA ascii` and one point a line.
//!
//! Written from version 0.5 (`COLUMNS` for `FIELDS`) to 0.7. A field of the name `_` is a gap in memory that is written
//! all the same.

use super::{After, Declared, Header, MOST_FIELDS, Opening, Refusal, name, parts, places};
use crate::foreign::opening::{fields, is_number, whole_number, word};
use crate::foreign::remedy::by_python;

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let mut content = opening.content().map(word);
    let is_fields = |word: Option<&[u8]>| matches!(word, Some(b"FIELDS" | b"COLUMNS"));
    let is_pcd = match content.next() {
        Some(b"VERSION") => is_fields(content.next()),
        first => is_fields(first) && content.next() == Some(b"SIZE"),
    };
    if !is_pcd {
        return Ok(None);
    }
    let mut header = Header { format: "PCD", line: 0 };
    let mut names: Vec<String> = Vec::new();
    let mut counts: Option<Vec<u64>> = None;
    let [mut width, mut height, mut points] = [None; 3];
    for line in opening.lines() {
        header.line += 1;
        let mut values = fields(line);
        let key = values.next().unwrap_or_default();
        let each = |values: usize, names: &[String]| match values == names.len() {
            true => Ok(()),
            false => header.damaged(format!(
                "{} has {values} values for {} fields",
                name(key),
                names.len()
            )),
        };
        let number = |value: Option<&[u8]>| match value.and_then(whole_number) {
            Some(number) => Ok(Some(number)),
            None => header.damaged(format!("{} is followed by no count", name(key))),
        };
        match key {
            b"" | b"VERSION" | b"VIEWPOINT" => {}
            b"FIELDS" | b"COLUMNS" => names = values.map(name).collect(),
            b"SIZE" | b"TYPE" => each(values.count(), &names)?,
            b"COUNT" => {
                each(values.clone().count(), &names)?;
                match values.map(whole_number).collect() {
                    Some(numbers) => counts = Some(numbers),
                    None => return header.damaged("COUNT is followed by what is no count"),
                }
            }
            b"WIDTH" => width = number(values.next())?,
            b"HEIGHT" => height = number(values.next())?,
            b"POINTS" => points = number(values.next())?,
            b"DATA" => {
                if values.next() != Some(b"ascii") {
                    let remedy = by_python!(
                        "numpy, pypcd4",
                        "pypcd4.PointCloud.from_path('FILE').numpy(('x', 'y', 'z'))"
                    );
                    return Err(Refusal::Binary { what: "a binary PCD file", remedy });
                }
                let product = match (width, height) {
                    (Some(width), height) => match u64::checked_mul(width, height.unwrap_or(1)) {
                        Some(product) => Some(product),
                        None => return header.damaged("WIDTH times HEIGHT is beyond all counts"),
                    },
                    _ => None,
                };
                if let (Some(points), Some(product)) = (points, product)
                    && points != product
                {
                    return header.damaged(format!(
                        "POINTS is {points}, but WIDTH times HEIGHT is {product}"
                    ));
                }
                let names = expand(&names, counts, &header)?;
                return Ok(Some(Declared {
                    format: header.format,
                    lines: header.line,
                    positions: Some(places(&names, ["x", "y", "z"])),
                    names: Some(names),
                    rows: points.or(product),
                    after: After::Refused("POINTS in the header says that there are no more"),
                }));
            }
            _ if key.starts_with(b"#") => {}
            _ if is_number(key) => break,
            _ => return header.unexpected(line),
        }
    }
    header.endless("DATA ascii")
}

/// A name for each number of a row.
fn expand(
    names: &[String],
    counts: Option<Vec<u64>>,
    header: &Header,
) -> Result<Vec<String>, Refusal> {
    let counts = counts.unwrap_or_else(|| vec![1; names.len()]);
    let total = counts.iter().try_fold(0, |sum: u64, &count| sum.checked_add(count));
    if total.is_none_or(|total| total > MOST_FIELDS) {
        return header.damaged(format!("COUNT makes rows of more than {MOST_FIELDS} numbers"));
    }
    let named = names.iter().map(|name| if name == "_" { "" } else { name });
    Ok(named.zip(counts).flat_map(|(name, count)| parts(name, count)).collect())
}
