//! What the screen needs from the disk, read beside the loop: transcripts, the list of recent ones, profiles.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc::UnboundedSender;

use crate::conversation::file::{Document, FileError, Reader};
use crate::profile::{Profiles, TlsMode};
use crate::world::World;

use super::message::Message;
use super::start::Profile;
use super::talk::Talk;

/// The saved profiles, as rows of the start screen. One that can't be read says so in its row.
pub(super) fn profiles(world: &World) -> Vec<Profile> {
    let profiles = Profiles::load(&world.directories.config);
    let rows = profiles.iter().filter(|(name, _)| *name != "lab").map(|(name, profile)| match profile {
        Ok(profile) => Profile {
            name: name.to_owned(),
            address: profile.target.endpoint.to_string(),
            security: match profile.target.tls {
                TlsMode::None => "clear text",
                TlsMode::Starttls => "STARTTLS",
                TlsMode::Require => "TLS required",
                TlsMode::Implicit => "TLS",
            }
            .to_owned(),
            note: profile.note.clone().or_else(|| profile.target.from.clone()).unwrap_or_default(),
            production: profile.target.production,
        },
        Err(error) => Profile {
            name: name.to_owned(),
            address: String::new(),
            security: String::new(),
            note: error.to_string(),
            production: false,
        },
    });
    rows.collect()
}

/// Octets read before the first rows are shown, and at once after that.
const CHUNK: usize = 256 * 1024;

/// Opens a transcript beside the loop: its beginning is sent as soon as it is there, then all of it.
pub(super) fn open(path: PathBuf, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        if let Err(message) = read(&path, &sender) {
            // Nobody listens any more when the workbench has been left.
            let _ = sender.send(message);
        }
    });
}

fn read(path: &Path, sender: &UnboundedSender<Message>) -> Result<(), Message> {
    let unreadable = |error: std::io::Error| Message::NotOpened(path.to_owned(), format!(": {error}"));
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_or(0, |data| data.len());
    let mut reader = Reader::with_size(size);
    let mut chunk = vec![0; CHUNK];
    let mut first = true;
    loop {
        let count = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        if let Err(error) = reader.feed(&chunk[..count]) {
            return Err(broken(path, sender, reader.document(), &error));
        }
        if first && size > CHUNK as u64 {
            show(path, sender, reader.document().clone(), Part::Beginning);
        }
        first = false;
    }
    match reader.finish() {
        Ok(document) => {
            let odd = document.warnings.first().map(|warning| match document.warnings.len() {
                1 => warning.to_string(),
                n => format!("{warning}, and {} more oddities", n - 1),
            });
            show(path, sender, document, Part::Whole);
            odd.map_or(Ok(()), |odd| Err(Message::Notice(odd)))
        }
        Err(error) => Err(Message::NotOpened(path.to_owned(), words(&error))),
    }
}

/// A file that is well formed only up to a place: that much of it is shown.
fn broken(path: &Path, sender: &UnboundedSender<Message>, read: &Document, error: &FileError) -> Message {
    if read.log.is_empty() {
        return Message::NotOpened(path.to_owned(), words(error));
    }
    show(path, sender, read.clone(), Part::Whole);
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

fn show(path: &Path, sender: &UnboundedSender<Message>, document: Document, part: Part) {
    let file = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let name = document.header.text("title").unwrap_or(&file).to_owned();
    let mut talk = Box::new(Talk::opened(name, path.to_owned(), document.log));
    talk.target = document.header.text("target").map(str::to_owned);
    let _ = sender.send(Message::Opened { path: path.to_owned(), talk, whole: part == Part::Whole });
}

/// Looks for the conversations that are on disk.
pub(super) fn recent(world: &World, sender: UnboundedSender<Message>) {
    let _ = (world, sender);
}
