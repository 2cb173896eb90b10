//! How long a line and how wide a row may be.

/// The longest line that is read, in bytes without its newline. Chunks grow up to it, so it also bounds memory.
pub(crate) const LONGEST_LINE: usize = 4 << 20;

/// More numbers than a row has. Where there are more, columns and rows are confused.
pub(crate) const MOST_FIELDS: usize = 1 << 16;
