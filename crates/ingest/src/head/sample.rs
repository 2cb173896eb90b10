//! The values of the first rows, before any column is made: whether 32 bits will do, and what to show.

use pointillist_base::Instructions;

use crate::column_info::coarseness;
use crate::layout::Layout;
use crate::line::Rows;
use crate::losses::Lost;

/// The values of the first rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sample {
    /// A vector a column.
    pub(crate) columns: Vec<Vec<f64>>,
    /// The same, rounded to 32 bits once.
    pub(crate) singles: Vec<Vec<f32>>,
    /// For each column, whether 32-bit floats are too coarse for it, or have no value near some.
    pub(crate) needs_f64: Vec<bool>,
}

impl Sample {
    /// Reads the rows that `text` begins with: whole lines.
    pub(crate) fn read(text: &[u8], layout: &Layout) -> Self {
        let text = match layout.lines {
            // Behind the rows that a header has counted there may be anything.
            Some(lines) => {
                let lines = usize::try_from(lines).unwrap_or(usize::MAX);
                let end = memchr::memchr_iter(b'\n', text).nth(lines.saturating_sub(1));
                &text[..end.map_or(text.len(), |end| end + 1)]
            }
            None => text,
        };
        let mut text = text.to_vec();
        if layout.decimal_comma {
            crate::layout::exchange_commas(&mut text);
        }
        let layout = Layout { skip_bad: true, ..layout.clone() };
        let mut doubles = Rows::<f64>::new(layout.names.len(), Instructions::default());
        doubles.parse(&text, &layout);
        let mut singles = Rows::<f32>::new(layout.names.len(), Instructions::default());
        singles.parse(&text, &layout);
        Self { singles: singles.columns, ..Self::new(doubles.columns, &singles.lost) }
    }

    /// `lost` is what 32-bit floats have no value near, of each column.
    pub(crate) fn new(columns: Vec<Vec<f64>>, lost: &[Lost]) -> Self {
        let needs = |(column, lost): (&Vec<f64>, &Lost)| !lost.is_nothing() || is_coarse(column);
        let needs_f64 = columns.iter().zip(lost).map(needs).collect();
        Self { columns, singles: Vec::new(), needs_f64 }
    }

    /// Whether 64 bits are needed for a column.
    pub(crate) fn needs_f64(&self) -> bool {
        self.needs_f64.contains(&true)
    }

    /// Smallest and largest finite one of some values.
    pub(crate) fn bounds(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
        let finite = values.filter(|value| value.is_finite());
        let min = finite.clone().reduce(f64::min)?;
        Some((min, finite.reduce(f64::max)?))
    }
}

fn is_coarse(column: &[f64]) -> bool {
    Sample::bounds(column.iter().copied()).is_some_and(|(min, max)| coarseness(min, max).is_some())
}
