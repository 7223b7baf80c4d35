//! F4: a line for a TARGET.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::offers::{Offers, ROWS};
use super::{Outcome, place, window};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::paths::Paths;
use crate::tui::start::Start;
use crate::tui::text::{fit, from_there, head, wrap};
use crate::tui::theme::Role;

/// Rows at most for how it is read.
const SAID: usize = 3;

/// The line, and how it is read.
#[derive(Debug, Clone, Default)]
pub struct Target {
    input: Input,
    /// The text whose reading was asked for last.
    asked: String,
    /// How it is read, in words, or why it is no TARGET.
    reading: Option<Result<String, String>>,
    /// Profiles, and servers that were talked to.
    offers: Offers,
}

impl Target {
    /// A line that begins with this text.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()), ..Self::default() }
    }

    /// A line with what speaks against it.
    #[must_use]
    pub fn refused(text: &str, why: String) -> Self {
        let asked = text.to_owned();
        Self { input: Input::new(text.to_owned()), asked, reading: Some(Err(why)), ..Self::default() }
    }

    /// An empty line with what can be taken for it: the user's own profiles, servers talked to lately, the profiles
    /// that come with ehlo, and the scenarios of the lab.
    #[must_use]
    pub fn offering(start: &Start) -> Self {
        let profile = |own: bool| {
            let profiles = start.profiles.iter().filter(move |it| it.own == own && !it.broken);
            profiles.map(|it| (it.name.clone(), format!("{}  {}  {}", it.name, it.address, it.security)))
        };
        let mut offers: Vec<(String, String)> = profile(true).collect();
        for recent in start.recent.iter().filter(|recent| recent.profile.is_none()) {
            let target = recent.target.trim_start_matches("smtp://").to_owned();
            if !target.is_empty() && offers.iter().all(|(known, _)| *known != target) {
                let words = format!("{target}  {}", recent.ago);
                offers.push((target, words));
            }
        }
        offers.extend(profile(false));
        let scenarios = start.scenarios.iter();
        offers.extend(scenarios.map(|it| (format!("lab:{}", it.name), format!("lab:{}  {}", it.name, it.title))));
        Self { offers: Offers::of(offers), ..Self::default() }
    }

    /// The text whose reading is to be asked for, where it has changed.
    pub fn unread(&mut self) -> Option<String> {
        let text = self.input.value().trim();
        if text == self.asked {
            return None;
        }
        text.clone_into(&mut self.asked);
        self.reading = None;
        (!self.asked.is_empty()).then(|| self.asked.clone())
    }

    /// How a text is read.
    pub fn read(&mut self, text: &str, reading: Result<String, String>) {
        if text == self.asked {
            self.reading = Some(reading);
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        // Who comes here from a connection that failed may press what connects again.
        if matches!(key.code, KeyCode::Enter | KeyCode::F(5)) {
            let text = self.input.value().trim();
            // What is no TARGET stays, to be mended; the row below says why.
            let wrong = text == self.asked && matches!(self.reading, Some(Err(_)));
            return if text.is_empty() || wrong { Outcome::Stay } else { Outcome::Connect(text.to_owned()) };
        }
        if key.code == KeyCode::Tab && !self.input.value().is_empty() {
            return Outcome::Complete(self.input.value().to_owned());
        }
        if matches!(key.code, KeyCode::Up | KeyCode::Down) {
            if let Some(offer) = self.offers.key(key.code) {
                self.input = Input::new(offer);
            }
        } else if self.input.handle_event(&Event::Key(key)).is_some_and(|change| change.value) {
            self.offers.narrow(self.input.value());
        }
        Outcome::Stay
    }

    /// Goes on with the path that was typed, where it is still the same; false where it is not.
    pub fn complete(&mut self, paths: &Paths) -> bool {
        let same = self.input.value() == paths.typed;
        if same {
            self.input = Input::new(paths.text().to_owned());
        }
        same
    }

    pub(super) fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.offers.narrow(self.input.value());
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let foot = if self.offers.rows() == 0 {
            "Enter connect · Esc stay"
        } else {
            "Up Down choose · Enter connect · Esc stay"
        };
        let offered = if self.offers.rows() == 0 { 0 } else { 1 + self.offers.rows() };
        (place(model, 72, 2 + above() + offered), foot)
    }

    /// Whether something would be lost with it.
    pub(super) fn holds_text(&self) -> bool {
        !self.input.value().trim().is_empty()
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = self.outline(model);
        let inner = window(model, frame, area, "Connect to", foot);
        let room = usize::from(inner.width.saturating_sub(1));
        let scroll = self.input.visual_scroll(room);
        let shown = from_there(self.input.value(), scroll);
        frame.buffer_mut().set_string(inner.x, inner.y, head(&shown, room), model.theme.style(Role::Text));
        let at = u16::try_from(self.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
        frame.set_cursor_position(Position::new(inner.x + at.min(inner.width.saturating_sub(1)), inner.y));
        let dim = model.theme.style(Role::Dim);
        let (said, role) = match &self.reading {
            // What is still being typed after `lab:` is no mistake as long as something goes on from it.
            Some(Err(_)) if self.input.value().trim().starts_with("lab:") && !self.offers.shown().is_empty() => {
                ("one of these; Down takes it".to_owned(), Role::Dim)
            }
            Some(Ok(reading)) => (format!("▸ {}", for_screen(reading.as_bytes())), Role::Good),
            Some(Err(why)) => (for_screen(why.as_bytes()), Role::Warning),
            None => (String::new(), Role::Text),
        };
        let mut lines: Vec<Line<'_>> =
            shortened(&said, room, SAID).into_iter().map(|row| Line::styled(row, model.theme.style(role))).collect();
        lines.push(Line::styled("host[:port], a profile, lab:, mx:DOMAIN, smtps://HOST, user@domain", dim));
        for (y, line) in (1..inner.height).zip(&lines) {
            frame.buffer_mut().set_line(inner.x, inner.y + y, line, inner.width);
        }
        let below = (inner.y + 2 + u16::try_from(lines.len()).unwrap_or(0))..inner.bottom();
        let offers = self.offers.shown().into_iter().enumerate().skip(self.offers.from()).take(ROWS);
        for ((n, (_, words)), y) in offers.zip(below) {
            let marked = self.offers.marked() == Some(n);
            let role = if marked { Role::Accent } else { Role::Text };
            let row = format!("{}{words}", if marked { "▌ " } else { "  " });
            frame.buffer_mut().set_string(inner.x, y, fit(&row, inner.width.into()), model.theme.style(role));
        }
    }
}

/// Rows above what is offered, at most: the line, how it is read, what it may be.
fn above() -> u16 {
    2 + u16::try_from(SAID).unwrap_or(0)
}

/// A text in so many rows at most; where it goes on the last one says so.
fn shortened(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut rows = wrap(text, columns);
    if rows.len() > most {
        let rest = rows.split_off(most - 1).join(" ");
        rows.push(fit(&rest, columns));
    }
    rows
}
