//! Positions in [0, 1] to colours, byte for byte as matplotlib's `Colormap.__call__(…, bytes=True)` has it; and
//! values to colours, as the programs do whose color tables are read from files.
//!
//! Named maps are tables, taken over from matplotlib and colorcet. Lists of colours are interpolated to 256
//! entries as matplotlib's `LinearSegmentedColormap.from_list` does it. Color tables of GMT and gdaldem are no
//! tables of entries but functions, which are computed for every value; so are smooth maps, as datashader
//! takes a list of colours.

mod file;
mod gradient;
mod list;
mod names;
mod smooth;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::color::Color;
use crate::{Error, Limits, Scale, tables};
pub(crate) use gradient::Fitted;
use gradient::Gradient;
use smooth::Smooth;

/// Colours for positions or values, with the colours of what lies below, above or nowhere.
///
/// Read from `NAME`, `NAME_r` (reversed), two or more colours `#hex,#hex,…` that stand at equal distances, or
/// `#hex@POSITION,…` with positions from 0 to 1. With `smooth:` before any of these, colours are interpolated
/// for every value and not for 256 entries, between those of the list or the table of the name: the colours
/// of datashader's `shade` with a list. [`Colormap::open`] reads a file. Printed and serialized as the text it
/// was read from; of a file, as its name and, from the second line on, its content, so that a record is read
/// back without the file, and differs from that of another content.
///
/// A color table of GMT or gdaldem gives colours to values of the data. See [`Colormap::data_range`] for what
/// that means for limits; the norm is linear unless another one is asked for, and then says how colours run
/// between the values of the table, which stay where they are.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Colormap {
    name: String,
    /// Of a file, what it says.
    content: Option<String>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// The colours from position 0 to position 1.
    Table(Vec<Color>),
    Gradient(Box<Gradient>),
    Smooth(Smooth),
}

impl Colormap {
    /// The names of all maps, in alphabetical order whatever the case. Each can be reversed by `_r`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        tables::names()
    }

    /// Reads a color table: one of GMT (`.cpt`), one of `gdaldem color-relief`, or lines `POSITION #hex`.
    ///
    /// Read are at most a mebibyte and 16384 lines.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read, [`Error::ColorTableLine`] or [`Error::ColorTable`] if it is
    /// no color table, [`Error::TooManyColors`] if it has more than 65 000 changes of colour.
    pub fn open(path: &Path) -> Result<Colormap, Error> {
        // A name is one line.
        let name = path.display().to_string().replace('\n', " ");
        let text = file::read(path)?;
        Colormap::in_file(name, &text)
    }

    fn in_file(name: String, text: &str) -> Result<Colormap, Error> {
        let (kind, content) = file::parse(&name, text)?;
        if let Kind::Gradient(gradient) = &kind {
            // How many colours there are hardly depends on the limits.
            let limits = gradient.data_range().unwrap_or(Limits { vmin: -1.0, vmax: 1.0 });
            gradient.fit(Scale::new(crate::Norm::Linear, limits)?)?;
        }
        Ok(Colormap { name, content: Some(content), kind })
    }

    /// The text it was made from, or the path of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it was read from, if it was.
    pub fn file(&self) -> Option<&Path> {
        self.content.is_some().then(|| Path::new(&self.name))
    }

    /// The colours from position 0 to position 1; 256 of them, more in the cyclic maps, less in the
    /// qualitative ones. `None` where the map is a color table of GMT or gdaldem, or smooth: a function.
    pub fn table(&self) -> Option<&[Color]> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            Kind::Gradient(_) | Kind::Smooth(_) => None,
        }
    }

    /// So many colours at equal distances along the whole map, for a swatch: each is the one in the middle of
    /// its part.
    pub fn colors(&self, number: usize) -> Vec<Color> {
        match &self.kind {
            Kind::Table(table) => {
                (0..number).map(|i| table[(2 * i + 1) * table.len() / (2 * number)]).collect()
            }
            Kind::Gradient(gradient) => gradient.colors(number),
            Kind::Smooth(smooth) => smooth.colors(number),
        }
    }

    /// The values at the two ends, in data units, which are the limits where no others are asked for; others
    /// stretch the map. `None` for maps whose limits are found in the data: named ones, lists, and color
    /// tables with percentages, with a hinge, or normalized for GMT to stretch.
    pub fn data_range(&self) -> Option<Limits> {
        match &self.kind {
            Kind::Table(_) | Kind::Smooth(_) => None,
            Kind::Gradient(gradient) => gradient.data_range(),
        }
    }

    /// Whether colours belong to values of the data, rather than to positions between limits.
    pub fn is_of_values(&self) -> bool {
        matches!(&self.kind, Kind::Gradient(gradient) if gradient.is_of_values())
    }

    /// The colour of a value that has no position: that of the file, else none.
    pub fn bad(&self) -> Color {
        match &self.kind {
            Kind::Table(_) | Kind::Smooth(_) => None,
            Kind::Gradient(gradient) => gradient.bad,
        }
        .unwrap_or(Color::TRANSPARENT)
    }

    /// The scale that finds the entries of values, with the colours of the entries.
    ///
    /// # Errors
    /// If the scale and a color table do not fit each other.
    pub(crate) fn fit(&self, scale: Scale) -> Result<Fitted, Error> {
        match &self.kind {
            Kind::Table(table) => {
                let (under, over) = (table[0], table[table.len() - 1]);
                Ok(Fitted { scale, colors: table.clone(), under, over })
            }
            Kind::Gradient(gradient) => gradient.fit(scale),
            Kind::Smooth(smooth) => smooth.fit(scale),
        }
    }
}

impl Default for Colormap {
    /// `viridis`.
    fn default() -> Self {
        "viridis".parse().expect("viridis is in the tables")
    }
}

impl FromStr for Colormap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let made = |kind| Ok(Colormap { name: text.to_owned(), content: None, kind });
        if let Some((name, content)) = text.split_once('\n') {
            return Colormap::in_file(name.to_owned(), content);
        }
        let (prefix, rest) = match text.strip_prefix(SMOOTH) {
            Some(rest) => (SMOOTH, rest),
            None => ("", text),
        };
        let is_smooth = !prefix.is_empty();
        if rest.contains(',') {
            let stops = list::stops(rest)?;
            return made(match is_smooth {
                true => Kind::Smooth(Smooth::new(stops)?),
                false => Kind::Table(list::table(&stops)),
            });
        }
        let Some(table) = tables::find(rest) else {
            let nearest = nearest(rest).iter().map(|name| format!("{prefix}{name}")).collect();
            return Err(Error::Colormap { text: text.to_owned(), nearest });
        };
        let colors = table.into_iter().map(|[r, g, b]| Color([r, g, b, 255]));
        made(match is_smooth {
            true => Kind::Smooth(Smooth::new((0..).map(f64::from).zip(colors).collect())?),
            false => Kind::Table(colors.collect()),
        })
    }
}

/// What stands before a name or a list that is interpolated for every value.
const SMOOTH: &str = "smooth:";

/// The names that look or sound most like the text, at most three, in the direction (`_r`) of the text.
fn nearest(text: &str) -> Vec<String> {
    /// Below this, a Jaro-Winkler similarity is chance.
    const SIMILAR: f64 = 0.85;
    let lower = text.to_lowercase();
    let (base, suffix) = match lower.strip_suffix("_r") {
        Some(base) => (base, "_r"),
        None => (lower.as_str(), ""),
    };
    let mut names: Vec<(f64, &str)> = tables::names()
        .map(|name| (strsim::jaro_winkler(base, &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .collect();
    // A stable sort: names that are equally near stay in alphabetical order.
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    if names.first().is_some_and(|(similarity, _)| *similarity == 1.0) {
        names.truncate(1);
    }
    names.iter().take(3).map(|(_, name)| format!("{name}{suffix}")).collect()
}

impl fmt::Display for Colormap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.content.iter().try_for_each(|content| write!(f, "\n{content}"))
    }
}

#[cfg(test)]
mod tests;
