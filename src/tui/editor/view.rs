//! Draws the editor over the transcript: only the rows that are visible.

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};
use unicode_segmentation::UnicodeSegmentation as _;

use super::form::{BESIDE, Form, WIDE};
use super::{Asking, Editor, Outcome, summary, whole};
use crate::message::header;
use crate::smtp::escape::for_screen;
use crate::tui::layout::inner;
use crate::tui::model::Model;
use crate::tui::overlay::foot_in;
use crate::tui::text::{fit, width};
use crate::tui::theme::Role;

/// The keys in its frame.
const FOOT: &str = "Ctrl-D done · {templates} samples · {next-pane} form · Esc keep";
/// Below so many columns the frame has no room for all that it says.
const NARROW: u16 = 50;
/// What is said before something takes the place of what was written.
const REPLACES: &str = "What you wrote goes; Enter again replaces it";
const FORM_FOOT: &str = "Ctrl-D done · Tab next field · {next-pane} text · Esc text";

impl Editor {
    /// Its place, between title and composer, and the keys in its frame.
    pub(in crate::tui) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        (Self::place(model), if self.form.is_some() { FORM_FOOT } else { FOOT })
    }

    fn place(model: &Model) -> Rect {
        let below = model.layout().and_then(|layout| layout.composer).map_or(model.size.1, |composer| composer.y);
        Rect::new(0, 1, model.size.0, below.saturating_sub(1))
    }

    /// Where the form is, if it is open, and where the text is: side by side where there is room, else one below the other.
    fn parts(&self, area: Rect) -> (Option<Rect>, Rect) {
        if self.form.is_none() {
            return (None, area);
        }
        if area.width >= WIDE {
            let form = Rect { width: BESIDE, ..area };
            return (Some(form), Rect { x: area.x + BESIDE + 1, width: area.width - BESIDE - 1, ..area });
        }
        // Where there is hardly room, it is the form that has the keys.
        let rows = Form::rows().min(area.height.saturating_sub(3)).max(area.height.min(3));
        let form = Rect { height: rows, ..area };
        (Some(form), Rect { y: area.y + rows, height: area.height - rows, ..area })
    }

    /// The first line of the text that is shown, where so many rows have room.
    fn first_shown(&self, rows: usize) -> usize {
        (self.text.row / rows * rows).min(self.text.lines.len().saturating_sub(1))
    }

    fn samples_place(&self, area: Rect) -> Rect {
        let rows = u16::try_from(self.samples.len() + 1).unwrap_or(8);
        Rect::new(area.x, area.y + 1, 52.min(area.width), rows + 2).intersection(area)
    }

    /// A click: puts the cursor there, or takes the sample there.
    pub(in crate::tui) fn click(&mut self, at: Position, model: &Model) -> Outcome {
        let (form, area) = self.parts(inner(Self::place(model)));
        if form.is_some() {
            if area.contains(at) {
                self.form = None;
            }
            return Outcome::Stay;
        }
        match self.asking {
            Asking::Sample(_) => {
                let place = inner(self.samples_place(area));
                let row = usize::from(at.y.saturating_sub(place.y));
                if place.contains(at) && row <= self.samples.len() {
                    self.asking = Asking::Sample(row);
                    return self.key(KeyCode::Enter.into());
                }
            }
            Asking::Nothing if area.contains(at) => {
                let rows = usize::from(area.height).max(1);
                let columns = usize::from(area.width).saturating_sub(1).max(1);
                let row = self.first_shown(rows) + usize::from(at.y - area.y);
                let before = width(&for_screen(&self.text.lines[self.text.row].as_bytes()[..self.text.at]));
                let skip = if row == self.text.row { before / columns * columns } else { 0 };
                self.text.put(row, skip + usize::from(at.x - area.x));
            }
            _ => {}
        }
        Outcome::Stay
    }

    pub(in crate::tui) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let area = Self::place(model);
        let theme = model.theme;
        let size = summary(whole(&self.text.lines));
        // On a narrow screen the key that is done with it comes before the octets.
        let size = if area.width < NARROW { size.split(',').next().unwrap_or_default() } else { &size };
        let left = format!(" {size} ");
        let foot = model.keymap.told(if self.form.is_some() { FORM_FOOT } else { FOOT });
        let beside = area.width.saturating_sub(u16::try_from(width(&left)).unwrap_or(0));
        let keys = format!(" {} ", foot_in(&foot, beside));
        let title = match self.unparted() {
            _ if model.types_by_hand() => Line::raw(" Message, sent as typed: no dot is doubled, a lone one ends it "),
            None if self.has_bare_feeds() => {
                Line::raw(" Message with line feeds alone (\\n), which its form can't keep ")
            }
            Some(line) => {
                let words = format!(" No empty line parts header and text before “{}”", for_screen(line.as_bytes()));
                let words = fit(&words, usize::from(area.width.saturating_sub(4)));
                Line::styled(format!("{words} "), theme.style(Role::Warning))
            }
            None => match header::doubled(self.text.lines.iter().map(String::as_str)) {
                Some(name) => {
                    let words = format!(" “{}:” stands there twice ", for_screen(name.as_bytes()));
                    Line::styled(words, theme.style(Role::Warning))
                }
                None => Line::raw(" Message: header fields, an empty line, the text "),
            },
        };
        let block = Block::bordered()
            .border_style(theme.style(Role::Accent))
            .title(title)
            .title_bottom(Line::styled(left, theme.style(Role::Accent)))
            .title_bottom(Line::raw(keys).right_aligned());
        frame.render_widget(Clear, area);
        frame.render_widget(block, area);
        let (form, inner) = self.parts(inner(area));
        self.rows(model, inner, frame);
        if let (Some(it), Some(area)) = (&self.form, form) {
            it.draw(&self.octets(), model, area, frame);
            Self::divide(area, inner, model, frame);
        }
        match &self.asking {
            Asking::Nothing => {}
            Asking::Sample(marked) => self.samples(*marked, model, inner, frame),
            Asking::File(input) => {
                let row = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
                frame.render_widget(Clear, row);
                let ask = if self.warned { REPLACES } else { "Insert which file (Tab completes)?" };
                let text = format!("{ask} {}", for_screen(input.value().as_bytes()));
                let shown = fit(&text, usize::from(row.width.saturating_sub(1)));
                let at = u16::try_from(width(&shown)).unwrap_or(0);
                frame.buffer_mut().set_string(row.x, row.y, shown, theme.style(Role::Accent));
                frame.set_cursor_position(Position::new(row.x + at, row.y));
            }
        }
    }

    /// A line between form and text.
    fn divide(form: Rect, text: Rect, model: &Model, frame: &mut Frame<'_>) {
        let style = model.theme.style(Role::Dim);
        if text.x > form.x {
            (text.y..text.bottom()).for_each(|y| frame.buffer_mut().set_string(text.x - 2, y, "│", style));
        } else if text.y > form.y {
            frame.buffer_mut().set_string(form.x, text.y - 1, "─".repeat(usize::from(form.width)), style);
        }
    }

    fn rows(&self, model: &Model, area: Rect, frame: &mut Frame<'_>) {
        let rows = usize::from(area.height).max(1);
        let columns = usize::from(area.width).saturating_sub(1).max(1);
        let from = self.first_shown(rows);
        let body = self.text.lines.iter().take(from + rows).position(String::is_empty).unwrap_or(usize::MAX);
        let before = &self.text.lines[self.text.row][..self.text.at];
        let cursor = width(&for_screen(before.as_bytes()));
        let skip = cursor / columns * columns;
        for ((n, line), y) in self.text.lines.iter().enumerate().skip(from).zip(area.y..area.bottom()) {
            let skip = if n == self.text.row { skip } else { 0 };
            let shown = window(line, skip, columns);
            let role = if n < body { Role::Sent } else { Role::Text };
            frame.buffer_mut().set_string(area.x, y, shown, model.theme.style(role));
        }
        let x = area.x + u16::try_from(cursor - skip).unwrap_or(0);
        let y = area.y + u16::try_from(self.text.row - from).unwrap_or(0);
        frame.set_cursor_position(Position::new(x, y));
    }

    fn samples(&self, marked: usize, model: &Model, area: Rect, frame: &mut Frame<'_>) {
        let place = self.samples_place(area);
        let theme = model.theme;
        let block = Block::bordered()
            .border_style(theme.style(Role::Accent))
            .title(if self.warned {
                Line::styled(format!(" {REPLACES} "), theme.style(Role::Warning))
            } else {
                Line::raw(" A sample takes the place of the text ")
            })
            .title_bottom(Line::raw(" Enter take · Esc back ").right_aligned());
        // Beside it nothing of the text is left that could be read.
        frame.render_widget(Clear, Rect { width: area.width, ..place });
        frame.render_widget(block, place);
        let names =
            self.samples.iter().map(|(name, _)| name.as_str()).chain(["a file, where the cursor is; .eml as a whole…"]);
        for ((n, name), y) in names.enumerate().zip(place.y + 1..place.bottom().saturating_sub(1)) {
            let style = theme.style(if n == marked { Role::Accent } else { Role::Text });
            let bar = if n == marked { "▌ " } else { "  " };
            let line = Line::from(Span::styled(format!("{bar}{name}"), style));
            frame.buffer_mut().set_line(place.x + 1, y, &line, place.width.saturating_sub(2));
        }
    }
}

/// What so many columns show of a line after `skip` columns.
fn window(line: &str, skip: usize, columns: usize) -> String {
    // No more than what can be seen is looked at, however long the line is.
    let mut end = line.len().min((skip + columns) * 8);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let shown = for_screen(&line.as_bytes()[..end]);
    let (mut out, mut column) = (String::new(), 0);
    for grapheme in shown.graphemes(true) {
        let next = column + width(grapheme);
        if next > skip + columns {
            break;
        }
        if column >= skip {
            out.push_str(grapheme);
        }
        column = next;
    }
    out
}
