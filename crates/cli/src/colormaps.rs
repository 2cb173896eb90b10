//! The command `colormaps`.

use pointillist_colorize::Colormap;
use serde_json::json;

use crate::failure::Failure;
use crate::report::Report;

pub(crate) fn run(report: &Report) -> Result<(), Failure> {
    if report.is_json() {
        return report
            .line(&json!({ "colormaps": Colormap::names().collect::<Vec<_>>() }).to_string());
    }
    Colormap::names().try_for_each(|name| report.line(name))
}
