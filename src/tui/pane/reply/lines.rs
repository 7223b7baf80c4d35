//! The decoded reply as rows of words.

use crate::conversation::Exchange;
use crate::conversation::dialogue::Ask;
use crate::decode::{Does, Explanation};
use crate::smtp::{Class, Verb};
use crate::tui::pane::wrap;
use crate::tui::talk::{Source, Talk};
use crate::tui::theme::Role;

/// One row of the panel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row {
    /// Words with their roles, from a column on.
    pub(super) words: Vec<(u16, Role, String)>,
    /// The next step that it belongs to, from 1.
    pub(super) step: Option<usize>,
}

/// Makes rows of one width.
struct Writer {
    rows: Vec<Row>,
    width: u16,
}

impl Writer {
    fn blank(&mut self) {
        if self.rows.last().is_some_and(|row| !row.words.is_empty()) {
            self.rows.push(Row::default());
        }
    }

    /// A paragraph, indented by so many columns.
    fn paragraph(&mut self, indent: u16, role: Role, text: &str) {
        let room = self.width.saturating_sub(indent).max(1);
        for row in wrap::rows(text.as_bytes(), room, room, 0) {
            let words = String::from_utf8_lossy(&text.as_bytes()[row]).trim_end().to_owned();
            self.rows.push(Row { words: vec![(indent, role, words)], step: None });
        }
    }

    /// Things in a row, as many as fit; none is broken off in its middle.
    fn list(&mut self, role: Role, things: &[String]) {
        let mut row = String::new();
        for thing in things {
            let longer = if row.is_empty() { thing.clone() } else { format!("{row} · {thing}") };
            if row.is_empty() || wrap::width(longer.as_bytes()) <= self.width {
                row = longer;
            } else {
                self.paragraph(0, role, &row);
                row.clone_from(thing);
            }
        }
        self.paragraph(0, role, &row);
    }

    /// A paragraph with a label before its first row.
    fn labelled(&mut self, label: &str, label_role: Role, indent: u16, role: Role, text: &str) {
        let first = self.rows.len();
        self.paragraph(indent, role, text);
        if let Some(row) = self.rows.get_mut(first) {
            row.words.insert(0, (0, label_role, label.to_owned()));
        }
    }

    /// Columns free at the end of the last row, two before them not counted.
    fn free(&self) -> u16 {
        let end = |(at, _, words): &(u16, Role, String)| at + wrap::width(words.as_bytes());
        self.width.saturating_sub(self.rows.last().and_then(|row| row.words.last()).map_or(0, end) + 2)
    }

    /// An action and its argument; the argument is shortened rather than put on a row of its own.
    fn action(&mut self, name: &str, argument: &str) {
        let free = self.free();
        let text = format!("{name} {argument}");
        let worth = wrap::width(name.as_bytes()) + 8;
        let text = if free >= worth { wrap::shortened(&text, free) } else { text };
        self.at_right(Role::Accent, &text);
    }

    /// Words at the right end of the last row, where they fit; else on a row of their own.
    fn at_right(&mut self, role: Role, text: &str) {
        let text = wrap::shortened(text, self.width.saturating_sub(2));
        let width = wrap::width(text.as_bytes());
        let free = self.free();
        let place = self.width.saturating_sub(width);
        let words = (place, role, text);
        match self.rows.last_mut() {
            Some(row) if width <= free => row.words.push(words),
            _ => self.rows.push(Row { words: vec![words], step: None }),
        }
    }
}

/// A part of what the panel shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Headline,
    Meaning,
    Digits,
    Causes,
    Steps,
    Notes,
    Blank,
}

/// From the ample to the scarce: where not all fits, what to do next stays in sight.
const ORDERS: [&[Part]; 6] = {
    use Part::{Blank, Causes, Digits, Headline, Meaning, Notes, Steps};
    [
        &[Headline, Meaning, Blank, Digits, Blank, Causes, Blank, Steps, Blank, Notes],
        &[Headline, Meaning, Digits, Blank, Causes, Blank, Steps, Blank, Notes],
        &[Headline, Meaning, Digits, Causes, Steps, Notes],
        &[Headline, Meaning, Causes, Steps, Digits, Notes],
        &[Headline, Causes, Steps, Meaning, Digits, Notes],
        &[Headline, Steps, Causes, Meaning, Digits, Notes],
    ]
};

/// What the panel shows, at a width and for a height.
pub(super) fn rows(talk: &Talk, width: u16, height: u16) -> Vec<Row> {
    let Some((exchange, explanation)) = talk.explanation() else {
        return nothing_yet(talk, width);
    };
    let height = usize::from(height);
    let mut rows = Vec::new();
    for (n, order) in ORDERS.iter().enumerate() {
        rows = explained(talk, exchange, explanation, width, order);
        let acted = rows.iter().rposition(|row| row.step.is_some()).map_or(0, |last| last + 1);
        if rows.len() <= height || n > 2 && acted < height {
            break;
        }
    }
    rows
}

fn explained(talk: &Talk, exchange: usize, explanation: &Explanation, width: u16, order: &[Part]) -> Vec<Row> {
    let mut out = Writer { rows: Vec::new(), width };
    for part in order {
        match part {
            Part::Headline => headline(&mut out, talk, exchange, explanation),
            Part::Meaning if explanation.meaning.is_empty() => {}
            Part::Meaning => out.paragraph(0, Role::Text, &explanation.meaning),
            Part::Digits => digits(&mut out, explanation),
            Part::Causes => causes(&mut out, explanation),
            Part::Steps => steps(&mut out, explanation),
            Part::Notes => notes(&mut out, explanation),
            Part::Blank => out.blank(),
        }
    }
    while out.rows.last().is_some_and(|row| row.words.is_empty()) {
        out.rows.pop();
    }
    out.rows
}

fn headline(out: &mut Writer, talk: &Talk, exchange: usize, explanation: &Explanation) {
    let role = match explanation.class {
        Class::Success | Class::Intermediate => Role::Good,
        Class::Transient | Class::Permanent | Class::Unknown => Role::Refused,
    };
    let code = explanation.code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
    let enhanced = explanation.enhanced.map(|enhanced| format!("  {enhanced}")).unwrap_or_default();
    out.paragraph(0, role, &format!("{code}{enhanced}"));
    if let Some(x) = talk.dialogue.exchanges().get(exchange) {
        out.at_right(Role::Dim, &answers(x, talk));
    }
    out.paragraph(0, role, &explanation.title);
}

/// What the reply answers: `to RCPT TO`, `to the final dot`.
fn answers(exchange: &Exchange, talk: &Talk) -> String {
    match exchange.ask {
        Ask::Greeting => "the greeting".to_owned(),
        Ask::Unasked => "unasked".to_owned(),
        Ask::AuthAnswer => "to an answer in AUTH".to_owned(),
        Ask::EndOfData => "to the final dot".to_owned(),
        Ask::Command => match exchange.verb {
            Verb::Mail => "to MAIL FROM".to_owned(),
            Verb::Rcpt => "to RCPT TO".to_owned(),
            Verb::Other => {
                let line = exchange.command().and_then(|record| talk.log.get(record));
                let word = line.and_then(|entry| entry.bytes.split(|b| *b == b' ').next()).unwrap_or_default();
                if word.is_empty() {
                    "to an empty line".to_owned()
                } else {
                    format!("to {}", wrap::shortened(&crate::smtp::escape::for_screen(word), 16))
                }
            }
            verb => format!("to {}", verb.word()),
        },
    }
}

fn digits(out: &mut Writer, explanation: &Explanation) {
    let widest = explanation.digits.iter().map(|(digits, _)| wrap::width(digits.as_bytes())).max().unwrap_or(0);
    for (digits, words) in &explanation.digits {
        out.labelled(digits, Role::Accent, widest + 2, Role::Text, words);
    }
}

fn causes(out: &mut Writer, explanation: &Explanation) {
    if explanation.causes.is_empty() {
        return;
    }
    out.paragraph(0, Role::Accent, if explanation.causes.len() == 1 { "Why" } else { "Why, most likely first" });
    for (n, cause) in explanation.causes.iter().enumerate() {
        numbered(out, n + 1, cause);
    }
}

fn numbered(out: &mut Writer, n: usize, text: &str) {
    let label = n.to_string();
    let indent = u16::try_from(label.len()).unwrap_or(1) + 1;
    out.labelled(&label, Role::Accent, indent, Role::Text, text);
}

fn steps(out: &mut Writer, explanation: &Explanation) {
    if explanation.next.is_empty() {
        return;
    }
    out.paragraph(0, Role::Accent, "Try next");
    if explanation.next.iter().any(|step| step.does != Does::Advice) {
        let last = explanation.next.len().min(9);
        let keys = if last == 1 { "Alt-1".to_owned() } else { format!("Alt-1…{last}") };
        out.at_right(Role::Dim, &format!("{keys} to the line"));
    }
    for (n, step) in explanation.next.iter().enumerate() {
        let first = out.rows.len();
        numbered(out, n + 1, &step.text);
        match &step.does {
            Does::Command(line) => out.at_right(Role::Sent, line),
            Does::Action(name, None) => out.at_right(Role::Accent, name),
            Does::Action(name, Some(argument)) => out.action(name, argument),
            Does::Advice => {}
        }
        for row in &mut out.rows[first..] {
            row.step = Some(n + 1);
        }
    }
}

fn notes(out: &mut Writer, explanation: &Explanation) {
    for note in &explanation.notes {
        out.paragraph(0, Role::Text, &format!("Good to know: {note}"));
    }
    if let Some(software) = &explanation.software {
        out.paragraph(0, Role::Dim, &format!("The server is probably {software}."));
    }
    if !explanation.references.is_empty() {
        out.list(Role::Dim, &explanation.references);
    }
}

/// What the panel says before there is a reply.
fn nothing_yet(talk: &Talk, width: u16) -> Vec<Row> {
    let mut out = Writer { rows: Vec::new(), width };
    let next = if talk.source == Source::Opened {
        "There is no reply in this conversation."
    } else if talk.dialogue.state().is_waiting() {
        "The server is working on it. Ctrl-C stops waiting."
    } else if talk.is_open() {
        "The first one comes when the connection stands."
    } else {
        "F4 connects to a server, F5 to the last one again. What it answers is explained here."
    };
    out.paragraph(0, Role::Text, "No reply yet.");
    out.paragraph(0, Role::Dim, next);
    out.rows
}
