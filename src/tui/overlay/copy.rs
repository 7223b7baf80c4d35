//! `y`: what is to be copied.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Outcome, letter, message, message_place};
use crate::tui::model::Model;
use crate::tui::reading;

/// What can be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The marked line alone.
    Line,
    /// The selected exchange.
    Exchange,
    /// Everything.
    Conversation,
    /// A swaks command that does the same.
    Swaks,
}

/// Each with its letter and its words.
const CHOICES: [(char, What, &str); 4] = [
    ('l', What::Line, "l  the line"),
    ('e', What::Exchange, "e  the exchange: the command and its reply"),
    ('c', What::Conversation, "c  the whole conversation"),
    ('s', What::Swaks, "s  a swaks command that does the same, without secrets"),
];

/// The keys in its frame.
const FOOT: &str = "Esc stay";

/// The menu.
#[derive(Debug, Clone, Copy, Default)]
pub struct Copy;

impl Copy {
    pub(super) fn key(key: KeyEvent) -> Outcome {
        let letter = letter(key);
        CHOICES
            .iter()
            .find(|(c, _, _)| letter == Some(*c) || letter == Some('y') && *c == 'l')
            .map_or(Outcome::Stay, |(_, what, _)| Outcome::Copy(*what))
    }

    fn lines() -> [Line<'static>; 4] {
        CHOICES.map(|(_, _, words)| Line::from(words))
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        (message_place(model, &Self::lines(), FOOT), FOOT)
    }

    /// A click on a row of the window: that is copied.
    pub(super) fn click(row: usize) -> Outcome {
        CHOICES.get(row).map_or(Outcome::Stay, |(_, what, _)| Outcome::Copy(*what))
    }

    pub(super) fn draw(model: &Model, frame: &mut Frame<'_>) {
        let of = reading::one_of_two(model).map_or_else(|| "Copy".to_owned(), |which| format!("Copy of {which}"));
        message(model, frame, &of, &Self::lines(), FOOT);
    }
}
