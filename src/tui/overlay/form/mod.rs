//! The form view: the line as fields of their kinds, and the raw line above them as it is filled in.
//!
//! It edits the line and nothing else: what it gives back is the line.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::Outcome;
use crate::smtp::command::Parameter;
use crate::smtp::escape::is_plain;
use crate::smtp::verb::{FieldKind, ParameterEntry, VerbEntry};
use crate::smtp::{Capabilities, Command, Verb, xtext};

mod view;

/// The form's state.
#[derive(Debug, Clone)]
pub struct Form {
    entry: VerbEntry,
    rows: Vec<Row>,
    at: usize,
    /// What the line has besides, as it stands there: parameters that nobody knows.
    rest: Vec<String>,
    /// The line as it was before.
    was: String,
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
        let command = Command::parse(line.as_bytes());
        let mut rows = fields(entry, line, &command, offered);
        let (first, later): (Vec<&ParameterEntry>, Vec<_>) =
            entry.parameters.iter().partition(|parameter| offered.has(&parameter.capability));
        rows.extend(first.into_iter().map(|parameter| row(parameter, true, &command)));
        rows.extend(later.into_iter().map(|parameter| row(parameter, false, &command)));
        Self { entry: entry.clone(), rows, at: 0, rest: unknown(entry, &command), was: line.to_owned() }
    }

    /// The line as it is filled in.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = String::new();
        for word in self.entry.template.split(' ') {
            let field = word.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
            let text = match field.and_then(|name| self.rows.iter().find(|r| r.parameter.is_none() && r.label == name))
            {
                Some(row) => word.replace(&format!("{{{}}}", row.label), &row.value.text().unwrap_or_default()),
                None => word.to_owned(),
            };
            if !text.is_empty() {
                line.push_str(if line.is_empty() { "" } else { " " });
                line.push_str(&text);
            }
        }
        for row in &self.rows {
            let (Some(parameter), Some(value)) = (&row.parameter, row.value.text()) else { continue };
            line.push(' ');
            line.push_str(&parameter.name);
            let alone = parameter.is_bare() || (value.is_empty() && parameter.optional);
            if !alone {
                line.push('=');
                line.push_str(&encoded(parameter, &value));
            }
        }
        for text in &self.rest {
            line.push(' ');
            line.push_str(text);
        }
        line
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

/// The fields of the template, as far as the line fills them.
fn fields(entry: &VerbEntry, line: &str, command: &Command, offered: &Capabilities) -> Vec<Row> {
    let envelope = matches!(Verb::from_word(&entry.name), Verb::Mail | Verb::Rcpt);
    let argument = command.argument_text().into_owned();
    let mut words = argument.split_whitespace();
    let last = entry.fields.len().saturating_sub(1);
    let same = command.word.eq_ignore_ascii_case(&entry.name) && !line.is_empty();
    let mut rows = Vec::new();
    for (n, field) in entry.fields.iter().enumerate() {
        let text = match &command.path {
            _ if !same => String::new(),
            Some(path) if envelope => path.address(),
            _ if envelope => String::new(),
            _ if n == last && field.kind == FieldKind::Text => words.by_ref().collect::<Vec<_>>().join(" "),
            _ => words.next().unwrap_or_default().to_owned(),
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
        rows.push(Row { label: field.name.clone(), help: field.help.clone(), offered: true, parameter: None, value });
    }
    rows
}

/// The parameters of the line that have no row, as they stand there: those that the verb's entry does not have, and what
/// stands a second time.
fn unknown(entry: &VerbEntry, command: &Command) -> Vec<String> {
    if !matches!(Verb::from_word(&entry.name), Verb::Mail | Verb::Rcpt | Verb::Xclient | Verb::Xforward) {
        return Vec::new();
    }
    let known = |keyword: &str| entry.parameters.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(keyword));
    let first =
        |parameter: &Parameter| command.parameter(&parameter.keyword).is_some_and(|first| first.span == parameter.span);
    let others = command.parameters.iter().filter(|parameter| !known(&parameter.keyword) || !first(parameter));
    others.map(|it| String::from_utf8_lossy(&command.line[it.span.clone()]).trim().to_owned()).collect()
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
    Row { label: parameter.name.clone(), help, offered, parameter: Some(parameter.clone()), value }
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
