//! Texts that are no plain tables: read by their headers, or refused by name.

use crate::support::{Folder, workspace};

/// The points that most of the files hold, and how near they come to them as text.
const POINTS: [[f64; 3]; 4] =
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.5, 0.25], [1e-7, 2.0, 3.0]];
const NEAR: f64 = 1e-3;

#[test]
fn what_a_header_counts_is_read_and_not_a_row_more() {
    for (name, said, rows) in [
        ("meshio.ply", "PLY, blanks, 4 fields, 4 rows; x = x (1), y = y (2), z = z (3)", 0..4),
        ("trimesh.ply", "PLY, blanks, 3 fields, 4 rows; ", 0..4),
        ("trimesh-points.ply", "PLY, blanks, 7 fields, 4 rows; ", 0..4),
        ("vtk.ply", "PLY, blanks, 3 fields, 4 rows; ", 0..4),
        ("pypcd4.pcd", "PCD, blanks, 4 fields, 4 rows; x = x (1), y = y (2), z = z (3)", 0..4),
        ("ase.xyz", "XYZ, blanks, 4 fields, 3 rows; x = x (2), y = y (3), z = z (4)", 0..3),
        ("ase.extxyz", "XYZ, blanks, 4 fields, 3 rows; ", 0..3),
        ("ase-columns.extxyz", "XYZ, blanks, 8 fields, 3 rows; ", 0..3),
        ("mdanalysis.xyz", "XYZ, blanks, 4 fields, 3 rows; ", 0..3),
        ("openbabel.xyz", "XYZ, blanks, 4 fields, 3 rows; ", 0..3),
    ] {
        let folder = Folder::new();
        let text = std::fs::read(workspace("fixtures/text").join(name)).unwrap();
        folder.write(name, &text);
        // From a pipe as from a file, and with carriage returns.
        folder.write("returns", String::from_utf8(text).unwrap().replace('\n', "\r\n"));
        for input in [name, "returns"] {
            let run = folder.succeed(&format!("ingest {input} -o out.points --dtype f64 --force"));
            assert!(run.stderr.contains(&format!("{input}: read as: {said}")), "{}", run.stderr);
            for (axis, column) in ["x", "y", "z"].into_iter().enumerate() {
                let (found, _) = folder.numbers(&format!("out.points/{column}.npy"));
                let expected: Vec<f64> =
                    POINTS[rows.clone()].iter().map(|point| point[axis]).collect();
                assert_eq!(found.len(), expected.len(), "{name}");
                let near = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < NEAR);
                assert!(near, "{name}: {column} is {found:?}, not {expected:?}");
            }
        }
    }
}

#[test]
fn a_second_frame_is_an_error_with_the_command_that_keeps_both() {
    for (name, line) in
        [("mdtraj.xyz", 6), ("mdtraj.lammpstrj", 13), ("lammps.xyz", 5), ("lammps-custom.dump", 16)]
    {
        let folder = Folder::new();
        folder.write(name, std::fs::read(workspace("fixtures/text").join(name)).unwrap());
        for command in ["ingest", "bin2d --extent 0,9,0,9"] {
            let output = if command == "ingest" { "n.points" } else { "n.tiff" };
            let error = folder.fail(1, &format!("{command} {name} -o {output}"));
            let expected = format!("{name}:{line}: the header says ");
            assert!(error.contains(&expected) && error.contains("awk"), "{error}");
        }
    }
}

#[test]
fn a_text_whose_numbers_are_not_all_points_is_refused_by_name() {
    let read = ["ply", "pcd", "xyz", "extxyz", "dump", "lammpstrj", "md", "txt"];
    let mut refused = 0;
    for entry in std::fs::read_dir(workspace("fixtures/text")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if read.iter().any(|end| name.ends_with(&format!(".{end}"))) || name == "rows.json" {
            continue;
        }
        let folder = Folder::new();
        folder.write(name, std::fs::read(&path).unwrap());
        let error = folder.fail(1, &format!("ingest {name} -o n.points"));
        assert!(error.starts_with(&format!("pointillist: ingest: {name}: is a")), "{error}");
        assert!(error.contains("not a table of points: "), "{error}");
        refused += 1;
    }
    assert!(refused > 35, "{refused}");
}

#[test]
fn rows_that_a_header_counts_are_all_there_or_the_text_is_cut_short() {
    let folder = Folder::new();
    let header = "ply\nformat ascii 1.0\nelement vertex 400000\nproperty float x\nproperty float y\n\
                  element face 2\nproperty list uchar int vertex_indices\nend_header\n";
    // So many that threads read them side by side, and other elements behind them.
    let rows: String = (0..400_000).map(|row| format!("{row} {}\n", row % 7)).collect();
    folder.write("good.ply", format!("{header}{rows}3 0 1 2\n3 1 2 3\nno number\n"));
    for options in ["", "--skip-bad", "--threads 1"] {
        let run = folder.succeed(&format!("ingest good.ply -o o.points --force {options}"));
        assert!(
            run.stderr.contains("o.points: 400,000 points, 0 bad, 0 non-finite"),
            "{}",
            run.stderr
        );
    }
    let (x, _) = folder.numbers("o.points/x.npy");
    assert!(x.iter().enumerate().all(|(row, &x)| x == row as f64));
    let half = rows[..rows.len() / 2].rfind('\n').unwrap() + 1;
    folder.write("short.ply", format!("{header}{}", &rows[..half]));
    let error = folder.fail(1, "ingest short.ply -o n.points");
    assert!(error.contains("the header says 400000 rows, and there are "), "{error}");
    assert!(error.contains("is the file complete?"), "{error}");
}
