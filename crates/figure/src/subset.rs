//! A TrueType font with only some of its outlines.
//!
//! Glyphs keep their numbers; those that are not wanted are empty. Specification: ISO/IEC 14496-22, tables `loca` and
//! `glyf`.

use std::collections::BTreeSet;

use ttf_parser::{RawFace, Tag};

/// Tables that a PDF needs to show outlines by their numbers (ISO 32000-1, 9.9), in the order of their names.
const TABLES: [&[u8; 4]; 9] =
    [b"cvt ", b"fpgm", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep"];

/// The program of `font`, which has outlines of TrueType, with those of `glyphs` and of what they are composed of. A font that is
/// not as it should be is given back whole.
pub(crate) fn program(font: &[u8], glyphs: impl Iterator<Item = u16>) -> Vec<u8> {
    reduced(font, glyphs).unwrap_or_else(|| font.to_vec())
}

fn reduced(font: &[u8], glyphs: impl Iterator<Item = u16>) -> Option<Vec<u8>> {
    let face = RawFace::parse(font, 0).ok()?;
    let table = |name: &[u8; 4]| face.table(Tag::from_bytes(name));
    let (head, loca, glyf) = (table(b"head")?, table(b"loca")?, table(b"glyf")?);
    let is_long = u16_at(head, 50)? != 0;
    let place = |glyph: u16| -> Option<std::ops::Range<usize>> {
        let offset = |index: usize| match is_long {
            true => u32_at(loca, 4 * index).map(|offset| offset as usize),
            false => u16_at(loca, 2 * index).map(|half| 2 * usize::from(half)),
        };
        Some(offset(glyph.into())?..offset(usize::from(glyph) + 1)?)
    };
    let number = u16_at(table(b"maxp")?, 4)?;
    let mut wanted = BTreeSet::new();
    let mut waiting: Vec<u16> = std::iter::once(0).chain(glyphs).collect();
    while let Some(glyph) = waiting.pop() {
        if wanted.insert(glyph) {
            waiting.extend(parts(glyf.get(place(glyph)?)?));
        }
    }
    let mut outlines = Vec::new();
    let mut places = Vec::new();
    for glyph in 0..=number {
        places.extend((outlines.len() as u32).to_be_bytes());
        if glyph < number && wanted.contains(&glyph) {
            outlines.extend_from_slice(glyf.get(place(glyph)?)?);
            outlines.resize(outlines.len().next_multiple_of(4), 0);
        }
    }
    let mut head = head.to_vec();
    head.get_mut(50..52)?.copy_from_slice(&1_u16.to_be_bytes());
    let tables = TABLES.into_iter().filter_map(|name| {
        let content = match name {
            b"glyf" => outlines.clone(),
            b"head" => head.clone(),
            b"loca" => places.clone(),
            _ => table(name)?.to_vec(),
        };
        Some((name, content))
    });
    Some(joined(&tables.collect::<Vec<_>>()))
}

/// The glyphs that a glyph is composed of.
fn parts(outline: &[u8]) -> Vec<u16> {
    const WORDS: u16 = 1;
    const SCALE: u16 = 8;
    const MORE: u16 = 32;
    const TWO_SCALES: u16 = 64;
    const MATRIX: u16 = 128;
    let mut parts = Vec::new();
    // A negative number of contours.
    if u16_at(outline, 0).is_none_or(|contours| contours < 1 << 15) {
        return parts;
    }
    let mut at = 10;
    while let (Some(flags), Some(glyph)) = (u16_at(outline, at), u16_at(outline, at + 2)) {
        parts.push(glyph);
        let offsets = if flags & WORDS != 0 { 4 } else { 2 };
        let scales = [(SCALE, 2), (TWO_SCALES, 4), (MATRIX, 8)];
        let scale = scales.iter().find(|(flag, _)| flags & flag != 0).map_or(0, |found| found.1);
        at += 4 + offsets + scale;
        if flags & MORE == 0 {
            break;
        }
    }
    parts
}

/// A font of these tables.
fn joined(tables: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let number = tables.len() as u16;
    let power = number.max(1).ilog2() as u16;
    let range = 16 << power;
    let mut font = 0x0001_0000_u32.to_be_bytes().to_vec();
    for field in [number, range, power, 16 * number - range] {
        font.extend(field.to_be_bytes());
    }
    let mut offset = font.len() + 16 * tables.len();
    for (name, content) in tables {
        font.extend_from_slice(*name);
        let sum = content.chunks(4).fold(0_u32, |sum, word| {
            let mut bytes = [0; 4];
            bytes[..word.len()].copy_from_slice(word);
            sum.wrapping_add(u32::from_be_bytes(bytes))
        });
        for field in [sum, offset as u32, content.len() as u32] {
            font.extend(field.to_be_bytes());
        }
        offset += content.len().next_multiple_of(4);
    }
    for (_, content) in tables {
        font.extend_from_slice(content);
        font.resize(font.len().next_multiple_of(4), 0);
    }
    font
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|&bytes| u16::from_be_bytes(bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|&bytes| u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use ttf_parser::{Face, GlyphId};

    use super::*;
    use crate::text::FONT;

    #[test]
    fn wanted_glyphs_are_as_they_were_and_others_are_empty() {
        let whole = Face::parse(FONT, 0).unwrap();
        // One of them is composed of a letter and an accent.
        let wanted = ['1', 'µ', 'Å'].map(|letter| whole.glyph_index(letter).unwrap());
        let program = program(FONT, wanted.iter().map(|glyph| glyph.0));
        assert!(program.len() < FONT.len() / 5, "{} bytes", program.len());
        let reduced = Face::parse(&program, 0).unwrap();
        assert_eq!(reduced.number_of_glyphs(), whole.number_of_glyphs());
        let outline = |face: &Face<'_>, glyph| {
            let mut points = Points::default();
            face.outline_glyph(glyph, &mut points).map(|_| points.0)
        };
        let mut left = 0;
        for glyph in (0..whole.number_of_glyphs()).map(GlyphId) {
            assert_eq!(reduced.glyph_hor_advance(glyph), whole.glyph_hor_advance(glyph));
            match outline(&reduced, glyph) {
                None => assert!(!wanted.contains(&glyph)),
                found => {
                    left += 1;
                    assert_eq!(found, outline(&whole, glyph));
                }
            }
        }
        assert!((3..10).contains(&left), "{left}");
    }

    #[test]
    fn what_is_no_font_is_left_as_it_is() {
        for font in [&b""[..], b"no font at all", &FONT[..100]] {
            assert_eq!(program(font, [1, 2].into_iter()), font);
        }
    }

    #[derive(Default, PartialEq, Debug)]
    struct Points(Vec<f32>);

    impl ttf_parser::OutlineBuilder for Points {
        fn move_to(&mut self, x: f32, y: f32) {
            self.0.extend([x, y]);
        }

        fn line_to(&mut self, x: f32, y: f32) {
            self.0.extend([x, y]);
        }

        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            self.0.extend([x1, y1, x, y]);
        }

        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            self.0.extend([x1, y1, x2, y2, x, y]);
        }

        fn close(&mut self) {}
    }
}
