//! Arrays: input that needs no parsing. What a `.npy` file, or rows of raw numbers, hold becomes columns by moving the
//! numbers to their places, and rounding them once where the column's type is another.

pub(crate) mod element;
pub(crate) mod header;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::head::names::find_xyz;
use crate::limits::{LONGEST_LINE, MOST_FIELDS};
use crate::options::{ChosenColumn, Field, Options, Raw};
use element::Element;
use header::{Fields, Header, Start, Type};

/// Rows of numbers, or one column of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// What a row holds, without the gaps between.
    fields: Vec<TableField>,
    /// Bytes of a row.
    pub(crate) stride: usize,
    /// `None` where they go on to the end of a stream.
    pub(crate) rows: Option<u64>,
    /// Whether all of the first column comes before the second.
    fortran: bool,
    /// Whether it is one-dimensional: a column that makes rows only with others.
    pub(crate) is_column: bool,
    /// The shape as Python writes it.
    shape: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TableField {
    name: Option<String>,
    kind: Type,
    /// Where in a row it begins.
    at: usize,
}

/// Numbers that lie in a file or stream one after another, each so many bytes from the next: some of them become
/// columns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Strip {
    /// Index of the input.
    pub(crate) source: usize,
    pub(crate) path: PathBuf,
    /// Where in the file the first row is.
    pub(crate) offset: u64,
    /// Bytes from a row to the next.
    pub(crate) stride: usize,
    pub(crate) wanted: Vec<Wanted>,
}

impl Strip {
    /// Where in the file a row is.
    pub(crate) fn byte(&self, row: u64) -> u64 {
        self.offset + row * self.stride as u64
    }
}

/// A number of a row that becomes a column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Where in the row it is.
    pub(crate) at: usize,
    pub(crate) element: Element,
    /// Index of the column.
    pub(crate) column: usize,
}

fn problem(path: &Path, problem: impl Into<String>) -> Error {
    Error::Array { path: path.to_owned(), problem: problem.into() }
}

/// A number of things, which are called `one` where there is one.
fn counted(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Reads the header of a `.npy` file or stream. Returns also how long it is, in bytes.
pub(crate) fn read_header(path: &Path, reader: &mut dyn Read) -> Result<(Table, u64), Error> {
    let mut bytes = Vec::new();
    loop {
        match header::start(&bytes).map_err(|what| problem(path, what))? {
            Start::Dictionary(range, version) => {
                let end = range.end as u64;
                let table = header::parse(&bytes[range], version).and_then(Table::new);
                return Ok((table.map_err(|what| problem(path, what))?, end));
            }
            Start::More(length) => {
                let missing = length - bytes.len();
                let read = |source: io::Error| Error::read(path, source);
                let count = reader.take(missing as u64).read_to_end(&mut bytes).map_err(read)?;
                if count < missing {
                    return Err(problem(path, "is cut short: it ends in its header"));
                }
            }
        }
    }
}

impl Table {
    /// `Err` says why the array cannot be read.
    fn new(header: Header) -> Result<Self, String> {
        let Header { fields, fortran, shape } = header;
        let lengths: Vec<String> = shape.iter().map(u64::to_string).collect();
        let text = match lengths.as_slice() {
            [one] => format!("({one},)"),
            all => format!("({})", all.join(", ")),
        };
        if let Fields::One(kind) = &fields
            && kind.element.is_none()
        {
            return Err(format!(
                "has numbers of type {:?}; read are floats of 2 to 8 bytes and whole numbers of 1 to 8: \
                 a.astype(np.float64)",
                kind.name
            ));
        }
        let is_one = matches!(fields, Fields::One(_));
        let types: Vec<(Option<String>, Type)> = match (fields, shape.as_slice()) {
            (Fields::One(kind), [_]) => vec![(None, kind)],
            (Fields::One(kind), &[rows, count]) if count > MOST_FIELDS as u64 => {
                let name = kind.name;
                return Err(format!(
                    "has shape {text}: {rows} rows of {count} {name}; where these are columns, save the transpose: \
                     np.save(…, a.T)"
                ));
            }
            (Fields::One(kind), &[_, count]) => (0..count).map(|_| (None, kind.clone())).collect(),
            (Fields::Named(fields), [_]) => {
                fields.into_iter().map(|(name, kind)| (Some(name), kind)).collect()
            }
            _ => {
                return Err(format!(
                    "has shape {text}; arrays of points have rows of two numbers or more, or are one column each: \
                     np.save(…, a.reshape(-1, 3))"
                ));
            }
        };
        let mut stride = 0_u64;
        let mut fields = Vec::with_capacity(types.len());
        for (name, kind) in types {
            let at = stride;
            let is_padding = name.as_deref() == Some("") && kind.is_void();
            stride = stride
                .checked_add(kind.bytes)
                .filter(|&sum| sum <= LONGEST_LINE as u64)
                .ok_or(format!(
                    "has rows of more than {LONGEST_LINE} bytes, which rows of points do not"
                ))?;
            if !is_padding {
                fields.push(TableField { name, kind, at: at as usize });
            }
        }
        if fields.is_empty() || stride == 0 {
            return Err(format!("has shape {text}, and its rows hold nothing"));
        }
        let rows = shape[0];
        if rows.checked_mul(stride).is_none_or(|bytes| bytes > i64::MAX as u64) {
            return Err(format!("is damaged: no array has shape {text}"));
        }
        let is_column = is_one && shape.len() == 1;
        // An order is of interest only where there are both rows and columns.
        let fortran = fortran && shape.len() == 2;
        Ok(Self {
            fields,
            stride: stride as usize,
            rows: Some(rows),
            fortran,
            is_column,
            shape: text,
        })
    }

    /// Rows of raw numbers.
    pub(crate) fn raw(raw: Raw, rows: Option<u64>) -> Self {
        let element = Element::of(raw.dtype);
        let kind =
            Type { name: raw.dtype.to_string(), bytes: raw.dtype.size(), element: Some(element) };
        let fields = (0..raw.columns)
            .map(|index| TableField { name: None, kind: kind.clone(), at: index * element.size() })
            .collect();
        let is_column = raw.columns == 1;
        let stride = raw.columns * element.size();
        Self { fields, stride, rows, fortran: false, is_column, shape: String::new() }
    }

    /// All bytes of the array, where its rows are known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        Some(self.rows? * self.stride as u64)
    }

    /// Checks the bytes that a file has for the array, or those that a stream had until its end.
    pub(crate) fn check_bytes(&self, path: &Path, bytes: u64) -> Result<(), Error> {
        let stride = self.stride as u64;
        let numbers = self.fields.first().map_or("", |field| field.kind.name.as_str());
        match self.bytes() {
            _ if self.shape.is_empty() && bytes.is_multiple_of(stride) => Ok(()),
            _ if self.shape.is_empty() => Err(problem(
                path,
                format!(
                    "is {} long, which is {} of {} {numbers} and {} more: is it of another type, or are there other \
                     numbers to a row?",
                    counted(bytes, "byte"),
                    counted(bytes / stride, "row"),
                    self.fields.len(),
                    counted(bytes % stride, "byte"),
                ),
            )),
            Some(expected) if bytes < expected => Err(problem(
                path,
                format!(
                    "is cut short: its shape {} takes {}, and there {} {bytes}; copy or save it again",
                    self.shape,
                    counted(expected, "byte"),
                    if bytes == 1 { "is" } else { "are" },
                ),
            )),
            Some(expected) if bytes > expected => Err(problem(
                path,
                format!(
                    "goes on after its last row: its shape {} takes {}, and there are more; save one array a file",
                    self.shape,
                    counted(expected, "byte"),
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Checks that nothing is needed which a stream does not have.
    pub(crate) fn check_stream(&self, path: &Path) -> Result<(), Error> {
        if self.is_column && self.rows.is_none() {
            return Err(problem(
                path,
                "is a column of unknown length; columns of raw numbers can be read only from files that are not \
                 compressed",
            ));
        }
        if self.fortran {
            return Err(problem(
                path,
                "is in Fortran order, which can be read only from a file that is not compressed; unpack it, or save it \
                 row by row: np.save(…, np.ascontiguousarray(a))",
            ));
        }
        Ok(())
    }

    /// Which numbers of a row become which columns: the columns' names, and what is to be read, of a file whose
    /// numbers begin at `offset`. `names` are the columns that earlier inputs have settled.
    pub(crate) fn select(
        &self,
        path: &Path,
        source: usize,
        offset: u64,
        options: &Options,
        names: Option<&[String]>,
    ) -> Result<(Vec<String>, Vec<Strip>), Error> {
        let chosen = match options.columns.0.as_slice() {
            [] => self.default_columns(names),
            columns => columns.to_vec(),
        };
        let strip = |offset, stride, wanted| Strip {
            source,
            path: path.to_owned(),
            offset,
            stride,
            wanted,
        };
        let mut strips = Vec::new();
        let mut rows = Vec::new();
        for (column, ChosenColumn { name, field }) in chosen.iter().enumerate() {
            let field = &self.fields[self.find(path, name, field)?];
            let element = field.element(path)?;
            if self.fortran {
                // All columns before this one, each as long as this one.
                let before = self.rows.unwrap_or(0) * field.at as u64;
                let wanted = vec![Wanted { at: 0, element, column }];
                strips.push(strip(offset + before, element.size(), wanted));
            } else {
                rows.push(Wanted { at: field.at, element, column });
            }
        }
        if !self.fortran {
            strips.push(strip(offset, self.stride, rows));
        }
        Ok((chosen.into_iter().map(|column| column.name).collect(), strips))
    }

    /// The fields that are called x, y and z, in any case; else the first as x, y, z, or as many as `names` says; of two,
    /// as x, y.
    fn default_columns(&self, names: Option<&[String]>) -> Vec<ChosenColumn> {
        let known: Vec<&str> =
            self.fields.iter().map(|field| field.name.as_deref().unwrap_or_default()).collect();
        let most = names.map_or(3, <[String]>::len);
        match find_xyz(&known).unwrap_or_default() {
            Some(positions)
                if positions.len() >= most.min(self.fields.len()) || positions[..2] != [0, 1] =>
            {
                let column = |(name, position): (&str, usize)| ChosenColumn {
                    name: name.to_owned(),
                    field: Field::Position(position + 1),
                };
                ["x", "y", "z"].into_iter().zip(positions).take(most).map(column).collect()
            }
            _ => first_columns(names.map_or(self.fields.len(), <[String]>::len)),
        }
    }

    /// The index of the field that becomes the column `name`.
    fn find(&self, path: &Path, name: &str, field: &Field) -> Result<usize, Error> {
        let count = self.fields.len();
        let known: Vec<&String> =
            self.fields.iter().filter_map(|field| field.name.as_ref()).collect();
        match field {
            Field::Position(position) if *position <= count => Ok(position - 1),
            Field::Position(position) => Err(problem(
                path,
                format!(
                    "has rows of {}, and column {name} is to be number {position}",
                    counted(count as u64, "number")
                ),
            )),
            Field::Name(field) if known.is_empty() => Err(problem(
                path,
                format!(
                    "has no names to find the column {field:?} by; choose columns by position: --columns x=1,y=2"
                ),
            )),
            Field::Name(field) => {
                let found = self.fields.iter().position(|known| known.name.as_ref() == Some(field));
                found.ok_or_else(|| {
                    let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
                    let known = known.join(", ");
                    problem(path, format!("no column {field:?}: the array has fields {known}"))
                })
            }
        }
    }
}

impl TableField {
    fn element(&self, path: &Path) -> Result<Element, Error> {
        // What has no names is all of one type, which has been looked at.
        let name = self.name.as_deref().unwrap_or_default();
        self.kind.element.ok_or_else(|| {
            problem(
                path,
                format!(
                    "field {name:?} is of type {:?}, and read are floats of 2 to 8 bytes and whole numbers of 1 to 8; \
                     choose other columns with --columns",
                    self.kind.name
                ),
            )
        })
    }
}

/// The first fields of so many as x, y, z; of two, as x, y.
fn first_columns(fields: usize) -> Vec<ChosenColumn> {
    (1..=fields.clamp(2, 3))
        .zip(["x", "y", "z"])
        .map(|(position, name)| ChosenColumn {
            name: name.to_owned(),
            field: Field::Position(position),
        })
        .collect()
}

/// Columns that lie in an input each: the columns' names, and what is to be read. `inputs` are name, table and where the
/// numbers begin.
pub(crate) fn join(
    inputs: &[(&Path, &Table, u64)],
    options: &Options,
) -> Result<(Vec<String>, Vec<Strip>), Error> {
    let Some(((first, one, _), others)) = inputs.split_first() else {
        return Ok((Vec::new(), Vec::new()));
    };
    for (path, table, _) in others {
        if table.rows != one.rows {
            let (many, few) = (table.rows.unwrap_or(0), one.rows.unwrap_or(0));
            let first = first.display();
            return Err(problem(
                path,
                format!(
                    "has {}, and {first} has {few}: columns must be of equal length",
                    counted(many, "number")
                ),
            ));
        }
    }
    let chosen = match options.columns.0.as_slice() {
        [] if inputs.len() == 1 => {
            return Err(problem(
                first,
                "is one column alone; give an array for each: x.npy y.npy, and perhaps z.npy",
            ));
        }
        [] if inputs.len() > 3 => {
            return Err(Error::Options(format!(
                "{} arrays of one column each: say which is which, --columns x=1,y=2,z=3,w=4",
                inputs.len()
            )));
        }
        [] => first_columns(inputs.len()),
        columns => columns.to_vec(),
    };
    let mut strips = Vec::new();
    for (column, ChosenColumn { name, field }) in chosen.iter().enumerate() {
        let source = match field {
            Field::Position(position) if *position <= inputs.len() => position - 1,
            Field::Position(position) => {
                return Err(Error::Options(format!(
                    "column {name} is to be input {position}, and there are {}",
                    inputs.len()
                )));
            }
            Field::Name(field) => {
                let stems: Vec<String> = inputs.iter().map(|(path, ..)| stem(path)).collect();
                let mut found = (0..stems.len()).filter(|&index| stems[index] == *field);
                match (found.next(), found.next()) {
                    (Some(source), None) => source,
                    (Some(_), Some(_)) => {
                        return Err(Error::Options(format!(
                            "two inputs are named {field}: choose them by position, --columns x=1,y=2"
                        )));
                    }
                    _ => {
                        return Err(Error::Options(format!(
                            "no input is named {field}: there are {}",
                            stems.join(", ")
                        )));
                    }
                }
            }
        };
        let (path, table, offset) = inputs[source];
        let element = table.fields[0].element(path)?;
        let wanted = vec![Wanted { at: 0, element, column }];
        strips.push(Strip { source, path: path.to_owned(), offset, stride: table.stride, wanted });
    }
    Ok((chosen.into_iter().map(|column| column.name).collect(), strips))
}

/// The name of a file without what tells its format.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let packed = [".gz", ".zst", ".bz2", ".xz"];
    let name = packed.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
