//! Headers as NumPy 2.4.6 has them: each was given to `np.lib.format.read_array`.

use super::super::header::{Fields, Version, parse};

/// What is read: type or fields, shape, and whether it is in Fortran order.
fn read(header: &str, version: Version) -> Option<String> {
    let bytes: Vec<u8> = match version {
        Version::Latin1 => header.chars().map(|char| u8::try_from(char).unwrap()).collect(),
        Version::Utf8 => header.as_bytes().to_vec(),
    };
    let header = parse(&bytes, version).ok()?;
    let fields = match header.fields {
        Fields::One(kind) => kind.name,
        Fields::Named(fields) => {
            let fields = fields.into_iter().map(|(name, kind)| format!("{name}:{}", kind.bytes));
            fields.collect::<Vec<_>>().join(" ")
        }
    };
    let order = if header.fortran { " F" } else { "" };
    Some(format!("{fields} {:?}{order}", header.shape))
}

fn with(descr: &str, order: &str, shape: &str) -> String {
    format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")
}

#[test]
fn whole_headers_are_read_and_refused_as_numpy_does_it() {
    const ONE: Option<&str> = Some("<f4 [2, 3]");
    for (header, expected) in [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", ONE),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n", ONE),
        ("  {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", ONE),
        ("\n{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n\n  \n", ONE),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\t\n", ONE),
        ("{'descr': '<f4',\r\n'fortran_order': False,\n'shape': (2, 3)}", ONE),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} # c\n", ONE),
        ("{'descr': '<f4', # c\n 'fortran_order': False, 'shape': (2, 3)}", ONE),
        ("{'shape': (2, 3), 'fortran_order': False, 'descr': \"<f4\"}", ONE),
        ("{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", ONE),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}, ", None),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\0", None),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", None),
        ("{'descr': '<f4',, 'fortran_order': False, 'shape': (2, 3)}", None),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", None),
        ("{'descr': '<f4', 'fortran_order': False}", None),
        ("{'fortran_order': False, 'shape': (2, 3)}", None),
        ("{,}", None),
        ("{}", None),
        ("[]", None),
        ("()", None),
        ("1", None),
        ("", None),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(read(header, Version::Latin1), expected, "{header}");
        assert_eq!(read(header, Version::Utf8), expected, "{header}");
    }
}

#[test]
fn orders_and_shapes_are_read_and_refused_as_numpy_does_it() {
    for order in ["0", "1", "None", "'False'", "true"] {
        assert_eq!(read(&with("'<f4'", order, "(2, 3)"), Version::Latin1), None, "{order}");
    }
    assert_eq!(read(&with("'<f4'", "True", "(2, 3)"), Version::Utf8).unwrap(), "<f4 [2, 3] F");
    for (shape, expected) in [
        ("(6,)", Some("[6]")),
        ("()", Some("[]")),
        ("(2, 3,)", Some("[2, 3]")),
        ("((2, 3))", Some("[2, 3]")),
        ("(2, (3))", Some("[2, 3]")),
        ("(00, 3)", Some("[0, 3]")),
        ("(2L, 3L)", Some("[2, 3]")),
        ("[2, 3]", None),
        ("2", None),
        ("(6)", None),
        ("(-2, 3)", None),
        ("(2, -3)", None),
        ("(True, 6)", None),
        ("(False, 6)", None),
        ("(2.0, 3)", None),
        ("(,)", None),
        ("(2 3)", None),
        ("(02, 3)", None),
        ("(99999999999999999999, 3)", None),
        ("(2, (3,))", None),
        ("(2, 3j)", None),
        ("(--2, 3)", None),
        ("(- 2, 3)", None),
        ("(1+1, 3)", None),
        ("(2l, 3)", None),
        ("(2, 3LL)", None),
    ] {
        let header = with("'<f4'", "False", shape);
        let expected = expected.map(|shape| format!("<f4 {shape}"));
        assert_eq!(read(&header, Version::Latin1), expected, "{header}");
        // Version 3 is not older than Python 3.
        let expected = expected.filter(|_| !shape.contains('L'));
        assert_eq!(read(&header, Version::Utf8), expected, "{header}");
    }
}

#[test]
fn types_are_read_and_refused_as_numpy_does_it() {
    for (descr, expected) in [
        ("'>f4'", Some(">f4")),
        ("'=f4'", Some("=f4")),
        ("'|f4'", Some("|f4")),
        ("'f4'", Some("f4")),
        ("u'<f4'", Some("<f4")),
        ("('<f4')", Some("<f4")),
        ("'\\x3cf4'", Some("<f4")),
        ("'\\u003cf4'", Some("<f4")),
        ("'|u1'", Some("|u1")),
        ("[('x', '<f4'), ('y', '<f8')]", Some("x:4 y:8")),
        ("[['x', '<f4'], ['y', '<f8']]", Some("x:4 y:8")),
        ("[('x', '<f4', (2,)), ('y', '<f4')]", Some("x:8 y:4")),
        ("[('x', '<f4', 2), ('y', '<f4')]", Some("x:8 y:4")),
        ("[('x', '<f4', ()), ('y', '<f4')]", Some("x:4 y:4")),
        ("[('', '<f4'), ('y', '<f4')]", Some(":4 y:4")),
        ("[('x', '<f4'), ('', '|V4'), ('', '|V8'), ('y', '<f4')]", Some("x:4 :4 :8 y:4")),
        ("[(('t', 'x'), '<f4'), ('y', '<f4')]", Some("x:4 y:4")),
        ("[('x', [('a', '<f4')]), ('y', '<f4')]", Some("x:4 y:4")),
        ("[('x\\n', '<f4'), ('y', '<f4')]", Some("x\n:4 y:4")),
        ("[('x', '|V0'), ('y', '<f4')]", Some("x:0 y:4")),
        ("[('ü', '<f4'), ('y', '<f4')]", Some("ü:4 y:4")),
        ("'!f4'", None),
        ("'@f4'", None),
        ("' <f4'", None),
        ("'<f4 '", None),
        ("''", None),
        ("'<'", None),
        ("None", None),
        ("4", None),
        ("b'<f4'", None),
        ("f'<f4'", None),
        ("('<f4',)", None),
        ("(('x', '<f4'), ('y', '<f4'))", None),
        ("[('x', '<f4'), ('x', '<f4')]", None),
        ("[('', '<f4'), ('', '<f4')]", None),
        ("[(('x', 'x'), '<f4'), ('y', '<f4')]", None),
        ("[(('t', 'x'), '<f4'), ('t', '<f4')]", None),
        ("[('x', [('a', '<f4'), ('a', '<f4')]), ('y', '<f4')]", None),
        ("[('x',), ('y', '<f4')]", None),
        ("[(1, '<f4'), ('y', '<f4')]", None),
        ("[('x', '<f4', (-1,)), ('y', '<f4')]", None),
        ("[('x', '<f4', True), ('y', '<f4')]", None),
        ("{'names': ['x','y'], 'formats': ['<f4','<f4']}", None),
    ] {
        let header = with(descr, "False", "(3,)");
        let expected = expected.map(|kind| format!("{kind} [3]"));
        assert_eq!(read(&header, Version::Latin1), expected, "{header}");
        assert_eq!(read(&header, Version::Utf8), expected, "{header}");
    }
}

#[test]
fn names_are_in_latin_1_up_to_version_2_and_in_utf_8_from_3_on() {
    let header = with("[('ü', '<f4'), ('y', '<f4')]", "False", "(3,)");
    let utf8 = header.as_bytes();
    let latin1: Vec<u8> = header.chars().map(|char| u8::try_from(char).unwrap()).collect();
    let first = |bytes: &[u8], version| match parse(bytes, version).ok()?.fields {
        Fields::Named(fields) => Some(fields[0].0.clone()),
        Fields::One(_) => None,
    };
    assert_eq!(first(&latin1, Version::Latin1).unwrap(), "ü");
    assert_eq!(first(utf8, Version::Latin1).unwrap(), "Ã¼");
    assert_eq!(first(utf8, Version::Utf8).unwrap(), "ü");
    assert_eq!(first(&latin1, Version::Utf8), None);
}

/// Spellings that NumPy takes and never writes.
#[test]
fn what_only_people_write_is_refused() {
    for shape in ["(+2, 3)", "(0x2, 3)", "(0b10, 3)", "(2_0, 3)", "(-0, 3)"] {
        assert_eq!(read(&with("'<f4'", "False", shape), Version::Latin1), None, "{shape}");
    }
    for descr in ["'f'", "'float32'", "'f4,f4'", "'<' 'f4'", "'''<f4'''", "r'<f4'", "'<f\\064'"] {
        assert_eq!(read(&with(descr, "False", "(2, 3)"), Version::Latin1), None, "{descr}");
    }
}
