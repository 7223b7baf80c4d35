//! What came of all runs, for people and for programs that collect tests: text, the XML of `JUnit`, TAP.

use std::fmt::Write as _;
use std::time::Duration;

use super::super::Exit;
use crate::profile::duration;
use crate::script::{Outcome, Verdict};
use crate::smtp::escape::{for_lines, for_screen};

/// How it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A line for each run, and what was not as expected
    Text,
    /// The same as --json
    Json,
    /// For CI servers: a test suite for each run, a test case for each expectation
    Junit,
    /// The Test Anything Protocol, version 14: a test for each run
    Tap,
}

/// One run.
#[derive(Debug)]
pub(super) struct Run {
    /// The script and, where it was played more than once, where.
    pub(super) name: String,
    pub(super) exit: Exit,
    pub(super) took: Duration,
    pub(super) outcomes: Vec<Outcome>,
    /// One line about all of it.
    pub(super) summary: String,
    /// Why it did not end as it should, where no outcome says it.
    pub(super) words: Option<String>,
}

impl Run {
    fn good(&self) -> bool {
        self.exit == Exit::Done
    }

    fn bad(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| is_bad(outcome.verdict))
    }
}

fn is_bad(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Failed | Verdict::Refused)
}

/// The report of these runs, which took so long together: less than their sum, where several went on at once.
pub(super) fn of(format: Format, runs: &[Run], took: Duration) -> String {
    match format {
        Format::Junit => junit(runs, took),
        Format::Tap => tap(runs),
        Format::Text | Format::Json => text(runs, took),
    }
}

/// An outcome in one line: where it stands, what was expected, what came.
fn words(outcome: &Outcome) -> String {
    let step = for_screen(outcome.step.as_bytes());
    let place = if outcome.line == 0 { String::new() } else { format!("line {}: ", outcome.line) };
    let words = if outcome.words.is_empty() { String::new() } else { format!(": {}", outcome.words) };
    format!("{place}{step}{words}")
}

fn text(runs: &[Run], took: Duration) -> String {
    let mut out = String::new();
    for run in runs {
        let word = if run.good() { "ok" } else { "FAILED" };
        let took = duration::words(run.took);
        writeln!(out, "{word:<6}  {took:>8}  {}: {}", run.name, run.summary).expect("a string takes it");
        for outcome in run.bad() {
            writeln!(out, "          {}", words(outcome)).expect("a string takes it");
        }
        if let Some(words) = &run.words {
            writeln!(out, "          {}", for_screen(words.as_bytes())).expect("a string takes it");
        }
    }
    let good = runs.iter().filter(|run| run.good()).count();
    let took = duration::words(took);
    writeln!(out, "{good} of {} as expected, {took} in all", runs.len()).expect("a string takes it");
    for_lines(&out)
}

fn tap(runs: &[Run]) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", runs.len());
    for (n, run) in runs.iter().enumerate() {
        let not = if run.good() { "" } else { "not " };
        // A hash begins a directive.
        let name = run.name.replace('\\', "\\\\").replace('#', "\\#");
        writeln!(out, "{not}ok {} - {name}", n + 1).expect("a string takes it");
        writeln!(out, "  ---\n  duration_ms: {}", run.took.as_millis()).expect("a string takes it");
        writeln!(out, "  exit: {}\n  message: {}", run.exit.code(), quoted(&run.summary)).expect("a string takes it");
        let lines: Vec<String> = run.bad().map(words).chain(run.words.clone()).collect();
        if !lines.is_empty() {
            out.push_str("  found:\n");
            for line in lines {
                writeln!(out, "    - {}", quoted(&line)).expect("a string takes it");
            }
        }
        out.push_str("  ...\n");
    }
    for_lines(&out)
}

/// A string of YAML: those of JSON are some.
fn quoted(text: &str) -> String {
    serde_json::Value::from(for_screen(text.as_bytes())).to_string()
}

fn junit(runs: &[Run], took: Duration) -> String {
    let count = |of: fn(&Run) -> usize| runs.iter().map(of).sum::<usize>();
    let took = took.as_secs_f64();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ehlo run\" tests=\"{}\" failures=\"{}\" \
         errors=\"{}\" time=\"{took:.3}\">\n",
        count(tests),
        count(failures),
        count(errors)
    );
    for run in runs {
        suite(run, &mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

fn tests(run: &Run) -> usize {
    run.outcomes.len() + 1
}

fn failures(run: &Run) -> usize {
    run.bad().count()
}

/// A run that did not end as it should, and no outcome says why, or words of its own do: no connection, say.
fn errors(run: &Run) -> usize {
    usize::from(!run.good() && (run.words.is_some() || run.bad().next().is_none()))
}

fn suite(run: &Run, out: &mut String) {
    let (name, took) = (attribute(&run.name), run.took.as_secs_f64());
    let skipped = run.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Skipped).count();
    writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\" time=\"{took:.3}\">",
        tests(run),
        failures(run),
        errors(run)
    )
    .expect("a string takes it");
    for outcome in &run.outcomes {
        let step = attribute(&format!("line {}: {}", outcome.line, outcome.step));
        let inner = match outcome.verdict {
            Verdict::Skipped => "<skipped/>".to_owned(),
            verdict if is_bad(verdict) => {
                format!("<failure type=\"{}\" message=\"{}\"/>", verdict.name(), attribute(&outcome.words))
            }
            _ => String::new(),
        };
        case(&name, &step, &inner, out);
    }
    let words = run.words.as_deref().unwrap_or(&run.summary);
    let inner = if errors(run) > 0 {
        format!("<error type=\"exit {}\" message=\"{}\"/>", run.exit.code(), attribute(words))
    } else {
        String::new()
    };
    case(&name, "the conversation as a whole", &inner, out);
    out.push_str("  </testsuite>\n");
}

fn case(class: &str, name: &str, inner: &str, out: &mut String) {
    let written = if inner.is_empty() {
        writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\"/>")
    } else {
        writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\">{inner}</testcase>")
    };
    written.expect("a string takes it");
}

/// A text as XML's attributes may hold it.
fn attribute(text: &str) -> String {
    let text = for_screen(text.as_bytes());
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests_of_reports {
    use super::*;

    /// Two of them went on at once.
    const TOOK: Duration = Duration::from_millis(900);

    fn runs() -> Vec<Run> {
        let outcome = |line, step: &str, verdict, words: &str| Outcome {
            line,
            step: step.to_owned(),
            verdict,
            words: words.to_owned(),
        };
        vec![
            Run {
                name: "a.smtp".to_owned(),
                exit: Exit::Done,
                took: Duration::from_millis(20),
                outcomes: vec![outcome(1, "< 220", Verdict::Met, "")],
                summary: "1 of 1 expectations met".to_owned(),
                words: None,
            },
            Run {
                name: "b & #c.smtp".to_owned(),
                exit: Exit::Refused,
                took: Duration::from_millis(1_500),
                outcomes: vec![
                    outcome(2, "< 250 /<ok>/", Verdict::Failed, "the reply is \"550 no\""),
                    outcome(3, "> DATA", Verdict::Skipped, ""),
                ],
                summary: "0 of 1 expectations met, 1 failed".to_owned(),
                words: None,
            },
            Run {
                name: "c.smtp".to_owned(),
                exit: Exit::NoConnection,
                took: Duration::ZERO,
                outcomes: Vec::new(),
                summary: "0 of 0 expectations met".to_owned(),
                words: Some("refused".to_owned()),
            },
        ]
    }

    #[test]
    fn each_format_tells_the_good_from_the_bad_and_why() {
        let runs = runs();
        let report = of(Format::Text, &runs, TOOK);
        assert!(
            report.contains("ok         20 ms  a.smtp: 1 of 1") && report.contains("line 2: < 250 /<ok>/"),
            "{report}"
        );
        assert!(report.ends_with("1 of 3 as expected, 900 ms in all\n"), "{report}");
        let report = of(Format::Tap, &runs, TOOK);
        assert!(report.starts_with("TAP version 14\n1..3\nok 1 - a.smtp\n"), "{report}");
        assert!(report.contains("not ok 2 - b & \\#c.smtp\n") && report.contains("    - \"refused\""), "{report}");
        let report = of(Format::Junit, &runs, TOOK);
        assert!(report.contains("tests=\"6\" failures=\"1\" errors=\"1\" time=\"0.900\""), "{report}");
        let failure = "<failure type=\"failed\" message=\"the reply is &quot;550 no&quot;\"/>";
        assert!(report.contains(failure) && report.contains("name=\"b &amp; #c.smtp\""), "{report}");
        assert!(report.contains("<error type=\"exit 3\" message=\"refused\"/>"), "{report}");
    }
}
