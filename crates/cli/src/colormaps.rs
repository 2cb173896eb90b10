//! Colormaps as they are typed, and the command `colormaps`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pointillist_colorize::{Color, Colormap, Effort, swatches};
use serde_json::json;

use crate::args::ColormapsArgs;
use crate::colorize::{check_picture, is_stdout, write};
use crate::failure::Failure;
use crate::outputs;
use crate::report::{Report, plural, shown};

/// Letters that a swatch is wide on a terminal.
const SWATCH: usize = 48;

/// A colormap, or a file that is still to be read for one.
#[derive(Debug, Clone)]
pub(crate) enum Cmap {
    Map(Colormap),
    File(PathBuf),
}

impl Cmap {
    pub(crate) fn open(&self) -> Result<Colormap, pointillist_colorize::Error> {
        match self {
            Self::Map(map) => Ok(map.clone()),
            Self::File(path) => Colormap::open(path),
        }
    }

    /// The file that is to be read.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::Map(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

impl FromStr for Cmap {
    type Err = pointillist_colorize::Error;

    /// What is no colormap is a file where it looks like a path, so that a missing one is called so, or where there is
    /// one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let looks_like_path = || !text.contains(',') && text.contains(['.', '/', '\\']);
        match text.parse() {
            Ok(map) => Ok(Self::Map(map)),
            Err(_) if looks_like_path() || Path::new(text).is_file() => Ok(Self::File(text.into())),
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn run(args: &ColormapsArgs, report: &Report) -> Result<(), Failure> {
    if let Some(output) = &args.output {
        check_picture(output, args.maps.iter().filter_map(Cmap::file), report)?;
        if !is_stdout(output) {
            outputs::sweep(output, "colormaps", report);
        }
    }
    let maps: Vec<Colormap> = match args.maps.is_empty() {
        true => Colormap::names().map(str::parse).collect::<Result<_, _>>()?,
        false => args.maps.iter().map(|map| map.open()).collect::<Result<_, _>>()?,
    };
    if let Some(output) = &args.output {
        let sheet = swatches(&maps);
        write(output, &sheet, &[], Effort::Fast)?;
        let target = if is_stdout(output) { "standard output".to_owned() } else { shown(output) };
        let number = plural(maps.len() as u64, "colormap", "colormaps");
        let facts = json!({ "width": sheet.width, "height": sheet.height });
        return report.stage("colormaps", &target, &number, facts);
    }
    if report.is_json() {
        let names: Vec<&str> = maps.iter().map(Colormap::name).collect();
        return report.json(&json!({ "colormaps": names }));
    }
    // The colours are for people who can see them: https://no-color.org.
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if !(wanted && std::io::stdout().is_terminal()) {
        return maps.iter().try_for_each(|map| report.line(map.name()));
    }
    let width = maps.iter().map(|map| map.name().chars().count()).max().unwrap_or(0);
    maps.iter()
        .try_for_each(|map| report.painted(&format!("{:width$}  ", map.name()), &swatch(map)))
}

/// A band of colour in 24 bits, in the escape sequences of terminals; what is not opaque, on white.
fn swatch(map: &Colormap) -> String {
    let band: String = map
        .colors(SWATCH)
        .into_iter()
        .map(|color| {
            let Color([r, g, b, _]) = color.over(Color([255; 4]));
            format!("\x1b[48;2;{r};{g};{b}m ")
        })
        .collect();
    band + "\x1b[0m"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swatch_is_a_row_of_colored_blanks_that_leaves_the_terminal_as_it_was() {
        let band = swatch(&"#000,#fff".parse().unwrap());
        assert_eq!(band.matches("\x1b[48;2;").count(), SWATCH);
        assert!(band.starts_with("\x1b[48;2;2;2;2m ") && band.ends_with("m \x1b[0m"), "{band:?}");
        assert_eq!(band.matches(' ').count(), SWATCH);
    }
}
