//! Whether inputs are read alike in two ways to ask for it.

use std::path::PathBuf;
use std::sync::Arc;

use pointillist_base::Dtype;

use super::numbers::Reading;
use super::{Body, Input, Opened, dtype, open};
use crate::array::{Strip, Table};
use crate::foreign::After;
use crate::layout::Layout;
use crate::options::Options;

/// What options come to, of one input: all that its rows depend on, beside the input itself and the type of the columns.
#[derive(PartialEq)]
enum Manner {
    Text {
        layout: Option<Layout>,
        /// Bytes and lines before the first row.
        before: (u64, u64),
        after: Option<After>,
    },
    Array {
        table: Table,
        offset: u64,
        columns: Option<(Vec<String>, Arc<[Strip]>)>,
    },
}

impl Manner {
    /// Of an input whose head has been read; `None` where that is still to come.
    fn of(opened: Opened) -> Option<Self> {
        let offset = match opened.body {
            Body::File { offset, .. } => offset,
            Body::Stream { text, carry, .. } => text - carry.len() as u64,
            Body::Array(array) => {
                let columns = array.reading.map(|Reading { names, strips, .. }| (names, strips));
                return Some(Self::Array { table: array.table, offset: array.offset, columns });
            }
            Body::Waiting(_) => return None,
        };
        // Told by what was skipped: see below.
        let layout =
            opened.layout.map(|layout| Layout { skip_bad: false, ..Arc::unwrap_or_clone(layout) });
        let after = opened.facts.and_then(|facts| facts.after);
        Some(Self::Text { layout, before: (offset, opened.lines), after })
    }
}

/// Whether files are read alike with one set of options and with another: their heads are all that options are applied to, so
/// rows are the same where these lead to the same columns of the same fields from the same line on, in the same type. Where
/// anything is in doubt, they are not alike. Whether malformed lines are skipped is not compared, since it makes no
/// difference to a text that has none.
///
/// Reads the heads of all files twice, and nothing else.
pub fn are_read_alike(files: &[PathBuf], one: &Options, other: &Options) -> bool {
    let read = |options: &Options| -> Option<(Dtype, Vec<Manner>)> {
        options.validate().ok()?;
        let opened = open(files.iter().cloned().map(Input::Path).collect(), options).ok()?;
        let dtype = dtype(&opened, options);
        Some((dtype, opened.into_iter().map(Manner::of).collect::<Option<_>>()?))
    };
    read(one).is_some_and(|first| read(other).as_ref() == Some(&first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Delimiter, Precision};

    fn options(columns: &str) -> Options {
        let columns = match columns {
            "" => Default::default(),
            columns => columns.parse().unwrap(),
        };
        Options { columns, ..Options::default() }
    }

    #[test]
    fn options_are_alike_where_they_lead_to_the_same_fields_from_the_same_line_on() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let named = write("named.csv", b"id,X,Y\n1,2,3\n4,5,6\n");
        let other = write("other.csv", b"X,Y,id\n1,2,3\n4,5,6\n");
        let plain = write("plain.txt", b"1 2 3\n4 5 6\n");
        let large = write("large.txt", b"1600000000 2 3\n1600000001 5 6\n");
        let auto = options("");
        let alike = |files: &[&PathBuf], other: &Options| {
            let files: Vec<PathBuf> = files.iter().copied().cloned().collect();
            let [one, two] = [(&auto, other), (other, &auto)]
                .map(|(one, other)| are_read_alike(&files, one, other));
            assert_eq!(one, two);
            one
        };
        assert!(alike(&[&named], &options("x=X,y=3")));
        assert!(!alike(&[&named], &options("x=1,y=2")));
        assert!(!alike(&[&named], &options("y=3,x=2")));
        // Each file has its own names, and one set of positions fits all only where these are the same.
        assert!(alike(&[&named, &other], &options("x=X,y=Y")));
        assert!(!alike(&[&named, &other], &options("x=2,y=3")));
        assert!(alike(&[&plain, &plain], &options("x=1,y=2,z=3")));
        for (dtype, of_plain) in [(Precision::F32, true), (Precision::F64, false)] {
            let typed = Options { dtype, ..options("") };
            assert_eq!(alike(&[&plain], &typed), of_plain);
            assert_eq!(alike(&[&large], &typed), !of_plain);
        }
        let skipping = Options { skip_bad: true, ..options("") };
        let blanks = Options { delimiter: Delimiter::Blanks, ..options("") };
        assert!(alike(&[&plain], &skipping) && alike(&[&plain], &blanks));
        let known = Options { missing: vec!["NaN".to_owned(), "na".to_owned()], ..options("") };
        let unknown = Options { missing: vec!["-99".to_owned()], ..options("") };
        assert!(alike(&[&plain], &known) && !alike(&[&plain], &unknown));
        for differs in [
            Options { skip_rows: 1, ..options("") },
            Options { ragged: true, ..options("") },
            Options { comment: Some("#".to_owned()), ..options("") },
            Options { decimal_comma: true, ..options("") },
        ] {
            assert!(!alike(&[&plain], &differs), "{differs:?}");
        }
        // What cannot be read is not alike, however it is asked for.
        let none = folder.path().join("none.txt");
        assert!(!alike(&[&none], &skipping) && !alike(&[&plain], &options("x=1,y=9")));
    }

    #[test]
    fn so_are_those_of_arrays_and_of_compressed_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.npy");
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        file.extend(format!("{header:117}\n").as_bytes());
        file.extend([0; 24]);
        std::fs::write(&path, file).unwrap();
        let packed = folder.path().join("rows.gz");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, b"1 2 3\n4 5 6\n").unwrap();
        std::fs::write(&packed, encoder.finish().unwrap()).unwrap();
        for file in [path, packed] {
            let alike = |columns| {
                are_read_alike(std::slice::from_ref(&file), &options(""), &options(columns))
            };
            assert!(alike("x=1,y=2,z=3"));
            assert!(!alike("x=1,y=2") && !alike("x=1,y=3,z=2") && !alike("x=1,y=2,w=3"));
        }
    }
}
