//! Compressed text gives what the text gives, and what is not whole gives nothing.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use pointillist_base::Progress;
use proptest::prelude::*;

use super::compressed::Format;
use super::*;
use crate::limits::LONGEST_LINE;
use crate::options::Raw;
use crate::pipeline::ingest_in_chunks;
use crate::pipeline::tests::{bits, in_threads, stream, text};
use crate::{Ingested, Points};

const FORMATS: [Format; 4] = [Format::Gzip, Format::Zstd, Format::Bzip2, Format::Xz];

/// One member of an archive.
fn pack(format: Format, content: &[u8]) -> Vec<u8> {
    match format {
        Format::Gzip => gzip(flate2::GzBuilder::new(), content),
        Format::Zstd => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        Format::Bzip2 => {
            let level = bzip2::Compression::fast();
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        Format::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(0);
            let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
    }
}

fn gzip(builder: flate2::GzBuilder, content: &[u8]) -> Vec<u8> {
    let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Blocks as bgzip writes them, with its mark of the end.
fn bgzip(blocks: &[&str]) -> Vec<u8> {
    let block = |content: &[u8]| {
        let builder = || flate2::GzBuilder::new().extra(*b"BC\x02\0\0\0");
        let mut block = gzip(builder(), content);
        let size = u16::try_from(block.len() - 1).unwrap();
        block[16..18].copy_from_slice(&size.to_le_bytes());
        block
    };
    blocks.iter().chain([&""]).flat_map(|content| block(content.as_bytes())).collect()
}

/// A folder to ingest in.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> Input {
        let path = self.0.path().join("points");
        std::fs::write(&path, bytes).unwrap();
        Input::Path(path)
    }

    fn destination(&self) -> PathBuf {
        self.0.path().join("out.points")
    }

    fn ingest(&self, input: Input) -> Result<Ingested, Error> {
        ingest_in_chunks(vec![input], &self.destination(), &Options::default(), &(), 64)
    }

    /// What is wrong with the bytes, of which nothing must be left but the `.points` that was there.
    fn fail(&self, bytes: &[u8]) -> String {
        let list = || {
            let entries = std::fs::read_dir(self.0.path()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = list();
        let error = self.ingest(stream(bytes)).unwrap_err();
        assert_eq!(list(), before);
        error.to_string()
    }
}

const TEXT: &str = "1 2 3\n4 5 6\n-7.5 8e3 9\n0.1 0.2 0.3\n10 11 12";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn compressed_text_gives_what_the_text_gives(
        text in text(),
        chunk in 1_usize..300,
        threads in 1_usize..5,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let folder = Folder::new();
        let options = Options { skip_bad: true, dtype: Dtype::F32.into(), ..Options::default() };
        let run = |input| {
            let run =
                || ingest_in_chunks(vec![input], &folder.destination(), &options, &(), chunk);
            in_threads(threads, run).unwrap()
        };
        let plain = run(stream(&text));
        let expected = bits(&plain.points);
        for format in FORMATS {
            let members = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]);
            let packed: Vec<u8> = members.flat_map(|member| pack(format, member)).collect();
            for input in [folder.file(&packed), stream(&packed)] {
                let is_file = matches!(input, Input::Path(_));
                let done = run(input);
                prop_assert_eq!(&bits(&done.points), &expected);
                prop_assert_eq!(done.points.identity(), plain.points.identity());
                prop_assert_eq!(done.points.sidecar().lines, plain.points.sidecar().lines);
                prop_assert_eq!(done.bytes, text.len() as u64);
                let lines = |done: &Ingested| {
                    done.bad_lines.iter().map(|line| line.line).collect::<Vec<_>>()
                };
                prop_assert_eq!(lines(&done), lines(&plain));
                // The sidecar describes the file as it lies on the disk.
                let source = &done.points.sidecar().sources[0];
                prop_assert_eq!(source.size, packed.len() as u64);
                prop_assert_eq!(source.modified.is_some(), is_file);
            }
        }
    }
}

#[test]
fn an_archive_cut_short_anywhere_is_an_error_and_leaves_what_was_there() {
    let folder = Folder::new();
    folder.ingest(stream("5 5 5\n")).unwrap();
    let mut archives: Vec<_> = FORMATS.map(|format| pack(format, TEXT.as_bytes())).into();
    archives.push(bgzip(&[&TEXT[..20], &TEXT[20..]]));
    for archive in archives {
        for length in 0..archive.len() {
            let message = folder.fail(&archive[..length]);
            assert!(
                !message.contains("the file again") && !message.contains("buffer"),
                "{message}"
            );
            assert!(
                length < 5 || message.starts_with("-: the ") && message.contains("cut short"),
                "{length} bytes: {message}"
            );
        }
        assert_eq!(folder.ingest(stream(&archive)).unwrap().points.rows(), 5);
        folder.ingest(stream("5 5 5\n")).unwrap();
    }
    assert_eq!(Points::open(&folder.destination()).unwrap().rows(), 1);
}

#[test]
fn a_changed_bit_is_an_error_or_changes_nothing() {
    let folder = Folder::new();
    let expected = bits(&folder.ingest(stream(TEXT)).unwrap().points);
    for format in FORMATS {
        let archive = pack(format, TEXT.as_bytes());
        let mut noticed = 0;
        for at in 0..archive.len() {
            for bit in 0..8 {
                let mut damaged = archive.clone();
                damaged[at] ^= 1 << bit;
                match folder.ingest(stream(&damaged)) {
                    Ok(done) => assert_eq!(bits(&done.points), expected, "{format:?} {at} {bit}"),
                    Err(_) => noticed += 1,
                }
            }
        }
        assert!(noticed > archive.len() * 4, "{format:?}: {noticed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damage_of_any_kind_is_an_error_or_changes_nothing(
        format in prop::sample::select(&FORMATS[..]),
        seed in any::<u32>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        repeat in any::<bool>(),
        shorten in any::<bool>(),
    ) {
        let text: String = (0..300_u32)
            .map(|i| format!("{} {}\n", i.wrapping_mul(seed | 1) >> 12, i % 17))
            .collect();
        let folder = Folder::new();
        let expected = bits(&folder.ingest(stream(&text)).unwrap().points);
        let archive = pack(format, text.as_bytes());
        let mut damaged = archive.clone();
        for (at, byte) in changes {
            let at = at.index(damaged.len());
            damaged[at] = byte;
        }
        let cut = cut.index(damaged.len());
        if repeat {
            damaged.splice(cut..cut, archive[cut / 2..].iter().copied());
        }
        if shorten {
            damaged.truncate(cut);
        }
        if let Ok(done) = folder.ingest(stream(&damaged)) {
            // A change to nothing, or to what does not matter, with or without a whole archive after it.
            let found = bits(&done.points);
            let twice: Vec<_> = expected.iter().map(|column| column.repeat(2)).collect();
            prop_assert!(found == expected || found == twice);
        }
    }
}

#[test]
fn zeros_after_an_archive_mean_nothing_and_anything_else_is_an_error() {
    let folder = Folder::new();
    for format in FORMATS {
        let archive = pack(format, TEXT.as_bytes());
        let with = |end: &[u8]| [&archive, end].concat();
        assert_eq!(folder.ingest(stream(with(&[0; 4096]))).unwrap().points.rows(), 5);
        let more = with(&[&[0; 8], &*pack(format, b"\n1 1 1\n")].concat());
        assert_eq!(folder.ingest(stream(more)).unwrap().points.rows(), 6);
        for garbage in [&b"1 2 3\n"[..], b"\0\0 1 2 3\n", b"\xFF"] {
            let message = folder.fail(&with(garbage));
            let expected = format!(
                "-: the {0} data is followed by something that is not {0}; ",
                format.name()
            );
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}

#[test]
fn frames_to_be_skipped_are_skipped() {
    let frame = [&[0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0][..], b"skip"].concat();
    let archive =
        [&frame, &*pack(Format::Zstd, b"1 2 3\n4 5 "), &frame, &*pack(Format::Zstd, b"6\n")];
    let done = Folder::new().ingest(stream(archive.concat())).unwrap();
    assert_eq!(done.points.rows(), 2);
}

#[test]
fn what_would_take_too_much_memory_says_how_to_do_without() {
    let folder = Folder::new();
    // A frame with a window of 256 MiB, and an empty last block.
    let frame = [0x28, 0xB5, 0x2F, 0xFD, 0, 18 << 3, 1, 0, 0];
    let message = folder.fail(&frame);
    assert_eq!(
        message,
        "-: the zstd data takes more than 128 MiB of memory to unpack; \
         unpack it before: zstd -dc --long=31 FILE | pointillist ingest - …"
    );
    // 128 MiB are taken: this frame is only empty.
    let message = folder.fail(&[0x28, 0xB5, 0x2F, 0xFD, 0, 17 << 3, 1, 0, 0]);
    assert_eq!(message, "-: no points in it: nothing is in it once it is unpacked");

    let mut archive = pack(Format::Xz, TEXT.as_bytes());
    let size = (usize::from(archive[12]) + 1) * 4;
    let header = &mut archive[12..12 + size];
    assert_eq!(&header[2..4], [0x21, 1], "the filter is LZMA2");
    for (dictionary, message) in [(31, "takes more than 128 MiB"), (30, "")] {
        header[4] = dictionary;
        let mut crc = flate2::Crc::new();
        crc.update(&header[..size - 4]);
        header[size - 4..].copy_from_slice(&crc.sum().to_le_bytes());
        let archive = [&pack(Format::Xz, b"")[..12], &*header].concat();
        let whole = folder.fail(&archive);
        assert!(whole.contains(message), "{whole}");
        assert_eq!(whole.contains("cut short"), message.is_empty(), "{whole}");
    }
}

#[test]
fn what_is_in_an_archive_is_looked_at_like_any_other_text() {
    let folder = Folder::new();
    let xz = |content: &[u8]| pack(Format::Xz, content);
    for format in FORMATS {
        for (content, message) in [
            (&b""[..], "-: no points in it: nothing is in it once it is unpacked"),
            (b"# x y\n", "-: no points in it: only a blank or comment line"),
            (b"\xFF\xFE1\0", "-: is UTF-16LE text; convert it first: iconv -f UTF-16LE -t UTF-8"),
            (&xz(b"1 2\n"), "-: is compressed twice, not text: unpack it once, then"),
            (b"PK\x03\x04", "-: is a zip archive, not text: "),
            (b"1 2 3\n4 5\n", "-:2: expected 3 fields, found 2"),
        ] {
            let found = folder.fail(&pack(format, content));
            assert!(found.starts_with(message), "{found}");
        }
        let mut tar = vec![0; 1024];
        tar[..8].copy_from_slice(b"p.txt\0\0\0");
        tar[257..262].copy_from_slice(b"ustar");
        let found = folder.fail(&pack(format, &tar));
        assert!(
            found.starts_with("-: is a tar archive, not text: pipe it in: tar -xOf"),
            "{found}"
        );
        // A byte order mark is no part of the first number.
        let done = folder.ingest(stream(pack(format, b"\xEF\xBB\xBF1 2\n"))).unwrap();
        assert_eq!(done.points.rows(), 1);
        std::fs::remove_dir_all(folder.destination()).unwrap();
    }
}

#[test]
fn a_disk_that_fails_is_not_taken_for_a_damaged_archive() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }
    let text: String = (0..5000).map(|i| format!("{i} {} 3\n", i * 7 % 101)).collect();
    for format in FORMATS {
        let archive = pack(format, text.as_bytes());
        for length in [4, 9, 25, archive.len() / 2, archive.len() - 3] {
            let reader = io::Cursor::new(archive[..length].to_vec()).chain(Fails);
            let input = Input::Stream { name: "disk".to_owned(), reader: Box::new(reader) };
            let error = Folder::new().ingest(input).unwrap_err();
            assert!(matches!(error, Error::Read { .. }), "{format:?} {length}: {error}");
        }
    }
}

/// Adds up what is done, and does something meanwhile.
struct Meanwhile<'a>(AtomicU64, &'a (dyn Fn() + Sync));

impl Progress for Meanwhile<'_> {
    fn advance(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
        (self.1)();
    }
}

#[test]
fn progress_comes_to_the_size_of_the_file() {
    let folder = Folder::new();
    for format in FORMATS {
        let archive = pack(format, TEXT.repeat(2000).as_bytes());
        let progress = Meanwhile(AtomicU64::new(0), &|| ());
        let inputs = vec![folder.file(&archive)];
        let options = Options { skip_bad: true, ..Options::default() };
        ingest_in_chunks(inputs, &folder.destination(), &options, &progress, 256).unwrap();
        assert_eq!(progress.0.into_inner(), archive.len() as u64);
    }
}

#[test]
fn an_archive_that_changes_while_it_is_read_is_an_error() {
    let folder = Folder::new();
    let path = folder.0.path().join("points");
    // Larger than what is read ahead.
    let text: String =
        (0..200_000_u32).map(|i| format!("{i} {}\n", i.wrapping_mul(0x9E37_79B1))).collect();
    for format in FORMATS {
        let archive = pack(format, text.as_bytes());
        assert!(archive.len() > 1 << 20);
        for changed in [&archive[..archive.len() / 2], &[&archive[..], b"\0"].concat()] {
            let input = folder.file(&archive);
            let once = std::sync::Once::new();
            let change = || once.call_once(|| std::fs::write(&path, changed).unwrap());
            let progress = Meanwhile(AtomicU64::new(0), &change);
            let (destination, options) = (folder.destination(), Options::default());
            let run = || ingest_in_chunks(vec![input], &destination, &options, &progress, 4096);
            let error = in_threads(1, run).unwrap_err();
            assert!(matches!(error, Error::Changed { .. }), "{format:?}: {error}");
        }
    }
}

/// Every kind of file is replaced while it is read: by one of the same size and time, and by one that cannot be read.
#[cfg(unix)]
#[test]
fn what_is_read_of_a_file_that_is_replaced_is_never_called_bad() {
    let folder = Folder::new();
    let path = folder.0.path().join("points");
    let lines = "1 2\n".repeat(4096);
    let head = "{'descr': '|u1', 'fortran_order': False, 'shape': (8192, 2), }";
    let array =
        [&b"\x93NUMPY\x01\0\x76\0"[..], format!("{head:118}").as_bytes(), &[7; 16384]].concat();
    let raw = Options { raw: Some(Raw { dtype: Dtype::F32, columns: 2 }), ..Options::default() };
    let cases = [
        (lines.clone().into_bytes(), lines.replace('1', "x").into_bytes(), Options::default()),
        (lines.clone().into_bytes(), lines.replace('1', "3").into_bytes(), Options::default()),
        (lines.clone().into_bytes(), vec![b'1'; lines.len()], Options::default()),
        (array.clone(), vec![b'x'; array.len()], Options::default()),
        (vec![0; 1 << 16], vec![1; 1 << 16], raw),
    ];
    for (number, (before, after, options)) in cases.into_iter().enumerate() {
        let input = folder.file(&before);
        let time = path.metadata().unwrap().modified().unwrap();
        let once = std::sync::Once::new();
        let change = || {
            once.call_once(|| {
                let other = folder.0.path().join("other");
                std::fs::write(&other, &after).unwrap();
                let file = File::options().append(true).open(&other).unwrap();
                file.set_modified(time).unwrap();
                std::fs::rename(&other, &path).unwrap();
            });
        };
        let progress = Meanwhile(AtomicU64::new(0), &change);
        let destination = folder.destination();
        let run = || ingest_in_chunks(vec![input], &destination, &options, &progress, 64);
        let error = in_threads(2, run).unwrap_err();
        assert!(matches!(error, Error::Changed { .. }), "{number}: {error}");
        assert!(!destination.exists());
    }
}

#[cfg(unix)]
#[test]
fn pipes_that_one_writer_fills_one_after_another_are_read_in_turn() {
    let folder = Folder::new();
    let path = |name: &str| folder.0.path().join(name);
    for name in ["first", "second", "third"] {
        assert!(std::process::Command::new("mkfifo").arg(path(name)).status().unwrap().success());
    }
    std::fs::write(path("file"), "# four\n4 4 4\n").unwrap();
    // More than a pipe holds, so that the writer has to wait for the reader.
    let rows = |value: &str| format!("{value} {value} {value}\n").repeat(50_000);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::fs::write(path("first"), rows("1")).unwrap();
            std::fs::write(path("second"), pack(Format::Gzip, rows("2").as_bytes())).unwrap();
            std::fs::write(path("third"), format!("# three\n3 3 3\n3 3\n{}", rows("3"))).unwrap();
        });
        let inputs = ["first", "file", "second", "third"];
        let inputs = inputs.map(|name| Input::Path(path(name))).into();
        let options = Options { skip_bad: true, ..Options::default() };
        let run = || ingest_in_chunks(inputs, &folder.destination(), &options, &(), 10_000);
        let done = in_threads(3, run).unwrap();
        let x: Vec<f32> = bits(&done.points)[0].iter().map(|&bits| f32::from_bits(bits)).collect();
        let count = |value: f32| x.iter().filter(|&&x| x == value).count();
        assert_eq!([1., 2., 3., 4.].map(count), [50_000, 50_000, 50_001, 1]);
        assert!(x.is_sorted_by_key(|&x| [1., 4., 2., 3.].iter().position(|&value| value == x)));
        assert_eq!(done.points.sidecar().lines, 150_005);
        assert_eq!(done.bad_lines[0].line, 3);
        assert!(done.bad_lines[0].path.ends_with("third"));
    });
}

#[test]
fn files_are_looked_at_before_any_work_and_streams_when_their_turn_comes() {
    struct Untouched;
    impl Read for Untouched {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("read before its turn");
        }
    }
    let folder = Folder::new();
    let untouched = Input::Stream { name: "-".to_owned(), reader: Box::new(Untouched) };
    let missing = Input::Path(folder.0.path().join("missing"));
    let run = |inputs| {
        ingest_in_chunks(inputs, &folder.destination(), &Options::default(), &(), 64).unwrap_err()
    };
    let error = run(vec![stream("1 2 3\n"), untouched, missing]);
    assert!(error.to_string().contains("missing: no such file"), "{error}");
    // What is wrong with a stream is told at its turn, and nothing is left.
    let error = run(vec![stream("1 2 3\n"), stream(b"\xFF\xFE1\0")]);
    assert!(matches!(error, Error::Encoding { .. }), "{error}");
    let error = run(vec![stream("1 2 3\n"), stream(""), stream("1 2\n")]);
    assert!(matches!(error, Error::OtherFields { line: 1, fields: 2, before: 3, .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_path_that_cannot_be_read_is_an_error_before_a_pipe_has_a_writer() {
    let folder = Folder::new();
    let path = |name: &str| folder.0.path().join(name);
    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    std::fs::create_dir(path("folder")).unwrap();
    // Nobody writes: opened, the pipe would keep this waiting without end.
    for (name, message) in [("missing", "missing: no such file"), ("folder", "folder: is a folder")]
    {
        let inputs = ["pipe", name].map(|name| Input::Path(path(name))).into();
        let error = ingest_in_chunks(inputs, &folder.destination(), &Options::default(), &(), 64)
            .unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_line_is_too_long_at_the_same_length_in_a_file_and_a_stream() {
    let folder = Folder::new();
    let options = Options { skip_bad: true, ..Options::default() };
    for chunk in [1000, 100_000, 2 << 20, 64 << 20] {
        for (length, good) in [(LONGEST_LINE, true), (LONGEST_LINE + 1, false), (7_000_000, false)]
        {
            // The last is a line without an end.
            for (before, after) in [("1 2 3\n", "\n4 5 6\n"), ("", "\n"), ("1 2 3\n4 5 6\n", "")] {
                let text = format!("{before}7 8 {}9{after}", "0".repeat(length - 5));
                for input in [folder.file(text.as_bytes()), stream(&text)] {
                    let run =
                        ingest_in_chunks(vec![input], &folder.destination(), &options, &(), chunk);
                    match run {
                        Ok(done) => {
                            let rows = text.lines().count() as u64;
                            assert_eq!(
                                (good, done.points.rows()),
                                (true, rows),
                                "{chunk} {length}"
                            );
                        }
                        Err(Error::LineTooLong { limit: LONGEST_LINE, .. }) => {
                            assert!(!good, "{chunk} {length}");
                        }
                        Err(error) => panic!("{chunk} {length}: {error}"),
                    }
                }
            }
        }
    }
}
