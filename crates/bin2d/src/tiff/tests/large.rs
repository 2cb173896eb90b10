//! A BigTIFF whose last pages lie beyond what 32 bits can address.

use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;

use pointillist_base::Float;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::TiffKindBig;

use super::*;
use crate::Stats;
use crate::tiff::strips::{Content, Source};
use crate::tiff::writer::{Document, needs_big};

/// Zeros, but for the bottom row of each page: the numbers of its cells, and one more for every page before it.
struct Numbered(Size);

impl Source for Numbered {
    fn page_rows<T: Float>(&self, content: Content<'_>, rows: Range<u32>, values: &mut [T]) {
        let Content::Term(term) = content else { panic!("it is no shard") };
        values.fill(T::default());
        if rows.end == self.0.height() {
            let width = self.0.width() as usize;
            let first = values.len() - width;
            for (cell, value) in values[first..].iter_mut().enumerate() {
                *value = T::from_f64((cell + term.reduction() as usize) as f64);
            }
        }
    }
}

/// A file in which zeros are left out, so that the system stores next to nothing of them.
struct Sparse(fs::File);

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const ZEROS: [u8; 4096] = [0; 4096];
        if bytes.len() >= ZEROS.len()
            && bytes.chunks(ZEROS.len()).all(|part| part == &ZEROS[..part.len()])
        {
            self.0.seek_relative(bytes.len() as i64)?;
            return Ok(bytes.len());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for Sparse {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.0.seek(position)
    }
}

#[test]
fn pages_beyond_four_gibibytes_are_written_and_read_back() {
    let size = Size::new(16_384, 3_700).unwrap();
    let names = "count,sum,mean,min,max,std,var,first,last";
    let options = Options {
        reductions: Some(names.parse().unwrap()),
        dtype: Dtype::F64,
        ..Options::default()
    };
    let description = Description {
        composited: None,
        format: FORMAT.to_owned(),
        version: VERSION,
        size,
        extent: "0,4,0,1".parse().unwrap(),
        reductions: options.reductions.clone().unwrap(),
        points: Vec::new(),
        inputs: None,
        options,
        carried: Vec::new(),
        counts: Stats::default(),
    };
    let dtypes = [Dtype::F64; 9];
    assert!(needs_big(&description, &dtypes));
    assert!(!needs_big(&description, &dtypes[1..]));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.tiff");
    let document = Document {
        source: &Numbered(size),
        description: &description,
        dtypes: &dtypes,
        carried: &[],
        progress: &(),
    };
    document.write::<TiffKindBig>(Sparse(fs::File::create(&path).unwrap())).unwrap();
    assert!(fs::metadata(&path).unwrap().len() > 1 << 32);

    seal(&path);
    let file = GridFile::open(&path).unwrap();
    assert_eq!((file.width(), file.height()), (16_384, 3_700));
    assert_eq!(file.page_names().collect::<Vec<_>>().join(","), names);
    // The bottom rows differ, so no strip is mistaken for another.
    file.verify().unwrap();
    // The last strip of the last page as another reader sees it.
    let mut decoder = Decoder::new(fs::File::open(&path).unwrap()).unwrap();
    while decoder.more_images() {
        decoder.next_image().unwrap();
    }
    let offsets = decoder.get_tag_u64_vec(Tag::StripOffsets).unwrap();
    assert!(offsets[offsets.len() - 1] > 1 << 32);
    let DecodingResult::F64(strip) = decoder.read_chunk(offsets.len() as u32 - 1).unwrap() else {
        panic!("64 bits were asked for");
    };
    let bottom: Vec<f64> = (0..16_384).map(|cell| f64::from(cell + 8)).collect();
    assert_eq!(strip[strip.len() - 16_384..], bottom);
}
