//! A message of the lab's as rows: its text, its header, its parts, its octets, its envelope beside its header, and what a
//! report in it means.

use std::fmt::Write as _;

use crate::class::attend::Posted;
use crate::decode::{Context, Knowledge, Reported, explain_reported, reported};
use crate::message::structure::{self, Read};
use crate::message::{encoded, header};
use crate::smtp::escape::for_screen;
use crate::tui::text::{fit, width, wrap};
use crate::tui::theme::Role;

/// Octets of a message, of its header and of its text that are shown: rows are made anew whenever something is drawn.
const SHOWN: usize = 64 * 1024;

/// One message as it lies in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    /// How it came, and where it lies.
    pub envelope: Posted,
    /// The message with the header lines that the server added.
    pub raw: Vec<u8>,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum View {
    #[default]
    Text,
    Header,
    Parts,
    Raw,
    Envelope,
    Report,
}

impl View {
    pub(super) const ALL: [Self; 6] = [Self::Text, Self::Header, Self::Parts, Self::Raw, Self::Envelope, Self::Report];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Header => "Header",
            Self::Parts => "Parts",
            Self::Raw => "Raw",
            Self::Envelope => "Envelope",
            Self::Report => "Report",
        }
    }
}

/// A row of a view.
pub(super) type Row = (Role, String);

/// A letter that was opened: what of it takes time to find out.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    read: Read,
    /// What it reports, where it is a bounce or a receipt.
    reports: Vec<Reported>,
}

impl Opened {
    pub(super) fn of(letter: &Letter) -> Self {
        let mut read = structure::read(letter.content());
        let (all, end) = (read.text.len(), read.text.floor_char_boundary(SHOWN));
        if end < all {
            read.text.truncate(end);
            let _ = write!(read.text, "\n… {} more octets; export has them all", all - end);
        }
        Self { read, reports: reported(&String::from_utf8_lossy(letter.content())) }
    }

    /// Nothing of it is explained: it is an exam.
    pub(super) fn unexplained(&mut self) {
        self.reports.clear();
    }

    pub(super) fn is_report(&self) -> bool {
        !self.reports.is_empty()
    }

    /// The views that there are of it: what is no report has nothing to report.
    pub(super) fn views(&self) -> &'static [View] {
        if self.is_report() { &View::ALL } else { &View::ALL[..View::ALL.len() - 1] }
    }
}

impl Letter {
    /// What is known of it, and its octets.
    #[must_use]
    pub fn of(envelope: Posted, raw: Vec<u8>) -> Self {
        Self { envelope, raw }
    }

    /// The message as the client sent it.
    fn content(&self) -> &[u8] {
        self.raw.get(self.envelope.added..).unwrap_or_default()
    }

    /// A header field as it is read; nothing where there is none.
    fn field(&self, name: &str) -> Option<String> {
        header::get(self.content(), name).map(|value| shown(&encoded::decoded(&value)))
    }

    pub(super) fn subject(&self) -> String {
        self.field("Subject").unwrap_or_else(|| "(no subject)".to_owned())
    }

    pub(super) fn sender(&self) -> String {
        if self.envelope.from.is_empty() { "<>".to_owned() } else { shown(&self.envelope.from) }
    }

    /// The name of the file that it is exported as: letters, digits, `@`, `.`, `-` and `_` only.
    pub(super) fn file_name(&self) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || "@.-_".contains(c) { c } else { '_' };
        let mailbox: String = self.envelope.mailbox.chars().map(safe).collect();
        format!("{:06}-{}-{mailbox}.eml", self.envelope.number, self.envelope.queue_id)
    }

    /// A view's rows, in so many columns.
    pub(super) fn rows(&self, view: View, opened: &Opened, knowledge: &Knowledge, columns: usize) -> Vec<Row> {
        match view {
            View::Text => self.text(opened, columns),
            View::Header => self.header(columns),
            View::Parts => parts(&opened.read, columns),
            View::Raw => self.octets(columns),
            View::Envelope => self.envelope(columns),
            View::Report => report(&opened.reports, knowledge, columns),
        }
    }

    fn text(&self, opened: &Opened, columns: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for name in ["From", "To", "Cc", "Date", "Subject"] {
            let Some(value) = self.field(name) else { continue };
            rows.extend(wrap(&format!("{name}: {value}"), columns).into_iter().map(|row| (Role::Accent, row)));
        }
        rows.push((Role::Text, String::new()));
        if opened.read.text.trim().is_empty() {
            let (role, words) = match self.unparted() {
                Some(line) => {
                    let why = format!("no empty line parts its header from its text: “{line}” stands among the fields");
                    (Role::Warning, format!("It has no text to read, for {why}. Raw has its octets."))
                }
                None => (Role::Dim, "It has no text to read; its octets are in Raw.".to_owned()),
            };
            rows.extend(wrap(&words, columns).into_iter().map(|row| (role, row)));
        }
        for line in opened.read.text.lines() {
            rows.extend(wrap(&shown(line), columns).into_iter().map(|row| (Role::Text, row)));
        }
        let named = opened
            .read
            .parts
            .iter()
            .filter(|part| part.name.is_some() || part.disposition.as_deref() == Some("attachment"));
        for part in named {
            let name = part.name.as_deref().unwrap_or("without a name");
            rows.push((
                Role::Remark,
                fit(&format!("+ {}  {}, {} B", shown(name), shown(&part.kind), part.size), columns),
            ));
        }
        rows
    }

    fn header(&self, columns: usize) -> Vec<Row> {
        let (added, own) = self.raw.split_at(self.envelope.added.min(self.raw.len()));
        let mut rows = vec![(Role::Dim, "Written by the server".to_owned())];
        rows.extend(fields(added, Role::Dim, columns));
        rows.push((Role::Dim, "From the sender".to_owned()));
        let fields = fields(own, Role::Text, columns);
        if fields.is_empty() {
            rows.push((Role::Warning, "none: all of the message is body".to_owned()));
        }
        rows.extend(fields);
        if let Some(line) = self.unparted() {
            let words = format!("no field, and no empty line before it: “{line}”");
            rows.extend(wrap(&words, columns).into_iter().map(|row| (Role::Warning, row)));
        }
        rows
    }

    /// The line that stands within the header without being a field of it.
    fn unparted(&self) -> Option<String> {
        const QUOTED: usize = 40;
        let content = &self.content()[..self.content().len().min(SHOWN)];
        let lines = content.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        header::unparted(lines).map(|line| for_screen(line).chars().take(QUOTED).collect())
    }

    fn octets(&self, columns: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let kept = &self.raw[..self.raw.len().min(SHOWN)];
        let mut at = 0;
        for line in kept.split_inclusive(|b| *b == b'\n') {
            let role = if at < self.envelope.added { Role::Dim } else { Role::Text };
            at += line.len();
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let (text, bare) = match text.strip_suffix(b"\r") {
                Some(text) => (text, ""),
                None if line.ends_with(b"\n") => (text, "\\n"),
                None => (text, ""),
            };
            rows.extend(wrap(&format!("{}{bare}", for_screen(text)), columns).into_iter().map(|row| (role, row)));
        }
        if kept.len() < self.raw.len() {
            rows.push((Role::Remark, format!("… {} more octets; export has them all", self.raw.len() - kept.len())));
        }
        rows
    }

    /// What the envelope says beside what the header says, and where they differ.
    fn envelope(&self, columns: usize) -> Vec<Row> {
        let sealed = &self.envelope;
        let mut rows = Vec::new();
        let half = columns.saturating_sub(12) / 2;
        let mut beside = |what: &str, left: &str, right: Option<String>, differs: Option<String>| {
            let right = right.unwrap_or_else(|| "(none)".to_owned());
            let mark = if differs.is_some() { "≠" } else { " " };
            let (left, right) = (wrap(left, half), wrap(&right, half));
            for n in 0..left.len().max(right.len()) {
                let cell = |side: &[String]| side.get(n).cloned().unwrap_or_default();
                let (head, mark) = if n == 0 { (what, mark) } else { ("", " ") };
                let (l, r) = (cell(&left), cell(&right));
                let gap = " ".repeat(half.saturating_sub(width(&l)));
                let role = if differs.is_some() { Role::Warning } else { Role::Text };
                rows.push((role, format!("{head:<7}{mark} {l}{gap}  {r}").trim_end().to_owned()));
            }
            if let Some(words) = differs {
                rows.extend(
                    wrap(&words, columns.saturating_sub(9))
                        .into_iter()
                        .map(|row| (Role::Remark, format!("         {row}"))),
                );
            }
        };
        beside("", "on the envelope", Some("in the header".to_owned()), None);
        let author = self.field("From");
        let other = author.as_deref().is_none_or(|author| !names(author, &sealed.from));
        let why = match (&author, sealed.from.is_empty()) {
            (_, true) => "The reverse-path is empty: nobody is told if this can't be delivered. Reports are sent so.",
            (None, _) => "The message does not say who wrote it.",
            _ => {
                "The reader sees the header; bounces go to the envelope. SPF looks at the envelope, DMARC at the header."
            }
        };
        beside("from", &format!("<{}>", shown(&sealed.from)), author, other.then(|| why.to_owned()));
        let mut readers: Vec<String> = ["To", "Cc"].iter().filter_map(|name| self.field(name)).collect();
        readers.retain(|field| !field.is_empty());
        let readers = if readers.is_empty() { None } else { Some(readers.join(", ")) };
        let hidden = readers.as_deref().is_none_or(|readers| !names(readers, &sealed.to));
        let why = "This recipient stands in neither To nor Cc: a blind copy, a mailing list, or a header that is made up. The \
                   envelope alone decides who gets it.";
        beside("to", &format!("<{}>", shown(&sealed.to)), readers, hidden.then(|| why.to_owned()));
        beside("time", &shown(&sealed.time), self.field("Date"), None);
        rows.push((Role::Text, String::new()));
        let mut say = |text: String| rows.extend(wrap(&text, columns).into_iter().map(|row| (Role::Text, row)));
        say(format!("MAIL FROM:<{}>{}", shown(&sealed.from), shown(&sealed.parameters[0])));
        say(format!("RCPT TO:<{}>{}", shown(&sealed.to), shown(&sealed.parameters[1])));
        if sealed.helo.is_empty() {
            say("written by the server itself".to_owned());
        } else {
            say(format!("greeted as {}, {}", shown(&sealed.helo), shown(&sealed.client)));
        }
        say(format!("queued as {}, in the mailbox {}", shown(&sealed.queue_id), shown(&self.envelope.mailbox)));
        rows
    }
}

/// What a bounce or receipt says of each recipient, and what that means.
fn report(all: &[Reported], knowledge: &Knowledge, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for one in all {
        let bad = one.action == "failed";
        let mut said = String::new();
        for word in
            [one.code.map(|code| code.to_string()), one.enhanced.map(|code| code.to_string())].into_iter().flatten()
        {
            let _ = write!(said, "{word} ");
        }
        said.push_str(&shown(&one.text));
        let head = format!("{}: {}", shown(&one.recipient), shown(&one.action));
        rows.extend(wrap(&head, columns).into_iter().map(|row| (if bad { Role::Refused } else { Role::Good }, row)));
        rows.extend(wrap(&said, columns).into_iter().map(|row| (Role::Received, row)));
        let meant = explain_reported(one, &Context::default(), knowledge);
        rows.push((Role::Text, String::new()));
        rows.extend(wrap(&shown(&meant.title), columns).into_iter().map(|row| (Role::Accent, row)));
        rows.extend(wrap(&shown(&meant.meaning), columns).into_iter().map(|row| (Role::Text, row)));
        for (n, cause) in meant.causes.iter().enumerate() {
            rows.extend(wrap(&format!("{} {}", n + 1, shown(cause)), columns).into_iter().map(|row| (Role::Text, row)));
        }
        for step in &meant.next {
            rows.extend(wrap(&format!("▸ {}", shown(&step.text)), columns).into_iter().map(|row| (Role::Text, row)));
        }
        rows.push((Role::Text, String::new()));
    }
    rows
}

/// The parts as a tree.
fn parts(read: &Read, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (n, part) in read.parts.iter().enumerate() {
        let last = |depth: usize| {
            let after = read.parts[n + 1..].iter().find(|other| other.depth <= depth);
            after.is_none_or(|other| other.depth < depth)
        };
        let mut line = String::new();
        for depth in 1..part.depth {
            line.push_str(if last(depth) { "   " } else { "│  " });
        }
        if part.depth > 0 {
            line.push_str(if last(part.depth) { "└─ " } else { "├─ " });
        }
        line.push_str(&shown(&part.kind));
        for detail in [&part.name, &part.charset, &part.disposition].into_iter().flatten() {
            let _ = write!(line, "  {}", shown(detail));
        }
        if let Some(encoding) = part.encoding {
            let _ = write!(line, "  {encoding}");
        }
        let _ = write!(line, "  {} B", part.size);
        if part.broken {
            line.push_str("  its encoding is broken");
        }
        rows.push((if part.broken { Role::Warning } else { Role::Text }, fit(&line, columns)));
    }
    rows
}

/// The fields of a head, decoded and unfolded.
fn fields(message: &[u8], role: Role, columns: usize) -> Vec<Row> {
    let text = String::from_utf8_lossy(&message[..message.len().min(SHOWN)]);
    let mut unfolded: Vec<String> = Vec::new();
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        match unfolded.last_mut() {
            _ if line.is_empty() => break,
            Some(before) if line.starts_with([' ', '\t']) => {
                before.push(' ');
                before.push_str(line.trim_start());
            }
            _ if line.split_once(':').is_some_and(|(name, _)| !name.is_empty() && !name.contains(' ')) => {
                unfolded.push(line.to_owned());
            }
            _ => break,
        }
    }
    let rows = unfolded.iter().flat_map(|field| wrap(&shown(&encoded::decoded(field)), columns));
    rows.map(|row| (role, row)).collect()
}

/// Whether a list of addresses names this one.
fn names(field: &str, address: &str) -> bool {
    let (field, address) = (field.to_lowercase(), address.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric() || "@.-_+".contains(c);
    !address.is_empty()
        && field.match_indices(&address).any(|(at, found)| {
            let (before, after) = (field[..at].chars().next_back(), field[at + found.len()..].chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
}

fn shown(text: &str) -> String {
    for_screen(text.as_bytes())
}
