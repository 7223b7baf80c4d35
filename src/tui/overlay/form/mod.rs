//! The form view: the line as fields of their kinds, and the raw line above them as it is filled in.
//!
//! It edits the line and nothing else: what it gives back is the line.

use std::ops::Range;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::Outcome;
use crate::smtp::escape::is_plain;
use crate::smtp::verb::{FieldKind, ParameterEntry, VerbEntry};
use crate::smtp::{Capabilities, Command, xtext};

mod view;

/// The form's state.
#[derive(Debug, Clone)]
pub struct Form {
    entry: VerbEntry,
    rows: Vec<Row>,
    at: usize,
    /// What the line has behind its template, in its order.
    tail: Vec<Piece>,
    /// The line as it was before.
    was: String,
    /// How the form would write that, where it holds more than its verb.
    made: Option<String>,
}

/// A word of the line behind what the template holds.
#[derive(Debug, Clone)]
struct Piece {
    /// As it stands there.
    text: String,
    /// The row that shows it; none where there is no field for it.
    row: Option<usize>,
}

/// One field.
#[derive(Debug, Clone)]
struct Row {
    /// Its name as the form shows it.
    label: String,
    /// What to put there.
    help: String,
    /// Whether the server offered it; fields of the verb itself always count as offered.
    offered: bool,
    /// The parameter that it is the value of, or none for a field of the template.
    parameter: Option<ParameterEntry>,
    value: Value,
    /// What stood on the line for the value as it was first: what it can't show stays while it is left alone.
    first: Option<String>,
}

/// What a field holds.
#[derive(Debug, Clone)]
enum Value {
    /// Text; only digits where `digits`.
    Text { input: Input, digits: bool },
    /// One of these, or none.
    Choice { choices: Vec<String>, chosen: Option<usize> },
    /// Any of these.
    Checks { boxes: Vec<(String, bool)>, at: usize },
    /// There or not.
    Flag(bool),
    /// There or not, with a value where one is typed.
    Optional { there: bool, input: Input },
}

impl Form {
    /// The form of a verb, filled in from a line that begins with it.
    #[must_use]
    pub fn of(entry: &VerbEntry, line: &str, offered: &Capabilities) -> Self {
        let command = understood(entry, line);
        let (mut rows, rest) = fields(entry, &command, offered);
        let (first, later): (Vec<&ParameterEntry>, Vec<_>) =
            entry.parameters.iter().partition(|parameter| offered.has(&parameter.capability));
        rows.extend(first.into_iter().map(|parameter| row(parameter, true, &command)));
        rows.extend(later.into_iter().map(|parameter| row(parameter, false, &command)));
        for row in &mut rows {
            row.first = row.value.text();
        }
        let tail = tail(&rest, &rows);
        let mut form = Self { entry: entry.clone(), rows, at: 0, tail, was: line.to_owned(), made: None };
        form.made = (!command.argument.is_empty()).then(|| form.written());
        form
    }

    /// The line as it is filled in; as it was where nothing is another.
    #[must_use]
    pub fn line(&self) -> String {
        let written = self.written();
        if self.made.as_ref() == Some(&written) { self.was.clone() } else { written }
    }

    fn written(&self) -> String {
        let mut words = Vec::new();
        for word in self.entry.template.split(' ') {
            let field = word.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
            let row = field.and_then(|name| self.rows.iter().find(|r| r.parameter.is_none() && r.label == name));
            words.push(match row {
                Some(row) => word.replace(&format!("{{{}}}", row.label), &row.value.text().unwrap_or_default()),
                None => word.to_owned(),
            });
        }
        for piece in &self.tail {
            match piece.row.map(|n| &self.rows[n]) {
                Some(row) if row.value.text() != row.first => words.extend(row.written()),
                _ => words.push(piece.text.clone()),
            }
        }
        let stands = |n: usize| self.tail.iter().any(|piece| piece.row == Some(n));
        words.extend(self.rows.iter().enumerate().filter(|(n, _)| !stands(*n)).filter_map(|(_, row)| row.written()));
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let last = self.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Enter | KeyCode::Esc => return Outcome::Line(self.line()),
            KeyCode::Char('c') if control => return Outcome::Line(self.was.clone()),
            KeyCode::Tab | KeyCode::Down => self.at = if self.at >= last { 0 } else { self.at + 1 },
            KeyCode::BackTab | KeyCode::Up => self.at = self.at.checked_sub(1).unwrap_or(last),
            _ => {
                if let Some(row) = self.rows.get_mut(self.at) {
                    row.value.key(key);
                }
            }
        }
        Outcome::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(Row { value: Value::Text { input, digits }, .. }) = self.rows.get_mut(self.at) {
            let line = text.lines().next().unwrap_or_default();
            for c in line.chars().filter(|c| is_plain(*c) && (!*digits || c.is_ascii_digit())) {
                input.handle(tui_input::InputRequest::InsertChar(c));
            }
        }
    }
}

impl Row {
    /// The parameter with its value, where it has one.
    fn written(&self) -> Option<String> {
        let (parameter, value) = (self.parameter.as_ref()?, self.value.text()?);
        let alone = parameter.is_bare() || (value.is_empty() && parameter.optional);
        let name = &parameter.name;
        Some(if alone { name.clone() } else { format!("{name}={}", encoded(parameter, &value)) })
    }
}

impl Value {
    fn text_of(text: &str, digits: bool) -> Self {
        Self::Text { input: Input::new(text.to_owned()), digits }
    }

    /// What stands on the line for it; nothing where it stands for nothing.
    fn text(&self) -> Option<String> {
        match self {
            Self::Text { input, .. } => Some(input.value().to_owned()).filter(|text| !text.is_empty()),
            Self::Choice { choices, chosen } => chosen.map(|n| choices[n].clone()),
            Self::Checks { boxes, .. } => {
                let set: Vec<&str> = boxes.iter().filter(|(_, on)| *on).map(|(name, _)| name.as_str()).collect();
                (!set.is_empty()).then(|| set.join(","))
            }
            Self::Flag(on) => on.then(String::new),
            Self::Optional { there, input } => there.then(|| input.value().to_owned()),
        }
    }

    fn key(&mut self, key: KeyEvent) {
        let toggles = matches!(key.code, KeyCode::Char(' '));
        match self {
            Self::Text { input, digits } => {
                let refused =
                    *digits && matches!(key.code, KeyCode::Char(c) if key.modifiers.is_empty() && !c.is_ascii_digit());
                if !refused {
                    input.handle_event(&Event::Key(key));
                }
            }
            Self::Choice { choices, chosen } => {
                let next = |n: Option<usize>| n.map_or(Some(0), |n| (n + 1 < choices.len()).then_some(n + 1));
                let before = |n: Option<usize>| n.map_or(choices.len().checked_sub(1), |n| n.checked_sub(1));
                match key.code {
                    KeyCode::Right | KeyCode::Char(' ') => *chosen = next(*chosen),
                    KeyCode::Left => *chosen = before(*chosen),
                    KeyCode::Backspace | KeyCode::Delete => *chosen = None,
                    _ => {}
                }
            }
            Self::Checks { boxes, at } => match key.code {
                KeyCode::Right => *at = (*at + 1).min(boxes.len().saturating_sub(1)),
                KeyCode::Left => *at = at.saturating_sub(1),
                _ if toggles => toggle(boxes, *at),
                _ => {}
            },
            Self::Flag(on) if toggles => *on = !*on,
            Self::Optional { there, .. } if toggles => *there = !*there,
            Self::Optional { there, input } => {
                input.handle_event(&Event::Key(key));
                *there |= !input.value().is_empty();
            }
            Self::Flag(_) => {}
        }
    }
}

/// Sets or clears a box; NEVER stands alone (RFC 3461 4.1).
fn toggle(boxes: &mut [(String, bool)], at: usize) {
    let Some((name, on)) = boxes.get_mut(at) else { return };
    *on = !*on;
    let (set, never) = (*on, name == "NEVER");
    for (n, (name, on)) in boxes.iter_mut().enumerate() {
        if set && n != at && (never || name == "NEVER") {
            *on = false;
        }
    }
}

/// Whether the template has a path in it: MAIL, RCPT, and those that only the first SMTP had.
fn has_path(entry: &VerbEntry) -> bool {
    entry.fields.iter().any(|field| matches!(field.kind, FieldKind::ReversePath | FieldKind::ForwardPath))
}

/// The line taken apart; the verb alone where the line begins with another. What has a path is taken for MAIL.
fn understood(entry: &VerbEntry, line: &str) -> Command {
    let command = Command::parse(line.as_bytes());
    match () {
        () if !command.word.eq_ignore_ascii_case(&entry.name) => Command::parse(entry.name.as_bytes()),
        () if has_path(entry) => Command::parse(format!("MAIL {}", command.argument_text()).as_bytes()),
        () => command,
    }
}

/// The fields of the template, as far as the line fills them, and what it has behind them.
fn fields(entry: &VerbEntry, command: &Command, offered: &Capabilities) -> (Vec<Row>, String) {
    let text = |span: Range<usize>| String::from_utf8_lossy(&command.line[span]).into_owned();
    let path = has_path(entry);
    let argument = if path { text(command.path_span.end..command.line.len()) } else { text(command.argument.clone()) };
    let mut rest = argument.trim_start();
    let last = entry.fields.len().saturating_sub(1);
    let mut rows = Vec::new();
    for (n, field) in entry.fields.iter().enumerate() {
        let text = if path {
            let inner = text(command.path_span.clone());
            let inner = inner.strip_prefix('<').unwrap_or(&inner);
            inner.strip_suffix('>').unwrap_or(inner).to_owned()
        } else {
            let whole = n == last && field.kind == FieldKind::Text;
            let end = rest.find(char::is_whitespace).filter(|_| !whole).unwrap_or(rest.len());
            let (word, more) = rest.split_at(end);
            rest = more.trim_start();
            word.trim_end().to_owned()
        };
        let choices = match field.kind {
            FieldKind::Choice => field.choices.clone(),
            FieldKind::Mechanism => offered.mechanisms(),
            _ => Vec::new(),
        };
        let value = match choices.iter().position(|choice| choice.eq_ignore_ascii_case(&text)) {
            Some(n) => Value::Choice { choices, chosen: Some(n) },
            None if !choices.is_empty() && text.is_empty() => Value::Choice { choices, chosen: None },
            None => Value::text_of(&text, field.kind == FieldKind::Number),
        };
        let (label, help) = (field.name.clone(), field.help.clone());
        rows.push(Row { label, help, offered: true, parameter: None, value, first: None });
    }
    (rows, rest.to_owned())
}

/// What stands behind the fields, word by word; of a parameter that stands there twice the row shows the first.
fn tail(rest: &str, rows: &[Row]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for text in rest.split_whitespace() {
        let keyword = text.split_once('=').map_or(text, |(keyword, _)| keyword);
        let is_it = |row: &Row| row.parameter.as_ref().is_some_and(|it| it.name.eq_ignore_ascii_case(keyword));
        let row = rows.iter().position(is_it).filter(|n| !pieces.iter().any(|piece| piece.row == Some(*n)));
        pieces.push(Piece { text: text.to_owned(), row });
    }
    pieces
}

/// The row of a parameter, as the line has it.
fn row(parameter: &ParameterEntry, offered: bool, command: &Command) -> Row {
    let there = command.parameter(&parameter.name);
    let text = there.and_then(|it| it.value.clone()).unwrap_or_default();
    let value = if parameter.is_bare() {
        Value::Flag(there.is_some())
    } else if parameter.optional {
        Value::Optional { there: there.is_some(), input: Input::new(decoded(parameter, &text)) }
    } else if parameter.list && !parameter.choices.is_empty() {
        let set = |choice: &String| text.split(',').any(|it| it.eq_ignore_ascii_case(choice));
        Value::Checks { boxes: parameter.choices.iter().map(|it| (it.clone(), set(it))).collect(), at: 0 }
    } else if let Some(choices) = closed(parameter) {
        let chosen = choices.iter().position(|choice| choice.eq_ignore_ascii_case(&text));
        Value::Choice { choices, chosen }
    } else {
        let digits = parameter.value.source().starts_with("[0-9]{1,");
        Value::text_of(&decoded(parameter, &text), digits)
    };
    let help = format!("{} ({})", parameter.help, parameter.reference);
    Row { label: parameter.name.clone(), help, offered, parameter: Some(parameter.clone()), value, first: None }
}

/// The choices, where the grammar allows nothing else.
fn closed(parameter: &ParameterEntry) -> Option<Vec<String>> {
    let mut allowed: Vec<&str> = parameter.value.source().split('|').collect();
    let mut choices: Vec<&str> = parameter.choices.iter().map(String::as_str).collect();
    allowed.sort_unstable();
    choices.sort_unstable();
    (!choices.is_empty() && allowed == choices).then(|| parameter.choices.clone())
}

/// A value as a person writes it.
fn decoded(parameter: &ParameterEntry, value: &str) -> String {
    if !parameter.xtext {
        return value.to_owned();
    }
    let plain = xtext::decode(value.as_bytes()).ok().and_then(|octets| String::from_utf8(octets).ok());
    plain.unwrap_or_else(|| value.to_owned())
}

/// A value as it stands on the line.
fn encoded(parameter: &ParameterEntry, value: &str) -> String {
    if !parameter.xtext || value == "<>" {
        return value.to_owned();
    }
    // The type before a `;` is no xtext (RFC 3461 4.2).
    match value.split_once(';') {
        Some((kind, address)) if parameter.grammar.contains(';') => {
            format!("{kind};{}", xtext::encode(address.as_bytes()))
        }
        _ => xtext::encode(value.as_bytes()),
    }
}

#[cfg(test)]
mod tests;
