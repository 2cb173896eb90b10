//! A way to run code for either type of values.

/// Runs the body with the slice inside of [`Values`], once compiled for each type.
macro_rules! with_values {
    ($cells:expr, $slice:ident => $body:expr) => {
        match $cells {
            pointillist_base::Values::F32($slice) => $body,
            pointillist_base::Values::F64($slice) => $body,
        }
    };
}
pub(crate) use with_values;
