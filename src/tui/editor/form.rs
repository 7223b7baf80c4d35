//! The message as a form beside its raw text: what is typed into a field is written into the text at once.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use crate::message::reencode::reencode;
use crate::message::{Encoding, encoded, header};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::text::{fit, width};
use crate::tui::theme::Role;

/// The fields that are header fields, in order.
const FIELDS: [&str; 7] = ["From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID"];
/// What comes after them.
const FURTHER: &str = "Header";
const HTML: &str = "HTML";
const ENCODING: &str = "Encoding";
const ATTACH: &str = "Attach file";
/// All of that, in order.
const MORE: [&str; 4] = [FURTHER, ENCODING, HTML, ATTACH];
/// How many rows there are to fill in.
const COUNT: usize = FIELDS.len() + MORE.len();
/// Columns of the names.
const NAMES: u16 = 13;
/// Columns of the form beside the text.
pub(super) const BESIDE: u16 = 46;
/// Columns of the editor from which form and text stand side by side.
pub(super) const WIDE: u16 = 100;

/// What a key does beyond the form.
pub(super) enum Done {
    /// Nothing.
    Stay,
    /// The text is this now.
    Text(Vec<u8>),
    /// This file is to be attached.
    Attach(std::path::PathBuf),
    /// The text has the keys again.
    Leave,
    /// The message is done.
    Finish,
}

/// The form's state: which field has the keys, and its line.
#[derive(Debug, Clone)]
pub(super) struct Form {
    at: usize,
    input: Input,
    said: Option<String>,
}

impl Form {
    /// A form on this message, with its subject at hand.
    pub(super) fn of(message: &[u8]) -> Self {
        let mut form = Self { at: 4, input: Input::default(), said: None };
        form.go(4, message);
        form
    }

    /// How many rows it has.
    pub(super) fn rows() -> u16 {
        // What is said of the field, and a line below it.
        u16::try_from(COUNT + 2).unwrap_or(u16::MAX)
    }

    fn name(at: usize) -> &'static str {
        let more = MORE;
        FIELDS.get(at).copied().unwrap_or_else(|| more[(at - FIELDS.len()).min(MORE.len() - 1)])
    }

    fn go(&mut self, at: usize, message: &[u8]) {
        self.at = at;
        let value = FIELDS.get(at).and_then(|name| value(message, name));
        self.input = Input::new(value.unwrap_or_default());
    }

    /// Says something below the fields.
    pub(super) fn say(&mut self, words: String) {
        self.said = Some(words);
    }

    pub(super) fn key(&mut self, key: KeyEvent, message: &[u8]) -> Done {
        self.said = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc | KeyCode::F(6) => Done::Leave,
            // What was typed into a field that is no header field is done before one goes on; it is never dropped.
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down if self.is_due() => self.enter(message),
            KeyCode::Char('d') if control && self.is_due() => self.enter(message),
            KeyCode::Char('d') if control => Done::Finish,
            KeyCode::Char('c') if control => Done::Leave,
            KeyCode::Enter => self.enter(message),
            KeyCode::Tab if key.modifiers.contains(KeyModifiers::SHIFT) => self.step(COUNT - 1, message),
            KeyCode::Tab | KeyCode::Down => self.step(1, message),
            KeyCode::BackTab | KeyCode::Up => self.step(COUNT - 1, message),
            _ => {
                self.input.handle_event(&Event::Key(key));
                self.written(message)
            }
        }
    }

    pub(super) fn paste(&mut self, text: &str, message: &[u8]) -> Done {
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.written(message)
    }

    /// Whether something was typed that only Enter makes part of the message.
    fn is_due(&self) -> bool {
        self.at >= FIELDS.len() && !self.input.value().trim().is_empty()
    }

    /// The file was attached.
    pub(super) fn attached(&mut self) {
        self.input = Input::default();
    }

    fn step(&mut self, by: usize, message: &[u8]) -> Done {
        self.go((self.at + by) % COUNT, message);
        Done::Stay
    }

    /// What was typed stands in the text at once, where it is a header field.
    fn written(&mut self, message: &[u8]) -> Done {
        let Some(name) = FIELDS.get(self.at) else { return Done::Stay };
        let value = self.input.value().trim();
        // A key that changed nothing, such as an arrow, leaves the field as it was written.
        if self::value(message, name).unwrap_or_default() == value {
            return Done::Stay;
        }
        let mut message = message.to_vec();
        if value.is_empty() {
            header::remove_first(&mut message, name);
        } else if let Err(error) = header::set_first(&mut message, name, value) {
            self.said = Some(error.to_string());
            return Done::Stay;
        }
        Done::Text(message)
    }

    fn enter(&mut self, message: &[u8]) -> Done {
        let value = self.input.value().trim().to_owned();
        match Self::name(self.at) {
            _ if value.is_empty() => self.step(1, message),
            FURTHER => {
                let mut message = message.to_vec();
                let added = header::field(&value).and_then(|(name, value)| header::set(&mut message, &name, &value));
                if let Err(error) = added {
                    self.said = Some(error.to_string());
                    return Done::Stay;
                }
                self.input = Input::default();
                Done::Text(message)
            }
            ENCODING => {
                let encoding = Encoding::parse(&value).ok_or_else(|| "auto, 8bit or base64".to_owned());
                let written = encoding.and_then(|it| reencode(message, it).map_err(|error| error.to_string()));
                match written {
                    Ok(message) => {
                        self.input = Input::default();
                        Done::Text(message)
                    }
                    Err(words) => {
                        self.said = Some(words);
                        Done::Stay
                    }
                }
            }
            HTML => {
                self.input = Input::default();
                Done::Text(crate::message::attach::alternative(message, &value))
            }
            // It stays until the file was read.
            ATTACH => Done::Attach(value.into()),
            _ => self.step(1, message),
        }
    }

    /// Draws it; `message` is what stands in its fields.
    pub(super) fn draw(&self, message: &[u8], model: &Model, area: Rect, frame: &mut Frame<'_>) {
        let theme = model.theme;
        let columns = usize::from(area.width.saturating_sub(NAMES + 1)).max(1);
        // The field that has the keys is in sight, however few rows there are, and what is said of it below.
        let listed = usize::from(area.height).saturating_sub(1).clamp(1, COUNT);
        let from = (self.at + 1).saturating_sub(listed);
        for (at, y) in (from..(from + listed).min(COUNT)).zip(area.y..area.bottom()) {
            let mine = at == self.at;
            let name = Self::name(at);
            let value = match FIELDS.get(at) {
                Some(name) if !mine => value(message, name).unwrap_or_default(),
                _ if mine && (name != ENCODING || !self.input.value().is_empty()) => self.input.value().to_owned(),
                _ if name == ENCODING => value(message, "Content-Transfer-Encoding").unwrap_or_default(),
                _ => String::new(),
            };
            let bar = if mine { "▌" } else { " " };
            let style = theme.style(if mine { Role::Accent } else { Role::Dim });
            frame.buffer_mut().set_string(area.x, y, format!("{bar}{name}"), style);
            if !mine && value.is_empty() && MORE.contains(&name) {
                let words = fit(takes(name), columns);
                frame.buffer_mut().set_string(area.x + NAMES, y, words, theme.style(Role::Dim));
                continue;
            }
            let shown = for_screen(value.as_bytes());
            let skip = if mine { width(&shown).saturating_sub(columns.saturating_sub(1)) } else { 0 };
            let part: String = shown.chars().skip(skip).collect();
            frame.buffer_mut().set_string(area.x + NAMES, y, fit(&part, columns), theme.style(Role::Text));
            if mine {
                let before: String = self.input.value().chars().take(self.input.cursor()).collect();
                let cursor = width(&for_screen(before.as_bytes())).saturating_sub(skip);
                let x = area.x + NAMES + u16::try_from(cursor).unwrap_or(0);
                frame.set_cursor_position(Position::new(x.min(area.right().saturating_sub(1)), y));
            }
        }
        let words = self.said.clone().unwrap_or_else(|| {
            let again = times(message, Self::name(self.at));
            if again > 1 { format!("it stands {again} times; this is the first") } else { self.help().to_owned() }
        });
        let below = area.y + u16::try_from(listed).unwrap_or(0);
        if below < area.bottom() {
            let role = if self.said.is_some() { Role::Refused } else { Role::Dim };
            let shown = fit(&words, usize::from(area.width).saturating_sub(3));
            frame.buffer_mut().set_string(area.x + 1, below, shown, theme.style(role));
        }
    }

    fn help(&self) -> &'static str {
        help(Self::name(self.at))
    }
}

/// What a field takes, where it stands empty.
fn takes(name: &str) -> &'static str {
    match name {
        FURTHER => "another one, as Name: value",
        ENCODING => "auto, 8bit or base64",
        HTML => "the text in HTML",
        _ => "the name of a file",
    }
}

/// What a field takes, and what becomes of it.
fn help(name: &str) -> &'static str {
    match name {
        FURTHER => "another field: Name: value; Enter sets it",
        ENCODING => "auto, 8bit or base64; Enter writes it so",
        HTML => "the text in HTML; Enter puts it beside it",
        ATTACH => "the name of a file; Enter attaches it",
        "Date" | "Message-ID" => "made when the message is begun; empty: left out",
        _ => "what you type is in the message at once",
    }
}

/// What a field says, its encoded words read.
fn value(message: &[u8], name: &str) -> Option<String> {
    let read = if header::holds_addresses(name) { encoded::decoded_addresses } else { encoded::decoded };
    header::get(message, name).map(|value| read(&value))
}

/// How often a header field stands there.
fn times(message: &[u8], name: &str) -> usize {
    let header = message.split(|octet| *octet == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let named = |line: &&[u8]| {
        let before = line.iter().position(|octet| *octet == b':').map(|colon| line[..colon].trim_ascii_end());
        before.is_some_and(|before| before.eq_ignore_ascii_case(name.as_bytes()))
    };
    header.filter(named).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "To: =?utf-8?B?QsO8cm8sIEVtcGZhbmc=?= <b@c>\nTo: d@e\nSubject: x\n\nHello\n";

    fn typed(code: KeyCode) -> Option<String> {
        let mut form = Form::of(MESSAGE.as_bytes());
        form.go(1, MESSAGE.as_bytes());
        match form.key(KeyEvent::new(code, KeyModifiers::NONE), MESSAGE.as_bytes()) {
            Done::Text(message) => Some(String::from_utf8(message).expect("UTF-8")),
            _ => None,
        }
    }

    #[test]
    fn a_field_that_stands_twice_is_counted() {
        assert_eq!((times(MESSAGE.as_bytes(), "To"), times(MESSAGE.as_bytes(), "Subject")), (2, 1));
        assert_eq!(times(b"Subject: a\n\nTo: b\n", "To"), 0, "what stands below the header is no field");
    }

    #[test]
    fn only_what_changed_is_written() {
        assert_eq!(typed(KeyCode::Left), None, "nothing was typed");
        let one_more = typed(KeyCode::Char('f')).expect("typed");
        assert!(one_more.contains("\nTo: d@e\n"), "the second field stays: {one_more}");
        assert_eq!(one_more.matches('<').count(), 1, "a comma in a name divides nothing: {one_more}");
    }
}
