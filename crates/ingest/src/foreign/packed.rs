//! Formats that are no text, told by the bytes they begin with.

mod kinds;

use std::path::Path;

use super::Refusal;
use super::remedy::BY_TRIMESH;
use crate::source::compressed::Format;
use kinds::{Certainty, KINDS};

/// What is looked at where the question is whether something is text.
const SAMPLE: usize = 512;

/// Refuses what is no UTF-8 text.
pub(super) fn check(path: &Path, head: &[u8], whole: bool) -> Result<(), Refusal> {
    if Format::of(head).is_some() {
        let remedy = "unpack it once, then ingest what comes out";
        return Err(Refusal::Binary { what: "compressed twice", remedy });
    }
    for kind in KINDS {
        let marks = kind.marks.iter();
        let marked = marks.clone().all(|(at, mark)| stands(head, *at, mark));
        let ending = kind.endings.is_empty() || kind.endings.iter().any(|end| ends(path, end));
        let certain = match kind.certainty {
            Certainty::Marked => true,
            Certainty::NoText => !is_text(head),
        };
        if marked && ending && certain {
            return Err(Refusal::Binary { what: kind.what, remedy: kind.remedy });
        }
    }
    if is_zlib(head) {
        let remedy = "pipe it in: pigz -dc < FILE | … -";
        return Err(Refusal::Binary { what: "zlib data", remedy });
    }
    if is_binary_stl(head, whole) {
        return Err(Refusal::Binary { what: "a binary STL file", remedy: BY_TRIMESH });
    }
    // HDF5 leaves room for others in front: 512 bytes, or that doubled, however often.
    let blocks = std::iter::successors(Some(512), |at| Some(at * 2));
    let mut blocks = blocks.take_while(|at| *at < head.len());
    if blocks.any(|at| stands(head, at, kinds::HDF5)) {
        return Err(Refusal::Binary { what: "an HDF5 file", remedy: kinds::BY_H5PY });
    }
    check_encoding(head)
}

/// Refuses text in other encodings, and whatever else has zeros in its first line.
fn check_encoding(head: &[u8]) -> Result<(), Refusal> {
    let line = &head[..memchr::memchr(b'\n', head).map_or(head.len(), |newline| newline + 1)];
    let encoding = match head {
        [0xEF, 0xBB, 0xBF, ..] => return Ok(()),
        [0xFF, 0xFE, 0, 0, ..] => "UTF-32LE",
        [0, 0, 0xFE, 0xFF, ..] => "UTF-32BE",
        [0xFF, 0xFE, ..] => "UTF-16LE",
        [0xFE, 0xFF, ..] => "UTF-16BE",
        _ => match wide(line) {
            Some(encoding) => encoding,
            None if line.contains(&0) => {
                let remedy = "write it as text, one point a line; rows of numbers are read with --raw f32 \
                              --columns-per-row K, or from what np.save writes";
                return Err(Refusal::Binary { what: "binary data", remedy });
            }
            None => return Ok(()),
        },
    };
    Err(Refusal::Encoding(encoding))
}

/// The encoding of a line where every second or fourth byte is that of plain text and all others are zero.
fn wide(line: &[u8]) -> Option<&'static str> {
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let one_of = |width: usize, place: usize| {
        let mut bytes = line.iter().enumerate();
        line.len() >= width
            && bytes.all(|(at, &byte)| match at % width == place {
                true => is_text(byte),
                false => byte == 0,
            })
    };
    let encodings =
        [(2, 0, "UTF-16LE"), (2, 1, "UTF-16BE"), (4, 0, "UTF-32LE"), (4, 3, "UTF-32BE")];
    let (.., encoding) = encodings.into_iter().find(|&(width, place, _)| one_of(width, place))?;
    Some(encoding)
}

fn stands(head: &[u8], at: usize, mark: &[u8]) -> bool {
    head.get(at..).is_some_and(|rest| rest.starts_with(mark))
}

fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// Whether bytes may be those of text: without control characters, and in UTF-8 or for the most part in ASCII.
fn is_text(head: &[u8]) -> bool {
    let sample = &head[..head.len().min(SAMPLE)];
    let is_control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t'..=b'\r' | 0x1B);
    let is_utf8 = match std::str::from_utf8(sample) {
        Ok(_) => true,
        // A character that is cut in the middle.
        Err(error) => error.error_len().is_none(),
    };
    let foreign = sample.iter().filter(|byte| !byte.is_ascii()).count();
    !sample.iter().any(is_control) && (is_utf8 || foreign * 4 < sample.len())
}

/// zlib has no mark, but two bytes that make a multiple of 31; `x^` are such.
fn is_zlib(head: &[u8]) -> bool {
    let [method, flags, ..] = *head else { return false };
    let is_deflate = method & 0x0F == 8 && method >> 4 <= 7;
    let needs_dictionary = flags & 0x20 != 0;
    let is_checked = u16::from_be_bytes([method, flags]).is_multiple_of(31);
    is_deflate && is_checked && !needs_dictionary && !is_text(head)
}

/// A binary STL begins with 80 bytes of anything, and then says how many times 50 bytes follow.
fn is_binary_stl(head: &[u8], whole: bool) -> bool {
    let Some((&count, rest)) = head.get(80..).and_then(<[u8]>::split_first_chunk) else {
        return false;
    };
    let follow = u64::from(u32::from_le_bytes(count)) * 50;
    whole && follow > 0 && rest.len() as u64 == follow && !is_text(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, head: &[u8]) -> String {
        match check(Path::new(name), head, false) {
            Err(Refusal::Binary { what, .. } | Refusal::Format { what, .. }) => what.to_owned(),
            Err(Refusal::Encoding(encoding)) => encoding.to_owned(),
            Err(other) => panic!("{other:?}"),
            Ok(()) => String::new(),
        }
    }

    #[test]
    fn binary_formats_are_told_by_how_they_begin() {
        // As written by the programs that the README of fixtures/text names.
        for (name, head, what) in [
            ("a", b"SIMPLE  =                    T / conforms".as_slice(), "a FITS file"),
            ("a", b"\x89HDF\r\n\x1A\n\0\0\0\0\0\x08\x08\0", "an HDF5 file"),
            ("a", b"CDF\x01\0\0\0\0\0\0\0\x0A", "a NetCDF file"),
            ("a", b"CDF\x05\0\0\0\0\0\0\0\x0A", "a NetCDF file"),
            ("a", b"PAR1\x15\x04\x150\x15", "a Parquet file"),
            ("a", b"ARROW1\0\0\xFF\xFF\xFF\xFF\xA0\0", "an Arrow or Feather file"),
            ("a", b"FEA1\0\0\0\0\0\0\0\0", "a Feather file"),
            ("a", b"\xFF\xFF\xFF\xFF\xA0\0\0\0\x10\0\0\0\0\0", "an Arrow stream"),
            ("a", b"Obj\x01\x04\x14avro.codec\x08null", "an Avro file"),
            ("a", b"ORC\x0A\x06\x12\x04\x08\x04\x50\0", "an ORC file"),
            ("a", b"LASF\0\0\0\0\x01\x02BOTHER", "a LAS or LAZ file"),
            ("a", b"ASTM-E57\x01\0\0\0\0\0\0\0", "an E57 file"),
            ("a", b"MATLAB 5.0 MAT-file Platform: posix, Created on", "a MATLAB file"),
            ("a", b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "a MATLAB 7.3 file"),
            ("a", b"\x80\x05\x95\xD6\0\0\0\0\0\0\0\x8C", "a Python pickle"),
            ("a", b"\x80\x02cnumpy._core", "a Python pickle"),
            ("a", b"cnumpy._core.multiarray\n_reconstruct\np0\n", "a Python pickle"),
            ("a", b"(lp0\nF1.0\naF2.0\na.", "a Python pickle"),
            ("a", b"SQLite format 3\0\x10\0\x01\x01", "an SQLite database"),
            ("a", b"\xEF\xC8\x1A\x1C\x3D\x8C\xEB\x4EDUCKC\0\0\0", "a DuckDB database"),
            (
                "a",
                b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0",
                "an old Excel workbook or another OLE file",
            ),
            ("a.xlsx", b"PK\x03\x04\x14\0", "a workbook"),
            ("a.kmz", b"PK\x03\x04\x14\0", "a KMZ file"),
            ("a.NPZ", b"PK\x03\x04\x14\0", "an .npz archive"),
            ("a", b"PK\x03\x04\x14\0", "a zip archive"),
            ("a", b"%PDF-1.7\n%\xE2\xE3", "a PDF file"),
            ("a", b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript file"),
            ("a", b"\x89PNG\r\n\x1A\n\0\0", "a PNG picture"),
            ("a", b"\xFF\xD8\xFF\xE0\0\x10JFIF", "a JPEG picture"),
            ("a", b"II*\0\x08\0\0\0\x10\0", "a TIFF picture"),
            ("a", b"MM\0+\0\x08\0\0", "a TIFF picture"),
            ("a", b"GRIB\0\0\x27\x02\0", "a GRIB file"),
            ("a", b"DSBB\x03\0\x02\0\0\0", "a binary Surfer grid"),
            ("a", b"LZIP\x01\x0C\0\x18", "lzip data"),
            ("a", b"\x89LZO\0\r\n\x1A\n\x10\x40", "lzop data"),
            ("a", b"\xFF\x06\0\0sNaPpY\0\x38", "snappy data"),
            ("a.br", b"\xA1\xB8\x00\xC0\x6F\xA4\x64\x1D\xDB", "brotli data"),
            ("a", b"\x04\x22\x4D\x18\x60\x40", "lz4 data"),
            ("a", b"\x78\x9C\x33\xD0\x33\x50\x30\x80\x50\x5C\x86\x10\x06\x00", "zlib data"),
            ("a", b"\x78\x01\x01\x99\0\x66\xFF0.0 0.0\n", "zlib data"),
            ("a", b"\x1F\x8B\x08\0", "compressed twice"),
            ("a", b"\x7FELF\0\0", "binary data"),
        ] {
            assert_eq!(told(name, head), what, "{name}: {head:?}");
        }
    }

    #[test]
    fn text_that_begins_with_the_letters_of_a_mark_is_text() {
        for (name, text) in [
            ("a", "LZIP size\n1 2\n"),
            ("a", "GRIB x\n1 2\n"),
            ("a", "ORC\n1\n"),
            ("a", "CDF PDF\n1 2\n"),
            ("a", "root x\n1 2\n"),
            ("a", "PAR1 PAR2\n1 2\n"),
            ("a", "x^2 y^2\n1 2\n"),
            ("a", "8\u{11}\n"),
            ("a", "BM\n1\n"),
            ("a.br", "1 2 3\n"),
            ("a.xlsx", "1 2 3\n"),
            ("a", "MATLAB x y\n1 2 3\n"),
            ("a", "SIMPLE x\n1 2\n"),
            ("a", "II* x\n1 2\n"),
            ("a", "(lp x\n1 2\n"),
            ("a", "größe x\n1 2\n"),
        ] {
            let told = told(name, text.as_bytes());
            assert!(told.is_empty() || text.starts_with('8'), "{text:?} is {told}");
        }
        assert_eq!(told("a", b"x^ gr\xF6\xDFe h\xF6he\n1 2 3\n"), "");
    }

    #[test]
    fn an_hdf5_file_may_begin_with_something_else() {
        let mut head = vec![b' '; 1024];
        head.extend_from_slice(kinds::HDF5);
        assert_eq!(told("a", &head), "an HDF5 file");
        head.insert(0, b' ');
        assert_eq!(told("a", &head), "");
    }

    #[test]
    fn a_binary_stl_is_told_by_its_length() {
        let mut head = b"solid made by somebody".to_vec();
        head.resize(80, b' ');
        head.extend_from_slice(&1_u32.to_le_bytes());
        head.extend_from_slice(&[0; 50]);
        let check = |head: &[u8], whole| check(Path::new("a"), head, whole);
        let refused = check(&head, true).unwrap_err();
        assert!(matches!(refused, Refusal::Binary { what: "a binary STL file", .. }));
        head.push(0);
        let refused = check(&head, true).unwrap_err();
        assert!(matches!(refused, Refusal::Binary { what: "binary data", .. }));
    }

    #[test]
    fn wide_encodings_are_told_with_and_without_a_byte_order_mark() {
        let encode = |encoding: &str, text: &str| -> Vec<u8> {
            let units = text.encode_utf16();
            match encoding {
                "UTF-16LE" => units.flat_map(u16::to_le_bytes).collect(),
                "UTF-16BE" => units.flat_map(u16::to_be_bytes).collect(),
                "UTF-32LE" => text.chars().flat_map(|char| u32::from(char).to_le_bytes()).collect(),
                _ => text.chars().flat_map(|char| u32::from(char).to_be_bytes()).collect(),
            }
        };
        for encoding in ["UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"] {
            for text in ["1 2\n3 4\n", "1 2", "\u{feff}größe\n1\n"] {
                assert_eq!(told("a", &encode(encoding, text)), encoding, "{text:?}");
            }
        }
        assert_eq!(told("a", b"\x01\0\x02\0\n\0"), "binary data");
        assert_eq!(told("a", b"\0"), "binary data");
        assert_eq!(told("a", "\u{feff}1 2\n".as_bytes()), "");
    }
}
