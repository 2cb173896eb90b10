//! Tests of the whole program, as its users run it.
#![expect(clippy::unwrap_used, reason = "in a test, what goes wrong may panic")]

mod colormaps;
mod columns;
mod end_to_end;
mod errors;
mod faults;
mod figure;
mod formats;
mod golden;
mod grids;
mod kept;
mod over;
mod pictures;
mod regression;
mod rows;
mod scatter;
mod shards;
mod spread;
mod staged_runs;
mod streamed;
mod support;
mod theirs;
