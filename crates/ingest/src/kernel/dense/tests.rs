//! Which rows are read densely. That the numbers are right, the tests of all kernels say.

use super::*;
use crate::fields::split;
use crate::kernel::tests::layout;
use crate::kernel::{Instructions, Scratch, Shape};
use crate::layout::{BLANKS, Syntax};

#[test]
fn rows_of_nothing_but_fixed_fields_are_dense() {
    for (row, delimiter, dense) in [
        ("-1.234567 0.000001 12.3456\n", BLANKS, true),
        ("1 2 3 4 5 6 7 8\n", BLANKS, true),
        ("1 2 3 4 5 6 7 8 9\n", BLANKS, false),
        ("     1.234567     2.345678\n", BLANKS, true),
        ("12345678.123456,-7\r\n", b',', true),
        ("1, 2, 3\n", b',', false),
        ("1;2;-3.5\n", b';', true),
        ("1\t2\tname\n", b'\t', false),
        ("1 2 3 \n", BLANKS, false),
        ("-1.234567890123456789e-01 1.234567890123456789e+02\n", BLANKS, true),
        ("1.5E+00,2.25D-10\r\n", b',', true),
        ("1.2345678901234567891e+00 1.5e+00\n", BLANKS, false),
        ("1.5e+00  1.5e+00\n", BLANKS, false),
        ("1.5e+00 1.5\n", BLANKS, false),
        ("1e+00 1.5e+100\n", BLANKS, false),
    ] {
        let shape = Shape::learn(row.as_bytes(), &layout(delimiter, &[0, 1], 2)).unwrap();
        assert_eq!(shape.dense.is_some(), dense, "{row:?}");
    }
    // One field cannot be dealt out twice.
    let shape = Shape::learn(b"1 2\n", &layout(BLANKS, &[0, 0], 2)).unwrap();
    assert!(shape.dense.is_none() && shape.is_fixed());
}

/// Of the fast kernel for dense rows alone: rows that it takes of so many.
fn taken_densely(rows: &[String], delimiter: u8, wanted: &[usize]) -> Option<usize> {
    Instructions::available().into_iter().find(|it| it.name() == "avx512")?;
    let text = rows.concat();
    let layout = layout(delimiter, wanted, split(rows[0].as_bytes(), Syntax::new(delimiter)).len());
    let shape = Shape::learn(rows[0].as_bytes(), &layout).unwrap();
    let mut columns = vec![Vec::<f32>::new(); wanted.len()];
    let mut scratch = Scratch::default();
    let mut work = Work {
        text: text.as_bytes(),
        at: 0,
        shape: &shape,
        scratch: &mut scratch,
        columns: &mut columns,
    };
    // SAFETY: The processor has the kernel.
    let taken = unsafe { avx512(&mut work) };
    assert_eq!(work.at, rows[..taken].concat().len());
    assert!(columns.iter().all(|column| column.len() == taken));
    Some(taken)
}

#[test]
fn dense_rows_are_taken_up_to_those_that_do_not_fit() {
    let sign = |at: usize| ["", "-"][at % 2];
    let decimal = |at: usize| format!("{}{}.{:04}", sign(at), at * 7919 % 100_000, at % 10_000);
    let odd_decimals = ["nan", "1.5", "12345678901.2345", "1:2.0000", "1.0000 "];
    let exponent = |at: usize| {
        let digits = at * 1_234_567_891 % 1_000_000_000;
        format!("{}{}.{digits:012}e{}{:02}", sign(at), at % 10, ["+", "-"][at / 2 % 2], at % 38)
    };
    let odd_exponents = [
        "nan",
        "1.5e+00",
        "1.123456789012e100",
        "1.12345678901:e+00",
        "1.123456789012e)00",
        "1.123456789012e/00",
        "1.123456789012e+0:",
        "1.123456789012E+00",
        "1.123456789012e+00 ",
    ];
    check_dense(decimal, &odd_decimals);
    check_dense(exponent, &odd_exponents);
}

/// Checks that rows of such fields are taken densely, and end before a row in which one of them is an odd one.
fn check_dense(field: impl Fn(usize) -> String, odd: &[&str]) {
    for fields in 1..=MOST_FIELDS {
        for (delimiter, separator) in [(BLANKS, " "), (b',', ","), (b';', ";")] {
            for end in ["\n", "\r\n"] {
                let row = |row: usize| {
                    let fields: Vec<String> =
                        (0..fields).map(|at| field(row * fields + at)).collect();
                    fields.join(separator) + end
                };
                let rows: Vec<String> = (0..2000).map(row).collect();
                let wanted: Vec<usize> = (0..fields).collect();
                let Some(taken) = taken_densely(&rows, delimiter, &wanted) else { return };
                assert!(taken > 1980, "{taken} of {:?}", rows[0]);
                for odd in odd {
                    let mut rows = rows.clone();
                    rows[1000] = rows[1000].replacen(&field(1000 * fields), odd, 1);
                    let taken = taken_densely(&rows, delimiter, &wanted).unwrap();
                    // Eight fields at once, all of which must fit.
                    assert!((990..=1000).contains(&taken), "{taken} before {:?}", rows[1000]);
                }
            }
        }
    }
}
