//! The last row: the keys of what has the focus, from the action table; the least needed go first when it is narrow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::action::{ACTIONS, Action, Entry};
use super::model::Model;
use super::text::width;
use super::theme::Role;

/// What stands between two hints.
const BETWEEN: &str = " · ";

/// Draws it.
pub(super) fn draw(model: &Model, buffer: &mut Buffer, area: Rect) {
    let mut spans = vec![Span::raw(" ")];
    let pressed = pressed(model);
    let taken = if pressed.is_empty() { 0 } else { width(&pressed) + 2 };
    for (n, (key, words)) in hints(model, usize::from(area.width).saturating_sub(2 + taken)).into_iter().enumerate() {
        if n > 0 {
            spans.push(Span::styled(BETWEEN, model.theme.style(Role::Dim)));
        }
        spans.push(Span::styled(key, model.theme.style(Role::Accent)));
        spans.push(Span::raw(format!(" {words}")));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
    let columns = u16::try_from(width(&pressed)).unwrap_or(area.width).min(area.width);
    buffer.set_stringn(area.right() - columns, area.y, pressed, columns.into(), model.theme.style(Role::Warning));
}

/// The keys pressed last, for those who look on.
fn pressed(model: &Model) -> String {
    let keys = model.presented.as_deref().unwrap_or_default();
    if keys.is_empty() { String::new() } else { format!("pressed  {}", keys.join(" ")) }
}

/// Keys and words that fit into so many columns, in the order of the table.
fn hints(model: &Model, columns: usize) -> Vec<(String, &'static str)> {
    let place = model.place();
    let mut hints: Vec<(u8, String, &'static str)> = ACTIONS
        .iter()
        .filter(|entry| need(entry, model) > 0 && (entry.available)(model))
        .filter_map(|entry| {
            let key = model.keymap.keys(entry.action, place).next()?.to_string();
            let steps = (1..=9).take_while(|n| model.step(*n).is_some()).count();
            let key = if entry.action == Action::Step(1) && steps > 1 { format!("{key}…{steps}") } else { key };
            Some((need(entry, model), key, entry.short))
        })
        .collect();
    let room = |hints: &[(u8, String, &str)]| {
        hints.iter().map(|(_, key, words)| width(key) + 1 + width(words) + width(BETWEEN)).sum::<usize>()
    };
    while room(&hints) > columns + width(BETWEEN) {
        let most = hints.iter().map(|(need, _, _)| *need).max().unwrap_or(0);
        let Some(at) = hints.iter().rposition(|(need, _, _)| *need == most) else { break };
        hints.remove(at);
    }
    hints.into_iter().map(|(_, key, words)| (key, words)).collect()
}

/// How needed an entry is now: some keys matter only at their moment.
fn need(entry: &Entry, model: &Model) -> u8 {
    match entry.action {
        Action::Stop => u8::from(model.waiting.is_some()),
        // Offered only while there is something to mend.
        Action::Mend => 2,
        Action::Reconnect if model.talk.is_open() => 6,
        Action::Reconnect => 1,
        _ => entry.need,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::model::Focus;

    #[test]
    fn the_footer_never_wraps_and_keeps_what_is_needed_most() {
        for focus in [Focus::Composer, Focus::Transcript, Focus::Panel] {
            for columns in 10..200 {
                let model = Model { focus, ..Model::default() };
                let hints = hints(&model, columns);
                let text = hints.iter().map(|(key, words)| format!("{key} {words}")).collect::<Vec<_>>().join(BETWEEN);
                assert!(width(&text) <= columns, "{columns}: {text}");
                if columns > 40 {
                    assert!(hints.iter().any(|(_, words)| *words == "help"), "{columns}: {text}");
                }
            }
        }
    }
}
