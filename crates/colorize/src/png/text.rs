//! Reads back the texts of a PNG.
//!
//! A PNG is a row of chunks: length, name, content, and a checksum of the latter two. All checksums are compared, and the
//! seal behind the pixels with all before it, so that what is read of a picture holds for all of it; nothing is unpacked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use pointillist_base::file::open_regular;
use xxhash_rust::xxh3::Xxh3;

use super::seal;
use crate::Error;

const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";

/// The longest text that is read, in bytes. What is recorded of a picture is a few kilobytes, and a color table.
const LONGEST_TEXT: u64 = 16 << 20;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// The text that stands under a keyword in a PNG; `None` if there is none. All of the file is read and compared with its
/// checksums, in constant memory, and nothing may follow it.
///
/// Texts of more than 16 MiB are passed over, and so are compressed ones, which [`write_png`](super::write_png) does not
/// write.
///
/// # Errors
/// [`Error::Read`] if the file cannot be read, [`Error::NotPng`] if it is none, and [`Error::Damaged`] if it is not
/// what was written.
pub fn read_text(path: &Path, keyword: &str) -> Result<Option<String>, Error> {
    Ok(read(path, keyword)?.text)
}

/// The same of a PNG that is what [`write_png`](super::write_png) made, every chunk of it: another program may have changed
/// the picture and left the text.
///
/// # Errors
/// As [`read_text`], and [`Error::Damaged`] if there is such a text and the picture is another.
pub fn read_sealed_text(path: &Path, keyword: &str) -> Result<Option<String>, Error> {
    let Found { text, is_sealed } = read(path, keyword)?;
    if text.is_some() && !is_sealed {
        let reason = "which another program has changed";
        return Err(Error::Damaged { path: path.to_owned(), reason });
    }
    Ok(text)
}

fn read(path: &Path, keyword: &str) -> Result<Found, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let Some(file) = open_regular(path).map_err(read)? else {
        return Err(Error::NotPng { path: path.to_owned() });
    };
    find_text(file, keyword, LONGEST_TEXT).map_err(|problem| match problem {
        Problem::Foreign => Error::NotPng { path: path.to_owned() },
        Problem::Damaged(reason) => Error::Damaged { path: path.to_owned(), reason },
        Problem::Io(source) => read(source),
    })
}

/// Why no text is read; the path is added where it is known.
#[derive(Debug)]
enum Problem {
    Foreign,
    Damaged(&'static str),
    Io(io::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged("whose end is missing"),
            _ => Self::Io(error),
        }
    }
}

/// What there is in a file.
struct Found {
    text: Option<String>,
    /// Whether all before the seal is what was sealed.
    is_sealed: bool,
}

fn find_text(file: File, keyword: &str, longest: u64) -> Result<Found, Problem> {
    let mut file = BufReader::with_capacity(PIECE, file);
    let mut signature = Vec::new();
    file.by_ref().take(SIGNATURE.len() as u64).read_to_end(&mut signature)?;
    if signature != SIGNATURE {
        return Err(Problem::Foreign);
    }
    let mut found = None;
    let mut is_first = true;
    let (mut has_pixels, mut is_sealed) = (false, false);
    let mut hash = Xxh3::new();
    hash.update(&signature);
    loop {
        let (mut length, mut name) = ([0; 4], [0; 4]);
        file.read_exact(&mut length)?;
        file.read_exact(&mut name)?;
        let length = u32::from_be_bytes(length);
        // The header comes first, and once.
        if is_first != (name == *b"IHDR") || length > i32::MAX as u32 {
            return Err(Problem::Damaged("whose chunks are not what was written"));
        }
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&name);
        let seal = (name == seal::NAME).then(|| hash.digest());
        hash.update(&length.to_be_bytes());
        hash.update(&name);
        let length = u64::from(length);
        let mut sealed = Vec::new();
        let is_text = [*b"tEXt", *b"iTXt"].contains(&name) && length <= longest && found.is_none();
        let mut text = Vec::new();
        let mut left = length;
        while left > 0 {
            let bytes = file.fill_buf()?;
            let bytes = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            if bytes.is_empty() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            checksum.update(bytes);
            hash.update(bytes);
            if seal.is_some() && length == 8 {
                sealed.extend_from_slice(bytes);
            }
            if is_text {
                text.extend_from_slice(bytes);
            }
            let count = bytes.len();
            file.consume(count);
            left -= count as u64;
        }
        let mut expected = [0; 4];
        file.read_exact(&mut expected)?;
        if checksum.finalize().to_be_bytes() != expected {
            return Err(Problem::Damaged("which is not what was written"));
        }
        hash.update(&expected);
        has_pixels |= name == *b"IDAT";
        if name != *b"IEND" {
            // Of what follows the seal nothing is known.
            is_sealed = seal.is_some_and(|seal| sealed == seal.to_be_bytes());
        }
        if is_text {
            found = content(name, &text, keyword);
        }
        if name == *b"IEND" {
            // Other programs pass over what follows, and it would be no part of what was written.
            return match has_pixels && length == 0 && file.fill_buf()?.is_empty() {
                true => Ok(Found { text: found, is_sealed }),
                false => Err(Problem::Damaged("whose end is not what was written")),
            };
        }
        is_first = false;
    }
}

/// The text of a chunk, if it is the one of this keyword and not compressed.
fn content(name: [u8; 4], chunk: &[u8], keyword: &str) -> Option<String> {
    let chunk = chunk.strip_prefix(keyword.as_bytes())?.strip_prefix(&[0])?;
    if name == *b"tEXt" {
        // Latin-1.
        return Some(chunk.iter().copied().map(char::from).collect());
    }
    // Flag and method of compression, then a language and a translated keyword, each ended by a zero.
    let mut parts = chunk.strip_prefix(&[0, 0])?.splitn(3, |&byte| byte == 0);
    let text = parts.nth(2)?;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let named = [&name[..], content].concat();
        let length = u32::try_from(content.len()).unwrap();
        [&length.to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
    }

    /// A PNG, as far as chunks go.
    fn png(texts: &[Vec<u8>]) -> Vec<u8> {
        let (header, pixels, end) =
            (chunk(b"IHDR", &[1; 13]), chunk(b"IDAT", b"?"), chunk(b"IEND", b""));
        [SIGNATURE.to_vec(), header, texts.concat(), pixels, end].concat()
    }

    fn found(bytes: &[u8], longest: u64) -> Result<Found, Problem> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        find_text(file, "key", longest)
    }

    #[test]
    fn texts_of_the_keyword_are_read_up_to_a_limit_and_compressed_ones_are_not() {
        let of = |chunks: &[Vec<u8>]| found(&png(chunks), 100).unwrap().text;
        assert_eq!(of(&[chunk(b"tEXt", b"key\0caf\xe9")]).unwrap(), "café");
        assert_eq!(of(&[chunk(b"iTXt", "key\0\0\0en\0clé\0a\0ü".as_bytes())]).unwrap(), "a\0ü");
        assert_eq!(of(&[chunk(b"tEXt", b"keys\0a"), chunk(b"tEXt", b"ke\0b")]), None);
        assert_eq!(of(&[chunk(b"tEXt", b"key\0a"), chunk(b"tEXt", b"key\0b")]).unwrap(), "a");
        // Flags of compression, no UTF-8, and ends that are missing.
        for content in
            [&b"key\0\x01\0\0\0x\x9c"[..], b"key\0\0\0\0\0\xff", b"key\0\0\0\0", b"key\0\0", b"key"]
        {
            assert_eq!(of(&[chunk(b"iTXt", content)]), None, "{content:?}");
        }
        assert_eq!(of(&[chunk(b"zTXt", b"key\0\0x\x9c")]), None);
        let longest = chunk(b"tEXt", &[&b"key\0"[..], &[b'a'; 96]].concat());
        assert_eq!(of(&[longest]).unwrap().len(), 96);
        let longer = chunk(b"tEXt", &[&b"key\0"[..], &[b'a'; 97]].concat());
        assert_eq!(of(&[longer]), None);
    }

    #[test]
    fn chunks_that_are_not_those_of_a_picture_are_damage() {
        let (header, pixels, end) =
            (chunk(b"IHDR", &[1; 13]), chunk(b"IDAT", b"?"), chunk(b"IEND", b""));
        let of = |chunks: &[&Vec<u8>]| {
            let chunks = chunks.iter().flat_map(|chunk| chunk.iter().copied());
            found(&SIGNATURE.iter().copied().chain(chunks).collect::<Vec<_>>(), 100)
        };
        assert!(of(&[&header, &pixels, &end]).is_ok());
        for chunks in [
            &[][..],
            &[&end],
            &[&header],
            &[&header, &end],
            &[&pixels, &end],
            &[&header, &header, &pixels, &end],
            &[&header, &pixels],
            &[&header, &pixels, &chunk(b"IEND", b"?")],
            &[&header, &pixels, &end, &vec![0]],
            &[&header, &pixels, &vec![0xff; 12], &end],
        ] {
            assert!(matches!(of(chunks), Err(Problem::Damaged(_))), "{chunks:?}");
        }
    }
}
