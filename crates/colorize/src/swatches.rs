//! A sheet of colormaps with their names.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

use crate::{Color, Colormap, Picture};

/// DejaVu Sans, ASCII alone; see `fonts/README.md`.
const FONT: &[u8] = include_bytes!("../fonts/DejaVuSans-ASCII.ttf");

/// Height of the letters, in pixels.
const SIZE: f32 = 13.0;
/// Rows of a column of the sheet, at most; 110 maps make three columns.
const ROWS: usize = 40;
/// Edges of things, in pixels.
const MARGIN: usize = 12;
const ROW: usize = 22;
const SWATCH: (usize, usize) = (256, 16);
/// Room for a name, and the blank behind it.
const NAME: (usize, usize) = (150, 8);

const PAPER: Color = Color([255; 4]);
const INK: [f32; 3] = [32.0; 3];

/// A picture of maps as bands of colour, each behind its name, opaque: in this order, from top to bottom in as many
/// columns as it takes, on white. Of a file, the name without folders; names that are too long are cut.
pub fn swatches(maps: &[Colormap]) -> Picture {
    let columns = maps.len().div_ceil(ROWS).max(1);
    let rows = maps.len().div_ceil(columns);
    let column = NAME.0 + NAME.1 + SWATCH.0 + 2 * MARGIN;
    let (width, height) = (columns * column, rows * ROW + 2 * MARGIN);
    let mut sheet = Sheet { width, height, rgba: PAPER.0.repeat(width * height) };
    for (i, map) in maps.iter().enumerate() {
        let left = i / rows * column + MARGIN;
        let top = MARGIN + i % rows * ROW;
        sheet.name(&shown(map), left, top);
        sheet.swatch(map, left + NAME.0 + NAME.1, top + (ROW - SWATCH.1) / 2);
    }
    Picture { width, height, rgba: sheet.rgba, norm: None, limits: None, alpha_limits: None }
}

/// A sheet that is drawn on.
struct Sheet {
    width: usize,
    height: usize,
    rgba: Vec<u8>,
}

impl Sheet {
    fn swatch(&mut self, map: &Colormap, left: usize, top: usize) {
        for (x, color) in map.colors(SWATCH.0).into_iter().enumerate() {
            for y in 0..SWATCH.1 {
                self.pixel(left + x, top + y).copy_from_slice(&color.over(PAPER).0);
            }
        }
    }

    /// Writes a name in the middle of a row.
    fn name(&mut self, name: &str, left: usize, top: usize) {
        let font = FontRef::try_from_slice(FONT).expect("the font is part of the program");
        let scaled = font.as_scaled(PxScale::from(SIZE));
        // The baseline: what is above and below it is in the middle of the row.
        let middle = (ROW as f32 + scaled.ascent() + scaled.descent()) / 2.0;
        let baseline = top as f32 + middle.round();
        let end = (left + NAME.0) as f32;
        let mut pen = left as f32;
        let more = scaled.h_advance(font.glyph_id('…'));
        let mut letters = name.chars().peekable();
        while let Some(letter) = letters.next() {
            let letter = if letter.is_ascii_graphic() || letter == ' ' { letter } else { '?' };
            let id = font.glyph_id(letter);
            let behind = pen + scaled.h_advance(id);
            let fits = behind + if letters.peek().is_some() { more } else { 0.0 } <= end;
            let id = if fits { id } else { font.glyph_id('…') };
            self.glyph(&font, id.with_scale_and_position(SIZE, point(pen, baseline)));
            pen = behind;
            if !fits {
                break;
            }
        }
    }

    fn glyph(&mut self, font: &FontRef<'_>, glyph: Glyph) {
        let Some(outline) = font.outline_glyph(glyph) else { return };
        let origin = outline.px_bounds().min;
        outline.draw(|x, y, coverage| {
            let (x, y) = (origin.x as usize + x as usize, origin.y as usize + y as usize);
            if x < self.width && y < self.height {
                for (channel, ink) in self.pixel(x, y)[..3].iter_mut().zip(INK) {
                    let paper = f32::from(*channel);
                    *channel = (paper + (ink - paper) * coverage.clamp(0.0, 1.0)).round() as u8;
                }
            }
        });
    }

    fn pixel(&mut self, x: usize, y: usize) -> &mut [u8] {
        let start = 4 * (y * self.width + x);
        &mut self.rgba[start..start + 4]
    }
}

/// The name that fits a sheet.
fn shown(map: &Colormap) -> String {
    let file = map.file().and_then(|path| path.file_name());
    file.map_or_else(|| map.name().to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(names: &[&str]) -> Picture {
        let maps: Vec<Colormap> = names.iter().map(|name| name.parse().unwrap()).collect();
        let sheet = swatches(&maps);
        assert_eq!(sheet.rgba.len(), 4 * sheet.width * sheet.height);
        sheet
    }

    fn row(sheet: &Picture, y: usize) -> &[[u8; 4]] {
        &sheet.rgba.as_chunks().0[y * sheet.width..][..sheet.width]
    }

    #[test]
    fn a_map_is_a_band_of_its_colors_behind_its_name() {
        let sheet = sheet(&["viridis", "#000,#0000"]);
        let band = MARGIN + NAME.0 + NAME.1;
        let table = Colormap::default().colors(256);
        let found: Vec<Color> =
            row(&sheet, MARGIN + ROW / 2)[band..band + 256].iter().map(|c| Color(*c)).collect();
        assert_eq!(found, table);
        let faded = row(&sheet, MARGIN + ROW + ROW / 2);
        assert_eq!((faded[band], faded[band + 255]), ([0, 0, 0, 255], [255; 4]));
        let dark = |y: usize| row(&sheet, y)[..band].iter().filter(|c| c[0] < 128).count();
        assert!((MARGIN..MARGIN + ROW).map(dark).sum::<usize>() > 50);
        assert_eq!((0..MARGIN).map(dark).sum::<usize>(), 0);
    }

    #[test]
    fn names_that_are_too_long_stay_out_of_the_colors() {
        let long = format!("#000,{}", "#ffffff,".repeat(20) + "#fff");
        let sheet = sheet(&[&long]);
        let (end, gap) = (MARGIN + NAME.0, NAME.1);
        for y in 0..sheet.height {
            assert!(row(&sheet, y)[end..end + gap].iter().all(|color| *color == [255; 4]));
        }
    }

    #[test]
    fn all_maps_are_on_the_sheet_in_columns() {
        let names: Vec<&str> = Colormap::names().collect();
        let all = sheet(&names);
        let one = sheet(&names[..1]);
        assert_eq!(all.width, one.width * names.len().div_ceil(ROWS));
        assert!(all.height <= ROWS * ROW + 2 * MARGIN);
        assert_eq!(sheet(&[]).height, 2 * MARGIN);
    }
}
