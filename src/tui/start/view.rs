//! How the start screen is drawn.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{Item, Profile, Scenario, Start};
use crate::lesson::map::{State, called};
use crate::smtp::Verb;
use crate::smtp::escape::for_screen;
use crate::tui::action::{Action, Where};
use crate::tui::model::Model;
use crate::tui::text::{fit, from_there, width, wrap};
use crate::tui::theme::Role;

/// Rows that the reading of what was typed may take.
const READING: usize = 3;
/// Columns from which on a profile's row has room for when it was used.
const WIDE: usize = 100;
/// A cell that takes what is left of its row.
const WHOLE: usize = 400;
/// The heading of what was kept.
const RECENT: &str = "Recent conversations";
/// The heading of the profiles.
const PROFILES: &str = "Profiles";
/// The heading of lessons that were found.
const LESSONS: &str = "Lessons";
/// The heading of what needs no server.
const LAB: &str = "Try it now";
/// The heading of scenarios that were found.
const SCENARIOS: &str = "Scenarios of the lab";
/// Rows that something said may take at the foot.
const NOTICE: usize = 4;

/// Draws find line, rows and headings into the area between title and footer.
pub(in crate::tui) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    find_line(model, frame, Rect { height: 1, ..area });
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    for (y, (row, role)) in (below.y..below.bottom()).zip(reading(model, area.width)) {
        frame.buffer_mut().set_string(area.x, y, row, model.theme.style(role));
    }
    let notice = notice(model, area.width);
    let said = u16::try_from(notice.len()).unwrap_or(0);
    let (below, rows, from) = list(model, area);
    let hidden = rows.iter().skip(from + usize::from(below.height)).filter(|(_, item)| item.is_some()).count();
    if hidden > 0 && said == 0 {
        let style = model.theme.style(Role::Dim);
        frame.buffer_mut().set_string(area.x, below.bottom(), format!("    ▼ {hidden} more"), style);
    }
    for (y, (line, _)) in (0..below.height).zip(rows.into_iter().skip(from)) {
        frame.buffer_mut().set_line(below.x, below.y + y, &line, below.width);
    }
    for (y, row) in (area.bottom() - said..).zip(notice) {
        frame.buffer_mut().set_string(area.x + 1, y, row, model.theme.style(Role::Warning));
    }
}

/// What a row of the screen stands for.
pub(in crate::tui) fn item_at(model: &Model, area: Rect, row: u16) -> Option<Item> {
    let (below, rows, from) = list(model, area);
    let n = usize::from(row.checked_sub(below.y).filter(|n| *n < below.height)?);
    rows.into_iter().nth(from + n)?.1
}

/// What is said at the foot.
fn notice(model: &Model, columns: u16) -> Vec<String> {
    let rows = model.notice.as_deref().map(|text| wrap(text, usize::from(columns).saturating_sub(2)));
    rows.unwrap_or_default().into_iter().take(NOTICE).collect()
}

/// Where the list stands, its lines with what each stands for, and the first that is shown.
fn list(model: &Model, area: Rect) -> (Rect, Vec<(Line<'static>, Option<Item>)>, usize) {
    let read = u16::try_from(reading(model, area.width).len().max(1)).unwrap_or(1);
    let said = u16::try_from(notice(model, area.width).len()).unwrap_or(0);
    let taken = 2 + read + said.saturating_sub(1);
    let below = Rect { y: area.y + 1 + read, height: area.height.saturating_sub(taken), ..area };
    let (rows, marked) = rows(model, &model.start, usize::from(area.width));
    (below, rows, (marked + 2).saturating_sub(usize::from(below.height)))
}

fn find_line(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let label = "  Find  ";
    let room = usize::from(area.width).saturating_sub(width(label) + 1);
    let scroll = model.start.find.visual_scroll(room);
    let shown = from_there(model.start.text(), scroll);
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

/// How what was typed is read, below it, before Enter does it.
fn reading(model: &Model, columns: u16) -> Vec<(String, Role)> {
    const MARGIN: usize = 10;
    let verb = says_smtp(model.start.text());
    let for_a_server =
        verb.map(|verb| format!("{verb} is said to a server: connect first, to the lab or a host, then type it"));
    let (words, role) = match &model.start.reading {
        Some(_) if let Some(words) = &for_a_server => (words, Role::Warning),
        Some(Ok(words)) => (words, Role::Dim),
        Some(Err(words)) => (words, Role::Warning),
        None => return Vec::new(),
    };
    let words = for_screen(words.as_bytes());
    let rows = wrap(&words, usize::from(columns).saturating_sub(MARGIN + 1)).into_iter().take(READING).enumerate();
    rows.map(|(n, row)| (format!("        {}{row}", if n == 0 { "▸ " } else { "  " }), role)).collect()
}

/// The verb of a line of SMTP that was typed where one says whom to connect to.
fn says_smtp(text: &str) -> Option<&'static str> {
    let verb = Verb::from_word(text.split_whitespace().next()?);
    (verb != Verb::Other).then(|| verb.word())
}

/// The keys for profiles, beside their heading.
fn keys(model: &Model) -> String {
    let of = [Action::NewProfile, Action::EditProfile, Action::CopyProfile, Action::DeleteProfile];
    let hints = of.iter().filter_map(|action| {
        let key = model.keymap.keys(*action, Where::Start).next()?;
        let words = match action {
            Action::NewProfile => "new",
            Action::DeleteProfile => "delete (asks)",
            other => other.entry().short,
        };
        Some(format!("{key} {words}"))
    });
    hints.collect::<Vec<_>>().join(" · ")
}

/// What stands at the right of a heading: the keys for profiles; how many of the lab's scenarios are listed.
fn beside(model: &Model, start: &Start, heading: &str) -> Option<String> {
    let all = start.scenarios.len();
    let listed = || start.items().iter().filter(|item| matches!(item, Item::Scenario(_))).count();
    match heading {
        PROFILES => Some(keys(model)),
        SCENARIOS => Some(format!("{} of {all} · lab: lists all", listed())),
        _ => None,
    }
}

/// The lines of the list, and which of them is marked.
fn rows(model: &Model, start: &Start, columns: usize) -> (Vec<(Line<'static>, Option<Item>)>, usize) {
    let theme = model.theme;
    let marked = start.marked();
    let mut lines: Vec<(Line<'static>, Option<Item>)> = Vec::new();
    let mut marked_line = 0;
    let mut heading = "";
    for item in start.items() {
        let (under, cells, role) = row(start, item, columns);
        if under != heading {
            if !heading.is_empty() {
                lines.push((Line::default(), None));
            }
            let mut spans = vec![Span::styled(format!("  {under}"), theme.style(Role::Accent))];
            if let Some(keys) = beside(model, start, under) {
                let gap = columns.saturating_sub(width(under) + width(&keys) + 4);
                spans.push(Span::styled(format!("{}{keys}", " ".repeat(gap)), theme.style(Role::Dim)));
            }
            lines.push((Line::from(spans), None));
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
        let mut text = fit(text.trim_end(), columns.saturating_sub(1));
        if let Some(aside) = aside(start, item).filter(|_| columns >= WIDE || !matches!(item, Item::Profile(_))) {
            let room = columns.saturating_sub(width(&aside) + 2);
            text = fit(&text, room.saturating_sub(2));
            text.push_str(&" ".repeat(room - width(&text)));
            text.push_str(&aside);
        }
        let style = if is_marked { theme.style(Role::Accent) } else { theme.style(role) };
        lines.push((Line::styled(text, style), Some(item)));
        if is_marked {
            let story = story(start, item, columns);
            marked_line += story.len();
            lines.extend(story.into_iter().map(|row| (Line::styled(row, theme.style(Role::Dim)), Some(item))));
        }
        if is_marked && matches!(item, Item::Profile(n) if start.profiles.get(n).is_some_and(|p| p.production)) {
            let words = "PRODUCTION: real mail; ehlo asks before it hands over a message";
            let row = Line::styled(format!("    ▸ {words}"), theme.style(Role::Warning));
            lines.push((row, Some(item)));
            marked_line += 1;
        }
    }
    (lines, marked_line)
}

/// What one meets in the scenario of a row, below it.
fn story(start: &Start, item: Item, columns: usize) -> Vec<String> {
    const MARGIN: usize = 6;
    let Item::Scenario(n) = item else { return Vec::new() };
    let words = start.scenarios.get(n).map(|it| for_screen(it.story.as_bytes())).unwrap_or_default();
    let rows = wrap(&words, columns.saturating_sub(MARGIN + 2)).into_iter().filter(|row| !row.is_empty());
    rows.enumerate().map(|(n, row)| format!("    {} {row}", if n == 0 { "▸" } else { " " })).collect()
}

/// What stands at the right of a row.
fn aside(start: &Start, item: Item) -> Option<String> {
    let words = match item {
        Item::Profile(n) => start.profiles.get(n).filter(|p| !p.used.is_empty()).map(|p| format!("used {}", p.used))?,
        Item::Recent(n) => {
            let recent = start.recent.get(n)?;
            match (start.addressed(recent), recent.recipients) {
                (Some(to), _) => format!("to {to}"),
                (None, 0) => return None,
                (None, 1) => "1 recipient".to_owned(),
                (None, n) => format!("{n} recipients"),
            }
        }
        Item::Found(n) => match start.lessons.get(n)?.standing.state() {
            State::Done => "finished".to_owned(),
            State::Begun(steps, of) => format!("{steps} of {of} steps"),
            State::Open => return None,
        },
        Item::Lesson => match start.lesson.as_ref()? {
            (_, done) if done.finished.is_some() => "finished".to_owned(),
            (lesson, done) => format!("{} of {} steps", done.steps.min(lesson.steps.len()), lesson.steps.len()),
        },
        Item::Lab | Item::Scenarios | Item::Typed | Item::File | Item::All | Item::Scenario(_) => return None,
    };
    Some(words)
}

/// Heading, cells with their width, and role of a row.
fn row(start: &Start, item: Item, columns: usize) -> (&'static str, Vec<(String, usize)>, Role) {
    match item {
        Item::Lab => {
            let what = if columns < WIDE {
                "a mail server inside ehlo; nothing leaves this machine"
            } else {
                "a mail server inside ehlo: safe to break, nothing leaves this machine"
            };
            (LAB, vec![("Lab".to_owned(), 13), (what.to_owned(), 100)], Role::Text)
        }
        Item::Scenarios => {
            let what = format!("{} other servers, each with a trouble of its own", start.scenarios.len());
            (LAB, vec![("Scenarios".to_owned(), 13), (what, 100)], Role::Text)
        }
        Item::Lesson => {
            let Some((lesson, done)) = &start.lesson else { return (LAB, Vec::new(), Role::Text) };
            let name = match (lesson.number(), &done.finished) {
                (Some(1), None) => "First lesson".to_owned(),
                (_, None) => "Next lesson".to_owned(),
                _ => "Lessons".to_owned(),
            };
            let minutes = lesson.minutes.map_or_else(String::new, |minutes| format!(", {minutes} minutes"));
            let title = for_screen(lesson.title.as_bytes());
            (LAB, vec![(name, 13), (format!("{title}{minutes}"), 60)], Role::Text)
        }
        Item::Found(n) => found(start, n),
        Item::Scenario(n) => scenario(start, n),
        Item::Typed | Item::File | Item::All => typed_row(start, item),
        Item::Profile(n) => {
            let Some(profile) = start.profiles.get(n) else { return (PROFILES, Vec::new(), Role::Text) };
            let note = if profile.production { format!("PRODUCTION  {}", profile.note) } else { profile.note.clone() };
            let widest = |of: fn(&Profile) -> &str, most: usize| {
                start.profiles.iter().map(|profile| width(of(profile))).max().unwrap_or(0).min(most)
            };
            let cells = vec![
                (profile.name.clone(), widest(|p| &p.name, 20).max(13)),
                (profile.address.clone(), widest(|p| &p.address, 30)),
                (profile.security.clone(), widest(|p| &p.security, 14)),
                (note, WHOLE),
            ];
            if profile.broken {
                let cells = vec![cells[0].clone(), (format!("can't be read · {}", profile.note), 200)];
                return (PROFILES, cells, Role::Bad);
            }
            (PROFILES, cells, if profile.production { Role::Warning } else { Role::Text })
        }
        Item::Recent(n) => {
            let Some(recent) = start.recent.get(n) else {
                return (RECENT, Vec::new(), Role::Text);
            };
            let target = start.recent.iter().map(|recent| width(&recent.target)).max().unwrap_or(0).clamp(10, 26);
            let cells = vec![
                (recent.when.clone(), 17),
                (recent.target.clone(), target),
                (outcome(&recent.outcome, columns), 60),
            ];
            (RECENT, cells, Role::Text)
        }
    }
}

/// A lesson that was found.
fn found(start: &Start, n: usize) -> (&'static str, Vec<(String, usize)>, Role) {
    let Some(found) = start.lessons.get(n) else { return (LESSONS, Vec::new(), Role::Text) };
    let lesson = &found.standing.lesson;
    let minutes = lesson.minutes.map_or_else(String::new, |minutes| format!(", {minutes} minutes"));
    let title = for_screen(lesson.title.as_bytes());
    (LESSONS, vec![(format!("Lesson {}", called(lesson)), 13), (format!("{title}{minutes}"), 60)], Role::Text)
}

/// A scenario of the lab.
fn scenario(start: &Start, n: usize) -> (&'static str, Vec<(String, usize)>, Role) {
    let Some(Scenario { name, title, .. }) = start.scenarios.get(n) else {
        return (SCENARIOS, Vec::new(), Role::Text);
    };
    let widest = start.scenarios.iter().map(|it| width(&it.name) + 4).max().unwrap_or(0).min(26);
    let name = format!("lab:{}", for_screen(name.as_bytes()));
    (SCENARIOS, vec![(name, widest), (for_screen(title.as_bytes()), 100)], Role::Text)
}

/// What became of a conversation: where there is little room, why comes before whom.
fn outcome(words: &str, columns: usize) -> String {
    let named = words.find('<').zip(words.find(">: ")).filter(|(from, to)| from < to && columns < WIDE);
    named.map_or_else(|| words.to_owned(), |(from, to)| format!("{}{}", &words[..from], &words[to + 3..]))
}

/// A row for what was typed: a target, a file, something to look for in all conversations.
fn typed_row(start: &Start, item: Item) -> (&'static str, Vec<(String, usize)>, Role) {
    let text = for_screen(start.text().trim().as_bytes());
    let (under, first, words) = match item {
        Item::File => {
            let (path, what) = start.file.clone().unwrap_or_default();
            ("Open", (for_screen(path.to_string_lossy().as_bytes()), 40), what)
        }
        Item::All if text.is_empty() => {
            (RECENT, ("all conversations".to_owned(), 17), "search, name and delete what was kept".to_owned())
        }
        Item::All => (RECENT, ("all conversations".to_owned(), 17), format!("search all of them for {text}")),
        _ => ("Connect", (text, 40), "what you typed".to_owned()),
    };
    (under, vec![first, (words, 100)], Role::Text)
}
