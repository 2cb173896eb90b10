//! Bugs that were found once, with the input that showed them (`fixtures/bugs`).

use pointillist_base::Values;
use pointillist_ingest::Buffer;

use crate::support::{Folder, workspace};

#[test]
fn the_last_digit_is_read_where_lines_end_one_way_and_then_another() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(workspace("fixtures/bugs/mixed-line-ends.csv")).unwrap();
    let expected: Vec<f32> =
        text.lines().map(|line| line.split_once(',').unwrap().1.parse().unwrap()).collect();
    folder.write("m.csv", &text);
    folder.succeed("ingest m.csv -o m.points --quiet");
    let points = pointillist_ingest::Points::open(&folder.path("m.points")).unwrap();
    let column = points.column("y").unwrap();
    let mut buffer = Buffer::default();
    let values = column.read(&mut buffer).unwrap();
    assert!(matches!(values, Values::F32(values) if values == expected));
}
