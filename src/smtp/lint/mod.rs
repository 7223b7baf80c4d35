//! Lint: what is wrong or odd in a line before it is sent, why, by which RFC, and the line mended.
//!
//! A line is examined once: each part adds its findings and gives its piece of the mended line, so that mending mends
//! everything at once. Message content and BDAT octets are nobody's business here; an answer within AUTH is looked at
//! for its coding alone.

mod address;
mod argument;
mod attribute;
mod envelope;
mod limits;
mod nearest;
mod parameter;
mod secret;
mod torn;
mod word;

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use super::path::skip_space;
use super::session::Sent;
use super::{Command, Session, Verb, VerbTable};

pub use secret::{looks_like_secret, may_be_piece};
pub use word::{CLIENT, is_meant_as_verb};

/// How sure a lint is that the line will not do what its writer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Allowed, and worth knowing.
    Odd,
    /// The protocol does not allow it; some servers refuse it.
    Wrong,
}

/// One finding about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// A stable name, such as `space-before-colon`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: octets of the line.
    pub span: Range<usize>,
    /// Why, in one sentence.
    pub reason: String,
    /// The RFC and section, such as `RFC 5321 4.1.1.3`.
    pub reference: Cow<'static, str>,
    /// The whole line mended of this and of every other finding that has a mending, where there is one.
    pub mended: Option<String>,
}

/// Looks at a line (without its end) at this point of a session. Most severe first, then by place.
///
/// An empty line has no findings: nothing has been written yet.
#[must_use]
pub fn lint(line: &[u8], session: &Session, verbs: &VerbTable) -> Vec<Lint> {
    let (findings, rebuilt) = examine(line, session, verbs);
    let mendable = findings.list.iter().any(|(_, mendable)| *mendable);
    let mended = mendable.then(|| mend(&rebuilt, session, verbs));
    let mended = mended.and_then(|line| String::from_utf8(line).ok()).filter(|mended| mended.as_bytes() != line);
    let mut lints: Vec<Lint> = findings
        .list
        .into_iter()
        .map(|(lint, mendable)| Lint { mended: mended.clone().filter(|_| mendable), ..lint })
        .collect();
    sort(&mut lints);
    lints
}

/// What [`lint`] finds, and what is wrong by the time of day at which the line is sent.
#[must_use]
pub fn lint_at(line: &[u8], session: &Session, verbs: &VerbTable, now: Option<Timestamp>) -> Vec<Lint> {
    let mut lints = lint(line, session, verbs);
    if let (Some(now), Sent::Command(command)) = (now, session.classify(line)) {
        lints.extend(parameter::by_now(&command, now));
    }
    sort(&mut lints);
    lints
}

fn sort(lints: &mut [Lint]) {
    lints.sort_by_key(|lint| (std::cmp::Reverse(lint.severity), lint.span.start));
}

/// How often a line is mended at most; two times are seldom needed.
const MENDINGS: usize = 6;

/// Findings as they are gathered; the flag says whether the rebuilt line is free of it.
#[derive(Default)]
struct Findings {
    list: Vec<(Lint, bool)>,
}

/// A finding just made.
struct Found<'a>(&'a mut bool);

impl Found<'_> {
    /// The rebuilt line will be free of it.
    fn mends(self) {
        *self.0 = true;
    }
}

impl Findings {
    fn wrong(
        &mut self,
        name: &'static str,
        span: Range<usize>,
        reason: impl Into<String>,
        reference: impl Into<Cow<'static, str>>,
    ) -> Found<'_> {
        self.add(Severity::Wrong, name, span, reason.into(), reference.into())
    }

    fn odd(
        &mut self,
        name: &'static str,
        span: Range<usize>,
        reason: impl Into<String>,
        reference: impl Into<Cow<'static, str>>,
    ) -> Found<'_> {
        self.add(Severity::Odd, name, span, reason.into(), reference.into())
    }

    fn add(
        &mut self,
        severity: Severity,
        name: &'static str,
        span: Range<usize>,
        reason: String,
        reference: Cow<'static, str>,
    ) -> Found<'_> {
        self.list.push((Lint { name, severity, span, reason, reference, mended: None }, false));
        Found(&mut self.list.last_mut().expect("just pushed").1)
    }
}

/// What every part of the examination needs.
struct Context<'a> {
    line: &'a [u8],
    command: &'a Command,
    session: &'a Session,
    verbs: &'a VerbTable,
}

impl Context<'_> {
    /// Where the verb stands.
    fn word(&self) -> Range<usize> {
        let start = skip_space(self.line, 0);
        start..start + self.line[start..].iter().take_while(|b| !b.is_ascii_whitespace()).count()
    }

    /// Where the argument stands, white space at its end left out.
    fn argument(&self) -> Range<usize> {
        let start = self.command.argument.start;
        start..start + self.line[start..].trim_ascii_end().len()
    }

    /// Whether the server's offer is known: EHLO or LHLO was answered on this line.
    fn offer_known(&self) -> bool {
        matches!(self.session.greeted_by, Some(Verb::Ehlo | Verb::Lhlo))
    }
}

/// The findings, and the line rebuilt without those that can be mended.
fn examine(line: &[u8], session: &Session, verbs: &VerbTable) -> (Findings, Vec<u8>) {
    let mut found = Findings::default();
    let command = match session.classify(line) {
        Sent::Content | Sent::EndOfData => return (found, line.to_vec()),
        Sent::AuthAnswer => {
            argument::auth_answer(line, &mut found);
            return (found, line.to_vec());
        }
        Sent::Command(command) => command,
    };
    if line.is_empty() {
        return (found, Vec::new());
    }
    if let Some(rebuilt) = controls(line, session, verbs, &mut found) {
        return (found, rebuilt);
    }
    let context = Context { line, command: &command, session, verbs };
    if context.word().is_empty() {
        found.odd("blank-line", 0..line.len(), "The line is blank; a server answers 500 to it.", "RFC 5321 4.1.1");
        return (found, line.to_vec());
    }
    spaces(&context, &mut found);
    if let Some(objection) = session.objection(&command) {
        found.add(objection.severity, "sequence", context.word(), objection.reason, objection.reference.into());
    }
    let rebuilt = match command.verb {
        Verb::Other => word::examine(&context, &mut found),
        Verb::Mail | Verb::Rcpt => {
            limits::examine(&context, &mut found);
            envelope::examine(&context, &mut found)
        }
        _ => argument::examine(&context, &mut found),
    };
    length(&context, &mut found);
    (found, rebuilt)
}

/// The line mended of everything that can be, for a line that was itself made by mending another: one mending can
/// bring the next to light (a comma taken away leaves a parameter without its value).
fn mend(line: &[u8], session: &Session, verbs: &VerbTable) -> Vec<u8> {
    let mut line = line.to_vec();
    for _ in 0..MENDINGS {
        let (found, rebuilt) = examine(&line, session, verbs);
        if rebuilt == line || !found.list.iter().any(|(_, mendable)| *mendable) {
            break;
        }
        line = rebuilt;
    }
    line
}

/// Control characters make everything else doubtful, so nothing else is said beside them.
fn controls(line: &[u8], session: &Session, verbs: &VerbTable, found: &mut Findings) -> Option<Vec<u8>> {
    let is_control = |b: &u8| b.is_ascii_control() && *b != b'\t';
    let first = line.iter().position(is_control)?;
    let span = first..first + line[first..].iter().take_while(|b| is_control(b)).count();
    let finding = found.wrong(
        "control-character",
        span,
        "A command holds no control characters; a server may end the line there or drop the connection.",
        "RFC 5321 4.1.2",
    );
    // A line end in the middle makes two commands of the line: which was meant is not ours to say.
    let text = line.trim_ascii_end();
    if text.iter().any(|b| matches!(b, b'\r' | b'\n')) {
        return Some(line.to_vec());
    }
    let clean: Vec<u8> = text.iter().copied().filter(|b| !is_control(b)).collect();
    finding.mends();
    Some(mend(&clean, session, verbs))
}

/// White space around the line, and white space that is not one space.
fn spaces(context: &Context<'_>, found: &mut Findings) {
    let line = context.line;
    let word = context.word();
    if word.start > 0 {
        found
            .wrong(
                "leading-space",
                0..word.start,
                "A command begins with its verb, not with a space.",
                "RFC 5321 4.1.1",
            )
            .mends();
    }
    let end = line.trim_ascii_end().len();
    // Behind a verb alone it waits for the rest, of which something else is said.
    let begun = word.end == end && matches!(context.command.verb, Verb::Mail | Verb::Rcpt | Verb::Bdat);
    if end < line.len() && !begun {
        let reason = "A space stands at the end of the line; servers should bear it, and some do not.";
        found.odd("trailing-space", end..line.len(), reason, "RFC 5321 4.1.1").mends();
    }
    let inside = word.start..end;
    if let Some(tab) = memchr::memchr(b'\t', &line[inside]).map(|step| word.start + step) {
        let reason = "The parts of a command are parted by a space, not by a tab.";
        found.wrong("tab", tab..tab + 1, reason, "RFC 5321 4.1.1").mends();
    }
    let gap = word.end..context.command.argument.start.min(end);
    if gap.len() > 1 && !line[gap.clone()].contains(&b'\t') {
        found.odd("several-spaces", gap, "One space stands after the verb.", "RFC 5321 4.1.1").mends();
    }
}

/// RFC 5321 4.5.3.1.4: 512 octets with CR LF, and what the offered extensions add; RFC 4954 4.
fn length(context: &Context<'_>, found: &mut Findings) {
    let command = context.command;
    let added: usize = context.verbs.find(&command.word).map_or(0, |entry| {
        let offered = entry.parameters.iter().filter(|p| context.session.capabilities.has(&p.capability));
        offered.map(|p| p.line).sum()
    });
    let limit = 512 + added;
    let length = context.line.len() + 2;
    if length > limit {
        let cure = if command.verb == Verb::Auth {
            " Send AUTH and the mechanism alone, and the rest after the 334."
        } else {
            ""
        };
        found.wrong(
            "line-too-long",
            limit - 2..context.line.len(),
            format!("The line has {length} octets with its end; a server need not take more than {limit} here.{cure}"),
            if command.verb == Verb::Auth { "RFC 4954 4" } else { "RFC 5321 4.5.3.1.4" },
        );
    }
}

/// Text of the line as it may stand in a reason.
fn shown(text: &[u8]) -> String {
    super::escape::for_screen(text)
}

#[cfg(test)]
mod tests;
