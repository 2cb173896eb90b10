//! XYZ, as programs of chemistry write it: the number of atoms, a comment, then `El x y z` and perhaps more.
//!
//! In an extended XYZ the comment names the columns: `Properties=species:S:1:pos:R:3:forces:R:3`.

use super::{After, Declared, Header, MOST_FIELDS, Opening, Refusal, name, parts, places};
use crate::foreign::opening::{fields, is_number, whole_number, whole_numbers};

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let Some([atoms]) = whole_numbers(opening.line(0)) else { return Ok(None) };
    let (comment, first) = (opening.line(1), opening.line(2));
    let properties = value(comment, b"Properties=");
    // What types of LAMMPS are called instead of elements; without these words numbers in front may be anything.
    let has_types = comment.trim_ascii_start().starts_with(b"Atoms. Timestep:");
    // Where the second line is like the third, both are rows of something else, with a count in front.
    let like = fields(comment).count() == fields(first).count() && has_position(comment);
    let is_atom = has_types || fields(first).next().is_some_and(|element| !is_number(element));
    let is_xyz = properties.is_some() || (is_atom && has_position(first) && !like);
    if atoms == 0 || !is_xyz {
        return Ok(None);
    }
    let names = properties.map(columns).transpose()?;
    let positions = match &names {
        Some(names) => places(names, ["x", "y", "z"]),
        None => vec![1, 2, 3],
    };
    Ok(Some(Declared {
        format: "XYZ",
        lines: 2,
        names,
        positions: Some(positions),
        rows: Some(atoms),
        after: After::Refused(
            "another frame follows; awk 'NR == 1 {n = $1 + 2} (NR - 1) % n > 1 {print $2, $3, $4}' FILE > FILE.txt keeps \
             the positions of all, where they have equally many atoms",
        ),
    }))
}

/// Whether numbers stand where a position does.
fn has_position(row: &[u8]) -> bool {
    fields(row).skip(1).take(3).filter(|field| is_number(field)).count() == 3
}

/// The value behind a key of a comment, up to a blank, or in quotes.
fn value<'a>(comment: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut found = memchr::memmem::find_iter(comment, key);
    let begins = |&at: &usize| at == 0 || comment[at - 1].is_ascii_whitespace();
    let rest = &comment[found.find(begins)? + key.len()..];
    let (rest, ends): (_, fn(&u8) -> bool) = match rest {
        [b'"', rest @ ..] => (rest, |&byte| byte == b'"'),
        _ => (rest, u8::is_ascii_whitespace),
    };
    Some(&rest[..rest.iter().position(ends).unwrap_or(rest.len())])
}

/// The columns that `Properties` names, three parts each: what it is called, its type, and how many columns it has.
fn columns(properties: &[u8]) -> Result<Vec<String>, Refusal> {
    let header = Header { format: "XYZ", line: 2 };
    let fields: Vec<&[u8]> = properties.split(|&byte| byte == b':').collect();
    let mut names = Vec::new();
    for column in fields.chunks(3) {
        let count = column.get(2).and_then(|count| whole_number(count));
        let (&[what, kind, _], Some(count)) = (column, count) else {
            return header
                .damaged("Properties has other parts than name:type:count for every column");
        };
        if count > MOST_FIELDS || names.len() as u64 + count > MOST_FIELDS {
            return header
                .damaged(format!("Properties makes rows of more than {MOST_FIELDS} fields"));
        }
        match (what, kind, count) {
            (b"pos", b"R", 2 | 3) => {
                let axes = ["x", "y", "z"].into_iter().take(count as usize);
                names.extend(axes.map(str::to_owned));
            }
            _ => names.extend(parts(&name(what), count)),
        }
    }
    Ok(names)
}
