//! How the wall is drawn.

use ratatui::Frame;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::{Face, Over};
use crate::class::wall::{Bar, Row, SPOILT, State};
use crate::smtp::escape::for_screen;
use crate::tui::text::{fit, width, wrap};
use crate::tui::theme::{Role, Theme};

/// Bars that stand above the rows.
const BARS: usize = 6;
/// Columns of what stands beside a bar.
const BESIDE: usize = 30;
/// Columns of the longest bar.
const BAR: usize = 24;
/// Rows that the students have at least, as long as anything else can give way.
const ROWS: usize = 4;
/// Stands behind the head while everybody is to look up.
const PAUSED: &str = " · ‖ PAUSED";
/// Below so many columns a row has no more than a name, a step and a state.
const NARROW: usize = 64;

/// Draws it.
pub(super) fn draw(face: &Face, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let columns = usize::from(area.width);
    let mut lines = vec![head(face, theme, columns)];
    let height = usize::from(area.height);
    // Where there is little room the rows of the students need it more than what joins others to them.
    let mut joins = (0..=face.join.len()).rev().map(|joins| below(face, joins, theme, columns));
    let fits = |below: &Vec<Line<'static>>| 1 + ROWS + below.len() <= height;
    let below = joins.clone().find(fits).or_else(|| joins.next_back()).unwrap_or_default();
    let room = height.saturating_sub(1 + below.len());
    lines.extend(match face.over {
        Over::Live(id) => live(face, theme, id, columns, room),
        Over::Help => help(face, theme, columns),
        _ if face.projector => projector(face, theme, columns, room),
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
        expected => {
            let known = expected - wall.missing.len();
            // Whoever is not on the list has joined all the same.
            let more = match wall.rows.len().saturating_sub(known) {
                0 => String::new(),
                more => format!(", {more} more"),
            };
            format!("{known} of {expected} joined{more}")
        }
    };
    // In a class of several lessons one that is done is not all.
    let all = if wall.lessons > 1 { "all " } else { "" };
    let mut words = format!(" {}{} · {joined} · {done} {all}done", face.class, exam(face));
    if !face.projector {
        words = format!("{words} · {stuck} stuck");
    }
    let room = if wall.paused { columns.saturating_sub(width(PAUSED)) } else { columns };
    let mut spans = vec![Span::styled(fit(&words, room), theme.style(Role::Accent).add_modifier(Modifier::BOLD))];
    if wall.paused {
        spans.push(Span::styled(PAUSED, theme.style(Role::Warning).add_modifier(Modifier::BOLD)));
    }
    Line::from(spans)
}

/// That it is an exam, and the time that is left of it.
fn exam(face: &Face) -> String {
    if !face.wall.exam {
        return String::new();
    }
    let timed: Vec<u64> = face.wall.rows.iter().filter_map(|row| row.left).collect();
    let (Some(least), Some(most)) = (timed.iter().min(), timed.iter().max()) else {
        let each = face.wall.minutes.map_or_else(String::new, |minutes| format!(", {minutes} min from joining"));
        return format!(" · exam{each}");
    };
    let left = if least == most { most.to_string() } else { format!("{least} to {most}") };
    match timed.iter().filter(|left| **left == 0).count() {
        over if over == timed.len() => " · exam: the time is over".to_owned(),
        0 => format!(" · exam: {left} min left"),
        over => format!(" · exam: {most} min left, over for {over}"),
    }
}

/// The last rows: what was said, what is asked, so many of the lines on how one joins, the keys.
fn below(face: &Face, joins: usize, theme: Theme, columns: usize) -> Vec<Line<'static>> {
    let wrapped = |words: &str, role| {
        let rows = wrap(words, columns.saturating_sub(2).max(1));
        rows.into_iter().map(move |row| styled(format!(" {row}"), theme, role)).collect::<Vec<_>>()
    };
    let mut lines = Vec::new();
    for trouble in &face.wall.troubles {
        lines.extend(wrapped(&format!("! {}", for_screen(trouble.as_bytes())), Role::Bad));
    }
    match &face.over {
        Over::Broadcast(text) => lines.extend(wrapped(&format!("To everybody: {text}_"), Role::Accent)),
        Over::Reset(id) => {
            let words = format!(
                "Give {} a fresh start at this lesson? What was reached stays in the results: the best attempt counts. \
                 y: yes, any other key: no",
                face.name(*id)
            );
            lines.extend(wrapped(&for_screen(words.as_bytes()), Role::Warning));
        }
        Over::End => {
            let words =
                "End the class? Everything is kept, and it goes on when it is held again. y: yes, any other key: no";
            lines.extend(wrapped(words, Role::Warning));
        }
        Over::Nothing | Over::Live(_) | Over::Help => {
            if let Some(notice) = &face.notice {
                lines.extend(wrapped(&for_screen(notice.as_bytes()), Role::Remark));
            }
        }
    }
    if !face.projector && face.over != Over::Help {
        lines.extend(face.join.iter().take(joins).flat_map(|line| wrapped(line, Role::Text)));
    }
    let keys = match face.over {
        Over::Live(_) if face.wall.exam => "Esc back · Up PgUp g earlier · s show step · ? all keys".to_owned(),
        Over::Live(_) => "Esc back · Up PgUp g earlier · s show step · h hint · H hint to this step".to_owned(),
        Over::Broadcast(_) => "Enter says it · Esc does not".to_owned(),
        Over::Help => "Esc back · or any of these keys".to_owned(),
        // The class sees it.
        _ if face.projector => "v back".to_owned(),
        _ => footer(face, columns),
    };
    lines.push(styled(fit(&format!(" {keys}"), columns), theme, Role::Dim));
    lines
}

/// A key of the wall: how it is written, in few words and whole, and how needed it is (the least needed go first).
struct Key(&'static str, &'static str, &'static str, u8);

/// Every key.
const KEYS: &[Key] = &[
    Key("Enter", "watch", "look at the student's conversation as it goes on; they are told", 2),
    Key("s", "show step", "put the text of the open step on the student's screen", 4),
    Key("h", "hint", "give the student the next hint of the open step", 2),
    Key("H", "hint all", "give it to all who stand at the same step", 6),
    Key("b", "say", "say something to everybody", 2),
    Key("p", "pause", "everybody looks up: nothing is answered and an exam's clock stands; again to go on", 2),
    Key("r", "reset", "give the student a fresh start at the lesson, after a question", 3),
    Key("n", "names", "hide the names, or show them", 6),
    Key("v", "projector", "the view for the projector: how to join and where all stand, of nobody alone", 5),
    Key("x", "export", "write results, transcripts and certificates into a folder", 3),
    Key("?", "all keys", "these keys; F1 too", 0),
    Key("q", "end", "end the class, after a question; Esc and Ctrl-C too", 1),
];

/// The keys that do anything in this class.
fn keys(face: &Face) -> impl Iterator<Item = &'static Key> {
    // There are no hints in an exam.
    let exam = face.wall.exam;
    KEYS.iter().filter(move |Key(key, ..)| !(exam && matches!(*key, "h" | "H")))
}

/// The keys that have room in one row, the most needed ones.
fn footer(face: &Face, columns: usize) -> String {
    let mut shown: Vec<&Key> = keys(face).collect();
    let short = |key: &Key| if key.0 == "p" && face.wall.paused { "go on" } else { key.1 };
    let row =
        |shown: &[&Key]| shown.iter().map(|key| format!("{} {}", key.0, short(key))).collect::<Vec<_>>().join(" · ");
    while width(&row(&shown)) + 2 > columns && shown.len() > 1 {
        let least = shown.iter().map(|Key(.., need)| *need).max();
        let Some(at) = shown.iter().rposition(|Key(.., need)| Some(*need) == least) else { break };
        shown.remove(at);
    }
    row(&shown)
}

/// Whether the rows have the time that is left.
fn is_timed(face: &Face) -> bool {
    face.wall.rows.iter().any(|row| row.left.is_some())
}

fn help(face: &Face, theme: Theme, columns: usize) -> Vec<Line<'static>> {
    let mut lines = vec![styled(" What the keys do", theme, Role::Accent)];
    for Key(key, _, words, _) in keys(face).chain([&Key("Up Down", "", "mark another student", 0)]) {
        for (n, row) in wrap(words, columns.saturating_sub(12).max(8)).into_iter().enumerate() {
            let key = if n == 0 { *key } else { "" };
            lines.push(styled(fit(&format!("  {key:8} {row}"), columns), theme, Role::Text));
        }
    }
    lines.push(Line::default());
    let stuck = "Stuck: nothing said for 2 minutes, the same refusal 5 times, or 3 wrong answers; not who is slow. \
                 Between: one lesson is done, the next not begun.";
    let columns_say = if is_timed(face) {
        "min, tries: those of the open step. left: minutes of the exam that are left."
    } else {
        "min, tries: those of the open step. hints: those of the whole lesson."
    };
    let answers = is_asked(face).then_some("answ.: questions about replies that are answered, of all.");
    let waits = "Who has no ehlo hears what you say at the next NOOP; until then the row says that it waits.";
    for words in [columns_say].into_iter().chain(answers).chain([stuck, waits]) {
        let rows = wrap(words, columns.saturating_sub(2).max(8));
        lines.extend(rows.into_iter().map(|row| styled(format!(" {row}"), theme, Role::Dim)));
    }
    lines
}

fn bars(face: &Face, theme: Theme, columns: usize, most: usize) -> Vec<Line<'static>> {
    let largest = face.wall.bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let mut shown: Vec<&Bar> = face.wall.bars.iter().collect();
    // The largest ones, in the order of the steps; what is left out is counted in the last row.
    let all = shown.len();
    let most = if all > most && most > 1 { most - 1 } else { most };
    if all > most {
        let mut counts: Vec<usize> = shown.iter().map(|bar| bar.count).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let least = counts.get(most.saturating_sub(1)).copied().unwrap_or(0);
        shown.retain(|bar| bar.count >= least);
        shown.truncate(most);
    }
    let line = |bar: &Bar| {
        let step = if bar.step > bar.of { "finished".to_owned() } else { format!("step {}/{}", bar.step, bar.of) };
        let longest = columns.saturating_sub(BESIDE).clamp(1, BAR);
        let block = "█".repeat((bar.count * longest).div_ceil(largest).min(longest));
        let stuck = match bar.stuck {
            0 => String::new(),
            _ if face.projector => String::new(),
            stuck => format!(", {stuck} stuck"),
        };
        let words = format!(" {:14} {step:9} {block} {}{stuck}", fit(&bar.lesson, 14), bar.count);
        styled(fit(&words, columns), theme, if bar.stuck > 0 && !face.projector { Role::Warning } else { Role::Text })
    };
    let rest: usize = all - shown.len();
    let mut lines: Vec<Line<'static>> = shown.into_iter().map(line).collect();
    if rest > 0 && most > 1 {
        let words =
            if rest == 1 { " … and at 1 more step".to_owned() } else { format!(" … and at {rest} more steps") };
        lines.push(styled(fit(&words, columns), theme, Role::Dim));
    }
    lines
}

fn mistake(face: &Face, theme: Theme, columns: usize) -> Option<Line<'static>> {
    let (words, count) = face.wall.mistake.as_ref()?;
    let words = for_screen(words.as_bytes());
    Some(styled(fit(&format!(" Most often lately ({count}×): {words}"), columns), theme, Role::Remark))
}

fn students(face: &Face, theme: Theme, columns: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = bars(face, theme, columns, BARS.min(room / 4));
    let roomy = room >= 2 * ROWS;
    lines.extend(mistake(face, theme, columns).filter(|_| roomy));
    if !face.wall.missing.is_empty() && !face.nameless && roomy {
        let words = format!(" Missing: {}", face.wall.missing.join(", "));
        lines.push(styled(fit(&for_screen(words.as_bytes()), columns), theme, Role::Dim));
    }
    let names = if columns < 100 { 14 } else { 22 };
    // In an exam there are no hints, and time matters.
    let hints = if is_timed(face) { "left" } else { "hints" };
    let numbers = numbers(face, columns, ["tries", "answ.", hints].map(str::to_owned));
    let head = format!(
        "   {:names$} {:12} {:5} {:>4} {numbers} {:13}{}",
        "name", "lesson", "step", "min", "state", "last exchange"
    );
    if columns >= NARROW && room > ROWS {
        lines.push(styled(fit(&head, columns), theme, Role::Dim));
    }
    if face.wall.rows.is_empty() {
        lines.push(styled("   Nobody has joined yet.", theme, Role::Text));
        for row in wrap(&format!("Lessons: {}", face.lessons.join(", ")), columns.saturating_sub(4).max(8)) {
            lines.push(styled(format!("   {row}"), theme, Role::Dim));
        }
    }
    let left = room.saturating_sub(lines.len()).max(1);
    let all = face.wall.rows.len();
    let marked = face.marked().unwrap_or(0);
    // How many more there are stands in the last row, where there is room for both.
    let counted = all > left && left > 3;
    let left = if counted { left - 1 } else { left };
    let from = (marked + 1).saturating_sub(left);
    for (n, row) in face.wall.rows.iter().enumerate().skip(from).take(left) {
        lines.push(student(face, theme, row, n == marked, [columns, names]));
    }
    if counted {
        let below = all.saturating_sub(from + left);
        let words = match (from, below) {
            (0, below) => format!("   … {below} more below"),
            (above, 0) => format!("   … {above} more above"),
            (above, below) => format!("   … {above} more above, {below} below"),
        };
        lines.push(styled(fit(&words, columns), theme, Role::Dim));
    }
    lines
}

/// Whether the rows have how many questions are answered.
fn is_asked(face: &Face) -> bool {
    face.wall.exam && face.wall.questions > 0
}

/// The numbers of a row: tries, answered questions where an exam asks any, and hints or the time that is left. Where there
/// is little room the tries give way to the answers: who needs help is seen by the state.
fn numbers(face: &Face, columns: usize, [tries, answered, last]: [String; 3]) -> String {
    match is_asked(face) {
        false => format!("{tries:>5} {last:>5}"),
        true if columns < 100 => format!("{answered:>5} {last:>5}"),
        true => format!("{tries:>5} {answered:>5} {last:>5}"),
    }
}

fn student(face: &Face, theme: Theme, row: &Row, marked: bool, [columns, names]: [usize; 2]) -> Line<'static> {
    let (glyph, word) = row.state.words();
    let name = for_screen(face.name(row.id).as_bytes());
    let state = format!("{glyph} {word}");
    let mark = if marked { '›' } else { ' ' };
    let short = columns.saturating_sub(22).clamp(6, 22);
    let narrow = format!(" {mark} {glyph} {:short$} {:5} {word}", fit(&name, short), row.step);
    let answered = format!("{}/{}", row.answered, face.wall.questions);
    let last = row.left.map_or_else(|| row.hints.to_string(), |left| left.to_string());
    let words = format!(
        " {} {:names$} {:12} {:5} {:>4} {} {state:13}",
        mark,
        fit(&name, names),
        fit(&row.lesson, 12),
        row.step,
        row.minutes,
        numbers(face, columns, [row.tries.to_string(), answered, last]),
    );
    let wide = columns >= 100;
    let last = match row.state {
        // A narrow row has room for no more than that.
        _ if row.waiting > 0 && !wide => "awaits NOOP".to_owned(),
        State::Stuck(why) if wide => format!("{} · {why}", row.last),
        State::Stuck(SPOILT) => SPOILT.to_owned(),
        _ => row.last.clone(),
    };
    let last = fit(&last, columns.saturating_sub(width(&words)));
    let role = match row.state {
        State::Stuck(_) => Role::Warning,
        State::Done => Role::Good,
        State::Gone | State::Idle | State::Over => Role::Dim,
        State::Working | State::Paused | State::Between => Role::Text,
    };
    let whole = if columns < NARROW { narrow } else { format!("{words}{last}") };
    let line = styled(fit(&whole, columns), theme, role);
    if marked { line.patch_style(theme.style(Role::Selection)) } else { line }
}

/// Nothing of anybody: how one joins, and where the class stands.
fn projector(face: &Face, theme: Theme, columns: usize, room: usize) -> Vec<Line<'static>> {
    let bars = bars(face, theme, columns, usize::MAX);
    let bold = theme.style(Role::Accent).add_modifier(Modifier::BOLD);
    let margin = if columns < NARROW { 1 } else { 4 };
    let joined = |joins: usize, parted: bool| {
        let mut lines = Vec::new();
        lines.extend(parted.then(Line::default));
        for line in face.join.iter().take(joins) {
            let rows = wrap(line, columns.saturating_sub(2 * margin).max(8)).into_iter();
            lines.extend(rows.map(|row| Line::from(Span::styled(format!("{}{row}", " ".repeat(margin)), bold))));
            lines.extend(parted.then(Line::default));
        }
        lines
    };
    // Where there is little room: no empty rows, then fewer ways to join, so that it is seen where all stand.
    let ways = [(face.join.len(), true)].into_iter().chain((1..=face.join.len()).rev().map(|joins| (joins, false)));
    let least = bars.len().min(ROWS);
    let mut tried = ways.map(|(joins, parted)| joined(joins, parted));
    let mut lines = tried.find(|lines| lines.len() + least <= room).unwrap_or_else(|| joined(1, false));
    lines.extend(bars);
    lines
}

fn live(face: &Face, theme: Theme, id: u64, columns: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = vec![styled(format!(" The conversation of {}", face.name(id)), theme, Role::Accent)];
    lines.extend(face.about.iter().map(|words| styled(fit(&format!(" {words}"), columns), theme, Role::Dim)));
    if face.live.is_empty() {
        lines.push(styled(" Nothing was said in this lesson yet.", theme, Role::Dim));
    }
    let left = room.saturating_sub(lines.len());
    let from = face.live.len().saturating_sub(left).saturating_sub(face.up);
    for row in face.live.iter().skip(from).take(left) {
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
