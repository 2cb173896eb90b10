//! The picture as a file: PNG, 8-bit RGBA, with texts that say how it was made.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use ::png::{
    BitDepth, ColorType, Compression, Decoder, DecodingError, Encoder, EncodingError, Filter,
    Limits,
};

use crate::Error;

/// The last chunk of every PNG: no bytes, its name, its checksum.
const END: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// What the texts of a PNG may take up in memory.
const TEXT_LIMIT: usize = 4 << 20;

/// Writes RGBA with straight alpha as a PNG, fast.
///
/// `rgba.len() = width * height * 4`, row-major, row 0 = top. Each text is a keyword (1 to 79 characters of
/// Latin-1) and what it says; they stand before the pixels, so that they are read without these. The bytes
/// depend on nothing but the arguments.
///
/// # Errors [`Error::Shape`] and [`Error::TooLarge`] if the sizes do not fit each other or the format,
/// [`Error::Encode`] if a keyword does not or if `out` cannot be written to.
pub fn write_png(
    out: impl Write,
    width: usize,
    height: usize,
    rgba: &[u8],
    texts: &[(String, String)],
) -> Result<(), Error> {
    let pixels = width.checked_mul(height).filter(|pixels| pixels.checked_mul(4).is_some());
    let pixels = pixels.ok_or(Error::TooLarge { width, height })?;
    if rgba.len() != 4 * pixels {
        return Err(Error::Shape { what: "the picture", found: rgba.len() / 4, width, height });
    }
    // The format counts to 2^31 - 1.
    let side = |side: usize| {
        u32::try_from(side)
            .ok()
            .filter(|side| *side <= i32::MAX as u32)
            .ok_or(Error::TooLarge { width, height })
    };
    encode(out, side(width)?, side(height)?, rgba, texts).map_err(|error| match error {
        EncodingError::IoError(source) => Error::Write(source),
        error => Error::Encode(error),
    })
}

fn encode(
    out: impl Write,
    width: u32,
    height: u32,
    rgba: &[u8],
    texts: &[(String, String)],
) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(out, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    // The quickest filter of fdeflate's, and the smallest file but for Paeth, by a tenth, on smooth pictures;
    // noise leaves them all within a few percent of each other. Choosing per row takes twice as long and
    // gains as little.
    encoder.set_filter(Filter::Up);
    for (keyword, text) in texts {
        // tEXt is for Latin-1; what is not ASCII goes into an iTXt, which is for UTF-8.
        if text.is_ascii() {
            encoder.add_text_chunk(keyword.clone(), text.clone())?;
        } else {
            encoder.add_itxt_chunk(keyword.clone(), text.clone())?;
        }
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgba)?;
    writer.finish()
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(keyword, text)| ((*keyword).to_owned(), (*text).to_owned())).collect()
    }

    fn encoded(width: usize, height: usize, rgba: &[u8], texts: &[(String, String)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_png(&mut bytes, width, height, rgba, texts).unwrap();
        bytes
    }

    /// What `read_text` says of a file with these bytes.
    fn text_of(bytes: &[u8], keyword: &str) -> Result<Option<String>, Error> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read_text(file.path(), keyword)
    }

    #[test]
    fn texts_come_back_whatever_their_language() {
        let record = "{\"cmap\": \"viridis\",\n \"of\": \"Übergröße 点.txt\"}";
        let texts = texts(&[("Software", "pointillist 0.1.0"), ("pointillist", record)]);
        let bytes = encoded(2, 1, &[9; 8], &texts);
        assert_eq!(text_of(&bytes, "pointillist").unwrap().as_deref(), Some(record));
        assert_eq!(text_of(&bytes, "Software").unwrap().as_deref(), Some("pointillist 0.1.0"));
        assert_eq!(text_of(&bytes, "software").unwrap(), None);
    }

    #[test]
    fn texts_stand_before_the_pixels() {
        let bytes = encoded(1, 1, &[0; 4], &texts(&[("a", "plain"), ("b", "ünïcode")]));
        let find = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
        assert!(find(b"tEXt") < find(b"IDAT") && find(b"iTXt") < find(b"IDAT"));
        assert_eq!(bytes[bytes.len() - 12..], END);
    }

    #[test]
    fn a_picture_cut_off_anywhere_is_told_from_a_whole_one() {
        let bytes = encoded(30, 20, &[200; 2400], &texts(&[("pointillist", "{}")]));
        for len in 8..bytes.len() {
            let error = text_of(&bytes[..len], "pointillist").unwrap_err();
            assert!(
                matches!(error, Error::Incomplete { .. } | Error::Decode { .. }),
                "{len} {error}"
            );
        }
        assert!(text_of(&bytes, "pointillist").unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_no_png_is_refused_by_name() {
        for bytes in [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\n", &[0; 100]] {
            assert!(text_of(bytes, "pointillist").is_err());
        }
        let error = read_text(Path::new("/no/such.png"), "pointillist").unwrap_err();
        assert!(error.to_string().contains("/no/such.png"));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let error = |width, height| write_png(Vec::new(), width, height, &[0; 8], &[]).unwrap_err();
        assert!(matches!(error(3, 1), Error::Shape { .. }));
        assert!(matches!(error(usize::MAX, 2), Error::TooLarge { .. }));
        assert!(matches!(error(usize::MAX / 2, 1), Error::TooLarge { .. }));
        assert!(write_png(Vec::new(), 0, 1, &[], &[]).is_err());
        assert!(write_png(Vec::new(), 1, 1, &[0; 4], &texts(&[("", "no keyword")])).is_err());
    }

    proptest! {
        #[test]
        fn pixels_come_back_through_another_decoder(width in 1..40usize, height in 1..40usize, seed: [u8; 7]) {
            let rgba: Vec<u8> = (0..width * height * 4).map(|i| seed[i % 7] ^ (i / 50) as u8).collect();
            let bytes = encoded(width, height, &rgba, &[]);
            let decoded = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).unwrap();
            prop_assert_eq!(decoded.color(), image::ColorType::Rgba8);
            prop_assert_eq!(decoded.to_rgba8().into_raw(), rgba);
        }

        #[test]
        fn damaged_files_are_an_error_or_a_text_but_no_panic(at in 0..100usize, byte: u8) {
            let mut bytes = encoded(3, 3, &[5; 36], &texts(&[("pointillist", "{\"norm\":\"ü\"}")]));
            let at = at % bytes.len();
            bytes[at] ^= byte;
            let _ = text_of(&bytes, "pointillist");
        }
    }
}
