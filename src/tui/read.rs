//! What the screen needs from the disk, read beside the loop: transcripts, the list of recent ones.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::mpsc::UnboundedSender;

use crate::conversation::dialogue::{Beside, Dialogue};
use crate::conversation::exam;
use crate::conversation::file::{Annotations, Document, FileError, Reader};
use crate::decode::{Context, Knowledge, explain};
use crate::interchange::import;
use crate::lab::scenario;
use crate::library::{self, Summary};
use crate::script::example;
use crate::smtp::escape::for_screen;
use crate::world::World;

use super::library::News;
use super::message::Message;
use super::start::{Recent, Scenario};
use super::talk::Talk;
use super::theme::{Theme, Themes, colours, fitting};

/// Reads beside the loop what is known, the user's own replies laid over it, and makes it ready to explain at once.
pub(super) fn knowledge(world: &World, sender: UnboundedSender<Message>) {
    let folder = world.directories.data.join("replies");
    tokio::task::spawn_blocking(move || {
        let (files, mut warnings) = own_replies(&folder);
        let (knowledge, errors) =
            Knowledge::with_replies(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        warnings.extend(errors.iter().map(|error| for_screen(error.to_string().as_bytes())));
        knowledge.prepare();
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Knowledge(Arc::new(knowledge), warnings));
    });
}

/// Finds the time zone beside the loop: it takes a walk through the system's list of them.
pub(super) fn zone(world: &World, sender: UnboundedSender<Message>) {
    let world = world.clone();
    tokio::task::spawn_blocking(move || {
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Zone(world.zone()));
    });
}

/// Names and texts of the files in a folder, in order; and which could not be read.
fn own_replies(folder: &Path) -> (Vec<(String, String)>, Vec<String>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    paths.sort();
    let (mut files, mut warnings) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((name, text)),
            Err(error) => warnings.push(for_screen(format!("{name}: {error}").as_bytes())),
        }
    }
    (files, warnings)
}

/// What `config.toml` says to the screen; what else it says is not this module's.
#[derive(Default, serde::Deserialize)]
struct Config {
    theme: Option<String>,
}

/// The themes that there are, with the one chosen that `config.toml` names, or else the one that fits the terminal; and
/// what is wrong in the user's files. `plain` takes the one without colours.
pub(super) fn themes(world: &World, plain: bool) -> (Themes, Vec<String>) {
    let (mut themes, mut warnings) = (Themes::default(), Vec::new());
    let files = std::fs::read_dir(world.directories.data.join("themes")).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<_> =
        files.map(|file| file.path()).filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().map(|name| for_screen(name.to_string_lossy().as_bytes())).unwrap_or_default();
        let theme =
            std::fs::read_to_string(&path).map_err(|error| error.to_string()).and_then(|text| Theme::parse(&text));
        match theme {
            Ok(theme) => themes.add(&name, theme),
            Err(why) => warnings.push(format!("themes/{name}.toml: {}", first_line(&why))),
        }
    }
    let config = std::fs::read_to_string(world.directories.config.join("config.toml")).unwrap_or_default();
    let config = toml::from_str(&config).unwrap_or_else(|error| {
        warnings.push(format!("config.toml: {}", first_line(error.message())));
        Config::default()
    });
    let named = config.theme.filter(|_| !plain);
    let fitting = if plain { "mono" } else { fitting(|name| world.variable(name)) };
    let gone = themes.fit(colours(|name| world.variable(name)));
    if named.as_deref().is_none_or(|name| !themes.choose(name)) {
        if let Some(name) = named {
            let name = for_screen(name.as_bytes());
            let kind = for_screen(world.variable("TERM").unwrap_or_default().as_bytes());
            warnings.push(if gone.contains(&name) {
                format!(
                    "config.toml: theme {name} needs more than the 16 colours of this terminal (TERM={kind}), so it is \
                     {fitting}; where it has them, COLORTERM=truecolor says so"
                )
            } else {
                format!("config.toml: there is no theme {name}")
            });
        }
        themes.choose(fitting);
    }
    (themes, warnings)
}

fn first_line(text: &str) -> String {
    for_screen(text.lines().next().unwrap_or_default().as_bytes())
}

/// The largest file that is put into the message editor.
const LARGEST: u64 = 32 << 20;

/// Reads a file for the message editor beside the loop.
pub(super) fn message(path: PathBuf, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let shown = for_screen(path.to_string_lossy().as_bytes());
        let text = octets(&path, LARGEST)
            .and_then(|octets| String::from_utf8(octets).map_err(|_| format!("{shown} is not text in UTF-8")));
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Inserted(text));
    });
}

/// The largest file that is attached: a larger message is for `ehlo send`, which reads it as it goes out.
const LARGEST_ATTACHED: u64 = 8 << 20;

/// Reads a file that is to be attached, beside the loop.
pub(super) fn attachment(path: PathBuf, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let message = match octets(&path, LARGEST_ATTACHED) {
            Ok(octets) => Message::Attached(name, octets),
            // Its name stands in the form already.
            Err(words) => {
                let shown = for_screen(path.to_string_lossy().as_bytes());
                Message::NotAttached(words.strip_prefix(&shown).unwrap_or(&words).trim_start().to_owned())
            }
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}

/// What a file holds, where it has so many octets at most.
fn octets(path: &std::path::Path, most: u64) -> Result<Vec<u8>, String> {
    let shown = for_screen(path.to_string_lossy().as_bytes());
    let read = std::fs::File::open(path).and_then(|file| {
        let mut octets = Vec::new();
        file.take(most + 1).read_to_end(&mut octets)?;
        Ok(octets)
    });
    match read {
        Err(error) => Err(format!("{shown} can't be read: {error}")),
        Ok(octets) if octets.len() as u64 > most => Err(format!("{shown} has more than {} MiB", most >> 20)),
        Ok(octets) => Ok(octets),
    }
}

/// Octets read before the first rows are shown, and at once after that.
const CHUNK: usize = 256 * 1024;

/// Octets of a file that are a record at least, mostly.
const RECORD: usize = 40;

/// Opens a transcript beside the loop: its beginning is sent as soon as it is there, then all of it.
pub(super) fn open(path: PathBuf, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        if let Err(message) = read(&path, &sender) {
            let gone = matches!(message, Message::NotOpened(..)) && super::keep::is_gone(&path);
            // Nobody listens any more when the workbench has been left.
            let _ = sender.send(message);
            if gone {
                let _ = sender.send(Message::Library(News::Gone(path)));
            }
        }
    });
}

fn read(path: &Path, sender: &UnboundedSender<Message>) -> Result<(), Message> {
    if let Some(document) = example::document(path) {
        return super::imported::shipped(path, document, sender);
    }
    let unreadable = |error: std::io::Error| Message::NotOpened(path.to_owned(), format!(": {error}"));
    let (file, session) = super::imported::place(path);
    let mut file = std::fs::File::open(file).map_err(unreadable)?;
    let size = file.metadata().map_or(0, |data| data.len());
    let mut reader = Reader::with_size(size);
    let mut chunk = vec![0; CHUNK];
    let mut first = true;
    let (mut beside, mut octets) = (None, 0);
    loop {
        let count = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        if first && !is_named(path) && !import::is_transcript(&chunk[..count]) {
            return super::imported::read(path, session, &chunk[..count], file, sender);
        }
        if let Err(error) = reader.feed(&chunk[..count]) {
            return Err(broken(path, sender, reader.document(), &error));
        }
        if first && size > CHUNK as u64 {
            show(path, sender, reader.document().clone(), Part::Beginning, None);
            // Without a thread it is folded at the end.
            beside = Beside::begin(usize::try_from(size).unwrap_or(0) / RECORD).ok();
        }
        if let Some(beside) = &mut beside {
            beside.go_on(&reader.document().log);
        }
        first = false;
        octets += count as u64;
    }
    match reader.finish() {
        Ok(document) => {
            let odd = document.warnings.first().map(|warning| match document.warnings.len() {
                1 => warning.to_string(),
                n => format!("{warning}, and {} more oddities", n - 1),
            });
            let (document, hidden) = import::masked(document);
            // What was folded beside has seen what is masked now.
            let dialogue = beside.filter(|_| !hidden).map(|beside| beside.finish(&document.log));
            let whole = (!document.read_only).then_some(octets);
            let talk = titled(path, document, dialogue, whole);
            let _ = sender.send(Message::Opened { path: path.to_owned(), talk, whole: true });
            let said = match (odd, hidden) {
                (Some(odd), true) => Some(format!("{odd}; {}", import::HIDDEN)),
                (Some(odd), false) => Some(odd),
                (None, true) => Some(format!("In the file itself {}", import::HIDDEN)),
                (None, false) => None,
            };
            said.map_or(Ok(()), |said| Err(Message::Notice(said)))
        }
        Err(error) => Err(Message::NotOpened(path.to_owned(), words(&error))),
    }
}

/// A name that says that it is a transcript is believed.
fn is_named(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("smtp"))
}

/// A file that is well formed only up to a place: that much of it is shown.
fn broken(path: &Path, sender: &UnboundedSender<Message>, read: &Document, error: &FileError) -> Message {
    if read.log.is_empty() {
        return Message::NotOpened(path.to_owned(), words(error));
    }
    let line = if let FileError::Format { line, .. } = error { *line } else { 0 };
    show(path, sender, read.clone(), Part::Whole, Some(line));
    Message::Notice(format!("Only what comes before this could be read: line {}", &words(error)[1..]))
}

/// Place and problem, as they follow the path.
fn words(error: &FileError) -> String {
    match error {
        FileError::Format { line, column, problem, .. } => format!(":{line}:{column}: {problem}"),
        other => format!(": {other}"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Beginning,
    Whole,
}

/// Puts what was read on the screen, without the secrets that somebody wrote into it.
fn show(path: &Path, sender: &UnboundedSender<Message>, document: Document, part: Part, broken: Option<usize>) {
    let mut talk = titled(path, import::masked(document).0, None, None);
    talk.broken = broken;
    // Nobody listens any more when the workbench has been left.
    let _ = sender.send(Message::Opened { path: path.to_owned(), talk, whole: part == Part::Whole });
}

/// A conversation under the title that its file gives it, or the file's name; and how many octets all of it has, where that
/// was read.
fn titled(path: &Path, document: Document, dialogue: Option<Dialogue>, whole: Option<u64>) -> Box<Talk> {
    let file = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let annotations = Annotations::of(&document);
    let name = annotations.title.unwrap_or_else(|| file.into_owned());
    let read_only = document.read_only;
    let mut talk = folded((name, annotations.tags), path, document, dialogue, whole);
    talk.read_only = read_only;
    talk
}

/// A conversation of a file, as the screen has it; how it ended is said only where a record tells it.
pub(super) fn talk(name: String, path: &Path, document: Document) -> Box<Talk> {
    let tags = Annotations::of(&document).tags;
    folded((name, tags), path, document, None, None)
}

fn folded(
    (name, tags): (String, Vec<String>),
    path: &Path,
    document: Document,
    dialogue: Option<Dialogue>,
    whole: Option<u64>,
) -> Box<Talk> {
    let exam = document.header.exam().map(str::to_owned);
    // Record for record the same, so that what was folded of it stands.
    let document = if exam.is_some() { exam::without_answers(&document) } else { document };
    let dialogue = dialogue.unwrap_or_else(|| Dialogue::of(&document.log));
    let mut talk = Box::new(Talk::folded(name, path.to_owned(), document.log, dialogue));
    let outcome = library::outcome_in(path, &document.header, &talk.dialogue, &talk.log, whole);
    talk.outcome = outcome.map(|it| it.to_string()).unwrap_or_default();
    talk.started = document.header.started();
    talk.timeless = document.header.text("clock") == Some("none");
    talk.tags = tags;
    talk.exam = exam;
    talk.target = document.header.text("target").map(str::to_owned);
    talk.head = Some(Box::new(document.header));
    talk
}

/// Conversations that the start screen lists.
const RECENT: usize = 30;

/// Looks for the conversations that are on disk, beside the loop.
pub(super) fn recent(world: &World, knowledge: Arc<Knowledge>, sender: UnboundedSender<Message>) {
    let world = world.clone();
    tokio::task::spawn_blocking(move || {
        let (now, zone) = (world.now(), world.zone());
        let rows = library::recent(&world.directories.state, RECENT).into_iter();
        let rows = rows.map(|summary| row(summary, &knowledge, now, &zone)).collect();
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Recent(rows));
    });
}

/// Looks for the scenarios of the lab, beside the loop; one that can't be read is left out.
pub(super) fn scenarios(world: &World, sender: UnboundedSender<Message>) {
    let world = world.clone();
    tokio::task::spawn_blocking(move || {
        let titled = |name: String| {
            let found = scenario::find(&name, &world).ok()?;
            let teaches = found.teaches.join(", ");
            Some(Scenario { name, title: found.title, story: found.story, teaches })
        };
        let all = scenario::names(&world).into_iter().filter_map(titled).collect();
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Scenarios(all));
    });
}

fn row(summary: Summary, knowledge: &Knowledge, now: Timestamp, zone: &TimeZone) -> Recent {
    let (titled, at) = (summary.titled(), summary.when());
    let target = summary.profile.clone().or(summary.target).unwrap_or_default();
    let target = if target == "lab:default" { "lab" } else { target.trim_start_matches("smtp://") };
    let exam = summary.exam;
    let in_words = |outcome: library::Outcome| if exam { outcome.to_string() } else { in_words(&outcome, knowledge) };
    let mut outcome = titled.or_else(|| summary.outcome.map(in_words));
    if outcome.is_none() && !target.is_empty() {
        outcome = Some("nothing was said".to_owned());
    }
    if outcome.is_none() && summary.started.is_none() && target.is_empty() {
        let file = summary.path.file_name().map(|name| name.to_string_lossy().into_owned());
        outcome = file.map(|file| format!("{file}: no conversation in it that can be read"));
    }
    Recent {
        when: at.map_or_else(String::new, |at| when(at, now, zone)),
        target: for_screen(target.as_bytes()),
        outcome: for_screen(outcome.unwrap_or_default().as_bytes()),
        path: summary.path,
        recipients: summary.recipients,
        to: summary.to.iter().map(|address| for_screen(address.as_bytes())).collect(),
        profile: summary.profile,
        ago: at.map_or_else(String::new, |at| ago(at, now, zone)),
    }
}

/// What became of a conversation: of a refusal its codes and what they mean, not what the server chose to say.
fn in_words(outcome: &library::Outcome, knowledge: &Knowledge) -> String {
    let Some(code) = outcome.code.filter(|code| code.class().is_refusal()) else { return outcome.to_string() };
    let explained = explain(Some(code), outcome.enhanced, &outcome.text, &Context::default(), knowledge);
    let words = explained.title.split_once(": ").map_or(explained.title.as_str(), |(_, words)| words);
    let enhanced = outcome.enhanced.map(|enhanced| format!(" {enhanced}")).unwrap_or_default();
    format!("{code}{enhanced}  {words}")
}

/// A time as one speaks of it: `today 14:02`, `yesterday 9:30`, `2026-11-23`.
pub(super) fn when(started: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (started, now) = (zone.to_datetime(started), zone.to_datetime(now));
    let yesterday = now.date().yesterday().ok();
    if started.date() == now.date() {
        format!("today {}", started.strftime("%H:%M"))
    } else if Some(started.date()) == yesterday {
        format!("yesterday {}", started.strftime("%H:%M"))
    } else {
        started.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// How long ago a time was, as one speaks of it: `just now`, `5 minutes ago`, `yesterday`, `2 days ago`.
fn ago(started: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let of = |n: i64, what: &str| if n == 1 { format!("1 {what} ago") } else { format!("{n} {what}s ago") };
    let days = (zone.to_datetime(now).date() - zone.to_datetime(started).date()).get_days();
    let minutes = (now.as_second() - started.as_second()) / 60;
    match (i64::from(days), minutes) {
        (_, ..1) => "just now".to_owned(),
        (_, 1..60) => of(minutes, "minute"),
        (0, _) => of(minutes / 60, "hour"),
        (1, _) => "yesterday".to_owned(),
        (2..60, _) => of(i64::from(days), "day"),
        (days, _) => of(days / 30, "month"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{EnhancedCode, ReplyCode};

    #[test]
    fn a_refusal_is_said_in_words_and_not_in_those_of_the_server() {
        let knowledge = Knowledge::shipped();
        let words = |code, enhanced: &str, text: &str| {
            let enhanced = EnhancedCode::at_start(enhanced.as_bytes()).map(|(enhanced, _)| enhanced);
            let outcome =
                library::Outcome { code: ReplyCode::new(code), enhanced, text: text.to_owned(), ..Default::default() };
            in_words(&outcome, &knowledge)
        };
        let relay = words(554, "5.7.1", "<friend@elsewhere.example>: Relay access denied");
        assert_eq!(relay, "554 5.7.1  relaying is not allowed");
        assert_eq!(words(250, "2.0.0", "Ok: queued as 4F"), "250 2.0.0 Ok: queued as 4F");
    }

    #[test]
    fn a_secret_that_somebody_wrote_into_a_file_is_not_shown_and_that_is_said() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("login.smtp");
        for (text, clear) in [
            ("> EHLO a\n< 250\n> AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==\n< 235\n", "AGR1ZGUAc2VjcmV0cGFzcw=="),
            ("> AUTH LOGIN\n< 334\n> ZHVkZQ==\n< 334\n> hunter2\n< 235\n", "hunter2"),
            ("0.0 > AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==\n0.1 < 535 no\n", "AGR1ZGUAc2VjcmV0cGFzcw=="),
        ] {
            std::fs::write(&path, text).expect("written");
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            let said = read(&path, &sender);
            assert!(matches!(&said, Err(Message::Notice(words)) if words.contains("{{auth}}")), "{said:?}");
            let Ok(Message::Opened { talk, .. }) = receiver.try_recv() else { panic!("it opens") };
            let lines: Vec<u8> = talk.log.since(0).flat_map(|(_, entry)| [entry.bytes, b"\n"].concat()).collect();
            let lines = String::from_utf8(lines).expect("text");
            assert!(!lines.contains(clear) && lines.contains("{{auth}}"), "{lines}");
        }
    }

    #[test]
    fn a_conversation_of_which_only_a_part_is_read_was_not_left() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        let text = crate::conversation::sample::KILLED;
        for (rest, outcome) in [("", "left, no reply to NOOP"), ("no line at all\n0.0 < 250 ok\n", "250 mx")] {
            std::fs::write(&path, format!("{text}{rest}")).expect("written");
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            let _ = read(&path, &sender);
            let Ok(Message::Opened { talk, .. }) = receiver.try_recv() else { panic!("it opens") };
            assert_eq!(talk.outcome, outcome);
        }
    }

    #[test]
    fn a_time_is_said_as_one_speaks_of_it() {
        let now: Timestamp = "2026-11-23T20:18:22Z".parse().expect("a time");
        for (started, words) in [
            ("2026-11-23T14:02:00Z", "today 14:02"),
            ("2026-11-22T23:59:00Z", "yesterday 23:59"),
            ("2026-11-01T08:00:00Z", "2026-11-01 08:00"),
        ] {
            assert_eq!(when(started.parse().expect("a time"), now, &TimeZone::UTC), words);
        }
    }

    #[test]
    fn how_long_ago_is_said_by_the_calendar() {
        let now: Timestamp = "2026-11-23T20:18:22Z".parse().expect("a time");
        for (started, words) in [
            ("2026-11-23T20:18:00Z", "just now"),
            ("2026-11-23T20:17:00Z", "1 minute ago"),
            ("2026-11-23T14:02:00Z", "6 hours ago"),
            ("2026-11-22T23:59:00Z", "yesterday"),
            ("2026-11-21T08:00:00Z", "2 days ago"),
            ("2026-08-01T08:00:00Z", "3 months ago"),
        ] {
            assert_eq!(ago(started.parse().expect("a time"), now, &TimeZone::UTC), words);
        }
    }
}
