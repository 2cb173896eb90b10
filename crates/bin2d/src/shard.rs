//! Shards: equal shares of the rows of all points, each binned by a process of its own.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use pointillist_base::Invalid;
use pointillist_ingest::Zones;
use serde::{Deserialize, Serialize};

/// One of several shares of the rows, as `2/8` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    index: u32,
    of: u32,
}

impl Shard {
    /// Shares of at least this many blocks of zones are cut between two of them, which makes a share longer than
    /// another by less than a sixteenth.
    const MANY_BLOCKS: u64 = 16;

    /// Share number `index`, from 1 on, of `of`.
    ///
    /// # Errors
    /// [`Invalid`] when the number is 0 or beyond `of`.
    pub fn new(index: u32, of: u32) -> Result<Self, Invalid> {
        if index == 0 || index > of {
            return Err(Invalid(format!("there is no shard {index} of {of}: shards count from 1")));
        }
        Ok(Self { index, of })
    }

    /// The number of this share, from 1 on.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many shares there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// The rows of this share, of `rows` rows that are counted through all points. The shares of all numbers hold every
    /// row once, in their order. They differ by no more than one row, or, where they are long, by no more than one
    /// block of zones.
    pub fn rows(self, rows: u64) -> Range<u64> {
        let blocks = rows.div_ceil(Zones::BLOCK as u64);
        let cut = |number: u32| {
            let share = |all: u64| {
                // At most `all`, so it fits.
                (u128::from(all) * u128::from(number) / u128::from(self.of)) as u64
            };
            if blocks / Self::MANY_BLOCKS >= u64::from(self.of) {
                rows.min(share(blocks).saturating_mul(Zones::BLOCK as u64))
            } else {
                share(rows)
            }
        };
        cut(self.index - 1)..cut(self.index)
    }
}

/// Reads `2/8`.
impl FromStr for Shard {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let numbers = text.split_once('/').and_then(|(index, of)| number(index).zip(number(of)));
        match numbers {
            Some((index, of)) => Self::new(index, of),
            None => Err(Invalid(format!(
                "{text:?} is no shard: expected I/N, as in 2/8, the second of eight"
            ))),
        }
    }
}

/// Writes `2/8`.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shards_hold_every_row_once_and_are_about_as_long(
            rows in prop_oneof![0u64..100, 0u64..100_000_000, Just(u64::MAX)],
            of in prop_oneof![1u32..20, 1u32..5000],
        ) {
            let shares: Vec<_> =
                (1..=of).map(|index| Shard::new(index, of).unwrap().rows(rows)).collect();
            prop_assert_eq!(shares[0].start, 0);
            prop_assert_eq!(shares[shares.len() - 1].end, rows);
            prop_assert!(shares.windows(2).all(|pair| pair[0].end == pair[1].start));
            let lengths = || shares.iter().map(|share| share.end - share.start);
            let (min, max) = (lengths().min().unwrap(), lengths().max().unwrap());
            let block = Zones::BLOCK as u64;
            // The last block may be short, too.
            prop_assert!(max - min <= 1 || (max - min < 2 * block && max > 15 * block));
        }
    }

    #[test]
    fn long_shares_are_cut_between_blocks() {
        let rows = |text: &str, rows| text.parse::<Shard>().unwrap().rows(rows);
        let block = Zones::BLOCK as u64;
        assert_eq!(rows("1/3", 100 * block - 7), 0..33 * block);
        assert_eq!(rows("3/3", 100 * block - 7), 66 * block..100 * block - 7);
        assert_eq!(rows("2/3", 10), 3..6);
        assert_eq!(rows("1/3", 2), 0..0);
    }

    #[test]
    fn a_shard_is_read_as_it_is_written() {
        let shard: Shard = " 2 / 8".parse().unwrap();
        assert_eq!((shard.index(), shard.of(), shard.to_string()), (2, 8, "2/8".to_owned()));
        assert_eq!(serde_json::to_string(&shard).unwrap(), r#""2/8""#);
        assert_eq!(serde_json::from_str::<Shard>(r#""2/8""#).unwrap(), shard);
        assert!(serde_json::from_str::<Shard>(r#""9/8""#).is_err());
        for text in ["0/4", "5/4", "1/0", "-1/4", "2", "2/", "1/4/2", "a/b", "1/4294967296"] {
            assert!(matches!(text.parse::<Shard>(), Err(Invalid(_))), "{text}");
        }
    }
}
