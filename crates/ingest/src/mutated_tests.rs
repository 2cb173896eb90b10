//! Tables of all dialects, with lines that somebody has damaged: what is read is what the naive reader reads by the same stated
//! rule, line by line, with every kernel and however the text is cut; and where nothing contradicts the table, it is the
//! values that were written.
//!
//! A few hundred thousand lines a run; `POINTILLIST_LINES` in the environment asks for more.

use std::path::Path;

use pointillist_base::Instructions;

use crate::head::read_head;
use crate::line::Rows;
use crate::number::Number;
use crate::{Delimiter, Error, Options, naive};

/// The generator SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// What a column of a table holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Fixed,
    Shortest,
    Scientific,
    Whole,
    WithMissing,
    Text,
    Quoted,
}

/// How a table is written.
#[derive(Debug)]
struct Dialect {
    delimiter: u8,
    separator: String,
    end: &'static str,
    kinds: Vec<Kind>,
    header: bool,
    options: Options,
}

const WORDS: [&str; 8] = ["NA", "nan", "", "-", "\\N", "null", "\"\"", "N/A"];
const TEXTS: [&str; 8] = ["M31", "star", "u", "n/d", "e5", "a-b", "x1.5", "#7"];
const QUOTED: [&str; 6] =
    ["\"a\\\"", "\"a b\"", "\"a,b;c|d\"", "\"\"\"q\"\" 1\"", "\"1.5\"", "\"NGC\t224\""];

impl Dialect {
    fn new(random: &mut Random) -> Self {
        let delimiter = random.of(b" \t,;|:");
        let columns = 2 + random.below(6);
        let all = [
            Kind::Fixed,
            Kind::Fixed,
            Kind::Shortest,
            Kind::Scientific,
            Kind::Whole,
            Kind::WithMissing,
        ];
        let mut kinds: Vec<Kind> = (0..columns).map(|_| random.of(&all)).collect();
        for kind in &mut kinds[2..] {
            if random.one_in(4) {
                *kind = random.of(&[Kind::Text, Kind::Quoted]);
            }
        }
        let separator = match (delimiter, random.below(4)) {
            (b' ', 0) => "   ".to_owned(),
            (b' ', 1) => " \t".to_owned(),
            (b',' | b';', 0) => format!("{} ", char::from(delimiter)),
            _ => char::from(delimiter).to_string(),
        };
        let named = match delimiter {
            b' ' => Delimiter::Blanks,
            byte => Delimiter::Byte(byte),
        };
        let mut options = Options { skip_bad: random.one_in(2), ..Options::default() };
        // Told from the head as often as it is said.
        if delimiter == b':' || random.one_in(2) {
            options.delimiter = named;
        }
        if random.one_in(2) {
            options.columns = "x=1,y=2".parse().unwrap();
        }
        if random.one_in(8) {
            options.missing = vec!["7".to_owned(), "star".to_owned()];
        }
        if random.one_in(8) {
            options.comment = Some("#n".to_owned());
        }
        options.no_quotes = random.one_in(12);
        options.ragged = random.one_in(12);
        let end = random.of(&["\n", "\n", "\n", "\r\n", "\r", " \n"]);
        Self { delimiter, separator, end, kinds, header: random.one_in(3), options }
    }

    fn field(&self, kind: Kind, random: &mut Random) -> String {
        let value = (random.next() as i64 as f64) / 1e16;
        match kind {
            Kind::Fixed => format!("{value:.3}"),
            Kind::Shortest => format!("{}", value / 7.0),
            Kind::Scientific => {
                let text = format!("{value:.5e}");
                let (digits, power) = text.split_once('e').unwrap();
                let power: i32 = power.parse().unwrap();
                format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
            }
            Kind::Whole => random.below(100_000).to_string(),
            Kind::WithMissing if random.one_in(3) => match random.of(&WORDS) {
                // Between blanks nothing is nothing.
                "" if self.delimiter == b' ' => "NA".to_owned(),
                word => word.to_owned(),
            },
            Kind::WithMissing => format!("{value:.2}"),
            Kind::Text => random.of(&TEXTS).to_owned(),
            // Between blanks a backslash before a quote never ends a field.
            Kind::Quoted if self.delimiter == b' ' => random.of(&QUOTED[1..]).to_owned(),
            Kind::Quoted => random.of(&QUOTED).to_owned(),
        }
    }

    fn row(&self, random: &mut Random) -> Vec<String> {
        self.kinds.iter().map(|&kind| self.field(kind, random)).collect()
    }

    /// A text of so many lines, of which one in `damage` is damaged.
    fn text(&self, lines: usize, damage: usize, random: &mut Random) -> Vec<u8> {
        let mut text = String::new();
        if self.header {
            let names: Vec<String> = (0..self.kinds.len()).map(|at| format!("c{at}")).collect();
            text += &(names.join(&self.separator) + self.end);
        }
        for _ in 0..lines {
            let mut row = self.row(random);
            let mut separator = self.separator.clone();
            let mut end = self.end;
            if damage > 0 && random.one_in(damage) {
                let at = random.below(row.len());
                match random.below(12) {
                    0 => drop(row.remove(at)),
                    1 => row.insert(at, "1.5".to_owned()),
                    2 => row[at].clear(),
                    3 => {
                        let other = random.below(row.len());
                        row.swap(at, other);
                    }
                    4 => row[at] = random.of(&TEXTS).to_owned(),
                    5 => row[at] = random.of(&QUOTED).to_owned(),
                    6 => row[at].push_str(random.of(&["\r", "\"", " ", "#", "x", "\r7", ","])),
                    7 => row[at].insert_str(0, random.of(&["\"", "#", "\r", "%", " ", "+", "--"])),
                    8 => {
                        row = vec![
                            random
                                .of(&["# a comment", "", "---", "+--+--+", "[EOD]", "c0 c1"])
                                .to_owned(),
                        ]
                    }
                    9 => end = random.of(&["\r\n", "\r", "\n\n", "\t\n", " \r\r\n"]),
                    10 => separator = random.of(&["\t", " ", ",", ",,", ";"]).to_owned(),
                    _ => {
                        row[at] = random
                            .of(&["NaN", "-inf", "1e400", "1.5D3", "1.5-300", "1,5", "1.#INF"])
                            .to_owned()
                    }
                }
            }
            text += &row.join(&separator);
            text += end;
        }
        text.into_bytes()
    }
}

/// All that a reading says, with values as bits in which NaN is one.
#[derive(Debug, PartialEq)]
struct Reading {
    columns: Vec<Vec<u64>>,
    bad: u64,
    first_bad: Option<u64>,
    fatal: Option<u64>,
    undefined: u64,
    lines: u64,
}

impl Reading {
    /// What tells two of them apart.
    fn brief(&self) -> String {
        let lengths: Vec<usize> = self.columns.iter().map(Vec::len).collect();
        let Self { bad, first_bad, fatal, undefined, lines, .. } = self;
        format!(
            "rows {lengths:?} bad {bad} {first_bad:?} {fatal:?} undefined {undefined} lines {lines}"
        )
    }
}

fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

/// Reads a text in pieces that are cut after newlines.
fn fast<T: Number>(
    text: &[u8],
    layout: &crate::layout::Layout,
    instructions: Instructions,
    piece: usize,
) -> Reading {
    let mut rows = Rows::<T>::new(layout.names.len(), instructions);
    let mut rest = text;
    while !rest.is_empty() && !rows.is_at_end(layout) {
        let after = rest.get(piece..).and_then(|after| memchr::memchr(b'\n', after));
        let (now, later) = rest.split_at(after.map_or(rest.len(), |at| piece + at + 1));
        rows.parse(now, layout);
        rest = later;
    }
    let reading = |column: &Vec<T>| column.iter().map(|value| bits(value.to_f64())).collect();
    Reading {
        columns: rows.columns.iter().map(reading).collect(),
        bad: rows.bad.all(),
        first_bad: rows.reports.first().map(|bad| bad.line),
        fatal: rows.fatal.map(|bad| bad.line),
        undefined: rows.undefined,
        lines: rows.lines,
    }
}

/// What the naive reader says, up to where the fast one ends: at the first bad line, unless they are skipped.
fn slow(text: &[u8], layout: &crate::layout::Layout, wide: bool) -> Reading {
    let read = naive::read(text, layout);
    let column = |at: usize| -> Vec<u64> {
        match wide {
            true => read.columns[at].iter().map(|&value| bits(value)).collect(),
            false => read.singles[at].iter().map(|&value| bits(value.into())).collect(),
        }
    };
    Reading {
        columns: (0..read.columns.len()).map(column).collect(),
        bad: read.bad.len() as u64 + u64::from(read.open_quote.is_some()),
        first_bad: read.bad.first().copied(),
        fatal: read.open_quote,
        undefined: read.undefined,
        lines: read.lines,
    }
}

/// Compares one text. Returns how many lines were read.
fn check(text: &[u8], options: &Options) -> u64 {
    let head = match read_head(Path::new("-"), &mut &*text, options, None) {
        Ok(Ok(head)) => head,
        // Refused, which is never silent.
        Ok(Err(_)) | Err(_) => return 0,
    };
    let text = &text[head.offset as usize..];
    for (wide, skip_bad) in [(false, true), (true, true), (true, false)] {
        let layout = crate::layout::Layout { skip_bad, ..head.layout.clone() };
        let expected = slow(text, &layout, wide);
        for instructions in Instructions::available() {
            for piece in [text.len(), 700] {
                let found = match wide {
                    true => fast::<f64>(text, &layout, instructions, piece),
                    false => fast::<f32>(text, &layout, instructions, piece),
                };
                let shown = || String::from_utf8_lossy(&text[..text.len().min(3000)]).into_owned();
                if skip_bad || expected.bad == 0 {
                    let (found_brief, expected_brief) = (found.brief(), expected.brief());
                    assert!(
                        found == expected,
                        "{instructions}, {piece}, {:?}\n{found_brief}\n{expected_brief}\n{}",
                        head.layout,
                        shown()
                    );
                    continue;
                }
                // It ends at the first line that is bad, whatever is wrong with it.
                let first = expected.first_bad.into_iter().chain(expected.fatal).min();
                let ended = found.first_bad.into_iter().chain(found.fatal).min();
                assert_eq!(ended, first, "{instructions}, {piece}, {:?}\n{}", head.layout, shown());
                for (found, expected) in found.columns.iter().zip(&expected.columns) {
                    assert!(expected.starts_with(found), "{instructions}, {piece}\n{}", shown());
                }
            }
        }
    }
    naive::read(text, &head.layout).lines
}

#[test]
fn damaged_lines_are_what_the_naive_reader_takes_them_for() {
    let wanted = std::env::var("POINTILLIST_LINES").ok().and_then(|lines| lines.parse().ok());
    let wanted: u64 = wanted.unwrap_or(200_000);
    let mut lines = 0;
    let mut seed = 0;
    while lines < wanted {
        seed += 1;
        let mut random = Random(seed);
        let dialect = Dialect::new(&mut random);
        let damage = random.of(&[0, 3, 10, 40, 200]);
        let rows = 20 + random.below(400);
        let text = dialect.text(rows, damage, &mut random);
        lines += check(&text, &dialect.options);
    }
}

#[test]
fn a_table_without_damage_gives_the_values_that_were_written() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let dialect = Dialect::new(&mut random);
        let mut options = dialect.options.clone();
        options.missing = Vec::new();
        // A comment may begin as a missing value does.
        options.comment = Some("#".to_owned());
        options.columns = "x=1,y=2".parse().unwrap();
        let mut rows = Vec::new();
        let mut text = String::new();
        for _ in 0..50 {
            let row = dialect.row(&mut random);
            text += &(row.join(&dialect.separator) + dialect.end);
            rows.push(row);
        }
        // Without quotes, a delimiter within them delimits.
        let quoted = dialect.kinds.contains(&Kind::Quoted) && options.no_quotes;
        let head = match read_head(Path::new("-"), &mut text.as_bytes(), &options, None) {
            Ok(Ok(head)) => head,
            Ok(Err(_)) | Err(Error::NoSuchField { .. }) if quoted => continue,
            other => panic!("{other:?}\n{text}"),
        };
        if quoted {
            continue;
        }
        let read = naive::read(&text.as_bytes()[head.offset as usize..], &head.layout);
        assert_eq!(
            (head.lines, read.bad.len(), read.columns[0].len()),
            (0, 0, 50),
            "{:?}\n{text}",
            head.layout
        );
        for (at, row) in rows.iter().enumerate() {
            for (column, field) in row.iter().take(2).enumerate() {
                let value = field.parse::<f64>().unwrap_or(f64::NAN);
                assert_eq!(bits(read.columns[column][at]), bits(value), "{field}\n{text}");
            }
        }
    }
}
