//! Names of columns, as headers and comments have them.
//!
//! A line names columns if it has as many names as rows have fields. A header, not a comment, may also have one fewer:
//! then the first column holds the names of rows, as R and pandas write them, and has no name itself.

use crate::fields::{split, unquote};
use crate::layout::{BLANKS, Syntax};

/// The names of all fields of a row; "" for one without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) names: Vec<String>,
    /// The line that has them, 0-based in the input; of several the first.
    pub(super) line: u64,
    pub(super) is_comment: bool,
    /// Whether the first field holds the names of rows.
    pub(super) after_row_names: bool,
}

fn text(field: &[u8]) -> String {
    let name = match unquote(field) {
        // As sqlite3 quotes names.
        [b'\'', inner @ .., b'\''] => inner,
        name => name,
    };
    String::from_utf8_lossy(name).into_owned()
}

/// Whether words are names, and not what a comment says of something: `columns: 3`.
pub(super) fn are_names(words: &[String]) -> bool {
    let says = |word: &String| word.ends_with(':') || word.parse::<f64>().is_ok_and(f64::is_finite);
    !words.iter().any(says)
}

/// The names in a line, however many, as its delimiter separates them.
pub(super) fn split_names(line: &[u8], delimiter: u8) -> Vec<String> {
    split(line, Syntax::new(delimiter)).into_iter().map(text).collect()
}

/// The names in a line, `fields` of them. Names may be separated otherwise than numbers, and may have their units behind
/// them, in brackets.
pub(super) fn exactly(line: &[u8], delimiter: u8, fields: usize) -> Option<Vec<String>> {
    // Between blanks last: a comma would stay with the name before it.
    let ways = [delimiter, b'\t', b',', b';', b'|', BLANKS];
    let skipped = usize::from(delimiter == BLANKS);
    let ways = ways.into_iter().skip(skipped).filter(|&way| way == BLANKS || line.contains(&way));
    let mut found = ways.map(|way| (way, split_names(line, way)));
    // Separated otherwise than rows, all of them are there.
    let are_there = |(way, names): &(u8, Vec<String>)| {
        let is_there = |name: &String| !name.is_empty();
        let enough =
            if *way == delimiter { names.iter().any(is_there) } else { names.iter().all(is_there) };
        names.len() == fields && enough
    };
    if let Some((_, names)) = found.find(are_there) {
        return Some(names);
    }
    let words = split_names(line, BLANKS);
    // As in `Columns: x y z`.
    if let Some((first, names)) = words.split_first()
        && first.ends_with(':')
        && names.len() == fields
    {
        return Some(names.to_vec());
    }
    let names = without_units(&words);
    (names.len() == fields).then_some(names)
}

/// Names without the words in brackets behind them: `time (s) position (m)`.
fn without_units(words: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut close = None;
    for word in words {
        if close.is_none() && !names.is_empty() {
            close = match word.as_bytes() {
                [b'(', ..] => Some(')'),
                [b'[', ..] => Some(']'),
                _ => None,
            };
        }
        match close {
            Some(bracket) if word.ends_with(bracket) => close = None,
            Some(_) => {}
            None => names.push(word.clone()),
        }
    }
    names
}

/// The names that SExtractor writes, a comment for each: `#   2 X_IMAGE   Object position along x   [pixel]`. `comments` are
/// their texts. Of a field that several numbers make up, the first has the name.
pub(super) fn numbered(comments: &[&[u8]], fields: usize) -> Option<Vec<String>> {
    let mut names = vec![String::new(); fields];
    let mut last = 0;
    for comment in comments {
        let mut words = comment.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let number =
            words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse::<usize>().ok());
        let (Some(number), Some(name)) = (number, words.next()) else { continue };
        let first = last == 0 && number == 1;
        if !(first || (last > 0 && number > last)) || name[0].is_ascii_digit() {
            return None;
        }
        *names.get_mut(number - 1)? = text(name);
        last = number;
    }
    (names.iter().filter(|name| !name.is_empty()).count() >= 2).then_some(names)
}

/// The cells of a line of an IPAC table's header: `| ra | dec |`.
pub(super) fn barred(line: &[u8]) -> Option<Vec<String>> {
    let cells = split_names(line, b'|');
    match cells.as_slice() {
        [first, cells @ .., last] if first.is_empty() && last.is_empty() && !cells.is_empty() => {
            Some(cells.to_vec())
        }
        _ => None,
    }
}

/// A name without its unit: `x (m)`, `x[m]`.
pub(super) fn without_unit(name: &str) -> &str {
    // CloudCompare's header begins with slashes.
    let name = name.trim().trim_start_matches("//");
    match (name.find(['(', '[']), name.ends_with([')', ']'])) {
        (Some(at), true) if at > 0 => name[..at].trim_end_matches([' ', '_']),
        _ => name,
    }
}

/// Where a name stands: the very name, or one with a unit behind it. More than one is an error, with where the first two
/// are.
pub(super) fn find(names: &[String], wanted: &str) -> Result<Option<usize>, (usize, usize)> {
    for same in
        [(|name: &str, wanted: &str| name == wanted) as fn(&str, &str) -> bool, |name, wanted| {
            without_unit(name) == wanted
        }]
    {
        let mut found = (0..names.len()).filter(|&at| same(&names[at], wanted));
        match (found.next(), found.next()) {
            (Some(one), Some(another)) => return Err((one, another)),
            (Some(one), None) => return Ok(Some(one)),
            _ => {}
        }
    }
    Ok(None)
}

/// Where the columns are that are called x, y and perhaps z: by their very names, else in any case, else with units behind them.
/// `Err` has the name that two of them have, and where these are.
pub(crate) fn find_xyz(
    names: &[impl AsRef<str>],
) -> Result<Option<Vec<usize>>, (&'static str, usize, usize)> {
    let same: [fn(&str, &str) -> bool; 3] = [
        |name, wanted| name == wanted,
        |name, wanted| name.eq_ignore_ascii_case(wanted),
        |name, wanted| without_unit(name).eq_ignore_ascii_case(wanted),
    ];
    for same in same {
        let find = |wanted: &'static str| {
            let mut found = (0..names.len()).filter(|&at| same(names[at].as_ref(), wanted));
            match (found.next(), found.next()) {
                (Some(first), Some(second)) => Err((wanted, first, second)),
                (first, _) => Ok(first),
            }
        };
        let (x, y, z) = (find("x"), find("y"), find("z"));
        if matches!((x, y), (Ok(None), _) | (_, Ok(None))) {
            continue;
        }
        let xy = x?.into_iter().chain(y?);
        return Ok(Some(xy.chain(z?).collect()));
    }
    Ok(None)
}

/// Whether names have x and y.
pub(super) fn names_xyz(names: &[String]) -> bool {
    !matches!(find_xyz(names), Ok(None))
}

/// Whether names have x and y, and not as the first ones.
pub(super) fn names_xyz_elsewhere(names: &[String]) -> bool {
    match find_xyz(names) {
        Ok(Some(positions)) => positions.iter().enumerate().any(|(at, &position)| at != position),
        Ok(None) => false,
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_separated_like_fields_or_otherwise_and_lose_their_units() {
        let names = |line: &str, delimiter, fields| exactly(line.as_bytes(), delimiter, fields);
        assert_eq!(names("\"x\", y,z", b',', 3).unwrap(), ["x", "y", "z"]);
        assert_eq!(names("x, y, z", BLANKS, 3).unwrap(), ["x", "y", "z"]);
        assert_eq!(names("x y", b'\t', 2).unwrap(), ["x", "y"]);
        assert_eq!(names("time (s) position (m) v", BLANKS, 3).unwrap(), ["time", "position", "v"]);
        assert_eq!(names("a (km per s) b", BLANKS, 2).unwrap(), ["a", "b"]);
        assert_eq!(names("made by hand yesterday", BLANKS, 3), None);
    }

    #[test]
    fn numbered_comments_name_columns_that_may_be_several_fields() {
        let comments: [&[u8]; 3] =
            [b"  1 NUMBER  Running number", b"  2 MAG_APER  Magnitudes", b" 4 X  Place"];
        assert_eq!(numbered(&comments, 4).unwrap(), ["NUMBER", "MAG_APER", "", "X"]);
        assert_eq!(numbered(&comments, 3), None);
        assert_eq!(numbered(&[b"1 2 3", b"4 5 6"], 3), None);
        assert_eq!(numbered(&[b"made today"], 3), None);
    }

    #[test]
    fn a_name_is_found_with_or_without_its_unit_but_not_where_two_have_it() {
        let names = ["//x (m)", "y[m]", "speed", "speed"].map(str::to_owned);
        assert_eq!(find(&names, "x"), Ok(Some(0)));
        assert_eq!(find(&names, "//x (m)"), Ok(Some(0)));
        assert_eq!(find(&names, "y"), Ok(Some(1)));
        assert_eq!(find(&names, "z"), Ok(None));
        assert_eq!(find(&names, "speed"), Err((2, 3)));
        assert_eq!(find_xyz(&names), Ok(Some(vec![0, 1])));
        assert_eq!(find_xyz(&["id", "Z", "Y", "X"]), Ok(Some(vec![3, 2, 1])));
        assert_eq!(find_xyz(&["X", "x", "Y", "y"]), Ok(Some(vec![1, 3])));
        assert_eq!(find_xyz(&["x", "x", "y"]), Err(("x", 0, 1)));
        assert_eq!(find_xyz(&["x (m)", "y (m)", "x (ft)"]), Err(("x", 0, 2)));
        assert_eq!(find_xyz(&["x", "x", "z"]), Ok(None));
    }
}
