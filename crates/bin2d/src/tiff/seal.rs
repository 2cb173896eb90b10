//! The seal of a grid: a hash of all that is no pixel, in the last bytes of the file.
//!
//! Pixels stand under the hashes of their pages. Everything else, which is the description, the directories, and with
//! them the tags that other programs go by, stands under this one. It lies behind all that a TIFF refers to, where no
//! other program looks.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use pointillist_base::file::read_exact_at;
use xxhash_rust::xxh3::Xxh3;

use super::ALIGNMENT;
use super::stored::StoredPage;

/// Begins the seal; the hash follows, eight little-endian bytes.
const MARK: &[u8; 8] = b"\npt-seal";
const LENGTH: u64 = 16;

/// Appends the seal to a file with these pages.
pub(super) fn append(file: &mut File, pages: &[StoredPage]) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let hash = hash(file, end, pages)?;
    file.write_all(MARK)?;
    file.write_all(&hash.to_le_bytes())
}

/// Whether a file of this length ends with the seal of what is in it.
pub(super) fn holds(file: &File, length: u64, pages: &[StoredPage]) -> io::Result<bool> {
    let Some(end) = length.checked_sub(LENGTH) else { return Ok(false) };
    let mut seal = [0; LENGTH as usize];
    read_exact_at(file, &mut seal, end)?;
    Ok(seal[..8] == *MARK && seal[8..] == hash(file, end, pages)?.to_le_bytes())
}

/// The hash of what lies before `end` and in no strip. What is shorter than strips are aligned to is the padding between
/// them, which nothing is in: it is not read, as it lies all over the file.
fn hash(file: &File, end: u64, pages: &[StoredPage]) -> io::Result<u64> {
    const PIECE: u64 = 64 << 10;
    let strips = pages.iter().flat_map(|page| &page.strips);
    let mut strips: Vec<(u64, u64)> =
        strips.map(|strip| (strip.offset, strip.offset + strip.stored as u64)).collect();
    strips.sort_unstable();
    let mut hash = Xxh3::new();
    let mut buffer = vec![0; PIECE as usize];
    let mut from = 0;
    for (strip, behind) in strips.into_iter().chain([(end, end)]) {
        if strip.saturating_sub(from) >= ALIGNMENT {
            while from < strip {
                let piece = &mut buffer[..(strip - from).min(PIECE) as usize];
                read_exact_at(file, piece, from)?;
                hash.update(piece);
                from += piece.len() as u64;
            }
        }
        from = from.max(behind);
    }
    Ok(hash.digest())
}
