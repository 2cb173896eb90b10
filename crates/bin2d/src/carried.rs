//! What a shard carries beside its pages, so that shards can be merged.
//!
//! Counts, minima, maxima, and first and last values merge as they stand in their pages. Sums, means and deviations
//! do not: their pages are rounded, and say nothing of the number of values. So a shard has a further page, of 64-bit
//! floats, for every plane that no page is.

use crate::planes::{About, Kept, Plane};
use crate::{Reduction, Reductions, Term};

/// The planes of a grid, each with the name of the page that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) plane: Plane,
    /// The number of the z that it is of.
    pub(crate) field: usize,
    pub(crate) page: String,
    /// Whether the page is there for no other reason.
    pub(crate) carried: bool,
}

/// Where the planes of a grid are stored, whose pages are of these fields.
pub(crate) fn stored(reductions: &Reductions, fields: &[usize], kept: &Kept) -> Vec<Stored> {
    let terms = || reductions.as_slice().iter().zip(fields.iter().copied());
    let mut all = Vec::new();
    if kept.count {
        all.push(store(Plane::Count, 0, None, terms()));
    }
    for (index, (term, field)) in terms().enumerate() {
        let of_field = |&(term, of): &(&Term, usize)| term.reduction().needs_z() && of == field;
        // A field is called what the first page calls it.
        if !of_field(&(term, field)) || terms().take(index).any(|before| of_field(&before)) {
            continue;
        }
        for plane in kept.fields[field].list() {
            all.push(store(plane, field, Some(term), terms()));
        }
    }
    all
}

/// In the page that the plane is, or in one of its own.
fn store<'a>(
    plane: Plane,
    field: usize,
    named: Option<&Term>,
    mut terms: impl Iterator<Item = (&'a Term, usize)>,
) -> Stored {
    let is_same = |(term, of): &(&Term, usize)| {
        plane.page() == Some(term.reduction()) && (*of == field || plane == Plane::Count)
    };
    if let Some((term, _)) = terms.find(is_same) {
        return Stored { plane, field, page: term.to_string(), carried: false };
    }
    let column = named.and_then(Term::column).map_or_else(String::new, |name| format!(":{name}"));
    Stored { plane, field, page: format!("kept-{}{column}", plane.name()), carried: true }
}

/// What pages of these reductions are computed from in a shard that carries `carried`, and of which z each page is.
/// `None` where that is not what such a shard carries.
pub(crate) fn read(
    reductions: &Reductions,
    z: Option<&str>,
    carried: &[String],
) -> Option<(Vec<usize>, Kept, Vec<Stored>)> {
    // As where points are binned: reductions that name no column are of z.
    let z = z.unwrap_or("z");
    let names = reductions.columns(Some(z))?;
    let field = |term: &Term| {
        let column = term.column().unwrap_or(z);
        names.iter().position(|&name| name == column).unwrap_or(0)
    };
    let terms = reductions.as_slice();
    let fields: Vec<usize> = terms.iter().map(field).collect();
    let wanted: Vec<(Reduction, usize)> =
        terms.iter().map(Term::reduction).zip(fields.iter().copied()).collect();
    let kept = |about: &[About]| {
        let kept = Kept::of(&wanted, about);
        let stored = stored(reductions, &fields, &kept);
        (kept, stored)
    };
    // What was known of the points shows in what is carried: of all that may be, take what is there.
    let all = About { may_be_nan: true, is_wide: true };
    let (_, most) = kept(&vec![all; names.len()]);
    let has = |field: usize, plane: Plane| {
        most.iter().any(|stored| {
            (stored.field, stored.plane) == (field, plane) && carried.contains(&stored.page)
        })
    };
    let about: Vec<About> = (0..names.len())
        .map(|field| About {
            may_be_nan: has(field, Plane::Valid),
            is_wide: has(field, Plane::Carry),
        })
        .collect();
    let (kept, stored) = kept(&about);
    let expected = stored.iter().filter(|stored| stored.carried).map(|stored| &stored.page);
    expected.eq(carried).then_some((fields, kept, stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_says_what_was_known_of_the_points() {
        let flags = [false, true];
        for list in
            ["count", "mean", "count,mean", "std", "min,last", "count,sum,var,min", "mean:a,count"]
        {
            let reductions: Reductions = list.parse().unwrap();
            let wanted: Vec<_> =
                reductions.as_slice().iter().map(|term| (term.reduction(), 0)).collect();
            let fields = vec![0; wanted.len()];
            let z = reductions.columns(Some("z")).unwrap().len();
            for (may_be_nan, is_wide) in flags.iter().flat_map(|&a| flags.map(|b| (a, b))) {
                let kept = Kept::of(&wanted, &vec![About { may_be_nan, is_wide }; z]);
                let all = stored(&reductions, &fields, &kept);
                let mut carried: Vec<String> =
                    all.iter().filter(|s| s.carried).map(|s| s.page.clone()).collect();
                assert_eq!(read(&reductions, None, &carried), Some((fields.clone(), kept, all)));
                carried.push("kept-sum".to_owned());
                assert_eq!(read(&reductions, None, &carried), None, "{list}");
                carried.truncate(carried.len() - 1);
                if carried.pop().is_some_and(|last| last.starts_with("kept-m")) {
                    assert_eq!(read(&reductions, None, &carried), None, "{list}");
                }
            }
        }
    }

    #[test]
    fn planes_are_called_after_the_column_as_the_first_page_calls_it() {
        let reductions: Reductions = "mean,std:mag,mean:b,max,sum:z".parse().unwrap();
        let names = |carried: &[&str], z| {
            let carried: Vec<String> = carried.iter().map(|&name| name.to_owned()).collect();
            read(&reductions, z, &carried).map(|(fields, ..)| fields)
        };
        let of_b = ["kept-count", "kept-valid", "kept-sum", "kept-carry"];
        let of_mag = ["kept-valid:mag", "kept-mean:mag", "kept-m2:mag"];
        let of_z = ["kept-sum:z"];
        let of_unnamed = ["kept-sum", "kept-sum:b"];
        let all =
            [&["kept-count", "kept-sum"][..], &of_mag, &["kept-sum:b", "kept-carry:b"]].concat();
        assert_eq!(names(&all, None), Some(vec![0, 1, 2, 0, 0]));
        assert_eq!(names(&all, Some("z")), Some(vec![0, 1, 2, 0, 0]));
        let all = [&of_b[..], &of_mag, &["kept-sum:z"]].concat();
        assert_eq!(names(&all, Some("b")), Some(vec![0, 1, 0, 0, 2]));
        assert_eq!(names(&of_z, None), None);
        assert_eq!(names(&of_unnamed, Some("b")), None);
    }
}
