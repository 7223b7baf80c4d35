//! Draws the model: only what is visible.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use crate::client::Ending;
use crate::smtp::session::Sent;

use super::errand;
use super::layout::{Layout, SMALLEST, inner};
use super::model::{Focus, Model};
use super::pane::lesson;
use super::theme::Role;
use super::{footer, library, start, text, title};

/// Rows above which a completion has room for something to choose from.
const LEAST_POPUP: u16 = 6;

/// Rows that lines kept for one write may take.
pub(super) const MOST_KEPT: usize = 4;

/// Draws the whole screen.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    // A new size may overtake its message. What is laid out for another size must not be drawn; the message comes next.
    if frame.area().as_size() != model.size.into() {
        return;
    }
    let Some(layout) = model.layout() else {
        too_small(model, frame);
        return;
    };
    title::draw(model, frame.buffer_mut(), layout.title);
    if model.at_library() {
        library::draw(model, frame);
    } else if model.at_start() {
        start::draw(model, frame, start_area(model.size));
    } else {
        panes(model, frame, &layout);
    }
    footer::draw(model, frame.buffer_mut(), layout.footer);
    if let Some(overlay) = &model.overlay {
        overlay.draw(model, frame);
    }
    model.theme.ground(frame.buffer_mut());
}

/// Where the start screen stands: below the title and a blank row, above the footer.
pub(super) fn start_area(size: (u16, u16)) -> Rect {
    Rect::new(0, 2, size.0, size.1 - 3)
}

fn too_small(model: &Model, frame: &mut Frame<'_>) {
    let text = format!(
        "ehlo needs {} x {} cells; the conversation goes on, and nothing that you type is sent",
        SMALLEST.0, SMALLEST.1
    );
    let area = frame.area();
    for (y, row) in (0..area.height).zip(super::text::wrap(&text, usize::from(area.width))) {
        frame.buffer_mut().set_string(0, y, row, model.theme.style(Role::Warning));
    }
}

fn panes(model: &Model, frame: &mut Frame<'_>, layout: &Layout) {
    if let Some(area) = layout.transcript {
        let focused = model.focus == Focus::Transcript;
        if let Some(replay) = &model.replay {
            let keys = replay.keys();
            let title = replay.title(usize::from(area.width).saturating_sub(4));
            // What was found out goes before the second of two keys.
            let fits = shorter(&title, area.width, keys) == title;
            let status = if fits { keys } else { keys.split(" · ").next().unwrap_or(keys) };
            let inner = framed(model, frame, area, Focus::Transcript, &shorter(&title, area.width, status), status);
            replay.draw(model.theme, focused, inner, frame.buffer_mut());
        } else {
            let reading = if model.talk.partial { " …" } else { "" };
            let status = match &model.playback {
                Some(playback) => playback.status(),
                None => format!("{}{reading}", model.transcript.status(&model.talk)),
            };
            let title = model.keymap.told(heading_of_transcript(layout.shared, focused && !model.is_offline()));
            let inner = framed(model, frame, area, Focus::Transcript, &title, &status);
            model.transcript.draw(&model.talk, &model.keymap, model.theme, focused, inner, frame.buffer_mut());
        }
    }
    if let Some(area) = layout.panel {
        let focused = model.focus == Focus::Panel;
        let open = model.theme.style(if focused { Role::Accent } else { Role::Text });
        let (probed, room) = (model.probing.is_some(), area.width.saturating_sub(2));
        let tabs = model.panel.tab().row(probed, room, border(model, Focus::Panel), open);
        let hint =
            if layout.shared && area.width > 50 { model.keymap.told("{next-pane} Transcript") } else { String::new() };
        let inner = bordered(model, frame, area, Focus::Panel, tabs, &hint);
        let keys = (focused, model.focus == Focus::Transcript);
        model.panel.draw(&model.keymap, model.theme, keys, inner, frame.buffer_mut());
    }
    if let Some(area) = layout.position {
        let style = border(model, Focus::Panel);
        frame.render_widget(
            Block::bordered().border_style(style).title(heading(model, Focus::Panel, "Where you are")),
            area,
        );
        for (x, joint) in [(area.x, "├"), (area.right() - 1, "┤")] {
            frame.buffer_mut().set_string(x, area.y, joint, style);
        }
        model.panel.draw_where(
            &model.talk,
            (&model.knowledge, &model.keymap),
            model.theme,
            inner(area),
            frame.buffer_mut(),
        );
    }
    if let (Some(area), Some(pane)) = (layout.lesson, &model.lesson) {
        lesson::draw(model, pane, frame, area);
    }
    if let Some(area) = layout.composer {
        composer(model, frame, area);
    } else if let Some(notice) = &model.notice {
        let rows = super::text::wrap(notice, usize::from(layout.footer.width.saturating_sub(2)).max(1)).len();
        let rows = u16::try_from(rows).unwrap_or(1).clamp(1, layout.footer.y.saturating_sub(2).max(1));
        said(model, frame, Rect { y: layout.footer.y - rows, height: rows, ..layout.footer }, notice);
    }
}

/// The title of the transcript; where the panel shares its place, with the key that leads there.
fn heading_of_transcript(shared: bool, focused: bool) -> &'static str {
    match (shared, focused) {
        (true, true) => "Transcript ─ {panel} Reply",
        (true, false) => "Transcript ─ {next-pane} Reply",
        (false, _) => "Transcript",
    }
}

/// A title with the frame's status beside it: where not all of it has room, what stands last gives way.
fn shorter(title: &str, columns: u16, status: &str) -> String {
    let beside = if status.is_empty() { 0 } else { text::width(status) + 3 };
    let room = usize::from(columns).saturating_sub(4 + beside);
    let mut words = title;
    while text::width(words) > room
        && let Some((first, _)) = words.rsplit_once(" · ")
    {
        words = first;
    }
    text::fit(words, room)
}

fn composer(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let around = model.around();
    let title = super::pipelining::title(model).unwrap_or_else(|| model.composer.title(&around).0);
    let end = match model.ending {
        Ending::CrLf => "CRLF",
        Ending::Lf => "LF only",
        Ending::None => "no line end",
    };
    let end = if model.types_by_hand() { format!("{end} · as typed, dots too") } else { end.to_owned() };
    let inner = framed(model, frame, area, Focus::Composer, &title, &end);
    let inner = below_what_is_kept(model, frame, inner);
    let cursor = model.composer.draw(&around, model.theme, inner, frame.buffer_mut());
    let second = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let columns = usize::from(second.width.saturating_sub(1));
    if model.offers_draft() {
        let recipients = match around.session.accepted {
            1 => "1 recipient".to_owned(),
            n => format!("{n} recipients"),
        };
        let row = Rect { height: 1, ..inner };
        said(model, frame, row, &format!("the message: {}, {recipients}", model.draft.summary()));
        let doubtful = super::editor::doubtful(model);
        let words = doubtful.as_deref().unwrap_or("{send} sends it and the dot · {message} edit it · or type by hand");
        said(model, frame, second, &model.keymap.told(words));
    }
    // What is typed, and what is awaited, say more than what went wrong before.
    let busy = model.waiting.as_ref().is_some_and(|waiting| waiting.what != "the greeting");
    let beside = model.talk.is_open() && (busy || !model.composer.line().is_empty());
    let words = told(model).or_else(|| title::ended(model, columns).filter(|_| !beside));
    let words = words.or_else(|| Some(model.keymap.told(&model.replay.as_ref()?.hint()?)));
    if let Some(words) = words {
        said(model, frame, second, &words);
    }
    if model.focus == Focus::Composer
        && model.overlay.is_none()
        && let Some(cursor) = cursor
    {
        // The steps of a lesson that stand above the line stay in sight.
        let strip = model
            .layout()
            .and_then(|layout| layout.lesson)
            .filter(|lesson| lesson.width == area.width && lesson.bottom() == area.y);
        let below = strip.filter(|lesson| lesson.y > LEAST_POPUP).map_or(area, |lesson| Rect { y: lesson.y, ..area });
        model.composer.draw_popup(model.theme, below, frame.buffer_mut());
        frame.set_cursor_position(cursor);
    }
}

/// Draws the lines that are kept for one write above the next one; gives the room below them.
fn below_what_is_kept(model: &Model, frame: &mut Frame<'_>, area: Rect) -> Rect {
    // A row for the line, and one for what is said of it.
    let rows = super::pipelining::rows(model, usize::from(area.height.saturating_sub(2)).min(MOST_KEPT));
    for (row, y) in rows.iter().zip(area.y..) {
        let text = text::fit(row, area.width.saturating_sub(1).into());
        frame.buffer_mut().set_string(area.x + 1, y, text, model.theme.style(Role::Dim));
    }
    let taken = u16::try_from(rows.len()).unwrap_or(0);
    Rect { y: area.y + taken, height: area.height - taken, ..area }
}

/// What is said below the line in place of what the composer itself says of it; it has as many rows as it needs.
pub(super) fn told(model: &Model) -> Option<String> {
    let leaving = model.draft.leaving.then(|| {
        let words = match model.progress {
            Some((gone, all)) => format!("On its way: {} · {{stop}} breaks it off", text::of_megabytes(gone, all)),
            None => format!("The message is being sent: {} · {{stop}} breaks it off", model.draft.summary()),
        };
        model.keymap.told(&words)
    });
    model.notice.clone().or(leaving).or_else(|| answered(model)).or_else(|| errand::offer(model))
}

/// What the lesson answers to a mistake, until something is typed; and where the question is answered, when a digit is
/// typed that would go to the server.
fn answered(model: &Model) -> Option<String> {
    let pane = model.lesson.as_ref().filter(|_| model.shows_lesson())?;
    let line = model.composer.line();
    if line.is_empty() {
        return lesson::mistake(model, pane);
    }
    let session = &model.talk.dialogue.state().session;
    let number = line.parse().ok().filter(|number| line.len() == 1 && pane.has_answer(*number))?;
    let here = model.focus == Focus::Composer && model.talk.is_open();
    let commands = here && matches!(session.classify(line.as_bytes()), Sent::Command(_));
    let words =
        format!("To answer the question with {number}: {{lesson}}, then {number}. Enter here sends it to the server.");
    commands.then(|| model.keymap.told(&words))
}

/// Says something in the rows of an area; what the last of them has no room for is cut.
fn said(model: &Model, frame: &mut Frame<'_>, area: Rect, words: &str) {
    frame.render_widget(ratatui::widgets::Clear, area);
    let columns = usize::from(area.width.saturating_sub(2)).max(1);
    let rows = super::text::wrap(words, columns);
    for (n, y) in (area.y..area.bottom()).enumerate().take(rows.len()) {
        let last = y + 1 == area.bottom();
        let text = if last { super::text::fit(&rows[n..].join(" "), columns) } else { rows[n].clone() };
        frame.buffer_mut().set_string(area.x + 1, y, text, model.theme.style(Role::Warning));
    }
}

/// Draws a frame; gives the room within.
fn framed(model: &Model, frame: &mut Frame<'_>, area: Rect, of: Focus, title: &str, right: &str) -> Rect {
    bordered(model, frame, area, of, heading(model, of, title), right)
}

/// The same with a title that has its own styles.
fn bordered(model: &Model, frame: &mut Frame<'_>, area: Rect, of: Focus, title: Line<'static>, right: &str) -> Rect {
    if model.zoomed {
        return area;
    }
    let room = usize::from(area.width).saturating_sub(title.width() + 5);
    let right = super::text::fit(right, room);
    let block = Block::new().borders(Borders::ALL).border_style(border(model, of)).title(title);
    let block = if right.is_empty() {
        block
    } else {
        block.title(Line::styled(format!(" {right} "), model.theme.style(Role::Dim)).right_aligned())
    };
    frame.render_widget(block, area);
    inner(area)
}

fn border(model: &Model, of: Focus) -> Style {
    model.theme.style(if model.focus == of { Role::Accent } else { Role::Dim })
}

fn heading(model: &Model, of: Focus, title: &str) -> Line<'static> {
    let role = if model.focus == of { Role::Accent } else { Role::Text };
    Line::from(Span::styled(format!(" {title} "), model.theme.style(role)))
}
