//! How the lines of one input are read: what its head has settled before the first of its rows is.

use crate::missing::Missing;

/// Stands for runs of spaces and tabs where a delimiter is a byte.
pub(crate) const BLANKS: u8 = b' ';

/// How a line is made of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// What separates fields: a byte, or [`BLANKS`].
    pub(crate) delimiter: u8,
    /// Whether quotes around a field hold it together.
    pub(crate) quotes: bool,
}

impl Syntax {
    /// With quotes.
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, quotes: true }
    }
}

/// How the lines of one input are read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// How they are made of fields.
    pub(crate) syntax: Syntax,
    /// How many fields a row has.
    pub(crate) count: FieldCount,
    /// The fields that are needed, by ascending position.
    pub(crate) fields: Vec<WantedField>,
    /// The names of the stored columns, in their order.
    pub(crate) names: Vec<String>,
    /// Bytes that begin a comment.
    pub(crate) comment: Vec<u8>,
    /// Whether a line that begins so is a row if it has as many fields as rows have.
    pub(crate) rows_like_comments: bool,
    /// The line that named the columns, without blanks around it: again further down, it is no row.
    pub(crate) header: Option<Vec<u8>>,
    /// Whether malformed lines are counted rather than the end.
    pub(crate) skip_bad: bool,
    /// What stands for a missing value.
    pub(crate) missing: Missing,
    /// Whether commas and points have changed places in the text that is parsed, since its decimals have commas.
    pub(crate) decimal_comma: bool,
    /// The field that says `u` in rows which gnuplot could not compute.
    pub(crate) undefined: Option<usize>,
    /// How many lines of rows there are, where a header has said so.
    pub(crate) lines: Option<u64>,
}

/// How many fields a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldCount {
    /// So many.
    Exactly(usize),
    /// So many or more.
    AtLeast(usize),
    /// So many numbers, and behind them any number of fields of which the first is none.
    Numbers(usize),
}

/// A field that becomes a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WantedField {
    /// 0-based position in the line.
    pub(crate) position: usize,
    /// Index of the column it becomes.
    pub(crate) column: usize,
}

impl Layout {
    /// Rows of `count` fields between `delimiter`s, with nothing special about them; columns are made of the fields at
    /// `positions`, in this order.
    pub(crate) fn new(
        delimiter: u8,
        count: FieldCount,
        positions: &[usize],
        names: Vec<String>,
    ) -> Self {
        let fields = positions.iter().enumerate();
        let mut fields: Vec<WantedField> =
            fields.map(|(column, &position)| WantedField { position, column }).collect();
        fields.sort_by_key(|field| field.position);
        Self {
            syntax: Syntax::new(delimiter),
            count,
            fields,
            names,
            comment: crate::Options::COMMENT.as_bytes().to_vec(),
            rows_like_comments: false,
            header: None,
            skip_bad: false,
            missing: Missing::default(),
            decimal_comma: false,
            undefined: None,
            lines: None,
        }
    }
}

/// Makes points of the decimal commas of a text, and commas of its points, so that a number with a point is none.
pub(crate) fn exchange_commas(text: &mut [u8]) {
    for byte in text {
        *byte = match *byte {
            b',' => b'.',
            b'.' => b',',
            other => other,
        };
    }
}
