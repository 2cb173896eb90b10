//! Colours by name, as GMT and gdaldem have them. They do not agree: `aqua` and `gray` are two colours each.

/// One line a name: `NAME RRGGBB`; see `tables/names.py`.
const TEXT: &str = include_str!("../../tables/names.txt");

/// A colour of GMT: one of X11, whatever the case, or one of its own.
pub(super) fn of_gmt(name: &str) -> Option<[u8; 3]> {
    let name = name.to_ascii_lowercase();
    let mut lines = TEXT.lines().filter_map(|line| line.split_once(' '));
    let (_, hex) = lines.find(|(known, _)| *known == name)?;
    let number = u32::from_str_radix(hex, 16).ok()?;
    let [_, r, g, b] = number.to_be_bytes();
    Some([r, g, b])
}

/// A colour of gdaldem's, whatever the case.
pub(super) fn of_gdaldem(name: &str) -> Option<[u8; 3]> {
    Some(match name.to_ascii_lowercase().as_str() {
        "white" => [255, 255, 255],
        "black" => [0, 0, 0],
        "red" => [255, 0, 0],
        "green" => [0, 255, 0],
        "blue" => [0, 0, 255],
        "yellow" => [255, 255, 0],
        "magenta" => [255, 0, 255],
        "cyan" => [0, 255, 255],
        "aqua" => [0, 191, 191],
        "grey" | "gray" => [191, 191, 191],
        "orange" => [255, 127, 0],
        "brown" => [191, 127, 63],
        "purple" | "violet" => [127, 0, 255],
        "indigo" => [0, 127, 255],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_color() {
        let names = TEXT.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(names.clone().count(), 663);
        for line in names {
            let (name, hex) = line.split_once(' ').unwrap();
            let [r, g, b] = of_gmt(name).unwrap();
            assert_eq!(format!("{r:02x}{g:02x}{b:02x}"), hex);
        }
    }

    #[test]
    fn the_same_name_is_another_color_in_the_other_program() {
        assert_eq!(of_gmt("Gray"), Some([190; 3]));
        assert_eq!(of_gdaldem("GRAY"), Some([191; 3]));
        assert_eq!((of_gmt("#"), of_gmt(""), of_gdaldem("hotpink")), (None, None, None));
        assert_eq!(of_gmt("hotpink"), Some([255, 105, 180]));
    }
}
