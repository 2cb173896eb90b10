//! What has a text of its own is recorded as that text: `"magma_r"`, `"#1f77b4"`, `"symlog:2"`.
//!
//! serde takes it from these conversions by `#[serde(into = "String", try_from = "String")]`.

use crate::spread::Shape;
use crate::{Color, Colormap, Error, Norm};

macro_rules! recorded_as_text {
    ($($type:ty),*) => {$(
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }
    )*};
}

recorded_as_text!(Color, Colormap, Norm, Shape);
