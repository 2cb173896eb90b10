//! Which planes the reductions that are asked for need.

use crate::Reduction;

/// Which planes the reductions of one z need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Planes {
    /// The number of points whose z is not NaN, where it can differ from the count or has to be at hand.
    pub(super) valid: bool,
    pub(super) sum: bool,
    /// What rounding has taken from the sum, so far, where z has 64 bits.
    pub(super) carry: bool,
    /// Welford's running mean and sum of squared deviations.
    pub(super) spread: bool,
    pub(super) min: bool,
    pub(super) max: bool,
    pub(super) first: bool,
    pub(super) last: bool,
}

/// One of the planes: the counts, or what is kept of a z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    Count,
    Valid,
    Sum,
    Carry,
    Mean,
    M2,
    Min,
    Max,
    First,
    Last,
}

impl Plane {
    /// The reduction whose page is this plane, and merges like it. A sum does not: it is rounded in its page, and
    /// without the number of its terms.
    pub(crate) fn page(self) -> Option<Reduction> {
        match self {
            Self::Count => Some(Reduction::Count),
            Self::Min => Some(Reduction::Min),
            Self::Max => Some(Reduction::Max),
            Self::First => Some(Reduction::First),
            Self::Last => Some(Reduction::Last),
            Self::Valid | Self::Sum | Self::Carry | Self::Mean | Self::M2 => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Valid => "valid",
            Self::Sum => "sum",
            Self::Carry => "carry",
            Self::Mean => "mean",
            Self::M2 => "m2",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

impl Planes {
    /// These and no others.
    pub(super) fn new(planes: &[Plane]) -> Self {
        let has = |plane| planes.contains(&plane);
        Self {
            valid: has(Plane::Valid),
            sum: has(Plane::Sum),
            carry: has(Plane::Carry),
            spread: has(Plane::M2),
            min: has(Plane::Min),
            max: has(Plane::Max),
            first: has(Plane::First),
            last: has(Plane::Last),
        }
    }

    /// Each of them.
    pub(crate) fn list(self) -> impl Iterator<Item = Plane> {
        let Self { valid, sum, carry, spread, min, max, first, last } = self;
        [
            (valid, Plane::Valid),
            (sum, Plane::Sum),
            (carry, Plane::Carry),
            (spread, Plane::Mean),
            (spread, Plane::M2),
            (min, Plane::Min),
            (max, Plane::Max),
            (first, Plane::First),
            (last, Plane::Last),
        ]
        .into_iter()
        .filter_map(|(kept, plane)| kept.then_some(plane))
    }
}

/// Which planes are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) count: bool,
    /// One for each z.
    pub(crate) fields: Vec<Planes>,
}

/// What is known of a z before its points are added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// Some values may be NaN.
    pub(crate) may_be_nan: bool,
    /// Some values may have 64 bits: then a sum in 64 bits is rounded, even one of equal values. One of values of
    /// 32 bits is exact up to 2²⁹ equal ones.
    pub(crate) is_wide: bool,
}

impl Kept {
    /// What these reductions need, each of the z with its number.
    pub(crate) fn of(reductions: &[(Reduction, usize)], about: &[About]) -> Self {
        use Reduction::{Count, First, Last, Max, Mean, Min, Std, Sum, Var};
        let mut count = reductions.iter().any(|&(reduction, _)| reduction == Count);
        let fields = about
            .iter()
            .enumerate()
            .map(|(field, about)| {
                let any = |list: &[Reduction]| {
                    reductions.iter().any(|&(item, of)| of == field && list.contains(&item))
                };
                let (sum, spread) = (any(&[Sum, Mean]), any(&[Std, Var]));
                let valid = spread || (sum && about.may_be_nan);
                count |= sum && !valid;
                Planes {
                    valid,
                    sum,
                    carry: sum && about.is_wide,
                    spread,
                    min: any(&[Min]),
                    max: any(&[Max]),
                    first: any(&[First]),
                    last: any(&[Last]),
                }
            })
            .collect();
        Self { count, fields }
    }

    /// The parts of it that merge on their own: what is kept of each is as much as has to be in memory of other
    /// points at a time.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Self> {
        const TOGETHER: [&[Plane]; 6] = [
            &[Plane::Valid, Plane::Mean, Plane::M2],
            &[Plane::Sum, Plane::Carry],
            &[Plane::Min],
            &[Plane::Max],
            &[Plane::First],
            &[Plane::Last],
        ];
        let none = || vec![Planes::default(); self.fields.len()];
        let count = self.count.then(|| Self { count: true, fields: none() });
        let of_fields = self.fields.iter().enumerate().flat_map(move |(field, planes)| {
            TOGETHER.iter().filter_map(move |together| {
                let here: Vec<Plane> =
                    planes.list().filter(|plane| together.contains(plane)).collect();
                let mut fields = none();
                fields[field] = Planes::new(&here);
                (!here.is_empty()).then_some(Self { count: false, fields })
            })
        });
        count.into_iter().chain(of_fields)
    }

    /// Whether a plane is among them.
    pub(crate) fn has(&self, plane: Plane, field: usize) -> bool {
        match plane {
            Plane::Count => self.count,
            plane => {
                self.fields.get(field).is_some_and(|planes| planes.list().any(|kept| kept == plane))
            }
        }
    }

    /// Whether something depends on more than the set of points of a cell and their sum.
    pub(crate) fn depends_on_order(&self) -> bool {
        self.fields.iter().any(|planes| planes.spread || planes.first || planes.last)
    }

    /// Whether there is nothing but the number of points.
    pub(crate) fn is_counts(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether it is the counts and the sums of one z, and nothing else.
    pub(crate) fn is_pairs(&self) -> bool {
        let only_sums = |&planes: &Planes| planes == Planes { sum: true, ..Planes::default() };
        self.count && self.fields.len() == 1 && self.fields.iter().all(only_sums)
    }

    /// Bytes of all planes, a cell.
    pub(crate) fn bytes_per_cell(&self, counter: usize) -> usize {
        let field = |planes: &Planes| {
            let &Planes { valid, sum, carry, spread, min, max, first, last } = planes;
            let floats = [sum, carry, spread, spread, min, max, first, last];
            usize::from(valid) * counter
                + floats.into_iter().filter(|&kept| kept).count() * size_of::<f64>()
        };
        usize::from(self.count) * counter + self.fields.iter().map(field).sum::<usize>()
    }
}
