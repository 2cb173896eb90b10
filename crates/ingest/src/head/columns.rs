//! Which fields become which columns.

use std::path::Path;

use super::names::{self, Names};
use crate::Error;
use crate::options::{ChosenColumn, Field, Options};

/// The columns that an earlier input has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Their names.
    pub(crate) names: Vec<String>,
    /// The fields that they come from, where that is text; 0-based.
    pub(crate) positions: Vec<usize>,
    /// How many fields its rows have at least.
    pub(crate) fields: usize,
    /// Whether a header names them.
    pub(crate) by_name: bool,
}

/// A column with the 0-based position of the field that it is made of.
pub(super) type Column = (String, usize);

/// What is known of a text when its columns are chosen.
pub(super) struct Known<'a> {
    pub(super) path: &'a Path,
    /// 0-based line of the first row.
    pub(super) line: u64,
    pub(super) names: Option<&'a Names>,
    /// How many fields rows have.
    pub(super) fields: usize,
    /// The fields that can be taken where nothing else is said: not those without a name among others that have one, nor
    /// those outside a frame.
    pub(super) usual: Vec<usize>,
    /// Whether bars stand around rows: fields count from the first within.
    pub(super) framed: bool,
    /// Whether a field is numbers in the head.
    pub(super) numeric: &'a [bool],
}

/// The columns that the options name, or else the usual ones.
pub(super) fn choose(
    known: &Known<'_>,
    options: &Options,
    settled: Option<&Settled>,
) -> Result<Vec<Column>, Error> {
    if options.columns.0.is_empty() {
        return default(known, settled);
    }
    let columns = options.columns.0.iter().map(|ChosenColumn { name, field }| {
        let position = match field {
            Field::Position(position) => position - 1 + usize::from(known.framed),
            Field::Name(wanted) => match (known.names, inherited(known, settled, name)) {
                (None, Some(position)) => position,
                _ => find(known, wanted)?,
            },
        };
        let fields = known.fields - usize::from(known.framed);
        if position >= fields && !options.ragged {
            return Err(Error::NoSuchField {
                path: known.path.to_owned(),
                line: known.line + 1,
                column: name.clone(),
                position: position + 1 - usize::from(known.framed),
                fields: fields - usize::from(known.framed),
            });
        }
        Ok((name.clone(), position))
    });
    columns.collect()
}

/// Where a column is in an input behind others that has no names of its own: a header is in the first file only of a text
/// that was split.
fn inherited(known: &Known<'_>, settled: Option<&Settled>, name: &str) -> Option<usize> {
    let settled = settled.filter(|settled| settled.fields == known.fields)?;
    let column = settled.names.iter().position(|settled| settled == name)?;
    settled.positions.get(column).copied()
}

fn find(known: &Known<'_>, wanted: &str) -> Result<usize, Error> {
    let path = known.path.to_owned();
    let name = wanted.to_owned();
    let Some(Names { names, .. }) = known.names else {
        return Err(Error::NoHeader { path, line: known.line + 1, name });
    };
    match names::find(names, wanted) {
        Ok(Some(position)) => Ok(position),
        Ok(None) => Err(Error::UnknownField { path, name, known: names.clone() }),
        Err((first, second)) => {
            Err(Error::TwoFields { path, name, first: first + 1, second: second + 1 })
        }
    }
}

/// The columns that are called x, y and z; else the first three, of two the two. An input behind others has the columns that
/// they have.
fn default(known: &Known<'_>, settled: Option<&Settled>) -> Result<Vec<Column>, Error> {
    let path = || known.path.to_owned();
    let named = match known.names.map(|names| names::find_xyz(&names.names)) {
        Some(Err((name, first, second))) => {
            let (name, first, second) = (name.to_owned(), first + 1, second + 1);
            return Err(Error::TwoFields { path: path(), name, first, second });
        }
        Some(Ok(named)) => named,
        None => None,
    };
    let xyz = ["x", "y", "z"].map(str::to_owned);
    let Some(Settled { names, positions, fields, by_name }) = settled else {
        let positions = match named {
            // The third is z as ever, where nothing is called so.
            Some(positions) if positions == [0, 1] && known.numeric.get(2) == Some(&true) => {
                vec![0, 1, 2]
            }
            Some(positions) => positions,
            None if known.usual.len() < 2 => (0..known.fields.min(3)).collect(),
            None => known.usual.iter().copied().take(3).collect(),
        };
        return match positions.len() {
            0 | 1 => Err(Error::OneField { path: path(), line: known.line + 1 }),
            _ => Ok(xyz.into_iter().zip(positions).collect()),
        };
    };
    let line = known.line + 1;
    let positions = match named {
        // Of inputs without names it is not known whether they mean the same.
        Some(named)
            if !positions.is_empty()
                && (named.len() != names.len() || !by_name)
                && named != *positions =>
        {
            return Err(Error::OtherColumns {
                path: path(),
                line: known.names.map_or(line, |names| names.line + 1),
            });
        }
        Some(named) if named.len() >= names.len() => named,
        _ if *fields == known.fields && positions.len() == names.len() => positions.clone(),
        _ if positions.is_empty() => known.usual.clone(),
        _ => {
            return Err(Error::OtherFields {
                path: path(),
                line,
                fields: known.fields,
                before: *fields,
            });
        }
    };
    Ok(names.iter().cloned().zip(positions).collect())
}
