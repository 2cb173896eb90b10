//! The head of an input: which delimiter, which header, which field becomes which column.

use std::io::{self, BufRead};
use std::path::Path;

use crate::Error;
use crate::line::{Layout, WantedField, has_decimal_comma, is_blank_or_comment, split_fields};
use crate::number::parse_field;
use crate::options::{ChosenColumn, Delimiter, Field, Options};
use crate::source::compressed::Format;

/// The longest line that is read, in bytes without its newline. Chunks grow up to it, so it also bounds memory.
pub(crate) const LONGEST_LINE: usize = 4 << 20;

/// What the head of an input says.
#[derive(Debug)]
pub(crate) struct Head {
    /// How its lines are read.
    pub(crate) layout: Layout,
    /// Bytes before the first line of data.
    pub(crate) offset: u64,
    /// Lines before the first line of data.
    pub(crate) lines: u64,
    /// The first line of data with its newline, already taken from the reader.
    pub(crate) first: Vec<u8>,
}

/// Reads an input up to and including its first line of data. `names` are the columns that an earlier input
/// has settled: where none are chosen by the options, this input must have as many.
///
/// Returns `Err(Ok(lines))` when there is no data, with the number of lines there are.
pub(crate) fn read_head(
    path: &Path,
    reader: &mut impl BufRead,
    options: &Options,
    names: Option<&[String]>,
) -> Result<Result<Head, u64>, Error> {
    let comment = options.comment.as_bytes();
    let mut offset = 0;
    let mut lines = 0;
    let mut header: Option<Vec<u8>> = None;
    let mut last_comment: Option<Vec<u8>> = None;
    loop {
        let mut line = Vec::new();
        read_line(reader, &mut line).map_err(|error| match error {
            LineError::Read(source) => Error::read(path, source),
            LineError::TooLong => Error::LineTooLong {
                path: path.to_owned(),
                line: Some(lines + 1),
                limit: LONGEST_LINE,
            },
        })?;
        if line.is_empty() {
            return Ok(Err(lines));
        }
        let length = line.len() as u64;
        let skip = if lines == 0 { check_encoding(path, &line)? } else { 0 };
        let text = line[skip..].trim_ascii_end();
        if text.is_empty() || is_blank_or_comment(text, comment) {
            if !text.is_empty() {
                let content = text.trim_ascii_start();
                let content = content.iter().skip_while(|byte| comment.contains(byte));
                last_comment = Some(content.copied().collect());
            }
        } else if header.is_none() && is_header(text, options) {
            header = Some(text.to_vec());
        } else {
            let delimiter = resolve_delimiter(options.delimiter, text);
            // A byte order mark in front of data is no part of it.
            let first = line.split_off(skip);
            let named = header.or(last_comment);
            let layout = layout(path, options, names, delimiter, named, &first, lines + 1)?;
            return Ok(Ok(Head { layout, offset: offset + skip as u64, lines, first }));
        }
        offset += length;
        lines += 1;
    }
}

/// Looks at the beginning of the first line, which is that of what an archive holds. Returns the length of a byte
/// order mark in front of text.
fn check_encoding(path: &Path, line: &[u8]) -> Result<usize, Error> {
    let binary = |what, remedy| Err(Error::Binary { path: path.to_owned(), what, remedy });
    if Format::of(line).is_some() {
        return binary("compressed twice", "unpack it once, then ingest what comes out");
    }
    let encoding = match line {
        [0xEF, 0xBB, 0xBF, ..] => return Ok(3),
        [0xFF, 0xFE, 0, 0, ..] => "UTF-32LE",
        [0xFF, 0xFE, ..] => "UTF-16LE",
        [0xFE, 0xFF, ..] => "UTF-16BE",
        [b'P', b'K', 3, 4, ..]
            if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("npz")) =>
        {
            return binary("an .npz archive", "save the array by itself: np.save(…, a)");
        }
        [b'P', b'K', 3, 4, ..] => {
            return binary("a zip archive", "pipe it in: unzip -p FILE | … -");
        }
        [b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => {
            return binary("a 7z archive", "pipe it in: 7z x -so FILE | … -");
        }
        [0x5D, 0, 0, ..] => {
            return binary("lzma data", "pipe it in: xz -dc --format=lzma FILE | … -");
        }
        [0x04, 0x22, 0x4D, 0x18, ..] => {
            return binary("lz4 data", "pipe it in: lz4 -dc FILE | … -");
        }
        [0x1F, 0x9D, ..] => {
            return binary("data of compress", "pipe it in: gzip -dc FILE | … -");
        }
        _ if line.get(257..262) == Some(b"ustar") => {
            return binary("a tar archive", "pipe it in: tar -xOf FILE | … -");
        }
        _ => match utf_16(line) {
            Some(encoding) => encoding,
            None if line.contains(&0) => {
                return binary(
                    "binary data",
                    "write it as text, one point a line; rows of numbers are read with --raw f32 --columns-per-row K, \
                     or from what np.save writes",
                );
            }
            None => return Ok(0),
        },
    };
    Err(Error::Encoding { path: path.to_owned(), encoding })
}

/// The encoding of a line where every second byte is zero and all others are those of plain text.
fn utf_16(line: &[u8]) -> Option<&'static str> {
    let every_second = |from: usize, is: fn(&u8) -> bool| line.iter().skip(from).step_by(2).all(is);
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let is_zero = |byte: &u8| *byte == 0;
    match line.len() {
        0 | 1 => None,
        _ if every_second(0, is_text) && every_second(1, is_zero) => Some("UTF-16LE"),
        _ if every_second(0, is_zero) && every_second(1, is_text) => Some("UTF-16BE"),
        _ => None,
    }
}

/// What an input of so many lines, at least one, holds that has no data.
pub(crate) fn only_head(lines: u64) -> String {
    match lines {
        1 => "only a blank, comment or header line".to_owned(),
        lines => format!("only {lines} blank, comment or header lines"),
    }
}

enum LineError {
    Read(io::Error),
    TooLong,
}

/// Appends a line with its newline, if it has one.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> Result<(), LineError> {
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(LineError::Read(error)),
        };
        let newline = memchr::memchr(b'\n', available);
        let used = newline.map_or(available.len(), |at| at + 1);
        line.extend_from_slice(&available[..used]);
        reader.consume(used);
        if line.len() - usize::from(newline.is_some()) > LONGEST_LINE {
            return Err(LineError::TooLong);
        }
        if used == 0 || newline.is_some() {
            return Ok(());
        }
    }
}

/// Whether the first line that is neither blank nor a comment names columns: at least one of the fields that would be
/// read from it is text, and none is a number. Where the line has none of these fields, all others must be text.
fn is_header(line: &[u8], options: &Options) -> bool {
    let fields = split_fields(line, resolve_delimiter(options.delimiter, line));
    let is_number = |field: &[u8]| parse_field::<f64>(field).is_some() || has_decimal_comma(field);
    let names = |fields: &[&[u8]]| {
        fields.iter().any(|field| !unquote(field).is_empty())
            && !fields.iter().any(|field| is_number(field))
    };
    let wanted = |column: &ChosenColumn| match &column.field {
        Field::Position(position) => fields.get(position - 1).copied(),
        Field::Name(name) => fields.iter().copied().find(|field| unquote(field) == name.as_bytes()),
    };
    let chosen: Vec<&[u8]> = match options.columns.0.as_slice() {
        [] => fields.iter().take(3).copied().collect(),
        columns => columns.iter().filter_map(wanted).collect(),
    };
    names(if chosen.is_empty() { &fields } else { &chosen })
}

fn resolve_delimiter(asked: Delimiter, line: &[u8]) -> Delimiter {
    if asked != Delimiter::Auto {
        return asked;
    }
    // Two tabs in a row may be a missing value or a wide gap. Taken for a missing value, a gap makes a column of NaN,
    // which is noticed; taken for a gap, a missing value moves numbers to another column, which is not.
    let tabs = || {
        line.contains(&b'\t')
            && line.split(|&byte| byte == b'\t').all(|field| !field.trim_ascii().contains(&b' '))
    };
    // Semicolons first: where decimals have commas, fields are separated by semicolons.
    if line.contains(&b';') {
        Delimiter::Semicolon
    } else if line.contains(&b',') {
        Delimiter::Comma
    } else if tabs() {
        Delimiter::Tab
    } else {
        Delimiter::Space
    }
}

fn unquote(field: &[u8]) -> &[u8] {
    match field {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => field,
    }
}

fn layout(
    path: &Path,
    options: &Options,
    names: Option<&[String]>,
    delimiter: Delimiter,
    header: Option<Vec<u8>>,
    first: &[u8],
    line: u64,
) -> Result<Layout, Error> {
    let chosen = if options.columns.0.is_empty() {
        default_columns(names, split_fields(first, delimiter).len())
    } else {
        options.columns.0.clone()
    };
    let header: Option<Vec<String>> = header.map(|header| {
        let fields = split_fields(&header, delimiter);
        fields.iter().map(|field| String::from_utf8_lossy(unquote(field)).into_owned()).collect()
    });
    let mut fields = Vec::with_capacity(chosen.len());
    for (column, ChosenColumn { field, .. }) in chosen.iter().enumerate() {
        let position = match (field, &header) {
            (Field::Position(position), _) => position - 1,
            (Field::Name(name), None) => {
                return Err(Error::NoHeader { path: path.to_owned(), line, name: name.clone() });
            }
            (Field::Name(name), Some(known)) => {
                known.iter().position(|field| field == name).ok_or_else(|| Error::UnknownField {
                    path: path.to_owned(),
                    name: name.clone(),
                    known: known.clone(),
                })?
            }
        };
        fields.push(WantedField { position, column });
    }
    fields.sort_by_key(|field| field.position);
    Ok(Layout {
        delimiter,
        fields,
        names: chosen.into_iter().map(|column| column.name).collect(),
        comment: options.comment.as_bytes().to_vec(),
        skip_bad: options.skip_bad,
    })
}

/// The first fields as x, y, z; where the first line has only two, as x, y.
pub(crate) fn default_columns(names: Option<&[String]>, fields: usize) -> Vec<ChosenColumn> {
    let count = names.map_or(fields.clamp(2, 3), <[String]>::len);
    (1..=count)
        .zip(["x", "y", "z"])
        .map(|(position, name)| ChosenColumn {
            name: name.to_owned(),
            field: Field::Position(position),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str, columns: &str) -> Result<Result<Head, u64>, Error> {
        let mut options = Options::default();
        if !columns.is_empty() {
            options.columns = columns.parse().unwrap();
        }
        read_head(Path::new("points.txt"), &mut text.as_bytes(), &options, None)
    }

    fn positions(text: &str, columns: &str) -> Vec<usize> {
        let head = head(text, columns).unwrap().unwrap();
        let mut fields = head.layout.fields;
        fields.sort_by_key(|field| field.column);
        fields.iter().map(|field| field.position).collect()
    }

    #[test]
    fn the_first_line_tells_whether_there_is_a_z() {
        assert_eq!(positions("1 2\n3 4\n", ""), [0, 1]);
        assert_eq!(positions("1 2 3 4\n", ""), [0, 1, 2]);
        assert_eq!(positions("1\n", ""), [0, 1]);
    }

    #[test]
    fn the_delimiter_is_told_from_the_first_line_of_data() {
        for (text, delimiter) in [
            ("a b\n1 2 3\n", Delimiter::Space),
            ("1\t2\t3\n", Delimiter::Tab),
            ("1\t\t2\n", Delimiter::Tab),
            ("1 \t 2 3\n", Delimiter::Space),
            ("x y z\n1,2,3\n", Delimiter::Comma),
            ("1, 2, 3\n", Delimiter::Comma),
            ("1,5;2,5;3,5\n", Delimiter::Semicolon),
        ] {
            assert_eq!(head(text, "").unwrap().unwrap().layout.delimiter, delimiter, "{text:?}");
        }
    }

    #[test]
    fn columns_are_found_by_the_names_in_a_header_or_in_the_last_comment() {
        assert_eq!(positions("id,lon,lat\n7,1,2\n", "x=lon,y=lat"), [1, 2]);
        assert_eq!(positions("\"id\",\"lon\",\"lat\"\n7,1,2\n", "x=lat,y=lon"), [2, 1]);
        assert_eq!(positions("# made today\n# lon lat\n1 2\n", "y=lon,x=lat"), [0, 1]);
        assert_eq!(positions("\u{feff}lon lat\n1 2\n", "x=lon,y=lat"), [0, 1]);
        assert_eq!(positions("2019 lon lat\n7 1 2\n", "x=lon,y=lat"), [1, 2]);
    }

    #[test]
    fn a_name_that_is_not_in_the_header_lists_those_that_are() {
        let error = head("id lon lat\n1 2 3\n", "x=lon,y=latitude").unwrap_err().to_string();
        assert_eq!(
            error,
            "points.txt: no column \"latitude\" in the header, which has id, lon, lat"
        );
        let error = head("1 2 3\n", "x=lon,y=lat").unwrap_err().to_string();
        assert!(error.starts_with("points.txt:1: no header line to find the column \"lon\" in"));
    }

    #[test]
    fn data_begins_after_header_comments_and_blank_lines() {
        let head = head("# c\n\nx y z\n1 2 3\n4 5 6\n", "").unwrap().unwrap();
        assert_eq!((head.offset, head.lines), (11, 3));
        assert_eq!(head.first, b"1 2 3\n");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_number() {
        let head = head("\u{feff}1 2 3\n", "").unwrap().unwrap();
        assert_eq!((head.offset, head.first.as_slice()), (3, b"1 2 3\n".as_slice()));
    }

    #[test]
    fn a_first_row_with_text_in_fields_that_are_not_wanted_is_data() {
        for (text, columns) in [
            ("\"Alpha Centauri A\",1,2\n", "x=2,y=3"),
            (",,1.5,2.5,a,b\n", "x=3,y=4"),
            ("star 1 2\n", "x=2,y=3"),
            ("1,,\n", ""),
        ] {
            assert_eq!(head(text, columns).unwrap().unwrap().lines, 0, "{text:?}");
        }
        for (text, columns) in [
            ("time 1,time 2,v\n1,2,3\n", ""),
            ("Catalogue of stars\n1 2 3 4 5\n", "x=4,y=5"),
            ("x\ty\tz\n1\t\t3\n", ""),
        ] {
            assert_eq!(head(text, columns).unwrap().unwrap().lines, 1, "{text:?}");
        }
    }

    #[test]
    fn a_missing_value_in_the_first_row_is_still_a_field() {
        assert_eq!(positions("x\ty\tz\n1\t\t3\n", ""), [0, 1, 2]);
        assert_eq!(positions("1,2,\n", ""), [0, 1, 2]);
        assert_eq!(positions("1,2,", ""), [0, 1, 2]);
        assert_eq!(positions("1\t2\t\r\n", ""), [0, 1, 2]);
        assert_eq!(positions("1 2 \r\n", ""), [0, 1]);
    }

    #[test]
    fn archives_and_binary_files_are_named_with_their_remedy() {
        for (bytes, what) in [
            (b"PK\x03\x04".as_slice(), "zip"),
            (b"\x1F\x8B\x08\0", "compressed twice"),
            (
                b"\x7FELF\0\0",
                "binary data, not text: write it as text, one point a line; rows of numbers",
            ),
            (b"\x7FELF\0\0", "--raw f32 --columns-per-row K, or from what np.save writes"),
            (b"PK\x03\x04", "pipe it in: unzip -p FILE | … -"),
            (b"7z\xBC\xAF\x27\x1C\0\x04", "a 7z archive, not text: pipe it in: 7z x"),
            (b"\x5D\0\0\x80\0", "lzma data, not text: pipe it in: xz -dc --format=lzma"),
            (b"\x04\x22\x4D\x18", "lz4 data, not text: pipe it in: lz4 -dc"),
            (b"\x1F\x9D\x90", "data of compress, not text: pipe it in: gzip -dc"),
        ] {
            let error = read_head(Path::new("p"), &mut &*bytes, &Options::default(), None);
            let message = error.unwrap_err().to_string();
            assert!(message.starts_with("p: is ") && message.contains(what), "{message}");
        }
    }

    #[test]
    fn numpys_archives_are_told_from_others() {
        let error =
            read_head(Path::new("a.npz"), &mut b"PK\x03\x04".as_slice(), &Options::default(), None);
        assert_eq!(
            error.unwrap_err().to_string(),
            "a.npz: is an .npz archive, not text: save the array by itself: np.save(…, a)"
        );
    }

    #[test]
    fn utf_16_is_told_without_a_byte_order_mark() {
        for (text, encoding) in [
            (b"1\0 \x002\0\n\0".as_slice(), "UTF-16LE"),
            (b"\x001\0 \x002\0\n", "UTF-16BE"),
            (b"\x01\0\x02\0\n\0", "binary data"),
            (b"1\0\0\x002\0\0\0\n", "binary data"),
            (b"\0", "binary data"),
        ] {
            let error = read_head(Path::new("p"), &mut &*text, &Options::default(), None);
            let message = error.unwrap_err().to_string();
            assert!(message.starts_with(&format!("p: is {encoding}")), "{message}");
        }
    }

    #[test]
    fn utf_16_is_named_with_its_remedy() {
        let bytes = [0xFF, 0xFE, b'1', 0, b' ', 0];
        let error = read_head(Path::new("p"), &mut bytes.as_slice(), &Options::default(), None)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "p: is UTF-16LE text; convert it first: iconv -f UTF-16LE -t UTF-8"
        );
    }

    #[test]
    fn a_file_without_data_has_no_head() {
        assert_eq!(head("", "").unwrap().unwrap_err(), 0);
        assert_eq!(head("# only\n\n# comments", "").unwrap().unwrap_err(), 3);
        assert_eq!(head("x y z\n", "").unwrap().unwrap_err(), 1);
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let error = head(&"1".repeat(LONGEST_LINE + 1), "").unwrap_err();
        assert!(error.to_string().contains("is this a text file"), "{error}");
    }
}
