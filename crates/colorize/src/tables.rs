//! The colormap tables, as text in the program, of which one line is read at a time.
//!
//! `tables/generate.py` writes them and says where they come from and under which licences. Text costs
//! nothing until a map is asked for: looking one up takes microseconds, where 160 maps as `static` arrays of
//! arrays would be 300 KB of source in which no difference can be reviewed.

/// One line a map: `NAME HEX`, or `NAME =OTHER` for a second name; see `tables/generate.py`.
const TEXT: &str = include_str!("../tables/colormaps.txt");

/// The names with what stands behind them; a reversed map is listed only where it is not the reverse of its
/// table.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXT.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

/// All names, in alphabetical order whatever the case, without the reversed ones.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    lines().map(|(name, _)| name).filter(|name| !name.ends_with("_r"))
}

/// The entries of the map of this name, `NAME_r` being `NAME` reversed; `None` if there is none.
pub(crate) fn find(name: &str) -> Option<Vec<[u8; 3]>> {
    let body = |name: &str| lines().find(|(known, _)| *known == name).map(|(_, body)| body);
    let (base, reversed) = match name.strip_suffix("_r") {
        Some(base) => (base, true),
        None => (name, false),
    };
    let mut text = body(base)?;
    let mut canonical = base;
    if let Some(other) = text.strip_prefix('=') {
        canonical = other;
        text = body(other)?;
    }
    if reversed && let Some(own) = body(&format!("{canonical}_r")) {
        return entries(own);
    }
    let mut table = entries(text)?;
    if reversed {
        table.reverse();
    }
    Some(table)
}

fn entries(hex: &str) -> Option<Vec<[u8; 3]>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let (entries, rest) = hex.as_bytes().as_chunks::<6>();
    if !rest.is_empty() {
        return None;
    }
    entries.iter().map(|e| Some([byte(&e[..2])?, byte(&e[2..4])?, byte(&e[4..])?])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_can_be_read_in_both_directions() {
        for name in names() {
            let table = find(name).unwrap();
            let mut reversed = find(&format!("{name}_r")).unwrap();
            reversed.reverse();
            assert!(table.len() >= 8, "{name}");
            assert_eq!(table.len(), reversed.len(), "{name}");
            for (a, b) in table.iter().flatten().zip(reversed.iter().flatten()) {
                assert!(a.abs_diff(*b) <= 1, "{name}");
            }
        }
        assert!(names().count() > 100);
        assert_eq!(find("viridis_r_r"), None);
        assert_eq!(find(""), None);
        assert_eq!(find("#"), None);
    }

    #[test]
    fn second_names_give_the_same_table() {
        for (name, same) in [
            ("grey", "gray"),
            ("Grays", "Greys"),
            ("gist_yerg_r", "gist_yarg_r"),
            ("CET_L3", "fire"),
        ] {
            assert_eq!(find(name), find(same));
        }
    }
}
