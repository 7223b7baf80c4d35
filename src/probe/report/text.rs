//! The report as text for a terminal.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::conversation::Log;
use crate::probe::{Finding, Severity, named};
use crate::smtp::escape;

use super::{Report, shown};

/// Columns for words.
const WIDTH: usize = 78;
/// Lines of evidence for a finding, unless all are wanted: for what is to be mended, and for what is not.
const EVIDENCE: [usize; 2] = [8, 4];

macro_rules! put {
    ($out:expr, $($arg:tt)*) => { writeln!($out, $($arg)*).expect("a string takes it") };
}

/// The whole report. `least` is the least severity that is told; `whole` shows every line of evidence.
#[must_use]
pub fn text(report: &Report, least: Severity, whole: bool) -> String {
    let mut out = String::new();
    put!(out, "{} ({}), {:.0}", report.target, report.reading, report.started);
    let mut heading = "";
    for finding in report.findings.iter().filter(|finding| finding.severity >= least) {
        if finding.probe != heading {
            heading = finding.probe;
            put!(out, "\n{}", named(heading).map_or(heading, |probe| probe.title));
        }
        for line in finding_lines(finding, &report.log, whole) {
            put!(out, "{line}");
        }
    }
    if !report.left_out.is_empty() {
        put!(out, "\nLeft out");
        for (name, why) in &report.left_out {
            for line in wrapped(&format!("{name}: {why}"), 2) {
                put!(out, "{line}");
            }
        }
    }
    if let Some((_, words)) = &report.problem {
        put!(out, "");
        for line in wrapped(&format!("Not done: {words}"), 0) {
            put!(out, "{line}");
        }
    }
    put!(out, "\n{}", report.summary());
    escape::for_lines(&out)
}

/// The lines of one finding.
#[must_use]
pub fn finding_lines(finding: &Finding, log: &Log, whole: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let name = if finding.severity.is_fault() {
        finding.severity.name().to_uppercase()
    } else {
        finding.severity.name().to_owned()
    };
    for (n, line) in wrapped(&finding.title, 10).into_iter().enumerate() {
        lines.push(if n == 0 { format!("  {name:<8}{}", line.trim_start()) } else { line });
    }
    lines.extend(wrapped(&finding.words, 10));
    let most = if whole { usize::MAX } else { EVIDENCE[usize::from(finding.severity <= Severity::Note)] };
    for record in finding.evidence.iter().take(most) {
        if let Some(line) = shown(log, *record) {
            lines.push(format!("          {}{}", line.mark, line.text));
        }
    }
    if let Some(more) = finding.evidence.len().checked_sub(most).filter(|more| *more > 0) {
        lines.push(format!("          … {more} more: --verbose shows them"));
    }
    if !finding.cure.is_empty() {
        lines.extend(wrapped(&format!("Cure: {}", finding.cure), 10));
    }
    if !finding.references.is_empty() {
        lines.push(format!("          {}", finding.references.join(" · ")));
    }
    lines
}

/// Words broken into lines, each indented by so much.
fn wrapped(words: &str, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words.split_whitespace() {
        // Words of the server's are among ours; they take as many columns as they are shown in.
        let word = escape::for_screen(word.as_bytes());
        if line.width() + 1 + word.width() > WIDTH - indent && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_the_servers_reaches_the_terminal_as_it_came() {
        let title = "In clear text: <I>, \u{1b}[31m\0\u{202e}";
        let finding = Finding::new(Severity::Note, title).meaning("x\u{1b}[32m.test").cure("\u{7}");
        let lines = finding_lines(&finding, &Log::default(), true).join("\n");
        assert!(lines.contains("<I>, \\e[31m\\x00\\u{202e}") && lines.contains("x\\e[32m.test"), "{lines}");
        assert!(lines.contains("Cure: \\x07"), "{lines}");
    }
}
