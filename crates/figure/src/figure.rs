//! The figure, and the documents that it becomes.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pointillist_colorize::{Color, Effort, Pixels, write_png};
use resvg::usvg::{self, fontdb};

use crate::axes::Axes;
use crate::layout::{Layout, PixelArea};
use crate::painter::Painter;
use crate::pdf::pdf;
use crate::record;
use crate::svg::{escaped, number};
use crate::text::{FAMILIES, FONT, check_text, lines};
use crate::{Bar, Density, Error, Raster};

/// Pixels of a picture that an SVG or a PDF may hold: it is all in memory.
const EMBEDDED: usize = 67_108_864;

/// Where the colorbar and the key of opacities are, if there are both: from and to these shares of the height.
const UPPER: (f64, f64) = (0.4, 1.0);
const LOWER: (f64, f64) = (0.0, 0.28);

/// The colours of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// What lies under all of it, and under the picture where that is not opaque.
    ///
    /// Default: white; [`Color::TRANSPARENT`] for nothing.
    pub face: Color,
    /// The colour of lines and letters.
    ///
    /// Default: black.
    pub ink: Color,
}

impl Default for Style {
    fn default() -> Self {
        Style::on(Color([255; 4]))
    }
}

impl Style {
    /// Black ink on a light face, white ink on a dark one.
    pub fn on(face: Color) -> Style {
        let Color([r, g, b, _]) = face.over(Color([255; 4]));
        // The weights of Rec. 709.
        let light = 2126 * u32::from(r) + 7152 * u32::from(g) + 722 * u32::from(b);
        let ink = if light < 1_275_000 { Color([255; 4]) } else { Color([0, 0, 0, 255]) };
        Style { face, ink }
    }
}

/// A picture and all that is drawn around it.
///
/// Labels and the title may have several lines; an empty one is none. At most 1000 characters of each are drawn.
pub struct Figure<'a> {
    /// The picture, row 0 = top, of as many pixels as [`Layout::picture`] has.
    pub picture: &'a dyn Pixels,
    /// Where everything is.
    pub layout: Layout,
    /// The left and the right edge of the picture, in data units.
    pub x: (f64, f64),
    /// The lower and the upper edge of the picture, in data units.
    pub y: (f64, f64),
    /// Written above the axes.
    pub title: String,
    /// Written below the x axis.
    pub xlabel: String,
    /// Written beside the y axis, upwards.
    pub ylabel: String,
    /// How values became colours; drawn if the layout has a place for it.
    pub colorbar: Option<Bar<'a>>,
    /// How counts became opacities; drawn if the layout has a place for it, below the colorbar.
    pub density: Option<Density>,
    /// Its colours.
    pub style: Style,
}

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A file of its own, in points.
    Svg,
    /// What is drawn over the picture, in pixels.
    Overlay,
}

impl<'a> Figure<'a> {
    /// An SVG with the picture as an image inside and labels as texts, in the font DejaVu Sans, which is not part of
    /// it. `texts` are kept for [`read_text`](crate::read_text): keywords of letters and digits, and what they say.
    ///
    /// # Errors
    /// [`Error::PictureSize`], [`Error::Embedded`], [`Error::LongText`], limits that an axis cannot have, and what
    /// the picture says where it cannot be read.
    pub fn svg(&self, texts: &[(String, String)]) -> Result<String, Error> {
        let mut document = self.document(Kind::Svg, texts)?;
        if let Some((place, digits)) = record::seal(document.as_bytes()) {
            document.replace_range(place, &digits);
        }
        Ok(document)
    }

    /// A PDF of one page, with the picture and the font inside, and `texts` as in [`Figure::svg`].
    ///
    /// # Errors
    /// Those of [`Figure::svg`], and [`Error::Glyph`].
    pub fn pdf(&self, texts: &[(String, String)]) -> Result<Vec<u8>, Error> {
        self.check_glyphs()?;
        self.check_embedded()?;
        let tree = tree(&self.document(Kind::Overlay, &[])?)?;
        let mut pdf = pdf(self.picture, &self.layout, self.style.face, &tree)?;
        record::append_to_pdf(&mut pdf, texts);
        Ok(pdf)
    }

    /// The pixels of the figure, which [`write_png`] writes.
    ///
    /// # Errors
    /// Those of [`Figure::svg`] but for [`Error::Embedded`], and [`Error::Glyph`].
    pub fn raster(&self) -> Result<Raster<'a>, Error> {
        self.check_glyphs()?;
        let tree = tree(&self.document(Kind::Overlay, &[])?)?;
        let Figure { picture, layout, style, .. } = *self;
        Ok(Raster { picture, layout, tree, face: style.face })
    }

    fn check_glyphs(&self) -> Result<(), Error> {
        let bar = self.colorbar.as_ref().map_or("", |bar| &bar.label);
        let key = self.density.as_ref().map_or("", |key| &key.label);
        for text in [&self.title, &self.xlabel, &self.ylabel, bar, key] {
            check_text(text, true)?;
        }
        Ok(())
    }

    fn document(&self, kind: Kind, texts: &[(String, String)]) -> Result<String, Error> {
        let Layout { width, height, .. } = self.layout;
        let PixelArea { width: columns, height: rows, .. } = self.layout.picture();
        let found = (self.picture.width(), self.picture.height());
        if found != (columns, rows) {
            return Err(Error::PictureSize { found, expected: (columns, rows) });
        }
        let mut painter = Painter::new(&self.layout, self.style.ink);
        if kind != Kind::Overlay && self.style.face != Color::TRANSPARENT {
            painter.svg.rectangle([0.0, 0.0, width as f64, height as f64], self.style.face);
        }
        if kind != Kind::Overlay {
            painter.svg.image(self.layout.picture(), &self.embedded()?);
        }
        self.draw(&mut painter)?;
        let points = |pixels: usize| number(self.layout.in_points(pixels as f64));
        let (w, h, unit) = match kind {
            Kind::Svg => (points(width), points(height), "pt"),
            Kind::Overlay => (width.to_string(), height.to_string(), ""),
        };
        // What readers of screens say.
        let title = lines(&self.title)?.join(" ");
        let title = match title.is_empty() {
            true => String::new(),
            false => format!("<title>{}</title>\n", escaped(&title)),
        };
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{w}{unit}\" height=\"{h}{unit}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"{FAMILIES}\">\n{title}{}{}{}",
            record::in_svg(texts),
            painter.svg.elements(),
            record::svg_end()
        ))
    }

    fn draw(&self, painter: &mut Painter<'_>) -> Result<(), Error> {
        if let Some(area) = self.layout.bar {
            let whole = (0.0, 1.0);
            let both = self.colorbar.is_some() && self.density.is_some();
            let (upper, lower) = if both { (UPPER, LOWER) } else { (whole, whole) };
            if let Some(colorbar) = &self.colorbar {
                colorbar.draw(painter, area.part(upper.0, upper.1))?;
            }
            if let Some(density) = &self.density {
                density.draw(painter, area.part(lower.0, lower.1))?;
            }
        }
        let labels = [&self.xlabel, &self.ylabel, &self.title].map(String::as_str);
        Axes::new(painter, self.x, self.y, labels)?.draw(painter);
        Ok(())
    }

    fn check_embedded(&self) -> Result<(), Error> {
        let (width, height) = (self.picture.width(), self.picture.height());
        match width.saturating_mul(height) > EMBEDDED {
            true => Err(Error::Embedded { width, height }),
            false => Ok(()),
        }
    }

    /// The picture as a PNG in the letters of base64.
    fn embedded(&self) -> Result<String, Error> {
        self.check_embedded()?;
        let mut png = Vec::new();
        write_png(&mut png, self.picture, &[], Effort::Fast)?;
        Ok(STANDARD.encode(png))
    }
}

/// A document, with its texts laid out in the font that is part of the program.
fn tree(document: &str) -> Result<usvg::Tree, Error> {
    static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(FONT.to_vec());
        Arc::new(fonts)
    });
    let options = usvg::Options { fontdb: FONTS.clone(), ..usvg::Options::default() };
    Ok(usvg::Tree::from_str(document, &options)?)
}
