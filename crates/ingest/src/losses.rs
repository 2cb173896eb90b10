//! What was lost on the way: lines that were skipped, and values that the stored type cannot hold.

use serde::{Deserialize, Serialize};

use crate::absent::{is_false, is_zero};

/// How many malformed lines were skipped, by what is wrong with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// They have another number of fields than rows have.
    pub fields: u64,
    /// They have text where a number must be.
    pub text: u64,
}

impl Skipped {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.fields + self.text
    }

    pub(crate) fn is_none(&self) -> bool {
        self.all() == 0
    }
}

impl std::ops::AddAssign for Skipped {
    fn add_assign(&mut self, other: Self) {
        self.fields += other.fields;
        self.text += other.text;
    }
}

/// What happened to values that the stored type has no value near.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Too large for the type: infinite.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub overflowed: u64,
    /// Too small for the type: zero.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub underflowed: u64,
    /// Whether all values became one, and were not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub collapsed: bool,
}

impl Lost {
    /// Whether nothing happened.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Lost {
    fn add_assign(&mut self, other: Self) {
        self.overflowed += other.overflowed;
        self.underflowed += other.underflowed;
        self.collapsed |= other.collapsed;
    }
}
