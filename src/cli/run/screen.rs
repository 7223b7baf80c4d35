//! The run as it is printed: marks as swaks has them, each expectation's outcome, a summary; or JSON.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::role::Role;
use super::super::{Common, Exit};
use super::offer::Offers;
use super::prepare::Prepared;
use crate::conversation::event::{Line, Remark};
use crate::conversation::{Event, Timed, words};
use crate::profile::duration;
use crate::script::{Outcome, Report, Verdict, Watch};
use crate::smtp::escape;

/// Prints what happens.
pub(super) struct Screen {
    quiet: bool,
    verbose: bool,
    silent: bool,
    colour: bool,
    /// Standard output is the way to the server.
    aside: bool,
    /// What was offered, where it is told how that changes.
    offers: Option<Offers>,
    /// What is kept back until it may be printed whole.
    held: Option<String>,
    /// A connection was made.
    reached: bool,
    /// Why what was printed went nowhere.
    failed: Option<io::Error>,
}

impl Screen {
    pub(super) fn new(common: &Common, colour: bool, json: bool) -> Self {
        Self {
            quiet: common.quiet,
            verbose: common.verbose,
            silent: json,
            colour,
            aside: false,
            offers: common.verbose.then(Offers::default),
            held: None,
            reached: false,
            failed: None,
        }
    }

    /// Prints on standard error from now on: standard output is the way to the server.
    pub(super) fn leave_output_alone(&mut self, aside: bool) {
        self.aside = aside;
    }

    /// Why standard output can't be written, where it can't. A reader who has had enough is no reason.
    pub(super) fn failed(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    fn line(&mut self, role: Role, text: &str) {
        if self.silent {
            return;
        }
        let line = role.line(text, self.colour);
        match &mut self.held {
            Some(held) => held.push_str(&line),
            None => self.print(&line),
        }
    }

    /// Keeps back what is printed from now on, since several conversations are held at once.
    pub(super) fn hold(&mut self) {
        self.held = Some(String::new());
    }

    /// Prints what was kept back.
    pub(super) fn release(&mut self) {
        if let Some(held) = self.held.take() {
            self.print(&held);
        }
    }

    fn print(&mut self, text: &str) {
        let mut out: Box<dyn io::Write> =
            if self.aside { Box::new(io::stderr().lock()) } else { Box::new(io::stdout().lock()) };
        // Whoever reads may have enough before the run ends, and a disk may be full; the run goes on.
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.failed.get_or_insert(error);
        }
    }

    /// Says what is run, and where.
    pub(super) fn begin(&mut self, prepared: &Prepared) {
        self.reached = false;
        for warning in &prepared.warnings {
            super::complain(super::COMMAND, warning);
        }
        if self.quiet {
            return;
        }
        let title = prepared.title.as_ref().map(|t| format!(" ({})", escape::for_screen(t.as_bytes())));
        let reading = escape::for_screen(prepared.target.reading.as_bytes());
        self.line(Role::Remark, &format!("=== {}{}: {reading}", prepared.name, title.unwrap_or_default()));
        if prepared.exact {
            let masks: Vec<_> = prepared.plan.texts.masks.names().collect();
            self.line(Role::Remark, &format!("=== not compared: {}", masks.join(" ")));
        }
    }

    /// The summary.
    pub(super) fn end(&mut self, prepared: &Prepared, report: &Report) {
        if self.quiet && report.cause.is_none() && !report.partly() {
            return;
        }
        let good = report.cause.is_none() && !report.partly();
        let role = if good { Role::Good } else { Role::Bad };
        self.line(role, &format!("=== {}: {}", prepared.name, report.summary()));
    }

    fn remark(&mut self, remark: &Remark) {
        self.reached = words::reached(self.reached, remark);
        let usual = ["connected", "proxy", "idle", "tls", "injected", "gave-up", "error", "warning", "closed"];
        if self.verbose || usual.contains(&remark.word.as_str()) {
            let said = words::said_of(self.reached, remark);
            let role = if said.warns { Role::Bad } else { Role::Remark };
            self.line(role, &format!("=== {}", escape::for_screen(said.words.as_bytes())));
        }
    }
}

/// What protected and is gone is worth a word wherever the conversation is printed.
fn warn_of_offer(remark: &Remark) {
    if (remark.word.as_str(), remark.get("kind")) == ("warning", Some("offer")) {
        let words = escape::for_screen(remark.bare(0).unwrap_or_default().as_bytes());
        super::complain(super::COMMAND, format_args!("{words} (accept-offer in the workbench ends this warning)"));
    }
}

/// The octets of a line as they may be shown.
fn text(line: &Line) -> String {
    escape::for_screen(&line.bytes)
}

impl Watch for Screen {
    fn awaits(&mut self, line: usize, expected: &str, at_most: Duration) {
        if self.quiet {
            return;
        }
        let time = duration::words(at_most);
        let words = format!(
            "line {line} waits up to {time} for {expected}, which no line asks for; --reply-timeout sets another time"
        );
        if self.silent || self.held.is_some() {
            super::complain(super::COMMAND, words);
        } else {
            self.line(Role::Remark, &format!("=== {words}"));
        }
    }

    fn happened(&mut self, event: &Timed, tls: bool) {
        if let Event::Remark(remark) = &event.event {
            warn_of_offer(remark);
            if let Some(words) = words::of_journal(remark) {
                super::complain(super::COMMAND, escape::for_screen(words.as_bytes()));
                return;
            }
        }
        if self.quiet || self.silent {
            return;
        }
        match &event.event {
            Event::Sent(line) => {
                self.line(Role::Plain, &format!("{}{}", if tls { " ~> " } else { " -> " }, text(line)));
            }
            Event::Content(line) => {
                self.line(Role::Plain, &format!("{}{}", if tls { " ~| " } else { " -| " }, text(line)));
            }
            Event::Received(line) => {
                let refused = matches!(line.bytes.first(), Some(b'4' | b'5'));
                let mark = match (refused, tls) {
                    (true, false) => "<** ",
                    (true, true) => "<~* ",
                    (false, false) => "<-  ",
                    (false, true) => "<~  ",
                };
                self.line(if refused { Role::Bad } else { Role::Plain }, &format!("{mark}{}", text(line)));
            }
            Event::Remark(remark) => self.remark(remark),
        }
        if let Some(words) = self.offers.as_mut().and_then(|offers| offers.take(event)) {
            self.line(Role::Remark, &format!("=== {}", escape::for_screen(words.as_bytes())));
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let bad = matches!(outcome.verdict, Verdict::Failed | Verdict::Refused);
        if self.quiet && !bad {
            return;
        }
        let role = match outcome.verdict {
            Verdict::Failed | Verdict::Refused => Role::Bad,
            Verdict::Met => Role::Good,
            Verdict::Drift | Verdict::Absent | Verdict::Skipped | Verdict::Odd => Role::Remark,
        };
        let verdict = if outcome.verdict == Verdict::Failed { "FAILED" } else { outcome.verdict.name() };
        let place = if outcome.line == 0 { String::new() } else { format!("line {}  ", outcome.line) };
        let words = if outcome.words.is_empty() { String::new() } else { format!(": {}", outcome.words) };
        self.line(role, &format!("    {verdict:<8} {place}{}{words}", escape::for_screen(outcome.step.as_bytes())));
    }
}

/// A run as JSON.
pub(super) fn json(prepared: &Prepared, report: &Report, exit: Exit, transcript: Option<&Path>) -> Value {
    let outcomes: Vec<_> = report
        .outcomes
        .iter()
        .map(|o| json!({"line": o.line, "step": o.step, "outcome": o.verdict.name(), "words": o.words}))
        .collect();
    let count = |verdict| report.count(verdict);
    json!({
        "script": prepared.name,
        "title": prepared.title,
        "target": prepared.uri,
        "reading": prepared.target.reading,
        "exit": exit.code(),
        "problem": report.words,
        "ok": count(Verdict::Met),
        "failed": count(Verdict::Failed),
        "drift": count(Verdict::Drift),
        "absent": count(Verdict::Absent),
        "skipped": count(Verdict::Skipped),
        "refused": count(Verdict::Refused),
        "odd": count(Verdict::Odd),
        "handed_over": report.delivered,
        "recipients_refused": report.recipients_refused,
        "outcomes": outcomes,
        "transcript": transcript.map(|path| path.display().to_string()),
    })
}

/// Prints the result of a whole command.
///
/// # Errors
/// What the system says, but for a reader who has had enough.
pub(super) fn print_json(exit: Exit, runs: &[Value], compared: &[Value]) -> io::Result<()> {
    let mut all = json!({"ehlo": 1, "exit": exit.code(), "runs": runs});
    if !compared.is_empty() {
        all["compared"] = compared.into();
    }
    print(&super::super::document(&all))
}

/// Prints a text on standard output.
///
/// # Errors
/// What the system says, but for a reader who has had enough.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Micros;

    #[test]
    fn what_is_wrong_with_the_recording_stands_in_no_conversation() {
        let mut screen = Screen {
            quiet: false,
            verbose: true,
            silent: false,
            colour: false,
            aside: false,
            offers: None,
            held: Some(String::new()),
            reached: true,
            failed: None,
        };
        let warning = |kind| Remark::new("warning").with("kind", kind).value("no space is left");
        for kind in ["journal", "certificate"] {
            screen.happened(&Timed { at: Micros(0), event: Event::Remark(warning(kind)) }, false);
        }
        assert_eq!(screen.held.as_deref(), Some("=== no space is left\n"), "that of the certificate alone");
    }
}
