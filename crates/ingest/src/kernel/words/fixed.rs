//! Rows whose columns have fixed numbers of digits after the point: one pass, a field at a time.
//!
//! Only the point is looked for, or the separator where there is none. It tells where the digits before it are, how many
//! follow it is known, and so is what comes then: the next field begins where this one says before any of its digits has
//! been looked at.

use super::{POWERS, are_digits, find, first_bytes, values};
use crate::kernel::shape::{ColumnShape, LANE};
use crate::kernel::{Done, Work};
use crate::number::SIGN_BIT;
use crate::number::decimal::eight_digits;
use crate::number::{Number, parse_field};

/// Rows whose digits are read before numbers are made of them, a column at a time: these vectors can do.
const BLOCK: usize = 512;

/// Parses rows for as long as they have the shape, of nothing but wanted columns with one byte between them.
pub(in crate::kernel) fn parse<T: Number>(work: Work<'_, T>) -> Done {
    let Work { text, mut at, shape, scratch, columns } = work;
    let mut all_rows = 0;
    let fields: Option<Vec<Field>> = shape.columns.iter().map(Field::new).collect();
    // Two columns may come from one field.
    let all_wanted = shape.others.is_empty() && shape.columns.len() == shape.fields;
    let Some(fields) = fields.filter(|_| all_wanted) else {
        return Done { rows: 0, at };
    };
    let mantissas = &mut scratch.halves;
    mantissas.resize(fields.len() * BLOCK, 0);
    loop {
        let (rows, next) = read_rows(text, at, &fields, mantissas);
        for (field, mantissas) in fields.iter().zip(mantissas.chunks_exact(BLOCK)) {
            let target = &mut columns[field.column];
            let start = target.len();
            target.resize(start + rows, T::default());
            field.finish(&mantissas[..rows], &mut target[start..]);
        }
        all_rows += rows;
        at = next;
        if rows < BLOCK {
            return Done { rows: all_rows, at };
        }
    }
}

/// Reads the digits of up to a block of rows. Returns how many, and where the next row begins. Not inlined, so that all
/// registers are its own.
#[inline(never)]
fn read_rows(text: &[u8], start: usize, fields: &[Field], mantissas: &mut [u64]) -> (usize, usize) {
    let mut start = start;
    for row in 0..BLOCK {
        let mut at = start;
        for (field, mantissas) in fields.iter().zip(mantissas.chunks_exact_mut(BLOCK)) {
            let Some(end) = field.read(text, at, &mut mantissas[row]) else {
                return (row, start);
            };
            at = end;
        }
        start = at;
    }
    (BLOCK, start)
}

/// Digits after the point that are read from one word.
const MOST_DECIMALS: usize = 7;

/// What is known of the fields of a column.
struct Field {
    column: usize,
    decimals: usize,
    /// What ends the digits before the point, and is looked for.
    mark: u8,
    /// What follows the digits behind it: two bytes, of which only those count that `tail_mask` has bits of.
    tail: u16,
    tail_mask: u16,
    /// Bytes from the mark to the next field.
    length: usize,
    /// The power of ten for the digits before the point.
    scale: u64,
}

impl Field {
    /// `None` where there are too many decimals.
    fn new(shape: &ColumnShape) -> Option<Self> {
        let decimals = shape.decimals;
        let carriage_return = shape.expected[LANE - 2] == b'\r';
        let end = if carriage_return { LANE - 2 } else { LANE - 1 };
        // Without a point, the mark is the first byte of the end.
        let (mark, tail) = if decimals == 0 {
            (shape.expected[end], &shape.expected[end + 1..])
        } else {
            (b'.', &shape.expected[end..])
        };
        let bytes = |tail: &[u8]| {
            u16::from_le_bytes([
                tail.first().copied().unwrap_or(0),
                tail.get(1).copied().unwrap_or(0),
            ])
        };
        (decimals <= MOST_DECIMALS).then(|| Self {
            column: shape.column,
            decimals,
            mark,
            tail: bytes(tail),
            tail_mask: bytes(&[0xFF; 2][..tail.len()]),
            length: 1 + decimals + tail.len(),
            scale: POWERS[decimals],
        })
    }

    /// Reads the field that begins at `at`, and says where the next one does. `None` where it has not the shape, has more
    /// than seven bytes before the point, or comes too near the end of the text.
    #[inline(always)]
    fn read(&self, text: &[u8], at: usize, mantissa: &mut u64) -> Option<usize> {
        // All that is looked at: the mark is in the first eight bytes, and less than 16 follow it.
        let window: &[u8; 32] = text.get(at..)?.first_chunk()?;
        let word = u64::from_le_bytes(*window.first_chunk()?);
        let mark = find(word, self.mark);
        let rest: &[u8; 16] = window[mark + 1..].first_chunk()?;
        let negative = word as u8 == b'-';
        let count = mark.wrapping_sub(usize::from(negative));
        if count == 0 || mark == 8 {
            return None;
        }
        let whole = first_bytes(values(word >> (8 * u32::from(negative))), count);
        let (words, _) = rest.as_chunks::<8>();
        let fraction = first_bytes(values(u64::from_le_bytes(words[0])), self.decimals);
        let tail = u16::from_le_bytes([rest[self.decimals], rest[self.decimals + 1]]);
        if !are_digits([whole, fraction]) || (tail ^ self.tail) & self.tail_mask != 0 {
            return None;
        }
        // Eight digits in all fit one word, as most coordinates do.
        let moved = whole >> (8 * self.decimals);
        let digits = if moved << (8 * self.decimals) == whole {
            eight_digits(moved | fraction)
        } else {
            eight_digits(whole) * self.scale + eight_digits(fraction)
        };
        *mantissa = digits | if negative { SIGN_BIT } else { 0 };
        Some(at + mark + self.length)
    }

    /// Makes numbers of mantissas.
    fn finish<T: Number>(&self, mantissas: &[u64], numbers: &mut [T]) {
        let mut doubts = 0_u64;
        for (number, &mantissa) in numbers.iter_mut().zip(mantissas) {
            let (value, doubt) = T::from_mantissa(mantissa, self.decimals);
            *number = value;
            doubts |= u64::from(doubt);
        }
        if doubts != 0 {
            self.correct(mantissas, numbers);
        }
    }

    /// Looks again at the numbers that may not be the nearest ones.
    #[cold]
    fn correct<T: Number>(&self, mantissas: &[u64], numbers: &mut [T]) {
        for (number, &mantissa) in numbers.iter_mut().zip(mantissas) {
            if T::from_mantissa(mantissa, self.decimals).1 {
                let sign = if mantissa & SIGN_BIT != 0 { "-" } else { "" };
                let text = format!("{sign}{}e-{}", mantissa & !SIGN_BIT, self.decimals);
                if let Some(right) = parse_field(text.as_bytes()) {
                    *number = right;
                }
            }
        }
    }
}
