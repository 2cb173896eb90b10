//! `pointillist`: text files with hundreds of millions of points into one picture.

mod args;
mod between;
mod bin2d;
mod colorize;
mod colormaps;
mod escaped;
mod failure;
mod figure;
mod freshness;
mod info;
mod ingest;
mod inputs;
mod interrupt;
mod merge;
mod progress;
mod reading;
mod render;
mod report;
mod scatter;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Failure;
use report::Report;

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| report::refuse(&error));
    let (stage, report) = (arguments.command.stage(), Report::new(&arguments.global));
    match run(arguments, &report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report.failure(stage, &failure);
            failure.exit_code()
        }
    }
}

fn run(arguments: Arguments, report: &Report) -> Result<(), Failure> {
    let global = arguments.global;
    if let Some(threads) = global.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global()
            .map_err(|error| Failure::error(format!("cannot start {threads} threads: {error}")))?;
    }
    interrupt::install();
    match arguments.command {
        Command::Render(args) => render::run(args, &global, report),
        Command::Scatter(args) => scatter::run(args, &global, report),
        Command::Ingest(args) => ingest::run(args, &global, report),
        Command::Bin2d(args) => bin2d::run(args, &global, report),
        Command::Merge(args) => merge::run(&args, &global, report),
        Command::Colorize(args) => colorize::run(args, &global, report),
        Command::Info(args) => info::run(&args, &global, report),
        Command::Colormaps(args) => colormaps::run(&args, report),
    }
}
