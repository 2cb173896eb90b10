//! Trees of text rather than lines of numbers, and descriptions of tables that stand elsewhere or in fixed columns.

use super::Kind;
use crate::foreign::opening::{Opening, begins, is_number, word};
use crate::foreign::remedy::{BY_MESHIO, BY_OGR, BY_PYVISTA};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        what: "the stand-in for a file that Git LFS keeps",
        is: |text| text.text.starts_with(b"version https://git-lfs.github.com/spec/"),
        remedy: "git lfs pull brings the file itself",
    },
    Kind {
        what: "a VOTable",
        is: |text| is_xml(text) && text.has("<VOTABLE"),
        remedy: "stilts tcopy in=FILE ifmt=votable out=FILE.csv ofmt=csv",
    },
    Kind {
        what: "a VTK XML file",
        is: |text| is_xml(text) && text.has("<VTKFile"),
        remedy: BY_PYVISTA,
    },
    Kind { what: "an XDMF file", is: |text| is_xml(text) && text.has("<Xdmf"), remedy: BY_MESHIO },
    Kind { what: "a KML file", is: |text| is_xml(text) && text.has("<kml"), remedy: BY_OGR },
    Kind {
        what: "a GPX file",
        is: |text| is_xml(text) && text.has("<gpx"),
        remedy: "ogr2ogr -f CSV -lco GEOMETRY=AS_XYZ FILE.csv FILE track_points, or waypoints",
    },
    Kind {
        what: "a web page",
        is: |text| {
            let start = text.text.trim_ascii_start();
            begins(start, "<!doctype html") || begins(start, "<html")
        },
        remedy: "is it the page about the file, or of an error? download the file itself",
    },
    Kind { what: "an XML file", is: is_xml, remedy: "write its numbers as text, one point a line" },
    Kind {
        what: "a GeoJSON file",
        is: |text| is_json(text) && text.has("\"Feature") && text.has("\"type\""),
        remedy: BY_OGR,
    },
    Kind {
        what: "a JSON file",
        is: is_json,
        remedy: "jq writes rows: jq -r '.[] | [.x, .y, .z] | @csv' FILE > FILE.csv for a list of objects, the same without \
                 .[] | for one object a line, jq -r '.[] | @csv' for a list of lists",
    },
    Kind {
        what: "a YAML dump of LAMMPS",
        is: |text| text.line(0) == b"---" && text.line(1).starts_with(b"creator: LAMMPS"),
        remedy: "awk -F'[][, ]+' '/^ *- \\[/ && NF > 5 {print $3, $4, $5, $6}' FILE > FILE.txt keeps four columns of each row",
    },
    Kind {
        what: "an ARFF file",
        is: is_arff,
        remedy: "awk 'rows; tolower($1) == \"@data\" {rows = 1}' FILE > FILE.csv keeps its rows",
    },
    Kind {
        what: "a machine-readable table of a journal, in fixed columns",
        is: |text| text.lines().any(|line| line.starts_with(b"Byte-by-byte Description of file")),
        remedy: "python3 -c \"from astropy.table import Table; Table.read('FILE', format='ascii.mrt').write('FILE.csv')\"",
    },
    Kind {
        what: "a log of NMEA sentences",
        is: |text| {
            let is_sentence = |line: &[u8]| line.starts_with(b"$G") && line.contains(&b',');
            text.content().take(2).filter(|line| is_sentence(line)).count() == 2
        },
        remedy: "gpsbabel -i nmea -f FILE -o unicsv -F FILE.csv",
    },
    Kind {
        what: "the header of an ENVI image",
        is: |text| text.line(0) == b"ENVI" && text.has("samples") && text.has("data type"),
        remedy: "gdal_translate -of XYZ IMAGE FILE.xyz, of the file that the header belongs to",
    },
    Kind {
        what: "a STEP file",
        is: |text| text.line(0).starts_with(b"ISO-10303-21;"),
        remedy: "gmsh -2 FILE -o FILE.vtk, then write the points of that mesh",
    },
    Kind {
        what: "a DXF drawing",
        is: |text| text.line(0).trim_ascii() == b"0" && text.line(1) == b"SECTION",
        remedy: BY_OGR,
    },
];

/// Whether a text is XML by its declaration, or by an element that begins and ends.
fn is_xml(text: &Opening) -> bool {
    let start = text.text.trim_ascii_start();
    let declared =
        begins(start, "<?xml") || begins(start, "<!doctype") || start.starts_with(b"<!--");
    let element = match start {
        [b'<', first, ..] => first.is_ascii_alphabetic() && (text.has("</") || text.has("/>")),
        _ => false,
    };
    declared || element || start.starts_with(b"<VOTABLE")
}

/// Whether a text begins as JSON does, and no row of a table: with an object that has a key, or a list of lists, of
/// objects, or of numbers with commas between.
fn is_json(text: &Opening) -> bool {
    let start = text.text.trim_ascii_start();
    let Some((&open, rest)) = start.split_first() else { return false };
    let inner = rest.trim_ascii_start();
    match (open, inner.first()) {
        (b'{', Some(b'"')) => {
            let key = &inner[1..inner.len().min(256)];
            let end = memchr::memchr(b'"', key);
            end.is_some_and(|end| key[end + 1..].trim_ascii_start().starts_with(b":"))
        }
        (b'[', Some(b'[')) => is_list(inner),
        (b'[', Some(b'{')) => inner[1..].trim_ascii_start().starts_with(b"\""),
        (b'[', Some(_)) => is_list(start),
        _ => false,
    }
}

/// Whether a list of several numbers follows, with commas between them; nulls and names may be among them. A header may
/// be in brackets too, and what NumPy prints, but neither has these.
fn is_list(text: &[u8]) -> bool {
    let Some(inner) = text.strip_prefix(b"[") else { return false };
    let Some(end) = memchr::memchr(b']', inner) else { return false };
    let mut items = inner[..end].split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let is_name = |item: &[u8]| item.len() > 1 && item.starts_with(b"\"") && item.ends_with(b"\"");
    let is_value = |item: &[u8]| is_number(item) || is_name(item) || item == b"null";
    items.clone().count() > 1 && items.clone().any(is_number) && items.all(is_value)
}

/// Whether a text names a relation and its attributes, with comments after `%`.
fn is_arff(text: &Opening) -> bool {
    let lines = text.lines().map(<[u8]>::trim_ascii_start);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"%"));
    let named = lines.next().is_some_and(|line| word(line).eq_ignore_ascii_case(b"@relation"));
    named && lines.next().is_some_and(|line| word(line).eq_ignore_ascii_case(b"@attribute"))
}
