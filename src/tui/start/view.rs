//! How the start screen is drawn.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{Item, Profile, Start};
use crate::tui::model::Model;
use crate::tui::text::{fit, width, wrap};
use crate::tui::theme::Role;

/// Rows that something said may take at the foot.
const NOTICE: usize = 4;

/// Draws find line, rows and headings into the area between title and footer.
pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let start = &model.start;
    find_line(model, frame, Rect { height: 1, ..area });
    let notice = model.notice.as_deref().map(|text| wrap(text, usize::from(area.width).saturating_sub(2)));
    let notice: Vec<String> = notice.unwrap_or_default().into_iter().take(NOTICE).collect();
    let said = u16::try_from(notice.len()).unwrap_or(0);
    let below = Rect { y: area.y + 2, height: area.height.saturating_sub(3 + said.saturating_sub(1)), ..area };
    let (lines, marked) = rows(model, start, usize::from(area.width));
    let from = (marked + 2).saturating_sub(usize::from(below.height));
    for (y, line) in (0..below.height).zip(lines.into_iter().skip(from)) {
        frame.buffer_mut().set_line(below.x, below.y + y, &line, below.width);
    }
    for (y, row) in (area.bottom() - said..).zip(notice) {
        frame.buffer_mut().set_string(area.x + 1, y, row, model.theme.style(Role::Warning));
    }
}

fn find_line(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let label = "  Find  ";
    let room = usize::from(area.width).saturating_sub(width(label) + 1);
    let scroll = model.start.find.visual_scroll(room);
    let shown: String = model.start.text().chars().skip(scroll).collect();
    let at = width(label) + model.start.find.visual_cursor().saturating_sub(scroll);
    let mut spans = vec![Span::styled(label, theme.style(Role::Accent)), Span::raw(shown.clone())];
    let hint = "type to search, or type host[:port] and press Enter";
    if width(&shown) + width(hint) + 3 <= room {
        spans.push(Span::raw(" ".repeat(room - width(&shown) - width(hint))));
        spans.push(Span::styled(hint, theme.style(Role::Dim)));
    }
    frame.buffer_mut().set_line(area.x, area.y, &Line::from(spans), area.width);
    if model.overlay.is_none() {
        let x = area.x + u16::try_from(at).unwrap_or(0).min(area.width - 1);
        frame.set_cursor_position(Position::new(x, area.y));
    }
}

/// The lines of the list, and which of them is marked.
fn rows(model: &Model, start: &Start, columns: usize) -> (Vec<Line<'static>>, usize) {
    let theme = model.theme;
    let marked = start.marked();
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut marked_line = 0;
    let mut heading = "";
    for item in start.items() {
        let (under, cells, role) = row(start, item);
        if under != heading {
            if !heading.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::styled(format!("  {under}"), theme.style(Role::Accent)));
            heading = under;
        }
        let is_marked = marked == Some(item);
        if is_marked {
            marked_line = lines.len();
        }
        let bar = if is_marked { " ▌  " } else { "    " };
        let mut text = String::from(bar);
        for (cell, room) in &cells {
            text.push_str(&fit(cell, *room));
            text.push_str(&" ".repeat(room.saturating_sub(width(&fit(cell, *room))) + 2));
        }
        let text = fit(text.trim_end(), columns.saturating_sub(1));
        let style = if is_marked { theme.style(Role::Accent) } else { theme.style(role) };
        lines.push(Line::styled(text, style));
    }
    (lines, marked_line)
}

/// Heading, cells with their width, and role of a row.
fn row(start: &Start, item: Item) -> (&'static str, Vec<(String, usize)>, Role) {
    match item {
        Item::Lab => {
            let what = "a mail server inside ehlo: safe to break, nothing leaves this machine";
            ("Try it now", vec![("Lab".to_owned(), 13), (what.to_owned(), 100)], Role::Text)
        }
        Item::Typed => {
            let text = crate::smtp::escape::for_screen(start.text().trim().as_bytes());
            ("Connect", vec![(text, 60), ("what you typed".to_owned(), 30)], Role::Text)
        }
        Item::Profile(n) => {
            let Some(profile) = start.profiles.get(n) else { return ("Profiles", Vec::new(), Role::Text) };
            let note = if profile.production { format!("PRODUCTION  {}", profile.note) } else { profile.note.clone() };
            let widest = |of: fn(&Profile) -> &str, most: usize| {
                start.profiles.iter().map(|profile| width(of(profile))).max().unwrap_or(0).min(most)
            };
            let cells = vec![
                (profile.name.clone(), widest(|p| &p.name, 20).max(13)),
                (profile.address.clone(), widest(|p| &p.address, 30)),
                (profile.security.clone(), widest(|p| &p.security, 14)),
                (note, 60),
            ];
            ("Profiles", cells, if profile.production { Role::Warning } else { Role::Text })
        }
        Item::Recent(n) => {
            let Some(recent) = start.recent.get(n) else {
                return ("Recent conversations", Vec::new(), Role::Text);
            };
            let cells = vec![(recent.when.clone(), 17), (recent.target.clone(), 26), (recent.outcome.clone(), 60)];
            ("Recent conversations", cells, Role::Text)
        }
    }
}
