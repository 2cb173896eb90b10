//! The command `render`: all stages, with what lies between them kept.

use std::path::PathBuf;

use pointillist_base::staged::Kind;
use pointillist_bin2d::{GridFile, Options, Reduction, Reductions, Term};
use pointillist_colorize::default_page;
use pointillist_colorize::over::OVER;
use pointillist_colorize::spread::pages;
use pointillist_ingest::Options as Reading;

use crate::args::{Global, RenderArgs};
use crate::cache::{Cache, Found, grids};
use crate::colorize::{Wanted, is_stdout};
use crate::failure::{Failure, Kept};
use crate::report::Report;
use crate::{colorize, figure, outputs};

const STAGE: &str = "render";

pub(crate) fn run(args: RenderArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    let figure = args.figure.wanted(&args.output)?;
    let inputs = args.inputs.iter().chain(args.picture.cmap_file());
    figure::check_output(&args.output, figure.as_ref(), inputs, report)?;
    // Better to learn what is wrong now than after minutes of parsing.
    let mut options = args.grid.options(args.dtype)?;
    let picture = Wanted { figure, ..args.picture.wanted()? };
    let by = check_page(&picture, &mut options)?;
    if let Some(figure) = &picture.figure {
        let list = options.reductions.as_ref();
        let has_counts = list.is_none_or(|list| list.as_slice().contains(&Reduction::Count.into()));
        let shaded = (by != OVER).then_some((&picture.options, has_counts));
        options.cells = figure.cells(options.cells, args.grid.is_sized(), shaded)?;
    }
    if !is_stdout(&args.output) {
        outputs::ensure_writable(&args.output, Kind::File, None)?;
    }
    let reading = args.text.options(args.dtype);
    let cache = Cache::new(&args.inputs, &args.output, args.cache_dir.as_deref(), &args.text)?;
    let columns = cache.columns(&reading, global.force, global, report)?;
    let mut between = Between { cache, columns, reading, options, global, report };
    let (grid, path) = between.grid(global.force)?;
    let output = &args.output;
    match colorize::stage(grid, &path, output, &picture, global, report) {
        Err(Failure::Damaged(Kept::Grid, why)) => {
            report.warning(STAGE, &format!("{}; making it again", why.what));
            let (grid, path) = between.grid(true)?;
            colorize::stage(grid, &path, output, &picture, global, report)?;
        }
        done => done?,
    }
    if let Some(folder) = path.parent() {
        grids::keep(folder, args.keep_grids);
    }
    Ok(())
}

/// What lies between input and picture, and what it takes to make it again.
struct Between<'a> {
    cache: Cache<'a>,
    columns: Found,
    reading: Reading,
    options: Options,
    global: &'a Global,
    report: &'a Report,
}

impl Between<'_> {
    /// The grid and its path. Columns that prove to be damaged are made again, if they can be.
    fn grid(&mut self, anew: bool) -> Result<(GridFile, PathBuf), Failure> {
        let Self { cache, columns, reading, options, global, report } = self;
        match cache.grid(&columns.points, options, anew, global, report) {
            Err(Failure::Damaged(Kept::Columns, why)) if columns.can_be_made_again => {
                report.warning(STAGE, &format!("{}; making it again", why.what));
                *columns = cache.columns(reading, true, global, report)?;
                cache.grid(&columns.points, options, true, global, report)
            }
            made => made.map_err(|failure| cache.explained(failure, columns)),
        }
    }
}

/// The page that is coloured. Makes sure that the grid will have it, and asks for it where no list was given.
fn check_page(wanted: &Wanted, options: &mut Options) -> Result<String, Failure> {
    let by = wanted.by.as_deref();
    if let (None, Some(by)) = (&options.reductions, by)
        && !USUAL.contains(&by)
    {
        options.reductions = Some(made_for(by, wanted.growth.is_some())?);
    }
    let names: Vec<String> = match &options.reductions {
        Some(list) => list.as_slice().iter().map(Term::to_string).collect(),
        None => USUAL.map(str::to_owned).to_vec(),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let composited = options.reductions.as_ref().is_some_and(Reductions::has_over);
    if let Some(by) = by.or_else(|| default_page(&names))
        && (names.contains(&by) || (by == OVER && composited))
    {
        wanted.check(by)?;
        check_growth(wanted, by, &names)?;
        return Ok(by.to_owned());
    }
    let message = match by {
        None => "the pages have neither mean nor count: choose with --by one of".to_owned(),
        Some(by) => format!("--by {by:?} is not among the pages that --reduce asks for:"),
    };
    Err(Failure::usage(format!("{message} {}", names.join(", "))))
}

/// The pages that are made where nothing else is asked for; mean only where there is z, which is known when there are points.
const USUAL: [&str; 2] = ["count", "mean"];

/// The pages of a grid that is coloured by the page `by`, and maybe grown.
fn made_for(by: &str, grown: bool) -> Result<Reductions, Failure> {
    let wrong = |error| Failure::usage(format!("--by: {error}"));
    if by == OVER {
        return format!("count,{OVER}").parse().map_err(wrong);
    }
    let term: Term = by.parse().map_err(wrong)?;
    let mut list = vec![Term::from(Reduction::Count), term.clone()];
    if grown && matches!(term.reduction(), Reduction::Var | Reduction::Std) {
        list.push(match term.column() {
            Some(column) => Term::of(Reduction::Mean, column)?,
            None => Reduction::Mean.into(),
        });
    }
    Ok(Reductions::new(list)?)
}

/// Whether the page can be grown, where that is asked for.
fn check_growth(wanted: &Wanted, by: &str, names: &[&str]) -> Result<(), Failure> {
    if wanted.growth.is_some() {
        let term: Term = by.parse()?;
        // Here, unlike with a grid that is there, it is the options that do not fit each other.
        pages(&term, names).map_err(|error| Failure::usage(error.to_string()))?;
    }
    Ok(())
}
