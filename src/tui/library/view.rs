//! How the library is drawn: what is looked for, the list, and beside or below it the beginning of the marked one.

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::{Library, Row};
use crate::library::Found;
use crate::profile::size;
use crate::smtp::escape::for_screen;
use crate::tui::action::{Action, Where};
use crate::tui::layout::inner;
use crate::tui::model::Model;
use crate::tui::text::{fit, from_there, head, width, wrap};
use crate::tui::theme::Role;
use crate::tui::view::start_area;

/// Columns from which on the marked one stands beside the list.
const WIDE: u16 = 140;
/// Rows and columns from which on it is shown at all.
const ROOM: (u16, u16) = (72, 16);
/// Rows that something said may take at the foot.
const NOTICE: usize = 3;
/// Columns for when it was, and at most for with whom.
const WHEN: usize = 17;
const WITH: usize = 26;

/// Where things stand.
struct Places {
    find: Rect,
    list: Rect,
    preview: Option<Rect>,
    notice: Rect,
}

fn places(model: &Model) -> Places {
    let area = start_area(model.size);
    let said = model.notice.as_deref().map_or(0, |words| wrap(words, usize::from(area.width).saturating_sub(2)).len());
    let said = u16::try_from(said.min(NOTICE)).unwrap_or(0);
    let below = Rect { y: area.y + 3, height: area.height.saturating_sub(3 + said), ..area };
    let notice = Rect { y: below.bottom(), height: said, ..area };
    let find = Rect { height: 1, ..area };
    if area.width < ROOM.0 || area.height < ROOM.1 {
        return Places { find, list: below, preview: None, notice };
    }
    let (list, preview) = if area.width >= WIDE {
        let left = area.width * 11 / 20;
        (Rect { width: left, ..below }, Rect { x: left, width: area.width - left, ..below })
    } else {
        let upper = below.height * 9 / 20;
        (Rect { height: upper, ..below }, Rect { y: below.y + upper, height: below.height - upper, ..below })
    };
    Places { find, list, preview: Some(preview), notice }
}

/// Rows of the list that are in sight.
pub(super) fn listed(model: &Model) -> usize {
    usize::from(places(model).list.height)
}

/// The row of the list that stands at a place of the screen.
pub(in crate::tui) fn row_at(model: &Model, at: Position) -> Option<usize> {
    let list = places(model).list;
    let row = first(&model.library, list) + usize::from(at.y.checked_sub(list.y)?);
    (list.contains(at) && row < model.library.shown.len()).then_some(row)
}

/// The room for the lines of the marked one.
pub(in crate::tui) fn preview_room(model: &Model) -> Size {
    places(model).preview.map(|area| lines(&model.library, inner(area)).as_size()).unwrap_or_default()
}

/// Below the line about what was found, where there is one.
fn lines(library: &Library, area: Rect) -> Rect {
    let rows = u16::from(found(library).is_some()).min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

fn found(library: &Library) -> Option<&Found> {
    library.shown.get(library.at()?)?.1.as_ref()
}

fn first(library: &Library, list: Rect) -> usize {
    (library.at().unwrap_or(0) + 1).saturating_sub(usize::from(list.height))
}

/// Draws it.
pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let places = places(model);
    find_line(model, frame, places.find);
    let (words, role) = standing(&model.library);
    let room = usize::from(places.find.width.saturating_sub(9));
    // What is wrong stands above a list that is empty then.
    let rows = if role == Role::Warning { wrap(&words, room) } else { vec![fit(&words, room)] };
    for (row, y) in rows.into_iter().zip(places.find.y + 1..places.notice.y) {
        frame.buffer_mut().set_string(places.find.x + 8, y, row, model.theme.style(role));
    }
    list(model, frame, places.list);
    if let Some(area) = places.preview {
        preview(model, frame, area);
    }
    if let Some(words) = &model.notice {
        let rows = wrap(words, usize::from(places.notice.width).saturating_sub(2));
        for (row, y) in rows.into_iter().zip(places.notice.y..places.notice.bottom()) {
            frame.buffer_mut().set_string(places.notice.x + 1, y, row, model.theme.style(Role::Warning));
        }
    }
}

fn find_line(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let (theme, input) = (model.theme, &model.library.find);
    let label = "  Find  ";
    let room = usize::from(area.width).saturating_sub(width(label) + 1);
    let scroll = input.visual_scroll(room);
    let shown = from_there(input.value(), scroll);
    let shown = head(&shown, room).to_owned();
    let mut spans = vec![Span::styled(label, theme.style(Role::Accent)), Span::raw(shown.clone())];
    let hint = "words in it, and host: code: end: tag: to: since: larger: …";
    if width(&shown) + width(hint) + 3 <= room {
        spans.push(Span::raw(" ".repeat(room - width(&shown) - width(hint))));
        spans.push(Span::styled(hint, theme.style(Role::Dim)));
    }
    frame.buffer_mut().set_line(area.x, area.y, &Line::from(spans), area.width);
    if model.overlay.is_none() {
        let at = width(label) + input.visual_cursor().saturating_sub(scroll);
        let x = area.x + u16::try_from(at).unwrap_or(0).min(area.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(x, area.y));
    }
}

/// How many there are, or what is wrong with what was typed.
fn standing(library: &Library) -> (String, Role) {
    if let Some(why) = &library.wrong {
        return (why.clone(), Role::Warning);
    }
    let (all, shown) = (library.rows.len(), library.shown.len());
    let octets: u64 = library.shown.iter().map(|(place, _)| library.rows[*place].summary.size).sum();
    let octets = size::words(octets);
    let words = match (library.text().trim().is_empty(), all) {
        (_, 0) if library.listing => "The conversations are being read.".to_owned(),
        (_, 0) => "No conversation was kept yet; each one that you hold is.".to_owned(),
        (true, 1) => format!("1 conversation, {octets}"),
        (true, _) => format!("{all} conversations, {octets}"),
        (false, _) => format!("{shown} of {all}, {octets}"),
    };
    let more = if library.is_searching() && all > 0 { " …" } else { "" };
    let order = if all > 1 { format!(" · {}", library.order.words()) } else { String::new() };
    (format!("{words}{more}{order}"), Role::Dim)
}

fn list(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let library = &model.library;
    let from = first(library, area);
    let in_sight = || library.shown.iter().enumerate().skip(from).take(usize::from(area.height));
    let rows = in_sight().filter_map(|(_, (place, _))| library.rows.get(*place));
    let with = rows.map(|row| width(&whom(row))).max().unwrap_or(0).min(WITH);
    if library.shown.is_empty() && !library.rows.is_empty() && !library.is_searching() && library.wrong.is_none() {
        // Here the key forgets what was typed; elsewhere nothing names it.
        let key = model.keymap.keys(Action::LeaveLibrary, Where::Library).next();
        let key = key.map_or_else(|| model.keymap.key(Action::LeaveLibrary), |key| key.to_string());
        let words = format!("None of them. {key} shows all again; fewer words find more.");
        frame.buffer_mut().set_string(
            area.x + 4,
            area.y,
            fit(&words, usize::from(area.width) - 4),
            model.theme.style(Role::Text),
        );
    }
    for ((n, (place, _)), y) in in_sight().zip(area.y..area.bottom()) {
        let Some(row) = library.rows.get(*place) else { continue };
        let marked = library.at() == Some(n);
        let text = line(row, with, usize::from(area.width.saturating_sub(1)), marked);
        let role = if marked { Role::Accent } else { Role::Text };
        frame.buffer_mut().set_string(area.x, y, text, model.theme.style(role));
    }
}

fn whom(row: &Row) -> String {
    let target = row.summary.target.as_deref().map(|target| match target {
        "lab:default" => "lab",
        other => other.trim_start_matches("smtp://"),
    });
    for_screen(row.summary.profile.as_deref().or(target).unwrap_or_default().as_bytes())
}

/// A transcript in one row: when, with whom, what became of it or its title, tags, size.
fn line(row: &Row, with: usize, columns: usize, marked: bool) -> String {
    let summary = &row.summary;
    let size = size::words(summary.size);
    let words = match (summary.titled(), &summary.outcome) {
        (Some(titled), _) => titled,
        (None, Some(outcome)) => outcome.to_string(),
        (None, None) if summary.started.is_none() => format!("{} can't be read", summary.name()),
        (None, None) => "nothing was said".to_owned(),
    };
    let tags = summary.tags.iter().map(|tag| format!("#{tag}"));
    let words = for_screen(tags.chain([words]).collect::<Vec<_>>().join(" ").as_bytes());
    let padded = |text: &str, columns: usize| {
        let text = fit(text, columns);
        let gap = " ".repeat(columns.saturating_sub(width(&text)));
        format!("{text}{gap}")
    };
    let begin =
        format!("{}{}  {}  ", if marked { " ▌  " } else { "    " }, padded(&row.when, WHEN), padded(&whom(row), with));
    let room = columns.saturating_sub(width(&begin) + 9);
    format!("{begin}{}  {size:>7}", padded(&words, room))
}

fn preview(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let library = &model.library;
    let Some(row) = library.marked() else { return };
    let shown = library.preview.as_ref().filter(|preview| preview.path == row.summary.path);
    let name = for_screen(row.summary.name().as_bytes());
    let notes = match row.summary.notes {
        0 => String::new(),
        1 => "1 note ".to_owned(),
        n => format!("{n} notes "),
    };
    let title = fit(&format!(" {name} "), usize::from(area.width).saturating_sub(width(&notes) + 4));
    let style = model.theme.style(Role::Dim);
    let block = Block::bordered().border_style(style).title(Line::styled(title, model.theme.style(Role::Text)));
    let block =
        if notes.is_empty() { block } else { block.title(Line::styled(format!(" {notes}"), style).right_aligned()) };
    frame.render_widget(block, area);
    let area = inner(area);
    if let Some(found) = found(library) {
        // Where it is opened, a line goes by its number among what was recorded, not by that of the file.
        let number = shown.and_then(|preview| preview.number).map(|number| format!("#{number}: ")).unwrap_or_default();
        let words = fit(&format!("{number}{}", found.text), usize::from(area.width));
        frame.buffer_mut().set_string(area.x, area.y, words, model.theme.style(Role::Found));
    }
    if let Some(preview) = shown {
        let area = lines(library, area);
        let (talk, keymap) = (&preview.talk, &model.keymap);
        preview.transcript.draw(talk, keymap, model.theme, false, area, frame.buffer_mut());
    }
}
