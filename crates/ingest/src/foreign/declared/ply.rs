//! Stanford's PLY: elements with their properties, then `end_header` and one element a line.

use super::{After, Declared, Header, Opening, Refusal, name, places};
use crate::foreign::opening::{fields, whole_number, word};

/// What the header says of the points.
#[derive(Default)]
struct Points {
    count: u64,
    names: Vec<String>,
}

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let mut header = Header { format: "PLY", line: 1 };
    let mut lines = opening.lines();
    let is_ply = lines.next() == Some(b"ply")
        && [b"format".as_slice(), b"comment", b"obj_info"].contains(&word(opening.line(1)));
    if !is_ply {
        return Ok(None);
    }
    let mut points: Option<Points> = None;
    // Lines of elements before the points, and whether there are any behind them.
    let (mut before, mut behind) = (0_u64, false);
    let mut in_points = false;
    let mut has_format = false;
    for line in lines {
        header.line += 1;
        let words: Vec<&[u8]> = fields(line).take(6).collect();
        match words[..] {
            [] | [b"comment" | b"obj_info", ..] => {}
            [b"format", b"ascii", ..] => has_format = true,
            [b"format", b"binary_little_endian" | b"binary_big_endian", ..] => {
                let remedy = "python3 -c \"import plyfile; ply = plyfile.PlyData.read('FILE'); ply.text = True; \
                              ply.write('FILE.txt')\" writes one in ASCII, which is read";
                return Err(Refusal::Binary { what: "a binary PLY file", remedy });
            }
            [b"element", element, count] => {
                let Some(count) = whole_number(count) else { return header.unexpected(line) };
                in_points = element == b"vertex" && points.is_none();
                if in_points {
                    points = Some(Points { count, names: Vec::new() });
                } else if points.is_some() {
                    behind |= count > 0;
                } else {
                    before = match before.checked_add(count) {
                        Some(sum) => sum,
                        None => return header.damaged("more elements than can be counted"),
                    };
                }
            }
            [b"property", b"list", _, _, property] => {
                if in_points {
                    return header.damaged(format!(
                        "the vertices have a list, {}: their numbers are in no columns; write them without it",
                        name(property)
                    ));
                }
            }
            [b"property", _, property] => {
                if let Some(points) = points.as_mut().filter(|_| in_points) {
                    points.names.push(name(property));
                }
            }
            [b"end_header"] => {
                let Some(points) = points else {
                    return header.damaged("no element vertex before this line");
                };
                if !has_format {
                    return header.damaged("no format before this line");
                }
                let Some(lines) = header.line.checked_add(before) else {
                    return header.damaged("more elements than can be counted");
                };
                return Ok(Some(Declared {
                    format: header.format,
                    lines,
                    positions: Some(places(&points.names, ["x", "y", "z"])),
                    names: Some(points.names),
                    rows: Some(points.count),
                    after: match behind {
                        true => After::Ignored,
                        false => After::Refused(
                            "element vertex in the header says that there are no more",
                        ),
                    },
                }));
            }
            _ => return header.unexpected(line),
        }
    }
    header.endless("end_header")
}
