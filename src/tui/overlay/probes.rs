//! The menu of ready-made tests: all, or the marked one; below, what it looks for.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Outcome, more, place, shown_from, window};
use crate::probe::{PROBES, Probe};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::text::{fit, wrap};
use crate::tui::theme::Role;

/// Rows for what the marked test looks for, and for what becomes of the connection.
const ABOUT: u16 = 4;

/// The menu's state.
#[derive(Debug, Clone, Default)]
pub struct Probes {
    /// The marked row: 0 is all of them.
    marked: usize,
}

impl Probes {
    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        let last = PROBES.len();
        self.marked = match key.code {
            KeyCode::Enter => return Outcome::Probe(self.chosen()),
            KeyCode::Up | KeyCode::Char('k') => self.marked.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (self.marked + 1).min(last),
            KeyCode::Home | KeyCode::PageUp => 0,
            KeyCode::End | KeyCode::PageDown => last,
            _ => return Outcome::Stay,
        };
        Outcome::Stay
    }

    /// The names of the probes that are marked.
    fn chosen(&self) -> Vec<&'static str> {
        match self.probe() {
            Some(probe) => vec![probe.name],
            None => PROBES.iter().map(|probe| probe.name).collect(),
        }
    }

    fn probe(&self) -> Option<&'static Probe> {
        PROBES.get(self.marked.checked_sub(1)?)
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        let rows = u16::try_from(PROBES.len()).unwrap_or(20) + 1;
        (place(model, 84, rows + 1 + ABOUT), "Up Down · Enter run · Esc close")
    }

    /// A click on a row of the window: marks the test there, and runs it where it is marked already.
    pub(super) fn click(&mut self, row: usize, rows: u16) -> Outcome {
        let (marked, from) = shown_from(self.marked, PROBES.len() + 1, listed(rows));
        if row >= listed(rows) || from + row > PROBES.len() {
            return Outcome::Stay;
        }
        if from + row == marked {
            return Outcome::Probe(self.chosen());
        }
        self.marked = from + row;
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = Self::outline(model);
        let title = format!("Test {}", fit(&for_screen(model.peer.name.as_bytes()), 40));
        let inner = window(model, frame, area, &title, foot);
        let columns = usize::from(inner.width);
        let (marked, from) = shown_from(self.marked, PROBES.len() + 1, listed(inner.height));
        let all = format!("All {} below, one after the other", PROBES.len());
        for (n, y) in (from..=PROBES.len()).take(listed(inner.height)).zip(inner.y..inner.bottom()) {
            let (name, title) = match n.checked_sub(1).and_then(|n| PROBES.get(n)) {
                Some(probe) => (probe.name, probe.title),
                None => ("all", all.as_str()),
            };
            let style = model.theme.style(if n == marked { Role::Accent } else { Role::Text });
            let line = Line::from(vec![
                Span::styled(if n == marked { "▌ " } else { "  " }, style),
                Span::styled(format!("{name:<12}"), style),
                Span::styled(fit(title, columns.saturating_sub(15)), style),
            ]);
            frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
        }
        more(model, frame, area, (from, listed(inner.height), PROBES.len() + 1));
        let about = inner.y + u16::try_from(listed(inner.height)).unwrap_or(0) + 1;
        let words = self.probe().map_or(
            "Takes some seconds, a minute where the server is slow, and asks on some thirty connections; a server that counts \
             them may put you off.",
            |probe| probe.about,
        );
        let then = if model.talk.is_open() { " The connection that is open is closed first." } else { "" };
        let words = format!("{words} Nothing is delivered: ehlo probe --deliver does that.{then}");
        let style = model.theme.style(Role::Dim);
        for (row, y) in wrap(&words, columns).into_iter().zip(about..inner.bottom()) {
            frame.buffer_mut().set_stringn(inner.x, y, row, columns, style);
        }
    }
}

/// Rows for the list.
fn listed(rows: u16) -> usize {
    usize::from(rows.saturating_sub(ABOUT + 1)).max(1)
}
