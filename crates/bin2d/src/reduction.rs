//! The reductions: what is kept of the points of a cell.

use std::fmt;
use std::str::FromStr;

use pointillist_base::Invalid;
use serde::{Deserialize, Serialize};

/// What a page holds for each cell. All but `count` are of z, ignore points whose z is NaN, and are NaN in a
/// cell without any other; infinite z flow through as in NumPy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reduction {
    /// The number of points, whatever their z. 0 in an empty cell.
    Count,
    /// The sum, added up in 64 bits, or more where z has 64.
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
    /// The red of all points composited one over another, in row order, times [`Reduction::OverAlpha`]. From 0 to 1; 0
    /// in an empty cell. These four are of the columns r, g, b and a, and there are all or none of them.
    #[serde(rename = "over-red")]
    OverRed,
    /// The green.
    #[serde(rename = "over-green")]
    OverGreen,
    /// The blue.
    #[serde(rename = "over-blue")]
    OverBlue,
    /// The opacity: 0 in an empty cell.
    #[serde(rename = "over-alpha")]
    OverAlpha,
}

/// What stands for all pages of points that are composited.
const OVER: &str = "over";

impl Reduction {
    /// All of one page, in the order of the documentation.
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

    /// The pages of points that are composited, which belong together: `over`.
    pub const OVER: [Self; 4] = [Self::OverRed, Self::OverGreen, Self::OverBlue, Self::OverAlpha];

    /// The name: `count`, `sum`, …
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
            Self::OverRed => "over-red",
            Self::OverGreen => "over-green",
            Self::OverBlue => "over-blue",
            Self::OverAlpha => "over-alpha",
        }
    }

    /// Whether it is a reduction of z.
    pub fn needs_z(self) -> bool {
        self != Self::Count && self.channel().is_none()
    }

    /// Which channel of composited points it is, if it is one.
    pub(crate) fn channel(self) -> Option<usize> {
        Self::OVER.iter().position(|&channel| channel == self)
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Reduction {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut all = Self::ALL.into_iter().chain(Self::OVER);
        all.find(|reduction| reduction.name() == text).ok_or_else(|| {
            Invalid(format!(
                "{text:?} is not a reduction: there are {}, {OVER}",
                Self::ALL.map(Self::name).join(", ")
            ))
        })
    }
}

/// What one page is made of: a reduction, and the column it is of where one is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Term {
    reduction: Reduction,
    column: Option<String>,
}

impl Term {
    /// `reduction` of the column of that name.
    ///
    /// # Errors
    /// When no column can have the name, or the reduction is `count`, which is of no column.
    pub fn of(reduction: Reduction, column: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if column.is_empty() || !column.bytes().all(allowed) {
            return Err(Invalid(format!(
                "{reduction}:{column} names no column: expected letters, digits, _ and - after the colon"
            )));
        }
        if reduction.channel().is_some() {
            return Err(Invalid(of_colors(reduction.name(), column)));
        }
        if !reduction.needs_z() {
            return Err(Invalid(format!(
                "{reduction} counts points, whatever is in their columns: ask for {reduction} alone, \
                 not for {reduction}:{column}"
            )));
        }
        Ok(Self { reduction, column: Some(column.to_owned()) })
    }

    /// The reduction.
    pub fn reduction(&self) -> Reduction {
        self.reduction
    }

    /// The column that is named; where there is none, a reduction is of z.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }
}

/// Of z, where it is of a column.
impl From<Reduction> for Term {
    fn from(reduction: Reduction) -> Self {
        Self { reduction, column: None }
    }
}

/// Reads `mean`, or `mean:mag`.
impl FromStr for Term {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once(':') {
            None => Ok(text.parse::<Reduction>()?.into()),
            Some((reduction, column)) => Self::of(reduction.parse()?, column),
        }
    }
}

/// Writes `mean`, or `mean:mag`, which is also the name of the page.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reduction.fmt(f)?;
        match &self.column {
            None => Ok(()),
            Some(column) => write!(f, ":{column}"),
        }
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.to_string()
    }
}

impl TryFrom<String> for Term {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// Why `over:mag` is no reduction.
fn of_colors(name: &str, column: &str) -> String {
    format!(
        "{name} composites points in their colors, columns r, g, b and maybe a: ask for {OVER} alone, not for \
         {name}:{column}"
    )
}

/// One or more different pages, in their order. Those of [`Reduction::OVER`] stand together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Term>")]
pub struct Reductions(Vec<Term>);

impl Reductions {
    /// A list in which every page stands at most once.
    ///
    /// # Errors
    /// When the list is empty or holds a page twice, or some of [`Reduction::OVER`] and not, in their order, the others.
    pub fn new(list: Vec<Term>) -> Result<Self, Invalid> {
        if list.is_empty() {
            return Err(Invalid("a grid needs at least one reduction".to_owned()));
        }
        for (index, term) in list.iter().enumerate() {
            if list[..index].contains(term) {
                return Err(Invalid(format!("the reduction {term} is asked for twice")));
            }
        }
        // As no page stands twice, those that begin here are all there are.
        if let Some(at) = list.iter().position(|term| term.reduction.channel().is_some())
            && !list[at..].iter().take(4).map(Term::reduction).eq(Reduction::OVER)
        {
            let term = &list[at];
            return Err(Invalid(format!("{term} is one of the pages of {OVER}: ask for {OVER}")));
        }
        Ok(Self(list))
    }

    /// What is made where nothing is asked for: count and mean, or count alone where there is no z.
    pub fn default_for(has_z: bool) -> Self {
        let list =
            if has_z { &[Reduction::Count, Reduction::Mean][..] } else { &[Reduction::Count] };
        Self(list.iter().map(|&reduction| reduction.into()).collect())
    }

    /// The pages of points that are composited.
    pub(crate) fn over() -> Self {
        Self(Reduction::OVER.map(Term::from).to_vec())
    }

    /// Whether points are composited.
    pub fn has_over(&self) -> bool {
        self.0.iter().any(|term| term.reduction == Reduction::OVER[0])
    }

    /// Whether there is a page of anything else.
    pub(crate) fn has_others(&self) -> bool {
        self.0.iter().any(|term| term.reduction.channel().is_none())
    }

    /// The list.
    pub fn as_slice(&self) -> &[Term] {
        &self.0
    }

    /// The first that is of z without naming it.
    pub fn first_of_z(&self) -> Option<&Term> {
        self.0.iter().find(|term| term.reduction.needs_z() && term.column.is_none())
    }

    /// The columns that are reduced, each once, with `z` for the one that is not named; `None` where that is
    /// needed and there is none.
    pub fn columns<'a>(&'a self, z: Option<&'a str>) -> Option<Vec<&'a str>> {
        let mut columns = Vec::new();
        for term in self.0.iter().filter(|term| term.reduction.needs_z()) {
            let column = term.column().or(z)?;
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        Some(columns)
    }
}

impl TryFrom<Vec<Term>> for Reductions {
    type Error = Invalid;

    fn try_from(list: Vec<Term>) -> Result<Self, Invalid> {
        Self::new(list)
    }
}

/// Reads `count,mean,max:mag`, and `over`.
impl FromStr for Reductions {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut list = Vec::new();
        for term in text.split(',').map(str::trim) {
            match term.split_once(':') {
                Some((OVER, column)) => return Err(Invalid(of_colors(OVER, column))),
                None if term == OVER => list.extend(Reduction::OVER.map(Term::from)),
                _ => list.push(term.parse()?),
            }
        }
        Self::new(list)
    }
}

/// Writes `count,mean,max:mag`, and `over`.
impl fmt::Display for Reductions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |term: &&Term| term.reduction.channel().is_none_or(|channel| channel == 0);
        for (index, term) in self.0.iter().filter(first).enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            match term.reduction.channel() {
                Some(_) => f.write_str(OVER)?,
                None => term.fmt(f)?,
            }
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
             last, over"
        );
    }

    #[test]
    fn a_reduction_asked_for_twice_is_refused() {
        let message = "mean,count,mean".parse::<Reductions>().unwrap_err().to_string();
        assert_eq!(message, "the reduction mean is asked for twice");
        assert!("".parse::<Reductions>().is_err());
        assert!(Reductions::new(Vec::new()).is_err());
        assert!("mean:a,max:a,mean:b,mean".parse::<Reductions>().is_ok());
        assert!("mean:a,mean:a".parse::<Reductions>().is_err());
        assert!(serde_json::from_str::<Reductions>("[]").is_err());
        assert!(serde_json::from_str::<Reductions>(r#"["min","min"]"#).is_err());
    }

    #[test]
    fn lists_are_written_as_they_are_read() {
        let list: Reductions = "mean, count,std, max:mag,min:v_2".parse().unwrap();
        assert_eq!(list.to_string(), "mean,count,std,max:mag,min:v_2");
        let json = serde_json::to_string(&list).unwrap();
        assert_eq!(json, r#"["mean","count","std","max:mag","min:v_2"]"#);
        assert_eq!(serde_json::from_str::<Reductions>(&json).unwrap(), list);
        assert_eq!(list.columns(Some("z")), Some(vec!["z", "mag", "v_2"]));
        assert_eq!(list.columns(Some("mag")), Some(vec!["mag", "v_2"]));
        assert_eq!(list.columns(None), None);
        let named: Reductions = "count,max:mag".parse().unwrap();
        assert_eq!(named.columns(None), Some(vec!["mag"]));
    }

    #[test]
    fn a_reduction_of_a_column_must_name_it_and_count_must_not() {
        let message = |text: &str| text.parse::<Reductions>().unwrap_err().to_string();
        assert!(message("count,mean:").starts_with("mean: names no column"));
        assert!(message("mean:größe").starts_with("mean:größe names no column"));
        assert!(message("count:z").ends_with("ask for count alone, not for count:z"));
        assert!(message("median:z").starts_with("\"median\" is not a reduction"));
    }
}
