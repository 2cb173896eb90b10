//! Arrays give what the same numbers written as text give, whatever their type and order, and hostile headers nothing.

use std::path::Path;

use proptest::prelude::*;

mod headers;

use pointillist_base::{Dtype, Values};

use super::element::Element;
use super::header::{Fields, Header, MAGIC, Type, Version};
use super::*;
use crate::pipeline::ingest_in_chunks;
use crate::pipeline::tests::{in_threads, stream};
use crate::{Buffer, Ingested, Input, Points};

const CODES: [&str; 11] = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"];

/// A `.npy` file of version `major`.
fn npy_of_version(major: u8, descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let dictionary =
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}  \n");
    let mut file = MAGIC.to_vec();
    file.extend([major, 0]);
    let length = u32::try_from(dictionary.len()).unwrap().to_le_bytes();
    file.extend(if major == 1 { &length[..2] } else { &length });
    file.extend(dictionary.as_bytes());
    file.extend(data);
    file
}

fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    npy_of_version(1, descr, fortran, shape, data)
}

/// A number of the type `code` from random bits: its bytes, little end first, and its exact decimal text.
fn number(code: &str, bits: u64) -> (Vec<u8>, String) {
    macro_rules! whole {
        ($type:ty) => {{
            let value = bits as $type;
            (value.to_le_bytes().to_vec(), value.to_string())
        }};
    }
    match code {
        "f2" => {
            let bits = bits as u16;
            (bits.to_le_bytes().to_vec(), half_text(bits))
        }
        "f4" => {
            let value = f32::from_bits(bits as u32);
            // In 64 bits, the shortest text is also that of the exact value.
            (value.to_le_bytes().to_vec(), format!("{:e}", f64::from(value)))
        }
        "f8" => {
            let value = f64::from_bits(bits);
            (value.to_le_bytes().to_vec(), format!("{value:e}"))
        }
        "i1" => whole!(i8),
        "i2" => whole!(i16),
        "i4" => whole!(i32),
        "i8" => whole!(i64),
        "u1" => whole!(u8),
        "u2" => whole!(u16),
        "u4" => whole!(u32),
        "u8" => whole!(u64),
        _ => panic!("no such type"),
    }
}

/// Half-precision by its definition.
fn half_text(bits: u16) -> String {
    let sign = if bits & 0x8000 != 0 { "-" } else { "" };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    match exponent {
        31 if fraction == 0.0 => format!("{sign}inf"),
        31 => "nan".to_owned(),
        0 => format!("{sign}{:e}", fraction * 2_f64.powi(-24)),
        _ => format!("{sign}{:e}", (1024.0 + fraction) * 2_f64.powi(exponent - 25)),
    }
}

/// A folder to ingest in.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Input {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Input::Path(path)
    }

    fn destination(&self) -> PathBuf {
        self.0.path().join("out.points")
    }

    fn ingest(&self, inputs: Vec<Input>, options: &Options) -> Result<Ingested, Error> {
        ingest_in_chunks(inputs, &self.destination(), options, &(), 100)
    }

    /// The message, without the folder, of a run that must fail and leave nothing.
    fn fail(&self, inputs: Vec<Input>, options: &Options) -> String {
        let error = self.ingest(inputs, options).unwrap_err();
        assert!(!self.destination().exists());
        let folder = format!("{}{}", self.0.path().display(), std::path::MAIN_SEPARATOR);
        error.to_string().replace(&folder, "")
    }
}

/// Bits of the columns; NaNs are all one where the payload has no meaning.
fn bits(points: &Points, payloads: bool) -> Vec<Vec<u64>> {
    let columns = points.sidecar().columns.iter();
    columns
        .map(|column| {
            match points.column(&column.name).unwrap().read(&mut Buffer::default()).unwrap() {
                Values::F32(values) => values
                    .iter()
                    .map(|value| if value.is_nan() && !payloads { f32::NAN } else { *value })
                    .map(|value| value.to_bits().into())
                    .collect(),
                Values::F64(values) => values
                    .iter()
                    .map(|value| if value.is_nan() && !payloads { f64::NAN } else { *value })
                    .map(f64::to_bits)
                    .collect(),
            }
        })
        .collect()
}

fn columns(choice: &str) -> Options {
    Options { columns: choice.parse().unwrap(), ..Options::default() }
}

/// Bits at which types differ, and any others.
fn any_bits() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        (0_u64..64, any::<bool>()).prop_map(|(shift, less)| (1_u64 << shift) - u64::from(less)),
        // Next to the middle between two numbers of 24 bits.
        (1_u64 << 24..1 << 25, 0_u32..39, 0_u64..3)
            .prop_map(|(odd, shift, off)| ((odd | 1) << shift).wrapping_add(off).wrapping_sub(1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn an_array_of_any_type_and_order_gives_what_its_numbers_as_text_give(
        rows in prop::collection::vec(prop::array::uniform3(any_bits()), 1..40),
        code in prop::sample::select(&CODES[..]),
        big_endian: bool, fortran: bool, wide: bool, packed: bool,
        version in 1_u8..4, threads in 1_usize..4, chunk in 1_usize..200,
    ) {
        let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
        let options = Options { dtype: dtype.into(), ..Options::default() };
        let folder = Folder::new();
        let run = |inputs| {
            let run = || ingest_in_chunks(inputs, &folder.destination(), &options, &(), chunk);
            in_threads(threads, run).unwrap()
        };
        let numbers: Vec<[(Vec<u8>, String); 3]> =
            rows.iter().map(|row| row.map(|bits| number(code, bits))).collect();
        let text: String = numbers
            .iter()
            .map(|row| format!("{} {} {}\n", row[0].1, row[1].1, row[2].1))
            .collect();
        let expected = bits(&run(vec![stream(&text)]).points, false);

        let order = if big_endian { '>' } else { '<' };
        let bytes = |number: &(Vec<u8>, String)| {
            let mut bytes = number.0.clone();
            if big_endian {
                bytes.reverse();
            }
            bytes
        };
        let column = |index: usize| numbers.iter().flat_map(|row| bytes(&row[index])).collect::<Vec<u8>>();
        let by_columns: Vec<u8> = (0..3).flat_map(column).collect();
        let by_rows: Vec<u8> = numbers.iter().flatten().flat_map(bytes).collect();
        let descr = format!("'{order}{code}'");
        let data = if fortran { &by_columns } else { &by_rows };
        let shape = format!("({}, 3)", numbers.len());
        let table = npy_of_version(version, &descr, fortran, &shape, data);
        let done = run(vec![folder.file("table.npy", &table)]);
        prop_assert_eq!(&bits(&done.points, false), &expected);
        prop_assert_eq!(done.bytes, by_rows.len() as u64);
        done.points.verify(&()).unwrap();
        if !fortran {
            prop_assert_eq!(&bits(&run(vec![stream(&table)]).points, false), &expected);
        }

        // One array a column, some of them compressed.
        let inputs = (0..3).map(|index| {
            let array = npy(&descr, false, &format!("({},)", numbers.len()), &column(index));
            let array = if packed && index != 1 { zstd::encode_all(&*array, 1).unwrap() } else { array };
            folder.file(&format!("{index}.npy"), &array)
        });
        let done = run(inputs.collect());
        prop_assert_eq!(&bits(&done.points, false), &expected);
        prop_assert_eq!(done.bytes, by_rows.len() as u64);

        // A record with the numbers between other fields.
        let fields = format!(
            "[('id', '<U3'), ('x', '{order}{code}'), ('at', '<f4', (2,)), ('y', '{order}{code}'), ('', '|V3'), \
             (('title', 'z'), '{order}{code}')]"
        );
        let records: Vec<u8> = numbers
            .iter()
            .flat_map(|[x, y, z]| [vec![1; 12], bytes(x), vec![2; 8], bytes(y), vec![3; 3], bytes(z)].concat())
            .collect();
        let record = npy(&fields, false, &format!("({},)", numbers.len()), &records);
        let options = Options { dtype: dtype.into(), ..columns("x=x,y=y,z=z") };
        for input in [folder.file("record.npy", &record), stream(&record)] {
            let done = folder.ingest(vec![input], &options).unwrap();
            prop_assert_eq!(&bits(&done.points, false), &expected);
        }
    }

    #[test]
    fn values_of_the_same_type_keep_every_bit(
        rows in prop::collection::vec(prop::array::uniform2(any::<u64>()), 1..50),
        wide: bool, chunk in 1_usize..100,
    ) {
        let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
        let size = dtype.size() as usize;
        let data: Vec<u8> =
            rows.iter().flatten().flat_map(|bits| bits.to_le_bytes()[..size].to_vec()).collect();
        let mask = if wide { u64::MAX } else { u32::MAX.into() };
        let expected: Vec<Vec<u64>> =
            (0..2).map(|at| rows.iter().map(|row| row[at] & mask).collect()).collect();
        let folder = Folder::new();
        let array = npy(&format!("'<f{size}'"), false, &format!("({}, 2)", rows.len()), &data);
        let plain = Options { dtype: dtype.into(), ..Options::default() };
        let raw = Options { raw: Some(Raw { dtype, columns: 2 }), ..plain.clone() };
        for (input, options) in [
            (folder.file("a.npy", &array), &plain),
            (stream(&array), &plain),
            (folder.file("a.raw", &data), &raw),
            (stream(&data), &raw),
        ] {
            let done = ingest_in_chunks(vec![input], &folder.destination(), options, &(), chunk);
            let done = done.unwrap();
            prop_assert_eq!(&bits(&done.points, true), &expected);
            prop_assert_eq!(&done.points.sidecar().options, options);
            prop_assert_eq!(done.bytes, data.len() as u64);
        }
    }

    #[test]
    fn no_header_makes_the_parser_fall_or_take_memory(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = header::start(&[&MAGIC[..], &bytes].concat());
        let _ = header::parse(&bytes, Version::Latin1).and_then(Table::new);
    }

    #[test]
    fn no_dictionary_makes_the_parser_fall(
        text in r"\{('(descr|fortran_order|shape)': ?([\(\[\{]{0,40}|'[<>|]?[fiuUVSOM?][0-9]{0,12}(\[ns\])?'|True|\([0-9]{0,25}L?, ?[0-9]{0,3}\)|\[\('x', '<f4'(, \([0-9]{0,20},\))?\),?\]|\\|é)[,\}]?){0,4}",
    ) {
        let _ = header::parse(text.as_bytes(), Version::Latin1).and_then(Table::new);
    }

    #[test]
    fn a_changed_byte_in_a_header_is_an_error_or_another_array(at in 0_usize..90, byte: u8) {
        let mut array = npy("'<f4'", false, "(5, 3)", &[0; 60]);
        array[at] = byte;
        let _ = Folder::new().ingest(vec![stream(&array)], &Options::default());
    }
}

fn table(descr: &str, shape: &str) -> Result<Table, String> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}");
    header::parse(header.as_bytes(), Version::Utf8).and_then(Table::new)
}

#[test]
fn a_header_is_read_as_python_would() {
    let parse = |text: &str| header::parse(text.as_bytes(), Version::Latin1);
    let expected = Header {
        fields: Fields::One(Type {
            name: "<f4".to_owned(),
            bytes: 4,
            element: Element::new("f4", false),
        }),
        fortran: true,
        shape: vec![7, 3],
    };
    for text in [
        "{'descr': '<f4', 'fortran_order': True, 'shape': (7, 3), }          \n",
        "{\"shape\":(7,3),\"fortran_order\":True,\"descr\":\"<f4\"}",
        " { 'shape' : ( 7L , 3L, ) , 'descr': '<f4' , 'fortran_order' : True }\n",
    ] {
        assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
    }
    for text in [
        "",
        "{",
        "{}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (7, 3)} x",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (7, 3)",
        "{'descr': '<f4', 'fortran_order': 1, 'shape': (7, 3)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (7, -3)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (7, 99999999999999999999)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': 7}",
        "{'descr': '', 'fortran_order': True, 'shape': (7, 3)}",
        "{'descr': 4, 'fortran_order': True, 'shape': (7, 3)}",
        "{'descr': [('x', '<f4'], 'fortran_order': True, 'shape': (7,)}",
        "__import__('os').system('true')",
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.starts_with("is damaged: its header "), "{text}: {error}");
    }
    let deep =
        format!("{{'descr': {}, 'fortran_order': True, 'shape': (7,)}}", "[".repeat(100_000));
    assert!(parse(&deep).is_err());
}

#[test]
fn what_is_no_table_of_points_says_what_it_is() {
    for (descr, shape, part) in [
        ("'<f4'", "()", "has shape ()"),
        ("'<f4'", "(2, 3, 4)", "has shape (2, 3, 4); arrays of points have rows"),
        ("[('x', '<f4')]", "(2, 3)", "has shape (2, 3)"),
        ("'<f4'", "(3, 1000000)", "save the transpose: np.save(…, a.T)"),
        ("'<f4'", "(5, 0)", "has shape (5, 0), and its rows hold nothing"),
        ("'<f8'", "(9223372036854775807, 3)", "no array has shape (9223372036854775807, 3)"),
        ("'<f8'", "(18446744073709551615, 60000)", "no array has shape"),
        ("[('x', '<f4', (99999999999, 99999999999))]", "(5,)", "has a field without a size"),
        ("[('x', 'V999999999')]", "(5,)", "has rows of more than 4194304 bytes"),
        ("'|O'", "(5, 3)", "is an array of Python objects"),
        ("'<c8'", "(5, 3)", "has numbers of type \"<c8\"; read are"),
        ("'<f3'", "(5, 3)", "has numbers of type \"<f3\"; read are"),
        ("'<f4'", "(-4, 3)", "its header has a shape that is not one of whole numbers"),
        ("'<f4'", "(4, 99999999999999999999)", "its header has a shape that is not one"),
        ("[('x', '<f4'), ('y', 'O')]", "(5,)", "is an array of Python objects"),
    ] {
        let error = table(descr, shape).unwrap_err();
        assert!(error.contains(part), "{descr} {shape}: {error}");
    }
}

#[test]
fn the_gaps_of_an_aligned_record_are_no_columns() {
    // As of np.dtype([('a', 'i1'), ('b', '<f8'), ('c', '<f4')], align=True).
    let descr = "[('a', '|i1'), ('', '|V7'), ('b', '<f8'), ('c', '<f4'), ('', '|V4')]";
    let row = |a: i8, b: f64, c: f32| {
        let a = a.to_le_bytes();
        [&a[..], &[0xFF; 7], &b.to_le_bytes(), &c.to_le_bytes(), &[0xFF; 4]].concat()
    };
    let array = npy(descr, false, "(2,)", &[row(-1, 2.5, 3.5), row(4, 5.5, -6.5)].concat());
    let folder = Folder::new();
    for choice in ["", "x=1,y=2,z=3", "x=a,y=b,z=c"] {
        let options = if choice.is_empty() { Options::default() } else { columns(choice) };
        for input in [folder.file("a.npy", &array), stream(&array)] {
            let done = folder.ingest(vec![input], &options).unwrap();
            let expected = [[-1_f32, 4.], [2.5, 5.5], [3.5, -6.5]];
            let expected = expected.map(|column| column.map(|value| u64::from(value.to_bits())));
            assert_eq!(bits(&done.points, true), expected, "{choice}");
            std::fs::remove_dir_all(folder.destination()).unwrap();
        }
    }
    let fail = |choice: &str| folder.fail(vec![folder.file("a.npy", &array)], &columns(choice));
    assert!(fail("x=1,y=4").contains("has rows of 3 numbers, and column y is to be number 4"));
    assert!(fail("x=a,y=d").ends_with("no column \"d\": the array has fields a, b, c"));
    // A gap has no name; a void with a name, or another type without, is a field.
    let two = npy("[('', 'V4'), ('v', 'V4'), ('', '<f4')]", false, "(1,)", &[0; 12]);
    assert!(folder.fail(vec![folder.file("b.npy", &two)], &columns("x=2,y=1")).contains("\"v\""));
    let error = table("[('', '|V4')]", "(5,)").unwrap_err();
    assert!(error.contains("its rows hold nothing"), "{error}");
}

#[test]
fn a_column_that_is_not_there_or_no_number_is_an_error() {
    let rows = table("'<f4'", "(5, 3)").unwrap();
    let record =
        table("[('id', '<i8'), ('lon', '<f4'), ('', '|V4'), ('name', '<U9')]", "(5,)").unwrap();
    for (table, choice, message) in [
        (&rows, "x=1,y=4", "a.npy: has rows of 3 numbers, and column y is to be number 4"),
        (
            &rows,
            "x=lon,y=2",
            "a.npy: has no names to find the column \"lon\" by; choose columns by position: --columns x=1,y=2",
        ),
        (&record, "x=lon,y=lat", "a.npy: no column \"lat\": the array has fields id, lon, name"),
        (
            &record,
            "x=lon,y=name",
            "a.npy: field \"name\" is of type \"<U9\", and read are floats of 2 to 8 bytes and whole numbers of 1 to 8; choose other columns with --columns",
        ),
    ] {
        let error = table.select(Path::new("a.npy"), 0, 0, &columns(choice), None).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

#[test]
fn a_file_or_stream_that_is_not_as_long_as_it_says_is_an_error() {
    let folder = Folder::new();
    let whole = npy("'<f4'", false, "(5, 3)", &[0; 60]);
    let options = Options::default();
    folder.ingest(vec![stream(&whole)], &options).unwrap();
    std::fs::remove_dir_all(folder.destination()).unwrap();
    for length in 0..whole.len() {
        let cut = &whole[..length];
        for message in [
            folder.fail(vec![folder.file("-", cut)], &options),
            folder.fail(vec![stream(cut)], &options),
        ] {
            // What is too short to be told from text is text.
            assert!(length < 6 || message.starts_with("-: is cut short: "), "{length}: {message}");
        }
    }
    let long = [&whole[..], &[0]].concat();
    for message in [
        folder.fail(vec![folder.file("-", &long)], &options),
        folder.fail(vec![stream(&long)], &options),
    ] {
        assert_eq!(
            message,
            "-: goes on after its last row: its shape (5, 3) takes 60 bytes, and there are more; save one array a file"
        );
    }
    let raw = Options { raw: Some(Raw { dtype: Dtype::F32, columns: 3 }), ..options };
    for input in [folder.file("-", &[0; 67]), stream([0; 67])] {
        assert_eq!(
            folder.fail(vec![input], &raw),
            "-: is 67 bytes long, which is 5 rows of 3 f32 and 7 bytes more: is it of another type, or are there other \
             numbers to a row?"
        );
    }
    assert!(folder.fail(vec![folder.file("one", &[0; 13])], &raw).starts_with(
        "one: is 13 bytes long, which is 1 row of 3 f32 and 1 byte more: is it of another type"
    ));
    let single = npy("'|u1'", false, "(1, 1)", &[0]);
    assert!(
        folder
            .fail(vec![folder.file("one", &single)], &Options::default())
            .starts_with("one: has rows of 1 number, and column y is to be number 2")
    );
    // What the numbers are comes before how many there are.
    let unknown = npy("'<f3'", false, "(4, 3)", &[0; 5]);
    assert!(
        folder
            .fail(vec![folder.file("f3", &unknown)], &Options::default())
            .starts_with("f3: has numbers of type \"<f3\"")
    );
    for input in [folder.file("-", &[]), stream("")] {
        assert_eq!(folder.fail(vec![input], &raw), "-: no points in it: the array is empty");
    }
    assert!(folder.fail(vec![stream(&whole)], &raw).contains("leave out --raw"));
    let long_header = [&MAGIC[..], &[2, 0], &u32::MAX.to_le_bytes(), &[b' '; 100]].concat();
    let message = folder.fail(vec![stream(long_header)], &Options::default());
    assert_eq!(message, "-: is damaged: its header would be 4294967295 bytes long");
    let version = [&MAGIC[..], &[9, 0, 0, 0, 0, 0]].concat();
    let message = folder.fail(vec![stream(version)], &Options::default());
    assert_eq!(message, "-: is a .npy file of version 9.0, which is not known");
}

#[test]
fn columns_in_files_of_their_own_are_found_by_position_and_name() {
    let folder = Folder::new();
    let column =
        |name: &str, values: [u8; 3]| folder.file(name, &npy("'|u1'", false, "(3,)", &values));
    let inputs = || {
        let packed = zstd::encode_all(&*npy("'|u1'", false, "(3,)", &[7, 8, 9]), 1).unwrap();
        vec![
            column("lon.npy", [1, 2, 3]),
            column("lat.npy", [4, 5, 6]),
            folder.file("mag.npy.zst", &packed),
        ]
    };
    let values = |choice: &str| {
        let options = if choice.is_empty() { Options::default() } else { columns(choice) };
        let done = folder.ingest(inputs(), &options).unwrap();
        let sources = &done.points.sidecar().sources;
        assert_eq!(sources.len(), 3);
        assert!(sources.iter().all(|source| source.modified.is_some()));
        bits(&done.points, true)
            .iter()
            .map(|column| f32::from_bits(column[0] as u32))
            .collect::<Vec<_>>()
    };
    assert_eq!(values(""), [1., 4., 7.]);
    assert_eq!(values("x=lat,y=lon,m=mag"), [4., 1., 7.]);
    assert_eq!(values("x=3,y=1"), [7., 1.]);
    std::fs::remove_dir_all(folder.destination()).unwrap();

    let fail = |inputs, choice: &str| {
        let options = if choice.is_empty() { Options::default() } else { columns(choice) };
        folder.fail(inputs, &options)
    };
    assert!(
        fail(inputs(), "x=lon,y=dec").contains("no input is named dec: there are lon, lat, mag")
    );
    assert!(fail(inputs(), "x=1,y=4").contains("column y is to be input 4, and there are 3"));
    assert!(fail(vec![column("x.npy", [1, 2, 3])], "").contains("x.npy: is one column alone"));
    let four = ["a", "b", "c", "d"].map(|name| column(name, [1, 2, 3])).into();
    assert!(fail(four, "").contains("4 arrays of one column each: say which is which"));
    let short = folder.file("short.npy", &npy("'|u1'", false, "(2,)", &[1, 2]));
    let message = fail(vec![column("x.npy", [1, 2, 3]), short], "");
    assert!(message.starts_with("short.npy: has 2 numbers, and x.npy has 3: "), "{message}");
    let text = || folder.file("text", b"1 2\n");
    for mixed in
        [vec![column("x.npy", [1, 2, 3]), text()], vec![text(), column("x.npy", [1, 2, 3])]]
    {
        assert!(fail(mixed, "").contains("make rows only with others of that kind"));
    }
}

#[test]
fn rows_of_texts_and_arrays_follow_one_another() {
    let folder = Folder::new();
    let inputs = vec![
        folder.file("a", b"1 2\n3 4\n"),
        folder.file("b.npy", &npy("'|u1'", false, "(2, 3)", &[5, 6, 0, 7, 8, 0])),
        folder.file("none.npy", &npy("'|u1'", false, "(0, 3)", &[])),
        stream(npy("'>i2'", false, "(1, 2)", &[0, 9, 0, 10])),
        stream("11 12\n13\n"),
    ];
    let options = Options { skip_bad: true, ..Options::default() };
    let done = folder.ingest(inputs, &options).unwrap();
    let values: Vec<Vec<f32>> = bits(&done.points, true)
        .into_iter()
        .map(|column| column.into_iter().map(|bits| f32::from_bits(bits as u32)).collect())
        .collect();
    assert_eq!(values, [[1., 3., 5., 7., 9., 11.], [2., 4., 6., 8., 10., 12.]]);
    assert_eq!(done.bad_lines[0].line, 2);
    std::fs::remove_dir_all(folder.destination()).unwrap();
    let message = folder.fail(vec![stream(npy("'|u1'", false, "(1, 2)", &[1, 2]))], &options);
    assert_eq!(message, "--skip-bad says how text is read, and the inputs are arrays");
    let message =
        folder.fail(vec![stream(npy("'|u1'", true, "(1, 2)", &[1, 2]))], &Options::default());
    assert!(message.starts_with("-: is in Fortran order"), "{message}");
    let message =
        folder.fail(vec![stream(npy("'|u1'", false, "(0, 2)", &[]))], &Options::default());
    assert_eq!(message, "-: no points in it: the array is empty");
}

#[test]
fn an_array_that_changes_while_it_is_read_is_an_error() {
    struct Change<'a>(&'a Path, &'a [u8]);
    impl crate::Progress for Change<'_> {
        fn advance(&self, _: u64) {
            std::fs::write(self.0, self.1).unwrap();
        }
    }
    let folder = Folder::new();
    let path = folder.0.path().join("a.npy");
    let array = npy("'|u1'", false, "(1000, 2)", &[1; 2000]);
    for changed in [&array[..500], &[&array[..], &[0]].concat()] {
        let inputs = vec![folder.file("a.npy", &array)];
        let progress = Change(&path, changed);
        let result =
            ingest_in_chunks(inputs, &folder.destination(), &Options::default(), &progress, 64);
        assert!(matches!(result, Err(Error::Changed { .. })), "{result:?}");
    }
    assert!(!folder.destination().exists());
}
