//! A lesson that is done: how it went, what comes next, and what was learnt.

use ratatui::text::Line;

use super::view::{Writer, titled};
use crate::lesson::map::Standing;
use crate::lesson::progress::Helped;
use crate::tui::action::next_lesson;
use crate::tui::attending;
use crate::tui::theme::Role;

/// Said of a lesson that is done in a class.
const CERTIFIED: &str = "Your instructor can give you a certificate of it: your conversation, its steps marked.";

/// How much help was taken, in words.
fn said(help: Helped) -> String {
    let counted = |count: usize, one: &str| match count {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    };
    format!("{}, {}", counted(help.hints, "hint"), counted(help.wrong as usize, "wrong answer"))
}

impl Writer<'_> {
    /// What is said of it.
    pub(super) fn finish(&self) -> Vec<Line<'static>> {
        let lesson = self.pane.lesson();
        let reached = self.pane.reached();
        let mut lines = self.styled(" ✓ ", &format!("Done: all {} steps.", lesson.steps.len()), Role::Good);
        let taken = Helped { hints: reached.hints, wrong: reached.wrong };
        lines.extend(self.styled("   ", &said(taken), Role::Dim));
        // Starting over takes no hint back.
        let rows = &self.model.lessons.rows;
        let earlier = rows.iter().find(|row| row.lesson.name == lesson.name).map(|row| row.done.earlier);
        if let Some(earlier) = earlier.filter(|earlier| *earlier != Helped::default()) {
            let words = format!("before you started over: {}", said(earlier));
            lines.extend(self.styled("   ", &words, Role::Dim));
        }
        if self.pane.is_in_class() {
            lines.extend(self.styled("   ", CERTIFIED, Role::Dim));
        }
        match next_lesson(self.model) {
            Some(Standing { lesson: next, .. }) => {
                let minutes = next.minutes.map_or_else(String::new, |minutes| format!(", {minutes} minutes"));
                let words = format!("{}{minutes}.", titled(next));
                lines.extend(self.styled("   Next: ", &words, Role::Accent));
            }
            None if !self.model.lessons.rows.is_empty() => {
                lines.extend(self.styled(" ✓ ", &attending::all_done(self.model), Role::Good));
            }
            None => {}
        }
        if let Some(learnt) = &lesson.learnt {
            lines.push(Line::default());
            lines.extend(self.styled(" ", learnt, Role::Text));
        }
        if !lesson.read.is_empty() {
            lines.push(Line::default());
            lines.extend(self.styled(" Read on: ", &lesson.read.join(" · "), Role::Dim));
        }
        lines
    }
}
