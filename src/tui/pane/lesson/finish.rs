//! A lesson that is done: how it went, what comes next, and what was learnt.

use ratatui::text::Line;

use super::view::{Writer, titled};
use crate::lesson::map::Standing;
use crate::tui::action::next_lesson;
use crate::tui::attending;
use crate::tui::theme::Role;

/// Said of a lesson that is done in a class.
const CERTIFIED: &str = "Your instructor can give you a certificate of it: your conversation, its steps marked.";

impl Writer<'_> {
    /// What is said of it.
    pub(super) fn finish(&self) -> Vec<Line<'static>> {
        let lesson = self.pane.lesson();
        let reached = self.pane.reached();
        let mut lines = self.styled(" ✓ ", &format!("Done: all {} steps.", lesson.steps.len()), Role::Good);
        let said = |count: usize, one: &str, many: &str| match count {
            0 => format!("no {many}"),
            1 => format!("1 {one}"),
            n => format!("{n} {many}"),
        };
        let hints = said(reached.hints, "hint", "hints");
        let wrong = said(reached.wrong as usize, "wrong answer", "wrong answers");
        lines.extend(self.styled("   ", &format!("{hints}, {wrong}"), Role::Dim));
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
