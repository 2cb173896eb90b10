//! What is written is read back, by another decoder.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::{Color, Picture};

/// Pixels of any kind, and what they say of themselves.
#[derive(Debug)]
struct Made {
    width: usize,
    rgba: Vec<u8>,
    palette: Option<Vec<Color>>,
    is_opaque: bool,
}

impl Made {
    fn new(width: usize, pixels: Vec<[u8; 4]>) -> Made {
        assert_eq!(pixels.len() % width, 0);
        Made { width, rgba: pixels.into_flattened(), palette: None, is_opaque: false }
    }
}

impl Pixels for Made {
    fn width(&self) -> usize {
        self.width
    }

    fn height(&self) -> usize {
        self.rgba.len() / 4 / self.width
    }

    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error> {
        rgba.copy_from_slice(&self.rgba[rows.start * 4 * self.width..rows.end * 4 * self.width]);
        Ok(())
    }

    fn palette(&self) -> Option<Vec<Color>> {
        self.palette.clone()
    }

    fn is_opaque(&self) -> bool {
        self.is_opaque
    }
}

fn texts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(keyword, text)| ((*keyword).to_owned(), (*text).to_owned())).collect()
}

fn encoded(pixels: &dyn Pixels, texts: &[(String, String)], effort: Effort) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_png(&mut bytes, pixels, texts, effort).unwrap();
    bytes
}

/// A picture of one colour.
fn plain(width: usize, height: usize, color: [u8; 4], pairs: &[(&str, &str)]) -> Vec<u8> {
    let pixels = Made::new(width, vec![color; width * height]);
    encoded(&pixels, &texts(pairs), Effort::Fast)
}

/// The pixels that `image` sees, and how they are stored: the format's numbers of colour type and depth.
fn decoded(bytes: &[u8]) -> (Vec<u8>, (u8, u8)) {
    let picture = image::load_from_memory_with_format(bytes, image::ImageFormat::Png).unwrap();
    (picture.into_rgba8().into_raw(), (bytes[25], bytes[24]))
}

/// Encodes with every effort, checks that the pixels come back, and says how they are stored.
fn form(pixels: &Made) -> (u8, u8) {
    let [fast, small] = [Effort::Fast, Effort::Small].map(|effort| {
        let (rgba, form) = decoded(&encoded(pixels, &[], effort));
        assert!(rgba == pixels.rgba, "{effort}");
        form
    });
    assert_eq!(fast, small);
    fast
}

/// Numbers without a pattern.
fn noise(count: usize) -> impl Iterator<Item = u32> {
    let mut state = 1u64;
    (0..count).map(move |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    })
}

const INDEXED: u8 = 3;
const GRAY_ALPHA: u8 = 4;
const RGB: u8 = 2;
const RGBA: u8 = 6;

#[test]
fn few_colors_become_a_palette_and_many_do_not() {
    // Large enough for some chunks and for the sample to miss colours.
    let (width, height) = (700, 500);
    for (colors, depth) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)] {
        let pixels = noise(width * height).map(|i| {
            let i = (i % colors) as u8;
            [i, i / 2, 255 - i, if i.is_multiple_of(3) { i } else { 255 }]
        });
        assert_eq!(form(&Made::new(width, pixels.collect())), (INDEXED, depth), "{colors}");
    }
    // The 257th colour stands alone, in the row that no sample has.
    let mut pixels: Vec<[u8; 4]> =
        noise(width * height).map(|i| [i as u8, 0, 255 - i as u8, 255]).collect();
    pixels[width + 1] = [1, 1, 1, 255];
    assert_eq!(form(&Made::new(width, pixels.clone())), (RGB, 8));
    pixels[width + 1] = [1, 1, 1, 254];
    assert_eq!(form(&Made::new(width, pixels)), (RGBA, 8));
}

#[test]
fn gray_with_many_opacities_takes_two_bytes() {
    let mut pixels: Vec<[u8; 4]> = noise(40_000)
        .map(|i| [i as u8; 3].map(|v| v & 0xfe))
        .zip(noise(40_000))
        .map(|([r, g, b], a)| [r, g, b, (a >> 8) as u8])
        .collect();
    assert_eq!(form(&Made::new(200, pixels.clone())), (GRAY_ALPHA, 8));
    pixels[39_999] = [1, 2, 1, 255];
    assert_eq!(form(&Made::new(200, pixels)), (RGBA, 8));
}

#[test]
fn what_a_picture_says_of_itself_is_used_and_checked() {
    let pixels: Vec<[u8; 4]> = noise(90_000).map(|i| [i as u8 % 40, 0, 0, 255]).collect();
    let mut made = Made::new(300, pixels);
    // In this order; those that are not opaque come first.
    let palette: Vec<Color> =
        (0..100).rev().map(|i| Color([i, 0, 0, if i == 50 { 0 } else { 255 }])).collect();
    made.palette = Some(palette);
    let bytes = encoded(&made, &[], Effort::Fast);
    assert_eq!(decoded(&bytes).0, made.rgba);
    let find = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
    let (palette, alpha) = (find(b"PLTE") + 4, find(b"tRNS") + 4);
    assert_eq!(bytes[palette..palette + 6], [50, 0, 0, 99, 0, 0]);
    assert_eq!((bytes[alpha - 5], bytes[alpha]), (1, 0));

    made.rgba[80_000 * 4] = 200;
    let error = write_png(Vec::new(), &made, &[], Effort::Fast).unwrap_err();
    assert!(matches!(error, Error::Colors));

    let mut made = Made::new(300, noise(90_000).map(|i| (i | 0xff00_0000).to_le_bytes()).collect());
    made.is_opaque = true;
    assert_eq!(form(&made), (RGB, 8));
    made.rgba[89_999 * 4 + 3] = 7;
    let error = write_png(Vec::new(), &made, &[], Effort::Fast).unwrap_err();
    assert!(matches!(error, Error::Colors));
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let many = noise(600 * 700).map(|i| if i.is_multiple_of(3) { [0; 4] } else { i.to_le_bytes() });
    let few = noise(600 * 700).map(|i| [i as u8 % 99, 7, 7, 255]);
    for made in [Made::new(600, many.collect()), Made::new(600, few.collect())] {
        for effort in [Effort::Fast, Effort::Small] {
            let alone = encoded(&made, &[], effort);
            for threads in [1, 2, 7] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert!(pool.install(|| encoded(&made, &[], effort)) == alone, "{threads}");
            }
        }
    }
}

#[test]
fn an_empty_picture_takes_next_to_nothing() {
    let made = Made::new(3000, vec![[0; 4]; 3000 * 3000]);
    for effort in [Effort::Fast, Effort::Small] {
        let bytes = encoded(&made, &[], effort);
        assert!(bytes.len() < 12_000, "{}", bytes.len());
        assert!(decoded(&bytes).0 == made.rgba);
    }
}

/// Pixels that cannot be made from some row on.
struct Failing {
    good: usize,
    filled: AtomicUsize,
}

impl Pixels for Failing {
    fn width(&self) -> usize {
        1000
    }

    fn height(&self) -> usize {
        1_000_000
    }

    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error> {
        self.filled.fetch_add(1, Ordering::SeqCst);
        rgba.fill(255);
        if rows.end > self.good { Err(Error::NoCounts) } else { Ok(()) }
    }

    fn palette(&self) -> Option<Vec<Color>> {
        (self.good > 0).then(|| vec![Color([255; 4])])
    }
}

#[test]
fn pixels_that_fail_end_it_at_once() {
    for (threads, good) in [(1, 0), (2, 0), (1, 5000), (2, 5000), (7, 5000)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let pixels = Failing { good, filled: AtomicUsize::new(0) };
        let failed = pool.install(|| write_png(Vec::new(), &pixels, &[], Effort::Fast));
        assert!(matches!(failed, Err(Error::NoCounts)));
        assert!(pixels.filled.load(Ordering::SeqCst) < 100);
    }
}

/// A file on a disk that becomes full.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.min(bytes.len()) {
            0 => Err(io::ErrorKind::StorageFull.into()),
            taken => {
                self.0 -= taken;
                Ok(taken)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_cannot_be_written_ends_it_with_the_reason() {
    let made = Made::new(600, noise(600 * 1000).map(u32::to_le_bytes).collect());
    let len = encoded(&made, &[], Effort::Fast).len();
    for room in [0, 10, 40, 1000, len / 2, len - 1] {
        let error = write_png(Full(room), &made, &[], Effort::Fast).unwrap_err();
        assert!(
            matches!(error, Error::Write(source) if source.kind() == io::ErrorKind::StorageFull)
        );
    }
    assert!(write_png(Full(len), &made, &[], Effort::Fast).is_ok());
}

/// A picture of this size, of which no pixel is ever made.
struct Sized(usize, usize);

impl Pixels for Sized {
    fn width(&self) -> usize {
        self.0
    }

    fn height(&self) -> usize {
        self.1
    }

    fn fill(&self, _: Range<usize>, _: &mut [u8]) -> Result<(), Error> {
        panic!("not to be asked for")
    }
}

#[test]
fn sizes_that_the_format_does_not_have_are_refused() {
    for (width, height) in
        [(0, 1), (1, 0), (usize::MAX, 2), (usize::MAX / 2, 1), (1 << 29, 1), (1, 1 << 31)]
    {
        let failed = write_png(Vec::new(), &Sized(width, height), &[], Effort::Fast);
        assert!(matches!(failed, Err(Error::TooLarge { .. })), "{width} {height}");
    }
    let picture =
        |rgba| Picture { width: 3, height: 1, rgba, norm: None, limits: None, alpha_limits: None };
    let failed = write_png(Vec::new(), &picture(vec![0; 8]), &[], Effort::Fast);
    assert!(matches!(failed, Err(Error::Shape { .. })));
    assert!(write_png(Vec::new(), &picture(vec![0; 12]), &[], Effort::Fast).is_ok());
}

#[test]
fn keywords_that_the_format_does_not_have_are_refused() {
    let made = Made::new(1, vec![[0; 4]]);
    let failed = write_png(Vec::new(), &made, &texts(&[("", "no keyword")]), Effort::Fast);
    assert!(matches!(failed, Err(Error::Encode(_))));
}

#[test]
fn efforts_are_read_as_they_are_printed() {
    for effort in [Effort::Fast, Effort::Small] {
        assert_eq!(effort.to_string().parse::<Effort>().unwrap(), effort);
        let record = serde_json::to_string(&effort).unwrap();
        assert_eq!(record, format!("\"{effort}\""));
    }
    let error = "best".parse::<Effort>().unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("fast or small"));
}

#[test]
fn checksums_of_parts_add_up() {
    let adler = |bytes: &[u8]| simd_adler32::adler32(&bytes);
    let bytes: Vec<u8> = noise(200_000).map(|i| i as u8 | 0xf0).collect();
    for at in [0, 1, 5552, 65521, 65522, 131_042, 199_999, 200_000] {
        let (a, b) = bytes.split_at(at);
        assert_eq!(adler32_of_both(adler(a), adler(b), b.len() as u64), adler(&bytes), "{at}");
    }
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
    let bytes = plain(2, 1, [9; 4], &[("Software", "pointillist 0.1.0"), ("pointillist", record)]);
    assert_eq!(text_of(&bytes, "pointillist").unwrap().as_deref(), Some(record));
    assert_eq!(text_of(&bytes, "Software").unwrap().as_deref(), Some("pointillist 0.1.0"));
    assert_eq!(text_of(&bytes, "software").unwrap(), None);
}

#[test]
fn texts_stand_before_the_pixels() {
    let bytes = plain(1, 1, [0; 4], &[("a", "plain"), ("b", "ünïcode")]);
    let find = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
    assert!(find(b"tEXt") < find(b"IDAT") && find(b"iTXt") < find(b"IDAT"));
    assert_eq!(bytes[bytes.len() - 12..], END);
}

#[test]
fn a_picture_cut_off_anywhere_or_with_more_behind_it_is_told_from_a_whole_one() {
    let mut bytes = plain(30, 20, [200; 4], &[("pointillist", "{}")]);
    for len in 8..bytes.len() {
        let error = text_of(&bytes[..len], "pointillist").unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{len} {error}");
    }
    assert!(text_of(&bytes, "pointillist").unwrap().is_some());
    bytes.push(0);
    assert!(text_of(&bytes, "pointillist").is_err());
}

#[test]
fn any_byte_that_changed_is_noticed() {
    let many = Made::new(40, noise(40 * 30).map(|color| color.to_le_bytes()).collect());
    let bytes = encoded(&many, &texts(&[("pointillist", "{\"norm\":\"ü\"}")]), Effort::Fast);
    for bytes in [bytes, plain(30, 20, [200; 4], &[("pointillist", "{}")])] {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= [0x01, 0x80, 0xff][at % 3];
            assert!(text_of(&damaged, "pointillist").is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_chunk_that_is_left_out_or_put_in_breaks_the_seal_and_leaves_the_text() {
    let many = Made::new(40, noise(40 * 30).map(|color| (color % 9 * 28).to_le_bytes()).collect());
    let bytes = encoded(&many, &texts(&[("pointillist", "{}")]), Effort::Fast);
    let mut chunks = vec![];
    let mut at = 8;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize + 12;
        chunks.push(&bytes[at..at + length]);
        at += length;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let sealed = |chunks: &[&[u8]]| {
        std::fs::write(file.path(), [&bytes[..8], &chunks.concat()].concat()).unwrap();
        read_sealed_text(file.path(), "pointillist")
    };
    assert_eq!(sealed(&chunks).unwrap().as_deref(), Some("{}"));
    for index in 0..chunks.len() - 1 {
        let name = &chunks[index][4..8];
        let (mut less, mut more) = (chunks.clone(), chunks.clone());
        less.remove(index);
        more.insert(index + 1, chunks[index]);
        for chunks in [less, more] {
            let is_record = name == b"tEXt" && chunks.iter().all(|chunk| &chunk[4..8] != b"tEXt");
            assert!(sealed(&chunks).is_err() || is_record, "{name:?}");
            let still = name != b"IHDR" && name != b"IDAT" && !is_record;
            assert!(!still || read_text(file.path(), "pointillist").unwrap().is_some(), "{name:?}");
        }
    }
}

#[test]
fn a_file_that_is_no_png_is_refused_by_name() {
    for bytes in [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\n", &[0; 100]] {
        assert!(text_of(bytes, "pointillist").is_err());
    }
    let error = read_text(std::path::Path::new("/no/such.png"), "pointillist").unwrap_err();
    assert!(error.to_string().contains("/no/such.png"));
}

/// A picture of a few shapes: noise, gradients, runs, repeated rows, with few or many colours.
fn any_picture() -> impl Strategy<Value = Made> {
    let color = prop_oneof![
        Just([0u8; 4]),
        any::<[u8; 4]>(),
        any::<u8>().prop_map(|v| [v, v, v, 255]),
        any::<[u8; 3]>().prop_map(|[r, g, b]| [r, g, b, 255]),
    ];
    let colors = prop::collection::vec(color, 1..400);
    let shape = (0..5u8, 1..90usize, 1..600usize, any::<u8>());
    (colors, shape, 1..70usize).prop_map(|(colors, (kind, width, run, mask), height)| {
        let noise: Vec<u32> = noise(width * height).collect();
        let pixel = |i: usize| {
            let (x, y) = (i % width, i / width);
            let place = match kind {
                0 => noise[i] as usize,
                1 => i / run,
                2 => x,
                3 => (x + y) / 3,
                _ => noise[x] as usize / run,
            };
            let mut color = colors[place % colors.len()];
            color[place % 4] ^= mask & u8::from(noise[i].is_multiple_of(50));
            color
        };
        Made::new(width, (0..width * height).map(pixel).collect())
    })
}

proptest! {
    #[test]
    fn pixels_come_back_through_another_decoder(made in any_picture()) {
        form(&made);
    }
}
