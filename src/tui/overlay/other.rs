//! A line for the other side of what is on the screen: where to replay it, or the file to compare it with.

use std::path::PathBuf;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::offers::{Offers, ROWS};
use super::{Outcome, place, window};
use crate::smtp::escape;
use crate::tui::model::Model;
use crate::tui::paths::Paths;
use crate::tui::replay::Way;
use crate::tui::text::{fit, from_there, head};
use crate::tui::theme::Role;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A target to replay this file against, and how its lines go out.
    Replay(PathBuf, Way),
    /// A file to compare this one with.
    Compare(PathBuf),
    /// Two targets to hold this file's conversation with.
    Both(PathBuf),
}

/// The line, and what is offered for it.
#[derive(Debug, Clone)]
pub struct Other {
    wanted: Wanted,
    input: Input,
    /// What can be taken instead of typing.
    offers: Offers,
    /// What Tab has found to choose from.
    said: Option<String>,
    /// The line is as it was offered: what is typed first takes its place.
    offered: bool,
}

impl Other {
    /// A line that begins with this text.
    #[must_use]
    pub fn new(wanted: Wanted, text: &str, offers: Vec<(String, String)>) -> Self {
        let offered = matches!(wanted, Wanted::Replay(..));
        Self { wanted, input: Input::new(text.to_owned()), offers: Offers::of(offers), said: None, offered }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        self.said = None;
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if std::mem::take(&mut self.offered) && plain && matches!(key.code, KeyCode::Char(_)) {
            self.input.reset();
        }
        let empty = self.input.value().trim().is_empty();
        match key.code {
            // There is something to choose from: the first of it, to be looked at before it is taken.
            KeyCode::Enter | KeyCode::Tab if empty && self.offers.rows() > 0 => {
                if let Some(offer) = self.offers.mark(0) {
                    self.input = Input::new(offer);
                }
            }
            KeyCode::Enter => {
                let text = self.chosen();
                return match &self.wanted {
                    _ if text.is_empty() => Outcome::Stay,
                    Wanted::Replay(path, way) => Outcome::Replay(path.clone(), text, *way),
                    Wanted::Compare(path) => Outcome::Compare(path.clone(), PathBuf::from(text)),
                    Wanted::Both(path) => {
                        if let [left, right] = text.split_whitespace().collect::<Vec<_>>()[..] {
                            return Outcome::Both(path.clone(), [left.to_owned(), right.to_owned()]);
                        }
                        self.said = Some("Two targets are wanted, such as lab: mx.example:25".to_owned());
                        Outcome::Stay
                    }
                };
            }
            KeyCode::Tab if matches!(self.wanted, Wanted::Compare(_)) => {
                return Outcome::Complete(self.input.value().to_owned());
            }
            KeyCode::Up | KeyCode::Down => {
                if let Some(offer) = self.offers.key(key.code) {
                    self.input = Input::new(offer);
                }
            }
            _ => {
                if self.input.handle_event(&Event::Key(key)).is_some_and(|change| change.value) {
                    self.offers.narrow(self.input.value());
                }
            }
        }
        Outcome::Stay
    }

    /// What Enter takes: the line; where that is no path but words of an offer, that one.
    fn chosen(&self) -> String {
        let text = self.input.value().trim();
        let is_path = text.contains('/') || std::path::Path::new(text).extension().is_some();
        let offers = self.offers.shown();
        let found = self.offers.best().and_then(|n| offers.get(n)).filter(|_| !is_path);
        found.map_or(text, |offer| &offer.0).to_owned()
    }

    /// Goes on with the path that was typed, where it is still the same; false where it is not.
    pub fn complete(&mut self, paths: &Paths) -> bool {
        let same = self.input.value() == paths.typed;
        if same {
            self.input = Input::new(paths.text().to_owned());
            self.said = paths.words();
        }
        same
    }

    /// Conversations that were kept have become known: they are offered, where nothing is yet.
    pub fn offer(&mut self, offers: impl FnOnce(&PathBuf) -> Vec<(String, String)>) {
        if let Wanted::Compare(path) = &self.wanted
            && self.offers.rows() == 0
        {
            self.offers = Offers::of(offers(path));
            self.offers.narrow(self.input.value());
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.offers.narrow(self.input.value());
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let shown = self.offers.rows();
        let foot = match self.wanted {
            Wanted::Replay(..) | Wanted::Both(_) => "Enter begin · Esc stay",
            Wanted::Compare(_) if shown == 0 => "Enter compare · Esc stay",
            // The first Enter shows which one it is, the second takes it.
            Wanted::Compare(_) if self.input.value().trim().is_empty() => {
                "Enter the first · Up Down choose · type to find · Esc stay"
            }
            Wanted::Compare(_) => "Enter compare · Up Down choose · type to find · Esc stay",
        };
        (place(model, 76, 4 + shown), foot)
    }

    /// A click on a row of the window: the offer there goes to the line.
    pub(super) fn click(&mut self, row: usize, model: &Model) -> Outcome {
        let warned = matches!(self.wanted, Wanted::Replay(..)) && model.talk.is_open();
        let clicked = row.checked_sub(3 + usize::from(warned)).and_then(|row| self.offers.at(row));
        if let Some(offer) = clicked.and_then(|n| self.offers.mark(n)) {
            self.input = Input::new(offer);
        }
        Outcome::Stay
    }

    /// Whether something would be lost with it.
    pub(super) fn holds_text(&self) -> bool {
        !self.input.value().trim().is_empty()
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let title = match self.wanted {
            Wanted::Replay(_, Way::Steps) => "Replay against",
            Wanted::Replay(_, Way::AtOnce) => "Replay at once against",
            Wanted::Replay(_, Way::Paced) => "Replay at its own pace against",
            Wanted::Compare(_) => "Compare with",
            Wanted::Both(_) => "Hold it with these two servers",
        };
        let (area, foot) = self.outline(model);
        let inner = window(model, frame, area, title, foot);
        let room = usize::from(inner.width.saturating_sub(1));
        let scroll = self.input.visual_scroll(room);
        let text = from_there(self.input.value(), scroll);
        frame.buffer_mut().set_string(inner.x, inner.y, head(&text, room), model.theme.style(Role::Text));
        let at = u16::try_from(self.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
        frame.set_cursor_position(Position::new(inner.x + at.min(inner.width.saturating_sub(1)), inner.y));
        let mut y = inner.y + 2;
        let mut say = |text: &str, role: Role| {
            if y < inner.bottom() {
                let text = fit(text, usize::from(inner.width));
                frame.buffer_mut().set_string(inner.x, y, text, model.theme.style(role));
            }
            y += 1;
        };
        match self.wanted {
            Wanted::Replay(_, way) => {
                let goes = match way {
                    Way::Steps => "Each line waits for your Enter.",
                    Way::AtOnce => "Ctrl-C pauses.",
                    Way::Paced => "Enter cuts a pause short.",
                };
                say(&format!("host[:port], a profile, lab:, mx:DOMAIN. {goes}"), Role::Dim);
                if model.talk.is_open() {
                    say("The connection that is open now is dropped, without QUIT.", Role::Warning);
                }
            }
            Wanted::Both(_) if self.said.is_some() => say(self.said.as_deref().unwrap_or_default(), Role::Remark),
            Wanted::Both(_) => {
                say("Two targets and a blank between them; no message leaves this machine.", Role::Dim);
            }
            Wanted::Compare(_) => match &self.said {
                Some(words) => say(words, Role::Remark),
                None => say("the path of another transcript or script · Tab completes it", Role::Dim),
            },
        }
        let best = self.offers.best();
        for (n, (_, words)) in self.offers.shown().into_iter().enumerate().skip(self.offers.from()).take(ROWS) {
            let bar = if best == Some(n) { "▌ " } else { "  " };
            say(&format!("{bar}{words}"), if best == Some(n) { Role::Accent } else { Role::Text });
        }
    }
}
