//! Texts in which it is easy to mistake one field for another.

use serde_json::Value;

use crate::support::{Folder, workspace};

/// Whether a stored value is the one that is wanted: to the nearest of its type.
fn is_value(stored: f64, wide: bool, wanted: &Value) -> bool {
    let wanted = match wanted {
        Value::Null => return stored.is_nan(),
        Value::String(text) => text.parse().unwrap(),
        number => number.as_f64().unwrap(),
    };
    stored == if wide { wanted } else { f64::from(wanted as f32) }
}

#[test]
fn every_field_becomes_the_column_that_its_writer_meant_or_is_an_error() {
    let text = std::fs::read_to_string(workspace("fixtures/text/rows.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() > 50);
    for case in &cases {
        let folder = Folder::new();
        folder.write("in.txt", case["text"].as_str().unwrap());
        let mut command = folder.command("ingest in.txt -o out.points");
        let arguments = case["args"].as_array().into_iter().flatten();
        command.args(arguments.map(|argument| argument.as_str().unwrap()));
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let id = &case["id"];
        if !output.status.success() {
            let parts = case["error"].as_array().unwrap_or_else(|| panic!("{id}: {stderr}"));
            for part in parts {
                assert!(stderr.contains(part.as_str().unwrap()), "{id}: {part} is not in {stderr}");
            }
            continue;
        }
        let wanted = case["want"].as_object().unwrap_or_else(|| panic!("{id}: {stderr}"));
        for (name, values) in wanted {
            let (found, wide) = folder.numbers(&format!("out.points/{name}.npy"));
            let values = values.as_array().unwrap();
            let same = found.iter().zip(values).all(|(&found, value)| is_value(found, wide, value));
            assert!(
                same && found.len() == values.len(),
                "{id}: {name} is {found:?}, not {values:?}"
            );
        }
        assert!(stderr.contains(": read as: "), "{id}: {stderr}");
    }
}

#[test]
fn an_explanation_says_what_would_be_stored_and_stops() {
    let folder = Folder::new();
    folder.write("s.tsv", "id\tra\tdec\n7\t10.5\t-0.1\n8\tNA\t2e44\n");
    let run = folder.succeed("ingest --explain s.tsv --columns x=ra,y=dec");
    assert_eq!(
        String::from_utf8(run.stdout).unwrap(),
        "s.tsv: tab, 3 fields, header; x = ra (2), y = dec (3); missing: NA; 64 bits for y\n  \
         names in line 1; the first row is line 2\n  \
         x (f64, field 2, ra): 10.5  NaN\n  \
         y (f64, field 3, dec): -0.1  200000000000000000000000000000000000000000000\n"
    );
    assert_eq!(folder.listing().len(), 1);
    let facts = folder.succeed("ingest --explain s.tsv --columns x=ra,y=dec --json").json();
    assert_eq!(facts[0]["read_as"]["columns"][1]["field"], 3);
    assert_eq!(facts[0]["first_rows"][1][0], -0.1);
    // Exactly one of the two.
    folder.fail(2, "ingest s.tsv");
    folder.fail(2, "ingest s.tsv --explain -o s.points");
    folder.write("s.npy", crate::support::npy("(1, 2)", &[1., 2.]));
    let error = folder.fail(1, "ingest --explain s.npy");
    assert!(error.contains("nothing to explain"), "{error}");
}

#[test]
fn what_was_concluded_is_kept_with_the_columns() {
    let folder = Folder::new();
    folder.write("s.csv", "id,x,y\n7,1,2\n8,NA,4\n9,5\n");
    let run = folder.succeed("ingest s.csv -o s.points --skip-bad");
    let line = "s.csv: read as: comma, 3 fields, header; x = x (2), y = y (3); missing: NA\n";
    assert!(run.stderr.contains(line), "{}", run.stderr);
    let info = folder.succeed("info s.points");
    let text = String::from_utf8(info.stdout).unwrap();
    assert!(text.contains("s.csv read as: comma, 3 fields, header; "), "{text}");
    assert!(text.contains("read 4 lines, 1 bad (1 with another number of fields)\n"), "{text}");
    let facts = folder.succeed("info s.points --json").json();
    assert_eq!(facts[0]["points"]["read_as"][0]["columns"][0]["called"], "x");
    assert_eq!(facts[0]["points"]["skipped_because"]["fields"], 1);
}

#[test]
fn inputs_that_are_read_alike_are_said_in_a_line() {
    let folder = Folder::new();
    for name in ["a", "b", "c"] {
        folder.write(name, "1 2 3\n");
    }
    folder.write("d", "1;2;3\n");
    let run = folder.succeed("ingest a b c d -o s.points");
    let said: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(
        said[..3],
        [
            "ingest: a: read as: blanks, 3 fields; x = 1, y = 2, z = 3",
            "ingest: 2 inputs more read alike",
            "ingest: d: read as: semicolon, 3 fields; x = 1, y = 2, z = 3",
        ]
    );
}

#[test]
fn a_text_of_the_same_size_and_time_is_told_apart_by_its_content() {
    let folder = Folder::new();
    let text = "1.5 2.5 3.5\n".repeat(100_000);
    let path = folder.write("s.txt", &text);
    let time = path.metadata().unwrap().modified().unwrap();
    folder.succeed("ingest s.txt -o s.points");
    assert!(folder.succeed("ingest s.txt -o s.points").stderr.contains("up to date"));
    // At the beginning, at the end, and throughout.
    for changed in [
        text.replacen("1.5", "7.5", 1),
        format!("{}7.5 2.5 3.5\n", &text[12..]),
        text.replace("1.5", "7.5"),
    ] {
        folder.write("s.txt", changed);
        let file = std::fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
        let run = folder.succeed("ingest s.txt -o s.points");
        assert!(!run.stderr.contains("up to date"), "{}", run.stderr);
    }
}

#[test]
fn what_32_bits_cannot_hold_is_counted_wherever_it_stands() {
    let folder = Folder::new();
    let usual = "1.5 2.5 3.5\n".repeat(50_000);
    folder.write("far.txt", format!("{usual}1e39 2.5 1e-50\n{usual}-1e39 2.5 1e-60\n1 inf 0e99\n"));
    folder.write("far.sh", usual.replace("3.5", "3.500000000000000000e+00").replace("1.5", "1e39"));
    for (name, said) in [
        (
            "far.txt",
            "x: 2 values too large for 32 bits became infinite; z: 2 values too small for 32 bits became 0; keep",
        ),
        ("far.sh", "x: 50,000 values too large for 32 bits became infinite; keep"),
    ] {
        for kernel in ["general", "scalar", ""] {
            let mut command =
                folder.command(&format!("ingest {name} -o s.points --dtype f32 --force"));
            let output = command.env("POINTILLIST_KERNEL", kernel).output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.contains(said), "{name}, {kernel}: {stderr}");
        }
    }
    let run = folder.succeed("ingest far.txt -o s.points --dtype f64");
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    // Numbers of an array, too.
    let values = [1e39_f64, 1.0, -1e39, 1e-50, f64::INFINITY, 0.0];
    folder
        .write("far.raw", values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
    let raw = "ingest far.raw -o r.points --raw f64 --columns-per-row 2";
    let run = folder.succeed(&format!("{raw} --dtype f32"));
    let said = "x: 2 values too large for 32 bits became infinite; y: 1 value too small for 32 bits became 0; keep";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(!folder.succeed(raw).stderr.contains("warning"));
    assert!(folder.numbers("r.points/x.npy").1);
    // All alike in 32 bits, and not in the text.
    folder.write("alike.txt", "1700000000.25 1\n1700000001.25 2\n");
    let run = folder.succeed("ingest alike.txt -o s.points --dtype f32");
    assert!(
        run.stderr.contains("x: values that differ are all the same in 32 bits; keep"),
        "{}",
        run.stderr
    );
    // And only far behind the head.
    let same = "1700000000.25 1\n".repeat(20_000);
    folder.write("later.txt", format!("{same}{}", same.replace("0.25", "1.25")));
    let run = folder.succeed("ingest later.txt -o s.points");
    let said = "x: values that differ are all the same in 32 bits; keep";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    folder.write("constant.txt", same);
    assert!(!folder.succeed("ingest constant.txt -o s.points").stderr.contains("warning"));
    let run = folder.succeed("ingest alike.txt -o s.points");
    assert!(
        run.stderr.contains("; 64 bits for x\n") && !run.stderr.contains("warning"),
        "{}",
        run.stderr
    );
}
