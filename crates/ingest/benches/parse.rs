//! Text to columns on one thread, in memory: `ingest/parse/format=fixed/kernel=avx2` and its like, bytes and numbers a
//! second. `…/peer=lexical` is lexical-core's parser of floats in the plainest loop over the same fields.

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pointillist_base::Instructions;
use pointillist_ingest::{Columns, Options, Reading, parse_text};

const ROWS: usize = 20_000;

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// In [-1, 1), with all 53 bits.
    fn signed(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// A text in one of the formats that programs write, and where its three numbers a line stand.
struct Text {
    bytes: String,
    /// 0-based positions of the wanted fields, ascending.
    wanted: [usize; 3],
    options: Options,
}

const FORMATS: [&str; 10] =
    ["fixed", "exponent", "nine", "shortest", "integer", "csv", "tabs", "five", "crlf", "mixed"];

fn text(format: &str) -> Text {
    let mut random = Random(1);
    let mut bytes = if format == "csv" { "x,y,z\n".to_owned() } else { String::new() };
    for _ in 0..ROWS {
        let [x, y, z] = [0; 3].map(|_| random.signed());
        bytes += &match format {
            "exponent" => [x, y, z].map(exponent).join(" "),
            "nine" => [x, y, 100.0 * z].map(nine).join(" "),
            "shortest" => format!("{x} {y} {z}"),
            "integer" => [x, y, 0.01 * z].map(|value| format!("{:.0}", 1e6 * value)).join(" "),
            "csv" => format!("{x:.6},{y:.6},{z:.4}"),
            "tabs" => format!("{x:.6}\t{y:.6}\t{z:.4}"),
            "five" => format!("{:.0} {x:.6} {z:.3} {y:.6} {z:.4}", 1e5 * (1.0 + z)),
            // As one would write it by hand: no row looks like the one before it.
            "mixed" => {
                format!("{:.*} {y:.3e} {:.*}", 1 + (random.next() & 7) as usize, x, 2, 9.0 * z)
            }
            _ => format!("{x:.6} {y:.6} {z:.4}"),
        };
        bytes += if format == "crlf" { "\r\n" } else { "\n" };
    }
    let (wanted, columns) =
        if format == "five" { ([1, 3, 4], "x=2,y=4,z=5") } else { ([0, 1, 2], "x=1,y=2,z=3") };
    let columns = columns.parse().expect("a valid choice of columns");
    Text { bytes, wanted, options: Options { columns, ..Options::default() } }
}

/// C's `%.18e`.
fn exponent(value: f64) -> String {
    let text = format!("{value:.18e}");
    let (digits, power) = text.split_once('e').expect("an exponent");
    let power: i32 = power.parse().expect("a number");
    format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

/// C's `%.9g`.
fn nine(value: f64) -> String {
    let text = format!("{value:.8e}");
    let (digits, power) = text.split_once('e').expect("an exponent");
    let power: i32 = power.parse().expect("a number");
    let trim = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if (-4..9).contains(&power) {
        trim(&format!("{value:.*}", (8 - power) as usize))
    } else {
        format!("{}e-{:02}", trim(digits), power.abs())
    }
}

/// The numbers by the standard library, column by column.
fn expected(text: &Text) -> Vec<Vec<f32>> {
    let mut columns = vec![Vec::new(); 3];
    for line in text.bytes.lines().skip_while(|line| line.starts_with('x')) {
        let fields: Vec<&str> = line.split([' ', ',', '\t']).collect();
        for (column, wanted) in columns.iter_mut().zip(text.wanted) {
            column.push(fields[wanted].parse().expect("a number"));
        }
    }
    columns
}

fn ours(text: &Text, instructions: Instructions) -> Vec<Vec<f32>> {
    let reading = Reading { instructions, ..Reading::default() };
    let table = parse_text(Path::new("-"), text.bytes.as_bytes(), &text.options, &reading);
    match table.expect("good lines").columns {
        Columns::F32(columns) => columns,
        Columns::F64(_) => unreachable!("the columns are 32 bits wide"),
    }
}

fn lexical(text: &Text) -> Vec<Vec<f32>> {
    let is_separator = |byte: &u8| matches!(byte, b' ' | b',' | b'\t' | b'\r');
    let bytes = text.bytes.as_bytes();
    let mut columns = vec![Vec::new(); 3];
    let mut at = if bytes[0] == b'x' { text.bytes.find('\n').map_or(0, |end| end + 1) } else { 0 };
    while at < bytes.len() {
        let mut field = 0;
        for (column, wanted) in columns.iter_mut().zip(text.wanted) {
            while field < wanted {
                let separator = bytes[at..].iter().position(is_separator);
                at += separator.expect("another field") + 1;
                field += 1;
            }
            let (value, used) = lexical_core::parse_partial(&bytes[at..]).expect("a number");
            column.push(value);
            at += used + 1;
            field += 1;
        }
        // Past the newline, which two bytes may be.
        at += usize::from(bytes[at - 1] == b'\r');
    }
    columns
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ingest/parse");
    group.sample_size(20);
    for format in FORMATS {
        let text = text(format);
        let expected = expected(&text);
        group.throughput(Throughput::ElementsAndBytes {
            elements: 3 * ROWS as u64,
            bytes: text.bytes.len() as u64,
        });
        for instructions in Instructions::available() {
            assert!(ours(&text, instructions) == expected, "{instructions} misreads {format}");
            let id = BenchmarkId::from_parameter(format!("format={format}/kernel={instructions}"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| black_box(ours(black_box(&text), instructions)));
            });
        }
        assert!(lexical(&text) == expected, "lexical misreads {format}");
        let id = BenchmarkId::from_parameter(format!("format={format}/peer=lexical"));
        group.bench_function(id, |bencher| bencher.iter(|| black_box(lexical(black_box(&text)))));
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
