//! How large pictures and markers may be.

/// The most pixels a side of a canvas may have, as matplotlib allows.
pub const MAX_SIDE: u32 = (1 << 23) - 1;

/// The longest side of a marker, in pixels: longer ones are no sign of a place. matplotlib draws them, at a cost that grows with
/// every one.
pub const MAX_MARKER: f64 = 7998.0;
