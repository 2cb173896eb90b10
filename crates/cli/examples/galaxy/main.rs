//! Writes a made-up spiral galaxy as text, one star a line: data for pictures and benchmarks of any size.
//!
//! ```text
//! cargo run --release --example galaxy -- --rows 240000000 --seed 1 > galaxy.txt
//! ```
//!
//! **Columns.** `x y` are positions on the sky, east and north of the centre, in units in which the stellar
//! halo ends near 1.5. `z` is the metallicity [Fe/H]: highest in the core, falling outwards, raised along the
//! arms where stars are being made, lowest in the halo. A star's z is very nearly a function of its place, so
//! the mean of a cell is the same picture from one star a cell as from a thousand.
//!
//! **Model.** Two strong and two weak logarithmic arms with dust along their inner edges, spurs, and knots of
//! young stars; an exponential disc between them; a bulge dimmed by the same dust; a lopsided halo that fades
//! out before the corners; globular clusters; and a small companion at the end of a tidal bridge. The disc is
//! painted once, face on, as a map of star density and a map of metallicity (`disc`); stars are drawn from
//! the density by the alias method (A. J. Walker, 1977) and spread over the neighbouring cells by a
//! triangular kernel, which is bilinear interpolation, so that no cell of the map shows at any magnification.
//! The rest are radial profiles and Bézier curves.
//!
//! **Reproducibility.** The galaxy is always the same one; the seed chooses its stars, so files of different
//! seeds are samples that may be put together. A row depends on the seed and its number alone: the bytes are
//! the same whatever the number of threads, and a longer file begins with the rows of a shorter one. (Sines
//! and exponentials are those of the platform: another one may differ in the last digit.)
#![expect(clippy::print_stderr, reason = "a program's errors go to stderr")]

mod disc;
mod galaxy;
mod noise;
mod random;
mod sky;
mod text;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use rayon::prelude::*;

use galaxy::Galaxy;
use text::{Format, push_row};

/// Rows formatted as one piece of work: large enough to amortise a task, small enough to stay in cache.
const BLOCK: u64 = 1 << 14;
/// Blocks in one write, for every thread: the memory in flight is twice this.
const BLOCKS_A_THREAD: usize = 8;

/// Writes the stars of a made-up spiral galaxy, `x y z` a line: the same rows for the same seed, on any
/// number of threads.
#[derive(Parser)]
#[command(name = "galaxy")]
struct Args {
    /// Number of stars, one a line.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    rows: u64,
    /// Chooses the stars. The galaxy itself is always the same.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// How numbers are written.
    #[arg(long, value_enum, default_value_t = Format::Fixed)]
    format: Format,
    /// Digits after the point in fixed and csv (z has at most four), and the power of ten that scales int.
    #[arg(long, default_value_t = 6, value_name = "D", value_parser = clap::value_parser!(u32).range(1..=9))]
    decimals: u32,
    /// The file to write [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let written = match &args.output {
        Some(path) => File::create(path).and_then(|mut file| write_rows(&args, &mut file)),
        None => write_rows(&args, &mut io::stdout()),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough: `galaxy | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let target =
                args.output.as_deref().map_or("stdout".into(), |path| path.display().to_string());
            eprintln!("galaxy: {target}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Formats one batch of blocks while the one before is being written, so that neither waits for the other.
fn write_rows(args: &Args, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let galaxy = Galaxy::new();
    let batch = BLOCKS_A_THREAD * rayon::current_num_threads();
    let mut filling = vec![Vec::new(); batch];
    let mut writing = vec![Vec::new(); batch];
    if args.format == Format::Csv {
        out.write_all(b"x,y,z\n")?;
    }
    let mut first = 0;
    loop {
        let (written, ()) = rayon::join(
            || writing.iter().try_for_each(|block| out.write_all(block)),
            || {
                filling.par_iter_mut().enumerate().for_each(|(i, block)| {
                    let start = first + i as u64 * BLOCK;
                    block.clear();
                    galaxy.stars(args.seed, start..args.rows.min(start + BLOCK), |star| {
                        push_row(block, star, args.format, args.decimals);
                    });
                });
            },
        );
        written?;
        if filling[0].is_empty() {
            return out.flush();
        }
        std::mem::swap(&mut filling, &mut writing);
        first += batch as u64 * BLOCK;
    }
}
