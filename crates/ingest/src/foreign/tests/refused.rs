use super::*;

#[test]
fn what_is_no_table_of_points_is_refused_by_name() {
    for (name, expected) in [
        ("trimesh.off", "an OFF file"),
        ("meshio.off", "an OFF file"),
        ("meshio.vtk", "a VTK file"),
        ("vtk.vtk", "a VTK file"),
        ("gmsh.msh", "a gmsh file"),
        ("trimesh.obj", "a Wavefront OBJ file"),
        ("trimesh.stl", "an STL file"),
        ("meshio.mesh", "a Medit mesh"),
        ("meshio.su2", "an SU2 mesh"),
        ("meshio.inp", "an Abaqus or LS-DYNA model"),
        ("meshio.bdf", "a Nastran model"),
        ("meshio.avs", "an AVS mesh"),
        ("meshio.dat", "a Tecplot file"),
        ("meshio.vtu", "a VTK XML file"),
        ("meshio.xdmf", "an XDMF file"),
        ("lammps.data", "a LAMMPS data file"),
        ("ase.data", "a LAMMPS data file"),
        ("mdanalysis.gro", "a GROMACS structure"),
        ("ase.gro", "a GROMACS structure"),
        ("mdanalysis.pdb", "a PDB file"),
        ("mdtraj.pdb", "a PDB file"),
        ("gemmi.cif", "an mmCIF file"),
        ("ase.cif", "a CIF file"),
        ("ase.mol", "an MDL molecule"),
        ("ase.poscar", "a POSCAR file"),
        ("ase.cube", "a cube file"),
        ("ase.xsf", "an XSF file"),
        ("ase.cfg", "an AtomEye file"),
        ("lammps.cfg", "an AtomEye file"),
        ("ase.turbomole", "a Turbomole file"),
        ("meshio.node", "a file of nodes of Tetgen or Triangle"),
        ("lammps-chunk.txt", "averages of LAMMPS, in blocks that each begin with a time step"),
        ("lammps-rdf.txt", "averages of LAMMPS, in blocks that each begin with a time step"),
        ("lammps.yaml", "a YAML dump of LAMMPS"),
        ("scipy-coordinate.mtx", "a Matrix Market file of coordinates"),
        ("scipy-array.mtx", "a Matrix Market file, column by column"),
        ("gdal.grd", "a Surfer grid"),
        ("gdal.asc", "an ESRI ASCII grid"),
        ("gdal.zmap", "a ZMap grid"),
        ("astropy.vot", "a VOTable"),
        ("astropy.mrt", "a machine-readable table of a journal, in fixed columns"),
        ("pandas.json", "a JSON file"),
        ("pandas.jsonl", "a JSON file"),
        ("pandas-split.json", "a JSON file"),
        ("gdal.geojson", "a GeoJSON file"),
        ("gdal.gpx", "a GPX file"),
        ("gdal.kml", "a KML file"),
    ] {
        match tell(Path::new(name), &written(name), true) {
            Err(Refusal::Format { what, .. }) => assert_eq!(what, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn formats_without_a_writer_at_hand_are_refused_too() {
    let ptx = "2\n1\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n1 2 3 0.5\n4 5 6 0.5\n";
    for (text, expected) in [
        (ptx, "a PTX file, whose points are not yet moved to where they belong"),
        ("COFF\n3 1 0\n0 0 0 255 0 0 255\n", "an OFF file"),
        ("OFF 14 24 0\n0 0 1\n", "an OFF file"),
        ("4nOFF\n5\n2 1 0\n0 0 0 0 0\n", "an OFF file"),
        ("# c\nmtllib a.mtl\no a\nv 1 2 3\nv 4 5 6\nvn 0 0 1\n", "a Wavefront OBJ file"),
        (
            "TITLE = \"a\"\nVARIABLES = \"X\", \"Y\"\nZONE I=2, F=POINT\n1 2\n3 4\n",
            "a Tecplot file",
        ),
        ("VARIABLES=X Y\n1 2\n", "a Tecplot file"),
        ("ncols 3\nnrows 2\nxllcenter 0\nyllcenter 0\ncellsize 1\n1 2 3\n", "an ESRI ASCII grid"),
        ("NROWS 3\nNCOLS 2\ndx 0.5\ndy 1\n1 2 3\n", "an ESRI ASCII grid"),
        ("north: 2\nsouth: 0\neast: 1\nwest: 0\nrows: 1\ncols: 1\n1\n", "a GRASS ASCII grid"),
        ("% c\n@RELATION a\n\n@ATTRIBUTE x NUMERIC\n@DATA\n1\n", "an ARFF file"),
        ("[\n  [1.5, 2.5],\n  [3, 4]\n]\n", "a JSON file"),
        ("[1, 2, 3]\n[4, 5, 6]\n", "a JSON file"),
        ("{ \"x\" : [1, 2] }", "a JSON file"),
        ("<points><p x='1'/></points>", "an XML file"),
        ("<!DOCTYPE html>\n<html>\n", "a web page"),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
            "the stand-in for a file that Git LFS keeps",
        ),
        ("$GPGGA,1,2\n$GPRMC,1,2\n", "a log of NMEA sentences"),
        ("P2\n# c\n3 2\n255\n1 2 3\n", "a netpbm picture"),
        ("  0\nSECTION\n  2\n", "a DXF drawing"),
        ("2 3 0 0\n1 5 5 5\n2 6 6 6\n", "a file of nodes of Tetgen or Triangle"),
        ("    -1\n   164\n", "a universal file (UNV)"),
        ("$# LS-DYNA\n*KEYWORD\n*NODE\n1, 0, 0, 1\n", "an Abaqus or LS-DYNA model"),
    ] {
        match told(text) {
            Err(Refusal::Format { what, .. }) => assert_eq!(what, expected, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn a_refusal_names_the_format_and_the_command() {
    assert_eq!(
        error("OFF\n3 1 0\n0 0 0\n"),
        "F: is an OFF file, not a table of points: python3 -c \"import numpy, trimesh; numpy.save('FILE.npy', \
         trimesh.load('FILE', process=False).vertices)\" writes an array that is read"
    );
}

#[test]
fn a_table_whose_header_has_words_of_a_format_is_a_table() {
    for text in [
        "",
        "\n",
        "1 2 3\n4 5 6\n",
        "off on x\n1 2 3\n4 5 6\n",
        "OFF\n1.5\n",
        "OFF x y\n1 2 3\n",
        "solid liquid gas\n1 2 3\n",
        "solid\n1\n2\n",
        "v x y\n1 2 3\n4 5 6\n",
        "v\n1\n",
        "v 1 2 3\nw 4 5 6\n",
        "f g s\n1 2 3\n",
        "# vtk\n1 2 3\n",
        "# vtk DataFile is what this was\n1 2 3\n4 5 6\n7 8 9\n",
        "ply x\n1 2\n",
        "ply\n1\n2\n",
        "format x\n1 2\n",
        "VERSION x\n1 2\n",
        "FIELDS x y\n1 2 3\n",
        "ncols nrows\n3 2\n4 5\n",
        "ncols 3\n1 2\n",
        "DSAA x\n1 2\n",
        "DSAA\n1\n2\n",
        "north: x\n1 2\n",
        "TITLE x\n1 2\n",
        "title zone\n1 2\n",
        "zone x y\n1 2 3\n",
        "variables\n1\n",
        "ATOM x y z\n1 2 3 4\n",
        "MODEL x y\na 1 2\n",
        "ATOM 1 2 3\nATOM 4 5 6\n",
        "data_x data_y\n1 2\n",
        "data_x\n1\n",
        "<x> <y> <z>\n1 2 3\n",
        "[x] [y]\n1 2\n",
        "[1 2 3]\n[4 5 6]\n",
        "[m]\n1\n",
        "{x} {y}\n1 2\n",
        "@ x y\n1 2\n",
        "@x y\n1 2\n",
        "$x $y\n1 2\n",
        "P1 P2\n3 2\n1 1\n",
        "P5\n3\n",
        "P5\n3 2\n4 5\n",
        "# Byte-by-byte Description of file: a.txt\n1 2 3\n",
        "* a comment\n1 2 3\n",
        "*x y\n1 2\n",
        "id x y z\n1 0.1 0.2 0.3\n2 0.1 0.2 0.3\n3 0.1 0.2 0.3\n4 0.1 0.2 0.3\n5 0.1 0.2 0.3\n6 1 2 3\n",
        "a table\nof stars\n1 0.1 0.2 0.3\n2 0.1 0.2 0.3\n3 0.1 0.2 0.3\n4 0.1 0.2 0.3\n5 0.1 0.2 0.3\n",
        "atoms x\n1 2\n",
        "1 atoms\n2 atoms\n",
        "4 3 0 0\n1 5 5 5\n2 6 6 6\n",
        "4 3 0 0\n2 5 5 5\n",
        "9 2 0 1\n0 5 5 5 1\n",
        "18446744073709551615 3 0 0\n1 5 5 5\n",
        "# Time-averaged data for fix s\n# TimeStep c_thermo_temp\n0 0\n",
        "GRID x y\n1 2 3\n",
        "GRID 1 2 3\nGRID 4 5 6\n",
        "ENVI x\n1 2\n",
        "ITEM: x y\n1 2\n",
        "//X Y Z\n1 2 3\n",
        "//X Y Z\n4\n5\n",
        "3\n4\n5\n6\n",
        "3\n\n",
        "3 4\n5 6\n",
        "3\n1 2\n3 4\n",
        "100\nx y z i\n1 2 3 4\n",
        "100\na 1 2 3\nb 4 5 6\n",
        "1.5\n1 2 3\n",
        "-3\n1 2 3\n",
        "5 1 2 3 4\n1 2 3 4 5\n",
        "NDIME x\n1 2\n",
        "Time Position\n0 1\n",
        "MeshVersion x\n1 2\n",
    ] {
        assert_eq!(told(text), Ok(None), "{text:?}");
    }
}

#[test]
fn nodes_that_look_like_a_table_are_told_by_how_they_are_numbered() {
    let rows = |count: u64| -> String { (1..=count).map(|row| format!("{row} 5 5 5\n")).collect() };
    let cut = |text: &str| tell(Path::new("F"), text.as_bytes(), false);
    let nodes = format!("5000 3 0 0\n{}", rows(200));
    assert!(matches!(cut(&nodes), Err(Refusal::Format { what, .. }) if what.contains("Tetgen")));
    assert_eq!(told(&nodes), Ok(None));
    assert_eq!(cut(&nodes.replace("\n150 ", "\n151 ")), Ok(None));
    assert_eq!(cut(&format!("100 3 0 0\n{}", rows(200))), Ok(None));
}
