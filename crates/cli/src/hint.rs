//! How a column is read that was asked for and is not there.

use std::path::{Path, PathBuf};

use pointillist_ingest::{Options, Sidecar, explain};

use crate::failure::Failure;
use crate::inputs;
use crate::remedy::typed;

/// Adds to a failure for want of a column the option that reads it, too, from the `files` that the others were read from, where
/// they have another field for it.
pub(crate) fn with_columns(failure: Failure, files: &[PathBuf], sidecar: &Sidecar) -> Failure {
    match failure {
        Failure::NoColumn { name, message } => {
            let message = match list(&name, files, sidecar) {
                Some(list) => format!("{message}; read it, too: --columns {list}"),
                None => message,
            };
            Failure::NoColumn { name, message }
        }
        failure => failure,
    }
}

/// The columns that there are and this one, as they are typed.
fn list(name: &str, files: &[PathBuf], sidecar: &Sidecar) -> Option<String> {
    let read = sidecar.read_as.first()?;
    let mut named = Vec::new();
    let mut placed = Vec::new();
    for column in &read.columns {
        let called = column.called.as_deref().filter(|called| !called.is_empty());
        placed.push(format!("{}={}", column.name, column.field));
        named.push(format!(
            "{}={}",
            column.name,
            called.map_or(column.field.to_string(), str::to_owned)
        ));
    }
    // Whether it works is found out by trying it.
    let works = |list: &str| {
        let Ok(columns) = list.parse() else { return false };
        let options = Options { columns, ..sidecar.options.clone() };
        explain(inputs::inputs(files), &options).is_ok_and(|explained| {
            let first = explained.first().map(|first| first.read_as.columns.as_slice());
            first.is_some_and(|columns| columns.starts_with(&read.columns))
        })
    };
    [named, placed.clone()]
        .into_iter()
        .map(|columns| format!("{},{name}={name}", columns.join(",")))
        .find(|list| works(list))
        .map(|list| typed(Path::new(&list)))
        .or_else(|| {
            let fields = read.most_fields.unwrap_or(read.fields);
            let one_is_left = fields > read.columns.len();
            let list = placed.join(",");
            (one_is_left && works(&format!("{list},{name}=1"))).then(|| {
                format!("{list},{name}=FIELD, where FIELD is one of the {fields} fields of a row")
            })
        })
}
