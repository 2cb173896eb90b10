use super::*;

#[test]
fn a_pcd_is_read_by_its_header() {
    let cloud = declared(&written("pypcd4.pcd"));
    assert_eq!(columns(&cloud), ("x y z intensity".to_owned(), vec![0, 1, 2], 10, Some(4)));
    assert_eq!(cloud.format, "PCD");
    // As the Point Cloud Library writes it, with a comment, a gap and a field of several numbers.
    let text = "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS normal _ x y z\nSIZE 4 1 4 4 4\n\
                TYPE F U F F F\nCOUNT 3 4 1 1 1\nWIDTH 2\nHEIGHT 3\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 6\nDATA ascii\n";
    let (names, positions, lines, rows) = columns(&declared(text.as_bytes()));
    assert_eq!(names, "normal_0 normal_1 normal_2     x y z");
    assert_eq!((positions, lines, rows), (vec![7, 8, 9], 11, Some(6)));
    // Version 0.5 has other keys and fewer of them; fields without a place have none.
    let old = "COLUMNS range angle\nSIZE 4 4\nTYPE F F\nWIDTH 2\nDATA ascii\n1 2\n";
    assert_eq!(columns(&declared(old.as_bytes())), ("range angle".into(), vec![], 5, Some(2)));
}

#[test]
fn a_damaged_pcd_names_the_line() {
    let header =
        |lines: &str| error(&format!("VERSION .7\nFIELDS x y z\n{lines}\nDATA ascii\n1 2 3\n"));
    for (lines, expected) in [
        ("SIZE 4 4", "F:3: damaged PCD header: SIZE has 2 values for 3 fields"),
        ("COUNT 1 1 x", "F:3: damaged PCD header: COUNT is followed by what is no count"),
        (
            "COUNT 1 1 18446744073709551615",
            "F:4: damaged PCD header: COUNT makes rows of more than 65536",
        ),
        (
            "COUNT 1 1 99999999999999999999",
            "F:3: damaged PCD header: COUNT is followed by what is no",
        ),
        (
            "WIDTH 18446744073709551615\nHEIGHT 2",
            "F:5: damaged PCD header: WIDTH times HEIGHT is beyond",
        ),
        (
            "WIDTH 2\nHEIGHT 2\nPOINTS 5",
            "F:6: damaged PCD header: POINTS is 5, but WIDTH times HEIGHT is 4",
        ),
        ("POINTS many", "F:3: damaged PCD header: POINTS is followed by no count"),
        ("DOTS 3", "F:3: damaged PCD header: \"DOTS 3\" says nothing that is known"),
        ("1 2 3", "F:3: damaged PCD header: no line \"DATA ascii\" behind this one"),
    ] {
        let message = header(lines);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn binary_point_clouds_are_told_from_those_in_ascii() {
    let pcd = "VERSION .7\nFIELDS x y z\nSIZE 4 4 4\nWIDTH 1\nPOINTS 1\nDATA binary_compressed\n\u{1}\0\0\0";
    assert!(error(pcd).starts_with("F: is a binary PCD file, not text: python3 -c "));
    let ply = "ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\nend_header\n\0\0\0\0";
    assert!(error(ply).starts_with("F: is a binary PLY file, not text: python3 -c "));
}

#[test]
fn a_ply_is_read_by_its_header() {
    for (name, names, lines, rows, after) in [
        ("trimesh.ply", "x y z", 10, 4, true),
        ("vtk.ply", "x y z", 11, 4, true),
        ("meshio.ply", "x y z t", 11, 4, true),
        ("trimesh-points.ply", "x y z red green blue alpha", 12, 4, false),
        // A face stands before the vertices.
        ("plyfile.ply", "x y z red", 13, 2, false),
    ] {
        let cloud = declared(&written(name));
        assert_eq!(columns(&cloud), (names.to_owned(), vec![0, 1, 2], lines, Some(rows)), "{name}");
        assert_eq!(cloud.after == After::Ignored, after, "{name}");
    }
    let empty = "ply\r\nformat ascii 1.0\r\nelement vertex 0\r\nproperty float nx\r\nproperty float x\r\n\
                 property float y\r\nelement face 0\r\nproperty list uchar int vertex_indices\r\nend_header\r\n";
    let cloud = declared(empty.as_bytes());
    assert_eq!(columns(&cloud), ("nx x y".to_owned(), vec![1, 2], 9, Some(0)));
    assert!(matches!(cloud.after, After::Refused(_)));
}

#[test]
fn a_damaged_ply_names_the_line() {
    let header =
        |lines: &str| error(&format!("ply\nformat ascii 1.0\n{lines}\nend_header\n1 2 3\n"));
    for (lines, expected) in [
        (
            "element vertex many",
            "F:3: damaged PLY header: \"element vertex many\" says nothing that is known",
        ),
        (
            "element vertex",
            "F:3: damaged PLY header: \"element vertex\" says nothing that is known",
        ),
        ("element face 2", "F:4: damaged PLY header: no element vertex before this line"),
        ("1 2 3", "F:3: damaged PLY header: \"1 2 3\" says nothing that is known"),
        (
            "element vertex 1\nproperty list uchar int neighbours",
            "F:4: damaged PLY header: the vertices have a list, neighbours",
        ),
        (
            "element a 18446744073709551615\nelement b 1\nelement vertex 1",
            "F:4: damaged PLY header: more elements than can be counted",
        ),
        (
            "element a 18446744073709551615\nelement vertex 1",
            "F:5: damaged PLY header: more elements than can be counted",
        ),
    ] {
        let message = header(lines);
        assert!(message.starts_with(expected), "{message}");
    }
    let message = error("ply\nformat ascii 1.0\nelement vertex 1\n");
    assert_eq!(message, "F:3: damaged PLY header: no line \"end_header\" behind this one");
    let message = error("ply\ncomment a\nelement vertex 1\nend_header\n");
    assert_eq!(message, "F:4: damaged PLY header: no format before this line");
}

#[test]
fn a_pts_says_how_many_points_follow() {
    for (row, names) in [
        ("1 2 3", "x y z"),
        ("1 2 3 -100", "x y z intensity"),
        ("1 2 3 4 5 6", "x y z red green blue"),
        ("1 2 3 -5 6 7 8", "x y z intensity red green blue"),
    ] {
        let text = format!("2 \r\n{row}\r\n{row}\r\n");
        let cloud = declared(text.as_bytes());
        assert_eq!(columns(&cloud), (names.to_owned(), vec![0, 1, 2], 1, Some(2)));
    }
    let most = declared(b"18446744073709551615\n1 2 3\n");
    assert_eq!((most.format, most.rows), ("PTS", Some(u64::MAX)));
    // The first line may be a dimension: rows that are left over are refused later, and never lost.
    let cloud = declared(&written("qhull-off.txt"));
    let After::Refused(remedy) = cloud.after else { panic!("{cloud:?}") };
    assert_eq!(cloud.rows, Some(3));
    assert!(remedy.ends_with("--skip-rows 1 passes over it"));
}

#[test]
fn the_points_of_qhull_follow_a_dimension_and_a_count() {
    for (name, rows) in [("rbox.txt", 5), ("qhull.txt", 6)] {
        let cloud = declared(&written(name));
        assert_eq!(columns(&cloud), (String::new(), vec![0, 1, 2], 2, Some(rows)), "{name}");
    }
    let plane = declared(b"2 rbox 2 D2\n2\n1 2\n3 4\n");
    assert_eq!(plane.positions, Some(vec![0, 1]));
}

#[test]
fn the_atoms_of_an_xyz_follow_a_count_and_a_comment() {
    for (name, rows) in
        [("ase.xyz", 3), ("mdanalysis.xyz", 3), ("mdtraj.xyz", 3), ("lammps.xyz", 2)]
    {
        let cloud = declared(&written(name));
        assert_eq!(columns(&cloud), (String::new(), vec![1, 2, 3], 2, Some(rows)), "{name}");
        assert_eq!(cloud.names, None);
    }
    for (text, rows) in [("1\n0.5 0.5 0.5\nH 1 2 3\n", 1), ("2\n\nNa 1 2 3 0.5\nCl 1 2 3 0.5\n", 2)]
    {
        assert_eq!(
            columns(&declared(text.as_bytes())),
            (String::new(), vec![1, 2, 3], 2, Some(rows))
        );
    }
}

#[test]
fn an_extended_xyz_names_its_columns() {
    for (name, names, places) in [
        ("ase.extxyz", "species x y z", [1, 2, 3]),
        ("openbabel.xyz", "species x y z", [1, 2, 3]),
        ("ase-columns.extxyz", "species x y z charge forces_0 forces_1 forces_2", [1, 2, 3]),
    ] {
        let cloud = declared(&written(name));
        assert_eq!(columns(&cloud), (names.to_owned(), places.to_vec(), 2, Some(3)), "{name}");
    }
    let text = "1\nTime=1 Properties=\"id:I:1:pos:R:3\"\n7 1 2 3\n";
    let (names, places, ..) = columns(&declared(text.as_bytes()));
    assert_eq!((names.as_str(), places), ("id x y z", vec![1, 2, 3]));
    let text = "1\nProperties=id:I:1:force:R:3\n7 1 2 3\n";
    assert_eq!(declared(text.as_bytes()).positions, Some(vec![]));
    for (properties, problem) in [
        ("pos:R", "Properties has other parts than name:type:count for every column"),
        ("pos:R:-3", "Properties has other parts than name:type:count for every column"),
        ("a:R:18446744073709551615:b:R:1", "Properties makes rows of more than 65536 fields"),
        ("a:R:65536:b:R:1", "Properties makes rows of more than 65536 fields"),
    ] {
        let message = error(&format!("1\nProperties={properties}\nH 1 2 3\n"));
        assert_eq!(message, format!("F:2: damaged XYZ header: {problem}"));
    }
}

#[test]
fn a_file_of_xmgrace_names_its_columns_by_axis_and_legends() {
    // As gmx energy and gmx rms of GROMACS write it.
    let header = "# This file was created Sat Nov 28 09:00:00 2026\n# GROMACS is part of G R O M A C S:\n#\n\
                  @    title \"GROMACS Energies\"\n@    xaxis  label \"Time (ps)\"\n@    yaxis  label \"(kJ/mol), (K)\"\n\
                  @TYPE xy\n@ view 0.15, 0.15, 0.75, 0.85\n@ legend on\n@ legend box on\n@ legend length 2\n";
    let energies = format!(
        "{header}@ s0 legend \"Potential\"\n@ s1 legend \"Temperature\"\n    0.0  -1.5  300.1\n"
    );
    let cloud = declared(energies.as_bytes());
    let names = ["Time (ps)", "Potential", "Temperature"].map(str::to_owned);
    assert_eq!((cloud.names, cloud.lines, cloud.rows), (Some(names.to_vec()), 13, None));
    assert_eq!(cloud.positions, None);
    let one = declared(format!("{header}0 1\n").as_bytes());
    assert_eq!(one.names, Some(vec!["Time (ps)".to_owned(), "(kJ/mol), (K)".to_owned()]));
    let far = declared(b"@ s7 legend \"far\"\n@ s18446744073709551615 legend \"further\"\n0 1 2\n");
    assert_eq!(far.names, Some(vec![String::new(); 3]));
    assert_eq!(
        error("@ title \"a\"\nx y\n"),
        "F:2: damaged xmgrace header: \"x y\" says nothing that is known"
    );
    assert!(error("@ title \"a\"\n").starts_with("F:1: damaged xmgrace header: no line"));
}

#[test]
fn a_dump_of_lammps_names_its_columns() {
    for (name, names, places, lines, rows) in [
        ("lammps-custom.dump", "id type x y z vx", vec![2, 3, 4], 13, 2),
        ("lammps-plain.dump", "x y", vec![0, 1], 9, 2),
        ("mdtraj.lammpstrj", "id type xu yu zu", vec![2, 3, 4], 9, 3),
        // Fractions of the box are no positions.
        ("lammps-atom.dump", "id type xs ys zs", vec![], 9, 2),
    ] {
        let cloud = declared(&written(name));
        assert_eq!(columns(&cloud), (names.to_owned(), places, lines, Some(rows)), "{name}");
        assert!(cloud.positions.is_some() && matches!(cloud.after, After::Refused(_)));
    }
    let begin = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF";
    for (text, expected) in [
        (" ATOMS\nmany\n", "F:4: damaged LAMMPS dump header: no count of atoms"),
        (" ATOMS\n3\n", "F:4: damaged LAMMPS dump header: no line \"ITEM: ATOMS\" behind this one"),
        (" ATOMS\n3\n4\n", "F:5: damaged LAMMPS dump header: \"4\" says nothing that is known"),
        (
            " ENTRIES\n3\nITEM: BOX BOUNDS\n0 1\n0 1\n0 1\nITEM: ENTRIES a\n1\n",
            "F: is a LAMMPS dump of what are",
        ),
    ] {
        let message = error(&format!("{begin}{text}"));
        assert!(message.starts_with(expected), "{message}");
    }
    let message = error("ITEM: TIMESTEP\n0\nITEM: ATOMS x y\n1 2\n");
    assert!(message.starts_with("F:3: damaged LAMMPS dump header: no ITEM: NUMBER OF ATOMS"));
}

#[test]
fn cloudcompare_writes_names_and_then_a_count() {
    for (text, names) in [
        ("//X Y Z R G B\n2\n1 2 3 4 5 6\n", "X Y Z R G B"),
        ("//X;Y;Z;Scalar field\n1\n1;2;3;4\n", "X Y Z Scalar field"),
    ] {
        let (found, positions, lines, _) = columns(&declared(text.as_bytes()));
        assert_eq!((found.as_str(), positions, lines), (names, vec![0, 1, 2], 2));
    }
}
