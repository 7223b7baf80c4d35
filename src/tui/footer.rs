//! The last row: the keys of what has the focus, from the action table; the least needed go first when it is narrow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::action::{ACTIONS, Action, Entry};
use super::model::{Focus, Model};
use super::overlay::Overlay;
use super::pane::lesson::LessonPane;
use super::playback::Playback;
use super::text::width;
use super::theme::Role;

/// What stands between two hints.
const BETWEEN: &str = " · ";

/// Draws it.
pub(super) fn draw(model: &Model, buffer: &mut Buffer, area: Rect) {
    let pressed = pressed(model);
    buffer.set_line(area.x, area.y, &line(model, area.width), area.width);
    let columns = u16::try_from(width(&pressed)).unwrap_or(area.width).min(area.width);
    buffer.set_stringn(area.right() - columns, area.y, pressed, columns.into(), model.theme.style(Role::Warning));
}

/// The hints with their looks.
fn line(model: &Model, columns: u16) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (n, Hint { key, words, .. }) in shown(model, columns).into_iter().enumerate() {
        if n > 0 {
            spans.push(Span::styled(BETWEEN, model.theme.style(Role::Dim)));
        }
        spans.push(Span::styled(key, model.theme.style(Role::Accent)));
        spans.push(Span::raw(format!(" {words}")));
    }
    Line::from(spans)
}

/// The keys pressed last, for those who look on.
fn pressed(model: &Model) -> String {
    let keys = model.presented.as_deref().unwrap_or_default();
    if keys.is_empty() { String::new() } else { format!("pressed  {}", keys.join(" ")) }
}

/// What a click on a column of it does.
pub(super) fn at(model: &Model, area: Rect, column: u16) -> Option<Action> {
    let mut end = 1;
    let clicked = shown(model, area.width).into_iter().find(|hint| {
        let start = end;
        end += hint.width() + width(BETWEEN);
        (start..start + hint.width()).contains(&usize::from(column.saturating_sub(area.x)))
    });
    clicked.and_then(|hint| hint.action)
}

/// A key, what it does in words, and how needed that is.
struct Hint {
    need: u8,
    key: String,
    words: &'static str,
    /// The same where there is little room.
    brief: Option<&'static str>,
    /// What a click on it does; nothing where the key is for what lies over the panes.
    action: Option<Action>,
}

impl Hint {
    fn width(&self) -> usize {
        width(&self.key) + 1 + width(self.words)
    }
}

/// The hints in a row of so many columns, which the keys pressed last share.
fn shown(model: &Model, columns: u16) -> Vec<Hint> {
    let pressed = pressed(model);
    let taken = if pressed.is_empty() { 0 } else { width(&pressed) + 2 };
    hints(model, usize::from(columns).saturating_sub(2 + taken))
}

/// The hints that fit into so many columns, in the order of the table.
fn hints(model: &Model, columns: usize) -> Vec<Hint> {
    let mut hints = match &model.overlay {
        Some(overlay) => above(model, overlay),
        None => of_place(model),
    };
    // The most needed first; what is too long for the room that is left makes place for a shorter one.
    let mut order: Vec<usize> = (0..hints.len()).collect();
    order.sort_by_key(|n| hints[*n].need);
    let (mut free, mut taken) = (columns + width(BETWEEN), vec![false; hints.len()]);
    for n in order {
        if let Some(brief) = hints[n].brief.filter(|_| hints[n].width() + width(BETWEEN) > free) {
            hints[n].words = brief;
        }
        let wants = hints[n].width() + width(BETWEEN);
        if wants <= free {
            (free, taken[n]) = (free - wants, true);
        }
    }
    hints.into_iter().zip(taken).filter_map(|(hint, taken)| taken.then_some(hint)).collect()
}

/// What lies over the panes has its keys in its own frame; a line at the foot of the transcript has none.
fn above(model: &Model, overlay: &Overlay) -> Vec<Hint> {
    let own = |key: &str, words| Hint { need: 1, key: key.to_owned(), words, brief: None, action: None };
    let mut hints = match overlay {
        Overlay::Prompt(_) => vec![own("Enter", "go on"), own("Esc", "back")],
        // The others are named in its frame.
        Overlay::Editor(it) => vec![own("Ctrl-D", "done"), own("Esc", it.back())],
        Overlay::Question(_) => return vec![own("Esc", leaving(model, overlay))],
        _ => vec![own("Esc", leaving(model, overlay))],
    };
    let quit = model.keymap.key(Action::Quit);
    hints.push(Hint { need: 2, key: quit, words: Action::Quit.entry().short, brief: None, action: None });
    hints
}

/// What Esc does, in the words of the frame itself.
fn leaving(model: &Model, overlay: &Overlay) -> &'static str {
    let (_, foot) = overlay.outline(model);
    foot.split(" · ").find_map(|key| key.split_once("Esc ")).map_or("back", |(_, words)| words)
}

/// The keys of what has the focus.
fn of_place(model: &Model) -> Vec<Hint> {
    let place = model.place();
    let closes = super::replay::closes(model) && model.focus == Focus::Transcript;
    // Beside another conversation the same key leads back.
    let stays = |entry: &&Entry| !(closes && matches!(entry.action, Action::ToComposer | Action::EndReplay));
    let hints = ACTIONS.iter().filter(|entry| need(entry, model) > 0 && (entry.available)(model));
    let hints = hints.filter(stays).filter_map(|entry| {
        let key = model.keymap.keys(entry.action, place).next()?.to_string();
        let steps = (1..=9).take_while(|n| model.step(*n).is_some()).count();
        let key = if entry.action == Action::Step(1) && steps > 1 { format!("{key}…{steps}") } else { key };
        let words = match entry.action {
            Action::ToComposer if model.focus == Focus::Transcript && model.transcript.is_narrowed() => {
                // A search hides nothing.
                if model.transcript.narrowing().1.is_some() { Action::Widen.entry().short } else { "end search" }
            }
            Action::ToTranscript if model.pasted.left() > 0 => "forget the paste",
            Action::Choose => model.lesson.as_ref().map_or(entry.short, LessonPane::choosing),
            Action::Questions => super::attending::asks(model)?,
            Action::Send => super::pipelining::enters(model).unwrap_or(entry.short),
            Action::Bottom => "follow the end",
            Action::Play if model.playback.as_ref().is_some_and(Playback::is_paused) => "go on",
            Action::Play if model.playback.is_some() => "pause",
            Action::SearchNext if model.replay.is_some() => Action::DifferenceAfter.entry().short,
            Action::Reconnect if super::replay::is_playing(model) => "start over",
            // A file has no line to send; what is left leads to the transcript.
            Action::ToComposer if model.is_offline() => Action::ToTranscript.entry().short,
            _ => entry.short,
        };
        let brief = (entry.action == Action::Palette).then_some("all");
        Some(Hint { need: need(entry, model), key, words, brief, action: Some(entry.action) })
    });
    let leaves = model.came_from_start() || closes;
    let leave = model.keymap.keys(Action::ToComposer, place).next().filter(|_| leaves);
    let leave = leave.map(|key| {
        // While it plays, Esc only ends that.
        let back = match () {
            () if model.playback.is_some() => Action::EndPlay,
            () if closes => Action::EndReplay,
            () => super::opening::back(model),
        };
        Hint { need: 2, key: key.to_string(), words: back.entry().short, brief: None, action: Some(back) }
    });
    leave.into_iter().chain(hints).collect()
}

/// How needed an entry is now: some keys matter only at their moment.
fn need(entry: &Entry, model: &Model) -> u8 {
    let reads = matches!(model.focus, Focus::Transcript | Focus::Panel);
    match entry.action {
        Action::Stop => u8::from(model.waiting.is_some()),
        Action::Bottom if model.focus == Focus::Transcript => {
            2 * u8::from(model.transcript.is_left_behind(&model.talk))
        }
        Action::Reconnect if super::replay::is_playing(model) => 3,
        // Esc leads to the line from a replay that still has one.
        Action::EndReplay if super::replay::is_playing(model) && !super::replay::has_more(model) => 2,
        // The line to send comes of them, but for a replay, which has it already.
        Action::Templates | Action::Message if !reads && model.talk.is_open() && !super::replay::is_playing(model) => 3,
        Action::ToTranscript if model.focus == Focus::Composer && model.talk.is_open() => 4,
        // How to leave is seen wherever one types; in a lesson, how to see the whole of it.
        Action::Quit if model.focus == Focus::Composer && model.talk.is_open() => 2,
        Action::Lesson if model.focus == Focus::Composer => 2,
        Action::Palette if model.focus == Focus::Composer && model.talk.is_open() => 3,
        // In a file one way to replay it is enough for the row.
        Action::ReplayAll | Action::ReplayPaced if !super::replay::has_more(model) => 0,
        // To mend is offered only while there is something to mend.
        Action::Mend | Action::Faster | Action::Slower => 2,
        // In a file one reads first of all, and help leads to all the rest.
        Action::Reconnect if model.talk.is_open() || model.is_offline() => 6,
        Action::Step(1) if model.is_offline() => 6,
        Action::SearchNext if model.replay.is_some() && model.focus == Focus::Transcript => 3,
        Action::RefusalAfter | Action::RefusalBefore | Action::Search if model.replay.is_some() => 0,
        Action::RefusalAfter if model.is_offline() => 3,
        Action::ExchangeAfter | Action::Palette if model.is_offline() => 4,
        Action::Replay if model.talk.is_script() => 3,
        Action::NextFile => 3,
        Action::Play if model.playback.is_some() => 1,
        Action::Reconnect if reads => 5,
        Action::Reconnect => 1,
        // Who reads writes no line and no message.
        Action::Templates | Action::Message if reads => 6,
        // Who types scrolls the transcript by it, and where that is at its end nothing moves.
        Action::PageDown
            if model.focus == Focus::Composer
                && !model.at_library()
                && !model.transcript.is_left_behind(&model.talk) =>
        {
            0
        }
        Action::NextTab | Action::PageDown if model.focus == Focus::Panel => 3,
        Action::Copy | Action::Export if model.focus == Focus::Panel => 5,
        _ => entry.need,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::screen::Screen;

    #[test]
    fn who_reads_is_told_the_keys_for_reading() {
        let mut screen = Screen::new(80, 24);
        screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP");
        let last = |screen: &Screen| screen.shown().lines().last().unwrap_or_default().to_owned();
        screen.keys("<esc>");
        for words in ["Esc to the line", "/ search", "y copy", "x export", "? help"] {
            assert!(last(&screen).contains(words), "{words}: {}", last(&screen));
        }
        screen.keys("/");
        assert_eq!(last(&screen), " Enter go on · Esc back · Ctrl-Q quit");
        screen.keys("<esc><enter>");
        for words in ["PgDn more", "Right next tab", "Esc to the line"] {
            assert!(last(&screen).contains(words), "{words}: {}", last(&screen));
        }
    }

    #[test]
    fn who_types_is_told_of_no_page_where_none_follows() {
        let mut screen = Screen::new(250, 50);
        screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP\n> FOO\n< 500 5.5.2 no");
        let last = |screen: &Screen| screen.shown().lines().last().unwrap_or_default().to_owned();
        assert!(!last(&screen).contains("PgDn") && last(&screen).contains("F6"), "{}", last(&screen));
        screen.wire(&"> NOOP\n< 250 ok\n".repeat(100));
        screen.keys("<pageup>");
        assert!(last(&screen).contains("PgDn more"), "{}", last(&screen));
    }

    #[test]
    fn under_a_window_the_footer_names_no_key_that_is_not_heard() {
        let mut screen = Screen::new(80, 24);
        screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP");
        for (key, word) in [("<f4>", "stay"), ("<f2>", "close"), ("<f1>", "close"), ("<ctrl-p>", "close")] {
            screen.keys(key);
            let wants = format!(" Esc {word} · Ctrl-Q quit");
            assert_eq!(screen.shown().lines().last(), Some(wants.as_str()), "{key}");
            screen.keys("<esc>");
        }
    }

    #[test]
    fn the_footer_never_wraps_and_keeps_what_is_needed_most() {
        for focus in [Focus::Composer, Focus::Transcript, Focus::Panel] {
            for columns in 10..200 {
                let model = Model { focus, ..Model::default() };
                let hints = hints(&model, columns);
                let text =
                    hints.iter().map(|hint| format!("{} {}", hint.key, hint.words)).collect::<Vec<_>>().join(BETWEEN);
                assert!(width(&text) <= columns, "{columns}: {text}");
                if columns > 40 {
                    assert!(hints.iter().any(|hint| hint.words == "help"), "{columns}: {text}");
                }
            }
        }
    }
}
