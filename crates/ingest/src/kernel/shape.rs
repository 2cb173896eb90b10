//! What the rows of a text have in common.

use crate::layout::{BLANKS, Layout, WantedField};

/// Bytes of a lane: a field and what stands around it.
pub(crate) const LANE: usize = 16;

/// The layout of a row, learnt from one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// Fields of a row, wanted or not.
    pub(super) fields: usize,
    /// What ends a field: blanks, or one byte.
    pub(super) delimiter: u8,
    /// The wanted fields.
    pub(super) wanted: Vec<WantedField>,
    /// The same, where all of them may be fixed; else none.
    pub(super) columns: Vec<ColumnShape>,
    /// The other fields.
    pub(super) others: Vec<usize>,
    /// Whether lines end with a carriage return and a newline.
    pub(super) carriage_return: bool,
    /// Blanks between the first separator behind the last field and the newline, with the separator; only where blanks
    /// are the delimiter. Where there are some, no field is fixed.
    pub(super) blanks_at_end: usize,
    /// The same of all fields, wanted or not, where all of them are of one kind that is read densely.
    #[cfg(target_arch = "x86_64")]
    pub(super) dense: Option<super::dense::Dense>,
    /// Whether one of the other fields may begin with a byte: not with one that begins a comment or a quotation, and not
    /// with a blank that could hide such a one, unless blanks are the delimiter.
    may_begin: [bool; 256],
}

/// The layout of a field, in the bytes that end with its separator: the last byte of a lane is the separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnShape {
    /// 0-based position in the row.
    pub(super) field: usize,
    /// Index of the column that it becomes.
    pub(super) column: usize,
    /// Digits after the point; 0 where there is no point either.
    pub(super) decimals: usize,
    /// 0xFF where `expected` must stand.
    pub(super) fixed: [u8; LANE],
    /// The separator and the point.
    pub(super) expected: [u8; LANE],
    /// 0xFF where neither a blank nor a sign may stand: the last digit of a whole number.
    pub(super) digit: [u8; LANE],
    /// Where each digit comes from: right-justified, 0x80 for none. The first is none, and takes the sign.
    pub(super) shuffle: [u8; LANE],
}

impl Shape {
    /// Learns from a row, with its newline, that the general path could read. `None` where its fields cannot be told from
    /// separators alone.
    pub(crate) fn learn(row: &[u8], layout: &Layout) -> Option<Self> {
        let delimiter = layout.syntax.delimiter;
        // In quotes a delimiter delimits nothing.
        let (b'\n', line) = row.split_last()? else { return None };
        if (layout.syntax.quotes && line.contains(&b'"')) || line.contains(&b'\n') {
            return None;
        }
        let ends = |byte: u8| byte == delimiter || (delimiter == b' ' && byte == b'\t');
        let mut fields = Vec::new();
        let mut start = 0;
        for (at, &byte) in row.iter().enumerate() {
            if ends(byte) || byte == b'\n' {
                let field = row[start..at].trim_ascii_start();
                // Of a run of blanks the first one is the separator.
                if delimiter != b' ' || !field.is_empty() {
                    fields.push((field, byte, at));
                }
                start = at + 1;
            }
        }
        let (last, _, end) = *fields.last()?;
        let blanks_at_end = line.len() - end;
        if last.is_empty() || line[end..].contains(&b'\r') {
            return None;
        }
        if layout.fields.iter().any(|wanted| wanted.position >= fields.len()) {
            return None;
        }
        let columns = layout.fields.iter().map(|wanted| {
            let (field, separator, _) = fields[wanted.position];
            ColumnShape::learn(wanted.position, wanted.column, field, separator)
        });
        let columns = if blanks_at_end == 0 { columns.collect() } else { None };
        #[cfg(target_arch = "x86_64")]
        let dense = {
            let fields: Vec<_> = fields.iter().map(|&(text, byte, _)| (text, byte)).collect();
            let padded = fields.iter().map(|(text, _)| text.len() + 1).sum::<usize>() < row.len();
            let fits = blanks_at_end == 0;
            fits.then(|| super::dense::Dense::learn(&fields, layout, delimiter, padded)).flatten()
        };
        let wanted = |field: &usize| layout.fields.iter().any(|wanted| wanted.position == *field);
        let mut may_begin = [true; 256];
        let special: &[u8] = match delimiter {
            // The newline of a blank line, which ends no field.
            BLANKS => b"\r\n",
            b'\t' => b" \r",
            _ => b" \t\r",
        };
        let quotes: &[u8] = if layout.syntax.quotes { b"\"" } else { b"" };
        let undefined: &[u8] = if layout.undefined.is_some() { b"u" } else { b"" };
        for byte in layout.comment.iter().chain(special).chain(quotes).chain(undefined) {
            may_begin[usize::from(*byte)] = false;
        }
        Some(Self {
            fields: fields.len(),
            delimiter,
            wanted: layout.fields.clone(),
            columns: columns.unwrap_or_default(),
            others: (0..fields.len()).filter(|field| !wanted(field)).collect(),
            carriage_return: last.ends_with(b"\r"),
            blanks_at_end,
            #[cfg(target_arch = "x86_64")]
            dense,
            may_begin,
        })
    }

    /// Whether the kernels for fixed fields can try.
    pub(crate) fn is_fixed(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Of `rows` rows whose fields end at `ends`, after the end of what is before them: how many, from the first on, end
    /// as they must, and have nothing in the fields that are not wanted that has a say in how they are read.
    #[inline(always)]
    pub(super) fn fitting_rows(&self, text: &[u8], ends: &[u32], rows: usize) -> usize {
        let fits = |row: &usize| {
            let ends = &ends[row * self.fields..=(row + 1) * self.fields];
            let blanks = if *row > 0 { self.blanks_at_end } else { 0 };
            self.ends_row(text, ends[self.fields] as usize)
                && self.others.iter().all(|&field| {
                    let before = ends[field] as usize + if field == 0 { blanks } else { 0 };
                    let end = ends[field + 1] as usize;
                    // Blanks before a newline may hide it from the ends.
                    before < end
                        && (field + 1 == self.fields || text[end] != b'\n')
                        && self.may_be_other(&text[before + 1..=end])
                })
        };
        let rows = (0..rows).find(|row| !fits(row)).unwrap_or(rows);
        if self.others.is_empty() || rows == 0 {
            return rows;
        }
        // A carriage return that is not in front of a newline ends a line in the midst of a field that nobody looks into.
        let (start, end) = (ends[0] as usize + 1, ends[rows * self.fields] as usize);
        let usual = if self.carriage_return { rows } else { 0 };
        if returns(&text[start..end]) == usual {
            return rows;
        }
        self.rows_before_stray_return(text, ends, rows)
    }

    /// Of so many rows, how many come before a carriage return that is not in front of a newline.
    #[cold]
    fn rows_before_stray_return(&self, text: &[u8], ends: &[u32], rows: usize) -> usize {
        let (start, end) = (ends[0] as usize + 1, ends[rows * self.fields] as usize);
        let is_stray = |&at: &usize| text.get(start + at + 1) != Some(&b'\n');
        match memchr::memchr_iter(b'\r', &text[start..end]).find(is_stray) {
            Some(at) => {
                let comes_before = |row: &usize| ends[row * self.fields] as usize <= start + at;
                (1..rows).rev().find(comes_before).unwrap_or(0)
            }
            None => rows,
        }
    }

    /// Whether a row ends with the field that ends at `end`.
    #[inline(always)]
    fn ends_row(&self, text: &[u8], end: usize) -> bool {
        if self.blanks_at_end == 0 {
            // Where some fields are not looked into, carriage returns are counted, and each must be where it belongs.
            let returns = self.carriage_return && !self.others.is_empty();
            return text[end] == b'\n' && (!returns || text[end - 1] == b'\r');
        }
        let tail = text.get(end..=end + self.blanks_at_end);
        tail.and_then(<[u8]>::split_last).is_some_and(|(newline, blanks)| {
            *newline == b'\n' && blanks.iter().all(|&byte| byte == b' ' || byte == b'\t')
        })
    }

    /// Whether a row may begin with a field, which is not blank: it is no comment then.
    pub(super) fn may_begin(&self, field: &[u8]) -> bool {
        let first = field.iter().find(|&&byte| byte != b' ' && byte != b'\t');
        first.is_some_and(|&byte| self.may_begin[usize::from(byte)])
    }

    /// Whether a field that is not wanted, with what ends it, has no say in how the row is read.
    #[inline(always)]
    fn may_be_other(&self, field: &[u8]) -> bool {
        let mut bytes = field.iter();
        let first = if self.delimiter == b' ' {
            bytes.find(|&&byte| byte != b' ' && byte != b'\t')
        } else {
            bytes.next()
        };
        first.is_none_or(|&byte| self.may_begin[usize::from(byte)])
    }
}

/// How many carriage returns there are, counted with the vectors of the kernel that asks.
#[inline(always)]
fn returns(text: &[u8]) -> usize {
    let (blocks, rest) = text.as_chunks::<64>();
    // At most as many as a block has bytes.
    let count = |bytes: &[u8]| bytes.iter().map(|&byte| u8::from(byte == b'\r')).sum::<u8>();
    let all: usize = blocks.iter().map(|block| usize::from(count(block))).sum();
    all + usize::from(count(rest))
}

impl ColumnShape {
    /// Whether a carriage return stands before the separator.
    pub(super) fn has_carriage_return(&self) -> bool {
        self.fixed[LANE - 2] == 0xFF && self.expected[LANE - 2] == b'\r'
    }

    /// `None` where the field is not plain: exponents, signs other than minus, more than 14 bytes.
    pub(super) fn learn(field: usize, column: usize, text: &[u8], separator: u8) -> Option<Self> {
        let (text, tail): (&[u8], &[u8]) = match (text, separator) {
            ([text @ .., b'\r'], b'\n') => (text, b"\r\n"),
            (_, b'\n') => (text, b"\n"),
            (_, b'\t') => (text, b"\t"),
            (_, b' ') => (text, b" "),
            (_, b',') => (text, b","),
            (_, b'|') => (text, b"|"),
            (_, b';') => (text, b";"),
            _ => return None,
        };
        let unsigned = text.strip_prefix(b"-").unwrap_or(text);
        let point = unsigned.iter().position(|&byte| byte == b'.');
        let decimals = point.map_or(0, |point| unsigned.len() - point - 1);
        let plain = unsigned
            .iter()
            .enumerate()
            .all(|(at, byte)| Some(at) == point || byte.is_ascii_digit());
        // A point without digits behind it is rare, and a shape of its own.
        let pointless = point.is_some() && decimals == 0;
        if !plain || pointless || unsigned.is_empty() || text.len() + tail.len() > LANE {
            return None;
        }
        let mut shape = Self {
            field,
            column,
            decimals,
            fixed: [0; LANE],
            expected: [0; LANE],
            digit: [0; LANE],
            shuffle: [0x80; LANE],
        };
        let end = LANE - tail.len();
        shape.expected[end..].copy_from_slice(tail);
        shape.fixed[end..].fill(0xFF);
        let mut source = end;
        if point.is_some() {
            let point = end - decimals - 1;
            shape.expected[point] = b'.';
            shape.fixed[point] = 0xFF;
        } else {
            shape.digit[end - 1] = 0xFF;
        }
        for target in (1..LANE).rev() {
            if source > 0 && shape.fixed[source - 1] == 0xFF {
                source -= 1;
            }
            if source == 0 {
                break;
            }
            source -= 1;
            shape.shuffle[target] = source as u8;
        }
        Some(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::FieldCount;

    fn learn(row: &str, delimiter: u8, positions: &[usize]) -> Option<Shape> {
        let layout = Layout::new(delimiter, FieldCount::Exactly(2), positions, Vec::new());
        Shape::learn(row.as_bytes(), &layout)
    }

    #[test]
    fn decimals_and_separators_are_learnt() {
        let shape = learn("-1.25 3 \t7.5\n", BLANKS, &[0, 1, 2]).unwrap();
        assert_eq!(shape.fields, 3);
        let decimals: Vec<usize> = shape.columns.iter().map(|column| column.decimals).collect();
        assert_eq!(decimals, [2, 0, 1]);
        assert_eq!(shape.columns[0].expected[12..], *b"\0.\0\0 "[1..].as_ref());
        assert_eq!(shape.columns[0].shuffle[12..], [10, 11, 13, 14]);
        assert_eq!(shape.columns[1].digit[14], 0xFF);
        assert_eq!(shape.columns[2].expected[13..], *b".\0\n");
    }

    #[test]
    fn a_carriage_return_belongs_to_the_end_of_the_line() {
        let shape = learn("1,2.5\r\n", b',', &[1]).unwrap();
        assert_eq!(shape.fields, 2);
        assert_eq!(shape.columns[0].expected[12..], *b".\0\r\n");
        assert_eq!(shape.columns[0].shuffle[12..], [9, 10, 11, 13]);
    }

    #[test]
    fn fields_that_are_not_plain_are_not_fixed() {
        for row in
            ["1e5 2\n", "+1 2\n", "nan 2\n", "1. 2\n", "- 2\n", "1 2 \n", "1234567890123.45 2\n"]
        {
            let shape = learn(row, BLANKS, &[0, 1]).unwrap();
            assert!(!shape.is_fixed() && shape.fields == 2, "{row:?}");
            assert_eq!(shape.blanks_at_end, usize::from(row.ends_with(" \n")), "{row:?}");
        }
        assert!(!learn("1,,2\n", b',', &[0, 1]).unwrap().is_fixed());
    }

    #[test]
    fn rows_whose_fields_separators_do_not_tell_teach_nothing() {
        for row in ["1 2", "1 2\n3 4\n", "1\n", "1 2 \r\n", "\n", ""] {
            assert_eq!(learn(row, BLANKS, &[0, 1]), None, "{row:?}");
        }
        assert_eq!(learn("\"1\",2\n", b',', &[0, 1]), None);
        assert_eq!(learn("1,2,\n", b',', &[0, 1]), None);
    }
}
