//! Where pages lie in a file.

use pointillist_base::Dtype;

use super::PageNote;
use crate::Compression;

/// Where the pixels of a page lie.
#[derive(Debug)]
pub(super) struct StoredPage {
    pub(super) note: PageNote,
    pub(super) dtype: Dtype,
    pub(super) compression: Compression,
    /// Each strip: together the page, all within the file.
    pub(super) strips: Vec<StoredStrip>,
}

#[derive(Debug)]
pub(super) struct StoredStrip {
    pub(super) offset: u64,
    /// Bytes in the file.
    pub(super) stored: usize,
    /// Bytes of its pixels.
    pub(super) pixels: usize,
}
