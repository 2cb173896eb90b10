//! Texts that a figure carries and that are not shown: how it was made.
//!
//! In an SVG each is a `<metadata>` element with the keyword as its id, in a PDF an entry of the document's
//! information dictionary, which is appended as an incremental update (ISO 32000-1, 7.5.6).

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::Error;
use crate::svg::escaped;

/// What is read of a file to find a text, at most: it stands before all else in an SVG, and at the end of a PDF.
const TEXT_LIMIT: u64 = 1 << 20;

const SVG_END: &[u8] = b"</svg>\n";
const PDF_END: &[u8] = b"%%EOF\n";

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
         startxref\n{table}\n",
        size + 1
    );
    pdf.extend(update.bytes());
    pdf.extend(PDF_END);
}

/// A keyword as a name: what is no letter or digit is left out.
fn name(keyword: &str) -> String {
    keyword.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The text that stands under a keyword in an SVG or a PDF that [`Figure`](crate::Figure) made; `None` if there is
/// none, if the file is something else, or if it is not complete.
///
/// # Errors
/// [`Error::Read`] if the file cannot be read.
pub fn read_text(path: &Path, keyword: &str) -> Result<Option<String>, Error> {
    read(path, keyword).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn read(path: &Path, keyword: &str) -> std::io::Result<Option<String>> {
    let mut file = std::fs::File::open(path)?;
    let len = file.metadata()?.len();
    let mut part = |from: u64| -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        (&mut file).take(TEXT_LIMIT).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let (begin, end) = (part(0)?, part(len.saturating_sub(TEXT_LIMIT))?);
    let text = if begin.starts_with(b"<svg") && end.ends_with(SVG_END) {
        from_svg(&String::from_utf8_lossy(&begin), keyword)
    } else if begin.starts_with(b"%PDF-") && end.ends_with(PDF_END) {
        from_pdf(&end, keyword)
    } else {
        None
    };
    Ok(text)
}

fn from_svg(document: &str, keyword: &str) -> Option<String> {
    let tag = format!("<metadata id=\"{}\">", name(keyword));
    let text = &document[document.find(&tag)? + tag.len()..];
    let text = &text[..text.find('<')?];
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

fn find_last(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        let texts = [
            ("Software".to_owned(), "pointillist".to_owned()),
            ("record".to_owned(), "{\"a\":\"<\\n&lt;)(\\\\\n\r µ\"}".to_owned()),
        ];
        let svg = format!("<svg>\n{}</svg>\n", in_svg(&texts));
        let mut pdf =
            b"%PDF-1.7\ntrailer\n<<\n  /Size 3\n  /Root 1 0 R\n>>\nstartxref\n9\n%%EOF".to_vec();
        append_to_pdf(&mut pdf, &texts);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figure");
        for bytes in [svg.as_bytes(), &pdf] {
            std::fs::write(&path, bytes).unwrap();
            for (keyword, text) in &texts {
                assert_eq!(read_text(&path, keyword).unwrap().as_ref(), Some(text));
            }
            assert_eq!(read_text(&path, "none").unwrap(), None);
            std::fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
            assert_eq!(read_text(&path, "record").unwrap(), None);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(read_text(&path, "record").is_err());
    }
}
