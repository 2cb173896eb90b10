//! How the cells under a marker become one: as sums, or the smallest or largest of them, or moments.
//!
//! Each is a function of two items that is all the kernels know. None of them takes anything away again, so
//! that a large value leaves no rounding error in pixels that its marker does not cover, and an infinite one
//! no NaN.

use pointillist_base::Float;

/// A way to merge items.
pub(super) trait Fold {
    /// What is known of a set of cells.
    type Item: Copy + Send + Sync;

    /// That of no cell at all. Merged with another item, whichever comes first, it leaves that one as it
    /// is, to the bit: rows without anything in them can be passed over.
    const EMPTY: Self::Item;

    /// Whether it is that of no cell.
    fn is_empty(item: Self::Item) -> bool;

    /// That of both sets.
    fn merge(a: Self::Item, b: Self::Item) -> Self::Item;
}

/// Sums. Their zero is -0.0, which no sum of other numbers is: it tells pixels without a value from those whose
/// values add up to zero, which is +0.0.
pub(super) struct Sum<T>(std::marker::PhantomData<T>);

macro_rules! sum {
    ($float:ty) => {
        impl Fold for Sum<$float> {
            type Item = $float;
            const EMPTY: $float = -0.0;

            #[inline(always)]
            fn is_empty(item: $float) -> bool {
                item.to_bits() == (-0.0 as $float).to_bits()
            }
            #[inline(always)]
            fn merge(a: $float, b: $float) -> $float {
                a + b
            }
        }
    };
}
sum!(f32);
sum!(f64);

/// The smallest number, where none is +inf: that stands for no number.
pub(super) struct Least<T>(std::marker::PhantomData<T>);

/// The largest number, where none is -inf: that stands for no number.
pub(super) struct Greatest<T>(std::marker::PhantomData<T>);

/// The smallest number; NaN stands for none. Gives the bits of [`Least`], in more instructions.
pub(super) struct LeastOfAll<T>(std::marker::PhantomData<T>);

/// The largest number; NaN stands for none. Gives the bits of [`Greatest`], in more instructions.
pub(super) struct GreatestOfAll<T>(std::marker::PhantomData<T>);

macro_rules! extreme {
    ($fold:ident, $empty:ident, $before:tt, $is_empty:expr) => {
        impl<T: Float> Fold for $fold<T> {
            type Item = T;
            const EMPTY: T = T::$empty;

            #[inline(always)]
            fn is_empty(item: T) -> bool {
                $is_empty(item)
            }
            #[inline(always)]
            fn merge(a: T, b: T) -> T {
                if a $before b { a } else { b }
            }
        }
    };
    ($fold:ident, $before:tt) => {
        impl<T: Float> Fold for $fold<T> {
            type Item = T;
            const EMPTY: T = T::NAN;

            #[inline(always)]
            fn is_empty(item: T) -> bool {
                item.is_nan()
            }
            #[inline(always)]
            fn merge(a: T, b: T) -> T {
                if (a $before b) | b.is_nan() { a } else { b }
            }
        }
    };
}
extreme!(Least, INFINITY, <, |item| item == T::INFINITY);
extreme!(Greatest, NEG_INFINITY, >, |item| item == T::NEG_INFINITY);
extreme!(LeastOfAll, <);
extreme!(GreatestOfAll, >);

/// Number, mean and sum of squared deviations from it, by Chan's formula for two sets: exact for equal values, and
/// without the cancellation that takes the digits from a difference of sums of squares.
pub(super) struct Moments;

/// What [`Moments`] merges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    pub(super) n: f64,
    pub(super) mean: f64,
    pub(super) m2: f64,
}

impl Fold for Moments {
    type Item = Moment;
    const EMPTY: Moment = Moment { n: 0.0, mean: 0.0, m2: 0.0 };

    #[inline(always)]
    fn is_empty(item: Moment) -> bool {
        item.n == 0.0
    }
    #[inline(always)]
    fn merge(a: Moment, b: Moment) -> Moment {
        if a.n == 0.0 {
            return b;
        }
        if b.n == 0.0 {
            return a;
        }
        let n = a.n + b.n;
        let (delta, share) = (b.mean - a.mean, b.n / n);
        Moment { n, mean: a.mean + delta * share, m2: a.m2 + b.m2 + delta * delta * (a.n * share) }
    }
}

/// One or zero for a cell with and without points, added up to 255 at most: enough to tell 0, 1 and more.
pub(super) struct Occupied;

impl Fold for Occupied {
    type Item = u8;
    const EMPTY: u8 = 0;

    #[inline(always)]
    fn is_empty(item: u8) -> bool {
        item == 0
    }
    #[inline(always)]
    fn merge(a: u8, b: u8) -> u8 {
        a.saturating_add(b)
    }
}
