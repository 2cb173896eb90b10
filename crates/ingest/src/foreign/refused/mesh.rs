//! Meshes: points, and then what they are corners of.

use super::Kind;
use crate::foreign::opening::{
    Opening, begins, fields, numbers, whole_number, whole_numbers, word,
};
use crate::foreign::remedy::{BY_GMSH, BY_MESHIO, BY_PDAL, BY_PYVISTA, BY_TRIMESH};

pub(super) const KINDS: &[Kind] = &[
    Kind { what: "an OFF file", is: is_off, remedy: BY_TRIMESH },
    Kind { what: "a VTK file", is: is_vtk, remedy: BY_PYVISTA },
    Kind {
        what: "a gmsh file",
        is: |text| text.line(0) == b"$MeshFormat" && numbers(text.line(1)) == Some(3),
        remedy: BY_GMSH,
    },
    Kind {
        what: "an old gmsh file",
        is: |text| text.line(0) == b"$NOD" && whole_numbers::<1>(text.line(1)).is_some(),
        remedy: BY_GMSH,
    },
    Kind {
        what: "a Wavefront OBJ file",
        is: is_obj,
        remedy: "awk '$1 == \"v\" {print $2, $3, $4}' FILE > FILE.xyz keeps its points",
    },
    Kind { what: "an STL file", is: is_stl, remedy: BY_TRIMESH },
    Kind {
        what: "a Medit mesh",
        is: |text| word(text.content().next().unwrap_or_default()) == b"MeshVersionFormatted",
        remedy: BY_MESHIO,
    },
    Kind {
        what: "an SU2 mesh",
        is: |text| text.line(0).starts_with(b"NDIME=") && text.has("NPOIN="),
        remedy: "awk '/=/ {rows = 0} rows {print $1, $2, $3} /^NPOIN=/ {rows = 1}' FILE > FILE.xyz keeps its points",
    },
    Kind {
        what: "an Abaqus or LS-DYNA model",
        is: is_keyword_model,
        remedy: "awk -F, '/^\\*/ {rows = toupper($0) ~ /^\\*NODE *(,|\\r?$)/; next} rows && /^[^$]/ {print $2, $3, $4}' \
                 FILE > FILE.xyz keeps its points, where commas separate the fields",
    },
    Kind {
        what: "a Nastran model",
        is: is_nastran,
        remedy: "awk '/^GRID / {print substr($0, 25, 8), substr($0, 33, 8), substr($0, 41, 8)}' FILE > FILE.xyz keeps the \
                 points of fields of 8 characters",
    },
    Kind {
        what: "a universal file (UNV)",
        is: |text| text.line(0) == b"    -1" && whole_numbers::<1>(text.line(1)).is_some(),
        remedy: BY_GMSH,
    },
    Kind { what: "an AVS mesh", is: is_avs, remedy: BY_MESHIO },
    Kind {
        what: "a file of nodes of Tetgen or Triangle",
        is: is_nodes,
        remedy: "awk '!/^ *(#|\\r?$)/ && rows++ {print $2, $3, $4}' FILE > FILE.xyz keeps the points",
    },
    Kind {
        what: "a VRML file",
        is: |text| text.line(0).starts_with(b"#VRML V"),
        remedy: "export its points as text, one point a line",
    },
    Kind {
        what: "a PTX file, whose points are not yet moved to where they belong",
        is: is_ptx,
        remedy: BY_PDAL,
    },
    Kind {
        what: "a Tecplot file",
        is: is_tecplot,
        remedy: "grep -E '^ *[-+.0-9]' FILE > FILE.txt keeps the rows of zones in POINT form without elements; of zones with \
                 elements python3 -c \"import numpy, pyvista; numpy.save('FILE.npy', \
                 pyvista.read('FILE').combine().points)\" writes the points",
    },
];

/// `OFF`, perhaps with letters before it that say what each vertex has; three counts behind it or on the next line; then
/// a vertex.
fn is_off(text: &Opening) -> bool {
    let mut lines = text.content();
    let first = lines.next().unwrap_or_default();
    let keyword = word(first);
    let Some(prefix) = keyword.strip_suffix(b"OFF") else { return false };
    if ![b"".as_slice(), b"ST", b"C", b"N", b"CN", b"STC", b"STN", b"STCN", b"4", b"n", b"4n"]
        .contains(&prefix)
    {
        return false;
    }
    let behind = &first[keyword.len()..];
    let counts = if behind.trim_ascii().is_empty() { lines.next() } else { Some(behind) };
    let mut counts = counts.unwrap_or_default();
    if prefix.ends_with(b"n") && whole_numbers::<1>(counts).is_some() {
        // The dimension.
        counts = lines.next().unwrap_or_default();
    }
    let counted = whole_numbers::<3>(counts).is_some() || whole_numbers::<2>(counts).is_some();
    counted
        && lines.next().is_none_or(|vertex| fields(vertex).take(3).filter_map(number).count() == 3)
}

fn number(field: &[u8]) -> Option<()> {
    crate::foreign::opening::is_number(field).then_some(())
}

/// A comment with the version, a title, and the word that says how the rest is written.
fn is_vtk(text: &Opening) -> bool {
    let is_kind = |line: &[u8]| line == b"ASCII" || line == b"BINARY";
    begins(text.line(0), "# vtk DataFile Version") && (2..4).any(|at| is_kind(text.line(at)))
}

/// Lines that begin with words of the format, among the first of them a vertex.
fn is_obj(text: &Opening) -> bool {
    const WORDS: [&[u8]; 12] =
        [b"v", b"vt", b"vn", b"vp", b"f", b"l", b"p", b"o", b"g", b"s", b"mtllib", b"usemtl"];
    let is_vertex =
        |line: &[u8]| word(line) == b"v" && numbers(&line[1..]).is_some_and(|count| count >= 3);
    let first: Vec<&[u8]> = text.content().take(16).collect();
    first.iter().all(|line| WORDS.contains(&word(line)))
        && first.iter().filter(|line| is_vertex(line)).count() > usize::from(first.len() > 1)
}

/// `solid` and a name, then the first facet, or the end of an empty solid.
fn is_stl(text: &Opening) -> bool {
    let mut lines = text.lines().map(<[u8]>::trim_ascii_start).filter(|line| !line.is_empty());
    let named = lines.next().is_some_and(|line| word(line).eq_ignore_ascii_case(b"solid"));
    named && lines.next().is_some_and(|line| begins(line, "facet normal"))
}

/// Keywords after a star, among the first of them `*NODE`; comments after `**` or `$`.
fn is_keyword_model(text: &Opening) -> bool {
    let is_comment =
        |line: &[u8]| line.is_empty() || line.starts_with(b"**") || line.starts_with(b"$");
    let mut lines = text.lines().filter(|line| !is_comment(line)).take(256);
    let is_keyword =
        |line: &[u8]| matches!(line, [b'*', letter, ..] if letter.is_ascii_alphabetic());
    let is_node = |line: &[u8]| {
        let name = line.split(|&byte| byte == b',').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"*NODE")
    };
    match lines.next() {
        Some(first) => is_keyword(first) && (is_node(first) || lines.any(is_node)),
        None => false,
    }
}

/// The bulk data, or the first point of it, after comments.
fn is_nastran(text: &Opening) -> bool {
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"$"));
    let Some(first) = lines.next() else { return false };
    let is_point = |line: &[u8]| {
        let name = line.get(..8.min(line.len())).unwrap_or_default();
        let name = name.split(|&byte| byte == b',').next().unwrap_or_default().trim_ascii();
        let id = fields(line.get(8..16.min(line.len())).unwrap_or_default()).next();
        let number = id.is_some_and(|id| whole_number(id).is_some()) || line.starts_with(b"GRID,");
        number && (name == b"GRID" || name == b"GRID*")
    };
    is_point(first)
        || first.eq_ignore_ascii_case(b"BEGIN BULK")
        || (first.starts_with(b"SOL ") && text.has("\nBEGIN BULK"))
}

/// Five counts, and then an identifier and three coordinates.
fn is_avs(text: &Opening) -> bool {
    let mut lines = text.content();
    let counts = lines.next().and_then(whole_numbers::<5>);
    let first = lines.next().unwrap_or_default();
    counts.is_some_and(|[nodes, ..]| nodes > 0)
        && whole_number(word(first)).is_some()
        && numbers(first) == Some(4)
}

/// Counts of points, dimensions, attributes and marks, and then as many numbers in each row, with the points numbered.
/// Where rows are as wide as the counts, all rows that there are must be such: else it may be a table.
fn is_nodes(text: &Opening) -> bool {
    let mut lines = text.content();
    let Some([points, dimension @ (2 | 3), attributes @ ..=64, marks @ (0 | 1)]) =
        lines.next().and_then(whole_numbers)
    else {
        return false;
    };
    let width = (1 + dimension + attributes + marks) as usize;
    let first = lines.clone().next().and_then(|line| whole_number(word(line)));
    let Some(first @ (0 | 1)) = first else { return false };
    let mut numbered = (first..first.saturating_add(points)).zip(lines);
    let is_row = |(number, line): (u64, &[u8])| {
        whole_number(word(line)) == Some(number) && numbers(line) == Some(width)
    };
    if width == 4 {
        let rows = text.content().count() as u64 - 1;
        let all = rows == points || (!text.whole && rows > 99 && rows < points);
        all && numbered.all(is_row)
    } else {
        numbered.take(2).all(is_row)
    }
}

/// Two counts, four vectors, and four rows of a matrix.
fn is_ptx(text: &Opening) -> bool {
    let mut lines = text.lines();
    let mut have = |count: usize, width: usize| {
        lines.by_ref().take(count).filter(|line| numbers(line) == Some(width)).count() == count
    };
    let counts = (0..2).all(|at| whole_numbers::<1>(text.line(at)).is_some());
    counts && have(2, 1) && have(4, 3) && have(4, 4)
}

/// A record of the header, and a zone or the names of the variables.
fn is_tecplot(text: &Opening) -> bool {
    let begins_record = |line: &[u8], name: &str| {
        let behind = line.get(name.len()..).unwrap_or_default();
        begins(line, name) && behind.trim_ascii_start().starts_with(b"=")
    };
    let is_zone = |line: &[u8]| {
        begins(line, "zone") && (line.len() == 4 || memchr::memchr(b'=', line).is_some())
    };
    let mut lines = text.content().take(256);
    let Some(first) = lines.next() else { return false };
    let is_variables = |line: &[u8]| begins_record(line, "variables");
    is_variables(first)
        || (is_zone(first) && first.len() > 4)
        || (["title", "filetype"].iter().any(|name| begins_record(first, name))
            && lines.any(|line| is_variables(line) || is_zone(line)))
}
