//! The numbers of an array: which types there are, and how they become those of a column.
//!
//! Every conversion is the one rounding, to nearest with ties to even, that Rust's `as` does; where the type is the
//! same, values keep every bit.

use pointillist_base::Dtype;

use crate::losses::Lost;
use crate::number::Number;

/// The type of the numbers of an array, as it lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    kind: Kind,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    F2,
    F4,
    F8,
    I1,
    I2,
    I4,
    I8,
    U1,
    U2,
    U4,
    U8,
}

impl Element {
    /// The type that NumPy calls `code`, which has no byte order: `f4`, `u8`.
    pub(crate) fn new(code: &str, big_endian: bool) -> Option<Self> {
        let kind = match code {
            "f2" => Kind::F2,
            "f4" => Kind::F4,
            "f8" => Kind::F8,
            "i1" => Kind::I1,
            "i2" => Kind::I2,
            "i4" => Kind::I4,
            "i8" => Kind::I8,
            "u1" => Kind::U1,
            "u2" => Kind::U2,
            "u4" => Kind::U4,
            "u8" => Kind::U8,
            _ => return None,
        };
        Some(Self { kind, big_endian })
    }

    /// The little-endian type of a column.
    pub(crate) fn of(dtype: Dtype) -> Self {
        let kind = match dtype {
            Dtype::F32 => Kind::F4,
            Dtype::F64 => Kind::F8,
        };
        Self { kind, big_endian: false }
    }

    /// Whether every value is one that a 32-bit float has.
    pub(crate) fn fits_f32(self) -> bool {
        matches!(self.kind, Kind::F2 | Kind::F4 | Kind::I1 | Kind::I2 | Kind::U1 | Kind::U2)
    }

    /// What 32-bit floats have no value near, of the same numbers that [`Self::append`] appends.
    pub(crate) fn lost(self, records: &[u8], stride: usize, at: usize) -> Lost {
        let mut lost = Lost::default();
        if self.kind != Kind::F8 {
            return lost;
        }
        let mut values = Vec::<f64>::new();
        self.append(records, stride, at, &mut values);
        for value in values {
            let single = value as f32;
            lost.overflowed += u64::from(value.is_finite() & single.is_infinite());
            lost.underflowed += u64::from((value != 0.0) & (single == 0.0));
        }
        lost
    }

    /// Bytes of one number.
    pub(crate) fn size(self) -> usize {
        match self.kind {
            Kind::I1 | Kind::U1 => 1,
            Kind::F2 | Kind::I2 | Kind::U2 => 2,
            Kind::F4 | Kind::I4 | Kind::U4 => 4,
            Kind::F8 | Kind::I8 | Kind::U8 => 8,
        }
    }

    /// Appends to `column` the number at byte `at` of each record of `stride` bytes.
    pub(crate) fn append<T: Number>(
        self,
        records: &[u8],
        stride: usize,
        at: usize,
        column: &mut Vec<T>,
    ) {
        macro_rules! gather {
            ($type:ty, $convert:expr) => {
                if self.big_endian {
                    gather(records, stride, at, column, |bytes| {
                        $convert(<$type>::from_be_bytes(bytes))
                    })
                } else {
                    gather(records, stride, at, column, |bytes| {
                        $convert(<$type>::from_le_bytes(bytes))
                    })
                }
            };
        }
        match self.kind {
            Kind::F2 => gather!(u16, |bits| T::from_f32(half(bits))),
            Kind::F4 => gather!(f32, T::from_f32),
            Kind::F8 => gather!(f64, T::from_f64),
            Kind::I1 => gather!(i8, |value| T::from_i32(i32::from(value))),
            Kind::I2 => gather!(i16, |value| T::from_i32(i32::from(value))),
            Kind::I4 => gather!(i32, T::from_i32),
            Kind::I8 => gather!(i64, T::from_i64),
            Kind::U1 => gather!(u8, |value| T::from_i32(i32::from(value))),
            Kind::U2 => gather!(u16, |value| T::from_i32(i32::from(value))),
            Kind::U4 => gather!(u32, |value| T::from_i64(i64::from(value))),
            Kind::U8 => gather!(u64, T::from_u64),
        }
    }
}

/// The usual strides are known when this is compiled, and become vectors where the processor has any use for that.
#[inline(always)]
fn gather<T, const N: usize>(
    records: &[u8],
    stride: usize,
    at: usize,
    column: &mut Vec<T>,
    convert: impl Fn([u8; N]) -> T,
) {
    if stride == N {
        column.extend(records.as_chunks::<N>().0.iter().map(|&bytes| convert(bytes)));
        return;
    }
    let values = records.chunks_exact(stride).filter_map(|record| record[at..].first_chunk());
    column.extend(values.map(|&bytes| convert(bytes)));
}

/// The value of a half-precision float: exact.
#[inline(always)]
fn half(bits: u16) -> f32 {
    /// What the exponents' biases differ by.
    const SCALE: f32 = f32::from_bits((127 + 127 - 15) << 23);
    let magnitude = u32::from(bits & 0x7FFF) << 13;
    let sign = u32::from(bits & 0x8000) << 16;
    let value = if bits & 0x7C00 == 0x7C00 {
        magnitude | 0x7F80_0000
    } else {
        // Subnormal numbers come out right, too.
        (f32::from_bits(magnitude) * SCALE).to_bits()
    };
    f32::from_bits(value | sign)
}
