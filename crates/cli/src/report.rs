//! The one place that prints. Standard output gets only what was asked for; all else goes to standard error. Whatever
//! comes here may hold text from outside, which is escaped here and nowhere else.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pointillist_base::message::printable;
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::Failure;
use crate::remedy::Damage;
use crate::{escaped, stdout};

/// Prints what the stages did, in the form that was asked for.
#[derive(Debug)]
pub(crate) struct Report {
    quiet: bool,
    json: bool,
    /// Whoever read the lines about the stages has left.
    unread: AtomicBool,
}

impl Report {
    pub(crate) fn new(global: &Global) -> Self {
        Self { quiet: global.quiet, json: global.json, unread: AtomicBool::new(false) }
    }

    /// Whether results go to standard output as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One stage is done: `summary` for people, `facts`, an object, for programs.
    pub(crate) fn stage(
        &self,
        stage: &str,
        output: &str,
        summary: &str,
        facts: Value,
    ) -> Result<(), Failure> {
        if !self.quiet {
            say(format_args!("{stage}: {output}: {summary}"));
        }
        if !self.json || self.unread.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut line = json!({ "stage": stage, "output": output });
        if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
            line.extend(facts);
        }
        match self.json(&line) {
            // The outputs were asked for too, and are made for somebody else.
            Err(Failure::BrokenPipe) => {
                self.unread.store(true, Ordering::Relaxed);
                Ok(())
            }
            printed => printed,
        }
    }

    /// One line of what was asked for, on standard output.
    pub(crate) fn line(&self, line: &str) -> Result<(), Failure> {
        self.print(&escaped::line(line))
    }

    /// The same as JSON.
    pub(crate) fn json(&self, value: &Value) -> Result<(), Failure> {
        self.print(&escaped::json(&value.to_string()))
    }

    /// A line that begins with `text` and ends with escape sequences of our own.
    pub(crate) fn painted(&self, text: &str, sequences: &str) -> Result<(), Failure> {
        self.print(&format!("{}{sequences}", escaped::line(text)))
    }

    fn print(&self, line: &str) -> Result<(), Failure> {
        if stdout::is_closed() {
            return Err(Failure::no_stdout());
        }
        writeln!(std::io::stdout(), "{line}").map_err(|error| Failure::stdout(&error))
    }

    /// Something about how a stage goes about its work.
    pub(crate) fn note(&self, stage: &str, message: &str) {
        if !self.quiet {
            say(format_args!("{stage}: {message}"));
        }
    }

    /// Something the user should know, with its remedy.
    pub(crate) fn warning(&self, stage: &str, message: &str) {
        if !self.quiet {
            say(format_args!("pointillist: {stage}: warning: {message}"));
        }
    }
}

/// The last words of a run that failed.
pub(crate) fn last_words(stage: &str, failure: &Failure) {
    match failure {
        Failure::Error(message)
        | Failure::NoColumn { message, .. }
        | Failure::Usage(message)
        | Failure::Write(_, message) => {
            say(format_args!("pointillist: {stage}: {message}"));
        }
        Failure::Damaged(_, Damage { what, remedy }) => {
            say(format_args!("pointillist: {stage}: {what}; {remedy}"));
        }
        Failure::Interrupted => {
            say(format_args!(
                "pointillist: {stage}: interrupted; the unfinished output is removed"
            ));
        }
        Failure::BrokenPipe => {}
    }
}

/// Prints what the arguments alone lead to: help or the version, on standard output, or what is wrong with them.
pub(crate) fn answer(answer: &clap::Error) -> Result<ExitCode, Failure> {
    if !answer.use_stderr() && stdout::is_closed() {
        return Err(Failure::no_stdout());
    }
    let message = answer.render().to_string();
    let lines: Vec<_> = message.lines().map(escaped::line).collect();
    let lines = lines.join("\n");
    // Without text that has to be escaped, it may be coloured.
    let printed = match lines == message.trim_end_matches('\n') {
        true => answer.print().and_then(|()| std::io::stdout().flush()),
        false => std::io::stderr().write_all(format!("{lines}\n").as_bytes()),
    };
    if answer.kind() == clap::error::ErrorKind::UnknownArgument {
        let files = std::env::args_os().skip(1).map(PathBuf::from);
        for file in files.filter(|file| shown(file).starts_with('-') && file.is_file()) {
            say(format_args!("  tip: there is a file {0}: write ./{0}", shown(&file)));
        }
    }
    match printed {
        // Where standard error cannot be written there is nobody to tell.
        Err(error) if !answer.use_stderr() => Err(Failure::stdout(&error)),
        _ => Ok(ExitCode::from(answer.exit_code() as u8)),
    }
}

/// One line to standard error, in one piece, as other processes may write there, too. Where it is closed or full there is
/// nobody to tell, and the work goes on.
pub(crate) fn say(line: impl std::fmt::Display) {
    let line = line.to_string();
    let _ = std::io::stderr().write_all(format!("{}\n", escaped::line(&line)).as_bytes());
}

/// A line about how far a stage has come, for logs.
pub(crate) fn progress_line(stage: &str, done: u64, total: Option<u64>) {
    match total {
        Some(total @ 1..) => {
            say(format_args!("{stage}: {:.0} % done", 100.0 * done as f64 / total as f64));
        }
        _ => say(format_args!("{stage}: {} done", count(done))),
    }
}

/// A path as messages show it, with what is not UTF-8 escaped.
pub(crate) fn shown(path: &Path) -> String {
    printable(path).display().to_string()
}

/// 1234567 as 1,234,567.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `one` for 1, else `many`, after the number: 1 point, 2 points.
pub(crate) fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A number to six digits, as `%g` has it: enough to read; JSON has all of them.
pub(crate) fn number(value: f64) -> String {
    to_digits(value, 6)
}

/// Two bounds to six digits, and to as many more as it takes to see how far they are apart, but no more than values
/// of their type have: 9 for 32-bit floats, 17 for 64-bit ones.
pub(crate) fn bounds(min: f64, max: f64, longest: usize) -> (String, String) {
    let magnitude = |value: f64| value.log10().floor();
    let distance = max - min;
    let digits = if distance > 0.0 && distance.is_finite() {
        // Of the distance, three digits.
        (magnitude(min.abs().max(max.abs())) - magnitude(distance)) as usize + 3
    } else {
        6
    };
    let digits = digits.clamp(6, longest);
    (to_digits(min, digits), to_digits(max, digits))
}

fn to_digits(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let after_first = digits - 1;
    let scientific = format!("{value:.after_first$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-5..digits as i32).contains(&exponent) => {
            trim(&format!("{value:.*}", (after_first as i32 - exponent) as usize))
        }
        _ => format!("{}e{exponent}", trim(mantissa)),
    }
}

/// `1.23 s (0.82 GB/s)`.
pub(crate) fn speed(time: Duration, size: u64) -> String {
    let seconds = time.as_secs_f64();
    format!("{seconds:.2} s ({:.2} GB/s)", size as f64 / 1e9 / seconds.max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(240_000_000), "240,000,000");
    }

    #[test]
    fn numbers_have_six_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-1.517899990081787, "-1.5179"),
            (123456.7, "123457"),
            (1234567.8, "1.23457e6"),
            (0.000012345678, "0.0000123457"),
            (1e-9, "1e-9"),
            (999999.9, "1e6"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn bounds_have_as_many_digits_as_show_how_far_they_are_apart() {
        for (min, max, longest, texts) in [
            (-1.517899990081787, 2.0, 17, ("-1.5179", "2")),
            (4649776.25, 4649781.75, 17, ("4649776.25", "4649781.75")),
            (4649776.25, 4649781.75, 9, ("4649776.25", "4649781.75")),
            (-4649781.75, -4649776.25, 17, ("-4649781.75", "-4649776.25")),
            (1.6e9, 1.6000864e9, 17, ("1.6e9", "1.6000864e9")),
            (0.0, 1.6e9, 17, ("0", "1.6e9")),
            (4649776.25, 4649776.25, 17, ("4.64978e6", "4.64978e6")),
            (1.0, 1.0_f64.next_up(), 17, ("1", "1.0000000000000002")),
            (1.0_f32.into(), 1.0_f32.next_up().into(), 9, ("1", "1.00000012")),
            (0.0, f64::from_bits(1), 17, ("0", "4.94066e-324")),
            (f64::MIN, f64::MAX, 17, ("-1.79769e308", "1.79769e308")),
        ] {
            let found = bounds(min, max, longest);
            assert_eq!((found.0.as_str(), found.1.as_str()), texts);
        }
    }
}
