//! How a lesson is drawn: whole where it has the keys, in the upper half of the right panel, or as a strip.

use std::ops::RangeInclusive;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear};

use super::row::{Row, cut_rows, of};
use super::{LessonPane, Said, Stage};
use crate::conversation::words::capital;
use crate::lesson::Lesson;
use crate::lesson::attempt::tries_words;
use crate::smtp::escape::for_screen;
use crate::tui::action::{Action, Where, next_lesson};
use crate::tui::attending;
use crate::tui::layout::inner;
use crate::tui::model::{Focus, Model};
use crate::tui::text::{fit, width, wrap};
use crate::tui::theme::{Role, Theme};

/// Below so many rows it is a strip, without a frame at its sides.
pub(super) const STRIP: u16 = 5;

/// Draws the lesson into its place.
pub(in crate::tui) fn draw(model: &Model, pane: &LessonPane, frame: &mut Frame<'_>, area: Rect) {
    let whole = model.focus == Focus::Lesson;
    let border = model.theme.style(if whole { Role::Accent } else { Role::Dim });
    let strip = area.height <= STRIP && !whole;
    let borders = if strip { Borders::TOP | Borders::LEFT | Borders::RIGHT } else { Borders::ALL };
    let state = format!(" {}{} ", state(pane), attending::late(model, pane));
    let room = usize::from(area.width).saturating_sub(width(&state) + 5);
    let heading = Span::styled(
        format!(" {} ", heading(pane, room)),
        model.theme.style(if whole { Role::Accent } else { Role::Text }),
    );
    let state = Line::styled(state, model.theme.style(Role::Dim)).right_aligned();
    frame.render_widget(Clear, area);
    frame.render_widget(Block::new().borders(borders).border_style(border).title(heading).title(state), area);
    let (room, rows) = rows(model, pane, area);
    for (y, row) in (0..room.height).zip(rows) {
        frame.buffer_mut().set_line(room.x, room.y + y, &row.line, room.width);
    }
}

/// The room for the text, and its rows.
fn rows(model: &Model, pane: &LessonPane, area: Rect) -> (Rect, Vec<Row>) {
    let whole = model.focus == Focus::Lesson;
    let strip = area.height <= STRIP && !whole;
    let room = if strip { Rect { height: area.height - 1, ..inner(area) } } else { inner(area) };
    let writer = Writer { model, pane, theme: model.theme, columns: usize::from(room.width).saturating_sub(1) };
    let rows = usize::from(room.height);
    (room, if whole { writer.whole(rows) } else { writer.short(rows) })
}

/// How far the whole page can be scrolled from where it stands by itself, and how many rows of it are seen at once.
pub(in crate::tui) fn reach(model: &Model, pane: &LessonPane, area: Rect) -> (RangeInclusive<isize>, isize) {
    let room = inner(area);
    let writer = Writer { model, pane, theme: model.theme, columns: usize::from(room.width).saturating_sub(1) };
    let (lines, seen) = writer.page();
    let rows = usize::from(room.height).saturating_sub(1);
    let by_itself = seen.saturating_sub(rows);
    let signed = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
    let (up, all) = (signed(by_itself), signed(lines.len().saturating_sub(rows)));
    (-up..=(all - up).max(-up), signed(rows))
}

/// What a click does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum Spot {
    /// This action.
    Does(Action),
    /// Opens the glossary at this term.
    Term(String),
}

/// What stands under the mouse.
pub(in crate::tui) fn at(model: &Model, pane: &LessonPane, area: Rect, at: Position) -> Option<Spot> {
    let (room, rows) = rows(model, pane, area);
    if !room.contains(at) {
        return None;
    }
    let row = rows.into_iter().nth(usize::from(at.y - room.y))?;
    if let Some(n) = row.answer {
        return Some(Spot::Does(Action::Answer(n)));
    }
    let column = usize::from(at.x - room.x);
    if let Some((_, action)) = row.keys.into_iter().find(|(columns, _)| columns.contains(&column)) {
        return Some(Spot::Does(action));
    }
    let mut end = 0;
    let span = row.line.spans.into_iter().find(|span| {
        end += span.width();
        column < end
    })?;
    let linked = span.style.add_modifier.contains(Modifier::UNDERLINED);
    model.knowledge.term(&span.content).filter(|_| linked).map(|term| Spot::Term(term.term.clone()))
}

/// What the lesson says to what was just done, for the row below the line; nothing where it has nothing to say.
pub(in crate::tui) fn mistake(model: &Model, pane: &LessonPane) -> Option<String> {
    pane.said.as_ref().map(|said| words(model, pane, said))
}

/// Which step is open, where a later one has been reached: what was done does not tick it yet.
fn ahead(pane: &LessonPane) -> Option<String> {
    let (open, later) = (pane.attempt.open()? + 1, pane.attempt.ahead()? + 1);
    Some(format!("Step {open} is still open. What step {later} asks for is done, and ticks once those before it have."))
}

/// Which step is open, where what it asks for began before the step that it follows was done.
fn astride(pane: &LessonPane) -> Option<String> {
    let open = pane.attempt.astride()?;
    let first = pane.goal()?.words().first().map(|verb| format!(", with {verb}")).unwrap_or_default();
    let again = format!("Begin again{first}.");
    Some(format!(
        "Step {} is still open: all of it has to come after step {open}, and this began before. {again}",
        open + 1
    ))
}

/// Which step is open, where a message was taken that it does not ask for, and what it is about: its text stands above.
fn still_open(pane: &LessonPane) -> Option<String> {
    let step = pane.attempt.open()? + 1;
    let about = pane.goal()?.words();
    let about = if about.is_empty() { String::new() } else { format!(" it is about {};", about.join(", ")) };
    let later = pane.lesson().steps.iter().skip(step).any(|step| !step.follows && step.goal.counts_mail());
    let counts = if later { "a later one may count this message." } else { "this message does not count." };
    Some(format!("Step {step} is still open:{about} {counts}"))
}

/// Its number and title; where there is little room, the title alone.
fn heading(pane: &LessonPane, room: usize) -> String {
    let whole = titled(pane.lesson());
    let title = for_screen(pane.lesson().title.as_bytes());
    if width(&whole) <= room { whole } else { fit(&title, room) }
}

pub(super) fn titled(lesson: &Lesson) -> String {
    let title = for_screen(lesson.title.as_bytes());
    lesson.number().map_or_else(|| title.clone(), |number| format!("Lesson {number} · {title}"))
}

fn state(pane: &LessonPane) -> String {
    match pane.stage() {
        Stage::Steps => format!("step {} of {}", pane.attempt.ticked() + 1, pane.lesson().steps.len()),
        Stage::Quiz if pane.is_over() => "answered".to_owned(),
        Stage::Quiz => pane.quiz.place().map_or_else(String::new, |(n, of)| format!("question {n} of {of}")),
        Stage::Finish => "finished".to_owned(),
    }
}

/// What is said, and where only a fresh start helps, the keys for that.
fn words(model: &Model, pane: &LessonPane, said: &Said) -> String {
    if *said == Said::ForTheQuestion {
        let words =
            "That line went to the server. The question is the lesson's: {lesson}, then the number of the answer.";
        return model.keymap.told(words);
    }
    let words = alone(pane, said);
    let lost = pane.attempt.is_spoilt() && matches!(said, Said::Mistake(..) | Said::Spoilt);
    if !lost || attending::in_exam(model) {
        return words;
    }
    let there = model.focus == Focus::Lesson;
    let keys = if there { "{start-over} starts over." } else { "{lesson}, then {start-over}, starts over." };
    format!("{words} {}", model.keymap.told(keys))
}

fn alone(pane: &LessonPane, said: &Said) -> String {
    match said {
        Said::Mistake(step, mistake) => {
            let steps = &pane.lesson().steps;
            let known = steps.get(*step).and_then(|step| step.mistakes.get(*mistake));
            known.map_or_else(String::new, |known| known.say.clone())
        }
        Said::Spoilt => {
            let what = pane.attempt.spoilt_by().map(|what| format!("{}. ", capital(&what))).unwrap_or_default();
            format!("{what}That must not happen in this lesson, and it can't be undone: only a fresh start helps.")
        }
        // It names keys, and so stands with what knows them.
        Said::ForTheQuestion => String::new(),
        Said::Ahead => ahead(pane).unwrap_or_default(),
        Said::Astride => astride(pane).unwrap_or_default(),
        Said::StillOpen => still_open(pane).unwrap_or_default(),
        Said::WrongAnswer => match pane.attempt.tries_left() {
            Some(left) => tries_words(left),
            None if pane.is_in_class() => {
                "That is not it; look again. The results say how many tries it took.".to_owned()
            }
            None => "That is not it; look again.".to_owned(),
        },
    }
}

/// Puts the lines together.
pub(super) struct Writer<'a> {
    pub(super) model: &'a Model,
    pub(super) pane: &'a LessonPane,
    theme: Theme,
    pub(super) columns: usize,
}

impl Writer<'_> {
    /// Everything there is to say, and up to which row it must be seen where nobody has scrolled.
    fn page(&self) -> (Vec<Row>, usize) {
        let (lines, seen) = match self.pane.stage() {
            Stage::Steps => {
                let (lines, seen) = self.text_and_steps();
                (of(lines), seen)
            }
            Stage::Quiz => {
                let lines = self.question();
                let marked = u8::try_from(self.pane.marked + 1).ok().filter(|_| self.pane.quiz.right().is_none());
                // The marked answer is in sight; once the question is settled, why.
                let seen = marked.and_then(|marked| lines.iter().rposition(|row| row.answer == Some(marked)));
                let seen = seen.map_or(lines.len(), |at| at + 1);
                (lines, seen)
            }
            Stage::Finish => (of(self.finish()), 0),
        };
        (lines, seen)
    }

    /// The page, scrolled.
    fn whole(&self, rows: usize) -> Vec<Row> {
        let (mut lines, seen) = self.page();
        let room = rows.saturating_sub(1);
        let last = lines.len().saturating_sub(room);
        let from = seen.saturating_sub(room).saturating_add_signed(self.pane.scroll).min(last);
        let keys = self.keys(from < last);
        lines.drain(..from);
        cut_rows(&mut lines, room);
        lines.resize_with(room, Row::default);
        lines.push(keys);
        lines
    }

    /// What matters now, in a few rows; the keys stand in the last one.
    fn short(&self, rows: usize) -> Vec<Row> {
        // Where there is only one row the keys give way; the footer has them too.
        let room = rows.saturating_sub(1).max(1);
        let mut lines = match self.pane.stage() {
            Stage::Steps => of(self.steps_in(room)),
            Stage::Quiz => {
                let mut lines = of(self.styled(" ✓ ", "All steps are done.", Role::Good));
                lines.extend(self.question());
                lines
            }
            Stage::Finish => of(self.finish()),
        };
        cut_rows(&mut lines, room);
        lines.resize_with(room, Row::default);
        lines.push(self.keys(false));
        lines
    }

    /// The whole text and all steps; and up to which line must be seen once the lesson has begun.
    fn text_and_steps(&self) -> (Vec<Line<'static>>, usize) {
        let lesson = self.pane.lesson();
        let mut lines = Vec::new();
        if let Some(hook) = &lesson.hook {
            lines.extend(self.styled(" ", hook, Role::Dim));
            lines.push(Line::default());
        }
        lines.extend(self.styled(" ", &lesson.intro, Role::Text));
        lines.push(Line::default());
        let mut seen = 0;
        for step in 0..lesson.steps.len() {
            lines.extend(self.step(step));
            if step == self.pane.attempt.ticked() {
                lines.extend(self.pane.attempt.hints().iter().flat_map(|hint| self.hint(hint)));
                lines.extend(self.said());
                if self.pane.attempt.exchanges() > 1 {
                    seen = lines.len();
                }
            }
        }
        lines.push(Line::default());
        lines.extend(self.any_client());
        (lines, seen)
    }

    /// A step with its mark and how far it has come.
    pub(super) fn step(&self, step: usize) -> Vec<Line<'static>> {
        let Some(text) = self.pane.lesson().steps.get(step).map(|step| &step.text) else { return Vec::new() };
        let open = self.pane.attempt.ticked();
        let (mark, role) = match step.cmp(&open) {
            std::cmp::Ordering::Less => (" ✓ ", Role::Good),
            std::cmp::Ordering::Equal if attending::is_over(self.model) => (" ■ ", Role::Dim),
            std::cmp::Ordering::Equal => (" ▸ ", Role::Accent),
            std::cmp::Ordering::Greater => (" · ", Role::Dim),
        };
        let count = (self.pane.attempt.count())
            .filter(|_| step == open && !self.pane.wants_finding())
            .map(|(have, of)| format!("({have} of {of})"));
        let style = self.theme.style(if step > open { Role::Dim } else { Role::Text });
        let mut lines = self.marked(mark, self.theme.style(role), text, style);
        // A count is never broken.
        match (count, lines.last_mut()) {
            (Some(count), Some(last)) if last.width() + 2 + width(&count) <= self.columns => {
                last.push_span(Span::styled(format!("  {count}"), style));
            }
            (Some(count), _) => lines.push(Line::styled(format!("{}{count}", " ".repeat(width(mark))), style)),
            (None, _) => {}
        }
        lines
    }

    pub(super) fn hint(&self, hint: &str) -> Vec<Line<'static>> {
        self.styled("   hint: ", hint, Role::Received)
    }

    pub(super) fn said(&self) -> Vec<Line<'static>> {
        // What can't be undone is said until the lesson is started over.
        let lasting = self.pane.attempt.is_spoilt().then(|| self.pane.spoilt_by.as_ref().unwrap_or(&Said::Spoilt));
        let Some(said) = self.pane.said.as_ref().or(lasting) else {
            return ahead(self.pane).map_or_else(Vec::new, |words| self.styled(" ! ", &words, Role::Warning));
        };
        self.styled(" ! ", &words(self.model, self.pane, said), Role::Warning)
    }

    fn any_client(&self) -> Vec<Line<'static>> {
        let text = format!("Any client will do: the lab listens on {}.", for_screen(self.pane.address.as_bytes()));
        let mut lines = self.styled(" ", &text, Role::Dim);
        if self.pane.wants_finding() {
            lines.extend(self.styled(
                " ",
                "From another client, say what you have found as NOOP answer WHAT IT IS.",
                Role::Dim,
            ));
        }
        lines
    }

    fn question(&self) -> Vec<Row> {
        let quiz = &self.pane.quiz;
        let mut lines = of(self.styled(" ", quiz.question().unwrap_or_default(), Role::Text));
        lines.push(Row::default());
        if let Some((_, why)) = quiz.verdict().filter(|_| quiz.right().is_none()) {
            lines.extend(of(self.styled(
                " No. ",
                format!("{why} Which of the others is it?").trim_start(),
                Role::Warning,
            )));
            lines.push(Row::default());
        }
        for (place, (answer, tried)) in quiz.answers().into_iter().enumerate() {
            let here = place == self.pane.marked && quiz.right().is_none();
            let (mark, role) = match (quiz.right() == Some(place), tried) {
                (true, _) => ("✓", Role::Good),
                (false, true) => ("✗", Role::Bad),
                _ if here => ("▸", Role::Accent),
                _ => (" ", Role::Text),
            };
            let style = self.theme.style(if here { Role::Accent } else { Role::Text });
            let rows = self.marked(&format!(" {mark} {} ", place + 1), self.theme.style(role), answer, style);
            let answer = u8::try_from(place + 1).ok();
            lines.extend(rows.into_iter().map(|line| Row { answer, ..line.into() }));
        }
        if let Some((right, why)) = quiz.verdict().filter(|_| quiz.right().is_some()) {
            lines.push(Row::default());
            let (word, role) = if right { (" Right. ", Role::Good) } else { (" No. ", Role::Warning) };
            lines.extend(of(self.styled(word, why, role)));
        }
        lines
    }

    /// The keys that matter now, where there is `more` below the one that shows it too.
    fn keys(&self, more: bool) -> Row {
        let whole = self.model.focus == Focus::Lesson;
        let place = if whole { Where::Lesson } else { self.model.place() };
        let key = |action: Action| self.model.keymap.keys(action, place).next().map(|key| key.to_string());
        let taken = self.pane.attempt.hints().len();
        let of = self.pane.open_step().map_or(0, |step| step.hints.len());
        let stage = self.pane.stage();
        let settled = self.pane.quiz.right().is_some();
        let mut parts: Vec<(Action, String)> = Vec::new();
        let wants = self.pane.wants_finding();
        if wants {
            parts.push((Action::Finding, "your answer".to_owned()));
        }
        match (stage, whole) {
            (Stage::Quiz, true) if settled => parts.push((Action::Choose, "goes on".to_owned())),
            (Stage::Quiz, true) => parts.push((Action::Choose, "or a digit answers".to_owned())),
            (Stage::Quiz, false) if settled => parts.push((Action::Lesson, "answered; Enter there goes on".to_owned())),
            (Stage::Quiz, false) => parts.push((Action::Lesson, "answers".to_owned())),
            (Stage::Finish, true) => {
                if next_lesson(self.model).is_some() {
                    parts.push((Action::NextLesson, "next lesson".to_owned()));
                }
                parts.push((Action::Lessons, "all lessons".to_owned()));
                parts.push((Action::Choose, "closes it".to_owned()));
            }
            (_, false) => parts.push((Action::Lesson, self.behind())),
            (_, true) => {}
        }
        if stage == Stage::Steps && of > 0 && !attending::in_exam(self.model) {
            let taken = if wants { format!("hint ({taken}/{of})") } else { format!("hint ({taken} of {of} used)") };
            parts.push((Action::Hint, taken));
        }
        if let Some(words) = attending::asks(self.model) {
            parts.push((Action::Questions, words.to_owned()));
        }
        if whole {
            parts.push((Action::ToComposer, "to the line".to_owned()));
            if more {
                parts.push((Action::PageDown, Action::PageDown.entry().short.to_owned()));
            }
            if !attending::in_exam(self.model) {
                parts.push((Action::StartOver, "starts over".to_owned()));
            }
        }
        let (mut spans, mut keys) = (Vec::new(), Vec::new());
        let mut end = 0;
        for (action, words) in parts {
            let Some(key) = key(action) else { continue };
            let between = if spans.is_empty() { " " } else { " · " };
            let start = end + width(between);
            let stop = start + width(&key) + 1 + width(&words);
            if stop > self.columns + 1 {
                continue;
            }
            end = stop;
            keys.push((start..end, action));
            spans.push(Span::raw(between));
            spans.push(Span::styled(key, self.theme.style(Role::Accent)));
            spans.push(Span::styled(format!(" {words}"), self.theme.style(Role::Dim)));
        }
        Row { line: Line::from(spans), answer: None, keys }
    }

    /// How what matters less looks.
    pub(super) fn dim(&self) -> Style {
        self.theme.style(Role::Dim)
    }

    pub(super) fn styled(&self, first: &str, text: &str, role: Role) -> Vec<Line<'static>> {
        let style = self.theme.style(role);
        self.marked(first, style, text, style)
    }

    /// A text of several rows behind a mark; the rows after the first are indented by it, or a little where it is a word.
    fn marked(&self, mark: &str, mark_style: Style, text: &str, style: Style) -> Vec<Line<'static>> {
        let blanks = mark.chars().take_while(|c| *c == ' ').count();
        let indent = if mark.chars().any(char::is_alphabetic) { blanks } else { width(mark) };
        let room = self.columns.saturating_sub(width(mark)).max(8);
        let mut lines: Vec<Line<'static>> = Vec::new();
        for paragraph in text.lines() {
            let text = for_screen(paragraph.as_bytes());
            for row in wrap(&text, room) {
                let first = lines.is_empty();
                let front = if first { mark.to_owned() } else { " ".repeat(indent) };
                let mut spans = vec![Span::styled(front, if first { mark_style } else { style })];
                spans.extend(self.code(&fit(&row, self.columns), style));
                lines.push(Line::from(spans));
            }
        }
        lines
    }

    /// Text between backquotes stands out, without them; terms of the glossary are underlined.
    fn code(&self, text: &str, style: Style) -> Vec<Span<'static>> {
        let accent = self.theme.style(Role::Accent);
        let mut spans = Vec::new();
        for (n, part) in text.split('`').enumerate() {
            if n % 2 == 1 {
                spans.push(Span::styled(part.to_owned(), accent));
            } else {
                self.linked(part, style, &mut spans);
            }
        }
        spans
    }

    fn linked(&self, text: &str, style: Style, spans: &mut Vec<Span<'static>>) {
        let mut from = 0;
        for place in crate::decode::terms_at(text, self.model.knowledge.glossary()) {
            spans.push(Span::styled(text[from..place.start].to_owned(), style));
            spans.push(Span::styled(text[place.clone()].to_owned(), style.add_modifier(Modifier::UNDERLINED)));
            from = place.end;
        }
        if from < text.len() || text.is_empty() {
            spans.push(Span::styled(text[from..].to_owned(), style));
        }
    }
}
