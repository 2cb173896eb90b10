//! The reductions: what is kept of the points of a cell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What a page holds for each cell. All but `count` are of z, ignore points whose z is NaN, and are NaN in a
/// cell without any other; infinite z flow through as in NumPy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reduction {
    /// The number of points, whatever their z. 0 in an empty cell.
    Count,
    /// The sum, added up in 64 bits in row order.
    Sum,
    /// The sum divided by the number of its terms.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The square root of `var`.
    Std,
    /// The mean square deviation from the mean: divided by n, by Welford's method.
    Var,
    /// That of the first row.
    First,
    /// That of the last row.
    Last,
}

impl Reduction {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Count,
        Self::Sum,
        Self::Mean,
        Self::Min,
        Self::Max,
        Self::Std,
        Self::Var,
        Self::First,
        Self::Last,
    ];

    /// The name, which is also that of its page: `count`, `sum`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Std => "std",
            Self::Var => "var",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    /// Whether it is a reduction of z.
    pub fn needs_z(self) -> bool {
        self != Self::Count
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Reduction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|reduction| reduction.name() == text).ok_or_else(|| {
            Error::Options(format!(
                "{text:?} is not a reduction: there are {}",
                Self::ALL.map(Self::name).join(", ")
            ))
        })
    }
}

/// One or more different reductions, in the order of their pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Reduction>")]
pub struct Reductions(Vec<Reduction>);

impl Reductions {
    /// A list in which every reduction stands at most once.
    ///
    /// # Errors
    /// When the list is empty or holds a reduction twice.
    pub fn new(list: Vec<Reduction>) -> Result<Self, Error> {
        if list.is_empty() {
            return Err(Error::Options("a grid needs at least one reduction".to_owned()));
        }
        for (index, reduction) in list.iter().enumerate() {
            if list[..index].contains(reduction) {
                return Err(Error::Options(format!(
                    "the reduction {reduction} is asked for twice"
                )));
            }
        }
        Ok(Self(list))
    }

    /// What is made where nothing is asked for: count and mean, or count alone where there is no z.
    pub fn default_for(has_z: bool) -> Self {
        Self(if has_z { vec![Reduction::Count, Reduction::Mean] } else { vec![Reduction::Count] })
    }

    /// The list.
    pub fn as_slice(&self) -> &[Reduction] {
        &self.0
    }

    /// The first that is a reduction of z.
    pub fn first_of_z(&self) -> Option<Reduction> {
        self.0.iter().copied().find(|reduction| reduction.needs_z())
    }
}

impl TryFrom<Vec<Reduction>> for Reductions {
    type Error = Error;

    fn try_from(list: Vec<Reduction>) -> Result<Self, Error> {
        Self::new(list)
    }
}

/// Reads `count,mean`.
impl FromStr for Reductions {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text.split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>()?)
    }
}

/// Writes `count,mean`.
impl fmt::Display for Reductions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reduction) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            reduction.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reduction_is_read_by_its_name() {
        for reduction in Reduction::ALL {
            assert_eq!(reduction.to_string().parse::<Reduction>().unwrap(), reduction);
            let json = serde_json::to_string(&reduction).unwrap();
            assert_eq!(json, format!("\"{reduction}\""));
        }
    }

    #[test]
    fn an_unknown_reduction_is_refused_with_the_valid_ones() {
        let message = "count,median".parse::<Reductions>().unwrap_err().to_string();
        assert_eq!(
            message,
            "\"median\" is not a reduction: there are count, sum, mean, min, max, std, var, first, \
             last"
        );
    }

    #[test]
    fn a_reduction_asked_for_twice_is_refused() {
        let message = "mean,count,mean".parse::<Reductions>().unwrap_err().to_string();
        assert_eq!(message, "the reduction mean is asked for twice");
        assert!("".parse::<Reductions>().is_err());
        assert!(Reductions::new(Vec::new()).is_err());
        assert!(serde_json::from_str::<Reductions>("[]").is_err());
        assert!(serde_json::from_str::<Reductions>(r#"["min","min"]"#).is_err());
    }

    #[test]
    fn lists_are_written_as_they_are_read() {
        let list: Reductions = "mean, count,std".parse().unwrap();
        assert_eq!(list.to_string(), "mean,count,std");
    }
}
