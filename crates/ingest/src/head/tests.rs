use super::*;
use crate::layout::{BLANKS, FieldCount};

fn head(text: &str, options: &Options) -> Result<Result<Head, NoRows>, Error> {
    read_head(Path::new("points.txt"), &mut text.as_bytes(), options, None)
}

fn options(columns: &str) -> Options {
    let mut options = Options::default();
    if !columns.is_empty() {
        options.columns = columns.parse().unwrap();
    }
    options
}

fn good(text: &str, columns: &str) -> Head {
    match head(text, &options(columns)) {
        Ok(Ok(head)) => head,
        other => panic!("{text:?}: {other:?}"),
    }
}

fn error(text: &str, columns: &str) -> String {
    head(text, &options(columns)).unwrap_err().to_string()
}

/// 1-based positions of the columns, in their order.
fn fields(text: &str, columns: &str) -> Vec<usize> {
    good(text, columns).read_as.columns.iter().map(|column| column.field).collect()
}

fn read_as(text: &str, columns: &str) -> String {
    good(text, columns).read_as.to_string()
}

#[test]
fn the_rows_tell_whether_there_is_a_z() {
    assert_eq!(fields("1 2\n3 4\n", ""), [1, 2]);
    assert_eq!(fields("1 2 3 4\n", ""), [1, 2, 3]);
    assert!(error("1\n2\n", "").starts_with("points.txt:1: rows have one field"));
}

#[test]
fn columns_are_found_by_the_names_in_a_header_or_in_a_comment() {
    assert_eq!(fields("id,lon,lat\n7,1,2\n", "x=lon,y=lat"), [2, 3]);
    assert_eq!(fields("\"id\",\"lon\",\"lat\"\n7,1,2\n", "x=lat,y=lon"), [3, 2]);
    assert_eq!(fields("# made today\n# lon lat\n1 2\n", "y=lon,x=lat"), [1, 2]);
    assert_eq!(fields("# lon lat\n# made today by hand\n1 2\n", "x=lon,y=lat"), [1, 2]);
    assert_eq!(fields("\u{feff}lon lat\n1 2\n", "x=lon,y=lat"), [1, 2]);
    assert_eq!(fields("2019 lon lat\n7 1 2\n", "x=lon,y=lat"), [2, 3]);
    assert_eq!(fields("# x, y, mag\n1 2 3\n", "x=x,y=mag"), [1, 3]);
    assert_eq!(fields("#! FIELDS time d1 d2\n#! SET min 0\n 1 2 3\n", "x=time,y=d2"), [1, 3]);
    assert_eq!(fields("lon (deg),lat[deg],v\n1,2,3\n", "x=lon,y=lat"), [1, 2]);
}

#[test]
fn columns_called_x_y_and_z_are_the_usual_ones() {
    assert_eq!(fields("id,X,Y,Z\n7,1,2,3\n", ""), [2, 3, 4]);
    assert_eq!(fields(",x,y,z\n0,1,2,3\n", ""), [2, 3, 4]);
    assert_eq!(fields("z y x\n1 2 3\n", ""), [3, 2, 1]);
    assert_eq!(fields("x y mag\n1 2 3\n", ""), [1, 2, 3]);
    assert_eq!(fields("x y label\n1 2 a\n", ""), [1, 2]);
    assert_eq!(fields("id x y mag\n7 1 2 3\n", ""), [2, 3]);
    assert_eq!(fields("ra,dec,mag\n1,2,3\n", ""), [1, 2, 3]);
    assert_eq!(fields(",ra,dec,mag\n0,1,2,3\n", ""), [2, 3, 4]);
    assert_eq!(fields("| a | b | c |\n| 1 | 2 | 3 |\n", ""), [1, 2, 3]);
    assert_eq!(fields("| a | b | c |\n| 1 | 2 | 3 |\n", "x=3,y=a"), [3, 1]);
    assert_eq!(fields("|1|2|3|\n|4|5|6|\n", ""), [1, 2, 3]);
    // A value that is missing is no frame.
    assert_eq!(fields("|2|3\n|5|6\n", "x=2,y=3"), [2, 3]);
    assert_eq!(fields("1; 3;\n4; 6;\n", ""), [1, 2]);
    assert_eq!(fields(",0,1,2\n0,1.5,2.5,3.5\n", ""), [2, 3, 4]);
    assert_eq!(fields("0,1,2\n1.5,2.5,3.5\n", ""), [1, 2, 3]);
    assert_eq!(good("0,1,2\n1.5,2.5,3.5\n", "").lines, 1);
    assert_eq!(fields("     0    1    2\n0  1.5  5.0  6.0\n1  2.5  5.0  6.0\n", ""), [2, 3, 4]);
    assert_eq!(good("0 1 2\n1.5 2.5 3.5\n", "").lines, 0);
    assert_eq!(fields("# x y z type\n 1 2 3 i\n", ""), [1, 2, 3]);
}

#[test]
fn one_name_fewer_than_fields_leaves_the_first_without_a_name() {
    assert_eq!(fields("\"ra\" \"dec\"\n\"1\" 0.5 0.6\n\"2\" 1.5 1.6\n", "x=ra,y=dec"), [2, 3]);
    assert_eq!(fields("ra dec mag\na 1 2 3\nb 4 5 6\n", ""), [2, 3, 4]);
    // A delimiter at the end of rows is no field with a name.
    assert_eq!(fields("ra,dec,mag\n1,2,3,\n4,5,6,\n", "x=ra,y=mag"), [1, 3]);
    assert_eq!(fields("ra,dec,mag,\n1,2,3\n4,5,6\n", "x=ra,y=mag"), [1, 3]);
    // A comment is no header of R's.
    let error = error("# ra dec\n1 2 3\n", "x=ra,y=dec");
    assert!(error.starts_with("points.txt:1: 2 names, and rows have 3 fields"), "{error}");
}

#[test]
fn names_that_are_not_as_many_as_fields_are_refused_with_both_counts() {
    for (text, columns) in [
        ("a b c d e\n1 2 3\n4 5 6\n", "x=b,y=c"),
        ("x,y,z,u,v\n1,2,3\n4,5,6\n", ""),
        ("# a,b,c,d,e\n1 2 3\n", "x=a,y=b"),
    ] {
        let error = error(text, columns);
        assert!(error.starts_with("points.txt:1: 5 names, and rows have 3 fields"), "{error}");
    }
    assert_eq!(fields("a b c d e\n1 2 3\n4 5 6\n", "x=2,y=3"), [2, 3]);
}

#[test]
fn a_name_that_is_not_in_the_header_lists_those_that_are() {
    assert_eq!(
        error("id lon lat\n1 2 3\n", "x=lon,y=latitude"),
        "points.txt: no column \"latitude\" in the header, which has id, lon, lat"
    );
    let text = error("1 2 3\n", "x=lon,y=lat");
    assert!(
        text.starts_with("points.txt:1: no header line to find the column \"lon\" in"),
        "{text}"
    );
    let text = error("a,b,a\n1,2,3\n", "x=a,y=b");
    assert!(text.starts_with("points.txt: fields 1 and 3 are both called \"a\""), "{text}");
    let text = error("1 2 3\n", "x=1,y=4");
    assert_eq!(text, "points.txt:1: column y is to be field 4, and rows have 3 fields");
}

#[test]
fn lines_of_units_types_and_rules_behind_the_names_are_passed_over() {
    for (text, row) in [
        ("x\ty\tz\n5N\t5N\t10N\n1\t2\t3\n", 3),
        ("x y z\n-- -- --\n1 2 3\n", 3),
        ("x\ty\tz\nFloat64\tFloat64\tNullable(Float64)\n1\t2\t\\N\n", 3),
        ("x y z\ndeg deg mag\n1 2 3\n", 3),
        ("Title: a table\n\nx,y,z\nm,m,s\n1,2,3\n", 5),
        (
            "\\fixlen = T\n|  x  |  y  | z  |\n|double|double|int|\n|deg|deg| |\n|null|null|-9|\n 1 2 3\n",
            6,
        ),
    ] {
        let head = good(text, "");
        assert_eq!(head.lines + 1, row, "{text:?}");
        let called: Vec<_> =
            head.read_as.columns.iter().map(|column| column.called.clone()).collect();
        assert_eq!(called, ["x", "y", "z"].map(|name| Some(name.to_owned())), "{text:?}");
    }
}

#[test]
fn a_line_of_the_head_with_numbers_is_a_row_however_wrong() {
    for text in ["1.5\n1 2 3 9\n4 5 6 9\n", "1 2 x\n4 5 6\n7 8 9\n", "NA NA NA\n1 2 3\n"] {
        assert_eq!(good(text, "").lines, 0, "{text:?}");
    }
}

#[test]
fn data_begins_after_header_comments_and_blank_lines() {
    let head = good("\n# c\nx y z\n# d\n1 2 3\n4 5 6\n", "");
    assert_eq!((head.offset, head.lines), (15, 4));
    assert_eq!(head.rest, b"1 2 3\n4 5 6\n");
    for (text, lines) in [("", 0), ("# only\n\n", 2), ("x y z\n", 1), ("%\n", 1)] {
        assert_eq!(
            read_head(Path::new("-"), &mut text.as_bytes(), &Options::default(), None)
                .unwrap()
                .unwrap_err()
                .lines,
            lines,
            "{text:?}"
        );
    }
}

#[test]
fn comments_of_any_length_are_passed_over() {
    let text = format!("{}# x y z\n1 2 3\n", "# a comment that goes on\n".repeat(100_000));
    let head = good(&text, "");
    assert_eq!((head.lines, head.offset as usize), (100_001, text.len() - 6));
    let text = format!("# id x y\n{}1 2 3\n", "\n".repeat(100_000));
    assert_eq!(fields(&text, "x=x,y=y"), [2, 3]);
}

#[test]
fn lines_at_the_beginning_can_be_passed_over() {
    let mut options = options("x=a,y=b");
    options.skip_rows = 2;
    let head = head("a,b\n1,2\nb,a\n3,4\n", &options).unwrap().unwrap();
    assert_eq!((head.lines, head.layout.fields[0].column), (3, 1));
    options.skip_rows = 9;
    assert_eq!(
        read_head(Path::new("-"), &mut &b"a\nb\n"[..], &options, None).unwrap().unwrap_err().lines,
        2
    );
}

#[test]
fn rows_may_differ_in_the_text_behind_their_numbers_only() {
    let layout = |text: &str| good(text, "").layout.count;
    assert_eq!(layout("1 2 3 M 31\n4 5 6 M33\n"), FieldCount::Numbers(3));
    assert_eq!(layout("1 2 3 M31\n4 5 6 M33\n"), FieldCount::Exactly(4));
    assert_eq!(layout("1 2 3 18\n4 5   19\n7 8 9 20\n"), FieldCount::Exactly(4));
    let ragged = Options { ragged: true, ..Options::default() };
    let head = head("1 2 3 4\n5 6 7\n", &ragged).unwrap().unwrap();
    assert_eq!(head.layout.count, FieldCount::AtLeast(3));
    assert_eq!(head.read_as.to_string(), "blanks, 3 or more fields; x = 1, y = 2, z = 3");
}

#[test]
fn a_row_that_begins_like_a_comment_is_a_row_where_delimiters_say_so() {
    let head = good("#N/A,2,3\n4,5,6\n", "");
    assert_eq!((head.lines, head.layout.rows_like_comments), (0, true));
    assert_eq!(good("#x,y,z\n4,5,6\n", "").lines, 1);
    assert_eq!(good("# 1 2 3\n4 5 6\n", "").lines, 1);
    let options = Options { comment: Some("#".to_owned()), ..Options::default() };
    assert_eq!(self::head("#N/A,2,3\n4,5,6\n", &options).unwrap().unwrap().lines, 1);
}

#[test]
fn what_was_concluded_is_said_in_a_line() {
    assert_eq!(
        read_as("id\tra\tdec\tn\tmag\n1\t2\t3\t4\tNA\n", "x=ra,y=dec,z=mag"),
        "tab, 5 fields, header; x = ra (2), y = dec (3), z = mag (5); missing: NA"
    );
    assert_eq!(read_as("1 2\n", ""), "blanks, 2 fields; x = 1, y = 2");
    assert_eq!(
        read_as("# x y\n1 2\n", ""),
        "blanks, 2 fields, names in the comment of line 1; x = x (1), y = y (2)"
    );
    assert_eq!(
        read_as("Made by a program\n1.5 2 3 M 31\n4 5 6 M33\n", ""),
        "blanks, 4 to 5 fields, 1 line before the rows passed over; x = 1, y = 2, z = 3"
    );
}

#[test]
fn an_input_behind_others_has_the_columns_that_they_have() {
    let first = good("id,x,y,z\n7,1,2,3\n", "").settled;
    let read = |text: &str| {
        read_head(Path::new("b.txt"), &mut text.as_bytes(), &options(""), Some(&first))
    };
    let positions = |text: &str| read(text).unwrap().unwrap().settled.positions;
    assert_eq!(positions("8,4,5,6\n"), [1, 2, 3]);
    assert_eq!(positions("x,y,z\n4,5,6\n"), [0, 1, 2]);
    let error = read("4,5,6\n").unwrap_err().to_string();
    assert!(
        error.starts_with("b.txt:1: rows have 3 fields, and 4 in the inputs before"),
        "{error}"
    );
}

#[test]
fn the_first_rows_show_whether_32_bits_will_do() {
    let needs = |text: &str| good(text, "").sample.needs_f64();
    assert!(needs("1700000000.25 0 1\n1700000001.25 1 1\n"));
    assert!(needs("1 1 1e44\n2 2 2e44\n"));
    assert!(needs("1 1 1e-50\n2 2 2\n"));
    assert!(needs("500000.25 4649776.25\n500001.5 4649781.75\n"));
    assert!(!needs("0.1 0.2 0.3\n0.4 0.5 0.6\n"));
    assert!(!needs("1 1 inf\n2 2 0.000\n"));
    assert!(!needs("5 1\n5 2\n"));
}

#[test]
fn one_line_with_another_delimiter_decides_nothing() {
    for odd in ["7,8,9", "7;8;9", "7\t8\t9", "7|8|9"] {
        let text = format!("{}{odd}\n", "1 2 3\n".repeat(5));
        let head = good(&text, "");
        assert_eq!((head.lines, head.layout.syntax.delimiter), (0, BLANKS), "{odd}");
    }
    let head = good("x,y,z\n1,2,3\n4,5,6\n1;2;3\n1,2,3\n", "");
    assert_eq!((head.lines, head.layout.syntax.delimiter), (1, b','));
    let head = good("100 200\n1,2,3\n4,5,6\n", "");
    assert_eq!(head.lines, 0);
}

#[test]
fn rows_that_lack_all_that_is_wanted_are_rows_behind_a_header_and_without_one() {
    for (text, columns, lines) in [
        ("id,x,y\na,NA,NA\nb,1,2\nc,3,4\n", "", 1),
        ("id,x,y\na,,\nb,1,2\nc,3,4\n", "", 1),
        ("x,y\n,\n1,2\n", "", 1),
        ("date time x y\nd t NaN NaN\nd t 1 2\n", "", 1),
        ("a,NA,NA,NA\nb,5,6,7\n", "x=2,y=3,z=4", 0),
        ("id p q r\na 42 NA NA\nb NA 2 3\nc NA 4 5\n", "x=q,y=r,z=p", 1),
        ("time,x,y\nt,NaN,NaN\nt,NaN,NaN\nt,NaN,NaN\n", "", 1),
    ] {
        assert_eq!(good(text, columns).lines, lines, "{text:?}");
    }
    let text = format!("time,x,y\n{}t,1,2\n", "2020-01-01T00:00:00,NaN,NaN\n".repeat(4000));
    assert_eq!(good(&text, "").lines, 1);
}

#[test]
fn lines_behind_a_header_that_are_neither_units_nor_rules_are_rows() {
    for bad in ["$1,$2,$3", "0x1,0x2,0x3", "12:30,12:31,12:32", "1 2 3"] {
        let text = format!("x,y,z\n{}1,2,3\n4,5,6\n", format!("{bad}\n").repeat(5));
        // Words with signs may be units, but not five lines of them.
        let most = if bad.starts_with('$') { 3 } else { 1 };
        assert!(good(&text, "").lines <= most, "{bad}");
    }
}

#[test]
fn a_header_may_stand_behind_lines_of_another_kind() {
    for (text, lines) in [
        ("Rate,10\nz,y,x\n1,2,3\n4,5,6\n", 2),
        ("Rate 10\nz y x\n1 2 3\n4 5 6\n", 2),
        ("Model,ABC\nSerial,123\n\nTime,X,Y\n0,1,2\n", 4),
        ("Samples\t2\nid\tx\ty\n7\t1\t2\n", 2),
        ("3\nx y z\n1 2 3\n4 5 6\n", 2),
        ("\\k = 1\n| ra | dec | z |\n 1 2 3\n 4 5 6\n", 2),
    ] {
        let head = good(text, "");
        assert_eq!(head.lines, lines, "{text:?}");
        assert!(head.read_as.header.is_some(), "{text:?}");
    }
}

#[test]
fn a_title_is_no_header_over_row_names() {
    for text in [
        "Point cloud\n1 2 3\n4 5 6\n7 8 9\n",
        "My test data\n1 2 3 4\n5 6 7 8\n",
        "Point cloud\n1 2 3\n",
    ] {
        assert_eq!(fields(text, "")[..2], [1, 2], "{text:?}");
    }
    // What begins with punctuation names nothing.
    for mark in ["!", "//", ";", "$", "*"] {
        let text = format!("{mark} cloud\n1 2 3\n2 4 6\n3 8 9\n");
        assert_eq!(fields(&text, ""), [1, 2, 3], "{text:?}");
    }
    assert!(error("x,y\n1,2,3\n4,5,6\n", "").contains("2 names, and rows have 3 fields"));
}

#[test]
fn names_of_x_and_y_that_do_not_fit_are_an_error_where_they_mean_something_else() {
    for text in ["z y x w\n1 2 3\n", "# z y x w\n1 2 3\n", "# z,y,x,w\n1,2,3\n"] {
        assert!(error(text, "").contains("4 names, and rows have 3 fields"), "{text:?}");
    }
    assert_eq!(fields("# x y z w\n1 2 3\n", ""), [1, 2, 3]);
    assert_eq!(fields("# Columns: z y x\n1 2 3\n", ""), [3, 2, 1]);
    assert_eq!(
        fields("z y x name\n-74 40.7 5 New York\n12.5 41.9 6 San Marino Town\n", ""),
        [3, 2, 1]
    );
    assert_eq!(fields("# z x y\n1.5 2 3\n4 5 6 note\n7 8 9 a\n", ""), [2, 3, 1]);
    assert!(error("x,x,y\n1,2,3\n", "").contains("fields 1 and 2 are both called \"x\""));
    assert_eq!(fields("x,X,y,Y\n1,2,3,4\n", ""), [1, 3]);
}

#[test]
fn a_row_that_ends_early_is_not_one_that_differs_in_its_text() {
    for text in [
        "x,y,z,w,\n1,2,3,4,\n1,2,3,4,\n1,3,4,\n1,2,3,4,\n",
        "x,y,z,note,note2\n1,2,3,,\n1,2,3,,\n1,3,,\n",
        "x,y,z,t\n1,2,3,foo\n1,2,3,bar\n1,2,\n",
    ] {
        let head = good(text, "");
        assert!(matches!(head.layout.count, FieldCount::Exactly(_)), "{text:?}");
    }
}

#[test]
fn inputs_that_do_not_mean_the_same_are_an_error() {
    let read = |first: &str, second: &str| {
        let first = good(first, "").settled;
        let head =
            read_head(Path::new("b.txt"), &mut second.as_bytes(), &options(""), Some(&first));
        head.map(|head| head.unwrap().settled.positions).map_err(|error| error.to_string())
    };
    for (first, second) in [
        ("9 8 7\n", "z y x\n1 2 3\n"),
        ("9 8 7\n", "# z y x\n1 2 3\n"),
        ("x y\n9 8\n", "x z y\n1 2 3\n"),
    ] {
        let error = read(first, second).unwrap_err();
        assert!(error.starts_with("b.txt:1: the names say"), "{error}");
    }
    assert_eq!(read("z y x\n1 2 3\n", "4 5 6\n").unwrap(), [2, 1, 0]);
    assert_eq!(read("9 8 7\n", "x y z\n1 2 3\n").unwrap(), [0, 1, 2]);
    // By name, too.
    let by_name = options("x=lon,y=lat");
    let first = read_head(Path::new("a"), &mut &b"id,lat,lon\n1,2,3\n"[..], &by_name, None);
    let settled = first.unwrap().unwrap().settled;
    let second = read_head(Path::new("b"), &mut &b"4,5,6\n"[..], &by_name, Some(&settled));
    assert_eq!(second.unwrap().unwrap().settled.positions, [2, 1]);
}

#[test]
fn between_blanks_a_missing_value_is_no_comment() {
    let head = good("x y z\n#N/A 1 2\n3 4 5\n#N/A 6 7\n", "");
    assert_eq!((head.lines, head.sample.columns[0].len()), (1, 3));
    assert_eq!(good("#N/A|#N/A|#N/A\n1|2|3\n", "").lines, 0);
    assert_eq!(good("# x y z\n#1 2 3\n3 4 5\n", "").lines, 2);
}

#[test]
fn where_there_is_no_row_a_line_that_is_none_is_shown() {
    let none = |text: &str| head(text, &options("")).unwrap().unwrap_err().found();
    assert_eq!(none("#\n"), "only a blank or comment line");
    assert!(none("#ID\tx\ty\n#1\t2\t3\n").ends_with("--comment '' takes none for a comment"));
    assert!(none("q,x,y\n%a,2,3\n").ends_with("--comment '' takes none for a comment"));
    assert_eq!(none("x y z\n"), "only a header, in line 1: \"x y z\"");
    assert_eq!(
        none("# a\n1m,2m\n3m,4m\n"),
        "no line is a row of at least two fields with numbers in them, as line 3: \"3m,4m\""
    );
    // A header may be longer than what is looked at.
    let names: Vec<String> = (0..20_000).map(|at| format!("c{at}")).collect();
    let text = format!("{}\n{}\n", names.join(","), "1,".repeat(19_999) + "2");
    assert_eq!(fields(&text, "x=c7,y=c19999"), [8, 20_000]);
}
