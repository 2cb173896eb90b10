//! Reads back the texts of a PNG.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use ::png::{Decoder, DecodingError, Limits};

use super::END;
use crate::Error;

/// What the texts of a PNG may take up in memory.
const TEXT_LIMIT: usize = 4 << 20;

/// The text that stands under a keyword before the pixels of a PNG, without reading these; `None` if there is
/// none.
///
/// Texts that add up to more than 4 MiB are refused.
///
/// # Errors [`Error::Read`] if the file cannot be read, [`Error::Incomplete`] if it begins as a PNG but does
/// not end as one, [`Error::Decode`] if it is no PNG or damaged before the pixels.
pub fn read_text(path: &Path, keyword: &str) -> Result<Option<String>, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let decode = |source| Error::Decode { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(read)?;
    let decoder = Decoder::new_with_limits(BufReader::new(&file), Limits { bytes: TEXT_LIMIT });
    let text = match decoder.read_info() {
        Ok(reader) => {
            let info = reader.info();
            let latin1 = info.uncompressed_latin1_text.iter().find(|text| text.keyword == keyword);
            let utf8 = info.utf8_text.iter().find(|text| text.keyword == keyword);
            match (latin1, utf8) {
                (Some(text), _) => Some(text.text.clone()),
                (None, Some(text)) => Some(text.get_text().map_err(decode)?),
                (None, None) => None,
            }
        }
        Err(DecodingError::IoError(source))
            if source.kind() == std::io::ErrorKind::UnexpectedEof =>
        {
            return Err(Error::Incomplete { path: path.to_owned() });
        }
        Err(DecodingError::IoError(source)) => return Err(read(source)),
        Err(source) => return Err(decode(source)),
    };
    let mut end = [0; END.len()];
    file.seek(SeekFrom::End(-(END.len() as i64))).map_err(read)?;
    file.read_exact(&mut end).map_err(read)?;
    if end == END { Ok(text) } else { Err(Error::Incomplete { path: path.to_owned() }) }
}
