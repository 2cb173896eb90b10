//! What the kernel for dense rows looks up: made once for a shape.

use super::super::shape::{ColumnShape, LANE};
use crate::number::decimal::power_of_ten;

/// Fields of a row, at most.
pub(in crate::kernel) const MOST_FIELDS: usize = 8;
/// Fields in a vector of bytes.
pub(super) const GROUP: usize = 4;
/// Fields in a vector of doubles.
pub(super) const PAIR: usize = 2 * GROUP;
/// Fields that are measured at once.
pub(super) const BATCH: usize = 64;

/// A vector of bytes, where a register takes all of it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
pub(super) struct Bytes(pub(super) [u8; 64]);

// SAFETY: Bytes, which may all be 0.
unsafe impl bytemuck::Zeroable for Bytes {}
// SAFETY: Bytes, as many as it is aligned to.
unsafe impl bytemuck::Pod for Bytes {}

/// The layout of rows in which every field is fixed, wanted or not.
///
/// A *lane* is 16 bytes that are made of one field. In front are *checks*, which must be the same in every row: the point, the
/// separator and, in texts that have them, the carriage return, each of which the separator stands for where there is none.
/// Then come the digits, right-justified.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::kernel) struct Tables {
    pub(super) fields: usize,
    pub(super) delimiter: u8,
    /// Whether more than one blank may separate two fields.
    pub(super) padded: bool,
    /// By field: the column that it becomes, if any.
    pub(super) columns: [Option<usize>; MOST_FIELDS],
    /// How many bytes of a lane are checks.
    pub(super) checks: usize,
    /// By the first of four fields: where each byte comes from, relative to the byte behind the end of its field.
    pub(super) order: [Bytes; MOST_FIELDS],
    /// What the checks must be, after '0' has been taken from each; else 0.
    pub(super) expected: [Bytes; MOST_FIELDS],
    /// What must not be set in any byte, after `expected` has been taken from it: digits leave the lower half.
    pub(super) telling: Bytes,
    /// What bytes are multiplied with to add up digits two and two.
    pub(super) tens: Bytes,
    /// By field, again and again: the bytes of the shortest, without sign and separator; how many more the longest may have;
    /// and how many bytes of a lane are empty, with those bytes.
    pub(super) shortest: [u8; BATCH + MOST_FIELDS],
    pub(super) slack: [u8; BATCH + MOST_FIELDS],
    pub(super) room: [u8; BATCH + MOST_FIELDS],
    /// By field, again and again: what its digits are to be multiplied with, and what they are to be divided by.
    pub(super) factors: [f64; PAIR + MOST_FIELDS],
    pub(super) divisors: [f64; PAIR + MOST_FIELDS],
    /// By the first of eight fields: two bits a field, of which the lower is set where it has decimals.
    pub(super) rounded: [u16; MOST_FIELDS],
}

impl Tables {
    /// `shapes` are those of all fields of a row in their order, `columns` what becomes of them. `None` where there are too
    /// many.
    pub(in crate::kernel) fn new(
        shapes: &[ColumnShape],
        columns: &[Option<usize>],
        delimiter: u8,
        padded: bool,
    ) -> Option<Self> {
        let fields = shapes.len();
        if fields == 0 || fields > MOST_FIELDS {
            return None;
        }
        let checks = if shapes.iter().any(ColumnShape::has_carriage_return) { 3 } else { 2 };
        let most_digits = LANE - checks;
        let shape = |at: usize| &shapes[at % fields];
        // What stands behind the digits, and what stands among or behind them but for the separator.
        let tail = |shape: &ColumnShape| 1 + usize::from(shape.has_carriage_return());
        let others = |shape: &ColumnShape| tail(shape) - 1 + usize::from(shape.decimals > 0);
        let fewest = |shape: &ColumnShape| shape.decimals.max(1);
        // Of those phases that there are.
        let lanes = |first: usize, byte: &dyn Fn(&ColumnShape, usize) -> u8| {
            let mut bytes = [0; 64];
            if first < fields {
                for (lane, bytes) in bytes.chunks_exact_mut(LANE).enumerate() {
                    let shape = shape(first + lane);
                    bytes.iter_mut().enumerate().for_each(|(at, to)| *to = byte(shape, at));
                }
            }
            Bytes(bytes)
        };
        // How far before the end of the field, and the separator, each byte stands.
        let order = |shape: &ColumnShape, at: usize| {
            let back = match at {
                0 if shape.decimals > 0 => tail(shape) + shape.decimals + 1,
                2 if checks == 3 => tail(shape),
                0 | 1 => 1,
                _ => {
                    let digit = LANE - 1 - at;
                    let point = usize::from(shape.decimals > 0 && digit >= shape.decimals);
                    tail(shape) + digit + point + 1
                }
            };
            0_u8.wrapping_sub(back as u8)
        };
        let expected = |shape: &ColumnShape, at: usize| {
            let byte = match at {
                0 if shape.decimals > 0 => b'.',
                2 if shape.has_carriage_return() => b'\r',
                _ if at < checks => shape.expected[LANE - 1],
                _ => b'0',
            };
            byte.wrapping_sub(b'0')
        };
        let tens = |_: &ColumnShape, at: usize| match at {
            _ if at < checks => 0,
            _ if at.is_multiple_of(2) => 10,
            _ => 1,
        };
        let rounded = |first: usize| {
            let decimals = (0..PAIR).filter(|at| shape(first + at).decimals > 0);
            decimals.fold(0, |bits, at| bits | 1 << (2 * at))
        };
        let mut all_columns = [None; MOST_FIELDS];
        all_columns[..fields].copy_from_slice(columns);
        Some(Self {
            fields,
            delimiter,
            padded,
            columns: all_columns,
            checks,
            order: std::array::from_fn(|first| lanes(first, &order)),
            expected: std::array::from_fn(|first| lanes(first, &expected)),
            telling: lanes(0, &|_, at| if at < checks { 0xFF } else { 0xF0 }),
            tens: lanes(0, &tens),
            shortest: std::array::from_fn(|at| (fewest(shape(at)) + others(shape(at))) as u8),
            slack: std::array::from_fn(|at| (most_digits - fewest(shape(at))) as u8),
            room: std::array::from_fn(|at| (LANE + others(shape(at))) as u8),
            factors: std::array::from_fn(|at| power_of_ten(-(shape(at).decimals as i32))),
            divisors: std::array::from_fn(|at| power_of_ten(shape(at).decimals as i32)),
            rounded: std::array::from_fn(rounded),
        })
    }
}
