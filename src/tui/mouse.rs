//! The mouse: the wheel scrolls what it is over, a click focuses and selects, or does what stands there.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::act::{act, open_tab, scroll, take_step};
use super::action::Action;
use super::effect::Effect;
use super::layout::Layout;
use super::model::{Focus, Model};
use super::opening::open_marked;
use super::overlay::{Overlay, Reference};
use super::pane::lesson::{self, Spot};
use super::pane::panel::Tab;
use super::update::answered;
use super::{footer, learn, library, start, view};

/// Rows that one notch of the wheel scrolls.
const NOTCH: usize = 3;

/// The mouse was turned or clicked.
pub(super) fn moused(model: &mut Model, mouse: MouseEvent) -> Vec<Effect> {
    let Some(layout) = model.layout() else { return Vec::new() };
    if let Some(mut overlay) = model.overlay.take() {
        let outcome = overlay.mouse(mouse, model);
        return answered(model, overlay, outcome);
    }
    let at = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp => return turned(model, &layout, at, false),
        MouseEventKind::ScrollDown => return turned(model, &layout, at, true),
        MouseEventKind::Down(MouseButton::Left) => return clicked(model, &layout, at),
        _ => {}
    }
    Vec::new()
}

fn turned(model: &mut Model, layout: &Layout, at: Position, down: bool) -> Vec<Effect> {
    if model.at_library() {
        return library::step(model, if down { Action::Down } else { Action::Up });
    }
    if model.at_start() {
        model.start.step(down);
        return Vec::new();
    }
    let over = |area: Option<Rect>| area.is_some_and(|area| area.contains(at));
    let action = if down { Action::ScrollDown } else { Action::ScrollUp };
    for _ in 0..NOTCH {
        if over(layout.lesson) {
            learn::step(model, down);
        } else if over(layout.transcript) {
            scroll(model, action);
        } else if over(layout.panel) {
            model.panel.act(action, &model.talk);
        }
    }
    Vec::new()
}

fn clicked(model: &mut Model, layout: &Layout, at: Position) -> Vec<Effect> {
    model.notice = None;
    if layout.footer.contains(at) {
        return footer::at(model, layout.footer, at.x).map_or_else(Vec::new, |action| act(model, action));
    }
    if model.at_library() {
        return library::row_at(model, at).map_or_else(Vec::new, |row| library::click(model, row));
    }
    if model.at_start() {
        let Some(item) = start::item_at(model, view::start_area(model.size), at.y) else { return Vec::new() };
        // A second click, or a double one, opens what the first has marked.
        if model.start.marked() == Some(item) {
            return open_marked(model);
        }
        model.start.mark(item);
        return Vec::new();
    }
    let over = |area: Option<Rect>| area.filter(|area| area.contains(at)).map(|area| layout.within(area));
    if let Some(area) = layout.lesson.filter(|area| area.contains(at)) {
        return in_lesson(model, area, at);
    }
    if let Some(area) = over(layout.transcript) {
        model.focus = Focus::Transcript;
        if area.contains(at)
            && let Some(replay) = &mut model.replay
        {
            replay.click(at.y - area.y);
        } else if area.contains(at) {
            model.transcript.click(at.x - area.x, at.y - area.y, &model.talk);
        }
    } else if let Some(area) = over(layout.panel) {
        model.focus = Focus::Panel;
        if let Some(tab) = tab_under(model, layout, at) {
            open_tab(model, tab);
        } else if area.contains(at)
            && let Some(n) = model.panel.step_at(at.x - area.x, at.y - area.y)
        {
            return take_step(model, n);
        }
    } else if over(layout.composer).is_some() {
        model.focus = Focus::Composer;
    }
    Vec::new()
}

/// A click on the lesson: on an answer it is given, on a key it is that key, on a term its page opens.
fn in_lesson(model: &mut Model, area: Rect, at: Position) -> Vec<Effect> {
    let spot = model.lesson.as_ref().and_then(|pane| lesson::at(model, pane, area, at));
    let reading = model.focus == Focus::Lesson;
    model.focus = Focus::Lesson;
    match spot {
        Some(Spot::Does(action)) => {
            // The key that shows the lesson whole would close what the click has just opened.
            if action == Action::Lesson && !reading {
                return Vec::new();
            }
            act(model, action)
        }
        Some(Spot::Term(term)) => {
            model.overlay = Some(Overlay::Reference(Reference::at(&model.knowledge, &term)));
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// The tab of the panel whose name is under the mouse.
fn tab_under(model: &Model, layout: &Layout, at: Position) -> Option<Tab> {
    let area = layout.panel.filter(|area| area.y == at.y)?;
    model.panel.tab().at(model.probing.is_some(), area.width.saturating_sub(2), at.x.checked_sub(area.x + 1)?)
}
