//! Texts that a figure carries and that are not shown: how it was made.
//!
//! In an SVG each is a `<metadata>` element with the keyword as its id, in a PDF an entry of the document's
//! information dictionary, which is appended as an incremental update (ISO 32000-1, 7.5.6). Near its end each has a
//! comment, the *seal*: a hash of the whole file but for the digits of the hash.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use pointillist_base::file::open_regular;
use xxhash_rust::xxh3::Xxh3;

use crate::Error;
use crate::svg::escaped;

/// What is read of a file to find a text, at most: it stands before all else in an SVG, and at the end of a PDF.
const TEXT_LIMIT: u64 = 16 << 20;

/// Stands before the hash in the comment.
const SEAL: &[u8] = b"pt-seal ";
/// Digits of the hash.
const DIGITS: u64 = 16;
/// What follows the digits is shorter than this.
const LONGEST_END: u64 = 128;

const SVG_END: &str = "</svg>\n";
const PDF_END: &str = "%%EOF\n";

/// The end of an SVG, with the comment of its seal.
pub(crate) fn svg_end() -> String {
    format!("<!-- {} -->\n{SVG_END}", unsealed())
}

fn unsealed() -> String {
    let seal = String::from_utf8_lossy(SEAL);
    format!("{seal}{:0>digits$}", "", digits = DIGITS as usize)
}

/// Where in a document the digits of its seal are, and what they must be.
pub(crate) fn seal(document: &[u8]) -> Option<(Range<usize>, String)> {
    let at = find_last(document, SEAL)? + SEAL.len();
    let behind = at + DIGITS as usize;
    let mut hash = Xxh3::new();
    hash.update(document.get(..at)?);
    hash.update(document.get(behind..)?);
    Some((at..behind, digits(&hash)))
}

fn digits(hash: &Xxh3) -> String {
    format!("{:016x}", hash.digest())
}

/// Elements with these texts.
pub(crate) fn in_svg(texts: &[(String, String)]) -> String {
    let element = |(keyword, text): &(String, String)| {
        format!("<metadata id=\"{}\">{}</metadata>\n", name(keyword), escaped(text))
    };
    texts.iter().map(element).collect()
}

/// Appends these texts to a PDF with one table of references, as `pdf-writer` makes it.
pub(crate) fn append_to_pdf(pdf: &mut Vec<u8>, texts: &[(String, String)]) {
    // What is said of the first table must be said again of the second.
    let trailer =
        find_last(pdf, b"trailer").map(|at| String::from_utf8_lossy(&pdf[at..]).into_owned());
    let number_behind = |key: &str| -> Option<usize> {
        let text = trailer.as_ref()?;
        let text = &text[text.rfind(key)? + key.len()..];
        let digits = text.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    let (Some(size), Some(root), Some(previous)) =
        (number_behind("/Size"), number_behind("/Root"), number_behind("startxref"))
    else {
        return;
    };
    if !pdf.ends_with(b"\n") {
        pdf.push(b'\n');
    }
    let at = pdf.len();
    pdf.extend(format!("{size} 0 obj\n<<").bytes());
    for (keyword, text) in texts {
        pdf.extend(format!(" /{} (", name(keyword)).bytes());
        for byte in text.bytes() {
            match byte {
                b'(' | b')' | b'\\' => pdf.extend([b'\\', byte]),
                // Readers may take one end of a line for another.
                b'\r' => pdf.extend(b"\\r"),
                b'\n' => pdf.extend(b"\\n"),
                _ => pdf.push(byte),
            }
        }
        pdf.push(b')');
    }
    pdf.extend(b" >>\nendobj\n");
    let table = pdf.len();
    let update = format!(
        "xref\n0 1\n0000000000 65535 f \n{size} 1\n{at:010} 00000 n \ntrailer\n<< /Size {} /Root {root} 0 R /Info {size} 0 R /Prev {previous} >>\n\
         %{}\nstartxref\n{table}\n{PDF_END}",
        size + 1,
        unsealed()
    );
    pdf.extend(update.bytes());
    if let Some((place, digits)) = seal(pdf) {
        pdf[place].copy_from_slice(digits.as_bytes());
    }
}

/// A keyword as a name: what is no letter or digit is left out.
fn name(keyword: &str) -> String {
    keyword.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The text that stands under a keyword in an SVG or a PDF that [`Figure`](crate::Figure) made; `None` if there is
/// none, or if the file is something else. All of the file is read and compared with its hash; texts are looked for in
/// 16 MiB of it.
///
/// # Errors
/// [`Error::Read`] if the file cannot be read, [`Error::Damaged`] if it has the text and is not what was written.
pub fn read_text(path: &Path, keyword: &str) -> Result<Option<String>, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let Some(mut file) = open_regular(path).map_err(read)? else { return Ok(None) };
    let len = file.metadata().map_err(read)?.len();
    let text = find_text(&mut file, len, keyword, TEXT_LIMIT).map_err(read)?;
    if text.is_some() && !is_sealed(&mut file, len).map_err(read)? {
        return Err(Error::Damaged { path: path.to_owned() });
    }
    Ok(text)
}

fn find_text(file: &mut File, len: u64, keyword: &str, limit: u64) -> io::Result<Option<String>> {
    let mut part = |from: u64| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        (&mut *file).take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let begin = part(0)?;
    Ok(if begin.starts_with(b"<svg") {
        from_svg(&begin, keyword)
    } else if begin.starts_with(b"%PDF-") {
        from_pdf(&part(len.saturating_sub(limit))?, keyword)
    } else {
        None
    })
}

/// Whether a file of this length is what it was when it was sealed.
fn is_sealed(file: &mut File, len: u64) -> io::Result<bool> {
    const PIECE: u64 = 256 << 10;
    let from = len.saturating_sub(LONGEST_END + SEAL.len() as u64 + DIGITS);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    (&mut *file).take(len - from).read_to_end(&mut end)?;
    let Some(at) = find_last(&end, SEAL).map(|at| at + SEAL.len()) else { return Ok(false) };
    let Some(expected) = end.get(at..at + DIGITS as usize) else { return Ok(false) };
    if ![SVG_END, PDF_END].iter().any(|last| end.ends_with(last.as_bytes())) {
        return Ok(false);
    }
    let mut hash = Xxh3::new();
    let mut piece = Vec::new();
    file.rewind()?;
    let mut left = from + at as u64;
    while left > 0 {
        piece.clear();
        let count = (&mut *file).take(left.min(PIECE)).read_to_end(&mut piece)?;
        if count == 0 {
            return Ok(false);
        }
        hash.update(&piece);
        left -= count as u64;
    }
    hash.update(&end[at + DIGITS as usize..]);
    Ok(expected == digits(&hash).as_bytes())
}

fn from_svg(begin: &[u8], keyword: &str) -> Option<String> {
    let tag = format!("<metadata id=\"{}\">", name(keyword));
    let text = &begin[find(begin, tag.as_bytes())? + tag.len()..];
    let text = std::str::from_utf8(&text[..find(text, b"<")?]).ok()?;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn from_pdf(end: &[u8], keyword: &str) -> Option<String> {
    let tag = format!(" /{} (", name(keyword));
    let mut bytes = end[find_last(end, tag.as_bytes())? + tag.len()..].iter().copied();
    let mut text = Vec::new();
    loop {
        match bytes.next()? {
            b')' => return String::from_utf8(text).ok(),
            b'\\' => text.push(match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                byte => byte,
            }),
            byte => text.push(byte),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn find_last(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> [(String, String); 2] {
        [
            ("Software".to_owned(), "pointillist".to_owned()),
            ("record".to_owned(), "{\"a\":\"<\\n&lt;)(\\\\\n\r µ\"}".to_owned()),
        ]
    }

    /// An SVG and a PDF.
    fn documents() -> [Vec<u8>; 2] {
        let mut svg = format!("<svg>\n{}{}", in_svg(&texts()), svg_end());
        let (place, digits) = seal(svg.as_bytes()).unwrap();
        svg.replace_range(place, &digits);
        let mut pdf =
            b"%PDF-1.7\ntrailer\n<<\n  /Size 3\n  /Root 1 0 R\n>>\nstartxref\n9\n%%EOF".to_vec();
        append_to_pdf(&mut pdf, &texts());
        [svg.into_bytes(), pdf]
    }

    #[test]
    fn texts_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figure");
        for bytes in documents() {
            std::fs::write(&path, &bytes).unwrap();
            for (keyword, text) in &texts() {
                assert_eq!(read_text(&path, keyword).unwrap().as_ref(), Some(text));
            }
            assert_eq!(read_text(&path, "none").unwrap(), None);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(read_text(&path, "record").is_err());
    }

    #[test]
    fn a_figure_of_which_a_byte_is_changed_missing_or_added_is_no_figure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figure");
        let is_read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            match read_text(&path, "record") {
                Ok(text) => text.is_some(),
                Err(error) => {
                    assert!(matches!(error, Error::Damaged { .. }), "{error}");
                    false
                }
            }
        };
        for whole in documents() {
            assert!(is_read(&whole));
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= [0x01, 0x80, 0xff][at % 3];
                assert!(!is_read(&bytes), "byte {at} changed");
                assert!(!is_read(&whole[..at]), "cut off at byte {at}");
            }
            assert!(!is_read(&[&whole[..], b"\n"].concat()));
            assert!(!is_read(&[&whole[..], SVG_END.as_bytes()].concat()));
        }
    }

    #[test]
    fn texts_are_looked_for_up_to_a_limit() {
        for document in documents() {
            let mut file = tempfile::tempfile().unwrap();
            io::Write::write_all(&mut file, &document).unwrap();
            let len = document.len() as u64;
            let found = |file: &mut File, limit| find_text(file, len, "record", limit).unwrap();
            assert_eq!(found(&mut file, len).as_ref(), Some(&texts()[1].1));
            assert_eq!(found(&mut file, 40), None);
        }
    }
}
