//! Temporary names. They begin with a dot and say what they are, for whoever finds one after a crash, and those of one output
//! are told from all others by how they begin.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of the longest name that file systems take.
pub const LONGEST_NAME: usize = 255;
/// Letters and digits behind what the names of an output have in common.
pub(super) const RANDOM: usize = 6;
const MARK: &[u8] = b".partial-";
/// Follows the name of a folder that was about to take the place of this one.
const ASIDE: &str = "-old";

/// The temporary names of one output.
pub(super) struct Names {
    prefix: OsString,
}

/// What stands under a temporary name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An output that is being written.
    Partial,
    /// A folder that is being replaced: see [`aside`].
    Aside,
}

impl Names {
    pub(super) fn of(destination: &Path) -> Self {
        let name = destination.file_name().unwrap_or_default();
        // What is put around a name.
        const MORE: usize = 1 + MARK.len() + RANDOM + ASIDE.len();
        let name = shortened(name, LONGEST_NAME - MORE);
        let prefix = [b".", name.as_encoded_bytes(), MARK].concat();
        Self { prefix: from_bytes(prefix) }
    }

    /// Those of folders that belong to no output.
    pub(super) fn of_folders(prefix: &str) -> Self {
        Self { prefix: from_bytes([prefix.as_bytes(), &MARK[1..]].concat()) }
    }

    /// What all of them begin with.
    pub(super) fn prefix(&self) -> &OsStr {
        &self.prefix
    }

    /// What a name is for, if it is one of these.
    pub(super) fn role(&self, name: &OsStr) -> Option<Role> {
        role(name.as_encoded_bytes().strip_prefix(self.prefix.as_encoded_bytes())?)
    }
}

/// What the rest of a name is for, behind what those of one output have in common.
fn role(rest: &[u8]) -> Option<Role> {
    let (random, role) = match rest.strip_suffix(ASIDE.as_bytes()) {
        Some(random) => (random, Role::Aside),
        None => (rest, Role::Partial),
    };
    let fits = random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric);
    fits.then_some(role)
}

/// Whether a name is that of an output that is being written, whatever the output.
pub fn is_partial(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let at = memchr::memmem::rfind(name, MARK);
    name.starts_with(b".")
        && at.is_some_and(|at| at > 0 && role(&name[at + MARK.len()..]) == Some(Role::Partial))
}

/// Whether a name may be one of these, of whatever output.
pub(super) fn may_be_one(name: &OsStr) -> bool {
    memchr::memmem::find(name.as_encoded_bytes(), &MARK[1..]).is_some()
}

/// Where the folder stands meanwhile that the one at `temporary` replaces, if two cannot be exchanged in one step.
pub(super) fn aside(temporary: &Path) -> PathBuf {
    let mut name = temporary.as_os_str().to_owned();
    name.push(ASIDE);
    name.into()
}

/// The folder that is to replace the one at `aside`.
pub(super) fn replacing(aside: &Path) -> Option<PathBuf> {
    let name = aside.file_name()?.as_encoded_bytes().strip_suffix(ASIDE.as_bytes())?;
    Some(aside.with_file_name(from_bytes(name.to_vec())))
}

/// A name of at most so many bytes, of which there are 32 at least: of a longer one, beginning and end, with a hash of all of it
/// between them.
pub fn shortened(name: &OsStr, most: usize) -> OsString {
    if name.len() <= most {
        return name.to_owned();
    }
    let name = name.as_encoded_bytes();
    let hash = format!("~{:016x}~", xxh3_64(name));
    let end = most.saturating_sub(hash.len()) / 2;
    // Some file systems take nothing but UTF-8.
    let begins = |&at: &usize| name[at] & 0xC0 != 0x80;
    let head = (0..=end).rev().find(begins).unwrap_or(end);
    let tail = (name.len() - end..name.len()).find(begins).unwrap_or(name.len() - end);
    from_bytes([&name[..head], hash.as_bytes(), &name[tail..]].concat())
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(destination: &OsStr, random: &str) -> OsString {
        let mut name = Names::of(Path::new(destination)).prefix().to_owned();
        name.push(random);
        name
    }

    #[test]
    fn names_are_known_again_and_those_of_other_outputs_are_not() {
        let names = Names::of(Path::new("folder/a.png"));
        assert_eq!(names.prefix(), ".a.png.partial-");
        for (name, role) in [
            (".a.png.partial-Ab3xYz", Some(Role::Partial)),
            (".a.png.partial-Ab3xYz-old", Some(Role::Aside)),
            (".a.png.partial-Ab3xY", None),
            (".a.png.partial-Ab3xYz1", None),
            (".a.png.partial-Ab3x.z", None),
            (".b.png.partial-Ab3xYz", None),
            ("a.png.partial-Ab3xYz", None),
            ("a.png", None),
        ] {
            assert_eq!(names.role(OsStr::new(name)), role, "{name}");
        }
        let temporary = Path::new("folder/.a.png.partial-Ab3xYz");
        assert_eq!(replacing(&aside(temporary)).as_deref(), Some(temporary));
        assert_eq!(replacing(temporary), None);
    }

    #[test]
    fn a_temporary_name_fits_however_long_the_name_is_and_is_of_no_other() {
        for length in [1, 234, 235, 236, 255] {
            for letter in ["n", "ä"] {
                let long = OsString::from(letter.repeat(length / letter.len()));
                let partial = name(&long, "abcdef");
                assert!(aside(Path::new(&partial)).as_os_str().len() <= LONGEST_NAME, "{length}");
                assert!(partial.to_str().is_some(), "whole characters");
                assert_eq!(Names::of(Path::new(&long)).role(&partial), Some(Role::Partial));
                let mut other = long.clone();
                other.push("x");
                assert_eq!(Names::of(Path::new(&other)).role(&partial), None);
            }
        }
        // Of two that differ in the middle only.
        let [first, second] = ["a", "b"]
            .map(|middle| name(OsStr::new(&format!("{}{middle}{0}", "n".repeat(120))), "abcdef"));
        assert_ne!(first, second);
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_kept() {
        use std::os::unix::ffi::OsStrExt;
        let destination = OsStr::from_bytes(b"\xFFa.png");
        assert_eq!(name(destination, "abcdef").as_bytes(), b".\xFFa.png.partial-abcdef");
    }
}
