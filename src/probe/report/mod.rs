//! What came of a run of probes, as text, as JSON and as an HTML page that stands alone.

use jiff::Timestamp;

use crate::conversation::{Kind, Log, words};
use crate::profile::Target;
use crate::script::Cause;
use crate::smtp::escape::for_screen;

use super::{Finding, Severity};

mod html;
mod json;
mod text;

pub use html::html;
pub use json::json;
pub use text::{finding_lines, text};

/// What came of a run of probes.
#[derive(Debug)]
pub struct Report {
    /// The server, as a TARGET.
    pub target: String,
    /// How that was read.
    pub reading: String,
    /// When it began.
    pub started: Timestamp,
    /// The probes that were run, by name.
    pub done: Vec<&'static str>,
    /// Those that were not, and why.
    pub left_out: Vec<(&'static str, String)>,
    /// What was found, in order.
    pub findings: Vec<Finding>,
    /// Everything that happened.
    pub log: Log,
    /// Why it ended before it was through, in words.
    pub problem: Option<(Cause, String)>,
}

/// A record of the log as evidence shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// `->`, `<-`, `<**`, `==` and their kin under TLS, padded to four columns.
    pub mark: &'static str,
    /// The line, fit for a screen.
    pub text: String,
}

impl Report {
    /// A report of nothing yet.
    #[must_use]
    pub fn new(target: &Target, started: Timestamp) -> Self {
        Self {
            target: target.uri(),
            reading: target.reading.clone(),
            started,
            done: Vec::new(),
            left_out: Vec::new(),
            findings: Vec::new(),
            log: Log::new(),
            problem: None,
        }
    }

    /// How many findings weigh so much.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether something is to be mended.
    #[must_use]
    pub fn has_fault(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity.is_fault())
    }

    /// Whether no probe was run to its end.
    #[must_use]
    pub fn tested_nothing(&self) -> bool {
        self.done.is_empty()
    }

    /// One line about all of it: `1 high, 2 low, 12 good`.
    #[must_use]
    pub fn summary(&self) -> String {
        let counted = Severity::ALL.into_iter().map(|severity| (self.count(severity), severity.name()));
        let words = |(n, name): (usize, &str)| match (n, name) {
            // The other names say how one is.
            (2.., "note") => format!("{n} notes"),
            _ => format!("{n} {name}"),
        };
        let parts: Vec<_> = counted.filter(|(n, _)| *n > 0).map(words).collect();
        match (parts.is_empty(), &self.problem) {
            (true, Some(_)) => "nothing was tested, and so nothing is known".to_owned(),
            (true, None) if self.tested_nothing() => "nothing was tested, and so nothing is known".to_owned(),
            (true, None) => "nothing was found".to_owned(),
            (false, Some(_)) => format!("{}; not all was tested", parts.join(", ")),
            (false, None) => parts.join(", "),
        }
    }
}

/// A record as evidence shows it; none for what is no line and no remark.
#[must_use]
pub fn shown(log: &Log, record: usize) -> Option<Shown> {
    let entry = log.get(record)?;
    let text = |bytes: &[u8]| for_screen(bytes);
    let tls = is_secured(log, record);
    let refused = matches!(entry.bytes.first(), Some(b'4' | b'5'));
    let (mark, text) = match entry.kind {
        Kind::Sent => (if tls { " ~> " } else { " -> " }, text(entry.bytes)),
        Kind::Content => (if tls { " ~| " } else { " -| " }, text(entry.bytes)),
        Kind::Received => {
            let mark = match (refused, tls) {
                (true, true) => "<~* ",
                (true, false) => "<** ",
                (false, true) => "<~  ",
                (false, false) => "<-  ",
            };
            (mark, text(entry.bytes))
        }
        Kind::Remark => ("==  ", text(words::said(&entry.remark()?).words.as_bytes())),
        Kind::Script | Kind::Comment => return None,
    };
    // A line that is longer than it can be read is cut.
    let text = match text.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    };
    Some(Shown { mark, text })
}

/// Whether the line was encrypted at this record.
fn is_secured(log: &Log, record: usize) -> bool {
    let remarks = log.of_kind(Kind::Remark).take_while(|(n, _)| *n <= record);
    remarks.fold(false, |tls, (_, entry)| {
        if entry.bytes.starts_with(b"connecting") {
            false
        } else if entry.bytes.starts_with(b"tls ") {
            entry.remark().is_some_and(|remark| remark.get("failed").is_none())
        } else {
            tls
        }
    })
}

/// The time of a record, seconds.
fn seconds(log: &Log, record: usize) -> Option<f64> {
    Some(std::time::Duration::from_micros(log.get(record)?.at?.0).as_secs_f64())
}
