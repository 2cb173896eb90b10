//! `pointillist`: text files with hundreds of millions of points into one picture.

mod args;
mod bin2d;
mod cache;
mod clean;
mod colorize;
mod colormaps;
mod escaped;
mod failure;
mod figure;
mod freshness;
mod hint;
mod info;
mod ingest;
mod inputs;
mod interrupt;
mod merge;
mod outputs;
mod progress;
mod reading;
mod remedy;
mod render;
mod report;
mod scatter;
mod stdout;
mod threads;

use std::process::ExitCode;

use clap::Parser;
use pointillist_base::Instructions;

use args::{Arguments, Command};
use failure::Failure;
use report::Report;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are what was asked for, too.
        Err(answer) => {
            return report::answer(&answer).unwrap_or_else(|failure| {
                report::last_words("help", &failure);
                failure.exit_code()
            });
        }
    };
    let (stage, report) = (arguments.command.stage(), Report::new(&arguments.global));
    match run(arguments, &report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::last_words(stage, &failure);
            failure.exit_code()
        }
    }
}

fn run(arguments: Arguments, report: &Report) -> Result<(), Failure> {
    let global = arguments.global;
    choose_instructions()?;
    interrupt::install();
    threads::raise_limit_of_files();
    threads::start(global.threads)?;
    match arguments.command {
        Command::Render(args) => render::run(args, &global, report),
        Command::Scatter(args) => scatter::run(args, &global, report),
        Command::Ingest(args) => ingest::run(args, &global, report),
        Command::Bin2d(args) => bin2d::run(args, &global, report),
        Command::Merge(args) => merge::run(&args, &global, report),
        Command::Colorize(args) => colorize::run(args, &global, report),
        Command::Info(args) => info::run(&args, &global, report),
        Command::Clean(args) => clean::run(&args, report),
        Command::Colormaps(args) => colormaps::run(&args, report),
    }
}

/// Those that `POINTILLIST_KERNEL` in the environment asks for: all give the same results.
fn choose_instructions() -> Result<(), Failure> {
    const VARIABLE: &str = "POINTILLIST_KERNEL";
    let asked = std::env::var_os(VARIABLE).unwrap_or_default();
    if asked.is_empty() {
        return Ok(());
    }
    let unknown = |error| Failure::Usage(format!("{VARIABLE} is {asked:?}, and {error}"));
    Instructions::choose(&asked).map_err(unknown)
}
