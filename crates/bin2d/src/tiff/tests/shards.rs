//! Shards that say what cannot be.

use std::ops::Range;

use pointillist_base::Float;
use tiff::encoder::TiffKindStandard;

use super::*;
use crate::Shards;
use crate::planes::{Accumulators, Kept};
use crate::tiff::strips::{Content, Source};
use crate::tiff::writer::Document;

/// The only shard there is.
fn shard(reductions: &str) -> Binned {
    let reductions = Some(reductions.parse().unwrap());
    let cells = Cells::Size(Size::new(37, 11).unwrap());
    let shard = Some("1/1".parse().unwrap());
    binned_as("0123", Options { cells, reductions, shard, ..Options::default() })
}

/// Every page has this value everywhere.
struct All(f64);

impl Source for All {
    fn page_rows<T: Float>(&self, _: Content<'_>, _: Range<u32>, values: &mut [T]) {
        values.fill(T::from_f64(self.0));
    }
}

#[test]
fn numbers_of_points_that_cannot_be_are_refused_and_other_values_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.tiff");
    for (reductions, first) in [("mean,max", "kept-count"), ("std,count", "count")] {
        let shard = shard(reductions);
        let carried: Vec<_> =
            shard.grid().stored().into_iter().filter(|stored| stored.carried).collect();
        for value in [2000.0, 0.0, 2001.0, 0.5, -1.0, 1e300, f64::NAN, f64::INFINITY] {
            let document = Document {
                source: &All(value),
                description: &Description::of(&shard),
                dtypes: &[Dtype::F64; 2],
                carried: &carried,
                progress: &(),
            };
            document.write::<TiffKindStandard>(fs::File::create(&path).unwrap()).unwrap();
            seal(&path);
            let shards = Shards::open(std::slice::from_ref(&path)).unwrap();
            match shards.merge(&()) {
                Ok(_) => assert!([0.0, 2000.0].contains(&value), "{value}"),
                Err(error) => {
                    let message = error.to_string();
                    let expected = format!("damaged: page {first} is not what was written");
                    assert!(![0.0, 2000.0].contains(&value), "{value}: {message}");
                    assert!(message.contains(&expected), "{value}: {message}");
                }
            }
        }
    }
}

#[test]
fn what_is_carried_must_be_what_the_reductions_need() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &shard("count,mean"));
    let whole = fs::read(&path).unwrap();
    let file = GridFile::open(&path).unwrap();
    assert_eq!(file.description().carried, ["kept-sum", "kept-carry"]);
    assert_eq!(file.page_names().collect::<Vec<_>>(), ["count", "mean"]);
    file.verify().unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = whole.windows(from.len()).position(|bytes| bytes == from.as_bytes()).unwrap();
        let mut bytes = whole.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        fs::write(&path, bytes).unwrap();
        GridFile::open(&path).unwrap_err().to_string()
    };
    let reason = "damaged: what it carries is not what its reductions need";
    let list = r#"["kept-sum","kept-carry"]"#;
    for (from, to) in [
        (list, r#"["kept-sum","kept-sum"]  "#),
        (list, r#"["kept-carry","kept-sum"]"#),
        (list, r#"["kept-mean","kept-m2"]  "#),
        (r#""shard":"1/1""#, r#""other":"1/1""#),
    ] {
        let message = replaced(from, to);
        assert!(message.contains(reason), "{to}: {message}");
    }
    assert!(replaced(r#""shard":"1/1""#, r#""shard":"2/1""#).contains("damaged: its description"));
    // Without a carry there is one page more than described.
    let message = replaced(r#""kept-sum","kept-carry""#, r#""kept-sum"             "#);
    assert!(message.contains("it has more pages than it describes"), "{message}");
}

#[test]
fn a_part_of_what_is_kept_leaves_the_rest_as_it_is() {
    let about = crate::planes::About { may_be_nan: true, is_wide: true };
    let wanted = crate::Reduction::ALL.map(|reduction| (reduction, 0));
    let kept = Kept::of(&wanted, &[about]);
    let bytes: usize = kept.parts().map(|part| part.bytes_per_cell(4)).sum();
    assert_eq!(bytes, kept.bytes_per_cell(4));
    let mut all = Accumulators::<u32>::new(1, &kept).unwrap();
    all.whole(0).add([(0, 3.0), (0, 5.0)].into_iter(), None);
    let values = |all: &Accumulators<u32>| {
        wanted.map(|(reduction, field)| {
            let mut value = [0.0f64];
            all.reduce(reduction, field, 0..1, &mut value);
            value[0]
        })
    };
    let before = values(&all);
    for part in kept.parts() {
        all.merge(Accumulators::new(1, &part).unwrap(), 1, 1);
        assert_eq!(values(&all), before);
    }
}
