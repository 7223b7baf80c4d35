//! A question about a reply, in a class: what does the sender do next? A letter marks an answer, Enter gives it. In an exam
//! the answer that is given can be changed until Enter goes on, that to the last question until the time is over.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Outcome, letter, message, message_place, place};
use crate::class::attend::{Judged, Posed, Up};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::text::wrap;
use crate::tui::theme::Role;

/// The question, and what came of its answer.
#[derive(Debug, Clone)]
pub struct Asked {
    posed: Posed,
    /// The answer that is marked, from 0.
    marked: Option<usize>,
    /// The answer that was given, from 0.
    chosen: Option<usize>,
    verdict: Option<Judged>,
}

impl Asked {
    /// A question that has no answer yet, or whose answer can be changed.
    #[must_use]
    pub fn new(posed: Posed) -> Self {
        let marked = posed.chosen;
        Self { posed, marked, chosen: None, verdict: None }
    }

    /// Its number, as long as no answer is given or marked: Enter then gives the marked one at once.
    #[must_use]
    pub fn unanswered(&self) -> Option<usize> {
        let open = self.chosen.or(self.marked).is_none() && self.verdict.is_none();
        open.then_some(self.posed.number)
    }

    /// Whether it is the last one.
    fn is_last(&self) -> bool {
        self.posed.number + 1 >= self.posed.of
    }

    /// Whether an answer was given that may still be changed.
    fn is_changeable(&self) -> bool {
        self.verdict.is_none() && self.posed.chosen.is_some()
    }

    /// The question, where its answer may be changed as long as the class asks no other.
    #[must_use]
    pub fn left_open(&self) -> Option<&Posed> {
        Some(&self.posed).filter(|_| self.is_changeable() && !self.is_last())
    }

    /// What is said once it goes: of an answer in an exam that it may still be changed.
    #[must_use]
    pub fn parting(&self) -> Option<&'static str> {
        let words = if self.is_last() {
            "All questions are answered. {questions} opens the last one again, until the time is over."
        } else {
            "{questions} opens this question again, whose answer can still be changed."
        };
        self.is_changeable().then_some(words)
    }

    /// Takes in what the class says of the answer.
    pub fn judged(&mut self, verdict: Judged) {
        self.verdict = Some(verdict);
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        if self.verdict.is_some() && key.code == KeyCode::Enter {
            return Outcome::Class(Up::Question);
        }
        if self.chosen.is_some() || self.verdict.is_some() {
            return Outcome::Stay;
        }
        let place = |c: char| match c {
            'a'..='z' => c as usize - 'a' as usize,
            '1'..='9' => c as usize - '1' as usize,
            _ => usize::MAX,
        };
        let last = self.posed.answers.len().saturating_sub(1);
        match (key.code, self.marked) {
            (KeyCode::Enter, Some(_)) if self.marked == self.posed.chosen => {
                return if self.is_last() { Outcome::Close } else { Outcome::Class(Up::Question) };
            }
            (KeyCode::Enter, Some(place)) => {
                self.chosen = Some(place);
                return Outcome::Class(Up::Choose(self.posed.number, place));
            }
            (KeyCode::Down, marked) => self.marked = Some(marked.map_or(0, |marked| (marked + 1).min(last))),
            (KeyCode::Up, marked) => self.marked = Some(marked.map_or(last, |marked| marked.saturating_sub(1))),
            _ => {
                let named = letter(key).map(place).filter(|place| *place <= last);
                self.marked = named.or(self.marked);
            }
        }
        Outcome::Stay
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        (message_place(model, &self.lines(model), self.foot()), self.foot())
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let title = format!("Question {} of {}", self.posed.number + 1, self.posed.of);
        message(model, frame, &title, &self.lines(model), self.foot());
    }

    fn foot(&self) -> &'static str {
        match (self.chosen, &self.verdict) {
            (_, Some(_)) if self.is_last() => "Enter closes · Esc too",
            (_, Some(_)) => "Enter next question · Esc close",
            (None, _) if self.is_last() && self.marked.is_some() && self.marked == self.posed.chosen => {
                "Enter closes · a b c d change it · Esc later"
            }
            (None, _) if self.marked.is_some() && self.marked == self.posed.chosen => {
                "Enter goes on · a b c d change it · Esc later"
            }
            (None, _) if self.marked.is_some() => "Enter gives it · a b c d another · Esc later",
            (None, _) => "a b c d mark · Esc later",
            (Some(_), None) => "Esc close",
        }
    }

    fn lines(&self, model: &Model) -> Vec<Line<'static>> {
        let style = |role| model.theme.style(role);
        let shown = |text: &str| for_screen(text.as_bytes());
        let columns = usize::from(place(model, u16::MAX - 4, 0).width.saturating_sub(4));
        let mut lines = vec![
            Line::styled("The server says:", style(Role::Dim)),
            Line::styled(shown(&self.posed.reply), style(Role::Received)),
            Line::styled("What does the sender do next?", style(Role::Text)),
            Line::default(),
        ];
        for ((n, letter), answer) in ('a'..='z').enumerate().zip(&self.posed.answers) {
            let here = self.chosen.or(self.marked) == Some(n);
            let (mark, role) = if here { ("▸", Role::Accent) } else { (" ", Role::Text) };
            let mut before = format!("{mark} {letter}  ");
            for row in wrap(&shown(answer), columns.saturating_sub(before.chars().count()).max(1)) {
                let answers = " ".repeat(before.chars().count());
                lines.push(Line::styled(std::mem::replace(&mut before, answers) + &row, style(role)));
            }
        }
        // Once it is judged it can't be changed any more.
        let open = self.posed.chosen.filter(|_| self.verdict.is_none());
        if let Some(given) = open.and_then(|given| ('a'..='z').nth(given)) {
            let until = if self.is_last() {
                model.keymap.told("the time is over; {questions} opens it again")
            } else {
                "you go on to the next question".to_owned()
            };
            let words = format!("Given: {given}. It can be changed until {until}.");
            lines.push(Line::default());
            lines.extend(wrap(&words, columns.max(1)).into_iter().map(|row| Line::styled(row, style(Role::Good))));
        }
        if let Some(Judged { right, why }) = &self.verdict {
            let (word, role) = if *right { ("Right.", Role::Good) } else { ("Not so.", Role::Warning) };
            lines.extend([Line::default(), Line::styled(format!("{word} {}", shown(why)), style(role))]);
        }
        lines
    }
}
