//! What is written to the disk beside the loop: notes in an opened file, copies, saved and exported conversations.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use crate::conversation::event::Event;
use crate::conversation::exam;
use crate::conversation::file::{Document, folded, write_document};
use crate::decode::Knowledge;
use crate::interchange;
use crate::interchange::anonymise::anonymise;
use crate::interchange::{Format, Told};
use crate::library;
use crate::private;
use crate::script::example;
use crate::smtp::escape::for_screen;
use crate::world::World;

use super::copying;
use super::effect::{Added, OfGone, Record, Whole};
use super::message::Message;

/// Appends a note or a bookmark to an opened file.
pub(super) fn annotate(path: PathBuf, added: Added, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let events = added.events.clone();
        let message = match append(&path, added) {
            Ok(true) => Message::Annotated { path, events },
            Ok(false) => Message::Changed { path, kept: false },
            Err(_) if is_gone(&path) => Message::FileGone(path, OfGone::Note(events)),
            Err(why) => Message::Notice(format!("Not kept: {}: {why}", for_screen(path.to_string_lossy().as_bytes()))),
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}

/// Appends what is said of a file, where the records that it names are still what they were; why not, in words.
fn append(path: &Path, added: Added) -> Result<bool, String> {
    let Added { events, lines } = added;
    let Some(at) = events.first().map(|event| event.at) else { return Ok(true) };
    if !lines.is_empty() {
        let document = super::imported::masked(path)?;
        let document = if document.header.exam().is_some() { exam::without_answers(&document) } else { document };
        let recorded: Vec<usize> = document.log.kinds(0).filter(|(.., timed)| *timed).map(|(n, ..)| n).collect();
        let there = |number: usize| document.log.get(*recorded.get(number.checked_sub(1)?)?);
        if lines.iter().any(|(number, line)| there(*number).is_none_or(|entry| Record::of(&entry) != *line)) {
            return Ok(false);
        }
    }
    let remarks = events.into_iter().filter_map(|event| match event.event {
        Event::Remark(remark) => Some(remark),
        _ => None,
    });
    let appended = library::annotate(path, Some(at), &remarks.collect::<Vec<_>>());
    appended.map(|_| true).map_err(|error| error.to_string())
}

/// Whether a file is no longer where it was opened or recorded.
pub(super) fn is_gone(path: &Path) -> bool {
    example::name(path).is_none() && matches!(super::imported::place(path).0.try_exists(), Ok(false))
}

/// The file of a conversation, where it is gone.
fn gone(whole: &Whole) -> Option<PathBuf> {
    match whole {
        Whole::File(path) if is_gone(path) => Some(path.clone()),
        _ => None,
    }
}

/// The whole of a conversation.
fn document(whole: Whole, without_names: bool) -> Result<Document, String> {
    match whole {
        Whole::File(path) if without_names => super::imported::anonymised(&path),
        Whole::File(path) => super::imported::masked(&path),
        Whole::Log(shown) | Whole::Gone(shown) if without_names => Ok(anonymise(&shown.document)),
        Whole::Log(shown) | Whole::Gone(shown) => Ok(shown.document),
    }
}

/// A path as it was typed, with `~` for the home directory.
pub(super) fn expanded(path: &Path, world: &World) -> PathBuf {
    match (path.strip_prefix("~"), world.variable("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

/// What is to be written where.
pub(super) struct Writing {
    pub(super) whole: Whole,
    pub(super) to: PathBuf,
    /// None for a transcript with what was added later in its place.
    pub(super) format: Option<&'static Format>,
    /// Names and addresses in it are replaced.
    pub(super) anonymise: bool,
    pub(super) over: bool,
}

/// Saves a conversation, or exports it.
pub(super) fn write(writing: Writing, knowledge: &Knowledge, world: &World, sender: UnboundedSender<Message>) {
    let (knowledge, world) = (knowledge.clone(), world.clone());
    tokio::task::spawn_blocking(move || {
        let to = expanded(&writing.to, &world);
        let there = to.exists();
        let live = there && library::is_recorded_into(&to);
        let message = if live || there && library::is_listed(&world.directories.state, &to) {
            let Writing { format, anonymise, .. } = writing;
            Message::Taken { to: free(&to), by: to, live, format, anonymise }
        } else if there && !writing.over {
            let Writing { to, format, anonymise, .. } = writing;
            Message::Exists { to, format, anonymise }
        } else if let Some(path) = gone(&writing.whole) {
            let Writing { to, format, anonymise, over, .. } = writing;
            Message::FileGone(path, OfGone::Write { to, format, anonymise, over })
        } else {
            let kept = world.directories.state.join("transcripts");
            let folder = to.parent().filter(|folder| folder.starts_with(&kept));
            // Each year has its own, which is there from its first conversation on.
            let made = folder.map_or(Ok(()), private::create_folder);
            let over = match &writing.whole {
                Whole::File(path) if is_same(path, &to) => Some(path.clone()),
                _ => None,
            };
            let done = made
                .map_err(|error| format!("Not written: {error}"))
                .and_then(|()| written(writing, &to, &knowledge, world.now()))
                .map(|words| {
                    let listed = library::is_listed(&world.directories.state, &to);
                    if listed { words + " · it is one of the conversations now" } else { words }
                });
            if let Some(path) = over.filter(|_| done.is_ok()) {
                let _ = sender.send(Message::Changed { path, kept: true });
            }
            Message::Notice(done.unwrap_or_else(|why| why))
        };
        let _ = sender.send(message);
    });
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}

/// The first of `NAME-2`, `NAME-3` and so on that is free.
fn free(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let mut names = (2..u32::MAX).map(|n| path.with_file_name(format!("{stem}-{n}{ending}")));
    names.find(|path| !path.exists()).unwrap_or_else(|| path.to_owned())
}

/// Writes it; what came of that, in words.
fn written(writing: Writing, to: &Path, knowledge: &Knowledge, now: Timestamp) -> Result<String, String> {
    let shown = std::path::absolute(to).unwrap_or_else(|_| to.to_owned());
    let shown = for_screen(shown.to_string_lossy().as_bytes());
    // What a long conversation means takes seconds to be written down: first whether there is a place for it.
    if to.parent().is_some_and(|it| !it.as_os_str().is_empty() && !it.exists()) {
        return Err(format!("Not written to {shown}: its folder does not exist; make it first, or name another one."));
    }
    let from_screen = if matches!(writing.whole, Whole::Gone(_)) { ", from the screen: its file is gone" } else { "" };
    // Before it is read: whoever records into it may be done by then, and has written the end.
    let goes_on = match &writing.whole {
        Whole::File(path) => library::is_recorded_into(path),
        Whole::Log(shown) | Whole::Gone(shown) => shown.goes_on,
    };
    let told = document(writing.whole, writing.anonymise).map(|mut document| {
        if goes_on && writing.format.is_none_or(Format::is_own) {
            document.header.set_copied(now);
        }
        match writing.format {
            Some(format) => format.told(&document, knowledge),
            None => Told { octets: saved(&document, knowledge), left_out: Vec::new() },
        }
    });
    let put = |told: Told| match private::replace(to, &told.octets) {
        Ok(()) => Ok(told.left_out),
        Err(error) => Err(error.to_string()),
    };
    let left_out = told.and_then(put).map_err(|why| format!("Not written to {shown}: {why}"))?;
    let mut words = if writing.anonymise {
        format!("Written without names to {shown}{from_screen}; look through it before you give it away.")
    } else if goes_on {
        format!("Written to {shown} as far as it has come{from_screen}")
    } else {
        format!("Written to {shown}{from_screen}")
    };
    if !left_out.is_empty() {
        words = format!("{} · {}", words.trim_end_matches('.'), left_out.join("; "));
    }
    Ok(words)
}

/// A transcript with what was added later in its place; what is saved in an exam says so.
fn saved(document: &Document, knowledge: &Knowledge) -> Vec<u8> {
    let mut document = folded(document);
    if knowledge.is_silent() && document.header.exam().is_none() {
        document.header.set_exam("");
    }
    let mut out = Vec::new();
    write_document(&document, &mut out);
    out
}

/// Writes a message to a new file in the working directory; one that is there is never written over.
pub(super) fn export(name: String, octets: Vec<u8>, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let shown = std::path::absolute(&name).unwrap_or_else(|_| PathBuf::from(&name));
        let shown = for_screen(shown.to_string_lossy().as_bytes());
        let mut options = File::options();
        let written = options.write(true).create_new(true).open(&name).and_then(|mut file| file.write_all(&octets));
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Notice(match written {
            Ok(()) => format!("Written to {shown}"),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => format!("{shown} is there already"),
            Err(error) => format!("Not written to {shown}: {error}"),
        }));
    });
}

/// Copies a text: into a file, into tmux's buffer where there is one, and to the terminal.
pub(super) fn copy(text: String, left_out: Option<String>, world: &World, sender: UnboundedSender<Message>) {
    let world = world.clone();
    tokio::task::spawn_blocking(move || {
        let mut message = copied(&text, &world);
        if let (Some(without), Message::Copied { words, .. }) = (left_out, &mut message) {
            // First, since the row may be too short for all of it.
            *words = format!("Without {without} · {words}");
        }
        let _ = sender.send(message);
    });
}

/// Copies a whole conversation.
pub(super) fn copy_whole(whole: Whole, knowledge: &Knowledge, world: &World, sender: UnboundedSender<Message>) {
    let (knowledge, world) = (knowledge.clone(), world.clone());
    tokio::task::spawn_blocking(move || {
        if let Some(path) = gone(&whole) {
            let _ = sender.send(Message::FileGone(path, OfGone::Copy));
            return;
        }
        let text = interchange::by_name("txt").expect("a test walks the formats");
        let message = match document(whole, false) {
            Ok(document) => copied(&String::from_utf8_lossy(&text.write(&document, &knowledge)), &world),
            Err(why) => Message::Notice(format!("Not copied: {why}")),
        };
        let _ = sender.send(message);
    });
}

fn copied(text: &str, world: &World) -> Message {
    let path = world.directories.state.join("copied.txt");
    let kept = private::create_folder(&world.directories.state).and_then(|()| private::replace(&path, text.as_bytes()));
    let in_tmux = world.variable("TMUX").is_some_and(|tmux| !tmux.is_empty()) && to_tmux(text).is_ok();
    let sequence = copying::for_terminal(text);
    let shown = for_screen(path.to_string_lossy().as_bytes());
    let kept = kept.map_err(|error| error.to_string());
    let words = told(&shown, kept, sequence.is_some(), in_tmux);
    Message::Copied { sequence, words }
}

/// Where a copy is, in words.
fn told(path: &str, kept: Result<(), String>, clipboard: bool, tmux: bool) -> String {
    match (kept, clipboard, tmux) {
        (Ok(()), true, true) => format!("Copied; also in {path} and tmux's buffer"),
        (Ok(()), true, false) => format!("Copied; also in {path}"),
        (Ok(()), false, true) => format!("Too long for the clipboard; it is in {path} and tmux's buffer"),
        (Ok(()), false, false) => format!("Too long for the clipboard; it is in {path}"),
        (Err(why), true, true) => format!("Copied, also to tmux's buffer; not kept in {path}: {why}"),
        (Err(why), true, false) => format!("Copied; not kept in {path}: {why}"),
        (Err(why), false, true) => {
            format!("Copied to tmux's buffer only: too long for the clipboard, and not kept in {path}: {why}")
        }
        (Err(why), false, false) => format!("Not copied: too long for the clipboard, and not kept in {path}: {why}"),
    }
}

fn to_tmux(text: &str) -> io::Result<()> {
    let mut tmux = Command::new("tmux")
        .args(["load-buffer", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = tmux.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    if tmux.wait()?.success() { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Micros;
    use crate::conversation::event::{Remark, Timed};
    use crate::conversation::file::{self, Annotations};
    use crate::tui::effect::Shown;

    fn world(at: &Path) -> World {
        let directories = crate::world::Directories { config: at.into(), data: at.into(), state: at.into() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
    }

    fn note() -> Added {
        let remark = Remark::new("note").with("at", 1).value("slow");
        let events = vec![Timed { at: Micros(300_000), event: Event::Remark(remark) }];
        let document = file::read(b"+++\nehlo = 1\n+++\n0.100000 > NOOP\n").expect("a file");
        let noop = Record::of(&document.log.get(0).expect("a record"));
        Added { events, lines: vec![(1, noop)] }
    }

    #[test]
    fn a_note_is_appended_and_found_again() {
        let folder = tempfile::tempdir().expect("a directory");
        for (name, end) in [("a.smtp", "\n"), ("b.smtp", "")] {
            let path = folder.path().join(name);
            let text = format!("+++\nehlo = 1\n+++\n0.100000 > NOOP\n0.300000 < 250 ok{end}");
            std::fs::write(&path, &text).expect("written");
            assert!(append(&path, note()).expect("appended"));
            let document = file::open(&path).expect("it opens");
            assert_eq!(Annotations::of(&document).notes, [(0, "slow".to_owned())]);
            assert!(std::fs::read_to_string(&path).expect("read").starts_with(&text), "what was there stays");
        }
    }

    #[test]
    fn nothing_is_said_of_a_file_whose_lines_are_others_now() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        for line in ["0.100000 > HELP", "0.200000 > NOOP", "0.100000 < NOOP", "0.100000 * note slow"] {
            let text = format!("+++\nehlo = 1\n+++\n{line}\n0.300000 < 250 ok\n");
            std::fs::write(&path, &text).expect("written");
            assert_eq!(append(&path, note()), Ok(false), "{line}");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
        }
    }

    #[tokio::test]
    async fn what_is_saved_over_the_opened_file_is_read_anew() {
        let folder = tempfile::tempdir().expect("a directory");
        let (path, other) = (folder.path().join("a.smtp"), folder.path().join("b.smtp"));
        std::fs::write(&path, "+++\nehlo = 1\n+++\n0.1 > NOOP\n0.2 < 250 ok\n0.2 * mark at=1\n").expect("written");
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        for (to, anew) in [(&other, false), (&path, true)] {
            let whole = Whole::File(path.clone());
            let writing = Writing { whole, to: to.clone(), format: None, anonymise: false, over: true };
            write(writing, &Knowledge::default(), &world(folder.path()), sender.clone());
            let first = answers.recv().await;
            assert_eq!(matches!(&first, Some(Message::Changed { kept: true, .. })), anew, "{first:?}");
            let said = if anew { answers.recv().await } else { first };
            assert!(matches!(&said, Some(Message::Notice(words)) if words.starts_with("Written to")), "{said:?}");
        }
    }

    #[test]
    fn a_cut_last_line_is_not_made_whole_and_what_may_not_be_written_is_told() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("cut.smtp");
        std::fs::write(&path, "+++\nehlo = 1\n+++\n0.100000 > NOOP\n0.3000").expect("written");
        assert!(append(&path, note()).expect_err("cut off").contains("cut off"));
        assert!(append(&folder.path().join("none.smtp"), note()).is_err());
    }

    #[tokio::test]
    async fn a_folder_that_does_not_exist_is_told_with_what_helps() {
        let folder = tempfile::tempdir().expect("a directory");
        let to = folder.path().join("none/a.md");
        let world = world(folder.path());
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        let whole = Whole::Log(Box::default());
        let writing =
            Writing { whole, to: to.clone(), format: interchange::by_name("md"), anonymise: false, over: false };
        write(writing, &Knowledge::default(), &world, sender);
        let Some(Message::Notice(said)) = answers.recv().await else { panic!("it is said") };
        let words = ["Not written to", "none/a.md", "its folder does not exist", "make it first, or name another one"];
        assert!(words.iter().all(|words| said.contains(words)), "{said}");
        assert!(!to.exists() && !folder.path().join("none").exists());
    }

    #[tokio::test]
    async fn what_is_written_among_the_conversations_is_one_of_them() {
        let folder = tempfile::tempdir().expect("a directory");
        let to = folder.path().join("transcripts/2026/s1.smtp");
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        let writing =
            Writing { whole: Whole::Log(Box::default()), to: to.clone(), format: None, anonymise: false, over: false };
        write(writing, &Knowledge::default(), &world(folder.path()), sender);
        let Some(Message::Notice(said)) = answers.recv().await else { panic!("it is said") };
        assert!(said.contains("it is one of the conversations now"), "{said}");
        assert_eq!(crate::library::files(folder.path()).collect::<Vec<_>>(), [to]);
    }

    #[test]
    fn what_a_format_leaves_out_is_said_where_it_was_written() {
        let folder = tempfile::tempdir().expect("a directory");
        let (script, to) = (folder.path().join("a.smtp"), folder.path().join("a.swaks"));
        std::fs::write(&script, "0.0 * connecting mx:25\n0.0 * connected mx:25\n0.1 < 220 mx\n> EHLO a\n")
            .expect("written");
        let format = interchange::by_name("swaks");
        let writing = Writing { whole: Whole::File(script), to: to.clone(), format, anonymise: false, over: true };
        let said = written(writing, &to, &Knowledge::default(), Timestamp::UNIX_EPOCH).expect("written");
        assert!(said.contains("a.swaks \u{b7} left out: 1 line of a script"), "{said}");
    }

    #[tokio::test]
    async fn what_is_kept_or_recorded_is_never_written_over() {
        let folder = tempfile::tempdir().expect("a directory");
        let kept = folder.path().join("transcripts/2026/s1.smtp");
        let elsewhere = folder.path().join("s1.smtp");
        std::fs::create_dir_all(kept.parent().expect("a folder")).expect("made");
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        for (place, live, over) in
            [(&kept, false, false), (&kept, false, true), (&kept, true, true), (&elsewhere, true, true)]
        {
            std::fs::write(place, "the recording").expect("written");
            let recorder = File::open(place).expect("it opens");
            if live {
                recorder.try_lock().expect("free");
            }
            let whole = Whole::Log(Box::default());
            let writing = Writing { whole, to: place.clone(), format: None, anonymise: false, over };
            write(writing, &Knowledge::default(), &world(folder.path()), sender.clone());
            let Some(Message::Taken { by, to, live: told, .. }) = answers.recv().await else { panic!("it is asked") };
            assert_eq!((&by, to, told), (place, place.with_file_name("s1-2.smtp"), live));
            assert_eq!(std::fs::read_to_string(place).expect("read"), "the recording");
        }
        std::fs::write(kept.with_file_name("s1-2.smtp"), "another one").expect("written");
        assert_eq!(free(&kept), kept.with_file_name("s1-3.smtp"));
    }

    #[tokio::test]
    async fn a_copy_of_what_goes_on_says_so_and_was_not_left() {
        let folder = tempfile::tempdir().expect("a directory");
        let (path, to) = (folder.path().join("live.smtp"), folder.path().join("a.smtp"));
        std::fs::write(&path, crate::conversation::sample::KILLED).expect("written");
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        let recorder = File::open(&path).expect("it opens");
        recorder.try_lock().expect("free");
        for (live, format, copied) in
            [(true, None, true), (true, interchange::by_name("smtp"), true), (false, None, false)]
        {
            if !live {
                recorder.unlock().expect("unlocked");
            }
            let writing =
                Writing { whole: Whole::File(path.clone()), to: to.clone(), format, anonymise: false, over: true };
            write(writing, &Knowledge::default(), &world(folder.path()), sender.clone());
            let Some(Message::Notice(said)) = answers.recv().await else { panic!("it is said") };
            assert_eq!(said.contains("as far as it has come"), live, "{said}");
            let head = file::open(&to).expect("it opens").header;
            assert_eq!(head.copied(), copied.then_some(Timestamp::UNIX_EPOCH));
            let outcome = library::summary(&to).outcome.map(|it| it.to_string());
            assert_eq!(outcome.as_deref(), Some(if live { "250 mx" } else { "left, no reply to NOOP" }));
        }
        assert_eq!(std::fs::read_to_string(&path).expect("read"), crate::conversation::sample::KILLED);
    }

    #[tokio::test]
    async fn a_copy_from_the_screen_of_what_goes_on_says_so_too() {
        let folder = tempfile::tempdir().expect("a directory");
        let to = folder.path().join("a.smtp");
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        let document = file::read(crate::conversation::sample::KILLED.as_bytes()).expect("a file");
        let shown = |goes_on| Box::new(Shown { document: document.clone(), goes_on });
        for (whole, live) in [
            (Whole::Log(shown(true)), true),
            (Whole::Gone(shown(true)), true),
            (Whole::Log(shown(false)), false),
            (Whole::Gone(shown(false)), false),
        ] {
            let gone = matches!(whole, Whole::Gone(_));
            let writing = Writing { whole, to: to.clone(), format: None, anonymise: false, over: true };
            write(writing, &Knowledge::default(), &world(folder.path()), sender.clone());
            let Some(Message::Notice(said)) = answers.recv().await else { panic!("it is said") };
            assert_eq!(
                (said.contains("as far as it has come"), said.contains("its file is gone")),
                (live, gone),
                "{said}"
            );
            let outcome = library::summary(&to).outcome.map(|it| it.to_string());
            assert_eq!(outcome.as_deref(), Some(if live { "250 mx" } else { "left, no reply to NOOP" }));
        }
    }

    #[tokio::test]
    async fn a_conversation_whose_file_is_gone_is_asked_for_again_and_written_from_the_screen() {
        let folder = tempfile::tempdir().expect("a directory");
        let (path, to) = (folder.path().join("gone.smtp"), folder.path().join("a.smtp"));
        let world = world(folder.path());
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        let writing = |whole| Writing { whole, to: to.clone(), format: None, anonymise: false, over: false };
        write(writing(Whole::File(path.clone())), &Knowledge::default(), &world, sender.clone());
        let Some(Message::FileGone(gone, OfGone::Write { .. })) = answers.recv().await else { panic!("it is told") };
        assert_eq!(gone, path);
        annotate(path, note(), sender.clone());
        let Some(Message::FileGone(_, OfGone::Note(_))) = answers.recv().await else { panic!("it is told") };
        let document = file::read(b"+++\nehlo = 1\n+++\n0.100000 > NOOP\n").expect("a file");
        for anonymise in [false, true] {
            let whole = Whole::Gone(Box::new(Shown { document: document.clone(), goes_on: false }));
            let writing = Writing { anonymise, over: true, ..writing(whole) };
            write(writing, &Knowledge::default(), &world, sender.clone());
            let Some(Message::Notice(said)) = answers.recv().await else { panic!("it is said") };
            assert!(said.contains("from the screen: its file is gone"), "{said}");
            assert_eq!(said.contains("look through it"), anonymise, "{said}");
            assert!(std::fs::read_to_string(&to).expect("written").contains("> NOOP"));
        }
    }

    #[test]
    fn where_a_copy_is_and_where_not_is_told_apart() {
        let failed = || Err("read-only file system".to_owned());
        assert_eq!(told("c.txt", Ok(()), true, true), "Copied; also in c.txt and tmux's buffer");
        let said = told("c.txt", failed(), true, true);
        assert_eq!(said, "Copied, also to tmux's buffer; not kept in c.txt: read-only file system");
        assert!(told("c.txt", failed(), false, false).starts_with("Not copied"), "there is no copy anywhere");
    }
}
