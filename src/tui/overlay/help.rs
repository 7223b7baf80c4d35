//! F1: the keys of where you are, from the action table.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::about::About;
use super::{Outcome, Overlay, letter, more, place, window};
use crate::tui::action::{ACTIONS, Action, Entry, Where};
use crate::tui::model::{Focus, Model};
use crate::tui::text::{fit, wrap};
use crate::tui::theme::Role;
use crate::tui::{opening, replay};

/// Columns for the keys.
const KEYS: usize = 16;
/// Columns for a term.
const TERM: usize = 22;

/// The help screen.
#[derive(Debug, Clone)]
pub struct Help {
    place: Where,
    /// The overlay that it is about, where it is about one.
    over: Option<Box<Overlay>>,
    scroll: usize,
}

impl Help {
    /// Help for a place.
    #[must_use]
    pub fn of(place: Where) -> Self {
        Self { place, over: None, scroll: 0 }
    }

    /// Help on an overlay, which comes back when it is closed.
    #[must_use]
    pub fn over(overlay: Overlay) -> Self {
        Self { place: Where::Everywhere, over: Some(Box::new(overlay)), scroll: 0 }
    }

    /// The overlay that lies below it.
    pub(super) fn below(self) -> Option<Overlay> {
        self.over.map(|over| *over)
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let rows = usize::from(model.size.1.saturating_sub(4));
        let last = self.lines(model, columns(model)).len().saturating_sub(rows);
        let to = match (key.code, letter(key)) {
            (KeyCode::Down, _) | (_, Some('j')) => self.scroll + 1,
            (KeyCode::Up, _) | (_, Some('k')) => self.scroll.saturating_sub(1),
            (KeyCode::PageDown, _) | (_, Some(' ')) => self.scroll + rows,
            (KeyCode::PageUp, _) => self.scroll.saturating_sub(rows),
            (KeyCode::Home, _) => 0,
            (KeyCode::End, _) => last,
            (KeyCode::F(1) | KeyCode::Enter, _) | (_, Some('q' | '?')) => return Outcome::Close,
            _ => return Outcome::Stay,
        };
        self.scroll = to.min(last);
        Outcome::Stay
    }

    fn lines(&self, model: &Model, columns: usize) -> Vec<Line<'static>> {
        let accent = model.theme.style(Role::Accent);
        if let Some(about) = self.over.as_ref().and_then(|over| over.about()) {
            return lines_about(about, model, columns);
        }
        // What a lesson's text is asked about is its words.
        let terms = self.terms(model, columns);
        let (first, last) = if self.place == Where::Lesson { (terms, Vec::new()) } else { (Vec::new(), terms) };
        let mut lines: Vec<Line<'static>> =
            said(self.place, model).iter().flat_map(|text| wrap(text, columns)).map(Line::from).collect();
        lines.extend(first);
        for (heading, place) in [(heading(self.place), self.place), ("Everywhere", Where::Everywhere)] {
            lines.push(Line::default());
            lines.push(Line::styled(heading, accent));
            let heard = |entry: &&Entry| !matches!(entry.action, Action::Step(2..)) && is_of_use(entry, model);
            for entry in ACTIONS.iter().filter(heard) {
                let mut keys: Vec<String> = model
                    .keymap
                    .keys(entry.action, place)
                    .filter(|key| {
                        // Here a key may do something else than everywhere.
                        let done = model.keymap.action(self.place, *key) == Some(entry.action);
                        let everywhere = model.keymap.keys(entry.action, Where::Everywhere).any(|k| k == *key);
                        if place == Where::Everywhere { done } else { !everywhere }
                    })
                    .map(|key| key.to_string())
                    .collect();
                let leads = if entry.action == Action::ToComposer { leads(model) } else { None };
                if leads.is_some() {
                    keys.retain(|key| key == "Esc");
                }
                if keys.is_empty() {
                    continue;
                }
                if entry.action == Action::Step(1) {
                    for key in &mut keys {
                        key.push_str("…9");
                    }
                }
                lines.extend(keyed(&keys.join("  "), leads.unwrap_or(entry.help), model, columns));
            }
        }
        lines.extend(last);
        lines
    }

    /// The terms of the glossary that the lesson or the right panel shows now.
    fn terms(&self, model: &Model, columns: usize) -> Vec<Line<'static>> {
        if matches!(self.place, Where::Start | Where::Library) {
            return Vec::new();
        }
        let lesson = model.lesson.as_ref().filter(|_| self.place == Where::Lesson);
        let (text, heading) = match lesson {
            Some(pane) => (pane.text(), "Words in this lesson"),
            None => (shown(model), "Words on this screen"),
        };
        let terms = crate::decode::terms_in(&text, model.knowledge.glossary());
        let mut lines = Vec::new();
        if !terms.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled(heading, model.theme.style(Role::Accent)));
        }
        for term in terms {
            for (n, row) in wrap(&term.text, columns.saturating_sub(TERM)).into_iter().enumerate() {
                let name = if n == 0 { fit(&term.term, TERM - 1) } else { String::new() };
                let name = Span::styled(format!("{name:TERM$}"), model.theme.style(Role::Good));
                lines.push(Line::from(vec![name, Span::raw(row)]));
            }
        }
        lines
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let lines = self.lines(model, columns(model)).len();
        let area = place(model, 96, u16::try_from(lines).unwrap_or(u16::MAX - 4));
        let more = lines > usize::from(area.height.saturating_sub(2));
        (area, if more { "Up Down scroll · Esc close" } else { "Esc close" })
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        if let Some(over) = &self.over {
            over.draw(model, frame);
        }
        let lines = self.lines(model, columns(model));
        let (area, foot) = self.outline(model);
        let inner = window(model, frame, area, "Help", foot);
        for (y, line) in (0..inner.height).zip(lines.iter().skip(self.scroll)) {
            frame.buffer_mut().set_line(inner.x, inner.y + y, line, inner.width);
        }
        more(model, frame, area, (self.scroll, usize::from(inner.height), lines.len()));
    }
}

/// What an overlay says of itself.
fn lines_about(about: &About, model: &Model, columns: usize) -> Vec<Line<'static>> {
    let words = about.words.iter().flat_map(|text| wrap(&model.keymap.told(text), columns)).map(Line::from);
    let heading = [Line::default(), Line::styled(about.heading, model.theme.style(Role::Accent))];
    let keys = about.keys.iter().flat_map(|(keys, text)| keyed(&model.keymap.told(keys), text, model, columns));
    words.chain(heading).chain(keys).collect()
}

/// Keys and what they do; an action in braces stands for its key.
fn keyed(keys: &str, text: &str, model: &Model, columns: usize) -> Vec<Line<'static>> {
    let rows = wrap(&model.keymap.told(text), columns.saturating_sub(KEYS)).into_iter().enumerate();
    let left = |n| if n == 0 { format!("{keys:KEYS$}") } else { " ".repeat(KEYS) };
    let style = model.theme.style(Role::Sent);
    rows.map(|(n, row)| Line::from(vec![Span::styled(left(n), style), Span::raw(row)])).collect()
}

/// The text that the right panel shows, whichever tab is open.
fn shown(model: &Model) -> String {
    let Some(size) = model.layout().map(|layout| layout.panel_inner()) else { return String::new() };
    let area = Rect::new(0, 0, size.width, size.height);
    let mut buffer = Buffer::empty(area);
    model.panel.draw(&model.keymap, model.theme, (false, false), area, &mut buffer);
    let rows = buffer.content.chunks(usize::from(size.width).max(1));
    let rows = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
    // A term may go on in the next row.
    rows.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn columns(model: &Model) -> usize {
    usize::from(model.size.0.saturating_sub(6).min(96))
}

fn heading(place: Where) -> &'static str {
    match place {
        Where::Everywhere => "Everywhere",
        Where::Composer => "In the composer",
        Where::Transcript => "In the transcript",
        Where::Panel => "In the right panel",
        Where::Start => "On the start screen",
        Where::Lesson => "In the lesson",
        Where::Library => "Among the conversations that were kept",
    }
}

/// Whether an entry is named: of what a file can't do, since it has no line to send, no key is heard.
fn is_of_use(entry: &Entry, model: &Model) -> bool {
    let offline = model.is_offline() && !model.at_start();
    !offline || (entry.available)(model) || (entry.action == Action::ToComposer && leads(model).is_some())
}

/// Where the key leads that goes to the composer elsewhere, in words; none where it does.
fn leads(model: &Model) -> Option<&'static str> {
    match model.focus {
        Focus::Transcript if replay::closes(model) => Some(Action::EndReplay.entry().help),
        Focus::Panel if model.is_offline() => Some("Go back to the transcript."),
        Focus::Transcript if model.is_offline() && model.transcript.is_narrowed() => Some(Action::Widen.entry().help),
        _ if model.came_from_start() => Some(match opening::back(model) {
            Action::Library => "Go back to the conversations that were kept.",
            _ => "Go back to the start screen.",
        }),
        _ => None,
    }
}

/// What is said of the place, before its keys: of two columns first.
fn said(place: Where, model: &Model) -> Vec<&'static str> {
    let columns = model.replay.is_some() && !model.at_start();
    let beside =
        if columns && matches!(place, Where::Transcript | Where::Composer | Where::Panel) { COLUMNS } else { &[] };
    // The marks of the lanes are not those of the columns.
    let own = if columns && place == Where::Transcript { &[] } else { words(place) };
    beside.iter().chain(own).copied().collect()
}

/// What stands between two conversations beside each other.
const COLUMNS: &[&str] = &[
    "Two conversations stand beside each other; what is equal is grey. Between them ≠ marks what differs (a code, or a \
     line that only one of them has), ≈ what differs in its wording alone, - a line that was skipped, + what belongs to \
     the right one alone. > was sent, < was received.",
    "In a replay the line that comes next stands in the composer and may be changed; the right column fills as it goes.",
];

/// What the place is for, before its keys.
fn words(place: Where) -> &'static [&'static str] {
    match place {
        Where::Everywhere => &[],
        Where::Composer => &[
            "You are in the composer. The line that stands there is exactly what will be sent; nothing else is.",
            "Grey text is an offer: Right or End at the end of the line takes it. A marked word has something wrong with \
             it; the row below says what. Up and Down bring back lines sent before.",
            "The line is edited as in a shell: arrows, Home, End, Ctrl-A E U K W, Alt-B and Alt-F. Alt with any other \
             letter does what the letter does in the transcript.",
        ],
        Where::Transcript => &[
            "You are in the transcript: everything that was said, in true order. -> was sent, <- was received, -| is a \
             line of a message, ~> <~ ~| are the same under TLS. <** was refused or is not as it should be, <~* is that \
             under TLS. == is a remark of ehlo's own, !! a warning.",
            "Select an exchange, and the right panel explains its reply.",
        ],
        Where::Panel => &["You are in the right panel: what the reply means, why it came, and what can be done next."],
        Where::Lesson => &[
            "You are in the lesson. Its steps tick from what the lab's server has seen, whichever client spoke to it; the \
             address stands below the steps.",
            "A hint costs nothing but the pleasure of having found it. Where a step wants to know what you have found, \
             your answer goes to the lesson and not to the server. At the end there is a question or two.",
        ],
        Where::Library => &[
            "Every conversation that you hold is kept, and is here. Letters go to Find: each word must stand in the \
             conversation (\"a phrase\", /a regular expression/; capitals mind case).",
            "host: profile: code: end: title: tag: to: since: until: larger: smaller: choose by what is known of it, such as \
             code:5xx since:7d; a - before a word leaves out what has it. end: finds what no reply ended: cut, unanswered, \
             abandoned, tls, silence, failed.",
        ],
        Where::Start => &[
            "Letters go to Find. What you type may be a host (mx.example:25), a profile, lab:, mx:DOMAIN for the mail \
             exchanger of a domain, a saved .smtp file, or a line such as telnet HOST 25.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_place_is_in_its_help() {
        let model = Model { size: (120, 33), ..Model::default() };
        for (place, _) in Where::NAMES {
            let text = Help::of(place).lines(&model, 90).iter().map(Line::to_string).collect::<Vec<_>>().join("\n");
            for entry in ACTIONS.iter().filter(|e| !matches!(e.action, Action::Step(_))) {
                for key in model.keymap.keys(entry.action, place) {
                    assert!(text.contains(&key.to_string()), "{key} is missing in {place:?}");
                }
            }
        }
    }
}
