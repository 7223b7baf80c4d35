//! How the wall is drawn.

use ratatui::Frame;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::{Face, Over};
use crate::class::wall::{Bar, Row, State};
use crate::smtp::escape::for_screen;
use crate::tui::text::{fit, width, wrap};
use crate::tui::theme::{Role, Theme};

/// Bars that stand above the rows.
const BARS: usize = 6;
/// Columns of the longest bar.
const BAR: usize = 24;

/// Draws it.
pub(super) fn draw(face: &Face, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let columns = usize::from(area.width);
    let mut lines = vec![head(face, theme, columns)];
    let below = below(face, theme, columns);
    let room = usize::from(area.height).saturating_sub(1 + below.len());
    lines.extend(match face.over {
        Over::Live(id) => live(face, theme, id, columns, room),
        _ if face.projector => projector(face, theme, columns),
        _ => students(face, theme, columns, room),
    });
    lines.truncate(room + 1);
    lines.resize_with(room + 1, Line::default);
    lines.extend(below);
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        frame.buffer_mut().set_line(area.x, y, &line, area.width);
    }
    theme.ground(frame.buffer_mut());
}

fn styled(words: impl Into<String>, theme: Theme, role: Role) -> Line<'static> {
    Line::from(Span::styled(words.into(), theme.style(role)))
}

fn head(face: &Face, theme: Theme, columns: usize) -> Line<'static> {
    let wall = &face.wall;
    let stuck = wall.rows.iter().filter(|row| matches!(row.state, State::Stuck(_))).count();
    let done = wall.rows.iter().filter(|row| row.state == State::Done).count();
    let joined = match wall.expected {
        0 => format!("{} joined", wall.rows.len()),
        expected => format!("{} of {expected} joined", expected - wall.missing.len()),
    };
    let mut words = format!(" {} · {joined} · {done} done", face.class);
    if !face.projector {
        words = format!("{words} · {stuck} stuck");
    }
    let mut spans = vec![Span::styled(fit(&words, columns), theme.style(Role::Accent).add_modifier(Modifier::BOLD))];
    if wall.paused {
        spans.push(Span::styled(" · ‖ PAUSED", theme.style(Role::Warning).add_modifier(Modifier::BOLD)));
    }
    Line::from(spans)
}

/// The last rows: what was said, what is asked, how one joins, the keys.
fn below(face: &Face, theme: Theme, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    match &face.over {
        Over::Broadcast(text) => {
            lines.push(styled(fit(&format!(" To everybody: {text}_"), columns), theme, Role::Accent));
        }
        Over::Reset(id) => {
            let words = format!(" Give {} a fresh start at this lesson? y: yes, any other key: no", face.name(*id));
            lines.push(styled(fit(&words, columns), theme, Role::Warning));
        }
        Over::End => {
            let words =
                " End the class? Everything is kept, and it goes on when it is held again. y: yes, any other key: no";
            lines.push(styled(fit(words, columns), theme, Role::Warning));
        }
        Over::Nothing | Over::Live(_) => {
            if let Some(notice) = &face.notice {
                lines.push(styled(fit(&format!(" {}", for_screen(notice.as_bytes())), columns), theme, Role::Remark));
            }
        }
    }
    let wrapped = |words: &str, role| {
        let rows = wrap(words, columns.saturating_sub(2));
        rows.into_iter().map(move |row| styled(format!(" {row}"), theme, role)).collect::<Vec<_>>()
    };
    if !face.projector {
        lines.extend(face.join.iter().flat_map(|line| wrapped(line, Role::Text)));
    }
    let keys = match face.over {
        Over::Live(_) => "Esc back · s show step · h hint · H hint to this step",
        Over::Broadcast(_) => "Enter says it · Esc does not",
        _ => {
            "Enter watch · s show step · h hint · H hint to all there · b say · p pause · r reset · n names · v projector · x export · q end"
        }
    };
    lines.extend(wrapped(keys, Role::Dim));
    lines
}

fn bars(face: &Face, theme: Theme, columns: usize, most: usize) -> Vec<Line<'static>> {
    let largest = face.wall.bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let mut shown: Vec<&Bar> = face.wall.bars.iter().collect();
    // The largest ones, in the order of the steps.
    if shown.len() > most {
        let mut counts: Vec<usize> = shown.iter().map(|bar| bar.count).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let least = counts.get(most.saturating_sub(1)).copied().unwrap_or(0);
        shown.retain(|bar| bar.count >= least);
        shown.truncate(most);
    }
    let line = |bar: &Bar| {
        let step = if bar.step > bar.of { "all done".to_owned() } else { format!("step {}/{}", bar.step, bar.of) };
        let block = "█".repeat((bar.count * BAR).div_ceil(largest).min(BAR));
        let stuck = match bar.stuck {
            0 => String::new(),
            _ if face.projector => String::new(),
            stuck => format!(", {stuck} stuck"),
        };
        let words = format!(" {:14} {step:9} {block} {}{stuck}", fit(&bar.lesson, 14), bar.count);
        styled(fit(&words, columns), theme, if bar.stuck > 0 && !face.projector { Role::Warning } else { Role::Text })
    };
    shown.into_iter().map(line).collect()
}

fn mistake(face: &Face, theme: Theme, columns: usize) -> Option<Line<'static>> {
    let (words, count) = face.wall.mistake.as_ref()?;
    let words = for_screen(words.as_bytes());
    Some(styled(fit(&format!(" Most often lately ({count}×): {words}"), columns), theme, Role::Remark))
}

fn students(face: &Face, theme: Theme, columns: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = bars(face, theme, columns, BARS.min(room / 4));
    lines.extend(mistake(face, theme, columns));
    if !face.wall.missing.is_empty() && !face.nameless {
        let words = format!(" Missing: {}", face.wall.missing.join(", "));
        lines.push(styled(fit(&for_screen(words.as_bytes()), columns), theme, Role::Dim));
    }
    let names = if columns < 100 { 14 } else { 22 };
    let head = format!(
        "   {:names$} {:12} {:5} {:>4} {:>5} {:>5} {:13}{}",
        "name", "lesson", "step", "min", "tries", "hints", "state", "last exchange"
    );
    lines.push(styled(fit(&head, columns), theme, Role::Dim));
    if face.wall.rows.is_empty() {
        lines.push(styled("   Nobody has joined yet.", theme, Role::Text));
    }
    let left = room.saturating_sub(lines.len()).max(1);
    let marked = face.marked().unwrap_or(0);
    let from = (marked + 1).saturating_sub(left);
    for (n, row) in face.wall.rows.iter().enumerate().skip(from).take(left) {
        lines.push(student(face, theme, row, n == marked, [columns, names]));
    }
    lines
}

fn student(face: &Face, theme: Theme, row: &Row, marked: bool, [columns, names]: [usize; 2]) -> Line<'static> {
    let (glyph, word) = row.state.words();
    let name = for_screen(face.name(row.id).as_bytes());
    let state = format!("{glyph} {word}");
    let words = format!(
        " {} {:names$} {:12} {:5} {:>4} {:>5} {:>5} {state:13}",
        if marked { '▸' } else { ' ' },
        fit(&name, names),
        fit(&row.lesson, 12),
        row.step,
        row.minutes,
        row.tries,
        row.hints,
    );
    let last = fit(&row.last, columns.saturating_sub(width(&words)));
    let role = match row.state {
        State::Stuck(_) => Role::Warning,
        State::Done => Role::Good,
        State::Gone | State::Idle | State::Over => Role::Dim,
        State::Working | State::Paused => Role::Text,
    };
    let line = styled(fit(&format!("{words}{last}"), columns), theme, role);
    if marked { line.patch_style(theme.style(Role::Selection)) } else { line }
}

/// Nothing of anybody: how one joins, and where the class stands.
fn projector(face: &Face, theme: Theme, columns: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    for line in &face.join {
        for row in wrap(line, columns.saturating_sub(8)) {
            let bold = theme.style(Role::Accent).add_modifier(Modifier::BOLD);
            lines.push(Line::from(Span::styled(format!("    {row}"), bold)));
        }
        lines.push(Line::default());
    }
    lines.extend(bars(face, theme, columns, usize::MAX));
    lines
}

fn live(face: &Face, theme: Theme, id: u64, columns: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = vec![styled(format!(" The conversation of {}", face.name(id)), theme, Role::Accent)];
    if face.live.is_empty() {
        lines.push(styled(" Nothing was said in this lesson yet.", theme, Role::Dim));
    }
    let left = room.saturating_sub(lines.len());
    let rows: Vec<&String> = face.live.iter().skip(face.live.len().saturating_sub(left)).collect();
    for row in rows {
        let role = match row.as_bytes().first() {
            Some(b'>') => Role::Sent,
            Some(b'<') if matches!(row.as_bytes().get(2), Some(b'4' | b'5')) => Role::Refused,
            Some(b'<') => Role::Received,
            Some(b'*') => Role::Remark,
            _ => Role::Dim,
        };
        lines.push(styled(fit(&format!(" {row}"), columns), theme, role));
    }
    lines
}
