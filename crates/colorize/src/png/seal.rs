//! The seal of a PNG: a hash of all that stands before it, in a chunk of its own behind the pixels.
//!
//! Every chunk has a checksum, but nothing in a PNG says which chunks there are to be: without its palette or its opacities
//! it is another picture. Programs that change the pixels leave out a chunk of this name, as its letters ask them to.

use std::io::Write;

use xxhash_rust::xxh3::Xxh3;

use super::{begin_chunk, end_chunk};
use crate::Error;

/// The name: not needed to show the picture, not registered, and not to be copied when pixels change.
pub(super) const NAME: [u8; 4] = *b"ptSL";

/// Passes a file on and hashes it.
pub(super) struct Sealing<W> {
    out: W,
    hash: Xxh3,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, hash: Xxh3::new() }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.out.write_all(bytes).map_err(Error::Write)
    }

    /// Writes the seal and then the `end` of the file.
    pub(super) fn finish(mut self, end: &[u8]) -> Result<(), Error> {
        let mut seal = Vec::from(begin_chunk(NAME));
        seal.extend(self.hash.digest().to_be_bytes());
        end_chunk(&mut seal)?;
        seal.extend(end);
        self.out.write_all(&seal).and_then(|()| self.out.flush()).map_err(Error::Write)
    }
}
