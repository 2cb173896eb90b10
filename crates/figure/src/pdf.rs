//! A figure as a PDF of one page: the pixels of the picture, and over them lines, areas and letters as such.
//!
//! What is drawn comes as the tree of an SVG of our own, in which there are paths and laid out texts, solid colours and
//! nothing else. Positions are its pixels; one matrix makes points of them, with y going up.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{
    CidFontType, FontFlags, LineCapStyle, LineJoinStyle, SystemInfo, UnicodeCmap,
};
use pdf_writer::writers::ExtGraphicsState;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str};
use pointillist_base::memory::filled;
use pointillist_colorize::{Color, Pixels};
use resvg::tiny_skia::{Path, PathSegment, Transform};
use resvg::usvg::{Fill, FillRule, Group, Node, Opacity, Paint, Stroke, Text, Tree};

use crate::layout::{Layout, PixelArea};
use crate::text::Font;
use crate::{Error, subset};

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const IMAGE: Ref = Ref::new(5);
const MASK: Ref = Ref::new(6);
const FONT: Ref = Ref::new(7);
const CID_FONT: Ref = Ref::new(8);
const DESCRIPTOR: Ref = Ref::new(9);
const PROGRAM: Ref = Ref::new(10);
const TO_UNICODE: Ref = Ref::new(11);

const IMAGE_NAME: Name<'_> = Name(b"picture");
const FONT_NAME: Name<'_> = Name(b"font");
/// The font, after six letters that say that not all of it is here.
const BASE_FONT: Name<'_> = Name(b"PTLABL+DejaVuSans");
const SYSTEM: SystemInfo<'_> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Rows of the picture that are made at once.
const ROWS: usize = 256;

/// A PDF of the picture, which is laid over `face`, and of what is drawn over both.
pub(crate) fn pdf(
    picture: &dyn Pixels,
    layout: &Layout,
    face: Color,
    drawn: &Tree,
) -> Result<Vec<u8>, Error> {
    let size = [layout.width, layout.height].map(|pixels| layout.in_points(pixels as f64) as f32);
    let image = Image::new(picture, face)?;
    let mut page =
        Page { content: Content::new(), opacities: BTreeSet::new(), glyphs: BTreeMap::new() };
    page.content.save_state();
    let scale = size[1] / layout.height as f32;
    page.content.transform([scale, 0.0, 0.0, -scale, 0.0, size[1]]);
    if face != Color::TRANSPARENT {
        page.rectangle([0.0, 0.0, layout.width as f32, layout.height as f32], face);
    }
    page.image(layout.picture());
    page.group(drawn.root());
    page.content.restore_state();

    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    let mut about = pdf.page(PAGE);
    about.parent(PAGES).media_box(Rect::new(0.0, 0.0, size[0], size[1])).contents(CONTENT);
    let mut resources = about.resources();
    resources.x_objects().pair(IMAGE_NAME, IMAGE);
    resources.fonts().pair(FONT_NAME, FONT);
    let mut states = resources.ext_g_states();
    for &opacity in &page.opacities {
        let share = f32::from(opacity) / 255.0;
        let mut state: ExtGraphicsState<'_> =
            states.insert(Name(opacity_name(opacity).as_bytes())).start();
        state.non_stroking_alpha(share).stroking_alpha(share);
    }
    states.finish();
    resources.finish();
    about.finish();
    pdf.stream(CONTENT, &deflated(&page.content.finish())?).filter(Filter::FlateDecode);
    image.write(&mut pdf);
    write_font(&mut pdf, &page.glyphs)?;
    Ok(pdf.finish())
}

/// What is drawn on a page.
struct Page {
    content: Content,
    /// Opacities that occur, of 255, all but that.
    opacities: BTreeSet<u8>,
    /// Glyphs that occur, and what they mean.
    glyphs: BTreeMap<u16, String>,
}

impl Page {
    fn rectangle(&mut self, [left, top, width, height]: [f32; 4], color: Color) {
        self.content.save_state();
        self.fill_color(color);
        self.content.rect(left, top, width, height).fill_nonzero().restore_state();
    }

    /// The picture: a unit square that stands on its lower edge.
    fn image(&mut self, at: PixelArea) {
        let [left, top, width, height] =
            [at.left, at.top, at.width, at.height].map(|pixels| pixels as f32);
        self.content.save_state();
        self.content.transform([width, 0.0, 0.0, -height, left, top + height]);
        self.content.x_object(IMAGE_NAME).restore_state();
    }

    fn group(&mut self, group: &Group) {
        for node in group.children() {
            match node {
                Node::Group(group) => self.group(group),
                Node::Path(path) => {
                    let (fill, stroke) = (path.fill(), path.stroke());
                    self.path(path.data(), path.abs_transform(), fill, stroke);
                }
                Node::Text(text) => self.text(text),
                // There is none but the picture.
                Node::Image(_) => {}
            }
        }
    }

    fn path(
        &mut self,
        data: &Path,
        transform: Transform,
        fill: Option<&Fill>,
        stroke: Option<&Stroke>,
    ) {
        self.content.save_state();
        self.content.transform(matrix(transform));
        if let Some(stroke) = stroke {
            self.stroke_color(color(stroke.paint(), stroke.opacity()));
            self.content
                .set_line_width(stroke.width().get())
                .set_line_cap(LineCapStyle::ButtCap)
                .set_line_join(LineJoinStyle::MiterJoin)
                .set_miter_limit(stroke.miterlimit().get());
        }
        if let Some(fill) = fill {
            self.fill_color(color(fill.paint(), fill.opacity()));
        }
        let mut last = (0.0, 0.0);
        for segment in data.segments() {
            match segment {
                PathSegment::MoveTo(to) => {
                    self.content.move_to(to.x, to.y);
                    last = (to.x, to.y);
                }
                PathSegment::LineTo(to) => {
                    self.content.line_to(to.x, to.y);
                    last = (to.x, to.y);
                }
                PathSegment::QuadTo(by, to) => {
                    // The same curve with one more control point.
                    let near = |from: f32, by: f32| from + (by - from) * 2.0 / 3.0;
                    let first = (near(last.0, by.x), near(last.1, by.y));
                    let second = (near(to.x, by.x), near(to.y, by.y));
                    self.content.cubic_to(first.0, first.1, second.0, second.1, to.x, to.y);
                    last = (to.x, to.y);
                }
                PathSegment::CubicTo(first, second, to) => {
                    self.content.cubic_to(first.x, first.y, second.x, second.y, to.x, to.y);
                    last = (to.x, to.y);
                }
                PathSegment::Close => {
                    self.content.close_path();
                }
            }
        }
        let even_odd = fill.is_some_and(|fill| fill.rule() == FillRule::EvenOdd);
        match (fill, stroke) {
            (Some(_), Some(_)) if even_odd => self.content.fill_even_odd_and_stroke(),
            (Some(_), Some(_)) => self.content.fill_nonzero_and_stroke(),
            (Some(_), None) if even_odd => self.content.fill_even_odd(),
            (Some(_), None) => self.content.fill_nonzero(),
            (None, Some(_)) => self.content.stroke(),
            (None, None) => self.content.end_path(),
        };
        self.content.restore_state();
    }

    /// Glyph by glyph, where the layout has put them.
    fn text(&mut self, text: &Text) {
        let units = f32::from(Font::new().units_per_em());
        for span in text.layouted() {
            let Some(fill) = &span.fill else { continue };
            self.content.save_state();
            self.fill_color(color(fill.paint(), fill.opacity()));
            let size = span.font_size.get();
            self.content.begin_text().set_font(FONT_NAME, size);
            // From the font's units to those of a text of this size.
            let unit = units / size;
            for glyph in &span.positioned_glyphs {
                let placed = text
                    .abs_transform()
                    .pre_concat(glyph.outline_transform())
                    .pre_concat(Transform::from_scale(unit, unit));
                self.content.set_text_matrix(matrix(placed));
                self.content.show(Str(&glyph.id.0.to_be_bytes()));
                self.glyphs.entry(glyph.id.0).or_insert_with(|| glyph.text.clone());
            }
            self.content.end_text().restore_state();
        }
    }

    fn fill_color(&mut self, color: Color) {
        let [r, g, b] = self.opaque(color);
        self.content.set_fill_rgb(r, g, b);
    }

    fn stroke_color(&mut self, color: Color) {
        let [r, g, b] = self.opaque(color);
        self.content.set_stroke_rgb(r, g, b);
    }

    /// Sets the opacity of a colour, and gives the colour without it.
    fn opaque(&mut self, Color([r, g, b, a]): Color) -> [f32; 3] {
        if a < 255 {
            self.opacities.insert(a);
            self.content.set_parameters(Name(opacity_name(a).as_bytes()));
        }
        [r, g, b].map(|channel| f32::from(channel) / 255.0)
    }
}

fn opacity_name(opacity: u8) -> String {
    format!("a{opacity}")
}

fn matrix(transform: Transform) -> [f32; 6] {
    let Transform { sx, kx, ky, sy, tx, ty } = transform;
    [sx, ky, kx, sy, tx, ty]
}

/// The colour of a paint; a figure has no others than plain ones.
fn color(paint: &Paint, opacity: Opacity) -> Color {
    match paint {
        Paint::Color(color) => Color([color.red, color.green, color.blue, opacity.to_u8()]),
        _ => Color::TRANSPARENT,
    }
}

/// The picture as a PDF has it: colours, and opacities where these differ, both deflated.
struct Image {
    size: [i32; 2],
    rgb: Vec<u8>,
    alpha: Option<Vec<u8>>,
}

impl Image {
    fn new(picture: &dyn Pixels, face: Color) -> Result<Self, Error> {
        let (width, height) = (picture.width(), picture.height());
        let mut rows = filled(ROWS.min(height) * width * 4, 0).map_err(colorize_error)?;
        let mut rgb = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut alpha = ZlibEncoder::new(Vec::new(), Compression::default());
        // Nothing shows through the face then, so nothing has to be composited by whoever shows it.
        let is_on_face = face.0[3] == 255;
        let mut is_opaque = true;
        let (mut colors, mut opacities) = (Vec::new(), Vec::new());
        for start in (0..height).step_by(ROWS) {
            let end = (start + ROWS).min(height);
            let rows = &mut rows[..(end - start) * width * 4];
            picture.fill(start..end, rows)?;
            colors.clear();
            opacities.clear();
            for &pixel in rows.as_chunks().0 {
                let color = Color(pixel);
                let Color([r, g, b, a]) = if is_on_face { color.over(face) } else { color };
                colors.extend([r, g, b]);
                opacities.push(a);
                is_opaque &= a == 255;
            }
            rgb.write_all(&colors).map_err(Error::Deflate)?;
            if !is_on_face {
                alpha.write_all(&opacities).map_err(Error::Deflate)?;
            }
        }
        let alpha = alpha.finish().map_err(Error::Deflate)?;
        Ok(Self {
            size: [width as i32, height as i32],
            rgb: rgb.finish().map_err(Error::Deflate)?,
            alpha: (!is_opaque).then_some(alpha),
        })
    }

    fn write(&self, pdf: &mut Pdf) {
        let [width, height] = self.size;
        let mut image = pdf.image_xobject(IMAGE, &self.rgb);
        image.filter(Filter::FlateDecode);
        image.width(width).height(height).bits_per_component(8);
        image.color_space().device_rgb();
        if self.alpha.is_some() {
            image.s_mask(MASK);
        }
        image.finish();
        if let Some(alpha) = &self.alpha {
            let mut mask = pdf.image_xobject(MASK, alpha);
            mask.filter(Filter::FlateDecode);
            mask.width(width).height(height).bits_per_component(8);
            mask.color_space().device_gray();
        }
    }
}

/// The glyphs that occur, by their numbers in the font, with their widths and what they mean.
fn write_font(pdf: &mut Pdf, glyphs: &BTreeMap<u16, String>) -> Result<(), Error> {
    let font = Font::new();
    pdf.type0_font(FONT)
        .base_font(BASE_FONT)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(CID_FONT)
        .to_unicode(TO_UNICODE);
    let mut cid = pdf.cid_font(CID_FONT);
    cid.subtype(CidFontType::Type2).base_font(BASE_FONT).system_info(SYSTEM);
    cid.font_descriptor(DESCRIPTOR).default_width(0.0);
    cid.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    for &glyph in glyphs.keys() {
        widths.consecutive(glyph, [font.advance(glyph, 1000.0) as f32]);
    }
    widths.finish();
    cid.finish();
    let [left, bottom, right, top] = font.bounds(1000.0).map(|edge| edge as f32);
    pdf.font_descriptor(DESCRIPTOR)
        .name(BASE_FONT)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(font.ascent("", 1000.0) as f32)
        .descent(-font.descent("", 1000.0) as f32)
        .cap_height(font.ink_ascent("H", 1000.0) as f32)
        // What nobody measures, and the format asks for.
        .stem_v(80.0)
        .font_file2(PROGRAM);
    let program = subset::program(crate::text::FONT, glyphs.keys().copied());
    pdf.stream(PROGRAM, &deflated(&program)?)
        .filter(Filter::FlateDecode)
        .pair(Name(b"Length1"), program.len() as i32);
    let mut meaning = UnicodeCmap::new(Name(b"Labels"), SYSTEM);
    for (&glyph, text) in glyphs {
        if !text.is_empty() {
            meaning.pair_with_multiple(glyph, text.chars());
        }
    }
    pdf.cmap(TO_UNICODE, &meaning.finish());
    Ok(())
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).map_err(Error::Deflate)?;
    encoder.finish().map_err(Error::Deflate)
}

fn colorize_error(error: std::collections::TryReserveError) -> Error {
    Error::Picture(error.into())
}
