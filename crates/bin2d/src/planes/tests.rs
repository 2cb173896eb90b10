use super::*;

#[test]
fn only_the_planes_that_are_needed_are_kept() {
    use Reduction::{Count, First, Last, Max, Mean, Min, Std, Sum, Var};
    let bytes = |list: &[Reduction], may_be_nan, is_wide| {
        let wanted: Vec<_> = list.iter().map(|&reduction| (reduction, 0)).collect();
        Kept::of(&wanted, &[About { may_be_nan, is_wide }]).bytes_per_cell(4)
    };
    assert_eq!(bytes(&[Count], false, false), 4);
    assert_eq!(bytes(&[Count], true, true), 4);
    assert_eq!(bytes(&[Count, Mean], false, false), 12);
    assert_eq!(bytes(&[Count, Mean], true, false), 16);
    assert_eq!(bytes(&[Count, Mean], false, true), 20);
    assert_eq!(bytes(&[Mean, Sum], true, false), 12);
    assert_eq!(bytes(&[Min, Max, First, Last], true, true), 32);
    assert_eq!(bytes(&[Std, Var], false, false), 20);
    assert_eq!(bytes(&Reduction::ALL, true, true), 72);
}

#[test]
fn each_z_has_planes_of_its_own() {
    use Reduction::{Count, Max, Mean};
    let about = About { may_be_nan: false, is_wide: false };
    let kept = Kept::of(&[(Mean, 0), (Count, 0), (Max, 1)], &[about; 2]);
    assert_eq!(kept.bytes_per_cell(8), 8 + 8 + 8);
    let mut accumulators = Accumulators::<u64>::new(3, &kept).unwrap();
    for (field, z) in [(0, 5.0f32), (1, 7.0)] {
        let mut tiles = accumulators.tiles(field, 1, 3);
        tiles[0].add([(1, z), (1, z + 1.0)].into_iter(), None);
    }
    let page = |reduction, field| {
        let mut values = [0.0f64; 3];
        accumulators.reduce(reduction, field, 0..3, &mut values);
        values[1]
    };
    assert_eq!((page(Count, 0), page(Mean, 0), page(Max, 1)), (2.0, 5.5, 8.0));
}

/// Points of one cell, some of them in a second grid that is then merged into the first.
fn merged(z: &[f64], cut: usize) -> Vec<f64> {
    let wanted = Reduction::ALL.map(|reduction| (reduction, 0));
    let kept = Kept::of(&wanted, &[About { may_be_nan: true, is_wide: true }]);
    let part = |z: &[f64]| {
        let mut part = Accumulators::<u32>::new(1, &kept).unwrap();
        let points = z.iter().map(|&z| (0, z));
        part.tiles(0, 1, 1)[0].add(points, Some(&mut Vec::new()));
        part
    };
    let mut all = part(&z[..cut]);
    all.merge(part(&z[cut..]), 1, 1);
    wanted
        .map(|(reduction, field)| {
            let mut value = [0.0];
            all.reduce(reduction, field, 0..1, &mut value);
            value[0]
        })
        .to_vec()
}

#[test]
fn what_is_merged_is_as_if_it_had_been_added() {
    let z: Vec<f64> =
        (0..100).map(|i| if i % 9 == 0 { f64::NAN } else { f64::from(i * i % 37) / 7.0 }).collect();
    let whole = merged(&z, z.len());
    for cut in [0, 1, 2, 9, 10, 50, 99] {
        for ((reduction, found), expected) in Reduction::ALL.iter().zip(merged(&z, cut)).zip(&whole)
        {
            assert!(
                (found - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(),
                "{reduction}, {cut} of {}: {found} for {expected}",
                z.len()
            );
        }
    }
    assert!(merged(&[f64::NAN, f64::NAN], 1)[1..].iter().all(|value| value.is_nan()));
}

#[test]
fn counts_beyond_the_mantissa_of_a_float_are_noticed() {
    let accumulators = |count| {
        let kept = Kept { count: true, fields: Vec::new() };
        let mut accumulators = Accumulators::<u64>::new(2, &kept).unwrap();
        accumulators.count[1] = count;
        accumulators
    };
    assert!(!accumulators(1 << 24).counts_need_f64());
    assert!(accumulators((1 << 24) + 1).counts_need_f64());
    assert!(!accumulators((1 << 24) + 2).counts_need_f64());
}
