//! A dump of LAMMPS: items with their values, the last of which names the columns, then one atom a line.

use super::{After, Declared, Header, Opening, Refusal, name, places};
use crate::foreign::opening::{fields, whole_numbers};

/// Whose columns are positions: as they lie in the box, or as if it were endless. Fractions of the box are none.
const POSITIONS: [[&str; 3]; 2] = [["x", "y", "z"], ["xu", "yu", "zu"]];

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let mut lines = opening.lines();
    if !matches!(opening.line(0), b"ITEM: TIMESTEP" | b"ITEM: UNITS" | b"ITEM: TIME") {
        return Ok(None);
    }
    let mut header = Header { format: "LAMMPS dump", line: 0 };
    let mut atoms = None;
    while let Some(line) = lines.next() {
        header.line += 1;
        let Some(item) = line.strip_prefix(b"ITEM: ") else { return header.unexpected(line) };
        let words: Vec<&[u8]> = fields(item).take(3).collect();
        let values = match words[..] {
            [b"TIMESTEP" | b"UNITS" | b"TIME"] => 1,
            [b"NUMBER", b"OF", _] => {
                header.line += 1;
                atoms = match lines.next().and_then(whole_numbers) {
                    Some([atoms]) => Some(atoms),
                    None => return header.damaged("no count of atoms"),
                };
                continue;
            }
            [b"BOX", b"BOUNDS", ..] => 3,
            [b"ATOMS", ..] => {
                let Some(atoms) = atoms else {
                    return header.damaged("no ITEM: NUMBER OF ATOMS before this line");
                };
                return Ok(Some(declared(&header, item, atoms)));
            }
            [b"ENTRIES" | b"GRID" | b"CELLS", ..] => {
                return Err(Refusal::Format {
                    what: "a LAMMPS dump of what are not atoms",
                    remedy: "awk '/^ITEM:/ {rows = /^ITEM: (ENTRIES|GRID)/; next} rows' FILE > FILE.txt keeps its rows",
                });
            }
            _ => return header.unexpected(line),
        };
        header.line += values;
        if lines.by_ref().take(values as usize).count() < values as usize {
            break;
        }
    }
    header.endless("ITEM: ATOMS")
}

fn declared(header: &Header, item: &[u8], atoms: u64) -> Declared {
    let names: Vec<String> = fields(item).skip(1).map(name).collect();
    let positions = POSITIONS.iter().map(|axes| places(&names, *axes));
    Declared {
        format: header.format,
        lines: header.line,
        positions: Some(
            positions.into_iter().find(|places| !places.is_empty()).unwrap_or_default(),
        ),
        names: Some(names).filter(|names| !names.is_empty()),
        rows: Some(atoms),
        after: After::Refused(
            "another frame follows; awk '/^ITEM:/ {rows = sub(/^ITEM: ATOMS/, \"#\"); if (!rows || seen++) next} rows' FILE > FILE.txt keeps the rows of all",
        ),
    }
}
